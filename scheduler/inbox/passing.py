"""What goes on to the coordinators: calls for help, what no list understands, in the writer's own words, and that a
picture, a voice or a place was sent. Pure.

Words are gathered: of one chat no more than one message goes on in `PAUSE`, with all that was written meanwhile. Who
works is heard at any hour; what others write at night is read in the morning, and they are told so.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from textwrap import wrap
from typing import Any

from scheduler.config import Config
from scheduler.inbox.decision import Decision, Say, receipt
from scheduler.inbox.known import ANSWERED, WORK, Known
from scheduler.inbox.orders import open_orders
from scheduler.inbox.words import Meant, Said
from scheduler.notices.messages import send_at
from storage.heard import News, PassedOn
from storage.records import Location, Member, Role

PAUSE = dt.timedelta(minutes=5)
"""From what was passed on of a chat to the next."""
MOST = 3000
"""Letters that are gathered; who has more to tell had better phone."""
MANY = 200
"""Events that are gathered, and lines of words: as many fit into one message of any service."""
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
    event_id: str, known: Known, said: Said, order_ids: tuple[str, ...], config: Config, now: dt.datetime
) -> Decision | None:
    """A place told in words: a coordinator reads it and sets the pin. None where nobody is there to read it."""
    buyer = known.in_role(Role.BUYER)
    if buyer is None:
        return None
    facts = {**_from(buyer), "order_ids": list(order_ids)}
    news = News(event_id=event_id, words=said.text, way=True)
    answer = receipt("landmark", "landmark_more")
    return _passed(known, news, buyer, facts, config, now, outcome="landmark", answer=answer)


def words(event_id: str, known: Known, said: Said, config: Config, now: dt.datetime) -> Decision | None:
    """What no list understands from a member, and that pictures and the like were sent, which are not passed on
    themselves; what is asked among other words is no list's alone.

    None where we can answer ourselves, or where nobody is there to read it. A sticker is a face: it calls nobody, and
    is counted with what waits to be passed on anyway.
    """
    sent, asks = said.meant is Meant.SENT, said.meant is Meant.WHERE and said.among_others
    if sent and said.value == "sticker" and not _waiting(known, now):
        return None
    if not sent and (not (said.meant in _NOT_UNDERSTOOD or asks) or not any(map(str.isalnum, said.text))):
        return None
    member = _writer(known, now)
    if member is None:
        return None
    news = News(event_id=event_id, words=said.text, thing=said.value if sent else "")
    facts, urgent = _facts(known, member, config, now), _at_work(known, now) is not None
    answer = receipt("gladly", "gladly_more") if news.thing == "sticker" else None
    return _passed(known, news, member, facts, config, now, outcome="word", answer=answer, urgent=urgent)


def place(event_id: str, known: Known, location: Location, config: Config, now: dt.datetime) -> Decision | None:
    """A place that nothing waits for, from who works, is to be brought something or has called for help; None where it
    is no news."""
    working, writer = _at_work(known, now), known.in_role(Role.BUYER)
    if known.called:
        writer = _writer(known, now) or known.members[0]  # a coordinator, too
    member = working or writer
    if member is None:
        return None
    facts = _facts(known, member, config, now)
    if working is None and not known.called and not facts["order_ids"]:
        return None
    news, urgent = News(event_id=event_id, place=location), working is not None or known.called
    return _passed(known, news, member, facts, config, now, outcome="place_passed", urgent=urgent)


def lately(known: Known, now: dt.datetime) -> bool:
    """Whether the coordinators have just heard something of this chat, or will."""
    at = known.chat.passed_on_at
    return known.called or (at is not None and now < at + PAUSE)


def unsent(known: Known, config: Config, now: dt.datetime) -> Decision:
    """What a chat takes back is passed on no more, and forgotten; what waits beside it still goes."""
    changes: dict[str, Any] = {"unsent": known.unsent}
    waiting, at = _waiting(known, now), known.chat.passed_on_at
    left = tuple(news for news in waiting if news.event_id != known.unsent)
    if at is None or left == waiting:
        return Decision(outcome="unsent", changes=changes)
    member = _writer(known, now)
    told: tuple[Say, ...] = ()
    if left and member is not None:
        told = _told(_readers(known, member), left, _facts(known, member, config, now), at)
    changes["passed_on"] = PassedOn(at=at, news=left, instead=tuple(known.chat.gathered["messages"]))
    return Decision(outcome="unsent", changes=changes, says=told)


def _passed(
    known: Known,
    news: News,
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
    readers, chat = _readers(known, member), known.chat
    if not readers or not (news.words or news.thing or news.place):
        return None
    last, waiting, instead = chat.passed_on_at, _waiting(known, now), tuple[str, ...]()
    moment = now
    if last is not None and waiting:
        instead = tuple(chat.gathered["messages"])
        moment = min(last, now + PAUSE) if urgent else last
    elif last is not None and now < last + PAUSE:
        moment = min(last, now) + PAUSE  # a clock may have been put back
    if known.called:
        moment = now  # where somebody needs help
    all_of_it = (*waiting, news)
    text = _text(all_of_it)
    if len(text) > MOST or len(_lines(text)) > MANY or len(all_of_it) > MANY:
        return Decision(outcome="word_full", says=(receipt("word_full", "word_full_more"),))
    if not urgent:
        moment = send_at(_KIND, "informative", None, None, config, moment)
    if answer is None:
        answer = _answer(news, moment if moment > now else None, config)
    passed = PassedOn(at=moment, news=all_of_it, instead=instead)
    told = _told(readers, all_of_it, facts, moment)
    return Decision(outcome=outcome, changes={"passed_on": passed}, says=(answer, *told))


def _told(readers: Sequence[Member], news: Sequence[News], facts: dict[str, Any], at: dt.datetime) -> tuple[Say, ...]:
    """All of this for each of the readers."""
    things, places = Counter(each.thing for each in news), [each.place for each in news if each.place is not None]
    all_of_it = {
        "words": _lines(_text(news)),
        "things": {kind: things[kind] for kind in THINGS},
        "url": map_link(places[-1]) if places else None,
        "way": any(each.way for each in news),
    }
    return tuple(Say(kind=_KIND, facts=facts | all_of_it, to=each, must=True, at=at) for each in readers)


def _readers(known: Known, writer: Member) -> list[Member]:
    return [each for each in known.coordinators if each.person.id != writer.person.id]


def _text(news: Sequence[News]) -> str:
    return "\n".join(each.words for each in news if each.words)


def _waiting(known: Known, now: dt.datetime) -> tuple[News, ...]:
    """What of this chat waits to be passed on."""
    at = known.chat.passed_on_at
    if at is None or at <= now:
        return ()
    return tuple(News(**each) for each in known.chat.gathered.get("news", ()))


def map_link(location: Location) -> str:
    """A link that shows a place, [lon, lat]."""
    return f"https://www.google.com/maps/search/?api=1&query={location[1]:.6f},{location[0]:.6f}"


def _answer(news: News, at: dt.datetime | None, config: Config) -> Say:
    """What becomes of it, and when."""
    what = "sent" if news.thing else "place" if news.place is not None else "word"
    more = "sent_more" if news.thing else "word_passed_more"
    if at is None:
        return receipt(f"{what}_passed", more)
    return Say(facts={"what": f"{what}_later", "more": more, "at": at.astimezone(config.market.time_zone)})


def _lines(text: str) -> list[str]:
    return [piece for line in text.splitlines() for piece in wrap(line, _LINE)]


def _writer(known: Known, now: dt.datetime) -> Member | None:
    """As whom somebody writes: the one who is at work, else any but a coordinator."""
    others = (each for each in known.members if each.role is not Role.COORDINATOR)
    return _at_work(known, now) or next(others, None)


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
