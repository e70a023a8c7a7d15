"""The outbox as a machine of states: whatever its verbs are called in, by whom and however often, its promises hold.

Two workers with hands of their own, one table, two services that remember. A worker may stand still for as long as it
likes, die, or be replaced while it goes on; it asks the Store, the election and the verdicts as the outbox does.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import NullPool, create_engine

from channels.base import Content, Gone, Later, Outcome, Receipt, Refused, Unknown
from scheduler import states
from scheduler.clock import SteppedClock
from scheduler.outbox import judge, said_again
from scheduler.outbox.election import LEASE_SECONDS, SENDER_LEASE_SECONDS, Election
from scheduler.outbox.pace import Limits, Pace
from scheduler.outbox.sending import by_address, request_id
from scheduler.outbox.verdicts import unknown_attempts
from storage import AttemptEnd, AttemptStart, ChatAddress, Member, Message, Person, Role, Store, open_store
from storage.records import Fence
from storage.tables import METADATA

BEGAN = dt.datetime(2026, 11, 23, 19, 0, tzinfo=dt.timezone(dt.timedelta(hours=7)))
SECOND, MINUTE, HOUR = dt.timedelta(seconds=1), dt.timedelta(minutes=1), dt.timedelta(hours=1)
HOLDS = {"line": 3, "telegram": 1}
PEOPLE = range(2)
FALLS = ["taken", "taken", "reset", "reset", "lost", "late", "gone", "refused", "moved"]
WAITING = ("ready", "retry")
FINAL = ("accepted", "confirmed", "failed", "expired", "superseded", "suppressed", "unknown")


class OneClock(SteppedClock):
    """The market's and the machine's time are one, and stand still between two rules."""

    def machine_now(self) -> dt.datetime:
        return self.now()

    def monotonic(self) -> float:
        return (self.now() - BEGAN).total_seconds()


@dataclass(frozen=True, slots=True)
class Request:
    """What a worker has begun: its messages as they were claimed, and what it asks under which key."""

    channel: str
    messages: tuple[Message, ...]
    starts: tuple[AttemptStart, ...]

    @property
    def key(self) -> str:
        return self.starts[0].retry_key or ""


class Worker:
    """One process: who it is, what it holds, and its part in the election."""

    def __init__(self, store: Store, clock: OneClock, number: int) -> None:
        self.holder = f"worker{number}"
        self.claimed: list[tuple[str, list[Message], Fence | None]] = []
        self.begun: list[Request] = []
        self.elections = {
            name: Election(store, name, name == "line", clock, self.holder, Pace(Limits()), in_thread) for name in HOLDS
        }


async def in_thread(work: Callable[[], Any]) -> Any:
    return work()


class OutboxMachine(RuleBasedStateMachine):
    """Rules are what may happen next; invariants are looked at after each."""

    store: Store

    @initialize()
    def open_the_market(self) -> None:
        self.clock = OneClock(BEGAN)
        self.written: dict[str, Message] = {}
        self.before: dict[str, Message] = {}
        self.taken: dict[str, list[tuple[str, bool]]] = defaultdict(list)
        """By message: under which key a service took it, and whether it said that it may have come before."""
        self.bodies: dict[str, str] = {}
        self.keys: dict[str, dt.datetime] = {}
        self.resent: set[str] = set()
        self.workers = [Worker(self.store, self.clock, number) for number in (1, 2)]
        self.births = 2
        self.leaders: dict[str, Worker] = {}
        """Who was the last to become a channel's sender."""
        people = [
            Member(
                role=Role.RIDER,
                ref=f"R{number}",
                person=Person(
                    name=f"R{number}",
                    addresses=tuple(ChatAddress(channel=name, address=address(name, number)) for name in HOLDS),
                ),
            )
            for number in PEOPLE
        ]
        self.store.save_members(people, actor="test", at=BEGAN)
        for channel in HOLDS:
            self.write(0, channel, "informative", ahead=0, lasts=600, count=2)
            self.write(1, channel, "critical", ahead=0, lasts=600, count=2)

    # --- what is written ------------------------------------------------------------------------------------------

    @rule(
        person=st.sampled_from(PEOPLE),
        channel=st.sampled_from(sorted(HOLDS)),
        klass=st.sampled_from(["critical", "informative"]),
        ahead=st.sampled_from([0, 0, 0, 1, 90]),
        lasts=st.sampled_from([2, 600, 600]),
        count=st.integers(1, 3),
    )
    def write(self, person: int, channel: str, klass: Any, ahead: int, lasts: int, count: int) -> None:
        for _ in range(count):
            self.write_one(person, channel, klass, ahead, lasts)

    def write_one(self, person: int, channel: str, klass: Any, ahead: int, lasts: int) -> None:
        number, now = len(self.written) + 1, self.clock.now()
        message = Message(
            id=f"00000000-0000-4000-8000-{number:012}",
            kind="route" if klass == "critical" else "window",
            klass=klass,
            event=f"test:{number}",
            role=Role.RIDER,
            member_ref=f"R{person}",
            name=f"R{person}",
            channel=channel,
            address=address(channel, person),
            send_at=now + ahead * MINUTE,
            expires_at=now + (ahead + lasts) * MINUTE,
            text=str(number),
            content={"title": str(number), "language": "en", "lines": [], "actions": []},
        )
        assert self.store.add_messages([message, message], actor="test", at=now) == 1
        self.written[message.id] = message

    @precondition(lambda self: self.written)
    @rule(data=st.data(), state=st.sampled_from(["superseded", "suppressed"]))
    def withdraw(self, data: st.DataObject, state: str) -> None:
        """What the service may have taken of a request is not withdrawn from it."""
        (id,) = self.one(data, self.written)
        moved = self.store.move_messages([id], state, reason="test", actor="test", at=self.clock.now())
        if moved and self.before[id].state == "retry" and self.before[id].bundle:
            assert not any(attempt.outcome == "unknown" for attempt in self.before[id].attempts)

    # --- time -----------------------------------------------------------------------------------------------------

    @rule(passed=st.sampled_from([SECOND, 5 * SECOND, 40 * SECOND, 2 * MINUTE, 10 * MINUTE, 9 * HOUR]))
    def tick(self, passed: dt.timedelta) -> None:
        self.clock.set(self.clock.now() + passed)
        self.store.wake_messages(self.clock.now())

    @rule(channel=st.sampled_from(sorted(HOLDS)))
    def leases_run_out(self, channel: str) -> None:
        self.clock.set(self.clock.now() + dt.timedelta(seconds=LEASE_SECONDS + 1))
        self.store.expire_leases(self.clock.now(), channel=channel)

    # --- senders --------------------------------------------------------------------------------------------------

    @rule(number=st.sampled_from([0, 1]), channel=st.sampled_from(sorted(HOLDS)))
    def claim(self, number: int, channel: str) -> None:
        """As the outbox does: only who is surely the sender claims. The first in a chat's line, and one hand a chat."""
        worker = self.workers[number]
        if asyncio.run(worker.elections[channel].elect()):
            self.promises_hold()
            self.store.wake_messages(self.clock.now())
            self.promises_hold()
            self.leaders[channel] = worker
            self.take(worker, channel, worker.elections[channel].fence)

    @rule(number=st.sampled_from([0, 1]), channel=st.sampled_from(sorted(HOLDS)))
    def claim_without_asking(self, number: int, channel: str) -> None:
        """Nobody does; the Store keeps chats apart all the same."""
        self.take(self.workers[number], channel, None)

    def take(self, worker: Worker, channel: str, fence: Fence | None) -> None:
        now, was = self.clock.now(), {each.id: each for each in self.store.messages()}
        claimed = self.store.claim_messages(
            now,
            channel=channel,
            holder=worker.holder,
            limit=2,
            lease_seconds=LEASE_SECONDS,
            together=HOLDS[channel],
            fence=fence,
        )
        for group in by_address(claimed):
            chat = [each for each in was.values() if (each.channel, each.address) == (channel, group[0].address)]
            assert not any(each.state == "sending" for each in chat), "two hands in one chat"
            line = [each.id for each in in_line(chat, now)]
            front = len(group) if group[0].bundle is None else 1  # a request that was begun stays whole
            assert [each.id for each in group][:front] == line[:front], "somebody was overtaken"
            assert all(each.send_at <= now < each.expires_at for each in group)
            assert len({each.bundle for each in group}) == 1
            worker.claimed.append((channel, group, fence))

    @rule(
        number=st.sampled_from([0, 1]),
        channel=st.sampled_from(sorted(HOLDS)),
        until=st.sampled_from(["begun", "called", "answered", "answered"]),
        fell=st.sampled_from(FALLS),
    )
    def send(self, number: int, channel: str, until: str, fell: str) -> None:
        """A drain that gets so far: begun and then nothing for a while, called and then dead, or answered."""
        worker = self.workers[number]
        self.claim(number, channel)
        self.promises_hold()
        while worker.claimed:
            self.begin_one(worker, *worker.claimed.pop(0))
            self.promises_hold()
        if until != "begun" and worker.begun:
            self.call_all(worker, fell, answered=until == "answered")

    @precondition(lambda self: any(worker.claimed for worker in self.workers))
    @rule(data=st.data())
    def begin_requests(self, data: st.DataObject) -> None:
        worker = data.draw(st.sampled_from([each for each in self.workers if each.claimed]))
        while worker.claimed:
            self.begin_one(worker, *worker.claimed.pop(0))

    def begin_one(self, worker: Worker, channel: str, group: Sequence[Message], fence: Fence | None) -> None:
        now, bundle = self.clock.now(), group[0].bundle
        key = bundle or request_id(group)
        starts = [
            AttemptStart(
                message_id=each.id,
                payload=part(channel, each),
                tries=len(each.attempts),
                retry_key=key,
                bundle=key if HOLDS[channel] > 1 else None,
                expires_at=max(other.expires_at for other in group),
                at=now,
            )
            for each in group
        ]
        begun = self.store.begin_attempts(starts, holder=worker.holder, fence=fence)
        assert not (begun and fence) or self.leaders[channel] is worker, "begun by who was overtaken"
        assert len(begun) in (0, len(starts)), "a request was begun in part"
        if begun:
            worker.begun.append(Request(channel, tuple(group), tuple(starts)))

    @precondition(lambda self: any(worker.begun for worker in self.workers))
    @rule(data=st.data(), fell=st.sampled_from(FALLS), answered=st.booleans())
    def call(self, data: st.DataObject, fell: str, answered: bool) -> None:
        """Calls that a worker has begun some time ago, though it may be the sender no more."""
        self.call_all(data.draw(st.sampled_from([each for each in self.workers if each.begun])), fell, answered)

    def call_all(self, worker: Worker, fell: str, answered: bool) -> None:
        """Unanswered, calls die with their worker."""
        while worker.begun:
            request = worker.begun.pop(0)
            outcome = self.service(request, fell)
            if answered:
                self.finish(worker, request, outcome)
                self.promises_hold()
        if not answered:
            self.crash(self.workers.index(worker))

    def service(self, request: Request, fell: str) -> Outcome:
        """What the service makes of a request; LINE keeps a key for a day."""
        body, now = repr([start.payload for start in request.starts]), self.clock.now()
        keyed = request.channel == "line"
        if keyed:
            assert self.bodies.setdefault(request.key, body) == body, "another body under one key"
        known = keyed and request.key in self.keys and now - self.keys[request.key] < dt.timedelta(hours=24)
        if fell in {"taken", "reset"} and not known:
            self.keys[request.key] = now
            for start in request.starts:
                self.taken[start.message_id].append((request.key, "sent again" in start.payload["text"]))
        if fell == "taken" or (known and fell in {"gone", "refused", "moved", "late"}):
            return Receipt(provider_id=request.key)
        outcomes: dict[str, Outcome] = {
            "reset": Unknown(reason="connection_lost"),
            "lost": Unknown(reason="timeout"),
            "late": Later(reason="rate", after=30.0, status=429),
            "gone": Gone(reason="unknown_recipient", status=400),
            "refused": Refused(reason="bad_request", status=400),
            "moved": Gone(reason="moved", status=400, moved_to=f"{request.messages[0].address}+"),
        }
        return outcomes[fell]

    def finish(self, worker: Worker, request: Request, outcome: Outcome) -> None:
        now, first = self.clock.now(), request.messages[0]
        keyed = request.channel == "line"
        verdict = judge(first, outcome, keyed=keyed, tries=len(first.attempts) + 1, now=now)
        ends = [
            AttemptEnd(
                message_id=each.id,
                at=now,
                state=verdict.state,
                reason=verdict.reason,
                outcome=verdict.outcome,
                tries=len(each.attempts) + 1,
                status=verdict.status,
                provider_id=verdict.provider_id,
                not_before=verdict.not_before,
            )
            for each in request.messages
        ]
        self.store.finish_attempts(ends, holder=worker.holder)
        if verdict.moved_to is not None:
            self.store.move_chat(request.channel, first.address or "", verdict.moved_to, actor="test", at=now)
        if verdict.address_state is not None:
            self.store.set_address_state(
                request.channel, first.address or "", verdict.address_state, actor="test", at=now
            )

    @precondition(lambda self: any(worker.claimed for worker in self.workers))
    @rule(data=st.data(), wait=st.sampled_from([0, 30]))
    def put_back(self, data: st.DataObject, wait: int) -> None:
        worker = data.draw(st.sampled_from([each for each in self.workers if each.claimed]))
        _, group, _ = worker.claimed.pop(0)
        moment = self.clock.now() + wait * SECOND
        self.store.put_back([(each.id, moment) for each in group], holder=worker.holder, at=self.clock.now())

    @rule(number=st.sampled_from([0, 1]))
    def crash(self, number: int) -> None:
        """All that it had in memory is gone; its rows and leases stay."""
        self.births += 1
        self.workers[number] = Worker(self.store, self.clock, self.births)

    @rule(number=st.sampled_from([0, 1]), channel=st.sampled_from(sorted(HOLDS)))
    def take_over(self, number: int, channel: str) -> None:
        """The other's lease runs out, whether it lives or not."""
        self.clock.set(self.clock.now() + dt.timedelta(seconds=SENDER_LEASE_SECONDS + 1))
        assert asyncio.run(self.workers[number].elections[channel].elect())
        assert not self.workers[1 - number].elections[channel].sure(), "two surely send"
        self.leaders[channel] = self.workers[number]

    # --- people ---------------------------------------------------------------------------------------------------

    @precondition(lambda self: any(each.state == "unknown" for each in self.before.values()))
    @rule(data=st.data(), as_=st.sampled_from(["accepted", "retry", "failed"]))
    def resolve(self, data: st.DataObject, as_: str) -> None:
        (id,) = self.one(data, [each.id for each in self.before.values() if each.state == "unknown"])
        push = self.before[id].bundle
        assert self.store.resolve_message(id, as_, actor="C1", at=self.clock.now())
        self.resent |= {each.id for each in self.before.values() if each.id == id or (push and each.bundle == push)}

    @rule(person=st.sampled_from(PEOPLE), channel=st.sampled_from(sorted(HOLDS)), back=st.booleans())
    def leave(self, person: int, channel: str, back: bool) -> None:
        """A chat is closed, or open again; what waits for it goes over the person's other one."""
        now, other = self.clock.now(), "telegram" if channel == "line" else "line"
        state = "active" if back else "left"
        self.store.set_address_state(channel, address(channel, person), state, actor="test", at=now)
        ways = [
            (each.id, other, address(other, int(each.member_ref[1:])))
            for each in self.store.stranded(channel, now)
            if each.state in WAITING
        ]
        assert self.store.redirect_messages(ways, actor="test", at=now) == len(ways)

    # --- what holds at every moment -------------------------------------------------------------------------------

    @invariant()
    def promises_hold(self) -> None:
        self.nothing_is_lost_and_every_step_is_an_arrow()
        self.nobody_is_told_twice_who_should_not_be()
        self.of_a_request_all_stand_alike()

    def nothing_is_lost_and_every_step_is_an_arrow(self) -> None:
        rows = {each.id: each for each in self.store.messages()}
        assert rows.keys() == self.written.keys()
        for id, row in rows.items():
            was = self.before.get(id)
            if was is None:
                continue
            assert row.state in reachable(was.state), f"{was.state} became {row.state}"
            assert len(row.attempts) >= len(was.attempts), "an attempt is forgotten"
            if was.payload is not None and row.payload is not None:
                assert row.payload == was.payload, "what was frozen has changed"
            if row.state in ("accepted", "confirmed") and id not in self.resent:
                assert self.taken[id], "accepted, and no service has it"
            if row.state == "expired":
                assert not self.taken[id], "expired, and a service has it"
        self.before = rows

    def nobody_is_told_twice_who_should_not_be(self) -> None:
        for id, taken in self.taken.items():
            row = self.before.get(id, self.written[id])
            over_line = [key for key, _ in taken if self.is_line(key)]
            if id in self.resent:
                continue  # a person wanted it
            assert len(over_line) <= 1, "twice over LINE"
            if row.klass == "informative":
                assert len(taken) <= 1, "informative, and twice"
            assert sum(not marked for _, marked in taken) <= 1, "a copy that does not say so"

    def of_a_request_all_stand_alike(self) -> None:
        requests: dict[str, set[str]] = defaultdict(set)
        for row in self.before.values():
            if row.bundle is not None and row.state in ("sending", "retry"):
                requests[row.bundle].add(row.state)
        assert all(len(stand) == 1 for stand in requests.values())

    def is_line(self, key: str) -> bool:
        return key in self.bodies

    def one(self, data: st.DataObject, ids: Iterable[str]) -> list[str]:
        return [data.draw(st.sampled_from(sorted(ids)))]

    # --- the end --------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        """When all is well again, everything comes to its end: what is of use arrives, the rest never does."""
        if not hasattr(self, "clock"):
            return
        worker = Worker(self.store, self.clock, self.births + 1)
        self.workers = [worker, worker]
        self.clock.set(self.clock.now() + dt.timedelta(seconds=LEASE_SECONDS + 1))
        for _ in range(400):
            for channel in HOLDS:
                self.drain(worker, channel)
            following = self.store.next_message_at(self.clock.now(), channels=HOLDS)
            if following is None:
                break
            self.clock.set(max(following, self.clock.now() + SECOND))
        else:
            raise AssertionError("it has no end")
        assert {row.state for row in self.before.values()} <= set(FINAL)

    def drain(self, worker: Worker, channel: str) -> None:
        """What is due now goes out and is taken; the promises are looked at after each verb."""
        assert asyncio.run(worker.elections[channel].elect())
        self.leaders[channel] = worker
        self.promises_hold()
        self.store.wake_messages(self.clock.now())
        self.promises_hold()
        self.leave_nobody_stranded(channel)
        self.promises_hold()
        self.take(worker, channel, worker.elections[channel].fence)
        self.promises_hold()
        while worker.claimed:
            self.begin_one(worker, *worker.claimed.pop())
            self.promises_hold()
        while worker.begun:
            request = worker.begun.pop()
            self.finish(worker, request, self.service(request, "taken"))
            self.promises_hold()

    def leave_nobody_stranded(self, channel: str) -> None:
        now = self.clock.now()
        ids = [each.id for each in self.store.stranded(channel, now) if each.state in WAITING]
        self.store.move_messages(ids, "suppressed", reason="left", actor="test", at=now)


def address(channel: str, person: int) -> str:
    return f"{channel}{person}"


def in_line(chat: Iterable[Message], now: dt.datetime) -> list[Message]:
    """Who waits in a chat, the first first; what is useless or in no sender's care does not."""
    waits = [each for each in chat if each.state in WAITING and each.via == "push" and each.expires_at > now]
    return sorted(waits, key=lambda each: each.send_at)


def part(channel: str, message: Message) -> dict[str, Any]:
    """What was frozen; else the message's words, which say where they may have come before."""
    again = unknown_attempts(message) > 0
    if message.payload is not None and (channel == "line" or not again):
        return dict(message.payload)
    content = Content(title=message.text, language="en")
    return {"text": said_again(content).title if again else content.title}


def reachable(state: str) -> set[str]:
    """The state itself, and what one call may make of it; an election settles at once what it found in a dead hand."""
    settled = states.MESSAGE["unknown"] if state == "sending" else frozenset[str]()
    return {state} | states.MESSAGE[state] | settled


def swept(url: str) -> None:
    """The last example's rows are gone."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for table in reversed(METADATA.sorted_tables):
            connection.execute(table.delete())
    engine.dispose()


@pytest.mark.parametrize(
    ("kind", "examples"), [("sqlite", 15), pytest.param("postgres", 5, marks=pytest.mark.postgres)]
)
def test_whatever_happens_the_outbox_keeps_its_promises(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, kind: str, examples: int
) -> None:
    """In any order of writing, sending, dying, taking over, resolving and leaving: no message is lost or takes a step
    that its life-cycle lacks, chats have one hand at a time and their order, keys one body, and nobody hears twice."""
    url: str = request.getfixturevalue(f"{kind}_url")
    with open_store(url) as store:
        monkeypatch.setattr(store, "shared_now", lambda now: now)  # the server's clock is simulated too

        class Machine(OutboxMachine):
            def __init__(self) -> None:
                swept(url)
                self.store = store
                super().__init__()

        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=examples,
                stateful_step_count=40,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
