"""A message as Telegram HTML with inline buttons. Pure.

Telegram's limits as kept here: a text of 4,096 UTF-16 code units after its marks are read, 100 entities, 64 bytes
behind a button that comes back to us.
"""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import urlsplit

from channels.base import Action, Content, Line, Payload
from channels.fit import clip, cut, safe_link, tidy, units
from channels.telegram.webhook import SAYS

TEXT_MAX = 4_096
ENTITIES_MAX = 100
TITLE_MAX = 256
LINE_MAX = 1_000
LABEL_MAX = 64
DATA_BYTES_MAX = 64
LINK_MAX = 1_000
BUTTONS_MAX = 20
_SCHEMES = frozenset({"http", "https"})
_ASKED = {"location": "request_location", "contact": "request_contact"}


def render(content: Content) -> Payload:
    """The fields of one sendMessage or editMessageText, all but the chat and the message."""
    whole = cut(tidy(content), lambda version: units(_plain(version)) <= TEXT_MAX)
    payload: Payload = {
        "text": _marked(whole),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    buttons = [[_button(action)] for action in whole.actions if _usable(action)][:BUTTONS_MAX]
    asked = [action for action in whole.actions if action.kind in _ASKED]
    if asked and all(action.kind in {*_ASKED, "say"} for action in whole.actions):
        # A place or a number can only be asked for by keys under the field where a person types.
        keys = [[_key(action)] for action in whole.actions][:BUTTONS_MAX]
        payload["reply_markup"] = {"keyboard": keys, "resize_keyboard": True, "one_time_keyboard": True}
    elif buttons:
        payload["reply_markup"] = {"inline_keyboard": buttons}
    return payload


def _pieces(line: Line) -> tuple[str, str, str]:
    """(plain text, marked text, tag) of one line: plain first, then what stands inside the tag."""
    text, value = clip(line.text, LINE_MAX), clip(line.value, LINE_MAX)
    match line.style:
        case "rule":
            return "", "", ""
        case "row" if text and value:
            return f"{text}: ", value, "b"
        case "item":
            return f"• {text or value}", "", ""
        case "heading":
            return "\n", text or value, "b"
        case "strong":
            return "", text or value, "b"
        case "small":
            return "", text or value, "i"
        case _:
            return text or value, "", ""


def _plain(content: Content) -> str:
    title = clip(content.title, TITLE_MAX)
    return "\n".join([title, *(plain + inside for plain, inside, _ in map(_pieces, content.lines))])


def _marked(content: Content) -> str:
    lines, entities = [f"<b>{escape(clip(content.title, TITLE_MAX), quote=False)}</b>"], 1
    for plain, inside, tag in map(_pieces, content.lines):
        marked, entities = bool(inside) and entities < ENTITIES_MAX, entities + bool(inside)
        inner = escape(inside, quote=False)
        lines.append(escape(plain, quote=False) + (f"<{tag}>{inner}</{tag}>" if marked else inner))
    return "\n".join(lines)


def _button(action: Action) -> dict[str, Any]:
    label = clip(action.label, LABEL_MAX)
    if action.kind == "link":
        return {"text": label, "url": action.value}
    return {"text": label, "callback_data": SAYS + action.value if action.kind == "say" else action.value}


def _key(action: Action) -> dict[str, Any]:
    if action.kind in _ASKED:
        return {"text": clip(action.label, LABEL_MAX), _ASKED[action.kind]: True}
    return {"text": clip(action.value, LABEL_MAX)}  # a key says what stands on it


def _usable(action: Action) -> bool:
    if action.kind == "link":
        # A link to a bare host name (localhost) would make Telegram refuse the whole message.
        return safe_link(action.value, _SCHEMES, LINK_MAX) and "." in (urlsplit(action.value).hostname or "")
    if action.kind in _ASKED:
        return False
    value = SAYS + action.value if action.kind == "say" else action.value
    return len(value.encode("utf-8", "replace")) <= DATA_BYTES_MAX and value.isprintable()
