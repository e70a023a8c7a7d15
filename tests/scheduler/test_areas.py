"""A wave's areas as work in rows: posted by a clock, solved by whoever comes, taken back as one plan."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from commands import until
from sites import Site

from routing.model import ProblemError
from scheduler import app as application
from scheduler import areas
from scheduler.areas import UNATTENDED_SECONDS, Areas, Stubborn, Unattended, attended, unattended, unplanned
from scheduler.clock import SteppedClock
from scheduler.config import Config
from scheduler.daemon import TELLING
from scheduler.day import Action, Step
from scheduler.doctor import examine
from scheduler.gathering import Gathering
from scheduler.loops import Loops
from scheduler.planning import posted, solve_area
from scheduler.versions import Versions
from scheduler.waves import Waves
from scheduler.web import create
from scheduler.workers import AtOnce, Planner
from storage import Order, Plan, Run, Store

DAY, EVE = dt.date(2026, 11, 24), dt.date(2026, 11, 23)
TWO_AREAS = ("tambons: [840110]\n    area: mueang", "tambons: [840110]\n    area: east")
QUICK = ("engine: auto, seconds: 10", "engine: greedy, seconds: 1")
NAME = "from scheduler.holder import new_holder; print(new_holder())"
DIGEST = """
import pickle, sys
from scheduler.planning import posted
print(posted.digest(pickle.load(open(sys.argv[1], "rb"))))
"""


class Machine:
    """One process that plans: a clock's waves and a worker's hands, over the market's database."""

    def __init__(self, store: Store, versions: Versions, clock: SteppedClock, planner: Planner) -> None:
        self.store, self.clock = store, clock
        self.planner = planner
        self.woken: list[str] = []
        self.areas = Areas(
            store,
            versions,
            self.planner,
            wake=lambda name, queue, keys: self.woken.extend(keys),
            at_once=1,
            clock=clock,
        )
        self.waves = Waves(store, versions, self.areas, clock.now)

    def tick(self) -> bool:
        """The wave's plan step, as the clock asks for it again and again; whether it is planned now."""
        return self.waves.perform(Step(at=self.clock.now(), action=Action.PLAN, date=DAY, wave="midday"))

    def holder(self) -> str:
        return self.areas._holder

    def lease_now(self) -> dt.datetime:
        return self.store.shared_now(self.clock.machine_now())

    def wait(self, seconds: float) -> None:
        """Every free area has been so for that much longer."""
        for key in self.areas.waiting():
            holder, now = "nobody", self.lease_now()
            self.store.claim_area(key, holder, now=now, seconds=1)
            self.store.hold_area(key, holder, until=now - dt.timedelta(seconds=seconds), now=now)

    def takes_up(self) -> None:
        """Somebody has every free area in hand, for longer than a test lasts."""
        for key in self.areas.waiting():
            self.store.claim_area(key, "somebody", now=self.lease_now(), seconds=600)

    def work(self) -> int:
        """What a sweep would find, done; how many areas that were."""
        waiting = self.areas.waiting()
        for key in waiting:
            asyncio.run(self.areas.do(key))
        return len(waiting)


class Market:
    """Two areas of the shipped market at a cut-off, and as many machines as a test wants."""

    def __init__(self, store: Store, folder: Path, config: Config, make: Any, planner: Planner) -> None:
        self.store, self.make, self.folder, self.planner = store, make, folder, planner
        self.clock = SteppedClock(make.at("12:00", EVE))
        self.versions = Versions(store, folder / "config.yaml")
        self.versions.take_up(config, self.clock.now(), "test")
        self.machines: list[Machine] = []
        at = self.clock.now()
        members = [
            make.rider("R1", zones=("talat",)),
            make.rider("R2", zones=("bang_kung",), home=make.bang_kung),
            make.seller("S01"),
            make.seller("S02", location=make.bang_kung),
        ]
        store.save_members(members, actor="test", at=at)
        store.save_orders([*self.orders()], actor="test", at=at)
        self.clock.set(make.at("18:00", EVE))
        waves = self.machine().waves
        assert waves.close(DAY, "midday", actor="clock") is not None

    def orders(self) -> Iterator[Order]:
        yield self.make.order(1)
        heavy = self.make.order(2)
        yield replace(heavy, pickups=(replace(heavy.pickups[0], weight_g=900_000),))
        yield self.make.order(3, sellers=("S02",), at=self.make.bang_kung, leg={"zone": "bang_kung", "area": "east"})

    def machine(self, planner: Planner | None = None) -> Machine:
        self.machines.append(Machine(self.store, self.versions, self.clock, planner or self.planner))
        return self.machines[-1]

    def run(self) -> Run:
        (run,) = self.store.runs(date=DAY)
        return run

    def plan(self) -> Plan:
        found = self.store.plan(self.run().plan_id or "")
        assert found is not None
        return found


@pytest.fixture(scope="module")
def planner() -> Iterator[Planner]:
    """One process that solves for all machines: starting it takes longer than what it solves."""
    made = Planner(workers=1, keep_warm=True)
    yield made
    made.close()


@pytest.fixture
def market(store: Store, tmp_path: Path, make: Any, market_config: Callable[..., Config], planner: Planner) -> Market:
    return Market(store, tmp_path, market_config(TWO_AREAS, QUICK), make, planner)


def rounds(plan: Plan) -> list[tuple[str, str, list[tuple[str, str | None]]]]:
    """Who rides in which area, where, in which order."""
    return [(route.rider_id, route.area, [(s.type, s.order_id) for s in route.steps]) for route in plan.routes]


def test_a_wave_is_planned_by_whoever_comes(market: Market) -> None:
    """A clock posts the areas and goes on; another machine solves them; the plan is the one made at once."""
    clock, worker = market.machines[0], market.machine()
    assert not clock.tick()
    assert len(clock.woken) == 2
    assert not clock.tick()
    assert len(clock.woken) == 2  # what is under way is not asked for again at every tick
    assert worker.work() == 2
    assert clock.tick()
    shared = market.plan()
    assert [(order.order_id, order.code) for order in shared.unassigned] == [("SR-0002", "capacity")]
    assert market.store.areas(shared.run_id) == []
    at_once = Waves(market.store, market.versions, AtOnce(clock.planner), market.clock.now)
    plan = at_once.plan(market.run(), actor="test")
    assert plan is not None
    assert rounds(plan) == rounds(shared)
    assert plan.unassigned == shared.unassigned


def test_two_clocks_make_one_plan(market: Market) -> None:
    """Of two clocks that post and collect the same wave at once, one plan comes out."""
    one, other = market.machines[0], market.machine()
    assert not one.tick()
    assert not other.tick()
    assert one.work() == 2
    assert one.tick()
    assert not other.tick()
    assert [plan.revision for plan in market.store.plans(DAY, current_only=False)] == [1]


def test_an_area_done_twice_changes_nothing(market: Market) -> None:
    """A job that comes twice, also after the plan, finds nothing to do."""
    clock = market.machines[0]
    clock.tick()
    clock.work()
    before = market.store.areas(market.run().id)
    for key in clock.woken:
        asyncio.run(clock.areas.do(key))
    assert market.store.areas(market.run().id) == before
    assert clock.tick()
    for key in clock.woken:
        asyncio.run(clock.areas.do(key))
    assert market.store.areas(market.run().id) == []


def test_what_has_changed_since_is_posted_anew(market: Market, make: Any) -> None:
    """An order that moves before its area is solved is planned where it is now, and the other area's answer is kept."""
    clock = market.machines[0]
    clock.tick()
    moved = replace(next(market.orders()), location=(99.3240, 9.1430))
    market.store.save_orders([moved], actor="test", at=market.clock.now())
    assert clock.work() == 2
    assert [area.area for area in market.store.areas(market.run().id)] == ["east"]
    assert not clock.tick()
    assert clock.work() == 1
    assert clock.tick()
    (step,) = [
        s for route in market.plan().routes for s in route.steps if (s.type, s.order_id) == ("delivery", "SR-0001")
    ]
    assert step.location == moved.location


def test_what_changes_after_its_answer_is_solved_again(market: Market) -> None:
    """An answer is for the area as it was: an order that is cancelled after it is in no plan."""
    clock = market.machines[0]
    clock.tick()
    clock.work()
    market.store.cancel_order("SR-0001", actor="C1", at=market.clock.now())
    assert not clock.tick()
    assert clock.work() == 1
    assert clock.tick()
    assert [route.area for route in market.plan().routes] == ["east"]


def test_a_failing_area_waits_and_holds_up_no_other(market: Market) -> None:
    """An area whose solving fails is told, and is left alone for a while; the other one is solved."""
    clock = market.machines[0]
    clock.tick()
    bad, good = market.store.areas(market.run().id)
    broken = replace(bad, id="a_broken", digest="another", settings={**bad.settings, "engine": "nonsense"})
    found = market.store.run_by_id(bad.run_id)
    assert found is not None
    market.store.post_areas(found, [broken, good], actor="test", at=market.clock.now())
    market.store.post_areas(found, [replace(broken, digest=bad.digest), good], actor="test", at=market.clock.now())
    with pytest.raises(ProblemError, match="nonsense"):
        asyncio.run(clock.areas.do("a_broken"))
    assert clock.areas.waiting() == [good.id]
    assert clock.work() == 1
    later = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=3)
    assert market.store.waiting_areas(later) == ["a_broken"]


def test_an_area_that_fails_again_and_again_is_planned_plainly(market: Market) -> None:
    """After three failures of its search the simplest engine plans it, and the wave goes on."""
    clock = market.machines[0]
    clock.tick()
    bad, good = market.store.areas(market.run().id)
    broken = replace(bad, id="a_broken", digest="another", settings={**bad.settings, "engine": "nonsense"})
    run = market.run()
    market.store.post_areas(run, [broken, good], actor="test", at=market.clock.now())
    market.store.post_areas(run, [replace(broken, digest=bad.digest), good], actor="test", at=market.clock.now())
    for _ in range(areas.STUBBORN):
        with pytest.raises(ProblemError, match="nonsense"):
            asyncio.run(clock.areas.do("a_broken"))
        market.store.hold_area("a_broken", clock.holder(), until=clock.lease_now(), now=clock.lease_now())
    assert unplanned(market.store, market.clock) is None
    assert clock.work() == 2
    assert clock.tick()
    assert market.run().state == "planned"


def test_an_area_that_nobody_can_plan_is_told(
    market: Market, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails with the simplest engine too is named with the way out, in both languages, by `songsuk doctor` and in
    the turn that /readyz tells of, until it is solved."""
    clock, path = market.machines[0], market.folder / "config.yaml"
    path.write_text(market.versions.config().text, encoding="utf-8")
    clock.tick()
    hopeless, other = market.store.areas(market.run().id)
    for _ in range(areas.STUBBORN + 1):
        now = clock.lease_now()
        assert market.store.claim_area(hopeless.id, "anotherplace-1-1-1", now=now, seconds=0.0) is not None

    def planning() -> tuple[bool, dict[str, str]]:
        checks = examine(path, {"SONGSUK_DATABASE_URL": database_url})
        return next((check["ok"], check["message"]) for check in checks if check["name"] == "planning")

    told = unplanned(market.store, market.clock)
    assert isinstance(told, Stubborn)
    assert all(hopeless.area in said and "songsuk worker" in said for said in told.message.values())
    assert planning() == (False, told.message)
    now = clock.lease_now()
    market.store.claim_area(other.id, "anotherplace-1-1-1", now=now, seconds=60.0)  # somebody works the queue
    monkeypatch.setattr(areas, "UNATTENDED_SECONDS", 0.01)
    with pytest.raises(TELLING, match=hopeless.area):
        asyncio.run(attended(market.store, market.clock, asyncio.Event()))
    market.store.hold_area(other.id, "anotherplace-1-1-1", until=now, now=now)
    assert clock.work() == 2
    assert unplanned(market.store, market.clock) is None
    assert planning()[0]


def test_what_is_broken_off_is_handed_back(market: Market) -> None:
    """Who is asked to stop lets go of its area at once; another machine takes it without waiting."""
    clock, stopping = market.machines[0], market.machine(Planner(workers=1))
    clock.tick()
    market.planner.close()  # a stop ends all that this process has started
    stopping.planner.stop()
    asyncio.run(stopping.areas.do(clock.woken[0]))
    assert set(clock.areas.waiting()) == set(clock.woken)


def test_what_a_dead_process_had_is_taken_at_once(market: Market) -> None:
    """Of a process of this machine that was killed nobody waits for the lease; of one elsewhere it runs out first."""
    machine = market.machines[0]
    machine.tick()
    dead, elsewhere = machine.woken
    with subprocess.Popen([sys.executable, "-c", NAME], stdout=subprocess.PIPE, text=True) as process:
        named = process.communicate()[0].strip()
    for key, holder in ((dead, named), (elsewhere, "anotherplace-1-1-1")):
        claimed = market.store.claim_area(key, holder, now=machine.lease_now(), seconds=60)
        assert claimed is not None
    assert machine.areas.waiting() == [dead]
    assert machine.work() == 1


def test_areas_that_nobody_solves_are_told(market: Market) -> None:
    """Areas that nobody takes up are told of after a while, in both languages, until somebody does."""
    machine = market.machines[0]
    machine.tick()
    assert unattended(market.store, market.clock) is None
    machine.wait(UNATTENDED_SECONDS + 1)
    trouble = unattended(market.store, market.clock)
    assert trouble is not None
    assert all("2" in said and "songsuk worker" in said for said in trouble.message.values())
    assert machine.work() == 2
    assert unattended(market.store, market.clock) is None


def test_doctor_says_that_nobody_plans(market: Market, database_url: str) -> None:
    """`songsuk doctor` fails its check of the planning while areas wait that nobody takes up, and passes it after."""
    machine = market.machines[0]
    (market.folder / "config.yaml").write_text(market.versions.config().text, encoding="utf-8")

    def planning() -> tuple[bool, dict[str, str]]:
        checks = examine(market.folder / "config.yaml", {"SONGSUK_DATABASE_URL": database_url})
        [found] = [check for check in checks if check["name"] == "planning"]
        return found["ok"], found["message"]

    machine.tick()
    assert planning()[0]
    machine.wait(UNATTENDED_SECONDS + 1)
    trouble = unattended(market.store, market.clock)
    assert trouble is not None
    assert planning() == (False, trouble.message)
    machine.takes_up()
    assert planning()[0]


def test_readyz_says_that_nobody_plans(market: Market, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon is not ready, in words, while nobody takes up the areas that wait, and ready when somebody has."""
    monkeypatch.setattr(areas, "UNATTENDED_SECONDS", 0.01)
    machine = market.machines[0]
    app = application.build(
        config_path=market.folder / "config.yaml", environ={"SONGSUK_DATABASE_URL": database_url}, store=market.store
    )
    loops, stop = Loops(pause=0.01, telling=(Unattended,)), asyncio.Event()
    site = Site(create(app, failing=lambda: loops.failing))

    def becomes(code: int) -> dict[str, str]:
        until(lambda: site.get("/readyz").status_code == code, f"/readyz to answer {code}")
        failing: dict[str, str] = site.get("/readyz").json()["failing"]
        return failing

    async def watched() -> None:
        turns = loops.keep("planning", lambda: attended(market.store, market.clock, stop), asyncio.Event(), stop)
        looking = asyncio.create_task(turns)
        assert await asyncio.to_thread(becomes, 503) == {"planning": f"Unattended: {trouble}"}
        machine.takes_up()
        assert await asyncio.to_thread(becomes, 200) == {}
        stop.set()
        await looking

    machine.tick()
    machine.wait(1)
    trouble = unattended(market.store, market.clock)
    assert "songsuk worker" in str(trouble)
    asyncio.run(watched())


def test_an_area_is_known_in_every_process(market: Market, tmp_path: Path) -> None:
    """The same area has the same digest wherever it is made, though sets stand in another order there."""
    area = next(
        area for area in Gathering(market.store, market.versions).wave(market.run()).areas if area.area != "east"
    )
    shipment = replace(area.shipments[0], forbidden_vehicles=frozenset(f"R{k}" for k in range(50)))
    area = replace(area, shipments=(shipment, *area.shipments[1:]))
    kept = tmp_path / "area"
    kept.write_bytes(pickle.dumps(area))
    told = {
        subprocess.run(
            [sys.executable, "-c", DIGEST, kept],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2", "3")
    }
    assert told == {posted.digest(area)}
    assert posted.digest(replace(area, shipments=area.shipments[1:])) not in told


def test_a_plan_comes_back_as_it_went(market: Market) -> None:
    """An area's plan, written into a row and read again, is the same to the last reason; its places stay out of it."""
    for area in Gathering(market.store, market.versions).wave(market.run()).areas:
        plan = solve_area(area, posted.settings_read({"engine": "greedy", "seconds": 1.0}))
        written = json.dumps(posted.plan_written(plan))
        assert str(area.points[0][0]) not in written
        assert posted.plan_read(json.loads(written), area) == plan
