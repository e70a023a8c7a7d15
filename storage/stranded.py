"""The verbs for messages whose chat takes no more, none for now, or has another address: how they find another way.

Knows which rows those are, and how one changes its address; which other way a person has is said elsewhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import and_, bindparam, exists, func, or_, select, update

from storage.directory import ADDRESS
from storage.failpoints import writes
from storage.message_rows import ATTEMPT, MESSAGE, NOW, WAITING, break_up, closed, read_messages, stranded
from storage.records import Message
from storage.verbs import Verbs, one_of

_GONE = ("blocked", "unknown_recipient", "moved")

_WAITS = and_(one_of(MESSAGE.c.state, "ready", "retry"), stranded(MESSAGE))
_ANEW = MESSAGE.alias("anew")
_SAID_ANEW = exists().where(
    _ANEW.c.event == MESSAGE.c.event,
    _ANEW.c.role == MESSAGE.c.role,
    _ANEW.c.member_ref == MESSAGE.c.member_ref,
    _ANEW.c.revision > MESSAGE.c.revision,
)
_REFUSED = and_(MESSAGE.c.state == "failed", one_of(MESSAGE.c.reason, *_GONE), MESSAGE.c.expires_at > NOW)
_STRANDED = (
    select(MESSAGE)
    .where(MESSAGE.c.channel == bindparam("channel"), one_of(MESSAGE.c.state, "ready", "retry", "failed"))
    .where(or_(_WAITS, and_(_REFUSED, closed(MESSAGE), ~_SAID_ANEW)))
    .order_by(MESSAGE.c.send_at, MESSAGE.c.seq)
)

_EACH = ATTEMPT.alias("each")
_LAST = select(func.max(_EACH.c.id)).where(_EACH.c.message_id == MESSAGE.c.id).correlate(MESSAGE).scalar_subquery()
_RESTING = (
    select(MESSAGE.c.address, MESSAGE.c.not_before)
    .where(MESSAGE.c.channel == bindparam("channel"), MESSAGE.c.state == "retry", MESSAGE.c.not_before > NOW)
    .where(exists().where(ATTEMPT.c.id == _LAST, ATTEMPT.c.status == bindparam("status")))
    .order_by(MESSAGE.c.not_before)
)


class Stranded(Verbs):
    def stranded(self, channel: str, now: dt.datetime) -> list[Message]:
        """What is due over `channel` to a chat that is not active, and what such a chat has just refused.

        The last only until it was said anew, under the next revision.
        """
        with self._read() as connection:
            return read_messages(connection, _STRANDED, channel=channel, now=now)

    def resting(self, channel: str, now: dt.datetime, status: int) -> dict[str, dt.datetime]:
        """Until when chats are left alone to which a message's last attempt was answered so, by address."""
        asked = {"channel": channel, "now": now, "status": status}
        with self._read() as connection:
            return {row.address: row.not_before for row in connection.execute(_RESTING, asked)}

    @writes
    def redirect_messages(self, ways: Sequence[tuple[str, str, str]], *, actor: str, at: dt.datetime) -> int:
        """Gives waiting messages, by id, another channel and address; returns how many still waited.

        Each is as if never begun: whatever it shared a request with goes out in another.
        """
        with self._write("redirect_messages", actor, at) as write:
            connection = write.connection
            asked = and_(MESSAGE.c.id.in_([id for id, _, _ in ways]), one_of(MESSAGE.c.state, "ready", "retry"))
            waiting = select(MESSAGE.c.id).where(asked, stranded(MESSAGE)).with_for_update()
            found = set(connection.execute(waiting).scalars())
            break_up(connection, sorted(found))
            for id, channel, address in ways:
                if id in found:
                    way = {"channel": channel, "address": address, "payload": None, "bundle": None}
                    change = update(MESSAGE).where(MESSAGE.c.id == id).values(**way, not_before=at, changed_at=at)
                    connection.execute(change)
            if found:
                write.tell("messages", redirected=len(found))
        return len(found)

    @writes
    def move_chat(self, channel: str, old: str, new: str, *, actor: str, at: dt.datetime) -> int:
        """A chat has another address now: whoever has it, and all that waits for it; returns how many messages.

        What is in a hand keeps the address that it was begun with.
        """
        with self._write("move_chat", actor, at) as write:
            connection = write.connection
            here = and_(ADDRESS.c.channel == channel, ADDRESS.c.address == old)
            people = list(connection.execute(select(ADDRESS.c.person_id).where(here)).scalars())
            for person_id in people:
                row = {"person_id": person_id, "channel": channel, "address": new, "state": "active"}
                put = write.insert(ADDRESS).values(row | {"added_at": at, "changed_at": at})
                key = [ADDRESS.c.person_id, ADDRESS.c.channel, ADDRESS.c.address]
                alive = {"state": "active", "changed_at": at}
                connection.execute(put.on_conflict_do_update(index_elements=key, set_=alive))
            connection.execute(ADDRESS.delete().where(here))
            waits = and_(MESSAGE.c.channel == channel, MESSAGE.c.address == old, MESSAGE.c.state.in_(WAITING))
            moved = connection.execute(update(MESSAGE).where(waits).values(address=new, changed_at=at)).rowcount
            write.tell("chat", channel=channel, people=len(people), messages=moved)
        return moved
