"""One day: processes that die and come back, people who order, approve, write, change their minds; then calm.

Begins with a migrated database and ends with two services' logs and the database. Judges nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import random
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.simulation import market
from benchmarks.simulation.fate import Fate
from benchmarks.simulation.house import LOOK_AROUND, House
from benchmarks.simulation.loop import WHO, Clock, Loop, drawn_from
from benchmarks.simulation.services import Line, OverLine, OverTelegram, Service, Telegram
from scheduler.app import App
from storage import StorageError, Store, failpoints
from storage.records import Order

T = TypeVar("T")

WORDS = ("ถึงไหนแล้ว", "รับทราบ", "งานของฉัน", "สวัสดี", "ขอบคุณค่ะ")
PATIENCE = (5.0, 60.0)
"""Seconds after which people, and LINE's webhook, try again what did not work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What is left of a day, to be judged. Seconds count from `began`."""

    seed: int
    began: dt.datetime
    line: Line
    telegram: Telegram
    store: Store
    deaths: int

    @property
    def services(self) -> Sequence[Service]:
        return (self.line, self.telegram)


def lived(seed: int, folder: Path, store: Store) -> Day:
    """The day of this seed, on an empty database."""
    with drawn_from(seed), contextlib.closing(Loop()) as loop, _armed():
        world = _World(seed, loop, folder, store)
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(world.day())
        finally:
            asyncio.set_event_loop(None)
        return Day(
            seed=seed,
            began=market.BEGINS,
            line=world.line,
            telegram=world.telegram,
            store=store,
            deaths=world.deaths,
        )


class _Points:
    """Stands where the armed failpoints stand: what happens at each, the process that passes it is asked."""

    def pass_by(self, name: str) -> None:
        process = WHO.get()
        if isinstance(process, House):
            process.passes(name)


@contextlib.contextmanager
def _armed() -> Iterator[None]:
    before, failpoints._armed = failpoints._armed, _Points()  # type: ignore[assignment]
    try:
        yield
    finally:
        failpoints._armed = before


class _World:
    def __init__(self, seed: int, loop: Loop, folder: Path, store: Store) -> None:
        self.fate, self.loop = Fate(seed), loop
        self.chance = random.Random(f"people {seed}")
        self.clock = Clock(market.BEGINS, loop)
        self.line, self.telegram = Line(loop, self.fate), Telegram(loop, self.fate)
        self.deaths = 0
        self._config, self._store = folder / "config.yaml", store
        self._config.write_text(market.config_text(self.chance), encoding="utf-8")
        self._environ = {"SONGSUK_DATABASE_URL": store.url_safe, "SONGSUK_SECRET_KEY": "s"}
        self._houses: list[House | None] = [None] * self.fate.weather.processes
        self._members, self._orders = market.members(self.chance), market.orders(self.chance)

    async def day(self) -> None:
        self._store.save_members(self._members, actor="world", at=market.BEGINS)
        self._break_services()
        lives = [asyncio.create_task(self._keeps(number)) for number in range(len(self._houses))]
        people = [asyncio.create_task(each) for each in self._people()]
        await self.clock.until(market.CALM)
        self.fate.over = True
        await self.clock.until(market.ENDS)
        for task in people:
            task.cancel()
        for house in self._houses:
            if house is not None:
                house.die()
        for task in lives:
            task.cancel()
        await asyncio.gather(*lives, *people, return_exceptions=True)

    async def _keeps(self, number: int) -> None:
        """A supervisor: whatever dies is started anew, a little later."""
        while True:
            self._houses[number] = house = House(self.fate, self.clock, self._store, self._channels)
            await asyncio.create_task(house.live(self._config, self._environ))
            self.deaths += 1
            await asyncio.sleep(self.chance.uniform(1, 20))

    def _channels(self) -> dict[str, Any]:
        return {"line": OverLine(self.line), "telegram": OverTelegram(self.telegram)}

    def _break_services(self) -> None:
        """Minutes or hours in which a service does not answer, some longer than its messages are of use."""
        until = (market.CALM - market.BEGINS).total_seconds()
        for _ in range(self.fate.weather.outages):
            service = self.chance.choice([self.line, self.telegram])
            since = self.chance.uniform(0, until)
            service.outages.append((since, min(until, since + 60 * self.chance.choice([1, 20, 60, 1200]))))

    # --- people ---------------------------------------------------------------------------------------------------

    def _people(self) -> Iterator[Coroutine[Any, Any, None]]:
        chance, hour = self.chance, dt.timedelta(hours=1)
        yield self._order(self._orders)
        approved = market.at("18:05", market.EVE) + chance.uniform(0, 3) * hour
        yield self._approves(approved)
        if chance.random() < 0.5:
            changed = chance.choice(self._orders)
            yield self._changes_mind(changed, approved + chance.uniform(-0.5, 12) * hour)
        if chance.random() < 0.3:
            again = approved + chance.uniform(0.1, 10) * hour
            yield self._rider_falls_out(again)
            yield self._approves(again + chance.uniform(0.05, 1) * hour)
        everybody = [member.person for member in self._members] + [order.buyer for order in self._orders]
        chats = [(way.channel, way.address) for person in everybody for way in person.addresses]
        for channel, address in chance.choices(chats, k=chance.randint(0, 4)):
            yield self._writes(channel, address, chance.choice(WORDS), market.BEGINS + chance.uniform(0, 22) * hour)
        if chance.random() < 0.3:
            yield self._blocks(*chance.choice(chats), market.BEGINS + chance.uniform(0, 20) * hour)

    async def _order(self, orders: Sequence[Order]) -> None:
        await self.clock.until(market.BEGINS + dt.timedelta(minutes=10))
        await self._insists(lambda app: app.take_orders(orders, actor="api"))

    async def _approves(self, moment: dt.datetime) -> None:
        await self.clock.until(moment)

        def approve(app: App) -> None:
            run = app.waves.run(market.DAY, market.WAVE)
            if run is not None and run.state == "planned" and run.plan_id is not None:
                app.waves.approve(run.plan_id, actor="C1")

        await self._insists(approve)

    async def _changes_mind(self, order: Order, moment: dt.datetime) -> None:
        cancels = self.chance.random() < 0.5
        await self.clock.until(moment)
        later = replace(order, window_from=market.at("12:00"), location=(order.location or market.HERE))
        if cancels:
            await self._insists(lambda app: app.cancel_order(order.order_id, actor="C1"))
        else:
            await self._insists(lambda app: app.take_orders([later], actor="api"))

    async def _rider_falls_out(self, moment: dt.datetime) -> None:
        await self.clock.until(moment)

        def replan(app: App) -> None:
            run = app.waves.run(market.DAY, market.WAVE)
            if run is not None and run.state in {"planned", "approved"}:
                app.waves.plan(run, actor="C1", without_riders={"R1"})

        await self._insists(replan)

    async def _writes(self, channel: str, address: str, words: str | None, moment: dt.datetime) -> None:
        await self.clock.until(moment)
        service = self.line if channel == "line" else self.telegram
        body = service.event(address, words)

        async def told(house: House) -> None:
            await house.hears(channel, body)

        await self._until_it_works(told)

    async def _blocks(self, channel: str, address: str, moment: dt.datetime) -> None:
        await self.clock.until(moment)
        (self.line if channel == "line" else self.telegram).blockers.add(address)
        if self.chance.random() < 0.7:  # the service may tell of it
            await self._writes(channel, address, None, moment)

    async def _insists(self, work: Callable[[App], object]) -> None:
        async def done(house: House) -> None:
            await house.does(work)

        await self._until_it_works(done)
        self._stir()

    async def _until_it_works(self, ask: Callable[[House], Coroutine[Any, Any, None]]) -> None:
        """Asks one process after another until one does it."""
        while True:
            house = self.chance.choice(self._houses)
            with contextlib.suppress(StorageError):
                if house is not None:
                    await ask(house)
                    break
            await asyncio.sleep(self.chance.uniform(*PATIENCE))

    def _stir(self) -> None:
        """Every process sees a little later what one has written."""
        self.loop.call_later(LOOK_AROUND, self._wake_all)

    def _wake_all(self) -> None:
        for house in self._houses:
            if house is not None:
                house.wake()
