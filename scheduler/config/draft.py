"""A configuration on its way in: what could be read of it, so that rules see past a broken part. Knows no rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Draft:
    """What could be read. ``raw`` is plain text; ``items`` the readable parts of each list, by their index."""

    raw: dict[str, Any]
    sections: dict[str, Any] = field(default_factory=dict)
    items: dict[str, dict[int, Any]] = field(default_factory=dict)

    def listed(self, family: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """Every entry of a list as it was written, readable or not."""
        entries = self.raw.get(family)
        for index, entry in enumerate(entries if isinstance(entries, list) else []):
            if isinstance(entry, dict):
                yield index, entry

    def section(self, name: str) -> dict[str, Any]:
        """A group of keys as it was written."""
        section = self.raw.get(name)
        return section if isinstance(section, dict) else {}

    def ids(self, family: str) -> list[str]:
        return [entry["id"] for _, entry in self.listed(family) if isinstance(entry.get("id"), str)]
