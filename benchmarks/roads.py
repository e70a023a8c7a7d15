"""What straight lines cost: plans made on them, driven on the roads of Liechtenstein, against plans made on roads.

Orders are invented on the streets of the extract; "driven" is what OSRM says the same routes take. The barriers are
what a coordinator would draw with a map beside her: the foot of the slope and the ridge behind it, with the roads that
cross them. What is calibrated is calibrated on the legs of two other days' routes, each up to a sixth longer or shorter
than OSRM says.
"""

from __future__ import annotations

import datetime as dt
import random
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import HOUSE, Cell, Table, measured, scaled
from routing.calibration import Leg, calibrate
from routing.model import (
    UNREACHABLE,
    Costs,
    Location,
    Matrix,
    Plan,
    Problem,
    Settings,
    Shipment,
    Task,
    TimeWindow,
    Vehicle,
)
from routing.solving import solve
from routing.travel import Barrier, Crossing, Kind, Measured, connect
from routing.travel import Settings as Ways

EXTRACT = HOUSE.parent / "shared" / "data" / "roads" / "liechtenstein-latest.osm.pbf"
PLACES: Mapping[str, tuple[float, float, float, float]] = {
    "whole country": (9.47, 47.04, 9.64, 47.28),
    "south, with hillside": (9.47, 47.04, 9.64, 47.165),
    "both sides of the slope": (9.5, 47.085, 9.575, 47.15),
}
ORDERS, SHOPS, RIDERS, DAYS, SECONDS = 60, 8, 6, 4, 1.5
OTHER_DAYS = (100, 101)
KIND = "motorcycle"
STREETS = ("residential", "living_street", "unclassified", "tertiary")
PICKUPS, DELIVERIES = (34_200, 41_400), (39_600, 46_800)

BARRIERS = (
    Barrier(
        id="slope",
        line=(
            (9.52, 47.05), (9.535, 47.095), (9.5385, 47.1), (9.5385, 47.109), (9.5345, 47.118), (9.5335, 47.13),
            (9.533, 47.142), (9.5265, 47.155), (9.526, 47.165), (9.5285, 47.178), (9.5465, 47.192), (9.56, 47.203),
            (9.58, 47.215),
        ),
        crossings=tuple(
            Crossing(id=str(number), location=place)
            for number, place in enumerate(
                [(9.5373, 47.1118), (9.534, 47.1243), (9.5334, 47.1313), (9.5264, 47.1671), (9.5276, 47.1732)]
            )
        ),
    ),
    Barrier(
        id="ridge",
        line=((9.56, 47.04), (9.565, 47.1), (9.563, 47.13), (9.575, 47.17), (9.6, 47.2)),
        crossings=(Crossing(id="tunnel", location=(9.5639, 47.1158)),),
    ),
)  # fmt: skip


def measure(scale: float = 1.0) -> Table:
    columns = ["place", "times from", "driven h", "longer %", "driven ÷ planned", "late", "left out"]
    rows: list[list[Cell]] = []
    lacking = None if EXTRACT.exists() else "no extract here"
    lacking = lacking or (None if find_spec("osrm") else "no osrm-bindings here")
    if lacking is not None:
        rows.append([lacking, "–", None, None, None, None, None])
    else:
        found = measured(
            "benchmarks.roads", orders=scaled(ORDERS, scale, 6), days=scaled(DAYS, scale), seconds=SECONDS * scale
        )
        rows = found["rows"]
    return Table(
        name="roads",
        title=f"{ORDERS} orders, {RIDERS} riders, {DAYS} days: plans driven on real roads",
        columns=columns,
        rows=rows,
        note=(
            "Driven: hours on the road if the routes are driven as OSRM knows the roads; longer: than the plan made "
            "with those times. Late: stops begun after their window, of all days; left out: orders without a place. "
            "*Straight* is 1.3 times the straight line at 30 km/h and a minute a leg; *calibrated* has the speed that "
            "the routes of two other days gave; *barriers* are the foot of the slope and the ridge, with six crossings "
            "in all. Map © OpenStreetMap contributors, of 2015. This is a small mountain country in Europe: take the "
            "order of the rows from it, not the size of the gaps."
        ),
    )


def child(orders: int, days: int, seconds: float) -> dict[str, Any]:
    from routing.roads import Order, build

    with tempfile.TemporaryDirectory() as folder:
        order = Order(extract=EXTRACT, folder=Path(folder), area=(9.4, 47.0, 9.7, 47.3), profiles=(KIND,))
        build(order, now=dt.datetime.now(dt.UTC))
        ways = Ways(kinds={KIND: Kind(speed_kmh=30, roads=KIND)}, minutes_per_leg=1, data=Path(folder))
        return {"rows": [row for place in PLACES for row in _place(place, ways, orders, days, seconds)]}


def _place(place: str, ways: Ways, orders: int, days: int, seconds: float) -> list[list[Cell]]:
    streets = _on_streets(PLACES[place])
    learnt = {name: replace(ways, barriers=barriers) for name, barriers in (("", ()), (" + barriers", BARRIERS))}
    settings = {"roads": ways}
    for name, blind in learnt.items():
        settings[f"straight{name}"] = blind
        settings[f"straight{name}, calibrated"] = _calibrated(blind, streets, orders, seconds)
    totals = {name: [0.0, 0.0, 0.0, 0.0] for name in settings}
    for day in range(days):
        points = random.Random(day).sample(streets, orders + SHOPS + 1)
        real = _matrix("osrm", ways, points)
        for name, way in settings.items():
            believed = real if name == "roads" else _matrix("straight", way, points)
            problem = _problem(believed, orders, day)
            plan = solve(problem, Settings(seconds=seconds, workers=1, seed=1 + day))
            driven, late = _driven(problem, plan, real)
            promised = sum(route.duration for route in plan.routes)
            figures = (driven, promised, late, len(plan.unassigned))
            totals[name] = [a + b for a, b in zip(totals[name], figures, strict=True)]
    best = totals["roads"][0]
    return [
        [
            place,
            name,
            round(driven / 3600, 2),
            round(100 * (driven / best - 1), 1) if name != "roads" else None,
            round(driven / promised, 2),
            int(late),
            int(left),
        ]
        for name, (driven, promised, late, left) in totals.items()
    ]


def _on_streets(box: tuple[float, float, float, float]) -> list[Location]:
    """Places on streets where people live, all that lie in the box."""
    import osmium

    west, south, east, north = box
    ways = osmium.FileProcessor(str(EXTRACT), osmium.osm.NODE | osmium.osm.WAY).with_locations()
    ways = ways.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
    found = {
        (node.location.lon, node.location.lat)
        for way in ways.with_filter(osmium.filter.TagFilter(*(("highway", kind) for kind in STREETS)))
        if isinstance(way, osmium.osm.Way)
        for node in way.nodes
        if node.location.valid()
    }
    return sorted((lon, lat) for lon, lat in found if west < lon < east and south < lat < north)


def _matrix(provider: str, ways: Ways, points: Sequence[Location]) -> Matrix:
    found = connect(provider, ways).measure(points, [KIND])
    assert isinstance(found, Measured), found
    return found.matrices[KIND]


def _calibrated(ways: Ways, streets: Sequence[Location], orders: int, seconds: float) -> Ways:
    """The same ways at the speed that the rounds of other days were driven at."""
    legs = []
    for day in OTHER_DAYS:
        chance = random.Random(day)
        points = chance.sample(list(streets), orders + SHOPS + 1)
        real, believed = _matrix("osrm", ways, points), _matrix("straight", ways, points)
        plan = solve(_problem(believed, orders, day), Settings(seconds=seconds, workers=1, seed=day))
        for route in plan.routes:
            for here, there in pairwise(step.index for step in route.steps):
                if here != there and believed.durations[here, there] < UNREACHABLE:
                    observed = float(real.durations[here, there]) * chance.uniform(5 / 6, 7 / 6)
                    moving = float(believed.durations[here, there]) - 60
                    legs.append(Leg(kind=KIND, observed=observed, moving=moving, fixed=60))
    (found,) = calibrate(legs).kinds
    speed = ways.kinds[KIND].speed_kmh / (found.factor or 1)
    return replace(ways, kinds={KIND: replace(ways.kinds[KIND], speed_kmh=speed)})


def _problem(matrix: Matrix, orders: int, day: int) -> Problem:
    """A midday wave: place 0 is the hub, then the shops, then the doors."""
    chance = random.Random(1000 + day)
    shipments = []
    for k in range(orders):
        opens = DELIVERIES[0] + chance.choice((0, 1800, 3600))
        shipments.append(
            Shipment(
                id=k,
                pickups=(Task(id=k, index=1 + chance.randrange(SHOPS), setup=300, windows=(PICKUPS,)),),
                delivery=Task(id=k, index=1 + SHOPS + k, service=180, windows=((opens, opens + 3600),)),
                amounts=((chance.randrange(1, 4),),),
            )
        )
    riders = [
        Vehicle(
            id=k,
            profile=KIND,
            start=0,
            end=0,
            capacity=(25,),
            window=(PICKUPS[0] - 3600, DELIVERIES[1] + 3600),
            costs=Costs(fixed=2000, per_hour=6000, per_km=200),
        )
        for k in range(RIDERS)
    ]
    return Problem(vehicles=tuple(riders), shipments=tuple(shipments), matrices={KIND: matrix}, dimensions=("bags",))


def _driven(problem: Problem, plan: Plan, real: Matrix) -> tuple[float, int]:
    """Seconds on the road, and how many stops begin after their window, if the routes are driven as roads are."""
    windows: dict[tuple[str, Any], TimeWindow] = {}
    for shipment in problem.shipments:
        windows |= {("pickup", task.id): task.windows[0] for task in shipment.pickups}
        windows["delivery", shipment.delivery.id] = shipment.delivery.windows[0]
    road, late = 0.0, 0
    for route in plan.routes:
        now, at = float(route.steps[0].arrival), route.steps[0].index
        for step in route.steps[1:]:
            assert at is not None
            assert step.index is not None
            leg = float(real.durations[at, step.index])
            road, now, at = road + leg, now + leg, step.index
            if step.type in ("pickup", "delivery"):
                opens, closes = windows[step.type, step.id]
                late += now > closes
                now = max(now, opens) + step.setup + step.service
    return float(np.round(road)), late
