"""Loops that must not end: a failure is told once, does not stop the next turn, is known while it lasts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest

import storage
from scheduler.loops import Loops


class Told(Exception):
    """An error whose words may be shown."""


def turned(loops: Loops, turns: Iterator[Exception | None]) -> list[dict[str, str]]:
    """What was failing after each turn of one loop; it is stopped when there are no more."""
    seen: list[dict[str, str]] = []

    async def through() -> None:
        stop = asyncio.Event()

        async def turn() -> float:
            seen.append(dict(loops.failing))
            try:
                failure = next(turns)
            except StopIteration:
                stop.set()
                return 0.0
            if failure is not None:
                raise failure
            return 0.0

        await asyncio.wait_for(loops.keep("post", turn, asyncio.Event(), stop), 30)

    asyncio.run(through())
    return seen[1:]


def test_a_failed_turn_is_followed_by_the_next(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever it was; the log has it in full the first time, is silent while it stays, and says when it is over."""
    caplog.set_level(logging.INFO)
    bad: list[Exception | None] = [KeyError("title"), KeyError("title"), storage.Unreachable("away"), None]
    assert turned(Loops(pause=0), iter(bad)) == [
        {"post": "KeyError"},
        {"post": "KeyError"},
        {"post": "Unreachable"},
        {},
    ]
    logged = [(record.exc_info is not None, record.getMessage()) for record in caplog.records]
    assert logged == [
        (True, "post: it failed; trying again"),
        (True, "post: the database did not answer; trying again"),
        (False, "post: well again"),
    ]


def test_only_words_of_our_own_are_shown() -> None:
    """What anybody may ask for names the kind of error; its words may hold a token or a name."""
    loops = Loops(pause=0, telling=(Told,))
    bad: list[Exception | None] = [ValueError("123:token"), Told("SONGSUK_X is not set")]
    assert turned(loops, iter(bad)) == [{"post": "ValueError"}, {"post": "Told: SONGSUK_X is not set"}]
    loops.well("post")
    assert loops.failing == {}


def test_a_failing_loop_does_not_spin() -> None:
    """After a failure it rests its pause, however often it is woken; being asked to stop ends the rest."""
    turns = 0

    async def through() -> None:
        nonlocal turns
        stop, woken = asyncio.Event(), asyncio.Event()

        async def turn() -> float:
            nonlocal turns
            turns += 1
            woken.set()
            asyncio.get_running_loop().call_soon(stop.set)
            raise KeyError

        await asyncio.wait_for(Loops(pause=3600).keep("post", turn, woken, stop), 30)

    asyncio.run(through())
    assert turns == 1
