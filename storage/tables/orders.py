"""Orders: what was asked for, what each seller gives to it, and the legs it travels in."""

import datetime as dt

from sqlalchemy import Boolean, Date, Float, Index, Integer

from storage.columns import BIG, Instant, Words, personal, plain
from storage.tables.base import Row


class OrderRow(Row, table=True):
    """`given*` remember what the last file or call said, so that saying it again undoes nobody's correction.

    `change_no` counts the verbs that changed orders: a clock that never jumps, for "has it changed since the plan?".
    The buyer's name and phone are the order's own: who receives this one, whatever the member list says.
    """

    __tablename__ = "orders"

    order_id: str = plain(Words, key=True)
    service_date: dt.date = plain(Date, index=True)
    received_at: dt.datetime = plain(Instant)
    placed_at: dt.datetime | None = plain(Instant)
    source: str | None = plain(Words)
    buyer_ref: str = plain(Words)
    person_id: str = plain(Words, references="person.id", index=True)
    buyer_name: str = personal(Words)
    buyer_phone: str | None = personal(Words)
    address_text: str = personal(Words)
    landmark: str = personal(Words)
    tambon: str = personal(Words)
    postcode: str = personal(Words)
    lon: float | None = personal(Float)
    lat: float | None = personal(Float)
    pin_source: str | None = plain(Words)
    window_from: dt.datetime | None = plain(Instant)
    window_to: dt.datetime | None = plain(Instant)
    paid_method: str | None = plain(Words)
    priority: str = plain(Words)
    needs_help: bool = personal(Boolean)
    proof: str = plain(Words)
    note: str = personal(Words)
    cancelled: bool = plain(Boolean)
    given: str = personal(Words)
    given_place: str = personal(Words)
    given_cancelled: bool = plain(Boolean)
    change_no: int = plain(BIG, index=True)
    created_at: dt.datetime = plain(Instant)
    changed_at: dt.datetime = plain(Instant)


class PickupRow(Row, table=True):
    __tablename__ = "pickup"

    order_id: str = plain(Words, key=True, references="orders.order_id")
    seller_id: str = plain(Words, key=True)
    position: int = plain(Integer)
    items: str = plain(Words)
    weight_g: int = plain(BIG)
    volume_ml: int = plain(BIG)
    temperature: str = plain(Words)
    cod_satang: int = plain(BIG)
    total_satang: int | None = plain(BIG)


class LegRow(Row, table=True):
    __tablename__ = "leg"
    __table_args__ = (Index(None, "date", "wave", "state"), Index(None, "plan_id", "state"), Index(None, "state"))

    order_id: str = plain(Words, key=True, references="orders.order_id")
    leg: int = plain(Integer, key=True)
    origin: str = plain(Words)
    destination: str = plain(Words)
    zone: str | None = plain(Words)
    area: str | None = plain(Words)
    fee_satang: int | None = plain(BIG)
    date: dt.date = plain(Date)
    wave: str | None = plain(Words)
    state: str = plain(Words)
    reason: str | None = plain(Words)
    plan_id: str | None = plain(Words)
    rider_id: str | None = plain(Words)
    changed_at: dt.datetime = plain(Instant)
