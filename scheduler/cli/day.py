"""`songsuk day`: every step a day still lacks, and `songsuk report day`: what it came to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scheduler.cli import screen
from scheduler.cli.one_order import in_words
from scheduler.cli.opened import (
    ConfigFile,
    DateArgument,
    Json,
    Wave,
    actor_name,
    date_of,
    known_wave,
    needs_secrets,
    opened,
)
from scheduler.cli.screen import Refusal, Words
from scheduler.cli.tables import NONE

if TYPE_CHECKING:
    from scheduler.app import App
    from scheduler.day import Step

report = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
DAY = {
    "th": ["รอบ", "สถานะ", "ที่ทำไป", "ออเดอร์", "ยังไม่มีที่"],
    "en": ["wave", "state", "did", "orders", "no place"],
}
WORK = {
    "th": ["ไรเดอร์", "รอบ", "จุดส่ง", "กม.", "ชม.", "เก็บเงินสด บาท"],
    "en": ["rider", "waves", "drops", "km", "hours", "cash baht"],
}
ACTIONS = {
    "close": "ปิดรอบ",
    "plan": "วางแผน",
    "approve": "อนุมัติ",
    "dispatch": "ปล่อยงาน",
    "finish": "จบรอบ",
}


def _action(name: str) -> str:
    return screen.spoken({"th": ACTIONS.get(name, name), "en": name})


def _show_messages(by_state: dict[str, int]) -> None:
    told = screen.counted(by_state) or screen.spoken(NONE)
    screen.out().print(screen.spoken({"th": f"ข้อความ: {told}", "en": f"messages: {told}"}), markup=False)


def day(
    date: DateArgument,
    wave: Wave = None,
    approve: Annotated[bool, typer.Option("--approve", help="Approve each plan as it is made.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also when real people would hear of another day.")] = False,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Do every step a day still lacks, each as if at its hour, and send what is due. Repeating it sends nothing."""
    with opened(config, acts=True) as app:
        found = run(app, date_of(app, date), known_wave(app, wave), approve=approve, force=force, quiet=json)
    if json:
        screen.document(found)
    else:
        screen.table(
            f"{found['date']}",
            screen.spoken(DAY),
            (
                [
                    each["wave"],
                    each["state"],
                    " ".join(_action(step) for step in each["did"]) or "–",
                    each["orders"],
                    each["unassigned"],
                ]
                for each in found["waves"]
            ),
            right=[3, 4],
        )
        _show_messages(found["messages"])
    bad = {"failed", "unknown", "retry"} & found["messages"].keys()
    raise typer.Exit(1 if bad else 0)


def run(
    app: App, date: dt.date, wave: str | None, *, approve: bool, force: bool = False, quiet: bool = False
) -> dict[str, Any]:
    """The day document of one date."""
    import asyncio
    from collections import Counter

    from scheduler.walk import walk

    official = app.official()
    today = app.clock.now().astimezone(app.tz).date()
    if official and date != today and not force:
        raise Refusal(
            "day.official_base",
            "DATE",
            {
                "th": f"ช่องทาง {', '.join(official)} ส่งถึงคนจริง และ {date} ไม่ใช่วันนี้",
                "en": f"{', '.join(official)} would reach real people, and {date} is not today",
            },
            {"th": "ถ้าตั้งใจจริงใส่ --force", "en": "add --force if you mean it"},
        )
    needs_secrets(app)

    def told(step: Step, done: bool) -> None:
        if not quiet:
            at = step.at.astimezone(app.tz)
            was_done = "" if done else screen.spoken({"th": " (ทำแล้ว)", "en": " (was done)"})
            screen.say(f"  {at:%d/%m %H:%M}  {step.wave:<10} {_action(step.action)}{was_done}")

    config, calendar = app.versions.rules_of(date)
    if not any(calendar.has_wave(date, each.id) for each in config.waves):
        closed = {
            "th": f"วันที่ {date} ไม่ส่งโซนใดเลย: ตลาดหยุด",
            "en": f"no zone is delivered to on {date}: the market is closed",
        }
        screen.say(screen.spoken(closed))
    waves = asyncio.run(walk(app, date, only_wave=wave, approve=approve, actor=actor_name(), on_step=told))
    counts = Counter(message.state for message in app.store.messages(date=date, wave=wave))
    return {
        "schema": "songsuk/day/1",
        "date": date.isoformat(),
        "waves": [
            {
                "wave": each.wave,
                "state": each.state,
                "did": each.did,
                "orders": each.orders,
                "unassigned": each.unassigned,
            }
            for each in waves
        ],
        "messages": dict(sorted(counts.items())),
    }


@report.command("day")
def report_day(date: DateArgument, config: ConfigFile = None, json: Json = False) -> None:
    """What a day came to: orders by state, riders' work, cash, messages."""
    from scheduler import report as reports

    with opened(config) as app:
        found = reports.day(app.store, date_of(app, date))
        reasons = {each["reason"]: in_words(app, each["reason"]) for each in found["orders"]["not_riding"]}
    if json:
        screen.document(found)
        return
    show_report(found, reasons)


def show_report(found: dict[str, Any], reasons: Mapping[str | None, Words]) -> None:
    """A day's account; `reasons` has each reason's words."""
    orders = found["orders"]
    date, total = found["date"], orders["total"]
    states = screen.counted(orders["by_state"]) or screen.spoken(NONE)
    title = {"th": f"{date}: {total} ออเดอร์ ({states})", "en": f"{date}: {total} orders ({states})"}
    screen.out().print(screen.spoken(title), markup=False)
    _show_account(orders, reasons)
    screen.table(
        "",
        screen.spoken(WORK),
        (
            [
                f"{rider['rider_id']} {rider['name']}".strip(),
                " ".join(rider["waves"]),
                rider["deliveries"],
                f"{rider['distance'] / 1000:.1f}",
                f"{rider['duration'] / 3600:.1f}",
                f"{rider['cod_satang'] / 100:,.0f}",
            ]
            for rider in found["riders"]
        ),
        right=range(2, 6),
    )
    _show_messages(found["messages"]["by_state"])


def _show_account(orders: dict[str, Any], reasons: Mapping[str | None, Words]) -> None:
    """How many ride of those that were meant to, and a line for each that does not."""
    asked, more, riding, staying = (orders[name] for name in ("asked", "from_other_days", "riding", "not_riding"))
    others = {"th": f" และจากวันอื่น {more}" if more else "", "en": f" and {more} from other days" if more else ""}
    account = {
        "th": f"สั่งไว้วันนี้ {asked}{others['th']}: ส่งวันนี้ {riding}, ไม่ได้ส่งวันนี้ {len(staying)}",
        "en": f"{asked} asked for this day{others['en']}: riding {riding}, not riding {len(staying)}",
    }
    screen.out().print(screen.spoken(account), markup=False)
    for each in staying:
        screen.out().print(f"  {each['order_id']}: {screen.spoken(_fate(each, reasons))}", markup=False)


def _fate(order: dict[str, Any], reasons: Mapping[str | None, Words]) -> Words:
    """What became of an order that does not ride, and why."""
    state, when = order["state"], f"{order['date']} {order['wave']}"
    if state == "cancelled":
        return {"th": "ยกเลิก", "en": "cancelled"}
    why = {tongue: f": {words}" if words else "" for tongue, words in reasons[order["reason"]].items()}
    if order["reason"] == "needs_pin":
        return {"th": "รอหมุด", "en": "waits for a pin"}
    if state in {"failed", "rescheduled", "returned"}:
        return {"th": f"ส่งไม่สำเร็จ ({state}){why['th']}", "en": f"{state}{why['en']}"}
    if state == "unassigned":
        return {"th": f"ไม่มีที่ในรอบ {when}{why['th']}", "en": f"found no place in {when}{why['en']}"}
    if order["wave"] is None:
        return {"th": f"ยังไม่มีรอบ{why['th']}", "en": f"has no wave{why['en']}"}
    return {"th": f"เลื่อนไป {when}{why['th']}", "en": f"moved to {when}{why['en']}"}
