"""Where a shipment fits into a route, and what that costs. Knows one route at a time; every answer is exact.

Quick checks let too much through, never too little; `timetable` decides. A route never changes: with another stop it is
another route, and what was found out about each is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter

from routing.chain import fit
from routing.compiled import Compiled, Stop, slight
from routing.model import UNREACHABLE
from routing.timetable import Broken, Timetable, alone, loads_along, timetable
from routing.whole import most_moved, moved, steering

MOST_EXACT_CHECKS = 60
"""How many promising positions that fail the exact check end the search in one vehicle."""

MOST_WEIGHED = 8
"""How many feasible positions are weighed exactly where the ways alone do not tell what a position costs."""

MOST_REMEMBERED = 2000
"""Routes kept in memory; then all are forgotten."""

Found = tuple[float, list[int]]
"""What taking a shipment in adds to the weight, and the sequence with it."""


class OpenRoute:
    """One vehicle's route that may take in one shipment more."""

    def __init__(self, compiled: Compiled, v: int, stops: Sequence[int]) -> None:
        self.compiled, self.v, self.rider = compiled, v, compiled.riders[v]
        self.stops = list(stops)
        self.by_ways = told_by_ways(compiled)
        costs = self.rider.vehicle.costs
        self.per_second, self.per_metre = costs.per_hour / 3600, costs.per_km / 1000
        self.moved, self.weight = self._weighed(self.stops) or (0, 0)
        self.loads = loads_along(compiled, self.stops)
        self._bounds()
        self._room()
        here = set(self.stops)
        self.first = sum(n in here for n in self.rider.locked)
        """The first position that is not locked."""
        self.known: dict[int, Found | None] = {}

    def _bounds(self) -> None:
        """The earliest departure from each place and the latest beginning of each stop that may still do."""
        seen = [self.rider.stops[n] for n in self.stops]
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

    def _room(self) -> None:
        """Per position, the most aboard since its trip began, and until it ends: what a job would add to."""
        self.since, self.until = list(self.loads), list(self.loads)
        depots = [self.rider.stops[n].reload for n in self.stops]
        for k in range(1, len(self.loads)):
            if not depots[k - 1]:
                self.since[k] = tuple(map(max, self.since[k - 1], self.loads[k]))
        for k in range(len(self.loads) - 2, -1, -1):
            if not depots[k]:
                self.until[k] = tuple(map(max, self.until[k + 1], self.loads[k]))

    def _work(self, k: int, stop: Stop) -> int:
        return stop.service + (stop.setup if self.places[k] != stop.index else 0)

    def _weighed(self, sequence: Sequence[int]) -> tuple[int, int] | None:
        """How many shipments the whole route moves, and what it weighs; None if it cannot be driven."""
        if not sequence:
            return 0, 0
        times = timetable(self.compiled, self.rider, sequence)
        if isinstance(times, Broken):
            return None
        moves = 0 if self.by_ways else moved(self.compiled, self.v, sequence, times)
        return moves, times.cost + steering(self.compiled, self.v, sequence, times)

    def seconds(self, here: int | None, there: int | None) -> int:
        return 0 if here is None or there is None else self.rider.durations[here, there]

    def arc(self, here: int | None, there: int | None) -> float:
        if here is None or there is None:
            return 0.0
        if self.rider.tariff is not None:
            return float(self.rider.tariff[here, there])
        return self.per_second * self.rider.durations[here, there] + self.per_metre * self.rider.distances[here, there]

    def best(self, s: int, below: float) -> Found | None:
        """The cheapest way to take in shipment `s`, if for less than `below`."""
        if s not in self.known:
            found, sure = self._nearest(s, below) if self.by_ways else self._weightiest(s, below)
            if found is None and sure and self.rider.reloads:
                found = self._on_another_trip(s)
            if not sure:
                return None
            self.known[s] = found
        found = self.known[s]
        return found if found is not None and found[0] < below else None

    def _nearest(self, s: int, below: float) -> tuple[Found | None, bool]:
        """The shortest detour that can be driven, and whether more than `below` was looked for."""
        used = slight(self.rider.vehicle, self.compiled.problem.shipments[s])
        several = len(self.compiled.stops_of[s]) > 2
        if several and not self.stops:
            sequence, times = alone(self.compiled, self.rider, s)
            return ((times.cost + used, sequence) if isinstance(times, Timetable) else None), True
        used += 0 if self.stops else self.rider.vehicle.costs.fixed
        for tries, (delta, make) in enumerate(self._candidates(s)):
            if delta + used >= below:
                return None, False
            if tries > MOST_EXACT_CHECKS:
                break
            sequence = make()
            found = self._weighed(sequence) if sequence else None
            if found is not None:
                return (found[1] - self.weight if several else delta + used, sequence), True
        return None, True

    def _weightiest(self, s: int, below: float) -> tuple[Found | None, bool]:
        """Of the shortest detours, the one that weighs least when all is counted, or, where moves are bounded, moves
        least; and whether more than `below` was looked for. No detour weighs less than its ways."""
        best: tuple[int, int, list[int]] | None = None
        bounded = most_moved(self.compiled) is not None
        used = 0 if self.stops else self.rider.vehicle.costs.fixed
        weighed = tries = 0
        for delta, make in self._candidates(s):
            if best is None and delta + used >= below:
                return None, False
            if best is not None and not bounded and delta + used >= best[1] - self.weight:
                break
            sequence = make()
            found = self._weighed(sequence) if sequence else None
            if found is None:
                tries += 1
                if tries > MOST_EXACT_CHECKS:
                    break
                continue
            key = (found[0] if bounded else 0, found[1])
            if best is None or key < best[:2]:
                best = (*key, sequence)
            weighed += 1
            if weighed >= MOST_WEIGHED:
                break
        return (None if best is None else (best[1] - self.weight, best[2])), True

    def _candidates(self, s: int) -> Iterator[tuple[float, Callable[[], list[int]]]]:
        """Detours, the shortest first, and the sequence of each."""
        *pickups, delivery = self.compiled.stops_of[s]
        pairs = self._pairs(pickups[0], delivery) if pickups else self._singles(delivery)
        for delta, i, j in sorted(pairs, key=itemgetter(0)):
            yield delta, lambda i=i, j=j: self._with(pickups, delivery, i, j)  # type: ignore[misc]

    def _with(self, pickups: Sequence[int], delivery: int, i: int, j: int) -> list[int]:
        """The stops with this delivery before position j and its pickups before position i, further ones where they
        are cheapest; empty if those fit nowhere."""
        sequence = [*self.stops[:j], delivery, *self.stops[j:]]
        sequence[i:i] = pickups[:1]
        for extra in pickups[1:]:
            sequence = self._one_more(sequence, extra, sequence.index(delivery))
            if not sequence:
                break
        return sequence

    def _one_more(self, sequence: list[int], n: int, end: int) -> list[int]:
        """The cheapest feasible sequence with stop `n` put in up to position `end`; empty if there is none."""
        best: tuple[int, list[int]] | None = None
        for k in range(self.first, end + 1):
            longer = [*sequence[:k], n, *sequence[k:]]
            times = timetable(self.compiled, self.rider, longer)
            if not isinstance(times, Broken) and (best is None or times.cost < best[0]):
                best = (times.cost, longer)
        return best[1] if best else []

    def _on_another_trip(self, s: int) -> Found | None:
        """The shipment just before or just after one more visit to a reload depot."""
        best: Found | None = None
        own = list(self.compiled.stops_of[s])
        for k in range(self.first, len(self.stops) + 1):
            for depot in self.rider.reloads:
                for put in ([depot, *own], [*own, depot]):
                    sequence = [*self.stops[:k], *put, *self.stops[k:]]
                    found = self._weighed(sequence)
                    if found is not None and (best is None or found[1] - self.weight < best[0]):
                        best = (found[1] - self.weight, sequence)
        return best

    def _singles(self, n: int) -> Iterable[tuple[float, int, int]]:
        stop, limits = self.rider.stops[n], self.rider.capacity
        given, taken = (
            self.compiled.aboard_at_start[stop.shipment],
            self.compiled.problem.shipments[stop.shipment].collected,
        )
        for i in range(self.first, len(self.stops) + 1):
            full = any(x + y > limit for x, y, limit in zip(self.since[i], given, limits, strict=True))
            if full or (taken and any(x + y > limit for x, y, limit in zip(self.until[i], taken, limits, strict=True))):
                continue
            if self._drop_fits(stop, self.leave[i], self.places[i], i, self.places[i + 1]):
                yield self._detour(n, i), i, i

    def _detour(self, n: int, i: int) -> float:
        x = self.compiled.stops[n].index
        here, there = self.places[i], self.places[i + 1]
        return self.arc(here, x) + self.arc(x, there) - self.arc(here, there)

    def _pairs(self, pickup: int, delivery: int) -> Iterable[tuple[float, int, int]]:
        """Added cost, position of the pickup, position of the delivery (both in the present sequence)."""
        own = self.rider.stops
        p, d = own[pickup], own[delivery]
        room = [
            k
            for k, load in enumerate(self.loads)
            if all(x + c <= limit for x, c, limit in zip(load, p.change, self.rider.capacity, strict=True))
        ]
        fits = [False] * (len(self.stops) + 1)
        for k in room:
            fits[k] = True
        for i in room:
            if i < self.first:
                continue
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
                stop = own[self.stops[k - 1]]
                arrival = fit(stop.windows, t + self.rider.durations[at, stop.index])
                if arrival is None or arrival > self.latest[k - 1] + stop.setup or not fits[k]:
                    break
                t = arrival + stop.service + (stop.setup if at != stop.index else 0)
                at, there = stop.index, self.places[k + 1]
                if self._drop_fits(d, t, at, k, there):
                    yield detour + self.arc(at, d.index) + self.arc(d.index, there) - self.arc(at, there), i, k

    def _drop_fits(self, d: Stop, t: int, at: int | None, k: int, there: int | None) -> bool:
        begin = fit(d.windows, t + self.seconds(at, d.index))
        if begin is None:
            return False
        arrival = begin + d.service + (d.setup if at != d.index else 0) + self.seconds(d.index, there)
        spare = self.rider.stops[self.stops[k]].setup if k < len(self.stops) else 0
        return arrival <= self.latest[k] + spare


class OpenRoutes:
    """Every route looked at so far, so that none is measured twice."""

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled
        self.kept: dict[tuple[int, ...], OpenRoute] = {}

    def get(self, v: int, stops: Sequence[int]) -> OpenRoute:
        """The route of vehicle `v` with these stops, known to be feasible."""
        key = (v, *stops)
        if key not in self.kept:
            if len(self.kept) >= MOST_REMEMBERED:
                self.kept.clear()
            self.kept[key] = OpenRoute(self.compiled, v, stops)
        return self.kept[key]


def told_by_ways(compiled: Compiled) -> bool:
    """Whether what an insertion costs is told by the ways it adds: nothing else has a price but what all share."""
    problem = compiled.problem
    churn = problem.churn is not None and bool(problem.previous)
    return problem.balance is None and not churn and all(stop.soft_end is None for stop in compiled.stops)
