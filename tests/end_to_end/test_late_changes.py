"""The file comes again after the approval, with orders cancelled, moved and corrected: what people then read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import schemas
from commands import House
from samples import DAY, Row, config_text, rows, sample_file, write_rows

EVENING = "2026-11-23T19:30:00+07:00"
PIN = ("9.1500", "99.3300")


def later_file(path: Path, changes: dict[str, Callable[[Row], Row]]) -> Path:
    """The sample orders, with some rows as they now are."""

    def now(row: Row) -> Row:
        change = changes.get(row["order_id"])
        return change(row) if change is not None else row

    return write_rows(path, [now({**row, "status": ""}) for row in rows("orders")])


def test_a_file_that_comes_again_after_the_approval(tmp_path: Path, sqlite_url: str) -> None:
    """What goes out says how things stand now; who imports is told which plan needs a new route; a re-plan heals it."""
    house = House(folder=tmp_path, url=sqlite_url)
    house.config.write_text(config_text(), encoding="utf-8")
    for name in ("sellers", "riders"):
        house.json("members", "import", sample_file(name))
    house.json("orders", "import", sample_file("orders"))
    house.json("day", DAY, "--wave", "midday")
    (wave,) = house.json("plan", "show", DAY, "--wave", "midday")["waves"]
    house.json("plan", "approve", DAY, "--wave", "midday", "--plan", wave["plan_id"], SONGSUK_CLOCK=EVENING)
    riding = [step["order_id"] for step in wave["routes"][0]["steps"] if step["type"] == "delivery"]
    off, moved, other = riding[:3]
    file = later_file(
        tmp_path / "again.csv",
        {
            off: lambda row: row | {"status": "cancelled"},
            moved: lambda row: row | {"lat": PIN[0], "lon": PIN[1], "address_text": "99/9 บ้านใหม่"},
            other: lambda row: row | {"items": "แกงส้ม x7", "cod_amount_thb": "777"},
        },
    )

    answer = house.run("orders", "import", file, "--json", SONGSUK_CLOCK=EVENING)
    found = schemas.check(answer.json())
    assert (found["updated"], found["created"], found["rejected"]) == (3, 0, 0)
    (late,) = found["out_of_date"]
    assert (late["date"], late["wave"], late["order_ids"]) == (DAY, "midday", [moved])
    assert f"songsuk plan replan {DAY} --wave midday" in answer.err
    (now,) = schemas.check(house.json("plan", "show", DAY, "--wave", "midday"))["waves"]
    assert (now["state"], now["supersedes"], now["out_of_date"]) == ("approved", wave["plan_id"], [moved])
    assert now["summary"]["orders"] == wave["summary"]["orders"] - 1
    again = house.json("orders", "import", file, SONGSUK_CLOCK=EVENING)
    assert again["unchanged"] == again["rows"]

    waiting = [message for message in messages(house) if message["state"] == "held"]
    assert not any(off in message["order_ids"] or off in message["text"] for message in waiting)
    route = text_of(waiting, "route", moved)
    assert ("99/9 บ้านใหม่" in route, f"{PIN[0]}00" in route, "777 บาท" in route) == (True, True, True)
    assert "777 บาท" in text_of(waiting, "window", other)
    assert "แกงส้ม: 7" in text_of(waiting, "pick_list", other)

    house.json("plan", "replan", DAY, "--wave", "midday", SONGSUK_CLOCK=EVENING)
    house.json("day", DAY, "--wave", "midday", "--approve")
    (done,) = house.json("plan", "show", DAY, "--wave", "midday")["waves"]
    assert (done["state"], done["out_of_date"]) == ("finished", [])
    assert not any(off in message["text"] for message in messages(house) if message["state"] == "accepted")


def messages(house: House) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = schemas.check(house.json("messages", "list", "--wave", "midday"))["messages"]
    return found


def text_of(found: list[dict[str, Any]], kind: str, order_id: str) -> str:
    (text,) = [each["text"] for each in found if each["kind"] == kind and order_id in each["order_ids"]]
    return str(text)
