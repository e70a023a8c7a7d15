"""Instants against the solver's seconds, on days of change too; what a buyer is promised of a planned moment."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.planning import promise
from scheduler.planning.times import instant, seconds

DAY = dt.date(2026, 11, 24)
MINUTE = dt.timedelta(minutes=1)
ZONES = ("Asia/Bangkok", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe")
CHANGES = (
    dt.date(2026, 3, 8),
    dt.date(2026, 3, 29),
    dt.date(2026, 4, 5),
    dt.date(2026, 10, 4),
    dt.date(2026, 10, 25),
    dt.date(2026, 11, 1),
)


# --- seconds and instants ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "date", "clock", "expected"),
    [
        ("Asia/Bangkok", DAY, "11:00", 11 * 3600),
        ("Europe/Berlin", dt.date(2026, 3, 29), "11:00", 10 * 3600),
        ("Europe/Berlin", dt.date(2026, 10, 25), "11:00", 12 * 3600),
        ("America/New_York", dt.date(2026, 3, 8), "11:00", 10 * 3600),
        ("America/New_York", dt.date(2026, 11, 1), "11:00", 12 * 3600),
    ],
)
def test_seconds_are_those_that_pass(make: Any, zone: str, date: dt.date, clock: str, expected: int) -> None:
    """On a day that loses or gains an hour, eleven o'clock is that much nearer to midnight, or farther."""
    tz = ZoneInfo(zone)
    moment = make.at(clock, date, tz)
    assert seconds(moment, date, tz) == expected
    assert instant(expected, date, tz) == moment
    assert f"{instant(expected, date, tz):%H:%M}" == clock


@given(second=st.integers(-86_400, 3 * 86_400), zone=st.sampled_from(ZONES), date=st.sampled_from(CHANGES))
def test_seconds_and_instants_are_each_others_inverse(second: int, zone: str, date: dt.date) -> None:
    """No second of a day with a change of clocks is lost or told twice."""
    tz = ZoneInfo(zone)
    assert seconds(instant(second, date, tz), date, tz) == second


# --- what a buyer is promised ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begins", "out", "low", "high"),
    [
        ("11:10", 0, "11:00", "11:30"),
        ("11:05", 0, "11:00", "11:20"),
        ("11:04", 0, "11:00", "11:20"),
        ("11:00", 0, "11:00", "11:20"),
        ("11:37", 3600, "11:30", "12:10"),
        ("12:50", 7200, "12:40", "13:00"),
        ("12:55", 0, "12:40", "13:00"),
        ("12:58", 0, "12:40", "13:00"),
        ("13:00", 7200, "12:40", "13:00"),
    ],
)
def test_a_promise_is_ten_minute_edges_around_the_plan(make: Any, begins: str, out: int, low: str, high: str) -> None:
    """Wider the longer the rider is out, and within the window, also for who comes last."""
    window = (make.at("11:00"), make.at("13:00"))
    assert promise(make.at(begins), window, out) == (make.at(low), make.at(high))


@given(
    minute=st.integers(0, 47 * 60),
    second=st.integers(0, 59),
    before=st.integers(0, 240),
    after=st.integers(0, 240),
    under_way=st.integers(0, 6 * 3600),
    zone=st.sampled_from(ZONES),
    date=st.sampled_from(CHANGES),
)
def test_a_promise_is_honest(
    minute: int, second: int, before: int, after: int, under_way: int, zone: str, date: dt.date
) -> None:
    """It holds the planned time, also in an hour that comes twice; its edges are round or the window's own."""
    tz = ZoneInfo(zone)
    begins = instant(minute * 60 + second, date, tz)
    utc = begins.astimezone(dt.UTC)
    window = tuple((utc + each * MINUTE).astimezone(tz) for each in (-before, after))
    low, high = (moment.astimezone(dt.UTC) for moment in promise(begins, (window[0], window[1]), under_way))
    assert low <= utc <= high
    assert low >= window[0].astimezone(dt.UTC)
    assert utc - low <= 30 * MINUTE
    assert utc - low <= 15 * MINUTE or high - low <= 30 * MINUTE
    assert high - low >= 20 * MINUTE or low == window[0].astimezone(dt.UTC)
    assert high - utc <= 25 * MINUTE + dt.timedelta(seconds=0.15 * under_way)
    assert high <= window[1].astimezone(dt.UTC)
    for edge, own in ((low, window[0]), (high, window[1])):
        local = edge.astimezone(tz)
        assert (local.minute % 10 == 0 and local.second == 0) or edge == own.astimezone(dt.UTC)
