"""From driven legs to the lines of config.yaml that would have planned them better. Changes nothing.

With ``straight`` it is each vehicle's speed that is calibrated, with a road engine its ``time_factor``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from routing.calibration import ENOUGH, Calibrated, Leg, calibrate
from routing.model import UNREACHABLE
from routing.travel import Unavailable
from scheduler.config import Config
from scheduler.intake import IntakeContext
from scheduler.intake.rounds import DrivenLeg
from scheduler.planning.travel import ways_of


def context_of(config: Config, now: dt.datetime) -> IntakeContext:
    """What reading a file of legs needs to know."""
    return IntakeContext(
        now=now,
        time_zone=config.market.time_zone,
        reference=config.hubs[0].location,
        vehicles={word: kind.id for kind in config.vehicles for word in (*kind.aliases, kind.id)},
    )


def calibrated(config: Config, driven: Sequence[DrivenLeg]) -> dict[str, Any] | Unavailable:
    """The figures and the lines; `Unavailable` where the configured provider plans nothing now."""
    legs: list[Leg] = []
    provider = ways_of(config).asked
    fixed = config.travel.seconds_per_leg
    for kind in sorted({leg.vehicle for leg in driven}):
        mine = [leg for leg in driven if leg.vehicle == kind]
        points = list(dict.fromkeys(place for leg in mine for place in (leg.origin, leg.destination)))
        found = provider.measure(points, [kind])
        if isinstance(found, Unavailable):
            return found
        matrix, at = found.matrices[kind], {place: k for k, place in enumerate(points)}
        for leg in mine:
            way = at[leg.origin], at[leg.destination]
            planned = int(matrix.durations[way])
            legs.append(
                Leg(
                    kind=kind,
                    observed=leg.seconds,
                    moving=planned - fixed if planned < UNREACHABLE else 0,
                    fixed=fixed,
                    metres=float(matrix.distances[way]) if planned < UNREACHABLE else 0,
                    driven=leg.metres,
                )
            )
    answer = calibrate(legs)
    return {
        "provider": provider.provider,
        "legs": len(legs),
        "enough": ENOUGH,
        "kinds": [
            {
                "vehicle": kind.kind,
                "legs": kind.legs,
                "factor": kind.factor,
                "low": kind.low,
                "high": kind.high,
                "error_before": kind.error_before,
                "error_after": kind.error_after,
            }
            for kind in answer.kinds
        ],
        "range": list(answer.spread) if answer.spread is not None else None,
        "longer": answer.longer,
        "lines": lines(config, provider.provider, answer),
    }


def lines(config: Config, provider: str, found: Calibrated) -> list[str]:
    """What to write, and where; each with the value that stands there and how many legs speak for the new one."""
    out = []
    straight = provider == "straight"
    detour = config.travel.detour_factor
    longer = found.longer if straight and found.longer is not None else 1.0
    wished = round(min(max(detour * longer, 1.0), 10.0), 2)
    for kind in found.kinds:
        vehicle = next(each for each in config.vehicles if each.id == kind.kind)
        if kind.factor is None or kind.low is None or kind.high is None or kind.factor <= 0:
            continue
        sure = f"# {kind.legs} legs"
        if straight:
            # the ways get longer by one factor and the speed makes up for the rest
            speed, slow, fast = (
                vehicle.speed_kmh * wished / detour / each for each in (kind.factor, kind.high, max(kind.low, 0.01))
            )
            before = f"was {vehicle.speed_kmh:g}, {slow:.1f} to {fast:.1f} nine times of ten"
            out.append(f"vehicles, {vehicle.id}:  speed_kmh: {speed:.1f}  {sure}; {before}")
        else:
            was = vehicle.roads.time_factor
            new, low, high = (was * each for each in (kind.factor, kind.low, kind.high))
            before = f"was {was:g}, {low:.2f} to {high:.2f} nine times of ten"
            out.append(
                f"vehicles, {vehicle.id}:  roads: {{profile: {vehicle.roads.profile}, time_factor: {new:.2f}}}"
                f"  {sure}; {before}"
            )
    if straight and wished != detour:
        out.append(f"travel:  detour_factor: {wished:g}  # was {detour:g}")
    if straight and found.spread is not None:
        low, high = min(found.spread[0], 1.0), max(found.spread[1], 1.0)
        out.append(f"travel:  range: [{max(low, 0.01):.2f}, {min(high, 10):.2f}]  # nine legs of ten")
    return out
