"""The month's LINE budget from rows: what LINE said, what our ledger counts, which market days are still to come.

Asks LINE through the channel it is given; what follows from the numbers is `quota`'s to say. What has to be left out is
called back before it is sent, and is on the phone list from then on.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from channels.line import LineChannel, Quota
from scheduler import notices, quota
from scheduler.clock import Clock
from scheduler.versions import Versions
from storage import Message, QuotaReading, Role, Store

if TYPE_CHECKING:
    from channels.base import Outcome

LINE = "line"
LOOK_BACK = dt.timedelta(days=56)
"""Market days before this tell nothing of the next ones: seasons change."""


class LineBudget:
    """One market's LINE account."""

    def __init__(self, store: Store, versions: Versions, clock: Callable[[], Clock]) -> None:
        self._store, self._versions, self._clock = store, versions, clock

    async def read(self, channel: LineChannel) -> Quota | Outcome:
        """Ask LINE, and keep what it says; an outcome where it does not."""
        answer = await channel.quota()
        if isinstance(answer, Quota):
            self.note(answer)
        return answer

    def note(self, read: Quota) -> None:
        now = self._now()
        month, _, _ = quota.month_of(now)
        reading = QuotaReading(channel=LINE, month=month, limit=read.limit, used=read.used, at=now)
        self._store.note_quota(reading, actor="channel:line")

    def reading(self) -> QuotaReading | None:
        """What LINE last said of this month; with a count in config.yaml, that and our own ledger."""
        now = self._now()
        month, first, following = quota.month_of(now)
        source = self._versions.config().messages.line_quota.source
        if source == "api":
            return self._store.quota_reading(LINE, month)
        used = self._store.pushed(LINE, _midnight(first, now), _midnight(following, now))
        return QuotaReading(channel=LINE, month=month, limit=source, used=used, at=now)

    def stand(self) -> quota.Budget | None:
        """This month as it stands; None where nobody has said yet what it allows."""
        reading = self.reading()
        if reading is None:
            return None
        now, config = self._now(), self._versions.config()
        _, first, following = quota.month_of(now)
        ours = self._store.pushed(LINE, _midnight(first, now), _midnight(following, now))
        waiting = self._store.pushes_waiting(LINE, _midnight(following, now))
        today = now.date()
        seen = self._store.pushes_by_day(LINE, today - LOOK_BACK, today - dt.timedelta(days=1))
        calendar = self._versions.calendar()
        written = {date for date in waiting if date is not None} | {today}
        to_come = (first + dt.timedelta(days=number) for number in range((following - first).days))
        return quota.budget(
            month=reading.month,
            limit=reading.limit,
            used=max(reading.used, ours),
            waiting=sum(waiting.values(), Counter()),
            days=[count for _, count in sorted((day, count) for day, count in seen.items() if day is not None)],
            days_left=sum(
                date > today and date not in written and any(calendar.has_wave(date, wave.id) for wave in config.waves)
                for date in to_come
            ),
            warn_percent=config.messages.line_quota.warn_percent,
            drop=config.messages.line_quota.drop,
        )

    def withhold(self) -> int:
        """Call back what the month has no room for, so that what must be said can be; returns how many.

        What shares its push with something that goes out all the same costs nothing, and goes along.
        """
        stand = self.stand()
        if stand is None or not stand.dropped:
            return 0
        dropped = stand.dropped

        def stays(message: Message) -> bool:
            return message.klass == "critical" or message.kind not in dropped

        # What was begun goes out as the request it was, else with whatever else is due: in a push that is made anyway.
        waiting = self._store.messages(states={"ready", "retry"}, channel=LINE)
        pushed = {(message.address, message.bundle) for message in waiting if stays(message)}
        due = [each.id for each in waiting if not stays(each) and (each.address, each.bundle) not in pushed]
        return len(
            self._store.move_messages(due, "suppressed", reason="quota", actor="quota", at=self._now()) if due else ()
        )

    def tell(self) -> int:
        """The coordinators are told, once, that the month is likely to be used up; returns how many messages."""
        stand = self.stand()
        if stand is None:
            return 0
        now = self._now()
        _, _, following = quota.month_of(now)
        told = notices.line_month(stand, self._store.members(Role.COORDINATOR), _midnight(following, now))
        config, compose = self._versions.config(), self._versions.texts().compose
        written = notices.messages(told, None, None, config, compose, now)
        return self._store.add_messages(written, actor="quota", at=now) if written else 0

    def document(self) -> dict[str, Any]:
        """`songsuk messages budget --json`."""
        now, reading, stand = self._now(), self.reading(), self.stand()
        month, first, following = quota.month_of(now)
        told = self._store.pushed(LINE, _midnight(first, now), _midnight(following, now), role=Role.BUYER)
        delivered = self._store.orders_delivered(first, following - dt.timedelta(days=1))
        return {
            "schema": "songsuk/messages.budget/1",
            "month": month,
            "quota": _allowance(reading),
            "used": None if stand is None else stand.used,
            "waiting": None if stand is None else stand.waiting,
            "left": None if stand is None else stand.left,
            "forecast": None
            if stand is None
            else {
                "p50": stand.forecast.p50,
                "p90": stand.forecast.p90,
                "days_seen": stand.forecast.days_seen,
                "days_left": stand.forecast.days_left,
            },
            "warn": stand is not None and stand.warn,
            "dropped": [] if stand is None else list(stand.dropped),
            "per_delivered_order": round(told / delivered, 2) if delivered else None,
            "read_at": None if reading is None else reading.at.astimezone(now.tzinfo).isoformat(),
        }

    def _now(self) -> dt.datetime:
        return self._clock().now().astimezone(self._versions.config().market.time_zone)


def _allowance(reading: QuotaReading | None) -> Mapping[str, Any]:
    if reading is None:
        return {"type": "unknown"}
    return {"type": "none"} if reading.limit is None else {"type": "limited", "value": reading.limit}


def _midnight(date: dt.date, like: dt.datetime) -> dt.datetime:
    return dt.datetime.combine(date, dt.time.min, like.tzinfo)
