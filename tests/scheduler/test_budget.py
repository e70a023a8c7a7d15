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
from storage import AttemptEnd, AttemptStart, Store


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


def test_what_waits_to_be_tried_again_is_left_out_too(
    store: Store, tmp_path: Path, make: Any, market_config: Callable[..., Any]
) -> None:
    """Unless LINE may have taken it, or it is part of a request that goes out all the same."""
    clock = SteppedClock(make.at("19:00", make.eve))
    versions = Versions(store, tmp_path / "config.yaml")
    versions.take_up(market_config(), clock.now(), "test")
    budget = LineBudget(store, versions, lambda: clock)
    budget.note(Quota(limit=10, used=10))
    at = clock.now()
    due = {"channel": "line", "state": "ready", "send_at": at - dt.timedelta(minutes=1)}
    told = [make.message(number, address=f"U{number}", **due) for number in (1, 2, 3)]
    told.append(make.message(4, address="U3", kind="changed", klass="critical", **due))
    store.add_messages(told, actor="test", at=at)
    claimed = store.claim_messages(at, channel="line", holder="t", limit=9, lease_seconds=9, together=5)
    assert len(claimed) == 4
    starts = [AttemptStart(message_id=each.id, payload={}, bundle=each.address, at=at) for each in claimed]
    store.begin_attempts(starts, holder="t")
    ends = [
        AttemptEnd(message_id=each.id, at=at, state="retry", outcome=outcome, not_before=at + dt.timedelta(minutes=1))
        for each in claimed
        for outcome in ["unknown" if each.address == "U2" else "later"]
    ]
    store.finish_attempts(ends, holder="t")
    assert budget.withhold() == 1
    assert [message.state for message in store.messages()] == ["suppressed", "retry", "retry", "retry"]
