"""Travel along straight lines, with rivers in between. Needs no map, so all of it is an estimate.

Distance is haversine times ``detour_factor``; time is distance at the profile's speed plus ``minutes_per_leg`` for
setting off and stopping. Between two points at exactly the same place both are 0.

A line that crosses a `Barrier` is not driven: the way then leads over the barrier's named crossings, the quickest of
them that the profile may use, and over those of other barriers where the way meets them. Where none is left the
points cannot reach each other. A crossing lies on its barrier only roughly, so the ways to and from it may cut its
own barrier, but no other. ``minutes_per_leg`` counts once from point to point, however many crossings lie between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from routing import polyline
from routing.model import UNREACHABLE, Location, Matrix

from . import Barrier, Crossing, Measured, Range, Settings, TravelError

EARTH_RADIUS = 6_371_008.8
"""Mean radius of the Earth in metres (IUGG)."""

BLOCK = 512
"""Rows computed at once, which bounds the memory of intermediate results."""

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Straight:
    """The provider. `Settings.kinds` names every profile that may be asked for, each with its speed."""

    settings: Settings
    provider: str = field(default="straight", init=False)
    estimate: bool = field(default=True, init=False)

    @property
    def spread(self) -> Range:
        return self.settings.spread

    def measure(self, points: Sequence[Location], profiles: Iterable[str]) -> Measured:
        return Measured(matrices=self.matrices(points, profiles))

    def matrices(self, points: Sequence[Location], profiles: Iterable[str]) -> dict[str, Matrix]:
        """As `measure`, for those who know that straight lines always have an answer."""
        wanted = self.settings.known(profiles)
        places = degrees(points)
        barriers, factor = self.settings.barriers, self.settings.detour_factor
        crossings, at = self._crossings()
        banks = _Banks(barriers, places, at, [b for b, _ in crossings])
        metres = haversine(places, places) * np.float32(factor)
        same = same_place(places)
        answer: dict[str, Matrix] = {}
        for profile in wanted:
            usable = _usable(crossings, profile)
            speed = self.settings.kinds[profile].speed_kmh / 3.6
            delays = np.array([crossings[k][1].seconds for k in usable], dtype=np.float32)
            way = _Ways(metres / np.float32(speed), metres)
            if barriers:
                way = banks.around(way, usable, delays, at, speed, factor)
            answer[profile] = self._matrix(way, same)
        return answer

    def geometry(self, points: Sequence[Location], profile: str) -> str | None:
        """The straight legs, over the crossings that the times were made with."""
        self.settings.known([profile])
        line = list(points[:1])
        for here, there in pairwise(points):
            over = self._way(here, there, profile)
            if over is None:
                return None
            line += [*over, there]
        return polyline.encode(line)

    def _way(self, here: Location, there: Location, profile: str) -> list[Location] | None:
        """The crossings on the way, in order; None where the points cannot reach each other."""
        crossings, at = self._crossings()
        ends = degrees([here, there])
        banks = _Banks(self.settings.barriers, ends, at, [b for b, _ in crossings])
        if not banks.cut[0, 1]:
            return []
        usable = _usable(crossings, profile)
        pace = 3.6 * self.settings.detour_factor / self.settings.kinds[profile].speed_kmh
        reach = haversine(ends, at[usable]) * pace
        reach[banks.to_crossing[:, usable]] = np.inf
        over = haversine(at[usable], at[usable]) * pace
        over[banks.between[np.ix_(usable, usable)]] = np.inf
        delays = np.array([crossings[k][1].seconds for k in usable])
        # Dijkstra over a handful of crossings: the quickest chain from here to the far side of each
        best, before, open_ = reach[0] + delays, [-1] * len(usable), set(range(len(usable)))
        while open_:
            k = min(open_, key=lambda c: float(best[c]))
            open_.remove(k)
            for other in open_:
                through = best[k] + over[k, other] + delays[other]
                if through < best[other]:
                    best[other], before[other] = through, k
        total = best + reach[1]
        if not len(total) or not np.isfinite(total.min()):
            return None
        chain, k = [], int(np.argmin(total))
        while k >= 0:
            chain.append(crossings[usable[k]][1].location)
            k = before[k]
        return chain[::-1]

    def _crossings(self) -> tuple[list[tuple[int, Crossing]], npt.NDArray[np.float64]]:
        """Every crossing with the number of its barrier, and where it is."""
        crossings = [(b, c) for b, barrier in enumerate(self.settings.barriers) for c in barrier.crossings]
        return crossings, np.array([c.location for _, c in crossings], dtype=np.float64).reshape(-1, 2)

    def _matrix(self, way: _Ways, same: Bools) -> Matrix:
        seconds = way.seconds + np.float32(60 * self.settings.minutes_per_leg)
        durations, distances = whole(seconds), whole(way.metres)
        durations[same] = 0
        distances[same] = 0
        return Matrix(durations=durations, distances=distances)


def connect(settings: Settings) -> Straight:
    return Straight(settings)


def degrees(points: Sequence[Location]) -> npt.NDArray[np.float64]:
    """The points as an array; `TravelError` where one is none."""
    places = np.array(points, dtype=np.float64).reshape(-1, 2)
    if not np.isfinite(places).all() or (np.abs(places) > (180, 90)).any():
        raise TravelError("a point is not a longitude and a latitude in degrees")
    return places


def _usable(crossings: Sequence[tuple[int, Crossing]], profile: str) -> list[int]:
    return [k for k, (_, c) in enumerate(crossings) if c.profiles is None or profile in c.profiles]


def haversine(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> Floats:
    """Metres from each point of `a` to each of `b`, exact to about a metre in a hundred kilometres."""
    origin = a.mean(axis=0) if len(a) else np.zeros(2)
    # relative to a near origin, single precision keeps the metres
    lon_a, lat_a = np.radians(a - origin).astype(np.float32).T
    lon_b, lat_b = np.radians(b - origin).astype(np.float32).T
    cos_a, cos_b = (np.cos(np.radians(x[:, 1])).astype(np.float32) for x in (a, b))
    out = np.empty((len(a), len(b)), dtype=np.float32)
    for rows in _blocks(len(a)):
        north = np.sin((lat_a[rows, None] - lat_b[None]) / 2)
        east = np.sin((lon_a[rows, None] - lon_b[None]) / 2)
        chord = north * north + cos_a[rows, None] * cos_b[None] * east * east
        out[rows] = 2 * EARTH_RADIUS * np.arcsin(np.sqrt(np.clip(chord, 0, 1)))
    return out


def _blocks(n: int) -> Iterator[slice]:
    for first in range(0, n, BLOCK):
        yield slice(first, min(first + BLOCK, n))


def whole(values: Floats) -> npt.NDArray[np.int32]:
    """Rounded to integers; what is infinite, or too far to mean anything, is unreachable."""
    return np.rint(np.minimum(values, UNREACHABLE)).astype(np.int32)


def same_place(places: npt.NDArray[np.float64]) -> Bools:
    _, which = np.unique(places, axis=0, return_inverse=True)
    which = which.reshape(-1)
    return np.asarray(which[:, None] == which[None, :])


@dataclass(frozen=True, slots=True)
class _Ways:
    """The best known ways between all points: infinite where there is none."""

    seconds: Floats
    metres: Floats


class _Banks:
    """Which straight lines are cut by which barriers; the same for every profile."""

    def __init__(
        self,
        barriers: Sequence[Barrier],
        places: npt.NDArray[np.float64],
        crossings: npt.NDArray[np.float64],
        barrier_of: Sequence[int],
    ) -> None:
        n, k = len(places), len(crossings)
        self.places = places
        self.cut = np.zeros((n, n), dtype=np.bool_)
        self.to_crossing = np.zeros((n, k), dtype=np.bool_)
        self.between = np.zeros((k, k), dtype=np.bool_)
        owner = np.array(barrier_of, dtype=np.int64)
        for b, barrier in enumerate(barriers):
            line = np.array(barrier.line, dtype=np.float64)
            self.cut |= _cuts(places, places, line)
            foreign = owner != b
            if foreign.any():
                self.to_crossing[:, foreign] |= _cuts(places, crossings[foreign], line)
                self.between[np.ix_(foreign, foreign)] |= _cuts(crossings[foreign], crossings[foreign], line)

    def around(
        self,
        straight: _Ways,
        usable: Sequence[int],
        delays: Floats,
        crossings: npt.NDArray[np.float64],
        speed: float,
        detour_factor: float,
    ) -> _Ways:
        """The straight ways, with every one that is cut replaced by the quickest over the usable crossings."""
        seconds = np.where(self.cut, np.float32(np.inf), straight.seconds)
        metres = np.where(self.cut, np.float32(np.inf), straight.metres)
        if not usable or not self.cut.any():
            return _Ways(seconds, metres)
        at = crossings[list(usable)]
        factor, pace = np.float32(detour_factor), np.float32(1 / speed)
        reach = haversine(self.places, at) * factor
        reach[self.to_crossing[:, usable]] = np.inf
        over = _over(haversine(at, at) * factor, self.between[np.ix_(usable, usable)], pace, delays)
        # the quickest way from each point over any chain of crossings that ends with crossing c
        first, first_metres = _meet(reach * pace, reach, over)
        for c in range(len(usable)):
            for rows in _blocks(len(seconds)):
                here = first[rows, c, None] + reach[None, :, c] * pace
                better = self.cut[rows] & (here < seconds[rows])
                seconds[rows] = np.where(better, here, seconds[rows])
                metres[rows] = np.where(better, first_metres[rows, c, None] + reach[None, :, c], metres[rows])
        return _Ways(seconds, metres)


def _over(metres: Floats, cut: Bools, pace: np.float32, delays: Floats) -> _Ways:
    """From crossing to crossing, both of them crossed, over any others in between (Floyd and Warshall)."""
    metres = np.where(cut, np.float32(np.inf), metres)
    np.fill_diagonal(metres, 0)
    seconds = metres * pace + delays[:, None] + delays[None, :]
    np.fill_diagonal(seconds, delays)
    for k in range(len(delays)):
        through = seconds[:, k, None] + seconds[None, k, :] - delays[k]
        better = through < seconds
        seconds = np.where(better, through, seconds)
        metres = np.where(better, metres[:, k, None] + metres[None, k, :], metres)
    return _Ways(seconds, metres)


def _meet(reach: Floats, reach_metres: Floats, over: _Ways) -> tuple[Floats, Floats]:
    chains = reach[:, :, None] + over.seconds[None]
    best = np.argmin(chains, axis=1)
    rows, columns = np.arange(len(reach))[:, None], np.arange(reach.shape[1])[None]
    return chains[rows, best, columns], reach_metres[rows, best] + over.metres[best, columns]


def _cuts(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], line: npt.NDArray[np.float64]) -> Bools:
    """Whether the straight line from each point of `a` to each of `b` crosses `line`.

    A point on the line belongs to its left bank, so that no way slips through a corner between two segments.
    """
    out = np.zeros((len(a), len(b)), dtype=np.bool_)
    for p, q in pairwise(line):
        left_a, left_b = _left(p, q, a), _left(p, q, b)
        for side in (True, False):
            rows, columns = np.flatnonzero(left_a == side), np.flatnonzero(left_b != side)
            if not len(rows) or not len(columns):
                continue
            here, there = a[rows][:, None, :], b[columns][None, :, :]
            # name each pair's line from its left-bank point, so that both directions agree to the last bit
            start, stop = (here, there) if side else (there, here)
            out[np.ix_(rows, columns)] |= _left(start, stop, p) != _left(start, stop, q)
    return out


def _left(start: npt.NDArray[np.float64], stop: npt.NDArray[np.float64], point: npt.NDArray[np.float64]) -> Bools:
    """Whether `point` lies on the left of, or on, the line from `start` to `stop`."""
    run, rise = stop[..., 0] - start[..., 0], stop[..., 1] - start[..., 1]
    turn = run * (point[..., 1] - start[..., 1]) - rise * (point[..., 0] - start[..., 0])
    return np.asarray(turn >= 0)
