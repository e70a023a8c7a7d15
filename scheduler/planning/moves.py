"""What a plan makes of its orders' legs: who rides, who found no place, who goes on to a later wave. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from scheduler.batch import Market, WaveKey, assign
from storage.records import Leg, LegMove, Order, Plan


def of_plan(plan: Plan, orders: Sequence[Order]) -> list[LegMove]:
    """Each order's leg on its way into the plan, or left over by it."""
    rider_of: Mapping[str, str] = {
        step.order_id: route.rider_id
        for route in plan.routes
        for step in route.steps
        if step.type == "delivery" and step.order_id is not None
    }
    left = {each.order_id: each for each in plan.unassigned}
    batched, moves = [], []
    for order in orders:
        leg = order.legs[0]
        placed = order.order_id in rider_of
        move = LegMove(
            order_id=order.order_id,
            leg=leg.leg,
            state="planned" if placed else "unassigned",
            reason=_why_here(leg, plan) if placed else left[order.order_id].code,
            date=plan.date,
            wave=plan.wave,
            zone=leg.zone,
            area=leg.area,
            fee_satang=leg.fee_satang,
            plan_id=plan.id,
            rider_id=rider_of.get(order.order_id),
        )
        moves.append(move)
        if leg.state not in {"batched", "planned"}:  # added by hand, or left over by the plan before
            batched.append(replace(move, state="batched", reason=_why_here(leg, plan), plan_id=None, rider_id=None))
    return [*batched, *moves]


def _why_here(leg: Leg, plan: Plan) -> str | None:
    """Why an order rides in another wave than it wanted: true for as long as it does, and its buyer hears it."""
    came_here = (leg.date, leg.wave) == (plan.date, plan.wave) and leg.state in {"received", "batched", "planned"}
    return leg.reason if came_here else None


def put_off(orders: Sequence[Order], missed: WaveKey, market: Market, why: str) -> tuple[list[LegMove], list[Order]]:
    """Orders that do not ride in the wave after all go to the next possible one: their moves, and how they stand then.

    Who finds none stays, without a place.
    """
    moves, orders_then = [], []
    for order in orders:
        before, leg = order.legs[0], assign(order, market, after=missed, why=why)
        move = LegMove(
            order_id=order.order_id,
            leg=before.leg,
            state="received" if leg.wave is not None else "unassigned",
            reason=leg.reason,
            date=leg.date,
            wave=leg.wave,
            zone=leg.zone,
            area=leg.area,
            fee_satang=leg.fee_satang,
        )
        if (before.state, move.state) == ("planned", "received"):  # two steps of the life-cycle
            moves.append(replace(move, state="batched"))
        moves.append(move)
        orders_then.append(replace(order, legs=(leg,)))
    return moves, orders_then


def onward(plan: Plan, orders: Mapping[str, Order], market: Market, beyond: Collection[str] = frozenset()) -> Plan:
    """`plan` with the waves that its orders without a place can have now: what it named may have closed since.

    What is `beyond` everybody has none.
    """
    left = []
    for each in plan.unassigned:
        if each.order_id in beyond:
            left.append(replace(each, next_date=None, next_wave=None))
            continue
        leg = assign(orders[each.order_id], market, after=(plan.date, plan.wave), why=each.code)
        left.append(replace(each, next_date=leg.date if leg.wave is not None else None, next_wave=leg.wave))
    return replace(plan, unassigned=tuple(left))


def going_on(plan: Plan, orders: Mapping[str, Order]) -> list[LegMove]:
    """The orders that `plan` has no place for, on their way into their next waves; who has none stays."""
    return [
        LegMove(
            order_id=left.order_id,
            leg=left.leg,
            state="received",
            reason=left.code,
            date=left.next_date,
            wave=left.next_wave,
            zone=orders[left.order_id].legs[0].zone,
            area=orders[left.order_id].legs[0].area,
            fee_satang=orders[left.order_id].legs[0].fee_satang,
        )
        for left in plan.unassigned
        if left.next_wave is not None
    ]
