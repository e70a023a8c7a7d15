"""The schema: migrations and tables say the same, every column is classified, newer databases are refused."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

import scheduler.states
from storage import (
    BadUrl,
    BadValue,
    NewerSchema,
    StorageError,
    Store,
    Unreachable,
    day,
    legs,
    message_rows,
    migrate,
    open_store,
)
from storage.engine import connect, parse
from storage.tables import METADATA

KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=KINDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables, of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/folder/songsuk.db"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


def engine_of(url: str) -> Engine:
    return connect(parse(url))


def test_migrations_make_the_tables(empty_url: str) -> None:
    """A migrated database differs in nothing from what the code says of its tables."""
    assert migrate.current(empty_url) is None
    migrate.upgrade(empty_url)
    migrate.upgrade(empty_url)
    assert migrate.current(empty_url) == migrate.HEAD
    engine = engine_of(empty_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_opening_migrates(empty_url: str) -> None:
    """A new database is ready at its first opening, and keeps what it has at the next."""
    with open_store(empty_url) as store:
        store.create_key("a", "d", actor="C1", at=dt.datetime.now(dt.UTC))
    with open_store(empty_url) as store:
        assert store.key_name("d") == "a"
        assert store.revision() == migrate.HEAD


def test_head_is_the_last_migration() -> None:
    """The constant that spares opening a database the loading of Alembic is right."""
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [migrate.HEAD]


def test_a_newer_database_is_refused(database_url: str) -> None:
    """A database beyond what this code knows is not touched."""
    engine = engine_of(database_url)
    try:
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(NewerSchema, match="9999"):
            open_store(database_url)
    finally:
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": migrate.HEAD})
        engine.dispose()


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
def test_a_new_sqlite_database_is_its_owners_alone(tmp_path: Path) -> None:
    """Under the most open umask nobody else may read the file or what SQLite keeps beside it; one that was there before
    keeps the mode that somebody gave it."""
    before = os.umask(0)
    try:
        with open_store(f"sqlite:///{tmp_path}/new/songsuk.db") as store:
            store.create_key("a", "d", actor="C1", at=dt.datetime.now(dt.UTC))
            modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "new").iterdir()}
    finally:
        os.umask(before)
    assert modes == {"songsuk.db": 0o600, "songsuk.db-wal": 0o600, "songsuk.db-shm": 0o600}
    (tmp_path / "link.db").symlink_to(tmp_path / "elsewhere.db")
    os.umask(0)
    try:
        open_store(f"sqlite:///{tmp_path}/link.db").close()
    finally:
        os.umask(before)
    assert (tmp_path / "elsewhere.db").stat().st_mode & 0o777 == 0o600
    given = tmp_path / "new" / "songsuk.db"
    given.chmod(0o640)
    with open_store(f"sqlite:///{given}") as store:
        assert store.key_name("d") == "a"
    assert given.stat().st_mode & 0o777 == 0o640


def test_every_column_is_classified() -> None:
    """Retention and erasure can tell of each column whether it is personal."""
    unsaid = [
        str(c) for table in METADATA.tables.values() for c in table.c if not isinstance(c.info.get("personal"), bool)
    ]
    assert unsaid == []


def test_what_tells_of_a_person_is_personal() -> None:
    """Names, phones, addresses, homes, texts: a column of such a name is never called plain."""
    telling = {"phone", "address", "lon", "lat", "text", "body", "content", "payload", "note", "landmark", "buyer_name"}
    config_text = METADATA.tables["config_version"].c
    plain = [
        str(column)
        for table in METADATA.tables.values()
        for column in table.c
        if column.name in telling and not column.info["personal"] and column not in (config_text.text, config_text.note)
    ]
    assert plain == []


@pytest.mark.parametrize(
    ("thing", "sources"),
    [("wave run", day.SOURCES), ("leg", legs.SOURCES), ("message", message_rows.SOURCES)],
)
def test_the_guards_are_the_life_cycles(thing: str, sources: dict[str, tuple[str, ...]]) -> None:
    """What SQL asks for before a step is what the life-cycle's table says, for every state that can be reached."""
    table = {"wave run": scheduler.states.RUN, "leg": scheduler.states.LEG, "message": scheduler.states.MESSAGE}[thing]
    reachable = {after for afters in table.values() for after in afters}
    assert {state: frozenset(before) for state, before in sources.items()} == {
        state: scheduler.states.sources(thing, state) for state in reachable
    }


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "mysql://u:secret@host/db",
        "sqlite+aiosqlite:///x",
        "sqlite:///file:x?uri=true",
        "postgresql+asyncpg://h/d",
    ],
)
def test_an_address_of_nothing_is_refused(url: str) -> None:
    """What names no database we speak is said so, without its password."""
    with pytest.raises(BadUrl) as refused:
        open_store(url)
    assert "secret" not in str(refused.value)


def test_a_database_out_of_reach_is_said_so(tmp_path: Path) -> None:
    """No folder, no file, no server, no SQLite file: an error of ours, not a traceback of theirs."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(Unreachable):
        open_store(f"sqlite:///{tmp_path}/file/songsuk.db")
    with pytest.raises(Unreachable):
        open_store(f"sqlite:///{tmp_path}")
    with pytest.raises(Unreachable):
        open_store(f"postgresql+psycopg://u@/d?host={tmp_path}")
    junk = tmp_path / "junk.db"
    junk.write_bytes(b"this is no database at all, whatever its name says" * 40)
    with pytest.raises(StorageError):
        open_store(f"sqlite:///{junk}")


def test_the_safe_address_has_no_password(store: Store, database_url: str) -> None:
    """What is printed of the address does not give the password away."""
    assert store.url_safe == parse(database_url).render_as_string(hide_password=True)
    assert "***" in parse("postgresql://u:secret@h/d").render_as_string(hide_password=True)


def test_memory_is_a_database_too(make: Any) -> None:
    """`sqlite://` lives as long as its Store, for tests and trials."""
    with open_store("sqlite:///:memory:") as store:
        store.save_orders([make.order()], actor="import", at=make.at)
        assert len(store.orders()) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"note": "a\0b"},
        {"note": "\ud800"},
        {"placed_at": dt.datetime(2026, 11, 24, 9, 0)},  # noqa: DTZ001 (a naive instant is what is refused)
    ],
    ids=["nul", "half a surrogate", "naive instant"],
)
def test_what_no_database_keeps_is_refused(store: Store, make: Any, wrong: dict[str, Any]) -> None:
    """Both databases refuse the same values, by the same error, and keep nothing of the call."""
    with pytest.raises(BadValue):
        store.save_orders([make.order(1), make.order(2, **wrong)], actor="import", at=make.at)
    assert store.orders() == []


def test_json_with_nul_is_refused(store: Store, make: Any) -> None:
    """A NUL deep in a message's content is refused on both databases."""
    with pytest.raises(BadValue):
        store.add_messages([make.message(content={"a": ["\0"]})], actor="app", at=make.at)


def test_numbers_out_of_range_are_refused(store: Store, make: Any) -> None:
    """What fits no 64-bit column is an error of ours."""
    from dataclasses import replace

    order = make.order()
    with pytest.raises(BadValue):
        store.save_orders(
            [replace(order, pickups=(replace(order.pickups[0], weight_g=10**30),))], actor="import", at=make.at
        )


def test_sqlite_is_told_to_be_durable(sqlite_url: str) -> None:
    """WAL, full synchronisation, foreign keys and patience hold on every connection."""
    engine = engine_of(sqlite_url)
    with engine.connect() as connection:
        asked = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    engine.dispose()
    assert asked == ["wal", 2, 1, 30_000]
