"""The travel times a plan is made with: those the config asks for, or straight lines where they cannot be had.

A road engine that does not answer never holds up a day: its areas are planned on straight lines, with the barriers, and
the plan says so. Knows no orders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import cos, radians
from pathlib import Path
from typing import Any

from routing.model import Location, Matrix, Shipment, Vehicle
from routing.roads import Box
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

KM_PER_DEGREE = 111.32

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

    ``off_road``: how many metres point k lies from any road, where that is far.
    """

    matrices: Mapping[str, Matrix]
    provider: str
    estimate: bool
    spread: Range | None
    instead_of: tuple[str, Unavailable] | None = None
    off_road: Mapping[int, int] = field(default_factory=dict)


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
            off_road=found.off_road,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class OffRoad:
    """Whose pin lies `metres` from any road: an order, a seller or a rider. Says who, not where: that is theirs."""

    kind: str
    ref: str
    metres: int


def off_road(metres: Mapping[int, int], vehicles: Sequence[Vehicle], shipments: Sequence[Shipment]) -> list[OffRoad]:
    """Who is meant by the places that lie far from any road."""
    at: dict[int, tuple[str, str]] = {}
    for vehicle in vehicles:
        for index in (vehicle.start, vehicle.end):
            if index is not None:
                at[index] = ("rider", str(vehicle.id))
    for shipment in shipments:
        for pickup in shipment.pickups:
            at[pickup.index] = ("seller", str(pickup.id).removeprefix(f"{shipment.id}/"))
        at.setdefault(shipment.delivery.index, ("order", str(shipment.id)))
    found = {at[k]: far for k, far in sorted(metres.items()) if k in at}
    return [OffRoad(kind=kind, ref=ref, metres=far) for (kind, ref), far in sorted(found.items())]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where an area's times came from; what comes back from the worker that made its matrices."""

    provider: str
    estimate: bool
    spread: Range | None
    instead_of: tuple[str, Unavailable] | None
    off_road: tuple[OffRoad, ...] = ()


def source_of(ways: Travelled, vehicles: Sequence[Vehicle], shipments: Sequence[Shipment]) -> Source:
    return Source(
        provider=ways.provider,
        estimate=ways.estimate,
        spread=ways.spread,
        instead_of=ways.instead_of,
        off_road=tuple(off_road(ways.off_road, vehicles, shipments)),
    )


def document(found: Sequence[Source], provider: str) -> Json:
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
    far = sorted({(each.kind, each.ref): each.metres for area in found for each in area.off_road}.items())
    if far:
        shown["off_road"] = [{"kind": kind, "id": ref, "metres": metres} for (kind, ref), metres in far]
    return shown


def area_of(config: Config, margin_km: float) -> Box:
    """The box around everything that the market serves, with a margin for the ways around."""
    bounds = [zone.shape.bounds for zone in config.zones]
    bounds += [(*hub.location, *hub.location) for hub in config.hubs]
    west, south, east, north = (
        choose(column) for choose, column in zip((min, min, max, max), zip(*bounds, strict=True), strict=True)
    )
    up = margin_km / KM_PER_DEGREE
    along = up / max(0.01, cos(radians((south + north) / 2)))
    return (round(west - along, 4), round(south - up, 4), round(east + along, 4), round(north + up, 4))
