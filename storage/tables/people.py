"""People: who they are, where they are reached, in which roles they help or buy."""

import datetime as dt

from sqlalchemy import Boolean, Float, ForeignKeyConstraint, Index, Integer, Time

from storage.columns import BIG, DOCUMENT, Instant, Words, personal, plain
from storage.tables.base import Row


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
