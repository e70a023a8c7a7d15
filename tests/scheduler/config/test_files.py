"""Files a configuration names: areas in GeoJSON, wording. And the stored text that needs none of them."""

import json
from pathlib import Path

import pytest

from scheduler.config import check, examine, load, parse

SQUARE = [[99.31, 9.13], [99.34, 9.13], [99.34, 9.155], [99.31, 9.155], [99.31, 9.13]]
POLYGON = {"type": "Polygon", "coordinates": [SQUARE]}
FEATURE = {"type": "Feature", "properties": {"name": "ตลาด"}, "geometry": POLYGON}


def _market(folder: Path, minimal: str, geojson: object) -> Path:
    (folder / "zones").mkdir(exist_ok=True)
    (folder / "zones" / "talat.geojson").write_text(json.dumps(geojson), encoding="utf-8")
    start = minimal.index("    polygon:")
    text = minimal[:start] + "    file: zones/talat.geojson   # ขอบเขต\n" + minimal[minimal.index("waves:\n") :]
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "geojson",
    [
        POLYGON,
        FEATURE,
        {"type": "FeatureCollection", "features": [FEATURE]},
        {"type": "MultiPolygon", "coordinates": [[SQUARE]]},
        {"type": "Polygon", "coordinates": [SQUARE[::-1]]},
        {"type": "Polygon", "coordinates": [[[lon, lat, 3.5] for lon, lat in SQUARE]]},
    ],
)
def test_an_area_may_stand_in_a_file(geojson: object, tmp_path: Path, minimal: str) -> None:
    """Every usual form of one area is taken, wound either way, with or without heights."""
    config = load(_market(tmp_path, minimal, geojson))
    assert config.zone("talat").shape.equals(parse(minimal).zone("talat").shape)


def test_a_stored_text_needs_no_files(tmp_path: Path, minimal: str) -> None:
    """The text of a configuration holds what its files held, keeps every comment and line, and reads back the same."""
    path = _market(tmp_path, minimal, FEATURE)
    (tmp_path / "wording.yaml").write_text('th:\n  route:\n    title: "งาน\u2028วันนี้ 😀"\n', encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8") + "texts: wording.yaml\n", encoding="utf-8")
    config = load(path)
    again = parse(config.text)
    assert again == config
    assert again.sha256 == config.sha256
    assert again.text == config.text
    assert "# ขอบเขต" in config.text
    assert config.text.count("\n") == path.read_text(encoding="utf-8").count("\n")
    assert config.texts is not None
    assert (config.texts.name, config.texts.content) == (
        "wording.yaml",
        'th:\n  route:\n    title: "งาน\u2028วันนี้ 😀"\n',
    )


def test_a_text_without_files_is_stored_as_it_is(sample: str) -> None:
    """The shipped sample is its own stored text, and its hash is that of the text."""
    assert parse(sample).text == sample


AREA = """\
{"type": "FeatureCollection", "features": [
 {"type": "Feature", "properties": {"name": "ตลาด"},
  "geometry": {"type": "Polygon", "coordinates": [[
   [99.31, 9.13], [99.34, 9.13],
   [99.34, 9.155],
   [99.31, 9.155], [99.31, 9.13]]]}}
]}
"""
RING = AREA[AREA.index("[[\n") : AREA.index("}}\n]}")]
WAY = "features[0].geometry"


@pytest.mark.parametrize(
    ("code", "old", "new", "path"),
    [
        ("coordinates.swapped", "[99.34, 9.155]", "⟦[9.155, 99.34]", f"{WAY}.coordinates[0][2]"),
        ("coordinates.outside", "[99.31, 9.155]", "⟦[9.31, 9.155, 2.5]", f"{WAY}.coordinates[0][3]"),
        ("coordinates.format", "[99.34, 9.155]", "⟦[NaN, 9.155]", f"{WAY}.coordinates[0][2]"),
        ("coordinates.format", "[99.34, 9.155]", "⟦[1e999, 9.155]", f"{WAY}.coordinates[0][2]"),
        ("polygon.few_points", RING, "[⟦[[99.31, 9.13], [99.34, 9.13]]]", f"{WAY}.coordinates[0]"),
        ("polygon.crossing", "9.13],\n   [99.34, 9.155],", "9.155],\n   [99.34, 9.13],", f"{WAY}.coordinates"),
        ("file.geojson", "[99.34, 9.155]", '⟦["99.34", "9.155"]', f"{WAY}.coordinates[0][2]"),
        ("file.geojson", "[99.34, 9.155]", "⟦[true, 9.155]", f"{WAY}.coordinates[0][2]"),
        ("file.geojson", "[99.34, 9.155]", "⟦[]", f"{WAY}.coordinates[0][2]"),
        ("file.geojson", RING, "⟦[]", f"{WAY}.coordinates"),
        ("file.geojson", RING, "[⟦7]", f"{WAY}.coordinates[0]"),
        ("file.geojson", '{"type": "Polygon"', '⟦{"type": "Point"', WAY),
        ("file.geojson", '"geometry"', '"geometry": ⟦null, "was"', WAY),
        ("file.geojson", "}}\n]}", '}},\n⟦{"type": "Feature"}]}', "features[1]"),
        ("file.geojson", "[99.34, 9.13],", "[99.34, 9.13]", ""),
        ("file.geojson", AREA, "⟦null", ""),
        ("file.geojson", AREA, "⟦[1]", ""),
    ],
)
def test_what_is_wrong_in_an_areas_file_is_told_there(
    code: str, old: str, new: str, path: str, tmp_path: Path, minimal: str
) -> None:
    """At its own line and column in that file, and by the feature and the point; once."""
    marked = AREA.replace(old, new)
    assert marked != AREA
    if "⟦" not in marked:
        marked = (
            marked.replace('"coordinates": ', '"coordinates": ⟦')
            if path
            else marked.replace("[99.34, 9.155]", "⟦[99.34, 9.155]")
        )
    config = _market(tmp_path, minimal, POLYGON)
    (tmp_path / "zones" / "talat.geojson").write_bytes(b"\xef\xbb\xbf" + marked.replace("⟦", "").encode())
    before = marked[: marked.index("⟦")]
    place = ("zones/talat.geojson", before.count("\n") + 1, len(before) - before.rfind("\n"))
    [error] = check(config).errors
    assert (error.code, error.file, error.line, error.column, error.path) == (code, *place, path)
    assert error.text().startswith("{}:{}:{}: ".format(*place))


@pytest.mark.parametrize("name", ["\\ud83d\\ude00", "\u200e", "ตลาด\\/\\u0e01", "\ufeff", "😀"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_letters_that_yaml_does_not_take_hide_no_place(name: str, end: str, tmp_path: Path, minimal: str) -> None:
    """JSON may write a letter in halves and hold invisible ones; the place behind them is counted all the same."""
    config = _market(tmp_path, minimal, POLYGON)
    odd = AREA.replace("ตลาด", name).replace("[99.34, 9.155]", "[9.155, 99.34]").replace("\n", end)
    (tmp_path / "zones" / "talat.geojson").write_bytes(odd.encode())
    [error] = check(config).errors
    assert (error.code, error.file, error.line, error.column) == ("coordinates.swapped", "zones/talat.geojson", 5, 4)


def test_a_place_that_cannot_be_counted_is_told_by_its_way(tmp_path: Path, minimal: str) -> None:
    """Where something else in the file is nested too deeply to go through: the way to the point still leads there."""
    config = _market(tmp_path, minimal, POLYGON)
    odd = AREA.replace('"ตลาด"', "[" * 30 + "]" * 30).replace("[99.34, 9.155]", "[9.155, 99.34]")
    (tmp_path / "zones" / "talat.geojson").write_text(odd, encoding="utf-8")
    [error] = check(config).errors
    assert (error.code, error.file, error.line, error.column) == ("coordinates.swapped", "zones/talat.geojson", 1, 1)
    assert error.path == f"{WAY}.coordinates[0][2]"


def test_what_a_zone_is_to_others_is_told_where_it_is_named(tmp_path: Path, minimal: str) -> None:
    """An overlap stands at the `file:` of the config, where a priority would decide it; a far corner in the file."""
    config = _market(tmp_path, minimal, POLYGON)
    other = (
        "  - {id: two, name: {th: สอง}, community: sirisuk, polygon: [[99.33, 9.14], [99.36, 9.14], [99.36, 9.15]]}\n"
    )
    text = config.read_text(encoding="utf-8").replace("  - id: talat\n", other + "  - id: talat\n")
    config.write_text(text, encoding="utf-8")
    [error] = check(config).errors
    assert (error.code, error.file, error.line, error.path) == ("zone.overlap", "config.yaml", 11, "zones[1].file")
    config.write_text(text.replace(other, ""), encoding="utf-8")
    far = AREA.replace("[99.34, 9.155]", "[99.34, 9.555]")
    (tmp_path / "zones" / "talat.geojson").write_text(far, encoding="utf-8")
    [warning] = check(config).warnings
    assert (warning.code, warning.file, warning.line) == ("zone.far", "zones/talat.geojson", 5)


def test_a_file_of_several_areas_says_how_many(tmp_path: Path, minimal: str) -> None:
    """Not that there is none in it."""
    several = {"type": "FeatureCollection", "features": [FEATURE, FEATURE]}
    [error] = check(_market(tmp_path, minimal, several)).errors
    assert "2 areas are in it" in error.message["en"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"[" * 100_000, "file.geojson"),
        (b"\xff\xfe{}", "file.geojson"),
        (b'{"type":"Polygon","coordinates":[[[1e999,9],[99,9],[99,8]]]}', "coordinates.format"),
        (b'{"type":"Polygon","coordinates":[[[NaN,9],[99,9],[99,8]]]}', "coordinates.format"),
        (b" " * 1_000_001, "file.too_big"),
    ],
)
def test_a_hostile_file_is_refused(content: bytes, code: str, tmp_path: Path, minimal: str) -> None:
    """Deep nesting, impossible numbers, foreign encodings and size end in one clear error each."""
    path = _market(tmp_path, minimal, POLYGON)
    (tmp_path / "zones" / "talat.geojson").write_bytes(content)
    assert code in {error.code for error in check(path).errors}


@pytest.mark.parametrize("name", ["/etc/passwd", "../talat.geojson", "zones/../../talat.geojson", "link.geojson"])
def test_only_the_own_folder_is_read(name: str, tmp_path: Path, minimal: str) -> None:
    """Neither a path nor a link leads outside the configuration's folder."""
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "talat.geojson").write_text(json.dumps(POLYGON))
    (inner / "link.geojson").symlink_to(tmp_path / "talat.geojson")
    path = _market(inner, minimal, POLYGON)
    path.write_text(path.read_text(encoding="utf-8").replace("zones/talat.geojson", name), encoding="utf-8")
    assert [error.code for error in check(path).errors] == ["file.outside"]


def test_a_text_alone_opens_no_file(minimal: str) -> None:
    """Without a folder, a file cannot be named."""
    start = minimal.index("    polygon:")
    text = minimal[:start] + "    file: zones/talat.geojson\n" + minimal[minimal.index("waves:\n") :]
    assert [error.code for error in examine(text).errors] == ["file.outside"]
