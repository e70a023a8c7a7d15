"""Whatever is fed in: a configuration or problems with places, in bounded memory, never another exception."""

import os
import random
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduler.config import ConfigError, Report, check, examine, parse
from scheduler.config.problems import Language
from scheduler.config.reader import MOST_BYTES, MOST_PROBLEMS, MOST_VALUES

PIECES = st.one_of(
    st.sampled_from(
        ["", "{", "}", "[", "]", ":", ": ", ",", "- ", "\n", "\t", "'", '"', "#", "~", "|\n", "? ", "ก", "😀"]
    ),
    st.sampled_from(["&a ", "*a", "<<: ", "!!x ", "---\n", "%YAML 1.1\n", "\ufeff", "\r", "\u202e", "\x00", "[[[]]]"]),
    st.sampled_from(["null", "-1", "1e999", "nan", "0x1f", "18:00", "25:61", "yes", "2569-01-01", "9" * 23, "file: x"]),
    st.sampled_from(["{a: {b: []}}", "[9.1, 99.3]", "[1, 2]"]),
)


def _sound(report: Report, text: str) -> None:
    assert report.ok == (report.config is not None)
    assert len(report.errors) <= MOST_PROBLEMS
    lines = text.count("\n") + text.count("\r") + text.count("\x85") + text.count("\u2028") + text.count("\u2029") + 2
    for problem in (*report.errors, *report.warnings):
        assert 1 <= problem.line <= lines
        assert problem.column >= 1
        assert "\n" not in problem.text("th") + problem.text("en")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_random_edits_of_the_sample(data: st.DataObject, sample: str) -> None:
    """A few cuts and insertions anywhere in a good file end in a configuration or in placed problems."""
    text = sample
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 40)))
        text = text[:start] + data.draw(PIECES) + text[end:]
    _sound(examine(text), text)


VALUES = st.recursive(
    st.sampled_from(
        ["x", "1", "-1", "~", '""', "18:00", "[99.3, 9.1]", "09:30-11:30", "2026-01-01", "nan", "talat", "'a: b'"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]")
        | st.dictionaries(st.sampled_from(["id", "th", "time", "x"]), inner, max_size=2).map(
            lambda parts: "{" + ", ".join(f"{key}: {value}" for key, value in parts.items()) + "}"
        )
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_value_in_any_place(data: st.DataObject, minimal: str) -> None:
    """Values of every shape in place of one line's value never break the checks."""
    lines = minimal.splitlines()
    number = data.draw(st.integers(0, len(lines) - 1))
    key = lines[number].partition(":")[0]
    lines[number] = f"{key}: {data.draw(VALUES)}"
    text = "\n".join(lines)
    _sound(examine(text), text)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_random_text(text: str) -> None:
    """Any text at all is answered."""
    _sound(examine(text), text)


@pytest.mark.parametrize("seed", range(5))
def test_random_bytes(seed: int, tmp_path: Path) -> None:
    """A file of noise is one clear error."""
    path = tmp_path / "config.yaml"
    path.write_bytes(random.Random(seed).randbytes(100_000))
    report = check(path)
    assert [error.code for error in report.errors] in (["file.encoding"], ["yaml.character"])


def test_utf8_trouble_is_placed(tmp_path: Path, minimal: str) -> None:
    """The first byte that is no UTF-8 is pointed at: a file saved in the Thai code page, or cut inside a letter."""
    path = tmp_path / "config.yaml"
    path.write_bytes(b"version: 1\nmarket: " + "ตลาด".encode("cp874"))
    (error,) = check(path).errors
    assert (error.code, error.line, error.column) == ("file.encoding", 2, 9)
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        path.write_bytes(minimal.encode(encoding))
        assert [error.code for error in check(path).errors] == ["file.encoding"], encoding


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path, minimal: str) -> None:
    """What Notepad saves is read, with the same columns."""
    path = tmp_path / "config.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + minimal.replace("\n", "\r\n").encode())
    assert check(path).ok
    path.write_bytes(b"\xef\xbb\xbf" * 2 + minimal.encode())
    assert [(e.code, e.line, e.column) for e in check(path).errors] == [("yaml.character", 1, 1)], "one mark, not two"
    path.write_bytes(b"\xef\xbb\xbf" + minimal.replace("market: {id", "market: {idd").replace("\n", "\r\n").encode())
    assert [(e.line, e.column) for e in check(path).errors] == [(1, 10)]


LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (LAUGHS, "yaml.alias"),
        ("[" * 100_000, "yaml.too_deep"),
        ("{a: " * 100_000, "yaml.too_deep"),
        ("- " * 100_000, "yaml.too_deep"),
        ("? " * 100_000, "yaml.too_deep"),
        ("zones: [" + "1," * (MOST_VALUES + 10) + "]", "yaml.too_many"),
        ("a: " + "x" * (MOST_BYTES - 10), "key.unknown"),
        ("x" * (MOST_BYTES + 1), "file.too_big"),
        ("", "yaml.empty"),
        ("# only a comment\n", "yaml.empty"),
        ("just text", "value.section"),
        ("- a list", "value.section"),
        ("a: \ud800", "yaml.character"),
        ("".join(f"k{number}: 1\n" for number in range(50_000)), "key.unknown"),
        ("zones: [" + "{}, " * 50_000 + "]", "value.too_many"),
        ("calendar: {country: [[]]}", "value.text"),
    ],
)
def test_hostile_texts_end_in_a_clear_line(text: str, code: str) -> None:
    """Bombs by nesting, by repetition and by size are refused with the code that says why."""
    report = examine(text)
    assert code in {error.code for error in report.errors}
    _sound(report, text)


BOMB = LAUGHS + "j: &j\n  <<: *i\nk: *j\n"
TABS = "".join(f"zones:\n\t- id: z{number}\n" for number in range(50))
TWICE = "market: {id: sirisuk, name: {th: ก}, time_zone: Asia/Bangkok, id: bandon}\n"


@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        (BOMB, "yaml.alias", (1, 4)),
        (TABS, "yaml.tab", (2, 1)),
        ("a: *nobody\n" * 500, "yaml.alias", (1, 4)),
        ("# padding\n" * 1_000_000, "file.too_big", (1, 1)),
    ],
    ids=["billion laughs", "tabs", "aliases", "ten megabytes"],
)
def test_a_hostile_file_is_one_line(
    text: str, code: str, place: tuple[int, int], language: Language, tmp_path: Path
) -> None:
    """However often the mistake is made: the first place, and what to do."""
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    report = check(path)
    [line] = report.lines(language)
    [error] = report.errors
    assert (error.code, error.line, error.column) == (code, *place)
    assert line.startswith(f"config.yaml:{place[0]}:{place[1]}: ")


def test_a_key_given_twice_is_one_line(minimal: str) -> None:
    """However often it comes; with the line of the first, whose value counts in whatever else is said."""
    text = TWICE.replace("id: bandon", "id: bandon" + ", id: x" * 500) + minimal[minimal.index("hubs:") :]
    [line] = examine(text).lines()
    assert line == "config.yaml:1:63: the key id is given twice (first on line 1); keep one of them"


def test_the_most_values_fit_in_bounded_memory() -> None:
    """The densest text costs a few hundred bytes a value, so the most values allowed fit in 250 MB."""
    values = 20_000
    tracemalloc.start()
    report = examine("zones: [" + "1," * values + "]")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert not report.ok
    assert peak / values * MOST_VALUES < 250_000_000


def test_ten_megabytes_are_left_unread(tmp_path: Path, minimal: str) -> None:
    """A file over the limit is refused without being read to its end."""
    path = tmp_path / "config.yaml"
    path.write_bytes(minimal.encode() + b"# padding\n" * 1_000_000)
    tracemalloc.start()
    report = check(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [error.code for error in report.errors] == ["file.too_big"]
    assert peak < 4 * MOST_BYTES


def test_what_is_no_plain_file_is_not_waited_for(tmp_path: Path, minimal: str) -> None:
    """A pipe that nobody writes to, a device and a link to itself are one error each; so is a zone's file."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for path in (tmp_path / "pipe", tmp_path / "loop", Path(os.devnull), Path("/dev/zero")):
        (error,) = check(path).errors
        assert (error.code, error.line, error.column) == ("file.unreadable", 1, 1), path
    config = tmp_path / "config.yaml"
    border = "polygon: [[99.31, 9.13], [99.34, 9.13], [99.34, 9.155], [99.31, 9.155]]"
    config.write_text(minimal.replace(border, "file: pipe"), encoding="utf-8")
    assert [error.code for error in check(config).errors] == ["file.unreadable"]


@pytest.mark.parametrize("name", ["none.yaml", ".", "a\x00b"])
def test_a_file_that_cannot_be_opened_is_one_error(name: str, tmp_path: Path) -> None:
    """A missing file, a folder and an impossible name are told alike."""
    assert [error.code for error in check(tmp_path / name).errors] == ["file.unreadable"]


def test_parse_raises_every_error(minimal: str) -> None:
    """`parse` raises one `ConfigError` that holds and shows all the errors."""
    with pytest.raises(ConfigError) as raised:
        parse(minimal.replace("hub: bandon", "hub: x").replace("weight_kg: 25", "weight_kg: x"), "my.yaml")
    assert [error.code for error in raised.value.errors] == ["reference.unknown", "value.number"]
    assert str(raised.value).count("my.yaml:") == 2
