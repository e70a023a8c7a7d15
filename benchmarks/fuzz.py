"""Hostile bodies for the webhooks, and what is held of each: `benchmarks.soak` calls with them by the million.

Real events, broken in every way a seed can think of: bytes changed, cut and doubled, values replaced at any depth; and
noise. What is held of the parsers: nothing unsigned is accepted; what is signed is read without an error; each event
can be stored, reads just the same from the body it is stored with, and means something.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from channels.base import BadSignature, Channel, Inbound
from channels.line.webhook import SIGNATURE, sign
from channels.telegram.webhook import SECRET as SECRET_HEADER
from scheduler.inbox.words import understood

SECRET = "fuzz-secret"  # noqa: S105 - made up
_USER = "U" + "a" * 32
_LINE_EVENTS: tuple[dict[str, Any], ...] = (
    {"type": "message", "message": {"type": "text", "id": "1", "quoteToken": "q", "text": "ถึงไหนแล้ว"}},
    {"type": "message", "message": {"type": "location", "id": "1", "latitude": 9.14, "longitude": 99.33}},
    {"type": "message", "message": {"type": "image", "id": "1", "contentProvider": {"type": "line"}}},
    {"type": "message", "message": {"type": "sticker", "id": "1", "packageId": "1", "stickerId": "2"}},
    {"type": "postback", "postback": {"data": "yes:consent"}},
    {"type": "follow", "follow": {"isUnblocked": True}},
    {"type": "unfollow"},
    {"type": "join", "source": {"type": "group", "groupId": "C1"}},
)
_LINE_COMMON = {
    "timestamp": 1764000000000,
    "mode": "active",
    "deliveryContext": {"isRedelivery": False},
    "source": {"type": "user", "userId": _USER},
    "replyToken": "r",
}
_CHAT = {"id": 77, "type": "private", "first_name": "x"}
_FROM = {"id": 77, "is_bot": False, "first_name": "x"}
_MESSAGE = {"message_id": 1, "date": 1, "chat": _CHAT, "from": _FROM}
_TELEGRAM_UPDATES: tuple[dict[str, Any], ...] = (
    {"message": {**_MESSAGE, "text": "/start ABC"}},
    {"message": {**_MESSAGE, "location": {"latitude": 9.14, "longitude": 99.33}}},
    {"message": {**_MESSAGE, "contact": {"phone_number": "66812345678", "first_name": "x", "user_id": 77}}},
    {"message": {**_MESSAGE, "photo": [{"file_id": "a", "file_unique_id": "a", "width": 1, "height": 1}]}},
    {"message": {**_MESSAGE, "voice": {"file_id": "a", "duration": 1}, "caption": "ฟังหน่อย"}},
    {"edited_message": {**_MESSAGE, "location": {"latitude": 9.14, "longitude": 99.33, "live_period": 900}}},
    {"callback_query": {"id": "1", "from": _FROM, "chat_instance": "1", "data": "say:ถึงไหน", "message": _MESSAGE}},
    {"my_chat_member": {"chat": _CHAT, "from": _FROM, "date": 1, "new_chat_member": {"status": "kicked"}}},
)
_ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1 << 64, 10**30, 1e308, float("nan"), float("inf"), "", "\x00", "\ud800", "ก่้๊๋็์" * 9),
    *([], {}, [[]], {"": None}, "x" * 5000, "yes:", "link:yes:", "say:", "0" * 26, "+66", "๐๘๑๒๓๔๕๖๗๘"),
)


def signed(channel: Channel, body: bytes) -> dict[str, str]:
    """The headers that make a body the service's own."""
    return {SIGNATURE: sign(body, SECRET)} if channel.name == "line" else {SECRET_HEADER: SECRET}


def unsigned(channel: Channel, body: bytes) -> Sequence[Mapping[str, str]]:
    """Headers that do not: none, and ones that are wrong by a bit."""
    return ({}, {name: value[:-1] + chr(ord(value[-1]) ^ 1) for name, value in signed(channel, body).items()})


def held(channel: Channel, body: bytes) -> Sequence[Inbound]:
    """The events of a body, once all is held that is said above."""
    for headers in unsigned(channel, body):
        try:
            channel.receive(headers, body)
        except BadSignature:
            continue
        raise AssertionError("accepted without a signature")
    heard = channel.receive(signed(channel, body), body)
    for event in heard:
        _storable(event)
        if tuple(channel.read(event.body)) != (event,):
            raise AssertionError("reads otherwise from its own body")
        understood(event)
    return heard


def _storable(event: Inbound) -> None:
    told = (event.event_id, event.address or "", event.text, event.data, event.quoted or "", event.reply_token or "")
    for text in told:
        text.encode("utf-8")
        if "\x00" in text:
            raise AssertionError("a NUL that no database takes")
    if not 0 < len(event.event_id) <= 200:
        raise AssertionError("an id that is no key")


def hostile(chance: random.Random, service: str) -> bytes:
    """One body: a real one, broken once or several times; sometimes noise."""
    if chance.random() < 0.05:
        return chance.randbytes(chance.randrange(200))
    value = _real(chance, service)
    for _ in range(chance.randrange(4)):
        value = _changed(chance, value)
    body = json.dumps(value, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")
    return bytes(_scratched(chance, body)) if chance.random() < 0.3 else body


def _real(chance: random.Random, service: str) -> Any:
    if service == "telegram":
        return {"update_id": chance.randrange(1 << 31), **chance.choice(_TELEGRAM_UPDATES)}
    events = [
        {"webhookEventId": f"01JD{chance.randrange(10**22):022}", **_LINE_COMMON, **chance.choice(_LINE_EVENTS)}
        for _ in range(chance.choice((0, 1, 1, 1, 3)))
    ]
    return {"destination": "U0", "events": events}


def _changed(chance: random.Random, value: Any) -> Any:
    """`value` with something else at one place in it."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(list(value))
        match chance.randrange(8):
            case 0:
                return {name: each for name, each in value.items() if name != key}
            case 1:
                return {**value, chance.choice(["type", "id", "\ud800", "x"]): value[key]}
            case _:
                return {**value, key: _changed(chance, value[key])}
    if isinstance(value, list) and value and chance.random() < 0.9:
        at = chance.randrange(len(value))
        return [*value[:at], _changed(chance, value[at]), *value[at + chance.randrange(2) :]]
    if chance.random() < 0.02:
        return json.loads("[" * 400 + "]" * 400)
    return chance.choice(_ODD)


def _scratched(chance: random.Random, body: bytes) -> Iterator[int]:
    """`body` with a few bytes lost, doubled or changed, or its end gone."""
    end = chance.randrange(len(body) + 1) if chance.random() < 0.3 else len(body)
    for byte in body[:end]:
        luck = chance.random()
        if luck < 0.003:
            continue
        yield byte ^ (1 << chance.randrange(8)) if luck < 0.006 else byte
        if luck > 0.998:
            yield byte
