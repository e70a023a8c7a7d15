"""What was bought, added up where it can be."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.intake import Item, parse_items, sum_items


def test_entries() -> None:
    """Entries are divided by semicolons and line breaks, with a count or a quantity and unit."""
    assert parse_items("ขนมชั้น x1; ปลานิล 1 กก.\nข้าวกล่อง ×๒;;น้ำ 500 มล. 2 ขวด") == [
        Item("ขนมชั้น", Decimal(1)),
        Item("ปลานิล", Decimal(1), "กก."),
        Item("ข้าวกล่อง", Decimal(2)),
        Item("น้ำ 500 มล.", Decimal(2), "ขวด"),
    ]


@pytest.mark.parametrize("text", ["ผักอะไรก็ได้", "ข้าว 2-3 ถุง", "ไข่ x0", "2 ถุง ข้าว", "ไข่ 1,000 ฟอง", "x2", "10"])
def test_word_for_word(text: str) -> None:
    """What is not clearly a quantity stays as it was written."""
    assert parse_items(text) == [text]


def test_sums() -> None:
    """Only equal name and unit add up; everything else is listed word for word."""
    totals, verbatim = sum_items(["ปลานิล 1 กก.; ไข่ x10", "ปลานิล 1.5 กก.\nปลานิล 2 ตัว", "แล้วแต่ป้า"])
    assert totals == [Item("ปลานิล", Decimal("2.5"), "กก."), Item("ไข่", Decimal(10)), Item("ปลานิล", Decimal(2), "ตัว")]
    assert verbatim == ["แล้วแต่ป้า"]


@given(st.lists(st.text(max_size=60), max_size=5))
def test_nothing_is_lost(texts: list[str]) -> None:
    """However entries look, each is either counted or shown, and the sum does not depend on how cells are cut."""
    joined = sum_items(["\n".join(texts)])
    assert joined == sum_items(texts)
