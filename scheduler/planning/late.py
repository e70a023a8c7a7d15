"""Where a late order fits into a wave's plan as it is: nobody's stops change their order, and what is done stays done.

Knows no database and no words; the travel times are asked for as for a plan.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import routing
from routing.compiled import Compiled, compile_problem
from routing.model import Id, PreviousRoute, Problem, Shipment, Step, Task, Vehicle, Visit
from routing.plans import Answer, build
from routing.timetable import Broken, timetable
from scheduler.batch import delivery_window
from scheduler.config.models import Wave
from scheduler.planning import fixes
from scheduler.planning.answers import promise
from scheduler.planning.problems import DIMENSIONS, AreaProblem
from scheduler.planning.times import Span, instant, seconds
from storage import records
from storage.records import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """A stop behind the late order: when it would be, how much later that is, and whether its buyer's range holds.

    ``told`` and ``kept`` are None for pickups.
    """

    type: str
    order_id: str
    seller_id: str | None
    arrival: dt.datetime
    seconds: int
    told: Span | None
    kept: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place for the late order. ``pickups`` by seller, ``positions`` among the rider's stops, from 0."""

    rider_id: str
    positions: tuple[int, ...]
    added_cost: int
    added_distance: int
    added_duration: int
    pickups: tuple[tuple[str, dt.datetime], ...]
    arrival: dt.datetime
    told: Span
    delays: tuple[Later, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """The places there are, the cheapest first; where there is none, why, and what would make room."""

    places: tuple[Place, ...]
    provider: str
    estimate: bool
    code: str | None = None
    message: Mapping[str, str] | None = None
    fix: Mapping[str, Any] | None = None


def late_order(
    area: AreaProblem, plan: records.Plan, late: Order, wave: Wave, now: dt.datetime, tz: ZoneInfo, n: int = 3
) -> Late:
    """Where `late`, one of the area's shipments, fits into the plan as it is; at most `n` places."""
    ways = area.ways.between(area.points, sorted({vehicle.profile for vehicle in area.vehicles}))
    problem = Problem(vehicles=area.vehicles, shipments=area.shipments, matrices=ways.matrices, dimensions=DIMENSIONS)
    problem = _from_now_on(problem, plan, late.order_id, seconds(now, plan.date, tz), tz)
    compiled = compile_problem(problem)
    routes = _sequences(compiled, plan)
    broken = {
        rider.vehicle.id
        for rider, route in zip(compiled.riders, routes, strict=True)
        if isinstance(timetable(compiled, rider, route), Broken)
    }
    if broken:  # what was planned can no longer be driven as it is: nobody knows what else would fit in
        problem = _without(problem, late.order_id, broken)
        compiled = compile_problem(problem)
        routes = [[] if v.id in broken else route for v, route in zip(problem.vehicles, routes, strict=True)]
    answer = Answer(routes=routes, engine="")
    found = routing.insertions(problem, build(compiled, answer, (), seed=0, solving_ms=0), late.order_id, n)
    if found:
        window = delivery_window(late, wave, plan.date, tz)
        places = tuple(_place(each, plan, late.order_id, window, tz) for each in found)
        return Late(places=places, provider=ways.provider, estimate=ways.estimate)
    left = next(u for u in routing.explain(compiled, routes) if u.shipment == late.order_id)
    return Late(
        places=(),
        provider=ways.provider,
        estimate=ways.estimate,
        code=str(left.code),
        message=routing.sentence(left, problem),
        fix=fixes.shown(left.fix, plan.date, tz),
    )


def _without(problem: Problem, late: str, riders: Collection[Id]) -> Problem:
    """The late order goes with none of these riders."""
    return replace(
        problem,
        shipments=tuple(
            replace(s, forbidden_vehicles=s.forbidden_vehicles | frozenset(riders)) if s.id == late else s
            for s in problem.shipments
        ),
    )


def _sequences(compiled: Compiled, plan: records.Plan) -> list[list[int]]:
    """The plan's routes as stop numbers, without orders that are cancelled since."""
    problem = compiled.problem
    number = {s.id: k for k, s in enumerate(problem.shipments)}
    by_rider = {route.rider_id: route for route in plan.routes}
    routes: list[list[int]] = []
    for vehicle in problem.vehicles:
        route = by_rider.get(str(vehicle.id))
        steps = [step for step in route.steps if step.order_id in number] if route is not None else []
        own = [(compiled.stops_of[number[str(step.order_id)]], _pickup(problem, step)) for step in steps]
        routes.append([stops[-1 if pickup is None else pickup] for stops, pickup in own])
    return routes


def _from_now_on(problem: Problem, plan: records.Plan, late: str, now: int, tz: ZoneInfo) -> Problem:
    """Stops that have begun by `now` (seconds of the day) stay as they were; the late order comes after that."""
    done: dict[str, list[Visit]] = {}
    leaves: dict[str, int] = {}
    riders, orders = {str(v.id) for v in problem.vehicles}, {s.id for s in problem.shipments}
    for route in plan.routes:
        if route.rider_id not in riders:
            continue
        leaves[route.rider_id] = seconds(route.steps[0].arrival, plan.date, tz)
        for step in route.steps:
            begin = seconds(step.arrival, plan.date, tz) + step.waiting_time
            if step.order_id is not None and step.order_id in orders and begin <= now:
                pickup = _pickup(problem, step)
                done.setdefault(route.rider_id, []).append(Visit(shipment=step.order_id, pickup=pickup, begin=begin))
    begun = {(visit.shipment, visit.pickup): visit.begin for visits in done.values() for visit in visits}

    def task(shipment: Shipment, pickup: int | None, each: Task) -> Task:
        if shipment.id == late:
            return replace(each, windows=tuple((max(a, now), max(b, now)) for a, b in each.windows))
        begin = begun.get((shipment.id, pickup))
        return each if begin is None else replace(each, windows=((begin, begin),))

    def rider(vehicle: Vehicle) -> Vehicle:
        if vehicle.window is None:
            return vehicle
        opens, closes = vehicle.window
        first = min(now, leaves.get(str(vehicle.id), now))
        return replace(vehicle, window=(min(max(opens, first), closes), closes))

    return replace(
        problem,
        vehicles=tuple(map(rider, problem.vehicles)),
        shipments=tuple(
            replace(
                s,
                pickups=tuple(task(s, k, pickup) for k, pickup in enumerate(s.pickups)),
                delivery=task(s, None, s.delivery),
            )
            for s in problem.shipments
        ),
        previous=tuple(
            PreviousRoute(vehicle=rider_id, visits=tuple(visits), lock="sequence") for rider_id, visits in done.items()
        ),
    )


def _pickup(problem: Problem, step: records.PlanStep) -> int | None:
    """Which pickup of its order a step is; None for the delivery."""
    if step.type == "delivery":
        return None
    shipment = next(s for s in problem.shipments if s.id == step.order_id)
    return [task.id for task in shipment.pickups].index(f"{step.order_id}/{step.seller_id}")


def _place(found: routing.Insertion, plan: records.Plan, late: str, window: Span, tz: ZoneInfo) -> Place:
    told = {
        step.order_id: step.told
        for route in plan.routes
        for step in route.steps
        if step.type == "delivery" and step.told is not None
    }
    steps = found.route.steps

    def at(step: Step) -> dt.datetime:
        return instant(step.arrival + step.waiting_time, plan.date, tz)

    later: dict[tuple[Id | None, Id | None], int] = {(d.shipment, d.task): d.seconds for d in found.delays}
    delivery = next(step for step in steps if step.shipment == late and step.type == "delivery")
    under_way = delivery.arrival + delivery.waiting_time - steps[0].arrival
    return Place(
        rider_id=str(found.vehicle),
        positions=found.positions,
        added_cost=found.added_cost,
        added_distance=found.added_distance,
        added_duration=found.added_duration,
        pickups=tuple((_seller(step), at(step)) for step in steps if step.shipment == late and step.type == "pickup"),
        arrival=at(delivery),
        told=promise(at(delivery), window, under_way),
        delays=tuple(
            _later(step, at(step), later[step.shipment, step.id], told.get(str(step.shipment)))
            for step in steps
            if step.shipment not in (None, late) and later[step.shipment, step.id]
        ),
    )


def _later(step: Step, arrival: dt.datetime, seconds: int, told: Span | None) -> Later:
    drop = step.type == "delivery"
    return Later(
        type=step.type,
        order_id=str(step.shipment),
        seller_id=None if drop else _seller(step),
        arrival=arrival,
        seconds=seconds,
        told=told if drop else None,
        kept=told[0] <= arrival <= told[1] if drop and told is not None else None,
    )


def _seller(step: Step) -> str:
    return str(step.id).removeprefix(f"{step.shipment}/")
