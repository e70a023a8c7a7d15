"""From the pool of routes to the routes to drive, and who drives them. CP-SAT decides; this only asks, and reads.

Asked about are the incumbent's routes and those others that look best when each shipment is worth what prices say.
The best of all are also tried with every other kind of vehicle.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from time import monotonic

import numpy as np

from routing.engines._partition import Effort, partition

from . import columns as c
from .pool import DRIVER, LENGTH, ROOM, SIZE, exchange, gather, offer, pool_of, refilled
from .pricing import Market, Worth
from .tables import Data, Ints, State

ASKED = (750, 3000, 9000)
"""Most routes that CP-SAT is asked about, in turn: among few a choice is found soon."""

EXCHANGED = 1000
"""So many pairs of a route and another kind of vehicle are tried, and all those of the incumbent's routes."""

FULL, KEPT = 15_000, 8_000
"""Where so many routes were met, only so many stay."""

NOTHING = 1e-6
"""Parts of shipments that count as none."""

PRICING = 0.5
"""Share of a decision's time that the prices may take."""


class Decision:
    """The routes met so far, and the choice among them."""

    def __init__(self, data: Data, state: State) -> None:
        self.data, self.state = data, state
        self.pool = pool_of(data, state.pos.shape[1])
        self.kinds: list[int] = data.vehicle[:, c.KIND].tolist()
        self.first_of_kind: Ints = np.unique(data.vehicle[:, c.KIND], return_index=True)[1]

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
        worth, _ = self._shares(routes)
        rows = self._market(Counter(), {}, 0.0).best(worth)[:most].tolist()
        return [(first[int(pool.head[r, DRIVER])], pool.stop[r, : pool.head[r, LENGTH]].tolist()) for r in rows]

    def better(
        self, routes: Sequence[Sequence[int]], possible: Ints, effort: Effort, *, priced: bool
    ) -> list[list[int]] | None:
        """Better routes than these, a list of stops per vehicle; None if none are found. `priced`: prices come first.

        Where vehicles are dear no more of them than now are asked for, and what each costs is left aside: with it, the
        linear program would save parts of vehicles, and hide what else there is to save.
        """
        began = monotonic()
        worth, incumbent = self._shares(routes)
        riders, spared = Counter(self.kinds), 0.0
        if self.state.note[c.DEAR]:
            riders, spared = Counter({self.kinds[0]: len(incumbent)}), float(self.data.rate[0, c.FIXED])
        market = self._market(riders, {int(s): float(self.data.penalty[s]) for s in possible}, spared)
        if priced:
            worth = market.prices(worth, incumbent, replace(effort, seconds=PRICING * effort.seconds))
        if len(self.first_of_kind) > 1:
            best = market.best(worth)[: EXCHANGED // len(self.first_of_kind)]
            rows = np.array(list(dict.fromkeys([*incumbent, *best.tolist()])), dtype=np.int64)
            exchange(self.data, self.state, self.pool, rows, self.first_of_kind)
        answer = self._asked(market, worth, incumbent, effort, began)
        driven = None if answer is incumbent else self._driven(answer, routes)
        self._forget(market, worth)
        return driven

    def fewer(self, routes: Sequence[Sequence[int]], possible: Ints, effort: Effort) -> list[list[int]] | None:
        """Routes of at least one vehicle less, which may leave some shipments out; None where none are found.

        None too where no parts of routes serve all with so few: that is known in a moment. To leave a shipment out
        costs as much as all routes do: enough to be seen, and little enough to make prices of.
        """
        began = monotonic()
        worth, incumbent = self._shares(routes)
        riders, spared = Counter({self.kinds[0]: len(incumbent) - 1}), float(self.data.rate[0, c.FIXED])
        weight = sum(float(self.pool.cost[row]) - spared for row in incumbent)
        market = self._market(riders, {int(s): weight for s in possible}, spared)
        worth = market.prices(worth, incumbent, replace(effort, seconds=PRICING * effort.seconds))
        driven = None
        if worth.left_out <= NOTHING:
            least = min(incumbent, key=lambda row: int(self.pool.head[row, LENGTH]))
            without = [row for row in incumbent if row != least]
            answer = self._asked(market, worth, without, effort, began)
            driven = self._driven(answer, routes) if answer is not without else None
        self._forget(market, worth)
        return driven

    def _asked(self, market: Market, worth: Worth, incumbent: list[int], effort: Effort, began: float) -> list[int]:
        """The best rows that CP-SAT finds, asked about ever more of them; the incumbent where it finds none better."""
        answer, asked = incumbent, 0
        for most in ASKED:
            rows = market.promising(worth, answer)[:most]
            seconds = effort.seconds if effort.steady else effort.seconds - (monotonic() - began)
            if len(rows) == asked or seconds <= 0 or effort.stopped():
                break
            asked = len(rows)
            answer = self._chosen(market, rows, answer, worth, replace(effort, seconds=seconds)) or answer
        return answer

    def _market(self, riders: Counter[int], left_out: dict[int, float], spared: float) -> Market:
        return Market(self.data, self.state, self.pool, riders, left_out, spared)

    def _chosen(
        self, market: Market, rows: Ints, incumbent: Sequence[int], worth: Worth, effort: Effort
    ) -> list[int] | None:
        """The rows that are better together than the incumbent, chosen by CP-SAT; None if it finds none."""
        asked = list(dict.fromkeys([*incumbent, *rows.tolist()]))
        goods = {s: float(worth.goods[s]) for s in market.left_out}
        columns = [market.column(row) for row in asked]
        bound = int(self.data.flag[c.MOST_MOVED])
        most = None if bound < 0 else bound
        chosen = partition(columns, market.riders, market.left_out, goods, range(len(incumbent)), effort, most)
        return None if chosen is None else [asked[k] for k in chosen]

    def _shares(self, routes: Sequence[Sequence[int]]) -> tuple[Worth, list[int]]:
        """What each shipment costs in these routes, or weighs where it is left out; and the rows of the routes."""
        goods = self.data.penalty.copy()
        rows: list[int] = []
        for v, route in enumerate(routes):
            if route:
                stops = np.array(route, dtype=np.int32)
                rows.append(int(offer(self.data, self.state, self.pool, stops, len(route), v)))
                brought = np.unique(self.data.stop[stops, c.SHIPMENT])
                goods[brought] = self.state.arc[len(self.kinds), 0] / len(brought)
        return Worth(goods, np.zeros(max(self.kinds) + 1), -math.inf, (), 0.0), rows

    def _forget(self, market: Market, worth: Worth) -> None:
        """Make room for further routes."""
        if self.pool.note[SIZE] > FULL:
            self._keep(market.best(worth)[:KEPT])

    def _keep(self, rows: Ints) -> None:
        self.pool = refilled(self.pool, self.data, rows, self.state.pos.shape[1])

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
