"""The verbs that count what was pushed: a service's own number for the month, and ours by day and kind.

A push is one request to one person, however many messages went in it; of what waits, whatever is due to one address at
one moment will be one. It counts as of its first critical message's kind, else its first's: what would be sent without
the others. Knows no plan, price or forecast.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from typing import Any

from sqlalchemy import ColumnElement, Executable, and_, bindparam, case, exists, func, select

from storage.failpoints import writes
from storage.message_rows import ATTEMPT, MESSAGE, WAITING
from storage.records import QuotaReading, Role
from storage.tables import LegRow, QuotaReadingRow
from storage.verbs import Verbs

READING, LEG = QuotaReadingRow.__table__, LegRow.__table__

_REQUEST = func.coalesce(MESSAGE.c.bundle, MESSAGE.c.id)
_WILL_BE = (func.coalesce(MESSAGE.c.bundle, MESSAGE.c.address), case((MESSAGE.c.bundle.is_(None), MESSAGE.c.send_at)))
"""What messages of one request have in common, also of one that is not made yet."""
_ACCEPTED = exists().where(ATTEMPT.c.message_id == MESSAGE.c.id, ATTEMPT.c.outcome == "accepted")
_ACCEPTED_THEN = _ACCEPTED.where(ATTEMPT.c.at >= bindparam("since"), ATTEMPT.c.at < bindparam("until"))
_PUSHED_OVER = and_(MESSAGE.c.channel == bindparam("channel"), MESSAGE.c.via == "push")

_READING = select(READING).where(READING.c.channel == bindparam("channel"), READING.c.month == bindparam("month"))
_PUSHED = select(func.count(func.distinct(_REQUEST))).where(_PUSHED_OVER, _ACCEPTED_THEN)
_PUSHED_TO = _PUSHED.where(MESSAGE.c.role == bindparam("role"))


def _by_day(which: ColumnElement[bool], *request: ColumnElement[Any]) -> Executable:
    """Pushes by service date and kind; `request` is what messages of one request have in common."""
    place = func.row_number().over(partition_by=request, order_by=(MESSAGE.c.klass != "critical", MESSAGE.c.seq))
    pushes = select(MESSAGE.c.date, MESSAGE.c.kind, place.label("place")).where(_PUSHED_OVER, which).subquery()
    return (
        select(pushes.c.date, pushes.c.kind, func.count())
        .where(pushes.c.place == 1)
        .group_by(pushes.c.date, pushes.c.kind)
    )


_TAKEN = _by_day(and_(MESSAGE.c.date.between(bindparam("first"), bindparam("last")), _ACCEPTED), _REQUEST)
_WAITING = _by_day(and_(MESSAGE.c.state.in_(WAITING), MESSAGE.c.send_at < bindparam("until")), *_WILL_BE)


class Pushes(Verbs):
    @writes
    def note_quota(self, reading: QuotaReading, *, actor: str) -> None:
        """Keeps the latest reading of a month. What is used never shrinks within one: an older count came late."""
        with self._write("note_quota", actor, reading.at) as write:
            row = {name: getattr(reading, name) for name in QuotaReading.__slots__}
            put = write.insert(READING).values(row)
            news = {"limit": reading.limit, "used": put.excluded.used, "at": reading.at}
            where = put.excluded.used >= READING.c.used
            write.connection.execute(
                put.on_conflict_do_update(index_elements=[READING.c.channel, READING.c.month], set_=news, where=where)
            )
            write.tell(f"quota:{reading.channel}", month=reading.month, limit=reading.limit, used=reading.used)

    def quota_reading(self, channel: str, month: str) -> QuotaReading | None:
        """What was last read of a month, if anything was."""
        with self._read() as connection:
            row = connection.execute(_READING, {"channel": channel, "month": month}).mappings().first()
        return None if row is None else QuotaReading(**{name: row[name] for name in QuotaReading.__slots__})

    def pushed(self, channel: str, since: dt.datetime, until: dt.datetime, *, role: Role | None = None) -> int:
        """How many pushes the service took from us in [since, until), to people of `role` or to all."""
        asked = {"channel": channel, "since": since, "until": until, "role": role and role.value}
        with self._read() as connection:
            return int(connection.execute(_PUSHED if role is None else _PUSHED_TO, asked).scalar_one())

    def pushes_by_day(self, channel: str, first: dt.date, last: dt.date) -> dict[dt.date | None, Counter[str]]:
        """Pushes taken for each service date in [first, last], by kind."""
        return self._by_day(_TAKEN, channel=channel, first=first, last=last)

    def pushes_waiting(self, channel: str, until: dt.datetime) -> dict[dt.date | None, Counter[str]]:
        """What is written and will be pushed before `until`, by service date and kind."""
        return self._by_day(_WAITING, channel=channel, until=until)

    def orders_delivered(self, first: dt.date, last: dt.date) -> int:
        """Orders of the service dates in [first, last] that have left for their buyer."""
        gone = LEG.c.state.in_(("dispatched", "picked_up", "delivered"))
        query = select(func.count(func.distinct(LEG.c.order_id))).where(LEG.c.date.between(first, last), gone)
        with self._read() as connection:
            return int(connection.execute(query).scalar_one())

    def _by_day(self, query: Executable, **asked: Any) -> dict[dt.date | None, Counter[str]]:
        found: defaultdict[dt.date | None, Counter[str]] = defaultdict(Counter)
        with self._read() as connection:
            for date, kind, count in connection.execute(query, asked):
                found[date][kind] = count
        return dict(found)
