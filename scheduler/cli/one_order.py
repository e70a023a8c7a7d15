"""`songsuk orders show`: one order as a block to read, to the last word that is known of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from scheduler.cli import screen
from scheduler.cli.tables import clock

if TYPE_CHECKING:
    from scheduler.app import App
    from storage.records import Order, PlanStep

Line = tuple[dict[str, str], str]
TEMPERATURES = {
    "ambient": {"th": "", "en": ""},
    "hot": {"th": " ของร้อน", "en": ", hot"},
    "chilled": {"th": " แช่เย็น", "en": ", chilled"},
}
PRIORITIES = {
    "low": {"th": "ต่ำ", "en": "low"},
    "normal": {"th": "ปกติ", "en": "normal"},
    "high": {"th": "สูง", "en": "high"},
}
PROOFS = {
    "none": {"th": "", "en": ""},
    "photo": {"th": "ถ่ายรูป", "en": "a photo"},
    "pin": {"th": "รหัสรับของ", "en": "a code"},
}


def whole(app: App, order: Order) -> dict[str, Any]:
    """The document of one order, with the people, the promise and the reason that its rows name."""
    from scheduler import documents
    from storage.records import Role

    leg = next((leg for leg in order.legs if leg.state != "delivered"), order.legs[-1]) if order.legs else None
    sellers = app.store.members(Role.SELLER, refs=[pickup.seller_id for pickup in order.pickups])
    rider = None
    if leg is not None and leg.rider_id is not None:
        rider = next(iter(app.store.members(Role.RIDER, refs=[leg.rider_id])), None)
    step = _delivery(app, order.order_id, leg.plan_id) if leg is not None and leg.plan_id is not None else None
    why = in_words(app, documents.order_state(order)[1])
    return documents.whole_order(order, {seller.ref: seller for seller in sellers}, rider, step, why, app.tz)


def in_words(app: App, reason: str | None) -> dict[str, str]:
    """A reason's code as a sentence, in the market's own wording where it has one."""
    if reason is None:
        return {"th": "", "en": ""}
    texts = app.versions.texts()
    return {"th": texts.words("th").why(reason), "en": texts.words("en").why(reason)}


def _delivery(app: App, order_id: str, plan_id: str) -> PlanStep | None:
    plan = app.store.plan(plan_id)
    steps = [step for route in plan.routes for step in route.steps] if plan is not None else []
    return next((step for step in steps if step.order_id == order_id and step.type == "delivery"), None)


def show_order(order: dict[str, Any]) -> None:
    """The block: a line for each thing that is known."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=order["order_id"], title_justify="left", box=box.SIMPLE, pad_edge=False, show_header=False)
    drawn.add_column(no_wrap=True)
    drawn.add_column(overflow="fold")
    for name, value in _lines(order):
        if value:
            drawn.add_row(screen.spoken(name), Text(value))
    screen.out().print(drawn)


def _lines(order: dict[str, Any]) -> Iterator[Line]:
    state = " · ".join(filter(None, (order["state"], order["reason"], screen.spoken(order["message"]))))
    yield {"th": "สถานะ", "en": "state"}, state
    yield {"th": "วันที่สั่งไว้", "en": "asked for"}, order["service_date"]
    rides = " ".join(filter(None, (order["date"], order["wave"])))
    yield {"th": "รอบที่ส่ง", "en": "rides"}, rides if order["state"] != "cancelled" else ""
    yield {"th": "โซน", "en": "zone"}, order["zone"] or ""
    yield {"th": "เวลาที่ขอ", "en": "window"}, _between(order["window"])
    yield {"th": "เวลาที่แจ้งผู้ซื้อ", "en": "told"}, _between(order["told"])
    yield {"th": "คาดว่าถึง", "en": "arrives"}, clock(order["arrival"]) if order["arrival"] else ""
    rider = order["rider"] or {"rider_id": "", "name": "", "phone": ""}
    yield {"th": "ไรเดอร์", "en": "rider"}, _joined(rider["rider_id"], rider["name"], rider["phone"])
    buyer = order["buyer"]
    yield {"th": "ผู้ซื้อ", "en": "buyer"}, _joined(order["buyer_ref"], buyer["name"])
    yield {"th": "เบอร์โทร", "en": "phone"}, buyer["phone"] or ""
    yield {"th": "ที่อยู่", "en": "address"}, _joined(order["address_text"], order["tambon"], order["postcode"])
    yield {"th": "จุดสังเกต", "en": "landmark"}, order["landmark"]
    yield {"th": "หมุด", "en": "pin"}, _pin(order["location"])
    for pickup in order["pickups"]:
        yield {"th": "ของจาก", "en": "from"}, _pickup(pickup)
    yield {"th": "เงินสดเก็บปลายทาง", "en": "cash"}, _baht(order["cod_satang"])
    yield {"th": "จ่ายทาง", "en": "paid by"}, order["paid_method"] or ""
    yield {"th": "ค่าสินค้า", "en": "goods cost"}, _baht(order["total_satang"]) if order["total_satang"] else ""
    yield {"th": "ค่าส่งของโซน", "en": "delivery fee"}, _baht(order["fee_satang"]) if order["fee_satang"] else ""
    yield {"th": "ความสำคัญ", "en": "priority"}, screen.spoken(PRIORITIES[order["priority"]])
    help_wanted = {"th": "ช่วยยกของเข้าบ้าน", "en": "help at the door"}
    yield {"th": "ขอให้", "en": "asks for"}, screen.spoken(help_wanted) if order["needs_help_at_door"] else ""
    yield {"th": "หลักฐานการส่ง", "en": "proof"}, screen.spoken(PROOFS[order["proof"]])
    yield {"th": "หมายเหตุ", "en": "note"}, order["note"]


def _joined(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


def _between(span: list[str] | None) -> str:
    return "–".join(map(clock, span)) if span is not None else ""


def _pin(location: list[float] | None) -> str:
    """As people copy it into a map: latitude first."""
    if location is None:
        return screen.spoken({"th": "ยังไม่มี", "en": "none yet"})
    return f"{location[1]:.6f},{location[0]:.6f}"


def _baht(satang: int) -> str:
    baht = f"{satang / 100:,.2f}".removesuffix(".00")
    if not satang:
        return screen.spoken({"th": "ไม่มี", "en": "none"})
    return screen.spoken({"th": f"{baht} บาท", "en": f"{baht} baht"})


def _pickup(pickup: dict[str, Any]) -> str:
    kg, litres = f"{pickup['weight_g'] / 1000:g}", f"{pickup['volume_ml'] / 1000:g}"
    size = {"th": f"{kg} กก. {litres} ลิตร", "en": f"{kg} kg, {litres} l"}
    who = _joined(pickup["seller_id"], pickup["shop_name"])
    return _joined(
        f"{who}:", pickup["items"], f"({screen.spoken(size)}{screen.spoken(TEMPERATURES[pickup['temperature']])})"
    )
