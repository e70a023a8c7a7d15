"""Fewer vehicles: make room for a shipment by ejecting others that are easier to place (Nagata and Braysy 2009).

Each shipment bears a counter of how often it was left over. What is ejected is the one or two whose counters sum to
least, so the search turns to other shipments where it was stuck.
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
from .ruin import CANDIDATES, close_up, near_routes
from .tables import Data, State

FEW = 4.0
"""Stops taken out at once, in the mean, between ejections: enough to stir the routes."""

HOLES = 300
"""So many ejections are weighed for one shipment; then the best so far is taken, if there is any."""


@inlined
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
    """Eject one or two shipments from a route near `s` so that `s` fits there; whether there are any such.

    First every single one, then pairs: those whose counters sum to more than the least found are not even tried.
    """
    least = math.inf
    best_v = best_e = best_f = data.flag[NOBODY]
    room = state.pos.shape[1] - 2
    routes = near_routes(data, state, s, tag, CANDIDATES, len(data.vehicle))
    tried = 0
    for pairs in range(2):
        for x in range(routes):
            v = state.row[CANDIDATE, x]
            if data.weight[s, SLIGHT + v] == math.inf or state.total[v, STOPS] + data.shipment[s, COUNT] > room:
                continue
            size = _by_blame(data, state, v)
            for a in range(size):
                e = state.row[BLAMED, a]
                blame = state.score[BLAME, e]
                if blame >= least:
                    break
                for b in range(a + pairs, size if pairs else a + 1):
                    f = state.row[BLAMED, b]
                    both = blame + (state.score[BLAME, f] if pairs else 0.0)
                    if both >= least:
                        break
                    both += 0.5 * chance(state.note)
                    if both >= least:
                        continue
                    tried += 1
                    if tried > HOLES and best_v >= 0:
                        break
                    hole = without(data, state, v, e, f)
                    if hole < 0:
                        continue
                    _, i, _ = cheapest(data, state, hole, v, s, math.inf)
                    if i >= 0:
                        least = both
                        best_v, best_e, best_f = v, e, f
    if best_v < 0:
        return False
    save(state, best_v, now)
    leave_out(state, best_e)
    if best_f != best_e:
        leave_out(state, best_f)
    close_up(data, state, best_v)
    return True


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
