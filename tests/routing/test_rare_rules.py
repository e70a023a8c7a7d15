"""The rules that few problems ask for: each is read, honoured, and found broken where a plan breaks it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing import Plan, Problem, Settings, check, solve
from routing.model import Churn
from routing.vroom import check_document, problem_from_json, solve_document

RARE = Settings(engine="rare", seconds=5, iterations=60)

PLACES = 20


def street(**change: Any) -> dict[str, Any]:
    """A street whose place k lies k minutes from place 0: two riders at its start, four jobs along it."""
    table = [[60 * abs(a - b) for b in range(PLACES)] for a in range(PLACES)]
    doc: dict[str, Any] = {
        "vehicles": [{"id": v, "start_index": 0, "end_index": 0, "capacity": [4]} for v in (1, 2)],
        "jobs": [{"id": k, "location_index": k, "service": 60, "delivery": [1]} for k in (2, 4, 6, 8)],
        "matrices": {"car": {"durations": table}},
    }
    return doc | change


def with_vehicle(**change: Any) -> dict[str, Any]:
    """The street with one rider."""
    return street(vehicles=[{"id": 1, "start_index": 0, "end_index": 0, "capacity": [4]} | change])


def with_job(**change: Any) -> dict[str, Any]:
    doc = with_vehicle()
    doc["jobs"][0] |= change
    return doc


def before(*jobs: int, vehicle: int = 1, lock: str = "none", late: int = 0) -> dict[str, Any]:
    """A plan in which one rider does these jobs in this order, each begun `late` seconds after arrival."""
    arrivals, now, at = [], 0, 0
    for k in jobs:
        now += 60 * abs(k - at)
        arrivals.append(now)
        now, at = now + 60, k
    steps = [{"type": "job", "id": k, "arrival": t, "waiting_time": late} for k, t in zip(jobs, arrivals, strict=True)]
    return {"routes": [{"vehicle": vehicle, "lock": lock, "steps": steps}]}


def grouped(doc: dict[str, Any], *jobs: int) -> dict[str, Any]:
    for job in doc["jobs"]:
        if job["id"] in jobs:
            job["group"] = "family"
    return doc


def apart(doc: dict[str, Any]) -> dict[str, Any]:
    """The near jobs for the first rider, the far ones for the second."""
    for job in doc["jobs"]:
        job["allowed_vehicles"] = [1 if job["id"] < 5 else 2]
    return doc


LUNCH = {"id": 7, "service": 300, "time_windows": [[600, 660]]}
DEPOT = {"location_index": 0, "service": 120}

CASES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "a break is taken": (with_vehicle(), with_vehicle(breaks=[LUNCH]), "missing_break"),
    "a break begins in its window": (
        with_vehicle(breaks=[{**LUNCH, "time_windows": [[0, 60]]}]),
        with_vehicle(breaks=[LUNCH]),
        "time_window",
    ),
    "a break lasts": (with_vehicle(breaks=[{**LUNCH, "service": 60}]), with_vehicle(breaks=[LUNCH]), "schedule"),
    "a break wants little aboard": (
        with_vehicle(breaks=[{"id": 7, "service": 60, "time_windows": [[0, 0]]}]),
        with_vehicle(breaks=[{"id": 7, "service": 60, "time_windows": [[0, 3600]], "max_load": [1]}]),
        "max_load",
    ),
    "a type of vehicle takes longer": (
        with_vehicle(type="salad"),
        with_job(service_per_type={"salad": 90}) | {"vehicles": with_vehicle(type="salad")["vehicles"]},
        "schedule",
    ),
    "a type of vehicle sets up longer": (
        with_vehicle(type="salad"),
        with_job(setup_per_type={"salad": 30}) | {"vehicles": with_vehicle(type="salad")["vehicles"]},
        "schedule",
    ),
    "legs cost what the matrix says": (
        with_vehicle(),
        with_vehicle()
        | {"matrices": {"car": street()["matrices"]["car"] | {"costs": [[7] * PLACES for _ in range(PLACES)]}}},
        "cost",
    ),
    "a vehicle bounds every ride": (with_vehicle(), with_vehicle(max_ride_time=400), "max_ride_time"),
    "a reload depot is the vehicle's own": (
        with_vehicle(capacity=[2], reload_depots=[DEPOT]),
        with_vehicle(capacity=[2]),
        "unknown_id",
    ),
    "reloads are counted": (
        with_vehicle(capacity=[1], reload_depots=[DEPOT]),
        with_vehicle(capacity=[1], reload_depots=[DEPOT], max_reloads=2),
        "reloads",
    ),
    "loading again takes time": (
        with_vehicle(capacity=[2], reload_depots=[DEPOT]),
        with_vehicle(capacity=[2], reload_depots=[{**DEPOT, "service": 240}]),
        "schedule",
    ),
    "each trip has room for so much": (
        with_vehicle(capacity=[2], reload_depots=[DEPOT]),
        with_vehicle(capacity=[1], reload_depots=[DEPOT]),
        "capacity",
    ),
    "after a soft end it costs": (
        with_vehicle(),
        with_job(soft_end=0, cost_per_hour_after_soft_end=7200),
        "cost",
    ),
    "a group has one rider": (apart(street()), grouped(street(), 2, 8), "group"),
    "a locked order keeps its rider": (
        apart(street()),
        street(previous=before(2, 8, lock="vehicle")),
        "lock",
    ),
    "a locked sequence comes first": (
        with_vehicle(),
        with_vehicle() | {"previous": before(6, 2, lock="sequence")},
        "lock",
    ),
    "only so many change their rider": (
        apart(street()),
        street(previous=before(8, 6, 4, 2), churn={"max_moved": 1}),
        "churn",
    ),
    "only so many change their time": (
        with_vehicle(),
        with_vehicle() | {"previous": before(2, 4, 6, 8, late=4000), "churn": {"max_moved": 3, "max_shift": 600}},
        "churn",
    ),
}

LEFT_OUT = {
    "a vehicle bounds every ride": 2,
    "a reload depot is the vehicle's own": 2,
    "reloads are counted": 1,
    "only so many change their time": 1,
}


@pytest.mark.parametrize("name", CASES)
def test_a_plan_that_breaks_the_rule_is_found_out_and_the_engine_keeps_it(name: str) -> None:
    """A plan made without the rule is named by its cause; one made with it is right, and serves what can be."""
    without, with_rule, cause = CASES[name]
    easy = solve_document(without, RARE)
    assert easy["code"] == 0
    assert check_document(without, easy) == []
    assert cause in {v["cause"] for v in check_document(with_rule, easy)}
    kept = solve_document(with_rule, RARE)
    assert check_document(with_rule, kept) == []
    assert kept["summary"]["unassigned"] == LEFT_OUT.get(name, 0)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_no_plan_breaks_any_rule(problems: Callable[..., Any], data: st.DataObject) -> None:
    """Whatever is asked for at once, the plan passes the check."""
    problem: Problem = data.draw(problems(rare=True))
    plan = solve(problem, Settings(engine="rare", seconds=1, iterations=10))
    assert check(problem, plan) == []


def steps(answer: dict[str, Any], vehicle: int = 1) -> list[tuple[str, Any]]:
    (route,) = (r for r in answer["routes"] if r["vehicle"] == vehicle)
    return [(s["type"], s.get("id")) for s in route["steps"][1:-1]]


def test_a_break_may_lie_on_the_way() -> None:
    """A break in the middle of a leg costs its time and no detour; its duration says how much of the leg is done."""
    doc = with_vehicle(breaks=[{"id": 7, "service": 300, "time_windows": [[90, 90]]}])
    answer = solve_document(doc, RARE)
    assert answer["summary"]["duration"] == 960
    (rest,) = (s for s in answer["routes"][0]["steps"] if s["type"] == "break")
    assert (rest["arrival"], rest["duration"], rest["service"]) == (90, 90, 300)


def test_more_than_a_load_is_brought_in_two_trips() -> None:
    """With room for two, four jobs take one visit to the depot, and what is collected is set down there."""
    doc = with_vehicle(capacity=[2], reload_depots=[DEPOT])
    for job in doc["jobs"]:
        job["pickup"] = [1]
    answer = solve_document(doc, RARE)
    route = steps(answer)
    assert [kind for kind, _ in route] == ["job", "job", "reload", "job", "job"]
    assert answer["routes"][0]["steps"][3]["load"] == [2]
    assert answer["summary"]["duration"] == 960 + 480


def test_a_stop_after_its_soft_end_is_paid_for_and_avoided() -> None:
    """The job that is due goes first where being late costs more than the way; what is late stands in the split."""
    doc = with_vehicle()
    doc["jobs"][3] |= {"soft_end": 480, "cost_per_hour_after_soft_end": 36000}
    answer = solve_document(doc, RARE)
    assert steps(answer)[0] == ("job", 8)
    assert answer["summary"]["cost_split"]["lateness"] == 0
    doc["jobs"][3]["soft_end"] = 0
    assert solve_document(doc, RARE)["summary"]["cost_split"]["lateness"] == 480 * 10


def test_an_even_share_counts_the_weeks_before() -> None:
    """Without weight one rider goes; with it both do; and who worked more before is spared."""
    doc = street()
    assert solve_document(doc, RARE)["summary"]["routes"] == 1
    doc["balance"] = {"tasks": 1000}
    assert solve_document(doc, RARE)["summary"]["routes"] == 2
    doc["vehicles"][0]["worked"] = {"tasks": 40}
    answer = solve_document(doc, RARE)
    assert [(r["vehicle"], len(r["steps"])) for r in answer["routes"]] == [(2, 6)]


def test_a_plan_before_is_kept_where_moving_costs() -> None:
    """Two riders share what one could do for less: without churn it is one rider's, with it nothing moves."""
    doc = street(previous=before(8, 6))
    doc["previous"]["routes"] += before(2, 4, vehicle=2)["routes"]
    assert solve_document(doc, RARE)["summary"]["routes"] == 1
    doc["churn"] = {"cost_per_moved": 10_000}
    answer = solve_document(doc, RARE)
    assert {k for _, k in steps(answer, 1)} == {8, 6}
    assert {k for _, k in steps(answer, 2)} == {2, 4}


def test_a_locked_beginning_may_be_continued() -> None:
    """What is loaded stays first; what comes later is put where it costs least behind it."""
    doc = with_vehicle() | {"previous": before(6, 2, lock="sequence")}
    assert [k for _, k in steps(solve_document(doc, RARE))][:2] == [6, 2]


def test_what_was_on_a_vehicle_that_is_no_more_has_to_move() -> None:
    """The churn limit counts nobody whose rider fell out, so that all are served."""
    doc = with_vehicle() | {"previous": before(2, 4, 6, 8, vehicle=9), "churn": {"max_moved": 0}}
    assert solve_document(doc, RARE)["summary"]["unassigned"] == 0


def test_the_search_may_start_from_the_vehicles_steps() -> None:
    """As in VROOM, steps are where the search starts, and bind nobody; the greedy engine keeps what it is given."""
    doc = with_vehicle(steps=[{"type": "start"}, *({"type": "job", "id": k} for k in (8, 2, 6, 4)), {"type": "end"}])
    assert [k for _, k in steps(solve_document(doc, Settings(engine="greedy")))] == [8, 2, 6, 4]
    assert solve_document(doc, RARE)["summary"]["duration"] == 960


def test_a_shift_counts_as_a_move(street: Any) -> None:
    """A plan that keeps the rider and delivers an hour later has moved the order."""
    problem = street.problem([street.rider()], [street.order("A", 1, 2)])
    plan: Plan = solve(problem, RARE)
    told = problem_from_json(with_vehicle() | {"previous": before(2)}).previous[0]
    late = replace(told, vehicle="R1", visits=(replace(told.visits[0], shipment="A", begin=9000),))
    for shift, causes in ((600, {"churn"}), (9000, set())):
        stricter = replace(problem, previous=(late,), churn=Churn(max_moved=0, max_shift=shift))
        assert {v.cause for v in check(stricter, plan)} == causes
