"""Rows of CSV, TSV and semicolon files. Knows quoting and separators; nothing of what the columns mean."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice

from scheduler.intake.headings import Headings
from scheduler.intake.problems import Bad, UnreadableFile
from scheduler.intake.tables import HEADER_WITHIN, MOST_ROWS, Row, Table, aligned, find_header

LONGEST_LINE = 100_000
_SEPARATORS = ",;\t|"


def read(data: bytes, encoding: str, headings: Headings) -> Table:
    """The table of a text file; the separator is the one under which most headings are known."""
    best, separator, header = 0, ",", 0
    names: list[str] = []
    refusal: UnreadableFile | None = None
    for candidate in _SEPARATORS:
        try:
            read_rows = islice(_rows(data, encoding, candidate), HEADER_WITHIN)
            top = [[] if isinstance(cells, Bad) else cells for cells in read_rows]
        except UnreadableFile as exc:
            # Quotes may be wrong only because the separator is.
            refusal = refusal or exc
            continue
        at, score = find_header(top, headings)
        if score > best:
            best, separator, header, names = score, candidate, at, top[at]
    if not best:
        raise refusal or UnreadableFile("file.no_header", limit=HEADER_WITHIN, example=headings.example)
    layout, unknown = headings.layout(names)

    def rows() -> Iterator[Row]:
        for number, cells in enumerate(_rows(data, encoding, separator), start=1):
            if number <= header + 1:
                continue
            if number > MOST_ROWS + header + 1:
                raise UnreadableFile("file.too_many_rows", limit=MOST_ROWS)
            yield number, cells if isinstance(cells, Bad) else aligned(cells, layout, len(names))

    return Table(
        format="tsv" if separator == "\t" else "csv",
        encoding=encoding,
        header_row=header + 1,
        present={column for column, place in zip(headings.columns, layout, strict=True) if place >= 0},
        rows=rows,
        unknown=unknown,
        expected=max(data.count(b"\n") - header - 1, 0),
    )


def _lines(data: bytes, encoding: str) -> Iterator[str]:
    text = io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")
    number = 0
    while line := text.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise UnreadableFile("file.line_too_long", line=number, limit=LONGEST_LINE)
        yield line


def _rows(data: bytes, encoding: str, separator: str) -> Iterator[list[str] | Bad]:
    """Every row of the file, blank ones too, so that counting them gives the spreadsheet's own numbers."""
    reader = csv.reader(_lines(data, encoding), delimiter=separator, strict=True)
    number = 0
    while True:
        number += 1
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            if "end of data" in str(exc) or "field limit" in str(exc):
                raise UnreadableFile("file.quotes", row=number) from exc
            yield Bad("row.quotes")
