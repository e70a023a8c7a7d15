"""What the commands of a coordinator print stands in the one language that was asked for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import schemas
from commands import Answer, House
from samples import DAY
from typer.main import get_command

from scheduler import states
from scheduler.cli import app as cli
from scheduler.config import load
from scheduler.config.channels import CHANNELS

THAI = re.compile(r"[\u0e00-\u0e7f]")
LATIN = re.compile(r"[A-Za-z_]{2,}")
IDS = re.compile(
    r"^[A-Z0-9 -]+$|https?://\S+|cli:\w+|\b[pb]_[0-9a-f]+|\b[0-9a-f]{8}\b|\b[A-Z]{1,2}-?\d+\b"
    r"|\bSONGSUK_\w+|--[a-z-]+|\b\S+\.(?:csv|yaml)\b",
    re.MULTILINE,
)
"""Addresses, ids, codes for a chat, variables, options and names of files."""
EARLY = f"{DAY}T01:00:00+07:00"
NAMES = {"LINE", "json"}


def _codes(node: Any) -> set[str]:
    """Every word of an enum of the published schemas: what people type as filters."""
    if isinstance(node, dict):
        found = {word for word in node.get("enum", ()) if isinstance(word, str)}
        return found.union(*map(_codes, node.values()))
    return set().union(*map(_codes, node)) if isinstance(node, list) else set()


@pytest.fixture(scope="module")
def allowed(house: House) -> set[str]:
    """Codes, the config's own ids, columns of files and names of commands: the same words in every language."""
    config = load(house.config)
    lists = (config.waves, config.zones, config.vehicles, config.hubs, config.communities)
    found = {each.id for items in lists for each in items} | NAMES | set(config.channels) | set(states.MESSAGE)
    for path in sorted((Path(schemas.__file__).parents[2] / "docs" / "reference" / "schemas").glob("*.json")):
        found |= _codes(json.loads(path.read_text(encoding="utf-8")))
    for name in ("orders", "riders", "sellers", "coordinators"):
        found |= set((house.folder / f"{name}.csv").read_text(encoding="utf-8-sig").splitlines()[0].split(","))
    commands = get_command(cli).commands  # type: ignore[attr-defined]
    found |= {"songsuk", "active", "cod", "promptpay", "th", "en", "status", "amended", *CHANNELS, *commands}
    return found | {sub for group in commands.values() for sub in getattr(group, "commands", ())}


def story(house: House) -> list[tuple[str, Answer]]:
    """A day through every command that a coordinator types, each answer in Thai beside what was typed."""
    told: list[tuple[str, Answer]] = []

    def said(*words: object, **changes: str | None) -> Answer:
        answer = house.run(*words, SONGSUK_LANGUAGE="th", COLUMNS="160", **changes)  # no code is broken over lines
        told.append((" ".join(map(str, words)), answer))
        return answer

    def order(name: str, *more: str) -> None:
        said("orders", "add", name, "--seller", "S02", "--date", DAY, "--phone", "0812345678", *more)

    folder = house.folder
    said("config", "check")
    said("config", "publish")
    said("plan", "show", DAY)
    said("messages", "list")
    said("messages", "calls", DAY)
    said("report", "day", DAY)
    for name in ("riders", "sellers", "coordinators"):
        said("members", "import", folder / f"{name}.csv")
    said("orders", "import", folder / "orders.csv", "--dry-run")
    said("orders", "import", folder / "orders.csv")
    (folder / "odd.csv").write_text(
        f"order_id,service_date,seller_id,buyer_phone\nX1,{DAY},S01,08x1\nX2,11/24,S01,0812345678\n", encoding="utf-8"
    )
    said("orders", "import", folder / "odd.csv")
    order("X3", "--pin", "9.14,99.325", "--items", "ขนม x2", "--cash-thb", "90")
    order("X4", "--address", "หน้าวัด")
    order("X5", "--pin", "14.0,100.5")
    said("orders", "cancel", "X3", "--note", "โทรมายกเลิก")
    said("orders", "pin", "D-0003", "9.142,99.325")
    said("day", DAY)
    said("day", DAY)
    said("plan", "show", DAY)
    old = house.json("plan", "show", DAY, "--wave", "midday")["waves"][0]
    on_it = old["routes"][0]["steps"][1]["order_id"]
    said("plan", "replan", DAY, "--wave", "midday", "--without-rider", old["routes"][0]["rider_id"])
    order("X9", "--pin", "9.14,99.325")
    for late in ("X9", "X3", "X4", "X5", "D-0002", on_it):
        said("plan", "fits", DAY, "--wave", "midday", "--order", late)
        said("plan", "fits", DAY, "--wave", "evening", "--order", late)
        said("plan", "replan", DAY, "--wave", "evening", "--add-order", late)
        said("orders", "show", late)
    new = house.json("plan", "show", DAY, "--wave", "midday")["waves"][0]["plan_id"]
    approve = ("plan", "approve", DAY, "--wave", "midday", "--plan")
    said(*approve, old["plan_id"])
    said(*approve, new, "--by", "C1", SONGSUK_CLOCK=EARLY)
    said(*approve, new, "--by", "C1", SONGSUK_CLOCK=EARLY)
    said("orders", "cancel", on_it)
    said("day", DAY, "--approve")
    said("orders", "list")
    said("messages", "list", "--date", DAY)
    said("messages", "calls", DAY)
    said("messages", "budget")
    said("messages", "resolve", "0", "--as", "drop")
    said("report", "day", DAY)
    said("members", "list")
    said("members", "links")
    said("members", "invite", "R1", SONGSUK_SECRET_KEY="k")
    said("members", "erase", "R1", "--yes")
    return told


@pytest.fixture(scope="module")
def thai(house: House) -> list[tuple[str, Answer]]:
    return story(house)


def test_no_english_word_is_left_in_thai(thai: list[tuple[str, Answer]], allowed: set[str]) -> None:
    """Besides codes, ids and names, no answer of the day has a word in Latin letters, on either stream."""
    left = {}
    for words, answer in thai:
        text = IDS.sub(" ", answer.out + answer.err)
        if strange := sorted(set(LATIN.findall(text)) - allowed):
            left[words] = strange
    assert left == {}


def test_every_thai_answer_says_something_in_thai(thai: list[tuple[str, Answer]]) -> None:
    """No command of the day answers with codes and figures alone."""
    assert [words for words, answer in thai if not THAI.search(answer.out + answer.err)] == []


def test_a_late_order_is_told_which_reason_keeps_it_out(thai: list[tuple[str, Answer]]) -> None:
    """Cancelled, without a pin, outside all zones and planned elsewhere are four different answers, each with where."""
    said = {words: answer.err for words, answer in thai}
    fits = f"plan fits {DAY} --wave midday --order"
    assert "ยกเลิกไปแล้ว" in said[f"{fits} X3"]
    assert "ยังไม่มีหมุด" in said[f"{fits} X4"]
    assert "นอกทุกโซน" in said[f"{fits} X5"]
    [elsewhere] = [err for words, err in said.items() if words.startswith("plan replan") and f"{DAY} midday" in err]
    assert "อยู่ในแผนของรอบ" in elsewhere


def test_an_order_is_shown_whole(house: House, thai: list[tuple[str, Answer]]) -> None:
    """The block has the buyer's phone, the goods, the cash and why it was cancelled; its document has no less."""
    shown = next(answer.out for words, answer in thai if words == "orders show X3")
    for told in ("X3", "0812345678", "ขนม x2", "90 บาท", "โทรมายกเลิก", "9.140000,99.325000", "cancelled"):
        assert told in shown
    [order] = schemas.check(house.json("orders", "show", "X3"), "orders")["orders"]
    assert (order["buyer"]["phone"], order["note"]) == ("0812345678", "โทรมายกเลิก")
    assert "โทรมายกเลิก" in house.run("orders", "show", "X3", SONGSUK_LANGUAGE="en").out


def test_a_days_account_adds_up(house: House, thai: list[tuple[str, Answer]]) -> None:
    """Whatever was asked for or moved here rides, or has a line of its own that says why not."""
    orders = schemas.check(house.json("report", "day", DAY), "report.day")["orders"]
    staying = [each["order_id"] for each in orders["not_riding"]]
    assert orders["asked"] + orders["from_other_days"] == orders["riding"] + len(staying)
    assert {"D-0002", "X3", "X4", "X5"} <= set(staying)
    spoken = house.run("report", "day", DAY, SONGSUK_LANGUAGE="en").out
    for order_id in staying:
        assert re.search(rf"^  {order_id}: \w+", spoken, re.MULTILINE)


def test_help_names_every_command_of_a_group() -> None:
    """The one line of each group in `songsuk --help` has all its commands."""
    for name, group in get_command(cli).commands.items():  # type: ignore[attr-defined]
        for command in getattr(group, "commands", ()):
            assert re.search(rf"\b{command}\b", group.help), (name, command)


@pytest.mark.parametrize(("count", "words"), [(1, "1 stop, 5 min at most"), (2, "2 stops, 5 min at most")])
def test_one_stop_is_one_stop(count: int, words: str) -> None:
    """A single stop that is made later is not several."""
    from scheduler.cli.fits import later

    place = {"delays": [{"seconds": 300}] * count + [{"seconds": 0}], "latest": 300}
    assert later(place)["en"] == words
