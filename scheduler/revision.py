"""What a revised plan leaves to be told: only what changed for a person, as little as possible. Pure.

Knows two plans of one wave, the earlier one approved and told. A buyer whose time moves by no more than
``messages.tell_change_minutes`` hears nothing; nor does a rider whose stops stay, or a seller whose bags stay.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from scheduler.config import Config
from scheduler.notices import Notice, People
from storage.records import Plan, PlanRoute, PlanStep


def since(
    before: Plan, after: Plan, fresh: Sequence[Notice], people: People, config: Config, wave_end: dt.datetime
) -> list[Notice]:
    """Of everything the new plan would say, what is news after the old one; and who lost a route."""
    limit = dt.timedelta(minutes=config.messages.tell_change_minutes)
    old_routes = {route.rider_id: route for route in before.routes}
    new_routes = {route.rider_id: route for route in after.routes}
    old_stops, new_stops = _deliveries(before), _deliveries(after)
    told = []
    for notice in fresh:
        if notice.kind == "route":
            if _stops(old_routes.get(notice.to.ref)) != _stops(new_routes[notice.to.ref]):
                told.append(notice)
        elif notice.kind == "pick_list":
            if _bags(before, notice.to.ref) != _bags(after, notice.to.ref):
                told.append(notice)
        elif notice.kind == "window":
            known = [order_id for order_id in notice.order_ids if order_id in old_stops]
            if len(known) < len(notice.order_ids):
                told.append(notice)
            elif any(_shift(old_stops[order_id], new_stops[order_id]) > limit for order_id in known):
                told.append(_new_time(notice))
        else:
            told.append(notice)
    for rider_id in sorted(old_routes.keys() - new_routes.keys()):
        if rider_id in people.riders:
            told.append(_no_route(after, people, rider_id, wave_end))
    return told


def changes(before: Plan, after: Plan, told: int) -> dict[str, int]:
    """The figures of a re-plan: orders that changed riders, people told, and what it costs more."""
    was = {order_id: rider for order_id, (rider, _) in _deliveries(before).items()}
    now = {order_id: rider for order_id, (rider, _) in _deliveries(after).items()}
    return {
        "moved": sum(was.get(order_id) != now.get(order_id) for order_id in was.keys() | now.keys()),
        "people_told": told,
        "added_cost": int(after.summary["cost"]) - int(before.summary["cost"]),
    }


def _deliveries(plan: Plan) -> dict[str, tuple[str, PlanStep]]:
    return {
        step.order_id: (route.rider_id, step)
        for route in plan.routes
        for step in route.steps
        if step.type == "delivery" and step.order_id is not None
    }


def _stops(route: PlanRoute | None) -> list[tuple[str, str | None, str | None]]:
    return [(step.type, step.order_id, step.seller_id) for step in route.steps] if route is not None else []


def _bags(plan: Plan, seller_id: str) -> set[tuple[str | None, str]]:
    return {
        (step.order_id, route.rider_id)
        for route in plan.routes
        for step in route.steps
        if step.type == "pickup" and step.seller_id == seller_id
    }


def _shift(old: tuple[str, PlanStep], new: tuple[str, PlanStep]) -> dt.timedelta:
    return abs(new[1].arrival - old[1].arrival)


def _new_time(notice: Notice) -> Notice:
    facts = notice.facts
    return replace(
        notice,
        kind="changed",
        facts={
            "role": "buyer",
            "buyer": facts["buyer"],
            "order_ids": facts["order_ids"],
            "reason": "",
            "new_date": facts["told_from"].date(),
            "new_from": facts["told_from"],
            "new_to": facts["told_to"],
            "new_wave": None,
        },
    )


def _no_route(after: Plan, people: People, rider_id: str, wave_end: dt.datetime) -> Notice:
    rider = people.riders[rider_id]
    return Notice(
        kind="changed",
        event=f"plan:{after.id}:{rider_id}",
        to=rider,
        facts={
            "role": "rider",
            "buyer": rider.person.name,
            "order_ids": [],
            "reason": "no_route",
            "new_date": None,
            "new_from": None,
            "new_to": None,
            "new_wave": None,
        },
        expires_at=wave_end,
    )
