"""The kinds of answer in a chat, the facts each one is written from, and a sample of each; see `kinds`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any

KINDS: Mapping[str, Mapping[str, Any]] = {
    "eta": {"passed": False},
    "welcome": {},
    "ask_order": {"wrong": False},
    "invite": {},
    "help": {"what": ""},
    "pin_check": {"url": None},
    "erase_check": {},
    "link_request": {},
    "word": {"role": "buyer", "order_ids": (), "phone": "", "way": False, "url": None},
    "sos": {},
    "chat_added": {},
    "receipt": {"more": "", "at": None},
}

_THAI_ZONE = timezone(timedelta(hours=7))


def _at(hour: int, minute: int) -> datetime:
    return datetime(2026, 11, 24, hour, minute, tzinfo=_THAI_ZONE)


def _eta(thai: bool) -> dict[str, Any]:
    order = {
        "order_id": "SR-0001",
        "state": "planned",
        "date": date(2026, 11, 24),
        "from": _at(11, 0),
        "to": _at(11, 30),
        "rider": "สมชาย" if thai else "Somchai",
        "cod_satang": 24000,
    }
    return {"orders": [order, order | {"order_id": "SR-0002", "state": "needs_pin"}], "needs_pin": True, "passed": True}


def _ask_order(thai: bool) -> dict[str, Any]:
    del thai
    return {"wrong": True}


def _roles(thai: bool) -> dict[str, Any]:
    del thai
    return {"roles": ["buyer", "coordinator", "rider", "seller"], "what": "joined"}


def _pin_check(thai: bool) -> dict[str, Any]:
    del thai
    return {"order_ids": ["SR-0001", "SR-0002"], "url": "https://maps.example/?q=9.146100,99.325700"}


def _link_request(thai: bool) -> dict[str, Any]:
    names = ["สมศรี ใจดี", "สมปอง ใจดี"] if thai else ["Somsri Jaidee", "Sompong Jaidee"]
    return {"phone": "0800000001", "buyers": names, "request": "7d0c4b1e2f3a4c5d8e9f0a1b2c3d4e5f"}


def _word(thai: bool) -> dict[str, Any]:
    return {
        "role": "rider",
        "name": "สมศรี ใจดี" if thai else "Somsri Jaidee",
        "phone": "0812345678",
        "order_ids": ["SR-0001"],
        "way": False,
        "things": {"photo": 2, "video": 1, "voice": 1, "file": 1, "sticker": 1},
        "url": "https://maps.example/?q=9.146100,99.325700",
        "words": ["บ้านรั้วสีฟ้า", "หน้าวัด"] if thai else ["the blue fence", "opposite the temple"],
    }


def _sos(thai: bool) -> dict[str, Any]:
    return {
        "role": "rider",
        "name": "วิชัย ใจดี" if thai else "Wichai Jaidee",
        "phone": "0812345678",
        "words": "รถล้มแถวสะพาน" if thai else "accident near the bridge",
    }


def _chat_added(thai: bool) -> dict[str, Any]:
    return {"names": "วิชัย ใจดี" if thai else "Wichai Jaidee", "service": "LINE"}


def _receipt(thai: bool) -> dict[str, Any]:
    del thai
    return {"what": "pin_saved", "more": "pin_saved_more"}


SAMPLES: Mapping[str, Callable[[bool], dict[str, Any]]] = {
    "eta": _eta,
    "welcome": lambda thai: {},
    "ask_order": _ask_order,
    "invite": _roles,
    "help": _roles,
    "pin_check": _pin_check,
    "erase_check": lambda thai: {},
    "link_request": _link_request,
    "word": _word,
    "sos": _sos,
    "chat_added": _chat_added,
    "receipt": _receipt,
}
