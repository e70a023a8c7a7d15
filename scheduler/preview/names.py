"""The names on a map of changed zones: which there are, how large, and where each may stand. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import shapely
from shapely.ops import polylabel

from scheduler.preview.changes import ZoneChange
from scheduler.preview.frame import Frame
from scheduler.preview.labels import Box, Label, around, placed

Language = Literal["th", "en"]
SYMBOL = 6.0
"""Half of a mark's width, in points."""
KINDS = {"gained": ("{0}\n(ใหม่)", "{0}\n(new)"), "lost": ("{0}\n(เลิก)", "{0}\n(gone)")}


def labels(
    changes: Sequence[ZoneChange],
    hubs: Sequence[tuple[tuple[float, float], str]],
    crossings: Sequence[tuple[float, float]],
    orders: Sequence[tuple[float, float]],
    frame: Frame,
    language: Language,
) -> list[dict[str, Any]]:
    """The zones' names, those of changed zones first, then the hubs' where there is room."""
    index = 1 if language == "en" else 0
    wanted = [
        Label(text=_name(change, language, index), size=_size(change), places=_middles(change, frame))
        for change in sorted(changes, key=lambda change: change.kind == "same")
    ]
    wanted += [
        Label(text=name, size=8.0, places=around(*place, name, 8.0, SYMBOL), needed=False) for place, name in hubs
    ]
    symbols = [*(place for place, _ in hubs), *crossings, *orders]
    taken: list[Box] = [(x - SYMBOL, y - SYMBOL, x + SYMBOL, y + SYMBOL) for x, y in symbols]
    inside = (2.0, 2.0, frame.width - 2.0, frame.height - 2.0)
    return [
        {
            "text": label.text,
            "size": label.size,
            "weight": "bold" if label.needed else "regular",
            "x": round(x, 2),
            "y": round(y, 2),
        }
        for label, x, y in placed(wanted, taken, inside)
    ]


def _name(change: ZoneChange, language: Language, index: int) -> str:
    zone = change.new or change.old
    assert zone is not None  # noqa: S101 - a change is of a zone that one of the configs has
    name = zone.name.in_(language)
    return KINDS[change.kind][index].format(name) if change.kind in KINDS else name


def _size(change: ZoneChange) -> float:
    return 10.0 if change.kind == "same" else 11.5


def _middles(change: ZoneChange, frame: Frame) -> list[tuple[float, float]]:
    """Where a zone's name may stand: the middle of its widest part, then places on a grid inside, near it first."""
    zone = change.new or change.old
    assert zone is not None  # noqa: S101 - as above
    largest = max(getattr(zone.shape, "geoms", [zone.shape]), key=lambda part: part.area)
    area = shapely.Polygon([frame((x, y)) for x, y in largest.exterior.coords])
    area = area if area.is_valid else area.buffer(0)
    first = polylabel(area, tolerance=1.0) if area.geom_type == "Polygon" else area.representative_point()
    west, north, east, south = area.bounds
    step = max(6.0, (east - west) / 40, (south - north) / 40)
    grid = [
        (west + step * i, north + step * j)
        for i in range(int((east - west) / step) + 1)
        for j in range(int((south - north) / step) + 1)
        if shapely.intersects_xy(area, west + step * i, north + step * j)
    ]
    grid.sort(key=lambda place: (place[0] - first.x) ** 2 + (place[1] - first.y) ** 2)
    return [(first.x, first.y), *grid]
