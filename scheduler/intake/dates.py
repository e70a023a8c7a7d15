"""Days, instants, times of day and time windows, in the ways people write them. Pure; what is ambiguous is refused.

A day written in numbers is read day first, as Thai people write it. That reading is refused where the same column
shows that somebody (or Excel) writes the month first: see `Evidence`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from scheduler.intake.problems import Bad, Note, Noted
from scheduler.intake.thai import (
    arabic,
    calendar_date,
    common_era,
    day_month_year,
    named_date,
    year_month_day,
)
from scheduler.intake.values import plain

_ISO = re.compile(r"(20[0-9]{2})-([0-9]{2})-([0-9]{2})")
_SHORT_YEAR = re.compile(r"[0-9]{1,2}([-/.])[0-9]{1,2}(?:\1[0-9]{2})?")
_MIDNIGHT = re.compile(r"[T ]0?0:00(?::00(?:\.0+)?)?$")
_EXCEL_EPOCH = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - Excel's day zero has no zone
_SERIALS = (36_526, 73_051)
"""Excel day numbers of 2000-01-01 and 2100-01-01: a bare number outside is not taken for a date."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a whole column tells about its dates. ``month_first``: some cell has the month first (11/24/2026).

    ``text_beside_dates``: real spreadsheet dates beside text such as 24/11/2026 that the spreadsheet did not
    understand; then it swapped day and month in those it did.
    """

    month_first: bool = False
    day_first: bool = False
    text_beside_dates: bool = False


NO_EVIDENCE = Evidence()


def gather(cells: Iterable[object]) -> Evidence:
    """Look through a whole column once."""
    month_first = day_first = real = False
    for cell in cells:
        if isinstance(cell, str):
            written = _numbers(cell)
            if written:
                first, second, _ = written
                month_first = month_first or (first <= 12 < second)
                day_first = day_first or (second <= 12 < first)
        elif isinstance(cell, dt.date):
            real = True
    return Evidence(month_first, day_first, real and day_first)


def _numbers(cell: str) -> tuple[int, int, int] | None:
    """Day, month and year of a cell that may also hold a time of day."""
    words = arabic(cell[:40]).split()
    return day_month_year(words[0].rstrip(",")) if words and words[0][:1].isdigit() else None


def read_day(raw: object, evidence: Callable[[], Evidence]) -> dt.date | Bad | Noted:
    """A calendar day. Two-digit years, month-first dates and dates without a year are ``date.ambiguous``."""
    if isinstance(raw, str):
        fast = _ISO.fullmatch(raw)
        if fast:
            return _day(int(fast[1]), int(fast[2]), int(fast[3]))
    if isinstance(raw, dt.datetime | dt.date):
        return _real_date(raw.date() if isinstance(raw, dt.datetime) else raw, evidence)
    text = plain(raw)
    if isinstance(text, Bad) or isinstance(raw, bool | dt.time) or len(text) > 60:
        return Bad("date.invalid")
    text = _MIDNIGHT.sub("", " ".join(arabic(text).split()))
    if re.fullmatch(r"[0-9]{5}(?:\.0+)?", text):
        return _serial_day(float(text))
    iso = year_month_day(text)
    if iso:
        return _day(*iso)
    written = day_month_year(text)
    if written:
        return _day_first(*written, evidence)
    if _SHORT_YEAR.fullmatch(text):
        return Bad("date.ambiguous")
    named = named_date(text)
    if named == "short_year":
        return Bad("date.ambiguous")
    return Bad("date.invalid") if named is None or isinstance(named, str) else _sane(named)


def _day(year: int, month: int, day: int) -> dt.date | Bad:
    date = calendar_date(year, month, day)
    return Bad("date.invalid") if date is None else _sane(date)


def _sane(date: dt.date) -> dt.date | Bad:
    return date if 2000 <= date.year < 2100 else Bad("date.invalid")


def _day_first(first: int, second: int, year: int, evidence: Callable[[], Evidence]) -> dt.date | Bad | Noted:
    if first <= 12 < second <= 31:
        return Bad("date.ambiguous")
    date = _day(year, second, first)
    if isinstance(date, Bad) or first > 12 or first == second:
        return date
    column = evidence()
    if column.month_first:
        return Bad("date.ambiguous")
    if column.day_first or year >= 2400:
        return date
    return Noted(date, (Note("date.day_first", used=date.isoformat()),))


def _real_date(date: dt.date, evidence: Callable[[], Evidence]) -> dt.date | Bad:
    if date.day <= 12 and date.day != date.month and evidence().text_beside_dates:
        return Bad("date.ambiguous")
    return _day(date.year, date.month, date.day)


def _serial_day(serial: float) -> dt.date | Bad:
    if not _SERIALS[0] <= serial < _SERIALS[1]:
        return Bad("date.invalid")
    return (_EXCEL_EPOCH + dt.timedelta(days=serial)).date()


# --- instants -----------------------------------------------------------------------------------------------------

_RFC3339 = re.compile(
    r"([0-9]{4})(-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)"
)
_THEN_TIME = re.compile(r"(?P<day>.+?)[\sT,]+(?:เวลา\s*)?(?P<time>[0-9]{1,2}[:.][0-9]{2}(?::[0-9]{2})?(?:\s*น\.?)?)")


def read_instant(raw: object, tz: ZoneInfo, evidence: Callable[[], Evidence]) -> dt.datetime | Bad | Noted:
    """An aware instant: RFC 3339, or day and time in the market's zone. A day alone is noted and gives None."""
    if isinstance(raw, dt.datetime) and raw.time() != dt.time():
        date = _real_date(raw.date(), evidence)
        return date if isinstance(date, Bad) else dt.datetime.combine(date, raw.time(), tz)
    if isinstance(raw, float) and not raw.is_integer():
        if not _SERIALS[0] <= raw < _SERIALS[1]:
            return Bad("instant.invalid")
        return (_EXCEL_EPOCH + dt.timedelta(seconds=round(raw * 86_400))).replace(tzinfo=tz)
    text = plain(raw)
    if isinstance(text, Bad) or len(text) > 60:
        return Bad("instant.invalid")
    text = arabic(text)
    match = _RFC3339.fullmatch(text)
    if match:
        return _rfc3339(int(match[1]), match[2], tz)
    parts = _THEN_TIME.fullmatch(text)
    if parts:
        day = read_day(parts["day"], evidence)
        minutes = read_minutes(parts["time"])
        value = day.value if isinstance(day, Noted) else day
        if isinstance(value, dt.date) and isinstance(minutes, int):
            instant = at_minutes(value, minutes, tz)
            return Noted(instant, day.notes) if isinstance(day, Noted) else instant
        return value if isinstance(value, Bad) and value.code == "date.ambiguous" else Bad("instant.invalid")
    day = read_day(raw, evidence)
    if isinstance(day, Bad):
        return day if day.code == "date.ambiguous" else Bad("instant.invalid")
    return Noted(None, (Note("instant.no_time"),))


def _rfc3339(year: int, rest: str, tz: ZoneInfo) -> dt.datetime | Bad:
    ce = common_era(year)
    if ce is None or not 2000 <= ce < 2100:
        return Bad("instant.invalid")
    try:
        instant = dt.datetime.fromisoformat(f"{ce:04d}{rest}")
    except ValueError:
        return Bad("instant.invalid")
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=tz)


# --- times of day -------------------------------------------------------------------------------------------------

_TIME = r"([0-9]{1,2})(?:\s?[:.]\s?([0-9]{2})(?:[:.][0-9]{2})?)?\s*(am|pm|a\.m\.|p\.m\.)?"
_O_CLOCK = re.compile(r"(?:\s*(?:น\.?|นาฬิกา|hrs?\.?|h))+(?=$|\s*[-–—~]|\s*(?:ถึง|to))", re.IGNORECASE)
_ONE = re.compile(_TIME, re.IGNORECASE)
_RANGE = re.compile(_TIME + r"\s*(?:-|–|—|~|ถึง|จนถึง|to|until)\s*" + _TIME, re.IGNORECASE)
_MILITARY = re.compile(r"([01][0-9]|2[0-4])([0-5][0-9])")
_MILITARY_RANGE = re.compile(r"([0-9]{4})\s*[-–]\s*([0-9]{4})")

Moment = int | dt.datetime
"""Minutes after midnight, or an instant."""


def read_minutes(raw: object) -> int | Bad:
    """A time of day as minutes after midnight, 0..1440. Words such as บ่ายโมง are not guessed."""
    if isinstance(raw, dt.datetime):
        raw = raw.time()
    if isinstance(raw, dt.time):
        return raw.hour * 60 + raw.minute
    if isinstance(raw, dt.timedelta):
        minutes = round(raw.total_seconds() / 60)
        return minutes if 0 <= minutes <= 1440 else Bad("time.invalid")
    if isinstance(raw, float) and not raw.is_integer():
        # Between 0 and 1 it is Excel's part of a day. 11.3 was typed as 11.30 or 11.03: nobody can tell.
        return round(raw * 1440) if 0 < raw < 1 else Bad("time.invalid")
    text = plain(raw)
    if isinstance(text, Bad) or isinstance(raw, bool) or len(text) > 30:
        return Bad("time.invalid")
    text = _O_CLOCK.sub("", arabic(text)).strip()
    military = _MILITARY.fullmatch(text)
    if military:
        return _minutes(military[1], military[2], None)
    match = _ONE.fullmatch(text)
    return _minutes(*match.groups()) if match else Bad("time.invalid")


def _minutes(hour: str, minute: str | None, half: str | None) -> int | Bad:
    hours, minutes = int(hour), int(minute or 0)
    if half:
        if not 1 <= hours <= 12:
            return Bad("time.invalid")
        hours = hours % 12 + (12 if half[0] in "pP" else 0)
    total = hours * 60 + minutes
    return total if minutes < 60 and total <= 1440 else Bad("time.invalid")


def read_time(raw: object) -> dt.time | Bad:
    """A time of day; 24:00 is not one."""
    minutes = read_minutes(raw)
    if isinstance(minutes, Bad):
        return minutes
    return Bad("time.invalid") if minutes == 1440 else dt.time(minutes // 60, minutes % 60)


def window_reader(tz: ZoneInfo) -> Callable[[object], tuple[Moment, Moment | None] | Bad]:
    """A reader of ``11.00-13.00 น.``, or of one end of a window: a time of day or an RFC 3339 instant."""

    def read(raw: object) -> tuple[Moment, Moment | None] | Bad:
        if isinstance(raw, list | tuple):
            ends = [read(end) for end in raw] if len(raw) == 2 and not any(isinstance(e, list) for e in raw) else []
            if len(ends) != 2 or any(isinstance(end, Bad) or end[1] is not None for end in ends):
                return Bad("window.invalid")
            return ends[0][0], ends[1][0]  # type: ignore[index]
        if isinstance(raw, str) and len(raw) <= 60:
            text = _O_CLOCK.sub("", arabic(raw.strip()))
            match = _RANGE.fullmatch(text.strip())
            military = _MILITARY_RANGE.fullmatch(text.strip())
            if match or military:
                if military:
                    start, end = read_minutes(military[1]), read_minutes(military[2])
                elif match:
                    start, end = _minutes(*match.groups()[:3]), _minutes(*match.groups()[3:])
                if isinstance(start, Bad) or isinstance(end, Bad):
                    return Bad("window.invalid")
                return start, end
            stamp = _RFC3339.fullmatch(text)
            if stamp:
                instant = _rfc3339(int(stamp[1]), stamp[2], tz)
                return Bad("window.invalid") if isinstance(instant, Bad) else (instant, None)
        minutes = read_minutes(raw)
        return Bad("window.invalid") if isinstance(minutes, Bad) else (minutes, None)

    return read


def at_minutes(date: dt.date, minutes: int, tz: ZoneInfo) -> dt.datetime:
    """`minutes` after midnight of `date`; 1440 is the next midnight."""
    days, rest = divmod(minutes, 1440)
    return dt.datetime.combine(date + dt.timedelta(days=days), dt.time(rest // 60, rest % 60), tz)
