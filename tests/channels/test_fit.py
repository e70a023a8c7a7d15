"""Holding texts to limits."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.base import Content, Line
from channels.fit import clean, clip, cut, safe_link, units

SCHEMES = frozenset({"http", "https", "tel"})


@given(text=st.text(alphabet=st.characters(codec=None, categories=None), max_size=80))
def test_clean_leaves_nothing_hidden(text: str) -> None:
    """A cleaned text is one line, encodable, and without controls, bidirectional marks or private letters."""
    shown = clean(text)
    shown.encode("utf-8")
    assert clean(shown) == shown
    assert not {letter for letter in shown if unicodedata.category(letter) in ("Cc", "Cs", "Co", "Zl", "Zp")}
    assert not {
        letter
        for letter in shown
        if unicodedata.bidirectional(letter) in ("RLO", "LRO", "RLE", "LRE", "RLI", "LRI", "PDF")
    }


def test_clean_keeps_what_people_write() -> None:
    """Thai with its marks, emoji with their joiners and accents pass unchanged."""
    for text in ("น้ำพริกกุ้งแห้ง ๒ ขวด", "👩🏽‍🌾 ผักสด", "café", "ที่นี่ ก่อน เก้าอี้ ปิ้ง"):
        assert clean(text) == text


def test_piled_marks_are_cut() -> None:
    """A letter under a tower of marks keeps four of them."""
    assert len(clean("ก" + "่" * 200)) == 5


@given(text=st.text(max_size=60), most=st.integers(1, 60))
def test_clip_counts_as_the_services_do(text: str, most: int) -> None:
    """A clipped text is never longer than asked, counted in UTF-16, and no letter is cut in two."""
    shown = clip(text, most)
    assert units(shown) <= most
    assert shown == text if units(text) <= most else shown.endswith("…")
    shown.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    ("link", "safe"),
    [
        ("https://songsuk.example/o/abc?x=1", True),
        ("tel:0812345678", True),
        ("javascript:alert(1)", False),
        ("https://", False),
        ("https://x.example/a b", False),
        ("https://x.example/ไทย", False),
        ("https://x.example:99999/", False),
        ("https://[::1/", False),
        ("https://x.example/" + "a" * 1000, False),
    ],
)
def test_links_behind_buttons(link: str, safe: bool) -> None:
    """Only a whole link of a known scheme stands behind a button."""
    assert safe_link(link, SCHEMES, 1000) is safe


def _content(*lines: Line) -> Content:
    return Content(title="t", lines=lines, language="en")


def test_optional_lines_go_first() -> None:
    """Optional lines go one by one, the last one first, before anything needed does."""
    whole = _content(Line(text="a"), Line(text="1", optional=True), Line(text="b"), Line(text="2", optional=True))
    assert [line.text for line in cut(whole, lambda one: len(one.lines) <= 3).lines] == ["a", "1", "b"]
    assert [line.text for line in cut(whole, lambda one: len(one.lines) <= 2).lines] == ["a", "b"]


def test_the_last_of_optional_lines_goes_first_everywhere() -> None:
    """Two stops each lose their second optional line before either loses its first."""
    optional = [Line(text=text, optional=True) for text in ("1a", "1b", "2a", "2b")]
    whole = _content(Line(text="1"), *optional[:2], Line(text="2"), *optional[2:])
    assert [line.text for line in cut(whole, lambda one: len(one.lines) <= 4).lines] == ["1", "1a", "2", "2a"]


def test_a_cut_message_says_so() -> None:
    """Where nothing optional is left, the end gives way to a line that says how much is missing."""
    whole = _content(*(Line(text=str(at)) for at in range(10)), Line(text="x", optional=True))
    assert [line.text for line in cut(whole, lambda one: len(one.lines) <= 4).lines] == [
        "0",
        "1",
        "2",
        "… 7 more lines",
    ]
    assert [line.text for line in cut(whole, lambda one: False).lines] == ["… 10 more lines"]
    assert (
        cut(_content(Line(text="a"), Line(text="b")), lambda one: one.lines[-1].text != "b").lines[-1].text
        == "… 1 more line"
    )
