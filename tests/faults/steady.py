"""A market's day under one daemon a stage, which ends when it is asked to; what is done to it meanwhile others say.

Knows the stages and who visits; knows no fault.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable

from commands import House, until
from crowd import Crowd
from daylong import Ledger, Stage, Visitors, over
from lives import Life, Watch

LONGEST = 900.0
"""Seconds until a stage that does not come to its end counts as stuck."""
TAPS = 0.05
"""How often a look at a stage that sends is a confirmation, too."""


class Steady:
    """The day of `crowd` on the database of `house`, on the clock `watch`.

    `rests`: seconds for which nothing may be left to do until a stage is over; what its clock finds to say only when it
    looks around would else be useless by the next stage's hour.
    """

    def __init__(
        self,
        crowd: Crowd,
        house: House,
        watch: Watch,
        visitors: Visitors,
        chance: random.Random,
        *,
        rests: float = 0.0,
    ) -> None:
        self._crowd, self._house, self._chance = crowd, house, chance
        self.watch, self.visitors, self.ledger = watch, visitors, Ledger(house.url)
        self.url, self._rests = house.url, rests
        self.life: Life | None = None
        self.ended = 0
        """How often the daemon ended by itself."""

    def close(self) -> None:
        if self.life is not None:
            self.life.kill()
        self.ledger.close()

    def said(self) -> int:
        """How many messages the services have taken so far."""
        return len(self._crowd.line.took) + len(self._crowd.telegram.took)

    def open(self, stage: Stage) -> None:
        """The stage's hour has come, and what comes from outside with it."""
        self.watch.put(stage.opens)
        if stage.posts:
            self.visitors.order_everything()

    def through(self, stage: Stage, meanwhile: Callable[[bool], bool] = lambda done: False) -> bool:
        """Play a stage that is open to its end; False: `meanwhile` has killed the daemon.

        `meanwhile` is asked at each look, with whether all is done; True: it has more to do before the stage may end.
        """
        base = self._begin()
        deadline, worked = time.monotonic() + LONGEST, time.monotonic()
        while True:
            assert time.monotonic() < deadline, (stage.name, self.ledger.waiting(self.watch.now()), self._heard())
            if self.life is not None and self.life.code is not None:
                self.ended += 1
                sys.stderr.write(f"{stage.name}: the daemon ended with {self.life.code}:\n{self._heard()[-3000:]}\n")
                base = self._begin()
            if stage.share and self._chance.random() < TAPS:
                for found in self.ledger.to_confirm(1):
                    self.visitors.tap(*found)
            self.visitors.knock(base)
            done = over(stage, self.ledger, self.visitors, self.watch.now())  # asked last: what was tapped is answered
            worked = worked if done else time.monotonic()
            done = done and time.monotonic() - worked >= self._rests
            more = meanwhile(done)
            if self.life is None:
                return False
            if done and not more:
                self._stop()
                return True
            if not more and self._idle():
                self._stop()
                base = self._begin()
            time.sleep(0.02)

    def kill(self) -> None:
        """Signal 9 to the daemon and all its processes."""
        assert self.life is not None
        self.life.kill()
        self.life = None

    def _begin(self) -> str:
        self.life = Life(self._house, self.watch)
        base: str = until(self.life.address, "the daemon to listen")
        return base

    def _stop(self) -> None:
        assert self.life is not None
        self.life.stop()
        self.life = None

    def _heard(self) -> str:
        return self.life.said() if self.life is not None else ""

    def _idle(self) -> bool:
        """Where nothing is to be done for a while the clock is put to when something is tried again: True, it was."""
        waiting = self.ledger.waiting(self.watch.now())
        if waiting is None or waiting.due or waiting.put_off is None or self.visitors.pending:
            return False
        if (waiting.put_off - self.watch.now()).total_seconds() <= 10:
            return False
        self.watch.put(waiting.put_off)
        return True
