"""Other files a configuration names: areas in GeoJSON, wording in YAML. Brings their content into the text itself.

So a stored text says everything and can be read anywhere: ``file: zones/talat.geojson`` becomes ``polygon: [...]`` and
``texts: wording.yaml`` becomes the wording. Only files inside the config's own folder are opened. Knows nothing of what
the values mean.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from scheduler.config.problems import Finding, Path
from scheduler.config.reader import MOST_BYTES, Node, Reading

MOST_FILE_BYTES = 1_000_000


class _Refused(Exception):
    """Why a file cannot be used, as a code and facts of `wording`."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


@dataclass(slots=True)
class Expansion:
    """What was brought in: findings, and the pieces of text to put in place of others."""

    base: FilePath | None
    findings: list[Finding] = field(default_factory=list)
    splices: list[tuple[int, int, str]] = field(default_factory=list)

    def text(self, original: str) -> str:
        """The original with every piece in its place."""
        for start, end, piece in sorted(self.splices, reverse=True):
            original = original[:start] + piece + original[end:]
        return original


def expand(root: Node, base: FilePath | None) -> Expansion:
    """Replace the files that zones and ``texts`` name by their content, in `root` and as splices of its text."""
    done = Expansion(base)
    zones = root.value.get("zones") if isinstance(root.value, dict) else None
    for index, zone in enumerate(zones.value if zones is not None and isinstance(zones.value, list) else []):
        if isinstance(zone.value, dict) and "file" in zone.value:
            _expand_zone(zone, ("zones", index), done)
    texts = root.value.get("texts") if isinstance(root.value, dict) else None
    if texts is not None and isinstance(texts.value, str):
        _expand_texts(texts, done)
    if sum(len(piece) for _, _, piece in done.splices) > MOST_BYTES:
        done.findings.append(Finding(path=("zones",), code="file.too_big", facts={"limit": MOST_BYTES // 1_000_000}))
    return done


def _expand_zone(zone: Node, path: Path, done: Expansion) -> None:
    file, key = zone.value.pop("file"), zone.keys["file"]
    if "polygon" in zone.value:
        done.findings.append(Finding(path=(*path, "file"), code="zone.two_shapes", facts={}, at_key=True))
        zone.value["file"] = Node(None, file.line, file.column, file.start, file.end, origin="")
        return
    shape = Node(None, file.line, file.column, file.start, file.end, origin=str(file.value))
    zone.value["polygon"] = shape
    try:
        if not isinstance(file.value, str):
            raise _Refused("value.text")
        shape.value = _coordinates(_read(done.base, file.value), file.value)
    except _Refused as why:
        done.findings.append(Finding(path=(*path, "polygon"), code=why.code, facts=why.facts))
        return
    done.splices.append((key.start, file.end, f"polygon: {json.dumps(shape.value)}"))


def _expand_texts(texts: Node, done: Expansion) -> None:
    name = texts.value
    texts.origin, texts.value = name, {}
    try:
        reading = Reading(_decode(_read(done.base, name), name), name)
        if reading.problems or reading.root is None:
            raise _Refused("file.texts", value=name, reason=reading.problems[0].text() if reading.problems else "?")
        texts.value = reading.root.plain()
    except _Refused as why:
        done.findings.append(Finding(path=("texts",), code=why.code, facts=why.facts))
        return
    done.splices.append((texts.start, texts.end, json.dumps(texts.value, ensure_ascii=False)))


def _read(base: FilePath | None, name: str) -> bytes:
    if base is None:
        raise _Refused("file.outside", value=name)
    try:
        folder = base.resolve()
        path = (folder / name).resolve()
        if not path.is_relative_to(folder):
            raise _Refused("file.outside", value=name)
        if not path.is_file():
            raise _Refused("file.unreadable", reason=f"{name}: not a file")
        with path.open("rb") as stream:
            data = stream.read(MOST_FILE_BYTES + 1)
    except (OSError, ValueError, RuntimeError) as error:
        raise _Refused("file.unreadable", reason=getattr(error, "strerror", None) or "bad name") from error
    if len(data) > MOST_FILE_BYTES:
        raise _Refused("file.too_big", limit=MOST_FILE_BYTES // 1_000_000)
    return data


def _decode(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Refused("file.texts", value=name, reason="not UTF-8") from error


def _coordinates(data: bytes, name: str) -> list[Any]:
    """The coordinates of the one area in a GeoJSON document, heights left out."""
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _Refused("file.geojson", value=name, reason="not JSON") from error
    if isinstance(found, dict) and found.get("type") == "FeatureCollection":
        features = found.get("features")
        found = features[0] if isinstance(features, list) and len(features) == 1 else None
    if isinstance(found, dict) and found.get("type") == "Feature":
        found = found.get("geometry")
    if not isinstance(found, dict) or found.get("type") not in ("Polygon", "MultiPolygon"):
        raise _Refused("file.geojson", value=name, reason="no area in it")
    return _flat(found.get("coordinates"), 3 if found["type"] == "Polygon" else 4, name)


def _flat(value: Any, depth: int, name: str) -> list[Any]:
    """Lists nested exactly `depth` deep with numbers inside, or a refusal."""
    if not isinstance(value, list) or not value:
        raise _Refused("file.geojson", value=name, reason="coordinates are not nested as GeoJSON says")
    if depth > 1:
        return [_flat(part, depth - 1, name) for part in value]
    if len(value) < 2 or any(isinstance(part, bool) or not isinstance(part, int | float) for part in value[:2]):
        raise _Refused("file.geojson", value=name, reason="a place is not two numbers")
    return value[:2]
