"""A worker: lends this machine to the market's planning, its sending or both, and leaves when it is asked to.

Any number may run. Knows no clock's tick and no web; what it needs, the config too, it reads from the database.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from scheduler import engine as engines
from scheduler.app import App
from scheduler.daemon import GRACE_SECONDS, STORE_THREADS, TELLING, log_lines, stops, warm
from scheduler.engine import Work
from scheduler.loops import Loops
from scheduler.overtaken import Overtaken
from scheduler.senders import IDLE, Senders

log = logging.getLogger(__name__)


async def work(app: App, *, planning: int, sends: bool) -> None:
    """Solve `planning` areas at once, and send, until SIGINT or SIGTERM; what is not solved by then is handed back.

    `NewerSchema` where it stopped because a later Songsuk has migrated the database.
    """
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(STORE_THREADS, thread_name_prefix="store"))
    stop = asyncio.Event()
    end = stops(loop, stop)
    log_lines()
    engine = await asyncio.to_thread(app.engine)
    loops = Loops(telling=TELLING)
    senders = Senders(app, loops, engine.wake)
    works: dict[Work, int] = {}
    if planning:
        await warm(app, stop)
        works[app.areas(engine.wake, planning)] = planning
    if sends:
        await asyncio.to_thread(app.channels)
        senders.start()
        works[senders.draining] = 1

    async def follow() -> float:
        """What another process has put in force counts here too."""
        if await asyncio.to_thread(app.versions.follow, app.clock.now()) and sends:
            await senders.follow()
        return IDLE.total_seconds()

    woken, overtaken = asyncio.Event(), Overtaken(app.store, end)
    working = [
        *engines.begin(engine, works, loops, stop),
        asyncio.create_task(loops.keep("config", follow, woken, stop)),
        asyncio.create_task(loops.keep("schema", overtaken.look, stop, stop)),
    ]
    log.info("working for %s: %s", app.config.market.id, ", ".join(work.queue.partition("@")[0] for work in works))
    await stop.wait()
    log.info("stopping")
    app.planner.stop()
    woken.set()
    await asyncio.wait([*working, *senders.stop()], timeout=GRACE_SECONDS)
    await senders.release()
    await app.close_channels()
    engine.close()
    overtaken.tell()
