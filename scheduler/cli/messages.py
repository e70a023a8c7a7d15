"""`songsuk messages`: what was said to whom, what came of it, and who must be phoned."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scheduler.cli import screen
from scheduler.cli.opened import ConfigFile, DateArgument, Json, Wave, actor_name, date_of, known_wave, one_of, opened
from scheduler.cli.screen import Refusal
from scheduler.cli.tables import PHONE, clock, role

if TYPE_CHECKING:
    from scheduler.app import App

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
MESSAGE = {
    "th": ["ถึง", "ชื่อ", "ชนิด", "รอบ", "ทาง", "สถานะ", "เวลา", "รหัส"],
    "en": ["to", "name", "kind", "wave", "over", "state", "at", "id"],
}
CALL = {
    "th": ["ชื่อ", "เบอร์โทร", "เหตุผล", "โทรก่อน", "คำพูด"],
    "en": ["name", "phone", "why", "before", "say"],
}


@app.command("list")
def list_(
    date: Annotated[str | None, typer.Option("--date")] = None,
    wave: Wave = None,
    state: Annotated[str | None, typer.Option("--state")] = None,
    kind: Annotated[str | None, typer.Option("--kind")] = None,
    channel: Annotated[str | None, typer.Option("--channel")] = None,
    order: Annotated[str | None, typer.Option("--order")] = None,
    to: Annotated[str | None, typer.Option("--to", help="A member's id.")] = None,
    text: Annotated[bool, typer.Option("--text", help="Print the words too.")] = False,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """List messages with their state and attempts."""
    from scheduler import documents, views

    with opened(config) as app:
        known = views.filters(app)
        for name, value in (("state", state), ("kind", kind), ("channel", channel)):
            one_of(value, known[name], f"--{name}")
        found = app.store.messages(
            date=date_of(app, date) if date else None,
            wave=known_wave(app, wave),
            states={state} if state else None,
            kinds={kind} if kind else None,
            channel=channel,
            order_id=order,
            to=to,
        )
        shown = documents.messages(found, app.tz)
    if json:
        screen.document(shown)
        return
    screen.table(
        screen.counted(shown["counts"]) or screen.spoken({"th": "ไม่มีข้อความ", "en": "no messages"}),
        screen.spoken(MESSAGE),
        (
            [
                f"{role(each['to']['role'])} {each['to']['member_id']}",
                each["to"]["name"],
                each["kind"],
                each["wave"] or "–",
                each["channel"] or screen.spoken(PHONE),
                each["state"] + (f" ({each['reason']})" if each["reason"] else ""),
                clock(each["send_at"]),
                each["id"][:8],
            ]
            for each in shown["messages"]
        ),
    )
    if text:
        for each in shown["messages"]:
            screen.out().print(f"\n— {role(each['to']['role'])} {each['to']['name']} ({each['kind']})", markup=False)
            screen.out().print(each["text"], markup=False)


@app.command()
def calls(
    date: DateArgument,
    pdf: Annotated[Path | None, typer.Option("--pdf", help="Also write it as pages to print.")] = None,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """The phone list of a day: whom no chat reaches, their number, and what to say."""
    from scheduler import views

    chosen = screen.language()
    with opened(config) as app:
        found, market = views.calls(app, date_of(app, date)), app.config.market.name.in_(chosen)
    if pdf is not None:
        from scheduler.paper import phone_list

        screen.write(pdf, phone_list(found, market, chosen), "--pdf")
    if json:
        screen.document(found)
        return
    screen.table(
        screen.spoken({"th": f"ต้องโทร {len(found['calls'])} สาย", "en": f"{len(found['calls'])} calls"}),
        screen.spoken(CALL),
        (
            [each["to"]["name"], each["phone"] or "–", each["message"][chosen], clock(each["before"]), each["script"]]
            for each in found["calls"]
        ),
    )


@app.command()
def resolve(
    message_id: str,
    as_: Annotated[str, typer.Option("--as", help="sent, resend or drop.")],
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """End a message whose fate nobody knows: it did arrive, send it again, or let it be.

    The first characters of its id will do, as `messages list` shows them.
    """
    states = {"sent": "accepted", "resend": "retry", "drop": "failed"}
    one_of(as_, states, "--as")
    with opened(config) as app:
        reason = "dropped" if as_ == "drop" else None
        meant = [each.id for each in app.store.messages(states={"unknown"}) if each.id.startswith(message_id)]
        message_id = meant[0] if len(meant) == 1 else message_id
        done = app.store.resolve_message(message_id, states[as_], reason=reason, actor=actor_name(), at=app.clock.now())
    if not done:
        raise Refusal(
            "message.not_unknown",
            message_id,
            {"th": "ข้อความนี้ไม่ได้อยู่ในสถานะ unknown", "en": "there is no message of this id in state unknown"},
            {"th": "ดู songsuk messages list --state unknown", "en": "see songsuk messages list --state unknown"},
        )
    found: dict[str, Any] = {"schema": "songsuk/messages.resolve/1", "id": message_id, "state": states[as_]}
    if json:
        screen.document(found)
    else:
        screen.out().print(f"{message_id}: {states[as_]}")


@app.command()
def budget(config: ConfigFile = None, json: Json = False) -> None:
    """LINE's count of this month: what is used, what the month will come to, what is left out if it runs short."""
    import asyncio

    from channels.base import NotConfigured

    async def ask(market: App) -> None:
        try:
            await market.read_quota()
        finally:
            await market.close_channels()

    with opened(config) as market:
        if "line" in market.config.channels:
            try:
                asyncio.run(ask(market))
            except NotConfigured as missing:
                unasked = {
                    "th": f"ไม่ได้ถาม LINE เพราะยังไม่ได้ตั้ง {missing.variable}; ตัวเลขนี้คือที่ LINE บอกครั้งล่าสุด",
                    "en": f"LINE was not asked: {missing.variable} is not set; these are the last numbers that it gave",
                }
                screen.say(screen.spoken(unasked))
        found = market.line_budget.document()
    if json:
        screen.document(found)
        return
    allowance = found["quota"]
    limits = {"none": {"th": "ไม่จำกัด", "en": "no limit"}}
    unknown = {"th": "ยังไม่ทราบ", "en": "not known yet"}
    limit = str(allowance.get("value"))
    if allowance["type"] != "limited":
        limit = screen.spoken(limits.get(allowance["type"], unknown))
    rows: list[tuple[dict[str, str], object]] = [({"th": "ข้อความต่อเดือน", "en": "messages a month"}, limit)]
    if found["used"] is not None:
        rows.append(({"th": "ใช้ไปแล้ว", "en": "used"}, found["used"]))
        rows.append(({"th": "เขียนแล้ว ยังไม่ส่ง", "en": "written, not yet sent"}, found["waiting"]))
        if found["left"] is not None:
            rows.append(({"th": "เหลือ", "en": "left"}, found["left"]))
        forecast = found["forecast"]
        likely, seldom = forecast["p50"], forecast["p90"]
        month = {
            "th": f"{likely}; หนึ่งในสิบเดือนจะเกิน {seldom}",
            "en": f"{likely}; in one month of ten more than {seldom}",
        }
        days = f"{forecast['days_seen']}, {forecast['days_left']}"
        rows.append(({"th": "ทั้งเดือนน่าจะใช้", "en": "the month will come to"}, screen.spoken(month)))
        rows.append(({"th": "วันตลาดที่ผ่านมา, ที่ยังเหลือ", "en": "market days seen, still to come"}, days))
    if found["per_delivered_order"] is not None:
        each = {"th": "ข้อความถึงผู้ซื้อต่อออเดอร์ที่ส่ง", "en": "pushes to buyers per delivered order"}
        rows.append((each, found["per_delivered_order"]))
    if found["dropped"]:
        dropped = {"th": "งดส่ง ให้โทรแทน", "en": "left out, to be phoned instead"}
        rows.append((dropped, ", ".join(found["dropped"])))
    screen.table(f"LINE, {found['month']}", ["", ""], ([screen.spoken(name), value] for name, value in rows))
    if found["warn"]:
        short = {
            "th": "เดือนนี้น่าจะใช้ข้อความ LINE เกินที่ตั้งไว้ใน messages.line_quota.warn_percent",
            "en": "the month is likely to use up more of LINE's count than messages.line_quota.warn_percent allows",
        }
        screen.say(screen.spoken(short))
