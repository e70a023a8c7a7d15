"""Where the names on a map stand so that none lies on another. Pure; knows no map, only boxes in points.

Thai marks above and below a letter take no width of their own.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

Box = tuple[float, float, float, float]
"""Left, top, right, bottom; y grows downwards."""

FARTHER = 1.5
"""How many square points of overlap a name bears before it moves a point farther from its best place."""
_WIDE = 0.56
_HIGH = 1.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A name with the places it may stand at, the best first: middles of its box. `needed`: never left out."""

    text: str
    size: float
    places: Sequence[tuple[float, float]]
    needed: bool = True


def width_of(text: str, size: float) -> float:
    """About how wide a line of text is, in points."""
    return size * _WIDE * sum(unicodedata.category(letter) not in {"Mn", "Cf"} for letter in text)


def around(x: float, y: float, text: str, size: float, away: float) -> list[tuple[float, float]]:
    """Middles of a name beside a symbol: right, left, above, below, then the corners."""
    across, down = width_of(text, size) / 2 + away, size * _HIGH / 2 + away
    sides = [(x + across, y), (x - across, y), (x, y - down), (x, y + down)]
    return sides + [(x + dx * across, y + dy * down) for dx in (1, -1) for dy in (-1, 1)]


def placed(labels: Sequence[Label], taken: Sequence[Box], frame: Box) -> list[tuple[Label, float, float]]:
    """Each label at its first place that is free and inside the frame; a needed one at its least crowded otherwise."""
    boxes, found = list(taken), list[tuple[Label, float, float]]()
    for label in labels:
        tries = [(x, y, _box(label, x, y)) for x, y in label.places]
        inside = [each for each in tries if _within(each[2], frame)] or (tries if label.needed else [])
        if not inside:
            continue
        best = label.places[0]

        def crowding(each: tuple[float, float, Box], best: tuple[float, float] = best) -> float:
            shared = sum(_shared(each[2], other) for other in boxes)
            return shared + FARTHER * hypot(each[0] - best[0], each[1] - best[1])

        x, y, box = min(inside, key=crowding)
        if label.needed or not any(_shared(box, other) for other in boxes):
            boxes.append(box)
            found.append((label, x, y))
    return found


def _box(label: Label, x: float, y: float) -> Box:
    lines = label.text.split("\n")
    across = max(width_of(line, label.size) for line in lines) / 2
    down = len(lines) * label.size * _HIGH / 2
    return x - across, y - down, x + across, y + down


def _within(box: Box, frame: Box) -> bool:
    return box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]


def _shared(a: Box, b: Box) -> float:
    """The area that two boxes share."""
    across, down = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return across * down if across > 0 and down > 0 else 0.0
