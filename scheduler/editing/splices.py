"""Changes of zones as pieces of config.yaml's own text: a zone is set, added or removed, and no other line changes.

Comments, order, number formats, quotes, line ends and a BOM stay. The result is read again, and every value that was
not to change is compared with before; what does not come out as meant is never handed on. Knows YAML's places; nothing
of what a zone's values mean, or of files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from scheduler.config.problems import ConfigError
from scheduler.config.reader import Node, Reading
from scheduler.editing import styles

Values = Mapping[str, Any]
_BOM = "\ufeff"


class CannotEdit(Exception):
    """The text cannot be changed like that: `code` and `facts` say why, in `scheduler.config.wording`."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


def edited(text: str, edits: Mapping[str, Values | None], name: str = "config.yaml") -> str:
    """`text` with zones set by their id: values that replace a zone's own, a new zone's, or None to remove it.

    Raises `ConfigError` where the text, or what would come of it, is no YAML that is allowed; `CannotEdit` with
    ``zone.unknown`` or ``zone.last`` where a zone cannot be removed, with ``edit.unsafe`` where the text is written in
    a way that cannot be changed safely.
    """
    mark = _BOM if text.startswith(_BOM) else ""
    body = text.removeprefix(_BOM)
    gone = [id for id, values in edits.items() if values is None]
    changed = {id: values for id, values in edits.items() if values is not None}
    if gone:
        body = _Removal(body, name).of(gone)
    if changed:
        body = _Setting(body, name).of(changed)
    return mark + body


Piece = tuple[int, int, str]
"""From where to where in a text, and what is to stand there instead."""


def pieces(node: Node, value: Any, text: str, line_end: str) -> list[Piece]:
    """The smallest pieces that make `node` say `value`: of a border that keeps its corners, those that moved."""
    old = node.value
    if styles.same(node.plain(), value):
        return []
    if isinstance(old, list) and isinstance(value, list | tuple) and old and len(old) == len(value):
        inside = list(zip(old, value, strict=True))
    elif isinstance(old, dict) and isinstance(value, Mapping) and old and old.keys() == value.keys():
        inside = [(inner, value[key]) for key, inner in old.items()]
    else:
        return [(node.start, _end_of(node, text), styles.instead_of(node, value, text, line_end))]
    return [piece for inner, new in inside for piece in pieces(inner, new, text, line_end)]


def put_in(text: str, pieces: Sequence[Piece]) -> str:
    """`text` with every piece in its place; several for one place stand in their order."""
    for _, (start, end, piece) in sorted(enumerate(pieces), key=lambda each: (each[1][0], each[0]))[::-1]:
        text = text[:start] + piece + text[end:]
    return text


def line_end_of(text: str) -> str:
    """The line end that most of its lines have."""
    return "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"


def _end_of(node: Node, text: str) -> int:
    """Where the last thing in `node` ends; a text in block style takes its line ends along."""
    end = node.end
    while end > node.start and text[end - 1] in " \r\n":
        end -= 1
    return end


class _Splices:
    """One pass: pieces for places in a text, put in, read again and compared."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name
        self.root = self._read(text)
        zones = self.root.value.get("zones") if isinstance(self.root.value, dict) else None
        if zones is None or not isinstance(zones.value, list):
            raise CannotEdit("edit.unsafe", line=1)
        self.zones = zones
        self.by_id = {
            zone.value["id"].value.strip(): zone
            for zone in zones.value
            if isinstance(zone.value, dict) and "id" in zone.value and isinstance(zone.value["id"].value, str)
        }
        self.line_end = line_end_of(text)
        self.pieces: list[Piece] = []

    def _read(self, text: str) -> Node:
        reading = Reading(text, self.name)
        if reading.root is None or reading.problems:
            raise ConfigError(reading.problems, reading.more)
        return reading.root

    def spliced(self, wanted: list[Any]) -> str:
        """The new text, in which the zones say `wanted` and everything else what it said before."""
        text = put_in(self.text, self.pieces)
        before = self.root.plain()
        after = self._read(text).plain()
        zones = after.pop("zones", None) if isinstance(after, dict) else None
        before.pop("zones")
        if after != before or not styles.same(zones, wanted):
            raise CannotEdit("edit.unsafe", line=self.zones.line)
        return text

    def line_after(self, node: Node) -> int:
        """Where the line on which `node` ends is over, before its line end; a comment behind it stands before that."""
        found = re.compile(r"\r?\n|$").search(self.text, _end_of(node, self.text))
        return found.start() if found else len(self.text)


class _Setting(_Splices):
    def of(self, edits: Mapping[str, Values]) -> str:
        wanted = [zone.plain() for zone in self.zones.value]
        places = {id: self.zones.value.index(zone) for id, zone in self.by_id.items()}
        for id, values in edits.items():
            if id in self.by_id:
                self._set(self.by_id[id], values)
                wanted[places[id]] = {**wanted[places[id]], **values}
        fresh = [{"id": id, **values} for id, values in edits.items() if id not in self.by_id]
        if fresh:
            self._add(fresh)
        return self.spliced([*wanted, *fresh])

    def _set(self, zone: Node, values: Values) -> None:
        for key, value in values.items():
            if key in zone.value:
                self.pieces += pieces(zone.value[key], value, self.text, self.line_end)
        added = {key: value for key, value in values.items() if key not in zone.value}
        last = list(zone.value.values())[-1]
        margin = self.line_end + " " * (zone.column - 1)
        if zone.flow:
            self._insert(_end_of(last, self.text), "".join(f", {styles.entry(*each)}" for each in added.items()))
        else:
            lines = (margin + styles.entry(*each, f"{margin}  ") for each in added.items())
            self._insert(self.line_after(last), "".join(lines))

    def _insert(self, at: int, piece: str) -> None:
        if piece:
            self.pieces.append((at, at, piece))

    def _add(self, fresh: list[dict[str, Any]]) -> None:
        """New zones behind the last one, written as it is."""
        last = self.zones.value[-1] if self.zones.value else None
        if self.zones.flow:
            at = _end_of(last, self.text) if last is not None else self.zones.start + 1
            between = [", " if last is not None or number else "" for number in range(len(fresh))]
            self._insert(at, "".join(mark + styles.flow(zone) for mark, zone in zip(between, fresh, strict=True)))
            return
        if last is None:
            raise CannotEdit("edit.unsafe", line=self.zones.line)
        margin = self.line_end + " " * (self.zones.column - 1)
        written = ""
        for zone in fresh:
            if last.flow:
                written += f"{margin}- {styles.flow(zone)}"
            else:
                inner = self.line_end + " " * (last.column - 1)
                written += f"{margin}-{' ' * (last.column - self.zones.column - 1)}"
                written += inner.join(styles.entry(key, value, f"{inner}  ") for key, value in zone.items())
        self._insert(self.line_after(last), written)


class _Removal(_Splices):
    def of(self, ids: list[str]) -> str:
        for id in ids:
            if id not in self.by_id:
                raise CannotEdit("zone.unknown", value=id, known=", ".join(self.by_id))
            if len(self.zones.value) == len(ids):
                raise CannotEdit("zone.last", value=id)
            (self._in_brackets if self.zones.flow else self._lines)(self.by_id[id])
        gone = [self.by_id[id] for id in ids]
        return self.spliced([zone.plain() for zone in self.zones.value if zone not in gone])

    def _lines(self, zone: Node) -> None:
        """All lines of a zone, from its dash on; comments above and below belong to somebody else."""
        number = next(i for i, each in enumerate(self.zones.value) if each is zone)
        start = self.zones.start
        if number:
            dash = re.compile(rf"^ {{{self.zones.column - 1}}}-", re.MULTILINE)
            found = dash.search(self.text, self.line_after(self.zones.value[number - 1]), zone.start)
            if found is None:
                raise CannotEdit("edit.unsafe", line=zone.line)
            start = found.start()
        start = self.text.rfind("\n", 0, start) + 1
        end = self.line_after(zone)
        over = self.text.find("\n", end) + 1
        if over:
            self.pieces.append((start, over, ""))
        else:  # the last line of the file has no end: the line before loses its own
            before = start - len(self.line_end) if self.text[:start].endswith(self.line_end) else start
            self.pieces.append((before, len(self.text), ""))

    def _in_brackets(self, zone: Node) -> None:
        """A zone and the comma behind it; its whole line, where nothing else stands on it."""
        behind = re.compile(r"[ \t]*,[ \t]*").match(self.text, zone.end)
        start, end = zone.start, behind.end() if behind else zone.end
        begins = self.text.rfind("\n", 0, start) + 1
        ends = re.compile(r"\r?\n").match(self.text, end)
        if not self.text[begins:start].strip() and ends:
            start, end = begins, ends.end()
        self.pieces.append((start, end, ""))
