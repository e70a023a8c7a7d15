"""Three daemons on one PostgreSQL: one speaks, within Telegram's limit, until it dies or hangs; then another does."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import deque
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
    ("calls looked at / of another than the sender", ["calls", "intrusions"]),
    ("429s", ["limited"]),
    ("LINE: lost / copies seen", ["line.lost", "line.copies"]),
    ("critical over Telegram: lost / copies", ["critical.lost", "critical.copies"]),
    ("informative over Telegram: copies / not known", ["informative.copies", "informative.unknown"]),
    ("another sends, killed, s: median / longest", ["after_kill.median", "after_kill.longest"]),
    ("another sends, hung, s: median / longest", ["after_hang.median", "after_hang.longest"]),
)

Call = tuple[float, str]
"""When something was said over Telegram, and who said it."""
Change = tuple[str, float]
"""Who was killed or made to stand still, and when."""


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
    stopped: list[Change] = []
    waits: dict[str, list[float]] = {"kill": [], "hang": []}
    number = 0
    try:
        for life in lives.values():
            until(life.address, "a daemon to listen")
        for turn in range(changes):
            market.say(number, AT_ONCE, watch.now())
            number += AT_ONCE
            began = time.monotonic()
            until(lambda: _calls(market, began), "somebody to send")  # noqa: B023
            time.sleep(chance.uniform(0.2, 1.5))
            _, sender = _calls(market, began)[-1]
            if turn % 2 == 0:
                ended = lives[sender].kill()
            else:
                lives[sender].freeze(True)
                ended = time.monotonic()
            stopped.append((sender, ended))
            another = until(lambda: _first_of_another(market, sender, ended), "another to send")  # noqa: B023
            waits["hang" if turn % 2 else "kill"].append(another - ended)
            if turn % 2:
                lives[sender].freeze(False)
            else:
                lives[sender] = Life(market.house, watch, whence=sender)
                until(lives[sender].address, "a daemon to listen")
            sys.stderr.write(f"{turn + 1} of {changes}: {another - ended:.1f} s\n")
        _settle(ledger, watch)
    finally:
        for life in lives.values():
            life.kill()
        ledger.close()
    with open_store(market.house.url) as store:
        found = judge.of_messages(store.messages(), market.line, market.telegram)
    calls = _calls(market)
    found |= {
        "daemons": count,
        "changes": changes,
        "killed": len(waits["kill"]),
        "hung": len(waits["hang"]),
        "calls": len(calls),
        "busiest": busiest([when for when, _ in calls]),
        "limited": market.telegram.limited,
        "intrusions": intrusions(calls, stopped),
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


def _calls(market: board.Board, since: float = 0.0) -> list[Call]:
    """The calls to Telegram that said something, from `since` on."""
    return [(when, whence) for when, whence, what in market.telegram.calls if what == "sendMessage" and when > since]


def _first_of_another(market: board.Board, sender: str, since: float) -> float | None:
    return next((when for when, whence in _calls(market, since) if whence != sender), None)


def busiest(calls: Sequence[float], seconds: float = 1.0) -> int:
    """The most calls in any second, wherever it begins."""
    most = first = 0
    for last, when in enumerate(calls):
        while when - calls[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def intrusions(calls: Sequence[Call], stopped: Sequence[Change]) -> int:
    """How many calls came from another than the one who sends: whoever calls first after the last one was stopped, and
    until it is stopped itself. What the last one had under way comes before that."""
    found, changes = 0, deque(stopped)
    last = sender = None
    for when, whence in calls:
        while changes and changes[0][1] < when:
            last, sender = changes.popleft()[0], None
        if sender is None and whence != last:
            sender = whence
        found += sender is not None and whence != sender
    return found


def _broken(found: dict[str, Any]) -> list[str]:
    broken = judge.broken(found)
    broken += ["too fast"] * (found["busiest"] > LIMIT) + ["two senders"] * bool(found["intrusions"])
    longest = [found[name]["longest"] or 0.0 for name in ("after_kill", "after_hang")]
    return broken + ["takeover too late"] * (max(longest) > TAKEOVER)
