"""Thai digits and Buddhist-era dates, read and written."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.intake.thai import arabic, english_date, named_date, parse_date, thai_date, weekday_key

TUESDAY = dt.date(2026, 11, 24)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24",
        "2569-11-24",
        "24/11/2569",
        "24-11-2026",
        "๒๔/๑๑/๒๕๖๙",
        "24 พ.ย. 2569",
        "24 พย 2569",
        "24พ.ย.2569",
        "๒๔ พฤศจิกายน ๒๕๖๙",
        "24 พฤศจิกายน พ.ศ. 2569",
        "วันอังคารที่ 24 พฤศจิกายน 2569",
        "อ. 24 พ.ย. 2569",
        "วันที่ 24 พฤศจิกายน 2569",
        "24 Nov 2026",
        "24-Nov-2026",
        "November 24, 2026",
        "Tue 24 Nov 2026",
        "20261124",
    ],
)
def test_one_day_in_many_spellings(text: str) -> None:
    """Every way in which people write 24 November is the same day."""
    assert parse_date(text) == TUESDAY


@pytest.mark.parametrize("text", ["", "พรุ่งนี้", "31/2/2569", "24 xyz 2569", "24 พ.ย. 1569", "24 พ.ย. ค.ศ. 2569"])
def test_no_day(text: str) -> None:
    """What names no day is None, never a guess."""
    assert parse_date(text) is None


def test_a_wrong_weekday_is_no_date() -> None:
    """A weekday that does not fit its date shows a slip of the pen, so the date is not taken."""
    assert named_date("วันพุธที่ 24 พฤศจิกายน 2569") is None


def test_a_short_year_is_told_apart() -> None:
    """69 may be 2569 or 1969: it is named as such."""
    assert named_date("24 พ.ย. 69") == "short_year"


def test_writing() -> None:
    """Thai readers get the Buddhist year, English readers the common one, both with the weekday."""
    assert thai_date(TUESDAY) == "อ. 24 พ.ย. 2569"
    assert thai_date(TUESDAY, "long") == "วันอังคารที่ 24 พฤศจิกายน 2569"
    assert english_date(TUESDAY) == "Tue 24 Nov 2026"
    assert english_date(TUESDAY, "long") == "Tuesday 24 November 2026"


@given(st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31)))
def test_what_is_written_can_be_read(day: dt.date) -> None:
    """Each written form of each day reads back as that day."""
    for text in (thai_date(day), thai_date(day, "long"), english_date(day), english_date(day, "long")):
        assert parse_date(text) == day


def test_weekdays_and_digits() -> None:
    """Weekdays in both languages have one key, and Thai digits become 0-9 alone."""
    assert [weekday_key(word) for word in ("จันทร์", "พฤ.", "อา.", "วันเสาร์", "Tues", "friday")] == [
        "mon",
        "thu",
        "sun",
        "sat",
        "tue",
        "fri",
    ]
    assert weekday_key("หยุด") is None
    assert arabic("หมู่ ๑๒/๓๔") == "หมู่ 12/34"
