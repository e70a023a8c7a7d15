"""Cheapest insertion, one shipment after the other, the weightiest first. Never goes back on a decision.

Gives a valid plan in milliseconds: the first plan of slower engines, and the answer where they find none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from time import monotonic

from routing.compiled import Compiled, Rider, Stop, slight
from routing.model import UNREACHABLE, Settings, TimeWindow, Vehicle
from routing.plans import Answer, left_out, weight
from routing.rules import ALL, RARE
from routing.timetable import Broken, Timetable, alone, loads_along, timetable

from . import Report

HONOURS = ALL - RARE

MOST_EXACT_CHECKS = 60
"""How many promising positions that fail the exact check end the search in one vehicle."""


def available() -> bool:
    return True


def warm() -> None:
    """It is plain Python."""


def solve(compiled: Compiled, settings: Settings, report: Report) -> Answer:
    began = monotonic()
    routes = construct(compiled)
    report(routes)
    return Answer(routes=routes, engine="greedy", first_plan_ms=round((monotonic() - began) * 1000))


def construct(
    compiled: Compiled,
    given: Sequence[Sequence[int]] = (),
    *,
    deadline: float | None = None,
    closed: int | None = None,
) -> list[list[int]]:
    """Take into the given routes, except the `closed` vehicle's, every shipment they lack, where it costs least.

    Those stay out that fit nowhere, cost more than their stated penalty, or come after the deadline.
    """
    routes = [OpenRoute(compiled, rider) for rider in compiled.riders]
    for route, stops in zip(routes, given, strict=False):
        route.set(list(stops))
    served = {compiled.stops[n].shipment for stops in given for n in stops}
    kinds: dict[Vehicle, int] = {}
    alike = [kinds.setdefault(replace(r.vehicle, id=0, skills=frozenset()), len(kinds)) for r in compiled.riders]
    for s in insertion_order(compiled):
        if s in served:
            continue
        if deadline is not None and monotonic() > deadline:
            break
        stated = compiled.problem.shipments[s].penalty
        worth = float("inf") if stated is None else stated
        best: tuple[float, int, list[int]] | None = None
        empty: set[tuple[int, int]] = set()
        for v in compiled.carriers[s]:
            if v == closed:
                continue
            extra = slight(compiled.problem.vehicles[v], compiled.problem.shipments[s])
            if not routes[v].stops:
                if (alike[v], extra) in empty:
                    continue
                empty.add((alike[v], extra))
            found = routes[v].cheapest(s, (best[0] if best else worth) - extra)
            if found is not None:
                best = (found[0] + extra, v, found[1])
        if best is not None:
            routes[best[1]].set(best[2])
    return [route.stops for route in routes]


def fold(compiled: Compiled, routes: Sequence[Sequence[int]], deadline: float) -> list[list[int]]:
    """Empty one route after the other, the shortest first, where the others can take its shipments for less."""
    best = [list(route) for route in routes]
    lightest = weight(compiled, best)
    if lightest is None or left_out(compiled, best):
        return best
    for v in sorted((v for v, route in enumerate(best) if route), key=lambda v: len(routes[v])):
        if monotonic() > deadline:
            break
        others = [[] if k == v else route for k, route in enumerate(best)]
        folded = construct(compiled, others, deadline=deadline, closed=v)
        lighter = weight(compiled, folded)
        if lighter is not None and lighter < lightest:
            best, lightest = folded, lighter
    return best


def insertion_order(compiled: Compiled) -> list[int]:
    """The weightiest first, then what closes first, then what goes farthest."""

    def key(s: int) -> tuple[int, int, int, int]:
        numbers = compiled.stops_of[s]
        closes = min(compiled.stops[n].windows[-1][1] for n in numbers)
        far = 0
        for v in compiled.carriers[s][:1]:
            far = compiled.riders[v].durations[compiled.stops[numbers[0]].index, compiled.stops[numbers[-1]].index]
        return (-compiled.penalties[s], closes, -far, s)

    return sorted(range(len(compiled.stops_of)), key=key)


class OpenRoute:
    """A route that takes in shipments. The quick checks let too much through, never too little; `timetable` decides."""

    def __init__(self, compiled: Compiled, rider: Rider) -> None:
        self.compiled, self.rider = compiled, rider
        costs = rider.vehicle.costs
        self.per_second, self.per_metre = costs.per_hour / 3600, costs.per_km / 1000
        self.set([])

    def set(self, stops: list[int]) -> None:
        """Take this sequence, known to be feasible, as the route."""
        times = timetable(self.compiled, self.rider, stops) if stops else None
        self.cost = times.cost if isinstance(times, Timetable) else 0
        self.stops = stops
        self.loads = loads_along(self.compiled, stops)
        seen = [self.compiled.stops[n] for n in stops]
        vehicle = self.rider.vehicle
        self.places: list[int | None] = [vehicle.start, *(s.index for s in seen), vehicle.end]
        leave = [self.rider.window[0]]
        for k, stop in enumerate(seen):
            arrival = leave[k] + self.seconds(self.places[k], stop.index)
            begin = fit(stop.windows, arrival)
            leave.append((arrival if begin is None else begin) + self._work(k, stop))
        latest = [self.rider.window[1]]
        for k in range(len(seen) - 1, -1, -1):
            stop = seen[k]
            t = latest[-1] - self._work(k, stop) - self.seconds(stop.index, self.places[k + 2])
            latest.append(max(min(t, closes) for opens, closes in stop.windows if opens <= t))
        self.leave, self.latest = leave, latest[::-1]

    def _work(self, k: int, stop: Stop) -> int:
        return stop.service + (stop.setup if self.places[k] != stop.index else 0)

    def seconds(self, here: int | None, there: int | None) -> int:
        return 0 if here is None or there is None else self.rider.durations[here, there]

    def arc(self, here: int | None, there: int | None) -> float:
        if here is None or there is None:
            return 0.0
        return self.per_second * self.rider.durations[here, there] + self.per_metre * self.rider.distances[here, there]

    def cheapest(self, s: int, below: float) -> tuple[float, list[int]] | None:
        """The cheapest way to take in shipment `s` for less than `below`: (added cost, new sequence)."""
        *pickups, delivery = self.compiled.stops_of[s]
        used = 0 if self.stops else self.rider.vehicle.costs.fixed
        best: tuple[float, list[int]] | None = None
        if len(pickups) > 1:
            return self._several(s, below)
        tries = 0
        for delta, i, j in self._pairs(pickups[0], delivery) if pickups else self._singles(delivery):
            if delta + used >= below:
                continue
            sequence = list(self.stops)
            sequence.insert(j, delivery)
            sequence[i:i] = pickups
            if isinstance(timetable(self.compiled, self.rider, sequence), Broken):
                tries += 1
                if tries > MOST_EXACT_CHECKS:
                    break
                continue
            below = delta + used
            best = (below, sequence)
        return best

    def _singles(self, n: int) -> Iterable[tuple[float, int, int]]:
        for i in range(len(self.stops) + 1):
            yield self._detour(n, i), i, i

    def _detour(self, n: int, i: int) -> float:
        x = self.compiled.stops[n].index
        here, there = self.places[i], self.places[i + 1]
        return self.arc(here, x) + self.arc(x, there) - self.arc(here, there)

    def _pairs(self, pickup: int, delivery: int) -> Iterable[tuple[float, int, int]]:
        """Added cost, position of the pickup, position of the delivery (both in the present sequence)."""
        compiled = self.compiled
        p, d = compiled.stops[pickup], compiled.stops[delivery]
        room = [
            k
            for k, load in enumerate(self.loads)
            if all(x + c <= limit for x, c, limit in zip(load, p.change, self.rider.capacity, strict=True))
        ]
        fits = [False] * (len(self.stops) + 1)
        for k in room:
            fits[k] = True
        for i in room:
            here, there = self.places[i], self.places[i + 1]
            leg = self.seconds(here, p.index)
            if leg >= UNREACHABLE:
                continue
            begin = fit(p.windows, self.leave[i] + leg)
            if begin is None:
                continue
            t = begin + p.service + (p.setup if here != p.index else 0)
            first = self.arc(here, p.index)
            near = first + self.arc(p.index, d.index) + self.arc(d.index, there) - self.arc(here, there)
            if self._drop_fits(d, t, p.index, i, there):
                yield near, i, i
            detour = first + self.arc(p.index, there) - self.arc(here, there)
            at: int = p.index
            for k in range(i + 1, len(self.stops) + 1):
                stop = compiled.stops[self.stops[k - 1]]
                arrival = fit(stop.windows, t + self.rider.durations[at, stop.index])
                if arrival is None or arrival > self.latest[k - 1] + stop.setup or not fits[k]:
                    break
                t = arrival + stop.service + (stop.setup if at != stop.index else 0)
                at, there = stop.index, self.places[k + 1]
                if self._drop_fits(d, t, at, k, there):
                    yield detour + self.arc(at, d.index) + self.arc(d.index, there) - self.arc(at, there), i, k

    def _drop_fits(self, d: Stop, t: int, at: int, k: int, there: int | None) -> bool:
        begin = fit(d.windows, t + self.rider.durations[at, d.index])
        if begin is None:
            return False
        arrival = begin + d.service + (d.setup if at != d.index else 0) + self.seconds(d.index, there)
        spare = self.compiled.stops[self.stops[k]].setup if k < len(self.stops) else 0
        return arrival <= self.latest[k] + spare

    def _several(self, s: int, below: float) -> tuple[float, list[int]] | None:
        """Several pickups: the first and the delivery where they are cheapest, then the others before the delivery."""
        if not self.stops:
            sequence, times = alone(self.compiled, self.rider, s)
            return (times.cost, sequence) if isinstance(times, Timetable) and times.cost < below else None
        *pickups, delivery = self.compiled.stops_of[s]
        choices = sorted(self._pairs(pickups[0], delivery))[:MOST_EXACT_CHECKS]
        for delta, i, j in choices:
            if delta >= below:
                return None
            sequence = list(self.stops)
            sequence.insert(j, delivery)
            sequence.insert(i, pickups[0])
            for extra in pickups[1:]:
                sequence = self._one_more(sequence, extra, sequence.index(delivery))
                if not sequence:
                    break
            longer = timetable(self.compiled, self.rider, sequence) if sequence else None
            if isinstance(longer, Timetable):
                added = longer.cost - self.cost
                return (added, sequence) if added < below else None
        return None

    def _one_more(self, sequence: list[int], n: int, end: int) -> list[int]:
        """The cheapest feasible sequence with stop `n` put in up to position `end`; empty if there is none."""
        best: tuple[int, list[int]] | None = None
        for k in range(end + 1):
            longer = [*sequence[:k], n, *sequence[k:]]
            times = timetable(self.compiled, self.rider, longer)
            if not isinstance(times, Broken) and (best is None or times.cost < best[0]):
                best = (times.cost, longer)
        return best[1] if best else []


def fit(windows: Sequence[TimeWindow], t: int) -> int | None:
    """The first allowed instant at or after `t`."""
    for opens, closes in windows:
        if t <= closes:
            return max(t, opens)
    return None
