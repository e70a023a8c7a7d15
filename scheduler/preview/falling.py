"""Whom new zones leave behind: orders that still wait, riders and sellers. Pure; for the coordinator alone.

Told is what the change brings about, not what was so before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scheduler.config import Config
from scheduler.zones import ZoneIndex
from storage.records import Location, Member, Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallen:
    """One who falls out: an order's buyer, a rider or a seller. `code` says why, `zones` which zones are meant."""

    ref: str
    name: str
    code: str
    zones: tuple[str, ...] = ()
    order: Order | None = None


REASONS = {
    "order_outside": ("บ้านผู้ซื้ออยู่นอกทุกโซน", "the buyer's house is outside every zone"),
    "home_outside": ("บ้านอยู่นอกทุกโซน", "home is outside every zone"),
    "tambon_gone": (
        "ไม่มีโซนใดดูแลตำบลที่บ้านอยู่ จะเริ่มงานที่จุดรวมแรกของตลาดแทน",
        "no zone has their home's tambon: they would begin at the market's first hub",
    ),
    "zones_gone": ("โซนที่ส่งหายไปทั้งหมด ไรเดอร์จะไม่ได้งานเลย", "all zones they ride in are gone: no order would be theirs"),
    "zone_gone": ("โซนที่เลือกไว้หายไปบางส่วน", "some of the zones they chose are gone"),
    "vehicle_gone": ("ไม่มีพาหนะชนิดนี้แล้ว", "their kind of vehicle is gone"),
    "shop_outside": ("ร้านอยู่นอกทุกโซน", "the shop is outside every zone"),
    "community_gone": ("ไม่มีชุมชนนี้แล้ว", "their community is gone"),
}


class Change:
    """Two configs, ready to be asked who falls out between them."""

    def __init__(self, old: Config, new: Config) -> None:
        self._old, self._new = old, new
        self._before, self._after = ZoneIndex(old), ZoneIndex(new)
        self._gone = {zone.id for zone in old.zones} - {zone.id for zone in new.zones}

    def orders(self, pending: Iterable[Order]) -> list[Fallen]:
        """Of the orders not dispatched yet, those whose place leaves every zone."""
        found = []
        for order in pending:
            zone = self._left(order.location) if not order.cancelled else None
            if zone is not None:
                name = order.buyer.name
                found.append(Fallen(ref=order.order_id, name=name, code="order_outside", zones=(zone,), order=order))
        return found

    def riders(self, riders: Iterable[Member]) -> list[Fallen]:
        """A rider may fall out for several reasons."""
        found = []
        for rider in riders:
            details = rider.rider
            if details is None or not rider.active:
                continue
            chosen = {*details.zones, *details.prefer_zones, *details.refuse_zones} & self._gone
            if details.zones and set(details.zones) <= self._gone:
                found.append(_member(rider, "zones_gone", tuple(details.zones)))
            elif chosen:
                found.append(_member(rider, "zone_gone", tuple(sorted(chosen))))
            if zone := self._left(details.home):
                found.append(_member(rider, "home_outside", (zone,)))
            if details.home is None and details.home_tambon and (zone := self._unserved(details.home_tambon)):
                found.append(_member(rider, "tambon_gone", (zone,)))
            if self._old.vehicle(details.vehicle) is not None and self._new.vehicle(details.vehicle) is None:
                found.append(_member(rider, "vehicle_gone"))
        return found

    def sellers(self, sellers: Iterable[Member]) -> list[Fallen]:
        communities = {each.id for each in self._old.communities} - {each.id for each in self._new.communities}
        found = []
        for seller in sellers:
            details = seller.seller
            if details is None or not seller.active:
                continue
            if zone := self._left(details.location):
                found.append(_member(seller, "shop_outside", (zone,)))
            if details.community in communities:
                found.append(_member(seller, "community_gone"))
        return found

    def _unserved(self, tambon: str) -> str | None:
        """The zone that had a tambon, where none has it any more."""
        zone = self._before.zone_for_tambon(tambon)
        return zone.id if zone is not None and self._after.zone_for_tambon(tambon) is None else None

    def _left(self, place: Location | None) -> str | None:
        """The zone that a place was in, where it is in none any more."""
        zone = self._before.locate(place) if place is not None else None
        return zone.id if zone is not None and place is not None and self._after.locate(place) is None else None


def _member(member: Member, code: str, zones: tuple[str, ...] = ()) -> Fallen:
    shop = member.seller.shop_name if member.seller is not None else ""
    return Fallen(ref=member.ref, name=member.person.name or shop, code=code, zones=zones)
