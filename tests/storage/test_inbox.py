"""The inbox, talks, invitations: an event is kept once, heeded once with all it changes, and a person is forgotten."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from storage import AttemptEnd, AttemptStart, BadValue, Store, open_store
from storage.heard import Consent, Heard, Heeded, Invitation, LinkRequest, News, PassedOn, Step, Told
from storage.records import ChatAddress, Member, Message, Person, Role

BUYER = (Role.BUYER, "B0001")


def told(*ids: str) -> list[Told]:
    return [Told(event_id=each, body=b'{"events":[]}') for each in ids]


def first(store: Store) -> Heard:
    return store.heard()[0]


@pytest.fixture
def buyer(store: Store, make: Any) -> Member:
    """A buyer with an order, a phone and a LINE chat."""
    store.save_orders([make.order(1, buyer_ref="B0001")], actor="import", at=make.at)
    chat = ChatAddress(channel="line", address="U1")
    person = Person(name="สมศรี ใจดี", phone="0800000001", addresses=(chat,), household="H1")
    member = Member(role=Role.BUYER, ref="B0001", person=person)
    store.save_members([member], actor="import", at=make.at)
    (found,) = store.members(Role.BUYER, refs=["B0001"])
    return found


def test_an_event_is_kept_once(store: Store, make: Any) -> None:
    """A service that tells twice is heard once, per channel, also within one call, with whatever bytes it sent."""
    assert store.add_inbox("line", [Told(event_id="e1", body=b"\x00\xff"), *told("e1", "e2")], at=make.at) == 2
    assert store.add_inbox("line", told("e2", "e3"), at=make.at) == 1
    assert store.add_inbox("telegram", told("e1"), at=make.at) == 1
    assert [(each.channel, each.event_id) for each in store.heard()] == [
        ("line", "e1"),
        ("line", "e2"),
        ("line", "e3"),
        ("telegram", "e1"),
    ]
    assert first(store).body == b"\x00\xff"
    assert store.add_inbox("line", [], at=make.at) == 0


def test_an_event_is_heeded_once_with_all_it_changes(store: Store, buyer: Member, make: Any) -> None:
    """Talk, answer and the mark that it is done are one transaction; a second worker changes nothing."""
    store.add_inbox("line", told("e1"), at=make.at)
    reply = make.message(via="reply", channel="line", address="U1", state="sending", plan_id=None)
    step = Step(channel="line", address="U1", name="pin", data={"location": [99.3, 9.1]})
    request = LinkRequest(id="l1", channel="line", address="U9", phone="0800000009", created_at=make.at)
    came_to = Heeded(
        outcome="place", address="U1", steps=(step,), messages=(reply,), reply=reply.id, wrong=True, request=request
    )
    heard = first(store)
    assert store.heed(heard, came_to, holder="w", at=make.at)
    assert not store.heed(heard, replace(came_to, outcome="again"), holder="w", at=make.at)
    assert store.heard() == []
    assert (store.heard_before("line", "e1") or heard).outcome == "place"
    chat = store.chat("line", "U1")
    assert (chat.step, chat.data, chat.tries) == ("pin", {"location": [99.3, 9.1]}, 1)
    (message,) = store.messages()
    assert (message.state, message.attempts[0].outcome) == ("sending", "sending")
    assert store.link_requests() == [request]
    later = make.at + dt.timedelta(hours=1)
    assert store.claim_messages(later, channel="line", holder="s", limit=9, lease_seconds=60) == []


def test_wrong_guesses_are_forgotten_after_a_day(store: Store, make: Any) -> None:
    """They count within a day of the first, and begin anew after it."""
    for number, hours in enumerate((0, 1, 20, 30)):
        at = make.at + dt.timedelta(hours=hours)
        store.add_inbox("line", told(f"e{number}"), at=at)
        store.heed(first(store), Heeded(outcome="wrong", address="U1", wrong=True), holder="w", at=at)
        assert store.chat("line", "U1").tries == (1, 2, 3, 1)[number]


def test_guesses_at_a_number_are_counted_from_every_chat(store: Store, make: Any) -> None:
    """By the number's digest, whatever chat they come from, within a day of the first; a day later they are gone."""

    def guess(number: int, digest: str, hours: float) -> int:
        at, channel = make.at + dt.timedelta(hours=hours), ("line", "telegram")[number % 2]
        store.add_inbox(channel, told(f"e{number}"), at=at)
        came_to = Heeded(outcome="wrong_order", address=f"U{number}", wrong=True, guessed=digest)
        assert store.heed(first(store), came_to, holder="w", at=at)
        return store.guesses(digest, at=at)

    assert [guess(1, "d1", 0), guess(2, "d1", 1), guess(3, "d2", 2), guess(4, "d1", 23)] == [1, 2, 1, 3]
    assert store.guesses("d1", at=make.at + dt.timedelta(hours=24)) == 3
    assert store.guesses("d1", at=make.at + dt.timedelta(hours=24, seconds=1)) == 0
    assert guess(5, "d2", 25) == 2
    assert _holds(store, "d1") == [], "nobody's guess is kept longer than it counts"
    assert guess(6, "d1", 25) == 1


def test_a_request_is_settled_once(store: Store, make: Any) -> None:
    """Of two coordinators, one in a chat and one at the keyboard, the second changes nothing and is to look anew."""
    request = LinkRequest(id="l1", channel="line", address="U9", phone="0800000009", created_at=make.at)
    store.add_inbox("line", told("e1", "e2"), at=make.at)
    assert store.heed(first(store), Heeded(outcome="request", request=request), holder="w", at=make.at)
    no, yes = (Heeded(outcome="link", address="U9", decided=("l1", settled), wrong=True) for settled in (False, True))
    assert store.settle_link(request, no, actor="cli", at=make.at)
    assert not store.settle_link(request, yes, actor="cli", at=make.at)
    assert not store.heed(first(store), yes, holder="w", at=make.at)
    decided = store.link_request("l1")
    assert decided is not None
    assert (decided.confirmed, store.chat("line", "U9").tries) == (False, 1)
    assert [each.event_id for each in store.heard()] == ["e2"]


def test_each_account_has_its_own_events(store: Store, make: Any) -> None:
    """Who has one account reads its events alone, in their order."""
    for number, channel in enumerate(("line", "telegram", "line")):
        store.add_inbox(channel, told(f"e{number}"), at=make.at)
    assert [each.event_id for each in store.heard(channels=["line"])] == ["e0", "e2"]
    assert [each.event_id for each in store.heard(channels=["telegram", "line"], limit=2)] == ["e0", "e1"]
    assert store.heard(channels=[]) == []


def test_words_that_were_passed_on_are_remembered(store: Store, make: Any) -> None:
    """When that was, beside all else that is known of the chat."""
    store.add_inbox("line", told("e1", "e2"), at=make.at)
    step = Step(channel="line", address="U1", name="pin", data={"orders": ["SR-0001"]})
    store.heed(first(store), Heeded(outcome="place", address="U1", steps=(step,), wrong=True), holder="w", at=make.at)
    later = make.at + dt.timedelta(minutes=1)
    passed = PassedOn(at=later, news=(News(event_id="e2", words="ฝนตก"),))
    store.heed(first(store), Heeded(outcome="word", address="U1", passed_on=passed), holder="w", at=later)
    chat = store.chat("line", "U1")
    assert (chat.passed_on_at, chat.step, chat.tries) == (later, "pin", 1)
    assert [each["words"] for each in chat.gathered["news"]] == ["ฝนตก"]


def test_words_that_wait_are_gathered(store: Store, make: Any) -> None:
    """The last message holds them all; the one before is withdrawn, but where it is already in a sender's hand."""
    later, chat = make.at + dt.timedelta(minutes=5), {"channel": "line", "address": "U9", "kind": "word"}
    store.add_inbox("line", told("e1", "e2", "e3"), at=make.at)

    def passes(number: int, *instead: str) -> None:
        word = make.message(number, **chat, state="held", send_at=later)
        news = News(event_id=f"e{number}", words=f"{number}", thing="photo", place=(99.3, 9.1))
        passed = PassedOn(at=later, news=(news,), instead=instead)
        heeded = Heeded(outcome="word", address="U1", passed_on=passed, messages=(word,))
        assert store.heed(first(store), heeded, holder="w", at=make.at)
        told = {"event_id": news.event_id, "words": news.words, "thing": "photo", "place": [99.3, 9.1], "way": False}
        assert store.chat("line", "U1").gathered == {"news": [told], "messages": [word.id]}

    passes(1)
    passes(2, "m1")
    assert [(m.state, m.reason) for m in store.messages()] == [("superseded", "gathered"), ("held", None)]
    store.wake_messages(later)
    assert store.claim_messages(later, channel="line", holder="s", limit=1, lease_seconds=60)
    passes(3, "m2")
    assert [m.state for m in store.messages()] == ["superseded", "sending", "held"]


@pytest.mark.parametrize("gathered", [False, True])
def test_what_is_taken_back_is_forgotten(store: Store, make: Any, gathered: bool) -> None:
    """Its raw event and its words; the message that holds it is withdrawn, but where it holds what others said, too."""
    word = {"channel": "line", "address": "U9", "kind": "word"}
    store.add_inbox("line", told("e1", "e2"), at=make.at)
    news = tuple(News(event_id=each, words=each) for each in (("e0", "e1") if gathered else ("e1",)))
    due = make.message(1, **word, state="ready", event="heard:line:e1:1", text="ฝนตก")
    over = make.message(2, **word, state="accepted", event="heard:line:e1:2", text="ฝนตก")
    another = make.message(3, **word, state="ready", event="heard:line:e11:1", text="ฝนตก")
    phoned = make.message(4, **word, state="suppressed", event="heard:line:e1:3", text="ฝนตก")
    passed = PassedOn(at=make.at + dt.timedelta(minutes=5), news=news)
    heeded = Heeded(outcome="word", address="U1", passed_on=passed, messages=(due, over, another, phoned))
    assert store.heed(first(store), heeded, holder="w", at=make.at)
    later = make.at + dt.timedelta(minutes=6)
    assert store.heed(first(store), Heeded(outcome="unsent", address="U1", unsent="e1"), holder="w", at=later)
    assert [(h.event_id, h.body == b"") for h in store.heard_from("line", "U1", limit=9)] == [
        ("e2", False),
        ("e1", True),
    ]
    assert [h.event_id for h in store.heard_from("line", "U1", limit=1)] == ["e2"]
    assert [h.event_id for h in store.heard_from("line", "U1", limit=9, outcome="word")] == ["e1"]
    states = [(each.state, each.reason, each.text) for each in store.messages()]
    first_of_all = ("ready", None, "ฝนตก") if gathered else ("superseded", "unsent", "")
    last_of_all = ("suppressed", None, "ฝนตก") if gathered else ("superseded", "unsent", "")
    assert states == [first_of_all, ("accepted", None, ""), ("ready", None, "ฝนตก"), last_of_all]
    assert store.chat("line", "U1").gathered == {}


def test_chats_show_their_menus(store: Store, make: Any) -> None:
    """Whose people do more than buy, and may be written to, are there with their roles; with the mark of what they
    show, also when nobody is behind them any more; who cannot be reached is not."""

    def chat(address: str, role: Role, ref: str, **changes: Any) -> None:
        chats = (ChatAddress(channel="line", address=address),)
        person = Person(name=f"{ref}", phone=f"08000{ref[1:]:0>5}", addresses=chats, **changes)
        store.save_members([Member(role=role, ref=ref, person=person)], actor="import", at=make.at)

    chat("U1", Role.RIDER, "R1")
    chat("U1", Role.SELLER, "S1")
    chat("U2", Role.BUYER, "B2")
    chat("U3", Role.RIDER, "R3", consent=False)
    chat("U4", Role.COORDINATOR, "C4")
    chat("U5", Role.RIDER, "R5")
    store.set_address_state("line", "U5", "blocked", actor="test", at=make.at)
    for address, mark in (("U4", "old"), ("U4", "coordinator-1"), ("U5", "rider-1"), ("U6", "rider-1"), ("U7", "x")):
        store.note_menu("line", address, mark, at=make.at)
    store.note_menu("line", "U7", None, at=make.at)
    assert [(each.address, set(each.roles), each.mark) for each in store.shown_menus("line")] == [
        ("U1", {Role.RIDER, Role.SELLER}, None),
        ("U4", {Role.COORDINATOR}, "coordinator-1"),
        ("U6", set(), "rider-1"),
    ]
    assert store.shown_menus("telegram") == []


def test_an_invitation_lets_one_chat_in_once(store: Store, buyer: Member, make: Any) -> None:
    """The first chat is linked with its consent; the second finds the code used; a new code ends the old."""
    made = Invitation(
        digest="d1", role=Role.BUYER, ref="B0001", created_at=make.at, expires_at=make.at + dt.timedelta(hours=72)
    )
    assert not store.invite(replace(made, ref="nobody"), actor="cli", at=make.at)
    assert store.invite(replace(made, digest="d0"), actor="cli", at=make.at)
    assert store.invite(made, actor="cli", at=make.at)
    old = store.invitation(["d0"])
    assert old is not None
    assert old.expires_at == make.at
    consent = Consent(who=BUYER, given=True, version="th-1", wording="ได้ไหม")
    came_to = Heeded(outcome="joined", links=(BUYER,), used="d1", consents=(consent,))
    store.add_inbox("telegram", told("e1", "e2"), at=make.at)
    one, two = store.heard()
    assert store.heed(one, replace(came_to, address="77"), holder="w", at=make.at)
    assert not store.heed(two, replace(came_to, address="78"), holder="w", at=make.at)
    assert [each.event_id for each in store.heard()] == ["e2"]
    (member,) = store.members_at("telegram", "77")
    assert (member.ref, member.person.consent) == ("B0001", True)
    assert {each.channel for each in member.person.addresses} == {"line", "telegram"}
    assert store.members_at("telegram", "78") == []
    assert [member.ref for member in store.buyers_of("0800000001")] == ["B0001"]


def test_a_chat_may_leave_and_come_back(store: Store, buyer: Member, make: Any) -> None:
    """Its address has another state, and is no other address."""
    for number, state in enumerate(("left", "blocked", "active")):
        store.add_inbox("line", told(f"e{number}"), at=make.at)
        store.heed(first(store), Heeded(outcome=state, address="U1", address_state=state), holder="w", at=make.at)
        states = {each.address: each.state for each in store.members_at("line", "U1")[0].person.addresses}
        assert states["U1"] == state


def test_nothing_of_a_forgotten_person_is_left(store: Store, buyer: Member, make: Any) -> None:
    """After an erasure no table holds their name, phone, place, chat, nor what was written by, to and about them."""
    order = make.order(1)
    store.add_messages(
        [
            make.message(1, state="accepted", channel="line", address="U1", name="สมศรี ใจดี", text="เรียน คุณสมศรี"),
            make.message(
                2, event="plan:p_1:R1", role=Role.RIDER, member_ref="R1", order_ids=("SR-0001",), text="ส่ง คุณสมศรี"
            ),
            make.message(
                4, event="heard:line:e1:1", kind="word", role=Role.COORDINATOR, member_ref="C1", text="สมศรีบอกว่า"
            ),
            make.message(5, event="silent:p_1:B0001", kind="escalation", role=Role.COORDINATOR, text="ยังไม่ตอบ"),
            make.message(6, event="heard:line:e11:1", kind="word", role=Role.COORDINATOR, text="ฝนตก"),
            make.message(3, event="x", member_ref="B0001", channel="line", address="U1", state="held", text="ถึงคุณสมศรี"),
        ],
        actor="app",
        at=make.at,
    )
    store.add_inbox("line", [Told(event_id="e1", body="บ้านสมศรี 0800000001".encode())], at=make.at)
    request = LinkRequest(id="l1", channel="line", address="U1", phone="0800000001", created_at=make.at)
    step = Step(channel="line", address="U1", name="order", data={"phone": "0800000001"})
    heeded = Heeded(outcome="phone", address="U1", steps=(step,), request=request)
    store.heed(first(store), heeded, holder="w", at=make.at)
    assert _holds(store, "สมศรี")
    assert _holds(store, "0800000001")
    assert store.erase_member(BUYER, actor="cli", at=make.at)
    assert not store.erase_member((Role.BUYER, "nobody"), actor="cli", at=make.at)
    place = str(order.location[0])
    for words in ("สมศรี", "0800000001", "U1", order.address_text, place):
        assert _holds(store, words) == [], words
    (member,) = store.members(Role.BUYER, refs=["B0001"])
    assert (member.active, member.person.consent, member.person.addresses) == (False, False, ())
    assert [(m.state, m.reason) for m in store.messages() if m.event == "x"] == [("superseded", "erased")]
    assert [m.text for m in store.messages() if m.id in {"m5", "m6"}] == ["ยังไม่ตอบ", "ฝนตก"], "that was others"
    assert store.orders(order_ids=["SR-0001"])[0].pickups == order.pickups


def test_a_forgotten_rider_is_in_no_coordinators_message(store: Store, make: Any) -> None:
    """Neither that they were silent, nor the cards of the rounds that they rode; another wave's card stays."""
    order = make.order(1)
    store.save_orders([order], actor="import", at=make.at)
    plan = make.planned(store, order)
    rider = Member(role=Role.RIDER, ref="R1", person=Person(name="วิชัย", phone="0800000002"))
    store.save_members([rider], actor="import", at=make.at)
    to = {"role": Role.COORDINATOR, "member_ref": "C1", "text": "วิชัย 0800000002", "order_ids": ()}
    written = [
        make.message(1, kind="escalation", event=f"silent:{plan.id}:R1", state="accepted", **to),
        make.message(2, kind="escalation", event=f"unreached:{plan.id}:R1", state="held", **to),
        make.message(3, kind="status_card", event="status:1", date=plan.date, wave=plan.wave, state="accepted", **to),
        make.message(4, kind="status_card", event="status:2", date=plan.date, wave="other", state="accepted", **to),
        make.message(5, kind="escalation", event=f"silent:{plan.id}:XR1", state="accepted", **to),
    ]
    store.add_messages(written, actor="app", at=make.at)
    assert store.erase_member((Role.RIDER, "R1"), actor="cli", at=make.at)
    assert {m.id for m in store.messages() if m.text} == {"m4", "m5"}
    assert next(m.state for m in store.messages() if m.id == "m2") == "superseded"


def test_what_goes_along_with_a_reply_is_all_of_it_or_nothing(store: Store, make: Any) -> None:
    """It is begun with the reply; where some waits no longer, or a sender has that address, nothing is written."""
    chat = {"channel": "line", "address": "U1"}
    held, ready = make.message(1, **chat), make.message(2, state="ready", **chat)
    store.add_messages([held, ready], actor="app", at=make.at)
    reply = make.message(9, id="reply", state="sending", via="reply", bundle="reply", **chat)
    starts = [AttemptStart(message_id=id, payload={"id": id}, bundle="reply", at=make.at) for id in ("m1", "m2")]
    store.add_inbox("line", [Told(event_id="e1", body=b"{}")], at=make.at)

    def heed(*along: AttemptStart) -> bool:
        came_to = Heeded(outcome="eta", address="U1", messages=(reply,), reply="reply", along=along)
        return store.heed(first(store), came_to, holder="w", at=make.at)

    store.claim_messages(make.at, channel="line", holder="h", limit=9, lease_seconds=9)
    assert not heed(starts[0])
    store.put_back([("m2", make.at)], holder="h", at=make.at)
    assert not heed(starts[0], AttemptStart(message_id="m404", payload={}, at=make.at))
    assert len(store.messages()) == 2
    assert heed(*starts)
    assert [(m.state, m.via, m.bundle) for m in store.messages()] == [("sending", "reply", "reply")] * 3
    assert store.claim_messages(make.at, channel="line", holder="h", limit=9, lease_seconds=9) == []
    ends = [
        AttemptEnd(message_id="m1", at=make.at, state="retry", outcome="unknown", not_before=make.at),
        AttemptEnd(message_id="m2", at=make.at, state="unknown", outcome="unknown"),
    ]
    store.finish_attempts(ends, holder="w")
    again, lost, _ = store.messages()
    assert (again.state, again.via, again.bundle, again.payload) == ("retry", "push", None, None)
    assert (lost.state, lost.via, lost.payload) == ("unknown", "reply", {"id": "m2"})


def _holds(store: Store, words: str) -> list[str]:
    """The tables in which these words stand."""
    found = []
    with store._engine.connect() as connection:
        names = "SELECT name FROM sqlite_master WHERE type = 'table'"
        if connection.dialect.name == "postgresql":
            names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        for table in connection.execute(text(names)).scalars().all():
            for row in connection.execute(text(f'SELECT * FROM "{table}"')):  # noqa: S608 - our own tables
                shown = " ".join(
                    bytes(cell).decode("utf-8", "replace") if isinstance(cell, bytes | memoryview) else str(cell)
                    for cell in row
                )
                if words in shown:
                    found.append(table)
    return found


@pytest.mark.postgres
def test_an_address_beyond_what_an_index_holds_is_a_bad_value(postgres_url: str, make: Any) -> None:
    """It is told apart from a database that does not answer, so that it is put aside and holds up no other event."""
    noise = "".join(chr(0x4E00 + number * 7919 % 20000) for number in range(9000))
    with open_store(postgres_url) as store:
        store.add_inbox("line", told("long"), at=make.at)
        with pytest.raises(BadValue):
            store.heed(first(store), Heeded(outcome="help", address=noise), holder="test", at=make.at)


def test_answers_in_the_same_words_are_said_once(store: Store, make: Any) -> None:
    """Who writes much waits for few answers: the last of each; all else that waits there or elsewhere stays."""

    def answer(number: int, **changes: Any) -> Message:
        said: Message = make.message(number, kind="help", address="7", channel="telegram", state="ready", text="ได้")
        return replace(said, **({"event": f"heard:telegram:e{number}:0", "plan_id": None} | changes))

    others = [
        answer(11, text="อื่น"),
        answer(12, kind="eta"),
        answer(13, address="8"),
        answer(14, channel="line"),
        answer(15, event="plan:p1:R1", kind="help"),
        answer(16, state="sending"),
        answer(17, state="accepted"),
    ]
    store.add_messages(others, actor="app", at=make.at)
    for number in range(1, 6):
        store.add_inbox("telegram", told(f"e{number}"), at=make.at)
        heeded = Heeded(outcome="help", address="7", messages=(answer(number), answer(number + 20, kind="receipt")))
        assert store.heed(first(store), heeded, holder="w", at=make.at)
    stand = {message.id: (message.state, message.reason) for message in store.messages()}
    assert [stand[f"m{number}"] for number in range(1, 5)] == [("superseded", "repeated")] * 4
    assert stand["m5"] == stand["m25"] == ("ready", None)
    assert {stand[message.id] for message in others} == {("ready", None), ("sending", None), ("accepted", None)}
    store.add_inbox("telegram", told("e9"), at=make.at)
    urgent = answer(9, kind="receipt", klass="critical")
    assert store.heed(first(store), Heeded(outcome="help", messages=(urgent,)), holder="w", at=make.at)
    assert {message.state for message in store.messages() if message.id in {"m25", "m9"}} == {"ready"}
