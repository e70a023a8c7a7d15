"""When a given sequence of stops happens, or the first rule that it breaks. Chooses no sequence.

The schedule is VROOM's: the vehicle finishes as early as it can, leaves as late as that allows, and then does each
stop as early as it can. The rules on time ("not before", "so long after", "at most so long before") all keep the
earlier, and the later, of two schedules that satisfy them; so there is one earliest schedule and, for a given finish,
one latest, and raising or lowering the times until nothing gives finds them, also with several windows a stop.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, islice, permutations

from .compiled import Compiled, Rider, money, plus
from .model import UNREACHABLE, Amount, Reason, TimeWindow

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The first rule a sequence breaks, and by how much in the unit of the rule."""

    code: Reason
    excess: Amount = ()
    seconds: int | None = None
    metres: int | None = None


def timetable(compiled: Compiled, rider: Rider, route: Sequence[int]) -> Timetable | Broken:
    """The schedule of `route` by `rider`. Skills, duplicates and precedence are the caller's business."""
    vehicle = rider.vehicle
    if vehicle.max_tasks is not None and len(route) > vehicle.max_tasks:
        return Broken(code=Reason.MAX_TASKS)
    loads = loads_along(compiled, route)
    excess = [
        max(0, max(column) - limit) for column, limit in zip(zip(*loads, strict=True), rider.capacity, strict=True)
    ]
    if any(excess):
        return Broken(code=Reason.CAPACITY, excess=tuple(excess))
    places, legs, metres = _legs(compiled, rider, route)
    if any(leg >= UNREACHABLE for leg in legs) or any(m >= UNREACHABLE for m in metres):
        return Broken(code=Reason.UNREACHABLE)
    travel, distance = sum(legs), sum(metres)
    if vehicle.max_travel_time is not None and travel > vehicle.max_travel_time:
        return Broken(code=Reason.MAX_TRAVEL_TIME, seconds=travel - vehicle.max_travel_time)
    if vehicle.max_distance is not None and distance > vehicle.max_distance:
        return Broken(code=Reason.MAX_DISTANCE, metres=distance - vehicle.max_distance)

    stops = [compiled.stops[n] for n in route]
    setups = [stop.setup if places[k] != stop.index else 0 for k, stop in enumerate(stops)]
    chain = _Chain(compiled, rider, route, setups, legs)
    earliest = chain.earliest(rider.window[0])
    if isinstance(earliest, Broken):
        return earliest
    latest = chain.latest(earliest[-1])
    begins = chain.earliest(max(latest[0], earliest[0]))
    if isinstance(begins, Broken):  # the latest start admits a schedule by construction; keep the earliest if ever not
        begins = earliest
    times = begins[1:-1]
    done = [begins[0], *(t + setups[k] + stops[k].service for k, t in enumerate(times))]
    work = sum(setups) + sum(stop.service for stop in stops)
    return Timetable(
        start=begins[0],
        arrivals=[done[k] + legs[k] for k in range(len(stops))],
        begins=times,
        setups=setups,
        end=begins[-1],
        legs=legs,
        metres=metres,
        loads=loads,
        travel=travel,
        distance=distance,
        work=work,
        cost=vehicle.costs.fixed + money(vehicle.costs, travel, work, distance),
    )


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
    start: Amount = (0,) * len(compiled.problem.dimensions)
    if compiled.has_jobs:
        for stop in stops:
            if stop.pickup is None:
                start = plus(start, compiled.aboard_at_start[stop.shipment])
    columns = [list(accumulate((s.change[d] for s in stops), initial=load)) for d, load in enumerate(start)]
    return list(zip(*columns, strict=True)) if columns else [()] * (len(stops) + 1)


def _legs(compiled: Compiled, rider: Rider, route: Sequence[int]) -> tuple[list[int | None], list[int], list[int]]:
    """Where the vehicle stands before each leg, and each leg's seconds and metres; the last leg ends the route."""
    places: list[int | None] = [rider.vehicle.start, *(compiled.stops[n].index for n in route)]
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


class _Chain:
    """The times of one route: position 0 is the departure, 1..n the stops, n + 1 the end."""

    def __init__(
        self, compiled: Compiled, rider: Rider, route: Sequence[int], setups: list[int], legs: list[int]
    ) -> None:
        stops = [compiled.stops[n] for n in route]
        self.after = [legs[0], *(setups[k] + stop.service + legs[k + 1] for k, stop in enumerate(stops))]
        """``after[k]``: seconds from the beginning of position k to the earliest arrival at k + 1."""
        self.windows: list[tuple[TimeWindow, ...]] = [(rider.window,), *(s.windows for s in stops), (rider.window,)]
        self.rides = self._rides(compiled, route, setups)
        self.rounds = (len(self.rides) + 1) * (1 + sum(len(w) for w in self.windows))

    @staticmethod
    def _rides(compiled: Compiled, route: Sequence[int], setups: list[int]) -> list[tuple[int, int, int]]:
        """(first pickup, delivery, most seconds from the beginning of the one to that of the other)."""
        rides: list[tuple[int, int, int]] = []
        first: dict[int, int] = {}
        for k, n in enumerate(route):
            stop = compiled.stops[n]
            limit = compiled.problem.shipments[stop.shipment].max_ride_time
            if limit is None:
                continue
            if stop.pickup is not None:
                first.setdefault(stop.shipment, k)
            elif stop.shipment in first:
                p = first[stop.shipment]
                rides.append((p + 1, k + 1, limit + setups[p] + compiled.stops[route[p]].service))
            else:  # a job: on the road since the departure
                rides.append((0, k + 1, limit))
        return rides

    def earliest(self, start: int) -> list[int] | Broken:
        times = self._settle(start, 0)
        if times is None:
            return Broken(code=Reason.MAX_RIDE_TIME, seconds=self._too_long(start))
        return times

    def _settle(self, start: int, longer: int) -> list[int] | Broken | None:
        """The earliest times with each ride up to `longer` seconds over its limit; None where a ride stays longer."""
        times = [start] * len(self.windows)
        for round_ in range(self.rounds):
            broken = self._raise(times)
            if broken is not None:
                return broken if round_ == 0 else None
            settled = True
            for pickup, delivery, limit in self.rides:
                if times[delivery] - times[pickup] > limit + longer:
                    times[pickup] = times[delivery] - limit - longer
                    settled = False
            if settled:
                return times
        return None

    def _raise(self, times: list[int]) -> Broken | None:
        """Bring each time up to its predecessor's and into a window; None when all fit."""
        last = len(times) - 1
        for k in range(last + 1):
            t = times[k] if k == 0 else max(times[k], times[k - 1] + self.after[k - 1])
            for opens, closes in self.windows[k]:
                if t <= closes:
                    times[k] = max(t, opens)
                    break
            else:
                code = Reason.SHIFT if k in (0, last) else Reason.TIME_WINDOW
                return Broken(code=code, seconds=t - self.windows[k][-1][1])
        return None

    def latest(self, end: int) -> list[int]:
        """The latest times that still end at `end`, given that there are any."""
        times = [end] * len(self.windows)
        for _ in range(self.rounds):
            for k in range(len(times) - 1, -1, -1):
                t = times[k] if k == len(times) - 1 else min(times[k], times[k + 1] - self.after[k])
                times[k] = next((min(t, closes) for opens, closes in reversed(self.windows[k]) if t >= opens), t)
            settled = True
            for pickup, delivery, limit in self.rides:
                if times[delivery] - times[pickup] > limit:
                    times[delivery] = times[pickup] + limit
                    settled = False
            if settled:
                break
        return times

    def _too_long(self, start: int) -> int:
        """The least by which the limits would have to be raised: waiting that the goods can be spared does not count.

        With one window a stop, a ride is shortest when its delivery is done as early as may be and its pickup as late
        as that allows; if that does not hold for all rides at once, the figure is searched for.
        """
        times = [start] * len(self.windows)
        self._raise(times)
        most = max(times[d] - times[p] - limit for p, d, limit in self.rides)
        least = max(times[d] - self._latest_for(times, p, d) - limit for p, d, limit in self.rides)
        if max(map(len, self.windows)) == 1 and self._settle(start, least) is not None:
            return least
        return bisect_left(range(most), True, lo=1, key=lambda longer: self._settle(start, longer) is not None)

    def _latest_for(self, times: Sequence[int], pickup: int, delivery: int) -> int:
        """How late the pickup may begin for the delivery to begin when it does in `times`; one window a stop."""
        t = times[delivery]
        for k in range(delivery - 1, pickup - 1, -1):
            t = min(t - self.after[k], self.windows[k][0][1])
        return t
