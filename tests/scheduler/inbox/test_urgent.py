"""What must not be taken for a question: a call for help, and the way to a house."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from samples import line_id

from channels.base import Inbound
from scheduler.inbox.words import Meant, understood
from storage.records import Role


def meant(text: str) -> Any:
    return understood(Inbound(channel="line", event_id="1", address="U1", kind="text", text=text))


@pytest.mark.parametrize(
    "text", ["รถล้มค่ะ", "ช่วยด้วย", "SOS", "เกิดอุบัติเหตุตรงสะพาน คนเจ็บ", "ฉุกเฉิน!", "there was an accident on the bridge"]
)
def test_a_call_for_help_reaches_the_coordinators_at_once(talk: Any, somebody: str, text: str) -> None:
    """Also at night: each coordinator gets the very words and the phone number, as a critical message."""
    who, coordinator = talk.app.store.members(Role.RIDER)[0], talk.app.store.members(Role.COORDINATOR)[0]
    known = replace(who, person=replace(who.person, phone="0800000099"))
    talk.app.store.save_members([known], actor="test", at=talk.clock.now())
    talk.gives(Role.RIDER, who.ref, "line", somebody)
    talk.gives(Role.COORDINATOR, coordinator.ref, "line", line_id(99))
    talk.later(hours=13)
    before = len(talk.line.log)
    assert "1669" in talk.line_says(somebody, text=text)[0]
    assert [each.to for each in talk.line.log[before:] if each.to == line_id(99)] == [line_id(99)]
    (told,) = talk.messages(kinds={"sos"}, channel="line")
    assert (told.klass, told.state) == ("critical", "accepted")
    assert text in told.text
    assert "0800000099" in told.text


@pytest.mark.parametrize(
    "text",
    [
        "บ้านของฉันอยู่หลังวัดโพธิ์ ประตูสีเขียว",
        "ถามคนแถวนั้นได้เลยว่าบ้านป้าแดงอยู่ไหน อยู่ท้ายซอยติดคลอง",
        "ตามของร้านกาแฟมา บ้านหลังที่สาม",
        "details: green gate behind the track",
    ],
)
def test_the_way_to_a_house_is_passed_on(talk: Any, somebody: str, text: str) -> None:
    """A buyer whose place is unknown tells the way: the coordinator gets the words, whatever they contain."""
    order = talk.orders()[0]
    unplaced = talk.app.store.orders(order_ids=[order.order_id])[0]
    talk.gives(Role.BUYER, unplaced.buyer_ref, "line", somebody)
    coordinator = talk.app.store.members(Role.COORDINATOR)[0]
    talk.gives(Role.COORDINATOR, coordinator.ref, "line", line_id(99))
    _without_a_place(talk, unplaced)
    assert "ผู้ประสานงาน" in talk.line_says(somebody, text=text)[0]
    (told,) = talk.messages(kinds={"word"}, channel="line")
    assert text in told.text


def test_the_way_to_a_house_stays_one(talk: Any, somebody: str) -> None:
    """Where a picture is sent after it, the coordinator is still asked to find the place."""
    order, coordinator = talk.orders()[0], talk.app.store.members(Role.COORDINATOR)[0]
    talk.gives(Role.BUYER, order.buyer_ref, "line", somebody)
    talk.gives(Role.COORDINATOR, coordinator.ref, "line", line_id(99))
    _without_a_place(talk, order)
    for text in ("บ้านอยู่หลังวัดโพธิ์", "ประตูสีเขียว"):
        talk.line_says(somebody, text=text)
    picture = {"type": "image", "id": "1", "contentProvider": {"type": "line"}}
    talk.line_says(somebody, type="message", message=picture)
    (last,) = talk.messages(kinds={"word"}, channel="line", states={"held"})
    for words in ("ประตูสีเขียว", "ส่งรูปมา 1 รูป", "ช่วยหาตำแหน่งบ้าน"):
        assert words in last.text


def _without_a_place(talk: Any, order: Any) -> None:
    """A new order of the same buyer, whose place nobody knows."""
    date = (talk.clock.now() + dt.timedelta(days=1)).date().isoformat()
    phone = f"buyer_phone={order.buyer.phone}"
    words = ["--set", "address_text=บ้านป้าแดง", "--set", f"buyer_ref={order.buyer_ref}", "--set", phone]
    talk.commands("orders", "add", "NEW-1", "--seller", order.pickups[0].seller_id, "--date", date, *words)


@pytest.mark.parametrize("text", ["ถึงใหนแล้ว", "อยุ่ไหนคะ", "ของฉันล่ะ", "eta?", "ของถึงไหนแล้วคะ", "จะถึงกี่โมง"])
def test_where_is_it_is_understood_as_it_is_typed(text: str) -> None:
    """Misspelt, shortened, with endings."""
    assert meant(text).meant is Meant.WHERE
    assert not meant(text).among_others
