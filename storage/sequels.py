"""What follows when orders change whose plan people have been told of: read, asked, written, in the same transaction.

The Store reads what stands, a rule of the caller's says what follows from it, and the Store writes that: the next
revision of each approved plan, its legs, and its messages. What a plan still had to say is withdrawn before the rule is
asked, so whatever is not withdrawn by then counts as said. The rule must not call the Store.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from sqlalchemy import Select, or_, select

from storage.day import PLAN, RUN, step_run, supersede_messages
from storage.legs import move_legs
from storage.message_rows import ABOUT, MESSAGE, WAITING, call_back, insert_messages, read_messages
from storage.order_rows import ORDER
from storage.order_views import with_parts
from storage.plan_rows import STEP, insert_plan, read_plans
from storage.records import Message, Plan, Sequel, Standing
from storage.verbs import Write, among, fetch

Rule = Callable[[Standing], Sequel]

_THOSE_ORDERS = select(ORDER).where(among(ORDER.c.order_id))


def follow_up(write: Write, change_no: int, rule: Rule) -> int:
    """Asks `rule` what follows from the orders of this change, and writes it; returns how many messages that were.

    Where neither an approved plan nor a message speaks of any of them, nobody is asked.
    """
    plans = _approved(write, change_no)
    for plan in plans:
        supersede_messages(write, plan.run_id, "amended")
    ended = select(ORDER.c.order_id).where(ORDER.c.change_no == change_no, ORDER.c.cancelled)
    cancelled = set(write.connection.execute(ended).scalars())
    if cancelled:
        _withdraw(write, change_no)
    messages = _spoken(write, plans, change_no)
    if not plans and not messages:
        return 0
    carried = {step.order_id for plan in plans for route in plan.routes for step in route.steps if step.order_id}
    of_runs = select(PLAN).where(PLAN.c.run_id.in_([plan.run_id for plan in plans]), PLAN.c.approved_at.is_not(None))
    now_so = fetch(write.connection, _THOSE_ORDERS, sorted(carried | cancelled))
    sequel = rule(
        Standing(
            changed=frozenset(row["order_id"] for row in now_so if row["change_no"] == change_no),
            plans=tuple(plans),
            earlier={plan.id: plan for plan in read_plans(write.connection, of_runs)},
            orders={order.order_id: order for order in with_parts(write.connection, now_so)},
            messages=tuple(messages),
        )
    )
    for plan in sequel.plans:
        insert_plan(write, replace(plan, seen=change_no))
        step_run(write, plan.run_id, "planned", plan_id=plan.id)
        step_run(write, plan.run_id, "approved")  # agreed to, as the plan that it follows was
    move_legs(write.connection, sequel.moves, write.at)
    return insert_messages(write, sequel.messages)


def _approved(write: Write, change_no: int) -> list[Plan]:
    """The current plans, of approved waves not yet on their way, that carry an order of this change."""
    concerned = (
        select(RUN.c.plan_id)
        .join(STEP, STEP.c.plan_id == RUN.c.plan_id)
        .join(ORDER, ORDER.c.order_id == STEP.c.order_id)
        .where(RUN.c.state == "approved", ORDER.c.change_no == change_no)
    )
    return read_plans(write.connection, select(PLAN).where(PLAN.c.id.in_(concerned)).order_by(PLAN.c.date, PLAN.c.wave))


def _about_cancelled(change_no: int) -> Select[tuple[str]]:
    mine = select(ABOUT.c.message_id).join(ORDER, ORDER.c.order_id == ABOUT.c.order_id)
    return mine.where(ORDER.c.change_no == change_no, ORDER.c.cancelled)


def _withdraw(write: Write, change_no: int) -> None:
    """What was still to be said of a cancelled order alone, whatever plan it came from, is of no use now."""
    own = MESSAGE.c.kind.in_(("changed", "ask_pin")) & MESSAGE.c.event.not_like("plan:%")
    which = MESSAGE.c.id.in_(_about_cancelled(change_no)) & own & MESSAGE.c.state.in_(WAITING)
    call_back(write.connection, which, "superseded", write.at, reason="cancelled")


def _spoken(write: Write, plans: Collection[Plan], change_no: int) -> list[Message]:
    """What was said of the plans' waves, and of the cancelled orders wherever it was said; in the order written."""
    of_waves = [(MESSAGE.c.date == plan.date) & (MESSAGE.c.wave == plan.wave) for plan in plans]
    which = or_(MESSAGE.c.id.in_(_about_cancelled(change_no)), *of_waves)
    return read_messages(write.connection, select(MESSAGE).where(which).order_by(MESSAGE.c.seq))
