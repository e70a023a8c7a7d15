"""What reading orders and reading members have in common: cells through their readers, skipped rows, progress.

Knows no column by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from scheduler.intake.dates import Evidence, gather
from scheduler.intake.headings import Headings
from scheduler.intake.problems import Bad, Noted, RowProblem, problem
from scheduler.intake.tables import Cells, Row, Table
from scheduler.intake.values import BLANKS, Reader, is_blank, nearest, plain

Progress = Callable[[int, int], None]
"""Told every so often: rows read so far, and about how many there are."""

_TOTAL = re.compile(
    r"(?:ยอด|ผล)?รวม(?:ทั้งหมด|ทั้งสิ้น|ยอด|เงิน|ทั้งวัน)?[\s:]*|(?:grand |sub)?totals?[\s:]*|sum[\s:]*", re.IGNORECASE
)
_PADDED = re.compile(r"[\s\ufeff]|.{0,3}\s\Z")
_EVERY = 1_000
_REMEMBERED = 20_000


def remembering(read: Reader) -> Reader:
    """The same reader, reading each different text once. For columns whose values repeat down the file."""
    seen: dict[str | float, Any] = {}

    def recall(raw: object) -> Any:
        if type(raw) is not str and type(raw) is not float:  # an int, a float and a bool may be equal
            return read(raw)
        value = seen.get(raw, seen)
        if value is seen:
            value = read(raw)
            if len(seen) < _REMEMBERED:
                seen[raw] = value
        return value

    return recall


class Cursor:
    """Reads one row's cells: values come back, problems and warnings are collected with row, id and column."""

    def __init__(self, columns: Sequence[str], readers: Sequence[Reader]) -> None:
        self._readers = tuple(zip(columns, readers, strict=True))

    def read(self, cells: Cells) -> tuple[list[Any], list[tuple[str, Bad]], list[tuple[str, Noted]]]:
        values: list[Any] = []
        bad: list[tuple[str, Bad]] = []
        noted: list[tuple[str, Noted]] = []
        for (column, read), raw in zip(self._readers, cells, strict=True):
            if raw is None or (type(raw) is str and (raw in BLANKS or (_PADDED.match(raw) and is_blank(raw)))):
                values.append(None)
                continue
            value = read(raw)
            kind = type(value)
            if kind is Bad:
                bad.append((column, value))
                value = None
            elif kind is Noted:
                noted.append((column, value))
                value = value.value
            values.append(value)
        return values, bad, noted


def is_no_row(cells: Cells, headings: Headings, words: Sequence[int], numbers: Sequence[int]) -> bool:
    """Whether a row is blank, only sums the others up, or repeats the headings: nothing that anybody ordered.

    `words` are the places of columns that every real row fills; `numbers` those that a sum may stand in.
    """
    return all(is_blank(cell) for cell in cells) or _is_total(cells, words, numbers) or _is_heading(cells, headings)


def _is_total(cells: Cells, words: Sequence[int], numbers: Sequence[int]) -> bool:
    """A word for total and no words of its own, or nothing but numbers."""
    filled = [place for place, cell in enumerate(cells) if not is_blank(cell)]
    if any(isinstance(cells[place], str) and _is_total_word(cells[place]) for place in filled):
        return sum(not _is_total_word(cells[place]) for place in filled if place in words) == 0
    return bool(filled) and set(filled) <= set(numbers)


def _is_total_word(cell: object) -> bool:
    text = plain(cell)
    return isinstance(text, str) and len(text) < 40 and _TOTAL.fullmatch(text) is not None


def _is_heading(cells: Cells, headings: Headings) -> bool:
    """The heading row once more, as after a page break: every filled cell names its own column."""
    filled = [(cell, column) for cell, column in zip(cells, headings.columns, strict=True) if not is_blank(cell)]
    return len(filled) >= 2 and all(headings.column(cell) == column for cell, column in filled)


def evidence_of(table: Table, place: int) -> Callable[[], Evidence]:
    """What a date column shows as a whole, looked up only when a cell needs it."""

    @cache
    def look() -> Evidence:
        return gather(cells[place] for _, cells in table.rows() if not isinstance(cells, Bad))

    return look


def ticking(rows: Iterator[Row], expected: int, on_progress: Progress | None) -> Iterator[Row]:
    """The same rows, with the progress told on the way."""
    if on_progress is None:
        yield from rows
        return
    done = 0
    for row in rows:
        yield row
        done += 1
        if done % _EVERY == 0:
            on_progress(done, max(expected, done))
    on_progress(done, done)


def file_warnings(table: Table, headings: Headings) -> list[RowProblem]:
    """What is said once about the whole table: unknown columns, sheets not read."""
    warnings = unknown_columns(table.unknown, table.header_row, headings)
    if table.other_sheets:
        read, others = table.other_sheets
        for other in others:
            warnings.append(problem(table.header_row, "sheet.ignored", value=other, detail={"sheet": read}))
    return warnings


def unknown_columns(names: Sequence[str], row: int, headings: Headings) -> list[RowProblem]:
    """A warning for each name that stands over no column, with the one it most likely means."""
    warnings = []
    for heading in names:
        near = headings.near(heading)
        detail = (
            nearest(near, (near,)) if near else {"near_th": "ดูชื่อคอลัมน์ในคู่มือ", "near_en": "see docs/reference/csv.md"}
        )
        warnings.append(problem(row, "column.unknown", column=heading[:80], value=heading, detail=detail))
    return warnings
