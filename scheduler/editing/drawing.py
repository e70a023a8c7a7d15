"""A GeoJSON file of one area, drawn anew: its places change, and everything else in it stays as it was written.

JSON is YAML in brackets, so the same pieces serve. Knows no zones and no disk.
"""

from __future__ import annotations

import json
import re
from typing import Any

from scheduler.config.reader import Node, Reading
from scheduler.config.shapes import Shapes
from scheduler.editing.geojson import nested
from scheduler.editing.splices import line_end_of, pieces, put_in

_BOM = b"\xef\xbb\xbf"


def drawn(data: bytes, shapes: Shapes) -> bytes:
    """A good file with the border `shapes`, which wind and begin as they are to stand in it."""
    text = data.decode("utf-8-sig")
    document = json.loads(text)
    fresh = nested(shapes)
    _area(document).update(fresh)
    return (_BOM if data.startswith(_BOM) else b"") + (
        _spliced(text, fresh, document) or _whole(text, document)
    ).encode()


def _area(found: dict[str, Any]) -> dict[str, Any]:
    """The geometry in a document of one area."""
    if found["type"] == "FeatureCollection":
        found = found["features"][0]
    if found["type"] == "Feature":
        found = found["geometry"]
    return found


def _spliced(text: str, fresh: dict[str, Any], document: Any) -> str | None:
    """The text with pieces put in; None where it is JSON that YAML reads otherwise, or not at all."""
    reading = Reading(text, "")
    if reading.root is None or reading.problems:
        return None
    node = _area_node(reading.root)
    end = line_end_of(text)
    parts = [piece for key in ("type", "coordinates") for piece in pieces(node.value[key], fresh[key], text, end)]
    found = put_in(text, parts)
    try:
        return found if json.loads(found) == document else None
    except ValueError:
        return None


def _area_node(node: Node) -> Node:
    kind = node.value["type"].value
    if kind == "FeatureCollection":
        return _area_node(node.value["features"].value[0])
    found: Node = node.value["geometry"] if kind == "Feature" else node
    return found


def _whole(text: str, document: Any) -> str:
    """The document written anew, with the margin and the line ends of the text."""
    margin = re.search(r"\n([ \t]+)", text)
    written = json.dumps(document, ensure_ascii=False, indent=margin[1] if margin else None)
    written += text[len(text.rstrip()) :]
    return re.sub(r"\r?\n", "\r\n", written) if "\r\n" in text else written
