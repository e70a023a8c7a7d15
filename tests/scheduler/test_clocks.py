"""Clocks and the day: zones that change their time, clocks that are set, several that tick at once."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from commands import House
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import config_text

from scheduler import app as application
from scheduler.app import App
from scheduler.calendar import MarketCalendar
from scheduler.clock import SteppedClock
from scheduler.config import Config
from scheduler.day import Action, Step, due, upcoming
from storage import Run

HOUR, DAY, MINUTE = dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(minutes=1)
ZONES = [
    "Asia/Bangkok",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour
    "America/Santiago",  # at midnight: the day begins at one
    "Africa/Casablanca",  # back and forth around Ramadan
]
YEARS = (2026, 2027)
EVERY_DAY = ("days: [mon, tue, wed, thu, fri, sat]", "days: [mon, tue, wed, thu, fri, sat, sun]")
AFTER = {
    Action.CLOSE: "closed",
    Action.PLAN: "planned",
    Action.APPROVE: "approved",
    Action.ROLL_OVER: "cancelled",
    Action.DISPATCH: "dispatched",
    Action.FINISH: "finished",
}

ConfigOf = Callable[..., Config]
Key = tuple[dt.date, str]


@lru_cache
def changes(zone: str) -> list[dt.datetime]:
    """The instants of these years at which the zone's clocks are set."""
    tz, found = ZoneInfo(zone), []
    moment, end = (dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in (YEARS[0], YEARS[-1] + 1))
    while moment < end:
        if moment.astimezone(tz).utcoffset() != (moment + HOUR).astimezone(tz).utcoffset():
            found.append(moment + HOUR)
        moment += HOUR
    return found


def test_the_zones_change_as_often_as_is_known() -> None:
    """What these tests rest on: four changes in two years but in Bangkok, where there is none."""
    counts = {zone: len(changes(zone)) for zone in ZONES}
    assert counts == {zone: 0 if zone == "Asia/Bangkok" else 4 for zone in ZONES}


def night_market(
    market_config: ConfigOf, zone: str, cut_off: str = "02:30", approval: str = "mode: auto, at_deadline: hold"
) -> Config:
    """A market in this zone, open every day, whose evening wave is closed at night."""
    return market_config(
        ("time_zone: Asia/Bangkok", f"time_zone: {zone}"),
        ("closed: [2026-12-31, 2027-01-01]", "closed: []"),
        ("cut_off: {days_before: 0, time: 11:00}", f"cut_off: {{days_before: 0, time: {cut_off}}}"),
        ("mode: manual, at_deadline: hold", approval),
        EVERY_DAY,
    )


class Days:
    """A clock's life: what is due is performed, and what was done is remembered."""

    def __init__(self, config: Config) -> None:
        self._config, self._calendar = config, MarketCalendar(config)
        self.runs: dict[Key, Run] = {}
        self.done: list[tuple[dt.datetime, Step]] = []

    def tick(self, now: dt.datetime) -> dt.datetime | None:
        while steps := due(now, self.runs.values(), self._config, self._calendar):
            for step in steps:
                key = (step.date, step.wave)
                fresh = Run(id=f"{key}", market="m", date=step.date, wave=step.wave, state="open", config_version=1)
                stamps: dict[str, Any] = {"planned_at": now} if step.action is Action.PLAN else {}
                self.runs[key] = replace(self.runs.get(key, fresh), state=AFTER[step.action], **stamps)
                self.done.append((now, step))
        return upcoming(now, self.runs.values(), self._config, self._calendar)

    def sleep_until(self, now: dt.datetime, end: dt.datetime) -> None:
        """As the daemon does: from one moment that was named to the next."""
        while now < end:
            following = self.tick(now)
            assert following is None or following > now
            now = min(end, following or end)
        self.tick(end)

    def closings(self) -> Counter[Key]:
        return Counter((step.date, step.wave) for _, step in self.done if step.action is Action.CLOSE)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("cut_off", ["00:30", "02:30"])
def test_every_wave_comes_once_at_its_hour_over_every_change(market_config: ConfigOf, zone: str, cut_off: str) -> None:
    """Around each change of two years each wave of each day is closed once, at what the wall shows, and finished; also
    where its cut-off lies in the hour that is missing or comes twice."""
    config = night_market(market_config, zone, cut_off)
    tz = ZoneInfo(zone)
    for change in changes(zone) or [dt.datetime(YEARS[0], 6, 1, tzinfo=dt.UTC)]:
        days = Days(config)
        days.sleep_until(change - 2 * DAY, change + 3 * DAY)
        dates = [(change.astimezone(tz).date() + at * DAY) for at in (-1, 0, 1)]
        wanted = {(date, wave.id) for date in dates for wave in config.waves}
        closings = days.closings()
        assert wanted <= closings.keys()
        assert set(closings.values()) == {1}
        assert {days.runs[key].state for key in wanted} == {"finished"}
        for now, step in days.done:
            assert now == step.at or now == change - 2 * DAY
            if step.action is Action.CLOSE:
                due_at = config.wave(step.wave).cut_off.at(step.date, tz)
                assert step.at == due_at
                shown = due_at.astimezone(dt.UTC).astimezone(tz)
                missing = shown.time() != due_at.time()
                assert not missing or abs(due_at - change) <= 2 * HOUR


@given(
    zone=st.sampled_from(ZONES),
    number=st.integers(0, 3),
    start=st.integers(-72 * 60, 24 * 60),
    jumps=st.lists(
        st.one_of(st.sampled_from([-DAY, -HOUR, HOUR, DAY]), st.integers(1, 15 * 60).map(lambda each: each * MINUTE)),
        min_size=1,
        max_size=25,
    ),
    approval=st.sampled_from(["mode: auto, at_deadline: hold", "mode: manual, at_deadline: approve"]),
)
@settings(max_examples=50)
def test_a_clock_that_is_set_repeats_nothing_and_misses_nothing(
    market_config: ConfigOf, zone: str, number: int, start: int, jumps: list[dt.timedelta], approval: str
) -> None:
    """However the machine's clock is set, an hour or a day on or back, around a change of time or not: no step is done
    twice for a wave, nor before its instant by that clock, and at last every wave that was begun has its end."""
    days = Days(night_market(market_config, zone, approval=approval))
    around = changes(zone) or [dt.datetime(YEARS[0], 6, 1, tzinfo=dt.UTC)] * 4
    now = around[number] + start * MINUTE
    for jump in jumps:
        now += jump
        days.tick(now)
    latest = max([now, *(at for at, _ in days.done)])
    days.sleep_until(now, latest + 5 * DAY)
    repeated = Counter((step.date, step.wave, step.action) for _, step in days.done)
    assert max(repeated.values()) == 1
    assert all(step.at <= at for at, step in days.done)
    states = {run.state for key, run in days.runs.items() if key[0] < latest.date()}
    assert states <= {"finished", "cancelled"}


# --- three at once -----------------------------------------------------------------------------------------------

TICKS = 1000


@pytest.fixture
def three(tmp_path: Path, database_url: str, make: Any) -> Iterator[list[App]]:
    """Three processes' applications on one database, each with a clock of its own, at noon of the eve."""
    house = House(folder=tmp_path, url=database_url)
    edits = {"engine: auto": "engine: greedy", "mode: manual": "mode: auto", EVERY_DAY[0]: EVERY_DAY[1]}
    house.config.write_text(config_text(edits=edits), encoding="utf-8")
    start = make.at("12:00", make.eve)
    apps = [
        application.build(config_path=house.config, environ=house.settings(), clock=SteppedClock(start))
        for _ in range(3)
    ]
    yield apps
    for app in apps:
        asyncio.run(app.close())


def test_three_clocks_make_one_run_of_each_wave(three: list[App], make: Any) -> None:
    """A thousand ticks of three processes at the same moments: each wave of each day has one run, no step is done
    twice, and none is missed."""
    store = three[0].store
    store.save_members([make.rider(), make.seller()], actor="test", at=make.at("12:00", make.eve))
    for number in range(4):
        date = make.day + number * DAY
        order = make.order(number + 1, date=date, placed_on=make.eve, leg={"date": date})
        three[0].take_orders([order], actor="test")
    begin, end = make.at("12:00", make.eve), make.at("12:00", make.eve) + 8 * DAY
    moments = [begin + (end - begin) * number / (TICKS // 3) for number in range(TICKS // 3 + 1)]
    gate = Barrier(3)

    def ticks(app: App) -> int:
        assert isinstance(app.clock, SteppedClock)
        for moment in moments:
            app.clock.set(moment)
            gate.wait(60)
            app.tick()
        return len(moments)

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(ticks, three)) >= TICKS
    runs = store.runs()
    assert len({(run.date, run.wave) for run in runs}) == len(runs)
    dates = [make.day + number * DAY for number in range(7)]
    wanted = {(date, wave.id) for date in dates for wave in three[0].config.waves}
    assert wanted <= {(run.date, run.wave) for run in runs if run.state == "finished"}
    done = Counter(
        (entry.subject, entry.verb) for entry in store.audit(limit=10_000) if entry.subject.startswith("run:")
    )
    for run in runs:
        if run.state == "finished":
            steps = {verb: count for (subject, verb), count in done.items() if subject == f"run:{run.id}"}
            assert set(steps.values()) == {1}, steps
    assert {order.legs[0].state for order in store.orders()} == {"dispatched"}
