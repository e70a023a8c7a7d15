"""Parts of a large problem: neighbouring routes with all that they carry, searched as small problems of their own.

An iteration on two hundred shipments takes a tenth of one on two thousand: fewer routes are near, and what it looks at
stays near the processor. Knows how to take routes apart, search a part and put it back; when, how long and how hot is
the session's business. After Taillard and Voss (2002), who call it POPMUSIC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from routing.compiled import Compiled, compile_problem
from routing.model import Matrix, Problem, Shipment, Task, Vehicle

from . import columns as c
from . import search
from .tables import Data, Ints, data_of, state_of, table_of

SIZE = 200
"""Shipments of a part, about."""

SPARE = 12
"""Most vehicles without a route that a part has, besides those with one."""

ROOM = 64
"""Stops that a part's routes have room for at least."""

BLOCK = 200
"""Iterations at one temperature, as good as."""

Routes = list[list[int]]

NONE = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some vehicles and shipments of a larger problem, as one of their own, and how long and hot to search it."""

    problem: Problem
    routes: Routes
    vehicles: list[int]
    stops: list[int]
    """In the larger problem, by their number here."""
    hot: float
    cold: float
    iterations: int
    seed: int


def searched(part: Part) -> Routes:
    """The part's routes after annealing: those it ends with, which need not be the best it met, unless it ends on an
    excursion that leaves more out."""
    compiled = compile_problem(part.problem)
    data = data_of(compiled)
    longest = max(1, min(len(compiled.stops), ROOM), *map(len, compiled.stops_of), *map(len, part.routes))
    state = state_of(data, longest, part.seed)
    empty: Routes = [[] for _ in part.routes]
    search.start(data, state, *table_of(empty, longest), NONE)
    search.search(data, state, search.ALONE, NONE, 1, 1, 1.0, 1.0)
    data.by_alone[:] = np.argsort(data.alone, axis=1, kind="stable")
    possible = np.flatnonzero(np.isfinite(data.alone).any(axis=1))
    if not search.start(data, state, *table_of(part.routes, longest), possible):
        raise AssertionError("a part was given routes that break a rule")
    for done in range(0, part.iterations, BLOCK):
        more = min(BLOCK, part.iterations - done)
        hot, cold = (part.hot * (part.cold / part.hot) ** (k / part.iterations) for k in (done, done + more))
        search.search(data, state, search.ANNEAL, NONE, 1, more, hot, cold)
    total, vehicles = state.total, range(len(part.routes))
    present = [state.pos[v, 1 : 1 + total[v, c.STOPS], c.POS_STOP].tolist() for v in vehicles]
    best = [state.copy[c.BEST, v, : total[v, c.BEST_STOPS]].tolist() for v in vehicles]
    return best if _missed(data, present) > _missed(data, best) else present


def _missed(data: Data, routes: Routes) -> float:
    """The penalties of what these routes leave out."""
    served = np.unique(data.stop[[n for route in routes for n in route], c.SHIPMENT])
    return float(data.penalty.sum() - data.penalty[served].sum())


class Taken:
    """Routes taken apart: every vehicle, and every shipment, is in one part at most."""

    def __init__(self, compiled: Compiled, data: Data, routes: Sequence[Sequence[int]], possible: Ints) -> None:
        self._compiled, self._data, self._routes = compiled, data, routes
        self._of_stop = data.stop[:, c.SHIPMENT]
        self._route_of = np.full(len(data.shipment), -1)
        for v, route in enumerate(routes):
            self._route_of[self._of_stop[list(route)]] = v
        self._absent = [int(s) for s in possible if self._route_of[s] < 0]
        self._empty = [v for v, route in enumerate(routes) if not route]

    def parts(self, random: np.random.Generator, size: int = SIZE) -> list[tuple[list[int], list[int]]]:
        """Vehicles and shipments of each part, begun at routes drawn by chance."""
        seeds = [v for v, route in enumerate(self._routes) if route]
        random.shuffle(seeds)
        free = set(seeds)
        found = []
        for seed in seeds:
            if seed in free:
                chosen = self._around(seed, free, size)
                free -= set(chosen)
                found.append(self._complete(chosen, size))
        return found

    def _around(self, seed: int, free: set[int], size: int) -> list[int]:
        """This route and those free ones that have most of their stops near it."""
        near = self._route_of[self._of_stop[self._data.near[list(self._routes[seed])]]]
        counts = np.bincount(near[near >= 0], minlength=len(self._routes))
        nearest = sorted(
            (v for v in free if counts[v] and v != seed), key=lambda v: (-counts[v] / len(self._routes[v]), v)
        )
        chosen, carried = [seed], len(self._carried(seed))
        for v in nearest:
            carried += len(self._carried(v))
            if carried > size:
                break
            chosen.append(v)
        return chosen

    def _carried(self, v: int) -> set[int]:
        return set(self._of_stop[list(self._routes[v])].tolist())

    def _complete(self, chosen: list[int], size: int) -> tuple[list[int], list[int]]:
        """These routes' shipments with the absent that are near; their vehicles with the handiest idle ones."""
        data, mine = self._data, set(chosen)
        shipments = sorted(s for v in chosen for s in self._carried(v))
        delivery = data.shipment[:, c.FIRST] + data.shipment[:, c.COUNT] - 1
        for s in list(self._absent):
            near = self._route_of[self._of_stop[data.near[delivery[s], :20]]]
            if len(shipments) < 2 * size and mine & set(near.tolist()):
                self._absent.remove(s)
                shipments.append(s)
        kinds = data.vehicle[self._empty, c.KIND]
        alone = data.alone[np.ix_(shipments, kinds)]
        dearest = np.max(data.alone[shipments], axis=1, initial=0.0, where=np.isfinite(data.alone[shipments]))
        costs = np.where(np.isfinite(alone), alone, 2 * dearest[:, None]).mean(axis=0)
        spare = [self._empty[k] for k in np.argsort(costs, kind="stable")[:SPARE]] if self._empty else []
        self._empty = [v for v in self._empty if v not in spare]
        return [*chosen, *spare], shipments


def cut(compiled: Compiled, vehicles: Sequence[int], shipments: Sequence[int]) -> tuple[Problem, list[int]]:
    """The problem of these vehicles and shipments alone; and the numbers of its stops in the whole."""
    problem = compiled.problem
    riders = [problem.vehicles[v] for v in vehicles]
    stops = [n for s in shipments for n in compiled.stops_of[s]]
    ends = [p for rider in riders for p in (rider.start, rider.end) if p is not None]
    places = sorted({*ends, *(compiled.stops[n].index for n in stops)})
    index = {p: k for k, p in enumerate(places)}
    rows = np.ix_(places, places)

    def moved(task: Task) -> Task:
        return replace(task, index=index[task.index])

    mine = set(vehicles)
    moves = problem.churn.cost_per_moved if problem.churn is not None else 0

    def worth(s: int) -> int:
        """What leaving it out weighs; less by its move where who brought it before is in another part."""
        gone = s in compiled.before and compiled.before[s][0] not in mine
        return max(0, compiled.penalties[s] - moves * gone)

    def goods(s: int) -> Shipment:
        whole = problem.shipments[s]
        pickups = tuple(map(moved, whole.pickups))
        return replace(whole, pickups=pickups, delivery=moved(whole.delivery), penalty=worth(s))

    def rider(whole: Vehicle) -> Vehicle:
        start, end = (None if p is None else index[p] for p in (whole.start, whole.end))
        return replace(whole, start=start, end=end, steps=())

    part = Problem(
        vehicles=tuple(map(rider, riders)),
        shipments=tuple(map(goods, shipments)),
        matrices={
            name: Matrix(durations=matrix.durations[rows], distances=matrix.distances[rows])
            for name, matrix in problem.matrices.items()
            if any(rider.profile == name for rider in riders)
        },
        dimensions=problem.dimensions,
        balance=problem.balance,
        previous=problem.previous,
        churn=problem.churn,
    )
    return part, stops
