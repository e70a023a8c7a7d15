"""Time that jumps: an event loop that never waits, and what the threads and clocks of a process are on it.

Whoever sleeps is woken at once, and meanwhile so much time has passed. Work for threads is done in the loop itself, one
piece after the other, after as much time as the process's database takes. So a day is as long as its work, and the same
work comes in the same order every time. Knows processes by `WHO` alone; nothing of what they do.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import os
import random
import selectors
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

LEAST = 1e-6
"""Seconds that every wait takes at least: a market's moments are as fine as this."""


class Died(BaseException):
    """The process was killed here: nothing of it goes on, whatever it catches."""


class Alone(RuntimeError):
    """Everybody waits for somebody else, for ever."""


class Process(Protocol):
    """What the loop asks of the process that has work for a thread."""

    alive: bool

    def pauses(self) -> tuple[float, float]:
        """Seconds until the work begins, and from its end until the process hears of it."""
        ...

    def die(self) -> None:
        """As by signal 9."""
        ...


WHO: ContextVar[Process | None] = ContextVar("WHO", default=None)
"""The process whose code is running; None: the world's own."""


class _Jumping(selectors.SelectSelector):
    """Waits for nothing, and notes how long it would have."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise Alone("nobody will ever wake")
        if timeout > 0:
            self.passed += max(timeout, LEAST)
        return []


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose time is its own."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)
        self.set_exception_handler(lambda loop, context: None)  # the dead leave much unanswered

    def time(self) -> float:
        return self._jumping.passed

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]
        """`func` is done whole, at one moment; the dead get neither work done nor an answer."""
        process, answer = WHO.get(), self.create_future()
        before, after = process.pauses() if process is not None else (0.0, 0.0)

        def tell(heard: Callable[[], None]) -> None:
            if not answer.done():
                heard()

        def work() -> None:
            if process is not None and not process.alive:
                answer.cancel()
                return
            try:
                result = func(*args)
            except BaseException as error:
                failure = error
                self.call_later(after, tell, lambda: answer.set_exception(failure))
            else:
                self.call_later(after, tell, lambda: answer.set_result(result))

        self.call_later(before, work)
        return answer


class Clock:
    """The market's and the machine's clock, which agree: `start`, and what has passed in the loop."""

    speed = 1.0

    def __init__(self, start: dt.datetime, loop: Loop) -> None:
        self._start, self._loop = start, loop

    def now(self) -> dt.datetime:
        return self._start + dt.timedelta(seconds=self._loop.time())

    def machine_now(self) -> dt.datetime:
        return self.now().astimezone(dt.UTC)

    def monotonic(self) -> float:
        return self._loop.time()

    async def until(self, moment: dt.datetime) -> None:
        await asyncio.sleep(max(0.0, (moment - self.now()).total_seconds()))


@contextlib.contextmanager
def drawn_from(seed: int) -> Iterator[None]:
    """Inside, what Python draws by chance (ids, the spread of retries) follows from `seed`."""
    bits, state, real = random.Random(f"ids {seed}"), random.getstate(), os.urandom
    random.seed(seed)
    os.urandom = bits.randbytes
    try:
        yield
    finally:
        os.urandom = real
        random.setstate(state)
