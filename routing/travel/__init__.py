"""How long it takes, and how far it is, from anywhere to anywhere. One module per provider; knows no orders.

    travel = connect("osrm", Settings(kinds={"motorcycle": Kind()}, url="http://127.0.0.1:5000"))
    found = travel.measure(points, ["motorcycle"])      # Measured, or Unavailable with the reason

Points are ``(lon, lat)`` in degrees. What cannot be reached is `routing.model.UNREACHABLE`, never a huge guess. A
provider is a plain value that can be sent to another process; what it holds open (an engine, a connection) belongs to
the process that asks.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast, runtime_checkable

from routing.model import Location, Matrix

Range = tuple[float, float]
"""From how many times the planned travel time to how many the real one lies, nine times of ten."""


class TravelError(ValueError):
    """The caller asked what means nothing: an unknown profile, or a point that is none."""


class Why(StrEnum):
    """Why a provider has no answer; by its stable code."""

    DOWN = "down"
    SLOW = "slow"
    REFUSED = "refused"
    NO_DATA = "no_data"
    NOT_INSTALLED = "not_installed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """No answer this time. ``detail`` is for whoever mends it."""

    why: Why
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """One matrix per profile; row and column k belong to point k.

    ``off_road``: how many metres point k lies from the nearest road, where that is farther than a stop should be.
    """

    matrices: Mapping[str, Matrix]
    off_road: Mapping[int, int] = field(default_factory=dict)


@runtime_checkable
class Travel(Protocol):
    """What every provider offers. ``estimate`` tells whether people must be told that times are estimates."""

    @property
    def provider(self) -> str: ...

    @property
    def estimate(self) -> bool: ...

    @property
    def spread(self) -> Range | None:
        """How far off its times may be; None where it does not say."""
        ...

    def measure(self, points: Sequence[Location], profiles: Iterable[str]) -> Measured | Unavailable:
        """From every point to every other, for each profile."""
        ...

    def geometry(self, points: Sequence[Location], profile: str) -> str | None:
        """The way along `points` as an encoded polyline (five decimals, latitude first); None where it has none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of vehicle. ``speed_kmh`` is from door to door; ``roads`` the profile of a road engine it follows, whose
    times are multiplied by ``time_factor``."""

    speed_kmh: float = 18.0
    roads: str = "car"
    time_factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """A bridge or a ferry: where it is, how many seconds it takes, who may use it (None: everyone)."""

    id: str
    location: Location
    seconds: int = 0
    profiles: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Barrier:
    """A river or a railway, as a line of at least two points, with the places where it can be crossed."""

    id: str
    line: tuple[Location, ...]
    crossings: tuple[Crossing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a market knows of its ways; each provider takes what it needs. ``kinds`` names the profiles to be asked for.

    ``url`` is a road server, ``data`` the folder of `routing.roads` where there is none; ``timeout_seconds`` is the
    patience with all the requests of one answer.
    """

    kinds: Mapping[str, Kind]
    detour_factor: float = 1.3
    minutes_per_leg: float = 0.0
    spread: Range = (0.75, 1.6)
    barriers: tuple[Barrier, ...] = ()
    url: str | None = None
    data: Path = Path("var/roads")
    timeout_seconds: float = 10.0

    def __post_init__(self) -> None:
        for name, kind in self.kinds.items():
            if not kind.speed_kmh > 0 or not kind.time_factor > 0:
                raise TravelError(f"speed and time factor of {name!r} must be above 0")
        if not self.detour_factor >= 1:
            raise TravelError(f"detour factor must be at least 1, not {self.detour_factor}")
        if not self.minutes_per_leg >= 0:
            raise TravelError(f"minutes per leg must not be negative, but are {self.minutes_per_leg}")
        for barrier in self.barriers:
            if len(barrier.line) < 2:
                raise TravelError(f"barrier {barrier.id!r} needs a line of at least two points")

    def known(self, profiles: Iterable[str]) -> list[str]:
        """`profiles`, each once, in order; an unknown one is an error that names it."""
        wanted = sorted(set(profiles))
        unknown = [profile for profile in wanted if profile not in self.kinds]
        if unknown:
            raise TravelError(f"no kind of vehicle is called {unknown}")
        return wanted


def providers() -> list[str]:
    """What there is to connect to: the modules of this package."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def connect(name: str, settings: Settings) -> Travel:
    """The provider of this name. Nothing is opened or asked yet."""
    if name not in providers():
        raise TravelError(f"no travel provider {name!r}; there are {providers()}")
    return cast(Travel, import_module(f"{__name__}.{name}").connect(settings))
