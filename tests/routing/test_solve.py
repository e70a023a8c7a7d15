"""Small problems whose best plan is known beforehand, for the engine that runs the day."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import pytest

from routing import Costs, Plan, Settings, Shipment, Task, Violation, solve
from routing.compiled import compile_problem
from routing.model import ProblemError
from routing.solving import InternalPlanError

QUICK = Settings(seconds=2, iterations=30)


def stops(plan: Plan) -> dict[Any, list[Any]]:
    return {r.vehicle: [s.id for s in r.steps if s.id is not None] for r in plan.routes}


def test_the_cost_is_that_of_the_shortest_way(street: Any) -> None:
    """Out to place 5 and back takes ten minutes, at 3600 an hour plus 70 a kilometre plus 500 for going at all."""
    rider = street.rider(costs=Costs(fixed=500, per_hour=3600, per_km=70))
    plan = solve(street.problem([rider], [street.order("A", 2, 5), street.order("B", 3, 4)]), QUICK)
    assert plan.cost == 500 + 600 + 70
    assert plan.cost_split == {"fixed": 500, "time": 600, "distance": 70, "lateness": 0, "penalty": 0}
    assert plan.engine.startswith("kernel")


def test_work_costs_what_it_is_said_to_cost(street: Any) -> None:
    """Setup and service are paid by per_task_hour, waiting by nothing."""
    rider = street.rider(costs=Costs(per_hour=0, per_task_hour=3600), window=(0, 9000))
    order = street.order("A", 1, 2, setup=50, service=20, windows=((3000, 3000),))
    assert solve(street.problem([rider], [order]), QUICK).cost == 70


def test_the_cheaper_of_two_riders_goes(street: Any) -> None:
    """Unlike vehicles: the one whose fixed, hourly and speed figures come to less takes the work."""
    riders = [
        street.rider("dear", costs=Costs(fixed=400)),
        street.rider("slow", costs=Costs(fixed=100), speed_factor=0.5),
        street.rider("good", costs=Costs(fixed=100)),
    ]
    assert list(stops(solve(street.problem(riders, [street.order("A", 2, 5)]), QUICK))) == ["good"]


def test_each_rider_travels_by_their_own_profile(street: Any) -> None:
    """A profile with a slower matrix loses against a faster one."""
    slow = street.matrix()
    matrices = {"car": street.matrix(), "foot": replace(slow, durations=slow.durations * 5)}
    riders = [street.rider("walker", profile="foot"), street.rider("driver")]
    plan = solve(street.problem(riders, [street.order("A", 2, 5)], matrices=matrices), QUICK)
    assert list(stops(plan)) == ["driver"]


def test_a_preferred_rider_goes_unless_it_costs_too_much(street: Any) -> None:
    """A small detour is worth a preference, half an hour is not; a preference is in no cost."""
    near, far = street.rider("near"), street.rider("far", start=1, end=1)
    order = street.order("A", 0, 1, preferred_vehicles=frozenset({"far"}))
    plan = solve(street.problem([near, far], [order]), QUICK)
    assert list(stops(plan)) == ["far"]
    assert plan.cost == 120
    distant = replace(far, start=19, end=19)
    assert list(stops(solve(street.problem([near, distant], [order]), QUICK))) == ["near"]


def test_what_matters_more_is_served_first(street: Any) -> None:
    """With room for one, the order of higher priority goes, however far it is."""
    rider = street.rider(max_tasks=2)
    orders = [street.order("near", 0, 1), street.order("far", 10, 19, priority=1)]
    plan = solve(street.problem([rider], orders), QUICK)
    assert stops(plan) == {"R1": ["far/p", "far"]}
    assert [u.shipment for u in plan.unassigned] == ["near"]


def test_a_penalty_outweighs_any_detour_and_grows_with_priority(street: Any) -> None:
    """Unless stated, leaving out an order of priority p weighs (1 + p) times more than its dearest way could cost."""
    rider = street.rider(costs=Costs(fixed=900, per_hour=3600, per_km=1000))
    orders = [street.order("A", 0, 19), street.order("B", 0, 19, priority=9), street.order("C", 0, 19, penalty=5)]
    plain, important, stated = compile_problem(street.problem([rider], orders)).penalties
    assert plain > 900 + 2 * 19 * 60 + 2 * 1900
    assert (important, stated) == (10 * plain, 5)


def test_a_stated_penalty_is_weighed_against_the_cost(street: Any) -> None:
    """An order that costs more than leaving it out stays out, and its penalty is part of the cost."""
    cheap, dear = (street.order(x, 0, 10, penalty=p) for x, p in (("cheap", 1199), ("dear", 1201)))
    left = solve(street.problem([street.rider()], [cheap]), QUICK)
    assert (left.routes, left.cost, left.cost_split["penalty"]) == ((), 1199, 1199)
    taken = solve(street.problem([street.rider()], [dear]), QUICK)
    assert (taken.cost, taken.cost_split["penalty"]) == (1200, 0)


def test_an_order_of_several_sellers_is_collected_before_it_is_brought(street: Any) -> None:
    """All pickups come before the one delivery, in the shortest order, by one rider."""
    order = Shipment(
        id="A",
        pickups=tuple(Task(id=f"p{k}", index=k) for k in (9, 3, 6)),
        delivery=Task(id="A", index=10),
        amounts=((1,), (2,), (3,)),
    )
    plan = solve(street.problem([street.rider("R1"), street.rider("R2")], [order]), QUICK)
    assert stops(plan) == {"R1": ["p3", "p6", "p9", "A"]}
    assert plan.routes[0].steps[-2].load == (0,)


def test_the_second_window_is_used_when_the_first_is_over(street: Any) -> None:
    """A customer at home morning and evening is visited in the evening by a rider who starts at noon."""
    order = street.order("A", 0, 5, windows=((0, 1000), (5000, 6000)))
    plan = solve(street.problem([street.rider(window=(2000, 9000))], [order]), QUICK)
    assert [s.arrival + s.waiting_time for s in plan.routes[0].steps if s.id == "A"] == [5000]


def test_a_ride_limit_makes_the_rider_collect_late(street: Any) -> None:
    """Chilled goods for a late window are picked up late, though the rider passes the shop early."""
    order = street.order("cold", 5, 6, windows=((4000, 4000),), max_ride_time=60)
    first = street.order("early", 5, 7, windows=((420, 420),))
    plan = solve(street.problem([street.rider(window=(0, 9000))], [order, first]), QUICK)
    assert plan.unassigned == ()
    times = {s.id: s.arrival + s.waiting_time for s in plan.routes[0].steps if s.id}
    assert times["cold"] - times["cold/p"] == 60


@pytest.mark.parametrize(("start", "end", "seconds"), [(None, 0, 300), (0, None, 300), (None, None, 180)])
def test_open_sides_cost_nothing(street: Any, start: int | None, end: int | None, seconds: int) -> None:
    """A route without start or end travels only between what it has."""
    rider = street.rider(start=start, end=end)
    orders = [street.order("A", 5, 2)] if start is None else [street.order("A", 2, 5)]
    assert solve(street.problem([rider], orders), QUICK).routes[0].duration == seconds


def test_goods_collected_do_not_stand_in_for_goods_aboard(street: Any) -> None:
    """What a job brings back cannot be what another job was to get: both count against the capacity."""
    give = Shipment(id="give", pickups=(), delivery=Task(id="give", index=2), amounts=((6,),))
    take = Shipment(id="take", pickups=(), delivery=Task(id="take", index=1), amounts=(), collected=(6,))
    plan = solve(street.problem([street.rider()], [give, take]), QUICK)
    assert stops(plan) == {"R1": ["give", "take"]}


def test_forty_orders_are_planned_with_every_rule_at_once(street: Any) -> None:
    """A wave of mixed orders gets a plan that leaves nothing out when there is room."""
    riders = [street.rider(f"R{k}", capacity=(12,), window=(0, 14400), max_tasks=40) for k in range(4)]
    orders = [
        street.order(f"O{k}", k % 5, 5 + (k * 7) % 15, amount=(1 + k % 3,), windows=((0, 7200 + 120 * k),), service=60)
        for k in range(40)
    ]
    plan = solve(street.problem(riders, orders), Settings(seconds=3, iterations=60))
    assert plan.unassigned == ()


def test_a_broken_plan_is_our_fault_and_says_so() -> None:
    """The internal error carries the engine's name and the violations."""
    error = InternalPlanError("kernel", [Violation(cause="capacity", route="R1", step=2, amount=4)])
    assert error.violations[0].cause == "capacity"
    assert "kernel" in str(error)


def test_errors_come_whole_out_of_a_worker_process() -> None:
    """An error of a search says the same after it was pickled: one that cannot be unpickled ends its whole pool."""
    violation = Violation(cause="capacity", route="R1", step=2, amount=4)
    for error in (
        InternalPlanError("kernel", [violation]),
        ProblemError("vehicles[0]", "capacity.negative", "below 0"),
    ):
        back = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
        assert (type(back), str(back), back.__dict__) == (type(error), str(error), error.__dict__)
