"""A value as YAML text, written the way the text it replaces was: brackets or lines, quotes, width, line ends.

Knows how things are written; neither where they go nor what they mean. Values are text, whole numbers, floats, None,
true and false, lists and dicts; floats are written with at most `DECIMALS` places, which is a centimetre.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from scheduler.config.reader import Node

DECIMALS = 7
WIDTH = 120
"""Columns of a line that is written anew, as in the shipped file."""
_PLAIN = re.compile(r"[A-Za-z0-9_\u0e00-\u0e7f](?:[\w.()/\u0e00-\u0e7f -]*[\w.()/\u0e00-\u0e7f])?")
_TAKEN = {"null", "Null", "NULL"}


def same(found: Any, wanted: Any) -> bool:
    """Whether what stands in a text, all of it plain text, says `wanted`; numbers count by their value."""
    if found == wanted or (isinstance(wanted, int) and found == _bare(wanted)):
        return True
    if isinstance(wanted, Mapping):
        return (
            isinstance(found, dict) and found.keys() == wanted.keys() and all(same(found[k], wanted[k]) for k in found)
        )
    if isinstance(wanted, list | tuple):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(same, found, wanted))
    if isinstance(wanted, int | float) and not isinstance(wanted, bool) and isinstance(found, str):
        try:
            return round(float(found), DECIMALS) == round(wanted, DECIMALS)
        except (ValueError, OverflowError):
            return False
    return False


def flow(value: Any) -> str:
    """A value on one line, with brackets where it holds others."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key)}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value)


def scalar(value: Any, before: str = "") -> str:
    """One piece of text or number, with the quotes of the source `before` that it replaces."""
    if value is None:
        return "null"
    if isinstance(value, float):
        value = round(value, DECIMALS)
        text = str(int(value)) if value.is_integer() else f"{value:.{DECIMALS}f}".rstrip("0")
    else:
        text = _bare(value)
    if before.startswith("'") and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    if not before.startswith('"') and _PLAIN.fullmatch(text) and text not in _TAKEN:
        return text
    if not isinstance(value, str) and not before.startswith('"'):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return re.sub("[\x7f-\x9f\u2028\u2029\ufeff]", lambda found: f"\\u{ord(found[0]):04x}", quoted)


def _bare(value: str | int) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def entry(key: str, value: Any, margin: str = "") -> str:
    """``key: value``; a long list of places is broken into lines that begin with `margin`, where one is given."""
    line = f"{scalar(key)}: {flow(value)}"
    if not margin or len(margin) + len(line) <= WIDTH or not isinstance(value, list) or not isinstance(value[0], list):
        return line
    start = f"{scalar(key)}: ["
    return (
        start
        + _filled([flow(inner) for inner in value], len(margin.lstrip("\r\n")) - 2 + len(start), margin, WIDTH)
        + "]"
    )


def instead_of(node: Node, value: Any, text: str, line_end: str) -> str:
    """What to write in place of `node` in `text`, from its start to its end."""
    source = text[node.start : node.end]
    nested = isinstance(value, list | tuple | Mapping)
    if isinstance(node.value, list | dict) and nested and not node.flow:
        margin = line_end + " " * (node.column - 1)
        if isinstance(value, Mapping):
            return margin.join(entry(key, inner) for key, inner in value.items()) if value else "{}"
        return margin.join(f"- {piece}" for piece in _pieces(node, value, text)) if value else "[]"
    if not nested:
        written = scalar(value, source)
    elif isinstance(value, Mapping) or not isinstance(node.value, list):
        written = flow(value)
    else:
        written = _bracketed(node, _pieces(node, value, text), source, line_end)
    return written if source else f" {written}"  # an empty value ends at its colon


def _pieces(node: Node, value: Any, text: str) -> list[str]:
    """The entries of a list; one that stood there before is written as it was."""
    kept = {
        _key(inner.plain()): text[inner.start : inner.end]
        for inner in (node.value if isinstance(node.value, list) else ())
        if (inner.flow or isinstance(inner.value, str)) and "\n" not in text[inner.start : inner.end]
    }
    return [kept.get(_key(entry), "") or flow(entry) for entry in value]


def _key(value: Any) -> str:
    """Equal for what says the same, whether it is a number or was read as text."""
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_key, value)) + "]"
    try:
        return repr(round(float(value), DECIMALS))
    except (TypeError, ValueError, OverflowError):
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def _bracketed(node: Node, pieces: list[str], source: str, line_end: str) -> str:
    """A list in brackets: on one line, an entry a line, or lines filled up, as it was before."""
    lines = source.splitlines()
    if len(lines) == 1 or not pieces:
        return "[" + ", ".join(pieces) + "]"
    opened, closed = lines[0].strip() == "[", lines[-1].strip() in {"]", "],"}
    margin = line_end + re.match(r"[ \t]*", lines[1])[0]  # type: ignore[index]
    inside = lines[opened : len(lines) - closed]
    if len(inside) >= len(node.value):
        body = ("," + margin).join(pieces)
    else:
        taken = node.column - 1
        widest = max(taken + len(lines[0]), *map(len, lines[1:]))
        body = _filled(pieces, len(margin.lstrip("\r\n")) if opened else taken + 1, margin, widest)
    tail = line_end + re.match(r"[ \t]*", lines[-1])[0] if closed else ""  # type: ignore[index]
    return "[" + (margin if opened else "") + body + tail + "]"


def _filled(pieces: list[str], before: int, margin: str, widest: int) -> str:
    """Pieces behind each other, as many on a line as fit; `before`: how much of the first line is taken."""
    written, width = "", before
    for number, piece in enumerate(pieces):
        following = piece + ("," if number + 1 < len(pieces) else "")
        if written and width + 1 + len(following) > widest:
            written, width = written + margin, len(margin.lstrip("\r\n"))
        elif written:
            written, width = written + " ", width + 1
        written, width = written + following, width + len(following)
    return written
