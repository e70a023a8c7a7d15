"""Songsuk as its users meet it: the command line in this process, for speed, and as processes of its own.

A `House` is one market: a folder with a config file, a database and an environment. Nothing of the caller's own
environment that is Songsuk's reaches it.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

FAKES = Path(__file__).parent
SCRIPT = Path(sys.executable).with_name("songsuk")
PATIENCE = 60.0
"""Seconds until something that should have happened counts as not happening, on a machine that is busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command came to."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """The document on stdout, which holds that one document and nothing else."""
        return json.loads(self.out)


@dataclass(slots=True, kw_only=True)
class House:
    """One market's folder, config and environment."""

    folder: Path
    url: str
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    def settings(self, **changes: str | None) -> dict[str, str]:
        """The environment of a command: none of the caller's own settings, this house's, and `changes`."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SONGSUK_")}
        ours: dict[str, str | None] = {
            "SONGSUK_CONFIG": str(self.config),
            "SONGSUK_DATABASE_URL": self.url,
            **self.environ,
            **changes,
        }
        return kept | {name: value for name, value in ours.items() if value is not None}

    def run(self, *words: object, **changes: str | None) -> Answer:
        """A command in this process; `changes` are of its environment (None: unset)."""
        from scheduler.cli import main

        out, err, code = io.StringIO(), io.StringIO(), 0
        with (
            pytest.MonkeyPatch.context() as here,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            for name in [name for name in os.environ if name.startswith("SONGSUK_")]:
                here.delenv(name)
            for name, value in self.settings(**changes).items():
                here.setenv(name, value)
            here.setattr(sys, "argv", ["songsuk", *map(str, words)])
            try:
                main()
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        return Answer(code=code, out=out.getvalue(), err=err.getvalue())

    def json(self, *words: object, code: int = 0, **changes: str | None) -> Any:
        """The document of a command that ends with `code`."""
        answer = self.run(*words, "--json", **changes)
        assert answer.code == code, (words, answer)
        return answer.json()

    def process(self, *words: object, **changes: str | None) -> Answer:
        """A command as a real process, through the console script."""
        ended = subprocess.run(
            [SCRIPT, *map(str, words)],
            env=walled(self.settings(**changes)),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE * 2,
        )
        return Answer(code=ended.returncode, out=ended.stdout, err=ended.stderr)

    @contextlib.contextmanager
    def serving(self, *words: object, **changes: str | None) -> Iterator[Daemon]:
        """`songsuk serve` on a free port."""
        with self._started("serve", "--port", "0", *words, **changes) as daemon:
            daemon.listening()
            yield daemon

    @contextlib.contextmanager
    def working(self, *words: object, **changes: str | None) -> Iterator[Daemon]:
        """`songsuk worker`, ready for work."""
        with self._started("worker", *words, **changes) as daemon:
            until(lambda: any("working for" in line for line in daemon.lines), "a worker that is ready")
            yield daemon

    @contextlib.contextmanager
    def _started(self, *words: object, **changes: str | None) -> Iterator[Daemon]:
        """A command that runs until it is stopped; killed at the end, if it still runs then."""
        process = subprocess.Popen(
            [SCRIPT, *map(str, words)],
            env=walled(self.settings(**changes)),
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        daemon = Daemon(process)
        try:
            yield daemon
        finally:
            if process.poll() is None:
                process.kill()
            daemon.wait()


class Daemon:
    """A running `songsuk serve` or `worker`: its address, what it said on stderr, its end."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process, self.lines = process, list[str]()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stderr or ():
            self.lines.append(line.rstrip("\n"))

    def listening(self) -> str:
        """The address, from the first line."""
        until(lambda: self.lines or self._process.poll() is not None, "a first line")
        found = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)", self.lines[0] if self.lines else "")
        assert found, self.lines
        return found[1]

    def stop(self, by: signal.Signals) -> int:
        """The exit code after the signal; fails where the end takes longer than our patience."""
        self._process.send_signal(by)
        return self.wait()

    def wait(self) -> int:
        code = self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        if self._process.stderr is not None:
            self._process.stderr.close()
        return code


def walled(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment in which a Python process cannot leave this machine."""
    path = os.pathsep.join(filter(None, (str(FAKES / "walled"), str(FAKES), environ.get("PYTHONPATH"))))
    return {**environ, "PYTHONPATH": path}


def until(happened: Callable[[], Any], what: str) -> Any:
    """What `happened` returns once it is true; fails where that takes longer than our patience."""
    deadline = time.monotonic() + PATIENCE
    while not (found := happened()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.1)
    return found
