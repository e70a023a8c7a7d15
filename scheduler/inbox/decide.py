"""What follows from one event: rows that change, and answers. Pure.

Who writes may be a stranger. A stranger learns nothing: whether a phone number or an order exists is answered the same,
and nobody's name is said before a chat is linked. Guesses are counted for each chat, and those at an order's number for
each phone number too, so that many chats try no more than one.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from channels.base import Inbound
from scheduler.config import Config
from scheduler.inbox import passing
from scheduler.inbox.decision import Decision, Say, ask_consent, receipt, told_of
from scheduler.inbox.known import ANSWERED, WORK, Known
from scheduler.inbox.orders import open_orders, where
from scheduler.inbox.words import Meant, Said
from storage.heard import Consent, Invitation, LinkRequest, Step, Who
from storage.records import Member, Message, Role

TRIES = 5
"""Wrong guesses in a day: a chat's, and those at one phone number."""
_QUESTIONS = frozenset({"consent", "pin", "erase"})
"""Steps that are answered by yes or no."""
_NAMESPACE = uuid.UUID("5d2f1f4e-0c35-5a0e-9d69-6f7a3c1f1b60")
_SERVICES = {"line": "LINE", "telegram": "Telegram"}
_CALLED_BACK = frozenset({"blocked", "dead"})
_STANDING_BY = frozenset({Meant.SOS, Meant.FOLLOW, Meant.UNFOLLOW})
"""What is heeded also where somebody else has the chat: it says nothing there."""


def decide(event: Inbound, said: Said, known: Known, config: Config, now: dt.datetime) -> Decision:
    """What `event`, which means `said`, comes to."""
    if said.meant is Meant.UNSENT:
        return passing.unsent(known, config, now)
    if not event.private:
        return Decision(outcome="group", says=(receipt("group_only"),) if said.meant is Meant.JOIN else ())
    if event.address is None:
        return Decision(outcome="unknown")
    if said.meant is Meant.SERVICE:
        return Decision(outcome="service")
    if event.standby and said.meant not in _STANDING_BY:
        return Decision(outcome="standby")
    decision = _Deciding(event, said, known, config, now).decision()
    changes = dict(decision.changes)
    states = {address.state for member in known.members for address in _here(member, event)}
    if states & _CALLED_BACK and said.meant is not Meant.UNFOLLOW and "address_state" not in changes:
        changes["address_state"] = "active"  # who writes can be reached
    quoted = tuple(m.id for m in known.messages if event.quoted and _is_quoted(m, event.quoted))
    if quoted:
        changes["confirmed"] = tuple(dict.fromkeys((*changes.get("confirmed", ()), *quoted)))
    return replace(decision, changes=changes)


def _here(member: Member, event: Inbound) -> list[Any]:
    return [a for a in member.person.addresses if (a.channel, a.address) == (event.channel, event.address)]


def _is_quoted(message: Message, number: str) -> bool:
    return message.state in {"accepted", "unknown"} and any(a.provider_id == number for a in message.attempts)


class _Deciding:
    """One event and what is known of it."""

    def __init__(self, event: Inbound, said: Said, known: Known, config: Config, now: dt.datetime) -> None:
        self.event, self.said, self.known, self.config, self.now = event, said, known, config, now
        self.chat, self.step = known.chat, known.chat.step
        self.left = bool(known.members) and all(
            address.state == "left" for member in known.members for address in _here(member, event)
        )
        self.linked = bool(known.members) and not self.left

    def decision(self) -> Decision:
        said = self.said
        match said.meant:
            case Meant.UNFOLLOW:
                changes = {} if self.left else {"address_state": "blocked"}
                return Decision(outcome="unfollow", changes={**changes, **self._over()})
            case Meant.CODE:
                return self._invited()
            case Meant.CONTACT:
                return self._vouched()
            case Meant.PHONE:
                return self._phone()
            case Meant.LINK:
                return self._link()
            case Meant.PLACE if self.linked or self.known.called:
                return self._place()
            case Meant.LEAVE if self.known.members:
                return Decision(
                    outcome="leave",
                    changes={"address_state": "left", **self._over()},
                    says=(receipt("left", "left_more"),),
                )
            case Meant.ERASE:
                return self._erase()
            case Meant.BACK | Meant.FOLLOW if self.left:
                return Decision(outcome="back", changes={"address_state": "active"}, says=(self._help("back"),))
            case Meant.YES | Meant.NO if self.step in _QUESTIONS and said.value in {"", self.step}:
                return self._answered(said.meant is Meant.YES)
            case Meant.SEEN if self.step == "pin" and not said.value:
                return self._answered(True)
            case Meant.SEEN if self.step == "consent" and not said.value:
                return self._asked_again()  # who has read it has not agreed
        if self.known.answers_order:
            return self._order_number()
        return self._member() if self.linked else self._stranger()

    def _stranger(self) -> Decision:
        if self.left and self.said.meant is Meant.SOS:
            return passing.call_for_help(self.known, self.said)
        if self.left:
            return Decision(outcome="left", says=(receipt("left_still", "left_still_more"),))
        return Decision(outcome="welcome", says=(Say(kind="welcome"),))

    def _member(self) -> Decision:
        match self.said.meant:
            case Meant.SOS:
                return passing.call_for_help(self.known, self.said)
            case _ if (told := self._passed_on()) is not None:
                return told
            case Meant.WHERE:
                return self._where()
            case Meant.MINE:
                return self._mine()
            case Meant.SEEN | Meant.YES:
                return self._seen()
            case Meant.SENT if self.said.value == "sticker":
                return Decision(outcome="sticker", says=(receipt("gladly", "gladly_more"),))
        return Decision(outcome=self.said.meant.value, says=(self._help(),))

    def _passed_on(self) -> Decision | None:
        """What goes on to people; None where it is for us to answer, or nobody reads it."""
        said = self.said
        asks = said.meant is Meant.WHERE and said.among_others
        if said.text and (asks or said.meant is Meant.OTHER) and (orders := self._pinless()):
            return passing.way_to_a_house(self.event.event_id, self.known, said, orders, self.config, self.now)
        told = passing.words(self.event.event_id, self.known, said, self.config, self.now)
        if told is not None and asks and told.changes and self.known.in_role(Role.BUYER) is not None:
            return replace(told, says=(self._eta(passed=True), *told.says[1:]))
        return told

    def _help(self, what: str = "") -> Say:
        roles = {member.role.value for member in self.known.members}
        return Say(kind="help", facts={"what": what, "roles": sorted(roles)})

    # --- joining --------------------------------------------------------------------------------------------------

    def _too_many(self) -> bool:
        since = self.chat.tries_since
        return since is not None and self.now - since <= dt.timedelta(days=1) and self.chat.tries >= TRIES

    def _invited(self) -> Decision:
        if self._too_many():
            return Decision(outcome="too_many", says=(receipt("too_many", "too_many_more"),))
        found = self._good_invitation()
        if found is None:
            return self._wrong_code()
        return self._ask_consent([(found.role, found.ref)], digest=found.digest)

    def _good_invitation(self) -> Invitation | None:
        found = self.known.invitation
        return found if found is not None and found.used_at is None and found.expires_at > self.now else None

    def _wrong_code(self) -> Decision:
        changes = {"wrong": True, **self._over()}
        return Decision(outcome="wrong_code", changes=changes, says=(receipt("wrong_code", "wrong_code_more"),))

    def _phone(self) -> Decision:
        data = {"phone": self.said.value}
        return Decision(outcome="phone", changes={"steps": (self._next("order", data),)}, says=(Say(kind="ask_order"),))

    def _vouched(self) -> Decision:
        """A number that Telegram says is this person's own."""
        if self._free(self.known.buyers):
            return self._ask_consent([(member.role, member.ref) for member in self.known.buyers])
        return self._request(self.said.value)

    def _order_number(self) -> Decision:
        phone, named = str(self.chat.data.get("phone", "")), self.known.named
        if self.said.meant is not Meant.OTHER:
            return self._request(phone)
        if self._too_many() or self.known.guesses >= TRIES:
            return Decision(outcome="too_many", says=(receipt("too_many", "too_many_more"),))
        if named is None or not phone or named.buyer.phone != phone:
            changes = {"wrong": True, "guessed": self.known.digest}
            return Decision(
                outcome="wrong_order", changes=changes, says=(Say(kind="ask_order", facts={"wrong": True}),)
            )
        buyers = [member for member in self.known.buyers if member.ref == named.buyer_ref]
        if buyers and not self._free(buyers):
            return self._request(phone)
        return self._ask_consent([(Role.BUYER, named.buyer_ref)])

    def _free(self, buyers: Sequence[Member]) -> bool:
        """Whether there are any, and none has another chat already: that one's owner is not replaced by a guess."""
        others = [a for member in buyers for a in member.person.addresses if a.state == "active"]
        mine = (self.event.channel, self.event.address)
        return bool(buyers) and all((a.channel, a.address) == mine for a in others)

    def _request(self, phone: str) -> Decision:
        """A coordinator is asked whether this chat may have this number; once, however often it is typed."""
        waiting = (receipt("waiting", "waiting_more"),)
        mine = (self.event.channel, self.event.address)
        if any((asked.channel, asked.address) == mine for asked in self.known.requests):
            return Decision(outcome="waiting", changes=self._over(), says=waiting)
        if self._too_many():
            return Decision(outcome="too_many", says=(receipt("too_many", "too_many_more"),))
        request = LinkRequest(
            id=uuid.uuid5(_NAMESPACE, f"{self.event.channel}:{self.event.event_id}").hex,
            channel=self.event.channel,
            address=self.event.address or "",
            phone=phone,
            created_at=self.now,
        )
        names = [member.person.name for member in self.known.buyers]
        facts = {"phone": phone, "buyers": names, "request": request.id}
        asked = tuple(Say(kind="link_request", facts=facts, to=each, must=True) for each in self.known.coordinators)
        changes = {"request": request, "wrong": True, **self._over()}
        return Decision(outcome="request", changes=changes, says=(*waiting, *asked))

    def _link(self) -> Decision:
        """A coordinator has looked at a request."""
        request = self.known.request
        if not self.linked or self.known.in_role(Role.COORDINATOR) is None:
            return self._member() if self.linked else self._stranger()
        if request is None or request.decided_at is not None:
            return Decision(outcome="link_over", says=(receipt("link_over"),))
        yes = self.said.value.startswith("yes:")
        if yes and not self.known.buyers:
            return Decision(outcome="link_nobody", says=(receipt("link_nobody"),))
        answer = receipt("link_yes" if yes else "link_no")
        return Decision(
            outcome="link_yes" if yes else "link_no",
            changes={"decided": (request.id, yes)},
            says=(told_of(request, self.known.buyers if yes else ()), answer),
        )

    def _ask_consent(self, who: Sequence[Who], digest: str | None = None) -> Decision:
        return Decision(
            outcome="ask_consent", says=(ask_consent(self.event.channel, self.event.address or "", who, digest),)
        )

    # --- answers to what was asked --------------------------------------------------------------------------------

    def _answered(self, yes: bool) -> Decision:
        match self.step:
            case "consent":
                return self._consented(yes)
            case "pin":
                return self._placed(yes)
        return self._erased(yes)

    def _asked_again(self) -> Decision:
        data = self.chat.data
        who = tuple((Role(role), str(ref)) for role, ref in data.get("who", ()))
        return self._ask_consent(who, digest=data.get("digest"))

    def _consented(self, yes: bool) -> Decision:
        data = self.chat.data
        who = tuple((Role(role), str(ref)) for role, ref in data.get("who", ()))
        wording = str(data.get("wording", ""))
        consents = tuple(
            Consent(who=each, given=yes, version=str(data.get("version", "")), wording=wording) for each in who
        )
        if not yes:
            changes = {"consents": consents, **self._over()}
            return Decision(outcome="declined", changes=changes, says=(receipt("declined", "declined_more"),))
        if data.get("digest") and self._good_invitation() is None:
            return self._wrong_code()  # somebody else was faster, or the answer too slow
        changes = {"consents": consents, "links": who, "used": data.get("digest"), **self._over()}
        roles = sorted({role.value for role, _ in (*who, *self.known.refs)})
        joined = Say(kind="help", facts={"what": "joined", "roles": roles})
        return Decision(outcome="joined", changes=changes, says=(joined, *self._told_elsewhere()))

    def _told_elsewhere(self) -> list[Say]:
        """Whoever joins with a second chat is told so in the first, and coordinators hear: a code may be stolen."""
        mine = (self.event.channel, self.event.address)
        others = {
            (address.channel, address.address): member.person.name
            for member in self.known.invited
            for address in member.person.addresses
            if address.state == "active" and (address.channel, address.address) != mine
        }
        if not others:
            return []
        names = ", ".join(dict.fromkeys(others.values()))
        facts = {"names": names, "service": _SERVICES.get(self.event.channel, self.event.channel)}
        told = [Say(kind="chat_added", facts=facts, chat=chat, must=True) for chat in others]
        for each in self.known.coordinators:
            if not any((a.channel, a.address) in others for a in each.person.addresses):
                told.append(Say(kind="chat_added", facts=facts, to=each, must=True))
        return told

    def _placed(self, yes: bool) -> Decision:
        if not yes:
            return Decision(outcome="pin_again", changes=self._over(), says=(receipt("pin_again", "pin_again_more"),))
        lon, lat = self.chat.data["location"]
        ids = tuple(str(order_id) for order_id in self.chat.data["orders"])
        return Decision(
            outcome="pinned",
            pins=(ids, (lon, lat)),
            changes=self._over(),
            says=(receipt("pin_saved", "pin_saved_more"),),
        )

    def _erased(self, yes: bool) -> Decision:
        if not yes:
            return Decision(outcome="erase_no", changes=self._over(), says=(receipt("erase_no"),))
        if not self.said.value and self.said.text and "ลบ" not in self.said.text:
            return self._erase()  # too much hangs on it for a word that may have meant something else
        if open_orders(self.known.orders, self._today()):
            return self._erase()
        who = tuple(sorted(self.known.refs))
        return Decision(
            outcome="erased", changes={"erased": who, **self._over()}, says=(receipt("erased", "erased_more"),)
        )

    # --- members --------------------------------------------------------------------------------------------------

    def _today(self) -> dt.date:
        return self.now.astimezone(self.config.market.time_zone).date()

    def _pinless(self) -> tuple[str, ...]:
        return tuple(
            order.order_id for order in open_orders(self.known.orders, self._today()) if order.location is None
        )

    def _where(self) -> Decision:
        if self.known.in_role(Role.BUYER) is None:
            return self._mine()
        return Decision(outcome="where", says=(self._eta(),))

    def _eta(self, *, passed: bool = False) -> Say:
        """A buyer's orders; `passed`: the words that asked for them go on to a coordinator, too."""
        rows = where(self.known, self.config, self._today())
        return Say(kind="eta", facts={"orders": rows, "needs_pin": bool(self._pinless()), "passed": passed})

    def _mine(self) -> Decision:
        """The latest that a member was told of their own work, once more."""
        kinds = {WORK[member.role] for member in self.known.members if member.role in WORK}
        if not kinds:
            return self._where()
        told = [m for m in self.known.messages if m.kind in kinds and m.state in {"accepted", "confirmed", "unknown"}]
        if not told:
            return Decision(outcome="no_work", says=(receipt("no_work", "no_work_more"),))
        read = tuple(m.id for m in told[-1:] if m.state == "accepted" and m.kind in ANSWERED)
        return Decision(outcome="mine", changes={"confirmed": read}, says=(Say(copy=told[-1]),))

    def _seen(self) -> Decision:
        """What was read becomes confirmed: the message of the button, or all that wait for an answer.

        A button shows that its message came. A word shows that of none that is in doubt: that is said once more.
        """
        wanted = self.said.value
        told = [m for m in self.known.messages if m.kind in ANSWERED and (not wanted or m.id == wanted)]
        ids = tuple(m.id for m in told if m.state == "accepted" or (wanted and m.state == "unknown"))
        doubted = [m for m in told if m.state == "unknown" and m.id not in ids and self.now < m.expires_at]
        if not told:
            return Decision(outcome="seen", says=(self._help() if wanted else receipt("gladly", "gladly_more"),))
        said = Say(copy=doubted[-1]) if doubted else receipt("seen")
        return Decision(outcome="seen", changes={"confirmed": ids}, says=(said,))

    def _place(self) -> Decision:
        orders, place = self._pinless(), self.event.location
        if self.event.data == "moved":
            return Decision(outcome="moved")  # the telephone tells it by itself: nobody has read or asked anything
        if not orders or place is None or self.known.called:
            # Where a rider is tells that the round was read; after other news it tells where that is, too.
            told = [m for m in self.known.messages if m.role is Role.RIDER and m.kind in ANSWERED]
            read = tuple(m.id for m in told if m.state == "accepted")
            if place is not None and (not read or passing.lately(self.known, self.now)):
                passed = passing.place(self.event.event_id, self.known, place, self.config, self.now)
                if passed is not None:
                    return replace(passed, changes={**passed.changes, "confirmed": read})
            thanks = receipt("seen") if read else receipt("pin_not_needed", "pin_not_needed_more")
            return Decision(outcome="place", changes={"confirmed": read}, says=(thanks,))
        asked = tuple(m.id for m in self.known.messages if m.kind == "ask_pin" and m.state in {"accepted", "unknown"})
        data = {"location": list(place), "orders": list(orders)}
        return Decision(
            outcome="place",
            changes={"confirmed": asked, "steps": (self._next("pin", data),)},
            says=(Say(kind="pin_check", facts={"order_ids": list(orders), "url": passing.map_link(place)}),),
        )

    def _erase(self) -> Decision:
        if not self.known.members:
            return Decision(outcome="erase_nobody", changes=self._over(), says=(receipt("erase_nobody"),))
        if open_orders(self.known.orders, self._today()):
            return Decision(
                outcome="erase_open", changes=self._over(), says=(receipt("erase_open", "erase_open_more"),)
            )
        return Decision(outcome="erase", changes={"steps": (self._next("erase"),)}, says=(Say(kind="erase_check"),))

    def _next(self, name: str, data: Mapping[str, Any] | None = None) -> Step:
        return Step(channel=self.event.channel, address=self.event.address or "", name=name, data=data or {})

    def _over(self) -> dict[str, Any]:
        """The question is settled."""
        return (
            {"steps": (Step(channel=self.event.channel, address=self.event.address or "", name=None),)}
            if self.step
            else {}
        )
