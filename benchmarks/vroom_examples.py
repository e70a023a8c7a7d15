"""Problems in VROOM's format, one feature after the other, solved by VROOM and by us; both plans judged by our check.

VROOM runs at its highest exploration level on one thread until it stops by itself; we have some seconds on one core.
Left out is compared before cost, as both do.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from math import exp, log
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

from benchmarks.harness import Cell, Skipped, Table, measured, scaled

JOBS, VEHICLES, SIDE = 40, 6, 6000
EACH, SECONDS = 3, 4.0
"""Problems a feature, and what our search may take."""

Doc = dict[str, Any]


def base(random: Random) -> Doc:
    """Forty jobs in a square of six kilometres around a depot, six vehicles, at about 20 km/h with one-way streets."""
    points = [(SIDE / 2, SIDE / 2)] + [(random.uniform(0, SIDE), random.uniform(0, SIDE)) for _ in range(JOBS)]
    metres = [[round(abs(ax - bx) + abs(ay - by)) for bx, by in points] for ax, ay in points]
    seconds = [[round(m / 5.5 * random.uniform(1, 1.2)) for m in row] for row in metres]
    return {
        "vehicles": [{"id": v, "start_index": 0, "end_index": 0, "capacity": [10]} for v in range(1, VEHICLES + 1)],
        "jobs": [
            {"id": k, "location_index": k, "service": random.randrange(60, 300), "delivery": [1]}
            for k in range(1, JOBS + 1)
        ],
        "matrices": {"car": {"durations": seconds, "distances": metres}},
    }


def capacity(doc: Doc, random: Random) -> None:
    for vehicle in doc["vehicles"]:
        vehicle["capacity"] = [random.randrange(8, 14), random.randrange(20, 30)]
    for job in doc["jobs"]:
        job["delivery"] = [1, random.randrange(1, 5)]


def collecting(doc: Doc, random: Random) -> None:
    for job in doc["jobs"]:
        job |= random.choice([{"delivery": [1]}, {"delivery": [0], "pickup": [1]}, {"pickup": [1]}])


def windows(doc: Doc, random: Random) -> None:
    for job in doc["jobs"]:
        opens = random.randrange(0, 9000)
        job["time_windows"] = [[opens, opens + 2400]]
    _shifts(doc)


def several_windows(doc: Doc, random: Random) -> None:
    for job in doc["jobs"]:
        opens = random.randrange(0, 4000)
        job["time_windows"] = [[opens, opens + 1200], [opens + 4500, opens + 5700]]
    _shifts(doc)


def _shifts(doc: Doc) -> None:
    for vehicle in doc["vehicles"]:
        vehicle["time_window"] = [0, 14400]


def breaks(doc: Doc, random: Random) -> None:
    windows(doc, random)
    for vehicle in doc["vehicles"]:
        opens = random.randrange(3600, 7200)
        vehicle["breaks"] = [{"id": 1, "service": 1200, "time_windows": [[opens, opens + 1800]]}]


def breaks_with_little_aboard(doc: Doc, random: Random) -> None:
    for vehicle in doc["vehicles"]:
        opens = random.randrange(1800, 3600)
        rest = {"id": 1, "service": 900, "time_windows": [[opens, opens + 2400]], "max_load": [6]}
        vehicle |= {"time_window": [0, 14400], "breaks": [rest]}


def skills(doc: Doc, random: Random) -> None:
    for vehicle in doc["vehicles"]:
        vehicle["skills"] = sorted(random.sample([1, 2, 3], 2))
    for job in doc["jobs"]:
        job["skills"] = random.choice([[], [], [1], [2], [3]])


def priorities(doc: Doc, random: Random) -> None:
    doc["vehicles"] = doc["vehicles"][:3]
    for job in doc["jobs"]:
        job["priority"] = random.choice([0, 10, 50, 100])


def setups(doc: Doc, random: Random) -> None:
    for job in doc["jobs"]:
        job |= {"setup": random.randrange(0, 200), "location_index": random.randrange(1, JOBS // 2)}
    _shifts(doc)


def types(doc: Doc, random: Random) -> None:
    for vehicle in doc["vehicles"]:
        vehicle |= {"type": random.choice(["bike", "van"]), "time_window": [0, 5400]}
    for job in doc["jobs"]:
        job |= {"service_per_type": {"bike": random.randrange(30, 200)}, "setup_per_type": {"van": 90}}


def limits(doc: Doc, random: Random) -> None:
    for vehicle in doc["vehicles"]:
        vehicle |= {"max_tasks": random.randrange(6, 10), "max_travel_time": 4200, "max_distance": 21000}


def money(doc: Doc, random: Random) -> None:
    for vehicle in doc["vehicles"]:
        per_hour = random.choice([3600, 5400])
        vehicle["costs"] = {"fixed": 900, "per_hour": per_hour, "per_km": 60, "per_task_hour": 600}


def cost_matrix(doc: Doc, random: Random) -> None:
    table = doc["matrices"]["car"]
    table["costs"] = [[round(x * random.uniform(0.5, 2)) for x in row] for row in table["durations"]]
    del table["distances"]


def open_routes(doc: Doc, random: Random) -> None:
    for k, vehicle in enumerate(doc["vehicles"]):
        del vehicle["end_index" if k % 2 else "start_index"]


def speeds(doc: Doc, random: Random) -> None:
    for vehicle in doc["vehicles"]:
        vehicle |= {"speed_factor": random.choice([0.75, 1.0, 1.5]), "time_window": [0, 5400]}


def profiles(doc: Doc, random: Random) -> None:
    car = doc["matrices"]["car"]
    doc["matrices"]["bike"] = {
        "durations": [[round(x * random.uniform(1.1, 1.6)) for x in row] for row in car["durations"]],
        "distances": car["distances"],
    }
    for vehicle in doc["vehicles"]:
        vehicle["profile"] = random.choice(["car", "bike"])


def shipments(doc: Doc, random: Random) -> None:
    jobs = doc.pop("jobs")
    half = len(jobs) // 2
    keep = ("id", "location_index", "service")
    doc["shipments"] = [
        {
            "amount": [random.randrange(1, 4)],
            "pickup": {key: a[key] for key in keep},
            "delivery": {key: b[key] for key in keep},
        }
        for a, b in zip(jobs[:half], jobs[half:], strict=True)
    ]


def mixed(doc: Doc, random: Random) -> None:
    jobs = doc["jobs"][JOBS // 2 :]
    doc["jobs"] = doc["jobs"][: JOBS // 2]
    parcels: Doc = {"jobs": jobs}
    shipments(parcels, random)
    doc["shipments"] = parcels["shipments"]
    skills(doc, random)
    windows(doc, random)


def steps(doc: Doc, random: Random) -> None:
    numbers = [job["id"] for job in doc["jobs"]]
    for k, vehicle in enumerate(doc["vehicles"]):
        vehicle["steps"] = [{"type": "job", "id": n} for n in numbers[k :: len(doc["vehicles"])]]


FEATURES: dict[str, Callable[[Doc, Random], None]] = {
    each.__name__: each
    for each in (
        capacity,
        collecting,
        windows,
        several_windows,
        breaks,
        breaks_with_little_aboard,
        skills,
        priorities,
        setups,
        types,
        limits,
        money,
        cost_matrix,
        open_routes,
        speeds,
        profiles,
        shipments,
        mixed,
        steps,
    )
}


def example(feature: str, seed: int) -> Doc:
    """The problem of a feature; the same for the same seed."""
    random = Random(seed)
    doc = base(random)
    FEATURES[feature](doc, random)
    return doc


def by_vroom(doc: Doc) -> Doc:
    import vroom

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "problem.json"
        path.write_text(json.dumps(doc), encoding="utf-8")
        answer: Doc = vroom.Input.from_json(path).solve(exploration_level=5, nb_threads=1).to_dict()
    return answer


def measure(scale: float = 1.0) -> Table:
    if find_spec("vroom") is None:
        raise Skipped("vroom is not installed: make bench-full does it")
    asked = {"each": scaled(EACH, scale), "seconds": SECONDS * min(1.0, max(scale, 0.1))}
    rows: list[list[Cell]] = []
    ratios: dict[str, list[float]] = {}
    broken, unlike = {"VROOM": 0, "ours": 0}, []
    for feature in FEATURES:
        pairs = measured(__name__, feature=feature, **asked)["pairs"]
        theirs, ours = ([pair[k] for pair in pairs] for k in (0, 1))
        for k, who in enumerate(broken):
            broken[who] += sum(pair[k]["violations"] for pair in pairs)
        same = [pair for pair in pairs if _left_out(pair[0]) == _left_out(pair[1])]
        if len(same) < len(pairs):
            unlike.append(feature)
        ratios[feature] = [b["cost"] / a["cost"] for a, b in same if a["cost"]]
        rows.append(
            [
                feature,
                "+".join(sorted({each["engine"].split("+")[0] for each in ours})),
                " / ".join(str(sum(each["unassigned"] for each in side)) for side in (theirs, ours)),
                *(sum(each["cost"] for each in side) for side in (theirs, ours)),
                round(_mean(ratios[feature]), 3) if ratios[feature] else None,
                " / ".join(f"{sum(each['seconds'] for each in side) / len(side):.1f}" for side in (theirs, ours)),
            ]
        )
    every = [ratio for found in ratios.values() for ratio in found]
    return Table(
        name="vroom_examples",
        title="VROOM's own format",
        columns=("feature", "engine", "left out", "cost, VROOM", "ours", "ours over VROOM's", "seconds, VROOM / ours"),
        rows=rows,
        note=f"{asked['each']} problems a feature, of {JOBS} tasks and {VEHICLES} vehicles, solved by VROOM "
        "(exploration level 5, one thread, until it stops by itself) and by us in "
        f"{asked['seconds']:g} s on one core; costs are sums. *Left out*: tasks, VROOM's and ours. "
        "*Ours over VROOM's*: the geometric mean of the cost ratios where as much "
        f"of the same priority is left out; over all features {_mean(every):.3f}. Served unlike on: "
        f"{', '.join(unlike) or 'none'}. Our check finds {broken['VROOM']} faults in VROOM's plans and "
        f"{broken['ours']} in ours.",
    )


def child(feature: str, each: int, seconds: float) -> dict[str, Any]:
    """Of each problem of a feature what VROOM's plan and ours come to."""
    from routing.model import Settings
    from routing.solving import warm
    from routing.vroom import solve_document

    warm()
    settings = Settings(seconds=seconds, workers=1)
    return {
        "pairs": [
            (_run(feature, seed, by_vroom), _run(feature, seed, lambda doc: solve_document(doc, settings)))
            for seed in range(1, each + 1)
        ]
    }


def _run(feature: str, seed: int, solve: Callable[[Doc], Doc]) -> Doc:
    """One run: what is left out (and of what priority), cost, seconds and how many rules our check finds broken."""
    from routing.vroom import check_document

    doc = example(feature, seed)
    began = perf_counter()
    answer = solve(doc)
    took = perf_counter() - began
    summary = answer["summary"]
    return {
        "engine": summary.get("engine", "vroom"),
        "unassigned": summary["unassigned"],
        "priority": summary["priority"],
        "cost": summary["cost"],
        "seconds": took,
        "violations": len(check_document(doc, answer)),
    }


def _left_out(run: Doc) -> tuple[int, int]:
    return run["priority"], run["unassigned"]


def _mean(ratios: Sequence[float]) -> float:
    """The geometric one."""
    return exp(sum(map(log, ratios)) / max(1, len(ratios)))
