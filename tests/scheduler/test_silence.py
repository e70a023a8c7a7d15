"""Silent riders: who was told and does not answer is told of to the coordinators, once, in time; from messages alone
and through the waves' own steps on real databases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scheduler.clock import SteppedClock
from scheduler.day import Action, Step
from scheduler.silence import Silence, silences
from scheduler.versions import Versions
from scheduler.waves import Waves
from scheduler.workers import AtOnce, Planner
from storage import Attempt, AttemptEnd, AttemptStart, Message, Store
from storage.records import ChatAddress, Role

QUARTER = dt.timedelta(minutes=15)
EIGHT = dt.datetime(2026, 11, 24, 8, 0, tzinfo=dt.timezone(dt.timedelta(hours=7)))
SECOND = dt.timedelta(seconds=1)


def route(make: Any, number: int = 1, **changes: Any) -> Message:
    """What rider R1 was told over LINE at eight."""
    told: Message = make.message(
        number,
        kind="route",
        klass="critical",
        role=Role.RIDER,
        member_ref="R1",
        channel="line",
        plan_id="p_1",
        order_ids=("SR-0001",),
        state="accepted",
        attempts=(Attempt(at=EIGHT, outcome="accepted"),),
    )
    return replace(told, **changes)


def test_who_does_not_answer_in_time_is_silent(make: Any) -> None:
    """The patience begins when the service took the message, not when it was meant to go out."""
    slow = route(make, send_at=EIGHT - QUARTER)
    assert silences([slow], QUARTER) == {"R1": Silence(event="silent:p_1:R1", since=EIGHT, until=EIGHT + QUARTER)}


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "confirmed"},
        {"state": "held"},
        {"state": "superseded"},
        {"state": "suppressed", "channel": None},
        {"channel": "console"},
        {"role": Role.SELLER},
        {"kind": "cancelled"},
        {"order_ids": ()},
    ],
)
def test_who_is_not_waited_for(make: Any, changes: dict[str, Any]) -> None:
    """Who answered, was not told yet, is phoned anyway, cannot answer, or has nothing to ride is not silent."""
    assert silences([route(make, **changes)], QUARTER) == {}


@pytest.mark.parametrize(
    ("state", "patience"),
    [("failed", 1), ("expired", 1), ("suppressed", 1), ("ready", 15), ("retry", 15), ("unknown", 15)],
)
def test_whom_the_route_did_not_reach_is_told_of(make: Any, state: str, patience: int) -> None:
    """Soon where it ended so, in time where it is still tried; as somebody to be phoned, not as somebody silent."""
    tried = Attempt(at=EIGHT, outcome="unknown")
    found = silences([route(make, state=state, attempts=(tried,))], QUARTER)
    until = EIGHT + dt.timedelta(minutes=patience)
    assert found == {"R1": Silence(event="unreached:p_1:R1", since=EIGHT, until=until, reached=False)}
    confirmed, changed = route(make, state="confirmed"), route(make, 2, kind="changed", state=state, attempts=(tried,))
    assert set(silences([confirmed, changed], QUARTER)) == {"R1"}


def test_the_last_word_counts_and_each_is_told_of_once(make: Any) -> None:
    """A rider told anew answers for that; what was said of a plan is not said again, of the next plan it is."""
    first, second = route(make), route(make, 2, kind="changed", plan_id="p_2")
    assert set(silences([first, replace(second, state="confirmed")], QUARTER)) == set()
    assert set(silences([first, replace(second, state="held")], QUARTER)) == set()
    said = make.message(3, kind="escalation", event="silent:p_1:R1", role=Role.COORDINATOR)
    assert silences([first, said], QUARTER) == {}
    assert silences([first, said, second], QUARTER)["R1"].event == "silent:p_2:R1"


def test_whose_every_order_is_off_has_nothing_to_answer(make: Any) -> None:
    """One order less is still a round; with the last one gone nobody waits, until the rider is told of another."""
    told, others = route(make, order_ids=("SR-0001", "SR-0002")), {"kind": "cancelled", "role": Role.RIDER}
    less = route(make, 2, order_ids=("SR-0001",), **others)
    none = route(make, 3, order_ids=("SR-0002",), **others)
    assert set(silences([told, less], QUARTER)) == {"R1"}
    assert silences([told, less, none], QUARTER) == {}
    assert set(silences([told, less, none, route(make, 4, kind="changed")], QUARTER)) == {"R1"}
    assert set(silences([told, less, replace(none, state="superseded")], QUARTER)) == {"R1"}
    assert set(silences([told, less, replace(none, member_ref="R2")], QUARTER)) == {"R1"}


# --- through the waves' steps --------------------------------------------------------------------------------------


class Round:
    """A market over LINE whose midday wave has left; the clock stands at its dispatch."""

    def __init__(self, store: Store, folder: Path, make: Any, market_config: Callable[..., Any], chat: str) -> None:
        config = market_config(
            ("engine: auto, seconds: 10", "engine: greedy, seconds: 1"), ("\n  console: {}", f"\n  {chat}")
        )
        self.store, self.clock = store, SteppedClock(make.at("12:00", make.eve))
        versions = Versions(store, folder / "config.yaml")
        versions.take_up(config, self.clock.now(), "test")
        self.planner = Planner(workers=1)
        self.waves = Waves(store, versions, AtOnce(self.planner), self.clock.now)
        rider = make.rider("R1", name="วิชัย ใจงาม")
        person = replace(rider.person, addresses=(ChatAddress(channel="line", address="U-rider"),))
        people = [replace(rider, person=person), make.seller("S01"), make.coordinator()]
        store.save_members(people, actor="test", at=self.clock.now())
        store.save_orders([make.order(1), make.order(2)], actor="test", at=self.clock.now())
        for action, at, on in (
            (Action.CLOSE, "18:00", make.eve),
            (Action.PLAN, "18:00", make.eve),
            (Action.APPROVE, "20:00", make.eve),
            (Action.DISPATCH, "08:00", make.day),
        ):
            self.clock.set(make.at(at, on))
            if action is Action.APPROVE:
                run = self.waves.run(make.day, "midday")
                assert run is not None
                self.waves.approve(run.plan_id or "", actor="C1")
            else:
                assert self.waves.perform(Step(at=self.clock.now(), action=action, date=make.day, wave="midday"))
        self.step = Step(at=self.clock.now() + QUARTER, action=Action.ESCALATE, date=make.day, wave="midday")

    def accepts(self, channel: str) -> None:
        """Whatever is due over this channel is taken by its service now."""
        now = self.clock.now()
        self.store.wake_messages(now)
        for _ in range(20):
            claimed = self.store.claim_messages(now, channel=channel, holder="t", limit=99, lease_seconds=9, together=5)
            starts = [AttemptStart(message_id=each.id, payload={}, at=now) for each in claimed]
            self.store.begin_attempts(starts, holder="t")
            ends = [AttemptEnd(message_id=each.id, at=now, state="accepted", outcome="accepted") for each in claimed]
            self.store.finish_attempts(ends, holder="t")

    def unheard(self) -> dict[Any, dt.datetime]:
        return self.waves.unheard(self.store.runs())

    def escalations(self) -> list[Message]:
        return [each for each in self.store.messages(kinds={"escalation"}) if each.event.startswith("silent:")]


@pytest.fixture
def on_the_road(store: Store, tmp_path: Path, make: Any, market_config: Callable[..., Any]) -> Any:
    opened = []

    def opening(chat: str = "line: {api_base: http://127.0.0.1:9, data_base: http://127.0.0.1:9}") -> Round:
        opened.append(Round(store, tmp_path, make, market_config, chat))
        return opened[-1]

    yield opening
    for each in opened:
        each.planner.close()


def test_coordinators_hear_once_of_a_silent_rider(on_the_road: Any, make: Any) -> None:
    """Not a moment early: name, phone, wave and stops, in one transaction with an audit row; not a second time."""
    market = on_the_road()
    assert market.unheard() == {}
    market.accepts("line")
    key = (make.day, "midday")
    assert market.unheard() == {key: EIGHT + QUARTER}
    market.clock.set(EIGHT + QUARTER - SECOND)
    assert not market.waves.perform(market.step)
    market.clock.set(EIGHT + QUARTER)
    assert market.waves.perform(market.step)
    (told,) = market.escalations()
    assert (told.klass, told.member_ref, told.send_at) == ("critical", "C1", EIGHT + QUARTER)
    for words in ("วิชัย ใจงาม", "0810000001", "รอบเที่ยง", "2 จุด", "08:00"):
        assert words in told.text
    entry = next(each for each in market.store.audit() if each.verb == "escalate_run")
    assert (entry.actor, entry.detail["messages"]) == ("clock", 1)
    assert market.unheard() == {}
    assert not market.waves.perform(market.step)
    assert len(market.escalations()) == 1


def test_an_answer_or_the_end_of_the_wave_ends_the_waiting(on_the_road: Any, make: Any) -> None:
    """A rider who confirms is not told of; nor is anybody once the wave is finished."""
    market = on_the_road()
    market.accepts("line")
    (told,) = market.store.messages(kinds={"route"})
    market.clock.set(EIGHT + QUARTER)
    market.store.move_messages([told.id], "confirmed", actor="line chat", at=market.clock.now())
    assert market.unheard() == {}
    assert not market.waves.perform(market.step)
    run = market.waves.run(make.day, "midday")
    written = [replace(told, id="other", event="silent:x", kind="escalation")]
    assert market.store.finish_run(run.id, actor="clock", at=market.clock.now())
    assert not market.store.escalate_run(run.id, messages=written, actor="clock", at=market.clock.now())
    assert market.escalations() == []


def test_over_the_console_nobody_is_silent(on_the_road: Any) -> None:
    """Where no answer can come none is waited for."""
    market = on_the_road("console: {}")
    market.accepts("console")
    assert market.unheard() == {}
