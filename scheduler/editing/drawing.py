"""A GeoJSON file of one area, drawn anew: its places change, and everything else in it stays as it was written.

JSON is YAML in brackets, so the same pieces serve. Knows no zones and no disk.
"""

from __future__ import annotations

import json
import re
from typing import Any

from scheduler.config.area_file import found_at, parsed, way_to_area
from scheduler.config.problems import Path
from scheduler.config.reader import Reading
from scheduler.config.shapes import Shapes
from scheduler.editing.geojson import nested
from scheduler.editing.splices import line_end_of, pieces, put_in

_BOM = b"\xef\xbb\xbf"


def drawn(data: bytes, shapes: Shapes) -> bytes:
    """A file with the border `shapes`, which wind and begin as they are to stand in it; `NoArea` where it has none."""
    text, document = parsed(data)
    way, fresh = way_to_area(document), nested(shapes)
    found_at(document, way).update(fresh)
    return (_BOM if data.startswith(_BOM) else b"") + (
        _spliced(text, way, fresh, document) or _whole(text, document)
    ).encode()


def _spliced(text: str, way: Path, fresh: dict[str, Any], document: Any) -> str | None:
    """The text with pieces put in; None where it is JSON that YAML reads otherwise, or not at all."""
    reading = Reading(text, "")
    if reading.root is None or reading.problems:
        return None
    node = reading.root.find(way)[0]
    if not node.keys.keys() >= fresh.keys():
        return None
    end = line_end_of(text)
    parts = [piece for key in ("type", "coordinates") for piece in pieces(node.value[key], fresh[key], text, end)]
    found = put_in(text, parts)
    try:
        return found if json.loads(found) == document else None
    except ValueError:
        return None


def _whole(text: str, document: Any) -> str:
    """The document written anew, with the margin and the line ends of the text."""
    margin = re.search(r"\n([ \t]+)", text)
    written = json.dumps(document, ensure_ascii=False, indent=margin[1] if margin else None)
    written += text[len(text.rstrip()) :]
    return re.sub(r"\r?\n", "\r\n", written) if "\r\n" in text else written
