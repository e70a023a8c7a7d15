"""The printed phone list: every call is on it, whatever letters people use."""

from __future__ import annotations

import re
import zlib
from typing import Any

import pytest

from scheduler.paper import phone_list


def document(*scripts: str, role: str = "buyer") -> dict[str, Any]:
    return {
        "schema": "songsuk/messages.calls/1",
        "date": "2026-11-24",
        "calls": [
            {
                "message_id": f"{number}",
                "kind": "window",
                "to": {"role": role, "member_id": f"B{number}", "name": f"คุณสมศรี {number}"},
                "phone": "0812345678" if number % 2 else None,
                "order_ids": [f"SR-{number:04}"],
                "reason": "no_address",
                "message": {"th": "ไม่มีแชต", "en": "no chat known"},
                "before": "2026-11-25T13:00:00+07:00",
                "script": script,
            }
            for number, script in enumerate(scripts)
        ],
    }


def pages(pdf: bytes) -> int:
    """How many pages a PDF has, counted in its page objects, which may lie in packed streams."""
    packed = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.S)
    unpacked = [pdf]
    for stream in packed:
        try:
            unpacked.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return len(re.findall(rb"/Type\s*/Page\b", b"\n".join(unpacked)))


@pytest.mark.parametrize("language", ["th", "en"])
def test_every_call_takes_its_place_on_paper(language: Any) -> None:
    """Nobody to phone is a page that says so; fifty calls with long scripts take many pages, none is cut off."""
    assert pages(phone_list(document(), "ตลาดสิริสุข", language)) == 1
    assert pages(phone_list(document(*["ของมาถึงแล้ว\n" * 8] * 50), "ตลาดสิริสุข", language)) >= 10
    assert pages(phone_list(document("ของมาถึงแล้ว\n" * 200), "ตลาดสิริสุข", language)) >= 3


@pytest.mark.parametrize("role", ["rider", "seller", "buyer", "coordinator"])
@pytest.mark.parametrize(
    "script", ["#panic()", "$ \\ * _ ` @ < > [ ] { } //", '"; #sys.inputs', "ก" * 5000, "\u202e\u0000กำ 🙏", ""]
)
def test_what_people_write_is_text_on_paper(script: str, role: str) -> None:
    """Signs that mean something to the page's own language are printed as they are."""
    assert pages(phone_list(document(script, role=role), script, "th")) >= 1
