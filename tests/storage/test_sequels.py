"""What follows from a change of orders is written with it, or not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from storage import Approval, LegMove, Message, Plan, Sequel, Standing, Store


class Rule:
    """Answers with the plan's next revision and one message, and keeps what it was asked."""

    def __init__(self, make: Any) -> None:
        self.make, self.asked = make, list[Standing]()

    def __call__(self, standing: Standing) -> Sequel:
        self.asked.append(standing)
        plans = tuple(self.next(plan) for plan in standing.plans)
        moves = tuple(LegMove(order_id="SR-0002", leg=1, state="planned", plan_id=plan.id) for plan in plans)
        told = self.make.message(9, event="cancelled:SR-0001", kind="cancelled")
        return Sequel(plans=plans, moves=moves, messages=(told,))

    def next(self, plan: Plan) -> Plan:
        (route,) = plan.routes
        left = replace(route, steps=tuple(step for step in route.steps if step.order_id != "SR-0001"))
        return replace(plan, id="p_next", revision=plan.revision + 1, supersedes=plan.id, routes=(left,))


def agreed(store: Store, make: Any, *messages: Message) -> Plan:
    """A wave with two orders, approved, with these messages written."""
    plan: Plan = make.planned(store, make.order(1), make.order(2))
    answer = store.approve_plan(plan.id, messages=messages, moves=[], actor="C1", at=make.at)
    assert answer is Approval.APPROVED
    return plan


def everything(store: Store, make: Any) -> object:
    plans = store.plans(make.day, current_only=False)
    return store.orders(), store.runs(), store.messages(), plans, store.audit()


@pytest.mark.parametrize("door", ["row", "verb"])
def test_an_approved_plan_follows_its_orders(store: Store, make: Any, door: str) -> None:
    """Withdrawn, asked, written, in one transaction: the run stays approved, with the next revision."""
    first = agreed(store, make)
    rule, audits = Rule(make), len(store.audit())
    if door == "row":
        store.save_orders([make.order(1, cancelled=True)], actor="C1", at=make.at, rule=rule)
    else:
        store.cancel_order("SR-0001", actor="C1", at=make.at, rule=rule)
    (standing,) = rule.asked
    assert (set(standing.changed), [plan.id for plan in standing.plans]) == ({"SR-0001"}, [first.id])
    assert (standing.orders["SR-0001"].cancelled, standing.orders["SR-0002"].cancelled) == (True, False)
    assert standing.earlier.keys() == {first.id}
    (run,) = store.runs()
    assert (run.state, run.plan_id) == ("approved", "p_next")
    assert store.dispatch_run(run.id, actor="clock", at=make.at)
    assert {order.order_id: order.legs[0].state for order in store.orders()} == {
        "SR-0001": "cancelled",
        "SR-0002": "dispatched",
    }
    assert len(store.audit()) == audits + 2  # the change with all that followed, and the dispatch
    answer = store.approve_plan("p_next", messages=[], moves=[], actor="C2", at=make.at)
    assert answer is Approval.ALREADY


def test_what_was_not_sent_is_withdrawn_before_the_rule_is_asked(store: Store, make: Any) -> None:
    """What the rule still sees waiting is not the plan's, nor of a cancelled order alone."""
    first = agreed(store, make)
    of_plan = make.message(1, event=f"plan:{first.id}:SR-0002", order_ids=("SR-0002",), plan_id=first.id)
    of_order = make.message(2, event="moved:SR-0001", kind="changed", order_ids=("SR-0001",))
    pin = make.message(3, event="ask_pin:SR-0002", kind="ask_pin", order_ids=("SR-0002",))
    store.add_messages([of_plan, of_order, pin], actor="t", at=make.at)
    rule = Rule(make)
    store.cancel_order("SR-0001", actor="C1", at=make.at, rule=rule)
    seen = {message.id: (message.state, message.reason) for message in rule.asked[0].messages}
    assert seen == {"m1": ("superseded", "amended"), "m2": ("superseded", "cancelled"), "m3": ("held", None)}


def test_nobody_is_asked_where_nothing_was_approved_or_said(store: Store, make: Any) -> None:
    """Neither new orders, nor changes before the approval or to no effect, nor a dry run."""
    rule = Rule(make)
    orders = [make.order(1), make.order(2)]
    store.save_orders(orders, actor="t", at=make.at, rule=rule)
    make.planned(store, *orders)
    store.save_orders([make.order(1, note="ใหม่")], actor="t", at=make.at, rule=rule)
    assert rule.asked == []


def test_a_dry_run_asks_nobody(store: Store, make: Any) -> None:
    """What would follow is not made up for a file that is only looked at; the same file again changes nothing."""
    agreed(store, make, make.message())
    rule = Rule(make)
    before = everything(store, make)
    store.save_orders([make.order(1, cancelled=True)], actor="t", at=make.at, dry_run=True, rule=rule)
    store.save_orders([make.order(1), make.order(2)], actor="t", at=make.at, rule=rule)
    assert (rule.asked, everything(store, make)) == ([], before)


@pytest.mark.parametrize("door", ["row", "verb"])
def test_a_rule_that_fails_leaves_nothing(store: Store, make: Any, door: str) -> None:
    """No cancelled order whose route still names it: both, or neither."""
    agreed(store, make, make.message())

    def broken(_: Standing) -> Sequel:
        raise RuntimeError("no")

    before = everything(store, make)
    with pytest.raises(RuntimeError):  # noqa: PT012 - one of two doors
        if door == "row":
            store.save_orders([make.order(1, cancelled=True)], actor="t", at=make.at, rule=broken)
        else:
            store.cancel_order("SR-0001", actor="t", at=make.at, rule=broken)
    assert everything(store, make) == before


def test_a_row_for_another_day_takes_its_leg_along(store: Store, make: Any) -> None:
    """Planned or not, the order waits for its new day; another note leaves it where it is."""
    agreed(store, make)
    other = replace(make.order(1).legs[0], date=make.at.date(), wave="evening")
    store.save_orders([make.order(1, note="ใหม่", legs=(other,))], actor="t", at=make.at)
    assert store.orders(order_ids=["SR-0001"])[0].legs[0].state == "planned"
    store.save_orders([make.order(1, service_date=make.at.date(), legs=(other,))], actor="t", at=make.at)
    (leg,) = store.orders(order_ids=["SR-0001"])[0].legs
    assert (leg.state, leg.wave, leg.plan_id) == ("received", "evening", None)
