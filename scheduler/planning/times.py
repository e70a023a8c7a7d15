"""Instants and solver seconds. Knows no order."""

from __future__ import annotations

import datetime as dt

Span = tuple[dt.datetime, dt.datetime]


def seconds(instant: dt.datetime, date: dt.date, tz: dt.tzinfo) -> int:
    """Seconds from 00:00 local of `date` to `instant`; rounded to the second."""
    midnight = dt.datetime.combine(date, dt.time.min, tz)
    return round((instant.astimezone(dt.UTC) - midnight.astimezone(dt.UTC)).total_seconds())


def instant(second: int, date: dt.date, tz: dt.tzinfo) -> dt.datetime:
    """The instant `second` seconds after 00:00 local of `date`."""
    midnight = dt.datetime.combine(date, dt.time.min, tz)
    return (midnight.astimezone(dt.UTC) + dt.timedelta(seconds=second)).astimezone(tz)
