"""Where a shipment fits, and what it costs there. Changes nothing but the scratch slot, until told to.

Every place is judged in constant time by the earliest departure before it and the latest beginning behind it. Limits on
rides are not of that kind: where there are any, a promising place is followed through once more.
"""

from __future__ import annotations

import math

from .columns import (
    ABOARD,
    AT,
    BY,
    CAPACITY,
    CHANGE,
    CLASS,
    CLOSES,
    COUNT,
    DUE,
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
    SHORTCUT,
    SLIGHT,
    STOPS,
    TRAVEL,
    TRIAL,
    UNREACHABLE,
    WHERE,
    WORK,
)
from .jit import jit
from .routes import fit, latest, rides_hold, schedule
from .tables import Data, Ints, State


@jit
def latest_begin(data: Data, row: Ints, before: int, now_before: int) -> int:
    """The latest beginning at a position of a route if another place than `before` now comes before it."""
    if row[OWED] == 0 or (before == row[AT]) == (now_before == row[AT]):
        return int(row[BY])
    n = row[POS_STOP]
    owed = row[OWED] if now_before != row[AT] else 0
    return latest(data, n, row[DUE] - data.stop[n, SERVICE] - owed)


@jit
def with_two(state: State, slot: int, i: int, j: int, p: int, d: int) -> int:
    """The route with `p` put in after position `i` and `d` after position `j`, in row TRIAL; its length."""
    count = state.total[slot, STOPS]
    at = 0
    for k in range(count + 1):
        if k > 0:
            state.row[TRIAL, at] = state.pos[slot, k, POS_STOP]
            at += 1
        if k == i and p >= 0:
            state.row[TRIAL, at] = p
            at += 1
        if k == j:
            state.row[TRIAL, at] = d
            at += 1
    return at


@jit
def pair(data: Data, state: State, slot: int, v: int, p: int, d: int, ride: int, most: float) -> tuple[float, int, int]:
    """The cheapest place for pickup `p` and delivery `d` below cost `most`: (added cost, after which, after which)."""
    pos, load, arc = state.pos[slot], state.load[slot], state.arc[slot]
    total, vehicle = state.total[slot], data.vehicle[v]
    count = total[STOPS]
    best, best_i, best_j = most, data.flag[NOBODY], data.flag[NOBODY]
    if count + 2 > vehicle[MAX_TASKS]:
        return best, best_i, best_j
    at_p, at_d = data.stop[p, PLACE], data.stop[d, PLACE]
    kind = vehicle[CLASS]
    in_p, out_p = data.travel[INTO, kind, at_p], data.travel[OUT, kind, at_p]
    in_d, out_d = data.travel[INTO, kind, at_d], data.travel[OUT, kind, at_d]
    setup_p, service_p, closes_p = data.stop[p, SETUP], data.stop[p, SERVICE], data.stop[p, CLOSES]
    setup_d, service_d, closes_d = data.stop[d, SETUP], data.stop[d, SERVICE], data.stop[d, CLOSES]
    ct, cm, cw = data.rate[v, PER_SECOND], data.rate[v, PER_METRE], data.rate[v, PER_WORK]
    shortcut = data.flag[SHORTCUT]
    exact = data.flag[HAS_RIDES] > 0 and (ride >= 0 or total[RIDES] > 0)
    more_travel = vehicle[MAX_TRAVEL] - total[TRAVEL]
    more_metres = vehicle[MAX_METRES] - total[METRES]
    dimensions = load.shape[1]
    base = cw * (service_p + service_d)
    direct = ct * out_p[at_d, 0] + cm * out_p[at_d, 1]
    owed_d = setup_d if at_p != at_d else 0

    # what the delivery adds at least from position k on
    bound = state.bound
    bound[count + 1] = math.inf
    for k in range(count, -1, -1):
        here, there = pos[k, AT], pos[k + 1, AT]
        cost = ct * (in_d[here, 0] + out_d[there, 0]) + cm * (in_d[here, 1] + out_d[there, 1]) - arc[k + 1]
        if cw > 0.0:
            owed = pos[k + 1, OWED]
            cost += cw * (
                (setup_d if here != at_d else 0) + (owed if at_d != there else 0) - (owed if here != there else 0)
            )
        bound[k] = min(cost, bound[k + 1])

    for i in range(count + 1):
        u = pos[i]
        if u[READY] > closes_p:
            break
        here = u[AT]
        w = pos[i + 1]
        there = w[AT]
        owed_p = setup_p if here != at_p else 0
        paid_w = w[OWED] if here != there else 0
        owed_w = w[OWED] if at_p != there else 0
        first = base + ct * in_p[here, 0] + cm * in_p[here, 1] + cw * owed_p - arc[i + 1]
        near = first + direct + ct * out_d[there, 0] + cm * out_d[there, 1]
        detour = first + ct * out_p[there, 0] + cm * out_p[there, 1]
        if cw > 0.0:
            near += cw * (owed_d + (w[OWED] if at_d != there else 0) - paid_w)
            detour += cw * (owed_w - paid_w)
        if near >= best and detour + bound[i + 1] >= best:
            continue
        fits = True
        for x in range(dimensions):
            if load[i, x, 0] + data.stop[p, CHANGE + x] > data.vehicle[v, CAPACITY + x]:
                fits = False
        if not fits:
            continue
        leg_p = in_p[here, 0]
        begin = fit(data, p, u[READY] + leg_p)
        if begin == NEVER or leg_p >= UNREACHABLE:
            continue
        ready_p = begin + owed_p + service_p
        # the delivery right behind the pickup
        if near < best:
            leg = out_p[at_d, 0]
            t = fit(data, d, ready_p + leg)
            if t != NEVER and leg < UNREACHABLE and out_d[there, 0] < UNREACHABLE:
                t += owed_d + service_d + out_d[there, 0]
                travel = leg_p + leg + out_d[there, 0] - w[LEG]
                metres = in_p[here, 1] + out_p[at_d, 1] + out_d[there, 1] - data.travel[OUT, kind, here, there, 1]
                if (
                    t <= latest_begin(data, w, here, at_d)
                    and travel <= more_travel
                    and metres <= more_metres
                    and (not exact or rides_hold(data, state, with_two(state, slot, i, i, p, d), v))
                ):
                    best, best_i, best_j = near, i, i
        # the delivery further on
        if i == count:
            continue
        if out_p[there, 0] >= UNREACHABLE:
            continue
        arrive = ready_p + out_p[there, 0]
        by = latest_begin(data, w, here, at_p)
        work = w[WORK] + owed_w - paid_w
        travel_p = leg_p + out_p[there, 0] - w[LEG]
        metres_p = in_p[here, 1] + out_p[there, 1] - data.travel[OUT, kind, here, there, 1]
        for j in range(i + 1, count + 1):
            y = pos[j]
            if arrive > by + shortcut or detour + bound[j] >= best:
                break
            for x in range(dimensions):
                if load[j, x, 0] + data.stop[p, CHANGE + x] > data.vehicle[v, CAPACITY + x]:
                    fits = False
            if not fits:
                break
            begin = fit(data, y[POS_STOP], arrive)
            if begin == NEVER:
                break
            t = begin + work
            if t > closes_d:
                break
            at_y = y[AT]
            z = pos[j + 1]
            after = z[AT]
            cost = detour + ct * (in_d[at_y, 0] + out_d[after, 0]) + cm * (in_d[at_y, 1] + out_d[after, 1]) - arc[j + 1]
            if cw > 0.0:
                cost += cw * (
                    (setup_d if at_y != at_d else 0)
                    + (z[OWED] if at_d != after else 0)
                    - (z[OWED] if at_y != after else 0)
                )
            if cost < best:
                leg = in_d[at_y, 0]
                begin = fit(data, d, t + leg)
                if begin != NEVER and leg < UNREACHABLE and out_d[after, 0] < UNREACHABLE:
                    begin += service_d + (setup_d if at_y != at_d else 0) + out_d[after, 0]
                    travel = travel_p + leg + out_d[after, 0] - z[LEG]
                    metres = metres_p + in_d[at_y, 1] + out_d[after, 1] - data.travel[OUT, kind, at_y, after, 1]
                    if (
                        begin <= latest_begin(data, z, at_y, at_d)
                        and travel <= more_travel
                        and metres <= more_metres
                        and (not exact or rides_hold(data, state, with_two(state, slot, i, j, p, d), v))
                    ):
                        best, best_i, best_j = cost, i, j
            arrive = t + z[LEG]
            by = z[BY]
            work = z[WORK]
    return best, best_i, best_j


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
    ct, cm, cw = data.rate[v, PER_SECOND], data.rate[v, PER_METRE], data.rate[v, PER_WORK]
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


@jit
def cheapest(data: Data, state: State, slot: int, v: int, s: int, most: float) -> tuple[float, int, int]:
    """Where shipment `s` costs least in the route of `slot`, driven by vehicle `v`, below `most`.

    With several pickups the whole new sequence is in row KEEP.
    """
    nobody = data.flag[NOBODY]
    extra = data.weight[s, SLIGHT + v]
    if state.total[slot, STOPS] == 0:
        extra += data.rate[v, FIXED]
    room = most - extra
    if not room > 0.0:
        return most, nobody, nobody
    first, count = data.shipment[s, FIRST], data.shipment[s, COUNT]
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


@jit
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
