"""Which config is in force: valid edits become versions, broken ones change nothing, each version stays what it was."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scheduler.config import ConfigError, Problem, load, newly_missing
from scheduler.versions import Versions
from storage import Store, open_store

SAMPLE = (Path(__file__).parents[2] / "config.yaml").read_text(encoding="utf-8")
LATER = ("cut_off: {days_before: 0, time: 11:00}", "cut_off: {days_before: 0, time: 10:00}")
MANUAL = ("config: {publish: auto}", "config: {publish: manual}")
BROKEN = ("detour_factor: 1.3", "detour_factor: none")


class Edited:
    """A config.yaml of the test's own, and the versions that follow it."""

    def __init__(self, store: Store, path: Path, make: Any) -> None:
        self.store, self.path, self.at = store, path, make.at("12:00")
        self._saves = 0
        self.write()
        self.versions = Versions(store, path)

    def write(self, *edits: tuple[str, str]) -> None:
        """Save the shipped text with these edits, at an instant of its own as an editor would."""
        text = SAMPLE
        for old, new in edits:
            assert old in text
            text = text.replace(old, new)
        self.save(self.path, text)

    def save(self, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        self._saves += 1
        os.utime(path, (1_800_000_000 + self._saves,) * 2)

    def take_up(self, **more: Any) -> bool:
        return self.versions.take_up(load(self.path), self.at, "test", **more)

    def refresh(self) -> bool:
        return self.versions.refresh(self.at)

    def cut_off(self, version: int | None = None) -> str:
        return f"{self.versions.config(version).wave('evening').cut_off.time:%H:%M}"


@pytest.fixture
def edited(sqlite_url: str, tmp_path: Path, make: Any) -> Iterator[Edited]:
    with open_store(sqlite_url) as store:
        yield Edited(store, tmp_path / "config.yaml", make)


def test_the_first_config_is_version_one(edited: Edited) -> None:
    """Taken up once, however often the same file is read."""
    edited.take_up()
    assert edited.versions.latest == 1
    assert not edited.take_up()
    assert not edited.refresh()
    assert not edited.refresh()
    assert [version.version for version in edited.store.config_versions()] == [1]


def test_a_valid_edit_becomes_the_next_version(edited: Edited) -> None:
    """In force from then on; what was planned by the first is still read by the first."""
    edited.take_up()
    edited.write(LATER)
    assert edited.refresh()
    assert edited.versions.latest == 2
    assert (edited.cut_off(), edited.cut_off(1), edited.cut_off(2)) == ("10:00", "11:00", "10:00")
    assert not edited.refresh()


def test_a_broken_edit_keeps_the_good_config(edited: Edited) -> None:
    """It is reported and changes nothing; mended, it is taken up; taken back, nothing is new."""
    edited.take_up()
    edited.write(BROKEN)
    assert not edited.refresh()
    assert edited.versions.broken is not None
    assert "detour_factor" in edited.versions.broken.errors[0].path
    assert (edited.versions.latest, edited.cut_off()) == (1, "11:00")
    edited.write()
    assert not edited.refresh()
    assert edited.versions.broken is None
    edited.write(BROKEN)
    assert not edited.refresh()
    edited.write(LATER)
    assert edited.refresh()
    assert (edited.versions.broken, edited.versions.latest) == (None, 2)


def test_a_file_that_is_gone_or_binary_keeps_the_good_config(edited: Edited) -> None:
    """Deleted, replaced by rubbish, by a folder: the market goes on by what it had and says what is wrong."""

    def wrong() -> list[str]:
        assert not edited.refresh()
        assert edited.versions.broken is not None
        return [error.code for error in edited.versions.broken.errors]

    edited.take_up()
    assert not edited.refresh()
    edited.path.unlink()
    assert wrong() == ["file.unreadable"]
    edited.path.write_bytes(b"\xff\xfe\x00\x81" * 50)
    assert wrong() == ["file.encoding"]
    edited.path.unlink()
    edited.path.mkdir()
    assert wrong() == ["file.unreadable"]
    assert edited.cut_off() == "11:00"
    edited.path.rmdir()
    edited.write()
    assert not edited.refresh()
    assert edited.versions.broken is None


OTHER = ("market:\n  id: sirisuk\n", "market:\n  id: bandon\n")


@pytest.mark.parametrize("holding", ["orders", "runs"])
def test_a_market_in_business_keeps_its_id(edited: Edited, make: Any, holding: str) -> None:
    """Once there are orders or waves, an edit of market.id is an error at its place, and the version in force stays."""
    edited.take_up()
    if holding == "orders":
        edited.store.save_orders([make.order()], actor="test", at=edited.at)
    else:
        edited.store.close_run("sirisuk", make.day, "midday", config_version=1, moves=[], actor="test", at=edited.at)
    edited.write(OTHER, LATER)
    assert not edited.refresh()
    assert (edited.versions.latest, edited.cut_off()) == (1, "11:00")
    assert edited.versions.broken is not None
    [error] = edited.versions.broken.errors
    place = edited.path.read_text(encoding="utf-8").splitlines()[error.line - 1][error.column - 1 :]
    assert (error.code, error.path, place) == ("market.changed", "market.id", "bandon")
    assert "write sirisuk again" in error.hint["en"]
    with pytest.raises(ConfigError):
        edited.take_up(publish=True)
    edited.write(LATER)
    assert edited.refresh()
    assert edited.versions.latest == 2


def test_an_empty_database_may_become_another_market(edited: Edited) -> None:
    """Before the first order a wrong id can still be set right."""
    edited.take_up()
    edited.write(OTHER)
    assert edited.refresh()
    assert edited.versions.config().market.id == "bandon"


def test_an_edit_that_lacks_a_secret_waits_for_it(edited: Edited) -> None:
    """A new channel without its token does not take force, named at its place; what lacked it before may be edited."""
    environ: dict[str, str] = {}

    def lacking(edit: Any, before: Any) -> list[Problem]:
        return newly_missing(edit, before, environ)

    edited.versions = Versions(edited.store, edited.path, refuse=lacking)
    edited.take_up()
    line = ("\n  console: {}", "\n  console: {}\n  line: {}")
    edited.write(line)
    assert not edited.refresh()
    assert edited.versions.broken is not None
    errors = edited.versions.broken.errors
    assert {(error.code, error.path) for error in errors} == {("secret.missing", "channels.line")}
    assert "SONGSUK_LINE_CHANNEL_ACCESS_TOKEN" in errors[0].text()
    assert edited.versions.latest == 1
    environ |= {"SONGSUK_LINE_CHANNEL_ACCESS_TOKEN": "t", "SONGSUK_LINE_CHANNEL_SECRET": "s"}
    assert edited.refresh()
    assert edited.versions.latest == 2
    environ.clear()
    edited.write(line, LATER)
    assert edited.refresh(), "a shell without the secrets may still move a cut-off"


def test_going_back_is_a_version_too(edited: Edited) -> None:
    """There and back makes three versions: history is only ever added to."""
    edited.take_up()
    for edits in ([LATER], []):
        edited.write(*edits)
        assert edited.refresh()
    assert [edited.cut_off(version) for version in (1, 2, 3)] == ["11:00", "10:00", "11:00"]


def test_published_by_hand_an_edit_waits(edited: Edited) -> None:
    """With `publish: manual` the file may change all day; what is in force changes when somebody says so."""
    edited.write(MANUAL)
    edited.take_up()
    edited.write(MANUAL, LATER)
    assert not edited.refresh()
    assert (edited.versions.latest, edited.cut_off()) == (1, "11:00")
    assert edited.take_up(publish=True)
    assert (edited.versions.latest, edited.cut_off()) == (2, "10:00")


def test_what_another_process_published_is_followed(edited: Edited) -> None:
    """A daemon takes over what `config publish` did beside it, though its file has not changed since."""
    edited.write(MANUAL)
    edited.take_up()
    edited.write(MANUAL, LATER)
    assert not edited.refresh()
    beside = Versions(edited.store, edited.path)
    assert beside.take_up(load(edited.path), edited.at, "C1", publish=True)
    assert edited.refresh()
    assert (edited.versions.latest, edited.cut_off()) == (2, "10:00")
    assert not edited.refresh()


def test_a_file_that_the_config_names_is_part_of_it(edited: Edited) -> None:
    """The market's own wording edited beside config.yaml is the next version; gone, it changes nothing."""
    wording = edited.path.with_name("wording.yaml")

    def title(words: str) -> str:
        return f'en:\n  summary:\n    title: "{words} {{{{ wave }}}}"\n'

    edited.save(wording, title("First"))
    edited.write(("# texts: wording.yaml", "texts: wording.yaml"))
    edited.take_up()
    assert not edited.refresh()
    edited.save(wording, title("Second"))
    assert edited.refresh()
    assert not edited.refresh()
    wording.unlink()
    assert not edited.refresh()
    assert edited.versions.broken is not None
    edited.save(wording, title("Second"))
    assert not edited.refresh()
    assert edited.versions.broken is None
    contents = [edited.versions.config(version).texts for version in (1, 2)]
    assert [own.content for own in contents if own] == [title("First"), title("Second")]


def test_versions_are_read_from_the_database_alone(edited: Edited, make: Any) -> None:
    """Another process knows each version without the file; a version nobody has is an error."""
    edited.take_up()
    edited.write(LATER)
    edited.refresh()
    elsewhere = Versions(edited.store, edited.path.with_name("missing.yaml"))
    assert elsewhere.config(1).wave("evening").cut_off.time.hour == 11
    assert elsewhere.config(2).wave("evening").cut_off.time.hour == 10
    zone = elsewhere.zones(1).locate(make.talat)
    assert zone is not None
    assert zone.id == "talat"
    assert elsewhere.calendar(1).is_open(make.day)
    with pytest.raises(LookupError):
        elsewhere.config(3)


def test_adapting_touches_every_version(edited: Edited) -> None:
    """What a demo changes of its config it changes of each, also of those read back."""
    edited.take_up()

    def solo(config: Any) -> Any:
        return config.model_copy(update={"approval": config.approval.model_copy(update={"mode": "auto"})})

    adapted: Callable[..., Any] = Versions(edited.store, edited.path, solo).config
    assert adapted(1).approval.mode == "auto"
