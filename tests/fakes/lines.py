"""Reads an encoded polyline back, as a map would: five decimals, latitude first. Answers ``(lon, lat)`` points."""

from __future__ import annotations

from routing.model import Location
from routing.polyline import DECIMALS


def decode(line: str) -> list[Location]:
    """The points of a line."""
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
