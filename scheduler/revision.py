"""What a revised plan leaves to be told: only what changed for a person since they were last told. Pure.

A buyer whose time moves by no more than ``messages.tell_change_minutes`` hears nothing; nor does a rider whose stops
stay, or a seller whose bags stay. Who has not been told yet, since their message was still held, is told all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from scheduler.config import Config
from scheduler.notices import Notice, People
from storage.records import Message, Plan, PlanRoute, PlanStep

HEARD = frozenset({"sending", "accepted", "confirmed", "unknown", "suppressed"})
"""States of a message that its reader has seen, may have seen, or is phoned about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What people were last told of a wave: stops by order, routes by rider, bags by seller."""

    stops: Mapping[str, PlanStep]
    routes: Mapping[str, PlanRoute]
    bags: Mapping[str, frozenset[tuple[str | None, str]]]

    @classmethod
    def of(cls, messages: Iterable[Message], plans: Mapping[str, Plan]) -> Heard:
        """From the wave's messages, in the order they were written, and the plans they speak of."""
        stops: dict[str, PlanStep] = {}
        routes: dict[str, PlanRoute] = {}
        bags: dict[str, frozenset[tuple[str | None, str]]] = {}
        for message in messages:
            plan = plans.get(message.plan_id or "")
            if plan is None or message.state not in HEARD:
                continue
            if message.kind == "route":
                routes |= {route.rider_id: route for route in plan.routes if route.rider_id == message.member_ref}
            elif message.kind == "pick_list":
                bags[message.member_ref] = _bags(plan, message.member_ref)
            elif message.kind in {"window", "changed"}:
                known = _deliveries(plan)
                stops |= {order_id: known[order_id][1] for order_id in message.order_ids if order_id in known}
        return cls(stops=stops, routes=routes, bags=bags)

    def __bool__(self) -> bool:
        return bool(self.stops or self.routes or self.bags)


def since(
    heard: Heard, plan: Plan, fresh: Sequence[Notice], people: People, config: Config, wave_end: dt.datetime
) -> list[Notice]:
    """Of everything `plan` would say, what is news after what was `heard`; and who lost a route."""
    limit = dt.timedelta(minutes=config.messages.tell_change_minutes)
    routes = {route.rider_id: route for route in plan.routes}
    stops = {order_id: step for order_id, (_, step) in _deliveries(plan).items()}
    told = []
    for notice in fresh:
        if notice.kind == "route":
            if _order_of_stops(heard.routes.get(notice.to.ref)) != _order_of_stops(routes[notice.to.ref]):
                told.append(notice)
        elif notice.kind == "pick_list":
            if heard.bags.get(notice.to.ref) != _bags(plan, notice.to.ref):
                told.append(notice)
        elif notice.kind == "window":
            if not all(order_id in heard.stops for order_id in notice.order_ids):
                told.append(notice)
            elif any(abs(stops[each].arrival - heard.stops[each].arrival) > limit for each in notice.order_ids):
                told.append(_new_time(notice))
        else:
            told.append(notice)
    for rider_id in sorted(heard.routes.keys() - routes.keys()):
        if rider_id in people.riders:
            told.append(_no_route(plan, people, rider_id, wave_end))
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


def _order_of_stops(route: PlanRoute | None) -> list[tuple[str, str | None, str | None]]:
    return [(step.type, step.order_id, step.seller_id) for step in route.steps] if route is not None else []


def _bags(plan: Plan, seller_id: str) -> frozenset[tuple[str | None, str]]:
    return frozenset(
        (step.order_id, route.rider_id)
        for route in plan.routes
        for step in route.steps
        if step.type == "pickup" and step.seller_id == seller_id
    )


def _new_time(notice: Notice) -> Notice:
    facts = notice.facts
    return replace(
        notice,
        kind="changed",
        facts={
            "role": "buyer",
            "buyer": facts["buyer"],
            "order_ids": facts["order_ids"],
            "new_date": facts["told_from"].date(),
            "new_from": facts["told_from"],
            "new_to": facts["told_to"],
        },
    )


def _no_route(plan: Plan, people: People, rider_id: str, wave_end: dt.datetime) -> Notice:
    rider = people.riders[rider_id]
    return Notice(
        kind="changed",
        event=f"plan:{plan.id}:{rider_id}",
        to=rider,
        facts={"role": "rider", "name": rider.person.name, "reason": "no_route"},
        expires_at=wave_end,
    )
