"""What rounds that were really driven say of the travel times they were planned with. Pure; changes nothing.

A leg is planned as ``minutes_per_leg`` and the time on the move, and calibrated is the second: its factor is all that
was observed over all that was planned, so that whole rounds come out right. (The median leg would promise too little:
some legs take much longer than planned, none much shorter.) One rider's lunch must not count, so legs `ODD` times
longer or shorter than the median are left out. How sure the factor is comes from drawing the legs again and again
(Efron's bootstrap).
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
ODD = 5.0
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
        longer = _factor(np.array([leg.driven for leg in counted], dtype=np.float64), planned)
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
    moved = np.maximum(observed - fixed, 0)
    factor = _factor(moved, moving)
    drawn = np.random.default_rng(1).integers(0, len(legs), (DRAWS, len(legs)))
    low, high = np.quantile([_factor(moved[draw], moving[draw]) for draw in drawn], SURE)
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


def _factor(real: Floats, planned: Floats) -> float:
    """Real over planned, of all legs that are not odd."""
    ratios = real / planned
    usual = float(np.median(ratios))
    kept = (ratios <= ODD * usual) & (ratios >= usual / ODD)
    return float(real[kept].sum() / planned[kept].sum())


def _error(planned: Floats, observed: Floats) -> float:
    return float(np.median(np.abs(planned - observed) / np.maximum(observed, 1)))
