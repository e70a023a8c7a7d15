"""Brings a database's schema up to date, and says where it stands. Alembic is loaded only when there is work."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, inspect, text

from storage.engine import WRITES, connect, parse
from storage.errors import NewerSchema, OlderSchema, translated

HEAD = "0001"
"""The schema this code was written for; a test holds that it is the last migration shipped."""

_LOCK = 7_306_001  # PostgreSQL's advisory lock while one process migrates


def current(url: str) -> str | None:
    """The migration a database stands at; None: it is empty."""
    engine = connect(parse(url))
    try:
        with translated(), engine.connect() as connection:
            return _revision(connection)
    finally:
        engine.dispose()


def upgrade(url: str) -> None:
    """Migrates to HEAD; nothing happens to a database already there. `NewerSchema` if it is beyond."""
    engine = connect(parse(url))
    try:
        upgrade_engine(engine)
    finally:
        engine.dispose()


def upgrade_engine(engine: Engine) -> None:
    """As `upgrade`. Two processes that open an empty database at once migrate it once."""
    with translated(), engine.connect() as connection:
        if _revision(connection) == HEAD:
            return
    with translated(), engine.connect() as plain:
        connection = plain.execution_options(**{WRITES: True})
        with connection.begin():
            create(connection)


def create(connection: Connection) -> None:
    """The schema, in the caller's own transaction, where there is none yet. `NewerSchema` as `upgrade`."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    found = _revision(connection)
    if found != HEAD:
        _run(connection, found)


def needs_head(connection: Connection) -> None:
    """`OlderSchema`, or `NewerSchema`, where the database does not stand at HEAD. Migrates nothing."""
    found = _revision(connection)
    if found is None or found < HEAD:
        raise OlderSchema(f"the database is at migration {found}, this Songsuk reads {HEAD}: songsuk db upgrade")
    if found != HEAD:
        raise NewerSchema(found, HEAD)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def _run(connection: Connection, found: str | None) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise NewerSchema(found, HEAD)
    command.upgrade(config, HEAD)
