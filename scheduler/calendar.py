"""On which days the market, a zone and a seller are open. Knows dates, nothing of waves, cut-offs or orders.

Public holidays, substitution days included, come from the ``holidays`` package for the calendar's country. A date the
calendar lists as ``open`` is open whatever else says; a zone still delivers on its own weekdays only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from scheduler.config import Config
from scheduler.config.models import Zone
from scheduler.config.values import WEEKDAYS
from storage.records import SellerDetails

if TYPE_CHECKING:
    from holidays import HolidayBase

RulesOf = Callable[[dt.date], "tuple[Config, MarketCalendar]"]
"""The config and calendar by which the waves of a day are closed."""
_LANGUAGES = {"th": "th", "en": "en_US"}


class MarketCalendar:
    """The calendar of one configuration."""

    def __init__(self, config: Config) -> None:
        self._calendar, self._zones = config.calendar, config.zones
        self._closed, self._open = frozenset(config.calendar.closed), frozenset(config.calendar.open)
        self._holidays: dict[str, HolidayBase] = {}

    def is_open(self, date: dt.date, zone: Zone | None = None) -> bool:
        """Whether the market delivers on `date`, or to `zone` on it."""
        return self.why_closed(date, zone) is None

    def why_closed(self, date: dt.date, zone: Zone | None = None) -> Literal["market_closed"] | None:
        """The reason code of a closed day, None for an open one."""
        if zone is not None and WEEKDAYS[date.weekday()] not in zone.days:
            return "market_closed"
        if date in self._open:
            return None
        if date in self._closed:
            return "market_closed"
        if self._calendar.public_holidays == "closed" and self.holiday_name(date, "en") is not None:
            return "market_closed"
        return None

    def has_wave(self, date: dt.date, wave: str) -> bool:
        """Whether there is a zone that this wave delivers to on `date`; a Sunday off has none."""
        return any(wave in zone.waves and self.is_open(date, zone) for zone in self._zones)

    def seller_open(self, seller: SellerDetails, date: dt.date) -> bool:
        """Whether `seller` sells on `date`, by the closed weekdays and dates they gave."""
        return WEEKDAYS[date.weekday()] not in seller.closed_days and date.isoformat() not in seller.closed_days

    def holiday_name(self, date: dt.date, language: str) -> str | None:
        """What public holiday `date` is, in Thai or English; None on a plain day."""
        if language not in self._holidays:
            self._holidays[language] = self._load(language)
        return self._holidays[language].get(date)

    def _load(self, language: str) -> HolidayBase:
        """The country's holidays in `language` where the package has it, else in the country's own."""
        from holidays import country_holidays, list_localized_countries

        wanted = _LANGUAGES.get(language, language)
        known = list_localized_countries().get(self._calendar.country, [])
        return country_holidays(self._calendar.country, language=wanted if wanted in known else None)
