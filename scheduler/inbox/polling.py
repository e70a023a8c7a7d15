"""Telegram's updates fetched by us, where no webhook can reach this machine. Raw updates go into the same inbox.

Telegram allows one poller for a bot, so only the process that has the bot's account fetches; the next to have it goes
on. An update is confirmed to Telegram by asking for the next one, after it was stored: a crash in between brings it
again, and it is known by its id.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

import storage
from channels.base import Inbound, Outcome
from scheduler.inbox.worker import Inbox

log = logging.getLogger(__name__)

WAIT_SECONDS = 5
"""How long Telegram holds a question that has no answer yet; well under the channel's own timeout."""
REST_SECONDS = 5.0
"""After a refusal, or longer where Telegram says so."""
STAND_BY_SECONDS = 0.5
"""How often a process looks whether the account has become its own; that costs nothing."""


class Fetched(Protocol):
    """A channel whose events can be asked for."""

    name: str

    async def updates(self, after: int | None, wait: int) -> tuple[Sequence[Inbound], int | None] | Outcome:
        """What was told since event `after`, and the last one's number; or why not."""
        ...


async def poll(
    channel: Fetched,
    inbox: Inbox,
    stop: asyncio.Event,
    heard: Callable[[], None],
    leads: Callable[[str, float], bool],
    *,
    wait: int = WAIT_SECONDS,
) -> None:
    """Fetch until `stop`; `heard` is called when something new was stored.

    `leads` says whether a channel's account is ours for so many seconds more: a question is not left open beyond them.
    """
    after: int | None = None
    while not stop.is_set():
        rest = STAND_BY_SECONDS
        try:
            if leads(channel.name, wait):
                rest = REST_SECONDS
                found = await channel.updates(after, wait)
                if isinstance(found, tuple):
                    events, last = found
                    if await inbox.add(channel.name, events):
                        heard()
                    after = last
                    continue
                rest = max(REST_SECONDS, getattr(found, "after", None) or 0.0)
                log.warning("telegram gives no updates (%s); asking again", getattr(found, "reason", "no list"))
        except storage.StorageError:
            log.exception("the database did not answer; trying again")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), rest)
