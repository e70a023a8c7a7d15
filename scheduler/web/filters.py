"""Reads what a caller asks by: words of a fixed list and dates. Every mistake of a request is collected, then told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from scheduler import documents
from scheduler.intake import nearest


class Filters:
    """The filters of one request; `known` names the words that each may be. `errors` is what could not be read."""

    def __init__(self, known: Mapping[str, Sequence[str]]) -> None:
        self._known = known
        self.errors: list[dict[str, Any]] = []

    def word(self, name: str, value: str | None) -> str | None:
        """`value` where it is one of the words of `name`; a filter that is not given is None."""
        if value is None or value in self._known[name]:
            return value
        near = nearest(value, self._known[name])
        there = ", ".join(self._known[name])
        self._refuse(
            f"query.{name}",
            f"{name}.unknown",
            {"th": f"ไม่รู้จัก {value[:80]!r}", "en": f"{value[:80]!r} is not one of them"},
            {"th": f"{near['near_th']}; เลือกจาก: {there}", "en": f"{near['near_en']}; there are: {there}"},
        )
        return None

    def date(self, path: str, value: str | None) -> dt.date | None:
        """The day that an ISO date names; nothing looser, so that no program is ever misread."""
        if value is None:
            return None
        try:
            date = dt.date.fromisoformat(value)
        except ValueError:
            date = None
        if date is None or date.isoformat() != value:
            self._refuse(
                path,
                "date.invalid",
                {"th": f"{value[:80]!r} ไม่ใช่วันที่", "en": f"{value[:80]!r} is not a date"},
                {"th": "เช่น 2026-11-24", "en": "e.g. 2026-11-24"},
            )
            return None
        return date

    def _refuse(self, path: str, code: str, message: Mapping[str, str], hint: Mapping[str, str]) -> None:
        self.errors.append(documents.error(code, path, message, hint))
