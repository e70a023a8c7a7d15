"""Planning areas: connected components of zones, joined by shared riders and by orders that cross them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from scheduler.config import Config
from scheduler.zones import ZoneIndex
from storage.records import Member, Order


def areas_of(
    orders: Sequence[Order],
    riders: Sequence[Member],
    sellers: Mapping[str, Member],
    config: Config,
    zones: ZoneIndex,
) -> list[tuple[str, list[Member], list[Order]]]:
    """Connected components of the configured areas: (name, riders, orders)."""
    of_zone = {zone.id: zone.area for zone in config.zones}
    parent = {area: area for area in of_zone.values()}

    def root(area: str) -> str:
        while parent[area] != area:
            parent[area] = parent[parent[area]]
            area = parent[area]
        return area

    def join(areas: Iterable[str]) -> None:
        first, *rest = sorted({root(area) for area in areas}) or [""]
        for other in rest:
            parent[other] = first

    used = set()
    home: dict[str, str] = {}
    for order in orders:
        touched = {of_zone[leg.zone] for leg in order.legs if leg.zone in of_zone}
        for pickup in order.pickups:
            zone = _seller_zone(sellers.get(pickup.seller_id), zones)
            if zone is not None:
                touched.add(of_zone[zone])
        if touched:
            join(touched)
            home[order.order_id] = min(touched)
            used |= touched
    serves: dict[str, set[str]] = {}
    for rider in riders:
        details = rider.rider
        limited = {of_zone[zone] for zone in details.zones if zone in of_zone} if details is not None else set()
        serves[rider.ref] = (limited or set(of_zone.values())) & used
        if serves[rider.ref]:
            join(serves[rider.ref])
    components: dict[str, tuple[list[Member], list[Order]]] = defaultdict(lambda: ([], []))
    for order in orders:
        if order.order_id in home:
            components[root(home[order.order_id])][1].append(order)
    for rider in riders:
        if serves[rider.ref]:
            components[root(min(serves[rider.ref]))][0].append(rider)
    return [(name, *components[name]) for name in sorted(components) if components[name][1]]


def _seller_zone(seller: Member | None, zones: ZoneIndex) -> str | None:
    location = seller.seller.location if seller is not None and seller.seller is not None else None
    zone = zones.locate(location) if location is not None else None
    return zone.id if zone is not None else None
