"""Opens a database: what each of the two has to be told so that a commit is durable and writers wait their turn.

SQLite: WAL, synchronous=FULL, 30 s of patience, foreign keys on; a transaction that writes begins IMMEDIATE, so that
it never finds halfway that another was first. Knows no table.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from storage.columns import to_json
from storage.errors import BadUrl, Unreachable

WRITES = "songsuk_writes"
"""Execution option of a connection whose next transaction writes."""

PATIENT: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""libpq's words for: a server that has vanished without a word is given up after some ten seconds, not after what the
system allows, a quarter of an hour and more. They mean nothing where it is on this machine."""

STANDS_STILL = "-c idle_in_transaction_session_timeout=10000"
"""libpq's option for how many ms a process may stand still in the middle of a transaction: then PostgreSQL takes its
locks away, so that one that hangs holds up nobody else. What it had written in there is undone, and it is told that its
connection is gone."""

_PATIENCE_MS = 30_000
_KNOWN = {"sqlite": "sqlite", "postgresql+psycopg": "postgresql"}


def parse(url: str) -> URL:
    """The address, checked; BadUrl says what is wrong with it and never repeats its password."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise BadUrl("not a database address; write sqlite:///var/songsuk.db or postgresql+psycopg://…") from None
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite" and str(parsed.database or "").startswith("file:"):
        raise BadUrl(
            "file: is not read here; write sqlite:///var/songsuk.db, or sqlite:////srv/songsuk.db from the root"
        )
    if parsed.drivername not in _KNOWN:
        raise BadUrl(f"{parsed.drivername} is not spoken here; write sqlite:///… or postgresql+psycopg://…")
    return parsed


def in_memory(url: URL) -> bool:
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")


def connect(url: URL, *, reading: bool = False) -> Engine:
    """An engine for `url`; nothing is opened yet. `reading`: it cannot write."""
    if url.get_backend_name() == "postgresql":
        engine = create_engine(
            url,
            pool_pre_ping=True,  # a server that was restarted costs a reconnect, not an error
            pool_size=10,
            json_serializer=to_json,
            connect_args={"options": f"-c timezone=UTC {STANDS_STILL}", **PATIENT},
        )
        if reading:
            event.listen(engine, "begin", _begin_reading)
        return engine
    extra: dict[str, Any] = {}
    if in_memory(url):
        # One connection, lent to one thread at a time: each new one would be another, empty database.
        extra = {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0}
    elif reading:
        # The file stays as it is to the last byte: not even a write-ahead log that a killed writer left is folded in.
        file = quote(str(Path(str(url.database)).resolve()))
        url = url.set(database=f"file:{file}", query={"mode": "ro", "uri": "true"})
    engine = create_engine(
        url,
        json_serializer=to_json,
        connect_args={"check_same_thread": False, "timeout": _PATIENCE_MS / 1000},
        **extra,
    )
    if not (in_memory(url) or reading):
        path = Path(str(url.database))
        event.listen(engine, "do_connect", lambda *_: _make_file(path))
    event.listen(engine, "connect", _greet_reader if reading else _greet_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def let_go(engine: Engine) -> None:
    """Closes its connections: one that another thread is using, and one that is opened later, as it is given back."""
    event.listen(engine.pool, "checkin", lambda _connection, record: record.invalidate())
    engine.dispose()  # the next pool is made of this one, what it listens to with it


def _make_file(path: Path) -> None:
    """An empty database that its owner alone may read, whatever the umask: it will hold names, phones and places.

    SQLite gives what it makes beside it (-wal, -shm) the same mode. A file that is there keeps its own.
    """
    try:
        path = path.resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise Unreachable(f"cannot make {path}: {error.strerror}") from error


def _begin_reading(connection: Connection) -> None:
    """Said for each transaction: a connection that comes back from a snapshot has forgotten its session's default."""
    connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def _greet_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # Python's own BEGINs would come late and deferred
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
        _write_ahead(cursor)
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA cache_size = -32768")  # KiB: the indexes of a big import stay in memory
    finally:
        cursor.close()


def _greet_reader(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
        cursor.execute("PRAGMA query_only = ON")
    finally:
        cursor.close()


def _write_ahead(cursor: Any) -> None:
    """Puts the file into WAL, where it stays.

    When two do this to a new file together, SQLite tells one "locked" at once, whatever its busy timeout (waiting would
    be a deadlock); so that one asks again.
    """
    give_up = monotonic() + _PATIENCE_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > give_up:
                raise
            sleep(0.01)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
