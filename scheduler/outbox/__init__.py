"""What was written is sent: rows become calls, calls become receipts.

Flow: sending (claims rows, one sender an account) -> pace (whose turn it is) -> channel -> verdicts (what the outcome
means for the row). Together makes many small writes into few.
"""

from __future__ import annotations

from scheduler.outbox.sending import Outbox, lease_of
from scheduler.outbox.verdicts import judge, said_again

__all__ = ["Outbox", "judge", "lease_of", "said_again"]
