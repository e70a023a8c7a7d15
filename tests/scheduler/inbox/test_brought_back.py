"""What people wrote and a backup holds unread: it may have been answered before the market was brought back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from samples import line_id

from scheduler import app as application
from scheduler.clock import SteppedClock
from storage.heard import Told
from storage.records import Role

TELEGRAM = {"X-Telegram-Bot-Api-Secret-Token": "telegram-secret"}
Back = Callable[..., Any]


@pytest.fixture
def rider(talk: Any, somebody: str, someone: str) -> str:
    """A rider on Telegram whose route has come, and a coordinator on LINE; the rider's route."""
    route = talk.messages(kinds={"route"})[0]
    talk.gives(Role.COORDINATOR, talk.app.store.members(Role.COORDINATOR)[0].ref, "line", line_id(99))
    talk.gives(Role.RIDER, route.member_ref, "telegram", someone)
    return str(route.id)


@pytest.fixture
def brought_back(talk: Any) -> Iterator[Back]:
    """Takes a backup, lets the market go on, and brings it back in a new database a quarter of an hour later."""
    opened: list[Any] = []

    def bring_back(*words: str) -> Any:
        file, house = talk.house.folder / "market.zip", replace(talk.house, url=f"{talk.house.url}.back")
        talk.house.json("db", "backup", file)
        talk.settle()
        talk.later(minutes=15)
        house.json("db", "restore", file, *words, SONGSUK_CLOCK=talk.clock.now().isoformat())
        clock = SteppedClock(talk.clock.now())
        app = application.build(config_path=house.config, environ=house.settings(), clock=clock)
        opened.append(type(talk)(house, app, talk.line, talk.telegram))
        return opened[-1]

    yield bring_back
    for each in opened:
        each.close()


def tells(talk: Any, chat: str, **told: Any) -> str:
    """Telegram tells of it, and nobody has read it yet; its id."""
    body = json.dumps(talk.telegram.update(chat, **told)).encode()
    [event] = talk.app.channels()["telegram"].receive(TELEGRAM, body)
    assert talk.app.store.add_inbox("telegram", [Told(event_id=event.event_id, body=event.body)], at=talk.clock.now())
    return str(event.event_id)


def test_what_may_have_been_answered_takes_force_and_is_said_no_more(
    talk: Any, someone: str, rider: str, brought_back: Back
) -> None:
    """A tap and a call for help: the route is confirmed, nobody hears of either again, and the operator sees what of it
    may not have come. What is written afterwards is answered."""
    tap, call = tells(talk, someone, data=f"seen:{rider}"), tells(talk, someone, text="รถล้ม")
    back = brought_back()
    before = len(talk.telegram.log), len(talk.line.log)
    assert all(before)  # answered, and passed on to the coordinator
    back.settle()
    assert (len(talk.telegram.log), len(talk.line.log)) == before
    assert [back.outcome("telegram", each) for each in (tap, call)] == [
        talk.outcome("telegram", each) for each in (tap, call)
    ]
    doubt = [
        each for each in back.messages() if each.event.startswith((f"heard:telegram:{tap}", f"heard:telegram:{call}"))
    ]
    assert {(each.channel, each.state, each.reason) for each in doubt} >= {
        ("telegram", "unknown", "restored"),
        ("line", "unknown", "restored"),
    }
    assert [each.state for each in back.messages() if each.id == rider] == ["confirmed"]
    back.later(seconds=1)
    assert back.telegram_says(someone, text="งานของฉัน")


def test_what_was_to_wait_for_the_morning_waits(talk: Any, someone: str, rider: str, brought_back: Back) -> None:
    """What is written at night reaches the coordinators in the morning: brought back in between nobody has heard it."""
    talk.later(hours=12)
    words = tells(talk, someone, text="พรุ่งนี้มาสาย")
    back = brought_back()
    back.settle()
    [word] = [each for each in back.messages(kinds={"word"}) if each.event.startswith(f"heard:telegram:{words}:")]
    assert (word.channel, word.state, word.reason) == ("line", "held", None)
    [answer] = [each for each in back.messages(kinds={"receipt", "passed_on"}) if each.event.startswith("heard:")]
    assert (answer.channel, answer.state, answer.reason) == ("telegram", "unknown", "restored")


def test_what_is_brought_back_at_rest_is_answered(talk: Any, someone: str, rider: str, brought_back: Back) -> None:
    """In a move nothing ran since the backup: who wrote before it gets the answer."""
    tells(talk, someone, text="งานของฉัน")
    before = len(talk.telegram.log)
    back = brought_back("--at-rest")
    answered = len(talk.telegram.log)
    assert answered > before  # by the market that should have been at rest, so that the second answer is seen
    back.settle()
    assert len(talk.telegram.log) - answered == answered - before
