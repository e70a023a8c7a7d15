"""What a wave that is planned anew keeps of the plan people may know: as much as its worth allows. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from routing.model import Churn, PreviousRoute, Visit
from routing.rules import Rule
from routing.solving import takes
from scheduler.config import Config
from scheduler.planning.problems import AreaProblem
from scheduler.planning.times import seconds
from storage.records import Plan, PlanRoute


def keeping(areas: Sequence[AreaProblem], plan: Plan, config: Config) -> list[AreaProblem]:
    """The problems with the routes of `plan`, each at the worth of an order whose rider and time stay.

    A time stays that moves by no more than what buyers are told of.
    """
    cost = config.solver.change_satang
    if not cost:
        return list(areas)
    churn = Churn(max_shift=60 * config.messages.tell_change_minutes, cost_per_moved=cost)
    answer = []
    for area in areas:
        riders = {vehicle.id for vehicle in area.vehicles}
        routes = [_route(route, area, plan.date, config) for route in plan.routes if route.rider_id in riders]
        answer.append(replace(area, previous=tuple(routes), churn=churn) if routes else area)
    return answer


def engine_for(areas: Sequence[AreaProblem], config: Config) -> str:
    """The configured engine; where it cannot keep what is to be kept, one that can."""
    named = config.solver.engine
    able = all(area.churn is None for area in areas) or takes(named, Rule.CHURN)
    return named if able else "auto"


def _route(route: PlanRoute, area: AreaProblem, date: dt.date, config: Config) -> PreviousRoute:
    pickups = {s.id: [task.id for task in s.pickups] for s in area.shipments}
    visits = []
    for step in route.steps:
        if step.order_id is None or step.order_id not in pickups:
            continue
        begin = seconds(step.arrival, date, config.market.time_zone) + step.waiting_time
        number = None
        if step.type == "pickup":
            name = f"{step.order_id}/{step.seller_id}"
            if name not in pickups[step.order_id]:
                continue
            number = pickups[step.order_id].index(name)
        visits.append(Visit(shipment=step.order_id, pickup=number, begin=begin))
    return PreviousRoute(vehicle=route.rider_id, visits=tuple(visits))
