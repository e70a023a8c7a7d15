"""A day through which the daemon is killed, again and again: at its named points and at any moment.

A moment is drawn by what has been done, not by the wall: drawn over time, nearly all would fall into the start. A
rehearsal of a smaller day says which points a stage passes. Most of what plans is passed once a day, so a life dies at
whichever it comes by first of all those that nobody died at yet, and while there are any in its stage every life is to
die so. The next one begins at once.
"""

from __future__ import annotations

import datetime as dt
import random
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crowd import Crowd, opened
from daylong import STAGES, Ledger, Stage, Visitors, Waiting, over
from lives import Life, Watch

SENDING = 0.8
"""How much of all deaths is to come while it sends."""
ELSEWHERE = {"orders": 0.35, "plans": 0.35, "noon plans": 0.2, "end": 0.1}
OVER_LINE = 0.4
REQUEST = ("outbox.before_begin", "outbox.before_call", "outbox.after_call")
LOOK, GLANCE = 0.2, 0.01
LONGEST = 300.0
REHEARSED = 80


@dataclass(slots=True, kw_only=True)
class Fate:
    """How a life is to end: at the first of these points' passes, or so many messages (calls, or seconds) into its
    work. One that does not come by any until then ends then, else it would do all that others were to do."""

    points: Mapping[str, int] = field(default_factory=dict)
    count: int = 1
    channel: str | None = None
    after: float = 0.0


@dataclass(slots=True, kw_only=True)
class Death:
    """One that came about; `next_after`: seconds until the next life's first message, where some were due."""

    stage: str
    way: str
    sending: bool
    at: float
    due: bool
    next_after: float | None = None


Points = Mapping[str, Mapping[str, int]]
"""By stage, how often each point is passed in it."""


class Killer:
    """Brings one day to its end through so many deaths; without `kills` just brings it there.

    A life dies at `further` points too that nobody died at yet, if it comes by one, though no rehearsal did.
    """

    def __init__(
        self,
        crowd: Crowd,
        points: Points,
        kills: int,
        chance: random.Random,
        *,
        further: Collection[str] = (),
        tell: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._crowd, self._points, self._chance = crowd, points, chance
        self.passes = crowd.house.folder / "passes"
        """The points that all lives passed, a line each."""
        self._kills, self._owed, self._tell = kills, 0, tell
        self.ledger, self.visitors = Ledger(crowd.house.url), Visitors(crowd)
        self._watch = Watch(STAGES[0].opens)
        self.deaths: list[Death] = []
        self.stops: list[tuple[int, float]] = []
        """Exit code and seconds of each end that was asked for."""
        self._all = {*further, *(point for found in points.values() for point in found)}
        self._turns = {stage.name: deque(_shuffled(points.get(stage.name, {}), chance)) for stage in STAGES}
        self._log = (crowd.line, crowd.telegram)

    def close(self) -> None:
        self.ledger.close()
        self.visitors.close()

    def now(self) -> dt.datetime:
        """By the day's clock."""
        return self._watch.now()

    def day(self, stages: Sequence[Stage] = STAGES) -> None:
        for stage in stages:
            self._watch.put(stage.opens)
            if stage.posts:
                self.visitors.order_everything()
            began = time.monotonic()
            self._through(stage)
            self._tell(f"{stage.name}: {len(self.deaths)} deaths so far, {time.monotonic() - began:.0f} s")

    def _through(self, stage: Stage) -> None:
        share = stage.share * SENDING if stage.share else ELSEWHERE.get(stage.name, 0.0) * (1 - SENDING)
        left = round(self._kills * share) + self._owed
        if self._kills:
            left = max(left, len(self._spared(stage)))
        over_line = round(left * OVER_LINE)
        while True:
            waiting = self.ledger.waiting(self._watch.now()) or Waiting(line=0, telegram=0, put_off=None)
            fate = self._fate(stage, waiting, left, over_line) if left > 0 else None
            before, died = len(self.deaths), self._live(stage, fate)
            if len(self.deaths) > before:
                left -= 1
                over_line -= fate is not None and fate.channel == "line"
            if died is None:
                self._owed = left
                return

    # --- how it ends --------------------------------------------------------------------------------------------------

    def _spared(self, stage: Stage) -> list[str]:
        """The points of this stage that nobody died at."""
        died_at = {death.way for death in self.deaths}
        return [point for point in self._turns[stage.name] if point not in died_at]

    def _fate(self, stage: Stage, waiting: Waiting, left: int, over_line: int) -> Fate:
        chance, spared = self._chance, bool(self._spared(stage))
        untried = dict.fromkeys(sorted(self._all - {death.way for death in self.deaths}), 1)
        if spared and not stage.share:
            after = chance.uniform(0, 0.4) if stage.posts else chance.uniform(5, 12)
            return Fate(points=untried, count=chance.randint(2, 5), after=after)
        at_point = spared or (len(self.deaths) % 2 == 0 and bool(self._turns[stage.name]))
        channel = "line" if waiting.line and over_line > 0 else "telegram"
        there = waiting.line if channel == "line" else waiting.telegram
        most = max(1, round(1.8 * there / max(1, over_line if channel == "line" else left - max(0, over_line))))
        messages = chance.randint(1, most)
        if not at_point:
            if stage.share:
                return Fate(count=messages, channel=channel, after=chance.uniform(0, 0.05))
            return Fate(count=chance.randint(1, 4), after=chance.uniform(0, 0.4 if stage.posts else 3.0))
        turns = self._turns[stage.name]
        point = turns[0]
        turns.rotate(-1)
        passes = self._points[stage.name][point]
        if stage.share:
            passes = messages if point in REQUEST else round(passes * messages / REHEARSED)
        passes = chance.randint(1, max(1, min(passes, 20)))
        return Fate(points=untried | {point: passes}, count=2 * messages + 2, channel=channel)

    # --- one life -----------------------------------------------------------------------------------------------------

    def _live(self, stage: Stage, fate: Fate | None) -> bool | None:
        """True: it died; False: it was asked to end, since it only waited; None: the stage is over."""
        points = (
            ", ".join(f"{point}=kill@{passes}" for point, passes in fate.points.items()) if fate is not None else ""
        )
        life = Life(self._crowd.house, self._watch, points=points, passes=self.passes)
        had = {server: len(server.took) for server in self._log}
        asked, glanced, waiting, calls, moment = 0.0, 0.0, None, 0, None
        base = None
        try:
            while True:
                time.sleep(GLANCE)
                if life.code is not None:
                    if points and life.code == -9:
                        self._died(stage, fate, life.kill(), waiting)
                        return True
                    raise AssertionError(f"the daemon ended by itself with {life.code}:\n{life.said()[-3000:]}")
                assert time.monotonic() - life.began < LONGEST, f"{stage.name} does not come to its end: {waiting}"
                self._note_first(life)
                base = base or life.address()
                if base is not None and (stage.posts or time.monotonic() - asked > LOOK):
                    asked = time.monotonic()
                    self._tap(stage)
                    if fate is not None and stage.posts and calls + 1 >= fate.count:
                        self._died(stage, None, self._killed_in_a_call(life, base, fate.after), waiting)
                        return True
                    calls += self.visitors.knock(base)
                if time.monotonic() - glanced > LOOK:
                    glanced = time.monotonic()
                    waiting = self.ledger.waiting(self._watch.now())
                    if base is not None and over(stage, self.ledger, self.visitors, self._watch.now()):
                        return None if self._ends(life, stage, fate, waiting) else True
                    listens = base is not None  # before, it could not be asked to end
                    if listens and waiting is not None and (moment_of_next := self._put_off(waiting)) is not None:
                        ended = self._ends(life, stage, fate, waiting)
                        self._watch.put(moment_of_next)
                        return not ended
                if fate is not None and (stage.share or (not stage.posts and base is not None)):
                    if moment is None and self._so_far(stage, fate, had):
                        moment = time.monotonic() + fate.after
                    if moment is not None and time.monotonic() >= moment:
                        self._died(stage, None, life.kill(), waiting)
                        return True
        finally:
            life.kill()

    def _ends(self, life: Life, stage: Stage, fate: Fate | None, waiting: Waiting | None) -> bool:
        """Asked to end, it does; False: on its way there it came by the point where it was to die."""
        at = time.monotonic()
        code, seconds = life.stop()
        if code == -9 and fate is not None and fate.points:
            self._died(stage, fate, at, waiting)
            return False
        self.stops.append((code, seconds))
        if code != 0:
            self._tell(f"{stage.name}: asked to end, it ended with {code}: {life.said()[-500:]}")
        return True

    def _killed_in_a_call(self, life: Life, base: str, after: float) -> float:
        """Calls go on while somebody else kills it so many seconds from now; when that was."""
        at: list[float] = []
        threading.Timer(after, lambda: at.append(life.kill())).start()
        while not at:
            self.visitors.knock(base)
        return at[0]

    def _put_off(self, waiting: Waiting) -> dt.datetime | None:
        """Where nothing is to be done for a while: when something is to be tried again."""
        if waiting.due or waiting.put_off is None or self.visitors.pending:
            return None
        return waiting.put_off if (waiting.put_off - self._watch.now()).total_seconds() > 3 else None

    def _so_far(self, stage: Stage, fate: Fate, had: Mapping[Any, int]) -> bool:
        if not stage.share:
            return True
        line, telegram = (len(server.took) - had[server] for server in self._log)
        return (line if fate.channel == "line" else telegram) >= fate.count

    def _tap(self, stage: Stage) -> None:
        """Now and then somebody confirms a list or a route that has come."""
        if stage.share and self._chance.random() < 0.5:
            for found in self.ledger.to_confirm(3):
                self.visitors.tap(*found)

    def _died(self, stage: Stage, fate: Fate | None, at: float, waiting: Waiting | None) -> None:
        way = self._last_passed(fate.points) if fate is not None else "any moment"
        due = waiting is not None and waiting.due > 0
        self.deaths.append(Death(stage=stage.name, way=way, sending=bool(stage.share), at=at, due=due))

    def _last_passed(self, points: Collection[str]) -> str:
        return next(point for point in reversed(self.passes.read_text(encoding="utf-8").split()) if point in points)

    def _note_first(self, life: Life) -> None:
        """The first message of this life, after the last death."""
        if not self.deaths or self.deaths[-1].next_after is not None or not self.deaths[-1].due:
            return
        death = self.deaths[-1]
        firsts = [took for server in self._log for took in server.took[-200:] if took > max(death.at, life.began) + 0.3]
        if firsts:
            death.next_after = min(firsts) - death.at


def _shuffled(points: Mapping[str, int], chance: random.Random) -> list[str]:
    found = sorted(points)
    chance.shuffle(found)
    return found


def rehearse(seed: int) -> Points:
    """By stage, the points that a small day passes, the life after a death among them."""
    with tempfile.TemporaryDirectory(prefix="songsuk-faults-") as name:
        folder = Path(name)
        with opened(folder, f"sqlite:///{folder / 'songsuk.db'}", REHEARSED, seed) as crowd:
            killer = Killer(crowd, {}, 0, random.Random(seed))
            found: dict[str, Counter[str]] = {}
            try:
                for stage in STAGES:
                    killer._watch.put(stage.opens)
                    if stage.posts:
                        killer.visitors.order_everything()
                    killer.passes.write_text("", encoding="utf-8")
                    if stage.share:
                        killer._live(stage, Fate(points={"outbox.after_call": 2}, count=REHEARSED))
                    killer._through(stage)
                    found[stage.name] = Counter(killer.passes.read_text(encoding="utf-8").split())
            finally:
                killer.close()
    return found
