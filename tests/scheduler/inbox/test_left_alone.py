"""What is heard and asks for no answer: what a service tells by itself, a chat that somebody else has."""

from __future__ import annotations

import json
from typing import Any

import pytest
from samples import line_id, telegram_id

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


def moves(talk: Any, chat: str) -> str:
    """What becomes of it when a place that is shared on the move is told by the telephone once more."""
    update = talk.telegram.update(chat, location={"latitude": 9.2, "longitude": 99.3, "live_period": 900})
    update["edited_message"] = update.pop("message")
    talk._told("telegram", TELEGRAM, json.dumps(update).encode())
    return str(talk.outcome("telegram", str(update["update_id"])))


def test_a_telephone_that_moves_confirms_no_round(talk: Any, someone: str, rider: str) -> None:
    """A round that comes while the place is shared has been read by nobody yet; a place that a hand sends tells it."""
    talk.gives(Role.RIDER, rider, "telegram", someone)
    assert moves(talk, someone) == "moved"
    told = [each for each in talk.messages(kinds={"route"}) if each.member_ref == rider]
    assert [each.state for each in told] == ["accepted"]
    assert "รับทราบแล้ว" in talk.telegram_says(someone, location={"latitude": 9.1, "longitude": 99.3})[0]
    assert [each.state for each in talk.messages(kinds={"route"}) if each.member_ref == rider] == ["confirmed"]


def test_a_house_does_not_move(talk: Any, rider: str) -> None:
    """A buyer who shares a place on the move for a house is asked once whether it is there, by the first of them."""
    buyer, order = telegram_id(4712), talk.orders(reasons={"needs_pin"})[0]
    talk.gives(Role.BUYER, order.buyer_ref, "telegram", buyer)
    here = {"latitude": 9.146, "longitude": 99.326, "live_period": 900}
    (asked,) = talk.telegram_says(buyer, location=here)
    assert "ใช่" in asked
    said = len(talk.telegram.log)
    assert moves(talk, buyer) == "moved"
    assert len(talk.telegram.log) == said
    assert talk.app.store.chat("telegram", buyer).data["location"] == [99.326, 9.146]
