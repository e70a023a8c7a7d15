"""When the events of one route happen: departure, stops, breaks and end. Knows no loads' rules, limits or costs.

The rules on time ("not before", "so long after", "at most so long before") all keep the earlier, and the later, of two
schedules that satisfy them; so there is one earliest schedule and, for a given finish, one latest, and raising or
lowering the times until nothing gives finds them, also with several windows a stop. Leaving late never makes a stop
later than its soft end allows and its earliest time needs. Between which stops a vehicle rests is found by dynamic
programming over (stops done, breaks taken): only the earliest time of each matters.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, islice

from .compiled import ANY_TIME, Compiled, Rider, Stop
from .model import Amount, Reason, TimeWindow

MOST_PLACINGS = 200
"""How many placings of the breaks are tried where a longest ride forbids the earliest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """One break, number `number` of the rider's, taken after ``after`` stops. ``travelled``: how many seconds of the
    leg under way are done by then."""

    number: int
    after: int
    arrival: int
    begin: int
    travelled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The first rule a sequence breaks, and by how much in the unit of the rule."""

    code: Reason
    excess: Amount = ()
    seconds: int | None = None
    metres: int | None = None


class Drive:
    """One route whose loads and ways are known: where its breaks go, and when everything happens."""

    def __init__(
        self,
        compiled: Compiled,
        rider: Rider,
        stops: list[Stop],
        loads: list[Amount],
        setups: list[int],
        legs: list[int],
    ) -> None:
        self.rider, self.stops, self.loads, self.legs = rider, stops, loads, legs
        self.work = [setup + stop.service for setup, stop in zip(setups, stops, strict=True)]
        self.limits = rides_along(compiled, rider, stops, self.work)

    def schedule(self) -> tuple[list[int], list[int]] | Broken:
        """Where departure, stops and end stand among all events, and when each event begins."""
        if not self.rider.breaks:
            return self._times(())
        placing = self._placing()
        if placing is None:
            plain = self._times(())
            missing = sum(rest.service for rest in self.rider.breaks)
            return plain if isinstance(plain, Broken) else Broken(code=Reason.SHIFT, seconds=missing)
        found = self._times(placing)
        if isinstance(found, Broken) and found.code is Reason.MAX_RIDE_TIME:
            others = combinations_with_replacement(range(len(self.legs)), len(self.rider.breaks))
            for other in islice(others, MOST_PLACINGS):
                if all(self._light(number, after) for number, after in enumerate(other)):
                    again = self._times(other)
                    if not isinstance(again, Broken):
                        return again
        return found

    def _light(self, number: int, after: int) -> bool:
        """Whether the load after so many stops allows for this break."""
        most = self.rider.breaks[number].max_load
        return most is None or all(x <= limit for x, limit in zip(self.loads[after], most, strict=True))

    def _placing(self) -> tuple[int, ...] | None:
        """After how many stops each break is taken, so that the route ends earliest; rides are not looked at."""
        breaks = self.rider.breaks
        best: dict[int, tuple[int, tuple[int, ...]]] = {0: (self.rider.window[0], ())}
        for k, leg in enumerate(self.legs):
            last = k == len(self.stops)
            windows = (self.rider.window,) if last else self.stops[k].windows
            then: dict[int, tuple[int, tuple[int, ...]]] = {}
            for taken, (since, placed) in best.items():
                now, rested = since, 0
                for more in range(len(breaks) - taken + 1):
                    if more:
                        rest = breaks[taken + more - 1]
                        begin = fit(rest.windows or ANY_TIME, now) if self._light(taken + more - 1, k) else None
                        if begin is None:
                            break
                        now, rested = begin + rest.service, rested + rest.service
                    begin = fit(windows, max(now, since + leg + rested))
                    if begin is None:
                        break
                    done = begin if last else begin + self.work[k]
                    if taken + more not in then or done < then[taken + more][0]:
                        then[taken + more] = (done, (*placed, *(k,) * more))
            best = then
        return best[len(breaks)][1] if len(breaks) in best else None

    def _times(self, placing: Sequence[int]) -> tuple[list[int], list[int]] | Broken:
        chain = _Chain(self.rider, self.stops, self.work, self.legs, placing)
        chain.rides = [(chain.at[p], chain.at[d], limit) for p, d, limit in self.limits]
        earliest = chain.earliest(self.rider.window[0])
        if isinstance(earliest, Broken):
            return earliest
        departure = chain.latest(earliest)[0]
        times = chain.earliest(max(departure, earliest[0]))
        # the latest start admits a schedule by construction; keep the earliest if ever not
        return chain.at, earliest if isinstance(times, Broken) else times

    def rests(self, at: Sequence[int], times: Sequence[int]) -> tuple[list[Rest], list[int]]:
        """The breaks as they are taken, on the way as far as the way goes, and the arrival at each stop and the end."""
        rests: list[Rest] = []
        arrivals: list[int] = []
        for k, leg in enumerate(self.legs):
            now = times[at[k]] + (self.work[k - 1] if k else 0)
            travelled = 0
            for event in range(at[k] + 1, at[k + 1]):
                moved = min(leg - travelled, times[event] - now)
                travelled += moved
                number = len(rests)
                rests.append(Rest(number=number, after=k, arrival=now + moved, begin=times[event], travelled=travelled))
                now = times[event] + self.rider.breaks[number].service
            arrivals.append(now + leg - travelled)
        return rests, arrivals


def rides_along(
    compiled: Compiled, rider: Rider, stops: Sequence[Stop], work: Sequence[int]
) -> list[tuple[int, int, int]]:
    """(position the goods are aboard from, that of their delivery, most seconds between the beginnings of both).

    Position 0 is the departure, k + 1 is stop k.
    """
    rides: list[tuple[int, int, int]] = []
    first: dict[int, int] = {}
    loaded = 0  # where a job's goods came aboard: the departure, or the last reload depot
    own = rider.vehicle.max_ride_time
    for k, stop in enumerate(stops):
        if stop.reload:
            loaded = k + 1
            continue
        limit = compiled.problem.shipments[stop.shipment].max_ride_time
        if limit is None or (own is not None and own < limit):
            limit = own
        if limit is None:
            continue
        if stop.pickup is not None:
            first.setdefault(stop.shipment, k + 1)
        else:
            since = first.get(stop.shipment, loaded)
            rides.append((since, k + 1, limit + (work[since - 1] if since else 0)))
    return rides


def fit(windows: Sequence[TimeWindow], t: int) -> int | None:
    """The first allowed instant at or after `t`."""
    for opens, closes in windows:
        if t <= closes:
            return max(t, opens)
    return None


class _Chain:
    """The times of one route's events: the departure, then breaks and stops as they come, the end."""

    def __init__(
        self, rider: Rider, stops: Sequence[Stop], work: Sequence[int], legs: Sequence[int], placing: Sequence[int]
    ) -> None:
        self.at = [0]
        """Which event the departure, each stop and the end is."""
        self.windows: list[tuple[TimeWindow, ...]] = [(rider.window,)]
        self.soft: list[int | None] = [None]
        self.after: list[int] = []
        """``after[k]``: seconds from the beginning of event k to the earliest beginning of event k + 1."""
        self.spans: dict[int, tuple[int, int]] = {}
        """Where breaks lie between two places: the event behind them -> the one before them, least seconds between."""
        self.rides: list[tuple[int, int, int]] = []
        number = 0
        for k, leg in enumerate(legs):
            done = work[k - 1] if k else 0
            rested = 0
            before = self.at[k]
            while number < len(placing) and placing[number] == k:
                rest = rider.breaks[number]
                self.after.append(done)
                self.windows.append(rest.windows or ANY_TIME)
                self.soft.append(None)
                done, rested, number = rest.service, rested + rest.service, number + 1
            self.at.append(len(self.windows))
            if rested or before + 1 < self.at[-1]:
                self.spans[self.at[-1]] = (before, (work[k - 1] if k else 0) + leg + rested)
                self.after.append(done)
            else:
                self.after.append(done + leg)
            self.windows.append(stops[k].windows if k < len(stops) else (rider.window,))
            self.soft.append(stops[k].soft_end if k < len(stops) else None)
        self.back = {before: (behind, gap) for behind, (before, gap) in self.spans.items()}

    @property
    def rounds(self) -> int:
        return (len(self.rides) + 1) * (1 + sum(len(w) for w in self.windows))

    def earliest(self, start: int) -> list[int] | Broken:
        times = self._settle(start, 0)
        if times is None:
            return Broken(code=Reason.MAX_RIDE_TIME, seconds=self._too_long(start))
        return times

    def _settle(self, start: int, longer: int) -> list[int] | Broken | None:
        """The earliest times with each ride up to `longer` seconds over its limit; None where a ride stays longer."""
        times = [start] * len(self.windows)
        for round_ in range(self.rounds):
            broken = self._raise(times)
            if broken is not None:
                return broken if round_ == 0 else None
            settled = True
            for pickup, delivery, limit in self.rides:
                if times[delivery] - times[pickup] > limit + longer:
                    times[pickup] = times[delivery] - limit - longer
                    settled = False
            if settled:
                return times
        return None

    def _raise(self, times: list[int]) -> Broken | None:
        """Bring each time up to its predecessor's and into a window; None when all fit."""
        last = len(times) - 1
        for k in range(last + 1):
            t = times[k] if k == 0 else max(times[k], times[k - 1] + self.after[k - 1])
            if k in self.spans:
                before, gap = self.spans[k]
                t = max(t, times[before] + gap)
            for opens, closes in self.windows[k]:
                if t <= closes:
                    times[k] = max(t, opens)
                    break
            else:
                code = Reason.SHIFT if k in (0, last) else Reason.TIME_WINDOW
                return Broken(code=code, seconds=t - self.windows[k][-1][1])
        return None

    def latest(self, earliest: Sequence[int]) -> list[int]:
        """The latest times that still end as early, with no stop later than its soft end unless it has to be."""
        end = earliest[-1]
        times = [
            end if soft is None else min(end, max(soft, first)) for soft, first in zip(self.soft, earliest, strict=True)
        ]
        for _ in range(self.rounds):
            for k in range(len(times) - 1, -1, -1):
                t = times[k] if k == len(times) - 1 else min(times[k], times[k + 1] - self.after[k])
                if k in self.back:
                    behind, gap = self.back[k]
                    t = min(t, times[behind] - gap)
                times[k] = next((min(t, closes) for opens, closes in reversed(self.windows[k]) if t >= opens), t)
            settled = True
            for pickup, delivery, limit in self.rides:
                if times[delivery] - times[pickup] > limit:
                    times[delivery] = times[pickup] + limit
                    settled = False
            if settled:
                break
        return times

    def _too_long(self, start: int) -> int:
        """The least by which the limits would have to be raised: waiting that the goods can be spared does not count.

        With one window a stop, a ride is shortest when its delivery is done as early as may be and its pickup as late
        as that allows; if that does not hold for all rides at once, the figure is searched for.
        """
        times = [start] * len(self.windows)
        self._raise(times)
        most = max(times[d] - times[p] - limit for p, d, limit in self.rides)
        least = max(times[d] - self._latest_for(times, p, d) - limit for p, d, limit in self.rides)
        plain = max(map(len, self.windows)) == 1 and not self.spans
        if plain and self._settle(start, least) is not None:
            return least
        return bisect_left(range(most), True, lo=1, key=lambda longer: self._settle(start, longer) is not None)

    def _latest_for(self, times: Sequence[int], pickup: int, delivery: int) -> int:
        """How late the pickup may begin for the delivery to begin when it does in `times`; one window a stop."""
        t = times[delivery]
        for k in range(delivery - 1, pickup - 1, -1):
            t = min(t - self.after[k], self.windows[k][0][1])
        return t
