"""A market brought back from a backup: what may have ridden meanwhile waits for a person, who says which it was."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from commands import House
from samples import config_text

from scheduler import app as application
from scheduler.app import App
from scheduler.clock import SteppedClock
from storage import Approval, Message, Order, Run
from storage.backup import backup, restore

AT_DEADLINE = {"at_deadline: hold": "at_deadline: roll_over"}


class Market:
    """A market on a database of its own, whose clock is set from tick to tick."""

    def __init__(self, folder: Path, url: str, make: Any, moment: dt.datetime, edits: dict[str, str]) -> None:
        self.url, self.make, self.edits = url, make, edits
        house = House(folder=folder, url=url)
        house.config.write_text(config_text(edits={"engine: auto": "engine: greedy"} | edits), encoding="utf-8")
        self.clock = SteppedClock(moment)
        self.app: App = application.build(config_path=house.config, environ=house.settings(), clock=self.clock)
        self.store, self.waves = self.app.store, self.app.waves

    def tick(self, clock: str, on: dt.date) -> None:
        self.clock.set(self.make.at(clock, on))
        self.app.tick()

    def run(self) -> Run:
        found = self.waves.run(self.make.day, "midday")
        assert found is not None
        return found

    def leg(self, number: int = 1) -> tuple[str, dt.date, str | None, str | None]:
        (order,) = self.store.orders(order_ids=[f"SR-{number:04}"])
        leg = order.legs[0]
        return leg.state, leg.date, leg.wave, leg.reason

    def asked(self) -> list[Message]:
        """What the coordinators were told of a wave that may have ridden."""
        told = self.store.messages(kinds={"escalation"})
        return [each for each in told if each.event.startswith("may_have_ridden:")]

    def of_orders(self) -> list[tuple[str, str, str]]:
        """What was said of orders, and to whom."""
        return sorted((each.kind, each.member_ref, each.text) for each in self.store.messages() if each.order_ids)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, of each kind, to bring a market back into."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/brought_back.db"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


class Markets:
    """Opens markets in one folder, and brings them back."""

    def __init__(self, folder: Path, url: str, make: Any) -> None:
        self.folder, self.url, self.make, self.open = folder, url, make, list[Market]()

    def new(self, *orders: Order, edits: dict[str, str] | None = None) -> Market:
        """At noon of the eve, with a rider, a seller and a coordinator."""
        market = Market(self.folder, self.url, self.make, self.make.at("12:00", self.make.eve), edits or {})
        self.open.append(market)
        people = [self.make.rider(), self.make.seller(), self.make.coordinator(language="en")]
        market.store.save_members(people, actor="test", at=market.clock.now())
        market.app.take_orders(orders or [self.make.order(1)], actor="test")
        return market

    def back(self, old: Market, url: str, clock: str, on: dt.date, *, at_rest: bool = False) -> Market:
        """Another market, of a backup that is taken of `old` as it stands, at that moment."""
        path, moment = self.folder / "market.zip", self.make.at(clock, on)
        backup(old.url, path, old.clock.now())
        restore(url, path, moment, at_rest=at_rest)
        self.open.append(Market(self.folder, url, self.make, moment, old.edits))
        return self.open[-1]


@pytest.fixture
def opened(tmp_path: Path, sqlite_url: str, make: Any) -> Iterator[Markets]:
    found = Markets(tmp_path, sqlite_url, make)
    yield found
    for market in found.open:
        asyncio.run(market.app.close())


def planned(opened: Markets, make: Any, *orders: Order, **options: Any) -> Market:
    """The market on the eve, its midday wave planned and not approved."""
    market = opened.new(*orders, **options)
    market.tick("18:00", make.eve)
    assert market.run().state == "planned"
    return market


def before(opened: Markets, make: Any, state: str) -> Market:
    """The market on the eve, its midday wave in this state."""
    if state == "planned":
        return planned(opened, make)
    market = opened.new()
    if state == "closed":
        market.clock.set(make.at("18:00", make.eve))
        assert market.waves.close(make.day, "midday", actor="clock") is not None
    return market


@pytest.mark.parametrize("state", ["open", "closed", "planned"])
def test_a_wave_that_may_have_ridden_waits_for_a_person(opened: Markets, make: Any, empty_url: str, state: str) -> None:
    """However often the clock looks: it is not called off, not planned for nothing, and told of once; empty waves are
    called off, and no buyer hears anything."""
    old = before(opened, make, state)
    back = opened.back(old, empty_url, "14:00", make.day)
    for clock, on in (
        ("14:00", make.day),
        ("14:00:02", make.day),
        ("17:00", make.day),
        ("09:00", dt.date(2026, 12, 1)),
    ):
        back.tick(clock, on)
    stays = "planned" if state == "planned" else "closed"
    assert (back.run().state, len(back.store.plans(make.day, "midday"))) == (stays, stays == "planned")
    assert back.leg()[:3] == ("planned" if stays == "planned" else "batched", make.day, "midday")
    [told] = back.asked()
    assert (told.member_ref, told.klass, told.wave, told.date) == ("C1", "critical", "midday", make.day)
    assert "songsuk plan settle 2026-11-24 --wave midday --as rode" in told.text
    assert "songsuk plan settle 2026-11-24 --wave midday --as put_off" in told.text
    assert back.of_orders() == []
    empty = {run.wave: run.state for run in back.store.runs(date=make.day) if run.wave != "midday"}
    assert empty == ({"morning": "cancelled"} if state == "planned" else {})


@pytest.mark.parametrize("state", ["open", "closed", "planned"])
def test_of_a_wave_that_rode_nobody_is_told_anything(opened: Markets, make: Any, empty_url: str, state: str) -> None:
    """It is finished, its orders have left and stay with it; the audit knows who said so, and twice is once."""
    back = opened.back(before(opened, make, state), empty_url, "14:00", make.day)
    back.tick("14:00", make.day)
    written = back.store.messages()
    assert back.waves.settle(back.run(), rode=True, actor="C1")
    assert not back.waves.settle(back.run(), rode=True, actor="C2")
    assert back.waves.settled(back.run(), rode=True)
    assert not back.waves.settle(back.run(), rode=False, actor="C2")
    assert not back.waves.settled(back.run(), rode=False)
    [entry] = [each for each in back.store.audit() if each.verb == "settle_run"]
    assert (entry.actor, entry.subject, entry.detail) == ("C1", f"run:{back.run().id}", {"rode": 1, "legs": 0})
    assert back.store.messages() == written
    back.tick("18:00", make.day)
    back.tick("09:00", make.day + dt.timedelta(days=1))
    assert (back.run().state, back.leg()[:3]) == ("finished", ("dispatched", make.day, "midday"))
    assert back.of_orders() == []


@pytest.mark.parametrize("state", ["open", "closed", "planned"])
def test_a_wave_that_is_put_off_is_called_off_as_by_the_clock(
    opened: Markets, make: Any, empty_url: str, tmp_path: Path, state: str
) -> None:
    """Run, orders and messages are what the clock makes of the same wave where nothing ran since; twice is once."""
    old = before(opened, make, state)
    moved = opened.back(old, f"sqlite:///{tmp_path}/moved.db", "14:00", make.day, at_rest=True)
    moved.tick("14:00", make.day)
    assert moved.asked() == []
    back = opened.back(old, empty_url, "14:00", make.day)
    back.tick("14:00", make.day)
    assert back.waves.settle(back.run(), rode=False, actor="C1")
    assert (back.run().state, back.leg(), back.of_orders()) == (moved.run().state, moved.leg(), moved.of_orders())
    assert (back.run().state, back.leg()[0], back.leg()[3]) == ("cancelled", "received", "not_approved")
    assert [(kind, buyer) for kind, buyer, _ in back.of_orders()] == [("changed", buyer_of(back))]
    assert not back.waves.settle(back.run(), rode=False, actor="C2")
    assert back.waves.settled(back.run(), rode=False)
    assert not back.waves.settle(back.run(), rode=True, actor="C2")
    assert not back.waves.settled(back.run(), rode=True)
    assert len(back.of_orders()) == 1


def buyer_of(market: Market) -> str:
    return market.store.orders(order_ids=["SR-0001"])[0].buyer_ref


def test_what_found_no_place_in_a_wave_that_rode_goes_on(opened: Markets, make: Any, empty_url: str) -> None:
    """An order that the plan left out did not ride: it goes to the next wave for its own reason, and nobody is told."""
    heavy = make.order(2)
    heavy = replace(heavy, pickups=(replace(heavy.pickups[0], weight_g=600_000),))
    old = planned(opened, make, make.order(1), heavy)
    assert old.leg(2) == ("unassigned", make.day, "midday", "capacity")
    back = opened.back(old, empty_url, "14:00", make.day)
    back.tick("14:00", make.day)
    assert "Orders: 2" in back.asked()[0].text
    assert back.waves.settle(back.run(), rode=True, actor="C1")
    assert back.leg(1)[:3] == ("dispatched", make.day, "midday")
    assert back.leg(2) == ("received", make.day + dt.timedelta(days=1), "morning", "capacity")
    assert back.of_orders() == []


def test_who_was_reminded_before_the_backup_is_asked_all_the_same(opened: Markets, make: Any, empty_url: str) -> None:
    """That a plan waits for approval is another thing to hear than that its wave may ride; it is asked while there is
    time for either, and once."""
    old = planned(opened, make)
    old.tick("20:00", make.eve)
    assert old.run().reminded_at is not None
    back = opened.back(old, empty_url, "20:30", make.eve)
    for clock, on in (("20:30", make.eve), ("20:30:02", make.eve), ("08:00", make.day), ("13:00", make.day)):
        back.tick(clock, on)
        assert len(back.asked()) == 1


def test_after_a_second_restore_it_is_asked_again(opened: Markets, make: Any, empty_url: str, tmp_path: Path) -> None:
    """Between that backup and that restore it may have been approved just as well."""
    first = opened.back(planned(opened, make), empty_url, "20:30", make.eve)
    first.tick("20:30", make.eve)
    first.clock.set(make.at("20:45", make.eve))
    again = opened.back(first, f"sqlite:///{tmp_path}/again.db", "14:00", make.day)
    for clock in ("14:00", "14:01"):
        again.tick(clock, make.day)
    assert (again.run().state, len(again.asked())) == ("planned", 2)


@pytest.mark.parametrize("when", ["before the backup", "after the restore"])
def test_of_a_wave_that_was_approved_here_nothing_is_asked(
    opened: Markets, make: Any, empty_url: str, when: str
) -> None:
    """Planned anew afterwards, and not approved again, it is called off as in any market."""
    old = planned(opened, make)
    if when == "before the backup":
        assert old.waves.approve(old.run().plan_id or "", actor="C1").outcome is Approval.APPROVED
    back = opened.back(old, empty_url, "20:30", make.eve)
    if when == "after the restore":
        assert back.waves.approve(back.run().plan_id or "", actor="C1").outcome is Approval.APPROVED
    back.clock.set(make.at("07:00", make.day))
    assert back.waves.plan(back.run(), actor="C1") is not None
    assert not back.waves.settle(back.run(), rode=True, actor="C1")
    back.tick("13:00", make.day)
    assert (back.run().state, back.leg()[3], back.asked()) == ("cancelled", "not_approved", [])


def test_a_plan_made_anew_before_the_backup_leaves_it_open(opened: Markets, make: Any, empty_url: str) -> None:
    """That an earlier plan was approved says nothing of the one that the backup holds."""
    old = planned(opened, make)
    assert old.waves.approve(old.run().plan_id or "", actor="C1").outcome is Approval.APPROVED
    old.clock.set(make.at("20:10", make.eve))
    assert old.waves.plan(old.run(), actor="C1") is not None
    back = opened.back(old, empty_url, "14:00", make.day)
    back.tick("14:00", make.day)
    assert (back.run().state, len(back.asked())) == ("planned", 1)


def test_a_wave_that_the_deadline_would_have_rolled_over_waits(opened: Markets, make: Any, empty_url: str) -> None:
    """With `at_deadline: roll_over` that deadline is the hour: brought back after it, the wave waits also once it is
    over, and can still be settled either way."""
    old = planned(opened, make, edits=AT_DEADLINE)
    back = opened.back(old, empty_url, "20:30", make.eve)
    for clock, on in (("20:30", make.eve), ("20:31", make.eve), ("13:00", make.day), ("14:00", make.day)):
        back.tick(clock, on)
        assert (back.run().state, back.leg()[:3]) == ("planned", ("planned", make.day, "midday"))
    assert len(back.asked()) == 1
    assert back.waves.settle(back.run(), rode=True, actor="C1")


def test_a_wave_that_waits_and_is_not_over_can_be_approved(opened: Markets, make: Any, empty_url: str) -> None:
    """Nobody had approved it: a person still may, while there is time to ride, and the day goes on as ever."""
    old = planned(opened, make, edits=AT_DEADLINE)
    back = opened.back(old, empty_url, "20:30", make.eve)
    back.tick("20:30", make.eve)
    assert back.waves.approve(back.run().plan_id or "", actor="C1").outcome is Approval.APPROVED
    assert not back.waves.settle(back.run(), rode=True, actor="C1")
    back.tick("08:00", make.day)
    assert back.run().state == "dispatched"
    assert not back.waves.settle(back.run(), rode=False, actor="C1")


@pytest.mark.parametrize(
    ("edits", "taken", "hour"), [({}, ("13:00", "day"), "day"), (AT_DEADLINE, ("20:00", "eve"), "eve")]
)
def test_of_a_backup_from_after_the_hour_nothing_is_unknown(
    opened: Markets, make: Any, empty_url: str, edits: dict[str, str], taken: tuple[str, str], hour: str
) -> None:
    """Taken once the time to approve was over, it knows that nobody had: the clock calls the wave off as ever."""
    old = planned(opened, make, edits=edits)
    old.clock.set(make.at(taken[0], getattr(make, taken[1])))  # nothing ran from the plan on
    back = opened.back(old, empty_url, "21:00", getattr(make, hour))
    assert not back.waves.settle(back.run(), rode=True, actor="C1")
    back.tick("21:00", getattr(make, hour))
    assert (back.run().state, back.leg()[3], back.asked()) == ("cancelled", "not_approved", [])


def test_a_wave_still_to_ride_at_the_restore_may_be_riding(opened: Markets, make: Any, empty_url: str) -> None:
    """Brought back before its hour it waits for an approval, which tells everybody again, or for who says that it
    rides, and is asked about once. Where nobody has done either by its end it is not called off."""
    back = opened.back(planned(opened, make), empty_url, "11:00", make.day)
    back.tick("11:00", make.day)
    assert (back.run().state, len(back.asked()), back.of_orders()) == ("planned", 1, [])
    back.tick("13:00", make.day)
    assert (back.run().state, len(back.asked()), back.of_orders()) == ("planned", 1, [])
    assert back.waves.settle(back.run(), rode=True, actor="C1")
    assert (back.run().state, back.of_orders()) == ("finished", [])


def test_a_wave_whose_cut_off_comes_after_the_restore_is_called_off_as_ever(
    opened: Markets, make: Any, empty_url: str
) -> None:
    """Nobody can have approved it by then: nobody can settle it, and without an approval it does not ride."""
    back = opened.back(opened.new(), empty_url, "17:00", make.eve)
    back.tick("18:00", make.eve)
    assert not back.waves.settle(back.run(), rode=True, actor="C1")
    back.tick("13:00", make.day)
    assert (back.run().state, back.asked()) == ("cancelled", [])
    assert not back.waves.settled(back.run(), rode=False)


def test_of_a_market_that_was_never_brought_back_nothing_is_settled(opened: Markets, make: Any) -> None:
    """Whatever state its wave is in, planned, approved, on its way or finished, nobody need say whether it rode."""
    market = planned(opened, make)
    assert not market.waves.settle(market.run(), rode=True, actor="C1")
    assert market.waves.approve(market.run().plan_id or "", actor="C1").outcome is Approval.APPROVED
    for clock, state in (("07:00", "approved"), ("08:00", "dispatched"), ("14:00", "finished")):
        market.tick(clock, make.day)
        assert market.run().state == state
        for rode in (True, False):
            assert not market.waves.settle(market.run(), rode=rode, actor="C1")
            assert not market.waves.settled(market.run(), rode=rode)


def test_a_wave_that_waits_waits_on_after_another_restore(
    opened: Markets, make: Any, empty_url: str, tmp_path: Path
) -> None:
    """A later backup of the market that was brought back has its question in it, and the coordinators know it."""
    first = opened.back(planned(opened, make), empty_url, "14:00", make.day)
    first.tick("14:00", make.day)
    first.clock.set(make.at("15:00", make.day))
    again = opened.back(first, f"sqlite:///{tmp_path}/again.db", "16:00", make.day)
    again.tick("16:00", make.day)
    assert (again.run().state, len(again.asked())) == ("planned", 1)
    assert again.waves.settle(again.run(), rode=True, actor="C1")
