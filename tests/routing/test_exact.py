"""Small problems solved for certain: no search of any length comes to less, and what cannot be known is not said."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing import Costs, Matrix, Problem, Settings, Shipment, Task, Vehicle, check, solve
from routing.compiled import compile_problem
from routing.engines import Report
from routing.plans import weight

pytest.importorskip("numba", reason="the kernel is compiled by numba")

LONG = 1500
"""Iterations, after which a search of six shipments finds hardly anything any more."""


def searched(problem: Problem, iterations: int, seed: int) -> list[list[int]]:
    """The routes that the search alone comes to."""
    from routing.engines import kernel
    from routing.engines.kernel.crew import Crew
    from routing.engines.kernel.helpers import Helpers
    from routing.engines.kernel.session import Session

    kernel.warm()
    compiled, asked = compile_problem(problem), Settings(iterations=iterations, seed=seed)
    session = Session(compiled, asked, Report(), time.monotonic() + 60, Helpers(compiled, asked), Crew(0))
    session.first()
    session.reduce()
    session.run()
    return session.routes()


def best_plan(problem: Problem, seconds: float = 1.0) -> list[list[int]] | None:
    from routing.engines.kernel import exact, tables

    compiled = compile_problem(problem)
    return exact.best_plan(compiled, tables.data_of(compiled), seconds)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data(), seed=st.integers(1, 9))
def test_no_search_comes_to_less(problems: Callable[..., Any], data: st.DataObject, seed: int) -> None:
    """Whatever the rules that it takes, a plan called proven keeps them, and a long search never weighs less."""
    drawn: Problem = data.draw(problems())
    collected = Task(id="p", index=0)
    goods = [replace(s, max_ride_time=None, collected=(), pickups=s.pickups or (collected,)) for s in drawn.shipments]
    problem = replace(drawn, shipments=tuple(goods))
    compiled = compile_problem(problem)
    routes = best_plan(problem)
    assert routes is not None
    found, other = weight(compiled, routes), weight(compiled, searched(problem, LONG, seed))
    assert found is not None
    assert other is not None
    assert found <= other
    plan = solve(problem, Settings(engine="kernel"))
    assert plan.proven
    assert check(problem, plan) == []


def crossroads(seed: int) -> Problem:
    """Six orders, the quick ways of which are not the short ones, due soon, for two limited riders of unlike costs."""
    random = np.random.default_rng(seed)

    def table() -> Any:
        cells = random.integers(60, 900, (10, 10)).astype(np.int32)
        np.fill_diagonal(cells, 0)
        return cells

    def task(name: str) -> Task:
        opens = int(random.integers(0, 3000))
        return Task(id=name, index=int(random.integers(10)), setup=120, service=30, windows=((opens, opens + 2500),))

    orders = [
        Shipment(
            id=k,
            pickups=tuple(task(f"{k}/{j}") for j in range(1 + k % 2)),
            delivery=task(f"{k}"),
            amounts=((1,),) * (1 + k % 2),
            penalty=1500 if k < 2 else None,
        )
        for k in range(6)
    ]
    riders = [
        Vehicle(
            id=v,
            start=v,
            end=v,
            capacity=(3,),
            window=(0, 7000),
            max_tasks=9,
            max_travel_time=3000 if v else None,
            max_distance=None if v else 3500,
            costs=Costs(fixed=300 * v, per_hour=360, per_km=900 + 100 * v, per_task_hour=100),
        )
        for v in range(2)
    ]
    return Problem(
        vehicles=tuple(riders),
        shipments=tuple(orders),
        matrices={"car": Matrix(durations=table(), distances=table())},
        dimensions=("load",),
    )


@pytest.mark.parametrize("seed", range(12))
def test_where_time_and_cost_differ_both_are_weighed(seed: int) -> None:
    """Where the cheapest way to a stop may be too late or too long for the next, no long search comes to less."""
    problem = crossroads(seed)
    compiled = compile_problem(problem)
    routes = best_plan(problem)
    assert routes is not None
    found, other = weight(compiled, routes), weight(compiled, searched(problem, 6000, seed))
    assert found is not None
    assert other is not None
    assert found <= other


@pytest.mark.parametrize(
    "rules",
    [{"max_ride_time": 3600}, {"pickups": ()}],
    ids=["a longest ride", "a job that is loaded at the start"],
)
def test_what_a_route_cannot_be_judged_by_as_it_grows_is_not_proven(street: Any, rules: dict[str, Any]) -> None:
    """With such a rule the search answers, and says nothing of what else there might be."""
    orders = [street.order("A", 1, 2), replace(street.order("B", 3, 4), **rules)]
    plan = solve(street.problem([street.rider()], orders), Settings(engine="kernel", iterations=50))
    assert not plan.unassigned
    assert not plan.proven


def test_many_orders_and_little_time_are_left_to_the_search(street: Any) -> None:
    """Thirteen orders are not begun with; nine anywhere in a street are not done in a hundredth of a second."""
    riders = [street.rider("R1"), street.rider("R2", start=19, end=19)]
    orders = [street.order(f"O{k}", (7 * k) % 20, (3 * k + 5) % 20) for k in range(13)]
    assert best_plan(street.problem(riders, orders)) is None
    assert best_plan(street.problem(riders, orders[:9]), seconds=0.01) is None
    assert best_plan(street.problem(riders, orders[:5]), seconds=1.0) is not None


def test_the_cheapest_riders_drive_the_cheapest_sets(street: Any) -> None:
    """Two orders at each end of a street, a dear rider at one end: who drives what is chosen over all of them."""
    costs = Costs(fixed=100, per_hour=3600)
    left = street.rider("left", costs=costs, max_tasks=4)
    right = street.rider("right", start=19, end=19, costs=replace(costs, fixed=400), max_tasks=4)
    orders = [street.order("a", 0, 2), street.order("b", 1, 3), street.order("c", 19, 17), street.order("d", 18, 16)]
    plan = solve(street.problem([left, right], orders), Settings(engine="kernel"))
    assert plan.proven
    assert plan.cost == 100 + 400 + 2 * 6 * 60
    assert {r.vehicle: sorted({s.shipment for s in r.steps if s.shipment}) for r in plan.routes} == {
        "left": ["a", "b"],
        "right": ["c", "d"],
    }
