"""A place on the map, in the forms people send it: numbers, maps links, geo:, Plus Codes, degrees and minutes. Pure.

Places are ``(lon, lat)`` as everywhere in the house; people write latitude first. A pair that only makes sense the
other way round is turned, and said so. Never looks anything up: a short link stays a short link.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from scheduler.intake.problems import Bad, Note, Noted
from scheduler.intake.thai import arabic
from storage.records import Location

SOUTH, NORTH, WEST, EAST = 5.5, 20.6, 97.3, 105.7
"""Thailand's bounds. As latitudes and longitudes do not overlap here, a swapped pair gives itself away."""

LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Pin:
    """``form``: how it was written; becomes the order's pin source where the file names none."""

    location: Location
    form: str


_D = r"(-?[0-9]{1,3}\.[0-9]{1,20})"
_N = r"(-?[0-9]{1,3}(?:\.[0-9]{1,20})?)"
_PLACE_MARK = re.compile(rf"!3d{_N}!4d{_N}")
_QUERY = re.compile(
    rf"[?&#;](?:q|query|destination|daddr|mlat|marker)=(?:loc:|@)?\s*{_N}"
    rf"(?:\s*,[\s+]*|[\s+]+|&(?:mlon|lon|lng)=){_N}",
    re.IGNORECASE,
)
_CENTRE = re.compile(rf"[?&#;](?:saddr|sll|cbll|ll|center|viewpoint)=(?:loc:|@)?\s*{_N}\s*,[\s+]*{_N}", re.IGNORECASE)
_PATH = re.compile(rf"/(?:place|search)/+(?:[^/]*/)*?{_D}\s*,\s*{_D}(?=[/?#]|$)")
_WAY = re.compile(r"/dir/([^?#@]*)")
_STOP = re.compile(rf"{_D}\s*,[\s+]*{_D}")
_AT = re.compile(rf"@{_N},{_N}(?:,|$)")
_OSM = re.compile(rf"#map=[0-9.]+/{_N}/{_N}")
_GEO = re.compile(rf"\bgeo:{_N},{_N}", re.IGNORECASE)
_GEO_QUERY = re.compile(rf"\bgeo:0,0\?q={_N},{_N}", re.IGNORECASE)
_LINK = re.compile(r"https?://|(?:www\.|maps?\.|goo\.gl|g\.co)[^\s]*/", re.IGNORECASE)
_SHORT = re.compile(r"maps\.app\.goo\.gl|goo\.gl/|\bg\.co/|bit\.ly/|tinyurl\.com/|\bg\.page/|cutt\.ly/", re.IGNORECASE)
_DMS_PART = (
    r"([NSEWnsew])?\s*([0-9]{1,3}(?:\.[0-9]+)?)\s*[°º˚]\s*"
    r"(?:([0-9]{1,2}(?:\.[0-9]+)?)\s*['′’]\s*)?"
    r"(?:([0-9]{1,2}(?:\.[0-9]+)?)\s*(?:[\"″”]|''|′′)\s*)?([NSEWnsew])?"
)
_DMS = re.compile(_DMS_PART + r"[\s,;/]*" + _DMS_PART)
_DMS_ONE = re.compile(_DMS_PART)
_HEMISPHERE = re.compile(rf"{_D}\s*[°º˚]?\s*([NS])[\s,;/]+{_D}\s*[°º˚]?\s*([EW])", re.IGNORECASE)
_PAIR_ALONE = re.compile(rf"[(\[]?\s*{_N}\s*(?:[,;/|]\s*|\s+){_N}\s*[)\]]?")
_LABELLED = re.compile(
    rf"(?:lat(?:itude)?|ละติจูด|ละติจุด)\s*[:=]?\s*{_N}[\s,;/]*(?:lon(?:g|gitude)?|lng|ลองจิจูด|ลองติจูด)\s*[:=]?\s*{_N}",
    re.IGNORECASE,
)
_PAIR_IN_TEXT = re.compile(
    r"(?<![0-9./,-])([0-9]{1,3}\.[0-9]{2,20})\s?,\s?([0-9]{1,3}\.[0-9]{2,20})(?![0-9/]|[.,][0-9])"
)
_CODE = "23456789CFGHJMPQRVWX"
_PLUS_CODE = re.compile(
    rf"(?<![0-9A-Za-z+])((?:[{_CODE}]{{8}}|[{_CODE}]{{6}}|[{_CODE}]{{4}})\+[{_CODE}]{{2,7}})(?![0-9A-Za-z+])"
)


def pin_at(first: float, second: float, form: str) -> Pin | Bad | Noted:
    """The place of a pair written latitude first."""
    if SOUTH <= first <= NORTH and WEST <= second <= EAST:
        return Pin((second, first), form)
    if SOUTH <= second <= NORTH and WEST <= first <= EAST:
        return Noted(Pin((first, second), form), (Note("pin.swapped", used=[first, second]),))
    return Bad("pin.outside")


def find_pin(text: str, reference: Location, *, alone: bool) -> Pin | Bad | Noted | None:
    """The place a text tells. `alone`: the whole cell is meant as a place, so looser forms count.

    None: no place in it. A short link, or a cell meant as a place that tells none, is noted with no value.
    """
    if len(text) > LONGEST:
        return None
    text = " ".join(arabic(text).split())  # runs of spaces would make the patterns slow
    if _LINK.search(text) or "geo:" in text.lower():
        found = _from_link(unquote(text) if "%" in text else text)
        if found is not None:
            return found
    found = _from_degrees(text) or _from_pair(text, alone) or _from_plus_code(text, reference, alone)
    if found is not None:
        return found
    if _SHORT.search(text):
        return Noted(None, (Note("pin.short_link"),))
    return Noted(None, (Note("pin.unreadable"),)) if alone or _LINK.search(text) else None


def _from_link(text: str) -> Pin | Bad | Noted | None:
    marks = _PLACE_MARK.findall(text)
    if marks:
        # The map's centre (@) is where the screen was; the last place mark is the place itself.
        return pin_at(float(marks[-1][0]), float(marks[-1][1]), "maps_link")
    for pattern, form in ((_GEO_QUERY, "geo"), (_GEO, "geo"), (_QUERY, "maps_link"), (_PATH, "maps_link")):
        match = pattern.search(text)
        if match:
            return pin_at(float(match[1]), float(match[2]), form)
    way = _WAY.search(text)
    if way and (stops := [stop for leg in way[1].split("/") if (stop := _STOP.fullmatch(leg.strip()))]):
        return pin_at(float(stops[-1][1]), float(stops[-1][2]), "maps_link")  # the way leads to the house
    if (found := _from_degrees(text.replace("+", " "))) is not None:
        return found
    for pattern in (_CENTRE, _OSM, _AT):
        match = pattern.search(text)
        if match:
            return _centre(pin_at(float(match[1]), float(match[2]), "maps_link"))
    return None


def _centre(found: Pin | Bad | Noted) -> Pin | Bad | Noted:
    """What a link shows is the middle of a screen: taken, and told to be looked at."""
    note = Note("pin.centre")
    if isinstance(found, Noted):
        return Noted(found.value, (*found.notes, note))
    return Noted(found, (note,)) if isinstance(found, Pin) else found


def _from_degrees(text: str) -> Pin | Bad | Noted | None:
    match = _HEMISPHERE.search(text)
    if match:
        lat = float(match[1]) * (-1 if match[2] in "Ss" else 1)
        lon = float(match[3]) * (-1 if match[4] in "Ww" else 1)
        return pin_at(lat, lon, "dms")
    match = _DMS.search(text)
    if match is None:
        return None
    groups = match.groups()
    first, first_letter = _degrees(groups[:5])
    second, second_letter = _degrees(groups[5:])
    if first_letter in ("E", "W") and second_letter in ("N", "S"):
        first, second = second, first
    return pin_at(first, second, "dms")


def single_degrees(text: str) -> float | None:
    """One latitude or longitude in degrees and minutes, ``9°08'46.1"N``."""
    match = _DMS_ONE.fullmatch(text)
    return _degrees(match.groups())[0] if match else None


def _degrees(groups: tuple[str | None, ...]) -> tuple[float, str]:
    letter = (groups[0] or groups[4] or "").upper()
    value = float(groups[1] or 0) + float(groups[2] or 0) / 60 + float(groups[3] or 0) / 3600
    return (-value if letter in ("S", "W") else value), letter


def _from_pair(text: str, alone: bool) -> Pin | Bad | Noted | None:
    match = _LABELLED.search(text) or (_PAIR_ALONE.fullmatch(text) if alone else None)
    if match:
        return pin_at(float(match[1]), float(match[2]), "coordinates")
    told = [pin_at(float(match[1]), float(match[2]), "coordinates") for match in _PAIR_IN_TEXT.finditer(text)]
    places = [found for found in told if not isinstance(found, Bad)]  # two prices in a note are not a place abroad
    if any(found != places[0] for found in places):
        return Noted(None, (Note("pin.several"),))
    return places[0] if places else None


def _from_plus_code(text: str, reference: Location, alone: bool) -> Pin | Bad | None:
    match = _PLUS_CODE.search(text.upper() if alone else text)
    # In running text an all-digit code is likelier a sum or a phone number.
    if match is None or (not alone and match[1].replace("+", "").isdigit()):
        return None
    from openlocationcode import openlocationcode as plus

    code = match[1]
    if plus.isShort(code):
        code = plus.recoverNearest(code, reference[1], reference[0])
    if not plus.isFull(code):
        return None
    area = plus.decode(code)
    found = pin_at(round(area.latitudeCenter, 7), round(area.longitudeCenter, 7), "plus_code")
    return found if isinstance(found, Pin) else Bad("pin.outside")
