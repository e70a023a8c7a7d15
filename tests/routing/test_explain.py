"""Reasons are true: alone in the vehicle the order really fails by that rule, and relaxing it by the figure helps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing import UNREACHABLE, Matrix, Problem, Reason, Settings, Shipment, Task, Unassigned, Vehicle, sentence, solve

GREEDY = Settings(engine="greedy")


def only(problem: Problem) -> Unassigned:
    (left_out,) = solve(problem, GREEDY).unassigned
    return left_out


def vehicle(problem: Problem, **change: Any) -> Problem:
    return replace(problem, vehicles=tuple(replace(v, **change) for v in problem.vehicles))


def shipment(problem: Problem, **change: Any) -> Problem:
    return replace(problem, shipments=tuple(replace(s, **change) for s in problem.shipments))


def served(problem: Problem) -> bool:
    return not solve(problem, GREEDY).unassigned


CASES: dict[str, tuple[dict[str, Any], dict[str, Any], Reason, Callable[[Problem, Any], Problem], tuple[str, str]]] = {
    "weight": (
        {"amount": (14,)},
        {},
        Reason.CAPACITY,
        lambda p, r: vehicle(p, capacity=(10 + r.excess[0],)),
        ("เกินน้ำหนัก 0.1 กก.", "0.1 kg over"),
    ),
    "a window that closes too early": (
        {"windows": ((0, 200),)},
        {},
        Reason.TIME_WINDOW,
        lambda p, r: shipment(p, delivery=replace(p.shipments[0].delivery, windows=((0, 200 + r.seconds),))),
        ("ไปไม่ทันเวลานัด ช้าไป 2 นาที", "2 min too late for its time window"),
    ),
    "a shift that ends too early": (
        {},
        {"window": (0, 500)},
        Reason.SHIFT,
        lambda p, r: vehicle(p, window=(0, 500 + r.seconds)),
        ("เวลาทำงานของไรเดอร์ไม่พอ ขาดอีก 2 นาที", "2 min outside the rider's shift"),
    ),
    "a shift that begins too late": (
        {"windows": ((0, 400),)},
        {"window": (500, 9000)},
        Reason.SHIFT,
        lambda p, r: vehicle(p, window=(500 - r.seconds, 9000)),
        ("เวลาทำงานของไรเดอร์ไม่พอ ขาดอีก 7 นาที", "7 min outside the rider's shift"),
    ),
    "a limit of hours": (
        {},
        {"max_travel_time": 540},
        Reason.MAX_TRAVEL_TIME,
        lambda p, r: vehicle(p, max_travel_time=540 + r.seconds),
        ("เดินทางนานเกินกำหนด 1 นาที", "1 min over the longest travel time"),
    ),
    "a limit of kilometres": (
        {},
        {"max_distance": 400},
        Reason.MAX_DISTANCE,
        lambda p, r: vehicle(p, max_distance=400 + r.metres),
        ("ไกลเกินกำหนด 0.6 กม.", "0.6 km over the longest distance"),
    ),
    "a limit of stops": (
        {},
        {"max_tasks": 1},
        Reason.MAX_TASKS,
        lambda p, r: vehicle(p, max_tasks=2),
        ("เกินจำนวนจุดจอดที่ไรเดอร์รับได้", "more stops than a rider takes"),
    ),
    "goods that spoil": (
        {"max_ride_time": 100},
        {},
        Reason.MAX_RIDE_TIME,
        lambda p, r: shipment(p, max_ride_time=100 + r.seconds),
        ("ของอยู่บนรถนานเกินกำหนด 2 นาที", "2 min too long on the road for these goods"),
    ),
    "a skill nobody has": (
        {"skills": frozenset({"cold"})},
        {},
        Reason.SKILL,
        lambda p, r: vehicle(p, skills=frozenset({"cold"})),
        ("ไม่มีไรเดอร์ที่ส่งของแบบนี้ได้", "no rider has the skills it needs"),
    ),
    "a rider it refuses": (
        {"forbidden_vehicles": frozenset({"R1"})},
        {},
        Reason.REFUSED,
        lambda p, r: shipment(p, forbidden_vehicles=frozenset()),
        ("ไรเดอร์ที่มีไม่รับออเดอร์นี้", "no rider may take this order"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_reason_is_the_rule_that_binds(name: str, street: Any) -> None:
    """The order is out for the stated reason; relaxed by the stated figure it is in, by one less it is not."""
    order_rules, rider_rules, code, relax, (th, en) = CASES[name]
    problem = street.problem([street.rider(**rider_rules)], [street.order("A", 2, 5, **order_rules)])
    left_out = only(problem)
    assert left_out.code is code
    (reason,) = left_out.vehicles
    assert reason.code is code
    assert dict(sentence(left_out, problem)) == {"th": th, "en": en}
    assert served(relax(problem, reason))
    if reason.seconds:
        assert not served(relax(problem, replace(reason, seconds=reason.seconds - 1)))
    if reason.excess:
        assert not served(relax(problem, replace(reason, excess=tuple(x - 1 for x in reason.excess))))


def test_an_island_is_unreachable(street: Any) -> None:
    """Where the matrix has no way, that is the reason."""
    durations = street.matrix().durations.copy()
    durations[:5, 5] = durations[5, :5] = UNREACHABLE
    problem = street.problem(
        [street.rider()],
        [street.order("A", 2, 5)],
        matrices={"car": Matrix(durations=durations, distances=street.matrix().distances)},
    )
    left_out = only(problem)
    assert left_out.code is Reason.UNREACHABLE
    assert sentence(left_out, problem)["th"] == "ไม่มีเส้นทางไปถึง"


def test_what_lost_to_others_is_a_matter_of_priority(street: Any) -> None:
    """An order that fits alone, but not beside a weightier one, says so; the rider says what is short, and the cost."""
    orders = [
        street.order("A", 0, 5, amount=(7,), priority=9),
        street.order("B", 0, 5, amount=(4,), windows=((0, 400),)),
    ]
    problem = street.problem([street.rider(window=(0, 650))], orders)
    left_out = only(problem)
    assert (left_out.shipment, left_out.code) == ("B", Reason.PRIORITY)
    (reason,) = left_out.vehicles
    assert (reason.code, reason.excess, reason.added_cost) == (Reason.CAPACITY, (1,), 600)
    assert served(replace(problem, shipments=problem.shipments[1:]))
    assert sentence(left_out, problem)["en"] == "the riders are full; other orders went first"


def test_the_overall_reason_is_what_most_riders_say(street: Any) -> None:
    """Two riders are too small and one lacks the skill to be asked: capacity, told by the nearest miss."""
    riders = [
        street.rider("R1", capacity=(2,)),
        street.rider("R2", capacity=(3,)),
        street.rider("R3"),
    ]
    order = street.order("A", 1, 2, amount=(3500,), forbidden_vehicles=frozenset({"R3"}))
    problem = street.problem(riders, [order])
    left_out = only(problem)
    assert [r.code for r in left_out.vehicles] == [Reason.CAPACITY, Reason.CAPACITY, Reason.REFUSED]
    assert left_out.code is Reason.CAPACITY
    assert dict(sentence(left_out, problem)) == {"th": "เกินน้ำหนัก 3.5 กก.", "en": "3.5 kg over"}


def test_both_weight_and_volume_are_told() -> None:
    """Every dimension that is over is in the sentence, one of ours in people's units, any other by its name."""
    table = np.zeros((1, 1), dtype=np.int32)
    task = Task(id="d", index=0)
    bulky = Shipment(id="A", pickups=(replace(task, id="p"),), delivery=task, amounts=((14_000, 90_000, 3),))
    problem = Problem(
        vehicles=(Vehicle(id=1, start=0, end=0, capacity=(10_000, 70_000, 1)),),
        shipments=(bulky,),
        matrices={"car": Matrix(durations=table, distances=table)},
        dimensions=("weight_g", "volume_ml", "eggs"),
    )
    assert dict(sentence(only(problem), problem)) == {
        "th": "เกินน้ำหนัก 4 กก. และเกินปริมาตร 20 ลิตร และเกิน eggs 2",
        "en": "4 kg over and 20 litres over and 2 eggs over",
    }


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_what_does_not_fit_alone_is_never_served_alone(problems: Any, data: st.DataObject) -> None:
    """For any problem: a reason other than priority means that the order by itself finds no place either."""
    problem: Problem = data.draw(problems())
    problem = replace(problem, shipments=tuple(replace(s, penalty=None) for s in problem.shipments))
    plan = solve(problem, GREEDY)
    for left_out in plan.unassigned:
        mine = tuple(s for s in problem.shipments if s.id == left_out.shipment)
        alone = solve(replace(problem, shipments=mine), GREEDY)
        assert bool(alone.unassigned) == (left_out.code is not Reason.PRIORITY)
        assert set(sentence(left_out, problem)) == {"th", "en"}
