"""Where is my order: asked in any words, answered at once, free of charge, to whom it concerns alone."""

from __future__ import annotations

from typing import Any

import pytest

from storage.records import Role


def test_a_buyer_hears_the_current_window_for_nothing(talk: Any, somebody: str, someone: str) -> None:
    """The promised window comes by the reply token: nothing is counted, and the ledger has it with LINE's number."""
    order = next(order for order in talk.orders(states={"dispatched"}))
    talk.gives(Role.BUYER, order.buyer_ref, "line", somebody)
    (answer,) = talk.line_says(somebody, text="ของถึงไหนแล้วคะ")
    assert order.order_id in answer
    assert "คนส่งออกเดินทางแล้ว" in answer
    assert talk.line.used == 0
    (row,) = [message for message in talk.messages() if message.kind == "eta"]
    assert (row.via, row.state, row.member_ref) == ("reply", "accepted", order.buyer_ref)
    assert row.attempts[0].provider_id == talk.line.log[-1].message_ids[0]
    talk.gives(Role.BUYER, order.buyer_ref, "telegram", someone)
    (answer,) = talk.telegram_says(someone, data="say:ถึงไหนแล้ว")
    assert order.order_id in answer
    assert len(talk.telegram.answered) == 1
    (row,) = talk.messages(channel="telegram")
    assert (row.via, row.state) == ("push", "accepted")


def test_an_order_without_plan_says_its_wave(talk: Any, somebody: str) -> None:
    """What is not promised yet is told by its wave; the time comes later."""
    order = next(order for order in talk.orders(states={"received"}) if order.legs[0].wave and order.location)
    talk.gives(Role.BUYER, order.buyer_ref, "line", somebody)
    (answer,) = talk.line_says(somebody, text="where is my order?")
    assert order.order_id in answer
    assert "เวลาแน่นอนจะแจ้งก่อนส่ง" in answer


def test_a_reply_too_late_is_not_pushed(talk: Any, somebody: str) -> None:
    """Chatter whose token has gone, or that LINE delivers a second time, costs nothing and is not sent."""
    order = talk.orders()[0]
    talk.gives(Role.BUYER, order.buyer_ref, "line", somebody)
    again = talk.line.event(somebody, text="ถึงไหน") | {"deliveryContext": {"isRedelivery": True}}
    talk.line_tells(again)
    assert talk.line.log == []
    assert talk.outcome("line", again["webhookEventId"]) == "where"
    spent = talk.line.event(somebody, text="ถึงไหน")
    talk.line._tokens.clear()
    talk.line_tells(spent)
    (row,) = talk.messages(channel="line", states={"failed"})
    assert (row.reason, row.via) == ("reply_token", "reply")
    assert talk.line.used == 0


def test_a_group_is_left_alone(talk: Any) -> None:
    """Added to a group, the account says once that it writes to people; whatever is said there is not answered."""
    group = {"type": "group", "groupId": "C1", "userId": "U1"}
    talk.line_tells(talk.line.event("C1", type="join", source=group))
    assert "ไม่ส่งข้อความในกลุ่ม" in str(talk.line.log[-1].messages)
    talk.line_tells(talk.line.event("C1", text="ถึงไหน", source=group))
    assert len(talk.line.log) == 1


@pytest.mark.parametrize("words", ["อิอิ", "", "12345", "x" * 5000, "สวัสดีครับ", "/start", "ลืมรหัส"])
def test_a_stranger_hears_how_to_join(talk: Any, someone: str, somebody: str, words: str) -> None:
    """Whatever is not understood gets a short answer that says what is possible."""
    if words:
        assert "พิมพ์เบอร์โทรที่ใช้สั่งของ" in talk.line_says(somebody, text=words)[0]
        assert "พิมพ์เบอร์โทรที่ใช้สั่งของ" in talk.telegram_says(someone, text=words)[0]
    assert "พิมพ์เบอร์โทรที่ใช้สั่งของ" in talk.line_says(somebody, type="follow", follow={"isUnblocked": False})[0]


def test_events_of_one_call_are_answered_in_order(talk: Any, somebody: str) -> None:
    """Two words and something odd between them: two answers in order, and the odd one is kept."""
    talk.line_tells(
        talk.line.event(somebody, text="0800000009"),
        {"type": "message", "webhookEventId": "odd"},
        talk.line.event(somebody, text="SR-0"),
    )
    told = [str(each.messages) for each in talk.line.log]
    assert ["ขอเลขที่สั่งซื้อด้วย" in told[0], "ไม่ตรงกับเบอร์โทร" in told[1]] == [True, True]
    assert talk.outcome("line", "odd") == "unknown"
