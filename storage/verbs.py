"""What every verb of the Store is made of: one transaction, its audit row, its two failpoints.

Knows how to begin, lock, end and record; not what is written. What a daemon asks again and again is written once, as
its module is loaded, and asked with parameters: to build such a statement costs more than to run it.
"""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    Executable,
    RowMapping,
    Table,
    bindparam,
    insert,
    literal,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.compiler import SQLCompiler

from storage.engine import WRITES
from storage.errors import translated
from storage.failpoints import failpoint
from storage.tables import AuditRow

CHUNK = 1000
"""Keys asked for in one statement: well under both databases' bounds, few enough round trips."""

_DAY_LOCK = 7_306_002
_CLAIM_LOCK = 7_306_003

_LOCK = text("SELECT pg_advisory_xact_lock(:key, hashtext(:sub))")
_ENTRY = insert(AuditRow.__table__)

T = TypeVar("T")


def new_id(prefix: str) -> str:
    """An id nobody else has; later ones sort later, so that a big import writes its indexes front to back."""
    return f"{prefix}_{time.time_ns() // 1_000_000:012x}{os.urandom(10).hex()}"


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


Insert = sqlite.Insert | postgresql.Insert
TONGUES: Mapping[str, Callable[[Table], Insert]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
"""By the database's name, the INSERT that can say ON CONFLICT there."""


@lru_cache(maxsize=64)  # to compile it costs more than to write a few rows
def _many(table: Table, names: tuple[str, ...], replace: bool, dialect: Dialect) -> SQLCompiler:
    form = TONGUES[dialect.name](table)
    if replace:
        key = table.primary_key.columns.keys()
        news = {name: form.excluded[name] for name in names if name not in key}
        form = form.on_conflict_do_update(index_elements=key, set_=news)
    return form.compile(dialect=dialect, column_keys=names)


class Write:
    """A transaction that writes, and what the audit will say of it. No subject: nothing changed, no audit row."""

    def __init__(self, connection: Connection, at: dt.datetime) -> None:
        self.connection = connection
        self.at = at
        self.subject: str | None = None
        self.detail: Mapping[str, Any] = {}
        self.given_up = False

    def tell(self, subject: str, **detail: Any) -> None:
        self.subject, self.detail = subject, detail

    def give_up(self) -> None:
        """Nothing of this is kept, though the verb ends well."""
        self.given_up = True

    @property
    def tongue(self) -> str:
        """Which of `TONGUES` this database speaks."""
        return self.connection.dialect.name

    def insert(self, table: Table) -> Insert:
        """An INSERT that can say ON CONFLICT, in the database's own tongue."""
        return TONGUES[self.tongue](table)

    def insert_all(self, table: Table, rows: Sequence[Mapping[str, Any]], *, replace: bool = False) -> None:
        """Many rows of the same columns by the driver's executemany, values made ready a column at a time.

        That halves the time of a big import. `replace`: a row already there under its key takes the new values.
        """
        if not rows:
            return
        dialect, names = self.connection.dialect, tuple(rows[0])
        statement = _many(table, names, replace, dialect)
        columns = []
        for name in names:
            values = [row[name] for row in rows]
            ready = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
            columns.append(values if ready is None else map(ready, values))
        filled = zip(*columns, strict=True)
        if statement.positional:
            places = itemgetter(*(names.index(name) for name in statement.positiontup or ()))
            self.connection.exec_driver_sql(str(statement), [places(row) for row in filled])
        else:
            self.connection.exec_driver_sql(str(statement), [dict(zip(names, row, strict=True)) for row in filled])

    def lock(self, key: int, sub: str = "") -> None:
        """Until the end: only one transaction holds `key`. SQLite has one writer anyway."""
        if self.connection.dialect.name == "postgresql":
            self.connection.execute(_LOCK, {"key": key, "sub": sub})

    def lock_day(self) -> None:
        """People, orders, runs and plans change one verb at a time: 'changed since the plan' then has one answer."""
        self.lock(_DAY_LOCK)

    def lock_claims(self, channel: str) -> None:
        """Two claimers of one channel take turns, so that neither hands out a person's second message first."""
        self.lock(_CLAIM_LOCK, channel)


class Verbs:
    """The ground the groups of verbs stand on."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def _write(self, verb: str, actor: str, at: dt.datetime) -> Iterator[Write]:
        """One transaction: all of the verb and its audit row, or nothing."""
        with translated(), self._engine.connect() as fresh:
            connection = fresh.execution_options(**{WRITES: True})
            with connection.begin() as transaction:
                write = Write(connection, at)
                yield write
                if write.subject is not None and not write.given_up:
                    entry = {"actor": actor, "verb": verb, "subject": write.subject, "detail": dict(write.detail)}
                    connection.execute(_ENTRY, {"at": at, "recorded_at": dt.datetime.now(dt.UTC), **entry})
                failpoint(f"{verb}.before_commit")
                if write.given_up:
                    transaction.rollback()
            failpoint(f"{verb}.after_commit")

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with snapshot(self._engine) as connection:
            yield connection


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Several statements see one moment. It never waits for a writer."""
    with translated(), engine.connect() as fresh:
        connection = fresh
        if engine.dialect.name == "postgresql":
            connection = fresh.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection


def among(column: ColumnElement[Any], name: str = "keys") -> ColumnElement[bool]:
    """It is one of the list that a statement is given by this name; `fetch` gives its `keys`."""
    return column.in_(bindparam(name, type_=column.type))


def one_of(column: ColumnElement[Any], *values: Any) -> ColumnElement[bool]:
    """It is one of a list that never changes, and so is not laid out anew each time that the statement is asked."""
    return column.in_([literal(value, type_=column.type) for value in values])


def fetch(connection: Connection, query: Executable, keys: Iterable[Any], **asked: Any) -> list[RowMapping]:
    """The rows of `query` for its `keys` (`among`), asked for a chunk at a time."""
    return [row for chunk in chunks(keys) for row in connection.execute(query, {"keys": chunk, **asked}).mappings()]
