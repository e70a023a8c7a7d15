"""Two processes that change one market's config at the same moment: one version, one message to each coordinator."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import TypeVar

import pytest

from scheduler.app import App, build
from scheduler.clock import SteppedClock
from scheduler.config import parse
from storage.records import ConfigVersion, Member, Person, Role

T = TypeVar("T")
SAMPLE = (Path(__file__).parents[2] / "config.yaml").read_text(encoding="utf-8")
NOON = dt.datetime.fromisoformat("2026-11-24T12:00:00+07:00")
ROUNDS = 5
"""A race that one round misses is met in another."""


class Pair:
    """Two daemons over one file and one database, each with what it has read so far."""

    def __init__(self, folder: Path, url: str) -> None:
        self.path = folder / "config.yaml"
        self._saves = 0
        self.save(SAMPLE)
        environ = {"SONGSUK_DATABASE_URL": url}
        self.apps: list[App] = [
            build(config_path=self.path, environ=environ, clock=SteppedClock(NOON)) for _ in range(2)
        ]
        self.store = self.apps[0].store
        coordinator = Member(role=Role.COORDINATOR, ref="C1", person=Person(name="มาลี"))
        self.store.save_members([coordinator], actor="test", at=NOON)
        self.tick()

    def save(self, text: str) -> None:
        self.path.write_text(text, encoding="utf-8")
        self._saves += 1
        os.utime(self.path, (1_800_000_000 + self._saves,) * 2)

    def at_once(self, act: Callable[[App], T]) -> list[T]:
        """What `act` came to in each, begun at the same moment."""
        gate = Barrier(len(self.apps))

        def through(app: App) -> T:
            gate.wait(60)
            return act(app)

        with ThreadPoolExecutor(len(self.apps)) as pool:
            return list(pool.map(through, self.apps))

    def tick(self) -> None:
        self.at_once(lambda app: app.tick())

    def versions(self) -> int:
        return len(self.store.config_versions())

    def told(self) -> int:
        return len(self.store.messages(kinds={"escalation"}))


@pytest.fixture
def pair(tmp_path: Path, database_url: str) -> Iterator[Pair]:
    made = Pair(tmp_path, database_url)
    yield made
    for app in made.apps:
        app.planner.close()
        app.store.close()


def test_two_daemons_take_up_an_edit_once(pair: Pair) -> None:
    """Each valid edit is one version, and both go on by it."""
    for fee in range(ROUNDS):
        pair.save(SAMPLE.replace("fee_baht: 35", f"fee_baht: {40 + fee}"))
        pair.tick()
        pair.tick()
        assert pair.versions() == 2 + fee
        assert {app.versions.latest for app in pair.apps} == {2 + fee}


def test_two_daemons_tell_once(pair: Pair) -> None:
    """Of a broken file, and of a version that its edit keeps from coming: one message each time, not one a daemon."""
    december = dt.date(2026, 12, 1)
    for number in range(ROUNDS):
        pair.save(SAMPLE.replace("max_orders: 40", f"max_orders: {number}x", 1))
        for _ in range(3):
            pair.tick()
        assert pair.told() == 1 + 2 * number
        waits = parse(SAMPLE.replace("fee_baht: 35", f"fee_baht: {50 + number}"))
        assert pair.apps[0].versions.put_in_force(waits, NOON, "C1", from_date=december) is not None
        pair.save(SAMPLE + f"# edit {number}\n")
        pair.tick()
        pair.tick()
        assert pair.told() == 2 + 2 * number
    assert pair.versions() == 1 + 2 * ROUNDS


def test_of_two_that_publish_at_once_one_does(pair: Pair) -> None:
    """The same text or different ones: the other gets nothing, and both see the one version afterwards."""
    texts = {id(app): SAMPLE + f"# {who}\n" for who, app in enumerate(pair.apps)}
    for number in range(ROUNDS):
        texts = {app: text + "# and one more\n" for app, text in texts.items()}
        if number == ROUNDS - 1:
            texts = dict.fromkeys(texts, SAMPLE + "# the same\n")
        made = pair.at_once(partial(_publish, texts))
        assert [each is None for each in made].count(True) == 1
        assert pair.versions() == 2 + number
        assert {app.versions.newest for app in pair.apps} == {2 + number}


def _publish(texts: Mapping[int, str], app: App) -> ConfigVersion | None:
    return app.versions.put_in_force(parse(texts[id(app)]), NOON, "C1")
