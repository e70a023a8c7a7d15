"""The rows. Every column says whether it is personal (`personal`) or not (`plain`).

Knows the shape of what is kept, and nothing of how it is used: the verbs live in people.py, orders.py, day.py and so
on, speak to these tables by SQLAlchemy's core, and hand out the frozen values of records.py. Money is satang, weight
grams, volume millilitres, places lon and lat, instants UTC. References made up by the market (R4, S03, SR-0001) and
ids made up here are keys, not personal; a place where a person lives, a phone, a chat address are.
"""

import datetime as dt
from typing import Any, ClassVar

from sqlalchemy import (
    Boolean,
    Date,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Time,
    UniqueConstraint,
)
from sqlmodel import SQLModel

from storage.columns import BIG, DOCUMENT, SERIAL, Instant, Words, personal, plain

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Row(SQLModel):
    """The base of all tables here, in a MetaData of our own."""

    metadata = METADATA
    __table__: ClassVar[Table]  # SQLAlchemy sets it; said for the type checker


# --- people -------------------------------------------------------------------------------------------------------


class PersonRow(Row, table=True):
    __tablename__ = "person"

    id: str = plain(Words, key=True)
    name: str = personal(Words)
    phone: str | None = personal(Words, index=True)
    language: str | None = plain(Words)
    consent: bool | None = plain(Boolean)
    group_name: str | None = personal(Words)
    household: str | None = personal(Words)
    chat_channel: str | None = plain(Words)
    created_at: dt.datetime = plain(Instant)
    changed_at: dt.datetime = plain(Instant)


class ChatAddressRow(Row, table=True):
    """One address may belong to several people: families share a phone."""

    __tablename__ = "chat_address"
    __table_args__ = (Index(None, "channel", "address"),)

    person_id: str = plain(Words, key=True, references="person.id")
    channel: str = plain(Words, key=True)
    address: str = personal(Words, key=True)
    state: str = plain(Words)
    added_at: dt.datetime = plain(Instant)
    changed_at: dt.datetime = plain(Instant)


class MemberRow(Row, table=True):
    __tablename__ = "member"

    role: str = plain(Words, key=True)
    ref: str = plain(Words, key=True)
    person_id: str = plain(Words, references="person.id", index=True)
    active: bool = plain(Boolean)
    created_at: dt.datetime = plain(Instant)
    changed_at: dt.datetime = plain(Instant)


class RiderRow(Row, table=True):
    __tablename__ = "rider"
    __table_args__ = (ForeignKeyConstraint(["role", "ref"], ["member.role", "member.ref"]),)

    role: str = plain(Words, key=True)
    ref: str = plain(Words, key=True)
    vehicle: str = plain(Words)
    capacity_g: int | None = plain(BIG)
    capacity_ml: int | None = plain(BIG)
    max_stops: int | None = plain(Integer)
    shift_from: dt.time | None = plain(Time)
    shift_to: dt.time | None = plain(Time)
    home_lon: float | None = personal(Float)
    home_lat: float | None = personal(Float)
    home_tambon: str | None = personal(Words)
    end_at: str = plain(Words)
    skills: list[str] = plain(DOCUMENT)
    zones: list[str] = plain(DOCUMENT)
    prefer_zones: list[str] = plain(DOCUMENT)
    refuse_zones: list[str] = plain(DOCUMENT)


class SellerRow(Row, table=True):
    __tablename__ = "seller"
    __table_args__ = (ForeignKeyConstraint(["role", "ref"], ["member.role", "member.ref"]),)

    role: str = plain(Words, key=True)
    ref: str = plain(Words, key=True)
    shop_name: str = personal(Words)
    community: str | None = plain(Words)
    tambon_code: str | None = plain(Words)
    lon: float | None = personal(Float)
    lat: float | None = personal(Float)
    ready_from: dt.time | None = plain(Time)
    ready_to: dt.time | None = plain(Time)
    needs_cold_box: bool = plain(Boolean)
    payout_promptpay: str | None = personal(Words)
    closed_days: list[str] = plain(DOCUMENT)


# --- orders -------------------------------------------------------------------------------------------------------


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


class LegRow(Row, table=True):
    __tablename__ = "leg"
    __table_args__ = (Index(None, "date", "wave", "state"), Index(None, "plan_id", "state"), Index(None, "state"))

    order_id: str = plain(Words, key=True, references="orders.order_id")
    leg: int = plain(Integer, key=True)
    origin: str = plain(Words)
    destination: str = plain(Words)
    zone: str | None = plain(Words)
    area: str | None = plain(Words)
    date: dt.date = plain(Date)
    wave: str | None = plain(Words)
    state: str = plain(Words)
    reason: str | None = plain(Words)
    plan_id: str | None = plain(Words)
    rider_id: str | None = plain(Words)
    changed_at: dt.datetime = plain(Instant)


# --- the day ------------------------------------------------------------------------------------------------------


class RunRow(Row, table=True):
    __tablename__ = "run"
    __table_args__ = (UniqueConstraint("market", "date", "wave"), Index(None, "date", "state"))

    id: str = plain(Words, key=True)
    market: str = plain(Words)
    date: dt.date = plain(Date)
    wave: str = plain(Words)
    state: str = plain(Words)
    config_version: int = plain(Integer)
    plan_id: str | None = plain(Words)
    opened_at: dt.datetime | None = plain(Instant)
    closed_at: dt.datetime | None = plain(Instant)
    planned_at: dt.datetime | None = plain(Instant)
    approved_at: dt.datetime | None = plain(Instant)
    dispatched_at: dt.datetime | None = plain(Instant)
    finished_at: dt.datetime | None = plain(Instant)
    reminded_at: dt.datetime | None = plain(Instant)


class PlanRow(Row, table=True):
    __tablename__ = "plan"
    __table_args__ = (UniqueConstraint("run_id", "revision"), Index(None, "date", "wave"))

    id: str = plain(Words, key=True)
    run_id: str = plain(Words, references="run.id")
    date: dt.date = plain(Date)
    wave: str = plain(Words)
    revision: int = plain(Integer)
    config_version: int = plain(Integer)
    created_at: dt.datetime = plain(Instant)
    seen: int = plain(BIG)
    supersedes: str | None = plain(Words)
    approved_at: dt.datetime | None = plain(Instant)
    approved_by: str | None = plain(Words)
    travel: dict[str, Any] = plain(DOCUMENT)
    summary: dict[str, Any] = plain(DOCUMENT)


class PlanRouteRow(Row, table=True):
    __tablename__ = "plan_route"

    plan_id: str = plain(Words, key=True, references="plan.id")
    route: int = plain(Integer, key=True)
    rider_id: str = plain(Words)
    area: str = plain(Words)
    vehicle: str = plain(Words)
    cost: int = plain(BIG)
    distance: int = plain(BIG)
    duration: int = plain(BIG)
    service: int = plain(BIG)
    waiting_time: int = plain(BIG)
    load_max: list[int] = plain(DOCUMENT)
    cod_satang: int = plain(BIG)
    locked: str = plain(Words)


class PlanStepRow(Row, table=True):
    __tablename__ = "plan_step"
    __table_args__ = (
        ForeignKeyConstraint(["plan_id", "route"], ["plan_route.plan_id", "plan_route.route"]),
        Index(None, "order_id"),
    )

    plan_id: str = plain(Words, key=True)
    route: int = plain(Integer, key=True)
    step: int = plain(Integer, key=True)
    type: str = plain(Words)
    arrival: dt.datetime = plain(Instant)
    lon: float | None = personal(Float)
    lat: float | None = personal(Float)
    order_id: str | None = plain(Words)
    seller_id: str | None = plain(Words)
    leg: int | None = plain(Integer)
    setup: int = plain(Integer)
    service: int = plain(Integer)
    waiting_time: int = plain(Integer)
    load: list[int] = plain(DOCUMENT)
    duration: int = plain(Integer)
    distance: int = plain(BIG)
    window_from: dt.datetime | None = plain(Instant)
    window_to: dt.datetime | None = plain(Instant)
    told_from: dt.datetime | None = plain(Instant)
    told_to: dt.datetime | None = plain(Instant)
    state: str | None = plain(Words)


class PlanUnassignedRow(Row, table=True):
    __tablename__ = "plan_unassigned"

    plan_id: str = plain(Words, key=True, references="plan.id")
    position: int = plain(Integer, key=True)
    order_id: str = plain(Words)
    leg: int = plain(Integer)
    code: str = plain(Words)
    message: dict[str, Any] = plain(DOCUMENT)
    riders: list[dict[str, Any]] = plain(DOCUMENT)
    fix: dict[str, Any] | None = plain(DOCUMENT)
    next_date: dt.date | None = plain(Date)
    next_wave: str | None = plain(Words)


class ApprovalRow(Row, table=True):
    """Who agreed to a plan; it is approved when as many have as the market asks for."""

    __tablename__ = "approval"

    plan_id: str = plain(Words, key=True, references="plan.id")
    actor: str = plain(Words, key=True)
    at: dt.datetime = plain(Instant)


# --- messages -----------------------------------------------------------------------------------------------------


class MessageRow(Row, table=True):
    """`seq` is the order of writing: who was written first for one address is sent first."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("id"),
        UniqueConstraint("event", "role", "member_ref", "revision"),
        Index(None, "channel", "state", "send_at"),
        Index(None, "channel", "address", "state"),
        Index(None, "plan_id", "state"),
        Index(None, "date", "wave"),
        Index(None, "state", "send_at"),
    )

    seq: int | None = plain(SERIAL, key=True)
    id: str = plain(Words)
    kind: str = plain(Words)
    klass: str = plain(Words)
    event: str = plain(Words)
    role: str = plain(Words)
    member_ref: str = plain(Words)
    name: str = personal(Words)
    channel: str | None = plain(Words)
    address: str | None = personal(Words)
    via: str = plain(Words)
    date: dt.date | None = plain(Date)
    wave: str | None = plain(Words)
    plan_id: str | None = plain(Words)
    revision: int = plain(Integer)
    state: str = plain(Words)
    reason: str | None = plain(Words)
    send_at: dt.datetime = plain(Instant)
    expires_at: dt.datetime = plain(Instant)
    not_before: dt.datetime | None = plain(Instant)
    bundle: str | None = plain(Words)
    text: str = personal(Words)
    content: dict[str, Any] = personal(DOCUMENT)
    payload: dict[str, Any] | None = personal(DOCUMENT)
    lease_holder: str | None = plain(Words)
    lease_until: dt.datetime | None = plain(Instant)
    created_at: dt.datetime = plain(Instant)
    changed_at: dt.datetime = plain(Instant)


class MessageOrderRow(Row, table=True):
    """Which orders a message is about."""

    __tablename__ = "message_order"
    __table_args__ = (Index(None, "order_id"),)

    message_id: str = plain(Words, key=True, references="message.id")
    position: int = plain(Integer, key=True)
    order_id: str = plain(Words)


class AttemptRow(Row, table=True):
    """One try at sending: added before the call with outcome `sending`, its outcome filled in once, after it."""

    __tablename__ = "attempt"
    __table_args__ = (Index(None, "message_id", "outcome"),)

    id: int | None = plain(SERIAL, key=True)
    message_id: str = plain(Words, references="message.id")
    at: dt.datetime = plain(Instant)
    outcome: str = plain(Words)
    status: int | None = plain(Integer)
    retry_key: str | None = plain(Words)
    provider_id: str | None = plain(Words)
    detail: str | None = personal(Words)
    ended_at: dt.datetime | None = plain(Instant)


class InboxRow(Row, table=True):
    """What a service told us, raw and once, before anybody reads it."""

    __tablename__ = "inbox"
    __table_args__ = (UniqueConstraint("channel", "event_id"),)

    seq: int | None = plain(SERIAL, key=True)
    channel: str = plain(Words)
    event_id: str = plain(Words)
    received_at: dt.datetime = plain(Instant)
    headers: dict[str, Any] = personal(DOCUMENT)
    body: bytes = personal(LargeBinary)


# --- the house ----------------------------------------------------------------------------------------------------


class LeaseRow(Row, table=True):
    """Who does a job that only one may do. `token` grows with every taking, so that a late holder can be told apart."""

    __tablename__ = "lease"

    name: str = plain(Words, key=True)
    holder: str = plain(Words)
    token: int = plain(BIG)
    until: dt.datetime = plain(Instant)


class ConfigVersionRow(Row, table=True):
    __tablename__ = "config_version"

    version: int = plain(Integer, key=True)
    text: str = plain(Words)
    sha256: str = plain(Words)
    created_at: dt.datetime = plain(Instant)
    actor: str = plain(Words)
    note: str = plain(Words)


class ApiKeyRow(Row, table=True):
    __tablename__ = "api_key"
    __table_args__ = (UniqueConstraint("digest"),)

    name: str = plain(Words, key=True)
    digest: str = plain(Words)
    created_at: dt.datetime = plain(Instant)
    revoked_at: dt.datetime | None = plain(Instant)


class AuditRow(Row, table=True):
    """Rows are only ever added, each in the transaction of what it tells."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "subject"),)

    id: int | None = plain(SERIAL, key=True)
    at: dt.datetime = plain(Instant)
    recorded_at: dt.datetime = plain(Instant)
    actor: str = plain(Words)
    verb: str = plain(Words)
    subject: str = plain(Words)
    detail: dict[str, Any] = plain(DOCUMENT)
