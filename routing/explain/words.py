"""What would make room, in Thai and English, as short as a table cell wants it. Finds nothing.

The first part says what is asked, parts that are needed too follow it. Figures are rounded up, times towards more room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from routing.fixes import Fix, FixCode, Relaxation
from routing.sentences import quantities

Words = dict[str, str]

_PLAIN: Mapping[FixCode, tuple[str, str]] = {
    FixCode.FITS: ("{v} ยังรับได้ ลองวางแผนใหม่", "fits with {v} as it is; plan again"),
    FixCode.PENALTY: ("ให้ความสำคัญมากขึ้น แล้วให้ {v} ส่ง", "worth more than its penalty says; then {v} can bring it"),
    FixCode.ALLOWED: ("ให้ {v} รับออเดอร์นี้ได้", "let {v} take it"),
}

_MINUTES: Mapping[FixCode, tuple[str, str]] = {
    FixCode.MAX_TRAVEL_TIME: ("ให้ {v} เดินทางได้นานขึ้น {n} นาที", "{v} on the road {n} min longer"),
    FixCode.MAX_RIDE_TIME: ("ให้ของอยู่บนรถได้นานขึ้น {n} นาที ({v})", "goods on the road {n} min longer, with {v}"),
}

_SHIFT: Mapping[str, tuple[str, str]] = {
    "later": ("ให้ {v} ทำงานต่ออีก {n} นาที ถึง {t} น.", "{v} works {n} min longer, until {t}"),
    "earlier": ("ให้ {v} เริ่มงานเร็วขึ้น {n} นาที ตั้งแต่ {t} น.", "{v} starts {n} min earlier, at {t}"),
}

_WINDOW: Mapping[tuple[str, str], tuple[str, str]] = {
    ("delivery", "later"): ("ขยายเวลาส่งอีก {n} นาที ถึง {t} น. ({v})", "window {n} min wider, until {t}, with {v}"),
    ("delivery", "earlier"): ("ให้ส่งเร็วขึ้นได้ {n} นาที ตั้งแต่ {t} น. ({v})", "window {n} min wider, from {t}, with {v}"),
    ("pickup", "later"): ("ให้ไปรับของช้าลงได้ {n} นาที ถึง {t} น. ({v})", "goods fetched {n} min later, until {t}, by {v}"),
    ("pickup", "earlier"): ("ให้ของพร้อมเร็วขึ้น {n} นาที ตอน {t} น. ({v})", "goods ready {n} min earlier, at {t}, for {v}"),
}


def fix_sentence(fix: Fix, dimensions: Sequence[str]) -> Words:
    """What would make room (keys ``th`` and ``en``). `dimensions` as in the problem."""
    parts = [_part(relaxation, fix, dimensions) for relaxation in fix.relaxations]
    return {"th": " และ".join(th for th, _ in parts), "en": " and ".join(en for _, en in parts)}


def _part(r: Relaxation, fix: Fix, dimensions: Sequence[str]) -> tuple[str, str]:
    minutes = -(-(r.seconds or 0) // 60)
    facts: dict[str, object] = {"v": fix.vehicle, "n": minutes}
    match r.code:
        case FixCode.LIGHTER:
            less = quantities(_total(r), dimensions)
            found = f"ลดของลง {less['th']} แล้วให้ {{v}} ส่ง", f"{less['en']} lighter, with {{v}}"
        case FixCode.WINDOW:
            facts["t"] = _edge(r)
            found = _WINDOW["delivery" if r.pickup is None else "pickup", r.side or "later"]
        case FixCode.LONGER_SHIFT:
            facts["t"] = _edge(r)
            found = _SHIFT[r.side or "later"]
        case FixCode.ONE_MORE_RIDER:
            facts["t"] = _clock((r.window or (0, 0))[0])
            found = "เพิ่มไรเดอร์อีก 1 คน ตั้งแต่ {t} น. แบบเดียวกับ {v}", "one rider more from {t}, like {v}"
        case FixCode.MAX_TASKS:
            facts["n"] = r.tasks
            found = "ให้ {v} รับเพิ่มอีก {n} จุด", "{v} makes {n} more stops"
        case FixCode.MAX_DISTANCE:
            facts["n"] = f"{-(-(r.metres or 0) // 100) / 10:g}"
            found = "ให้ {v} วิ่งไกลขึ้น {n} กม.", "{v} rides {n} km farther"
        case FixCode.SKILL:
            facts["n"] = ", ".join(sorted(map(str, r.skills)))
            found = "ให้ {v} พร้อมสำหรับของแบบนี้ ({n})", "{v} equipped for it ({n})"
        case _:
            found = _MINUTES.get(r.code) or _PLAIN[r.code]
    th, en = found
    return th.format(**facts), en.format(**facts)


def _total(r: Relaxation) -> list[int]:
    rows = [*r.amounts, *([r.collected] if r.collected else [])]
    return [sum(column) for column in zip(*rows, strict=True)]


def _edge(r: Relaxation) -> str:
    """The edge of the window that moves, to a whole minute outwards."""
    opens, closes = r.window or (0, 0)
    return _clock(opens) if r.side == "earlier" else _clock(-(-closes // 60) * 60)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}"
