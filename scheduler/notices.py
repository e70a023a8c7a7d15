"""What is said, to whom, when, and over which service: from a plan and its people to messages. Pure.

Nobody is dropped: who has no chat address gets a message of state ``suppressed`` that the call list shows. Whether a
wording fits a service is the channel's business (channels/); here only the facts are gathered.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import quote

from channels.base import Action, Content, Line
from scheduler.batch import wanted_waves
from scheduler.config import Config
from scheduler.config.models import Wave
from scheduler.intake.items import sum_items
from storage.records import Location, Member, Message, Order, Plan, PlanRoute, PlanStep, Role

CRITICAL = frozenset({"route", "pick_list", "changed", "cancelled", "escalation", "sos", "login"})
_NAMESPACE = uuid.UUID("8a1f0f52-6a3e-5d43-9d0a-0b54b8c1a6f1")

Compose = Callable[[str, Mapping[str, Any], str], Content]
"""channels.texts: kind, facts, language -> content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who a plan concerns, by the market's own numbers."""

    riders: Mapping[str, Member]
    sellers: Mapping[str, Member]
    buyers: Mapping[str, Member]
    coordinators: Mapping[str, Member]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How one person is reached: a channel and an address, or why not."""

    channel: str | None
    address: str | None
    reason: str | None = None


def reach(member: Member, config: Config) -> Reach:
    """The channel for one person: their wish, else Telegram, else LINE; the console reaches everybody it may.

    The wish (``chat_channel``) decides only among addresses that are known and alive.
    """
    person = member.person
    if person.consent is False:
        return Reach(channel=None, address=None, reason="no_consent")
    alive = {address.channel: address.address for address in person.addresses if address.state == "active"}
    known = {channel: address for channel, address in alive.items() if channel in config.channels}
    for channel in (person.chat_channel, "telegram", "line", *sorted(known)):
        if channel is not None and channel in known:
            return Reach(channel=channel, address=known[channel])
    if "console" in config.channels:
        return Reach(channel="console", address=f"{member.role}:{member.ref}")
    dead = any(address.state != "active" for address in person.addresses)
    reason = "blocked" if dead else "preference" if person.chat_channel in {"none", "empty"} else "no_address"
    return Reach(channel=None, address=None, reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One event for one member, before it has a channel and a moment."""

    kind: str
    event: str
    to: Member
    facts: Mapping[str, Any]
    order_ids: tuple[str, ...] = ()
    expires_at: dt.datetime


# --- facts --------------------------------------------------------------------------------------------------------


class Notices:
    """The notices of one plan. All instants are turned into the market's time zone before they become facts."""

    def __init__(self, plan: Plan, wave: Wave, orders: Mapping[str, Order], people: People, config: Config) -> None:
        self.plan, self.wave, self.orders, self.people, self.config = plan, wave, orders, people, config
        self.tz = config.market.time_zone
        self.wave_end = wave.deliver.on(plan.date, self.tz)[1]
        self.pickup_end = wave.pickup.on(plan.date, self.tz)[1]

    def all(self, moved: Sequence[Order], lacking_pins: Sequence[Order]) -> list[Notice]:
        """Everything to say when this plan is approved.

        `moved`: orders that wanted this wave and ride in another; `lacking_pins`: orders that wait for a place.
        """
        told = [*self.routes(), *self.pick_lists(), *self.windows()]
        for order in moved:
            leg = order.legs[0]
            told.append(self._moved(order, leg.reason or "time_window", leg.date, leg.wave))
        for left in self.plan.unassigned:
            told.append(self._moved(self.orders[left.order_id], left.code, left.next_date, left.next_wave))
        told += [self._ask_pin(order) for order in lacking_pins]
        return told

    def routes(self) -> list[Notice]:
        """One route message for each rider."""
        return [
            Notice(
                kind="route",
                event=f"plan:{self.plan.id}:{route.rider_id}",
                to=self.people.riders[route.rider_id],
                facts=self._route_facts(route),
                order_ids=_delivered(route),
                expires_at=self.wave_end,
            )
            for route in self.plan.routes
        ]

    def _route_facts(self, route: PlanRoute) -> dict[str, Any]:
        stops = self._stops(route)
        return {
            "rider": first_name(self.people.riders[route.rider_id]),
            "start_at": self._local(route.steps[0].arrival),
            "end_at": self._local(route.steps[-1].arrival),
            "deliveries": sum(stop["type"] == "delivery" for stop in stops),
            "pickups": sum(stop["type"] == "pickup" for stop in stops),
            "weight_g": sum(
                pickup.weight_g for order_id in _delivered(route) for pickup in self.orders[order_id].pickups
            ),
            "distance_m": route.distance,
            "cod_satang": route.cod_satang,
            "stops": stops,
            "map_links": map_links(
                [step.location for step in route.steps if step.location is not None],
                self.config.messages.map_link_stops,
            ),
            "estimate": bool(self.plan.travel.get("estimate")),
        }

    def _stops(self, route: PlanRoute) -> list[dict[str, Any]]:
        """The route's stops in order; neighbouring pickups at one seller are one stop with several bags."""
        stops: list[dict[str, Any]] = []
        for step in route.steps:
            if step.type == "pickup":
                last = stops[-1] if stops else None
                order = self.orders[step.order_id or ""]
                items = _items_of(order, step.seller_id)
                if last is not None and last["type"] == "pickup" and last["seller_id"] == step.seller_id:
                    last["order_ids"].append(order.order_id)
                    last["items"].append(items)
                    last["bags"] += 1
                    continue
                stops.append(
                    {
                        **self._stop(step, len(stops) + 1),
                        "seller_id": step.seller_id,
                        "name": self._shop(step.seller_id),
                        "items": [items],
                        "bags": 1,
                        "order_ids": [order.order_id],
                    }
                )
            elif step.type == "delivery":
                order = self.orders[step.order_id or ""]
                stops.append(
                    {
                        **self._stop(step, len(stops) + 1),
                        "name": order.buyer.name,
                        "place": " ".join(part for part in (order.address_text, order.tambon) if part),
                        "landmark": order.landmark,
                        "note": order.note,
                        "items": [_items_of(order, pickup.seller_id) for pickup in order.pickups],
                        "bags": len(order.pickups),
                        "order_ids": [order.order_id],
                        "cod_satang": order.cod_satang,
                        "needs_help": order.needs_help,
                    }
                )
        return [{**stop, "items": "; ".join(item for item in stop["items"] if item)} for stop in stops]

    def _stop(self, step: PlanStep, number: int) -> dict[str, Any]:
        window = step.window
        return {
            "no": number,
            "type": step.type,
            "at": self._local(step.arrival + dt.timedelta(seconds=step.waiting_time)),
            "place": "",
            "landmark": "",
            "note": "",
            "cod_satang": 0,
            "needs_help": False,
            "window": (self._local(window[0]), self._local(window[1])) if window is not None else None,
        }

    def pick_lists(self) -> list[Notice]:
        """One pick list for each seller with something to hand over."""
        visits: dict[str, list[tuple[PlanRoute, PlanStep]]] = defaultdict(list)
        for route in self.plan.routes:
            for step in route.steps:
                if step.type == "pickup" and step.seller_id is not None:
                    visits[step.seller_id].append((route, step))
        found = []
        for seller_id in sorted(visits):
            rows = sorted(visits[seller_id], key=lambda row: (row[1].arrival, row[1].order_id or ""))
            texts = [_items_of(self.orders[step.order_id or ""], seller_id) for _, step in rows]
            totals, verbatim = sum_items(texts)
            comes: dict[str, dt.datetime] = {}
            for route, step in rows:
                comes.setdefault(route.rider_id, step.arrival + dt.timedelta(seconds=step.waiting_time))
            found.append(
                Notice(
                    kind="pick_list",
                    event=f"plan:{self.plan.id}:{seller_id}",
                    to=self.people.sellers[seller_id],
                    facts={
                        "shop": self._shop(seller_id),
                        "ready_by": self._local(min(comes.values())),
                        "totals": [
                            {"name": item.name, "quantity": item.quantity, "unit": item.unit} for item in totals
                        ],
                        "verbatim": list(verbatim),
                        "bags": [
                            {
                                "no": number,
                                "order_id": step.order_id,
                                "buyer": self.orders[step.order_id or ""].buyer.name,
                                "items": text,
                                "rider": first_name(self.people.riders[route.rider_id]),
                                "temperature": _temperature(self.orders[step.order_id or ""], seller_id),
                            }
                            for number, ((route, step), text) in enumerate(zip(rows, texts, strict=True), 1)
                        ],
                        "riders": [
                            {"name": first_name(self.people.riders[rider]), "at": self._local(at)}
                            for rider, at in comes.items()
                        ],
                    },
                    order_ids=tuple(dict.fromkeys(step.order_id or "" for _, step in rows)),
                    expires_at=self.pickup_end,
                )
            )
        return found

    def windows(self) -> list[Notice]:
        """One notice for each buyer and rider: a buyer's orders that come together are told together."""
        groups: dict[tuple[str, str], list[PlanStep]] = defaultdict(list)
        for route in self.plan.routes:
            for step in route.steps:
                if step.type == "delivery":
                    groups[self.orders[step.order_id or ""].buyer_ref, route.rider_id].append(step)
        found = []
        for (buyer_ref, rider_id), steps in sorted(groups.items()):
            orders = [self.orders[step.order_id or ""] for step in steps]
            ids = tuple(order.order_id for order in orders)
            told = [step.told for step in steps if step.told is not None]
            shops = dict.fromkeys(self._shop(pickup.seller_id) for order in orders for pickup in order.pickups)
            found.append(
                Notice(
                    kind="window",
                    event=f"plan:{self.plan.id}:{ids[0]}",
                    to=self.people.buyers[buyer_ref],
                    facts={
                        "buyer": orders[0].buyer.name,
                        "order_ids": list(ids),
                        "told_from": self._local(min(low for low, _ in told)),
                        "told_to": self._local(max(high for _, high in told)),
                        "sellers": list(shops),
                        "rider": first_name(self.people.riders[rider_id]),
                        "cod_satang": sum(order.cod_satang for order in orders),
                        "paid": all(order.cod_satang == 0 for order in orders),
                        "url": None,
                    },
                    order_ids=ids,
                    expires_at=self.wave_end,
                )
            )
        return found

    def _moved(self, order: Order, reason: str, date: dt.date | None, wave_id: str | None) -> Notice:
        buyer = self.people.buyers[order.buyer_ref]
        return moved_notice(order, buyer, reason, (date, wave_id), (self.plan.date, self.wave), self.config)

    def _ask_pin(self, order: Order) -> Notice:
        return Notice(
            kind="ask_pin",
            event=f"ask_pin:{order.order_id}",
            to=self.people.buyers[order.buyer_ref],
            facts={"buyer": order.buyer.name, "order_ids": [order.order_id]},
            order_ids=(order.order_id,),
            expires_at=self.wave_end + dt.timedelta(days=1),
        )

    def summaries(self, told: Sequence[Message], lacking_pins: int, approved_by: str) -> list[Notice]:
        """One summary for each coordinator, counting what the others are told."""
        calls = sum(message.state == "suppressed" for message in told)
        facts = {
            "orders": self.plan.summary["orders"],
            "riders": len(self.plan.routes),
            "routes": [
                {
                    "rider": first_name(self.people.riders[route.rider_id]),
                    "deliveries": len(_delivered(route)),
                    "distance_m": route.distance,
                    "end_at": self._local(route.steps[-1].arrival),
                    "cod_satang": route.cod_satang,
                }
                for route in self.plan.routes
            ],
            "needs_pin": lacking_pins,
            "phone_calls": calls,
            "line_pushes": sum(message.channel == "line" for message in told),
            "plan_id": self.plan.id,
            "approved_by": approved_by,
        }
        return [
            Notice(
                kind="summary",
                event=f"plan:{self.plan.id}:summary",
                to=coordinator,
                facts={**facts, "unassigned": self._unassigned_rows(coordinator)},
                expires_at=self.wave_end,
            )
            for _, coordinator in sorted(self.people.coordinators.items())
        ]

    def _unassigned_rows(self, reader: Member) -> list[dict[str, str]]:
        language = language_of(reader, self.config)
        return [
            {
                "order_id": left.order_id,
                "why": str(left.message[language]),
                "next": self.config.wave(left.next_wave).label.in_(language) if left.next_wave is not None else "",
            }
            for left in self.plan.unassigned
        ]

    def _local(self, moment: dt.datetime) -> dt.datetime:
        return moment.astimezone(self.tz)

    def _shop(self, seller_id: str | None) -> str:
        seller = self.people.sellers.get(seller_id or "")
        return seller.seller.shop_name if seller is not None and seller.seller is not None else seller_id or ""


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


def cancellation(order: Order, buyer: Member, expires_at: dt.datetime) -> Notice:
    """The buyer is told that an order will not come."""
    return Notice(
        kind="cancelled",
        event=f"cancelled:{order.order_id}",
        to=buyer,
        facts={"buyer": order.buyer.name, "order_ids": [order.order_id], "reason": ""},
        order_ids=(order.order_id,),
        expires_at=expires_at,
    )


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
        wanted = wanted_waves(order, waves, zone_of.get(leg.zone or ""), tz)
        if wanted and wanted[0].id == wave.id:
            found.append(order)
    return found


# --- from notices to messages -------------------------------------------------------------------------------------


def messages(
    notices: Sequence[Notice], plan: Plan | None, wave: Wave | None, config: Config, compose: Compose, now: dt.datetime
) -> list[Message]:
    """Give each notice its language, channel, words and moment. `now` is the moment of approval."""
    found = []
    for notice in notices:
        way = reach(notice.to, config)
        language = language_of(notice.to, config)
        facts = {
            "market": config.market.name.in_(language),
            "language": language,
            "date": plan.date if plan is not None else now.astimezone(config.market.time_zone).date(),
            "wave": wave.label.in_(language) if wave is not None else "",
            **notice.facts,
        }
        content = compose(notice.kind, facts, language)
        klass: Literal["critical", "informative"] = "critical" if notice.kind in CRITICAL else "informative"
        found.append(
            Message(
                id=str(uuid.uuid5(_NAMESPACE, f"{config.market.id}:{notice.event}:{notice.to.role}:{notice.to.ref}")),
                kind=notice.kind,
                klass=klass,
                event=notice.event,
                role=Role(notice.to.role),
                member_ref=notice.to.ref,
                name=notice.to.person.name,
                channel=way.channel,
                address=way.address,
                order_ids=notice.order_ids,
                date=plan.date if plan is not None else None,
                wave=plan.wave if plan is not None else None,
                plan_id=plan.id if plan is not None else None,
                revision=plan.revision if plan is not None else 1,
                state="held" if way.channel is not None else "suppressed",
                reason=way.reason,
                send_at=send_at(notice.kind, klass, plan, wave, config, now),
                expires_at=max(notice.expires_at, now + dt.timedelta(minutes=1)),
                text=content.text(),
                content=content_to_json(content),
            )
        )
    return found


def send_at(
    kind: str, klass: str, plan: Plan | None, wave: Wave | None, config: Config, now: dt.datetime
) -> dt.datetime:
    """When a message of this kind goes out: at approval, at dispatch, or at a clock time; quiet hours respected.

    A clock time is that of the cut-off's day; where it is past already, or lies behind the dispatch, the message goes
    out at approval. Informative messages wait for the end of the quiet hours unless the dispatch would come first.
    """
    moment = now
    tz = config.market.time_zone
    if plan is not None and wave is not None:
        dispatch = wave.dispatch.at(plan.date, tz)
        when = getattr(config.messages.send, kind, "approval")
        if when == "dispatch":
            moment = max(now, dispatch)
        elif isinstance(when, dt.time):
            day = wave.cut_off.at(plan.date, tz).astimezone(tz).date()
            wished = dt.datetime.combine(day, when, tz)
            moment = wished if now <= wished < dispatch else now
    quiet = config.messages.quiet_hours
    if klass == "informative" and quiet is not None:
        moment = after_quiet(moment, quiet.start, quiet.end, tz)
    return moment


def after_quiet(moment: dt.datetime, start: dt.time, end: dt.time, tz: dt.tzinfo) -> dt.datetime:
    """`moment`, or the end of the quiet hours it falls into; the hours may pass midnight."""
    local = moment.astimezone(tz)
    clock = local.time().replace(tzinfo=None)
    inside = start <= clock < end if start <= end else clock >= start or clock < end
    if not inside:
        return moment
    day = local.date() + dt.timedelta(days=1) if clock >= end else local.date()
    return dt.datetime.combine(day, end, tz)


def preview(told: Sequence[Message]) -> dict[str, Any]:
    """What approving would send, counted: by kind, over LINE, by phone."""
    return {
        "by_kind": dict(sorted(Counter(message.kind for message in told).items())),
        "line_pushes": sum(message.channel == "line" for message in told),
        "phone_calls": sum(message.state == "suppressed" for message in told),
    }


def revised(message: Message, revision: int) -> Message:
    """The same event told again, after a change."""
    return replace(message, revision=revision)


def content_to_json(content: Content) -> dict[str, Any]:
    """Content as it is stored: the facts are gone by then, the words stay."""
    return {
        "title": content.title,
        "language": content.language,
        "lines": [
            {"text": line.text, "style": line.style, "value": line.value, "optional": line.optional}
            for line in content.lines
        ],
        "actions": [{"label": act.label, "kind": act.kind, "value": act.value} for act in content.actions],
    }


def content_from_json(stored: Mapping[str, Any]) -> Content:
    return Content(
        title=stored["title"],
        language=stored["language"],
        lines=tuple(Line(**line) for line in stored["lines"]),
        actions=tuple(Action(**action) for action in stored["actions"]),
    )


def language_of(member: Member, config: Config) -> str:
    return member.person.language or config.market.language


def first_name(member: Member) -> str:
    """How a buyer or a seller hears of a rider: the name without the family name."""
    name = member.person.name.strip()
    return name.split()[0] if name else member.ref


def map_links(places: Sequence[Location], stops: int) -> list[dict[str, str]]:
    """Links that open a route in a map, each with at most `stops` places; the next begins where the last ended."""
    places = [place for index, place in enumerate(places) if index == 0 or place != places[index - 1]]
    links = []
    for first in range(0, max(len(places) - 1, 0), stops):
        part = [f"{lat:.6f},{lon:.6f}" for lon, lat in places[first : first + stops + 1]]
        url = f"https://www.google.com/maps/dir/?api=1&travelmode=driving&origin={part[0]}&destination={part[-1]}"
        if part[1:-1]:
            url += "&waypoints=" + quote("|".join(part[1:-1]))
        links.append({"label": f"{first + 1}–{first + len(part) - 1}", "url": url})
    return links


def _delivered(route: PlanRoute) -> tuple[str, ...]:
    return tuple(step.order_id or "" for step in route.steps if step.type == "delivery")


def _items_of(order: Order, seller_id: str | None) -> str:
    return next((pickup.items for pickup in order.pickups if pickup.seller_id == seller_id), "")


def _temperature(order: Order, seller_id: str) -> str:
    return next((pickup.temperature for pickup in order.pickups if pickup.seller_id == seller_id), "ambient")
