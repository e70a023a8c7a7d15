"""Bytes become rows: which kind of file it is, where its headings stand, and each row with its spreadsheet number.

Knows nothing of what the columns mean beyond their headings. Every reader refuses a file it cannot trust with
``UnreadableFile`` and otherwise gives the same thing: a `Table`, whose rows can be read more than once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scheduler.intake.headings import Headings
from scheduler.intake.problems import Bad, UnreadableFile

LARGEST_FILE = 128 * 1024 * 1024
MOST_ROWS = 250_000
HEADER_WITHIN = 30
"""A heading row stands among the first so many; above it is the title."""

Cells = Sequence[object]
Row = tuple[int, Cells | Bad]
"""The row's number, and its cells in the order of ``Headings.columns``, or what is wrong with it."""


@dataclass(slots=True)
class Table:
    """``rows`` starts a fresh reading. ``unknown`` grows while a JSON file is read: its names are in the rows."""

    format: str
    encoding: str
    header_row: int
    present: set[str]
    rows: Callable[[], Iterator[Row]]
    unknown: list[str] = field(default_factory=list)
    other_sheets: tuple[str, list[str]] | None = None
    """The sheet that was read, and those that look like tables too and were not."""
    expected: int = 0
    """About how many rows there will be, for a progress bar."""
    fixed_columns: bool = True
    """A JSON object may leave a name out where a table would leave the cell blank."""


def open_table(source: Path | bytes, headings: Headings) -> Table:
    """The table in a file, whatever its kind; the kind is told by the content, never by the name."""
    data = source if isinstance(source, bytes) else _read(source)
    if len(data) > LARGEST_FILE:
        raise UnreadableFile("file.too_large", limit=LARGEST_FILE // 2**20)
    if not data.strip(b" \t\r\n\xef\xbb\xbf"):
        raise UnreadableFile("file.empty")
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        from scheduler.intake import workbook

        return workbook.read(data, headings)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise UnreadableFile("file.encrypted")
        raise UnreadableFile("file.format", found="XLS 97-2003")
    for magic, found in _FOREIGN.items():
        if data.startswith(magic):
            raise UnreadableFile("file.format", found=found)
    return _text_table(data, headings)


_FOREIGN = {
    b"%PDF": "PDF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"\x1f\x8b": "gzip",
    b"7z\xbc\xaf": "7z",
    b"Rar!": "RAR",
    b"<?xml": "XML",
    b"<!DOCTYPE": "HTML",
    b"<html": "HTML",
    b"{\\rtf": "RTF",
}


def _text_table(data: bytes, headings: Headings) -> Table:
    from scheduler.intake import delimited, json_rows
    from scheduler.intake.encodings import find_encoding

    encoding = find_encoding(data)
    start = data[:4096].decode(encoding, errors="ignore").lstrip("\ufeff \t\r\n")
    if start.startswith(("{", "[")):
        return json_rows.read(data, encoding, headings)
    return delimited.read(data, encoding, headings)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except OSError as exc:
        raise UnreadableFile("file.unreadable", why=exc.strerror or type(exc).__name__) from exc


def find_header(rows: Sequence[Cells], headings: Headings) -> tuple[int, int]:
    """Which of the first rows is the heading row, and how many columns it names (0: none is)."""
    scores = [headings.recognised(row) for row in rows[:HEADER_WITHIN]]
    best = max(scores, default=0)
    return (scores.index(best), best) if best >= 2 else (0, 0)


def aligned(cells: Sequence[object], layout: Sequence[int], width: int) -> Cells | Bad:
    """A row's cells in the order of the columns; too short is padded, too long is refused."""
    if len(cells) > width and any(cell not in (None, "") for cell in cells[width:]):
        return Bad("row.too_wide")
    have = len(cells)
    return [cells[place] if 0 <= place < have else None for place in layout]
