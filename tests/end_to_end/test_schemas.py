"""A daemon and a database of different ages: the later daemon migrates it, the earlier one says what to do.

The later Songsuk is this one, with a migration more.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
from pathlib import Path

import httpx
import pytest
from commands import House
from samples import config_text
from sqlalchemy import NullPool, create_engine, text

from storage import Member, Person, Role, migrate, open_store

ROOT = Path(__file__).parents[2]
LATER = '''"""What a later Songsuk remembers besides."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table("later", sa.Column("id", sa.Integer(), primary_key=True))
'''


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> House:
    """A market with one person in it, its database of today."""
    url = f"sqlite:///{tmp_path / 'songsuk.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("empty_postgres_url")
    house = House(folder=tmp_path, url=url)
    house.config.write_text(config_text(), encoding="utf-8")
    return house


def later(folder: Path) -> str:
    """A folder from which Python takes a later `storage`, and all else from here."""
    storage = folder / "later" / "storage"
    shutil.copytree(ROOT / "storage", storage, ignore=shutil.ignore_patterns("__pycache__"))
    (storage / "migrations" / "versions" / "0002_later.py").write_text(LATER, encoding="utf-8")
    code = (storage / "migrate.py").read_text(encoding="utf-8")
    assert f'HEAD = "{migrate.HEAD}"' in code
    (storage / "migrate.py").write_text(code.replace(f'HEAD = "{migrate.HEAD}"', 'HEAD = "0002"'), encoding="utf-8")
    return str(storage.parent)


def revision(url: str) -> str:
    with contextlib.closing(create_engine(url, poolclass=NullPool).connect()) as connection:
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def test_a_daemon_brings_an_older_database_up_to_date_and_an_older_daemon_stays_away(house: House) -> None:
    """The later one starts, migrates and keeps what there is; who only reads is told to; then the earlier one ends with
    exit 2, says in both languages to install a newer one, and changes nothing."""
    with open_store(house.url) as store:
        coordinator = Member(role=Role.COORDINATOR, ref="C1", person=Person(name="มาลี"))
        store.save_members([coordinator], actor="test", at=dt.datetime.now(dt.UTC))
    newer = later(house.folder)

    told = house.process("config", "preview", "--json", PYTHONPATH=newer)
    assert told.code == 2
    assert "songsuk db upgrade" in told.out
    assert revision(house.url) == migrate.HEAD

    with house.serving(PYTHONPATH=newer) as daemon:
        assert httpx.get(f"{daemon.listening()}/readyz", timeout=30).json()["ready"] is True
    assert revision(house.url) == "0002"

    for language, way_out in (("en", "install a newer Songsuk"), ("th", "ติดตั้งส่งสุขรุ่นใหม่")):
        refused = house.run("serve", "--port", "0", SONGSUK_LANGUAGE=language)
        assert refused.code == 2
        assert "0002" in refused.err
        assert way_out in refused.err
    assert revision(house.url) == "0002"
    with contextlib.closing(create_engine(house.url, poolclass=NullPool).connect()) as connection:
        assert connection.execute(text("SELECT ref FROM member")).scalars().all() == ["C1"]
