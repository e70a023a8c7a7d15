"""The verb for messages whose rows cannot be read: what no code of ours wrote, and what must hold up no other.

Knows rows; whether what can be read can also be said, the caller finds out.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, and_, select, update

from storage.errors import StorageError
from storage.failpoints import writes
from storage.message_rows import MESSAGE, move_messages, read_messages
from storage.verbs import Verbs


class Broken(Verbs):
    @writes
    def fail_unreadable(self, channel: str, *, actor: str, at: dt.datetime) -> list[str]:
        """Ends as `failed` (`broken`) what is to be sent over `channel` and cannot be read; returns their ids.

        What stood there instead of content is emptied: a list that holds the message can be read again.
        """
        with self._write("fail_unreadable", actor, at) as write:
            connection = write.connection
            open_ = MESSAGE.c.state.in_(("ready", "retry", "sending", "unknown"))
            asked = select(MESSAGE.c.id).where(MESSAGE.c.channel == channel, open_)
            broken = [id for id in connection.execute(asked).scalars() if not _readable(connection, id)]
            if not broken:
                return []
            which = MESSAGE.c.id.in_(broken)
            connection.execute(update(MESSAGE).where(which).values(content={}, payload=None))
            move_messages(connection, and_(which, MESSAGE.c.state.in_(("ready", "retry"))), "sending", at)
            free = {"lease_holder": None, "lease_until": None}
            move_messages(connection, which, "failed", at, reason="broken", **free)
            write.tell("messages", channel=channel, broken=len(broken))
        return broken


def _readable(connection: Connection, message_id: str) -> bool:
    try:
        read_messages(connection, select(MESSAGE).where(MESSAGE.c.id == message_id))
    except StorageError:
        raise
    except (ValueError, TypeError, KeyError):
        return False
    return True
