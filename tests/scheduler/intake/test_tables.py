"""Files as they come: separators, encodings, titles above the headings, numbers beside the rows, refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scheduler.intake import IntakeContext, OrdersFile, UnreadableFile, read_orders

Read = Callable[..., OrdersFile]

THAI = (
    "เลขที่ออเดอร์,วันที่ส่ง,รหัสผู้ขาย,ชื่อผู้ซื้อ,เบอร์โทร,ที่อยู่จัดส่ง,พิกัด,ช่วงเวลา,รายการสินค้า,น้ำหนัก (กก.),เก็บเงินปลายทาง\r\n"
    'ก-1,24/11/2569,S03,คุณเอ,081-234-5678,12 หมู่ 3,"9.1463,99.3257",11.00-13.00 น.,ไข่ x10,2 กก.,"1,240"\r\n'
)


def refused(read: Read, source: Any) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(source)
    told = caught.value
    assert set(told.message) == set(told.hint) == {"th", "en"}
    assert all(told.message.values())
    assert all(told.hint.values())
    return told.code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp874"])
def test_encodings(read: Read, encoding: str) -> None:
    """A sheet with Thai headings is the same order in every encoding that spreadsheets write."""
    taken = read(THAI.encode(encoding))
    assert taken.encoding == encoding
    assert (taken.rows, taken.rejected, taken.errors) == (1, 0, [])
    order = taken.orders[0]
    assert (order.order_id, order.service_date.isoformat(), order.buyer.name) == ("ก-1", "2026-11-24", "คุณเอ")
    assert order.location == (99.3257, 9.1463)
    assert order.window_from is not None
    assert order.window_from.isoformat() == "2026-11-24T11:00:00+07:00"
    assert (order.pickups[0].weight_g, order.cod_satang) == (2000, 124_000)


@pytest.mark.parametrize(
    "data",
    [
        THAI.encode("utf-8")[:150] + b"\xe0\xb8" + THAI.encode("utf-8")[150:],
        "order_id,name\r\n1,café Müller\r\n".encode("latin-1"),
        "order_id,name\r\n1,日本語の文字列\r\n".encode("shift_jis"),
        "order_id,name\r\n1,送货地址很长\r\n".encode("gbk"),
        b"\xff\xfeo\x00r",
        b"\xff\xfe\x00\x00o\x00\x00\x00",
    ],
)
def test_unknown_encodings(read: Read, data: bytes) -> None:
    """Characters that cannot be told for sure are refused, never turned into wrong Thai."""
    assert refused(read, data) in {"file.encoding", "file.nul", "file.no_header"}


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators(read: Read, separator: str) -> None:
    """The separator is the one under which the headings are known."""
    head = separator.join(["order_id", "service_date", "seller_id", "buyer_phone", "address_text", "items"])
    row = separator.join(["1", "2026-11-24", "S1", "0812345678", "บ้าน", '"ไข่ x1; ผัก x2"'])
    taken = read(f"{head}\n{row}\n")
    assert taken.format == ("tsv" if separator == "\t" else "csv")
    assert taken.orders[0].pickups[0].items == "ไข่ x1; ผัก x2"


def test_titles_blanks_totals_and_repeated_headings(read: Read) -> None:
    """Only orders are rows; a row's number is the one beside it in the spreadsheet, quoted line breaks and all."""
    head = "order_id,service_date,seller_id,buyer_phone,address_text,weight_kg,cod_amount_thb"
    taken = read(
        "ตลาดสิริสุข\nออเดอร์วันอังคาร,,,,,,\n\n"
        f"{head}\n"
        '1,2026-11-24,S1,0812345678,"บ้าน\nสีฟ้า",2,100\n'
        ",,,,,,\n"
        f"{head}\n"
        "2,2026-11-24,S1,08x1,บ้าน,3,50\n"
        "รวม,,,,,5,150\n"
        ",,,,รวมทั้งหมด,5,150\n"
        ",,,,,5,150\n"
    )
    assert (taken.rows, len(taken.orders), taken.rejected) == (2, 1, 1)
    assert taken.row_numbers == {"1": {"S1": 5}}
    assert [(told.row, told.column, told.code) for told in taken.errors] == [(8, "buyer_phone", "phone.invalid")]
    assert taken.orders[0].address_text == "บ้าน\nสีฟ้า"


def test_heading_on_the_first_line_is_row_1(read: Read, good: dict[str, Any]) -> None:
    """Without a title the first order stands in row 2."""
    assert read([good]).row_numbers == {"SR-0001": {"S03": 2}}


def test_missing_columns_name_the_near_misses(read: Read) -> None:
    """A required column that is missing is named, with the heading that looks like it."""
    with pytest.raises(UnreadableFile) as caught:
        read("order_id,servce_date,seller_id,buyer_phone,address_text\n1,2026-11-24,S1,0812345678,x\n")
    assert caught.value.code == "columns.missing"
    assert "service_date" in caught.value.message["en"]
    assert "servce_date" in caught.value.hint["en"]
    assert refused(read, "order_id,service_date,seller_id,address_text\n") == "columns.missing"


def test_two_headings_for_one_column(read: Read) -> None:
    """Two columns that mean the same are refused: nobody can tell which counts."""
    source = "order_id,service_date,seller_id,buyer_phone,เบอร์โทร,address_text\n"
    assert refused(read, source) == "columns.twice"


def test_unknown_columns_are_said(read: Read, good: dict[str, Any]) -> None:
    """An unknown column is a warning with the nearest known one, not a refusal."""
    taken = read([{**good, "สีที่ชอบ": "ฟ้า", "needs_help_at_dor": "yes"}])
    assert taken.rejected == 0
    told = {warning.value: warning for warning in taken.warnings}
    assert set(told) == {"สีที่ชอบ", "needs_help_at_dor"}
    assert "needs_help_at_door" in told["needs_help_at_dor"].hint["en"]


def test_a_row_that_is_too_wide(read: Read) -> None:
    """A stray separator would shift every cell after it, so such a row is refused; empty extra cells are not."""
    head = "order_id,service_date,seller_id,buyer_phone,address_text\n"
    taken = read(head + "1,2026-11-24,S1,0812345678,บ้าน 5, ซอย 3\n2,2026-11-24,S1,0812345678,บ้าน,,\n")
    assert [(told.row, told.code) for told in taken.errors] == [(2, "row.too_wide")]
    assert (taken.rows, taken.rejected, len(taken.orders)) == (2, 1, 1)


def test_quotation_marks(read: Read) -> None:
    """A wrong quote costs its own row; one that is never closed would swallow the rest, so the file is refused."""
    head = "order_id,service_date,seller_id,buyer_phone,address_text\n"
    taken = read(head + '1,2026-11-24,S1,0812345678,"บ้าน" เล็ก\n2,2026-11-24,S1,0812345678,ท่อ 1" ยาว\n')
    assert [(told.row, told.code) for told in taken.errors] == [(2, "row.quotes")]
    assert taken.orders[0].address_text == 'ท่อ 1" ยาว'
    assert refused(read, head + '1,2026-11-24,S1,0812345678,"บ้าน\n2,2026-11-24,S1,0812345678,x\n') == "file.quotes"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file.empty"),
        (b"\xef\xbb\xbf \r\n", "file.empty"),
        (b"%PDF-1.7 ...", "file.format"),
        (b"\x89PNG\r\n", "file.format"),
        (b"<html><table>", "file.format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "file.format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "file.encrypted"),
        (b"order_id,x\n1,\x00\n", "file.nul"),
        (b"hello\nworld\n", "file.no_header"),
        (b"a,b\n" + b"x" * 5_000_000, "file.line_too_long"),
        (b"a,b\n" + b"x," * 2_500_000, "file.line_too_long"),
        (b"PK\x03\x04 not a zip", "file.workbook"),
    ],
)
def test_refusals(read: Read, data: bytes, code: str) -> None:
    """What is no table is refused with a code, in words, and nothing of it is taken."""
    assert refused(read, data) == code


def test_absent_file(context: IntakeContext, tmp_path: Path) -> None:
    """A file that is not there, or a folder, is refused like any other unreadable file."""
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(UnreadableFile) as caught:
            read_orders(path, name="x", context=context)
        assert caught.value.code == "file.unreadable"
        assert caught.value.as_json("x")["path"] == "x"


# --- JSON ---------------------------------------------------------------------------------------------------------


def test_json_shapes(read: Read, good: dict[str, Any]) -> None:
    """A list, an object holding the list, one object, and an object a line are the same orders."""
    other = {**good, "order_id": "SR-0002"}
    several = [
        json.dumps([good, other]),
        json.dumps({"schema": "x", "orders": [good, other], "more": {"a": [1]}}, ensure_ascii=False),
        json.dumps(good) + "\n" + json.dumps(other) + "\n",
    ]
    for text in several:
        taken = read(text)
        assert [order.order_id for order in taken.orders] == ["SR-0001", "SR-0002"]
        assert taken.row_numbers == {"SR-0001": {"S03": 2}, "SR-0002": {"S03": 3}}
        assert taken.format == "json"
    assert len(read(json.dumps(good)).orders) == 1
    assert read("[]").rows == read('{"orders": []}').rows == 0


def test_json_is_the_same_order_as_csv(read: Read, good: dict[str, Any]) -> None:
    """Numbers and booleans in JSON mean what text means in a sheet."""
    typed = {**good, "lat": 9.146078, "lon": 99.325667, "weight_kg": 1, "cod_amount_thb": 240.0, "window_from": None}
    typed |= {"window_to": None, "window": ["11:00", "13:00"], "needs_help_at_door": False}
    assert read(json.dumps([typed])).orders == read([good]).orders


@pytest.mark.parametrize(
    "text",
    [
        "[",
        "{",
        "[{}",
        '{"orders": [}',
        '{"orders": [{}] x',
        "[{},]",
        "[1 2]",
        "[{}] []",
        '{"a": 1,}',
        '{"a" 1}',
        "{1: 2}",
        "[" * 100_000,
        '{"a":' * 100_000,
        '[{"order_id": 1' + "0" * 5_000 + "}]",
    ],
)
def test_broken_json(read: Read, text: str) -> None:
    """Broken, bottomless or boundless JSON is refused, naming where."""
    assert refused(read, text) == "file.json"


def test_weird_entries(read: Read) -> None:
    """Entries that are no objects, and values of any type, are problems of their own row."""
    taken = read(
        '[1, null, [], "x", {}, {"order_id": {"a": 1}, "service_date": [], "seller_id": true, "lat": {}, "pin": 5}]'
    )
    assert (taken.rows, taken.rejected, taken.orders) == (6, 6, [])
    assert [told.code for told in taken.errors[:4]] == ["row.not_object"] * 4
    assert {told.column for told in taken.errors if told.row == 6} >= {"order_id", "service_date", "seller_id"}


ROW = '"service_date":"2026-11-24","seller_id":"S03","buyer_phone":"0800000001","address_text":"116/24 หมู่ 3"'


@pytest.mark.parametrize(
    "text",
    ['[{"order_id":"Z-1","order_id":"Z-2",ROW}]', '{"orders":[{"order_id":"Z-1",ROW,"order_id":"Z-1"}]}',
     '{"order_id":"Z-1","order_id":"Z-2",ROW}', '{"order_id":"Z-1",ROW}\n{"order_id":"Z-1","order_id":"Z-2",ROW}'],
    ids=["list", "document", "alone", "lines"],
)  # fmt: skip
def test_one_name_twice_in_an_object(read: Read, text: str) -> None:
    """An object that gives one name twice is refused, the others are kept: nobody knows which of the two is meant."""
    taken = read(text.replace("ROW", ROW))
    assert [(told.code, told.column) for told in taken.errors] == [("column.twice", "order_id")]
    assert len(taken.orders) == text.count("\n")


def test_one_name_twice_inside_a_value(read: Read, good: dict[str, Any]) -> None:
    """A place that gives its latitude twice is two values for the pin; a name nobody reads may stand twice."""
    row = json.dumps(good | {"lat": None, "lon": None, "order_id": "1"})[:-1]
    taken = read(f'[{row}, "location": {{"lat": 9.1, "lat": 9.2, "lon": 99.3}}}}, {row}, "foo": 1, "foo": 2}}]')
    assert [(told.row, told.code, told.column) for told in taken.errors] == [(2, "column.twice", "pin")]
    assert (len(taken.orders), [told.code for told in taken.warnings]) == (1, ["column.unknown"])


@pytest.mark.parametrize("text", ['{"orders":[],"orders":[]}', '{"orders":5,"orders":[]}'])
def test_two_lists_in_a_document(read: Read, text: str) -> None:
    """A document with two lists of orders is refused at the second: nothing says that the first counts."""
    with pytest.raises(UnreadableFile, match=r"at character .*orders is given twice"):
        read(text)


def test_one_column_twice_in_an_object(read: Read, good: dict[str, Any]) -> None:
    """Two names for one column in one object refuse that row."""
    taken = read(json.dumps([{**good, "เบอร์โทร": "0899999999"}]))
    assert [(told.code, told.column) for told in taken.errors] == [("column.twice", "buyer_phone")]
