"""What an OSRM is to us, wherever it runs: tables, ways, and the name of its data. Every failure is a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from routing.model import Location
from routing.travel import Unavailable

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """Seconds and metres from each source to each target, NaN where there is no way; metres from each to its road."""

    seconds: Floats
    metres: Floats
    sources_off: Floats
    targets_off: Floats

    def __post_init__(self) -> None:
        n, m = len(self.sources_off), len(self.targets_off)
        if self.seconds.shape != (n, m) or self.metres.shape != (n, m):
            raise ValueError(f"tables of {self.seconds.shape} and {self.metres.shape} for {n} sources and {m} targets")


class Source(Protocol):
    """``deadline`` is an instant of `time.monotonic`."""

    @property
    def block(self) -> int:
        """How many sources, and how many targets, go into one question."""
        ...

    def version(self, roads: str) -> str | Unavailable:
        """Names the data: rows remembered under another name are of no use any more."""
        ...

    def table(
        self, roads: str, sources: Sequence[Location], targets: Sequence[Location], deadline: float
    ) -> Table | Unavailable: ...

    def route(self, roads: str, points: Sequence[Location], deadline: float) -> str | Unavailable | None:
        """The way along the points as an encoded polyline; None where there is no way."""
        ...

    def close(self) -> None:
        """Hang up: the next question may be hours away."""
        ...


def numbers(rows: Any) -> Floats:
    """OSRM's rows of numbers and nulls as an array; a null is NaN, which nobody mistakes for a time.

    Between two places of one road OSRM is at times a decimetre below zero.
    """
    return np.maximum(np.array([list(row) for row in rows], dtype=np.float64), 0)
