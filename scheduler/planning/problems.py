"""From the market's words to the solver's: batched orders and available riders become one problem an area. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from routing.model import Churn, Costs, PreviousRoute, Shipment, Task, Vehicle
from scheduler.batch import delivery_window, hub_of_seller, pickup_window
from scheduler.config import Config
from scheduler.config.models import Hub, Wave
from scheduler.config.models import Vehicle as VehicleKind
from scheduler.planning.areas import areas_of
from scheduler.planning.times import Span, seconds
from scheduler.planning.travel import Ways, ways_of
from scheduler.zones import ZoneIndex
from storage import records
from storage.records import Location, Member, Order, RiderDetails

DIMENSIONS = ("weight_g", "volume_ml")
START_EARLY = dt.timedelta(hours=1)
"""How long before the first pickup a rider may set out, where the shift allows it and the wave has been dispatched."""
END_LATE = dt.timedelta(hours=1)
"""How long after the last delivery a rider may still be on the way to where the route ends."""
COLD_BOX = "cold_box"
PRIORITY = {"low": 0, "normal": 10, "high": 50}


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaProblem:
    """One area of one wave, ready for a worker: everything but the matrices. ``points[i]`` is matrix index ``i``."""

    area: str
    points: tuple[Location, ...]
    ways: Ways
    vehicles: tuple[Vehicle, ...]
    shipments: tuple[Shipment, ...]
    previous: tuple[PreviousRoute, ...] = ()
    churn: Churn | None = None


class Places:
    """Gives every distinct place one matrix index."""

    def __init__(self) -> None:
        self._index: dict[Location, int] = {}

    def __call__(self, location: Location) -> int:
        return self._index.setdefault(location, len(self._index))

    @property
    def points(self) -> tuple[Location, ...]:
        return tuple(self._index)


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
        if (free := rider_window(rider, date, wave, config, busy.get(rider.ref, ()))) is not None
        and (window := _at_open_hub(free, _details(rider), hub_of(_details(rider), config, zones), date, config))
    ]
    found = []
    for name, members, group in areas_of(orders, [rider for rider, _ in available], sellers, config, zones):
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
    start = max(wave.pickup.on(date, tz)[0] - START_EARLY, wave.dispatch.at(date, tz))
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


def capacity_of(details: RiderDetails, kind: VehicleKind) -> tuple[int, int]:
    """What a rider can carry at once, in grams and millilitres: their own figure, else their kind of vehicle's."""
    return details.capacity_g or kind.weight_g, details.capacity_ml or kind.volume_ml


def beyond_all(orders: Iterable[Order], riders: Iterable[Member], config: Config) -> set[str]:
    """The orders that no rider the market knows can carry, whatever the wave; none where nobody is known at all."""
    known = [
        capacity_of(rider.rider, kind)
        for rider in riders
        if rider.rider is not None and rider.active and (kind := config.vehicle(rider.rider.vehicle)) is not None
    ]
    found = set()
    for order in orders:
        load = (sum(each.weight_g for each in order.pickups), sum(each.volume_ml for each in order.pickups))
        if known and not any(load[0] <= most[0] and load[1] <= most[1] for most in known):
            found.add(order.order_id)
    return found


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
        hub = hub_of(details, config, zones).location
        home = details.home or hub
        finish = {"home": home, "hub": hub, "anywhere": None}[details.end_at]
        vehicles.append(
            Vehicle(
                id=rider.ref,
                profile=kind.id,
                start=places(home),
                start_location=home,
                end=places(finish) if finish is not None else None,
                end_location=finish,
                capacity=capacity_of(details, kind),
                skills=frozenset(details.skills),
                window=(seconds(start, date, tz), seconds(end, date, tz)),
                # A rider's stops are doors; the solver counts each order's pickup as a task too.
                max_tasks=2 * (details.max_stops or kind.max_stops),
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
        ways=ways_of(config),
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
        window = pickup_window(details, wave, date, config) or wave.pickup.on(date, tz)
        location = seller_location(details, config)
        cold = cold or pickup.temperature == "chilled" or (details is not None and details.needs_cold_box)
        pickups.append(
            Task(
                id=f"{order.order_id}/{pickup.seller_id}",
                index=places(location),
                location=location,
                # One stop at a stall takes its minutes once, however many orders are fetched there.
                setup=minutes.pickup_seconds,
                windows=(_span(window, date, tz),),
            )
        )
    service = minutes.delivery_seconds
    if order.buyer.group == "elderly":
        service += minutes.elderly_seconds
    if order.needs_help:
        service += minutes.door_help_seconds
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
            service=service,
            windows=(_span(delivery_window(order, wave, date, tz), date, tz),),
        ),
        amounts=tuple((pickup.weight_g, pickup.volume_ml) for pickup in order.pickups),
        skills=frozenset({COLD_BOX}) if cold else frozenset(),
        priority=PRIORITY[order.priority],
        forbidden_vehicles=frozenset(limited | refused),
        preferred_vehicles=frozenset(preferred),
    )


def hub_of(details: records.RiderDetails, config: Config, zones: ZoneIndex) -> Hub:
    """The hub a rider belongs to: that of the community their home's zone is in, else the market's first."""
    zone = zones.zone_for_tambon(details.home_tambon) if details.home_tambon else None
    if zone is None and details.home is not None:
        zone = zones.locate(details.home)
    return config.hub(config.community(zone.community).hub) if zone is not None else config.hubs[0]


def seller_location(details: records.SellerDetails | None, config: Config) -> Location:
    """Where a seller's goods are fetched: their own place, else their community's hub, else the first hub."""
    if details is not None and details.location is not None:
        return details.location
    hub = hub_of_seller(details, config)
    return hub.location if hub is not None else config.hubs[0].location


def _at_open_hub(window: Span, details: RiderDetails, hub: Hub, date: dt.date, config: Config) -> Span | None:
    """The part of a rider's time that begins, where the round begins at the hub, and ends, where it ends there, while
    the hub is open; None where nothing is left of it."""
    start, end = window
    if hub.open is not None:
        opens, closes = hub.open.on(date, config.market.time_zone)
        start = max(start, opens) if details.home is None else start
        end = (
            min(end, closes) if details.end_at == "hub" or (details.end_at == "home" and details.home is None) else end
        )
    return (start, end) if start < end else None


def _details(rider: Member) -> records.RiderDetails:
    assert rider.rider is not None  # noqa: S101 - callers pass riders
    return rider.rider


def _span(window: tuple[dt.datetime, dt.datetime], date: dt.date, tz: dt.tzinfo) -> tuple[int, int]:
    return seconds(window[0], date, tz), seconds(window[1], date, tz)
