"""Which delivery zone a place lies in, and on which bank. Knows borders and priorities, nothing of orders or waves.

Places are ``(lon, lat)`` in degrees, distances metres. Where zones overlap the higher ``priority`` wins, then the one
that stands first in the configuration, so an answer never depends on chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from scheduler.config import Config
from scheduler.config.flat import Flat, across, banks
from scheduler.config.models import Zone

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

Location = tuple[float, float]


class ZoneIndex:
    """The zones of one configuration, ready to be asked."""

    def __init__(self, config: Config) -> None:
        self._zones = sorted(config.zones, key=lambda zone: -zone.priority)
        self._shapes = np.array([zone.shape for zone in self._zones], dtype=object)
        shapely.prepare(self._shapes)
        self._tree = shapely.STRtree(self._shapes)
        self._flat = Flat(float(self._shapes[0].centroid.y))
        self._metric = self._flat.shapes(self._shapes)
        self._tambons = {code: zone for zone in reversed(self._zones) for code in zone.tambons}
        self._names = {name: zone for zone in reversed(self._zones) for name in (zone.name.th, zone.name.en) if name}
        self._lines = {barrier.id: self._flat.line(barrier.line) for barrier in config.barriers}
        self._rank = {zone.id: rank for rank, zone in enumerate(self._zones)}
        self._grounds: dict[str, list[BaseGeometry]] = {}

    def locate(self, location: Location) -> Zone | None:
        """The zone `location` lies in; its border belongs to it."""
        return self.locate_many([location])[0]

    def locate_many(self, locations: Sequence[Location] | npt.NDArray[np.float64]) -> list[Zone | None]:
        """The zone of each place, in order; an n x 2 array or a list of pairs."""
        zones: list[Zone | None] = [*self._zones, None]
        return [zones[rank] for rank in self._ranks(locations).tolist()]

    def _ranks(self, locations: Sequence[Location] | npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
        """The best zone's place in order of precedence, or the number of zones for none."""
        places = np.asarray(locations, dtype=np.float64).reshape(-1, 2)
        best = np.full(len(places), len(self._zones), dtype=np.intp)
        near = np.isfinite(places).all(axis=1).nonzero()[0]
        asked, candidates = self._tree.query(shapely.points(places[near]))
        asked = near[asked]
        inside = shapely.intersects_xy(self._shapes[candidates], places[asked, 0], places[asked, 1])
        np.minimum.at(best, asked[inside], candidates[inside])
        return best

    def zone_for_tambon(self, code: str) -> Zone | None:
        """The zone that serves the tambon with this six-digit code."""
        return self._tambons.get(code.strip())

    def zone_called(self, tambon: str) -> Zone | None:
        """The zone that people mean by a tambon: by its code, else by a zone's own name."""
        return self.zone_for_tambon(tambon) or self._names.get(tambon.strip())

    def of_community(self, community: str) -> list[Zone]:
        """The zones of a community."""
        return [zone for zone in self._zones if zone.community == community]

    def across(self, location: Location, zone: Zone) -> str | None:
        """The barrier between a place and the ground of `zone`; None where one goes there without crossing any."""
        if zone.id not in self._grounds:
            self._grounds[zone.id] = banks(self._metric[self._rank[zone.id]], *self._lines.values())
        return across(self._flat.spot(location), self._grounds[zone.id], self._lines)

    def nearest(self, location: Location) -> tuple[Zone, float]:
        """The zone next to `location` and how far away it is; 0 metres inside."""
        distances = shapely.distance(self._metric, self._flat.spot(location))
        rank = int(np.argmin(distances))
        return self._zones[rank], float(distances[rank])
