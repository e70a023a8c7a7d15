"""The verbs of messages: written, woken, claimed by one sender, tried, ended.

A message is in one hand at a time (`sending`, with a lease), and so is a person's address: what was written first for
it goes first. Messages that share a request (`bundle`) are begun, tried again and ended together. Knows no service;
what a call's outcome means for a message the caller says.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Connection, and_, bindparam, func, or_, select

from storage import claims
from storage.failpoints import writes
from storage.message_rows import (
    ABOUT,
    MESSAGE,
    SOURCES,
    begin_messages,
    call_back,
    insert_messages,
    move_messages,
    push_instead,
    read_messages,
)
from storage.records import AttemptEnd, AttemptStart, Fence, Message, Scope
from storage.verbs import Verbs, among, chunks

Told = TypeVar("Told", AttemptStart, AttemptEnd)
_ACTOR = "outbox"  # of what happens by the clock alone

_AS_WRITTEN = select(MESSAGE).order_by(MESSAGE.c.seq)
_WHICH = {  # by what `messages` is asked
    "date": MESSAGE.c.date == bindparam("date"),
    "wave": MESSAGE.c.wave == bindparam("wave"),
    "states": among(MESSAGE.c.state, "states"),
    "kinds": among(MESSAGE.c.kind, "kinds"),
    "channel": MESSAGE.c.channel == bindparam("channel"),
    "address": MESSAGE.c.address == bindparam("address"),
    "order_id": MESSAGE.c.id.in_(select(ABOUT.c.message_id).where(ABOUT.c.order_id == bindparam("order_id"))),
    "to": MESSAGE.c.member_ref == bindparam("to"),
    "plan_id": MESSAGE.c.plan_id == bindparam("plan_id"),
    "since": MESSAGE.c.send_at >= bindparam("since"),
    "until": MESSAGE.c.send_at < bindparam("until"),
}


class Outbox(Verbs):
    @writes
    def add_messages(self, messages: Sequence[Message], *, actor: str, at: dt.datetime) -> int:
        """Writes messages once per (event, role, member_ref, revision); returns how many are new."""
        with self._write("add_messages", actor, at) as write:
            written = insert_messages(write, messages)
            if written:
                write.tell("messages", written=written)
        return written

    @writes
    def wake_messages(self, now: dt.datetime, *, scope: Scope | None = None) -> int:
        """Ends what has become useless and readies what is due; returns how many messages moved.

        What may have arrived all the same is not `expired`: it stays `unknown`, why as its last attempt says.
        """
        with self._write("wake_messages", _ACTOR, now) as write:
            asked = {"now": now, **claims.scoped(scope)}
            doubt, expired, woken = (
                write.connection.execute(step, asked).scalars().all()
                for step in (claims.DOUBT, claims.EXPIRE, claims.WAKE)
            )
            if doubt or expired or woken:
                write.tell("messages", unknown=len(doubt), expired=len(expired), ready=len(woken))
        return len(doubt) + len(expired) + len(woken)

    @writes
    def claim_messages(
        self,
        now: dt.datetime,
        *,
        channel: str,
        holder: str,
        limit: int,
        lease_seconds: float,
        together: int = 1,
        fence: Fence | None = None,
        scope: Scope | None = None,
    ) -> list[Message]:
        """Takes due messages for up to `limit` addresses of a channel into `holder`'s hand, the longest due first.

        None for a chat that is closed, nor while an earlier one of its address is out or waits to be tried again. Of an
        address it takes the first, with up to `together` in all of those due behind it; of a request that was begun,
        its messages and no others.
        `fence`: none where another has taken this lease since. `scope`: as if there were no others.
        """
        with self._write("claim_messages", holder, now) as write:
            write.lock_claims(channel)
            connection, asked = write.connection, {"now": now, **claims.scoped(scope)}
            if _overtaken(connection, fence, holder):
                return []
            first = {"channel": channel, "limit": limit, **asked}
            due = sorted(
                (row.send_at, row.seq, row.id)
                for state in ("ready", "retry")
                for row in connection.execute(claims.FIRST_DUE, {"state": state, **first})
            )
            ids = [id for _, _, id in due[:limit]]
            if not ids:
                return []
            if together > 1:
                ids = _with_followers(connection, {"keys": ids, "together": together, **asked})
            until = now + dt.timedelta(seconds=lease_seconds)
            taking = {"keys": ids, "holder": holder, "until": until, "now": now}
            ids = list(connection.execute(claims.CLAIM, taking).scalars())
            write.tell("messages", channel=channel, claimed=len(ids))
            return read_messages(connection, claims.CLAIMED, keys=ids)

    @writes
    def begin_attempts(self, items: Sequence[AttemptStart], *, holder: str, fence: Fence | None = None) -> list[str]:
        """Notes, before the call, what will be asked; returns the ids still in `holder`'s hand: only those may be sent.

        A holder who stood still may have claimed again what was taken back from it. One of its two hands has an old
        copy of the message: it knows fewer ``tries`` than there are. Where another has taken the lease of the `fence`
        since, nothing is begun, though it has not yet taken back what is in this hand.

        The first payload of a message is frozen, and with it the request it belongs to: later ones are not written over
        them. Of a request all messages are begun or none.
        """
        if not items:
            return []
        at = items[0].at
        with self._write("begin_attempts", _ACTOR, at) as write:
            connection = write.connection
            ours = _in_hand(connection, holder, items)  # first: who takes the lease from now on waits for these rows
            if _overtaken(connection, fence, holder):
                return []
            known = {(item.message_id, item.tries) for item in ours}
            broken = {item.bundle for item in items if (item.message_id, item.tries) not in known} - {None}
            mine = [item for item in ours if item.bundle not in broken]
            if mine:
                begin_messages(write, mine)
                write.tell("messages", begun=len(mine))
        return [item.message_id for item in mine]

    @writes
    def finish_attempts(self, items: Sequence[AttemptEnd], *, holder: str) -> None:
        """Notes what came of calls. A message no longer in `holder`'s hand (its lease was over) keeps its state.

        So does one that `holder` has in hand a second time: the call was the old hand's, see `begin_attempts`.
        """
        if not items:
            return
        with self._write("finish_attempts", _ACTOR, items[0].at) as write:
            ours = _in_hand(write.connection, holder, items)
            done = [item for item in ours if "sending" in SOURCES.get(item.state, ())]
            if done:
                rows = [{f"b_{name}": getattr(item, name) for name in AttemptEnd.__slots__} for item in done]
                write.connection.execute(claims.END_MESSAGE, rows)
                write.connection.execute(claims.END_ATTEMPT, rows)
                if again := [item.message_id for item in done if item.state == "retry"]:
                    push_instead(write.connection, again)
                write.tell("messages", finished=len(done))

    @writes
    def put_back(self, items: Sequence[tuple[str, dt.datetime]], *, holder: str, at: dt.datetime) -> None:
        """Lets go of claimed messages that were not begun: each may be claimed again from its moment on."""
        if not items:
            return
        with self._write("put_back", holder, at) as write:
            for moment, ids in groupby(sorted(items, key=itemgetter(1)), key=itemgetter(1)):
                back = {"keys": [id for id, _ in ids], "holder": holder, "again": moment, "now": at}
                write.connection.execute(claims.PUT_BACK, back)
            write.tell("messages", put_back=len(items))

    @writes
    def expire_leases(self, now: dt.datetime, *, channel: str, whole: bool = False) -> int:
        """Takes back what a dead sender held: tried, it is `unknown`; not yet tried, it is simply to be tried.

        `whole`: every message in a hand, whatever its lease; for who has just become the only sender of `channel`.
        Replies are not sent by senders: they stay in the inbox's hand until their own lease is over.
        """
        with self._write("expire_leases", _ACTOR, now) as write:
            write.lock_claims(channel)  # what an overtaken sender is just claiming is taken back as well
            connection = write.connection
            asked = {"now": now, "account": channel, "whole": whole}
            connection.execute(claims.OVER, asked).all()
            untried = connection.execute(claims.UNTRIED, asked).scalars().all()
            unknown = connection.execute(claims.LEASE_OVER, asked).scalars().all()
            if unknown:
                connection.execute(claims.NOBODY_KNOWS, {"keys": unknown, "now": now})
            if untried or unknown:
                write.tell("messages", untried=len(untried), unknown=len(unknown))
        return len(untried) + len(unknown)

    @writes
    def resolve_message(
        self,
        message_id: str,
        to_state: str,
        *,
        reason: str | None = None,
        actor: str,
        at: dt.datetime,
        not_before: dt.datetime | None = None,
    ) -> bool:
        """Ends an `unknown`, with all of its push: somebody knows, or decides. False: it was not, or may not.

        `not_before`: when a `retry` is due; at once without it.
        """
        with self._write("resolve_message", actor, at) as write:
            itself = and_(MESSAGE.c.id == message_id, MESSAGE.c.state == "unknown")
            push = select(MESSAGE.c.bundle).where(itself, MESSAGE.c.via == "push")  # a reply is not repeated as one
            which = and_(or_(itself, MESSAGE.c.bundle.in_(push)), MESSAGE.c.state == "unknown")
            again = {"not_before": not_before or at} if to_state == "retry" else {}
            if to_state not in SOURCES or to_state == "sending":
                return False
            ended = move_messages(write.connection, which, to_state, at, reason=reason, **again)
            if not ended:
                return False
            push_instead(write.connection, ended)
            write.tell(f"message:{message_id}", became=to_state)
            return True

    @writes
    def move_messages(
        self, ids: Collection[str], to_state: str, *, reason: str | None = None, actor: str, at: dt.datetime
    ) -> list[str]:
        """Calls back (`superseded`, `suppressed`), ends, confirms, or readies again; returns the ids that went.

        Only along the life-cycle's arrows, and never out of a sender's hand, nor a request that may have been taken.
        """
        if to_state not in ("superseded", "suppressed", "expired", "confirmed", "ready", "held"):
            return []
        moved: list[str] = []
        with self._write("move_messages", actor, at) as write:
            for chunk in chunks(sorted(set(ids))):
                move = call_back if to_state in ("superseded", "suppressed") else move_messages
                moved += move(write.connection, MESSAGE.c.id.in_(chunk), to_state, at, reason=reason)
            if moved:
                write.tell(f"message:{moved[0]}" if len(moved) == 1 else "messages", became=to_state, moved=len(moved))
        return moved

    def messages(
        self,
        *,
        date: dt.date | None = None,
        wave: str | None = None,
        states: Collection[str] | None = None,
        kinds: Collection[str] | None = None,
        channel: str | None = None,
        address: str | None = None,
        order_id: str | None = None,
        to: str | None = None,
        plan_id: str | None = None,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
        limit: int | None = None,
    ) -> list[Message]:
        """Messages in the order they were written, with their attempts.

        `to` is a member's ref; their hour is in [`since`, `until`).
        """
        asked = {
            "date": date,
            "wave": wave,
            "states": None if states is None else list(states),
            "kinds": None if kinds is None else list(kinds),
            "channel": channel,
            "address": address,
            "order_id": order_id,
            "to": to,
            "plan_id": plan_id,
            "since": since,
            "until": until,
        }
        given = {name: value for name, value in asked.items() if value is not None}
        query = _AS_WRITTEN.where(*(_WHICH[name] for name in given)).limit(limit)
        with self._read() as connection:
            return read_messages(connection, query, **given)

    def message_counts(self) -> dict[str, int]:
        """How many messages there are in each state."""
        counted = select(MESSAGE.c.state, func.count()).group_by(MESSAGE.c.state)
        with self._read() as connection:
            return {row[0]: row[1] for row in connection.execute(counted)}

    def next_message_at(
        self, now: dt.datetime, *, channels: Collection[str], scope: Scope | None = None
    ) -> dt.datetime | None:
        """The earliest moment at which a message of `channels` can wake, be claimed, expire or be taken back.

        `now` or before means: there is work; None: never. `scope`: as if there were no others.
        """
        with self._read() as connection:
            asked = {"keys": list(channels), "now": now, **claims.scoped(scope)}
            claimable, *moments = connection.execute(claims.NEXT, asked).one()
        return now if claimable else min((moment for moment in moments if moment is not None), default=None)


def _overtaken(connection: Connection, fence: Fence | None, holder: str) -> bool:
    if fence is None:
        return False
    asked = {"lease": fence.lease, "token": fence.token, "holder": holder}
    return connection.execute(claims.STILL_OURS, asked).first() is None


def _in_hand(connection: Connection, holder: str, items: Sequence[Told]) -> list[Told]:
    """Those whose messages are in this sender's hand, with as many attempts as they know of; held so till the
    transaction ends."""
    asked = {"keys": [item.message_id for item in items], "holder": holder}
    held = list(connection.execute(claims.IN_HAND, asked).scalars())
    tries = {row.message_id: row.tries for row in connection.execute(claims.TRIES, {"keys": held})}
    in_hand = set(held)
    return [item for item in items if item.message_id in in_hand and tries.get(item.message_id, 0) == item.tries]


def _with_followers(connection: Connection, asked: Mapping[str, Any]) -> list[str]:
    """The firsts of their addresses' lines, and who goes out with each."""
    found = {row.id: row.bundle for row in connection.execute(claims.FOLLOWED, asked)}
    held = set(connection.execute(claims.FOLLOWED_AND_FREE, asked).scalars())
    broken = {bundle for id, bundle in found.items() if id not in held} - {None}  # being called back: not now
    return [id for id in held if found.get(id) not in broken]
