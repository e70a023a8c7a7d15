"""`songsuk zones`: what the zones are, out to a map program and back into config.yaml, one zone's lines at a time."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scheduler.cli import screen, zone_words
from scheduler.cli.config import completed
from scheduler.cli.opened import ConfigFile, Json
from scheduler.cli.own_file import own_file
from scheduler.cli.screen import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scheduler.config import Problem, Report
    from scheduler.config.models import Zone
    from scheduler.editing import FileChange

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Zones = Annotated[list[str] | None, typer.Option("--zone", help="Only this zone; may be given several times.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the lines that would change; write nothing.")]


@app.command("list")
def list_(config: ConfigFile = None, json: Json = False) -> None:
    """The zones of the config file: size, points, priority, fee and waves."""
    from scheduler.config.shapes import square_km

    own = own_file(config).good()  # a broken one is mended by hand first
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
            "file": own.zones[zone.id].get("file", own.name),
        }
        for zone in own.config.zones
    ]
    if json:
        screen.document({"schema": "songsuk/zones/1", "file": own.name, "zones": rows})
    else:
        zone_words.show_list(rows)


@app.command()
def export(
    zone: Zones = None,
    output: Annotated[Path | None, typer.Option("--output", help="The file to write; else stdout.")] = None,
    config: ConfigFile = None,
) -> None:
    """Write the zones as GeoJSON, which map programs open: each zone's border, and its keys as properties."""
    from scheduler import editing

    own = own_file(config).good()
    market = own.config
    ours = {(own.path.parent / name).resolve(): name for name in (*own.files, own.name)}
    if output is not None and output.resolve() in ours:
        raise _refused("file.own", "--output", facts={"value": ours[output.resolve()]}, exit_code=2)
    wanted = zone or [each.id for each in market.zones]
    if unknown := [id for id in wanted if id not in own.zones]:
        raise _refused("zone.unknown", "--zone", facts={"value": unknown[0], "known": ", ".join(own.zones)})
    found = editing.collection(
        (_properties(market.zone(id), own.zones[id]), market.zone(id).polygon) for id in dict.fromkeys(wanted)
    )
    # a zone a line: two exports can be compared
    features = ",\n".join(jsonlib.dumps(feature, ensure_ascii=False) for feature in found["features"])
    text = '{"type": "FeatureCollection", "features": [\n' + features + "\n]}\n"
    if output is None:
        sys.stdout.write(text)
        return
    screen.write(output, text.encode("utf-8"), "--output")
    count = len(found["features"])
    screen.say(screen.spoken({"th": f"{output}: {count} โซน", "en": f"{output}: {count} zones"}))


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A GeoJSON file; - reads stdin.")],
    zone: Zones = None,
    id_property: Annotated[
        str | None, typer.Option("--id-property", help="The property that says which zone a feature is; else id.")
    ] = None,
    name_property: Annotated[
        str | None, typer.Option("--name-property", help="The property that says what a new zone is called; else name.")
    ] = None,
    community: Annotated[
        str | None, typer.Option("--community", help="Whose new zones are that do not say it themselves.")
    ] = None,
    priority: Annotated[
        int | None,
        typer.Option("--priority", help="Of new zones that do not say it: below 0, what they share stays the others'."),
    ] = None,
    dry_run: DryRun = False,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Bring borders from GeoJSON into the config file: zones that are there move, others are added.

    Shows the lines that change, checks the result as `config check` does, and only then writes it.
    """
    from scheduler import editing

    own = own_file(config).good()
    with _explained(own.path):
        features, mended = editing.read(_read(file), own.config.calendar.country)
        brought = editing.bring(
            own.path,
            own.data,
            own.config,
            features,
            only=zone or (),
            id_property=id_property,
            name_property=name_property,
            community=community,
            priority=priority,
        )
    report = _passed(brought.report, own.path)
    remarks = [remark.as_json() for remark in (*mended, *brought.remarks)]
    if not dry_run:
        _save(brought.files)
    if json:
        screen.document(
            {
                "schema": "songsuk/zones.import/1",
                "file": own.name,
                "dry_run": dry_run,
                "zones": [zone_words.placed(each) for each in brought.zones],
                "remarks": remarks,
                "warnings": [problem.as_json() for problem in report.warnings],
                **_changes(brought.files),
            }
        )
        return
    zone_words.show_zones(brought.zones)
    zone_words.show_remarks(remarks)
    zone_words.show_changes(brought.files, report, dry_run=dry_run)


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

    own = own_file(config).good()
    with _explained(own.path):
        after = editing.edited(own.data.decode("utf-8"), dict.fromkeys(zone), own.name)
    report = _passed(configs.examine(after, own.name, own.path.parent), own.path)
    files = [editing.FileChange(name=own.name, path=own.path, before=own.data, after=after.encode("utf-8"))]
    if not dry_run:
        _save(files)
    if json:
        screen.document(
            {
                "schema": "songsuk/zones.remove/1",
                "file": own.name,
                "dry_run": dry_run,
                "zones": list(dict.fromkeys(zone)),
                "warnings": [problem.as_json() for problem in report.warnings],
                **_changes(files),
            }
        )
        return
    zone_words.show_changes(files, report, dry_run=dry_run)


# --- the files ------------------------------------------------------------------------------------------------------


def _read(file: Path) -> bytes:
    """What `file` holds, a little past the most that is taken."""
    from scheduler.editing.geojson import MOST_BYTES

    try:
        if str(file) == "-":
            return sys.stdin.buffer.read(MOST_BYTES + 1)
        with file.open("rb") as stream:
            return stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise _not_opened(file, error) from None


def _passed(report: Report, path: Path) -> Report:
    """What `config check` says of the result; refused where it would refuse it."""
    report = completed(report, path, own=True)
    if not report.ok:
        raise _would_be_wrong(report.errors, path)
    return report


def _would_be_wrong(errors: Sequence[Problem], path: Path) -> Refusal:
    said = {
        "th": f"ถ้าแก้แล้ว {path.name} จะผิดดังนี้ จึงไม่เขียนอะไร (เลขบรรทัดเป็นของไฟล์หลังแก้)",
        "en": f"{path.name} would be wrong as follows, so nothing is written (lines as they would be)",
    }
    screen.say(screen.spoken(said))
    return Refusal.of([problem.as_json() for problem in errors], 1)


def _save(files: Sequence[FileChange]) -> None:
    from scheduler import editing

    try:
        editing.save(files)
    except editing.ChangedMeanwhile as error:
        raise _refused("file.changed", error.name, facts={"value": error.name}) from None
    except editing.Unwritable as error:
        raise screen.unwritable(error.change.path, error.error, error.change.name) from None


def _properties(zone: Zone, written: Mapping[str, Any]) -> dict[str, Any]:
    """A zone's keys as they are written, numbers as numbers."""
    typed = zone.model_dump(mode="json", exclude={"polygon"}, exclude_none=True)
    money = {key: float(typed[key]) for key in ("fee_baht", "min_order_baht")}
    whole = {key: int(amount) if amount.is_integer() else amount for key, amount in money.items()}
    return {key: value for key, value in {**typed, **whole}.items() if key in written}


def _changes(files: Sequence[FileChange]) -> dict[str, Any]:
    return {"files": [{"name": change.name, "diff": change.diff()} for change in files]}


# --- refusals -------------------------------------------------------------------------------------------------------


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """What cannot be used or edited, as a refusal."""
    from scheduler import editing
    from scheduler.config import ConfigError

    try:
        yield
    except editing.Unusable as error:
        raise Refusal.of([remark.as_json() for remark in error.remarks], 2 if error.unread else 1) from None
    except editing.CannotEdit as error:
        raise _refused(error.code, path.name, facts=error.facts) from None
    except ConfigError as error:
        raise _would_be_wrong(error.errors, path) from None
    except OSError as error:
        raise _not_opened(Path(str(error.filename or path)), error) from None


def _refused(code: str, place: str, *, facts: Mapping[str, object], exit_code: int = 1) -> Refusal:
    from scheduler.config.wording import wording

    message, hint = wording(code, facts)
    return Refusal(code, place, message, hint, exit_code=exit_code)


def _not_opened(path: Path, error: OSError) -> Refusal:
    from scheduler.config.files import unreadable

    return _refused("file.unreadable", str(path), facts={"value": path.name or path, **unreadable(error)}, exit_code=2)
