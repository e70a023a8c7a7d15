"""Where a row says its place is: two columns, a pin cell, or inside the address. Pure; pins.py reads the forms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import cos, hypot, radians
from typing import Any

from scheduler.intake.context import IntakeContext
from scheduler.intake.pins import Pin, find_pin, pin_at, single_degrees
from scheduler.intake.problems import Bad, Note, Noted
from scheduler.intake.thai import arabic
from scheduler.intake.values import Reader, plain, text_reader
from storage.records import Location

ANOTHER_DOOR_METRES = 100
"""Two places of one row that lie further apart are two doors; nearer, one is rounded, or a Plus Code's middle."""
_METRES_PER_DEGREE = 111_320
_NUMBER = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,20})?")
_TAMBON_PREFIX = re.compile(r"^(?:ตำบล|แขวง|ต\.|tambon\s)\s*", re.IGNORECASE)


@dataclass(slots=True)
class Place:
    """``text``: what stood in the pin cell where no place could be read from it, for a person to look at."""

    location: Location | None = None
    form: str | None = None
    text: str = ""
    bad: list[tuple[str, Bad]] = field(default_factory=list)
    noted: list[tuple[str, Noted]] = field(default_factory=list)

    def take(self, column: str, found: Pin | Bad | Noted | None) -> None:
        """Keep what a cell gave."""
        if isinstance(found, Bad):
            self.bad.append((column, found))
        elif isinstance(found, Noted):
            self.noted.append((column, found))
            self.take(column, found.value)
        elif found is not None:
            self.location, self.form = found.location, found.form


def read_coordinate(raw: object) -> float | str | Bad:
    """One half of a pair as degrees; text that may hold a whole pair stays text for `find_place`."""
    if type(raw) is float:
        return raw
    if isinstance(raw, bool):
        return Bad("number.invalid")
    text = plain(raw)
    if isinstance(text, Bad) or len(text) > 200:
        return Bad("number.invalid")
    if _NUMBER.fullmatch(text):
        return float(text)
    text = arabic(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    degrees = single_degrees(text)
    if degrees is not None:
        return degrees
    return text if re.search(r"[0-9][\s,]", text) else Bad("number.invalid")


def read_pin(raw: object) -> Any:
    """A pin cell: text, or from JSON a GeoJSON pair [lon, lat] or an object with lat and lon."""
    if isinstance(raw, Mapping):
        lat, lon = raw.get("lat", raw.get("latitude")), raw.get("lon", raw.get("lng", raw.get("longitude")))
    elif isinstance(raw, list | tuple) and len(raw) == 2:
        lon, lat = raw
    else:
        return text_reader(2_000)(raw)
    first, second = read_coordinate(lat), read_coordinate(lon)
    if isinstance(first, float) and isinstance(second, float):
        return pin_at(first, second, "coordinates")
    return Bad("number.invalid")


def find_place(lat: float | str | None, lon: float | str | None, pin: Any, address: str, reference: Location) -> Place:
    """The place of a row; the columns win over the pin cell, and that over the address."""
    place = Place()
    if isinstance(lat, float) and isinstance(lon, float):
        place.take("lat", pin_at(lat, lon, "coordinates"))
        if pin and place.location is not None and _elsewhere(pin, place.location, reference):
            place.noted.append(("pin", Noted(None, (Note("pin.differs", used=list(place.location)),))))
    elif isinstance(lat, str) and lon is None:
        found = find_pin(lat, reference, alone=True)
        place.take("lat", Bad("number.invalid") if found is None or _tells_nothing(found) else found)
    elif lat is not None or lon is not None:
        odd = next((name for name, half in (("lat", lat), ("lon", lon)) if isinstance(half, str)), None)
        place.bad.append(
            (odd, Bad("number.invalid")) if odd else ("lat" if lat is None else "lon", Bad("pin.incomplete"))
        )
    elif isinstance(pin, Pin):
        place.take("pin", pin)
    elif pin:
        place.text = pin
        place.take("pin", find_pin(pin, reference, alone=True))
    if place.location is None and not place.bad and address:
        place.take("address_text", find_pin(address, reference, alone=False))
        if place.location is not None:
            place.noted = [(column, note) for column, note in place.noted if column != "pin"]
    return place


def pin_from_text(text: str, context: IntakeContext) -> Location | None:
    """The place that a coordinator typed or pasted, in any form that a file may hold; None where it tells none."""
    found = find_pin(text, context.reference, alone=True)
    if isinstance(found, Noted):
        found = found.value
    return found.location if isinstance(found, Pin) else None


def _elsewhere(pin: Any, location: Location, reference: Location) -> bool:
    """Whether a pin cell leads to another door than `location`."""
    found = pin if isinstance(pin, Pin) else find_pin(pin, reference, alone=True)
    other = found.value if isinstance(found, Noted) else found
    if not isinstance(other, Pin):
        return False
    east = (other.location[0] - location[0]) * cos(radians(location[1]))
    return hypot(east, other.location[1] - location[1]) * _METRES_PER_DEGREE > ANOTHER_DOOR_METRES


def _tells_nothing(found: Pin | Bad | Noted) -> bool:
    return isinstance(found, Noted) and found.value is None


def tambon_reader(tambons: Mapping[str, str]) -> Reader:
    """A tambon's code by its name or code; one that is not known stays as written."""
    read_text = text_reader(100)

    def read(raw: object) -> Any:
        value = read_text(raw)
        if not isinstance(value, str):
            return value
        name = _TAMBON_PREFIX.sub("", arabic(value)).strip()
        return tambons.get(name, tambons.get(value, name))

    return read


def known_tambon_reader(tambons: Mapping[str, str]) -> Reader:
    """As `tambon_reader`, noting one that the market does not know: nothing can be found by it."""
    read_tambon = tambon_reader(tambons)
    codes = frozenset(tambons.values())

    def read(raw: object) -> Any:
        value = read_tambon(raw)
        if isinstance(value, str) and codes and value not in codes:
            return Noted(value, (Note("tambon.unknown"),))
        return value

    return read
