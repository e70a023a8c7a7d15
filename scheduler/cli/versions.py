"""`songsuk config publish`, `rollback`, `log`: which version of config.yaml counts, from when, and what changed."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scheduler.cli import screen, version_words
from scheduler.cli.opened import ConfigFile, Json, actor_name, date_of, known_coordinator, opened
from scheduler.cli.own_file import OwnFile, own_file
from scheduler.cli.screen import Refusal, Words

if TYPE_CHECKING:
    from scheduler.app import App
    from scheduler.config import Config
    from storage.records import ConfigVersion

Note = Annotated[str, typer.Option("--note", help="Why, for the log.")]
By = Annotated[str | None, typer.Option("--by", help="The id of the coordinator who decided it.")]


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

    own = own_file(config)
    try:
        loaded = configs.load(file) if file is not None else own.config
        with opened(config) as market:
            known_coordinator(market, by)
            start = date_of(market, from_, "--from") if from_ is not None else None
            newest, today = market.store.config_version(market.versions.newest), _today(market)
            same = newest is not None and newest.sha256 == loaded.sha256
            already = same and newest is not None and _counts_already(newest, start, today)
            if start is not None and not already:
                _refuse_start(market, start)
            made = None
            if not already:
                beside = own.sha256 if file is not None else None
                made = _put_in_force(market, loaded, by, note=note, from_date=start, file_sha256=beside)
            found = _told(market, made, own, own.sha256)
    except configs.ConfigError as error:
        raise Refusal.of([problem.as_json() for problem in error.errors], 2) from None
    _show({"schema": "songsuk/config.publish/1", **found}, as_json=json)


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

    own = own_file(config)
    with opened(config) as market:
        known_coordinator(market, by)
        versions = market.store.config_versions()
        today = _today(market)
        target = _version(versions, to) if to is not None else step_back(versions, today, market.tz)
        if target is None:
            raise Refusal(
                "version.first",
                "",
                {"th": "ไม่มีเวอร์ชันก่อนหน้านี้", "en": "there is no version before this one"},
                {"th": "ดู songsuk config log", "en": "see songsuk config log"},
            )
        if write_file:
            _refuse_unpublished(own, versions)
        waits = target.from_date is not None and target.from_date > today
        try:
            made = _put_in_force(
                market,
                configs.parse(target.text, own.name),
                by,
                note=note,
                from_date=target.from_date if waits else None,
                restores=target.restores or target.version,
                file_sha256=own.sha256,
            )
        except configs.ConfigError as error:
            raise Refusal.of([problem.as_json() for problem in error.errors], 1) from None
        if write_file:
            _write(own, target)
        found = _told(market, made, own, target.sha256 if write_file else own.sha256)
        if write_file:
            found["file"]["no_longer_read"] = own.files
    _show({"schema": "songsuk/config.rollback/1", **found}, as_json=json)


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
            standing = state(each, versions, market.versions.latest, today, market.tz)
            rows.append(
                {
                    **_recorded(each, market),
                    "state": standing,
                    "waves": used[each.version],
                    "changes": changes.as_json(),
                }
            )
    if json:
        screen.document({"schema": "songsuk/config.log/1", "versions": rows})
    else:
        version_words.show_log(rows)


def _show(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        screen.document(found)
    else:
        version_words.show(found)


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
    if start < (waits_for or today):
        return False
    if waits_for is None and start == today:
        return True
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
        }
        if newest.version > 1
        else {"th": "ไม่ต้องทำอะไร ใช้อยู่แล้ว", "en": "there is nothing to do"},
    )


def _refuse_start(market: App, start: dt.date) -> None:
    from scheduler.releases import no_start

    found = no_start(start, market.clock.now(), _closed(market), market.versions.rules_of)
    if found is None:
        return
    following = found.following
    why: dict[str, Words] = {
        "past": {"th": f"วันที่ {start} ผ่านไปแล้ว", "en": f"{start} is over"},
        "closed": {"th": f"ทุกรอบของวันที่ {start} ปิดรับแล้ว", "en": f"every wave of {start} is closed"},
        "far": {"th": f"วันที่ {start} ไกลกว่าหนึ่งปี", "en": f"{start} is more than a year away"},
    }
    hint = {"th": f"เร็วที่สุดคือ --from {following}", "en": f"the next possible is --from {following}"}
    if found.why == "far":
        hint = {"th": "ตรวจปีของวันที่", "en": "look at the year"}
    raise Refusal(f"from.{found.why}", "--from", why[found.why], hint if found.why == "far" or following else None)


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


def _refuse_unpublished(own: OwnFile, versions: Sequence[ConfigVersion]) -> None:
    """Only a text that is a version too may be replaced: nothing is lost then."""
    if own.sha256 in {each.sha256 for each in versions}:
        return
    raise Refusal(
        "file.unpublished",
        own.name,
        {
            "th": f"{own.name} มีการแก้ที่ยังไม่เป็นเวอร์ชันใด จึงไม่เขียนทับ",
            "en": f"{own.name} holds an edit that is no version yet: it is not overwritten",
        },
        {
            "th": "เก็บสำเนาไฟล์ไว้ก่อน หรือสั่ง songsuk config publish ก่อน หรือย้อนกลับโดยไม่ใส่ --write-file",
            "en": "keep a copy, or run songsuk config publish first, or go back without --write-file",
        },
    )


def _write(own: OwnFile, target: ConfigVersion) -> None:
    """Put an older text into the file. What it named in files of their own stands in it from then on."""
    from scheduler import editing

    mark = b"\xef\xbb\xbf" if own.data.startswith(b"\xef\xbb\xbf") else b""
    after = mark + target.text.encode("utf-8")
    try:
        editing.save([editing.FileChange(name=own.name, path=own.path, before=own.data, after=after)])
    except (editing.ChangedMeanwhile, editing.Unwritable) as error:
        th, en = (
            (f" ({screen.thai_reason(error.error)})", f" ({error.error.strerror})")
            if isinstance(error, editing.Unwritable)
            else ("", "")
        )
        raise Refusal(
            "file.changed",
            own.name,
            {
                "th": f"ย้อนกลับแล้ว แต่ไม่ได้เขียน {own.name}: มีคนบันทึกระหว่างนี้ หรือเขียนไม่ได้{th}",
                "en": f"rolled back, but {own.name} is not written: it was saved meanwhile, or cannot be{en}",
            },
            {"th": "แก้ไฟล์ด้วยมือ", "en": "edit the file by hand"},
        ) from None


# --- what came of it ------------------------------------------------------------------------------------------------


def _recorded(each: ConfigVersion, market: App) -> dict[str, Any]:
    return {
        "version": each.version,
        "at": each.created_at.astimezone(market.tz).isoformat(timespec="seconds"),
        "actor": each.actor,
        "note": each.note,
        "from": each.from_date.isoformat() if each.from_date is not None else None,
        "restores": each.restores,
    }


def _told(market: App, made: ConfigVersion | None, own: OwnFile, on_disk: str | None) -> dict[str, Any]:
    """The version, from which wave it counts, what it changed, and what the file, whose text is `on_disk`, holds."""
    from scheduler.editing import Changes, compare
    from scheduler.releases import first_wave, replaced

    versions = market.store.config_versions()
    last = made or versions[-1]
    today = _today(market)
    since = last.from_date if last.from_date is not None and last.from_date > today else today
    wave = first_wave(since, market.clock.now(), _closed(market), market.versions.rules_of)
    before = versions[last.version - 2] if last.version > 1 else None
    changes = compare(before.text, last.text) if before is not None and made is not None else Changes()
    holds = next((each.version for each in versions[::-1] if each.sha256 == on_disk), None)
    gone = replaced(versions, last, market.tz) if made is not None else []
    return {
        **_recorded(last, market),
        "already": made is None,
        "first_wave": {"date": wave[0].isoformat(), "wave": wave[1]} if wave is not None else None,
        "changes": changes.as_json(),
        "replaces": [each.version for each in gone],
        "file": {
            "name": own.name,
            "version": last.version if on_disk == last.sha256 else holds,
            "in_force": on_disk == market.versions.config().sha256,
        },
    }
