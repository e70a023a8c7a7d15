"""Rows of XLSX workbooks. Knows sheets and headings; nothing of what the columns mean.

The file is weighed (weigh.py) before calamine opens it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, TypeVar

from scheduler.intake.headings import Headings
from scheduler.intake.problems import UnreadableFile
from scheduler.intake.tables import HEADER_WITHIN, MOST_ROWS, Row, Table, aligned, find_header
from scheduler.intake.weigh import weigh

T = TypeVar("T")


def read(data: bytes, headings: Headings) -> Table:
    """The first visible sheet that has a heading row; the names of others that have one too."""
    weigh(data)
    book = _guarded(lambda: _open(data))
    found: tuple[Any, int, list[Any]] | None = None
    others: list[str] = []
    for name in _visible(book):
        sheet = _guarded(lambda name=name: book.get_sheet_by_name(name))  # type: ignore[misc]
        top = _guarded(lambda sheet=sheet: list(islice(sheet.iter_rows(), HEADER_WITHIN)))  # type: ignore[misc]
        header, score = find_header(top, headings)
        if score and found is None:
            found = sheet, header, top[header]
        elif score:
            others.append(name)
    if found is None:
        raise UnreadableFile("file.no_header", limit=HEADER_WITHIN, example=headings.example)
    sheet, header, names = found
    layout, unknown = headings.layout(names)

    def rows() -> Iterator[Row]:
        # Counted from the sheet's first row, used or not: the numbers are those beside the grid.
        for number, cells in enumerate(sheet.iter_rows(), start=1):
            if number <= header + 1:
                continue
            if number > MOST_ROWS + header + 1:
                raise UnreadableFile("file.too_many_rows", limit=MOST_ROWS)
            yield number, aligned(cells, layout, len(names))

    return Table(
        format="xlsx",
        encoding="utf-8",
        header_row=header + 1,
        present={column for column, place in zip(headings.columns, layout, strict=True) if place >= 0},
        rows=rows,
        unknown=unknown,
        other_sheets=(sheet.name, others) if others else None,
        expected=max(sheet.height - header - 1, 0),
    )


def _open(data: bytes) -> Any:
    from python_calamine import CalamineWorkbook

    return CalamineWorkbook.from_filelike(io.BytesIO(data))


def _visible(book: Any) -> list[str]:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    return [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
    ]


def _guarded(call: Callable[[], T]) -> T:
    """What `call` returns; a damaged workbook, also one that makes the parser panic, is an unreadable file."""
    from python_calamine import CalamineError, PasswordError

    try:
        return call()
    except PasswordError as exc:
        raise UnreadableFile("file.encrypted") from exc
    except (CalamineError, OSError, ValueError, OverflowError) as exc:
        raise UnreadableFile("file.workbook", why=type(exc).__name__) from exc
    except BaseException as exc:
        if type(exc).__name__ != "PanicException":  # a Rust panic, which is no Exception
            raise
        raise UnreadableFile("file.workbook", why="panic") from exc
