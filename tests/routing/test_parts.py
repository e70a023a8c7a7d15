"""Large problems are searched in parts, and lose nothing by it."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from routing import Costs, Matrix, Problem, Settings, Shipment, Task, Vehicle, check, solve
from routing.compiled import Compiled, compile_problem
from routing.engines import Report

pytest.importorskip("numba", reason="the kernel is compiled by numba")

ITERATIONS = 6000


def towns(orders: int, riders: int) -> Problem:
    """Orders within four quarters that lie apart, for riders who live all over them."""
    random = np.random.default_rng(5)
    quarter = random.integers(0, 4, orders)
    corner = np.array([[0, 0], [0, 2000], [2000, 0], [2000, 2000]])
    at = np.vstack([np.repeat(corner[quarter], 2, axis=0) + random.uniform(0, 900, (2 * orders, 2)),
                    random.uniform(0, 2900, (riders, 2))])  # fmt: skip
    table = np.ceil(np.sqrt(((at[:, None] - at[None, :]) ** 2).sum(axis=2))).astype(np.int32)
    vehicles = [
        Vehicle(id=v, start=2 * orders + v, end=2 * orders + v, capacity=(8,), costs=Costs(fixed=500))
        for v in range(riders)
    ]
    shipments = [
        Shipment(
            id=k,
            pickups=(Task(id=f"p{k}", index=2 * k, service=60),),
            delivery=Task(id=f"d{k}", index=2 * k + 1, service=60, windows=((3000, 12000),)),
            amounts=((1 + k % 3,),),
        )
        for k in range(orders)
    ]
    return Problem(
        vehicles=tuple(vehicles),
        shipments=tuple(shipments),
        matrices={"car": Matrix(durations=table, distances=table)},
        dimensions=("load",),
    )


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is large is small here."""
    from routing.engines.kernel import parts, session

    monkeypatch.setattr(session, "LARGE", 20)
    monkeypatch.setattr(parts.Taken.parts, "__defaults__", (12,))


def begun(compiled: Compiled) -> Any:
    """A search with its first plan."""
    from routing.engines import kernel
    from routing.engines.kernel.crew import Crew
    from routing.engines.kernel.helpers import Helpers
    from routing.engines.kernel.session import Session

    kernel.warm()
    settings = Settings(iterations=ITERATIONS)
    session = Session(compiled, settings, Report(), time.monotonic() + 60, Helpers(compiled, settings), Crew(0))
    session.first()
    return session


def cut_up(session: Any) -> list[Any]:
    """The parts of one sweep."""
    from routing.engines.kernel.parts import Taken

    routes = session.routes()
    taken = Taken(session.compiled, session.data, routes, session.possible)
    heat = (session.unit, session.unit / 10)
    return [session.part(routes, *each, heat, 7) for each in taken.parts(np.random.default_rng(3), 12)]


def test_a_search_in_parts_is_valid_better_and_repeatable(small_parts: None) -> None:
    """With as many iterations it serves all, costs less than the first plan, and does the same once more."""
    problem = towns(60, 30)
    first, *plans = (
        solve(problem, Settings(engine="kernel", seconds=60, iterations=n, workers=1, seed=3))
        for n in (1, ITERATIONS, ITERATIONS)
    )
    assert check(problem, plans[0]) == []
    assert not plans[0].unassigned
    assert plans[0].cost < 0.95 * first.cost
    assert plans[0].routes == plans[1].routes


def test_parts_share_nothing_and_leave_no_route_out(small_parts: None) -> None:
    """Every route, with all that it carries, is in one part; no vehicle and no shipment is in two."""
    session = begun(compile_problem(towns(60, 30)))
    parts = cut_up(session)
    vehicles = [v for part in parts for v in part.vehicles]
    stops = [n for part in parts for n in part.stops]
    assert len(vehicles) == len(set(vehicles))
    assert len(stops) == len(set(stops))
    assert {v for v, route in enumerate(session.routes()) if route} <= set(vehicles)
    assert {n for route in session.routes() for n in route} <= set(stops)


def test_whoever_searches_a_part_finds_the_same(small_parts: None) -> None:
    """A helper answers as this process does, and one that was killed leaves its parts to the others."""
    from routing.engines.kernel.crew import Crew
    from routing.engines.kernel.parts import searched

    parts = cut_up(begun(compile_problem(towns(60, 30))))
    crew = Crew(1)
    try:
        began = time.monotonic()
        while crew.helped == 0 and time.monotonic() < began + 60:
            assert crew.searched(parts) == [searched(part) for part in parts]
        assert crew.helped
        crew.close()
        assert crew.searched(parts) == [searched(part) for part in parts]
    finally:
        crew.close()
