"""Files a configuration names: areas in GeoJSON, wording. And the stored text that needs none of them."""

import json
from pathlib import Path
from typing import Any

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


@pytest.mark.parametrize(
    ("geojson", "code"),
    [
        ({"type": "Polygon", "coordinates": [[[lat, lon] for lon, lat in SQUARE]]}, "coordinates.swapped"),
        ({"type": "Polygon", "coordinates": [SQUARE[:2]]}, "polygon.few_points"),
        ({"type": "Polygon", "coordinates": SQUARE}, "file.geojson"),
        ({"type": "Polygon", "coordinates": "x"}, "file.geojson"),
        ({"type": "Polygon"}, "file.geojson"),
        ({"type": "Point", "coordinates": [99.3, 9.1]}, "file.geojson"),
        ({"type": "FeatureCollection", "features": [FEATURE, FEATURE]}, "file.geojson"),
        ([1], "file.geojson"),
        (None, "file.geojson"),
        ({"type": "Polygon", "coordinates": [[[True, 9], [99, 9], [99, 8]]]}, "file.geojson"),
    ],
)
def test_a_bad_file_is_told_where_it_is_named(geojson: Any, code: str, tmp_path: Path, minimal: str) -> None:
    """What is wrong inside a file points at the line that names it."""
    errors = check(_market(tmp_path, minimal, geojson)).errors
    assert {error.code for error in errors} == {code}
    assert {(error.line, error.column, error.path) for error in errors} == {(10, 11, "zones[0].file")}


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
