"""How long it takes, and how far it is, from anywhere to anywhere. One module per provider; knows no orders.

Points are ``(lon, lat)`` in degrees. What cannot be reached is `routing.model.UNREACHABLE`, never a huge guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

from routing.model import Location, Matrix


class TravelError(ValueError):
    """The provider cannot answer: an unknown profile, or a point that is none."""


@runtime_checkable
class Travel(Protocol):
    """What every provider offers. ``estimate`` tells whether people must be told that times are estimates."""

    @property
    def provider(self) -> str: ...

    @property
    def estimate(self) -> bool: ...

    def matrices(self, points: Sequence[Location], profiles: Iterable[str]) -> dict[str, Matrix]:
        """One matrix per profile; row and column k belong to ``points[k]``."""
        ...
