"""Messages: what is to be said, what was tried, and what services told us."""

import datetime as dt
from typing import Any

from sqlalchemy import Date, Index, Integer, LargeBinary, UniqueConstraint

from storage.columns import DOCUMENT, SERIAL, Instant, Words, personal, plain
from storage.tables.base import Row


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
        Index(None, "member_ref"),
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
    edits: str | None = plain(Words)
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
    """What a service told us, raw and once, before anybody reads it.

    `done_at` and `outcome` are filled in once, with what the event changed; `address` is the chat it came from.
    """

    __tablename__ = "inbox"
    __table_args__ = (UniqueConstraint("channel", "event_id"), Index(None, "done_at", "seq"))

    seq: int | None = plain(SERIAL, key=True)
    channel: str = plain(Words)
    event_id: str = plain(Words)
    received_at: dt.datetime = plain(Instant)
    headers: dict[str, Any] = personal(DOCUMENT)
    body: bytes = personal(LargeBinary)
    address: str | None = personal(Words, index=True)
    done_at: dt.datetime | None = plain(Instant)
    outcome: str | None = plain(Words)
