"""Chats that take no more messages, none for now, or have another address: what waits for them, on both databases."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from storage import AttemptEnd, AttemptStart, ChatAddress, Member, Message, Person, Role, Store

SECOND = dt.timedelta(seconds=1)


def has(store: Store, make: Any, ref: str, *chats: tuple[str, str, str], role: Role = Role.BUYER) -> None:
    """A member with these chats: channel, address, state."""
    addresses = tuple(ChatAddress(channel=channel, address=address) for channel, address, _ in chats)
    person = Person(name=ref, phone=f"08{int(ref[1:]):08}", addresses=addresses)
    if role is Role.BUYER:
        store.save_orders([make.order(int(ref[1:]), buyer_ref=ref)], actor="import", at=make.at)
    store.save_members([Member(role=role, ref=ref, person=person)], actor="import", at=make.at)
    for channel, address, state in chats:
        store.set_address_state(channel, address, state, actor="test", at=make.at)


def ready(store: Store, make: Any, *messages: Message) -> None:
    rows = [replace(message, state="ready") for message in messages]
    assert store.add_messages(rows, actor="test", at=make.at) == len(rows)


def claimed(store: Store, make: Any, now: dt.datetime | None = None, channel: str = "line") -> list[str]:
    now = now or make.message().send_at
    options: dict[str, Any] = {"channel": channel, "holder": "h", "limit": 99, "lease_seconds": 60}
    return [message.id for message in store.claim_messages(now, **options)]


def tried(store: Store, make: Any, id: str, state: str, outcome: str, **more: Any) -> None:
    """A message is taken, begun, and ends so."""
    at = make.message().send_at
    assert id in claimed(store, make, more.pop("now", at))
    store.begin_attempts([AttemptStart(message_id=id, payload={}, at=at)], holder="h")
    store.finish_attempts([AttemptEnd(message_id=id, at=at, state=state, outcome=outcome, **more)], holder="h")


@pytest.mark.parametrize("state", ["blocked", "dead", "left"])
def test_a_closed_chat_is_not_sent_to(store: Store, make: Any, state: str) -> None:
    """Whatever closed it, and however late before the call: what waits is found and goes another way, in its order."""
    has(store, make, "B0001", ("line", "U0001", state), ("telegram", "7", "active"))
    has(store, make, "B0002", ("line", "U0002", "active"))
    ready(store, make, make.message(1), make.message(2), make.message(3, member_ref="B0001", address="U0001"))
    assert claimed(store, make) == ["m2"]
    at = make.message().send_at
    assert [message.id for message in store.stranded("line", at)] == ["m1", "m3"]
    ways = [(id, "telegram", "7") for id in ("m1", "m2", "m3")]
    assert store.redirect_messages(ways, actor="test", at=at) == 2
    assert store.stranded("line", at) == []
    assert claimed(store, make, channel="telegram") == ["m1"]


def test_a_chat_is_closed_for_whom_it_is_closed(store: Store, make: Any) -> None:
    """A family shares a phone: who has joined there again is written to, who has left is not."""
    has(store, make, "B0001", ("line", "U0001", "left"))
    has(store, make, "B0002", ("line", "U0001", "active"))
    store.set_address_state("line", "U0001", "active", actor="test", at=make.at)
    with store._engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE chat_address SET state = 'left' WHERE person_id = "
            "(SELECT person_id FROM member WHERE role = 'buyer' AND ref = 'B0001')"
        )
    ready(store, make, make.message(1), make.message(2, address="U0001"))
    at = make.message().send_at
    assert [message.id for message in store.stranded("line", at)] == ["m1"]
    assert store.move_messages(["m1"], "suppressed", reason="blocked", actor="test", at=at) == ["m1"]
    assert claimed(store, make) == ["m2"]


def test_what_may_have_been_taken_is_told_nobody_else(store: Store, make: Any) -> None:
    """A request in doubt keeps its chat, closed or not, until somebody knows."""
    has(store, make, "B0001", ("line", "U0001", "active"))
    ready(store, make, make.message(1))
    at = make.message().send_at
    tried(store, make, "m1", "retry", "unknown", not_before=at)
    store.set_address_state("line", "U0001", "blocked", actor="test", at=at)
    assert store.stranded("line", at) == []
    assert store.redirect_messages([("m1", "telegram", "7")], actor="test", at=at) == 0
    assert claimed(store, make) == ["m1"]


@pytest.mark.parametrize(("kind", "goes"), [("sos", True), ("word", True), ("link_request", True), ("help", False)])
def test_an_answer_stays_in_its_chat(store: Store, make: Any, kind: str, goes: bool) -> None:
    """What somebody is answered is the last that their chat hears; what others hear of it finds another way."""
    has(store, make, "C1", ("line", "U0001", "left"), role=Role.COORDINATOR)
    told = {"kind": kind, "event": "heard:telegram:1:1", "role": Role.COORDINATOR, "member_ref": "C1"}
    ready(store, make, make.message(1, **told))
    assert bool(store.stranded("line", make.message().send_at)) is goes
    assert bool(claimed(store, make)) is not goes


def test_what_a_chat_refused_is_found_until_it_is_said_anew(store: Store, make: Any) -> None:
    """Whoever looks again does not find it a second time; nor anybody once it is useless."""
    has(store, make, "B0001", ("line", "U0001", "active"))
    ready(store, make, make.message(1))
    tried(store, make, "m1", "failed", "gone", reason="blocked")
    at = make.message().send_at
    assert store.stranded("line", at) == []
    store.set_address_state("line", "U0001", "blocked", actor="test", at=at)
    assert [message.id for message in store.stranded("line", at)] == ["m1"]
    assert store.stranded("line", make.message().expires_at) == []
    ready(store, make, make.message(1, id="anew", revision=2, channel="telegram", address="7"))
    assert store.stranded("line", at) == []


def test_a_chat_that_moves_takes_all_along(store: Store, make: Any) -> None:
    """Its people and what waits have the new address, also who knew it before; other chats have theirs."""
    has(store, make, "B0001", ("telegram", "-1", "active"))
    has(store, make, "B0002", ("telegram", "-1", "active"), ("telegram", "-100", "blocked"))
    has(store, make, "B0003", ("telegram", "3", "active"))
    there = {"channel": "telegram", "address": "-1"}
    messages = [make.message(1, **there), make.message(2, **there, state="accepted")]
    messages += [make.message(3, channel="telegram", address="3"), make.message(4, address="-1")]
    store.add_messages(messages, actor="test", at=make.at)
    assert store.move_chat("telegram", "-1", "-100", actor="test", at=make.at) == 1
    assert [message.address for message in store.messages()] == ["-100", "-1", "3", "-1"]
    assert store.members_at("telegram", "-1") == []
    assert [member.ref for member in store.members_at("telegram", "-100")] == ["B0001", "B0002"]
    for member in store.members_at("telegram", "-100"):
        assert {each.state for each in member.person.addresses} == {"active"}
    entry = next(each for each in store.audit() if each.verb == "move_chat")
    assert entry.detail == {"channel": "telegram", "people": 2, "messages": 1}


def test_who_is_to_be_left_alone_is_known_to_the_next_sender(store: Store, make: Any) -> None:
    """Only while it lasts, and only where the last answer said so."""
    at = make.message().send_at
    ready(store, make, *(make.message(number) for number in (1, 2, 3)))
    assert claimed(store, make) == ["m1", "m2", "m3"]
    store.begin_attempts([AttemptStart(message_id=f"m{n}", payload={}, at=at) for n in (1, 2, 3)], holder="h")
    later = {"at": at, "state": "retry", "outcome": "later"}
    ends = [
        AttemptEnd(message_id="m1", status=429, not_before=at + 30 * SECOND, **later),
        AttemptEnd(message_id="m2", status=429, not_before=at + 9 * SECOND, **later),
        AttemptEnd(message_id="m3", status=500, not_before=at + 30 * SECOND, **later),
    ]
    store.finish_attempts(ends, holder="h")
    assert store.resting("line", at, 429) == {"U0001": at + 30 * SECOND, "U0002": at + 9 * SECOND}
    assert store.resting("line", at + 9 * SECOND, 429) == {"U0001": at + 30 * SECOND}
    assert store.resting("telegram", at, 429) == {}
    store.begin_attempts([AttemptStart(message_id="m2", payload={}, at=at)], holder="h")
    assert claimed(store, make, at + 9 * SECOND) == ["m2"]
    store.begin_attempts([AttemptStart(message_id="m2", payload={}, tries=1, at=at)], holder="h")
    refused = AttemptEnd(message_id="m2", at=at, state="retry", outcome="unknown", not_before=at + 30 * SECOND)
    store.finish_attempts([refused], holder="h")
    assert set(store.resting("line", at + 9 * SECOND, 429)) == {"U0001"}
