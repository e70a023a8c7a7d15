"""Backups while the daemon plans and sends, and days that are brought back from one: nothing is said twice.

First one day through which `songsuk db backup` is called again and again. Then small days, one a restore: at some
moment of its sending a backup is taken, the daemon goes on and is killed, and the backup becomes a new database, with
which another daemon brings the day to its end. What the services took before and after is judged together. The backup
comes after the orders and the plans: what came in since is lost by nature, and a wave that is approved since waits for
a person.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import random
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import judge
from commands import Answer, House
from crowd import Crowd, opened
from daylong import STAGES, Stage, Visitors
from lives import Watch
from sqlalchemy import NullPool, create_engine
from sqlalchemy.engine import make_url
from steady import Steady

from benchmarks.sent import database
from scheduler.notices import CARD
from storage import StorageError, open_store
from storage.backup import restore
from storage.records import RESTORED, Message

THINKS = 0.4
"""Seconds that LINE takes to answer here, so that sending takes as long as a backup."""
WEIGHTS = {"orders": 1, "plans": 2, "evening before": 10, "noon plans": 1, "noon": 6}
"""Of twenty backups, how many in a stage; what the sending of one is too short for comes in the next."""
FURTHER = 60
"""Most messages that are said between the end of a backup and the daemon's death."""
PAUSE = 1.0
"""Seconds before the first backup of a stage; then each pause, in which the same is measured without one, is as long as
the backup before it."""
BUSY = 20
"""Messages that are due, at least, at both ends of a time in which the services' silence is measured."""
SAID = ("accepted", "confirmed")
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
            live = _live(_another(url), asked.messages, asked.backups, asked.seed) if asked.backups else {}
            trials = []
            for number in range(asked.restores):
                with brought_back(url, asked.each, asked.seed + number, chance) as trial:
                    trials.append(trial)
                sys.stderr.write(f"{number + 1} of {asked.restores}, {trial['stage']}: {promises(trial)}\n")
        found = _summed(trials) | {"live": live, "minutes": (time.monotonic() - began) / 60}
        yield kind, found | {"broken": promises(found) + _promises_live(live)}


def _another(url: str) -> str:
    """The address of an empty database beside that of `url`, on its server or in its folder."""
    address, name = make_url(url), f"songsuk_{uuid.uuid4().hex[:12]}"
    if address.get_backend_name() == "sqlite":
        return f"sqlite:///{Path(str(address.database)).with_name(name)}.db"
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE template0')
    engine.dispose()
    return address.set(database=name).render_as_string(hide_password=False)


# --- a day of backups -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A backup: its file, when its command ran, and whether messages went out as that began, and until it had ended."""

    file: Path
    began: float
    ended: float
    sending: bool
    throughout: bool
    answer: Answer


class Copying:
    """`songsuk db backup` in a process of its own, while whoever asks for it goes on."""

    def __init__(self, house: House, file: Path, watch: Watch) -> None:
        self.file, self.began = file, time.monotonic()
        clock = watch.now().isoformat()
        self._answers: list[tuple[Answer, float]] = []

        def take() -> None:
            answer = house.process("db", "backup", file, "--json", SONGSUK_CLOCK=clock)
            self._answers.append((answer, time.monotonic()))

        self._thread = threading.Thread(target=take)
        self._thread.start()

    def taken(self, *, began: bool, ended: bool) -> Taken | None:
        """None: it is still under way. `began`, `ended`: whether messages went out then."""
        if self._thread.is_alive():
            return None
        answer, at = self._answers[0]
        throughout = began and ended
        return Taken(file=self.file, began=self.began, ended=at, sending=began, throughout=throughout, answer=answer)


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


# --- a day that is brought back ---------------------------------------------------------------------------------------


@contextlib.contextmanager
def brought_back(url: str, messages: int, seed: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    """What became of one small day, on two databases beside that of `url`."""
    old, new = _another(url), _another(url)
    with (
        tempfile.TemporaryDirectory(prefix="songsuk-faults-") as name,
        opened(Path(name), old, messages, seed) as crowd,
    ):
        crowd.line.thinks = THINKS
        yield _brought_back(crowd, new, messages, chance)


def _brought_back(crowd: Crowd, new: str, messages: int, chance: random.Random) -> dict[str, Any]:
    sending = [stage for stage in STAGES if stage.share]
    [stage] = chance.choices(sending, weights=[each.share for each in sending])
    at = STAGES.index(stage)
    visitors, watch = Visitors(crowd), Watch(STAGES[0].opens)
    before = Steady(crowd, crowd.house, watch, visitors, chance)
    after = Steady(crowd, replace(crowd.house, url=new), watch, visitors, chance)
    try:
        for each in STAGES[:at]:
            before.open(each)
            before.through(each)
        before.open(stage)
        first = chance.randint(0, round(messages * stage.share / 4))  # the backup itself takes a while
        further, resumes = chance.randint(0, FURTHER), _resumes(stage, chance)
        found = bring_back(before, after, crowd, stage, first=first, further=further, resumes=resumes)
        after.through(resumes)
        for each in STAGES[STAGES.index(resumes) + 1 :]:
            after.open(each)
            after.through(each)
        return found | judged(crowd, after)
    finally:
        before.close()
        after.close()
        visitors.close()


def _resumes(stage: Stage, chance: random.Random) -> Stage:
    """The stage in which the market is brought back: every second time at once, else after some hours.

    Not across a cut-off: such a wave would wait for a person to approve it.
    """
    at, closes = STAGES.index(stage), next(number for number, each in enumerate(STAGES) if each.name == "noon plans")
    later = STAGES[at + 1 : closes + 1] if at < closes else STAGES[at + 1 :]
    return chance.choice([stage, chance.choice(later)])


def bring_back(
    before: Steady, after: Steady, crowd: Crowd, stage: Stage, *, first: int, further: int, resumes: Stage
) -> dict[str, Any]:
    """In a stage a backup is taken once `first` messages are said, the daemon killed `further` ones after it, and the
    backup made the database of `after` when the stage `resumes` has come.

    What people confirm since the backup it cannot know: nobody waits for it, and they may confirm again.
    """
    visitors, began = before.visitors, before.said()
    copying: Copying | None = None
    copied: Taken | None = None
    told, tapped, upto = list[tuple[str, str]](), set[str](), 0

    def meanwhile(done: bool) -> bool:
        nonlocal copying, copied, told, tapped, upto
        if copying is None:
            if not visitors.pending and (done or before.said() - began >= first):
                told, tapped = list(visitors.told), set(visitors.tapped)
                copying = Copying(crowd.house, crowd.house.folder / "market.zip", before.watch)
        elif copied is None:
            copied, upto = copying.taken(began=True, ended=not done), before.said()
        elif done or before.said() - upto >= further:
            before.kill()
        return True

    before.through(stage, meanwhile)
    assert copied is not None
    assert copied.answer.code == 0, copied.answer
    forgotten = len(visitors.told) - len(told)
    visitors.pending.clear()
    visitors.told[:], visitors.tapped = told, tapped
    after.open(resumes)
    clock = after.watch.now().isoformat()
    house = replace(crowd.house, url=after.url)
    restored = house.process("db", "restore", copied.file, "--json", SONGSUK_CLOCK=clock)
    assert restored.code == 0, restored
    found = {"stage": stage.name, "resumes": resumes.name, "away": int(resumes is not stage), "forgotten": forgotten}
    return found | {"in_doubt": restored.json()["in_doubt"]}


def judged(crowd: Crowd, after: Steady) -> dict[str, Any]:
    """Both databases' rows, held against all that the services took."""
    with open_store(crowd.house.url) as store:
        old = {row.id: row for row in store.messages()}
    with open_store(after.url) as store:
        rows = {row.id: row for row in store.messages()}
        today = judge.of_today(store, after.watch.now())
        day = judge.of_day(crowd, store, after.visitors.told, after.visitors.tapped, after.ledger.heard())
    doubt = [row for row in rows.values() if (row.state, row.reason) == ("unknown", RESTORED)]
    unsettled = {row.id for row in doubt}
    settled = [row for row in today if row.id not in unsettled]
    gone = [row for row in old.values() if row.id not in rows]
    since = [row if row.state in SAID else _unsure(row) for row in [*gone, *(old[row.id] for row in doubt)]]
    twice = [
        rows for rows in _by_what([row for row in [*gone, *settled] if row.state in SAID]).values() if len(rows) > 1
    ]
    twice += [[old[row.id], row] for row in settled if _said_anew(old.get(row.id), row)]
    known = {row.id for row in settled if row.state in SAID} | unsettled
    unlisted = [row for row in old.values() if row.state in SAID and row.id in rows and row.id not in known]
    again = [judge._shown(rows[-1]) for rows in twice if rows[-1].kind != CARD]
    return judge.of_messages([*since, *settled], crowd.line, crowd.telegram) | {
        "day": day,
        "doubt": {"listed": len(doubt), "said": sum(old[row.id].state in SAID for row in doubt)},
        "since": sum(row.state in SAID for row in since),
        "again": len(again),
        "which": again,
        "cards": len(twice) - len(again),
        "unlisted": len(unlisted),
        "ended": after.ended,
    }


def _unsure(row: Message) -> Message:
    """A message that may have been said as the daemon died, and that nobody says any more: once at most."""
    return replace(row, klass="informative", state="unknown" if row.channel == "telegram" else "superseded")


def _by_what(rows: Sequence[Message]) -> Mapping[Any, list[Message]]:
    """By what each tells and whom, which is another row with another id where it was written anew."""
    found: defaultdict[Any, list[Message]] = defaultdict(list)
    for row in rows:
        found[row.event, row.role, row.member_ref, row.revision].append(row)
    return found


def _said_anew(before: Message | None, row: Message) -> bool:
    """Whether both databases know one message as said, each by another number."""
    if before is None or before.state not in SAID or row.state not in SAID:
        return False
    return before.attempts[-1].provider_id != row.attempts[-1].provider_id


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


def promises(found: Mapping[str, Any]) -> list[str]:
    broken = judge.broken(found)
    return broken + [f"{name} {found[name]}" for name in ("again", "unlisted", "ended") if found.get(name)]


def _promises_live(live: Mapping[str, Any]) -> list[str]:
    broken = list(live.get("broken", ()))
    return broken + [f"{name} {live[name]}" for name in ("ill", "ended") if live.get(name)]
