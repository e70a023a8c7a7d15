"""Fewer vehicles: make room for a shipment by ejecting others that are easier to place (Nagata and Braysy 2009).

Each shipment bears a counter of how often it was left over. What is ejected is the one or two whose counters sum to
least, so the search turns to other shipments where it was stuck.
"""

from __future__ import annotations

import math

from .columns import (
    BLAME,
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
from .jit import jit
from .routes import chance, leave_out, save, schedule
from .ruin import close_up, near_routes
from .tables import Data, State


@jit
def without(data: Data, state: State, v: int, e: int, f: int) -> int:
    """The route of `v` without shipments `e` and `f` in the second scratch slot; the slot, or -1 if it cannot be."""
    hole = len(data.vehicle) + 1
    kept = 0
    for k in range(1, state.total[v, STOPS] + 1):
        n = state.pos[v, k, POS_STOP]
        s = data.stop[n, SHIPMENT]
        if s != e and s != f:
            kept += 1
            state.pos[hole, kept, POS_STOP] = n
    state.total[hole, STOPS] = kept
    return hole if schedule(data, state, hole, v) else data.flag[NOBODY]


@jit
def eject(data: Data, state: State, s: int, now: int, tag: int) -> bool:
    """Eject one or two shipments from a route near `s` so that `s` fits there; whether there are any such."""
    least = math.inf
    best_v = best_e = best_f = data.flag[NOBODY]
    room = state.pos.shape[1] - 2
    for x in range(near_routes(data, state, s, tag)):
        v = state.row[CANDIDATE, x]
        if data.weight[s, SLIGHT + v] == math.inf or state.total[v, STOPS] + data.shipment[s, COUNT] > room:
            continue
        count = state.total[v, STOPS]
        for a in range(1, count + 1):
            e = data.stop[state.pos[v, a, POS_STOP], SHIPMENT]
            one = state.score[BLAME, e] + 0.5 * chance(state.note)
            if one >= least or not _last_of(data, state, v, a, e):
                continue
            for b in range(a, count + 1):
                f = data.stop[state.pos[v, b, POS_STOP], SHIPMENT]
                both = one if b == a else one + state.score[BLAME, f]
                if both >= least or not _last_of(data, state, v, b, f):
                    continue
                hole = without(data, state, v, e, f)
                if hole < 0:
                    continue
                _, i, _ = cheapest(data, state, hole, v, s, math.inf)
                if i >= 0:
                    least = both
                    best_v, best_e, best_f = v, e, f
                    if b == a:
                        break
    if best_v < 0:
        return False
    save(state, best_v, now)
    leave_out(state, best_e)
    if best_f != best_e:
        leave_out(state, best_f)
    close_up(data, state, best_v)
    return True


@jit
def _last_of(data: Data, state: State, v: int, k: int, s: int) -> bool:
    """Whether position `k` is the delivery of shipment `s`."""
    return bool(state.pos[v, k, POS_STOP] == data.shipment[s, FIRST] + data.shipment[s, COUNT] - 1)
