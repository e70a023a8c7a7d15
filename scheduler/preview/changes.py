"""How two configs differ: zone by zone, and in which other parts. Pure; knows no orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import shapely

from scheduler.config import Config, Document
from scheduler.config.models import Zone
from scheduler.config.shapes import square_km

Kind = Literal["gained", "lost", "changed", "same"]

LEAST_KM2 = 0.0001
"""A border that moved by less than a house's yard (100 m2) in all was only written otherwise."""

_NO_FIELDS = {"id", "polygon"}
_NO_SECTIONS = {"version", "zones"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneChange:
    """What becomes of one zone. Areas in km2, None where the zone is not in that config.

    `gained_km2`, `lost_km2`: what the new border takes in and leaves out. `fields`: every other value that differs, as
    config.yaml calls it, before and after.
    """

    zone: str
    kind: Kind
    old: Zone | None
    new: Zone | None
    old_km2: float | None
    new_km2: float | None
    gained_km2: float
    lost_km2: float
    fields: Mapping[str, tuple[Any, Any]]

    @property
    def moved(self) -> bool:
        """Whether the border of a zone that stays is another one."""
        return self.old is not None and self.new is not None and max(self.gained_km2, self.lost_km2) > LEAST_KM2


def zone_changes(old: Config, new: Config) -> list[ZoneChange]:
    """Every zone of either config, in the order of the new one; lost ones last."""
    before, after = ({zone.id: zone for zone in config.zones} for config in (old, new))
    return [_change(id, before.get(id), after.get(id)) for id in (*after, *(id for id in before if id not in after))]


def _change(id: str, old: Zone | None, new: Zone | None) -> ZoneChange:
    empty = shapely.Polygon()
    was, becomes = (zone.shape if zone is not None else empty for zone in (old, new))
    gained, lost = square_km(becomes.difference(was)), square_km(was.difference(becomes))
    fields = _fields(old, new) if old is not None and new is not None else {}
    kind: Kind = "same"
    if old is None or new is None:
        kind = "gained" if old is None else "lost"
    elif fields or max(gained, lost) > LEAST_KM2:
        kind = "changed"
    return ZoneChange(
        zone=id,
        kind=kind,
        old=old,
        new=new,
        old_km2=square_km(was) if old is not None else None,
        new_km2=square_km(becomes) if new is not None else None,
        gained_km2=gained,
        lost_km2=lost,
        fields=fields,
    )


def _fields(old: Zone, new: Zone) -> dict[str, tuple[Any, Any]]:
    before, after = (zone.model_dump(mode="json", exclude=_NO_FIELDS) for zone in (old, new))
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


def section_changes(old: Config, new: Config) -> list[str]:
    """The other parts of config.yaml that differ: what moves the figures beside the zones."""
    names = [name for name in Document.model_fields if name not in _NO_SECTIONS]
    return [name for name in names if getattr(old, name) != getattr(new, name)]
