"""The entry points of the kernel: load routes, build a first plan, and anneal. Each call works on one `State`."""

from __future__ import annotations

import math

from .columns import (
    ABSENT,
    AWAY,
    AWAY_FOR,
    BEGINS,
    BEST,
    BEST_ABSENT,
    BEST_STOPS,
    BEST_VERSION,
    BLAME,
    CLOSED,
    DEAR,
    FIXES,
    KINDS,
    LEAST,
    LEAST_STAKES,
    LEFT,
    LEFT_BEFORE,
    MEMBER,
    NOW,
    OVER,
    POS_STOP,
    QUEUE,
    ROUNDS,
    SAVED,
    SEEN,
    SHIPMENT,
    SLIGHT,
    SPENT,
    STAKES,
    STOPS,
    VERSION,
    WHERE,
)
from .excursions import move_price, walk, weigh, weigh_touched
from .fleet import FEW, eject
from .insertion import cheapest
from .jit import jit
from .routes import chance, leave_out, schedule, undo
from .ruin import BLINK, REMOVED, place, ruin, take_up
from .tables import Data, Ints, State

ANNEAL, BUILD, ALONE, REDUCE = range(4)


@jit
def start(data: Data, state: State, routes: Ints, counts: Ints, possible: Ints) -> bool:
    """Take these routes, one row a vehicle; what they lack of the `possible` shipments is absent. Whether they hold."""
    state.list[WHERE] = -1
    state.note[ABSENT] = 0
    holds = True
    for v in range(len(data.vehicle)):
        state.total[v, STOPS] = counts[v]
        state.total[v, CLOSED] = counts[v] == 0
        for k in range(counts[v]):
            n = routes[v, k]
            state.pos[v, k + 1, POS_STOP] = n
            state.list[WHERE, data.stop[n, SHIPMENT]] = v
        if not schedule(data, state, v, v):
            holds = False
    for s in possible:
        if state.list[WHERE, s] < 0:
            leave_out(state, s)
    state.note[AWAY_FOR] = state.note[ROUNDS] = state.note[AWAY] = 0
    full, _ = weigh(data, state, math.inf)
    fixed = full - weigh(data, state, 0.0)[1]
    alike = data.flag[KINDS] == 1 and state.note[ABSENT] == 0
    state.note[DEAR] = alike and 2.0 * fixed >= full and full > 0.0
    remember(data, state, full)
    return holds


@jit
def remember(data: Data, state: State, weight: float) -> None:
    """Keep the present routes, of this weight, as the best; those that are not kept already."""
    state.value[LEAST] = weight
    state.value[LEAST_STAKES] = state.value[STAKES]
    state.note[BEST_ABSENT] = state.note[ABSENT]
    for v in range(len(data.vehicle)):
        if state.total[v, BEST_VERSION] == state.total[v, VERSION]:
            continue
        state.total[v, BEST_VERSION] = state.total[v, VERSION]
        count = state.total[v, STOPS]
        state.total[v, BEST_STOPS] = count
        for k in range(count):
            state.copy[BEST, v, k] = state.pos[v, k + 1, POS_STOP]


@jit
def _work_out_alone(data: Data, state: State) -> None:
    for s in range(len(data.shipment)):
        for kind in range(data.flag[KINDS]):
            v = data.kind[MEMBER, data.kind[BEGINS, kind]]
            if data.weight[s, SLIGHT + v] < math.inf:
                cost, i, _ = cheapest(data, state, v, v, s, math.inf)
                data.alone[s, kind] = cost if i >= 0 else math.inf


@jit
def search(
    data: Data, state: State, task: int, queue: Ints, every: int, iterations: int, hot: float, cold: float
) -> int:
    """The one large entry: each further one would be compiled with all it calls.

    ANNEAL: ruin and recreate, from temperature `hot` to `cold`; how often that improved the best. BUILD: the shipments
    of `queue`, the last of the absent, go in that order where each costs least. ALONE: `Data.alone` is worked out; the
    routes are empty. REDUCE: without a further vehicle, until nothing is absent (then 1) or the iterations are used;
    one round out of `every` puts the last of the absent in, by force if need be: others are ejected for it.
    """
    note = state.note
    if task == ALONE:
        _work_out_alone(data, state)
        return 0
    cooling = (cold / hot) ** (1.0 / iterations)
    temperature = hot
    improved = 0
    price = math.inf
    if task == ANNEAL:
        price = move_price(data, state, hot)
    _, state.value[NOW] = weigh(data, state, price)
    closed = task == REDUCE or (task == ANNEAL and state.note[DEAR] > 0)
    for round_ in range(iterations):
        note[SEEN] += 1
        now = note[SEEN]
        note[SAVED] = 0
        before = note[ABSENT]
        for k in range(before):
            state.list[LEFT_BEFORE, k] = state.list[LEFT, k]
        forced = task == BUILD
        if forced:
            size = len(queue)
            note[ABSENT] -= size
            for k in range(size):
                state.list[QUEUE, k] = queue[k]
        elif task == REDUCE and round_ % every == every - 1:
            note[ABSENT] -= 1
            s = state.list[LEFT, note[ABSENT]]
            size = 0
            forced = place(data, state, s, now, math.inf, 0.0, True)
            if not forced:
                state.score[BLAME, s] += 1.0
                note[SEEN] += 1
                forced = eject(data, state, s, now, note[SEEN])
            if not forced:
                leave_out(state, s)
        else:
            ruin(data, state, now, FEW if task == REDUCE else REMOVED)
            size = take_up(data, state, before)
        for k in range(size):
            s = state.list[QUEUE, k]
            worth = data.penalty[s] if task in (ANNEAL, BUILD) else math.inf
            blink = BLINK if task in (ANNEAL, REDUCE) else 0.0
            if not place(data, state, s, now, worth, blink, closed):
                leave_out(state, s)
        spent, fixes, over = state.value[SPENT], state.value[FIXES], state.value[OVER]
        weight, judged = weigh_touched(data, state, price)
        better = forced
        if not better and (task == ANNEAL or note[ABSENT] <= before):
            better = judged < state.value[NOW] - temperature * math.log(chance(note))
        if better:
            state.value[NOW] = judged
            if task == REDUCE:
                if note[ABSENT] == 0:
                    remember(data, state, weight)
                    return 1
            elif forced or weight < state.value[LEAST] - 1e-6:
                remember(data, state, weight)
                improved += 1
        else:
            undo(data, state)
            state.value[SPENT], state.value[FIXES], state.value[OVER] = spent, fixes, over
            note[ABSENT] = before
            for k in range(before):
                state.list[LEFT, k] = state.list[LEFT_BEFORE, k]
        if task == ANNEAL:
            walk(data, state, now, before, better)
        temperature *= cooling
    return improved
