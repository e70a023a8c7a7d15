"""A database as one file, taken while the market runs, and a database made from one.

The file is a zip: for each table its columns and rows as JSON lines, and at the end `manifest.json`. It names no
database, so a market that has outgrown SQLite moves to PostgreSQL by it, and back. Knows nothing of what rows mean but
this: what may have been said since the backup was taken is not said again by itself.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Date, LargeBinary, Table, Time, func, insert, select, update

from storage.columns import Instant, to_json
from storage.engine import WRITES, connect, parse
from storage.errors import BadBackup, NotEmpty, translated
from storage.migrate import HEAD, create, needs_head
from storage.records import DATABASE, RESTORED
from storage.tables import METADATA, AttemptRow, AuditRow, ChatMenuRow, ConfigVersionRow, LeaseRow, MessageRow, RunRow
from storage.verbs import Write, chunks, snapshot

FORMAT = "songsuk/backup/1"
MANIFEST = "manifest.json"
_ROWS = 1000
_NOT_WHOLE = "it is no backup, or not a whole one", "ไม่ใช่ไฟล์สำรอง หรือไฟล์ไม่ครบ"
MESSAGE, ATTEMPT, AUDIT, LEASE = (row.__table__ for row in (MessageRow, AttemptRow, AuditRow, LeaseRow))
MENU, VERSION, RUN = ChatMenuRow.__table__, ConfigVersionRow.__table__, RunRow.__table__
_LATEST_CONFIG = select(VERSION.c.text).order_by(VERSION.c.version.desc()).limit(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a file holds. `at`: the moment it shows; `rows` by table."""

    at: dt.datetime
    schema: str
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """What informs over `channels` and is due by `until` may have gone out already, along with an answer."""

    until: dt.datetime
    channels: Collection[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore brought back, and how many messages it parked as `unknown`."""

    backup: Backup
    in_doubt: int


def backup(url: str, path: Path, at: dt.datetime) -> Backup:
    """Write the database behind `url` into `path`, as it stands at one moment; nobody has to wait for it.

    The file is complete or not there; only its owner may read it. `OSError` where it cannot be written;
    `NewerSchema` or `OlderSchema` where the database is of another Songsuk.
    """
    engine = connect(parse(url))
    counted: dict[str, int] = {}
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            with snapshot(engine) as connection, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
                needs_head(connection)  # of another schema it would not be whole
                for table in METADATA.sorted_tables:
                    with packed.open(f"{table.name}.jsonl", "w", force_zip64=True) as entry:
                        counted[table.name] = 0
                        for line in _lines(connection, table):
                            entry.write(line)
                            counted[table.name] += 1
                manifest = {"format": FORMAT, "at": at.isoformat(), "schema": HEAD, "rows": counted}
                packed.writestr(MANIFEST, json.dumps(manifest, indent=1))
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(name, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)
        raise
    finally:
        engine.dispose()
    return Backup(at=at, schema=HEAD, rows=counted)


def _lines(connection: Connection, table: Table) -> Iterator[bytes]:
    order = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=_ROWS)
    for row in connection.execute(order).mappings():
        yield (to_json({name: _written(value) for name, value in row.items()}) + "\n").encode()


def _written(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, dt.date | dt.time) else value


def restore(
    url: str, path: Path, at: dt.datetime, *, at_rest: bool = False, ahead: Callable[[str], Ahead] | None = None
) -> Restored:
    """Make the database behind `url`, which must be empty, what `path` holds: all of it or nothing.

    Every message that was due by `at` and was not known to be sent becomes `unknown`: the market may have said it after
    the backup. So does what may have been said ahead of its time, as `ahead` tells from the config's text; what
    it raises undoes all. `at_rest`: nothing ran since the backup, so nothing is in doubt. `BadBackup` where the file is
    none or not whole, `NotEmpty` where a market is in the database already.
    """
    engine = connect(parse(url))
    try:
        with _opened(path) as packed:
            held = _manifest(packed)
            with translated(), engine.connect() as fresh:
                connection = fresh.execution_options(**{WRITES: True})
                with connection.begin():
                    create(connection)
                    for table in METADATA.sorted_tables:
                        if connection.execute(select(func.count()).select_from(table)).scalar_one():
                            raise NotEmpty(f"{table.name} has rows")
                    write = Write(connection, at)
                    for table in METADATA.sorted_tables:
                        _fill(write, table, packed, held)
                    connection.execute(update(LEASE).values(until=at))  # whoever held one is gone
                    config = connection.execute(_LATEST_CONFIG).scalar()
                    further = ahead(config) if ahead is not None and config is not None else None
                    in_doubt = 0 if at_rest else _park(connection, at, further)
                    if not at_rest:
                        connection.execute(update(MENU).values(mark=""))  # it may show another by now: given anew
                        waits = RUN.c.state.in_(("closed", "planned"))
                        connection.execute(update(RUN).where(waits).values(reminded_at=None))  # asked anew: it may ride
                        _tell(connection, at, {"taken_at": held.at.isoformat(), "in_doubt": in_doubt})
    finally:
        engine.dispose()
    return Restored(backup=held, in_doubt=in_doubt)


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        raise BadBackup(*_NOT_WHOLE) from None


def _manifest(packed: zipfile.ZipFile) -> Backup:
    try:
        said = json.loads(packed.read(MANIFEST))
        if said["format"] != FORMAT:
            raise BadBackup(
                f"it is of format {said['format']!r}, this Songsuk reads {FORMAT}",
                f"เป็นรูปแบบ {said['format']!r} แต่ Songsuk รุ่นนี้อ่านรูปแบบ {FORMAT}",
            )
        held = Backup(at=dt.datetime.fromisoformat(said["at"]), schema=str(said["schema"]), rows=dict(said["rows"]))
    except (KeyError, ValueError, TypeError, zipfile.BadZipFile):
        raise BadBackup(*_NOT_WHOLE) from None
    if held.at.tzinfo is None:
        raise BadBackup(*_NOT_WHOLE)
    if held.schema != HEAD:
        raise BadBackup(
            f"it was taken at schema {held.schema}, this Songsuk knows {HEAD}: restore it with the one that made it, "
            "then upgrade",
            f"สำรองไว้ที่ schema {held.schema} แต่รุ่นนี้รู้จัก {HEAD}: กู้คืนด้วยรุ่นที่สำรองไว้ก่อน แล้วค่อยอัปเกรด",
        )
    return held


def _fill(write: Write, table: Table, packed: zipfile.ZipFile, held: Backup) -> None:
    count = 0
    try:
        with packed.open(f"{table.name}.jsonl") as entry:
            for lines in chunks(entry, _ROWS):
                rows = [_row(table, json.loads(line)) for line in lines]
                write.insert_all(table, rows)
                count += len(rows)
    except (KeyError, ValueError, TypeError, zipfile.BadZipFile, EOFError):
        raise BadBackup(f"{table.name} in it cannot be read", f"อ่านส่วน {table.name} ในไฟล์ไม่ได้") from None
    if count != held.rows.get(table.name):
        due = held.rows.get(table.name)
        raise BadBackup(
            f"{table.name} in it has {count} rows where there should be {due}",
            f"ส่วน {table.name} ในไฟล์มี {count} แถว ควรมี {due} แถว",
        )
    _count_on(write.connection, table)


def _row(table: Table, said: Mapping[str, Any]) -> dict[str, Any]:
    return {column.name: _read(column, said[column.name]) for column in table.columns}


def _read(column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, Instant):
        return dt.datetime.fromisoformat(value)
    if isinstance(column.type, Date):
        return dt.date.fromisoformat(value)
    if isinstance(column.type, Time):
        return dt.time.fromisoformat(value)
    return base64.b64decode(value) if isinstance(column.type, LargeBinary) else value


def _count_on(connection: Connection, table: Table) -> None:
    """PostgreSQL counts ids by itself: it goes on after the last of these."""
    counts = table.autoincrement_column
    if counts is not None and connection.dialect.name == "postgresql":
        last = select(func.coalesce(func.max(counts), 0) + 1).scalar_subquery()
        sequence = func.pg_get_serial_sequence(table.name, counts.name)
        if connection.execute(select(sequence)).scalar() is not None:
            connection.execute(select(func.setval(sequence, last, False)))


def _tell(connection: Connection, at: dt.datetime, detail: Mapping[str, Any]) -> None:
    """The audit's entry, by which the market knows that it was brought back."""
    entry = {"at": at, "recorded_at": dt.datetime.now(dt.UTC), "actor": "operator", "detail": dict(detail)}
    connection.execute(insert(AUDIT).values(**entry, verb="restore", subject=DATABASE))


def _park(connection: Connection, at: dt.datetime, ahead: Ahead | None) -> int:
    """What was due by `at`, in a sender's hand or said ahead, and nobody can tell any more."""
    held = MESSAGE.c.state == "held"
    due = MESSAGE.c.state.in_(("ready", "sending", "retry")) | (held & (MESSAGE.c.send_at <= at))
    if ahead is not None:
        along = MESSAGE.c.channel.in_(ahead.channels) & (MESSAGE.c.klass == "informative")
        due |= held & along & (MESSAGE.c.send_at <= ahead.until)
    parked = list(connection.execute(select(MESSAGE.c.id).where(due)).scalars())
    for ids in chunks(parked):
        those = MESSAGE.c.id.in_(ids)
        connection.execute(
            update(MESSAGE)
            .where(those)
            .values(state="unknown", reason=RESTORED, changed_at=at, lease_holder=None, lease_until=None)
        )
        ended = {"outcome": "unknown", "ended_at": at}
        open_ = (ATTEMPT.c.message_id.in_(ids)) & (ATTEMPT.c.outcome == "sending")
        connection.execute(update(ATTEMPT).where(open_).values(ended))
    return len(parked)
