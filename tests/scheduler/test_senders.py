"""Two processes over one database: one has an account, sends, fetches and answers over it; the other stands by."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import House
from samples import SECRETS, config_text, telegram_id
from sqlalchemy import text
from telegram_server import TelegramServer
from threads import beside

from scheduler import app as application
from scheduler.loops import Loops
from scheduler.outbox import lease_of
from scheduler.senders import Senders

SOMEONE = telegram_id(1)


class Process:
    """What a daemon does over its accounts, without clock and web."""

    def __init__(self, house: House) -> None:
        self.app = application.build(config_path=house.config, environ=house.settings())
        self._senders = Senders(self.app, Loops(pause=0.05), lambda name, queue, keys: None)
        self.leads = self._senders.leads
        self._senders.start()

    async def end(self) -> None:
        """In order: what is under way ends, and the next process may go on at once."""
        await asyncio.wait(self._senders.stop())
        await self._senders.release()
        await self.app.close()

    async def die(self) -> None:
        """At once, with all that it has in hand."""
        tasks = self._senders.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.app.close_channels()  # threads may be in the store still: whoever ends the loop closes that


async def until(happened: Callable[[], Any]) -> None:
    while not happened():  # noqa: ASYNC110 - what is waited for happens elsewhere
        await asyncio.sleep(0.01)


@pytest.fixture
def house(tmp_path: Path, sqlite_url: str) -> Any:
    with beside(TelegramServer()) as telegram:
        house = House(folder=tmp_path, url=sqlite_url, environ=dict(SECRETS))
        chats = f"telegram: {{api_base: '{telegram.base}', updates: polling}}"
        house.config.write_text(config_text(chats), encoding="utf-8")
        yield house, telegram


def test_who_sends_over_an_account_fetches_and_answers_there(house: Any, make: Any) -> None:
    """The other does nothing of it, until the first is gone, in order or by a crash: then all of it, nothing twice."""
    at_home, telegram = house
    said, dead = 0, list[Process]()

    def leases(process: Process) -> list[str]:
        with process.app.store._engine.connect() as connection:
            return list(connection.execute(text("SELECT name FROM lease ORDER BY name")).scalars())

    async def talk(here: Process, there: Process | None) -> None:
        """Something is written there and something is to be said: both are done once, by who has the account."""
        nonlocal said
        await until(lambda: here.leads("telegram"))
        assert there is None or not there.leads("telegram")
        telegram.updates = [*telegram.updates, telegram.update(SOMEONE, text="สวัสดี")]
        now = dt.datetime.now(dt.UTC)
        due = {"send_at": now, "expires_at": now + dt.timedelta(hours=1)}
        told = make.message(said, channel="telegram", address=telegram_id(100 + said), plan_id=None, **due)
        here.app.store.add_messages([told], actor="test", at=now)
        said += 2
        await until(lambda: len(telegram.log) >= said)
        await until(lambda: {each.state for each in here.app.store.messages()} == {"accepted"})
        assert len(telegram.log) == said

    async def work() -> None:
        first = Process(at_home)
        await until(lambda: first.leads("telegram"))
        second = Process(at_home)
        await talk(first, second)
        assert leases(first) == [lease_of("telegram")], "one for each account, and no other"
        await first.die()
        dead.append(first)
        with second.app.store._engine.begin() as connection:  # its lease has run out
            connection.execute(text("UPDATE lease SET until = '2026-01-01 00:00:00.000000'"))
        await talk(second, None)
        third = Process(at_home)
        await talk(second, third)
        await second.end()
        await talk(third, None)
        await third.end()

    asyncio.run(asyncio.wait_for(work(), 90))
    for process in dead:
        asyncio.run(process.app.close())
    assert telegram.conflicts == 0
    assert telegram.bad_requests == []
    assert [log.chat_id for log in telegram.log].count(SOMEONE) == 4
