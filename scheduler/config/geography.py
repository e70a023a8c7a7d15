"""What must hold on the map: zones and their neighbours, communities and their hubs, rivers and their crossings.

As rules.py, each rule reads a `Draft` and yields findings. Knows no metres and no degrees: flat.py measures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

from scheduler.config.draft import Draft
from scheduler.config.flat import SLIVER_M2, Flat, across, banks, between, narrow, neighbours, widest
from scheduler.config.models import Barrier, Crossing, Hub, Zone
from scheduler.config.problems import Finding, Path
from scheduler.config.reader import MOST_PROBLEMS
from scheduler.config.shapes import Point, corners

if TYPE_CHECKING:
    from shapely import Point as Spot

GAP_METRES = 100
"""Zones that are further apart leave the space on purpose: a canal, a park, a field. And what two zones share, where it
is no wider, comes of how their border was drawn."""
FAR_KM = 30
"""Beyond this no volunteer on a motorcycle delivers: one wrong digit of a place is 11 km or 111 km."""
REACH_KM = 2
"""A crossing nearer to a zone than this joins its two banks: some seven minutes by motorcycle, there or back."""
OFF_HUB_METRES = 200
"""A pier or a hall on the border of its zone still stands in it."""
OFF_BARRIER_METRES = 150


def findings(draft: Draft) -> Iterator[Finding]:
    """Everything on the map that is wrong or doubtful."""
    land = _Land(draft)
    return chain(
        _overlaps(land), _gaps(land), _far(land), _divided(land), _communities(land), _hubs(land), _crossings(land)
    )


class _Land:
    """The readable zones and barriers in metres, each with its place in the file."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.zones: list[tuple[int, Zone]] = [
            (index, zone) for index, zone in draft.items.get("zones", {}).items() if hasattr(zone, "polygon")
        ]
        self.hubs: list[tuple[int, Hub]] = [
            (index, hub) for index, hub in draft.items.get("hubs", {}).items() if hasattr(hub, "location")
        ]
        self.barriers: list[tuple[int, Barrier]] = [
            (index, barrier) for index, barrier in draft.items.get("barriers", {}).items() if hasattr(barrier, "line")
        ]

    @cached_property
    def flat(self) -> Flat:
        latitudes = [lat for _, zone in self.zones for _, lat in zone.polygon[0][0]]
        latitudes += [place[1] for place in [*(hub.location for _, hub in self.hubs), *self._lines]]
        return Flat((min(latitudes) + max(latitudes)) / 2 if latitudes else 0.0)

    @property
    def _lines(self) -> list[Point]:
        return [place for _, barrier in self.barriers for place in barrier.line]

    @cached_property
    def shapes(self) -> Any:
        return self.flat.shapes([zone.shape for _, zone in self.zones])

    @cached_property
    def tree(self) -> Any:
        from shapely import STRtree

        return STRtree(self.shapes)

    @cached_property
    def lines(self) -> dict[str, Any]:
        return {_id(barrier, index): self.flat.line(barrier.line) for index, barrier in self.barriers}

    @cached_property
    def pairs(self) -> Any:
        return neighbours(self.tree, self.shapes, GAP_METRES)

    def ground(self, at: int) -> Any:
        return banks(self.shapes[at], *self.lines.values())

    def polygon(self, at: int) -> Path:
        return ("zones", self.zones[at][0], "polygon")

    def name(self, at: int) -> str:
        index, zone = self.zones[at]
        return _id(zone, index)

    def corner(self, at: int, spot: Spot, along: Any = None) -> tuple[Path, Spot]:
        """The corner of a zone, as it was written, that is next to a place; one `along` a strip before all."""
        import numpy as np
        import shapely

        index = self.zones[at][0]
        written = list(corners(self.draft.raw["zones"][index]["polygon"]))
        spots = self.flat.spots([place for _, place in written])
        away = shapely.distance(spots, spot)
        if along is not None:
            beside = shapely.distance(spots, along) < GAP_METRES / 2
            away[~beside] += np.max(away)
        nearest = int(np.argmin(away))
        return ("zones", index, "polygon", *written[nearest][0]), spots[nearest]


def _id(entry: Any, index: int) -> str:
    return str(getattr(entry, "id", index))


def _priority(zone: Zone) -> int:
    return getattr(zone, "priority", 0)


def _overlaps(land: _Land) -> Iterator[Finding]:
    """Zones of equal priority that share more than a sliver; different ones say who serves what they share.

    A narrow strip along their border comes of borders drawn one by one, as tambons' are: it is told, and no error.
    """
    if len(land.zones) < 2:
        return
    import shapely

    pairs = [pair for pair in land.pairs.tolist() if len({_priority(land.zones[at][1]) for at in pair}) == 1]
    later, earlier = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    shared = shapely.intersection(land.shapes[later], land.shapes[earlier])
    for (at, other), both, area in zip(pairs, shared.tolist(), shapely.area(shared).tolist(), strict=True):
        if area <= SLIVER_M2:
            continue
        facts = {"other": land.name(other), "area": f"{area / 1e6:.2f}"}
        if narrow(both, GAP_METRES):
            facts |= {"width": str(GAP_METRES), "first": land.name(min(at, other))}
            yield Finding(path=land.polygon(at), code="zone.strip", facts=facts, warning=True)
            continue
        small = min(at, other, key=lambda each: float(land.shapes[each].area))
        facts |= {"small": land.name(small), "priority": str(_priority(land.zones[small][1]) + 1)}
        yield Finding(path=land.polygon(at), code="zone.overlap", facts=facts)


def _gaps(land: _Land) -> Iterator[Finding]:
    """Narrow land between two zones that is in none; what lies along a barrier was left out on purpose."""
    if len(land.zones) < 2:
        return
    strips = list(_strips(land))
    told = [_gap(land, *strip) for strip in strips[:MOST_PROBLEMS]]
    if told:
        told[-1] = replace(told[-1], more=len(strips) - len(told))
    yield from told


def _strips(land: _Land) -> Iterator[tuple[int, int, Any]]:
    """The strips between neighbours, each with its later and its earlier zone."""
    import shapely

    found = between(land.shapes, land.pairs, GAP_METRES)
    for row in (shapely.area(found) > SLIVER_M2).nonzero()[0].tolist():
        at, other = land.pairs[row].tolist()
        others = [each for each in land.tree.query(found[row]).tolist() if each not in (at, other)]
        rest = found[row].difference(shapely.union_all(land.shapes[others])) if others else found[row]
        for part in shapely.get_parts(rest).tolist():
            if part.area > SLIVER_M2 and not any(part.intersects(line) for line in land.lines.values()):
                yield at, other, part


def _gap(land: _Land, at: int, other: int, strip: Any) -> Finding:
    import shapely

    middle, width = widest(strip)
    path, corner = land.corner(at, middle, strip)
    border = land.shapes[other].boundary
    onto = shapely.Point(shapely.shortest_line(corner, border).coords[-1])
    facts = {
        "other": land.name(other),
        "area": f"{strip.area / 1e6:.2f}",
        "width": round(width),
        "near": _pair(land.flat.place(middle)),
        "corner": _pair(land.flat.place(corner)),
        "onto": _pair(land.flat.place(onto)),
    }
    return Finding(path=path, code="zone.gap", facts=facts, warning=True)


def _far(land: _Land) -> Iterator[Finding]:
    """Zones, or single corners of them, that lie far from every hub: most often one wrong digit."""
    if not land.zones or not land.hubs:
        return
    import numpy as np
    import shapely

    hubs = [land.flat.spot(hub.location) for _, hub in land.hubs]
    points, of = shapely.get_coordinates(land.shapes, return_index=True)
    apart = np.array([np.hypot(points[:, 0] - hub.x, points[:, 1] - hub.y) for hub in hubs])
    nearest = apart.min(axis=0)
    for at in np.unique(of[nearest > FAR_KM * 1000]).tolist():
        own = (of == at).nonzero()[0]
        whole = bool((nearest[own] > FAR_KM * 1000).all())
        told = int(own[np.argmin(nearest[own]) if whole else np.argmax(nearest[own])])
        path, corner = land.corner(at, shapely.Point(points[told]))
        index, hub = land.hubs[int(np.argmin(apart[:, told]))]
        place = _pair(land.flat.place(corner))
        facts = {
            "what_th": "โซนนี้" if whole else f"มุม {place}",
            "what_en": "this zone" if whole else f"the corner {place}",
            "km": round(float(nearest[told]) / 1000),
            "hub": _id(hub, index),
            "place": _pair(hub.location),
        }
        yield Finding(path=land.polygon(at) if whole else path, code="zone.far", facts=facts, warning=True)


def _divided(land: _Land) -> Iterator[Finding]:
    """Zones on both sides of a barrier that has no crossing near them: their riders could not get across."""
    if not land.zones:
        return
    for index, barrier in land.barriers:
        line = land.lines[_id(barrier, index)]
        for at in sorted(land.tree.query(line, predicate="intersects").tolist()):
            parts = banks(land.shapes[at], line)
            if len(parts) < 2:
                continue
            crossings: tuple[Crossing, ...] = getattr(barrier, "crossings", ())
            away = {each.id: land.shapes[at].distance(land.flat.spot(each.location)) / 1000 for each in crossings}
            if min(away.values(), default=REACH_KM + 1) > REACH_KM:
                yield _cut_off(land, at, _id(barrier, index), away, parts)


def _cut_off(land: _Land, at: int, barrier: str, away: dict[str, float], parts: list[Any]) -> Finding:
    nearest = min(away, key=lambda id: away[id], default=None)
    inside = land.lines[barrier].intersection(land.shapes[at])
    longest = max(getattr(inside, "geoms", [inside]), key=lambda part: float(part.length))
    facts = {
        "barrier": barrier,
        "area": f"{sum(part.area for part in parts[1:]) / 1e6:.2f}",
        "known_th": f"จุดข้ามใกล้สุด {nearest} อยู่ห่าง {away[nearest]:.1f} กม." if nearest else "ยังไม่มีจุดข้าม",
        "known_en": f"the nearest crossing, {nearest}, is {away[nearest]:.1f} km away"
        if nearest
        else "it has no crossing",
        "place": _pair(land.flat.place(longest.interpolate(0.5, normalized=True))),
    }
    return Finding(path=land.polygon(at), code="zone.divided", facts=facts, warning=True)


def _communities(land: _Land) -> Iterator[Finding]:
    """Communities that no zone names: nobody there can order."""
    served = {str(zone["community"]).strip() for _, zone in land.draft.listed("zones") if "community" in zone}
    hubs = {hub.id: hub for _, hub in land.hubs if hasattr(hub, "id")}
    for index, community in land.draft.items.get("communities", {}).items():
        id = getattr(community, "id", None)
        if id is None or id in served or not served:
            continue
        hub = hubs.get(getattr(community, "hub", ""))
        around = (
            [] if hub is None or not land.zones else land.tree.query(land.flat.spot(hub.location), "within").tolist()
        )
        if around:
            zone = land.name(around[0])
            thai = f"ที่โซน {zone} ซึ่งมีจุดรวมของนี้อยู่ เขียน community: {id} หรือลบชุมชนนี้ออก"
            english = f"write community: {id} in zone {zone}, which its hub is in, or remove the community"
        else:
            thai = f"เพิ่มโซนที่มี community: {id} หรือลบชุมชนนี้ออก"
            english = f"add a zone with community: {id}, or remove the community"
        facts = {"value": id, "meant_th": thai, "meant_en": english}
        yield Finding(path=("communities", index, "id"), code="community.no_zone", facts=facts, warning=True)


def _hubs(land: _Land) -> Iterator[Finding]:
    """Hubs that stand outside the zones of the communities that use them, or across a river from them."""
    users: dict[str, list[str]] = {}
    for community in land.draft.items.get("communities", {}).values():
        if hasattr(community, "id") and hasattr(community, "hub"):
            users.setdefault(community.hub, []).append(community.id)
    for index, hub in land.hubs:
        theirs = users.get(getattr(hub, "id", ""), [])
        own = [at for at, (_, zone) in enumerate(land.zones) if getattr(zone, "community", None) in theirs]
        if not own:
            continue
        spot = land.flat.spot(hub.location)
        at = min(own, key=lambda each: float(spot.distance(land.shapes[each])))
        metres = float(spot.distance(land.shapes[at]))
        river = across(spot, land.ground(at), land.lines)
        if river is None and metres <= OFF_HUB_METRES:
            continue
        community = str(getattr(land.zones[at][1], "community", "?"))
        inside = land.flat.place(land.ground(at)[0].representative_point())
        facts = {"value": hub.id, "zone": land.name(at), "community": community, "km": f"{metres / 1000:.1f}"}
        facts |= {"barrier": river or "", "place": _pair(inside)}
        code = "hub.outside_zones" if river is None else "hub.wrong_bank"
        yield Finding(path=("hubs", index, "location"), code=code, facts=facts, warning=True)


def _crossings(land: _Land) -> Iterator[Finding]:
    for index, barrier in land.barriers:
        line = land.lines[_id(barrier, index)]
        for number, crossing in enumerate(getattr(barrier, "crossings", ())):
            spot = land.flat.spot(crossing.location)
            metres = line.distance(spot)
            if metres > OFF_BARRIER_METRES:
                onto = land.flat.place(line.interpolate(line.project(spot)))
                facts = {"value": crossing.id, "barrier": _id(barrier, index), "metres": round(metres)}
                place = ("barriers", index, "crossings", number, "location")
                yield Finding(
                    path=place, code="crossing.off_barrier", facts=facts | {"place": _pair(onto)}, warning=True
                )


def _pair(place: Point) -> str:
    return f"[{place[0]}, {place[1]}]"
