"""The month's budget over rows: what there is no room for is called back, unless it costs nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

from channels.line import Quota
from scheduler.budget import LineBudget
from scheduler.clock import SteppedClock
from scheduler.versions import Versions
from storage import Store


def test_what_shares_a_push_with_something_that_must_go_is_not_left_out(
    store: Store, tmp_path: Path, make: Any, market_config: Callable[..., Any]
) -> None:
    """A window alone is called back when the month runs short; one to who hears of a change at the same time goes."""
    clock = SteppedClock(make.at("19:00", make.eve))
    versions = Versions(store, tmp_path / "config.yaml")
    versions.take_up(market_config(), clock.now(), "test")
    budget = LineBudget(store, versions, lambda: clock)
    budget.note(Quota(limit=10, used=10))
    due = {"channel": "line", "state": "ready", "send_at": clock.now() - dt.timedelta(minutes=1)}
    told = [
        make.message(1, address="U1", **due),
        make.message(2, address="U2", **due),
        make.message(3, address="U2", kind="changed", klass="critical", **due),
    ]
    store.add_messages(told, actor="test", at=clock.now())
    assert budget.withhold() == 1
    assert [message.state for message in store.messages()] == ["suppressed", "ready", "ready"]


def test_the_coordinators_hear_once_that_the_month_runs_short(
    store: Store, tmp_path: Path, make: Any, market_config: Callable[..., Any]
) -> None:
    """At 80 % each coordinator is written to, once in the month; again when something is left out; never before."""
    clock = SteppedClock(make.at("19:00", make.eve))
    versions = Versions(store, tmp_path / "config.yaml")
    versions.take_up(market_config(), clock.now(), "test")
    store.save_members([make.coordinator("C1"), make.coordinator("C2")], actor="test", at=clock.now())
    budget = LineBudget(store, versions, lambda: clock)
    written = []
    for used in (80, 81, 90, 100, 101, 102):
        budget.note(Quota(limit=100, used=used))
        written.append(budget.tell())
        clock.set(clock.now() + dt.timedelta(minutes=15))
    assert written == [0, 2, 0, 0, 2, 0]
    said = [message for message in store.messages() if message.member_ref == "C1"]
    assert [message.event for message in said] == ["line_nearly_used:2026-11:100", "line_short:2026-11:100"]
    assert "81 จาก 100 ข้อความ" in said[0].text
    assert "None" not in said[0].text
