"""How a preview looks in a terminal, at 80 columns too: zones, figures before and after, who falls out."""

from __future__ import annotations

import datetime as dt
from typing import Any

from scheduler.cli import screen

MOST_ORDERS = 20
"""Changed orders that are listed; --json has them all."""

ZONES = {
    "th": ["โซน", "ออเดอร์", "เข้า/ออก", "ข้ามโซน", "ไม่มีที่", "คน-วัน", "กม.", "นาที", "ค่าส่ง"],
    "en": ["zone", "orders", "in/out", "other zone", "no place", "rider days", "km", "min", "fees"],
}
TOTAL = {"th": ["รวมทั้งตลาด", "เดิม", "ใหม่", "ต่าง"], "en": ["the whole market", "old", "new", "difference"]}
ROWS = {
    "orders": ("ออเดอร์ในโซน", "orders in the zones"),
    "outside": ("ออเดอร์นอกทุกโซน", "orders outside every zone"),
    "carried": ("ส่งได้", "carried"),
    "unassigned": ("ไม่มีที่ลง", "no place found"),
    "rounds": ("รอบวิ่งของไรเดอร์", "rounds"),
    "rider_days": ("ไรเดอร์ (คน-วัน)", "rider days"),
    "most_riders": ("ไรเดอร์วันที่มากสุด", "riders on the busiest day"),
    "distance": ("กิโลเมตร", "kilometres"),
    "time": ("นาทีของไรเดอร์", "riders' minutes"),
    "fees_satang": ("ค่าส่งที่เก็บ (บาท)", "delivery fees (baht)"),
    "cost": ("ค่าไรเดอร์ (บาท)", "riders' cost (baht)"),
}
CHANGED = {"th": ["ออเดอร์", "วันที่", "เดิม", "ใหม่"], "en": ["order", "date", "before", "after"]}
FALLS = {"th": ["ใคร", "รหัส", "ชื่อ", "เหตุผล"], "en": ["who", "id", "name", "why"]}
KINDS = {"orders": ("ออเดอร์", "order"), "riders": ("ไรเดอร์", "rider"), "sellers": ("ผู้ขาย", "seller")}
NEEDS = {
    "orders": ("ออเดอร์ที่คาด", "orders expected"),
    "carried": ("ส่งได้", "of them carried"),
    "rider_days": ("ไรเดอร์เพิ่ม (คน-วัน)", "more rider days"),
    "riders": ("ไรเดอร์ทั้งตลาดวันที่มากสุด", "riders in all, busiest day"),
    "more_riders": ("ต้องหาไรเดอร์ใหม่ (คน)", "new riders to be found"),
    "distance": ("กิโลเมตรเพิ่ม", "more kilometres"),
    "time": ("นาทีเพิ่ม", "more minutes"),
    "cost": ("ค่าไรเดอร์เพิ่ม (บาท)", "more riders' cost (baht)"),
}
NEED = {"th": ["ต่อสัปดาห์", "กลาง", "ต่ำสุด", "สูงสุด"], "en": ["a week", "middle", "least", "most"]}
NOT_TAKEN = {
    "th": ["แถว", "คอลัมน์", "ค่า", "เหตุผล", "แก้เป็น"],
    "en": ["row", "column", "value", "why", "what to write"],
}
KIND = {
    "gained": ("โซนใหม่", "new zone"),
    "lost": ("ไม่มีโซนนี้แล้ว", "zone is gone"),
    "changed": ("เปลี่ยน", "changed"),
}


def show_preview(found: dict[str, Any]) -> None:
    """All of the document that a person wants to see."""
    _head(found)
    _changes(found["changes"])
    if found["how"] is not None:
        _total(found["total"], found["how"]["scatter"])
        _zones(found)
        _orders(found)
        screen.out().print(screen.spoken(found["how"]["message"]), markup=False)
        if found["how"]["travel"].get("estimate"):
            said = {"th": "เวลาเดินทางประมาณจากเส้นตรง", "en": "travel times are straight-line estimates"}
            screen.out().print(screen.spoken(said), markup=False)
    _falls_out(found["falls_out"])
    _expected(found)
    _errors(found["errors"])
    if found["picture"] is not None:
        screen.say(screen.spoken({"th": f"แผนที่: {found['picture']}", "en": f"map: {found['picture']}"}))


def _say(th: str, en: str) -> None:
    screen.out().print(screen.spoken({"th": th, "en": en}), markup=False)


def _of(both: tuple[str, str]) -> str:
    return screen.spoken({"th": both[0], "en": both[1]})


def _head(found: dict[str, Any]) -> None:
    from scheduler.intake import english_date, thai_date

    old, new, period = found["old"], found["new"], found["period"]
    was = old["file"] or _of((f"เวอร์ชัน {old['version']}", f"version {old['version']}"))
    dates = [dt.date.fromisoformat(period[end]) for end in ("from", "to")]
    th, en = (" – ".join(dict.fromkeys(say(date) for date in dates)) for say in (thai_date, english_date))
    _say(
        f"{was} เทียบกับ {new['file']}: ออเดอร์จริง {period['orders']} รายการ {th}",
        f"{was} against {new['file']}: {period['orders']} real orders, {en}",
    )
    if not period["orders"]:
        _say("ไม่มีออเดอร์ในช่วงนี้ เทียบได้เฉพาะโซน", "no orders in these days: only the zones are compared")


# --- what changes -------------------------------------------------------------------------------------------------


def _changes(changes: dict[str, Any]) -> None:
    differing = [zone for zone in changes["zones"] if zone["change"] != "same"]
    for zone in differing:
        screen.out().print(f"• {_name(zone)} ({zone['zone']}): {', '.join(_said(zone))}", markup=False)
    if changes["sections"]:
        names = ", ".join(changes["sections"])
        _say(f"• หัวข้ออื่นที่เปลี่ยน: {names}", f"• other parts that differ: {names}")
    if not differing and not changes["sections"]:
        _say("• ไม่มีอะไรเปลี่ยน", "• nothing differs")


def _name(zone: dict[str, Any]) -> str:
    name = zone["name"]
    return str(screen.spoken({"th": name["th"], "en": name["en"] or name["th"]}))


def _said(zone: dict[str, Any]) -> list[str]:
    area = zone["area_km2"]
    said = []
    if zone["change"] != "changed":
        km2 = area["new"] if area["new"] is not None else area["old"]
        said.append(_of(KIND[zone["change"]]) + f" {km2:.2f} " + _of(("ตร.กม.", "km²")))
    if zone["border_moved"]:
        gained, lost = zone["gained_km2"], zone["lost_km2"]
        said.append(
            _of(
                (
                    f"ขอบเปลี่ยน ได้เพิ่ม {gained:.2f} เสียไป {lost:.2f} ตร.กม. ({area['old']:.2f} → {area['new']:.2f})",
                    f"border moved, {gained:.2f} km² gained, {lost:.2f} lost ({area['old']:.2f} → {area['new']:.2f})",
                )
            )
        )
    said += [f"{name} {_plain(pair['old'])} → {_plain(pair['new'])}" for name, pair in zone["fields"].items()]
    return said


def _plain(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(str, value)) + "]"
    if isinstance(value, dict):
        return str(value.get("th", value))
    return "–" if value is None else str(value)


# --- figures ------------------------------------------------------------------------------------------------------


def _shown(name: str, value: int) -> str:
    """A figure in the unit that people read: km, minutes, baht."""
    match name:
        case "distance":
            return f"{value / 1000:,.1f}"
        case "time":
            return f"{value / 60:,.0f}"
        case "fees_satang" | "cost":
            return f"{value / 100:,.0f}"
        case _:
            return f"{value:,}"


def _difference(name: str, value: int) -> str:
    shown = _shown(name, abs(value))
    return shown if shown.strip("0.,") == "" else ("+" if value > 0 else "−") + shown


def _beside_luck(name: str, change: int, luck: int) -> str:
    """A difference with what of it may be luck; one that is no larger is said to be none."""
    if not luck or not change:
        return _difference(name, change)
    both = f"{_difference(name, change)} ±{_shown(name, luck)}"
    return both if abs(change) > luck else f"{_of(('พอกัน', 'about the same'))} ({both})"


def _total(total: dict[str, Any], luck: dict[str, int]) -> None:
    rows = [
        [
            _of(words),
            *(_shown(name, total[name][side]) for side in ("old", "new")),
            _beside_luck(name, total[name]["change"], luck.get(name, 0)),
        ]
        for name, words in ROWS.items()
    ]
    for code, pair in total["reasons"].items():
        rows.append([f"  {code}", f"{pair['old']:,}", f"{pair['new']:,}", _difference("", pair["change"])])
    if total["no_pin"]["new"]:
        pair = total["no_pin"]
        rows.append([_of(("ยังไม่มีหมุด", "without a pin")), pair["old"], pair["new"], "0"])
    screen.table("", screen.spoken(TOTAL), rows, right=range(1, 4))
    counts = total["in"], total["out"], total["between"], total["other_time"]
    _say(
        "ออเดอร์ที่เปลี่ยน: เข้า {} ออก {} ข้ามโซน {} เปลี่ยนรอบหรือวัน {}".format(*counts),
        "orders that change: {} in, {} out, {} to another zone, {} to another wave or day".format(*counts),
    )


def _zones(found: dict[str, Any]) -> None:
    names = {zone["zone"]: _name(zone) for zone in found["changes"]["zones"]}
    differing = [zone for zone in found["zones"] if _differs(zone)]
    if differing:
        columns = ("unassigned", "rider_days", "distance", "time", "fees_satang")
        screen.table(
            "",
            screen.spoken(ZONES),
            (
                [
                    names[zone["zone"]],
                    _cell("orders", zone["orders"]),
                    f"+{zone['in']} −{zone['out']}",
                    f"+{zone['from_zones']} −{zone['to_zones']}",
                    *(_cell(name, zone[name]) for name in columns),
                ]
                for zone in differing
            ),
            right=range(1, 9),
        )
    same = len(found["zones"]) - len(differing)
    if same:
        _say(f"อีก {same} โซนตัวเลขเท่าเดิม", f"the figures of {same} more zones are as before")


def _differs(zone: dict[str, Any]) -> bool:
    moved = any(zone[name] for name in ("in", "out", "from_zones", "to_zones"))
    return moved or any(isinstance(pair, dict) and pair.get("change") for pair in zone.values())


def _cell(name: str, pair: dict[str, int]) -> str:
    """Before and after, and the difference under it; one figure where nothing differs."""
    old, new, change = _whole(name, pair["old"]), _whole(name, pair["new"]), _difference(name, pair["change"])
    return new if old == new else f"{old}→\n{new}\n{change}"


def _whole(name: str, value: int) -> str:
    return _shown(name, value).split(".")[0] if name == "distance" else _shown(name, value)


def _orders(found: dict[str, Any]) -> None:
    moved = [order for order in found["orders"] if order["change"] in {"in", "out", "between"}]
    if not moved:
        return
    screen.table(
        "",
        screen.spoken(CHANGED),
        (
            [order["order_id"], order["service_date"], _where(order["old"]), _where(order["new"])]
            for order in moved[:MOST_ORDERS]
        ),
    )
    if len(moved) > MOST_ORDERS:
        more = len(moved) - MOST_ORDERS
        _say(f"และอีก {more} ออเดอร์ ดูทั้งหมดด้วย --json", f"and {more} more; --json has them all")


def _where(placed: dict[str, Any]) -> str:
    where = " ".join(filter(None, (placed["zone"], placed["wave"])))
    return " ".join(filter(None, (where, placed["reason"])))


# --- people -------------------------------------------------------------------------------------------------------


def _falls_out(falls: dict[str, list[dict[str, Any]]]) -> None:
    rows = [
        [_of(KINDS[kind]), each["id"], each["name"], f"{each['message'][screen.language()]} {', '.join(each['zones'])}"]
        for kind, found in falls.items()
        for each in found
    ]
    if rows:
        title = {"th": "ใครหลุดจากโซน (สำหรับผู้ประสานงานเท่านั้น)", "en": "who falls out (for the coordinator only)"}
        screen.table(screen.spoken(title), screen.spoken(FALLS), rows)
    else:
        _say("ไม่มีออเดอร์ที่รออยู่หรือสมาชิกคนใดหลุดจากโซน", "no waiting order and no member falls out")


def _expected(found: dict[str, Any]) -> None:
    expected = found["expected"]
    if expected is None:
        return
    places = ", ".join(f"{_name(place)} {place['orders']}" for place in expected["places"])
    title = {
        "th": f"ถ้ามีออเดอร์เพิ่มตามคาด ({places} ต่อสัปดาห์) สุ่ม {expected['draws']} ครั้ง เทียบกับสัปดาห์เดียวกันที่ไม่มี",
        "en": f"with the orders expected ({places} a week), {expected['draws']} draws, beside the same week without",
    }
    screen.table(
        screen.spoken(title),
        screen.spoken(NEED),
        (
            [_of(words), *(_shown(name, expected[name][part]) for part in ("p50", "low", "high"))]
            for name, words in NEEDS.items()
        ),
        right=range(1, 4),
    )
    if expected["reasons"]:
        reasons = screen.counted(expected["reasons"])
        _say(f"ที่ส่งไม่ได้ รวมทุกครั้งที่สุ่ม: {reasons}", f"not carried, over all draws: {reasons}")


def _errors(errors: list[dict[str, Any]]) -> None:
    if errors:
        chosen = screen.language()
        screen.table(
            screen.spoken({"th": "แถวที่ไม่รับ", "en": "rows not taken"}),
            screen.spoken(NOT_TAKEN),
            ([e["row"], e["column"] or "", e["value"], e["message"][chosen], e["hint"][chosen]] for e in errors),
            right=[0],
        )
