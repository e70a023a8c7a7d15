"""Orders as they are read: with their pickups, legs and buyer, by what their legs wait for."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlalchemy import Connection, RowMapping, select

from storage.directory import read_persons
from storage.legs import LEG
from storage.order_rows import ORDER, PICKUP
from storage.records import Leg, Order, Person, Pickup
from storage.verbs import Verbs, among, fetch

_PICKUPS = select(PICKUP).where(among(PICKUP.c.order_id)).order_by(PICKUP.c.position)
_LEGS = select(LEG).where(among(LEG.c.order_id)).order_by(LEG.c.leg)
_WAITING_WAVES = select(LEG.c.date, LEG.c.wave).where(LEG.c.state == "received", LEG.c.wave.is_not(None)).distinct()


class OrderViews(Verbs):
    def orders(
        self,
        *,
        date: dt.date | None = None,
        service_date: dt.date | None = None,
        wave: str | None = None,
        states: Collection[str] | None = None,
        order_ids: Collection[str] | None = None,
        reasons: Collection[str] | None = None,
        buyer_refs: Collection[str] | None = None,
        since: dt.date | None = None,
        limit: int | None = None,
    ) -> list[Order]:
        """Orders one of whose legs is of that date, wave, state and reason, in the order they were received.

        `service_date` is the day the buyer asked for; `date` the day a leg rides; `since` the first of these.
        """
        leg = select(LEG.c.order_id)
        if date is not None:
            leg = leg.where(LEG.c.date == date)
        if wave is not None:
            leg = leg.where(LEG.c.wave == wave)
        if states is not None:
            leg = leg.where(LEG.c.state.in_(list(states)))
        if reasons is not None:
            leg = leg.where(LEG.c.reason.in_(list(reasons)))
        query = select(ORDER).order_by(ORDER.c.received_at, ORDER.c.order_id)
        if service_date is not None:
            query = query.where(ORDER.c.service_date == service_date)
        if since is not None:
            leg = leg.where(LEG.c.date >= since)
        if buyer_refs is not None:
            query = query.where(ORDER.c.buyer_ref.in_(list(buyer_refs)))
        if (date, wave, states, reasons, since) != (None,) * 5:
            query = query.where(ORDER.c.order_id.in_(leg))
        with self._read() as connection:
            if order_ids is None:
                return with_parts(connection, connection.execute(query.limit(limit)).mappings().all())
            rows = fetch(connection, query.where(among(ORDER.c.order_id)), sorted(set(order_ids)))
            rows.sort(key=lambda row: (row["received_at"], row["order_id"]))
            return with_parts(connection, rows[:limit])

    def waiting_waves(self) -> set[tuple[dt.date, str]]:
        """The waves (date, wave) that legs wait in, received and not yet batched."""
        with self._read() as connection:
            return {(row.date, row.wave) for row in connection.execute(_WAITING_WAVES)}


def with_parts(connection: Connection, rows: Sequence[RowMapping]) -> list[Order]:
    """Rows of orders as values, with their pickups, legs and buyers; in the order given."""
    ids = [row["order_id"] for row in rows]
    pickups: dict[str, list[Pickup]] = defaultdict(list)
    legs: dict[str, list[Leg]] = defaultdict(list)
    for row in fetch(connection, _PICKUPS, ids):
        pickups[row["order_id"]].append(Pickup(**{name: row[name] for name in Pickup.__slots__}))
    for row in fetch(connection, _LEGS, ids):
        legs[row["order_id"]].append(Leg(**{name: row[name] for name in Leg.__slots__}))
    persons = read_persons(connection, {row["person_id"] for row in rows})
    return [
        _order(row, persons[row["person_id"]], tuple(pickups[row["order_id"]]), tuple(legs[row["order_id"]]))
        for row in rows
    ]


def _order(row: RowMapping, person: Person, pickups: tuple[Pickup, ...], legs: tuple[Leg, ...]) -> Order:
    # Who receives this order is the order's to say; where they are reached by chat, the person's.
    buyer = replace(person, name=row["buyer_name"] or person.name, phone=row["buyer_phone"] or person.phone)
    return Order(
        order_id=row["order_id"],
        service_date=row["service_date"],
        received_at=row["received_at"],
        placed_at=row["placed_at"],
        source=row["source"],
        buyer_ref=row["buyer_ref"],
        buyer=buyer,
        address_text=row["address_text"],
        landmark=row["landmark"],
        tambon=row["tambon"],
        postcode=row["postcode"],
        location=None if row["lon"] is None or row["lat"] is None else (row["lon"], row["lat"]),
        pin_source=row["pin_source"],
        window_from=row["window_from"],
        window_to=row["window_to"],
        pickups=pickups,
        paid_method=row["paid_method"],
        priority=row["priority"],
        needs_help=row["needs_help"],
        proof=row["proof"],
        note=row["note"],
        cancelled=row["cancelled"],
        legs=legs,
    )
