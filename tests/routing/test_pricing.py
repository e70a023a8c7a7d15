"""What shipments are worth, and the routes that are bred where that shows something to gain."""

from __future__ import annotations

import time
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing import Costs, Matrix, Problem, Settings, Shipment, Task, Vehicle
from routing.compiled import compile_problem
from routing.engines import Report
from routing.engines._partition import Column, Effort, Relaxation
from routing.plans import weight

EFFORT = Effort(seconds=5, seed=1, steady=True, stopped=lambda: False)
GOODS = range(4)


@st.composite
def choices(draw: st.DrawFn) -> tuple[list[Column], dict[int, float], dict[int, int]]:
    """Routes of two kinds, what leaving each shipment out weighs, and how many vehicles there are of each kind."""
    goods = st.lists(st.sampled_from(GOODS), min_size=1, max_size=3, unique=True).map(lambda s: tuple(sorted(s)))
    column = st.builds(Column, st.integers(0, 1), goods, st.integers(1, 90).map(float))
    columns = draw(st.lists(column, min_size=1, max_size=6))
    left_out = {s: float(draw(st.integers(1, 90))) for s in GOODS}
    return columns, left_out, {0: draw(st.integers(1, 2)), 1: 1}


@settings(max_examples=50, deadline=None)
@given(choices())
def test_prices_leave_nothing_to_gain_and_bound_every_choice(
    given_: tuple[list[Column], dict[int, float], dict[int, int]],
) -> None:
    """No route costs less than what it holds is worth, and no choice of routes less than the bound."""
    columns, left_out, riders = given_
    program = Relaxation(riders, left_out)
    program.add(columns)
    prices = program.prices()
    assert prices is not None
    worth = dict(zip(left_out, prices.worth, strict=True))
    for column in columns:
        assert column.cost >= sum(worth[s] for s in column.shipments) + prices.rent[column.kind] - 1e-6
    for taken in product((0, 1), repeat=len(columns)):
        chosen = [column for column, take in zip(columns, taken, strict=True) if take]
        served = [s for column in chosen for s in column.shipments]
        driven = [column.kind for column in chosen]
        if len(served) == len(set(served)) and all(driven.count(kind) <= most for kind, most in riders.items()):
            cost = sum(column.cost for column in chosen) + sum(left_out[s] for s in GOODS if s not in served)
            assert cost >= prices.bound - 1e-6


def begun(problem: Problem) -> Any:
    """A search of the kernel that has its first plan."""
    pytest.importorskip("numba", reason="the kernel is compiled by numba")
    from routing.engines import kernel
    from routing.engines.kernel.crew import Crew
    from routing.engines.kernel.helpers import Helpers
    from routing.engines.kernel.session import Session

    kernel.warm()
    compiled, asked = compile_problem(problem), Settings(iterations=1)
    session = Session(compiled, asked, Report(), time.monotonic() + 60, Helpers(compiled, asked), Crew(0))
    session.first()
    return session


def mixed(seed: int) -> Problem:
    """Jobs, pairs and orders of two pickups, some with a longest ride, for unlike riders, on any matrix."""
    random = np.random.default_rng(seed)
    table = random.integers(30, 900, (15, 15)).astype(np.int32)
    np.fill_diagonal(table, 0)

    def task(name: str) -> Task:
        opens = int(random.integers(0, 3000))
        return Task(id=name, index=int(random.integers(15)), setup=20, service=30, windows=((opens, opens + 5000),))

    goods = [
        Shipment(
            id=k,
            pickups=tuple(task(f"{k}/{j}") for j in range(k % 3)),
            delivery=task(f"{k}"),
            amounts=((1,),) * max(1, k % 3),
            max_ride_time=None if k % 2 else 4000,
            allowed_vehicles=frozenset({0, 2}) if k == 4 else None,
        )
        for k in range(12)
    ]
    return Problem(
        vehicles=tuple(
            Vehicle(id=v, start=v, capacity=(4 + v,), costs=Costs(fixed=500 * v, per_km=50, per_task_hour=100))
            for v in range(4)
        ),
        shipments=tuple(goods),
        matrices={"car": Matrix(durations=table, distances=table)},
        dimensions=("load",),
    )


@pytest.mark.parametrize("seed", range(4))
def test_every_bred_route_may_be_driven_and_costs_what_it_says(seed: int) -> None:
    """Each route of the pool after a decision holds on its kind of vehicle, at that cost, whatever it was bred from."""
    from routing.engines.kernel.pool import DRIVER, LENGTH, SIZE

    problem = mixed(seed)
    session = begun(problem)
    session.decision.better(session.routes(), session.possible, EFFORT, priced=True)
    pool, compiled = session.decision.pool, session.compiled
    assert pool.note[SIZE] > 2 * len(problem.vehicles)
    for row in range(pool.note[SIZE]):
        stops = pool.stop[row, : pool.head[row, LENGTH]].tolist()
        driver = session.decision.kinds.index(pool.head[row, DRIVER])
        whole = weight(compiled, [stops if v == driver else [] for v in range(len(problem.vehicles))])
        assert whole is not None
        carried = {compiled.stops[n].shipment for n in stops}
        rest = sum(p for s, p in enumerate(compiled.penalties) if s not in carried)
        assert pool.cost[row] + rest == pytest.approx(whole, abs=1)


def test_routes_nobody_met_are_bred_and_chosen(street: Any) -> None:
    """Two riders who each carry what lies near the other exchange it, though no such route was in the pool."""
    riders = [street.rider("left", start=0, end=0), street.rider("right", start=19, end=19)]
    orders = [street.order(f"O{k}", at, at + 1) for k, at in enumerate((1, 16, 3, 14))]
    session = begun(street.problem(riders, orders))
    session.start([[2, 3, 4, 5], [0, 1, 6, 7]])
    better = session.decision.better(session.routes(), session.possible, EFFORT, priced=True)
    assert [sorted(route) for route in better] == [[0, 1, 4, 5], [2, 3, 6, 7]]


def dear(street: Any, windows: Any = ()) -> Any:
    """Three vehicles that cost more than their routes, each on its way with one order of three along one street."""
    costs = Costs(fixed=1_000_000, per_hour=0, per_km=100)
    vans = [street.rider(f"van {v}", costs=costs) for v in range(3)]
    session = begun(street.problem(vans, [street.order(f"O{k}", k + 1, k + 5, windows=windows) for k in range(3)]))
    session.start([[0, 1], [2, 3], [4, 5]])
    return session


def test_one_vehicle_less_is_found_where_prices_allow_it(street: Any) -> None:
    """Of three vans that could carry all orders in one some are saved, and every stop is still driven to once."""
    session = dear(street)
    fewer = session.decision.fewer(session.routes(), session.possible, EFFORT)
    assert sum(bool(route) for route in fewer) < 3
    assert sorted(stop for route in fewer for stop in route) == [0, 1, 2, 3, 4, 5]


def test_prices_tell_where_one_vehicle_less_is_hopeless(street: Any) -> None:
    """Three orders that are all due in one minute, far apart, need their three vans: nothing is looked for."""
    session = dear(street, windows=((2000, 2001),))
    assert session.decision.fewer(session.routes(), session.possible, EFFORT) is None
    assert sum(bool(route) for route in session.routes()) == 3
