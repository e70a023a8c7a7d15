"""The status card: what it says of a round, and what a change of that means for the card that stands in a chat."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.texts import Texts
from scheduler import notices
from scheduler.notices.cards import AGAIN, renewed, status_cards
from storage import Attempt, Message
from storage.records import ChatAddress, Member, Role, Run

SECOND = dt.timedelta(seconds=1)


def told(make: Any, rider: str, state: str, number: int = 1, **changes: Any) -> Message:
    """What a rider was told of the round, and what became of it."""
    message: Message = make.message(number, kind="route", klass="critical", role=Role.RIDER, member_ref=rider)
    return replace(message, state=state, channel="telegram", **changes)


def coordinator(make: Any, ref: str = "C1") -> Member:
    chat = ChatAddress(channel="telegram", address=f"7{ref[1:]}")
    found: Member = make.coordinator(ref, addresses=(chat,))
    return found


def facts(make: Any, run: Run, *said: Message, riding: Sequence[str] = ("R1", "R2")) -> Any:
    """What the card says of a round of two riders; None where there is none yet."""
    riders = {"R1": make.rider("R1", name="สมชาย ดี"), "R2": make.rider("R2", name="วิชัย งาม")}
    found = status_cards(run, riding, said, riders, [coordinator(make)], make.at("23:59"))
    assert {(each.kind, each.event) for each in found} <= {("status_card", f"status:{run.id}")}
    return found[0].facts if found else None


SOMCHAI, WICHAI = {"name": "สมชาย", "phone": "0810000001"}, {"name": "วิชัย", "phone": "0810000002"}


@pytest.mark.parametrize(
    ("state", "group"),
    [
        ("confirmed", None),
        ("accepted", "waiting"),
        ("held", "untold"),
        ("ready", "untold"),
        ("sending", "untold"),
        ("retry", "untold"),
        ("failed", "unreached"),
        ("expired", "unreached"),
        ("suppressed", "unreached"),
        ("unknown", "unreached"),
    ],
)
def test_every_rider_stands_in_one_group(make: Any, state: str, group: str | None) -> None:
    """By what became of the last word to each: confirmed, waited for, not told yet, or to be phoned."""
    found = facts(make, make.run("dispatched"), told(make, "R1", "confirmed"), told(make, "R2", state, 2))
    groups = {name: found[name] for name in ("waiting", "unreached", "untold")}
    assert groups == {name: [WICHAI] if name == group else [] for name in groups}
    assert (found["riders"], found["confirmed"]) == (2, 1 + (group is None))


def test_the_last_word_to_a_rider_of_the_plan_counts(make: Any) -> None:
    """A change asks anew; what was withdrawn asks nothing; who has no round in this plan any more is not shown."""
    run = make.run("dispatched")
    first = told(make, "R1", "confirmed")
    assert facts(make, run, first, told(make, "R1", "accepted", 2, kind="changed"))["waiting"] == [SOMCHAI]
    assert facts(make, run, first, told(make, "R1", "superseded", 2))["confirmed"] == 1
    alone = facts(make, run, first, told(make, "R2", "accepted", 2), riding=["R1"])
    assert (alone["riders"], alone["waiting"]) == (1, [])


def test_who_has_nothing_to_ride_any_more_is_not_shown(make: Any) -> None:
    """Neither whose every order was called off, nor who was never told and has nothing to be told of now."""
    run, first = make.run("dispatched"), told(make, "R1", "confirmed")
    second = told(make, "R2", "accepted", 2, order_ids=("SR-0002",))
    off = told(make, "R2", "accepted", 3, order_ids=("SR-0002",))
    assert facts(make, run, first, second)["waiting"] == [WICHAI]
    found = facts(make, run, first, second, replace(off, kind="cancelled"))
    assert (found["riders"], found["confirmed"], found["waiting"]) == (1, 1, [])
    found = facts(make, run, first, replace(second, state="superseded"))
    assert (found["riders"], found["untold"]) == (1, [])


@pytest.mark.parametrize("state", ["held", "ready", "sending", "retry", "suppressed", "superseded"])
def test_there_is_no_card_before_anybody_was_to_hear(make: Any, state: str) -> None:
    """Nor is one made for who is phoned since the approval; once it is there it tells of all."""
    run, waits = make.run("approved"), told(make, "R1", state)
    assert facts(make, run, waits) is None
    assert facts(make, run, waits, told(make, "R2", "accepted", 2)) is not None
    assert facts(make, run, waits, make.message(3, kind="status_card", role=Role.COORDINATOR)) is not None


# --- what a change means -------------------------------------------------------------------------------------------


def card(make: Any, text: str = "1/2", **changes: Any) -> Message:
    """What the card would say now, as it is composed: a first revision."""
    message: Message = make.message(9, kind="status_card", event="status:r_1", role=Role.COORDINATOR, member_ref="C1")
    return replace(message, **{"channel": "telegram", "address": "71", "text": text, "plan_id": None} | changes)


def taken(number: str | None = "42") -> tuple[Attempt, ...]:
    return (Attempt(at=EIGHT, outcome="accepted", provider_id=number),)


EIGHT = dt.datetime(2026, 11, 24, 8, 0, tzinfo=dt.timezone(dt.timedelta(hours=7)))
DOUBT = (Attempt(at=EIGHT, outcome="unknown"),)
OLD: dict[str, Any] = {"id": "old", "text": "0/2"}


@pytest.mark.parametrize(
    ("before", "edits", "replaces"),
    [
        ({"state": "held"}, None, "old"),
        ({"state": "retry"}, None, "old"),
        ({"state": "ready", "edits": "42"}, "42", "old"),
        ({"state": "accepted", "attempts": taken()}, "42", None),
        ({"state": "failed", "reason": "refused"}, None, None),
        ({"state": "expired"}, None, None),
        ({"state": "unknown", "edits": "42", "attempts": DOUBT}, "42", "old"),
        ({"state": "failed", "reason": "blocked", "edits": "42"}, "42", None),
        ({"state": "accepted", "attempts": taken(), "address": "70"}, None, None),
    ],
)
def test_a_change_replaces_what_waits_and_edits_what_stands(
    make: Any, config: Any, before: dict[str, Any], edits: str | None, replaces: str | None
) -> None:
    """It is the event's next revision; what stands in another chat is left there."""
    found = renewed(card(make), [card(make, **{**OLD, **before})], config, EIGHT)
    assert found is not None
    message, gone = found
    assert (message.revision, message.edits, gone) == (2, edits, replaces)
    assert message.id not in {"old", card(make).id}


@pytest.mark.parametrize(
    "before",
    [
        {"state": "sending"},
        {"state": "unknown", "attempts": DOUBT},
        {"state": "accepted", "attempts": taken(None)},
        {"state": "accepted", "attempts": ()},
        {"state": "ready", "text": "1/2"},
        {"state": "accepted", "attempts": taken(), "text": "1/2"},
        {"state": "failed", "reason": "refused", "text": "1/2"},
        {"state": "unknown", "edits": "42", "attempts": DOUBT, "text": "1/2"},
    ],
)
def test_nothing_is_said_twice_or_beside_what_may_have_arrived(make: Any, config: Any, before: dict[str, Any]) -> None:
    """While a sender has it in hand, while nobody can tell of a first card, where it has no number, or is no news."""
    assert renewed(card(make), [card(make, **{**OLD, **before})], config, EIGHT) is None


def test_a_card_that_is_gone_is_made_anew(make: Any, config: Any) -> None:
    """Also in the same words; of the new one it is the number that counts."""
    stood = card(make, id="first", state="accepted", attempts=taken())
    lost = card(make, id="lost", state="failed", reason="uneditable", edits="42", revision=2)
    anew = renewed(card(make), [stood, lost], config, EIGHT)
    assert anew is not None
    assert (anew[0].revision, anew[0].edits, anew[1]) == (3, None, None)
    again = replace(anew[0], state="accepted", attempts=taken("43"))
    edited = renewed(card(make, "2/2"), [stood, lost, again], config, EIGHT)
    assert edited is not None
    assert edited[0].edits == "43"


def test_a_doubtful_edit_is_made_again_ever_later(make: Any, config: Any) -> None:
    """It makes no copy; with each doubt the distance doubles, and news does not wait for it."""
    stood = card(make, id="first", text="0/2", state="accepted", attempts=taken())
    said = [stood]
    for number, seconds in enumerate((30, 60, 120), 2):
        doubt = card(make, id=f"{number}", revision=number, state="unknown", edits="42", attempts=DOUBT)
        said.append(doubt)
        assert renewed(card(make), said, config, EIGHT + (seconds - 1) * SECOND) is None
        again = renewed(card(make), said, config, EIGHT + seconds * SECOND)
        assert again is not None
        assert (again[0].edits, again[1]) == ("42", doubt.id)
        assert renewed(card(make, "2/2"), said, config, EIGHT) is not None
        said[-1] = replace(doubt, state="superseded")
    assert AGAIN == 30 * SECOND


def test_a_first_card_waits_for_the_end_of_the_quiet_hours_and_an_edit_does_not(make: Any, market_config: Any) -> None:
    """Even after the dispatch; an edit makes no sound."""
    config = market_config()
    assert config.messages.quiet_hours is not None
    night = make.at("22:00")
    found = status_cards(
        make.run("dispatched"), ["R1"], [told(make, "R1", "accepted")], {}, [coordinator(make)], make.at("23:59")
    )
    wave = config.wave("midday")
    (first,) = notices.messages(
        found, None, wave, config_of_telegram(market_config), Texts().compose, night, date=make.day
    )
    assert (first.date, first.wave, first.plan_id, first.klass) == (make.day, "midday", None, "informative")
    written = renewed(first, [], config, night)
    assert written is not None
    assert written[0].send_at == make.at("06:30", make.day + dt.timedelta(days=1))
    stood = replace(first, text="…", state="accepted", attempts=taken())
    edited = renewed(first, [stood], config, night)
    assert edited is not None
    assert edited[0].send_at == night


def config_of_telegram(market_config: Any) -> Any:
    return market_config(("\n  console: {}", "\n  telegram: {api_base: http://127.0.0.1:9}"))


class Chat:
    """A chat with one coordinator, and the ledger of what was sent there, as the outbox keeps it."""

    def __init__(self) -> None:
        self.said: list[Message] = []
        self.stands: dict[str, str] = {}
        self.cards = self.deleted = 0

    def look(self, new: Message, config: Any, now: dt.datetime) -> None:
        found = renewed(new, self.said, config, now)
        if found is not None:
            message, gone = found
            self.said = [replace(each, state="superseded") if each.id == gone else each for each in self.said]
            self.said.append(replace(message, state="ready"))

    def send(self, outcome: str, now: dt.datetime) -> None:
        """What is due goes out, and comes to this."""
        if not self.said or self.said[-1].state not in {"ready", "retry"}:
            return
        message = self.said[-1]
        number = message.edits or str(self.cards + 1)
        lost = message.edits is not None and number not in self.stands
        state, reason = {"taken": "accepted", "later": "retry"}.get(outcome, "unknown"), None
        if lost and outcome == "taken":
            state, reason = "failed", "uneditable"
        elif outcome in {"taken", "answer_lost"} and not lost:
            self.cards += message.edits is None
            self.stands[number] = message.text
        attempt = Attempt(at=now, outcome=state, provider_id=number if state == "accepted" else None)
        attempts = (*message.attempts, attempt)
        self.said[-1] = replace(message, state=state, reason=reason, attempts=attempts)

    def delete(self) -> None:
        self.deleted += len(self.stands)
        self.stands.clear()


@given(
    steps=st.lists(
        st.tuples(
            st.integers(0, 3),
            st.sampled_from(["taken", "answer_lost", "never_arrived", "later"]),
            st.integers(0, 200),
            st.booleans(),
        ),
        max_size=25,
    )
)
def test_a_chat_never_holds_two_cards_and_the_last_is_true(make: Any, config: Any, steps: list[Any]) -> None:
    """Whatever becomes of each attempt, and whoever deletes the card: one at most; true in the end where known."""
    chat, now = Chat(), EIGHT
    for confirmed, outcome, seconds, deleted in steps:
        now += seconds * SECOND
        chat.look(card(make, f"{confirmed}/3"), config, now)
        chat.send(outcome, now)
        assert len(chat.stands) <= 1
        assert chat.cards <= 1 + chat.deleted
        if deleted:
            chat.delete()
    for _ in range(6):
        now += dt.timedelta(hours=1)
        chat.look(card(make, "3/3"), config, now)
        chat.send("taken", now)
    in_doubt = chat.said[-1].state == "unknown"
    assert chat.said[-1].edits is None if in_doubt else list(chat.stands.values()) == ["3/3"] or chat.deleted
