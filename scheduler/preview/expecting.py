"""Orders that a place is expected to bring, drawn by a seed, and what they would need beside a usual week. Pure.

A drawn order is one of the market's own past orders, goods, seller, buyer's needs and wished hours together, with
another door: a point drawn evenly over the place, on a day drawn among those its zone delivers on. So weights are those
of this market. Spare riders stand by who cost so much that one is sent only where the market's own do not suffice.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, cos, radians
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import shapely

from scheduler.calendar import MarketCalendar
from scheduler.config import Config
from scheduler.config.models import Zone
from scheduler.config.shapes import KM_PER_DEGREE
from scheduler.intake import RowProblem, nearest, problem
from scheduler.intake.expected import ExpectedRow
from scheduler.preview.figures import outcome
from scheduler.preview.replay import Past, Replay
from scheduler.zones import ZoneIndex
from storage.records import Location, Member, Order, Person, RiderDetails, Role

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

DRAWS = 5
WEEK = 7
RADIUS_M = 1_500
"""How far a place without a zone reaches where its row does not say."""
MOST_SPARE = 12
_COLD_BOX = "cold_box"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One place: the zone that serves it, orders a week, and where in it they are."""

    zone: Zone
    orders: int
    shape: BaseGeometry


@dataclass(frozen=True, slots=True, kw_only=True)
class Plans:
    """What is expected, and the config with the zones that it brings along."""

    config: Config
    places: tuple[Expected, ...]


def places_of(rows: Sequence[ExpectedRow], config: Config) -> tuple[Plans, list[RowProblem]]:
    """What the rows mean under `config`; a place that no zone serves becomes one, with the nearest zone's rules."""
    index = ZoneIndex(config)
    zones = {zone.id: zone for zone in config.zones}
    served = shapely.union_all([zone.shape for zone in config.zones])
    found: list[Expected] = []
    errors: list[RowProblem] = []
    rows_of: dict[str, int] = {}
    for row in rows:
        name = row.zone.strip()
        code = name[2:] if name[:2].upper() == "TH" and name[2:].isdigit() else name
        zone = zones.get(name) or index.zone_for_tambon(code)
        key = zone.id if zone is not None else code
        circle = _circle(row.location, row.radius_m or RADIUS_M) if row.location is not None else None
        if key in rows_of:
            errors.append(problem(row.row, "expected.twice", column="zone", value=name, detail={"row": rows_of[key]}))
            continue
        if zone is None and circle is None:
            errors.append(
                problem(row.row, "expected.no_zone", column="zone", value=name, detail=nearest(name, list(zones)))
            )
            continue
        shape = circle if zone is None else zone.shape if circle is None else zone.shape.intersection(circle)
        if zone is None:
            shape = circle.difference(served) if circle is not None else shape
        if shape is None or shape.is_empty or not shape.area:
            errors.append(problem(row.row, "expected.apart", column="lat", value=row.location))
            continue
        rows_of[key] = row.row
        found.append(Expected(zone=zone or _new_zone(code, shape, index), orders=row.orders, shape=shape))
    fresh = [each.zone for each in found if each.zone.id not in zones]
    return Plans(config=_with_zones(config, fresh), places=tuple(found)), errors


def _circle(centre: Location, metres: int) -> BaseGeometry:
    lat = metres / 1000 / KM_PER_DEGREE
    circle = shapely.Point(0, 0).buffer(1, quad_segs=8)
    across = cos(radians(centre[1]))
    return shapely.transform(circle, lambda points: points * (lat / across, lat) + centre)


def _new_zone(id: str, shape: BaseGeometry, index: ZoneIndex) -> Zone:
    """A zone for a place that has none: days, waves and planning area are those of the zone next to it."""
    middle = shape.representative_point()
    near, _ = index.nearest((middle.x, middle.y))
    parts = [part for part in getattr(shape, "geoms", [shape]) if part.geom_type == "Polygon"]
    polygon = tuple(
        tuple(tuple((float(x), float(y)) for x, y in ring.coords) for ring in (part.exterior, *part.interiors))
        for part in parts
    )
    fields = {name: getattr(near, name) for name in Zone.model_fields}
    fields |= {"id": id, "name": near.name.model_copy(update={"th": id, "en": id}), "tambons": (), "polygon": polygon}
    return Zone.model_construct(**fields)


def _with_zones(config: Config, fresh: Sequence[Zone]) -> Config:
    if not fresh:
        return config
    fields = {name: getattr(config, name) for name in Config.model_fields}
    return Config.model_construct(**{**fields, "zones": (*config.zones, *fresh)})


# --- drawing ------------------------------------------------------------------------------------------------------


def week_of(past: Past) -> list[dt.date]:
    """The last week that has orders."""
    last = max(order.service_date for order in past.orders)
    return [last - dt.timedelta(days=ahead) for ahead in range(WEEK)][::-1]


def drawn(plans: Plans, past: Past, days: Sequence[dt.date], seed: int) -> list[Order]:
    """One week's expected orders. The same seed, the same orders."""
    dice = np.random.default_rng(seed)
    calendar = MarketCalendar(plans.config)
    like = sorted((order for order in past.orders if order.location is not None), key=lambda order: order.order_id)
    found: list[Order] = []
    for place in plans.places:
        open_days = [day for day in days if calendar.is_open(day, place.zone)]
        if not open_days or not like:
            continue
        doors = _points(place.shape, place.orders, dice)
        for number, door in enumerate(doors, start=1):
            model = like[int(dice.integers(len(like)))]
            day = open_days[int(dice.integers(len(open_days)))]
            found.append(_moved(model, f"+{place.zone.id}-{number}", day, door))
    return found


def _moved(model: Order, id: str, day: dt.date, door: Location) -> Order:
    ahead = day - model.service_date

    def shifted(moment: dt.datetime | None) -> dt.datetime | None:
        return moment + ahead if moment is not None else None

    return replace(
        model,
        order_id=id,
        buyer_ref=id,
        service_date=day,
        location=door,
        placed_at=shifted(model.placed_at),
        received_at=model.received_at + ahead,
        window_from=shifted(model.window_from),
        window_to=shifted(model.window_to),
        legs=(),
    )


def _points(shape: BaseGeometry, count: int, dice: np.random.Generator) -> list[Location]:
    """Points spread evenly over a shape."""
    west, south, east, north = shape.bounds
    shapely.prepare(shape)
    found: list[Location] = []
    while len(found) < count:
        tries = dice.uniform((west, south), (east, north), (max(16, 2 * count), 2))
        inside = tries[shapely.intersects_xy(shape, tries[:, 0], tries[:, 1])]
        found += [(round(float(lon), 6), round(float(lat), 6)) for lon, lat in inside]
    return found[:count]


# --- what they need -----------------------------------------------------------------------------------------------


def spare_riders(plans: Plans, past: Past) -> list[Member]:
    """Riders who could be found: of the market's commonest kind, with a cold box, from the places' own hubs."""
    config = plans.config
    kinds = Counter(rider.rider.vehicle for rider in past.riders if rider.rider is not None and rider.active)
    named = next((word for word, _ in kinds.most_common() if config.vehicle(word) is not None), config.vehicles[0].id)
    kind = config.vehicle(named) or config.vehicles[0]
    hubs = [config.hub(config.community(place.zone.community).hub).location for place in plans.places]
    most = max((place.orders for place in plans.places), default=0)
    count = min(MOST_SPARE, max(2, ceil(sum(place.orders for place in plans.places) / 8), ceil(most / kind.max_stops)))
    return [
        Member(
            role=Role.RIDER,
            ref=f"+{number + 1}",
            person=Person(),
            rider=RiderDetails(vehicle=kind.id, home=hubs[number % len(hubs)], skills=(_COLD_BOX,)),
        )
        for number in range(count)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The middle one of several draws, and the least and the most."""

    p50: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What the expected orders need in a week beside the usual ones; distances metres, times seconds, cost satang.

    `riders`: out on the busiest day, those of the usual week included; `more_riders`: how many of them the market does
    not have.
    """

    orders: Range
    carried: Range
    rider_days: Range
    riders: Range
    more_riders: Range
    distance: Range
    time: Range
    cost: Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Weeks:
    """The usual week with spare riders standing by, and the same week with each draw's orders on top."""

    usual: Replay
    draws: tuple[Replay, ...]
    days: tuple[dt.date, ...]

    @property
    def all(self) -> list[Replay]:
        return [self.usual, *self.draws]


def weeks(plans: Plans, past: Past, seed: int) -> Weeks:
    """The replays to be solved before `needs` can be told."""
    days = week_of(past)
    usual = [order for order in past.orders if order.service_date in set(days)]
    spare = spare_riders(plans, past)
    refs = frozenset(rider.ref for rider in spare)
    riders = [*past.riders, *spare]

    def replay(orders: Sequence[Order]) -> Replay:
        return Replay(plans.config, Past(orders=orders, riders=riders, sellers=past.sellers), spare=refs)

    draws = tuple(replay([*usual, *drawn(plans, past, days, seed + number)]) for number in range(DRAWS))
    return Weeks(usual=replay(usual), draws=draws, days=tuple(days))


def needs(solved: Weeks) -> Needs:
    """What every draw needed more than the usual week."""
    usual = solved.usual
    before = outcome(usual, usual.placed())
    found: dict[str, list[float]] = {name: [] for name in Needs.__slots__}
    for draw in solved.draws:
        placed = draw.placed()
        after = outcome(draw, placed)
        ours = [each for id, each in placed.items() if id.startswith("+")]
        found["orders"].append(len(ours))
        found["carried"].append(sum(each.fate == "carried" for each in ours))
        found["rider_days"].append(after.total.rider_days - before.total.rider_days)
        found["riders"].append(after.most_riders)
        found["more_riders"].append(_most_spare(draw))
        found["distance"].append(after.total.distance - before.total.distance)
        found["time"].append(after.total.time - before.total.time)
        found["cost"].append(after.cost - before.cost)
    ranges = {name: Range(p50=median(all), low=min(all), high=max(all)) for name, all in found.items()}
    return Needs(**ranges)


def left_out(solved: Weeks) -> Mapping[str, int]:
    """Why expected orders were not carried, over all draws."""
    codes = [each.code for draw in solved.draws for id, each in draw.placed().items() if id.startswith("+")]
    return Counter(code for code in codes if code is not None)


def _most_spare(replay: Replay) -> int:
    """The most spare riders out on one day."""
    out = {(ride.date, str(ride.route.vehicle)) for ride in replay.rides if str(ride.route.vehicle) in replay.spare}
    return max(Counter(date for date, _ in out).values(), default=0)
