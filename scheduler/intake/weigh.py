"""Weighs an XLSX file before anything opens it. A workbook is a zip of XML; both can be made to swell.

calamine lays a sheet out as one dense block and copies a shared string into every cell that shows it. So four things
are bounded: what the parts unpack to, XML entities (none), the farthest cell, and the text all cells would hold.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from array import array
from collections.abc import Iterator
from itertools import pairwise

from scheduler.intake.problems import UnreadableFile

MOST_UNPACKED = 512 * 1024 * 1024
MOST_PARTS = 2_000
MOST_RATIO = 200
RATIO_FROM = 16 * 1024 * 1024
"""Small files may compress as well as they like."""
MOST_CELLS = 8_500_000
MOST_STRINGS = 3_000_000
MOST_TEXT = 384 * 1024 * 1024

_CHUNK = 4 * 1024 * 1024
_DECLARATION = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_REFERENCE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{1,3})([0-9]{1,7})["']""")
_FAR = re.compile(
    rb"""\sr\s*=\s*["'](?:[B-Zb-z][A-Za-z][0-9]|[A-Za-z]{3}[0-9]|[A-Za-z]{1,2}(?:1[6-9][0-9]{4}|[2-9][0-9]{5}|[0-9]{7}))"""
)
"""Beyond column AZ or row 160,000; without such a cell the block has at most 52 x 160,000 cells."""
_SHARED = re.compile(rb"<(?:\w+:)?v\s*>\s*([0-9]{1,9})\s*<")
_STRING = re.compile(rb"<(?:\w+:)?si[\s>/]")


def weigh(data: bytes) -> None:
    """Raise `UnreadableFile` unless `data` is an XLSX workbook of bearable size."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _weigh_parts(archive, len(data))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError, KeyError) as exc:
        raise UnreadableFile("file.workbook", why=type(exc).__name__) from exc


def _weigh_parts(archive: zipfile.ZipFile, packed: int) -> None:
    parts = archive.infolist()
    names = {part.filename for part in parts}
    if any(part.flag_bits & 1 for part in parts):
        raise UnreadableFile("file.encrypted")
    if "xl/workbook.xml" not in {name.lower() for name in names}:
        raise UnreadableFile("file.format", found="ODS" if "content.xml" in names else "zip")
    if len(parts) > MOST_PARTS or len(names) != len(parts):
        raise UnreadableFile("file.zip_bomb")
    if any(part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for part in parts):
        raise UnreadableFile("file.workbook", why="compression")
    _bearable(sum(part.file_size for part in parts), packed)
    xml = [part for part in parts if part.filename.lower().endswith((".xml", ".rels"))]
    lengths = array("L")
    for part in xml:
        if "sharedstrings" in part.filename.lower():
            lengths = _string_lengths(archive, part, packed)
    for part in xml:
        _weigh_part(archive, part, packed, lengths)


def _bearable(unpacked: int, packed: int) -> None:
    if unpacked > MOST_UNPACKED or (unpacked > RATIO_FROM and unpacked > MOST_RATIO * packed):
        raise UnreadableFile("file.zip_bomb")


def _pieces(archive: zipfile.ZipFile, part: zipfile.ZipInfo, packed: int, at: bytes) -> Iterator[bytes]:
    """A part's XML in pieces cut before a tag `at`. Counts what really comes out: a header may say less."""
    part.file_size = MOST_UNPACKED + 1
    total, rest = 0, b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            if not total and b"\x00" in chunk[:64]:
                raise UnreadableFile("file.workbook", why="UTF-16")
            total += len(chunk)
            _bearable(total, packed)
            piece = rest + chunk
            cut = piece.rfind(at)
            if cut <= 0:
                cut = max(len(piece) - 256, 0)
            yield piece[:cut]
            rest = piece[cut:]
    yield rest


def _string_lengths(archive: zipfile.ZipFile, part: zipfile.ZipInfo, packed: int) -> array[int]:
    """For each shared string the bytes of its XML, which is no less than its text."""
    lengths: array[int] = array("L")
    running = 0
    for piece in _pieces(archive, part, packed, b"<si"):
        starts = [match.start() for match in _STRING.finditer(piece)]
        running += starts[0] if starts else len(piece)
        for start, end in pairwise([*starts, len(piece)]):
            lengths.append(running)
            running = end - start
        if len(lengths) > MOST_STRINGS:
            raise UnreadableFile("file.zip_bomb")
    lengths.append(running)
    return lengths[1:]


def _weigh_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, packed: int, lengths: array[int]) -> None:
    far, text, known = False, 0, len(lengths)
    for piece in _pieces(archive, part, packed, b"<c"):
        if _DECLARATION.search(piece):
            raise UnreadableFile("file.xml_entities")
        far = far or _FAR.search(piece) is not None
        if known:
            text += sum([lengths[shown] for shown in map(int, _SHARED.findall(piece)) if shown < known])
        if text > MOST_TEXT:
            raise UnreadableFile("file.zip_bomb")
    if far and _block(archive, part, packed) > MOST_CELLS:
        raise UnreadableFile("file.zip_bomb")


def _block(archive: zipfile.ZipFile, part: zipfile.ZipInfo, packed: int) -> int:
    """How many cells the dense block up to a sheet's farthest cell would have."""
    column = row = 0
    for piece in _pieces(archive, part, packed, b"<c"):
        for letters, digits in _REFERENCE.findall(piece):
            number = 0
            for letter in letters.upper():
                number = number * 26 + letter - 64
            column, row = max(column, number), max(row, int(digits))
    return column * row
