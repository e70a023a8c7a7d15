"""What goes on to the coordinators in the writer's own words: calls for help, and what no list understands. Pure.

Words are gathered: of one chat no more than one message goes on in `PAUSE`, with all that was written meanwhile. Who
works is heard at any hour; what others write at night is read in the morning, and they are told so.
"""

from __future__ import annotations

import datetime as dt
from textwrap import wrap
from typing import Any

from scheduler.config import Config
from scheduler.inbox.decision import Decision, Say, receipt
from scheduler.inbox.known import ANSWERED, WORK, Known
from scheduler.inbox.orders import open_orders
from scheduler.inbox.words import Meant, Said
from scheduler.notices.messages import send_at
from storage.heard import PassedOn
from storage.records import Member, Role

PAUSE = dt.timedelta(minutes=5)
"""From what was passed on of a chat to the next."""
MOST = 3000
"""Letters that are gathered; who has more to tell had better phone."""
_NOT_UNDERSTOOD = frozenset({Meant.OTHER, Meant.NO, Meant.NO_NUMBER})
"""What answers no question of ours."""
_KIND = "word"
_LINE = 350
"""Letters of one line of a message, no more of which a text keeps."""


def call_for_help(known: Known, said: Said) -> Decision:
    """Something bad has happened to a member: every coordinator hears of it at once."""
    facts = {**_from(known.members[0]), "words": said.text}
    told = tuple(Say(kind="sos", facts=facts, to=each, must=True) for each in known.coordinators)
    return Decision(outcome="sos", says=(receipt("sos", "sos_more"), *told))


def way_to_a_house(
    known: Known, said: Said, order_ids: tuple[str, ...], config: Config, now: dt.datetime
) -> Decision | None:
    """A place told in words: a coordinator reads it and sets the pin. None where nobody is there to read it."""
    buyer = known.in_role(Role.BUYER)
    if buyer is None:
        return None
    facts = {**_from(buyer), "order_ids": list(order_ids), "way": True}
    answer = receipt("landmark", "landmark_more")
    return _passed(known, said, buyer, facts, config, now, outcome="landmark", answer=answer)


def words(known: Known, said: Said, config: Config, now: dt.datetime) -> Decision | None:
    """What no list understands from a member; what is asked among other words is no list's alone.

    None where we can answer ourselves, or where nobody is there to read it.
    """
    asks = said.meant is Meant.WHERE and said.among_others
    if not (said.meant in _NOT_UNDERSTOOD or asks) or not any(letter.isalnum() for letter in said.text):
        return None
    working = _at_work(known, now)
    member = working or next((each for each in known.members if each.role is not Role.COORDINATOR), None)
    if member is None:
        return None
    facts = _from(member)
    if member.role is Role.BUYER:
        today = now.astimezone(config.market.time_zone).date()
        facts["order_ids"] = [order.order_id for order in open_orders(known.orders, today)]
    return _passed(known, said, member, facts, config, now, outcome="word", urgent=working is not None)


def _passed(
    known: Known,
    said: Said,
    member: Member,
    facts: dict[str, Any],
    config: Config,
    now: dt.datetime,
    *,
    outcome: str,
    answer: Say | None = None,
    urgent: bool = False,
) -> Decision | None:
    """These words to every coordinator but the writer, with those that wait already; `answer`: what the writer hears.

    `urgent`: also in the quiet hours.
    """
    readers = [each for each in known.coordinators if each.person.id != member.person.id]
    if not readers or not said.text:
        return None
    chat, text, instead = known.chat, said.text, tuple[str, ...]()
    last = chat.passed_on_at
    moment = now
    if last is not None and now < last and chat.gathered:
        text, instead = f"{chat.gathered['words']}\n{text}", tuple(chat.gathered["messages"])
        moment = min(last, now + PAUSE) if urgent else last
    elif last is not None and now < last + PAUSE:
        moment = min(last, now) + PAUSE  # a clock may have been put back
    if len(text) > MOST:
        return Decision(outcome="word_full", says=(receipt("word_full", "word_full_more"),))
    if not urgent:
        moment = send_at(_KIND, "informative", None, None, config, moment)
    if answer is None:
        answer = _answer(moment if moment > now else None, config)
    told = [Say(kind=_KIND, facts={**facts, "words": _lines(text)}, to=each, must=True, at=moment) for each in readers]
    passed = PassedOn(at=moment, words=text, instead=instead)
    return Decision(outcome=outcome, changes={"passed_on": passed}, says=(answer, *told))


def _answer(at: dt.datetime | None, config: Config) -> Say:
    if at is None:
        return receipt("word_passed", "word_passed_more")
    facts = {"what": "word_later", "more": "word_passed_more", "at": at.astimezone(config.market.time_zone)}
    return Say(facts=facts)


def _lines(text: str) -> list[str]:
    return [piece for line in text.splitlines() for piece in wrap(line, _LINE)]


def _at_work(known: Known, now: dt.datetime) -> Member | None:
    """The rider or seller who was told of work in a wave that is not over: what told it is of use still."""
    told = {
        (message.role, message.member_ref)
        for message in known.messages
        if message.kind == WORK.get(message.role) and message.kind in ANSWERED
        if message.state in {"accepted", "confirmed", "unknown"} and now <= message.expires_at
    }
    return next((member for member in known.members if (member.role, member.ref) in told), None)


def _from(member: Member) -> dict[str, Any]:
    return {"role": member.role.value, "name": member.person.name, "phone": member.person.phone or ""}
