"""What faults cost: the short way; ``make faults`` is the long one."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import board
import judge
import pytest
import restored
from crowd import Crowd
from daylong import Stage, Visitors
from kills import Killer
from lives import Watch
from steady import Steady
from together import busiest

from storage import open_store

HERE = Path(__file__).parent


def _part(*words: object) -> dict[str, Any]:
    """The document of one part, which kept its promises."""
    command = [sys.executable, str(HERE), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["broken"] == []
    return found


def test_a_killed_sender_loses_nothing_and_says_nothing_twice() -> None:
    """Killed between a call and its record, the next sender leaves LINE exact and of Telegram's in doubt a list."""
    found = _part("sender", "--database", "sqlite", "--messages", 24, "--points", "outbox.after_call")
    assert found["kills"] == 1


def test_a_killed_daemon_loses_nothing_and_says_nothing_twice(tmp_path: Path, sqlite_url: str) -> None:
    """`songsuk serve`, killed between a call and its record, goes on at its next start: every message has its end, and
    the services' logs show none that is lost, and no copy but a marked one of what was in doubt."""
    evening = Stage(name="evening before", opens=board.SEVEN, share=1.0)
    with board.opened(tmp_path, sqlite_url) as market:
        market.say(0, 24, board.SEVEN)
        crowd = Crowd(house=market.house, line=market.line, telegram=market.telegram, orders=[], key="")
        killer = Killer(crowd, {evening.name: {"outbox.after_call": 12}}, 1, random.Random(1))
        try:
            killer.day([evening])
        finally:
            killer.close()
        with open_store(sqlite_url) as store:
            found = judge.of_messages(store.messages(), market.line, market.telegram)
    assert [(death.way, death.due) for death in killer.deaths] == [("outbox.after_call", True)]
    assert [code for code, _ in killer.stops] == [0] * len(killer.stops)
    assert judge.broken(found) == []


@pytest.fixture
def another_url(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> str:
    """The address of a database of the same kind without a single table."""
    if database_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path}/another.db"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


def test_what_is_brought_back_says_nothing_again(tmp_path: Path, database_url: str, another_url: str) -> None:
    """A backup is taken of a daemon that sends, which goes on and is killed. What was due by then is in doubt in the
    database made of it, and said no more; what falls due later is said once."""
    seven, eight = (Stage(name=str(hour), opens=board.SEVEN.replace(hour=hour), share=1.0) for hour in (19, 20))
    with board.opened(tmp_path, database_url) as market:
        market.say(0, 800, seven.opens)  # more than are said while a backup is taken, on a busy machine too
        market.say(800, 20, eight.opens)
        crowd = Crowd(house=market.house, line=market.line, telegram=market.telegram, orders=[], key="")
        visitors, watch, chance = Visitors(crowd), Watch(seven.opens), random.Random(1)
        before = Steady(crowd, market.house, watch, visitors, chance)
        after = Steady(crowd, replace(market.house, url=another_url), watch, visitors, chance)
        try:
            restored.bring_back(before, after, crowd, seven, first=5, further=5, resumes=seven)
            after.open(eight)
            after.through(eight)
            found = restored.judged(crowd, after)
        finally:
            before.close()
            after.close()
            visitors.close()
    assert restored.promises(found) == []
    assert found["messages"] == 820
    assert found["doubt"]["listed"] >= found["doubt"]["said"] > 0
    assert after.said() >= found["since"] + 20


def test_the_busiest_second_is_found_wherever_it_begins() -> None:
    """Calls on both sides of a full second count together; those a second apart do not."""
    assert busiest([0.0, 0.6, 0.9, 1.1, 1.55, 1.89, 3.0]) == 4
    assert busiest([0.0, 1.0, 2.0]) == 1
    assert busiest([]) == 0
