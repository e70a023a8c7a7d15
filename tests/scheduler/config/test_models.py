"""What the values of a configuration mean: moments, ranges, amounts, names, defaults, lookups."""

import datetime as dt
import pickle
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from scheduler.config import Config, Moment, Text, TimeRange, load, parse
from scheduler.config.channels import LineSettings, TelegramSettings

BANGKOK = ZoneInfo("Asia/Bangkok")
DAY = dt.date(2026, 11, 24)


@pytest.fixture
def config(sample: str) -> Config:
    return parse(sample)


def test_a_minimal_file_gets_sensible_defaults(minimal: str) -> None:
    """Market, hubs, communities, zones, waves and vehicles are enough; the rest is the everyday choice."""
    config = parse(minimal)
    assert config.version == 1
    assert config.market.time_zone == BANGKOK
    assert (config.calendar.country, config.calendar.public_holidays) == ("TH", "open")
    assert list(config.channels) == ["console"]
    assert config.messages.map_link_stops == 9
    assert config.messages.quiet_hours is None
    assert config.texts is None
    assert config.zone("talat").waves == ("midday",)
    assert config.zone("talat").days == ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    assert (config.travel.provider, config.travel.seconds_per_leg) == ("straight", 60)
    assert (config.approval.mode, config.approval.at_deadline) == ("manual", "hold")
    assert config.wave("midday").label.in_("th") == "midday"


def test_an_empty_section_means_its_defaults(minimal: str) -> None:
    """A heading whose lines are all commented out is the same as none."""
    assert parse(minimal + "calendar:\nmessages:  # none yet\nbarriers:\nchannels: {console: }\n").channels.keys() == {
        "console"
    }


def test_a_moment_is_an_instant_of_a_service_date() -> None:
    """The evening before, in the market's own time."""
    moment = Moment(days_before=1, time="18:00")
    assert moment.at(DAY, BANGKOK).isoformat() == "2026-11-23T18:00:00+07:00"


def test_a_range_is_two_instants() -> None:
    """Within one day, or over midnight where the end comes first."""
    day, night = TimeRange(dt.time(11), dt.time(13)), TimeRange(dt.time(20, 30), dt.time(6, 30))
    assert [moment.isoformat() for moment in day.on(DAY, BANGKOK)] == [
        "2026-11-24T11:00:00+07:00",
        "2026-11-24T13:00:00+07:00",
    ]
    assert night.on(DAY, BANGKOK)[1].isoformat() == "2026-11-25T06:30:00+07:00"
    assert [day.contains(dt.time(hour)) for hour in (10, 11, 12, 13)] == [False, True, True, False]
    assert [night.contains(dt.time(hour)) for hour in (6, 7, 20, 21)] == [True, False, False, True]
    assert str(night) == "20:30-06:30"


def test_amounts_come_in_the_smallest_unit(config: Config) -> None:
    """Kilograms are grams, litres millilitres, baht satang, minutes seconds: all whole numbers."""
    saleng = config.vehicle("saleng")
    assert saleng is not None
    assert (saleng.weight_g, saleng.volume_ml) == (120_000, 500_000)
    assert (saleng.cost.per_use_satang, saleng.cost.per_hour_satang, saleng.cost.per_km_satang) == (3000, 6000, 300)
    assert config.zone("talat").fee_satang == 2000
    assert config.service_minutes.pickup_seconds == 300
    assert config.hub("bandon").capacity is not None


def test_fractions_are_exact(minimal: str) -> None:
    """Decimal amounts lose nothing: 0.29 baht is 29 satang, 1.005 kg is 1005 g."""
    config = parse(minimal.replace("weight_kg: 25,", "weight_kg: 1.005, cost: {per_km_baht: 0.29},"))
    assert (config.vehicles[0].weight_g, config.vehicles[0].cost.per_km_satang) == (1005, 29)


@pytest.mark.parametrize("word", ["saleng", "salaeng", "ซาเล้ง", " SALAENG "])
def test_a_vehicle_goes_by_many_words(word: str, config: Config) -> None:
    """What people write in their files finds the kind of vehicle."""
    kind = config.vehicle(word)
    assert kind is not None
    assert kind.id == "saleng"
    assert config.vehicle("เรือดำน้ำ") is None


def test_a_name_falls_back_on_thai() -> None:
    """English where it is given, Thai elsewhere."""
    assert Text(th="ตลาด", en="Market").in_("en") == "Market"
    assert Text(th="ตลาด").in_("en") == "ตลาด"
    assert Text(th="ตลาด", en="Market").in_("th") == "ตลาด"


def test_channels_carry_the_settings_of_their_service(minimal: str) -> None:
    """A channel is on exactly when its key is there; an empty one has its service's defaults."""
    config = parse(minimal + "channels:\n  line: {prefer: yes}\n  telegram:\n")
    line, telegram = config.channels["line"], config.channels["telegram"]
    assert isinstance(line, LineSettings)
    assert line.prefer is True
    assert line.data_base == "https://api-data.line.me"
    assert isinstance(telegram, TelegramSettings)
    assert telegram.updates == "webhook"
    assert "console" not in config.channels


def test_text_is_never_mistaken(minimal: str) -> None:
    """Times, phone-like numbers, yes and dates stay what they are written as; quotes change nothing."""
    config = parse(minimal.replace("th: ตลาดสิริสุข", "th: 0812345678").replace("time: 08:00", 'time: "8:00"'))
    assert config.market.name.th == "0812345678"
    assert config.wave("midday").dispatch.time == dt.time(8)
    assert parse(minimal.replace("th: ตลาดสิริสุข", "th: 12:30, en: no")).market.name.in_("en") == "no"


def test_a_config_never_changes_and_travels(config: Config) -> None:
    """It is frozen, and a worker process gets the same from a pickle."""
    with pytest.raises(ValidationError):
        config.market.id = "other"  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(config)) == config  # noqa: S301 - our own bytes


def test_where_the_file_is_comes_from_the_environment(tmp_path_factory: pytest.TempPathFactory, minimal: str) -> None:
    """`SONGSUK_CONFIG` names the file where no path is given."""
    path = tmp_path_factory.mktemp("market") / "my.yaml"
    path.write_text(minimal, encoding="utf-8")
    assert load(environ={"SONGSUK_CONFIG": str(path)}) == parse(minimal)


def test_other_countries_have_no_box(minimal: str) -> None:
    """Outside Thailand only impossible coordinates are refused."""
    text = minimal.replace("[99.3257, 9.1463]", "[9.52, 47.14]") + "calendar: {country: LI}\n"
    assert parse(text).hub("bandon").location == (9.52, 47.14)


def test_overlap_is_fine_where_priorities_differ(minimal: str) -> None:
    """Meant overlaps say so by their priority."""
    second = (
        "  - {id: two, name: {th: สอง}, community: sirisuk, priority: 5, "
        "polygon: [[99.33, 9.14], [99.36, 9.14], [99.36, 9.16]]}\nwaves:\n"
    )
    assert [zone.priority for zone in parse(minimal.replace("waves:\n", second)).zones] == [0, 5]
