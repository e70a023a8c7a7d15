"""The shipped config.yaml, held against the real boundaries and the day of made-up orders."""

import csv
import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from shapely import Polygon, unary_union
from shapely.geometry import shape

from scheduler.config import Config, check, parse
from scheduler.zones import ZoneIndex

KM2 = 111.32**2 * 0.987
NORTH_BANK = {"bang_bai_mai", "bang_chana", "khlong_chanak"}


@pytest.fixture(scope="module")
def config(sample_path: Path) -> Config:
    report = check(sample_path)
    assert report.config is not None
    return report.config


@pytest.fixture(scope="module")
def tambons(surat_thani: Path) -> dict[str, Any]:
    features = json.loads((surat_thani / "mueang_surat_thani_tambons.geojson").read_text(encoding="utf-8"))["features"]
    return {feature["properties"]["ADM3_PCODE"].removeprefix("TH"): shape(feature["geometry"]) for feature in features}


def test_the_sample_has_nothing_to_complain_of(sample_path: Path) -> None:
    """Neither an error nor a warning."""
    report = check(sample_path)
    assert [problem.text() for problem in (*report.errors, *report.warnings)] == []


def test_the_sample_is_a_whole_market(config: Config) -> None:
    """Five communities or more, three waves, three kinds of vehicle, a river with crossings, the console alone."""
    assert len(config.communities) >= 5
    assert [wave.id for wave in config.waves] == ["morning", "midday", "evening"]
    assert [(kind.id, kind.weight_g, kind.volume_ml) for kind in config.vehicles] == [
        ("motorcycle", 25_000, 70_000),
        ("saleng", 120_000, 500_000),
        ("pickup", 500_000, 2_000_000),
    ]
    assert list(config.channels) == ["console"]
    (river,) = config.barriers
    assert {crossing.id: crossing.vehicles for crossing in river.crossings} == {
        "west_bridge": ("motorcycle", "saleng", "pickup"),
        "town_bridge": ("motorcycle", "saleng", "pickup"),
        "bandon_ferry": ("motorcycle",),
    }


def test_the_river_parts_the_banks(config: Config) -> None:
    """Every zone lies on one side of the barrier, which is long enough to be no way round."""
    (river,) = config.barriers
    south = Polygon([*river.line, (river.line[-1][0], 9.0), (river.line[0][0], 9.0)])
    for zone in config.zones:
        share = zone.shape.intersection(south).area / zone.shape.area
        assert share < 0.001 if zone.id in NORTH_BANK else share > 0.999, (zone.id, share)


def test_hubs_lie_in_a_zone_of_their_community(config: Config) -> None:
    """Each community's hub stands where the community delivers."""
    index = ZoneIndex(config)
    for community in config.communities:
        zone = index.locate(config.hub(community.hub).location)
        assert zone is not None
        assert zone.community == community.id


def test_zones_follow_the_tambons(config: Config, tambons: dict[str, Any]) -> None:
    """Every drawn zone lies almost wholly in the tambons it names, or in that of the zone above it."""
    for zone in config.zones:
        named = zone.tambons or ("840102",)
        within = zone.shape.intersection(unary_union([tambons[code] for code in named])).area / zone.shape.area
        assert within > 0.93, (zone.id, within)


def test_zones_leave_no_gaps_in_town(config: Config, tambons: dict[str, Any]) -> None:
    """The market's own tambon and the one beside it are covered but for their wiggles."""
    covered = unary_union([zone.shape for zone in config.zones])
    for code in ("840101", "840110", "840105"):
        assert tambons[code].intersection(covered).area / tambons[code].area > 0.93, code


def test_most_sample_orders_lie_in_a_zone(config: Config, surat_thani: Path) -> None:
    """Of the 44 orders with a pin nearly all are inside, in the zone of their own tambon."""
    with (surat_thani / "sample_orders_synthetic.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["lat"]]
    found = ZoneIndex(config).locate_many([(float(row["lon"]), float(row["lat"])) for row in rows])
    assert len(rows) == 44
    assert [row["order_id"] for row, zone in zip(rows, found, strict=True) if zone is None] == ["SR-0019"]
    for row, zone in zip(rows, found, strict=True):
        assert zone is None or zone.name.th.startswith(row["tambon"]), row["order_id"]


def test_real_neighbours_overlap_by_slivers_and_pass(minimal: str, tambons: dict[str, Any]) -> None:
    """Ten pairs of real boundaries overlap a little; the check takes them, and still sees a true overlap."""
    slivers = [a.intersection(b).area * KM2 for a, b in combinations(tambons.values(), 2)]
    assert len([sliver for sliver in slivers if sliver > 0]) == 10
    zones = "".join(
        f"  - {{id: t{code}, name: {{th: ตำบล}}, community: sirisuk, polygon: {json.dumps(outline['coordinates'])}}}\n"
        for code, outline in ((code, tambon.__geo_interface__) for code, tambon in tambons.items())
    )
    text = minimal[: minimal.index("  - id: talat")] + zones + minimal[minimal.index("waves:\n") :]
    assert len(parse(text).zones) == 11
    moved = tambons["840101"].buffer(0.002).__geo_interface__
    text = text.replace(
        json.dumps(tambons["840101"].__geo_interface__["coordinates"]), json.dumps(moved["coordinates"])
    )
    with pytest.raises(Exception, match=r"overlaps zone t840101"):
        parse(text)
