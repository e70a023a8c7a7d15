"""What goes wrong on one day, drawn from its seed: how bad the day is, and then each call, each commit, each death.

Knows kinds of misfortune and how often they come; not whom they befall.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

Call = Literal[
    "well",
    "unreachable",  # no connection: provably unsent
    "lost",  # the connection breaks before the service reads
    "busy",  # 5xx, not taken
    "rate",  # 429
    "reset",  # taken, and the connection breaks
    "error",  # taken, and 5xx
    "garbled",  # taken, and the answer says nothing
    "slow",  # taken, and no answer in time
    "late",  # given up, and taken only then
]
TROUBLES: tuple[Call, ...] = (
    *("unreachable", "unreachable", "rate", "rate"),  # what is certain, so that what waits behind it is seen to wait
    *("lost", "busy", "reset", "error", "garbled", "slow", "late"),
)
Commit = Literal["well", "unreachable", "die"]

STALL = (11.0, 40.0)
"""Seconds that a database stands still at times: longer than a sender's lease."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How often something goes wrong: of a service's calls, of commits, and of either the process's death."""

    calls: float
    commits: float
    deaths: float
    stalls: float
    outages: int
    processes: int


class Fate:
    """One day's misfortunes. Once it is `over`, all goes well."""

    def __init__(self, seed: int) -> None:
        self.chance = chance = random.Random(seed)
        self.over = False
        self.weather = Weather(
            calls=chance.choice([0.0, 0.1, 0.3, 0.6]),
            commits=chance.choice([0.0, 0.0, 0.01, 0.04]),
            deaths=chance.choice([0.0, 0.01, 0.03]),
            stalls=chance.choice([0.0, 0.0, 0.01]),
            outages=chance.choice([0, 0, 1, 2]),
            processes=chance.choice([1, 1, 1, 2]),
        )

    def call(self) -> Call:
        """What becomes of a call to a service."""
        return self.chance.choice(TROUBLES) if self._happens(self.weather.calls) else "well"

    def way(self) -> float:
        """Seconds that a call takes to the service, and its answer back."""
        return self.chance.uniform(0.005, 0.3)

    def dies_in_a_call(self) -> bool:
        return self._happens(self.weather.deaths)

    def commit(self) -> Commit:
        """What becomes of a commit, before it or after."""
        if self._happens(self.weather.deaths / 4):
            return "die"
        return "unreachable" if self._happens(self.weather.commits) else "well"

    def pauses(self) -> tuple[float, float]:
        """Seconds until the database begins, and until its answer is there."""
        if self._happens(self.weather.stalls):
            stall = self.chance.uniform(*STALL)
            return self.chance.choice([(stall, 0.001), (0.001, stall)])
        return 0.001, 0.001

    def _happens(self, rate: float) -> bool:
        return not self.over and rate > 0 and self.chance.random() < rate
