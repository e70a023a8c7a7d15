"""What goes on to the coordinators: calls for help, what no list understands, in the writer's own words, and that a
picture, a voice or a place was sent. Pure.

Words are gathered: of one chat no more than one message goes on in `PAUSE`, with all that was written meanwhile. Who
works is heard at any hour; what others write at night is read in the morning, and they are told so.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from scheduler.config import Config
from scheduler.inbox.decision import Decision, Say, receipt
from scheduler.inbox.known import ANSWERED, WORK, Known
from scheduler.inbox.orders import open_orders
from scheduler.inbox.words import Meant, Said
from scheduler.notices.messages import send_at
from storage.heard import PassedOn
from storage.records import Location, Member, Role

PAUSE = dt.timedelta(minutes=5)
"""From what was passed on of a chat to the next."""
MOST = 3000
"""Letters that are gathered; who has more to tell had better phone."""
_NOT_UNDERSTOOD = frozenset({Meant.OTHER, Meant.NO, Meant.NO_NUMBER})
"""What answers no question of ours."""
_KIND = "word"
THINGS = ("photo", "video", "voice", "file", "sticker")
"""What can be sent instead of words; its kinds as `Inbound` has them."""
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
    return _passed(known, _News(said.text, Counter()), buyer, facts, config, now, outcome="landmark", answer=answer)


def words(known: Known, said: Said, config: Config, now: dt.datetime) -> Decision | None:
    """What no list understands from a member, and that pictures and the like were sent, which are not passed on
    themselves; what is asked among other words is no list's alone.

    None where we can answer ourselves, or where nobody is there to read it. A sticker is a face: it calls nobody, and
    is counted with what waits to be passed on anyway.
    """
    sent, asks = said.meant is Meant.SENT, said.meant is Meant.WHERE and said.among_others
    if sent and said.value == "sticker" and not _waits(known, now):
        return None
    if not sent and (not (said.meant in _NOT_UNDERSTOOD or asks) or not any(map(str.isalnum, said.text))):
        return None
    working = _at_work(known, now)
    member = working or next((each for each in known.members if each.role is not Role.COORDINATOR), None)
    if member is None:
        return None
    news = _News(said.text, Counter({said.value: 1}) if sent else Counter())
    facts, urgent = _facts(known, member, config, now), working is not None
    return _passed(known, news, member, facts, config, now, outcome="word", urgent=urgent)


def place(known: Known, location: Location, config: Config, now: dt.datetime) -> Decision | None:
    """A place that nothing waits for, from who works or is to be brought something; None where it is no news."""
    working = _at_work(known, now)
    member = working or known.in_role(Role.BUYER)
    if member is None:
        return None
    facts = _facts(known, member, config, now)
    if working is None and not facts["order_ids"]:
        return None
    news = _News("", Counter(), location)
    return _passed(known, news, member, facts, config, now, outcome="place_passed", urgent=working is not None)


@dataclass(frozen=True, slots=True)
class _News:
    """What one event has for the coordinators: its words, how many things of each kind, a place."""

    words: str
    things: Counter[str]
    place: Location | None = None


def _passed(
    known: Known,
    news: _News,
    member: Member,
    facts: dict[str, Any],
    config: Config,
    now: dt.datetime,
    *,
    outcome: str,
    answer: Say | None = None,
    urgent: bool = False,
) -> Decision | None:
    """This to every coordinator but the writer, with what waits already; `answer`: what the writer hears.

    `urgent`: also in the quiet hours.
    """
    readers = [each for each in known.coordinators if each.person.id != member.person.id]
    if not readers or news == _News("", Counter()):
        return None
    chat, text, things, where, instead = known.chat, news.words, news.things, news.place, tuple[str, ...]()
    last = chat.passed_on_at
    moment = now
    if last is not None and _waits(known, now):
        text = "\n".join(filter(None, [chat.gathered["words"], text]))
        things = Counter(chat.gathered.get("things", {})) + things
        where = where or chat.gathered.get("place")
        instead = tuple(chat.gathered["messages"])
        moment = min(last, now + PAUSE) if urgent else last
    elif last is not None and now < last + PAUSE:
        moment = min(last, now) + PAUSE  # a clock may have been put back
    if len(text) > MOST:
        return Decision(outcome="word_full", says=(receipt("word_full", "word_full_more"),))
    if not urgent:
        moment = send_at(_KIND, "informative", None, None, config, moment)
    if answer is None:
        answer = _answer(news, moment if moment > now else None, config)
    all_of_it = {
        "words": _lines(text),
        "things": {kind: things[kind] for kind in THINGS},
        "url": map_link(where) if where is not None else None,
    }
    told = [Say(kind=_KIND, facts=facts | all_of_it, to=each, must=True, at=moment) for each in readers]
    passed = PassedOn(at=moment, words=text, things=things, place=where, instead=instead)
    return Decision(outcome=outcome, changes={"passed_on": passed}, says=(answer, *told))


def _waits(known: Known, now: dt.datetime) -> bool:
    """Whether something of this chat waits to be passed on."""
    at = known.chat.passed_on_at
    return at is not None and now < at and bool(known.chat.gathered)


def map_link(location: Location) -> str:
    """A link that shows a place, [lon, lat]."""
    return f"https://www.google.com/maps/search/?api=1&query={location[1]:.6f},{location[0]:.6f}"


def _answer(news: _News, at: dt.datetime | None, config: Config) -> Say:
    """What becomes of it, and when."""
    what = "sent" if news.things else "place" if news.place is not None else "word"
    more = "sent_more" if news.things else "word_passed_more"
    if at is None:
        return receipt(f"{what}_passed", more)
    return Say(facts={"what": f"{what}_later", "more": more, "at": at.astimezone(config.market.time_zone)})


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


def _facts(known: Known, member: Member, config: Config, now: dt.datetime) -> dict[str, Any]:
    """Who it is from, and of a buyer the orders that are still to come."""
    today = now.astimezone(config.market.time_zone).date()
    orders = open_orders(known.orders, today) if member.role is Role.BUYER else []
    return {**_from(member), "order_ids": [order.order_id for order in orders]}


def _from(member: Member) -> dict[str, Any]:
    return {"role": member.role.value, "name": member.person.name, "phone": member.person.phone or ""}
