"""Three daemons on one PostgreSQL: one speaks, within Telegram's limit, until it dies or hangs; then another does."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import board
import judge
from commands import until
from day_of_kills import spread
from daylong import Ledger
from lives import Life, Watch

from benchmarks.sent import database
from storage import open_store

LIMIT = 30
AT_ONCE = 400
"""Messages that fall due with each change of the sender: half of them over Telegram, seven seconds of sending."""
TAKEOVER = 15.0
"""Seconds, at most, from a sender's death to another's first message."""
TRIALS = ("changes", "changes of the sender")
ROWS = (
    ("daemons / messages", ["daemons", "messages"]),
    ("killed / made to hang", ["killed", "hung"]),
    ("calls to Telegram in the busiest second, of 30 allowed", ["busiest"]),
    ("calls of another than the sender", ["intrusions"]),
    ("429s", ["limited"]),
    ("LINE: lost / copies seen", ["line.lost", "line.copies"]),
    ("critical over Telegram: lost / copies", ["critical.lost", "critical.copies"]),
    ("informative over Telegram: copies / not known", ["informative.copies", "informative.unknown"]),
    ("another sends, killed, s: median / longest", ["after_kill.median", "after_kill.longest"]),
    ("another sends, hung, s: median / longest", ["after_hang.median", "after_hang.longest"]),
)
_HEAD = 0.05
"""Seconds that a call may have been under way when its sender was stopped."""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--changes", type=int, default=20, help="how often the sender is killed or made to hang")
    parser.add_argument("--daemons", type=int, default=3)


def run(asked: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    with (
        tempfile.TemporaryDirectory(prefix="songsuk-faults-") as name,
        database("postgresql") as url,
        board.opened(Path(name), url) as market,
    ):
        yield "postgresql", _together(market, asked.daemons, asked.changes, random.Random(asked.seed))


def _together(market: board.Board, count: int, changes: int, chance: random.Random) -> dict[str, Any]:
    watch = Watch(board.SEVEN)
    ledger = Ledger(market.house.url)
    names = [f"127.0.0.{number + 2}" for number in range(count)]
    lives = {name: Life(market.house, watch, whence=name) for name in names}
    reigns: list[tuple[str, float, float]] = []
    waits: dict[str, list[float]] = {"kill": [], "hang": []}
    number = 0
    try:
        for life in lives.values():
            until(life.address, "a daemon to listen")
        for turn in range(changes):
            market.say(number, AT_ONCE, watch.now())
            number += AT_ONCE
            began = time.monotonic()
            sender = until(lambda: _last(market, began), "somebody to send")  # noqa: B023
            time.sleep(chance.uniform(0.2, 1.5))
            sender = _last(market, began) or sender
            if turn % 2 == 0:
                ended = lives[sender].kill()
            else:
                lives[sender].freeze(True)
                ended = time.monotonic()
            reigns.append((sender, began, ended + _HEAD))
            another = until(lambda: _first(market, ended + _HEAD), "another to send")  # noqa: B023
            waits["hang" if turn % 2 else "kill"].append(another[0] - ended)
            if turn % 2:
                lives[sender].freeze(False)
            else:
                lives[sender] = Life(market.house, watch, whence=sender)
                until(lives[sender].address, "a daemon to listen")
            sys.stderr.write(f"{turn + 1} of {changes}: {another[0] - ended:.1f} s\n")
        _settle(ledger, watch)
    finally:
        for life in lives.values():
            life.kill()
        ledger.close()
    with open_store(market.house.url) as store:
        found = judge.of_messages(store.messages(), market.line, market.telegram)
    found |= {
        "daemons": count,
        "changes": changes,
        "killed": len(waits["kill"]),
        "hung": len(waits["hang"]),
        "busiest": busiest([when for when, _, what in market.telegram.calls if what == "sendMessage"]),
        "limited": market.telegram.limited,
        "intrusions": _intrusions(market, reigns),
        "after_kill": spread(waits["kill"]),
        "after_hang": spread(waits["hang"]),
    }
    return found | {"broken": _broken(found)}


def _settle(ledger: Ledger, watch: Watch) -> None:
    """Until nothing waits any more, the repeats of what is in doubt among it."""

    def nothing() -> bool:
        waiting = ledger.waiting(watch.now())
        return waiting is not None and not waiting.due and waiting.put_off is None

    deadline = time.monotonic() + 900
    while not nothing():
        assert time.monotonic() < deadline, ledger.waiting(watch.now())
        time.sleep(0.5)


def _last(market: board.Board, since: float) -> str | None:
    """Who made the last call to Telegram that said something."""
    calls = [whence for when, whence, what in market.telegram.calls[-50:] if what == "sendMessage" and when > since]
    return calls[-1] if calls else None


def _first(market: board.Board, since: float) -> tuple[float, str] | None:
    calls = [(when, whence) for when, whence, what in market.telegram.calls if what == "sendMessage" and when > since]
    return calls[0] if calls else None


def busiest(calls: Sequence[float], seconds: float = 1.0) -> int:
    """The most calls in any second, wherever it begins."""
    most = first = 0
    for last, when in enumerate(calls):
        while when - calls[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def _intrusions(market: board.Board, reigns: Sequence[tuple[str, float, float]]) -> int:
    """Calls that came from one daemon after another had begun to send, until that one's end: two at once."""
    calls = [(when, whence) for when, whence, what in market.telegram.calls if what == "sendMessage"]
    found = 0
    for sender, began, ended in reigns:
        seen = False
        for when, whence in calls:
            if not began < when < ended:
                continue
            seen = seen or whence == sender
            found += seen and whence != sender
    return found


def _broken(found: dict[str, Any]) -> list[str]:
    broken = judge.broken(found)
    broken += ["too fast"] * (found["busiest"] > LIMIT) + ["two senders"] * bool(found["intrusions"])
    longest = [found[name]["longest"] or 0.0 for name in ("after_kill", "after_hang")]
    return broken + ["takeover too late"] * (max(longest) > TAKEOVER)
