"""VROOM's JSON: read, solved, written, read again, checked; and every mistake named by its path."""

from __future__ import annotations

import copy
import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing import Problem, Settings, check, solve
from routing.model import UNREACHABLE
from routing.vroom import (
    DocumentError,
    check_document,
    plan_from_json,
    plan_to_json,
    problem_from_json,
    solve_document,
)

GREEDY = Settings(engine="greedy")

MARKET: dict[str, Any] = {
    "dimensions": ["weight_g", "volume_ml"],
    "vehicles": [
        {
            "id": "R4",
            "profile": "motorcycle",
            "start": [99.3257, 9.1463],
            "start_index": 0,
            "end": [99.3257, 9.1463],
            "end_index": 0,
            "capacity": [120000, 500000],
            "skills": [1],
            "time_window": [37800, 48600],
            "max_tasks": 20,
            "max_travel_time": 9000,
            "costs": {"fixed": 3600, "per_hour": 3600, "per_km": 0},
        }
    ],
    "shipments": [
        {
            "amount": [1000, 2200],
            "skills": [1],
            "priority": 10,
            "max_ride_time": 3600,
            "pickup": {
                "id": "SR-0001/S03",
                "location": [99.3407, 9.1537],
                "location_index": 1,
                "setup": 120,
                "service": 300,
                "time_windows": [[37800, 43200]],
            },
            "delivery": {
                "id": "SR-0001",
                "location": [99.3257, 9.1461],
                "location_index": 2,
                "service": 180,
                "time_windows": [[39600, 46800]],
            },
        }
    ],
    "matrices": {
        "motorcycle": {
            "durations": [[0, 420, 60], [430, 0, 410], [60, 400, 0]],
            "distances": [[0, 2100, 300], [2150, 0, 2050], [300, 2000, 0]],
        }
    },
}

TABLE = {"car": {"durations": [[0, 100, 200], [100, 0, 100], [200, 100, 0]]}}


def market(**change: Any) -> dict[str, Any]:
    return copy.deepcopy(MARKET) | change


def test_the_documented_example_costs_what_it_should() -> None:
    """The market's example: 3600 for going, 890 seconds of travel at 3600 an hour, leaving to arrive in time."""
    answer = solve_document(market(), GREEDY)
    summary = answer["summary"]
    assert (answer["code"], summary["cost"], summary["duration"], summary["distance"]) == (0, 4490, 890, 4450)
    assert summary["cost_split"] == {"fixed": 3600, "time": 890, "distance": 0, "lateness": 0, "penalty": 0}
    (route,) = answer["routes"]
    assert [(s["type"], s.get("id"), s["arrival"], s["load"]) for s in route["steps"]] == [
        ("start", None, 38350, [0, 0]),
        ("pickup", "SR-0001/S03", 38770, [1000, 2200]),
        ("delivery", "SR-0001", 39600, [0, 0]),
        ("end", None, 39840, [0, 0]),
    ]
    assert route["steps"][1]["location"] == [99.3407, 9.1537]
    assert answer["unassigned"] == answer["explanations"] == []
    assert check_document(market(), answer) == []


JOBS: dict[str, Any] = {
    "vehicles": [
        {
            "id": 1,
            "start_index": 0,
            "end_index": 0,
            "capacity": [5],
            "costs": {"fixed": 10, "per_hour": 3600, "per_km": 0, "per_task_hour": 3600},
        }
    ],
    "jobs": [
        {"id": 1, "location_index": 0, "setup": 50, "service": 10},
        {
            "id": 2,
            "location_index": 1,
            "setup": 50,
            "service": 10,
            "delivery": [2],
            "pickup": [1],
            "time_windows": [[1000, 1100]],
        },
        {"id": 3, "location_index": 1, "setup": 50, "service": 10, "time_windows": [[3000, 4000]]},
    ],
    "matrices": TABLE,
}


def vroom_step(kind: str, id_: int | None, at: int, arrival: int, **rest: int) -> dict[str, Any]:
    named = {} if id_ is None else {"id": id_, "job": id_}
    figures = {"setup": 0, "service": 0, "waiting_time": 0, "duration": 0} | rest
    return {"type": kind, "location_index": at, "arrival": arrival, **named, **figures, "violations": []}


JOBS_BY_VROOM: dict[str, Any] = {
    "code": 0,
    "summary": {"cost": 290, "routes": 1, "unassigned": 0, "setup": 50, "service": 30, "duration": 200},
    "unassigned": [],
    "routes": [
        {
            "vehicle": 1,
            "cost": 290,
            "setup": 50,
            "service": 30,
            "duration": 200,
            "waiting_time": 1840,
            "steps": [
                vroom_step("start", None, 0, 990),
                vroom_step("job", 1, 0, 990, service=10),
                vroom_step("job", 2, 1, 1100, setup=50, service=10, duration=100),
                vroom_step("job", 3, 1, 1160, service=10, waiting_time=1840, duration=100),
                vroom_step("end", None, 0, 3110, duration=200),
            ],
        }
    ],
}
"""What VROOM 1.15.2 answers to JOBS: no setup at the start's place, a shared one at place 1, the latest departure."""


def test_our_figures_are_vrooms() -> None:
    """Times, setups, waiting and cost of a problem of jobs agree with what VROOM itself answers."""
    ours = solve_document(JOBS, GREEDY)
    theirs = JOBS_BY_VROOM["routes"][0]
    (route,) = ours["routes"]
    for key in ("cost", "setup", "service", "duration", "waiting_time"):
        assert route[key] == theirs[key], key
    keys = ("type", "location_index", "arrival", "setup", "service", "waiting_time", "duration")
    assert [[s[k] for k in keys] for s in route["steps"]] == [[s[k] for k in keys] for s in theirs["steps"]]
    assert (route["delivery"], route["pickup"], route["amount"]) == ([2], [1], [2])
    assert [s["load"] for s in route["steps"]] == [[2], [2], [1], [1], [1]]


def test_a_plan_of_vroom_is_checked_as_it_stands() -> None:
    """VROOM's plan, which says nothing of distances, has no violations; one that skips a job has."""
    assert check_document(JOBS, JOBS_BY_VROOM) == []
    shorter = copy.deepcopy(JOBS_BY_VROOM)
    del shorter["routes"][0]["steps"][1]
    assert ("missing", 1) in {(v["cause"], v["detail"].get("shipment")) for v in check_document(JOBS, shorter)}


def test_a_tampered_plan_names_cause_route_step_and_amount() -> None:
    """A delivery put off until after its window is found at its step, with the seconds it is late."""
    plan = solve_document(market(), GREEDY)
    plan["routes"][0]["steps"][2]["arrival"] = 46801
    found = check_document(market(), plan)
    assert {"cause": "time_window", "route": "R4", "step": 2, "amount": 1, "detail": {}} in found


def test_what_is_left_out_is_listed_task_by_task_and_explained_once() -> None:
    """VROOM counts tasks; the explanation stands beside, by the delivery's id, in two languages."""
    doc = market()
    doc["shipments"][0]["amount"] = [124000, 2200]
    answer = solve_document(doc, GREEDY)
    assert answer["summary"]["unassigned"] == 2
    assert [(u["id"], u["type"]) for u in answer["unassigned"]] == [("SR-0001", "delivery"), ("SR-0001/S03", "pickup")]
    assert answer["explanations"] == [
        {
            "id": "SR-0001",
            "type": "shipment",
            "code": "capacity",
            "message": {"th": "เกินน้ำหนัก 4 กก.", "en": "4 kg over"},
            "vehicles": [{"id": "R4", "code": "capacity", "excess": [4000, 0]}],
            "fix": {
                "code": "lighter",
                "amount": [4000, 0],
                "vehicle": "R4",
                "added_cost": 4490,
                "positions": [0, 1],
                "message": {"th": "ลดของลง 4 กก. แล้วให้ R4 ส่ง", "en": "4 kg lighter, with R4"},
            },
        }
    ]
    assert check_document(doc, answer) == []


def test_absolute_timestamps_are_times_too() -> None:
    """Windows in seconds since 1970 come back as such."""
    doc = copy.deepcopy(JOBS)
    for job in doc["jobs"]:
        job["time_windows"] = [[1_795_000_000, 1_795_003_600]]
    for engine in ("greedy", "ortools"):
        answer = solve_document(doc, Settings(engine=engine, seconds=1, iterations=10))
        assert answer["summary"]["unassigned"] == 0
        assert answer["routes"][0]["steps"][0]["arrival"] > 1_794_999_000


def test_ids_of_jobs_and_deliveries_may_be_the_same() -> None:
    """A job 1, a pickup 1 and a delivery 1 are three tasks, and stay told apart from problem to checked plan."""
    doc = {
        "vehicles": [{"id": 1, "start_index": 0}],
        "jobs": [{"id": 1, "location_index": 2}],
        "shipments": [{"pickup": {"id": 1, "location_index": 1}, "delivery": {"id": 1, "location_index": 2}}],
        "matrices": TABLE,
    }
    answer = solve_document(doc, GREEDY)
    (route,) = answer["routes"]
    assert sorted(s["type"] for s in route["steps"]) == ["delivery", "end", "job", "pickup", "start"]
    assert check_document(doc, answer) == []


def test_a_single_matrix_serves_every_profile() -> None:
    """VROOM's old form: one table of durations."""
    doc = {"vehicles": [{"id": 1, "start_index": 0}], "jobs": [{"id": 1, "location_index": 2}]}
    answer = solve_document(doc | {"matrix": TABLE["car"]["durations"]}, GREEDY)
    assert answer["summary"]["duration"] == 200


def test_without_matrices_travel_is_estimated_between_coordinates() -> None:
    """Places are coordinates, and barriers of the document are respected."""
    doc: dict[str, Any] = {
        "vehicles": [{"id": 1, "start": [99.30, 9.14]}],
        "jobs": [{"id": 1, "location": [99.34, 9.14]}],
    }
    free = solve_document(doc, GREEDY)
    crossing = {"id": "bridge", "location": [99.32, 9.16], "minutes": 1}
    doc["barriers"] = [{"id": "tapi", "line": [[99.32, 9.05], [99.32, 9.25]], "crossings": [crossing]}]
    over = solve_document(doc, GREEDY)
    assert over["summary"]["duration"] > free["summary"]["duration"] + 60
    doc["barriers"][0]["crossings"][0]["vehicles"] = ["boat"]
    cut = solve_document(doc, GREEDY)
    assert [e["code"] for e in cut["explanations"]] == ["unreachable"]


def test_several_pickups_state_their_amounts() -> None:
    """An order of two sellers loads each one's part; a whole amount beside them is loaded at the first."""
    shipment = {
        "pickups": [{"id": "a", "location_index": 1, "amount": [2]}, {"id": "b", "location_index": 2, "amount": [3]}],
        "delivery": {"id": "d", "location_index": 0},
    }
    doc: dict[str, Any] = {
        "vehicles": [{"id": 1, "start_index": 0, "capacity": [5]}],
        "shipments": [shipment],
        "matrices": TABLE,
    }
    problem = problem_from_json(doc)
    assert problem.shipments[0].amounts == ((2,), (3,))
    assert check_document(doc, solve_document(doc, GREEDY)) == []
    whole = copy.deepcopy(doc)
    whole["shipments"][0] = {"amount": [5], **shipment, "pickups": [{"id": "a", "location_index": 1}]}
    assert problem_from_json(whole).shipments[0].amounts == ((5,),)
    contradiction = copy.deepcopy(doc)
    contradiction["shipments"][0]["amount"] = [6]
    with pytest.raises(DocumentError) as refused:
        problem_from_json(contradiction)
    assert [(e.path, e.code) for e in refused.value.errors] == [("shipments[0].amount", "amounts.sum")]


def test_our_own_rules_are_read() -> None:
    """The additions to VROOM reach the problem, and so the plan."""
    doc = market()
    doc["vehicles"].append({**doc["vehicles"][0], "id": 7})
    doc["shipments"][0] |= {"allowed_vehicles": [7, "R4"], "forbidden_vehicles": ["R4"], "penalty": 99999}
    (shipment,) = problem_from_json(doc).shipments
    assert (shipment.max_ride_time, shipment.penalty) == (3600, 99999)
    assert [r["vehicle"] for r in solve_document(doc, GREEDY)["routes"]] == [7]


def test_null_in_a_matrix_is_no_way() -> None:
    """Road engines say null where there is no way."""
    doc = copy.deepcopy(JOBS)
    doc["matrices"]["car"]["durations"][0][1] = None
    assert problem_from_json(doc).matrices["car"].durations[0, 1] == UNREACHABLE


def first(key: str) -> Callable[[dict[str, Any], Any], None]:
    """Set a dotted key, in which numbers are positions."""

    def put(doc: dict[str, Any], value: Any) -> None:
        *path, last = [int(p) if p.isdigit() else p for p in key.split(".")]
        at: Any = doc
        for part in path:
            at = at[part]
        if value is DELETE:
            del at[last]
        else:
            at[last] = value

    return put


DELETE = object()
S, V = "shipments.0", "vehicles.0"

MISTAKES: list[tuple[str, Any, str, str]] = [
    (f"{S}.delivery.time_windows", [[46800, 39600]], "shipments[0].delivery.time_windows[0]", "window.reversed"),
    (f"{S}.delivery.time_windows", [[1, 5], [5, 9]], "shipments[0].delivery.time_windows[1]", "window.order"),
    (f"{S}.delivery.time_windows", [], "shipments[0].delivery.time_windows", "window.none"),
    (f"{S}.pickup.time_windows", [[1]], "shipments[0].pickup.time_windows[0]", "window.invalid"),
    (f"{S}.pickup.time_windows", "morning", "shipments[0].pickup.time_windows", "type.array"),
    (f"{S}.pickup.service", "300", "shipments[0].pickup.service", "type.integer"),
    (f"{S}.pickup.service", True, "shipments[0].pickup.service", "type.integer"),
    (f"{S}.pickup.service", -5, "shipments[0].pickup.service", "number.out_of_range"),
    (f"{S}.pickup.location", [9.15], "shipments[0].pickup.location", "coordinates.invalid"),
    (f"{S}.pickup.location", [9.1537, 99.3407], "shipments[0].pickup.location", "coordinates.swapped"),
    (f"{S}.pickup.location", [999, 999], "shipments[0].pickup.location", "coordinates.out_of_range"),
    (f"{S}.pickup.location_index", 3, "shipments[0].pickup.location_index", "index.out_of_range"),
    (f"{S}.pickup.location_index", DELETE, "shipments[0].pickup.location_index", "index.missing"),
    (f"{S}.pickup.id", DELETE, "shipments[0].pickup.id", "id.missing"),
    (f"{S}.pickup.id", 1.5, "shipments[0].pickup.id", "id.invalid"),
    (f"{S}.pickup", DELETE, "shipments[0].pickup", "pickup.missing"),
    (f"{S}.delivery", DELETE, "shipments[0].delivery", "delivery.missing"),
    (f"{S}.delivery", 5, "shipments[0].delivery", "type.object"),
    (f"{S}.pickups", [], "shipments[0].pickups", "pickups.both"),
    (f"{S}.amount", [1], "shipments[0].amount", "amount.dimensions"),
    (f"{S}.amount", [1, -2], "shipments[0].amount[1]", "number.out_of_range"),
    (f"{S}.amount", [1, "x"], "shipments[0].amount[1]", "type.integer"),
    (f"{S}.priority", 101, "shipments[0].priority", "number.out_of_range"),
    (f"{S}.allowed_vehicles", ["R9"], "shipments[0].allowed_vehicles", "vehicle.unknown"),
    (f"{S}.skills", [1.5], "shipments[0].skills[0]", "id.invalid"),
    (f"{S}.group", [], "shipments[0].group", "id.invalid"),
    (f"{S}.delivery.soft_end", "noon", "shipments[0].delivery.soft_end", "type.integer"),
    (
        f"{S}.delivery.service_per_type",
        {"bike": -1},
        "shipments[0].delivery.service_per_type.bike",
        "number.out_of_range",
    ),
    (f"{S}.pickup.setup_per_type", [60], "shipments[0].pickup.setup_per_type", "type.object"),
    (S, 7, "shipments[0]", "type.object"),
    (f"{V}.breaks", [{"service": 1}], "vehicles[0].breaks[0].id", "id.missing"),
    (f"{V}.breaks", [{"id": 1}] * 2, "vehicles[0].breaks", "id.duplicate"),
    (f"{V}.breaks", [{"id": 1, "time_windows": [[2, 1]]}], "vehicles[0].breaks[0].time_windows[0]", "window.reversed"),
    (f"{V}.breaks", [{"id": 1, "max_load": [1]}], "vehicles[0].breaks[0].max_load", "amount.dimensions"),
    (f"{V}.steps", [{"type": "job", "id": 7}], "vehicles[0].steps[0].id", "step.unknown"),
    (f"{V}.steps", [{"type": "delivery", "id": "SR-0001"}] * 2, "vehicles[0].steps[1].id", "step.duplicate"),
    (
        f"{V}.reload_depots",
        [{"location_index": 9}],
        "vehicles[0].reload_depots[0].location_index",
        "index.out_of_range",
    ),
    (f"{V}.reload_depots", [{"location_index": 1}] * 2, "vehicles[0].reload_depots", "reload_depots.duplicate"),
    (f"{V}.max_ride_time", 0.5, "vehicles[0].max_ride_time", "type.integer"),
    (f"{V}.worked", {"tasks": -1}, "vehicles[0].worked.tasks", "number.out_of_range"),
    (f"{V}.capacity", [1], "vehicles[0].capacity", "amount.dimensions"),
    (f"{V}.time_window", [5, 4], "vehicles[0].time_window", "window.reversed"),
    (f"{V}.speed_factor", 0, "vehicles[0].speed_factor", "speed_factor.out_of_range"),
    (f"{V}.speed_factor", 10**400, "vehicles[0].speed_factor", "number.out_of_range"),
    (f"{V}.start", [10**400, 9], "vehicles[0].start", "coordinates.out_of_range"),
    (f"{V}.speed_factor", "fast", "vehicles[0].speed_factor", "type.number"),
    (f"{V}.profile", "boat", "vehicles[0].profile", "profile.unknown"),
    (f"{V}.profile", 5, "vehicles[0].profile", "type.string"),
    (f"{V}.costs", 5, "vehicles[0].costs", "type.object"),
    (f"{V}.costs.per_km", -1, "vehicles[0].costs.per_km", "number.out_of_range"),
    (f"{V}.max_tasks", 1.5, "vehicles[0].max_tasks", "type.integer"),
    ("vehicles", [], "vehicles", "vehicles.none"),
    ("vehicles", [MARKET["vehicles"][0]] * 2, "vehicles[1].id", "id.duplicate"),
    ("shipments", MARKET["shipments"] * 2, "shipments[1].pickup.id", "id.duplicate"),
    ("shipments", DELETE, "shipments", "tasks.none"),
    ("barriers", [{"id": 1}], "barriers", "barriers.with_matrices"),
    ("balance", {"duration": "even"}, "balance.duration", "type.integer"),
    ("churn", {"max_moved": 1}, "churn", "churn.no_previous"),
    ("previous", {"routes": [{"steps": []}]}, "previous.routes[0].vehicle", "id.missing"),
    ("previous", {"routes": [{"vehicle": 1, "lock": "firm"}]}, "previous.routes[0].lock", "lock.unknown"),
    ("previous", {"routes": [{"vehicle": 1}] * 2}, "previous.routes[1].vehicle", "id.duplicate"),
    ("matrices.motorcycle.durations", [[0, 1]], "matrices.motorcycle.durations", "matrix.not_square"),
    ("matrices.motorcycle.durations.0.1", "x", "matrices.motorcycle.durations[0][1]", "type.integer"),
    ("matrices.motorcycle.durations.0.1", -1, "matrices.motorcycle.durations[0][1]", "matrix.negative"),
    ("matrices.motorcycle.distances", [[0]], "matrices.motorcycle.distances", "matrix.size"),
    ("matrices.motorcycle.durations", DELETE, "matrices.motorcycle.durations", "matrix.missing"),
    ("matrices.motorcycle.costs", [[1]], "matrices.motorcycle.costs", "matrix.size"),
    ("matrices.motorcycle.costs", [[1, -1, 1]] * 3, "matrices.motorcycle.costs[0][1]", "matrix.negative"),
]


@pytest.mark.parametrize(("key", "value", "path", "code"), MISTAKES, ids=[f"{p} {c}" for _, _, p, c in MISTAKES])
def test_a_mistake_is_named_by_path_and_code(key: str, value: Any, path: str, code: str) -> None:
    """One spoilt field gives VROOM's code 2 and an error at that field, in Thai and English; no traceback."""
    doc = market()
    first(key)(doc, value)
    answer = solve_document(doc, GREEDY)
    assert answer["code"] == 2
    found = {(e["path"], e["code"]): e["message"] for e in answer["errors"]}
    assert (path, code) in found
    assert set(found[path, code]) == {"th", "en"}
    json.dumps(answer)


RIVER = {
    "vehicles": [{"id": 1, "start": [99.32, 9.14]}],
    "jobs": [{"id": 1, "location": [99.33, 9.15]}],
    "barriers": [{"id": "tapi", "line": [[99, 9], [100, 9]], "crossings": [{"id": "bridge", "location": [99.3, 9]}]}],
}


BARRIER_MISTAKES: list[tuple[str, Any, str, str]] = [
    ("line.1", [9, 99], "line[1]", "coordinates.swapped"),
    ("line.1.0", 10**400, "line[1]", "coordinates.out_of_range"),
    ("crossings.0.minutes", math.inf, "crossings[0].minutes", "number.out_of_range"),
    ("crossings.0.minutes", 10**400, "crossings[0].minutes", "number.out_of_range"),
    ("crossings.0.minutes", -5, "crossings[0].minutes", "number.out_of_range"),
    ("crossings.0.location", [10**400, 9], "crossings[0].location", "coordinates.out_of_range"),
]


@pytest.mark.parametrize(
    ("key", "value", "path", "code"), BARRIER_MISTAKES, ids=[f"{p} {c}" for _, _, p, c in BARRIER_MISTAKES]
)
def test_a_mistake_in_a_barrier_is_named_by_path_and_code(key: str, value: Any, path: str, code: str) -> None:
    """A point of the line goes by its place in it, and a wait that is no time is refused, however large its number."""
    doc = copy.deepcopy(RIVER)
    first(f"barriers.0.{key}")(doc, value)
    found = [(e["path"], e["code"]) for e in solve_document(doc, GREEDY).get("errors", [])]
    assert found == [(f"barriers[0].{path}", code)]


def test_a_run_by_count_tells_the_same_to_the_byte() -> None:
    """With iterations, one worker and a seed two answers are one text; with more workers it says how long it took."""
    settings = Settings(engine="kernel", iterations=50, workers=1, seed=3)
    first_run, second_run = (json.dumps(solve_document(market(), settings)) for _ in range(2))
    assert first_run == second_run
    timed = solve_document(market(), replace(settings, workers=2))
    assert timed["summary"]["first_plan_ms"] is not None


def test_distances_are_asked_for_where_they_are_needed() -> None:
    """A limit or a cost by distance cannot be honoured from durations alone."""
    for rule in ({"max_distance": 5}, {"costs": {"per_km": 1}}):
        doc = copy.deepcopy(JOBS)
        doc["vehicles"][0] |= rule
        answer = solve_document(doc, GREEDY)
        assert [(e["path"], e["code"]) for e in answer["errors"]] == [("matrices.car.distances", "matrix.missing")]


def test_all_mistakes_are_named_at_once() -> None:
    """A document with three mistakes is refused with three errors."""
    doc = market(balance={"tasks": -1})
    doc["vehicles"][0]["time_window"] = [2, 1]
    doc["shipments"][0]["pickup"]["service"] = None
    doc["shipments"][0]["delivery"]["service"] = "soon"
    assert len(solve_document(doc, GREEDY)["errors"]) == 3


def test_what_nobody_knows_is_ignored() -> None:
    """Unknown fields, and unsupported ones that say nothing, change nothing."""
    doc = market(colour="red", balance=None)
    doc["vehicles"][0] |= {"description": "the blue one", "breaks": []}
    assert solve_document(doc, GREEDY)["summary"]["cost"] == 4490


@pytest.mark.parametrize("doc", [None, [], "x", 5, {}, {"vehicles": 5}, {"vehicles": [None], "jobs": [None]}])
def test_any_json_is_answered(doc: Any) -> None:
    """Whatever JSON comes in, the answer is a document with errors."""
    answer = solve_document(doc, GREEDY)
    assert answer["code"] == 2
    assert answer["errors"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**14), 10**14) | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "amount", "x"]), inner),
    max_leaves=5,
)


def everything() -> dict[str, Any]:
    """The market's example with every field that there is."""
    doc = market(balance={"duration": 5, "tasks": 5}, churn={"max_moved": 3, "max_shift": 900, "cost_per_moved": 7})
    doc["vehicles"][0] |= {
        "type": "salaeng",
        "max_distance": 90000,
        "max_ride_time": 9000,
        "speed_factor": 1.1,
        "breaks": [{"id": 1, "service": 60, "time_windows": [[38000, 48000]], "max_load": [9000, 9000]}],
        "reload_depots": [{"location_index": 0, "location": [99.3257, 9.1463], "service": 60}],
        "max_reloads": 1,
        "worked": {"duration": 3600, "tasks": 9},
        "steps": [{"type": "job", "id": 7}],
    }
    doc["shipments"][0] |= {"group": "g", "penalty": 99999, "allowed_vehicles": ["R4"], "preferred_vehicles": ["R4"]}
    doc["shipments"][0]["delivery"] |= {"soft_end": 40000, "cost_per_hour_after_soft_end": 60}
    doc["jobs"] = [
        {"id": 7, "location_index": 1, "delivery": [1, 1], "pickup": [1, 0], "service_per_type": {"salaeng": 9}}
    ]
    step = {"type": "delivery", "id": "SR-0001", "arrival": 39600, "waiting_time": 0}
    doc["previous"] = {"routes": [{"vehicle": "R4", "lock": "vehicle", "steps": [step]}]}
    return doc


def test_everything_at_once_is_solved_and_right() -> None:
    """The example with every field is a problem, and its plan holds."""
    answer = solve_document(everything(), GREEDY)
    assert (answer["code"], answer["summary"]["unassigned"]) == (0, 0)
    assert check_document(everything(), answer) == []


def spoilt(data: st.DataObject, doc: Any, value: Any) -> Any:
    """The document with one field, anywhere, replaced by a value, left out or said twice."""
    doc = copy.deepcopy(doc)
    at: Any = doc
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(at[key], dict | list) or not at[key] or data.draw(st.integers(0, 3)) == 0:
            how = data.draw(st.sampled_from(["other", "gone", "twice"]))
            if how == "gone":
                del at[key]
            elif how == "twice" and isinstance(at, list):
                at.append(copy.deepcopy(at[key]))
            else:
                at[key] = value
            return doc
        at = at[key]


def stands(doc: Any, path: str) -> bool:
    """Whether a path names a field of the document, or one that is missing from an object there is."""
    at, parts = doc, [p for p in re.split(r"\.|\[(\d+)\]", path) if p]
    for part in parts:
        if isinstance(at, list) and part.isdigit() and int(part) < len(at):
            at = at[int(part)]
        elif isinstance(at, dict):
            if part not in at:
                return part == parts[-1]
            at = at[part]
        else:
            return False
    return bool(parts)


@settings(max_examples=200, deadline=None)
@given(data=st.data(), value=json_values)
def test_no_value_in_any_place_breaks_the_reader(data: st.DataObject, value: Any) -> None:
    """Any field spoilt in any way: the problem is solved, or refused with the paths of fields that it has."""
    doc = spoilt(data, everything(), value)
    answer = solve_document(doc, GREEDY)
    assert answer["code"] in (0, 2)
    for error in answer.get("errors", []):
        assert stands(doc, error["path"]), error


PLAN = solve_document(everything(), GREEDY)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), value=json_values)
def test_no_value_in_any_place_breaks_the_check(data: st.DataObject, value: Any) -> None:
    """Any field of a plan spoilt in any way: it is judged, or refused with paths."""
    doc = spoilt(data, PLAN, value)
    errors: Sequence[Any] = ()
    try:
        json.dumps(check_document(everything(), doc))
    except DocumentError as refused:
        errors = refused.errors
    assert all(error.path for error in errors)


def test_a_plan_that_is_none_is_refused() -> None:
    """A plan without routes, vehicles or arrivals is named by what it lacks."""
    problem = problem_from_json(market())
    for doc, path in [
        ([], ""),
        ({}, "routes"),
        ({"routes": [{"steps": []}]}, "routes[0].vehicle"),
        ({"routes": [{"vehicle": "R4", "steps": [{"type": "start"}]}]}, "routes[0].steps[0].arrival"),
        ({"routes": [{"vehicle": "R4", "steps": [{"type": "nap", "arrival": 1}]}]}, "routes[0].steps[0].type"),
        ({"routes": [], "summary": {"cost": "4490"}}, "summary.cost"),
        ({"routes": [], "summary": {"cost": 1, "cost_split": {"fixed": 0.5}}}, "summary.cost_split.fixed"),
    ]:
        with pytest.raises(DocumentError) as refused:
            plan_from_json(doc, problem)
        assert path in [e.path for e in refused.value.errors]


def test_unknown_tasks_and_vehicles_of_a_plan_are_violations() -> None:
    """An id that the problem does not have is named, not an error."""
    steps = [
        {"type": "start", "arrival": 0},
        {"type": "delivery", "id": "Z", "arrival": 0},
        {"type": "end", "arrival": 0},
    ]
    plan = {"routes": [{"vehicle": "R4", "steps": steps}, {"vehicle": "R9", "steps": []}], "unassigned": [{"id": "Y"}]}
    found = [(v["cause"], v["route"]) for v in check_document(market(), plan)]
    assert found.count(("unknown_id", "R4")) == 1
    assert ("unknown_id", "R9") in found
    assert ("unknown_id", None) in found
    assert ("missing", None) in found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_a_plan_survives_the_way_out_and_in(problems: Callable[..., Any], data: st.DataObject) -> None:
    """Any plan written as JSON and read again is the same routes, and passes the same check."""
    problem: Problem = data.draw(problems())
    plan = solve(problem, GREEDY)
    doc = json.loads(json.dumps(plan_to_json(problem, plan)))
    again = plan_from_json(doc, problem)
    assert again.routes == plan.routes
    assert {u.shipment for u in again.unassigned} == {u.shipment for u in plan.unassigned}
    assert check(problem, again) == []
