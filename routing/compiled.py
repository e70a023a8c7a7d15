"""A problem as the engines read it: stops numbered, matrices per vehicle, who may carry what. Decides nothing.

Stops are numbered 0, 1, ... in the order of the shipments, pickups before the delivery. Vehicles and shipments go by
their position in the problem. A route is a list of stop numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .model import UNREACHABLE, Amount, Costs, IntMatrix, Problem, Shipment, TimeWindow, Vehicle

ANY_TIME: tuple[TimeWindow, ...] = ((0, 10**13),)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rider:
    """One vehicle with its own travel. The views answer ``[i, j]`` with plain integers, much faster than arrays do."""

    vehicle: Vehicle
    capacity: Amount
    durations: memoryview
    distances: memoryview
    window: TimeWindow
    travel_class: tuple[str, float]


@dataclass(frozen=True, kw_only=True)
class Compiled:
    problem: Problem
    stops: tuple[Stop, ...]
    stops_of: tuple[tuple[int, ...], ...]
    riders: tuple[Rider, ...]
    aboard_at_start: tuple[Amount, ...]
    """Per shipment, what a job without pickups has loaded at the vehicle's start."""
    travel: dict[tuple[str, float], tuple[IntMatrix, IntMatrix]]

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
    def penalties(self) -> tuple[int, ...]:
        """Per shipment, what leaving it out weighs in the search.

        Unless stated, a shipment of priority p weighs ``(1 + p) * dearest``, where ``dearest`` is more than any one
        shipment can cost by itself: so none is left out to save money, and leaving one out makes room for others only
        if those others' sum of (1 + priority) is greater.
        """
        every = self._costs
        dearest = 1 + max(
            (self._dearest(costs, leg) for kind, leg in self._longest_legs.items() for costs in every[kind]), default=0
        )
        return tuple((1 + s.priority) * dearest if s.penalty is None else s.penalty for s in self.problem.shipments)

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
        legs = 2 * max((len(stops) for stops in self.stops_of), default=0) + 1
        work = max(
            (sum(self.stops[n].setup + self.stops[n].service for n in stops) for stops in self.stops_of), default=0
        )
        return costs.fixed + money(costs, legs * leg[0], work, legs * leg[1])


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
            stops.append(
                Stop(
                    shipment=number,
                    pickup=k,
                    index=task.index,
                    setup=task.setup,
                    service=task.service,
                    windows=task.windows or ANY_TIME,
                    change=filled(amount, size),
                )
            )
        if not shipment.pickups and shipment.amounts:
            total = filled(shipment.amounts[0], size)
        aboard.append(nothing if shipment.pickups else total)
        drop = tuple(-x for x in total)
        task = shipment.delivery
        stops.append(
            Stop(
                shipment=number,
                pickup=None,
                index=task.index,
                setup=task.setup,
                service=task.service,
                windows=task.windows or ANY_TIME,
                change=plus(drop, filled(shipment.collected, size)),
            )
        )
        stops_of.append(tuple(range(first, len(stops))))
    travel: dict[tuple[str, float], tuple[IntMatrix, IntMatrix]] = {}
    riders = [_rider(problem, vehicle, size, travel) for vehicle in problem.vehicles]
    return Compiled(
        problem=problem,
        stops=tuple(stops),
        stops_of=tuple(stops_of),
        riders=tuple(riders),
        aboard_at_start=tuple(aboard),
        travel=travel,
    )


def filled(amount: Sequence[int], size: int) -> Amount:
    """An amount with every dimension present; what is not stated is nothing."""
    return (*amount, *(0,) * (size - len(amount)))


def _rider(
    problem: Problem, vehicle: Vehicle, size: int, travel: dict[tuple[str, float], tuple[IntMatrix, IntMatrix]]
) -> Rider:
    kind = (vehicle.profile, vehicle.speed_factor)
    if kind not in travel:
        matrix = problem.matrices[vehicle.profile]
        travel[kind] = (at_speed(matrix.durations, vehicle.speed_factor), np.ascontiguousarray(matrix.distances))
    durations, distances = travel[kind]
    return Rider(
        vehicle=vehicle,
        capacity=vehicle.capacity if vehicle.capacity else (UNREACHABLE * 10,) * size,
        durations=memoryview(durations),
        distances=memoryview(distances),
        window=vehicle.window or ANY_TIME[0],
        travel_class=kind,
    )


def at_speed(durations: IntMatrix, factor: float) -> IntMatrix:
    """Durations of a vehicle `factor` times as fast, rounded half up; what cannot be reached stays so."""
    if factor == 1.0:
        return np.ascontiguousarray(durations)
    scaled = np.minimum(np.floor(durations / factor + 0.5), UNREACHABLE - 1)
    return np.where(durations >= UNREACHABLE, durations, scaled).astype(np.int32)
