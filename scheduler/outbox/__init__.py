"""What was written is sent: rows become calls, calls become receipts.

Flow: election (one sender an account) -> sending (claims rows) -> pace (whose turn it is) -> channel -> verdicts (what
the outcome means for the row). Together makes many small writes into few; unreadable ends rows that nobody can read.
"""

from __future__ import annotations

from scheduler.outbox.election import lease_of
from scheduler.outbox.sending import Outbox
from scheduler.outbox.verdicts import judge, said_again
from scheduler.outbox.waking import Draining, wake_sender

__all__ = ["Draining", "Outbox", "judge", "lease_of", "said_again", "wake_sender"]
