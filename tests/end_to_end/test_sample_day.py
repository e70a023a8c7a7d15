"""The sample day of Surat Thani on the console: every wave planned and sent, once, on either database."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import schemas
from commands import House
from samples import DAY, config_text, rows, sample_file

WAVES = ["morning", "midday", "evening"]


def sample_house(folder: Path, url: str) -> House:
    """The sample members and orders, imported."""
    house = House(folder=folder, url=url)
    house.config.write_text(config_text(), encoding="utf-8")
    for name in ("sellers", "riders"):
        found = schemas.check(house.json("members", "import", sample_file(name)))
        assert found["created"] == found["rows"] == len(rows(name))
    found = schemas.check(house.json("orders", "import", sample_file("orders")))
    assert (found["rows"], found["created"], found["orders"]) == (48, 48, 48)
    assert found["waiting"] == {"needs_pin": 4, "out_of_zone": 1, "after_cutoff": 2}
    return house


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> House:
    return sample_house(tmp_path, database_url)


def test_the_whole_day_is_planned_sent_and_over(house: House) -> None:
    """One command does every step of every wave and tells everybody; typed again it does and sends nothing."""
    day = schemas.check(house.json("day", DAY, "--approve"))
    assert [(wave["wave"], wave["state"]) for wave in day["waves"]] == [(wave, "finished") for wave in WAVES]
    steps = ["close", "plan", "approve", "dispatch", "finish"]
    assert [wave["did"] for wave in day["waves"]] == [steps] * 3
    assert day["messages"].keys() == {"accepted"}
    plans = schemas.check(house.json("plan", "show", DAY))
    messages = schemas.check(house.json("messages", "list"))
    _everybody_is_told(plans, messages["messages"])
    _every_order_has_a_fate(house, plans)

    again = schemas.check(house.json("day", DAY, "--approve"))
    assert [wave["did"] for wave in again["waves"]] == [[], [], []]
    assert [(wave["state"], wave["orders"]) for wave in again["waves"]] == [
        (wave["state"], wave["orders"]) for wave in day["waves"]
    ]
    assert house.json("messages", "list") == messages
    assert house.json("plan", "show", DAY) == plans
    report = schemas.check(house.json("report", "day", DAY))
    assert sum(rider["deliveries"] for rider in report["riders"]) == sum(wave["orders"] for wave in day["waves"])


def _everybody_is_told(plans: Any, messages: list[Any]) -> None:
    """A route a rider, a pick list a seller, a window a buyer, for each wave; at its hour; once."""
    told = Counter((message["kind"], message["to"]["member_id"], message["wave"]) for message in messages)
    for wave in plans["waves"]:
        for route in wave["routes"]:
            assert told["route", route["rider_id"], wave["wave"]] == 1
            for step in route["steps"]:
                if step["type"] == "pickup":
                    assert told["pick_list", step["seller_id"], wave["wave"]] == 1
    windows = Counter(order for message in messages if message["kind"] == "window" for order in message["order_ids"])
    delivered = [
        step["order_id"]
        for wave in plans["waves"]
        for route in wave["routes"]
        for step in route["steps"]
        if step["type"] == "delivery"
    ]
    assert windows == Counter(delivered)
    assert set(windows.values()) == {1}
    for message in messages:
        assert message["state"] == "accepted"
        assert [attempt["outcome"] for attempt in message["attempts"]] == ["accepted"]
        at, due, useless = (
            dt.datetime.fromisoformat(moment)
            for moment in (message["attempts"][0]["at"], message["send_at"], message["expires_at"])
        )
        assert due <= at < useless


def _every_order_has_a_fate(house: House, plans: Any) -> None:
    """Each of the 48 is on its way in exactly one route, or waits for a reason that is named."""
    orders = schemas.check(house.json("orders", "list"))["orders"]
    assert len(orders) == 48
    riding = Counter(
        step["order_id"]
        for wave in plans["waves"]
        for route in wave["routes"]
        for step in route["steps"]
        if step["type"] == "delivery"
    )
    for order in orders:
        assert riding[order["order_id"]] == (order["state"] == "dispatched")
        assert order["state"] == "dispatched" or order["reason"] in {"needs_pin", "out_of_zone", "capacity", "priority"}


def test_without_approval_nothing_is_written_to_anybody(tmp_path: Path, sqlite_url: str) -> None:
    """The day stops at planned, exit 0, with plans to look at; what approving would send is counted, not sent."""
    house = sample_house(tmp_path, sqlite_url)
    day = house.json("day", DAY)
    states = {wave["wave"]: wave["state"] for wave in day["waves"]}
    assert (states["midday"], states["evening"]) == ("planned", "planned")
    assert day["messages"] == {}
    [midday] = house.json("plan", "show", DAY, "--wave", "midday")["waves"]
    preview = midday["messages"]["by_kind"]
    assert preview["window"] > 0
    assert house.json("messages", "list")["messages"] == []
    house.json("day", DAY, "--approve", "--wave", "midday")
    sent = Counter(message["kind"] for message in house.json("messages", "list", "--wave", "midday")["messages"])
    assert sent == preview
    late = {order["order_id"] for order in house.json("orders", "list", "--reason", "after_cutoff")["orders"]}
    moved = {
        order_id
        for message in house.json("messages", "list", "--kind", "changed")["messages"]
        for order_id in message["order_ids"]
    }
    assert late
    assert late <= moved, "planned in a later wave before this one was approved, and told why all the same"
    assert house.json("messages", "list", "--wave", "evening")["messages"] == []


def test_the_console_script_does_the_same(tmp_path: Path, sqlite_url: str) -> None:
    """As a process of its own: one document on stdout, the messages on stderr, and nothing more the second time."""
    house = sample_house(tmp_path, sqlite_url)
    first = house.process("day", DAY, "--approve", "--json")
    assert first.code == 0, first.err
    assert {wave["state"] for wave in schemas.check(first.json())["waves"]} == {"finished"}
    assert first.err.count("── rider:") == len(house.json("messages", "list", "--kind", "route")["messages"])
    second = house.process("day", DAY, "--approve", "--json")
    assert second.code == 0
    assert second.err == ""
    assert [wave["did"] for wave in second.json()["waves"]] == [[], [], []]
