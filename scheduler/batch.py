"""Which wave an order rides in: at intake as a promise, at the cut-off for good. Pure.

Knows orders, zones, waves and the calendar; knows no database, no solver and no clock. An order that misses the wave
it wanted goes to the next possible one, with a reason code that the buyer is told in words.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from zoneinfo import ZoneInfo

from scheduler.calendar import MarketCalendar
from scheduler.config import Config
from scheduler.config.models import Hub, Wave, Zone
from scheduler.zones import ZoneIndex
from storage.records import Leg, LegMove, Order, SellerDetails

HORIZON_DAYS = 14
"""How far ahead a place is looked for; an order that finds none in two weeks needs a person."""

_CHUNK = 5000
_PRIORITY = {"high": 0, "normal": 1, "low": 2}

WaveKey = tuple[dt.date, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What batching asks of the market: its rules, its map, its sellers, and which waves are closed already."""

    config: Config
    zones: ZoneIndex
    calendar: MarketCalendar
    sellers: Mapping[str, SellerDetails]
    closed: Collection[WaveKey] = frozenset()


def wanted_waves(order: Order, waves: Sequence[Wave], zone: Zone | None, tz: ZoneInfo) -> list[Wave]:
    """The waves of the order's own day that the buyer's window touches, earliest first; all, where none was named."""
    offered = [wave for wave in waves if zone is None or wave.id in zone.waves]
    if order.window_from is None or order.window_to is None:
        return offered
    touched = []
    for wave in offered:
        start, end = wave.deliver.on(order.service_date, tz)
        if order.window_from < end and start < order.window_to:
            touched.append(wave)
    return touched


def delivery_window(order: Order, wave: Wave, date: dt.date, tz: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    """When the buyer may be visited: the asked window within the wave's, or the wave's where the two do not meet."""
    start, end = wave.deliver.on(date, tz)
    if order.window_from is None or order.window_to is None:
        return start, end
    low, high = max(start, order.window_from), min(end, order.window_to)
    return (low, high) if low < high else (start, end)


def hub_of_seller(seller: SellerDetails | None, config: Config) -> Hub | None:
    """The hub where a seller's goods are fetched who has no place of their own; None for whoever has one."""
    if seller is not None and seller.location is not None:
        return None
    wanted = seller.community if seller is not None else None
    community = next((c for c in config.communities if c.id == wanted), None)
    return config.hub(community.hub) if community is not None else config.hubs[0]


def pickup_window(
    seller: SellerDetails | None, wave: Wave, date: dt.date, config: Config
) -> tuple[dt.datetime, dt.datetime] | None:
    """When a seller's goods may be fetched in this wave: they are ready then, and the hub that they wait at is open.

    None where that is never.
    """
    tz = config.market.time_zone
    start, end = wave.pickup.on(date, tz)
    hub = hub_of_seller(seller, config)
    if hub is not None and hub.open is not None:
        opens, closes = hub.open.on(date, tz)
        start, end = max(start, opens), min(end, closes)
    if seller is not None and seller.ready_from is not None:
        start = max(start, dt.datetime.combine(date, seller.ready_from, tz))
    if seller is not None and seller.ready_to is not None:
        end = min(end, dt.datetime.combine(date, seller.ready_to, tz))
    return (start, end) if start < end else None


def below_minimum(order: Order, zone: Zone | None) -> bool:
    """Whether its goods are known to cost less than its zone asks for. It rides all the same: a person decides."""
    total = order.total_satang
    return zone is not None and total is not None and total < zone.min_order_satang


def assign(
    order: Order,
    market: Market,
    *,
    since: WaveKey | None = None,
    after: WaveKey | None = None,
    why: str | None = None,
) -> Leg:
    """The leg of a plain order: zone, date and wave, with the reason where that is not what was asked for.

    `since` asks for that wave or a later one, `after` for a later one, for the reason `why`.
    """
    zone = market.zones.locate(order.location) if order.location is not None else None
    return _assigned(order, zone, market, since, after, why)


def assign_all(orders: Iterable[Order], market: Market) -> Iterator[tuple[Order, Leg]]:
    """Each order with its leg, as `assign` gives it; many places are looked up at once."""
    nowhere = (math.nan, math.nan)
    waiting = iter(orders)
    while chunk := list(islice(waiting, _CHUNK)):
        zones = market.zones.locate_many([order.location or nowhere for order in chunk])
        for order, zone in zip(chunk, zones, strict=True):
            yield order, _assigned(order, zone, market, None, None, None)


def _assigned(
    order: Order, zone: Zone | None, market: Market, since: WaveKey | None, after: WaveKey | None, why: str | None
) -> Leg:
    def leg(date: dt.date, wave: str | None, reason: str | None, state: str = "received") -> Leg:
        return Leg(
            origin=",".join(pickup.seller_id for pickup in order.pickups),
            date=date,
            wave=wave,
            zone=zone.id if zone is not None else None,
            area=zone.area if zone is not None else None,
            fee_satang=zone.fee_satang if zone is not None else None,
            state=state,
            reason=reason,
        )

    if order.cancelled:
        return leg(order.service_date, None, None, "cancelled")
    if order.location is not None and zone is None:
        return leg(order.service_date, None, "out_of_zone")
    missing_pin = "needs_pin" if order.location is None else None
    reason, never = why, "market_closed"
    for date, wave, asked in _candidates(order, zone, market):
        if after is not None and not _later(date, wave, after, market):
            continue
        if since is not None and (date, wave.id) != since and not _later(date, wave, since, market):
            continue
        obstacle = _obstacle(order, zone, date, wave, market)
        if obstacle is None:
            if asked and after is None:
                reason = None  # one of the waves that the buyer's own window allows: nothing was moved
            elif not asked and reason is None:
                reason = "time_window"
            return leg(date, wave.id, missing_pin or reason)
        if reason is None and asked:
            reason = obstacle
        if obstacle == "seller_closed":
            never = obstacle  # on an open day nothing else stands in the way
    return leg(order.service_date, None, missing_pin or reason or never)


def _candidates(order: Order, zone: Zone | None, market: Market) -> Iterator[tuple[dt.date, Wave, bool]]:
    """Waves in the order they should be tried: those asked for, the rest of that day after them, then the next days."""
    config = market.config
    tz = config.market.time_zone
    waves = sorted(config.waves, key=lambda wave: wave.deliver.start)
    wanted = wanted_waves(order, waves, zone, tz)
    for wave in wanted:
        yield order.service_date, wave, True
    offered = [wave for wave in waves if zone is None or wave.id in zone.waves]
    for wave in offered:
        later = wanted[-1].deliver.start if wanted else dt.time.min
        if wave not in wanted and wave.deliver.start >= later:
            yield order.service_date, wave, False
    for ahead in range(1, HORIZON_DAYS + 1):
        for wave in offered:
            yield order.service_date + dt.timedelta(days=ahead), wave, False


def _later(date: dt.date, wave: Wave, after: WaveKey, market: Market) -> bool:
    after_date, after_wave = after
    if date != after_date:
        return date > after_date
    starts = {other.id: other.deliver.start for other in market.config.waves}
    return wave.deliver.start > starts.get(after_wave, dt.time.min)


def _obstacle(order: Order, zone: Zone | None, date: dt.date, wave: Wave, market: Market) -> str | None:
    """Why this order cannot ride in this wave, or None."""
    tz = market.config.market.time_zone
    if not market.calendar.is_open(date, zone):
        return "market_closed"
    sellers = [market.sellers.get(pickup.seller_id) for pickup in order.pickups]
    for seller in sellers:
        if seller is not None and not market.calendar.seller_open(seller, date):
            return "seller_closed"
    if (date, wave.id) in market.closed or wave.cut_off.at(date, tz) < (order.placed_at or order.received_at):
        return "after_cutoff"
    if any(pickup_window(seller, wave, date, market.config) is None for seller in sellers):
        return "seller_closed"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What the cut-off decided for one wave: who rides, and where everybody else went."""

    date: dt.date
    wave: str
    batched: tuple[Order, ...]
    moves: tuple[LegMove, ...]


def close(date: dt.date, wave: str, waiting: Iterable[Order], market: Market) -> Batch:
    """Close one wave over the orders `waiting` in it: what zones or hubs have no room for and what is late moves on.

    Where there is no room for all, high priority goes first, then who ordered first.
    """
    queue = sorted(
        waiting, key=lambda order: (_PRIORITY[order.priority], order.placed_at or order.received_at, order.order_id)
    )
    limits = {zone.id: zone.max_orders for zone in market.config.zones}
    taken: Counter[str] = Counter()
    gathered: dict[str, tuple[int, int]] = {}
    batched: list[Order] = []
    moves: list[LegMove] = []
    for order in queue:
        before = order.legs[0]
        leg = assign(order, market, since=(date, wave))
        stays = (leg.date, leg.wave) == (date, wave)
        limit = limits.get(leg.zone) if leg.zone is not None else None
        if leg.zone is None and leg.reason == "needs_pin":
            leg = assign(order, market, after=(date, wave), why="needs_pin")
            stays = False
        elif stays and limit is not None and taken[leg.zone or ""] >= limit:
            leg = assign(order, market, after=(date, wave), why="wave_full")
            stays = False
        load = _at_hubs(order, market, gathered)
        if stays and load is None:
            leg = assign(order, market, after=(date, wave), why="hub_full")
            stays = False
        if stays:
            taken[leg.zone or ""] += 1
            gathered |= load or {}
            leg = replace(leg, leg=before.leg, state="batched", reason=before.reason if before.reason else leg.reason)
            batched.append(replace(order, legs=(leg,)))
        moves.append(
            LegMove(
                order_id=order.order_id,
                leg=before.leg,
                state="batched" if stays else "received",
                reason=leg.reason,
                date=leg.date,
                wave=leg.wave,
                zone=leg.zone,
                area=leg.area,
                fee_satang=leg.fee_satang,
            )
        )
    return Batch(date=date, wave=wave, batched=tuple(batched), moves=tuple(moves))


def _at_hubs(
    order: Order, market: Market, gathered: Mapping[str, tuple[int, int]]
) -> dict[str, tuple[int, int]] | None:
    """What lies at the hubs this order's goods wait at, with it: grams and millilitres by hub. None: they do not fit.

    An order that fills a hub by itself is let through to an empty one: no later wave would hold it either.
    """
    found: dict[str, tuple[int, int]] = {}
    for pickup in order.pickups:
        hub = hub_of_seller(market.sellers.get(pickup.seller_id), market.config)
        if hub is None or hub.capacity is None:
            continue
        there = found.get(hub.id, gathered.get(hub.id, (0, 0)))
        found[hub.id] = (there[0] + pickup.weight_g, there[1] + pickup.volume_ml)
    for id, (weight, volume) in found.items():
        most = market.config.hub(id).capacity
        if most is not None and id in gathered and (weight > most.weight_g or volume > most.volume_ml):
            return None
    return found
