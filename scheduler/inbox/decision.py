"""What an event comes to, as values: a decision and its answers, before they have words. Decides nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from storage.heard import LinkRequest, Step, Who
from storage.records import Location, Member, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """One answer, before it has words. ``to`` is a member, or None for whoever wrote.

    ``chat`` is another chat than the event's own. ``must``: it may not be lost, so it is pushed where no reply is
    possible. ``at`` is when somebody else is to hear it; else the quiet hours are kept. ``copy`` says an earlier
    message once more. ``asks`` is where the talk goes on with this question for consent; the wording it had is kept.
    """

    kind: str = "receipt"
    facts: Mapping[str, Any] = field(default_factory=dict)
    to: Member | None = None
    chat: tuple[str, str] | None = None
    must: bool = False
    at: dt.datetime | None = None
    copy: Message | None = None
    asks: Step | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one event comes to. ``pins`` are orders that get their place before the rest is written."""

    outcome: str
    says: tuple[Say, ...] = ()
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `storage.heard.Heeded`, by name."""
    pins: tuple[tuple[str, ...], Location] | None = None


def receipt(what: str, more: str = "", **say: Any) -> Say:
    """A short answer in ready words."""
    return Say(facts={"what": what, "more": more}, **say)


def ask_consent(channel: str, address: str, who: Sequence[Who], digest: str | None = None, **say: Any) -> Say:
    """The question without which no chat is linked. ``digest`` is the invitation that a yes uses up."""
    data = {"who": [[role.value, ref] for role, ref in who], "digest": digest}
    roles = sorted({role.value for role, _ in who})
    asks = Step(channel=channel, address=address, name="consent", data=data)
    return Say(kind="invite", facts={"roles": roles}, asks=asks, **say)


def told_of(request: LinkRequest, buyers: Sequence[Member]) -> Say:
    """What a chat hears once a coordinator has decided: the question of consent for these buyers, or a no."""
    chat = (request.channel, request.address)
    if not buyers:
        return receipt("link_refused", "link_refused_more", chat=chat, must=True)
    return ask_consent(*chat, [(buyer.role, buyer.ref) for buyer in buyers], chat=chat, must=True)
