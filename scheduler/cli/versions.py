"""`songsuk config publish`, `rollback`, `log`: which version of config.yaml counts, from when, and what changed."""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scheduler.cli import screen
from scheduler.cli.opened import ConfigFile, Json, actor_name, date_of, known_coordinator, opened
from scheduler.cli.screen import Refusal, Words

if TYPE_CHECKING:
    from scheduler.app import App
    from scheduler.config import Config
    from scheduler.editing import Changes
    from storage.records import ConfigVersion

Note = Annotated[str, typer.Option("--note", help="Why, for the log.")]
By = Annotated[str | None, typer.Option("--by", help="The id of the coordinator who decided it.")]
MOST_KEYS = 12
"""How many changed keys one line names."""
LOG = {
    "th": ["เวอร์ชัน", "เมื่อ", "โดย", "สถานะ", "เปลี่ยนอะไร", "เพราะ"],
    "en": ["version", "when", "by", "state", "what changed", "why"],
}
STATES: dict[str, Words] = {
    "in_force": {"th": "ใช้อยู่", "en": "in force"},
    "waiting": {"th": "รอถึงวัน", "en": "waits for its day"},
    "past": {"th": "เลิกใช้", "en": "past"},
    "withdrawn": {"th": "ถอนก่อนถึงวัน", "en": "withdrawn"},
}


def publish(
    file: Annotated[Path | None, typer.Argument(help="A draft; else the market's config file itself.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="Count for waves of this date and later ones.")] = None,
    note: Note = "",
    by: By = None,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Put the file in force from the next wave not yet closed, or from a date on; never inside a wave."""
    from scheduler import config as configs

    own = config or Path(os.environ.get("SONGSUK_CONFIG", "config.yaml"))
    try:
        loaded = configs.load(file or own)
        with opened(config) as market:
            known_coordinator(market, by)
            start = date_of(market, from_) if from_ is not None else None
            newest, today = market.store.config_version(market.versions.newest), _today(market)
            same = newest is not None and newest.sha256 == loaded.sha256
            already = same and newest is not None and _counts_already(newest, start, today)
            if start is not None and not already:
                _refuse_too_late(market, start)
            made = None
            if not already:
                beside = _sha256(own) if file is not None else None
                made = _put_in_force(market, loaded, by, note=note, from_date=start, file_sha256=beside)
            found = _told(market, made, own)
    except configs.ConfigError as error:
        raise Refusal.of([problem.as_json() for problem in error.errors], 2) from None
    if json:
        screen.document({"schema": "songsuk/config.publish/1", **found})
    else:
        _show(found)


def rollback(
    to: Annotated[int | None, typer.Option("--to", help="The version to go back to; else the one before.")] = None,
    note: Note = "",
    by: By = None,
    write_file: Annotated[
        bool, typer.Option("--write-file", help="Also put the older text into the config file.")
    ] = False,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Go back to an older version: its text is the next version, in force from the next wave not yet closed.

    The config file stays as it is, and is not taken up again until somebody edits it.
    """
    from scheduler import config as configs
    from scheduler.releases import step_back

    own = config or Path(os.environ.get("SONGSUK_CONFIG", "config.yaml"))
    with opened(config) as market:
        known_coordinator(market, by)
        versions = market.store.config_versions()
        target = _version(versions, to) if to is not None else step_back(versions)
        if target is None:
            raise Refusal(
                "version.first",
                "",
                {"th": "ไม่มีเวอร์ชันก่อนหน้านี้", "en": "there is no version before this one"},
                {"th": "ดู songsuk config log", "en": "see songsuk config log"},
            )
        before = _unlost(own, versions) if write_file else b""
        today = _today(market)
        waits = target.from_date is not None and target.from_date > today
        try:
            made = _put_in_force(
                market,
                configs.parse(target.text, own.name),
                by,
                note=note,
                from_date=target.from_date if waits else None,
                restores=target.restores or target.version,
                file_sha256=_sha256(own),
            )
        except configs.ConfigError as error:
            raise Refusal.of([problem.as_json() for problem in error.errors], 1) from None
        if write_file:
            _write(own, before, target)
        found = _told(market, made, own)
    if json:
        screen.document({"schema": "songsuk/config.rollback/1", **found})
    else:
        _show(found)


def log(
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many versions, the latest first.")] = 20,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Who changed the config, when, why and what: every version, the latest first."""
    from scheduler.editing import Changes, compare
    from scheduler.releases import state

    with opened(config) as market:
        versions = market.store.config_versions()
        today, used = _today(market), Counter(run.config_version for run in market.store.runs())
        rows = []
        for each in versions[::-1][:limit]:
            before = versions[each.version - 2] if each.version > 1 else None
            changes = compare(before.text, each.text) if before is not None else Changes()
            standing = state(each, versions, market.versions.latest, today)
            rows.append({**_recorded(each, market), "state": standing, "waves": used[each.version], "changes": changes})
    if json:
        told = [{**row, "changes": row["changes"].as_json()} for row in rows]
        screen.document({"schema": "songsuk/config.log/1", "versions": told})
        return
    screen.table(
        "",
        screen.spoken(LOG),
        (
            [
                row["version"],
                f"{dt.datetime.fromisoformat(row['at']):%Y-%m-%d %H:%M}",
                row["actor"],
                screen.spoken(STATES[row["state"]]) + (f" {row['from']}" if row["state"] == "waiting" else ""),
                _in_words(row["changes"], row["restores"], first=row["version"] == 1),
                row["note"],
            ]
            for row in rows
        ),
    )


# --- what may be done -----------------------------------------------------------------------------------------------


def _put_in_force(market: App, edit: Config, by: str | None, **more: Any) -> ConfigVersion | None:
    """The next version, and the orders that wait in their waves by it; None where the newest says the same already."""
    actor = by or actor_name()
    made = market.versions.put_in_force(edit, market.clock.now(), actor, **more)
    if made is not None:
        market.place_again(actor=actor)
        return made
    newest = market.store.config_version(market.versions.newest)
    if newest is not None and newest.sha256 != edit.sha256:
        raise Refusal(
            "version.meanwhile",
            "",
            {
                "th": f"มีเวอร์ชัน {newest.version} เกิดขึ้นระหว่างนี้",
                "en": f"version {newest.version} has come in between",
            },
            {"th": "ดู songsuk config log แล้วสั่งอีกครั้ง", "en": "see songsuk config log, then run this again"},
        )
    return None


def _today(market: App) -> dt.date:
    return market.clock.now().astimezone(market.tz).date()


def _counts_already(newest: ConfigVersion, start: dt.date | None, today: dt.date) -> bool:
    """Whether the newest version, which has this very text, counts from `start` on already; it may be brought forward.

    A later start is refused: the waves between would have to go back to the text before.
    """
    waits_for = newest.from_date if newest.from_date is not None and newest.from_date > today else None
    if start is None or start == waits_for:
        return start is not None or waits_for is None
    if waits_for is not None and start < waits_for:
        return False
    raise Refusal(
        "from.later",
        "--from",
        {
            "th": f"เวอร์ชัน {newest.version} เป็นข้อความนี้อยู่แล้ว และมีผลก่อนวันที่ {start}",
            "en": f"version {newest.version} has this text already, and counts before {start}",
        },
        {
            "th": "สั่ง songsuk config rollback ก่อน แล้วสั่งคำสั่งนี้อีกครั้ง",
            "en": "run songsuk config rollback first, then this command again",
        },
    )


def _refuse_too_late(market: App, start: dt.date) -> None:
    from scheduler.releases import too_late

    found = too_late(start, market.clock.now(), _closed(market), market.versions.rules_of)
    if found is None:
        return
    following = found.following
    why: dict[str, Words] = {
        "past": {"th": f"วันที่ {start} ผ่านไปแล้ว", "en": f"{start} is over"},
        "closed": {"th": f"ทุกรอบของวันที่ {start} ปิดรับแล้ว", "en": f"every wave of {start} is closed"},
    }
    hint = {"th": f"เร็วที่สุดคือ --from {following}", "en": f"the next possible is --from {following}"}
    raise Refusal(f"from.{found.why}", "--from", why[found.why], hint if following is not None else None)


def _closed(market: App) -> set[tuple[dt.date, str]]:
    since = market.clock.now().date() - dt.timedelta(days=1)
    return {(run.date, run.wave) for run in market.store.runs(since=since) if run.state != "open"}


def _version(versions: Sequence[ConfigVersion], number: int) -> ConfigVersion:
    found = next((each for each in versions if each.version == number), None)
    if found is None:
        raise Refusal(
            "version.unknown",
            "--to",
            {"th": f"ไม่มีเวอร์ชัน {number}", "en": f"there is no version {number}"},
            {"th": f"มี 1 ถึง {versions[-1].version}", "en": f"there are 1 to {versions[-1].version}"},
            exit_code=2,
        )
    return found


# --- the file -------------------------------------------------------------------------------------------------------


def _loaded(path: Path) -> Config | None:
    """What the file says; None where it is broken."""
    from scheduler import config as configs

    try:
        return configs.load(path)
    except configs.ConfigError:
        return None


def _sha256(path: Path) -> str | None:
    loaded = _loaded(path)
    return loaded.sha256 if loaded is not None else None


def _unlost(path: Path, versions: Sequence[ConfigVersion]) -> bytes:
    """The file's bytes, where its text is a version too: then nothing is lost when it is replaced."""
    try:
        data = path.read_bytes()
    except OSError:
        data = b""
    if _sha256(path) not in {each.sha256 for each in versions}:
        raise Refusal(
            "file.unpublished",
            path.name,
            {
                "th": f"{path.name} มีการแก้ที่ยังไม่เป็นเวอร์ชันใด จึงไม่เขียนทับ",
                "en": f"{path.name} holds an edit that is no version yet: it is not overwritten",
            },
            {
                "th": "เก็บสำเนาไฟล์ไว้ก่อน หรือสั่ง songsuk config publish ก่อน หรือย้อนกลับโดยไม่ใส่ --write-file",
                "en": "keep a copy, or run songsuk config publish first, or go back without --write-file",
            },
        )
    return data


def _write(path: Path, before: bytes, target: ConfigVersion) -> None:
    """Put an older text into the file. What it named in files of their own stands in it from then on."""
    from scheduler import editing

    mark = b"\xef\xbb\xbf" if before.startswith(b"\xef\xbb\xbf") else b""
    try:
        editing.save(path, before, mark + target.text.encode("utf-8"))
    except (editing.ChangedMeanwhile, OSError) as error:
        why = "" if isinstance(error, editing.ChangedMeanwhile) else f" ({error.strerror})"
        raise Refusal(
            "file.changed",
            path.name,
            {
                "th": f"ย้อนกลับแล้ว แต่ไม่ได้เขียน {path.name}: มีคนบันทึกระหว่างนี้ หรือเขียนไม่ได้{why}",
                "en": f"rolled back, but {path.name} is not written: it was saved meanwhile, or cannot be{why}",
            },
            {"th": "แก้ไฟล์ด้วยมือ", "en": "edit the file by hand"},
        ) from None


# --- words ----------------------------------------------------------------------------------------------------------


def _recorded(each: ConfigVersion, market: App) -> dict[str, Any]:
    return {
        "version": each.version,
        "at": each.created_at.astimezone(market.tz).isoformat(timespec="seconds"),
        "actor": each.actor,
        "note": each.note,
        "from": each.from_date.isoformat() if each.from_date is not None else None,
        "restores": each.restores,
    }


def _told(market: App, made: ConfigVersion | None, own: Path) -> dict[str, Any]:
    """What came of it: the version, from which wave it counts, what it changed, and what the file still holds."""
    from scheduler.editing import Changes, compare
    from scheduler.releases import first_wave, replaced

    now = market.clock.now()
    versions = market.store.config_versions()
    last = made or versions[-1]
    today = _today(market)
    since = last.from_date if last.from_date is not None and last.from_date > today else today
    wave = first_wave(since, now, _closed(market), market.versions.rules_of)
    before = versions[last.version - 2] if last.version > 1 else None
    changes = compare(before.text, last.text) if before is not None and made is not None else Changes()
    on_disk = _loaded(own)
    holds = next((each.version for each in versions[::-1] if on_disk and each.sha256 == on_disk.sha256), None)
    same = on_disk is not None and on_disk.sha256 == last.sha256
    return {
        **_recorded(last, market),
        "already": made is None,
        "first_wave": {"date": wave[0].isoformat(), "wave": wave[1]} if wave is not None else None,
        "changes": changes.as_json(),
        "replaces": replaced(versions, last, today) if made is not None else [],
        "file": {"name": own.name, "version": last.version if same else holds},
    }


def _show(found: dict[str, Any]) -> None:
    """The same in a few lines."""
    version, wave, file = found["version"], found["first_wave"], found["file"]
    when = {
        "th": f"ตั้งแต่รอบ {wave['wave']} วันที่ {wave['date']}" if wave else "ตั้งแต่รอบถัดไปที่ยังไม่ปิด",
        "en": f"from the wave {wave['wave']} of {wave['date']} on" if wave else "from the next wave not yet closed",
    }
    back = dict.fromkeys(when, "")
    if found["restores"] is not None:
        back = {"th": f" (ข้อความของเวอร์ชัน {found['restores']})", "en": f" (the text of version {found['restores']})"}
    already = {"th": "อยู่แล้ว " if found["already"] else "", "en": " already" if found["already"] else ""}
    lines: list[Words] = [
        {
            "th": f"เวอร์ชัน {version}{back['th']} มีผล{already['th']}{when['th']}",
            "en": f"version {version}{back['en']} is in force{already['en']} {when['en']}",
        }
    ]
    changed = _words_of(found["changes"])
    if changed["en"]:
        lines.append({"th": f"เปลี่ยน: {changed['th']}", "en": f"changed: {changed['en']}"})
    for number in found["replaces"]:
        lines.append(
            {
                "th": f"เวอร์ชัน {number} ที่รอถึงวันจะไม่ถูกใช้แล้ว",
                "en": f"version {number}, which waits for its day, will not come in force any more",
            }
        )
    if file["version"] != version:
        holds = {
            "th": f"ยังเป็นข้อความของเวอร์ชัน {file['version']}" if file["version"] else "มีการแก้ที่ไม่เป็นเวอร์ชันใด",
            "en": f"still holds version {file['version']}" if file["version"] else "holds an edit that is no version",
        }
        lines.append(
            {
                "th": f"ไฟล์ {file['name']} {holds['th']} ระบบจะไม่นำมาใช้อีกจนกว่าจะมีคนแก้ไฟล์",
                "en": f"{file['name']} {holds['en']}; it is not taken up again until somebody edits it",
            }
        )
    for line in lines:
        screen.out().print(screen.spoken(line), markup=False, soft_wrap=True)


def _in_words(changes: Changes, restores: int | None, *, first: bool) -> str:
    if first:
        return screen.spoken({"th": "เวอร์ชันแรก", "en": "the first one"})
    back = {"th": f"กลับไปเวอร์ชัน {restores}; ", "en": f"back to version {restores}; "}
    text = screen.spoken(_words_of(changes.as_json())) or screen.spoken({"th": "ค่าไม่เปลี่ยน", "en": "no value"})
    return (screen.spoken(back) if restores is not None else "") + text


def _words_of(changes: dict[str, Any]) -> Words:
    """``new zone: a · moved: b · waves.midday.cut_off``"""
    zones, keys = changes["zones"], changes["keys"]
    named = (
        ("added", "โซนใหม่", "new"),
        ("removed", "โซนที่เอาออก", "gone"),
        ("moved", "ขอบเขตเปลี่ยน", "moved"),
    )
    shown = keys[:MOST_KEYS] + ([f"+{len(keys) - MOST_KEYS}"] if len(keys) > MOST_KEYS else [])
    listed = [", ".join(shown)] if shown else []
    return {
        "th": " · ".join([*(f"{th}: {', '.join(zones[name])}" for name, th, _ in named if zones[name]), *listed]),
        "en": " · ".join([*(f"{en}: {', '.join(zones[name])}" for name, _, en in named if zones[name]), *listed]),
    }
