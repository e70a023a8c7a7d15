"""The engines that `benchmarks.pdptw` knows: production's own path and its peers, each ready to be clocked.

An engine takes an instance and gives back a search that has everything built, loaded and compiled; calling it is what
the clock sees. Peers run with their best documented settings for this problem.
"""

from __future__ import annotations

import datetime as dt
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.pdptw_files import Instance

SCALE = 10_000
"""Integer units per unit of the instance where distances are not whole."""

Routes = list[list[int]]
Search = Callable[[], Routes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How an engine is to search. `seconds`: on the wall; `objective`: vehicles first, or distance alone."""

    objective: str
    seconds: float
    workers: int
    seed: int


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


def ours(engine: str) -> Callable[[Instance, Asked], Search]:
    """`routing.solve`: the whole of it (`auto`), the kernel without OR-Tools' choice, or OR-Tools' routing model."""

    def prepare(instance: Instance, asked: Asked) -> Search:
        from routing import Costs, Matrix, Problem, Settings, Shipment, Task, Vehicle, solve

        numbers = Integers(instance)
        costs = Costs(fixed=numbers.fixed if asked.objective == "vehicles" else 0, per_hour=0, per_km=1000)

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
            matrices={
                "car": Matrix(durations=numbers.time.astype(np.int32), distances=numbers.distance.astype(np.int32))
            },
            dimensions=("load",),
        )
        if engine != "ortools":
            from routing.engines import kernel

            if kernel.available():
                kernel.warm()
        settings = Settings(engine=engine, seconds=asked.seconds, workers=asked.workers, seed=asked.seed)

        def search() -> Routes:
            plan = solve(problem, settings)
            return [[int(str(s.id)) for s in r.steps if s.shipment is not None] for r in plan.routes]

        return search

    return prepare


def vroom(instance: Instance, asked: Asked) -> Search:
    """VROOM at its highest exploration level. It draws no lots: the seed changes nothing."""
    import vroom as peer

    numbers = Integers(instance)
    problem = peer.Input()
    problem.set_durations_matrix("car", numbers.time.astype(np.uint32))
    costs = numbers.distance // max(1, numbers.scale // 10)  # to a tenth: VROOM bounds the sum of all costs
    problem.set_costs_matrix("car", costs.astype(np.uint32))
    whole = 2 * int(costs[0].sum())  # there and back to each place: further than any plan worth having
    fixed = whole if asked.objective == "vehicles" else 0
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
    limit = dt.timedelta(seconds=asked.seconds)

    def search() -> Routes:
        answer = problem.solve(exploration_level=5, nb_threads=asked.workers, timeout=limit)
        routes: dict[int, list[int]] = {}
        for row in answer.routes[answer.routes["type"].isin(["pickup", "delivery"])].to_dict("records"):
            routes.setdefault(row["vehicle_id"], []).append(int(row["id"]))
        return list(routes.values())

    return search


def pyvrp(*, fewest_first: bool) -> Callable[[Instance, Asked], Search]:
    """PyVRP with fixed costs; or half the time for `minimise_fleet`, and the other half with the fleet it found."""

    def prepare(instance: Instance, asked: Asked) -> Search:
        import pyvrp as peer
        from pyvrp.stop import MaxRuntime

        numbers = Integers(instance)
        model = peer.Model()
        places = [model.add_location(0, 0) for _ in range(len(instance.travel))]
        depot = model.add_depot(places[0])
        early, late = numbers.windows[0]
        model.add_vehicle_type(
            instance.vehicles,
            capacity=instance.capacity,
            start_depot=depot,
            end_depot=depot,
            fixed_cost=numbers.fixed if asked.objective == "vehicles" else 0,
            tw_early=early,
            tw_late=late,
        )
        for p, d in instance.pairs:
            model.add_shipment(
                places[p],
                places[d],
                *numbers.windows[p],
                numbers.service[p],
                *numbers.windows[d],
                numbers.service[d],
                amount=instance.demand[p],
            )
        built: Any = model.data()
        data = built.replace(distance_matrices=[numbers.distance], duration_matrices=[numbers.time])

        def search() -> Routes:
            began, given = time.monotonic(), data
            if fewest_first:
                fleet = peer.minimise_fleet(given, MaxRuntime(asked.seconds / 2), seed=asked.seed)
                given = given.replace(vehicle_types=[fleet])
            left = max(0.0, asked.seconds - (time.monotonic() - began))
            best = peer.solve(given, MaxRuntime(left), seed=asked.seed, collect_stats=False, display=False).best
            return [
                [instance.pairs[step.idx][step.is_delivery()] for step in route if step.is_shipment()]
                for route in best.routes()
            ]

        return search

    return prepare


ENGINES: dict[str, Callable[[Instance, Asked], Search]] = {
    "songsuk": ours("auto"),
    "kernel": ours("kernel"),
    "ortools": ours("ortools"),
    "vroom": vroom,
    "pyvrp": pyvrp(fewest_first=False),
    "pyvrp+fleet": pyvrp(fewest_first=True),
}
DRAWS_LOTS = frozenset({"songsuk", "kernel", "pyvrp", "pyvrp+fleet"})
"""Engines whose answer depends on the seed."""
