"""The only loop that speaks: rows that are due are sent, and what became of them is written back.

Knows rows and channels; knows no plan. A row is written as ``sending``, with its frozen payload and its key, before the
call, and its result after; a crash between the two leaves ``sending``, whose sender's lease runs out and which becomes
``unknown``. What is due to one person goes out in one request, where the service's requests hold several messages: its
rows share all of this. Each channel is one account with one sender at a time, with its own pace.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace
from functools import partial
from itertools import chain, zip_longest
from typing import Protocol, TypeVar

from channels.base import Content, Later, Outcome, Payload, Receipt, Unknown, still_ours
from scheduler.clock import Clock
from scheduler.holder import new_holder
from scheduler.notices import content_from_json
from scheduler.outbox.election import LEASE_SECONDS, TOO_MANY, Election
from scheduler.outbox.pace import LIMITS, Limits, Pace
from scheduler.outbox.together import Together
from scheduler.outbox.unreadable import InThread, past_unreadable
from scheduler.outbox.verdicts import judge, said_again, unknown_attempts
from storage import AttemptEnd, AttemptStart, Store
from storage.records import Message, Scope

log = logging.getLogger(__name__)

IN_HAND: Mapping[str, int] = {"telegram": 16}
"""How many messages a channel has in hand at once: at 29 a second few are under way. Elsewhere `MANY`."""
MANY = 64
AHEAD = 3
"""How many are noted as begun while they wait for the account's turn: all that a crash then leaves in doubt unsent."""
SEND = "send"
"""The verb by which `Pace` counts messages and edits."""
PATIENCE = 15.0
"""Seconds that a message waits in hand for its turn; told to wait longer, it is put back until then."""


Result = TypeVar("Result")


class Speaks(Protocol):
    """The part of a channel that sends."""

    name: str

    @property
    def keyed(self) -> bool: ...

    @property
    def holds(self) -> int: ...

    def render(self, content: Content) -> Payload: ...

    def together(self, payloads: Sequence[Payload]) -> Sequence[Payload]: ...

    async def send(self, address: str, *parts: Payload, key: str) -> Outcome: ...

    async def edit(self, address: str, number: str, part: Payload) -> Outcome: ...


class Outbox:
    """Drains due rows over the connected channels. Of each, one process is the sender; the others stand by.

    `withhold`: called with a channel's name, calls back what has just become due there and may not be sent after all.
    `scope`: only these messages, as if there were no others. `holder`: this process, by which others can wake it.
    """

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Speaks],
        clock: Clock,
        *,
        limits: Mapping[str, Limits] = LIMITS,
        withhold: Callable[[str], object] = lambda name: None,
        in_thread: InThread = asyncio.to_thread,
        failpoint: Callable[[str], None] = lambda name: None,
        scope: Scope | None = None,
        holder: str | None = None,
    ) -> None:
        holder = holder or new_holder()
        self._senders = {
            name: _Sender(
                store,
                channel,
                clock,
                holder,
                limits.get(name, Limits()),
                partial(withhold, name),
                in_thread,
                failpoint,
                scope,
            )
            for name, channel in channels.items()
        }
        self._scope = scope
        self._store, self._clock, self._in_thread = store, clock, in_thread

    def next_at(self, channel: str | None = None) -> dt.datetime | None:
        """The earliest moment at which `channel`, or one of ours, can have work; None: never."""
        names = self._senders.keys() if channel is None else {channel}
        return self._store.next_message_at(self._clock.now(), channels=names, scope=self._scope)

    def stop(self) -> None:
        """Begin nothing more: what is under way ends, what waits for its turn is put back."""
        for sender in self._senders.values():
            sender.stop()

    async def elect(self, channel: str) -> bool:
        """Whether this process is, or has just become, the one sender of the channel's account."""
        return await self._senders[channel].election.elect()

    def leads(self, channel: str, seconds: float = 0.0) -> bool:
        """Whether the channel's account is this process's, for `seconds` more at least; without becoming it."""
        return self._senders[channel].election.leads(seconds)

    def turn(self, channel: str, verb: str) -> AbstractAsyncContextManager[bool]:
        """The account's turn for another call over `channel` than a message: see `Pace.turn`."""
        return self._senders[channel].pace.turn(verb)

    async def drain(self, channel: str | None = None) -> Counter[str]:
        """Send everything that is due now, on `channel` or on all; count what rows became.

        Returns when nothing more is due. Sends nothing where another process is the sender.
        """
        senders = list(self._senders.values()) if channel is None else [self._senders[channel]]
        became = await _drained(senders)
        # What one channel refuses or cannot say may be due over another that had looked already.
        while len(senders) > 1 and await self._in_thread(self._any_due) and (sent := await _drained(senders)):
            became += sent
        return became

    def _any_due(self) -> bool:
        following = self.next_at()
        return following is not None and following <= self._clock.now()

    async def release(self) -> None:
        """Let another process send at once."""
        for sender in self._senders.values():
            await sender.election.release()


async def _drained(senders: Sequence[_Sender]) -> Counter[str]:
    results = await asyncio.gather(*(sender.drain() for sender in senders), return_exceptions=True)
    for failure in results:
        if isinstance(failure, BaseException):
            raise failure  # the other channels have written down what became of theirs
    return sum((result for result in results if isinstance(result, Counter)), Counter())


class _Sender:
    """One channel's account in this process."""

    def __init__(
        self,
        store: Store,
        channel: Speaks,
        clock: Clock,
        holder: str,
        limits: Limits,
        withhold: Callable[[], object],
        in_thread: InThread,
        failpoint: Callable[[str], None],
        scope: Scope | None,
    ) -> None:
        self._store, self._channel, self._clock, self._holder = store, channel, clock, holder
        self._in_thread, self._failpoint, self._scope = in_thread, failpoint, scope
        self.pace, self._withhold = Pace(limits, now=clock.monotonic), withhold
        self.election = Election(store, channel.name, channel.keyed, clock, holder, self.pace, in_thread)
        self._width = IN_HAND.get(channel.name, MANY)
        self._stopped = False
        self._open()

    def _open(self) -> None:
        """What belongs to one drain, and to the loop that it runs in."""
        self._stopping = asyncio.Event()
        self._turns = asyncio.Lock()
        # Where the service refuses copies, what is begun and unsent is simply sent again: no need to be sparing.
        self._ahead = asyncio.Semaphore(self._width if self._channel.keyed else AHEAD)
        self._begin = Together[Sequence[AttemptStart], Collection[int]](self._begin_all)
        self._finish = Together[Sequence[AttemptEnd], None](self._finish_all)
        self._put_back = Together[Sequence[tuple[str, dt.datetime]], None](self._put_back_all)

    def stop(self) -> None:
        self._stopped = True
        self._stopping.set()

    # --- what is due -------------------------------------------------------------------------------------------------

    async def drain(self) -> Counter[str]:
        became: Counter[str] = Counter()
        if self._stopped or not await self.election.elect():
            return became
        self._open()
        try:
            async with self.election.renewed():
                while not self._stopped and await self._stream(became):
                    pass
        except BaseException:
            self.election.doubt()  # rows may be left in our hand: the next election takes them back
            raise
        return became

    async def _stream(self, became: Counter[str]) -> bool:
        """Claim and send side by side until nothing more is due; whether anything was."""
        await self._in_thread(lambda: self._store.wake_messages(self._clock.now(), scope=self._scope))
        await self._readably(lambda: self._in_thread(self._withhold))
        out: set[asyncio.Task[list[str]]] = set()
        any_due = False
        try:
            while True:
                room = self._width - len(out)
                if room >= self._width / 4 and self.election.sure() and not self._stopped:
                    claimed = await self._claim(room)
                    out |= {asyncio.create_task(self._send(waiting)) for waiting in by_address(claimed)}
                    any_due = any_due or bool(claimed)
                if not out:
                    return any_due
                done, out = await asyncio.wait(out, return_when=asyncio.FIRST_COMPLETED)
                became.update(state for task in done for state in task.result())
        finally:
            for task in out:
                task.cancel()
            await asyncio.gather(*out, return_exceptions=True)

    async def _claim(self, limit: int) -> list[Message]:
        """What is due, each with the payload of its next attempt; a row that has none ends by itself."""
        while claimed := await self._readably(lambda: self._taken(limit)):
            if sayable := [message for each in claimed if (message := await self._sayable(each)) is not None]:
                return sayable
        return []

    async def _sayable(self, message: Message) -> Message | None:
        try:
            return replace(message, payload=self._part(message))
        except Exception:
            log.exception("message %s (%s) cannot be said; it is on the phone list", message.id, message.kind)
        end = AttemptEnd(
            message_id=message.id,
            at=self._clock.now(),
            state="failed",
            outcome="refused",
            tries=len(message.attempts),
            reason="broken",
        )
        await self._in_thread(lambda: self._store.finish_attempts([end], holder=self._holder))
        return None

    async def _readably(self, work: Callable[[], Awaitable[Result]]) -> Result:
        return await past_unreadable(work, self._store, self._channel.name, self._clock, self._in_thread)

    async def _taken(self, limit: int) -> list[Message]:
        claimed: list[Message] = await self._in_thread(
            lambda: self._store.claim_messages(
                self._clock.now(),
                channel=self._channel.name,
                holder=self._holder,
                limit=limit,
                lease_seconds=LEASE_SECONDS,
                together=self._channel.holds,
                fence=self.election.fence,
                scope=self._scope,
            )
        )
        return claimed

    async def _begin_all(self, requests: list[Sequence[AttemptStart]]) -> Collection[int]:
        """Which of these are begun, by their `id`.

        Who stood still may have a message in two hands, which ask alike: one after the other, so that one begins.
        """
        begun: set[int] = set()
        while requests:
            asked, later, named = list[Sequence[AttemptStart]](), list[Sequence[AttemptStart]](), set[str]()
            for starts in requests:
                ids = {start.message_id for start in starts}
                (later if ids & named else asked).append(starts)
                named |= ids
            ours = set(await self._in_thread(partial(self._begin_each_once, asked)))
            begun |= {id(starts) for starts in asked if starts[0].message_id in ours}
            requests = later
        return begun

    def _begin_each_once(self, asked: Sequence[Sequence[AttemptStart]]) -> list[str]:
        starts = list(chain.from_iterable(asked))
        return self._store.begin_attempts(starts, holder=self._holder, fence=self.election.fence)

    async def _finish_all(self, requests: list[Sequence[AttemptEnd]]) -> None:
        ends = list(chain.from_iterable(requests))
        await self._in_thread(lambda: self._store.finish_attempts(ends, holder=self._holder))

    async def _put_back_all(self, asked: list[Sequence[tuple[str, dt.datetime]]]) -> None:
        items = list(chain.from_iterable(asked))
        await self._in_thread(lambda: self._store.put_back(items, holder=self._holder, at=self._clock.now()))

    # --- one request -------------------------------------------------------------------------------------------------

    async def _send(self, waiting: Sequence[Message]) -> list[str]:
        """One call for what waits for one address, and what became of its rows; what did not go out is not named."""
        address = waiting[0].address or ""
        while wait := self.pace.chat_wait(address):
            if not await self._waited(wait):
                not_before = self._clock.now() + dt.timedelta(seconds=wait if wait > PATIENCE else 0)
                await self._put_back([(message.id, not_before) for message in waiting])
                return []
        starts = self._request(waiting)
        messages, over = waiting[: len(starts)], waiting[len(starts) :]
        if over:
            await self._put_back([(message.id, self._clock.now()) for message in over])
        async with self._ahead:
            self._failpoint("outbox.before_begin")
            if id(starts) not in await self._begin(starts):
                return []
            self._failpoint("outbox.before_call")
            async with self._turns:
                while wait := self.pace.account_wait(SEND):  # noqa: ASYNC110 - time is what it waits for
                    await asyncio.sleep(wait)
                if not self.election.sure():
                    # Not called, which we alone know: where another has become the sender, it has its own say.
                    return await self._end(messages, Later(reason="no_lease", after=0.0))
                self.pace.begin(SEND)
        try:
            outcome = await self._call(messages[0], starts)
        finally:
            self.pace.end(address)
        self._failpoint("outbox.after_call")
        if isinstance(outcome, Later) and outcome.status == TOO_MANY:
            self.pace.rest(address, outcome.after or 1.0)
        return await self._end(messages, outcome)

    async def _waited(self, seconds: float) -> bool:
        """Wait for a turn; False where that takes too long or we are asked to stop."""
        if seconds > PATIENCE:
            return False
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
        return not self._stopped

    def _request(self, waiting: Sequence[Message]) -> list[AttemptStart]:
        """The next attempt at one request: the one that was begun, as it was frozen, or the first of a new one."""
        channel, now, bundle = self._channel, self._clock.now(), waiting[0].bundle
        parts = [dict(message.payload or {}) for message in waiting]
        if bundle is None:
            parts = list(channel.together(parts))
        messages = waiting[: len(parts)]
        request = bundle or request_id(messages)
        return [
            AttemptStart(
                message_id=message.id,
                payload=dict(part),
                tries=len(message.attempts),
                retry_key=request,
                bundle=request if channel.holds > 1 else None,
                expires_at=max(message.expires_at for message in messages),
                at=now,
            )
            for message, part in zip(messages, parts, strict=True)
        ]

    def _part(self, message: Message) -> Payload:
        """What was frozen; else the message's words, which say where they may have come before."""
        again = message.edits is None and unknown_attempts(message) > 0  # an edit makes no copy
        if message.payload is not None and (self._channel.keyed or not again):
            return dict(message.payload)
        content = content_from_json(message.content)
        return self._channel.render(said_again(content) if again else content)

    async def _call(self, message: Message, starts: Sequence[AttemptStart]) -> Outcome:
        """One call: a request that `message` is the first of, or the edit that it is."""
        address, key = message.address or "", starts[0].retry_key or starts[0].message_id
        parts = [dict(start.payload) for start in starts]
        still_ours.set(self.election.sure)  # in this message's own task
        try:
            if message.edits is not None:
                return await self._channel.edit(address, message.edits, parts[0])
            return await self._channel.send(address, *parts, key=key)
        except Exception as error:
            # No channel should; of one that does nobody can tell what was sent, and the others' results must be kept.
            log.exception("channel %s failed on request %s", self._channel.name, key)
            return Unknown(reason=type(error).__name__)

    async def _end(self, messages: Sequence[Message], outcome: Outcome) -> list[str]:
        """Write back what came of the call, and that the address is dead, or another one, where that was seen."""
        now, name, keyed = self._clock.now(), self._channel.name, self._channel.keyed
        tries = len(messages[0].attempts) + 1
        numbers = outcome.numbers if isinstance(outcome, Receipt) else ()
        verdict = judge(messages[0], outcome, keyed=keyed, tries=tries, now=now)
        await self._finish(
            [
                AttemptEnd(
                    message_id=message.id,
                    at=now,
                    state=verdict.state,
                    reason=verdict.reason,
                    outcome=verdict.outcome,
                    tries=len(message.attempts) + 1,
                    status=verdict.status,
                    provider_id=number,
                    detail=verdict.detail,
                    not_before=verdict.not_before,
                )
                for message, number in zip_longest(messages, numbers[: len(messages)])
            ]
        )
        if verdict.state != "accepted":
            for message in messages:
                log.warning(
                    "message %s (%s): %s, %s", message.id, message.kind, verdict.state, verdict.reason or "no reason"
                )
        address, new = messages[0].address or "", verdict.moved_to
        if new is not None:
            await self._in_thread(lambda: self._store.move_chat(name, address, new, actor=f"channel:{name}", at=now))
        if (state := verdict.address_state) is not None:
            await self._in_thread(
                lambda: self._store.set_address_state(name, address, state, actor=f"channel:{name}", at=now)
            )
        return [verdict.state] * len(messages)


def by_address(messages: Iterable[Message]) -> list[list[Message]]:
    """What was claimed for each address, in its order; of one that was begun, just its request."""
    found: dict[str | None, list[Message]] = {}
    for message in messages:
        found.setdefault(message.address, []).append(message)
    return list(found.values())


def request_id(messages: Sequence[Message]) -> str:
    """The uuid of the request that says just these messages, whoever makes it; its key too where a service knows such.

    A request that was never taken may be broken up: what goes out then is another one, under a key of its own.
    """
    first, *others = [message.id for message in messages]
    return str(uuid.uuid5(uuid.UUID(first), " ".join(["request", *others])))
