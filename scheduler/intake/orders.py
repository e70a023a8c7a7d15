"""Files and objects become orders, row by row. Pure: bytes in, values out; no database and no clock of its own.

A row that cannot be taken is reported with every problem it has and the others are kept. Blank rows, totals rows and
a repeated heading are no rows. ``rows == sum of the orders' pickups + repeated + rejected``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scheduler.intake.context import IntakeContext
from scheduler.intake.dates import NO_EVIDENCE
from scheduler.intake.files import open_table
from scheduler.intake.headings import ORDER_REQUIRED, ORDERS, missing
from scheduler.intake.json_rows import Keyed
from scheduler.intake.merge import Merger
from scheduler.intake.order_row import OrderReader
from scheduler.intake.problems import Bad, RowProblem, listed, problem
from scheduler.intake.rows import (
    Progress,
    evidence_of,
    file_warnings,
    is_no_row,
    ticking,
    unknown_columns,
)
from scheduler.intake.tables import Table
from storage.records import Order

_WORDS = [ORDERS.columns.index(name) for name in ("service_date", "seller_id", "buyer_phone", "address_text")]
_NUMBERS = [ORDERS.columns.index(name) for name in ("weight_kg", "volume_l", "cod_amount_thb", "order_total_thb")]
_SERVICE_DATE, _PLACED_AT = ORDERS.columns.index("service_date"), ORDERS.columns.index("placed_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersFile:
    """What a file gave. ``row_numbers``: order id -> seller id -> row; ``repeated``: rows that said nothing new."""

    name: str
    format: str
    encoding: str
    rows: int
    orders: list[Order]
    row_numbers: Mapping[str, Mapping[str, int]]
    repeated: int
    rejected: int
    errors: list[RowProblem]
    warnings: list[RowProblem]

    def row_of(self, order_id: str, seller_id: str) -> int:
        """Where a pickup stands in the file."""
        return self.row_numbers[order_id][seller_id]


def read_orders(
    source: Path | bytes, *, name: str, context: IntakeContext, on_progress: Progress | None = None
) -> OrdersFile:
    """The orders of a CSV, TSV, XLSX or JSON file; raises `UnreadableFile` where no row of it can be trusted."""
    table = open_table(source, ORDERS)
    if table.fixed_columns:
        missing(ORDERS, ORDER_REQUIRED, table.present, table.unknown)
    reader = OrderReader(context, evidence_of(table, _SERVICE_DATE), evidence_of(table, _PLACED_AT))
    return _collect(table, name, reader, on_progress)


def orders_from_objects(objects: Sequence[object], *, context: IntakeContext) -> OrdersFile:
    """The orders of parsed JSON objects, each under the columns' names; as `read_orders` of the same JSON."""
    keyed = Keyed(ORDERS)
    rows = [(number, keyed.cells(entry)) for number, entry in enumerate(objects, start=2)]
    table = Table(
        format="json",
        encoding="utf-8",
        header_row=1,
        present=set(ORDERS.columns),
        rows=lambda: iter(rows),
        unknown=keyed.unknown,
        expected=len(rows),
        fixed_columns=False,
    )
    reader = OrderReader(context, evidence_of(table, _SERVICE_DATE), evidence_of(table, _PLACED_AT))
    return _collect(table, "", reader, None)


def order_from_object(
    obj: Mapping[str, object], *, row: int, context: IntakeContext, warnings: list[RowProblem] | None = None
) -> Order | list[RowProblem]:
    """One order from one object, for a request or a form; every problem it has otherwise. `warnings` is added to."""
    keyed = Keyed(ORDERS)
    cells = keyed.cells(obj)
    if isinstance(cells, Bad):
        return [problem(row, cells.code, column=cells.column, detail=cells.detail)]
    reader = OrderReader(context, lambda: NO_EVIDENCE, lambda: NO_EVIDENCE)
    read = reader.read(row, cells)
    if warnings is not None:
        warnings += unknown_columns(keyed.unknown, row, ORDERS) + read.warnings
    return read.errors if read.order is None else read.order


def _collect(table: Table, name: str, reader: OrderReader, on_progress: Progress | None) -> OrdersFile:
    merger, total = Merger(), 0
    for row, cells in ticking(table.rows(), table.expected, on_progress):
        if isinstance(cells, Bad):
            total += 1
            merger.refuse(row, None, [problem(row, cells.code, column=cells.column, detail=cells.detail)])
            continue
        read = reader.read(row, cells)
        # What is no row never makes an order, so only a rejected row is looked at for it.
        if read.order is None and table.fixed_columns and is_no_row(cells, ORDERS, _WORDS, _NUMBERS):
            continue
        total += 1
        listed(merger.warnings, read.warnings)
        if read.order is None:
            merger.refuse(row, read.order_id, read.errors)
        else:
            merger.add(row, read.order)
    orders, row_numbers = merger.finish()
    return OrdersFile(
        name=name,
        format=table.format,
        encoding=table.encoding,
        rows=total,
        orders=orders,
        row_numbers=row_numbers,
        repeated=merger.repeated,
        rejected=merger.rejected,
        errors=sorted(merger.errors, key=lambda told: told.row),
        warnings=file_warnings(table, ORDERS) + sorted(merger.warnings, key=lambda told: told.row),
    )
