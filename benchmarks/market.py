"""The demo's invented market as plain values, and its plans: what the benchmarks of planning and messages share.

No database: the rooms that decide (intake, batch, planning) are asked directly, one after the other, as the day does.
"""

from __future__ import annotations

import datetime as dt
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.harness import CONFIG
from routing.model import Settings
from scheduler import batch, planning
from scheduler.calendar import MarketCalendar
from scheduler.cli.demo import SAMPLE_DAY
from scheduler.config import Config, load
from scheduler.config.models import Wave
from scheduler.demo.market import Size, write
from scheduler.intake import IntakeContext, read_members, read_orders
from scheduler.planning import AreaPlan
from scheduler.workers import Planner
from scheduler.zones import ZoneIndex
from storage.records import Leg, Member, Order, Plan, Role, Run

ONE_WAVE = "midday"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invented:
    """Who is there and what was ordered; the members by role and their own number."""

    config: Config
    zones: ZoneIndex
    members: Mapping[Role, Mapping[str, Member]]
    orders: Sequence[Order]

    @property
    def riders(self) -> list[Member]:
        return list(self.members[Role.RIDER].values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One wave's plan, its orders, and how long it took on the wall."""

    wave: Wave
    plan: Plan
    orders: Sequence[Order]
    answers: Sequence[AreaPlan]
    seconds: float

    @property
    def first_seconds(self) -> float:
        """Until there was any plan: all that comes around the search, and the search's own first plan."""
        searching = max((answer.plan.solving_ms for answer in self.answers), default=0)
        first = max((answer.plan.first_plan_ms or 0 for answer in self.answers), default=0)
        return self.seconds - (searching - first) / 1000


def invent(size: str | Size, seed: int = 1) -> Invented:
    """The demo's market of this size, read from the files the demo would import."""
    config = load(CONFIG)
    tz = config.market.time_zone
    context = IntakeContext(
        now=dt.datetime.combine(SAMPLE_DAY - dt.timedelta(days=2), dt.time(12), tz),
        time_zone=tz,
        reference=config.hubs[0].location,
        vehicles={alias: kind.id for kind in config.vehicles for alias in (kind.id, *kind.aliases)},
    )
    with tempfile.TemporaryDirectory() as folder:
        files = write(Path(folder), config, SAMPLE_DAY, size, seed)
        lists = [
            read_members(path, name=path.name, role=None, context=context)
            for path in (files.riders, files.sellers, files.coordinators)
        ]
        orders = read_orders(files.orders, name=files.orders.name, context=context)
    return Invented(
        config=config,
        zones=ZoneIndex(config),
        members={each.role: {member.ref: member for member in each.members} for each in lists},
        orders=orders.orders,
    )


def in_one_wave(market: Invented) -> list[tuple[Wave, list[Order]]]:
    """Every order that has a place, all in one wave, wished for at any time of it: the hardest a day can be."""
    found = []
    for order in market.orders:
        zone = market.zones.locate(order.location) if order.location is not None else None
        if zone is not None:
            leg = Leg(date=SAMPLE_DAY, wave=ONE_WAVE, zone=zone.id, area=zone.area, state="batched")
            found.append(replace(order, legs=(leg,), window_from=None, window_to=None))
    return [(market.config.wave(ONE_WAVE), found)]


def in_their_waves(market: Invented) -> list[tuple[Wave, list[Order]]]:
    """The waves as the cut-offs make them, in the order of their cut-offs; what moves on rides in a later one."""
    config, tz = market.config, market.config.market.time_zone
    sellers = {ref: member.seller for ref, member in market.members[Role.SELLER].items() if member.seller is not None}
    known = batch.Market(config=config, zones=market.zones, calendar=MarketCalendar(config), sellers=sellers)
    waiting = [replace(order, legs=(batch.assign(order, known),)) for order in market.orders]
    found = []
    for wave in sorted(config.waves, key=lambda wave: wave.cut_off.at(SAMPLE_DAY, tz)):
        mine = [order for order in waiting if (order.legs[0].date, order.legs[0].wave) == (SAMPLE_DAY, wave.id)]
        decided = batch.close(SAMPLE_DAY, wave.id, mine, known)
        found.append((wave, list(decided.batched)))
        moved = {move.order_id: move for move in decided.moves if move.state == "received"}
        known = replace(known, closed=frozenset({*known.closed, (SAMPLE_DAY, wave.id)}))
        waiting = [
            replace(order, legs=(replace(order.legs[0], wave=move.wave, date=move.date or SAMPLE_DAY),))
            if (move := moved.get(order.order_id)) is not None
            else order
            for order in waiting
        ]
    return found


def plan(market: Invented, waves: Sequence[tuple[Wave, list[Order]]], settings: Settings) -> list[Planned]:
    """Plan one wave after the other; a rider who is out in one is not free in the next."""
    busy: dict[str, list[planning.Span]] = {}
    planner, found = Planner(), []
    try:
        for wave, orders in waves:
            began = time.perf_counter()
            sellers = market.members[Role.SELLER]
            areas = planning.problems(
                SAMPLE_DAY, wave, orders, market.riders, sellers, market.config, market.zones, busy
            )
            answers = planner.solve(areas, settings)
            seconds = time.perf_counter() - began
            made = _plan(market, wave, orders, answers)
            found.append(Planned(wave=wave, plan=made, orders=orders, answers=answers, seconds=seconds))
            for route in made.routes:
                busy.setdefault(route.rider_id, []).append((route.steps[0].arrival, route.steps[-1].arrival))
    finally:
        planner.close()
    return found


def _plan(market: Invented, wave: Wave, orders: Sequence[Order], answers: Sequence[AreaPlan]) -> Plan:
    now = wave.cut_off.at(SAMPLE_DAY, market.config.market.time_zone)
    run = Run(
        id=wave.id, market=market.config.market.id, date=SAMPLE_DAY, wave=wave.id, state="closed", config_version=1
    )
    return planning.to_plan(
        f"p_{wave.id}",
        run,
        wave,
        answers,
        {order.order_id: order for order in orders},
        {rider.ref: rider for rider in market.riders},
        {},
        market.config,
        now,
    )
