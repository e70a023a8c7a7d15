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
    HOME,
    HOME_ABSENT,
    HOME_LEFT,
    LEAST_STAKES,
    LEFT,
    LEFT_BEFORE,
    NOW,
    OLD,
    PENALTY,
    POS_STOP,
    PRICE,
    ROUNDS,
    SAVED_AT,
    SHIPMENT,
    STAKES,
    STOPS,
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
    full = stakes = over = 0.0
    for v in range(len(data.vehicle)):
        if state.total[v, STOPS] > 0:
            full += state.arc[v, 0]
            stakes += data.rate[v, FIXED]
            over += max(0.0, data.rate[v, FIXED] - price)
    for k in range(state.note[ABSENT]):
        penalty = data.weight[state.list[LEFT, k], PENALTY]
        full += penalty
        stakes += penalty
        over += max(0.0, penalty - price)
    state.value[STAKES] = stakes
    return full, full - over


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
        count = state.copy[OLD, v, 0] if touched else state.total[v, STOPS]
        state.copy[HOME, v, 0] = count
        for k in range(1, count + 1):
            state.copy[HOME, v, k] = state.copy[OLD, v, k] if touched else state.pos[v, k, POS_STOP]
    state.note[HOME_ABSENT] = before
    for k in range(before):
        state.list[HOME_LEFT, k] = state.list[LEFT_BEFORE, k]


@jit
def _return(data: Data, state: State) -> None:
    note = state.note
    for s in range(len(data.shipment)):
        state.list[WHERE, s] = -1
    for v in range(len(data.vehicle)):
        count = state.copy[HOME, v, 0]
        state.total[v, STOPS] = count
        for k in range(1, count + 1):
            n = state.copy[HOME, v, k]
            state.pos[v, k, POS_STOP] = n
            state.list[WHERE, data.stop[n, SHIPMENT]] = v
        schedule(data, state, v, v)
    note[ABSENT] = note[HOME_ABSENT]
    for k in range(note[ABSENT]):
        state.list[LEFT, k] = state.list[HOME_LEFT, k]
    note[AWAY_FOR] = 0
    _, state.value[NOW] = weigh(data, state, state.value[PRICE])
