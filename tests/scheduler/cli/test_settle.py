"""`songsuk plan settle`, `doctor` and what else a person sees of a wave that a restore left open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from commands import House
from samples import DAY

EVENING = {"SONGSUK_CLOCK": "2026-11-23T20:30:00+07:00"}
AFTER = {"SONGSUK_CLOCK": f"{DAY}T14:00:00+07:00"}
SETTLE = ("plan", "settle", DAY, "--wave", "midday")
COMMAND = f"songsuk plan settle {DAY} --wave midday"


@pytest.fixture
def restored(house: House, tmp_path_factory: pytest.TempPathFactory) -> House:
    """A market whose midday wave is planned in the backup, brought back when it is over; on a database of its own."""
    backup = house.folder / "market.zip"
    if not backup.exists():
        for name in ("riders", "sellers", "coordinators"):
            house.json("members", "import", house.folder / f"{name}.csv")
        house.json("orders", "import", house.folder / "orders.csv", SONGSUK_CLOCK="2026-11-23T09:00:00+07:00")
        house.json("day", DAY, "--wave", "midday")
        house.json("db", "backup", backup, code=0, **EVENING)
    back = replace(house, url=f"sqlite:///{tmp_path_factory.mktemp('back')}/songsuk.db", environ=dict(AFTER))
    back.json("db", "restore", backup)
    return back


def doubted(market: House) -> list[dict[str, Any]]:
    """What doctor says of waves."""
    answer = market.run("doctor", "--json")
    return [check for check in answer.json()["checks"] if check["name"].startswith("wave ")]


def states(market: House) -> set[str]:
    """How the orders of the wave stand that its plan had a place for."""
    shown = market.json("plan", "show", DAY, "--wave", "midday")["waves"][0]
    ids = {step["order_id"] for route in shown["routes"] for step in route["steps"] if step["type"] == "delivery"}
    assert ids
    return {each["state"] for each in market.json("orders", "list")["orders"] if each["order_id"] in ids}


def test_doctor_names_the_wave_until_it_is_settled(restored: House) -> None:
    """One line with the command, and exit 1; then none, and the market is well."""
    [check] = doubted(restored)
    assert (check["name"], check["ok"]) == (f"wave {DAY} midday", False)
    assert all(COMMAND in said for said in check["message"].values())
    assert restored.run("doctor").code == 1
    restored.json(*SETTLE, "--as", "rode")
    assert doubted(restored) == []


def test_it_rode_is_said_once(restored: House) -> None:
    """Its orders have left and nobody is told; again it says so, and the other word is refused with the state."""
    first = restored.json(*SETTLE, "--as", "rode", "--by", "C1")
    assert (first["state"], first["already"]) == ("finished", False)
    again = restored.json(*SETTLE, "--as", "rode")
    assert again == first | {"already": True}
    assert states(restored) == {"dispatched"}
    assert sum(rider["deliveries"] for rider in restored.json("report", "day", DAY)["riders"]) > 0
    assert restored.json("messages", "list")["messages"] == []
    [error] = restored.json(*SETTLE, "--as", "put_off", code=1)["errors"]
    assert (error["code"], error["path"]) == ("plan.nothing_to_settle", "--wave")
    assert "finished" in error["message"]["en"]
    assert "finished" in error["message"]["th"]


def test_put_off_is_said_once(restored: House) -> None:
    """Its orders wait for another wave and their buyers are told; again it says so and writes nothing."""
    first = restored.json(*SETTLE, "--as", "put_off")
    assert (first["state"], first["already"]) == ("cancelled", False)
    told = restored.json("messages", "list")["messages"]
    assert {message["kind"] for message in told} == {"changed"}
    assert restored.json(*SETTLE, "--as", "put_off") == first | {"already": True}
    assert restored.json("messages", "list")["messages"] == told
    assert states(restored) == {"received"}
    [error] = restored.json(*SETTLE, "--as", "rode", code=1)["errors"]
    assert error["code"] == "plan.nothing_to_settle"


@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize("way", ["rode", "put_off"])
def test_it_is_told_in_a_line(restored: House, language: str, way: str) -> None:
    """Done, and done before, each in a sentence of the reader's language."""
    first, again = (restored.run(*SETTLE, "--as", way, SONGSUK_LANGUAGE=language) for _ in range(2))
    assert (first.code, again.code) == (0, 0)
    assert first.out != again.out
    assert all(answer.out.strip().isascii() == (language == "en") for answer in (first, again))


def test_who_would_approve_it_is_told_to_settle_it(restored: House) -> None:
    """Too late to approve, the way out is the command, and not to wait for the clock, which leaves the wave alone."""
    plan = restored.json("plan", "show", DAY, "--wave", "midday")["waves"][0]["plan_id"]
    [error] = restored.json("plan", "approve", DAY, "--wave", "midday", "--plan", plan, code=1)["errors"]
    assert error["code"] == "approval.over"
    assert all(f"{COMMAND} --as rode" in said for said in error["hint"].values())
