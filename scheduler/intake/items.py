"""What was bought, as far as it can be added up. Pure; a pick list is later built from this.

Entries are divided by ``;`` or a line break, each ``NAME xQTY`` or ``NAME QTY UNIT``. Anything else stays word for
word: an order is never guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from scheduler.intake.thai import arabic

_TIMES = re.compile(r"(?P<name>\S.*?)\s+[xX×]\s?(?P<quantity>[0-9]{1,6}(?:\.[0-9]{1,3})?)")
_UNIT = re.compile(r"(?P<name>\S.*?)\s+(?P<quantity>[0-9]{1,6}(?:\.[0-9]{1,3})?)\s?(?P<unit>[^\s0-9.,/×+*-][^\s0-9]*)")


@dataclass(frozen=True, slots=True)
class Item:
    """``unit`` empty: counted in pieces."""

    name: str
    quantity: Decimal
    unit: str = ""


def parse_items(text: str) -> list[Item | str]:
    """The entries of one cell, in their order."""
    return [_entry(entry) for part in re.split(r"[;\n]", text) if (entry := " ".join(part.split()))]


def _entry(entry: str) -> Item | str:
    digits = arabic(entry)
    match = _TIMES.fullmatch(digits) or _UNIT.fullmatch(digits)
    if match is None:
        return entry
    quantity = Decimal(match["quantity"])
    if not quantity:
        return entry
    # The name keeps its own digits: translating never changes the length.
    name = entry[: match.end("name")]
    return Item(name, quantity, match["unit"] if "unit" in match.re.groupindex else "")


def sum_items(texts: Iterable[str]) -> tuple[list[Item], list[str]]:
    """Everything to prepare: quantities of equal name and unit added up, and the rest word for word."""
    totals: dict[tuple[str, str], Decimal] = {}
    verbatim: list[str] = []
    for text in texts:
        for entry in parse_items(text):
            if isinstance(entry, str):
                verbatim.append(entry)
            else:
                key = (entry.name, entry.unit)
                totals[key] = totals.get(key, Decimal(0)) + entry.quantity
    return [Item(name, quantity, unit) for (name, unit), quantity in totals.items()], verbatim
