"""What is said about a cell, a row or a file that cannot be taken as it stands. Wording: catalogue.py.

A bad cell is a value, not an exception: readers return what they read, or ``Bad``, or ``Noted`` where the value is
usable and a person should still hear of it. Only a file of which no row can be trusted raises ``UnreadableFile``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from scheduler.intake.catalogue import CATALOGUE, Words

Bilingual = Mapping[str, str]

ECHO = 80
"""Most characters of a person's own value that are said back to them."""

_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+"
)


class UnreadableFile(Exception):
    """Nothing of this file was taken. ``code`` is stable; ``message`` and ``hint`` are for people, Thai and English."""

    def __init__(self, code: str, **detail: object) -> None:
        self.code = code
        self.message, self.hint = words(code, detail)
        super().__init__(f"{code}: {self.message['en']}; {self.hint['en']}")

    def as_json(self, path: str) -> dict[str, Any]:
        """One entry of ``errors`` in a refusal; `path` is what the caller called the file."""
        return {"code": self.code, "path": path, "message": dict(self.message), "hint": dict(self.hint)}


@dataclass(frozen=True, slots=True)
class Bad:
    """A cell that cannot be used. ``detail`` fills the catalogue's placeholders; ``column`` where it is not its own."""

    code: str
    detail: Mapping[str, object] | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    code: str
    used: object = None
    detail: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """A usable value that a person should hear about."""

    value: Any
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """One thing about one row. ``row`` counts as a spreadsheet does; ``used`` is what a warned value was read as."""

    row: int
    order_id: str | None
    column: str | None
    value: str
    code: str
    message: Bilingual
    hint: Bilingual
    used: Any = None
    ref: str | None = None
    """The member's own number, in a file of members."""

    def as_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {"row": self.row}
        if self.ref is not None:
            told["ref"] = self.ref
        else:
            told["order_id"] = self.order_id
        told |= {"column": self.column, "value": self.value, "code": self.code}
        if self.used is not None:
            told["used"] = self.used
        return told | {"message": dict(self.message), "hint": dict(self.hint)}


def words(code: str, detail: Mapping[str, object] | None = None) -> tuple[Bilingual, Bilingual]:
    """Message and hint of a code, with the placeholders filled."""
    return _filled(code, tuple(detail.items()) if detail else ())


@lru_cache(maxsize=1_000)  # a fault that a whole file repeats is worded once
def _filled(code: str, detail: tuple[tuple[str, object], ...]) -> tuple[Bilingual, Bilingual]:
    entry: Words = CATALOGUE[code]  # templates all: a brace that stands for itself is doubled
    filled = {name: echo(value) if isinstance(value, str) else value for name, value in detail}
    return (
        {language: text.format_map(filled) for language, text in entry.message.items()},
        {language: text.format_map(filled) for language, text in entry.hint.items()},
    )


def echo(value: object) -> str:
    """A value as it may be shown: one line, no control or direction characters, not longer than `ECHO`."""
    if value is None:
        return ""
    if isinstance(value, int) and value.bit_length() > 4 * ECHO:
        return "(a number too long to show)"
    text = value if isinstance(value, str) else str(value)
    text = _UNPRINTABLE.sub(" ", text[: 4 * ECHO]).strip()
    return text if len(text) <= ECHO else text[: ECHO - 1] + "…"


def problem(
    row: int,
    code: str,
    *,
    column: str | None = None,
    value: object = "",
    order_id: str | None = None,
    ref: str | None = None,
    used: object = None,
    detail: Mapping[str, object] | None = None,
) -> RowProblem:
    """A `RowProblem` in the catalogue's words."""
    message, hint = words(code, detail)
    return RowProblem(
        row=row,
        order_id=order_id,
        column=column,
        value=echo(value),
        code=code,
        message=message,
        hint=hint,
        used=used,
        ref=ref,
    )


MOST_LISTED = 100_000
"""Beyond so many problems in one file, each further row is listed with its first one only."""


def listed(problems: list[RowProblem], more: list[RowProblem]) -> None:
    """Add one row's problems, in bounded memory."""
    problems += more if len(problems) < MOST_LISTED else more[:1]
