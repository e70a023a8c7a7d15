"""Driven legs against planned times."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.calibration import ENOUGH, Leg, calibrate


def legs(count: int, factor: float, *, noise: float = 0.1, kind: str = "motorcycle", seed: int = 1) -> list[Leg]:
    """Legs whose time on the move is really `factor` times the planned, give or take."""
    random = np.random.default_rng(seed)
    moving = random.uniform(60, 1500, count)
    real = moving * factor * np.exp(random.normal(0, noise, count))
    return [
        Leg(kind=kind, observed=60 + r, moving=m, fixed=60, metres=5 * m, driven=6 * m)
        for m, r in zip(moving.tolist(), real.tolist(), strict=True)
    ]


@settings(max_examples=20, deadline=None)
@given(factor=st.floats(0.4, 3.0), count=st.integers(60, 200), seed=st.integers(0, 99))
def test_the_factor_is_found_and_lies_in_its_range(factor: float, count: int, seed: int) -> None:
    """Noise aside, what was put in comes out; calibrated legs are no farther off than before."""
    found = calibrate(legs(count, factor, seed=seed))
    (kind,) = found.kinds
    assert kind.legs == count
    assert kind.factor == pytest.approx(factor, rel=0.12)
    assert kind.low is not None
    assert kind.high is not None
    assert kind.error_before is not None
    assert kind.error_after is not None
    assert kind.low <= (kind.factor or 0) <= kind.high
    assert kind.error_after <= kind.error_before + 0.03
    assert found.spread is not None
    assert found.spread[0] < 1 < found.spread[1]
    assert found.longer == pytest.approx(1.2)


def test_one_long_lunch_changes_nothing() -> None:
    """Two legs of ten hours among sixty move the factor by less than a twentieth."""
    usual = legs(60, 1.3)
    lunch = [Leg(kind="motorcycle", observed=36_000, moving=300, fixed=60) for _ in range(2)]
    (plain,), (moved,) = calibrate(usual).kinds, calibrate([*usual, *lunch]).kinds
    assert moved.factor == pytest.approx(plain.factor, rel=0.05)


def test_the_sample_size_is_told_and_must_be_enough() -> None:
    """Each kind has its own count; below enough there is no factor, and nothing about ranges or metres."""
    found = calibrate([*legs(ENOUGH - 1, 1.2), *legs(ENOUGH, 0.8, kind="saleng")])
    few, many = found.kinds
    assert (few.kind, few.legs, few.factor) == ("motorcycle", ENOUGH - 1, None)
    assert (many.kind, many.legs) == ("saleng", ENOUGH)
    assert many.factor == pytest.approx(0.8, rel=0.1)
    nothing = calibrate(legs(3, 1.0))
    assert (nothing.spread, nothing.longer) == (None, None)
    assert calibrate([]).kinds == ()


def test_legs_without_a_way_count_for_nothing() -> None:
    """Where no way was planned, or both ends are one place, there is nothing to compare."""
    (kind,) = calibrate([*legs(30, 1.0), Leg(kind="motorcycle", observed=900, moving=0)]).kinds
    assert kind.legs == 30
