"""What becomes of a LINE push, fault by fault, told by a fake that remembers."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from channels import connect
from channels.base import Action, Content, Gone, Later, Line, Outcome, Receipt, Refused, Unknown
from channels.line import Quota
from channels.line.outcomes import Answer, outcome_of_answer

CONTENT = Content(
    title="ตลาดสิริสุข",
    lines=(
        Line(text="เวลา", value="11:00–11:30 น.", style="row"),
        Line(text="", style="rule"),
        Line(text="ขอบคุณ", style="small"),
    ),
    actions=(
        Action(label="ดูรายการ", kind="link", value="https://songsuk.example/o/1"),
        Action(label="รับทราบ", kind="postback", value="seen"),
    ),
)
FRIEND = "U" + "a" * 32
Runs = Callable[..., Any]


def _key() -> str:
    return str(uuid.uuid4())


def test_a_push_arrives_as_it_was_frozen(with_line: Runs) -> None:
    """LINE gets the frozen payload unchanged, the key, the silence asked for, and its own number comes back."""

    async def use(channel: Any, server: Any) -> None:
        payload, key = channel.render(CONTENT), _key()
        outcome = await channel.send(FRIEND, payload, key=key)
        [accepted] = server.log
        assert outcome == Receipt(provider_id=accepted.message_ids[0], status=200)
        assert (accepted.to, accepted.messages, accepted.key) == (FRIEND, payload["messages"], key)
        assert server.bad_requests == []

    with_line(use)


def test_several_messages_are_one_push(with_line: Runs) -> None:
    """Their objects arrive in one request, in order, counted once; each message has the number of its first object."""

    async def use(channel: Any, server: Any) -> None:
        long = Content(title="ตลาด", lines=tuple(Line(text=f"{number} {'ก' * 400}") for number in range(30)))
        ask = Content(title="บ้าน", actions=(Action(label="ส่งตำแหน่ง", kind="location", value="-"),))
        parts = channel.together([channel.render(each) for each in (ask, long, CONTENT, CONTENT)])
        sizes = [len(part["messages"]) for part in parts]
        assert sizes[:2] == [1, 3]
        assert len(sizes) == 3
        key = _key()
        outcome = await channel.send(FRIEND, *parts, key=key)
        [accepted] = server.log
        firsts = [accepted.message_ids[at] for at in (0, 1, 4)]
        assert outcome == Receipt(provider_id=firsts[0], others=tuple(firsts[1:]), status=200)
        assert accepted.messages == [message for part in parts for message in part["messages"]]
        assert ["quickReply" in message for message in accepted.messages] == [False] * 4 + [True]
        assert server.used == 1
        again = await channel.send(FRIEND, *parts, key=key)
        assert (again.numbers, again.status) == (outcome.numbers, 409)
        assert (len(server.log), server.bad_requests) == (1, [])

    with_line(use)


@pytest.mark.parametrize(
    ("fault", "expected", "arrived"),
    [
        ("before_read", Unknown(reason="connection_lost"), 0),
        ("reset", Unknown(reason="connection_lost"), 1),
        ("slow", Unknown(reason="timeout"), 1),
        ("drip", Receipt(provider_id=None, status=200), 1),
        ("server_error", Unknown(reason="server_error", status=500), 1),
        ("busy", Unknown(reason="server_error", status=503), 0),
        ("garbled", Receipt(provider_id=None, status=200), 1),
        ("rate", Later(reason="rate", status=429), 0),
        ("concurrent", Later(reason="rate", status=429), 0),
    ],
)
def test_faults_are_told_and_a_repeat_is_safe(with_line: Runs, fault: str, expected: Outcome, arrived: int) -> None:
    """Each fault has its outcome, nothing is repeated in secret, and a repeat with the same key is seen once."""

    async def use(channel: Any, server: Any) -> None:
        payload, key = channel.render(CONTENT), _key()
        server.faults.order(fault)
        assert await channel.send(FRIEND, payload, key=key) == expected
        assert len(server.log) == arrived
        again = await channel.send(FRIEND, payload, key=key)
        [accepted] = server.log
        assert again == Receipt(provider_id=accepted.message_ids[0], status=409 if arrived else 200)

    with_line(use, timeout=0.3 if fault in {"slow", "drip"} else 5)


def test_people_who_cannot_be_reached(with_line: Runs) -> None:
    """An unknown id is a dead address; a blocker is a receipt, since LINE does not tell."""

    async def use(channel: Any, server: Any) -> None:
        server.blockers.add("U" + "b" * 32)
        payload = channel.render(CONTENT)
        assert await channel.send("U" + "c" * 32, payload, key=_key()) == Gone(reason="unknown_recipient", status=400)
        assert isinstance(await channel.send("U" + "b" * 32, payload, key=_key()), Receipt)
        assert server.used == 0

    with_line(use, friends={FRIEND})


@pytest.mark.parametrize("kind", ["C", "R"])
def test_a_group_is_never_pushed_to(with_line: Runs, kind: str) -> None:
    """A group or a room that stands where a person should costs nothing: LINE is not even asked."""

    async def use(channel: Any, server: Any) -> None:
        outcome = await channel.send(kind + "a" * 32, channel.render(CONTENT), key=_key())
        assert outcome == Refused(reason="group")
        assert server.log == []

    with_line(use)


def test_a_spent_quota_is_not_a_rate(with_line: Runs) -> None:
    """The month's limit stops the account, a rate only asks for patience."""

    async def use(channel: Any, server: Any) -> None:
        payload = channel.render(CONTENT)
        assert isinstance(await channel.send(FRIEND, payload, key=_key()), Receipt)
        spent = await channel.send(FRIEND, payload, key=_key())
        assert spent == Refused(reason="quota", status=429, account=True)

    with_line(use, quota=1)


def test_a_wrong_token_stops_the_account(with_line: Runs) -> None:
    """A token LINE does not know is the account's trouble, not the message's."""

    async def use(channel: Any, _: Any) -> None:
        outcome = await channel.send(FRIEND, channel.render(CONTENT), key=_key())
        assert outcome == Refused(reason="token", status=401, account=True)

    with_line(use, token="another")


def test_a_bad_payload_is_refused(with_line: Runs) -> None:
    """A payload that is none is refused, by us or by LINE, and the account stays."""

    async def use(channel: Any, _: Any) -> None:
        assert await channel.send(FRIEND, {}, key=_key()) == Refused(reason="payload")
        nameless = {"type": "flex", "altText": "", "contents": {"type": "bubble"}}
        outcome = await channel.send(FRIEND, {"messages": [nameless]}, key=_key())
        assert isinstance(outcome, Refused)
        assert not outcome.account

    with_line(use)


def test_the_quota_is_read_from_line(with_line: Runs) -> None:
    """The month's limit and use are LINE's own numbers; where LINE does not say, what it answered instead."""

    async def use(channel: Any, server: Any) -> None:
        await channel.send(FRIEND, channel.render(CONTENT), key=_key())
        assert await channel.quota() == Quota(limit=200, used=1)
        server.quota = None
        assert await channel.quota() == Quota(limit=None, used=1)
        server.token = "another"
        assert await channel.quota() == Refused(reason="token", status=401, account=True)

    with_line(use, quota=200)


def test_nobody_home_is_later(with_line: Runs, line_secrets: dict[str, str]) -> None:
    """Where no connection is made nothing was sent, so it may be tried again whatever the message."""

    async def use(_: Any, server: Any) -> None:
        base = server.base.rsplit(":", 1)[0] + ":9"
        channel = connect("line", {"api_base": base, "data_base": base}, line_secrets)
        assert await channel.send(FRIEND, channel.render(CONTENT), key=_key()) == Later(reason="unreachable")
        await channel.close()
        await channel.close()

    with_line(use)


def test_a_part_without_a_number_has_the_requests() -> None:
    """Where LINE names fewer messages than it took, the rest is found under the request's own id."""
    answer = Answer(status=200, headers={"x-line-request-id": "r1"}, body=b'{"sentMessages": [{"id": "7"}, {}]}')
    assert outcome_of_answer(answer, [1, 1, 2]) == Receipt(provider_id="7", others=("r1", "r1"), status=200)


@pytest.mark.parametrize(
    ("status", "headers", "body", "expected"),
    [
        (202, {}, b"", Receipt(provider_id=None, status=202)),
        (409, {"X-Line-Accepted-Request-Id": "r1"}, b"{}", Receipt(provider_id="r1", status=409)),
        (200, {"X-Line-Request-Id": "r1"}, b"<html>", Receipt(provider_id="r1", status=200)),
        (200, {"X-Line-Request-Id": "r1"}, b'{"sentMessages": [{"id": "7"}]}', Receipt(provider_id="7", status=200)),
        (409, {}, b'{"message":"conflict"}', Refused(reason="bad_request: conflict", status=409)),
        (429, {"Retry-After": "12"}, b"{}", Later(reason="rate", after=12.0, status=429)),
        (403, {}, b"{}", Refused(reason="forbidden", status=403, account=True)),
        (404, {}, b"not found", Refused(reason="wrong_address", status=404, account=True)),
        (413, {}, b"", Refused(reason="bad_request", status=413)),
        (408, {}, b"", Unknown(reason="timeout", status=408)),
        (302, {}, b"", Unknown(reason="server_error", status=302)),
        (500, {}, b"\xff\xfe", Unknown(reason="server_error", status=500)),
    ],
)
def test_every_answer_has_an_outcome(status: int, headers: dict[str, str], body: bytes, expected: Outcome) -> None:
    """The table, for answers the fake does not give."""
    assert outcome_of_answer(Answer(status=status, headers=headers, body=body)) == expected
