"""Where a late order fits into a wave's plan: in the market's words, and as the day goes on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from routing.model import Settings
from scheduler.config import Config
from scheduler.planning import Late, late_order, problems, solve_area, to_plan
from scheduler.zones import ZoneIndex
from storage import Member, Order, Plan

ConfigOf = Callable[..., Config]
EVE = "18:00"


class Wave:
    """One wave of the market with a plan for some orders, asked about another."""

    def __init__(self, make: Any, config: Config, orders: Sequence[Order], riders: Sequence[Member]) -> None:
        self.make, self.config, self.orders, self.riders = make, config, orders, riders
        answers = [solve_area(area, Settings(engine="greedy")) for area in self.areas(orders)]
        by_id = {order.order_id: order for order in orders}
        by_ref = {rider.ref: rider for rider in riders}
        run = make.run("closed")
        self.plan: Plan = to_plan(
            "p_1", run, config.wave("midday"), answers, by_id, by_ref, {}, config, make.at(EVE, make.eve)
        )

    def areas(self, orders: Sequence[Order]) -> Any:
        return problems(
            self.make.day, self.config.wave("midday"), orders, self.riders, {}, self.config, ZoneIndex(self.config), {}
        )

    def fits(self, late: Order, now: dt.datetime | None = None) -> Late:
        (area,) = self.areas([*self.orders, late])
        now = now or self.make.at(EVE, self.make.eve)
        return late_order(area, self.plan, late, self.config.wave("midday"), now, self.make.tz)

    def arrival(self, order: Order) -> dt.datetime:
        steps = [step for route in self.plan.routes for step in route.steps]
        step = next(s for s in steps if s.order_id == order.order_id and s.type == "delivery")
        return step.arrival + dt.timedelta(seconds=step.waiting_time)


def test_a_late_neighbour_is_brought_on_the_way(make: Any, config: Config) -> None:
    """An order for the house next door goes with the rider who passes: its time, its range, and who is later."""
    wave = Wave(make, config, [make.order(1), make.order(2, at=make.bang_kung)], [make.rider()])
    found = wave.fits(make.order(3, at=make.bang_kung))
    assert found.code is None
    first = found.places[0]
    assert first.rider_id == "R1"
    assert first.told[0] <= first.arrival <= first.told[1]
    assert (first.added_cost, first.added_distance) == (0, 0)
    assert [seller for seller, _ in first.pickups] == ["S01"]
    assert sorted(first.positions) == list(first.positions)
    for delay in first.delays:
        assert delay.kept in {None, delay.told is not None and delay.told[0] <= delay.arrival <= delay.told[1]}
        if delay.type == "delivery":
            order = wave.orders[int(delay.order_id[-1]) - 1]
            assert delay.arrival - wave.arrival(order) == dt.timedelta(seconds=delay.seconds)
    costs = [place.added_cost for place in found.places]
    assert costs == sorted(costs)


def test_what_has_begun_stays_as_it_is(make: Any, config: Config) -> None:
    """Asked on the way, the places lie behind what is done, whose times do not move, and not in the past."""
    wave = Wave(make, config, [make.order(1), make.order(2, at=make.bang_kung)], [make.rider()])
    first = min(wave.arrival(order) for order in wave.orders)
    now = first + dt.timedelta(minutes=1)
    found = wave.fits(make.order(3, at=make.bang_kung), now)
    for place in found.places:
        assert all(moment >= now for _, moment in place.pickups)
        assert all(delay.arrival > now for delay in place.delays)


def test_what_fits_nowhere_says_what_would_make_room(make: Any, config: Config) -> None:
    """Two tonnes find no place: the reason and the fix are those of a plan."""
    wave = Wave(make, config, [make.order(1)], [make.rider()])
    heavy = make.order(2)
    heavy = replace(heavy, pickups=(replace(heavy.pickups[0], weight_g=200_000),))
    found = wave.fits(heavy)
    assert found.places == ()
    assert found.code == "capacity"
    assert found.fix is not None
    assert found.fix["code"] == "lighter"
    kind = config.vehicle("saleng")
    assert kind is not None
    assert found.fix["weight_g"] == 200_000 + 1_200 - kind.weight_g  # beside what the other order weighs
    assert set(found.fix["message"]) == {"th", "en"}
