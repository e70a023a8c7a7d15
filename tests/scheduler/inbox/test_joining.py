"""People join by themselves: by invitation, by phone and order number, by a coordinator; and go as they came."""

from __future__ import annotations

from typing import Any

import pytest
from samples import line_id, telegram_id

from storage.records import Role


def invited(talk: Any, ref: str, role: str = "rider") -> str:
    """The code of a new invitation."""
    return str(talk.commands("members", "invite", ref, "--role", role)["code"])


def rider(talk: Any) -> Any:
    return talk.app.store.members(Role.RIDER)[0]


def test_a_rider_joins_over_both_services(talk: Any, somebody: str, someone: str) -> None:
    """A code each: the question of consent, a yes, a welcome; the chats are theirs and the text agreed to is kept."""
    who = rider(talk)
    (asked,) = talk.telegram_says(someone, text=f"/start {invited(talk, who.ref)}")
    assert "ได้ไหม" in asked
    assert who.person.name not in asked
    assert talk.chats(Role.RIDER, who.ref) == set()
    (welcomed,) = talk.telegram_says(someone, data="yes:consent")
    assert "งานของฉัน" in welcomed
    code = invited(talk, who.ref)
    (asked,) = talk.line_says(somebody, text=f"เข้าร่วม {code[:5].lower()} {code[5:9]}-{code[9:]}")
    (welcomed,) = talk.line_says(somebody, text="ยินยอมค่ะ")
    assert talk.chats(Role.RIDER, who.ref) == {("line", "active"), ("telegram", "active")}
    assert talk.member(Role.RIDER, who.ref).person.consent is True
    consents = talk.app.store.consents((Role.RIDER, who.ref))
    assert [(each.given, each.version.startswith("th-")) for each in consents] == [(True, True)] * 2
    assert "ตลาดจะเก็บรหัสแชตนี้" in consents[0].wording


def test_a_code_works_once_for_one_chat_and_not_for_ever(talk: Any, somebody: str, someone: str) -> None:
    """Another chat that was shown the same code, a later one, and one of four days on are told it does not work."""
    code = invited(talk, rider(talk).ref)
    talk.line_says(somebody, text=code)
    talk.telegram_says(someone, text=code)
    talk.line_says(somebody, data="yes:consent")
    assert "ใช้ไม่ได้" in talk.telegram_says(someone, data="yes:consent")[0]
    assert "ใช้ไม่ได้" in talk.telegram_says(someone, text=code)[0]
    assert talk.chats(Role.RIDER, rider(talk).ref) == {("line", "active")}
    code = invited(talk, rider(talk).ref)
    talk.later(hours=73)
    assert "ใช้ไม่ได้" in talk.telegram_says(someone, text=code)[0]


def test_having_read_the_question_is_not_consent(talk: Any, somebody: str) -> None:
    """Who answers "noted" or a mere "yes, sir" is asked again; only a plain yes joins."""
    code = invited(talk, rider(talk).ref)
    talk.line_says(somebody, text=code)
    for word in ("รับทราบ", "ครับ", "ได้", "👍"):
        assert "ได้ไหม" in talk.line_says(somebody, text=word)[0]
    assert talk.chats(Role.RIDER, rider(talk).ref) == set()
    talk.line_says(somebody, text="ตกลง")
    assert talk.chats(Role.RIDER, rider(talk).ref) == {("line", "active")}


def test_a_second_chat_is_told_in_the_first(talk: Any, somebody: str, someone: str) -> None:
    """A code used from elsewhere, perhaps stolen, does not pass unnoticed: the old chat and the coordinators hear."""
    who, coordinator = rider(talk), talk.app.store.members(Role.COORDINATOR)[0]
    talk.gives(Role.RIDER, who.ref, "line", somebody)
    talk.gives(Role.COORDINATOR, coordinator.ref, "line", line_id(99))
    talk.telegram_says(someone, text=f"/start {invited(talk, who.ref)}")
    before = len(talk.line.log)
    talk.telegram_says(someone, data="yes:consent")
    told = {each.to for each in talk.line.log[before:]}
    assert told == {somebody, line_id(99)}
    assert {message.kind for message in talk.messages(channel="line", states={"accepted"})} == {"chat_added"}


def test_guessing_comes_to_an_end(talk: Any, somebody: str) -> None:
    """After five wrong codes a chat is not listened to, not even for a right one, till the next day."""
    for number in range(5):
        assert "ใช้ไม่ได้" in talk.line_says(somebody, text=f"{number:026}")[0]
    code = invited(talk, rider(talk).ref)
    assert "ครบจำนวนครั้ง" in talk.line_says(somebody, text=code)[0]
    talk.later(hours=25)
    assert "ได้ไหม" in talk.line_says(somebody, text=code)[0]


def test_who_declines_is_phoned(talk: Any, somebody: str) -> None:
    """A no is kept with its text; no chat is linked, and the code may be used after a change of mind."""
    who = rider(talk)
    code = invited(talk, who.ref)
    talk.line_says(somebody, text=code)
    assert "โทร" in talk.line_says(somebody, data="no:consent")[0]
    assert talk.member(Role.RIDER, who.ref).person.consent is False
    assert talk.chats(Role.RIDER, who.ref) == set()
    talk.line_says(somebody, text=code)
    talk.line_says(somebody, data="yes:consent")
    assert talk.member(Role.RIDER, who.ref).person.consent is True


def test_a_buyer_joins_by_phone_and_order_number(talk: Any, somebody: str) -> None:
    """The number of one of their orders shows that the phone is theirs; no name is said before."""
    order = next(order for order in talk.orders() if order.buyer.phone)
    (asked,) = talk.line_says(somebody, text=order.buyer.phone)
    (wrong,) = talk.line_says(somebody, text="SR-9999")
    (consent,) = talk.line_says(somebody, text=f" {order.order_id.lower()} ครับ".replace(" ครับ", ""))
    assert "ได้ไหม" in consent
    for said in (asked, wrong, consent):
        assert order.buyer.name not in said
        assert order.address_text not in said
    talk.line_says(somebody, data="yes:consent")
    assert talk.chats(Role.BUYER, order.buyer_ref) == {("line", "active")}
    assert order.order_id in talk.line_says(somebody, text="ถึงไหน")[0]


def test_an_unknown_phone_is_answered_like_a_known_one(talk: Any) -> None:
    """A stranger cannot learn whose number is known, nor which orders there are."""
    known = next(order for order in talk.orders() if order.buyer.phone)
    other = next(order for order in talk.orders() if order.buyer.phone != known.buyer.phone)
    heard = []
    for number, phone in enumerate((known.buyer.phone, "0899999999")):
        user = line_id(5000 + number)
        heard.append([talk.line_says(user, text=words) for words in (phone, other.order_id, "no such order")])
    assert heard[0] == heard[1]


def test_many_chats_try_a_number_no_more_than_one(talk: Any) -> None:
    """Five wrong order numbers with one phone number, each from a chat of its own, end it for all, also for the right
    one and however the number is written, till the next day; another's can be tried, and a coordinator be asked."""
    order, other = [order for order in talk.orders() if order.buyer.phone][:2]
    for number in range(5):
        stranger = line_id(6000 + number)
        talk.line_says(stranger, text=order.buyer.phone)
        assert "ไม่ตรง" in talk.line_says(stranger, text="SR-9999")[0]
    late = telegram_id(6005)
    talk.telegram_says(late, text=f"+66 {order.buyer.phone[1:3]}-{order.buyer.phone[3:]}")
    assert "ครบจำนวนครั้ง" in talk.telegram_says(late, text=order.order_id)[0]
    assert "ผู้ประสานงานจะตรวจ" in talk.telegram_says(late, text="ไม่มีเลข")[0]
    assert other.buyer.phone != order.buyer.phone
    fresh = line_id(6006)
    talk.line_says(fresh, text=other.buyer.phone)
    assert "ได้ไหม" in talk.line_says(fresh, text=other.order_id)[0]
    talk.later(hours=25)
    talk.line_says(line_id(6007), text=order.buyer.phone)
    assert "ได้ไหม" in talk.line_says(line_id(6007), text=order.order_id)[0]


def test_a_coordinator_confirms_a_number(talk: Any, somebody: str) -> None:
    """Without an order number a coordinator is asked by chat; the buyer's consent comes after, by a push."""
    coordinator = talk.app.store.members(Role.COORDINATOR)[0]
    boss = telegram_id(99)
    talk.gives(Role.COORDINATOR, coordinator.ref, "telegram", boss)
    order = next(order for order in talk.orders() if order.buyer.phone)
    talk.line_says(somebody, text=order.buyer.phone)
    assert "ผู้ประสานงานจะตรวจ" in talk.line_says(somebody, text="ไม่มีเลข")[0]
    request = talk.telegram.log[-1]
    assert (request.chat_id, order.buyer.name in request.text) == (boss, True)
    yes = request.fields["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    stranger = telegram_id(98)
    talk.telegram_says(stranger, data=yes)
    assert talk.app.store.link_requests() != []
    assert "ยืนยันแล้ว" in talk.telegram_says(boss, data=yes)[0]
    assert talk.app.store.link_requests() == []
    assert talk.line.log[-1].to == somebody
    assert not talk.line.log[-1].reply
    talk.line_says(somebody, data="yes:consent")
    assert ("line", "active") in talk.chats(Role.BUYER, order.buyer_ref)
    assert "จบไปแล้ว" in talk.telegram_says(boss, data=yes)[0]


def test_a_number_that_has_a_chat_is_not_taken_over(talk: Any, somebody: str) -> None:
    """With phone and order number of somebody who has a chat, a coordinator decides."""
    order = next(order for order in talk.orders() if order.buyer.phone)
    talk.gives(Role.BUYER, order.buyer_ref, "line", line_id(1))
    talk.line_says(somebody, text=order.buyer.phone)
    assert "ผู้ประสานงานจะตรวจ" in talk.line_says(somebody, text=order.order_id)[0]
    (asked,) = talk.commands("members", "links")["requests"]
    assert asked["phone"] == order.buyer.phone
    talk.commands("members", "link", asked["id"], "--refuse")
    talk.settle()
    assert "ยังยืนยันเบอร์นี้ไม่ได้" in str(talk.line.log[-1].messages)
    assert talk.chats(Role.BUYER, order.buyer_ref) == {("line", "active")}


def test_telegram_vouches_for_a_number(talk: Any, someone: str) -> None:
    """One's own contact needs no order number; somebody else's is a typed number like any other."""
    order = next(order for order in talk.orders() if order.buyer.phone)
    phone = "+66" + order.buyer.phone[1:]
    other = {"phone_number": phone, "first_name": "x", "user_id": 5}
    assert "เลขที่สั่งซื้อ" in talk.telegram_says(someone, contact=other)[0]
    assert "ได้ไหม" in talk.telegram_says(someone, contact=other | {"user_id": int(someone)})[0]


def test_leaving_and_coming_back(talk: Any, somebody: str) -> None:
    """Nothing is sent to who has left; following again does not undo it, their own word does."""
    who = rider(talk)
    talk.gives(Role.RIDER, who.ref, "line", somebody)
    assert "กลับมา" in talk.line_says(somebody, text="เลิกรับข้อความค่ะ")[0]
    assert talk.chats(Role.RIDER, who.ref) == {("line", "left")}
    assert "พิมพ์ “กลับมา”" in talk.line_says(somebody, text="งานของฉัน")[0]
    assert "ต้อนรับ" in talk.line_says(somebody, text="กลับมา")[0]
    assert talk.chats(Role.RIDER, who.ref) == {("line", "active")}


@pytest.mark.parametrize("service", ["line", "telegram"])
def test_blocking_is_known_and_forgiven(talk: Any, service: str) -> None:
    """Who unfollows or blocks is not written to; who follows, unblocks or writes again is."""
    who = rider(talk)
    address = {"line": line_id, "telegram": telegram_id}[service](31)
    talk.gives(Role.RIDER, who.ref, service, address)
    if service == "line":
        talk.line_tells(talk.line.event(address, type="unfollow"))
    else:
        talk.telegram_says(address, status="kicked")
    assert talk.chats(Role.RIDER, who.ref) == {(service, "blocked")}
    if service == "line":
        talk.line_says(address, type="follow", follow={"isUnblocked": True})
    else:
        talk.telegram_says(address, text="งาน")
    assert talk.chats(Role.RIDER, who.ref) == {(service, "active")}


def test_erasure_by_chat(talk: Any, somebody: str) -> None:
    """Asked twice, done once: the person is gone; with something still to come it is put off."""
    waiting = next(order for order in talk.orders(states={"received"}))
    talk.gives(Role.BUYER, waiting.buyer_ref, "line", somebody)
    assert "ยังมีของที่ต้องส่ง" in talk.line_says(somebody, text="ลบข้อมูลของฉัน")[0]
    talk.later(days=30)
    assert "ใช่ไหม" in talk.line_says(somebody, text="ขอให้ลบข้อมูลด้วย")[0]
    assert "เหมือนเดิม" in talk.line_says(somebody, data="no:erase")[0]
    assert "ใช่ไหม" in talk.line_says(somebody, text="delete my data")[0]
    assert "ลบข้อมูลของท่านแล้ว" in talk.line_says(somebody, data="yes:erase")[0]
    member = talk.member(Role.BUYER, waiting.buyer_ref)
    assert (member.person.name, member.person.phone, member.person.addresses) == ("", None, ())
    assert talk.orders(order_ids=[waiting.order_id])[0].buyer.name == ""
    assert "พิมพ์เบอร์โทร" in talk.line_says(somebody, text="ถึงไหน")[0]


def test_erasure_by_command(talk: Any, somebody: str) -> None:
    """The operator erases who asks by phone; who still gets something only after it."""
    waiting = next(order for order in talk.orders(states={"received"}))
    refused = talk.commands("members", "erase", waiting.buyer_ref, "--role", "buyer", "--yes", code=1)
    assert refused["errors"][0]["code"] == "member.open_orders"
    who = rider(talk)
    talk.gives(Role.RIDER, who.ref, "line", somebody)
    assert talk.commands("members", "erase", who.ref, "--role", "rider", "--yes")["erased"] is True
    assert talk.member(Role.RIDER, who.ref).person.name == ""
    assert not talk.member(Role.RIDER, who.ref).active
