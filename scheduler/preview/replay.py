"""Past orders once more through batching and planning, under one config. Pure: the solver is asked, not called.

`Replay.solving` is a conversation: it yields the problems of one wave of every day, takes their plans and goes on to
the next wave, because a rider who is out in one is not free in the next. Days do not know each other: an order that
found no place is counted and not tried again, so that one day's luck is not another day's figure. Riders and sellers
are today's; who was ill on a past day is not known.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Generator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Literal

from routing.model import Route
from scheduler import batch, planning
from scheduler.batch import HORIZON_DAYS, Market, WaveKey
from scheduler.calendar import MarketCalendar
from scheduler.config import Config
from scheduler.config.models import Wave
from scheduler.planning import AreaPlan, AreaProblem
from scheduler.planning.times import instant
from scheduler.planning.travel import Source
from scheduler.zones import ZoneIndex
from storage.records import Leg, Member, Order

SURCHARGE = 100_000
"""Satang on top of what a spare rider costs, for the search alone: more than any round of the market's own."""

Asking = Generator[list[AreaProblem], list[AreaPlan], None]
Fate = Literal["carried", "unassigned", "outside", "no_pin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What really was: orders that were not cancelled, and the people of today."""

    orders: Sequence[Order]
    riders: Sequence[Member]
    sellers: Mapping[str, Member]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What became of one order: its zone, the wave that took it, and why it was not carried where it was not."""

    order: Order
    zone: str | None
    date: dt.date | None
    wave: str | None
    fate: Fate
    code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ride:
    """One rider's round in one wave."""

    date: dt.date
    wave: str
    route: Route


@dataclass(slots=True)
class Replay:
    """The same orders under `config`: first in waves, then, once `solving` has run, planned."""

    config: Config
    past: Past
    spare: frozenset[str] = frozenset()
    """Riders to send only where the others do not suffice."""
    rides: list[Ride] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    legs: dict[str, Leg] = field(default_factory=dict)
    """Where batching left each order."""
    carried: set[str] = field(default_factory=set)
    left_out: dict[str, str] = field(default_factory=dict)
    """Orders that no route took, with the solver's reason."""
    _batches: dict[WaveKey, list[Order]] = field(default_factory=dict)
    _zones: ZoneIndex = field(init=False)

    def __post_init__(self) -> None:
        self._zones = ZoneIndex(self.config)
        self._close_all()

    @property
    def waves(self) -> int:
        """How many waves there are to plan."""
        return len(self._batches)

    def of_days(self, days: Collection[dt.date]) -> Replay:
        """The waves of these days alone, batched as they are and to be planned anew."""
        batches = {key: orders for key, orders in self._batches.items() if key[0] in days}
        other = copy(self)
        other.rides, other.sources, other.carried, other.left_out = [], [], set(), {}
        other._batches = batches
        return other

    def placed(self) -> dict[str, Placed]:
        """What became of each order, by its id; to be asked once `solving` is through."""
        return {order.order_id: self._placed(order) for order in self.past.orders}

    def _placed(self, order: Order) -> Placed:
        leg = self.legs[order.order_id]
        fate: Fate = "carried"
        code: str | None = None
        if order.location is None:
            fate, code = "no_pin", "needs_pin"
        elif leg.zone is None:
            fate, code = "outside", leg.reason or "out_of_zone"
        elif order.order_id not in self.carried:
            fate, code = "unassigned", self.left_out.get(order.order_id) or leg.reason or "no_rider"
        rides = leg.wave is not None and order.location is not None
        return Placed(
            order=order,
            zone=leg.zone,
            date=leg.date if rides else None,
            wave=leg.wave if rides else None,
            fate=fate,
            code=code,
        )

    # --- batching -------------------------------------------------------------------------------------------------

    def _close_all(self) -> None:
        """Close every wave of the period, in the order of the cut-offs, each over what waits in it by then."""
        closed: set[WaveKey] = set()
        sellers = {ref: member.seller for ref, member in self.past.sellers.items() if member.seller is not None}
        market = Market(
            config=self.config,
            zones=self._zones,
            calendar=MarketCalendar(self.config),
            sellers=sellers,
            closed=closed,
        )
        waiting: dict[WaveKey, dict[str, Order]] = defaultdict(dict)
        for order, leg in batch.assign_all(self.past.orders, market):
            self._wait(replace(order, legs=(leg,)), waiting)
        for key in self._keys():
            if mine := waiting.pop(key, None):
                decided = batch.close(*key, mine.values(), market)
                self._batches[key] = list(decided.batched)
                self.legs |= {order.order_id: order.legs[0] for order in decided.batched}
                for move in decided.moves:
                    if move.state != "batched":
                        old = mine[move.order_id]
                        leg = replace(old.legs[0], date=move.date or key[0], wave=move.wave, reason=move.reason)
                        self._wait(replace(old, legs=(replace(leg, zone=move.zone, area=move.area),)), waiting)
            closed.add(key)
        self._batches = {key: orders for key, orders in self._batches.items() if orders}

    def _wait(self, order: Order, waiting: dict[WaveKey, dict[str, Order]]) -> None:
        leg = order.legs[0]
        self.legs[order.order_id] = leg
        if leg.wave is not None and order.location is not None:
            waiting[leg.date, leg.wave][order.order_id] = order

    def _keys(self) -> list[WaveKey]:
        dates = [order.service_date for order in self.past.orders]
        if not dates:
            return []
        tz, first = self.config.market.time_zone, min(dates)
        days = (max(dates) - first).days + 2 * HORIZON_DAYS + 1
        keys = [
            (wave.cut_off.at(date, tz), wave.deliver.start, date, wave.id)
            for date in (first + dt.timedelta(days=ahead) for ahead in range(days))
            for wave in self.config.waves
        ]
        return [(date, wave) for _, _, date, wave in sorted(keys)]

    # --- planning -------------------------------------------------------------------------------------------------

    def solving(self) -> Asking:
        """Ask for the plans of every day's first wave, then of every day's second, and keep what comes back."""
        busy: dict[dt.date, dict[str, list[planning.Span]]] = defaultdict(lambda: defaultdict(list))
        riders = [rider for rider in self.past.riders if rider.active]
        for wave in sorted(self.config.waves, key=lambda wave: (wave.deliver.start, wave.id)):
            asked: list[tuple[dt.date, AreaProblem]] = []
            for date in sorted(date for date, id in self._batches if id == wave.id):
                orders = self._batches[date, wave.id]
                sellers, out = self.past.sellers, busy[date]
                areas = planning.problems(date, wave, orders, riders, sellers, self.config, self._zones, out)
                asked += [(date, _dearer(area, self.spare)) for area in areas]
            if not asked:
                continue
            answers = yield [area for _, area in asked]
            for (date, _), answer in zip(asked, answers, strict=True):
                self._keep(date, wave, answer, busy[date])

    def _keep(self, date: dt.date, wave: Wave, answer: AreaPlan, busy: dict[str, list[planning.Span]]) -> None:
        tz = self.config.market.time_zone
        self.sources.append(answer.source)
        self.left_out |= {str(left.shipment): str(left.code) for left in answer.plan.unassigned}
        for route in answer.plan.routes:
            if str(route.vehicle) in self.spare:
                route = replace(route, cost=route.cost - SURCHARGE)
            self.rides.append(Ride(date=date, wave=wave.id, route=route))
            self.carried |= {str(step.shipment) for step in route.steps if step.type == "delivery"}
            span = instant(route.steps[0].arrival, date, tz), instant(route.steps[-1].arrival, date, tz)
            busy[str(route.vehicle)].append(span)


def _dearer(area: AreaProblem, spare: frozenset[str]) -> AreaProblem:
    """The problem with its spare riders at a price that sends them last."""
    if not spare:
        return area
    vehicles = tuple(
        replace(rider, costs=replace(rider.costs, fixed=rider.costs.fixed + SURCHARGE)) if rider.id in spare else rider
        for rider in area.vehicles
    )
    return replace(area, vehicles=vehicles)
