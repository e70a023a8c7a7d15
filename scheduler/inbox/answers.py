"""From answers to messages: words, a way and a moment for each, as rows of the outbox. Pure.

The first answer to the chat itself goes by the event's reply token where there is one that still works: that is free,
and goes out at once or never. What waits to be pushed to the same chat goes along with it, free as well; who writes at
night is awake, so what only waits for the morning does too. Whatever else may not be lost is pushed like any other
message.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any, Literal

from channels.base import Channel, Content, Inbound
from scheduler.config import Config
from scheduler.inbox.decision import Decision, Say
from scheduler.inbox.known import Known
from scheduler.notices.messages import CRITICAL, Compose, after_quiet, content_from_json, content_to_json, send_at
from scheduler.notices.people import language_of, reach
from storage.heard import Heeded, Step
from storage.records import RESTORED, AttemptStart, Message, Role

TOKEN_LASTS = dt.timedelta(seconds=50)
"""LINE takes a reply within a minute."""
ANSWER_LASTS = dt.timedelta(hours=1)
"""An answer to what was written longer ago would only puzzle."""
_NAMESPACE = uuid.UUID("c1f8b9a4-6a63-5f0c-8d4f-2b1f0a9e7d35")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """All that one event changes, its reply, and the waiting messages that go out before it in the same request."""

    heeded: Heeded
    reply: Message | None = None
    along: tuple[Message, ...] = ()


class Writer:
    """Writes the answers to one event.

    `restored_at`: the database was brought back after the event came, which may have been answered before. What was to
    be said by then is not said by itself: it is `unknown`, as all else that was due since the backup.
    """

    def __init__(
        self,
        event: Inbound,
        received_at: dt.datetime,
        known: Known,
        config: Config,
        compose: Compose,
        now: dt.datetime,
        *,
        restored_at: dt.datetime | None = None,
    ) -> None:
        self._event, self._received_at, self._known = event, received_at, known
        self._config, self._compose, self._now = config, compose, now
        self._restored_at = restored_at

    def written(self, decision: Decision, channel: Channel | None) -> Answered:
        """The decision with its answers as messages; without the chat's channel nothing is said to the chat itself."""
        steps: list[Step] = list(decision.changes.get("steps", ()))
        messages: list[Message] = []
        reply: Message | None = None
        for number, say in enumerate(decision.says):
            content = self._content(say)
            if say.asks is not None:
                steps.append(_asking(say.asks, content))
            own = say.to is None and say.chat is None
            if own and channel is None:
                continue
            if own and channel is not None and reply is None and self._may_reply(channel):
                payload = channel.render(content)
                reply = self._message(number, say, content, via="reply", state="sending", payload=payload)
                messages.append(reply)
            elif not own or say.must or (channel is not None and not channel.replies and not self._late()):
                messages.append(self._message(number, say, content))
            # else it is chatter that no token carries any more
        along: tuple[Message, ...] = ()
        if reply is not None and channel is not None and not _takes_leave(decision):
            at = messages.index(reply)
            *going, reply = self._with_what_waits(reply, channel)
            messages[at], along = reply, tuple(going)
        changes = {**decision.changes, "steps": tuple(steps)}
        heeded = Heeded(
            outcome=decision.outcome,
            address=self._event.address,
            messages=tuple(messages),
            reply=reply.id if reply is not None else None,
            along=tuple(
                AttemptStart(message_id=each.id, payload=each.payload or {}, bundle=each.bundle, at=self._now)
                for each in along
            ),
            **changes,
        )
        return Answered(heeded=heeded, reply=reply, along=along)

    def _with_what_waits(self, reply: Message, channel: Channel) -> list[Message]:
        """One request: as much of what waits as there is room for, and the answer, which a reader sees first, last."""
        waiting = self._waiting()[: channel.holds - 1]
        payloads = [channel.render(content_from_json(message.content)) for message in waiting]
        answer = dict(reply.payload or {})
        while len(parts := channel.together([*payloads, answer])) <= len(payloads):
            payloads.pop()
        return [
            replace(message, payload=dict(part), bundle=reply.id)
            for message, part in zip([*waiting[: len(payloads)], reply], parts, strict=True)
        ]

    def _waiting(self) -> list[Message]:
        """The beginning of this chat's line that may be said now; nothing where something of it is under way."""
        quiet, tz = self._config.messages.quiet_hours, self._config.market.time_zone
        awake = after_quiet(self._now, quiet.start, quiet.end, tz) if quiet is not None else self._now

        def may_go(message: Message) -> bool:
            waits_for_morning = message.klass == "informative" and message.send_at <= awake
            due = message.state in {"ready", "retry"} or message.send_at <= self._now or waits_for_morning
            return due and not any(attempt.outcome == "unknown" for attempt in message.attempts)

        line = [message for message in self._known.line if message.expires_at > self._now]
        if any(message.state == "sending" or message.bundle is not None for message in line):
            return []
        return list(takewhile(may_go, line))

    def _may_reply(self, channel: Channel) -> bool:
        if self._restored_at is not None:
            return False
        fresh = self._now - self._received_at < TOKEN_LASTS
        return channel.replies and fresh and not self._event.redelivered and self._event.reply_token is not None

    def _may_have_been_said(self, moment: dt.datetime) -> bool:
        """Whether what is to be said at `moment` was due before the database was brought back, had it been read as it
        came: what only waits is due as long after that as it is from now."""
        if self._restored_at is None:
            return False
        return self._received_at + (moment - self._now) <= self._restored_at

    def _late(self) -> bool:
        return self._now - self._received_at > ANSWER_LASTS

    def _language(self, say: Say) -> str:
        if say.to is not None:
            return language_of(say.to, self._config)
        spoken = [member.person.language for member in self._known.members] if say.chat is None else []
        return next(filter(None, spoken), self._config.market.language)

    def _content(self, say: Say) -> Content:
        if say.copy is not None:
            return content_from_json(say.copy.content)
        language = self._language(say)
        local = self._now.astimezone(self._config.market.time_zone)
        facts: dict[str, Any] = {
            "market": self._config.market.name.in_(language),
            "language": language,
            "date": local.date(),
            "wave": "",
        }
        return self._compose(say.kind, facts | dict(say.facts), language)

    def _message(
        self, number: int, say: Say, content: Content, *, via: str = "push", state: str = "ready", **more: Any
    ) -> Message:
        event = f"heard:{self._event.channel}:{self._event.event_id}:{number}"
        member = say.to if say.to is not None else next(iter(self._known.members), None) if say.chat is None else None
        role, ref = (member.role, member.ref) if member is not None else (Role.BUYER, "")
        klass: Literal["critical", "informative"] = "critical" if say.kind in CRITICAL else "informative"
        channel, address, reason = self._event.channel, self._event.address, None
        moment = self._now
        if say.to is not None:
            way = reach(say.to, self._config)
            channel, address, reason = way.channel, way.address, way.reason  # type: ignore[assignment]
        elif say.chat is not None:
            channel, address = say.chat
        if say.to is not None or say.chat is not None:
            moment = say.at or send_at(say.kind, klass, None, None, self._config, self._now)
            state = "suppressed" if channel is None else "held"
        if state != "suppressed" and self._may_have_been_said(moment):
            state, reason = "unknown", RESTORED
        lasts = TOKEN_LASTS if via == "reply" else dt.timedelta(days=1) if say.must else ANSWER_LASTS
        return Message(
            id=str(uuid.uuid5(_NAMESPACE, f"{self._config.market.id}:{event}:{role}:{ref}")),
            kind=say.kind,
            klass=klass,
            event=event,
            role=role,
            member_ref=ref,
            name=member.person.name if member is not None else "",
            channel=channel,
            address=address,
            via=via,
            order_ids=tuple(say.facts.get("order_ids", ())),
            state=state,
            reason=reason,
            send_at=moment,
            expires_at=moment + lasts,
            text=content.text(),
            content=content_to_json(content),
            **more,
        )


def _takes_leave(decision: Decision) -> bool:
    """After this nothing is said to the chat but the answer."""
    return bool(decision.changes.get("erased")) or decision.changes.get("address_state") in {"left", "blocked"}


def _asking(step: Step, content: Content) -> Step:
    """The question's own words are kept with it, under a version that changes when they do."""
    wording = content.text()
    version = f"{content.language}-{hashlib.sha256(wording.encode()).hexdigest()[:12]}"
    return replace(step, data={**step.data, "wording": wording, "version": version})
