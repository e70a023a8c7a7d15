"""How far the search's own luck moves the totals: some waves that differ, planned once more from another seed. Pure.

Two searches of one problem end in plans that differ a little. Waves that are the same under both configs share one plan
and differ in nothing; of the others each adds its own luck to the difference of the totals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt

from routing.model import Settings
from scheduler.planning import AreaPlan, AreaProblem
from scheduler.preview.solving import Solve

AGAIN = 12
"""Waves that are planned once more: enough to know the scatter to about a fifth of itself."""
SURE = 2.0
"""Standard deviations: a difference beyond is luck in one preview of twenty."""

Planned = Sequence[tuple[AreaProblem, AreaPlan]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatter:
    """How much of a total's difference may be luck, either way; metres, seconds, satang. `again` of `apart` waves told.

    Exactly nothing where no wave differs.
    """

    apart: int
    again: int
    rounds: float
    distance: float
    time: float
    cost: float


def scatter(old: Planned, new: Planned, solve: Solve, settings: Settings) -> Scatter:
    """The scatter of new totals minus old ones; `settings` are those of the plans."""
    shared = {id(plan) for _, plan in old} & {id(plan) for _, plan in new}
    apart = [(problem, plan) for problem, plan in (*old, *new) if id(plan) not in shared]
    count = min(AGAIN, len(apart))
    chosen = [apart[number * len(apart) // count] for number in range(count)]
    again = dict(solve([problem for problem, _ in chosen], replace(settings, seed=settings.seed + 1)))
    pairs = [(_figures(plan), _figures(again[number])) for number, (_, plan) in enumerate(chosen)]
    # Half the square of what two plans of one problem differ by is the variance of either.
    scale = len(apart) / count / 2 if count else 0.0
    rounds, distance, time, cost = (
        SURE * sqrt(scale * sum((one[k] - other[k]) ** 2 for one, other in pairs)) for k in range(4)
    )
    return Scatter(apart=len(apart), again=count, rounds=rounds, distance=distance, time=time, cost=cost)


def _figures(planned: AreaPlan) -> tuple[int, int, int, int]:
    routes = planned.plan.routes
    return (
        len(routes),
        sum(route.distance for route in routes),
        sum(route.duration + route.waiting_time + route.setup + route.service for route in routes),
        sum(route.cost for route in routes),
    )
