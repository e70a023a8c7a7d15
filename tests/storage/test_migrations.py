"""From one schema to the next, as processes of a later Songsuk do it: once, whole or not at all, with nothing lost."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import later
import pytest
from sqlalchemy import Connection, Engine, inspect, text

from storage import NewerSchema, Store, migrate, open_store
from storage.backup import backup
from storage.engine import WRITES, connect, parse

KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
UPGRADE = """
import sys
from storage import migrate
url = sys.argv[1]
print(migrate.current(url), flush=True)
migrate.upgrade(url)
"""
FAILS_HALFWAY = f"{later.NEW_TABLE}\n    raise RuntimeError('halfway')"


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path, make: Any) -> str:
    """A market's database of today, in which messages wait."""
    found = f"sqlite:///{tmp_path}/songsuk.db"
    if request.param == "postgres":
        found = request.getfixturevalue("empty_postgres_url")
    with open_store(found) as store:
        store.add_messages([make.message(number) for number in range(1, 6)], actor="app", at=make.at)
    return found


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    opened = connect(parse(url))
    yield opened
    opened.dispose()


def upgrading(url: str, path: str) -> subprocess.Popen[str]:
    """A process of the later Songsuk that migrates; its first line is where it found the database."""
    return subprocess.Popen(
        [sys.executable, "-c", UPGRADE, url],
        cwd=path,  # where Python looks first
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def hold(connection: Connection) -> None:
    """Nobody else migrates until the transaction ends; SQLite's has begun to write already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": migrate._LOCK})


def waiting(connection: Connection) -> list[str]:
    return list(connection.execute(text("SELECT id FROM message ORDER BY id")).scalars())


def test_two_that_open_an_older_database_at_once_migrate_it_once(url: str, engine: Engine, tmp_path: Path) -> None:
    """Both saw the older schema before either could begin; both end well, every row is there, and has what is new."""
    path = later.later(tmp_path)
    with engine.connect() as plain, plain.execution_options(**{WRITES: True}).begin():
        hold(plain)
        both = [upgrading(url, path) for _ in range(2)]
        assert [process.stdout.readline().strip() for process in both if process.stdout] == [migrate.HEAD] * 2
    ends = [(process.communicate(timeout=60), process.returncode) for process in both]
    assert [code for _, code in ends] == [0, 0], ends
    assert migrate.current(url) == later.HEAD
    with engine.connect() as connection:
        assert waiting(connection) == [f"m{number}" for number in range(1, 6)]
        assert set(connection.execute(text("SELECT later FROM message")).scalars()) == {7}


def test_a_store_that_is_open_knows_of_it_and_no_other_of_its_age_opens(url: str, tmp_path: Path, make: Any) -> None:
    """The Store that was open before tells what the database stands at and what it knows; a new one is refused with the
    same words, and changes nothing, and so is a backup, which would not be whole."""
    with Store.open(url) as store:
        assert store.newer_schema() is None
        process = upgrading(url, later.later(tmp_path))
        assert (process.communicate(timeout=60)[1], process.returncode) == ("", 0)
        told = store.newer_schema()
        with pytest.raises(NewerSchema) as refused:
            open_store(url)
        with pytest.raises(NewerSchema, match=later.HEAD):
            backup(url, tmp_path / "of_another.zip", make.at)
        assert not [*tmp_path.glob("*.zip"), *tmp_path.glob(".of_another*")]
    assert told is not None
    assert str(told) == str(refused.value)
    assert (refused.value.found, refused.value.known) == (later.HEAD, migrate.HEAD)
    assert migrate.current(url) == later.HEAD


def test_a_migration_that_fails_leaves_the_database_as_it_was(url: str, engine: Engine, tmp_path: Path) -> None:
    """What it had made before it failed is undone with it, so the Songsuk before goes on, with every row."""
    process = upgrading(url, later.later(tmp_path, FAILS_HALFWAY))
    said = process.communicate(timeout=60)[1]
    assert "halfway" in said
    assert process.returncode != 0
    with engine.connect() as connection:
        assert not inspect(connection).has_table("later")
        assert "later" not in {column["name"] for column in inspect(connection).get_columns("message")}
        assert waiting(connection) == [f"m{number}" for number in range(1, 6)]
    with open_store(url) as store:
        assert store.revision() == migrate.HEAD
