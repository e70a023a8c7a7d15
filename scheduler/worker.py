"""A worker: lends this machine's cores to the market's planning, and leaves when it is asked to. Any number may run.

Knows no clock's tick and no chat; everything it needs, the config too, it reads from the database.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from scheduler import engine as engines
from scheduler.app import App
from scheduler.daemon import GRACE_SECONDS, STORE_THREADS, log_lines, stops, warm
from scheduler.engine import PLANNING, EngineUnavailable
from scheduler.loops import Loops

log = logging.getLogger(__name__)


async def work(app: App, planning: int) -> None:
    """Solve `planning` areas at once until SIGINT or SIGTERM; what is not done by then is handed back at once."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(STORE_THREADS, thread_name_prefix="store"))
    stop = asyncio.Event()
    stops(loop, stop)
    log_lines()
    engine = await asyncio.to_thread(app.engine)
    await warm(app, stop)
    areas = app.areas(engine.wake, planning)
    loops = Loops(telling=(EngineUnavailable,))
    working = engines.begin(engine, [areas], {PLANNING: planning}, loops, stop)
    log.info("working for %s: %s areas at once", app.config.market.id, planning)
    await stop.wait()
    log.info("stopping")
    app.planner.stop()
    await asyncio.wait(working, timeout=GRACE_SECONDS)
    engine.close()
