"""The market's own days, from 60 orders to 10,000: how soon there is a plan, how soon a good one, and what it costs.

Every size is one wave in the zones of config.yaml, the river among them, or a hundred such areas. We, OR-Tools' routing
model and VROOM are given the very same problem; all plans are costed by us. From 1,000 orders on it takes long: that is
measured with ``--scale 20`` (``make bench-full``).
"""

from __future__ import annotations

import datetime as dt
import math
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

from benchmarks.harness import Cell, Table, measured

SIZES: Sequence[tuple[int, int]] = ((60, 1), (200, 1), (500, 1), (1000, 1), (2000, 1), (10000, 100))
"""Orders, and areas they are in."""

ALWAYS = 500
"""Orders of the largest size that is measured without ``--scale``."""

SECONDS = {60: 2.0, 200: 4.0, 500: 6.0, 1000: 20.0, 2000: 60.0, 10000: 4.8}
"""What each area's search may take, by the orders of the day."""

LONGER = 2
"""How many times as long the run is that the others are compared with."""

SAMPLE = 10
"""Of a hundred areas, so many are searched once more with a clock beside them, and by the others."""

HEAVIEST = 100_000
"""Grams. The demo has an order that no rider can carry; here it would only blur the cost."""

NAMES = {"kernel": "Songsuk", "ortools": "OR-Tools", "vroom": "VROOM"}


def area(orders: int, seed: int) -> Any:
    """One area's problem. Of an order of several sellers only the first counts: VROOM knows one pickup each."""
    from benchmarks import market
    from scheduler import planning
    from scheduler.cli.demo import SAMPLE_DAY
    from storage.records import Role

    invented = market.invent((orders, max(3, orders // 10), min(60, max(6, orders // 25))), seed)
    ((wave, found),) = market.in_one_wave(invented)
    light = [replace(o, pickups=o.pickups[:1]) for o in found if sum(p.weight_g for p in o.pickups) < HEAVIEST]
    sellers = invented.members[Role.SELLER]
    (problem,) = planning.problems(
        SAMPLE_DAY, wave, light, invented.riders, sellers, invented.config, invented.zones, {}
    )
    return replace(problem, area=f"{problem.area}{seed:03}")


def child(orders: int, areas: int, engine: str, seconds: float, seed: int, workers: int) -> dict[str, Any]:
    """Plan areas one after the other, a clock beside each: all plans that were met, and the last."""
    from routing import warm

    if engine == "day":
        return whole(orders, areas, seconds)
    if engine != "vroom":
        warm()
    rows = [_one(area(orders, number), engine, seconds, seed, workers) for number in range(1, areas + 1)]
    return {"areas": rows, "load": os.getloadavg()[0]}


def _one(given: Any, engine: str, seconds: float, seed: int, workers: int) -> dict[str, Any]:
    from routing.compiled import compile_problem
    from routing.model import Problem, Progress, Settings
    from routing.solving import solve
    from scheduler.planning import DIMENSIONS

    began = time.perf_counter()
    ways = given.ways.between(given.points, sorted({vehicle.profile for vehicle in given.vehicles}))
    problem = Problem(vehicles=given.vehicles, shipments=given.shipments, matrices=ways.matrices, dimensions=DIMENSIONS)
    penalties = compile_problem(problem).penalties
    missed = sum(penalties) / len(penalties)
    met: list[tuple[float, float]] = []

    def heard(progress: Progress) -> None:
        met.append((time.perf_counter() - began, progress.cost + missed * progress.unassigned))

    if engine == "vroom":
        cost, served = _by_vroom(problem, seconds, workers)
    else:
        plan = solve(problem, Settings(engine=engine, seconds=seconds, seed=seed, workers=workers), heard)
        cost, served = plan.cost, len(problem.shipments) - len(plan.unassigned)
    took = time.perf_counter() - began
    met.append((took, cost + missed * (len(problem.shipments) - served)))
    return {"met": met, "seconds": took, "cost": cost, "served": served, "orders": len(problem.shipments)}


def _by_vroom(problem: Any, seconds: float, workers: int) -> tuple[int, int]:
    """What VROOM's plan costs, and how many it serves. It stops by itself, or at about the given time."""
    import numpy as np
    import vroom as peer

    from routing.compiled import compile_problem
    from routing.plans import route_of

    given = peer.Input()
    for name, matrix in problem.matrices.items():
        given.set_durations_matrix(name, matrix.durations.astype(np.uint32))
        given.set_distances_matrix(name, matrix.distances.astype(np.uint32))
    skills = sorted({x for each in (*problem.vehicles, *problem.shipments) for x in each.skills})
    for k, v in enumerate(problem.vehicles):
        costs = peer.VehicleCosts(fixed=v.costs.fixed, per_hour=v.costs.per_hour, per_km=v.costs.per_km)
        able = {skills.index(skill) for skill in v.skills}
        given.add_vehicle(
            peer.Vehicle(
                k,
                start=v.start,
                end=v.end,
                profile=v.profile,
                capacity=list(v.capacity),
                skills=able,
                time_window=peer.TimeWindow(*v.window),
                costs=costs,
                max_tasks=v.max_tasks,
            )
        )
    for k, s in enumerate(problem.shipments):
        pickup, delivery = (
            peer.ShipmentStep(
                k,
                location=task.index,
                default_setup=task.setup,
                default_service=task.service,
                time_windows=[peer.TimeWindow(*window) for window in task.windows],
            )
            for task in (*s.pickups, s.delivery)
        )
        needed = {skills.index(skill) for skill in s.skills}
        given.add_shipment(pickup, delivery, amount=peer.Amount(s.amounts[0]), skills=needed, priority=s.priority)
    answer = given.solve(exploration_level=5, nb_threads=workers, timeout=dt.timedelta(seconds=seconds))
    compiled = compile_problem(problem)
    routes: dict[int, list[int]] = {}
    for row in answer.routes[answer.routes["type"].isin(["pickup", "delivery"])].to_dict("records"):
        stops = compiled.stops_of[int(row["id"])]
        routes.setdefault(int(row["vehicle_id"]), []).append(stops[0 if row["type"] == "pickup" else -1])
    cost = sum(route_of(compiled, v, route).cost for v, route in routes.items())
    return cost, sum(map(len, routes.values())) // 2


def whole(orders: int, areas: int, seconds: float) -> dict[str, Any]:
    """All areas of a day as the day plans them: side by side, on every core."""
    from routing.model import Settings
    from scheduler.workers import Planner

    given = [area(orders, number) for number in range(1, areas + 1)]
    planner = Planner()
    try:
        planner.warm()
        began = time.perf_counter()
        answers = planner.solve(given, Settings(seconds=seconds))
        took = time.perf_counter() - began
    finally:
        planner.close()
    out = sum(len(answer.plan.unassigned) for answer in answers)
    served = sum(len(each.shipments) for each in given) - out
    return {"seconds": took, "cost": sum(answer.plan.cost for answer in answers), "served": served}


def measure(scale: float) -> Table:
    """Each size by each engine, one after the other."""
    sizes = [size for size in SIZES if size[0] <= max(SIZES[0][0], ALWAYS * scale)]
    rows: list[tuple[Cell, ...]] = []
    firsts: dict[int, float] = {}
    goods: dict[int, float] = {}
    loads: list[float] = []
    cores = os.cpu_count() or 1
    for orders, areas in sizes:
        seconds = SECONDS[orders] * min(1.0, max(scale, 0.1))
        sample = min(areas, SAMPLE)
        asked = {"orders": orders // areas, "areas": sample, "workers": cores if areas == 1 else 1}
        runs: dict[str, dict[str, Any]] = {}
        if find_spec("vroom") is not None:
            runs["vroom"] = measured(__name__, **asked, engine="vroom", seconds=seconds, seed=1)
            if orders <= ALWAYS:
                seconds = max(seconds, *(each["seconds"] for each in runs["vroom"]["areas"]))
        runs[""] = measured(__name__, **asked, engine="kernel", seconds=LONGER * seconds, seed=2)
        for engine in ("kernel", "ortools"):
            runs[engine] = measured(__name__, **asked, engine=engine, seconds=seconds, seed=1)
        loads += [run["load"] for run in runs.values()]
        best = [min(weight for each in same for _, weight in each["met"]) for same in _same(runs)]
        cheapest = sum(min(each["cost"] for each in same) for same in _same(runs))
        share = areas / sample
        side_by_side = share / (1 if areas == 1 else cores)
        for engine, name in NAMES.items():
            if engine not in runs:
                rows.append((orders, areas, f"{name}: not installed", *[None] * 7))
                continue
            mine, peak = runs[engine]["areas"], runs[engine]["peak_mib"]
            first = side_by_side * sum(each["met"][0][0] for each in mine)
            soon = [_within(each, least) for each, least in zip(mine, best, strict=True)]
            good = side_by_side * sum(t for t in soon if t is not None) if None not in soon else None
            took = side_by_side * sum(each["seconds"] for each in mine)
            cost, served = (share * sum(each[key] for each in mine) for key in ("cost", "served"))
            against = cost / (share * cheapest)
            if engine == "kernel":
                firsts[orders] = first
                if good is not None:
                    goods[orders] = good
                if areas > 1:
                    day = measured(__name__, **{**asked, "areas": areas}, engine="day", seconds=seconds, seed=1)
                    took, cost, served, peak = day["seconds"], day["cost"], day["served"], day["peak_mib"]
            rows.append(
                (orders, areas, name, first, good, took, round(served), round(cost / 100), against, round(peak))
            )
    grown = [
        f"From {a} to {b:,} orders our time to a {what} plan grows with n^{_exponent(times, a, b):.2f}."
        for a, b in ((500, 2000), (500, 10000))
        for what, times in (("first", firsts), ("good", goods))
        if a in times and b in times
    ]
    return Table(
        name="days",
        title="The market's own days",
        columns=(
            "orders",
            "areas",
            "engine",
            "first plan s",
            "within 2 % s",
            "all s",
            "served",
            "cost baht",
            "over the best",
            "peak MiB",
        ),
        rows=rows,
        note="One wave, wished for at any time of it, in the zones of `config.yaml` with the river and its crossings; "
        "a rider for ten orders, one seller an order. *Within 2 %*: of the best that any of these runs found, or ours "
        f"with another seed in {LONGER} times the time, penalties counted; a dash where that was not reached. VROOM "
        f"(exploration 5) tells nothing before its end, and keeps to no limit: up to {ALWAYS} orders the others have "
        "the time that it took, where that is more than theirs. Times run from the orders to the checked plan, "
        "matrices and explanations included; ours and VROOM's searches use every core, OR-Tools' routing model knows "
        "one. *Over the best*: cost, as many orders served or not, as a share of the cheapest of these runs. Of a "
        "hundred areas "
        f"{SAMPLE} are clocked one by one, each on one core, and stand for all, their times divided by the cores; *all "
        "s*, what is served, cost and memory of our row are those of the whole day, planned as the day does it. "
        f"{' '.join(grown)} The load was between {min(loads):.1f} and {max(loads):.1f}.",
    )


def _same(runs: dict[str, dict[str, Any]]) -> list[tuple[dict[str, Any], ...]]:
    """What the runs have for each area."""
    return list(zip(*(run["areas"] for run in runs.values()), strict=True))


def _within(got: dict[str, Any], least: float) -> float | None:
    """When the first plan was met that weighs at most 2 % more than this."""
    return next((t for t, weight in got["met"] if weight <= 1.02 * least), None)


def _exponent(seconds: dict[int, float], few: int, many: int) -> float:
    return math.log(seconds[many] / seconds[few]) / math.log(many / few)
