"""Where a shipment of any kind fits, and what it costs there. Changes nothing but the scratch slot, until told to."""

from __future__ import annotations

from .columns import (
    ABOARD,
    AT,
    CAPACITY,
    CHANGE,
    CLASS,
    COUNT,
    EVEN,
    FIRST,
    FIXED,
    HAS_RIDES,
    INTO,
    KEEP,
    KEPT,
    LEG,
    MAX_METRES,
    MAX_TASKS,
    MAX_TRAVEL,
    METRES,
    NEVER,
    NOBODY,
    OUT,
    OWED,
    PER_METRE,
    PER_SECOND,
    PER_WORK,
    PLACE,
    POS_STOP,
    READY,
    RIDE,
    RIDES,
    SERVICE,
    SETUP,
    SHIPMENT,
    SLIGHT,
    STOPS,
    TRAVEL,
    UNREACHABLE,
    WHERE,
)
from .jit import inlined, jit
from .pairs import latest_begin, pair, with_two
from .routes import fit, pressure, rides_hold, schedule, stop_weight
from .tables import Data, State


@jit
def single(
    data: Data, state: State, slot: int, v: int, n: int, before: int, ride: int, most: float
) -> tuple[float, int]:
    """The cheapest place for one stop below cost `most`: a job, or (`before` >= 0) a pickup no later than there."""
    pos, load, arc = state.pos[slot], state.load[slot], state.arc[slot]
    total, vehicle = state.total[slot], data.vehicle[v]
    count = total[STOPS]
    best, best_i = most, data.flag[NOBODY]
    if count + 1 > vehicle[MAX_TASKS]:
        return best, best_i
    at = data.stop[n, PLACE]
    kind = vehicle[CLASS]
    into, out = data.travel[INTO, kind, at], data.travel[OUT, kind, at]
    setup, service = data.stop[n, SETUP], data.stop[n, SERVICE]
    more = state.value[pressure(state, slot)]
    ct, cm, cw = data.rate[v, PER_SECOND] + more, data.rate[v, PER_METRE], data.rate[v, PER_WORK] + more
    exact = data.flag[HAS_RIDES] > 0 and (ride >= 0 or total[RIDES] > 0)
    s = data.stop[n, SHIPMENT]
    last = count if before < 0 else before - 1
    for i in range(last, -1, -1):
        fits = True
        for x in range(load.shape[1]):
            if before < 0:
                given = data.shipment[s, ABOARD + x]
                taken = data.stop[n, CHANGE + x] + given
                if (
                    load[i, x, 1] + given > data.vehicle[v, CAPACITY + x]
                    or load[i, x, 2] + taken > data.vehicle[v, CAPACITY + x]
                ):
                    fits = False
            elif load[i, x, 0] + data.stop[n, CHANGE + x] > data.vehicle[v, CAPACITY + x]:
                fits = False
        if not fits:
            if before < 0:
                continue
            break
        u, w = pos[i], pos[i + 1]
        here, there = u[AT], w[AT]
        cost = ct * (into[here, 0] + out[there, 0]) + cm * (into[here, 1] + out[there, 1]) - arc[i + 1]
        owed = setup if here != at else 0
        cost += cw * (service + owed + (w[OWED] if at != there else 0) - (w[OWED] if here != there else 0))
        if cost >= best:
            continue
        if into[here, 0] >= UNREACHABLE or out[there, 0] >= UNREACHABLE:
            continue
        begin = fit(data, n, u[READY] + into[here, 0])
        if begin == NEVER or begin + owed + service + out[there, 0] > latest_begin(data, w, here, at):
            continue
        if total[TRAVEL] + into[here, 0] + out[there, 0] - w[LEG] > vehicle[MAX_TRAVEL]:
            continue
        metres = into[here, 1] + out[there, 1] - data.travel[OUT, kind, here, there, 1]
        if total[METRES] + metres > vehicle[MAX_METRES]:
            continue
        if exact and not rides_hold(data, state, with_two(state, slot, i, i, data.flag[NOBODY], n), v):
            continue
        best, best_i = cost, i
    return best, best_i


@jit
def put(state: State, slot: int, i: int, n: int) -> None:
    """Put stop `n` after position `i`. The route's figures are stale until `schedule`."""
    count = state.total[slot, STOPS]
    for k in range(count, i, -1):
        state.pos[slot, k + 1, POS_STOP] = state.pos[slot, k, POS_STOP]
    state.pos[slot, i + 1, POS_STOP] = n
    state.total[slot, STOPS] = count + 1


@jit
def copy_stops(state: State, source: int, target: int) -> None:
    count = state.total[source, STOPS]
    state.total[target, STOPS] = count
    for k in range(1, count + 1):
        state.pos[target, k, POS_STOP] = state.pos[source, k, POS_STOP]


@jit
def several(data: Data, state: State, source: int, v: int, s: int, most: float) -> float:
    """A shipment of several pickups: the added cost below `most`, the new sequence in row KEEP; else `most`.

    An empty vehicle tries whole orders of the pickups. Else each pickup leads once: it and the delivery go where they
    cost least, then the others, each where it costs least before the delivery.
    """
    scratch = len(data.vehicle)
    first, pickups = data.shipment[s, FIRST], data.shipment[s, COUNT] - 1
    d = first + pickups
    ride = data.shipment[s, RIDE]
    old = state.arc[source, 0]
    best = most
    if state.total[source, STOPS] == 0:
        orders = data.pickup_order[pickups]
        for row in range(len(orders)):
            if row > 0 and orders[row, 0] == 0 and orders[row, 1] == 0:
                break
            for k in range(pickups):
                state.pos[scratch, k + 1, POS_STOP] = first + orders[row, k]
            state.pos[scratch, pickups + 1, POS_STOP] = d
            state.total[scratch, STOPS] = pickups + 1
            if schedule(data, state, scratch, v) and state.arc[scratch, 0] - old < best:
                best = state.arc[scratch, 0] - old
                _keep(state, scratch)
        return best
    for lead in range(pickups):
        copy_stops(state, source, scratch)
        if not schedule(data, state, scratch, v):
            break
        _, i, j = pair(data, state, scratch, v, first + lead, d, ride, best)
        if i < 0:
            continue
        put(state, scratch, j, d)
        put(state, scratch, i, first + lead)
        at = j + 2
        whole = schedule(data, state, scratch, v)
        for other in range(pickups):
            if other == lead or not whole:
                continue
            _, i = single(data, state, scratch, v, first + other, at, ride, best)
            whole = i >= 0
            if whole:
                put(state, scratch, i, first + other)
                at += 1
                whole = schedule(data, state, scratch, v)
        if whole and state.arc[scratch, 0] - old < best:
            best = state.arc[scratch, 0] - old
            _keep(state, scratch)
    return best


@jit
def _keep(state: State, slot: int) -> None:
    count = state.total[slot, STOPS]
    state.note[KEPT] = count
    for k in range(1, count + 1):
        state.row[KEEP, k] = state.pos[slot, k, POS_STOP]


@inlined
def cheapest(data: Data, state: State, slot: int, v: int, s: int, most: float) -> tuple[float, int, int]:
    """Where shipment `s` costs least in the route of `slot`, driven by vehicle `v`, below `most`.

    With several pickups the whole new sequence is in row KEEP.
    """
    nobody = data.flag[NOBODY]
    extra = data.weight[s, SLIGHT + v]
    if state.total[slot, STOPS] == 0:
        extra += data.rate[v, FIXED]
    first, count = data.shipment[s, FIRST], data.shipment[s, COUNT]
    if data.flag[EVEN] > 0:
        extra += count * stop_weight(data, v, state.total[slot, STOPS], count)
    room = most - extra
    if not room > 0.0:
        return most, nobody, nobody
    if count > 2:
        # `several` compares whole routes, whose cost has the extra in it
        added = several(data, state, slot, v, s, most)
        return added, nobody if added >= most else 0, 0
    if count == 1:
        added, i = single(data, state, slot, v, first, nobody, data.shipment[s, RIDE], room)
        j = i
    else:
        added, i, j = pair(data, state, slot, v, first, first + 1, data.shipment[s, RIDE], room)
    return added + extra, i, j


@inlined
def insert(data: Data, state: State, v: int, s: int, i: int, j: int) -> bool:
    """Carry out what `cheapest` found; whether the route holds, as it must."""
    first, count = data.shipment[s, FIRST], data.shipment[s, COUNT]
    if count > 2:
        state.total[v, STOPS] = state.note[KEPT]
        for k in range(1, state.note[KEPT] + 1):
            state.pos[v, k, POS_STOP] = state.row[KEEP, k]
    else:
        put(state, v, j, first + count - 1)
        if count == 2:
            put(state, v, i, first)
    state.list[WHERE, s] = v
    return schedule(data, state, v, v)
