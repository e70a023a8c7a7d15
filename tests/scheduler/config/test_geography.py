"""What config check says of the map: gaps, overlaps, far corners, rivers, hubs and communities without a zone."""

import json
from collections.abc import Iterable, Sequence
from math import cos, hypot, radians, sin
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scheduler.config import Report, check, examine
from scheduler.config.flat import SLIVER_M2
from scheduler.config.geography import GAP_METRES

Metres = tuple[float, float]

MARKET = """\
market: {{id: m, name: {{th: ตลาด}}, time_zone: Asia/Bangkok}}
hubs: [{{id: bandon, name: {{th: จุดรวม}}, location: {hub}}}]
communities:
  - {{id: c, name: {{th: ชุมชน}}, hub: bandon}}
{communities}
zones:
{zones}
barriers: {barriers}
waves:
  - {{id: w, cut_off: {{time: 06:00}}, approve_by: {{time: 07:00}}, dispatch: {{time: 08:00}}, pickup: 09:00-10:00,
     deliver: 10:00-11:00}}
vehicles: [{{id: v, weight_kg: 1, volume_l: 1}}]
"""


class Place:
    """Where a market drawn in metres stands on earth, and how it is turned."""

    def __init__(self, lon: float = 99.3, lat: float = 9.1, turned: float = 0.0) -> None:
        self.lon, self.lat, self.turned = lon, lat, radians(turned)

    def __call__(self, east: float, north: float) -> list[float]:
        x = east * cos(self.turned) - north * sin(self.turned)
        y = east * sin(self.turned) + north * cos(self.turned)
        return [round(self.lon + x / 111_320 / cos(radians(self.lat)), 7), round(self.lat + y / 111_320, 7)]

    def all(self, places: Iterable[Metres]) -> list[list[float]]:
        return [self(*place) for place in places]


def box(west: float, south: float, east: float, north: float) -> list[Metres]:
    return [(west, south), (east, south), (east, north), (west, north)]


def examined(
    zones: Sequence[list[Metres]],
    *,
    at: Place | None = None,
    hub: Metres = (1000, 1000),
    communities: str = "",
    barriers: Sequence[tuple[list[Metres], list[Metres]]] = (),
    extra: Sequence[str] = (),
) -> Report:
    """The report on a market of these zones, z0 first; a barrier is its line and its crossings."""
    at = at or Place()
    rows = [
        f"  - {{id: z{n}, name: {{th: โซน}}, community: c, polygon: {at.all(zone)}{''.join(extra[n : n + 1])}}}"
        for n, zone in enumerate(zones)
    ]
    rivers = [
        {
            "id": f"r{n}",
            "line": at.all(line),
            "crossings": [{"id": f"x{i}", "location": at(*p)} for i, p in enumerate(ways)],
        }
        for n, (line, ways) in enumerate(barriers)
    ]
    return examine(
        MARKET.format(hub=at(*hub), communities=communities, zones="\n".join(rows), barriers=json.dumps(rivers))
    )


def told(report: Report) -> list[tuple[str, str]]:
    """Code and path of everything found, in the order of the file."""
    return [(found.code, found.path) for found in (*report.errors, *report.warnings)]


ODD = [
    box(0, 0, 2000, 2000),
    [(2040, 0), (4000, 0), (4000, 2000), (2070, 2000)],  # 40 to 70 m beside the first
    box(0, 1800, 2000, 4000),  # 0.4 km2 over the first, 200 m wide
    box(45_000, 0, 47_000, 2000),  # another town
    [(-2000, 0), (-200, 0), (-200, 2000), (-2000, 35_000)],  # one corner too far
]
ODD_RIVER = ([(-1000.0, -4000.0), (-1000.0, 40_000.0)], [(-1000.0, -3000.0)])


@settings(max_examples=25, deadline=None)
@given(st.floats(98.5, 104), st.floats(7, 19), st.floats(0, 360))
def test_a_market_moved_and_turned_is_judged_the_same(lon: float, lat: float, turned: float) -> None:
    """Wherever in the country a market stands and however it is turned, the same is said of the same places."""
    here = {"hub": (-6000.0, 500.0), "communities": "  - {id: d, name: {th: ชุมชน}, hub: bandon}"}
    report = examined(ODD, at=Place(lon, lat, turned), barriers=[ODD_RIVER], **here)  # type: ignore[arg-type]
    assert told(report) == [
        ("zone.overlap", "zones[2].polygon"),
        ("hub.outside_zones", "hubs[0].location"),
        ("community.no_zone", "communities[1].id"),
        ("zone.gap", "zones[1].polygon[3]"),
        ("zone.far", "zones[3].polygon"),
        ("zone.divided", "zones[4].polygon"),
        ("zone.far", "zones[4].polygon[3]"),
    ]


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 200), st.floats(100, 3000))
def test_a_gap_is_told_when_it_is_narrow_and_larger_than_a_sliver(width: float, length: float) -> None:
    """Between two straight borders: beyond the tolerance and below the width of a space that is meant."""
    area = width * length
    assume(abs(width - GAP_METRES) > 2)
    assume(not 0.9 * SLIVER_M2 <= area <= 1.2 * SLIVER_M2)  # the strip's two ends are a little round
    report = examined([box(0, 0, 1500, length), box(1500 + width, 0, 3000 + width, length)], hub=(700, length / 2))
    expected = area > SLIVER_M2 and width < GAP_METRES
    assert [found.code for found in report.warnings] == ["zone.gap"] * expected


def test_the_hint_of_a_gap_closes_it() -> None:
    """The corner that is named, moved to where the hint says, and the next one after it, leave no gap."""
    first, second = box(0, 0, 2000, 2000), [(2030.0, 0.0), (4000.0, 0.0), (4000.0, 2000.0), (2060.0, 2000.0)]
    at = Place()
    for corner in (3, 0):
        (found,) = examined([first, second], at=at).warnings
        assert (found.code, found.path) == ("zone.gap", f"zones[1].polygon[{corner}]")
        lon, lat = json.loads(found.hint["en"].partition(" to ")[2].partition("]")[0] + "]")
        x, y = (lon - at.lon) * 111_320 * cos(radians(at.lat)), (lat - at.lat) * 111_320
        assert hypot(x - 2000, y - second[corner][1]) < 5
        second[corner] = (2000.0, second[corner][1])
    assert told(examined([first, second])) == []


def test_a_canal_between_two_zones_is_meant() -> None:
    """Where a barrier runs through the gap, nothing is said of it."""
    zones = [box(0, 0, 2000, 2000), box(2050, 0, 4000, 2000)]
    assert told(examined(zones, barriers=[([(2025, -500), (2025, 2500)], [])])) == []


def test_priority_says_that_an_overlap_is_meant() -> None:
    """Zones of different priority may overlap; of equal priority the hint has the line that mends it."""
    zones = [box(0, 0, 4000, 4000), box(500, 500, 1500, 1500)]
    report = examined(zones)
    assert told(report) == [("zone.overlap", "zones[1].polygon")]
    assert "write priority: 1 in zone z1" in report.errors[0].hint["en"]
    assert told(examined(zones, extra=["", ", priority: 1"])) == []


@pytest.mark.parametrize(("over", "code"), [(5, None), (60, "zone.strip"), (130, "zone.overlap")])
def test_a_strip_along_a_border_is_told_and_no_error(over: int, code: str | None) -> None:
    """Borders drawn one by one share strips; what is wider than 100 m was drawn wrong, what is tiny is nothing."""
    report = examined([box(0, 0, 2000, 2000), box(2000 - over, 0, 4000, 2000)])
    assert told(report) == ([(code, "zones[1].polygon")] if code else [])
    assert report.ok == (code != "zone.overlap")
    if code == "zone.strip":
        assert "zone z0, the first in the file, serves it" in report.warnings[0].hint["en"]


def test_real_tambons_side_by_side_are_no_error(surat_thani: Path) -> None:
    """All forty of three districts, some of which share strips up to 90 m wide: warnings at most."""
    rows = []
    for name in ("mueang_surat_thani_tambons", "neighbour_tambons_kanchanadit_phunphin"):
        areas = json.loads((surat_thani / f"{name}.geojson").read_text(encoding="utf-8"))["features"]
        for area in areas:
            shape = json.dumps(area["geometry"]["coordinates"])
            code = area["properties"]["ADM3_PCODE"]
            rows.append(f"  - {{id: {code}, name: {{th: โซน}}, community: c, polygon: {shape}}}")
    report = examine(
        MARKET.format(hub=[99.3257, 9.1463], communities="", zones="\n".join(rows), barriers="[]"),
    )
    assert report.errors == ()
    assert {warning.code for warning in report.warnings} >= {"zone.strip"}


def test_borders_may_wind_either_way_and_be_closed_or_not() -> None:
    """A border told clockwise, or closed by its first point, is the same zone, and nothing is said of it."""
    zones = [box(0, 0, 2000, 2000), box(2000, 0, 4000, 2000)]
    turned = [list(reversed(zones[0])), [*zones[1], zones[1][0]]]
    report, other = examined(zones), examined(turned)
    assert told(report) == told(other) == []
    assert report.config is not None
    assert other.config is not None
    assert all(a.shape.equals(b.shape) for a, b in zip(report.config.zones, other.config.zones, strict=True))


@pytest.mark.parametrize(
    ("line", "crossings", "codes"),
    [
        ([(1500, -500), (1500, 2500)], [], ["zone.divided"]),
        ([(1500, -500), (1500, 9000)], [(1500, 8000)], ["zone.divided"]),  # six kilometres to the bridge
        ([(1500, -500), (1500, 2500)], [(1500, 1000)], []),
        ([(1500, -500), (1500, 5000)], [(1500, 3500)], []),  # a bridge a little up the river
        ([(1500, -500), (1500, 1000)], [], []),  # the river ends in the zone: one goes around
        ([(1985, -500), (1985, 2500)], [], []),  # the border follows the river
    ],
)
def test_a_river_through_a_zone_needs_a_crossing(line: list[Metres], crossings: list[Metres], codes: list[str]) -> None:
    """A zone with land on both sides is told of where no crossing is near; along its border a river divides nothing."""
    assert [code for code, _ in told(examined([box(0, 0, 2000, 2000)], barriers=[(line, crossings)]))] == codes


def test_the_hint_of_a_divided_zone_can_be_pasted() -> None:
    """The crossing that the hint writes out lies on the river in the zone, and with it nothing is said any more."""
    line: list[Metres] = [(1500, -500), (1500, 2500)]
    (found,) = examined([box(0, 0, 2000, 2000)], barriers=[(line, [])]).warnings
    lon, lat = json.loads("[" + found.hint["en"].rpartition("location: [")[2].rstrip("}"))
    at = Place()
    crossing = ((lon - at.lon) * 111_320 * cos(radians(at.lat)), (lat - at.lat) * 111_320)
    assert told(examined([box(0, 0, 2000, 2000)], barriers=[(line, [crossing])])) == []


def test_a_hub_across_the_river_is_told_even_next_to_its_zone() -> None:
    """Thirty metres outside is nothing on the same bank, and the wrong bank beyond the river."""
    zone, line = [box(0, 0, 2000, 2000)], [(2010.0, -500.0), (2010.0, 2500.0)]
    assert told(examined(zone, hub=(2030, 1000))) == []
    assert told(examined(zone, hub=(2030, 1000), barriers=[(line, [])])) == [("hub.wrong_bank", "hubs[0].location")]


def test_a_community_without_a_zone_is_led_to_the_zone_of_its_hub() -> None:
    """The hint names the zone that its hub is in, or asks for a new one where there is none."""
    more = "  - {id: d, name: {th: ชุมชน}, hub: bandon}"
    (found,) = examined([box(0, 0, 2000, 2000)], communities=more).warnings
    assert found.hint["en"].startswith("write community: d in zone z0")
    outside = examined([box(0, 0, 2000, 2000)], hub=(-900, 0), communities=more).warnings
    assert [each.code for each in outside] == ["hub.outside_zones", "community.no_zone"]
    assert outside[1].hint["en"].startswith("add a zone with community: d")


def test_real_boundaries_are_quiet(surat_thani: Path, minimal: str) -> None:
    """Eleven real tambons, whose borders overlap and miss each other by slivers, give neither error nor warning."""
    document = json.loads((surat_thani / "mueang_surat_thani_tambons.geojson").read_text(encoding="utf-8"))
    start, end = minimal.index("  - id: talat"), minimal.index("waves:")
    rows = [
        f"  - {{id: t{n}, name: {{th: ตำบล}}, community: sirisuk, polygon: {feature['geometry']['coordinates']}}}\n"
        for n, feature in enumerate(document["features"])
    ]
    assert len(rows) == 11
    assert told(examine(minimal[:start] + "".join(rows) + minimal[end:])) == []


def test_the_shipped_market_is_quiet(sample_path: Path) -> None:
    """The sample has rivers, ferries and six hubs, and nothing to be told of."""
    assert told(check(sample_path)) == []
