"""YAML text to a tree of plain text with its places, in bounded memory and without surprises.

Scalars stay text, an unquoted empty, ``~`` or ``null`` is None. Anchors, aliases, merge keys, tags, repeated keys,
several documents and invisible characters are refused. Events are taken one by one from libyaml, so a hostile file is
left at the first value too many, and at the first anchor. Knows nothing of what the keys mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import yaml

from scheduler.config.problems import Path, Problem, problem, written

MOST_BYTES = 5_000_000
MOST_DEPTH = 16
MOST_VALUES = 300_000
MOST_PROBLEMS = 200

_NOTHING = {"", "~", "null", "Null", "NULL"}
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
_REASONS = {
    "mapping values are not allowed": ("มีเครื่องหมาย : เกินมา หรือย่อหน้าผิด", "a colon too many, or wrong indentation"),
    "could not find expected ':'": ("ขาดเครื่องหมาย : หลังชื่อหัวข้อ", "a colon is missing after a key"),
    "did not find expected ',' or ']'": ("ขาด , หรือ ]", "a , or ] is missing"),
    "did not find expected ',' or '}'": ("ขาด , หรือ }", "a , or } is missing"),
    "did not find expected key": ("ย่อหน้าไม่ตรงกับบรรทัดก่อนหน้า", "indentation differs from the lines before"),
    "did not find expected '-' indicator": ("ย่อหน้าไม่ตรง หรือขาด -", "wrong indentation, or a - is missing"),
    "did not find expected node content": ("ขาดค่า หรือวงเล็บไม่ครบ", "a value or a closing bracket is missing"),
    "found unexpected end of stream": ("เครื่องหมายคำพูดไม่ปิด", "a quote is not closed"),
}


@dataclass(slots=True)
class Node:
    """A value and where it stands. ``start``/``end`` are offsets in the text; ``flow``: it is written in brackets.

    A list or mapping without brackets ends with the last thing in it: libyaml would have it run on over the comments
    behind. ``origin`` names the file a value came from when it replaced a ``file:`` key; its value is then plain data.
    """

    value: Any
    line: int
    column: int
    start: int
    end: int
    keys: dict[str, Node] = field(default_factory=dict)
    origin: str | None = None
    flow: bool = False

    def plain(self) -> Any:
        """The same as dicts, lists, text and None."""
        if self.origin is not None:
            return self.value
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def find(self, path: Path) -> tuple[Node, int]:
        """The node at `path`, or the last one on the way to it, and how many steps of the path it took."""
        node = self
        for taken, step in enumerate(path):
            inside = node.value
            known = step in inside if isinstance(inside, dict) else isinstance(inside, list) and isinstance(step, int)
            if node.origin is not None or not known or (isinstance(step, int) and step >= len(inside)):
                return node, taken
            node = inside[step]
        return node, len(path)


@dataclass(slots=True)
class _Open:
    """A list or mapping that is being read; ``key`` is the mapping's key that waits for its value."""

    node: Node
    path: Path
    key: Node | None = None


class Reading:
    """One pass over a text: the tree, where it could be built, and what is wrong with the YAML itself.

    ``more`` counts what ``problems`` does not list.
    """

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.more = 0
        self._repeated: set[int] = set()
        self.root: Node | None = None
        if self._characters_ok(text):
            self._run(text)

    def _say(self, code: str, line: int, column: int, path: Path = (), **facts: object) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            found = problem(code, facts, file=self.file, line=line + 1, column=column + 1, path=written(path))
            self.problems.append(found)
        else:
            self.more += 1

    def _characters_ok(self, text: str) -> bool:
        for found in INVISIBLE.finditer(text):
            if found[0] == "\r" and text[found.end() : found.end() + 1] in ("\n", ""):
                continue
            before = text[: found.start()]
            line = before.count("\n")
            self._say("yaml.character", line, found.start() - (before.rfind("\n") + 1), value=f"U+{ord(found[0]):04X}")
            return False
        return True

    def _run(self, text: str) -> None:
        try:
            self._build(yaml.parse(text, Loader=yaml.CSafeLoader))
        except yaml.MarkedYAMLError as error:
            self.root = None
            self._syntax(text, error)
        except (yaml.reader.ReaderError, UnicodeEncodeError):  # what libyaml calls unprintable, e.g. half a pair
            self.root = None
            self._say("yaml.character", 0, 0, value="?")

    def _syntax(self, text: str, error: yaml.MarkedYAMLError) -> None:
        mark: Any = error.problem_mark or error.context_mark
        if error.context_mark is not None and "quoted scalar" in (error.context or ""):
            mark = error.context_mark  # where the quote begins that nobody closes, not where the file ends
        line, column = (int(mark.line), int(mark.column)) if mark is not None else (0, 0)
        lines = text.splitlines()
        here = lines[line] if line < len(lines) else ""
        if "\t" in here[: len(here) - len(here.lstrip())] or here[column : column + 1] == "\t":
            self._say("yaml.tab", line, here.index("\t"))
            return
        said = error.problem or ""
        thai, english = next((both for start, both in _REASONS.items() if said.startswith(start)), (said, said))
        self._say("yaml.syntax", line, column, reason_th=thai, reason_en=english)

    def _build(self, events: Iterator[Any]) -> None:
        """Events to nodes, with an explicit stack: depth is a number here, not Python's recursion."""
        stack: list[_Open] = []
        count = last = 0
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
                closed = stack.pop().node
                closed.end = last = cast(Any, event).end_mark.index if closed.flow else last
            elif isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
                mark = cast(Any, event).start_mark
                self._say("yaml.documents", mark.line, mark.column)
                return
            elif isinstance(event, yaml.NodeEvent):
                count += 1
                if event.anchor is not None or count > MOST_VALUES or len(stack) >= MOST_DEPTH:
                    self._give_up(event, deep=len(stack) >= MOST_DEPTH)
                    return
                last = self._take(event, stack)
        if self.root is None:
            self._say("yaml.empty", 0, 0)

    def _give_up(self, event: Any, *, deep: bool) -> None:
        """One line for all: a file that is built of anchors, or too big, would have hundreds."""
        self.root = None
        place = event.start_mark.line, event.start_mark.column
        if deep:
            self._say("yaml.too_deep", *place, limit=MOST_DEPTH)
        elif event.anchor is not None:
            sign = "*" if isinstance(event, yaml.AliasEvent) else "&"
            self._say("yaml.alias", *place, value=f"{sign}{event.anchor}")
        else:
            self._say("yaml.too_many", *place, limit=MOST_VALUES)

    def _take(self, event: Any, stack: list[_Open]) -> int:
        """One key or value: hang it where it belongs, and open it if it holds others. Returns where it ends."""
        mark, value = event.start_mark, _value(event)
        node = Node(value, mark.line + 1, mark.column + 1, mark.index, event.end_mark.index)
        around = stack[-1] if stack else None
        step: str | int | None = None
        if around is None:
            self.root = node
        elif isinstance(around.node.value, list):
            step = len(around.node.value)
            around.node.value.append(node)
        elif around.key is None:
            around.key, step = node, "?"
            self._note_key(event, node, around)
        else:
            step = str(around.key.value)
            if around.node.keys.get(step) is around.key:
                around.node.value[step] = node
            around.key = None
        holds = value.__class__ is dict or value.__class__ is list
        if holds or event.tag or event.style == '"':
            path = () if around is None or step is None else (*around.path, step)
            self._refuse_marks(event, path)
            if holds:
                node.flow = bool(event.flow_style)
                stack.append(_Open(node, path))
        return node.end

    def _note_key(self, event: Any, node: Node, around: _Open) -> None:
        """A refused key still takes its value, which then leads nowhere."""
        name, keys = node.value, around.node.keys
        here = (node.line - 1, node.column - 1)
        if not isinstance(name, str):
            self._say("yaml.key", *here, around.path)
        elif name == "<<" and event.implicit[0]:
            self._say("yaml.merge", *here, around.path)
        elif name in keys:
            if id(keys[name]) not in self._repeated:  # one line for a key, however often it comes
                self._repeated.add(id(keys[name]))
                self._say("key.duplicate", *here, (*around.path, name), key=name, first=keys[name].line)
        else:
            keys[name] = node

    def _refuse_marks(self, event: Any, path: Path) -> None:
        line, column = event.start_mark.line, event.start_mark.column
        if event.tag:
            self._say("yaml.tag", line, column, path, value=event.tag)
        elif isinstance(event, yaml.ScalarEvent) and (found := INVISIBLE.search(event.value)):
            self._say("yaml.character", line, column, path, value=f"U+{ord(found[0]):04X}")


def _value(event: Any) -> Any:
    if isinstance(event, yaml.MappingStartEvent):
        return {}
    if isinstance(event, yaml.SequenceStartEvent):
        return []
    if event.implicit[0] and event.value in _NOTHING:
        return None
    return event.value
