"""Where no webhook can reach us, updates are fetched: each once, by whoever has the bot's account."""

from __future__ import annotations

import asyncio
import json
from contextlib import nullcontext
from typing import Any

from samples import telegram_id

from scheduler.inbox import Inbox, poll
from storage.heard import Told
from storage.records import Role

IDLE = 0.01


def ours(name: str, seconds: float) -> bool:
    """No other process has the account."""
    del name, seconds
    return True


def fetch(talk: Any, *, until: int, rounds: int = 1) -> list[str]:
    """Polls until so many updates lie in the inbox; the ids of those not yet worked off."""

    async def work() -> list[str]:
        app = talk.app
        channels = app.channels()
        for _ in range(rounds):
            inbox = Inbox(app.store, channels, app.clock, app.versions, lambda order_id, place: False)
            stop, heard = asyncio.Event(), asyncio.Event()
            polling = asyncio.create_task(poll(channels["telegram"], inbox, stop, heard.set, ours, wait=0))
            while len(app.store.heard()) < until:  # noqa: ASYNC110 - what is waited for is a row
                await asyncio.sleep(IDLE)
            stop.set()
            await polling
        await asyncio.gather(*(channel.close() for channel in channels.values()))  # of this loop: others follow
        return [each.event_id for each in app.store.heard()]

    return asyncio.run(asyncio.wait_for(work(), 30))


def test_updates_are_fetched_once_and_answered(talk: Any, someone: str) -> None:
    """What Telegram gives again after a restart is known, and what was fetched is answered like a webhook's.

    Here all three in the same words, so once."""
    talk.telegram.updates = [talk.telegram.update(someone, text=words) for words in ("สวัสดี", "ถึงไหน")]
    ids = [str(each["update_id"]) for each in talk.telegram.updates]
    assert fetch(talk, until=2) == ids
    talk.telegram.updates += [talk.telegram.update(someone, text="ช่วยด้วย")]
    assert fetch(talk, until=3, rounds=2)[:2] == ids
    talk.settle()
    assert [each.chat_id for each in talk.telegram.log] == [someone]


def test_who_stands_by_neither_fetches_nor_answers(talk: Any, someone: str) -> None:
    """While another process has the account, nothing is asked of Telegram, and what is stored is left to that one."""
    talk.telegram.updates = [talk.telegram.update(someone, text="สวัสดี")]

    async def work() -> None:
        app = talk.app
        channels = app.channels()
        asked = asyncio.Event()

        def theirs(name: str, seconds: float = 0.0) -> bool:
            asked.set()
            return False

        inbox = Inbox(app.store, channels, app.clock, app.versions, lambda order_id, place: False, leads=theirs)
        stop = asyncio.Event()
        polling = asyncio.create_task(poll(channels["telegram"], inbox, stop, lambda: None, theirs))
        await asked.wait()
        stop.set()
        await polling
        assert app.store.heard() == []
        await inbox.add("telegram", channels["telegram"].read(json.dumps(talk.telegram.updates[0]).encode()))
        assert await inbox.drain() == 0
        await asyncio.gather(*(channel.close() for channel in channels.values()))  # of this loop: others follow

    asyncio.run(asyncio.wait_for(work(), 30))
    assert len(talk.app.store.heard()) == 1
    talk.settle()
    assert [each.chat_id for each in talk.telegram.log] == [someone]


def test_taps_are_answered_at_the_account_s_own_pace(talk: Any) -> None:
    """Forty who tap at once are all heard, and a Telegram that takes thirty calls a second refuses none of them."""
    talk.telegram.enforce = True
    taps = [talk.telegram.update(telegram_id(100 + number), data="seen:x") for number in range(40)]
    told = [Told(event_id=str(each["update_id"]), body=json.dumps(each).encode()) for each in taps]
    talk.app.store.add_inbox("telegram", told, at=talk.clock.now())
    talk.settle()
    assert len(talk.telegram.answered) == len(set(talk.telegram.answered)) == 40
    assert len({each.chat_id for each in talk.telegram.log}) == 40
    assert talk.telegram.limited == 0


def test_words_take_no_turn_of_the_account(talk: Any, someone: str) -> None:
    """Nothing turns in a chat where something was typed: who writes much slows no message down."""
    taken = []

    def turn(name: str, verb: str) -> Any:
        taken.append(verb)
        return nullcontext(True)

    talk._inbox._turn = turn
    for told in ({"text": "สวัสดี"}, {"sticker": {"file_id": "s"}}, {"data": "seen:x"}):
        talk.telegram_says(someone, **told)
    assert taken == ["heard"]


def test_an_account_that_was_told_to_rest_answers_no_taps(talk: Any, someone: str) -> None:
    """What two chats were told to wait for holds for the whole account: for taps and menus too."""
    talk.telegram.retry_after = 600
    talk.telegram.faults.order("rate", 2)
    for number in (1, 2):
        assert talk.telegram_says(telegram_id(number), text="สวัสดี") == []
    calls = len(talk.telegram.calls)
    assert talk.telegram_says(someone, data="seen:x") == []
    assert talk.telegram.answered == []
    assert len(talk.telegram.calls) == calls
    talk.gives(Role.RIDER, talk.app.store.members(Role.RIDER)[0].ref, "telegram", someone)
    talk.show_menus()
    assert talk.telegram.commands_of == {}
