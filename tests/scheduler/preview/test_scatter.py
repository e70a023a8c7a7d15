"""What of a difference is the search's luck: told by the same waves planned once more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from math import sqrt

import pytest

from routing.model import Settings
from scheduler.config import Config, parse
from scheduler.planning import AreaPlan, AreaProblem, solve_area
from scheduler.preview.replay import Past, Replay
from scheduler.preview.scatter import AGAIN, SURE, Planned, Scatter, scatter
from scheduler.preview.solving import solve_all

from .conftest import Edited, without

FEW = Settings(engine="greedy", seconds=60, workers=1, seed=1)
LUCK = 100
"""Metres that every route is longer for each step of the seed."""


class Lucky:
    """A solver whose routes grow with the seed, and that counts what it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, areas: Sequence[AreaProblem], given: Settings) -> Iterator[tuple[int, AreaPlan]]:
        self.asked += len(areas)
        for place, area in enumerate(areas):
            answer = solve_area(area, FEW)
            routes = tuple(replace(route, distance=route.distance + LUCK * given.seed) for route in answer.plan.routes)
            yield place, replace(answer, plan=replace(answer.plan, routes=routes))


Both = Callable[[Config, Lucky], list[Planned]]


@pytest.fixture
def planned(past: Past, edited: Edited) -> Both:
    """The plans of the shipped config and of another over the same past."""
    return lambda other, solver: list(solve_all([Replay(edited(), past), Replay(other, past)], solver, FEW).plans)


def test_where_no_wave_differs_nothing_is_luck(planned: Both, edited: Edited) -> None:
    """A fee changes no route: nothing is planned again, and the scatter is nothing, not merely little."""
    solver = Lucky()
    old, new = planned(edited(("fee_baht: 20", "fee_baht: 22")), solver)
    asked = solver.asked
    nothing = Scatter(apart=0, again=0, rounds=0.0, distance=0.0, time=0.0, cost=0.0)
    assert scatter(old, new, solver, FEW) == nothing
    assert solver.asked == asked


def test_only_the_figures_that_luck_moves_scatter(planned: Both) -> None:
    """Twice the square root of half the squares by which a wave's two plans differ, over all waves that differ."""
    solver = Lucky()
    old, new = planned(parse(without("bang_chana")), solver)
    luck = scatter(old, new, solver, FEW)
    assert 0 < luck.apart == luck.again <= AGAIN
    ids = {id(plan) for _, plan in old} ^ {id(plan) for _, plan in new}
    differing = [plan for _, plan in (*old, *new) if id(plan) in ids]
    squares = sum((LUCK * len(plan.plan.routes)) ** 2 for plan in differing)
    assert luck.distance == pytest.approx(SURE * sqrt(squares / 2))
    assert (luck.rounds, luck.time, luck.cost) == (0.0, 0.0, 0.0)


def test_of_many_waves_a_few_stand_for_all(planned: Both) -> None:
    """The work is bounded; ten times as many waves of the same kind scatter by the square root of ten more."""
    solver = Lucky()
    old, new = planned(parse(without("bang_chana")), solver)
    few = scatter(old, new, solver, FEW)
    asked = solver.asked
    many = scatter(list(old) * 10, list(new) * 10, solver, FEW)
    assert (many.apart, many.again, solver.asked - asked) == (10 * few.apart, AGAIN, AGAIN)
    assert many.distance == pytest.approx(sqrt(10) * few.distance, rel=0.2)
