"""Commands that change the config, run as processes at the same moment: whatever is said to be done is there after."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from commands import Answer, House
from samples import config_text

from scheduler.config import load

NOON = "2026-11-24T12:00:00+07:00"


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> House:
    """A market whose config is in force."""
    made = House(folder=tmp_path, url=database_url, environ={"SONGSUK_CLOCK": NOON})
    made.config.write_text(config_text(), encoding="utf-8")
    made.json("config", "publish")
    return made


def at_once(house: House, *commands: Sequence[object]) -> list[Answer]:
    with ThreadPoolExecutor(len(commands)) as pool:
        return list(pool.map(lambda words: house.process(*words, "--json"), commands))


def test_one_edit_published_twice_is_one_version(house: House) -> None:
    """The second is told that it is so already."""
    house.config.write_text(config_text(edits={"fee_baht: 35": "fee_baht: 36"}), encoding="utf-8")
    answers = at_once(house, ("config", "publish", "--by", "C1"), ("config", "publish", "--by", "C2"))
    assert [answer.code for answer in answers] == [0, 0], answers
    assert sorted(answer.json()["already"] for answer in answers) == [False, True]
    assert [each["version"] for each in house.json("config", "log")["versions"]] == [2, 1]


def test_a_step_back_and_a_new_draft_both_stand_or_one_is_refused(house: House) -> None:
    """Never two versions of one number, and no version is lost; who was slower is told what came in between."""
    house.config.write_text(config_text(edits={"fee_baht: 35": "fee_baht: 36"}), encoding="utf-8")
    house.json("config", "publish")
    draft = house.folder / "draft.yaml"
    draft.write_text(config_text(edits={"fee_baht: 35": "fee_baht: 37"}), encoding="utf-8")
    answers = at_once(house, ("config", "rollback"), ("config", "publish", draft))
    made = [answer.json()["version"] for answer in answers if answer.code == 0]
    for refused in (answer.json() for answer in answers if answer.code):
        assert [error["code"] for error in refused["errors"]] == ["version.meanwhile"]
    assert sorted(made) in ([3], [3, 4])
    assert len(house.json("config", "log")["versions"]) == 2 + len(made)


def test_two_maps_brought_in_at_once_lose_nothing(house: House) -> None:
    """Each moves a corner of another zone: what was said to be written is in the file, which is whole."""
    house.run("zones", "export", "--output", house.folder / "zones.geojson")
    areas = json.loads((house.folder / "zones.geojson").read_text(encoding="utf-8"))
    moved = {area["properties"]["id"]: _moved(area) for area in areas["features"][:2]}
    for name, area in moved.items():
        (house.folder / f"{name}.geojson").write_text(json.dumps(area), encoding="utf-8")
    answers = at_once(house, *(("zones", "import", house.folder / f"{name}.geojson") for name in moved))
    after = load(house.config)
    for name, answer in zip(moved, answers, strict=True):
        corner = tuple(moved[name]["geometry"]["coordinates"][0][1])
        if answer.code:
            assert [error["code"] for error in answer.json()["errors"]] == ["file.changed"]
        else:
            assert corner in after.zone(name).polygon[0][0]
    assert [answer.code for answer in answers].count(0) >= 1


def _moved(area: dict[str, Any]) -> dict[str, Any]:
    """The area with one corner a few metres away."""
    corner = area["geometry"]["coordinates"][0][1]
    corner[0] = round(corner[0] + 0.00005, 5)
    return area
