"""Notices that no plan makes: an order moved or cancelled, a wave that does not ride, an approval that is due. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scheduler.batch import wanted_waves
from scheduler.config import Config
from scheduler.config.models import Wave
from scheduler.notices.people import Notice, People, called
from storage.records import Member, Order, Plan


def approval_reminder(
    plan: Plan, deadline: dt.datetime, coordinators: Iterable[Member], expires_at: dt.datetime
) -> list[Notice]:
    """The coordinators are told that a plan waits for them."""
    return [
        Notice(
            kind="escalation",
            event=f"approval_due:{plan.id}",
            to=coordinator,
            facts={
                "what": "approval_due",
                "plan_id": plan.id,
                "deadline": deadline,
                "orders": plan.summary["orders"],
            },
            expires_at=expires_at,
        )
        for coordinator in coordinators
    ]


def moved_notice(
    order: Order,
    buyer: Member,
    reason: str,
    to: tuple[dt.date | None, str | None],
    away_from: tuple[dt.date, Wave],
    config: Config,
) -> Notice:
    """The buyer is told that an order rides in another wave than the one it missed, or in none yet, and why."""
    tz = config.market.time_zone
    (date, wave_id), (missed_date, missed) = to, away_from
    wave = next((wave for wave in config.waves if wave.id == wave_id), None)
    start, end = wave.deliver.on(date, tz) if wave is not None and date is not None else (None, None)
    return Notice(
        kind="changed",
        event=f"moved:{order.order_id}:{missed_date}:{missed.id}",
        to=buyer,
        facts={
            "role": "buyer",
            "buyer": order.buyer.name,
            "order_ids": [order.order_id],
            "reason": reason,
            "new_date": date if start is not None else None,
            "new_from": start,
            "new_to": end,
            "new_wave": wave.label.in_(config.market.language) if wave is not None and start is not None else "",
        },
        order_ids=(order.order_id,),
        expires_at=end if end is not None else missed.deliver.on(missed_date, tz)[1] + dt.timedelta(days=1),
    )


def rolled_over(
    date: dt.date, wave: Wave, moved: Sequence[Order], why: str, people: People, config: Config
) -> list[Notice]:
    """A whole wave does not ride: every buyer is told where their order went."""
    return [
        moved_notice(
            order,
            people.buyers[order.buyer_ref],
            why,
            (order.legs[0].date if order.legs[0].wave is not None else None, order.legs[0].wave),
            (date, wave),
            config,
        )
        for order in moved
    ]


def cancellations(order: Order, people: People, expires_at: dt.datetime) -> list[Notice]:
    """The buyer, the rider who would bring it and the sellers who would give it are told that an order is off."""
    leg = order.legs[0]
    concerned = [("buyer", people.buyers.get(order.buyer_ref)), ("rider", people.riders.get(leg.rider_id or ""))]
    concerned += [("seller", people.sellers.get(pickup.seller_id)) for pickup in order.pickups]
    return [
        Notice(
            kind="cancelled",
            event=f"cancelled:{order.order_id}",
            to=member,
            facts={"role": role, "name": called(member), "order_ids": [order.order_id]},
            order_ids=(order.order_id,),
            expires_at=expires_at,
        )
        for role, member in concerned
        if member is not None
    ]


def moved_from(
    date: dt.date, wave: Wave, orders: Iterable[Order], config: Config, zone_of: Mapping[str, Any]
) -> list[Order]:
    """The orders that wanted this wave first and ride in another one, for a reason worth telling."""
    tz = config.market.time_zone
    waves = sorted(config.waves, key=lambda other: other.deliver.start)
    found = []
    for order in orders:
        leg = order.legs[0]
        if order.service_date != date or leg.reason in {None, "needs_pin"} or order.cancelled:
            continue
        if (leg.date, leg.wave) == (date, wave.id) or leg.state not in {"received", "batched", "planned"}:
            continue
        wanted = [each.id for each in wanted_waves(order, waves, zone_of.get(leg.zone or ""), tz)]
        still_as_asked = leg.date == order.service_date and leg.wave in wanted
        if wanted[:1] == [wave.id] and not still_as_asked:
            found.append(order)
    return found
