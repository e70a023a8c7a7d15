"""What a coordinator is shown of a day before anything is approved is what becomes of it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scheduler import views
from scheduler.app import App
from scheduler.clock import SteppedClock
from scheduler.config import Config
from scheduler.day import Action, Step
from scheduler.versions import Versions
from scheduler.workers import Planner
from storage import Approval, AttemptStart, Role, open_store

WAVES = ("morning", "midday", "evening")
GREEDY = ("engine: auto, seconds: 10", "engine: greedy, seconds: 1")


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path, make: Any, market_config: Callable[..., Config]) -> Iterator[App]:
    """The shipped market with one rider, two sellers and a coordinator, who is not on any chat."""
    store = open_store(sqlite_url)
    clock = SteppedClock(make.at("12:00", make.eve))
    versions = Versions(store, tmp_path / "config.yaml")
    versions.take_up(market_config(GREEDY), clock.now(), "test")
    planner = Planner(workers=1)
    app = App(
        config_path=tmp_path / "config.yaml", store=store, clock=clock, versions=versions, planner=planner, environ={}
    )
    people = [make.rider(), make.seller("S01"), make.seller("S02", location=make.bang_kung), make.coordinator()]
    store.save_members(people, actor="test", at=clock.now())
    yield app
    planner.close()
    store.close()


@pytest.mark.parametrize("approved", [WAVES, WAVES[::-1]], ids=["in the order of the day", "the other way round"])
def test_the_previews_of_a_day_add_up_to_what_is_written(app: App, make: Any, approved: Sequence[str]) -> None:
    """Two buyers without a pin are asked once each, whichever wave is approved first, and counted once."""
    windows = {"morning": ("07:00", "09:00"), "midday": ("11:00", "13:00"), "evening": ("16:00", "18:30")}
    orders = [make.order(number, window=windows[wave]) for number, wave in enumerate(WAVES, 1)]
    orders += [make.order(4, at=None), make.order(5, at=None, buyer=make.person("ยายมี", consent=False))]
    app.take_orders(orders, actor="test")
    for action in (Action.CLOSE, Action.PLAN):
        for wave in WAVES:
            assert app.waves.perform(Step(at=app.clock.now(), action=action, date=make.day, wave=wave))
    shown = {wave["wave"]: wave for wave in views.plans(app, make.day)["waves"]}
    for wave in approved:
        assert app.waves.approve(shown[wave]["plan_id"], actor="C1").outcome is Approval.APPROVED
    written = app.store.messages()
    promised: Counter[str] = Counter()
    for wave in shown.values():
        promised.update(wave["messages"]["by_kind"])
    assert promised == Counter(message.kind for message in written)
    assert promised["ask_pin"] == 2
    calls = sum(wave["messages"]["phone_calls"] for wave in shown.values())
    assert calls == sum(message.state == "suppressed" for message in written) == 1


def test_the_phone_list_names_who_may_not_have_heard_what_matters(app: App, make: Any) -> None:
    """A critical message of which nobody can tell is phoned; one that only informs is not."""
    messages = [make.message(number, klass=klass) for number, klass in enumerate(("critical", "informative"), 1)]
    at = messages[0].send_at
    app.store.add_messages(messages, actor="test", at=app.clock.now())
    app.store.wake_messages(at)
    app.store.claim_messages(at, channel="console", holder="dead", limit=9, lease_seconds=1)
    app.store.begin_attempts([AttemptStart(message_id=each.id, payload={}, at=at) for each in messages], holder="dead")
    app.store.expire_leases(at, channel="console", whole=True)
    assert {message.state for message in app.store.messages()} == {"unknown"}
    assert [call["message_id"] for call in views.calls(app, make.day)["calls"]] == [messages[0].id]


def test_what_matters_and_does_not_go_out_is_phoned_in_time(app: App, make: Any) -> None:
    """A service that is down: not at once, then as one that is still tried, at last as too late; told in words."""
    at = make.message().send_at
    told = [make.message(1, klass="critical", state="retry"), make.message(2, state="retry")]
    told.append(make.message(3, klass="critical", state="ready", attempts=()))
    app.store.add_messages(told, actor="test", at=at)

    def listed(now: Any) -> list[tuple[str, str]]:
        app.clock.set(now)  # type: ignore[attr-defined]
        return [(call["message_id"], call["message"]["en"]) for call in views.calls(app, make.day)["calls"]]

    waits = "it has not gone out so far, and is still tried"
    assert listed(at + dt.timedelta(minutes=14)) == []
    assert listed(at + dt.timedelta(minutes=15)) == [(told[0].id, waits), (told[2].id, waits)]
    app.store.wake_messages(told[0].expires_at)
    late = "it could not be sent in time"
    assert listed(told[0].expires_at) == [(told[0].id, late), (told[2].id, late)]


@pytest.mark.parametrize(
    ("kind", "event", "state", "channel", "listed"),
    [
        ("sos", "heard:line:1:1", "failed", "telegram", True),
        ("sos", "heard:line:1:1", "suppressed", None, True),
        ("word", "heard:line:1:1", "expired", "telegram", True),
        ("word", "heard:line:1:1", "failed", "telegram", True),
        ("escalation", "config_broken:1", "unknown", "telegram", True),
        ("escalation", "config_broken:1", "expired", "telegram", True),
        ("escalation", "config_broken:1", "suppressed", "telegram", True),
        ("escalation", "config_broken:1", "suppressed", None, False),
        ("help", "heard:line:1:0", "failed", "line", False),
    ],
)
def test_alarms_that_nobody_got_are_phoned(
    app: App, make: Any, kind: str, event: str, state: str, channel: str | None, listed: bool
) -> None:
    """Also of no day's orders, on the day that they were due; not once a coordinator has heard, whoever it was."""
    klass = "critical" if kind in {"sos", "escalation"} else "informative"
    lost = make.message(1, kind=kind, klass=klass, event=event, state=state, channel=channel, date=None, wave=None)
    lost = replace(lost, role=Role.COORDINATOR, member_ref="C1", plan_id=None, order_ids=())
    app.store.add_messages([lost], actor="test", at=app.clock.now())
    day = lost.send_at.date()
    assert [call["message_id"] for call in views.calls(app, day)["calls"]] == [lost.id] * listed
    assert views.calls(app, day + dt.timedelta(days=1))["calls"] == []
    other = event[:-1] + "2" if event.startswith("heard:") else event
    heard = replace(lost, id=make.message(2).id, event=other, member_ref="C2", state="accepted")
    app.store.add_messages([heard], actor="test", at=app.clock.now())
    assert views.calls(app, day)["calls"] == []
