"""Which zone a place lies in: borders, priorities, slivers, tambons, the nearest one."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point

from scheduler.config import load, parse
from scheduler.zones import ZoneIndex

ROOT = Path(__file__).parents[2]

MARKET = """\
market: {{id: m, name: {{th: ตลาด}}, time_zone: Asia/Bangkok}}
hubs: [{{id: h, name: {{th: จุด}}, location: [99.3, 9.1]}}]
communities: [{{id: c, name: {{th: ชุมชน}}, hub: h}}]
zones:
{zones}
waves:
  - id: w
    cut_off: {{time: 06:00}}
    approve_by: {{time: 07:00}}
    dispatch: {{time: 08:00}}
    pickup: 09:00-10:00
    deliver: 10:00-11:00
vehicles: [{{id: v, weight_kg: 1, volume_l: 1}}]
"""


def _box(west: float, south: float, east: float, north: float) -> str:
    return f"[[{west}, {south}], [{east}, {south}], [{east}, {north}], [{west}, {north}]]"


def _index(*zones: str) -> ZoneIndex:
    return ZoneIndex(
        parse(MARKET.format(zones="\n".join(f"  - {{{zone}, name: {{th: โซน}}, community: c}}" for zone in zones)))
    )


@pytest.fixture(scope="module")
def sample() -> ZoneIndex:
    return ZoneIndex(load(ROOT / "config.yaml"))


def _id(index: ZoneIndex, lon: float, lat: float) -> str | None:
    zone = index.locate((lon, lat))
    return zone.id if zone else None


def test_a_place_is_found_or_not(sample: ZoneIndex) -> None:
    """The quarter's market lies in its zone, the sea in none."""
    assert _id(sample, 99.3257, 9.1463) == "talat"
    assert _id(sample, 99.6, 9.4) is None
    assert _id(sample, float("nan"), 9.1) is None


def test_priority_decides_overlaps_and_order_decides_ties() -> None:
    """The higher priority wins wherever it stands; on a shared border the earlier zone does, always."""
    index = _index(
        f"id: wide, polygon: {_box(99.30, 9.10, 99.40, 9.20)}",
        f"id: centre, priority: 5, polygon: {_box(99.33, 9.13, 99.36, 9.16)}",
        f"id: east, polygon: {_box(99.40, 9.10, 99.45, 9.20)}",
    )
    assert _id(index, 99.35, 9.15) == "centre"
    assert _id(index, 99.31, 9.15) == "wide"
    assert _id(index, 99.40, 9.15) == "wide"


def test_a_sliver_belongs_to_the_first() -> None:
    """Where neighbours overlap by a hand's breadth, the answer is the same every time."""
    index = _index(
        f"id: a, polygon: {_box(99.30, 9.10, 99.3501, 9.11)}", f"id: b, polygon: {_box(99.35, 9.10, 99.40, 9.11)}"
    )
    assert {_id(index, 99.35005, 9.105) for _ in range(5)} == {"a"}


def test_holes_are_outside() -> None:
    """A zone may leave out what lies in its middle, and may have several parts."""
    outer, hole, island = (
        _box(*sides) for sides in ((99.3, 9.1, 99.4, 9.2), (99.33, 9.13, 99.36, 9.16), (99.5, 9.1, 99.51, 9.11))
    )
    index = _index(f"id: ring, polygon: [[{outer}, {hole}], [{island}]]")
    assert [_id(index, *place) for place in ((99.31, 9.11), (99.345, 9.145), (99.505, 9.105))] == ["ring", None, "ring"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(99.24, 99.42), st.floats(9.04, 9.22)), max_size=30))
def test_many_places_are_answered_as_one_by_one(places: list[tuple[float, float]]) -> None:
    """The batch agrees with single look-ups and with plain geometry."""
    config = load(ROOT / "config.yaml")
    index = ZoneIndex(config)
    found = index.locate_many(np.array(places).reshape(-1, 2))
    for place, zone in zip(places, found, strict=True):
        containing = [z for z in config.zones if z.shape.intersects(Point(place))]
        assert zone == (containing[0] if containing else None)
        assert zone == index.locate(place)


def test_tambons_lead_to_zones(sample: ZoneIndex) -> None:
    """A six-digit code finds the zone that names it."""
    zone = sample.zone_for_tambon("840110")
    assert zone is not None
    assert zone.id == "bang_kung"
    assert sample.zone_for_tambon("100101") is None


def test_the_nearest_zone_and_how_far() -> None:
    """A hint for places outside, in metres, and 0 inside."""
    index = _index(
        f"id: a, polygon: {_box(99.30, 9.10, 99.31, 9.11)}", f"id: b, polygon: {_box(99.40, 9.10, 99.41, 9.11)}"
    )
    zone, metres = index.nearest((99.32, 9.105))
    assert zone.id == "a"
    assert metres == pytest.approx(1099, abs=2)
    assert index.nearest((99.305, 9.105))[1] == 0
