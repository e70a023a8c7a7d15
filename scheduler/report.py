"""What a day came to. Reads rows only."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from typing import Any

from scheduler.documents import order_state
from storage import Store
from storage.records import Order, Role

NOT_BROUGHT = frozenset({"unassigned", "failed", "rescheduled", "returned"})
"""States of an order that no rider of the day has aboard, or brings."""


def day(store: Store, date: dt.date) -> dict[str, Any]:
    """Orders by state and reason, each rider's work, and messages by state, kind and channel, for one service date.

    The account of orders adds up: those asked for this day and those from other days are those that ride, and those
    that do not, each with its reason.
    """
    orders = store.orders(date=date)
    asked = store.orders(service_date=date)
    meant = {order.order_id: order for order in (*asked, *orders)}
    staying = [order for order in meant.values() if not _rides(order, date)]
    states = Counter(order_state(order)[0] for order in orders)
    reasons = Counter(reason for order in orders if (reason := order_state(order)[1]) is not None)
    names = {member.ref: member.person.name for member in store.members(Role.RIDER)}
    riders: dict[str, dict[str, Any]] = defaultdict(
        lambda: {"waves": [], "deliveries": 0, "distance": 0, "duration": 0, "service": 0, "cod_satang": 0}
    )
    states_of = {run.plan_id: run.state for run in store.runs(date=date) if run.state != "cancelled"}
    for plan in sorted(
        store.plans(date), key=lambda plan: plan.routes[0].steps[0].arrival if plan.routes else plan.created_at
    ):
        said_to_have_ridden = states_of.get(plan.id) == "finished"  # by a person, after a restore
        if plan.id not in states_of or (plan.approved_at is None and not said_to_have_ridden):
            continue
        for route in plan.routes:
            work = riders[route.rider_id]
            work["waves"].append(plan.wave)
            work["deliveries"] += sum(step.type == "delivery" for step in route.steps)
            work["distance"] += route.distance
            work["duration"] += round((route.steps[-1].arrival - route.steps[0].arrival).total_seconds())
            work["service"] += route.service
            work["cod_satang"] += route.cod_satang
    messages = store.messages(date=date)
    return {
        "schema": "songsuk/report.day/1",
        "date": date.isoformat(),
        "orders": {
            "total": len(orders),
            "by_state": dict(sorted(states.items())),
            "by_reason": dict(sorted(reasons.items())),
            "cod_satang": sum(order.cod_satang for order in orders if not order.cancelled),
            "fees_satang": sum(order.fee_satang or 0 for order in orders if _rides(order, date)),
            "asked": len(asked),
            "from_other_days": len(meant) - len(asked),
            "riding": len(meant) - len(staying),
            "not_riding": [_staying(order) for order in staying],
        },
        "riders": [{"rider_id": ref, "name": names.get(ref, ""), **work} for ref, work in sorted(riders.items())],
        "messages": {
            "by_state": dict(sorted(Counter(message.state for message in messages).items())),
            "by_kind": dict(sorted(Counter(message.kind for message in messages).items())),
            "by_channel": dict(sorted(Counter(message.channel or "phone" for message in messages).items())),
        },
    }


def _rides(order: Order, date: dt.date) -> bool:
    """Whether an order is brought that day, or still may be."""
    lost = order.cancelled or order.location is None or order_state(order)[0] in NOT_BROUGHT
    return not lost and any(leg.date == date and leg.wave is not None for leg in order.legs)


def _staying(order: Order) -> dict[str, Any]:
    """An order that does not ride, why, and when it rides instead."""
    state, reason, wave = order_state(order)
    return {
        "order_id": order.order_id,
        "state": state,
        "reason": reason,
        "date": order.legs[-1].date.isoformat() if order.legs and wave is not None else None,
        "wave": wave,
    }
