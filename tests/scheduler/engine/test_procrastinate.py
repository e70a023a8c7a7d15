"""Procrastinate beside our own tables: out of their way, made anew at need, and back after the server has hung up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from commands import House
from samples import config_text
from sqlalchemy.engine import make_url

from scheduler.engine import EngineUnavailable, begin, connect
from scheduler.loops import Loops
from storage import migrate
from storage.engine import connect as connect_database
from storage.engine import parse
from storage.tables import METADATA

pytestmark = pytest.mark.postgres
PATIENCE = 60.0
CLUSTER = {"engine: {kind: local}": "engine: {kind: procrastinate}"}
HANG_UP = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


class Bell:
    """Work of one row, `waiting` until it is done."""

    name, queue = "ring", "planning"

    def __init__(self) -> None:
        self.rows: set[str] = set()
        self.rung = asyncio.Event()

    def waiting(self) -> list[str]:
        return sorted(self.rows)

    async def do(self, key: str) -> None:
        self.rows.discard(key)
        self.rung.set()


def test_its_tables_are_none_of_ours(empty_postgres_url: str) -> None:
    """Alembic sees no difference between our tables and a database in which Procrastinate has its own."""
    migrate.upgrade(empty_postgres_url)
    connect("procrastinate", empty_postgres_url).close()
    engine = connect_database(parse(empty_postgres_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_tables_of_another_version_are_made_anew(empty_postgres_url: str) -> None:
    """Tables that the installed Procrastinate does not know give way to those it does; known ones keep their jobs."""
    engine = connect("procrastinate", empty_postgres_url)
    engine.wake("ring", "planning", ["a"])
    engine.close()
    counting = "SELECT count(*) FROM procrastinate.procrastinate_jobs"
    with psycopg.connect(plain(empty_postgres_url), autocommit=True) as connection:
        connect("procrastinate", empty_postgres_url).close()
        assert connection.execute(counting).fetchone() == (1,)
        connection.execute("COMMENT ON SCHEMA procrastinate IS 'of another version'")
        connect("procrastinate", empty_postgres_url).close()
        assert connection.execute(counting).fetchone() == (0,)


def test_an_upgrade_makes_the_queues(tmp_path: Path, empty_postgres_url: str) -> None:
    """`songsuk db upgrade` makes the queues once the market's config asks for several machines, and none before; where
    it may not, that is a refusal and our own tables are there all the same."""
    house = House(folder=tmp_path, url=empty_postgres_url)
    house.config.write_text(config_text(), encoding="utf-8")
    with psycopg.connect(plain(empty_postgres_url), autocommit=True) as connection:

        def queues() -> bool:
            found = connection.execute("SELECT to_regclass('procrastinate.procrastinate_jobs')").fetchone()
            return found != (None,)

        upgraded = house.json("db", "upgrade")
        house.json("orders", "list")
        assert house.json("db", "upgrade") == upgraded
        assert not queues()
        house.config.write_text(config_text(edits=CLUSTER), encoding="utf-8")
        house.json("config", "publish")
        assert not queues()
        connection.execute("CREATE ROLE songsuk_guest")
        as_guest = make_url(empty_postgres_url).update_query_dict({"options": "-c role=songsuk_guest"})
        guest = as_guest.render_as_string(hide_password=False)
        connection.execute("GRANT USAGE ON SCHEMA public TO songsuk_guest")
        connection.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO songsuk_guest")
        try:
            refused = house.json("db", "upgrade", code=2, SONGSUK_DATABASE_URL=guest)
        finally:
            connection.execute("DROP OWNED BY songsuk_guest")
            connection.execute("DROP ROLE songsuk_guest")
        assert [each["code"] for each in refused["errors"]] == ["engine.unavailable"]
        assert not queues()
        assert house.json("db", "upgrade") == upgraded
        assert queues()


def test_a_job_holds_a_key_and_nothing_else(empty_postgres_url: str) -> None:
    """What stands in a job's row is the name of the work, its queue and the key of our row."""
    engine = connect("procrastinate", empty_postgres_url)
    engine.wake("ring", "planning", ["a_1"])
    engine.close()
    asked = "SELECT task_name, queue_name, args FROM procrastinate.procrastinate_jobs"
    with psycopg.connect(plain(empty_postgres_url)) as connection:
        assert connection.execute(asked).fetchall() == [("ring", "planning", {"key": "a_1"})]


def test_who_stands_still_with_a_wake_up_in_hand_holds_up_nobody_for_long(empty_postgres_url: str) -> None:
    """PostgreSQL ends such a session after ten seconds: another process that wakes for the same row waits for it."""
    engine = connect("procrastinate", empty_postgres_url)
    try:
        told = engine._waking.connector.execute_query_one("SHOW idle_in_transaction_session_timeout")  # type: ignore[attr-defined]
    finally:
        engine.close()
    assert list(told.values()) == ["10s"]


def test_a_server_that_hangs_up_is_outlived(empty_postgres_url: str) -> None:
    """After the server has cut every connection, work that waits is done all the same."""

    async def test() -> None:
        engine, bell, stop = connect("procrastinate", empty_postgres_url), Bell(), asyncio.Event()
        tasks = begin(engine, {bell: 1}, Loops(pause=0.1, telling=(EngineUnavailable,)), stop)
        bell.rows = {"before"}
        await bell.rung.wait()
        bell.rung.clear()
        with psycopg.connect(plain(empty_postgres_url), autocommit=True) as connection:
            connection.execute(HANG_UP)
        bell.rows = {"after"}
        await bell.rung.wait()
        stop.set()
        await asyncio.gather(*tasks)
        engine.close()

    asyncio.run(asyncio.wait_for(test(), PATIENCE))


def test_a_server_that_is_not_there_is_said_so(tmp_path: object) -> None:
    """Without a server the engine is unavailable: an error of ours, in one line, and no traceback of theirs."""
    with pytest.raises(EngineUnavailable) as refused:
        connect("procrastinate", f"postgresql+psycopg://nobody@/nothing?host={tmp_path}")
    assert "\n" not in str(refused.value)
