"""A plan as it stands, for whoever asks what else would fit in: routes, their times, and what binds a newcomer.

Knows no search and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from .compiled import Compiled
from .model import Id, Plan
from .timetable import Timetable, timetable
from .whole import most_moved, moved


class Standing:
    """The routes, one a vehicle, as lists of stop numbers. ``times`` is None where a vehicle has no route."""

    def __init__(self, compiled: Compiled, routes: Sequence[Sequence[int]]) -> None:
        self.compiled, self.routes = compiled, routes
        times = [timetable(compiled, rider, route) for rider, route in zip(compiled.riders, routes, strict=True)]
        self.times = [t if isinstance(t, Timetable) and route else None for t, route in zip(times, routes, strict=True)]
        self.spent = [t.cost if t is not None else 0 for t in self.times]
        self.most_moved = most_moved(compiled)
        self._moved = [0 if t is None else moved(compiled, v, routes[v], t) for v, t in enumerate(self.times)]

    @property
    def moved(self) -> int:
        """How many shipments are moved against the plan before."""
        return sum(self._moved)

    @cached_property
    def _carrier(self) -> dict[int, int]:
        """Which vehicle serves each shipment."""
        stops = self.compiled.stops
        return {stops[n].shipment: v for v, route in enumerate(self.routes) for n in route}

    @cached_property
    def _locked(self) -> dict[Id, Id]:
        """Which vehicle each locked shipment has to stay with."""
        previous = self.compiled.problem.previous
        return {visit.shipment: r.vehicle for r in previous if r.lock != "none" for visit in r.visits}

    def bound_to(self, s: int) -> int | None:
        """The one vehicle that may serve shipment `s`, by a lock or by where the rest of its group is."""
        keeper = self._locked.get(self.compiled.problem.shipments[s].id)
        if keeper is not None:
            return next((v for v, vehicle in enumerate(self.compiled.problem.vehicles) if vehicle.id == keeper), None)
        group = self.compiled.groups.get(s, ())
        return next((self._carrier[q] for q in group if q in self._carrier), None)

    def moves_too_many(self, v: int, sequence: Sequence[int], times: Timetable) -> bool:
        """Whether more shipments than may be are moved against the plan before, once `v` drives this sequence."""
        if self.most_moved is None:
            return False
        return self.moved - self._moved[v] + moved(self.compiled, v, sequence, times) > self.most_moved


def sequences_of(compiled: Compiled, plan: Plan) -> list[list[int]]:
    """A plan's routes as stop numbers, one list a vehicle."""
    problem = compiled.problem
    number = {s.id: k for k, s in enumerate(problem.shipments)}
    vehicle = {v.id: k for k, v in enumerate(problem.vehicles)}
    routes: list[list[int]] = [[] for _ in problem.vehicles]
    for route in plan.routes:
        v = vehicle[route.vehicle]
        for step in route.steps:
            if step.type == "reload":
                routes[v].append(next(n for n in compiled.riders[v].reloads if compiled.stops[n].index == step.index))
            elif step.shipment is not None:
                s = number[step.shipment]
                names = [p.id for p in problem.shipments[s].pickups]
                own = compiled.stops_of[s]
                routes[v].append(own[-1] if step.type == "delivery" else own[names.index(step.id or 0)])
    return routes
