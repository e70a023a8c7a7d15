"""A message as LINE Flex bubbles: large letters, strong contrast, one thing under the other. Pure.

LINE's limits as kept here (UTF-16 code units, bytes of the JSON as sent): five message objects in one push, a bubble
of 30 KB, alternative text of 400, a button's label of 20, a link of 1,000, postback data of 300, 13 quick
replies.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from channels.base import Action, Content, Line, Payload
from channels.fit import clip, cut, safe_link, tidy, units

OBJECTS_MAX = 5
BUBBLE_BYTES_MAX = 30_000
BUBBLE_LINES_MAX = 60
ALT_TEXT_MAX = 400
TITLE_MAX = 150
TEXT_MAX = 1_000
LABEL_MAX = 20
DATA_MAX = 300
LINK_MAX = 1_000
BUTTONS_MAX = 10
QUICK_MAX = 13
_SCHEMES = frozenset({"http", "https", "line", "tel"})

_INK, _GREY, _GREEN, _WHITE = "#111111", "#555555", "#1B5E20", "#FFFFFF"
_STYLES: dict[str, dict[str, Any]] = {
    "text": {"size": "lg", "color": _INK},
    "item": {"size": "lg", "color": _INK},
    "strong": {"size": "lg", "color": _INK, "weight": "bold", "margin": "lg"},
    "heading": {"size": "xl", "color": _GREEN, "weight": "bold", "margin": "xl"},
    "small": {"size": "md", "color": _GREY},
}


def render(content: Content) -> Payload:
    """The messages of one push."""
    whole = tidy(content)
    whole = replace(
        whole,
        title=clip(whole.title, TITLE_MAX),
        lines=tuple(
            replace(line, text=clip(line.text, TEXT_MAX), value=clip(line.value, TEXT_MAX)) for line in whole.lines
        ),
        actions=tuple(action for action in whole.actions if _usable(action))[:BUTTONS_MAX],
    )
    kept = cut(whole, lambda version: len(_parts(version)) <= OBJECTS_MAX)
    parts = _parts(kept)
    messages = [_message(kept, part, at, len(parts)) for at, part in enumerate(parts)]
    quick = [_quick(action) for action in tidy(content).actions if _askable(action)]
    if quick:  # LINE shows them under the last message only, and only until the next
        messages[-1]["quickReply"] = {"items": quick[:QUICK_MAX]}
    return {"messages": messages}


def together(payloads: Sequence[Payload]) -> list[Payload]:
    """The longest beginning that one request carries. Only its last object shows quick replies: it gets them all."""
    kept: list[list[dict[str, Any]]] = []
    for payload in payloads:
        if kept and sum(map(len, kept)) + len(payload["messages"]) > OBJECTS_MAX:
            break
        kept.append([dict(message) for message in payload["messages"]])
    objects = [message for part in kept for message in part]
    asked = [item for message in objects for item in message.pop("quickReply", {"items": []})["items"]]
    if asked:
        items = [item for at, item in enumerate(asked) if item not in asked[:at]]
        objects[-1]["quickReply"] = {"items": items[:QUICK_MAX]}
    return [{"messages": part} for part in kept]


def _message(content: Content, part: Sequence[Line], at: int, of: int) -> dict[str, Any]:
    title = content.title if of == 1 else f"{content.title} ({at + 1}/{of})"
    actions = content.actions if at == of - 1 else ()
    spoken = replace(content, title=title, lines=tuple(part), actions=())
    return {"type": "flex", "altText": clip(spoken.text(), ALT_TEXT_MAX), "contents": _bubble(title, part, actions)}


def _bubble(title: str, lines: Sequence[Line], actions: Sequence[Action]) -> dict[str, Any]:
    heading = _text(title, {"size": "xl", "color": _WHITE, "weight": "bold"})
    bubble: dict[str, Any] = {"type": "bubble", "header": _box([heading]) | {"backgroundColor": _GREEN}}
    if lines:
        bubble["body"] = _box([_component(line) for line in lines]) | {"spacing": "md"}
    if actions:
        buttons = [_button(action, first=at == 0) for at, action in enumerate(actions)]
        bubble["footer"] = _box(buttons) | {"spacing": "md"}
    return bubble


def _box(contents: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "box", "layout": "vertical", "contents": contents}


def _text(text: str, style: dict[str, Any]) -> dict[str, Any]:
    # `scaling` follows the letter size a person has chosen in LINE.
    return {"type": "text", "text": text, "wrap": True, "scaling": True, **style}


def _component(line: Line) -> dict[str, Any]:
    match line.style:
        case "rule":
            return {"type": "separator", "margin": "lg"}
        case "row" if line.text and line.value:
            label = _text(line.text, {"size": "md", "color": _GREY, "flex": 2})
            value = _text(line.value, {"size": "lg", "color": _INK, "weight": "bold", "flex": 3})
            return {"type": "box", "layout": "horizontal", "spacing": "md", "contents": [label, value]}
        case "row":
            return _text(line.text or line.value, _STYLES["text"])
        case "item":
            return _text(f"• {line.text or line.value}", _STYLES["item"])
        case _:
            return _text(line.text or line.value, _STYLES[line.style])


def _button(action: Action, *, first: bool) -> dict[str, Any]:
    label = clip(action.label, LABEL_MAX)
    if action.kind == "link":
        does = {"type": "uri", "label": label, "uri": action.value}
    else:
        does = {"type": "postback", "label": label, "data": action.value, "displayText": label}
    style = {"style": "primary", "color": _GREEN} if first else {"style": "secondary"}
    return {"type": "button", "action": does, "height": "md", "scaling": True, **style}


def _usable(action: Action) -> bool:
    if action.kind == "link":
        return safe_link(action.value, _SCHEMES, LINK_MAX)
    return action.kind == "postback" and units(action.value) <= DATA_MAX and action.value.isprintable()


def _askable(action: Action) -> bool:
    return action.kind == "location" or (action.kind == "say" and 0 < units(action.value) <= DATA_MAX)


def _quick(action: Action) -> dict[str, Any]:
    label = clip(action.label, LABEL_MAX)
    if action.kind == "location":
        return {"type": "action", "action": {"type": "location", "label": label}}
    return {"type": "action", "action": {"type": "message", "label": label, "text": action.value}}


def _size(value: Any) -> int:
    """Bytes as the SDK sends them: letters outside ASCII are escaped, six bytes or twelve each."""
    return len(json.dumps(value))


def _parts(content: Content) -> list[list[Line]]:
    """The lines of each bubble. A bubble ends before a heading, rule or strong line where one is near its end."""
    frame = _size(_bubble(content.title + " (99/99)", [Line(text="x")], content.actions))
    parts: list[list[Line]] = [[]]
    room = BUBBLE_BYTES_MAX - frame
    for line, size in _sized(content.lines):
        if parts[-1] and (size > room or len(parts[-1]) >= BUBBLE_LINES_MAX):
            carried = _tail(parts[-1])
            parts.append(carried)
            room = BUBBLE_BYTES_MAX - frame - sum(_size(_component(each)) + 2 for each in carried)
        parts[-1].append(line)
        room -= size
    return parts


def _sized(lines: Sequence[Line]) -> Iterator[tuple[Line, int]]:
    for line in lines:
        yield line, _size(_component(line)) + 2


def _tail(part: list[Line]) -> list[Line]:
    """Takes off what belongs to the next bubble: the last stop or section, where it began in the last quarter."""
    for styles in (("heading", "rule"), ("strong",)):
        for at in range(len(part) - 1, len(part) * 3 // 4, -1):
            if part[at].style in styles:
                carried = part[at:]
                del part[at:]
                return carried
    return []
