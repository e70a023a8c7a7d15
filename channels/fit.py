"""What every service needs to hold a message to its limits: lengths as the services count them, cuts, safe links.

Knows no service's numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

from channels.base import ChannelError, Content, Line

ELLIPSIS = "…"

# Letters that say nothing but can hide, reorder or break what is said: controls, line and paragraph separators,
# bidirectional controls, zero-width letters (but not the joiners that emoji and some scripts need), private use,
# lone surrogates (which no UTF-8 can carry) and non-characters.
_BREAKS = re.compile("[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\U000e0000-\U000e0fff\U000f0000-\U0010ffff]+"
)
_MARK = "[\u0300-\u036f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
_PILED_MARKS = re.compile(f"({_MARK}{{4}}){_MARK}+")

_MORE = {"th": "… อีก {n} บรรทัด", "en": "… {n} more lines"}
_MORE_ONE = {"th": "… อีก 1 บรรทัด", "en": "… 1 more line"}


def clean(text: str) -> str:
    """`text` on one line, without letters that hide or reorder it."""
    text = _UNSEEN.sub("", _BREAKS.sub(" ", text))
    return " ".join(_PILED_MARKS.sub(r"\1", text).split(" ")).strip()


def units(text: str) -> int:
    """Length in UTF-16 code units, as LINE and Telegram count."""
    return len(text) + sum(letter > "\uffff" for letter in text)


def clip(text: str, most: int) -> str:
    """`text` in at most `most` UTF-16 units, an ellipsis standing for what was cut."""
    if units(text) <= most:
        return text
    room, kept = most - 1, []
    for letter in text:
        room -= 2 if letter > "\uffff" else 1
        if room < 0:
            break
        kept.append(letter)
    return "".join(kept).rstrip() + ELLIPSIS


def more(count: int, language: str) -> str:
    """The closing line that says how many lines did not fit."""
    words = _MORE_ONE if count == 1 else _MORE
    return words.get(language, words["en"]).format(n=count)


def safe_link(link: str, schemes: frozenset[str], most: int) -> bool:
    """Whether `link` may stand behind a button: a known scheme, no blanks, a host, and short enough."""
    if not link or len(link) > most or not link.isascii() or re.search(r"[\x00-\x20\x7f\"<>\\^`{|}]", link):
        return False
    try:
        parts = urlsplit(link)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return parts.scheme in schemes and (parts.scheme == "tel" or bool(host))


def tidy(content: Content) -> Content:
    """`content` with every text cleaned, empty lines and buttons left out, and never without a title."""
    lines = (replace(line, text=clean(line.text), value=clean(line.value)) for line in content.lines)
    actions = (replace(action, label=clean(action.label), value=clean(action.value)) for action in content.actions)
    return replace(
        content,
        title=clean(content.title) or ELLIPSIS,
        lines=tuple(line for line in lines if line.style == "rule" or line.text or line.value),
        actions=tuple(action for action in actions if action.label and action.value),
    )


def cut(content: Content, fits: Callable[[Content], bool]) -> Content:
    """The longest version of `content` that fits: optional lines go first, then the end is cut off.

    Of optional lines that follow each other the last goes first, everywhere in the message, before the one above it
    goes anywhere. A message that is cut off ends in a line that says how many lines are missing.
    """
    if fits(content):
        return content
    droppable = _least_needed_first(content.lines)
    needed = [line for line in content.lines if not line.optional]

    def version(step: int) -> Content:
        if step <= len(droppable):
            gone = set(droppable[:step])
            lines = [line for index, line in enumerate(content.lines) if index not in gone]
        else:
            missing = step - len(droppable)
            lines = needed[: len(needed) - missing]
            lines.append(Line(text=more(missing, content.language), style="small"))
        return replace(content, lines=tuple(lines))

    low, high = 1, len(content.lines)
    while low < high:
        middle = (low + high) // 2
        if fits(version(middle)):
            high = middle
        else:
            low = middle + 1
    return version(low)


def _least_needed_first(lines: Sequence[Line]) -> list[int]:
    """Where the optional lines are, in the order they may go."""
    depths: list[tuple[int, int]] = []
    depth = 0
    for index, line in enumerate(lines):
        depth = depth + 1 if line.optional else 0
        if depth:
            depths.append((depth, index))
    return [index for _, index in sorted(depths, reverse=True)]


def setting(settings: Mapping[str, Any] | object, name: str, default: Any) -> Any:
    """`name` out of a mapping or an object; `default` where it is absent or None."""
    found = settings.get(name) if isinstance(settings, Mapping) else getattr(settings, name, None)
    return default if found is None else found


def leads_to(base: str, domains: Iterable[str]) -> bool:
    """Whether an address leads to a host of one of these domains."""
    host = _host(base)
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _host(base: str) -> str:
    """The host that an address leads to, as the network is asked for it, however it is written.

    Case, a port, a name before ``@``, a final dot, percent signs and the letters and dots of other scripts change
    nothing.
    """
    name = unicodedata.normalize("NFKC", unquote(urlsplit(base).hostname or "")).replace("。", ".").strip(".").lower()
    try:
        return name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:  # no name that can be looked up
        return name


def base_address(settings: Mapping[str, Any] | object, name: str, default: str) -> str:
    """A service's base address without its trailing slash; `ChannelError` where it is no http(s) address."""
    address = str(setting(settings, name, default)).strip().rstrip("/")
    if not safe_link(address, frozenset({"http", "https"}), 1000):
        raise ChannelError(f"{name}: {address!r} is not an address; write for example {default}")
    return address
