"""A zone's own GeoJSON file with another border: only its places change."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.config.shapes import Shapes
from scheduler.editing.drawing import drawn

LINED = """{
"type": "FeatureCollection",
"name": "talat",
"features": [
{ "type": "Feature", "properties": { "id": 1, "wide": 1.50 }, "geometry": { "type": "Polygon", "coordinates":
  [ [ [ 99.3070, 9.1210 ],
      [ 99.3400, 9.1370 ],
      [ 99.3300, 9.1415 ],
      [ 99.3070, 9.1210 ] ] ] } }
]
}
"""
ONE, TWO, THREE = (99.307, 9.121), (99.34, 9.137), (99.33, 9.1415)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_moved_corner_is_its_own_number(end: str, mark: bytes) -> None:
    """However the map program set its brackets; numbers elsewhere keep their zeros, lines their ends."""
    data = mark + LINED.replace("\n", end).encode()
    assert drawn(data, (((ONE, (99.3401, 9.137), THREE),),)) == data.replace(b"99.3400", b"99.3401")
    assert drawn(data, (((ONE, TWO, THREE),),)) == data


def test_a_corner_more_keeps_the_others_as_written() -> None:
    """And what is said of the area stays, its numbers in their own form."""
    found = drawn(LINED.encode(), (((ONE, TWO, (99.335, 9.14), THREE),),)).decode()
    assert all(f"[ 99.{place} ]" in found for place in ("3070, 9.1210", "3400, 9.1370", "3300, 9.1415"))
    assert '"wide": 1.50' in found
    assert json.loads(found)["features"][0]["geometry"]["coordinates"][0][2] == [99.335, 9.14]


def test_another_kind_of_area_is_named_so() -> None:
    """A part more makes a MultiPolygon of a Polygon."""
    apart = ((99.4, 9.1), (99.41, 9.1), (99.41, 9.11))
    found = json.loads(drawn(LINED.encode(), ((((ONE, TWO, THREE)),), (apart,))))
    assert found["features"][0]["geometry"]["type"] == "MultiPolygon"
    assert len(found["features"][0]["geometry"]["coordinates"]) == 2
    assert found["features"][0]["properties"] == {"id": 1, "wide": 1.5}


PLACES = st.tuples(st.integers(99_000_000, 99_900_000), st.integers(9_000_000, 9_900_000))
RINGS = st.lists(PLACES, min_size=3, max_size=6).map(lambda all: tuple((x / 1e6, y / 1e6) for x, y in all))
AREAS = st.lists(st.lists(RINGS, min_size=1, max_size=2).map(tuple), min_size=1, max_size=2).map(tuple)
SAID = st.dictionaries(st.text(max_size=6), st.one_of(st.text(max_size=9), st.integers(), st.none(), st.booleans()))


@given(AREAS, AREAS, SAID, st.sampled_from([None, 1, 2, "\t"]), st.sampled_from(["", "Feature", "FeatureCollection"]))
def test_whatever_it_was_the_file_says_the_new_border_and_all_the_rest(
    old: Shapes, new: Shapes, said: dict[str, Any], indent: Any, kind: str
) -> None:
    """With tabs, odd letters or repeated names that YAML would not take, too."""

    def document(shapes: Shapes) -> Any:
        closed = [[[list(point) for point in (*ring, ring[0])] for ring in rings] for rings in shapes]
        many = len(closed) > 1
        area = {"type": "MultiPolygon" if many else "Polygon", "coordinates": closed if many else closed[0]}
        feature = {"type": "Feature", "properties": said, "geometry": area}
        return {"": area, "Feature": feature}.get(kind, {"type": kind, "features": [feature]})

    for ascii_only in (True, False):
        written = json.dumps(document(old), indent=indent, ensure_ascii=ascii_only).encode("utf-8", "replace")
        assert json.loads(drawn(written, new)) == json.loads(json.dumps(document(new)).encode())
