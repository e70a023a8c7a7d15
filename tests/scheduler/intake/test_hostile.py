"""Whatever is thrown at the intake, it answers with orders, problems or a refusal."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduler.intake import IntakeContext, OrdersFile, UnreadableFile, order_from_object, read_members, read_orders
from scheduler.intake.headings import ORDERS
from storage.records import Order

_FIXTURES_DO_NOT_CHANGE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
NASTY = st.sampled_from(
    [
        "",
        "-",
        "=1+1",
        "\x00",
        "\ud800",
        "\u202eabc",
        "9.14,99.33",
        "99.33,9.14",
        "0812345678",
        "24/11/2569",
        "11/24/2026",
        "รวม",
        "order_id",
        "1e999",
        "NaN",
        "๒๕๖๙",
        "x" * 3_000,
        "11.00-13.00 น.",
        "https://maps.app.goo.gl/x",
        "\r",
        '"',
        "'",
    ],
)
CELL = st.one_of(NASTY, st.text(max_size=40))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | CELL,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def answer(data: bytes, context: IntakeContext) -> OrdersFile | None:
    try:
        taken = read_orders(data, name="x", context=context)
    except UnreadableFile as refused:
        json.dumps(refused.as_json("x"), ensure_ascii=False).encode()
        return None
    assert taken.rows == sum(len(order.pickups) for order in taken.orders) + taken.repeated + taken.rejected
    for told in taken.errors + taken.warnings:
        json.dumps(told.as_json(), ensure_ascii=False).encode()
        assert len(told.value) <= 80
    return taken


@settings(max_examples=150, suppress_health_check=_FIXTURES_DO_NOT_CHANGE, deadline=None)
@given(data=st.binary(max_size=400))
def test_random_bytes(data: bytes, context: IntakeContext) -> None:
    """Random bytes, also behind the signs of a zip, of an encoding or of JSON, never raise anything else."""
    for start in (b"", b"PK\x03\x04", b"\xff\xfe", b"\xef\xbb\xbf", b"[", b'{"orders":[', b"order_id,service_date\n"):
        answer(start + data, context)


@settings(max_examples=120, suppress_health_check=_FIXTURES_DO_NOT_CHANGE, deadline=None)
@given(rows=st.lists(st.dictionaries(st.sampled_from(ORDERS.columns), CELL, max_size=12), max_size=4))
def test_random_cells(rows: list[dict[str, str]], context: IntakeContext) -> None:
    """Random cells under real headings give orders or problems, and every row is accounted for."""
    text = io.StringIO()
    writer = csv.DictWriter(text, ORDERS.columns)
    writer.writeheader()
    writer.writerows(rows)
    answer(text.getvalue().encode("utf-8", "surrogatepass"), context)


@settings(max_examples=150, suppress_health_check=_FIXTURES_DO_NOT_CHANGE, deadline=None)
@given(objects=st.lists(st.dictionaries(st.sampled_from(ORDERS.columns), JSON, max_size=8), max_size=3))
def test_random_json(objects: list[dict[str, Any]], context: IntakeContext) -> None:
    """Values of any type in an object are problems of that row, in a file and in a request alike."""
    answer(json.dumps(objects).encode(), context)
    for entry in objects:
        read = order_from_object(entry, row=1, context=context)
        assert isinstance(read, Order) or (read and all(told.code for told in read))


@settings(max_examples=60, suppress_health_check=_FIXTURES_DO_NOT_CHANGE, deadline=None)
@given(rows=st.lists(st.lists(CELL, min_size=8, max_size=8), max_size=3))
def test_random_members(rows: list[list[str]], context: IntakeContext) -> None:
    """The same holds for lists of people."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["rider_id", "vehicle", "phone", "capacity_kg", "shift_from", "home_lat", "home_lon", "skills"])
    writer.writerows(rows)
    try:
        taken = read_members(text.getvalue().encode("utf-8", "surrogatepass"), name="x", role=None, context=context)
    except UnreadableFile:
        return
    assert taken.rows == len(taken.members) + taken.repeated + taken.rejected
