"""A problem as the engines read it: stops numbered, matrices per vehicle, who may carry what. Decides nothing.

Stops are numbered 0, 1, ... in the order of the shipments, pickups before the delivery; then come the reload depots,
vehicle by vehicle. Vehicles and shipments go by their position in the problem. A route is a list of stop numbers, in
which a reload depot may stand several times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from .model import UNREACHABLE, Amount, Break, Costs, Id, IntMatrix, Problem, Shipment, Task, TimeWindow, Vehicle

ANY_TIME: tuple[TimeWindow, ...] = ((0, 10**13),)

MOST_LATE = 86400
"""Seconds after its soft end that no stop is expected to begin."""

NO_SHIPMENT = -1
"""What a reload depot has for a shipment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One task as engines see it. ``change`` is what it does to the load."""

    shipment: int
    pickup: int | None
    """Which pickup of the shipment this is; None for the delivery."""
    index: int
    setup: int
    service: int
    windows: tuple[TimeWindow, ...]
    change: Amount
    soft_end: int | None = None
    late_per_hour: int = 0

    reload: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rider:
    """One vehicle with its own travel. The views answer ``[i, j]`` with plain integers, much faster than arrays do."""

    vehicle: Vehicle
    capacity: Amount
    durations: memoryview
    distances: memoryview
    window: TimeWindow
    travel_class: tuple[str, float]
    stops: tuple[Stop, ...]
    """All stops, with the setup and service that they take this type of vehicle."""
    breaks: tuple[Break, ...] = ()
    reloads: tuple[int, ...] = ()
    """The numbers of its own reload depots."""
    locked: tuple[int, ...] = ()
    """The stops that come first, in this order, as far as they are served."""
    tariff: memoryview | None = None
    """What each leg costs, where the profile states that."""


@dataclass(frozen=True, kw_only=True)
class Compiled:
    problem: Problem
    stops: tuple[Stop, ...]
    stops_of: tuple[tuple[int, ...], ...]
    riders: tuple[Rider, ...]
    aboard_at_start: tuple[Amount, ...]
    """Per shipment, what a job without pickups has loaded at the vehicle's start."""
    travel: dict[tuple[str, float], tuple[IntMatrix, IntMatrix]]
    before: Mapping[int, tuple[int, int | None]]
    """Per shipment of the plan before: who brought it, and when its delivery began. Only vehicles that still are."""

    @cached_property
    def has_jobs(self) -> bool:
        """Whether anything is aboard at a vehicle's start."""
        return any(map(any, self.aboard_at_start))

    @cached_property
    def carriers(self) -> tuple[tuple[int, ...], ...]:
        """Per shipment, the vehicles that may carry it by skill and by name."""
        vehicles = self.problem.vehicles
        return tuple(
            tuple(v for v, vehicle in enumerate(vehicles) if may_carry(vehicle, s)) for s in self.problem.shipments
        )

    @cached_property
    def groups(self) -> dict[int, tuple[int, ...]]:
        """Per shipment of a group, all shipments of it."""
        members: dict[Id, list[int]] = {}
        for s, shipment in enumerate(self.problem.shipments):
            if shipment.group is not None:
                members.setdefault(shipment.group, []).append(s)
        return {s: tuple(group) for group in members.values() for s in group}

    @cached_property
    def locked(self) -> frozenset[int]:
        """The shipments of which a stop is locked in its sequence."""
        return frozenset(self.stops[n].shipment for rider in self.riders for n in rider.locked)

    @cached_property
    def penalties(self) -> tuple[int, ...]:
        """Per shipment, what leaving it out weighs in the search.

        Unless stated, a shipment of priority p weighs ``(1 + p) * dearest``, where ``dearest`` is more than any one
        shipment can cost by itself: so none is left out to save money, and leaving one out makes room for others only
        if those others' sum of (1 + priority) is greater. What is locked in its sequence weighs more than any other.
        """
        every = self._costs
        dearest = 1 + max(
            (self._dearest(costs, leg) for kind, leg in self._longest_legs.items() for costs in every[kind]), default=0
        )
        return tuple(
            102 * dearest + (s.penalty or 0)
            if k in self.locked
            else (1 + s.priority) * dearest
            if s.penalty is None
            else s.penalty
            for k, s in enumerate(self.problem.shipments)
        )

    @property
    def _costs(self) -> dict[tuple[str, float], set[Costs]]:
        """What vehicles of each travel class cost, each figure once."""
        costs: dict[tuple[str, float], set[Costs]] = {}
        for rider in self.riders:
            costs.setdefault(rider.travel_class, set()).add(rider.vehicle.costs)
        return costs

    @property
    def _longest_legs(self) -> dict[tuple[str, float], tuple[int, int]]:
        """Per travel class, seconds and metres that no leg exceeds."""
        legs: dict[tuple[str, float], tuple[int, int]] = {}
        for kind, (durations, distances) in self.travel.items():
            reachable = (durations < UNREACHABLE) & (distances < UNREACHABLE)
            longest = int(np.max(durations[reachable], initial=0))
            legs[kind] = longest, int(np.max(distances[reachable], initial=0))
        return legs

    def _dearest(self, costs: Costs, leg: tuple[int, int]) -> int:
        """More than a vehicle at these costs takes for any one shipment."""
        stops = max((len(numbers) for numbers in self.stops_of), default=0)
        legs = 2 * stops + 1
        work = max(
            (sum(own[n].setup + own[n].service for n in numbers) for own in self._by_type for numbers in self.stops_of),
            default=0,
        )
        late = max((stop.late_per_hour for stop in self.stops), default=0) * MOST_LATE // 3600
        dearest = costs.fixed + money(costs, legs * leg[0], work, legs * leg[1]) + legs * (late + self._dearest_leg)
        return dearest + self._steering(legs * leg[0] + work, stops)

    @property
    def _by_type(self) -> list[tuple[Stop, ...]]:
        return list({id(rider.stops): rider.stops for rider in self.riders}.values())

    def _steering(self, seconds: int, stops: int) -> int:
        """More than one shipment can weigh in balance and in moves."""
        problem = self.problem
        churn = problem.churn
        moved = churn.cost_per_moved if churn else 0
        if churn is not None and churn.max_shift is not None:
            moved *= 1 + len(self.before)  # a stop more may make all others of its route late
        if problem.balance is None:
            return moved
        hours = max((rider.vehicle.worked.duration for rider in self.riders), default=0) // 3600 + 48
        tasks = max((rider.vehicle.worked.tasks for rider in self.riders), default=0) + len(self.stops)
        return moved + problem.balance.duration * hours * (seconds // 3600 + 1) + problem.balance.tasks * tasks * stops

    @cached_property
    def _dearest_leg(self) -> int:
        """The most that any profile's own costs state for a leg."""
        stated = (matrix.costs for matrix in self.problem.matrices.values() if matrix.costs is not None)
        return max((int(np.max(costs, initial=0)) for costs in stated), default=0)


def may_carry(vehicle: Vehicle, shipment: Shipment) -> bool:
    """Whether skills, and the vehicles named or refused by the shipment, let this vehicle carry it."""
    return (
        shipment.skills <= vehicle.skills
        and vehicle.id not in shipment.forbidden_vehicles
        and (shipment.allowed_vehicles is None or vehicle.id in shipment.allowed_vehicles)
    )


def money(costs: Costs, travel: int, work: int, metres: int) -> int:
    """What so many seconds of travel and of work, and so many metres, cost. Fractions are dropped, as in VROOM."""
    return (1000 * (costs.per_hour * travel + costs.per_task_hour * work) + 3600 * costs.per_km * metres) // 3_600_000


def slight(vehicle: Vehicle, shipment: Shipment) -> int:
    """What giving a shipment to another vehicle than a preferred one weighs in the search: ten minutes or three
    kilometres of that vehicle, whichever is dearer. Nobody pays it; it is in no cost."""
    if not shipment.preferred_vehicles or vehicle.id in shipment.preferred_vehicles:
        return 0
    return max(money(vehicle.costs, 600, 0, 0), money(vehicle.costs, 0, 0, 3000), 1)


def plus(a: Amount, b: Amount) -> Amount:
    return tuple(x + y for x, y in zip(a, b, strict=True))


def compile_problem(problem: Problem) -> Compiled:
    """Number the stops and bring every vehicle's travel to integers of its own speed."""
    problem = _kept_with_vehicles(problem)
    size = len(problem.dimensions)
    nothing = (0,) * size
    stops: list[Stop] = []
    stops_of: list[tuple[int, ...]] = []
    aboard: list[Amount] = []
    for number, shipment in enumerate(problem.shipments):
        first = len(stops)
        total = nothing
        for k, (task, amount) in enumerate(zip(shipment.pickups, shipment.amounts, strict=False)):
            total = plus(total, filled(amount, size))
            stops.append(_stop(number, k, task, filled(amount, size)))
        if not shipment.pickups and shipment.amounts:
            total = filled(shipment.amounts[0], size)
        aboard.append(nothing if shipment.pickups else total)
        drop = tuple(-x for x in total)
        stops.append(_stop(number, None, shipment.delivery, plus(drop, filled(shipment.collected, size))))
        stops_of.append(tuple(range(first, len(stops))))
    reloads: list[tuple[int, ...]] = []
    for vehicle in problem.vehicles:
        reloads.append(tuple(range(len(stops), len(stops) + len(vehicle.reload_depots))))
        for depot in vehicle.reload_depots:
            task = Task(id="", index=depot.index, service=depot.service)
            stops.append(replace(_stop(NO_SHIPMENT, None, task, nothing), reload=True))
    number_of = {s.id: k for k, s in enumerate(problem.shipments)}
    travel: dict[tuple[str, float], tuple[IntMatrix, IntMatrix]] = {}
    by_type: dict[str | None, tuple[Stop, ...]] = {}
    riders: list[Rider] = []
    for v, vehicle in enumerate(problem.vehicles):
        if vehicle.type not in by_type:
            by_type[vehicle.type] = _as_type(problem, tuple(stops), stops_of, vehicle.type)
        locked = tuple(
            stops_of[number_of[visit.shipment]][-1 if visit.pickup is None else visit.pickup]
            for route in problem.previous
            if route.vehicle == vehicle.id and route.lock == "sequence"
            for visit in route.visits
            if visit.shipment in number_of
        )
        rider = _rider(problem, vehicle, size, travel, by_type[vehicle.type])
        riders.append(replace(rider, reloads=reloads[v] if vehicle.max_reloads else (), locked=locked))
    return Compiled(
        problem=problem,
        stops=tuple(stops),
        stops_of=tuple(stops_of),
        riders=tuple(riders),
        aboard_at_start=tuple(aboard),
        travel=travel,
        before=_before(problem, number_of),
    )


def _kept_with_vehicles(problem: Problem) -> Problem:
    """What a lock keeps with its vehicle may go with no other: as if only that one were allowed."""
    keeper = {
        visit.shipment: route.vehicle for route in problem.previous if route.lock != "none" for visit in route.visits
    }
    if not keeper:
        return problem
    only = [
        replace(s, allowed_vehicles=frozenset({keeper[s.id]} if _allows(s, keeper[s.id]) else ()))
        if s.id in keeper
        else s
        for s in problem.shipments
    ]
    return replace(problem, shipments=tuple(only))


def _allows(shipment: Shipment, vehicle: Id) -> bool:
    return shipment.allowed_vehicles is None or vehicle in shipment.allowed_vehicles


def _before(problem: Problem, number_of: Mapping[Id, int]) -> dict[int, tuple[int, int | None]]:
    at = {vehicle.id: v for v, vehicle in enumerate(problem.vehicles)}
    return {
        number_of[visit.shipment]: (at[route.vehicle], visit.begin)
        for route in problem.previous
        if route.vehicle in at
        for visit in route.visits
        if visit.pickup is None and visit.shipment in number_of
    }


def _stop(shipment: int, pickup: int | None, task: Task, change: Amount) -> Stop:
    return Stop(
        shipment=shipment,
        pickup=pickup,
        index=task.index,
        setup=task.setup,
        service=task.service,
        windows=task.windows or ANY_TIME,
        change=change,
        soft_end=task.soft_end if task.cost_per_hour_after_soft_end else None,
        late_per_hour=task.cost_per_hour_after_soft_end if task.soft_end is not None else 0,
    )


def _as_type(
    problem: Problem, stops: tuple[Stop, ...], stops_of: Sequence[tuple[int, ...]], type_: str | None
) -> tuple[Stop, ...]:
    """The stops as they take a vehicle of this type; the very same tuple where the type changes nothing."""
    if type_ is None:
        return stops
    own: dict[int, Stop] = {}
    for numbers, shipment in zip(stops_of, problem.shipments, strict=True):
        for n, task in zip(numbers, (*shipment.pickups, shipment.delivery), strict=True):
            setup = task.setup_per_type.get(type_, task.setup)
            service = task.service_per_type.get(type_, task.service)
            if (setup, service) != (task.setup, task.service):
                own[n] = replace(stops[n], setup=setup, service=service)
    return tuple(own.get(n, stop) for n, stop in enumerate(stops)) if own else stops


def filled(amount: Sequence[int], size: int) -> Amount:
    """An amount with every dimension present; what is not stated is nothing."""
    return (*amount, *(0,) * (size - len(amount)))


def _rider(
    problem: Problem,
    vehicle: Vehicle,
    size: int,
    travel: dict[tuple[str, float], tuple[IntMatrix, IntMatrix]],
    stops: tuple[Stop, ...],
) -> Rider:
    kind = (vehicle.profile, vehicle.speed_factor)
    matrix = problem.matrices[vehicle.profile]
    if kind not in travel:
        travel[kind] = (at_speed(matrix.durations, vehicle.speed_factor), np.ascontiguousarray(matrix.distances))
    durations, distances = travel[kind]
    return Rider(
        vehicle=vehicle,
        capacity=vehicle.capacity if vehicle.capacity else (UNREACHABLE * 10,) * size,
        durations=memoryview(durations),
        distances=memoryview(distances),
        window=vehicle.window or ANY_TIME[0],
        travel_class=kind,
        stops=stops,
        breaks=tuple(sorted(vehicle.breaks, key=lambda b: (b.windows or ANY_TIME)[0])),
        tariff=None if matrix.costs is None else memoryview(np.ascontiguousarray(matrix.costs)),
    )


def at_speed(durations: IntMatrix, factor: float) -> IntMatrix:
    """Durations of a vehicle `factor` times as fast, rounded half up; what cannot be reached stays so."""
    if factor == 1.0:
        return np.ascontiguousarray(durations)
    with np.errstate(over="ignore"):  # at a speed of next to nothing
        scaled = np.minimum(np.floor(durations / factor + 0.5), UNREACHABLE - 1)
    return np.where(durations >= UNREACHABLE, durations, scaled).astype(np.int32)
