"""A process's accounts: one sender for each channel of the config in force, also of one that an edit brings.

Knows when a channel is to be connected anew; what is sent over it is the outbox's affair, what is answered there the
inbox's. Who sends over an account also listens there and gives chats their menus; the other processes stand by.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import cast

from channels.base import Channel
from scheduler.app import App
from scheduler.config import secret_keys
from scheduler.engine import Wake
from scheduler.holder import new_holder
from scheduler.inbox import Fetched, Inbox, Menus, menus, poll
from scheduler.loops import Loops
from scheduler.outbox import Draining, Outbox, wake_sender
from storage.failpoints import failpoint

log = logging.getLogger(__name__)

IDLE = dt.timedelta(seconds=2)
"""How long a process rests at most, so that an approval typed elsewhere goes out soon."""

MENUS_APART, MENUS_IDLE = 1.0, 10.0
"""Seconds from a chat's menu to the next, so that they hold up no message; and where every chat shows its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sender:
    outbox: Outbox
    woken: asyncio.Event
    rested: asyncio.Event
    """Ends the rest between two menus."""
    over: asyncio.Event
    tasks: tuple[asyncio.Task[None], ...]


class Senders:
    """Sends and answers over the app's channels until it is stopped.

    `wake` is the engine's: where another process has an account, it is told of what is due. `sends` False: all of it is
    left to that one. `changed` is called when a channel was connected anew; `busy`: whether calls that come in are to
    be acknowledged before anything is answered.
    """

    def __init__(
        self,
        app: App,
        loops: Loops,
        wake: Wake,
        *,
        changed: Callable[[], None] = lambda: None,
        busy: Callable[[], bool] = lambda: False,
        sends: bool = True,
    ) -> None:
        self._app, self._loops, self._changed = app, loops, changed
        self._wake, self._busy, self._sends = wake, busy, sends
        self._secret_keys = secret_keys(app.environ)  # one that cannot be read is told before anything is begun
        self._process = new_holder()
        self.draining = Draining(self._process, self._woken)
        self._senders: dict[str, _Sender] = {}
        self._heard, self._over = asyncio.Event(), asyncio.Event()
        self._answering: asyncio.Task[None] | None = None
        self._missed: set[str] = set()
        self._trouble: set[str] = set()

    def start(self) -> None:
        app = self._app
        channels = app.channels()
        inbox = Inbox(
            app.store,
            channels,
            app.clock,
            app.versions,
            lambda order_id, place: app.pin_order(order_id, place, actor="chat", source="buyer"),
            secret_keys=self._secret_keys,
            spoke=self.wake,
            busy=self._busy,
            leads=self.leads,
            turn=self._turn,
        )
        self._inbox = inbox
        for name, channel in channels.items():
            self._begin(name, channel)

        async def work_off() -> float:
            """What was heard, and at the start and every `IDLE` what another process has heard, or a crash has left."""
            await inbox.drain()
            return IDLE.total_seconds()

        if self._sends:
            self._answering = asyncio.create_task(self._loops.keep("inbox", work_off, self._heard, self._over))

    def wake(self) -> None:
        """Something may be due."""
        for sender in self._senders.values():
            sender.woken.set()

    def heard(self) -> None:
        """Something was written to us, and stored."""
        self._heard.set()

    def _woken(self, name: str) -> None:
        if name in self._senders:
            self._senders[name].woken.set()

    def leads(self, name: str, seconds: float = 0.0) -> bool:
        """Whether this process has the account of channel `name`, for `seconds` more at least."""
        sender = self._senders.get(name)
        return sender is not None and sender.outbox.leads(name, seconds)

    def _turn(self, name: str, verb: str) -> AbstractAsyncContextManager[bool]:
        sender = self._senders.get(name)  # None while the channel is connected anew
        return nullcontext(True) if sender is None else sender.outbox.turn(name, verb)

    async def follow(self) -> None:
        """Connect the channels that are new or changed in the config in force, and send over them from now on.

        What cannot be connected is told, tried again, and keeps the sender it had. So does one that is gone from the
        config: waves that were closed with it still speak over it, until the daemon is started anew.
        """
        outdated = self._app.outdated_channels()
        for name in self._trouble - set(outdated):
            self._loops.well(f"channel {name}")
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
        if self._over.is_set():
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
            if following is None:
                return wait
            if outbox.leads(name):
                speed = getattr(app.clock, "speed", 1.0)
                return min(wait, max(0.05, (following - app.clock.now()).total_seconds() / speed))
            if following <= app.clock.now():  # who stands by looks in its own time, and tells whose turn it is
                await asyncio.to_thread(wake_sender, app.store, self._wake, name, app.clock)
            return wait

        async def listen() -> float:
            await poll(cast("Fetched", channel), self._inbox, over, self.heard, self.leads)
            return 0.0

        shown, rested = Menus(app.store, channel, app.versions, app.clock, outbox.turn), asyncio.Event()

        async def show() -> float:
            idle = outbox.leads(name) and not await shown.settle()
            return MENUS_IDLE if idle else MENUS_APART

        tasks = [asyncio.create_task(self._loops.keep(f"sender {name}", turn, woken, over))]
        if self._sends and channel.menu_mark(menus(app.config.market.language)[0]) is not None:
            tasks.append(asyncio.create_task(self._loops.keep(f"menus {name}", show, rested, over)))
        if self._sends and getattr(app.config.channels.get(name), "updates", "") == "polling":
            tasks.append(asyncio.create_task(self._loops.keep(f"updates {name}", listen, asyncio.Event(), over)))
        self._senders[name] = _Sender(outbox=outbox, woken=woken, rested=rested, over=over, tasks=tuple(tasks))

    async def _end(self, name: str) -> None:
        sender = self._senders.pop(name, None)
        if sender is not None:
            _stop(sender)
            await asyncio.wait(sender.tasks)
            await sender.outbox.release()

    def stop(self) -> list[asyncio.Task[None]]:
        """Begin nothing more; the tasks that end when what is under way has ended."""
        self._over.set()
        self._heard.set()
        for sender in self._senders.values():
            _stop(sender)
        answering = [self._answering] if self._answering is not None else []
        return [*answering, *(task for sender in self._senders.values() for task in sender.tasks)]

    async def release(self) -> None:
        """Let another process send at once, where no call and no answer is out any more; else the lease runs out."""
        if self._answering is not None and not self._answering.done():
            return
        for name, sender in self._senders.items():
            if all(task.done() for task in sender.tasks):
                with self._loops.watched(f"sender {name}"):
                    await sender.outbox.release()


def _stop(sender: _Sender) -> None:
    sender.over.set()
    sender.outbox.stop()
    sender.woken.set()
    sender.rested.set()
