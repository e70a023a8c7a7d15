"""A process that plays with time or faults never reaches real people, whatever an edit says once it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import House
from samples import DAY, SECRETS, config_text

from scheduler import app as application
from scheduler.config import parse
from scheduler.versions import Versions
from storage import open_store

OFFICIAL = config_text("console: {}\n  telegram: {api_base: 'https://api.telegram.org.'}")


@pytest.fixture
def house(tmp_path: Path, sqlite_url: str) -> House:
    house = House(folder=tmp_path, url=sqlite_url, environ={**SECRETS, "SONGSUK_CLOCK": f"{DAY}T10:00:00+07:00;x60"})
    house.config.write_text(config_text(), encoding="utf-8")
    return house


@pytest.fixture
def app(house: House) -> Iterator[application.App]:
    """The application over the house, put together with a channel that reaches nobody."""
    app = application.build(config_path=house.config, environ=house.settings())
    assert set(app.channels()) == {"console"}
    yield app
    asyncio.run(app.close())


def test_an_edit_that_leads_to_real_people_waits(house: House, app: application.App) -> None:
    """It is an error at the channel's line, and the version before stays in force."""
    house.config.write_text(OFFICIAL, encoding="utf-8")
    assert not app.versions.refresh(app.clock.now())
    assert app.versions.broken is not None
    [error] = app.versions.broken.errors
    assert (error.code, error.path) == ("channel.official", "channels.telegram")
    assert "telegram" in OFFICIAL.splitlines()[error.line - 1]
    assert "SONGSUK_CLOCK" in error.text()
    assert app.versions.latest == 1


def test_a_version_from_elsewhere_is_not_connected_to_them(house: House, app: application.App) -> None:
    """Another process may put such a version in force; this one connects nothing new, and a fresh one does not open."""
    with open_store(house.url) as store:
        beside = Versions(store, house.config)
        beside.take_up(parse(OFFICIAL), app.clock.now(), "C1", publish=True)
    house.config.write_text(OFFICIAL, encoding="utf-8")
    assert app.versions.refresh(app.clock.now())
    assert app.outdated_channels() == ["telegram"]
    with pytest.raises(application.OfficialBase):
        app.connect("telegram")
    assert set(app.channels()) == {"console"}
    house.config.unlink()
    found = house.json("orders", "list", code=2)
    assert found["errors"][0]["code"] == "clock.official_base"
