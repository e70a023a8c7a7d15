"""What is due when: every state of a wave, every deadline rule, downtime, closed days, and days that lack an hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.calendar import MarketCalendar
from scheduler.config import Config
from scheduler.day import FINISH_AFTER, Action, Step, due, upcoming
from storage import Run

DAY, EVE = dt.date(2026, 11, 24), dt.date(2026, 11, 23)
KEY = (DAY, "midday")

ConfigOf = Callable[..., Config]
SUNDAYS_TOO = ("days: [mon, tue, wed, thu, fri, sat]", "days: [mon, tue, wed, thu, fri, sat, sun]")


def asked(config: Config, now: dt.datetime, *runs: Run, **more: Any) -> list[Step]:
    return due(now, runs, config, MarketCalendar(config), **more)


def of_midday(steps: list[Step], date: dt.date = DAY) -> list[tuple[Action, dt.datetime]]:
    return [(step.action, step.at) for step in steps if (step.date, step.wave) == (date, "midday")]


def next_of_midday(config: Config, now: dt.datetime, *runs: Run, **more: Any) -> tuple[Action, dt.datetime] | None:
    return next(iter(of_midday(asked(config, now, *runs, **more))), None)


# --- one wave, step by step --------------------------------------------------------------------------------------


def test_each_state_has_its_step_and_its_instant(make: Any, config: Config) -> None:
    """Closed at the cut-off, planned at once, dispatched and finished by the clock; the end has no step."""
    cut_off, dispatch, over = make.at("18:00", EVE), make.at("08:00"), make.at("13:00")
    assert next_of_midday(config, cut_off) == (Action.CLOSE, cut_off)
    assert next_of_midday(config, cut_off, make.run("closed")) == (Action.PLAN, cut_off)
    assert next_of_midday(config, dispatch, make.run("approved")) == (Action.DISPATCH, dispatch)
    assert next_of_midday(config, over + FINISH_AFTER, make.run("dispatched")) == (Action.FINISH, over + FINISH_AFTER)
    for state in ("finished", "cancelled"):
        assert next_of_midday(config, make.at("23:00"), make.run(state)) is None


@pytest.mark.parametrize("state", ["approved", "dispatched"])
def test_a_silent_rider_comes_before_what_is_later(make: Any, config: Config, state: str) -> None:
    """Between approval and the end of the deliveries the coordinators are told at the rider's own instant; then not."""
    told = make.at("08:00") if state == "dispatched" else make.at("07:00")
    silent = told + dt.timedelta(minutes=15)
    more: dict[str, Any] = {"unheard": {KEY: silent}}
    assert next_of_midday(config, make.at("12:00"), make.run(state), **more) == (Action.ESCALATE, silent)
    calendar = MarketCalendar(config)
    assert upcoming(told, [make.run(state)], config, calendar, **more) == silent
    if state == "dispatched":
        over = make.at("14:00")
        assert next_of_midday(config, over, make.run(state), **more) == (Action.FINISH, over)
        walked = next_of_midday(config, over, make.run(state), dates=[DAY], **more)
        assert walked == (Action.ESCALATE, silent)
    for done in ("planned", "finished", "cancelled"):
        found = next_of_midday(config, make.at("12:00"), make.run(done, planned_at=make.at("18:00", EVE)), **more)
        assert found is None or found[0] is not Action.ESCALATE


def test_nothing_is_due_a_second_early(make: Any, config: Config) -> None:
    """A step is due at its instant, not before."""
    second = dt.timedelta(seconds=1)
    assert next_of_midday(config, make.at("18:00", EVE) - second) is None
    assert next_of_midday(config, make.at("08:00") - second, make.run("approved")) is None
    assert next_of_midday(config, make.at("14:00") - second, make.run("dispatched")) is None


def test_waves_come_in_the_order_of_their_day(make: Any, config: Config) -> None:
    """What is due at one instant comes in the order of the waves' deliveries, earlier instants first."""
    steps = asked(config, make.at("18:00", EVE))
    assert [(step.date, step.wave) for step in steps if step.date == DAY] == [(DAY, "morning"), (DAY, "midday")]
    assert steps == sorted(steps, key=lambda step: step.at)


def test_a_market_that_approves_itself_does_so_at_once(make: Any, market_config: ConfigOf) -> None:
    """With `mode: auto` a planned wave is approved as of its cut-off, whatever the deadline rule says."""
    config = market_config(("mode: manual, at_deadline: hold", "mode: auto, at_deadline: roll_over"))
    cut_off = make.at("18:00", EVE)
    assert next_of_midday(config, cut_off, make.run("planned")) == (Action.APPROVE, cut_off)


@pytest.mark.parametrize(
    ("rule", "action"), [("hold", Action.REMIND), ("approve", Action.APPROVE), ("roll_over", Action.ROLL_OVER)]
)
def test_the_deadline_decides_what_nobody_approved(
    make: Any, market_config: ConfigOf, rule: str, action: Action
) -> None:
    """At `approve_by` a planned wave is held and reminded of, approved, or moved on, as configured; not before."""
    config = market_config(("at_deadline: hold", f"at_deadline: {rule}"))
    deadline, planned = make.at("20:00", EVE), make.run("planned", planned_at=make.at("18:00", EVE))
    assert next_of_midday(config, deadline - dt.timedelta(seconds=1), planned) is None
    assert next_of_midday(config, deadline, planned) == (action, deadline)


def test_a_reminder_comes_once(make: Any, config: Config) -> None:
    """A run that was reminded of is held in peace until its window is over, and then moves on."""
    reminded = make.run("planned", planned_at=make.at("18:00", EVE), reminded_at=make.at("20:00", EVE))
    assert next_of_midday(config, make.at("12:59"), reminded) is None
    assert next_of_midday(config, make.at("13:00"), reminded) == (Action.ROLL_OVER, make.at("13:00"))


def test_a_plan_made_anew_after_the_deadline_is_not_rolled_over_by_it(make: Any, market_config: ConfigOf) -> None:
    """A re-plan at ten for a rider who fell out does not cancel the wave: the deadline was another plan's."""
    config = market_config(("at_deadline: hold", "at_deadline: roll_over"))
    anew = make.run("planned", planned_at=make.at("10:00"))
    assert next_of_midday(config, make.at("10:00"), anew) == (Action.REMIND, make.at("10:00"))
    reminded = replace(anew, reminded_at=make.at("10:00"))
    assert next_of_midday(config, make.at("12:59"), reminded) is None
    assert next_of_midday(config, make.at("13:00"), reminded) == (Action.ROLL_OVER, make.at("13:00"))


# --- downtime and days off ---------------------------------------------------------------------------------------


def test_after_downtime_a_wave_still_to_ride_is_caught_up(make: Any, config: Config) -> None:
    """Switched on at noon, midday is closed as of yesterday's cut-off for the orders in it, evening in any case."""
    closing = [("midday", Action.CLOSE, make.at("18:00", EVE)), ("evening", Action.CLOSE, make.at("11:00"))]

    def today(waiting: set[tuple[dt.date, str]]) -> list[tuple[str, Action, dt.datetime]]:
        steps = asked(config, make.at("12:00"), waiting=waiting)
        return [(step.wave, step.action, step.at) for step in steps if step.date == DAY]

    assert today({KEY}) == closing
    assert today(set()) == closing[1:]


def test_a_missed_wave_is_caught_up_only_for_orders(make: Any, config: Config) -> None:
    """What was over before anybody closed it is closed for the orders in it, and then moves on unridden."""
    late = make.at("09:00", DAY + dt.timedelta(days=1))
    assert next_of_midday(config, late) is None
    assert next_of_midday(config, late, waiting={KEY}) == (Action.CLOSE, make.at("18:00", EVE))
    for state in ("closed", "planned"):
        assert next_of_midday(config, late, make.run(state)) == (Action.ROLL_OVER, make.at("13:00"))


@pytest.mark.parametrize(
    ("state", "clock", "action"),
    [
        ("approved", "12:59", Action.DISPATCH),
        ("approved", "13:00", Action.ROLL_OVER),
        ("dispatched", "14:00", Action.FINISH),
    ],
)
def test_an_approved_wave_comes_to_an_end_however_late(
    make: Any, config: Config, state: str, clock: str, action: Action
) -> None:
    """It leaves late as long as it can be brought, then it rolls over; what has left is finished, even weeks on."""
    found = next_of_midday(config, make.at(clock), make.run(state))
    assert found is not None
    assert found[0] is action
    later = next_of_midday(config, make.at("09:00", DAY + dt.timedelta(days=30)), make.run(state))
    assert later is not None
    assert later[0] is (Action.FINISH if state == "dispatched" else Action.ROLL_OVER)


def test_orders_forgotten_long_ago_are_found(make: Any, config: Config) -> None:
    """However long the machine was off, a wave with waiting orders is due; a future one is not yet."""
    now = make.at("09:00", DAY + dt.timedelta(days=40))
    assert next_of_midday(config, now, waiting={KEY}) == (Action.CLOSE, make.at("18:00", EVE))
    assert next_of_midday(config, make.at("09:00", DAY - dt.timedelta(days=9)), waiting={KEY}) is None


def test_a_closed_day_has_no_waves(make: Any, market_config: ConfigOf) -> None:
    """No run is opened on a day the market is shut; one that is under way, or that orders wait in, goes on."""
    config = market_config(("closed: [2026-12-31", "closed: [2026-11-24, 2026-12-31"))
    cut_off = make.at("18:00", EVE)
    assert next_of_midday(config, cut_off) is None
    assert next_of_midday(config, cut_off, waiting={KEY}) == (Action.CLOSE, cut_off)
    assert next_of_midday(config, make.at("08:00"), make.run("approved")) == (Action.DISPATCH, make.at("08:00"))
    assert next_of_midday(config, cut_off, dates=[DAY]) is None


def test_a_day_that_every_zone_has_off_has_no_waves(make: Any, config: Config) -> None:
    """Nothing to close and nobody to remind on a Sunday, whoever asks; the Monday after has its waves."""
    sunday, monday = DAY + dt.timedelta(days=5), DAY + dt.timedelta(days=6)
    assert asked(config, make.at("12:00", sunday), dates=[sunday]) == []
    seen = {step.date for hour in range(96) for step in asked(config, make.at("06:00") + hour * dt.timedelta(hours=1))}
    assert sunday not in seen
    assert {step.date for step in asked(config, make.at("19:00", sunday), dates=[monday])} == {monday}


def test_asked_for_one_date_every_wave_of_it_is_walked(make: Any, config: Config) -> None:
    """Months later each wave still lacks what it lacks, as if at its own instant; nothing is given up as over."""
    far = make.at("09:00", DAY + dt.timedelta(days=100))
    assert {step.date for step in asked(config, far, dates=[DAY])} == {DAY}
    assert next_of_midday(config, far, dates=[DAY]) == (Action.CLOSE, make.at("18:00", EVE))
    assert next_of_midday(config, far, make.run("closed"), dates=[DAY]) == (Action.PLAN, make.at("18:00", EVE))


# --- clocks that change ------------------------------------------------------------------------------------------


def zoned(market_config: ConfigOf, zone: str) -> Config:
    return market_config(("time_zone: Asia/Bangkok", f"time_zone: {zone}"))


@pytest.mark.parametrize(
    ("zone", "date", "cut_off", "dispatch", "over"),
    [
        ("Europe/Berlin", dt.date(2026, 3, 29), "2026-03-28T17:00Z", "2026-03-29T06:00Z", "2026-03-29T11:00Z"),
        ("Europe/Berlin", dt.date(2026, 10, 25), "2026-10-24T16:00Z", "2026-10-25T07:00Z", "2026-10-25T12:00Z"),
        ("America/New_York", dt.date(2026, 3, 8), "2026-03-07T23:00Z", "2026-03-08T12:00Z", "2026-03-08T17:00Z"),
        ("America/New_York", dt.date(2026, 11, 1), "2026-10-31T22:00Z", "2026-11-01T13:00Z", "2026-11-01T18:00Z"),
    ],
)
def test_steps_keep_the_wall_clock_over_a_change_of_time(
    make: Any, market_config: ConfigOf, zone: str, date: dt.date, cut_off: str, dispatch: str, over: str
) -> None:
    """On the days that gain or lose an hour, 18:00 and 08:00 are what the wall clock shows."""
    config = zoned(market_config, zone)

    def first(state: str) -> dt.datetime:
        steps = asked(config, dt.datetime(2027, 1, 1, tzinfo=dt.UTC), make.run(state, date=date), dates=[date])
        return of_midday(steps, date)[0][1]

    assert first("closed") == dt.datetime.fromisoformat(cut_off)
    assert first("approved") == dt.datetime.fromisoformat(dispatch)
    assert first("dispatched") == dt.datetime.fromisoformat(over) + FINISH_AFTER


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("night", ["01:30", "02:00", "02:30"])
def test_a_step_at_night_comes_once_on_a_night_of_change(
    make: Any, market_config: ConfigOf, zone: str, night: str
) -> None:
    """A cut-off in the hour that is skipped or repeated is due from one instant on, once, and stays due."""
    config = market_config(
        ("time_zone: Asia/Bangkok", f"time_zone: {zone}"),
        ("cut_off: {days_before: 0, time: 11:00}", f"cut_off: {{days_before: 0, time: {night}}}"),
        SUNDAYS_TOO,
    )
    for date in (dt.date(2026, 3, 29), dt.date(2026, 10, 25), dt.date(2026, 11, 1), dt.date(2026, 4, 5)):
        midnight = dt.datetime.combine(date, dt.time.min, ZoneInfo(zone)).astimezone(dt.UTC)
        shown = []
        for minutes in range(0, 6 * 60, 10):
            steps = asked(config, midnight + dt.timedelta(minutes=minutes), dates=[date])
            shown.append(sum(step.wave == "evening" for step in steps))
        assert shown == sorted(shown)
        assert shown[-1] == 1


# --- the whole walk ----------------------------------------------------------------------------------------------

AFTER = {
    Action.CLOSE: "closed",
    Action.PLAN: "planned",
    Action.APPROVE: "approved",
    Action.ROLL_OVER: "cancelled",
    Action.DISPATCH: "dispatched",
    Action.FINISH: "finished",
}


def perform(step: Step, runs: dict[tuple[dt.date, str], Run], now: dt.datetime) -> None:
    """What performing a step makes of its run, as the store would."""
    key = (step.date, step.wave)
    run = runs.get(key) or Run(id=str(key), market="m", date=key[0], wave=key[1], state="open", config_version=1)
    if step.action is Action.REMIND:
        runs[key] = replace(run, reminded_at=now)
        return
    stamps: dict[str, Any] = {"planned_at": now} if step.action is Action.PLAN else {}
    runs[key] = replace(run, state=AFTER[step.action], **stamps)


@st.composite
def moments(draw: st.DrawFn) -> list[dt.datetime]:
    """When a machine that is now and then switched off looks at the clock: from the eve's morning on, for days."""
    gaps = draw(st.lists(st.integers(1, 40 * 60), min_size=1, max_size=12))
    start, found = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC), []
    for gap in gaps:
        start += dt.timedelta(minutes=gap)
        found.append(start)
    return [*found, dt.datetime(2026, 12, 20, tzinfo=dt.UTC)]


@given(
    looks=moments(),
    mode=st.sampled_from(["manual", "auto"]),
    rule=st.sampled_from(["hold", "approve", "roll_over"]),
    waiting=st.sets(st.sampled_from([(DAY, "morning"), (DAY, "midday"), (DAY, "evening"), (EVE, "evening")])),
)
def test_performing_what_is_due_ends_every_wave_and_repeats_no_step(
    market_config: ConfigOf,
    looks: list[dt.datetime],
    mode: str,
    rule: str,
    waiting: Collection[tuple[dt.date, str]],
) -> None:
    """Whenever the machine is on, whoever approves: each wave ends, by steps that each come once and in their order."""
    config = market_config(("mode: manual, at_deadline: hold", f"mode: {mode}, at_deadline: {rule}"))
    calendar = MarketCalendar(config)
    runs: dict[tuple[dt.date, str], Run] = {}
    done: list[Step] = []
    left = set(waiting)
    for now in looks:
        for _ in range(1000):
            steps = due(now, runs.values(), config, calendar, waiting=left)
            if not steps:
                break
            for step in steps:
                assert step.at <= now
                perform(step, runs, now)
                left -= {(step.date, step.wave)}
                done.append(step)
        else:
            raise AssertionError("the day has no end")
    past = {key: run.state for key, run in runs.items() if key[0] < looks[-1].date()}
    assert set(past.values()) <= {"finished", "cancelled"}
    assert set(waiting) <= past.keys()
    assert len({(step.date, step.wave, step.action) for step in done}) == len(done)


@given(
    minutes=st.integers(0, 3 * 24 * 60),
    states=st.lists(
        st.sampled_from(["closed", "planned", "approved", "dispatched", "finished", "cancelled"]), max_size=3
    ),
    rule=st.sampled_from(["hold", "approve", "roll_over"]),
    reminded=st.booleans(),
)
def test_between_now_and_what_comes_next_nothing_becomes_due(
    make: Any, market_config: ConfigOf, minutes: int, states: list[str], rule: str, reminded: bool
) -> None:
    """A daemon that sleeps until `upcoming` misses nothing."""
    config = market_config(("at_deadline: hold", f"at_deadline: {rule}"))
    calendar = MarketCalendar(config)
    now = make.at("12:00", EVE) + dt.timedelta(minutes=minutes)
    told = {"reminded_at": make.at("20:00", EVE)} if reminded else {}
    waves = ("morning", "midday", "evening")
    runs = [
        make.run(state, wave, planned_at=make.at("18:00", EVE), **told)
        for state, wave in zip(states, waves, strict=False)
    ]
    following = upcoming(now, runs, config, calendar)
    known = {(step.date, step.wave) for step in due(now, runs, config, calendar)}
    assert following is not None
    assert following > now
    just_before = following - dt.timedelta(seconds=1)
    later = {(step.date, step.wave) for step in due(just_before, runs, config, calendar)}
    assert later <= known
