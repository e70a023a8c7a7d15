"""What a revised plan leaves to be told: what changed for a person since they last heard, and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.texts import Texts
from scheduler import notices, revision
from scheduler.config import Config
from scheduler.notices import Notice, Notices, People
from scheduler.revision import HEARD, Heard
from storage import Member, Message, Order, Plan, PlanStep, Role

MINUTE = dt.timedelta(minutes=1)
COMPOSE = Texts().compose


class Told:
    """A wave with the orders 1 and 2 of S01 and S02, and what its people hear of plan after plan."""

    def __init__(self, make: Any, config: Config) -> None:
        self.make, self.config, self.wave = make, config, config.wave("midday")
        self.orders: list[Order] = [make.order(1), make.order(2, sellers=("S02",), at=make.bang_kung)]
        self.messages: list[Message] = []
        self.plans: dict[str, Plan] = {}

    def people(self) -> People:
        riders = [self.make.rider("R1"), self.make.rider("R2", name="สมชาย ดี")]
        sellers = [self.make.seller("S01"), self.make.seller("S02")]
        buyers = [Member(role=Role.BUYER, ref=order.buyer_ref, person=order.buyer) for order in self.orders]
        return People(
            riders={rider.ref: rider for rider in riders},
            sellers={seller.ref: seller for seller in sellers},
            buyers={buyer.ref: buyer for buyer in buyers},
            coordinators={},
        )

    def stops(self, number: int, at: str, **changes: Any) -> tuple[PlanStep, PlanStep]:
        """The pickup at ten and the delivery of one order."""
        order = self.orders[number - 1]
        return self.make.stop(order, "10:00", "pickup"), self.make.stop(order, at, **changes)

    def plan(self, **routes: Sequence[tuple[PlanStep, PlanStep]]) -> Plan:
        number = len(self.plans) + 1
        made = [self.make.route(rider, *(step for pair in pairs for step in pair)) for rider, pairs in routes.items()]
        placed = {step.order_id for route in made for step in route.steps}
        left = [self.make.left(order) for order in self.orders if order.order_id not in placed]
        plan: Plan = self.make.plan(*made, left=left, id=f"p_{number}", revision=number)
        self.plans[plan.id] = plan
        return plan

    def hear(self, plan: Plan, state: str = "accepted") -> list[tuple[str, str]]:
        """What approving `plan` says; it is then heard, or stays in `state`."""
        earlier = {name: other for name, other in self.plans.items() if name != plan.id}
        heard = Heard.of(self.messages, earlier)
        said = Notices(plan, self.wave, {order.order_id: order for order in self.orders}, self.people(), self.config)
        news: Sequence[Notice] = said.all([], [])
        if heard:
            words = lambda notice: self.written([notice], plan)[0].text  # noqa: E731
            news = revision.since(heard, plan, news, self.people(), self.config, said.wave_end, words)
        written = notices.not_yet_said(self.written(news, plan), self.messages, self.config)
        self.messages += [replace(message, state=state) for message in written]
        return sorted((message.kind, message.member_ref) for message in written)

    def written(self, told: Sequence[Notice], plan: Plan) -> list[Message]:
        now = self.make.at("18:30", self.make.eve)
        return notices.messages(told, plan, self.wave, self.config, COMPOSE, now)


@pytest.fixture
def told(make: Any, config: Config) -> Told:
    return Told(make, config)


ALL = [
    ("pick_list", "S01"),
    ("pick_list", "S02"),
    ("route", "R1"),
    ("window", "B0001"),
    ("window", "B0002"),
]


def test_the_first_plan_is_all_news(told: Told) -> None:
    """Everybody is told everything, and the same plan again is news to nobody."""
    assert told.hear(told.plan(R1=[told.stops(1, "11:10"), told.stops(2, "11:40")])) == ALL
    assert told.hear(told.plan(R1=[told.stops(1, "11:10"), told.stops(2, "11:40")])) == []


@pytest.mark.parametrize("state", ["held", "ready", "retry", "superseded", "expired", "failed"])
def test_who_has_not_heard_is_told_all(told: Told, state: str) -> None:
    """A message that did not reach its reader leaves them to be told as if for the first time."""
    assert told.hear(told.plan(R1=[told.stops(1, "11:10"), told.stops(2, "11:40")]), state) == ALL
    assert told.hear(told.plan(R1=[told.stops(1, "11:10"), told.stops(2, "11:40")])) == ALL


@pytest.mark.parametrize("state", sorted(HEARD))
def test_who_may_have_heard_is_not_told_again(told: Told, state: str) -> None:
    """Seen, perhaps seen, or phoned about: the same plan is no news."""
    told.hear(told.plan(R1=[told.stops(1, "11:10"), told.stops(2, "11:40")]), state)
    assert told.hear(told.plan(R1=[told.stops(1, "11:10"), told.stops(2, "11:40")])) == []


@pytest.mark.parametrize(("later", "news"), [("11:54", []), ("11:55", []), ("11:56", [("changed", "B0002")])])
def test_a_buyer_hears_of_a_change_beyond_the_limit(told: Told, later: str, news: list[tuple[str, str]]) -> None:
    """Fifteen minutes are no news, sixteen are; whoever else's time stays hears nothing."""
    told.hear(told.plan(R1=[told.stops(1, "11:10"), told.stops(2, "11:40")]))
    assert told.hear(told.plan(R1=[told.stops(1, "11:10"), told.stops(2, later)])) == news


def test_small_changes_add_up_from_what_was_last_heard(told: Told) -> None:
    """Twice ten minutes later is twenty for a buyer who heard of neither."""
    told.hear(told.plan(R1=[told.stops(1, "11:10"), told.stops(2, "11:40")]))
    assert told.hear(told.plan(R1=[told.stops(1, "11:10"), told.stops(2, "11:50")])) == []
    assert told.hear(told.plan(R1=[told.stops(1, "11:10"), told.stops(2, "12:00")])) == [("changed", "B0002")]
    assert told.hear(told.plan(R1=[told.stops(1, "11:10"), told.stops(2, "11:50")])) == []


def test_time_is_when_the_visit_begins(told: Told) -> None:
    """Whether a rider arrives early and waits, or just in time, is all one to the buyer."""
    told.hear(told.plan(R1=[told.stops(1, "11:10", waiting_time=30 * 60), told.stops(2, "11:50")]))
    assert told.hear(told.plan(R1=[told.stops(1, "11:40"), told.stops(2, "11:50")])) == []


def test_a_new_time_is_said_as_such(told: Told) -> None:
    """The buyer reads the new range, not a second first notice."""
    told.hear(told.plan(R1=[told.stops(1, "11:10"), told.stops(2, "11:40")]))
    told.hear(told.plan(R1=[told.stops(1, "11:10"), told.stops(2, "12:20")]))
    message = told.messages[-1]
    assert (message.kind, message.order_ids) == ("changed", ("SR-0002",))
    assert "12:20–12:40" in message.text


def test_another_rider_is_news_to_riders_and_sellers(told: Told) -> None:
    """The one who lost a stop, the one who got it, and who hands over; the buyer's time stays."""
    told.hear(told.plan(R1=[told.stops(1, "11:10"), told.stops(2, "11:40")]))
    news = told.hear(told.plan(R1=[told.stops(1, "11:10")], R2=[told.stops(2, "11:40")]))
    assert news == [("pick_list", "S02"), ("route", "R1"), ("route", "R2")]


def test_nothing_left_to_do_is_said(told: Told) -> None:
    """A rider without a route and a seller without bags are told so, once, not left waiting."""
    told.hear(told.plan(R1=[told.stops(1, "11:10")], R2=[told.stops(2, "11:40")]))
    assert told.hear(told.plan(R1=[told.stops(1, "11:10")])) == [
        ("changed", "B0002"),
        ("changed", "R2"),
        ("changed", "S02"),
    ]
    assert told.hear(told.plan(R1=[told.stops(1, "11:10")])) == []


def test_what_comes_back_is_said_again(told: Told) -> None:
    """Taken away and given back just as before: rider, seller and buyer each have to hear it."""
    both = {"R1": [told.stops(1, "11:10")], "R2": [told.stops(2, "11:40")]}
    told.hear(told.plan(**both))
    lost = told.hear(told.plan(R1=both["R1"]))
    assert told.hear(told.plan(**both)) == [("pick_list", "S02"), ("route", "R2"), ("window", "B0002")]
    assert told.hear(told.plan(R1=both["R1"])) == lost


def test_other_goods_and_places_are_news_though_the_stops_stay(told: Told) -> None:
    """More to pack, another door, more to collect: who packs and who rides; clock times alone are not."""
    told.hear(told.plan(R1=[told.stops(1, "11:10"), told.stops(2, "11:40")]))
    one, two = told.orders
    told.orders = [replace(one, pickups=(replace(one.pickups[0], items="ไข่ 30 ฟอง"),)), two]
    assert told.hear(told.plan(R1=[told.stops(1, "11:10"), told.stops(2, "11:40")])) == [
        ("pick_list", "S01"),
        ("route", "R1"),
    ]
    told.orders = [told.orders[0], replace(two, address_text="99 ซอยใหม่", location=(99.3605, 9.1605))]
    assert told.hear(told.plan(R1=[told.stops(1, "11:10"), told.stops(2, "11:40")])) == [("route", "R1")]
    assert told.hear(told.plan(R1=[told.stops(1, "11:20"), told.stops(2, "11:50")])) == []


@settings(max_examples=40)
@given(data=st.data())
def test_people_end_up_knowing_the_plan(make: Any, config: Config, data: st.DataObject) -> None:
    """After any number of revisions: what each last heard is true, and the last plan again is news to nobody."""
    told = Told(make, config)
    places = st.sampled_from(["R1", "R2", None])
    plan = None
    for _ in range(data.draw(st.integers(1, 4))):
        routes: dict[str, list[tuple[PlanStep, PlanStep]]] = {}
        for number in (1, 2):
            rider, at = data.draw(places), data.draw(st.integers(0, 5).map(lambda step: f"11:{10 * step:02}"))
            if rider is not None:
                routes.setdefault(rider, []).append(told.stops(number, at))
        plan = told.plan(**routes)
        told.hear(plan)
    assert plan is not None
    heard = Heard.of(told.messages, told.plans)
    assert heard.routes.keys() == {route.rider_id for route in plan.routes}
    assert heard.bags.keys() == {step.seller_id for route in plan.routes for step in route.steps if step.seller_id}
    visits = {step.order_id: step for route in plan.routes for step in route.steps if step.type == "delivery"}
    assert heard.stops.keys() == visits.keys()
    for order_id, known in heard.stops.items():
        assert abs(known.arrival - visits[order_id].arrival) <= config.messages.tell_change_minutes * MINUTE
    again = replace(plan, id="p_again", revision=99)
    told.plans[again.id] = again
    assert told.hear(again) == []


def test_what_a_replan_changed_in_figures(told: Told) -> None:
    """Orders that changed riders, came or went; people told; and the cost of it."""
    before = told.plan(R1=[told.stops(1, "11:10"), told.stops(2, "11:40")])
    after = told.plan(R1=[told.stops(1, "11:10")], R2=[told.stops(2, "11:40")])
    after = replace(after, summary={**after.summary, "cost": before.summary["cost"] + 410})
    assert revision.changes(before, after, 3) == {"moved": 1, "people_told": 3, "added_cost": 410}
    gone = told.plan(R1=[told.stops(1, "11:10")])
    assert revision.changes(before, gone, 0)["moved"] == 1
    assert revision.changes(before, before, 0)["moved"] == 0
