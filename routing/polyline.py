"""Lines on a map as short text: Google's encoded polyline, five decimals, latitude first, as OSRM and VROOM give it.

Points are ``(lon, lat)`` here as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable

from routing.model import Location

DECIMALS = 5


def encode(points: Iterable[Location]) -> str:
    """The line through `points`."""
    out: list[str] = []
    before = (0, 0)
    for lon, lat in points:
        here = (round(lat * 10**DECIMALS), round(lon * 10**DECIMALS))
        for value, last in zip(here, before, strict=True):
            out.append(_number(value - last))
        before = here
    return "".join(out)


def _number(value: int) -> str:
    """Five bits at a time, the lowest first, the sign in the lowest of all."""
    rest = ~(value << 1) if value < 0 else value << 1
    out = ""
    while rest >= 0x20:
        out += chr((0x20 | (rest & 0x1F)) + 63)
        rest >>= 5
    return out + chr(rest + 63)
