"""The judge of the fault harness finds each kind of broken promise, and none where all were kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import board
import judge
import pytest
import sending
import together
from crowd import DATE
from line_server import Accepted as Pushed
from line_server import LineServer
from telegram_server import Accepted as Said
from telegram_server import TelegramServer

from channels.line import flex
from scheduler.notices import content_from_json
from storage.records import Attempt, Message, Plan, PlanRoute, PlanStep, PlanUnassigned

OVER_LINE, CRITICAL, INFORMATIVE = 0, 3, 1
"""What the board's message of such a number is."""
ANSWER, ALONG, URGENT = 20, 18, 22
"""Messages over LINE that go out as replies, or along with one."""
AGAIN = "(ส่งซ้ำ) "


def _row(number: int) -> Message:
    """The board's message of this number; over LINE all are one person's."""
    row = board.message(number, board.SEVEN, dt.timedelta(hours=5))
    return replace(row, address="U1") if row.channel == "line" else row


class Town:
    """Rows, and what the two services took; nothing of it was ever sent."""

    def __init__(self) -> None:
        self.line, self.telegram = LineServer(), TelegramServer()
        self.rows: list[Message] = []

    def writes(
        self, number: int, state: str, *outcomes: str, via: str = "1", replied: int = 0, **changes: object
    ) -> None:
        """A row as its attempts left it; the last one was answered with the service's number `via`. The first
        `replied` of them were replies."""
        row = _row(number)
        key = f"key {number}" if row.channel == "line" else f"id {number}"
        keys = [None if at < replied else key for at in range(len(outcomes))]
        tries = [Attempt(at=board.SEVEN, outcome=outcomes[at], retry_key=key) for at, key in enumerate(keys)]
        if state in ("accepted", "confirmed"):
            tries[-1] = replace(tries[-1], provider_id=via)
        changes.setdefault("bundle", key if row.channel == "line" and len(tries) > replied else None)
        changes.setdefault("via", "push" if len(tries) > replied else "reply")
        self.rows.append(replace(row, state=state, attempts=tuple(tries), **changes))  # type: ignore[arg-type]

    def answers(self, event: str, number: int, state: str, outcome: str, via: str = "1") -> None:
        """The row of the reply to an event, in the words of the board's message of this number."""
        id = f"answer to {event}"
        self.writes(number, state, outcome, via=via, replied=1, id=id, bundle=id, event=f"heard:line:{event}:0")

    def takes(
        self, *numbers: int, via: str = "1", key: str | None = None, to: str | None = None, mark: str = ""
    ) -> None:
        """A service takes what the board's messages of these numbers say, numbered from `via` on; `to`: the event that
        it answers."""
        rows = [_row(number) for number in numbers]
        address = rows[0].address or ""
        if rows[0].channel == "line":
            said = [flex.render(content_from_json({**row.content, "title": mark + row.text})) for row in rows]
            objects = [each for one in said for each in one["messages"]]
            ids = [str(int(via) + at) for at in range(len(objects))]
            key = None if to is not None else key or f"key {numbers[0]}"
            self.line.log.append(Pushed("request", address, objects, key, False, ids, delivered=True, answers=to))
        else:
            self.telegram.log.append(Said(int(via), address, mark + rows[0].text, {}, silent=False))

    def broken(self) -> list[str]:
        return judge.broken(judge.of_messages(self.rows, self.line, self.telegram))


@pytest.fixture
def town() -> Town:
    """All went well, or as well as can be: a doubtful critical one came twice, an informative one is not known.

    Over LINE an answer took a message along; of three more answers in the same words two are not known, and one of them
    came; and a critical message that went along with the last of them is pushed again.
    """
    town = Town()
    town.writes(OVER_LINE, "accepted", "unknown", "accepted", via="10")
    town.takes(OVER_LINE, via="10")
    town.writes(CRITICAL, "accepted", "unknown", "accepted", via="12")
    town.takes(CRITICAL, via="11")
    town.takes(CRITICAL, via="12", mark=AGAIN)
    town.writes(INFORMATIVE, "accepted", "accepted", via="13")
    town.takes(INFORMATIVE, via="13")
    town.writes(INFORMATIVE + 4, "unknown", "unknown")
    town.answers("e1", ANSWER, "accepted", "accepted", via="41")
    town.writes(ALONG, "accepted", "accepted", via="40", replied=1, bundle="answer to e1")
    town.takes(ALONG, ANSWER, via="40", to="e1")
    town.answers("e2", ANSWER, "accepted", "accepted", via="50")
    town.takes(ANSWER, via="50", to="e2")
    town.answers("e3", ANSWER, "unknown", "unknown")
    town.answers("e4", ANSWER, "unknown", "unknown")
    town.writes(URGENT, "accepted", "unknown", "accepted", via="70", replied=1, klass="critical")
    town.takes(URGENT, ANSWER, via="60", to="e4")
    town.takes(URGENT, via="70", mark=AGAIN)
    return town


def test_a_day_on_which_all_was_kept(town: Town) -> None:
    """A marked copy of what was in doubt, and what is listed as unknown, break no promise."""
    assert town.broken() == []


def _line_lost(town: Town) -> None:
    town.line.log.pop(0)


def _line_failed(town: Town) -> None:
    town.writes(OVER_LINE + 4, "failed", "refused")


def _line_doubled(town: Town) -> None:
    town.takes(OVER_LINE, via="20", key="another key")


def _reply_lost(town: Town) -> None:
    town.answers("e5", ANSWER, "accepted", "accepted", via="80")


def _reply_of_another_number(town: Town) -> None:
    town.line.log[1].message_ids.reverse()


def _reply_pushed_too(town: Town) -> None:
    town.takes(ALONG, key="key 0", via="80")


def _reply_said_again(town: Town) -> None:
    """Hidden, were rows in doubt taken for ones that came: the answer to e3 never did."""
    town.takes(ANSWER, key="key 0", via="80")


def _reply_of_nobody(town: Town) -> None:
    town.takes(ANSWER + 4, via="80", to="e5")


def _doubtful_news_pushed(town: Town) -> None:
    town.writes(ALONG + 6, "accepted", "unknown", "accepted", via="90", replied=1)
    town.takes(ALONG + 6, via="80", to="e5")
    town.takes(ALONG + 6, via="90", mark=AGAIN)


def _pushed_again_unmarked(town: Town) -> None:
    town.line.log.pop()
    town.takes(URGENT, via="70")


def _pushed_again_without_a_doubt(town: Town) -> None:
    row = town.rows[-1]
    refused = replace(row.attempts[0], outcome="later")
    town.rows[-1] = replace(row, attempts=(refused, *row.attempts[1:]))


def _critical_lost(town: Town) -> None:
    town.writes(CRITICAL + 4, "accepted", "accepted", via="20")


def _critical_copy_unmarked(town: Town) -> None:
    town.telegram.log[1] = replace(town.telegram.log[1], text=town.telegram.log[0].text)


def _critical_copy_without_doubt(town: Town) -> None:
    town.takes(CRITICAL, via="20", mark=AGAIN)


def _informative_lost(town: Town) -> None:
    town.telegram.log.pop()


def _informative_doubled(town: Town) -> None:
    town.takes(INFORMATIVE, via="20")


def _informative_of_another_number(town: Town) -> None:
    town.telegram.log[-1] = replace(town.telegram.log[-1], message_id=99)


def _left(town: Town) -> None:
    town.writes(OVER_LINE + 4, "sending", "sending")


def _edit_lost(town: Town) -> None:
    town.writes(CRITICAL + 4, "accepted", "accepted", edits="12", via="12")


BROKEN: dict[Callable[[Town], None], list[str]] = {
    _line_lost: ["line: lost 1", "line: wrong_numbers 1"],
    _line_failed: ["line: lost 1"],
    _line_doubled: ["line: copies 1", "line: unknown_requests 1"],
    _reply_lost: ["replies: lost 1"],
    _reply_of_another_number: ["replies: lost 2"],
    _reply_pushed_too: ["replies: unmarked_copies 1", "replies: copies_beyond_doubts 1"],
    _reply_said_again: ["replies: unmarked_copies 1", "replies: copies_beyond_doubts 1"],
    _reply_of_nobody: ["replies: unmarked_copies 1", "replies: copies_beyond_doubts 1"],
    _doubtful_news_pushed: ["replies: copies_beyond_doubts 1"],
    _pushed_again_unmarked: ["replies: unmarked_copies 1"],
    _pushed_again_without_a_doubt: ["replies: copies_beyond_doubts 1"],
    _critical_lost: ["critical: lost 1"],
    _critical_copy_unmarked: ["critical: unmarked_copies 1"],
    _critical_copy_without_doubt: ["critical: copies_beyond_doubts 1"],
    _informative_lost: ["informative: lost 1"],
    _informative_doubled: ["informative: copies 1"],
    _informative_of_another_number: ["informative: lost 1"],
    _left: ["line: lost 1", "left sending"],
    _edit_lost: ["edits: lost 1", "edits: outdated 1"],
}


@pytest.mark.parametrize("happens", BROKEN, ids=lambda happens: happens.__name__.strip("_"))
def test_a_broken_promise_is_found(town: Town, happens: Callable[[Town], None]) -> None:
    """What is lost, doubled, unmarked, doubled without a doubt, left, or not where it should stand is named."""
    happens(town)
    assert town.broken() == BROKEN[happens]


def _step(kind: Literal["pickup", "delivery"], seller_id: str | None = None) -> PlanStep:
    where: dict[str, Any] = {"arrival": board.SEVEN, "location": (99.3, 9.1), "load": (0,)}
    return PlanStep(type=kind, order_id="O1", seller_id=seller_id, leg=1, **where)


def _plan() -> Plan:
    """A round with one order of one seller, and an order for which there was no room."""
    route = PlanRoute(
        rider_id="R1",
        area="mueang",
        vehicle="saleng",
        cost=0,
        distance=0,
        duration=0,
        service=0,
        waiting_time=0,
        load_max=(0,),
        cod_satang=0,
        steps=(_step("pickup", "S1"), _step("delivery")),
    )
    left = PlanUnassigned(order_id="O2", leg=1, code="capacity", message={"th": "เกิน", "en": "too much"})
    return Plan(
        id="p1",
        run_id="r1",
        date=DATE,
        wave="midday",
        revision=1,
        config_version=1,
        created_at=board.SEVEN,
        travel={},
        summary={},
        routes=(route,),
        unassigned=(left,),
    )


def _said(event: str, member: str, kind: str = "route", *orders: str, state: str = "accepted") -> Message:
    row = board.message(0, board.SEVEN, dt.timedelta(hours=5))
    changes = {"id": f"{event} {kind} {orders}", "date": DATE, "state": state, "kind": kind, "order_ids": orders}
    return replace(row, event=event, member_ref=member, **changes)  # type: ignore[arg-type]


def test_what_a_plan_promises_is_missed() -> None:
    """A rider, seller or buyer to whom nothing was written is counted, each once; so is who was written to twice."""
    rows = [
        _said("plan:p1:R1", "R1"),
        _said("plan:p1:S1", "S1", "pick_list"),
        _said("plan:p1:O1", "B1", "window", "O1"),
        _said("plan:p1:O2", "B2", "window", "O2"),
    ]
    assert judge.promised([_plan()], rows, [], set(), {})["unsaid"] == 0
    for gone in rows:
        found = judge.promised([_plan()], [row for row in rows if row is not gone], [], set(), {})
        assert judge.broken({"states": {}, "day": found}) == ["day: unsaid 1"]
    found = judge.promised([_plan()], [*rows, replace(rows[0], id="again")], [], set(), {})
    assert (judge.broken({"states": {}, "day": found}), found["twice"]) == (["day: said_twice 1"], ["plan:p1:R1 to R1"])


def test_an_event_that_came_to_nothing_is_missed() -> None:
    """What a service told and nobody worked off, and a button whose message is not confirmed, are counted."""
    row = _said("plan:p1:R1", "R1", state="confirmed")
    told = [("line", "e1"), ("telegram", "7")]
    heard: dict[tuple[str, str], str | None] = dict.fromkeys(told, "confirmed")
    well = judge.promised([], [row], told, {row.id}, heard)
    assert judge.broken({"states": {}, "day": well}) == []
    ill = judge.promised([], [replace(row, state="accepted")], told, {row.id}, heard | {told[0]: None})
    assert judge.broken({"states": {}, "day": ill}) == ["day: events_lost 1", "day: unconfirmed 1"]


def test_the_killed_senders_own_count_is_judged() -> None:
    """Of a sender that is killed at each point, each broken promise and each message that has no end is named."""
    well = {"lost": 0, "copies": 0, "unmarked_copies": 0}
    found: dict[str, Any] = dict.fromkeys(("line", "critical", "informative"), well)
    found["states"] = {"accepted": 1, "unknown": 1}
    assert sending._broken(found) == []
    ill = found | {"critical": well | {"copies": 2, "unmarked_copies": 1}, "states": {"sending": 1}}
    assert sending._broken(ill) == ["critical: unmarked_copies", "left sending"]
    assert sending._broken(found | {"line": well | {"copies": 1}}) == ["line: copies"]


CALLS = [(1.0, "a"), (2.0, "a"), (5.02, "a"), (9.0, "b"), (11.0, "b"), (12.01, "b"), (13.0, "c"), (15.0, "c")]
"""One after another: a, until it hangs at 5 and goes on at 9.1; b, until it is killed at 12; c."""
STOPPED = [("a", 5.0), ("b", 12.0)]


def test_one_sender_after_another_is_no_second_one() -> None:
    """What was under way as its sender was stopped, and all of the next from its first call on, are nobody's intrusion;
    nor is one who was stopped and, later, is the next again."""
    assert together.intrusions(CALLS, STOPPED) == 0
    assert together.intrusions([*CALLS[:-2], (13.0, "a"), (15.0, "a")], STOPPED) == 0
    assert together.intrusions([], STOPPED) == 0


@pytest.mark.parametrize(
    ("when", "who"),
    [(1.5, "b"), (9.2, "a"), (11.5, "a"), (11.5, "c"), (14.0, "a"), (14.0, "b"), (16.0, "a")],
)
def test_a_second_sender_is_found(when: float, who: str) -> None:
    """A call beside the one who sends is counted: before any change, of one who hung and goes on, at the end."""
    assert together.intrusions(sorted([*CALLS, (when, who)]), STOPPED) == 1
