"""Rows of JSON files: a list of objects, one object holding the list, or an object a line. Knows no columns' meaning.

Objects are read one at a time, so that a large file costs its text and not a second copy of it. The n-th object has
the row number it would have in a spreadsheet under one heading row: n + 1.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from typing import Any

from scheduler.intake.headings import MOST_UNKNOWN, Headings
from scheduler.intake.problems import Bad, UnreadableFile
from scheduler.intake.tables import MOST_ROWS, Cells, Row, Table

_SPACE = re.compile(r"[ \t\r\n]*")


def read(data: bytes, encoding: str, headings: Headings) -> Table:
    """The table of a JSON text."""
    text = data.decode(encoding).lstrip("\ufeff")
    keyed = Keyed(headings)

    def rows() -> Iterator[Row]:
        for number, entry in enumerate(_entries(text, headings.key), start=2):
            if number > MOST_ROWS + 1:
                raise UnreadableFile("file.too_many_rows", limit=MOST_ROWS)
            yield number, keyed.cells(entry)

    return Table(
        format="json",
        encoding=encoding,
        header_row=1,
        present=set(headings.columns),
        rows=rows,
        unknown=keyed.unknown,
        expected=text.count("},") + 1,
        fixed_columns=False,
    )


class Doubled(dict[str, Any]):
    """An object that gives some names twice; it holds their last values, as JSON readers commonly do."""

    names: frozenset[str] = frozenset()


def read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """One object of a JSON text, for the decoder; `Doubled` where a name is given twice."""
    found = dict(pairs)
    return found if len(found) == len(pairs) else _doubled(found, [name for name, _ in pairs])


def _doubled(found: dict[str, Any], names: list[str]) -> Doubled:
    doubled = Doubled(found)
    doubled.names = frozenset(name for name, times in Counter(names).items() if times > 1)
    return doubled


class Keyed:
    """Turns objects into cells in the order of the columns; remembers each key it has seen and the unknown ones."""

    def __init__(self, headings: Headings) -> None:
        self._headings = headings
        self._place = {column: place for place, column in enumerate(headings.columns)}
        self._seen: dict[str, int] = {}
        self.unknown: list[str] = []

    def cells(self, entry: object) -> Cells | Bad:
        if not isinstance(entry, Mapping):
            return Bad("row.not_object")
        cells: list[object] = [None] * len(self._place)
        doubled = entry.names if isinstance(entry, Doubled) else ()
        for key, value in entry.items():
            place = self._seen.get(key)
            if place is None:
                place = self._find(key)
            if place < 0 or (value is None and key not in doubled):
                continue
            # Which of two values is meant, nobody can tell.
            if cells[place] is not None or value.__class__ is Doubled or key in doubled:
                return Bad("column.twice", column=self._headings.columns[place])
            cells[place] = value
        return cells

    def _find(self, key: object) -> int:
        column = self._headings.column(key)
        place = -1 if column is None else self._place[column]
        if isinstance(key, str) and len(self._seen) < 10_000:
            self._seen[key] = place
            if place < 0 and len(self.unknown) < MOST_UNKNOWN:
                self.unknown.append(key)
        return place


def _entries(text: str, key: str) -> Iterator[Any]:
    """The objects of a document, one after the other."""
    scanner = _Scanner(text, key)
    at = scanner.space(0)
    if text.startswith("[", at):
        at = yield from scanner.items(at)
        scanner.must_end(at)
        return
    first, at, found = yield from scanner.document(at)
    if found:
        scanner.must_end(at)
        return
    yield first
    while at < len(text):
        # One object a line.
        entry, at = scanner.value(at)
        yield entry
        at = scanner.space(at)


class _Scanner:
    """A cursor over JSON text, on the standard library's own decoder."""

    def __init__(self, text: str, key: str) -> None:
        self._text, self._key = text, key
        self._decode = json.JSONDecoder(object_pairs_hook=read_object).raw_decode

    def space(self, at: int) -> int:
        match = _SPACE.match(self._text, at)
        return match.end() if match else at

    def value(self, at: int) -> tuple[Any, int]:
        try:
            return self._decode(self._text, at)
        except json.JSONDecodeError as exc:
            raise self.broken(exc.pos, exc.msg) from None
        except RecursionError:
            raise self.broken(at, "nested too deeply") from None
        except ValueError:
            raise self.broken(at, "a number is too long") from None

    def items(self, at: int) -> Generator[Any, None, int]:
        """The entries of the list that begins at `at`; returns where it ends."""
        at = self.space(at + 1)
        if self._text.startswith("]", at):
            return at + 1
        while True:
            entry, at = self.value(at)
            yield entry
            at = self.space(at)
            if self._text.startswith("]", at):
                return at + 1
            if not self._text.startswith(",", at):
                raise self.broken(at, "a comma or ] is missing")
            at = self.space(at + 1)

    def document(self, at: int) -> Generator[Any, None, tuple[dict[str, Any], int, bool]]:
        """The object at `at`, yielding the entries of its list if it holds one; returns (object, end, held one)."""
        whole: dict[str, Any] = {}
        names: list[str] = []
        found = False
        at = self.space(at + 1)
        while not self._text.startswith("}", at):
            name, at = self.value(at)
            at = self.space(at)
            if not isinstance(name, str) or not self._text.startswith(":", at):
                raise self.broken(at, "a name and a colon are missing")
            if name == self._key and (found or name in whole):
                raise self.broken(at, f"{name} is given twice")
            at = self.space(at + 1)
            names.append(name)
            if name == self._key and self._text.startswith("[", at):
                found = True
                at = yield from self.items(at)
            else:
                whole[name], at = self.value(at)
            at = self.space(at)
            if self._text.startswith(",", at):
                at = self.space(at + 1)
                if self._text.startswith("}", at):
                    raise self.broken(at, "a name is missing after the comma")
            elif not self._text.startswith("}", at):
                raise self.broken(at, "a comma or } is missing")
        return whole if len(set(names)) == len(names) else _doubled(whole, names), self.space(at + 1), found

    def must_end(self, at: int) -> None:
        if self.space(at) < len(self._text):
            raise self.broken(at, "more text after the end")

    def broken(self, at: int, why: str) -> UnreadableFile:
        return UnreadableFile("file.json", at=at + 1, why=why, key=self._key)
