"""What is heard and asks for no answer: what a service tells by itself, a chat that somebody else has."""

from __future__ import annotations

import json
from typing import Any

import pytest
from samples import line_id

from storage.records import Role

TELEGRAM = {"X-Telegram-Bot-Api-Secret-Token": "telegram-secret"}


@pytest.fixture
def rider(talk: Any, somebody: str, someone: str) -> str:
    """A rider with both chats, and a coordinator who has one; the rider's name in the lists."""
    route = talk.messages(kinds={"route"})[0]
    talk.gives(Role.COORDINATOR, talk.app.store.members(Role.COORDINATOR)[0].ref, "line", line_id(99))
    talk.gives(Role.RIDER, route.member_ref, "line", somebody)
    return str(route.member_ref)


def heard_of(talk: Any) -> list[str]:
    """What the coordinator has got so far."""
    return [json.dumps(each.messages, ensure_ascii=False) for each in talk.line.log if each.to == line_id(99)]


def test_a_chat_that_somebody_else_has_is_not_answered(talk: Any, somebody: str, rider: str) -> None:
    """Nor is anything passed on from there; but a call for help is heard, and who goes away is not written to."""
    for text in ("งานของฉัน", "ฝนตกหนักมาก"):
        event = talk.line.event(somebody, text=text, mode="standby")
        talk.line_tells(event)
        assert talk.outcome("line", event["webhookEventId"]) == "standby"
    assert (heard_of(talk), talk.line.log) == ([], [])
    assert talk.line_says(somebody, text="รถล้ม", mode="standby") == []
    assert ["รถล้ม" in each for each in heard_of(talk)] == [True]
    talk.line_tells(talk.line.event(somebody, type="unfollow", mode="standby"))
    assert talk.chats(Role.RIDER, rider) == {("line", "blocked")}
    assert talk.line_says(somebody, text="งานของฉัน")


def test_what_nobody_has_said_is_not_answered(talk: Any, somebody: str, someone: str, rider: str) -> None:
    """A beacon, an accepted invitation, a pinned card, a word mended afterwards: kept, and nothing comes of it."""
    for told in ({"type": "beacon", "beacon": {"hwid": "1", "type": "enter"}}, {"type": "membership"}):
        assert talk.line_says(somebody, **told) == []
    talk.gives(Role.RIDER, rider, "telegram", someone)
    assert talk.telegram_says(someone, pinned_message={"message_id": 1, "date": 1}) == []
    changed = talk.telegram.update(someone, text="ฝนตก")
    changed["edited_message"] = changed.pop("message")
    talk._told("telegram", TELEGRAM, json.dumps(changed).encode())
    assert talk.telegram.log == []
    assert talk.outcome("telegram", str(changed["update_id"])) == "service"
