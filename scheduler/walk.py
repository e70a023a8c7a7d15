"""One date walked through on a clock that is stepped: every step it still lacks, each as if at its scheduled instant.

What `songsuk day` and the demo do in place of the daemon. Knows the order of things; performs no step and sends no
message itself.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from scheduler import day
from scheduler.app import App
from scheduler.clock import SteppedClock
from scheduler.config import Config
from scheduler.day import Action, Step
from scheduler.outbox import Outbox
from storage.failpoints import failpoint
from storage.records import Scope

ACTIONS = frozenset({Action.CLOSE, Action.PLAN, Action.APPROVE, Action.DISPATCH, Action.FINISH})
"""Nobody is reminded, called off or found silent in a day in which nobody can answer."""
AHEAD = dt.timedelta(days=7)
"""How long before its date a day begins: no cut-off lies further back."""
LONGEST_WAIT = dt.timedelta(minutes=3)
"""How long a walk waits for retries, in real time and in all, before it leaves them to the next one."""

OnStep = Callable[[Step, bool], None]
Wait = Callable[[float], Awaitable[object]]


@dataclass(slots=True, kw_only=True)
class WaveDone:
    """What a walk did for one wave."""

    wave: str
    state: str = "open"
    did: list[str] = field(default_factory=list)
    orders: int = 0
    unassigned: int = 0


async def walk(
    app: App,
    date: dt.date,
    *,
    only_wave: str | None = None,
    approve: bool = False,
    actor: str = "songsuk day",
    on_step: OnStep = lambda step, done: None,
    wait: Wait = asyncio.sleep,
) -> list[WaveDone]:
    """Every step `date` still lacks; then the outbox until nothing is due.

    Only messages of the date, and of the wave where one is named, are sent: those of other days have their own hour. A
    step that does not move its wave ends that wave's day here. Where a service refuses for longer than we wait, the
    day ends before the clock would make an unsent message useless: the next walk goes on from there. `wait` is how
    retries are waited for: in real time, where the service on the other side does not live in our clock.
    """
    clock = SteppedClock(dt.datetime.combine(date - AHEAD, dt.time.min, app.tz))
    app.clock = clock
    try:
        going = _Walk(app, date, clock, only_wave, approve, actor, on_step, wait)
        await going.through()
    finally:
        await app.close_channels()
    return going.result()


class _Walk:
    def __init__(
        self,
        app: App,
        date: dt.date,
        clock: SteppedClock,
        only_wave: str | None,
        approve: bool,
        actor: str,
        on_step: OnStep,
        wait: Wait,
    ) -> None:
        self._app, self._date, self._clock, self._actor, self._on_step = app, date, clock, actor, on_step
        self._wait = wait
        self._outbox = Outbox(
            app.store,
            app.channels(),
            clock,
            withhold=app.withhold,
            failpoint=failpoint,
            scope=Scope(date=date, wave=only_wave),
        )
        self._rules = app.versions.rules_of(date)
        config = self._rules[0]
        self._automatic = approve or config.approval.mode == "auto"
        known = [*(wave.id for wave in config.waves), *(run.wave for run in app.store.runs(date=date))]
        self._waves = {wave: WaveDone(wave=wave) for wave in dict.fromkeys(known) if only_wave in {None, wave}}
        self._stuck: set[str] = set()
        self._patience = LONGEST_WAIT
        waiting = app.store.messages(states={"retry"})
        self._inherited = {(message.id, message.not_before) for message in waiting}
        self._counted: str | None = None

    async def through(self) -> None:
        while (step := self._next()) is not None:
            await self._drain(step.at)
            if await asyncio.to_thread(self._would_lose, step.at):
                break
            self._clock.set(step.at)
            await self._read_quota()
            before = self._state(step.wave)
            done = await asyncio.to_thread(self._app.waves.perform, step, actor=self._actor)
            self._on_step(step, done)
            if done:
                self._waves[step.wave].did.append(str(step.action))
            elif self._state(step.wave) == before:
                self._stuck.add(step.wave)
        await self._drain(None)
        await self._outbox.release()

    async def _read_quota(self) -> None:
        """LINE's count, read once in each month that the day passes through."""
        month = f"{self._clock.now().astimezone(self._app.tz):%Y-%m}"
        if month != self._counted:
            self._counted = month
            await self._app.read_quota()

    def result(self) -> list[WaveDone]:
        for plan in self._app.store.plans(self._date):
            if plan.wave in self._waves:
                self._waves[plan.wave].orders = int(plan.summary["orders"])
                self._waves[plan.wave].unassigned = len(plan.unassigned)
        for wave in self._waves.values():
            wave.state = self._state(wave.wave)
        return list(self._waves.values())

    def _next(self) -> Step | None:
        """The earliest step that may be done; as `day.due` says, with every deadline but the approval's own."""
        app = self._app
        over = dt.datetime.combine(self._date + dt.timedelta(days=3), dt.time.min, app.tz)
        steps = day.due(
            over,
            app.store.runs(date=self._date),
            _acting(self._rules[0]),
            self._rules[1],
            dates=[self._date],
            config_of=lambda run: _acting(app.versions.config(run.config_version)),
        )
        for step in steps:
            wanted = step.wave in self._waves and step.wave not in self._stuck and step.action in ACTIONS
            if wanted and (step.action is not Action.APPROVE or self._automatic):
                return step
        return None

    def _state(self, wave: str) -> str:
        run = self._app.waves.run(self._date, wave)
        return run.state if run is not None else "open"

    async def _drain(self, until: dt.datetime | None) -> None:
        """Send what is due up to `until` (None: everything), letting the clock stand at each message's own time."""
        while True:
            await self._outbox.drain()
            following = await asyncio.to_thread(self._outbox.next_at)
            if following is None or (until is not None and following > until):
                return
            ahead = following - self._clock.now()
            if ahead <= dt.timedelta():
                return
            if await asyncio.to_thread(self._is_retry, following):
                if ahead > self._patience:
                    return
                self._patience -= ahead
                await self._wait(ahead.total_seconds())
            self._clock.set(following)

    def _is_retry(self, moment: dt.datetime) -> bool:
        """Whether a message that this walk tried, or put back, is to be tried at `moment`; an earlier walk's is due."""
        return any(
            message.not_before == moment and (message.id, moment) not in self._inherited
            for message in self._app.store.messages(states={"retry"})
        )

    def _would_lose(self, moment: dt.datetime) -> bool:
        """Whether a message of this date that its service has not taken yet would be useless at `moment`.

        What is in a sender's hand, here or elsewhere, may come back untaken.
        """
        waiting = self._app.store.messages(date=self._date, states={"retry", "sending"})
        return any(message.expires_at <= moment for message in waiting)


def _acting(config: Config) -> Config:
    """The config with waves that wait for no approval: whether one is given, the walk decides."""
    return config.model_copy(update={"approval": config.approval.model_copy(update={"mode": "auto"})})
