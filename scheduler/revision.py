"""What a revised plan leaves to be told: only what changed for a person since they were last told. Pure.

A buyer whose time moves by no more than ``messages.tell_change_minutes`` hears nothing; nor does a rider whose stops
and their places stay, or a seller whose bags and goods stay. Who has not been told yet, since their message was still
held, is told all.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from scheduler.config import Config
from scheduler.notices import Notice, People, nothing_left
from storage.records import Message, Plan, PlanRoute, PlanStep, Role

HEARD = frozenset({"sending", "accepted", "confirmed", "unknown", "suppressed"})
"""States of a message that its reader has seen, may have seen, or is phoned about."""

_CLOCK = re.compile(r"\d{1,2}:\d{2}")

Words = Callable[[Notice], str]
"""What a notice says to its reader, as plain text."""

_Listed = tuple[tuple[str | None, ...], ...]
"""The entries of somebody's list, each with its order first."""
_Key = tuple[str, str, tuple[str, ...]]
"""Which text: its kind, its reader, and of a window the orders it is for."""


def heard_of(message: Message) -> bool:
    """Whether its reader knows of it, or may; so too where LINE may have taken it and is asked again under its key."""
    in_doubt = message.bundle is not None and any(attempt.outcome == "unknown" for attempt in message.attempts)
    return message.state in HEARD or (message.state == "retry" and in_doubt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What people were last told of a wave: stops by order, visits by rider, bags by seller; and in which words."""

    stops: Mapping[str, PlanStep] = field(default_factory=dict)
    routes: Mapping[str, _Listed] = field(default_factory=dict)
    bags: Mapping[str, _Listed] = field(default_factory=dict)
    words: Mapping[_Key, str] = field(default_factory=dict)

    @classmethod
    def of(cls, messages: Iterable[Message], plans: Mapping[str, Plan]) -> Heard:
        """From the wave's messages, in the order they were written, and the plans they speak of."""
        stops: dict[str, PlanStep] = {}
        routes: dict[str, _Listed] = {}
        bags: dict[str, _Listed] = {}
        words: dict[_Key, str] = {}
        for message in messages:
            plan, ref = plans.get(message.plan_id or ""), message.member_ref
            if plan is None or not heard_of(message):
                continue
            words[_words_key(message.kind, ref, message.order_ids)] = message.text
            if message.kind == "route":
                routes |= {route.rider_id: _visits(route) for route in plan.routes if route.rider_id == ref}
            elif message.kind == "pick_list":
                bags[ref] = _bags(plan, ref)
            elif message.role is Role.RIDER and message.kind in {"changed", "cancelled"}:
                _strike(routes, ref, message.order_ids)
            elif message.role is Role.SELLER and message.kind in {"changed", "cancelled"}:
                _strike(bags, ref, message.order_ids)
            elif message.kind == "cancelled":
                for order_id in message.order_ids:
                    stops.pop(order_id, None)
            elif message.kind in {"window", "changed"}:
                # That an order moved is no plan's own word, and promises nobody the plan's time.
                known = _deliveries(plan) if message.event.startswith("plan:") else {}
                for order_id in message.order_ids:
                    if order_id in known:
                        stops[order_id] = known[order_id][1]
                    else:
                        stops.pop(order_id, None)  # told that it does not come in this wave
        return cls(stops=stops, routes=routes, bags=bags, words=words)

    def __bool__(self) -> bool:
        return bool(self.stops or self.routes or self.bags)

    def without(self, order_ids: Collection[str]) -> Heard:
        """What is left of it once everybody has been told that these orders are off."""
        if not order_ids:
            return self
        routes, bags = dict(self.routes), dict(self.bags)
        for ref in self.routes:
            _strike(routes, ref, order_ids)
        for ref in self.bags:
            _strike(bags, ref, order_ids)
        stops = {order_id: step for order_id, step in self.stops.items() if order_id not in order_ids}
        return Heard(stops=stops, routes=routes, bags=bags, words=self.words)


def since(
    heard: Heard,
    plan: Plan,
    fresh: Sequence[Notice],
    people: People,
    config: Config,
    wave_end: dt.datetime,
    words: Words,
    *,
    amended: Collection[str] | None = None,
) -> list[Notice]:
    """Of everything `plan` would say, what is news after what was `heard`; and who lost a route or all bags.

    `amended`: the plan is the one people know, but for what these orders say of themselves. Only lists and windows that
    name one of them can then read otherwise; a buyer's amount may, though the time stays.
    """
    limit = dt.timedelta(minutes=config.messages.tell_change_minutes)
    routes = {route.rider_id: route for route in plan.routes}
    stops = {order_id: step for order_id, (_, step) in _deliveries(plan).items()}
    bags = {notice.to.ref: _bags(plan, notice.to.ref) for notice in fresh if notice.kind == "pick_list"}

    def otherwise(notice: Notice) -> bool:
        """The places, names, goods or money are others than those its reader has."""
        if amended is not None and not set(notice.order_ids) & set(amended):
            return False
        known = _timeless(heard.words.get(_words_key(notice.kind, notice.to.ref, notice.order_ids), ""))
        return known not in {_timeless(words(notice)), _timeless(words(_again(notice)))}

    told = []
    for notice in fresh:
        ref = notice.to.ref
        if notice.kind == "route":
            if ref not in heard.routes:
                told.append(notice)
            elif heard.routes[ref] != _visits(routes[ref]) or otherwise(notice):
                told.append(_again(notice))
        elif notice.kind == "pick_list":
            if ref not in heard.bags:
                told.append(notice)
            elif heard.bags[ref] != bags[ref] or otherwise(notice):
                told.append(_again(notice))
        elif notice.kind == "window":
            if not all(order_id in heard.stops for order_id in notice.order_ids):
                told.append(notice)
            elif any(abs(_begins(stops[each]) - _begins(heard.stops[each])) > limit for each in notice.order_ids):
                told.append(_new_time(notice))
            elif amended is not None and otherwise(notice):
                told.append(_again(notice))
        else:
            told.append(notice)
    for rider_id in sorted(heard.routes.keys() - routes.keys()):
        if rider_id in people.riders:
            told.append(nothing_left(plan, people.riders[rider_id], "rider", "no_route", wave_end))
    for seller_id in sorted(heard.bags.keys() - bags.keys()):
        if seller_id in people.sellers:
            told.append(nothing_left(plan, people.sellers[seller_id], "seller", "no_bags", wave_end))
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


def _visits(route: PlanRoute) -> _Listed:
    """What a rider does at each door, in order."""
    return tuple((step.order_id, step.type, step.seller_id) for step in route.steps if step.order_id is not None)


def _bags(plan: Plan, seller_id: str) -> _Listed:
    """What a seller gives to whom."""
    bags = {
        (step.order_id, route.rider_id)
        for route in plan.routes
        for step in route.steps
        if step.type == "pickup" and step.seller_id == seller_id and step.order_id is not None
    }
    return tuple(sorted(bags))


def _again(notice: Notice) -> Notice:
    """The same, said to be in place of what its reader has."""
    return replace(notice, facts={**notice.facts, "again": True})


def _strike(known: dict[str, _Listed], ref: str, order_ids: Collection[str]) -> None:
    """Of what somebody knows, these orders are off; all of it, where none is named or nothing else is left."""
    left = tuple(each for each in known.pop(ref, ()) if order_ids and each[0] not in order_ids)
    if left:
        known[ref] = left


def _words_key(kind: str, ref: str, order_ids: Sequence[str]) -> _Key:
    """A person has one route and one list, and a window for each lot of orders that comes together."""
    return kind, ref, tuple(sorted(order_ids)) if kind == "window" else ()


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


def _begins(step: PlanStep) -> dt.datetime:
    return step.arrival + dt.timedelta(seconds=step.waiting_time)


def _timeless(text: str) -> str:
    """A text without its clock times: what stays the same when only these move."""
    return _CLOCK.sub("", text)
