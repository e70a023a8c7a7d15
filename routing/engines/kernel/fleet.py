"""Fewer vehicles: make room for a shipment by ejecting others that are easier to place (Nagata and Braysy 2009;
Nagata and Kobayashi 2010 for pickups and deliveries).

Those ejected wait on a stack, the last one is placed next. Each shipment bears a counter of how often there was no
place for it. Ejected for it are the one to three whose counters sum to least, and to less than its own: so the search
turns to other shipments where it was stuck, and looks at few ejections until it is.
"""

from __future__ import annotations

import math

from .columns import (
    BLAME,
    BLAMED,
    CANDIDATE,
    COUNT,
    FIRST,
    NOBODY,
    POS_STOP,
    SHIPMENT,
    SLIGHT,
    STOPS,
)
from .insertion import cheapest
from .jit import inlined, jit
from .routes import chance, leave_out, save, schedule
from .ruin import FARTHER, close_up, near_routes, place
from .tables import Data, State

FEW = 4.0
"""Stops taken out at once, in the mean, between ejections: enough to stir the routes."""

MOST = 3
"""Shipments ejected at once, at most."""

HOLES = 25
"""So many ejections of each size are tried in a route, the least blamed first."""


@inlined
def without(data: Data, state: State, v: int, e: int, f: int, g: int) -> int:
    """The route of `v` without these shipments in the second scratch slot; the slot, or -1 if it cannot be."""
    hole = len(data.vehicle) + 1
    kept = 0
    for k in range(1, state.total[v, STOPS] + 1):
        n = state.pos[v, k, POS_STOP]
        s = data.stop[n, SHIPMENT]
        if s != e and s != f and s != g:
            kept += 1
            state.pos[hole, kept, POS_STOP] = n
    state.total[hole, STOPS] = kept
    return hole if schedule(data, state, hole, v) else data.flag[NOBODY]


@jit
def eject(data: Data, state: State, s: int, now: int, tag: int) -> bool:
    """Eject up to `MOST` shipments from a route near `s` and put `s` there; whether there are any such.

    First every single one, then pairs, then threes. Those whose counters sum to more than the least found, or than the
    counter of `s`, are not even tried.
    """
    least = state.score[BLAME, s]
    best_v = best_e = best_f = best_g = data.flag[NOBODY]
    room = state.pos.shape[1] - 2
    routes = near_routes(data, state, s, tag, FARTHER, len(data.vehicle))
    for more in range(MOST):
        for x in range(routes):
            v = state.row[CANDIDATE, x]
            if data.weight[s, SLIGHT + v] == math.inf or state.total[v, STOPS] + data.shipment[s, COUNT] > room:
                continue
            size = _by_blame(data, state, v)
            tried = 0
            for a in range(size):
                e = state.row[BLAMED, a]
                one = state.score[BLAME, e]
                if one * (more + 1) >= least:
                    break
                for b in range(a + 1, size) if more > 0 else range(a, a + 1):
                    f = state.row[BLAMED, b]
                    two = one + (state.score[BLAME, f] if more > 0 else 0.0)
                    if two + (state.score[BLAME, f] if more > 1 else 0.0) >= least:
                        break
                    for d in range(b + 1, size) if more > 1 else range(b, b + 1):
                        g = state.row[BLAMED, d]
                        every = two + (state.score[BLAME, g] if more > 1 else 0.0)
                        if every >= least:
                            break
                        every += 0.5 * chance(state.note)
                        if every >= least:
                            continue
                        tried += 1
                        if tried > HOLES:
                            break
                        hole = without(data, state, v, e, f, g)
                        if hole < 0:
                            continue
                        _, i, _ = cheapest(data, state, hole, v, s, math.inf)
                        if i >= 0:
                            least = every
                            best_v, best_e, best_f, best_g = v, e, f, g
    if best_v < 0:
        return False
    save(state, best_v, now)
    leave_out(state, best_e)
    if best_f != best_e:
        leave_out(state, best_f)
    if best_g != best_f:
        leave_out(state, best_g)
    close_up(data, state, best_v)
    return place(data, state, s, now, math.inf, 0.0, True)


@jit
def _by_blame(data: Data, state: State, v: int) -> int:
    """The shipments of a route, the least blamed first, in row BLAMED; how many."""
    size = 0
    for k in range(1, state.total[v, STOPS] + 1):
        s = data.stop[state.pos[v, k, POS_STOP], SHIPMENT]
        if state.pos[v, k, POS_STOP] != data.shipment[s, FIRST] + data.shipment[s, COUNT] - 1:
            continue
        j = size
        while j > 0 and state.score[BLAME, state.row[BLAMED, j - 1]] > state.score[BLAME, s]:
            state.row[BLAMED, j] = state.row[BLAMED, j - 1]
            j -= 1
        state.row[BLAMED, j] = s
        size += 1
    return size
