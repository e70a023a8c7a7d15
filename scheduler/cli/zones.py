"""`songsuk zones`: what the zones are, out to a map program and back into config.yaml, one zone's lines at a time."""

from __future__ import annotations

import json as jsonlib
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scheduler.cli import screen
from scheduler.cli.config import completed
from scheduler.cli.opened import ConfigFile, Json
from scheduler.cli.screen import Refusal, Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scheduler.config import Config, Report
    from scheduler.config.models import Zone
    from scheduler.editing.borders import FileChange, Placed

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Zones = Annotated[list[str] | None, typer.Option("--zone", help="Only this zone; may be given several times.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the lines that would change; write nothing.")]
COLUMNS = {
    "th": ["โซน", "ชื่อ", "ชุมชน", "ตร.กม.", "จุด", "ลำดับ", "บาท", "รอบ", "ไฟล์"],
    "en": ["zone", "name", "community", "km²", "points", "priority", "baht", "waves", "file"],
}
ACTIONS: Mapping[str, Words] = {
    "added": {"th": "โซนใหม่", "en": "new"},
    "moved": {"th": "ขอบเขตเปลี่ยน", "en": "moved"},
    "same": {"th": "เหมือนเดิม", "en": "as it was"},
}


@app.command("list")
def list_(config: ConfigFile = None, json: Json = False) -> None:
    """The zones of the config file: size, points, priority, fee and waves."""
    from scheduler.config.shapes import square_km

    path, _, market = _file(config)
    rows = [
        {
            "id": zone.id,
            "name": zone.name.model_dump(),
            "community": zone.community,
            "km2": round(square_km(zone.shape), 3),
            "points": sum(len(ring) for rings in zone.polygon for ring in rings),
            "priority": zone.priority,
            "fee_baht": float(zone.fee_baht),
            "waves": list(zone.waves),
            "file": _as_written(market, path)[zone.id].get("file", path.name),
        }
        for zone in market.zones
    ]
    if json:
        screen.document({"schema": "songsuk/zones/1", "file": path.name, "zones": rows})
        return
    screen.table(
        "",
        screen.spoken(COLUMNS),
        (
            [
                row["id"],
                market.zone(str(row["id"])).name.in_(screen.language()),
                row["community"],
                f"{row['km2']:.2f}",
                row["points"],
                row["priority"],
                f"{row['fee_baht']:g}",
                " ".join(market.zone(str(row["id"])).waves),
                row["file"],
            ]
            for row in rows
        ),
        right=range(3, 7),
    )


@app.command()
def export(
    zone: Zones = None,
    output: Annotated[Path | None, typer.Option("--output", help="The file to write; else stdout.")] = None,
    config: ConfigFile = None,
) -> None:
    """Write the zones as GeoJSON, which map programs open: each zone's border, and its keys as properties."""
    from scheduler import editing

    path, _, market = _file(config)
    written = _as_written(market, path)
    wanted = zone or [each.id for each in market.zones]
    if unknown := [id for id in wanted if id not in written]:
        raise _refused("zone.unknown", "--zone", facts={"value": unknown[0], "known": ", ".join(written)})
    found = editing.collection(
        (_properties(market.zone(id), written[id]), market.zone(id).polygon) for id in dict.fromkeys(wanted)
    )
    # a zone a line: two exports can be compared
    features = ",\n".join(jsonlib.dumps(feature, ensure_ascii=False) for feature in found["features"])
    text = '{"type": "FeatureCollection", "features": [\n' + features + "\n]}\n"
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _not_opened(output, error) from None
    count = len(found["features"])
    screen.say(screen.spoken({"th": f"{output}: {count} โซน", "en": f"{output}: {count} zones"}))


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A GeoJSON file; - reads stdin.")],
    zone: Zones = None,
    id_property: Annotated[
        str | None, typer.Option("--id-property", help="The property that says which zone a feature is; else id.")
    ] = None,
    dry_run: DryRun = False,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Bring borders from GeoJSON into the config file: zones that are there move, others are added.

    Shows the lines that change, checks the result as `config check` does, and only then writes it.
    """
    from scheduler import editing

    path, data, market = _file(config)
    with _explained(path):
        features, mended = editing.read(_read(file), market.calendar.country)
        brought = editing.bring(path, data, market, features, only=zone or (), id_property=id_property)
    report = _passed(brought.report, path)
    remarks = [remark.as_json() for remark in (*mended, *brought.remarks)]
    if not dry_run:
        _save(brought.files)
    if json:
        screen.document(
            {
                "schema": "songsuk/zones.import/1",
                "file": path.name,
                "dry_run": dry_run,
                "zones": [_placed(each) for each in brought.zones],
                "remarks": remarks,
                "warnings": [problem.as_json() for problem in report.warnings],
                **_changes(brought.files),
            }
        )
        return
    for each in brought.zones:
        before = f"{each.km2_before:.2f} → " if each.km2_before is not None and each.action != "same" else ""
        unit = screen.spoken({"th": "ตร.กม.", "en": "km²"})
        screen.out().print(
            f"{each.id}: {screen.spoken(ACTIONS[each.action])} ({before}{each.km2:.2f} {unit})", markup=False
        )
    for remark in remarks:
        _say_remark(remark)
    _show(brought.files, report, path, dry_run=dry_run)


@app.command()
def remove(
    zone: Annotated[list[str], typer.Argument(help="The ids of the zones.")],
    dry_run: DryRun = False,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Take zones out of the config file, their own lines alone. A border in a file of its own stays there, unused."""
    from scheduler import config as configs
    from scheduler import editing
    from scheduler.editing.borders import FileChange

    path, data, _ = _file(config)
    with _explained(path):
        after = editing.edited(data.decode("utf-8"), dict.fromkeys(zone), path.name)
    report = _passed(configs.examine(after, path.name, path.parent), path)
    files = [FileChange(name=path.name, path=path, before=data, after=after.encode("utf-8"))]
    if not dry_run:
        _save(files)
    if json:
        screen.document(
            {
                "schema": "songsuk/zones.remove/1",
                "file": path.name,
                "dry_run": dry_run,
                "zones": list(dict.fromkeys(zone)),
                "warnings": [problem.as_json() for problem in report.warnings],
                **_changes(files),
            }
        )
        return
    _show(files, report, path, dry_run=dry_run)


# --- the files ------------------------------------------------------------------------------------------------------


def _file(config: Path | None) -> tuple[Path, bytes, Config]:
    """The market's config file: where it is, its bytes, its meaning. One that is wrong is mended by hand first."""
    from scheduler import config as configs

    path = config or Path(os.environ.get("SONGSUK_CONFIG", "config.yaml"))
    try:
        data = path.read_bytes()
        return path, data, configs.load(path)
    except OSError as error:
        raise _not_opened(path, error) from None
    except configs.ConfigError as error:
        raise Refusal.of([problem.as_json() for problem in error.errors], 2) from None


def _read(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise _not_opened(file, error) from None


def _passed(report: Report, path: Path) -> Report:
    """What `config check` says of the result; refused where it would refuse it."""
    report = completed(report, path, own=True)
    if not report.ok:
        said = {
            "th": f"ถ้าแก้แล้ว {path.name} จะผิดดังนี้ จึงไม่เขียนอะไร (เลขบรรทัดเป็นของไฟล์หลังแก้)",
            "en": f"{path.name} would be wrong as follows, so nothing is written (lines as they would be)",
        }
        screen.say(screen.spoken(said))
        raise Refusal.of([problem.as_json() for problem in report.errors], 1)
    return report


def _save(files: Sequence[FileChange]) -> None:
    """Every file in one step each; the config itself last, so that it never names what is not there yet."""
    from scheduler import editing

    for change in files:
        try:
            editing.save(change.path, change.before, change.after)
        except editing.ChangedMeanwhile:
            raise _refused("file.changed", change.name, facts={"value": change.name}) from None
        except OSError as error:
            raise _not_opened(change.path, error) from None


def _as_written(market: Config, path: Path) -> dict[str, dict[str, Any]]:
    """The zones with the keys that stand in the file, and the files that they name, by id."""
    from scheduler.config.reader import Reading

    root = Reading(path.read_text(encoding="utf-8-sig"), path.name).root
    written = root.plain()["zones"] if root is not None else []
    return {zone.id: own for zone, own in zip(market.zones, written, strict=True)}


def _properties(zone: Zone, written: Mapping[str, Any]) -> dict[str, Any]:
    """A zone's keys as they are written, numbers as numbers."""
    typed = zone.model_dump(mode="json", exclude={"polygon"}, exclude_none=True)
    money = {key: float(typed[key]) for key in ("fee_baht", "min_order_baht")}
    whole = {key: int(amount) if amount.is_integer() else amount for key, amount in money.items()}
    return {key: value for key, value in {**typed, **whole}.items() if key in written}


# --- words ----------------------------------------------------------------------------------------------------------


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """What cannot be used or edited, as a refusal."""
    from scheduler import editing
    from scheduler.config import ConfigError

    try:
        yield
    except editing.Unusable as error:
        unreadable = error.remarks[0].path == ""
        raise Refusal.of([remark.as_json() for remark in error.remarks], 2 if unreadable else 1) from None
    except editing.CannotEdit as error:
        raise _refused(error.code, path.name, facts=error.facts) from None
    except ConfigError as error:
        raise Refusal.of([problem.as_json() for problem in error.errors], 2) from None
    except OSError as error:
        raise _not_opened(Path(str(error.filename or path)), error) from None


def _refused(code: str, place: str, *, facts: Mapping[str, object], exit_code: int = 1) -> Refusal:
    from scheduler.config.wording import wording

    message, hint = wording(code, facts)
    return Refusal(code, place, message, hint, exit_code=exit_code)


def _not_opened(path: Path, error: OSError) -> Refusal:
    from scheduler.config.files import unreadable

    return _refused("file.unreadable", str(path), facts={"value": path.name, **unreadable(error)}, exit_code=2)


def _placed(each: Placed) -> dict[str, Any]:
    before = None if each.km2_before is None else round(each.km2_before, 3)
    return {
        "id": each.id,
        "feature": each.feature,
        "action": each.action,
        "file": each.file,
        "km2_before": before,
        "km2": round(each.km2, 3),
    }


def _changes(files: Sequence[FileChange]) -> dict[str, Any]:
    return {"files": [{"name": change.name, "diff": change.diff()} for change in files]}


def _say_remark(remark: Mapping[str, Any]) -> None:
    chosen = screen.language()
    place = f"{remark['path']}: " if remark["path"] else ""
    hint = f"; {remark['hint'][chosen]}" if remark["hint"][chosen] else ""
    screen.say(f"{place}{remark['message'][chosen]}{hint}")


def _show(files: Sequence[FileChange], report: Report, path: Path, *, dry_run: bool) -> None:
    """The lines that change, what is doubtful about the result, and what comes next."""
    for change in files:
        for line in change.diff():
            screen.out().print(line, markup=False, soft_wrap=True)
    for problem in report.warnings:
        screen.say(problem.text(screen.language()))
    names = ", ".join(change.name for change in files)
    if not files:
        said = {"th": "ไม่มีอะไรเปลี่ยน", "en": "nothing changes"}
    elif dry_run:
        said = {"th": f"ยังไม่ได้เขียน {names} (--dry-run)", "en": f"{names} not written (--dry-run)"}
    elif report.config is not None and report.config.config.publish == "manual":
        said = {
            "th": f"เขียน {names} แล้ว มีผลเมื่อสั่ง songsuk config publish",
            "en": f"{names} written; songsuk config publish puts it in force",
        }
    else:
        said = {
            "th": f"เขียน {names} แล้ว มีผลตั้งแต่รอบถัดไปที่ยังไม่ปิด ย้อนกลับได้ด้วย songsuk config rollback",
            "en": f"{names} written; in force from the next wave not yet closed; songsuk config rollback takes it back",
        }
    screen.say(screen.spoken(said))
