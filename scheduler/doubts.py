"""What is probably not meant: pins on the wrong bank of a river or in no zone, orders below their zone's minimum. Pure.

A doubt refuses nothing: whoever imports is told, and an order rides all the same. Words: intake/catalogue.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from scheduler.batch import below_minimum
from scheduler.config.models import Zone
from scheduler.intake import MembersFile, OrdersFile, RowProblem, problem
from scheduler.zones import ZoneIndex
from storage.records import Location, Member, Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """``subject``: the order's or the member's own number; ``detail`` fills the words of ``code``."""

    subject: str
    code: str
    column: str
    value: str
    detail: Mapping[str, object]

    def told(self, row: int, *, of_member: bool = False) -> RowProblem:
        """As an import tells it, beside what reading the row has noticed."""
        told = {"ref" if of_member else "order_id": self.subject}
        return problem(row, self.code, column=self.column, value=self.value, detail=self.detail, **told)


def in_orders(read: OrdersFile, zones: ZoneIndex) -> list[RowProblem]:
    """The doubts about a file's orders, each at the first row of its order."""
    return [doubt.told(min(read.row_numbers[doubt.subject].values())) for doubt in of_orders(read.orders, zones)]


def in_members(read: MembersFile, zones: ZoneIndex) -> list[RowProblem]:
    """The doubts about a file's members, each at its row."""
    return [doubt.told(read.row_numbers[doubt.subject], of_member=True) for doubt in of_members(read.members, zones)]


def of_orders(orders: Iterable[Order], zones: ZoneIndex) -> Iterator[Doubt]:
    """What is doubtful about orders that a market of these zones takes in."""
    for order in orders:
        if order.location is None or order.cancelled:
            continue
        zone = zones.locate(order.location)
        meant = zones.zone_called(order.tambon) if order.tambon else None
        yield from _wrong_bank(
            order.order_id, "lat", order.location, [each for each in (meant or zone,) if each], zones
        )
        if zone is not None and below_minimum(order, zone):
            detail = {"zone": zone.id, "total": _baht(order.total_satang or 0), "least": _baht(zone.min_order_satang)}
            yield Doubt(
                subject=order.order_id,
                code="order.below_minimum",
                column="order_total_thb",
                value=str(detail["total"]),
                detail=detail,
            )


def of_members(members: Iterable[Member], zones: ZoneIndex) -> Iterator[Doubt]:
    """What is doubtful about where riders live and sellers sell."""
    for member in members:
        rider, seller = member.rider, member.seller
        if rider is not None and rider.home is not None:
            own = zones.zone_for_tambon(rider.home_tambon) if rider.home_tambon else None
            yield from _place(member.ref, "home_lat", rider.home, [own] if own else [], zones)
        elif seller is not None and seller.location is not None:
            yield from _place(member.ref, "lat", seller.location, zones.of_community(seller.community or ""), zones)


def _place(ref: str, column: str, place: Location, own: list[Zone], zones: ZoneIndex) -> Iterator[Doubt]:
    zone = zones.locate(place)
    astray = list(_wrong_bank(ref, column, place, own or ([zone] if zone else []), zones))
    yield from astray
    if zone is None and not astray:
        near, metres = zones.nearest(place)
        detail = {"zone": near.id, "km": f"{metres / 1000:.1f}"}
        yield Doubt(subject=ref, code="pin.outside_zones", column=column, value=_pair(place), detail=detail)


def _wrong_bank(subject: str, column: str, place: Location, own: list[Zone], zones: ZoneIndex) -> Iterator[Doubt]:
    """A place from which a river has to be crossed to each of the zones that it is said to belong to."""
    rivers = [zones.across(place, zone) for zone in own]
    if rivers and rivers[0] is not None and None not in rivers:
        detail = {"zone": own[0].id, "barrier": rivers[0]}
        yield Doubt(subject=subject, code="pin.wrong_bank", column=column, value=_pair(place), detail=detail)


def _pair(place: Location) -> str:
    return f"{place[1]:.5f},{place[0]:.5f}"


def _baht(satang: int) -> str:
    return f"{satang / 100:,.2f}".removesuffix(".00")
