"""Straight lines, and rivers in between."""

from __future__ import annotations

from itertools import pairwise, permutations
from math import asin, cos, inf, radians, sin, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lines import decode

from routing import UNREACHABLE, Location
from routing.travel import Barrier, Crossing, Kind, Settings, TravelError
from routing.travel.straight import EARTH_RADIUS, Straight, haversine

WEST, EAST = (99.30, 9.14), (99.34, 9.14)
BRIDGE = Crossing(id="bridge", location=(99.32, 9.16), seconds=60)
FERRY = Crossing(id="ferry", location=(99.32, 9.13), seconds=900, profiles=frozenset({"walk"}))
RIVER = Barrier(id="tapi", line=((99.32, 9.05), (99.32, 9.25)), crossings=(BRIDGE, FERRY))


def metres(a: Location, b: Location) -> float:
    """Haversine in double precision, by the book."""
    north, east = radians(b[1] - a[1]), radians(b[0] - a[0])
    chord = sin(north / 2) ** 2 + cos(radians(a[1])) * cos(radians(b[1])) * sin(east / 2) ** 2
    return 2 * EARTH_RADIUS * asin(sqrt(chord))


def straight(*barriers: Barrier, **rest: Any) -> Straight:
    kinds = {"drive": Kind(speed_kmh=36), "walk": Kind(speed_kmh=3.6)}
    return Straight(Settings(kinds=kinds, detour_factor=1.0, barriers=barriers, **rest))


place = st.tuples(st.floats(99.0, 99.6), st.floats(8.9, 9.5))


@settings(max_examples=50, deadline=None)
@given(st.lists(place, min_size=1, max_size=8))
def test_single_precision_keeps_the_metre(points: list[Location]) -> None:
    """Within a province the fast formula is within a metre of the exact one."""
    places = np.array(points)
    found = haversine(places, places)
    exact = np.array([[metres(a, b) for b in points] for a in points])
    assert np.abs(found - exact).max() < 1


def test_time_is_distance_at_speed_plus_what_each_leg_costs() -> None:
    """18 km/h over 1.3 times the straight line, and a minute for each leg."""
    travel = Straight(Settings(kinds={"motorcycle": Kind(speed_kmh=18)}, detour_factor=1.3, minutes_per_leg=1))
    matrix = travel.matrices([WEST, EAST], ["motorcycle"])["motorcycle"]
    way = metres(WEST, EAST) * 1.3
    assert matrix.distances[0, 1] == pytest.approx(way, abs=2)
    assert matrix.durations[0, 1] == pytest.approx(way / 5 + 60, abs=1)
    assert (travel.provider, travel.estimate) == ("straight", True)


def test_a_river_is_crossed_at_its_bridge() -> None:
    """From bank to bank the way leads over the bridge and takes the bridge's own seconds."""
    matrix = straight(RIVER).matrices([WEST, EAST], ["drive"])["drive"]
    way = metres(WEST, BRIDGE.location) + metres(BRIDGE.location, EAST)
    assert matrix.distances[0, 1] == pytest.approx(way, abs=2)
    assert matrix.durations[0, 1] == pytest.approx(way / 10 + 60, abs=1)
    assert matrix.durations[1, 0] == pytest.approx(int(matrix.durations[0, 1]), abs=1)


def test_a_ferry_takes_only_whom_it_takes() -> None:
    """A walker takes the near ferry where it is quicker; a driver must not."""
    matrices = straight(RIVER).matrices([WEST, EAST], ["drive", "walk"])
    by_ferry = metres(WEST, FERRY.location) + metres(FERRY.location, EAST)
    assert matrices["walk"].distances[0, 1] == pytest.approx(by_ferry, abs=2)
    assert matrices["drive"].distances[0, 1] > by_ferry + 100


def test_on_one_bank_the_river_does_not_matter() -> None:
    """Points on the same side keep their straight line."""
    near = (99.31, 9.12)
    matrix = straight(RIVER).matrices([WEST, near], ["drive"])["drive"]
    assert matrix.distances[0, 1] == pytest.approx(metres(WEST, near), abs=2)


def test_without_a_bridge_the_other_bank_is_out_of_reach() -> None:
    """No crossing, or none for this vehicle, is unreachable, never a huge guess."""
    closed = Barrier(id="canal", line=RIVER.line)
    only_ferry = Barrier(id="tapi", line=RIVER.line, crossings=(FERRY,))
    for barrier in (closed, only_ferry):
        matrix = straight(barrier).matrices([WEST, EAST], ["drive"])["drive"]
        assert matrix.durations[0, 1] == matrix.distances[0, 1] == UNREACHABLE
        assert matrix.durations[0, 0] == 0


def test_two_rivers_take_two_bridges() -> None:
    """The way to the far side of both leads over a bridge of each."""
    bridge = Crossing(id="second", location=(99.36, 9.12), seconds=5)
    second = Barrier(id="canal", line=((99.36, 9.0), (99.36, 9.3)), crossings=(bridge,))
    beyond = (99.40, 9.14)
    matrix = straight(RIVER, second).matrices([WEST, EAST, beyond], ["drive"])["drive"]
    way = metres(WEST, BRIDGE.location) + metres(BRIDGE.location, bridge.location) + metres(bridge.location, beyond)
    assert matrix.distances[0, 2] == pytest.approx(way, abs=3)
    assert matrix.durations[0, 2] == pytest.approx(way / 10 + 65, abs=1)
    alone = straight(RIVER, Barrier(id="canal", line=second.line)).matrices([WEST, beyond], ["drive"])["drive"]
    assert alone.durations[0, 1] == UNREACHABLE


def test_no_way_slips_through_a_corner() -> None:
    """A line exactly through a vertex of the river is cut like any other."""
    bent = Barrier(id="bent", line=((99.32, 9.0), (99.32, 9.14), (99.32, 9.3)))
    assert straight(bent).matrices([WEST, EAST], ["drive"])["drive"].durations[0, 1] == UNREACHABLE


def cut_by(a: Location, b: Location, line: tuple[Location, ...]) -> bool:
    """Whether segment ab crosses the line, by solving for both parameters."""
    for p, q in pairwise(line):
        run, across = (b[0] - a[0], b[1] - a[1]), (q[0] - p[0], q[1] - p[1])
        turn = run[0] * across[1] - run[1] * across[0]
        if turn == 0:
            continue
        t = ((p[0] - a[0]) * across[1] - (p[1] - a[1]) * across[0]) / turn
        u = ((p[0] - a[0]) * run[1] - (p[1] - a[1]) * run[0]) / turn
        if 0 <= t <= 1 and 0 <= u <= 1:
            return True
    return False


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_way_is_the_quickest_chain_of_crossings(data: st.DataObject) -> None:
    """Against trying every order of crossings, for random rivers, bridges and points."""
    # odd fractions keep points, corners and bridges off one another, where rounding would decide
    spot = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda p: (99.3 + p[0] / 997, 9.1 + p[1] / 991))
    points = data.draw(st.lists(spot, min_size=2, max_size=4, unique=True))
    barriers = []
    for b in range(data.draw(st.integers(1, 2))):
        corner = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(
            lambda p: (99.3003 + p[0] / 983, 9.1004 + p[1] / 977)
        )
        line = tuple(data.draw(st.lists(corner, min_size=2, max_size=4, unique=True)))
        bridges = data.draw(st.lists(spot, max_size=2))
        seconds = data.draw(st.integers(0, 300))
        crossings = tuple(Crossing(id=str(k), location=c, seconds=seconds) for k, c in enumerate(bridges))
        barriers.append(Barrier(id=str(b), line=line, crossings=crossings))
    provider = straight(*barriers)
    matrix = provider.matrices(points, ["drive"])["drive"]
    ways = [(barrier, way) for barrier in barriers for way in barrier.crossings]

    def leg(a: Location, b: Location, own: set[str]) -> float:
        blocked = any(cut_by(a, b, x.line) for x in barriers if x.id not in own)
        return inf if blocked else metres(a, b) / 10

    for i, here in enumerate(points):
        for j, there in enumerate(points):
            best = leg(here, there, set())
            if best == inf:
                for count in range(1, len(ways) + 1):
                    for chain in permutations(ways, count):
                        stops = [(here, set[str]()), *((c.location, {x.id}) for x, c in chain), (there, set[str]())]
                        time = sum(leg(p, q, own | other) for (p, own), (q, other) in pairwise(stops))
                        best = min(best, time + sum(c.seconds for _, c in chain))
            way = decode(provider.geometry([here, there], "drive") or "")
            if best < inf:
                drawn = sum(metres(p, q) for p, q in pairwise(way))
                assert drawn == pytest.approx(float(matrix.distances[i, j]), abs=2 + 2 * len(way))
            else:
                assert not way
            found = matrix.durations[i, j]
            assert found == (UNREACHABLE if best == inf else pytest.approx(best, abs=1.5))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Settings(kinds={"drive": Kind(speed_kmh=0)}),
        lambda: Settings(kinds={"drive": Kind(time_factor=0)}),
        lambda: Settings(kinds={}, detour_factor=0.9),
        lambda: Settings(kinds={}, minutes_per_leg=-1),
        lambda: straight(Barrier(id="dot", line=(WEST,))),
        lambda: straight().matrices([(9.14, 99.3)], ["drive"]),
        lambda: straight().matrices([(float("nan"), 9.0)], ["drive"]),
    ],
)
def test_nonsense_is_refused(make: object) -> None:
    """Speeds, factors, lines and points that mean nothing raise at once."""
    assert callable(make)
    with pytest.raises(TravelError):
        make()
