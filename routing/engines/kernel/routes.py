"""One route: its times, loads and cost, forwards and backwards, so that an insertion is judged in constant time."""

from __future__ import annotations

from .columns import (
    ABOARD,
    ABSENT,
    AT,
    BEFORE,
    BEGIN,
    BEGUN,
    BY,
    CAPACITY,
    CHANGE,
    CLASS,
    CLOSES,
    COUNT,
    DUE,
    END,
    ENDS,
    EVEN,
    FIRST,
    FIRST_WINDOW,
    FIXED,
    HAS_JOBS,
    JOB,
    LAST_WINDOW,
    LEFT,
    LEG,
    MAX_METRES,
    MAX_TASKS,
    MAX_TRAVEL,
    METRES,
    MOST_SHIFT,
    MOVED,
    NEVER,
    OLD,
    OLD_VERSION,
    OPENS,
    OUT,
    OWED,
    PER_METRE,
    PER_MOVED,
    PER_SECOND,
    PER_STOP,
    PER_WORK,
    PLACE,
    POS_STOP,
    RANDOM_1,
    RANDOM_2,
    READY,
    RIDE,
    RIDES,
    SAVED,
    SAVED_AT,
    SERVICE,
    SETUP,
    SHIPMENT,
    SLIGHT,
    START,
    STARTS,
    STOPS,
    TOUCHED,
    TRAVEL,
    TRIAL,
    UNEVEN_STOPS,
    UNEVEN_TIME,
    UNREACHABLE,
    VERSION,
    VERSIONS,
    WAS,
    WHERE,
    WORK,
    WORKED,
)
from .jit import jit
from .tables import Data, Ints, State


@jit
def chance(note: Ints) -> float:
    """A number in (0, 1). L'Ecuyer's combined generator: two numbers of state, no overflow."""
    a = note[RANDOM_1] * 40014 % 2147483563
    b = note[RANDOM_2] * 40692 % 2147483399
    note[RANDOM_1] = a
    note[RANDOM_2] = b
    z = a - b
    if z < 1:
        z += 2147483562
    return float(z / 2147483563.0)


@jit
def fit(data: Data, n: int, t: int) -> int:
    """The first instant from `t` on at which stop `n` may begin, or NEVER."""
    if t > data.stop[n, CLOSES]:
        return NEVER
    if data.stop[n, LAST_WINDOW] == 0:
        return int(max(t, data.stop[n, OPENS]))
    for row in range(data.stop[n, FIRST_WINDOW], data.stop[n, LAST_WINDOW] + 1):
        if t <= data.window[row, 1]:
            return int(max(t, data.window[row, 0]))
    return NEVER


@jit
def latest(data: Data, n: int, t: int) -> int:
    """The last instant up to `t` at which stop `n` may begin, or -NEVER."""
    if t < data.stop[n, OPENS]:
        return -NEVER
    if data.stop[n, LAST_WINDOW] == 0:
        return int(min(t, data.stop[n, CLOSES]))
    for row in range(data.stop[n, LAST_WINDOW], data.stop[n, FIRST_WINDOW] - 1, -1):
        if t >= data.window[row, 0]:
            return int(min(t, data.window[row, 1]))
    return -NEVER


@jit
def schedule(data: Data, state: State, slot: int, v: int) -> bool:
    """Work out everything about the stops in `slot` when vehicle `v` drives them; whether it may."""
    pos, total = state.pos[slot], state.total[slot]
    state.note[VERSIONS] += 1
    total[VERSION] = state.note[VERSIONS]
    count = total[STOPS]
    vehicle = data.vehicle[v]
    out = data.travel[OUT, vehicle[CLASS]]
    arc = state.arc[slot]
    per_second, per_metre = data.rate[v, PER_SECOND], data.rate[v, PER_METRE]
    here = vehicle[START]
    ready = vehicle[STARTS]
    pos[0, POS_STOP] = -1
    pos[0, AT] = here
    pos[0, READY] = ready
    pos[0, WORK] = 0
    pos[0, OWED] = 0
    travel = metres = work = rides = moves = 0
    extra = 0.0
    for k in range(1, count + 1):
        n = pos[k, POS_STOP]
        there = data.stop[n, PLACE]
        leg = out[here, there, 0]
        if leg >= UNREACHABLE:
            return False
        owed = data.stop[n, SETUP]
        mine = data.stop[n, SERVICE] + (owed if here != there else 0)
        begin = fit(data, n, ready + leg)
        if begin == NEVER:
            return False
        ready = begin + mine
        pos[k, AT] = there
        pos[k, READY] = ready
        pos[k, LEG] = leg
        pos[k, WORK] = mine
        pos[k, OWED] = owed
        arc[k] = per_second * leg + per_metre * out[here, there, 1]
        travel += leg
        metres += out[here, there, 1]
        work += mine
        s = data.stop[n, SHIPMENT]
        if n == data.shipment[s, FIRST] + data.shipment[s, COUNT] - 1:
            extra += data.weight[s, SLIGHT + v]
            if data.shipment[s, BEFORE] >= 0 and data.shipment[s, BEFORE] != v:
                moves += 1
            if data.shipment[s, RIDE] >= 0:
                rides += 1
        here = there
    there = vehicle[END]
    last = count + 1
    leg = out[here, there, 0]
    if count > 0 and (leg >= UNREACHABLE or ready + leg > vehicle[ENDS]):
        return False
    pos[last, POS_STOP] = -1
    pos[last, AT] = there
    pos[last, READY] = ready + leg
    pos[last, LEG] = leg
    pos[last, WORK] = 0
    pos[last, OWED] = 0
    arc[last] = per_second * leg + per_metre * out[here, there, 1]
    travel += leg
    metres += out[here, there, 1]
    if count == 0:  # stays where it is and costs nothing, whatever the way from start to end
        arc[last] = 0.0
    total[TRAVEL] = travel
    total[METRES] = metres
    total[WORKED] = work
    total[RIDES] = rides
    total[MOVED] = moves
    if data.flag[EVEN] > 0:
        extra += _share(data, state, slot, v)
    if data.flag[MOST_SHIFT] >= 0 and count > 0:
        extra += data.flag[PER_MOVED] * _shifted(data, state, slot, v)
    state.arc[slot, 0] = 0.0
    if count > 0:
        state.arc[slot, 0] = (
            data.rate[v, FIXED] + per_second * travel + per_metre * metres + data.rate[v, PER_WORK] * work + extra
        )
        if count > vehicle[MAX_TASKS] or travel > vehicle[MAX_TRAVEL] or metres > vehicle[MAX_METRES]:
            return False
    pos[last, BY] = vehicle[ENDS]
    pos[last, DUE] = vehicle[ENDS]
    for k in range(count, 0, -1):
        due = pos[k + 1, BY] - pos[k + 1, LEG]
        pos[k, DUE] = due
        pos[k, BY] = latest(data, pos[k, POS_STOP], due - pos[k, WORK])
    pos[0, DUE] = pos[1, BY] - pos[1, LEG]
    pos[0, BY] = pos[0, DUE]
    if not _loads(data, state, slot, v):
        return False
    if rides > 0:
        for k in range(1, count + 1):
            state.row[TRIAL, k - 1] = pos[k, POS_STOP]
        return rides_hold(data, state, count, v)
    return True


@jit
def _share(data: Data, state: State, slot: int, v: int) -> float:
    """What the present route weighs in the even share, beyond what is in the rates; legs weigh what they add."""
    total, count = state.total[slot], state.total[slot, STOPS]
    spent = total[TRAVEL] + total[WORKED] if count > 0 else 0
    more = data.rate[v, UNEVEN_TIME] * spent
    state.value[pressure(state, slot)] = more
    for k in range(1, count + 2):
        state.arc[slot, k] += more * state.pos[slot, k, LEG]
    return float(0.5 * more * spent + count * (data.rate[v, PER_STOP] + 0.5 * data.rate[v, UNEVEN_STOPS] * count))


@jit
def _shifted(data: Data, state: State, slot: int, v: int) -> int:
    """How many deliveries of this route had this vehicle before and now begin too much earlier or later, when it leaves
    as late as its end allows. Longest rides, which may make it wait, are not looked at."""
    pos, count = state.pos[slot], state.total[slot, STOPS]
    late = pos[count + 1, READY]
    for k in range(count, 0, -1):
        late = latest(data, pos[k, POS_STOP], late - pos[k + 1, LEG] - pos[k, WORK])
    ready = late - pos[1, LEG]
    shifted = 0
    for k in range(1, count + 1):
        n = pos[k, POS_STOP]
        begin = fit(data, n, ready + pos[k, LEG])
        ready = begin + pos[k, WORK]
        s = data.stop[n, SHIPMENT]
        if n == data.shipment[s, FIRST] + data.shipment[s, COUNT] - 1:
            known = data.shipment[s, BEFORE] == v and data.shipment[s, BEGUN] >= 0
            if known and abs(begin - data.shipment[s, BEGUN]) > data.flag[MOST_SHIFT]:
                shifted += 1
    return shifted


@jit
def pressure(state: State, slot: int) -> int:
    """Where in `State.value` stands what a second more weighs in this route."""
    return int(WAS + len(state.total) + slot)


@jit
def stop_weight(data: Data, v: int, count: int, more: int) -> float:
    """What each of so many stops more weighs in the even share where a route has `count`."""
    return float(data.rate[v, PER_STOP] + data.rate[v, UNEVEN_STOPS] * (count + 0.5 * more))


@jit
def _loads(data: Data, state: State, slot: int, v: int) -> bool:
    pos, load, count = state.pos[slot], state.load[slot], state.total[slot, STOPS]
    jobs = data.flag[HAS_JOBS] > 0
    for d in range(load.shape[1]):
        aboard = 0
        if jobs:
            for k in range(1, count + 1):
                s = data.stop[pos[k, POS_STOP], SHIPMENT]
                if data.shipment[s, JOB]:
                    aboard += data.shipment[s, ABOARD + d]
        limit = data.vehicle[v, CAPACITY + d]
        load[0, d, 0] = aboard
        if aboard > limit:
            return False
        for k in range(1, count + 1):
            aboard += data.stop[pos[k, POS_STOP], CHANGE + d]
            load[k, d, 0] = aboard
            if aboard > limit:
                return False
        if jobs:
            load[0, d, 1] = load[0, d, 0]
            for k in range(1, count + 1):
                load[k, d, 1] = max(load[k - 1, d, 1], load[k, d, 0])
            load[count, d, 2] = load[count, d, 0]
            for k in range(count - 1, -1, -1):
                load[k, d, 2] = max(load[k + 1, d, 2], load[k, d, 0])
    return True


@jit
def rides_hold(data: Data, state: State, count: int, v: int) -> bool:
    """Whether some schedule of the stops in row TRIAL keeps every longest ride.

    Times are only raised, and as far as they must be.
    A ride's pickup is raised when the delivery comes too late after it; that raises what follows, until nothing gives
    or a window closes. Bounded, since each round skips at least one window or settles.
    """
    vehicle = data.vehicle[v]
    route = state.row[TRIAL]
    out = data.travel[OUT, vehicle[CLASS]]
    begins = state.row[BEGIN]
    begins[: count + 1] = 0
    begins[0] = vehicle[STARTS]
    rounds = 1
    for k in range(count):
        n = route[k]
        rounds += 1 + data.stop[n, LAST_WINDOW] - data.stop[n, FIRST_WINDOW]
    rounds = rounds * (count + 1)
    for _ in range(rounds):
        here = vehicle[START]
        ready = begins[0]
        for k in range(1, count + 1):
            n = route[k - 1]
            there = data.stop[n, PLACE]
            t = fit(data, n, max(begins[k], ready + out[here, there, 0]))
            if t == NEVER:
                return False
            begins[k] = t
            ready = t + data.stop[n, SERVICE] + (data.stop[n, SETUP] if here != there else 0)
            here = there
        if ready + out[here, vehicle[END], 0] > vehicle[ENDS] or begins[0] > vehicle[ENDS]:
            return False
        settled = True
        for k in range(1, count + 1):
            n = route[k - 1]
            s = data.stop[n, SHIPMENT]
            limit = data.shipment[s, RIDE]
            if limit < 0 or n != data.shipment[s, FIRST] + data.shipment[s, COUNT] - 1:
                continue
            if data.shipment[s, JOB]:
                since = 0
            else:
                since = 1
                while since < k and data.stop[route[since - 1], SHIPMENT] != s:
                    since += 1
                if since == k:
                    continue
                first = route[since - 1]
                before = vehicle[START] if since == 1 else data.stop[route[since - 2], PLACE]
                limit += data.stop[first, SERVICE]
                if before != data.stop[first, PLACE]:
                    limit += data.stop[first, SETUP]
            if begins[k] - begins[since] > limit:
                begins[since] = begins[k] - limit
                settled = False
        if settled:
            return True
    return False


@jit
def save(state: State, slot: int, now: int) -> None:
    """Remember a route before the first change of iteration `now`."""
    if state.total[slot, SAVED_AT] == now:
        return
    state.total[slot, SAVED_AT] = now
    state.total[state.note[SAVED], TOUCHED] = slot
    state.note[SAVED] += 1
    state.total[slot, OLD_VERSION] = state.total[slot, VERSION]
    state.value[WAS + slot] = state.arc[slot, 0]
    count = state.total[slot, STOPS]
    state.copy[OLD, slot, 0] = count
    for k in range(1, count + 1):
        state.copy[OLD, slot, k] = state.pos[slot, k, POS_STOP]


@jit
def undo(data: Data, state: State) -> None:
    """Give every touched route its saved stops again. The list of the absent is the caller's."""
    for x in range(state.note[SAVED]):
        slot = state.total[x, TOUCHED]
        for k in range(1, state.total[slot, STOPS] + 1):
            state.list[WHERE, data.stop[state.pos[slot, k, POS_STOP], SHIPMENT]] = -1
    for x in range(state.note[SAVED]):
        slot = state.total[x, TOUCHED]
        count = state.copy[OLD, slot, 0]
        state.total[slot, STOPS] = count
        for k in range(1, count + 1):
            n = state.copy[OLD, slot, k]
            state.pos[slot, k, POS_STOP] = n
            state.list[WHERE, data.stop[n, SHIPMENT]] = slot
        schedule(data, state, slot, slot)
        state.total[slot, VERSION] = state.total[slot, OLD_VERSION]


@jit
def leave_out(state: State, s: int) -> None:
    """Note shipment `s` among the absent."""
    state.list[WHERE, s] = -1
    state.list[LEFT, state.note[ABSENT]] = s
    state.note[ABSENT] += 1
