"""LINE's webhook: the signature over the raw body first, then each event by itself. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from channels.base import BadSignature, Inbound, Kind
from channels.hooks import alone, event_id, header, identity, mapping, parsed, place, same, sound, text

SIGNATURE = "X-Line-Signature"

_EVENTS: Mapping[str, Kind] = {
    "postback": "postback",
    "follow": "follow",
    "unfollow": "unfollow",
    "join": "join",
    "leave": "leave",
    "unsend": "unsend",
}
_MESSAGES: Mapping[str, Kind] = {
    "text": "text",
    "location": "location",
    "image": "photo",
    "video": "video",
    "audio": "voice",
    "file": "file",
    "sticker": "sticker",
}


def sign(body: bytes, secret: str) -> str:
    """What LINE puts into its header for this body."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def receive(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> tuple[Inbound, ...]:
    """The events of a signed body, none lost; `BadSignature` where no secret of ours made the signature."""
    if not same(header(headers, SIGNATURE), [sign(body, secret) for secret in secrets if secret]):
        raise BadSignature("line")
    return tuple(read(body))


def read(body: bytes) -> Iterator[Inbound]:
    """The events of a body. One that cannot be read at all is an event itself, so that nothing is lost."""
    whole = parsed(body)
    if body and not isinstance(whole, dict):
        yield Inbound(channel="line", event_id=event_id(None, body), kind="other", address=None, body=body)
        return
    events = whole.get("events") if whole else None
    if not isinstance(events, list):
        return
    for event in events:
        # As it came where it came by itself; else as a body of its own, from which it reads just the same.
        yield _inbound(event, body if len(events) == 1 else alone({"events": [event]}))


def _inbound(event: Any, body: bytes) -> Inbound:
    told = mapping(sound(event))
    source, message = mapping(told.get("source")), mapping(told.get("message"))
    name = text(told.get("type"))
    kind = _MESSAGES.get(text(message.get("type")), "other") if name == "message" else _EVENTS.get(name, "service")
    pin = place(message.get("longitude"), message.get("latitude")) if kind == "location" else None
    if kind == "location" and pin is None:
        kind = "other"
    # Where the talk is: a group or a room before the person in it, so that an answer goes where the question was.
    group = text(source.get("groupId")) or text(source.get("roomId"))
    standby = told.get("mode") == "standby"
    return Inbound(
        channel="line",
        event_id=event_id(text(told.get("webhookEventId")), alone(event)),
        kind=kind,
        address=group or identity(source.get("userId")),
        text=text(message.get("text")) if kind == "text" else text(message.get("address")) if pin else "",
        location=pin,
        data=_data(kind, told),
        # Of pictures that were sent together the last is answered, for all of them.
        reply_token=None if standby or _has_more(message) else text(told.get("replyToken")) or None,
        redelivered=mapping(told.get("deliveryContext")).get("isRedelivery") is True,
        private=not group,
        number=identity(message.get("id")),
        quoted=identity(message.get("quotedMessageId")),
        standby=standby,
        body=body,
    )


def _has_more(message: Mapping[str, Any]) -> bool:
    album = mapping(message.get("imageSet"))
    index, total = album.get("index"), album.get("total")
    return isinstance(index, int) and isinstance(total, int) and index < total


def _data(kind: Kind, told: Mapping[str, Any]) -> str:
    match kind:
        case "postback":
            return text(mapping(told.get("postback")).get("data"))
        case "photo":
            return identity(mapping(told.get("message")).get("id")) or ""
        case "unsend":
            return identity(mapping(told.get("unsend")).get("messageId")) or ""
    return ""
