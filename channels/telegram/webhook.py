"""Telegram's webhook: the secret header first, then the update, which may hold anything. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from channels.base import BadSignature, Inbound
from channels.hooks import document, fingerprint, header, identity, mapping, place, same, text

SECRET = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name

_HERE = frozenset({"creator", "administrator", "member", "restricted"})


def receive(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> tuple[Inbound, ...]:
    """The one event of an update; `BadSignature` where the header carries none of our secrets."""
    if not same(header(headers, SECRET), secrets):
        raise BadSignature("telegram")
    update = document(body)
    return (inbound(update),) if update else ()


def inbound(update: Mapping[str, Any]) -> Inbound:
    """One update in our words; what we do not know is kept as ``other``."""
    event_id = identity(update.get("update_id")) or fingerprint(update)
    if callback := mapping(update.get("callback_query")):
        return _callback(event_id, callback, update)
    if member := mapping(update.get("my_chat_member")):
        return _membership(event_id, member, update)
    message = mapping(update.get("message")) or mapping(update.get("edited_message"))
    return _message(event_id, message, update, edited="message" not in update)


def _message(event_id: str, message: Mapping[str, Any], update: Mapping[str, Any], *, edited: bool) -> Inbound:
    pin = mapping(message.get("location"))
    where = place(pin.get("longitude"), pin.get("latitude"))
    contact = mapping(message.get("contact"))
    photos = message.get("photo")
    told: dict[str, Any] = {"kind": "other"}
    if where:
        told = {"kind": "location", "location": where}
    elif edited:
        pass  # a text changed afterwards is kept, and is not a new word
    elif text(message.get("text")):
        told = {"kind": "text", "text": text(message.get("text"))}
    elif contact:
        told = {"kind": "contact", "text": text(contact.get("phone_number")), "data": _id(contact.get("user_id"))}
    elif isinstance(photos, list) and photos:
        told = {"kind": "photo", "text": text(message.get("caption")), "data": text(mapping(photos[-1]).get("file_id"))}
    return Inbound(channel="telegram", event_id=event_id, address=_chat(message), raw=update, **told)


def _callback(event_id: str, callback: Mapping[str, Any], update: Mapping[str, Any]) -> Inbound:
    return Inbound(
        channel="telegram",
        event_id=event_id,
        kind="postback",
        address=_chat(mapping(callback.get("message"))) or identity(mapping(callback.get("from")).get("id")),
        data=text(callback.get("data")),
        reply_token=identity(callback.get("id")),
        raw=update,
    )


def _membership(event_id: str, member: Mapping[str, Any], update: Mapping[str, Any]) -> Inbound:
    here = text(mapping(member.get("new_chat_member")).get("status")) in _HERE
    private = mapping(member.get("chat")).get("type") == "private"
    return Inbound(
        channel="telegram",
        event_id=event_id,
        kind=("follow" if here else "unfollow") if private else ("join" if here else "leave"),
        address=_chat(member),
        raw=update,
    )


def _chat(part: Mapping[str, Any]) -> str | None:
    return identity(mapping(part.get("chat")).get("id"))


def _id(value: Any) -> str:
    return identity(value) or ""
