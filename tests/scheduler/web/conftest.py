"""The web application over a small made-up market whose evening wave has left, with both chat services configured."""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from commands import House
from samples import DAY, SECRETS, config_text
from sites import Site

from scheduler import app as application
from scheduler.config import parse
from scheduler.demo.market import write
from scheduler.web import create

NOWHERE = "http://127.0.0.1:9"
Opening = Callable[[House], Site]


@pytest.fixture(scope="module")
def open_site() -> Iterator[Opening]:
    """Opens the application of a house as a client; closed again after the module."""
    opened = []

    def open_one(house: House) -> Site:
        app = application.build(config_path=house.config, environ=house.settings())
        opened.append(app)
        return Site(create(app))

    yield open_one
    for app in opened:
        asyncio.run(app.close())


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> House:
    """Twenty made-up orders; those of the evening are on their way."""
    folder = tmp_path_factory.mktemp("web")
    shutil.copyfile(sqlite_template, folder / "songsuk.db")
    house = House(folder=folder, url=f"sqlite:///{folder / 'songsuk.db'}", environ=dict(SECRETS))
    house.config.write_text(config_text(), encoding="utf-8")
    write(folder, parse(config_text()), dt.date.fromisoformat(DAY), "small", 1)
    for name in ("riders", "sellers", "coordinators"):
        house.json("members", "import", folder / f"{name}.csv")
    house.json("orders", "import", folder / "orders.csv")
    house.json("day", DAY, "--wave", "evening", "--approve")
    chats = f"line: {{api_base: '{NOWHERE}', data_base: '{NOWHERE}'}}\n  telegram: {{api_base: '{NOWHERE}'}}"
    house.config.write_text(config_text(chats), encoding="utf-8")
    return house


@pytest.fixture(scope="module")
def key(house: House) -> dict[str, str]:
    """The header of a caller with a key."""
    return {"Authorization": f"Bearer {house.json('keys', 'create', 'webshop')['key']}"}


@pytest.fixture(scope="module")
def site(house: House, open_site: Opening) -> Site:
    return open_site(house)
