"""What of a difference is the search's luck: told by the same waves planned once more."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from math import sqrt

import pytest

from routing.model import Route, Settings
from scheduler.config import Config, parse
from scheduler.planning import AreaPlan, AreaProblem, solve_area
from scheduler.preview.replay import Past, Replay
from scheduler.preview.scatter import AGAIN, SURE, Scatter, scatter
from scheduler.preview.solving import solve_all

from .conftest import DAYS, SAMPLE, Edited, without

FEW = Settings(engine="greedy", seconds=60, workers=1, seed=1)
LUCK = 100
"""Metres that every route is longer for each step of the seed, by each of its doors."""


def _doors(route: Route) -> int:
    return sum(step.type == "delivery" for step in route.steps)


class Lucky:
    """A solver whose routes grow with the seed, and that counts what it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, areas: Sequence[AreaProblem], given: Settings) -> Iterator[tuple[int, AreaPlan]]:
        self.asked += len(areas)
        for place, area in enumerate(areas):
            answer = solve_area(area, FEW)
            routes = tuple(
                replace(route, distance=route.distance + LUCK * given.seed * _doors(route))
                for route in answer.plan.routes
            )
            yield place, replace(answer, plan=replace(answer.plan, routes=routes))


Both = Callable[[Config, Lucky], tuple[Replay, Replay]]


@pytest.fixture
def planned(past: Past, edited: Edited) -> Both:
    """The shipped config and another, planned over the same past."""

    def plan(other: Config, solver: Lucky) -> tuple[Replay, Replay]:
        both = Replay(edited(), past), Replay(other, past)
        solve_all(both, solver, FEW)
        return both

    return plan


def test_where_no_day_differs_nothing_is_luck(planned: Both, edited: Edited) -> None:
    """A fee changes no route: nothing is planned again, and the scatter is nothing, not merely little."""
    solver = Lucky()
    old, new = planned(edited(("fee_baht: 20", "fee_baht: 22")), solver)
    asked = solver.asked
    nothing = Scatter(days=0, again=0, rounds=0.0, distance=0.0, time=0.0, cost=0.0)
    assert scatter(old, new, solver, FEW) == nothing
    assert solver.asked == asked


def test_only_the_figures_that_luck_moves_scatter(planned: Both) -> None:
    """Twice the square root of half the squares by which a day's two differences differ, over all days that differ."""
    solver = Lucky()
    old, new = planned(parse(without("bang_chana")), solver)
    before = [*old.rides], [*new.rides]
    luck = scatter(old, new, solver, FEW)
    assert 0 < luck.days == luck.again <= AGAIN
    fewer = Counter[dt.date]()
    for sign, rides in zip((-1, 1), before, strict=True):
        for ride in rides:
            fewer[ride.date] += sign * _doors(ride.route)
    assert any(fewer.values())
    assert luck.distance == pytest.approx(SURE * sqrt(sum((LUCK * count) ** 2 for count in fewer.values()) / 2))
    assert (luck.rounds, luck.time, luck.cost) == (0.0, 0.0, 0.0)
    assert (old.rides, new.rides) == before, "the figures that are shown stay those of the first search"


def test_only_days_that_differ_are_planned_again(planned: Both, past: Past) -> None:
    """A border that leaves out one day's orders costs one more plan of that day."""
    solver = Lucky()
    gone = {order.order_id for order in past.orders if order.service_date != DAYS[0]}
    old, _ = planned(parse(SAMPLE), solver)
    kept = Past(
        orders=[order for order in past.orders if order.order_id in gone], riders=past.riders, sellers=past.sellers
    )
    new = Replay(old.config, kept)
    solve_all([new], solver, FEW)
    luck = scatter(old, new, solver, FEW)
    assert (luck.days, luck.again) == (1, 1)
    assert {ride.date for ride in old.rides} >= set(DAYS)
