"""What becomes of a Telegram message, fault by fault, told by a fake that remembers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from channels import connect
from channels.base import Action, Content, Gone, Later, Line, Outcome, Receipt, Refused, Unknown, still_ours
from channels.telegram.outcomes import Answer, outcome_of_answer, outcome_of_edit

CONTENT = Content(
    title="ตลาด <สิริสุข> & เพื่อน",
    lines=(
        Line(text="เวลา", value="11:00", style="row"),
        Line(text="a < b", style="small"),
        Line(text="1.", style="heading"),
    ),
    actions=(
        Action(label="ดูรายการ", kind="link", value="https://songsuk.example/o/1"),
        Action(label="รับทราบ", kind="postback", value="seen"),
    ),
)
Runs = Callable[..., Any]


def test_a_message_arrives_as_it_was_frozen(with_telegram: Runs) -> None:
    """A person reads the text with its signs intact, the buttons are there, previews are off, silence is kept."""

    async def use(channel: Any, server: Any) -> None:
        payload = channel.render(CONTENT)
        outcome = await channel.send("77", payload, key="k")
        [accepted] = server.log
        assert outcome == Receipt(provider_id=str(accepted.message_id), status=200)
        assert accepted.text == "ตลาด <สิริสุข> & เพื่อน\nเวลา: 11:00\na < b\n\n1."
        assert {name: accepted.fields[name] for name in payload} == payload
        assert accepted.fields["link_preview_options"] == {"is_disabled": True}
        assert [row[0]["text"] for row in accepted.fields["reply_markup"]["inline_keyboard"]] == ["ดูรายการ", "รับทราบ"]

    with_telegram(use)


def test_who_may_not_speak_any_more_sends_no_byte(with_telegram: Runs) -> None:
    """Asked once more when the connection is there: overtaken, nothing leaves, and the next call goes as ever."""

    async def use(channel: Any, server: Any) -> None:
        payload = channel.render(CONTENT)
        assert isinstance(await channel.send("77", payload, key="k"), Receipt)
        before = still_ours.set(lambda: False)
        assert await channel.send("77", payload, key="k") == Later(reason="no_lease", after=0.0)
        still_ours.reset(before)
        assert [what for _, _, what in server.calls] == ["sendMessage"]
        assert isinstance(await channel.send("77", payload, key="k"), Receipt)
        assert len(server.log) == 2

    with_telegram(use)


@pytest.mark.parametrize(
    ("fault", "expected", "arrived"),
    [
        ("before_read", Unknown(reason="connection_lost"), 0),
        ("reset", Unknown(reason="connection_lost"), 1),
        ("slow", Unknown(reason="timeout"), 1),
        ("drip", Unknown(reason="unreadable_answer", status=200), 1),
        ("server_error", Unknown(reason="server_error", status=500), 1),
        ("busy", Unknown(reason="server_error", status=502), 0),
        ("garbled", Unknown(reason="unreadable_answer", status=200), 1),
        ("rate", Later(reason="rate", after=7.0, status=429), 0),
    ],
)
def test_faults_are_told_and_never_repeated(with_telegram: Runs, fault: str, expected: Outcome, arrived: int) -> None:
    """Each fault has its outcome, and one call makes one attempt: the Bot API knows no keys."""

    async def use(channel: Any, server: Any) -> None:
        server.faults.order(fault)
        assert await channel.send("77", channel.render(CONTENT), key="k") == expected
        assert len(server.log) == arrived

    with_telegram(use, timeout=0.3 if fault in {"slow", "drip"} else 5)


def test_people_who_cannot_be_reached(with_telegram: Runs) -> None:
    """A blocker, an unknown chat and a group that moved are dead addresses, each with its reason."""

    async def use(channel: Any, server: Any) -> None:
        server.blockers.add("2")
        server.moved["-3"] = -1003
        payload = channel.render(CONTENT)
        assert await channel.send("2", payload, key="k") == Gone(reason="blocked", status=403)
        assert await channel.send("-3", payload, key="k") == Gone(reason="moved", status=400, moved_to="-1003")
        assert await channel.send("4", payload, key="k") == Gone(reason="unknown_recipient", status=400)
        assert server.log == []

    with_telegram(use, chats={"77"})


def test_a_wrong_token_stops_the_account(with_telegram: Runs) -> None:
    """A token Telegram does not know is the account's trouble, not the message's."""

    async def use(channel: Any, _: Any) -> None:
        outcome = await channel.send("77", channel.render(CONTENT), key="k")
        assert outcome == Refused(reason="token", status=401, account=True)

    with_telegram(use, token="1:another")


def test_a_bad_payload_is_refused(with_telegram: Runs) -> None:
    """A payload that is none is refused, by us or by Telegram, and the account stays."""

    async def use(channel: Any, _: Any) -> None:
        assert await channel.send("77", {}, key="k") == Refused(reason="payload")
        outcome = await channel.send("77", {"text": "<b>open", "parse_mode": "HTML"}, key="k")
        assert isinstance(outcome, Refused)
        assert outcome.reason.startswith("bad_request: Bad Request: can't parse entities")
        assert not outcome.account

    with_telegram(use)


def test_nobody_home_is_later(with_telegram: Runs, telegram_secrets: dict[str, str]) -> None:
    """Where no connection is made nothing was sent, so it may be tried again whatever the message."""

    async def use(_: Any, server: Any) -> None:
        channel = connect("telegram", {"api_base": server.base.rsplit(":", 1)[0] + ":9"}, telegram_secrets)
        assert await channel.send("77", channel.render(CONTENT), key="k") == Later(reason="unreachable")
        await channel.close()
        await channel.close()

    with_telegram(use)


def test_answers_are_not_mixed_up(with_telegram: Runs) -> None:
    """Messages in flight at the same time each hear their own answer."""

    async def use(channel: Any, server: Any) -> None:
        import asyncio

        server.blockers.add("2")
        payload = channel.render(CONTENT)
        outcomes = await asyncio.gather(*(channel.send(str(at % 3), payload, key="k") for at in range(30)))
        assert all(isinstance(outcome, Gone) is (at % 3 == 2) for at, outcome in enumerate(outcomes))
        numbers = {outcome.provider_id for outcome in outcomes if isinstance(outcome, Receipt)}
        assert len(numbers) == 20

    with_telegram(use)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b'{"ok":true,"result":true}', Receipt(provider_id=None, status=200)),
        (200, b'{"ok":false}', Unknown(reason="unreadable_answer", status=200)),
        (400, b'{"description":"Bad Request: PEER_ID_INVALID"}', Gone(reason="unknown_recipient", status=400)),
        (403, b"<html>", Refused(reason="wrong_address", status=403, account=True)),
        (404, b"{}", Refused(reason="token", status=404, account=True)),
        (409, b"{}", Later(reason="conflict", status=409)),
        (413, b"{}", Refused(reason="bad_request", status=413)),
        (429, b'{"parameters":{"retry_after":0}}', Later(reason="rate", after=0.0, status=429)),
        (429, b'{"parameters":{"retry_after":"soon"}}', Later(reason="rate", status=429)),
        (301, b"", Refused(reason="wrong_address", status=301, account=True)),
        (504, b"", Unknown(reason="server_error", status=504)),
    ],
)
def test_every_answer_has_an_outcome(status: int, body: bytes, expected: Outcome) -> None:
    """The table, for answers the fake does not give."""
    assert outcome_of_answer(Answer(status=status, body=body)) == expected


def test_a_message_is_edited_where_it_stands(with_telegram: Runs) -> None:
    """The chat holds one message, with the last text and buttons; the same edit again is success too."""

    async def use(channel: Any, server: Any) -> None:
        sent = await channel.send("77", channel.render(CONTENT), key="k")
        news = channel.render(replace(CONTENT, title="ออกส่งแล้ว", actions=()))
        for _ in range(2):
            assert await channel.edit("77", sent.provider_id, news) in (
                Receipt(provider_id=sent.provider_id, status=200),
                Receipt(provider_id=sent.provider_id, status=400),
            )
        assert (len(server.log), len(server.edits), server.bad_requests) == (1, 1, [])
        [stands] = server.shown.values()
        assert stands.text.startswith("ออกส่งแล้ว\n")
        assert "reply_markup" not in stands.fields
        assert stands.fields["link_preview_options"] == {"is_disabled": True}

    with_telegram(use)


def test_what_cannot_be_edited_is_told_apart(with_telegram: Runs) -> None:
    """A message that was deleted, is in another chat, or asks for a place is uneditable; a blocker and a fault are what
    they are for any message; nothing is sent in its stead."""

    async def use(channel: Any, server: Any) -> None:
        asking = replace(CONTENT, actions=(Action(label="ส่งตำแหน่ง", kind="location", value="1"),))
        gone, there, asks = [
            (await channel.send("77", channel.render(content), key="k")).provider_id
            for content in (CONTENT, CONTENT, asking)
        ]
        del server.shown[int(gone)]
        news = channel.render(replace(CONTENT, title="ใหม่"))
        lost = Refused(reason="uneditable", status=400)
        for chat, number in (("77", gone), ("78", there), ("77", asks)):
            assert await channel.edit(chat, number, news) == lost
        assert await channel.edit("77", there, {}) == Refused(reason="payload")
        server.faults.order("reset")
        assert await channel.edit("77", there, news) == Unknown(reason="connection_lost")
        server.faults.order("rate")
        assert await channel.edit("77", there, news) == Later(reason="rate", after=7.0, status=429)
        server.blockers.add("77")
        assert await channel.edit("77", there, news) == Gone(reason="blocked", status=403)
        assert len(server.log) == 3

    with_telegram(use)


@pytest.mark.parametrize(
    ("status", "said", "expected"),
    [
        (400, "Bad Request: Message is not modified", Receipt(provider_id="7", status=400)),
        (400, "Bad Request: MESSAGE_ID_INVALID", Refused(reason="uneditable", status=400)),
        (400, "Bad Request: message can't be edited", Refused(reason="uneditable", status=400)),
        (400, "Bad Request: chat not found", Gone(reason="unknown_recipient", status=400)),
        (502, "message is not modified", Unknown(reason="server_error", status=502)),
    ],
)
def test_every_answer_to_an_edit_has_an_outcome(status: int, said: str, expected: Outcome) -> None:
    """The table, for answers the fake does not give."""
    body = f'{{"ok":false,"description":"{said}"}}'.encode()
    assert outcome_of_edit(Answer(status=status, body=body), "7") == expected


def test_an_edited_message_keeps_its_number() -> None:
    """Also where the answer does not say it."""
    answer = Answer(status=200, body=b'{"ok":true,"result":true}')
    assert outcome_of_edit(answer, "7") == Receipt(provider_id="7", status=200)
