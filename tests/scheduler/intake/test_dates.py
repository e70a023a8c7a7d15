"""Days, instants and windows from cells; what is ambiguous is refused."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduler.intake.dates import (
    NO_EVIDENCE,
    Evidence,
    gather,
    read_day,
    read_instant,
    read_minutes,
    read_time,
    window_reader,
)
from scheduler.intake.problems import Bad, Noted

TZ = ZoneInfo("Asia/Bangkok")
DAY = dt.date(2026, 11, 24)
SPREADSHEET_CELL = dt.datetime(2026, 11, 24, 9, 30)  # noqa: DTZ001 - spreadsheets know no zones
SPREADSHEET_INSTANT = dt.datetime(2026, 11, 23, 18, 31)  # noqa: DTZ001


def day(raw: object, evidence: Evidence = NO_EVIDENCE) -> Any:
    return read_day(raw, lambda: evidence)


@pytest.mark.parametrize(
    "raw",
    [
        "2026-11-24",
        "24/11/2569",
        "24.11.2026",
        "24 พ.ย. 2569",
        "2026-11-24 00:00:00",
        " 24/11/2569 ",
        "46350",
        46350.0,
        46350,
        dt.date(2026, 11, 24),
        SPREADSHEET_CELL,
        dt.date(2569, 11, 24),
        20261124.0,
    ],
)
def test_days(raw: object) -> None:
    """Text, spreadsheet dates in either era and bare serial numbers are the same day."""
    assert day(raw) == DAY


@pytest.mark.parametrize("raw", ["11/24/2026", "24/11/69", "24-11-26", "24/11", "24 พ.ย. 69"])
def test_ambiguous_days(raw: str) -> None:
    """Month-first dates, short years and dates without a year are refused, not guessed."""
    assert day(raw) == Bad("date.ambiguous")


@pytest.mark.parametrize("raw", ["", "พรุ่งนี้", "31/02/2569", "1/1/1", "99999", True, dt.time(9), [], "x" * 500, 1e300])
def test_no_days(raw: object) -> None:
    """Anything else is not a date, whatever its type."""
    assert day(raw) == Bad("date.invalid")


def test_day_first_is_said() -> None:
    """A day and month that could be swapped are read the Thai way, with a note of how, unless the year is Buddhist."""
    read = day("11/12/2026")
    assert isinstance(read, Noted)
    assert (read.value, read.notes[0].code, read.notes[0].used) == (
        dt.date(2026, 12, 11),
        "date.day_first",
        "2026-12-11",
    )
    assert day("11/12/2569") == dt.date(2026, 12, 11)
    assert day("11/12/2026", Evidence(day_first=True)) == dt.date(2026, 12, 11)


def test_a_column_that_mixes_orders() -> None:
    """Where one cell has the month first, the cells that could be either way are refused."""
    evidence = gather(["24/11/2026", "11/24/2026", "05/11/2026"])
    assert evidence.month_first
    assert day("05/11/2026", evidence) == Bad("date.ambiguous")
    assert day("24/11/2026", evidence) == DAY


def test_spreadsheet_that_swapped_some() -> None:
    """Text dates beside real ones show that the spreadsheet took the others month first."""
    evidence = gather([dt.date(2026, 11, 5), "24/11/2026"])
    assert day(dt.date(2026, 11, 5), evidence) == Bad("date.ambiguous")
    assert day(dt.date(2026, 11, 24), evidence) == DAY
    assert day(dt.date(2026, 11, 5), gather([dt.date(2026, 11, 5), dt.date(2026, 11, 6)])) == dt.date(2026, 11, 5)


@pytest.mark.parametrize(
    "raw",
    [
        "2026-11-23T18:31:00+07:00",
        "2026-11-23T11:31:00Z",
        "2026-11-23 18:31",
        "23/11/2569 18:31",
        "23 พ.ย. 2569 18.31 น.",
        "2569-11-23T18:31:00+07:00",
        SPREADSHEET_INSTANT,
        "23/11/2569, 18:31:00",
    ],
)
def test_instants(raw: object) -> None:
    """An instant with its offset, or a day and time in the market's zone."""
    assert read_instant(raw, TZ, lambda: NO_EVIDENCE) == dt.datetime(2026, 11, 23, 18, 31, tzinfo=TZ)


def test_instants_that_are_none() -> None:
    """A day alone is noted and gives none; anything else is refused."""
    alone = read_instant("23/11/2569", TZ, lambda: NO_EVIDENCE)
    assert isinstance(alone, Noted)
    assert (alone.value, alone.notes[0].code) == (None, "instant.no_time")
    assert read_instant("11/23/2026 18:31", TZ, lambda: NO_EVIDENCE) == Bad("date.ambiguous")
    refused: list[object] = ["เมื่อวาน", "2026-11-23T99:00:00+07:00", "0001-01-01T00:00:00+14:00", {}, True, "18:31"]
    for raw in refused:
        assert isinstance(read_instant(raw, TZ, lambda: NO_EVIDENCE), Bad)


@pytest.mark.parametrize(
    ("raw", "minutes"),
    [
        ("11:00", 660),
        ("11.00", 660),
        ("11.00 น.", 660),
        ("9", 540),
        ("๑๑.๓๐ น.", 690),
        ("1:30 pm", 810),
        ("12am", 0),
        ("1330", 810),
        (dt.time(9, 5), 545),
        (0.5, 720),
        ("24:00", 1440),
        (11, 660),
        (11.0, 660),
        (dt.timedelta(hours=11), 660),
    ],
)
def test_times(raw: object, minutes: int) -> None:
    """Points and colons, Thai digits, o'clock words and spreadsheet times."""
    assert read_minutes(raw) == minutes


@pytest.mark.parametrize("raw", ["บ่ายโมง", "25:00", "11:60", "24:01", 11.3, "13pm", "", True, None, [], "สิบเอ็ดโมง"])
def test_no_times(raw: object) -> None:
    """Words for hours are not guessed, and 11.3 may have been 11.30 or 11.03."""
    assert isinstance(read_minutes(raw), Bad)
    assert isinstance(read_time(raw), Bad)


@pytest.mark.parametrize(
    "raw",
    [
        "11.00-13.00 น.",
        "11:00 - 13:00",
        "11-13",
        "11.00 น. ถึง 13.00 น.",
        "11:00–13:00",
        "๑๑.๐๐-๑๓.๐๐",
        "1100-1300",
        "11am to 1pm",
        ["11:00", "13:00"],
        "11.00น.-13.00น.",
    ],
)
def test_windows(raw: object) -> None:
    """One cell can hold both ends."""
    assert window_reader(TZ)(raw) == (660, 780)


@pytest.mark.parametrize("raw", ["เช้า", "11-", "11:00-25:00", "a-b", [1, 2, 3], [[1, 2], 3], [], {}])
def test_no_windows(raw: object) -> None:
    """Anything else is refused."""
    assert window_reader(TZ)(raw) == Bad("window.invalid")
