"""`songsuk demo`: a made-up market's whole day, from intake to the evening summary, on a simulated clock."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scheduler.cli import screen
from scheduler.cli.opened import one_of
from scheduler.cli.screen import Refusal
from scheduler.cli.tables import NONE, ROLES

if TYPE_CHECKING:
    from scheduler.app import App
    from scheduler.config import Config
    from storage.records import Message

SAMPLE_DAY = dt.date(2026, 11, 24)
SHOWN = ("route", "pick_list", "window", "changed")


def demo(
    size: Annotated[str, typer.Option("--size", help="small, typical, big or festival.")] = "typical",
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another day.")] = 1,
    folder: Annotated[Path, typer.Option("--folder", help="Where its files and its database go.")] = Path("var/demo"),
) -> None:
    """Run one simulated market day: no keys, no network, nothing is sent to anybody."""
    from scheduler.demo.market import SIZES, write

    one_of(size, SIZES, "--size")
    began = time.monotonic()
    shutil.rmtree(folder, ignore_errors=True)
    with demo_app(folder) as app:
        files = write(folder, app.config, SAMPLE_DAY, size, seed)
        _title(app, size)
        _intake(app, files)
        _day(app)
        _plans(app)
        _phones(app)
        _no_place(app)
        _evening(app)
    _closing(folder, time.monotonic() - began)


def demo_app(folder: Path) -> Any:
    """The app over the sample market, with the console as its only channel and a database of its own."""
    from contextlib import contextmanager

    from scheduler import app as application
    from scheduler.config import ConfigError

    @contextmanager
    def opened() -> Any:
        import asyncio

        folder.mkdir(parents=True, exist_ok=True)
        environ = {"SONGSUK_DATABASE_URL": f"sqlite:///{folder / 'songsuk.db'}"}
        try:
            app = application.build(config_path=sample_config(), environ=environ, adapt=_only_console)
        except ConfigError as error:
            raise Refusal.of([problem.as_json() for problem in error.errors], 2) from None
        try:
            yield app
        finally:
            asyncio.run(app.close())

    return opened()


def sample_config() -> Path:
    """The market the demo plays in: the one named, the one here, or the one Songsuk came with."""
    import scheduler

    named = os.environ.get("SONGSUK_CONFIG")
    shipped = Path(scheduler.__file__).parent.parent / "config.yaml"
    return next((path for path in (Path(named or "config.yaml"), shipped) if path.exists()), Path("config.yaml"))


def _only_console(config: Config) -> Config:
    """Whatever the file says, the demo reaches nobody, and does not look for a better plan for long."""
    solver = config.solver.model_copy(update={"seconds": min(config.solver.seconds, 4.0)})
    return config.model_copy(update={"channels": {"console": _Quiet()}, "solver": solver})


class _Quiet:
    """The console channel's settings where its messages are shown by hand."""

    def model_dump(self) -> dict[str, Any]:
        return {"quiet": True}


def _title(app: App, size: str) -> None:
    from scheduler.intake.thai import thai_date

    name = app.config.market.name
    screen.out().rule(f"[bold]{name.in_('th')} · {thai_date(SAMPLE_DAY, 'long')} · {size}")


def _intake(app: App, files: Any) -> None:
    from scheduler.intake import read_members, read_orders

    at = app.clock.now()
    for path in (files.sellers, files.riders, files.coordinators):
        read = read_members(path, name=path.name, role=None, context=app.intake_context())
        app.store.save_members(read.members, actor="demo", at=at)
        rows = len(read.members)
        screen.say(screen.spoken({"th": f"  นำเข้า {path}: {rows} แถว", "en": f"  imported {path}: {rows} rows"}))
    orders = read_orders(files.orders, name=files.orders.name, context=app.intake_context())
    _, waiting = app.take_orders(orders.orders, actor="demo")
    waits, count = screen.counted(dict(sorted(waiting.items()))) or screen.spoken(NONE), len(orders.orders)
    taken = {
        "th": f"  นำเข้า {files.orders}: {orders.rows} แถว {count} ออเดอร์; รออยู่: {waits}",
        "en": f"  imported {files.orders}: {orders.rows} rows, {count} orders; waiting: {waits}",
    }
    screen.say(screen.spoken(taken))


def _day(app: App) -> None:
    from scheduler.cli.day import run

    screen.say(screen.spoken({"th": "  ทั้งวัน บนนาฬิกาจำลอง:", "en": "  the day, on a simulated clock:"}))
    with screen.progress(screen.spoken({"th": "ทั้งวัน", "en": "the day"})):
        run(app, SAMPLE_DAY, None, approve=True)


def _plans(app: App) -> None:
    from scheduler import views
    from scheduler.cli.tables import show_plan
    from storage.records import Role

    names = {member.ref: member.person.name.split()[0] for member in app.store.members(Role.RIDER)}
    for wave in views.plans(app, SAMPLE_DAY)["waves"]:
        show_plan(wave, names=names)


def _phones(app: App) -> None:
    """One message of each kind, as its reader's phone would show it."""
    screen.out().rule(screen.spoken({"th": "ข้อความที่แต่ละคนอ่าน", "en": "what people read"}))
    for kind in SHOWN:
        found = app.store.messages(date=SAMPLE_DAY, kinds={kind})
        if found:
            _phone(min(found, key=lambda message: len(message.text)) if kind == "route" else found[0], app)


def _phone(message: Message, app: App) -> None:
    from rich.align import Align
    from rich.box import ROUNDED
    from rich.panel import Panel
    from rich.text import Text

    role = ROLES[str(message.role)]
    at = message.send_at.astimezone(app.tz)
    panel = Panel(
        Text(message.text), box=ROUNDED, width=56, title=f"{role} {message.name}", subtitle=f"{at:%d/%m %H:%M}"
    )
    screen.out().print(Align.left(panel))


def _no_place(app: App) -> None:
    """One order that found no place, with its reason and what would make room for it."""
    chosen = screen.language()
    for plan in app.store.plans(SAMPLE_DAY):
        for left in plan.unassigned[:1]:
            fix = (left.fix or {}).get("message", {"th": "", "en": ""})
            why, room = f"{left.message['th']} ({left.message['en']})", f"{fix['th']} ({fix['en']})"
            if chosen == "th":
                why, room = left.message["th"], fix["th"]
            no_place = "ยังไม่มีที่ในรอบ" if chosen == "th" else "found no place in"
            screen.out().print(f"[bold]{left.order_id}[/] {no_place} {plan.wave}: {why}", highlight=False)
            if left.fix is not None:
                would = "ทำให้มีที่ได้โดย" if chosen == "th" else "what would make room"
                screen.out().print(f"  {would}: {room}", highlight=False)
            return


def _evening(app: App) -> None:
    from scheduler import report
    from scheduler.cli.day import show_report
    from scheduler.cli.one_order import in_words

    screen.out().rule(screen.spoken({"th": "สรุปตอนเย็น", "en": "the evening summary"}))
    found = report.day(app.store, SAMPLE_DAY)
    show_report(found, {each["reason"]: in_words(app, each["reason"]) for each in found["orders"]["not_riding"]})


def _closing(folder: Path, took: float) -> None:
    database = folder / "songsuk.db"
    words = f"SONGSUK_DATABASE_URL=sqlite:///{database} songsuk messages list --date {SAMPLE_DAY} --text"
    done = {
        "th": f"\nเสร็จใน {took:.0f} วินาที ทุกอย่างอยู่ใน {folder}/: ไฟล์ที่นำเข้า และ {database}\n"
        f"ต่อไป:  {words}\n"
        "       songsuk demo --size festival --seed 2\n"
        "       แก้ config.yaml แล้วสั่ง songsuk config check",
        "en": f"\nDone in {took:.0f} s. Everything is in {folder}/: the files that were imported, and {database}.\n"
        f"Next:  {words}\n"
        "       songsuk demo --size festival --seed 2\n"
        "       edit config.yaml, then: songsuk config check",
    }
    screen.out().print(screen.spoken(done), markup=False)
