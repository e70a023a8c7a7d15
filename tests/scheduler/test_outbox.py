"""Sending: what an outcome means for a row, and the loop that turns rows into calls, on real databases."""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.base import Content, Gone, Inbound, Later, Outcome, Payload, Receipt, Refused, Unknown, still_ours
from channels.console import Console
from channels.line.flex import render as render_line
from scheduler import states
from scheduler.clock import SteppedClock
from scheduler.outbox import Outbox, judge, lease_of, said_again
from scheduler.outbox.verdicts import FIRST_RETRY, KEY_LIFE, LAST_RETRY, REPEATS
from storage import Attempt, ChatAddress, Message, Order, Store, open_store

SECOND, HOUR = dt.timedelta(seconds=1), dt.timedelta(hours=1)
SEVEN = dt.datetime(2026, 11, 23, 19, 0, tzinfo=dt.timezone(HOUR * 7))

Script = Callable[[str, int], Outcome]


class Scripted:
    """A service that answers as it is told: `script(address, attempt)` says what becomes of each call."""

    official = False

    def __init__(self, script: Script = lambda address, attempt: Receipt(provider_id="1"), **options: Any) -> None:
        self.name, self.keyed = options.get("name", "line"), options.get("keyed", True)
        self.holds: int = options.get("holds", 1)
        self.calls: list[tuple[str, str, str]] = []
        self.during: Callable[[], Awaitable[None]] | None = None
        self._script = script

    def render(self, content: Content) -> Payload:
        return {"text": content.text()}

    def together(self, payloads: Sequence[Payload]) -> Sequence[Payload]:
        return payloads[: self.holds]

    async def send(self, address: str, *parts: Payload, key: str) -> Outcome:
        self.calls.append((address, "\n".join(part["text"] for part in parts), key))
        if self.during is not None:
            await self.during()
        return self._script(address, sum(call[0] == address for call in self.calls))

    async def edit(self, address: str, number: str, part: Payload) -> Outcome:
        return await self.send(address, part, key=f"edits {number}")

    def receive(self, headers: Mapping[str, str], body: bytes) -> Sequence[Inbound]:
        return ()

    async def close(self) -> None:
        """Nothing is held."""


class Shown(Scripted):
    """The scripted service as LINE lays a message out, with all that this asks of its content."""

    def render(self, content: Content) -> Payload:
        return {"text": content.text(), **render_line(content)}


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(coroutine)


# --- what an outcome means ---------------------------------------------------------------------------------------


def tried(*outcomes: str, at: dt.datetime = SEVEN) -> tuple[Attempt, ...]:
    return tuple(Attempt(at=at, outcome=outcome) for outcome in outcomes)


@pytest.mark.parametrize(
    ("outcome", "state", "reason", "address"),
    [
        (Receipt(provider_id="42"), "accepted", None, None),
        (Gone(reason="blocked", status=403), "failed", "blocked", "blocked"),
        (Gone(reason="unknown_recipient", status=400), "failed", "unknown_recipient", "dead"),
        (Refused(reason="too long", status=400), "failed", "refused", None),
        (Refused(reason="quota", status=429), "failed", "quota", None),
        (Refused(reason="quota", status=429, account=True), "failed", "quota", None),
        (Refused(reason="token", status=401, account=True), "retry", "token", None),
        (Later(reason="rate", after=30), "retry", "rate", None),
        (Later(reason="refused connection"), "retry", "refused connection", None),
    ],
)
def test_what_is_certain_does_not_depend_on_the_message(
    make: Any, outcome: Outcome, state: str, reason: str | None, address: str | None
) -> None:
    """Accepted, gone, refused or provably unsent mean the same for every message, channel and history."""
    histories: list[tuple[str, ...]] = [(), ("later",), ("unknown",), ("unknown", "later")]
    for keyed, klass, before in product([True, False], ["critical", "informative"], histories):
        message = make.message(klass=klass, attempts=tried(*before))
        verdict = judge(message, outcome, keyed=keyed, tries=len(before) + 1, now=SEVEN)
        assert (verdict.state, verdict.reason, verdict.address_state) == (state, reason, address)
        assert (verdict.not_before is not None) == (state == "retry")


@pytest.mark.parametrize(
    ("keyed", "klass", "before", "state"),
    [
        (True, "informative", (), "retry"),
        (True, "critical", ("unknown", "unknown", "unknown"), "retry"),
        (False, "critical", (), "retry"),
        (False, "critical", ("later",), "retry"),
        (False, "critical", ("unknown",) * REPEATS, "unknown"),
        (False, "critical", ("later", *("unknown",) * (REPEATS - 1), "later"), "retry"),
        (False, "informative", (), "unknown"),
        (False, "informative", ("later",), "unknown"),
    ],
)
def test_what_nobody_can_tell_is_tried_again_where_that_is_safe_or_needed(
    make: Any, keyed: bool, klass: str, before: tuple[str, ...], state: str
) -> None:
    """Under a key always; without one what is critical a few times, and what only informs never."""
    message = make.message(klass=klass, attempts=tried(*before))
    assert judge(message, Unknown(reason="timeout"), keyed=keyed, tries=1, now=SEVEN).state == state


def test_copies_of_what_is_critical_come_ever_further_apart(make: Any) -> None:
    """Half a minute after the first doubt, then twice as long each time, and never after the message is useless."""

    def wait(doubts: int, left: dt.timedelta = HOUR) -> dt.timedelta:
        message = make.message(klass="critical", attempts=tried(*["unknown"] * doubts), expires_at=SEVEN + left)
        verdict = judge(message, Unknown(reason="timeout"), keyed=False, tries=doubts + 1, now=SEVEN)
        assert verdict.not_before is not None
        return verdict.not_before - SEVEN

    assert [wait(doubts).total_seconds() for doubts in range(REPEATS)] == [30, 60, 120, 240]
    assert wait(3, left=9 * SECOND) == 9 * SECOND


def test_a_key_is_not_used_beyond_its_life(make: Any) -> None:
    """A service forgets its keys after a day: from the first call that may have arrived on, a little less."""
    message = make.message(attempts=tried("unknown"), expires_at=SEVEN + 9 * KEY_LIFE)
    unknown = Unknown(reason="timeout")
    assert judge(message, unknown, keyed=True, tries=2, now=SEVEN + KEY_LIFE - SECOND).state == "retry"
    assert judge(message, unknown, keyed=True, tries=2, now=SEVEN + KEY_LIFE).state == "unknown"
    refused_first = replace(message, attempts=tried("later"))
    assert judge(refused_first, unknown, keyed=True, tries=2, now=SEVEN + KEY_LIFE).state == "retry"


def test_a_service_is_given_the_time_it_asks_for(make: Any) -> None:
    """Not before the service's own word; where that is nothing at all, not at once either."""

    def wait(after: float | None, tries: int = 1) -> float:
        verdict = judge(make.message(), Later(reason="rate", after=after), keyed=True, tries=tries, now=SEVEN)
        assert verdict.not_before is not None
        return (verdict.not_before - SEVEN).total_seconds()

    assert wait(30) == 30
    assert wait(1.5, tries=9) == 1.5
    assert wait(0) >= 1
    assert wait(-5) >= 1
    assert FIRST_RETRY * 0.8 <= wait(None) <= FIRST_RETRY * 1.2
    assert LAST_RETRY * 0.8 <= wait(None, tries=10_000) <= LAST_RETRY * 1.2


OUTCOMES = st.one_of(
    st.builds(Receipt, provider_id=st.none() | st.text(max_size=5)),
    st.builds(Later, reason=st.text(max_size=9), after=st.none() | st.floats(allow_nan=True, allow_infinity=True)),
    st.builds(Gone, reason=st.sampled_from(["blocked", "unknown_recipient"])),
    st.builds(Refused, reason=st.sampled_from(["quota", "bad"]), account=st.booleans()),
    st.builds(Unknown, reason=st.text(max_size=9)),
)


@given(
    outcome=OUTCOMES,
    keyed=st.booleans(),
    klass=st.sampled_from(["critical", "informative"]),
    history=st.lists(
        st.tuples(st.sampled_from(["later", "unknown", "refused"]), st.integers(0, 3 * 86_400)), max_size=6
    ),
    age=st.integers(0, 3 * 86_400),
    life=st.integers(-3600, 5 * 86_400),
)
def test_a_verdict_is_a_step_of_the_life_cycle(
    make: Any,
    outcome: Outcome,
    keyed: bool,
    klass: str,
    history: list[tuple[str, int]],
    age: int,
    life: int,
) -> None:
    """Whatever a service says: a row takes an allowed step, a receipt is taken, no retry outlives its message."""
    attempts = tuple(Attempt(at=SEVEN + at * SECOND, outcome=said) for said, at in sorted(history, key=lambda h: h[1]))
    now = SEVEN + age * SECOND
    message: Message = make.message(klass=klass, attempts=attempts, expires_at=now + life * SECOND)
    verdict = judge(message, outcome, keyed=keyed, tries=len(attempts) + 1, now=now)
    assert states.allowed("message", "sending", verdict.state)
    assert (verdict.state == "accepted") == isinstance(outcome, Receipt)
    if isinstance(outcome, Unknown) and not keyed and klass == "informative":
        assert verdict.state == "unknown"
    if verdict.state == "retry":
        assert verdict.not_before is not None
        assert now <= verdict.not_before <= max(now, message.expires_at)
        assert verdict.not_before > now or message.expires_at <= now
    else:
        assert verdict.not_before is None
    assert verdict.address_state is None or isinstance(outcome, Gone)


@pytest.mark.parametrize(("language", "mark"), [("th", "ส่งซ้ำ"), ("en", "sent again")])
def test_a_copy_says_that_it_is_one(language: str, mark: str) -> None:
    """What may come a second time says so in the reader's language, and nothing else changes."""
    content = Content(title="วันนี้", language=language)
    copy = said_again(content)
    assert mark in copy.title
    assert replace(copy, title=content.title) == content


# --- the loop ----------------------------------------------------------------------------------------------------


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(SEVEN)


@pytest.fixture
def other_store(database_url: str, store: Store) -> Iterator[Store]:
    """The same database, opened a second time as by another process."""
    with open_store(database_url) as opened:
        yield opened


def line(make: Any, number: int = 1, **changes: Any) -> Message:
    """A message over the scripted service, to a person of its own unless told otherwise."""
    return make.message(number, **{"channel": "line", "address": f"U{number:04}"} | changes)  # type: ignore[no-any-return]


def say(store: Store, *messages: Message) -> None:
    assert store.add_messages(messages, actor="test", at=SEVEN - HOUR) == len(messages)


def state_of(store: Store, number: int = 1) -> str:
    return next(message.state for message in store.messages() if message.id.endswith(f"{number:012}"))


def test_what_is_due_goes_out_and_its_result_is_written(store: Store, make: Any, clock: SteppedClock) -> None:
    """One call for each due message, its payload, key and receipt kept; what is not due stays held."""
    console = Console(quiet=True)
    say(store, make.message(1), make.message(2, send_at=SEVEN + HOUR))
    outbox = Outbox(store, {"console": console}, clock)
    assert run(outbox.drain()) == {"accepted": 1}
    first, second = store.messages()
    assert (first.state, second.state) == ("accepted", "held")
    (sent,) = console.sent
    (attempt,) = first.attempts
    assert (sent.address, sent.payload, sent.key) == ("buyer:B0001", first.payload, attempt.retry_key)
    assert (attempt.outcome, attempt.provider_id, attempt.at) == ("accepted", "1", SEVEN)
    uuid.UUID(attempt.retry_key)
    assert outbox.next_at() == SEVEN + HOUR
    clock.set(SEVEN + HOUR)
    assert run(outbox.drain()) == {"accepted": 1}
    assert run(outbox.drain()) == {}
    assert len(console.sent) == 2


def test_a_persons_messages_go_out_one_by_one_in_order(store: Store, make: Any, clock: SteppedClock) -> None:
    """The second to one address waits until the first is through, also when the first has to wait."""
    service = Scripted(
        lambda address, attempt: Later(reason="rate", after=60) if attempt == 1 else Receipt(provider_id="1")
    )
    numbers = range(1, 6)
    content = {number: {"title": f"{number}", "language": "th", "lines": [], "actions": []} for number in numbers}
    say(store, *(line(make, number, address="U1", content=content[number]) for number in numbers))
    outbox = Outbox(store, {"line": service}, clock)
    assert run(outbox.drain()) == {"retry": 1}
    assert [text for _, text, _ in service.calls] == ["1"]
    clock.set(SEVEN + dt.timedelta(seconds=59))
    assert run(outbox.drain()) == {}
    clock.set(SEVEN + dt.timedelta(seconds=60))
    assert run(outbox.drain()) == {"accepted": 5}
    assert [text for _, text, _ in service.calls] == ["1", "1", "2", "3", "4", "5"]


def test_what_is_due_to_one_person_is_one_request(store: Store, make: Any, clock: SteppedClock) -> None:
    """Where requests hold several messages, those due go out in one, under one key, frozen together, in order."""
    service = Scripted(lambda address, attempt: Receipt(provider_id="1", others=("2", "3")), holds=3)
    content = [{"title": f"{number}", "language": "th", "lines": [], "actions": []} for number in range(6)]
    say(store, *(line(make, number, address="U1", content=content[number]) for number in range(1, 6)))
    say(store, line(make, 9, send_at=SEVEN + HOUR, address="U1"))
    assert run(Outbox(store, {"line": service}, clock).drain()) == {"accepted": 5}
    assert [text for _, text, _ in service.calls] == ["1\n2\n3", "4\n5"]
    rows = store.messages()
    assert [row.bundle for row in rows[:5]] == [rows[0].bundle] * 3 + [rows[3].bundle] * 2
    assert rows[5].bundle is None
    assert [key for _, _, key in service.calls] == [rows[0].bundle, rows[3].bundle]
    assert {attempt.retry_key for row in rows[:3] for attempt in row.attempts} == {rows[0].bundle}
    assert [row.attempts[0].provider_id for row in rows[:5]] == ["1", "2", "3", "1", "2"]
    assert store.pushed("line", SEVEN, SEVEN + HOUR) == 2


@pytest.mark.parametrize("first", [Later(reason="rate", after=60), Unknown(reason="timeout")])
def test_a_request_of_several_is_repeated_whole(store: Store, make: Any, clock: SteppedClock, first: Outcome) -> None:
    """Whoever comes meanwhile does not join: each try has the same key, body and messages, and all end alike."""
    service = Scripted(lambda address, attempt: first if attempt == 1 else Receipt(provider_id="1"), holds=5)
    say(store, line(make, 1), line(make, 2, address="U0001", expires_at=SEVEN + dt.timedelta(seconds=30)))
    outbox = Outbox(store, {"line": service}, clock)
    assert run(outbox.drain()) == {"retry": 2}
    say(store, line(make, 3, address="U0001"))
    clock.set(SEVEN + dt.timedelta(seconds=60))
    assert run(outbox.drain()) == {"accepted": 3}
    assert service.calls[0] == service.calls[1]
    assert [row.attempts[-1].provider_id for row in store.messages()] == ["1", None, "1"]


@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [
        (Receipt(provider_id="r1", others=("r1",), status=409), "accepted", None),
        (Gone(reason="unknown_recipient", status=400), "failed", "unknown_recipient"),
        (Refused(reason="bad_request", status=400), "failed", "refused"),
    ],
)
def test_a_request_ends_for_all_its_messages(
    store: Store, make: Any, clock: SteppedClock, outcome: Outcome, state: str, reason: str | None
) -> None:
    """Taken before, refused for good or to nobody: what is true of the request is true of each message in it."""
    service = Scripted(lambda address, attempt: outcome, holds=5)
    say(store, line(make, 1), line(make, 2, address="U0001", klass="critical", kind="route"))
    assert run(Outbox(store, {"line": service}, clock).drain()) == {state: 2}
    assert [(row.state, row.reason) for row in store.messages()] == [(state, reason)] * 2


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"title": "วันนี้", "language": "th", "lines": 5, "actions": []},
        {"title": "วันนี้", "language": "th", "lines": [{"colour": "red"}], "actions": []},
        {"title": None, "language": "th", "lines": [], "actions": []},
        [],
    ],
    ids=str,
)
def test_a_message_that_cannot_be_said_holds_up_no_other(
    store: Store, make: Any, clock: SteppedClock, content: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """It ends by itself as `failed`, is logged once, and the forty-nine others, one to the same person, go out."""
    others = [line(make, number) for number in range(2, 50)]
    say(store, line(make, 1, content=content), *others, line(make, 50, address="U0001"))
    outbox = Outbox(store, {"line": Shown()}, clock)
    assert run(outbox.drain()) == {"accepted": 49}
    broken, *rest = store.messages()
    assert (broken.state, broken.reason, broken.attempts) == ("failed", "broken", ())
    assert {message.state for message in rest} == {"accepted"}
    assert run(outbox.drain()) == {}
    assert [record for record in caplog.records if broken.id in record.getMessage()] == caplog.records[:1]


def test_many_that_cannot_be_said_hide_none_that_can(store: Store, make: Any, clock: SteppedClock) -> None:
    """More of them than are in hand at once, all older: what comes after still goes out in the same drain."""
    say(store, *(line(make, number, content={}) for number in range(1, 151)), line(make, 151))
    assert run(Outbox(store, {"line": Shown()}, clock).drain()) == {"accepted": 1}


@pytest.mark.parametrize("state", ["ready", "retry", "unknown"])
def test_a_row_that_cannot_be_read_holds_up_no_other(
    sqlite_url: str, make: Any, clock: SteppedClock, state: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What no JSON reader takes keeps a whole channel's rows from being claimed: it fails, and can be listed again."""
    with open_store(sqlite_url) as store:
        say(store, line(make, 1), line(make, 2))
        store.wake_messages(SEVEN)
        spoil = "UPDATE message SET content = 'not json', state = ?, not_before = send_at WHERE seq = 1"
        with store._engine.begin() as connection:
            connection.exec_driver_sql(spoil, (state,))
        outbox = Outbox(store, {"line": Shown()}, clock, withhold=lambda name: store.messages(states={"ready"}))
        assert run(outbox.drain()) == {"accepted": 1}
        broken, other = store.messages()
        assert (broken.state, broken.reason, other.state) == ("failed", "broken", "accepted")
        assert len([record for record in caplog.records if broken.id in record.getMessage()]) == 1


def test_another_persons_message_does_not_wait(store: Store, make: Any, clock: SteppedClock) -> None:
    """One reader's trouble holds up nobody else."""
    service = Scripted(
        lambda address, attempt: Receipt(provider_id="1") if address == "U0002" else Later(reason="rate", after=60)
    )
    say(store, line(make, 1), line(make, 2), line(make, 3, address="U0001"))
    assert run(Outbox(store, {"line": service}, clock).drain()) == {"retry": 1, "accepted": 1}
    assert [state_of(store, number) for number in (1, 2, 3)] == ["retry", "accepted", "ready"]


def test_a_service_that_says_at_once_is_not_hammered(store: Store, make: Any, clock: SteppedClock) -> None:
    """`Retry-After: 0` ends the drain all the same; the next try comes with a later instant."""
    service = Scripted(lambda address, attempt: Later(reason="rate", after=0))
    say(store, line(make))
    assert run(Outbox(store, {"line": service}, clock).drain()) == {"retry": 1}
    assert len(service.calls) == 1


def test_a_repeated_request_is_the_same_request(store: Store, make: Any, clock: SteppedClock) -> None:
    """Under one key goes one payload, however often, and the tries are all on record."""
    service = Scripted(
        lambda address, attempt: Unknown(reason="timeout") if attempt < 3 else Receipt(provider_id="9", status=409)
    )
    say(store, line(make, klass="critical"))
    outbox = Outbox(store, {"line": service}, clock)
    for _ in range(3):
        run(outbox.drain())
        clock.set(clock.now() + HOUR)
    assert len(set(service.calls)) == 1
    (message,) = store.messages()
    assert message.state == "accepted"
    assert [attempt.outcome for attempt in message.attempts] == ["unknown", "unknown", "accepted"]


def test_without_keys_only_what_is_critical_is_said_again_and_says_so(
    store: Store, make: Any, clock: SteppedClock
) -> None:
    """On a service that cannot tell copies apart lost answers mean a few marked copies, then it is listed."""
    service = Scripted(lambda address, attempt: Unknown(reason="timeout"), name="telegram", keyed=False)
    say(
        store,
        make.message(1, channel="telegram", address="1", klass="critical"),
        make.message(2, channel="telegram", address="2", klass="informative"),
    )
    outbox = Outbox(store, {"telegram": service}, clock)
    for _ in range(REPEATS + 3):
        run(outbox.drain())
        clock.set(clock.now() + HOUR)
    assert [(address, text) for address, text, _ in service.calls] == [
        ("1", "วันนี้"),
        ("2", "วันนี้"),
        *[("1", "(ส่งซ้ำ) วันนี้")] * REPEATS,
    ]
    assert (state_of(store, 1), state_of(store, 2)) == ("unknown", "unknown")


def test_what_is_critical_outlives_several_deaths_of_its_sender(store: Store, make: Any, clock: SteppedClock) -> None:
    """Each heir says it again, not at once but after a growing distance, until one lives to hear the answer."""
    say(store, make.message(1, channel="telegram", address="1", klass="critical"))
    service = Scripted(name="telegram", keyed=False)
    for wait in (0, 30, 60, 120):
        dying = Outbox(store, {"telegram": service}, clock, failpoint=die_at("outbox.before_call"))
        if wait:
            assert run(dying.drain()) == {}
            clock.set(clock.now() + (wait - 1) * SECOND)
            assert run(dying.drain()) == {}
            clock.set(clock.now() + SECOND)
        with pytest.raises(Died):
            run(dying.drain())
        run(dying.release())  # as when its lease has run out
    living = Outbox(store, {"telegram": service}, clock)
    run(living.drain())
    clock.set(clock.now() + 240 * SECOND)
    assert run(living.drain()) == {"accepted": 1}
    assert [text for _, text, _ in service.calls] == ["(ส่งซ้ำ) วันนี้"]


def test_a_dead_address_is_remembered(store: Store, make: Any, clock: SteppedClock) -> None:
    """Who blocked us is marked, so that the next notice takes another way or the telephone."""
    order: Order = make.order()
    buyer = replace(order.buyer, addresses=(ChatAddress(channel="line", address="U0001"),))
    store.save_orders([replace(order, buyer=buyer)], actor="test", at=SEVEN)
    say(store, line(make))
    service = Scripted(lambda address, attempt: Gone(reason="blocked", status=403))
    assert run(Outbox(store, {"line": service}, clock).drain()) == {"failed": 1}
    (kept,) = store.orders()
    assert [address.state for address in kept.buyer.addresses] == ["blocked"]


def test_what_is_useless_is_not_sent(store: Store, make: Any, clock: SteppedClock) -> None:
    """Past its time a message ends unsent, whether it was held or waited to be tried again."""
    service = Scripted(lambda address, attempt: Later(reason="rate", after=10 * 86_400))
    say(store, line(make, 1), line(make, 2, send_at=SEVEN + HOUR, expires_at=SEVEN + 2 * HOUR))
    outbox = Outbox(store, {"line": service}, clock)
    run(outbox.drain())
    clock.set(make.at("13:00"))
    assert run(outbox.drain()) == {}
    assert (state_of(store, 1), state_of(store, 2)) == ("expired", "expired")
    assert len(service.calls) == 1


def test_a_message_called_back_in_time_is_not_sent(store: Store, make: Any, clock: SteppedClock) -> None:
    """A message withdrawn while another is on its way does not follow it."""
    service = Scripted()
    say(store, line(make, 1), line(make, 2, address="U0001"))

    async def withdraw() -> None:
        store.move_messages([make.message(2).id], "superseded", actor="test", at=SEVEN)

    service.during = withdraw
    assert run(Outbox(store, {"line": service}, clock).drain()) == {"accepted": 1}
    assert state_of(store, 2) == "superseded"


def test_messages_of_a_channel_that_is_off_wait(store: Store, make: Any, clock: SteppedClock) -> None:
    """What is written for a service that is not connected now stays, and makes no work."""
    say(store, line(make, 1))
    outbox = Outbox(store, {"console": Console(quiet=True)}, clock)
    assert run(outbox.drain()) == {}
    assert state_of(store) == "ready"
    assert outbox.next_at() is None


# --- one sender --------------------------------------------------------------------------------------------------


def test_only_one_of_two_sends(store: Store, other_store: Store, make: Any, clock: SteppedClock) -> None:
    """While one process holds the lease another sends nothing; once it lets go, the other may at once."""
    mine, theirs = Scripted(), Scripted()
    first, second = Outbox(store, {"line": mine}, clock), Outbox(other_store, {"line": theirs}, clock)
    say(store, line(make, 1))
    assert run(first.drain()) == {"accepted": 1}
    say(store, line(make, 2))
    assert run(second.drain()) == {}
    assert (len(mine.calls), len(theirs.calls)) == (1, 0)
    run(first.release())
    assert run(second.drain()) == {"accepted": 1}
    assert run(first.drain()) == {}


class Halting(SteppedClock):
    """The clock of a process that stood still for some seconds."""

    stood = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.stood


class Ahead(SteppedClock):
    """The clock of a machine that shows another hour than the others do."""

    def machine_now(self) -> dt.datetime:
        return super().machine_now() + HOUR


@pytest.mark.parametrize("database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_a_machine_whose_clock_is_wrong_takes_no_lease(
    store: Store, other_store: Store, make: Any, clock: SteppedClock
) -> None:
    """Who has the account is reckoned in the database's time: an hour ahead, another machine still stands by."""
    mine, theirs = Scripted(), Scripted()
    say(store, line(make, 1))
    first, second = Outbox(store, {"line": mine}, clock), Outbox(other_store, {"line": theirs}, Ahead(clock.now()))
    assert run(first.drain()) == {"accepted": 1}
    say(store, line(make, 2))
    assert run(second.drain()) == {}
    assert run(first.drain()) == {"accepted": 1}
    assert theirs.calls == []


def test_a_lease_let_go_stays_free(store: Store, other_store: Store, clock: SteppedClock) -> None:
    """However short the drain was, no renewal comes after the release: the next process need not wait."""

    async def drain_and_release() -> None:
        outbox = Outbox(store, {"line": Scripted()}, clock)
        await outbox.drain()
        await outbox.release()

    for _ in range(5):
        run(drain_and_release())
        token = other_store.acquire_lease(lease_of("line"), "other", now=dt.datetime.now(dt.UTC), seconds=10)
        assert token is not None
        other_store.release_lease(lease_of("line"), "other", now=dt.datetime.now(dt.UTC))


def test_a_sender_that_lost_its_lease_stops(store: Store, other_store: Store, make: Any, clock: SteppedClock) -> None:
    """When another process has taken over, what is still due is left to it."""
    service = Scripted()
    outbox = Outbox(store, {"line": service}, clock)
    say(store, line(make, 1), line(make, 2, address="U0001"))

    async def lose() -> None:
        if len(service.calls) == 1:
            now = dt.datetime.now(dt.UTC)
            taken = other_store.acquire_lease(lease_of("line"), "other", now=now, seconds=10, gone=lambda holder: True)
            assert taken is not None
            assert not await outbox.elect("line")

    service.during = lose
    assert run(outbox.drain()) == {"accepted": 1}
    assert (state_of(store, 1), state_of(store, 2)) == ("accepted", "ready")


def test_who_was_overtaken_in_its_sleep_begins_nothing(
    store: Store, other_store: Store, make: Any, clock: SteppedClock
) -> None:
    """A machine that was suspended may show the same moment as before: the database tells it that another sends."""
    service = Scripted()
    say(store, line(make))

    def sleep(name: str) -> None:
        if name == "outbox.before_begin":
            now = dt.datetime.now(dt.UTC)
            assert other_store.acquire_lease(lease_of("line"), "other", now=now, seconds=10, gone=lambda holder: True)

    outbox = Outbox(store, {"line": service}, clock, failpoint=sleep)
    assert run(outbox.drain()) == {}
    assert (service.calls, outbox.leads("line")) == ([], True)
    assert (state_of(store), store.messages()[0].attempts) == ("sending", ())


def test_two_hands_of_one_sender_say_it_once(store: Store, make: Any, clock: SteppedClock) -> None:
    """Who stood still and claimed anew what was taken back from it has it twice, and both may come to speak at once."""
    service = Scripted(name="telegram", keyed=False)
    due = [line(make, number, channel="telegram", state="ready") for number in (1, 2)]
    say(store, *due)
    sender = Outbox(store, {"telegram": service}, clock)._senders["telegram"]

    async def twice() -> None:
        assert await sender.election.elect()
        claimed = await sender._claim(9)
        assert len(claimed) == 2
        await asyncio.gather(*(sender._send([each]) for each in (*claimed, *claimed)))

    run(twice())
    assert len(service.calls) == 2
    assert [(row.state, len(row.attempts)) for row in store.messages()] == [("accepted", 1)] * 2


@pytest.mark.parametrize("klass", ["critical", "informative"])
def test_who_stood_still_before_a_call_leaves_no_doubt_behind(store: Store, make: Any, klass: str) -> None:
    """A sender that is not sure of its lease any more makes no call, which it alone knows: the message waits, as one
    that was provably not sent, and goes out unmarked."""
    service = Scripted(name="telegram", keyed=False)
    say(store, line(make, channel="telegram", klass=klass))
    clock = Halting(SEVEN)

    def stand_still(name: str) -> None:
        clock.stood += 20.0 if name == "outbox.before_call" and not clock.stood else 0.0

    outbox = Outbox(store, {"telegram": service}, clock, limits={}, failpoint=stand_still)
    run(outbox.drain())
    assert service.calls == []
    [waiting] = store.messages()
    assert (waiting.state, waiting.attempts[0].outcome) == ("retry", "later")
    clock.set(clock.now() + 2 * SECOND)
    run(outbox.drain())
    assert (state_of(store), len(service.calls)) == ("accepted", 1)
    assert "ส่งซ้ำ" not in service.calls[0][1]


def test_the_last_question_is_asked_in_the_channel(store: Store, make: Any) -> None:
    """Who stands still when its call is under way in the channel learns there that another may speak by now."""
    service, clock, told = Scripted(), Halting(SEVEN), list[bool]()
    say(store, line(make))

    async def stand_still() -> None:
        told.append(still_ours.get()())
        clock.stood += 20.0
        told.append(still_ours.get()())

    service.during = stand_still
    run(Outbox(store, {"line": service}, clock, limits={}).drain())
    assert told == [True, False]


class Died(BaseException):
    """The process is gone at this point."""


def die_at(point: str) -> Callable[[str], None]:
    def failpoint(name: str) -> None:
        if name == point:
            raise Died

    return failpoint


@pytest.mark.parametrize(
    ("point", "keyed", "klass", "calls"),
    [
        ("outbox.before_begin", True, "informative", 1),
        ("outbox.before_begin", False, "informative", 1),
        ("outbox.before_call", True, "informative", 1),
        ("outbox.before_call", False, "critical", 1),
        ("outbox.before_call", False, "informative", 0),
        ("outbox.after_call", True, "informative", 2),
        ("outbox.after_call", False, "critical", 2),
        ("outbox.after_call", False, "informative", 1),
    ],
)
def test_who_takes_over_takes_up_what_the_dead_had_in_hand(
    store: Store,
    other_store: Store,
    make: Any,
    clock: SteppedClock,
    point: str,
    keyed: bool,
    klass: str,
    calls: int,
) -> None:
    """Not yet tried is tried; perhaps sent is sent again under its key, else once if critical, else left unknown."""
    service = Scripted(keyed=keyed)
    say(store, line(make, klass=klass))
    dying = Outbox(store, {"line": service}, clock, failpoint=die_at(point))
    with pytest.raises(Died):
        run(dying.drain())
    run(dying.release())  # as when its lease has run out
    heir = Outbox(other_store, {"line": service}, clock)
    run(heir.drain())
    clock.set(clock.now() + HOUR)
    run(heir.drain())
    assert len(service.calls) == calls
    again = keyed or klass == "critical" or point == "outbox.before_begin"
    assert state_of(store) == ("accepted" if again else "unknown")
    if calls == 2:
        (_, said, key), (_, said_then, key_then) = service.calls
        assert key == key_then
        assert (said == said_then) == keyed
    if not keyed and klass == "critical":
        assert "ส่งซ้ำ" in service.calls[-1][1]


@pytest.mark.parametrize(
    ("point", "left"),
    [("outbox.before_begin", "sending"), ("outbox.before_call", "sending"), ("outbox.after_call", "sending")],
)
def test_a_crash_leaves_a_request_whole(
    store: Store, other_store: Store, make: Any, clock: SteppedClock, point: str, left: str
) -> None:
    """Wherever the sender dies, its request's messages stand alike, and the heir's call is the dead one's very call."""
    service = Scripted(lambda address, attempt: Receipt(provider_id="1", others=("2",)), holds=5)
    say(store, line(make, 1), line(make, 2, address="U0001"))
    dying = Outbox(store, {"line": service}, clock, failpoint=die_at(point))
    with pytest.raises(Died):
        run(dying.drain())
    assert [row.state for row in store.messages()] == [left, left]
    run(dying.release())
    heir = Outbox(other_store, {"line": service}, clock)
    assert run(heir.drain()) == {"accepted": 2}
    assert len(set(service.calls)) == 1
    assert len(service.calls) == 1 + (point == "outbox.after_call")
    assert [row.attempts[-1].provider_id for row in store.messages()] == ["1", "2"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    written=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(1, 4)), min_size=1, max_size=14),
    outcomes=st.lists(st.sampled_from(["taken", "lost", "late", "refused"]), max_size=8),
    withdrawn=st.lists(st.integers(0, 13), max_size=4),
)
def test_requests_hold_five_objects_and_nobody_is_said_a_thing_twice(
    sqlite_url: str,
    make: Any,
    written: list[tuple[int, int, int]],
    outcomes: list[str],
    withdrawn: list[int],
) -> None:
    """Whatever is written, lost, late or called back: no request has more than five objects, a key is never used for
    another body, each message is taken in one request at most, and to each address things are said in order."""
    service = Taking(outcomes)
    with open_store(sqlite_url) as store:
        store.move_messages([each.id for each in store.messages()], "superseded", actor="test", at=SEVEN)
        told = [
            make.message(
                number,
                id=str(uuid.uuid4()),
                event=str(uuid.uuid4()),
                channel="line",
                address=f"U{person}",
                send_at=SEVEN + minutes * dt.timedelta(minutes=1),
                content={"title": f"{number}x{objects}", "language": "th", "lines": [], "actions": []},
            )
            for number, (person, minutes, objects) in enumerate(written)
        ]
        say(store, *told)
        clock = SteppedClock(SEVEN)
        outbox = Outbox(store, {"line": service}, clock, limits={})
        gone = list(withdrawn)
        while (following := outbox.next_at()) is not None:
            clock.set(max(following, clock.now()))
            run(outbox.drain())
            if gone and (number := gone.pop()) < len(told):
                store.move_messages([told[number].id], "superseded", actor="test", at=clock.now())
        run(outbox.release())
        rows = {each.id: each for each in store.messages()}
    assert {rows[each.id].state for each in told} <= {"accepted", "superseded", "failed"}
    assert all(len(objects) <= 5 for _, objects in service.bodies.values())
    assert not service.changed
    for person in range(3):
        said = [number for address, objects in service.taken if address == f"U{person}" for number in objects]
        numbers = list(dict.fromkeys(said))
        mine = sorted((each for each in told if each.address == f"U{person}"), key=lambda each: each.send_at)
        order = [told.index(each) for each in mine]
        assert numbers == [number for number in order if number in numbers]
        for number in order:
            row = rows[told[number].id]
            assert said.count(number) == (written[number][2] if row.state == "accepted" else 0)
            if row.state == "accepted":
                request = service.bodies[row.bundle or ""]
                assert number in request[1]


class Taking:
    """A service that takes a request once for each key, of five objects at most, after the outcomes it is told."""

    name, keyed, holds, official = "line", True, 5, False

    def __init__(self, outcomes: Sequence[str]) -> None:
        self.outcomes = list(outcomes)
        self.bodies: dict[str, tuple[str, list[int]]] = {}
        """By key: to whom, and the number of the message that each object says."""
        self.taken: list[tuple[str, list[int]]] = []
        self.changed = False
        self._done: set[str] = set()

    def render(self, content: Content) -> Payload:
        number, objects = map(int, content.title.split("x"))
        return {"messages": [number] * objects}

    def together(self, payloads: Sequence[Payload]) -> Sequence[Payload]:
        sizes = [len(payload["messages"]) for payload in payloads]
        return [each for at, each in enumerate(payloads) if not at or sum(sizes[: at + 1]) <= 5]

    async def send(self, address: str, *parts: Payload, key: str) -> Outcome:
        body = address, [number for part in parts for number in part["messages"]]
        self.changed |= self.bodies.setdefault(key, body) != body
        outcome = self.outcomes.pop() if self.outcomes else "taken"
        if outcome == "late":
            return Later(reason="rate", after=30)
        if outcome == "refused":
            return Refused(reason="bad_request", status=400) if key not in self._done else Receipt(provider_id="1")
        if key not in self._done:
            self._done.add(key)
            self.taken.append(body)
        return Unknown(reason="timeout") if outcome == "lost" else Receipt(provider_id="1")

    async def edit(self, address: str, number: str, part: Payload) -> Outcome:
        return Refused(reason="uneditable")


def test_a_failure_inside_leaves_nothing_in_hand(store: Store, make: Any, clock: SteppedClock) -> None:
    """A drain that broke off, as when the database was away for a moment, is taken up by the same process."""
    service, left = Scripted(), ["outbox.after_call"]

    def once(name: str) -> None:
        if name in left:
            left.remove(name)
            raise Died

    say(store, line(make, 1), line(make, 2, address="U0001"))
    outbox = Outbox(store, {"line": service}, clock, failpoint=once)
    with pytest.raises(Died):
        run(outbox.drain())
    assert state_of(store) == "sending"
    assert run(outbox.drain()) == {"accepted": 2}
    assert len(service.calls) == 3


def test_a_channel_that_raises_spoils_nobody_elses_result(store: Store, make: Any, clock: SteppedClock) -> None:
    """A service's own mistake leaves its message unknown, and the others as they came out."""

    def script(address: str, attempt: int) -> Outcome:
        if address == "U0001":
            raise KeyError("surprise")
        return Receipt(provider_id="1")

    say(store, line(make, 1), line(make, 2), line(make, 3))
    service = Scripted(script, keyed=False)
    assert run(Outbox(store, {"line": service}, clock).drain()) == {"accepted": 2, "unknown": 1}
    assert [state_of(store, number) for number in (1, 2, 3)] == ["unknown", "accepted", "accepted"]
    assert store.messages(states={"unknown"})[0].reason == "KeyError"


def test_a_new_sender_knows_what_the_last_was_told(store: Store, other_store: Store, make: Any) -> None:
    """Two chats were told to wait, which means the account: who takes over says nothing until that is over."""
    clock = SteppedClock(SEVEN)
    service = Scripted(
        lambda address, attempt: Later(reason="rate", after=600, status=429), name="telegram", keyed=False
    )
    say(store, *(make.message(number, channel="telegram", address=f"{number}") for number in (1, 2)))
    first = Outbox(store, {"telegram": service}, clock)
    run(first.drain())
    run(first.release())
    assert len(service.calls) == 2
    say(store, make.message(3, channel="telegram", address="3"))
    second = Outbox(other_store, {"telegram": service}, clock)
    assert run(second.drain()) == {}
    assert (len(service.calls), state_of(store, 3)) == (2, "retry")


def test_a_chat_that_moved_gets_what_waits_for_it(store: Store, make: Any, clock: SteppedClock) -> None:
    """The service names its new address: the message goes there, in its order, with both attempts in its ledger."""
    order: Order = make.order()
    buyer = replace(order.buyer, addresses=(ChatAddress(channel="telegram", address="-1"),))
    store.save_orders([replace(order, buyer=buyer)], actor="test", at=SEVEN)
    moved = Gone(reason="moved", status=400, moved_to="-100")
    service = Scripted(lambda address, attempt: moved if address == "-1" else Receipt(provider_id="7"), name="telegram")
    say(store, *(make.message(number, channel="telegram", address="-1") for number in (1, 2)))
    outbox = Outbox(store, {"telegram": service}, clock, limits={})
    assert run(outbox.drain()) == {"retry": 1}
    clock.set(SEVEN + SECOND)
    assert run(outbox.drain()) == {"accepted": 2}
    assert [address for address, _, _ in service.calls] == ["-1", "-100", "-100"]
    first, _ = store.messages()
    assert (first.address, [attempt.outcome for attempt in first.attempts]) == ("-100", ["later", "accepted"])
    (kept,) = store.orders()
    assert [(each.address, each.state) for each in kept.buyer.addresses] == [("-100", "active")]


def test_what_finds_its_way_to_another_channel_goes_out_in_the_same_drain(
    store: Store, make: Any, clock: SteppedClock
) -> None:
    """Also where that channel had nothing to say, and had looked already."""
    refusing = Scripted(lambda address, attempt: Gone(reason="blocked", status=403), name="telegram")
    taking = Scripted()
    say(store, make.message(1, channel="telegram", address="1"))

    def withhold(name: str) -> None:
        if name == "telegram" and state_of(store) == "failed":
            anew = replace(make.message(1), id=str(uuid.UUID(int=2)), revision=2, channel="line", address="U1")
            store.add_messages([replace(anew, state="ready")], actor="test", at=SEVEN)

    outbox = Outbox(store, {"line": taking, "telegram": refusing}, clock, withhold=withhold)
    assert run(outbox.drain()) == {"failed": 1, "accepted": 1}
