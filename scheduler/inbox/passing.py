"""What goes on to the coordinators in the writer's own words: calls for help, ways to a house, words at work. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Any

from scheduler.inbox.decision import Decision, Say, receipt
from scheduler.inbox.known import ANSWERED, WORK, Known
from scheduler.inbox.words import Meant, Said
from storage.records import Member, Role

PAUSE = dt.timedelta(minutes=5)
"""For so long after words of a chat were passed on, no more of them are: the coordinators have heard, and will call."""
_NOT_UNDERSTOOD = frozenset({Meant.OTHER, Meant.NO, Meant.NO_NUMBER})
"""What answers no question of ours."""


def call_for_help(known: Known, said: Said) -> Decision:
    """Something bad has happened to a member: every coordinator hears of it at once."""
    told = _told(known, "sos", _from(known.members[0], said))
    return Decision(outcome="sos", says=(receipt("sos", "sos_more"), *told))


def way_to_a_house(known: Known, said: Said, order_ids: tuple[str, ...]) -> Decision:
    """A place told in words: a coordinator reads it and sets the pin."""
    buyer = known.in_role(Role.BUYER)
    name = buyer.person.name if buyer is not None else ""
    facts = {"role": "buyer", "name": name, "order_ids": list(order_ids), "words": said.text}
    return Decision(outcome="landmark", says=(receipt("landmark", "landmark_more"), *_told(known, "word", facts)))


def from_work(known: Known, said: Said, now: dt.datetime) -> Decision | None:
    """What no list understands from a rider or seller at work, unless words of theirs have just gone on.

    None where they are not at work, where we can answer ourselves, or where nobody is there to read it.
    """
    asks = said.meant is Meant.WHERE and said.among_others and known.in_role(Role.BUYER) is None
    member = _at_work(known, now)
    if member is None or not said.text or not known.coordinators or not (said.meant in _NOT_UNDERSTOOD or asks):
        return None
    last = known.chat.passed_on_at
    if last is not None and now - last < PAUSE:
        return Decision(outcome="word_waits", says=(receipt("word_waits", "word_waits_more"),))
    told = _told(known, "word", _from(member, said))
    answer = receipt("word_passed", "word_passed_more")
    return Decision(outcome="word", changes={"passed_on": True}, says=(answer, *told))


def _at_work(known: Known, now: dt.datetime) -> Member | None:
    """The rider or seller who was told of work in a wave that is not over: what told it is of use still."""
    told = {
        (message.role, message.member_ref)
        for message in known.messages
        if message.kind == WORK.get(message.role) and message.kind in ANSWERED
        if message.state in {"accepted", "confirmed", "unknown"} and now <= message.expires_at
    }
    return next((member for member in known.members if (member.role, member.ref) in told), None)


def _from(member: Member, said: Said) -> dict[str, Any]:
    person = member.person
    return {"role": member.role.value, "name": person.name, "phone": person.phone or "", "words": said.text}


def _told(known: Known, kind: str, facts: dict[str, Any]) -> tuple[Say, ...]:
    return tuple(Say(kind=kind, facts=facts, to=each, must=True) for each in known.coordinators)
