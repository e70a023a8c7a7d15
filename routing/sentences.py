"""The reasons why a shipment found no place, in Thai and English. Finds no reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .model import Problem, ProblemError, Reason, Unassigned, VehicleReason

_PLAIN: Mapping[Reason, tuple[str, str]] = {
    Reason.NO_RIDER: ("ไม่มีไรเดอร์ว่างในรอบนี้", "no rider is available"),
    Reason.SKILL: ("ไม่มีไรเดอร์ที่ส่งของแบบนี้ได้", "no rider has the skills it needs"),
    Reason.REFUSED: ("ไรเดอร์ที่มีไม่รับออเดอร์นี้", "no rider may take this order"),
    Reason.MAX_TASKS: ("เกินจำนวนจุดจอดที่ไรเดอร์รับได้", "more stops than a rider takes"),
    Reason.UNREACHABLE: ("ไม่มีเส้นทางไปถึง", "there is no way to get there"),
    Reason.PRIORITY: ("คิวไรเดอร์เต็ม ให้ออเดอร์อื่นไปก่อน", "the riders are full; other orders went first"),
}

_SECONDS: Mapping[Reason, tuple[str, str]] = {
    Reason.TIME_WINDOW: ("ไปไม่ทันเวลานัด ช้าไป {n} นาที", "{n} min too late for its time window"),
    Reason.SHIFT: ("เวลาทำงานของไรเดอร์ไม่พอ ขาดอีก {n} นาที", "{n} min outside the rider's shift"),
    Reason.MAX_TRAVEL_TIME: ("เดินทางนานเกินกำหนด {n} นาที", "{n} min over the longest travel time"),
    Reason.MAX_RIDE_TIME: ("ของอยู่บนรถนานเกินกำหนด {n} นาที", "{n} min too long on the road for these goods"),
}

_DIMENSIONS: Mapping[str, tuple[int, str, str, str]] = {
    "weight_g": (1000, "น้ำหนัก", "กก.", "kg"),
    "volume_ml": (1000, "ปริมาตร", "ลิตร", "litres"),
}
"""Per dimension: how many make one of people's units, its name in Thai, the unit in Thai and in English."""


def sentence_for(unassigned: Unassigned, problem: Problem) -> dict[str, str]:
    """The overall reason, with the figure of the vehicle that came nearest."""
    code = unassigned.code
    of_code = [v for v in unassigned.vehicles if v.code == code]
    if code in _PLAIN:
        th, en = _PLAIN[code]
        return {"th": th, "en": en}
    if code is Reason.CAPACITY:
        return _capacity(min((v.excess for v in of_code), key=sum, default=()), problem)
    if code is Reason.MAX_DISTANCE:
        metres = min((v.metres or 0 for v in of_code), default=0)
        km = _number(max(metres, 100), 1000)
        return {"th": f"ไกลเกินกำหนด {km} กม.", "en": f"{km} km over the longest distance"}
    th, en = _SECONDS[code]
    minutes = -(-_nearest(of_code) // 60)
    return {"th": th.format(n=minutes), "en": en.format(n=minutes)}


def _nearest(reasons: Sequence[VehicleReason]) -> int:
    return min((r.seconds or 0 for r in reasons), default=0)


def _capacity(excess: Sequence[int], problem: Problem) -> dict[str, str]:
    amounts = _amounts(excess, problem.dimensions)
    thai = " และ".join(f"เกิน{name} {number}" for name, number, _ in amounts)
    english = " and ".join(f"{number} over" for _, _, number in amounts)
    return {"th": thai or "เกินความจุ", "en": english or "over capacity"}


def quantities(amounts: Sequence[int], dimensions: Sequence[str]) -> dict[str, str]:
    """So much of each dimension, as people say it: ``4 kg and 2 litres``."""
    found = _amounts(amounts, dimensions)
    return {"th": " และ ".join(th for _, th, _ in found), "en": " and ".join(en for _, _, en in found)}


def _amounts(amounts: Sequence[int], dimensions: Sequence[str]) -> list[tuple[str, str, str]]:
    """What is not nothing: the dimension in Thai, the amount in Thai, the amount in English."""
    found = []
    for name, amount in zip(dimensions, amounts, strict=False):
        if amount > 0:
            unit, thai, thai_unit, english = _DIMENSIONS.get(name, (1, f" {name}", "", name))
            number = _number(amount, unit)
            found.append((thai, f"{number} {thai_unit}".strip(), f"{number} {english}"))
    return found


def _number(amount: int, unit: int) -> str:
    """At most one decimal, rounded up, so that what is over never reads as nothing."""
    tenths = -(-amount * 10 // unit)
    whole, tenth = divmod(tenths, 10)
    return f"{whole:,}.{tenth}" if tenth else f"{whole:,}"


_REFUSALS: Mapping[str, str] = {
    "amount": "จำนวนไม่ถูกต้อง",
    "amounts": "จำนวนไม่ตรงกัน",
    "arrival": "ไม่ได้ระบุเวลาถึง",
    "barriers": "สิ่งกีดขวางไม่ถูกต้อง",
    "churn": "ต้องมีแผนเดิมใน previous ด้วย",
    "coordinates": "พิกัดไม่ถูกต้อง ต้องเป็น [ลองจิจูด, ละติจูด]",
    "costs": "ตารางของพาหนะนี้ระบุค่าใช้จ่ายไว้แล้ว",
    "delivery": "ไม่ได้ระบุจุดส่ง",
    "engine": "ไม่มีเครื่องมือคำนวณที่ทำตามเงื่อนไขทั้งหมดนี้ได้",
    "id": "รหัสไม่ถูกต้องหรือซ้ำกัน",
    "index": "ตำแหน่งในตารางไม่ถูกต้อง",
    "location": "ไม่ได้ระบุพิกัด",
    "lock": "lock ต้องเป็น none, vehicle หรือ sequence",
    "matrix": "ตารางเวลาเดินทางไม่ถูกต้อง",
    "number": "ตัวเลขไม่ถูกต้อง",
    "pickup": "ไม่ได้ระบุจุดรับ",
    "pickups": "ให้ระบุ pickup หรือ pickups อย่างใดอย่างหนึ่ง",
    "profile": "ไม่มีตารางเวลาของยานพาหนะชนิดนี้",
    "reload_depots": "มีจุดขึ้นของสองจุดที่เดียวกัน",
    "speed_factor": "ตัวคูณความเร็วต้องมากกว่า 0 และไม่เกิน 5",
    "step": "ไม่รู้จักจุดนี้ หรือระบุซ้ำ",
    "type": "ชนิดข้อมูลไม่ถูกต้อง",
    "vehicle": "ไม่รู้จักรหัสยานพาหนะนี้",
    "vehicles": "ต้องมียานพาหนะอย่างน้อยหนึ่งคัน",
    "window": "ช่วงเวลาไม่ถูกต้อง",
}


def refusal(error: ProblemError) -> dict[str, str]:
    """What is wrong with a field, in Thai (by the family of the code) and in English (exactly)."""
    return {"th": _REFUSALS.get(error.code.partition(".")[0], "ข้อมูลไม่ถูกต้อง"), "en": error.message}
