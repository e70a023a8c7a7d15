"""A chat that takes no more messages: what waits for it goes over the person's other chat, else on the phone list."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest
from samples import line_id

from storage.heard import Told
from storage.records import ChatAddress, Message, Role

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def buyer(talk: Any) -> str:
    return str(talk.orders()[0].buyer_ref)


def has(talk: Any, ref: str, *chats: tuple[str, str]) -> None:
    """The buyer has these chats, each of them alive."""
    member = talk.member(Role.BUYER, ref)
    addresses = tuple(ChatAddress(channel=channel, address=address) for channel, address in chats)
    person = replace(member.person, addresses=addresses, consent=True)
    talk.app.store.save_members([replace(member, person=person)], actor="test", at=talk.clock.now())


def waits(talk: Any, ref: str, channel: str, address: str, **changes: Any) -> str:
    """A message that is due to the buyer in an hour; its id."""
    now, number = talk.clock.now(), len(talk.messages())
    written = replace(
        talk.messages(kinds={"window"})[0],
        id=f"00000000-0000-4000-8000-{number:012}",
        event=f"test:{number}",
        member_ref=ref,
        channel=channel,
        address=address,
        state="held",
        send_at=now + HOUR,
        expires_at=now + 5 * HOUR,
        bundle=None,
        payload=None,
        attempts=(),
    )
    assert talk.app.store.add_messages([replace(written, **changes)], actor="test", at=now) == 1
    return str(written.id)


def later(talk: Any, id: str) -> Message:
    """The message once its time has come."""
    talk.later(hours=1)
    talk.settle()
    talk.settle()  # another channel's sender had perhaps looked already
    found: list[Message] = [message for message in talk.messages() if message.id == id]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("goes", ["unfollow", "เลิกรับข้อความ", "หยุด"])
def test_who_left_line_is_told_over_telegram(talk: Any, buyer: str, somebody: str, someone: str, goes: str) -> None:
    """Blocked or left before the send moment: LINE hears nothing more, Telegram does."""
    has(talk, buyer, ("line", somebody), ("telegram", someone))
    id = waits(talk, buyer, "line", somebody)
    talk.line_tells(talk.line.event(somebody, **({"type": goes} if goes == "unfollow" else {"text": goes})))
    pushed = len(talk.line.log)
    told = later(talk, id)
    assert (told.state, told.channel, told.address) == ("accepted", "telegram", someone)
    assert len(talk.line.log) == pushed


def test_who_has_no_other_chat_is_phoned(talk: Any, buyer: str, somebody: str) -> None:
    """The message is on the phone list with its words, and LINE, which would swallow it silently, does not get it."""
    has(talk, buyer, ("line", somebody))
    id = waits(talk, buyer, "line", somebody)
    talk.line_says(somebody, text="เลิกรับข้อความ")
    pushed = len(talk.line.log)
    told = later(talk, id)
    assert (told.state, told.reason) == ("suppressed", "preference")
    assert len(talk.line.log) == pushed
    listed = talk.commands("messages", "calls", str(told.date))["calls"]
    assert id in {call["message_id"] for call in listed}


@pytest.mark.parametrize("klass", ["critical", "informative"])
def test_what_telegram_refuses_is_said_over_line(
    talk: Any, buyer: str, somebody: str, someone: str, klass: str
) -> None:
    """403: the row is failed, the person hears the same once over LINE, and what comes next goes there at once."""
    has(talk, buyer, ("line", somebody), ("telegram", someone))
    talk.telegram.blockers.add(someone)
    first = waits(talk, buyer, "telegram", someone, klass=klass)
    refused = later(talk, first)
    assert (refused.state, refused.reason) == ("failed", "blocked")
    again = [message for message in talk.messages() if message.event == refused.event and message.id != first]
    assert [(message.state, message.channel, message.address) for message in again] == [("accepted", "line", somebody)]
    talk.settle()
    assert len([message for message in talk.messages() if message.event == refused.event]) == 2
    listed = talk.commands("messages", "calls", str(refused.date))["calls"]
    assert first not in {call["message_id"] for call in listed}
    assert later(talk, waits(talk, buyer, "telegram", someone)).channel == "line"


def test_a_call_for_help_finds_its_coordinator(talk: Any, somebody: str, someone: str) -> None:
    """Telegram refuses it: the coordinator has the very words over LINE in the same breath."""
    coordinator = talk.app.store.members(Role.COORDINATOR)[0]
    member = talk.member(Role.COORDINATOR, coordinator.ref)
    chats = (ChatAddress(channel="telegram", address=someone), ChatAddress(channel="line", address=somebody))
    person = replace(member.person, addresses=chats, consent=True)
    talk.app.store.save_members([replace(member, person=person)], actor="test", at=talk.clock.now())
    rider = talk.app.store.members(Role.RIDER)[0]
    talk.gives(Role.RIDER, rider.ref, "line", line_id(12))
    talk.telegram.blockers.add(someone)
    talk.line_says(line_id(12), text="รถล้ม ช่วยด้วย")
    talk.settle()
    told = [each for each in talk.line.log if each.to == somebody]
    assert len(told) == 1
    assert "รถล้ม ช่วยด้วย" in str(told[0].messages)
    assert {message.state for message in talk.messages(kinds={"sos"})} == {"failed", "accepted"}
    today = talk.clock.now().date()
    assert "sos" not in {call["kind"] for call in talk.commands("messages", "calls", str(today))["calls"]}


def test_who_writes_much_waits_for_one_answer(talk: Any, buyer: str, someone: str) -> None:
    """A hundred words in a moment: the answer is said once, and what is due to the writer does not wait behind it."""
    has(talk, buyer, ("telegram", someone))
    updates = [talk.telegram.update(someone, text="ช่วยเหลือ") for _ in range(100)]
    told = [Told(event_id=str(each["update_id"]), body=json.dumps(each).encode()) for each in updates]
    talk.app.store.add_inbox("telegram", told, at=talk.clock.now())
    waits(talk, buyer, "telegram", someone, send_at=talk.clock.now(), klass="critical", kind="changed")
    talk.settle()
    assert len(talk.telegram.log) == 2
    answers = [message.state for message in talk.messages(channel="telegram") if message.event.startswith("heard:")]
    assert (answers.count("accepted"), answers.count("superseded")) == (1, 99)


def test_a_group_that_moved_is_written_to_where_it_is(talk: Any, buyer: str) -> None:
    """Telegram's new number of it takes the place of the old."""
    has(talk, buyer, ("telegram", "-1001"))
    talk.telegram.moved["-1001"] = -100200
    id = waits(talk, buyer, "telegram", "-1001", send_at=talk.clock.now(), klass="critical")
    talk.settle()
    told = later(talk, id)
    assert (told.state, told.address) == ("accepted", "-100200")
    assert [each.chat_id for each in talk.telegram.log] == ["-100200"]
    assert talk.chats(Role.BUYER, buyer) == {("telegram", "active")}


def test_a_route_said_elsewhere_is_confirmed_there(talk: Any, somebody: str, someone: str) -> None:
    """Its button is its own: a tap in the other chat confirms what was said there, and nobody is taken for silent."""
    route = talk.messages(kinds={"route"})[0]
    member = talk.member(Role.RIDER, route.member_ref)
    chats = (ChatAddress(channel="telegram", address=someone), ChatAddress(channel="line", address=somebody))
    person = replace(member.person, addresses=chats, consent=True)
    talk.app.store.save_members([replace(member, person=person)], actor="test", at=talk.clock.now())
    id = "00000000-0000-4000-8000-0000000000aa"
    actions = [{**each, "value": f"seen:{id}"} for each in route.content["actions"] if "seen:" in each["value"]]
    assert len(actions) == 1
    told = replace(route, id=id, event="test:route", channel="telegram", address=someone, state="ready", attempts=())
    told = replace(told, content={**route.content, "actions": actions}, payload=None, bundle=None)
    talk.app.store.add_messages([replace(told, send_at=talk.clock.now())], actor="test", at=talk.clock.now())
    talk.telegram.blockers.add(someone)
    talk.settle()
    first, anew = (message for message in talk.messages(kinds={"route"}) if message.event == "test:route")
    assert (first.state, anew.state, anew.channel) == ("failed", "accepted", "line")
    button = json.dumps(talk.line.log[-1].messages)
    assert f"seen:{anew.id}" in button
    assert f"seen:{first.id}" not in button
    talk.line_says(somebody, data=f"seen:{anew.id}")
    assert {message.id: message.state for message in talk.messages(kinds={"route"})}[anew.id] == "confirmed"


@pytest.mark.parametrize("doubtful", [True, False])
def test_what_may_have_come_says_so_in_the_other_chat(
    talk: Any, buyer: str, somebody: str, someone: str, doubtful: bool
) -> None:
    """Telegram lost its answer to the first try and refused the second: the person may have both."""
    has(talk, buyer, ("line", somebody), ("telegram", someone))
    waits(talk, buyer, "telegram", someone, send_at=talk.clock.now(), klass="critical", kind="changed")
    if doubtful:
        talk.telegram.faults.order("reset")
        talk.settle()
    talk.telegram.blockers.add(someone)
    talk.later(minutes=1)
    talk.settle()
    (told,) = talk.line.log
    assert ("(ส่งซ้ำ)" in str(told.messages)) is doubtful
