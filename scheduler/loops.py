"""Loops that must not end: what a turn throws is told at once, and the next turn comes after a short pause.

Knows no work. The log tells when trouble begins and when it is over; in between, `failing` has it for whoever asks.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from types import MappingProxyType

import storage

log = logging.getLogger(__name__)

PAUSE_SECONDS = 2.0

Turn = Callable[[], Awaitable[float]]
"""A turn of a loop; returns how many seconds it may rest."""


class Loops:
    """The loops of one process. `telling`: errors whose words are ours and name no secret, so they may be shown."""

    def __init__(self, *, pause: float = PAUSE_SECONDS, telling: tuple[type[Exception], ...] = ()) -> None:
        self._pause, self._telling = pause, telling
        self._failing: dict[str, str] = {}

    @property
    def failing(self) -> Mapping[str, str]:
        """By its name, what the last turn of a loop failed with."""
        return MappingProxyType(self._failing)

    async def keep(self, name: str, turn: Turn, woken: asyncio.Event, stop: asyncio.Event) -> None:
        """Take turns until `stop`; between two of them rest as long as the turn said, or until `woken`."""
        while not stop.is_set():
            woken.clear()
            rest, until = self._pause, stop
            with self.watched(name):
                rest, until = await turn(), woken
            if not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(until.wait(), rest)

    def well(self, name: str) -> None:
        """What `name` failed with, if anything, is over."""
        if self._failing.pop(name, None) is not None:
            log.info("%s: well again", name)

    @contextlib.contextmanager
    def watched(self, name: str) -> Iterator[None]:
        """What goes wrong in here is told and goes no further. The same again and again is told once."""
        try:
            yield
        except Exception as error:
            said = f"{type(error).__name__}: {error}" if isinstance(error, self._telling) else type(error).__name__
            known, self._failing[name] = self._failing.get(name), said
            if known == said:
                return
            if isinstance(error, self._telling):
                log.error("%s: %s; trying again", name, error)
            else:
                what = "the database did not answer" if isinstance(error, storage.StorageError) else "it failed"
                log.exception("%s: %s; trying again", name, what)
        else:
            self.well(name)
