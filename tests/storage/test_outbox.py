"""Messages: woken when due, in one hand at a time, in order per person, ended once."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import AttemptEnd, AttemptStart, Message, Role, Store
from storage.records import Fence, Scope

SECOND = dt.timedelta(seconds=1)
HOUR = dt.timedelta(hours=1)


def add(store: Store, make: Any, *messages: Message) -> int:
    return store.add_messages(messages, actor="app", at=make.at)


def claim(store: Store, now: dt.datetime, **options: Any) -> list[str]:
    chosen: dict[str, Any] = {"channel": "line", "holder": "h1", "limit": 100, "lease_seconds": 10} | options
    return [message.id for message in store.claim_messages(now, **chosen)]


def begin(
    store: Store,
    at: dt.datetime,
    *ids: str,
    payload: str = "hi",
    tries: int | None = None,
    fence: Fence | None = None,
    **more: Any,
) -> list[str]:
    known = {message.id: len(message.attempts) for message in store.messages()}
    starts = [
        AttemptStart(
            message_id=id,
            payload={"text": payload},
            tries=known.get(id, 0) if tries is None else tries,
            retry_key=f"key-{id}",
            at=at,
            **more,
        )
        for id in ids
    ]
    return store.begin_attempts(starts, holder="h1", fence=fence)


def end(store: Store, at: dt.datetime, id: str, state: str, *, tries: int | None = None, **more: Any) -> None:
    known = {message.id: len(message.attempts) for message in store.messages()}[id] if tries is None else tries
    ended = AttemptEnd(message_id=id, at=at, state=state, outcome=state, tries=known, **more)
    store.finish_attempts([ended], holder="h1")


def states(store: Store) -> dict[str, str]:
    return {message.id: message.state for message in store.messages()}


def test_a_message_comes_back_as_it_went_in(store: Store, make: Any) -> None:
    """Every field survives the database, also of one that no chat reaches."""
    one = make.message(order_ids=("SR-0002", "SR-0001"), bundle="b", plan_id=None, not_before=make.at)
    two = make.message(2, channel=None, address=None, state="suppressed", reason="no_address", role=Role.SELLER)
    assert add(store, make, one, two) == 2
    assert store.messages() == [one, two]


def test_one_event_is_told_a_person_once(store: Store, make: Any) -> None:
    """The same event, role, member and revision is written once; another revision is another message."""
    one = make.message()
    assert add(store, make, one) == 1
    assert add(store, make, one, make.message(id="other")) == 0
    assert add(store, make, make.message(id="newer", revision=2)) == 1


def test_messages_wake_when_due_and_end_when_useless(store: Store, make: Any) -> None:
    """held becomes ready at send_at, and what nobody needs any more expires, whatever it waited for."""
    late = make.at + HOUR
    add(
        store,
        make,
        make.message(1),
        make.message(2, send_at=late),
        make.message(3, expires_at=make.at),
        make.message(4, state="ready", expires_at=make.at),
    )
    assert store.wake_messages(make.at) == 3
    assert states(store) == {"m1": "ready", "m2": "held", "m3": "expired", "m4": "expired"}
    assert store.wake_messages(make.at) == 0
    assert store.wake_messages(late) == 1


def test_a_claimed_message_is_in_nobody_elses_hand(store: Store, make: Any) -> None:
    """Two claims never hand out one message, nor one of another channel."""
    add(store, make, *(make.message(number, state="ready") for number in (1, 2, 3)))
    add(store, make, make.message(4, state="ready", channel="telegram"))
    assert claim(store, make.at, limit=2) == ["m1", "m2"]
    assert claim(store, make.at, holder="h2") == ["m3"]
    assert claim(store, make.at) == []
    assert claim(store, make.at, channel="telegram") == ["m4"]


def test_the_longest_due_goes_first(store: Store, make: Any) -> None:
    """Claims go by send_at, then by order of writing."""
    early = make.at - HOUR
    add(store, make, make.message(1, state="ready"), make.message(2, state="ready", send_at=early))
    assert claim(store, make.at, limit=1) == ["m2"]


def test_a_person_hears_things_in_order(store: Store, make: Any) -> None:
    """One address: one message at a time, none before an earlier one that is out or waits for another try."""
    same = {"state": "ready", "address": "U-same"}
    add(store, make, make.message(1, **same), make.message(2, **same), make.message(3, state="ready"))
    assert claim(store, make.at) == ["m1", "m3"]
    assert claim(store, make.at) == []
    begin(store, make.at, "m1")
    end(store, make.at, "m1", "retry", not_before=make.at + HOUR)
    assert claim(store, make.at) == []
    assert claim(store, make.at + HOUR) == ["m1"]
    begin(store, make.at, "m1")
    end(store, make.at, "m1", "accepted")
    assert claim(store, make.at) == ["m2"]


def test_what_is_due_to_one_address_is_claimed_together(store: Store, make: Any) -> None:
    """Up to as many as asked for, from the front of the address's line; what is not due or not pushed stays."""
    same = {"state": "ready", "address": "U-same"}
    retried = {"state": "retry", "not_before": make.at + HOUR}
    add(store, make, *(make.message(number, **same) for number in range(1, 8)))
    add(store, make, make.message(11, state="ready", address="U-b"), make.message(12, address="U-b"))
    add(store, make, make.message(13, state="ready", address="U-b", via="reply"))
    add(store, make, make.message(14, **same | retried | {"send_at": make.at - HOUR}))
    assert claim(store, make.at, together=5) == ["m11"]  # U-same's first waits for its hour
    assert claim(store, make.at + HOUR, together=5) == ["m14", "m1", "m2", "m3", "m4"]
    assert claim(store, make.at + HOUR, together=5) == []
    store.put_back([("m4", make.at + HOUR)], holder="h1", at=make.at)
    assert states(store)["m4"] == "retry"


def requested(store: Store, make: Any, *numbers: int, state: str = "retry", request: str = "req") -> None:
    """Messages to one person, begun in one request of which this became."""
    add(store, make, *(make.message(number, state="ready", address="U-same") for number in numbers))
    ids = claim(store, make.at, together=5)
    begin(store, make.at, *ids, bundle=request, expires_at=make.at + 30 * HOUR)
    ends = [AttemptEnd(message_id=id, at=make.at, state=state, outcome=state, not_before=make.at + HOUR) for id in ids]
    store.finish_attempts(ends, holder="h1")


def test_a_request_is_tried_again_as_it_was(store: Store, make: Any) -> None:
    """Its messages and no others are claimed again, its payloads and its end are those of the first attempt."""
    requested(store, make, 1, 2)
    add(store, make, make.message(3, state="ready", address="U-same"))
    assert claim(store, make.at, together=5) == []
    later = make.at + HOUR
    assert claim(store, later, together=5) == ["m1", "m2"]
    assert begin(store, later, "m1", "m2", payload="other", bundle="other", expires_at=later) == ["m1", "m2"]
    for message in store.messages()[:2]:
        assert (message.bundle, message.payload) == ("req", {"text": "hi"})
        assert message.expires_at == make.at + 30 * HOUR
    store.expire_leases(later, channel="line", whole=True)
    assert states(store) == {"m1": "unknown", "m2": "unknown", "m3": "ready"}
    assert store.resolve_message("m2", "retry", actor="C1", at=later)
    assert claim(store, later, together=5) == ["m1", "m2"]


def test_of_a_request_all_is_begun_or_nothing(store: Store, make: Any) -> None:
    """Where one message is no longer in the sender's hand, none of its request goes out; others do."""
    add(store, make, *(make.message(number, state="ready", address="U-same") for number in (1, 2)))
    add(store, make, make.message(3, state="ready"))
    claim(store, make.at, together=5)
    store.put_back([("m2", make.at)], holder="h1", at=make.at)
    starts = [
        AttemptStart(message_id=id, payload={}, bundle=request, at=make.at)
        for id, request in (("m1", "a"), ("m2", "a"), ("m3", "b"))
    ]
    assert store.begin_attempts(starts, holder="h1") == ["m3"]
    assert [message.bundle for message in store.messages()] == [None, None, "b"]


def test_what_was_never_taken_can_be_called_back_and_what_may_have_been_cannot(store: Store, make: Any) -> None:
    """A request that provably did not arrive is broken up, the rest goes in another; one in doubt stays whole."""
    requested(store, make, 1, 2, state="retry")
    assert store.move_messages(["m1"], "superseded", actor="app", at=make.at) == ["m1"]
    left = store.messages()[1]
    assert (left.state, left.bundle, left.payload) == ("retry", None, None)

    add(store, make, *(make.message(number, state="ready", address="U-other") for number in (3, 4)))
    claim(store, make.at, together=5)
    begin(store, make.at, "m3", "m4", bundle="second")
    doubt = [
        AttemptEnd(message_id=id, at=make.at, state="retry", outcome="unknown", not_before=make.at)
        for id in ("m3", "m4")
    ]
    store.finish_attempts(doubt, holder="h1")
    assert store.move_messages(["m3"], "superseded", actor="app", at=make.at) == []
    assert store.move_messages(["m4"], "suppressed", actor="app", at=make.at) == []
    assert claim(store, make.at, together=5) == ["m3", "m4"]


def test_nobody_is_overtaken_by_who_joins(store: Store, make: Any) -> None:
    """A message behind a request that waits to be tried again does not go with one that was put before it."""
    requested(store, make, 1)
    add(store, make, make.message(2, state="ready", address="U-same", send_at=make.at - HOUR))
    add(store, make, make.message(3, state="ready", address="U-same"))
    assert claim(store, make.at, together=5) == ["m2"]


def test_an_expired_message_neither_goes_nor_blocks(store: Store, make: Any) -> None:
    """What is useless is not sent, even before anybody swept it away, and holds up nobody."""
    same = {"state": "ready", "address": "U-same"}
    add(store, make, make.message(1, expires_at=make.at, **same), make.message(2, **same))
    assert claim(store, make.at) == ["m2"]


def test_an_attempt_is_noted_before_and_after(store: Store, make: Any) -> None:
    """The payload of the first attempt is frozen; each attempt keeps its own outcome."""
    add(store, make, make.message(state="ready"))
    claim(store, make.at)
    assert begin(store, make.at, "m1", payload="one") == ["m1"]
    end(store, make.at + SECOND, "m1", "retry", status=429, not_before=make.at + HOUR, reason="rate", detail="slow")
    (message,) = store.messages()
    assert (message.state, message.reason, message.not_before) == ("retry", "rate", make.at + HOUR)
    claim(store, make.at + HOUR)
    begin(store, make.at + HOUR, "m1", payload="two")
    assert [attempt.outcome for attempt in store.messages()[0].attempts] == ["retry", "sending"]
    end(store, make.at + HOUR, "m1", "accepted", status=200, provider_id="461")
    (message,) = store.messages()
    assert message.payload == {"text": "one"}
    assert [(item.outcome, item.status) for item in message.attempts] == [("retry", 429), ("accepted", 200)]
    assert (message.attempts[1].provider_id, message.attempts[1].retry_key) == ("461", "key-m1")


def test_a_lost_lease_stops_the_sender(store: Store, make: Any) -> None:
    """Who comes too late may neither begin nor end: the message is no longer theirs."""
    add(store, make, make.message(1, state="ready"), make.message(2, state="ready"))
    claim(store, make.at)
    begin(store, make.at, "m1")
    assert store.expire_leases(make.at + 9 * SECOND, channel="line") == 0
    assert store.expire_leases(make.at + 10 * SECOND, channel="line") == 2
    assert states(store) == {"m1": "unknown", "m2": "retry"}
    assert begin(store, make.at + HOUR, "m2") == []
    end(store, make.at + HOUR, "m1", "accepted")
    assert states(store)["m1"] == "unknown"
    assert store.messages()[0].attempts[0].outcome == "unknown"
    assert claim(store, make.at + 10 * SECOND) == ["m2"]


def test_a_new_sole_sender_takes_all_back(store: Store, make: Any) -> None:
    """Whoever has become the only sender need not wait for a dead one's leases."""
    add(store, make, make.message(1, state="ready"), make.message(2, state="ready"))
    claim(store, make.at)
    begin(store, make.at, "m1")
    assert store.expire_leases(make.at, channel="line", whole=True) == 2
    assert states(store) == {"m1": "unknown", "m2": "retry"}
    assert store.message_counts() == {"unknown": 1, "retry": 1}


def test_who_was_overtaken_neither_claims_nor_begins(store: Store, make: Any) -> None:
    """Once another has taken the sender's lease nothing is claimed nor begun by the old one's token, though nothing was
    taken back yet and no clock has told it; a lease that is over and that nobody took is still its holder's."""
    first = store.acquire_lease("account:line", "h1", now=make.at, seconds=10)
    assert first is not None
    add(store, make, *(make.message(number, state="ready", address=f"U{number}") for number in (1, 2, 3)))
    mine = Fence(lease="account:line", token=first)
    assert claim(store, make.at + HOUR, fence=mine, limit=2, lease_seconds=10_000) == ["m1", "m2"]
    assert begin(store, make.at + HOUR, "m1", fence=mine) == ["m1"]
    second = store.acquire_lease("account:line", "h2", now=make.at + HOUR, seconds=10)
    assert second is not None
    assert begin(store, make.at + HOUR, "m2", fence=mine) == []
    assert claim(store, make.at + HOUR, fence=mine) == []
    assert (states(store), len(store.messages()[1].attempts)) == ({"m1": "sending", "m2": "sending", "m3": "ready"}, 0)
    theirs = Fence(lease="account:line", token=second)
    assert claim(store, make.at + HOUR, fence=theirs, holder="h2") == ["m3"]


def test_an_old_hand_of_the_same_holder_begins_nothing(store: Store, make: Any) -> None:
    """A holder that stood still, lost its messages and claimed them again begins each once, whichever hand is first."""
    add(store, make, make.message(state="ready"))
    (id,) = claim(store, make.at)
    store.expire_leases(make.at, channel="line", whole=True)
    assert claim(store, make.at + SECOND) == [id]
    assert begin(store, make.at + SECOND, id, tries=0) == [id]
    assert begin(store, make.at + SECOND, id, tries=0) == []
    end(store, make.at + SECOND, id, "retry", not_before=make.at + SECOND)
    assert claim(store, make.at + SECOND) == [id]
    assert begin(store, make.at + SECOND, id, tries=0) == []
    assert begin(store, make.at + SECOND, id, tries=1) == [id]


def test_an_old_hand_of_the_same_holder_ends_nothing(store: Store, make: Any) -> None:
    """What came of its call is of an attempt that was given up; the one that its other hand has begun is still out."""
    add(store, make, make.message(state="ready"))
    (id,) = claim(store, make.at)
    begin(store, make.at, id)
    store.expire_leases(make.at, channel="line", whole=True)
    store.resolve_message(id, "retry", actor="outbox", at=make.at)
    assert claim(store, make.at + SECOND) == begin(store, make.at + SECOND, id) == [id]
    end(store, make.at + SECOND, id, "retry", tries=1, not_before=make.at)
    assert states(store) == {id: "sending"}
    ends = [
        AttemptEnd(message_id=id, at=make.at, state=state, outcome=state, tries=tries, provider_id=f"p{tries}")
        for tries, state in ((1, "failed"), (2, "accepted"), (1, "failed"))
    ]
    store.finish_attempts(ends, holder="h1")
    [message] = store.messages()
    assert message.state == "accepted"
    assert [(each.outcome, each.provider_id) for each in message.attempts] == [("unknown", None), ("accepted", "p2")]


def test_an_unknown_message_is_resolved_once(store: Store, make: Any) -> None:
    """sent, resend or drop: by hand, from unknown alone."""
    add(store, make, *(make.message(number, state="ready") for number in (1, 2, 3)))
    claim(store, make.at)
    begin(store, make.at, "m1", "m2", "m3")
    store.expire_leases(make.at + HOUR, channel="line")
    assert store.resolve_message("m1", "accepted", actor="C1", at=make.at)
    assert store.resolve_message("m2", "retry", actor="C1", at=make.at)
    assert store.resolve_message("m3", "failed", reason="dropped", actor="C1", at=make.at)
    assert states(store) == {"m1": "accepted", "m2": "retry", "m3": "failed"}
    assert not store.resolve_message("m1", "retry", actor="C1", at=make.at)
    assert not store.resolve_message("m404", "retry", actor="C1", at=make.at)
    assert not store.resolve_message("m2", "nonsense", actor="C1", at=make.at)
    assert claim(store, make.at) == ["m2"]


def test_messages_are_called_back_along_the_life_cycle(store: Store, make: Any) -> None:
    """Only what still waits is called back; what is out or over stays as it is."""
    add(store, make, *(make.message(number, state="ready") for number in (1, 2, 3)))
    claim(store, make.at, limit=1)
    moved = store.move_messages(["m1", "m2", "m3"], "suppressed", reason="quota", actor="quota", at=make.at)
    assert sorted(moved) == ["m2", "m3"]
    assert states(store) == {"m1": "sending", "m2": "suppressed", "m3": "suppressed"}
    assert store.move_messages(["m2"], "ready", actor="C1", at=make.at) == ["m2"]
    assert store.move_messages(["m3"], "sending", actor="C1", at=make.at) == []


def test_messages_are_asked_for_by_all_that_is_said_of_them(store: Store, make: Any) -> None:
    """Each filter narrows the list by itself."""
    route = make.message(2, kind="route", channel="telegram", wave="evening", order_ids=("SR-0001", "SR-0002"))
    add(store, make, make.message(1), route, make.message(3, plan_id="p9", date=make.day + dt.timedelta(days=1)))

    def ids(**asked: Any) -> str:
        return "".join(message.id[1] for message in store.messages(**asked))

    assert ids(date=make.day) == "12"
    assert ids(wave="evening") == "2"
    assert ids(states={"held"}) == "123"
    assert ids(states={"failed"}) == ""
    assert ids(kinds=["route"]) == "2"
    assert ids(channel="line") == "13"
    assert ids(order_id="SR-0001") == "12"
    assert ids(to="B0003") == "3"
    assert ids(plan_id="p9") == "3"
    assert ids(limit=2) == "12"


def test_within_a_scope_there_are_no_other_messages(store: Store, make: Any) -> None:
    """A day's messages are woken, ended and claimed though an earlier one of another day waits at the same address."""
    soon, day = make.at + dt.timedelta(hours=1), Scope(date=make.day, wave="midday")
    past = {"send_at": make.at - dt.timedelta(minutes=1)}
    other = make.message(1, date=make.day - dt.timedelta(days=1), address="U1", expires_at=soon, **past)
    ours = make.message(2, date=make.day, wave="midday", address="U1", expires_at=soon, **past)
    evening = make.message(3, date=make.day, wave="evening", address="U3", expires_at=soon, **past)
    store.add_messages([other, ours, evening], actor="t", at=make.at)
    assert store.wake_messages(make.at, scope=day) == 1
    taken = {"channel": other.channel, "holder": "h", "limit": 9, "lease_seconds": 60, "scope": day}
    assert store.next_message_at(make.at, channels=["line"], scope=day) == make.at
    assert [message.id for message in store.claim_messages(make.at, together=5, **taken)] == [ours.id]
    assert store.wake_messages(soon, scope=replace(day, wave=None)) == 1
    assert {m.id: m.state for m in store.messages()} == {other.id: "held", ours.id: "sending", evening.id: "expired"}


def test_the_next_moment_is_known(store: Store, make: Any) -> None:
    """Wake, claim, retry, expiry and the end of a lease each have their moment; no work, no moment."""
    assert store.next_message_at(make.at, channels=["line"]) is None
    soon = make.at + HOUR
    add(store, make, make.message(1, send_at=soon))
    assert store.next_message_at(make.at, channels=["line"]) == soon
    assert store.next_message_at(make.at, channels=["telegram"]) is None
    store.wake_messages(soon)
    assert store.next_message_at(soon, channels=["line"]) == soon
    claim(store, soon, lease_seconds=30)
    assert store.next_message_at(soon, channels=["line"]) == soon + 30 * SECOND
    begin(store, soon, "m1")
    end(store, soon, "m1", "retry", not_before=soon + HOUR)
    assert store.next_message_at(soon, channels=["line"]) == soon + HOUR
    add(store, make, make.message(2, state="ready", address="U0001", send_at=soon + SECOND))
    assert store.next_message_at(soon + 2 * SECOND, channels=["line"]) == soon + HOUR  # behind the first: no work yet
    claim(store, soon + HOUR)
    begin(store, soon + HOUR, "m1")
    end(store, soon + HOUR, "m1", "failed")
    assert store.next_message_at(soon + HOUR, channels=["line"]) == soon + HOUR


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),  # address
            st.integers(0, 4),  # minutes till send_at
            st.sampled_from(["held", "ready", "retry"]),
        ),
        min_size=1,
        max_size=12,
    ),
    st.integers(1, 4),
)
def test_everything_is_sent_once_and_in_order(
    sqlite_url: str, make: Any, written: list[tuple[int, int, str]], limit: int
) -> None:
    """Whatever waits, draining the outbox hands out each message once, and to each address by send_at."""
    from storage import open_store

    minute = dt.timedelta(minutes=1)
    with open_store(sqlite_url) as store:
        store.move_messages([m.id for m in store.messages()], "superseded", actor="test", at=make.at)
        batch = make.at.isoformat() + str(len(store.messages()))
        messages = [
            make.message(
                number,
                id=f"{batch}/{number}",
                event=f"{batch}/{number}",
                address=f"U{address}",
                send_at=make.at + minutes * minute,
                state=state,
                not_before=make.at + (minutes + 1) * minute if state == "retry" else None,
            )
            for number, (address, minutes, state) in enumerate(written)
        ]
        add(store, make, *messages)
        sent: list[Message] = []
        now: dt.datetime | None = make.at + 5 * minute  # all is due, so that send_at alone decides
        while now is not None:
            store.wake_messages(now)
            claimed = store.claim_messages(now, channel="line", holder="h1", limit=limit, lease_seconds=10)
            assert len({message.address for message in claimed}) == len(claimed)
            begin(store, now, *(message.id for message in claimed))
            for message in claimed:
                end(store, now, message.id, "accepted")
            sent += claimed
            now = store.next_message_at(now, channels=["line"])
        assert sorted(message.id for message in sent) == sorted(message.id for message in messages)
        for address in {message.address for message in sent}:
            moments = [message.send_at for message in sent if message.address == address]
            assert moments == sorted(moments)


def test_nothing_is_withdrawn_from_a_push_in_doubt(store: Store, make: Any) -> None:
    """Between a sender's death and the next try of the same request it stays whole, as its key stands for all of it."""
    chat = {"channel": "line", "address": "U1", "state": "ready"}
    store.add_messages([make.message(1, **chat), make.message(2, **chat)], actor="app", at=make.at)
    later = make.at + dt.timedelta(minutes=2)
    claimed = store.claim_messages(make.at, channel="line", holder="s", limit=1, lease_seconds=60, together=5)
    assert len(claimed) == 2
    starts = [AttemptStart(message_id=each.id, payload={}, bundle="b", at=make.at) for each in claimed]
    assert len(store.begin_attempts(starts, holder="s")) == 2
    store.expire_leases(later, channel="line")
    assert store.move_messages(["m1"], "superseded", actor="app", at=later) == []
    assert store.resolve_message("m2", "retry", actor="outbox", at=later)
    assert {message.state for message in store.messages()} == {"retry"}
