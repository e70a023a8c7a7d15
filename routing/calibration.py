"""What rounds that were really driven say of the travel times they were planned with. Pure; changes nothing.

A leg is planned as ``minutes_per_leg`` and the time on the move, and calibrated is the second: its factor is the
weighted median of what was observed over what was planned, the longer the leg the heavier. One rider's lunch moves a
mean; it does not move that. How sure the factor is comes from drawing the legs again and again (Efron's bootstrap).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

ENOUGH = 20
"""Legs of one kind of vehicle below which nothing is suggested."""
DRAWS = 400
SURE = (0.05, 0.95)
"""The quantiles between which nine of ten lie."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One leg as driven and as planned. ``moving``: planned seconds without those for setting off and stopping.

    ``metres``: the planned way; ``driven``: the metres that the rider counted, where they did.
    """

    kind: str
    observed: float
    moving: float
    fixed: float = 0.0
    metres: float = 0.0
    driven: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """One kind of vehicle: by what its planned time on the move should be multiplied, between `low` and `high` nine
    times of ten; None where there are too few legs. ``error_…``: the median of how far off a leg's time is, of 1."""

    kind: str
    legs: int
    factor: float | None = None
    low: float | None = None
    high: float | None = None
    error_before: float | None = None
    error_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """Every kind; how wide real times lie around the calibrated ones, of 1; how much longer the ways are than planned.

    Both are None where there are too few legs (with metres) to say.
    """

    kinds: tuple[Calibration, ...]
    spread: tuple[float, float] | None
    longer: float | None


def calibrate(legs: Sequence[Leg]) -> Calibrated:
    """Legs that were planned without any way between their ends are left out."""
    by_kind: dict[str, list[Leg]] = defaultdict(list)
    for leg in legs:
        if leg.moving > 0:
            by_kind[leg.kind].append(leg)
    kinds, ratios = [], []
    for kind in sorted(by_kind):
        found, around = _kind(kind, by_kind[kind])
        kinds.append(found)
        ratios.append(around)
    around = np.concatenate(ratios) if ratios else np.zeros(0)
    counted = [leg for leg in legs if leg.driven is not None and leg.metres > 0]
    longer = None
    if len(counted) >= ENOUGH:
        planned = np.array([leg.metres for leg in counted])
        longer = _median(np.array([leg.driven for leg in counted]) / planned, planned)
    return Calibrated(
        kinds=tuple(kinds),
        spread=(float(np.quantile(around, SURE[0])), float(np.quantile(around, SURE[1])))
        if len(around) >= ENOUGH
        else None,
        longer=longer,
    )


def _kind(kind: str, legs: Sequence[Leg]) -> tuple[Calibration, Floats]:
    """The calibration, and real over calibrated time of each leg."""
    observed, moving, fixed = (
        np.array([getattr(leg, name) for leg in legs], dtype=np.float64) for name in ("observed", "moving", "fixed")
    )
    if len(legs) < ENOUGH:
        return Calibration(kind=kind, legs=len(legs)), np.zeros(0)
    ratios = np.maximum(observed - fixed, 0) / moving
    factor = _median(ratios, moving)
    drawn = np.random.default_rng(1).integers(0, len(legs), (DRAWS, len(legs)))
    low, high = np.quantile([_median(ratios[draw], moving[draw]) for draw in drawn], SURE)
    after = fixed + factor * moving
    return (
        Calibration(
            kind=kind,
            legs=len(legs),
            factor=factor,
            low=float(low),
            high=float(high),
            error_before=_error(fixed + moving, observed),
            error_after=_error(after, observed),
        ),
        observed / np.maximum(after, 1),
    )


def _median(values: Floats, weights: Floats) -> float:
    """The value that half of the weight lies below."""
    order = np.argsort(values, kind="stable")
    heap = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(heap, heap[-1] / 2)])


def _error(planned: Floats, observed: Floats) -> float:
    return float(np.median(np.abs(planned - observed) / np.maximum(observed, 1)))
