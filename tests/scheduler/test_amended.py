"""A plan without some of its orders: everything else stays as promised, and the figures are those of what is left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.model import Settings
from scheduler import planning
from scheduler.config import Config
from scheduler.zones import ZoneIndex
from storage import Order, Plan, PlanRoute, PlanStep

IDS = [f"SR-{number:04}" for number in range(1, 9)]


class Planned(NamedTuple):
    """A plan, and its orders by id."""

    plan: Plan
    orders: dict[str, Order]

    def __repr__(self) -> str:
        return "the plan"  # what hypothesis would print otherwise fills pages


@pytest.fixture(scope="module")
def planned(make: Any, config: Config) -> Planned:
    """Eight orders from three stalls, two of them of both, by two riders; one ends the day at the last door."""
    stalls = (("S01",), ("S02",), ("S01", "S02"), ("S03",))
    lon, lat = make.talat
    orders = [
        make.order(number, sellers=stalls[number % 4], at=(lon + number * 0.002, lat + number % 3 * 0.002), window=None)
        for number in range(1, 9)
    ]
    sellers = [
        make.seller("S01"),
        make.seller("S02", location=make.bang_kung),
        make.seller("S03", location=make.talat),
    ]
    riders = [make.rider("R1", max_stops=6, end_at="anywhere"), make.rider("R2", name="สมชาย ดี", end_at="home")]
    by_ref = {member.ref: member for member in (*sellers, *riders)}
    wave = config.wave("midday")
    areas = planning.problems(make.day, wave, orders, riders, by_ref, config, ZoneIndex(config), {})
    answers = [planning.solve_area(area, Settings(engine="greedy", seconds=1, workers=1)) for area in areas]
    by_id = {order.order_id: order for order in orders}
    plan = planning.to_plan("p_1", make.run("closed"), wave, answers, by_id, by_ref, {}, config, make.at("18:00"))
    assert not plan.unassigned
    riding = {
        leg: replace(order, legs=(replace(order.legs[0], state="planned", plan_id="p_1"),))
        for leg, order in by_id.items()
    }
    return Planned(plan, riding)


def begins(step: PlanStep) -> dt.datetime:
    return step.arrival + dt.timedelta(seconds=step.waiting_time)


def visits(plan: Plan) -> dict[tuple[str | None, str | None], PlanStep]:
    return {(step.order_id, step.seller_id): step for route in plan.routes for step in route.steps if step.order_id}


def holds_together(route: PlanRoute) -> None:
    """One thing after the other; nothing is aboard at either end; the totals are those of the steps."""
    for before, step in pairwise(route.steps):
        leaves = begins(before) + dt.timedelta(seconds=before.setup + before.service)
        assert step.arrival == leaves + dt.timedelta(seconds=step.duration - before.duration)
        assert step.waiting_time >= 0
        assert step.distance >= before.distance
    assert set(route.steps[0].load) == set(route.steps[-1].load) == {0}
    assert (route.distance, route.duration) == (route.steps[-1].distance, route.steps[-1].duration)
    assert route.service == sum(step.setup + step.service for step in route.steps)
    aboard = {step.order_id for step in route.steps if step.type == "pickup"}
    assert aboard == {step.order_id for step in route.steps if step.type == "delivery"}


@given(lost=st.sets(st.sampled_from(IDS)))
def test_taking_orders_out_moves_nobody_else(planned: Planned, config: Config, lost: set[str]) -> None:
    """Every other visit begins when it did, on a route that still holds together and is no longer than it was."""
    plan, orders = planned
    left = planning.without(plan, lost, orders, config)
    before, after = visits(plan), visits(left)
    assert after.keys() == {key for key in before if key[0] not in lost}
    for key, step in after.items():
        first_of_stall = step.setup > before[key].setup  # it now begins the stay that another began
        assert begins(step) == begins(before[key]) or (first_of_stall and begins(step) < begins(before[key]))
        assert step.told == before[key].told
    was = {route.rider_id: route for route in plan.routes}
    for route in left.routes:
        holds_together(route)
        old = was[route.rider_id]
        assert (route.distance, route.cost) <= (old.distance, old.cost)
        assert route.steps[0].arrival >= old.steps[0].arrival
        assert route.steps[-1].arrival <= old.steps[-1].arrival
        assert all(new <= most for new, most in zip(route.load_max, old.load_max, strict=True))
    kept = set(IDS) - lost
    assert left.summary["orders"] == len(kept)
    assert left.summary["cod_satang"] == sum(orders[each].cod_satang for each in kept)
    assert left.summary["distance"] == sum(route.distance for route in left.routes)


def test_without_nothing_is_the_same_plan(planned: Planned, config: Config) -> None:
    """To the last figure."""
    plan, orders = planned
    assert planning.without(plan, (), orders, config) == plan


def test_a_plan_fits_the_orders_it_was_made_for(planned: Planned, config: Config, make: Any) -> None:
    """It is out of date for exactly those whose place, window, sellers, load or needs are others now."""
    plan, orders = planned
    sellers = {"S01": make.seller("S01"), "S02": make.seller("S02"), "S03": make.seller("S03")}
    riders = {"R1": make.rider("R1"), "R2": make.rider("R2")}

    def late(changed: Mapping[str, Order]) -> Sequence[str]:
        return sorted(planning.outdated(plan, {**orders, **changed}, riders, sellers, config))

    first = orders["SR-0001"]
    heavy, cold = replace(first.pickups[0], weight_g=1), replace(first.pickups[0], temperature="chilled")
    told = replace(first, note="ใหม่", pickups=(replace(first.pickups[0], items="ไข่", cod_satang=1),), needs_help=True)
    assert late({}) == late({"SR-0001": told}) == []
    for other in (
        replace(first, location=make.bang_kung),
        replace(first, window_from=make.at("12:00"), window_to=make.at("13:00")),
        replace(first, pickups=(*first.pickups, replace(first.pickups[0], seller_id="S09"))),
        replace(first, pickups=(heavy,)),
        replace(first, pickups=(cold,)),
        replace(first, cancelled=True),
        replace(first, legs=(replace(first.legs[0], plan_id=None),)),
    ):
        assert late({"SR-0001": other}) == ["SR-0001"]
