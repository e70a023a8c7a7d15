"""Which piece of the earth a map shows, and where on the page each place of it stands. Pure; knows no words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians

from scheduler.config import Config
from scheduler.config.shapes import KM_PER_DEGREE
from scheduler.preview.changes import ZoneChange
from storage.records import Location

PORTRAIT, LANDSCAPE = (595.0, 560.0), (842.0, 430.0)
"""An A4 page's width, upright and lying, and how high the map on it may be."""
MARGIN = 28.0
EDGE = 0.05
"""Room around what is shown, as a part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """From degrees to points: the west and north of what is shown, points per degree, width and height."""

    west: float
    north: float
    across: float
    up: float
    width: float
    height: float
    page: float

    def __call__(self, place: Location) -> tuple[float, float]:
        return round((place[0] - self.west) * self.across, 2), round((self.north - place[1]) * self.up, 2)

    @property
    def points_per_km(self) -> float:
        return self.up / KM_PER_DEGREE


def frame_of(old: Config, new: Config, changes: Sequence[ZoneChange]) -> Frame:
    """The box around all zones and hubs of both, on the page that shows it larger."""
    bounds = [zone.shape.bounds for change in changes for zone in (change.old, change.new) if zone is not None]
    bounds += [(*hub.location, *hub.location) for config in (old, new) for hub in config.hubs]
    west, south, east, north = (
        choose(column) for choose, column in zip((min, min, max, max), zip(*bounds, strict=True), strict=True)
    )
    room = EDGE * max(east - west, north - south)
    west, south, east, north = west - room, south - room, east + room, north + room
    squeeze = cos(radians((south + north) / 2))
    wide, high = (east - west) * squeeze, north - south
    page, most = max((PORTRAIT, LANDSCAPE), key=lambda each: min((each[0] - 2 * MARGIN) / wide, each[1] / high))
    width = page - 2 * MARGIN
    up = min(width / wide, most / high)
    # The map fills the page's width: what is shown stands in the middle.
    west -= (width / up - wide) / squeeze / 2
    return Frame(west=west, north=north, across=up * squeeze, up=up, width=width, height=round(up * high, 2), page=page)
