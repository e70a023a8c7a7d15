"""The kinds of notice, the facts each one is written from, and a sample of each.

The samples are what a coordinator's own wording is tried on before anybody is written to, so they are full: every
fact is there, lists have more than one entry, and names are long.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any

from channels.texts import talk

# Facts that may be left out, and what stands for them.
_ACK: Mapping[str, Any] = {"ack": ""}
KINDS: Mapping[str, Mapping[str, Any]] = {
    "route": {**_ACK, "again": False},
    "pick_list": {**_ACK, "again": False},
    "window": {"url": None, "paid": False, "again": False},
    "changed": {
        "role": "buyer",
        "what": "",
        "buyer": "",
        "name": "",
        "order_ids": (),
        "reason": "",
        "new_date": None,
        "new_from": None,
        "new_to": None,
        "new_wave": "",
        "url": None,
    },
    "cancelled": {
        "role": "buyer",
        "buyer": "",
        "rider": "",
        "seller": "",
        "name": "",
        "reason": "",
        "bags": (),
        "nothing_left": False,
        "still": (),
        "still_cod_satang": 0,
    },
    "ask_pin": {"url": None},
    "summary": {"approved_by": None, "no_roads": ""},
    "status_card": {"waiting": (), "unreached": (), "untold": ()},
    "escalation": {
        "deadline": None,
        "orders": 0,
        "order_ids": (),
        "command": "",
        "settle": "",
        "rider": "",
        "phone": "",
        "stops": 0,
        "told_at": None,
        "line": None,
        "file": "",
        "version": 0,
        "faults": {"th": (), "en": ()},
        "more": 0,
        "replaced": None,
    },
    **talk.KINDS,
}

_THAI_ZONE = timezone(timedelta(hours=7))


def sample(kind: str, language: str) -> dict[str, Any]:
    """Made-up facts of one notice, each of them present."""
    thai = language == "th"
    facts: dict[str, Any] = {
        "market": "ตลาดสิริสุข" if thai else "Sirisuk Market",
        "date": date(2026, 11, 24),
        "wave": "รอบเที่ยง" if thai else "midday",
        "language": language,
    }
    own = talk.SAMPLES.get(kind) or _SAMPLES[kind]
    return {**facts, **KINDS[kind], **own(thai)}


def _at(hour: int, minute: int) -> datetime:
    return datetime(2026, 11, 24, hour, minute, tzinfo=_THAI_ZONE)


def _route(thai: bool) -> dict[str, Any]:
    pickup = {
        "no": 1,
        "type": "pickup",
        "at": _at(10, 37),
        "name": "กลุ่มแม่บ้านขนมไทย" if thai else "Thai Sweets Housewives",
        "place": "ตลาดบ้านดอน ล็อก 12" if thai else "Ban Don market, row 12",
        "landmark": "ข้างร้านยา" if thai else "beside the pharmacy",
        "note": "",
        "items": "",
        "bags": 2,
        "order_ids": ["SR-0001", "SR-0002"],
        "cod_satang": 0,
        "needs_help": False,
        "window": (_at(10, 0), _at(11, 30)),
    }
    delivery = pickup | {
        "no": 2,
        "type": "delivery",
        "at": _at(11, 10),
        "name": "สมศรี ใจดี" if thai else "Somsri Jaidee",
        "place": "116/24 ถ.หน้าเมือง" if thai else "116/24 Na Mueang Road",
        "landmark": "หน้าวัด บ้านรั้วสีฟ้า" if thai else "opposite the temple, blue fence",
        "note": "โทรก่อนถึง" if thai else "please ring first",
        "items": "ขนมชั้น 1, ผักรวม 1 ชุด" if thai else "layer cake 1, mixed greens 1 set",
        "bags": 1,
        "order_ids": ["SR-0001"],
        "cod_satang": 24000,
        "needs_help": True,
        "window": (_at(11, 0), _at(13, 0)),
    }
    return {
        "rider": "สมชาย" if thai else "Somchai",
        "start_at": _at(10, 30),
        "end_at": _at(12, 5),
        "deliveries": 1,
        "pickups": 1,
        "weight_g": 2500,
        "distance_m": 11020,
        "cod_satang": 24000,
        "stops": [pickup, delivery],
        "map_links": [{"label": "1–2", "url": "https://maps.example/dir?stops=1-2"}],
        "estimate": True,
        "ack": "seen",
    }


def _pick_list(thai: bool) -> dict[str, Any]:
    return {
        "shop": "ป้าแดงข้าวแกง" if thai else "Aunt Daeng's Rice and Curry",
        "ready_by": _at(10, 15),
        "totals": [
            {"name": "ข้าวแกง" if thai else "rice and curry", "quantity": 12, "unit": "กล่อง" if thai else "boxes"}
        ],
        "verbatim": ["ไม่ใส่ผักชี" if thai else "no coriander"],
        "bags": [
            {
                "no": 1,
                "order_id": "SR-0001",
                "buyer": "สมศรี" if thai else "Somsri",
                "items": "ข้าวแกง 2" if thai else "rice and curry 2",
                "rider": "สมชาย" if thai else "Somchai",
                "temperature": "hot",
            },
        ],
        "riders": [{"name": "สมชาย" if thai else "Somchai", "at": _at(10, 37)}],
        "ack": "seen",
    }


def _window(thai: bool) -> dict[str, Any]:
    return {
        "buyer": "สมศรี ใจดี" if thai else "Somsri Jaidee",
        "order_ids": ["SR-0001"],
        "told_from": _at(11, 0),
        "told_to": _at(11, 30),
        "sellers": ["ป้าแดงข้าวแกง", "กลุ่มแม่บ้านขนมไทย"] if thai else ["Aunt Daeng", "Thai Sweets Housewives"],
        "rider": "สมชาย" if thai else "Somchai",
        "cod_satang": 24000,
        "paid": False,
        "url": "https://songsuk.example/o/sample",
    }


def _changed(thai: bool) -> dict[str, Any]:
    return {
        "buyer": "สมศรี ใจดี" if thai else "Somsri Jaidee",
        "name": "สมศรี ใจดี" if thai else "Somsri Jaidee",
        "order_ids": ["SR-0001", "SR-0002"],
        "reason": "wave_full",
        "new_date": date(2026, 11, 24),
        "new_from": _at(16, 0),
        "new_to": _at(18, 30),
        "new_wave": "รอบเย็น" if thai else "evening",
        "what": "จุดที่ 3 ยกเลิก" if thai else "stop 3 is cancelled",
        "url": "https://songsuk.example/o/sample",
    }


def _cancelled(thai: bool) -> dict[str, Any]:
    return {
        "buyer": "สมศรี ใจดี" if thai else "Somsri Jaidee",
        "rider": "สมชาย" if thai else "Somchai",
        "seller": "ป้าแดงข้าวแกง" if thai else "Aunt Daeng",
        "name": "สมศรี ใจดี" if thai else "Somsri Jaidee",
        "order_ids": ["SR-0001"],
        "reason": "seller_closed",
    }


def _ask_pin(thai: bool) -> dict[str, Any]:
    return {
        "buyer": "สมศรี ใจดี" if thai else "Somsri Jaidee",
        "order_ids": ["SR-0001"],
        "url": "https://songsuk.example/o/sample",
    }


def _summary(thai: bool) -> dict[str, Any]:
    rider = {"rider": "สมชาย" if thai else "Somchai", "deliveries": 7, "distance_m": 11020, "end_at": _at(12, 5)}
    return {
        "orders": 28,
        "riders": 4,
        "routes": [rider | {"cod_satang": 78000}, rider | {"rider": "วิชัย" if thai else "Wichai", "cod_satang": 0}],
        "unassigned": [{"order_id": "SR-0041", "why": "capacity", "next": "รอบเย็น" if thai else "evening"}],
        "needs_pin": 2,
        "phone_calls": 3,
        "line_pushes": 27,
        "plan_id": "p_01JD",
        "approved_by": "มาลี" if thai else "Malee",
        "no_roads": "เซิร์ฟเวอร์ถนนตอบช้าเกินไป" if thai else "the road server took too long",
    }


def _status_card(thai: bool) -> dict[str, Any]:
    rider = {"name": "วิชัย" if thai else "Wichai", "phone": "0812345678"}
    return {
        "state": "dispatched",
        "riders": 6,
        "confirmed": 3,
        "waiting": [rider, rider | {"name": "สมชาย (R4)" if thai else "Somchai (R4)"}],
        "unreached": [rider | {"name": "สมปอง" if thai else "Sompong"}],
        "untold": [rider | {"name": "มานี" if thai else "Manee"}],
    }


def _escalation(thai: bool) -> dict[str, Any]:
    return {
        "what": "rider_silent",
        "plan_id": "p_01JD",
        "deadline": _at(20, 0),
        "orders": 28,
        "settle": "songsuk plan settle 2026-11-24 --wave midday",
        "rider": "วิชัย ใจดี" if thai else "Wichai Jaidee",
        "phone": "0812345678",
        "stops": 7,
        "told_at": _at(8, 0),
        "line": {"limit": 15000, "used": 9120, "likely": 12830},
        "file": "config.yaml",
        "version": 3,
        "faults": {
            "th": ["config.yaml:24:38: ละติจูดกับลองจิจูดสลับกัน; เขียน [99.3257, 9.1463]"],
            "en": ["config.yaml:24:38: latitude and longitude are swapped; write [99.3257, 9.1463]"],
        },
        "more": 2,
        "replaced": {
            "version": 2,
            "date": date(2026, 12, 1),
            "note": "มติประชุม" if thai else "as the committee decided",
            "by": 3,
        },
    }


_SAMPLES = {
    "route": _route,
    "pick_list": _pick_list,
    "window": _window,
    "changed": _changed,
    "cancelled": _cancelled,
    "ask_pin": _ask_pin,
    "summary": _summary,
    "status_card": _status_card,
    "escalation": _escalation,
}
