"""How a plan looks in a terminal: routes, what found no place, and what approving would send."""

from __future__ import annotations

import datetime as dt
from typing import Any

from scheduler.cli import screen

ROUTE = {
    "th": ["ไรเดอร์", "รถ", "ออก", "กลับ", "จุดรับ", "จุดส่ง", "กม.", "หนัก กก.", "เก็บเงินสด บาท"],
    "en": ["rider", "vehicle", "out", "back", "pickups", "drops", "km", "load kg", "cash baht"],
}
NO_PLACE = {
    "th": ["ออเดอร์", "เหตุผล", "ทำให้มีที่ได้โดย", "รอบถัดไป"],
    "en": ["order", "why", "what would make room", "next"],
}
PHONE = {"th": "โทร", "en": "phone"}
NONE = {"th": "ไม่มี", "en": "none"}
ROLES = {"rider": "ไรเดอร์", "seller": "ผู้ขาย", "buyer": "ผู้ซื้อ", "coordinator": "ผู้ประสานงาน"}


def role(name: str) -> str:
    """What a member is to the market, in the reader's language."""
    return screen.spoken({"th": ROLES[name], "en": name})


def clock(stamp: str | None) -> str:
    """The wall time of a document's instant."""
    return dt.datetime.fromisoformat(stamp).strftime("%H:%M") if stamp else "–"


def _below_minimum(summary: dict[str, Any]) -> str:
    """The orders that a person may want to decide about, on a line of their own."""
    small = ", ".join(summary.get("below_minimum", ()))
    said = {"th": f"\nต่ำกว่าขั้นต่ำของโซน แต่ไปส่ง: {small}", "en": f"\nbelow their zone's minimum, riding: {small}"}
    return screen.spoken(said) if small else ""


def show_plan(wave: dict[str, Any], *, names: dict[str, str] | None = None) -> None:
    """One wave of a plan document."""
    names = names or {}
    if wave["plan_id"] is None:
        not_yet = screen.spoken({"th": "ยังไม่ได้วางแผน", "en": "not planned yet"})
        screen.out().print(f"{wave['wave']}: {wave['state']}, {not_yet}", markup=False)
        return
    summary = wave["summary"]
    orders, routes = summary["orders"], summary["routes"]
    km, baht = f"{summary['distance'] / 1000:.1f}", f"{summary['cost'] / 100:,.0f}"
    title = {
        "th": f"{wave['wave']}: {wave['state']} · แผน {wave['plan_id']} (ฉบับที่ {wave['revision']})\n"
        f"{orders} ออเดอร์ {routes} เส้นทาง {km} กม. {baht} บาท",
        "en": f"{wave['wave']}: {wave['state']} · plan {wave['plan_id']} (revision {wave['revision']})\n"
        f"{orders} orders, {routes} routes, {km} km, {baht} baht",
    }
    screen.table(
        screen.spoken(title) + _estimate(wave["travel"]) + _below_minimum(summary),
        screen.spoken(ROUTE),
        (
            [
                f"{route['rider_id']} {names.get(route['rider_id'], '')}".strip(),
                route["vehicle"],
                clock(route["steps"][0]["arrival"]),
                clock(route["steps"][-1]["arrival"]),
                sum(step["type"] == "pickup" for step in route["steps"]),
                sum(step["type"] == "delivery" for step in route["steps"]),
                f"{route['distance'] / 1000:.1f}",
                f"{route['load_max'][0] / 1000:.1f}",
                f"{route['cod_satang'] / 100:,.0f}",
            ]
            for route in wave["routes"]
        ),
        right=range(4, 9),
    )
    chosen = screen.language()
    if "reason" in wave["travel"]:
        screen.out().print(_fallback(wave["travel"])[chosen], markup=False)
    if wave["travel"].get("off_road"):
        screen.out().print(_off_road(wave["travel"])[chosen], markup=False)
    if wave["unassigned"]:
        screen.table(
            screen.spoken({"th": "ยังไม่มีที่ลง", "en": "no place found"}),
            screen.spoken(NO_PLACE),
            (
                [
                    left["order_id"],
                    left["message"][chosen],
                    ((left["fix"] or {}).get("message") or {}).get(chosen, "–"),
                    " ".join(filter(None, (left["next_date"], left["next_wave"]))),
                ]
                for left in wave["unassigned"]
            ),
        )
    if wave.get("out_of_date"):
        late = ", ".join(wave["out_of_date"])
        outdated = {
            "th": f"แผนไม่ตรงแล้วกับ {late}: วางแผนใหม่ด้วย songsuk plan replan",
            "en": f"out of date: it no longer fits {late}; plan replan makes a new one",
        }
        screen.out().print(screen.spoken(outdated), markup=False)
    told = wave.get("messages") or {}
    if told:
        kinds = screen.counted(told["by_kind"]) or screen.spoken(NONE)
        pushes, calls = told["line_pushes"], told["phone_calls"]
        left = {"th": "", "en": ""}
        if told.get("line_left") is not None:
            left = {"th": f" (เดือนนี้เหลือ {told['line_left']})", "en": f" of {told['line_left']} left this month"}
        sends = {
            "th": f"ข้อความ: {kinds}; ส่งทาง LINE {pushes}{left['th']}; ต้องโทร {calls}",
            "en": f"messages: {kinds}; LINE pushes {pushes}{left['en']}; phone calls {calls}",
        }
        screen.out().print(screen.spoken(sends), markup=False)


def _estimate(travel: dict[str, Any]) -> str:
    """That times are guessed, and how far off they may be."""
    if not travel.get("estimate"):
        return ""
    low, high = travel.get("range") or (None, None)
    if low is None:
        return screen.spoken({"th": " เวลาประมาณจากเส้นตรง", "en": ", times are straight-line estimates"})
    real = {
        "th": f" เวลาประมาณจากเส้นตรง (จริง {low:g} ถึง {high:g} เท่า)",
        "en": f", times are straight-line estimates (real: {low:g} to {high:g} times)",
    }
    return screen.spoken(real)


def _fallback(travel: dict[str, Any]) -> dict[str, str]:
    """Why a plan that was to follow roads is made of straight lines."""
    why = travel["reason"]["message"]
    return {
        "th": f"ไม่ได้ใช้ถนนจริง ({travel['instead_of']}): {why['th']} แผนนี้ประมาณจากเส้นตรง",
        "en": f"not on real roads ({travel['instead_of']}): {why['en']}; this plan is estimated on straight lines",
    }


def _off_road(travel: dict[str, Any]) -> dict[str, str]:
    """Whose pins lie far from any road."""
    th, en = (
        ", ".join(f"{each['id']} ({each['metres']:,} {unit})" for each in travel["off_road"]) for unit in ("ม.", "m")
    )
    return {"th": f"หมุดไกลถนน ตรวจก่อนอนุมัติ: {th}", "en": f"far from any road, look at the pins: {en}"}
