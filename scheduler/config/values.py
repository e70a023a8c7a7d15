"""The kinds of value a configuration is written in: each reads plain text and yields a typed Python value.

Every scalar arrives as text, so ``12:30`` and ``0812345678`` need no quotes. A reader that refuses raises
`PydanticCustomError` with a code of `wording`. Knows nothing of keys or of the file.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from scheduler.config.wording import nearest

Language = Literal["th", "en"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_RANGE = re.compile(r"\s*([\d:]+)\s*[-–]\s*([\d:]+)\s*")
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_BUDDHIST_YEARS = 543


class Section(BaseModel):
    """A group of keys. Unknown keys are refused, values never change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, str_strip_whitespace=True)


def refused(code: str, **facts: object) -> PydanticCustomError:
    """A refusal to raise; its words are in `wording`."""
    return PydanticCustomError(code, "refused", facts)


def _text(value: object, code: str) -> str:
    if value is None:
        raise refused("value.empty")
    if not isinstance(value, str):
        raise refused(code, value="…")
    return value.strip()


# --- names --------------------------------------------------------------------------------------------------------


def _id(value: object) -> str:
    text = _text(value, "value.text")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,39}", text):
        raise refused("id.format", value=text)
    return text


def _tambon(value: object) -> str:
    text = _text(value, "tambon.format")
    if not re.fullmatch(r"[1-9][0-9]{5}", text):
        raise refused("tambon.format", value=text)
    return text


Id = Annotated[str, PlainValidator(_id), WithJsonSchema({"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_-]{0,39}$"})]
Tambon = Annotated[
    str,
    PlainValidator(_tambon),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 100_000, "maximum": 999_999},
                {"type": "string", "pattern": "^[1-9][0-9]{5}$"},
            ]
        }
    ),
]


def _one_line(value: str) -> str:
    if len(value.splitlines()) > 1:
        raise refused("value.lines", value=value)
    return value


Name = Annotated[str, StringConstraints(min_length=1, max_length=80), AfterValidator(_one_line)]


class Text(Section):
    """A name in both languages; English falls back on Thai."""

    th: Name
    en: Name | None = None

    @model_validator(mode="before")
    @classmethod
    def _not_bare(cls, value: object) -> object:
        if isinstance(value, str) and value.strip():
            raise refused("value.languages", value=value.strip())
        return value

    def in_(self, language: str) -> str:
        return self.en if language == "en" and self.en else self.th


# --- time ---------------------------------------------------------------------------------------------------------


def _time(value: object) -> dt.time:
    text = _text(value, "time.format")
    found = _TIME.fullmatch(text)
    if not found:
        raise refused("time.format", value=text)
    return dt.time(int(found[1]), int(found[2]))


_TIME_SCHEMA = {"type": "string", "pattern": "^([01]?[0-9]|2[0-3]):[0-5][0-9]$"}
Time = Annotated[dt.time, PlainValidator(_time), WithJsonSchema(_TIME_SCHEMA)]


@dataclass(frozen=True, slots=True)
class TimeRange:
    """From ``start`` to ``end`` of one day, or over midnight where ``end`` comes first."""

    start: dt.time
    end: dt.time

    def on(self, date: dt.date, tz: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
        """The two instants of the range that begins on `date`."""
        last = date if self.end > self.start else date + dt.timedelta(days=1)
        return dt.datetime.combine(date, self.start, tz), dt.datetime.combine(last, self.end, tz)

    def contains(self, time: dt.time) -> bool:
        """Whether `time` lies in the range; the start does, the end does not."""
        if self.start < self.end:
            return self.start <= time < self.end
        return time >= self.start or time < self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


def _range(value: object) -> TimeRange:
    text = _text(value, "range.format")
    found = _RANGE.fullmatch(text)
    ends = [_TIME.fullmatch(end) for end in found.groups()] if found else []
    if not ends or not all(ends):
        raise refused("range.format", value=text)
    start, end = (dt.time(int(part[1]), int(part[2])) for part in ends if part)
    if start == end:
        raise refused("range.backwards", value=text)
    return TimeRange(start, end)


def _day_range(value: object) -> TimeRange:
    span = _range(value)
    if span.end < span.start:
        raise refused("range.backwards", value=span)
    return span


_RANGE_SCHEMA = {
    "type": "string",
    "pattern": "^([01]?[0-9]|2[0-3]):[0-5][0-9] ?[-–] ?([01]?[0-9]|2[0-3]):[0-5][0-9]$",
}
DayRange = Annotated[TimeRange, PlainValidator(_day_range), WithJsonSchema(_RANGE_SCHEMA)]
NightRange = Annotated[TimeRange, PlainValidator(_range), WithJsonSchema(_RANGE_SCHEMA)]


class Moment(Section):
    """A time of day, so many days before the service date."""

    days_before: Annotated[int, Field(ge=0, le=14)] = 0
    time: Time

    def at(self, date: dt.date, tz: ZoneInfo) -> dt.datetime:
        """The instant it means for the service date `date`."""
        return dt.datetime.combine(date - dt.timedelta(days=self.days_before), self.time, tz)

    @property
    def order(self) -> tuple[int, dt.time]:
        """Sorts moments of one service date by time."""
        return (-self.days_before, self.time)


def _date(value: object) -> dt.date:
    text = _text(value, "date.format")
    found = _DATE.fullmatch(text)
    try:
        year, month, day = (int(part) for part in found.groups()) if found else (0, 0, 0)
        if year > 2400:
            right = dt.date(year - _BUDDHIST_YEARS, month, day)
            raise refused("date.buddhist", value=text, right=right)
        return dt.date(year, month, day)
    except PydanticCustomError:
        raise
    except ValueError:
        raise refused("date.format", value=text) from None


_DATE_SCHEMA = {
    "type": "string",
    "format": "date",
    "pattern": "^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
}
Date = Annotated[dt.date, PlainValidator(_date), WithJsonSchema(_DATE_SCHEMA)]


def _send_at(value: object) -> Literal["dispatch", "approval"] | dt.time:
    text = _text(value, "send.format")
    if text == "dispatch":
        return "dispatch"
    if text == "approval":
        return "approval"
    if not _TIME.fullmatch(text):
        raise refused("send.format", value=text)
    return _time(text)


SendAt = Annotated[
    Literal["dispatch", "approval"] | dt.time,
    PlainValidator(_send_at),
    WithJsonSchema({"anyOf": [{"enum": ["dispatch", "approval"]}, _TIME_SCHEMA]}),
]


def _time_zone(value: object) -> ZoneInfo:
    text = _text(value, "value.text")
    try:
        return ZoneInfo(text)
    except (OSError, ValueError, LookupError):
        from zoneinfo import available_timezones

        raise refused("time_zone.unknown", value=text, **_zone_meant(text, sorted(available_timezones()))) from None


def _zone_meant(text: str, known: list[str]) -> dict[str, str]:
    meant = nearest(text, known)
    listed = meant["meant_en"].startswith("write")
    return {"meant_th": "เขียน Asia/Bangkok", "meant_en": "write Asia/Bangkok"} if listed else meant


TimeZone = Annotated[
    ZoneInfo, PlainValidator(_time_zone), WithJsonSchema({"type": "string", "examples": ["Asia/Bangkok"]})
]


# --- amounts ------------------------------------------------------------------------------------------------------

_NUMBER: dict[str, Any] = {"type": "number", "minimum": 0}
Baht = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=2), WithJsonSchema(_NUMBER)]
Kilograms = Annotated[Decimal, Field(gt=0, le=100_000, decimal_places=3), WithJsonSchema(_NUMBER)]
Litres = Annotated[Decimal, Field(gt=0, le=1_000_000, decimal_places=3), WithJsonSchema(_NUMBER)]
Minutes = Annotated[float, Field(ge=0, le=1440)]
Days = Annotated[int, Field(ge=1, le=3650)]


def thousandths(amount: Decimal) -> int:
    """Kilograms to grams, litres to millilitres."""
    return int(amount * 1000)


def satang(baht: Decimal) -> int:
    return int(baht * 100)


# --- addresses ----------------------------------------------------------------------------------------------------


def _url(value: str) -> str:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(value)
        port_ok = parts.port is None or parts.port > 0
    except ValueError:
        raise refused("url.format", value=value) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_ok or re.search(r"\s", value):
        raise refused("url.format", value=value)
    if value.endswith("/"):
        raise refused("url.slash", right=value.rstrip("/"))
    return value


Url = Annotated[str, AfterValidator(_url), WithJsonSchema({"type": "string", "pattern": "^https?://.*[^/]$"})]
