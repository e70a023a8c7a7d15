"""What time it is: the setting that says so, clocks that step or run fast, and the ticks that a day hangs on."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.clock import ClockError, ShiftedClock, SteppedClock, SystemClock, Ticker, clock_from

START = dt.datetime(2026, 11, 24, 9, 59, 50, tzinfo=dt.timezone(dt.timedelta(hours=7)))
MINUTE = dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("setting", "speed"),
    [
        ("2026-11-24T09:59:50+07:00", 1.0),
        (" 2026-11-24T09:59:50+07:00 ", 1.0),
        ("2026-11-24T02:59:50Z;x60", 60.0),
        ("2026-11-24T09:59:50+07:00; x0.5", 0.5),
    ],
)
def test_the_setting_names_a_start_and_a_speed(setting: str, speed: float) -> None:
    """An instant with its offset, and how fast it runs, once unless said."""
    clock = clock_from(setting)
    assert isinstance(clock, ShiftedClock)
    assert (clock.start, clock.speed) == (START, speed)
    assert START <= clock.now() < START + dt.timedelta(hours=1)


@pytest.mark.parametrize("setting", [None, ""])
def test_no_setting_is_the_machines_clock(setting: str | None) -> None:
    """Unset or empty, nothing is replaced."""
    assert isinstance(clock_from(setting), SystemClock)
    assert clock_from(setting).now().utcoffset() == dt.timedelta()


@pytest.mark.parametrize(
    "setting",
    [
        "now",
        "2026-11-24T09:59:50",
        "2026-11-24",
        "2026-13-24T09:59:50+07:00",
        "2026-11-24T09:59:50+07:00;60",
        "2026-11-24T09:59:50+07:00;x",
        "2026-11-24T09:59:50+07:00;x0",
        "2026-11-24T09:59:50+07:00;x-60",
        "2026-11-24T09:59:50+07:00;xinf",
        "2026-11-24T09:59:50+07:00;x60;x60",
        "2026-11-24T09:59:50+07:00;x" + "9" * 400,
        "9999-12-31T23:59:59+00:00;x60",
        ";x60",
        ";",
    ],
)
def test_what_is_no_moment_is_refused(setting: str) -> None:
    """Without an offset, a start, or a speed that means anything, nothing is guessed."""
    with pytest.raises(ClockError):
        clock_from(setting)


@given(st.text(max_size=40))
def test_any_text_is_a_clock_or_refused(setting: str) -> None:
    """Whatever stands in the environment, the answer is a clock or the one error."""
    try:
        clock = clock_from(setting)
    except ClockError:
        return
    assert clock.now().tzinfo is not None


def test_a_fast_clock_runs_on_at_its_speed() -> None:
    """An hour passes while the machine's clock goes on for a fraction of a second."""
    clock = ShiftedClock(START, speed=1e6)
    asyncio.run(asyncio.wait_for(clock.until(START + 60 * MINUTE), timeout=30))
    assert clock.now() >= START + 60 * MINUTE


def test_a_stepped_clock_stands_and_never_goes_back() -> None:
    """It moves when it is set, forwards only, and waiting for a moment is being there."""
    clock = SteppedClock(START)
    assert clock.now() == START
    clock.set(START + MINUTE)
    clock.set(START)
    assert clock.now() == START + MINUTE
    asyncio.run(clock.until(START + 5 * MINUTE))
    assert clock.now() == START + 5 * MINUTE


def ticks(
    tick: Callable[[int], Awaitable[dt.datetime | None]],
    *,
    times: int,
    clock: ShiftedClock | None = None,
    at_least: dt.timedelta = dt.timedelta(days=1),
) -> int:
    """How often `tick` was called until it had been `times` times; it is given its number, from 1."""

    async def run() -> int:
        done, count = asyncio.Event(), 0

        async def counted() -> dt.datetime | None:
            nonlocal count
            count += 1
            if count == times:
                done.set()
            return await tick(count)

        ticker = Ticker(clock or ShiftedClock(START), counted, at_least=at_least)
        await ticker.start()
        await asyncio.wait_for(done.wait(), timeout=60)
        await ticker.stop()
        return count

    return asyncio.run(run())


def test_the_first_tick_comes_at_once_and_the_next_when_it_said() -> None:
    """Each tick names the next moment in the market's time, however fast that runs; none comes before it."""
    clock = ShiftedClock(START, speed=1e6)
    seen = []

    async def tick(number: int) -> dt.datetime:
        seen.append(clock.now())
        return clock.now() + dt.timedelta(hours=20)

    assert ticks(tick, times=3, clock=clock) == 3
    assert all(later - earlier >= dt.timedelta(hours=19) for earlier, later in pairwise(seen))


def test_a_moment_that_has_passed_is_ticked_at_once() -> None:
    """What became due while a tick ran is not waited for."""

    async def tick(number: int) -> dt.datetime:
        return START - MINUTE

    assert ticks(tick, times=3) >= 3


def test_without_a_next_moment_it_still_looks_again() -> None:
    """An order may come from another process: the day is looked at every so often in any case."""

    async def tick(number: int) -> None:
        return None

    assert ticks(tick, times=3, at_least=dt.timedelta(milliseconds=1)) >= 3


def test_a_tick_that_fails_is_followed_by_the_next() -> None:
    """One bad tick does not stop the clock."""

    async def tick(number: int) -> None:
        if number == 1:
            raise RuntimeError("a bad tick")

    assert ticks(tick, times=2, at_least=dt.timedelta(milliseconds=1)) >= 2


def test_a_machine_that_sets_its_clock_back_is_ticked_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tick comes when its seconds have passed, though the machine's clock now says that they are hours away."""

    ahead = [0]

    class Machine(dt.datetime):
        """Its clock is hours ahead as a tick ends, and right again as soon as the next one is arranged for."""

        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]
            return dt.datetime.now(tz) + dt.timedelta(hours=ahead[0])

    monkeypatch.setattr("scheduler.clock.dt", SimpleNamespace(**{**vars(dt), "datetime": Machine}))
    monkeypatch.setattr("scheduler.clock.LATE_SECONDS", 0.01)

    async def tick(number: int) -> None:
        ahead[0] = 7
        asyncio.get_running_loop().call_soon(ahead.__setitem__, 0, 0)

    assert ticks(tick, times=3, at_least=dt.timedelta(milliseconds=1)) >= 3


def test_ticks_do_not_overlap() -> None:
    """However fast moments come, one tick ends before the next begins."""
    inside = 0

    async def tick(number: int) -> dt.datetime:
        nonlocal inside
        inside += 1
        assert inside == 1
        for _ in range(5):
            await asyncio.sleep(0)
        inside -= 1
        return START - MINUTE

    assert ticks(tick, times=5) >= 5
    assert inside in {0, 1}


def test_a_stopped_clock_ticks_no_more() -> None:
    """Stopped during a tick, it arms no other."""

    async def run() -> int:
        count = 0

        async def tick() -> dt.datetime:
            nonlocal count
            count += 1
            await ticker.stop()
            stopped.set()
            return START - MINUTE

        stopped = asyncio.Event()
        ticker = Ticker(ShiftedClock(START), tick)
        await ticker.start()
        await asyncio.wait_for(stopped.wait(), timeout=60)
        for _ in range(20):
            await asyncio.sleep(0)
        return count

    assert asyncio.run(run()) == 1
