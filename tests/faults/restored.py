"""A day that is brought back from a backup: the daemon killed, the rest played on another database, both held together.

Knows one such day, and what is promised of it; which moments are drawn, and how many days are played, others say.
"""

from __future__ import annotations

import contextlib
import random
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import judge
from copying import Copying, Taken, another
from crowd import Crowd, opened
from daylong import STAGES, Stage, Visitors
from lives import Watch
from steady import Steady

from scheduler.notices import CARD
from storage import open_store
from storage.records import RESTORED, Message

THINKS = 0.4
"""Seconds that LINE takes to answer here, so that sending takes as long as a backup."""
FURTHER = 60
"""Most messages that are said between the end of a backup and the daemon's death."""
LOOKS_AROUND = 3.0
"""Seconds in which a daemon's clock has looked around at least once."""
SAID = ("accepted", "confirmed")


@contextlib.contextmanager
def brought_back(url: str, messages: int, seed: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    """What became of one small day, on two databases beside that of `url`."""
    old, new = another(url), another(url)
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
    after = Steady(crowd, replace(crowd.house, url=new), watch, visitors, chance, rests=LOOKS_AROUND)
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
    doubted = [old[row.id] for row in doubt if row.id in old]  # what nobody had read by then was never written there
    since = [row if row.state in SAID else _unsure(row) for row in [*gone, *doubted]]
    twice = [
        rows for rows in _by_what([row for row in [*gone, *settled] if row.state in SAID]).values() if len(rows) > 1
    ]
    anew = [old[row.id] for row in settled if _said_anew(old.get(row.id), row)]
    twice += [[row] for row in anew]
    known = {row.id for row in rows.values() if row.state in SAID} | unsettled
    forgotten = [row for row in old.values() if row.state in SAID and row.id in rows and row.id not in known]
    cards = [row for row in [*forgotten, *anew] if row.kind == CARD]  # the market makes another, not knowing of it
    unlisted = [row for row in forgotten if row.kind != CARD]
    again = [judge._shown(rows[-1]) for rows in twice if rows[-1].kind != CARD]
    return judge.of_messages([*since, *cards, *settled], crowd.line, crowd.telegram) | {
        "day": day,
        "doubt": {"listed": len(doubt), "said": sum(row.state in SAID for row in doubted)},
        "since": sum(row.state in SAID for row in since),
        "again": len(again),
        "which": again,
        "cards": len(twice) - len(again) + sum(row.kind == CARD for row in forgotten),
        "unlisted": len(unlisted),
        "which_unlisted": [f"{judge._shown(row)}; now {judge._shown(rows[row.id])}" for row in unlisted],
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


def promises(found: Mapping[str, Any]) -> list[str]:
    broken = judge.broken(found)
    return broken + [f"{name} {found[name]}" for name in ("again", "unlisted", "ended") if found.get(name)]
