"""What came of a replay, by zone and in all, and how two replays of the same orders differ. Pure.

Of a round, the way to a stop, the wait and the work there belong to the zone of its order, at the stall as at the door;
the way home is shared evenly among the round's orders. So the zones' kilometres and minutes sum up to all that was
driven. Distances are metres, times seconds, money satang.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from scheduler.preview.replay import Placed, Replay, Ride

Way = Literal["in", "out", "between", "time", "fate", "none"]
"""How an order is changed: it enters the zones, leaves them, goes to another, rides at another time, is or is not
carried where it was not or was; or not at all."""


@dataclass(slots=True)
class Figures:
    """The counts of one zone, or of all. `rider_days`: riders out, counted once a day; `rounds`: once a wave."""

    orders: int = 0
    carried: int = 0
    unassigned: int = 0
    rounds: int = 0
    rider_days: int = 0
    distance: float = 0.0
    time: float = 0.0
    fees_satang: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    """Why orders were not carried, by code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A replay in figures. `cost`: satang of all rounds; `most_riders`: out on the busiest day."""

    total: Figures
    zones: Mapping[str, Figures]
    outside: int
    no_pin: int
    cost: int
    most_riders: int


def outcome(replay: Replay, placed: Mapping[str, Placed]) -> Outcome:
    """The figures of a replay that has been solved."""
    total = Figures()
    zones = {zone.id: Figures() for zone in replay.config.zones}
    fees = {zone.id: zone.fee_satang for zone in replay.config.zones}
    for each in placed.values():
        if each.zone is None:
            continue
        for figures in (total, zones[each.zone]):
            figures.orders += 1
            figures.fees_satang += fees[each.zone] if each.wave is not None else 0
            figures.carried += each.fate == "carried"
            figures.unassigned += each.fate == "unassigned"
            if each.code is not None:
                figures.reasons[each.code] += 1
    out: dict[str, set[tuple[object, str]]] = defaultdict(set)
    for ride in replay.rides:
        shares = _shared(ride, placed)
        for zone, (metres, seconds) in shares.items():
            zones[zone].rounds += 1
            zones[zone].distance += metres
            zones[zone].time += seconds
            out[zone].add((ride.date, str(ride.route.vehicle)))
        total.rounds += 1
        total.distance += ride.route.distance
        total.time += sum(seconds for _, seconds in shares.values())
    for zone, riders in out.items():
        zones[zone].rider_days = len(riders)
    days = {(ride.date, str(ride.route.vehicle)) for ride in replay.rides}
    total.rider_days = len(days)
    fates = Counter(each.fate for each in placed.values())
    return Outcome(
        total=total,
        zones=zones,
        outside=fates["outside"],
        no_pin=fates["no_pin"],
        cost=sum(ride.route.cost for ride in replay.rides),
        most_riders=max(Counter(date for date, _ in days).values(), default=0),
    )


def _shared(ride: Ride, placed: Mapping[str, Placed]) -> dict[str, tuple[float, float]]:
    """Metres and seconds of a round, by zone."""
    metres: dict[str, float] = defaultdict(float)
    seconds: dict[str, float] = defaultdict(float)
    home = [0.0, 0.0]
    stops = [zone for step in ride.route.steps if step.type == "delivery" and (zone := placed[str(step.shipment)].zone)]
    for before, step in pairwise(ride.route.steps):
        way = step.distance - before.distance
        took = step.duration - before.duration + step.waiting_time + step.setup + step.service
        zone = placed[str(step.shipment)].zone if step.shipment is not None else None
        if zone is None:
            home[0], home[1] = home[0] + way, home[1] + took
        else:
            metres[zone] += way
            seconds[zone] += took
    for zone in stops:
        metres[zone] += home[0] / len(stops)
        seconds[zone] += home[1] / len(stops)
    return {zone: (metres[zone], seconds[zone]) for zone in metres}


# --- two of them --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One order under both configs."""

    way: Way
    old: Placed
    new: Placed


def moves(old: Mapping[str, Placed], new: Mapping[str, Placed]) -> list[Moved]:
    """Every order under both, in the order of `old`."""
    return [Moved(way=_way(was, new[id]), old=was, new=new[id]) for id, was in old.items()]


def _way(old: Placed, new: Placed) -> Way:
    if old.zone != new.zone:
        return "in" if old.zone is None else "out" if new.zone is None else "between"
    if (old.date, old.wave) != (new.date, new.wave):
        return "time"
    return "fate" if old.fate != new.fate else "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """How many orders a zone gains from outside and loses to it, and gets from and gives to other zones."""

    entered: int
    left: int
    received: int
    given: int


def flows(moved: Sequence[Moved], zones: Sequence[str]) -> dict[str, Flow]:
    """The flow of each zone."""
    entered, left, received, given = (Counter[str]() for _ in range(4))
    for each in moved:
        old, new = each.old.zone or "", each.new.zone or ""
        if each.way == "in":
            entered[new] += 1
        elif each.way == "out":
            left[old] += 1
        elif each.way == "between":
            received[new] += 1
            given[old] += 1
    return {
        zone: Flow(entered=entered[zone], left=left[zone], received=received[zone], given=given[zone]) for zone in zones
    }
