"""Who speaks and listens over an account: one process at a time, by a lease row; the next takes up what was left.

Knows leases, and which rows a dead sender leaves in doubt; sends nothing. Whoever sends over an account also fetches
its updates and answers what is written there: a service that is polled lets one poller in.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from scheduler.clock import Clock
from scheduler.holder import is_gone, lease_now
from scheduler.outbox.pace import Pace
from scheduler.outbox.unreadable import InThread, past_unreadable
from scheduler.outbox.verdicts import may_repeat, repeat_after, unknown_attempts
from storage import Store
from storage.records import RESTORED, Fence

LEASE_SECONDS = 60.0
"""Of what a sender has in hand; and how often it looks for what was left there later."""
SENDER_LEASE_SECONDS = 10.0
TOO_MANY = 429


def lease_of(channel: str) -> str:
    """The name of the lease that gives a process a channel's account."""
    return f"account:{channel}"


class Election:
    """One process's part in the choice of who has one channel's account."""

    def __init__(
        self, store: Store, name: str, keyed: bool, clock: Clock, holder: str, pace: Pace, in_thread: InThread
    ) -> None:
        self._store, self._name, self._keyed, self._clock = store, name, keyed, clock
        self._holder, self._pace, self._in_thread = holder, pace, in_thread
        self._token: int | None = None
        self._recovered = 0.0
        self._sure_until = 0.0
        """By the machine's own clock: until when nobody else can have the account."""

    def sure(self) -> bool:
        """Whether nobody else can have become the sender, however long this process has stood still."""
        return self._token is not None and self.leads()

    def leads(self, seconds: float = 0.0) -> bool:
        """Whether the account is ours, and stays so for `seconds` whatever happens. Asks no database."""
        return self._clock.monotonic() + seconds < self._sure_until

    @property
    def fence(self) -> Fence:
        """What the database is asked by, with each claim and each beginning: whether nobody else is the sender since.

        It holds where the machine's own clock cannot tell: one that is suspended stands still.
        """
        return Fence(lease=lease_of(self._name), token=self._token or 0)  # the first token is 1

    def doubt(self) -> None:
        """Whoever is elected next takes back all that is in a hand, also in ours."""
        self._token = None

    async def elect(self) -> bool:
        """Become the account's one sender, or stay it; False where another process is.

        A new sender takes back what the last one held: nobody else has a hand on it any more. Now and then it looks
        for what was left later, such as a reply that nobody ended.
        """
        asked = self._clock.monotonic()
        token = await self._in_thread(self._take_lease)
        fresh = token is not None and token != self._token
        if fresh:
            self._pace.start(await self._in_thread(self._resting))
        if fresh or (token is not None and asked - self._recovered > LEASE_SECONDS):
            await past_unreadable(
                lambda: self._in_thread(lambda: self._recover(whole=fresh)),
                self._store,
                self._name,
                self._clock,
                self._in_thread,
            )
            self._recovered = asked
        self._token = token
        self._sure_until = asked + SENDER_LEASE_SECONDS if token is not None else 0.0
        return token is not None

    def _resting(self) -> Mapping[str, float]:
        """The chats that the service told the last sender to leave alone, and for how many seconds still."""
        now = self._clock.now()
        told = self._store.resting(self._name, now, TOO_MANY)
        return {address: (until - now).total_seconds() for address, until in told.items()}

    def _take_lease(self) -> int | None:
        now = lease_now(self._store, self._clock)
        return self._store.acquire_lease(
            lease_of(self._name), self._holder, now=now, seconds=SENDER_LEASE_SECONDS, gone=is_gone
        )

    async def release(self) -> None:
        self._token, self._sure_until = None, 0.0
        name = lease_of(self._name)
        await self._in_thread(
            lambda: self._store.release_lease(name, self._holder, now=lease_now(self._store, self._clock))
        )

    @asynccontextmanager
    async def renewed(self) -> AsyncIterator[None]:
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

    def _recover(self, *, whole: bool) -> None:
        """Rows whose sender died are in doubt: what may be repeated is, when that is due."""
        now, name = self._clock.now(), self._name
        self._store.expire_leases(now, channel=name, whole=whole)
        for message in self._store.messages(states={"unknown"}, channel=name):
            if message.expires_at <= now or message.reason == RESTORED:
                continue  # useless, or for a person to decide: a restored market says nothing again by itself
            keyed, doubts = self._keyed, unknown_attempts(message)
            if message.via == "reply":  # nothing refuses its copy: said again, by a push that says so, or left unknown
                again, due = message.klass == "critical", now
            else:
                again = may_repeat(message, keyed=keyed, unknown=doubts, now=now)
                due = now if keyed else now + repeat_after(doubts)
            if again:
                self._store.resolve_message(message.id, "retry", actor="outbox", at=now, not_before=due)
