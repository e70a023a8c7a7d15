"""The verbs of plans: saved, read, and agreed to once.

A plan is stale when another has taken its place, or when one of its orders has changed since they were read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import bindparam, func, select, update

from storage.day import PLAN, RUN, SOURCES, step_run, supersede_messages
from storage.errors import IllegalRun
from storage.failpoints import writes
from storage.legs import move_legs
from storage.message_rows import insert_messages
from storage.order_rows import ORDER
from storage.plan_rows import STEP, insert_plan, read_plans
from storage.records import Approval, LegMove, Message, Plan, Run
from storage.tables import ApprovalRow
from storage.verbs import Verbs, Write, new_id

APPROVAL = ApprovalRow.__table__

_PLAN = select(PLAN).where(PLAN.c.id == bindparam("id"))


class Plans(Verbs):
    @writes
    def save_plan(
        self, plan: Plan, *, found: Run, moves: Sequence[LegMove], actor: str, at: dt.datetime
    ) -> Plan | None:
        """Keeps a plan as the run's current one, with its number; what the last one still had to say is withdrawn.

        `found`: the run as the planner found it. None: it is not so any more, since somebody else has planned it,
        approved it or brought it further meanwhile. `IllegalRun` if as found it waited for no plan.
        """
        with self._write("save_plan", actor, at) as write:
            write.lock_day()
            connection = write.connection
            now = connection.execute(select(RUN.c.state, RUN.c.plan_id).where(RUN.c.id == plan.run_id)).first()
            if now is None or found.state not in SOURCES["planned"]:
                raise IllegalRun(f"run {plan.run_id} is {found.state if now else 'unknown'}: it takes no plan")
            if (now.state, now.plan_id) != (found.state, found.plan_id):
                return None
            saved = _numbered(write, plan)
            withdrawn = supersede_messages(write, plan.run_id, "replanned", moved=True)
            step_run(write, plan.run_id, "planned", plan_id=saved.id, planned_at=at, approved_at=None)
            insert_plan(write, saved)
            legs = move_legs(connection, moves, at)
            write.tell(f"plan:{saved.id}", run=plan.run_id, revision=saved.revision, legs=legs, withdrawn=withdrawn)
        return saved

    def plan(self, plan_id: str) -> Plan | None:
        """A plan by its id, current or not."""
        with self._read() as connection:
            return next(iter(read_plans(connection, _PLAN, id=plan_id)), None)

    def plans(self, date: dt.date, wave: str | None = None, current_only: bool = True) -> list[Plan]:
        """The plans of a date, by wave and revision; only those that no other has replaced, unless asked."""
        query = select(PLAN).where(PLAN.c.date == date).order_by(PLAN.c.created_at, PLAN.c.wave, PLAN.c.revision)
        if wave is not None:
            query = query.where(PLAN.c.wave == wave)
        if current_only:
            query = query.where(PLAN.c.id.in_(select(RUN.c.plan_id).where(RUN.c.plan_id.is_not(None))))
        with self._read() as connection:
            return read_plans(connection, query)

    @writes
    def approve_plan(
        self,
        plan_id: str,
        *,
        messages: Sequence[Message],
        moves: Sequence[LegMove],
        actor: str,
        at: dt.datetime,
        required: int = 1,
    ) -> Approval:
        """Agrees to a plan, in one transaction with all it has to say. Only APPROVED and WAITING write anything.

        `required` different actors have to agree; until then the answer is WAITING and nothing is said.
        """
        with self._write("approve_plan", actor, at) as write:
            write.lock_day()
            connection = write.connection
            query = select(PLAN.c.seen, PLAN.c.approved_at, RUN.c.id, RUN.c.state, RUN.c.plan_id)
            row = connection.execute(query.join(RUN, RUN.c.id == PLAN.c.run_id).where(PLAN.c.id == plan_id)).first()
            if row is None:
                return Approval.UNKNOWN
            if row.plan_id != plan_id or row.state == "cancelled":
                return Approval.STALE
            if row.approved_at is not None:
                return Approval.ALREADY
            if _has_changed(write, plan_id, row.seen):
                return Approval.STALE
            agree = write.insert(APPROVAL).values(plan_id=plan_id, actor=actor, at=at).on_conflict_do_nothing()
            new = connection.execute(agree.returning(APPROVAL.c.actor)).first() is not None
            agreed = (
                select(APPROVAL.c.actor).where(APPROVAL.c.plan_id == plan_id).order_by(APPROVAL.c.at, APPROVAL.c.actor)
            )
            names = connection.execute(agreed).scalars().all()
            if len(names) < required:
                if new:
                    write.tell(f"plan:{plan_id}", agreed=len(names), required=required)
                return Approval.WAITING
            if step_run(write, row.id, "approved", approved_at=at) is None:
                return Approval.STALE
            connection.execute(
                update(PLAN).where(PLAN.c.id == plan_id).values(approved_at=at, approved_by=", ".join(names))
            )
            moved = move_legs(connection, moves, at)
            written = insert_messages(write, messages)
            write.tell(f"plan:{plan_id}", run=row.id, messages=written, legs=moved, agreed=len(names))
            return Approval.APPROVED


def _numbered(write: Write, plan: Plan) -> Plan:
    """The plan with its revision, the one it replaces, and the mark of its orders where the planner took none."""
    last = select(PLAN.c.id, PLAN.c.revision).where(PLAN.c.run_id == plan.run_id).order_by(PLAN.c.revision.desc())
    before = write.connection.execute(last.limit(1)).first()
    seen = plan.seen
    if seen is None:
        seen = write.connection.execute(select(func.coalesce(func.max(ORDER.c.change_no), 0))).scalar_one()
    return replace(
        plan,
        id=plan.id or new_id("p"),
        revision=before.revision + 1 if before else 1,
        supersedes=before.id if before else None,
        seen=seen,
        approved_at=None,
        approved_by=None,
    )


def _has_changed(write: Write, plan_id: str, seen: int) -> bool:
    carried = select(STEP.c.order_id).where(STEP.c.plan_id == plan_id, STEP.c.order_id.is_not(None))
    later = select(ORDER.c.order_id).where(ORDER.c.order_id.in_(carried), ORDER.c.change_no > seen).limit(1)
    return write.connection.execute(later).first() is not None
