"""Reading JSON field by field, noting every error with its path. Knows no field's meaning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeGuard

from routing.model import Amount, Id, Location, ProblemError, TimeWindow
from routing.validate import LATEST


class DocumentError(ValueError):
    """A document that cannot be read, with all that is wrong in it."""

    def __init__(self, errors: Sequence[ProblemError]) -> None:
        super().__init__("; ".join(str(error) for error in errors))
        self.errors = tuple(errors)


class Errors:
    """Collects what is wrong, so that one reading names everything."""

    def __init__(self) -> None:
        self.found: list[ProblemError] = []

    def add(self, path: str, code: str, message: str) -> None:
        self.found.append(ProblemError(path, code, message))

    def raise_any(self) -> None:
        if self.found:
            raise DocumentError(self.found)


class Node:
    """One JSON object and its path. Every reader notes an error, and answers the default, where the value is none."""

    def __init__(self, value: dict[str, Any], path: str, errors: Errors) -> None:
        self.value, self.path, self.errors = value, path, errors

    def at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def has(self, key: str) -> bool:
        return self.value.get(key) is not None

    def wrong(self, key: str, code: str, message: str) -> None:
        self.errors.add(self.at(key), code, message)

    def child(self, key: str) -> Node | None:
        value = self.value.get(key)
        if isinstance(value, dict):
            return Node(value, self.at(key), self.errors)
        if value is not None:
            self.wrong(key, "type.object", "must be an object")
        return None

    def children(self, key: str) -> Iterator[Node]:
        for k, item in enumerate(self.items(key)):
            if isinstance(item, dict):
                yield Node(item, f"{self.at(key)}[{k}]", self.errors)
            else:
                self.errors.add(f"{self.at(key)}[{k}]", "type.object", "must be an object")

    def items(self, key: str) -> list[Any]:
        value = self.value.get(key)
        if value is None:
            return []
        if isinstance(value, list):
            return value
        self.wrong(key, "type.array", "must be an array")
        return []

    def integer(self, key: str, default: int = 0, most: int = LATEST) -> int:
        value = self.optional_integer(key, most)
        return default if value is None else value

    def optional_integer(self, key: str, most: int = LATEST) -> int | None:
        value = self.value.get(key)
        if value is None:
            return None
        if not is_integer(value):
            self.wrong(key, "type.integer", "must be an integer")
        elif not 0 <= value <= most:
            self.wrong(key, "number.out_of_range", f"must be 0 to {most}")
        else:
            return int(value)
        return None

    def number(self, key: str, default: float) -> float:
        value = self.value.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong(key, "type.number", "must be a number")
        elif not abs(value) <= LATEST:  # also NaN, and integers that no float holds
            self.wrong(key, "number.out_of_range", f"must be a number of at most {LATEST}")
        else:
            return float(value)
        return default

    def text(self, key: str, default: str) -> str:
        value = self.value.get(key)
        if value is None:
            return default
        if not isinstance(value, str) or not value:
            self.wrong(key, "type.string", "must be a string")
            return default
        return value

    def description(self) -> str | None:
        """VROOM's own word for a name that means nothing to a solver."""
        return self.text("description", "") or None

    def durations(self, key: str, most: int) -> dict[str, int]:
        """Seconds by name, as in ``service_per_type``."""
        node = self.child(key)
        return {} if node is None else {name: node.integer(name, most=most) for name in node.value}

    def id(self) -> Id:
        value = self.value.get("id")
        if is_id(value):
            return value
        self.wrong("id", "id.missing" if value is None else "id.invalid", "must be an integer or a string")
        return ""

    def optional_id(self, key: str) -> Id | None:
        value = self.value.get(key)
        if value is None or is_id(value):
            return value
        self.wrong(key, "id.invalid", "must be an integer or a string")
        return None

    def ids(self, key: str) -> frozenset[Id] | None:
        """A set of ids; None where the key is absent."""
        if not self.has(key):
            return None
        out: set[Id] = set()
        for k, item in enumerate(self.items(key)):
            if is_id(item):
                out.add(item)
            else:
                self.errors.add(f"{self.at(key)}[{k}]", "id.invalid", "must be an integer or a string")
        return frozenset(out)

    def amount(self, key: str) -> Amount:
        out: list[int] = []
        for k, item in enumerate(self.items(key)):
            path = f"{self.at(key)}[{k}]"
            if not is_integer(item):
                self.errors.add(path, "type.integer", "must be an integer")
            elif not 0 <= item <= LATEST:
                self.errors.add(path, "number.out_of_range", f"must be 0 to {LATEST}")
            else:
                out.append(int(item))
                continue
            out.append(0)
        return tuple(out)

    def location(self, key: str) -> Location | None:
        value = self.value.get(key)
        if value is None:
            return None
        numbers = isinstance(value, list) and all(isinstance(x, int | float) and not isinstance(x, bool) for x in value)
        if not numbers or len(value) != 2:
            self.wrong(key, "coordinates.invalid", "must be [longitude, latitude]")
            return None
        lon, lat = value
        if abs(lon) <= 180 and abs(lat) <= 90:
            return (float(lon), float(lat))
        if abs(lon) <= 90 and abs(lat) <= 180:
            self.wrong(key, "coordinates.swapped", f"longitude comes first: [{lat:g}, {lon:g}]")
        else:
            self.wrong(key, "coordinates.out_of_range", "must be degrees, longitude first")
        return None

    def window(self, key: str) -> TimeWindow | None:
        return _window(self.value[key], self.at(key), self.errors) if self.has(key) else None

    def windows(self, key: str) -> tuple[TimeWindow, ...]:
        if not self.has(key):
            return ()
        raw = self.items(key)
        if not raw:
            self.wrong(key, "window.none", "must name at least one window, or be left out")
        out: list[TimeWindow] = []
        for k, item in enumerate(raw):
            path = f"{self.at(key)}[{k}]"
            window = _window(item, path, self.errors)
            if window is None:
                continue
            if out and window[0] <= out[-1][1]:
                self.errors.add(path, "window.order", "windows must be disjoint and in order")
            out.append(window)
        return tuple(out)


def _window(value: Any, path: str, errors: Errors) -> TimeWindow | None:
    if not isinstance(value, list) or len(value) != 2 or not all(is_integer(x) for x in value):
        errors.add(path, "window.invalid", "must be two integers: [from, to]")
        return None
    opens, closes = value
    if opens > closes:
        errors.add(path, "window.reversed", f"{opens} is after {closes}")
    elif opens < 0 or closes > LATEST:
        errors.add(path, "window.out_of_range", f"must lie between 0 and {LATEST}")
    else:
        return (opens, closes)
    return None


def is_integer(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def is_id(value: Any) -> TypeGuard[Id]:
    return is_integer(value) or (isinstance(value, str) and bool(value))
