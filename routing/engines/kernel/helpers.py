"""One search on every core: further processes look on their own, and the first of them decides.

Each helper searches with another seed and sends what it has, its best routes and the best of its pool, whenever it is
about to ask CP-SAT, and in the end; the first process judges those anew, adds them to its own pool, and goes on from
the best. A helper is a new interpreter, so no caller need guard its main module; it ends with its parent, and its
failure costs nothing but its help.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from threading import Thread
from typing import BinaryIO

from routing.compiled import Compiled, compile_problem
from routing.engines import Report
from routing.model import Problem, Settings

from .crew import Crew
from .processes import cores, interpreter
from .session import LARGE, Session

SECONDS = 4.0
"""Shorter searches are over before a helper has loaded."""

SHIPMENTS = range(50, LARGE + 1)
"""Fewer are done soon; more are searched in parts, for which there is a `Crew`."""

IN_TIME = 0.07
"""Share of the time that a helper ends before the first process, for its last word to be heard."""

SENT = 2000
"""Most routes of its pool that a helper sends."""

SEED = 7919
"""How far apart the seeds of two helpers are."""

COMMAND = f"from {__name__} import main; main()"


@dataclass(frozen=True, slots=True)
class Task:
    """What a helper is given. ``until`` is a wall clock's time, which all processes share."""

    problem: Problem
    settings: Settings
    until: float


@dataclass(frozen=True, slots=True)
class Found:
    """What a helper has: its best routes, what they weigh, the best of its pool, and how far it looked since."""

    routes: list[list[int]]
    weight: float
    pool: list[tuple[int, list[int]]]
    iterations: int


class Helpers:
    """The helpers of a search, as its first process sees them: none where they would not pay."""

    def __init__(self, compiled: Compiled, settings: Settings) -> None:
        self._compiled, self._settings = compiled, settings
        self._heard: SimpleQueue[Found] = SimpleQueue()
        self._processes: list[subprocess.Popen[bytes]] = []
        self.iterations = 0

    def start(self, deadline: float) -> None:
        """Have them search until shortly before then."""
        settings, left = self._settings, deadline - time.monotonic()
        if settings.iterations is not None or left < SECONDS or len(self._compiled.stops_of) not in SHIPMENTS:
            return
        until = time.time() + (1 - IN_TIME) * left
        for k in range(1, settings.workers or cores()):
            self._start(Task(self._compiled.problem, replace(settings, seed=settings.seed + SEED * k), until))

    def _start(self, task: Task) -> None:
        process = interpreter(COMMAND)
        self._processes.append(process)
        Thread(target=self._talk, args=(process, task), daemon=True).start()

    def _talk(self, process: subprocess.Popen[bytes], task: Task) -> None:
        """Give the task, then listen. The pipe stays open: its end would tell the helper that its parent is gone."""
        if process.stdin is None or process.stdout is None:
            return
        with suppress(OSError, EOFError, ValueError, pickle.UnpicklingError):
            pickle.dump(task, process.stdin)
            process.stdin.flush()
            while True:
                self._heard.put(pickle.load(process.stdout))  # noqa: S301 - from our own process

    def meet(self, session: Session) -> None:
        """Hear what the helpers have, and go on from the best."""
        with suppress(Empty):
            while True:
                found = self._heard.get_nowait()
                self.iterations += found.iterations
                session.decision.take_in(found.pool)
                if found.weight < session.weight - 1e-6:
                    session.start(found.routes)

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


class Parent:
    """The first process, as a helper sees it."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe, self._told = pipe, 0

    def meet(self, session: Session) -> None:
        """Send what this helper has."""
        routes = session.routes()
        new, self._told = session.iterations - self._told, session.iterations
        pickle.dump(Found(routes, session.weight, session.decision.best_routes(routes, SENT), new), self._pipe)
        self._pipe.flush()


def main() -> None:
    """Be a helper: search until the time is up."""
    from . import warm

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what becomes of us
    task: Task = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our parent
    Thread(target=_end_with_parent, daemon=True).start()
    warm()
    deadline = time.monotonic() + task.until - time.time()
    parent = Parent(sys.stdout.buffer)
    session = Session(compile_problem(task.problem), task.settings, Report(), deadline, parent, Crew(0))
    session.first()
    session.reduce()
    session.run()


def _end_with_parent() -> None:
    """The parent sends nothing more: what is read next is the end of the pipe, when it closes it or is no more."""
    os.read(sys.stdin.fileno(), 1)
    os._exit(0)
