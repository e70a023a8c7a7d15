"""Files of orders that a place is expected to bring: which zone or tambon, how many a week, where else. Pure.

Columns ``zone`` (a zone's id or a tambon's code), ``orders`` (a week) and, for a place that no zone serves yet,
``lat``, ``lon`` and ``radius_m``. Knows no config: what the places mean is its reader's to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from scheduler.intake.files import open_table
from scheduler.intake.headings import Headings, bare, missing
from scheduler.intake.pins import Pin, pin_at
from scheduler.intake.places import read_coordinate
from scheduler.intake.problems import Bad, Noted, RowProblem, problem
from scheduler.intake.rows import Cursor
from scheduler.intake.values import is_blank, number_reader, read_id
from storage.records import Location

_NAMES = {
    "zone": ("โซน", "รหัสโซน", "ตำบล", "รหัสตำบล", "tambon", "tambon code", "zone id"),
    "orders": ("ออเดอร์", "ออเดอร์ต่อสัปดาห์", "จำนวนออเดอร์", "orders a week", "orders per week", "weekly orders"),
    "lat": ("ละติจูด", "ละติจุด", "latitude"),
    "lon": ("ลองจิจูด", "ลองติจูด", "longitude", "lng", "long"),
    "radius_m": ("รัศมี", "รัศมีเมตร", "radius", "radius metres"),
}
EXPECTED = Headings(
    columns=tuple(_NAMES),
    names={bare(name): column for column, others in _NAMES.items() for name in (column, *others)},
    key="expected",
    example="zone, orders",
)
REQUIRED = (("zone",), ("orders",))
MOST_ORDERS, MOST_METRES = 2_000, 20_000
_ORDERS = {unit: Decimal(1) for unit in ("orders", "order", "ออเดอร์", "ครั้ง", "บิล")}
_METRES = {"m": Decimal(1), "ม": Decimal(1), "เมตร": Decimal(1), "km": Decimal(1000), "กม": Decimal(1000)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedRow:
    """One place: its zone or tambon as written, orders a week, and where it is, if that was written."""

    row: int
    zone: str
    orders: int
    location: Location | None
    radius_m: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedFile:
    rows: tuple[ExpectedRow, ...]
    errors: tuple[RowProblem, ...]


def read_expected(source: Path | bytes) -> ExpectedFile:
    """Every place of a CSV, TSV, XLSX or JSON file. Raises `UnreadableFile` where no row can be trusted."""
    table = open_table(source, EXPECTED)
    cursor = Cursor(
        EXPECTED.columns,
        (
            read_id,
            number_reader(_ORDERS, scale=1, largest=MOST_ORDERS, exact=True),
            read_coordinate,
            read_coordinate,
            number_reader(_METRES, scale=1, largest=MOST_METRES),
        ),
    )
    if table.fixed_columns:
        missing(EXPECTED, REQUIRED, table.present, table.unknown)
    found: list[ExpectedRow] = []
    errors: list[RowProblem] = []
    for number, cells in table.rows():
        if isinstance(cells, Bad):
            errors.append(problem(number, cells.code, detail=cells.detail))
            continue
        if all(is_blank(cell) for cell in cells):
            continue
        values, bad, _ = cursor.read(cells)
        (zone, orders, lat, lon, radius), written = values, dict(zip(EXPECTED.columns, cells, strict=True))
        location = _place(lat, lon) if not {column for column, _ in bad} & {"lat", "lon"} else None
        if isinstance(location, Bad):
            bad.append(("lat", location))
        named = {column for column, _ in bad}
        lacking = [c for c, value in (("zone", zone), ("orders", orders)) if value is None and c not in named]
        errors += [problem(number, b.code, column=c, value=written[c], detail=b.detail) for c, b in bad]
        errors += [problem(number, "required.missing", column=c, detail={"columns": c}) for c in lacking]
        if not bad and not lacking and not isinstance(location, Bad):
            found.append(ExpectedRow(row=number, zone=zone, orders=orders, location=location, radius_m=radius))
    return ExpectedFile(rows=tuple(found), errors=tuple(errors))


def _place(lat: object, lon: object) -> Location | Bad | None:
    if lat is None and lon is None:
        return None
    if not isinstance(lat, float) or not isinstance(lon, float):
        return Bad("expected.place")
    pin = pin_at(lat, lon, "file")
    if isinstance(pin, Noted):
        pin = pin.value
    return pin.location if isinstance(pin, Pin) else Bad("expected.place")
