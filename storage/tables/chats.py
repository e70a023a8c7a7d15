"""Chats: who was invited, who agreed to what, where a talk and its menu stand, whose a phone number is said to be."""

import datetime as dt
from typing import Any

from sqlalchemy import Boolean, Index, Integer

from storage.columns import DOCUMENT, SERIAL, Instant, Words, personal, plain
from storage.tables.base import Row


class InvitationRow(Row, table=True):
    """A code that lets one chat in as one member, once. Only its keyed digest is kept."""

    __tablename__ = "invitation"
    __table_args__ = (Index(None, "role", "ref"),)

    digest: str = plain(Words, key=True)
    role: str = plain(Words)
    ref: str = plain(Words)
    created_at: dt.datetime = plain(Instant)
    expires_at: dt.datetime = plain(Instant)
    used_at: dt.datetime | None = plain(Instant)


class ConsentRow(Row, table=True):
    """What a person answered to which text; rows are only ever added, and outlive an erasure."""

    __tablename__ = "consent"

    id: int | None = plain(SERIAL, key=True)
    person_id: str = plain(Words, references="person.id", index=True)
    channel: str = plain(Words)
    given: bool = plain(Boolean)
    version: str = plain(Words)
    wording: str = plain(Words)
    at: dt.datetime = plain(Instant)


class ChatRow(Row, table=True):
    """Where the talk with one chat stands: what it was asked last, how often it guessed wrong, what waits to go on."""

    __tablename__ = "chat"

    channel: str = plain(Words, key=True)
    address: str = personal(Words, key=True)
    step: str | None = plain(Words)
    data: dict[str, Any] = personal(DOCUMENT)
    step_at: dt.datetime | None = plain(Instant)
    tries: int = plain(Integer)
    tries_since: dt.datetime | None = plain(Instant)
    passed_on_at: dt.datetime | None = plain(Instant)
    gathered: dict[str, Any] = personal(DOCUMENT)


class GuessRow(Row, table=True):
    """How often somebody guessed wrong at one phone number's order, whoever it was. Gone after its day."""

    __tablename__ = "guess"

    digest: str = personal(Words, key=True)
    tries: int = plain(Integer)
    since: dt.datetime = plain(Instant, index=True)


class ChatMenuRow(Row, table=True):
    """The menu that a chat shows, where it is not the one for everybody; written once the service has taken it."""

    __tablename__ = "chat_menu"

    channel: str = plain(Words, key=True)
    address: str = personal(Words, key=True)
    mark: str = plain(Words)
    shown_at: dt.datetime = plain(Instant)


class LinkRequestRow(Row, table=True):
    """A chat that says it belongs to a phone number, for a coordinator to confirm."""

    __tablename__ = "link_request"

    id: str = plain(Words, key=True)
    channel: str = plain(Words)
    address: str = personal(Words)
    phone: str = personal(Words)
    created_at: dt.datetime = plain(Instant)
    decided_at: dt.datetime | None = plain(Instant)
    decided_by: str | None = plain(Words)
    confirmed: bool | None = plain(Boolean)
