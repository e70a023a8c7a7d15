"""Areas and what is said of them, out of GeoJSON (RFC 7946) and into it. Knows shapes; nothing of zones or files.

What other programs write is taken where it is clear what was meant, with a remark: heights, rings that are open or wind
the wrong way. What is not clear is refused with its place in the document. Places are ``[lon, lat]`` in degrees.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import inf
from typing import Any, NoReturn

from pydantic import TypeAdapter, ValidationError

from scheduler.config.shapes import Area, Shapes
from scheduler.config.wording import wording

MOST_BYTES = 20_000_000
MOST_FEATURES = 2_000
_KINDS = ("Polygon", "MultiPolygon")
_NO_NUMBERS = {"NaN", "Infinity", "-Infinity"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something about one place in the document, as a code and facts of `scheduler.config.wording`."""

    path: str
    code: str
    facts: Mapping[str, object]

    def as_json(self) -> dict[str, Any]:
        message, hint = wording(self.code, self.facts)
        return {"path": self.path, "code": self.code, "message": message, "hint": hint}


class Unusable(Exception):
    """The document, or what it asks for, cannot be used; `remarks` say why. `unread`: it is no such document at all."""

    def __init__(self, remarks: Iterable[Remark], *, unread: bool = False) -> None:
        self.remarks, self.unread = list(remarks), unread
        super().__init__(self.remarks[0].code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One area. `shapes` wind as RFC 7946 wants: outsides against the clock, holes with it; no ring is closed."""

    path: str
    id: str | None
    properties: Mapping[str, Any]
    shapes: Shapes


def read(data: bytes, country: str = "TH") -> tuple[list[Feature], list[Remark]]:
    """The areas of a document, and what was mended in them; `Unusable` with everything that is wrong."""
    features, wrong, mended = [], list[Remark](), list[Remark]()
    for path, found in _listed(_parsed(data)):
        geometry = found.get("geometry")
        kind = geometry.get("type") if isinstance(geometry, dict) else None
        if not isinstance(geometry, dict) or kind not in _KINDS:
            facts = {"value": kind if isinstance(kind, str) else "null"}
            wrong.append(Remark(path=f"{path}geometry", code="geojson.kind", facts=facts))
            continue
        reading = _Area(f"{path}geometry.coordinates", str(kind))
        shapes = reading.read(geometry.get("coordinates"), country)
        wrong += reading.wrong
        mended += reading.mended
        properties, own = found.get("properties"), found.get("id")
        if shapes is not None:
            features.append(
                Feature(
                    path=path.rstrip("."),
                    id=str(own) if isinstance(own, str | int) else None,
                    properties=properties if isinstance(properties, dict) else {},
                    shapes=wound(shapes),
                )
            )
    if wrong:
        raise Unusable(wrong)
    return features, mended


def collection(areas: Iterable[tuple[Mapping[str, Any], Shapes]]) -> dict[str, Any]:
    """A FeatureCollection of areas and their properties; rings are closed and wind as RFC 7946 wants."""
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": dict(properties), "geometry": geometry(shapes)}
            for properties, shapes in areas
        ],
    }


def geometry(shapes: Shapes) -> dict[str, Any]:
    """A Polygon, or a MultiPolygon where there is more than one; rings wind as RFC 7946 wants."""
    return nested(wound(shapes))


def nested(shapes: Shapes) -> dict[str, Any]:
    """The same with rings that wind as they come."""
    polygons = [[[list(point) for point in (*ring, ring[0])] for ring in rings] for rings in shapes]
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}


def wound(shapes: Shapes) -> Shapes:
    """The same area, outsides against the clock and holes with it."""
    return tuple(
        tuple(ring if (turning(ring) > 0) == (number == 0) else ring[::-1] for number, ring in enumerate(rings))
        for rings in shapes
    )


def turning(ring: Sequence[Sequence[float]]) -> float:
    """Above 0 for a ring that winds against the clock, below 0 for one that winds with it."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, [*ring[1:], ring[0]], strict=True))


def _parsed(data: bytes) -> Any:
    if len(data) > MOST_BYTES:
        raise _unusable("file.too_big", limit=MOST_BYTES // 1_000_000)

    def no_number(name: str) -> NoReturn:
        raise ValueError(name)

    try:
        return json.loads(data.decode("utf-8-sig"), parse_constant=no_number)
    except json.JSONDecodeError as error:
        raise _unusable("geojson.json", line=error.lineno, column=error.colno) from error
    except UnicodeDecodeError as error:
        raise _unusable("file.encoding") from error
    except ValueError as error:
        told = str(error) if str(error) in _NO_NUMBERS else "9999…"  # Python refuses thousands of digits
        raise _unusable("geojson.number", value=told) from error
    except RecursionError as error:
        raise _unusable("geojson.deep") from error


def _unusable(code: str, **facts: object) -> Unusable:
    return Unusable([Remark(path="", code=code, facts=facts)], unread=True)


def _listed(found: Any) -> list[tuple[str, dict[str, Any]]]:
    """The features of a document, each with the way to it; a bare geometry is a feature without properties."""
    kind = found.get("type") if isinstance(found, dict) else None
    if kind == "Feature":
        return [("", found)]
    if kind in _KINDS:
        return [("", {"geometry": found})]
    features = found.get("features") if kind == "FeatureCollection" else None
    if not isinstance(features, list) or not features:
        raise _unusable("geojson.none")
    if len(features) > MOST_FEATURES:
        raise _unusable("value.too_many", limit=MOST_FEATURES)
    return [(f"features[{i}].", each if isinstance(each, dict) else {}) for i, each in enumerate(features)]


class _Area:
    """The coordinates of one geometry, read with everything that is wrong or was mended."""

    def __init__(self, path: str, kind: str) -> None:
        self.path, self.kind = path, kind
        self.wrong: list[Remark] = []
        self.mended: list[Remark] = []

    def read(self, coordinates: Any, country: str) -> Shapes | None:
        polygons = coordinates if self.kind == "MultiPolygon" else [coordinates]
        if not self._nested(polygons, 4):
            self._wrong((), "coordinates.format")
            return None
        heights = opened = wrongly = 0
        for polygon, rings in enumerate(polygons):
            for number, ring in enumerate(rings):
                for index, point in enumerate(ring):
                    if not self._numbers(point):
                        self._wrong((polygon, number, index), "geojson.text_number")
                        return None
                heights += any(len(point) > 2 for point in ring)
                rings[number] = flat = [[_float(part) for part in point[:2]] for point in ring]
                opened += flat[0] != flat[-1]
                wrongly += (turning(flat) > 0) != (number == 0)
        self._mended(heights, "geojson.heights")
        self._mended(opened, "geojson.open_ring")
        self._mended(wrongly, "geojson.winding")
        try:
            return _adapter().validate_python(polygons, context={"country": country})
        except ValidationError as error:
            told: set[str] = set()
            for fault in error.errors(include_url=False):
                if fault["type"] not in told:  # of a border that is swapped throughout, its first place
                    told.add(fault["type"])
                    self._wrong(fault["loc"], fault["type"], **fault.get("ctx", {}))
            return None

    def _nested(self, value: Any, depth: int) -> bool:
        """Lists within lists, `depth` deep, none of them empty; what is in the innermost is looked at later."""
        if not isinstance(value, list) or not value:
            return False
        return depth == 1 or all(self._nested(part, depth - 1) for part in value)

    @staticmethod
    def _numbers(point: list[Any]) -> bool:
        return len(point) > 1 and all(
            isinstance(part, int | float) and not isinstance(part, bool) for part in point[:2]
        )

    def _wrong(self, place: Iterable[int | str], code: str, **facts: object) -> None:
        way = list(place)[self.kind == "Polygon" :]
        self.wrong.append(Remark(path=self.path + "".join(f"[{step}]" for step in way), code=code, facts=facts))

    def _mended(self, count: int, code: str) -> None:
        if count:
            self.mended.append(Remark(path=self.path, code=code, facts={"count": count}))


def _float(number: float) -> float:
    """A whole number of any length as one that can be reckoned with; the adapter refuses what is nowhere."""
    try:
        return float(number)
    except OverflowError:
        return inf


@cache
def _adapter() -> TypeAdapter[Shapes]:
    return TypeAdapter(Area)
