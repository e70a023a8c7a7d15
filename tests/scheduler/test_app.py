"""One market put together: what a tick finds to do after a long time off, and what one day's walk leaves alone."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import House
from samples import DAY, config_text

from scheduler import app as application
from scheduler.app import App
from scheduler.clock import SteppedClock
from scheduler.walk import walk


@pytest.fixture
def app(tmp_path: Path, sqlite_url: str, make: Any) -> Iterator[App]:
    """The market at noon of the day before, with one order for the next noon and a rider."""
    house = House(folder=tmp_path, url=sqlite_url)
    house.config.write_text(config_text(edits={"engine: auto": "engine: greedy"}), encoding="utf-8")
    clock = SteppedClock(make.at("12:00", make.eve))
    opened = application.build(config_path=house.config, environ=house.settings(), clock=clock)
    opened.store.save_members([make.rider(), make.seller(), make.coordinator()], actor="test", at=clock.now())
    opened.take_orders([make.order(1)], actor="test")
    yield opened
    asyncio.run(opened.close())


@pytest.mark.parametrize("off", [dt.timedelta(days=2), dt.timedelta(days=9)])
@pytest.mark.parametrize("approved", [False, True])
def test_no_wave_is_left_behind_however_long_the_machine_was_off(
    app: App, make: Any, off: dt.timedelta, approved: bool
) -> None:
    """Planned or approved, it is called off at the next tick, its order rides in a wave to come and its buyer hears."""
    clock = app.clock
    assert isinstance(clock, SteppedClock)
    clock.set(make.at("18:00", make.eve))
    app.tick()
    run = app.waves.run(dt.date.fromisoformat(DAY), "midday")
    assert run is not None
    assert run.state == "planned"
    if approved:
        app.waves.approve(run.plan_id or "", actor="C1")
    back = make.at("09:00", make.day) + off
    clock.set(back)
    app.tick()
    assert {each.state for each in app.store.runs(date=run.date)} == {"cancelled"}
    (order,) = app.store.orders()
    assert order.legs[0].state == "received"
    assert order.legs[0].date >= back.date()
    assert [message.kind for message in app.store.messages(order_id=order.order_id, states={"held"})] == ["changed"]


def test_a_days_walk_says_nothing_of_another_day(app: App, make: Any) -> None:
    """What is written for the next day waits for its own hour, whatever day is walked through meanwhile."""
    clock = app.clock
    assert isinstance(clock, SteppedClock)
    clock.set(make.at("18:00", make.eve))
    app.tick()
    run = app.waves.run(make.day, "midday")
    assert run is not None
    app.waves.approve(run.plan_id or "", actor="C1")
    written = app.store.messages()
    assert {message.state for message in written} == {"held"}
    for date, wave in ((make.eve, None), (make.day, "evening")):
        asyncio.run(walk(app, date, only_wave=wave))
    assert app.store.messages() == written
    asyncio.run(walk(app, make.day, only_wave="midday", approve=True))
    assert {message.state for message in app.store.messages()} == {"accepted"}
