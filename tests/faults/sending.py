"""Kills the sender at every point it passes, again and again, and asks the services' own logs what became of it.

Half the messages go over LINE, a quarter each are critical and informative over Telegram. A sender is a process of its
own, killed by signal 9 at its n-th pass of a point: before a row is begun, before and after the call, and before and
after the commit of every verb of the Store that it uses (found by watching one). Then the next takes over. At last one
sends all the rest.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import json
import os
import random
import re
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
HOUSE = HERE.parents[2]
sys.path[:0] = [str(HOUSE), str(HERE.parents[1] / "fakes")]

BEGAN = dt.datetime(2026, 11, 24, 8, 0, tzinfo=dt.timezone(dt.timedelta(hours=7)))
STEP = dt.timedelta(minutes=1)
"""Each sender's clock stands this much after the last one's: what waited to be tried again is due."""
OUTBOX = ("outbox.before_begin", "outbox.before_call", "outbox.after_call")
AGAIN = "ส่งซ้ำ"
SECONDS = 300.0
TRIALS = ("kills", "deaths")
ROWS = (
    ("points reached / killed at", ["points", "points_killed_at"]),
    ("LINE: messages / lost / copies", ["line.messages", "line.lost", "line.copies"]),
    ("critical: messages / lost", ["critical.messages", "critical.lost"]),
    ("critical: copies / of them unmarked", ["critical.copies", "critical.unmarked_copies"]),
    ("informative: messages / copies", ["informative.messages", "informative.copies"]),
    ("informative: not known, listed as `unknown`", ["informative.listed"]),
)


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--database", default="both", help="sqlite, postgresql (from the tests' wheel), both, or an address"
    )
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=1, help="how often each point is killed at")
    parser.add_argument("--points", nargs="+", help="these alone, without watching a sender first")


def run(asked: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind in ("sqlite", "postgresql") if asked.database == "both" else (asked.database,):
        found = _torment(kind, asked.messages, asked.rounds, asked.points, random.Random(asked.seed))
        yield kind.partition(":")[0], found


def _child_main() -> None:
    """Be the sender: what this program is when it starts itself."""
    words = argparse.ArgumentParser()
    words.add_argument("--send", nargs=4, metavar=("URL", "LINE", "TELEGRAM", "AT"), required=True)
    words.add_argument("--to-the-end", action="store_true", help="go on until nothing is due at any time")
    words.add_argument("--watch", action="store_true", help="print the points that are passed")
    asked = words.parse_args()
    _send(*asked.send, to_the_end=asked.to_the_end, watch=asked.watch)


# --- the sender, a process of its own -----------------------------------------------------------------------------


def _send(url: str, line: str, telegram: str, at: str, *, to_the_end: bool, watch: bool) -> None:
    from channels.base import Channel
    from channels.line import LineChannel
    from channels.telegram import TelegramChannel
    from scheduler.clock import SteppedClock
    from scheduler.outbox import Outbox
    from storage import failpoints, open_store

    passed = _Passed()
    if watch:
        failpoints._armed = passed  # type: ignore[assignment]  # it only looks on
    clock = SteppedClock(dt.datetime.fromisoformat(at))

    async def drain() -> None:
        channels: dict[str, Channel] = {
            "line": LineChannel(token="line-token", webhook_secrets=(), api_base=line, data_base=line, timeout=30),
            "telegram": TelegramChannel(token="1234:telegram-token", webhook_secrets=(), api_base=telegram, timeout=30),
        }
        # Unpaced: how fast it goes is another benchmark's, and more are then in doubt at once.
        outbox = Outbox(store, channels, clock, limits={}, failpoint=failpoints.failpoint)
        await outbox.drain()
        while to_the_end and (following := outbox.next_at()) is not None:
            clock.set(max(following, clock.now() + dt.timedelta(seconds=1)))
            await outbox.drain()
        for channel in channels.values():
            await channel.close()
        await outbox.release()

    with open_store(url) as store:
        asyncio.run(drain())
    if watch:
        print(json.dumps(sorted(passed.names)))  # noqa: T201


class _Passed(dict[str, int]):
    """Stands where the armed points stand, and notes each that is passed."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def __bool__(self) -> bool:
        return True

    def pass_by(self, name: str) -> None:
        self.names.add(name)


# --- the tormentor ------------------------------------------------------------------------------------------------


def _torment(database: str, count: int, rounds: int, chosen: list[str] | None, chance: random.Random) -> dict[str, Any]:
    from line_server import LineServer
    from telegram_server import TelegramServer
    from threads import beside

    from storage import open_store

    points = chosen or _points()
    orders = points * rounds
    chance.shuffle(orders)
    killed: Counter[str] = Counter()
    share = max(1, count // len(orders))
    line, telegram = LineServer(), TelegramServer()
    line.checked = telegram.checked = False
    with _database(database) as url, beside(line), beside(telegram):
        with open_store(url) as store:
            store.add_messages(_written(count, share), actor="faults", at=BEGAN)
        at = BEGAN - STEP
        for order in orders:
            at += STEP
            # Passed once a request: somewhere among its share. Passed once a drain or a batch: at once.
            number = chance.randint(1, max(1, share // 2)) if order in OUTBOX else 1
            code, _ = _child(url, line.base, telegram.base, at, point=f"{order}=kill@{number}")
            killed[order] += code == -9
        _child(url, line.base, telegram.base, at + STEP, to_the_end=True)
        with open_store(url) as store:
            rows = store.messages()
    objects = [message for each in line.log for message in each.messages]
    said_line = Counter(_number(json.dumps(message, ensure_ascii=False)) for message in objects)
    said_telegram = Counter(_number(each.text) for each in telegram.log)
    unmarked = Counter(_number(each.text) for each in telegram.log if AGAIN not in each.text)
    listed = {_number(row.text) for row in rows if row.state == "unknown"}
    of = {
        kind: [_number(row.text) for row in rows if (row.channel, row.klass) == kind]
        for kind in (("line", "informative"), ("telegram", "critical"), ("telegram", "informative"))
    }
    over_line, critical, informative = of.values()
    found = {
        "messages": len(rows),
        "points": len(points),
        "points_killed_at": len(+killed),
        "kills": sum(killed.values()),
        "not_reached": sorted(set(points) - set(+killed)),
        "line": {
            "messages": len(over_line),
            "lost": sum(not said_line[each] for each in over_line),
            "copies": sum(max(0, said_line[each] - 1) for each in over_line),
        },
        "critical": {
            "messages": len(critical),
            "lost": sum(not said_telegram[each] for each in critical),
            "copies": sum(max(0, said_telegram[each] - 1) for each in critical),
            "unmarked_copies": sum(max(0, unmarked[each] - 1) for each in critical),
        },
        "informative": {
            "messages": len(informative),
            "copies": sum(max(0, said_telegram[each] - 1) for each in informative),
            "lost": sum(not said_telegram[each] and each not in listed for each in informative),
            "listed": sum(each in listed for each in informative),
        },
        "states": dict(Counter(row.state for row in rows)),
    }
    found["broken"] = _broken(found)
    return found


def _broken(found: Mapping[str, Any]) -> list[str]:
    promises = {
        "line": ("lost", "copies"),
        "critical": ("lost", "unmarked_copies"),
        "informative": ("lost", "copies"),
    }
    broken = [f"{kind}: {name}" for kind, names in promises.items() for name in names if found[kind][name]]
    return broken + [f"left {state}" for state in found["states"] if state not in ("accepted", "unknown")]


def _written(count: int, share: int) -> list[Any]:
    """`share` of them fall due at each step, so that every sender has its own to send."""
    from storage import Message
    from storage.records import Role

    def written(number: int) -> Message:
        over_line = number % 2 == 0
        title = f"#{number}."
        return Message(
            id=str(uuid.uuid5(uuid.NAMESPACE_OID, str(number))),
            kind="window" if over_line or number % 4 == 1 else "changed",
            klass="informative" if over_line or number % 4 == 1 else "critical",
            event=f"faults:{number}",
            role=Role.BUYER,
            member_ref=f"B{number:04}",
            name="ผู้ซื้อ",
            channel="line" if over_line else "telegram",
            address=f"U{number // 3:032x}" if over_line else str(1000 + number // 3),  # some hear more than one thing
            send_at=BEGAN + number // share * STEP,
            expires_at=BEGAN + dt.timedelta(hours=20),
            text=title,
            content={"title": title, "language": "th", "lines": [], "actions": []},
        )

    return [written(number) for number in range(count)]


def _number(text: str) -> int:
    return int(re.search(r"#(\d+)\.", text)[1])  # type: ignore[index]  # every one has its number


def _points() -> list[str]:
    """What a sender passes that takes over from one who died with messages in doubt."""
    from line_server import LineServer
    from telegram_server import TelegramServer
    from threads import beside

    from storage import open_store

    with _database("sqlite") as url, beside(LineServer()) as line, beside(TelegramServer()) as telegram:
        with open_store(url) as store:
            store.add_messages(_written(16, 8), actor="faults", at=BEGAN)
        _child(url, line.base, telegram.base, BEGAN, point="outbox.after_call=kill@2")
        _, out = _child(url, line.base, telegram.base, BEGAN + STEP, watch=True)
    passed: list[str] = json.loads(out)
    assert set(OUTBOX) <= set(passed), passed
    return passed


def _child(
    url: str,
    line: str,
    telegram: str,
    at: dt.datetime,
    *,
    point: str = "",
    to_the_end: bool = False,
    watch: bool = False,
) -> tuple[int, str]:
    from commands import walled

    words = ["--send", url, line, telegram, at.isoformat()]
    words += ["--to-the-end"] * to_the_end + ["--watch"] * watch
    done = subprocess.run(
        [sys.executable, str(HERE), *words],
        env=walled({**os.environ, "SONGSUK_FAILPOINTS": point}),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode not in (0, -9):
        raise SystemExit(f"a sender ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.returncode, done.stdout


@contextlib.contextmanager
def _database(kind: str) -> Iterator[str]:
    if "://" in kind:
        yield kind
        return
    from benchmarks.sent import database

    with database(kind) as url:
        yield url


if __name__ == "__main__":
    _child_main()
