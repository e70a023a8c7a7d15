"""The map laid flat: shapes in metres, what lies between neighbours, and which bank of a river a place is on.

Degrees are stretched by one latitude, near enough over some tens of kilometres. Everything but `Flat` itself takes and
gives metres. Knows no zones, no hubs and no words for people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import cos, radians
from typing import TYPE_CHECKING, Any

from scheduler.config.shapes import KM_PER_DEGREE, Point

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from shapely import LineString, Polygon
    from shapely import Point as Spot
    from shapely.geometry.base import BaseGeometry

    Shapes = npt.NDArray[np.object_]

SLIVER_KM2 = 0.02
"""Neighbours drawn one by one overlap, or miss each other, a little along their border: real tambon boundaries by up to
0.016 km2."""
SLIVER_M2 = SLIVER_KM2 * 1e6
NARROW_METRES = 50
"""What is left of an area beyond a river is no bank of its own where it is nowhere wider: the border follows the river.
"""
MOST_PAIRS = 20_000
"""A zone has a handful of neighbours; a file in which every zone touches every other is hostile, and bounded here."""

_CUT_METRES = 0.5


class Flat:
    """From degrees to metres around one latitude, and back."""

    def __init__(self, latitude: float) -> None:
        across = KM_PER_DEGREE * 1000 * cos(radians(latitude))
        self._scale = (across, KM_PER_DEGREE * 1000)

    def shapes(self, shapes: Shapes | Sequence[BaseGeometry]) -> Shapes:
        """Shapes in degrees, in metres."""
        import numpy as np
        from shapely import transform

        flat: Shapes = transform(np.array(shapes, dtype=object), lambda points: points * self._scale)
        return flat

    def line(self, places: Sequence[Point]) -> LineString:
        from shapely import LineString

        return LineString([self._xy(place) for place in places])

    def spot(self, place: Point) -> Spot:
        from shapely import Point as Spot

        return Spot(self._xy(place))

    def spots(self, places: Sequence[Point]) -> Shapes:
        """Many places at once."""
        import numpy as np
        from shapely import points

        return np.asarray(points(np.array(places) * self._scale))

    def place(self, spot: Spot) -> Point:
        """Back to [lon, lat], as exact as people write it: about a metre."""
        return round(float(spot.x) / self._scale[0], 5), round(float(spot.y) / self._scale[1], 5)

    def _xy(self, place: Point) -> tuple[float, float]:
        return place[0] * self._scale[0], place[1] * self._scale[1]


def neighbours(tree: Any, shapes: Shapes, metres: float) -> npt.NDArray[np.intp]:
    """Rows of (later, earlier): which of the shapes in `tree` are no more than `metres` apart, in their order."""
    import numpy as np

    pairs: npt.NDArray[np.intp] = tree.query(shapes, predicate="dwithin", distance=metres).T
    pairs = pairs[pairs[:, 0] > pairs[:, 1]]
    return pairs[np.lexsort(pairs.T[::-1])][:MOST_PAIRS]


def between(shapes: Shapes, pairs: npt.NDArray[np.intp], metres: float) -> Shapes:
    """For each pair, what lies between the two and is nowhere wider than `metres`."""
    import numpy as np
    import shapely

    # Only where the two can be near each other is looked at: a few corners of each instead of all.
    bounds = shapely.bounds(shapes)[pairs]
    low = bounds[:, :, :2].max(axis=1) - 3 * metres
    high = bounds[:, :, 2:].min(axis=1) + 3 * metres
    near = [
        [shapely.clip_by_rect(shapes[at], *box) for at in pair]
        for pair, box in zip(pairs.tolist(), np.hstack((low, high)).tolist(), strict=True)
    ]
    both = shapely.union_all(np.array(near, dtype=object).reshape(-1, 2), axis=1)
    filled = shapely.buffer(shapely.buffer(both, metres / 2, quad_segs=2), -metres / 2, quad_segs=2)
    return np.asarray(shapely.difference(filled, both))


def widest(shape: Polygon) -> tuple[Spot, float]:
    """The middle of the widest place of a strip, and how wide it is there."""
    from shapely import Point as Spot
    from shapely import maximum_inscribed_circle

    radius = maximum_inscribed_circle(shape, tolerance=1.0)
    return Spot(radius.coords[0]), float(2 * radius.length)


def narrow(shape: BaseGeometry, metres: float) -> bool:
    """Whether a shape is nowhere wider than `metres`."""
    if shape.area > shape.length * metres / 2:  # wider for certain, and told without a look at every corner
        return False
    return bool(shape.buffer(-metres / 2, quad_segs=2).is_empty)


def banks(shape: BaseGeometry, *lines: LineString) -> list[BaseGeometry]:
    """What is left of `shape` on each side of the lines that cut it, the largest first; slivers are no bank."""
    import shapely

    cut = shape.difference(shapely.union_all(lines).buffer(_CUT_METRES)) if lines else shape
    parts = sorted(shapely.get_parts(cut).tolist(), key=lambda part: -float(part.area))
    real = [part for part in parts if part.area > SLIVER_M2 and not part.buffer(-NARROW_METRES / 2).is_empty]
    return real or parts[:1]


def across(spot: Spot, ground: Sequence[BaseGeometry], lines: Mapping[str, LineString]) -> str | None:
    """The name of the line that lies between a place and the nearest of the `banks` of an area; None: there is none."""
    import shapely

    nearest = min(ground, key=spot.distance, default=None)
    if nearest is None or spot.distance(nearest) <= _CUT_METRES:
        return None
    way = shapely.shortest_line(spot, nearest)
    return next((name for name, line in lines.items() if way.intersects(line)), None)
