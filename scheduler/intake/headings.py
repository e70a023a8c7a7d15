"""The columns of orders and members, and every heading people write over them. Knows no values and no files.

docs/reference/csv.md lists these tables; a test holds the two together. A heading is compared without its case,
spaces, punctuation and anything in brackets: ``น้ำหนัก (กก.)`` is ``น้ำหนัก``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from scheduler.intake.problems import UnreadableFile
from storage.records import Role


def _table(**columns: str) -> Mapping[str, tuple[str, ...]]:
    return {column: tuple(headings.split(", ")) for column, headings in columns.items()}


ORDER_HEADINGS: Mapping[str, tuple[str, ...]] = _table(
    order_id=(
        "เลขที่ออเดอร์, เลขออเดอร์, รหัสออเดอร์, เลขที่คำสั่งซื้อ, รหัสคำสั่งซื้อ, หมายเลขคำสั่งซื้อ, เลขที่ใบสั่งซื้อ, เลขที่บิล, "
        "เลขที่สั่งซื้อ, ออเดอร์, order, order no, order number, order ref"
    ),
    service_date=(
        "วันที่ส่ง, วันส่ง, วันจัดส่ง, วันที่จัดส่ง, วันที่ส่งของ, วันที่รับของ, วันที่ให้ส่ง, กำหนดส่ง, วันที่, date, delivery date, ship date"
    ),
    seller_id="รหัสผู้ขาย, ผู้ขาย, รหัสร้าน, รหัสร้านค้า, ร้าน, ร้านค้า, แม่ค้า, seller, shop id, vendor, vendor id",
    placed_at=(
        "เวลาสั่ง, วันที่สั่ง, วันที่สั่งซื้อ, เวลาที่สั่ง, วันเวลาที่สั่ง, สั่งเมื่อ, ประทับเวลา, ordered at, order date, "
        "order time, created at, timestamp"
    ),
    channel="ช่องทาง, ช่องทางสั่งซื้อ, ช่องทางที่สั่ง, สั่งผ่าน, แหล่งที่มา, source, order channel",
    buyer_ref="รหัสลูกค้า, รหัสผู้ซื้อ, เลขที่ลูกค้า, buyer id, customer id, customer ref",
    buyer_name=(
        "ชื่อผู้ซื้อ, ชื่อลูกค้า, ชื่อผู้รับ, ผู้ซื้อ, ผู้รับ, ลูกค้า, ชื่อ, ชื่อสกุล, ชื่อนามสกุล, name, customer name, customer, buyer, recipient"
    ),
    buyer_phone=(
        "เบอร์โทร, เบอร์, เบอร์โทรศัพท์, โทรศัพท์, โทร, มือถือ, เบอร์มือถือ, เบอร์ติดต่อ, เบอร์ผู้ซื้อ, เบอร์ลูกค้า, เบอร์ผู้รับ, "
        "เบอร์โทรผู้ซื้อ, เบอร์โทรลูกค้า, เบอร์โทรผู้รับ, phone, telephone, tel, mobile, phone number, "
        "customer phone"
    ),
    line_user_id="รหัสผู้ใช้ไลน์, รหัสไลน์, ไอดีผู้ใช้ไลน์, line id, line user",
    telegram_chat_id="รหัสแชตเทเลแกรม, รหัสเทเลแกรม, เทเลแกรม, telegram id, telegram",
    chat_channel="แชตที่สะดวก, ช่องทางติดต่อ, ช่องทางแจ้ง, ช่องทางแชต, แจ้งทาง, contact channel, preferred chat",
    address_text=(
        "ที่อยู่, ที่อยู่จัดส่ง, ที่อยู่ส่ง, ที่อยู่ผู้รับ, ที่อยู่ลูกค้า, สถานที่ส่ง, สถานที่จัดส่ง, ส่งที่, บ้านเลขที่, address, "
        "delivery address, shipping address"
    ),
    landmark="จุดสังเกต, จุดสังเกตุ, ใกล้กับ, สถานที่ใกล้เคียง, nearby",
    tambon="ตำบล, ตำบล/แขวง, แขวง, รหัสตำบล, subdistrict, sub district, tambon code",
    postcode="รหัสไปรษณีย์, ไปรษณีย์, รหัส ปณ, zip, zip code, postal code, post code",
    lat="ละติจูด, ละติจุด, latitude",
    lon="ลองจิจูด, ลองติจูด, ลองจิจุด, longitude, lng, long",
    pin=(
        "พิกัด, หมุด, ปักหมุด, ตำแหน่ง, โลเคชั่น, โลเคชัน, ลิงก์แผนที่, ลิงค์แผนที่, แผนที่, พิกัดจัดส่ง, location, "
        "coordinates, gps, map, map link, maps link, plus code"
    ),
    pin_source="ที่มาของพิกัด, ที่มาพิกัด, แหล่งพิกัด, location source",
    window_from="เวลาเริ่ม, ตั้งแต่เวลา, ตั้งแต่, ส่งตั้งแต่, เวลาเริ่มส่ง, from, earliest, time from, window start",
    window_to="เวลาสิ้นสุด, ถึงเวลา, ถึง, ส่งถึง, ก่อนเวลา, ส่งก่อน, to, latest, time to, window end",
    window=(
        "ช่วงเวลา, ช่วงเวลาส่ง, ช่วงเวลาจัดส่ง, เวลาส่ง, เวลาจัดส่ง, เวลาที่สะดวก, รอบเวลา, เวลา, time window, "
        "time slot, timeslot, delivery time"
    ),
    items="รายการสินค้า, รายการ, สินค้า, รายละเอียดสินค้า, ของที่สั่ง, รายการสั่งซื้อ, item, products, product, goods",
    weight_kg="น้ำหนัก, น้ำหนักรวม, น้ำหนักกก, น้ำหนักกิโลกรัม, weight, kg",
    volume_l="ปริมาตร, ปริมาตรลิตร, ขนาด, volume, litres, liters",
    temperature="อุณหภูมิ, การเก็บรักษา, ความเย็น, ร้อนเย็น, temp, storage",
    cod_amount_thb=(
        "เก็บเงินปลายทาง, ยอดเก็บปลายทาง, ยอดปลายทาง, ยอดเก็บเงิน, ยอดเก็บเงินปลายทาง, เงินที่ต้องเก็บ, เก็บเงิน, "
        "cod, cod amount, cash to collect"
    ),
    order_total_thb=(
        "ค่าสินค้า, มูลค่าสินค้า, ราคาสินค้า, ยอดสั่งซื้อ, มูลค่าออเดอร์, ราคาออเดอร์, order total, goods total, order value"
    ),
    paid_method=("วิธีชำระเงิน, วิธีชำระ, การชำระเงิน, ชำระเงิน, ชำระโดย, วิธีจ่าย, จ่ายโดย, payment, payment method, paid by"),
    priority="ความสำคัญ, ความเร่งด่วน, ลำดับความสำคัญ, ด่วน, urgency, urgent",
    needs_help_at_door=(
        "ต้องการคนช่วยยก, ช่วยยก, ต้องช่วยยก, ต้องการความช่วยเหลือ, ช่วยถือ, ขอให้ช่วยยก, needs help, door help, help at door"
    ),
    proof="หลักฐาน, หลักฐานการส่ง, หลักฐานการส่งมอบ, proof of delivery",
    status="สถานะ, สถานะออเดอร์, สถานะคำสั่งซื้อ, order status",
    note="หมายเหตุ, บันทึก, โน้ต, ข้อความถึงไรเดอร์, เพิ่มเติม, notes, comment, comments, remark, remarks",
)

MEMBER_HEADINGS: Mapping[str, tuple[str, ...]] = _table(
    rider_id="รหัสไรเดอร์, รหัสผู้ส่ง, รหัสคนส่ง, ไรเดอร์, rider, driver id",
    seller_id="รหัสผู้ขาย, รหัสร้าน, รหัสร้านค้า, ผู้ขาย, seller, shop id, vendor id",
    buyer_ref="รหัสผู้ซื้อ, รหัสลูกค้า, เลขที่ลูกค้า, buyer id, customer id, customer ref",
    coordinator_id="รหัสผู้ประสานงาน, ผู้ประสานงาน, coordinator",
    id="รหัส, รหัสสมาชิก, member id",
    name=(
        "ชื่อ, ชื่อสกุล, ชื่อนามสกุล, ชื่อไรเดอร์, ชื่อผู้ส่ง, ชื่อผู้ขาย, ชื่อผู้ซื้อ, ชื่อลูกค้า, ชื่อผู้ประสานงาน, full name, "
        "buyer name, customer name"
    ),
    phone=(
        "เบอร์โทร, เบอร์, เบอร์โทรศัพท์, โทรศัพท์, โทร, มือถือ, เบอร์มือถือ, เบอร์ติดต่อ, telephone, tel, mobile, "
        "phone number, buyer phone"
    ),
    language="ภาษา, lang",
    chat_channel="แชตที่สะดวก, ช่องทางติดต่อ, ช่องทางแจ้ง, ช่องทางแชต, contact channel, preferred chat",
    line_user_id="รหัสผู้ใช้ไลน์, รหัสไลน์, ไอดีผู้ใช้ไลน์, line id, line user",
    telegram_chat_id="รหัสแชตเทเลแกรม, รหัสเทเลแกรม, เทเลแกรม, telegram id, telegram",
    consent="ความยินยอม, ยินยอม, ยินยอมให้ส่งข้อความ, pdpa",
    group="กลุ่ม, ประเภทสมาชิก",
    household="ครัวเรือน, บ้านเลขที่ครัวเรือน, รหัสครัวเรือน",
    vehicle="พาหนะ, ยานพาหนะ, รถ, ประเภทรถ, vehicle type",
    capacity_kg="รับน้ำหนัก, น้ำหนักสูงสุด, น้ำหนักบรรทุก, capacity, max weight",
    capacity_l="ความจุ, ปริมาตรสูงสุด, ความจุลิตร, max volume",
    max_stops="จำนวนจุดสูงสุด, จุดส่งสูงสุด, จำนวนจุด, stops",
    shift_from="เริ่มงาน, เวลาเริ่มงาน, เข้ากะ, shift start",
    shift_to="เลิกงาน, เวลาเลิกงาน, ออกกะ, shift end",
    home_tambon="ตำบลบ้าน, ตำบลที่อยู่, บ้านตำบล, home subdistrict",
    home_lat="ละติจูดบ้าน, home latitude",
    home_lon="ลองจิจูดบ้าน, home longitude, home lng",
    end_at="จบที่, สิ้นสุดที่, จุดสิ้นสุด, ends at",
    skills="ทักษะ, อุปกรณ์, ความสามารถ, skill",
    zones="โซน, เขต, พื้นที่, zone",
    prefer_zones="โซนที่ชอบ, โซนที่อยากไป, พื้นที่ที่สะดวก, preferred zones",
    refuse_zones="โซนที่ไม่ไป, โซนที่ไม่รับ, พื้นที่ที่ไม่ไป, refused zones",
    shop_name="ชื่อร้าน, ชื่อร้านค้า, ร้าน, ร้านค้า, shop, store name",
    community="ชุมชน, รหัสชุมชน, community id",
    tambon_code="ตำบล, รหัสตำบล, tambon, subdistrict",
    lat="ละติจูด, ละติจุด, latitude",
    lon="ลองจิจูด, ลองติจูด, longitude, lng, long",
    pin=("พิกัด, หมุด, ปักหมุด, ตำแหน่ง, ลิงก์แผนที่, ลิงค์แผนที่, แผนที่, location, coordinates, gps, map link, plus code"),
    ready_from="พร้อมตั้งแต่, ของพร้อม, เวลาเปิด, เปิด, open, opens",
    ready_to="พร้อมถึง, เวลาปิด, ปิด, close, closes",
    needs_cold_box="ต้องใช้กล่องเย็น, กล่องเย็น, ของเย็น, cold box",
    payout_promptpay="พร้อมเพย์, เลขพร้อมเพย์, promptpay",
    closed_days="วันหยุด, วันปิด, หยุดวัน, closed, days off",
)

ID_COLUMNS: Mapping[str, Role] = {
    "rider_id": Role.RIDER,
    "seller_id": Role.SELLER,
    "buyer_ref": Role.BUYER,
    "coordinator_id": Role.COORDINATOR,
}

ORDER_REQUIRED: tuple[tuple[str, ...], ...] = (
    ("order_id",),
    ("service_date",),
    ("seller_id",),
    ("buyer_phone", "line_user_id", "telegram_chat_id"),
    ("address_text", "lat", "pin"),
)
"""One of each group has to be there."""

MOST_UNKNOWN = 100
"""So many unknown headings are named; a file with more has one trouble, not a thousand."""

_BRACKETS = re.compile(r"[(\[（].*?[)\]）]")
_NOISE = re.compile(r"[\s_\-./:*#\"'“”\u200b\ufeff\xa0]+")


def bare(heading: str) -> str:
    """A heading without what people vary: case, spaces, punctuation, brackets."""
    short = heading[:100]
    return _NOISE.sub("", _BRACKETS.sub("", short)).casefold() or _NOISE.sub("", short).casefold()


@dataclass(frozen=True, slots=True)
class Headings:
    """One table of columns. ``columns`` in canonical order; ``names`` maps every bare spelling to its column."""

    columns: tuple[str, ...]
    names: Mapping[str, str]
    key: str
    """The name under which a JSON document holds its list."""
    example: str

    def column(self, heading: object) -> str | None:
        return self.names.get(bare(heading)) if isinstance(heading, str) and heading else None

    def recognised(self, cells: Sequence[object]) -> int:
        """How many different columns a row of cells names; a row of data names hardly any."""
        return len({self.column(cell) for cell in cells} - {None})

    def near(self, heading: str) -> str | None:
        """The column that a misspelt heading most likely means."""
        found = get_close_matches(bare(heading), self.names, n=1, cutoff=0.75)
        return self.names[found[0]] if found else None

    def layout(self, cells: Sequence[object]) -> tuple[list[int], list[str]]:
        """For each column its place in the row (-1: absent), and the headings nobody knows."""
        places: dict[str, int] = {}
        unknown: list[str] = []
        for place, cell in enumerate(cells):
            column = self.column(cell)
            if column is None:
                if isinstance(cell, str) and cell.strip() and len(unknown) < MOST_UNKNOWN:
                    unknown.append(cell.strip())
            elif column in places:
                raise UnreadableFile("columns.twice", column=column, headings=f"{cells[places[column]]}, {cell}")
            else:
                places[column] = place
        return [places.get(column, -1) for column in self.columns], unknown


def _headings(table: Mapping[str, tuple[str, ...]], key: str, example: str) -> Headings:
    names = {bare(name): column for column, others in table.items() for name in (column, *others)}
    return Headings(tuple(table), names, key, example)


ORDERS = _headings(ORDER_HEADINGS, "orders", "order_id, service_date, seller_id, buyer_phone, address_text")
MEMBERS = _headings(MEMBER_HEADINGS, "members", "rider_id, name, phone, vehicle")


def missing(headings: Headings, required: Sequence[Sequence[str]], present: set[str], unknown: Sequence[str]) -> None:
    """Refuse a table that lacks a required column, naming what looks like a misspelling of it."""
    lacking = [group for group in required if not present & set(group)]
    if not lacking:
        return
    wanted = {column for group in lacking for column in group}
    guesses = [(heading, near) for heading in unknown if (near := headings.near(heading)) in wanted]
    thai = " ".join(f"“{heading}” หมายถึง {near} หรือไม่" for heading, near in guesses)
    english = "; ".join(f'does "{heading}" mean {near}?' for heading, near in guesses)
    raise UnreadableFile(
        "columns.missing",
        columns=", ".join(" | ".join(group) for group in lacking),
        near_th=thai or "ตรวจหัวตารางตามคู่มือ",
        near_en=english or "see docs/reference/csv.md for the headings",
    )
