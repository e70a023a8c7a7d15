"""Where one shipment more fits into a plan as it is: the cheapest places of all, and what each does to the others.

    for found in insertions(problem, plan, "A-104"): ...

Nobody's order of stops changes, and every rule holds. All places of all routes are compared, best first: the ways that
lead to them are cut as soon as a window is missed, and the exact cost of what remains is known to each, so that little
is looked at in vain. `timetable` has the last word.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice

from .chain import fit
from .compiled import Compiled, Rider, compile_problem, may_carry
from .model import UNREACHABLE, Id, Plan, Problem, Route
from .plans import route_of
from .standing import Standing, sequences_of
from .timetable import Broken, timetable

_UNIT = 3_600_000
"""Costs are compared in this part of a cost, of which hours and kilometres make whole numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """By how many seconds a stop that was there before begins later; negative: earlier."""

    shipment: Id
    task: Id
    type: str
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Insertion:
    """One place for the shipment: the route with it, and what that costs more.

    ``positions`` are those of its tasks, pickups first, among the stops of the route. ``delays`` has every stop of the
    route that was there before, in the order of the route. ``added_duration`` is travel, as in a route.
    """

    vehicle: Id
    positions: tuple[int, ...]
    added_cost: int
    added_distance: int
    added_duration: int
    delays: tuple[Delay, ...]
    route: Route


def insertions(problem: Problem, plan: Plan, shipment: Id, n: int = 3) -> list[Insertion]:
    """The `n` cheapest places for a shipment of the problem that the plan does not serve; fewer where there are fewer.

    Of two that visit the same places in the same order, at one stall say, only one is listed.
    """
    compiled = compile_problem(problem)
    standing = Standing(compiled, sequences_of(compiled, plan))
    s = next(k for k, each in enumerate(problem.shipments) if each.id == shipment)
    routes = {route.vehicle: route for route in plan.routes}
    return [_stated(standing, routes, v, sequence, s) for v, sequence in islice(_cheapest(standing, s), n)]


def _stated(standing: Standing, routes: dict[Id, Route], v: int, sequence: Sequence[int], s: int) -> Insertion:
    compiled = standing.compiled
    route, before = route_of(compiled, v, sequence), routes.get(compiled.problem.vehicles[v].id)
    began = (
        {(step.type, step.shipment, step.id): step.arrival + step.waiting_time for step in before.steps}
        if before
        else {}
    )
    own = compiled.problem.shipments[s].id
    return Insertion(
        vehicle=route.vehicle,
        positions=tuple(sequence.index(n) for n in compiled.stops_of[s]),
        added_cost=route.cost - (before.cost if before else 0),
        added_distance=route.distance - (before.distance if before else 0),
        added_duration=route.duration - (before.duration if before else 0),
        delays=tuple(
            Delay(
                shipment=step.shipment,
                task=step.id,
                type=step.type,
                seconds=step.arrival + step.waiting_time - began[step.type, step.shipment, step.id],
            )
            for step in route.steps
            if step.shipment not in (None, own) and step.id is not None and step.shipment is not None
        ),
        route=route,
    )


def _cheapest(standing: Standing, s: int) -> Iterator[tuple[int, list[int]]]:
    """(vehicle, route with the shipment), the cheapest first: best-first search over all vehicles at once."""
    compiled = standing.compiled
    shipment, only = compiled.problem.shipments[s], standing.bound_to(s)
    tie = count()
    queue: list[tuple[int, bool, int, _Ways, _Way | None, list[int]]] = []
    for v, rider in enumerate(compiled.riders):
        if may_carry(rider.vehicle, shipment) and only in (None, v):
            ways = _Ways(compiled, rider, v, standing.routes[v], s)
            start = _Way(cost=0, passed=0, done=0, at=rider.vehicle.start, time=rider.window[0], stops=())
            heapq.heappush(queue, (ways.least(start) - standing.spent[v], True, next(tie), ways, start, []))
    seen: set[tuple[int, tuple[int, ...]]] = set()
    while queue:
        _, _, _, ways, way, sequence = heapq.heappop(queue)
        if way is None:
            places = (ways.v, tuple(compiled.stops[n].index for n in sequence))
            if places not in seen:
                seen.add(places)
                yield ways.v, sequence
        elif way.done < ways.all_done:
            for further in ways.further(way):
                heapq.heappush(
                    queue, (ways.least(further) - standing.spent[ways.v], True, next(tie), ways, further, [])
                )
        else:
            sequence = [*way.stops, *ways.route[way.passed :]]
            times = timetable(compiled, ways.rider, sequence)
            if not isinstance(times, Broken) and not standing.moves_too_many(ways.v, sequence, times):
                # soft ends may make it dearer than its way: it waits for its turn
                heapq.heappush(queue, (times.cost - standing.spent[ways.v], False, next(tie), ways, None, sequence))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """The beginning of a route: how many of its stops are passed, which of the shipment's own are done (as bits)."""

    cost: int
    passed: int
    done: int
    at: int | None
    time: int
    stops: tuple[int, ...]


class _Ways:
    """All ways to drive one route with one shipment more."""

    def __init__(self, compiled: Compiled, rider: Rider, v: int, route: Sequence[int], s: int) -> None:
        self.rider, self.v, self.route, self.own = rider, v, route, compiled.stops_of[s]
        self.all_done = (1 << len(self.own)) - 1
        self._last = len(self.own) - 1
        self._rest = self._remaining()

    def least(self, way: _Way) -> int:
        """What the whole route costs at least, once it begins so."""
        return self.rider.vehicle.costs.fixed + (way.cost + self._rest[way.passed, way.done, way.at]) // _UNIT

    def further(self, way: _Way) -> Iterator[_Way]:
        """The way with one stop more, the route's next or one of the shipment's own, where its windows allow that."""
        for n, passed, done in self._next(way.passed, way.done):
            stop = self.rider.stops[n]
            leg, cost = self._leg(way.at, n)
            begin = fit(stop.windows, way.time + leg)
            work = stop.service + (stop.setup if way.at != stop.index else 0)
            if begin is not None and leg < UNREACHABLE and begin + work <= self.rider.window[1]:
                yield _Way(
                    cost=way.cost + cost,
                    passed=passed,
                    done=done,
                    at=stop.index,
                    time=begin + work,
                    stops=(*way.stops, n),
                )

    def _next(self, passed: int, done: int) -> Iterator[tuple[int, int, int]]:
        """The stops that may come next; with how many are passed and done after them."""
        if passed < len(self.route):
            yield self.route[passed], passed + 1, done
        for k, n in enumerate(self.own):
            if not done >> k & 1 and (k < self._last or done == self.all_done >> 1):
                yield n, passed, done | 1 << k

    def _remaining(self) -> dict[tuple[int, int, int | None], int]:
        """What the cheapest rest of the route costs: by stops passed, own stops done, and where the vehicle stands."""
        rest: dict[tuple[int, int, int | None], int] = {}
        stops, own = self.rider.stops, {self.rider.stops[n].index for n in self.own}
        for passed in range(len(self.route), -1, -1):
            here = stops[self.route[passed - 1]].index if passed else self.rider.vehicle.start
            for done in range(self.all_done, -1, -1):
                for at in {here, *own}:
                    ways = [
                        self._leg(at, n)[1] + rest[further, more, stops[n].index]
                        for n, further, more in self._next(passed, done)
                    ]
                    rest[passed, done, at] = min(ways) if ways else self._home(at)
        return rest

    def _home(self, at: int | None) -> int:
        end = self.rider.vehicle.end
        return 0 if at is None or end is None else self._way(at, end)[1]

    def _leg(self, at: int | None, n: int) -> tuple[int, int]:
        """Seconds to stop `n`, and what going there and doing it costs."""
        stop = self.rider.stops[n]
        seconds, cost = (0, 0) if at is None else self._way(at, stop.index)
        work = stop.service + (stop.setup if at != stop.index else 0)
        return seconds, cost + 1000 * self.rider.vehicle.costs.per_task_hour * work

    def _way(self, here: int, there: int) -> tuple[int, int]:
        rider, costs = self.rider, self.rider.vehicle.costs
        seconds = rider.durations[here, there]
        if rider.tariff is not None:
            return seconds, _UNIT * rider.tariff[here, there]
        return seconds, 1000 * costs.per_hour * seconds + 3600 * costs.per_km * rider.distances[here, there]
