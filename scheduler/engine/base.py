"""What an engine is: it wakes the work that waits in our rows, in this process or on other machines.

Knows names of work, queues and keys of rows; no order, plan or message. Rows are the truth: a wake-up only says "look
at this row". It may come twice, late or never; what was missed, a sweep over the rows finds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Protocol

log = logging.getLogger(__name__)

PLANNING, SENDING = "planning", "sending"
"""The queues: a heavy plan on the one delays no message on the other."""
Wake = Callable[[str, str, Collection[str]], None]
"""`Engine.wake`."""
SWEEP_SECONDS = 2.0
"""How often rows are looked through for what no wake-up came for."""


class EngineUnavailable(Exception):
    """The engine's server does not do as asked; what waits in rows waits on."""


class Work(Protocol):
    """One kind of work on rows of one kind. To do it again where it is done changes nothing."""

    @property
    def name(self) -> str: ...

    @property
    def queue(self) -> str: ...

    def waiting(self) -> Collection[str]:
        """The keys of all rows that wait for it now; asks the database."""
        ...

    async def do(self, key: str) -> None:
        """Looks at the row and does what it lacks, if anything. What it raises is told, and the row waits on."""
        ...


class Engine(Protocol):
    """Carries wake-ups to whoever works their queue. Of one row no two wait at once, however often it is woken."""

    def wake(self, name: str, queue: str, keys: Collection[str]) -> None:
        """Have whoever works `queue` do the work `name` on these rows; after their transaction. May take a while."""
        ...

    async def run(self, works: Mapping[Work, int], stop: asyncio.Event) -> None:
        """Do what is woken until `stop`, then end what is under way. Each work has its queue; so many of it at once."""
        ...

    def close(self) -> None:
        """Let the connections go."""
        ...


async def attend(work: Work, key: str) -> None:
    """Do it. What goes wrong is told here and holds up no other; the sweep comes back to it."""
    try:
        await work.do(key)
    except Exception:
        log.exception("%s %s: it failed; it is tried again", work.name, key)


async def sweep(engine: Engine, works: Iterable[Work]) -> None:
    """One look through the rows for what waits, whether or not somebody was woken for it."""
    for work in works:
        keys = await asyncio.to_thread(work.waiting)
        if keys:
            await asyncio.to_thread(engine.wake, work.name, work.queue, keys)
