"""New routes for the pool, bred from those in it: with one shipment less, one more, or one for another.

What each shipment and each vehicle is worth is given; wanted are routes that cost hardly more than that. Knows nothing
of where the worth comes from, nor who chooses.
"""

from __future__ import annotations

import math

from .columns import COUNT, FIRST, KEEP, KEPT, KIND, LEFT_BEFORE, NOBODY, POS_STOP, QUEUE, SHIPMENT, SLIGHT, STOPS
from .insertion import cheapest, copy_stops, put
from .jit import jit
from .pool import DRIVER, LENGTH, ROOM, SIZE, Pool, take_in
from .routes import schedule
from .tables import Data, Floats, Ints, State

NEAR = 40
"""Nearest stops to each stop of a route whose shipments are tried in it."""


@jit
def beyond(data: Data, pool: Pool, worth: Floats, rent: Floats, found: Floats) -> None:
    """What each route costs beyond what its shipments, by `worth`, and its kind of vehicle, by `rent`, are worth."""
    for row in range(pool.note[SIZE]):
        more = pool.cost[row] - rent[pool.head[row, DRIVER]]
        for k in range(pool.head[row, LENGTH]):
            n = pool.stop[row, k]
            s = data.stop[n, SHIPMENT]
            if n == data.shipment[s, FIRST] + data.shipment[s, COUNT] - 1:
                more -= worth[s]
        found[row] = more


@jit
def breed(
    data: Data,
    state: State,
    pool: Pool,
    rows: Ints,
    drivers: Ints,
    worth: Floats,
    rent: Floats,
    most: float,
    all_: bool,
) -> None:
    """Take in routes that differ by a shipment or two from those of `rows` and cost up to `most` beyond their worth.

    `drivers` is a vehicle of each kind. For each shipment that is left away, and for none, the best other one to carry
    is taken in, or `all_` of them.
    """
    hole = len(data.vehicle) + 1
    room = state.pos.shape[1] - 2
    for row in rows:
        kind = pool.head[row, DRIVER]
        v = drivers[kind]
        size = _around(data, state, pool, row, v)
        for drop in range(-1, pool.head[row, LENGTH]):
            away = data.flag[NOBODY]
            if drop >= 0:
                n = pool.stop[row, drop]
                away = data.stop[n, SHIPMENT]
                if n != data.shipment[away, FIRST] + data.shipment[away, COUNT] - 1:
                    continue
            if pool.note[SIZE] >= ROOM:
                return
            value = _without(data, state, pool, row, away, worth) + rent[kind]
            if not schedule(data, state, hole, v):
                continue
            base = state.arc[hole, 0] - value
            if drop >= 0 and base < most and state.total[hole, STOPS] > 0:
                take_in(data, state, pool, hole, kind, state.arc[hole, 0])
            best, best_s = most - base, data.flag[NOBODY]
            for x in range(size):
                s = state.list[QUEUE, x]
                if s == away or state.total[hole, STOPS] + data.shipment[s, COUNT] > room:
                    continue
                cost, i, j = cheapest(data, state, hole, v, s, best + worth[s])
                if i >= 0 and all_:
                    _bear(data, state, pool, v, s, i, j)
                elif i >= 0:
                    best, best_s = cost - worth[s], s
            if best_s >= 0:
                _, i, j = cheapest(data, state, hole, v, best_s, math.inf)
                _bear(data, state, pool, v, best_s, i, j)


@jit
def _without(data: Data, state: State, pool: Pool, row: int, away: int, worth: Floats) -> float:
    """Put the route of this row, without shipment `away`, into the second scratch slot; what the others are worth."""
    hole = len(data.vehicle) + 1
    kept = 0
    value = 0.0
    for k in range(pool.head[row, LENGTH]):
        n = pool.stop[row, k]
        s = data.stop[n, SHIPMENT]
        if s != away:
            kept += 1
            state.pos[hole, kept, POS_STOP] = n
            if n == data.shipment[s, FIRST] + data.shipment[s, COUNT] - 1:
                value += worth[s]
    state.total[hole, STOPS] = kept
    return value


@jit
def _bear(data: Data, state: State, pool: Pool, v: int, s: int, i: int, j: int) -> None:
    """Take in the route of the second scratch slot with shipment `s`, where `cheapest` found a place for it."""
    scratch, hole = len(data.vehicle), len(data.vehicle) + 1
    first, count = data.shipment[s, FIRST], data.shipment[s, COUNT]
    if count > 2:
        state.total[scratch, STOPS] = state.note[KEPT]
        for k in range(1, state.note[KEPT] + 1):
            state.pos[scratch, k, POS_STOP] = state.row[KEEP, k]
    else:
        copy_stops(state, hole, scratch)
        put(state, scratch, j, first + count - 1)
        if count == 2:
            put(state, scratch, i, first)
    if schedule(data, state, scratch, v):
        take_in(data, state, pool, scratch, data.vehicle[v, KIND], state.arc[scratch, 0])


@jit
def _around(data: Data, state: State, pool: Pool, row: int, v: int) -> int:
    """Queue the shipments near the route of this row that are not in it and that vehicle `v` may carry; how many."""
    seen = state.list[LEFT_BEFORE]
    seen[:] = 0
    size = 0
    for k in range(pool.head[row, LENGTH]):
        seen[data.stop[pool.stop[row, k], SHIPMENT]] = 1
    for k in range(pool.head[row, LENGTH]):
        n = pool.stop[row, k]
        for x in range(min(NEAR, data.near.shape[1])):
            s = data.stop[data.near[n, x], SHIPMENT]
            if seen[s] == 0:
                seen[s] = 1
                if data.weight[s, SLIGHT + v] < math.inf:
                    state.list[QUEUE, size] = s
                    size += 1
    return size
