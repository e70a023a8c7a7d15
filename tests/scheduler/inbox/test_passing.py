"""What no list understands goes to a person: at once or gathered, in the writer's own words, and the writer is told."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest
from samples import line_id, telegram_id
from sqlalchemy import text

from scheduler.inbox.passing import MANY, MOST
from storage.records import ChatAddress, Message, Order, Role


@pytest.fixture
def boss(talk: Any, someone: str) -> str:
    """The chat of the one coordinator who has one."""
    talk.gives(Role.COORDINATOR, talk.app.store.members(Role.COORDINATOR)[0].ref, "telegram", someone)
    return someone


@pytest.fixture
def order(talk: Any, somebody: str) -> Order:
    """An order under way to a buyer who has the chat `somebody` and a phone number."""
    order: Order = next(order for order in talk.orders(states={"dispatched"}))
    has_phone(talk, Role.BUYER, order.buyer_ref, "0811111111")
    talk.gives(Role.BUYER, order.buyer_ref, "line", somebody)
    return order


@pytest.fixture
def route(talk: Any, somebody: str) -> Message:
    """The route of a rider who has the chat `somebody`."""
    route: Message = talk.messages(kinds={"route"})[0]
    has_phone(talk, Role.RIDER, route.member_ref, "0811111111")
    talk.gives(Role.RIDER, route.member_ref, "line", somebody)
    return route


TELEGRAM = {"X-Telegram-Bot-Api-Secret-Token": "telegram-secret"}


def has_phone(talk: Any, role: Role, ref: str, phone: str) -> None:
    member = talk.member(role, ref)
    known = replace(member, person=replace(member.person, phone=phone))
    talk.app.store.save_members([known], actor="test", at=talk.clock.now())


def at_work(talk: Any, message: Message) -> None:
    """The wave of this message is not over before midnight."""
    with talk.app.store._engine.begin() as connection:
        ends = (talk.clock.now() + dt.timedelta(hours=14)).astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        connection.execute(text("UPDATE message SET expires_at = :at WHERE id = :id"), {"at": ends, "id": message.id})


def read(talk: Any, boss: str) -> list[str]:
    """What the coordinator has got so far."""
    talk.settle()
    return [each.text for each in talk.telegram.log if each.chat_id == boss]


def test_a_buyers_words_reach_a_coordinator(talk: Any, somebody: str, boss: str, order: Order) -> None:
    """Whatever they are about: with name, phone number and the orders still to come; and the buyer hears that."""
    (answer,) = talk.line_says(somebody, text="ขอฝากของไว้ที่ร้านตรงข้ามนะคะ")
    assert "ส่งข้อความนี้ให้ผู้ประสานงานแล้ว" in answer
    (told,) = read(talk, boss)
    for words in ("ข้อความจากผู้ซื้อ", "ขอฝากของไว้ที่ร้านตรงข้าม", "0811111111", order.order_id, "โทรกลับ"):
        assert words in told
    assert talk.line.used == 0


def test_what_is_asked_among_other_words_is_answered_and_passed_on(
    talk: Any, somebody: str, boss: str, order: Order
) -> None:
    """The window comes at once; the rest of what was written is not lost with it."""
    words = "วันนี้ไม่อยู่บ้านค่ะ ฝากไว้กับป้าข้างบ้านได้เลย จะมาถึงกี่โมงคะ จะได้บอกป้าไว้"
    (answer,) = talk.line_says(somebody, text=words)
    assert order.order_id in answer
    assert "จะส่งข้อความของท่านให้ผู้ประสานงานด้วย" in answer
    (told,) = read(talk, boss)
    assert words in told


@pytest.mark.parametrize("words", ["ขอบคุณค่ะ", "ขอบคุณมากๆ นะคะ", "thank you", "🙏🙏", "😊"])
def test_a_thank_you_is_no_news(talk: Any, somebody: str, boss: str, order: Order, words: str) -> None:
    """Nobody is called to the phone for it, nor for a face."""
    (answer,) = talk.line_says(somebody, text=words)
    assert "ช่วยเหลือ" in answer or "พิมพ์คำเหล่านี้ได้" in answer
    assert read(talk, boss) == []


def test_further_words_are_gathered(talk: Any, somebody: str, boss: str, order: Order) -> None:
    """What is written within five minutes goes on as one message at their end, and the next after another five."""
    talk.line_says(somebody, text="ของไม่ครบ")
    talk.later(minutes=1)
    until = talk.clock.now() + dt.timedelta(minutes=4)
    (answer,) = talk.line_says(somebody, text="ขาดขนมชั้นหนึ่งถุง")
    assert f"จะส่งข้อความนี้ให้ผู้ประสานงานตอน {until:%H:%M} น." in answer
    talk.later(minutes=1)
    assert f"{until:%H:%M} น." in talk.line_says(somebody, text="กับไข่เค็มด้วย")[0]
    assert len(read(talk, boss)) == 1
    talk.later(minutes=3)
    first, second = read(talk, boss)
    assert "ของไม่ครบ" in first
    assert "ขาดขนมชั้นหนึ่งถุง" in second
    assert "กับไข่เค็มด้วย" in second
    talk.later(minutes=1)
    talk.line_says(somebody, text="เจอขนมแล้ว")
    assert len(read(talk, boss)) == 2
    talk.later(minutes=4)
    assert "เจอขนมแล้ว" in read(talk, boss)[2]
    assert "ไข่เค็ม" not in read(talk, boss)[2]
    talk.later(minutes=5)
    assert "ให้ผู้ประสานงานแล้ว" in talk.line_says(somebody, text="ไข่เค็มยังไม่เจอ")[0]
    assert {message.state for message in talk.messages(kinds={"word"}, channel="telegram")} == {
        "accepted",
        "superseded",
    }


def test_a_flood_reaches_the_coordinators_as_two_messages(talk: Any, somebody: str, boss: str, order: Order) -> None:
    """Who writes without end is told to phone; the words that were taken are whole."""
    for number in range(10):
        (answer,) = talk.line_says(somebody, text=f"{number:02}" + "ก" * 698)
    assert "ยังไม่ได้ส่งต่อ" in answer
    talk.later(minutes=5)
    first, second = read(talk, boss)
    assert first.count("ก" * 348) == 2
    assert second.count("ก" * 348) == 2 * (MOST // 701)


PHOTO = {"type": "image", "id": "1", "contentProvider": {"type": "line"}}
STICKER = {"type": "sticker", "id": "1", "packageId": "1", "stickerId": "2", "stickerResourceType": "STATIC"}


def sends(talk: Any, somebody: str, message: dict[str, Any]) -> str:
    """What somebody hears who sends this over LINE."""
    (answer,) = talk.line_says(somebody, type="message", message=message)
    return str(answer)


def test_that_pictures_were_sent_is_passed_on(talk: Any, somebody: str, boss: str, order: Order) -> None:
    """Not they themselves, as their sender hears; further ones are gathered with the words between them."""
    answer = sends(talk, somebody, PHOTO)
    assert "แจ้งผู้ประสานงานแล้ว" in answer
    assert "เปิดดูหรือฟังไม่ได้" in answer
    until = talk.clock.now() + dt.timedelta(minutes=5)
    talk.later(minutes=1)
    assert f"จะแจ้งผู้ประสานงานตอน {until:%H:%M} น." in sends(talk, somebody, PHOTO)
    assert f"{until:%H:%M} น." in talk.line_says(somebody, text="ถุงขาด")[0]
    sends(talk, somebody, PHOTO)
    sends(talk, somebody, {"type": "audio", "id": "2", "duration": 1000, "contentProvider": {"type": "line"}})
    assert "ยินดีช่วยเสมอ" in sends(talk, somebody, STICKER)
    talk.later(minutes=4)
    first, second = read(talk, boss)
    for words in ("ข้อความจากผู้ซื้อ", "ส่งรูปมา 1 รูป", "ส่งรูป เสียง และไฟล์ต่อให้ไม่ได้", order.order_id, "0811111111"):
        assert words in first
    for words in ("ถุงขาด", "ส่งรูปมา 2 รูป", "ส่งข้อความเสียงมา 1 ข้อความ", "ส่งสติกเกอร์มา 1 ตัว"):
        assert words in second


def test_what_is_written_under_a_picture_goes_along(talk: Any, someone: str, boss: str, order: Order) -> None:
    """Over Telegram too; a call for help is heard at once, wherever it stands."""
    buyer = telegram_id(4712)
    talk.gives(Role.BUYER, order.buyer_ref, "telegram", buyer)
    photo = [{"file_id": "x", "file_unique_id": "x", "width": 1, "height": 1}]
    assert "แจ้งผู้ประสานงานแล้ว" in talk.telegram_says(buyer, photo=photo, caption="ได้ของผิด")[0]
    (told,) = read(talk, boss)
    assert "ได้ของผิด" in told
    assert "ส่งรูปมา 1 รูป" in told
    assert "1669" in talk.telegram_says(buyer, photo=photo, caption="รถชนหน้าบ้าน")[0]
    assert "รถชนหน้าบ้าน" in read(talk, boss)[1]


def test_a_sticker_is_a_face(talk: Any, somebody: str, boss: str, order: Order) -> None:
    """By itself it calls nobody to the phone, and is answered kindly."""
    assert "ยินดีช่วยเสมอ" in sends(talk, somebody, STICKER)
    assert read(talk, boss) == []


def test_a_place_that_nothing_waits_for_is_passed_on(talk: Any, somebody: str, boss: str, order: Order) -> None:
    """A buyer may want it brought elsewhere: the coordinator gets the last place with the words, as a button."""
    here = {"type": "location", "id": "1", "title": "x", "address": "y", "latitude": 9.1, "longitude": 99.3}
    assert "ส่งตำแหน่งนี้ให้ผู้ประสานงานแล้ว" in sends(talk, somebody, here)
    talk.later(minutes=1)
    assert "จะส่งตำแหน่งนี้ให้ผู้ประสานงานตอน" in sends(talk, somebody, here | {"latitude": 9.2})
    talk.line_says(somebody, text="ส่งที่นี่แทนได้ไหม")
    talk.later(minutes=4)
    first, second = read(talk, boss)
    assert "ส่งตำแหน่งมา" in first
    assert "ส่งที่นี่แทนได้ไหม" in second
    assert ["9.100000" in str(each.fields) for each in talk.telegram.log[-2:]] == [True, False]
    assert "9.200000,99.300000" in str(talk.telegram.log[-1].fields)


def test_where_somebody_is_on_the_move_is_no_news(talk: Any, someone: str, route: Message) -> None:
    """Of a place shared while riding the first is passed on; each further one is neither that, nor answered."""
    coordinator = talk.app.store.members(Role.COORDINATOR)[0].ref
    talk.gives(Role.COORDINATOR, coordinator, "telegram", telegram_id(99))
    talk.gives(Role.RIDER, route.member_ref, "telegram", someone)
    at_work(talk, route)
    here = {"latitude": 9.1, "longitude": 99.3, "live_period": 900}
    assert "รับทราบแล้ว" in talk.telegram_says(someone, location=here)[0], "the round is confirmed by it"
    assert "ส่งตำแหน่งนี้" in talk.telegram_says(someone, location=here)[0]
    moved = talk.telegram.update(someone, location=here)
    moved["edited_message"] = moved.pop("message")
    said = len(talk.telegram.log)
    talk._told("telegram", TELEGRAM, json.dumps(moved).encode())
    assert len(talk.telegram.log) == said
    assert len(talk.messages(kinds={"word"}, channel="telegram")) == 1


@pytest.mark.parametrize(("words", "wait"), [("รถล้ม", 0), ("ยางแตก", 5)])
def test_where_a_rider_is_in_trouble_is_passed_on(
    talk: Any, somebody: str, boss: str, route: Message, words: str, wait: int
) -> None:
    """A place alone confirms the round; after a call for help it goes on at once, after other words with them."""
    at_work(talk, route)
    talk.line_says(somebody, text=words)
    here = {"type": "location", "id": "1", "title": "x", "address": "y", "latitude": 9.1, "longitude": 99.3}
    assert "ตำแหน่งนี้ให้ผู้ประสานงาน" in sends(talk, somebody, here)
    assert {each.state for each in talk.messages(kinds={"route"}) if each.id == route.id} == {"confirmed"}
    talk.later(minutes=wait)
    first, second = read(talk, boss)
    assert words in first
    assert "ส่งตำแหน่งมา" in second


def test_a_place_after_a_call_for_help_waits_for_nothing(talk: Any, somebody: str, boss: str, order: Order) -> None:
    """Neither for what was passed on just before, nor for the morning; two hours later it is a place again."""
    here = {"type": "location", "id": "1", "title": "x", "address": "y", "latitude": 9.1, "longitude": 99.3}
    talk.later(hours=12)
    talk.line_says(somebody, text="ประตูปิดแล้ว")
    talk.line_says(somebody, text="ช่วยด้วย")
    assert "ส่งตำแหน่งนี้ให้ผู้ประสานงานแล้ว" in sends(talk, somebody, here)
    assert len(told := read(talk, boss)) == 2
    assert "ประตูปิดแล้ว" in told[1]
    talk.later(hours=2)
    assert "ส่งตำแหน่งนี้ให้ผู้ประสานงานแล้ว" not in sends(talk, somebody, here)
    assert len(read(talk, boss)) == 2


HERE = {"type": "location", "id": "1", "title": "x", "address": "y", "latitude": 9.1, "longitude": 99.3}


def test_a_place_after_a_call_for_help_is_that_of_no_house(talk: Any, somebody: str, boss: str, route: Message) -> None:
    """Also where its rider has an order whose place nobody knows."""
    talk.gives(Role.BUYER, talk.orders(reasons={"needs_pin"})[0].buyer_ref, "line", somebody)
    talk.line_says(somebody, text="รถล้ม")
    assert "ส่งตำแหน่งนี้ให้ผู้ประสานงานแล้ว" in sends(talk, somebody, HERE)
    assert "ส่งตำแหน่งมา" in read(talk, boss)[-1]


def test_a_call_for_help_is_not_over_by_what_follows_it(talk: Any, somebody: str, boss: str, order: Order) -> None:
    """However much is written, or told by a telephone on the move, before the place is sent."""
    talk.later(hours=12)
    talk.line_says(somebody, text="ช่วยด้วย")
    talk.line_tells(*(talk.line.event(somebody, text=f"เจ็บขา {number}") for number in range(30)))
    assert "ส่งตำแหน่งนี้ให้ผู้ประสานงานแล้ว" in sends(talk, somebody, HERE)
    assert "ส่งตำแหน่งมา" in read(talk, boss)[-1]


def test_the_place_of_who_has_left_and_calls_for_help_is_passed_on(
    talk: Any, somebody: str, boss: str, route: Message
) -> None:
    """As the call itself is; without one they hear that they have left."""
    talk.line_says(somebody, text="เลิกรับข้อความ")
    assert "เลิกรับข้อความ" in sends(talk, somebody, HERE)
    talk.line_says(somebody, text="รถล้ม")
    assert "ส่งตำแหน่งนี้ให้ผู้ประสานงานแล้ว" in sends(talk, somebody, HERE)
    assert ["ส่งตำแหน่งมา" in each for each in read(talk, boss)] == [False, True]


def second_coordinator(talk: Any, *addresses: ChatAddress) -> None:
    """C9, with these chats."""
    first = talk.app.store.members(Role.COORDINATOR)[0]
    person = replace(first.person, id="p-c9", name="ครูแดง", addresses=addresses)
    talk.app.store.save_members([replace(first, ref="C9", person=person)], actor="test", at=talk.clock.now())


def test_the_place_of_a_coordinator_who_calls_for_help_is_passed_on(talk: Any, somebody: str, boss: str) -> None:
    """To the others; without a call it is no news."""
    second_coordinator(talk, ChatAddress(channel="line", address=somebody))
    assert "ยังไม่ต้องส่งตำแหน่ง" in sends(talk, somebody, HERE)
    talk.line_says(somebody, text="รถล้ม")
    assert "ส่งตำแหน่งนี้ให้ผู้ประสานงานแล้ว" in sends(talk, somebody, HERE)
    _, place = read(talk, boss)
    for words in ("ข้อความจากผู้ประสานงาน", "ครูแดง", "ส่งตำแหน่งมา"):
        assert words in place


def test_whoever_is_forgotten_is_told_of_no_more(talk: Any, somebody: str, boss: str, order: Order) -> None:
    """Words, places and what was sent go with them: where they wait, where they went, and where they came in."""
    here = {"type": "location", "id": "1", "title": "x", "address": "y", "latitude": 9.1, "longitude": 99.3}
    told = [talk.line.event(somebody, text=each) for each in ("คำแรก", "คำลับ")]
    for event in (*told, *(talk.line.event(somebody, type="message", message=each) for each in (here, PHOTO))):
        talk.line_tells(event)
    takes_back(talk, somebody, told[1])
    talk.app.store.erase_member((Role.BUYER, order.buyer_ref), actor="test", at=talk.clock.now())
    assert talk.app.store.chat("line", somebody).gathered == {}
    words = talk.messages(kinds={"word"})
    assert {(each.text, str(each.content["lines"]), each.payload) for each in words} == {("", "[]", None)}
    assert "held" not in {each.state for each in words}
    talk.later(minutes=5)
    assert len(read(talk, boss)) == 1


def test_many_lines_go_on_whole_or_not_at_all(talk: Any, somebody: str, order: Order) -> None:
    """As many as one LINE message holds; who writes more is told so, and no word is cut off unsaid."""
    coordinator = talk.app.store.members(Role.COORDINATOR)[0]
    talk.gives(Role.COORDINATOR, coordinator.ref, "line", line_id(99))
    assert "ยังไม่ได้ส่งต่อ" in talk.line_says(somebody, text="\n".join("ก" * (MANY + 1)))[0]
    talk.line_says(somebody, text="\n".join([*"ก" * (MANY - 1), "คำสุดท้าย"]))
    talk.later(minutes=5)
    talk.settle()
    (told,) = [each.messages for each in talk.line.log if each.to == line_id(99)]
    assert "คำสุดท้าย" in str(told)


def takes_back(talk: Any, somebody: str, event: dict[str, Any]) -> None:
    """Somebody unsends what this event told."""
    unsent = talk.line.event(somebody, type="unsend", unsend={"messageId": event["message"]["id"]})
    del unsent["replyToken"]
    said = len(talk.line.log)
    talk.line_tells(unsent)
    assert (talk.outcome("line", unsent["webhookEventId"]), len(talk.line.log)) == ("unsent", said)


def test_what_is_taken_back_is_not_passed_on(talk: Any, somebody: str, boss: str, order: Order) -> None:
    """LINE asks for that: of what waits the rest still goes, and the words are not kept; what has gone has gone."""
    events = [talk.line.event(somebody, text=each) for each in ("คำแรก", "คำลับ", "คำท้าย", "ถึงไหน")]
    for event in events:
        talk.line_tells(event)
    for event in (events[0], events[1], events[3]):
        takes_back(talk, somebody, event)
    talk.later(minutes=5)
    first, second = read(talk, boss)
    assert "คำแรก" in first
    assert "คำท้าย" in second
    assert order.order_id in second
    assert "คำลับ" not in second
    kept = [
        json.loads(each.body)["events"][0] for each in talk.app.store.heard_from("line", somebody, limit=9) if each.body
    ]
    assert [each["message"]["text"] for each in kept if each["type"] == "message"] == ["คำท้าย"]
    told = str(talk.messages(kinds={"word"}))
    assert ["คำแรก" in told, "คำลับ" in told, "คำท้าย" in told] == [False, False, True]


def test_where_all_that_waits_is_taken_back_nothing_goes(talk: Any, somebody: str, boss: str, order: Order) -> None:
    """What is written afterwards is passed on without it."""
    talk.line_says(somebody, text="คำแรก")
    secret = talk.line.event(somebody, text="คำลับ")
    talk.line_tells(secret)
    takes_back(talk, somebody, secret)
    talk.later(minutes=5)
    assert len(read(talk, boss)) == 1
    talk.line_says(somebody, text="คำใหม่")
    talk.later(minutes=5)
    assert ["คำลับ" in each for each in read(talk, boss)] == [False, False]


def test_what_is_taken_back_late_takes_no_other_words_along(talk: Any, somebody: str, boss: str, order: Order) -> None:
    """Where words are due and not sent yet, and others were written since: what was gathered with it still goes."""
    first, other, secret, last = (talk.line.event(somebody, text=each) for each in ("คำแรก", "คำอื่น", "คำลับ", "คำท้าย"))
    for event in (first, other, secret):
        talk.line_tells(event)
    talk.later(minutes=6)
    talk.line_tells(last, talk.line.event(somebody, type="unsend", unsend={"messageId": secret["message"]["id"]}))
    talk.later(minutes=5)
    told = "".join(read(talk, boss))
    assert ["คำแรก" in told, "คำอื่น" in told, "คำท้าย" in told] == [True, True, True]


def test_what_comes_again_after_it_was_taken_back_is_forgotten(
    talk: Any, somebody: str, boss: str, order: Order
) -> None:
    """LINE brings late what we were not there for, and what was taken back meanwhile had come by then."""
    secret, other = (talk.line.event(somebody, text=each) for each in ("คำลับ", "คำอื่น"))
    takes_back(talk, somebody, secret)
    for event in (secret, other):
        talk.line_tells(event | {"deliveryContext": {"isRedelivery": True}})
    (told,) = read(talk, boss)
    assert "คำอื่น" in told
    kept = talk.app.store.heard_before("line", secret["webhookEventId"])
    assert (kept.outcome, kept.body) == ("unsent", b"")


def words_to_phone(talk: Any) -> list[str]:
    """The words on the day's call list."""
    called = talk.commands("messages", "calls", str(talk.clock.now().date()))["calls"]
    return [each["script"] for each in called if each["kind"] == "word"]


def test_the_call_list_has_gathered_words_once(talk: Any, somebody: str, order: Order) -> None:
    """Where no coordinator has a chat: in the last of what holds them, and not what was taken back."""
    events = [talk.line.event(somebody, text=each) for each in ("คำแรก", "คำลับ", "คำท้าย")]
    for event in events:
        talk.line_tells(event)
    first, second = words_to_phone(talk)
    assert "คำแรก" in first
    assert "คำลับ" in second
    takes_back(talk, somebody, events[1])
    first, second = words_to_phone(talk)
    assert "คำท้าย" in second
    assert "คำลับ" not in second
    assert "คำลับ" not in str(talk.messages(kinds={"word"}))


def test_what_one_coordinator_has_read_is_phoned_to_none(talk: Any, somebody: str, boss: str, order: Order) -> None:
    """Also where it was gathered meanwhile for another who has no chat."""
    second_coordinator(talk)
    for each in ("คำแรก", "คำที่สอง", "คำท้าย"):
        talk.line_says(somebody, text=each)
    talk.later(minutes=5)
    assert len(read(talk, boss)) == 2
    assert words_to_phone(talk) == []


def test_at_night_the_writer_hears_when_it_is_read(talk: Any, somebody: str, boss: str, order: Order) -> None:
    """A buyer's words wait for the end of the quiet hours, all of the night's as one."""
    talk.later(hours=12)
    assert "06:30" in talk.line_says(somebody, text="พรุ่งนี้ขอเลื่อนได้ไหม")[0]
    talk.later(minutes=30)
    assert "06:30" in talk.line_says(somebody, text="เป็นตอนเย็นก็ได้")[0]
    assert read(talk, boss) == []
    talk.later(hours=8)
    (told,) = read(talk, boss)
    assert "พรุ่งนี้ขอเลื่อนได้ไหม" in told
    assert "เป็นตอนเย็นก็ได้" in told


def test_who_works_is_heard_at_night(talk: Any, somebody: str, boss: str, route: Message) -> None:
    """A rider on the round waits for no morning; the same rider after the round does."""
    at_work(talk, route)
    talk.later(hours=12)
    assert "ผู้ประสานงานแล้ว" in talk.line_says(somebody, text="หาบ้านไม่เจอ")[0]
    assert len(read(talk, boss)) == 1
    talk.later(hours=3)
    assert "06:30" in talk.line_says(somebody, text="พรุ่งนี้มาไม่ได้")[0]
    assert len(read(talk, boss)) == 1


def test_a_customers_number_is_no_wish_to_join(talk: Any, somebody: str, boss: str, route: Message) -> None:
    """A rider who types one and goes on in words is passed on and guesses nothing; a number is still looked up."""
    other = next(order for order in talk.orders() if order.buyer.phone)
    assert "เลขที่สั่งซื้อ" in talk.line_says(somebody, text=str(other.buyer.phone))[0]
    assert "ผู้ประสานงานแล้ว" in talk.line_says(somebody, text="บ้านเลขที่ 12 เบอร์นี้ไม่รับสาย")[0]
    assert talk.app.store.chat("line", somebody).tries == 0
    assert "ไม่ตรง" in talk.line_says(somebody, text="XX-99999")[0]
    assert talk.app.store.chat("line", somebody).tries == 1
    assert "ยินยอม" in str(talk.line.log[-1].messages) or talk.line_says(somebody, text=other.order_id)
    assert talk.app.store.chat("line", somebody).step == "consent"


def test_who_has_left_still_calls_for_help(talk: Any, somebody: str, boss: str, route: Message) -> None:
    """An accident is told of whoever it happens to; anything else is answered with the way back, to nobody new."""
    talk.line_says(somebody, text="เลิกรับข้อความ")
    assert "กลับมา" in talk.line_says(somebody, text="ฝนตกหนัก")[0]
    assert read(talk, boss) == []
    assert "1669" in talk.line_says(somebody, text="รถล้มตรงสะพาน")[0]
    (told,) = read(talk, boss)
    assert "รถล้มตรงสะพาน" in told


def test_a_coordinator_is_no_news_to_herself(talk: Any, boss: str) -> None:
    """What she types and no list understands is answered with what she can type."""
    (answer,) = talk.telegram_says(boss, text="วันนี้ฝนจะตกไหม")
    assert "พิมพ์คำเหล่านี้ได้" in answer
    assert talk.messages(kinds={"word"}) == []


def test_an_order_without_a_place_in_its_wave_has_no_time(talk: Any, somebody: str) -> None:
    """The hours of a wave in which it does not ride are promised to nobody."""
    order = next(order for order in talk.orders(states={"received"}) if order.legs[0].wave and order.location)
    talk.gives(Role.BUYER, order.buyer_ref, "line", somebody)
    with talk.app.store._engine.begin() as connection:
        leg = {"id": order.order_id}
        connection.execute(text("UPDATE leg SET state = 'unassigned', reason = 'capacity' WHERE order_id = :id"), leg)
    (answer,) = talk.line_says(somebody, text="ถึงไหน")
    assert order.order_id in answer
    assert "กำลังจัดรอบส่ง" in answer
    assert "ประมาณ" not in answer.partition(order.order_id)[2].partition("#")[0]


def test_whoever_is_forgotten_is_on_no_call_list(talk: Any, somebody: str, order: Order) -> None:
    """What they wrote, where no coordinator has a chat, is nothing to phone about any more."""
    for each in ("คำแรก", "คำที่สอง"):
        talk.line_says(somebody, text=each)
    assert len(words_to_phone(talk)) == 2
    talk.app.store.erase_member((Role.BUYER, order.buyer_ref), actor="test", at=talk.clock.now())
    assert words_to_phone(talk) == []
