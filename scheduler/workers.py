"""Where solving happens: areas shared out among processes, so that the event loop and the other areas go on.

Knows how many cores there are; knows nothing of orders. Processes are spawned, not forked (the daemon has threads), and
warmed before the first plan needs them.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import replace

import routing
from routing.model import Settings
from scheduler.planning import AreaPlan, AreaProblem, solve_area
from storage.records import Run

LONGEST = 240.0
"""Seconds of search that a wave takes at most where areas have to wait for each other."""


def cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def shared(settings: Settings, workers: int, areas: int) -> Settings:
    """What each of so many areas may take of these workers, and of the time."""
    turns = -(-areas // workers)
    seconds = min(settings.seconds, LONGEST / turns) if turns > 1 else settings.seconds
    return replace(settings, workers=max(1, workers // max(1, areas)), seconds=seconds)


class Stopped(Exception):
    """The program is ending: what was being solved is solved at the next start."""


class AtOnce:
    """Solves a wave's areas in this process's planner, while its caller waits."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner

    def under_way(self, run: Run) -> bool:
        return False

    def solve(self, run: Run, areas: Sequence[AreaProblem], settings: Settings) -> list[AreaPlan]:
        return self._planner.solve(areas, settings)


class Planner:
    """Solves areas, in parallel where there are several. `keep_warm`: processes live on between plans (the daemon)."""

    def __init__(self, workers: int = 0, *, keep_warm: bool = False) -> None:
        self.workers = workers or cores()
        self._keep_warm = keep_warm
        self._pool: ProcessPoolExecutor | None = None
        self._stopped = False

    def warm(self) -> None:
        """Start the processes and load the solver in them."""
        with suppress(BrokenProcessPool, Stopped):  # ending already, or tried again by the first plan
            for future in [self._processes().submit(_load) for _ in range(self.workers)]:
                future.result()

    def solve(self, areas: Sequence[AreaProblem], settings: Settings) -> list[AreaPlan]:
        """The areas' plans, in the order given. The cores are shared out among the areas that run at once."""
        share = shared(settings, self.workers, len(areas))
        if len(areas) < 2 and not self._keep_warm:
            return [solve_area(area, share) for area in areas]
        try:
            return self._in_processes(areas, share)
        except BrokenProcessPool:
            # A worker was killed, as by a machine short of memory: once more with fresh ones.
            if not self._stopped:
                self._pool = None
            return self._in_processes(areas, share)

    def each(self, areas: Sequence[AreaProblem], settings: Settings) -> Iterator[tuple[int, AreaPlan]]:
        """Many small areas, each by itself on one core, as they come ready: its place in `areas`, and its plan."""
        if len(areas) < 2 or self.workers == 1:
            yield from ((place, solve_area(area, settings)) for place, area in enumerate(areas))
            return
        futures = {self._processes().submit(solve_area, area, settings): place for place, area in enumerate(areas)}
        for future in as_completed(futures):
            yield futures[future], future.result()

    async def one(self, area: AreaProblem, settings: Settings) -> AreaPlan:
        """One area, with the settings as they are. `Stopped`; `BrokenProcessPool` where its process was killed."""
        pool = self._processes()
        try:
            return await asyncio.wrap_future(pool.submit(solve_area, area, settings))
        except BrokenProcessPool:
            if self._stopped:
                raise Stopped from None
            if self._pool is pool:
                self._pool = None  # the next one finds fresh processes
            raise

    def _in_processes(self, areas: Sequence[AreaProblem], settings: Settings) -> list[AreaPlan]:
        futures: list[Future[AreaPlan]] = [
            self._processes().submit(solve_area, area, settings)
            for area in sorted(areas, key=lambda area: -len(area.shipments))
        ]
        answers = {answer.area: answer for answer in (future.result() for future in futures)}
        return [answers[area.area] for area in areas]

    def _processes(self) -> ProcessPoolExecutor:
        if self._stopped:
            raise Stopped
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self.workers, mp_context=multiprocessing.get_context("spawn"), initializer=_settle
            )
        return self._pool

    def stop(self) -> None:
        """End what is being solved at once, and solve nothing more; whoever waits for it gets `Stopped`."""
        self._stopped = True
        for process in multiprocessing.active_children():
            process.terminate()

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


def _settle() -> None:
    """What a process does first: live as long as the one that started it, and no longer.

    Ctrl-C reaches every process of a terminal; our parent decides what becomes of us. A parent that was killed decides
    nothing: we would wait for work for ever.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True, name="parent").start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _load() -> int:
    routing.warm()
    return os.getpid()
