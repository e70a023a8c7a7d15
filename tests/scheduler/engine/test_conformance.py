"""What every engine does with work that waits in rows; the rows are a test's own, the engines the shipped ones."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator, Mapping
from typing import Any

import pytest
from commands import until

from scheduler import engine as engines
from scheduler.engine import PLANNING, SENDING, Engine, EngineUnavailable, Work, begin, connect
from scheduler.loops import Loops

PATIENCE = 30.0

Opened = Callable[[], Engine]


@pytest.fixture(params=["local", pytest.param("procrastinate", marks=pytest.mark.postgres)])
def opened(request: pytest.FixtureRequest) -> Iterator[Opened]:
    """Opens an engine on one database, as often as asked: each is another process's."""
    url = request.getfixturevalue("empty_postgres_url") if request.param == "procrastinate" else ""
    engines: list[Engine] = []

    def open_one() -> Engine:
        engines.append(connect(request.param, url))
        return engines[-1]

    yield open_one
    for engine in engines:
        engine.close()


class Rows:
    """Rows that wait, and what was done with them. A key in `failing` fails that often; `gate` holds up those in it."""

    def __init__(self, name: str = "count", queue: str = PLANNING) -> None:
        self.name, self.queue = name, queue
        self.rows: set[str] = set()
        self.in_hand: set[str] = set()
        self.seen: Counter[str] = Counter()
        self.failing: Counter[str] = Counter()
        self.held: set[str] = set()
        self.begun, self.gate = asyncio.Event(), asyncio.Event()
        self._changed = asyncio.Condition()

    def waiting(self) -> Collection[str]:
        return sorted(self.rows - self.in_hand)

    async def do(self, key: str) -> None:
        self.seen[key] += 1
        if key in self.in_hand:
            return
        self.in_hand.add(key)
        self.begun.set()
        if key in self.held:
            await self.gate.wait()
        self.in_hand.discard(key)
        if self.failing[key]:
            self.failing[key] -= 1
            raise RuntimeError(f"{key} fails")
        self.rows.discard(key)
        async with self._changed:
            self._changed.notify_all()

    async def until_done(self, *keys: str) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: not self.rows & set(keys or self.rows))


@contextlib.asynccontextmanager
async def working(engine: Engine, *works: Work, at_once: int = 2) -> AsyncIterator[None]:
    """The engine does these works in here, and has ended what was under way when this is left."""
    stop = asyncio.Event()
    tasks = begin(engine, dict.fromkeys(works, at_once), Loops(), stop)
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def wake(engine: Engine, work: Work, *keys: str) -> None:
    await asyncio.to_thread(engine.wake, work.name, work.queue, keys)


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, PATIENCE))


def test_what_is_woken_is_done(opened: Opened) -> None:
    """Each row that somebody was woken for is looked at, and done."""

    async def test() -> None:
        engine, rows = opened(), Rows()
        rows.rows = {f"a{k}" for k in range(20)}
        async with working(engine, rows):
            await wake(engine, rows, *rows.waiting())
            await rows.until_done()
        assert set(rows.seen) == {f"a{k}" for k in range(20)}

    run(test())


def test_many_wakes_are_one_job(opened: Opened) -> None:
    """However often a row is woken while it waits for its turn, it is looked at once."""

    async def test() -> None:
        engine, rows = opened(), Rows()
        rows.held = rows.rows = {"slow"}
        async with working(engine, rows, at_once=1):
            await wake(engine, rows, "slow")
            await rows.begun.wait()
            for _ in range(5):
                await wake(engine, rows, *["again"] * 4, "last")
            rows.rows = {"slow", "last"}
            rows.gate.set()
            await rows.until_done("last")
        assert rows.seen["again"] == 1  # not so "slow": the sweep may have looked just before it was begun

    run(test())


def test_a_lost_wake_up_is_found(opened: Opened) -> None:
    """A row that nobody was woken for is found by the sweep."""

    async def test() -> None:
        engine, rows = opened(), Rows()
        async with working(engine, rows):
            rows.rows = {"forgotten"}
            await rows.until_done()
        assert rows.seen["forgotten"]

    run(test())


def test_a_failure_holds_up_no_other(opened: Opened) -> None:
    """Work that fails is tried again later, and what stands behind it is done meanwhile."""

    async def test() -> None:
        engine, rows = opened(), Rows()
        rows.rows, rows.failing = {"bad", "good"}, Counter(bad=1)
        async with working(engine, rows, at_once=1):
            await wake(engine, rows, "bad")
            await wake(engine, rows, "good")
            await rows.until_done("good")
            await rows.until_done("bad")
        assert rows.seen["bad"] == 2

    run(test())


def test_queues_do_not_wait_for_each_other(opened: Opened) -> None:
    """What takes long on one queue delays nothing on the other."""

    async def test() -> None:
        engine, plans, messages = opened(), Rows(), Rows("send", SENDING)
        plans.held, plans.rows, messages.rows = {"slow"}, {"slow"}, {"message"}
        async with working(engine, plans, messages, at_once=1):
            await wake(engine, plans, "slow")
            await plans.begun.wait()
            await wake(engine, messages, "message")
            await messages.until_done()
            assert plans.rows
            plans.gate.set()

    run(test())


def test_a_stop_ends_what_is_under_way(opened: Opened) -> None:
    """Asked to stop, an engine ends what it has begun and begins nothing more; the next one goes on with the rest."""

    async def test() -> None:
        first, rows = opened(), Rows()
        rows.held, rows.rows = {"slow"}, {"slow", "rest"}
        stop = asyncio.Event()
        running = asyncio.create_task(first.run({rows: 1}, stop))
        while not rows.begun.is_set():  # the local engine hears nothing before it runs
            await wake(first, rows, "slow")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(rows.begun.wait(), 0.2)
        await wake(first, rows, "rest")
        stop.set()
        await asyncio.sleep(0)
        assert not running.done()
        rows.gate.set()
        await running
        assert rows.rows == {"rest"}
        async with working(opened(), rows):
            await rows.until_done()

    run(test())


class Stumbling:
    """An engine whose server was away when it first ran."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._stumbles = engine, 1
        self.wake, self.close = engine.wake, engine.close

    async def run(self, works: Mapping[Work, int], stop: asyncio.Event) -> None:
        if self._stumbles:
            self._stumbles -= 1
            raise EngineUnavailable("away")
        await self._engine.run(works, stop)


def test_an_engine_that_goes_on_is_well_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An engine that stumbled and runs again is not said to fail for the rest of its life."""
    monkeypatch.setattr(engines, "SWEEP_SECONDS", 0.01)
    caplog.set_level("INFO")

    async def test() -> None:
        engine, rows, loops, stop = Stumbling(connect("local", "")), Rows(), Loops(pause=0), asyncio.Event()
        tasks = begin(engine, {rows: 1}, loops, stop)
        rows.rows = {"a"}
        await rows.until_done()
        await asyncio.to_thread(until, lambda: not loops.failing, "the engine to be well again")
        stop.set()
        await asyncio.gather(*tasks)

    run(test())
    told = [record.getMessage() for record in caplog.records if record.name == "scheduler.loops"]
    assert told == ["engine: it failed; trying again", "engine: well again"]


@pytest.mark.postgres
def test_two_processes_share_the_work(empty_postgres_url: str) -> None:
    """Over PostgreSQL who comes later takes its part of what waits, while the first is still busy."""

    async def test() -> None:
        engines, theirs = [connect("procrastinate", empty_postgres_url) for _ in range(2)], [Rows(), Rows()]
        for each in theirs:
            each.rows, each.in_hand, each.held, each.gate = (
                theirs[0].rows,
                theirs[0].in_hand,
                {"a", "b"},
                theirs[0].gate,
            )
        theirs[0].rows |= {"a", "b"}
        async with working(engines[0], theirs[0], at_once=1):
            await theirs[0].begun.wait()
            async with working(engines[1], theirs[1], at_once=1):
                await theirs[1].begun.wait()
                theirs[0].gate.set()
        for engine in engines:
            engine.close()
        assert not theirs[0].rows

    run(test())
