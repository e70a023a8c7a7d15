"""Other files a configuration names: areas in GeoJSON, wording in YAML. Brings their content into the text itself.

So a stored text says everything and can be read anywhere: ``file: zones/talat.geojson`` becomes ``polygon: [...]``,
``texts: wording.yaml`` becomes ``texts: {name: ..., content: ...}``. Only files inside the config's own folder are
opened. Knows nothing of what the values mean.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath

from scheduler.config.area_file import AreaFile, area_file
from scheduler.config.problems import Finding, Path
from scheduler.config.reader import INVISIBLE, MOST_BYTES, Node

MOST_FILE_BYTES = 1_000_000


class _Refused(Exception):
    """Why a file cannot be used, as a code and facts of `wording`."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


class NotAFile(OSError):
    """A folder, a pipe or a device stands where a file should."""


@dataclass(slots=True)
class Expansion:
    """What was brought in: findings, the pieces of text to put in place of others, and the areas' files by zone."""

    base: FilePath | None
    beside: Mapping[str, bytes] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    areas: dict[int, AreaFile] = field(default_factory=dict)
    splices: list[tuple[int, int, str]] = field(default_factory=list)

    def text(self, original: str) -> str:
        """The original with every piece in its place."""
        for start, end, piece in sorted(self.splices, reverse=True):
            original = original[:start] + piece + original[end:]
        return original


def expand(root: Node, base: FilePath | None, beside: Mapping[str, bytes]) -> Expansion:
    """Replace the files that zones and ``texts`` name by their content, in `root` and as splices of its text.

    `beside`: what files will hold, by the name they are called by, that are not written yet.
    """
    done = Expansion(base, beside)
    zones = root.value.get("zones") if isinstance(root.value, dict) else None
    for index, zone in enumerate(zones.value if zones is not None and isinstance(zones.value, list) else []):
        if isinstance(zone.value, dict) and "file" in zone.value:
            _expand_zone(zone, index, done)
    texts = root.value.get("texts") if isinstance(root.value, dict) else None
    if texts is not None and isinstance(texts.value, str):
        _expand_texts(texts, done)
    if sum(len(piece) for _, _, piece in done.splices) > MOST_BYTES:
        done.findings.append(Finding(path=("zones",), code="file.too_big", facts={"limit": MOST_BYTES // 1_000_000}))
    return done


def _expand_zone(zone: Node, index: int, done: Expansion) -> None:
    path: Path = ("zones", index)
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
        area = done.areas[index] = area_file(_read(done, file.value), file.value)
        if area.wrong:
            raise _Refused("file.geojson", value=file.value, **area.wrong)
        shape.value = area.coordinates
    except _Refused as why:
        done.findings.append(Finding(path=(*path, "polygon"), code=why.code, facts=why.facts))
        return
    done.splices.append((key.start, file.end, f"polygon: {json.dumps(shape.value)}"))


def _expand_texts(texts: Node, done: Expansion) -> None:
    name = texts.value
    texts.origin, texts.value = name, {"name": name, "content": ""}
    try:
        texts.value["content"] = _plain_text(_read(done, name), name)
    except _Refused as why:
        done.findings.append(Finding(path=("texts",), code=why.code, facts=why.facts))
        return
    done.splices.append((texts.start, texts.end, _quoted(texts.value)))


def _plain_text(data: bytes, name: str) -> str:
    """The text of a file with plain line ends, nothing invisible in it."""
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise _Refused("file.texts", value=name) from error
    if INVISIBLE.search(text):
        raise _Refused("file.texts", value=name)
    return text


def _quoted(value: Mapping[str, str]) -> str:
    """JSON, which is YAML in one line once the line ends that only YAML knows are escaped."""
    return re.sub("[\x85\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def _read(done: Expansion, name: str) -> bytes:
    if done.base is None:
        raise _Refused("file.outside", value=name)
    try:
        folder = done.base.resolve()
        path = (folder / name).resolve()
        if not path.is_relative_to(folder):
            raise _Refused("file.outside", value=name)
        if not path.is_file():
            raise NotAFile if path.exists() else FileNotFoundError
        data = done.beside.get(name)
        if data is None:
            with path.open("rb") as stream:
                data = stream.read(MOST_FILE_BYTES + 1)
    except (OSError, ValueError, RuntimeError) as error:
        raise _Refused("file.unreadable", value=name, **unreadable(error)) from error
    if len(data) > MOST_FILE_BYTES:
        raise _Refused("file.too_big", limit=MOST_FILE_BYTES // 1_000_000)
    return data


def unreadable(error: Exception) -> dict[str, str]:
    """Why the system would not open a file, as facts."""
    if isinstance(error, FileNotFoundError):
        return {"reason_th": "ไม่พบไฟล์", "reason_en": "not found"}
    if isinstance(error, PermissionError):
        return {"reason_th": "ไม่มีสิทธิ์อ่าน", "reason_en": "not permitted"}
    if isinstance(error, NotAFile | IsADirectoryError):
        return {"reason_th": "ไม่ใช่ไฟล์ธรรมดา", "reason_en": "not a plain file"}
    said = getattr(error, "strerror", None)
    return {"reason_th": said or "ชื่อไฟล์ใช้ไม่ได้", "reason_en": said or "bad name"}
