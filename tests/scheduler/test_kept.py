"""A wave planned anew stays near the plan that people may know."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from routing.model import Settings
from scheduler.config import Config
from scheduler.planning import keeping, problems, solve_area, to_plan
from scheduler.zones import ZoneIndex
from storage import Order, Plan

QUICK = Settings(engine="rare", seconds=5, iterations=40)


def planned(make: Any, config: Config, orders: list[Order], riders: list[Any], before: Plan | None = None) -> Plan:
    """A plan of the midday wave, after another one if there was one."""
    areas = problems(make.day, config.wave("midday"), orders, riders, {}, config, ZoneIndex(config), {})
    kept = keeping(areas, before, config) if before is not None else areas
    answers = [solve_area(area, QUICK) for area in kept]
    by_id, by_ref = {o.order_id: o for o in orders}, {r.ref: r for r in riders}
    at = make.at("18:00", make.eve)
    return to_plan("p_1", make.run("closed"), config.wave("midday"), answers, by_id, by_ref, {}, config, at)


def worth(config: Config, baht: int) -> Config:
    return config.model_copy(update={"solver": config.solver.model_copy(update={"change_baht": Decimal(baht)})})


def riders_of(plan: Plan) -> dict[str | None, str]:
    return {s.order_id: r.rider_id for r in plan.routes for s in r.steps if s.type == "delivery"}


def test_an_order_more_moves_nobody(make: Any, config: Config) -> None:
    """Two riders go where one would do. Where change is dear, a third order joins them and both go on as they are."""
    orders = [make.order(1), make.order(2), make.order(3)]
    both = [make.rider("R1"), make.rider("R2")]
    one = planned(make, config, orders[:1], both[:1])
    other = planned(make, config, orders[1:2], both[1:])
    before = replace(one, routes=(*one.routes, *other.routes))
    assert riders_of(before) == {"SR-0001": "R1", "SR-0002": "R2"}
    kept = planned(make, worth(config, 500), orders, both, before)
    assert {k: v for k, v in riders_of(kept).items() if k != "SR-0003"} == riders_of(before)
    assert len(set(riders_of(planned(make, worth(config, 0), orders, both, before)).values())) == 1


def test_what_is_no_more_is_left_aside(make: Any, config: Config) -> None:
    """An order that was cancelled and a rider who fell out are no part of what is kept."""
    orders = [make.order(1), make.order(2)]
    before = planned(make, config, orders, [make.rider("R1")])
    areas = problems(
        make.day,
        config.wave("midday"),
        orders[:1],
        [make.rider("R1")],
        {},
        config,
        ZoneIndex(config),
        {},
    )
    (area,) = keeping(areas, before, config)
    assert {visit.shipment for route in area.previous for visit in route.visits} == {"SR-0001"}
    (alone,) = keeping([replace(area, vehicles=(), previous=(), churn=None)], before, config)
    assert (alone.previous, alone.churn) == ((), None)
