"""LINE's monthly count as a number to plan with: what is used, what the month will come to, what to leave out.

Pure: knows counts and days; asks nobody and writes nothing. LINE counts one for each person and request, however many
objects the request holds; replies are free (LINE Developers, "How message counts work").
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from statistics import mean, stdev

NINETY = 1.2816
"""The standard normal distribution's 90th percentile."""
NEVER_DROPPED = frozenset({"route", "pick_list", "changed", "cancelled", "escalation", "sos", "login"})
"""What somebody's work or evening hangs on is said as long as LINE takes anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Pushes of the whole month: as likely more as less (`p50`), and passed in one month of ten (`p90`)."""

    p50: int
    p90: int
    days_seen: int
    days_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A month of one account. `limit` is None where the plan has none; `dropped` are the kinds to leave out now."""

    month: str
    limit: int | None
    used: int
    waiting: int
    forecast: Forecast
    warn: bool
    dropped: tuple[str, ...]

    @property
    def left(self) -> int | None:
        """What may still be pushed this month, with what is already written counted as said."""
        return None if self.limit is None else max(0, self.limit - self.used - self.waiting)


def forecast(used: int, waiting: int, days: Sequence[int], days_left: int) -> Forecast:
    """What a month comes to.

    `used` is said, `waiting` is written and will be said, `days` are the pushes of each market day seen so far, and
    `days_left` how many market days are still to come for which nothing is written. Sums of days are taken as normally
    distributed; that their mean is itself known from few days only counts too. Without a day seen, nothing is foreseen.
    """
    sure = used + waiting
    if not days or not days_left:
        return Forecast(p50=sure, p90=sure, days_seen=len(days), days_left=days_left)
    # One day tells nothing of how days differ: as much as it has itself is the careful guess.
    spread = stdev(days) if len(days) > 1 else float(days[0])
    middle = sure + days_left * mean(days)
    high = middle + NINETY * spread * sqrt(days_left + days_left**2 / len(days))
    return Forecast(p50=ceil(middle), p90=ceil(high), days_seen=len(days), days_left=days_left)


def budget(
    *,
    month: str,
    limit: int | None,
    used: int,
    waiting: Mapping[str, int],
    days: Sequence[Mapping[str, int]],
    days_left: int,
    warn_percent: int,
    drop: Sequence[str],
) -> Budget:
    """The month as it stands, and which kinds of `drop`, in its order, have to go so that nine months of ten suffice.

    `waiting` and each of `days` count pushes by kind. A kind that is dropped counts no more, neither waiting nor to
    come; what is used is used. Where dropping all of them is not enough they are all dropped: the rest is what
    must be said.
    """

    def foreseen(without: Collection[str]) -> Forecast:
        kept = [sum(count for kind, count in day.items() if kind not in without) for day in days]
        still = sum(count for kind, count in waiting.items() if kind not in without)
        return forecast(used, still, kept, days_left)

    whole = foreseen(())
    dropped: list[str] = []
    if limit is not None:
        for kind in drop:
            if foreseen(dropped).p90 <= limit:
                break
            if kind not in NEVER_DROPPED:
                dropped.append(kind)
    return Budget(
        month=month,
        limit=limit,
        used=used,
        waiting=sum(count for kind, count in waiting.items() if kind not in dropped),
        forecast=whole,
        warn=limit is not None and whole.p90 * 100 > limit * warn_percent,
        dropped=tuple(dropped),
    )


def month_of(now: dt.datetime) -> tuple[str, dt.date, dt.date]:
    """The month that `now` is in, by its own clock: its name, its first day, the first day of the next."""
    first = now.date().replace(day=1)
    following = (first + dt.timedelta(days=32)).replace(day=1)
    return f"{first:%Y-%m}", first, following
