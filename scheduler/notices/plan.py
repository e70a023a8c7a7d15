"""What a plan gives people to know: the facts of each rider's, seller's, buyer's and coordinator's notice. Pure.

Words are not made here but in channels.texts, from these facts. All instants are in the market's time zone.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from scheduler.config import Config
from scheduler.config.models import Wave
from scheduler.intake.items import sum_items
from scheduler.notices.events import moved_notice
from scheduler.notices.messages import line_pushes
from scheduler.notices.people import Notice, People, first_name, language_of, told_apart
from storage.records import Location, Member, Message, Order, Person, Plan, PlanRoute, PlanStep, PlanUnassigned, Role


class Notices:
    """The notices of one plan. All instants are turned into the market's time zone before they become facts."""

    def __init__(self, plan: Plan, wave: Wave, orders: Mapping[str, Order], people: People, config: Config) -> None:
        self.plan, self.wave, self.orders, self.people, self.config = plan, wave, orders, people, config
        self.tz = config.market.time_zone
        self.wave_end = wave.deliver.on(plan.date, self.tz)[1]
        self.pickup_end = wave.pickup.on(plan.date, self.tz)[1]
        self.called = told_apart([people.riders[route.rider_id] for route in plan.routes])

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
                [
                    (place, number)
                    for step, number in _numbered(route.steps)
                    if (place := self._place(step)) is not None
                ],
                self.config.messages.map_link_stops,
            ),
            "estimate": bool(self.plan.travel.get("estimate")),
        }

    def _place(self, step: PlanStep) -> Location | None:
        """Where a step leads: a buyer's place may have been corrected since the plan was made."""
        at = self.orders[step.order_id or ""].location if step.type == "delivery" else None
        return at or step.location

    def _stops(self, route: PlanRoute) -> list[dict[str, Any]]:
        """The route's stops in order; neighbouring pickups at one seller are one stop with several bags."""
        stops: list[dict[str, Any]] = []
        for step, number in _numbered(route.steps):
            if number is None:
                continue
            order = self.orders[step.order_id or ""]
            if number == len(stops):
                stops[-1]["order_ids"].append(order.order_id)
                stops[-1]["items"].append(_items_of(order, step.seller_id))
                stops[-1]["bags"] += 1
            elif step.type == "pickup":
                stops.append(
                    {
                        **self._stop(step, number),
                        "seller_id": step.seller_id,
                        "name": self._shop(step.seller_id),
                        "items": [_items_of(order, step.seller_id)],
                        "bags": 1,
                        "order_ids": [order.order_id],
                    }
                )
            else:
                stops.append(
                    {
                        **self._stop(step, number),
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
                    to=self._seller(seller_id),
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
                                "rider": self.called[route.rider_id],
                                "temperature": _temperature(self.orders[step.order_id or ""], seller_id),
                            }
                            for number, ((route, step), text) in enumerate(zip(rows, texts, strict=True), 1)
                        ],
                        "riders": [{"name": self.called[rider], "at": self._local(at)} for rider, at in comes.items()],
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
            ends = [step.window[1] for step in steps if step.window is not None]
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
                    expires_at=max(ends, default=self.wave_end),  # nobody comes after the buyer's own window
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
                    "rider": self.called[route.rider_id],
                    "deliveries": len(_delivered(route)),
                    "distance_m": route.distance,
                    "end_at": self._local(route.steps[-1].arrival),
                    "cod_satang": route.cod_satang,
                }
                for route in self.plan.routes
            ],
            "needs_pin": lacking_pins,
            "phone_calls": calls,
            "line_pushes": line_pushes(told),
            "plan_id": self.plan.id,
            "approved_by": approved_by,
        }
        return [
            Notice(
                kind="summary",
                event=f"plan:{self.plan.id}:summary",
                to=coordinator,
                facts={
                    **facts,
                    "unassigned": self._unassigned_rows(coordinator),
                    "no_roads": self._no_roads(coordinator),
                },
                expires_at=self.wave_end,
            )
            for _, coordinator in sorted(self.people.coordinators.items())
        ]

    def _no_roads(self, reader: Member) -> str:
        """Why a plan that was to follow roads is made of straight lines; nothing where it is as it should be."""
        reason = self.plan.travel.get("reason")
        return str(reason["message"][language_of(reader, self.config)]) if reason is not None else ""

    def _unassigned_rows(self, reader: Member) -> list[dict[str, str]]:
        language = language_of(reader, self.config)
        return [
            {
                "order_id": left.order_id,
                "why": "; ".join(_why(left, language)),
                "next": self.config.wave_label(left.next_wave).in_(language) if left.next_wave is not None else "",
            }
            for left in self.plan.unassigned
        ]

    def _local(self, moment: dt.datetime) -> dt.datetime:
        return moment.astimezone(self.tz)

    def _seller(self, seller_id: str) -> Member:
        """A seller; one whom no list has named yet is known by their number alone, and phoned."""
        unknown = Member(role=Role.SELLER, ref=seller_id, person=Person(name=seller_id))
        return self.people.sellers.get(seller_id, unknown)

    def _shop(self, seller_id: str | None) -> str:
        seller = self.people.sellers.get(seller_id or "")
        return seller.seller.shop_name if seller is not None and seller.seller is not None else seller_id or ""


def _why(left: PlanUnassigned, language: str) -> Iterator[str]:
    """Why an order found no place, and what would make room where anything does."""
    yield str(left.message[language])
    if left.fix is not None and "message" in left.fix:
        yield str(left.fix["message"][language])


def _numbered(steps: Sequence[PlanStep]) -> Iterator[tuple[PlanStep, int | None]]:
    """Each step with its stop's number in the rider's list; neighbouring pickups at one seller are one stop.

    Start and end have none.
    """
    number, last = 0, None
    for step in steps:
        if step.type not in {"pickup", "delivery"}:
            yield step, None
            continue
        if last is None or (last.type, last.seller_id) != (step.type, step.seller_id) or step.type == "delivery":
            number += 1
        last = step
        yield step, number


def map_links(places: Sequence[tuple[Location, int | None]], stops: int) -> list[dict[str, str]]:
    """Links that open a route in a map, each with at most `stops` places; the next begins where the last ended.

    `places` come with the numbers of their stops, None for start and end. A link is labelled with the stops it leads
    to, in the numbers of the rider's list; the label is empty where only the way back is left.
    """
    walked: list[tuple[Location, list[int]]] = []
    for place, number in places:
        if not walked or walked[-1][0] != place:
            walked.append((place, []))
        if number is not None:
            walked[-1][1].append(number)
    links = []
    for first in range(0, max(len(walked) - 1, 0), stops):
        part = walked[first : first + stops + 1]
        points = [f"{lat:.6f},{lon:.6f}" for (lon, lat), _ in part]
        url = f"https://www.google.com/maps/dir/?api=1&travelmode=driving&origin={points[0]}&destination={points[-1]}"
        if points[1:-1]:
            url += "&waypoints=" + quote("|".join(points[1:-1]))
        reached = [number for _, numbers in (part[1:] if first else part) for number in numbers]
        label = "–".join(dict.fromkeys((str(reached[0]), str(reached[-1])))) if reached else ""
        links.append({"label": label, "url": url})
    return links


def _delivered(route: PlanRoute) -> tuple[str, ...]:
    return tuple(step.order_id or "" for step in route.steps if step.type == "delivery")


def _items_of(order: Order, seller_id: str | None) -> str:
    return next((pickup.items for pickup in order.pickups if pickup.seller_id == seller_id), "")


def _temperature(order: Order, seller_id: str) -> str:
    return next((pickup.temperature for pickup in order.pickups if pickup.seller_id == seller_id), "ambient")
