"""The markup of a message's body: one line of text is one line of the message.

    # text            heading
    ! text            strong
    . text            small
    - text            item of a list
    label :: value    row
    ---               rule
    ~ …               any of the above, but the first to go where room is short
    text              plain text

Blank lines, items without text and rows without a value are left out, so a template may leave a fact empty.

What people typed is never markup: `guarded` moves the letters of the markup out of the way while the body is
split, and `opened` brings them back.
"""

from __future__ import annotations

from typing import Literal

from channels.base import Line
from channels.fit import clean, clip

VALUE_MAX = 400

# Private-use letters stand in for the markup's own; `clean` removes any that came with the data.
_GUARD = {ord(letter): chr(0xE000 + at) for at, letter in enumerate("#!.-:~")}
_OPEN = {ord(stand_in): chr(letter) for letter, stand_in in _GUARD.items()}

Style = Literal["text", "heading", "strong", "small", "item"]
_STYLES: tuple[tuple[str, Style], ...] = (("# ", "heading"), ("! ", "strong"), (". ", "small"), ("- ", "item"))


def guarded(value: object) -> str:
    """A value as it is put into a template: one clean line of bounded length that no parser takes for markup."""
    if value is None:
        return ""
    return clip(clean(str(value)), VALUE_MAX).translate(_GUARD)


def opened(text: str) -> str:
    """The text as written, its guarded letters back in place."""
    return text.translate(_OPEN)


def lines(body: str) -> tuple[Line, ...]:
    """The lines of a rendered body."""
    found = (_line(raw.strip()) for raw in body.split("\n"))
    return tuple(line for line in found if line is not None)


def _line(raw: str) -> Line | None:
    optional = raw.startswith("~ ")
    if optional:
        raw = raw[2:].strip()
    if raw == "---":
        return Line(text="", style="rule", optional=optional)
    if " :: " in raw or raw.endswith(" ::"):
        label, _, value = raw.partition(" ::")
        if not value.strip():
            return None
        return Line(text=opened(label.strip()), style="row", value=opened(value.strip()), optional=optional)
    for mark, style in _STYLES:
        if raw.startswith(mark):
            return _worded(raw[len(mark) :], style, optional)
    return None if raw in {"#", "!", ".", "-", "~"} else _worded(raw, "text", optional)


def _worded(raw: str, style: Style, optional: bool) -> Line | None:
    text = opened(raw.strip())
    return Line(text=text, style=style, optional=optional) if text else None
