"""Versions that wait for their day, steps back, and a broken file that the coordinators hear of."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from commands import House

from scheduler.app import App, build
from scheduler.clock import SteppedClock
from scheduler.config import load, parse
from scheduler.releases import replaced, state, step_back
from storage.records import ConfigVersion, Person, Role

SAMPLE = (Path(__file__).parents[2] / "config.yaml").read_text(encoding="utf-8")
DEARER = SAMPLE.replace("fee_baht: 35", "fee_baht: 36")
WITHOUT = SAMPLE.replace("- id: talat\n", "- id: city\n")
BANGKOK = ZoneInfo("Asia/Bangkok")
NOON = dt.datetime.fromisoformat("2026-11-24T12:00:00+07:00")


class Market:
    """A market of its own, on a clock that is set by hand."""

    def __init__(self, folder: Path, url: str) -> None:
        self.path = folder / "config.yaml"
        self._saves = 0
        self.save(SAMPLE)
        self.clock = SteppedClock(NOON)
        self.app: App = build(config_path=self.path, environ={"SONGSUK_DATABASE_URL": url}, clock=self.clock)
        self.versions, self.store = self.app.versions, self.app.store

    def save(self, text: str) -> None:
        self.path.write_text(text, encoding="utf-8")
        self._saves += 1
        os.utime(self.path, (1_800_000_000 + self._saves,) * 2)

    def put(self, text: str, **more: Any) -> None:
        """A version from elsewhere, beside the file as it is."""
        beside = load(self.path).sha256
        assert self.versions.put_in_force(parse(text), self.clock.now(), "C1", file_sha256=beside, **more) is not None


@pytest.fixture
def market(tmp_path: Path, database_url: str) -> Iterator[Market]:
    made = Market(tmp_path, database_url)
    yield made
    made.app.store.close()
    made.app.planner.close()


def test_a_version_waits_for_its_day(market: Market, make: Any) -> None:
    """Waves before it are closed by the old one, waves of it and later by the new, though closed the day before."""
    friday = dt.date(2026, 11, 27)
    market.put(WITHOUT, from_date=friday)
    assert (market.versions.latest, market.versions.newest) == (1, 2)
    orders = [
        replace(make.order(number), service_date=date, window_from=None, window_to=None)
        for number, date in ((1, dt.date(2026, 11, 26)), (2, friday))
    ]
    market.app.take_orders(orders, actor="test")
    zones = {order.service_date: order.legs[0].zone for order in market.store.orders()}
    assert zones == {dt.date(2026, 11, 26): "talat", friday: "city"}
    closed = {date: market.app.waves.close(date, "midday", actor="test") for date in (dt.date(2026, 11, 26), friday)}
    assert [run.config_version for run in closed.values() if run] == [1, 2]
    market.clock.set(NOON + dt.timedelta(days=3))
    assert market.versions.refresh(market.clock.now())
    assert market.versions.latest == 2


def test_the_clock_closes_each_day_by_its_own_version(market: Market, make: Any) -> None:
    """A wave that only the later version has is closed at that version's cut-off, and no day before has it."""
    night = SAMPLE.replace("  - id: morning\n    name", "  - id: dawn\n    name").replace(
        "[morning, midday", "[dawn, midday"
    )
    market.put(night, from_date=dt.date(2026, 11, 26))
    market.clock.set(dt.datetime.fromisoformat("2026-11-25T18:00:30+07:00"))
    market.app.tick()
    runs = {(run.date.day, run.wave): run.config_version for run in market.store.runs()}
    assert runs[26, "dawn"] == 2
    assert (26, "morning") not in runs
    assert (25, "dawn") not in runs


def test_what_was_taken_back_is_not_taken_up_again_by_itself(market: Market) -> None:
    """Not by the daemon, not when it starts anew; an edit of the file is."""
    market.save(DEARER)
    assert market.versions.refresh(NOON)
    market.put(SAMPLE, restores=1)
    market.save(DEARER)
    assert not market.versions.refresh(NOON)
    assert not market.versions.take_up(load(market.path), NOON, "another process")
    assert market.versions.newest == 3
    market.save(DEARER + "# again\n")
    assert market.versions.refresh(NOON)
    assert market.versions.newest == 4


def test_coordinators_hear_of_a_broken_file_once(market: Market) -> None:
    """With line and column, not before it was found twice, not at every tick, anew for another mistake."""
    market.store.save_members([replace(_coordinator(), ref=ref) for ref in ("C1", "C2")], actor="test", at=NOON)

    def told() -> list[str]:
        return [message.text for message in market.store.messages(kinds={"escalation"}) if message.member_ref == "C1"]

    market.save(SAMPLE.replace("fee_baht: 20", "fee_baht: many", 1))
    market.app.tick()
    assert told() == []
    for _ in range(3):
        market.app.tick()
    [text] = told()
    assert "config.yaml:59:15:" in text
    market.save(SAMPLE)
    market.app.tick()
    market.save(SAMPLE.replace("max_orders: 40", "max_orders: x", 1))
    for _ in range(3):
        market.app.tick()
    assert len(told()) == 2


def test_coordinators_hear_of_a_version_that_never_comes(market: Market) -> None:
    """Whatever replaces it, an edit of the file too: once, with its day and reason; not days later."""
    market.store.save_members([_coordinator()], actor="test", at=NOON)

    def told() -> list[str]:
        return [message.text for message in market.store.messages(kinds={"escalation"})]

    market.put(DEARER, from_date=DECEMBER, note="มติประชุม")
    market.app.tick()
    assert told() == []
    market.save(SAMPLE + "# a small thing\n")
    for _ in range(2):
        market.app.tick()
    [text] = told()
    for words in ("1 ธ.ค.", "มติประชุม", "songsuk config rollback --to 2"):
        assert words in text, text
    market.put(DEARER, from_date=DECEMBER)
    market.put(SAMPLE)
    market.clock.set(NOON + dt.timedelta(days=3))
    market.app.tick()
    assert len(told()) == 1


def _coordinator() -> Any:
    from storage.records import Member

    return Member(role=Role.COORDINATOR, ref="C1", person=Person(name="มาลี"))


# --- what became of each --------------------------------------------------------------------------------------------


def version(number: int, at: str, text: str = "", **more: Any) -> ConfigVersion:
    made = dt.datetime.fromisoformat(at).astimezone(dt.UTC)
    return ConfigVersion(version=number, text=text, sha256=text or str(number), created_at=made, actor="test", **more)


DECEMBER = dt.date(2026, 12, 1)


@pytest.mark.parametrize(
    ("made", "standing"), [("2026-11-30T23:59:00+07:00", "withdrawn"), ("2026-12-01T00:30:00+07:00", "past")]
)
def test_a_day_begins_at_the_markets_midnight(made: str, standing: str) -> None:
    """An edit half an hour into the day of a version does not make it one that never was in force."""
    versions = [
        version(1, "2026-11-24T12:00:00+07:00"),
        version(2, "2026-11-25T12:00:00+07:00", from_date=DECEMBER),
        version(3, made),
    ]
    assert state(versions[1], versions, 3, DECEMBER, BANGKOK) == standing
    gone = replaced(versions, versions[2], BANGKOK)
    assert [each.version for each in gone] == ([2] if standing == "withdrawn" else [])


def test_a_step_back_passes_over_what_never_was_in_force() -> None:
    """A draft that waited and was replaced does not come back by stepping back; one that still waits may be dropped."""
    versions = [
        version(1, "2026-11-24T12:00:00+07:00"),
        version(2, "2026-11-25T12:00:00+07:00", from_date=DECEMBER),
        version(3, "2026-11-26T12:00:00+07:00"),
    ]
    today = dt.date(2026, 11, 26)
    for count, leads_to in ((3, 1), (2, 1), (1, None)):
        found = step_back(versions[:count], today, BANGKOK)
        assert (found and found.version) == leads_to
    waits = [*versions[:2], version(3, "2026-11-26T12:00:00+07:00", from_date=dt.date(2026, 12, 8))]
    found = step_back(waits, today, BANGKOK)
    assert found is not None
    assert found.version == 2, "it still waits for its day"


# --- by command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def house(tmp_path: Path, sqlite_url: str) -> House:
    (tmp_path / "config.yaml").write_text(SAMPLE, encoding="utf-8")
    return House(folder=tmp_path, url=sqlite_url)


NOW = NOON.isoformat()


def code_of(refusal: Any) -> str:
    return str(refusal["errors"][0]["code"])


def test_a_start_is_refused_by_name_with_the_next_possible(house: House) -> None:
    """A day that is over, a day whose waves are closed, a year mistyped; the next one is taken."""
    house.json("config", "publish", SONGSUK_CLOCK=NOW)
    (house.folder / "config.yaml").write_text(DEARER, encoding="utf-8")
    for day, code in (("2026-11-23", "from.past"), ("2026-11-24", "from.closed")):
        refusal = house.json("config", "publish", "--from", day, code=1, SONGSUK_CLOCK=NOW)
        assert code_of(refusal) == code
        assert "--from 2026-11-25" in refusal["errors"][0]["hint"]["en"]
    refusal = house.json("config", "publish", "--from", "1/12/2659", code=1, SONGSUK_CLOCK=NOW)
    assert (code_of(refusal), refusal["errors"][0]["hint"]["en"]) == ("from.far", "look at the year")
    made = house.json("config", "publish", "--from", "25/11/2569", "--note", "n", "--by", "C1", SONGSUK_CLOCK=NOW)
    assert (made["version"], made["from"], made["actor"], made["note"]) == (2, "2026-11-25", "C1", "n")
    assert made["first_wave"] == {"date": "2026-11-25", "wave": "morning"}
    assert made["changes"]["keys"] == ["zones.khun_thale.fee_baht", "zones.bang_chana.fee_baht"]
    assert house.json("config", "publish", "--from", "2026-11-25", SONGSUK_CLOCK=NOW)["already"]
    assert code_of(house.json("config", "publish", "--from", "2026-11-30", code=1, SONGSUK_CLOCK=NOW)) == "from.later"
    assert house.json("config", "publish", SONGSUK_CLOCK=NOW)["version"] == 3, "brought forward"


def test_what_counts_already_is_no_error_and_the_past_is(house: House) -> None:
    """The text in force, from today on: already; from a day that is over, or only from a later one: refused by name."""
    house.json("config", "publish", SONGSUK_CLOCK=NOW)
    assert house.json("config", "publish", "--from", "today", SONGSUK_CLOCK=NOW)["already"]
    for day, code in (("2026-11-20", "from.past"), ("2026-11-30", "from.later")):
        assert code_of(house.json("config", "publish", "--from", day, code=1, SONGSUK_CLOCK=NOW)) == code
    refusal = house.json("config", "publish", "--from", "31/02/2569", code=2, SONGSUK_CLOCK=NOW)
    assert refusal["errors"][0]["path"] == "--from"


def test_a_draft_that_waits_leaves_the_file_in_force(house: House) -> None:
    """It is said that the file counts until then, and not that nobody looks at it any more."""
    house.json("config", "publish", SONGSUK_CLOCK=NOW)
    draft = house.folder / "draft.yaml"
    draft.write_text(DEARER, encoding="utf-8")
    said = house.run("config", "publish", draft, "--from", "2026-11-30", SONGSUK_CLOCK=NOW).out
    assert "until then config.yaml stays what is in force" in said
    assert "not taken up" not in said


def test_a_map_that_lacks_a_word_is_refused_and_one_that_is_none_cannot_be_read(house: House) -> None:
    """Exit 1 where a single area does not say what it must, as of several; exit 2 where there is no such file."""
    area = {"type": "Polygon", "coordinates": [[[99.45, 9.13], [99.48, 9.13], [99.48, 9.15], [99.45, 9.13]]]}
    drawn = house.folder / "drawn.geojson"
    for properties, code in (({"name": "ใหม่"}, "geojson.no_id"), ({"id": "mai"}, "geojson.key_missing")):
        drawn.write_text(json.dumps({"type": "Feature", "properties": properties, "geometry": area}), encoding="utf-8")
        assert code_of(house.json("zones", "import", drawn, code=1)) == code
    for file in (house.folder, house.folder / "none.geojson"):
        assert code_of(house.json("zones", "import", file, code=2)) == "file.unreadable"
    drawn.write_text('{"type": "Feature"', encoding="utf-8")
    assert code_of(house.json("zones", "import", drawn, code=2)) == "geojson.json"


def test_no_map_is_written_over_a_file_of_the_config(house: House) -> None:
    """Neither over config.yaml nor over a border's own file, however it is called; beside them it is."""
    file = house.folder / "config.yaml"
    start = SAMPLE.index("    polygon: [[99.3070")
    named = SAMPLE[:start] + "    file: talat.geojson\n" + SAMPLE[SAMPLE.index("  - id: bang_kung") :]
    assert house.run("zones", "export", "--zone", "talat", "--output", house.folder / "talat.geojson").code == 0
    file.write_text(named, encoding="utf-8")
    (house.folder / "link.geojson").symlink_to("talat.geojson")
    border = (house.folder / "talat.geojson").read_bytes()
    for name in ("config.yaml", "talat.geojson", "link.geojson"):
        answer = house.run("zones", "export", "--output", house.folder / name)
        assert (answer.code, "a file of the market's own config" in answer.err) == (2, True), name
    assert (file.read_text(encoding="utf-8"), (house.folder / "talat.geojson").read_bytes()) == (named, border)
    assert house.run("zones", "export", "--output", house.folder / "other.geojson").code == 0


def test_files_that_a_written_text_no_longer_names_are_told(house: House) -> None:
    """A stored text holds what its files held; whoever goes on editing them must know that nobody reads them."""
    file = house.folder / "config.yaml"
    start = SAMPLE.index("    polygon: [[99.3070")
    named = SAMPLE[:start] + "    file: talat.geojson\n" + SAMPLE[SAMPLE.index("  - id: bang_kung") :]
    assert house.run("zones", "export", "--zone", "talat", "--output", house.folder / "talat.geojson").code == 0
    for text in (named, named.replace("fee_baht: 35", "fee_baht: 36")):
        file.write_text(text, encoding="utf-8")
        house.json("config", "publish", SONGSUK_CLOCK=NOW)
    back = house.json("config", "rollback", "--write-file", SONGSUK_CLOCK=NOW)
    assert back["file"]["no_longer_read"] == ["talat.geojson"]
    assert "file: talat.geojson" not in file.read_text(encoding="utf-8")
    said = house.run("config", "rollback", "--to", 2, "--write-file", SONGSUK_CLOCK=NOW).out
    assert "talat.geojson" not in said, "the file names none any more"


def test_steps_back_go_on_back(house: House) -> None:
    """Each a new version; the file stays until it is asked for, and the log tells all of it."""
    file = house.folder / "config.yaml"
    house.json("config", "publish", SONGSUK_CLOCK=NOW)
    texts = [SAMPLE, DEARER, DEARER.replace("fee_baht: 36", "fee_baht: 37")]
    for text in texts[1:]:
        file.write_text(text, encoding="utf-8")
        house.json("config", "publish", SONGSUK_CLOCK=NOW)
    back = house.json("config", "rollback", SONGSUK_CLOCK=NOW)
    assert (back["version"], back["restores"], back["file"]["version"]) == (4, 2, 3)
    assert file.read_text(encoding="utf-8") == texts[2]
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    further = house.json("config", "rollback", "--write-file", SONGSUK_CLOCK=NOW)
    assert (further["version"], further["restores"], further["file"]["version"]) == (5, 1, 5)
    assert file.read_bytes() == b"\xef\xbb\xbf" + SAMPLE.encode()
    assert code_of(house.json("config", "rollback", code=1, SONGSUK_CLOCK=NOW)) == "version.first"
    assert code_of(house.json("config", "rollback", "--to", "9", code=2, SONGSUK_CLOCK=NOW)) == "version.unknown"
    assert house.json("config", "rollback", "--to", "1", SONGSUK_CLOCK=NOW)["already"]
    log = house.json("config", "log", SONGSUK_CLOCK=NOW)["versions"]
    assert [(each["version"], each["state"], each["restores"]) for each in log] == [
        (5, "in_force", 1),
        (4, "past", 2),
        (3, "past", None),
        (2, "past", None),
        (1, "past", None),
    ]


def test_an_edit_that_is_no_version_is_not_overwritten(house: House) -> None:
    """Refused before anything is done; without --write-file the step back is made, and says what the file holds."""
    file = house.folder / "config.yaml"
    house.json("config", "publish", SONGSUK_CLOCK=NOW)
    file.write_text(DEARER, encoding="utf-8")
    house.json("config", "publish", SONGSUK_CLOCK=NOW)
    file.write_text(DEARER + "# mine\n", encoding="utf-8")
    assert code_of(house.json("config", "rollback", "--write-file", code=1, SONGSUK_CLOCK=NOW)) == "file.unpublished"
    assert len(house.json("config", "log", SONGSUK_CLOCK=NOW)["versions"]) == 2
    held = house.json("config", "rollback", SONGSUK_CLOCK=NOW)["file"]
    assert held == {"name": "config.yaml", "version": None, "in_force": False}
    assert file.read_text(encoding="utf-8").endswith("# mine\n")


def test_a_later_edit_replaces_what_waits(house: House) -> None:
    """It is said at once, and the log calls the one that waited withdrawn; a draft leaves the file alone."""
    house.json("config", "publish", SONGSUK_CLOCK=NOW)
    draft = house.folder / "draft.yaml"
    draft.write_text(DEARER, encoding="utf-8")
    waits = house.json("config", "publish", draft, "--from", "2026-11-30", SONGSUK_CLOCK=NOW)
    assert (waits["from"], waits["file"]["version"]) == ("2026-11-30", 1)
    house.json("orders", "list", SONGSUK_CLOCK=NOW)
    (house.folder / "config.yaml").write_text(SAMPLE + "# now\n", encoding="utf-8")
    assert house.json("config", "publish", SONGSUK_CLOCK=NOW)["replaces"] == [2]
    log = house.json("config", "log", SONGSUK_CLOCK=NOW)["versions"]
    assert house.json("config", "rollback", SONGSUK_CLOCK=NOW)["replaces"] == [], "it was told of once"
    states = {each["version"]: each["state"] for each in log}
    assert states == {3: "in_force", 2: "withdrawn", 1: "past"}


def test_zones_are_drawn_taken_out_and_checked_first(house: House) -> None:
    """A dry run writes nothing; what `config check` would refuse is refused; the config's other lines stay."""
    file, drawn = house.folder / "config.yaml", house.folder / "zones.geojson"
    assert house.run("zones", "export", "--output", drawn, SONGSUK_CLOCK=NOW).code == 0
    assert house.run("zones", "export", "--output", file, SONGSUK_CLOCK=NOW).code == 2
    assert file.read_text(encoding="utf-8") == SAMPLE
    areas = json.loads(drawn.read_text(encoding="utf-8"))
    assert house.json("zones", "import", drawn, SONGSUK_CLOCK=NOW)["files"] == []
    ring = areas["features"][0]["geometry"]["coordinates"][0]
    ring[2] = [ring[2][0] + 0.0001, ring[2][1]]
    drawn.write_text(json.dumps(areas), encoding="utf-8")
    [change] = house.json("zones", "import", drawn, "--dry-run", SONGSUK_CLOCK=NOW)["files"]
    assert len(change["diff"]) == 5
    assert file.read_text(encoding="utf-8") == SAMPLE
    house.json("zones", "import", drawn, SONGSUK_CLOCK=NOW)
    assert file.read_text(encoding="utf-8") != SAMPLE
    ring[2] = [99.37, 9.15]
    drawn.write_text(json.dumps(areas), encoding="utf-8")
    before = file.read_bytes()
    assert code_of(house.json("zones", "import", drawn, code=1, SONGSUK_CLOCK=NOW)) == "zone.overlap"
    assert file.read_bytes() == before
    house.json("zones", "remove", "khun_thale", SONGSUK_CLOCK=NOW)
    assert "khun_thale" not in file.read_text(encoding="utf-8")
    assert code_of(house.json("zones", "remove", "nobody", code=1, SONGSUK_CLOCK=NOW)) == "zone.unknown"
