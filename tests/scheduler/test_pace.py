"""Turns: no service's limit is ever passed, however the process stalls, and little of it is left unused."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from line_server import LIMIT as LINE_LIMIT
from line_server import LIMITS as LINE_LIMITS

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
    """Waits for the turn of a call to `address` as a sender does, `stall` seconds longer; when it starts and ends."""
    time.now += pace.chat_wait(address)
    time.now += pace.account_wait("send") + stall
    while wait := pace.account_wait("send"):
        time.now += wait
    pace.begin("send")
    pace.end(address)
    return time.now


Travel = Callable[[], tuple[float, float]]
"""Seconds from a call's start to its arrival, and from there to its end."""


def arrivals(
    pace: Pace,
    time: Time,
    calls: int,
    travel: Travel,
    stalls: Callable[[], float],
    width: int,
    verbs: Sequence[str] = ("send",),
) -> list[float]:
    """When each of `calls` arrives at the service, from a sender that has up to `width` under way, each to a new chat;
    `stalls` says how long the process stands still before it sees that a call's turn has come."""
    came, ends = list[float](), list[tuple[float, str]]()

    def until(moment: float) -> None:
        """Moves the clock, and ends what ends in the meantime, as late as a process that stood still sees it."""
        for end, address in sorted(each for each in ends if each[0] <= moment):
            time.now = max(time.now, end)
            pace.end(address)
            ends.remove((end, address))
        time.now = max(time.now, moment)

    for number in range(calls):
        while len(ends) >= width:
            until(min(ends)[0])
        verb = verbs[number % len(verbs)]
        while wait := pace.account_wait(verb):
            until(time.now + wait)
        time.now += stalls()
        ends[:] = [(max(end, time.now), address) for end, address in ends]  # nothing is seen to end meanwhile
        while wait := pace.account_wait(verb):
            until(time.now + wait)
        pace.begin(verb)
        there, back = travel()
        came.append(time.now + there)
        ends.append((time.now + there + back, f"{number}"))
    return sorted(came)


def fullest(moments: list[float], seconds: float) -> int:
    """The most of these sorted moments within any half-open span of `seconds`."""
    return max(bisect_left(moments, first + seconds - EASE) - at for at, first in enumerate(moments))


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
    assert fullest([at for at, _ in starts], 1.0) <= 30
    for chat in {address for _, address in starts}:
        own = [at for at, address in starts if address == chat]
        least = TELEGRAM.group if chat.startswith("-") else TELEGRAM.chat
        assert all(later - earlier >= least - EASE for earlier, later in pairwise(own))


@given(
    seed=st.integers(0, 2**32),
    slowest=st.sampled_from([0.01, 0.3, 2.0, 10.0]),
    stall=st.sampled_from([0.0, 0.05, 0.7, 3.0]),
    width=st.integers(1, 64),
)
def test_however_unevenly_calls_travel_no_second_at_telegram_is_too_full(
    seed: int, slowest: float, stall: float, width: int
) -> None:
    """Any times on the way there and back, any standing still of ours: within a second never more than 30 arrive, taps
    that are answered and menus among them."""
    time, chance = Time(), random.Random(seed)
    pace = Pace(TELEGRAM, now=time)
    came = arrivals(
        pace,
        time,
        150,
        lambda: (chance.uniform(0, slowest) * chance.choice([0, 0.1, 1]), chance.uniform(0, slowest / 10)),
        lambda: chance.choice([0.0] * 9 + [stall]),
        width,
        ["send", "heard", "send", "offer"],
    )
    assert fullest(came, 1.0) <= 30


@given(seed=st.integers(0, 2**32))
def test_what_unevenness_costs_is_bounded(seed: int) -> None:
    """With up to 50 ms for a call and stalls of up to 80 ms, 95 of 100 possible calls are made."""
    time, chance = Time(), random.Random(seed)
    pace = Pace(TELEGRAM, now=time)
    came = arrivals(
        pace,
        time,
        30 * 60,
        lambda: (chance.uniform(0.001, 0.03), chance.uniform(0.001, 0.02)),
        lambda: chance.choice([0.0] * 49 + [0.08]),
        16,
    )
    assert fullest(came, 1.0) <= 30
    assert (len(came) - 1) / (came[-1] - came[0]) >= 0.95 * 30


def test_a_chat_rests_from_the_end_of_a_call() -> None:
    """However long a call took, the next to its chat starts a second after it ended: they cannot arrive closer."""
    time = Time()
    pace = Pace(TELEGRAM, now=time)
    for address, distance in (("1", TELEGRAM.chat), ("-9", TELEGRAM.group)):
        time.now += pace.chat_wait(address)
        pace.begin("send")
        time.now += 7
        pace.end(address)
        assert pace.chat_wait(address) == pytest.approx(distance)


def test_hardly_anything_is_left_unused() -> None:
    """With enough chats waiting, more than 95 of 100 possible calls are made; at LINE's pace too."""
    for limits, best in ((TELEGRAM, 30), (LIMITS["line"], 1500)):
        time = Time()
        pace = Pace(limits, now=time)
        starts = [started(pace, time, f"{number}") for number in range(10 * best)]
        assert 0.95 * best <= len(starts) / (starts[-1] - starts[0]) <= best + 1


@pytest.mark.parametrize(
    ("verb", "endpoints"),
    [
        ("send", [("POST", "/v2/bot/message/push")]),
        ("reply", [("POST", "/v2/bot/message/reply")]),
        (
            "offer",
            [
                ("GET", "/v2/bot/richmenu/list"),
                ("POST", "/v2/bot/user/{user}/richmenu/{menu}"),
                ("DELETE", "/v2/bot/user/{user}/richmenu"),
            ],
        ),
    ],
)
def test_each_of_lines_endpoints_has_its_own_pace(verb: str, endpoints: list[tuple[str, str]]) -> None:
    """Below the limit of every endpoint that the verb may call, with a quarter to spare; no other verb holds it up."""
    allowed = min(calls / seconds for calls, seconds in (LINE_LIMITS.get(each, LINE_LIMIT) for each in endpoints))
    time = Time()
    pace = Pace(LIMITS["line"], now=time)
    others = [each for each in ("send", "reply", "offer") if each != verb]
    starts = list[float]()
    for _ in range(round(10 * allowed)):
        while wait := pace.account_wait(verb):
            time.now += wait
        for each in (verb, *others):
            pace.begin(each)
            pace.end(None)
        starts.append(time.now)
    assert fullest(starts, 1.0) <= 0.85 * allowed
    assert 0.65 * allowed <= len(starts) / (starts[-1] - starts[0]) <= 0.76 * allowed


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


def test_a_rest_outlives_a_takeover() -> None:
    """What the last sender was told holds for the next: a chat's own, of two chats the whole account; none of LINE's,
    which says no length."""
    for limits, resting, chat, account in (
        (TELEGRAM, {"1": 30.0}, 30.0, 0.0),
        (TELEGRAM, {"1": 30.0, "2": 9.0}, 30.0, 30.0),
        (LIMITS["line"], {"1": 30.0}, 0.0, 0.0),
    ):
        pace = Pace(limits, now=Time())
        pace.start(resting)
        assert (pace.chat_wait("1"), pace.rest_left()) == (chat, account)
        assert pace.chat_wait("3") == account
        pace.start()
        assert pace.rest_left() == 0.0
