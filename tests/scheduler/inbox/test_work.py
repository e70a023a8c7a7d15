"""Those who work: their route or list once more, and what they read becomes confirmed; a buyer's place is taken."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from scheduler.notices.messages import content_from_json
from storage.records import Message, Role


@pytest.fixture
def route(talk: Any, somebody: str) -> Message:
    """A rider's route that LINE has accepted; the rider has the chat `somebody`."""
    route: Message = talk.messages(kinds={"route"})[0]
    assert route.state == "accepted"
    talk.gives(Role.RIDER, route.member_ref, "line", somebody)
    return route


def state(talk: Any, message: Message) -> str:
    (found,) = [each for each in talk.messages() if each.id == message.id]
    return str(found.state)


def test_the_button_confirms_its_message(talk: Any, somebody: str, someone: str, route: Message) -> None:
    """A tap on the rider's own message confirms it; somebody else's tap with the same data does not."""
    button = content_from_json(route.content).actions[0]
    assert (button.label, button.value) == ("รับทราบ", f"seen:{route.id}")
    talk.telegram_says(someone, data=button.value)
    assert state(talk, route) == "accepted"
    assert "รับทราบแล้ว" in talk.line_says(somebody, data=button.value)[0]
    assert state(talk, route) == "confirmed"
    assert "รับทราบแล้ว" in talk.line_says(somebody, data=button.value)[0]


@pytest.mark.parametrize("words", ["รับทราบครับ", "OK", "👍", "ได้ค่ะ", "ครับผม"])
def test_a_word_confirms_what_waits(talk: Any, somebody: str, route: Message, words: str) -> None:
    """A typed word does what the button does."""
    talk.line_says(somebody, text=words)
    assert state(talk, route) == "confirmed"


def test_an_answer_to_the_message_confirms_it(talk: Any, somebody: str, route: Message) -> None:
    """A quoted message was read, whatever is said about it."""
    number = route.attempts[-1].provider_id
    message = {"type": "text", "id": "1", "quoteToken": "q", "text": "เดี๋ยวไปครับ", "quotedMessageId": number}
    talk.line_says(somebody, type="message", message=message)
    assert state(talk, route) == "confirmed"


def test_a_rider_sees_the_route_once_more(talk: Any, somebody: str, route: Message) -> None:
    """The same words as before, free of charge."""
    (shown,) = talk.line_says(somebody, text="งานของฉัน")
    for line in content_from_json(route.content).lines[:5]:
        assert line.value in shown
    assert talk.line.used == 0
    talk.later(days=3)
    assert "ยังไม่มีงาน" in talk.line_says(somebody, text="งาน")[0]


@pytest.mark.parametrize("words", ["งานของฉัน", "รับทราบ"])
def test_what_is_in_doubt_is_confirmed_by_its_own_button_alone(
    talk: Any, somebody: str, route: Message, words: str
) -> None:
    """Words may mean anything: a route that may not have come is said once more, with the button that shows it did."""
    at_work(talk, route)
    with talk.app.store._engine.begin() as connection:
        connection.execute(text("UPDATE message SET state = 'unknown' WHERE id = :id"), {"id": route.id})
    (shown,) = talk.line_says(somebody, text=words)
    assert content_from_json(route.content).lines[0].value in shown
    assert state(talk, route) == "unknown"
    talk.line_says(somebody, data=f"seen:{route.id}")
    assert state(talk, route) == "confirmed"


def test_a_place_becomes_the_orders_place(talk: Any, somebody: str) -> None:
    """Asked once whether it is there, the order that waits for a pin gets it, and with it a wave."""
    lost = pinless(talk)
    talk.gives(Role.BUYER, lost.buyer_ref, "line", somebody)
    (answer,) = talk.line_says(somebody, text="ถึงไหน")
    assert "รอตำแหน่งบ้าน" in answer
    quick = talk.line.log[-1].messages[-1]["quickReply"]["items"]
    assert quick[0]["action"]["type"] == "location"
    place = {"type": "location", "id": "5", "title": "x", "address": "y", "latitude": 9.1462, "longitude": 99.3257}
    (asked,) = talk.line_says(somebody, type="message", message=place)
    assert lost.order_id in asked
    assert talk.orders(order_ids=[lost.order_id])[0].location is None
    talk.line_says(somebody, data="yes:pin")
    (found,) = talk.orders(order_ids=[lost.order_id])
    assert found.location == pytest.approx((99.3257, 9.1462))
    assert found.pin_source == "buyer"
    assert found.legs[0].reason != "needs_pin"


def test_where_a_rider_is_confirms_the_round(talk: Any, somebody: str, route: Message) -> None:
    """A rider who sends a place has read the round, and is thanked."""
    place = {"type": "location", "id": "5", "title": "x", "address": "y", "latitude": 9.1462, "longitude": 99.3257}
    (thanks,) = talk.line_says(somebody, type="message", message=place)
    assert "รับทราบแล้ว" in thanks
    assert state(talk, route) == "confirmed"


@pytest.mark.parametrize("answers", [False, True])
def test_the_daemon_notices_who_is_silent(talk: Any, somebody: str, route: Message, answers: bool) -> None:
    """Its next look is at the end of the rider's time; then the coordinators hear, unless the rider has answered."""
    told = replace(route, id=str(uuid.uuid4()), revision=9, channel="line", address=somebody, state="held", attempts=())
    told = replace(told, send_at=talk.clock.now(), payload=None, bundle=None)
    talk.app.store.add_messages([told], actor="test", at=talk.clock.now())
    with talk.app.store._engine.begin() as connection:  # the wave is still on the road
        connection.execute(text("UPDATE run SET state = 'dispatched', finished_at = NULL"))
    talk.settle()
    assert talk.app.tick() == talk.clock.now() + dt.timedelta(minutes=15)
    if answers:
        talk.line_says(somebody, text="รับทราบ")
    talk.later(minutes=15)
    talk.app.tick()
    said = talk.messages(kinds={"escalation"})
    assert len(said) == (0 if answers else len(talk.app.store.members(Role.COORDINATOR)))
    talk.app.tick()
    assert talk.messages(kinds={"escalation"}) == said


def test_a_place_told_in_words_reaches_a_coordinator(talk: Any, somebody: str, someone: str) -> None:
    """Who cannot send a place may say it."""
    lost = pinless(talk)
    talk.gives(Role.BUYER, lost.buyer_ref, "line", somebody)
    talk.gives(Role.COORDINATOR, talk.app.store.members(Role.COORDINATOR)[0].ref, "telegram", someone)
    assert "ผู้ประสานงาน" in talk.line_says(somebody, text="บ้านรั้วสีฟ้า หลังวัดใหม่")[0]
    (told,) = talk.telegram.log
    assert "บ้านรั้วสีฟ้า หลังวัดใหม่" in told.text
    assert lost.order_id in told.text


def at_work(talk: Any, message: Message, until: dt.timedelta = dt.timedelta(hours=2)) -> None:
    """The wave of this message is not over."""
    with talk.app.store._engine.begin() as connection:
        ends = {
            "ends": (talk.clock.now() + until).astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
            "id": message.id,
        }
        connection.execute(text("UPDATE message SET expires_at = :ends WHERE id = :id"), ends)


def test_words_of_who_works_reach_the_coordinators(talk: Any, somebody: str, someone: str, route: Message) -> None:
    """What no list understands from a rider on the round goes to a person, with name and phone number; what a list
    of ours knows is still answered by us."""
    at_work(talk, route)
    talk.gives(Role.COORDINATOR, talk.app.store.members(Role.COORDINATOR)[0].ref, "telegram", someone)
    rider = talk.member(Role.RIDER, route.member_ref)
    known = replace(rider, person=replace(rider.person, phone="0811111111"))
    talk.app.store.save_members([known], actor="test", at=talk.clock.now())

    def told() -> list[str]:
        return [each.text for each in talk.telegram.log if each.chat_id == someone]

    assert "ส่งข้อความนี้ให้ผู้ประสานงานแล้ว" in talk.line_says(somebody, text="ลูกค้าไม่รับสาย หาบ้านไม่เจอ")[0]
    (first,) = told()
    assert "ลูกค้าไม่รับสาย หาบ้านไม่เจอ" in first
    assert rider.person.name in first
    assert "0811111111" in first
    assert "รับทราบแล้ว" in talk.line_says(somebody, text="รับทราบ")[0]
    assert "เส้นทาง" in talk.line_says(somebody, text="งานของฉัน")[0]
    assert told() == [first]
    talk.later(minutes=5)
    assert "ส่งข้อความนี้" in talk.line_says(somebody, text="ไม่")[0], "a no to nothing that was asked"
    assert "ส่งข้อความนี้" not in talk.line_says(somebody, data="no:pin")[0]
    talk.later(minutes=5)
    lost = "ลูกค้าบอกว่าบ้านอยู่ไหนก็ไม่รู้ โทรไปก็ไม่รับสายเลยสักครั้ง"
    assert "ส่งข้อความนี้" in talk.line_says(somebody, text=lost)[0]
    assert len(told()) == 3


def test_what_nobody_can_read_is_answered_with_what_is_possible(talk: Any, somebody: str, route: Message) -> None:
    """Nothing is passed on where there is no coordinator: neither words nor a picture."""
    at_work(talk, route)
    coordinators = talk.app.store.members(Role.COORDINATOR)
    for each in coordinators:
        talk.app.store.erase_member((Role.COORDINATOR, each.ref), actor="test", at=talk.clock.now())
    talk.line_says(somebody, text="ฝนตกหนักมาก")
    picture = {"type": "image", "id": "1", "contentProvider": {"type": "line"}}
    assert "พิมพ์คำเหล่านี้ได้" in talk.line_says(somebody, type="message", message=picture)[0]
    assert talk.messages(kinds={"word"}) == []


def pinless(talk: Any) -> Any:
    """An order that waits for its place."""
    order = next(order for order in talk.orders(states={"received"}))
    lost = replace(order, order_id="X-1", location=None, pin_source=None, legs=(), address_text="ไม่ทราบ")
    talk.app.take_orders([lost], actor="test")
    (found,) = talk.orders(order_ids=["X-1"])
    return found
