"""A small made-up market in a folder of its own, ready for its members and orders."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest
from commands import House
from samples import DAY, config_text

from scheduler.config import parse
from scheduler.demo.market import write


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> House:
    """A house with an empty database and, in its folder, the files of twenty made-up orders and their people."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copyfile(sqlite_template, folder / "songsuk.db")
    text = config_text()
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    write(folder, parse(text), dt.date.fromisoformat(DAY), "small", 1)
    return House(folder=folder, url=f"sqlite:///{folder / 'songsuk.db'}")
