"""The reference page and the code name the same columns, headings and codes."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from scheduler.intake.catalogue import CATALOGUE
from scheduler.intake.headings import MEMBER_HEADINGS, MEMBERS, ORDER_HEADINGS, ORDERS, Headings, bare
from scheduler.intake.problems import words

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/reference/csv.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("table", [ORDER_HEADINGS, MEMBER_HEADINGS], ids=["orders", "members"])
def test_every_heading_is_documented(table: dict[str, tuple[str, ...]]) -> None:
    """Each column has a line on the page with all its headings."""
    for column, headings in table.items():
        assert any(line.endswith(f"| {', '.join(headings)} |") for line in PAGE.splitlines() if f"`{column}`" in line)


@pytest.mark.parametrize(("headings", "table"), [(ORDERS, ORDER_HEADINGS), (MEMBERS, MEMBER_HEADINGS)])
def test_no_heading_means_two_columns(headings: Headings, table: dict[str, tuple[str, ...]]) -> None:
    """Every spelling leads to its own column and to no other."""
    for column, others in table.items():
        for heading in (column, *others):
            assert headings.names[bare(heading)] == column, heading


def test_every_code_is_documented_and_used() -> None:
    """The page lists exactly the catalogue's codes, and the code uses each of them."""
    listed = set(re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", PAGE, re.MULTILINE))
    assert listed == set(CATALOGUE)
    files = [*(ROOT / "scheduler/intake").glob("*.py"), ROOT / "scheduler/doubts.py"]
    source = "".join(path.read_text(encoding="utf-8") for path in files)
    assert [code for code in CATALOGUE if source.count(f'"{code}"') < 2] == []


def test_the_catalogue_speaks_both_languages() -> None:
    """Each message and hint has Thai words in Thai and none in English, apart from a hint's examples."""
    for code, entry in CATALOGUE.items():
        assert re.search("[ก-๙]", entry.message["th"]), code
        assert not re.search("[ก-๙]", entry.message["en"]), code
        assert entry.hint["th"], code
        assert entry.hint["en"], code
        placeholders = [set(re.findall(r"{([a-z_]+)}", text)) for text in entry.message.values()]
        assert placeholders[0] == placeholders[1], code


def test_no_template_shows_its_own_braces() -> None:
    """What a person reads has no doubled brace and no placeholder in it, whether a code has details or not."""
    for code, entry in CATALOGUE.items():
        templates = [*entry.message.values(), *entry.hint.values()]
        names = {name for text in templates for _, name, _, _ in Formatter().parse(text) if name}
        said = [text for spoken in words(code, dict.fromkeys(names, "x")) for text in spoken.values()]
        assert not re.search(r"{{|}}|{[a-z_]+}", " ".join(said)), code
    assert words("row.not_object")[1]["en"] == 'write {"column": value}'
