"""The engine of one machine: wake-ups stay in this process, and end with it. No service to install."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress

from scheduler.engine.base import Engine, Work, attend


def connect(database: str) -> Engine:
    """An engine of this process; it needs no database."""
    return Local()


class Local:
    def __init__(self) -> None:
        self._lanes: dict[str, _Lane] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def wake(self, name: str, queue: str, keys: Collection[str]) -> None:
        lane = self._lanes.get(queue)
        if lane is not None and self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended, and with it whoever would look
                self._loop.call_soon_threadsafe(lane.put, tuple(keys))

    async def run(self, works: Mapping[Work, int], stop: asyncio.Event) -> None:
        self._loop, self._lanes = asyncio.get_running_loop(), {work.queue: _Lane(work) for work in works}
        hands = [
            asyncio.create_task(self._lanes[work.queue].work_off(stop))
            for work, many in works.items()
            for _ in range(many)
        ]
        await stop.wait()
        for work, many in works.items():
            self._lanes[work.queue].end(many)
        await asyncio.gather(*hands)

    def close(self) -> None:
        self._lanes = {}


class _Lane:
    """The wake-ups of one queue, the first first; each row's once."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._waiting: set[str] = set()

    def put(self, keys: Collection[str]) -> None:
        for key in keys:
            if key not in self._waiting:
                self._waiting.add(key)
                self._queue.put_nowait(key)

    async def work_off(self, stop: asyncio.Event) -> None:
        while (key := await self._queue.get()) is not None and not stop.is_set():
            self._waiting.discard(key)
            await attend(self._work, key)

    def end(self, many: int) -> None:
        for _ in range(many):
            self._queue.put_nowait(None)
