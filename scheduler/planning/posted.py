"""An area on its way to whoever solves it, and its plan on the way back: what stands in a row in between. Pure.

Of an area only who rides and what is carried is written, and its digest: who solves it reads the rest from the same
rows and must come to the same digest. So neither way holds a place or a name.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from functools import cache

from pydantic import TypeAdapter

from routing.model import Settings
from scheduler.planning.answers import AreaPlan
from scheduler.planning.problems import AreaProblem
from storage.records import Json


def digest(area: AreaProblem) -> str:
    """Tells an area from every other: who rides, what is carried where and when, and what is to be kept.

    Where its travel times come from is the config's word, which is the wave's own.
    """
    parts = {
        "points": area.points,
        "vehicles": [asdict(vehicle) for vehicle in area.vehicles],
        "shipments": [asdict(shipment) for shipment in area.shipments],
        "previous": [asdict(route) for route in area.previous],
        "churn": asdict(area.churn) if area.churn is not None else None,
    }
    return hashlib.sha256(json.dumps(parts, default=_sorted).encode()).hexdigest()


def _sorted(value: object) -> list[str]:
    """A set as JSON, the same in every process."""
    if isinstance(value, frozenset):
        return sorted(map(repr, value))
    raise TypeError(f"{type(value).__name__} is in no area")


def settings_written(settings: Settings) -> Json:
    return asdict(settings)


def settings_read(document: Json) -> Settings:
    return Settings(**document)


def plan_written(plan: AreaPlan) -> Json:
    """An area's plan without its places."""
    document: Json = _plans().dump_python(plan, mode="json", exclude={"points"})
    return document


def plan_read(document: Json, area: AreaProblem) -> AreaPlan:
    """The plan of `area` again, as it was written of the same area."""
    return _plans().validate_python({**document, "points": area.points})


@cache
def _plans() -> TypeAdapter[AreaPlan]:
    return TypeAdapter(AreaPlan)
