"""What every travel provider must hold. A new module in routing/travel/ is picked up by itself."""

from __future__ import annotations

import pickle
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from lines import decode
from town import needs_osrm

from routing import UNREACHABLE, Location, Matrix, travel
from routing.roads import DataSet
from routing.travel import Kind, Measured, Settings, Travel, TravelError, connect

KINDS = {"motorcycle": Kind(speed_kmh=18, roads="motorcycle"), "pickup": Kind(speed_kmh=30, roads="motorcycle")}
WAYS = {"osrm": ("inside", "server")}
"""A provider that can be reached in more than one way is tried in each."""

TOWN = [(99.3257, 9.1463), (99.3407, 9.1537), (99.3000, 9.1300), (99.3257, 9.1463)]


@pytest.fixture(
    params=[
        pytest.param((name, way), id=f"{name} {way}".strip(), marks=[needs_osrm] if name == "osrm" else [])
        for name in travel.providers()
        for way in WAYS.get(name, ("",))
    ]
)
def provider(request: pytest.FixtureRequest) -> Travel:
    name, way = request.param
    more: dict[str, Any] = {}
    if way == "inside":
        town: DataSet = request.getfixturevalue("town")
        more["data"] = town.folder
    elif way == "server":
        more["url"] = request.getfixturevalue("town_server")
    return connect(name, Settings(kinds=KINDS, minutes_per_leg=1, **more))


def matrices(provider: Travel, points: list[Location], profiles: list[str]) -> dict[str, Matrix]:
    found = provider.measure(points, profiles)
    assert isinstance(found, Measured)
    return dict(found.matrices)


def test_a_provider_is_named_like_its_module(provider: Travel) -> None:
    """The name in plans is the name in the configuration, which is the module's."""
    assert isinstance(provider, Travel)
    assert import_module(type(provider).__module__).__name__.endswith(f".{provider.provider}")


def test_an_estimate_says_how_far_off_it_may_be(provider: Travel) -> None:
    """Times that are guessed come with a range around once."""
    if provider.estimate:
        assert provider.spread is not None
        assert provider.spread[0] < 1 < provider.spread[1]


def test_a_provider_can_be_sent_to_a_worker(provider: Travel) -> None:
    """What a worker process is given is a plain value, also after it was used here."""
    before = matrices(provider, TOWN, ["pickup"])["pickup"]
    after = matrices(pickle.loads(pickle.dumps(provider)), TOWN, ["pickup"])["pickup"]  # noqa: S301
    assert (before.durations == after.durations).all()


def test_a_matrix_is_square_whole_and_not_negative(provider: Travel) -> None:
    """One row and column per point, for each profile asked for and no other."""
    answer = matrices(provider, TOWN, ["motorcycle", "pickup", "pickup"])
    assert sorted(answer) == ["motorcycle", "pickup"]
    for matrix in answer.values():
        for table in (matrix.durations, matrix.distances):
            assert table.shape == (4, 4)
            assert table.dtype == np.int32
            assert ((table >= 0) & (table < UNREACHABLE)).all()


def test_the_same_place_is_no_way_at_all(provider: Travel) -> None:
    """Two points at exactly the same coordinates are 0 seconds and 0 metres apart; others at least a leg's minute."""
    matrix = matrices(provider, TOWN, ["pickup"])["pickup"]
    assert matrix.durations[0, 3] == matrix.distances[0, 3] == 0
    assert not matrix.durations.diagonal().any()
    assert matrix.durations[0, 1] > 60


def test_more_points_change_nothing_between_the_others(provider: Travel) -> None:
    """A point's row does not depend on who else was asked for, nor on what was asked before."""
    rest = [(99.3357, 9.1263), (99.2957, 9.1663)]
    few = matrices(provider, TOWN[:3], ["pickup"])["pickup"]
    all_ = matrices(provider, [*rest, *TOWN[:3]], ["pickup"])["pickup"]
    again = matrices(provider, [*TOWN[:2], *rest], ["pickup"])["pickup"]
    for name in ("durations", "distances"):
        assert np.abs(getattr(all_, name)[2:, 2:] - getattr(few, name)).max() <= 1
        assert np.abs(getattr(again, name)[:2, 2:] - getattr(all_, name)[2:4, :2]).max() <= 1


def test_no_points_are_an_empty_matrix(provider: Travel) -> None:
    """Nothing to measure is not an error."""
    assert matrices(provider, [], ["pickup"])["pickup"].durations.shape == (0, 0)
    assert provider.geometry([], "pickup") in (None, "")


def test_an_unknown_profile_is_refused(provider: Travel) -> None:
    """A vehicle kind the provider knows no speed for is an error that names it."""
    for ask in (lambda: provider.measure(TOWN, ["hovercraft"]), lambda: provider.geometry(TOWN, "hovercraft")):
        with pytest.raises(TravelError, match="hovercraft"):
            ask()


def test_a_point_that_is_none_is_refused(provider: Travel) -> None:
    """Latitude first, or no number, raises before anybody is asked."""
    for point in [(9.14, 99.3), (float("nan"), 9.0)]:
        with pytest.raises(TravelError):
            provider.measure([point], ["pickup"])


def test_a_way_begins_and_ends_at_its_stops(provider: Travel) -> None:
    """The drawn way leads from the first stop to the last, to within the next street."""
    line = decode(provider.geometry(TOWN[:3], "pickup") or "")
    for here, there in ((line[0], TOWN[0]), (line[-1], TOWN[2])):
        assert abs(here[0] - there[0]) < 0.005
        assert abs(here[1] - there[1]) < 0.005
