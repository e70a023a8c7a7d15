"""Opens the application for a command, and turns everything that can be wrong on the way into a refusal."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scheduler.cli import screen
from scheduler.cli.screen import Refusal

if TYPE_CHECKING:
    from scheduler.app import App
    from scheduler.clock import ClockError
    from scheduler.config import ConfigError
    from storage.records import Role

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="The market's config file [env: SONGSUK_CONFIG; default: config.yaml].")
]
Wave = Annotated[str | None, typer.Option("--wave", help="Only this wave.")]
MOST_TOLD = 3
"""How many errors of a config file are told beside a command that goes on without it."""
DateArgument = Annotated[str, typer.Argument(metavar="DATE", help="The service date: 2026-11-24, or 24/11/2569.")]


@contextmanager
def opened(config: Path | None, *, keep_warm: bool = False, acts: bool = False) -> Iterator[App]:
    """The app, put together and closed again; `Refusal` where it cannot be.

    A config file that cannot be used is told, and the market goes on by its last version; the daemon (`keep_warm`)
    tells it in its own log.
    """
    import asyncio  # a seventh of what `songsuk --help` would otherwise wait for

    import storage
    from scheduler import app as application
    from scheduler.clock import ClockError
    from scheduler.config import ConfigError
    from storage import failpoints

    try:
        failpoints.Failpoints.parse(os.environ.get(failpoints.VARIABLE, ""))
    except ValueError as error:
        raise Refusal(
            "failpoints.invalid",
            failpoints.VARIABLE,
            {"th": f"อ่านค่าไม่ได้: {error}", "en": str(error)},
            {"th": "ตัวแปรนี้ใช้กับการทดสอบเท่านั้น ให้ลบออก", "en": "it is for tests only: unset it"},
            exit_code=2,
        ) from None
    try:
        built = application.build(config_path=config, keep_warm=keep_warm, acts=acts)
    except ConfigError as error:
        raise Refusal.of([problem.as_json() for problem in error.errors], 2) from None
    except ClockError as error:
        raise _bad_clock(error) from None
    except application.OfficialBase as error:
        raise Refusal(
            "clock.official_base",
            "SONGSUK_CLOCK",
            {
                "th": f"ใช้ไม่ได้ขณะที่ช่องทาง {', '.join(error.channels)} ส่งถึงคนจริง",
                "en": f"not allowed while {', '.join(error.channels)} would reach real people",
            },
            {"th": "ลบตัวแปรนี้ หรือเปลี่ยน api_base", "en": "unset it, or point api_base elsewhere"},
            exit_code=2,
        ) from None
    except storage.StorageError as error:
        raise no_database(error) from None
    if built.versions.broken is not None and not keep_warm:
        tell_broken(built.config_path, built.versions.broken, built.versions.latest)
    try:
        yield built
    except storage.BadValue as error:
        raise Refusal(
            "value.invalid",
            "",
            {"th": f"ค่าที่ให้มาเก็บไม่ได้: {error}", "en": f"a value that cannot be kept: {error}"},
            {"th": "พิมพ์ค่านี้ใหม่", "en": "type it again"},
            exit_code=2,
        ) from None
    except storage.NewerSchema as error:
        raise no_database(error) from None
    except storage.StorageError as error:
        what = _one_line(error)
        raise Refusal(
            "storage.failed",
            "SONGSUK_DATABASE_URL",
            {"th": f"ฐานข้อมูลไม่รับคำสั่ง: {what}", "en": f"the database did not do as asked: {what}"},
            {"th": "ลองอีกครั้ง แล้วดู songsuk doctor", "en": "try again, then see songsuk doctor"},
        ) from None
    finally:
        asyncio.run(built.close())


def tell_broken(path: Path, broken: ConfigError, version: int) -> None:
    """Why the file is not what counts, and what does."""
    chosen, file, count = screen.language(), path.name, len(broken.errors) + broken.more
    for problem in broken.errors[:MOST_TOLD]:
        screen.say(problem.text(chosen))
    more = f" (+{count - MOST_TOLD})" if count > MOST_TOLD else ""
    screen.say(
        f"{file} ใช้ไม่ได้{more} ใช้เวอร์ชัน {version} ต่อไป"
        if chosen == "th"
        else f"{file} is not valid{more}; going on with version {version}"
    )


def clock_now() -> dt.datetime:
    """The injected clock's moment, for a command that opens no market; a refusal where it cannot be read."""
    from scheduler.clock import ClockError, clock_from

    try:
        return clock_from(os.environ.get("SONGSUK_CLOCK")).now()
    except ClockError as error:
        raise _bad_clock(error) from None


def _bad_clock(error: ClockError) -> Refusal:
    """``SONGSUK_CLOCK`` is no moment, or has no such speed."""
    from scheduler.clock import FASTEST

    return Refusal(
        "clock.invalid",
        "SONGSUK_CLOCK",
        {"th": f"{str(error)!r} ไม่ใช่ความเร็วของนาฬิกา", "en": f"{str(error)!r} is not a speed"}
        if error.speed
        else {"th": f"อ่านเวลา {str(error)!r} ไม่ได้", "en": f"{str(error)!r} is not a moment with an offset"},
        {"th": f"เช่น …;x60 มากกว่า 0 ไม่เกิน {FASTEST:g}", "en": f"e.g. …;x60: above 0, up to {FASTEST:g}"}
        if error.speed
        else {"th": "เช่น 2026-11-24T09:59:50+07:00 หรือ …;x60", "en": "e.g. 2026-11-24T09:59:50+07:00, or …;x60"},
        exit_code=2,
    )


def no_database(error: Exception) -> Refusal:
    """The database could not be opened; nothing was done."""
    import storage

    if isinstance(error, storage.NewerSchema):
        return Refusal(
            "database.newer",
            "SONGSUK_DATABASE_URL",
            {
                "th": f"ส่งสุขรุ่นใหม่กว่าปรับฐานข้อมูลเป็นรุ่น {error.found} แล้ว ส่งสุขนี้ใช้ได้ถึงรุ่น {error.known}",
                "en": f"a newer Songsuk has brought this database to migration {error.found}; "
                f"this one knows up to {error.known}",
            },
            {"th": "ติดตั้งส่งสุขรุ่นใหม่ แล้วเริ่มอีกครั้ง", "en": "install a newer Songsuk, then start again"},
            exit_code=2,
        )
    what = _one_line(error)
    return Refusal(
        "storage.unavailable",
        "SONGSUK_DATABASE_URL",
        {"th": f"เปิดฐานข้อมูลไม่ได้: {what}", "en": f"the database cannot be opened: {what}"},
        {"th": "ตรวจที่อยู่และสิทธิ์", "en": "check the address and the permissions"},
        exit_code=2,
    )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def needs_secrets(app: App) -> None:
    """Refuse, naming the variables, where a configured channel lacks a secret."""
    from scheduler.config import missing_secrets

    missing = missing_secrets(app.config, app.environ, file=app.config_path.name)
    edit = app.versions.broken.errors if app.versions.broken is not None else []
    missing += [problem for problem in edit if problem.code.startswith("secret.")]
    if missing:
        raise Refusal.of([problem.as_json() for problem in missing], 2)


def date_of(app: App, text: str, place: str = "DATE") -> dt.date:
    """A date as people write it: ISO, or day first with a Buddhist or common year; `today`, `tomorrow`."""
    from scheduler.intake.thai import parse_date

    if text in {"today", "tomorrow"}:
        today = app.clock.now().astimezone(app.tz).date()
        return today + dt.timedelta(days=text == "tomorrow")
    found = parse_date(text)
    if not isinstance(found, dt.date):
        raise Refusal(
            "date.invalid",
            place,
            {"th": f"{text!r} ไม่ใช่วันที่", "en": f"{text!r} is not a date"},
            {"th": "เช่น 2026-11-24 หรือ 24/11/2569", "en": "e.g. 2026-11-24, or 24/11/2569"},
            exit_code=2,
        )
    return found


def actor_name() -> str:
    """Who is at the keyboard, for the audit."""
    return f"cli:{os.environ.get('SUDO_USER') or os.environ.get('USER') or 'operator'}"


def known_coordinator(app: App, by: str | None, *, needed: bool = False, code: str = "coordinator.unknown") -> None:
    """Who decides by name is a coordinator; a market that has imported none yet takes the name as it is given.

    `needed`: where several have to agree, each has to be somebody.
    """
    from scheduler.intake import nearest
    from storage.records import Role

    known = sorted(member.ref for member in app.store.members(Role.COORDINATOR) if member.active)
    if by in known or (by is None and not needed):
        return
    if not known and not needed and by is not None and by.strip():
        taken = {
            "th": f"ยังไม่ได้นำเข้าผู้ประสานงาน จึงบันทึกชื่อ {by!r} ตามที่พิมพ์",
            "en": f"no coordinator has been imported yet: {by!r} is taken as given",
        }
        screen.say(screen.spoken(taken))
        return
    if known:
        near, there = nearest(by or "", known), ", ".join(known[:20])
        hint = {"th": f"{near['near_th']}; เขียนหนึ่งใน: {there}", "en": f"{near['near_en']}; write one of: {there}"}
    else:
        hint = {
            "th": "นำเข้ารายชื่อผู้ประสานงานก่อน: songsuk members import",
            "en": "import the coordinators first: songsuk members import",
        }
    raise Refusal(
        code,
        "--by",
        {"th": f"ไม่มีผู้ประสานงาน {by!r}", "en": f"there is no coordinator {by!r}"}
        if by is not None
        else {"th": "ต้องบอกว่าใครอนุมัติ", "en": "who approves has to be named"},
        hint,
    )


def one_of(value: str | None, known: Iterable[str], option: str) -> str | None:
    """`value`, or a refusal that lists what the option may be."""
    names = list(known)
    if value is not None and value not in names:
        raise Refusal(
            "usage",
            option,
            {"th": f"ไม่รู้จัก {value!r}", "en": f"{value!r} is not one of them"},
            {"th": f"เลือกจาก: {', '.join(names)}", "en": f"there are: {', '.join(names)}"},
            exit_code=2,
        )
    return value


def known_wave(app: App, wave: str | None) -> str | None:
    """`wave`, or a refusal that lists the waves there are, also of a wave that is gone from the config and has run."""
    known = app.known_waves()
    if wave is not None and wave not in known:
        raise Refusal(
            "wave.unknown",
            "--wave",
            {"th": f"ไม่มีรอบ {wave!r}", "en": f"there is no wave {wave!r}"},
            {"th": f"รอบที่มี: {', '.join(known)}", "en": f"there are: {', '.join(known)}"},
            exit_code=2,
        )
    return wave


def known_role(role: str | None) -> Role | None:
    """The role of this name, None for none, or a refusal that lists them."""
    from storage.records import Role

    if role is None:
        return None
    try:
        return Role(role)
    except ValueError:
        raise Refusal(
            "role.unknown",
            "--role",
            {"th": f"ไม่มีบทบาท {role!r}", "en": f"there is no role {role!r}"},
            {"th": f"บทบาทที่มี: {', '.join(Role)}", "en": f"there are: {', '.join(Role)}"},
            exit_code=2,
        ) from None


@contextmanager
def queues_had() -> Iterator[None]:
    """A refusal where the engine of several machines cannot be had."""
    from scheduler.engine import EngineUnavailable

    try:
        yield
    except EngineUnavailable as error:
        raise Refusal(
            "engine.unavailable",
            "engine.kind",
            {"th": f"เริ่มคิวงานในฐานข้อมูลไม่ได้: {error}", "en": f"the queues in the database cannot be had: {error}"},
            {
                "th": "ให้ผู้ใช้ฐานข้อมูลเป็นเจ้าของฐานข้อมูลนี้ แล้วเริ่มใหม่",
                "en": "let the database's user own the database, then start again",
            },
            exit_code=2,
        ) from None
