"""Whether a later Songsuk has migrated the database under a process that runs: then that one writes no more, and ends.

A net for an upgrade in which a process was forgotten. Knows no daemon and no worker.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable

from storage import NewerSchema, Store

log = logging.getLogger(__name__)

LOOKS_EVERY = dt.timedelta(seconds=2)


class Overtaken:
    """Calls `end` where the database stands beyond what this code knows."""

    def __init__(self, store: Store, end: Callable[[], None]) -> None:
        self._store, self._end = store, end
        self._by: NewerSchema | None = None

    async def look(self) -> float:
        """A turn of a loop."""
        self._by = await asyncio.to_thread(self._store.newer_schema)
        if self._by is not None:
            log.error("%s: ending", self._by)
            self._end()
        return LOOKS_EVERY.total_seconds()

    def tell(self) -> None:
        """`NewerSchema` where that is why the process has ended."""
        if self._by is not None:
            raise self._by
