"""Telegram's webhook: the secret header first, then one update, whatever stands in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels import connect
from channels.base import BadSignature, Channel

SECRET = {"X-Telegram-Bot-Api-Secret-Token": "telegram-secret"}
CHAT = {"id": 77, "type": "private", "first_name": "x"}
SENDER = {"id": 77, "is_bot": False, "first_name": "x"}


@pytest.fixture
def channel(telegram_secrets: dict[str, str]) -> Channel:
    return connect("telegram", {}, {**telegram_secrets, "SONGSUK_TELEGRAM_WEBHOOK_SECRET_PREVIOUS": "older"})


def _read(channel: Channel, update: Any) -> Any:
    return channel.receive(SECRET, json.dumps(update).encode())


def _message(**parts: Any) -> dict[str, Any]:
    return {"update_id": 5, "message": {"message_id": 1, "date": 1, "chat": CHAT, "from": SENDER, **parts}}


def _member(status: str, kind: str = "private") -> dict[str, Any]:
    chat = {"id": 77, "type": kind}
    return {"update_id": 6, "my_chat_member": {"chat": chat, "new_chat_member": {"status": status, "user": SENDER}}}


@pytest.mark.parametrize(
    ("update", "kind", "told"),
    [
        (_message(text="/start abc"), "text", {"text": "/start abc"}),
        (_message(location={"latitude": 9.14, "longitude": 99.33}), "location", {"location": (99.33, 9.14)}),
        (_message(location={"latitude": "9", "longitude": 99.33}), "other", {}),
        (
            _message(contact={"phone_number": "0800000001", "user_id": 77}),
            "contact",
            {"text": "0800000001", "data": "77"},
        ),
        (
            _message(photo=[{"file_id": "small"}, {"file_id": "big"}], caption="ถึงแล้ว"),
            "photo",
            {"text": "ถึงแล้ว", "data": "big"},
        ),
        (_message(sticker={}), "other", {}),
        (_message(sticker={"file_id": "s", "emoji": "👍"}), "sticker", {}),
        (_message(voice={"file_id": "v"}, caption="ฟังหน่อย"), "voice", {"text": "ฟังหน่อย"}),
        (_message(audio={"file_id": "v"}), "voice", {}),
        (_message(video={"file_id": "v"}, caption="ดูนี่"), "video", {"text": "ดูนี่"}),
        (_message(video_note={"file_id": "v"}), "video", {}),
        (_message(document={"file_id": "d"}, animation={"file_id": "a"}), "video", {}),
        (_message(document={"file_id": "d"}, caption="บิล"), "file", {"text": "บิล"}),
        ({"update_id": 5, "edited_message": {"chat": CHAT, "text": "changed"}}, "service", {}),
        (_message(pinned_message={"message_id": 1}), "service", {}),
        (_message(message_auto_delete_timer_changed={"message_auto_delete_time": 86400}), "service", {}),
        (_message(chat_background_set={"type": {"type": "fill"}}), "service", {}),
        (_message(write_access_allowed={}), "service", {}),
        (
            {"update_id": 5, "edited_message": {"chat": CHAT, "location": {"latitude": 9.1, "longitude": 99.3}}},
            "location",
            {"location": (99.3, 9.1), "data": "moved"},
        ),
        (
            {"update_id": 5, "callback_query": {"id": "c9", "from": SENDER, "message": {"chat": CHAT}, "data": "seen"}},
            "postback",
            {"data": "seen", "reply_token": "c9"},
        ),
        ({"update_id": 5, "callback_query": {"id": "c9", "from": SENDER}}, "postback", {"reply_token": "c9"}),
        (_member("kicked"), "unfollow", {}),
        (_member("member"), "follow", {}),
        (_member("left", "group"), "leave", {}),
        (_member("administrator", "supergroup"), "join", {}),
    ],
)
def test_each_kind_is_known(channel: Channel, update: dict[str, Any], kind: str, told: dict[str, Any]) -> None:
    """Each update gets its kind, its chat and what it says; what is unknown or broken is kept as "other", and
    as "service" what nobody has said anew."""
    [heard] = _read(channel, update)
    assert (heard.channel, heard.kind, heard.address) == ("telegram", kind, "77")
    assert heard.event_id == str(update["update_id"])
    blank = {"text": "", "data": "", "location": None, "reply_token": None}
    assert {name: getattr(heard, name) for name in blank} == blank | told


def test_unknown_updates_are_kept(channel: Channel) -> None:
    """An update of a kind we never heard of is kept, with its id."""
    [heard] = _read(channel, {"update_id": 8, "poll": {"id": "1"}})
    assert (heard.kind, heard.event_id, heard.address) == ("service", "8", None)


def test_the_previous_secret_still_counts(channel: Channel) -> None:
    """While a secret is being changed, both are good."""
    assert len(channel.receive({"x-telegram-bot-api-secret-token": "older"}, b'{"update_id":1}')) == 1


@pytest.mark.parametrize(
    "headers", [{}, {"X-Telegram-Bot-Api-Secret-Token": ""}, {"X-Telegram-Bot-Api-Secret-Token": "ไทย"}]
)
def test_without_the_secret_nothing_is_read(channel: Channel, headers: dict[str, str]) -> None:
    """A missing, empty or wrong secret is a bad one."""
    with pytest.raises(BadSignature):
        channel.receive(headers, b'{"update_id":1}')


def test_without_a_configured_secret_nobody_is_heard() -> None:
    """A bot that polls has no webhook secret, and an empty header is not its match."""
    polling = connect("telegram", {"updates": "polling"}, {"SONGSUK_TELEGRAM_BOT_TOKEN": "1:x"})
    for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": ""}):
        with pytest.raises(BadSignature):
            polling.receive(headers, b'{"update_id":1}')


names = st.sampled_from(
    ["update_id", "message", "callback_query", "my_chat_member", "chat", "id", "location", "photo", "text"]
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=60) | anything.map(lambda value: json.dumps(value).encode()))
def test_junk_breaks_nothing(channel: Channel, body: bytes) -> None:
    """Whatever comes with the secret is read without an error, and what is heard can be stored."""
    for heard in channel.receive(SECRET, body):
        "".join((heard.text, heard.data, heard.address or "", heard.event_id, heard.quoted or "")).encode("utf-8")
        assert channel.read(heard.body) == (heard,)
