"""One cell becomes one value: text, ids, phones, numbers, yes and no, words of a fixed list. Pure.

Knows nothing of columns, rows or files. A reader takes whatever a file or a JSON body holds in one cell and returns
the value, ``Bad``, or ``Noted``; it never raises. Blank cells do not come here: `is_blank` tells them first.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

from scheduler.intake.problems import Bad, Note, Noted
from scheduler.intake.thai import arabic

Reader = Callable[[object], Any]

ID_LENGTH = 64
BLANKS = frozenset({"", "-", "–", "—", "n/a", "N/A", "#N/A"})
"""What people write into a cell to say that there is nothing."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = re.compile("[\u200b\u2060\ufeff]")
_ODD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\xa0\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_FORMULA = ("=", "+", "-", "@")


def is_blank(raw: object) -> bool:
    return raw is None or (isinstance(raw, str) and (raw in BLANKS or raw.strip(" \t\r\n\xa0\ufeff") in BLANKS))


def plain(raw: object) -> str | Bad:
    """Any cell as trimmed text; numbers as a person would write them."""
    if isinstance(raw, str):
        return raw.strip(" \t\r\n\xa0\u200b\ufeff")
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    if isinstance(raw, int):
        return str(raw) if raw.bit_length() < 256 else Bad("number.invalid")
    if isinstance(raw, float):
        if not math.isfinite(raw) or abs(raw) > 1e18:
            return Bad("number.invalid")
        return str(int(raw)) if raw.is_integer() else f"{raw:.10f}".rstrip("0")
    if isinstance(raw, dt.datetime | dt.date | dt.time):
        return raw.isoformat()
    return Bad("value.type")


def text_reader(limit: int) -> Reader:
    """Free text of at most `limit` characters, kept as written but for what cannot be seen."""

    def read(raw: object) -> str | Bad | Noted:
        text = plain(raw)
        if isinstance(text, Bad):
            return text
        notes: tuple[Note, ...] = ()
        if _ODD.search(text):
            if _CONTROL.search(text):
                return Bad("text.control")
            cleaned = _BIDI.sub("", text)
            if cleaned != text:
                notes = (Note("text.bidi", used=cleaned[:80]),)
            text = _INVISIBLE.sub("", cleaned).replace("\xa0", " ").replace("\r\n", "\n").replace("\r", "\n").strip()
        if len(text) > limit:
            return Bad("text.too_long", {"limit": limit})
        if text.startswith(_FORMULA):
            notes += (Note("text.formula", detail={"sign": text[0]}),)
        return Noted(text, notes) if notes else text

    return read


_ID = re.compile(r"[^\s,;|\"'<>\\]+(?: [^\s,;|\"'<>\\]+)*")
_CLEAN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def read_id(raw: object) -> str | Bad | Noted:
    """The market's own number for something. Thai digits become 0-9, so that one order has one id."""
    if isinstance(raw, str) and _CLEAN_ID.fullmatch(raw):
        return raw
    if isinstance(raw, dt.date | dt.time | dt.timedelta):
        return Bad("id.date")
    if isinstance(raw, bool):
        return Bad("id.invalid")
    text = plain(raw)
    if isinstance(text, Bad):
        return Bad("id.invalid")
    if _CONTROL.search(text):
        return Bad("text.control")
    turned = _BIDI.search(text) is not None
    text = arabic(_INVISIBLE.sub("", _BIDI.sub("", text)).replace("\xa0", " "))
    if len(text) > ID_LENGTH or not _ID.fullmatch(text) or text.startswith(_FORMULA):
        return Bad("id.invalid")
    return Noted(text, (Note("text.bidi", used=text),)) if turned else text


def read_ref(raw: object) -> str | Bad | Noted:
    """An id that is joined with others by ``/`` (``SR-0001/S03``), so it may hold none."""
    read = read_id(raw)
    text = read.value if isinstance(read, Noted) else read
    return Bad("id.invalid") if isinstance(text, str) and "/" in text else read


_MOBILE = re.compile(r"0[689][0-9]{8}")
_PHONE_SIGNS = re.compile(r"[\s().\-‐‑–—\u200b\u200e\u202a\u202c\xa0]+")
_LANDLINE = re.compile(r"0[2-7][0-9]{7}")


def read_phone(raw: object) -> str | Bad:
    """A Thai number as 0xxxxxxxxx, also where a spreadsheet took its leading zero or the country code stands."""
    if isinstance(raw, str) and _MOBILE.fullmatch(raw):
        return raw
    text = plain(raw)
    if isinstance(text, Bad) or isinstance(raw, bool) or len(text) > 40:
        return Bad("phone.invalid")
    text = arabic(text).removeprefix("'").removeprefix("tel:")
    if re.fullmatch(r"[0-9]+\.0+", text):
        text = text.split(".")[0]
    digits = _PHONE_SIGNS.sub("", text)
    if digits.startswith("+66"):
        digits = "0" + digits[3:].removeprefix("0")
    elif digits.startswith("0066"):
        digits = "0" + digits[4:].removeprefix("0")
    elif re.fullmatch(r"66(?:[689][0-9]{8}|[2-7][0-9]{7})", digits):
        digits = "0" + digits[2:]
    elif re.fullmatch(r"[689][0-9]{8}|[2-7][0-9]{7}", digits):
        digits = "0" + digits
    return digits if _MOBILE.fullmatch(digits) or _LANDLINE.fullmatch(digits) else Bad("phone.invalid")


_LINE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{1,63}")
_TELEGRAM_ID = re.compile(r"-?[1-9][0-9]{0,18}")


def read_line_id(raw: object) -> str | Bad:
    text = plain(raw)
    return text if isinstance(text, str) and _LINE_ID.fullmatch(text) else Bad("chat_id.invalid")


def read_telegram_id(raw: object) -> str | Bad:
    text = plain(raw)
    return text if isinstance(text, str) and _TELEGRAM_ID.fullmatch(text) else Bad("chat_id.invalid")


_NUMBER = re.compile(
    r"(?P<before>[^0-9\s.,+-][^0-9+-]*?)?\s*(?P<sign>[+-])?\s*(?P<digits>[0-9][0-9.,]*)\s*(?P<unit>[^0-9\s][^0-9]*)?"
)
_SIMPLE = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")

KILOGRAMS = {
    unit: Decimal(scale)
    for scale, units in {
        "1": "kg kgs kilo kilos kilogram kilograms กก กิโล กิโลกรัม โล",
        "0.001": "g gram grams gr กรัม ก",
        "0.1": "ขีด",
        "1000": "ตัน ton tons",
    }.items()
    for unit in units.split()
}
LITRES = {
    unit: Decimal(scale)
    for scale, units in {
        "1": "l lt litre litres liter liters ลิตร ล",
        "0.001": "ml cc มล มิลลิลิตร ซีซี",
    }.items()
    for unit in units.split()
}
BAHT = {unit: Decimal(1) for unit in ["฿", "บาท", "บ", "thb", "baht", "-", "="]}
NO_UNIT: Mapping[str, Decimal] = {}


def decimal(text: str) -> Decimal | Bad:
    """Digits with points and commas, where there is only one way to read them."""
    if "," in text:
        whole, dot, rest = text.partition(".")
        if not re.fullmatch(r"[0-9]{1,3}(?:,[0-9]{3})+", whole) or "," in rest:
            return Bad("number.ambiguous")
        text = whole.replace(",", "") + dot + rest
    if text.count(".") > 1:
        return Bad("number.ambiguous")
    try:
        return Decimal(text.removesuffix("."))
    except InvalidOperation:
        return Bad("number.invalid")


def number_reader(units: Mapping[str, Decimal], *, scale: int, largest: int, exact: bool = False) -> Reader:
    """A number not below zero with an optional unit, times `scale`, as an integer. `exact`: no fraction may be lost."""

    def read(raw: object) -> int | Bad:
        if isinstance(raw, bool):
            return Bad("number.invalid")
        text = plain(raw)
        if isinstance(text, Bad) or len(text) > 40:
            return Bad("number.invalid")
        if _SIMPLE.fullmatch(text):
            value: Decimal | Bad = Decimal(text)
            factor = Decimal(1)
        else:
            match = _NUMBER.fullmatch(arabic(text))
            if match is None:
                return Bad("number.invalid")
            value = decimal(match["digits"])
            if isinstance(value, Bad):
                return value
            named = [_unit(match[part]) for part in ("before", "unit") if match[part]]
            if any(unit not in units for unit in named):
                return Bad("number.invalid")
            factor = units[named[-1]] if named else Decimal(1)
            if match["sign"] == "-" and value:
                return Bad("number.negative")
        if isinstance(value, Bad):
            return value
        if value * factor > largest:
            return Bad("number.too_large", {"limit": largest})
        scaled = value * factor * scale
        rounded = int(scaled.to_integral_value(rounding="ROUND_HALF_UP"))
        return Bad("number.invalid") if exact and scaled != rounded else rounded

    return read


def _unit(word: str) -> str:
    bare = word.strip().strip("./").casefold().replace(".", "").strip()
    return bare or "-"


def choice_reader(words: Mapping[str, Any], choices: str) -> Reader:
    """One of a fixed list, in any of its spellings; `choices` is the list as the hint names it."""

    def read(raw: object) -> Any:
        text = plain(raw)
        if isinstance(text, str) and len(text) <= 40:
            found = words.get(_word(text))
            if found is not None:
                return found
        return Bad("value.unknown", {"choices": choices})

    return read


def open_reader(words: Mapping[str, str]) -> Reader:
    """A word of an open list: known spellings become the canonical word, others stay as written."""
    read_text = text_reader(40)

    def read(raw: object) -> Any:
        value = read_text(raw)
        return words.get(_word(value), value) if isinstance(value, str) else value

    return read


def _word(text: str) -> str:
    return "".join(text.split()).casefold().strip(".").replace("-", "_")


def spellings(**canonical: str) -> dict[str, str]:
    """``spellings(hot="ร้อน อุ่น")``: every spelling, and the word itself, to the word."""
    return {_word(word): name for name, others in canonical.items() for word in (name, *others.split())}


YES_NO: Mapping[str, bool] = {
    **dict.fromkeys(["yes", "y", "true", "t", "1", "ใช่", "จริง", "มี", "ต้องการ", "ช่วย", "ยินยอม", "✓", "✔", "/"], True),
    **dict.fromkeys(["no", "n", "false", "f", "0", "ไม่", "ไม่ใช่", "ไม่มี", "ไม่ต้อง", "ไม่ต้องการ", "ไม่ยินยอม", "เท็จ"], False),
}
read_yes_no = choice_reader(YES_NO, "yes / no (ใช่ / ไม่)")


def read_postcode(raw: object) -> str | Noted:
    text = plain(raw)
    digits = arabic(text).removesuffix(".0") if isinstance(text, str) else ""
    if re.fullmatch(r"[1-9][0-9]{4}", digits):
        return digits
    return Noted("", (Note("postcode.invalid"),))


def nearest(word: str, known: object) -> dict[str, object]:
    """What to say about a word that is not known: the nearest one that is, if any is near."""
    names = [str(name) for name in known] if isinstance(known, frozenset | set | list | tuple | dict) else []
    found = get_close_matches(word[:ID_LENGTH], names, n=2, cutoff=0.6)
    if not found:
        return {"near_th": "ตรวจการสะกด", "near_en": "check the spelling"}
    return {"near_th": "หมายถึง " + " หรือ ".join(found) + " หรือไม่", "near_en": f"did you mean {' or '.join(found)}?"}
