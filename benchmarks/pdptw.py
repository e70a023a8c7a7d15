"""Pickup and delivery with time windows on public instances: python -m benchmarks.pdptw FILE ... --seconds 10 --json

Runs production's own `routing.solve`, and peers where they are installed, on Li & Lim and Sartori & Buriol files,
checks every answer with a checker of its own and prints one line a run. ``--seconds`` is wall time after warm-up.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.pdptw_files import Instance, distance, faults, read

SCALE = 10_000
"""Integer units per unit of the instance where distances are not whole."""

ENGINES = ("songsuk", "kernel", "ortools", "vroom")
Routes = list[list[int]]


class Integers:
    """An instance in integers, fine enough that what they allow the instance allows too.

    Travel is rounded up and windows inwards: any route that holds in integers holds in fractions.
    """

    def __init__(self, instance: Instance) -> None:
        figures = (instance.travel, *(np.array(x) for x in (instance.opens, instance.closes, instance.service)))
        whole = all(np.all(x == np.round(x)) for x in figures)
        self.scale = 1 if whole else SCALE
        self.time = np.ceil(instance.travel * self.scale - 1e-9).astype(np.int64)
        self.distance = np.rint(instance.travel * self.scale).astype(np.int64)
        self.windows = [
            (math.ceil(a * self.scale - 1e-9), math.floor(b * self.scale + 1e-9))
            for a, b in zip(instance.opens, instance.closes, strict=True)
        ]
        self.service = [math.ceil(x * self.scale - 1e-9) for x in instance.service]
        farthest = int(np.max(self.distance))
        self.fixed = farthest * (len(instance.travel) + 1)
        """More than any saving in distance can be worth."""


def ours(instance: Instance, objective: str, settings: dict[str, Any], engine: str) -> tuple[Routes, float]:
    """By `routing.solve`; warm-up comes before the clock starts."""
    from routing import Costs, Matrix, Problem, Settings, Shipment, Task, Vehicle, solve

    numbers = Integers(instance)
    costs = Costs(fixed=numbers.fixed if objective == "vehicles" else 0, per_hour=0, per_km=1000)

    def task(n: int) -> Task:
        return Task(id=n, index=n, service=numbers.service[n], windows=(numbers.windows[n],))

    problem = Problem(
        vehicles=tuple(
            Vehicle(id=v, start=0, end=0, capacity=(instance.capacity,), window=numbers.windows[0], costs=costs)
            for v in range(instance.vehicles)
        ),
        shipments=tuple(
            Shipment(id=p, pickups=(task(p),), delivery=task(d), amounts=((instance.demand[p],),))
            for p, d in instance.pairs
        ),
        matrices={"car": Matrix(durations=numbers.time.astype(np.int32), distances=numbers.distance.astype(np.int32))},
        dimensions=("load",),
    )
    engine = "auto" if engine == "songsuk" else engine
    if engine != "ortools":
        from routing.engines import kernel

        if kernel.available():
            kernel.warm()
    began = time.monotonic()
    plan = solve(problem, Settings(engine=engine, **settings))
    took = time.monotonic() - began
    return [[int(str(s.id)) for s in r.steps if s.shipment is not None] for r in plan.routes], took


def vroom(instance: Instance, objective: str, settings: dict[str, Any], engine: str) -> tuple[Routes, float]:
    import vroom as peer

    numbers = Integers(instance)
    problem = peer.Input()
    problem.set_durations_matrix("car", numbers.time.astype(np.uint32))
    problem.set_costs_matrix("car", numbers.distance.astype(np.uint32))
    fixed = numbers.fixed if objective == "vehicles" else 0
    for v in range(instance.vehicles):
        problem.add_vehicle(
            peer.Vehicle(
                v,
                start=0,
                end=0,
                capacity=[instance.capacity],
                time_window=numbers.windows[0],
                costs=peer.VehicleCosts(fixed=fixed),
            )
        )
    for p, d in instance.pairs:
        pickup, delivery = (
            peer.ShipmentStep(
                n, location=n, default_service=numbers.service[n], time_windows=[peer.TimeWindow(*numbers.windows[n])]
            )
            for n in (p, d)
        )
        problem.add_shipment(pickup, delivery, amount=peer.Amount([instance.demand[p]]))
    began = time.monotonic()
    limit = dt.timedelta(seconds=settings["seconds"])
    answer = problem.solve(exploration_level=5, nb_threads=settings["workers"], timeout=limit)
    took = time.monotonic() - began
    routes: dict[int, list[int]] = {}
    for row in answer.routes[answer.routes["type"].isin(["pickup", "delivery"])].to_dict("records"):
        routes.setdefault(row["vehicle_id"], []).append(int(row["id"]))
    return list(routes.values()), took


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pdptw", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--engine", choices=ENGINES, default="songsuk")
    parser.add_argument("--objective", choices=("vehicles", "distance"), default="vehicles")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON line a run (else a short line)")
    options = parser.parse_args(arguments)
    settings = {"seconds": options.seconds, "workers": options.workers, "seed": options.seed}
    run: Callable[..., tuple[Routes, float]] = {"vroom": vroom}.get(options.engine, ours)
    failed = False
    for path in options.files:
        instance = read(path)
        cpu = time.process_time()
        routes, seconds = run(instance, options.objective, settings, options.engine)
        cpu = time.process_time() - cpu
        broken = faults(instance, routes)
        failed = failed or bool(broken)
        line = {
            "instance": instance.name,
            "engine": options.engine,
            "seed": options.seed,
            "seconds": round(seconds, 3),
            "cpu_seconds": round(cpu, 3),
            "vehicles": len(routes),
            "distance": round(distance(instance, routes), 4),
            "routes": routes,
            "best_known": instance.best_known,
            **({"faults": broken} if broken else {}),
        }
        if options.json:
            print(json.dumps(line), flush=True)
        else:
            best = "" if instance.best_known is None else "  best known {} / {:.1f}".format(*instance.best_known)
            found = f"{instance.name:14} {len(routes):4} / {line['distance']:10.1f}  {seconds:6.1f} s"
            print(found + best, *broken[:1], flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
