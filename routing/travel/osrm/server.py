"""An OSRM server over HTTP: any that speaks OSRM's API, version 1. One connection for all the questions of an answer.

A server may answer anything, or nothing: whatever is not a table becomes `Unavailable`.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from routing.model import Location
from routing.travel import Unavailable, Why

from .source import Table, numbers

MOST_BYTES = 64 * 2**20
AGAIN = 3600.0
"""A server does not say when it has new data: what it answered is believed for so many seconds."""


class Server:
    """``url`` is what stands before ``/table/v1``."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.secure, self.host, self.port = parts.scheme == "https", parts.hostname or "", parts.port
        self.path = parts.path.rstrip("/")
        self.connection: http.client.HTTPConnection | None = None
        self.block = 100
        """A hundred sources and a hundred targets are the most that a server answers as it is shipped."""

    def version(self, roads: str) -> str | Unavailable:
        return f"{self.host}:{self.port}{self.path} {monotonic() // AGAIN:.0f}"

    def table(
        self, roads: str, sources: Sequence[Location], targets: Sequence[Location], deadline: float
    ) -> Table | Unavailable:
        first = ";".join(map(str, range(len(sources))))
        then = ";".join(map(str, range(len(sources), len(sources) + len(targets))))
        found = self._get(
            f"/table/v1/{roads}/{_places([*sources, *targets])}"
            f"?sources={first}&destinations={then}&annotations=duration,distance&generate_hints=false",
            deadline,
        )
        if isinstance(found, Unavailable):
            too_big = found.detail.startswith("TooBig") and len(sources) * len(targets) > 1
            return self._in_halves(roads, sources, targets, deadline) if too_big else found
        try:
            table = Table(
                seconds=numbers(found["durations"]),
                metres=numbers(found["distances"]),
                sources_off=np.array([float(each["distance"]) for each in found["sources"]]),
                targets_off=np.array([float(each["distance"]) for each in found["destinations"]]),
            )
        except (KeyError, TypeError, ValueError) as error:
            return Unavailable(why=Why.REFUSED, detail=f"not a table: {error!r}")
        if table.seconds.shape != (len(sources), len(targets)):
            return Unavailable(
                why=Why.REFUSED, detail=f"a table of {table.seconds.shape}, not of {(len(sources), len(targets))}"
            )
        return table

    def _in_halves(
        self, roads: str, sources: Sequence[Location], targets: Sequence[Location], deadline: float
    ) -> Table | Unavailable:
        """Of a server that answers less at once, which is asked for less from now on."""
        n, m = len(sources), len(targets)
        self.block = min(self.block, (max(n, m) + 1) // 2)
        axis, half = (0, n // 2) if n >= m else (1, m // 2)
        parts = [(sources[:half], targets), (sources[half:], targets)]
        if axis == 1:
            parts = [(sources, targets[:half]), (sources, targets[half:])]
        tables = []
        for some, others in parts:
            found = self.table(roads, some, others, deadline)
            if isinstance(found, Unavailable):
                return found
            tables.append(found)
        return Table(
            seconds=np.concatenate([table.seconds for table in tables], axis=axis),
            metres=np.concatenate([table.metres for table in tables], axis=axis),
            sources_off=np.concatenate([table.sources_off for table in tables[: 2 - axis]]),
            targets_off=np.concatenate([table.targets_off for table in tables[: 1 + axis]]),
        )

    def route(self, roads: str, points: Sequence[Location], deadline: float) -> str | Unavailable | None:
        found = self._get(
            f"/route/v1/{roads}/{_places(points)}"
            "?geometries=polyline&overview=full&continue_straight=false&generate_hints=false",
            deadline,
        )
        if isinstance(found, Unavailable):
            return None if found.detail.startswith("NoRoute") else found
        try:
            return str(found["routes"][0]["geometry"])
        except (KeyError, IndexError, TypeError) as error:
            return Unavailable(why=Why.REFUSED, detail=f"not a route: {error!r}")

    def _get(self, path: str, deadline: float) -> dict[str, Any] | Unavailable:
        """The server's JSON."""
        try:
            return self._answer(path, deadline)
        except TimeoutError:
            return Unavailable(why=Why.SLOW, detail=self.host)
        except (OSError, http.client.HTTPException) as error:
            return Unavailable(why=Why.DOWN, detail=f"{self.host}: {error or type(error).__name__}")
        except ValueError as error:
            return Unavailable(why=Why.REFUSED, detail=f"{self.host}: not JSON: {error}")

    def _answer(self, path: str, deadline: float) -> dict[str, Any] | Unavailable:
        connection = self._connected(deadline)
        connection.request("GET", self.path + path, headers={"Accept": "application/json"})
        self._wait_until(deadline)
        response = connection.getresponse()
        body = bytearray()
        while len(body) <= MOST_BYTES:
            self._wait_until(deadline)
            part = response.read1(2**16)
            if not part:
                break
            body += part
        else:
            return Unavailable(why=Why.REFUSED, detail=f"{self.host}: an answer of more than {MOST_BYTES} bytes")
        found = json.loads(body)
        if not isinstance(found, dict):
            raise ValueError("no object")
        if found.get("code") != "Ok":
            said = f"{found.get('code', response.status)} {found.get('message', '')}".strip()
            return Unavailable(why=Why.REFUSED, detail=said)
        return found

    def _connected(self, deadline: float) -> http.client.HTTPConnection:
        if self.connection is None:
            left = _left(deadline)
            self.connection = (
                http.client.HTTPSConnection(self.host, self.port, timeout=left, context=ssl.create_default_context())
                if self.secure
                else http.client.HTTPConnection(self.host, self.port, timeout=left)
            )
            self.connection.connect()
        self._wait_until(deadline)
        return self.connection

    def _wait_until(self, deadline: float) -> None:
        """Whatever the socket does next, it does before the deadline."""
        left = _left(deadline)
        if self.connection is not None and self.connection.sock is not None:
            self.connection.sock.settimeout(left)

    def close(self) -> None:
        if self.connection is not None:
            with suppress(OSError):
                self.connection.close()
            self.connection = None


def _left(deadline: float) -> float:
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _places(points: Sequence[Location]) -> str:
    return ";".join(f"{lon:.6f},{lat:.6f}" for lon, lat in points)
