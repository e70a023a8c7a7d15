"""A plan whose orders change before it leaves: what of it still holds, and the plan without what is gone. Pure.

Nothing is solved anew here. Taking an order out leaves every other visit where it was promised, and the rider with more
time in between; whatever would need another route is only named.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from routing.travel.straight import Straight
from scheduler.batch import delivery_window
from scheduler.config import Config
from scheduler.planning.answers import account
from scheduler.planning.problems import COLD_BOX
from scheduler.planning.travel import settings_of
from storage.records import LegMove, Member, Order, Plan, PlanRoute, PlanStep


def gone(plan: Plan, orders: Mapping[str, Order]) -> frozenset[str]:
    """The orders that `plan` carries and that ride in it no more: cancelled, or wanted on another day."""
    return frozenset(
        order_id
        for order_id in _carried(plan)
        if order_id in orders and (orders[order_id].cancelled or orders[order_id].legs[0].plan_id != plan.id)
    )


def outdated(
    plan: Plan,
    orders: Mapping[str, Order],
    riders: Mapping[str, Member],
    sellers: Mapping[str, Member],
    config: Config,
) -> frozenset[str]:
    """The orders that are gone, or whose place, window, sellers or load are not those that `plan` was made for."""
    wave, tz = config.wave(plan.wave), config.market.time_zone
    found = set(gone(plan, orders))
    for route in plan.routes:
        rider = riders.get(route.rider_id)
        skills = rider.rider.skills if rider is not None and rider.rider is not None else ()
        fetched: dict[str, dict[str, tuple[int, ...]]] = {}
        for before, step in pairwise(route.steps):
            order = orders.get(step.order_id or "")
            if order is None:
                continue
            if step.type == "pickup":
                added = tuple(after - was for was, after in zip(before.load, step.load, strict=True))
                fetched.setdefault(order.order_id, {})[step.seller_id or ""] = added
            elif step.type == "delivery":
                load = {pickup.seller_id: (pickup.weight_g, pickup.volume_ml) for pickup in order.pickups}
                holds = (
                    order.location == step.location
                    and delivery_window(order, wave, plan.date, tz) == step.window
                    and fetched.get(order.order_id) == load
                    and (COLD_BOX in skills or not _cold(order, sellers))
                )
                if not holds:
                    found.add(order.order_id)
    return frozenset(found)


def without(plan: Plan, lost: Collection[str], orders: Mapping[str, Order], config: Config) -> Plan:
    """`plan` without the orders `lost`, and without a route that has nothing left; cash as the orders now have it."""
    routes = tuple(
        replace(kept, cod_satang=sum(orders[order_id].cod_satang for order_id in _delivered(kept)))
        for route in plan.routes
        if (kept := _without(route, lost, config)) is not None
    )
    totals = ("cost", "distance", "duration", "service", "waiting_time", "cod_satang")
    less = {name: sum(getattr(route, name) for route in routes) for name in totals}
    left = tuple(each for each in plan.unassigned if each.order_id not in lost)
    served = {order_id for route in routes for order_id in _delivered(route)}
    counted = {
        **account(served, orders, config),
        "routes": len(routes),
        "orders": len(served),
        "unassigned": len(left),
    }
    return replace(plan, routes=routes, unassigned=left, summary={**plan.summary, **less, **counted})


def going_along(plan: Plan) -> list[LegMove]:
    """The legs that go on in `plan`, which takes another's place."""
    return [
        LegMove(order_id=step.order_id or "", leg=step.leg or 1, state="planned", plan_id=plan.id)
        for route in plan.routes
        for step in route.steps
        if step.type == "delivery"
    ]


def _without(route: PlanRoute, lost: Collection[str], config: Config) -> PlanRoute | None:
    numbers = [k for k, step in enumerate(route.steps) if step.order_id is None or step.order_id not in lost]
    kept = [route.steps[k] for k in numbers]
    if len(kept) == len(route.steps):
        return route
    if not any(step.type == "delivery" for step in kept):
        return None
    *_, last, end = route.steps
    if end.location == last.location:  # this rider's day ends wherever the last stop is
        kept[-1] = replace(end, location=kept[-2].location)
    seconds, metres = _ways(route, numbers, kept, config)
    loads = _loads(route, lost)
    begins = [_begins(step) for step in kept]
    setups = [step.setup for step in kept]
    for number, step in enumerate(kept[1:], 1):
        first = _first_at_stall(route, numbers[number])
        if kept[number - 1].location != step.location and first is not step:
            # Who set up the stop at this stall is gone: the next one fetched there does, at the same time.
            setups[number], begins[number] = first.setup, _begins(first)
    steps, at = [], begins[1] - dt.timedelta(seconds=seconds[0])
    if kept[1] is route.steps[1]:
        at = route.steps[0].arrival
    duration = distance = 0
    for number, step in enumerate(kept):
        if number:
            duration, distance = duration + seconds[number - 1], distance + metres[number - 1]
            at += dt.timedelta(seconds=seconds[number - 1])
        ends = step.type in {"start", "end"}
        waiting = 0 if ends else max(0, round((begins[number] - at).total_seconds()))
        steps.append(
            replace(
                step,
                arrival=at,
                waiting_time=waiting,
                setup=setups[number],
                load=loads[number],
                duration=duration,
                distance=distance,
            )
        )
        at += dt.timedelta(seconds=waiting + setups[number] + step.service)
    return replace(
        route,
        steps=tuple(steps),
        distance=distance,
        duration=duration,
        service=sum(step.setup + step.service for step in steps),
        waiting_time=sum(step.waiting_time for step in steps),
        load_max=tuple(max(column) for column in zip(*loads, strict=True)),
        cost=_cost(route, duration, distance, config),
    )


def _ways(
    route: PlanRoute, numbers: Sequence[int], kept: Sequence[PlanStep], config: Config
) -> tuple[list[int], list[int]]:
    """Seconds and metres from each step that stays to the next, from what the plan itself says of its ways.

    Past a stop that is gone the way is shorter as straight lines are: no road engine is asked, which may not answer.
    """
    seconds, metres = [], []
    places = [step.location for step in (*route.steps, *kept) if step.location is not None]
    points = list(dict.fromkeys(places))
    straight = Straight(settings_of(config)).measure(points, [route.vehicle]).matrices[route.vehicle]

    def line(here: PlanStep, there: PlanStep) -> tuple[int, int]:
        if here.location is None or there.location is None:
            return 0, 0
        way = points.index(here.location), points.index(there.location)
        return int(straight.durations[way]), int(straight.distances[way])

    for (first, last), (here, there) in zip(pairwise(numbers), pairwise(kept), strict=True):
        old, new = route.steps[first], route.steps[last]
        driven = [new.duration - old.duration, new.distance - old.distance]
        if last > first + 1:
            lines = [line(one, other) for one, other in pairwise(route.steps[first : last + 1])]
            for part, to in enumerate(line(here, there)):
                whole = sum(each[part] for each in lines)
                driven[part] = min(driven[part], round(driven[part] * to / whole)) if whole else 0
        seconds.append(driven[0])
        metres.append(driven[1])
    return seconds, metres


def _loads(route: PlanRoute, lost: Collection[str]) -> list[tuple[int, ...]]:
    """What is aboard after each step that stays."""
    loads = [route.steps[0].load]
    for before, step in pairwise(route.steps):
        if step.order_id is None or step.order_id not in lost:
            changed = zip(loads[-1], before.load, step.load, strict=True)
            loads.append(tuple(now + after - was for now, was, after in changed))
    return loads


def _first_at_stall(route: PlanRoute, number: int) -> PlanStep:
    """The step of the original route that began the stay at the place of this one."""
    step = route.steps[number]
    while number > 1 and step.type == "pickup":
        before = route.steps[number - 1]
        if before.type != "pickup" or before.location != step.location:
            break
        number -= 1
    return route.steps[number]


def _cost(route: PlanRoute, seconds: int, metres: int, config: Config) -> int:
    """The route's cost less what the way saved costs, in satang; visits cost nothing of their own."""
    kind = config.vehicle(route.vehicle)
    if kind is None:
        return route.cost
    saved = kind.cost.per_hour_satang * (route.duration - seconds) / 3600
    saved += kind.cost.per_km_satang * (route.distance - metres) / 1000
    return max(0, route.cost - round(saved))


def _begins(step: PlanStep) -> dt.datetime:
    return step.arrival + dt.timedelta(seconds=step.waiting_time)


def _cold(order: Order, sellers: Mapping[str, Member]) -> bool:
    """Whether it needs a cold box, as planning sees it."""
    details = [(pickup, sellers.get(pickup.seller_id)) for pickup in order.pickups]
    return any(
        pickup.temperature == "chilled"
        or (seller is not None and seller.seller is not None and seller.seller.needs_cold_box)
        for pickup, seller in details
    )


def _delivered(route: PlanRoute) -> list[str]:
    return [step.order_id for step in route.steps if step.type == "delivery" and step.order_id is not None]


def _carried(plan: Plan) -> list[str]:
    return [order_id for route in plan.routes for order_id in _delivered(route)]
