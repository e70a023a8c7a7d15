"""Thai digits and Buddhist-era dates: how Thai people write a day, and how a day is written for them.

Knows words and calendars; knows no columns, files or clocks. Years from 2400 on are Buddhist (CE + 543).
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Literal

BE = 543

_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")

MONTHS = [
    "มกราคม",
    "กุมภาพันธ์",
    "มีนาคม",
    "เมษายน",
    "พฤษภาคม",
    "มิถุนายน",
    "กรกฎาคม",
    "สิงหาคม",
    "กันยายน",
    "ตุลาคม",
    "พฤศจิกายน",
    "ธันวาคม",
]
SHORT_MONTHS = ["ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.", "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค."]
ENGLISH_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
WEEKDAYS = ["จันทร์", "อังคาร", "พุธ", "พฤหัสบดี", "ศุกร์", "เสาร์", "อาทิตย์"]
SHORT_WEEKDAYS = ["จ.", "อ.", "พ.", "พฤ.", "ศ.", "ส.", "อา."]
ENGLISH_WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
WEEKDAY_KEYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _bare(word: str) -> str:
    return word.replace(".", "").replace(" ", "").casefold()


_MONTH_NUMBER = {
    _bare(name): number
    for names in (MONTHS, SHORT_MONTHS, ENGLISH_MONTHS, [name[:3] for name in ENGLISH_MONTHS])
    for number, name in enumerate(names, start=1)
} | {"sept": 9, "มกรา": 1, "กุมภา": 2, "มีนา": 3, "เมษา": 4, "พฤษภา": 5, "มิถุนา": 6, "กรกฎา": 7, "กรกฏาคม": 7,
     "สิงหา": 8, "กันยา": 9, "ตุลา": 10, "พฤศจิกา": 11, "ธันวา": 12}  # fmt: skip
_WEEKDAY_NUMBER = {
    _bare(name): number
    for names in (
        WEEKDAYS,
        ["วัน" + name for name in WEEKDAYS],
        SHORT_WEEKDAYS,
        ENGLISH_WEEKDAYS,
        WEEKDAY_KEYS,
    )
    for number, name in enumerate(names)
} | {"พฤหัส": 3, "วันพฤหัส": 3, "tues": 1, "weds": 2, "thur": 3, "thurs": 3}

_NAMED = re.compile(
    r"(?:(?P<weekday>[^\W\d_][^\s\d,]*)(?:ที่)?[\s,]+|วันที่\s*)?"
    r"(?:(?P<day>[0-9]{1,2})[\s/.-]*(?P<month>[^\W\d_][^\s\d/,-]*?(?:\s?[^\s\d/,-]+?)?)"
    r"|(?P<month_first>[A-Za-z]+)\.?\s+(?P<day_after>[0-9]{1,2}),?)"
    r"[\s/,-]*(?P<era>พ\.?\s?ศ\.?|ค\.?\s?ศ\.?|B\.?E\.?|A\.?D\.?|C\.?E\.?)?\s*(?P<year>[0-9]{2,4})"
)


_YEAR_FIRST = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})|([0-9]{4})([0-9]{2})([0-9]{2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})\s?([-/.])\s?([0-9]{1,2})\s?\2\s?([0-9]{4})")


def arabic(text: str) -> str:
    """The same text with Thai digits as 0-9."""
    return text if text.isascii() else text.translate(_DIGITS)


def common_era(year: int) -> int | None:
    """A written year as a CE year: 2569 and 2026 are both clear; anything outside both ranges is neither."""
    if 2400 <= year <= 2700:
        return year - BE
    return year if 1900 <= year <= 2200 else None


def weekday_key(word: str) -> str | None:
    """``mon`` .. ``sun`` for a weekday in Thai or English, short or long."""
    number = _WEEKDAY_NUMBER.get(_bare(word))
    return None if number is None else WEEKDAY_KEYS[number]


def day_month_year(text: str) -> tuple[int, int, int] | None:
    """The three numbers of ``24/11/2569`` as written; whether the day really comes first is the caller's question."""
    match = _YEAR_LAST.fullmatch(text)
    return (int(match[1]), int(match[3]), int(match[4])) if match else None


def year_month_day(text: str) -> tuple[int, int, int] | None:
    """The three numbers of ``2026-11-24``, ``2569/11/24`` or ``20261124``."""
    match = _YEAR_FIRST.fullmatch(text)
    if match is None:
        return None
    return (int(match[1] or match[5]), int(match[3] or match[6]), int(match[4] or match[7]))


def calendar_date(year: int, month: int, day: int) -> dt.date | None:
    """The day, with the year in either era."""
    ce = common_era(year)
    try:
        return None if ce is None else dt.date(ce, month, day)
    except ValueError:
        return None


def parse_date(text: str) -> dt.date | None:
    """One date typed by a person who knows that the day comes first: ISO, ``24/11/2569``, ``24 พ.ย. 2569``."""
    text = " ".join(arabic(text[:60]).split())
    iso = year_month_day(text)
    if iso is not None:
        return calendar_date(*iso)
    written = day_month_year(text)
    if written is not None:
        day, month, year = written
        return calendar_date(year, month, day)
    named = named_date(text)
    return named if isinstance(named, dt.date) else None


def named_date(text: str) -> dt.date | Literal["short_year"] | None:
    """A date whose month is a word: ``24 พ.ย. 2569``, ``วันอังคารที่ 24 พฤศจิกายน พ.ศ. 2569``, ``24 Nov 2026``.

    ``short_year`` where the year has fewer than four digits: 69 may be 2569 and 26 may be 2026, so neither is read.
    """
    match = _NAMED.fullmatch(text)
    if match is None:
        return None
    month = _MONTH_NUMBER.get(_bare(match["month"] or match["month_first"]))
    if month is None:
        return None
    if len(match["year"]) < 4:
        return "short_year"
    written = int(match["year"])
    era = _bare(match["era"] or "")
    if (era in ("พศ", "be") and written < 2400) or (era in ("คศ", "ad", "ce") and written >= 2400):
        return None
    date = calendar_date(written, month, int(match["day"] or match["day_after"]))
    if date is not None and match["weekday"] and match["weekday"] not in ("วันที่", "วัน"):
        stated = _WEEKDAY_NUMBER.get(_bare(match["weekday"].removesuffix("ที่")))
        if stated != date.weekday():
            return None
    return date


def thai_date(date: dt.date, style: Literal["short", "long"] = "short") -> str:
    """``อ. 24 พ.ย. 2569``, or long: ``วันอังคารที่ 24 พฤศจิกายน 2569``."""
    if style == "long":
        return f"วัน{WEEKDAYS[date.weekday()]}ที่ {date.day} {MONTHS[date.month - 1]} {date.year + BE}"
    return f"{SHORT_WEEKDAYS[date.weekday()]} {date.day} {SHORT_MONTHS[date.month - 1]} {date.year + BE}"


def english_date(date: dt.date, style: Literal["short", "long"] = "short") -> str:
    """``Tue 24 Nov 2026``, or long: ``Tuesday 24 November 2026``. Never follows the machine's locale."""
    weekday, month = ENGLISH_WEEKDAYS[date.weekday()], ENGLISH_MONTHS[date.month - 1]
    if style == "long":
        return f"{weekday} {date.day} {month} {date.year}"
    return f"{weekday[:3]} {date.day} {month[:3]} {date.year}"
