"""A buyer's orders as they stand, for "where is it?": which are still to come, and when each will be there. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from scheduler.config import Config
from scheduler.inbox.known import Known
from scheduler.notices.people import first_name
from storage.records import Leg, Order, Plan

_WAITING = frozenset({"received", "batched", "planned", "unassigned"})
_OUT = frozenset({"dispatched", "picked_up"})


def open_orders(orders: Iterable[Order], today: dt.date) -> list[Order]:
    """Those that are still to be brought: not cancelled, not delivered, not of a day that is over."""
    return [
        order
        for order in orders
        if not order.cancelled and any(leg.date >= today and leg.state in _WAITING | _OUT for leg in order.legs)
    ]


def where(known: Known, config: Config, today: dt.date) -> list[dict[str, Any]]:
    """The facts of each order from today on, the next one first."""
    return [_row(order, known, config) for order in known.orders if order.legs and order.legs[-1].date >= today]


def _row(order: Order, known: Known, config: Config) -> dict[str, Any]:
    leg = next((leg for leg in order.legs if leg.state != "delivered"), order.legs[-1])
    plan = known.plans.get(leg.plan_id or "")
    told = _told(order, plan) if plan is not None and plan.approved_at is not None else None
    tz = config.market.time_zone
    start, end = (told[0].astimezone(tz), told[1].astimezone(tz)) if told else _of_wave(leg, config)
    rider = known.riders.get(leg.rider_id or "") if told else None
    return {
        "order_id": order.order_id,
        "state": _state(order, leg, promised=told is not None),
        "date": leg.date,
        "from": start,
        "to": end,
        "rider": first_name(rider) if rider is not None else "",
        "cod_satang": 0 if order.paid_method == "prepaid" else order.cod_satang,
    }


def _state(order: Order, leg: Leg, *, promised: bool) -> str:
    """cancelled, delivered, failed, needs_pin, out (on the road), planned (a time was promised), wave or none yet."""
    if order.cancelled:
        return "cancelled"
    if leg.state in {"delivered", "failed", "returned", "rescheduled"}:
        return "delivered" if leg.state == "delivered" else "failed"
    if order.location is None:
        return "needs_pin"
    if leg.state == "unassigned":
        return "none"  # it found no place in the wave that it still stands in
    if leg.state in _OUT:
        return "out"
    return "planned" if promised else "wave" if leg.wave is not None else "none"


def _told(order: Order, plan: Plan) -> tuple[dt.datetime, dt.datetime] | None:
    steps = (step for route in plan.routes for step in route.steps if step.type == "delivery")
    return next((step.told for step in steps if step.order_id == order.order_id), None)


def _of_wave(leg: Leg, config: Config) -> tuple[dt.datetime, dt.datetime] | tuple[None, None]:
    wave = next((wave for wave in config.waves if wave.id == leg.wave), None)
    return wave.deliver.on(leg.date, config.market.time_zone) if wave is not None else (None, None)
