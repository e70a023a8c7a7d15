"""The entry points of the kernel: load routes, build a first plan, and anneal. Each call works on one `State`."""

from __future__ import annotations

import math

from .columns import (
    ABSENT,
    BEST,
    BEST_ABSENT,
    BEST_STOPS,
    LEAST,
    LEFT,
    LEFT_BEFORE,
    NOW,
    PENALTY,
    POS_STOP,
    QUEUE,
    SAVED,
    SEEN,
    SHIPMENT,
    STOPS,
    WHERE,
)
from .jit import jit
from .routes import chance, leave_out, schedule, undo
from .ruin import BLINK, close_up, place, ruin, take_up, weigh
from .tables import Data, Ints, State

ANNEAL, BUILD, ALONE = range(3)


@jit
def start(data: Data, state: State, routes: Ints, counts: Ints, possible: Ints) -> bool:
    """Take these routes, one row a vehicle; what they lack of the `possible` shipments is absent. Whether they hold."""
    state.list[WHERE] = -1
    state.note[ABSENT] = 0
    holds = True
    for v in range(len(data.vehicle)):
        state.total[v, STOPS] = counts[v]
        for k in range(counts[v]):
            n = routes[v, k]
            state.pos[v, k + 1, POS_STOP] = n
            state.list[WHERE, data.stop[n, SHIPMENT]] = v
        if not schedule(data, state, v, v):
            holds = False
    for s in possible:
        if state.list[WHERE, s] < 0:
            leave_out(state, s)
    state.value[NOW] = weigh(data, state)
    state.value[LEAST] = math.inf
    remember(data, state)
    return holds


@jit
def remember(data: Data, state: State) -> None:
    """Keep the present routes as the best."""
    state.value[LEAST] = state.value[NOW]
    state.note[BEST_ABSENT] = state.note[ABSENT]
    for v in range(len(data.vehicle)):
        count = state.total[v, STOPS]
        state.total[v, BEST_STOPS] = count
        for k in range(count):
            state.copy[BEST, v, k] = state.pos[v, k + 1, POS_STOP]


@jit
def search(data: Data, state: State, task: int, queue: Ints, iterations: int, hot: float, cold: float) -> int:
    """The one large entry: each further one would be compiled with all it calls.

    ANNEAL: ruin and recreate, from temperature `hot` to `cold`; how often that improved the best. BUILD: the shipments
    of `queue`, the last of the absent, go in that order where each costs least. ALONE: routes are empty, and of the
    absent in `queue` those stay absent that some vehicle could carry by themselves; the others are forgotten.
    """
    note = state.note
    cooling = (cold / hot) ** (1.0 / iterations)
    temperature = hot
    improved = 0
    for _ in range(iterations):
        note[SEEN] += 1
        now = note[SEEN]
        note[SAVED] = 0
        before = note[ABSENT]
        for k in range(before):
            state.list[LEFT_BEFORE, k] = state.list[LEFT, k]
        if task == ANNEAL:
            ruin(data, state, now)
            size = take_up(data, state, before)
        else:
            size = len(queue)
            note[ABSENT] -= size
            for k in range(size):
                state.list[QUEUE, k] = queue[k]
        for k in range(size):
            s = state.list[QUEUE, k]
            worth = math.inf if task == ALONE else data.weight[s, PENALTY]
            placed = place(data, state, s, now, worth, BLINK if task == ANNEAL else 0.0)
            if task == ALONE and placed:
                v = state.list[WHERE, s]
                leave_out(state, s)
                close_up(data, state, v)
            elif task != ALONE and not placed:
                leave_out(state, s)
        weight = weigh(data, state)
        if task != ANNEAL or weight < state.value[NOW] - temperature * math.log(chance(note)):
            state.value[NOW] = weight
            if task != ANNEAL or weight < state.value[LEAST] - 1e-6:
                remember(data, state)
                improved += 1
        else:
            undo(data, state)
            note[ABSENT] = before
            for k in range(before):
                state.list[LEFT, k] = state.list[LEFT_BEFORE, k]
        temperature *= cooling
    return improved
