"""A wave's run and its plans: each step once, by whoever comes first, all of it or nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from storage import Approval, IllegalRun, Leg, LegMove, Message, PlanningArea, Store


def legs(store: Store) -> dict[str, str]:
    return {order.order_id: order.legs[0].state for order in store.orders()}


def approve(store: Store, make: Any, plan_id: str, *messages: Message, **options: Any) -> Approval:
    options = {"actor": "C1"} | options
    return store.approve_plan(plan_id, messages=messages, moves=[], at=make.at, **options)


def test_a_wave_is_closed_once(store: Store, make: Any) -> None:
    """The first to close a wave gets its run; the second gets nothing and writes nothing."""
    order = make.order()
    run = make.closed(store, order)
    assert (run.state, run.config_version, run.closed_at) == ("closed", 1, make.at)
    assert legs(store) == {order.order_id: "batched"}
    told = make.message(kind="changed", event="late")
    again = store.close_run("m", make.day, "midday", config_version=2, moves=[], actor="x", at=make.at, messages=[told])
    assert again is None
    assert store.messages() == []
    assert store.run("m", make.day, "midday") == run
    assert store.run("m", make.day, "evening") is None


def test_closing_says_what_it_must_in_the_same_breath(store: Store, make: Any) -> None:
    """Orders moved to the next wave and the messages that say so are written with the run."""
    store.save_orders([make.order()], actor="import", at=make.at)
    late = LegMove(order_id="SR-0001", leg=1, state="received", reason="wave_full", date=make.day, wave="evening")
    run = store.close_run(
        "m", make.day, "midday", config_version=1, moves=[late], actor="clock", at=make.at, messages=[make.message()]
    )
    assert run is not None
    (order,) = store.orders(wave="evening")
    assert (order.legs[0].reason, order.legs[0].date) == ("wave_full", make.day)
    assert [message.state for message in store.messages()] == ["held"]


def test_runs_are_asked_for_by_date_and_state(store: Store, make: Any) -> None:
    """Date, states and the first date wanted narrow the list."""
    for days, wave in ((0, "midday"), (0, "evening"), (1, "midday")):
        day = make.day + dt.timedelta(days=days)
        store.close_run("m", day, wave, config_version=1, moves=[], actor="clock", at=make.at)
    assert len(store.runs()) == 3
    assert {run.wave for run in store.runs(date=make.day)} == {"midday", "evening"}
    assert len(store.runs(since=make.day + dt.timedelta(days=1))) == 1
    assert store.runs(states={"planned"}) == []


def test_a_plan_comes_back_as_it_went_in(store: Store, make: Any) -> None:
    """Routes, steps, loads, windows and what found no place survive the database."""
    order = make.order()
    run = make.closed(store, order)
    plan = make.plan(run, order, id="p_1", seen=store.mark())
    moves = make.moves(order, state="planned", plan_id="p_1")
    saved = store.save_plan(plan, found=run, moves=moves, actor="p", at=make.at)
    assert saved == replace(plan, revision=1)
    assert store.plan("p_1") == saved
    assert store.plans(make.day, "midday") == [saved]
    assert store.plan("p_2") is None
    assert legs(store) == {order.order_id: "planned"}
    run_now = store.run("m", make.day, "midday")
    assert run_now is not None
    assert (run_now.state, run_now.plan_id) == ("planned", "p_1")


def test_a_new_plan_takes_the_old_ones_place(store: Store, make: Any) -> None:
    """Revisions count up, the old plan is no longer current, and what it still had to say is withdrawn."""
    order = make.order()
    first = make.planned(store, order)
    held, ready, out = (make.message(number, plan_id=first.id) for number in (1, 2, 3))
    assert approve(store, make, first.id, held, ready, out) is Approval.APPROVED
    store.wake_messages(make.at)
    store.claim_messages(make.at, channel="line", holder="h", limit=1, lease_seconds=10)
    run = store.run("m", make.day, "midday")
    assert run is not None
    second = make.replanned(store, run, order)
    assert (second.revision, second.supersedes) == (2, first.id)
    assert [plan.id for plan in store.plans(make.day)] == [second.id]
    assert [plan.id for plan in store.plans(make.day, current_only=False)] == [first.id, second.id]
    assert [message.state for message in store.messages()] == ["sending", "superseded", "superseded"]
    assert approve(store, make, first.id) is Approval.STALE
    assert approve(store, make, second.id) is Approval.APPROVED


@pytest.mark.parametrize("meanwhile", ["approved", "planned"])
def test_a_plan_is_not_saved_over_what_its_planner_did_not_see(store: Store, make: Any, meanwhile: str) -> None:
    """Approved, or planned by another, while it was being made: the late plan changes nothing."""
    order = make.order()
    plan = make.planned(store, order)
    (found,) = store.runs()
    if meanwhile == "approved":
        approve(store, make, plan.id, make.message(plan_id=plan.id))
    else:
        make.replanned(store, found, order)
    before = store.runs(), store.orders(), store.messages(), store.plans(make.day, current_only=False)
    late = make.plan(found, order, id="p_late")
    moves = make.moves(order, state="unassigned")
    assert store.save_plan(late, found=found, moves=moves, actor="p", at=make.at) is None
    assert (store.runs(), store.orders(), store.messages(), store.plans(make.day, current_only=False)) == before


def test_approving_twice_is_once(store: Store, make: Any) -> None:
    """The second approval says ALREADY and adds no message, no approval, no audit row."""
    plan = make.planned(store, make.order())
    assert approve(store, make, plan.id, make.message()) is Approval.APPROVED
    audits = len(store.audit(1000))
    assert approve(store, make, plan.id, make.message(2)) is Approval.ALREADY
    assert [message.id for message in store.messages()] == ["m1"]
    assert len(store.audit(1000)) == audits
    approved = store.plan(plan.id)
    assert approved is not None
    assert (approved.approved_by, approved.approved_at) == ("C1", make.at)


def test_an_unknown_plan_is_unknown(store: Store, make: Any) -> None:
    """Approving what never was changes nothing."""
    assert approve(store, make, "p_404") is Approval.UNKNOWN


@pytest.mark.parametrize("change", ["cancel", "import"])
def test_a_plan_whose_order_changed_is_stale(store: Store, make: Any, change: str) -> None:
    """An order cancelled or changed after it was read makes the plan stale, whatever the clocks say."""
    order, other = make.order(1), make.order(2)
    plan = make.planned(store, order)
    long_ago = make.at - dt.timedelta(days=9)
    store.save_orders([other], actor="import", at=make.at)  # not in the plan: it is none of its business
    if change == "cancel":
        store.cancel_order(order.order_id, actor="C1", at=long_ago)
    else:
        store.save_orders([replace(order, note="ประตูหลัง")], actor="import", at=long_ago)
    assert approve(store, make, plan.id, make.message()) is Approval.STALE
    assert store.messages() == []


def test_a_change_while_planning_is_noticed(store: Store, make: Any) -> None:
    """What changed between reading the orders and saving the plan counts, if the planner took its mark."""
    order = make.order()
    run = make.closed(store, order)
    seen = store.mark()
    store.save_orders([replace(order, note="ใหม่")], actor="import", at=make.at)
    assert approve(store, make, make.replanned(store, run, order, seen=seen).id) is Approval.STALE
    assert approve(store, make, make.replanned(store, run, order).id) is Approval.APPROVED


def test_two_must_agree(store: Store, make: Any) -> None:
    """With two approvers wanted the first waits, also when asked twice, and nothing is said till the second."""
    plan = make.planned(store, make.order())
    assert approve(store, make, plan.id, make.message(), required=2) is Approval.WAITING
    assert approve(store, make, plan.id, make.message(), required=2) is Approval.WAITING
    assert store.messages() == []
    assert approve(store, make, plan.id, make.message(), required=2, actor="C2") is Approval.APPROVED
    approved = store.plan(plan.id)
    assert approved is not None
    assert approved.approved_by == "C1, C2"


def test_a_wave_goes_its_way_step_by_step(store: Store, make: Any) -> None:
    """Dispatch and finish happen once each, only in their order, and take the legs along."""
    order = make.order()
    plan = make.planned(store, order)
    assert not store.dispatch_run(plan.run_id, actor="clock", at=make.at)
    approve(store, make, plan.id)
    assert not store.finish_run(plan.run_id, actor="clock", at=make.at)
    assert store.dispatch_run(plan.run_id, actor="clock", at=make.at)
    assert not store.dispatch_run(plan.run_id, actor="clock", at=make.at)
    assert legs(store) == {order.order_id: "dispatched"}
    assert store.finish_run(plan.run_id, actor="clock", at=make.at)
    assert not store.finish_run(plan.run_id, actor="clock", at=make.at)
    run = store.runs()[0]
    late = make.plan(run, order, id="p_late")
    with pytest.raises(IllegalRun):
        store.save_plan(late, found=run, moves=[], actor="p", at=make.at)
    assert store.save_plan(late, found=replace(run, state="closed"), moves=[], actor="p", at=make.at) is None
    assert store.plan("p_late") is None
    assert approve(store, make, plan.id) is Approval.ALREADY


def test_a_wave_is_called_off_with_all_it_had_to_say(store: Store, make: Any) -> None:
    """Cancelling withdraws the plan's messages, says others, moves the legs; a dispatched wave stays."""
    order = make.order()
    plan = make.planned(store, order)
    approve(store, make, plan.id, make.message(1, plan_id=plan.id))
    later = {"reason": "market_closed", "date": make.day, "wave": "evening", "zone": "talat"}
    moves = make.moves(order, state="unassigned", **later)
    sorry = make.message(2, event="off", kind="cancelled")
    called_off = {"moves": moves, "messages": [sorry], "actor": "C1", "at": make.at}
    assert not store.cancel_run(plan.run_id, found="planned", **called_off)
    assert store.cancel_run(plan.run_id, found="approved", **called_off)
    assert not store.cancel_run(plan.run_id, found="approved", **called_off)
    assert [(message.id, message.state) for message in store.messages()] == [("m1", "superseded"), ("m2", "held")]
    (back,) = store.orders()
    assert (back.legs[0].state, back.legs[0].wave, back.legs[0].plan_id) == ("unassigned", "evening", None)
    assert approve(store, make, plan.id) in (Approval.STALE, Approval.ALREADY)


def test_a_reminder_is_sent_once(store: Store, make: Any) -> None:
    """A run that waits for approval is reminded of a single time."""
    plan = make.planned(store, make.order())
    assert store.remind_run(plan.run_id, messages=[make.message()], actor="clock", at=make.at)
    assert not store.remind_run(plan.run_id, messages=[make.message(2)], actor="clock", at=make.at)
    assert len(store.messages()) == 1


@pytest.mark.parametrize("state", ["closed", "planned"])
def test_a_wave_that_rode_after_all_is_ended_once(store: Store, make: Any, state: str) -> None:
    """As a person says: its legs have left, batched or planned, no other's have, and what it left out goes on; in one
    transaction with the audit's entry, and not where the wave is in another state than was looked at."""
    orders = [make.order(number) for number in (1, 2, 3)]
    store.save_orders([make.order(4, legs=(Leg(date=make.day, wave="evening"),))], actor="test", at=make.at)
    if state == "planned":
        plan = make.planned(store, *orders)
        (run,) = store.runs()
        late = make.moves(orders[1], state="batched")
        left = make.moves(orders[2], state="unassigned", reason="capacity")
        store.save_plan(make.plan(run, id="p_2"), found=run, moves=[*late, *left], actor="p", at=make.at)
        assert plan.run_id == run.id
    else:
        run = make.closed(store, *orders)
        assert store.move_legs(make.moves(orders[2], state="unassigned"), actor="test", at=make.at)
    onward = {"reason": "capacity", "date": make.day, "wave": "evening"}
    said: dict[str, Any] = {"moves": make.moves(orders[2], state="received", **onward), "actor": "C1", "at": make.at}
    run = store.run_by_id(run.id) or run
    for found in (
        replace(run, state="approved"),
        replace(run, state="closed" if state == "planned" else "planned"),
        replace(run, plan_id="p_0"),
    ):
        assert not store.settle_run(found, **said)
    assert not store.finish_run(run.id, actor="clock", at=make.at)
    assert store.settle_run(run, **said)
    assert not store.settle_run(run, **said)
    assert legs(store) == {
        "SR-0001": "dispatched",
        "SR-0002": "dispatched",
        "SR-0003": "received",
        "SR-0004": "received",
    }
    (ended,) = store.runs()
    assert (ended.state, ended.finished_at) == ("finished", make.at)
    (entry,) = [each for each in store.audit() if each.verb == "settle_run"]
    assert (entry.actor, entry.subject, entry.detail) == ("C1", f"run:{run.id}", {"rode": 2, "legs": 1})


def test_whether_a_closed_wave_rode_is_asked_once(store: Store, make: Any) -> None:
    """Nobody plans it meanwhile."""
    run = make.closed(store, make.order())
    area = PlanningArea(
        id="a_1", run_id=run.id, area="mueang", digest="d", order_ids=(), rider_ids=(), settings={}, until=make.at
    )
    assert store.post_areas(run, [area], actor="clock", at=make.at) == [area]
    assert store.remind_run(run.id, messages=[make.message()], actor="clock", at=make.at)
    assert not store.remind_run(run.id, messages=[make.message(2)], actor="clock", at=make.at + dt.timedelta(hours=1))
    assert [message.id for message in store.messages()] == ["m1"]
    assert store.areas(run.id) == []


def test_of_a_wave_that_is_over_nobody_is_reminded(store: Store, make: Any) -> None:
    """Settled, it waits for nobody."""
    run = make.closed(store, make.order())
    assert store.settle_run(run, moves=[], actor="C1", at=make.at)
    assert not store.remind_run(run.id, messages=[make.message()], actor="clock", at=make.at)


def test_a_leg_that_went_elsewhere_stays_there(store: Store, make: Any) -> None:
    """A move the life-cycle does not have (a cancelled order batched) is left out, the others go."""
    store.save_orders([make.order(1), make.order(2)], actor="import", at=make.at)
    store.cancel_order("SR-0001", actor="C1", at=make.at)
    batched = make.moves(make.order(1), make.order(2), state="batched")
    store.close_run("m", make.day, "midday", config_version=1, moves=batched, actor="clock", at=make.at)
    assert legs(store) == {"SR-0001": "cancelled", "SR-0002": "batched"}


def test_a_verb_that_fails_leaves_nothing(store: Store, make: Any) -> None:
    """When a plan cannot be kept, neither its legs, nor its run, nor an audit row is."""
    order = make.order()
    run = make.closed(store, order)
    audits, twice = len(store.audit()), make.plan(run, order, id="p_1")
    store.save_plan(twice, found=run, moves=make.moves(order, state="planned", plan_id="p_1"), actor="p", at=make.at)
    from storage import StorageError

    before = store.runs(), store.orders(), store.plans(make.day, current_only=False)
    again = {"found": store.runs()[0], "moves": make.moves(order, state="batched")}
    with pytest.raises(StorageError):
        store.save_plan(twice, **again, actor="p", at=make.at)
    assert (store.runs(), store.orders(), store.plans(make.day, current_only=False)) == before
    assert len(store.audit()) == audits + 1
