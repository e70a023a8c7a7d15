"""Who searches the parts of a large problem: this process, and an interpreter of its own on every further core.

Each takes the next part that nobody has. A helper that fails costs nothing but its help: its part goes back.
"""

from __future__ import annotations

import pickle
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from subprocess import Popen
from threading import Thread

from routing.compiled import Compiled
from routing.model import Settings

from .parts import Part, Routes, searched
from .processes import cores, interpreter
from .session import LARGE

PATIENCE = 0.05
"""Seconds to wait for a helper's answer before looking whether a part was given back."""

SECONDS = 4.0
"""Shorter searches are over before a helper has loaded."""

COMMAND = f"from {__name__} import main; main()"


class Crew:
    """Searches parts, all that it is given at once."""

    def __init__(self, helpers: int) -> None:
        self._waiting: SimpleQueue[tuple[int, Part]] = SimpleQueue()
        self._done: SimpleQueue[tuple[int, Routes]] = SimpleQueue()
        self._processes: list[Popen[bytes]] = []
        for _ in range(helpers):
            process = interpreter(COMMAND)
            self._processes.append(process)
            Thread(target=self._serve, args=(process,), daemon=True).start()

    def searched(self, parts: Sequence[Part]) -> list[Routes]:
        """The routes of each part, in their order. The largest are begun first."""
        found: dict[int, Routes] = {}
        for k in sorted(range(len(parts)), key=lambda k: -parts[k].iterations):
            self._waiting.put((k, parts[k]))
        while len(found) < len(parts):
            with suppress(Empty):
                k, part = self._waiting.get_nowait()
                found[k] = searched(part)
                continue
            with suppress(Empty):
                k, routes = self._done.get(timeout=PATIENCE)
                found[k] = routes
        return [found[k] for k in range(len(parts))]

    def _serve(self, process: Popen[bytes]) -> None:
        """Give this helper one part after the other, from when it has loaded."""
        if process.stdin is None or process.stdout is None:
            return
        with suppress(OSError, EOFError, ValueError, pickle.UnpicklingError):
            pickle.load(process.stdout)  # noqa: S301 - from our own process
            while True:
                k, part = self._waiting.get()
                try:
                    pickle.dump(part, process.stdin)
                    process.stdin.flush()
                    self._done.put((k, pickle.load(process.stdout)))  # noqa: S301 - from our own process
                except BaseException:
                    self._waiting.put((k, part))
                    raise

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


def crew_for(compiled: Compiled, settings: Settings) -> Crew:
    """The crew for a problem: this process alone where there are no parts, or where the plan must be repeatable."""
    alone = settings.iterations is not None or settings.seconds < SECONDS or len(compiled.stops_of) <= LARGE
    return Crew(0 if alone else (settings.workers or cores()) - 1)


def main() -> None:
    """Be a helper: search what is sent, until the pipe ends."""
    from . import warm

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what becomes of us
    warm()
    pickle.dump(None, sys.stdout.buffer)
    sys.stdout.buffer.flush()
    with suppress(EOFError):
        while True:
            pickle.dump(searched(pickle.load(sys.stdin.buffer)), sys.stdout.buffer)  # noqa: S301 - from our parent
            sys.stdout.buffer.flush()
