"""Riders who say nothing: who was told of a round and has not answered, or was never reached. Pure.

Knows messages and how long one waits for an answer; whom to tell of it, and in which words, is said elsewhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.records import Message, Role

TOLD = frozenset({"route", "changed"})
"""Kinds of message that tell a rider what to do, and are answered."""
OFF = "cancelled"
"""Takes orders from what a rider was told."""
ESCALATION = "escalation"
KINDS = TOLD | {OFF, ESCALATION}
"""What has to be known of a wave to tell who is silent."""
_LOST, _IN_DOUBT = frozenset({"failed", "expired", "suppressed"}), frozenset({"ready", "retry", "unknown"})
"""It did not arrive; it did not so far, or nobody knows."""
SOON = dt.timedelta(minutes=1)
_MUTE = frozenset({None, "console"})
"""Channels over which nobody can answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A rider was told at `since`, and is silent for too long at `until`; `event` is what the coordinators hear.

    `reached` False: the message did not arrive, as far as anybody knows.
    """

    event: str
    since: dt.datetime
    until: dt.datetime
    reached: bool = True


def silences(messages: Sequence[Message], patience: dt.timedelta) -> Mapping[str, Silence]:
    """Who has not answered the last that they were told of their round, by rider; each once for each plan.

    `messages` are the wave's of `KINDS`, in the order they were written. A rider who is told anew, or has nothing to
    ride any more, is not waited for, nor one whose every order was called off. Whom a message did not reach has to be
    phoned: soon where it ended so and no other chat has it by then, else when it has been tried for as long as one
    waits for an answer.
    """
    said = {message.event for message in messages if message.kind == ESCALATION}
    found = {}
    for rider, (message, orders) in last_words([each for each in messages if not _phoned(each)]).items():
        heard = message.state == "accepted"
        event = f"{'silent' if heard else 'unreached'}:{message.plan_id}:{rider}"
        tried = heard or message.state in _LOST | _IN_DOUBT
        if not tried or not orders or message.channel in _MUTE or event in said:
            continue
        tries = [attempt.at for attempt in message.attempts] or ([] if heard else [message.send_at])
        if tries:
            since = tries[-1] if heard or message.state in _LOST else tries[0]
            until = since + (SOON if message.state in _LOST else patience)
            found[rider] = Silence(event=event, since=since, until=until, reached=heard)
    return found


def last_words(messages: Sequence[Message]) -> Mapping[str, tuple[Message, frozenset[str]]]:
    """By rider, the last that they were told of their round and was not withdrawn, and which of its orders are on."""
    found: dict[str, tuple[Message, frozenset[str]]] = {}
    for message in messages:
        if message.role is not Role.RIDER or message.state == "superseded":
            continue
        if message.kind in TOLD:
            found[message.member_ref] = message, frozenset(message.order_ids)
        elif message.kind == OFF and message.member_ref in found:
            told, orders = found[message.member_ref]
            found[message.member_ref] = told, orders - set(message.order_ids)
    return found


def _phoned(message: Message) -> bool:
    """The rider has no chat, and is phoned, as the plan said before its approval."""
    return message.kind in TOLD and message.state == "suppressed" and message.channel is None
