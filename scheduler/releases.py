"""From which wave a version counts, which one a step back leads to, and what became of each. Pure.

Knows versions, waves and dates; publishes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from scheduler.calendar import RulesOf
from storage.records import ConfigVersion

WaveKey = tuple[dt.date, str]
AHEAD = dt.timedelta(days=60)
"""How far ahead a wave is looked for: longer than any market is closed."""
FARTHEST = dt.timedelta(days=366)
"""How far ahead a version may be put: what waits longer has a slip in its year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoStart:
    """Why a version cannot count from a day on, and from which it can: it is ``past``, its waves are ``closed``, or it
    is ``far``."""

    why: Literal["past", "closed", "far"]
    following: dt.date | None


def no_start(date: dt.date, now: dt.datetime, closed: Collection[WaveKey], rules_of: RulesOf) -> NoStart | None:
    """What is in the way of a version that is to count from `date` on. A day without market is no obstacle."""
    config, calendar = rules_of(date)
    today = now.astimezone(config.market.time_zone).date()
    has_waves = any(calendar.has_wave(date, wave.id) for wave in config.waves)
    if date > today + FARTHEST:
        return NoStart(why="far", following=None)
    first = first_wave(max(date, today), now, closed, rules_of)
    if date < today:
        return NoStart(why="past", following=first and first[0])
    if has_waves and (first is None or first[0] != date):
        return NoStart(why="closed", following=first and first[0])
    return None


def first_wave(date: dt.date, now: dt.datetime, closed: Collection[WaveKey], rules_of: RulesOf) -> WaveKey | None:
    """The first wave of `date` or a later day whose cut-off is still to come."""
    for ahead in range(AHEAD.days):
        day = date + dt.timedelta(days=ahead)
        config, calendar = rules_of(day)
        for wave in sorted(config.waves, key=lambda each: each.deliver.start):
            shut = (day, wave.id) in closed or wave.cut_off.at(day, config.market.time_zone) <= now
            if not shut and calendar.has_wave(day, wave.id):
                return day, wave.id
    return None


def step_back(versions: Sequence[ConfigVersion], today: dt.date, tz: dt.tzinfo) -> ConfigVersion | None:
    """The version that a rollback leads to: the one before the last, of another text; None where there is none.

    A rollback counts as the version whose text it is, so that a second one goes a step further back and not forward.
    What was withdrawn before its day was never in force, and is passed over.
    """
    last = versions[-1]
    base = versions[(last.restores or last.version) - 1]
    return next(
        (
            each
            for each in reversed(versions[: base.version - 1])
            if each.sha256 != last.sha256 and state(each, versions, 0, today, tz) != "withdrawn"
        ),
        None,
    )


def replaced(versions: Sequence[ConfigVersion], by: ConfigVersion, tz: dt.tzinfo) -> list[ConfigVersion]:
    """The versions that waited for their day when `by` was made, and never come in force because of it."""
    made = by.created_at.astimezone(tz).date()
    since, before = by.from_date or made, versions[: by.version - 1]
    waiting = [each for each in before if state(each, before, 0, made, tz) == "waiting"]
    return [each for each in waiting if each.from_date is not None and since <= each.from_date]


def state(version: ConfigVersion, versions: Sequence[ConfigVersion], latest: int, today: dt.date, tz: dt.tzinfo) -> str:
    """``in_force`` today, ``waiting`` for its day, ``past``, or ``withdrawn`` before its day came; days are `tz`'s."""
    if version.version == latest:
        return "in_force"
    day = version.from_date
    if day is None:
        return "past"
    for later in versions[version.version :]:
        since = later.from_date
        if since <= day if since is not None else later.created_at.astimezone(tz).date() < day:
            return "withdrawn"
    return "waiting" if day > today else "past"
