"""Where one order more fits in: against every place there is, and against what `check` says of the plan with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, permutations
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from routing import Insertion, Plan, Problem, Settings, Step, check, insertions, solve
from routing.compiled import Compiled, compile_problem, may_carry
from routing.standing import sequences_of
from routing.timetable import Broken, timetable

GREEDY = Settings(engine="greedy")


def every_place(compiled: Compiled, route: Sequence[int], s: int) -> Iterator[list[int]]:
    """The route with the shipment's stops at all places, in all orders with the delivery last."""
    *pickups, delivery = compiled.stops_of[s]
    size = len(route) + len(pickups) + 1
    for places in combinations(range(size), len(pickups) + 1):
        for order in permutations(pickups):
            own, others = dict(zip(places, (*order, delivery), strict=True)), iter(route)
            yield [own[k] if k in own else next(others) for k in range(size)]


def brute_force(problem: Problem, routes: Sequence[Sequence[int]], s: int) -> list[int]:
    """The added cost of every place that keeps the rules, one for each row of places visited, the cheapest first."""
    compiled = compile_problem(problem)
    found: dict[tuple[int, tuple[int, ...]], int] = {}
    for v, rider in enumerate(compiled.riders):
        if not may_carry(rider.vehicle, problem.shipments[s]):
            continue
        before = timetable(compiled, rider, routes[v])
        spent = 0 if isinstance(before, Broken) or not routes[v] else before.cost
        for sequence in every_place(compiled, routes[v], s):
            times = timetable(compiled, rider, sequence)
            if not isinstance(times, Broken):
                key = v, tuple(compiled.stops[n].index for n in sequence)
                added = times.cost - spent
                found[key] = min(added, found.get(key, added))
    return sorted(found.values())


def taken_in(problem: Problem, plan: Plan, found: Insertion) -> Plan:
    """The plan with the route of the insertion instead of the one before."""
    routes = (*(route for route in plan.routes if route.vehicle != found.vehicle), found.route)
    out = {u.shipment for u in plan.unassigned}
    penalty = sum(s.penalty or 0 for s in problem.shipments if s.id in out)
    cost = sum(route.cost for route in routes) + penalty
    return replace(plan, routes=routes, cost=cost, cost_split={"all": cost})


def begins(plan: Plan) -> dict[tuple[Any, Any], int]:
    return {
        (step.shipment, step.id): begin(step)
        for route in plan.routes
        for step in route.steps
        if step.shipment is not None
    }


def begin(step: Step) -> int:
    return step.arrival + step.waiting_time


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_the_cheapest_places_of_all_are_found_and_hold(problems: Any, data: st.DataObject) -> None:
    """For any plan: no place is cheaper than those found, each passes the check at its stated cost and delays."""
    problem: Problem = data.draw(problems(most_shipments=5, most_vehicles=2))
    assume(problem.shipments)
    late = problem.shipments[-1]
    plan = solve(replace(problem, shipments=problem.shipments[:-1]), GREEDY)
    found = insertions(problem, plan, late.id)
    routes = sequences_of(compile_problem(problem), plan)
    assert [each.added_cost for each in found] == brute_force(problem, routes, len(problem.shipments) - 1)[:3]
    before = begins(plan)
    for each in found:
        after = taken_in(problem, plan, each)
        assert check(problem, after) == []
        assert sum(r.cost for r in after.routes) - sum(r.cost for r in plan.routes) == each.added_cost
        assert sum(r.distance for r in after.routes) - sum(r.distance for r in plan.routes) == each.added_distance
        assert sum(r.duration for r in after.routes) - sum(r.duration for r in plan.routes) == each.added_duration
        now = begins(after)
        moved = {(d.shipment, d.task): d.seconds for d in each.delays}
        assert {key: now[key] - before[key] for key in before if now[key] != before[key]} == {
            key: seconds for key, seconds in moved.items() if seconds
        }
        stops = [step.shipment for step in each.route.steps if step.type in ("pickup", "delivery")]
        assert [k for k, shipment in enumerate(stops) if shipment == late.id] == sorted(each.positions)


def test_what_fits_nowhere_has_no_place(street: Any) -> None:
    """An order too heavy for everybody is answered with an empty list."""
    problem = street.problem([street.rider()], [street.order("A", 1, 2), street.order("B", 1, 2, amount=(11,))])
    plan = solve(problem, GREEDY)
    assert insertions(problem, plan, "B") == []


def test_two_places_at_one_stall_are_one_choice(street: Any) -> None:
    """Fetched before or after another order at the same stall is the same to everybody: the choices differ in more."""
    problem = street.problem([street.rider()], [street.order("A", 3, 7), street.order("B", 3, 5)])
    plan = solve(replace(problem, shipments=problem.shipments[:1]), GREEDY)
    first, *others = insertions(problem, plan, "B")
    assert (first.added_cost, first.added_duration, first.added_distance) == (0, 0, 0)
    assert [step.index for step in first.route.steps] == [0, 3, 3, 5, 7, 0]
    assert [(d.shipment, d.type, d.seconds) for d in first.delays] == [("A", "pickup", 0), ("A", "delivery", 0)]
    visited = [tuple(step.index for step in each.route.steps) for each in (first, *others)]
    assert len(set(visited)) == len(visited) == 3
