"""What a relaxation does to a problem, and what it is worth. Finds none.

The price of a relaxation is what it asks of people, in the unit of the vehicle's own costs, so that it can be added to
what the route costs more: in hours of that rider,

    window, longer shift, longest travel time       the time itself
    longest ride                                    twice the time: the goods suffer
    farthest distance                               the time it takes at 20 km/h
    lighter                                         what stays behind per what is brought: half of it counts one hour
    most tasks                                      ten minutes a task
    a rider whom the order does not allow           1
    one rider more                                  1
    a skill                                         4
    each further relaxation of the same fix         1/2: somebody else has to be asked
    nothing but the order's own penalty             0
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from routing.compiled import filled
from routing.fixes import Fix, FixCode, Relaxation
from routing.model import Amount, Id, Problem, Shipment, Task, TimeWindow, Vehicle

_HOURS = {FixCode.ALLOWED: 1.0, FixCode.ONE_MORE_RIDER: 1.0, FixCode.SKILL: 4.0}
_PER_SECOND = {
    FixCode.WINDOW: 1 / 3600,
    FixCode.LONGER_SHIFT: 1 / 3600,
    FixCode.MAX_TRAVEL_TIME: 1 / 3600,
    FixCode.MAX_RIDE_TIME: 2 / 3600,
}
_PER_METRE = 1 / 20_000
_PER_TASK = 1 / 6
_FURTHER = 0.5


def hour(vehicle: Vehicle) -> float:
    """What an hour of this rider costs; where only kilometres cost anything, what 20 of them do."""
    return vehicle.costs.per_hour or 20 * vehicle.costs.per_km or 3600


def price(relaxations: Sequence[Relaxation], vehicle: Vehicle, shipment: Shipment) -> float:
    """What these relaxations together ask of people."""
    hours = sum(weight_of(r, shipment) for r in relaxations) + _FURTHER * (len(relaxations) - 1)
    return hours * hour(vehicle)


def weight_of(relaxation: Relaxation, shipment: Shipment) -> float:
    """What one relaxation asks, in hours of the rider."""
    if relaxation.code is FixCode.LIGHTER:
        behind = zip(_sum(relaxation.amounts), _sum(shipment.amounts), strict=True)
        returned = zip(relaxation.collected, shipment.collected, strict=False)
        return max((less / max(whole - less, 1e-9) for less, whole in (*behind, *returned) if less), default=0.0)
    return (
        _HOURS.get(relaxation.code, 0.0)
        + _PER_SECOND.get(relaxation.code, 0.0) * (relaxation.seconds or 0)
        + _PER_METRE * (relaxation.metres or 0)
        + _PER_TASK * (relaxation.tasks or 0)
    )


def _sum(amounts: Iterable[Amount]) -> list[int]:
    return [sum(column) for column in zip(*amounts, strict=True)]


def apply_fix(problem: Problem, shipment: Id, fix: Fix) -> Problem:
    """The problem in which `shipment` fits into the route of the fix's vehicle, or of the one more rider."""
    liked = next(v for v in problem.vehicles if v.id == fix.vehicle)
    more = any(r.code is FixCode.ONE_MORE_RIDER for r in fix.relaxations)
    rider = replace(liked, id=another_id(problem)) if more else liked
    loosened = {s.id: s for s in problem.shipments}
    rider, loosened[shipment] = loosen(rider, loosened[shipment], fix.relaxations)
    vehicles = (*problem.vehicles, rider) if more else (*(rider if v is liked else v for v in problem.vehicles),)
    return replace(problem, vehicles=vehicles, shipments=tuple(loosened.values()))


def another_id(problem: Problem) -> Id:
    """An id for one vehicle more."""
    taken = {v.id for v in problem.vehicles}
    return next(name for k in range(len(taken) + 1) if (name := f"one_more_rider_{k}") not in taken)


def loosen(vehicle: Vehicle, shipment: Shipment, relaxations: Iterable[Relaxation]) -> tuple[Vehicle, Shipment]:
    """The vehicle and the shipment with all relaxations applied."""
    for relaxation in relaxations:
        vehicle, shipment = _loosen(vehicle, shipment, relaxation)
    return vehicle, shipment


def _loosen(vehicle: Vehicle, shipment: Shipment, r: Relaxation) -> tuple[Vehicle, Shipment]:
    seconds = r.seconds or 0
    match r.code:
        case FixCode.WINDOW if r.pickup is None:
            shipment = replace(shipment, delivery=_wider(shipment.delivery, r))
        case FixCode.WINDOW:
            pickups = tuple(_wider(p, r) if k == r.pickup else p for k, p in enumerate(shipment.pickups))
            shipment = replace(shipment, pickups=pickups)
        case FixCode.LONGER_SHIFT if vehicle.window is not None:
            vehicle = replace(vehicle, window=widened(vehicle.window, r))
        case FixCode.ONE_MORE_RIDER:
            vehicle = replace(vehicle, window=r.window)
            shipment = _allowing(shipment, vehicle.id)
        case FixCode.LIGHTER:
            less = tuple(_minus(a, b) for a, b in zip(shipment.amounts, r.amounts, strict=True))
            shipment = replace(shipment, amounts=less, collected=_minus(shipment.collected, r.collected))
        case FixCode.MAX_TASKS if vehicle.max_tasks is not None:
            vehicle = replace(vehicle, max_tasks=vehicle.max_tasks + (r.tasks or 0))
        case FixCode.MAX_TRAVEL_TIME if vehicle.max_travel_time is not None:
            vehicle = replace(vehicle, max_travel_time=vehicle.max_travel_time + seconds)
        case FixCode.MAX_DISTANCE if vehicle.max_distance is not None:
            vehicle = replace(vehicle, max_distance=vehicle.max_distance + (r.metres or 0))
        case FixCode.MAX_RIDE_TIME if shipment.max_ride_time is not None:
            shipment = replace(shipment, max_ride_time=shipment.max_ride_time + seconds)
        case FixCode.SKILL:
            vehicle = replace(vehicle, skills=vehicle.skills | r.skills)
        case FixCode.ALLOWED:
            shipment = _allowing(shipment, vehicle.id)
        case FixCode.PENALTY:
            shipment = replace(shipment, penalty=r.penalty)
        case _:
            pass
    return vehicle, shipment


def _allowing(shipment: Shipment, vehicle: Id) -> Shipment:
    named = shipment.allowed_vehicles
    return replace(
        shipment,
        allowed_vehicles=named if named is None else named | {vehicle},
        forbidden_vehicles=shipment.forbidden_vehicles - {vehicle},
    )


def _minus(whole: Amount, less: Amount) -> Amount:
    return tuple(a - b for a, b in zip(filled(whole, len(less)), less, strict=True)) if less else whole


def _wider(task: Task, r: Relaxation) -> Task:
    """The task with the one window widened, or all of them where the relaxation names none; joined if they meet."""
    wide = sorted(widened(w, r) if r.was in (None, w) else w for w in task.windows)
    joined: list[TimeWindow] = []
    for opens, closes in wide:
        if joined and opens <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], closes))
        else:
            joined.append((opens, closes))
    return replace(task, windows=tuple(joined))


def widened(window: TimeWindow, r: Relaxation) -> TimeWindow:
    """Earlier or later by the relaxation's seconds; not before 0."""
    opens, closes = window
    seconds = r.seconds or 0
    return (max(0, opens - seconds), closes) if r.side == "earlier" else (opens, closes + seconds)
