"""Rows become orders: what is required, what must agree, what is warned, what is rejected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scheduler.intake import (
    IntakeContext,
    OrdersFile,
    order_from_object,
    orders_from_objects,
    read_orders,
)
from storage.records import ChatAddress, Order

Read = Callable[..., OrdersFile]
SAMPLE = Path(__file__).resolve().parents[4] / "shared/data/surat-thani/sample_orders_synthetic.csv"


def codes(taken: OrdersFile) -> list[tuple[str | None, str]]:
    return [(told.column, told.code) for told in taken.errors]


def adds_up(taken: OrdersFile) -> bool:
    return taken.rows == sum(len(order.pickups) for order in taken.orders) + taken.repeated + taken.rejected


def test_a_whole_order(read: Read, good: dict[str, Any]) -> None:
    """Every column lands in its field, in the house's units."""
    full = good | {
        "placed_at": "2026-11-23T12:58:00+07:00", "channel": "ไลน์", "buyer_ref": "B1", "chat_channel": "เทเลแกรม",
        "line_user_id": "U" + "a" * 32, "telegram_chat_id": "12345", "landmark": "หน้าวัด", "tambon": "ต.ตลาด",
        "postcode": "๘๔๐๐๐", "pin_source": "line_location", "volume_l": "2.2", "temperature": "แช่เย็น",
        "paid_method": "เก็บปลายทาง", "priority": "ด่วน", "needs_help_at_door": "ใช่", "proof": "รูปถ่าย", "note": "โทรก่อน",
    }  # fmt: skip
    taken = read([full])
    assert taken.errors == taken.warnings == []
    order = taken.orders[0]
    assert order.placed_at == dt.datetime.fromisoformat("2026-11-23T12:58:00+07:00")
    assert order.received_at == dt.datetime.fromisoformat("2026-11-23T12:00:00+07:00")
    assert (order.source, order.buyer_ref, order.buyer.chat_channel) == ("line", "B1", "telegram")
    assert order.buyer.addresses == (
        ChatAddress(channel="line", address="U" + "a" * 32),
        ChatAddress(channel="telegram", address="12345"),
    )
    assert (order.tambon, order.postcode, order.pin_source) == ("840101", "84000", "line_location")
    assert (order.pickups[0].volume_ml, order.pickups[0].temperature, order.cod_satang) == (2200, "chilled", 24_000)
    assert (order.paid_method, order.priority, order.needs_help, order.proof) == ("cod", "high", True, "photo")
    assert (order.note, order.cancelled, order.legs) == ("โทรก่อน", False, ())


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"buyer_phone": "08x1"}, [("buyer_phone", "phone.invalid")]),
        ({"buyer_phone": ""}, [("buyer_phone", "required.missing")]),
        ({"order_id": ""}, [("order_id", "required.missing")]),
        ({"seller_id": "-"}, [("seller_id", "required.missing")]),
        ({"service_date": "11/24/2026"}, [("service_date", "date.ambiguous")]),
        ({"service_date": "24/11/69"}, [("service_date", "date.ambiguous")]),
        ({"service_date": "พรุ่งนี้"}, [("service_date", "date.invalid")]),
        ({"lat": "", "lon": "", "address_text": ""}, [("address_text", "required.missing")]),
        ({"lat": "", "lon": "99.3"}, [("lat", "pin.incomplete")]),
        ({"lat": "35.6", "lon": "139.7"}, [("lat", "pin.outside")]),
        ({"lat": "เก้า"}, [("lat", "number.invalid")]),
        ({"window_from": "13:00", "window_to": "11:00"}, [("window_from", "window.reversed")]),
        ({"window_from": "บ่ายโมง"}, [("window_from", "window.invalid")]),
        ({"window_from": "2026-11-25T11:00:00+07:00"}, [("window_from", "window.invalid")]),
        ({"weight_kg": "1.240,5"}, [("weight_kg", "number.ambiguous")]),
        ({"cod_amount_thb": "-5"}, [("cod_amount_thb", "number.negative")]),
        ({"temperature": "อุ่นๆ"}, [("temperature", "value.unknown")]),
        ({"status": "บางที"}, [("status", "value.unknown")]),
        ({"note": "x\x07"}, [("note", "text.control")]),
        ({"buyer_name": "ก" * 201}, [("buyer_name", "text.too_long")]),
        ({"placed_at": "เมื่อวาน"}, [("placed_at", "instant.invalid")]),
        (
            {"buyer_phone": "08x1", "weight_kg": "x", "service_date": "?"},
            [("service_date", "date.invalid"), ("buyer_phone", "phone.invalid"), ("weight_kg", "number.invalid")],
        ),
    ],
)
def test_rejected(read: Read, good: dict[str, Any], change: dict[str, str], found: list[tuple[str, str]]) -> None:
    """A row is rejected for every fault it has, by column; the row beside it is kept."""
    taken = read([good | change, good | {"order_id": "SR-0002"}])
    assert codes(taken) == found
    assert [order.order_id for order in taken.orders] == ["SR-0002"]
    assert (taken.rows, taken.rejected) == (2, 1)
    for told in taken.errors:
        as_json = told.as_json()
        assert list(as_json)[:5] == ["row", "order_id", "column", "value", "code"]
        assert set(as_json["message"]) == set(as_json["hint"]) == {"th", "en"}
        assert "{" not in "".join([*as_json["message"].values(), *as_json["hint"].values()])


@pytest.mark.parametrize(
    ("change", "column", "code", "used"),
    [
        ({"lat": "99.3257", "lon": "9.1463"}, "lat", "pin.swapped", [99.3257, 9.1463]),
        ({"service_date": "11/12/2026"}, "service_date", "date.day_first", "2026-12-11"),
        ({"service_date": "2029-11-24"}, "service_date", "date.far", "2029-11-24"),
        ({"service_date": "2019-11-24"}, "service_date", "date.far", "2019-11-24"),
        ({"service_date": "22/11/2569"}, "service_date", "date.over", "2026-11-22"),
        ({"service_date": "22/11/2569", "placed_at": "21/11/2569 18:31"}, "service_date", "date.over", "2026-11-22"),
        ({"note": "=cmd|' /C calc'!A0"}, "note", "text.formula", None),
        ({"buyer_name": "สม\u202eชาย"}, "buyer_name", "text.bidi", "สมชาย"),
        ({"order_id": "SR-\u202e0001"}, "order_id", "text.bidi", "SR-0001"),
        ({"seller_id": "\u200eS03"}, "seller_id", "text.bidi", "S03"),
        ({"buyer_ref": "B\u20661\u2069"}, "buyer_ref", "text.bidi", "B1"),
        ({"pin": "9.1500, 99.3257"}, "pin", "pin.differs", [99.325667, 9.146078]),
        ({"placed_at": "23/11/2569"}, "placed_at", "instant.no_time", None),
        ({"postcode": "8400"}, "postcode", "postcode.invalid", None),
        ({"window_from": "1.00", "window_to": "3.00"}, "window_from", "window.night",
         ["2026-11-24T01:00:00+07:00", "2026-11-24T03:00:00+07:00"]),
    ],
)  # fmt: skip
def test_warned(read: Read, good: dict[str, Any], change: dict[str, str], column: str, code: str, used: object) -> None:
    """What was read with a doubt is kept, and said with the value that is used."""
    taken = read([good | change])
    assert [(told.column, told.code, told.used) for told in taken.warnings] == [(column, code, used)]
    assert (len(taken.orders), taken.errors) == (1, [])


@pytest.mark.parametrize("pin", ["9.1461, 99.3257", "https://maps.app.goo.gl/x", "หน้าวัด"])
def test_a_pin_that_agrees_or_tells_nothing_is_no_matter(read: Read, good: dict[str, Any], pin: str) -> None:
    """Beside columns with a place, only a pin that leads elsewhere is worth a word."""
    assert read([good | {"pin": pin}]).warnings == []


def test_an_id_that_hides_another_is_told_where_it_joins_it(read: Read, good: dict[str, Any]) -> None:
    """Two ids that differ by a direction override alone are one order, and the row that hid it is named."""
    taken = read([good, good | {"order_id": "SR-\u202e0001", "seller_id": "S05"}])
    assert [len(order.pickups) for order in taken.orders] == [2]
    assert [(told.row, told.order_id, told.code) for told in taken.warnings] == [(3, "SR-0001", "text.bidi")]


def test_a_hidden_mark_does_not_make_a_seller_known(read: Read, good: dict[str, Any]) -> None:
    """A seller's number is looked up as it reads once the marks are gone."""
    known = frozenset({"S03"})
    assert read([good | {"seller_id": "S\u202e03"}], known_sellers=known).errors == []
    assert codes(read([good | {"seller_id": "S\u202e04"}], known_sellers=known)) == [("seller_id", "seller.unknown")]


def test_a_day_that_was_over_when_it_was_ordered_is_refused(read: Read, good: dict[str, Any]) -> None:
    """By the market's own days, whatever the clock says now; a cancelled row need not be right."""
    late = good | {"service_date": "2026-11-20", "placed_at": "2026-11-20T17:30:00Z"}  # 00:30 of the 21st in Bangkok
    same = good | {"order_id": "2", "service_date": "2026-11-20", "placed_at": "2026-11-20T16:30:00Z"}
    taken = read([late, same, late | {"order_id": "3", "status": "cancelled"}])
    assert codes(taken) == [("service_date", "date.past")]
    assert "2026-11-21" in taken.errors[0].message["th"]
    assert [order.order_id for order in taken.orders] == ["2", "3"]
    assert [(told.order_id, told.code) for told in taken.warnings] == [("2", "date.over")]


def test_an_order_is_taken_on_whatever_day_its_file_comes(
    read: Read, good: dict[str, Any], context: IntakeContext
) -> None:
    """The clock rejects no row: a day may be imported, and walked through, years after it was."""
    rows = [good | {"placed_at": "2026-11-23T10:00:00+07:00"}]
    for later in (20, 400, 4000):
        taken = read(rows, now=context.now + dt.timedelta(days=later))
        assert (len(taken.orders), taken.errors) == (1, [])


def test_a_swapped_pin_is_said_as_written(read: Read, good: dict[str, Any]) -> None:
    """The warning shows both cells and the [lon, lat] that is used."""
    told = read([good | {"lat": "99.3257", "lon": "9.1463"}]).warnings[0].as_json()
    assert (told["value"], told["used"]) == ("99.3257,9.1463", [99.3257, 9.1463])


def test_orders_without_a_pin_wait(read: Read, good: dict[str, Any]) -> None:
    """No pin, a short link, or an unreadable pin cell: the order is kept, its place left to a person."""
    bare = good | {"lat": "", "lon": ""}
    short = bare | {"order_id": "2", "pin": "https://maps.app.goo.gl/abc"}
    words = bare | {"order_id": "3", "address_text": "", "pin": "ข้างตลาดสด"}
    taken = read([bare, short, words])
    assert [order.location for order in taken.orders] == [None, None, None]
    assert [told.code for told in taken.warnings] == ["pin.short_link", "pin.unreadable"]
    assert taken.orders[2].address_text == "ข้างตลาดสด"
    assert taken.rejected == 0


def test_a_pin_in_the_address(read: Read, good: dict[str, Any]) -> None:
    """A maps link inside the address is the place; a pin cell wins over it."""
    link = "บ้านสีฟ้า https://maps.google.com/?q=9.1463,99.3257"
    one = good | {"lat": "", "lon": "", "address_text": link}
    taken = read([one, one | {"order_id": "2", "pin": "9.2,99.4"}])
    assert [order.location for order in taken.orders] == [(99.3257, 9.1463), (99.4, 9.2)]
    assert taken.orders[0].pin_source == "maps_link"


@pytest.mark.parametrize(
    ("cells", "window"),
    [
        ({"window": "11.00-13.00 น."}, ("11:00", "13:00")),
        ({"window_from": "11.00-13.00"}, ("11:00", "13:00")),
        ({"window_from": "16:00"}, ("16:00", "00:00")),
        ({"window_to": "13:00"}, ("00:00", "13:00")),
        ({"window_from": "2026-11-24T11:00:00+07:00", "window_to": "2026-11-24T06:00:00Z"}, ("11:00", "13:00")),
        ({}, None),
    ],
)
def test_windows(read: Read, good: dict[str, Any], cells: dict[str, str], window: tuple[str, str] | None) -> None:
    """A window stands in one cell or two; one open end is the day's own; none is any time."""
    taken = read([good | {"window_from": "", "window_to": ""} | cells])
    order = taken.orders[0]
    if window is None:
        assert order.window_from is order.window_to is None
    else:
        assert order.window_from is not None
        assert order.window_to is not None
        tz = dt.timezone(dt.timedelta(hours=7))
        found = tuple(end.astimezone(tz).strftime("%H:%M") for end in (order.window_from, order.window_to))
        assert found == window


# --- several rows of one order ------------------------------------------------------------------------------------


def test_several_sellers(read: Read, good: dict[str, Any]) -> None:
    """Rows of one order are its pickups, wherever they stand; blanks agree and notes are joined."""
    second = good | {"seller_id": "S05", "items": "ผัก x2", "cod_amount_thb": "60", "note": "ห้ามบีบ", "buyer_name": "",
                     "priority": "high"}  # fmt: skip
    taken = read([good, good | {"order_id": "SR-0002"}, second])
    order = taken.orders[0]
    assert [pickup.seller_id for pickup in order.pickups] == ["S03", "S05"]
    assert (order.cod_satang, order.note, order.priority) == (30_000, "ห้ามบีบ", "high")
    assert taken.row_numbers["SR-0001"] == {"S03": 2, "S05": 4}
    assert taken.row_of("SR-0001", "S05") == 4
    assert adds_up(taken)


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"buyer_phone": "0899999999"}, "buyer_phone"),
        ({"lat": "9.2"}, "lat"),
        ({"window_to": "14:00"}, "window_to"),
        ({"service_date": "2026-11-25"}, "service_date"),
        ({"status": "ยกเลิก"}, "status"),
    ],
)
def test_conflict(read: Read, good: dict[str, Any], change: dict[str, str], column: str) -> None:
    """The later of two rows that disagree is rejected, naming the earlier; the order is said to be incomplete."""
    taken = read([good, good | {"seller_id": "S05"} | change])
    assert [(told.row, told.column, told.code) for told in taken.errors] == [(3, column, "order.conflict")]
    assert "2" in taken.errors[0].message["en"]
    assert [(told.row, told.code) for told in taken.warnings] == [(2, "order.incomplete")]
    assert adds_up(taken)


def test_the_same_row_twice(read: Read, good: dict[str, Any]) -> None:
    """An exact copy counts once and is said; a copy with other goods is a conflict."""
    taken = read([good, good, good | {"items": "อื่น"}])
    assert (taken.rows, taken.repeated, taken.rejected, len(taken.orders)) == (3, 1, 1, 1)
    assert [told.code for told in taken.warnings] == ["order.incomplete", "row.repeated"]
    assert codes(taken) == [("seller_id", "order.conflict")]
    assert adds_up(taken)


def test_known_sellers(read: Read, good: dict[str, Any]) -> None:
    """Where the sellers are known, another is refused with the nearest."""
    taken = read([good | {"seller_id": "SO3"}], known_sellers=frozenset({"S03", "S05"}))
    assert codes(taken) == [("seller_id", "seller.unknown")]
    assert "S03" in taken.errors[0].hint["en"]


def test_cancelling(read: Read, good: dict[str, Any]) -> None:
    """status=cancelled marks the order; a blank status does not."""
    assert read([good | {"status": "ยกเลิก"}]).orders[0].cancelled
    assert not read([good | {"status": ""}]).orders[0].cancelled


def test_echoed_values_are_safe(read: Read, good: dict[str, Any]) -> None:
    """A value said back is short, on one line, and free of control and direction characters."""
    told = read([good | {"buyer_phone": "\u202e\x1b[31m" + "9" * 500 + "\n"}]).errors[0]
    assert len(told.value) <= 80
    assert told.value.isprintable()


def test_progress(context: IntakeContext) -> None:
    """Progress is told in steps and at the end, in rows."""
    head = "order_id,service_date,seller_id,buyer_phone,address_text\n"
    text = head + "".join(f"{n},2026-11-24,S1,0812345678,x\n" for n in range(2_500))
    told: list[tuple[int, int]] = []
    read_orders(text.encode(), name="x", context=context, on_progress=lambda done, of: told.append((done, of)))
    assert told == [(1000, 2500), (2000, 2500), (2500, 2500)]


# --- objects ------------------------------------------------------------------------------------------------------


def test_one_object(context: IntakeContext, good: dict[str, Any], read: Read) -> None:
    """An object gives the order its row would give, or every problem it has."""
    assert order_from_object(good, row=1, context=context) == read([good]).orders[0]
    problems = order_from_object({"buyer_phone": "08x1", "order_id": 7}, row=1, context=context)
    assert isinstance(problems, list)
    assert {(told.column, told.code) for told in problems} == {
        ("buyer_phone", "phone.invalid"), ("service_date", "required.missing"), ("seller_id", "required.missing"),
        ("address_text", "required.missing"),
    }  # fmt: skip
    assert {told.order_id for told in problems} == {"7"}


def test_an_objects_warnings(context: IntakeContext, good: dict[str, Any]) -> None:
    """What is read with a doubt can be collected."""
    warnings: list[Any] = []
    spoilt = good | {"location": [9.1463, 99.3257], "lat": None, "lon": None, "foo": 1}
    order = order_from_object(spoilt, row=1, context=context, warnings=warnings)
    assert isinstance(order, Order)
    assert order.location == (99.3257, 9.1463)
    assert [told.code for told in warnings] == ["column.unknown", "pin.swapped"]


def test_several_objects(context: IntakeContext, good: dict[str, Any]) -> None:
    """Objects of one order are joined as rows are; a list of items is one entry each."""
    objects = [good | {"items": ["ไข่ x1", "ผัก x2"]}, good | {"seller_id": "S05"}, 5]
    taken = orders_from_objects(objects, context=context)
    assert [len(order.pickups) for order in taken.orders] == [2]
    assert taken.orders[0].pickups[0].items == "ไข่ x1\nผัก x2"
    assert [(told.row, told.code) for told in taken.errors] == [(4, "row.not_object")]


def test_naive_clock_is_refused(context: IntakeContext) -> None:
    """The clock handed in must know its zone."""
    with pytest.raises(ValueError, match="time zone"):
        replace(context, now=dt.datetime(2026, 11, 23))  # noqa: DTZ001


@pytest.mark.skipif(not SAMPLE.exists(), reason="the sample data is not beside this checkout")
def test_sample_file(context: IntakeContext) -> None:
    """The sample day: 48 orders, 4 of them without a pin, nothing to complain about."""
    taken = read_orders(SAMPLE, name=SAMPLE.name, context=context)
    assert (taken.rows, len(taken.orders), taken.rejected, taken.errors, taken.warnings) == (48, 48, 0, [], [])
    assert sum(order.location is None for order in taken.orders) == 4
    assert sum(order.needs_help for order in taken.orders) == 6
    assert {order.priority for order in taken.orders} == {"normal", "high"}
