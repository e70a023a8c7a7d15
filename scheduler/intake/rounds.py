"""Files of legs that were really driven: which vehicle, from where to where, in how many minutes. Pure.

Columns ``vehicle``, ``from``, ``to``, ``minutes`` and, where the rider counted them, ``km``. Places are written in any
form that a pin may have. A row that cannot be read is named and left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from scheduler.intake.context import IntakeContext
from scheduler.intake.files import open_table
from scheduler.intake.headings import Headings, bare, missing
from scheduler.intake.pins import Pin, find_pin
from scheduler.intake.problems import Bad, Noted, RowProblem, problem
from scheduler.intake.rows import Cursor
from scheduler.intake.values import number_reader, plain
from storage.records import Location

_NAMES = {
    "vehicle": ("พาหนะ", "รถ", "vehicle kind"),
    "from": ("จาก", "ต้นทาง", "origin"),
    "to": ("ถึง", "ไป", "ปลายทาง", "destination"),
    "minutes": ("นาที", "เวลา", "min"),
    "km": ("กม.", "กิโลเมตร", "ระยะทาง", "kilometres"),
}
ROUNDS = Headings(
    columns=tuple(_NAMES),
    names={bare(name): column for column, others in _NAMES.items() for name in (column, *others)},
    key="legs",
    example="vehicle, from, to, minutes",
)
REQUIRED = (("vehicle",), ("from",), ("to",), ("minutes",))
_MINUTES = {unit: Decimal(1) for unit in ("min", "minutes", "นาที", "น")}
_KM = {unit: Decimal(1) for unit in ("km", "กม", "กิโลเมตร")}
MOST_MINUTES, MOST_KM = 600, 500


@dataclass(frozen=True, slots=True, kw_only=True)
class DrivenLeg:
    """One leg as it was driven: the kind of vehicle by its id, ``(lon, lat)`` places, seconds, metres if counted."""

    vehicle: str
    origin: Location
    destination: Location
    seconds: int
    metres: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundsFile:
    rows: int
    legs: tuple[DrivenLeg, ...]
    errors: tuple[RowProblem, ...]


def read_rounds(source: Path | bytes, context: IntakeContext) -> RoundsFile:
    """Every leg of a CSV, TSV, XLSX or JSON file. Raises `UnreadableFile` where no row can be trusted."""
    table = open_table(source, ROUNDS)
    kinds = {word.casefold(): id for word, id in context.vehicles.items()}

    def vehicle(raw: object) -> object:
        text = plain(raw)
        known = kinds.get(text.casefold()) if isinstance(text, str) else None
        return known or Bad("vehicle.unknown", {"choices": ", ".join(sorted(set(kinds.values())))})

    def place(raw: object) -> object:
        text = plain(raw)
        found = find_pin(text, context.reference, alone=True) if isinstance(text, str) else text
        if isinstance(found, Noted):
            found = found.value
        return found.location if isinstance(found, Pin) else Bad("pin.unreadable")

    seconds = number_reader(_MINUTES, scale=60, largest=MOST_MINUTES)
    metres = number_reader(_KM, scale=1000, largest=MOST_KM)
    cursor = Cursor(ROUNDS.columns, (vehicle, place, place, seconds, metres))
    legs: list[DrivenLeg] = []
    errors: list[RowProblem] = []
    rows = 0
    checked = False
    for number, cells in table.rows():
        if not checked:
            missing(ROUNDS, REQUIRED, table.present, table.unknown)
            checked = True
        rows += 1
        if isinstance(cells, Bad):
            errors.append(problem(number, cells.code, detail=cells.detail))
            continue
        values, bad, _ = cursor.read(cells)
        written = dict(zip(ROUNDS.columns, cells, strict=True))
        errors += [problem(number, b.code, column=c, value=written[c], detail=b.detail) for c, b in bad]
        lacking = [c for c, value in zip(ROUNDS.columns[:4], values, strict=False) if value is None]
        named = {c for c, _ in bad}
        errors += [
            problem(number, "required.missing", column=c, detail={"columns": c}) for c in lacking if c not in named
        ]
        if not bad and not lacking:
            kind, origin, destination, took, counted = values
            legs.append(DrivenLeg(vehicle=kind, origin=origin, destination=destination, seconds=took, metres=counted))
    if not checked:
        missing(ROUNDS, REQUIRED, table.present, table.unknown)
    return RoundsFile(rows=rows, legs=tuple(legs), errors=tuple(errors))
