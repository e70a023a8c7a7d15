"""What follows when orders change whose plan was approved and has not left: the plan without what is gone, and who is
told of it. Pure; the Store asks it inside the transaction that changes the orders.

Who was told of an order that is off hears that it is off; what nobody has read yet is written anew and says how things
stand now; everybody else hears nothing. Nothing is solved anew: where an order would need another route, the
coordinators are told that the plan is out of date.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from scheduler import notices, planning
from scheduler.config import Config
from scheduler.notices import Notice, Notices, People
from scheduler.notices.messages import Compose
from scheduler.revision import Heard, heard_of, since
from storage.records import Member, Message, Order, Plan, Role, Sequel, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Amending:
    """The rule, with what it knows of the market. `config_of` and `compose_of` take a config version."""

    people: People
    now: dt.datetime
    latest: int
    config_of: Callable[[int], Config]
    compose_of: Callable[[int], Compose]
    new_id: Callable[[], str]

    def __call__(self, standing: Standing) -> Sequel:
        plans, moves, told = [], [], []
        for plan in standing.plans:
            anew, news = self._amended(plan, standing)
            plans.append(anew)
            moves += planning.going_along(anew)
            told += news
        told += self._promised(standing)
        return Sequel(plans=tuple(plans), moves=tuple(moves), messages=tuple(told))

    def _amended(self, plan: Plan, standing: Standing) -> tuple[Plan, list[Message]]:
        """The plan's next revision, and what has to be said for it."""
        config, orders = self.config_of(plan.config_version), standing.orders
        compose = self.compose_of(plan.config_version)
        wave, lost = config.wave(plan.wave), planning.gone(plan, orders)
        anew = replace(
            planning.without(plan, lost, orders, config),
            id=self.new_id(),
            revision=plan.revision + 1,
            supersedes=plan.id,
            created_at=self.now,
        )
        people = replace(self.people, buyers=_buyers(orders.values()))
        said = Notices(anew, wave, orders, people, config)

        def written(told: Sequence[Notice]) -> list[Message]:
            return notices.messages(told, anew, wave, config, compose, self.now)

        heard = Heard.of((each for each in standing.messages if _of_wave(each, plan)), standing.earlier)
        fresh = [*said.routes(), *said.pick_lists(), *said.windows()]
        news = since(
            heard.without(lost),
            anew,
            fresh,
            people,
            config,
            said.wave_end,
            lambda notice: written([notice])[0].text,
            amended=standing.changed - lost,
        )
        off = self._off(plan, anew, lost, heard, standing, people, said.wave_end)
        messages = notices.not_yet_said(written(off), standing.messages, config) + written(news)
        late = planning.outdated(plan, orders, people.riders, people.sellers, config) - lost
        if late & standing.changed:
            dispatch = wave.dispatch.at(plan.date, config.market.time_zone)
            messages += written(
                notices.plan_outdated(anew, sorted(late), dispatch, people.coordinators.values(), said.wave_end)
            )
        knowing = {each.member_ref for each in standing.messages if each.kind == "summary" and heard_of(each)}
        summaries = [each for each in said.summaries(messages, 0, plan.approved_by or "") if each.to.ref not in knowing]
        return anew, messages + written(summaries)

    def _off(
        self,
        plan: Plan,
        anew: Plan,
        lost: frozenset[str],
        heard: Heard,
        standing: Standing,
        people: People,
        expires_at: dt.datetime,
    ) -> list[Notice]:
        """Who was told of an order that this plan has lost hears that it is off, or where it went."""
        orders, rest = standing.orders, heard.without(lost)
        cancelled = frozenset(order_id for order_id in lost if orders[order_id].cancelled)
        found: list[Notice] = []
        for members, lists, left in (
            (people.riders, heard.routes, rest.routes),
            (people.sellers, heard.bags, rest.bags),
        ):
            for ref in sorted(lists.keys() & members.keys()):
                named = lost & {str(entry[0]) for entry in lists[ref]}
                gone = [orders[order_id] for order_id in sorted(named & cancelled)]
                later = [orders[order_id] for order_id in sorted(named - cancelled)]
                empty = ref not in left
                found += notices.cancellation(members[ref], gone, expires_at, nothing_left=empty and not later)
                found += notices.cancellation(members[ref], later, expires_at, reason="other_day", nothing_left=empty)
        for buyer_ref, mine in _by_buyer(orders[order_id] for order_id in sorted(lost)).items():
            told = [order for order in mine if _was_promised(order, standing.messages)]
            gone = [order for order in told if order.cancelled]
            still = _still(gone, anew, standing)
            found += notices.cancellation(people.buyers[buyer_ref], gone, expires_at, still=still)
            moved = [order for order in told if not order.cancelled]
            found += notices.moved_away(moved, people, plan, self.config_of(plan.config_version))
        return found

    def _promised(self, standing: Standing) -> list[Message]:
        """Cancelled orders that no approved plan carries: their buyers may know all the same when they were to come."""
        carried = {step.order_id for plan in standing.plans for route in plan.routes for step in route.steps}
        config, compose = self.config_of(self.latest), self.compose_of(self.latest)
        others = [
            order
            for order_id, order in sorted(standing.orders.items())
            if order.cancelled and order_id not in carried and _was_promised(order, standing.messages)
        ]
        buyers, told = _buyers(others), list[Message]()
        for buyer_ref, mine in _by_buyer(others).items():
            date = max(order.legs[0].date for order in mine)
            over = dt.datetime.combine(date + dt.timedelta(days=1), dt.time.min, config.market.time_zone)
            off = notices.cancellation(buyers[buyer_ref], mine, over)
            told += notices.messages(off, None, None, config, compose, self.now, date=date)
        return notices.not_yet_said(told, standing.messages, config)


def _of_wave(message: Message, plan: Plan) -> bool:
    return (message.date, message.wave) == (plan.date, plan.wave)


def _was_promised(order: Order, messages: Sequence[Message]) -> bool:
    """Whether the last word its buyer has of an order is a time, or that it moved."""
    mine = [
        message
        for message in messages
        if message.role is Role.BUYER and order.order_id in message.order_ids and heard_of(message)
    ]
    promises = [message for message in mine if message.kind in {"window", "changed", "cancelled"}]
    return bool(promises) and promises[-1].kind != "cancelled"


def _still(gone: Sequence[Order], anew: Plan, standing: Standing) -> list[Order]:
    """The other orders that the same notice promised, and that come all the same."""
    ids = {order.order_id for order in gone}
    together = {
        order_id
        for message in standing.messages
        if message.kind == "window" and heard_of(message) and ids & set(message.order_ids)
        for order_id in message.order_ids
    }
    riding = {step.order_id for route in anew.routes for step in route.steps if step.type == "delivery"}
    return [standing.orders[order_id] for order_id in sorted((together & riding) - ids)]


def _by_buyer(orders: Iterable[Order]) -> dict[str, list[Order]]:
    found: dict[str, list[Order]] = defaultdict(list)
    for order in orders:
        found[order.buyer_ref].append(order)
    return found


def _buyers(orders: Iterable[Order]) -> dict[str, Member]:
    return {order.buyer_ref: Member(role=Role.BUYER, ref=order.buyer_ref, person=order.buyer) for order in orders}
