"""`songsuk config preview`: what a change of the config would have done to the last weeks. Looks only."""

from __future__ import annotations

import datetime as dt
import os
from errno import EACCES, EISDIR, ENOENT
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from scheduler.cli import screen
from scheduler.cli.opened import ConfigFile, Json, clock_now, no_database, tell_broken
from scheduler.cli.screen import Refusal

if TYPE_CHECKING:
    from scheduler.config import Config
    from scheduler.intake import RowProblem
    from scheduler.preview.comparing import Named, Preview
    from scheduler.preview.expecting import Plans
    from scheduler.preview.page import Period
    from scheduler.preview.replay import Past
    from storage import Store
    from storage.records import Order

MOST_DAYS = 92
PENDING = frozenset({"received", "batched", "planned", "unassigned"})
FORMATS = (".png", ".svg")


def preview(
    new: Annotated[Path | None, typer.Argument(help="The config to try; else the market's own file.")] = None,
    days: Annotated[int, typer.Option("--days", help="Replay the orders of so many days before today.")] = 30,
    expect: Annotated[
        Path | None, typer.Option("--expect", help="Orders a week that zones, tambons or places are expected to bring.")
    ] = None,
    picture: Annotated[Path | None, typer.Option("--picture", help="Draw the map into this PNG or SVG file.")] = None,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Show what a changed config would have done: zones, orders, riders, km, fees, and who falls out. Changes nothing.

    NEW is held against the version in force. The last days' orders are batched and planned anew under both.
    """
    from scheduler.workers import Planner

    _check(days, picture)
    before, after, period, past, pending = _read(new, config, days)
    plans, errors = _expected(expect, after.config)
    planner = Planner(after.config.solver.workers)
    try:
        with screen.progress(screen.spoken({"th": "วางแผนย้อนหลัง", "en": "planning the past"}), quiet=json) as show:
            from scheduler.preview.comparing import preview as compare

            found = compare(before, after, period, past, pending, planner.each, expected=plans, on_progress=show)
    finally:
        planner.close()
    if plans is not None and not period.orders:
        said = {
            "th": f"ไม่ได้คำนวณ {expect}: ไม่มีออเดอร์จริงในช่วงนี้ให้วางคู่กัน ใช้ --days ให้ยาวขึ้น",
            "en": f"{expect} is left out: these days have no real orders to add them to; take more --days",
        }
        screen.say(screen.spoken(said))
    document = found.document | {"errors": [error.as_json() for error in errors]}
    if picture is not None:
        _draw(picture, before.config, after.config, found)
        document["picture"] = picture.name
    if json:
        screen.document(document)
    else:
        from scheduler.cli.preview_tables import show_preview

        show_preview(document)
    raise typer.Exit(1 if errors else 0)


def _check(days: int, picture: Path | None) -> None:
    """Refuse before any work what could not be done after it."""
    if not 1 <= days <= MOST_DAYS:
        raise Refusal(
            "usage",
            "--days",
            {"th": f"{days} ไม่อยู่ระหว่าง 1 ถึง {MOST_DAYS}", "en": f"{days} is not between 1 and {MOST_DAYS}"},
            {"th": "เช่น --days 30", "en": "e.g. --days 30"},
            exit_code=2,
        )
    if picture is None:
        return
    if picture.suffix.lower() not in FORMATS:
        raise Refusal(
            "picture.format",
            str(picture),
            {"th": "รูปแผนที่เป็น PNG หรือ SVG เท่านั้น", "en": "the map is a PNG or an SVG"},
            {"th": "ตั้งชื่อไฟล์ลงท้าย .png หรือ .svg", "en": "let the file's name end in .png or .svg"},
            exit_code=2,
        )
    there = picture if picture.exists() else picture.absolute().parent
    if picture.is_dir() or not os.access(there, os.W_OK):
        number = EISDIR if picture.is_dir() else EACCES if there.exists() else ENOENT
        raise screen.unwritable(picture, OSError(number, os.strerror(number)), "--picture")


# --- reading ------------------------------------------------------------------------------------------------------


def _read(new: Path | None, config: Path | None, days: int) -> tuple[Named, Named, Period, Past, list[Order]]:
    """Both configs and what is remembered, from a database that is only read. `Refusal` where they cannot be had."""
    import storage
    from scheduler.app import database_url
    from scheduler.preview.comparing import Named

    path = config or Path(os.environ.get("SONGSUK_CONFIG", "config.yaml"))
    file = new or path
    loaded = _load(file)
    now = clock_now().astimezone(loaded.market.time_zone)
    today = now.date()
    try:
        url = database_url(os.environ)
        if not storage.exists(url):
            return _without_database(loaded, new, path, today, days)
        with storage.open_reading(url) as store:
            before = _in_force(store, path, loaded, file.name, now)
            if before is None:
                return _without_database(loaded, new, path, today, days)
            if new is not None:
                _tell_of_own_file(path, before)
            period, past, pending = _remembered(store, today, days)
            return before, Named(config=loaded, file=file.name), period, past, pending
    except storage.OlderSchema as error:
        raise Refusal(
            "database.older",
            "SONGSUK_DATABASE_URL",
            {"th": f"ฐานข้อมูลเป็นรุ่นเก่า: {error}", "en": str(error)},
            {"th": "สั่ง songsuk db upgrade ก่อน", "en": "run songsuk db upgrade first"},
            exit_code=2,
        ) from None
    except storage.StorageError as error:
        raise no_database(error) from None


def _load(path: Path) -> Config:
    from scheduler import config as configs

    try:
        return configs.load(path)
    except configs.ConfigError as error:
        raise Refusal.of([problem.as_json() for problem in error.errors], 2) from None


def _tell_of_own_file(path: Path, before: Named) -> None:
    """A market's own file that is broken is told whatever else is asked for."""
    from scheduler import config as configs

    report = configs.check(path)
    if not report.ok:
        tell_broken(path, configs.ConfigError(report.errors, report.more), before.version or 0)


def _in_force(store: Store, path: Path, loaded: Config, name: str, now: dt.datetime) -> Named | None:
    """The config that counts now; None where the database has none. Refuses another market's."""
    from dataclasses import replace

    from scheduler import config as configs
    from scheduler.preview.comparing import Named
    from scheduler.versions import Versions

    versions = Versions(store, path)
    if not versions.resume(configs.ConfigError([]), now):
        return None
    if problems := versions.problems(loaded):
        raise Refusal.of([replace(problem, file=name).as_json() for problem in problems], 2)
    return Named(config=versions.config(), version=versions.latest)


def _without_database(
    loaded: Config, new: Path | None, path: Path, today: dt.date, days: int
) -> tuple[Named, Named, Period, Past, list[Order]]:
    """A market that has not run yet: the file tried against the market's own, and no orders."""
    from scheduler.preview.comparing import Named
    from scheduler.preview.replay import Past

    if new is None:
        raise Refusal(
            "preview.nothing_in_force",
            "NEW",
            {"th": "ตลาดยังไม่มี config ที่ใช้อยู่ให้เทียบ", "en": "no config is in force yet to compare with"},
            {"th": "ใส่ชื่อไฟล์ที่จะลอง", "en": "name the file to try"},
        )
    first, last = _span(today, days)
    before, after = Named(config=_load(path), file=path.name), Named(config=loaded, file=new.name)
    return before, after, _period(first, last, 0), Past(orders=(), riders=(), sellers={}), []


def _remembered(store: Store, today: dt.date, days: int) -> tuple[Period, Past, list[Order]]:
    from scheduler.preview.replay import Past
    from storage.records import Role

    first, last = _span(today, days)
    dates = (first + dt.timedelta(days=ahead) for ahead in range(days))
    orders = [order for date in dates for order in store.orders(service_date=date) if not order.cancelled]
    pending = [order for order in store.orders(states=PENDING, since=today) if not order.cancelled]
    sellers = {member.ref: member for member in store.members(Role.SELLER)}
    past = Past(orders=orders, riders=store.members(Role.RIDER), sellers=sellers)
    return _period(first, last, len(orders)), past, pending


def _span(today: dt.date, days: int) -> tuple[dt.date, dt.date]:
    return today - dt.timedelta(days=days), today - dt.timedelta(days=1)


def _period(first: dt.date, last: dt.date, orders: int) -> Period:
    from scheduler.preview.page import Period

    return Period(first=first, last=last, orders=orders)


def _expected(file: Path | None, config: Config) -> tuple[Plans | None, list[RowProblem]]:
    """The places of the file that can be used, and what is wrong with the others."""
    from scheduler.intake import UnreadableFile
    from scheduler.intake.expected import read_expected
    from scheduler.preview.expecting import places_of

    if file is None:
        return None, []
    try:
        read = read_expected(file)
    except UnreadableFile as error:
        raise Refusal(error.code, str(file), error.message, error.hint, exit_code=2) from None
    plans, problems = places_of(read.rows, config)
    return plans if plans.places else None, sorted([*read.errors, *problems], key=lambda error: error.row)


def _draw(path: Path, old: Config, new: Config, found: Preview) -> None:
    from scheduler.preview.picture import draw

    period: dict[str, Any] = found.document["period"]
    days = dt.date.fromisoformat(period["from"]), dt.date.fromisoformat(period["to"])
    form: Literal["png", "svg"] = "svg" if path.suffix.lower() == ".svg" else "png"
    screen.write(path, draw(old, new, found.changes, found.moved, days, screen.language(), form), "--picture")
