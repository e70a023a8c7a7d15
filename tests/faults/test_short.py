"""What faults cost: the short way; ``make faults`` is the long one."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import board
import judge
from crowd import Crowd
from daylong import Stage
from kills import Killer
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


def test_the_busiest_second_is_found_wherever_it_begins() -> None:
    """Calls on both sides of a full second count together; those a second apart do not."""
    assert busiest([0.0, 0.6, 0.9, 1.1, 1.55, 1.89, 3.0]) == 4
    assert busiest([0.0, 1.0, 2.0]) == 1
    assert busiest([]) == 0
