"""Rows that cannot be read: they end by themselves, so that they hold up no other.

Knows that such rows exist, not what is read of them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import storage
from scheduler.clock import Clock
from storage import Store

log = logging.getLogger(__name__)

InThread = Callable[..., Awaitable[Any]]
Result = TypeVar("Result")


async def past_unreadable(
    work: Callable[[], Awaitable[Result]], store: Store, channel: str, clock: Clock, in_thread: InThread
) -> Result:
    """What `work` on a channel's rows comes to; once more where rows that cannot be read were in its way."""
    try:
        return await work()
    except (storage.StorageError, asyncio.CancelledError):
        raise
    except Exception:
        now = clock.now()
        broken = await in_thread(lambda: store.fail_unreadable(channel, actor="outbox", at=now))
        if not broken:
            raise
        log.exception("messages %s cannot be read; they are on the phone list", ", ".join(broken))
        return await work()
