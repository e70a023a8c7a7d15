"""Coordinators' status cards from rows: what a wave's riders were told and answered, written down where that changed.

Looks at one wave at a time; which words a card has, and what follows from a change, `notices` says. Sends nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from functools import lru_cache

from scheduler import notices
from scheduler.versions import Versions
from storage import Store
from storage.records import Role, Run

SHOWN = frozenset({"approved", "dispatched", "finished", "cancelled"})
"""States of a wave that its card tells. While it waits for another approval, the card stays as it was."""
BEGINS = frozenset({"approved", "dispatched"})


class StatusCards:
    """One market's cards."""

    def __init__(self, store: Store, versions: Versions, now: Callable[[], dt.datetime]) -> None:
        self._store, self._versions, self._now = store, versions, now
        self._riding = lru_cache(maxsize=64)(self._riders_of)

    def show(self, run: Run, channels: Collection[str]) -> int:
        """Bring the cards of a wave up to date, for coordinators who are reached by one of `channels`, which can edit.

        Returns how many were written. A card is of use until the wave's day is over.
        """
        config, now = self._versions.config(run.config_version), self._now()
        until = dt.datetime.combine(run.date + dt.timedelta(days=1), dt.time.min, config.market.time_zone)
        if run.state not in SHOWN or until <= now:
            return 0
        members = self._store.members(Role.COORDINATOR)
        coordinators = [member for member in members if notices.reach(member, config).channel in channels]
        if not coordinators:
            return 0
        said = self._store.messages(date=run.date, wave=run.wave, kinds=notices.CARD_KINDS)
        cards = [message for message in said if message.kind == notices.CARD]
        if not cards and run.state not in BEGINS:
            return 0
        riders = {member.ref: member for member in self._store.members(Role.RIDER)}
        found = notices.status_cards(run, self._riding(run.plan_id or ""), said, riders, coordinators, until)
        compose = self._versions.texts(run.config_version).compose
        # The card is the wave's, not a plan's: it outlives each of them.
        written = notices.messages(found, None, config.wave(run.wave), config, compose, now, date=run.date)
        revisions = []
        for card in written:
            earlier = [each for each in cards if each.member_ref == card.member_ref]
            if (revision := notices.renewed(card, earlier, config, now)) is not None:
                revisions.append(revision)
        return self._store.revise_messages(revisions, actor="clock", at=now) if revisions else 0

    def _riders_of(self, plan_id: str) -> tuple[str, ...]:
        plan = self._store.plan(plan_id)
        return tuple(route.rider_id for route in plan.routes) if plan is not None else ()
