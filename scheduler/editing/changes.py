"""What differs between two versions of a configuration, in short: zones gained, lost, moved, and other keys.

Values are compared, not lines: a comment, another order of keys or 99.30 for 99.3 is no change. Knows no schema but the
lists whose entries have an ``id``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scheduler.config.reader import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Zones by id; `keys` are all other values, as ``zones.talat.fee_baht`` or ``messages.send.route``."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.moved or self.keys)

    def as_json(self) -> dict[str, Any]:
        zones = {"added": list(self.added), "removed": list(self.removed), "moved": list(self.moved)}
        return {"zones": zones, "keys": list(self.keys)}


def compare(before: str, after: str) -> Changes:
    """What of the text `before` is different in the text `after`; both are valid configurations."""
    old, new = (_plain(text) for text in (before, after))
    was, now = (_by_id(each.get("zones")) or {} for each in (old, new))
    both = [id for id in was if id in now]
    moved = [id for id in both if not _alike(was[id].get("polygon"), now[id].get("polygon"))]
    keys = [key for key in _differing(old, new) if not key.startswith("zones.") or key.split(".")[1] in both]
    keys = [key for key in keys if not (key.startswith("zones.") and key.endswith(".polygon"))]
    if [id for id in now if id in was] != both:
        keys.append("zones")  # where two of equal priority meet, the first has it
    return Changes(
        added=tuple(id for id in now if id not in was),
        removed=tuple(id for id in was if id not in now),
        moved=tuple(moved),
        keys=tuple(keys),
    )


def _plain(text: str) -> dict[str, Any]:
    root = Reading(text.removeprefix("\ufeff"), "").root
    found = root.plain() if root is not None else None
    return found if isinstance(found, dict) else {}


def _differing(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """The ways to what differs; a list of things with ids is gone through by id."""
    if old == new or _alike(old, new):
        return
    was, now = (each if isinstance(each, dict) else _by_id(each) for each in (old, new))
    if was is None or now is None or (not path and not was):
        yield path
        return
    for key in dict.fromkeys([*was, *now]):
        yield from _differing(was.get(key), now.get(key), f"{path}.{key}" if path else str(key))


def _by_id(value: Any) -> dict[str, Any] | None:
    """The entries of a list by their ids; None where it is no such list."""
    if not isinstance(value, list) or not value:
        return None
    if not all(isinstance(each, dict) and isinstance(each.get("id"), str) for each in value):
        return None
    return {each["id"]: each for each in value}


def _alike(old: Any, new: Any) -> bool:
    """Whether two values say the same, places by number."""
    return old == new or _numbers(old) == _numbers(new) is not None


def _numbers(value: Any) -> str | None:
    """A list of numbers, or of such lists, as text that is equal for equal numbers; None for anything else."""

    def numbered(part: Any) -> Any:
        return [numbered(inner) for inner in part] if isinstance(part, list) else float(part)

    if not isinstance(value, list):
        return None
    try:
        return json.dumps(numbered(value))
    except (TypeError, ValueError):
        return None
