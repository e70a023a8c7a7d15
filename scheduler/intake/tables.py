"""What every reader of files gives: a `Table`, whose rows carry their spreadsheet number and can be read again.

Knows headings and how they are found; nothing of what the columns mean, nor of kinds of files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from scheduler.intake.headings import Headings
from scheduler.intake.problems import Bad

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
