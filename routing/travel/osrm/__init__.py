"""Travel on real roads, asked of OSRM: in this process on the data of `routing.roads`, or of a server over HTTP.

Times are OSRM's, times the vehicle's ``time_factor``, plus ``minutes_per_leg``. A stop off the road is reached along a
straight line at the vehicle's own speed; beyond `BEYOND` metres it is on no road that OSRM knows, and unreachable.
Rows already asked for are remembered by this process (`rows`). A source that fails is left alone for `PAUSE` seconds,
so that a hundred areas do not wait for it a hundred times.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from routing.model import UNREACHABLE, Location, Matrix
from routing.travel import Measured, Range, Settings, Unavailable, Why
from routing.travel.straight import degrees, same_place, whole

from .rows import Rows, Square
from .source import Source

FAR = 200
"""Metres from the road from which a stop is worth a look: its pin is wrong, or its road is missing from the map."""
BEYOND = 2_000
"""Metres from the road from which there is no way at all: the nearest road may be that of another bank or island."""
PAUSE = 30.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Osrm:
    """The provider. Opens nothing until it is asked."""

    settings: Settings
    provider: str = field(default="osrm", init=False)
    estimate: bool = field(default=False, init=False)
    spread: Range | None = field(default=None, init=False)

    def measure(self, points: Sequence[Location], profiles: Iterable[str]) -> Measured | Unavailable:
        wanted = self.settings.known(profiles)
        places = degrees(points)
        same = same_place(places)
        squares: dict[str, Square] = {}
        session = _session(self.settings.url, self.settings.data)
        deadline = monotonic() + self.settings.timeout_seconds
        for roads in sorted({self.settings.kinds[profile].roads for profile in wanted} if len(points) else ()):
            found = session.square(roads, [(lon, lat) for lon, lat in places.tolist()], deadline)
            if isinstance(found, Unavailable):
                return found
            squares[roads] = found
        off = {
            k: round(max(float(square.off[k]) for square in squares.values()))
            for k in range(len(points))
            if any(square.off[k] > FAR for square in squares.values())
        }
        return Measured(
            matrices={profile: self._matrix(profile, squares, same) for profile in wanted},
            off_road=off,
        )

    def _matrix(self, profile: str, squares: dict[str, Square], same: npt.NDArray[np.bool_]) -> Matrix:
        kind = self.settings.kinds[profile]
        if kind.roads not in squares:
            empty = np.zeros((0, 0), dtype=np.int32)
            return Matrix(durations=empty, distances=empty)
        square = squares[kind.roads]
        metres = np.where(square.off > BEYOND, np.inf, square.off) * self.settings.detour_factor
        walked = metres[:, None] + metres[None, :]
        seconds = square.seconds * kind.time_factor + walked * 3.6 / kind.speed_kmh + 60 * self.settings.minutes_per_leg
        durations, distances = (
            whole(np.nan_to_num(seconds, nan=np.inf)),
            whole(np.nan_to_num(square.metres + walked, nan=np.inf)),
        )
        gone = (durations >= UNREACHABLE) | (distances >= UNREACHABLE)
        for table in (durations, distances):
            table[gone] = UNREACHABLE
            table[same] = 0
        return Matrix(durations=durations, distances=distances)

    def geometry(self, points: Sequence[Location], profile: str) -> str | None:
        roads = self.settings.kinds[self.settings.known([profile])[0]].roads
        stops = [points[0], *(b for a, b in pairwise(points) if a != b)] if points else []
        if len(stops) < 2:
            return None
        deadline = monotonic() + self.settings.timeout_seconds
        found = _session(self.settings.url, self.settings.data).route(roads, stops, deadline)
        return None if isinstance(found, Unavailable) else found


def connect(settings: Settings) -> Osrm:
    return Osrm(settings)


@lru_cache(maxsize=4)
def _session(url: str | None, data: Path) -> _Session:
    """One for each source in this process."""
    from .inside import Inside
    from .server import Server

    return _Session(Server(url) if url is not None else Inside(data))


class _Session:
    """What this process holds open of one source: the source itself, its rows, and whether it failed just now."""

    def __init__(self, source: Source) -> None:
        self.source, self.rows = source, Rows()
        self.failed: tuple[float, Unavailable] | None = None

    def square(self, roads: str, points: Sequence[Location], deadline: float) -> Square | Unavailable:
        if self.failed is not None and monotonic() < self.failed[0]:
            return self.failed[1]
        return self._remember(self.rows.square(self.source, roads, points, deadline))

    def route(self, roads: str, points: Sequence[Location], deadline: float) -> str | Unavailable | None:
        if self.failed is not None and monotonic() < self.failed[0]:
            return self.failed[1]
        return self._remember(self.source.route(roads, points, deadline))

    def _remember(self, found: T) -> T:
        self.source.close()
        self.failed = None
        if isinstance(found, Unavailable) and found.why in (Why.DOWN, Why.SLOW, Why.REFUSED):
            self.failed = (monotonic() + PAUSE, found)
        return found
