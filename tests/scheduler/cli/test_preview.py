"""`songsuk config preview`, end to end: it answers, refuses what it cannot use, and leaves the database as it was."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest
import schemas
from commands import House
from samples import DAY, config_text

from scheduler.config import parse
from scheduler.demo.market import write
from storage import OlderSchema, StorageError, open_reading, open_store

NEXT = "2026-11-25T09:00:00+07:00"
INNER = "[99.3400, 9.1370], [99.3300, 9.1415]"


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> House:
    """Twenty made-up orders of one day in a database that the market has begun with."""
    import datetime as dt

    folder = tmp_path_factory.mktemp("preview")
    shutil.copyfile(sqlite_template, folder / "songsuk.db")
    text = config_text()
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    write(folder, parse(text), dt.date.fromisoformat(DAY), "small", 1)
    house = House(
        folder=folder, url=f"sqlite:///{folder / 'songsuk.db'}", environ={"SONGSUK_CLOCK": "2026-11-22T12:00:00+07:00"}
    )
    for name in ("riders", "sellers"):
        house.json("members", "import", folder / f"{name}.csv")
    house.json("orders", "import", folder / "orders.csv")
    (folder / "new.yaml").write_text(text.replace(INNER, "[99.3400, 9.1370], [99.3260, 9.1400]"), encoding="utf-8")
    house.environ["SONGSUK_CLOCK"] = NEXT
    return house


def _digest(house: House) -> str:
    return hashlib.sha256((house.folder / "songsuk.db").read_bytes()).hexdigest()


def test_it_answers_twice_the_same_and_leaves_the_database_as_it_was(market: House) -> None:
    """The document keeps its schema, two runs agree to the last figure, and not a byte of the database differs."""
    before = _digest(market)
    found = schemas.check(market.json("config", "preview", market.folder / "new.yaml", "--days", 3))
    assert market.json("config", "preview", market.folder / "new.yaml", "--days", 3) == found
    assert _digest(market) == before
    assert found["period"] == {"from": "2026-11-22", "to": "2026-11-24", "days": 3, "orders": 20}
    assert (found["old"]["version"], found["new"]["file"]) == (1, "new.yaml")
    [talat] = [zone for zone in found["changes"]["zones"] if zone["change"] != "same"]
    assert (talat["zone"], talat["border_moved"]) == ("talat", True)
    assert found["total"]["orders"]["change"] == found["total"]["in"] - found["total"]["out"]


def test_the_edited_file_itself_is_tried_and_does_not_take_force(market: House) -> None:
    """Without NEW the market's own file is held against the version in force, though `config.publish` is auto."""
    text = market.config.read_text(encoding="utf-8")
    try:
        market.config.write_text(text.replace("fee_baht: 20", "fee_baht: 22"), encoding="utf-8")
        found = market.json("config", "preview", "--days", 1)
    finally:
        market.config.write_text(text, encoding="utf-8")
    assert found["total"]["distance"]["change"] == 0
    assert found["total"]["fees_satang"]["change"] > 0
    with open_reading(market.url) as store:
        assert len(store.config_versions()) == 1


def test_a_broken_file_of_the_market_is_told_beside_the_draft_that_is_tried(market: House) -> None:
    """With line and column, as with every command; the draft is tried all the same."""
    text = market.config.read_text(encoding="utf-8")
    try:
        market.config.write_text(text.replace("fee_baht: 20", "fee_baht: many"), encoding="utf-8")
        said = market.run("config", "preview", market.folder / "new.yaml", "--days", 1)
    finally:
        market.config.write_text(text, encoding="utf-8")
    assert said.code == 0
    assert "config.yaml:59:15: many is not a number" in said.err
    assert "going on with version 1" in said.err


def test_neither_channels_nor_secrets_are_needed(market: House) -> None:
    """A config that would write to LINE is tried without a token, and under a clock that is set."""
    text = market.config.read_text(encoding="utf-8")
    line = market.folder / "line.yaml"
    line.write_text(
        text.replace("  console: {}", "  console: {}\n  line: {api_base: https://api.line.me}"), encoding="utf-8"
    )
    assert market.json("config", "preview", line, "--days", 1)["changes"]["sections"] == ["channels"]


def test_people_read_it_in_both_languages_at_eighty_columns(market: House) -> None:
    """Tables fit the terminal, in Thai and English, and say how the figures were made."""
    spoken = {
        "th": ("รวมทั้งตลาด", "ขอบเปลี่ยน", "เลขสุ่มตั้งต้น"),
        "en": ("the whole market", "border moved", "seed"),
    }
    for language, words in spoken.items():
        said = market.run(
            "config", "preview", market.folder / "new.yaml", "--days", 2, SONGSUK_LANGUAGE=language, COLUMNS="80"
        )
        assert said.code == 0, said.err
        for word in words:
            assert word in said.out, word
        if language == "en":
            assert max(map(len, said.out.splitlines())) <= 80


def test_the_map_is_written_where_it_was_asked_for(market: House) -> None:
    """PNG and SVG by the file's name; the document names it."""
    for name in ("map.png", "map.SVG"):
        path = market.folder / name
        found = market.json("config", "preview", market.folder / "new.yaml", "--days", 1, "--picture", path)
        assert found["picture"] == name
        assert path.read_bytes()[:4] in (b"\x89PNG", b"<svg")


def test_what_cannot_be_used_is_refused_before_any_work(market: House) -> None:
    """A broken file as `config check` tells it, another market's, days out of range, a picture nobody can write."""
    folder = market.folder
    text = market.config.read_text(encoding="utf-8")
    (folder / "broken.yaml").write_text(text.replace("[midday, evening]", "[midday, evning]"), encoding="utf-8")
    refused = market.run("config", "preview", folder / "broken.yaml")
    checked = market.run("config", "check", folder / "broken.yaml")
    assert (refused.code, refused.err.splitlines()) == (2, checked.out.splitlines())
    (folder / "other.yaml").write_text(
        text.replace("id: sirisuk\n  name: {th: ตลาด", "id: other\n  name: {th: ตลาด"), encoding="utf-8"
    )
    refusals = [
        (("config", "preview", folder / "other.yaml"), "market.changed"),
        (("config", "preview", "--days", 0), "usage"),
        (("config", "preview", "--days", 93), "usage"),
        (("config", "preview", folder / "missing.yaml"), "file.unreadable"),
        (("config", "preview", "--picture", folder / "map.jpg"), "picture.format"),
        (("config", "preview", "--picture", folder / "nowhere" / "map.png"), "file.unwritable"),
        (("config", "preview", "--expect", folder / "missing.csv"), "file.unreadable"),
    ]
    for words, code in refusals:
        refusal = market.json(*words, code=2)
        assert [error["code"] for error in refusal["errors"]] == [code], words


def test_without_orders_it_says_so_and_compares_the_zones(market: House) -> None:
    """A period without orders leaves the figures out, not the zones."""
    at = {"SONGSUK_CLOCK": "2026-11-10T09:00:00+07:00"}
    said = market.run("config", "preview", market.folder / "new.yaml", "--days", 5, **at)
    assert said.code == 0
    assert "no orders in these days" in said.out
    hoped = market.folder / "hoped.csv"
    hoped.write_text("zone,orders\ntalat,20\n", encoding="utf-8")
    said = market.run("config", "preview", market.folder / "new.yaml", "--days", 5, "--expect", hoped, **at)
    assert "is left out: these days have no real orders" in said.err, "what was asked for is not dropped in silence"
    assert "border moved" in said.out
    nothing = f"sqlite:///{market.folder / 'none.db'}"
    found = market.json("config", "preview", market.folder / "new.yaml", SONGSUK_DATABASE_URL=nothing)
    assert found["period"]["orders"] == 0
    refusal = market.json("config", "preview", code=1, SONGSUK_DATABASE_URL=nothing)
    assert refusal["errors"][0]["code"] == "preview.nothing_in_force"
    assert not (market.folder / "none.db").exists()


def test_a_reading_store_cannot_write_and_does_not_migrate(tmp_path: Path) -> None:
    """Its verbs that write fail, the file stays byte for byte, and a database without our tables is left alone."""
    import datetime as dt
    import sqlite3

    path = tmp_path / "a b.db"
    url = f"sqlite:///{path}"
    open_store(url).close()
    before = path.read_bytes()
    with open_reading(url) as store:
        assert store.members() == []
        with pytest.raises(StorageError):
            store.publish_config("a", "b", actor="x", at=dt.datetime(2026, 11, 24, tzinfo=dt.UTC))
    assert path.read_bytes() == before
    bare = tmp_path / "bare.db"
    sqlite3.connect(bare).execute("CREATE TABLE t (a)").connection.close()
    with pytest.raises(OlderSchema):
        open_reading(f"sqlite:///{bare}")


@pytest.mark.postgres
def test_a_reading_store_on_postgresql_cannot_write_either(postgres_url: str, empty_postgres_url: str) -> None:
    """The server itself refuses what its verbs would write; a database without our tables stays without them."""
    import datetime as dt

    with open_reading(postgres_url) as store:
        assert store.config_versions() == []
        with pytest.raises(StorageError):
            store.publish_config("a", "b", actor="x", at=dt.datetime(2026, 11, 24, tzinfo=dt.UTC))
        assert store.config_versions() == []
    for _ in range(2):
        with pytest.raises(OlderSchema):
            open_reading(empty_postgres_url)


@pytest.mark.postgres
def test_a_market_on_postgresql_says_the_same(market: House, postgres_url: str) -> None:
    """The same orders and the same edit make the same document there, and leave no trace."""
    there = House(folder=market.folder, url=postgres_url, environ={"SONGSUK_CLOCK": "2026-11-22T12:00:00+07:00"})
    for name in ("riders", "sellers"):
        there.json("members", "import", market.folder / f"{name}.csv")
    there.json("orders", "import", market.folder / "orders.csv")
    there.environ["SONGSUK_CLOCK"] = NEXT
    words = ("config", "preview", market.folder / "new.yaml", "--days", 3)
    assert there.json(*words) == market.json(*words)
    with open_reading(postgres_url) as store:
        assert len(store.config_versions()) == 1
