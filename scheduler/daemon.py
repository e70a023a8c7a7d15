"""The daemon: the clock ticks, the outbox drains, the web listens, until it is asked to stop.

One process, one event loop; the store and the planning run in threads and processes beside it. Knows no wave and no
message itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import signal
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, cast

import storage
from scheduler.app import App
from scheduler.clock import ShiftedClock, SystemClock, Ticker
from scheduler.config import secret_keys
from scheduler.inbox import Fetched, Inbox, poll
from scheduler.outbox import Outbox
from storage.failpoints import failpoint

if TYPE_CHECKING:
    import uvicorn

log = logging.getLogger(__name__)

STORE_THREADS = 8
IDLE = dt.timedelta(seconds=2)
"""How long the outbox rests at most, so that an approval typed elsewhere goes out soon."""


READ_QUOTA = dt.timedelta(minutes=15)
LOOK_AROUND = dt.timedelta(seconds=2)
"""How often the clock looks around at least, in real time, for a changed config or orders for a day that was closed."""
GRACE_SECONDS = 8
"""How long what is being sent and answered may take to end."""


class CannotListen(Exception):
    """The address is taken, not allowed, or not this machine's."""


async def serve(app: App, host: str, port: int) -> None:
    """Run until SIGINT or SIGTERM; stops within ten seconds, finishing what is being sent."""
    import uvicorn

    from scheduler.web import create

    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(STORE_THREADS, thread_name_prefix="store"))
    clock = app.clock
    if not isinstance(clock, SystemClock | ShiftedClock):
        raise TypeError("the daemon needs a clock that runs")
    stop, at_rest = asyncio.Event(), asyncio.Event()
    at_rest.set()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)

    channels = await asyncio.to_thread(app.channels)
    outbox = Outbox(app.store, channels, clock, withhold={"line": app.line_budget.withhold}, failpoint=failpoint)
    woken = {name: asyncio.Event() for name in channels}
    heard = asyncio.Event()

    def wake() -> None:
        for each in woken.values():
            each.set()

    inbox = Inbox(
        app.store,
        channels,
        clock,
        app.versions,
        lambda order_id, place: app.pin_order(order_id, place, actor="chat", source="buyer"),
        secret_keys=secret_keys(app.environ),
        spoke=wake,
        busy=lambda: site.state.door.busy(),
    )

    async def tick() -> dt.datetime | None:
        if stop.is_set():
            return None
        at_rest.clear()
        try:
            return await asyncio.to_thread(app.tick)
        except storage.StorageError:
            log.exception("the database did not answer; trying again")
            return None
        finally:
            at_rest.set()
            wake()

    listening = _listen(host, port)
    address, actual = listening.getsockname()[:2]
    address = f"[{address}]" if ":" in address else address
    print(f"listening on http://{address}:{actual}", file=sys.stderr, flush=True)  # noqa: T201 - always the first line
    _log()
    site = create(app, heard.set)
    server = _server(
        uvicorn.Config(site, log_level="warning", lifespan="off", access_log=False, timeout_graceful_shutdown=5)
    )
    web = asyncio.create_task(server.serve(sockets=[listening]))
    ticker = Ticker(clock, tick, at_least=LOOK_AROUND)
    await ticker.start()
    counting = asyncio.create_task(_count(app, stop))
    sending = [asyncio.create_task(_send(outbox, name, app, woken[name], stop)) for name in channels]
    listening_in = [asyncio.create_task(_listen_in(inbox, heard, stop))]
    if getattr(app.config.channels.get("telegram"), "updates", "") == "polling":
        fetching = poll(cast("Fetched", channels["telegram"]), inbox, stop, heard.set)
        listening_in.append(asyncio.create_task(fetching))
    warming = asyncio.create_task(asyncio.to_thread(app.planner.warm))
    await stop.wait()
    log.info("stopping")
    app.planner.stop()
    outbox.stop()
    server.should_exit = True
    wake()
    heard.set()
    resting = asyncio.create_task(at_rest.wait())
    await asyncio.wait([*sending, *listening_in, counting, web, warming, resting], timeout=GRACE_SECONDS)
    if all(task.done() for task in sending):  # else a call is still out: the lease runs out by itself
        await outbox.release()
    await ticker.stop()
    await app.close_channels()


def _log() -> None:
    """What happens from now on is told on stderr, a line each."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)


def _server(config: uvicorn.Config) -> uvicorn.Server:
    """A web server that leaves the signals to the daemon."""
    import uvicorn

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    return Server(config)


async def _send(outbox: Outbox, channel: str, app: App, woken: asyncio.Event, stop: asyncio.Event) -> None:
    """Drain a channel whenever something may be due: when woken, when a message's time comes, at least every `IDLE`."""
    while not stop.is_set():
        try:
            await outbox.drain(channel)
            following = await asyncio.to_thread(outbox.next_at, channel)
        except storage.StorageError:
            log.exception("the database did not answer; trying again")
            following = None
        wait = IDLE.total_seconds()
        if following is not None:
            speed = getattr(app.clock, "speed", 1.0)
            wait = min(wait, max(0.05, (following - app.clock.now()).total_seconds() / speed))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(woken.wait(), wait)
        woken.clear()


async def _count(app: App, stop: asyncio.Event) -> None:
    """Ask LINE for its count of the month, at the start and now and then: others may push over the account too."""
    while not stop.is_set():
        try:
            await app.read_quota()
        except storage.StorageError:
            log.exception("the database did not answer; trying again")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), READ_QUOTA.total_seconds())


async def _listen_in(inbox: Inbox, heard: asyncio.Event, stop: asyncio.Event) -> None:
    """Work the inbox off when something was heard, and at the start and every `IDLE` what a crash has left."""
    while not stop.is_set():
        heard.clear()
        try:
            await inbox.drain()
        except storage.StorageError:
            log.exception("the database did not answer; trying again")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(heard.wait(), IDLE.total_seconds())
    await inbox.release()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise CannotListen(f"{host}:{port} ({error.strerror or error})") from None
    return listening
