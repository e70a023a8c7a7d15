"""How far the search's own luck moves the totals: some days that differ, planned once more from another seed. Pure.

Two searches of one wave end in plans that differ a little, and what a rider is out for in one wave is missing in the
next. Days do not know each other; those that are the same under both configs differ in nothing. So the luck in the
totals' difference is the sum of what it does to each day, and two searches of a day say how much that is.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import sqrt

from routing.model import Settings
from scheduler.preview.replay import Replay, Ride
from scheduler.preview.solving import Solve, solve_all

AGAIN = 12
"""Days that are planned once more: more would tell the luck more surely, and take longer than the rest."""
SURE = 2.0
"""Standard deviations: were luck all there is, a difference beyond would be rare."""

Figures = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatter:
    """How much of a total's difference may be luck, either way; metres, seconds, satang.

    `days` differ between the two, and `again` of them were planned once more. Exactly nothing where no day differs.
    """

    days: int
    again: int
    rounds: float
    distance: float
    time: float
    cost: float


def scatter(old: Replay, new: Replay, solve: Solve, settings: Settings) -> Scatter:
    """The scatter of new totals minus old ones, of replays that were solved with `settings`."""
    first = old.rides, new.rides
    of_days = [_by_day(rides) for rides in first]
    apart = sorted(day for day in {*of_days[0], *of_days[1]} if of_days[0].get(day) != of_days[1].get(day))
    count = min(AGAIN, len(apart))
    chosen = frozenset(apart[number * len(apart) // count] for number in range(count))
    twins = old.of_days(chosen), new.of_days(chosen)
    solve_all(twins, solve, replace(settings, seed=settings.seed + 1))
    once, again = _differences(*first), _differences(twins[0].rides, twins[1].rides)
    # Half the square of what two searches of a day differ by is the variance of either.
    scale = len(apart) / count / 2 if count else 0.0
    rounds, distance, time, cost = (
        SURE * sqrt(scale * sum((once[day][k] - again[day][k]) ** 2 for day in chosen)) for k in range(4)
    )
    return Scatter(days=len(apart), again=count, rounds=rounds, distance=distance, time=time, cost=cost)


def _by_day(rides: list[Ride]) -> dict[dt.date, list[Ride]]:
    found: dict[dt.date, list[Ride]] = defaultdict(list)
    for ride in rides:
        found[ride.date].append(ride)
    return dict(found)


def _differences(old: list[Ride], new: list[Ride]) -> Mapping[dt.date, Figures]:
    """Rounds, metres, seconds and satang of each day under the new config, minus those under the old."""
    found: dict[dt.date, Figures] = defaultdict(lambda: (0, 0, 0, 0))
    for sign, rides in ((-1, old), (1, new)):
        for ride in rides:
            route, sums = ride.route, found[ride.date]
            took = route.duration + route.waiting_time + route.setup + route.service
            found[ride.date] = (
                sums[0] + sign,
                sums[1] + sign * route.distance,
                sums[2] + sign * took,
                sums[3] + sign * route.cost,
            )
    return found
