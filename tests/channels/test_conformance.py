"""What every chat service must hold, whatever it is given. A new module in channels/ is picked up by itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from line_server import limit_faults
from specs import line_faults, telegram_faults
from telegram_server import keyboard_fault, read_html, text_fault

from channels import connect, services
from channels.base import Action, BadSignature, Channel, Content, Line

SECRETS = {
    "SONGSUK_LINE_CHANNEL_ACCESS_TOKEN": "t",
    "SONGSUK_LINE_CHANNEL_SECRET": "s",
    "SONGSUK_TELEGRAM_BOT_TOKEN": "1:t",
    "SONGSUK_TELEGRAM_WEBHOOK_SECRET": "s",
}
ADDRESS = {"line": "U" + "0" * 32, "telegram": "1", "console": "anybody"}


def _line_faults(payload: dict[str, Any]) -> list[Any]:
    messages = payload["messages"]
    assert 1 <= len(messages) <= 5
    found: list[Any] = line_faults("PushMessageRequest", {**payload, "to": ADDRESS["line"]})
    return found + [fault for message in messages for fault in limit_faults(message)]


def _telegram_faults(payload: dict[str, Any]) -> list[Any]:
    text, wrong = read_html(payload["text"])
    found: list[Any] = [wrong, text_fault(text), keyboard_fault(payload.get("reply_markup"))]
    faults = telegram_faults("sendMessage", {**payload, "chat_id": "1"})
    if "keyboard" not in payload.get("reply_markup", {}):
        faults += telegram_faults("editMessageText", {**payload, "chat_id": "1", "message_id": 1})
    return [each for each in found if each] + faults


LIMITS: dict[str, Callable[[dict[str, Any]], list[Any]]] = {
    "line": _line_faults,
    "telegram": _telegram_faults,
    "console": lambda payload: [] if payload["text"] is not None else ["no text"],
}

wild = st.text(max_size=60) | st.sampled_from(
    ["", " ", "<b>&", "ก" * 1500, "🛵" * 900, "\u202eabc", "a\nb", "\ud800", "\x1b[31m", "ก่้๊๋็์" * 30]
)
links = wild | st.sampled_from(
    [
        "https://x.example/" + "a" * 2000,
        "https://x.example/o/1",
        "javascript:alert(1)",
        "http://localhost/x",
        "tel:0812345678",
    ]
)
written = st.builds(
    Line,
    text=wild,
    value=wild,
    optional=st.booleans(),
    style=st.sampled_from(["text", "heading", "strong", "small", "row", "item", "rule"]),
)
contents = st.builds(
    Content,
    title=wild,
    lines=st.lists(written, max_size=60).map(tuple)
    | st.tuples(written, st.integers(100, 500)).map(lambda pair: (pair[0],) * pair[1]),
    actions=st.lists(
        st.builds(Action, label=wild, kind=st.just("link"), value=links)
        | st.builds(Action, label=wild, kind=st.just("postback"), value=wild),
        max_size=15,
    ).map(tuple),
    language=st.sampled_from(["th", "en"]),
)


@pytest.fixture(params=services())
def channel(request: pytest.FixtureRequest) -> Channel:
    return connect(request.param, {"quiet": True}, SECRETS)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(content=contents)
def test_every_message_fits(channel: Channel, content: Content) -> None:
    """Whatever is to be said, what would be sent is within the service's limits, plain JSON, and always the same."""
    payload = channel.render(content)
    assert LIMITS[channel.name](payload) == []
    assert channel.render(content) == payload
    assert json.loads(json.dumps(payload)) == payload
    json.dumps(payload, ensure_ascii=False).encode("utf-8")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(headers=st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=4), body=st.binary(max_size=200))
def test_strangers_are_not_heard(channel: Channel, headers: dict[str, str], body: bytes) -> None:
    """A webhook body without the service's signature is refused as such, and never breaks anything."""
    if channel.name == "console":
        assert channel.receive(headers, body) == ()
        return
    with pytest.raises(BadSignature):
        channel.receive(headers, body)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(said=st.lists(contents, min_size=1, max_size=7))
def test_what_goes_together_is_a_beginning_and_fits(channel: Channel, said: list[Content]) -> None:
    """A request takes messages from the front, one at least, as many as it holds; all of it keeps the limits of one."""
    payloads = [channel.render(content) for content in said]
    parts = channel.together(payloads)
    assert 1 <= len(parts) <= min(len(payloads), channel.holds)
    if channel.holds == 1:
        assert parts == payloads[:1]
        return
    objects = [message for part in parts for message in part["messages"]]
    assert LIMITS[channel.name]({"messages": objects}) == []
    assert [len(part["messages"]) for part in parts] == [len(each["messages"]) for each in payloads[: len(parts)]]
    if len(parts) < len(payloads):
        assert len(objects) + len(payloads[len(parts)]["messages"]) > channel.holds
    bare = [{name: value for name, value in each.items() if name != "quickReply"} for each in objects]
    asked = [each for payload in payloads[: len(parts)] for each in payload["messages"]]
    assert bare == [{name: value for name, value in each.items() if name != "quickReply"} for each in asked]
    assert [at for at, each in enumerate(objects) if "quickReply" in each] in ([], [len(objects) - 1])
    assert any("quickReply" in each for each in asked) == ("quickReply" in objects[-1])


def test_channels_say_what_they_are(channel: Channel) -> None:
    """A channel has the name of its module and knows whether its service refuses second copies."""
    assert channel.name in services()
    assert channel.keyed is (channel.name != "telegram")
    assert channel.holds == 1 or not channel.edits
