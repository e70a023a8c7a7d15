"""A wave walked on real databases: each step once, whoever comes, and each person told what is theirs, once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scheduler.clock import SteppedClock
from scheduler.config import Config
from scheduler.day import Action, Step
from scheduler.versions import Versions
from scheduler.waves import Waves
from scheduler.workers import AtOnce, Planner
from storage import Approval, IllegalRun, Member, Message, Order, Plan, Run, Store, open_store
from storage.backup import backup, restore

DAY, EVE, NEXT = dt.date(2026, 11, 24), dt.date(2026, 11, 23), dt.date(2026, 11, 25)
GREEDY = ("engine: auto, seconds: 10", "engine: greedy, seconds: 1")
FAR = (99.2860, 9.1500)  # the other bank

ConfigOf = Callable[..., Config]


class Market:
    """The shipped market on one database, and a clock that is set from step to step."""

    def __init__(self, store: Store, folder: Path, config: Config, make: Any) -> None:
        self.store, self.make = store, make
        self.clock = SteppedClock(make.at("12:00", EVE))
        self.versions = Versions(store, folder / "config.yaml")
        self.versions.take_up(config, self.clock.now(), "test")
        self.planner = Planner(workers=1)
        self.waves = Waves(store, self.versions, AtOnce(self.planner), self.clock.now)

    def know(self, *members: Member) -> None:
        self.store.save_members(members, actor="test", at=self.clock.now())

    def take(self, *orders: Order) -> None:
        self.store.save_orders(orders, actor="test", at=self.clock.now())

    def change(self, *orders: Order) -> None:
        """As a later row says it, while plans that were approved follow."""
        self.store.save_orders(orders, actor="test", at=self.clock.now(), rule=self.waves.amending())

    def cancel(self, number: int) -> None:
        at, rule = self.clock.now(), self.waves.amending()
        self.store.cancel_order(f"SR-{number:04}", actor="C1", at=at, rule=rule)

    def do(self, action: Action, at: str, date: dt.date = DAY, wave: str = "midday", on: dt.date = EVE) -> bool:
        self.clock.set(self.make.at(at, on))
        return self.waves.perform(Step(at=self.clock.now(), action=action, date=date, wave=wave))

    def planned(self, *orders: Order, wave: str = "midday") -> Plan:
        """Closed and planned at the cut-off, with these orders."""
        self.take(*orders)
        assert self.do(Action.CLOSE, "18:00", wave=wave)
        assert self.do(Action.PLAN, "18:00", wave=wave)
        return self.plan(wave)

    def run(self, wave: str = "midday", date: dt.date = DAY) -> Run:
        found = self.waves.run(date, wave)
        assert found is not None
        return found

    def plan(self, wave: str = "midday") -> Plan:
        found = self.store.plan(self.run(wave).plan_id or "")
        assert found is not None
        return found

    def approve(self, plan: Plan) -> Approval:
        return self.waves.approve(plan.id, actor="C1").outcome

    def leg(self, number: int = 1) -> tuple[str, dt.date, str | None, str | None]:
        (order,) = self.store.orders(order_ids=[f"SR-{number:04}"])
        leg = order.legs[0]
        return leg.state, leg.date, leg.wave, leg.reason

    def buyer(self, number: int) -> str:
        (order,) = self.store.orders(order_ids=[f"SR-{number:04}"])
        return order.buyer_ref

    def said(self, plan: Plan | None = None) -> list[tuple[str, str]]:
        """(kind, member) of what was written, for one plan or in all, in a settled order."""
        found = self.store.messages(plan_id=plan.id) if plan is not None else self.store.messages()
        return sorted((message.kind, message.member_ref) for message in found)

    def deliver(self) -> None:
        """Everything that waits is heard."""
        now = self.clock.now() + dt.timedelta(days=1)
        ids = [message.id for message in self.store.messages(states={"held"})]
        self.store.move_messages(ids, "ready", actor="test", at=now)
        for _ in range(50):
            claimed = self.store.claim_messages(
                self.clock.now(), channel="console", holder="test", limit=100, lease_seconds=60
            )
            if not claimed:
                return
            self.store.finish_attempts([_accepted(message, self.clock.now()) for message in claimed], holder="test")


def _accepted(message: Message, at: dt.datetime) -> Any:
    from storage import AttemptEnd

    return AttemptEnd(message_id=message.id, at=at, state="accepted", outcome="accepted", tries=len(message.attempts))


@pytest.fixture
def open_market(store: Store, tmp_path: Path, make: Any, market_config: ConfigOf) -> Iterator[Callable[..., Market]]:
    """`open_market(*edits)`: the shipped market with these edits and the quickest solver."""
    opened = []

    def opening(*edits: tuple[str, str]) -> Market:
        market = Market(store, tmp_path, market_config(GREEDY, *edits), make)
        opened.append(market)
        return market

    yield opening
    for market in opened:
        market.planner.close()


@pytest.fixture
def market(open_market: Callable[..., Market], make: Any) -> Market:
    """One rider, two sellers, one coordinator."""
    opened = open_market()
    opened.know(make.rider(), make.seller("S01"), make.seller("S02", location=make.bang_kung), make.coordinator())
    return opened


# --- each step once ----------------------------------------------------------------------------------------------


def test_a_wave_is_walked_from_the_cut_off_to_its_end(market: Market, make: Any) -> None:
    """Closed, planned, approved, dispatched, finished; the order's leg goes along and each person is told."""
    plan = market.planned(make.order(1), make.order(2, sellers=("S02",), at=make.bang_kung))
    assert market.leg(1) == ("planned", DAY, "midday", None)
    assert market.store.messages() == []
    assert market.do(Action.APPROVE, "18:30")
    assert market.said() == [
        ("pick_list", "S01"),
        ("pick_list", "S02"),
        ("route", "R1"),
        ("summary", "C1"),
        ("window", market.store.orders(order_ids=["SR-0001"])[0].buyer_ref),
        ("window", market.store.orders(order_ids=["SR-0002"])[0].buyer_ref),
    ]
    assert {message.plan_id for message in market.store.messages()} == {plan.id}
    assert market.do(Action.DISPATCH, "08:00", on=DAY)
    assert market.leg(1)[0] == "dispatched"
    assert market.do(Action.FINISH, "14:00", on=DAY)
    assert market.run().state == "finished"


def test_every_step_is_done_once(market: Market, make: Any) -> None:
    """A step that another process had done already does nothing and says so."""
    market.planned(make.order())
    first = market.plan()
    assert not market.do(Action.CLOSE, "18:00")
    assert not market.do(Action.PLAN, "18:00")
    assert market.plan() == first
    assert market.do(Action.APPROVE, "18:30")
    written = market.store.messages()
    assert not market.do(Action.APPROVE, "18:30")
    assert not market.do(Action.PLAN, "18:30")
    assert not market.do(Action.REMIND, "20:00")
    assert not market.do(Action.ROLL_OVER, "20:00")
    assert market.run().state == "approved"
    assert market.store.messages() == written
    assert market.do(Action.DISPATCH, "08:00", on=DAY)
    assert not market.do(Action.DISPATCH, "08:00", on=DAY)
    assert market.do(Action.FINISH, "14:00", on=DAY)
    assert not market.do(Action.FINISH, "14:00", on=DAY)


def test_a_step_of_a_wave_nobody_closed_does_nothing(market: Market) -> None:
    """Without a run there is nothing to plan, approve, remind of, move on, dispatch or finish."""
    for action in set(Action) - {Action.CLOSE}:
        assert not market.do(action, "18:00")


def test_a_slow_planner_does_not_undo_a_quick_one(market: Market, make: Any) -> None:
    """Two processes plan one closed wave; what was approved meanwhile stays approved."""
    market.take(make.order())
    assert market.do(Action.CLOSE, "18:00")
    seen_by_both = market.run()
    assert market.do(Action.PLAN, "18:00")
    approved = market.plan()
    assert market.approve(approved) is Approval.APPROVED
    assert market.waves.plan(seen_by_both, actor="the slow one") is None
    assert (market.run().state, market.run().plan_id) == ("approved", approved.id)


def test_an_empty_wave_goes_its_way(market: Market) -> None:
    """Without an order there is a plan of nothing, and only the coordinator hears of it."""
    plan = market.planned()
    assert (plan.routes, plan.unassigned) == ((), ())
    assert market.approve(plan) is Approval.APPROVED
    assert market.said() == [("summary", "C1")]


# --- the cut-off -------------------------------------------------------------------------------------------------


def test_the_cut_off_sends_late_and_surplus_orders_on(open_market: Callable[..., Market], make: Any) -> None:
    """Who is late, or one too many for the zone, waits for the evening and is told when noon is approved."""
    market = open_market(("max_orders: 40", "max_orders: 1"))
    market.know(make.rider(), make.seller("S01"), make.coordinator())
    late = make.order(3, placed="18:30", leg={"wave": "evening", "reason": "after_cutoff"})
    plan = market.planned(make.order(1, placed="09:00"), make.order(2, placed="10:00"), late)
    assert market.leg(1) == ("planned", DAY, "midday", None)
    assert market.leg(2) == ("received", DAY, "evening", "wave_full")
    assert market.approve(plan) is Approval.APPROVED
    moved = [message for message in market.store.messages(kinds={"changed"}) if message.role == "buyer"]
    assert sorted(message.order_ids for message in moved) == [("SR-0002",), ("SR-0003",)]


def test_a_late_row_for_an_old_day_does_not_wait_in_a_closed_wave(market: Market, make: Any) -> None:
    """A wave of last month is still known to be closed."""
    market.planned(make.order(1))
    market.clock.set(make.at("09:00", DAY + dt.timedelta(days=40)))
    assert (DAY, "midday") in market.waves.standing.market(on=DAY).closed


def test_orders_without_a_pin_are_asked_for_it_once(market: Market, make: Any) -> None:
    """The buyer is asked at the first approval of the day and not at the next; what is withdrawn is asked anew."""
    pinless = make.order(2, at=None, leg={"zone": None, "area": None, "reason": "needs_pin"})
    plan = market.planned(make.order(1), pinless)
    assert market.leg(2) == ("received", DAY, "evening", "needs_pin")
    assert market.approve(plan) is Approval.APPROVED
    asked = market.store.messages(kinds={"ask_pin"})
    assert len(asked) == 1
    assert market.do(Action.CLOSE, "18:00", wave="morning")
    assert market.do(Action.PLAN, "18:00", wave="morning")
    assert market.approve(market.plan("morning")) is Approval.APPROVED
    assert market.store.messages(kinds={"ask_pin"}) == asked
    again = market.waves.plan(market.run(), actor="C1")
    assert again is not None
    assert market.approve(again) is Approval.APPROVED
    assert len(market.store.messages(kinds={"ask_pin"}, states={"held"})) == 1


# --- approval ----------------------------------------------------------------------------------------------------


def test_approving_twice_writes_once(market: Market, make: Any) -> None:
    """The second approval of one plan says so and changes nothing."""
    plan = market.planned(make.order())
    assert market.approve(plan) is Approval.APPROVED
    written = market.store.messages()
    assert market.approve(plan) is Approval.ALREADY
    assert market.store.messages() == written
    assert market.waves.approve("p_nothing", actor="C1").outcome is Approval.UNKNOWN


def test_what_is_shown_before_is_what_is_written(market: Market, make: Any) -> None:
    """The preview of a plan is, message by message, what approving it writes."""
    plan = market.planned(make.order(1), make.order(2, at=None, leg={"zone": None, "reason": "needs_pin"}))
    shown = market.waves.telling.told(plan, approved_by="C1")
    assert market.approve(plan) is Approval.APPROVED
    assert market.store.messages() == shown


def test_a_plan_is_stale_once_an_order_changed(market: Market, make: Any) -> None:
    """What a coordinator saw is not what would ride: the approval is refused and nothing is written."""
    order = make.order(1)
    plan = market.planned(order, make.order(2))
    market.take(replace(order, pickups=(replace(order.pickups[0], items="ขนมจีน x9"),)))
    assert market.approve(plan) is Approval.STALE
    assert market.store.messages() == []
    anew = market.waves.plan(market.run(), actor="C1")
    assert anew is not None
    assert market.approve(plan) is Approval.STALE
    assert market.approve(anew) is Approval.APPROVED


@pytest.mark.parametrize("rule", ["mode: auto, at_deadline: hold", "mode: manual, at_deadline: approve"])
def test_the_clock_approves_what_is_true_now(open_market: Callable[..., Market], make: Any, rule: str) -> None:
    """Where nobody need approve, a cancelled order does not keep the others at home: the wave is planned anew."""
    market = open_market(("mode: manual, at_deadline: hold, approvers: 1", f"{rule}, approvers: 2"))
    market.know(make.rider(), make.seller("S01"), make.coordinator())
    first = market.planned(make.order(1), make.order(2))
    market.store.cancel_order("SR-0001", actor="C1", at=market.clock.now())
    assert market.do(Action.APPROVE, "20:00")
    assert market.run().state == "approved"
    assert market.plan().supersedes == first.id
    assert {step.order_id for route in market.plan().routes for step in route.steps} == {None, "SR-0002"}


def test_two_have_to_agree_where_the_market_says_so(open_market: Callable[..., Market], make: Any) -> None:
    """The first approval is noted, the same person's second counts nothing, another's sends."""
    market = open_market(("approvers: 1", "approvers: 2"))
    market.know(make.rider(), make.seller("S01"))
    plan = market.planned(make.order())
    assert market.approve(plan) is Approval.WAITING
    assert market.approve(plan) is Approval.WAITING
    assert market.store.messages() == []
    assert market.waves.approve(plan.id, actor="C2").outcome is Approval.APPROVED
    assert market.store.messages() != []


def test_the_deadline_is_reminded_of_once(market: Market, make: Any) -> None:
    """Every coordinator hears that a plan waits, once."""
    market.planned(make.order())
    assert market.do(Action.REMIND, "20:00")
    assert not market.do(Action.REMIND, "20:01")
    assert market.said() == [("escalation", "C1")]


def test_leftover_orders_go_to_a_wave_that_still_takes_them(market: Market, make: Any) -> None:
    """A plan approved late names the next wave as it is then, not as it was when the plan was made."""
    cold = make.order(2)
    plan = market.planned(make.order(1), replace(cold, pickups=(replace(cold.pickups[0], temperature="chilled"),)))
    assert [left.next_wave for left in plan.unassigned] == ["evening"]
    assert market.do(Action.CLOSE, "11:00", wave="evening", on=DAY)
    market.clock.set(make.at("11:30"))
    assert market.approve(plan) is Approval.APPROVED
    assert market.leg(2) == ("received", NEXT, "morning", "skill")
    (told,) = [message for message in market.store.messages(kinds={"changed"}) if message.role == "buyer"]
    assert "25" in told.text


def test_who_can_be_carried_by_nobody_is_promised_no_wave(market: Market, make: Any) -> None:
    """Too heavy for every rider there is, an order does not wander from wave to wave: its buyer hears so, once."""
    (pickup,) = make.order(2).pickups
    heavy = make.order(2, pickups=(replace(pickup, weight_g=900_000),))
    plan = market.planned(make.order(1), heavy)
    (left,) = plan.unassigned
    assert (left.code, left.next_date, left.next_wave) == ("capacity", None, None)
    assert market.approve(plan) is Approval.APPROVED
    assert market.leg(2) == ("unassigned", DAY, "midday", "capacity")
    (told,) = [m for m in market.store.messages(kinds={"changed"}) if m.member_ref == market.buyer(2)]
    assert "ตลาดจะแจ้งเวลาใหม่อีกครั้ง" in told.text


# --- rolling over ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("planned", [True, False])
def test_a_wave_that_does_not_ride_moves_its_orders_and_tells(market: Market, make: Any, planned: bool) -> None:
    """Each order goes to the next possible wave and its buyer is told, also who can only be phoned."""
    market.take(make.order(1), make.order(2, buyer=make.person("ยายมี", consent=False)))
    assert market.do(Action.CLOSE, "18:00")
    assert not planned or market.do(Action.PLAN, "18:00")
    assert market.do(Action.ROLL_OVER, "20:00")
    assert market.run().state == "cancelled"
    assert market.leg(1) == market.leg(2) == ("received", DAY, "evening", "not_approved")
    told = market.store.messages(date=DAY, wave="midday")
    assert [(message.kind, message.state) for message in told] == [("changed", "held"), ("changed", "suppressed")]
    assert all("16:00" in message.text for message in told)


def test_an_approved_wave_that_nobody_sent_off_moves_on_and_everybody_hears(market: Market, make: Any) -> None:
    """After its delivery time its buyers are told the next wave, who had prepared hears it is off, coordinators why."""
    plan = market.planned(make.order(1))
    assert market.approve(plan) is Approval.APPROVED
    heard = [message for message in market.store.messages() if message.kind in {"pick_list", "window"}]
    market.store.move_messages([message.id for message in heard], "ready", actor="test", at=market.clock.now())
    claimed = market.store.claim_messages(
        market.clock.now(), channel="console", holder="test", limit=9, lease_seconds=60
    )
    market.store.finish_attempts([_accepted(message, market.clock.now()) for message in claimed], holder="test")
    assert not market.do(Action.ROLL_OVER, "12:59", on=DAY)
    assert market.do(Action.ROLL_OVER, "13:00", on=DAY)
    assert market.run().state == "cancelled"
    assert market.leg(1) == ("received", NEXT, "morning", "not_dispatched")
    told = {(m.kind, m.member_ref) for m in market.store.messages(states={"held"})}
    assert told == {("changed", market.buyer(1)), ("changed", "S01"), ("escalation", "C1")}
    assert {m.kind for m in market.store.messages(states={"superseded"})} == {"route", "summary"}


def test_a_wave_that_had_left_before_a_restore_is_not_called_off(
    market: Market, make: Any, database_url: str, market_config: ConfigOf, tmp_path: Path
) -> None:
    """Brought back after its delivery time, an approved wave counts as sent off: nobody hears that it did not ride."""
    assert market.approve(market.planned(make.order(1))) is Approval.APPROVED
    backup(database_url, tmp_path / "market.zip", market.clock.now())
    url = f"sqlite:///{tmp_path}/brought_back.db"
    restore(url, tmp_path / "market.zip", make.at("14:00", DAY))
    with open_store(url) as store:
        back = Market(store, tmp_path, market_config(GREEDY), make)
        written = len(store.messages())
        assert back.do(Action.ROLL_OVER, "14:01", on=DAY)
        assert (back.run().state, back.leg(1)) == ("dispatched", ("dispatched", DAY, "midday", None))
        assert len(store.messages()) == written
        back.planner.close()


def test_a_wave_approved_after_a_restore_does_not_count_as_sent_off(
    market: Market, make: Any, database_url: str, market_config: ConfigOf, tmp_path: Path
) -> None:
    """Of what is approved only after its hour and a restore nobody was told: over, it did not ride."""
    market.planned(make.order(1))
    backup(database_url, tmp_path / "market.zip", market.clock.now())
    url = f"sqlite:///{tmp_path}/brought_back.db"
    restore(url, tmp_path / "market.zip", make.at("11:30", DAY))
    with open_store(url) as store:
        back = Market(store, tmp_path, market_config(GREEDY), make)
        back.clock.set(make.at("11:40", DAY))
        assert back.approve(back.plan()) is Approval.APPROVED
        assert back.do(Action.ROLL_OVER, "14:01", on=DAY)
        assert (back.run().state, back.leg(1)[0]) == ("cancelled", "received")
        back.planner.close()


def test_a_plan_of_the_past_is_not_approved(market: Market, make: Any) -> None:
    """Once its delivery time is over nobody is told to ride; approved before, it is as it was."""
    plan = market.planned(make.order(1))
    assert market.approve(plan) is Approval.APPROVED
    written = market.store.messages()
    market.take(make.order(2, window=("16:00", "18:30"), leg={"wave": "evening"}))
    assert market.do(Action.CLOSE, "11:00", wave="evening", on=DAY)
    assert market.do(Action.PLAN, "11:00", wave="evening", on=DAY)
    market.clock.set(make.at("18:30", DAY))
    assert market.approve(market.plan("evening")) is Approval.OVER
    assert market.approve(plan) is Approval.ALREADY
    assert market.store.messages() == written


def test_where_an_order_rides_is_said_once(market: Market, make: Any) -> None:
    """Who missed one wave and heard that the next does not ride either hears nothing when the first rolls over."""
    market.planned(make.order(1))
    market.take(make.order(2, leg={"wave": "evening", "reason": "after_cutoff"}))
    assert market.do(Action.CLOSE, "11:00", wave="evening", on=DAY)
    assert market.do(Action.ROLL_OVER, "12:30", wave="evening", on=DAY)
    (told,) = [m for m in market.store.messages(kinds={"changed"}) if m.order_ids == ("SR-0002",)]
    assert market.do(Action.ROLL_OVER, "13:00", on=DAY)
    assert [m for m in market.store.messages(kinds={"changed"}) if m.order_ids == ("SR-0002",)] == [told]


def test_after_long_downtime_orders_move_once_to_a_wave_to_come(market: Market, make: Any) -> None:
    """Two days late nobody is moved into a wave that is over as well, nor told of one."""
    market.take(make.order(1))
    assert market.do(Action.CLOSE, "15:00", on=NEXT)
    assert market.do(Action.ROLL_OVER, "15:00", on=NEXT)
    assert market.leg(1) == ("received", NEXT + dt.timedelta(days=1), "morning", "not_approved")


def test_a_rider_of_a_cancelled_wave_is_free(market: Market, make: Any) -> None:
    """What was planned and does not ride keeps nobody from the next wave."""
    market.planned(make.order(1))
    (route,) = market.plan().routes
    assert market.do(Action.ROLL_OVER, "20:00")
    assert market.store.rides(NEXT, but="r_evening") == []
    assert route.rider_id == "R1"


# --- planning anew -----------------------------------------------------------------------------------------------


def two_riders(market: Market, make: Any) -> Plan:
    """Two riders each with orders of their own, all approved and heard."""
    market.know(make.rider("R2", name="สมชาย ดี", zones=("bang_bai_mai",), home=FAR, vehicle="motorcycle"))
    market.know(make.rider("R1", zones=("talat",)))
    market.know(make.seller("S03", location=FAR))
    here = [make.order(number) for number in (1, 2)]
    there = [make.order(3, at=(99.287, 9.151), sellers=("S03",), leg={"zone": "bang_bai_mai"})]
    plan = market.planned(*here, *there)
    assert {route.rider_id for route in plan.routes} == {"R1", "R2"}
    assert market.approve(plan) is Approval.APPROVED
    market.clock.set(make.at("08:00"))
    market.deliver()
    return plan


def test_a_replan_tells_only_whom_it_concerns(market: Market, make: Any) -> None:
    """Without R2, R2 and the buyer and seller of the other bank hear of it; R1's people do not."""
    two_riders(market, make)
    anew = market.waves.plan(market.run(), actor="C1", without_riders={"R2"})
    assert anew is not None
    assert [left.order_id for left in anew.unassigned] == ["SR-0003"]
    assert market.approve(anew) is Approval.APPROVED
    (other_bank,) = market.store.orders(order_ids=["SR-0003"])
    assert market.said(anew) == sorted(
        [("changed", "R2"), ("changed", "S03"), ("changed", other_bank.buyer_ref), ("summary", "C1")]
    )


def test_a_replan_that_changes_nothing_tells_nobody(market: Market, make: Any) -> None:
    """The same routes again are no news, but for the coordinator's summary."""
    two_riders(market, make)
    anew = market.waves.plan(market.run(), actor="C1")
    assert anew is not None
    assert market.approve(anew) is Approval.APPROVED
    assert market.said(anew) == [("summary", "C1")]


def test_who_had_not_heard_yet_is_told_all(market: Market, make: Any) -> None:
    """What was still held is withdrawn, and the new plan says everything anew, once."""
    plan = market.planned(make.order(1), make.order(2))
    assert market.approve(plan) is Approval.APPROVED
    before = market.said(plan)
    anew = market.waves.plan(market.run(), actor="C1")
    assert anew is not None
    assert {message.state for message in market.store.messages(plan_id=plan.id)} == {"superseded"}
    assert market.approve(anew) is Approval.APPROVED
    assert market.said(anew) == before


def test_back_and_forth_is_told_each_time(market: Market, make: Any) -> None:
    """Served, then not, then served again as at first: the buyer, rider and seller hear of each change."""
    two_riders(market, make)
    (order,) = market.store.orders(order_ids=["SR-0003"])
    concerned = {"R2", "S03", order.buyer_ref}
    for without in ({"R2"}, set(), {"R2"}, set()):
        back, add = ((), ()) if without else ({"R2"}, ["SR-0003"])
        anew = market.waves.plan(market.run(), actor="C1", without_riders=without, with_riders=back, add_orders=add)
        assert anew is not None
        assert market.approve(anew) is Approval.APPROVED
        assert {ref for kind, ref in market.said(anew) if kind != "summary"} == concerned
        market.clock.set(market.clock.now() + dt.timedelta(minutes=5))
        market.deliver()


def test_who_was_left_out_stays_out_until_they_are_back(market: Market, make: Any) -> None:
    """A re-plan for another cause does not send a sick rider out; taken back by name, they ride again."""
    two_riders(market, make)
    asked: tuple[tuple[dict[str, Any], set[str]], ...] = (
        ({"without_riders": {"R2"}}, {"R2"}),
        ({}, {"R2"}),
        ({"with_riders": {"R2"}}, set()),
    )
    for how, out in asked:
        anew = market.waves.plan(market.run(), actor="C1", **how)
        assert anew is not None
        assert set(anew.summary.get("without_riders", ())) == out
        assert not {route.rider_id for route in anew.routes} & out


def test_a_buyer_is_not_told_that_it_moved_and_that_it_comes(market: Market, make: Any) -> None:
    """Left over by a plan and carried by the next: the notice still held is withdrawn, the window is told."""
    cold = make.order(1)
    plan = market.planned(replace(cold, pickups=(replace(cold.pickups[0], temperature="chilled"),)))
    assert market.approve(plan) is Approval.APPROVED
    assert [message.state for message in market.store.messages(kinds={"changed"})] == ["held"]
    market.know(make.rider("R2", skills=("cold_box",)))
    anew = market.waves.plan(market.run(), actor="C1", add_orders=["SR-0001"])
    assert anew is not None
    assert market.approve(anew) is Approval.APPROVED
    assert [message.state for message in market.store.messages(kinds={"changed"})] == ["superseded"]
    assert [message.state for message in market.store.messages(kinds={"window"})] == ["held"]


def test_a_corrected_place_or_amount_reaches_rider_and_seller(market: Market, make: Any) -> None:
    """Same stops in the same order, but another house and more goods: who rides and who packs hear of it."""
    order = make.order(1)
    plan = market.planned(order)
    assert market.approve(plan) is Approval.APPROVED
    market.clock.set(make.at("08:00"))
    market.deliver()
    goods = replace(order.pickups[0], items="ขนมจีน x5")
    market.take(replace(order, location=(99.3251, 9.1421), address_text="99 ซอยใหม่", pickups=(goods,)))
    anew = market.waves.plan(market.run(), actor="C1")
    assert anew is not None
    assert market.approve(anew) is Approval.APPROVED
    assert market.said(anew) == [("pick_list", "S01"), ("route", "R1"), ("summary", "C1")]


def test_an_order_added_by_hand_rides_once(market: Market, make: Any) -> None:
    """A late order put into a planned wave is in this one and no longer in the next, to its end."""
    late = make.order(2, placed="18:30", leg={"wave": "evening", "reason": "after_cutoff"})
    market.planned(make.order(1), late)
    anew = market.waves.plan(market.run(), actor="C1", add_orders=["SR-0002", "SR-0002", "nobody"])
    assert anew is not None
    assert market.leg(2) == ("planned", DAY, "midday", None)
    assert market.approve(anew) is Approval.APPROVED
    assert market.store.messages(kinds={"changed"}) == []
    assert market.do(Action.DISPATCH, "08:00", on=DAY)
    assert market.leg(2)[0] == "dispatched"
    assert market.do(Action.CLOSE, "11:00", wave="evening", on=DAY)
    assert market.leg(2)[:3] == ("dispatched", DAY, "midday")


def test_an_order_that_finds_a_place_after_all_is_dispatched(market: Market, make: Any) -> None:
    """Left over by the first plan, carried by the second: it leaves with the others."""
    cold = make.order(2)
    cold = replace(cold, pickups=(replace(cold.pickups[0], temperature="chilled"),))
    plan = market.planned(make.order(1), cold)
    assert market.leg(2)[0] == "unassigned"
    assert [left.code for left in plan.unassigned] == ["skill"]
    market.know(make.rider("R2", skills=("cold_box",)))
    anew = market.waves.plan(market.run(), actor="C1")
    assert anew is not None
    assert anew.unassigned == ()
    assert market.leg(2)[0] == "planned"
    assert market.approve(anew) is Approval.APPROVED
    assert market.do(Action.DISPATCH, "08:00", on=DAY)
    assert market.leg(2)[0] == "dispatched"


def test_an_order_that_lost_its_pin_does_not_stop_the_others(market: Market, make: Any) -> None:
    """Corrected to an address nobody can place, it waits for a pin; the wave rides without it."""
    order = make.order(1)
    market.planned(order, make.order(2))
    market.take(replace(order, location=None, pin_source=None, address_text="หลังวัด"))
    anew = market.waves.plan(market.run(), actor="C1")
    assert anew is not None
    assert market.leg(1) == ("received", DAY, "evening", "needs_pin")
    assert market.leg(2)[0] == "planned"
    assert market.approve(anew) is Approval.APPROVED
    assert ("ask_pin", market.store.orders(order_ids=["SR-0001"])[0].buyer_ref) in market.said()


def test_a_wave_on_its_way_is_not_planned_anew(market: Market, make: Any) -> None:
    """After the dispatch a new plan is refused, and nothing of the old one is withdrawn."""
    market.planned(make.order())
    assert market.do(Action.APPROVE, "18:30")
    assert market.do(Action.DISPATCH, "08:00", on=DAY)
    states = [message.state for message in market.store.messages()]
    with pytest.raises(IllegalRun):
        market.waves.plan(market.run(), actor="C1")
    assert [message.state for message in market.store.messages()] == states


# --- orders that change after the approval -----------------------------------------------------------------------


def approved(market: Market, *orders: Order, heard: bool) -> Plan:
    plan = market.planned(*orders)
    assert market.approve(plan) is Approval.APPROVED
    if heard:
        market.clock.set(market.make.at("07:30"))
        market.deliver()
    return plan


def held(market: Market) -> dict[tuple[str, str], Message]:
    return {(each.kind, each.member_ref): each for each in market.store.messages(states={"held"})}


def test_what_nobody_has_read_forgets_a_cancelled_order(market: Market, make: Any) -> None:
    """Route, pick list and the one window of a buyer's two orders say what is left, cash included; nobody is told."""
    both = make.order(1), make.order(2, buyer_ref="B0001", buyer=make.order(1).buyer)
    first = approved(market, *both, heard=False)
    audits = len(market.store.audit(1000))
    market.cancel(1)
    assert len(market.store.audit(1000)) == audits + 1
    now = held(market)
    assert now.keys() == {("route", "R1"), ("pick_list", "S01"), ("window", "B0001"), ("summary", "C1")}
    assert {each.order_ids for each in now.values()} == {("SR-0002",), ()}
    assert not any("SR-0001" in each.text for each in now.values())
    assert "เตรียมเงินสด: 120 บาท" in now["window", "B0001"].text
    assert "เก็บเงินสดรวม: 120 บาท" in now["route", "R1"].text
    assert (market.run().state, market.plan().revision, market.plan().supersedes) == ("approved", 2, first.id)
    assert market.plan().approved_by == "C1"
    assert market.do(Action.DISPATCH, "08:00", on=DAY)
    assert (market.leg(1)[0], market.leg(2)[0]) == ("cancelled", "dispatched")


def test_who_was_told_hears_once_that_an_order_is_off(market: Market, make: Any) -> None:
    """Its buyer, its rider and its seller, and nobody else; the others keep the time they were promised."""
    market.know(make.seller("S03"))
    orders = make.order(1, sellers=("S03",)), make.order(2)
    approved(market, *orders, heard=True)
    promised = {step.order_id: step.told for step in market.plan().routes[0].steps if step.type == "delivery"}
    market.cancel(1)
    market.cancel(1)
    market.change(*orders)
    now = held(market)
    assert now.keys() == {("cancelled", market.buyer(1)), ("cancelled", "R1"), ("cancelled", "S03")}
    assert {each.klass for each in now.values()} == {"critical"}
    assert "ไม่มีของอื่นที่ต้องเตรียม" in now["cancelled", "S03"].text
    assert "ไม่ต้องออกส่ง" not in now["cancelled", "R1"].text
    (left,) = [step for step in market.plan().routes[0].steps if step.type == "delivery"]
    assert left.told == promised[left.order_id]
    market.deliver()
    market.cancel(2)
    assert held(market).keys() == {("cancelled", market.buyer(2)), ("cancelled", "R1"), ("cancelled", "S01")}
    assert "ไม่ต้องออกส่ง" in held(market)["cancelled", "R1"].text
    assert market.plan().routes == ()


def test_an_order_that_came_back_can_be_cancelled_again(market: Market, make: Any) -> None:
    """Cancelled by a row, on again, planned and told anew: the second cancellation is told as well."""
    order = make.order(1)
    approved(market, order, make.order(2), heard=True)
    market.change(replace(order, cancelled=True))
    market.deliver()
    market.change(order)
    assert held(market) == {}
    anew = market.waves.plan(market.run(), actor="C1", add_orders=["SR-0001"])
    assert anew is not None
    assert market.approve(anew) is Approval.APPROVED
    market.deliver()
    market.change(replace(order, cancelled=True))
    assert {("cancelled", market.buyer(1)), ("cancelled", "R1"), ("cancelled", "S01")} == held(market).keys()
    texts = [each.text for each in market.store.messages(to=market.buyer(1), kinds={"cancelled"})]
    assert len(texts) == 2


def test_an_order_moved_to_a_later_wave_and_cancelled_there_is_told(market: Market, make: Any) -> None:
    """A buyer who knows of the evening hears that it is off, though the evening is not planned yet; once."""
    late = make.order(2, placed="19:00", leg={"wave": "evening", "reason": "after_cutoff"})
    approved(market, make.order(1), late, heard=True)
    assert market.leg(2) == ("received", DAY, "evening", "after_cutoff")
    market.cancel(2)
    assert held(market).keys() == {("cancelled", market.buyer(2))}


def test_other_goods_and_amounts_reach_those_they_concern(market: Market, make: Any) -> None:
    """Rider and seller get their lists anew, the buyer the new amount; whose order it is not hears nothing."""
    order = make.order(1)
    approved(market, order, make.order(2, sellers=("S02",)), heard=True)
    other = replace(order.pickups[0], items="แกงส้ม x5", cod_satang=50_000)
    market.change(replace(order, pickups=(other,)))
    now = held(market)
    assert now.keys() == {("route", "R1"), ("pick_list", "S01"), ("window", market.buyer(1))}
    assert "500 บาท" in now["window", market.buyer(1)].text
    assert "620 บาท" in now["route", "R1"].text
    assert ("แกงส้ม: 5" in now["pick_list", "S01"].text, "แทน" in now["pick_list", "S01"].text) == (True, True)
    assert market.waves.out_of_date() == []


def test_a_plan_that_no_longer_fits_is_named_until_it_is_made_anew(market: Market, make: Any) -> None:
    """Another place, window or weight needs another route: the coordinator is told, once for each change."""
    order, other = make.order(1), make.order(2)
    approved(market, order, other, heard=True)
    heavy = replace(other.pickups[0], weight_g=9000)
    market.change(replace(order, location=make.bang_kung), replace(other, pickups=(heavy,)))
    ((plan, late),) = market.waves.out_of_date()
    assert (plan.id, late) == (market.plan().id, ["SR-0001", "SR-0002"])
    told = held(market)
    assert ("escalation", "C1") in told
    assert "plan replan 2026-11-24 --wave midday" in told["escalation", "C1"].text
    market.change(replace(order, location=make.bang_kung, note="ประตูเขียว"))
    assert [each.order_ids for each in market.store.messages(kinds={"escalation"})] == [(), ()]
    anew = market.waves.plan(market.run(), actor="C1")
    assert anew is not None
    assert market.waves.outdated(anew) == []


def test_an_order_wanted_on_another_day_leaves_the_plan(market: Market, make: Any) -> None:
    """Rider and seller hear that it is off for this wave, the buyer when it comes; it waits for its new day."""
    order = make.order(1)
    approved(market, order, make.order(2, sellers=("S02",)), heard=True)
    later = make.order(1, date=NEXT, leg={"date": NEXT})
    market.change(later)
    assert market.leg(1)[:3] == ("received", NEXT, "midday")
    now = held(market)
    assert now.keys() == {("changed", market.buyer(1)), ("cancelled", "R1"), ("cancelled", "S01")}
    assert "เลื่อนไปส่งวันอื่น" in now["cancelled", "S01"].text
    assert "25 พ.ย. 2569" in now["changed", market.buyer(1)].text
    assert [step.order_id for step in market.plan().routes[0].steps if step.type == "delivery"] == ["SR-0002"]


def test_before_the_approval_nobody_is_told(market: Market, make: Any) -> None:
    """A change makes the plan stale and says nothing; after the dispatch it is refused."""
    order = make.order(1)
    plan = market.planned(order, make.order(2))
    market.cancel(1)
    market.change(make.order(2, note="ใหม่"))
    assert market.store.messages() == []
    assert market.approve(plan) is Approval.STALE


def test_who_missed_a_wave_that_rolled_over_is_told(market: Market, make: Any) -> None:
    """Its approval would have said where they ride; now its roll-over does."""
    market.take(make.order(1), make.order(2, placed="19:00", leg={"wave": "evening", "reason": "after_cutoff"}))
    assert market.do(Action.CLOSE, "18:00")
    assert market.do(Action.ROLL_OVER, "20:00")
    told = {each.member_ref: each.text for each in market.store.messages(kinds={"changed"})}
    assert told.keys() == {market.buyer(1), market.buyer(2)}
    assert "ปิดรับ" in told[market.buyer(2)]


def test_orders_of_a_closed_day_are_told_by_the_next_approval(open_market: Callable[..., Market], make: Any) -> None:
    """The day itself has no wave: the first plan approved says when they come, and why; the next ones do not."""
    market = open_market(("closed: [", "closed: [2026-11-25, "))
    market.know(make.rider(), make.seller("S01"))
    after = {"date": NEXT + dt.timedelta(days=1), "reason": "market_closed"}
    plan = market.planned(make.order(1), make.order(2, date=NEXT, leg=after))
    assert market.approve(plan) is Approval.APPROVED
    (told,) = market.store.messages(kinds={"changed"})
    assert told.member_ref == market.buyer(2)
    assert ("ตลาดหยุด" in told.text, "26 พ.ย." in told.text) == (True, True)
    evening = market.planned(make.order(3, window=None, leg={"wave": "evening"}), wave="evening")
    assert market.approve(evening) is Approval.APPROVED
    assert len(market.store.messages(kinds={"changed"})) == 1


# --- who and what is known ---------------------------------------------------------------------------------------


def test_a_seller_whom_no_list_names_is_still_told(market: Market, make: Any) -> None:
    """Orders may come before the sellers: the pick list goes to the number, and nothing breaks."""
    plan = market.planned(make.order(1, sellers=("S77",)))
    assert market.approve(plan) is Approval.APPROVED
    (told,) = market.store.messages(kinds={"pick_list"})
    assert told.member_ref == "S77"


def test_a_rider_who_left_is_not_planned(market: Market, make: Any) -> None:
    """Who is no longer active gets no route."""
    market.know(make.rider(active=False))
    plan = market.planned(make.order())
    assert (plan.routes, [left.code for left in plan.unassigned]) == ((), ["no_rider"])


def test_a_wave_keeps_the_config_it_was_closed_by(market: Market, make: Any, market_config: ConfigOf) -> None:
    """An edit after the cut-off is the next wave's; this one is planned and told by its own version."""
    market.take(make.order(1))
    assert market.do(Action.CLOSE, "18:00")
    edited = market_config(
        GREEDY, ("deliver: 11:00-13:00", "deliver: 11:00-12:00"), ("route: dispatch", "route: approval")
    )
    market.versions.take_up(edited, market.clock.now(), "C1")
    assert market.do(Action.PLAN, "18:00")
    plan = market.plan()
    assert plan.config_version == 1
    windows = {step.window for route in plan.routes for step in route.steps if step.window}
    assert windows == {(make.at("11:00"), make.at("13:00"))}
    assert market.approve(plan) is Approval.APPROVED
    (route,) = market.store.messages(kinds={"route"})
    assert route.send_at == make.at("08:00")
