"""The verbs for messages whose chat takes no more: found just before they would be sent, and sent over another way.

Knows which rows those are, and how one changes its address; which other way a person has is said elsewhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import and_, exists, or_, select, update

from storage.failpoints import writes
from storage.message_rows import ATTEMPT, MESSAGE, break_up, read_messages
from storage.records import Message
from storage.tables import ChatAddressRow
from storage.verbs import Verbs

ADDRESS = ChatAddressRow.__table__
_GONE = ("blocked", "unknown_recipient", "moved")
_TAKEN = exists().where(ATTEMPT.c.message_id == MESSAGE.c.id, ATTEMPT.c.outcome == "unknown")
"""The service may have it: nobody else is told the same."""
_AN_ANSWER = MESSAGE.c.event.like("heard:%")
"""What somebody is answered goes to the chat that asked, also where it is the last that it hears."""


class Stranded(Verbs):
    def stranded(self, channel: str, now: dt.datetime) -> list[Message]:
        """What is due over `channel` to an address that is not active, and what such an address has just refused."""
        closed = exists().where(
            ADDRESS.c.channel == MESSAGE.c.channel, ADDRESS.c.address == MESSAGE.c.address, ADDRESS.c.state != "active"
        )
        waits = and_(MESSAGE.c.state.in_(("ready", "retry")), ~_TAKEN)
        refused = and_(MESSAGE.c.state == "failed", MESSAGE.c.reason.in_(_GONE), MESSAGE.c.expires_at > now)
        query = select(MESSAGE).where(MESSAGE.c.channel == channel, or_(waits, refused), closed, ~_AN_ANSWER)
        with self._read() as connection:
            return read_messages(connection, query.order_by(MESSAGE.c.send_at, MESSAGE.c.seq))

    @writes
    def redirect_messages(self, ways: Sequence[tuple[str, str, str]], *, actor: str, at: dt.datetime) -> int:
        """Gives waiting messages, by id, another channel and address; returns how many still waited.

        Each is as if never begun: whatever it shared a request with goes out in another.
        """
        moved: list[str] = []
        with self._write("redirect_messages", actor, at) as write:
            connection = write.connection
            for message_id, channel, address in ways:
                break_up(connection, [message_id])
                change = (
                    update(MESSAGE)
                    .where(MESSAGE.c.id == message_id, MESSAGE.c.state.in_(("ready", "retry")), ~_TAKEN)
                    .values(channel=channel, address=address, payload=None, bundle=None, not_before=at, changed_at=at)
                    .returning(MESSAGE.c.id)
                )
                moved += connection.execute(change).scalars()
            if moved:
                write.tell("messages", redirected=len(moved))
        return len(moved)
