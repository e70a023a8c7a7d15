"""The verbs of messages: written, woken, claimed by one sender, tried, ended.

A message is in one hand at a time (`sending`, with a lease), and so is a person's address: what was written first for
it goes first. Messages that share a request (`bundle`) are begun, tried again and ended together. Knows no service;
what a call's outcome means for a message the caller says.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    FunctionElement,
    Over,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    true,
    tuple_,
    update,
)

from storage.failpoints import writes
from storage.message_rows import (
    ABOUT,
    ATTEMPT,
    MESSAGE,
    SOURCES,
    WAITING,
    begin_messages,
    call_back,
    insert_messages,
    may_be_taken,
    move_messages,
    push_instead,
    read_messages,
    stranded,
)
from storage.records import AttemptEnd, AttemptStart, Message, Scope
from storage.verbs import Verbs, chunks

_ACTOR = "outbox"  # of what happens by the clock alone

# Both take an AttemptEnd's fields, each after b_, and go through executemany.
_END_MESSAGE = (
    update(MESSAGE)
    .where(MESSAGE.c.id == bindparam("b_message_id"))
    .values(
        state=bindparam("b_state"),
        reason=bindparam("b_reason"),
        not_before=bindparam("b_not_before"),
        changed_at=bindparam("b_at"),
        lease_holder=None,
        lease_until=None,
    )
)
_LAST = select(func.max(ATTEMPT.c.id)).where(ATTEMPT.c.message_id == bindparam("b_message_id")).scalar_subquery()
_END_ATTEMPT = (
    update(ATTEMPT)
    .where(ATTEMPT.c.id == _LAST, ATTEMPT.c.outcome == "sending")
    .values(
        outcome=bindparam("b_outcome"),
        status=bindparam("b_status"),
        provider_id=bindparam("b_provider_id"),
        detail=bindparam("b_detail"),
        ended_at=bindparam("b_at"),
    )
)
_BEGUN = exists().where(ATTEMPT.c.message_id == MESSAGE.c.id, ATTEMPT.c.outcome == "sending")
_DOUBTED = may_be_taken(MESSAGE)


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
            late = and_(MESSAGE.c.expires_at <= now, _within(MESSAGE, scope))
            doubt = move_messages(write.connection, and_(late, MESSAGE.c.state == "retry", _DOUBTED), "unknown", now)
            expired = move_messages(write.connection, and_(late, ~_DOUBTED), "expired", now, reason="too_late")
            due = and_(MESSAGE.c.state == "held", MESSAGE.c.send_at <= now, _within(MESSAGE, scope))
            woken = move_messages(write.connection, due, "ready", now)
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
        scope: Scope | None = None,
    ) -> list[Message]:
        """Takes due messages for up to `limit` addresses of a channel into `holder`'s hand, the longest due first.

        None for a chat that is closed, nor while an earlier one of its address is out or waits to be tried again. Of an
        address it takes the first, with up to `together` in all of those due behind it; of a request that was begun,
        its messages and no others.
        `scope`: as if there were no others.
        """
        with self._write("claim_messages", holder, now) as write:
            write.lock_claims(channel)
            due = sorted(
                row
                for state in ("ready", "retry")
                for row in _first_due(write.connection, state, channel, now, limit, scope)
            )
            ids = [id for _, _, id in due[:limit]]
            if not ids:
                return []
            if together > 1:
                ids = _with_followers(write.connection, ids, now, together, scope)
            until = now + dt.timedelta(seconds=lease_seconds)
            claimed = MESSAGE.c.id.in_(ids)
            ids = move_messages(write.connection, claimed, "sending", now, lease_holder=holder, lease_until=until)
            write.tell("messages", channel=channel, claimed=len(ids))
            mine = select(MESSAGE).where(MESSAGE.c.id.in_(ids)).order_by(MESSAGE.c.send_at, MESSAGE.c.seq)
            return read_messages(write.connection, mine)

    @writes
    def begin_attempts(self, items: Sequence[AttemptStart], *, holder: str) -> list[str]:
        """Notes, before the call, what will be asked; returns the ids still in `holder`'s hand: only those may be sent.

        The first payload of a message is frozen, and with it the request it belongs to: later ones are not written over
        them. Of a request all messages are begun or none.
        """
        if not items:
            return []
        at = items[0].at
        with self._write("begin_attempts", _ACTOR, at) as write:
            connection = write.connection
            ours = _in_hand(connection, holder, [item.message_id for item in items])
            broken = {item.bundle for item in items if item.message_id not in ours} - {None}
            mine = [item for item in items if item.message_id in ours and item.bundle not in broken]
            if mine:
                begin_messages(write, mine)
                write.tell("messages", begun=len(mine))
        return [item.message_id for item in mine]

    @writes
    def finish_attempts(self, items: Sequence[AttemptEnd], *, holder: str) -> None:
        """Notes what came of calls. A message no longer in `holder`'s hand (its lease was over) keeps its state."""
        if not items:
            return
        with self._write("finish_attempts", _ACTOR, items[0].at) as write:
            ours = _in_hand(write.connection, holder, [item.message_id for item in items])
            done = [item for item in items if item.message_id in ours and "sending" in SOURCES.get(item.state, ())]
            if done:
                rows = [{f"b_{name}": getattr(item, name) for name in AttemptEnd.__slots__} for item in done]
                write.connection.execute(_END_MESSAGE, rows)
                write.connection.execute(_END_ATTEMPT, rows)
                if again := [item.message_id for item in done if item.state == "retry"]:
                    push_instead(write.connection, MESSAGE.c.id.in_(again))
                write.tell("messages", finished=len(done))

    @writes
    def put_back(self, items: Sequence[tuple[str, dt.datetime]], *, holder: str, at: dt.datetime) -> None:
        """Lets go of claimed messages that were not begun: each may be claimed again from its moment on."""
        if not items:
            return
        with self._write("put_back", holder, at) as write:
            for moment, ids in groupby(sorted(items, key=itemgetter(1)), key=itemgetter(1)):
                mine = and_(MESSAGE.c.id.in_([id for id, _ in ids]), MESSAGE.c.lease_holder == holder, ~_BEGUN)
                free = {"lease_holder": None, "lease_until": None}
                move_messages(write.connection, mine, "retry", at, not_before=moment, **free)
            write.tell("messages", put_back=len(items))

    @writes
    def expire_leases(self, now: dt.datetime, *, channel: str | None = None, whole: bool = False) -> int:
        """Takes back what a dead sender held: tried, it is `unknown`; not yet tried, it is simply to be tried.

        `whole`: every message in a hand, whatever its lease; for who has just become the only sender of `channel`.
        Replies are not sent by senders: they stay in the inbox's hand until their own lease is over.
        """
        with self._write("expire_leases", _ACTOR, now) as write:
            connection = write.connection
            over = MESSAGE.c.state == "sending"
            late = MESSAGE.c.lease_until <= now
            over = and_(over, or_(late, MESSAGE.c.via != "reply") if whole else late)
            if channel is not None:
                over = and_(over, MESSAGE.c.channel == channel)
            free = {"lease_holder": None, "lease_until": None}
            untried = move_messages(connection, and_(over, ~_BEGUN), "retry", now, not_before=now, **free)
            unknown = move_messages(connection, and_(over, _BEGUN), "unknown", now, reason="lease_over", **free)
            if unknown:
                ended = {"outcome": "unknown", "ended_at": now}
                mine = and_(ATTEMPT.c.message_id.in_(unknown), ATTEMPT.c.outcome == "sending")
                connection.execute(update(ATTEMPT).where(mine).values(ended))
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
            push_instead(write.connection, MESSAGE.c.id.in_(ended))
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
        query = select(MESSAGE).order_by(MESSAGE.c.seq).limit(limit)
        if since is not None:
            query = query.where(MESSAGE.c.send_at >= since)
        if until is not None:
            query = query.where(MESSAGE.c.send_at < until)
        for column, value in (
            (MESSAGE.c.date, date),
            (MESSAGE.c.wave, wave),
            (MESSAGE.c.channel, channel),
            (MESSAGE.c.address, address),
            (MESSAGE.c.member_ref, to),
            (MESSAGE.c.plan_id, plan_id),
        ):
            if value is not None:
                query = query.where(column == value)
        if states is not None:
            query = query.where(MESSAGE.c.state.in_(list(states)))
        if kinds is not None:
            query = query.where(MESSAGE.c.kind.in_(list(kinds)))
        if order_id is not None:
            query = query.where(MESSAGE.c.id.in_(select(ABOUT.c.message_id).where(ABOUT.c.order_id == order_id)))
        with self._read() as connection:
            return read_messages(connection, query)

    def message_counts(self) -> dict[str, int]:
        """How many messages there are in each state."""
        counted = select(MESSAGE.c.state, func.count()).group_by(MESSAGE.c.state)
        with self._read() as connection:
            return {row[0]: row[1] for row in connection.execute(counted)}

    def next_message_at(
        self, now: dt.datetime, *, channels: Collection[str] | None = None, scope: Scope | None = None
    ) -> dt.datetime | None:
        """The earliest moment at which a message can wake, be claimed, expire or be taken back; None: never.

        `now` or before means: there is work. `channels`: only messages of these; `scope`: and of these.
        """
        theirs = MESSAGE.c.channel.is_not(None) if channels is None else MESSAGE.c.channel.in_(list(channels))
        ours = and_(theirs, _within(MESSAGE, scope))

        def earliest(column: ColumnElement[dt.datetime | None], *states: str, after_now: bool = False) -> Any:
            query = select(func.min(column)).where(MESSAGE.c.state.in_(states), ours)
            return connection.execute(query.where(column > now) if after_now else query).scalar_one()

        with self._read() as connection:
            if connection.execute(select(MESSAGE.c.id).where(ours, _claimable(now, scope)).limit(1)).first():
                return now
            moments = (
                earliest(MESSAGE.c.send_at, "held"),
                earliest(MESSAGE.c.not_before, "retry", after_now=True),  # due and not claimable: behind one in hand
                earliest(MESSAGE.c.expires_at, *WAITING),
                earliest(MESSAGE.c.lease_until, "sending"),
            )
        return min((moment for moment in moments if moment is not None), default=None)


def _in_hand(connection: Connection, holder: str, ids: Sequence[str]) -> set[str]:
    """Which of these are in this sender's hand, held so till the transaction ends."""
    ours = and_(MESSAGE.c.id.in_(ids), MESSAGE.c.state == "sending", MESSAGE.c.lease_holder == holder)
    held = select(MESSAGE.c.id).where(ours).with_for_update()
    return set(connection.execute(held).scalars())


def _with_followers(
    connection: Connection, ids: Sequence[str], now: dt.datetime, together: int, scope: Scope | None
) -> list[str]:
    """`ids`, each the first in its address's line, and who goes out with each: its request, or who is due behind it."""
    first, other = MESSAGE.alias("first"), MESSAGE.alias("other")
    joins = and_(_due(other, now), other.c.bundle.is_not_distinct_from(first.c.bundle), ~stranded(other))
    waits = and_(other.c.state.in_(("ready", "retry")), other.c.via == "push", other.c.expires_at > now)
    waits = and_(waits, or_(_within(other, scope), other.c.bundle == first.c.bundle))  # a request stays whole

    def behind(counted: FunctionElement[int]) -> Over[int]:
        return counted.over(partition_by=first.c.id, order_by=(other.c.send_at, other.c.seq))

    line = (
        select(
            other.c.id,
            and_(joins, other.c.bundle.is_not(None)).label("begun"),
            behind(func.row_number()).label("place"),
            behind(func.sum(case((joins, 0), else_=1))).label("apart"),  # who does not join, up to here
        )
        .join_from(first, other, and_(other.c.channel == first.c.channel, other.c.address == first.c.address))
        .where(first.c.id.in_(ids), waits)
        .subquery()
    )
    unbegun = and_(line.c.apart == 0, line.c.place <= together)
    chosen = select(MESSAGE.c.id).where(MESSAGE.c.id.in_(select(line.c.id).where(or_(line.c.begun, unbegun))))
    wanted = select(MESSAGE.c.id, MESSAGE.c.bundle).where(MESSAGE.c.id.in_(chosen))
    found = {row.id: row.bundle for row in connection.execute(wanted)}
    held = set(connection.execute(chosen.with_for_update(skip_locked=True)).scalars())
    broken = {bundle for id, bundle in found.items() if id not in held} - {None}  # being called back: not now
    return [id for id in held if found.get(id) not in broken]


def _first_due(
    connection: Connection, state: str, channel: str, now: dt.datetime, limit: int, scope: Scope | None
) -> list[tuple[dt.datetime, int, str]]:
    """The first claimable messages of one state, read in the index's own order however many wait behind them."""
    pick = (
        select(MESSAGE.c.send_at, MESSAGE.c.seq, MESSAGE.c.id)
        .where(MESSAGE.c.channel == channel, MESSAGE.c.state == state, _claimable(now, scope))
        .order_by(MESSAGE.c.send_at, MESSAGE.c.seq)
        .limit(limit)
        .with_for_update(skip_locked=True)  # what another verb has its hand on waits for the next claim
    )
    return [(row.send_at, row.seq, row.id) for row in connection.execute(pick)]


def _claimable(now: dt.datetime, scope: Scope | None) -> ColumnElement[bool]:
    """Due, not useless, for a chat that is open, and first in its address's line."""
    first = MESSAGE.alias("first")
    in_hand = first.c.state == "sending"
    before_it = and_(
        first.c.state.in_(("ready", "retry")),
        first.c.expires_at > now,
        _within(first, scope),
        tuple_(first.c.send_at, first.c.seq) < tuple_(MESSAGE.c.send_at, MESSAGE.c.seq),
    )
    blocked = exists().where(
        first.c.channel == MESSAGE.c.channel, first.c.address == MESSAGE.c.address, or_(in_hand, before_it)
    )
    return and_(_due(MESSAGE, now), _within(MESSAGE, scope), ~blocked, ~stranded(MESSAGE))


def _within(message: FromClause, scope: Scope | None) -> ColumnElement[bool]:
    if scope is None:
        return true()
    return and_(message.c.date == scope.date, message.c.wave == scope.wave if scope.wave is not None else true())


def _due(message: FromClause, now: dt.datetime) -> ColumnElement[bool]:
    """To be pushed now, and of use; a reply is nobody else's to send."""
    come = or_(message.c.state == "ready", and_(message.c.state == "retry", message.c.not_before <= now))
    return and_(come, message.c.via == "push", message.c.expires_at > now)
