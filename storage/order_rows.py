"""One chunk of orders against what is already there: what is new, what changed, what must stay.

Reads everything the chunk touches once, decides in memory, writes by executemany. Knows no transaction.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

from sqlalchemy import RowMapping, Table, delete, select, tuple_, update

from storage.directory import Directory
from storage.legs import LEG, ON_THE_WAY, SOURCES
from storage.message_rows import no_pin_asked
from storage.records import Leg, Order, Pickup, Role, Saved
from storage.tables import OrderRow, PickupRow
from storage.verbs import Write

ORDER, PICKUP = OrderRow.__table__, PickupRow.__table__

_PICKUP_FACTS = ("items", "weight_g", "volume_ml", "temperature", "cod_satang", "total_satang")
_PLACE = ("address_text", "landmark", "tambon", "postcode", "location", "pin_source")
_FACTS = (
    *_PLACE,
    "service_date",
    "placed_at",
    "buyer_ref",
    "window_from",
    "window_to",
    "paid_method",
    "priority",
    "needs_help",
    "proof",
    "note",
    "cancelled",
)
_COPIED_PLACE = tuple(name for name in _PLACE if name != "location")
_COPIED_FACTS = tuple(name for name in _FACTS if name not in (*_PLACE, "buyer_ref", "cancelled"))
_LEG = tuple(Leg.__slots__)

_pickup_facts = attrgetter(*_PICKUP_FACTS)  # many rows pass here: one call each, instead of one a field
_place_facts = attrgetter(*_COPIED_PLACE)
_order_facts = attrgetter(*_COPIED_FACTS)
_leg_facts = attrgetter(*_LEG)
_place_said = attrgetter(*_PLACE)
_said = attrgetter(*(name for name in _FACTS if name not in ("placed_at", "window_from", "window_to")))
_times_said = attrgetter("placed_at", "window_from", "window_to")
_buyer_said = attrgetter("name", "phone", "language", "chat_channel", "consent", "group", "household")


class Intake:
    """Saves one chunk of orders with different ids."""

    def __init__(self, write: Write, change_no: int) -> None:
        self._write = write
        self._change_no = change_no
        self._directory = Directory(write)
        self._orders: dict[str, RowMapping] = {}
        self._pickups: dict[str, dict[str, RowMapping]] = defaultdict(dict)
        self._legs: dict[str, list[RowMapping]] = defaultdict(list)
        self._inserts: dict[Table, list[dict[str, Any]]] = {ORDER: [], PICKUP: [], LEG: []}
        self._changed_orders: list[dict[str, Any]] = []
        self._changed_pickups: list[dict[str, Any]] = []
        self._touched: list[str] = []
        self._pinned: list[str] = []
        self._dropped_legs: list[tuple[str, int]] = []

    def save(self, orders: Sequence[Order]) -> list[tuple[Saved, ...]]:
        self._load(orders)
        prints = [(_print_order(order), _print_place(order)) for order in orders]
        unknown = [
            order
            for order, (given, _) in zip(orders, prints, strict=True)
            if order.order_id not in self._orders or self._orders[order.order_id]["given"] != given
        ]
        buyers = {(Role.BUYER.value, order.buyer_ref) for order in unknown if order.buyer_ref}
        kept = {
            (Role.BUYER.value, self._orders[o.order_id]["buyer_ref"]) for o in unknown if o.order_id in self._orders
        }
        self._directory.load(buyers | kept, (order.buyer for order in unknown))
        results = [self._save(order, *both) for order, both in zip(orders, prints, strict=True)]
        self._flush()
        return results

    def _load(self, orders: Sequence[Order]) -> None:
        ids = [order.order_id for order in orders]
        execute = self._write.connection.execute
        for row in execute(select(ORDER).where(ORDER.c.order_id.in_(ids))).mappings():
            self._orders[row["order_id"]] = row
        if not self._orders:
            return
        for row in execute(select(PICKUP).where(PICKUP.c.order_id.in_(ids))).mappings():
            self._pickups[row["order_id"]][row["seller_id"]] = row
        for row in execute(select(LEG).where(LEG.c.order_id.in_(ids)).order_by(LEG.c.leg)).mappings():
            self._legs[row["order_id"]].append(row)

    def _save(self, order: Order, given: str, place: str) -> tuple[Saved, ...]:
        known = self._orders.get(order.order_id)
        if known is None:
            self._create(order, given, place)
            return (Saved.CREATED,) * len(order.pickups)
        legs = self._legs[order.order_id]
        if any(leg["state"] in ON_THE_WAY for leg in legs):
            same = known["given"] == given and all(self._is_kept(order.order_id, pickup) for pickup in order.pickups)
            return (Saved.UNCHANGED if same else Saved.ALREADY_DISPATCHED,) * len(order.pickups)
        changed = known["given"] != given
        rows = tuple(self._save_pickup(order.order_id, pickup) for pickup in order.pickups)
        if changed:
            rows = tuple(Saved.UPDATED if row is Saved.UNCHANGED else row for row in rows)
            self._update(order, known, given, place)
        elif any(row is not Saved.UNCHANGED for row in rows):
            self._touched.append(order.order_id)
        else:
            return rows
        self._update_legs(order, known, place)
        return rows

    def _create(self, order: Order, given: str, place: str) -> None:
        person_id, ref, _ = self._directory.resolve(Role.BUYER, order.buyer_ref, order.buyer, overwrite=False)
        stamps = {"received_at": order.received_at, "source": order.source, "created_at": self._write.at}
        row = {"order_id": order.order_id} | stamps | self._facts(order, given, place)
        self._inserts[ORDER].append(
            row | self._place(order) | {"buyer_ref": ref, "person_id": person_id, "cancelled": order.cancelled}
        )
        for position, pickup in enumerate(order.pickups):
            self._insert_pickup(order.order_id, position, pickup)
        self._insert_legs(order, order.legs or (Leg(date=order.service_date),))

    def _facts(self, order: Order, given: str, place: str) -> dict[str, Any]:
        return {
            **dict(zip(_COPIED_FACTS, _order_facts(order), strict=True)),
            "buyer_name": order.buyer.name,
            "buyer_phone": order.buyer.phone,
            "given": given,
            "given_place": place,
            "given_cancelled": order.cancelled,
            "change_no": self._change_no,
            "changed_at": self._write.at,
        }

    @staticmethod
    def _place(order: Order) -> dict[str, Any]:
        lon, lat = order.location or (None, None)
        return dict(zip(_COPIED_PLACE, _place_facts(order), strict=True)) | {"lon": lon, "lat": lat}

    def _update(self, order: Order, known: RowMapping, given: str, place: str) -> None:
        row = dict(known) | self._facts(order, given, place)
        if known["given_place"] != place:
            row |= self._place(order)
        if not _same_buyer(order, known):
            row["person_id"], row["buyer_ref"], _ = self._directory.resolve(
                Role.BUYER, order.buyer_ref, order.buyer, overwrite=False
            )
        else:  # whoever it is, they may have an address more
            self._directory.resolve(Role.BUYER, known["buyer_ref"], order.buyer, overwrite=False)
        row["cancelled"] = _stays_cancelled(order, known)
        self._changed_orders.append(row)
        if row["lat"] is not None and known["lat"] is None:
            self._pinned.append(order.order_id)

    def _is_kept(self, order_id: str, pickup: Pickup) -> bool:
        known = self._pickups[order_id].get(pickup.seller_id)
        facts = dict(zip(_PICKUP_FACTS, _pickup_facts(pickup), strict=True))
        return known is not None and all(known[name] == value for name, value in facts.items())

    def _save_pickup(self, order_id: str, pickup: Pickup) -> Saved:
        known = self._pickups[order_id].get(pickup.seller_id)
        if known is None:
            self._insert_pickup(order_id, len(self._pickups[order_id]), pickup)
            return Saved.CREATED
        if self._is_kept(order_id, pickup):
            return Saved.UNCHANGED
        facts = dict(zip(_PICKUP_FACTS, _pickup_facts(pickup), strict=True))
        self._changed_pickups.append(dict(known) | facts)
        return Saved.UPDATED

    def _insert_pickup(self, order_id: str, position: int, pickup: Pickup) -> None:
        facts = dict(zip(_PICKUP_FACTS, _pickup_facts(pickup), strict=True))
        self._inserts[PICKUP].append(
            {"order_id": order_id, "seller_id": pickup.seller_id, "position": position} | facts
        )

    def _insert_legs(self, order: Order, legs: Sequence[Leg]) -> None:
        for leg in legs:
            row = dict(zip(_LEG, _leg_facts(leg), strict=True))
            row["state"] = "cancelled" if order.cancelled else leg.state
            self._inserts[LEG].append(row | {"order_id": order.order_id, "changed_at": self._write.at})

    def _update_legs(self, order: Order, known: RowMapping, place: str) -> None:
        """Legs that wait are laid anew, and all of an order that is wanted on another day.

        What else is batched or planned stays: whoever approves, or has approved, sees that the order changed.
        """
        legs = self._legs[order.order_id]
        if _stays_cancelled(order, known):
            for leg in legs:
                if leg["state"] in SOURCES["cancelled"]:
                    self._dropped_legs.append((order.order_id, leg["leg"]))
                    fields = {name: leg[name] for name in _LEG} | {"plan_id": None, "rider_id": None}
                    self._insert_legs(replace(order, cancelled=True), [Leg(**fields)])
            return
        waits = all(leg["state"] in ("received", "cancelled") for leg in legs)
        if not order.legs or not (waits or order.service_date != known["service_date"]):
            return
        new = order.legs
        by_hand = known["given_place"] == place and (known["lon"], known["lat"]) != (order.location or (None, None))
        if by_hand:  # a pin that somebody set: what the row's own lack of one would say of zone and area is not so
            old = {leg["leg"]: leg for leg in legs}
            new = tuple(_at_known_place(leg, old[leg.leg]) if leg.leg in old else leg for leg in new)
        self._dropped_legs += [(order.order_id, leg["leg"]) for leg in legs]
        self._insert_legs(replace(order, cancelled=False), new)

    def _flush(self) -> None:
        self._directory.flush()
        no_pin_asked(self._write, self._pinned)
        connection, stamp = self._write.connection, {"change_no": self._change_no, "changed_at": self._write.at}
        if self._dropped_legs:
            connection.execute(delete(LEG).where(tuple_(LEG.c.order_id, LEG.c.leg).in_(self._dropped_legs)))
        self._write.insert_all(ORDER, self._changed_orders, replace=True)
        if self._touched:
            connection.execute(update(ORDER).where(ORDER.c.order_id.in_(self._touched)).values(stamp))
        self._write.insert_all(PICKUP, self._changed_pickups, replace=True)
        for table, rows in self._inserts.items():
            self._write.insert_all(table, rows)


def _print_order(order: Order) -> str:
    """A fingerprint of what a row says, so that hearing it again is known without keeping it twice."""
    times = [None if moment is None else moment.timestamp() for moment in _times_said(order)]
    addresses = [(item.channel, item.address) for item in order.buyer.addresses]
    return _digest((_said(order), times, _buyer_said(order.buyer), addresses))


def _print_place(order: Order) -> str:
    """The same of where it goes."""
    return _digest(_place_said(order))


def _digest(facts: object) -> str:
    return hashlib.sha256(repr(facts).encode("utf-8", "replace")).hexdigest()[:32]


def _same_buyer(order: Order, known: RowMapping) -> bool:
    """A row that names the buyer as before, or not at all, keeps them."""
    if order.buyer_ref:
        return bool(order.buyer_ref == known["buyer_ref"])
    told = (order.buyer.name, order.buyer.phone)
    return told == (known["buyer_name"], known["buyer_phone"]) or not (order.buyer.phone or order.buyer.addresses)


def _stays_cancelled(order: Order, known: RowMapping) -> bool:
    """A row that was cancelled and no longer is brings the order back; what `cancel_order` ended stays so."""
    return order.cancelled or bool(known["cancelled"] and not known["given_cancelled"])


def _at_known_place(leg: Leg, old: RowMapping) -> Leg:
    place = {name: old[name] for name in ("zone", "area", "fee_satang")}
    return replace(leg, **place, reason=old["reason"], wave=leg.wave or old["wave"])
