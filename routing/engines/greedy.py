"""Cheapest insertion, one shipment after the other, the weightiest first. Never goes back on a decision.

Gives a valid plan in milliseconds: the first plan of slower engines, and the answer where they find none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import monotonic

from routing.compiled import Compiled, slight
from routing.model import Settings, Vehicle
from routing.plans import Answer, left_out, weight
from routing.rules import ALL
from routing.timetable import Timetable, timetable
from routing.whole import most_moved

from . import Report
from ._insertion import OpenRoute, OpenRoutes

HONOURS = ALL


def available() -> bool:
    return True


def warm() -> None:
    """It is plain Python."""


def solve(compiled: Compiled, settings: Settings, report: Report) -> Answer:
    began = monotonic()
    routes = construct(compiled, begin(compiled))
    report(routes)
    return Answer(routes=routes, engine="greedy", first_plan_ms=round((monotonic() - began) * 1000))


def begin(compiled: Compiled) -> list[list[int]]:
    """What of the plan before, or of the vehicles' own steps, can still be driven; what is locked comes first."""
    before = {route.vehicle: route.visits for route in compiled.problem.previous}
    number_of = {s.id: k for k, s in enumerate(compiled.problem.shipments)}
    wanted = [
        [
            compiled.stops_of[number_of[visit.shipment]][-1 if visit.pickup is None else visit.pickup]
            for visit in before.get(rider.vehicle.id, rider.vehicle.steps)
            if visit.shipment in number_of
        ]
        for rider in compiled.riders
    ]
    return fitted(compiled, wanted)


def fitted(compiled: Compiled, wanted: Sequence[Sequence[int]]) -> list[list[int]]:
    """Of the wanted routes, given by any of their stops, what can be driven, in their order."""
    routes: list[list[int]] = []
    taken: set[int] = set()
    home: dict[tuple[int, ...], int] = {}
    for v, (rider, named) in enumerate(zip(compiled.riders, wanted, strict=True)):
        own = set(named)
        route: list[int] = []
        for s in dict.fromkeys(compiled.stops[n].shipment for n in named):
            group = compiled.groups.get(s, ())
            if s in taken or v not in compiled.carriers[s] or home.get(group, v) != v:
                continue
            here = {*route, *compiled.stops_of[s]}
            rest = [n for n in (*route, *compiled.stops_of[s]) if n not in own]
            longer = [*(n for n in named if n in here), *rest]
            if in_order(compiled, s, longer) and isinstance(timetable(compiled, rider, longer), Timetable):
                route = longer
                taken.add(s)
                if group:
                    home[group] = v
        routes.append(route)
    return routes if weight(compiled, routes) is not None else [[] for _ in routes]


def in_order(compiled: Compiled, s: int, route: Sequence[int]) -> bool:
    """Whether the shipment's delivery comes after all its pickups."""
    *pickups, delivery = compiled.stops_of[s]
    return all(route.index(n) < route.index(delivery) for n in pickups)


def construct(
    compiled: Compiled,
    given: Sequence[Sequence[int]] = (),
    *,
    deadline: float | None = None,
    closed: int | None = None,
    order: Sequence[int] | None = None,
    known: OpenRoutes | None = None,
) -> list[list[int]]:
    """Take into the given routes, except the `closed` vehicle's, every shipment they lack, where it weighs least.

    Those stay out that fit nowhere, cost more than their stated penalty, or come after the deadline. ``order`` is that
    in which they are tried, the weightiest first unless given; ``known`` remembers routes from call to call.
    """

    def opened(v: int, stops: Sequence[int]) -> OpenRoute:
        return OpenRoute(compiled, v, stops) if known is None else known.get(v, stops)

    routes = [opened(v, given[v] if v < len(given) else ()) for v in range(len(compiled.riders))]
    served = {compiled.stops[n].shipment for stops in given for n in stops}
    home = {
        compiled.groups[s]: v for v, r in enumerate(routes) for s in _carried(compiled, r.stops) & {*compiled.groups}
    }
    most = most_moved(compiled)
    alike = _alike(compiled)
    for s in insertion_order(compiled) if order is None else order:
        if s in served or s in compiled.locked:
            continue
        if deadline is not None and monotonic() > deadline:
            break
        stated = compiled.problem.shipments[s].penalty
        worth = float("inf") if stated is None else stated
        best: tuple[float, int, list[int]] | None = None
        empty: set[tuple[int, int]] = set()
        group = compiled.groups.get(s, ())
        for v in compiled.carriers[s]:
            if v == closed or home.get(group, v) != v:
                continue
            if not routes[v].stops:
                kind = (alike[v], slight(compiled.problem.vehicles[v], compiled.problem.shipments[s]))
                if kind in empty:
                    continue
                empty.add(kind)
            found = routes[v].best(s, best[0] if best else worth)
            if found is None:
                continue
            if most is not None:
                moves = sum(route.moved for route in routes) - routes[v].moved + opened(v, found[1]).moved
                if moves > most:
                    continue
            best = (found[0], v, found[1])
        if best is not None:
            routes[best[1]] = opened(best[1], best[2])
            if group:
                home[group] = best[1]
    return [route.stops for route in routes]


def _carried(compiled: Compiled, stops: Sequence[int]) -> set[int]:
    return {compiled.stops[n].shipment for n in stops}


def _alike(compiled: Compiled) -> list[int]:
    """Equal numbers for vehicles of which one empty one need be tried. What was before tells any two apart."""
    if compiled.before or compiled.locked:
        return list(range(len(compiled.riders)))
    kinds: dict[Vehicle, int] = {}
    plain = [replace(r.vehicle, id=0, skills=frozenset(), description=None, steps=()) for r in compiled.riders]
    return [kinds.setdefault(vehicle, len(kinds)) for vehicle in plain]


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
