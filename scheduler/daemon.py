"""The daemon: the clock ticks, the outbox drains, the web listens, until it is asked to stop.

One process, one event loop; the store and the planning run in threads and processes beside it. Knows no wave and no
message itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from channels.base import NotConfigured
from scheduler import engine as engines
from scheduler.app import App, OfficialBase
from scheduler.areas import Unplanned, attended
from scheduler.clock import ShiftedClock, SystemClock, Ticker
from scheduler.config import UnreadableSecret
from scheduler.engine import EngineUnavailable
from scheduler.loops import Loops
from scheduler.overtaken import Overtaken
from scheduler.senders import Senders

if TYPE_CHECKING:
    import uvicorn

log = logging.getLogger(__name__)

STORE_THREADS = 8
READ_QUOTA = dt.timedelta(minutes=15)
LOOK_AROUND = dt.timedelta(seconds=2)
"""How often the clock looks around at least, in real time, for a changed config or orders for a day that was closed."""
TELLING = (NotConfigured, UnreadableSecret, OfficialBase, EngineUnavailable, Unplanned)
"""What goes wrong in words of ours, which name no secret."""
GRACE_SECONDS = 8
"""How long what is being sent and answered may take to end."""
LAST_SECONDS = 9.5
"""After so long the process ends whatever is under way: a database that does not answer holds nobody up."""


class CannotListen(Exception):
    """The address is taken, not allowed, or not this machine's."""


async def serve(app: App, host: str, port: int, *, planning: int, sends: bool) -> None:
    """Run until SIGINT or SIGTERM; ends within ten seconds, and finishes what is being sent where it can.

    `NewerSchema` where it stopped because a later Songsuk has migrated the database.

    `planning`: how many areas are solved at once here; 0 leaves them to workers, as does `sends` False what is due.
    """
    import uvicorn

    from scheduler.web import create

    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(STORE_THREADS, thread_name_prefix="store"))
    clock = app.clock
    if not isinstance(clock, SystemClock | ShiftedClock):
        raise TypeError("the daemon needs a clock that runs")
    stop, at_rest = asyncio.Event(), asyncio.Event()
    at_rest.set()
    end = stops(loop, stop)

    loops = Loops(telling=TELLING)
    counted, sdk_loaded = asyncio.Event(), asyncio.Event()
    await asyncio.to_thread(app.channels)
    engine = await asyncio.to_thread(app.engine)
    senders = Senders(app, loops, engine.wake, changed=counted.set, busy=lambda: site.state.door.busy(), sends=sends)

    async def tick() -> dt.datetime | None:
        if stop.is_set():
            return None
        at_rest.clear()
        following = None
        try:
            with loops.watched("clock"):
                following = await asyncio.to_thread(app.tick)
            with loops.watched("channels"):
                await senders.follow()
        finally:
            at_rest.set()
            senders.wake()
        return following

    async def count() -> float:
        """LINE's count of the month, at the start and now and then: others may push over the account too."""
        await app.read_quota()
        if not sdk_loaded.is_set():
            sdk_loaded.set()
            keep_loaded()
        if await asyncio.to_thread(app.line_budget.tell):
            senders.wake()
        return READ_QUOTA.total_seconds()

    async def watch() -> float:
        """Whether somebody works the planning queue, here or elsewhere, when there is something in it, and can."""
        return await attended(app.store, clock, stop)

    keep_loaded()
    listening = _listen(host, port)
    address, actual = listening.getsockname()[:2]
    address = f"[{address}]" if ":" in address else address
    print(f"listening on http://{address}:{actual}", file=sys.stderr, flush=True)  # noqa: T201 - always the first line
    log_lines()
    if app.versions.broken is not None:
        said = " · ".join(problem.text() for problem in app.versions.broken.errors[:3])
        log.warning("%s is not valid; going on with version %s: %s", app.config_path, app.versions.latest, said)
    site = create(app, senders.heard, lambda: loops.failing)
    server = _server(
        uvicorn.Config(site, log_level="warning", lifespan="off", access_log=False, timeout_graceful_shutdown=5)
    )
    web = asyncio.create_task(server.serve(sockets=[listening]))
    senders.start()
    ticker = Ticker(clock, tick, at_least=LOOK_AROUND)
    areas = app.waves.solver = app.areas(engine.wake, planning, ticker.soon)
    await ticker.start()
    overtaken = Overtaken(app.store, end)
    working = [
        asyncio.create_task(loops.keep("schema", overtaken.look, stop, stop)),
        asyncio.create_task(loops.keep("LINE's count", count, counted, stop)),
        asyncio.create_task(loops.keep("planning", watch, asyncio.Event(), stop)),
        *engines.begin(engine, {areas: planning, senders.draining: int(sends)}, loops, stop),
    ]
    if planning:
        working.append(asyncio.create_task(warm(app, stop)))
    await stop.wait()
    log.info("stopping")
    app.planner.stop()
    sending = senders.stop()
    server.should_exit = True
    counted.set()
    resting = asyncio.create_task(at_rest.wait())
    await asyncio.wait([*sending, *working, web, resting], timeout=GRACE_SECONDS)
    await senders.release()
    await ticker.stop()
    await app.close_channels()
    engine.close()
    overtaken.tell()


def stops(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> Callable[[], None]:
    """What SIGINT and SIGTERM call, and who else wants an end: it sets `stop`, and the process does not outlive that by
    more than `LAST_SECONDS`."""

    def end() -> None:
        if not stop.is_set():
            stop.set()
            last = threading.Timer(LAST_SECONDS, _leave)
            last.daemon = True
            last.start()

    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, end)
    return end


def _leave() -> None:
    """As a crash would: threads that wait for the database cannot be told to give up."""
    log.warning("something does not come to an end, the database perhaps; the next start takes up what it was about")
    os._exit(0)


def keep_loaded() -> None:
    """What is loaded by now stays: looking it through for garbage again and again takes a fifth of a second each time,
    in which nothing else is done."""
    gc.collect()
    gc.freeze()


async def warm(app: App, stop: asyncio.Event) -> None:
    """So that no first plan waits; a planner that cannot be warmed says so, and again when it is needed."""
    try:
        await asyncio.to_thread(app.planner.warm)
    except Exception:
        if not stop.is_set():
            log.exception("the planner cannot be made ready")


def log_lines() -> None:
    """What happens from now on is told on stderr, a line each."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    for library in ("apscheduler", "procrastinate"):
        logging.getLogger(library).setLevel(logging.WARNING)


def _server(config: uvicorn.Config) -> uvicorn.Server:
    """A web server that leaves the signals to the daemon."""
    import uvicorn

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    return Server(config)


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
