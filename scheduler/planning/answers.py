"""From the solver's words back to the market's: matrices and routes become a plan that people can be shown.

`solve_area` is what a worker process runs; the rest is pure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import routing
from routing.model import Plan, Problem, Route, Settings, Unassigned
from scheduler.batch import below_minimum, delivery_window
from scheduler.config import Config
from scheduler.config.models import Wave
from scheduler.planning import fixes, travel
from scheduler.planning.problems import DIMENSIONS, AreaProblem
from scheduler.planning.times import instant
from scheduler.planning.travel import Source
from storage import records
from storage.records import Location, Member, Order


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaPlan:
    """A worker's answer: the plan of one area, and the orders' reasons in words."""

    area: str
    plan: Plan
    points: tuple[Location, ...]
    sentences: Mapping[str, Mapping[str, str]]
    source: Source


def solve_area(area: AreaProblem, settings: Settings) -> AreaPlan:
    """Matrices, then the solver. Runs in a worker process: takes and gives plain values only."""
    ways = area.ways.between(area.points, sorted({vehicle.profile for vehicle in area.vehicles}))
    problem = Problem(
        vehicles=area.vehicles,
        shipments=area.shipments,
        matrices=ways.matrices,
        dimensions=DIMENSIONS,
        previous=area.previous,
        churn=area.churn,
    )
    plan = routing.solve(problem, settings)
    return AreaPlan(
        area=area.area,
        plan=plan,
        points=area.points,
        sentences={str(left.shipment): routing.sentence(left, problem) for left in plan.unassigned},
        source=travel.source_of(ways, area.vehicles, area.shipments),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NextWave:
    """Where an order without a place goes."""

    date: dt.date | None
    wave: str | None


def to_plan(
    plan_id: str,
    run: records.Run,
    wave: Wave,
    answers: Sequence[AreaPlan],
    orders: Mapping[str, Order],
    riders: Mapping[str, Member],
    next_waves: Mapping[str, NextWave],
    config: Config,
    now: dt.datetime,
) -> records.Plan:
    """The plan as it is remembered and shown; instants instead of seconds, promises to buyers included."""
    tz = config.market.time_zone
    routes = [
        _route(route, answer, run.date, wave, orders, riders, tz, config)
        for answer in answers
        for route in answer.plan.routes
    ]
    unassigned = [
        _unassigned(left, answer, next_waves, run.date, tz) for answer in answers for left in answer.plan.unassigned
    ]
    served = {step.order_id or "" for route in routes for step in route.steps if step.type == "delivery"}
    plans = [answer.plan for answer in answers]
    return records.Plan(
        id=plan_id,
        run_id=run.id,
        date=run.date,
        wave=run.wave,
        revision=1,
        config_version=run.config_version,
        created_at=now,
        travel=travel.document([answer.source for answer in answers], config.travel.provider),
        summary={
            "cost": sum(plan.cost for plan in plans),
            "routes": len(routes),
            "orders": len(served),
            "unassigned": len(unassigned),
            "distance": sum(route.distance for route in routes),
            "duration": sum(route.duration for route in routes),
            "service": sum(route.service for route in routes),
            "waiting_time": sum(route.waiting_time for route in routes),
            "cod_satang": sum(route.cod_satang for route in routes),
            **account(served, orders, config),
            "violations": [],
            "engines": sorted({plan.engine for plan in plans}),
            "solving_ms": max((plan.solving_ms for plan in plans), default=0),
        },
        routes=tuple(sorted(routes, key=lambda route: route.rider_id)),
        unassigned=tuple(unassigned),
    )


def account(served: Collection[str], orders: Mapping[str, Order], config: Config) -> dict[str, object]:
    """What a plan's summary says of the orders it serves: their fees, and which are below their zone's minimum."""
    zones = {zone.id: zone for zone in config.zones}
    riding = [orders[order_id] for order_id in sorted(served) if order_id in orders]
    small = [order.order_id for order in riding if below_minimum(order, zones.get(order.legs[0].zone or ""))]
    return {"fees_satang": sum(order.fee_satang or 0 for order in riding), "below_minimum": small}


def _route(
    route: Route,
    answer: AreaPlan,
    date: dt.date,
    wave: Wave,
    orders: Mapping[str, Order],
    riders: Mapping[str, Member],
    tz: ZoneInfo,
    config: Config,
) -> records.PlanRoute:
    steps, cod, start = [], 0, route.steps[0].arrival
    loads = [step.load for step in route.steps]
    for step in route.steps:
        order = orders.get(str(step.shipment)) if step.shipment is not None else None
        arrival = instant(step.arrival, date, tz)
        begins = instant(step.arrival + step.waiting_time, date, tz)
        window = told = None
        if order is not None and step.type == "delivery":
            window = delivery_window(order, wave, date, tz)
            told = promise(begins, window, step.arrival + step.waiting_time - start)
            cod += order.cod_satang
        steps.append(
            records.PlanStep(
                type=step.type,
                arrival=arrival,
                location=answer.points[step.index] if step.index is not None else None,
                order_id=order.order_id if order is not None else None,
                seller_id=str(step.id).removeprefix(f"{step.shipment}/") if step.type == "pickup" else None,
                leg=order.legs[0].leg if order is not None else None,
                setup=step.setup,
                service=step.service,
                waiting_time=step.waiting_time,
                load=step.load,
                duration=step.duration,
                distance=step.distance,
                window=window,
                told=told,
                state="planned" if step.type == "delivery" else None,
            )
        )
    kind = config.vehicle(_vehicle(riders[str(route.vehicle)]))
    return records.PlanRoute(
        rider_id=str(route.vehicle),
        area=answer.area,
        vehicle=kind.id if kind is not None else "",
        cost=route.cost,
        distance=route.distance,
        duration=route.duration,
        service=route.service + route.setup,
        waiting_time=route.waiting_time,
        load_max=tuple(max(values) for values in zip(*loads, strict=True)),
        cod_satang=cod,
        steps=tuple(steps),
    )


def promise(
    begins: dt.datetime, window: tuple[dt.datetime, dt.datetime], under_way: int
) -> tuple[dt.datetime, dt.datetime]:
    """The honest range a buyer is told: ten-minute edges around the planned time, wider the longer the rider has been
    out (15 % of `under_way` seconds, half an hour at most), and never beyond the window that the buyer was given. What
    the window's end cuts off is made up for before it: nobody is told less than twenty minutes that has them."""
    planned, opens, ends = (moment.astimezone(dt.UTC) for moment in (begins, *window))
    tz = begins.tzinfo
    # Instants are compared and moved in UTC: an hour that a change of clocks repeats is no hour earlier there.
    late = min(dt.timedelta(minutes=15, seconds=0.15 * under_way), dt.timedelta(minutes=30))
    high = min(_ceil((planned + late).astimezone(tz)), ends)
    low = min(planned - dt.timedelta(minutes=5), high - 2 * _TEN)
    low = max(_floor(low.astimezone(tz)), opens)
    return low.astimezone(tz), high.astimezone(tz)


_TEN = dt.timedelta(minutes=10)


def _floor(moment: dt.datetime) -> dt.datetime:
    """The last ten-minute mark of the local clock, in UTC."""
    return moment.replace(minute=moment.minute // 10 * 10, second=0, microsecond=0).astimezone(dt.UTC)


def _ceil(moment: dt.datetime) -> dt.datetime:
    floor = _floor(moment)
    return floor if floor == moment.astimezone(dt.UTC) else floor + _TEN


def _unassigned(
    left: Unassigned, answer: AreaPlan, next_waves: Mapping[str, NextWave], date: dt.date, tz: ZoneInfo
) -> records.PlanUnassigned:
    order_id = str(left.shipment)
    following = next_waves.get(order_id)
    riders = []
    for reason in left.vehicles:
        shown: dict[str, object] = {"rider_id": str(reason.vehicle), "code": str(reason.code)}
        if reason.excess:
            shown["excess"] = list(reason.excess)
        for name in ("seconds", "metres", "added_cost"):
            value = getattr(reason, name)
            if value is not None:
                shown[name] = value
        riders.append(shown)
    return records.PlanUnassigned(
        order_id=order_id,
        leg=1,
        code=str(left.code),
        message=answer.sentences.get(order_id, {"th": "", "en": ""}),
        riders=tuple(riders),
        fix=fixes.shown(left.fix, date, tz),
        next_date=following.date if following is not None else None,
        next_wave=following.wave if following is not None else None,
    )


def lacking(answers: Collection[AreaPlan]) -> list[str]:
    """The ids of the orders that found no place, in any area."""
    return [str(left.shipment) for answer in answers for left in answer.plan.unassigned]


def _vehicle(rider: Member) -> str:
    return rider.rider.vehicle if rider.rider is not None else ""
