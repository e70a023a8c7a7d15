"""OSRM in this process, on the data set that a folder says is in use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

import numpy as np

from routing import roads as data
from routing.model import Location
from routing.travel import Unavailable, Why

from .source import Table, numbers

T = TypeVar("T")


class Inside:
    """Opens each profile's data once, mapped into memory that all processes of the machine share."""

    block = 256

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.open: dict[str, tuple[str, Any]] = {}
        """By road profile: the version of the data, and the engine."""

    def version(self, roads: str) -> str | Unavailable:
        if find_spec("osrm") is None:
            return Unavailable(why=Why.NOT_INSTALLED)
        found = data.current(self.folder)
        if found is None:
            return Unavailable(why=Why.NO_DATA, detail=str(self.folder))
        if roads not in found.profiles:
            return Unavailable(why=Why.NO_DATA, detail=f"{self.folder}: {roads}")
        return found.version

    def table(
        self, roads: str, sources: Sequence[Location], targets: Sequence[Location], deadline: float
    ) -> Table | Unavailable:
        def ask(osrm: Any, engine: Any) -> Table:
            answer = engine.Table(
                osrm.TableParameters(
                    coordinates=[*sources, *targets],
                    sources=list(range(len(sources))),
                    destinations=list(range(len(sources), len(sources) + len(targets))),
                    annotations=["duration", "distance"],
                    generate_hints=False,
                )
            )
            return Table(
                seconds=numbers(answer["durations"]),
                metres=numbers(answer["distances"]),
                sources_off=np.array([each["distance"] for each in answer["sources"]]),
                targets_off=np.array([each["distance"] for each in answer["destinations"]]),
            )

        return self._ask(roads, deadline, ask)

    def route(self, roads: str, points: Sequence[Location], deadline: float) -> str | Unavailable | None:
        def ask(osrm: Any, engine: Any) -> str | None:
            try:
                answer = engine.Route(
                    osrm.RouteParameters(
                        coordinates=list(points),
                        geometries="polyline",
                        overview="full",
                        continue_straight=False,
                        generate_hints=False,
                    )
                )
            except RuntimeError as error:
                if "NoRoute" in str(error):
                    return None
                raise
            return str(answer["routes"][0]["geometry"])

        return self._ask(roads, deadline, ask)

    def close(self) -> None:
        """The data stays open: other processes of this machine share its memory."""

    def _ask(self, roads: str, deadline: float, ask: Callable[[Any, Any], T]) -> T | Unavailable:
        version = self.version(roads)
        if isinstance(version, Unavailable):
            return version
        if monotonic() > deadline:
            return Unavailable(why=Why.SLOW)
        import osrm

        try:
            return ask(osrm, self._engine(osrm, roads, version))
        except RuntimeError as error:
            return Unavailable(why=Why.REFUSED, detail=str(error))

    def _engine(self, osrm: Any, roads: str, version: str) -> Any:
        opened = self.open.get(roads)
        if opened is None or opened[0] != version:
            engine = osrm.OSRM(
                storage_config=str(self.folder / version / roads / "roads.osrm"),
                algorithm="CH",
                use_shared_memory=False,
                use_mmap=True,
                max_locations_distance_table=-1,
                max_locations_viaroute=-1,
                verbosity="NONE",
            )
            opened = self.open[roads] = (version, engine)
        return opened[1]
