"""Reply first: what waits for a person on LINE goes out with the answer to what they write, for nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from scheduler.outbox import Outbox
from storage.records import Message, Role

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def buyer(talk: Any, somebody: str) -> str:
    """A buyer with the chat `somebody` and nothing waiting."""
    order = next(order for order in talk.orders(states={"dispatched"}))
    talk.gives(Role.BUYER, order.buyer_ref, "line", somebody)
    return str(order.buyer_ref)


def waits(talk: Any, ref: str, address: str, count: int = 1, **changes: Any) -> list[Message]:
    """Messages that are due to this person and not yet sent."""
    now, pattern = talk.clock.now(), talk.messages(kinds={"window"})[0]
    written = [
        replace(
            pattern,
            id=f"00000000-0000-4000-8000-{len(talk.messages()) + number:012}",
            event=f"test:{len(talk.messages()) + number}",
            member_ref=ref,
            channel="line",
            address=address,
            state="held",
            send_at=now,
            expires_at=now + 20 * HOUR,
            bundle=None,
            payload=None,
            attempts=(),
        )
        for number in range(count)
    ]
    written = [replace(message, **changes) for message in written]
    assert talk.app.store.add_messages(written, actor="test", at=now) == count
    return written


def rows(talk: Any, written: list[Message]) -> list[Message]:
    ids = {message.id for message in written}
    return [message for message in talk.messages() if message.id in ids]


def test_what_waits_goes_out_with_the_answer(talk: Any, somebody: str, buyer: str) -> None:
    """One reply holds the waiting messages and then the answer; nothing is counted, and each row has its own number."""
    written = waits(talk, buyer, somebody, 2)
    talk.line_says(somebody, text="ถึงไหน")
    [reply] = talk.line.log
    assert (reply.reply, len(reply.messages), talk.line.used) == (True, 3, 0)
    (answer,) = talk.messages(kinds={"eta"})
    told = [*rows(talk, written), answer]
    assert [(row.via, row.state, row.bundle) for row in told] == [("reply", "accepted", answer.id)] * 3
    assert [row.attempts[-1].provider_id for row in told] == reply.message_ids


def test_a_token_that_is_dead_costs_a_push_and_nothing_more(talk: Any, somebody: str, buyer: str) -> None:
    """Refused, the reply was provably not said: what waited is pushed, in one request; the answer is not."""
    written = waits(talk, buyer, somebody, 2)
    talk.line_tells(talk.line.event(somebody, text="ถึงไหน") | {"replyToken": "dead"})
    [push] = talk.line.log
    assert (push.reply, len(push.messages), talk.line.used) == (False, 2, 1)
    for row in rows(talk, written):
        assert (row.via, row.state, row.bundle) == ("push", "accepted", push.key)
        assert [attempt.outcome for attempt in row.attempts] == ["later", "accepted"]


@pytest.mark.parametrize("fault", ["reset", "before_read"])
def test_of_a_reply_in_doubt_only_what_is_critical_is_said_again(
    talk: Any, somebody: str, buyer: str, fault: str
) -> None:
    """Nobody can tell what became of it: the critical message is pushed and says so, the informative one is listed."""
    critical, informative = (waits(talk, buyer, somebody, klass=klass) for klass in ("critical", "informative"))
    talk.line.faults.order(fault)
    talk.line_says(somebody, text="ถึงไหน")
    (row,) = rows(talk, informative)
    assert (row.via, row.state) == ("reply", "unknown")
    (row,) = rows(talk, critical)
    assert (row.via, row.state) == ("push", "accepted")
    push = talk.line.log[-1]
    assert (push.reply, len(push.messages), talk.line.used) == (False, 1, 1)
    assert "ส่งซ้ำ" in str(push.messages)
    resent = talk.commands("messages", "resolve", informative[0].id, "--as", "resend")
    assert resent
    talk.settle()
    assert rows(talk, informative)[0].state == "accepted"


def test_a_reply_has_room_for_five(talk: Any, somebody: str, buyer: str) -> None:
    """As many as fit go along, the first first, and the answer always; the rest is pushed after it, in one request."""
    written = waits(talk, buyer, somebody, 7)
    talk.line_says(somebody, text="ถึงไหน")
    reply, push = talk.line.log
    assert (reply.reply, len(reply.messages)) == (True, 5)
    assert (push.reply, len(push.messages), talk.line.used) == (False, 3, 1)
    assert [row.via for row in rows(talk, written)] == ["reply"] * 4 + ["push"] * 3


def test_who_writes_at_night_is_awake(talk: Any, somebody: str, buyer: str) -> None:
    """What only waits for the end of the quiet hours goes along; what is for a later hour, or a rider's work, stays."""
    talk.later(hours=12)
    morning = talk.clock.now().replace(hour=6, minute=30) + dt.timedelta(days=1)
    quiet = waits(talk, buyer, somebody, send_at=morning)
    later = waits(talk, buyer, somebody, send_at=morning + HOUR)
    route = waits(talk, buyer, somebody, send_at=morning, klass="critical")
    talk.line_says(somebody, text="ถึงไหน")
    assert [row.state for row in rows(talk, quiet + later + route)] == ["accepted", "held", "held"]
    assert len(talk.line.log[-1].messages) == 2


def test_by_day_what_has_its_hour_keeps_it(talk: Any, somebody: str, buyer: str) -> None:
    """A question before the hour of a message does not bring it forward: it may still change."""
    written = waits(talk, buyer, somebody, send_at=talk.clock.now() + HOUR)
    talk.line_says(somebody, text="ถึงไหน")
    assert [row.state for row in rows(talk, written)] == ["held"]


def test_who_leaves_is_told_no_more(talk: Any, somebody: str, buyer: str) -> None:
    """The answer to a goodbye brings nothing else along."""
    waits(talk, buyer, somebody)
    talk.line_says(somebody, text="เลิกรับข้อความ")
    assert len(talk.line.log[0].messages) == 1


def test_a_dead_workers_reply_is_taken_up(talk: Any, somebody: str, buyer: str) -> None:
    """Where the process died over a reply, the next sender pushes what is critical, marked, and leaves the rest."""
    critical, informative = (waits(talk, buyer, somebody, klass=klass) for klass in ("critical", "informative"))

    class Died(Exception):
        """The process is gone at this point."""

    async def dies(token: str, *parts: Any) -> None:
        raise Died

    with pytest.MonkeyPatch.context() as here:
        here.setattr(talk.app.channels()["line"], "reply", dies)
        with pytest.raises(Died):
            talk.line_says(somebody, text="ถึงไหน")
    assert [row.state for row in rows(talk, critical + informative)] == ["sending", "sending"]
    talk._outbox = Outbox(talk.app.store, talk.app.channels(), talk.clock)
    talk.settle()
    assert [row.state for row in rows(talk, critical + informative)] == ["sending", "sending"]  # it may still be alive
    talk.later(minutes=2)
    talk._outbox = Outbox(talk.app.store, talk.app.channels(), talk.clock)
    talk.settle()
    assert [row.state for row in rows(talk, critical + informative)] == ["accepted", "unknown"]
    assert "ส่งซ้ำ" in str(talk.line.log[-1].messages)
