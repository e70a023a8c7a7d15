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
from routing.whole import most_moved

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
        self._waiting: SimpleQueue[tuple[int, Part] | None] = SimpleQueue()
        self._done: SimpleQueue[tuple[int, Routes]] = SimpleQueue()
        self._helpers: list[tuple[Popen[bytes], Thread]] = []
        self.helped = 0
        """How many parts the helpers searched."""
        for _ in range(helpers):
            process = interpreter(COMMAND)
            thread = Thread(target=self._serve, args=(process,), daemon=True)
            self._helpers.append((process, thread))
            thread.start()

    def searched(self, parts: Sequence[Part]) -> list[Routes]:
        """The routes of each part, in their order. The largest are begun first."""
        found: dict[int, Routes] = {}
        for k in sorted(range(len(parts)), key=lambda k: -parts[k].iterations):
            self._waiting.put((k, parts[k]))
        while len(found) < len(parts):
            with suppress(Empty):
                waiting = self._waiting.get_nowait()
                if waiting is not None:
                    found[waiting[0]] = searched(waiting[1])
                continue
            with suppress(Empty):
                k, routes = self._done.get(timeout=PATIENCE)
                found[k] = routes
                self.helped += 1
        return [found[k] for k in range(len(parts))]

    def _serve(self, process: Popen[bytes]) -> None:
        """Give this helper one part after the other, from when it has loaded."""
        if process.stdin is None or process.stdout is None:
            return
        with suppress(OSError, EOFError, ValueError, pickle.UnpicklingError):
            pickle.load(process.stdout)  # noqa: S301 - from our own process
            while (waiting := self._waiting.get()) is not None:
                try:
                    pickle.dump(waiting[1], process.stdin)
                    process.stdin.flush()
                    self._done.put((waiting[0], pickle.load(process.stdout)))  # noqa: S301 - from our own process
                except BaseException:
                    self._waiting.put(waiting)
                    raise

    def close(self) -> None:
        for process, _ in self._helpers:
            process.kill()
            process.wait()
            self._waiting.put(None)
        for process, thread in self._helpers:
            thread.join()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()
        self._helpers = []


def crew_for(compiled: Compiled, settings: Settings) -> Crew:
    """The crew for a problem: this process alone where there are no parts, or where the plan must be repeatable."""
    alone = settings.iterations is not None or settings.seconds < SECONDS or len(compiled.stops_of) <= LARGE
    whole = most_moved(compiled) is not None
    return Crew(0 if alone or whole else (settings.workers or cores()) - 1)


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
