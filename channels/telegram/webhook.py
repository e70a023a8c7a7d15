"""Telegram's webhook: the secret header first, then the update, which may hold anything. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from channels.base import BadSignature, Inbound, Kind
from channels.hooks import alone, event_id, header, identity, mapping, parsed, place, same, sound, text

SECRET = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name

SAYS = "say:"
"""Before the data of a button that stands for words: a tap on it is heard as these."""

_PARTS: Mapping[str, Kind] = {
    "sticker": "sticker",
    "voice": "voice",
    "audio": "voice",
    "video": "video",
    "video_note": "video",
    "animation": "video",  # is a document as well
    "document": "file",
}
"""What a message may hold instead of words."""
_SERVICE = (
    "pinned_message",
    "message_auto_delete_timer_changed",
    "chat_background_set",
    "write_access_allowed",
)
"""What Telegram tells of a private chat as if it were a message, where somebody has changed something there."""
_HERE = frozenset({"creator", "administrator", "member", "restricted"})


def receive(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> tuple[Inbound, ...]:
    """The one event of an update; `BadSignature` where the header carries none of our secrets."""
    if not same(header(headers, SECRET), secrets):
        raise BadSignature("telegram")
    return read(body)


def read(body: bytes) -> tuple[Inbound, ...]:
    """The one event of a body; one that cannot be read at all is an event itself, so that nothing is lost."""
    return (inbound(parsed(body), body),) if body else ()


def inbound(update: Any, body: bytes | None = None) -> Inbound:
    """One update in our words, from a webhook's body or as it was fetched; what we do not know is kept as ``other``."""
    body = alone(update) if body is None else body
    told = mapping(sound(update))
    number = event_id(identity(told.get("update_id")), body)
    if callback := mapping(told.get("callback_query")):
        return _callback(number, callback, body)
    if member := mapping(told.get("my_chat_member")):
        return _membership(number, member, body)
    message = mapping(told.get("message")) or mapping(told.get("edited_message"))
    return _message(number, message, body, edited="message" not in told)


def _message(number: str, message: Mapping[str, Any], body: bytes, *, edited: bool) -> Inbound:
    pin = mapping(message.get("location"))
    where = place(pin.get("longitude"), pin.get("latitude"))
    contact = mapping(message.get("contact"))
    photos = message.get("photo")
    told: dict[str, Any] = {"kind": "other"}
    if where:
        told = {"kind": "location", "location": where, "data": "moved" if edited else ""}
    elif edited or any(message.get(part) is not None for part in _SERVICE):
        told = {"kind": "service"}  # a text changed afterwards is kept, and is not a new word
    elif text(message.get("text")):
        told = {"kind": "text", "text": text(message.get("text"))}
    elif contact:
        told = {"kind": "contact", "text": text(contact.get("phone_number")), "data": _id(contact.get("user_id"))}
    elif isinstance(photos, list) and photos:
        told = {"kind": "photo", "text": text(message.get("caption")), "data": text(mapping(photos[-1]).get("file_id"))}
    elif kind := next((kind for part, kind in _PARTS.items() if mapping(message.get(part))), None):
        told = {"kind": kind, "text": text(message.get("caption"))}
    return Inbound(
        channel="telegram",
        event_id=number,
        address=_chat(message),
        private=_private(message),
        number=identity(message.get("message_id")),
        quoted=identity(mapping(message.get("reply_to_message")).get("message_id")),
        body=body,
        **told,
    )


def _callback(number: str, callback: Mapping[str, Any], body: bytes) -> Inbound:
    message = mapping(callback.get("message"))
    data = text(callback.get("data"))
    said = data.startswith(SAYS)
    return Inbound(
        channel="telegram",
        event_id=number,
        kind="text" if said else "postback",
        address=_chat(message) or identity(mapping(callback.get("from")).get("id")),
        text=data.removeprefix(SAYS) if said else "",
        data="" if said else data,
        reply_token=identity(callback.get("id")),
        private=not message or _private(message),
        body=body,
    )


def _membership(number: str, member: Mapping[str, Any], body: bytes) -> Inbound:
    here = text(mapping(member.get("new_chat_member")).get("status")) in _HERE
    private = _private(member)
    return Inbound(
        channel="telegram",
        event_id=number,
        kind=("follow" if here else "unfollow") if private else ("join" if here else "leave"),
        address=_chat(member),
        private=private,
        body=body,
    )


def _private(part: Mapping[str, Any]) -> bool:
    return mapping(part.get("chat")).get("type") == "private"


def _chat(part: Mapping[str, Any]) -> str | None:
    return identity(mapping(part.get("chat")).get("id"))


def _id(value: Any) -> str:
    return identity(value) or ""
