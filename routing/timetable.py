"""When a given sequence of stops happens, or the first rule that it breaks. Chooses no sequence.

The schedule is VROOM's: the vehicle finishes as early as it can, leaves as late as that allows, and then does each
stop as early as it can. `routing.chain` finds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, islice, permutations

from .chain import Broken, Drive, Rest
from .compiled import Compiled, Rider, Stop, money, plus
from .model import UNREACHABLE, Amount, Reason

__all__ = ["Broken", "Rest", "Timetable", "alone", "loads_along", "timetable"]

MOST_ORDERS = 24
"""How many orders of one shipment's pickups are tried alone: all of them up to four pickups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """A feasible route. Lists go by position in the sequence; ``loads`` has one more in front, that at the start."""

    start: int
    arrivals: list[int]
    begins: list[int]
    setups: list[int]
    end: int
    legs: list[int]
    metres: list[int]
    loads: list[Amount]
    travel: int
    distance: int
    work: int
    cost: int
    lateness: int
    rests: list[Rest]


def timetable(compiled: Compiled, rider: Rider, route: Sequence[int]) -> Timetable | Broken:
    """The schedule of `route` by `rider`. Skills, duplicates and precedence are the caller's business."""
    vehicle = rider.vehicle
    stops = [rider.stops[n] for n in route]
    reloads = sum(stop.reload for stop in stops) if rider.reloads else 0
    if vehicle.max_tasks is not None and len(route) - reloads > vehicle.max_tasks:
        return Broken(code=Reason.MAX_TASKS)
    if rider.locked and not _keeps(rider.locked, [n for n in route if n not in rider.reloads]):
        return Broken(code=Reason.REFUSED)
    loads = loads_along(compiled, route)
    excess = [
        max(0, max(column) - limit) for column, limit in zip(zip(*loads, strict=True), rider.capacity, strict=True)
    ]
    if any(excess) or reloads > vehicle.max_reloads:
        return Broken(code=Reason.CAPACITY, excess=tuple(excess))
    places, legs, metres = _legs(rider, stops)
    if any(leg >= UNREACHABLE for leg in legs) or any(m >= UNREACHABLE for m in metres):
        return Broken(code=Reason.UNREACHABLE)
    travel, distance = sum(legs), sum(metres)
    if vehicle.max_travel_time is not None and travel > vehicle.max_travel_time:
        return Broken(code=Reason.MAX_TRAVEL_TIME, seconds=travel - vehicle.max_travel_time)
    if vehicle.max_distance is not None and distance > vehicle.max_distance:
        return Broken(code=Reason.MAX_DISTANCE, metres=distance - vehicle.max_distance)

    setups = [stop.setup if places[k] != stop.index else 0 for k, stop in enumerate(stops)]
    drive = Drive(compiled, rider, stops, loads, setups, legs)
    chain = drive.schedule()
    if isinstance(chain, Broken):
        return chain
    at, times = chain
    begins = [times[k] for k in at]
    rests, arrivals = drive.rests(at, times)
    work = sum(setups) + sum(stop.service for stop in stops) + sum(rest.service for rest in rider.breaks)
    lateness = late(stops, begins[1:-1])
    return Timetable(
        start=begins[0],
        arrivals=arrivals[:-1],
        begins=begins[1:-1],
        setups=setups,
        end=begins[-1],
        legs=legs,
        metres=metres,
        loads=loads,
        travel=travel,
        distance=distance,
        work=work,
        cost=vehicle.costs.fixed + _price(rider, places, travel, work, distance) + lateness,
        lateness=lateness,
        rests=rests,
    )


def late(stops: Sequence[Stop], begins: Sequence[int]) -> int:
    """What beginning after soft ends costs. Fractions are dropped, once for the route."""
    due = (
        stop.late_per_hour * max(0, t - stop.soft_end)
        for stop, t in zip(stops, begins, strict=True)
        if stop.soft_end is not None
    )
    return sum(due) // 3600


def _keeps(locked: Sequence[int], route: list[int]) -> bool:
    """Whether what is served of the locked stops comes first and in their order."""
    here = set(route)
    first = [n for n in locked if n in here]
    return route[: len(first)] == first


def _price(rider: Rider, places: Sequence[int | None], travel: int, work: int, distance: int) -> int:
    costs, tariff = rider.vehicle.costs, rider.tariff
    if tariff is None:
        return money(costs, travel, work, distance)
    ways = zip(places, [*places[1:], rider.vehicle.end], strict=True)
    return money(costs, 0, work, 0) + sum(tariff[a, b] for a, b in ways if a is not None and b is not None)


def alone(compiled: Compiled, rider: Rider, s: int) -> tuple[list[int], Timetable | Broken]:
    """Shipment `s` by itself: its cheapest order of stops and schedule, or a rule that forbids it."""
    *pickups, delivery = compiled.stops_of[s]
    orders = ([*order, delivery] for order in islice(permutations(pickups), MOST_ORDERS))
    best, times = (first := next(orders)), timetable(compiled, rider, first)
    for sequence in orders:
        other = timetable(compiled, rider, sequence)
        if isinstance(other, Timetable) and (isinstance(times, Broken) or other.cost < times.cost):
            best, times = sequence, other
    return best, times


def loads_along(compiled: Compiled, route: Sequence[int]) -> list[Amount]:
    """The load when leaving the start, and after each stop."""
    stops = [compiled.stops[n] for n in route]
    cuts = [k for k, stop in enumerate(stops) if stop.reload]
    if cuts:
        return _loads_by_trip(compiled, stops, cuts)
    start: Amount = (0,) * len(compiled.problem.dimensions)
    if compiled.has_jobs:
        start = _aboard(compiled, stops)
    columns = [list(accumulate((s.change[d] for s in stops), initial=load)) for d, load in enumerate(start)]
    return list(zip(*columns, strict=True)) if columns else [()] * (len(stops) + 1)


def _aboard(compiled: Compiled, stops: Sequence[Stop]) -> Amount:
    """What the jobs among these stops have loaded before the first of them."""
    jobs = [compiled.aboard_at_start[s.shipment] for s in stops if s.pickup is None and not s.reload]
    return tuple(map(sum, zip(*jobs, strict=True))) if jobs else (0,) * len(compiled.problem.dimensions)


def _loads_by_trip(compiled: Compiled, stops: Sequence[Stop], cuts: Sequence[int]) -> list[Amount]:
    """As above for several trips: at a depot what was collected goes off, and what the next jobs bring comes aboard."""
    nothing: Amount = (0,) * len(compiled.problem.dimensions)
    kept = nothing  # picked up for a delivery to come: stays aboard at a depot
    loads: list[Amount] = []
    for first, last in zip([0, *(k + 1 for k in cuts)], [*cuts, len(stops)], strict=True):
        trip = stops[first:last]
        load = plus(kept, _aboard(compiled, trip))
        loads.append(load)
        for stop in trip:
            load = plus(load, stop.change)
            loads.append(load)
            if stop.pickup is not None or compiled.problem.shipments[stop.shipment].pickups:
                kept = plus(kept, stop.change)
    return loads


def _legs(rider: Rider, stops: Sequence[Stop]) -> tuple[list[int | None], list[int], list[int]]:
    """Where the vehicle stands before each leg, and each leg's seconds and metres; the last leg ends the route."""
    places: list[int | None] = [rider.vehicle.start, *(stop.index for stop in stops)]
    legs: list[int] = []
    metres: list[int] = []
    for here, there in zip(places, [*places[1:], rider.vehicle.end], strict=True):
        if here is None or there is None:
            legs.append(0)
            metres.append(0)
        else:
            legs.append(rider.durations[here, there])
            metres.append(rider.distances[here, there])
    return places, legs, metres
