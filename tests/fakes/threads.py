"""Fake services that run beside a test, in a thread of their own, so that the test may block."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from typing import TypeVar

from serving import FakeServer

Server = TypeVar("Server", bound=FakeServer)


@contextlib.contextmanager
def beside(server: Server) -> Iterator[Server]:
    """Serves on the loopback inside the block; `server.base` is its address."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async with server.running():
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(30), "the fake service did not start"
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()
