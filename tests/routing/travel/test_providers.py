"""What every travel provider must hold. A new module in routing/travel/ is picked up by itself."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from importlib import import_module

import numpy as np
import pytest

from routing import UNREACHABLE, travel
from routing.travel import Travel, TravelError
from routing.travel.straight import Straight

MAKERS: dict[str, Callable[[], Travel]] = {
    "straight": lambda: Straight(speed_kmh={"motorcycle": 18, "pickup": 30}, minutes_per_leg=1),
}
"""How the tests make each provider; it must know the profiles ``motorcycle`` and ``pickup``."""

NAMES = sorted(m.name for m in pkgutil.iter_modules(travel.__path__) if not m.name.startswith("_"))

TOWN = [(99.3257, 9.1463), (99.3407, 9.1537), (99.3100, 9.1300), (99.3257, 9.1463)]


@pytest.fixture(params=NAMES)
def provider(request: pytest.FixtureRequest) -> Travel:
    assert request.param in MAKERS, f"say in MAKERS how to make {request.param}"
    return MAKERS[request.param]()


def test_a_provider_is_named_like_its_module(provider: Travel) -> None:
    """The name in plans is the name in the configuration, which is the module's."""
    assert isinstance(provider, Travel)
    assert import_module(type(provider).__module__).__name__.endswith(f".{provider.provider}")


def test_a_matrix_is_square_whole_and_not_negative(provider: Travel) -> None:
    """One row and column per point, for each profile asked for and no other."""
    answer = provider.matrices(TOWN, ["motorcycle", "pickup", "pickup"])
    assert sorted(answer) == ["motorcycle", "pickup"]
    for matrix in answer.values():
        for table in (matrix.durations, matrix.distances):
            assert table.shape == (4, 4)
            assert table.dtype == np.int32
            assert ((table >= 0) & (table <= UNREACHABLE)).all()


def test_the_same_place_is_no_way_at_all(provider: Travel) -> None:
    """Two points at exactly the same coordinates are 0 seconds and 0 metres apart."""
    matrix = provider.matrices(TOWN, ["pickup"])["pickup"]
    assert matrix.durations[0, 3] == matrix.distances[0, 3] == 0
    assert not matrix.durations.diagonal().any()


def test_no_points_are_an_empty_matrix(provider: Travel) -> None:
    """Nothing to measure is not an error."""
    assert provider.matrices([], ["pickup"])["pickup"].durations.shape == (0, 0)


def test_an_unknown_profile_is_refused(provider: Travel) -> None:
    """A vehicle kind the provider knows no speed for is an error that names it."""
    with pytest.raises(TravelError, match="hovercraft"):
        provider.matrices(TOWN, ["hovercraft"])
