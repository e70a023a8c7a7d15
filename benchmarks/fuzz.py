"""``python -m benchmarks.fuzz [--count 1000000] [--seed 1]``: hostile bodies for the webhook parsers.

Real events, broken in every way a seed can think of: bytes changed, cut and doubled, values replaced at any depth.
What is held of each: nothing unsigned is accepted; what is signed is read without an error; each event can be stored,
reads just the same from the body it is stored with, and means something. The first body that breaks one of these ends
the run with its seed. A million take some minutes; `make test` does ten thousand.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator
from typing import Any

from channels import connect
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
    {"type": "postback", "postback": {"data": "yes:consent"}},
    {"type": "follow", "follow": {"isUnblocked": True}},
    {"type": "unfollow"},
    {"type": "join", "source": {"type": "group", "groupId": "C1"}},
)
_LINE_COMMON = {
    "webhookEventId": "01JD0000000000000000000000",
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
    {"callback_query": {"id": "1", "from": _FROM, "chat_instance": "1", "data": "say:ถึงไหน", "message": _MESSAGE}},
    {"my_chat_member": {"chat": _CHAT, "from": _FROM, "date": 1, "new_chat_member": {"status": "kicked"}}},
)
_ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1 << 64, 10**30, 1e308, float("nan"), float("inf"), "", "\x00", "\ud800", "ก่้๊๋็์" * 9),
    *([], {}, [[]], {"": None}, "x" * 5000, "yes:", "link:yes:", "say:", "0" * 26, "+66", "๐๘๑๒๓๔๕๖๗๘"),
)


class Broken(AssertionError):
    """A body that a parser did not stand."""


def run(count: int, seed: int) -> int:
    """Hold `count` bodies to what is said above; how many events were read from them."""
    chance, events = random.Random(seed), 0
    line = connect("line", {}, {"SONGSUK_LINE_CHANNEL_ACCESS_TOKEN": "t", "SONGSUK_LINE_CHANNEL_SECRET": SECRET})
    secrets = {"SONGSUK_TELEGRAM_BOT_TOKEN": "1:t", "SONGSUK_TELEGRAM_WEBHOOK_SECRET": SECRET}
    telegram = connect("telegram", {}, secrets)
    for number in range(count):
        channel = (line, telegram)[number % 2]
        body = hostile(chance, channel.name)
        try:
            events += _held(channel, body, chance)
        except Exception as failure:
            raise Broken(f"seed {seed}, body {number} for {channel.name}: {body[:500]!r}") from failure
    return events


def _held(channel: Channel, body: bytes, chance: random.Random) -> int:
    good = {SIGNATURE: sign(body, SECRET)} if channel.name == "line" else {SECRET_HEADER: SECRET}
    for bad in ({}, {name: value[:-1] + chr(ord(value[-1]) ^ 1) for name, value in good.items()}):
        try:
            channel.receive(bad, body)
        except BadSignature:
            continue
        raise AssertionError("accepted without a signature")
    heard = channel.receive(good, body)
    for event in heard:
        _storable(event)
        if tuple(channel.read(event.body)) != (event,):
            raise AssertionError("reads otherwise from its own body")
        understood(event)
    return len(heard)


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
    events = [{**_LINE_COMMON, **chance.choice(_LINE_EVENTS)} for _ in range(chance.choice((0, 1, 1, 1, 3)))]
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


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description="Hostile bodies for the webhooks.")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    began, done, events = time.monotonic(), 0, 0
    while done < asked.count:  # in parts, each of its own seed, so that a failure is quick to repeat
        part = min(10_000, asked.count - done)
        events += run(part, asked.seed + done)
        done += part
        sys.stderr.write(f"\r{done:,} bodies, {events:,} events, {time.monotonic() - began:.0f} s")
    sys.stderr.write("\n")


if __name__ == "__main__":
    main()
