"""What a decision has to know, read from rows before it is made: whose chat it is and what concerns them.

Reads only what the event asks about: most need a chat and its members.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from channels.base import Inbound
from scheduler.inbox.words import Meant, Said
from scheduler.intake.thai import arabic
from scheduler.keys import keyed_digests, phone_digest
from storage import Store
from storage.heard import Chat, Invitation, LinkRequest
from storage.records import Member, Message, Order, Plan, Role

ANSWERED = frozenset({"route", "pick_list", "changed", "cancelled"})
"""Kinds of message that their reader confirms."""
WORK = {Role.RIDER: "route", Role.SELLER: "pick_list", Role.COORDINATOR: "summary"}
"""What is a role's own work, by the kind of message that told it."""
ORDER_ANSWERS = frozenset({Meant.OTHER, Meant.NO_NUMBER, Meant.NO})
"""What may be said to "which order?"."""
IN_LINE = frozenset({"held", "ready", "retry", "sending"})
RECENT = dt.timedelta(hours=48)
CALL_LASTS = dt.timedelta(hours=2)
"""How long a call for help is not over."""
STEP_LASTS = dt.timedelta(days=1)
"""How long a question waits for its answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known when an event is decided on. ``chat.step`` is None where the question has grown too old."""

    chat: Chat
    members: tuple[Member, ...] = ()
    """Whose chat this is, whether or not it is alive."""
    coordinators: tuple[Member, ...] = ()
    invitation: Invitation | None = None
    invited: tuple[Member, ...] = ()
    """For whom this chat is asked to consent, with the chats that they have already."""
    answers_order: bool = False
    """What was said answers "which order?"; ``named`` is the order whose number was typed."""
    named: Order | None = None
    buyers: tuple[Member, ...] = ()
    """Who has the phone number in question."""
    digest: str | None = None
    """Of the phone number that an order's number was asked for, and how often that was guessed wrong lately."""
    guesses: int = 0
    called: bool = False
    """Whether this chat has lately called for help; known where it sends a place."""
    unsent: str | None = None
    """The id of the event whose words are taken back."""
    request: LinkRequest | None = None
    requests: tuple[LinkRequest, ...] = ()
    orders: tuple[Order, ...] = ()
    """Of the buyers among the members, from today on."""
    plans: Mapping[str, Plan] = field(default_factory=dict)
    riders: Mapping[str, Member] = field(default_factory=dict)
    messages: tuple[Message, ...] = ()
    """What was lately said to the members, in the order it was written."""
    line: tuple[Message, ...] = ()
    """What waits for this chat or is under way to it, in the order it is to be said; known where a reply is open."""

    @property
    def refs(self) -> frozenset[tuple[Role, str]]:
        return frozenset((member.role, member.ref) for member in self.members)

    def in_role(self, role: Role) -> Member | None:
        return next((member for member in self.members if member.role is role), None)


class Reader:
    """Reads what one event's decision needs."""

    def __init__(self, store: Store, secret_keys: Sequence[str]) -> None:
        self._store, self._secret_keys = store, secret_keys

    def known(self, event: Inbound, said: Said, today: dt.date, now: dt.datetime) -> Known:
        store, address = self._store, event.address or ""
        chat = store.chat(event.channel, address)
        if chat.step_at is None or now - chat.step_at > STEP_LASTS:
            chat = replace(chat, step=None, data={}, step_at=None)
        members = tuple(store.members_at(event.channel, address)) if event.private and address else ()
        line = self._line(event.channel, address) if event.reply_token and members else ()
        found = Known(chat=chat, members=members, line=line)
        return self._asked(event, said, found, today, now) if event.private else found

    def _asked(self, event: Inbound, said: Said, found: Known, today: dt.date, now: dt.datetime) -> Known:
        """`found` with what this event in particular asks about."""
        store, chat = self._store, found.chat
        if said.meant is Meant.CODE:
            digests = keyed_digests(said.value, self._secret_keys)
            return replace(found, invitation=store.invitation(digests) if digests else None)
        if said.meant is Meant.LINK:
            request = store.link_request(said.value.partition(":")[2])
            buyers = store.buyers_of(request.phone) if request is not None else []
            return replace(found, request=request, buyers=tuple(buyers))
        if said.meant is Meant.CONTACT:
            return self._with_buyers(found, said.value)
        if chat.step == "order" and said.meant in ORDER_ANSWERS:
            named = store.orders(order_ids=_numbers(said.text)) if said.text else []
            if named or said.meant is not Meant.OTHER or not found.members or _may_be_number(said.text):
                phone = str(chat.data.get("phone", ""))
                digest = phone_digest(phone, self._secret_keys)
                found = replace(found, answers_order=True, digest=digest, guesses=store.guesses(digest, at=now))
                return replace(self._with_buyers(found, phone), named=named[0] if named else None)
        if chat.step == "consent":
            found = self._consenting(found)
        if not found.members:
            return found
        if said.meant is Meant.PLACE:
            found = replace(found, called=self._called(chat, now))
        orders = self._orders(found.members, today)
        plan_ids = sorted({leg.plan_id for order in orders for leg in order.legs if leg.plan_id})
        plans = {plan_id: plan for plan_id in plan_ids if (plan := store.plan(plan_id)) is not None}
        riders = {member.ref: member for member in store.members(Role.RIDER)} if plans else {}
        said_to = [message for member in found.members for message in self._said_to(member, now)]
        return replace(
            found,
            orders=tuple(orders),
            plans=plans,
            riders=riders,
            messages=tuple(said_to),
            coordinators=self._coordinators(),
        )

    def _consenting(self, found: Known) -> Known:
        """`found` with whom the question of consent is about, and the invitation it came by."""
        store, data = self._store, found.chat.data
        who = [(Role(role), str(ref)) for role, ref in data.get("who", ())]
        digest = data.get("digest")
        return replace(
            found,
            invited=tuple(member for role, ref in who for member in store.members(role, refs=[ref])),
            invitation=store.invitation([str(digest)]) if digest else None,
            coordinators=self._coordinators(),
        )

    def _called(self, chat: Chat, now: dt.datetime) -> bool:
        calls = self._store.heard_from(chat.channel, chat.address, outcome="sos", limit=1)
        return any(now - each.received_at < CALL_LASTS for each in calls)

    def _line(self, channel: str, address: str) -> tuple[Message, ...]:
        found = self._store.messages(channel=channel, address=address, states=IN_LINE)
        return tuple(sorted(found, key=lambda message: message.send_at))

    def _coordinators(self) -> tuple[Member, ...]:
        return tuple(member for member in self._store.members(Role.COORDINATOR) if member.active)

    def _with_buyers(self, found: Known, phone: str) -> Known:
        """`found` with who has this number, and who decides about it."""
        return replace(
            found,
            buyers=tuple(self._store.buyers_of(phone)) if phone else (),
            coordinators=self._coordinators(),
            requests=tuple(self._store.link_requests()),
        )

    def _orders(self, members: Sequence[Member], today: dt.date) -> list[Order]:
        refs = [member.ref for member in members if member.role is Role.BUYER]
        if not refs:
            return []
        found = self._store.orders(buyer_refs=refs, since=today)
        return sorted(found, key=lambda order: order.legs[-1].date if order.legs else order.service_date)

    def _said_to(self, member: Member, now: dt.datetime) -> list[Message]:
        found = self._store.messages(to=member.ref, since=now - RECENT)
        return [message for message in found if message.role is member.role]


def _may_be_number(text: str) -> bool:
    """Whether a member, who may speak of anything, means an order's number: it has a figure, and no Thai letter."""
    word = arabic(text)
    return word.isascii() and any(letter.isdigit() for letter in word)


def _numbers(text: str) -> list[str]:
    """How an order number may have been meant: as typed, and in either case."""
    word = arabic(text).strip().removeprefix("#").strip()
    return sorted({word, word.upper(), word.lower()} - {""}) if len(word) <= 80 else []
