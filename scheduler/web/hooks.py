"""`POST /hooks/{channel}`: verify on the raw body, store, acknowledge. What it means is decided later, from the row.

Strangers and services are counted apart, so that a flood of unsigned calls cannot shut a service out. Calls that come
together are stored together: one commit for all of them, and none is acknowledged before it.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from channels.base import BadSignature
from scheduler.app import App
from scheduler.web.body import read_body
from scheduler.web.problems import problem
from storage.heard import Told

router = APIRouter(include_in_schema=False)

SERVICES_A_SECOND, STRANGERS_A_SECOND = 1000.0, 20.0
BURST_SECONDS = 5.0
FLOOD = (10, 0.5)
"""Calls within seconds."""


class Bucket:
    """Lets `rate` through a second, and after a rest `BURST_SECONDS` as much at once."""

    def __init__(self, rate: float, now: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._now = rate, now
        self._left, self._seen = rate * BURST_SECONDS, now()

    def take(self) -> bool:
        now = self._now()
        self._left = min(self._rate * BURST_SECONDS, self._left + (now - self._seen) * self._rate)
        self._seen = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Door:
    """Where what services tell comes in. `heard` is called when something new was stored."""

    def __init__(self, app: App, heard: Callable[[], None]) -> None:
        self._app, self._heard = app, heard
        self.services, self.strangers = Bucket(SERVICES_A_SECOND), Bucket(STRANGERS_A_SECOND)
        self._waiting: list[tuple[str, Sequence[Told], asyncio.Future[None]]] = []
        self._storing: asyncio.Task[None] | None = None
        self._knocks: deque[float] = deque(maxlen=FLOOD[0])

    def knock(self) -> None:
        """A service is calling; strangers slow nothing down."""
        self._knocks.append(time.monotonic())

    def busy(self) -> bool:
        """Whether calls come so fast that other work had better wait."""
        calls, seconds = FLOOD
        return len(self._knocks) == calls and time.monotonic() - self._knocks[0] < seconds

    async def keep(self, channel: str, told: Sequence[Told]) -> None:
        """Returns when it is stored."""
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((channel, told, stored))
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store())
        await stored

    async def _store(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting, []
            error: Exception | None = None
            try:
                await asyncio.to_thread(self._add, together)
            except Exception as failure:  # each of the callers hears of it
                error = failure
            for _, _, stored in together:
                if error is not None and not stored.done():
                    stored.set_exception(error)
                elif not stored.done():
                    stored.set_result(None)
            self._heard()

    def _add(self, together: Sequence[tuple[str, Sequence[Told], asyncio.Future[None]]]) -> None:
        by_channel: dict[str, list[Told]] = defaultdict(list)
        for channel, told, _ in together:
            by_channel[channel] += told
        for channel, events in by_channel.items():
            self._app.store.add_inbox(channel, events, at=self._app.clock.now())


@router.post("/hooks/{name}")
async def hook(name: str, request: Request) -> Response:
    """200 once every event is stored; 401 for a bad or missing signature; 404 for a channel that is not configured."""
    app: App = request.app.state.app
    door: Door = request.app.state.door
    channel = app.channels().get(name)
    if channel is None or name == "console":
        return problem(404, "hook.unknown", {"th": "ไม่มีช่องทางนี้", "en": "no such channel is configured"})
    body = await read_body(request)
    if body is None:
        return problem(413, "body.too_large", {"th": "ข้อมูลใหญ่เกินไป", "en": "the body is too large"})
    try:
        events = channel.receive(dict(request.headers), body)
    except BadSignature:
        if not door.strangers.take():
            return _too_many()
        return problem(401, "hook.signature", {"th": "ลายเซ็นไม่ถูกต้อง", "en": "the signature is missing or wrong"})
    door.knock()
    if not door.services.take():
        return _too_many()
    if events:
        await door.keep(name, [Told(event_id=event.event_id, body=event.body) for event in events])
    return JSONResponse({})


def _too_many() -> Response:
    words = {"th": "เรียกถี่เกินไป", "en": "too many calls; try again in a moment"}
    return problem(429, "hook.rate", words, headers={"Retry-After": "1"})
