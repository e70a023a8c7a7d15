"""Short ways through plans that leave out more than the best one: where vehicles are few, good plans lie far apart.

For a while the search counts what is left out, and a vehicle more or less, at a price that may be far below what they
cost. The price moves so that a fixed share of the time is spent away; who stays away too long starts again where the
excursion began. What is kept as best is judged at full cost, as ever.
"""

from __future__ import annotations

import math

from .columns import (
    ABSENT,
    AWAY,
    AWAY_FOR,
    FIXED,
    FIXES,
    HOME,
    HOME_ABSENT,
    HOME_LEFT,
    HOME_VERSION,
    LEAST_STAKES,
    LEFT,
    LEFT_BEFORE,
    MEAN_STOPS,
    NOW,
    OLD,
    OLD_VERSION,
    OVER,
    POS_STOP,
    PRICE,
    ROUNDS,
    SAVED,
    SAVED_AT,
    SHIPMENT,
    SPENT,
    STAKES,
    STOPS,
    TOUCHED,
    VERSION,
    WAS,
    WHERE,
)
from .jit import jit
from .routes import schedule
from .tables import Data, State

SHARE = 0.3
"""Of the iterations, how many may be spent away."""

LONGEST = 1000
"""Iterations after which an excursion is given up."""

EVERY = 100
"""Iterations between two changes of the price."""

SPEED = 0.2
FIRST_PRICE = 100.0
"""In temperatures."""


@jit
def weigh(data: Data, state: State, price: float) -> tuple[float, float]:
    """What the routes cost with the penalties of what is absent, and the same with no penalty or vehicle above
    `price`."""
    spent = fixes = over = 0.0
    used = stops = 0
    for v in range(len(data.vehicle)):
        if state.total[v, STOPS] > 0:
            spent += state.arc[v, 0]
            fixes += data.rate[v, FIXED]
            over += max(0.0, data.rate[v, FIXED] - price)
            used += 1
            stops += state.total[v, STOPS]
    state.value[MEAN_STOPS] = stops / used if used > 0 else 0.0
    return _with_absent(data, state, price, spent, fixes, over)


@jit
def weigh_touched(data: Data, state: State, price: float) -> tuple[float, float]:
    """The same, from what the routes weighed before this iteration touched some of them."""
    spent, fixes, over = state.value[SPENT], state.value[FIXES], state.value[OVER]
    for x in range(state.note[SAVED]):
        v = state.total[x, TOUCHED]
        fixed = data.rate[v, FIXED]
        if state.copy[OLD, v, 0] > 0:
            spent -= state.value[WAS + v]
            fixes -= fixed
            over -= max(0.0, fixed - price)
        if state.total[v, STOPS] > 0:
            spent += state.arc[v, 0]
            fixes += fixed
            over += max(0.0, fixed - price)
    return _with_absent(data, state, price, spent, fixes, over)


@jit
def _with_absent(
    data: Data, state: State, price: float, spent: float, fixes: float, over: float
) -> tuple[float, float]:
    value = state.value
    value[SPENT], value[FIXES], value[OVER] = spent, fixes, over
    for k in range(state.note[ABSENT]):
        penalty = data.penalty[state.list[LEFT, k]]
        spent += penalty
        fixes += penalty
        over += max(0.0, penalty - price)
    value[STAKES] = fixes
    return spent, spent - over


@jit
def move_price(data: Data, state: State, temperature: float) -> float:
    """The price for now. It goes up while too much time is spent away, else down."""
    note = state.note
    if state.value[PRICE] == 0.0:
        state.value[PRICE] = FIRST_PRICE * temperature
    if note[ROUNDS] >= EVERY:
        state.value[PRICE] *= math.exp(SPEED * (note[AWAY] / note[ROUNDS] - SHARE))
        note[ROUNDS] = note[AWAY] = 0
    return float(state.value[PRICE])


@jit
def walk(data: Data, state: State, now: int, before: int, moved: bool) -> None:
    """After iteration `now`, which found `before` absent and may have `moved`: note where we are; turn back in time."""
    note = state.note
    note[ROUNDS] += 1
    away = state.value[STAKES] > state.value[LEAST_STAKES] + state.value[PRICE]
    if moved and not away:
        note[AWAY_FOR] = 0
    elif moved and note[AWAY_FOR] == 0:
        note[AWAY_FOR] = 1
        _leave(data, state, now, before)
    if note[AWAY_FOR] > 0:
        note[AWAY] += 1
        note[AWAY_FOR] += 1
        if note[AWAY_FOR] > LONGEST:
            _return(data, state)


@jit
def _leave(data: Data, state: State, now: int, before: int) -> None:
    """Keep the routes as they were before iteration `now`."""
    for v in range(len(data.vehicle)):
        touched = state.total[v, SAVED_AT] == now
        version = state.total[v, OLD_VERSION if touched else VERSION]
        if version == state.total[v, HOME_VERSION]:
            continue
        state.total[v, HOME_VERSION] = version
        count = state.copy[OLD, v, 0] if touched else state.total[v, STOPS]
        state.copy[HOME, v, 0] = count
        for k in range(1, count + 1):
            state.copy[HOME, v, k] = state.copy[OLD, v, k] if touched else state.pos[v, k, POS_STOP]
    state.note[HOME_ABSENT] = before
    for k in range(before):
        state.list[HOME_LEFT, k] = state.list[LEFT_BEFORE, k]


@jit
def _return(data: Data, state: State) -> None:
    note, total = state.note, state.total
    for v in range(len(data.vehicle)):
        if total[v, VERSION] != total[v, HOME_VERSION]:
            for k in range(1, total[v, STOPS] + 1):
                state.list[WHERE, data.stop[state.pos[v, k, POS_STOP], SHIPMENT]] = -1
    for v in range(len(data.vehicle)):
        if total[v, VERSION] == total[v, HOME_VERSION]:
            continue
        count = state.copy[HOME, v, 0]
        state.total[v, STOPS] = count
        for k in range(1, count + 1):
            n = state.copy[HOME, v, k]
            state.pos[v, k, POS_STOP] = n
            state.list[WHERE, data.stop[n, SHIPMENT]] = v
        schedule(data, state, v, v)
        total[v, VERSION] = total[v, HOME_VERSION]
    note[ABSENT] = note[HOME_ABSENT]
    for k in range(note[ABSENT]):
        state.list[LEFT, k] = state.list[HOME_LEFT, k]
    note[AWAY_FOR] = 0
    _, state.value[NOW] = weigh(data, state, state.value[PRICE])
