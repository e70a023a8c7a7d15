"""An even share, and shipments that change their rider: what the kernel weighs is what a plan weighs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from routing import Problem, Settings, check, solve
from routing.compiled import compile_problem
from routing.engines import Report, kernel
from routing.model import Balance, Churn, PreviousRoute, Visit, Worked
from routing.plans import weight

pytest.importorskip("numba", reason="the kernel is compiled by numba")


@st.composite
def with_the_whole(draw: DrawFn, problem: Problem) -> Problem:
    """The problem with weeks before, an even share, and a plan before that counts."""
    names = [v.id for v in problem.vehicles]
    previous: dict[Any, list[Visit]] = {}
    for s in problem.shipments:
        to = draw(st.sampled_from([None, *names, "gone"]))
        if to is not None:
            visits = [
                *(Visit(shipment=s.id, pickup=k) for k in range(len(s.pickups))),
                Visit(shipment=s.id, pickup=None),
            ]
            previous.setdefault(to, []).extend(visits)
    locks: list[Literal["none", "vehicle"]] = ["none", "none", "vehicle"]
    lock = st.sampled_from(locks)
    return replace(
        problem,
        vehicles=tuple(
            replace(v, worked=Worked(duration=draw(st.integers(0, 9000)), tasks=draw(st.integers(0, 9))))
            for v in problem.vehicles
        ),
        previous=tuple(PreviousRoute(vehicle=v, visits=tuple(x), lock=draw(lock)) for v, x in previous.items()),
        balance=Balance(duration=draw(st.sampled_from([0, 900])), tasks=draw(st.sampled_from([0, 30]))),
        churn=Churn(
            max_moved=draw(st.one_of(st.none(), st.integers(0, 2))), cost_per_moved=draw(st.sampled_from([0, 300]))
        ),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data(), seed=st.integers(1, 9))
def test_the_search_weighs_routes_as_a_plan_does(problems: Callable[..., Any], data: st.DataObject, seed: int) -> None:
    """Whatever is asked of the whole, the kernel's routes keep it, and weigh what it says but for what is rounded."""
    problem: Problem = data.draw(problems().flatmap(with_the_whole))
    from routing.engines.kernel.crew import Crew
    from routing.engines.kernel.helpers import Helpers
    from routing.engines.kernel.session import Session

    kernel.warm()
    compiled, asked = compile_problem(problem), Settings(iterations=40, seed=seed)
    session = Session(compiled, asked, Report(), time.monotonic() + 60, Helpers(compiled, asked), Crew(0))
    session.first()
    session.reduce()
    session.run()
    routes = session.routes()
    found = weight(compiled, routes)
    assert found is not None
    left = set(range(len(compiled.stops_of))) - {compiled.stops[n].shipment for route in routes for n in route}
    never = sum(compiled.penalties[s] for s in left - set(session.possible.tolist()))
    assert session.weight == pytest.approx(found - never, abs=4 * len(compiled.riders))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_no_plan_moves_more_than_it_may(problems: Callable[..., Any], data: st.DataObject) -> None:
    """With shares and moves to count, `auto` takes the kernel, and its plan passes the check."""
    problem: Problem = data.draw(problems().flatmap(with_the_whole))
    assume(problem.vehicles)
    plan = solve(problem, Settings(iterations=60))
    assert plan.engine.startswith("kernel")
    assert check(problem, plan) == []
