"""XLSX files, also those made to do harm."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from scheduler.intake import OrdersFile, UnreadableFile

Read = Callable[..., OrdersFile]
Build = Callable[..., bytes]

HEAD = ["เลขที่ออเดอร์", "วันที่ส่ง", "ร้าน", "เบอร์โทร", "ที่อยู่", "ละติจูด", "ลองจิจูด", "ตั้งแต่เวลา", "ถึงเวลา", "น้ำหนัก"]
DAY = dt.date(2026, 11, 24)


def row(number: int, **changed: Any) -> list[Any]:
    cells = {"id": number, "day": DAY, "seller": "S03", "phone": 812345678, "address": "12 หมู่ 3", "lat": 9.1463,
             "lon": 99.3257, "from": dt.time(11), "to": dt.time(13), "kg": 1.5}  # fmt: skip
    return list((cells | changed).values())


def repack(data: bytes, **parts: bytes) -> bytes:
    """The same workbook with some of its parts replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, parts.pop(name, old.read(name)))
        for name, content in parts.items():
            new.writestr(name, content)
    return out.getvalue()


def code_of(read: Read, data: bytes) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(data)
    return caught.value.code


def test_real_cells(read: Read, workbook: Build) -> None:
    """Dates, times, numbers and a phone without its zero come as a spreadsheet keeps them."""
    taken = read(workbook([["ออเดอร์วันนี้"], [], HEAD, row(1), [], row(2, phone="08x1"), ["รวม", *[None] * 8, 3.0]]))
    assert (taken.format, taken.rows, taken.rejected) == ("xlsx", 2, 1)
    assert taken.row_numbers == {"1": {"S03": 4}}
    assert [(told.row, told.order_id, told.code) for told in taken.errors] == [(6, "2", "phone.invalid")]
    order = taken.orders[0]
    assert (order.buyer.phone, order.service_date, order.pickups[0].weight_g) == ("0812345678", DAY, 1500)
    assert order.window_to is not None
    assert order.window_to.isoformat() == "2026-11-24T13:00:00+07:00"


def test_table_that_begins_elsewhere(read: Read, workbook: Build) -> None:
    """Rows and columns left empty at the start do not shift the numbers."""
    taken = read(workbook([[], [], [None, None, *HEAD], [None, None, *row(1)]]))
    assert taken.row_numbers == {"1": {"S03": 4}}


def test_swapped_spreadsheet_dates(read: Read, workbook: Build) -> None:
    """Where the spreadsheet left 24/11/2026 as text, the dates it did take are likely month first: refused."""
    taken = read(workbook([HEAD, row(1, day=dt.date(2026, 12, 11)), row(2, day="24/11/2026")]))
    assert [(told.row, told.code) for told in taken.errors] == [(2, "date.ambiguous")]


def test_the_first_sheet_with_headings(read: Read, workbook: Build) -> None:
    """A cover sheet is passed over; a second table is said to be left out."""
    taken = read(workbook([["สวัสดี"]], {"วันนี้": [HEAD, row(1)], "เมื่อวาน": [HEAD, row(2)]}))
    assert [order.order_id for order in taken.orders] == ["1"]
    assert [(told.code, told.value) for told in taken.warnings] == [("sheet.ignored", "เมื่อวาน")]


def test_an_id_that_became_a_date(read: Read, workbook: Build) -> None:
    """A spreadsheet that made a date of an id has lost the id."""
    taken = read(workbook([HEAD, row(1, id=dt.date(2026, 1, 2))]))
    assert [told.code for told in taken.errors] == ["id.date"]


def test_no_table(read: Read, workbook: Build) -> None:
    """A workbook without headings, and a zip that is no workbook."""
    assert code_of(read, workbook([["a"], ["b"]])) == "file.no_header"
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("content.xml", "<x/>")
    assert code_of(read, other.getvalue()) == "file.format"


def test_zip_bomb(read: Read, workbook: Build) -> None:
    """Zeros that unpack a thousandfold are not unpacked to the end."""
    assert code_of(read, repack(workbook([HEAD, row(1)]), **{"xl/media/big.xml": bytes(64 * 2**20)})) == "file.zip_bomb"


def test_zip_that_lies_about_its_size(read: Read, workbook: Build) -> None:
    """What really comes out is counted, whatever the directory says."""
    data = bytearray(repack(workbook([HEAD, row(1)]), **{"xl/media/big.xml": bytes(64 * 2**20)}))
    size = (64 * 2**20).to_bytes(4, "little")
    while (at := data.find(size)) >= 0:
        data[at : at + 4] = (100).to_bytes(4, "little")
    assert code_of(read, bytes(data)) in {"file.zip_bomb", "file.workbook"}


def test_entities(read: Read, workbook: Build) -> None:
    """A workbook that declares entities is refused before any parser sees it."""
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><sst>&b;</sst>'
    assert code_of(read, repack(workbook([HEAD, row(1)]), **{"xl/sharedStrings.xml": bomb})) == "file.xml_entities"


def test_far_cell(read: Read, workbook: Build) -> None:
    """One cell in the last corner would make a block of billions of cells."""
    rows = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    sheet = b"<worksheet><sheetData>" + rows + b"</sheetData></worksheet>"
    assert code_of(read, repack(workbook([HEAD]), **{"xl/worksheets/sheet1.xml": sheet})) == "file.zip_bomb"


def test_one_long_string_in_many_cells(read: Read, workbook: Build) -> None:
    """A shared string shown by many cells counts once for each of them."""
    text = b"<sst><si><t>" + b"x" * 30_000 + b"</t></si></sst>"
    cells = b"".join(b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (n, n) for n in range(1, 20_000))
    sheet = b"<worksheet><sheetData>" + cells + b"</sheetData></worksheet>"
    data = repack(workbook([HEAD]), **{"xl/worksheets/sheet1.xml": sheet, "xl/sharedStrings.xml": text})
    assert code_of(read, data) == "file.zip_bomb"


def test_shared_strings(read: Read, workbook: Build) -> None:
    """Texts kept once for the whole workbook, as Excel keeps them, are the same cells."""
    texts = [
        "order_id",
        "service_date",
        "seller_id",
        "buyer_phone",
        "address_text",
        "A1",
        "2026-11-24",
        "S03",
        "0812345678",
    ]
    strings = "".join(f"<si><t>{text}</t></si>" for text in [*texts, "12 หมู่ 3"])
    lines = [
        f'<row r="{line}">'
        + "".join(f'<c r="{letter}{line}" t="s"><v>{at}</v></c>' for at, letter in enumerate("ABCDE", first))
        + "</row>"
        for line, first in ((1, 0), (2, 5))
    ]
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    sheet = f'<worksheet xmlns="{main}"><sheetData>' + "".join(lines) + "</sheetData></worksheet>"
    plain = workbook([["x"]])
    with zipfile.ZipFile(io.BytesIO(plain)) as archive:
        relations = archive.read("xl/_rels/workbook.xml.rels").decode()
    link = f'<Relationship Id="rId9" Type="{office}" Target="sharedStrings.xml"/></Relationships>'
    data = repack(
        plain,
        **{
            "xl/worksheets/sheet1.xml": sheet.encode(),
            "xl/sharedStrings.xml": f'<sst xmlns="{main}">{strings}</sst>'.encode(),
            "xl/_rels/workbook.xml.rels": relations.replace("</Relationships>", link).encode(),
        },
    )
    order = read(data).orders[0]
    assert (order.order_id, order.address_text, order.buyer.phone) == ("A1", "12 หมู่ 3", "0812345678")


def test_encrypted_part(read: Read, workbook: Build) -> None:
    """A zip with a password is refused as such."""
    data = bytearray(workbook([HEAD, row(1)]))
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        data[at + 8] |= 1
        at = data.find(b"PK\x01\x02", at + 4)
    assert code_of(read, bytes(data)) == "file.encrypted"


def test_damaged(read: Read, workbook: Build) -> None:
    """Cut, overwritten or half-empty workbooks are refused, never a crash."""
    data = workbook([HEAD, *[row(number) for number in range(1, 40)]])
    for broken in (data[:-40], data[: len(data) // 2], data[:200] + bytes(50) + data[250:]):
        assert code_of(read, broken) == "file.workbook"
    assert code_of(read, repack(data, **{"xl/workbook.xml": b"<workbook"})) in {"file.workbook", "file.no_header"}
