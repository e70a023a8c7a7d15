"""The engine of one machine: wake-ups stay in this process, and end with it. No service to install."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
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
                self._loop.call_soon_threadsafe(lane.put, name, tuple(keys))

    async def run(self, works: Sequence[Work], concurrency: Mapping[str, int], stop: asyncio.Event) -> None:
        named = {work.name: work for work in works}
        self._loop, self._lanes = asyncio.get_running_loop(), {queue: _Lane(named) for queue in concurrency}
        hands = [
            asyncio.create_task(self._lanes[queue].work_off(stop))
            for queue, many in concurrency.items()
            for _ in range(many)
        ]
        await stop.wait()
        for queue, many in concurrency.items():
            self._lanes[queue].end(many)
        await asyncio.gather(*hands)

    def close(self) -> None:
        self._lanes = {}


class _Lane:
    """The wake-ups of one queue, the first first; each row's once."""

    def __init__(self, works: Mapping[str, Work]) -> None:
        self._works = works
        self._queue: asyncio.Queue[tuple[str, str] | None] = asyncio.Queue()
        self._waiting: set[tuple[str, str]] = set()

    def put(self, name: str, keys: Collection[str]) -> None:
        for key in keys:
            if (name, key) not in self._waiting:
                self._waiting.add((name, key))
                self._queue.put_nowait((name, key))

    async def work_off(self, stop: asyncio.Event) -> None:
        while (woken := await self._queue.get()) is not None and not stop.is_set():
            name, key = woken
            self._waiting.discard(woken)
            await attend(self._works[name], key)

    def end(self, many: int) -> None:
        for _ in range(many):
            self._queue.put_nowait(None)
