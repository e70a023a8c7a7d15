"""Fixes do: the problem so changed takes the order in at the stated place, and changed by one less it does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing import Plan, Problem, Settings, Violation, apply_fix, check, solve
from routing.compiled import compile_problem
from routing.explain import reasons
from routing.fixes import Fix, FixCode, Relaxation
from routing.plans import Answer, ImpossibleRouteError, build

GREEDY = Settings(engine="greedy")


def with_it(problem: Problem, plan: Plan, shipment: Any, fix: Fix) -> list[Violation] | None:
    """What `check` says to the plan with the order taken in by the loosened problem; None: no schedule drives it."""
    loosened = apply_fix(problem, shipment, fix)
    compiled = compile_problem(loosened)
    number = {s.id: k for k, s in enumerate(loosened.shipments)}
    routes: list[list[int]] = []
    for vehicle in loosened.vehicles:
        steps = next((r.steps for r in plan.routes if r.vehicle == vehicle.id), ())
        route = []
        for step in steps:
            if step.shipment is not None:
                shipment_of = loosened.shipments[number[step.shipment]]
                names = [*(p.id for p in shipment_of.pickups), shipment_of.delivery.id]
                route.append(compiled.stops_of[number[step.shipment]][names.index(step.id or "")])
        routes.append(route)
    more = any(r.code is FixCode.ONE_MORE_RIDER for r in fix.relaxations)
    v = -1 if more else [vehicle.id for vehicle in loosened.vehicles].index(fix.vehicle)
    own = dict(zip(fix.positions, compiled.stops_of[number[shipment]], strict=True))
    others = iter(routes[v])
    routes[v] = [own[k] if k in own else next(others) for k in range(len(routes[v]) + len(own))]
    left = [u for u in plan.unassigned if u.shipment != shipment]
    try:
        built = build(compiled, Answer(routes=routes, engine="test"), left, seed=0, solving_ms=0)
    except ImpossibleRouteError:
        return None
    found = check(loosened, built)
    if not found:
        stated = loosened.shipments[number[shipment]].penalty or 0
        assert sum(r.cost for r in built.routes) - sum(r.cost for r in plan.routes) == fix.added_cost
        assert loosened.shipments[number[shipment]].penalty is None or fix.added_cost < stated
    return found


def smaller(relaxation: Relaxation) -> Iterator[Relaxation]:
    """The same by one unit less, in each of its figures."""
    for name in ("seconds", "metres", "tasks"):
        value = getattr(relaxation, name)
        if value is not None:
            yield replace(relaxation, **{name: value - 1})
    if relaxation.code is FixCode.ONE_MORE_RIDER and relaxation.window is not None:
        begin, end = relaxation.window
        yield from (replace(relaxation, window=w) for w in ((begin + 1, end), (begin, end - 1)) if w[0] <= w[1])
    rows = [*relaxation.amounts, relaxation.collected] if relaxation.code is FixCode.LIGHTER else []
    for k, row in enumerate(rows):
        for d, amount in enumerate(row):
            if amount:
                less = [tuple(x - (j == d) for j, x in enumerate(r)) if i == k else r for i, r in enumerate(rows)]
                yield replace(relaxation, amounts=tuple(less[:-1]), collected=less[-1])


def all_smaller(relaxations: Sequence[Relaxation]) -> Iterator[tuple[Relaxation, ...]]:
    for k, relaxation in enumerate(relaxations):
        for less in smaller(relaxation):
            yield (*relaxations[:k], less, *relaxations[k + 1 :])


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_a_fix_makes_room_and_nothing_less_does(problems: Any, data: st.DataObject) -> None:
    """For any problem: with its fix each order left out fits at the stated place and cost, with one unit less not."""
    problem: Problem = data.draw(problems())
    plan = solve(problem, GREEDY)
    for left_out in plan.unassigned:
        fix = left_out.fix
        if fix is None:
            continue
        assert with_it(problem, plan, left_out.shipment, fix) == []
        for relaxations in all_smaller(fix.relaxations):
            found = with_it(problem, plan, left_out.shipment, replace(fix, relaxations=relaxations))
            assert found is None or found != []


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_what_is_said_briefly_is_as_true(problems: Any, data: st.DataObject) -> None:
    """For any problem: where too many are left out to look closely, each has the same code, and its fix makes room."""
    problem: Problem = data.draw(problems())
    closely = solve(problem, GREEDY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reasons, "CLOSELY", 0)
        briefly = solve(problem, GREEDY)
    assert [(u.shipment, u.code) for u in briefly.unassigned] == [(u.shipment, u.code) for u in closely.unassigned]
    for left_out in briefly.unassigned:
        if left_out.fix is not None:
            assert with_it(problem, briefly, left_out.shipment, left_out.fix) == []
