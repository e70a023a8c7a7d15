"""LINE's monthly count: the forecast covers what it says it covers, and what is dropped is what may be dropped."""

from __future__ import annotations

import datetime as dt
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.quota import NEVER_DROPPED, budget, forecast, month_of

KINDS = ["window", "receipt", "eta", "digest", "route", "changed", "cancelled", "pick_list"]
COUNTS = st.dictionaries(st.sampled_from(KINDS), st.integers(0, 300))
BANGKOK = dt.timezone(dt.timedelta(hours=7))


def test_months_of_like_days_end_within_their_forecasts() -> None:
    """Over many months p50 is passed in about half of them, p90 in about a tenth."""
    random = Random(7)
    trials, over_half, over_ninety = 2000, 0, 0
    for _ in range(trials):
        days = [max(0, round(random.gauss(100, 25))) for _ in range(26)]
        seen, rest = days[:13], days[13:]
        said = forecast(sum(seen), 0, seen, len(rest))
        over_half += sum(days) > said.p50
        over_ninety += sum(days) > said.p90
    assert 0.45 < over_half / trials < 0.55
    assert 0.06 < over_ninety / trials < 0.14


@given(
    limit=st.none() | st.integers(0, 20_000),
    used=st.integers(0, 20_000),
    waiting=COUNTS,
    days=st.lists(COUNTS, max_size=20),
    days_left=st.integers(0, 30),
    drop=st.lists(st.sampled_from([*KINDS, "availability"]), unique=True),
)
def test_no_more_is_dropped_than_helps_and_never_what_must_be_said(
    limit: int | None,
    used: int,
    waiting: dict[str, int],
    days: list[dict[str, int]],
    days_left: int,
    drop: list[str],
) -> None:
    """Kinds go in the configured order, only while p90 passes the limit; assignments and changes never do."""
    told = {"month": "2026-11", "used": used, "days": days, "days_left": days_left, "warn_percent": 80}
    found = budget(limit=limit, waiting=waiting, drop=drop, **told)  # type: ignore[arg-type]
    assert not NEVER_DROPPED & set(found.dropped)
    may = [kind for kind in drop if kind not in NEVER_DROPPED]
    assert list(found.dropped) == may[: len(found.dropped)]
    assert found.forecast.p50 <= found.forecast.p90
    if limit is None:
        assert (found.dropped, found.warn, found.left) == ((), False, None)
        return
    assert found.warn == (found.forecast.p90 * 100 > limit * 80)
    assert bool(found.dropped) == (found.forecast.p90 > limit and bool(may))
    assert found.left == max(0, limit - used - sum(waiting[kind] for kind in waiting if kind not in found.dropped))


@pytest.mark.parametrize(
    ("used", "waiting", "days", "left", "p50", "p90"),
    [
        (120, 30, [], 20, 150, 150),  # nothing seen, nothing foreseen
        (120, 30, [60, 60], 0, 150, 150),  # the month is over
        (120, 0, [60, 60], 10, 720, 720),  # every day alike
        (60, 0, [60], 1, 120, 229),  # one day says nothing of how days differ
    ],
)
def test_a_forecast_by_hand(used: int, waiting: int, days: list[int], left: int, p50: int, p90: int) -> None:
    """Small cases as one would reckon them on paper."""
    said = forecast(used, waiting, days, left)
    assert (said.p50, said.p90) == (p50, p90)


def test_a_month_is_the_markets() -> None:
    """The last evening of a month in Bangkok is still that month, whatever UTC says, and December has an end."""
    assert month_of(dt.datetime(2026, 12, 1, 3, 0, tzinfo=BANGKOK))[0] == "2026-12"
    assert month_of(dt.datetime(2026, 12, 31, 23, 0, tzinfo=BANGKOK)) == (
        "2026-12",
        dt.date(2026, 12, 1),
        dt.date(2027, 1, 1),
    )
