"""The GeoJSON of one area in a file beside the config: its coordinates, and where in the file each of them stands.

Knows JSON and its places; no zones, no disk, and not which coordinates are good.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from scheduler.config.problems import Path
from scheduler.config.reader import INVISIBLE, Node, Reading

_KINDS = ("Polygon", "MultiPolygon")
_ODD = re.compile(rf"\r\n|\\u[dD][89a-fA-F][0-9a-fA-F]{{2}}|{INVISIBLE.pattern}")
"""What YAML does not take inside JSON: letters written in halves, and invisible ones."""


class NoArea(Exception):
    """Why a document is not one area: facts of the wording ``file.geojson``, and the way to the place.

    `at`: line and column instead, where it is no JSON at all.
    """

    def __init__(self, th: str, en: str, way: Path = (), at: tuple[int, int] | None = None) -> None:
        super().__init__(en)
        self.facts = {"reason_th": th, "reason_en": en}
        self.way, self.at = way, at


@dataclass(frozen=True, kw_only=True)
class AreaFile:
    """A document as it was read: its `coordinates`, or what is `wrong` with it as facts of ``file.geojson``.

    `way` leads to the coordinates, or to what is wrong.
    """

    name: str
    text: str = ""
    way: Path = ()
    at: tuple[int, int] | None = None
    coordinates: list[Any] | None = None
    wrong: Mapping[str, str] = field(default_factory=dict)

    def place(self, steps: Path) -> tuple[int, int]:
        """Line and column of what stands `steps` below `way`; the beginning where nobody can tell."""
        if self.at is not None:
            return self.at
        if self._root is None:
            return 1, 1
        node = self._root.find((*self.way, *steps))[0]
        return node.line, node.column

    @cached_property
    def _root(self) -> Node | None:
        """JSON is YAML in brackets, but for some letters; others of the same length stand in for them here."""
        text = _ODD.sub(lambda found: {"\r\n": "\r\n", "\r": "\n"}.get(found[0], "?" * len(found[0])), self.text)
        return Reading(text, self.name).root


def area_file(data: bytes, name: str) -> AreaFile:
    """What the file called `name` holds."""
    text = ""
    try:
        text, document = parsed(data)
        way = way_to_area(document)
        found = _coordinates(found_at(document, way), (*way, "coordinates"))
    except NoArea as why:
        return AreaFile(name=name, text=text, way=why.way, at=why.at, wrong=why.facts)
    return AreaFile(name=name, text=text, way=(*way, "coordinates"), coordinates=found)


def parsed(data: bytes) -> tuple[str, Any]:
    """The text of a file and the document in it; `NoArea` where it is no JSON."""
    try:
        text = data.decode("utf-8-sig")
        return text, json.loads(text)
    except json.JSONDecodeError as error:
        raise NoArea("ไม่ใช่ JSON", "not JSON", at=(error.lineno, error.colno)) from error
    except (ValueError, RecursionError) as error:  # another encoding, thousands of digits or of brackets
        raise NoArea("ไม่ใช่ JSON", "not JSON", at=(1, 1)) from error


def way_to_area(document: Any) -> Path:
    """The way to the one geometry in a document; `NoArea` where there is none, or more than one."""
    way: Path = ()
    if isinstance(document, dict) and document.get("type") == "FeatureCollection":
        features = document.get("features")
        if isinstance(features, list) and len(features) > 1:
            raise NoArea(f"มี {len(features)} พื้นที่", f"{len(features)} areas are in it", ("features", 1))
        document = features[0] if isinstance(features, list) and features else None
        way = ("features", 0)
    if isinstance(document, dict) and document.get("type") == "Feature":
        document, way = document.get("geometry"), (*way, "geometry")
    if not isinstance(document, dict) or document.get("type") not in _KINDS:
        raise NoArea("ไม่มีพื้นที่", "no area in it", way)
    return way


def found_at(document: Any, way: Path) -> Any:
    """What stands at `way` in a document."""
    for step in way:
        document = document[step]
    return document


def _coordinates(geometry: Mapping[str, Any], way: Path) -> list[Any]:
    """The coordinates of a geometry, heights left out; `NoArea` where they are not nested as its type has it."""
    return _flat(geometry.get("coordinates"), 3 + _KINDS.index(geometry["type"]), way)


def _flat(value: Any, depth: int, way: Path) -> list[Any]:
    """Lists nested exactly `depth` deep with numbers inside."""
    if not isinstance(value, list) or not value:
        raise NoArea("พิกัดผิดรูปแบบ", "badly nested coordinates", way)
    if depth > 1:
        return [_flat(part, depth - 1, (*way, number)) for number, part in enumerate(value)]
    if len(value) < 2 or any(isinstance(part, bool) or not isinstance(part, int | float) for part in value[:2]):
        raise NoArea("พิกัดไม่ใช่ตัวเลขสองตัว", "a place is not two numbers", way)
    return value[:2]
