"""The verbs of the inbox: events kept raw and once, and worked off once, each with all that it changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Integer, RowMapping, and_, bindparam, delete, exists, not_, or_, select, update

from storage.chats import CHAT, GUESS, INVITATION, REQUEST, TRIES_LAST, agree, link
from storage.directory import ADDRESS
from storage.erasure import UNSAID, erase
from storage.failpoints import writes
from storage.heard import Heard, Heeded, LinkRequest, PassedOn, Step, Told
from storage.message_rows import (
    ATTEMPT,
    MESSAGE,
    WAITING,
    begin_messages,
    call_back,
    insert_messages,
    may_be_taken,
    move_messages,
)
from storage.records import Message
from storage.tables import InboxRow
from storage.verbs import Verbs, Write, among

INBOX = InboxRow.__table__
_NOT_DONE = INBOX.c.done_at.is_(None)
_HEARD = select(INBOX).where(_NOT_DONE).order_by(INBOX.c.seq).limit(bindparam("limit", type_=Integer()))
_HEARD_OVER = _HEARD.where(among(INBOX.c.channel))
REPLY_LEASE = dt.timedelta(minutes=1)


class Inbox(Verbs):
    @writes
    def add_inbox(self, channel: str, told: Sequence[Told], *, at: dt.datetime) -> int:
        """Keeps what a service told us; returns how many events it had not told before."""
        if not told:
            return 0
        with self._write("add_inbox", f"hook:{channel}", at) as write:
            rows = [
                {"channel": channel, "event_id": each.event_id, "received_at": at, "headers": {}, "body": each.body}
                for each in told
            ]
            new = write.insert(INBOX).on_conflict_do_nothing().returning(INBOX.c.seq)
            kept = len(write.connection.execute(new, rows).all())
            if kept:
                write.tell(f"inbox:{channel}", events=kept)
        return kept

    def heard(self, *, limit: int = 50, channels: Collection[str] | None = None) -> list[Heard]:
        """The events nobody has worked off yet, of these channels or of all, the first first."""
        query = _HEARD if channels is None else _HEARD_OVER
        with self._read() as connection:
            rows = connection.execute(query, {"limit": limit, "keys": list(channels or ())})
            return [_heard(row) for row in rows.mappings()]

    def heard_from(self, channel: str, address: str, *, limit: int, outcome: str | None = None) -> list[Heard]:
        """The events of one chat that were worked off, the last first; with `outcome` those that came to that."""
        theirs = select(INBOX).where(INBOX.c.channel == channel, INBOX.c.address == address)
        if outcome is not None:
            theirs = theirs.where(INBOX.c.outcome == outcome)
        with self._read() as connection:
            rows = connection.execute(theirs.order_by(INBOX.c.seq.desc()).limit(limit))
            return [_heard(row) for row in rows.mappings()]

    def heard_before(self, channel: str, event_id: str) -> Heard | None:
        """An event by the service's own id, worked off or not."""
        query = select(INBOX).where(INBOX.c.channel == channel, INBOX.c.event_id == event_id)
        with self._read() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else _heard(row)

    @writes
    def heed(self, heard: Heard, came_to: Heeded, *, holder: str, at: dt.datetime) -> bool:
        """Writes all that an event changes, and that it was worked off. False: nothing, for it is to be read anew.

        That is so where another worker was first, where another chat has meanwhile used the invitation, somebody else
        settled the request, or what was to go along does not wait any more. The reply, if there is one, and what goes
        along are in `holder`'s hand: ended by `finish_attempts`.
        """
        with self._write("heed", f"chat:{heard.channel}", at) as write:
            connection = write.connection
            if came_to.along:
                write.lock_claims(heard.channel)  # the sender may not hand out the same address meanwhile
            done = {"done_at": at, "outcome": came_to.outcome, "address": came_to.address}
            mine = update(INBOX).where(INBOX.c.seq == heard.seq, _NOT_DONE).values(done)
            if not (
                connection.execute(mine).rowcount
                and _use(write, came_to.used)
                and _settle(write, came_to.decided, f"{heard.channel} chat")
                and _take_along(write, heard.channel, came_to, holder)
            ):
                write.give_up()
                return False
            _change(write, heard.channel, came_to)
            told = [message for message in came_to.messages if message.id != came_to.reply]
            insert_messages(write, told)
            _say_once(write, heard, told)
            _begin_reply(write, came_to, holder)
            write.tell(f"inbox:{heard.channel}/{heard.event_id}", outcome=came_to.outcome, said=len(came_to.messages))
        return True

    @writes
    def settle_link(self, request: LinkRequest, came_to: Heeded, *, actor: str, at: dt.datetime) -> bool:
        """Writes what a coordinator's decision on a request changes; False: it was decided before."""
        with self._write("settle_link", actor, at) as write:
            if not _settle(write, came_to.decided, actor):
                return False
            _change(write, request.channel, came_to)
            insert_messages(write, came_to.messages)
            write.tell(f"link:{request.id}", outcome=came_to.outcome)
        return True


def _change(write: Write, channel: str, came_to: Heeded) -> None:
    connection, address = write.connection, came_to.address or ""
    if came_to.address_state is not None:
        connection.execute(
            update(ADDRESS)
            .where(ADDRESS.c.channel == channel, ADDRESS.c.address == address)
            .values(state=came_to.address_state, changed_at=write.at)
        )
    for who in came_to.links:
        link(write, who, channel, address)
    for consent in came_to.consents:
        agree(write, consent, channel)
    if came_to.confirmed:
        move_messages(connection, MESSAGE.c.id.in_(came_to.confirmed), "confirmed", write.at)
    for step in came_to.steps:
        _go_on(write, step)
    if came_to.wrong:
        _count_wrong(write, channel, address)
    if came_to.guessed is not None:
        _count_guess(write, came_to.guessed)
    if came_to.passed_on is not None:
        _pass_on(write, channel, address, came_to.passed_on, came_to.messages)
    if came_to.unsent is not None:
        instead = came_to.passed_on.instead if came_to.passed_on is not None else ()
        _unsay(write, channel, address, came_to.unsent, instead)
    if came_to.request is not None:
        asked = came_to.request
        names = ("id", "channel", "address", "phone", "created_at")
        connection.execute(REQUEST.insert().values({name: getattr(asked, name) for name in names}))
    for who in came_to.erased:
        erase(write, who)


def _use(write: Write, digest: str | None) -> bool:
    if digest is None:
        return True
    good = update(INVITATION).where(
        INVITATION.c.digest == digest, INVITATION.c.used_at.is_(None), INVITATION.c.expires_at > write.at
    )
    return bool(write.connection.execute(good.values(used_at=write.at)).rowcount)


def _settle(write: Write, decided: tuple[str, bool] | None, by: str) -> bool:
    """Whether a request is this one's to decide; then it is decided."""
    if decided is None:
        return True
    request_id, confirmed = decided
    waits = update(REQUEST).where(REQUEST.c.id == request_id, REQUEST.c.decided_at.is_(None))
    return bool(
        write.connection.execute(waits.values(decided_at=write.at, decided_by=by, confirmed=confirmed)).rowcount
    )


def _go_on(write: Write, step: Step) -> None:
    where = {"step": step.name, "data": dict(step.data), "step_at": write.at if step.name else None}
    _on_chat(write, step.channel, step.address, **where)


def _on_chat(write: Write, channel: str, address: str, **news: Any) -> None:
    """Notes what is new of one chat, also of one that was never heard of."""
    fresh: dict[str, Any] = {
        "step": None,
        "data": {},
        "step_at": None,
        "tries": 0,
        "tries_since": None,
        "passed_on_at": None,
        "gathered": {},
    }
    put = write.insert(CHAT).values({"channel": channel, "address": address, **fresh, **news})
    write.connection.execute(put.on_conflict_do_update(index_elements=[CHAT.c.channel, CHAT.c.address], set_=news))


def _count_wrong(write: Write, channel: str, address: str) -> None:
    """One more wrong guess; the count begins anew when its day is over."""
    mine = select(CHAT.c.tries, CHAT.c.tries_since).where(CHAT.c.channel == channel, CHAT.c.address == address)
    known = write.connection.execute(mine).first()
    if known is None or known.tries_since is None or write.at - known.tries_since > TRIES_LAST:
        _on_chat(write, channel, address, tries=1, tries_since=write.at)
    else:
        _on_chat(write, channel, address, tries=known.tries + 1)


def _count_guess(write: Write, digest: str) -> None:
    """One more wrong guess at a phone number's order; what is older than a day is forgotten."""
    write.connection.execute(delete(GUESS).where(GUESS.c.since < write.at - TRIES_LAST))
    put = write.insert(GUESS).values(digest=digest, tries=1, since=write.at)
    more = {"tries": GUESS.c.tries + 1}
    write.connection.execute(put.on_conflict_do_update(index_elements=[GUESS.c.digest], set_=more))


def _pass_on(write: Write, channel: str, address: str, passed: PassedOn, told: Sequence[Message]) -> None:
    """Of what waits to be passed on the last is all: it holds what the others do. What is under way already goes."""
    call_back(write.connection, MESSAGE.c.id.in_(passed.instead), "superseded", write.at, reason="gathered")
    waits = {
        "news": [asdict(each) for each in passed.news],
        "messages": [message.id for message in told if message.kind == "word"],
    }
    _on_chat(write, channel, address, passed_on_at=passed.at, gathered=waits if passed.news else {})


def _unsay(write: Write, channel: str, address: str, event_id: str, instead: Sequence[str]) -> None:
    """Forgets an event's words, also in what passed them on: that is withdrawn where it waits, as `instead` were.

    What is under way keeps them, for its service is asked with the very same again; so does what is due and holds more,
    or may: it is withdrawn where the last that was passed on of the chat is this alone.
    """
    connection, start = write.connection, f"heard:{channel}:{event_id}:"
    connection.execute(update(INBOX).where(INBOX.c.channel == channel, INBOX.c.event_id == event_id).values(body=b""))
    told = and_(MESSAGE.c.kind == "word", MESSAGE.c.event.startswith(start, autoescape=True))
    mine = select(CHAT.c.gathered).where(CHAT.c.channel == channel, CHAT.c.address == address)
    gathered = connection.execute(mine).scalar() or {}
    passed_on = {each["event_id"] for each in gathered.get("news", ())}
    if passed_on == {event_id}:
        alone = and_(told, MESSAGE.c.id.in_(gathered["messages"]))
        call_back(connection, alone, "superseded", write.at, reason="unsent")
    if event_id in passed_on:
        _on_chat(write, channel, address, gathered={})
    over = MESSAGE.c.state.in_(("accepted", "confirmed", "superseded"))
    connection.execute(update(MESSAGE).where(or_(told, MESSAGE.c.id.in_(instead)), over).values(**UNSAID))


def _take_along(write: Write, channel: str, came_to: Heeded, holder: str) -> bool:
    """What waits for the reply's chat is begun with it: all of it, in its order, or nothing is."""
    ids = [start.message_id for start in came_to.along]
    if not ids:
        return True
    line = MESSAGE.alias("line")
    begun = or_(line.c.state == "sending", and_(line.c.state == "retry", line.c.bundle.is_not(None)))
    busy = exists().where(line.c.channel == channel, line.c.address == came_to.address, begun)
    free = and_(MESSAGE.c.id.in_(ids), MESSAGE.c.via == "push", MESSAGE.c.bundle.is_(None), ~busy)
    move_messages(write.connection, free, "ready", write.at)
    hand = {"lease_holder": holder, "lease_until": write.at + REPLY_LEASE}
    taken = move_messages(write.connection, free, "sending", write.at, via="reply", **hand)
    if set(taken) != set(ids):
        return False
    begin_messages(write, came_to.along)
    return True


def _say_once(write: Write, heard: Heard, told: Sequence[Message]) -> None:
    """Of answers in the same words that wait for one chat the last is enough: who writes much holds up no route."""
    for answer in told:
        if answer.klass == "informative" and answer.channel == heard.channel:
            the_same = and_(
                MESSAGE.c.channel == answer.channel,
                MESSAGE.c.address == answer.address,
                MESSAGE.c.state.in_(WAITING),
                MESSAGE.c.event.like("heard:%"),
                MESSAGE.c.kind == answer.kind,
                MESSAGE.c.text == answer.text,
                MESSAGE.c.id.not_in([each.id for each in told]),
                not_(may_be_taken(MESSAGE)),
            )
            call_back(write.connection, the_same, "superseded", write.at, reason="repeated")


def _begin_reply(write: Write, came_to: Heeded, holder: str) -> None:
    """The answer that goes out at once is written as being sent, with its attempt, before it is."""
    reply = [message for message in came_to.messages if message.id == came_to.reply]
    if reply and insert_messages(write, reply):
        hand = {"lease_holder": holder, "lease_until": write.at + REPLY_LEASE}
        write.connection.execute(update(MESSAGE).where(MESSAGE.c.id == came_to.reply).values(hand))
        write.insert_all(ATTEMPT, [{"message_id": reply[0].id, "at": write.at, "outcome": "sending"}])


def _heard(row: RowMapping) -> Heard:
    return Heard(**{name: row[name] for name in Heard.__slots__})
