"""Cuts an OpenStreetMap extract to an area: the roads and ferries that touch it, whole, and the bans on turning there.

Reads and writes any form that osmium knows (.osm.pbf, .osm.bz2, .osm).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from .dataset import Box


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """How many ways were kept, and when OpenStreetMap looked like this (None: the extract does not say)."""

    ways: int
    as_of: dt.datetime | None


def cut(extract: Path, area: Box, target: Path) -> Cut:
    """Write the part of `extract` that lies in `area`. Raises RuntimeError where the extract cannot be read."""
    import osmium
    from osmium.filter import EntityFilter, KeyFilter
    from osmium.osm import NODE, RELATION, WAY

    west, south, east, north = area
    roads = osmium.FileProcessor(str(extract), NODE | WAY).with_locations()
    roads = roads.with_filter(EntityFilter(WAY)).with_filter(KeyFilter("highway", "route"))
    bans = osmium.FileProcessor(str(extract), RELATION).with_filter(KeyFilter("restriction"))
    kept: set[int] = set()
    wanted = osmium.IdTracker()
    for way in roads:
        assert isinstance(way, osmium.osm.Way)  # noqa: S101 - the filter lets nothing else through
        for node in way.nodes:
            at = node.location
            if at.valid() and west <= at.lon <= east and south <= at.lat <= north:
                kept.add(way.id)
                wanted.add_way(way.id)
                wanted.add_references(way)
                break
    for ban in bans:
        assert isinstance(ban, osmium.osm.Relation)  # noqa: S101
        if all(member.type != "w" or member.ref in kept for member in ban.members):
            wanted.add_relation(ban.id)
    with osmium.SimpleWriter(str(target), overwrite=True) as out:
        for each in osmium.FileProcessor(str(extract)).with_filter(wanted.id_filter()):
            out.add(each)
    return Cut(ways=len(kept), as_of=as_of(extract))


def as_of(extract: Path) -> dt.datetime | None:
    """When OpenStreetMap looked like this, by the extract's own header."""
    import osmium

    with osmium.io.Reader(str(extract)) as reader:
        said = reader.header().get("osmosis_replication_timestamp") or reader.header().get("timestamp")
    try:
        return dt.datetime.fromisoformat(said) if said else None
    except ValueError:
        return None
