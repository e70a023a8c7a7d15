"""A backup holds every row of one moment, goes into either database whole or not at all, and says nothing twice."""

from __future__ import annotations

import datetime as dt
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import BigInteger, Boolean, Connection, Date, Float, Integer, LargeBinary, Table, Time, insert, select

from storage import BadBackup, NotEmpty, StorageError, Store, open_store
from storage.backup import MANIFEST, Ahead, backup, restore
from storage.columns import DOCUMENT, Instant
from storage.engine import connect, parse
from storage.migrate import HEAD
from storage.tables import METADATA

AT = dt.datetime(2026, 11, 24, 9, 30, tzinfo=dt.UTC)
KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """The address of a database of a kind that has no table yet."""

    def of(kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{tmp_path}/restored.db"
        url: str = request.getfixturevalue("empty_postgres_url")
        return url

    return of


def _value(column: Any, number: int) -> Any:
    kind = column.type
    if isinstance(kind, Instant):
        return AT + dt.timedelta(days=number, microseconds=7)
    if isinstance(kind, Date):
        return AT.date() + dt.timedelta(days=number)
    if isinstance(kind, Time):
        return dt.time(9, number)
    if isinstance(kind, Boolean):
        return bool(number % 2)
    if isinstance(kind, Integer | BigInteger):
        return number
    if isinstance(kind, Float):
        return 9.1 + number / 3
    if isinstance(kind, LargeBinary):
        return bytes([0, 255, number])
    if isinstance(kind, type(DOCUMENT)):
        return {"ไทย": [number, None, 1.5, {"a": '"\n'}]}
    return f"กำ{number}\n\u2028\U0001f6f5"


def filled(url: str) -> None:
    """Three rows in every table, each column of its kind; what may be empty is so in the last."""
    engine = connect(parse(url))
    with engine.begin() as connection:
        for table in METADATA.sorted_tables:
            for number in (1, 2, 3):
                row = {
                    column.name: None
                    if number == 3 and column.nullable and not column.foreign_keys
                    else _value(column, number)
                    for column in table.columns
                }
                connection.execute(insert(table).values(row))
    engine.dispose()


def everything(url: str) -> dict[str, list[tuple[Any, ...]]]:
    engine = connect(parse(url))
    with engine.connect() as connection:
        found = {table.name: _rows(connection, table) for table in METADATA.sorted_tables}
    engine.dispose()
    return found


def _rows(connection: Connection, table: Table) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]


@pytest.fixture
def full(database_url: str) -> str:
    """A database with rows in every table."""
    filled(database_url)
    return database_url


@pytest.mark.parametrize("kind", KINDS)
def test_every_value_of_every_table_comes_back_in_either_database(
    full: str, kind: str, empty_url: Callable[[str], str], tmp_path: Path
) -> None:
    """Letters, fractions, bytes, JSON, instants to the microsecond and nothing at all are the same afterwards."""
    made = backup(full, tmp_path / "a.zip", AT)
    assert made.rows == {table.name: 3 for table in METADATA.sorted_tables}
    target = empty_url(kind)
    back = restore(target, tmp_path / "a.zip", AT, at_rest=True)
    assert (back.backup, back.in_doubt) == (made, 0)
    before, after = everything(full), everything(target)
    leases = METADATA.tables["lease"].columns.keys().index("until")
    for rows in (before, after):
        rows["lease"] = [row[:leases] for row in rows["lease"]]
    assert after == before
    assert (tmp_path / "a.zip").stat().st_mode & 0o077 == 0


def test_what_is_written_after_it_counts_on(store: Store, database_url: str, make: Any, tmp_path: Path) -> None:
    """Ids that the database gives by itself go on behind the last one of the backup."""
    store.add_messages([make.message(1), make.message(2)], actor="test", at=AT)
    backup(database_url, tmp_path / "a.zip", AT)
    engine = connect(parse(database_url))
    with engine.begin() as connection:
        for table in reversed(METADATA.sorted_tables):
            connection.execute(table.delete())
    engine.dispose()
    restore(database_url, tmp_path / "a.zip", AT, at_rest=True)
    assert store.add_messages([make.message(3)], actor="test", at=AT) == 1
    assert [message.id for message in store.messages()] == [make.message(number).id for number in (1, 2, 3)]


def test_what_was_due_since_is_said_by_nobody(store: Store, database_url: str, make: Any, tmp_path: Path) -> None:
    """Due or waiting to be tried again becomes unknown; what is sent, ended or still to come stays as it is."""
    states = ["held", "ready", "retry", "accepted", "expired", "suppressed"]
    told = [make.message(number, state=state, send_at=AT) for number, state in enumerate(states)]
    told.append(make.message(9, state="held", send_at=AT + dt.timedelta(hours=2)))
    store.add_messages(told, actor="test", at=AT)
    backup(database_url, tmp_path / "a.zip", AT)
    url = f"sqlite:///{tmp_path}/restored.db"
    assert restore(url, tmp_path / "a.zip", AT + dt.timedelta(hours=1)).in_doubt == 3
    with open_store(url) as back:
        found = {message.id: (message.state, message.reason) for message in back.messages()}
        doubt = ("unknown", "restored")
        became = [doubt, doubt, doubt, ("accepted", None), ("expired", None), ("suppressed", None), ("held", None)]
        assert [found[message.id][0] for message in told] == [state for state, _ in became]
        assert [found[message.id] for message in told[:3]] == became[:3]
        assert back.audit(subject="database")[0].verb == "restore"


def test_what_may_have_gone_ahead_with_an_answer_is_said_by_nobody(
    store: Store, database_url: str, make: Any, tmp_path: Path
) -> None:
    """In quiet hours an answer takes along what informs in the morning: over such channels that is in doubt too, as the
    market's config tells; what is critical, later, or over another channel is not."""
    morning, later = AT + dt.timedelta(hours=3), AT + dt.timedelta(hours=9)
    told = [
        make.message(1, state="held", send_at=morning),
        make.message(2, state="held", send_at=later),
        make.message(3, state="held", send_at=morning, klass="critical"),
        make.message(4, state="held", send_at=morning, channel="telegram"),
    ]
    store.add_messages(told, actor="test", at=AT)
    store.publish_config("quiet: yes", "0", actor="test", at=AT)
    backup(database_url, tmp_path / "a.zip", AT)
    seen: list[str] = []

    def ahead(config: str) -> Ahead:
        seen.append(config)
        return Ahead(until=morning, channels=["line"])

    url = f"sqlite:///{tmp_path}/restored.db"
    assert restore(url, tmp_path / "a.zip", AT + dt.timedelta(hours=1), ahead=ahead).in_doubt == 1
    with open_store(url) as back:
        assert [message.state for message in back.messages()] == ["unknown", "held", "held", "held"]
    assert seen == ["quiet: yes"]


def test_every_menu_is_given_anew(store: Store, database_url: str, tmp_path: Path) -> None:
    """What a chat shows may have changed since the backup, so none is thought to show what it should."""
    store.note_menu("line", "U1", "rider-1", at=AT)
    backup(database_url, tmp_path / "a.zip", AT)
    url = f"sqlite:///{tmp_path}/restored.db"
    restore(url, tmp_path / "a.zip", AT)
    with open_store(url) as back:
        assert [(chat.address, chat.mark) for chat in back.shown_menus("line")] == [("U1", "")]


def test_a_backup_shows_one_moment(store: Store, database_url: str, make: Any, tmp_path: Path) -> None:
    """What is written while it is taken is in it as a whole or not at all: its tables belong together."""
    store.add_messages([make.message(1, order_ids=("A", "B"))], actor="test", at=AT)
    made = backup(database_url, tmp_path / "a.zip", AT)
    assert (made.rows["message"], made.rows["message_order"], made.schema) == (1, 2, HEAD)


@pytest.mark.parametrize(
    "fault", ["text", "cut", "no manifest", "format", "schema", "a moment", "a row less", "a line", "a column"]
)
def test_what_is_no_whole_backup_brings_nothing_back(full: str, fault: str, tmp_path: Path) -> None:
    """A file of something else, one cut short, one that was changed: named, and the database is not even made."""
    path, changed = tmp_path / "a.zip", tmp_path / "b.zip"
    backup(full, path, AT)
    if fault == "text":
        changed.write_text("not a zip")
    elif fault == "cut":
        changed.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    else:
        _change(path, changed, fault)
    url = f"sqlite:///{tmp_path}/restored.db"
    with pytest.raises(BadBackup) as told:
        restore(url, changed, AT)
    assert re.search("[ก-๙]", told.value.thai)
    assert not re.search("[ก-๙]", str(told.value))
    engine = connect(parse(url))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar() == 0
    engine.dispose()


def _change(path: Path, changed: Path, fault: str) -> None:
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == MANIFEST:
                said = json.loads(content)
                said |= {
                    "format": {"format": "other/1"},
                    "schema": {"schema": "9999"},
                    "a moment": {"at": "2026-11-24T14:00:00"},
                }.get(fault, {})
                if fault == "no manifest":
                    continue
                content = json.dumps(said).encode()
            if name == "message.jsonl":
                lines = content.splitlines(keepends=True)
                if fault == "a row less":
                    content = b"".join(lines[:-1])
                elif fault == "a line":
                    content = b"{" + content
                elif fault == "a column":
                    content = content.replace(b'"kind"', b'"king"')
            new.writestr(name, content)


def test_a_market_is_never_written_over(full: str, tmp_path: Path) -> None:
    """A database with a single row refuses, and keeps what it has."""
    backup(full, tmp_path / "a.zip", AT)
    before = everything(full)
    with pytest.raises(NotEmpty):
        restore(full, tmp_path / "a.zip", AT)
    assert everything(full) == before


def test_a_backup_that_cannot_be_written_leaves_the_last_one(full: str, tmp_path: Path) -> None:
    """A folder that is not there is an OSError; a file of the same name is replaced only by a whole one."""
    with pytest.raises(OSError, match="absent"):
        backup(full, tmp_path / "absent" / "a.zip", AT)
    path = tmp_path / "a.zip"
    path.write_text("the last one")
    engine = connect(parse(full))
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE audit RENAME TO hidden")
    try:
        with pytest.raises(StorageError, match="audit"):
            backup(full, path, AT)
    finally:  # a worker's tests share one PostgreSQL database
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE hidden RENAME TO audit")
        engine.dispose()
    assert path.read_text() == "the last one"
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []
