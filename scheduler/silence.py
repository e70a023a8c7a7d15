"""Riders who say nothing: who was told of a round, could have answered, and has not. Pure.

Knows messages and how long one waits for an answer; whom to tell of it, and in which words, is said elsewhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.records import Message, Role

TOLD = frozenset({"route", "changed"})
"""Kinds of message that tell a rider what to do, and are answered."""
ESCALATION = "escalation"
KINDS = TOLD | {ESCALATION}
"""What has to be known of a wave to tell who is silent."""
_UNHEARD = frozenset({"superseded", "expired", "suppressed", "failed"})
_MUTE = frozenset({None, "console"})
"""Channels over which nobody can answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A rider was told at `since`, and is silent for too long at `until`; `event` is what the coordinators hear."""

    event: str
    since: dt.datetime
    until: dt.datetime


def silences(messages: Sequence[Message], patience: dt.timedelta) -> Mapping[str, Silence]:
    """Who has not answered the last that they were told of their round, by rider; each once for each plan.

    `messages` are the wave's of `KINDS`, in the order they were written. A rider who is told anew, or has nothing to
    ride any more, is not waited for.
    """
    said = {message.event for message in messages if message.kind == ESCALATION}
    last = {
        message.member_ref: message
        for message in messages
        if message.role is Role.RIDER and message.kind in TOLD and message.state not in _UNHEARD
    }
    found = {}
    for rider, message in last.items():
        event = f"silent:{message.plan_id}:{rider}"
        waits = message.state == "accepted" and message.order_ids and message.channel not in _MUTE and message.attempts
        if waits and event not in said:
            since = message.attempts[-1].at
            found[rider] = Silence(event=event, since=since, until=since + patience)
    return found
