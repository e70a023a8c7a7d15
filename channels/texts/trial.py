"""Tries a market's own wording before anybody is written to: read, compiled, written over a sample, measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from channels.base import Content
from channels.fit import units
from channels.texts.book import Texts, as_shipped, shipped
from channels.texts.kinds import KINDS, sample
from channels.texts.reading import Book, Piece, TextProblem, Wording, problem, read
from channels.texts.templates import environment, faults, names_in
from channels.texts.writing import FAILURES, laid_over, prepare

TITLE_MAX = 100
LABEL_MAX = 20
TEXT_MAX = 3500


def load(overrides_path: Path | None = None) -> tuple[Texts, tuple[TextProblem, ...]]:
    """The wording of this market, and every mistake in its own file.

    A kind with a mistake keeps the shipped wording; the rest of the file holds. An unreadable file is one problem.
    """
    if overrides_path is None:
        return as_shipped(), ()
    try:
        text = overrides_path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        said = (f"เปิดไฟล์ไม่ได้: {fault}", f"cannot be read: {fault}")
        return as_shipped(), (problem(1, 1, "", "texts.unreadable", said, ("ไฟล์ UTF-8", "a UTF-8 file")),)
    return load_text(text)


def load_text(text: str) -> tuple[Texts, tuple[TextProblem, ...]]:
    """As `load`, from what stands in the file."""
    book = read(text, KINDS)
    found = list(book.problems)
    sound: dict[tuple[str, str], Wording] = {}
    for (language, kind), wording in book.wordings.items():
        if any(f"{fault.path}.".startswith(f"{language}.{kind}.") for fault in book.problems):
            continue
        bad = list(_tried(Book(wordings={(language, kind): wording}, tables=book.tables), language, kind))
        found += bad
        if not bad:
            sound[language, kind] = wording
    return Texts(replace(book, wordings=sound, problems=())), tuple(
        sorted(found, key=lambda one: (one.line, one.column))
    )


def _tried(book: Book, language: str, kind: str) -> Iterator[TextProblem]:
    """What is wrong with one wording: its templates first, and where those are sound, what they make of a sample."""
    wording, facts = book.wordings[language, kind], sample(kind, language)
    env = environment(Texts(book).words(language))
    path, clean = f"{language}.{kind}", True
    for where, piece, each in _pieces(wording):
        names = frozenset(facts) | ({"item"} if each else frozenset())
        for line, code, what in faults(env, piece.text, names, names_in(facts)):
            clean = False
            yield _fault(piece, line, f"{path}.{where}", code, what, facts)
    for at, button in enumerate(wording.actions or ()):
        if button.each and not isinstance(facts.get(button.each.text), list):
            clean = False
            yield _no_list(button.each, f"{path}.actions[{at}].each", facts)
    if not clean:
        return
    try:
        content = prepare(env, laid_over(shipped().wordings[language, kind], wording)).write(facts, language)
    except FAILURES as fault:
        first = next(piece for _, piece, _ in _pieces(wording))
        said = (f"ลองเขียนแล้วไม่สำเร็จ: {fault}", f"fails on a sample: {fault}")
        yield problem(
            first.line, first.column, path, "template.fails", said, ("ตามแบบเดิม", "it as the shipped wording does")
        )
        return
    yield from _limits(content, wording, path)


def _pieces(wording: Wording) -> Iterator[tuple[str, Piece, bool]]:
    """Every template with its place, and whether it is written once for each entry of a list."""
    if wording.title:
        yield "title", wording.title, False
    if wording.body:
        yield "body", wording.body, False
    for at, button in enumerate(wording.actions or ()):
        yield f"actions[{at}].label", button.label, button.each is not None
        yield f"actions[{at}].{button.kind}", button.value, button.each is not None


def _fault(piece: Piece, line: int, path: str, code: str, what: str, facts: Mapping[str, Any]) -> TextProblem:
    at = piece.line + line - 1
    if code == "template.unknown_name":
        known = ", ".join(sorted(facts))
        said, write = (f"ไม่รู้จัก {what}", f"nothing is called {what}"), (f"หนึ่งใน {known}", f"one of {known}")
    elif code == "template.refused":
        said, write = (f"ใช้ {what} ไม่ได้", f"{what} are not allowed here"), ("แบบไม่ใช้สิ่งนี้", "it without them")
    else:
        said, write = (f"แม่แบบผิดไวยากรณ์: {what}", f"not a template: {what}"), ("{{ ชื่อ }}", "{{ name }}")
    return problem(at, piece.column if line == 1 else 1, path, code, said, write)


def _no_list(piece: Piece, path: str, facts: Mapping[str, Any]) -> TextProblem:
    lists = ", ".join(name for name, value in facts.items() if isinstance(value, list))
    said = (f"ไม่มีรายการชื่อ {piece.text}", f"there is no list called {piece.text}")
    write = (f"หนึ่งใน {lists}", f"one of {lists}")
    return problem(piece.line, piece.column, path, "template.unknown_name", said, write)


def _limits(content: Content, wording: Wording, path: str) -> Iterator[TextProblem]:
    title, body = wording.title, wording.body
    if title and not 0 < units(content.title) <= TITLE_MAX:
        said = ("หัวเรื่องว่างหรือยาวเกินไป", "the title is empty or too long")
        yield problem(
            title.line,
            title.column,
            f"{path}.title",
            "texts.limit",
            said,
            (f"1–{TITLE_MAX} ตัวอักษร", f"1 to {TITLE_MAX} letters"),
        )
    needed = replace(content, lines=tuple(line for line in content.lines if not line.optional))
    if body and (not needed.lines or units(needed.text()) > TEXT_MAX):
        said = ("ข้อความว่างหรือยาวเกินไป", "the body is empty or too long")
        yield problem(
            body.line,
            body.column,
            f"{path}.body",
            "texts.limit",
            said,
            (f"ไม่เกิน {TEXT_MAX} ตัวอักษร", f"at most {TEXT_MAX} letters, or mark lines with ~"),
        )
    for button in wording.actions or ():
        if units(button.label.text) > LABEL_MAX and "{" not in button.label.text:
            said = ("ชื่อปุ่มยาวเกินไป", "the button's label is too long")
            yield problem(
                button.label.line,
                button.label.column,
                f"{path}.actions",
                "texts.limit",
                said,
                (f"ไม่เกิน {LABEL_MAX} ตัวอักษร", f"at most {LABEL_MAX} letters"),
            )
