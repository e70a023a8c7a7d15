"""What time it is for Songsuk: the machine's, a chosen one, or one that a day is stepped through.

Knows no day. The one home of APScheduler: `ticking` calls the application at the moments it names; nothing else in the
house keeps time. ``SONGSUK_CLOCK`` replaces the clock in every command (a start, or ``start;x60`` for a speed).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import re
import sys
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler


log = logging.getLogger(__name__)


class ClockError(ValueError):
    """``SONGSUK_CLOCK`` is not a moment; `speed`: the moment is good, and what follows it is no speed."""

    def __init__(self, setting: str, *, speed: bool = False) -> None:
        super().__init__(setting)
        self.speed = speed


class Clock(Protocol):
    def now(self) -> dt.datetime:
        """The present, aware."""
        ...

    async def until(self, moment: dt.datetime) -> None:
        """Return when `moment` has come."""
        ...

    def machine_now(self) -> dt.datetime:
        """What the machine's own clock shows, whatever the market's shows: what leases are kept in."""
        ...

    def monotonic(self) -> float:
        """Seconds that passed, a suspended machine's sleep among them, and that nobody sets: what limits, waits and the
        end of our own leases are kept in."""
        ...


class Machine:
    """The machine's own time, which a clock of another speed or day does not replace."""

    def machine_now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def monotonic(self) -> float:
        if sys.platform == "linux":
            return time.clock_gettime(time.CLOCK_BOOTTIME)  # there the monotonic one leaves a sleep out
        return time.monotonic()


class SystemClock(Machine):
    """The machine's own time."""

    speed = 1.0

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    async def until(self, moment: dt.datetime) -> None:
        await asyncio.sleep(max(0.0, (moment - self.now()).total_seconds()))


class ShiftedClock(Machine):
    """A clock that began at `start` and runs `speed` times as fast as the machine's."""

    def __init__(self, start: dt.datetime, speed: float = 1.0) -> None:
        self.start, self.speed = start, speed
        self._began = time.monotonic()

    def now(self) -> dt.datetime:
        return self.start + dt.timedelta(seconds=(time.monotonic() - self._began) * self.speed)

    async def until(self, moment: dt.datetime) -> None:
        await asyncio.sleep(max(0.0, (moment - self.now()).total_seconds() / self.speed))


class SteppedClock(Machine):
    """A clock that stands until it is set, and never goes back: `songsuk day` and the demo walk a day with it."""

    speed = float("inf")

    def __init__(self, start: dt.datetime) -> None:
        self._now = start

    def now(self) -> dt.datetime:
        return self._now

    def set(self, moment: dt.datetime) -> None:
        self._now = max(self._now, moment)

    async def until(self, moment: dt.datetime) -> None:
        self.set(moment)


YEARS = range(2000, 3000)
FASTEST = 100_000.0
"""A day in less than a second; whoever wants it faster wants `songsuk day`."""
_SPEED = re.compile(r"x(\d+(?:\.\d+)?)")


def clock_from(setting: str | None) -> Clock:
    """The clock that ``SONGSUK_CLOCK`` names: ``2026-11-24T09:59:50+07:00`` or ``…;x60``; unset is the machine's."""
    if not setting:
        return SystemClock()
    moment, given, times = (part.strip() for part in setting.partition(";"))
    try:
        start = dt.datetime.fromisoformat(moment)
    except ValueError:
        raise ClockError(setting) from None
    if start.tzinfo is None or start.year not in YEARS:
        raise ClockError(setting)
    if not given:
        return ShiftedClock(start)
    match = _SPEED.fullmatch(times)
    if match is None or not 0 < float(match[1]) <= FASTEST:
        raise ClockError(times, speed=True)
    return ShiftedClock(start, float(match[1]))


LATE_SECONDS = 0.5
"""A job that has not been fired so long after its moment is fired by hand."""


class Ticker:
    """Calls `tick` now, and again at each moment it returns (the market's time), and at least every `at_least`.

    APScheduler fires the jobs, by the machine's clock; where that was set back meanwhile, seconds as they pass say that
    a job is late. A moment that came while `tick` was running is not lost: the next is asked for after it.
    """

    def __init__(
        self,
        clock: SystemClock | ShiftedClock,
        tick: Callable[[], Awaitable[dt.datetime | None]],
        *,
        at_least: dt.timedelta = dt.timedelta(seconds=30),
    ) -> None:
        self._clock, self._tick, self._at_least = clock, tick, at_least
        self._scheduler: AsyncIOScheduler | None = None
        self._late: asyncio.TimerHandle | None = None
        self._under_way = self._again = False

    async def start(self) -> None:
        from apscheduler.schedulers.asyncio import AsyncIOScheduler

        self._scheduler = AsyncIOScheduler(timezone=dt.UTC)
        self._scheduler.start()
        self._arm(dt.datetime.now(dt.UTC))

    def soon(self) -> None:
        """Call `tick` now; where it is under way, once more as soon as it has ended. From the event loop."""
        if self._under_way:
            self._again = True
        else:
            self._arm(dt.datetime.now(dt.UTC))

    def _arm(self, moment: dt.datetime) -> None:
        if self._scheduler is not None:
            if self._late is not None:
                self._late.cancel()
            ahead = max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds())
            self._late = asyncio.get_running_loop().call_later(ahead + LATE_SECONDS, self.soon)
            self._scheduler.add_job(
                self._fire,
                "date",
                run_date=moment,
                id="tick",
                replace_existing=True,
                misfire_grace_time=None,
                max_instances=2,  # a moment that is now fires while the tick that armed it is being put away
            )

    async def _fire(self) -> None:
        if self._under_way:
            self._again = True
            return
        following = None
        if self._late is not None:
            self._late.cancel()
        self._under_way, self._again = True, False
        try:
            following = await self._tick()
        except Exception:
            log.exception("a tick failed; the next one comes all the same")
        self._under_way = False
        real = dt.datetime.now(dt.UTC)
        latest = real if self._again else real + self._at_least
        if following is not None:
            ahead = max(0.0, (following - self._clock.now()).total_seconds()) / self._clock.speed
            latest = min(latest, real + dt.timedelta(seconds=ahead))
        self._arm(latest)

    async def stop(self) -> None:
        if self._late is not None:
            self._late.cancel()
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None
