"""The travel times of a plan: those the config asks for, or straight lines, and what is said about it."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest

from routing.model import Settings as Effort
from routing.travel import Unavailable, Why
from scheduler.calibrating import calibrated, context_of
from scheduler.config import Config
from scheduler.intake.rounds import read_rounds
from scheduler.planning import travel
from scheduler.planning.answers import solve_area
from scheduler.planning.problems import AreaProblem
from scheduler.planning.travel import OffRoad, Source, area_of, document, off_road, ways_of

ConfigOf = Callable[..., Config]
NOWHERE = "http://127.0.0.1:9"
STRAIGHT = "provider: straight, "
NEAR, FAR = (99.3257, 9.1463), (99.2860, 9.1500)


def test_straight_lines_are_an_estimate_with_a_range(config: Config) -> None:
    """What the config says of them stands in the plan."""
    ways = ways_of(config).between([NEAR, FAR], ["motorcycle"])
    found = document([travel.source_of(ways, [], [])], "straight")
    assert found == {"provider": "straight", "estimate": True, "range": [0.75, 1.6]}


def test_a_server_that_is_down_makes_a_plan_of_straight_lines(market_config: ConfigOf) -> None:
    """The same times as straight lines with the river, and in the plan who did not answer and why."""
    config = market_config((STRAIGHT, f"provider: osrm, url: '{NOWHERE}', "))
    ways = pickle.loads(pickle.dumps(ways_of(config)))  # noqa: S301 - as a worker gets it
    found = ways.between([NEAR, FAR], ["motorcycle"])
    plain = ways_of(market_config()).between([NEAR, FAR], ["motorcycle"])
    assert (found.matrices["motorcycle"].durations == plain.matrices["motorcycle"].durations).all()
    told = document([travel.source_of(found, [], [])], "osrm")
    assert (told["provider"], told["estimate"], told["instead_of"]) == ("straight", True, "osrm")
    assert told["reason"]["code"] == "down"
    assert set(told["reason"]["message"]) == {"th", "en"}


def test_every_reason_has_its_words() -> None:
    """Whatever a provider may answer, coordinators read it in Thai and English."""
    assert set(travel.REASONS) == set(Why)


def test_the_least_certain_area_speaks_for_the_wave() -> None:
    """One area on straight lines makes the wave's times an estimate; pins off the road are listed of all."""
    down = ("osrm", Unavailable(why=Why.SLOW))
    roads = Source(
        provider="osrm",
        estimate=False,
        spread=None,
        instead_of=None,
        off_road=(OffRoad(kind="order", ref="A", metres=300),),
    )
    straight = Source(provider="straight", estimate=True, spread=(0.8, 1.5), instead_of=down)
    assert document([roads], "osrm") == {
        "provider": "osrm",
        "estimate": False,
        "off_road": [{"kind": "order", "id": "A", "metres": 300}],
    }
    mixed = document([roads, straight, roads], "osrm")
    assert (mixed["provider"], mixed["reason"]["code"], len(mixed["off_road"])) == ("straight", "slow", 1)
    assert document([], "osrm") == {"provider": "osrm", "estimate": False}


def test_pins_off_the_road_are_told_by_whose_they_are(make: Any, config: Config) -> None:
    """By order, seller and rider, never by coordinates."""
    from scheduler.planning import problems
    from scheduler.zones import ZoneIndex

    rider, seller, order = make.rider(home=make.bang_kung), make.seller("S01"), make.order()
    wave = config.wave("midday")
    (area,) = problems(order.legs[0].date, wave, [order], [rider], {"S01": seller}, config, ZoneIndex(config), {})
    assert isinstance(area, AreaProblem)
    found = off_road(dict.fromkeys(range(len(area.points)), 500), area.vehicles, area.shipments)
    assert {(each.kind, each.ref) for each in found} >= {("rider", "R1"), ("seller", "S01")}
    answer = solve_area(area, Effort(engine="greedy", seconds=0.1, workers=1))
    assert answer.source.provider == "straight"
    assert pickle.loads(pickle.dumps((area, answer)))[1].source == answer.source  # noqa: S301


def test_the_area_holds_all_that_is_served(config: Config) -> None:
    """Every hub and corner of a zone lies in it, with the margin around."""
    west, south, east, north = area_of(config, 10)
    for zone in config.zones:
        left, low, right, high = zone.shape.bounds
        assert west < left - 0.085
        assert right + 0.085 < east
        assert south < low - 0.085
        assert high + 0.085 < north


def legs(count: int, minutes: float, more: str = "") -> str:
    head = "vehicle,from,to,minutes" + (",km" if more else "")
    return "\n".join([head, *[f'มอเตอร์ไซค์,"9.1463,99.3257","9.1163,99.3257",{minutes}{more}'] * count])


def test_driven_legs_become_lines_for_the_config(config: Config) -> None:
    """3.3 km in twice the planned time on the move: half the speed, and counted kilometres set the detour."""
    found = read_rounds(legs(30, 29.9, ",5.2").encode(), context_of(config, _now()))
    assert (found.rows, len(found.legs), found.errors) == (30, 30, ())
    told = calibrated(config, found.legs)
    assert not isinstance(told, Unavailable)
    (kind,) = told["kinds"]
    assert (kind["vehicle"], kind["legs"]) == ("motorcycle", 30)
    assert kind["factor"] == pytest.approx(2.0, abs=0.02)
    assert told["longer"] == pytest.approx(1.2, abs=0.01)
    speed, detour, spread = told["lines"]
    assert speed.startswith("vehicles, motorcycle:  speed_kmh: 10.8  # 30 legs; was 18")
    assert detour == "travel:  detour_factor: 1.56  # was 1.3"
    assert spread.startswith("travel:  range: [1.00, 1.00]")


def test_too_few_legs_say_nothing(config: Config) -> None:
    """Below twenty there is a count and no line."""
    found = calibrated(config, read_rounds(legs(19, 20).encode(), context_of(config, _now())).legs)
    assert not isinstance(found, Unavailable)
    assert (found["legs"], found["kinds"][0]["factor"], found["lines"]) == (19, None, [])


def test_a_leg_that_cannot_be_read_is_named(config: Config) -> None:
    """An unknown vehicle, no place, no minutes: each by row and column; the good row counts."""
    rows = [
        "พาหนะ,จาก,ถึง,นาที",
        'saleng,"9.14,99.32","9.15,99.33",12',
        'rocket,"9.14,99.32","9.15,99.33",12',
        'saleng,at home,"9.15,99.33",12',
        'saleng,"9.14,99.32","9.15,99.33",',
    ]
    found = read_rounds("\n".join(rows).encode(), context_of(config, _now()))
    assert (found.rows, len(found.legs)) == (4, 1)
    assert [(e.row, e.column, e.code) for e in found.errors] == [
        (3, "vehicle", "vehicle.unknown"),
        (4, "from", "pin.unreadable"),
        (5, "minutes", "required.missing"),
    ]


def test_without_an_answer_there_is_nothing_to_calibrate(market_config: ConfigOf) -> None:
    """A road server that is down is a value here too: straight lines would calibrate the wrong thing."""
    config = market_config((STRAIGHT, f"provider: osrm, url: '{NOWHERE}', "))
    found = calibrated(config, read_rounds(legs(3, 20).encode(), context_of(config, _now())).legs)
    assert isinstance(found, Unavailable)
    assert found.why is Why.DOWN


def _now() -> Any:
    import datetime as dt

    return dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
