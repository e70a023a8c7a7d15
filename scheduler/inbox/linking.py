"""A coordinator's decision on a chat that says it belongs to a phone number, taken at the keyboard."""

from __future__ import annotations

import datetime as dt

from channels.base import Inbound
from scheduler.inbox.answers import Writer
from scheduler.inbox.decision import Decision, told_of
from scheduler.inbox.known import Known
from scheduler.versions import Versions
from storage import Store
from storage.heard import Chat, LinkRequest
from storage.records import Member


def settle(
    store: Store,
    versions: Versions,
    request: LinkRequest,
    buyers: list[Member],
    *,
    confirmed: bool,
    actor: str,
    now: dt.datetime,
) -> bool:
    """Ask the chat for its consent to be these buyers', or tell it no; False where somebody has decided before."""
    event = Inbound(channel=request.channel, event_id=f"link:{request.id}", kind="other", address=request.address)
    known = Known(chat=Chat(channel=request.channel, address=request.address))
    writer = Writer(event, now, known, versions.config(), versions.texts().compose, now)
    decision = Decision(
        outcome="link_yes" if confirmed else "link_no",
        changes={"decided": (request.id, confirmed)},
        says=(told_of(request, buyers if confirmed else ()),),
    )
    heeded = writer.written(decision, None).heeded
    return store.settle_link(request, heeded, actor=actor, at=now)
