"""A market's context, and files as people send them, built here."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from scheduler.intake import IntakeContext, OrdersFile, read_orders

TZ = ZoneInfo("Asia/Bangkok")

GOOD = {
    "order_id": "SR-0001",
    "service_date": "2026-11-24",
    "seller_id": "S03",
    "buyer_name": "คุณสมมติ",
    "buyer_phone": "0800000001",
    "address_text": "116/24 หมู่ 3",
    "lat": "9.146078",
    "lon": "99.325667",
    "window_from": "11:00",
    "window_to": "13:00",
    "items": "ขนมชั้น x1",
    "weight_kg": "1",
    "cod_amount_thb": "240",
}


@pytest.fixture
def context() -> IntakeContext:
    return IntakeContext(
        now=dt.datetime(2026, 11, 23, 12, 0, tzinfo=TZ),
        time_zone=TZ,
        reference=(99.3257, 9.1463),
        tambons={"ตลาด": "840101", "840101": "840101", "840102": "840102", "840103": "840103", "840110": "840110"},
        vehicles={"motorcycle": "motorcycle", "saleng": "saleng", "pickup": "pickup"},
        known_zones=frozenset({"talat", "bangkung", "khlong_chanak"}),
    )


@pytest.fixture
def good() -> dict[str, Any]:
    """One order without a fault; a test spoils one cell of it."""
    return dict(GOOD)


@pytest.fixture
def read(context: IntakeContext) -> Callable[..., OrdersFile]:
    """Read orders from text, bytes, or dicts that become a CSV file."""

    def take(source: str | bytes | Sequence[dict[str, Any]], **changed: Any) -> OrdersFile:
        if isinstance(source, str):
            source = source.encode()
        elif not isinstance(source, bytes):
            source = _csv(source).encode()
        used = IntakeContext(**{name: getattr(context, name) for name in IntakeContext.__dataclass_fields__} | changed)
        return read_orders(source, name="orders.csv", context=used)

    return take


def _csv(rows: Sequence[dict[str, Any]]) -> str:
    import csv

    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@pytest.fixture
def workbook() -> Callable[..., bytes]:
    """An XLSX file of the given rows; `sheets` adds more by name."""

    def build(rows: Sequence[Sequence[Any]], sheets: dict[str, Sequence[Sequence[Any]]] | None = None) -> bytes:
        book = openpyxl.Workbook()
        assert book.active is not None
        for row in rows:
            book.active.append(list(row))
        for name, others in (sheets or {}).items():
            sheet = book.create_sheet(name)
            for row in others:
                sheet.append(list(row))
        file = io.BytesIO()
        book.save(file)
        return file.getvalue()

    return build
