"""`songsuk plan`: look at a wave's plan, approve it, have it made anew, settle it after a restore."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from scheduler.cli import screen
from scheduler.cli.fits import fits, not_addable, unready
from scheduler.cli.opened import (
    ConfigFile,
    DateArgument,
    Json,
    Wave,
    actor_name,
    date_of,
    known_coordinator,
    known_wave,
    opened,
)
from scheduler.cli.screen import Refusal
from scheduler.cli.settle import settle

if TYPE_CHECKING:
    import datetime as dt

    from scheduler.app import App
    from storage.records import Plan

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
WaveNeeded = Annotated[str, typer.Option("--wave", help="The wave.")]


@app.command()
def show(
    date: DateArgument,
    wave: Wave = None,
    plan: Annotated[str | None, typer.Option("--plan", help="One plan by its id, also a superseded one.")] = None,
    geometry: Annotated[
        bool, typer.Option("--geometry", help="With --json: each route's line for a map, as an encoded polyline.")
    ] = False,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Show a day's plans: routes, promises, what found no place and why, and what approving would send."""
    from scheduler import views

    with opened(config) as app:
        found = views.plans(app, date_of(app, date), known_wave(app, wave), plan)
        if geometry:
            views.draw(app, found)
        if plan is not None and not found["waves"]:
            raise _unknown(plan)
    _show(found, as_json=json)


app.command()(fits)
app.command()(settle)


@app.command()
def approve(
    date: DateArgument,
    wave: WaveNeeded,
    plan: Annotated[str, typer.Option("--plan", help="The id of the plan you looked at.")],
    by: Annotated[str | None, typer.Option("--by", help="The id of the coordinator who approves.")] = None,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Approve one plan by its id: its messages are written to the outbox, each with its time. Twice is once."""
    from storage.records import Approval

    with opened(config, acts=True) as app:
        known_wave(app, wave)
        several = app.config.approval.approvers > 1
        known_coordinator(app, by, needed=several, code="approval.unknown_approver")
        looked_at = app.store.plan(plan)
        if looked_at is None or (looked_at.date, looked_at.wave) != (date_of(app, date), wave):
            raise _unknown(plan)
        approved = app.waves.approve(plan, actor=by or actor_name())
        if approved.messages:
            app.wake_senders()
        if approved.outcome is Approval.STALE:
            raise Refusal(
                "approval.stale_plan",
                "--plan",
                {
                    "th": "แผนนี้ถูกแทนที่แล้ว หรือมีออเดอร์ในแผนเปลี่ยนไป",
                    "en": "this plan has been superseded, or an order in it has changed since",
                },
                {
                    "th": f"ดูแผนล่าสุด: songsuk plan show {date} --wave {wave} หรือสั่งวางแผนใหม่ด้วย plan replan",
                    "en": f"see the present one: songsuk plan show {date} --wave {wave}, or plan replan",
                },
            )
        if approved.outcome is Approval.OVER:
            raise _over(app, looked_at)
        run = app.waves.run(looked_at.date, wave)
        waiting = approved.outcome is Approval.WAITING
        found: dict[str, Any] = {
            "schema": "songsuk/plan.approve/1",
            "plan_id": plan,
            "date": looked_at.date.isoformat(),
            "wave": wave,
            "state": run.state if run is not None else "approved",
            "already": approved.outcome is Approval.ALREADY,
            "waiting": waiting,
            "messages": len(approved.messages),
        }
    if json:
        screen.document(found)
    elif waiting:
        noted = {"th": "บันทึกแล้ว ต้องมีผู้ประสานงานอีกคนอนุมัติด้วย", "en": "noted; another coordinator has to approve it too"}
        screen.out().print(screen.spoken(noted))
    elif found["already"]:
        screen.out().print(screen.spoken({"th": "อนุมัติไปแล้ว ไม่มีอะไรเปลี่ยน", "en": "already approved; nothing changed"}))
    else:
        approval = {
            "th": f"อนุมัติ {plan} แล้ว: เขียน {found['messages']} ข้อความ",
            "en": f"approved {plan}: {found['messages']} messages written",
        }
        screen.out().print(screen.spoken(approval), markup=False)


@app.command()
def replan(
    date: DateArgument,
    wave: WaveNeeded,
    without_rider: Annotated[list[str] | None, typer.Option("--without-rider", help="A rider who is out.")] = None,
    with_rider: Annotated[list[str] | None, typer.Option("--with-rider", help="A rider who is back.")] = None,
    add_order: Annotated[list[str] | None, typer.Option("--add-order", help="A late order to take in.")] = None,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Plan a wave anew before it is dispatched. The new plan supersedes the old and waits for its own approval."""
    from scheduler import views

    with opened(config, acts=True) as app:
        known_wave(app, wave)
        day = date_of(app, date)
        _can_replan(app, day, wave, [*(without_rider or []), *(with_rider or [])], add_order or [])
        found = views.replan(
            app, day, wave, without_rider or [], add_order or [], with_riders=with_rider or [], actor=actor_name()
        )
        if found is None:
            raise Refusal(
                "plan.overtaken",
                "--wave",
                {
                    "th": "ระหว่างวางแผน มีคนอนุมัติหรือวางแผนรอบนี้ไปแล้ว",
                    "en": "while this was being planned, somebody else approved or planned the wave",
                },
                {"th": "ดูแผนล่าสุดด้วย plan show แล้วสั่งอีกครั้ง", "en": "look at it with plan show, and ask again"},
            )
    _show(found, as_json=json)


def _can_replan(app: App, date: dt.date, wave: str, riders: list[str], orders: list[str]) -> None:
    from storage.records import Role

    run = app.waves.run(date, wave)
    if run is None or run.state not in {"closed", "planned", "approved"}:
        state = run.state if run is not None else "open"
        raise Refusal(
            "plan.not_replannable",
            "--wave",
            {"th": f"รอบนี้อยู่ในสถานะ {state}", "en": f"this wave is {state}"},
            {
                "th": "วางแผนใหม่ได้เมื่อปิดรอบแล้วและยังไม่ออกส่ง",
                "en": "a wave can be planned anew after its cut-off and before its dispatch",
            },
        )
    known = {member.ref for member in app.store.members(Role.RIDER)}
    for rider in riders:
        if rider not in known:
            raise Refusal(
                "rider.unknown",
                "--without-rider",
                {"th": f"ไม่มีไรเดอร์ {rider!r}", "en": f"there is no rider {rider!r}"},
                {"th": f"มี: {', '.join(sorted(known))}", "en": f"there are: {', '.join(sorted(known))}"},
            )
    for order in app.store.orders(order_ids=orders):
        orders = [each for each in orders if each != order.order_id]
        leg = order.legs[0]
        in_it = (leg.date, leg.wave) == (date, wave) and leg.state in {"batched", "planned"}
        why = None if in_it and not order.cancelled else unready(app, run, order)
        if why is not None:
            raise not_addable("--add-order", order.order_id, why)
    if orders:
        raise Refusal(
            "order.unknown",
            "--add-order",
            {"th": f"ไม่พบออเดอร์ {orders[0]!r}", "en": f"there is no order {orders[0]!r}"},
            {"th": "ดู songsuk orders list", "en": "see songsuk orders list"},
        )


def _over(app: App, plan: Plan) -> Refusal:
    from scheduler import restored

    run = app.waves.run(plan.date, plan.wave)
    hint = {
        "th": "songsuk serve จะเลื่อนออเดอร์ไปรอบถัดไปและแจ้งผู้ซื้อเอง",
        "en": "songsuk serve moves its orders to the next wave and tells the buyers",
    }
    if run is not None and app.waves.may_have_ridden(run):
        settling = restored.command(run)
        hint = {
            "th": f"ถามไรเดอร์ว่าออกส่งไปหรือยัง แล้วสั่ง {settling} --as rode หรือ --as put_off",
            "en": f"ask the riders whether it rode, then {settling} --as rode, or --as put_off",
        }
    over = {"th": "เลยเวลาส่งของรอบนี้แล้ว", "en": "this wave's delivery time is over"}
    return Refusal("approval.over", "--plan", over, hint)


def _unknown(plan: str) -> Refusal:
    return Refusal(
        "plan.unknown",
        "--plan",
        {"th": f"ไม่พบแผน {plan}", "en": f"there is no such plan: {plan}"},
        {"th": "ดูรหัสแผนด้วย songsuk plan show", "en": "songsuk plan show prints the ids"},
    )


def _show(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        screen.document(found)
        return
    from scheduler.cli.tables import show_plan

    for wave in found["waves"]:
        show_plan(wave)
    if not found["waves"]:
        screen.say(screen.spoken({"th": "วันนี้ยังไม่มีแผน", "en": "nothing planned yet for this day"}))
