"""LINE's webhook: what is signed is read event by event, whatever stands in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from line_server import LineServer

from channels import connect
from channels.base import BadSignature, Channel
from channels.line.webhook import sign

EVENT: dict[str, Any] = {
    "type": "message",
    "mode": "active",
    "timestamp": 1795000000000,
    "webhookEventId": "01JD0000000000000000000000",
    "deliveryContext": {"isRedelivery": False},
    "source": {"type": "user", "userId": "U" + "a" * 32},
    "replyToken": "r1",
    "message": {"id": "1", "type": "text", "quoteToken": "q", "text": "ถึงไหนแล้ว"},
}


@pytest.fixture
def channel(line_secrets: dict[str, str]) -> Channel:
    return connect("line", {}, {**line_secrets, "SONGSUK_LINE_CHANNEL_SECRET_PREVIOUS": "older"})


def _read(channel: Channel, *events: Any) -> Any:
    return channel.receive(*LineServer().signed(list(events)))


def test_a_text_is_read(channel: Channel) -> None:
    """A text has its writer, its id, its reply token and its words."""
    [heard] = _read(channel, EVENT)
    assert (heard.channel, heard.kind, heard.text, heard.reply_token) == ("line", "text", "ถึงไหนแล้ว", "r1")
    assert heard.address == "U" + "a" * 32
    assert heard.event_id == "01JD0000000000000000000000"
    assert not heard.redelivered


@pytest.mark.parametrize(
    ("change", "kind", "seen"),
    [
        (
            {"message": {"type": "location", "latitude": 9.14, "longitude": 99.33, "address": "หน้าวัด"}},
            "location",
            (99.33, 9.14),
        ),
        ({"message": {"type": "location", "latitude": 914, "longitude": 99.33}}, "other", None),
        ({"message": {"type": "location"}}, "other", None),
        ({"message": {"type": "image", "id": "55"}}, "photo", None),
        ({"message": {"type": "sticker"}}, "sticker", None),
        ({"message": {"type": "video", "id": "55"}}, "video", None),
        ({"message": {"type": "audio", "id": "55"}}, "voice", None),
        ({"message": {"type": "file", "fileName": "x.pdf"}}, "file", None),
        ({"message": {"type": "imagemap"}}, "other", None),
        ({"message": "junk"}, "other", None),
        ({"type": "postback", "postback": {"data": "seen"}}, "postback", None),
        ({"type": "follow", "follow": {"isUnblocked": True}}, "follow", None),
        ({"type": "unfollow"}, "unfollow", None),
        ({"type": "join", "source": {"type": "group", "groupId": "C1"}}, "join", None),
        ({"type": "leave", "source": {"type": "room", "roomId": "R1"}}, "leave", None),
        ({"type": "unsend", "unsend": {"messageId": "56"}}, "unsend", None),
        ({"type": "unsend", "unsend": 7}, "unsend", None),
        ({"type": "membership"}, "service", None),
        ({"type": "beacon", "beacon": {"hwid": "1", "type": "enter"}}, "service", None),
        ({"type": 7}, "service", None),
    ],
)
def test_each_kind_is_known(channel: Channel, change: dict[str, Any], kind: str, seen: Any) -> None:
    """Each event gets its kind; what is unknown or broken is kept as "other", or "service" where it is no message."""
    [heard] = _read(channel, {**EVENT, **change})
    assert (heard.kind, heard.location) == (kind, seen)
    assert heard.data in {"postback": {"seen"}, "photo": {"55"}, "unsend": {"56", ""}}.get(kind, {""})


def test_one_odd_event_loses_no_neighbour(channel: Channel) -> None:
    """An event without a time, without an id or of no shape at all leaves the others as they are."""
    odd = {"type": "message"}
    heard = _read(channel, odd, None, [1], EVENT, {**EVENT, "deliveryContext": {"isRedelivery": True}})
    assert [each.kind for each in heard] == ["other", "service", "service", "text", "text"]
    assert [each.redelivered for each in heard] == [False, False, False, False, True]
    assert all(each.event_id for each in heard)
    assert _read(channel, odd)[0].event_id == heard[0].event_id


def test_who_stands_by_has_nothing_to_reply_with(channel: Channel) -> None:
    """Where a module channel has the chat, an event is heard, and no token of it is ours to use."""
    heard = _read(channel, EVENT, {**EVENT, "mode": "standby"}, {**EVENT, "mode": ["standby"]})
    assert [(each.standby, each.reply_token) for each in heard] == [(False, "r1"), (True, None), (False, "r1")]


@pytest.mark.parametrize(
    ("album", "answered"),
    [
        ({"id": "A", "index": 1, "total": 2}, False),
        ({"id": "A", "index": 2, "total": 2}, True),
        ({"id": "A"}, True),
        ({"id": "A", "index": "1", "total": None}, True),
        ([], True),
    ],
)
def test_an_album_is_answered_once(channel: Channel, album: Any, answered: bool) -> None:
    """Ten pictures sent together would else get the same answer ten times; where LINE does not count them they do."""
    [heard] = _read(channel, {**EVENT, "message": {"type": "image", "id": "5", "imageSet": album}})
    assert (heard.kind, heard.reply_token) == ("photo", "r1" if answered else None)


def test_the_console_test_call_is_fine(channel: Channel) -> None:
    """LINE's own check of a webhook has no events, and is no error."""
    assert _read(channel) == ()


def test_the_previous_secret_still_counts(channel: Channel) -> None:
    """While a secret is being changed, both are good; a third is not."""
    body = json.dumps({"events": [EVENT]}).encode()
    assert len(channel.receive({"x-line-signature": sign(body, "older")}, body)) == 1
    with pytest.raises(BadSignature):
        channel.receive({"x-line-signature": sign(body, "oldest")}, body)


@pytest.mark.parametrize("headers", [{}, {"X-Line-Signature": ""}, {"X-Line-Signature": "ไทย"}, {"X-Other": "x"}])
def test_without_a_signature_nothing_is_read(channel: Channel, headers: dict[str, str]) -> None:
    """A missing, empty or impossible signature is a bad one."""
    with pytest.raises(BadSignature):
        channel.receive(headers, b'{"events":[]}')


def test_one_changed_byte_is_noticed(channel: Channel) -> None:
    """The signature is over the raw body, so not even a blank may be added."""
    headers, body = LineServer().signed([EVENT])
    with pytest.raises(BadSignature):
        channel.receive(headers, body + b" ")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*EVENT, "data", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=60) | anything.map(lambda value: json.dumps({"events": value}).encode()))
def test_signed_junk_breaks_nothing(channel: Channel, body: bytes) -> None:
    """Whatever is signed is read without an error, can be stored, and reads the same from its own body alone."""
    for heard in channel.receive({"X-Line-Signature": sign(body, "line-secret")}, body):
        told = "".join((heard.text, heard.data, heard.address or "", heard.event_id, heard.quoted or ""))
        assert "\x00" not in told
        told.encode("utf-8")
        assert channel.read(heard.body) == (heard,)


def test_deep_and_surrogate_bodies_are_read(channel: Channel) -> None:
    """Nesting without end and half letters are taken apart, not fallen over."""
    for body in (
        b'{"events":' * 20000,
        b'{"events":[' + b"[" * 900 + b"]" * 900 + b"]}",
        b'{"events":[{"type":"\\ud800\\u0000"}]}',
    ):
        for heard in channel.receive({"X-Line-Signature": sign(body, "line-secret")}, body):
            assert next(iter(channel.read(heard.body))).event_id == heard.event_id
