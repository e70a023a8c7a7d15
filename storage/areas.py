"""The verbs of areas that wait to be solved: posted for all of a wave at once, taken by one at a time, answered once.

Whoever takes an area has it for a while, and renews that; who died loses it by the end of that while. Knows no problem
and no answer. Instants of who has it are in the time that leases are kept in, not the market's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import ColumnElement, RowMapping, and_, delete, func, select, update

from storage.day import AREA, RUN
from storage.failpoints import writes
from storage.records import PlanningArea, Run
from storage.verbs import Verbs

_GIVEN = ("id", "run_id", "area", "digest", "settings", "until")


class Areas(Verbs):
    @writes
    def post_areas(
        self, found: Run, areas: Sequence[PlanningArea], *, actor: str, at: dt.datetime
    ) -> list[PlanningArea] | None:
        """The areas of a wave as they stand after this: one posted before that is the same, with its answer, stays.

        None: the run is no more as it was `found`, so nothing is to be planned for it.
        """
        with self._write("post_areas", actor, at) as write:
            write.lock_day()
            connection = write.connection
            now = connection.execute(select(RUN.c.state, RUN.c.plan_id).where(RUN.c.id == found.id)).first()
            if now is None or (now.state, now.plan_id) != (found.state, found.plan_id):
                return None
            of_run = select(AREA).where(AREA.c.run_id == found.id)
            before = {(row["area"], row["digest"]): row for row in connection.execute(of_run).mappings()}
            fresh = [area for area in areas if (area.area, area.digest) not in before]
            wanted = {(area.area, area.digest) for area in areas}
            gone = [row["id"] for key, row in before.items() if key not in wanted]
            if gone:
                connection.execute(delete(AREA).where(AREA.c.id.in_(gone)))
            write.insert_all(
                AREA,
                [
                    {name: getattr(area, name) for name in _GIVEN}
                    | {"order_ids": list(area.order_ids), "rider_ids": list(area.rider_ids)}
                    | {"posted_at": at, "tries": 0, "holder": None, "answer": None}
                    for area in fresh
                ],
            )
            if fresh or gone:
                write.tell(f"run:{found.id}", areas=len(fresh), withdrawn=len(gone))
            return [_area(row) for row in connection.execute(of_run.order_by(AREA.c.area)).mappings()]

    def areas(self, run_id: str) -> list[PlanningArea]:
        """The areas of a wave that is being planned."""
        with self._read() as connection:
            rows = connection.execute(select(AREA).where(AREA.c.run_id == run_id).order_by(AREA.c.area)).mappings()
            return [_area(row) for row in rows]

    def unsolved(self, run_id: str) -> int:
        """How many of a wave's posted areas have no answer yet."""
        query = select(func.count()).select_from(AREA).where(AREA.c.run_id == run_id, AREA.c.answer.is_(None))
        with self._read() as connection:
            return int(connection.execute(query).scalar_one())

    def waiting_areas(self, now: dt.datetime) -> list[str]:
        """The areas that somebody may take: no answer, and in nobody's hand. The first posted first."""
        query = select(AREA.c.id).where(_free(now)).order_by(AREA.c.posted_at, AREA.c.id)
        with self._read() as connection:
            return list(connection.execute(query).scalars())

    def held_areas(self, now: dt.datetime) -> list[tuple[str, str]]:
        """The areas that are in somebody's hand, and whose."""
        query = select(AREA.c.id, AREA.c.holder).where(AREA.c.answer.is_(None), AREA.c.until > now)
        with self._read() as connection:
            return [(area_id, holder) for area_id, holder in connection.execute(query)]

    def unattended_areas(self, now: dt.datetime) -> tuple[int, dt.datetime] | None:
        """How many areas wait while nobody has any in hand, and since when that is so; None: it is not so."""
        query = select(func.count(), func.max(AREA.c.until)).where(AREA.c.answer.is_(None))
        with self._read() as connection:
            count, last = connection.execute(query).one()
        return (count, last) if count and last <= now else None

    def stubborn_areas(self, tries: int) -> list[str]:
        """The names of areas that have been taken up more often than that, and have no answer."""
        query = select(AREA.c.area).where(AREA.c.answer.is_(None), AREA.c.tries > tries).distinct()
        with self._read() as connection:
            return list(connection.execute(query.order_by(AREA.c.area)).scalars())

    @writes
    def claim_area(self, area_id: str, holder: str, *, now: dt.datetime, seconds: float) -> PlanningArea | None:
        """Takes an area for so many seconds; None: it is solved, withdrawn, or in somebody's hand."""
        with self._write("claim_area", holder, now) as write:
            until = now + dt.timedelta(seconds=seconds)
            take = update(AREA).where(AREA.c.id == area_id, _free(now))
            taken = take.values(holder=holder, until=until, tries=AREA.c.tries + 1).returning(AREA)
            row = write.connection.execute(taken).mappings().first()
            return None if row is None else _area(row)

    @writes
    def hold_area(self, area_id: str, holder: str, *, until: dt.datetime, now: dt.datetime) -> bool:
        """Moves the end of the while for which `holder` has an area: later, to go on, or soon, to let others take it.

        False: it is not the holder's any more.
        """
        with self._write("hold_area", holder, now) as write:
            mine = (AREA.c.id == area_id, AREA.c.holder == holder, AREA.c.answer.is_(None))
            return bool(write.connection.execute(update(AREA).where(*mine).values(until=until)).rowcount)

    @writes
    def answer_area(self, area: PlanningArea, *, actor: str, at: dt.datetime) -> bool:
        """Writes the answer, from whomever it comes; False: there is one already, or nobody wants it any more."""
        with self._write("answer_area", actor, at) as write:
            first = update(AREA).where(AREA.c.id == area.id, AREA.c.answer.is_(None))
            if not write.connection.execute(first.values(answer=area.answer)).rowcount:
                return False
            write.tell(f"area:{area.id}", run=area.run_id, area=area.area, tries=area.tries)
            return True

    @writes
    def drop_area(self, area: PlanningArea, *, actor: str, at: dt.datetime) -> bool:
        """Withdraws an area that is not what was posted any more; the clock posts it anew."""
        with self._write("drop_area", actor, at) as write:
            open_ = (AREA.c.id == area.id, AREA.c.answer.is_(None))
            if not write.connection.execute(delete(AREA).where(*open_)).rowcount:
                return False
            write.tell(f"area:{area.id}", run=area.run_id, area=area.area)
            return True


def _free(now: dt.datetime) -> ColumnElement[bool]:
    return and_(AREA.c.answer.is_(None), AREA.c.until <= now)


def _area(row: RowMapping) -> PlanningArea:
    lists = {"order_ids": tuple(row["order_ids"]), "rider_ids": tuple(row["rider_ids"])}
    return PlanningArea(**{name: row[name] for name in PlanningArea.__slots__} | lists)
