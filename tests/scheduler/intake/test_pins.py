"""Places on the map, in every form people send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.intake.pins import Pin, find_pin
from scheduler.intake.places import find_place, read_coordinate, read_pin
from scheduler.intake.problems import Bad, Noted

NEAR = (99.3257, 9.1463)
HERE = (99.3257, 9.1463)


def close(found: object) -> bool:
    return (
        isinstance(found, Pin)
        and abs(found.location[0] - HERE[0]) < 0.0002
        and abs(found.location[1] - HERE[1]) < 0.0002
    )


@pytest.mark.parametrize(
    "text",
    [
        "9.1463,99.3257",
        "9.1463 99.3257",
        "(9.1463, 99.3257)",
        "๙.๑๔๖๓,๙๙.๓๒๕๗",
        "lat: 9.1463, long: 99.3257",
        "ละติจูด 9.1463 ลองจิจูด 99.3257",
        "https://www.google.com/maps/place/x/@9.2,99.4,17z/data=!3m1!4b1!4m6!3m5!1s0x0!8m2!3d9.1463!4d99.3257!16s",
        "https://maps.google.com/?q=9.1463,99.3257",
        "https://www.google.com/maps/search/?api=1&query=9.1463%2C99.3257",
        "https://www.google.com/maps/dir/?api=1&destination=9.1463,99.3257",
        "https://maps.google.com/maps?ll=9.1863,99.4231&q=9.1463,99.3257",
        "https://www.google.com/maps/dir/9.10,99.30/9.1463,99.3257/@9.2,99.4,15z",
        "https://www.google.com/maps/place/9%C2%B008'46.7%22N+99%C2%B019'32.5%22E/@9.1863,99.4231,15z",
        "https://maps.google.com/?q=loc:9.1463+99.3257",
        "https://www.google.com/maps/place/9.1463,99.3257",
        "https://www.openstreetmap.org/?mlat=9.1463&mlon=99.3257#map=17/9.2/99.4",
        "geo:9.1463,99.3257",
        "geo:9.1463,99.3257?z=17",
        "geo:0,0?q=9.1463,99.3257(บ้าน)",
        "9°08'46.7\"N 99°19'32.5\"E",
        "9°08′46.7″N, 99°19′32.5″E",
        "N 9°8.778' E 99°19.542'",
        "9.1463°N 99.3257°E",
        "7P4948WG+G7",
        "48WG+G7",
        "48wg+g7 เมืองสุราษฎร์ธานี",
    ],
)
def test_forms(text: str) -> None:
    """Each form in a pin cell tells the same place."""
    if "G7" in text.upper():
        from openlocationcode import openlocationcode as plus

        full = plus.encode(HERE[1], HERE[0])
        text = text.upper().replace("7P4948WG+G7", full).replace("48WG+G7", full[4:])
    assert close(find_pin(text, NEAR, alone=True)), find_pin(text, NEAR, alone=True)


@pytest.mark.parametrize(
    "text",
    [
        "https://maps.google.com/maps?ll=9.1463,99.3257&z=17",
        "https://www.google.com/maps/@9.1463,99.3257,17z",
        "https://www.google.com/maps/place/วัดไทร/@9.1463,99.3257,17z",
        "https://maps.apple.com/?ll=9.1463,99.3257",
    ],
)
def test_the_middle_of_a_screen_is_told_to_be_looked_at(text: str) -> None:
    """A link that holds no pin gives the map's centre, with a word that it is one."""
    found = find_pin(text, NEAR, alone=True)
    assert isinstance(found, Noted)
    assert close(found.value)
    assert [note.code for note in found.notes] == ["pin.centre"]


def test_two_places_in_one_cell_are_not_chosen_from() -> None:
    """Which of them is meant nobody can tell: the order waits for a pin."""
    found = find_pin("9.1463,99.3257 หรือ 9.1400,99.3300", NEAR, alone=True)
    assert isinstance(found, Noted)
    assert found.value is None
    assert [note.code for note in found.notes] == ["pin.several"]
    assert close(find_pin("9.1463,99.3257 (9.1463,99.3257)", NEAR, alone=True))


@pytest.mark.parametrize(
    "text",
    [
        "116/24 หมู่ 3 พิกัด 9.1463, 99.3257 รั้วเขียว",
        "บ้านสีฟ้า https://maps.google.com/?q=9.1463,99.3257 โทรก่อน",
        "ซอย 5 geo:9.1463,99.3257",
        "9°08'46.7\"N 99°19'32.5\"E หน้าวัด",
    ],
)
def test_inside_an_address(text: str) -> None:
    """A place inside an address is found."""
    assert close(find_pin(text, NEAR, alone=False))


@pytest.mark.parametrize(
    "text",
    [
        "116/24 หมู่ 3 ต.ตลาด อ.เมือง จ.สุราษฎร์ธานี 84000",
        "โทร 081-234-5678, 077-123456",
        "0812345678,0898765432",
        "บ้านเลขที่ 9.14 ซอย 99",
        "15.50, 240.00 บาท",
        "ห้อง 2233+44",
        "ราคา 9.5,99.5",
        "12/24/2569 เวลา 11.00-13.00",
        "",
    ],
)
def test_no_false_hits(text: str) -> None:
    """Phones, house numbers, prices, postcodes and dates in an address are no place."""
    assert find_pin(text, NEAR, alone=False) is None


def test_swapped() -> None:
    """Longitude first is turned round and said so, with the [lon, lat] that is used."""
    found = find_pin("99.3257,9.1463", NEAR, alone=True)
    assert isinstance(found, Noted)
    assert close(found.value)
    assert (found.notes[0].code, found.notes[0].used) == ("pin.swapped", [99.3257, 9.1463])


@pytest.mark.parametrize(
    "text", ["35.6812,139.7671", "0,0", "91,200", "https://maps.google.com/?q=51.5,-0.12", "-9.14,99.33"]
)
def test_outside(text: str) -> None:
    """A place outside Thailand is refused."""
    assert find_pin(text, NEAR, alone=True) == Bad("pin.outside")


@pytest.mark.parametrize("text", ["https://maps.app.goo.gl/AbC123", "ดู https://goo.gl/maps/x1", "g.co/kgs/abc"])
def test_short_links(text: str) -> None:
    """A short link cannot be followed, so it is noted and tells no place."""
    found = find_pin(text, NEAR, alone=False)
    assert isinstance(found, Noted)
    assert (found.value, found.notes[0].code) == (None, "pin.short_link")


def test_a_link_without_a_place() -> None:
    """A long link that only names something is noted."""
    found = find_pin("https://www.google.com/maps/place/Wat+Sai", NEAR, alone=False)
    assert isinstance(found, Noted)
    assert found.notes[0].code == "pin.unreadable"


@given(st.text(max_size=300), st.booleans())
def test_never_raises(text: str, alone: bool) -> None:
    """Any text gives a place in Thailand, a note, a refusal or nothing."""
    found = find_pin(text, NEAR, alone=alone)
    assert found is None or isinstance(found, Pin | Bad | Noted)


def test_two_columns() -> None:
    """Two columns win over the pin cell; half a pair is refused; a pair in the first column is taken."""
    assert find_place(9.1463, 99.3257, "13.75,100.5", "", NEAR).location == HERE
    assert find_place(9.1463, None, None, "", NEAR).bad == [("lon", Bad("pin.incomplete"))]
    assert find_place(None, 99.3257, None, "", NEAR).bad == [("lat", Bad("pin.incomplete"))]
    assert find_place("9.1463, 99.3257", None, None, "", NEAR).location == HERE
    assert find_place("บ้าน 5, ซอย", None, None, "", NEAR).bad == [("lat", Bad("number.invalid"))]


@pytest.mark.parametrize("raw", ["9.1463", 9.1463, "๙.๑๔๖๓", "9°08'46.68\"N"])
def test_one_coordinate(raw: object) -> None:
    """Half a pair as a number, in Thai digits or in degrees and minutes."""
    read = read_coordinate(raw)
    assert isinstance(read, float)
    assert abs(read - 9.1463) < 1e-6


@pytest.mark.parametrize("raw", ["abc", True, [], {}, "9.1.2"])
def test_no_coordinate(raw: object) -> None:
    """Anything else is no number."""
    assert read_coordinate(raw) == Bad("number.invalid")


def test_json_pins() -> None:
    """JSON may give GeoJSON order as a list, or an object that names both."""
    assert close(read_pin([99.3257, 9.1463]))
    assert close(read_pin({"lat": 9.1463, "lng": "99.3257"}))
    assert read_pin([None, {}]) == Bad("number.invalid")
    assert read_pin([1, 2, 3]) == Bad("value.type")
