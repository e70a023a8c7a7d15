"""What shipments and vehicles are worth when routes are chosen, and the routes that this makes worth having.

Prices come from a linear program over the pool, the pool's next routes from the prices, in turn (column generation;
Desrosiers and Luebbecke 2005), but for that routes are bred from known ones and none is sure to be found. What costs
more beyond its worth than the incumbent costs beyond the program's value is in no better choice. Chooses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import NamedTuple

import numpy as np

from routing.engines._partition import Column, Effort, Prices, Relaxation

from . import columns as c
from .breeding import beyond, breed
from .pool import DRIVER, LENGTH, SIZE, Pool
from .tables import Data, Floats, Ints, State

PRICED = 120
"""Most shipments whose routes are priced. With more the linear program takes long, and lies too far off the best choice
for CP-SAT to find that."""

BEGUN = 3000
"""Routes that the first prices come from."""

ROUNDS = 12
"""Most prices in turn."""

BRED, ADDED = 400, 1000
"""Routes that are bred from at each prices, and those that come into the next."""

NEAR_ENOUGH = 0.5
"""In the end all that costs up to this share of the gap beyond its worth is bred, and bred from."""

WAVE, WAVES = 1000, 3
"""Most routes that are bred from at a time then, and how often."""

LEAST = 0.01
"""What a route saves at least, at the prices, for new prices to be worth it."""


class Worth(NamedTuple):
    """By shipment, and by kind of vehicle; what no choice of routes costs less than, as far as is known; the rows of
    which the program drives some part, and how many shipments it leaves out, in parts too."""

    goods: Floats
    rent: Floats
    bound: float
    driven: Sequence[int]
    left_out: float


class Market:
    """The pool's routes when each vehicle costs `spared` less: what they are worth, and new ones."""

    def __init__(
        self,
        data: Data,
        state: State,
        pool: Pool,
        riders: Mapping[int, int],
        left_out: Mapping[int, float],
        spared: float,
    ) -> None:
        self._data, self._state, self._pool = data, state, pool
        self.riders, self.left_out, self._spared = riders, left_out, spared
        self._delivery: Ints = data.shipment[:, c.FIRST] + data.shipment[:, c.COUNT] - 1
        kinds = data.vehicle[:, c.KIND]
        self._drivers = np.zeros(int(np.max(kinds)) + 1, dtype=np.int64)
        self._drivers[kinds[::-1]] = np.arange(len(kinds))[::-1]

    def column(self, row: int) -> Column:
        pool = self._pool
        stops = pool.stop[row, : pool.head[row, LENGTH]]
        goods = self._data.stop[stops, c.SHIPMENT]
        brought = goods[self._delivery[goods] == stops]
        kind, before = int(pool.head[row, DRIVER]), self._data.shipment[brought, c.BEFORE]
        moved = int(np.count_nonzero((before >= 0) & (before != self._drivers[kind])))
        return Column(kind, tuple(brought.tolist()), float(pool.cost[row]) - self._spared, moved)

    def beyond(self, worth: Worth) -> Floats:
        """By row, what its route costs beyond its worth."""
        found = np.zeros(self._pool.note[SIZE])
        beyond(self._data, self._pool, worth.goods, worth.rent + self._spared, found)
        return found

    def gap(self, worth: Worth, rows: Sequence[int]) -> float:
        """What choosing these rows costs more than the bound; of more rows than there are vehicles, what one costs."""
        columns = [self.column(row) for row in rows]
        if len(columns) > sum(self.riders.values()):
            return sum(column.cost for column in columns) / len(columns)
        served = {s for column in columns for s in column.shipments}
        out = sum(weight for s, weight in self.left_out.items() if s not in served)
        return sum(column.cost for column in columns) + out - worth.bound

    def best(self, worth: Worth) -> Ints:
        """All rows, what costs least beyond its worth first."""
        return np.argsort(self.beyond(worth), kind="stable")

    def promising(self, worth: Worth, incumbent: Sequence[int]) -> Ints:
        """The same, the program's own first, without what is in no better choice than the incumbent."""
        costs = self.beyond(worth)
        costs[list(worth.driven)] = -np.inf
        rows = np.argsort(costs, kind="stable")
        return rows[costs[rows] <= self.gap(worth, incumbent)]

    def prices(self, worth: Worth, incumbent: Sequence[int], effort: Effort) -> Worth:
        """Prices over the pool with what they made worth breeding. `worth` is where they start."""
        began = monotonic()

        def over() -> bool:
            return effort.stopped() or (not effort.steady and monotonic() > began + effort.seconds)

        program = Relaxation(self.riders, self.left_out)
        rows = [*incumbent, *self.best(worth)[:BEGUN].tolist()]
        known: dict[int, None] = {}
        gap = 0.0
        for _ in range(ROUNDS):
            program.add([self.column(row) for row in dict.fromkeys(rows)])
            known |= dict.fromkeys(rows)
            prices = program.prices()
            if prices is None:
                return worth
            worth = self._worth(prices, list(known))
            gap = self.gap(worth, incumbent)
            self._breed(self.best(worth)[:BRED], worth, gap, False)
            costs = self.beyond(worth)
            if over() or np.min(costs, initial=0.0) > -LEAST:
                break
            rows = [row for row in np.argsort(costs, kind="stable")[: len(known) + ADDED].tolist() if row not in known]
            rows = rows[:ADDED]
        bred: set[int] = set()
        for _ in range(WAVES):
            costs = self.beyond(worth)
            best = np.argsort(costs, kind="stable")[: len(bred) + WAVE]
            rows = [row for row in best[costs[best] <= NEAR_ENOUGH * gap].tolist() if row not in bred]
            if not rows or over():
                break
            bred.update(rows)
            self._breed(np.array(rows), worth, NEAR_ENOUGH * gap, True)
        return worth

    def _breed(self, rows: Ints, worth: Worth, most: float, all_: bool) -> None:
        rent = worth.rent + self._spared
        breed(self._data, self._state, self._pool, rows, self._drivers, worth.goods, rent, most, all_)

    def _worth(self, prices: Prices, rows: Sequence[int]) -> Worth:
        worth = np.full(len(self._data.shipment), -np.inf)
        worth[list(self.left_out)] = prices.worth
        rents = np.zeros(len(self._drivers))
        for kind, price in prices.rent.items():
            rents[kind] = price
        return Worth(worth, rents, prices.bound, [rows[k] for k in prices.driven], prices.left_out)
