"""The verbs of a wave's run: closed once, dispatched once, finished, called off, settled after a restore.

Whoever fires, one run per (market, date, wave): the row's own uniqueness decides, and every step is a guarded UPDATE.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import RowMapping, bindparam, delete, func, or_, select, update

from storage.failpoints import writes
from storage.legs import LEG, move_legs
from storage.message_rows import MESSAGE, WAITING, call_back, insert_messages
from storage.records import LegMove, Message, Run
from storage.tables import PlanningAreaRow, PlanRouteRow, PlanRow, PlanStepRow, RunRow
from storage.verbs import Verbs, Write, among, new_id

RUN, PLAN, ROUTE, STEP, AREA = (row.__table__ for row in (RunRow, PlanRow, PlanRouteRow, PlanStepRow, PlanningAreaRow))

SOURCES = {
    "closed": ("open",),
    "planned": ("approved", "closed", "planned"),
    "approved": ("planned",),
    "dispatched": ("approved",),
    "finished": ("closed", "dispatched", "planned"),
    "cancelled": ("approved", "closed", "open", "planned"),
}
"""Where a run must stand to become the key; a test holds that this is the life-cycle's own table."""


_RUNS = select(RUN).order_by(RUN.c.date, RUN.c.closed_at, RUN.c.wave)
_OPEN_RUNS = _RUNS.where(or_(RUN.c.date >= bindparam("since"), among(RUN.c.state)))


class Day(Verbs):
    def run(self, market: str, date: dt.date, wave: str) -> Run | None:
        """The run of one wave of one day, if it was ever fired."""
        query = select(RUN).where(RUN.c.market == market, RUN.c.date == date, RUN.c.wave == wave)
        with self._read() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else _run(row)

    def run_by_id(self, run_id: str) -> Run | None:
        """The run of this id."""
        with self._read() as connection:
            row = connection.execute(select(RUN).where(RUN.c.id == run_id)).mappings().first()
        return None if row is None else _run(row)

    def runs(
        self, *, date: dt.date | None = None, states: Collection[str] | None = None, since: dt.date | None = None
    ) -> list[Run]:
        """Runs by date; `since` is the first date wanted."""
        query = _RUNS
        if date is not None:
            query = query.where(RUN.c.date == date)
        if states is not None:
            query = query.where(RUN.c.state.in_(list(states)))
        if since is not None:
            query = query.where(RUN.c.date >= since)
        with self._read() as connection:
            return [_run(row) for row in connection.execute(query).mappings()]

    def open_runs(self, since: dt.date, states: Collection[str]) -> list[Run]:
        """The runs of `since` and later, and the older ones that stand in one of these states; by date."""
        asked = {"since": since, "keys": list(states)}
        with self._read() as connection:
            return [_run(row) for row in connection.execute(_OPEN_RUNS, asked).mappings()]

    def run_waves(self) -> list[str]:
        """The waves that any run was ever fired for."""
        with self._read() as connection:
            return list(connection.execute(select(RUN.c.wave).distinct().order_by(RUN.c.wave)).scalars())

    def rides(self, date: dt.date, *, but: str) -> list[tuple[str, dt.datetime, dt.datetime]]:
        """Who rides for the day's waves, all but run `but`: a rider, the start and the end of the ride."""
        same = (ROUTE.c.plan_id == STEP.c.plan_id) & (ROUTE.c.route == STEP.c.route)
        query = (
            select(ROUTE.c.rider_id, func.min(STEP.c.arrival), func.max(STEP.c.arrival))
            .join(STEP, same)
            .join(RUN, RUN.c.plan_id == ROUTE.c.plan_id)
            .where(RUN.c.date == date, RUN.c.state != "cancelled", RUN.c.id != but)
            .group_by(ROUTE.c.plan_id, ROUTE.c.route, ROUTE.c.rider_id)
        )
        with self._read() as connection:
            return [(rider, start, end) for rider, start, end in connection.execute(query)]

    @writes
    def close_run(
        self,
        market: str,
        date: dt.date,
        wave: str,
        *,
        config_version: int,
        moves: Sequence[LegMove],
        actor: str,
        at: dt.datetime,
        messages: Sequence[Message] = (),
    ) -> Run | None:
        """Closes a wave: its run, its legs' batching and what people are told of it. None: somebody else has it."""
        with self._write("close_run", actor, at) as write:
            write.lock_day()
            values = {"state": "closed", "config_version": config_version, "closed_at": at}
            key = {"market": market, "date": date, "wave": wave}
            make = write.insert(RUN).values(id=new_id("r"), opened_at=at, **key, **values)
            taken = write.connection.execute(make.on_conflict_do_nothing().returning(RUN)).mappings().first()
            if taken is None:
                opened = update(RUN).where(*(RUN.c[name] == value for name, value in key.items()))
                guarded = opened.where(RUN.c.state.in_(SOURCES["closed"])).values(values).returning(RUN)
                taken = write.connection.execute(guarded).mappings().first()
            if taken is None:
                return None
            moved = move_legs(write.connection, moves, at)
            written = insert_messages(write, messages)
            write.tell(f"run:{taken['id']}", date=date.isoformat(), wave=wave, legs=moved, messages=written)
            return _run(taken)

    @writes
    def dispatch_run(self, run_id: str, *, actor: str, at: dt.datetime) -> bool:
        """Sends an approved wave on its way, its plan's legs with it; False: it was not waiting for that."""
        with self._write("dispatch_run", actor, at) as write:
            write.lock_day()
            row = step_run(write, run_id, "dispatched", dispatched_at=at)
            if row is None:
                return False
            planned = (LEG.c.plan_id == row["plan_id"], LEG.c.state == "planned")
            gone = write.connection.execute(update(LEG).where(*planned).values(state="dispatched", changed_at=at))
            write.tell(f"run:{run_id}", legs=gone.rowcount)
            return True

    @writes
    def finish_run(self, run_id: str, *, actor: str, at: dt.datetime) -> bool:
        """Ends a dispatched wave."""
        with self._write("finish_run", actor, at) as write:
            write.lock_day()
            if step_run(write, run_id, "finished", found="dispatched", finished_at=at) is None:
                return False
            write.tell(f"run:{run_id}")
            return True

    @writes
    def cancel_run(
        self,
        run_id: str,
        *,
        found: str,
        moves: Sequence[LegMove],
        messages: Sequence[Message],
        actor: str,
        at: dt.datetime,
    ) -> bool:
        """Calls a wave off that is not under way: what its plans had to say is withdrawn, `messages` said instead.

        `found`: the state that made it time to. False: it is in another one by now.
        """
        with self._write("cancel_run", actor, at) as write:
            write.lock_day()
            if step_run(write, run_id, "cancelled", found=found) is None:
                return False
            withdrawn = supersede_messages(write, run_id, "run_cancelled")
            moved = move_legs(write.connection, moves, at)
            written = insert_messages(write, messages)
            write.tell(f"run:{run_id}", legs=moved, messages=written, withdrawn=withdrawn)
            return True

    @writes
    def settle_run(self, found: Run, *, moves: Sequence[LegMove], actor: str, at: dt.datetime) -> bool:
        """Ends a wave that rode, as a person says, and that nobody here knows as approved: its legs were on their way.

        `moves`: where the orders go that found no place in it. `found`: the run as it was asked about. False: it is in
        another state by now, or has another plan.
        """
        with self._write("settle_run", actor, at) as write:
            write.lock_day()
            row = step_run(write, found.id, "finished", found=found.state, finished_at=at)
            if row is None or row["plan_id"] != found.plan_id:
                write.give_up()
                return False
            aboard = (LEG.c.date == row["date"], LEG.c.wave == row["wave"], LEG.c.state.in_(("batched", "planned")))
            rode = write.connection.execute(update(LEG).where(*aboard).values(state="dispatched", changed_at=at))
            moved = move_legs(write.connection, moves, at)
            write.tell(f"run:{found.id}", rode=rode.rowcount, legs=moved)
            return True

    @writes
    def remind_run(self, run_id: str, *, messages: Sequence[Message], actor: str, at: dt.datetime) -> bool:
        """Reminds of a run that waits for a person, once; of a closed one whether it rode, so that nobody plans it."""
        with self._write("remind_run", actor, at) as write:
            once = update(RUN).where(
                RUN.c.id == run_id, RUN.c.state.in_(("closed", "planned")), RUN.c.reminded_at.is_(None)
            )
            state = write.connection.execute(once.values(reminded_at=at).returning(RUN.c.state)).scalar()
            if state is None:
                return False
            if state == "closed":
                write.connection.execute(delete(AREA).where(AREA.c.run_id == run_id))
            write.tell(f"run:{run_id}", messages=insert_messages(write, messages))
            return True

    @writes
    def escalate_run(self, run_id: str, *, messages: Sequence[Message], actor: str, at: dt.datetime) -> bool:
        """Tells of a run that is under way that somebody is silent; False: it is not, or all of it was said before."""
        with self._write("escalate_run", actor, at) as write:
            here = select(RUN.c.id).where(RUN.c.id == run_id, RUN.c.state.in_(("approved", "dispatched")))
            if write.connection.execute(here.with_for_update()).first() is None:
                return False
            written = insert_messages(write, messages)
            if written:
                write.tell(f"run:{run_id}", messages=written)
            return bool(written)


def step_run(write: Write, run_id: str, state: str, *, found: str | None = None, **values: Any) -> RowMapping | None:
    """The run as it is after its step, or None: the life-cycle has no such step from where it stands.

    `found`: nor where it stands anywhere else than there. What was posted to be solved for it as it was is withdrawn.
    """
    before = [each for each in SOURCES[state] if found in {None, each}]
    guarded = update(RUN).where(RUN.c.id == run_id, RUN.c.state.in_(before))
    row = write.connection.execute(guarded.values(state=state, **values).returning(RUN)).mappings().first()
    if row is not None:
        write.connection.execute(delete(AREA).where(AREA.c.run_id == run_id))
    return row


def supersede_messages(write: Write, run_id: str, reason: str, *, moved: bool = False) -> int:
    """Withdraws what the run's plans so far still had to say of themselves; `moved`: and that orders have moved on.

    What outlives a plan (an order cancelled, a pin asked for) has an event of its own, and is still to be said.
    """
    plans = select(PLAN.c.id).where(PLAN.c.run_id == run_id)
    of_plan = MESSAGE.c.event.startswith("plan:", autoescape=True)
    if moved:  # the next plan may have a place for them, and says it anew where it has none
        of_plan |= MESSAGE.c.event.startswith("moved:", autoescape=True)
    waiting = MESSAGE.c.plan_id.in_(plans) & of_plan & MESSAGE.c.state.in_(WAITING)
    return len(call_back(write.connection, waiting, "superseded", write.at, reason=reason))


def _run(row: RowMapping) -> Run:
    return Run(**{name: row[name] for name in Run.__slots__})
