"""Forgetting a person: every column that tells of them is emptied; keys, money and times stay, for the books.

What an order, a plan, a message or an event said of them goes with it, also where it was said to somebody else (the
name and address in a rider's route, the words that a coordinator was to read). Consents stay: they show what was agreed
to, by an id that no longer has a name.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import and_, delete, exists, false, func, or_, select, tuple_, update

from storage.chats import CHAT, REQUEST
from storage.directory import ADDRESS, MEMBER, PERSON
from storage.failpoints import writes
from storage.heard import Who
from storage.message_rows import ABOUT, ATTEMPT, MESSAGE, TO_OTHERS, WAITING, break_up, move_messages
from storage.order_rows import ORDER
from storage.people import RIDER, SELLER
from storage.plan_rows import PLAN, ROUTE, STEP
from storage.records import Role
from storage.tables import InboxRow
from storage.verbs import Verbs, Write

INBOX = InboxRow.__table__
_NOBODY = {"name": "", "phone": None, "group_name": None, "household": None, "chat_channel": None, "consent": False}
_NOWHERE = {
    "buyer_name": "",
    "buyer_phone": None,
    "address_text": "",
    "landmark": "",
    "tambon": "",
    "postcode": "",
    "lon": None,
    "lat": None,
    "needs_help": False,
    "note": "",
}
UNSAID = {
    "text": "",
    "payload": None,
    "content": {"title": "", "language": "th", "lines": [], "actions": []},
}
_SAID_NOTHING = {"name": "", "address": None, **UNSAID}


class Erasure(Verbs):
    @writes
    def erase_member(self, who: Who, *, actor: str, at: dt.datetime) -> bool:
        """Forgets the person behind a member, in all their roles; False: there is no such member."""
        with self._write("erase_member", actor, at) as write:
            if not erase(write, who):
                return False
            write.tell(f"member:{who[0].value}/{who[1]}")
            return True


def erase(write: Write, who: Who) -> bool:
    """As `Erasure.erase_member`, inside another verb's transaction."""
    write.lock_day()
    connection = write.connection
    mine = select(MEMBER.c.person_id).where(MEMBER.c.role == who[0].value, MEMBER.c.ref == who[1])
    person_id = connection.execute(mine).scalar()
    if person_id is None:
        return False
    chats = select(ADDRESS.c.channel, ADDRESS.c.address).where(ADDRESS.c.person_id == person_id)
    addresses = [(row.channel, row.address) for row in connection.execute(chats)]
    roles = select(MEMBER.c.role, MEMBER.c.ref).where(MEMBER.c.person_id == person_id)
    members = [(row.role, row.ref) for row in connection.execute(roles)]
    orders = select(ORDER.c.order_id).where(ORDER.c.person_id == person_id)
    _forget_messages(write, members, list(connection.execute(orders).scalars()))
    _forget_words(write, members, addresses)
    _forget_places(write, members, person_id)
    for channel, address in addresses:
        there = {"channel": channel, "address": address}
        connection.execute(delete(CHAT).where(*(CHAT.c[name] == value for name, value in there.items())))
        asked = update(REQUEST).where(*(REQUEST.c[name] == value for name, value in there.items()))
        connection.execute(asked.values(address="", phone=""))
        told = update(INBOX).where(*(INBOX.c[name] == value for name, value in there.items()))
        connection.execute(told.values(address=None, body=b"", headers={}))
    connection.execute(delete(ADDRESS).where(ADDRESS.c.person_id == person_id))
    connection.execute(update(MEMBER).where(MEMBER.c.person_id == person_id).values(active=False, changed_at=write.at))
    connection.execute(update(PERSON).where(PERSON.c.id == person_id).values(**_NOBODY, changed_at=write.at))
    return True


def _forget_messages(write: Write, members: list[tuple[str, str]], orders: list[str]) -> None:
    """What was written to them, and what was written to others of their orders; what waits does not go out."""
    connection = write.connection
    theirs = tuple_(MESSAGE.c.role, MESSAGE.c.member_ref).in_(members)
    waiting = and_(theirs, MESSAGE.c.state.in_(WAITING))
    break_up(connection, move_messages(connection, waiting, "superseded", write.at, reason="erased"))
    about = select(ABOUT.c.message_id).where(ABOUT.c.order_id.in_(orders))
    which = or_(theirs, MESSAGE.c.id.in_(about))
    ids = select(MESSAGE.c.id).where(which)
    connection.execute(update(ATTEMPT).where(ATTEMPT.c.message_id.in_(ids)).values(detail=None))
    connection.execute(update(MESSAGE).where(which).values(**_SAID_NOTHING))


def _forget_words(write: Write, members: list[tuple[str, str]], chats: list[tuple[str, str]]) -> None:
    """What coordinators were to read of them: what they wrote, that they are silent, how their rounds stood."""
    connection = write.connection
    riders = [ref for role, ref in members if role == Role.RIDER]
    event = "heard:" + INBOX.c.channel + ":" + INBOX.c.event_id + ":"
    wrote = exists().where(
        tuple_(INBOX.c.channel, INBOX.c.address).in_(chats),
        func.substr(MESSAGE.c.event, 1, func.length(event)) == event,
    )
    silent = [
        and_(MESSAGE.c.event.startswith(told), MESSAGE.c.event.endswith(f":{ref}", autoescape=True))
        for told in ("silent:", "unreached:")
        for ref in riders
    ]
    rounds = (
        select(PLAN.c.date, PLAN.c.wave).join(ROUTE, ROUTE.c.plan_id == PLAN.c.id).where(ROUTE.c.rider_id.in_(riders))
    )
    which = or_(
        and_(MESSAGE.c.kind.in_(TO_OTHERS), wrote),
        and_(MESSAGE.c.kind == "escalation", or_(false(), *silent)),
        and_(MESSAGE.c.kind == "status_card", tuple_(MESSAGE.c.date, MESSAGE.c.wave).in_(rounds)),
    )
    waiting = and_(which, MESSAGE.c.state.in_(WAITING))
    break_up(connection, move_messages(connection, waiting, "superseded", write.at, reason="erased"))
    connection.execute(update(MESSAGE).where(which).values(**UNSAID))


def _forget_places(write: Write, members: list[tuple[str, str]], person_id: str) -> None:
    """Homes, shops and doors, also where a plan has them."""
    connection = write.connection
    orders = select(ORDER.c.order_id).where(ORDER.c.person_id == person_id)
    riders = [ref for role, ref in members if role == Role.RIDER]
    sellers = [ref for role, ref in members if role == Role.SELLER]
    ridden = select(ROUTE.c.plan_id, ROUTE.c.route).where(ROUTE.c.rider_id.in_(riders))
    doors = and_(STEP.c.type == "delivery", STEP.c.order_id.in_(orders))
    shops = and_(STEP.c.type == "pickup", STEP.c.seller_id.in_(sellers))
    homes = and_(STEP.c.type.in_(("start", "end")), tuple_(STEP.c.plan_id, STEP.c.route).in_(ridden))
    connection.execute(update(STEP).where(or_(doors, shops, homes)).values(lon=None, lat=None))
    connection.execute(
        update(RIDER).where(RIDER.c.ref.in_(riders)).values(home_lon=None, home_lat=None, home_tambon=None)
    )
    connection.execute(
        update(SELLER).where(SELLER.c.ref.in_(sellers)).values(shop_name="", lon=None, lat=None, payout_promptpay=None)
    )
    connection.execute(update(ORDER).where(ORDER.c.person_id == person_id).values(**_NOWHERE, changed_at=write.at))
