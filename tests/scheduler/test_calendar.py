"""Open days of the market, its zones and its sellers."""

import datetime as dt

import pytest

from scheduler.calendar import MarketCalendar
from scheduler.config import parse
from storage.records import SellerDetails

MARKET = """\
market: {{id: m, name: {{th: ตลาด}}, time_zone: Asia/Bangkok}}
calendar: {calendar}
hubs: [{{id: h, name: {{th: จุด}}, location: [99.3, 9.1]}}]
communities: [{{id: c, name: {{th: ชุมชน}}, hub: h}}]
zones:
  - id: z
    name: {{th: โซน}}
    community: c
    days: [mon, tue, wed, thu, fri, sat]
    polygon: [[99.3, 9.1], [99.4, 9.1], [99.4, 9.2]]
waves:
  - id: w
    cut_off: {{time: 06:00}}
    approve_by: {{time: 07:00}}
    dispatch: {{time: 08:00}}
    pickup: 09:00-10:00
    deliver: 10:00-11:00
vehicles: [{{id: v, weight_kg: 1, volume_l: 1}}]
"""

TUESDAY, SUNDAY = dt.date(2026, 11, 24), dt.date(2026, 11, 22)
MAKHA_BUCHA_SUBSTITUTE = dt.date(2027, 2, 22)


def _calendar(calendar: str = "{}") -> MarketCalendar:
    return MarketCalendar(parse(MARKET.format(calendar=calendar)))


def test_a_plain_day_is_open() -> None:
    """Nothing said, nothing closed."""
    assert _calendar().is_open(TUESDAY)
    assert _calendar().why_closed(TUESDAY) is None


def test_listed_dates_are_closed_and_open_wins() -> None:
    """A closed date is closed, unless it is listed as open too."""
    assert _calendar("{closed: [2026-11-24]}").why_closed(TUESDAY) == "market_closed"
    assert _calendar("{closed: [2026-11-24], open: [2026-11-24]}").is_open(TUESDAY)


def test_a_wave_is_there_where_a_zone_is_delivered_to() -> None:
    """On a day that every zone has off, on a closed date, or where no zone is in it, there is none."""
    calendar = _calendar("{closed: [2026-11-25]}")
    assert calendar.has_wave(TUESDAY, "w")
    assert not calendar.has_wave(SUNDAY, "w")
    assert not calendar.has_wave(dt.date(2026, 11, 25), "w")
    assert not calendar.has_wave(TUESDAY, "another")
    assert _calendar("{closed: [2026-11-22], open: [2026-11-24]}").has_wave(TUESDAY, "w")


@pytest.mark.parametrize("date", [dt.date(2026, 4, 13), dt.date(2026, 12, 7), MAKHA_BUCHA_SUBSTITUTE])
def test_public_holidays_and_their_substitutes(date: dt.date) -> None:
    """Closed only where the market says so; a substitution day counts as the holiday it stands for."""
    assert _calendar("{public_holidays: open}").is_open(date)
    assert not _calendar("{public_holidays: closed}").is_open(date)
    assert _calendar(f"{{public_holidays: closed, open: [{date}]}}").is_open(date)


def test_a_holiday_has_a_name_in_both_languages() -> None:
    """Thai and English, substitution days included; a plain day has none."""
    calendar = _calendar()
    assert calendar.holiday_name(MAKHA_BUCHA_SUBSTITUTE, "th") == "ชดเชยวันมาฆบูชา"
    assert calendar.holiday_name(MAKHA_BUCHA_SUBSTITUTE, "en") == "Makha Bucha (in lieu)"
    assert calendar.holiday_name(TUESDAY, "th") is None


def test_another_country_has_its_own_holidays() -> None:
    """The calendar follows its country; a language the country lacks falls back on its own."""
    calendar = MarketCalendar(
        parse(
            MARKET.format(calendar="{country: LI, public_holidays: closed}")
            .replace("99.", "9.")
            .replace("9.3, 9.1", "9.5, 47.1")
        )
    )
    assert not calendar.is_open(dt.date(2026, 8, 15))
    assert calendar.holiday_name(dt.date(2026, 8, 15), "th")


def test_a_zone_delivers_on_its_own_weekdays() -> None:
    """A specially opened Sunday opens the market, not the zone that never rides on Sundays."""
    config = parse(MARKET.format(calendar=f"{{open: [{SUNDAY}]}}"))
    calendar = MarketCalendar(config)
    assert calendar.is_open(SUNDAY)
    assert calendar.why_closed(SUNDAY, config.zone("z")) == "market_closed"
    assert calendar.is_open(TUESDAY, config.zone("z"))


def test_a_seller_closes_by_weekday_and_by_date() -> None:
    """Both forms a seller may give are kept."""
    seller = SellerDetails(shop_name="ป้าแดง", closed_days=("sun", "2026-11-24"))
    calendar = _calendar()
    assert not calendar.seller_open(seller, SUNDAY)
    assert not calendar.seller_open(seller, TUESDAY)
    assert calendar.seller_open(seller, dt.date(2026, 11, 25))
