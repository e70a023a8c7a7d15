"""The problem, and a set of routes, as plain arrays. Knows the columns; knows no algorithm.

Slots of ``State`` are the vehicles, in order, and two more that belong to nobody: there routes are tried out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, permutations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from routing.compiled import ANY_TIME, Compiled, slight
from routing.model import UNREACHABLE, Balance
from routing.timetable import MOST_ORDERS
from routing.whole import counts_moves, most_moved

from . import columns as c

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

NEIGHBOURS = 100
"""How many near stops each stop knows."""

SAMPLE = 120
"""Places among which the triangle inequality is tried."""


class Data(NamedTuple):
    """What does not change. Places are renumbered; the last one is nowhere, at no distance, for open routes.

    Few arrays with many columns, since each array is a dozen arguments of every compiled call.
    """

    stop: Ints
    shipment: Ints
    vehicle: Ints
    kind: Ints
    weight: Floats
    penalty: Floats
    """The first column of `weight` once more, side by side."""
    alone: Floats
    """[shipment, kind]: what it costs by itself in a vehicle of this kind, infinite where it cannot be. Worked out by
    the kernel, once."""
    by_alone: npt.NDArray[np.int32]
    """[shipment, rank]: the kinds, that where it costs least by itself first."""
    rate: Floats
    travel: npt.NDArray[np.int32]
    """[direction, travel class, place, place, (seconds, metres)]: each place's row lies together, both ways."""
    near: npt.NDArray[np.int32]
    """Per stop itself, then the nearest others."""
    window: Ints
    pickup_order: Ints
    """[pickups, which, position]: orders in which several pickups may be visited."""
    flag: Ints


class State(NamedTuple):
    """Routes, and what is known about each of them."""

    pos: Ints
    load: Ints
    arc: Floats
    """[slot, k]: cost of the leg into position k; at 0 that of the whole route."""
    total: Ints
    list: Ints
    row: Ints
    copy: Ints
    score: Floats
    value: Floats
    bound: Floats
    known: Floats
    note: Ints


def data_of(compiled: Compiled) -> Data:
    vehicles, shipments = compiled.riders, compiled.problem.shipments
    dimensions = max(1, len(compiled.problem.dimensions))
    used = {stop.index for stop in compiled.stops}
    used |= {p for r in vehicles for p in (r.vehicle.start, r.vehicle.end) if p is not None}
    places = _along(np.array(sorted(used), dtype=np.int64), compiled)
    number = {int(p): k for k, p in enumerate(places)}
    nowhere = len(places)

    classes = {kind: k for k, kind in enumerate(compiled.travel)}
    alike = all(np.array_equal(t, t.T) for tables in compiled.travel.values() for t in tables)
    travel = np.zeros((1 if alike else 2, max(1, len(classes)), nowhere + 1, nowhere + 1, 2), dtype=np.int32)
    for kind, k in classes.items():
        seconds, metres = (table[np.ix_(places, places)] for table in compiled.travel[kind])
        cut = (seconds >= UNREACHABLE) | (metres >= UNREACHABLE)
        travel[c.OUT, k, :nowhere, :nowhere, 0] = np.where(cut, UNREACHABLE, seconds)
        travel[c.OUT, k, :nowhere, :nowhere, 1] = np.where(cut, UNREACHABLE, metres)
    out = travel[c.OUT]
    if not alike:
        travel[c.INTO] = out.transpose(0, 2, 1, 3)

    stop = np.zeros((len(compiled.stops), c.CHANGE + dimensions), dtype=np.int64)
    windows: list[tuple[int, int]] = [ANY_TIME[0]]
    for n, task in enumerate(compiled.stops):
        first = last = 0
        if len(task.windows) > 1:
            first, last = len(windows), len(windows) + len(task.windows) - 1
            windows.extend(task.windows)
        opens, closes = task.windows[0][0], task.windows[-1][1]
        row = (number[task.index], task.setup, task.service, opens, closes, task.shipment, first, last)
        stop[n, : c.CHANGE] = row
        stop[n, c.CHANGE : c.CHANGE + len(task.change)] = task.change

    shipment = np.zeros((len(shipments), c.ABOARD + dimensions), dtype=np.int64)
    weight = np.full((len(shipments), c.SLIGHT + len(vehicles)), np.inf)
    churn = compiled.problem.churn if counts_moves(compiled) else None
    before = {} if churn is None else compiled.before
    for s, (goods, numbers, aboard) in enumerate(
        zip(shipments, compiled.stops_of, compiled.aboard_at_start, strict=True)
    ):
        ride = -1 if goods.max_ride_time is None else goods.max_ride_time
        by, begun = before.get(s, (-1, None))
        shipment[s, : c.ABOARD] = (
            numbers[0],
            len(numbers),
            ride,
            len(numbers) == 1,
            by,
            -1 if begun is None else begun,
        )
        shipment[s, c.ABOARD : c.ABOARD + len(aboard)] = aboard
        carriers = list(compiled.carriers[s])
        weight[s, c.SLIGHT :][carriers] = 0.0
        if goods.preferred_vehicles:
            weight[s, c.SLIGHT :][carriers] = [slight(compiled.problem.vehicles[v], goods) for v in carriers]
        if churn is not None and s in before:
            weight[s, c.SLIGHT :] += churn.cost_per_moved * (np.arange(len(vehicles)) != by)

    vehicle, rate = _vehicles(compiled, classes, number, nowhere, weight, shipment[:, c.BEFORE])
    weight[:, c.PENALTY] = compiled.penalties
    weight[:, c.ORDER : c.SLIGHT] = _orders(stop, shipment, vehicle, weight, out)
    near = _near(stop, rate, vehicle, out)
    flag = np.zeros(c.FLAGS, dtype=np.int64)
    flag[c.HAS_JOBS] = bool(shipment[:, c.JOB].any())
    flag[c.HAS_RIDES] = bool((shipment[:, c.RIDE] >= 0).any())
    saved = max((_shortcut(out[k, :nowhere, :nowhere, 0]) for k in range(len(classes))), default=0)
    saved += int(np.ptp(stop[:, c.SETUP])) if len(stop) else 0  # a neighbour may pay a dearer setup than its own
    # With gaps between windows a second saved behind may allow hours before.
    flag[c.SHORTCUT] = c.NEVER // 4 if saved and len(windows) > 1 else saved
    by_kind = _kinds(vehicle)
    kinds = flag[c.KINDS] = len(set(vehicle[:, c.KIND].tolist()))
    flag[c.NOBODY] = -1
    flag[c.EVEN] = bool(rate[:, [c.UNEVEN_TIME, c.UNEVEN_STOPS]].any())
    most = most_moved(compiled)
    flag[c.MOST_MOVED], flag[c.MOST_SHIFT] = -1 if most is None else most, -1
    if churn is not None and churn.max_shift is not None and (shipment[:, c.BEGUN] >= 0).any():
        flag[c.MOST_SHIFT], flag[c.PER_MOVED] = churn.max_shift, churn.cost_per_moved
    return Data(
        stop=stop,
        shipment=shipment,
        vehicle=vehicle,
        kind=by_kind,
        weight=weight,
        penalty=weight[:, c.PENALTY].copy(),
        alone=np.full((len(shipments), max(1, kinds)), np.inf),
        by_alone=np.zeros((len(shipments), max(1, kinds)), dtype=np.int32),
        rate=rate,
        travel=travel,
        near=near,
        window=np.array(windows, dtype=np.int64),
        pickup_order=_pickup_orders(max(map(len, compiled.stops_of), default=1) - 1),
        flag=flag,
    )


def _vehicles(
    compiled: Compiled,
    classes: dict[tuple[str, float], int],
    number: dict[int, int],
    nowhere: int,
    weight: Floats,
    before: Ints,
) -> tuple[Ints, Floats]:
    dimensions = max(1, len(compiled.problem.dimensions))
    balance = compiled.problem.balance or Balance()
    vehicle = np.full((len(compiled.riders), c.CAPACITY + dimensions), c.NEVER, dtype=np.int64)
    rate = np.zeros((len(compiled.riders), c.RATE_COLUMNS))
    kinds: dict[object, int] = {}
    for v, rider in enumerate(compiled.riders):
        mine, costs = rider.vehicle, rider.vehicle.costs
        limits = [c.NEVER if x is None else x for x in (mine.max_tasks, mine.max_travel_time, mine.max_distance)]
        start, end = (nowhere if p is None else number[p] for p in (mine.start, mine.end))
        row = (classes[rider.travel_class], start, end, *rider.window, *limits)
        had = (mine.worked.duration if balance.duration else 0, mine.worked.tasks if balance.tasks else 0)
        same = (row, costs, rider.capacity, weight[:, c.SLIGHT + v].tobytes(), (before == v).tobytes(), had)
        kind = kinds.setdefault(same, len(kinds))
        vehicle[v, : c.CAPACITY] = (*row, kind)
        vehicle[v, c.CAPACITY : c.CAPACITY + len(rider.capacity)] = rider.capacity
        share = balance.duration * mine.worked.duration / 3600**2
        rate[v, c.PER_SECOND] = costs.per_hour / 3600 + share
        rate[v, c.PER_METRE] = costs.per_km / 1000
        rate[v, c.PER_WORK] = costs.per_task_hour / 3600 + share
        rate[v, c.FIXED] = costs.fixed
        rate[v, c.PER_STOP] = balance.tasks * mine.worked.tasks
        rate[v, c.UNEVEN_TIME], rate[v, c.UNEVEN_STOPS] = balance.duration / 3600**2, balance.tasks
    return vehicle, rate


def _kinds(vehicle: Ints) -> Ints:
    members = np.argsort(vehicle[:, c.KIND], kind="stable")
    by_kind = np.zeros((2, len(vehicle) + 1), dtype=np.int64)
    by_kind[c.MEMBER, : len(vehicle)] = members
    by_kind[c.BEGINS] = np.searchsorted(vehicle[members, c.KIND], np.arange(len(vehicle) + 1))
    return by_kind


def _along(places: Ints, compiled: Compiled) -> Ints:
    """The places in the order of a walk that always goes on to the nearest one left, so that what lies together in town
    lies together in memory."""
    if len(places) < 3 or not compiled.riders:
        return places
    table = compiled.travel[compiled.riders[0].travel_class][0][np.ix_(places, places)].astype(np.float32)
    left = np.zeros(len(places), dtype=np.float32)
    order = np.zeros(len(places), dtype=np.int64)
    for k in range(1, len(places)):
        left[order[k - 1]] = np.inf
        order[k] = np.argmin(table[order[k - 1]] + left)
    return places[order]


def _near(stop: Ints, rate: Floats, vehicle: Ints, out: npt.NDArray[np.int32]) -> Any:
    """For each stop itself, then the nearest others, both ways taken together."""
    n = len(stop)
    size = min(n, NEIGHBOURS)
    near = np.zeros((n, size), dtype=np.int32)
    if not n or not len(vehicle):
        return near
    seconds, metres = rate[0, c.PER_SECOND], rate[0, c.PER_METRE]
    table = out[vehicle[0, c.CLASS]]
    if not (seconds or metres):
        seconds = 1.0
    apart = (seconds * table[:, :, 0] + metres * table[:, :, 1]).astype(np.float32)
    apart += apart.T
    places = stop[:, c.PLACE]
    for i in range(n):
        row = apart[places[i]][places]
        row[i] = -1.0
        chosen = np.argpartition(row, size - 1)[:size] if size < n else np.arange(n)
        near[i] = chosen[np.lexsort((chosen, row[chosen]))]
    return near


def _shortcut(table: npt.NDArray[np.int32]) -> int:
    """The most seconds that going over a third place saves; an upper guess where not all places were tried."""
    places = len(table)
    if places > SAMPLE:
        chosen = np.random.default_rng(places).choice(places, SAMPLE, replace=False)
        table = table[np.ix_(chosen, chosen)]
    table = table.astype(np.int64)
    saved = max(
        (int((table - (table[:, k : k + 1] + table[k : k + 1, :])).max()) for k in range(len(table))), default=0
    )
    return max(0, saved) if places <= SAMPLE else max(0, 2 * saved) + 2


def _orders(stop: Ints, shipment: Ints, vehicle: Ints, weight: Floats, out: npt.NDArray[np.int32]) -> Floats:
    """Per shipment the keys by which `ruin.choose_order` may sort, the smallest first."""
    keys = np.zeros((len(shipment), c.SLIGHT - c.ORDER))
    if not len(shipment) or not len(vehicle):
        return keys
    table = out[vehicle[0, c.CLASS], :, :, 0]
    base = vehicle[0, c.START] if vehicle[0, c.START] < len(table) - 1 else stop[0, c.PLACE]
    unit = np.maximum(1, np.median(vehicle[:, c.CAPACITY :], axis=0))
    first, last = shipment[:, c.FIRST], shipment[:, c.FIRST] + shipment[:, c.COUNT] - 1
    far = table[base][stop[first, c.PLACE]].astype(float) + table[base][stop[last, c.PLACE]]
    keys[:, 0] = -(np.abs(stop[last, c.CHANGE :]) / unit).sum(axis=1)
    keys[:, 1] = -far
    keys[:, 2] = far
    keys[:, 3] = np.add.reduceat(np.minimum(stop[:, c.CLOSES] - stop[:, c.OPENS], 10**6), first)
    keys[:, 4] = stop[first, c.OPENS]
    keys[:, 5] = -np.minimum(stop[last, c.CLOSES], 10**9)
    keys[:, 6] = -weight[:, c.PENALTY]
    return keys


def _pickup_orders(most: int) -> Ints:
    table = np.zeros((most + 1, MOST_ORDERS, max(1, most)), dtype=np.int64)
    for size in range(1, most + 1):
        for row, order in enumerate(islice(permutations(range(size)), MOST_ORDERS)):
            table[size, row, :size] = order
    return table


def table_of(routes: Sequence[Sequence[int]], longest: int) -> tuple[Ints, Ints]:
    """Routes of at most `longest` stops as the kernel reads them, one row each; and how many stops each has."""
    table = np.zeros((max(1, len(routes)), longest), dtype=np.int64)
    counts = np.zeros(max(1, len(routes)), dtype=np.int64)
    for v, route in enumerate(routes):
        table[v, : len(route)] = route
        counts[v] = len(route)
    return table, counts


def state_of(data: Data, longest: int, seed: int) -> State:
    """No routes yet; room for `longest` stops in each."""
    slots, shipments = len(data.vehicle) + 2, len(data.shipment)
    dimensions = data.stop.shape[1] - c.CHANGE
    room = longest + 2
    note = np.zeros(c.NOTES, dtype=np.int64)
    mixed = np.random.SeedSequence(seed).generate_state(2)
    note[c.RANDOM_1], note[c.RANDOM_2] = 1 + int(mixed[0]) % 2147483562, 1 + int(mixed[1]) % 2147483398
    return State(
        pos=np.zeros((slots, room, c.POS_COLUMNS), dtype=np.int64),
        load=np.zeros((slots, room, dimensions, 3), dtype=np.int64),
        arc=np.zeros((slots, room)),
        total=np.zeros((slots, c.TOTAL_COLUMNS), dtype=np.int64),
        list=np.zeros((5, shipments), dtype=np.int64),
        row=np.zeros((5, max(room, slots)), dtype=np.int64),
        copy=np.zeros((3, slots, room), dtype=np.int64),
        score=np.ones((2, shipments)),
        value=np.zeros(c.WAS + 2 * slots),
        bound=np.zeros(room + 1),
        known=np.zeros((shipments, slots - 2, 4)),
        note=note,
    )
