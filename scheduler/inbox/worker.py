"""Works the stored events off, one after another: each once, in the order they came, each with all that it changes.

Events of an account are worked off by the process that has it, and so sends over it too; a crash leaves events that the
next one finds. An event that cannot be understood by a fault of ours is put aside as ``failed`` and holds up no other.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property

import storage
from channels.base import Channel, Inbound, Later, Outcome, Receipt, Refused, Unknown
from scheduler.clock import Clock
from scheduler.inbox.answers import Answered, Writer
from scheduler.inbox.decide import decide
from scheduler.inbox.known import Reader
from scheduler.inbox.words import Meant, Said, understood
from scheduler.versions import Versions
from storage import AttemptEnd, Store
from storage.heard import Heard, Heeded, Told
from storage.records import Location, Message

log = logging.getLogger(__name__)

BATCH = 50
TRIES = 3
PATIENCE_SECONDS, GLANCE_SECONDS = 2.0, 0.05
LOOKED_THROUGH = 200
"""The latest events of a chat, among which what is taken back is looked for."""

Turn = Callable[[str, str], AbstractAsyncContextManager[bool]]
"""The turn of an account, by its channel's name, for a call of this verb; False: it is not to be made now."""

Pin = Callable[[str, Location], bool]
"""Gives an order that waits its place; False where none waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """What is still to be told to the service about one event."""

    event: Inbound
    reply: Message | None
    along: Sequence[Message] = ()


class Inbox:
    """Works off what people wrote over the accounts that `leads` says are this process's."""

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Channel],
        clock: Clock,
        versions: Versions,
        pin: Pin,
        *,
        secret_keys: Sequence[str] = (),
        spoke: Callable[[], None] = lambda: None,
        busy: Callable[[], bool] = lambda: False,
        leads: Callable[[str], bool] = lambda name: True,
        turn: Turn = lambda name, verb: nullcontext(True),
    ) -> None:
        self._store, self._channels, self._clock, self._versions = store, channels, clock, versions
        self._pin, self._reader, self._spoke, self._busy = pin, Reader(store, secret_keys), spoke, busy
        self._leads, self._turn, self._holder = leads, turn, uuid.uuid4().hex

    async def add(self, channel: str, events: Sequence[Inbound]) -> int:
        """Store what was fetched, as a webhook stores what it is told; how many events were new."""
        told = [Told(event_id=event.event_id, body=event.body) for event in events]
        return await asyncio.to_thread(lambda: self._store.add_inbox(channel, told, at=self._clock.now()))

    async def drain(self) -> int:
        """Work off every stored event of our accounts; how many there were.

        Those of an account that another process has are its own; those of a channel that is gone wait for its return.
        """
        done = 0
        while waiting := await asyncio.to_thread(self._waiting):
            done += len(waiting)
            talks: dict[tuple[str, str | None], list[_Due]] = defaultdict(list)
            patience = PATIENCE_SECONDS
            for heard in waiting:
                patience = await self._give_way(patience)
                if (due := await asyncio.to_thread(self._take, heard)) is not None:
                    talks[due.event.channel, due.event.address].append(due)
            self._spoke()
            ends = await asyncio.gather(*(self._answer(each) for each in talks.values()))
            told = [end for each in ends for end in each]
            await asyncio.to_thread(lambda told=told: self._store.finish_attempts(told, holder=self._holder))  # type: ignore[misc]
            if any(end.state == "retry" for end in told):
                self._spoke()  # what went along in vain is pushed
        return done

    def _waiting(self) -> list[Heard]:
        return self._store.heard(limit=BATCH, channels=[name for name in self._channels if self._leads(name)])

    async def _give_way(self, patience: float) -> float:
        """Let calls that come in be acknowledged first, for as many seconds at most; what of them is left.

        A flood slows a batch down once, so that its reply tokens still live.
        """
        while patience > 0 and self._busy():
            await asyncio.sleep(GLANCE_SECONDS)
            patience -= GLANCE_SECONDS
        return patience

    def _take(self, heard: Heard) -> _Due | None:
        """One event, from its raw body to its rows; None where nothing is left to tell the service."""
        channel = self._channels[heard.channel]
        try:
            event = next(iter(channel.read(heard.body)), None)
            if event is None:
                self._put_aside(heard, "empty")
                return None
            for _ in range(TRIES):  # what somebody else has changed meanwhile is read anew
                answered = self._decided(heard, event, channel)
                if self._store.heed(heard, answered.heeded, holder=self._holder, at=self._clock.now()):
                    return _Due(event=event, reply=answered.reply, along=answered.along)
            log.warning("event %s of %s was not to be settled; it is put aside", heard.event_id, heard.channel)
        except (storage.Unreachable, storage.Busy):
            raise
        except Exception:
            log.exception("event %s of %s cannot be worked off; it is put aside", heard.event_id, heard.channel)
        self._put_aside(heard, "failed")
        return None

    def _decided(self, heard: Heard, event: Inbound, channel: Channel) -> Answered:
        now, config = self._clock.now(), self._versions.config()
        said, unsent = understood(event), None
        if said.meant is Meant.UNSENT and said.value:
            unsent = self._told_by(said.value, event, channel)
        elif event.redelivered and self._taken_back(event, channel):
            said, unsent = Said(Meant.UNSENT), heard.event_id
        today = now.astimezone(config.market.time_zone).date()
        known = replace(self._reader.known(event, said, today, now), unsent=unsent)
        decision = decide(event, said, known, config, now)
        if decision.pins is not None:
            for order_id in decision.pins[0]:
                self._pin(order_id, decision.pins[1])
        compose = self._versions.texts().compose
        writer = Writer(event, heard.received_at, known, config, compose, now, restored_at=self._restored_since(heard))
        return writer.written(decision, channel)

    def _restored_since(self, heard: Heard) -> dt.datetime | None:
        return self._restored_at if self._restored_at is not None and heard.received_at <= self._restored_at else None

    @cached_property
    def _restored_at(self) -> dt.datetime | None:
        """When the database was brought back, which no process of its market lives through."""
        return self._store.restored_at()

    def _told_by(self, number: str, event: Inbound, channel: Channel) -> str | None:
        """The id of the event that told the chat's message of this number."""
        lately = self._store.heard_from(event.channel, event.address or "", limit=LOOKED_THROUGH)
        return next((h.event_id for h in lately if any(e.number == number for e in channel.read(h.body))), None)

    def _taken_back(self, event: Inbound, channel: Channel) -> bool:
        """Whether what comes late was taken back before it came."""
        unsent = self._store.heard_from(event.channel, event.address or "", outcome="unsent", limit=LOOKED_THROUGH)
        taken = {each.data for heard in unsent for each in channel.read(heard.body) if each.kind == "unsend"}
        return event.number in taken

    def _put_aside(self, heard: Heard, outcome: str) -> None:
        self._store.heed(heard, Heeded(outcome=outcome), holder=self._holder, at=self._clock.now())

    async def _answer(self, talk: Sequence[_Due]) -> list[AttemptEnd]:
        """Reply to one chat's events in their order; what became of the replies."""
        # Side by side: a service that does not answer holds up the others' replies for one call's time, not for many.
        await asyncio.gather(*(self._heard(due.event) for due in talk))
        ends = []
        for due in talk:
            channel = self._channels[due.event.channel]
            if due.reply is not None:
                parts = [dict(message.payload or {}) for message in (*due.along, due.reply)]
                async with self._turn(channel.name, "reply") as may:
                    token = due.event.reply_token or ""
                    outcome = await channel.reply(token, *parts) if may else Later(reason="rate")
                now = self._clock.now()
                *numbers, last = numbers_of(outcome, len(parts))
                ends += [ended_along(*each, outcome, now) for each in zip(due.along, numbers, strict=True)]
                ends.append(ended(due.reply, last, outcome, now))
        return ends

    async def _heard(self, event: Inbound) -> None:
        if event.reply_token is None:
            return  # nobody waits to see that it was heard; a turn would be taken from the messages
        async with self._turn(event.channel, "heard") as may:
            if may:
                await self._channels[event.channel].heard(event)


def numbers_of(outcome: Outcome, parts: int) -> list[str | None]:
    """The service's own number for each part, where it said one."""
    told = outcome.numbers if isinstance(outcome, Receipt) else ()
    return [told[at] if at < len(told) else None for at in range(parts)]


def ended_along(message: Message, number: str | None, outcome: Outcome, at: dt.datetime) -> AttemptEnd:
    """What became of a message that waited, and went out with a reply.

    Provably unsent it is pushed, as it would have been. Where nobody can tell, what is critical is pushed and says that
    it may have come before; what only informs stays unknown, for nothing refuses its copy.
    """
    status = getattr(outcome, "status", None)
    tries = len(message.attempts) + 1
    end = AttemptEnd(
        message_id=message.id, at=at, state="retry", outcome="later", tries=tries, status=status, not_before=at
    )
    match outcome:
        case Receipt():
            return replace(end, state="accepted", outcome="accepted", provider_id=number, not_before=None)
        case Unknown(reason=reason) if message.klass == "informative":
            return replace(end, state="unknown", outcome="unknown", reason=reason, not_before=None)
        case Unknown(reason=reason):
            return replace(end, outcome="unknown", reason=reason)
        case _:
            return replace(end, reason=outcome.reason, detail=outcome.reason)


def ended(reply: Message, number: str | None, outcome: Outcome, at: dt.datetime) -> AttemptEnd:
    """What became of a reply. It is tried once: its token is spent, or dead, by then."""
    match outcome:
        case Receipt(status=status):
            return AttemptEnd(
                message_id=reply.id, at=at, state="accepted", outcome="accepted", status=status, provider_id=number
            )
        case Unknown(reason=reason, status=status):
            return AttemptEnd(
                message_id=reply.id, at=at, state="unknown", outcome="unknown", reason=reason, status=status
            )
        case Refused(reason=reason, status=status) if reason != "reply_token":
            return AttemptEnd(
                message_id=reply.id,
                at=at,
                state="failed",
                outcome="refused",
                reason="refused",
                status=status,
                detail=reason,
            )
        case _:
            status = getattr(outcome, "status", None)
            return AttemptEnd(
                message_id=reply.id, at=at, state="failed", outcome="refused", reason="reply_token", status=status
            )
