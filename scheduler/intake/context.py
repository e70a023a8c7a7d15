"""What reading a file needs to know about the market. Made by the application; knows no files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from storage.records import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeContext:
    """``now`` is the market's clock; ``reference`` (lon, lat) is the place short Plus Codes are meant near.

    ``tambons`` maps names and codes to codes, ``vehicles`` words to vehicle kinds. ``known_sellers``,
    ``known_zones`` None: not checked.
    """

    now: dt.datetime
    time_zone: ZoneInfo
    reference: Location
    tambons: Mapping[str, str] = field(default_factory=dict)
    vehicles: Mapping[str, str] = field(default_factory=dict)
    known_sellers: frozenset[str] | None = None
    known_zones: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("now must carry a time zone")

    @property
    def today(self) -> dt.date:
        return self.now.astimezone(self.time_zone).date()
