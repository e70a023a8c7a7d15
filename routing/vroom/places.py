"""Where things are in a VROOM document: rows of its matrices, or coordinates between which we estimate travel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from routing.model import UNREACHABLE, IntMatrix, Location, Matrix, Vehicle
from routing.travel import Barrier, Crossing, Kind, Settings, TravelError
from routing.travel.straight import Straight

from .document import Node, is_integer

SPEED_KMH = 30.0
"""Speed of every profile when a document gives no matrices: a vehicle in town, on straight lines times 1.3."""

MOST_MINUTES = 100_000
"""The longest wait at a crossing."""


class Places(Protocol):
    """Turns what a document says of a place into an index, and all indexes into matrices."""

    def index(self, node: Node, location: str, index: str, *, optional: bool = False) -> int | None: ...

    def matrices(self, vehicles: Sequence[Vehicle]) -> dict[str, Matrix]: ...


def places_of(top: Node) -> Places:
    if top.has("matrices") or top.has("matrix"):
        if top.has("barriers"):
            top.wrong("barriers", "barriers.with_matrices", "barriers only shape straight-line travel")
        return PlacesGiven(top)
    return PlacesEstimated(top)


class PlacesGiven:
    """The document brings matrices; every place names its row."""

    def __init__(self, top: Node) -> None:
        self.top = top
        self.single = _table(top, "matrix") if top.has("matrix") else None
        self.by_profile: dict[str, dict[str, IntMatrix | None]] = {}
        given = top.child("matrices")
        for profile in given.value if given else ():
            node = given.child(profile) if given else None
            if node is None:
                continue
            if not node.has("durations"):
                node.wrong("durations", "matrix.missing", "a profile needs durations")
            tables = {name: _table(node, name) for name in ("durations", "distances", "costs") if node.has(name)}
            self.by_profile[profile] = tables
            shape = None if (durations := tables.get("durations")) is None else durations.shape
            for name, table in tables.items():
                if table is not None and shape is not None and table.shape != shape:
                    node.wrong(name, "matrix.size", f"durations and {name} differ in size")
        given_durations = {p: tables.get("durations") for p, tables in self.by_profile.items()}
        self.sizes = {p: len(table) for p, table in given_durations.items() if table is not None}

    def index(self, node: Node, location: str, index: str, *, optional: bool = False) -> int | None:
        if not node.has(index):
            if node.has(location) or not optional:
                node.wrong(index, "index.missing", "with matrices, every place names its row")
            return None
        value = node.optional_integer(index)
        size = len(self.single) if self.single is not None else min(self.sizes.values(), default=None)
        if value is not None and size is not None and value >= size:
            node.wrong(index, "index.out_of_range", f"{value} is not in a matrix of {size} rows")
            return None
        return value

    def matrices(self, vehicles: Sequence[Vehicle]) -> dict[str, Matrix]:
        if len(set(self.sizes.values())) > 1:
            self.top.wrong("matrices", "matrix.size", f"matrices differ in size: {self.sizes}")
        answer: dict[str, Matrix] = {}
        for k, vehicle in enumerate(vehicles):
            tables = self.by_profile.get(vehicle.profile, {"durations": self.single})
            durations, distances, costs = (tables.get(name) for name in ("durations", "distances", "costs"))
            if durations is None:
                if vehicle.profile not in self.by_profile:
                    path = f"vehicles[{k}].profile"
                    self.top.errors.add(path, "profile.unknown", f"no matrix for {vehicle.profile!r}")
                continue
            if distances is None and (vehicle.costs.per_km or vehicle.max_distance is not None):
                path = f"matrices.{vehicle.profile}.distances"
                self.top.errors.add(path, "matrix.missing", "per_km and max_distance need distances")
            if costs is not None and (vehicle.costs.per_hour != 3600 or vehicle.costs.per_km):
                path = f"vehicles[{k}].costs"
                self.top.errors.add(path, "costs.stated_twice", "the profile's matrix states what its legs cost")
            answer[vehicle.profile] = Matrix(
                durations=durations,
                distances=np.zeros_like(durations) if distances is None else distances,
                costs=costs,
            )
        return answer


def _table(node: Node, name: str) -> IntMatrix | None:
    """A square of whole numbers; null, or more than we count to, is no way at all."""
    rows = node.items(name)
    if any(not isinstance(row, list) or len(row) != len(rows) for row in rows):
        node.wrong(name, "matrix.not_square", "must have as many columns as rows")
        return None
    for i, row in enumerate(rows):
        for j, entry in enumerate(row):
            if entry is not None and not is_integer(entry):
                node.errors.add(f"{node.at(name)}[{i}][{j}]", "type.integer", "must be an integer or null")
                return None
            if entry is not None and entry < 0:
                node.errors.add(f"{node.at(name)}[{i}][{j}]", "matrix.negative", "must not be below zero")
                return None
    whole = [[UNREACHABLE if x is None else min(x, UNREACHABLE) for x in row] for row in rows]
    return np.array(whole, dtype=np.int32).reshape(len(rows), len(rows))


class PlacesEstimated:
    """The document brings none; places are coordinates, and travel follows straight lines."""

    def __init__(self, top: Node) -> None:
        self.top = top
        self.points: dict[Location, int] = {}
        self.barriers = tuple(_barrier(node) for node in top.children("barriers"))

    def index(self, node: Node, location: str, index: str, *, optional: bool = False) -> int | None:
        if not node.has(location):
            if node.has(index) or not optional:
                node.wrong(location, "location.missing", "without matrices, every place needs coordinates")
            return None
        point = node.location(location)
        return None if point is None else self.points.setdefault(point, len(self.points))

    def matrices(self, vehicles: Sequence[Vehicle]) -> dict[str, Matrix]:
        if self.top.errors.found:  # what is half read is not worth estimating
            return {}
        profiles = {vehicle.profile for vehicle in vehicles}
        try:
            kinds = {profile: Kind(speed_kmh=SPEED_KMH) for profile in profiles}
            travel = Straight(Settings(kinds=kinds, barriers=self.barriers))
            return travel.matrices(list(self.points), profiles)
        except TravelError as wrong:
            self.top.wrong("barriers", "barriers.invalid", str(wrong))
            return {}


def _barrier(node: Node) -> Barrier:
    line = Node({f"line[{k}]": p for k, p in enumerate(node.items("line"))}, node.path, node.errors)
    points = [point for key in line.value if (point := line.location(key)) is not None]
    return Barrier(id=str(node.id()), line=tuple(points), crossings=tuple(map(_crossing, node.children("crossings"))))


def _crossing(node: Node) -> Crossing:
    """As in the market's configuration: ``minutes`` it takes, ``vehicles`` (profiles) that may use it."""
    profiles: frozenset[Any] | None = node.ids("vehicles")
    location = node.location("location")
    if location is None and not node.has("location"):
        node.wrong("location", "location.missing", "a crossing needs coordinates")
    minutes = node.number("minutes", 0.0)
    if not 0 <= minutes <= MOST_MINUTES:
        node.wrong("minutes", "number.out_of_range", f"must be 0 to {MOST_MINUTES}")
        minutes = 0.0
    return Crossing(
        id=str(node.id()),
        location=location or (0.0, 0.0),
        seconds=round(60 * minutes),
        profiles=profiles,
    )
