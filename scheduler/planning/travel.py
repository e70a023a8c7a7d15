"""The travel times a plan is made with: those the config asks for, or straight lines where they cannot be had.

A road engine that does not answer never holds up a day: its areas are planned on straight lines, with the barriers, and
the plan says so. Knows no orders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from routing.model import Location, Matrix
from routing.travel import (
    Barrier,
    Crossing,
    Kind,
    Range,
    Settings,
    Travel,
    Unavailable,
    Why,
    connect,
)
from routing.travel.straight import Straight
from scheduler.config import Config
from storage.records import Json

REASONS: Mapping[Why, tuple[str, str]] = {
    Why.DOWN: ("ติดต่อเซิร์ฟเวอร์ถนนไม่ได้", "the road server cannot be reached"),
    Why.SLOW: ("เซิร์ฟเวอร์ถนนตอบช้าเกินไป", "the road server took too long"),
    Why.REFUSED: ("เซิร์ฟเวอร์ถนนไม่ให้คำตอบ", "the road engine gave no answer"),
    Why.NO_DATA: ("ยังไม่มีข้อมูลถนน ให้สั่ง songsuk roads build", "there is no road data: songsuk roads build"),
    Why.NOT_INSTALLED: ("เครื่องนี้ไม่มี osrm-bindings", "osrm-bindings is not on this machine"),
}
"""Why there are no road times, in Thai and English."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Travelled:
    """The matrices of one area, and where they come from. ``instead_of``: the provider that did not answer, and why.

    ``off_road``: metres from the places that lie far from any road.
    """

    matrices: Mapping[str, Matrix]
    provider: str
    estimate: bool
    spread: Range | None
    instead_of: tuple[str, Unavailable] | None = None
    off_road: Mapping[Location, int] = field(default_factory=dict)

    @property
    def source(self) -> Travelled:
        """The same without the matrices, for what comes back from a worker."""
        return Travelled(
            matrices={},
            provider=self.provider,
            estimate=self.estimate,
            spread=self.spread,
            instead_of=self.instead_of,
            off_road=self.off_road,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """A market's ways, ready for a worker: what is asked first, and what always answers."""

    asked: Travel
    straight: Straight

    def between(self, points: Sequence[Location], profiles: Sequence[str]) -> Travelled:
        found = self.asked.measure(points, profiles)
        travel, instead_of = self.asked, None
        if isinstance(found, Unavailable):
            travel, instead_of = self.straight, (self.asked.provider, found)
            found = self.straight.measure(points, profiles)
        return Travelled(
            matrices=found.matrices,
            provider=travel.provider,
            estimate=travel.estimate,
            spread=travel.spread,
            instead_of=instead_of,
            off_road={points[k]: metres for k, metres in found.off_road.items()},
        )


def ways_of(config: Config) -> Ways:
    """The ways the config asks for."""
    settings = settings_of(config)
    return Ways(asked=connect(config.travel.provider, settings), straight=Straight(settings))


def settings_of(config: Config) -> Settings:
    return Settings(
        kinds={
            kind.id: Kind(speed_kmh=kind.speed_kmh, roads=kind.roads.profile, time_factor=kind.roads.time_factor)
            for kind in config.vehicles
        },
        detour_factor=config.travel.detour_factor,
        minutes_per_leg=config.travel.minutes_per_leg,
        spread=config.travel.range,
        barriers=tuple(
            Barrier(
                id=barrier.id,
                line=barrier.line,
                crossings=tuple(
                    Crossing(
                        id=crossing.id,
                        location=crossing.location,
                        seconds=crossing.seconds,
                        profiles=frozenset(crossing.vehicles) if crossing.vehicles else None,
                    )
                    for crossing in barrier.crossings
                ),
            )
            for barrier in config.barriers
        ),
        url=config.travel.url,
        data=Path(config.travel.data),
        timeout_seconds=config.travel.timeout_seconds,
    )


def document(found: Sequence[Travelled], provider: str) -> Json:
    """What a plan says of its travel times. Of several areas the least certain speaks for the wave."""
    worst = max(found, key=lambda each: (each.instead_of is not None, each.estimate), default=None)
    if worst is None:
        return {"provider": provider, "estimate": provider == "straight"}
    shown: dict[str, Any] = {"provider": worst.provider, "estimate": worst.estimate}
    if worst.spread is not None:
        shown["range"] = list(worst.spread)
    if worst.instead_of is not None:
        asked, unavailable = worst.instead_of
        th, en = REASONS[unavailable.why]
        shown["instead_of"] = asked
        shown["reason"] = {"code": str(unavailable.why), "message": {"th": th, "en": en}, "detail": unavailable.detail}
    off_road = {place: metres for each in found for place, metres in each.off_road.items()}
    if off_road:
        shown["off_road"] = [{"location": list(place), "metres": metres} for place, metres in sorted(off_road.items())]
    return shown
