"""Legs on their way: which step may follow which, as guarded UPDATEs.

The states and arrows are those of the order's life-cycle; a test holds that both tables say the same.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Update, bindparam, case, func, update

from storage.records import LegMove
from storage.tables import LegRow
from storage.verbs import one_of

T = TypeVar("T")

LEG = LegRow.__table__

SOURCES = {
    "received": ("batched", "cancelled", "received", "rescheduled", "unassigned"),
    "batched": ("planned", "received", "unassigned"),
    "planned": ("batched", "planned"),
    "dispatched": ("batched", "planned"),
    "picked_up": ("dispatched",),
    "delivered": ("dispatched", "picked_up"),
    "failed": ("dispatched", "picked_up", "planned"),
    "rescheduled": ("failed",),
    "returned": ("failed",),
    "unassigned": ("batched", "planned"),
    "cancelled": ("batched", "dispatched", "planned", "received", "unassigned"),
}
"""Where a leg must stand to become the key."""

ON_THE_WAY = ("dispatched", "picked_up", "delivered", "failed", "returned")
"""What has left the market: its order is no longer changed by intake."""

_PLANNED = ("planned", *ON_THE_WAY)  # states in which a leg belongs to a plan and a rider


def _placed(name: str, column: Column[T]) -> ColumnElement[T]:
    """A move that names a date says the whole place, also that there is no wave or zone; one without leaves it."""
    said = bindparam(name, type_=column.type)
    return case((bindparam("b_date", type_=LEG.c.date.type).is_not(None), said), else_=column)


def _move(state: str) -> Update:
    """The statement of one leg's step to `state`, for executemany."""
    kept = state in _PLANNED
    return (
        update(LEG)
        .where(
            LEG.c.order_id == bindparam("b_order"),
            LEG.c.leg == bindparam("b_leg"),
            one_of(LEG.c.state, *SOURCES[state]),
        )
        .values(
            state=state,
            reason=bindparam("b_reason", type_=LEG.c.reason.type),
            date=func.coalesce(bindparam("b_date", type_=LEG.c.date.type), LEG.c.date),
            wave=_placed("b_wave", LEG.c.wave),
            zone=_placed("b_zone", LEG.c.zone),
            area=_placed("b_area", LEG.c.area),
            fee_satang=_placed("b_fee", LEG.c.fee_satang),
            plan_id=func.coalesce(bindparam("b_plan", type_=LEG.c.plan_id.type), LEG.c.plan_id if kept else None),
            rider_id=func.coalesce(bindparam("b_rider", type_=LEG.c.rider_id.type), LEG.c.rider_id if kept else None),
            changed_at=bindparam("b_at"),
        )
    )


_MOVES = {state: _move(state) for state in SOURCES}


def move_legs(connection: Connection, moves: Sequence[LegMove], at: dt.datetime) -> int:
    """Takes every leg its step, where the life-cycle has it; returns how many went.

    A leg that meanwhile went elsewhere (a cancelled order) stays there: a plan on old facts is found out at approval.
    """
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for move in moves:
        groups[move.state].append(
            {
                "b_order": move.order_id,
                "b_leg": move.leg,
                "b_reason": move.reason,
                "b_date": move.date,
                "b_wave": move.wave,
                "b_zone": move.zone,
                "b_area": move.area,
                "b_fee": move.fee_satang,
                "b_plan": move.plan_id,
                "b_rider": move.rider_id,
                "b_at": at,
            }
        )
    return sum(connection.execute(_MOVES[state], group).rowcount for state, group in groups.items())
