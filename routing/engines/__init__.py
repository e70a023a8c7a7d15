"""The engines, one module each; a module's name is the engine's name in `Settings.engine`.

An engine only orders stops. It never makes times, costs or reasons: those are made in one place for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from routing.compiled import Compiled
from routing.model import Settings
from routing.plans import Answer
from routing.rules import Rule


def _nobody(routes: Sequence[Sequence[int]]) -> None:
    return None


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Report:
    """Who waits for the plan: is called with every better set of routes, and says when no more is wanted.

    An engine asks `stopped` at least every tenth of a second while it searches, and then gives what it has.
    """

    tell: Callable[[Sequence[Sequence[int]]], None] = _nobody
    stopped: Callable[[], bool] = _never

    def __call__(self, routes: Sequence[Sequence[int]]) -> None:
        self.tell(routes)


class Engine(Protocol):
    """What each module here offers."""

    HONOURS: frozenset[Rule]
    """The rules it takes."""

    def available(self) -> bool:
        """Whether what it is made of is installed."""
        ...

    def warm(self) -> None:
        """Have everything ready that a first plan would wait for. Only called where it is available."""
        ...

    def solve(self, compiled: Compiled, settings: Settings, report: Report) -> Answer: ...
