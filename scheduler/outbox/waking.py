"""A sender that another process wakes: the work `drain_channel`, on a queue that the sender's process alone works.

One process sends over an account, so a wake-up is for that one. What it misses, its own look at the rows finds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from scheduler.clock import Clock
from scheduler.engine import SENDING, Wake
from scheduler.holder import lease_now
from scheduler.outbox.election import lease_of
from storage import Store

DRAIN_CHANNEL = "drain_channel"


def queue_of(process: str) -> str:
    """The queue that wakes this process's senders."""
    return f"{SENDING}@{process}"


class Draining:
    """The work; `woken` is called with the channel that has something due."""

    name = DRAIN_CHANNEL

    def __init__(self, process: str, woken: Callable[[str], None]) -> None:
        self.queue = queue_of(process)
        self._woken = woken

    def waiting(self) -> Collection[str]:
        return ()

    async def do(self, key: str) -> None:
        self._woken(key)


def wake_sender(store: Store, wake: Wake, channel: str, clock: Clock) -> None:
    """Tells the process that sends over `channel` that something is due; where none does, who comes next finds it."""
    holder = store.lease_holder(lease_of(channel), now=lease_now(store, clock))
    if holder is not None:
        wake(DRAIN_CHANNEL, queue_of(holder), [channel])
