"""A made-up town in OpenStreetMap's words: two banks of a river, two bridges, an island without any. And its server.

Streets lie on a grid of 0.008 degrees (about 880 m). Coordinates are near those of the sample market; the rest is not.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from routing.model import Location
from routing.roads import DataSet

STEP = 0.008
WEST_BANK = [round(99.284 + STEP * k, 6) for k in range(5)]
EAST_BANK = [round(99.324 + STEP * k, 6) for k in range(8)]
ROWS = [round(9.100 + STEP * k, 6) for k in range(11)]
RIVER_LON = 99.320
BRIDGES = (9.116, 9.164)
"""Latitudes at which the river can be crossed."""
ISLAND = (99.401, 9.140)
"""On the island's only road, which leads nowhere else."""
AREA = (99.25, 9.05, 99.42, 9.22)

needs_osrm = pytest.mark.skipif(
    find_spec("osrm") is None, reason="osrm-bindings has wheels for Linux and Python 3.12 on only"
)


def write_town(path: Path) -> Path:
    """The town as OSM XML."""
    nodes: dict[Location, int] = {}
    ways: list[list[int]] = []

    def street(*places: Location) -> None:
        ways.append([nodes.setdefault(place, len(nodes) + 1) for place in places])

    for bank in (WEST_BANK, EAST_BANK):
        for lat in ROWS:
            street(*((lon, lat) for lon in bank))
        for lon in bank:
            street(*((lon, lat) for lat in ROWS))
    for lat in BRIDGES:
        street((WEST_BANK[-1], lat), (EAST_BANK[0], lat))
    street((99.400, 9.140), (99.402, 9.140))
    lines = [f'<node id="{id}" version="1" lon="{lon}" lat="{lat}"/>' for (lon, lat), id in nodes.items()]
    for id, way in enumerate(ways, 1):
        refs = "".join(f'<nd ref="{ref}"/>' for ref in way)
        lines.append(f'<way id="{id}" version="1">{refs}<tag k="highway" v="residential"/></way>')
    first, second = ways[0][:2]
    lines.append(
        '<relation id="1" version="1"><tag k="type" v="restriction"/><tag k="restriction" v="no_u_turn"/>'
        f'<member type="way" ref="1" role="from"/><member type="node" ref="{second}" role="via"/>'
        f'<member type="way" ref="1" role="to"/></relation>'
    )
    assert first != second
    path.write_text(f'<?xml version="1.0"?><osm version="0.6">{"".join(lines)}</osm>', encoding="utf-8")
    return path


@contextmanager
def served(data: DataSet, profile: str, *options: str) -> Iterator[str]:
    """OSRM's own server on one profile of a data set; yields its address."""
    spec = find_spec("osrm")
    assert spec is not None
    assert spec.origin is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(spec.origin).parent / "bin" / "osrm-routed"
    command = [
        str(program),
        "-i",
        "127.0.0.1",
        "-p",
        str(port),
        "-t",
        "1",
        "-l",
        "ERROR",
        *options,
        str(data.base(profile)),
    ]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "DISABLE_ACCESS_LOGGING": "1"})
    try:
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert server.poll() is None
                assert time.monotonic() < until
                time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()
