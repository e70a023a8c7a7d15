"""Messages between their rows and their values: written once, moved by guarded UPDATEs, read with their attempts.

The states and arrows are those of the message's life-cycle; a test holds that both tables say the same.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    FromClause,
    RowMapping,
    and_,
    bindparam,
    exists,
    func,
    not_,
    or_,
    select,
    update,
)

from storage.records import Attempt, AttemptStart, Message, Role
from storage.tables import AttemptRow, ChatAddressRow, MemberRow, MessageOrderRow, MessageRow
from storage.verbs import TONGUES, Write, among, chunks, fetch, one_of

MESSAGE, ABOUT, ATTEMPT = MessageRow.__table__, MessageOrderRow.__table__, AttemptRow.__table__

SOURCES = {
    "ready": ("held", "suppressed"),
    "held": ("ready",),
    "sending": ("ready", "retry", "unknown"),
    "accepted": ("sending", "unknown"),
    "confirmed": ("accepted", "unknown"),
    "unknown": ("sending", "retry"),
    "retry": ("sending", "unknown"),
    "failed": ("retry", "sending", "unknown"),
    "expired": ("held", "ready", "retry"),
    "superseded": ("held", "ready", "retry", "unknown", "suppressed"),
    "suppressed": ("held", "ready", "retry"),
}
"""Where a message must stand to become the key."""

WAITING = ("held", "ready", "retry")
"""Written, and in nobody's hands."""

NOW = bindparam("now", type_=MESSAGE.c.changed_at.type)
"""The moment of a statement that is written once."""

_ADDRESS, _MEMBER = ChatAddressRow.__table__, MemberRow.__table__
TO_OTHERS = ("sos", "word", "link_request", "chat_added")
"""What somebody else hears of a thing written in a chat; every other message of such an event is an answer there."""

_WRITE_ONCE = {
    tongue: insert(MESSAGE).on_conflict_do_nothing().returning(MESSAGE.c.id) for tongue, insert in TONGUES.items()
}
_FREEZE = (
    update(MESSAGE)
    .where(MESSAGE.c.id == bindparam("b_id"), MESSAGE.c.payload.is_(None))
    .values(
        payload=bindparam("b_payload", type_=MESSAGE.c.payload.type),
        bundle=bindparam("b_bundle"),
        expires_at=func.coalesce(bindparam("b_expires_at", type_=MESSAGE.c.expires_at.type), MESSAGE.c.expires_at),
    )
)

_ABOUT_THEM = select(ABOUT).where(among(ABOUT.c.message_id)).order_by(ABOUT.c.position)
_TRIED = select(ATTEMPT).where(among(ATTEMPT.c.message_id)).order_by(ATTEMPT.c.id)

_REQUESTS = select(MESSAGE.c.bundle).where(among(MESSAGE.c.id), MESSAGE.c.bundle.is_not(None))
_BREAK_UP = (
    update(MESSAGE).where(MESSAGE.c.bundle.in_(_REQUESTS), MESSAGE.c.state == "retry").values(bundle=None, payload=None)
)
_PUSH_INSTEAD = (
    update(MESSAGE)
    .where(among(MESSAGE.c.id), MESSAGE.c.via == "reply", MESSAGE.c.state == "retry")
    .values(via="push", bundle=None, payload=None)
)

_COPIED = (
    *("id", "kind", "klass", "event", "member_ref", "name", "channel", "address", "via", "date", "wave", "plan_id"),
    *("revision", "state", "reason", "send_at", "expires_at", "not_before", "bundle", "edits"),
    *("text", "content", "payload"),
)


def may_be_taken(message: FromClause) -> ColumnElement[bool]:
    """Nobody can tell of an attempt at it whether the service took it."""
    return exists().where(ATTEMPT.c.message_id == message.c.id, ATTEMPT.c.outcome == "unknown")


def closed(message: FromClause) -> ColumnElement[bool]:
    """The person's chat that it is for is blocked, dead or left, and it is to go another way.

    What somebody is answered goes to the chat that asked, also where it is the last that it hears.
    """
    theirs = exists().where(
        _ADDRESS.c.channel == message.c.channel,
        _ADDRESS.c.address == message.c.address,
        _ADDRESS.c.state != "active",
        _ADDRESS.c.person_id == _MEMBER.c.person_id,
        _MEMBER.c.role == message.c.role,
        _MEMBER.c.ref == message.c.member_ref,
    )
    return and_(theirs, or_(message.c.event.not_like("heard:%"), one_of(message.c.kind, *TO_OTHERS)))


def stranded(message: FromClause) -> ColumnElement[bool]:
    """It waits for a closed chat, and the service surely has no copy of it: nothing of it is sent there."""
    return and_(closed(message), not_(may_be_taken(message)))


def no_pin_asked(write: Write, order_ids: Collection[str]) -> None:
    """These orders have their place: a question for it that is still to go out is withdrawn."""
    asked = MESSAGE.c.event.in_([f"ask_pin:{order_id}" for order_id in order_ids])
    if order_ids:
        waiting = and_(asked, MESSAGE.c.state.in_(WAITING))
        move_messages(write.connection, waiting, "superseded", write.at, reason="pinned")


def insert_messages(write: Write, messages: Sequence[Message]) -> int:
    """Writes those that were not written before, by id and by (event, role, member_ref, revision); returns how many."""
    written = 0
    for chunk in chunks(messages):
        rows = [
            {name: getattr(message, name) for name in _COPIED}
            | {"role": message.role.value, "created_at": write.at, "changed_at": write.at}
            for message in chunk
        ]
        new = set(write.connection.execute(_WRITE_ONCE[write.tongue], rows).scalars())
        about = [
            {"message_id": message.id, "position": position, "order_id": order_id}
            for message in chunk
            if message.id in new
            for position, order_id in enumerate(message.order_ids)
        ]
        write.insert_all(ABOUT, about)
        written += len(new)
    return written


def moving(which: ColumnElement[bool], state: str, **values: Any) -> Executable:
    """The statement that takes the messages of `which` to `state` at `NOW`, those that may go; it returns their ids."""
    guarded = update(MESSAGE).where(which, one_of(MESSAGE.c.state, *SOURCES[state]))
    return guarded.values(state=state, changed_at=NOW, **values).returning(MESSAGE.c.id)


def move_messages(
    connection: Connection, which: ColumnElement[bool], state: str, at: dt.datetime, **values: Any
) -> list[str]:
    """Takes the messages of `which` to `state`, those that may go; returns their ids."""
    return list(connection.execute(moving(which, state, **values), {"now": at}).scalars())


def begin_messages(write: Write, items: Sequence[AttemptStart]) -> None:
    """Freezes what is about to be asked, where that was not done before, and notes the attempts."""
    frozen = [
        {
            "b_id": item.message_id,
            "b_payload": item.payload,
            "b_bundle": item.bundle,
            "b_expires_at": item.expires_at,
        }
        for item in items
    ]
    write.connection.execute(_FREEZE, frozen)
    begun = [
        {"message_id": item.message_id, "at": item.at, "outcome": "sending", "retry_key": item.retry_key}
        for item in items
    ]
    write.insert_all(ATTEMPT, begun)


def push_instead(connection: Connection, ids: Collection[str]) -> None:
    """What went along with a reply and is to be tried again is pushed, as if never begun: the token is spent."""
    connection.execute(_PUSH_INSTEAD, {"keys": list(ids)})


def call_back(
    connection: Connection, which: ColumnElement[bool], state: str, at: dt.datetime, *, reason: str | None
) -> list[str]:
    """Withdraws what waits (`superseded`, `suppressed`); returns the ids that went.

    A request that its service may have taken is one whole until it is settled: nothing is withdrawn from it. One that
    was provably never taken is broken up, and what is left of it goes out in another.
    """
    begun = and_(MESSAGE.c.bundle.is_not(None), MESSAGE.c.via == "push", may_be_taken(MESSAGE))
    open_request = and_(MESSAGE.c.state.in_(("retry", "unknown")), begun)  # what is unknown may be tried again whole
    gone = move_messages(connection, and_(which, ~open_request), state, at, reason=reason)
    break_up(connection, gone)
    return gone


def break_up(connection: Connection, gone: Sequence[str]) -> None:
    """What shared a request with messages that are gone, and waits to be tried again, is as if never begun."""
    for chunk in chunks(gone):
        connection.execute(_BREAK_UP, {"keys": chunk})


def read_messages(connection: Connection, query: Executable, **asked: Any) -> list[Message]:
    """The messages of a SELECT on the whole table, in its order, with what they are about and what was tried."""
    rows = connection.execute(query, asked).mappings().all()
    ids = [row["id"] for row in rows]
    about: dict[str, list[str]] = defaultdict(list)
    attempts: dict[str, list[Attempt]] = defaultdict(list)
    for row in fetch(connection, _ABOUT_THEM, ids):
        about[row["message_id"]].append(row["order_id"])
    for row in fetch(connection, _TRIED, ids):
        attempts[row["message_id"]].append(Attempt(**{name: row[name] for name in Attempt.__slots__}))
    return [_message(row, tuple(about[row["id"]]), tuple(attempts[row["id"]])) for row in rows]


def _message(row: RowMapping, about: tuple[str, ...], attempts: tuple[Attempt, ...]) -> Message:
    copied = {name: row[name] for name in _COPIED}
    return Message(**copied, role=Role(row["role"]), order_ids=about, attempts=attempts)
