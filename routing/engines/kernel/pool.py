"""Every good route that a search met, each set of shipments once for each kind of vehicle. Judges none of them.

Routes are told apart by a number drawn for each shipment and kind: those of a route's shipments, taken together by
exclusive or, name the route. Two sets that shared a name would cost us one of the two, and nothing else.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .columns import COUNT, FIRST, KIND, NOBODY, POS_STOP, SHIPMENT, SLIGHT, STOPS, VERSION
from .jit import jit
from .routes import schedule
from .tables import Data, Floats, Ints, State

ROOM = 20_000
"""Most routes that are gathered."""

EXTRA = 5_000
"""Rows beyond these for `offer`, besides one per vehicle."""

SIZE, NOTES = 0, 1
NAME, DRIVER, LENGTH, HEADS = 0, 1, 2, 3
"""Columns of `Pool.head`. ``DRIVER`` is the kind of vehicle."""


Short = npt.NDArray[np.int32]


class Pool(NamedTuple):
    """Rows are routes, the first ``note[SIZE]`` of them are taken."""

    stop: Short
    head: Ints
    cost: Floats
    place: Ints
    """By name, the row plus one; 0 where there is none."""
    shipment_name: Ints
    kind_name: Ints
    last: Ints
    """Per vehicle the version of its route that was looked at last."""
    note: Ints


def pool_of(data: Data, longest: int) -> Pool:
    """No routes yet; room for `longest` stops in each."""
    names = np.random.default_rng(1).integers(1, 2**62, len(data.shipment) + len(data.vehicle))
    rows = ROOM + EXTRA + len(data.vehicle)
    return Pool(
        stop=np.zeros((rows, longest), dtype=np.int32),
        head=np.zeros((rows, HEADS), dtype=np.int64),
        cost=np.zeros(rows),
        place=np.zeros(1 << rows.bit_length(), dtype=np.int64),
        shipment_name=names[: len(data.shipment)],
        kind_name=names[len(data.shipment) :],
        last=np.zeros(len(data.vehicle), dtype=np.int64),
        note=np.zeros(NOTES, dtype=np.int64),
    )


def refilled(pool: Pool, data: Data, rows: Ints, longest: int) -> Pool:
    """A pool of these rows of another, with room for `longest` stops in each."""
    fresh = pool_of(data, longest)
    size = len(rows)
    fresh.stop[:size, : pool.stop.shape[1]] = pool.stop[rows]
    fresh.head[:size] = pool.head[rows]
    fresh.cost[:size] = pool.cost[rows]
    fresh.note[SIZE] = size
    index(fresh)
    return fresh


@jit
def find(pool: Pool, name: int) -> int:
    """Where in `Pool.place` this name is, or should be."""
    mask = len(pool.place) - 1
    at = name & mask
    while pool.place[at] > 0 and pool.head[pool.place[at] - 1, NAME] != name:
        at = (at + 1) & mask
    return int(at)


@jit
def index(pool: Pool) -> None:
    """Find each row by its name."""
    for row in range(pool.note[SIZE]):
        pool.place[find(pool, pool.head[row, NAME])] = row + 1


@jit
def take_in(data: Data, state: State, pool: Pool, slot: int, kind: int, cost: float) -> int:
    """Keep the route of this slot, if its set is new to this kind of vehicle or was dearer; its row, -1 for no room."""
    count = state.total[slot, STOPS]
    name = pool.kind_name[kind]
    for k in range(1, count + 1):
        n = state.pos[slot, k, POS_STOP]
        s = data.stop[n, SHIPMENT]
        if n == data.shipment[s, FIRST] + data.shipment[s, COUNT] - 1:
            name ^= pool.shipment_name[s]
    at = find(pool, name)
    row = pool.place[at] - 1
    if row < 0:
        row = pool.note[SIZE]
        if row == len(pool.cost):
            return int(data.flag[NOBODY])
        pool.note[SIZE] += 1
        pool.place[at] = row + 1
        pool.head[row, NAME] = name
        pool.head[row, DRIVER] = kind
    elif cost >= pool.cost[row] - 1e-6:
        return int(row)
    pool.cost[row] = cost
    pool.head[row, LENGTH] = count
    for k in range(count):
        pool.stop[row, k] = state.pos[slot, k + 1, POS_STOP]
    return int(row)


@jit
def gather(data: Data, state: State, pool: Pool) -> None:
    """Take in the present routes that changed since the last time."""
    for v in range(len(data.vehicle)):
        version = state.total[v, VERSION]
        if version != pool.last[v] and state.total[v, STOPS] > 0 and pool.note[SIZE] < ROOM:
            pool.last[v] = version
            take_in(data, state, pool, v, data.vehicle[v, KIND], state.arc[v, 0])


@jit
def offer(data: Data, state: State, pool: Pool, stops: Short, count: int, v: int) -> int:
    """Take in this route of the first `count` stops as vehicle `v` would drive it; its row, -1 if it may not."""
    scratch = len(data.vehicle)
    for k in range(count):
        state.pos[scratch, k + 1, POS_STOP] = stops[k]
        if data.weight[data.stop[stops[k], SHIPMENT], SLIGHT + v] == math.inf:
            return int(data.flag[NOBODY])
    state.total[scratch, STOPS] = count
    if not schedule(data, state, scratch, v):
        return int(data.flag[NOBODY])
    return take_in(data, state, pool, scratch, data.vehicle[v, KIND], state.arc[scratch, 0])


@jit
def exchange(data: Data, state: State, pool: Pool, rows: Ints, vehicles: Ints) -> None:
    """Take in what these rows' routes would be with each of these vehicles."""
    for row in rows:
        for v in vehicles:
            if data.vehicle[v, KIND] != pool.head[row, DRIVER]:
                offer(data, state, pool, pool.stop[row], pool.head[row, LENGTH], v)
