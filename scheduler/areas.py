"""Planning areas as work: a clock posts a wave's as rows, whoever is free solves one, the clock takes the answers.

The `Solver` of `serve`, and the work `plan_area` of its engine and of `songsuk worker`. What is posted names orders and
riders; who solves it reads them anew and makes the same problem, or withdraws what is no more as it was. A crash at any
point leaves rows that somebody else goes on with.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from routing.model import Settings
from scheduler.clock import Clock
from scheduler.engine import PLANNING, Wake
from scheduler.gathering import Gathering
from scheduler.holder import is_gone, lease_now, new_holder
from scheduler.planning import AreaPlan, AreaProblem, posted
from scheduler.versions import Versions
from scheduler.workers import Planner, Stopped, shared
from storage import StorageError, Store
from storage.records import PlanningArea, Run

log = logging.getLogger(__name__)

LEASE_SECONDS = 8.0
"""How long an area stays in the hand of who died over it."""
RENEW_SECONDS = 2.0
PAUSES = (2.0, 10.0, 60.0)
"""Seconds after a first, second and later failure until an area is tried again."""
STUBBORN = 3
"""Failures after which an area is planned by the simplest engine: what ends a search, as memory that runs short, hardly
ends that one, and a plain plan is better than none."""
MOST_NAMED = 5
UNATTENDED_SECONDS = 10.0
"""Areas that nobody has taken up in so long are told of."""


class Unplanned(Exception):
    """Areas wait and something is wrong with that. ``message``: in words, with the way out."""

    def __init__(self, message: Mapping[str, str]) -> None:
        self.message = dict(message)
        super().__init__(f"{self.message['th']} · {self.message['en']}")


class Unattended(Unplanned):
    """Nobody solves any: no process works their queue."""

    def __init__(self, count: int) -> None:
        message = {
            "th": f"รอจัดเส้นทางอยู่ {count} พื้นที่ แต่ไม่มีเครื่องไหนทำคิว planning: "
            "เปิด songsuk worker หรือเปิด songsuk serve ให้ทำคิวนี้",
            "en": f"areas that wait to be planned: {count}, and no process works the queue planning: "
            "start songsuk worker, or a songsuk serve that works it",
        }
        super().__init__(message)


class Stubborn(Unplanned):
    """They are taken up again and again and not solved, and their waves wait for them."""

    def __init__(self, names: Sequence[str]) -> None:
        named = ", ".join(names[:MOST_NAMED]) + (f" (+{len(names) - MOST_NAMED})" if len(names) > MOST_NAMED else "")
        message = {
            "th": f"เริ่มจัดเส้นทางเกิน {STUBBORN} ครั้งแล้วยังไม่สำเร็จ พื้นที่ {named} รอบส่งจึงยังไม่มีแผน: "
            "ดูสาเหตุในบันทึกของ songsuk serve และ songsuk worker "
            "ถ้าหน่วยความจำไม่พอ ให้ลด solver.workers แล้วเริ่มใหม่",
            "en": f"areas that were begun more than {STUBBORN} times and are not planned, so that their waves wait: "
            f"{named}; "
            "the logs of songsuk serve and songsuk worker say why; "
            "where memory runs short, lower solver.workers and start again",
        }
        super().__init__(message)


def unplanned(store: Store, clock: Clock) -> Unplanned | None:
    """What is wrong with the areas that wait, if anything is."""
    if (alone := unattended(store, clock)) is not None:
        return alone
    names = store.stubborn_areas(STUBBORN)
    return Stubborn(names) if names else None


def unattended(store: Store, clock: Clock) -> Unattended | None:
    """Whether areas wait that nobody has come for in a while."""
    now = lease_now(store, clock)
    found = store.unattended_areas(now)
    if found is None or (now - found[1]).total_seconds() < UNATTENDED_SECONDS:
        return None
    return Unattended(found[0])


async def attended(store: Store, clock: Clock, stop: asyncio.Event) -> float:
    """A turn of a loop that watches the planning queue: `Unplanned` where something is wrong with what waits in it."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), UNATTENDED_SECONDS)
    if not stop.is_set() and (trouble := await asyncio.to_thread(unplanned, store, clock)) is not None:
        raise trouble
    return 0.0


class Areas:
    """The areas of one market's waves.

    `wake`: the engine's. `at_once`: as many are solved at once in this process. `solved`: called in the event loop when
    an area was, or has to be posted anew.
    """

    name, queue = "plan_area", PLANNING

    def __init__(
        self,
        store: Store,
        versions: Versions,
        planner: Planner,
        *,
        wake: Wake,
        at_once: int,
        clock: Clock,
        solved: Callable[[], None] = lambda: None,
    ) -> None:
        self._store, self._planner = store, planner
        self._gathering = Gathering(store, versions)
        self._wake, self._at_once, self._clock, self._solved = wake, at_once, clock, solved
        self._holder = new_holder()
        self._in_hand = 0

    # --- what the clock asks ------------------------------------------------------------------------------------

    def under_way(self, run: Run) -> bool:
        return self._store.unsolved(run.id) > 0

    def solve(self, run: Run, areas: Sequence[AreaProblem], settings: Settings) -> list[AreaPlan] | None:
        """The plans of the areas where all are there; else those that are not there yet are posted."""
        if not areas:
            return []
        seconds = shared(settings, self._planner.workers, len(areas)).seconds
        free = self._lease_now()
        fresh = [_posted(run, area, settings, seconds, free) for area in areas]
        rows = self._store.post_areas(run, fresh, actor="clock", at=self._clock.now())
        if rows is None:
            return None
        answers = {row.area: row.answer for row in rows if row.answer is not None}
        if len(answers) == len(areas):
            return [posted.plan_read(answers[area.area], area) for area in areas]
        waiting = [row.id for row in rows if row.answer is None]
        log.info("%s %s: %s areas to solve", run.date, run.wave, len(waiting))
        self._wake(self.name, self.queue, waiting)
        return None

    # --- the work -----------------------------------------------------------------------------------------------

    def waiting(self) -> list[str]:
        """What nobody has in hand; what a process of this machine had that has died is let go of first."""
        now = self._lease_now()
        for area_id, holder in self._store.held_areas(now):
            if is_gone(holder):
                self._store.hold_area(area_id, holder, until=now, now=now)
        return self._store.waiting_areas(now)

    async def do(self, key: str) -> None:
        """Solve the area of this key, unless it is solved or in somebody's hand."""
        area = await asyncio.to_thread(
            lambda: self._store.claim_area(key, self._holder, now=self._lease_now(), seconds=LEASE_SECONDS)
        )
        if area is None:
            return
        self._in_hand += 1
        try:
            async with self._held(area):
                await self._solve(area)
        except Stopped:
            await self._hold(area, 0.0)
        except Exception:
            await self._hold(area, PAUSES[min(area.tries, len(PAUSES)) - 1])
            raise
        finally:
            self._in_hand -= 1

    async def _solve(self, area: PlanningArea) -> None:
        problem = await asyncio.to_thread(self._problem, area)
        if problem is None:
            await asyncio.to_thread(lambda: self._store.drop_area(area, actor=self.name, at=self._clock.now()))
            log.warning("area %s: an order or a rider has changed since it was posted; it is posted anew", area.area)
        else:
            plan = await self._planner.one(problem, await asyncio.to_thread(self._share, area))
            answered = replace(area, answer=posted.plan_written(plan))
            await asyncio.to_thread(lambda: self._store.answer_area(answered, actor=self.name, at=self._clock.now()))
            log.info("area %s: solved in %.1f s", area.area, plan.plan.solving_ms / 1000)
        self._solved()

    def _problem(self, area: PlanningArea) -> AreaProblem | None:
        """The problem that was posted; None where the rows it is made of have changed since."""
        run = self._store.run_by_id(area.run_id)
        if run is None:
            return None
        problems = self._gathering.area(run, area.order_ids, area.rider_ids)
        return next((problem for problem in problems if posted.digest(problem) == area.digest), None)

    def _share(self, area: PlanningArea) -> Settings:
        """The settings posted, with this machine's cores shared out among what it may have in hand at once; of an area
        that failed too often, with the simplest engine."""
        likely = self._in_hand + len(self._store.waiting_areas(self._lease_now()))
        workers = max(1, self._planner.workers // min(self._at_once, likely))
        settings = replace(posted.settings_read(area.settings), workers=workers)
        if area.tries <= STUBBORN:
            return settings
        log.warning("area %s: its search failed %s times; planned by the simplest engine", area.area, area.tries - 1)
        return replace(settings, engine="greedy")

    @asynccontextmanager
    async def _held(self, area: PlanningArea) -> AsyncIterator[None]:
        """Keeps the area in our hand for as long as it takes; when it is left, no renewal is under way any more."""
        over = asyncio.Event()
        renewing = asyncio.create_task(self._renew(area, over))
        try:
            yield
        finally:
            over.set()
            await renewing

    async def _renew(self, area: PlanningArea, over: asyncio.Event) -> None:
        while not over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), RENEW_SECONDS)
            if not over.is_set():
                with suppress(StorageError):  # tried again soon; who has lost it may answer all the same
                    await self._hold(area, LEASE_SECONDS)

    async def _hold(self, area: PlanningArea, seconds: float) -> None:
        def write() -> None:
            now = self._lease_now()
            self._store.hold_area(area.id, self._holder, until=now + dt.timedelta(seconds=seconds), now=now)

        await asyncio.to_thread(write)

    def _lease_now(self) -> dt.datetime:
        return lease_now(self._store, self._clock)


def _posted(run: Run, area: AreaProblem, settings: Settings, seconds: float, free: dt.datetime) -> PlanningArea:
    return PlanningArea(
        id=f"a_{uuid.uuid4().hex}",
        run_id=run.id,
        area=area.area,
        digest=posted.digest(area),
        order_ids=tuple(str(shipment.id) for shipment in area.shipments),
        rider_ids=tuple(str(vehicle.id) for vehicle in area.vehicles),
        settings=posted.settings_written(replace(settings, seconds=seconds)),
        until=free,
    )
