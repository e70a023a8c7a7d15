"""Which messages may be claimed, and who goes first: the sender's questions, each written once as a statement.

Asked anew every two seconds, they are given their moment (`now`), their messages or channels (`keys`) and their `scope`
as parameters; no parameter has a column's name where rows are changed. Knows no transaction.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    FromClause,
    FunctionElement,
    Integer,
    Over,
    ScalarSelect,
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

from storage.message_rows import ATTEMPT, MESSAGE, NOW, WAITING, may_be_taken, moving, stranded
from storage.records import Scope
from storage.tables import LeaseRow
from storage.verbs import among, one_of

LEASE = LeaseRow.__table__

_DATE = bindparam("scope_date", type_=MESSAGE.c.date.type)
_WAVE = bindparam("scope_wave", type_=MESSAGE.c.wave.type)


def scoped(scope: Scope | None) -> dict[str, Any]:
    """The parameters of every statement here that knows a scope; None: all messages."""
    return {"scope_date": scope and scope.date, "scope_wave": scope and scope.wave}


def _within(message: FromClause) -> ColumnElement[bool]:
    return and_(or_(_DATE.is_(None), message.c.date == _DATE), or_(_WAVE.is_(None), message.c.wave == _WAVE))


def _due(message: FromClause) -> ColumnElement[bool]:
    """To be pushed now, and of use; a reply is nobody else's to send."""
    come = or_(message.c.state == "ready", and_(message.c.state == "retry", message.c.not_before <= NOW))
    return and_(come, message.c.via == "push", message.c.expires_at > NOW)


def _claimable() -> ColumnElement[bool]:
    """Due, not useless, for a chat that is open, and first in its address's line."""
    first = MESSAGE.alias("first")
    in_hand = first.c.state == "sending"
    before_it = and_(
        one_of(first.c.state, "ready", "retry"),
        first.c.expires_at > NOW,
        _within(first),
        tuple_(first.c.send_at, first.c.seq) < tuple_(MESSAGE.c.send_at, MESSAGE.c.seq),
    )
    blocked = exists().where(
        first.c.channel == MESSAGE.c.channel, first.c.address == MESSAGE.c.address, or_(in_hand, before_it)
    )
    return and_(_due(MESSAGE), _within(MESSAGE), ~blocked, ~stranded(MESSAGE))


STILL_OURS = select(LEASE.c.name).where(
    LEASE.c.name == bindparam("lease"), LEASE.c.token == bindparam("token"), LEASE.c.holder == bindparam("holder")
)
"""Asks no clock: a lease that is over and that nobody else has taken is its last holder's still."""

# --- claimed ------------------------------------------------------------------------------------------------------

FIRST_DUE = (
    select(MESSAGE.c.send_at, MESSAGE.c.seq, MESSAGE.c.id)
    .where(MESSAGE.c.channel == bindparam("channel"), MESSAGE.c.state == bindparam("state"), _claimable())
    .order_by(MESSAGE.c.send_at, MESSAGE.c.seq)
    .limit(bindparam("limit", type_=Integer()))
    .with_for_update(skip_locked=True)  # what another verb has its hand on waits for the next claim
)
"""The first claimable messages of one state, read in the index's own order however many wait behind them."""


def _followed() -> ColumnElement[bool]:
    """One of `keys`, each the first in its address's line, or going out with it: its request, or due behind it."""
    first, other = MESSAGE.alias("first"), MESSAGE.alias("other")
    joins = and_(_due(other), other.c.bundle.is_not_distinct_from(first.c.bundle), ~stranded(other))
    waits = and_(one_of(other.c.state, "ready", "retry"), other.c.via == "push", other.c.expires_at > NOW)
    waits = and_(waits, or_(_within(other), other.c.bundle == first.c.bundle))  # a request stays whole

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
        .where(among(first.c.id), waits)
        .subquery()
    )
    unbegun = and_(line.c.apart == 0, line.c.place <= bindparam("together", type_=Integer()))
    return MESSAGE.c.id.in_(select(line.c.id).where(or_(line.c.begun, unbegun)))


FOLLOWED = select(MESSAGE.c.id, MESSAGE.c.bundle).where(_followed())
FOLLOWED_AND_FREE = select(MESSAGE.c.id).where(_followed()).with_for_update(skip_locked=True)
CLAIM = moving(among(MESSAGE.c.id), "sending", lease_holder=bindparam("holder"), lease_until=bindparam("until"))
CLAIMED = select(MESSAGE).where(among(MESSAGE.c.id)).order_by(MESSAGE.c.send_at, MESSAGE.c.seq)

# --- in a hand ----------------------------------------------------------------------------------------------------

_LET_GO: dict[str, Any] = {"lease_holder": None, "lease_until": None}
_BEGUN = exists().where(ATTEMPT.c.message_id == MESSAGE.c.id, ATTEMPT.c.outcome == "sending")
_HOLDERS_OWN = and_(among(MESSAGE.c.id), MESSAGE.c.lease_holder == bindparam("holder"))

IN_HAND = select(MESSAGE.c.id).where(_HOLDERS_OWN, MESSAGE.c.state == "sending").with_for_update()
TRIES = (
    select(ATTEMPT.c.message_id, func.count().label("tries"))
    .where(among(ATTEMPT.c.message_id))
    .group_by(ATTEMPT.c.message_id)
)
PUT_BACK = moving(and_(_HOLDERS_OWN, ~_BEGUN), "retry", not_before=bindparam("again"), **_LET_GO)

_LATE = MESSAGE.c.lease_until <= NOW
_OVER = and_(
    MESSAGE.c.state == "sending",
    MESSAGE.c.channel == bindparam("account"),
    or_(_LATE, and_(bindparam("whole", type_=Boolean()), MESSAGE.c.via != "reply")),
)
OVER = select(MESSAGE.c.id).where(_OVER).with_for_update()
"""Waits for a beginning that is under way, so that whoever looks next sees its attempts too, not its messages alone."""
UNTRIED = moving(and_(_OVER, ~_BEGUN), "retry", not_before=NOW, **_LET_GO)
LEASE_OVER = moving(and_(_OVER, _BEGUN), "unknown", reason="lease_over", **_LET_GO)
NOBODY_KNOWS = (
    update(ATTEMPT)
    .where(among(ATTEMPT.c.message_id), ATTEMPT.c.outcome == "sending")
    .values(outcome="unknown", ended_at=NOW)
)

# Both take an AttemptEnd's fields, each after b_, and go through executemany.
END_MESSAGE = (
    update(MESSAGE)
    .where(MESSAGE.c.id == bindparam("b_message_id"))
    .values(
        state=bindparam("b_state"),
        reason=bindparam("b_reason"),
        not_before=bindparam("b_not_before"),
        changed_at=bindparam("b_at"),
        **_LET_GO,
    )
)
_LAST = select(func.max(ATTEMPT.c.id)).where(ATTEMPT.c.message_id == bindparam("b_message_id")).scalar_subquery()
END_ATTEMPT = (
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

# --- by the clock alone -------------------------------------------------------------------------------------------

_DOUBTED = may_be_taken(MESSAGE)
_USELESS = and_(MESSAGE.c.expires_at <= NOW, _within(MESSAGE))

DOUBT = moving(and_(_USELESS, MESSAGE.c.state == "retry", _DOUBTED), "unknown")
EXPIRE = moving(and_(_USELESS, ~_DOUBTED), "expired", reason="too_late")
WAKE = moving(and_(MESSAGE.c.state == "held", MESSAGE.c.send_at <= NOW, _within(MESSAGE)), "ready")

_THEIRS = and_(among(MESSAGE.c.channel), _within(MESSAGE))


def _earliest(
    column: ColumnElement[dt.datetime] | ColumnElement[dt.datetime | None],
    *states: str,
    when: ColumnElement[bool] | None = None,
) -> ScalarSelect[Any]:
    which = and_(one_of(MESSAGE.c.state, *states), _THEIRS, true() if when is None else when)
    return select(func.min(column)).where(which).scalar_subquery()


NEXT = select(
    select(MESSAGE.c.id).where(_THEIRS, _claimable()).exists(),
    _earliest(MESSAGE.c.send_at, "held"),
    # due and not claimable: behind one in hand
    _earliest(MESSAGE.c.not_before, "retry", when=MESSAGE.c.not_before > NOW),
    _earliest(MESSAGE.c.expires_at, *WAITING),
    _earliest(MESSAGE.c.lease_until, "sending"),
)
"""Whether something of the channels `keys` is to be claimed, and when it may wake, be tried, expire, be taken back."""
