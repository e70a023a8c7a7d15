"""A small market of the shipped config with three days of orders, as plain values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from scheduler.config import Config, parse
from scheduler.preview.replay import Past

SAMPLE = (Path(__file__).parents[3] / "config.yaml").read_text(encoding="utf-8")
DAYS = [dt.date(2026, 11, 24) + dt.timedelta(days=ahead) for ahead in range(3)]

Edited = Callable[..., Config]


@pytest.fixture(scope="session")
def config() -> Config:
    return parse(SAMPLE)


@pytest.fixture(scope="session")
def edited() -> Edited:
    """The shipped config with each text replaced by another."""

    def edit(*edits: tuple[str, str]) -> Config:
        text = SAMPLE
        for old, new in edits:
            assert old in text, old
            text = text.replace(old, new)
        return parse(text)

    return edit


def without(*zones: str) -> str:
    """The shipped config's text without these zones."""
    text = SAMPLE
    for zone in zones:
        start = text.index(f"  - id: {zone}\n")
        ends = [end for mark in ("\n  - id:", "\n\n") if (end := text.find(mark, start + 5)) > 0]
        text = text[:start] + text[min(ends) + 1 :]
    return text


@pytest.fixture
def past(make) -> Past:  # type: ignore[no-untyped-def]
    """Two orders a day in each of three zones, two riders, one seller."""
    places = [make.talat, make.bang_kung, make.bang_chana]
    orders = [
        make.order(10 * day + number, date=date, placed_on=date - dt.timedelta(days=1), at=places[number % 3])
        for day, date in enumerate(DAYS)
        for number in range(6)
    ]
    sellers = {"S01": make.seller()}
    return Past(orders=orders, riders=[make.rider("R1"), make.rider("R2", home=make.bang_kung)], sellers=sellers)
