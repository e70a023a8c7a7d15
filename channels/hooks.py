"""Reading a webhook without trusting it: secrets in constant time, bodies that may hold anything, values of any type.

Knows no service's events.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_DEEP = 50
_ID_MAX = 200


def header(headers: Mapping[str, str], name: str) -> str:
    """The value of a header, whatever its case; empty where it is absent."""
    wanted = name.lower()
    return next((str(value) for key, value in headers.items() if str(key).lower() == wanted), "")


def same(given: str, expected: Iterable[str]) -> bool:
    """Whether `given` is one of `expected`, in a time that does not tell how much of it was right."""
    offered, found = given.encode("utf-8", "replace"), False
    for each in expected:
        found |= bool(each) and hmac.compare_digest(offered, each.encode("utf-8", "replace"))
    return found


def document(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`, its texts fit to be stored; empty where there is none."""
    found = sound(parsed(body))
    return found if isinstance(found, dict) else {}


def parsed(body: bytes) -> Any:
    """The JSON in `body` as it came; None where there is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def sound(value: Any) -> Any:
    """`value` fit to be stored: without NULs, lone surrogates, numbers that are none, and levels beyond counting."""
    return _sound(value, _DEEP)


def _sound(value: Any, depth: int) -> Any:
    """`value` without NULs and lone surrogates, which no database takes; deeper levels are dropped."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_sound(key, 0): _sound(each, depth - 1) for key, each in value.items()} if depth else {}
    if isinstance(value, list):
        return [_sound(each, depth - 1) for each in value] if depth else []
    return None if isinstance(value, float) and not math.isfinite(value) else value


def alone(part: Any) -> bytes:
    """JSON of a part of a body: loses nothing of it, also what no database would take as text."""
    try:
        return json.dumps(part, separators=(",", ":")).encode()
    except RecursionError:  # as deep as only nonsense is
        return json.dumps(sound(part)).encode()


def event_id(given: str | None, body: bytes) -> str:
    """An event's own id, or one made from its body where it has none that could be a key."""
    if given and len(given) <= _ID_MAX:
        return given
    return "sha256:" + hashlib.sha256(body).hexdigest()


def text(value: Any) -> str:
    """`value` where it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


def mapping(value: Any) -> dict[str, Any]:
    """`value` where it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def identity(value: Any) -> str | None:
    """A service's own id, a text or a whole number, as text; what is too long to be one is none."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63:
        return str(value)
    given = text(value)
    return given if 0 < len(given) <= _ID_MAX else None


def place(longitude: Any, latitude: Any) -> tuple[float, float] | None:
    """[lon, lat] where both are numbers on the globe."""
    if isinstance(longitude, bool) or isinstance(latitude, bool):
        return None
    if not isinstance(longitude, int | float) or not isinstance(latitude, int | float):
        return None
    return (float(longitude), float(latitude)) if abs(longitude) <= 180 and abs(latitude) <= 90 else None
