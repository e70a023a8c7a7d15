"""The only loop that speaks: rows that are due are sent, and what became of them is written back.

Knows rows and channels; knows no plan. A row is written as ``sending``, with its frozen payload and its key, before the
call, and its result after; a crash between the two leaves ``sending``, whose lease runs out and becomes ``unknown``.
What an outcome means for a row is decided by `judge`, which is pure.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import random
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from channels.base import Channel, Content, Gone, Later, Outcome, Receipt, Refused, Unknown
from scheduler.clock import Clock
from scheduler.notices import content_from_json
from storage import AttemptEnd, AttemptStart, Store
from storage.records import Message

log = logging.getLogger(__name__)

LEASE_SECONDS = 60.0
BATCH = 100
SENDER = "sender"
SENDER_LEASE_SECONDS = 10.0
KEY_LIFE = dt.timedelta(hours=23)
"""How long a request may be repeated under its key: LINE keeps a key for 24 hours."""
LEAST_RETRY, FIRST_RETRY, LAST_RETRY = 1.0, 5.0, 600.0
RATES: Mapping[str, float] = {"telegram": 25.0, "line": 200.0}
"""Requests a second that this process starts, by channel; a channel without a rate is not paced."""

InThread = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a row becomes after an attempt."""

    state: str
    outcome: str
    reason: str | None = None
    status: int | None = None
    provider_id: str | None = None
    detail: str | None = None
    not_before: dt.datetime | None = None
    address_state: str | None = None
    """Where the attempt shows that an address is dead: its new state."""


def judge(message: Message, outcome: Outcome, *, keyed: bool, tries: int, now: dt.datetime) -> Verdict:
    """What `outcome` of attempt number `tries` (from 1) means for the row.

    Provably unsent is always tried again. Unknown is tried again where the service refuses a second copy of one key;
    elsewhere once for what is critical (the copy says so), and never for what is informative.
    """
    match outcome:
        case Receipt(provider_id=provider_id, status=status):
            return Verdict(state="accepted", outcome="accepted", status=status, provider_id=provider_id)
        case Later(reason=reason, after=after, status=status):
            return _retry(message, "later", reason, status, after, tries, now)
        case Gone(reason=reason, status=status):
            state = "blocked" if reason == "blocked" else "dead"
            return Verdict(state="failed", outcome="gone", reason=reason, status=status, address_state=state)
        case Refused(reason=reason, status=status, account=account):
            if reason == "quota":
                return Verdict(state="failed", outcome="refused", reason="quota", status=status)
            if account:
                return _retry(message, "refused", reason, status, LAST_RETRY, tries, now)
            return Verdict(state="failed", outcome="refused", reason="refused", status=status, detail=reason)
        case Unknown(reason=reason, status=status):
            if _again(message, keyed=keyed, unknown=_unknown(message) + 1, now=now):
                return _retry(message, "unknown", reason, status, None if keyed else 30.0, tries, now)
            return Verdict(state="unknown", outcome="unknown", reason=reason, status=status)


def _again(message: Message, *, keyed: bool, unknown: int, now: dt.datetime) -> bool:
    """Whether a message of which nobody can tell, after `unknown` such attempts, is tried once more."""
    if not keyed:
        return message.klass == "critical" and unknown == 1
    first = next((attempt.at for attempt in message.attempts if attempt.outcome != "later"), now)
    return now - first < KEY_LIFE


def _unknown(message: Message) -> int:
    return sum(attempt.outcome == "unknown" for attempt in message.attempts)


def _retry(
    message: Message, outcome: str, reason: str, status: int | None, after: float | None, tries: int, now: dt.datetime
) -> Verdict:
    if after is None:
        spread = random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing
        wait = spread * min(LAST_RETRY, FIRST_RETRY * 2 ** min(tries - 1, 10))
    else:
        wait = max(LEAST_RETRY, after)  # "at once" would be asked again, and again, within one drain
    # A held-back row that nobody needs any more ends as expired when it is next woken.
    left = max(0.0, (message.expires_at - now).total_seconds())
    moment = now + dt.timedelta(seconds=min(left, wait))
    return Verdict(state="retry", outcome=outcome, reason=reason, status=status, not_before=moment, detail=reason)


class Pace:
    """Starts at most `rate` things a second, evenly, by the machine's own clock."""

    def __init__(self, rate: float | None) -> None:
        self._gap = 1.0 / rate if rate else 0.0
        self._next = 0.0

    async def turn(self) -> None:
        if not self._gap:
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        start = max(now, self._next)
        self._next = start + self._gap
        if start > now:
            await asyncio.sleep(start - now)


class Outbox:
    """Drains due rows over the connected channels. One process is the sender, by a lease row; the others stand by."""

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Channel],
        clock: Clock,
        *,
        in_thread: InThread = asyncio.to_thread,
        failpoint: Callable[[str], None] = lambda name: None,
    ) -> None:
        self._store, self._channels, self._clock = store, channels, clock
        self._in_thread, self._failpoint = in_thread, failpoint
        self._holder = uuid.uuid4().hex
        self._token: int | None = None
        self._stopped = False
        self._paces = {name: Pace(RATES.get(name)) for name in channels}

    async def elect(self, patience: float = 0.0) -> bool:
        """Become the one sender of this database, or stay it; False where another process is, after `patience` seconds.

        A new sender takes back what the last one held: nobody else has a hand on it any more.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience
        while not await self._in_thread(self._hold):
            if loop.time() >= deadline:
                return False
            await asyncio.sleep(0.5)
        return True

    def _hold(self) -> bool:
        token = self._store.acquire_lease(
            SENDER, self._holder, now=dt.datetime.now(dt.UTC), seconds=SENDER_LEASE_SECONDS
        )
        if token is not None and token != self._token:
            self._recover()
        self._token = token
        return token is not None

    async def release(self) -> None:
        """Let another process send at once."""
        self._token = None
        await self._in_thread(lambda: self._store.release_lease(SENDER, self._holder, now=dt.datetime.now(dt.UTC)))

    def next_at(self) -> dt.datetime | None:
        """The earliest moment at which one of our channels can have work; None: never."""
        return self._store.next_message_at(self._clock.now(), channels=self._channels.keys())

    def stop(self) -> None:
        """Send nothing more once the round in hand is over, so that no row is left without a known end."""
        self._stopped = True

    async def drain(self) -> Counter[str]:
        """Send everything that is due now; count what rows became. Returns when nothing more is due.

        Sends nothing where another process is the sender.
        """
        became: Counter[str] = Counter()
        if not await self.elect():
            return became
        try:
            async with self._renewed():
                while self._token is not None and not self._stopped:
                    await self._in_thread(self._store.wake_messages, self._clock.now())
                    rounds = await asyncio.gather(*(self._round(name) for name in self._channels))
                    if not any(rounds):
                        break
                    for result in rounds:
                        became.update(result)
        except BaseException:
            self._token = None  # rows may be left in our hand: the next election takes them back
            raise
        return became

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
            if not over.is_set() and not await self._in_thread(self._hold):
                return

    def _recover(self) -> None:
        """Rows whose sender died: those the service itself keeps single are tried again under their key."""
        now = self._clock.now()
        self._store.expire_leases(now, whole=True)
        for message in self._store.messages(states={"unknown"}):
            channel = self._channels.get(message.channel or "")
            if channel is None or message.expires_at <= now:
                continue
            if _again(message, keyed=channel.keyed, unknown=_unknown(message), now=now):
                self._store.resolve_message(message.id, "retry", actor="outbox", at=now)

    async def _round(self, name: str) -> Counter[str]:
        channel = self._channels[name]
        claimed: list[Message] = await self._in_thread(
            lambda: self._store.claim_messages(
                self._clock.now(), channel=name, holder=self._holder, limit=BATCH, lease_seconds=LEASE_SECONDS
            )
        )
        if not claimed:
            return Counter()
        starts = [self._start(channel, message) for message in claimed]
        self._failpoint("outbox.before_begin")
        still = set(await self._in_thread(self._store.begin_attempts, starts))
        self._failpoint("outbox.before_call")
        ours = [(message, start) for message, start in zip(claimed, starts, strict=True) if message.id in still]
        ends = await asyncio.gather(*(self._attempt(channel, message, start) for message, start in ours))
        await self._in_thread(self._store.finish_attempts, [end for end, _ in ends])
        for (message, _), (end, address_state) in zip(ours, ends, strict=True):
            if end.state != "accepted":
                log.warning("message %s (%s): %s, %s", message.id, message.kind, end.state, end.reason or "no reason")
            if address_state is not None:
                await self._in_thread(self._mark_address, name, message.address or "", address_state, end.at)
        return Counter(end.state for end, _ in ends)

    def _mark_address(self, channel: str, address: str, state: str, at: dt.datetime) -> None:
        self._store.set_address_state(channel, address, state, actor=f"channel:{channel}", at=at)

    def _start(self, channel: Channel, message: Message) -> AttemptStart:
        payload = message.payload
        if payload is None:
            payload = channel.render(content_from_json(message.content))
        elif not channel.keyed and _unknown(message):
            payload = channel.render(said_again(content_from_json(message.content)))
        key = str(uuid.uuid5(uuid.UUID(message.id), "request"))
        return AttemptStart(message_id=message.id, payload=dict(payload), retry_key=key, at=self._clock.now())

    async def _attempt(self, channel: Channel, message: Message, start: AttemptStart) -> tuple[AttemptEnd, str | None]:
        """One call, and what follows from it for the row, and for the address where it is dead."""
        await self._paces[channel.name].turn()
        outcome: Outcome
        try:
            outcome = await channel.send(message.address or "", dict(start.payload), key=start.retry_key or message.id)
        except Exception as error:
            # No channel should; of one that does nobody can tell what was sent, and the others' results must be kept.
            log.exception("channel %s failed on message %s", channel.name, message.id)
            outcome = Unknown(reason=type(error).__name__)
        self._failpoint("outbox.after_call")
        now = self._clock.now()
        verdict = judge(message, outcome, keyed=channel.keyed, tries=len(message.attempts) + 1, now=now)
        end = AttemptEnd(
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
        return end, verdict.address_state


def said_again(content: Content) -> Content:
    """The same content, saying that it may have come before."""
    mark = "(ส่งซ้ำ) " if content.language == "th" else "(sent again) "
    return replace(content, title=mark + content.title)
