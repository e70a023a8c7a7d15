"""The three life-cycles, as tables: the only place that says which step may follow which.

Knows nothing of rows or clocks. Drawn in docs/developer/life-cycles.md; every arrow is tested.
"""

from __future__ import annotations

from collections.abc import Mapping

Table = Mapping[str, frozenset[str]]


class IllegalStep(ValueError):
    """A step that the life-cycle does not have."""

    def __init__(self, thing: str, before: str, after: str) -> None:
        super().__init__(f"a {thing} that is {before} cannot become {after}")
        self.thing, self.before, self.after = thing, before, after


def _table(**arrows: str) -> Table:
    return {state: frozenset(after.split()) for state, after in arrows.items()}


RUN: Table = _table(
    open="closed cancelled",
    closed="planned cancelled finished",
    planned="planned approved cancelled finished",
    approved="planned dispatched cancelled",
    dispatched="finished",
    finished="",
    cancelled="",
)

LEG: Table = _table(
    received="batched received cancelled",
    batched="planned unassigned received cancelled dispatched",
    planned="planned batched dispatched unassigned cancelled failed",
    dispatched="picked_up delivered failed cancelled",
    picked_up="delivered failed",
    delivered="",
    failed="rescheduled returned",
    rescheduled="received",
    returned="",
    unassigned="received batched cancelled",
    cancelled="received",
)

MESSAGE: Table = _table(
    held="ready expired superseded suppressed",
    ready="sending expired superseded suppressed held",
    sending="accepted unknown retry failed",
    retry="sending unknown expired superseded suppressed failed",
    unknown="accepted confirmed retry sending superseded failed",
    accepted="confirmed",
    confirmed="",
    failed="",
    expired="",
    superseded="",
    suppressed="ready superseded",
)

REASONS = frozenset(
    {
        "no_rider",
        "capacity",
        "time_window",
        "shift",
        "skill",
        "max_tasks",
        "max_travel_time",
        "max_distance",
        "max_ride_time",
        "unreachable",
        "refused",
        "priority",
        "needs_pin",
        "out_of_zone",
        "after_cutoff",
        "wave_full",
        "hub_full",
        "market_closed",
        "seller_closed",
        "not_approved",
        "not_dispatched",
    }
)
"""Why an order has no place, or another than it wanted: the solver's words, batching's, and what became of a wave."""

_TABLES = {"wave run": RUN, "leg": LEG, "message": MESSAGE}


def allowed(thing: str, before: str, after: str) -> bool:
    """Whether a wave run, a leg or a message may step from `before` to `after`."""
    return after in _TABLES[thing][before]


def step(thing: str, before: str, after: str) -> str:
    """`after`, or `IllegalStep`."""
    if not allowed(thing, before, after):
        raise IllegalStep(thing, before, after)
    return after


def unfinished(thing: str) -> frozenset[str]:
    """Every state that has a step left."""
    return frozenset(before for before, afters in _TABLES[thing].items() if afters)


def sources(thing: str, after: str) -> frozenset[str]:
    """Every state that may step to `after`; what a guarded UPDATE asks for."""
    return frozenset(before for before, afters in _TABLES[thing].items() if after in afters)
