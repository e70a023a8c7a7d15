"""What both fake services share: faults to order in advance, a log, starting on a free port, control from outside."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from aiohttp import web

# before_read: the connection breaks before the request is read. The others happen after the message was accepted:
# its sender hears nothing (reset), nothing in time (slow), a 200 whose body drips and has no end (drip) or says nothing
# (garbled), or a 500.
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Point = Literal["before_read", "reset", "slow", "drip", "server_error", "garbled", "rate", "concurrent", "busy"]


@dataclass(slots=True)
class Faults:
    """The next requests go wrong in this order, where it names a point for them; then all is well again."""

    ordered: deque[Point | None] = field(default_factory=deque)

    def order(self, point: Point | None, times: int = 1) -> None:
        self.ordered.extend([point] * times)

    def take(self) -> Point | None:
        return self.ordered.popleft() if self.ordered else None


class FakeServer:
    """A service on the loopback."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.log: list[Any] = []
        self.enforce = False
        """Whether the service's limits hold: a call above them gets its 429, and is counted in `limited`."""
        self.limited = 0
        self.took: list[float] = []
        """When each message was accepted, by the machine's own clock."""
        self.calls: list[tuple[float, str, str]] = []
        """Every call as its head came in: when, from which address, and what was asked (the last word of its path)."""
        self.thinks = 0.0
        """Seconds between taking a message and answering, as long as nothing worse was ordered."""
        self.checked = True
        """Whether requests are held against the service's description: a millisecond each, which a race may spare."""
        self.base = ""
        self._stopping = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        raise NotImplementedError

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._noted])
        app.add_routes(self.routes())
        app.add_routes([web.get("/_fake/log", self._show_log), web.post("/_fake/faults", self._order)])
        app.add_routes([web.get("/_fake/counts", self._show_counts)])
        return app

    @contextlib.asynccontextmanager
    async def running(self, port: int = 0) -> AsyncIterator[str]:
        """Serves inside the block; gives the base address."""
        runner = web.AppRunner(self.app(), shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        self._runner, self._loop = runner, asyncio.get_running_loop()
        self._site = web.TCPSite(runner, "127.0.0.1", port)
        await self._site.start()
        self._port = runner.addresses[0][1]
        self.base = f"http://127.0.0.1:{self._port}"
        try:
            yield self.base
        finally:
            self._stopping.set()
            await runner.cleanup()

    @web.middleware
    async def _noted(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.calls.append((time.monotonic(), request.remote or "", request.path.rpartition("/")[2]))
        return await handler(request)

    def be_gone(self, gone: bool) -> None:
        """Refuse every new connection, or take them again. For another thread than the server's own."""

        async def change() -> None:
            if gone:
                await self._site.stop()
            else:
                self._site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
                await self._site.start()

        asyncio.run_coroutine_threadsafe(change(), self._loop).result(30)

    def keep(self, accepted: Any) -> None:
        """Into the log: from here on the message is said."""
        self.log.append(accepted)
        self.took.append(time.monotonic())

    async def after_accept(self, fault: Point | None, request: web.Request) -> web.StreamResponse | None:
        """What the sender gets in place of an answer, if anything was ordered."""
        match fault:
            case "reset":
                return abort(request)
            case "slow":
                await self._stopping.wait()
                return abort(request)
            case "drip":
                return await self._drip(request)
            case "server_error":
                return web.json_response({"message": "Internal error", "ok": False}, status=500)
            case "garbled":
                return web.Response(text="<html>", content_type="text/html")
        if self.thinks:
            await asyncio.sleep(self.thinks)
        return None

    async def _drip(self, request: web.Request) -> web.StreamResponse:
        """Each byte comes in good time, the whole never."""
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        await answer.prepare(request)
        with contextlib.suppress(ConnectionError):
            while not self._stopping.is_set():
                await answer.write(b" ")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), 0.05)
        return answer

    async def _show_log(self, _: web.Request) -> web.Response:
        return web.json_response([each if isinstance(each, dict) else asdict(each) for each in self.log])

    async def _show_counts(self, _: web.Request) -> web.Response:
        span = self.took[-1] - self.took[0] if self.took else 0.0
        return web.json_response({"accepted": len(self.log), "limited": self.limited, "span": span})

    async def _order(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        self.faults.order(wanted["point"], int(wanted.get("times", 1)))
        return web.json_response({})


class Window:
    """At most `limit` calls in any `seconds`, counted in a window that slides."""

    def __init__(self, limit: int, seconds: float) -> None:
        self._limit, self._seconds = limit, seconds
        self._taken: deque[float] = deque()

    def wait(self, now: float) -> float:
        """Seconds until there is room; 0: now."""
        while self._taken and now - self._taken[0] >= self._seconds:
            self._taken.popleft()
        return self._taken[0] + self._seconds - now if len(self._taken) >= self._limit else 0.0

    def take(self, now: float) -> None:
        self._taken.append(now)


def abort(request: web.Request) -> web.Response:
    """Breaks the connection; the response is never seen."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def main(server: FakeServer) -> None:
    """Serves until interrupted; prints the address first."""
    options = argparse.ArgumentParser(description=type(server).__doc__)
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--enforce", action="store_true", help="hold callers to the service's limits")
    options.add_argument("--unchecked", action="store_true", help="hold requests against no description")
    asked = options.parse_args()
    port, server.enforce, server.checked = asked.port, asked.enforce, not asked.unchecked

    async def serve() -> None:
        async with server.running(port) as base:
            sys.stdout.write(f"{base}\n")
            sys.stdout.flush()
            await asyncio.Event().wait()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve())
