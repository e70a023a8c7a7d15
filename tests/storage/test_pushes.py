"""What was pushed, counted as the service counts it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from storage import AttemptEnd, AttemptStart, QuotaReading, Role, Store

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


def send(store: Store, make: Any, *messages: Any, state: str = "accepted") -> None:
    store.add_messages(messages, actor="app", at=make.at)
    claimed = store.claim_messages(make.at, channel="line", holder="h", limit=99, lease_seconds=9, together=5)
    starts = [AttemptStart(message_id=m.id, payload={}, bundle=f"request {m.address}", at=make.at) for m in claimed]
    store.begin_attempts(starts, holder="h")
    ends = [AttemptEnd(message_id=each.id, at=make.at, state=state, outcome=state) for each in claimed]
    store.finish_attempts(ends, holder="h")


def test_a_push_counts_once_by_day_kind_and_reader(store: Store, make: Any) -> None:
    """What the service took in a span counts, a request once; what failed or waits does not."""
    send(
        store,
        make,
        make.message(1, state="ready"),
        make.message(2, state="ready", kind="route", role=Role.RIDER),
        make.message(3, state="ready", address="U3"),
        make.message(4, state="ready", address="U3", kind="changed", klass="critical"),
    )
    send(store, make, make.message(5, state="ready", address="U9"), state="failed")
    store.add_messages([make.message(6, send_at=make.at + HOUR, date=make.day + DAY)], actor="app", at=make.at)

    span = (make.at - HOUR, make.at + HOUR)
    assert store.pushed("line", *span) == 3
    assert store.pushed("line", *span, role=Role.RIDER) == 1
    assert store.pushed("line", make.at + HOUR, make.at + 2 * HOUR) == 0
    assert store.pushed("telegram", *span) == 0
    assert store.pushes_by_day("line", make.day, make.day) == {make.day: {"window": 1, "route": 1, "changed": 1}}
    assert store.pushes_by_day("line", make.day + DAY, make.day + DAY) == {}
    assert store.pushes_waiting("line", make.at + 2 * HOUR) == {make.day + DAY: {"window": 1}}
    assert store.pushes_waiting("line", make.at + HOUR) == {}


def test_what_waits_for_one_person_at_one_moment_is_one_push(store: Store, make: Any) -> None:
    """Counted under what would be sent without the rest; another moment or another person is another push."""
    later = make.at + HOUR
    store.add_messages(
        [
            make.message(1, address="U1"),
            make.message(2, address="U1", kind="cancelled", klass="critical"),
            make.message(3, address="U1", send_at=later),
            make.message(4, address="U4", kind="summary", state="ready"),
            make.message(5, address="U4", state="retry", not_before=later),
            make.message(6, address="U6", via="reply"),
        ],
        actor="app",
        at=make.at,
    )
    waiting = store.pushes_waiting("line", later + HOUR)
    assert waiting == {make.day: {"cancelled": 1, "window": 1, "summary": 1}}


def test_a_late_count_does_not_turn_the_month_back(store: Store, make: Any) -> None:
    """Within a month the used count only grows; another month is counted by itself."""
    first = QuotaReading(channel="line", month="2026-11", limit=300, used=120, at=make.at)
    store.note_quota(first, actor="channel:line")
    store.note_quota(replace(first, used=90, at=make.at + HOUR), actor="channel:line")
    assert store.quota_reading("line", "2026-11") == first
    later = replace(first, limit=None, used=120, at=make.at + HOUR)
    store.note_quota(later, actor="channel:line")
    assert store.quota_reading("line", "2026-11") == later
    assert store.quota_reading("line", "2026-12") is None
