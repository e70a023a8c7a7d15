"""Borders out of GeoJSON into a market: what is taken, what is mended and said, what is refused by name."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from scheduler.config import ConfigError, load, parse
from scheduler.editing import Brought, Unusable, bring, collection, compare, read
from scheduler.zones import ZoneIndex

ROOT = Path(__file__).parents[3]
SAMPLE = (ROOT / "config.yaml").read_text(encoding="utf-8")
SQUARE = [[99.31, 9.13], [99.34, 9.13], [99.34, 9.155], [99.31, 9.155], [99.31, 9.13]]


def document(coordinates: Any, kind: str = "Polygon", **properties: Any) -> bytes:
    geometry = {"type": kind, "coordinates": coordinates}
    return json.dumps({"type": "Feature", "properties": properties, "geometry": geometry}).encode()


def market(folder: Path, text: str = SAMPLE) -> Path:
    path = folder / "config.yaml"
    path.write_bytes(text.encode())
    return path


def brought(path: Path, data: bytes, **how: Any) -> Brought:
    return bring(path, path.read_bytes(), load(path), read(data)[0], **how)


def refused(data: bytes) -> list[tuple[str, str]]:
    with pytest.raises(Unusable) as error:
        read(data)
    return [(remark.path, remark.code) for remark in error.value.remarks]


def test_what_was_exported_comes_back_as_it_was(tmp_path: Path) -> None:
    """No zone moves, no byte changes; outsides wind against the clock and rings are closed."""
    path = market(tmp_path)
    exported = collection(({"id": zone.id}, zone.polygon) for zone in load(path).zones)
    found = brought(path, json.dumps(exported).encode())
    assert {zone.action for zone in found.zones} == {"same"}
    assert found.files == ()
    for feature in exported["features"]:
        [ring] = feature["geometry"]["coordinates"]
        assert ring[0] == ring[-1]
        assert sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)) > 0


def test_a_moved_corner_is_one_line(tmp_path: Path) -> None:
    """However the map program turned the ring and where it began it."""
    path = market(tmp_path)
    [ring] = load(path).zone("talat").polygon[0]
    corners = [list(point) for point in ring]
    corners[3] = [99.3321, 9.1471]
    turned = corners[6:] + corners[:6]
    for drawn in (turned, turned[::-1]):
        [change] = brought(path, document([[*drawn, drawn[0]]], id="talat")).files
        assert [line[:1] for line in change.diff()[2:]] == ["@", "-", "+"]
        assert compare(SAMPLE, change.after.decode()).as_json() == {
            "zones": {"added": [], "removed": [], "moved": ["talat"]},
            "keys": [],
        }


def test_a_new_zone_is_made_of_its_properties(tmp_path: Path) -> None:
    """Names and lists may come as the text that map programs make of them; a bare name is Thai."""
    path = market(tmp_path)
    far = [[lon + 0.2, lat + 0.2] for lon, lat in SQUARE]
    data = document([far], id="Don Sak", name='{"th": "ดอนสัก"}', community="sirisuk", fee_baht=45, waves='["midday"]')
    found = brought(path, data)
    assert found.report.config is not None
    zone = found.report.config.zone("don_sak")
    assert (zone.name.th, float(zone.fee_baht), found.zones[0].action) == ("ดอนสัก", 45.0, "added")
    assert zone.waves == ("midday",)
    with pytest.raises(Unusable) as error:
        brought(path, document([far], id="x", name="ก"))
    assert [(each.code, each.facts["key"]) for each in error.value.remarks] == [("geojson.key_missing", "community")]
    assert path.read_text(encoding="utf-8") == SAMPLE


def test_other_keys_of_a_zone_stay(tmp_path: Path) -> None:
    """A fee in the map's properties that differs is told, and not taken."""
    path = market(tmp_path)
    found = brought(path, document([SQUARE], id="talat", fee_baht=99, max_orders=40))
    assert [(each.code, each.facts["keys"]) for each in found.remarks] == [("geojson.keys_kept", "fee_baht")]
    assert "fee_baht: 99" not in found.files[-1].after.decode()


def test_a_border_in_a_file_of_its_own_is_drawn_there(tmp_path: Path, minimal: str) -> None:
    """Its other content, its margin and its line ends stay; the config itself is not touched; the result is checked."""
    start, end = minimal.index("    polygon:"), minimal.index("waves:\n")
    path = market(tmp_path, minimal[:start] + "    file: talat.geojson\n" + minimal[end:])
    own = tmp_path / "talat.geojson"
    area = {"type": "Feature", "properties": {"by": "ป้าแดง"}, "geometry": {"type": "Polygon", "coordinates": [SQUARE]}}
    own.write_bytes((json.dumps(area, ensure_ascii=False, indent=2) + "\n").replace("\n", "\r\n").encode())
    wider = [[99.30, 9.13], *SQUARE[1:-1], [99.30, 9.13]]
    found = brought(path, document([wider], id="talat"))
    [change] = found.files
    assert (change.name, change.path) == ("talat.geojson", own)
    assert json.loads(change.after)["properties"] == {"by": "ป้าแดง"}
    assert change.after.count(b"\r\n") == change.after.count(b"\n") > 5
    assert found.report.config is not None
    assert found.report.config.zone("talat").polygon[0][0][0][0] == 99.30
    crossed = [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3], SQUARE[0]]
    assert refused(document([crossed])) == [("geometry.coordinates", "polygon.crossing")]


def test_real_tambons_come_in_by_a_property(tmp_path: Path, surat_thani: Path, minimal: str) -> None:
    """The city's eleven: by tambon code where a zone has it, by name, and as new zones where the rest is said."""
    data = (surat_thani / "mueang_surat_thani_tambons.geojson").read_bytes()
    path = market(tmp_path)
    for name in ("ADM3_PCODE", "ADM3_EN"):
        found = brought(path, data, id_property=name, only=["talat", "wat_pradu"])
        assert [(zone.id, zone.action) for zone in found.zones] == [("talat", "moved"), ("wat_pradu", "moved")]
    whole = json.loads(data)
    for feature in whole["features"]:
        feature["properties"] |= {"name": feature["properties"]["ADM3_TH"], "community": "sirisuk"}
    path = market(tmp_path, minimal)
    found = brought(path, json.dumps(whole).encode(), id_property="ADM3_EN")
    assert found.report.errors == ()
    assert found.report.config is not None
    assert len(found.report.config.zones) == len(whole["features"]) == 11


RING = SQUARE[:-1]
HOLE = [[99.32, 9.14], [99.32, 9.145], [99.325, 9.145], [99.32, 9.14]]


def test_a_neighbouring_tambon_becomes_a_zone_without_touching_the_file(tmp_path: Path, surat_thani: Path) -> None:
    """Of a map that knows no market: its code, which finds riders' homes too, its Thai name, and whose it is to be."""
    features, _ = read((surat_thani / "neighbour_tambons_kanchanadit_phunphin.geojson").read_bytes())
    path = market(tmp_path, SAMPLE)
    found = bring(
        path,
        path.read_bytes(),
        parse(SAMPLE),
        features,
        only=["th840209"],
        id_property="ADM3_PCODE",
        name_property="ADM3_TH",
        community="sirisuk",
    )
    assert found.report.config is not None, found.report.errors
    zone = found.report.config.zone("th840209")
    there = next(each.properties for each in features if each.properties["ADM3_PCODE"] == "TH840209")
    assert (zone.name.th, zone.community, zone.tambons) == (there["ADM3_TH"], "sirisuk", ("840209",))
    [change] = found.files
    assert all(line.startswith("+") for line in change.diff()[3:])


def test_what_a_new_zone_shares_stays_with_those_that_are_there(tmp_path: Path, surat_thani: Path) -> None:
    """The shipped borders are simpler than a real tambon's: a lower priority lets it in, and theirs is theirs."""
    features, _ = read((surat_thani / "neighbour_tambons_kanchanadit_phunphin.geojson").read_bytes())
    path = market(tmp_path)
    how: dict[str, Any] = {"only": ["th840201"], "id_property": "ADM3_PCODE", "name_property": "ADM3_TH"}

    def found(**more: Any) -> Brought:
        return bring(path, path.read_bytes(), parse(SAMPLE), features, **how, community="sirisuk", **more)

    assert [error.code for error in found().report.errors] == ["zone.overlap"]
    after = found(priority=-1).report.config
    assert after is not None
    assert after.zone("th840201").priority == -1
    shared = after.zone("th840201").shape.intersection(after.zone("bang_kung").shape).representative_point()
    served = ZoneIndex(after).locate((shared.x, shared.y))
    assert served is not None
    assert served.id == "bang_kung"


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        (document([SQUARE]), []),
        (document([SQUARE, HOLE]), []),
        (document([[SQUARE]], "MultiPolygon"), []),
        (document([RING]), ["geojson.open_ring"]),
        (document([SQUARE[::-1]]), ["geojson.winding"]),
        (document([SQUARE, HOLE[::-1]]), ["geojson.winding"]),
        (document([[[lon, lat, 12.5] for lon, lat in SQUARE]]), ["geojson.heights"]),
        (b"\xef\xbb\xbf" + document([SQUARE]), []),
    ],
    ids=["plain", "hole", "multi", "open", "clockwise", "hole winds outwards", "heights", "bom"],
)
def test_what_is_clear_is_taken_with_a_remark(data: bytes, codes: list[str]) -> None:
    """Open rings, wrong winding and heights are mended and said; holes and several parts are held as they are."""
    features, mended = read(data)
    assert [remark.code for remark in mended] == codes
    assert len(features) == 1


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"{", ("", "geojson.json")),
        (b"\xff\xfe{}", ("", "file.encoding")),
        (document([SQUARE]).replace(b"99.31,", b"NaN,"), ("", "geojson.number")),
        (document([[[1e999, 9.1], *SQUARE[1:]]]), ("", "geojson.number")),
        (document([SQUARE]).replace(b"99.31,", b"1e999,"), ("geometry.coordinates[0][0]", "coordinates.format")),
        (document([[[10**400, 9.1], *SQUARE[1:]]]), ("geometry.coordinates[0][0]", "coordinates.format")),
        (document([SQUARE]).replace(b"99.31,", b"9" * 5_000 + b","), ("", "geojson.number")),
        (b"[" * 100_000, ("", "geojson.deep")),
        (b"[]", ("", "geojson.none")),
        (b'{"type": "FeatureCollection", "features": []}', ("", "geojson.none")),
        (b'{"type": "Topology"}', ("", "geojson.none")),
        (b'{"type": ["Polygon"]}', ("", "geojson.none")),
        (b'{"type": "Feature", "geometry": {"type": {}}}', ("geometry", "geojson.kind")),
        (document([99.3, 9.1], "Point"), ("geometry", "geojson.kind")),
        (b'{"type": "Feature", "geometry": null, "properties": {}}', ("geometry", "geojson.kind")),
        (b'{"type": "FeatureCollection", "features": [7]}', ("features[0].geometry", "geojson.kind")),
        (document([]), ("geometry.coordinates", "coordinates.format")),
        (document([[]]), ("geometry.coordinates", "coordinates.format")),
        (document("x"), ("geometry.coordinates", "coordinates.format")),
        (document([[["99.31", "9.13"], *SQUARE[1:]]]), ("geometry.coordinates[0][0]", "geojson.text_number")),
        (document([[[lat, lon] for lon, lat in SQUARE]]), ("geometry.coordinates[0][0]", "coordinates.swapped")),
        (document([[[1.0, 50.0], *SQUARE]]), ("geometry.coordinates[0][0]", "coordinates.outside")),
        (document([[[540000, 1011000], *SQUARE]]), ("geometry.coordinates[0][0]", "coordinates.impossible")),
        (document([SQUARE[:2]]), ("geometry.coordinates[0]", "polygon.few_points")),
        (document([[SQUARE[0]] * 5001]), ("geometry.coordinates", "polygon.too_many")),
        (b" " * 20_000_001, ("", "file.too_big")),
    ],
)
def test_what_is_not_clear_is_refused_with_its_place(data: bytes, place: tuple[str, str]) -> None:
    """Whatever comes, it ends in a code and the way to the place, never in another error."""
    assert refused(data) == [place]


def test_a_big_file_is_read(tmp_path: Path) -> None:
    """Ten megabytes of a province, of which one zone is wanted."""
    far = {"type": "Polygon", "coordinates": [SQUARE]}
    many = [{"type": "Feature", "properties": {"id": f"x{n}", "k": "ก" * 3000}, "geometry": far} for n in range(1100)]
    whole = {"type": "FeatureCollection", "features": [*many, json.loads(document([SQUARE], id="talat"))]}
    data = json.dumps(whole, ensure_ascii=False).encode()
    assert len(data) > 9_900_000
    found = brought(market(tmp_path), data, only=["talat"])
    assert [zone.id for zone in found.zones] == ["talat"]


def test_who_is_who_must_be_said(tmp_path: Path) -> None:
    """No id, one id twice, a zone that is not in the file, an id that cannot be one: each by name."""
    path = market(tmp_path)
    nameless = json.loads(document([SQUARE], called="talat"))
    named = json.loads(document([SQUARE], id="talat"))

    def codes(features: list[Any], **how: Any) -> list[str]:
        with pytest.raises(Unusable) as error:
            brought(path, json.dumps({"type": "FeatureCollection", "features": features}).encode(), **how)
        return [remark.code for remark in error.value.remarks]

    assert codes([nameless, named]) == ["geojson.no_id"]
    assert codes([named, named]) == ["geojson.same_id"]
    assert codes([named, json.loads(document([SQUARE], id="y"))], only=["bang_kung"]) == ["geojson.zone_absent"]
    assert codes([json.loads(document([SQUARE], id="๑๒"))]) == ["id.format"]
    assert brought(path, document([SQUARE]), only=["talat"]).zones[0].id == "talat"


@pytest.mark.parametrize(
    ("name", "place", "sign"),
    [
        ("ใหม่\u200e", "properties.name", "U+200E"),
        ({"th": "ใหม่", "en": "N\u0000w"}, "properties.name", "U+0000"),
        ({"th": "ใหม่", "e\u202en": "New"}, "properties.name", "U+202E"),
    ],
)
def test_an_invisible_character_is_told_where_it_stands(name: Any, place: str, sign: str, tmp_path: Path) -> None:
    """By the property of the area, with its number: it cannot be seen, so it has to be named."""
    with pytest.raises(Unusable) as error:
        brought(market(tmp_path), document([SQUARE], id="mai", name=name, community="sirisuk"))
    [remark] = error.value.remarks
    assert (remark.path, remark.code, remark.facts["value"]) == (place, "yaml.character", sign)


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("priority", True, "value.whole"),
        ("priority", 1.5, "value.whole"),
        ("max_orders", 10**30, "value.max"),
        ("fee_baht", False, "value.number"),
        ("fee_baht", [20], "value.number"),
        ("days", {"mon": True}, "value.list"),
    ],
)
def test_a_value_that_no_zone_can_have_is_refused_as_the_config_would(
    key: str, value: Any, code: str, tmp_path: Path, minimal: str
) -> None:
    """Whatever JSON can say is written and then judged, at the line where it would stand; never called unsafe."""
    away = [[lon + 0.1, lat] for lon, lat in SQUARE]
    area = document([away], id="mai", name="ใหม่", community="sirisuk", **{key: value})
    errors = brought(market(tmp_path, minimal), area).report.errors
    assert [(error.code, error.path) for error in errors] == [(code, f"zones[1].{key}")]


def test_what_no_config_may_hold_is_told_by_its_place(tmp_path: Path) -> None:
    """A property that is nested deeper than a config can be is no fault of the file that it is brought into."""
    deep: Any = "x"
    for _ in range(20):
        deep = [deep]
    with pytest.raises(ConfigError) as error:
        brought(market(tmp_path), document([SQUARE], id="mai", name={"th": deep}, community="sirisuk"))
    assert [each.code for each in error.value.errors] == ["yaml.too_deep"]


def test_a_borders_file_that_changed_meanwhile_is_left_alone(tmp_path: Path, minimal: str) -> None:
    """It is gone, broken, or another kind of thing by the time it is to be drawn: said by name, nothing is lost."""
    start, end = minimal.index("    polygon:"), minimal.index("waves:\n")
    path = market(tmp_path, minimal[:start] + "    file: a.geojson\n" + minimal[end:])
    file = tmp_path / "a.geojson"
    file.write_bytes(document([SQUARE]))
    config = load(path)
    moved, _ = read(document([[[99.3, 9.13], *SQUARE[1:-1], [99.3, 9.13]]], id="talat"))
    for meanwhile in (None, b"{", b"{}", document([99.3, 9.1], "Point")):
        file.unlink() if meanwhile is None else file.write_bytes(meanwhile)
        with pytest.raises(Unusable) as error:
            bring(path, path.read_bytes(), config, moved)
        assert [(each.path, each.code) for each in error.value.remarks] == [("a.geojson", "file.changed")]


def test_one_file_for_two_zones_is_not_redrawn(tmp_path: Path, minimal: str) -> None:
    """Moving one would move the other."""
    start, end = minimal.index("    polygon:"), minimal.index("waves:\n")
    twin = "  - {id: twin, name: {th: ก}, community: sirisuk, priority: 2, file: a.geojson}\n"
    path = market(tmp_path, minimal[:start] + "    file: a.geojson\n" + twin + minimal[end:])
    (tmp_path / "a.geojson").write_bytes(document([SQUARE]))
    with pytest.raises(Unusable) as error:
        brought(path, document([[[99.3, 9.13], *SQUARE[1:-1], [99.3, 9.13]]], id="talat"))
    assert [remark.code for remark in error.value.remarks] == ["geojson.file_shared"]


def test_changes_are_told_by_value() -> None:
    """A comment or 99.30 for 99.3 is none; keys are told by the ids of what they belong to."""
    after = SAMPLE.replace("fee_baht: 35", "fee_baht: 36").replace("9.1210", "9.121").replace("# โซน", "# Zones: โซน")
    after = after.replace("closed: [2026-12-31, 2027-01-01]", "closed: [2026-12-31]")
    assert compare(SAMPLE, after).keys == ("calendar.closed", "zones.khun_thale.fee_baht", "zones.bang_chana.fee_baht")
    assert not compare(SAMPLE, SAMPLE + "# end\n")
    assert parse(after).zone("khun_thale").fee_baht == 36
