"""Reads wording from YAML: language -> kind -> title, body, actions; and language -> reasons, events.

Finds every mistake with its line and column; what is sound is kept. Knows nothing of what a template says.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import yaml

SIZE_MAX = 512 * 1024
LANGUAGES = ("th", "en")
TABLES = ("reasons", "events")
ACTIONS = ("link", "postback", "say", "location", "contact")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextProblem:
    """One mistake in a coordinator's file. `message` and `hint` are in Thai and English; lines count from 1."""

    line: int
    column: int
    path: str
    code: str
    message: Mapping[str, str]
    hint: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.path}: {self.message['en']}; {self.hint['en']}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A template's source and where its first line stands."""

    text: str
    line: int
    column: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button's templates; `each` names the list of facts to make one button of each."""

    label: Piece
    value: Piece
    kind: str
    each: Piece | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """One kind in one language. A part that is None is taken from the shipped wording."""

    title: Piece | None = None
    body: Piece | None = None
    actions: tuple[Button, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """All that one file says."""

    wordings: Mapping[tuple[str, str], Wording] = field(default_factory=dict)
    tables: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    problems: tuple[TextProblem, ...] = ()


def read(text: str, kinds: Iterable[str]) -> Book:
    """What the YAML in `text` says; mistakes are in `problems`."""
    if len(text) > SIZE_MAX:
        return Book(problems=(_too_big(),))
    try:
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, RecursionError) as fault:
        mark = getattr(fault, "problem_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return Book(problems=(_not_yaml(line, column, str(getattr(fault, "problem", None) or fault)),))
    reader = _Reader(tuple(kinds))
    if root is not None:
        reader.book(root)
    return Book(wordings=reader.wordings, tables=reader.tables, problems=tuple(reader.problems))


class _Reader:
    """Walks the nodes of one file and collects."""

    def __init__(self, kinds: tuple[str, ...]) -> None:
        self.kinds = kinds
        self.wordings: dict[tuple[str, str], Wording] = {}
        self.tables: dict[tuple[str, str], dict[str, str]] = {}
        self.problems: list[TextProblem] = []

    def book(self, root: yaml.Node) -> None:
        for language, node in self.entries(root, "", LANGUAGES):
            for kind, entry in self.entries(node, language, (*self.kinds, *TABLES)):
                path = f"{language}.{kind}"
                if kind in TABLES:
                    words = self.tables.setdefault((language, kind), {})
                    for code, phrase in self.entries(entry, path, None):
                        piece = self.piece(phrase, f"{path}.{code}")
                        if piece is not None:
                            words[code] = piece.text
                else:
                    self.wordings[language, kind] = self.wording(entry, path)

    def wording(self, node: yaml.Node, path: str) -> Wording:
        title = body = actions = None
        for name, part in self.entries(node, path, ("title", "body", "actions")):
            if name == "title":
                title = self.piece(part, f"{path}.title")
            elif name == "body":
                body = self.piece(part, f"{path}.body")
            elif isinstance(part, yaml.SequenceNode):
                buttons = [self.button(each, f"{path}.actions[{at}]") for at, each in enumerate(part.value)]
                actions = tuple(button for button in buttons if button is not None)
            else:
                self.wrong(part, f"{path}.actions", "shape", ("รายการปุ่ม", "a list of buttons"))
        return Wording(title=title, body=body, actions=actions)

    def button(self, node: yaml.Node, path: str) -> Button | None:
        parts = dict(self.entries(node, path, ("label", *ACTIONS, "each")))
        pieces = {name: self.piece(part, f"{path}.{name}") for name, part in parts.items()}
        label, each = pieces.get("label"), pieces.get("each")
        kind = next((name for name in ACTIONS if name in pieces), "")
        value = pieces.get(kind)
        if label is None or value is None:
            self.wrong(node, path, "shape", ("ปุ่มที่มี label และ link", "a button with a label and a link"))
            return None
        return Button(label=label, value=value, kind=kind, each=each)

    def entries(self, node: yaml.Node, path: str, known: tuple[str, ...] | None) -> list[tuple[str, yaml.Node]]:
        """The keys and values of a mapping; unknown and repeated keys are reported and left out."""
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, path, "shape", ("คีย์และค่า", "keys and values"))
            return []
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            here = f"{path}.{name}" if path else name
            if known is not None and name not in known:
                close = difflib.get_close_matches(name, known, 1)
                write = close[0] if close else ", ".join(known)
                self.wrong(key, here, "unknown_key", (write, write))
            elif name in found:
                self.wrong(key, here, "repeated_key", ("ครั้งเดียว", "it once"))
            else:
                found[name] = value
        return list(found.items())

    def piece(self, node: yaml.Node, path: str) -> Piece | None:
        if not isinstance(node, yaml.ScalarNode):
            self.wrong(node, path, "shape", ("ข้อความ", "a text"))
            return None
        below = 1 if node.style in ("|", ">") else 0
        return Piece(text=node.value, line=node.start_mark.line + 1 + below, column=node.start_mark.column + 1)

    def wrong(self, node: yaml.Node, path: str, code: str, write: tuple[str, str]) -> None:
        said = {
            "shape": ("รูปแบบไม่ถูกต้อง", "this has the wrong shape"),
            "unknown_key": ("ไม่รู้จักชื่อนี้", "no such name"),
            "repeated_key": ("ชื่อซ้ำ", "this name is here twice"),
        }[code]
        mark = node.start_mark
        self.problems.append(problem(mark.line + 1, mark.column + 1, path, f"texts.{code}", said, write))


def problem(line: int, column: int, path: str, code: str, said: tuple[str, str], write: tuple[str, str]) -> TextProblem:
    """A problem from (Thai, English) pairs: what is wrong, and what to write."""
    return TextProblem(
        line=line,
        column=column,
        path=path,
        code=code,
        message={"th": said[0], "en": said[1]},
        hint={"th": f"ให้เขียน {write[0]}", "en": f"write {write[1]}"},
    )


def _too_big() -> TextProblem:
    return problem(
        1, 1, "", "texts.too_big", ("ไฟล์ใหญ่เกินไป", "the file is too big"), ("ไม่เกิน 512 KB", "less than 512 KB")
    )


def _not_yaml(line: int, column: int, what: str) -> TextProblem:
    return problem(line, column, "", "texts.yaml", (f"อ่าน YAML ไม่ได้: {what}", f"not YAML: {what}"), ("YAML", "YAML"))
