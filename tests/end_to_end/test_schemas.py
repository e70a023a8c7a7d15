"""A daemon and a database of different ages: the later daemon migrates it, the earlier one says what to do, and ends
where the database is migrated under it.

The later Songsuk is this one, with a migration more.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from pathlib import Path

import httpx
import later
import pytest
from commands import House, until
from line_server import LineServer
from samples import SECRETS, config_text, line_id
from sqlalchemy import NullPool, create_engine, text
from threads import beside

from storage import Member, Message, Person, Role, migrate, open_store

DUE = 80


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> House:
    """A market with one person in it, its database of today."""
    url = f"sqlite:///{tmp_path / 'songsuk.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("empty_postgres_url")
    house = House(folder=tmp_path, url=url)
    house.config.write_text(config_text(), encoding="utf-8")
    return house


def revision(url: str) -> str:
    with contextlib.closing(create_engine(url, poolclass=NullPool).connect()) as connection:
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def migrated(url: str, head: str) -> None:
    """The database says of itself that it stands there."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": head})


def test_a_daemon_brings_an_older_database_up_to_date_and_an_older_daemon_stays_away(house: House) -> None:
    """The later one starts, migrates and keeps what there is; who only reads is told to; then the earlier one ends with
    exit 2, says in both languages to install a newer one, and changes nothing."""
    with open_store(house.url) as store:
        coordinator = Member(role=Role.COORDINATOR, ref="C1", person=Person(name="มาลี"))
        store.save_members([coordinator], actor="test", at=dt.datetime.now(dt.UTC))
    newer = later.later(house.folder)

    told = house.process("config", "preview", "--json", PYTHONPATH=newer)
    assert told.code == 2
    assert "songsuk db upgrade" in told.out
    assert revision(house.url) == migrate.HEAD

    with house.serving(PYTHONPATH=newer) as daemon:
        assert httpx.get(f"{daemon.listening()}/readyz", timeout=30).json()["ready"] is True
    assert revision(house.url) == later.HEAD

    for language, way_out in (("en", "install a newer Songsuk"), ("th", "ติดตั้งส่งสุขรุ่นใหม่")):
        refused = house.run("serve", "--port", "0", SONGSUK_LANGUAGE=language)
        assert refused.code == 2
        assert later.HEAD in refused.err
        assert way_out in refused.err
    assert revision(house.url) == later.HEAD
    with contextlib.closing(create_engine(house.url, poolclass=NullPool).connect()) as connection:
        assert connection.execute(text("SELECT ref FROM member")).scalars().all() == ["C1"]


def window(number: int, send_at: dt.datetime) -> Message:
    """What is due at a moment, to one person on LINE."""
    return Message(
        id=f"00000000-0000-4000-8000-{number:012}",
        kind="window",
        klass="informative",
        event=f"test:{number}",
        role=Role.BUYER,
        member_ref=f"B{number}",
        name="ผู้ซื้อ",
        channel="line",
        address=line_id(number),
        send_at=send_at,
        expires_at=send_at + dt.timedelta(hours=2),
        text="วันนี้",
        content={"title": "วันนี้", "language": "th", "lines": [], "actions": []},
    )


def test_a_daemon_whose_database_is_migrated_under_it_ends_and_the_later_one_goes_on(house: House) -> None:
    """A daemon forgotten at an upgrade, in the middle of sending: it ends by itself, with exit 2, both revisions and
    the way out. The later one migrates and sends what is left and what falls due: everybody is told, nobody twice."""
    with beside(LineServer()) as line:
        line.thinks = 1.0  # so that many are under way when it ends
        channel = f"line: {{api_base: '{line.base}', data_base: '{line.base}'}}"
        house.config.write_text(config_text(channel), encoding="utf-8")
        house.environ |= SECRETS
        now, soon = dt.datetime.now(dt.UTC), dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
        with open_store(house.url) as store:
            told = [window(number, now if number < DUE else soon) for number in range(2 * DUE)]
            store.add_messages(told, actor="test", at=now)
        with house.serving() as forgotten:
            until(lambda: line.log, "the first message")
            migrated(house.url, later.HEAD)
            assert forgotten.wait() == 2
            (end,) = [said for said in forgotten.lines if "install a newer Songsuk" in said]
            assert f"migration {later.HEAD}" in end
            assert f"up to {migrate.HEAD}" in end
        line.thinks = 0.0
        migrated(house.url, migrate.HEAD)  # as it really was: the later one has still to bring it there
        with house.serving(PYTHONPATH=later.later(house.folder), SONGSUK_CLOCK=soon.isoformat()):
            until(lambda: len(line.log) >= len(told), "the rest")
    assert revision(house.url) == later.HEAD
    assert sorted(accepted.to for accepted in line.log) == [line_id(number) for number in range(2 * DUE)]
