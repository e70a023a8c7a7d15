"""From the pool of routes to the routes to drive, and who drives them. CP-SAT decides; this only asks, and reads.

Asked about are the incumbent's routes and those others that look best when each shipment is worth what it costs in the
incumbent; the best of all also with every other kind of vehicle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from routing.engines._partition import Column, Effort, partition

from . import columns as c
from .pool import DRIVER, LENGTH, ROOM, SIZE, Short, exchange, gather, offer, pool_of, refilled
from .tables import Data, Floats, Ints, State

ASKED = 3000
"""Most routes that CP-SAT is asked about."""

EXCHANGED = 1000
"""So many pairs of a route and another kind of vehicle are tried, and all those of the incumbent's routes."""

FULL, KEPT = 15_000, 8_000
"""Where so many routes were met, only so many stay."""


class Decision:
    """The routes met so far, and the choice among them."""

    def __init__(self, data: Data, state: State) -> None:
        self.data, self.state = data, state
        self.pool = pool_of(data, state.pos.shape[1])
        self.kinds: list[int] = data.vehicle[:, c.KIND].tolist()
        self.first_of_kind: Ints = np.unique(data.vehicle[:, c.KIND], return_index=True)[1]
        self.delivery: Ints = data.shipment[:, c.FIRST] + data.shipment[:, c.COUNT] - 1

    def grow(self, state: State) -> None:
        """Routes may be longer from now on, and lie in this state."""
        self.state = state
        self._keep(np.arange(self.pool.note[SIZE]))

    def gather(self) -> None:
        """Remember the present routes."""
        gather(self.data, self.state, self.pool)

    def take_in(self, routes: Sequence[tuple[int, list[int]]]) -> None:
        """Remember these routes, each met with that vehicle, as far as there is room for them."""
        for v, stops in routes:
            if self.pool.note[SIZE] < ROOM and len(stops) + 2 <= self.pool.stop.shape[1]:
                offer(self.data, self.state, self.pool, np.array(stops, dtype=np.int32), len(stops), v)

    def best_routes(self, routes: Sequence[Sequence[int]], most: int) -> list[tuple[int, list[int]]]:
        """Those that look best beside these routes, each with a vehicle that may drive it."""
        pool = self.pool
        first = {self.kinds[v]: int(v) for v in self.first_of_kind}
        rows = self._best(self._shares(routes)[0], most).tolist()
        return [(first[int(pool.head[r, DRIVER])], pool.stop[r, : pool.head[r, LENGTH]].tolist()) for r in rows]

    def better(self, routes: Sequence[Sequence[int]], possible: Ints, effort: Effort) -> list[list[int]] | None:
        """Better routes than these, a list of stops per vehicle; None if the pool has none."""
        data, state = self.data, self.state
        shares, incumbent = self._shares(routes)
        if len(self.first_of_kind) > 1:
            best = self._best(shares, max(len(incumbent), EXCHANGED // len(self.first_of_kind)))
            exchange(data, state, self.pool, best, self.first_of_kind)
        rows = list(dict.fromkeys([*incumbent, *self._best(shares, ASKED).tolist()]))
        weights = {int(s): float(data.weight[s, c.PENALTY]) for s in possible}
        worth = {int(s): float(shares[self.delivery[s]]) for s in possible}
        columns = [self._column(row) for row in rows]
        chosen = partition(columns, Counter(self.kinds), weights, worth, range(len(incumbent)), effort)
        answer = None if chosen is None else self._driven([rows[k] for k in chosen], routes)
        if self.pool.note[SIZE] > FULL:
            self._keep(self._best(shares, KEPT))
        return answer

    def _shares(self, routes: Sequence[Sequence[int]]) -> tuple[Floats, list[int]]:
        """Per stop what its shipment costs in these routes, or weighs where it is left out, 0 for a pickup; and the
        rows of the routes."""
        shares = np.zeros(len(self.data.stop))
        shares[self.delivery] = self.data.weight[:, c.PENALTY]
        rows: list[int] = []
        for v, route in enumerate(routes):
            if route:
                stops = np.array(route, dtype=np.int32)
                rows.append(int(offer(self.data, self.state, self.pool, stops, len(route), v)))
                brought = self._brought(route)
                shares[brought] = self.state.arc[len(self.kinds), 0] / max(1, len(brought))
        return shares, rows

    def _keep(self, rows: Ints) -> None:
        self.pool = refilled(self.pool, self.data, rows, self.state.pos.shape[1])

    def _brought(self, route: Sequence[int] | Short) -> Ints:
        """The deliveries among these stops."""
        stops: Ints = np.array(route, dtype=np.int64)
        brought: Ints = stops[self.delivery[self.data.stop[stops, c.SHIPMENT]] == stops]
        return brought

    def _best(self, shares: Floats, most: int) -> Ints:
        """The rows whose routes cost least beyond what their shipments cost today."""
        pool, size = self.pool, self.pool.note[SIZE]
        valid = np.arange(pool.stop.shape[1]) < pool.head[:size, LENGTH, None]
        beyond = pool.cost[:size] - np.where(valid, shares[pool.stop[:size]], 0.0).sum(axis=1)
        return np.argsort(beyond, kind="stable")[:most]

    def _column(self, row: int) -> Column:
        pool = self.pool
        brought = self._brought(pool.stop[row, : pool.head[row, LENGTH]])
        shipments = tuple(self.data.stop[brought, c.SHIPMENT].tolist())
        return Column(int(pool.head[row, DRIVER]), shipments, float(pool.cost[row]))

    def _driven(self, rows: Sequence[int], before: Sequence[Sequence[int]]) -> list[list[int]]:
        """Each of these routes with a vehicle of its kind; who drove it before drives it again."""
        pool = self.pool
        routes: list[list[int]] = [[] for _ in before]
        drives = {(self.kinds[v], tuple(route)): v for v, route in enumerate(before)}
        waiting = []
        for row in rows:
            kind, stops = int(pool.head[row, DRIVER]), pool.stop[row, : pool.head[row, LENGTH]].tolist()
            v = drives.get((kind, tuple(stops)))
            if v is None:
                waiting.append((kind, stops))
            else:
                routes[v] = stops
        for kind, stops in waiting:
            routes[next(v for v, k in enumerate(self.kinds) if k == kind and not routes[v])] = stops
        return routes
