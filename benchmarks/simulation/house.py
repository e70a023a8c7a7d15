"""A process of the daemon's kind: the real application, outbox and inbox with connections of its own, until it is
killed.

The loops are its own: the daemon looks around every two seconds, for which a simulated day has no time. It is woken two
seconds after something was written elsewhere. What dies leaves its rows and leases, and nothing else.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.simulation.fate import Fate
from benchmarks.simulation.loop import WHO, Clock, Died
from channels.base import Channel
from scheduler import app as application
from scheduler.app import App
from scheduler.config import secret_keys
from scheduler.inbox import Inbox
from scheduler.loops import Loops
from scheduler.outbox import Outbox
from storage import Store
from storage.errors import Unreachable
from storage.failpoints import failpoint
from storage.heard import Told

T = TypeVar("T")

LOOK_AROUND = 2.0
"""Seconds until a process sees what another one wrote."""
SWEEP = 12 * 3600.0
"""Seconds after which it looks in any case."""


class House:
    """One process. The config and the database are all it has in common with others."""

    def __init__(self, fate: Fate, clock: Clock, store: Store, channels: Callable[[], Mapping[str, Channel]]) -> None:
        self.alive = True
        self._fate, self._clock, self._store, self._channels = fate, clock, store, channels
        self._tasks: list[asyncio.Task[None]] = []
        self._woken: dict[str, asyncio.Event] = {}
        self._app: App | None = None

    def pauses(self) -> tuple[float, float]:
        return self._fate.pauses()

    def die(self) -> None:
        self.alive = False
        for task in self._tasks:
            task.cancel()

    def passes(self, point: str) -> None:
        """At a failpoint of this process: what fate says."""
        fell = self._fate.commit()
        if fell == "die":
            self.die()
            raise Died
        if fell == "unreachable" and point.endswith("_commit"):
            raise Unreachable("the database has gone away")

    def wake(self) -> None:
        """Something may be due: a step of the day, or a message."""
        self._wake_all_but("inbox")

    async def live(self, config: Path, environ: Mapping[str, str]) -> None:
        """Until it dies."""
        WHO.set(self)
        try:
            self._app = app = await asyncio.to_thread(self._built, config, environ)
            for name, channel in self._channels().items():
                await app.adopt_channel(name, channel)
            stop, loops = asyncio.Event(), Loops()
            for name, turn in self._turns(app).items():
                self._woken[name] = asyncio.Event()
                self._tasks.append(asyncio.create_task(loops.keep(name, turn, self._woken[name], stop)))
            await asyncio.wait(self._tasks)
        except (Died, Unreachable):
            pass
        finally:
            self.die()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if self._app is not None:
                self._app.store.close()

    def _built(self, config: Path, environ: Mapping[str, str]) -> App:
        return application.build(config_path=config, environ=environ, clock=self._clock, store=self._store)

    def _turns(self, app: App) -> dict[str, Callable[[], Coroutine[Any, Any, float]]]:
        outboxes = {
            name: Outbox(app.store, {name: channel}, app.clock, withhold=app.withhold, failpoint=failpoint)
            for name, channel in app.channels().items()
        }
        inbox = Inbox(
            app.store,
            app.channels(),
            app.clock,
            app.versions,
            lambda order_id, place: app.pin_order(order_id, place, actor="chat", source="buyer"),
            secret_keys=secret_keys(app.environ),
            spoke=self._wake_senders,
            leads=lambda name: outboxes[name].leads(name),
            turn=lambda name, verb: outboxes[name].turn(name, verb),
        )

        known: dt.datetime | None = None

        async def tick() -> float:
            nonlocal known
            following = await asyncio.to_thread(app.tick)
            if following != known:  # something was done
                known = following
                self._wake_senders()
            return self._until(following)

        async def work_off() -> float:
            try:
                for name, outbox in outboxes.items():
                    await outbox.elect(name)
                await inbox.drain()
            finally:
                self._wake_senders()  # a daemon's look in their own time, also where the answer got lost half-way
            left = await asyncio.to_thread(lambda: app.store.heard(limit=1))
            return LOOK_AROUND if left else SWEEP  # another, perhaps dead by now, has the account

        def sender(name: str, outbox: Outbox) -> Callable[[], Coroutine[Any, Any, float]]:
            due: dt.datetime | None = app.clock.now()

            async def turn() -> float:
                nonlocal due
                if due is None or due > app.clock.now():  # somebody has woken it
                    due = await asyncio.to_thread(outbox.next_at, name)
                if due is not None and due <= app.clock.now():
                    await outbox.drain(name)
                    due = await asyncio.to_thread(outbox.next_at, name)
                return self._until(due)

            return turn

        return {"clock": tick, "inbox": work_off} | {name: sender(name, each) for name, each in outboxes.items()}

    def _wake_senders(self) -> None:
        self._wake_all_but("clock", "inbox")

    def _wake_all_but(self, *others: str) -> None:
        for name, woken in self._woken.items():  # in their own order: a set has another one in each Python
            if name not in others:
                woken.set()

    def _until(self, moment: dt.datetime | None) -> float:
        """Seconds to rest; what is due and was not done is looked at again as soon as the daemon would."""
        if moment is None:
            return SWEEP
        return min(SWEEP, max(LOOK_AROUND, (moment - self._clock.now()).total_seconds()))

    # --- what others ask of it ------------------------------------------------------------------------------------

    async def does(self, work: Callable[[App], T]) -> T:
        """A command, or a call to its web server: `work` with the application, in a thread of this process."""
        if self._app is None or not self.alive:
            raise Unreachable("nobody is there")
        WHO.set(self)
        app = self._app
        try:
            return await asyncio.to_thread(work, app)
        except (Died, asyncio.CancelledError):
            if self.alive:
                raise
            raise Unreachable("it died meanwhile") from None
        finally:
            WHO.set(None)

    async def hears(self, channel: str, body: bytes) -> None:
        """A webhook's call: returns when its events are stored."""
        told = [Told(event_id=event.event_id, body=event.body) for event in self._channels_read(channel, body)]
        await self.does(lambda app: app.store.add_inbox(channel, told, at=app.clock.now()))
        if (woken := self._woken.get("inbox")) is not None:
            woken.set()

    def _channels_read(self, channel: str, body: bytes) -> Any:
        if self._app is None:
            raise Unreachable("nobody is there")
        return self._app.channels()[channel].read(body)
