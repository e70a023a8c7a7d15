"""The only loop that speaks: rows that are due are sent, and what became of them is written back.

Knows rows and channels; knows no plan. A row is written as ``sending``, with its frozen payload and its key, before the
call, and its result after; a crash between the two leaves ``sending``, whose sender's lease runs out and which becomes
``unknown``. Each channel is one account with one sender at a time, by a lease row, with its own pace.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from time import monotonic
from types import MappingProxyType
from typing import Any, Protocol

import storage
from channels.base import Content, Later, Outcome, Payload, Unknown
from scheduler.clock import Clock
from scheduler.notices import content_from_json
from scheduler.outbox.pace import LIMITS, Limits, Pace
from scheduler.outbox.together import Together
from scheduler.outbox.verdicts import judge, may_repeat, repeat_after, said_again, unknown_attempts
from storage import AttemptEnd, AttemptStart, Store
from storage.records import Message

log = logging.getLogger(__name__)

LEASE_SECONDS = 60.0
IN_HAND: Mapping[str, int] = {"telegram": 16}
"""How many messages a channel has in hand at once: at 29 a second few are under way. Elsewhere `MANY`."""
MANY = 64
AHEAD = 3
"""How many are noted as begun while they wait for the account's turn: all that a crash then leaves in doubt unsent."""
PATIENCE = 15.0
"""Seconds that a message waits in hand for its turn; told to wait longer, it is put back until then."""
SENDER_LEASE_SECONDS = 10.0
TOO_MANY = 429

InThread = Callable[..., Awaitable[Any]]


class Speaks(Protocol):
    """The part of a channel that sends."""

    name: str

    @property
    def keyed(self) -> bool: ...

    def render(self, content: Content) -> Payload: ...

    async def send(self, address: str, payload: Payload, *, key: str, silent: bool = False) -> Outcome: ...


def lease_of(channel: str) -> str:
    """The name of the lease that makes a process the sender of a channel's account."""
    return f"sender:{channel}"


class Outbox:
    """Drains due rows over the connected channels. Of each, one process is the sender; the others stand by.

    `withhold`: by channel, what calls back messages that have just become due and may not be sent after all.
    """

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Speaks],
        clock: Clock,
        *,
        limits: Mapping[str, Limits] = LIMITS,
        withhold: Mapping[str, Callable[[], object]] = MappingProxyType({}),
        in_thread: InThread = asyncio.to_thread,
        failpoint: Callable[[str], None] = lambda name: None,
    ) -> None:
        holder = uuid.uuid4().hex
        self._senders = {
            name: _Sender(
                store, channel, clock, holder, limits.get(name, Limits()), withhold.get(name), in_thread, failpoint
            )
            for name, channel in channels.items()
        }
        self._store, self._clock, self._in_thread = store, clock, in_thread

    def next_at(self, channel: str | None = None) -> dt.datetime | None:
        """The earliest moment at which `channel`, or one of ours, can have work; None: never."""
        names = self._senders.keys() if channel is None else {channel}
        return self._store.next_message_at(self._clock.now(), channels=names)

    def stop(self) -> None:
        """Begin nothing more: what is under way ends, what waits for its turn is put back."""
        for sender in self._senders.values():
            sender.stop()

    async def elect(self, channel: str) -> bool:
        """Whether this process is, or has just become, the one sender of the channel's account."""
        return await self._senders[channel].elect()

    async def drain(self, channel: str | None = None) -> Counter[str]:
        """Send everything that is due now, on `channel` or on all; count what rows became.

        Returns when nothing more is due. Sends nothing where another process is the sender.
        """
        senders = self._senders.values() if channel is None else [self._senders[channel]]
        results = await asyncio.gather(*(sender.drain() for sender in senders), return_exceptions=True)
        for failure in results:
            if isinstance(failure, BaseException):
                raise failure  # the other channels have written down what became of theirs
        return sum((result for result in results if isinstance(result, Counter)), Counter())

    async def release(self) -> None:
        """Let another process send at once."""
        for sender in self._senders.values():
            await sender.release()


class _Sender:
    """One channel's account in this process."""

    def __init__(
        self,
        store: Store,
        channel: Speaks,
        clock: Clock,
        holder: str,
        limits: Limits,
        withhold: Callable[[], object] | None,
        in_thread: InThread,
        failpoint: Callable[[str], None],
    ) -> None:
        self._store, self._channel, self._clock, self._holder = store, channel, clock, holder
        self._in_thread, self._failpoint = in_thread, failpoint
        self._token: int | None = None
        self._sure_until = 0.0
        """By the machine's own clock: until when nobody else can have become the sender."""
        self._pace, self._withhold = Pace(limits), withhold
        self._width = IN_HAND.get(channel.name, MANY)
        self._stopped = False
        self._open()

    def _open(self) -> None:
        """What belongs to one drain, and to the loop that it runs in."""
        self._stopping = asyncio.Event()
        self._turns = asyncio.Lock()
        # Where the service refuses copies, what is begun and unsent is simply sent again: no need to be sparing.
        self._ahead = asyncio.Semaphore(self._width if self._channel.keyed else AHEAD)
        self._begin = Together[AttemptStart, Collection[str]](self._begin_all)
        self._finish = Together[AttemptEnd, None](self._finish_all)
        self._put_back = Together[tuple[str, dt.datetime], None](self._put_back_all)

    def stop(self) -> None:
        self._stopped = True
        self._stopping.set()

    # --- who sends ---------------------------------------------------------------------------------------------------

    async def elect(self) -> bool:
        """Become the account's one sender, or stay it; False where another process is.

        A new sender takes back what the last one held: nobody else has a hand on it any more.
        """
        asked = monotonic()
        token = await self._in_thread(self._take_lease)
        if token is not None and token != self._token:
            self._pace.start()
            await self._in_thread(self._recover)
        self._token = token
        self._sure_until = asked + SENDER_LEASE_SECONDS if token is not None else 0.0
        return token is not None

    def _take_lease(self) -> int | None:
        now = dt.datetime.now(dt.UTC)
        return self._store.acquire_lease(
            lease_of(self._channel.name), self._holder, now=now, seconds=SENDER_LEASE_SECONDS
        )

    async def release(self) -> None:
        self._token, self._sure_until = None, 0.0
        name = lease_of(self._channel.name)
        await self._in_thread(lambda: self._store.release_lease(name, self._holder, now=dt.datetime.now(dt.UTC)))

    @asynccontextmanager
    async def _renewed(self) -> AsyncIterator[None]:
        """Keeps the lease for as long as it is needed; when it is left, no renewal is under way any more."""
        over = asyncio.Event()
        renewing = asyncio.create_task(self._renew(over))
        try:
            yield
        finally:
            over.set()
            await renewing

    async def _renew(self, over: asyncio.Event) -> None:
        while not over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), SENDER_LEASE_SECONDS / 3)
            if not over.is_set() and not await self.elect():
                return

    def _recover(self) -> None:
        """Rows whose sender died are in doubt: what may be repeated is, when that is due."""
        now, name = self._clock.now(), self._channel.name
        self._store.expire_leases(now, channel=name, whole=True)
        for message in self._store.messages(states={"unknown"}, channel=name):
            if message.expires_at <= now:
                continue
            keyed, doubts = self._channel.keyed, unknown_attempts(message)
            if may_repeat(message, keyed=keyed, unknown=doubts, now=now):
                due = now if keyed else now + repeat_after(doubts)
                self._store.resolve_message(message.id, "retry", actor="outbox", at=now, not_before=due)

    # --- what is due -------------------------------------------------------------------------------------------------

    async def drain(self) -> Counter[str]:
        became: Counter[str] = Counter()
        if self._stopped or not await self.elect():
            return became
        self._open()
        try:
            async with self._renewed():
                while not self._stopped and await self._stream(became):
                    pass
        except BaseException:
            self._token = None  # rows may be left in our hand: the next election takes them back
            raise
        return became

    async def _stream(self, became: Counter[str]) -> bool:
        """Claim and send side by side until nothing more is due; whether anything was."""
        await self._in_thread(self._store.wake_messages, self._clock.now())
        if self._withhold is not None:
            await self._in_thread(self._withhold)
        out: set[asyncio.Task[str | None]] = set()
        any_due = False
        try:
            while True:
                room = self._width - len(out)
                if room >= self._width / 4 and self._sure() and not self._stopped:
                    claimed = await self._claim(room)
                    out |= {asyncio.create_task(self._send(message)) for message in claimed}
                    any_due = any_due or bool(claimed)
                if not out:
                    return any_due
                done, out = await asyncio.wait(out, return_when=asyncio.FIRST_COMPLETED)
                became.update(state for task in done if (state := task.result()) is not None)
        finally:
            for task in out:
                task.cancel()
            await asyncio.gather(*out, return_exceptions=True)

    async def _claim(self, limit: int) -> list[Message]:
        """What is due, each with the payload of its next attempt; a row that has none ends by itself."""
        while claimed := await self._claimed(limit):
            if sayable := [message for each in claimed if (message := await self._sayable(each)) is not None]:
                return sayable
        return []

    async def _sayable(self, message: Message) -> Message | None:
        try:
            return replace(message, payload=self._payload(message))
        except Exception:
            log.exception("message %s (%s) cannot be said; it is on the phone list", message.id, message.kind)
        end = AttemptEnd(
            message_id=message.id, at=self._clock.now(), state="failed", outcome="refused", reason="broken"
        )
        await self._in_thread(lambda: self._store.finish_attempts([end], holder=self._holder))
        return None

    async def _claimed(self, limit: int) -> list[Message]:
        try:
            return await self._taken(limit)
        except (storage.StorageError, asyncio.CancelledError):
            raise
        except Exception:  # one row that cannot be read keeps all of them from being claimed
            now, name = self._clock.now(), self._channel.name
            broken = await self._in_thread(lambda: self._store.fail_unreadable(name, actor="outbox", at=now))
            if not broken:
                raise
            log.exception("messages %s cannot be read; they are on the phone list", ", ".join(broken))
            return await self._taken(limit)

    async def _taken(self, limit: int) -> list[Message]:
        claimed: list[Message] = await self._in_thread(
            lambda: self._store.claim_messages(
                self._clock.now(),
                channel=self._channel.name,
                holder=self._holder,
                limit=limit,
                lease_seconds=LEASE_SECONDS,
            )
        )
        return claimed

    async def _begin_all(self, starts: list[AttemptStart]) -> Collection[str]:
        begun: list[str] = await self._in_thread(lambda: self._store.begin_attempts(starts, holder=self._holder))
        return set(begun)

    async def _finish_all(self, ends: list[AttemptEnd]) -> None:
        await self._in_thread(lambda: self._store.finish_attempts(ends, holder=self._holder))

    async def _put_back_all(self, items: list[tuple[str, dt.datetime]]) -> None:
        await self._in_thread(lambda: self._store.put_back(items, holder=self._holder, at=self._clock.now()))

    def _sure(self) -> bool:
        """Whether nobody else can have become the sender, however long this process has stood still."""
        return self._token is not None and monotonic() < self._sure_until

    # --- one message -------------------------------------------------------------------------------------------------

    async def _send(self, message: Message) -> str | None:
        """One call, and what became of its row; None where the row was put back or is no longer ours."""
        address = message.address or ""
        while wait := self._pace.chat_wait(address):
            if not await self._waited(wait):
                not_before = self._clock.now() + dt.timedelta(seconds=wait if wait > PATIENCE else 0)
                await self._put_back((message.id, not_before))
                return None
        async with self._ahead:
            start = self._start(message)
            self._failpoint("outbox.before_begin")
            if message.id not in await self._begin(start):
                return None
            self._failpoint("outbox.before_call")
            async with self._turns:
                while wait := self._pace.account_wait():  # noqa: ASYNC110 - time is what it waits for
                    await asyncio.sleep(wait)
                if not self._sure():
                    return None  # begun, and perhaps another's by now: who is the sender says what becomes of it
                self._pace.begin(address)
        try:
            outcome = await self._call(message, start)
        finally:
            self._pace.end(address)
        self._failpoint("outbox.after_call")
        if isinstance(outcome, Later) and outcome.status == TOO_MANY:
            self._pace.rest(address, outcome.after or 1.0)
        return await self._end(message, outcome)

    async def _waited(self, seconds: float) -> bool:
        """Wait for a turn; False where that takes too long or we are asked to stop."""
        if seconds > PATIENCE:
            return False
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
        return not self._stopped

    def _payload(self, message: Message) -> Payload:
        """What was frozen; else the message's words, which say where they may have come before."""
        channel, payload = self._channel, message.payload
        if payload is None:
            payload = channel.render(content_from_json(message.content))
        elif not channel.keyed and unknown_attempts(message):
            payload = channel.render(said_again(content_from_json(message.content)))
        return dict(payload)

    def _start(self, message: Message) -> AttemptStart:
        key = str(uuid.uuid5(uuid.UUID(message.id), "request"))
        return AttemptStart(
            message_id=message.id, payload=dict(message.payload or {}), retry_key=key, at=self._clock.now()
        )

    async def _call(self, message: Message, start: AttemptStart) -> Outcome:
        try:
            return await self._channel.send(
                message.address or "", dict(start.payload), key=start.retry_key or message.id
            )
        except Exception as error:
            # No channel should; of one that does nobody can tell what was sent, and the others' results must be kept.
            log.exception("channel %s failed on message %s", self._channel.name, message.id)
            return Unknown(reason=type(error).__name__)

    async def _end(self, message: Message, outcome: Outcome) -> str:
        """Write back what came of the call, and that the address is dead where that was seen."""
        now, tries = self._clock.now(), len(message.attempts) + 1
        verdict = judge(message, outcome, keyed=self._channel.keyed, tries=tries, now=now)
        await self._finish(
            AttemptEnd(
                message_id=message.id,
                at=now,
                state=verdict.state,
                reason=verdict.reason,
                outcome=verdict.outcome,
                status=verdict.status,
                provider_id=verdict.provider_id,
                detail=verdict.detail,
                not_before=verdict.not_before,
            )
        )
        name = self._channel.name
        if verdict.state != "accepted":
            log.warning(
                "message %s (%s): %s, %s", message.id, message.kind, verdict.state, verdict.reason or "no reason"
            )
        if (state := verdict.address_state) is not None:
            await self._in_thread(
                lambda: self._store.set_address_state(
                    name, message.address or "", state, actor=f"channel:{name}", at=now
                )
            )
        return verdict.state
