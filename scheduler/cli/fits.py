"""`songsuk plan fits`: where a late order fits into a wave's plan as it is. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scheduler.cli import screen
from scheduler.cli.opened import ConfigFile, DateArgument, Json, date_of, known_wave, opened
from scheduler.cli.screen import Refusal, Words
from scheduler.cli.tables import NONE, clock

if TYPE_CHECKING:
    from scheduler.app import App
    from storage.records import Order, Plan, Run

PLANNED = frozenset({"planned", "approved", "dispatched"})
PLACES = {
    "th": ["ไรเดอร์", "รับของ", "ถึงผู้ซื้อ", "แจ้งผู้ซื้อ", "บาทเพิ่ม", "กม.เพิ่ม", "นาทีเพิ่ม", "คนอื่นช้าลง", "ผิดเวลาที่แจ้งไว้"],
    "en": ["rider", "fetched", "brought", "told", "baht more", "km more", "min more", "others later", "ranges broken"],
}


def fits(
    date: DateArgument,
    wave: Annotated[str, typer.Option("--wave", help="The wave.")],
    order: Annotated[str, typer.Option("--order", help="The late order.")],
    places: Annotated[int, typer.Option("--places", min=1, max=20, help="At most so many places.")] = 3,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Say where a late order fits into the plan as it is: with whom, when, at what cost, and whom it makes later."""
    from scheduler import views

    with opened(config) as app:
        known_wave(app, wave)
        run = app.waves.run(date_of(app, date), wave)
        plan = app.store.plan(run.plan_id) if run is not None and run.plan_id is not None else None
        if run is None or plan is None or run.state not in PLANNED:
            raise _no_plan(run)
        _can_be_late(app, run, plan, order)
        found = views.fits(app, run, plan, order, places)
        if found is None:  # it was changed between the look and the answer
            raise not_addable("--order", order, {"th": "ไม่ได้รออยู่แล้ว", "en": "it no longer waits"})
    if json:
        screen.document(found)
    else:
        _show(found)


def _no_plan(run: Run | None) -> Refusal:
    state = run.state if run is not None else "open"
    return Refusal(
        "plan.none",
        "--wave",
        {"th": f"รอบนี้ยังไม่มีแผนที่ใช้อยู่ ({state})", "en": f"this wave has no plan to fit into: it is {state}"},
        {"th": "ดู songsuk plan show", "en": "see songsuk plan show"},
    )


def _can_be_late(app: App, run: Run, plan: Plan, order_id: str) -> None:
    found = app.store.orders(order_ids=[order_id])
    if not found:
        raise Refusal(
            "order.unknown",
            "--order",
            {"th": f"ไม่พบออเดอร์ {order_id!r}", "en": f"there is no order {order_id!r}"},
            {"th": "ดู songsuk orders list", "en": "see songsuk orders list"},
        )
    if any(step.order_id == order_id for route in plan.routes for step in route.steps):
        raise not_addable("--order", order_id, {"th": "อยู่ในแผนนี้แล้ว", "en": "it is in this plan already"})
    why = unready(app, run, found[0])
    if why is not None:
        raise not_addable("--order", order_id, why)


def unready(app: App, run: Run, order: Order) -> Words | None:
    """Why an order cannot come late into a wave: that it does not wait, or where it would have to be brought."""
    leg = order.legs[0]
    where = f"{leg.date} {leg.wave}"
    if order.cancelled:
        return {"th": "ยกเลิกไปแล้ว", "en": "it is cancelled"}
    if leg.state in {"batched", "planned"}:
        kind = {
            "batched": ("จัดเข้ารอบ", "it waits in the closed wave"),
            "planned": ("อยู่ในแผนของรอบ", "it is in the plan of"),
        }
        th, en = kind[leg.state]
        return {"th": f"{th} {where} แล้ว", "en": f"{en} {where}"}
    if leg.state in {"dispatched", "picked_up"}:
        return {"th": f"ออกส่งไปแล้วในรอบ {where}", "en": f"it is on its way, in {where}"}
    if leg.state not in {"received", "unassigned"}:
        return {"th": f"สถานะเป็น {leg.state} แล้ว", "en": f"it is {leg.state}"}
    if order.location is None:
        return {"th": "ยังไม่มีหมุด ปักด้วย songsuk orders pin", "en": "it has no pin; give it one: songsuk orders pin"}
    if app.versions.zones(run.config_version).locate(order.location) is None:
        return {"th": "หมุดอยู่นอกทุกโซน", "en": "its pin is outside all zones"}
    return None


def not_addable(option: str, order_id: str, why: Words) -> Refusal:
    return Refusal(
        "order.not_addable",
        option,
        {"th": f"{order_id}: {why['th']}", "en": f"{order_id}: {why['en']}"},
        {"th": f"ดู songsuk orders show {order_id}", "en": f"see songsuk orders show {order_id}"},
    )


def _show(found: dict[str, Any]) -> None:
    chosen = screen.language()
    if not found["places"]:
        screen.out().print(f"{found['order_id']}: {found['message'][chosen]}", markup=False)
        if found["fix"] is not None:
            room = screen.spoken({"th": "ทำให้มีที่ได้โดย", "en": "what would make room"})
            screen.out().print(f"{room}: {found['fix']['message'][chosen]}", markup=False)
        return
    estimate = {"th": " เวลาประมาณจากเส้นตรง", "en": ", times are straight-line estimates"}
    title = {
        "th": f"{found['order_id']} ในรอบ {found['wave']}: แทรกในแผน {found['plan_id']} ได้ตรงไหน",
        "en": f"{found['order_id']} in {found['wave']}: where it fits into plan {found['plan_id']}",
    }
    screen.table(
        screen.spoken(title) + (screen.spoken(estimate) if found["travel"]["estimate"] else ""),
        screen.spoken(PLACES),
        (
            [
                place["rider_id"],
                " ".join(clock(pickup["arrival"]) for pickup in place["pickups"]),
                clock(place["arrival"]),
                "–".join(map(clock, place["told"])),
                f"{place['added_cost'] / 100:,.0f}",
                f"{place['added_distance'] / 1000:.1f}",
                -(-place["added_duration"] // 60),
                screen.spoken(later(place)),
                " ".join(place["broken"]) or screen.spoken(NONE),
            ]
            for place in found["places"]
        ),
        right=range(4, 7),
    )


def later(place: Mapping[str, Any]) -> Words:
    """Whom a late order would make later, and by how much."""
    count = sum(delay["seconds"] > 0 for delay in place["delays"])
    minutes = -(-place["latest"] // 60)
    if not count:
        return {"th": "ไม่มี", "en": "nobody"}
    stops = "1 stop" if count == 1 else f"{count} stops"
    return {"th": f"{count} จุด ไม่เกิน {minutes} นาที", "en": f"{stops}, {minutes} min at most"}
