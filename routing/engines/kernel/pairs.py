"""Where a pickup and its delivery fit into a route, and what they cost there. Changes nothing.

Every place is judged in constant time by the earliest departure before it and the latest beginning behind it. Limits on
rides are not of that kind: where there are any, a promising place is followed through once more.
"""

from __future__ import annotations

import math

from .columns import (
    AT,
    BY,
    CAPACITY,
    CHANGE,
    CLASS,
    CLOSES,
    DUE,
    HAS_RIDES,
    INTO,
    LEG,
    MAX_METRES,
    MAX_TASKS,
    MAX_TRAVEL,
    METRES,
    NEVER,
    NOBODY,
    OPENS,
    OUT,
    OWED,
    PER_METRE,
    PER_SECOND,
    PER_WORK,
    PLACE,
    POS_STOP,
    READY,
    RIDES,
    SERVICE,
    SETUP,
    SHORTCUT,
    STOPS,
    TRAVEL,
    TRIAL,
    UNREACHABLE,
    WORK,
)
from .jit import jit
from .routes import fit, latest, pressure, rides_hold
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
def span(data: Data, state: State, slot: int, n: int, slack: int) -> tuple[int, int]:
    """The first and the last position after which time might allow stop `n`, read off the route alone.

    Looks at no travel: most of an insertion's time goes into fetching that from memory.
    """
    pos = state.pos[slot]
    opens, closes = data.stop[n, OPENS] - slack, data.stop[n, CLOSES] + slack
    low, high = 0, state.total[slot, STOPS]
    while high >= 0 and pos[high, READY] > closes:
        high -= 1
    # the next stop may begin later than BY if it no longer owes its setup
    while low <= high and pos[low + 1, BY] + pos[low + 1, OWED] < opens:
        low += 1
    return low, high


@jit
def pair(data: Data, state: State, slot: int, v: int, p: int, d: int, ride: int, most: float) -> tuple[float, int, int]:
    """The cheapest place for pickup `p` and delivery `d` below cost `most`: (added cost, after which, after which)."""
    pos, load, arc = state.pos[slot], state.load[slot], state.arc[slot]
    total, vehicle = state.total[slot], data.vehicle[v]
    count = total[STOPS]
    best, best_i, best_j = most, data.flag[NOBODY], data.flag[NOBODY]
    if count + 2 > vehicle[MAX_TASKS]:
        return best, best_i, best_j
    shortcut = data.flag[SHORTCUT]
    low_p, high_p = span(data, state, slot, p, shortcut)
    low_d, high_d = span(data, state, slot, d, shortcut)
    if low_p > high_p or low_d > high_d or low_p > high_d:
        return best, best_i, best_j
    at_p, at_d = data.stop[p, PLACE], data.stop[d, PLACE]
    kind = vehicle[CLASS]
    in_p, out_p = data.travel[INTO, kind, at_p], data.travel[OUT, kind, at_p]
    in_d, out_d = data.travel[INTO, kind, at_d], data.travel[OUT, kind, at_d]
    setup_p, service_p, closes_p = data.stop[p, SETUP], data.stop[p, SERVICE], data.stop[p, CLOSES]
    setup_d, service_d, closes_d = data.stop[d, SETUP], data.stop[d, SERVICE], data.stop[d, CLOSES]
    more = state.value[pressure(state, slot)]
    ct, cm, cw = data.rate[v, PER_SECOND] + more, data.rate[v, PER_METRE], data.rate[v, PER_WORK] + more
    exact = data.flag[HAS_RIDES] > 0 and (ride >= 0 or total[RIDES] > 0)
    more_travel = vehicle[MAX_TRAVEL] - total[TRAVEL]
    short = vehicle[MAX_METRES] < NEVER
    more_metres = vehicle[MAX_METRES] - total[METRES]
    metres = metres_p = 0
    dimensions = load.shape[1]
    base = cw * (service_p + service_d)
    direct = ct * out_p[at_d, 0] + cm * out_p[at_d, 1]
    owed_d = setup_d if at_p != at_d else 0

    # what the delivery adds at least from position k on
    bound = state.bound
    bound[high_d + 1] = math.inf
    for k in range(high_d, low_d - 1, -1):
        here, there = pos[k, AT], pos[k + 1, AT]
        cost = ct * (in_d[here, 0] + out_d[there, 0]) + cm * (in_d[here, 1] + out_d[there, 1]) - arc[k + 1]
        if cw > 0.0:
            owed = pos[k + 1, OWED]
            cost += cw * (
                (setup_d if here != at_d else 0) + (owed if at_d != there else 0) - (owed if here != there else 0)
            )
        bound[k] = min(cost, bound[k + 1])

    for i in range(low_p, min(high_p, high_d) + 1):
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
        near = math.inf
        if i >= low_d:
            near = first + direct + ct * out_d[there, 0] + cm * out_d[there, 1]
            if cw > 0.0:
                near += cw * (owed_d + (w[OWED] if at_d != there else 0) - paid_w)
        detour = first + ct * out_p[there, 0] + cm * out_p[there, 1]
        if cw > 0.0:
            detour += cw * (owed_w - paid_w)
        if near >= best and detour + bound[max(i + 1, low_d)] >= best:
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
                if short:
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
        if short:
            metres_p = in_p[here, 1] + out_p[there, 1] - data.travel[OUT, kind, here, there, 1]
        for j in range(i + 1, high_d + 1):
            y = pos[j]
            if arrive > by + shortcut or detour + bound[max(j, low_d)] >= best:
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
            z = pos[j + 1]
            if j >= low_d:
                at_y = y[AT]
                after = z[AT]
                cost = (
                    detour
                    + ct * (in_d[at_y, 0] + out_d[after, 0])
                    + cm * (in_d[at_y, 1] + out_d[after, 1])
                    - arc[j + 1]
                )
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
                        if short:
                            metres = metres_p + in_d[at_y, 1] + out_d[after, 1]
                            metres -= data.travel[OUT, kind, at_y, after, 1]
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
