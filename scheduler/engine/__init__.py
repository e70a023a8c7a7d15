"""Where work that waits in rows gets done: in this process, or on every machine that works a queue.

    connect(kind, database) -> Engine     "local" or "procrastinate", the values of `engine.kind` in config.yaml

One module an engine, loaded when it is asked for. Knows nothing of what the work is.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from scheduler.engine.base import PLANNING, SENDING, SWEEP_SECONDS, Engine, EngineUnavailable, Wake, Work, sweep
from scheduler.loops import Loops

if TYPE_CHECKING:
    from scheduler.config.models import EngineKind

__all__ = ["PLANNING", "SENDING", "Engine", "EngineUnavailable", "Wake", "Work", "begin", "connect"]


def connect(kind: EngineKind, database: str) -> Engine:
    """The engine of this kind, ready to carry wake-ups; `database` is the market's address."""
    return cast("Engine", importlib.import_module(f"scheduler.engine.{kind}").connect(database))


def begin(engine: Engine, works: Mapping[Work, int], loops: Loops, stop: asyncio.Event) -> list[asyncio.Task[None]]:
    """Does each work, so much of it at once, until `stop`, and looks for what no wake-up came for.

    What is done by others alone (0 at once here) is looked for all the same. An engine that stumbles goes on.
    """

    async def run() -> float:
        running = asyncio.create_task(engine.run({work: many for work, many in works.items() if many}, stop))
        ended, _ = await asyncio.wait([running], timeout=SWEEP_SECONDS)
        if not ended:
            loops.well("engine")  # this turn ends with the process, so it cannot say so by its end
        await running
        return 0.0

    async def look() -> float:
        await sweep(engine, works)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), SWEEP_SECONDS)
        return 0.0

    return [
        asyncio.create_task(loops.keep(name, turn, asyncio.Event(), stop))
        for name, turn in (("engine", run), ("sweep", look))
    ]
