"""Single cells: phones, numbers, ids, texts, words of a list."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.intake import values as v
from scheduler.intake.problems import Bad, Note, Noted

grams = v.number_reader(v.KILOGRAMS, scale=1000, largest=5_000)
satang = v.number_reader(v.BAHT, scale=100, largest=1_000_000, exact=True)
millilitres = v.number_reader(v.LITRES, scale=1000, largest=20_000)


@pytest.mark.parametrize(
    ("raw", "phone"),
    [
        ("0812345678", "0812345678"),
        ("812345678", "0812345678"),
        (812345678.0, "0812345678"),
        (812345678, "0812345678"),
        ("812345678.0", "0812345678"),
        ("+66 81-234-5678", "0812345678"),
        ("66812345678", "0812345678"),
        ("0066812345678", "0812345678"),
        ("+660812345678", "0812345678"),
        ("081-234-5678", "0812345678"),
        ("๐๘๑ ๒๓๔ ๕๖๗๘", "0812345678"),
        ("'0812345678", "0812345678"),
        ("077-123456", "077123456"),
        ("77123456", "077123456"),
        ("(081) 234.5678", "0812345678"),
    ],
)
def test_phones(raw: object, phone: str) -> None:
    """A phone number survives spreadsheets, country codes and punctuation."""
    assert v.read_phone(raw) == phone


@pytest.mark.parametrize(
    "raw",
    [
        "08x1",
        "08123",
        "0812345678 ต่อ 12",
        "0812345678, 0899999999",
        "1234567890",
        "+4412345678",
        "8.12E+08",
        True,
        [],
        "",
        1e300,
        "0000000000",
        12.5,
    ],
)
def test_no_phones(raw: object) -> None:
    """Half a number, two numbers and foreign numbers are refused."""
    assert v.read_phone(raw) == Bad("phone.invalid")


@pytest.mark.parametrize(
    ("raw", "weight"),
    [
        ("2", 2000),
        ("2 กก.", 2000),
        ("2 kg", 2000),
        ("500 กรัม", 500),
        ("๒", 2000),
        ("0.8", 800),
        (1.5, 1500),
        ("1,240", 1_240_000),
        ("5 ขีด", 500),
        ("2กก", 2000),
        ("1.", 1000),
        (0, 0),
    ],
)
def test_weights(raw: object, weight: int) -> None:
    """Weights in the units people write become grams."""
    assert grams(raw) == weight


@pytest.mark.parametrize(
    ("raw", "money"),
    [
        ("240", 24_000),
        ("240 บาท", 24_000),
        ("฿240", 24_000),
        ("1,240.50", 124_050),
        ("240.-", 24_000),
        ("THB 240", 24_000),
        (240.1, 24_010),
        ("๒๔๐", 24_000),
        (0.1 + 0.2, 30),
    ],
)
def test_money(raw: object, money: int) -> None:
    """Amounts become satang exactly, also from a spreadsheet's floats."""
    assert satang(raw) == money


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("1.240,5", "number.ambiguous"),
        ("1,24", "number.ambiguous"),
        ("12,40,500", "number.ambiguous"),
        ("1.2.3", "number.ambiguous"),
        ("-5", "number.negative"),
        ("2 ตะกร้า", "number.invalid"),
        ("สอง", "number.invalid"),
        ("2-3", "number.invalid"),
        ("99999", "number.too_large"),
        (float("nan"), "number.invalid"),
        (float("inf"), "number.invalid"),
        (True, "number.invalid"),
        ({}, "number.invalid"),
        ("1e5", "number.invalid"),
        (10**400, "number.invalid"),
    ],
)
def test_no_numbers(raw: object, code: str) -> None:
    """A number that can be read two ways is not read."""
    read = grams(raw)
    assert isinstance(read, Bad)
    assert read.code == code


def test_half_a_satang_is_no_money() -> None:
    """Money is never rounded; volumes may be."""
    assert satang("1.005") == Bad("number.invalid")
    assert millilitres("0.0005") == 1
    assert millilitres("250 มล.") == 250


@given(st.decimals(min_value=0, max_value=10_000, places=2))
def test_money_is_exact(amount: Decimal) -> None:
    """Every amount in baht and satang comes back to the satang, with and without thousands."""
    assert satang(str(amount)) == amount * 100
    assert satang(f"{amount:,}") == amount * 100


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("SR-0001", "SR-0001"),
        (1001.0, "1001"),
        (" A 12 ", "A 12"),
        ("SR-๐๐๐๑", "SR-0001"),
        ("ออเดอร์12", "ออเดอร์12"),
        ("2569/0012", "2569/0012"),
    ],
)
def test_ids(raw: object, read: str) -> None:
    """One order has one id, however its digits were typed."""
    assert v.read_id(raw) == read


def test_an_id_without_its_direction_override_is_noted() -> None:
    """What was removed may be all that told two ids apart, so a person hears of it."""
    assert v.read_id("\u202eSR-1") == Noted("SR-1", (Note("text.bidi", used="SR-1"),))


@pytest.mark.parametrize("raw", ["a,b", "a\nb", "=1+1", "@x", "x" * 65, True, [], "a;b", "a|b"])
def test_no_ids(raw: object) -> None:
    """An id cannot hold what divides lists, breaks lines or starts a formula."""
    assert v.read_id(raw) == Bad("id.invalid")
    assert v.read_ref("S/1") == v.read_ref("S\u202e/1") == Bad("id.invalid")


def test_text() -> None:
    """Free text is kept as written; what hides in it is removed, noted or refused."""
    read = v.text_reader(20)
    assert read("  หน้าวัด\u200b ") == "หน้าวัด"
    assert read(12.0) == "12"
    assert read("a\x00b") == Bad("text.control")
    assert read("\ud800") == Bad("text.control")
    assert read("x" * 21) == Bad("text.too_long", {"limit": 20})
    assert read({}) == Bad("value.type")
    turned = read("ปกติ\u202eabc")
    assert isinstance(turned, Noted)
    assert (turned.value, turned.notes[0].code) == ("ปกติabc", "text.bidi")
    formula = read("=HYPERLINK(1)")
    assert isinstance(formula, Noted)
    assert (formula.value, formula.notes[0].code) == ("=HYPERLINK(1)", "text.formula")


@pytest.mark.parametrize(("raw", "read"), [("yes", True), ("ใช่", True), (True, True), ("ไม่", False), (0.0, False)])
def test_yes_and_no(raw: object, read: bool) -> None:
    """Yes and no in Thai, English and numbers."""
    assert v.read_yes_no(raw) is read


def test_unknown_words_name_the_choices() -> None:
    """A word outside a fixed list is refused with the list."""
    read = v.read_yes_no("อาจจะ")
    assert isinstance(read, Bad)
    assert read.detail == {"choices": "yes / no (ใช่ / ไม่)"}


@pytest.mark.parametrize("raw", [None, "", " ", "-", "–", "N/A", "\xa0", " - "])
def test_blanks(raw: object) -> None:
    """A dash in a cell means that there is nothing."""
    assert v.is_blank(raw)


def test_chat_ids() -> None:
    """Chat ids are what the service gives out, not a name that a person chose."""
    assert v.read_telegram_id(123456789.0) == "123456789"
    assert v.read_telegram_id("@somchai") == Bad("chat_id.invalid")
    assert v.read_line_id("@market") == Bad("chat_id.invalid")
    assert v.read_line_id("U" + "0" * 32) == "U" + "0" * 32


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.lists(st.text()), st.binary()))
def test_readers_never_raise(raw: Any) -> None:
    """Whatever stands in a cell, a reader gives a value or says what is wrong."""
    for read in (
        v.read_id,
        v.read_ref,
        v.read_phone,
        v.read_line_id,
        v.read_telegram_id,
        v.read_yes_no,
        grams,
        satang,
        v.read_postcode,
        v.text_reader(50),
        v.open_reader({}),
        v.plain,
    ):
        assert isinstance(read(raw), str | int | bool | Bad | Noted)
