"""What the day still lacks: from the waves' state and an instant to the steps that are due. Pure.

Knows wave runs, their config and the calendar; performs nothing. `serve`, `songsuk day` and the demo share it, so a
step done late, twice or by another process is the same step.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from scheduler.calendar import MarketCalendar, RulesOf
from scheduler.config import Config
from scheduler.config.models import Wave
from storage.records import Run

WaveKey = tuple[dt.date, str]
ConfigOf = Callable[[Run], Config]
LOOK_BACK_DAYS = 3
"""How far back a wave that was missed (the machine was off) is still looked for."""
EARLIEST_CUT_OFF = dt.timedelta(days=14)
"""No wave's cut-off is longer before its day."""
NOBODY: Mapping[WaveKey, dt.datetime] = MappingProxyType({})
FINISH_AFTER = dt.timedelta(hours=1)
"""A wave is finished this long after its delivery window ends."""


class Action(StrEnum):
    CLOSE = "close"
    PLAN = "plan"
    APPROVE = "approve"
    REMIND = "remind"
    ROLL_OVER = "roll_over"
    DISPATCH = "dispatch"
    ESCALATE = "escalate"
    FINISH = "finish"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do for one wave, and when it was, or will be, due."""

    at: dt.datetime
    action: Action
    date: dt.date
    wave: str


def due(
    now: dt.datetime,
    runs: Iterable[Run],
    config: Config,
    calendar: MarketCalendar,
    *,
    waiting: Collection[WaveKey] = frozenset(),
    unheard: Mapping[WaveKey, dt.datetime] = NOBODY,
    dates: Collection[dt.date] | None = None,
    config_of: ConfigOf | None = None,
    rules_of: RulesOf | None = None,
) -> list[Step]:
    """The next step of each wave that is due at `now`, earliest first, then in the day's order of waves.

    Perform them and ask again: a step done makes room for the next one of its wave.

    `waiting`: waves that orders wait in; a wave that nobody closed in time is only caught up for their sake.
    `unheard`: when the first rider of a wave will have been silent for too long.
    `dates`: the service dates to look at; None means all that `now` can touch.
    `config_of`: the config that a run was closed by, which it keeps; `config` where None.
    `rules_of`: what a day's waves will be closed by, where an edit waits for its day; `config`, `calendar` where None.
    """
    steps = _steps(now, runs, config, calendar, waiting, unheard, dates, config_of, rules_of)
    return [step for step in steps if step.at <= now]


def upcoming(
    now: dt.datetime,
    runs: Iterable[Run],
    config: Config,
    calendar: MarketCalendar,
    *,
    waiting: Collection[WaveKey] = frozenset(),
    unheard: Mapping[WaveKey, dt.datetime] = NOBODY,
    config_of: ConfigOf | None = None,
    rules_of: RulesOf | None = None,
) -> dt.datetime | None:
    """The earliest moment after `now` at which something becomes due."""
    steps = _steps(now, runs, config, calendar, waiting, unheard, None, config_of, rules_of)
    later = [step.at for step in steps if step.at > now]
    return min(later, default=None)


def _steps(
    now: dt.datetime,
    runs: Iterable[Run],
    config: Config,
    calendar: MarketCalendar,
    waiting: Collection[WaveKey],
    unheard: Mapping[WaveKey, dt.datetime],
    dates: Collection[dt.date] | None,
    config_of: ConfigOf | None,
    rules_of: RulesOf | None,
) -> list[Step]:
    rules_of = rules_of or (lambda date: (config, calendar))
    by_key: Mapping[WaveKey, Run] = {(run.date, run.wave): run for run in runs}
    wanted_dates = set(dates if dates is not None else _dates(now, rules_of, by_key, waiting))
    keys = {(date, wave.id) for date in wanted_dates for wave in rules_of(date)[0].waves}
    keys |= {key for key in by_key if key[0] in wanted_dates}
    found: list[tuple[Step, dt.time]] = []
    for key in keys:
        date, wave_id = key
        run = by_key.get(key)
        own, of_day = rules_of(date)
        if run is None and not of_day.has_wave(date, wave_id) and key not in waiting:
            continue
        if run is not None and config_of is not None:
            own = config_of(run)
        wave = next((wave for wave in own.waves if wave.id == wave_id), None)
        if wave is None:
            continue
        step = _next(now, date, wave, run, own, wanted=key in waiting, as_scheduled=dates is not None)
        over = wave.deliver.on(date, own.market.time_zone)[1]
        silent = unheard.get(key, over)
        under_way = run is not None and run.state in {"approved", "dispatched"}
        if under_way and silent < over and (dates is not None or now < over):  # after it there is nothing to ride
            escalate = Step(at=silent, action=Action.ESCALATE, date=date, wave=wave_id)
            step = escalate if step is None else min(escalate, step, key=lambda each: each.at)
        if step is not None:
            found.append((step, wave.deliver.start))
    found.sort(key=lambda each: (each[0].at, each[0].date, each[1], each[0].wave))
    return [step for step, _ in found]


def _dates(
    now: dt.datetime, rules_of: RulesOf, runs: Mapping[WaveKey, Run], waiting: Collection[WaveKey]
) -> Iterator[dt.date]:
    config = rules_of(now.date())[0]
    today = now.astimezone(config.market.time_zone).date()
    later = rules_of(today + EARLIEST_CUT_OFF)[0]
    ahead = max(wave.cut_off.days_before for each in (config, later) for wave in each.waves) + 1
    dates = {today + dt.timedelta(days=days) for days in range(-LOOK_BACK_DAYS, ahead + 1)}
    dates |= {date for date, _ in runs} | {date for date, _ in waiting if date <= today}
    yield from dates


def _next(
    now: dt.datetime, date: dt.date, wave: Wave, run: Run | None, config: Config, *, wanted: bool, as_scheduled: bool
) -> Step | None:
    """`wanted`: orders wait in it; `as_scheduled`: each step as if at its own instant, so that nothing is too late."""
    tz = config.market.time_zone
    cut_off = wave.cut_off.at(date, tz)
    over = wave.deliver.on(date, tz)[1]

    def at(moment: dt.datetime, action: Action) -> Step:
        return Step(at=moment, action=action, date=date, wave=wave.id)

    state = run.state if run is not None else "open"
    if state == "open":
        # A wave that nobody ordered in is not opened after its hour, as by a daemon that starts late in the day.
        still = wave.dispatch.at(date, tz) > now
        return at(cut_off, Action.CLOSE) if wanted or as_scheduled or still else None
    if state in {"closed", "planned", "approved"} and over <= now and not as_scheduled:
        return at(over, Action.ROLL_OVER)
    if state == "closed":
        return at(cut_off, Action.PLAN)
    if state == "planned":
        given_up = None if as_scheduled else at(over, Action.ROLL_OVER)
        return _approval(date, wave, run, config, at(cut_off, Action.APPROVE)) or given_up
    if state == "approved":
        return at(wave.dispatch.at(date, tz), Action.DISPATCH)
    if state == "dispatched":
        return at(over + FINISH_AFTER, Action.FINISH)
    return None


def given_up(run: Run, config: Config) -> dt.datetime:
    """When a wave that nobody approves is called off: at its deadline where the market says so, else once it is over.

    A deadline that a wave was not planned by decides nothing.
    """
    wave, tz = config.wave(run.wave), config.market.time_zone
    deadline = wave.approve_by.at(run.date, tz)
    decides = config.approval.mode == "manual" and config.approval.at_deadline == "roll_over"
    if decides and run.planned_at is not None and run.planned_at <= deadline:
        return deadline
    return wave.deliver.on(run.date, tz)[1]


def _approval(date: dt.date, wave: Wave, run: Run | None, config: Config, approve: Step) -> Step | None:
    """A planned wave approves itself at once where the market wants that; else its deadline decides, or nobody yet."""
    if config.approval.mode == "auto":
        return approve
    deadline = wave.approve_by.at(date, config.market.time_zone)
    planned_at = run.planned_at if run is not None else None
    if config.approval.at_deadline == "approve":
        return replace(approve, at=deadline)
    if run is not None and given_up(run, config) == deadline:
        return replace(approve, at=deadline, action=Action.ROLL_OVER)
    if run is not None and run.reminded_at is not None:
        return None
    # A plan made after the deadline, as for a rider who fell out, was not there to be approved by then.
    return replace(approve, at=max(deadline, planned_at or deadline), action=Action.REMIND)
