"""`songsuk db`: the database's schema, a copy of it in one file, and a database made from such a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scheduler.cli import screen
from scheduler.cli.opened import Json, clock_now, no_database, queues_had
from scheduler.cli.screen import Refusal

if TYPE_CHECKING:
    import datetime as dt

    from storage import Store
    from storage.backup import Ahead

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
BackupFile = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]


@app.command()
def upgrade(json: Json = False) -> None:
    """Bring the database's schema up to this version (opening it does so too), and that of the queues."""
    import storage

    with _database() as url, storage.open_store(url) as store:
        found = {"schema": "songsuk/db/1", "database": store.url_safe, "revision": store.revision()}
        _make_queues(store, url)
    if json:
        screen.document(found)
    else:
        screen.out().print(f"{found['database']}: {found['revision']}", markup=False)


def _make_queues(store: Store, url: str) -> None:
    """What the engine of several machines keeps beside our tables, where the market's config asks for that engine."""
    from scheduler import engine
    from scheduler.config import ConfigError
    from scheduler.versions import Versions

    versions = Versions(store, Path("config.yaml"))
    if versions.resume(ConfigError([]), clock_now()) and (kind := versions.config().engine.kind) != "local":
        with queues_had():
            engine.connect(kind, url).close()


@app.command()
def backup(file: BackupFile, json: Json = False) -> None:
    """Copy the whole database into one file, as it stands at one moment; the market may run meanwhile.

    The file holds what people are called and where they live: keep it as the database is kept.
    """
    import storage
    from storage.backup import backup as taken

    with _database() as url:
        if not storage.exists(url):
            raise no_database(storage.Unreachable("there is none yet"))
        try:
            made = taken(url, file, clock_now())
        except OSError as error:
            raise screen.unwritable(file, error, "FILE") from None
    rows, size = sum(made.rows.values()), file.stat().st_size
    found = {"schema": "songsuk/db.backup/1", "file": str(file), "at": made.at.isoformat(), "rows": dict(made.rows)}
    if json:
        screen.document(found | {"bytes": size})
    else:
        said = {
            "th": f"{file}: สำรองแล้ว {rows:,} แถว {size / 2**20:.1f} MiB",
            "en": f"{file}: {rows:,} rows, {size / 2**20:.1f} MiB",
        }
        screen.out().print(screen.spoken(said), markup=False)


@app.command()
def restore(
    file: BackupFile,
    at_rest: Annotated[
        bool, typer.Option("--at-rest", help="Nothing ran since the backup, as in a move: nothing is in doubt.")
    ] = False,
    json: Json = False,
) -> None:
    """Make an empty database what a backup holds: all of it or nothing. Stop `songsuk serve` first.

    What was due since the backup may have been said: it becomes `unknown`, and nothing says it again by itself.
    """
    import storage
    from storage.backup import restore as restored

    now = clock_now()
    with _database() as url:
        try:
            back = restored(url, file, now, at_rest=at_rest, ahead=lambda config: _ahead(config, now))
        except OSError as error:
            raise Refusal(
                "file.unreadable",
                "FILE",
                {"th": f"อ่าน {file} ไม่ได้: {error.strerror}", "en": f"cannot read {file}: {error.strerror}"},
                {"th": "ตรวจที่อยู่ของไฟล์", "en": "check where the file is"},
                exit_code=2,
            ) from None
        except storage.BadBackup as error:
            raise Refusal(
                "backup.invalid",
                "FILE",
                {"th": f"{file.name} ใช้ไม่ได้: {error.thai}", "en": f"{file.name}: {error}"},
                {"th": "ใช้ไฟล์ที่ songsuk db backup ทำไว้", "en": "take a file that songsuk db backup made"},
                exit_code=2,
            ) from None
        except storage.NotEmpty:
            raise Refusal(
                "database.not_empty",
                "SONGSUK_DATABASE_URL",
                {
                    "th": "ฐานข้อมูลนี้มีข้อมูลอยู่แล้ว ไม่ได้เขียนทับ",
                    "en": "a market is in this database already; it is left as it is",
                },
                {
                    "th": "ย้ายฐานข้อมูลเดิมออกก่อน หรือชี้ไปฐานข้อมูลว่าง",
                    "en": "move the old database away first, or name an empty one",
                },
                exit_code=2,
            ) from None
    rows = sum(back.backup.rows.values())
    if json:
        screen.document(
            {
                "schema": "songsuk/db.restore/1",
                "file": str(file),
                "at": back.backup.at.isoformat(),
                "rows": dict(back.backup.rows),
                "in_doubt": back.in_doubt,
            }
        )
        return
    said = {
        "th": f"{file}: คืนข้อมูลแล้ว {rows:,} แถว ตามเวลา {back.backup.at.isoformat()}",
        "en": f"{file}: {rows:,} rows are back, as of {back.backup.at.isoformat()}",
    }
    screen.out().print(screen.spoken(said), markup=False)
    if back.in_doubt:
        doubt = {
            "th": f"{back.in_doubt} ข้อความอาจส่งไปแล้ว ดู songsuk messages list --state unknown",
            "en": f"{back.in_doubt} messages may have gone out since: see songsuk messages list --state unknown",
        }
        screen.out().print(screen.spoken(doubt), markup=False)


def _ahead(text: str, now: dt.datetime) -> Ahead:
    """LINE's answers take along, in quiet hours, what informs after them: the inbox's `_waiting`."""
    from scheduler.config import ConfigError, parse
    from scheduler.notices.messages import after_quiet
    from storage.backup import Ahead

    try:
        config = parse(text)
    except ConfigError as error:
        first = error.errors[0]
        raise Refusal(
            "backup.config",
            "FILE",
            {
                "th": f"Songsuk รุ่นนี้อ่านการตั้งค่าในไฟล์สำรองไม่ได้ ({first.text('th')})",
                "en": f"its config is not read by this version of Songsuk ({first.text('en')})",
            },
            {
                "th": "กู้คืนด้วยรุ่นที่สำรองไว้ แก้การตั้งค่า แล้วค่อยอัปเกรด",
                "en": "restore it with the version that made it, mend the config there, then upgrade",
            },
            exit_code=2,
        ) from None
    quiet = config.messages.quiet_hours
    tz = config.market.time_zone
    return Ahead(until=after_quiet(now, quiet.start, quiet.end, tz) if quiet is not None else now, channels=["line"])


@contextmanager
def _database() -> Iterator[str]:
    """The database's address; a refusal where it cannot be used."""
    import storage
    from scheduler.app import database_url

    try:
        yield database_url(os.environ)
    except (storage.BadBackup, storage.NotEmpty):
        raise
    except storage.StorageError as error:
        raise no_database(error) from None
