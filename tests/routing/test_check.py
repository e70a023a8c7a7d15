"""For every rule: a plan that breaks it is named by the check, and the same plan without the rule is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from routing import (
    UNREACHABLE,
    Costs,
    Matrix,
    Plan,
    Problem,
    Reason,
    Route,
    Settings,
    Shipment,
    Step,
    Task,
    Unassigned,
    Vehicle,
    check,
    solve,
)


@pytest.fixture
def problem(street: Any) -> Problem:
    """One rider, one plain order, one order of two pickups, one job from the rider's own stock."""
    two = Shipment(
        id="B",
        pickups=(Task(id="B/1", index=6, service=60), Task(id="B/2", index=7)),
        delivery=Task(id="B", index=9),
        amounts=((2,), (3,)),
    )
    job = Shipment(id="J", pickups=(), delivery=Task(id="J", index=12), amounts=((1,),), collected=(4,))
    plain = street.order("A", 3, 5, amount=(4,), windows=((0, 3600),), service=30)
    result: Problem = street.problem([street.rider(window=(0, 7200)), street.rider("R2")], [plain, two, job])
    return result


@pytest.fixture
def plan(problem: Problem) -> Plan:
    plan = solve(problem, Settings(engine="greedy"))
    assert check(problem, plan) == []
    assert [r.vehicle for r in plan.routes] == ["R1"]
    return plan


def causes(problem: Problem, plan: Plan) -> set[str]:
    return {v.cause for v in check(problem, plan)}


def rider(problem: Problem, **change: Any) -> Problem:
    first, *others = problem.vehicles
    return replace(problem, vehicles=(replace(first, **change), *others))


def order(problem: Problem, k: int, **change: Any) -> Problem:
    shipments = list(problem.shipments)
    shipments[k] = replace(shipments[k], **change)
    return replace(problem, shipments=tuple(shipments))


def late_window(problem: Problem) -> Problem:
    return order(problem, 0, delivery=replace(problem.shipments[0].delivery, windows=((1, 2), (5000, 6000))))


def cut(problem: Problem) -> Problem:
    durations = problem.matrices["car"].durations.copy()
    durations[5, :] = UNREACHABLE
    return replace(problem, matrices={"car": Matrix(durations=durations, distances=problem.matrices["car"].distances)})


TIGHTER: dict[str, tuple[Callable[[Problem], Problem], str]] = {
    "capacity along the route": (lambda p: rider(p, capacity=(8,)), "capacity"),
    "goods aboard from the start count": (lambda p: order(p, 2, amounts=((10,),)), "capacity"),
    "goods collected on the way count": (lambda p: order(p, 2, collected=(11,)), "capacity"),
    "a window missed": (late_window, "time_window"),
    "shift begins later": (lambda p: rider(p, window=(60, 7200)), "time_window"),
    "shift ends earlier": (lambda p: rider(p, window=(0, 1000)), "time_window"),
    "skills": (lambda p: order(p, 0, skills=frozenset({"cold"})), "skills"),
    "not among the allowed": (lambda p: order(p, 1, allowed_vehicles=frozenset({"R2"})), "refused"),
    "among the forbidden": (lambda p: order(p, 1, forbidden_vehicles=frozenset({"R1"})), "refused"),
    "too many stops": (lambda p: rider(p, max_tasks=5), "max_tasks"),
    "too long on the way": (lambda p: rider(p, max_travel_time=1439), "max_travel_time"),
    "too far": (lambda p: rider(p, max_distance=2399), "max_distance"),
    "goods too long on the road": (lambda p: order(p, 1, max_ride_time=179), "max_ride_time"),
    "no way": (cut, "unreachable"),
    "service not allowed for": (
        lambda p: order(p, 0, delivery=replace(p.shipments[0].delivery, service=31)),
        "schedule",
    ),
    "setup not allowed for": (lambda p: order(p, 0, delivery=replace(p.shipments[0].delivery, setup=5)), "schedule"),
    "travel slower than planned": (lambda p: rider(p, speed_factor=0.9), "schedule"),
    "dearer than planned": (lambda p: rider(p, costs=Costs(fixed=1)), "cost"),
    "a penalty not counted": (lambda p: replace(p, shipments=(*p.shipments, stray(5))), "missing"),
}


def stray(penalty: int | None) -> Shipment:
    return Shipment(
        id="X", pickups=(Task(id="X/p", index=1),), delivery=Task(id="X", index=2), amounts=((1,),), penalty=penalty
    )


@pytest.mark.parametrize("name", TIGHTER)
def test_a_rule_added_afterwards_is_found_broken(name: str, problem: Problem, plan: Plan) -> None:
    """The plan is right without the rule, so what the check names is this rule alone."""
    tighten, cause = TIGHTER[name]
    assert cause in causes(tighten(problem), plan)


def steps(plan: Plan, *order: int) -> Plan:
    route = plan.routes[0]
    return replace(plan, routes=(replace(route, steps=tuple(route.steps[k] for k in order)),))


def at(plan: Plan, wanted: str) -> int:
    return next(k for k, step in enumerate(plan.routes[0].steps) if step.id == wanted)


def without(plan: Plan, wanted: str) -> Plan:
    return steps(plan, *(k for k in range(len(plan.routes[0].steps)) if k != at(plan, wanted)))


def changed(plan: Plan, wanted: str, **change: Any) -> Plan:
    route = plan.routes[0]
    done = [replace(s, **change) if s.id == wanted else s for s in route.steps]
    return replace(plan, routes=(replace(route, steps=tuple(done)),))


def swapped(plan: Plan, one: str, other: str) -> Plan:
    order = list(range(len(plan.routes[0].steps)))
    a, b = at(plan, one), at(plan, other)
    order[a], order[b] = order[b], order[a]
    return steps(plan, *order)


def again(plan: Plan) -> Plan:
    return replace(plan, routes=(*plan.routes, replace(plan.routes[0], vehicle="R2")))


FORGED: dict[str, tuple[Callable[[Plan], Plan], str]] = {
    "delivered before picked up": (lambda p: swapped(p, "A/p", "A"), "precedence"),
    "delivered before the second pickup": (lambda p: swapped(p, "B/2", "B"), "precedence"),
    "never picked up": (lambda p: without(p, "A/p"), "missing"),
    "never delivered": (lambda p: without(p, "A"), "missing"),
    "one of two pickups forgotten": (lambda p: without(p, "B/2"), "missing"),
    "an order served by two riders": (again, "duplicate"),
    "a route driven twice": (lambda p: replace(p, routes=p.routes * 2), "duplicate"),
    "a stop made twice": (lambda p: steps(p, 0, 1, *range(1, len(p.routes[0].steps))), "duplicate"),
    "an order both served and left out": (
        lambda p: replace(p, unassigned=(Unassigned(shipment="A", code=Reason.CAPACITY),)),
        "duplicate",
    ),
    "an order nowhere": (lambda p: replace(p, routes=()), "missing"),
    "a vehicle nobody knows": (
        lambda p: replace(p, routes=(replace(p.routes[0], vehicle="R9"),)),
        "unknown_id",
    ),
    "a task nobody knows": (lambda p: changed(p, "A", id="Z"), "unknown_id"),
    "a shipment nobody knows": (lambda p: changed(p, "A", shipment="Z"), "unknown_id"),
    "something left out that never was": (
        lambda p: replace(p, unassigned=(Unassigned(shipment="Z", code=Reason.CAPACITY),)),
        "unknown_id",
    ),
    "the wrong place": (lambda p: changed(p, "A", index=6), "unknown_id"),
    "there before it can be": (lambda p: changed(p, "B", arrival=0), "schedule"),
    "there only on paper": (lambda p: changed(p, "A", arrival=9000), "time_window"),
    "a wrong load": (lambda p: changed(p, "A", load=(7,)), "load"),
    "a wrong distance": (lambda p: changed(p, "A", distance=1), "distance"),
    "no start": (lambda p: steps(p, *range(1, len(p.routes[0].steps))), "missing"),
    "no end": (lambda p: steps(p, *range(len(p.routes[0].steps) - 1)), "missing"),
    "an end in the middle": (lambda p: steps(p, 0, len(p.routes[0].steps) - 1, *range(1, 8)), "precedence"),
    "a cheaper route than it is": (
        lambda p: replace(p, routes=(replace(p.routes[0], cost=p.routes[0].cost - 1),), cost=p.cost - 1),
        "cost",
    ),
    "a cheaper plan than its routes": (lambda p: replace(p, cost=p.cost - 1), "cost"),
    "a split that does not add up": (lambda p: replace(p, cost_split={**p.cost_split, "time": 0}), "cost"),
    "totals that do not add up": (
        lambda p: replace(p, routes=(replace(p.routes[0], duration=0),)),
        "schedule",
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_plan_is_found_out(name: str, problem: Problem, plan: Plan) -> None:
    """Each tampering is named by its own cause."""
    forge, cause = FORGED[name]
    assert cause in causes(problem, forge(plan))


def test_a_violation_says_where_and_by_how_much(problem: Problem, plan: Plan) -> None:
    """The route, the step's position, and the excess in the rule's own unit."""
    found = [v for v in check(rider(problem, max_distance=2000), plan) if v.cause == "max_distance"]
    assert [(v.route, v.amount) for v in found] == [("R1", 400)]
    late = [v for v in check(late_window(problem), plan) if v.cause == "time_window"]
    assert [v.step for v in late] == [at(plan, "A")]


def test_capacity_holds_in_every_dimension() -> None:
    """A load that fits by weight and not by volume is a violation, with both figures."""
    table = np.array([[0, 60], [60, 0]], dtype=np.int32)
    light = Shipment(id=1, pickups=(Task(id="p", index=0),), delivery=Task(id="d", index=1), amounts=((10, 500),))
    vehicle = Vehicle(id=1, start=0, end=0, capacity=(100, 500))
    problem = Problem(
        vehicles=(vehicle,), shipments=(light,), matrices={"car": Matrix(durations=table, distances=table)}
    )
    plan = solve(problem, Settings(engine="greedy"))
    found = check(rider(problem, capacity=(100, 400)), plan)
    assert [(v.cause, v.amount, v.detail["excess"]) for v in found] == [("capacity", 100, [0, 100])]


def test_a_second_look_at_an_open_route(street: Any) -> None:
    """A route without start and end begins at its first and ends at its last stop, and is checked as such."""
    problem = street.problem([street.rider(start=None, end=None)], [street.order("A", 3, 5)])
    plan = solve(problem, Settings(engine="greedy"))
    assert [(s.type, s.index) for s in plan.routes[0].steps] == [
        ("start", 3),
        ("pickup", 3),
        ("delivery", 5),
        ("end", 5),
    ]
    assert check(problem, plan) == []
    route: Route = plan.routes[0]
    elsewhere: list[Step] = [*route.steps[:-1], replace(route.steps[-1], index=0)]
    assert causes(problem, replace(plan, routes=(replace(route, steps=tuple(elsewhere)),))) == {"unknown_id"}
