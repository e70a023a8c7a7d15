"""A wave that an edit renames or takes away: what was closed before keeps its name, its hours and every command."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path

import pytest
from commands import House
from samples import DAY, config_text
from sites import Site

from scheduler import app as application
from scheduler.config import parse
from scheduler.demo.market import write
from scheduler.web import create

CLOSED = f"{DAY}T11:30:00+07:00"
"""After the evening's cut-off, before its approval."""


@pytest.fixture
def renamed(tmp_path: Path, sqlite_url: str) -> House:
    """A house whose evening wave is planned; then the config calls it `late` everywhere."""
    house = House(folder=tmp_path, url=sqlite_url, environ={"SONGSUK_CLOCK": CLOSED})
    house.config.write_text(config_text(), encoding="utf-8")
    write(tmp_path, parse(config_text()), dt.date.fromisoformat(DAY), "small", 1)
    for name in ("riders", "sellers", "coordinators"):
        house.json("members", "import", tmp_path / f"{name}.csv")
    house.json("orders", "import", tmp_path / "orders.csv")
    house.json("day", DAY, "--wave", "evening")
    text = config_text().replace("id: evening", "id: late").replace("evening]", "late]")
    assert "evening" not in [wave.id for wave in parse(text).waves]
    house.config.write_text(text, encoding="utf-8")
    house.json("config", "publish")
    return house


def test_a_closed_wave_outlives_its_name(renamed: House) -> None:
    """It is shown, approved and listed by the name it was closed with, and has its hours still."""
    [wave] = renamed.json("plan", "show", DAY, "--wave", "evening")["waves"]
    assert (wave["wave"], wave["state"], wave["config_version"]) == ("evening", "planned", 1)
    assert renamed.json("orders", "list", "--wave", "evening")["orders"]
    answer = renamed.json("plan", "approve", DAY, "--wave", "evening", "--plan", wave["plan_id"])
    assert (answer["state"], answer["messages"] > 0) == ("approved", True)
    assert renamed.json("messages", "list", "--wave", "evening")["messages"]
    assert renamed.json("plan", "replan", DAY, "--wave", "evening")["waves"][0]["supersedes"] == wave["plan_id"]


def test_the_api_knows_it_too(renamed: House) -> None:
    """Its filter takes the waves of the config in force and those that have run, and no other."""
    key = renamed.json("keys", "create", "web")["key"]
    app = application.build(config_path=renamed.config, environ=renamed.settings())
    try:
        site = Site(create(app))
        headers = {"Authorization": f"Bearer {key}"}
        for wave, status in (("evening", 200), ("late", 200), ("midnight", 422)):
            assert site.get(f"/api/v1/plans/{DAY}?wave={wave}", headers=headers).status_code == status
    finally:
        asyncio.run(app.close())


def test_a_wave_that_never_was_is_refused(renamed: House) -> None:
    """The hint lists the new name and the old."""
    [error] = renamed.json("plan", "show", DAY, "--wave", "midnight", code=2)["errors"]
    assert error["code"] == "wave.unknown"
    assert all(name in error["hint"]["en"] for name in ("late", "evening"))
