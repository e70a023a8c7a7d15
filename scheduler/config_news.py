"""What the coordinators hear of the config: a file that stays broken, and a version whose day will not come any more.

Each is told once, by what is in the outbox. Knows versions and whom to tell; nothing of waves, and changes no config.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from scheduler import notices
from scheduler.releases import replaced
from scheduler.versions import Versions
from storage import Member, Role, Store

if TYPE_CHECKING:
    from scheduler.notices import Notice

NEWS = dt.timedelta(days=1)
"""What was made longer ago is not told by a daemon that has only just begun."""


class ConfigNews:
    """The news of one market's config, whose file is called `file`."""

    def __init__(self, store: Store, versions: Versions, file: str) -> None:
        self._store, self._versions, self._file = store, versions, file
        self._broken: str | None = None
        self._newest = 0

    def tell(self, now: dt.datetime) -> int:
        """Write down what has not been told yet; how many messages that is."""
        told = self._of_replaced(now) if self._versions.newest != self._newest else []
        if (state := self._versions.stays_broken) is not None and state != self._broken:
            told += self._of_broken(state, now)
        config, compose = self._versions.config(), self._versions.texts().compose
        written = notices.messages(told, None, None, config, compose, now) if told else []
        count = self._store.add_messages(written, actor="clock", at=now) if written else 0
        self._newest, self._broken = self._versions.newest, state or self._broken
        return count

    def _of_broken(self, state: str, now: dt.datetime) -> list[Notice]:
        broken = self._versions.broken
        faults = broken.errors if broken is not None else ()
        return notices.config_broken(self._file, faults, self._versions.latest, state, self._coordinators(), now)

    def _of_replaced(self, now: dt.datetime) -> list[Notice]:
        versions, tz = self._store.config_versions(), self._versions.config().market.time_zone
        return [
            notice
            for by in versions[self._newest :]
            if now - by.created_at < NEWS
            for gone in replaced(versions, by, tz)
            for notice in notices.config_replaced(gone, by, self._coordinators(), now)
        ]

    def _coordinators(self) -> list[Member]:
        return self._store.members(Role.COORDINATOR)
