"""What every engine must hold. A new module in routing/engines/ is picked up by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations, product
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from routing import Problem, ProblemError, Settings, Shipment, check, engine_names, solve
from routing.compiled import Compiled, compile_problem
from routing.engines import greedy
from routing.plans import weight

SHORT = Settings(seconds=0.3, iterations=20)


def brute_force(compiled: Compiled) -> int:
    """The least weight of any assignment of shipments to vehicles, in any order of stops."""
    shipments = range(len(compiled.stops_of))
    choices = [[None, *compiled.carriers[s]] for s in shipments]
    best: int | None = None
    for given_to in product(*choices):
        routes = [[s for s in shipments if given_to[s] == v] for v in range(len(compiled.riders))]
        for sequences in product(*(list(orders(compiled, mine)) for mine in routes)):
            found = weight(compiled, sequences)
            if found is not None and (best is None or found < best):
                best = found
    assert best is not None, "leaving all out is always possible"
    return best


def orders(compiled: Compiled, mine: list[int]) -> Iterator[tuple[int, ...]]:
    """Every order of the stops of these shipments with pickups before deliveries."""
    stops = [n for s in mine for n in compiled.stops_of[s]]
    for order in permutations(stops):
        at = {n: k for k, n in enumerate(order)}
        if all(at[n] <= at[compiled.stops_of[s][-1]] for s in mine for n in compiled.stops_of[s]):
            yield order


@pytest.mark.parametrize("engine", engine_names())
class TestEveryEngine:
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(data=st.data())
    def test_no_plan_breaks_a_rule(self, engine: str, problems: Callable[..., Any], data: st.DataObject) -> None:
        """Whatever the problem, feasible or not, the plan passes the check and explains all it leaves out."""
        problem: Problem = data.draw(problems())
        plan = solve(problem, replace(SHORT, engine=engine))
        assert check(problem, plan) == []
        for left_out in plan.unassigned:
            assert [r.vehicle for r in left_out.vehicles] == [v.id for v in problem.vehicles]

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(data=st.data())
    def test_one_shipment_is_served_as_well_as_can_be(
        self, engine: str, problems: Callable[..., Any], data: st.DataObject
    ) -> None:
        """With a single shipment every engine finds the optimum that trying everything finds."""
        problem: Problem = data.draw(problems(most_shipments=1))
        assume(all(len(s.pickups) < 3 for s in problem.shipments))
        compiled = compile_problem(problem)
        plan = solve(problem, replace(SHORT, engine=engine))
        assert weight(compiled, sequences(compiled, plan)) == brute_force(compiled)

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(data=st.data())
    def test_no_plan_is_better_than_one_called_proven(
        self, engine: str, problems: Callable[..., Any], data: st.DataObject
    ) -> None:
        """Where an engine says so, trying everything finds nothing that weighs less."""
        problem: Problem = data.draw(problems(most_shipments=2, most_vehicles=2))
        assume(sum(len(s.pickups) + 1 for s in problem.shipments) <= 5)
        compiled = compile_problem(problem)
        plan = solve(problem, replace(SHORT, engine=engine))
        if plan.proven:
            assert weight(compiled, sequences(compiled, plan)) == brute_force(compiled)

    def test_a_plan_is_there_when_time_is_up_at_once(self, engine: str, street: Any) -> None:
        """A budget too short for any search still yields a valid plan that serves what fits."""
        problem = street.problem([street.rider()], [street.order("A", 1, 2), street.order("B", 3, 4)])
        plan = solve(problem, Settings(engine=engine, seconds=0.001))
        assert check(problem, plan) == []

    def test_a_search_ends_when_no_more_is_wanted(self, engine: str, street: Any) -> None:
        """Whoever waits may stop at once: the plan there is by then is valid, long before the time is up."""
        problem = street.problem(
            [street.rider("R1"), street.rider("R2", start=19, end=19)],
            [street.order(f"O{k}", (7 * k) % 20, (3 * k + 5) % 20) for k in range(12)],
        )
        plan = solve(problem, Settings(engine=engine, seconds=3600), stopped=lambda: True)
        assert check(problem, plan) == []
        assert plan.routes

    def test_same_seed_and_iterations_give_the_same_plan(self, engine: str, street: Any) -> None:
        """A run bounded by iterations repeats stop for stop."""
        problem = street.problem(
            [street.rider("R1"), street.rider("R2", start=19, end=19)],
            [street.order(f"O{k}", (7 * k) % 20, (3 * k + 5) % 20) for k in range(8)],
        )
        runs = [solve(problem, Settings(engine=engine, seconds=30, iterations=40, seed=7)) for _ in range(2)]
        assert runs[0].routes == runs[1].routes

    def test_progress_tells_of_a_first_plan(self, engine: str, street: Any) -> None:
        """The callback hears of at least one plan, and the last it hears leaves no more out than the answer does."""
        heard: list[Any] = []
        problem = street.problem([street.rider()], [street.order("A", 1, 2)])
        plan = solve(problem, replace(SHORT, engine=engine), heard.append)
        assert heard
        assert heard[-1].unassigned == len(plan.unassigned)

    def test_no_vehicles_and_no_shipments_are_answers(self, engine: str, street: Any) -> None:
        """Nobody to ride, or nothing to bring, is an empty plan with reasons, not an error."""
        nobody = solve(street.problem([], [street.order("A", 1, 2)]), replace(SHORT, engine=engine))
        assert [u.code for u in nobody.unassigned] == ["no_rider"]
        nothing = solve(street.problem([street.rider()], []), replace(SHORT, engine=engine))
        assert (nothing.routes, nothing.cost) == ((), 0)


def sequences(compiled: Compiled, plan: Any) -> list[list[int]]:
    """A plan's routes as stop numbers."""
    shipments = {s.id: k for k, s in enumerate(compiled.problem.shipments)}
    routes: list[list[int]] = [[] for _ in compiled.riders]
    vehicles = {v.id: k for k, v in enumerate(compiled.problem.vehicles)}
    for route in plan.routes:
        for step in route.steps:
            if step.shipment is None:
                continue
            shipment: Shipment = compiled.problem.shipments[shipments[step.shipment]]
            names = [*(p.id for p in shipment.pickups), shipment.delivery.id]
            routes[vehicles[route.vehicle]].append(compiled.stops_of[shipments[step.shipment]][names.index(step.id)])
    return routes


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_insertion_is_never_better_than_the_optimum_nor_worse_than_leaving_all_out(
    problems: Callable[..., Any], data: st.DataObject
) -> None:
    """Greedy insertion lies between what trying everything finds and the empty plan."""
    problem: Problem = data.draw(problems(most_shipments=2, most_vehicles=2))
    assume(sum(len(s.pickups) + 1 for s in problem.shipments) <= 5)
    compiled = compile_problem(problem)
    found = weight(compiled, greedy.construct(compiled))
    empty = weight(compiled, [[] for _ in compiled.riders])
    assert found is not None
    assert empty is not None
    assert brute_force(compiled) <= found <= empty + sum(compiled.penalties)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_whatever_is_asked_two_shipments_are_served_as_well_as_can_be(
    problems: Callable[..., Any], data: st.DataObject
) -> None:
    """With every rule at once but second trips, the engine for rare rules finds what trying everything finds."""
    problem: Problem = data.draw(problems(most_shipments=2, most_vehicles=2, rare=True))
    problem = replace(problem, vehicles=tuple(replace(v, max_reloads=0) for v in problem.vehicles))
    assume(sum(len(s.pickups) + 1 for s in problem.shipments) <= 5)
    compiled = compile_problem(problem)
    plan = solve(problem, Settings(engine="rare", seconds=5, iterations=60))
    assert weight(compiled, sequences(compiled, plan)) == brute_force(compiled)


def test_an_unknown_engine_is_refused_by_name(street: Any) -> None:
    """The error names the setting and what there is to choose from."""
    with pytest.raises(ProblemError, match=r"settings\.engine") as refused:
        solve(street.problem([], []), Settings(engine="abacus"))
    assert refused.value.code == "engine.unknown"
