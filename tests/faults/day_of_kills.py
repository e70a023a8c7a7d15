"""A whole day through which the daemon is killed: what was lost, what was said twice, how soon it goes on."""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import judge
from crowd import opened
from daylong import STAGES
from kills import Death, Killer, Points, rehearse

from benchmarks.sent import database
from scheduler.outbox.sending import AHEAD
from storage import failpoints, open_store

RESTART, STOP = 8.0, 10.0
"""Seconds: from a death to the next message, and from a SIGTERM to the end."""
IN_DOUBT = AHEAD + 1
"""Telegram messages that one death leaves not known at most: those noted as begun, and one that is called."""
THINKS = 0.4
"""Seconds that LINE takes to answer here, so that its messages do not all go out within one life."""
TRIALS = ("deaths.all", "deaths")
ROWS = (
    ("messages of the day", ["messages"]),
    ("deaths: all / while sending / at a point", ["deaths.all", "deaths.sending", "deaths.at_points"]),
    ("points passed / killed at", ["points", "points_killed_at"]),
    ("orders / lost", ["day.orders", "day.orders_lost"]),
    ("planned and not said", ["day.unsaid"]),
    ("LINE: messages / lost / copies seen", ["line.messages", "line.lost", "line.copies"]),
    ("LINE: requests that came twice, refused by their key", ["line.refused_copies"]),
    ("LINE, as replies: messages / lost / not known", ["replies.messages", "replies.lost", "replies.unknown"]),
    ("LINE, as replies and pushed: copies / of them unmarked", ["replies.copies", "replies.unmarked_copies"]),
    ("critical over Telegram: messages / lost", ["critical.messages", "critical.lost"]),
    ("critical: copies / of them unmarked", ["critical.copies", "critical.unmarked_copies"]),
    ("informative over Telegram: messages / copies", ["informative.messages", "informative.copies"]),
    ("status cards over Telegram: edits / lost / outdated", ["edits.messages", "edits.lost", "edits.outdated"]),
    ("informative: not known, listed as `unknown`", ["informative.unknown"]),
    ("confirmations told / lost", ["day.events", "day.events_lost"]),
    ("next messages that came of the next life / of them later than 8 s", ["restart.count", "restart.over_the_bar"]),
    ("death to that message, s: median / longest", ["restart.median", "restart.longest"]),
    ("ends by SIGTERM / s: median / longest", ["stop.count", "stop.median", "stop.longest"]),
)


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--kills", type=int, default=210, help="some come too late in the day for what is left to say")
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--stages", nargs="+", choices=[stage.name for stage in STAGES], help="these alone")
    parser.add_argument("--points", type=Path, metavar="FILE", help="keep what the rehearsal found there, or take it")


def run(asked: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    points = _points(asked.points, asked.seed)
    for kind in ("sqlite", "postgresql") if asked.database == "both" else (asked.database,):
        began = time.monotonic()
        yield kind, {**_day(kind, asked, points), "minutes": (time.monotonic() - began) / 60}


def _points(file: Path | None, seed: int) -> Points:
    if file is not None and file.exists():
        found: Points = json.loads(file.read_text(encoding="utf-8"))
        return found
    found = rehearse(seed)
    if file is not None:
        file.write_text(json.dumps(found), encoding="utf-8")
    return found


def _day(kind: str, asked: argparse.Namespace, points: Points) -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory(prefix="songsuk-faults-") as name,
        database(kind) as url,
        opened(Path(name), url, asked.messages, asked.seed) as crowd,
    ):
        crowd.line.thinks = THINKS
        chance, further = random.Random(asked.seed), failpoints.declared()
        killer = Killer(crowd, points, asked.kills, chance, further=further, tell=_tell)
        try:
            killer.day([stage for stage in STAGES if asked.stages is None or stage.name in asked.stages])
            with open_store(url) as store:
                rows = judge.of_today(store, killer.now())
                found = judge.of_messages(rows, crowd.line, crowd.telegram)
                told, tapped = killer.visitors.told, killer.visitors.tapped
                found["day"] = judge.of_day(crowd, store, told, tapped, killer.ledger.heard())
            passed = set(killer.passes.read_text(encoding="utf-8").split())
        finally:
            killer.close()
    figures = _figures(killer.deaths, killer.stops, passed)
    broken = judge.broken(found) + ["an end that was asked for failed"] * bool(figures["stop"]["ill"])
    if found["informative"]["unknown"] > IN_DOUBT * len(killer.deaths):
        broken.append("more is not known than so many deaths leave")
    for name, what in (("restart", "too late a next message"), ("stop", "too slow an end")):
        broken += [what] * bool(figures[name]["over_the_bar"])
    return found | figures | {"broken": broken}


def _figures(deaths: list[Death], stops: list[tuple[int, float]], passed: set[str]) -> dict[str, Any]:
    restarts = [death.next_after for death in deaths if death.next_after is not None]
    ends = [seconds for code, seconds in stops if code == 0]
    at = Counter(death.way for death in deaths if death.way != "any moment")
    return {
        "deaths": {
            "all": len(deaths),
            "sending": sum(death.sending for death in deaths),
            "at_points": at.total(),
            "by_stage": dict(Counter(death.stage for death in deaths)),
        },
        "points": len(passed),
        "points_killed_at": len(at),
        "points_spared": sorted(passed - set(at)),
        "restart": spread(restarts) | {"over_the_bar": sum(each > RESTART for each in restarts)},
        "stop": spread(ends) | {"over_the_bar": sum(each > STOP for each in ends), "ill": len(stops) - len(ends)},
    }


def spread(seconds: list[float]) -> dict[str, Any]:
    if not seconds:
        return {"count": 0, "median": None, "longest": None}
    return {"count": len(seconds), "median": statistics.median(seconds), "longest": max(seconds)}


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")
