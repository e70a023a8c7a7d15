"""Notices that no plan makes: an order moved or cancelled, a wave that does not ride, an approval that is due. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scheduler.batch import wanted_waves
from scheduler.config import Config, Problem
from scheduler.config.models import Wave, Zone
from scheduler.config.problems import Language
from scheduler.notices.people import Notice, People, called
from scheduler.quota import Budget
from scheduler.silence import Silence
from storage.records import ConfigVersion, Member, Order, Plan, Run

LANGUAGES: tuple[Language, ...] = ("th", "en")
MOST_FAULTS = 3
"""How many mistakes of a config file one message tells."""


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


def silent_riders(
    plan: Plan, silent: Mapping[str, Silence], people: People, expires_at: dt.datetime, tz: dt.tzinfo
) -> list[Notice]:
    """The coordinators are told who has not answered, and how to phone them."""
    stops = {route.rider_id: sum(step.type == "delivery" for step in route.steps) for route in plan.routes}
    return [
        Notice(
            kind="escalation",
            event=silence.event,
            to=coordinator,
            facts={
                "what": "rider_silent" if silence.reached else "rider_unreached",
                "plan_id": plan.id,
                "deadline": None,
                "rider": people.riders[rider].person.name if rider in people.riders else rider,
                "phone": people.riders[rider].person.phone or "" if rider in people.riders else "",
                "stops": stops.get(rider, 0),
                "told_at": silence.since.astimezone(tz),
            },
            expires_at=expires_at,
        )
        for rider, silence in silent.items()
        for coordinator in people.coordinators.values()
    ]


def config_broken(
    file: str, faults: Sequence[Problem], version: int, state: str, coordinators: Iterable[Member], now: dt.datetime
) -> list[Notice]:
    """The coordinators are told what is wrong with the config file, and which version counts; `state` tells it from
    another time."""
    return [
        Notice(
            kind="escalation",
            event=f"config_broken:{state}",
            to=coordinator,
            facts={
                "what": "config_broken",
                "plan_id": "",
                "file": file,
                "version": version,
                "faults": {tongue: [each.text(tongue) for each in faults[:MOST_FAULTS]] for tongue in LANGUAGES},
                "more": max(0, len(faults) - MOST_FAULTS),
            },
            expires_at=now + dt.timedelta(days=1),
        )
        for coordinator in coordinators
    ]


def config_replaced(
    gone: ConfigVersion, by: ConfigVersion, coordinators: Iterable[Member], now: dt.datetime
) -> list[Notice]:
    """The coordinators are told that a config which waited for its day never comes in force, for another one came."""
    return [
        Notice(
            kind="escalation",
            event=f"config_replaced:{gone.version}",
            to=coordinator,
            facts={
                "what": "config_replaced",
                "plan_id": "",
                "replaced": {"version": gone.version, "date": gone.from_date, "note": gone.note, "by": by.version},
            },
            expires_at=now + dt.timedelta(days=1),
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
    date: dt.date, wave: Wave, moved: Sequence[Order], why: str | None, people: People, config: Config
) -> list[Notice]:
    """A whole wave does not ride: every buyer is told where their order went. `why` None: each order's own reason."""
    return _now_elsewhere(moved, people, (date, wave), config, why)


def closed_day(order: Order, buyer: Member, config: Config, zone: Zone | None) -> Notice:
    """The buyer of an order for a day without market is told when it comes; the day has no wave that could say it."""
    tz = config.market.time_zone
    waves = sorted(config.waves, key=lambda wave: wave.deliver.start)
    missed = (wanted_waves(order, waves, zone, tz) or waves)[0]
    leg = order.legs[0]
    to = (leg.date if leg.wave is not None else None, leg.wave)
    return moved_notice(order, buyer, leg.reason or "", to, (order.service_date, missed), config)


def _now_elsewhere(
    orders: Sequence[Order], people: People, away_from: tuple[dt.date, Wave], config: Config, why: str | None = None
) -> list[Notice]:
    """`why` None: each for the reason its own leg has."""
    found = []
    for order in orders:
        leg, buyer = order.legs[0], people.buyers[order.buyer_ref]
        to = (leg.date if leg.wave is not None else None, leg.wave)
        found.append(moved_notice(order, buyer, why if why is not None else leg.reason or "", to, away_from, config))
    return found


def cancellation(
    member: Member,
    orders: Sequence[Order],
    expires_at: dt.datetime,
    *,
    reason: str = "",
    nothing_left: bool = False,
    still: Sequence[Order] = (),
) -> list[Notice]:
    """Buyer, rider or seller is told that these orders are off: one notice, or none where no order is.

    `reason`: off this wave only, as ``other_day``. `nothing_left`: a rider or seller has nothing else in the wave.
    `still`: what the buyer gets all the same.
    """
    if not orders:
        return []
    ids = tuple(order.order_id for order in orders)
    bags = [
        {
            "buyer": order.buyer.name,
            "items": "; ".join(
                each.items for each in order.pickups if member.role == "rider" or each.seller_id == member.ref
            ),
        }
        for order in orders
    ]
    return [
        Notice(
            kind="cancelled",
            event=f"cancelled:{ids[0]}",
            to=member,
            facts={
                "role": str(member.role),
                "name": called(member),
                "order_ids": list(ids),
                "reason": reason,
                "bags": bags if member.role != "buyer" else [],
                "nothing_left": nothing_left,
                "still": [order.order_id for order in still],
                "still_cod_satang": sum(order.cod_satang for order in still),
            },
            order_ids=ids,
            expires_at=expires_at,
        )
    ]


def moved_away(orders: Sequence[Order], people: People, plan: Plan, config: Config) -> list[Notice]:
    """Buyers are told where orders ride that they had been promised in `plan`."""
    return _now_elsewhere(orders, people, (plan.date, config.wave(plan.wave)), config)


def plan_outdated(
    plan: Plan,
    order_ids: Sequence[str],
    deadline: dt.datetime,
    coordinators: Iterable[Member],
    expires_at: dt.datetime,
) -> list[Notice]:
    """The coordinators are told that a plan they approved no longer fits these orders."""
    return [
        Notice(
            kind="escalation",
            event=f"plan_outdated:{plan.id}",
            to=coordinator,
            facts={
                "what": "plan_outdated",
                "plan_id": plan.id,
                "deadline": deadline,
                "orders": len(order_ids),
                "order_ids": list(order_ids),
                "command": f"songsuk plan replan {plan.date} --wave {plan.wave}",
            },
            expires_at=expires_at,
        )
        for coordinator in coordinators
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


def nothing_left(plan: Plan, member: Member, role: str, reason: str, wave_end: dt.datetime) -> Notice:
    """A rider or seller who was told of work in this wave has none left in it."""
    return Notice(
        kind="changed",
        event=f"plan:{plan.id}:{member.ref}",
        to=member,
        facts={"role": role, "name": called(member), "reason": reason},
        expires_at=wave_end,
    )


def not_dispatched(plan: Plan, orders: int, coordinators: Iterable[Member], expires_at: dt.datetime) -> list[Notice]:
    """The coordinators are told that an approved wave was not sent off in time, and its orders go elsewhere."""
    return [
        Notice(
            kind="escalation",
            event=f"not_dispatched:{plan.id}",
            to=coordinator,
            facts={"what": "not_dispatched", "plan_id": plan.id, "deadline": None, "orders": orders},
            expires_at=expires_at,
        )
        for coordinator in coordinators
    ]


def may_have_ridden(
    run: Run,
    restored_at: dt.datetime,
    orders: int,
    command: str,
    coordinators: Iterable[Member],
    expires_at: dt.datetime,
) -> list[Notice]:
    """The coordinators are told that a restored market cannot know whether a wave rode, and how to say it."""
    return [
        Notice(
            kind="escalation",
            event=f"may_have_ridden:{run.id}:{restored_at:%Y%m%dT%H%M%S}",
            to=coordinator,
            facts={
                "what": "may_have_ridden",
                "plan_id": None,
                "orders": orders,
                "settle": command,
            },
            expires_at=expires_at,
        )
        for coordinator in coordinators
    ]


def line_month(stand: Budget, coordinators: Iterable[Member], expires_at: dt.datetime) -> list[Notice]:
    """The coordinators are told that LINE's month is likely to be used up, and again when people go on the phone list.

    Each is one event of the month, and of what its plan allows: a larger plan that is short too is told of anew.
    """
    if stand.limit is None or not (stand.warn or stand.dropped):
        return []
    what = "line_short" if stand.dropped else "line_nearly_used"
    return [
        Notice(
            kind="escalation",
            event=f"{what}:{stand.month}:{stand.limit}",
            to=coordinator,
            facts={
                "what": what,
                "plan_id": None,
                "line": {"limit": stand.limit, "used": stand.used, "likely": stand.forecast.p90},
            },
            expires_at=expires_at,
        )
        for coordinator in coordinators
    ]
