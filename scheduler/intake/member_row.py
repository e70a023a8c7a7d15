"""One row of cells becomes one member, or every reason why not. Knows the columns' meaning, nothing of files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from scheduler.intake import dates
from scheduler.intake.context import IntakeContext
from scheduler.intake.headings import ID_COLUMNS, MEMBERS
from scheduler.intake.people import chat_addresses, read_chat_channel
from scheduler.intake.places import find_place, known_tambon_reader, read_coordinate, read_pin
from scheduler.intake.problems import Bad, Note, Noted, RowProblem, problem
from scheduler.intake.rows import Cursor, remembering
from scheduler.intake.tables import Cells
from scheduler.intake.thai import weekday_key
from scheduler.intake.values import (
    KILOGRAMS,
    LITRES,
    NO_UNIT,
    Reader,
    choice_reader,
    nearest,
    number_reader,
    plain,
    read_line_id,
    read_phone,
    read_ref,
    read_telegram_id,
    read_yes_no,
    spellings,
    text_reader,
)
from storage.records import Location, Member, Person, RiderDetails, Role, SellerDetails

VEHICLE_WORDS: Mapping[str, str] = spellings(
    motorcycle="motorbike bike มอเตอร์ไซค์ มอเตอร์ไซด์ มอไซค์ มอไซ จักรยานยนต์ รถจักรยานยนต์ รถเครื่อง",
    saleng="salaeng saleeng sidecar ซาเล้ง รถซาเล้ง พ่วงข้าง รถพ่วงข้าง มอเตอร์ไซค์พ่วงข้าง สามล้อ",
    pickup="truck กระบะ รถกระบะ ปิคอัพ ปิกอัพ",
)
"""What people call the usual kinds; the market's own kinds and words come first."""

_LANGUAGE = choice_reader(spellings(th="thai ไทย ภาษาไทย", en="english eng อังกฤษ ภาษาอังกฤษ"), "th, en")
_END_AT = choice_reader(
    spellings(home="บ้าน กลับบ้าน", hub="จุดรวม ตลาด ศูนย์", anywhere="ที่ไหนก็ได้ any ตรงไหนก็ได้"),
    "home, hub, anywhere (บ้าน, จุดรวม, ที่ไหนก็ได้)",
)
_SKILLS = spellings(cold_box="coldbox กล่องเย็น กระติกน้ำแข็ง ตู้เย็น", heavy="ของหนัก ยกของหนัก")
_EVERY_DAY_WORDS = re.compile(r"^(?:ทุก|วัน)+")


class MemberReader:
    """Reads rows of one role for one context."""

    def __init__(self, context: IntakeContext, role: Role) -> None:
        self._context, self._role = context, role
        self._id_column = next(column for column, told in ID_COLUMNS.items() if told is role)
        self._cursor = Cursor(MEMBERS.columns, [self._readers()[name] for name in MEMBERS.columns])

    def _readers(self) -> Mapping[str, Reader]:
        tambon = remembering(known_tambon_reader(self._context.tambons))
        listed = _zones_reader(self._context.known_zones)
        return {
            **dict.fromkeys((*ID_COLUMNS, "id"), read_ref),
            "name": text_reader(200),
            "phone": read_phone,
            "language": _LANGUAGE,
            "chat_channel": read_chat_channel,
            "line_user_id": read_line_id,
            "telegram_chat_id": read_telegram_id,
            "consent": read_yes_no,
            "group": text_reader(100),
            "household": text_reader(100),
            "vehicle": remembering(self._vehicle),
            "capacity_kg": number_reader(KILOGRAMS, scale=1000, largest=10_000),
            "capacity_l": number_reader(LITRES, scale=1000, largest=50_000),
            "max_stops": number_reader(NO_UNIT, scale=1, largest=1_000, exact=True),
            "shift_from": dates.read_time,
            "shift_to": dates.read_time,
            "home_tambon": tambon,
            "home_lat": read_coordinate,
            "home_lon": read_coordinate,
            "end_at": _END_AT,
            "skills": _list_reader(_SKILLS),
            "zones": listed,
            "prefer_zones": listed,
            "refuse_zones": listed,
            "shop_name": text_reader(200),
            "community": text_reader(100),
            "tambon_code": tambon,
            "lat": read_coordinate,
            "lon": read_coordinate,
            "pin": read_pin,
            "ready_from": dates.read_time,
            "ready_to": dates.read_time,
            "needs_cold_box": read_yes_no,
            "payout_promptpay": _promptpay,
            "closed_days": _closed_days,
        }

    def _vehicle(self, raw: object) -> Any:
        text = plain(raw)
        if not isinstance(text, str) or len(text) > 60:
            return Bad("value.type")
        kinds = self._context.vehicles
        word = "".join(text.split()).casefold().replace("-", "_")
        for spelling in (text, text.casefold(), word, VEHICLE_WORDS.get(word, "")):
            if spelling in kinds:
                return kinds[spelling]
        if not kinds:
            return VEHICLE_WORDS.get(word, text)
        return Bad("vehicle.unknown", {"choices": ", ".join(sorted(set(kinds.values())))})

    def read(self, row: int, cells: Cells) -> tuple[Member | None, list[RowProblem], list[RowProblem]]:
        """The member of one row, what is wrong with it, and what is worth knowing."""
        values, bad, noted = self._cursor.read(cells)
        got = dict(zip(MEMBERS.columns, values, strict=True))
        spoilt = {column for column, _ in bad}
        ref = got[self._id_column] or got["id"]
        if ref is None and not spoilt & {self._id_column, "id"}:
            bad.append((self._id_column, Bad("required.missing", {"columns": self._id_column})))
        rider = seller = None
        if self._role is Role.RIDER:
            home = self._place("home_lat", "home_lon", got, None, spoilt, bad, noted)
            if got["vehicle"] is None and "vehicle" not in spoilt:
                bad.append(("vehicle", Bad("required.missing", {"columns": "vehicle"})))
            self._ordered("shift_from", "shift_to", got, bad)
            rider = None if bad else self._rider(got, home)
        elif self._role is Role.SELLER:
            location = self._place("lat", "lon", got, got["pin"], spoilt, bad, noted)
            if not (got["shop_name"] or got["name"]) and not spoilt & {"shop_name", "name"}:
                bad.append(("shop_name", Bad("required.missing", {"columns": "shop_name | name"})))
            self._ordered("ready_from", "ready_to", got, bad)
            if location is None and not bad:
                noted.append(("lat", Noted(None, (Note("pin.missing"),))))
            seller = None if bad else self._seller(got, location)
        errors = [self._told(row, ref, cells, column, fault) for column, fault in bad]
        warnings = [
            problem(
                row, note.code, column=column, value=_cell(cells, column, note), ref=ref, used=note.used,
                detail=note.detail,
            )
            for column, value in noted
            for note in value.notes
        ]  # fmt: skip
        if errors:
            return None, errors, warnings
        return Member(role=self._role, ref=ref, person=self._person(got), rider=rider, seller=seller), [], warnings

    def _place(
        self, lat: str, lon: str, got: Mapping[str, Any], pin: Any, spoilt: set[str],
        bad: list[tuple[str, Bad]], noted: list[tuple[str, Noted]],
    ) -> Location | None:  # fmt: skip
        if spoilt & {lat, lon, "pin"}:
            return None
        place = find_place(got[lat], got[lon], pin, "", self._context.reference)
        named = {"lat": lat, "lon": lon}
        bad += [(named.get(column, column), fault) for column, fault in place.bad]
        noted += [(named.get(column, column), note) for column, note in place.noted]
        return place.location

    @staticmethod
    def _ordered(first: str, last: str, got: Mapping[str, Any], bad: list[tuple[str, Bad]]) -> None:
        if got[first] is not None and got[last] is not None and got[last] <= got[first]:
            bad.append((last, Bad("window.reversed")))

    def _person(self, got: Mapping[str, Any]) -> Person:
        name = got["name"] or (got["shop_name"] if self._role is Role.SELLER else None)
        return Person(
            name=name or "",
            phone=got["phone"],
            language=got["language"],
            consent=got["consent"],
            group=got["group"],
            household=got["household"],
            chat_channel=got["chat_channel"],
            addresses=chat_addresses(got["line_user_id"], got["telegram_chat_id"]),
        )

    @staticmethod
    def _rider(got: Mapping[str, Any], home: Location | None) -> RiderDetails:
        return RiderDetails(
            vehicle=got["vehicle"],
            capacity_g=got["capacity_kg"],
            capacity_ml=got["capacity_l"],
            max_stops=got["max_stops"],
            shift_from=got["shift_from"],
            shift_to=got["shift_to"],
            home=home,
            home_tambon=got["home_tambon"],
            end_at=got["end_at"] or "hub",
            skills=got["skills"] or (),
            zones=got["zones"] or (),
            prefer_zones=got["prefer_zones"] or (),
            refuse_zones=got["refuse_zones"] or (),
        )

    @staticmethod
    def _seller(got: Mapping[str, Any], location: Location | None) -> SellerDetails:
        return SellerDetails(
            shop_name=got["shop_name"] or got["name"],
            community=got["community"],
            tambon_code=got["tambon_code"],
            location=location,
            ready_from=got["ready_from"],
            ready_to=got["ready_to"],
            needs_cold_box=bool(got["needs_cold_box"]),
            payout_promptpay=got["payout_promptpay"],
            closed_days=got["closed_days"] or (),
        )

    @staticmethod
    def _told(row: int, ref: str | None, cells: Cells, column: str, fault: Bad) -> RowProblem:
        column = fault.column or column
        value = cells[MEMBERS.columns.index(column)]
        return problem(row, fault.code, column=column, value=value, ref=ref or "", detail=fault.detail)


def _cell(cells: Cells, column: str, note: Note) -> object:
    value = cells[MEMBERS.columns.index(column)]
    if note.code == "pin.swapped" and column.endswith("lat"):
        return f"{value},{cells[MEMBERS.columns.index(column) + 1]}"
    return value


def _parts(raw: object) -> list[str] | Bad:
    texts = raw if isinstance(raw, list) else [raw]
    parts: list[str] = []
    for entry in texts[:100]:
        text = text_reader(300)(entry)
        if isinstance(text, Noted):
            text = text.value
        if isinstance(text, Bad):
            return text
        parts += [part.strip() for part in re.split(r"[;,\n]", text) if part.strip()]
    return parts


def _list_reader(words: Mapping[str, str]) -> Reader:
    """Entries divided by ``;``, each once, known spellings as the canonical word."""

    def read(raw: object) -> tuple[str, ...] | Bad:
        parts = _parts(raw)
        if isinstance(parts, Bad):
            return parts
        known = [words.get("".join(part.split()).casefold().replace("-", "_"), part) for part in parts]
        return tuple(dict.fromkeys(known))

    return read


def _zones_reader(known: frozenset[str] | None) -> Reader:
    """Zones by their ids. One that is misspelt is refused: a rider would be sent where they do not go."""
    listed = _list_reader({})

    def read(raw: object) -> Any:
        found = listed(raw)
        if known is None or isinstance(found, Bad):
            return found
        strange = next((zone for zone in found if zone not in known), None)
        return found if strange is None else Bad("zone.unknown", nearest(strange, known))

    return read


def _closed_days(raw: object) -> tuple[str, ...] | Bad:
    """Weekdays in Thai or English, and dates."""
    parts = _parts(raw)
    if isinstance(parts, Bad):
        return parts
    days: list[str] = []
    for part in parts:
        key = weekday_key(part) or weekday_key(_EVERY_DAY_WORDS.sub("", part))
        if key is None:
            date = dates.read_day(part, lambda: dates.NO_EVIDENCE)
            if isinstance(date, Bad):
                return Bad("value.unknown", {"choices": "mon, tue, … (จันทร์, อังคาร, …), 2026-12-31"})
            key = (date.value if isinstance(date, Noted) else date).isoformat()
        days.append(key)
    return tuple(dict.fromkeys(days))


def _promptpay(raw: object) -> str | Bad:
    """A phone number, or a 13-digit national id or 15-digit wallet number."""
    phone = read_phone(raw)
    if isinstance(phone, str):
        return phone
    text = plain(raw)
    digits = re.sub(r"[\s-]", "", text) if isinstance(text, str) else ""
    return digits if re.fullmatch(r"[0-9]{13}|[0-9]{15}", digits) else Bad("number.invalid")
