"""Turns: no service's limit is ever passed, however the process stalls, and little of it is left unused."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.outbox.pace import LIMITS, Limits, Pace

TELEGRAM = LIMITS["telegram"]
EASE = 1e-9  # what adding floats may cost


class Time:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def started(pace: Pace, time: Time, address: str, stall: float = 0.0) -> float:
    """Waits for the turn of a call to `address` as a sender does, `stall` seconds longer; when the call starts."""
    time.now += pace.chat_wait(address)
    time.now += pace.account_wait() + stall
    pace.begin(address)
    return time.now


def most_within(moments: list[float], seconds: float) -> int:
    """The most calls that start within any half-open span of `seconds`."""
    return max(sum(first <= other < first + seconds - EASE for other in moments) for first in moments)


@given(
    st.lists(
        st.tuples(st.sampled_from(["1", "2", "3", "-9"]) | st.integers(10, 99).map(str), st.sampled_from([0, 0, 0.3])),
        min_size=30,
        max_size=80,
    )
)
def test_telegrams_limits_hold_through_stalls(calls: list[tuple[str, float]]) -> None:
    """In any second at most thirty calls, and one to a chat; in any minute twenty to a group."""
    time = Time()
    pace = Pace(TELEGRAM, now=time)
    starts = [(started(pace, time, address, stall), address) for address, stall in calls]
    assert most_within([at for at, _ in starts], 1.0) <= 30
    for chat in {address for _, address in starts}:
        own = [at for at, address in starts if address == chat]
        least = TELEGRAM.group if chat.startswith("-") else TELEGRAM.chat
        assert all(later - earlier >= least - EASE for earlier, later in pairwise(own))


def test_hardly_anything_is_left_unused() -> None:
    """With enough chats waiting, more than 95 of 100 possible calls are made; at LINE's pace too."""
    for limits, best in ((TELEGRAM, 30), (LIMITS["line"], 1500)):
        time = Time()
        pace = Pace(limits, now=time)
        starts = [started(pace, time, f"{number}") for number in range(10 * best)]
        assert 0.95 * best <= len(starts) / (starts[-1] - starts[0]) <= best + 1


def test_who_takes_over_starts_with_nothing_saved() -> None:
    """The first call after a takeover waits a second, the first to a group its whole distance."""
    time = Time()
    pace = Pace(TELEGRAM, now=time)
    for number in range(5):
        started(pace, time, f"{number}")
    pace.start()
    taken = time.now
    assert started(pace, time, "1") == pytest.approx(taken + 1.0)
    assert started(pace, time, "-9") == pytest.approx(taken + TELEGRAM.group)


def test_a_chat_told_to_rest_rests_alone_until_a_second_is_told_so() -> None:
    """One chat's flood wait is its own; the second's while it lasts is the whole account's, to the last second."""
    time = Time()
    pace = Pace(TELEGRAM, now=time)
    pace.rest("1", 7)
    assert (pace.chat_wait("1"), pace.chat_wait("2"), pace.rest_left()) == (7, 0, 0)
    pace.rest("2", 5)
    assert pace.chat_wait("3") == pace.rest_left() == 7
    time.now += 7
    assert [pace.chat_wait(address) for address in ("1", "2", "3")] == [0, 0, 0]


def test_where_chats_have_no_limit_a_rest_is_the_accounts() -> None:
    """LINE's rate limit counts the account: whoever it was that heard of it, all wait."""
    time = Time()
    pace = Pace(LIMITS["line"], now=time)
    pace.rest("U1", 3)
    assert pace.chat_wait("U2") == 3


def test_without_limits_nothing_waits() -> None:
    """The console, and what has no limit named, is not paced."""
    time = Time()
    pace = Pace(Limits(), now=time)
    assert len({started(pace, time, "x") for _ in range(100)}) == 1
