"""Places, lines and areas: numbers written as text or GeoJSON become plain tuples, and each fault is told.

``[lon, lat]`` throughout. A polygon is one ring of points, or rings (the first is the outside, the others holes), or
several polygons of rings: the nestings of GeoJSON. Rings may be closed or not and may wind either way. Needs the
validation context's ``country`` to know where the market lies. Knows nothing of zones or of files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from math import cos, isfinite, radians
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import PlainValidator, ValidationError, ValidationInfo, WithJsonSchema
from pydantic_core import InitErrorDetails, PydanticCustomError

from scheduler.config.values import refused

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

T = TypeVar("T")
Point = tuple[float, float]
Ring = tuple[Point, ...]
Shapes = tuple[tuple[Ring, ...], ...]

MOST_POINTS = 5_000
KM_PER_DEGREE = 111.32
LEAST_KM2 = 0.001
"""A zone below 1,000 m2, some 30 m by 30 m, is one yard: its points stand on a line, or are one place told thrice."""
BOXES: Mapping[str, tuple[float, float, float, float]] = {"TH": (97.3, 5.6, 105.7, 20.5)}
"""West, south, east, north of a country. Thai longitudes and latitudes share no value, so a swapped pair shows."""


def read_point(value: object, info: ValidationInfo) -> Point:
    """A place: a pair of numbers, longitude first."""
    if value is None:
        raise refused("value.empty")
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise refused("coordinates.format")
    lon, lat = _number(value[0]), _number(value[1])
    if lon is None or lat is None:
        raise refused("coordinates.format")
    box = BOXES.get((info.context or {}).get("country", ""))
    if _fits(lon, lat, box):
        return (lon, lat)
    code = "swapped" if _fits(lat, lon, box) else "outside" if _fits(lon, lat, None) else "impossible"
    pair = (value[1], value[0]) if code == "swapped" else (value[0], value[1])
    raise refused(f"coordinates.{code}", lon=pair[0], lat=pair[1])


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


def _fits(lon: float, lat: float, box: tuple[float, float, float, float] | None) -> bool:
    west, south, east, north = box or (-180.0, -90.0, 180.0, 90.0)
    return west <= lon <= east and south <= lat <= north


_PLACE = {
    "type": "array",
    "prefixItems": [
        {"type": "number", "minimum": -180, "maximum": 180},
        {"type": "number", "minimum": -90, "maximum": 90},
    ],
    "items": {"type": "number"},
    "minItems": 2,
    "maxItems": 2,
}
"""For editors: whatever the country, a swapped Thai pair is refused, since Thai longitudes are no latitudes at all."""
Located = Annotated[tuple[float, float], PlainValidator(read_point), WithJsonSchema(_PLACE)]


class _Faults:
    """Gathers what is wrong with the parts of one value, so that all of it is reported at once."""

    def __init__(self) -> None:
        self.found: list[InitErrorDetails] = []

    def read(self, where: tuple[int, ...], value: object, reader: Callable[[object], T]) -> T | None:
        try:
            return reader(value)
        except PydanticCustomError as fault:
            self.found.append(InitErrorDetails(type=fault, loc=where, input=value))
            return None

    def raise_any(self) -> None:
        if self.found:
            raise ValidationError.from_exception_data("shape", self.found)


def read_shapes(value: object, info: ValidationInfo) -> Shapes:
    """An area: points, rings of points, or polygons of rings."""
    depth = _depth(value)
    if depth not in (2, 3, 4):
        if value == []:
            raise refused("polygon.few_points", value=0)
        raise refused("value.empty" if value is None else "coordinates.format")
    count = _count(value)
    if count > MOST_POINTS:
        raise refused("polygon.too_many", value=count, limit=MOST_POINTS)
    faults = _Faults()
    shapes: dict[int, list[Ring]] = {}
    for polygon, where, raw in _rings(value, depth):
        points = [
            faults.read((*where, index), point, partial(read_point, info=info))
            for index, point in enumerate(raw if _is_list(raw) else [raw])
        ]
        if None not in points:
            ring = faults.read(where, [point for point in points if point], _ring)
            shapes.setdefault(polygon, []).append(ring or ())
    faults.raise_any()
    area = tuple(tuple(rings) for rings in shapes.values())
    _refuse_shapeless(area)
    return area


def _rings(value: Any, depth: int) -> Iterator[tuple[int, tuple[int, ...], Any]]:
    """Every ring with the number of its polygon and the way to it."""
    if depth == 2:
        yield 0, (), value
        return
    for polygon, rings in enumerate([value] if depth == 3 else value):
        for index, ring in enumerate(rings or [[]] if _is_list(rings) else [rings]):
            yield polygon, (index,) if depth == 3 else (polygon, index), ring


def corners(value: object) -> Iterator[tuple[tuple[int, ...], Point]]:
    """Every point of a good area as it was written, with the way to it."""
    for _, where, ring in _rings(value, _depth(value)):
        for index, (lon, lat) in enumerate(ring):
            yield (*where, index), (float(lon), float(lat))


def _ring(value: object) -> Ring:
    """Points without repetitions and without the closing one."""
    points: list[Point] = list(value)  # type: ignore[call-overload]
    ring = [point for index, point in enumerate(points) if index == 0 or point != points[index - 1]]
    if len(ring) > 1 and ring[0] == ring[-1]:
        ring.pop()
    if len(set(ring)) < 3:
        raise refused("polygon.few_points", value=len(set(ring)))
    return tuple(ring)


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


def _depth(value: Any) -> int:
    """How many lists are nested, by the first entries; 0 for what is no list."""
    depth = 0
    while _is_list(value) and depth < 5:
        depth += 1
        value = value[0] if value else None
    return depth


def _count(value: object) -> int:
    """How many places are in it; stops looking a little past the most that is allowed."""
    waiting: list[Any] = [value]
    count = 0
    while waiting and count <= MOST_POINTS:
        part = waiting.pop()
        nested = [inner for inner in part if _is_list(inner)]
        waiting += nested
        count += not nested
    return count + len(waiting)


def _refuse_shapeless(shapes: Shapes) -> None:
    from shapely import is_valid_reason

    geometry = as_geometry(shapes)
    area = square_km(geometry if geometry.is_valid else geometry.convex_hull)  # one that crosses itself may have none
    if area < LEAST_KM2:
        raise refused("polygon.flat", area=round(area * 1e6), limit=round(LEAST_KM2 * 1e6))
    if geometry.is_valid:
        return
    place = str(is_valid_reason(geometry)).rpartition("[")[2].rstrip("]").split()
    lon, lat = place if len(place) == 2 else geometry.bounds[:2]
    alone = all(as_geometry(((ring,),)).is_valid for rings in shapes for ring in rings)
    raise refused("polygon.rings" if alone else "polygon.crossing", lon=round(float(lon), 4), lat=round(float(lat), 4))


def as_geometry(shapes: Shapes) -> BaseGeometry:
    """The same area as a shapely geometry, in degrees."""
    from shapely import MultiPolygon, Polygon

    polygons = [Polygon(outer, holes) for outer, *holes in shapes]
    return polygons[0] if len(polygons) == 1 else MultiPolygon(polygons)


def square_km(shape: BaseGeometry) -> float:
    """How large a shape in degrees is, near enough for a market's zones."""
    return float(shape.area * KM_PER_DEGREE**2 * cos(radians(shape.centroid.y))) if shape.area else 0.0


_RING = {"type": "array", "items": _PLACE, "minItems": 3}
_RINGS = {"type": "array", "items": _RING, "minItems": 1}
_POLYGONS = {"type": "array", "items": _RINGS, "minItems": 1}

Area = Annotated[Shapes, PlainValidator(read_shapes), WithJsonSchema({"anyOf": [_RING, _RINGS, _POLYGONS]})]
