"""From notices to messages: each gets its language, its words, its channel and its moment. Pure.

Nobody is dropped: who has no chat address gets a message of state ``suppressed`` that the call list shows.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from channels.base import Action, Content, Line
from scheduler.config import Config
from scheduler.config.models import Wave
from scheduler.notices.people import Notice, language_of, reach
from storage.records import Message, Plan, Role

CRITICAL = frozenset({"route", "pick_list", "changed", "cancelled", "escalation", "sos", "login"})
_NAMESPACE = uuid.UUID("8a1f0f52-6a3e-5d43-9d0a-0b54b8c1a6f1")

Compose = Callable[[str, Mapping[str, Any], str], Content]
"""channels.texts: kind, facts, language -> content."""


def messages(
    notices: Sequence[Notice],
    plan: Plan | None,
    wave: Wave | None,
    config: Config,
    compose: Compose,
    now: dt.datetime,
    *,
    date: dt.date | None = None,
) -> list[Message]:
    """Give each notice its language, channel, words and moment. `now` is the moment of approval.

    `date`: the wave's, where there is no plan to say it.
    """
    of_wave = plan.date if plan is not None else date
    found = []
    for notice in notices:
        way = reach(notice.to, config)
        language = language_of(notice.to, config)
        # An event that outlives its plan (an order moved, a pin asked for) is the same in every revision.
        revision = plan.revision if plan is not None and plan.id in notice.event else 1
        message_id = _id(config.market.id, notice.event, notice.to.role, notice.to.ref, revision)
        facts = {
            "market": config.market.name.in_(language),
            "language": language,
            "date": of_wave or now.astimezone(config.market.time_zone).date(),
            "wave": wave.label.in_(language) if wave is not None else "",
            "ack": f"seen:{message_id}",
            **notice.facts,
        }
        content = compose(notice.kind, facts, language)
        klass: Literal["critical", "informative"] = "critical" if notice.kind in CRITICAL else "informative"
        found.append(
            Message(
                id=message_id,
                kind=notice.kind,
                klass=klass,
                event=notice.event,
                role=Role(notice.to.role),
                member_ref=notice.to.ref,
                name=notice.to.person.name,
                channel=way.channel,
                address=way.address,
                order_ids=notice.order_ids,
                date=of_wave,
                wave=wave.id if wave is not None and of_wave is not None else None,
                plan_id=plan.id if plan is not None else None,
                revision=revision,
                state="held" if way.channel is not None else "suppressed",
                reason=way.reason,
                send_at=send_at(notice.kind, klass, plan, wave, config, now),
                expires_at=max(notice.expires_at, now + dt.timedelta(minutes=1)),
                text=content.text(),
                content=content_to_json(content),
            )
        )
    return found


def _id(market: str, event: str, role: str, ref: str, revision: int) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{market}:{event}:{role}:{ref}:{revision}"))


UNHEARD = frozenset({"superseded", "expired"})
"""States of a message that its reader will never see."""


def not_yet_said(written: Sequence[Message], before: Sequence[Message], config: Config) -> list[Message]:
    """Of `written`, what is news after `before`, the day's messages in the order they were written.

    An event that outlives its plan is said once, unless what was said was withdrawn unseen, was something else, or was
    followed by another word on the same order: then it is said anew, under the event's next revision.
    """
    last: dict[tuple[str, str, str], Message] = {}
    revisions: Counter[tuple[str, str, str]] = Counter()
    for message in before:
        event = (message.event, str(message.role), message.member_ref)
        revisions[event] = max(revisions[event], message.revision)
        if message.state not in UNHEARD:
            last |= {(str(message.role), message.member_ref, order_id): message for order_id in message.order_ids}
    news = []
    for message in written:
        event = (message.event, str(message.role), message.member_ref)
        said = [last.get((str(message.role), message.member_ref, order_id)) for order_id in message.order_ids]
        if said and all(each is not None and _same_news(each, message) for each in said):
            continue
        if revisions[event] >= message.revision:
            message = as_revision(message, revisions[event] + 1, config)
        news.append(message)
    return news


def as_revision(message: Message, number: int, config: Config) -> Message:
    """The message as revision `number` of its event."""
    id = _id(config.market.id, message.event, message.role, message.member_ref, number)
    return replace(message, id=id, revision=number)


def _same_news(said: Message, message: Message) -> bool:
    """The same words about the same event; where an order rides is one event, whichever wave it missed."""
    moved = said.event.startswith("moved:") and message.event.startswith("moved:")
    return said.text == message.text and (said.event == message.event or moved)


def send_at(
    kind: str, klass: str, plan: Plan | None, wave: Wave | None, config: Config, now: dt.datetime
) -> dt.datetime:
    """When a message of this kind goes out: at approval, at dispatch, or at a clock time; quiet hours respected.

    A clock time is that of the cut-off's day; where it is past already, or lies behind the dispatch, the message goes
    out at approval. Informative messages wait for the end of the quiet hours, or for the dispatch if that comes first.
    """
    moment, latest = now, None
    tz = config.market.time_zone
    if plan is not None and wave is not None:
        latest = dispatch = wave.dispatch.at(plan.date, tz)
        when = getattr(config.messages.send, kind, "approval")
        if when == "dispatch":
            moment = max(now, dispatch)
        elif isinstance(when, dt.time):
            day = wave.cut_off.at(plan.date, tz).astimezone(tz).date()
            wished = dt.datetime.combine(day, when, tz)
            moment = wished if now <= wished < dispatch else now
    quiet = config.messages.quiet_hours
    if klass == "informative" and quiet is not None:
        rested = after_quiet(moment, quiet.start, quiet.end, tz)
        moment = max(moment, min(rested, latest)) if latest is not None else rested
    return moment


def after_quiet(moment: dt.datetime, start: dt.time, end: dt.time, tz: dt.tzinfo) -> dt.datetime:
    """`moment`, or the end of the quiet hours it falls into; the hours may pass midnight."""
    local = moment.astimezone(tz)
    clock = local.time().replace(tzinfo=None)
    inside = start <= clock < end if start <= end else clock >= start or clock < end
    if not inside:
        return moment
    day = local.date() + dt.timedelta(days=1) if clock >= end else local.date()
    return dt.datetime.combine(day, end, tz)


def preview(told: Sequence[Message]) -> dict[str, Any]:
    """What approving would send, counted: by kind, over LINE, by phone."""
    return {
        "by_kind": dict(sorted(Counter(message.kind for message in told).items())),
        "line_pushes": line_pushes(told),
        "phone_calls": sum(message.state == "suppressed" for message in told),
        "by_phone": [
            {"role": str(message.role), "member_id": message.member_ref, "name": message.name, "kind": message.kind}
            for message in told
            if message.state == "suppressed"
        ],
    }


def line_pushes(told: Sequence[Message]) -> int:
    """How many requests LINE will count: what is due to one person at one moment goes out in one."""
    return len({(message.address, message.send_at) for message in told if message.channel == "line"})


def content_to_json(content: Content) -> dict[str, Any]:
    """Content as it is stored: the facts are gone by then, the words stay."""
    return {
        "title": content.title,
        "language": content.language,
        "lines": [
            {"text": line.text, "style": line.style, "value": line.value, "optional": line.optional}
            for line in content.lines
        ],
        "actions": [{"label": act.label, "kind": act.kind, "value": act.value} for act in content.actions],
    }


def content_from_json(stored: Mapping[str, Any]) -> Content:
    return Content(
        title=stored["title"],
        language=stored["language"],
        lines=tuple(Line(**line) for line in stored["lines"]),
        actions=tuple(Action(**action) for action in stored["actions"]),
    )
