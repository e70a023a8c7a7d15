"""A sender in one process, woken by another: over PostgreSQL, and by nothing where there is none."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path

import pytest
from samples import config_text

from scheduler.app import App, build
from scheduler.engine import begin, connect
from scheduler.loops import Loops
from scheduler.outbox import Draining, lease_of

CLUSTER = {"engine: {kind: local}": "engine: {kind: procrastinate}"}


def opened(folder: Path, url: str, edits: dict[str, str]) -> App:
    (folder / "config.yaml").write_text(config_text(edits=edits), encoding="utf-8")
    return build(config_path=folder / "config.yaml", environ={"SONGSUK_DATABASE_URL": url})


@pytest.mark.postgres
def test_the_process_that_sends_is_woken(tmp_path: Path, empty_postgres_url: str) -> None:
    """Who approves elsewhere wakes the holder of the channel's lease, and nobody else."""
    app = opened(tmp_path, empty_postgres_url, CLUSTER)

    async def test() -> None:
        stop, heard = asyncio.Event(), asyncio.Queue[str]()
        engines = [connect("procrastinate", empty_postgres_url) for _ in range(2)]
        sender = Draining("the sender", heard.put_nowait)
        other = Draining("another", lambda channel: heard.put_nowait("the wrong one"))
        tasks = begin(engines[0], {sender: 1}, Loops(), stop) + begin(engines[1], {other: 1}, Loops(), stop)
        await asyncio.to_thread(app.wake_senders)  # nobody sends yet, so nobody is woken
        now = dt.datetime.now(dt.UTC)
        app.store.acquire_lease(lease_of("console"), "the sender", now=now, seconds=60)
        await asyncio.to_thread(app.wake_senders)
        assert await asyncio.wait_for(heard.get(), 30) == "console"
        stop.set()
        await asyncio.gather(*tasks)
        assert heard.empty()
        for engine in engines:
            engine.close()

    asyncio.run(test())
    asyncio.run(app.close())


def test_one_machine_wakes_nobody(tmp_path: Path, sqlite_url: str) -> None:
    """Where one machine does all, approving opens no engine: the daemon beside it looks by itself."""
    app = opened(tmp_path, sqlite_url, {})
    now = dt.datetime.now(dt.UTC)
    app.store.acquire_lease(lease_of("console"), "the daemon", now=now, seconds=60)
    app.wake_senders()
    asyncio.run(app.close())
