"""An even share, and shipments that are moved: the kernel weighs them as a plan does, keeps bounds, and gains by it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from routing import Costs, Problem, Settings, check, solve
from routing.compiled import Compiled, compile_problem
from routing.engines import Report, kernel
from routing.model import Balance, Churn, PreviousRoute, Visit, Worked
from routing.plans import weight
from routing.rules import Rule, rules_of
from routing.whole import steering

pytest.importorskip("numba", reason="the kernel is compiled by numba")

ANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@st.composite
def with_the_whole(draw: DrawFn, problem: Problem) -> Problem:
    """The problem with weeks before, an even share, and a plan before that counts."""
    names = [v.id for v in problem.vehicles]
    previous: dict[Any, list[Visit]] = {}
    for s in problem.shipments:
        to = draw(st.sampled_from([None, *names, "gone"]))
        if to is not None:
            begin = draw(st.one_of(st.none(), st.integers(0, 5000)))
            pickups = [Visit(shipment=s.id, pickup=k) for k in range(len(s.pickups))]
            previous.setdefault(to, []).extend([*pickups, Visit(shipment=s.id, pickup=None, begin=begin)])
    locks: list[Literal["none", "vehicle"]] = ["none", "none", "vehicle"]
    most = draw(st.one_of(st.none(), st.integers(0, 2)))
    shift = draw(st.one_of(st.none(), st.integers(0, 2000))) if most is None else None
    return replace(
        problem,
        vehicles=tuple(
            replace(v, worked=Worked(duration=draw(st.integers(0, 9000)), tasks=draw(st.integers(0, 9))))
            for v in problem.vehicles
        ),
        previous=tuple(
            PreviousRoute(vehicle=v, visits=tuple(x), lock=draw(st.sampled_from(locks))) for v, x in previous.items()
        ),
        balance=Balance(duration=draw(st.sampled_from([0, 900])), tasks=draw(st.sampled_from([0, 30]))),
        churn=Churn(max_moved=most, max_shift=shift, cost_per_moved=draw(st.sampled_from([0, 300]))),
    )


def session(compiled: Compiled, iterations: int, seed: int = 1) -> Any:
    """A search with its first plan."""
    from routing.engines.kernel.crew import Crew
    from routing.engines.kernel.helpers import Helpers
    from routing.engines.kernel.session import Session

    kernel.warm()
    asked = Settings(iterations=iterations, seed=seed)
    found = Session(compiled, asked, Report(), time.monotonic() + 60, Helpers(compiled, asked), Crew(0))
    found.first()
    return found


@ANY
@given(data=st.data(), seed=st.integers(1, 9))
def test_the_search_weighs_routes_as_a_plan_does(problems: Callable[..., Any], data: st.DataObject, seed: int) -> None:
    """Whatever is asked of the whole, the kernel's routes keep it, and weigh what it says but for what is rounded.

    Longest rides, which move times without the kernel's knowing, are left away.
    """
    drawn: Problem = data.draw(problems().flatmap(with_the_whole))
    problem = replace(drawn, shipments=tuple(replace(s, max_ride_time=None) for s in drawn.shipments))
    compiled = compile_problem(problem)
    found = session(compiled, 40, seed)
    found.reduce()
    found.run()
    routes = found.routes()
    weighs = weight(compiled, routes)
    assert weighs is not None
    left = set(range(len(compiled.stops_of))) - {compiled.stops[n].shipment for route in routes for n in route}
    never = sum(compiled.penalties[s] for s in left - set(found.possible.tolist()))
    assert found.weight == pytest.approx(weighs - never, abs=4 * len(compiled.riders))


@ANY
@given(data=st.data())
def test_no_plan_moves_more_than_it_may(problems: Callable[..., Any], data: st.DataObject) -> None:
    """With shares and moves to count, `auto` takes the kernel, and its plan passes the check."""
    problem: Problem = data.draw(problems().flatmap(with_the_whole))
    assume(problem.vehicles)
    plan = solve(problem, Settings(iterations=60))
    assert plan.engine.startswith("kernel")
    assert check(problem, plan) == []


def shared(street: Any, *worked: Worked, orders: int = 6, **balance: int) -> Problem:
    """As many like riders as have worked, and orders all along the street."""
    riders = [street.rider(f"R{k}", worked=each, costs=Costs(per_hour=360)) for k, each in enumerate(worked)]
    goods = [street.order(f"O{k}", 0, 2 + k, service=300) for k in range(orders)]
    return street.problem(riders, goods, balance=Balance(**balance))  # type: ignore[no-any-return]


def stops(problem: Problem) -> list[int]:
    plan = solve(problem, Settings(engine="kernel", iterations=300))
    by = {route.vehicle: len(route.steps) - 2 for route in plan.routes}
    return [by.get(vehicle.id, 0) for vehicle in problem.vehicles]


def test_stops_are_shared_out_by_what_each_rider_has(street: Any) -> None:
    """Nobody asks: one rides. Stops weigh: three share evenly, and who did many before gets few."""
    assert sorted(stops(shared(street, *[Worked()] * 3))) == [0, 0, 12]
    assert stops(shared(street, *[Worked()] * 3, tasks=1000)) == [4, 4, 4]
    assert stops(shared(street, Worked(tasks=6), Worked(), Worked(), tasks=1000)) == [0, 6, 6]


def test_hours_are_shared_out_by_what_each_rider_has(street: Any) -> None:
    """The same of hours: vehicles alike but for their weeks before are told apart."""
    rested, tired = Worked(), Worked(duration=8 * 3600)
    assert min(stops(shared(street, rested, rested, duration=100_000))) >= 4
    assert stops(shared(street, tired, rested, duration=100_000))[0] == 0
    assert stops(shared(street, rested, tired, duration=100_000))[1] == 0


def test_an_order_that_costs_more_than_its_penalty_by_its_share_is_left_out(street: Any) -> None:
    """What an order adds to the share is counted in full before it is kept."""
    problem = shared(street, Worked(), orders=1, duration=36_000)
    (goods,) = problem.shipments
    compiled = compile_problem(problem)
    alone = steering(compiled, 0, [0, 1], _times(compiled, [0, 1])) + _times(compiled, [0, 1]).cost
    for penalty, served in ((alone - 5, 0), (alone + 5, 1)):
        plan = solve(
            replace(problem, shipments=(replace(goods, penalty=penalty),)), Settings(engine="kernel", iterations=50)
        )
        assert len(plan.routes) == served


def _times(compiled: Compiled, route: list[int]) -> Any:
    from routing.timetable import timetable

    return timetable(compiled, compiled.riders[0], route)


def again(street: Any, previous: dict[str, list[str]], **churn: Any) -> Problem:
    """Two riders at one end of the street, six orders along it, and who brought which before."""
    riders = [street.rider(f"R{k}", costs=Costs(fixed=500, per_hour=360)) for k in range(2)]
    goods = [street.order(f"O{k}", 0, 2 + k) for k in range(6)]
    before = [
        PreviousRoute(vehicle=v, visits=tuple(Visit(shipment=s, pickup=None) for s in found))
        for v, found in previous.items()
    ]
    return street.problem(riders, goods, previous=tuple(before), churn=Churn(**churn))  # type: ignore[no-any-return]


BEFORE = {"R0": ["O0", "O2", "O4"], "R1": ["O1", "O3", "O5"]}


@pytest.mark.parametrize(
    ("churn", "moved", "riders"),
    [
        ({}, 3, 1),
        ({"max_moved": 2}, 2, 2),
        ({"max_moved": 3}, 3, 1),
        ({"cost_per_moved": 250}, 0, 2),
        ({"cost_per_moved": 100}, 3, 1),
    ],
)
def test_orders_are_moved_where_that_is_worth_it_and_allowed(
    street: Any, churn: dict[str, int], moved: int, riders: int
) -> None:
    """One rider less is worth three moves if each costs little, and if so many may be; two make the ways shorter."""
    plan = solve(again(street, BEFORE, **churn), Settings(engine="kernel", iterations=400))
    by = {s.shipment: route.vehicle for route in plan.routes for s in route.steps if s.type == "delivery"}
    assert sum(by[s] != v for v, found in BEFORE.items() for s in found) == moved
    assert len(plan.routes) == riders


def test_the_best_plan_is_proven_where_it_moves_no_more_than_it_may(street: Any) -> None:
    """A bound that the best plan keeps anyway costs no proof; one that it breaks does."""
    for most, proven in ((3, True), (2, False)):
        plan = solve(again(street, BEFORE, max_moved=most), Settings(engine="kernel", iterations=400))
        assert plan.proven is proven


def test_times_are_kept_where_a_shift_is_dear(street: Any) -> None:
    """An order that was promised late is brought late, though it could come early, if that saves enough."""
    late = (Visit(shipment="O0", pickup=0), Visit(shipment="O0", pickup=None, begin=1080 + 120))
    goods = [street.order("O0", 0, 2), street.order("O1", 0, 18)]
    for cost, first in ((0, "O0"), (5000, "O1")):
        problem = street.problem(
            [street.rider("R", window=(0, 4000), costs=Costs(per_hour=3600))],
            goods,
            previous=(PreviousRoute(vehicle="R", visits=late),),
            churn=Churn(max_shift=900, cost_per_moved=cost),
        )
        plan = solve(problem, Settings(engine="kernel", iterations=300))
        assert next(s.shipment for s in plan.routes[0].steps if s.type == "delivery") == first


def test_no_order_is_left_out_for_the_times_of_others(street: Any) -> None:
    """One that must come first, though it makes all others late, is served: leaving it out weighs more than that."""
    goods = [street.order(f"O{k}", 0, 2 + k, service=300) for k in range(8)]
    first = street.order("N", 0, 19, service=300, windows=((0, 1150),))
    visits, now = [], 120
    for s in goods:
        visits.append(Visit(shipment=s.id, pickup=None, begin=now))
        now += 360
    problem = street.problem(
        [street.rider("R", window=(0, 20_000), costs=Costs(per_hour=3600))],
        [*goods, first],
        previous=(PreviousRoute(vehicle="R", visits=tuple(visits)),),
        churn=Churn(max_shift=600, cost_per_moved=5000),
    )
    assert not solve(problem, Settings(engine="kernel", iterations=300)).unassigned


def test_a_plan_before_that_binds_nothing_changes_nothing(street: Any) -> None:
    """Without a price or a bound of moves, and with shares of no weight, the vehicles stay alike."""
    from routing.engines.kernel import columns, tables

    problem = again(street, BEFORE, max_shift=60)
    idle = [replace(v, worked=Worked(tasks=k)) for k, v in enumerate(problem.vehicles)]
    problem = replace(problem, vehicles=tuple(idle), balance=Balance(tasks=0, duration=5))
    assert tables.data_of(compile_problem(problem)).flag[columns.KINDS] == 1


def test_parts_of_a_large_problem_share_evenly_too(street: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Searched in parts, routes weigh in the end what a plan weighs, shares and moves that cost included."""
    from routing.engines.kernel import parts
    from routing.engines.kernel import session as sessions

    monkeypatch.setattr(sessions, "LARGE", 20)
    monkeypatch.setattr(parts.Taken.parts, "__defaults__", (12,))
    riders = [street.rider(f"R{k}", start=k, end=k, capacity=(4,), worked=Worked(tasks=k)) for k in range(12)]
    goods = [street.order(f"O{k}", (7 * k) % 20, (11 * k + 3) % 20) for k in range(40)]
    before = tuple(
        PreviousRoute(vehicle=f"R{k}", visits=tuple(Visit(shipment=f"O{j}", pickup=None) for j in range(k, 40, 12)))
        for k in range(12)
    )
    problem = street.problem(riders, goods, balance=Balance(tasks=20), previous=before, churn=Churn(cost_per_moved=30))
    compiled = compile_problem(problem)
    found = session(compiled, 4000)
    first = found.weight
    found.run()
    weighs = weight(compiled, found.routes())
    assert weighs is not None
    assert found.weight == pytest.approx(weighs, abs=4 * len(riders))
    assert found.weight < first


@pytest.mark.parametrize(
    ("churn", "rules"),
    [
        ({}, set()),
        ({"max_shift": 60}, set()),
        ({"cost_per_moved": 1}, {Rule.CHURN}),
        ({"max_moved": 0}, {Rule.CHURN}),
        ({"cost_per_moved": 1, "max_shift": 60}, {Rule.CHURN}),
        ({"max_moved": 2, "max_shift": 60}, {Rule.CHURN, Rule.CHURN_SHIFT}),
    ],
)
def test_only_what_binds_is_a_rule(street: Any, churn: dict[str, int], rules: set[Rule]) -> None:
    """A plan before is no rule by itself; a bound of moves in time is one more than their price."""
    of_moves = {Rule.CHURN, Rule.CHURN_SHIFT}
    assert rules_of(again(street, BEFORE, **churn)) & of_moves == rules
    assert rules_of(again(street, {}, **churn)) & of_moves == set()
