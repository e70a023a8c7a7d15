"""Between the market's words and the solver's: batched orders and riders become problems, answers become a plan.

Pure, but for `solve_area`, which is what a worker process runs: it builds the matrices and calls the solver. A planning
area is a connected component of zones, joined by the riders who may serve them and by orders that cross them; areas are
solved on their own, in parallel. Units are routing's: seconds since 00:00 of the service date, metres, grams,
millilitres, satang.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import routing
from routing.model import Costs, Plan, Problem, Route, Settings, Shipment, Task, Unassigned, Vehicle
from routing.travel.straight import Barrier, Crossing, Straight
from scheduler.batch import delivery_window, pickup_window
from scheduler.config import Config
from scheduler.config.models import Wave
from scheduler.zones import ZoneIndex
from storage import records
from storage.records import Location, Member, Order

Span = tuple[dt.datetime, dt.datetime]

DIMENSIONS = ("weight_g", "volume_ml")
START_EARLY = dt.timedelta(hours=1)
"""How long before the first pickup a rider may set out, where the shift allows it."""
END_LATE = dt.timedelta(hours=1)
"""How long after the last delivery a rider may still be on the way to where the route ends."""
COLD_BOX = "cold_box"
PRIORITY = {"low": 0, "normal": 10, "high": 50}


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaProblem:
    """One area of one wave, ready for a worker: everything but the matrices. ``points[i]`` is matrix index ``i``."""

    area: str
    points: tuple[Location, ...]
    travel: Straight
    vehicles: tuple[Vehicle, ...]
    shipments: tuple[Shipment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaPlan:
    """A worker's answer: the plan of one area, and the orders' reasons in words."""

    area: str
    plan: Plan
    points: tuple[Location, ...]
    sentences: Mapping[str, Mapping[str, str]]
    provider: str
    estimate: bool


class Places:
    """Gives every distinct place one matrix index."""

    def __init__(self) -> None:
        self._index: dict[Location, int] = {}

    def __call__(self, location: Location) -> int:
        return self._index.setdefault(location, len(self._index))

    @property
    def points(self) -> tuple[Location, ...]:
        return tuple(self._index)


def seconds(instant: dt.datetime, date: dt.date, tz: dt.tzinfo) -> int:
    """Seconds from 00:00 local of `date` to `instant`; rounded to the second."""
    midnight = dt.datetime.combine(date, dt.time.min, tz)
    return round((instant.astimezone(dt.UTC) - midnight.astimezone(dt.UTC)).total_seconds())


def instant(second: int, date: dt.date, tz: dt.tzinfo) -> dt.datetime:
    """The instant `second` seconds after 00:00 local of `date`."""
    midnight = dt.datetime.combine(date, dt.time.min, tz)
    return (midnight.astimezone(dt.UTC) + dt.timedelta(seconds=second)).astimezone(tz)


# --- from the market to the solver --------------------------------------------------------------------------------


def problems(
    date: dt.date,
    wave: Wave,
    orders: Sequence[Order],
    riders: Sequence[Member],
    sellers: Mapping[str, Member],
    config: Config,
    zones: ZoneIndex,
    busy: Mapping[str, Sequence[Span]],
) -> list[AreaProblem]:
    """The wave's problems, one an area. `busy`: when a rider is out for another wave of the day."""
    available = [
        (rider, window)
        for rider in sorted(riders, key=lambda rider: rider.ref)
        if (window := rider_window(rider, date, wave, config, busy.get(rider.ref, ()))) is not None
    ]
    found = []
    for name, members, group in _areas(orders, [rider for rider, _ in available], sellers, config, zones):
        refs = {rider.ref for rider in members}
        found.append(
            _problem(
                name, date, wave, group, [pair for pair in available if pair[0].ref in refs], sellers, config, zones
            )
        )
    return found


def rider_window(rider: Member, date: dt.date, wave: Wave, config: Config, busy: Sequence[Span] = ()) -> Span | None:
    """When this rider can be out for this wave; None where the shift leaves no time, or the vehicle is unknown."""
    tz = config.market.time_zone
    details = rider.rider
    if details is None or not rider.active or config.vehicle(details.vehicle) is None:
        return None
    start = wave.pickup.on(date, tz)[0] - START_EARLY
    end = wave.deliver.on(date, tz)[1] + END_LATE
    if details.shift_from is not None:
        start = max(start, dt.datetime.combine(date, details.shift_from, tz))
    if details.shift_to is not None:
        end = min(end, dt.datetime.combine(date, details.shift_to, tz))
    middle = wave.deliver.on(date, tz)[0]
    for out, back in busy:
        if out < middle:
            start = max(start, back)
        else:
            end = min(end, out)
    return (start, end) if start < end else None


def _areas(
    orders: Sequence[Order],
    riders: Sequence[Member],
    sellers: Mapping[str, Member],
    config: Config,
    zones: ZoneIndex,
) -> list[tuple[str, list[Member], list[Order]]]:
    """Connected components of the configured areas: (name, riders, orders)."""
    of_zone = {zone.id: zone.area for zone in config.zones}
    parent = {area: area for area in of_zone.values()}

    def root(area: str) -> str:
        while parent[area] != area:
            parent[area] = parent[parent[area]]
            area = parent[area]
        return area

    def join(areas: Iterable[str]) -> None:
        first, *rest = sorted({root(area) for area in areas}) or [""]
        for other in rest:
            parent[other] = first

    used = set()
    home: dict[str, str] = {}
    for order in orders:
        touched = {of_zone[leg.zone] for leg in order.legs if leg.zone in of_zone}
        for pickup in order.pickups:
            zone = _seller_zone(sellers.get(pickup.seller_id), zones)
            if zone is not None:
                touched.add(of_zone[zone])
        if touched:
            join(touched)
            home[order.order_id] = min(touched)
            used |= touched
    serves: dict[str, set[str]] = {}
    for rider in riders:
        details = rider.rider
        limited = {of_zone[zone] for zone in details.zones if zone in of_zone} if details is not None else set()
        serves[rider.ref] = (limited or set(of_zone.values())) & used
        if serves[rider.ref]:
            join(serves[rider.ref])
    components: dict[str, tuple[list[Member], list[Order]]] = defaultdict(lambda: ([], []))
    for order in orders:
        if order.order_id in home:
            components[root(home[order.order_id])][1].append(order)
    for rider in riders:
        if serves[rider.ref]:
            components[root(min(serves[rider.ref]))][0].append(rider)
    return [(name, *components[name]) for name in sorted(components) if components[name][1]]


def _seller_zone(seller: Member | None, zones: ZoneIndex) -> str | None:
    location = seller.seller.location if seller is not None and seller.seller is not None else None
    zone = zones.locate(location) if location is not None else None
    return zone.id if zone is not None else None


def _problem(
    area: str,
    date: dt.date,
    wave: Wave,
    orders: Sequence[Order],
    available: Sequence[tuple[Member, tuple[dt.datetime, dt.datetime]]],
    sellers: Mapping[str, Member],
    config: Config,
    zones: ZoneIndex,
) -> AreaProblem:
    tz = config.market.time_zone
    places = Places()
    vehicles = []
    for rider, (start, end) in available:
        details, kind = _details(rider), config.vehicle(_details(rider).vehicle)
        assert kind is not None  # noqa: S101 - rider_window let only known kinds through
        home = details.home or hub_of(details, config, zones)
        finish = {"home": home, "hub": hub_of(details, config, zones), "anywhere": None}[details.end_at]
        vehicles.append(
            Vehicle(
                id=rider.ref,
                profile=kind.id,
                start=places(home),
                start_location=home,
                end=places(finish) if finish is not None else None,
                end_location=finish,
                capacity=(details.capacity_g or kind.weight_g, details.capacity_ml or kind.volume_ml),
                skills=frozenset(details.skills),
                window=(seconds(start, date, tz), seconds(end, date, tz)),
                max_tasks=details.max_stops or kind.max_stops,
                costs=Costs(
                    fixed=kind.cost.per_use_satang,
                    per_hour=kind.cost.per_hour_satang,
                    per_km=kind.cost.per_km_satang,
                ),
            )
        )
    shipments = tuple(
        _shipment(order, date, wave, [rider for rider, _ in available], sellers, config, places) for order in orders
    )
    return AreaProblem(
        area=area,
        points=places.points,
        travel=travel_of(config),
        vehicles=tuple(vehicles),
        shipments=shipments,
    )


def _shipment(
    order: Order,
    date: dt.date,
    wave: Wave,
    riders: Sequence[Member],
    sellers: Mapping[str, Member],
    config: Config,
    places: Places,
) -> Shipment:
    tz = config.market.time_zone
    minutes = config.service_minutes
    assert order.location is not None  # noqa: S101 - batching lets no order through without a pin
    pickups, cold = [], False
    for pickup in order.pickups:
        seller = sellers.get(pickup.seller_id)
        details = seller.seller if seller is not None else None
        window = pickup_window(details, wave, date, tz) or wave.pickup.on(date, tz)
        location = seller_location(details, config)
        cold = cold or pickup.temperature == "chilled" or (details is not None and details.needs_cold_box)
        pickups.append(
            Task(
                id=f"{order.order_id}/{pickup.seller_id}",
                index=places(location),
                location=location,
                # One stop at a stall takes its minutes once, however many orders are fetched there.
                setup=round(minutes.pickup * 60),
                windows=(_span(window, date, tz),),
            )
        )
    service = minutes.delivery
    if order.buyer.group == "elderly":
        service += minutes.elderly
    if order.needs_help:
        service += minutes.door_help
    zone = order.legs[0].zone
    by_rider = {rider.ref: _details(rider) for rider in riders}
    limited = {ref for ref, details in by_rider.items() if details.zones and zone not in details.zones}
    refused = {ref for ref, details in by_rider.items() if zone in details.refuse_zones}
    preferred = {ref for ref, details in by_rider.items() if zone in details.prefer_zones}
    return Shipment(
        id=order.order_id,
        pickups=tuple(pickups),
        delivery=Task(
            id=order.order_id,
            index=places(order.location),
            location=order.location,
            service=round(service * 60),
            windows=(_span(delivery_window(order, wave, date, tz), date, tz),),
        ),
        amounts=tuple((pickup.weight_g, pickup.volume_ml) for pickup in order.pickups),
        skills=frozenset({COLD_BOX}) if cold else frozenset(),
        priority=PRIORITY[order.priority],
        forbidden_vehicles=frozenset(limited | refused),
        preferred_vehicles=frozenset(preferred),
    )


def hub_of(details: records.RiderDetails, config: Config, zones: ZoneIndex) -> Location:
    """The hub a rider belongs to: that of the community their home's zone is in, else the market's first."""
    zone = zones.zone_for_tambon(details.home_tambon) if details.home_tambon else None
    if zone is None and details.home is not None:
        zone = zones.locate(details.home)
    community = next((c for c in config.communities if zone is not None and c.id == zone.community), None)
    hub = next((hub for hub in config.hubs if community is not None and hub.id == community.hub), config.hubs[0])
    return hub.location


def seller_location(details: records.SellerDetails | None, config: Config) -> Location:
    """Where a seller's goods are fetched: their own place, else their community's hub, else the first hub."""
    if details is not None and details.location is not None:
        return details.location
    wanted = details.community if details is not None else None
    community = next((c for c in config.communities if c.id == wanted), None)
    hub = next((hub for hub in config.hubs if community is not None and hub.id == community.hub), config.hubs[0])
    return hub.location


def _details(rider: Member) -> records.RiderDetails:
    assert rider.rider is not None  # noqa: S101 - callers pass riders
    return rider.rider


def _span(window: tuple[dt.datetime, dt.datetime], date: dt.date, tz: dt.tzinfo) -> tuple[int, int]:
    return seconds(window[0], date, tz), seconds(window[1], date, tz)


def travel_of(config: Config) -> Straight:
    """The travel times the config asks for."""
    return Straight(
        speed_kmh={kind.id: kind.speed_kmh for kind in config.vehicles},
        detour_factor=config.travel.detour_factor,
        minutes_per_leg=config.travel.minutes_per_leg,
        barriers=_barriers(config),
    )


def _barriers(config: Config) -> tuple[Barrier, ...]:
    return tuple(
        Barrier(
            id=barrier.id,
            line=barrier.line,
            crossings=tuple(
                Crossing(
                    id=crossing.id,
                    location=crossing.location,
                    seconds=crossing.seconds,
                    profiles=frozenset(crossing.vehicles) if crossing.vehicles else None,
                )
                for crossing in barrier.crossings
            ),
        )
        for barrier in config.barriers
    )


# --- in a worker --------------------------------------------------------------------------------------------------


def solve_area(area: AreaProblem, settings: Settings) -> AreaPlan:
    """Matrices, then the solver. Runs in a worker process: takes and gives plain values only."""
    matrices = area.travel.matrices(area.points, sorted({vehicle.profile for vehicle in area.vehicles}))
    problem = Problem(vehicles=area.vehicles, shipments=area.shipments, matrices=matrices, dimensions=DIMENSIONS)
    plan = routing.solve(problem, settings)
    return AreaPlan(
        area=area.area,
        plan=plan,
        points=area.points,
        sentences={str(left.shipment): routing.sentence(left, problem) for left in plan.unassigned},
        provider=area.travel.provider,
        estimate=area.travel.estimate,
    )


# --- from the solver to the market --------------------------------------------------------------------------------


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
    unassigned = [_unassigned(left, answer, next_waves) for answer in answers for left in answer.plan.unassigned]
    served = {step.order_id for route in routes for step in route.steps if step.type == "delivery"}
    plans = [answer.plan for answer in answers]
    return records.Plan(
        id=plan_id,
        run_id=run.id,
        date=run.date,
        wave=run.wave,
        revision=1,
        config_version=run.config_version,
        created_at=now,
        travel={
            "provider": answers[0].provider if answers else config.travel.provider,
            "estimate": any(answer.estimate for answer in answers),
        },
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
            "violations": [],
            "engines": sorted({plan.engine for plan in plans}),
            "solving_ms": max((plan.solving_ms for plan in plans), default=0),
        },
        routes=tuple(sorted(routes, key=lambda route: route.rider_id)),
        unassigned=tuple(unassigned),
    )


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
        begins = arrival + dt.timedelta(seconds=step.waiting_time)
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
                seller_id=str(step.id).partition("/")[2] if step.type == "pickup" else None,
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
    kind = config.vehicle(_details(riders[str(route.vehicle)]).vehicle)
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
    out (15 % of `under_way` seconds), within the buyer's own window as far as it reaches."""
    low = _floor(begins - dt.timedelta(minutes=5))
    high = _ceil(begins + dt.timedelta(minutes=15, seconds=0.15 * under_way))
    low = max(low, window[0])
    if high > window[1] >= begins + dt.timedelta(minutes=5):
        high = window[1]
    return low, high


_TEN = dt.timedelta(minutes=10)


def _floor(moment: dt.datetime) -> dt.datetime:
    return moment - dt.timedelta(minutes=moment.minute % 10, seconds=moment.second, microseconds=moment.microsecond)


def _ceil(moment: dt.datetime) -> dt.datetime:
    floor = _floor(moment)
    return floor if floor == moment else floor + _TEN


def _unassigned(left: Unassigned, answer: AreaPlan, next_waves: Mapping[str, NextWave]) -> records.PlanUnassigned:
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
        next_date=following.date if following is not None else None,
        next_wave=following.wave if following is not None else None,
    )


def lacking(answers: Collection[AreaPlan]) -> list[str]:
    """The ids of the orders that found no place, in any area."""
    return [str(left.shipment) for answer in answers for left in answer.plan.unassigned]
