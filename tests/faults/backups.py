"""Backups while the daemon plans and sends, and days that are brought back from one: nothing is said twice.

First one day through which `songsuk db backup` is called again and again. Then small days, one a restore: at some
moment of its sending a backup is taken, the daemon goes on and is killed, and the backup becomes a new database, with
which another daemon brings the day to its end. What the services took before and after is judged together. The backup
comes after the orders and the plans: what came in since is lost by nature, and a wave that is approved since waits for
a person.
"""

from __future__ import annotations

import argparse
import itertools
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import judge
from copying import Copying, Taken, another
from crowd import Crowd, opened
from daylong import STAGES, Stage, Visitors
from lives import Watch
from restored import THINKS, brought_back, promises
from steady import Steady

from benchmarks.sent import database
from storage import StorageError, open_store
from storage.backup import restore

WEIGHTS = {"orders": 1, "plans": 2, "evening before": 10, "noon plans": 1, "noon": 6}
"""Of twenty backups, how many in a stage; what the sending of one is too short for comes in the next."""
PAUSE = 1.0
"""Seconds before the first backup of a stage; then each pause, in which the same is measured without one, is as long as
the backup before it."""
BUSY = 20
"""Messages that are due, at least, at both ends of a time in which the services' silence is measured."""
TRIALS = ("restores", "restores")
ROWS = (
    ("messages of the day of backups", ["live.messages"]),
    ("backups / of them while sending / not whole", ["live.backups", "live.sending", "live.ill"]),
    ("a backup, s: median / longest", ["live.took.median", "live.took.longest"]),
    ("spans with messages to say to their end: backups / pauses", ["live.windows.during", "live.windows.without"]),
    ("longest silence of the services in them, s: backups / pauses", ["live.gap.during", "live.gap.without"]),
    ("the daemon ended by itself", ["live.ended"]),
    ("days brought back / of them hours later / their messages", ["restores", "away", "messages"]),
    ("said after the backup and before the death", ["since"]),
    ("said again after the restore", ["again"]),
    ("in doubt: listed as `unknown` / of them said", ["doubt.listed", "doubt.said"]),
    ("said since the backup and neither listed nor known as said", ["unlisted"]),
    ("LINE: messages / lost / copies seen", ["line.messages", "line.lost", "line.copies"]),
    ("critical over Telegram: messages / lost / copies", ["critical.messages", "critical.lost", "critical.copies"]),
    (
        "informative over Telegram: messages / lost / copies",
        ["informative.messages", "informative.lost", "informative.copies"],
    ),
    ("status cards that were made anew", ["cards"]),
    ("confirmations told / lost / told after the backup", ["day.events", "day.events_lost", "forgotten"]),
    ("planned and not said", ["day.unsaid"]),
)


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--messages", type=int, default=3000, help="of the day of backups")
    parser.add_argument("--backups", type=int, default=20, help="through that day")
    parser.add_argument("--restores", type=int, default=20, help="days that are brought back")
    parser.add_argument("--each", type=int, default=400, help="messages of such a day")


def run(asked: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind in ("sqlite", "postgresql") if asked.database == "both" else (asked.database,):
        began, chance = time.monotonic(), random.Random(asked.seed)
        with database(kind) as url:
            live = _live(another(url), asked.messages, asked.backups, asked.seed) if asked.backups else {}
            trials = []
            for number in range(asked.restores):
                with brought_back(url, asked.each, asked.seed + number, chance) as trial:
                    trials.append(trial)
                sys.stderr.write(f"{number + 1} of {asked.restores}, {trial['stage']}: {promises(trial)}\n")
        found = _summed(trials) | {"live": live, "minutes": (time.monotonic() - began) / 60}
        yield kind, found | {"broken": promises(found) + _promises_live(live)}


# --- a day of backups -------------------------------------------------------------------------------------------------


def _live(url: str, messages: int, backups: int, seed: int) -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory(prefix="songsuk-faults-") as name,
        opened(Path(name), url, messages, seed) as crowd,
    ):
        crowd.line.thinks = THINKS
        visitors, taken, pauses = Visitors(crowd), list[Taken](), list[tuple[float, float]]()
        day = Steady(crowd, crowd.house, Watch(STAGES[0].opens), visitors, random.Random(seed))
        try:
            given = 0.0
            for stage in STAGES:
                given += WEIGHTS.get(stage.name, 0) * backups / sum(WEIGHTS.values())
                day.open(stage)
                _copied(day, crowd, stage, round(given), taken, pauses)
                sys.stderr.write(f"{stage.name}: {len(taken)} backups so far\n")
            with open_store(url) as store:
                found = judge.of_messages(judge.of_today(store, day.watch.now()), crowd.line, crowd.telegram)
                found["day"] = judge.of_day(crowd, store, visitors.told, visitors.tapped, day.ledger.heard())
        finally:
            day.close()
            visitors.close()
        took = [each.ended - each.began for each in taken]
        during = [(each.began, each.ended) for each in taken if each.throughout]
        said = sorted([*crowd.line.took, *crowd.telegram.took])
        return {
            "messages": found["messages"],
            "backups": len(taken),
            "sending": sum(each.sending for each in taken),
            "ill": sum(not _whole(each) for each in taken),
            "took": {"median": statistics.median(took), "longest": max(took)},
            "gap": {"during": _silence(said, during), "without": _silence(said, pauses)},
            "windows": {"during": len(during), "without": len(pauses)},
            "ended": day.ended,
            "broken": judge.broken(found),
        }


def _copied(
    day: Steady, crowd: Crowd, stage: Stage, most: int, taken: list[Taken], pauses: list[tuple[float, float]]
) -> None:
    """A stage through which one backup follows the other, a pause between them, until there are `most`."""
    under_way: Copying | None = None
    since, pause, sent, busy = time.monotonic(), PAUSE, day.said(), False

    def sends() -> bool:
        waiting = day.ledger.waiting(day.watch.now())
        return stage.share > 0 and day.said() > sent and waiting is not None and waiting.due > BUSY

    def meanwhile(done: bool) -> bool:
        nonlocal under_way, since, pause, busy
        now = time.monotonic()
        if under_way is not None:
            if (copy := under_way.taken(began=busy, ended=sends())) is not None:
                taken.append(copy)
                under_way, since, pause, busy = None, now, copy.ended - copy.began, sends()
        elif len(taken) < most and now - since >= pause and not (stage.share and done):
            if busy and sends():
                pauses.append((since, now))
            busy = sends()
            under_way = Copying(crowd.house, crowd.house.folder / f"{len(taken)}.zip", day.watch)
        return under_way is not None or (not stage.share and len(taken) < most)

    day.through(stage, meanwhile)


def _whole(copy: Taken) -> bool:
    """Whether the command said that it succeeded, and every row of the file goes into an empty database."""
    if copy.answer.code != 0 or copy.answer.json()["schema"] != "songsuk/db.backup/1":
        sys.stderr.write(f"{copy.file.name}: {copy.answer}\n")
        return False
    with tempfile.TemporaryDirectory(prefix="songsuk-faults-") as name:
        try:
            restore(f"sqlite:///{Path(name) / 'whole.db'}", copy.file, STAGES[0].opens, at_rest=True)
        except StorageError as error:
            sys.stderr.write(f"{copy.file.name}: {error}\n")
            return False
    return True


def _silence(said: Sequence[float], windows: Sequence[tuple[float, float]]) -> float | None:
    """The longest time without a message in any of these windows."""
    silences = []
    for began, ended in windows:
        inside = [began, *(at for at in said if began < at < ended), ended]
        silences.append(max(later - earlier for earlier, later in itertools.pairwise(inside)))
    return max(silences, default=None)


# --- what it comes to -------------------------------------------------------------------------------------------------


def _summed(trials: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    found = _sum(trials) if trials else {"states": {}}
    return {"restores": len(trials), **found}


def _sum(found: Sequence[Any]) -> Any:
    """The same figures of several days as one: counted together, words by how often they came."""
    first = found[0]
    if isinstance(first, Mapping):
        names = dict.fromkeys(name for each in found for name in each)
        return {name: _sum([each[name] for each in found if name in each]) for name in names}
    if isinstance(first, list):
        return [entry for each in found for entry in each]
    return dict(Counter(found)) if isinstance(first, str) else sum(found)


def _promises_live(live: Mapping[str, Any]) -> list[str]:
    broken = list(live.get("broken", ()))
    broken += ["no backup while it sent"] * (live.get("sending") == 0)
    return broken + [f"{name} {live[name]}" for name in ("ill", "ended") if live.get(name)]
