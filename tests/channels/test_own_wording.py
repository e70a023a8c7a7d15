"""A coordinator's own wording: tried before anybody is written to, and never in the way of a notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from channels.texts import Texts, load, sample
from channels.texts.reading import Book, Piece, Wording


def _load(tmp_path: Path, text: str) -> tuple[Texts, list[tuple[int, str, str]]]:
    file = tmp_path / "texts.yaml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    texts, problems = load(file)
    for problem in problems:
        assert problem.message["th"]
        assert problem.message["en"]
        assert problem.hint["th"]
        assert problem.hint["en"]
        assert str(problem).startswith(f"{problem.line}:{problem.column}:")
    return texts, [(problem.line, problem.path, problem.code) for problem in problems]


def test_no_file_is_the_shipped_wording() -> None:
    """Without a file of its own a market has ours, and no problem."""
    texts, problems = load(None)
    assert problems == ()
    assert texts.compose("window", sample("window", "th"), "th").title.startswith("ตลาดสิริสุข")


def test_part_of_a_notice_may_be_replaced(tmp_path: Path) -> None:
    """A title, a body, the buttons or a reason may be replaced alone; the rest stays."""
    texts, problems = _load(
        tmp_path,
        """
th:
  window:
    title: "ของถึง {{ told_from | clock }} นะจ๊ะ"
  route:
    actions:
      - {each: map_links, label: "ไป {{ item.label }}", link: "{{ item.url }}"}
  reasons:
    wave_full: "คิวเต็ม"
""",
    )
    assert problems == []
    window = texts.compose("window", sample("window", "th"), "th")
    assert window.title == "ของถึง 11:00 น. นะจ๊ะ"
    assert "เตรียมเงินสด: 240 บาท" in window.text()
    assert [action.label for action in texts.compose("route", sample("route", "th"), "th").actions] == ["ไป 1–2"]
    assert "เพราะคิวเต็ม" in texts.compose("changed", sample("changed", "th"), "th").text()
    assert "fully booked" in texts.compose("changed", sample("changed", "en"), "en").text()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("th:\n  windw: {title: x}\n", (2, "th.windw", "texts.unknown_key")),
        ("my:\n  window: {title: x}\n", (1, "my", "texts.unknown_key")),
        ("th:\n  window: {titel: x}\n", (2, "th.window.titel", "texts.unknown_key")),
        ("th:\n  window: {title: x, title: y}\n", (2, "th.window.title", "texts.repeated_key")),
        ("th:\n  window: [x]\n", (2, "th.window", "texts.shape")),
        ("th:\n  window: {title: [x]}\n", (2, "th.window.title", "texts.shape")),
        ("th:\n  window: {actions: x}\n", (2, "th.window.actions", "texts.shape")),
        ("th:\n  window: {actions: [{label: x}]}\n", (2, "th.window.actions[0]", "texts.shape")),
        ("- x\n", (1, "", "texts.shape")),
        ("th: [\n", (2, "", "texts.yaml")),
        ("th:\n  window: {title: '{{ buyr }}'}\n", (2, "th.window.title", "template.unknown_name")),
        (
            "th:\n  route:\n    body: |\n      x\n      {% for s in stops %}\n      {{ s.nmae }}\n      {% endfor %}\n",
            (6, "th.route.body", "template.unknown_name"),
        ),
        ("th:\n  window:\n    body: |\n      x\n      {{ buyer\n", (5, "th.window.body", "template.syntax")),
        ("th:\n  window: {title: '{{ buyer | shout }}'}\n", (2, "th.window.title", "template.syntax")),
        ("th:\n  window: {title: '{{ buyer.upper() }}'}\n", (2, "th.window.title", "template.refused")),
        ("th:\n  window: {title: '{{ buyer * 1000000 }}'}\n", (2, "th.window.title", "template.refused")),
        ("th:\n  window: {title: '{% include \"x\" %}'}\n", (2, "th.window.title", "template.refused")),
        ("th:\n  window: {title: '{{ buyer.__class__ }}'}\n", (2, "th.window.title", "template.unknown_name")),
        ("th:\n  window: {title: '{{ buyer | baht }}'}\n", (2, "th.window", "template.fails")),
        ("th:\n  window: {title: ''}\n", (2, "th.window.title", "texts.limit")),
        ("th:\n  window: {title: '" + "ย" * 101 + "'}\n", (2, "th.window.title", "texts.limit")),
        ("th:\n  window: {body: '~ x'}\n", (2, "th.window.body", "texts.limit")),
        ("th:\n  window: {body: '" + "ย" * 3501 + "'}\n", (2, "th.window.body", "texts.limit")),
        (
            "th:\n  window: {actions: [{label: '" + "ย" * 21 + "', link: 'https://x.example'}]}\n",
            (2, "th.window.actions", "texts.limit"),
        ),
        (
            "th:\n  route: {actions: [{each: stps, label: x, link: 'https://x.example'}]}\n",
            (2, "th.route.actions[0].each", "template.unknown_name"),
        ),
        ("th: \udcff\n", (1, "", "texts.unreadable")),
    ],
)
def test_each_mistake_is_named_with_its_line(tmp_path: Path, text: str, expected: tuple[int, str, str]) -> None:
    """A mistake is told by line, place and code, and the notice keeps the shipped wording."""
    texts, problems = _load(tmp_path, text)
    assert expected in problems
    shown = texts.compose("window", sample("window", "th"), "th")
    assert shown == Texts().compose("window", sample("window", "th"), "th")


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """A coordinator sees every mistake in one go, in the order of the file."""
    _, problems = _load(
        tmp_path, "th:\n  windw: {title: x}\n  route: {title: '{{ ridr }}'}\nen:\n  summary: {title: ''}\n"
    )
    assert [line for line, _, _ in problems] == [2, 3, 5]


def test_one_mistake_does_not_undo_the_rest(tmp_path: Path) -> None:
    """What is sound in a file holds although another part of it is not."""
    texts, problems = _load(tmp_path, "th:\n  window: {title: 'ดี'}\n  route: {title: '{{ ridr }}'}\n")
    assert len(problems) == 1
    assert texts.compose("window", sample("window", "th"), "th").title == "ดี"


@pytest.mark.parametrize("text", ["", "\ufeff", "# nothing\n", "[" * 3000, "a: &a [*a]\n", "x" * 600_000, "\x00"])
def test_odd_files_are_answered(tmp_path: Path, text: str) -> None:
    """An empty, endless, self-containing or binary file gives problems or nothing, never an exception."""
    texts, _ = _load(tmp_path, text)
    assert texts.compose("window", sample("window", "th"), "th").title


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    """A file that is not there is told like any other mistake."""
    _, problems = load(tmp_path / "none.yaml")
    assert [problem.code for problem in problems] == ["texts.unreadable"]


def test_own_wording_that_fails_on_the_day_gives_way(caplog: pytest.LogCaptureFixture) -> None:
    """Wording that breaks on real facts is replaced by ours, with a warning that names no person."""
    broken = Wording(title=Piece(text="{{ sellers[7] | polite }}", line=1))
    texts = Texts(Book(wordings={("th", "window"): broken}))
    shown = texts.compose("window", sample("window", "th"), "th")
    assert shown == Texts().compose("window", sample("window", "th"), "th")
    assert "window" in caplog.text
    assert "สมศรี" not in caplog.text
