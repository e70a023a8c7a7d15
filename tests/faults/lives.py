"""A daemon that can be killed at any moment and started again at once, on a clock that goes on where it stood.

Knows processes and the day's clock; knows no message.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from commands import PATIENCE, SCRIPT, House, walled
from wall import WHENCE

WATCHED = Path(__file__).with_name("watched.py")


class Watch:
    """The day's clock: it goes on with the machine's, and is put forward where nothing is to be done."""

    def __init__(self, start: dt.datetime, speed: float = 1.0) -> None:
        self._start, self._began, self.speed = start, time.monotonic(), speed

    def now(self) -> dt.datetime:
        return self._start + dt.timedelta(seconds=(time.monotonic() - self._began) * self.speed)

    def put(self, moment: dt.datetime) -> None:
        self._start, self._began = max(moment, self.now()), time.monotonic()


class Life:
    """One `songsuk serve`, with all the processes it starts, from its start to its end."""

    def __init__(
        self, house: House, watch: Watch, *, whence: str = "127.0.0.1", points: str = "", passes: Path | None = None
    ) -> None:
        environ = house.settings(
            SONGSUK_CLOCK=f"{watch.now().isoformat()};x{watch.speed}", SONGSUK_FAILPOINTS=points or None
        )
        if whence != "127.0.0.1":
            environ[WHENCE] = whence
        program = [sys.executable, str(WATCHED), str(passes)] if passes is not None else [str(SCRIPT)]
        self._log = house.folder / f"serve-{whence}.log"
        self._heard = self._log.stat().st_size if self._log.exists() else 0
        self.whence, self.began = whence, time.monotonic()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*program, "serve", "--port", "0"],
                env=walled(environ),
                cwd=house.folder,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )

    @property
    def code(self) -> int | None:
        """The exit code; None: it lives."""
        return self._process.poll()

    def said(self) -> str:
        """What it has said on stderr."""
        with self._log.open("rb") as log:
            log.seek(self._heard)
            return log.read().decode(errors="replace")

    def address(self) -> str | None:
        """Where it listens; None: not yet."""
        found = re.match(r"listening on (http://127\.0\.0\.1:\d+)", self.said())
        return found[1] if found else None

    def kill(self) -> float:
        """Signal 9 to it and to all that it started; when that was."""
        at = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(PATIENCE)
        return at

    def freeze(self, still: bool) -> None:
        """Stand still, or go on, as a machine that hangs and comes back."""
        os.killpg(self._process.pid, signal.SIGSTOP if still else signal.SIGCONT)

    def stop(self) -> tuple[int, float]:
        """Ask it to end; its exit code, and how many seconds that took."""
        began = time.monotonic()
        self._process.terminate()
        code = self._process.wait(PATIENCE)
        seconds = time.monotonic() - began
        self.kill()
        return code, seconds
