"""How a language writes dates, times, money, weights and lists. Pure; one `Words` per language.

Money comes in satang, weight in grams, distance in metres, instants in the market's own zone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

_THAI_DAYS = ("จันทร์", "อังคาร", "พุธ", "พฤหัสบดี", "ศุกร์", "เสาร์", "อาทิตย์")
_THAI_MONTHS = ("ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.", "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค.")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_THAI_TITLES = ("คุณ", "นาย", "นาง", "น.ส.", "ป้า", "ลุง", "น้า", "อา", "ยาย", "ตา", "พี่", "แม่", "พ่อ", "เจ๊", "โก")

BUDDHIST_ERA = 543


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The filters of one language; `reasons` maps reason codes to plain words."""

    language: str
    reasons: Mapping[str, str]

    @property
    def thai(self) -> bool:
        return self.language == "th"

    def day(self, value: date) -> str:
        """อังคารที่ 24 พ.ย. 2569; Tue 24 Nov 2026."""
        if self.thai:
            weekday, month = _THAI_DAYS[value.weekday()], _THAI_MONTHS[value.month - 1]
            return f"{weekday}ที่ {value.day} {month} {value.year + BUDDHIST_ERA}"
        return f"{_DAYS[value.weekday()]} {value.day} {_MONTHS[value.month - 1]} {value.year}"

    def clock(self, value: datetime | time) -> str:
        """11:00 น.; 11:00."""
        return f"{value:%H:%M} น." if self.thai else f"{value:%H:%M}"

    def hour(self, value: datetime | time) -> str:
        """11:00 in both: for the narrow line of a list."""
        return f"{value:%H:%M}"

    def between(self, value: datetime | time, until: datetime | time | None) -> str:
        """11:00–11:30 น.; 11:00–11:30."""
        return self.clock(value) if until is None else f"{value:%H:%M}–{self.clock(until)}"

    def baht(self, satang: int) -> str:
        """1,240 บาท; ฿1,240. Satang are shown only where there are any."""
        whole, rest = divmod(abs(int(satang)), 100)
        amount = ("-" if satang < 0 else "") + (f"{whole:,}.{rest:02d}" if rest else f"{whole:,}")
        return f"{amount} บาท" if self.thai else f"฿{amount}"

    def kg(self, grams: int) -> str:
        """2.5 กก.; 2.5 kg."""
        return f"{_short(grams / 1000)} {'กก.' if self.thai else 'kg'}"

    def km(self, metres: int) -> str:
        """11.2 กม.; 11.2 km."""
        return f"{_short(metres / 1000)} {'กม.' if self.thai else 'km'}"

    def amount(self, quantity: float) -> str:
        """2, 2.5: a count or measure without needless noughts."""
        return f"{quantity:,.3f}".rstrip("0").rstrip(".")

    def count(self, number: int, one: str, many: str) -> str:
        """1 order, 2 orders."""
        return f"{number:,} {one if number == 1 else many}"

    def listed(self, values: Iterable[object] | None) -> str:
        """A, B และ C; A, B and C."""
        texts = [str(value) for value in values or () if value not in (None, "")]
        if len(texts) < 2:
            return "".join(texts)
        joiner = " และ" if self.thai and texts[-1][0] >= "\u0e00" else " และ " if self.thai else " and "
        return ", ".join(texts[:-1]) + joiner + texts[-1]

    def polite(self, name: str | None) -> str:
        """คุณสมศรี, ป้าแดง: a name as one would call the person; "customer" for nobody in particular."""
        name = (name or "").strip()
        if not self.thai:
            return name or "customer"
        if not name:
            return "คุณลูกค้า"
        return name if name.startswith(_THAI_TITLES) else f"คุณ{name}"

    def why(self, code: str) -> str:
        """A reason code in plain words; the code itself where nobody has written any."""
        return self.reasons.get(code, code)

    def clip(self, value: object, most: int) -> str:
        """At most `most` letters."""
        text = "" if value is None else str(value)
        return text if len(text) <= most else text[: most - 1].rstrip() + "…"

    def filters(self) -> dict[str, Callable[..., object]]:
        """Every filter a template may use."""
        ours = (
            "day",
            "clock",
            "hour",
            "between",
            "baht",
            "kg",
            "km",
            "amount",
            "count",
            "listed",
            "polite",
            "why",
            "clip",
        )
        return {name: getattr(self, name) for name in ours} | {"length": _length, "default": _default}


def _short(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")


def _length(value: object) -> int:
    return 0 if value is None else len(value)  # type: ignore[arg-type]


def _default(value: object, other: object) -> object:
    return value or other
