"""The verb of what is said anew each time it changes: a message's next revision takes the place of an earlier one.

Knows no service, and not what has changed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from storage.failpoints import writes
from storage.message_rows import MESSAGE, call_back, insert_messages
from storage.records import Message
from storage.verbs import Verbs


class Revisions(Verbs):
    @writes
    def revise_messages(self, revisions: Sequence[tuple[Message, str | None]], *, actor: str, at: dt.datetime) -> int:
        """Writes messages, each with the id of the earlier revision that it replaces; returns how many are new.

        The earlier one is withdrawn (`superseded`, `revised`). Where it may not be any more, since a sender has it in
        hand or it is settled, the new one is not written. None: there is nothing to withdraw.
        """
        with self._write("revise_messages", actor, at) as write:
            written = 0
            for message, earlier in revisions:
                which = MESSAGE.c.id == earlier
                if earlier is None or call_back(write.connection, which, "superseded", at, reason="revised"):
                    written += insert_messages(write, [message])
            if written:
                write.tell("messages", written=written)
        return written
