"""Where in the planned routes a shipment would be least out of place: every place, judged roughly and all at once.

The judgement decides only what is looked at more closely, with `timetable`. It takes the pickups one right after the
other, of several windows a stop the first opening and the last closing, and no breaks, rides or locks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from routing.compiled import Compiled, filled, may_carry
from routing.timetable import loads_along

from .relax import hour

Floats = npt.NDArray[np.float64]

_HOPELESS = 12.0
"""What it counts, in hours, where other people's stops would be late and nothing asked of this order would help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Before which stops of vehicle `v`'s route the pickups and the delivery come; and how promising that looks."""

    v: int
    pickups: int
    delivery: int
    rank: float


class Places:
    """The planned routes as arrays: one row a vehicle, one column a gap, that before its stop of the same number."""

    def __init__(self, compiled: Compiled, routes: Sequence[Sequence[int]]) -> None:
        self.compiled = compiled
        size, gaps = len(routes), 1 + max(map(len, routes), default=0)
        self.gaps = np.array([len(route) + 1 for route in routes])
        self.before = np.full((size, gaps), -1)
        self.after = np.full((size, gaps), -1)
        self.leave = np.zeros((size, gaps))
        self.due, self.home = np.full((size, gaps), np.inf), np.zeros((size, gaps))
        """The latest arrival behind the gap that keeps everybody's windows, and that ends within the shift."""
        self.prompt = np.zeros((size, gaps), dtype=bool)
        """Whether the vehicle waits nowhere before the gap, so that it would be there earlier if it started earlier."""
        self.opens, self.work = np.zeros((size, gaps)), np.zeros((size, gaps))
        self.load = np.zeros((size, gaps, len(compiled.problem.dimensions)))
        for v, route in enumerate(routes):
            self._fill(v, route)
        vehicles = [rider.vehicle for rider in compiled.riders]
        classes = sorted({rider.travel_class for rider in compiled.riders})
        self.classes = [
            (compiled.travel[kind], [v for v, r in enumerate(compiled.riders) if r.travel_class == kind])
            for kind in classes
        ]
        self.hours = np.array([hour(v) for v in vehicles])
        self.per_second = np.array([v.costs.per_hour / 3600 for v in vehicles])
        self.per_metre = np.array([v.costs.per_km / 1000 for v in vehicles])
        self.fixed = np.array([0 if route else v.costs.fixed for v, route in zip(vehicles, routes, strict=True)])
        self.capacity = np.array([rider.capacity for rider in compiled.riders], dtype=float).reshape(
            size, self.load.shape[2]
        )
        self.seconds, self.metres = self._legs(self.before, self.after)
        free = np.inf
        spare = [
            (
                free if v.max_travel_time is None else v.max_travel_time - self.seconds[k].sum(),
                free if v.max_distance is None else v.max_distance - self.metres[k].sum(),
                free if v.max_tasks is None else v.max_tasks - len(routes[k]),
            )
            for k, v in enumerate(vehicles)
        ]
        self.spare_seconds, self.spare_metres, self.spare_tasks = (
            np.array(column) for column in (zip(*spare, strict=True) if spare else ((), (), ()))
        )

    def _fill(self, v: int, route: Sequence[int]) -> None:
        compiled, rider = self.compiled, self.compiled.riders[v]
        stops = [compiled.stops[n] for n in route]
        places = [rider.vehicle.start, *(s.index for s in stops), rider.vehicle.end]
        self.before[v, : len(places) - 1] = [-1 if p is None else p for p in places[:-1]]
        self.after[v, : len(places) - 1] = [-1 if p is None else p for p in places[1:]]
        self.load[v, : len(places) - 1] = loads_along(compiled, route)

        def leg(k: int) -> int:
            here, there = places[k], places[k + 1]
            return 0 if here is None or there is None else rider.durations[here, there]

        t, prompt = rider.window[0], rider.vehicle.window is not None
        self.leave[v, 0], self.prompt[v, 0] = t, prompt
        for k, stop in enumerate(stops):
            opens = stop.windows[0][0]
            self.opens[v, k], self.work[v, k] = opens, stop.service + (stop.setup if places[k] != stop.index else 0)
            t, prompt = t + leg(k), prompt and opens <= t + leg(k)
            t = max(t, opens) + int(self.work[v, k])
            self.leave[v, k + 1], self.prompt[v, k + 1] = t, prompt
        self.home[v, len(stops)] = rider.window[1]
        for k in range(len(stops) - 1, -1, -1):
            busy = leg(k + 1) + self.work[v, k]
            self.home[v, k] = self.home[v, k + 1] - busy
            self.due[v, k] = min(self.due[v, k + 1] - busy, stops[k].windows[-1][1])

    def _legs(self, here: npt.NDArray[np.int64], there: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Seconds and metres of these legs, each row by its own vehicle; none from or to an open side."""
        here, there = np.broadcast_arrays(here, there)
        seconds, metres = np.zeros(here.shape), np.zeros(here.shape)
        for (durations, distances), rows in self.classes:
            seconds[rows], metres[rows] = durations[here[rows], there[rows]], distances[here[rows], there[rows]]
        nowhere = (here < 0) | (there < 0)
        seconds[nowhere] = metres[nowhere] = 0
        return seconds, metres

    def best(self, s: int, each: int) -> list[list[Place]]:
        """Per vehicle its most promising places: the cheapest, that with least broken, the next cheapest, ..."""
        cost, broken = self._judge(s)
        size, gaps = self.before.shape
        found: list[list[Place]] = []
        for v in range(size):
            prices, wrong = (cost[v] + broken[v]).ravel(), broken[v].ravel()
            orders = np.argsort(prices, kind="stable")[:each], np.lexsort((prices, wrong))[:each]
            chosen = dict.fromkeys(int(k) for pair in zip(*orders, strict=True) for k in pair if np.isfinite(prices[k]))
            found.append([Place(v=v, pickups=k // gaps, delivery=k % gaps, rank=float(prices[k])) for k in chosen])
        return found

    def _judge(self, s: int) -> tuple[Floats, Floats]:
        """For each vehicle, gap of the pickups and gap of the delivery: added cost, and the price of what is broken."""
        compiled = self.compiled
        shipment = compiled.problem.shipments[s]
        *pickups, delivery = (compiled.stops[n] for n in compiled.stops_of[s])
        size, gaps = self.before.shape
        cost, broken = np.full((size, gaps, gaps), np.inf), np.full((size, gaps, gaps), np.inf)
        amount = np.array([max(column) for column in zip(*self._loads(s), strict=True)], dtype=float)

        # the pickups, at each gap: when they are done, how late they were, and the way from before to after them
        at, t, late, idle = self.before, self.leave, np.zeros((size, gaps)), np.zeros((size, gaps))
        way, metres, work = np.zeros((size, gaps)), np.zeros((size, gaps)), np.zeros((size, gaps))
        for stop in pickups:
            leg, far = self._legs(at, np.full((size, gaps), stop.index))
            busy = stop.service + np.where(at == stop.index, 0, stop.setup)
            idle = idle + np.maximum(0, stop.windows[0][0] - t - leg)
            t = np.maximum(t + leg, stop.windows[0][0])
            late = late + np.maximum(0, t - stop.windows[-1][1])
            t, way, metres, work = t + busy, way + leg, metres + far, work + busy
            at = np.full((size, gaps), stop.index)
        to_drop, far_to_drop = self._legs(at, np.full((size, gaps), delivery.index))
        on, far_on = self._legs(at, self.after)
        straight, far_straight = self._legs(self.before, np.full((size, gaps), delivery.index))
        leave_drop, far_leave = self._legs(np.full((size, gaps), delivery.index), self.after)

        others = np.zeros((size, 0))
        now = np.zeros((size, 0))
        most = np.zeros((size, 0, len(amount)))
        for k in range(gaps):
            here = k < self.gaps
            arrival = np.column_stack([now + straight[:, k, None], t[:, k] + to_drop[:, k]])
            begin = np.maximum(arrival, delivery.windows[0][0])
            setup = np.where(
                np.column_stack([np.repeat(self.before[:, k, None], k, 1), at[:, k]]) == delivery.index, 0, 1
            )
            done = begin + delivery.service + setup * delivery.setup
            back = done + leave_drop[:, k, None]
            others_late = np.maximum(0, back - self.due[:, k, None])
            others_late = np.maximum(others_late, np.column_stack([others, np.zeros(size)]))
            spare = idle[:, : k + 1] + np.maximum(0, delivery.windows[0][0] - arrival)
            hopeless = (others_late > spare) & ~self.prompt[:, : k + 1]
            overtime = np.maximum(0, back - self.home[:, k, None])
            mine = late[:, : k + 1] + np.maximum(0, begin - delivery.windows[-1][1])
            most = np.concatenate([np.maximum(most, self.load[:, None, k]), self.load[:, None, k]], axis=1)
            behind = np.maximum(0, most + amount - self.capacity[:, None])
            share = np.max(behind / np.maximum(amount - behind, 1e-3), axis=2, initial=0)
            apart = straight[:, k] + leave_drop[:, k] - self.seconds[:, k]
            far_apart = far_straight[:, k] + far_leave[:, k] - self.metres[:, k]
            added = np.column_stack(
                [
                    (way + on - self.seconds)[:, :k] + apart[:, None],
                    way[:, k] + to_drop[:, k] + leave_drop[:, k] - self.seconds[:, k],
                ]
            )
            further = np.column_stack(
                [
                    (metres + far_on - self.metres)[:, :k] + far_apart[:, None],
                    metres[:, k] + far_to_drop[:, k] + far_leave[:, k] - self.metres[:, k],
                ]
            )
            hours = (
                (mine + others_late + overtime + np.maximum(0, added - self.spare_seconds[:, None])) / 3600
                + _HOPELESS * hopeless
                + np.maximum(0, further - self.spare_metres[:, None]) / 20_000
                + share
            )
            first = 0 if pickups else k
            cost[here, first : k + 1, k] = (
                added * self.per_second[:, None] + further * self.per_metre[:, None] + self.fixed[:, None]
            )[here, first:]
            broken[here, first : k + 1, k] = (hours * self.hours[:, None])[here, first:]

            on_the_way = np.column_stack([now + self.seconds[:, k, None], t[:, k] + on[:, k]])
            others = np.maximum(np.column_stack([others, np.zeros(size)]), on_the_way - self.due[:, k, None])
            now = np.maximum(on_the_way, self.opens[:, k, None]) + self.work[:, k, None]
        tasks = np.maximum(0, len(pickups) + 1 - self.spare_tasks) / 6
        unfit = np.array([0.0 if may_carry(r.vehicle, shipment) else 4.0 for r in compiled.riders])
        return cost, broken + ((tasks + unfit) * self.hours)[:, None, None]

    def _loads(self, s: int) -> list[tuple[int, ...]]:
        """What the shipment has aboard, at most."""
        shipment, size = self.compiled.problem.shipments[s], len(self.compiled.problem.dimensions)
        amounts = [filled(amount, size) for amount in shipment.amounts]
        return [
            tuple(map(sum, zip(*amounts, strict=True))) if amounts else (0,) * size,
            filled(shipment.collected, size),
        ]


class Nearest:
    """Whose route, or start, is nearest to where a shipment goes, in seconds of the first vehicle."""

    def __init__(self, compiled: Compiled, routes: Sequence[Sequence[int]]) -> None:
        self._compiled = compiled
        there = [(v, compiled.stops[n].index) for v, route in enumerate(routes) for n in route]
        there += [
            (v, 0 if rider.vehicle.start is None else rider.vehicle.start)
            for v, rider in enumerate(compiled.riders)
            if not routes[v]
        ]
        self._of, self._at = np.array(there, dtype=np.int64).reshape(-1, 2).T

    def to(self, s: int) -> list[int]:
        """All vehicles, the nearest first."""
        if not len(self._of):
            return []
        durations = self._compiled.travel[self._compiled.riders[0].travel_class][0]
        there = self._compiled.stops[self._compiled.stops_of[s][-1]].index
        nearest = self._of[np.argsort(durations[self._at, there], kind="stable")]
        return list(dict.fromkeys(nearest.tolist()))
