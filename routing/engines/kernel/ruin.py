"""Ruin and recreate: Slack Induction by String Removals (Christiaens and Vanden Berghe 2020), for pickup and delivery.

Strings of neighbouring stops are taken out of routes that lie near each other, with the shipments they belong to; then
all that is left over is put back one by one where it costs least, now and then passing over a place.
"""

from __future__ import annotations

import math

from .columns import (
    ABSENT,
    ADDED,
    AFTER_DELIVERY,
    AFTER_PICKUP,
    BEFORE,
    BEGINS,
    CANDIDATE,
    CLOSED,
    COUNT,
    EVEN,
    FIRST,
    FULL,
    KEY,
    LEFT,
    MEAN_STOPS,
    MEMBER,
    MOST_MOVED,
    MOST_SHIFT,
    MOVED,
    NOBODY,
    OF_VERSION,
    ORDER,
    POS_STOP,
    QUEUE,
    RUINED,
    SEEN,
    SHIPMENT,
    SLIGHT,
    STOPS,
    TRIED,
    VERSION,
    WHERE,
)
from .insertion import cheapest, insert
from .jit import jit
from .routes import chance, leave_out, save, schedule
from .tables import Data, State

REMOVED = 10.0
"""Stops taken out at once, in the mean."""

LONGEST_STRING = 10.0
SPLIT = 0.5
SPLIT_DEPTH = 0.01
BLINK = 0.01

CANDIDATES = 40
"""Nearest stops whose routes are tried first."""

MOST_ROUTES = 12
"""Of these, so many."""

FARTHER = 100
"""Nearest stops whose routes are tried where none of these has a place; all others where none of them has, nor any
empty vehicle."""

MOST_ABSENT = 10
"""How many of those left out before are tried again in one round."""


@jit
def ruin(data: Data, state: State, now: int, removed: float) -> None:
    """Take strings, `removed` stops in the mean, out of routes near a random stop; their shipments become absent."""
    note = state.note
    if state.value[MEAN_STOPS] == 0.0:
        return
    longest = min(LONGEST_STRING, removed, state.value[MEAN_STOPS])
    most = 4.0 * removed / (1.0 + longest) - 1.0
    strings = int(chance(note) * most + 1.0)
    seed = int(chance(note) * len(data.stop))
    for x in range(data.near.shape[1]):
        if strings <= 0:
            break
        n = data.near[seed, x]
        slot = state.list[WHERE, data.stop[n, SHIPMENT]]
        if slot < 0 or state.total[slot, RUINED] == now:
            continue
        strings -= 1
        state.total[slot, RUINED] = now
        save(state, slot, now)
        _string(data, state, slot, n, longest)


@jit
def _string(data: Data, state: State, slot: int, n: int, longest: float) -> None:
    """Remove a string of stops around stop `n`, sometimes sparing some in its middle."""
    note = state.note
    pos = state.pos[slot]
    count = state.total[slot, STOPS]
    length = int(chance(note) * min(float(count), longest) + 1.0)
    length = min(length, count)
    spared = 0
    if length > 1 and length < count and chance(note) < SPLIT:
        spared = 1
        while length + spared < count and chance(note) < SPLIT_DEPTH:
            spared += 1
    whole = length + spared
    at = 1
    while pos[at, POS_STOP] != n:
        at += 1
    low, high = max(1, at - whole + 1), min(at, count - whole + 1)
    start = low + int(chance(note) * (high - low + 1))
    gap = start + 1 + int(chance(note) * (length - 1)) if spared else start + whole
    for k in range(start, start + whole):
        if gap <= k < gap + spared:
            continue
        s = data.stop[pos[k, POS_STOP], SHIPMENT]
        if state.list[WHERE, s] == slot:
            leave_out(state, s)
    close_up(data, state, slot)


@jit
def close_up(data: Data, state: State, slot: int) -> None:
    """Drop the stops of shipments that are no longer in this route. Where travel breaks the triangle inequality the
    rest may be impossible: then everything goes."""
    pos = state.pos[slot]
    kept = 0
    for k in range(1, state.total[slot, STOPS] + 1):
        n = pos[k, POS_STOP]
        if state.list[WHERE, data.stop[n, SHIPMENT]] == slot:
            kept += 1
            pos[kept, POS_STOP] = n
    state.total[slot, STOPS] = kept
    if schedule(data, state, slot, slot):
        return
    for k in range(1, kept + 1):
        s = data.stop[pos[k, POS_STOP], SHIPMENT]
        if state.list[WHERE, s] == slot:
            leave_out(state, s)
    state.total[slot, STOPS] = 0
    schedule(data, state, slot, slot)


@jit
def choose_order(data: Data, state: State, size: int, varied: bool) -> None:
    """Sort the first `size` of the queue by one of the paper's rules, drawn by their weights."""
    draw = chance(state.note) * (19.0 if varied else 17.0)
    rule = -1
    if draw >= 4.0:
        for limit in (8.0, 10.0, 11.0, 13.0, 15.0, 17.0, 19.0):
            rule += 1
            if draw < limit:
                break
    for k in range(size):
        s = state.list[QUEUE, k]
        state.score[KEY, k] = chance(state.note) if rule < 0 else data.weight[s, ORDER + rule]
    for k in range(1, size):
        s, key = state.list[QUEUE, k], state.score[KEY, k]
        j = k - 1
        while j >= 0 and state.score[KEY, j] > key:
            state.list[QUEUE, j + 1] = state.list[QUEUE, j]
            state.score[KEY, j + 1] = state.score[KEY, j]
            j -= 1
        state.list[QUEUE, j + 1] = s
        state.score[KEY, j + 1] = key


@jit
def near_routes(data: Data, state: State, s: int, tag: int, stops: int, most: int) -> int:
    """Put the routes of the `stops` nearest to shipment `s`, `most` of them, into the list of candidates; how many.

    Those that were there with the same `tag` are not put there again.
    """
    first = data.shipment[s, FIRST]
    last = first + data.shipment[s, COUNT] - 1
    size = 0
    for x in range(2 * min(stops, data.near.shape[1])):
        if size == most:
            break
        v = state.list[WHERE, data.stop[data.near[first if x % 2 == 0 else last, x // 2], SHIPMENT]]
        if v >= 0 and state.total[v, TRIED] != tag:
            state.total[v, TRIED] = tag
            state.row[CANDIDATE, size] = v
            size += 1
    return size


@jit
def other_routes(data: Data, state: State, tag: int) -> int:
    """The same with all routes not tried yet."""
    size = 0
    for v in range(len(data.vehicle)):
        if state.total[v, STOPS] > 0 and state.total[v, TRIED] != tag:
            state.row[CANDIDATE, size] = v
            size += 1
    return size


@jit
def cheapest_empty(data: Data, state: State, s: int, worth: float, closed: bool) -> int:
    """The empty vehicle that takes shipment `s` for least, and for less than `worth`; -1 if there is none."""
    for x in range(data.by_alone.shape[1]):
        kind = data.by_alone[s, x]
        if data.alone[s, kind] >= worth:
            break
        for y in range(data.kind[BEGINS, kind], data.kind[BEGINS, kind + 1]):
            v = data.kind[MEMBER, y]
            if state.total[v, STOPS] == 0 and not (closed and state.total[v, CLOSED]):
                return int(v)
    return int(data.flag[NOBODY])


@jit
def must_stay(data: Data, state: State, s: int) -> bool:
    """Whether shipment `s` had a vehicle before and so many others are moved that it may go with no other."""
    if data.flag[MOST_MOVED] < 0 or data.shipment[s, BEFORE] < 0:
        return False
    moved = 0
    for v in range(len(data.vehicle)):
        if state.total[v, STOPS] > 0:
            moved += state.total[v, MOVED]
    return bool(moved >= data.flag[MOST_MOVED])


@jit
def place(data: Data, state: State, s: int, now: int, worth: float, blink: float, closed: bool) -> bool:
    """Put shipment `s` where it costs least, for less than `worth`; `closed` opens none that was empty
    when the routes were taken."""
    note = state.note
    note[SEEN] += 1
    tag = note[SEEN]
    count = data.shipment[s, COUNT]
    stays = must_stay(data, state, s)
    room = state.pos.shape[1] - 2
    best = worth
    best_v = best_i = best_j = data.flag[NOBODY]
    for stage in range(4):
        size = 0
        if stage == 0:
            size = near_routes(data, state, s, tag, CANDIDATES, MOST_ROUTES)
        elif stage == 1:
            if best_v < 0:
                size = near_routes(data, state, s, tag, FARTHER, len(data.vehicle))
            v = data.shipment[s, BEFORE] if stays else cheapest_empty(data, state, s, best, closed)
            if v >= 0 and state.total[v, STOPS] == 0 and not (closed and state.total[v, CLOSED]):
                state.row[CANDIDATE, size] = v
                size += 1
        elif stage == 2:
            if best_v < 0:
                size = other_routes(data, state, tag)
        elif count > 2 and best_v >= 0:  # the whole sequence is needed now
            size = 1
            state.row[CANDIDATE, 0] = best_v
            best = math.inf
        for x in range(size):
            v = state.row[CANDIDATE, x]
            if data.weight[s, SLIGHT + v] == math.inf or (stays and data.shipment[s, BEFORE] != v):
                continue
            if state.total[v, STOPS] + count > room:
                note[FULL] = 1
                continue
            if blink > 0.0 and stage < 3 and chance(note) < blink:
                continue
            known = state.known[s, v]
            fresh = known[OF_VERSION] == state.total[v, VERSION] and stage < 3
            if not fresh or (known[AFTER_PICKUP] < 0.0 and known[ADDED] < best):
                cost, i, j = cheapest(data, state, v, v, s, best)
                known[OF_VERSION] = state.total[v, VERSION]
                known[AFTER_PICKUP] = i
                known[AFTER_DELIVERY] = j
                known[ADDED] = cost if i >= 0 else best
            if known[AFTER_PICKUP] >= 0.0 and known[ADDED] < best:
                best = known[ADDED]
                best_v, best_i, best_j = v, int(known[AFTER_PICKUP]), int(known[AFTER_DELIVERY])
    if best_v < 0:
        return False
    save(state, best_v, now)
    without = state.arc[best_v, 0]
    guessed = data.flag[EVEN] > 0 or data.flag[MOST_SHIFT] >= 0  # what a place costs
    held = insert(data, state, best_v, s, best_i, best_j)
    if held and (not guessed or state.arc[best_v, 0] - without < worth):
        return True
    state.list[WHERE, s] = -1
    close_up(data, state, best_v)
    return False


@jit
def take_up(data: Data, state: State, before: int) -> int:
    """Queue what the ruin took out, and some of the `before` that were absent already, in the order to insert them."""
    note = state.note
    tried = min(before, MOST_ABSENT)
    for k in range(tried):
        j = k + int(chance(note) * (before - k))
        s = state.list[LEFT, k]
        state.list[LEFT, k] = state.list[LEFT, j]
        state.list[LEFT, j] = s
    size = tried + note[ABSENT] - before
    for k in range(size):
        state.list[QUEUE, k] = state.list[LEFT, k if k < tried else k - tried + before]
    for k in range(tried, before):
        state.list[LEFT, k - tried] = state.list[LEFT, k]
    note[ABSENT] = before - tried
    choose_order(data, state, size, before > 0)
    return int(size)
