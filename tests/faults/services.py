"""Services that refuse, hang, break off, or are gone for an hour: what is still of use is said, and nothing else.

Bouts: for some seconds every second call to either service goes wrong in one way, one way after the other. Then an hour
in which both are gone, on a clock that runs sixty times as fast; some messages are useless before its end.
"""

from __future__ import annotations

import argparse
import datetime as dt
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import board
import judge
from commands import until
from daylong import Ledger
from lives import Life, Watch
from serving import Point

from benchmarks.sent import database
from storage import open_store

BOUTS: tuple[tuple[Point, float | None], ...] = (
    ("before_read", None),
    ("reset", None),
    ("slow", None),
    ("drip", None),
    ("server_error", None),
    ("garbled", None),
    ("busy", None),
    ("rate", 2),
    ("rate", None),
)
"""What goes wrong, and how long Telegram's 429 asks to wait; None: it does not say."""
SPEED = 60
NOT_KNOWN = 0.05
"""Of what is of use, so much may be in doubt after an outage in which nearly every call is provably not taken."""
OUTAGE = dt.timedelta(hours=1)
TRIALS = ("faults", "faulty calls")
ROWS = (
    ("messages of the bouts / of the outage", ["bouts.messages", "outage.messages"]),
    ("calls that went wrong", ["faults"]),
    ("LINE: lost / copies seen", ["bouts.line.lost", "bouts.line.copies"]),
    (
        "critical over Telegram: lost / copies / unmarked",
        ["bouts.critical.lost", "bouts.critical.copies", "bouts.critical.unmarked_copies"],
    ),
    ("informative over Telegram: copies / not known", ["bouts.informative.copies", "bouts.informative.unknown"]),
    ("after the hour: of use / said / not known", ["outage.useful", "outage.useful_said", "outage.useful_unknown"]),
    ("after the hour: useless / said", ["outage.useless", "outage.useless_said"]),
    ("the daemon ended by itself", ["ended"]),
)


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--messages", type=int, default=240, help="in each bout, and in the outage")
    parser.add_argument("--minutes", type=float, default=60, help="how long the services are gone, by the day's clock")


def run(asked: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    found: dict[str, Any] = {"ended": 0}
    for part in (_bouts, _outage):
        with (
            tempfile.TemporaryDirectory(prefix="songsuk-faults-") as name,
            database("sqlite") as url,
            board.opened(Path(name), url, timeout=2) as market,
        ):
            found |= part(market, asked)
    bouts, outage = found["bouts"], found["outage"]
    broken = judge.broken(bouts)
    broken += ["lost in the outage"] * (outage["useful"] != outage["useful_said"] + outage["useful_unknown"])
    broken += ["much is not known after the outage"] * (outage["useful_unknown"] > NOT_KNOWN * outage["useful"])
    broken += ["said too late"] * bool(outage["useless_said"])
    yield "services", found | {"broken": broken}


def _bouts(market: board.Board, asked: argparse.Namespace) -> dict[str, Any]:
    watch, ledger = Watch(board.SEVEN), Ledger(market.house.url)
    life = Life(market.house, watch)
    ordered = 0
    try:
        until(life.address, "the daemon to listen")
        for number, (point, retry_after) in enumerate(BOUTS):
            market.telegram.retry_after = retry_after
            servers = (market.line, market.telegram)
            for server in servers:
                for _ in range(asked.messages // 8):
                    server.faults.order(point)
                    server.faults.order(None)
            market.say(number * asked.messages, asked.messages, watch.now())
            _settle(ledger, watch)
            left = sum(each is not None for server in servers for each in server.faults.ordered)
            ordered += 2 * (asked.messages // 8) - left
            for server in servers:
                server.faults.ordered.clear()
            sys.stderr.write(f"{point}: {left} faults were not met\n")
        assert life.stop()[0] == 0, life.said()[-3000:]
    finally:
        life.kill()
        ledger.close()
    with open_store(market.house.url) as store:
        return {"bouts": judge.of_messages(store.messages(), market.line, market.telegram), "faults": ordered}


def _settle(ledger: Ledger, watch: Watch) -> None:
    deadline = time.monotonic() + 900
    while (waiting := ledger.waiting(watch.now())) is None or waiting.due or waiting.put_off:
        assert time.monotonic() < deadline, waiting
        time.sleep(0.2)


def _outage(market: board.Board, asked: argparse.Namespace) -> dict[str, Any]:
    watch, ledger = Watch(board.SEVEN, SPEED), Ledger(market.house.url)
    outage = dt.timedelta(minutes=asked.minutes)
    half = asked.messages // 2
    servers = (market.line, market.telegram)
    for server in servers:
        server.be_gone(True)
    life = Life(market.house, watch)
    try:
        until(life.address, "the daemon to listen")
        watch = Watch(board.SEVEN, SPEED)  # behind the daemon's own, so that what is useless here is so there
        began = watch.now()
        market.say(0, half, began, lasts=outage * 6)
        market.say(half, half, began, lasts=outage / 2)
        while watch.now() - began < outage:
            time.sleep(0.1)
        for server in servers:
            server.be_gone(False)
        _settle(ledger, watch)
        assert life.code is None, life.said()[-3000:]
        assert life.stop()[0] == 0, life.said()[-3000:]
    finally:
        life.kill()
        ledger.close()
    said = _numbers(str([log.messages for log in market.line.log] + [log.text for log in market.telegram.log]))
    with open_store(market.house.url) as store:
        rows = store.messages()
    listed = [row for row in rows if (row.channel, row.klass, row.state) == ("telegram", "informative", "unknown")]
    unknown = _numbers(str([row.text for row in listed])) - said
    useful, useless = set(range(half)), set(range(half, 2 * half))
    return {
        "outage": {
            "messages": len(rows),
            "minutes": asked.minutes,
            "useful": len(useful),
            "useful_said": len(useful & said),
            "useful_unknown": len(useful & unknown),
            "useless": len(useless),
            "useless_said": len(useless & said),
            "unknown": sum(row.state == "unknown" for row in rows),
        }
    }


def _numbers(text: str) -> set[int]:
    return {int(number) for number in re.findall(r"#(\d+)\.", text)}
