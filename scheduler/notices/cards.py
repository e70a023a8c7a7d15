"""The card on which a coordinator sees how a round stands, and what a change of that means for the card. Pure.

One card for each wave and coordinator. It is not sent anew: each change of its words is the next revision of its event,
and edits what was accepted before. Knows messages; no service, and not when it is looked at.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from scheduler.config import Config
from scheduler.notices.messages import as_revision
from scheduler.notices.people import Notice, told_apart
from scheduler.silence import OFF, TOLD, last_words
from storage.records import Member, Message, Role, Run

CARD = "status_card"
CARD_KINDS = TOLD | {OFF, CARD}
"""What has to be known of a wave to write its cards."""
UNREACHED = frozenset({"failed", "expired", "suppressed", "unknown"})
"""The rider's message did not arrive, as far as anybody knows: somebody has to phone."""
TRIED = frozenset({"accepted", "confirmed", "failed", "expired", "unknown"})
"""With these a card begins; who has no chat is on the phone list since the approval."""
AGAIN = dt.timedelta(seconds=30)
"""After an edit of which nobody can tell: how long until it is made once more, twice as long each time."""


def status_cards(
    run: Run,
    riding: Collection[str],
    said: Sequence[Message],
    riders: Mapping[str, Member],
    coordinators: Iterable[Member],
    until: dt.datetime,
) -> list[Notice]:
    """What each coordinator's card says now; nothing as long as no card is there and no rider was to hear anything.

    `riding`: the riders of the plan in force; `said`: the wave's messages of `CARD_KINDS`, in the order written. Who
    has nothing to ride any more, for every order was called off, is not there.
    """
    last = last_words(said)
    written = {message.member_ref for message in said if message.role is Role.RIDER and message.kind in TOLD}
    off = (written - last.keys()) | {ref for ref, (told, orders) in last.items() if told.order_ids and not orders}
    riding = [ref for ref in riding if ref not in off]
    state = {ref: last[ref][0].state if ref in last else "held" for ref in riding}
    began = any(message.kind == CARD for message in said)
    if not began and not TRIED & set(state.values()):
        return []
    called = told_apart([riders[ref] for ref in riding if ref in riders])

    def those(states: Collection[str]) -> list[dict[str, Any]]:
        return [
            {"name": called.get(ref, ref), "phone": riders[ref].person.phone or "" if ref in riders else ""}
            for ref in riding
            if state[ref] in states
        ]

    facts = {
        "state": run.state,
        "riders": len(riding),
        "confirmed": len(those({"confirmed"})),
        "waiting": those({"accepted"}),
        "unreached": those(UNREACHED),
        "untold": those({"held", "ready", "sending", "retry"}),
    }
    return [
        Notice(kind=CARD, event=f"status:{run.id}", to=coordinator, facts=facts, expires_at=until)
        for coordinator in coordinators
    ]


def renewed(
    card: Message, said: Sequence[Message], config: Config, now: dt.datetime
) -> tuple[Message, str | None] | None:
    """`card` as the next revision after those that were `said`, with the id of the one that it replaces unsent.

    None where nothing is to be said: the last one reads so already, is in a sender's hand, or is a first card of which
    nobody can tell whether it arrived. A second is never sent beside it; a doubtful edit is simply made again.
    """
    here = [each for each in said if (each.channel, each.address) == (card.channel, card.address)]
    edits, replaces = None, None
    if here:
        last = here[-1]
        edits, news = _shown_as(here), last.text != card.text
        match last.state:
            case "held" | "ready" | "retry":
                replaces = last.id
            case "unknown" if last.edits is not None:
                replaces, news = last.id, news or now >= _again_at(here)
            case "accepted" | "confirmed":
                news = news and edits is not None
            case "failed":
                news = news or last.reason == "uneditable"
            case "sending" | "unknown":
                news = False
        if not news:
            return None
    number = 1 + max((each.revision for each in said), default=0)
    card = replace(as_revision(card, number, config), edits=edits)
    return (replace(card, send_at=now) if edits is not None else card), replaces  # an edit makes no sound, at any hour


def _shown_as(said: Sequence[Message]) -> str | None:
    """The service's own number of the card that stands in the chat, where one does that can be edited."""
    for message in reversed(said):
        if message.state == "failed" and message.reason == "uneditable":
            return None
        if message.state in {"accepted", "confirmed"}:
            taken = [attempt.provider_id for attempt in message.attempts if attempt.outcome == "accepted"]
            return taken[-1] if taken else None
        if message.edits is not None:
            return message.edits
    return None


def _again_at(said: Sequence[Message]) -> dt.datetime:
    """When an edit that is in doubt is made again, by how often it has been since the last that was accepted."""
    doubts = 0
    for message in reversed(said):
        if message.state in {"accepted", "confirmed"}:
            break
        doubts += sum(attempt.outcome == "unknown" for attempt in message.attempts)
    last = said[-1]
    tried = last.attempts[-1].at if last.attempts else last.send_at
    return tried + AGAIN * (1 << min(max(doubts - 1, 0), 5))
