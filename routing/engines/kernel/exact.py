"""Small problems solved for certain: the cheapest route of every set of shipments, then the cheapest choice of sets.

A route grows stop by stop, a label at each (Desrosiers, Dumas and Soumis 1986). Of labels that did the same stops and
stand at one place only those are kept that no other beats in time, in cost and in what the vehicle limits. Knows no
search, and has no answer where there are too many labels, or rules by which a route cannot be judged as it grows.
"""

from __future__ import annotations

import math

import numpy as np

from routing.compiled import Compiled

from . import columns as c
from .jit import jit
from .routes import fit
from .tables import Data, Ints

MOST, MOST_STOPS = 12, 40
"""Shipments, and their stops, that are looked at at most."""

CHOICES = 10_000_000
"""Most pairs of what a vehicle brings and what those before it bring: a tenth of a second."""

ROOM = 600_000
"""Most labels, of all kinds of vehicles together, in a second that the search may take, and at all: made in an eighth
of that."""

TABLE = 1_299_709
"""Where labels are found by what they did: a prime, about twice as many."""

SEEN, HERE, READY, COST, TRAVEL, METRES, TASKS, PARENT, LAST, NEXT, LABEL = range(11)
"""Columns of a label. ``SEEN``: its stops, a bit each. ``COST``: as `routing.compiled.money` adds it up, before it
divides. ``PARENT``: the label before its ``LAST`` stop, -1 for none. ``NEXT``: another one of the same stops and place,
-1 for none. One that is beaten is never ``READY``."""


def best_plan(compiled: Compiled, data: Data, seconds: float) -> list[list[int]] | None:
    """A list of stops per vehicle, than which no other weighs less; None where a part of `seconds` does not tell."""
    size, vehicles, room = len(data.shipment), len(data.vehicle), int(ROOM * min(1.0, seconds))
    if data.flag[c.HAS_JOBS] or data.flag[c.HAS_RIDES] or size > MOST or len(data.stop) > MOST_STOPS:
        return None
    if data.flag[c.EVEN] or data.flag[c.MOST_SHIFT] >= 0:
        return None
    if vehicles * 3**size > CHOICES:
        return None
    holds = np.arange(1 << size)[:, None] >> np.arange(size) & 1
    kinds: Ints = data.vehicle[:, c.KIND]
    costs = np.full((vehicles, 1 << size), c.NEVER)
    ends = np.zeros_like(costs)
    label, table = np.empty((room, LABEL), dtype=np.int64), np.empty(TABLE, dtype=np.int64)
    used = 0
    for kind, v in zip(*np.unique(kinds, return_index=True), strict=True):
        rate = compiled.riders[v].vehicle.costs
        rates = np.array([1000 * rate.per_hour, 3600 * rate.per_km, 1000 * rate.per_task_hour])
        used = every_route(data, v, rates, label, used, table, costs[kind], ends[kind])
        if used == room:
            return None
        slight = np.nan_to_num(data.weight[:, c.SLIGHT + v], posinf=0.0).astype(np.int64)
        whole = rate.fixed + costs[kind] // 3_600_000 + holds @ slight
        costs[kind] = np.where(costs[kind] < c.NEVER, whole, c.NEVER)
    least, brings = np.full((vehicles + 1, 1 << size), c.NEVER), np.zeros_like(costs)
    choose(costs, kinds, least, brings)
    chosen = int(np.argmin(least[vehicles] - holds @ data.penalty.astype(np.int64)))
    routes: list[list[int]] = [[] for _ in range(vehicles)]
    for v in reversed(range(vehicles)):
        at = int(ends[kinds[v], brings[v, chosen]])  # that of no shipments is 0, a label before any stop
        while label[at, PARENT] >= 0:
            routes[v].insert(0, int(label[at, LAST]))
            at = int(label[at, PARENT])
        chosen ^= int(brings[v, chosen])
    return None if 0 <= data.flag[c.MOST_MOVED] < _moved(data, routes) else routes


def _moved(data: Data, routes: list[list[int]]) -> int:
    """How many shipments these routes move: if that is more than may be, the best plan is another one."""
    moved = 0
    for v, route in enumerate(routes):
        before = data.shipment[np.unique(data.stop[route, c.SHIPMENT]), c.BEFORE]
        moved += int(np.count_nonzero((before >= 0) & (before != v)))
    return moved


@jit
def every_route(data: Data, v: int, rates: Ints, label: Ints, used: int, table: Ints, cost: Ints, end: Ints) -> int:
    """What the best route of each set of shipments by vehicle `v` costs, and its last label; how many labels are used.

    All of them are where there was no room for more.
    """
    if used == len(label):
        return used
    table[:] = -1
    label[used] = 0
    label[used, HERE], label[used, READY] = data.vehicle[v, c.START], data.vehicle[v, c.STARTS]
    label[used, PARENT] = -1
    at, size = used, used + 1
    while at < size:
        if label[at, READY] < c.NEVER and _bearable(data, v, label[at]):
            _end(data, v, rates, label, at, cost, end)
            for n in range(len(data.stop)):
                if _may_follow(data, v, label[at, SEEN], n):
                    if size == len(label):
                        return size
                    label[size, PARENT] = at
                    if _step(data, v, rates, label[at], n, label[size]) and _kept(data, v, label, table, size):
                        size += 1
        at += 1
    return size


@jit
def _may_follow(data: Data, v: int, seen: int, n: int) -> bool:
    """Whether vehicle `v` may do stop `n` after these, times and loads aside."""
    s = data.stop[n, c.SHIPMENT]
    first, last = data.shipment[s, c.FIRST], data.shipment[s, c.FIRST] + data.shipment[s, c.COUNT] - 1
    pickups = (1 << last) - (1 << first)
    return data.weight[s, c.SLIGHT + v] < math.inf and not seen >> n & 1 and (n < last or seen & pickups == pickups)


@jit
def _bearable(data: Data, v: int, label: Ints) -> bool:
    """Whether what is aboard fits, and nothing of it is late already."""
    for d in range(data.stop.shape[1] - c.CHANGE):
        aboard = 0
        for n in range(len(data.stop)):
            if label[SEEN] >> n & 1:
                aboard += data.stop[n, c.CHANGE + d]
        if aboard > data.vehicle[v, c.CAPACITY + d]:
            return False
    for s in range(len(data.shipment)):
        first, last = data.shipment[s, c.FIRST], data.shipment[s, c.FIRST] + data.shipment[s, c.COUNT] - 1
        begun = label[SEEN] & (1 << last) - (1 << first)
        if begun and not label[SEEN] >> last & 1 and label[READY] > data.stop[last, c.CLOSES]:
            return False
    return True


@jit
def _step(data: Data, v: int, rates: Ints, label: Ints, n: int, new: Ints) -> bool:
    """Write the label of going on to stop `n`; whether vehicle `v` may."""
    vehicle = data.vehicle[v]
    here, there = label[HERE], data.stop[n, c.PLACE]
    leg, metres = data.travel[c.OUT, vehicle[c.CLASS], here, there]
    begin = fit(data, n, label[READY] + leg)
    if leg >= c.UNREACHABLE or begin == c.NEVER:
        return False
    work = data.stop[n, c.SERVICE] + (data.stop[n, c.SETUP] if here != there else 0)
    new[SEEN], new[HERE], new[LAST] = label[SEEN] | 1 << n, there, n
    new[READY] = begin + work
    new[COST] = label[COST] + rates[0] * leg + rates[1] * metres + rates[2] * work
    new[TRAVEL], new[METRES], new[TASKS] = label[TRAVEL] + leg, label[METRES] + metres, label[TASKS] + 1
    return _within(vehicle, new)


@jit
def _within(vehicle: Ints, label: Ints) -> bool:
    return bool(
        label[READY] <= vehicle[c.ENDS]
        and label[TRAVEL] <= vehicle[c.MAX_TRAVEL]
        and label[METRES] <= vehicle[c.MAX_METRES]
        and label[TASKS] <= vehicle[c.MAX_TASKS]
    )


@jit
def _kept(data: Data, v: int, label: Ints, table: Ints, new: int) -> bool:
    """Whether no label of the same stops and place is as good as this one; those that it beats are struck out."""
    seen, here = label[new, SEEN], label[new, HERE]
    place = (seen * data.travel.shape[2] + here) % len(table)
    while table[place] >= 0 and (label[table[place], SEEN] != seen or label[table[place], HERE] != here):
        place = (place + 1) % len(table)
    old = table[place]
    while old >= 0:
        if _as_good(data.vehicle[v], label[old], label[new]):
            return False
        if _as_good(data.vehicle[v], label[new], label[old]):
            label[old, READY] = c.NEVER
        old = label[old, NEXT]
    label[new, NEXT] = table[place]
    table[place] = new
    return True


@jit
def _as_good(vehicle: Ints, a: Ints, b: Ints) -> bool:
    return bool(
        a[READY] <= b[READY]
        and a[COST] <= b[COST]
        and (vehicle[c.MAX_TRAVEL] == c.NEVER or a[TRAVEL] <= b[TRAVEL])
        and (vehicle[c.MAX_METRES] == c.NEVER or a[METRES] <= b[METRES])
    )


@jit
def _end(data: Data, v: int, rates: Ints, label: Ints, at: int, cost: Ints, end: Ints) -> None:
    """Note the route that ends here if all that it picked up is delivered, and for less than any before."""
    taken = 0
    for s in range(len(data.shipment)):
        stops = (1 << data.shipment[s, c.FIRST] + data.shipment[s, c.COUNT]) - (1 << data.shipment[s, c.FIRST])
        if label[at, SEEN] & stops == stops:
            taken |= 1 << s
        elif label[at, SEEN] & stops:
            return
    vehicle = data.vehicle[v]
    leg, metres = data.travel[c.OUT, vehicle[c.CLASS], label[at, HERE], vehicle[c.END]]
    whole = label[at, COST] + rates[0] * leg + rates[1] * metres
    late = label[at, READY] + leg > vehicle[c.ENDS] or leg >= c.UNREACHABLE
    far = label[at, TRAVEL] + leg > vehicle[c.MAX_TRAVEL] or label[at, METRES] + metres > vehicle[c.MAX_METRES]
    if taken and not late and not far and whole < cost[taken]:
        cost[taken], end[taken] = whole, at


@jit
def choose(costs: Ints, kinds: Ints, least: Ints, brings: Ints) -> None:
    """The least that the first vehicles can bring each set for, and what the last of them brings of it then."""
    least[0, 0] = 0
    for v in range(len(kinds)):
        for whole in range(least.shape[1]):
            least[v + 1, whole] = least[v, whole]
            mine = whole
            while mine > 0:
                found = least[v, whole ^ mine] + costs[kinds[v], mine]
                if found < least[v + 1, whole]:
                    least[v + 1, whole], brings[v, whole] = found, mine
                mine = mine - 1 & whole
