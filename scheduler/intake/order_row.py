"""One row of cells becomes one order with one pickup, or every reason why not. Knows the columns' meaning.

Knows nothing of files or of other rows; merge.py joins the rows of one order.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scheduler.intake import dates
from scheduler.intake.context import IntakeContext
from scheduler.intake.dates import Evidence, Moment
from scheduler.intake.headings import ORDERS
from scheduler.intake.people import chat_addresses, read_chat_channel
from scheduler.intake.places import Place, find_place, read_coordinate, read_pin, tambon_reader
from scheduler.intake.problems import Bad, Note, Noted, RowProblem, problem
from scheduler.intake.rows import Cursor, remembering
from scheduler.intake.tables import Cells
from scheduler.intake.values import (
    BAHT,
    KILOGRAMS,
    LITRES,
    Reader,
    choice_reader,
    nearest,
    number_reader,
    open_reader,
    plain,
    read_id,
    read_line_id,
    read_phone,
    read_postcode,
    read_ref,
    read_telegram_id,
    read_yes_no,
    spellings,
    text_reader,
)
from storage.records import Order, Person, Pickup

_TEMPERATURE = choice_reader(
    spellings(
        ambient="ปกติ ธรรมดา อุณหภูมิห้อง แห้ง normal room dry",
        hot="ร้อน อุ่น ปรุงสุก warm",
        chilled="เย็น แช่เย็น แช่แข็ง ของเย็น ของสด cold cool frozen chill",
    ),
    "ambient, hot, chilled (ปกติ, ร้อน, เย็น)",
)
_PRIORITY = choice_reader(
    spellings(low="ต่ำ ไม่ด่วน ไม่รีบ", normal="ปกติ ธรรมดา medium", high="สูง ด่วน ด่วนมาก เร่งด่วน urgent")
    | {"yes": "high", "ใช่": "high", "no": "normal", "ไม่": "normal"},
    "low, normal, high (ต่ำ, ปกติ, ด่วน)",
)
_PROOF = choice_reader(
    spellings(none="ไม่ต้อง ไม่มี no", photo="รูป ภาพ รูปถ่าย ถ่ายรูป picture", pin="รหัส code"),
    "none, photo, pin (ไม่ต้อง, รูปถ่าย, รหัส)",
)
_STATUS = choice_reader(
    spellings(
        cancelled="ยกเลิก ยกเลิกแล้ว canceled cancel void",
        active="ปกติ ยืนยัน ยืนยันแล้ว ใหม่ รอส่ง new open confirmed pending received ok",
    ),
    "cancelled (ยกเลิก) / active (ปกติ)",
)
_PAID = open_reader(
    spellings(
        cod="ปลายทาง เก็บเงินปลายทาง เก็บปลายทาง เงินสด จ่ายปลายทาง cash cashondelivery",
        promptpay="พร้อมเพย์ พร้อมเพย qr คิวอาร์",
        transfer="โอน โอนเงิน โอนแล้ว โอนผ่านธนาคาร banktransfer",
        card="บัตร บัตรเครดิต creditcard",
    )
)
_SOURCE = open_reader(
    spellings(line="ไลน์", telegram="เทเลแกรม", phone="โทร โทรศัพท์", sheet="ตาราง ชีต", walk_in="หน้าร้าน")
)
_PIN_SOURCE = open_reader(spellings(none="ไม่มี"))

_SUGGESTED = 100
_YEAR = dt.timedelta(days=366)
_PLACE_COLUMNS = {"lat", "lon", "pin", "address_text"}


@dataclass(frozen=True, slots=True)
class OrderRow:
    """What one row gave. ``order`` None: it is rejected for ``errors``."""

    order: Order | None
    order_id: str | None
    errors: list[RowProblem]
    warnings: list[RowProblem]


class OrderReader:
    """Reads rows for one context. ``evidence`` tells, per date column, what the whole column shows."""

    def __init__(
        self, context: IntakeContext, service_dates: Callable[[], Evidence], placed: Callable[[], Evidence]
    ) -> None:
        self._context, self._today = context, context.today
        self._cursor = Cursor(ORDERS.columns, [self._readers(service_dates, placed)[name] for name in ORDERS.columns])
        self._received = context.now
        self._windows: dict[tuple[Any, ...], Any] = {}

    def _readers(self, service_dates: Callable[[], Evidence], placed: Callable[[], Evidence]) -> Mapping[str, Reader]:
        tz = self._context.time_zone
        window = remembering(dates.window_reader(tz))
        return {
            "order_id": read_id,
            "service_date": remembering(self._service_date(service_dates)),
            "seller_id": remembering(self._seller()),
            "placed_at": lambda raw: dates.read_instant(raw, tz, placed),
            "channel": remembering(_SOURCE),
            "buyer_ref": read_ref,
            "buyer_name": text_reader(200),
            "buyer_phone": read_phone,
            "line_user_id": read_line_id,
            "telegram_chat_id": read_telegram_id,
            "chat_channel": remembering(read_chat_channel),
            "address_text": text_reader(500),
            "landmark": remembering(text_reader(300)),
            "tambon": remembering(tambon_reader(self._context.tambons)),
            "postcode": remembering(read_postcode),
            "lat": read_coordinate,
            "lon": read_coordinate,
            "pin": read_pin,
            "pin_source": remembering(_PIN_SOURCE),
            "window_from": window,
            "window_to": window,
            "window": window,
            "items": remembering(_items),
            "weight_kg": remembering(number_reader(KILOGRAMS, scale=1000, largest=5_000)),
            "volume_l": remembering(number_reader(LITRES, scale=1000, largest=20_000)),
            "temperature": remembering(_TEMPERATURE),
            "cod_amount_thb": remembering(number_reader(BAHT, scale=100, largest=1_000_000, exact=True)),
            "order_total_thb": remembering(number_reader(BAHT, scale=100, largest=1_000_000, exact=True)),
            "paid_method": remembering(_PAID),
            "priority": remembering(_PRIORITY),
            "needs_help_at_door": remembering(read_yes_no),
            "proof": remembering(_PROOF),
            "status": remembering(_STATUS),
            "note": text_reader(500),
        }

    def _service_date(self, evidence: Callable[[], Evidence]) -> Reader:
        today = self._today

        def read(raw: object) -> Any:
            value = dates.read_day(raw, evidence)
            date = value.value if isinstance(value, Noted) else value
            if isinstance(date, dt.date) and abs(date - today) > _YEAR:
                before = value.notes if isinstance(value, Noted) else ()
                return Noted(date, (*before, Note("date.far", used=date.isoformat())))
            return value

        return read

    def _seller(self) -> Reader:
        known, asked = self._context.known_sellers, set[str]()

        def look_up(raw: object) -> Any:
            read = read_ref(raw)
            seller = read.value if isinstance(read, Noted) else read
            if known is None or not isinstance(seller, str) or seller in known:
                return read
            # Looking for a near one is slow; after many unknown ones it is not the spelling.
            asked.add(seller)
            return Bad("seller.unknown", nearest(seller, known if len(asked) <= _SUGGESTED else ()))

        return look_up

    def read(self, row: int, cells: Cells) -> OrderRow:
        """The order of one row, with one pickup."""
        values, bad, noted = self._cursor.read(cells)
        (order_id, date, seller, placed_at, source, buyer_ref, name, phone, line_id, telegram_id, chat, address,
         landmark, tambon, postcode, lat, lon, pin, pin_source, window_from, window_to, window, items, weight,
         volume, temperature, cod, total, paid, priority, helped, proof, status, note) = values  # fmt: skip

        spoilt = {column for column, _ in bad}
        for column, value in (("order_id", order_id), ("service_date", date), ("seller_id", seller)):
            if value is None and column not in spoilt:
                bad.append((column, Bad("required.missing", {"columns": column})))
        if not (phone or line_id or telegram_id or spoilt & {"buyer_phone", "line_user_id", "telegram_chat_id"}):
            wanted = "buyer_phone | line_user_id | telegram_chat_id"
            bad.append(("buyer_phone", Bad("required.missing", {"columns": wanted})))

        place = Place()
        if not spoilt & _PLACE_COLUMNS:
            place = find_place(lat, lon, pin, address or "", self._context.reference)
            bad += place.bad
            noted += place.noted
            if place.location is None and not (address or place.text or place.bad):
                bad.append(("address_text", Bad("required.missing", {"columns": "address_text | lat + lon"})))

        begin = end = None
        if date is not None and not spoilt & {"window", "window_from", "window_to"}:
            key = (date, window, window_from, window_to)
            span = self._windows.get(key) or self._windows.setdefault(key, self._window(*key))
            if isinstance(span, Bad):
                bad.append((span.column or "window_from", span))
            elif isinstance(span, Noted):
                noted.append(("window_from" if window is None else "window", span))
                begin, end = span.value
            else:
                begin, end = span

        if date is not None and status != "cancelled":
            self._judge_day(date, placed_at, bad, noted)

        errors = [self._told(row, order_id, cells, column, fault) for column, fault in bad] if bad else []
        warnings = [
            self._noted(row, order_id, cells, column, note) for column, value in noted for note in value.notes
        ] if noted else []  # fmt: skip
        if errors:
            return OrderRow(None, order_id if order_id else self._raw_id(cells), errors, warnings)

        return OrderRow(
            Order(
                order_id=order_id,
                service_date=date,
                received_at=self._received,
                placed_at=placed_at,
                source=source,
                buyer_ref=buyer_ref or "",
                buyer=Person(
                    name=name or "", phone=phone, chat_channel=chat, addresses=chat_addresses(line_id, telegram_id)
                ),
                address_text=address or place.text,
                landmark=landmark or "",
                tambon=tambon or "",
                postcode=postcode or "",
                location=place.location,
                pin_source=None if place.location is None else (_given(pin_source) or place.form),
                window_from=begin,
                window_to=end,
                pickups=(
                    Pickup(
                        seller_id=seller,
                        items=items or "",
                        weight_g=weight or 0,
                        volume_ml=volume or 0,
                        temperature=temperature or "ambient",
                        cod_satang=cod or 0,
                        total_satang=total,
                    ),
                ),
                paid_method=paid,
                priority=priority or "normal",
                needs_help=bool(helped),
                proof=proof or "none",
                note=note or "",
                cancelled=status == "cancelled",
            ),
            order_id,
            errors,
            warnings,
        )

    def _judge_day(
        self, date: dt.date, placed_at: dt.datetime | None, bad: list[tuple[str, Bad]], noted: list[tuple[str, Noted]]
    ) -> None:
        """Nothing is ordered for a day that was over: that is a slip. A day that is over now may be caught up with."""
        placed = placed_at.astimezone(self._context.time_zone).date() if placed_at is not None else date
        if date < placed:
            bad.append(("service_date", Bad("date.past", {"placed": placed.isoformat()})))
        elif self._today - _YEAR <= date < self._today:
            noted.append(("service_date", Noted(date, (Note("date.over", used=date.isoformat()),))))

    def _window(
        self, date: dt.date, whole: Any, start: Any, end: Any
    ) -> tuple[dt.datetime | None, dt.datetime | None] | Bad | Noted:
        """The asked window; one open end is the day's own. A whole window may also stand in the first column."""
        if whole is None and start is None and end is None:
            return None, None
        if start is not None and start[1] is not None and whole is None and (end is None or end[0] == start[1]):
            whole, start, end = start, None, None
        if whole is not None:
            if whole[1] is None:
                return Bad("window.invalid", column="window")
            if start is not None or end is not None:
                both = (start and start[0], end and end[0])
                if both != (whole[0], whole[1]) and both != (None, None):
                    return Bad("window.invalid", column="window")
            first, last = whole
        else:
            if (start is not None and start[1] is not None) or (end is not None and end[1] is not None):
                return Bad("window.invalid", column="window_from" if start is not None and start[1] else "window_to")
            first = start[0] if start is not None else 0
            last = end[0] if end is not None else 1440
        tz = self._context.time_zone
        begin, close = self._instant(date, first), self._instant(date, last)
        day, next_day = dates.at_minutes(date, 0, tz), dates.at_minutes(date, 1440, tz)
        if not (day <= begin < next_day and day <= close <= next_day):
            return Bad("window.invalid")
        if close <= begin:
            return Bad("window.reversed")
        if start is None and whole is None:
            return begin, close
        if close <= dates.at_minutes(date, 300, tz):
            return Noted((begin, close), (Note("window.night", used=[begin.isoformat(), close.isoformat()]),))
        return begin, close

    def _instant(self, date: dt.date, moment: Moment) -> dt.datetime:
        return moment if isinstance(moment, dt.datetime) else dates.at_minutes(date, moment, self._context.time_zone)

    def _raw_id(self, cells: Cells) -> str | None:
        text = plain(cells[0]) if cells and cells[0] is not None else None
        return text[:64] if isinstance(text, str) and text else None

    def _told(self, row: int, order_id: str | None, cells: Cells, column: str, fault: Bad) -> RowProblem:
        column = fault.column or column
        return problem(
            row,
            fault.code,
            column=column,
            value=cells[ORDERS.columns.index(column)],
            order_id=order_id,
            detail=fault.detail,
        )

    def _noted(self, row: int, order_id: str | None, cells: Cells, column: str, note: Note) -> RowProblem:
        value: object = cells[ORDERS.columns.index(column)]
        if note.code == "pin.swapped" and column == "lat":
            value = f"{cells[ORDERS.columns.index('lat')]},{cells[ORDERS.columns.index('lon')]}"
        return problem(
            row, note.code, column=column, value=value, order_id=order_id, used=note.used, detail=note.detail
        )


def _given(pin_source: str | None) -> str | None:
    return None if pin_source == "none" else pin_source


_ITEMS = text_reader(2_000)


def _items(raw: object) -> Any:
    """A list of items in a JSON body is the same as one cell with an entry a line."""
    if isinstance(raw, list):
        lines = [plain(entry) for entry in raw[:500]]
        if any(not isinstance(line, str) for line in lines):
            return Bad("value.type")
        raw = "\n".join(line for line in lines if isinstance(line, str))
    return _ITEMS(raw)
