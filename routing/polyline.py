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


def decode(line: str) -> list[Location]:
    """The points of a line; what `encode` made of them, to five decimals."""
    numbers: list[int] = []
    value = shift = 0
    for letter in line:
        bits = ord(letter) - 63
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits < 0x20:
            numbers.append(~(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    out: list[Location] = []
    lat = lon = 0
    for north, east in zip(numbers[::2], numbers[1::2], strict=True):
        lat, lon = lat + north, lon + east
        out.append((lon / 10**DECIMALS, lat / 10**DECIMALS))
    return out
