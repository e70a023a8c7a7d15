"""The daemon's chat services: one sender for each channel of the config in force, also of one that an edit brings.

Knows when a channel is to be connected anew; what is sent over it is the outbox's affair.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from channels.base import Channel
from scheduler.app import App
from scheduler.engine import Wake
from scheduler.loops import Loops
from scheduler.outbox import Draining, Outbox, wake_sender
from storage.failpoints import failpoint

log = logging.getLogger(__name__)

IDLE = dt.timedelta(seconds=2)
"""How long the outbox rests at most, so that an approval typed elsewhere goes out soon."""

Listen = Callable[[Channel, asyncio.Event], Coroutine[Any, Any, None]]
"""Fetches what a channel has to tell until the event, where it does not call us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sender:
    outbox: Outbox
    woken: asyncio.Event
    over: asyncio.Event
    tasks: tuple[asyncio.Task[None], ...]


class Senders:
    """Sends over the app's channels until it is stopped.

    `wake` is the engine's: where another process sends, it is told of what is due. `sends` False: all is left to it.
    `listen`: how it is heard what people write, None: by others. `changed` is called when a channel was connected anew.
    """

    def __init__(
        self,
        app: App,
        loops: Loops,
        wake: Wake,
        *,
        listen: Listen | None = None,
        changed: Callable[[], None] = lambda: None,
        sends: bool = True,
    ) -> None:
        self._app, self._loops, self._listen, self._changed = app, loops, listen, changed
        self._wake, self._sends = wake, sends
        self._process = uuid.uuid4().hex
        self.draining = Draining(self._process, self._woken)
        self._senders: dict[str, _Sender] = {}
        self._missed: set[str] = set()
        self._trouble: set[str] = set()
        self._stopped = False

    def start(self) -> None:
        for name, channel in self._app.channels().items():
            self._begin(name, channel)

    def wake(self) -> None:
        """Something may be due."""
        for sender in self._senders.values():
            sender.woken.set()

    def _woken(self, name: str) -> None:
        if name in self._senders:
            self._senders[name].woken.set()

    async def follow(self) -> None:
        """Connect the channels that are new or changed in the config in force, and send over them from now on.

        What cannot be connected is told, tried again, and keeps the sender it had. So does one that is gone from the
        config: waves that were closed with it still speak over it, until the daemon is started anew.
        """
        outdated = self._app.outdated_channels()
        for name in self._trouble - set(outdated):
            self._loops.forget(f"channel {name}")
        self._trouble = set(outdated)
        for name in outdated:
            with self._loops.watched(f"channel {name}"):
                fresh = await asyncio.to_thread(self._app.connect, name)
                await self._end(name)
                await self._app.adopt_channel(name, fresh)
                self._begin(name, fresh)
                log.info("channel %s: connected as the config in force says", name)
                self._changed()
        gone = self._senders.keys() - self._app.config.channels.keys()
        for name in gone - self._missed:
            log.warning("channel %s is gone from the config; what closed waves say still goes over it", name)
        self._missed = set(gone)

    def _begin(self, name: str, channel: Channel) -> None:
        if self._stopped:
            return
        app = self._app
        outbox = Outbox(
            app.store, {name: channel}, app.clock, withhold=app.withhold, failpoint=failpoint, holder=self._process
        )
        woken, over = asyncio.Event(), asyncio.Event()

        async def turn() -> float:
            if self._sends:
                await outbox.drain(name)
            following = await asyncio.to_thread(outbox.next_at, name)
            wait = IDLE.total_seconds()
            if not outbox.sends(name):
                if following is not None and following <= app.clock.now():
                    await asyncio.to_thread(wake_sender, app.store, self._wake, name)
            elif following is not None:
                speed = getattr(app.clock, "speed", 1.0)
                wait = min(wait, max(0.05, (following - app.clock.now()).total_seconds() / speed))
            return wait

        tasks = [asyncio.create_task(self._loops.keep(f"sender {name}", turn, woken, over))]
        if (hear := self._listen) is not None and getattr(app.config.channels.get(name), "updates", "") == "polling":

            async def listen() -> float:
                await hear(channel, over)
                return 0.0

            tasks.append(asyncio.create_task(self._loops.keep(f"updates {name}", listen, asyncio.Event(), over)))
        self._senders[name] = _Sender(outbox=outbox, woken=woken, over=over, tasks=tuple(tasks))

    async def _end(self, name: str) -> None:
        sender = self._senders.pop(name, None)
        if sender is not None:
            _stop(sender)
            await asyncio.wait(sender.tasks)
            await sender.outbox.release()

    def stop(self) -> list[asyncio.Task[None]]:
        """Begin nothing more; the tasks that end when what is under way has ended."""
        self._stopped = True
        for sender in self._senders.values():
            _stop(sender)
        return [task for sender in self._senders.values() for task in sender.tasks]

    async def release(self) -> None:
        """Let another process send at once, where no call is out any more; else the lease runs out by itself."""
        for name, sender in self._senders.items():
            if all(task.done() for task in sender.tasks):
                with self._loops.watched(f"sender {name}"):
                    await sender.outbox.release()


def _stop(sender: _Sender) -> None:
    sender.over.set()
    sender.outbox.stop()
    sender.woken.set()
