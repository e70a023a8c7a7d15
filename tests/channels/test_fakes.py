"""The fakes are hard to fool: they refuse what the services would refuse, by the services' own descriptions."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from line_server import LineServer, limit_faults
from specs import SPECS, line_faults, telegram_faults
from telegram_server import TelegramServer, read_html

FAKES = Path(__file__).parents[1] / "fakes"
needs_specs = pytest.mark.skipif(not SPECS.exists(), reason="the services' own descriptions are absent")


def _push(*messages: Any) -> dict[str, Any]:
    return {"to": "U1", "messages": list(messages)}


@needs_specs
@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"type": "text", "text": "x"}]},
        _push(),
        _push(*[{"type": "text", "text": "x"}] * 6),
        _push({"type": "text"}),
        _push({"type": "txt", "text": "x"}),
        _push({"text": "x"}),
        _push({"type": "location", "title": "x", "address": "x", "longitude": 1}),
        _push({"type": "flex", "contents": {"type": "bubble"}}),
        _push({"type": "flex", "altText": "x", "contents": {"type": "ball"}}),
        _push(
            {"type": "flex", "altText": "x", "contents": {"type": "bubble", "body": {"type": "box", "contents": []}}}
        ),
    ],
)
def test_line_refuses_wrong_shapes(body: Any) -> None:
    """A push that LINE's description does not allow is refused, down to the parts of a bubble."""
    assert line_faults("PushMessageRequest", body)


@needs_specs
def test_line_takes_right_shapes() -> None:
    """A plain text and a bubble with a button pass."""
    button = {"type": "button", "action": {"type": "uri", "label": "x", "uri": "https://x.example"}}
    box = {"type": "box", "layout": "vertical", "contents": [{"type": "text", "text": "x"}, button]}
    bubble = {"type": "flex", "altText": "x", "contents": {"type": "bubble", "body": box}}
    assert line_faults("PushMessageRequest", _push({"type": "text", "text": "x"}, bubble)) == []


def test_line_knows_limits_the_description_lacks() -> None:
    """Empty texts, long labels, odd links, long alternative texts and heavy bubbles are refused."""
    for part in (
        {"type": "text", "text": ""},
        {"type": "uri", "label": "x" * 21, "uri": "https://x.example"},
        {"type": "uri", "label": "x", "uri": "javascript:x"},
        {"type": "postback", "label": "x", "data": "x" * 301},
        {"type": "text", "text": "x" * 31000},
    ):
        assert limit_faults({"type": "flex", "altText": "x", "contents": {"type": "bubble", "part": [part]}})
    assert limit_faults({"type": "flex", "altText": "x" * 401, "contents": {}})


@needs_specs
@pytest.mark.parametrize(
    "fields",
    [
        {"text": "x"},
        {"chat_id": "1"},
        {"chat_id": "1", "text": 7},
        {"chat_id": "1", "text": "x", "silent": True},
        {"chat_id": "1", "text": "x", "disable_notification": "yes"},
        {"chat_id": "1", "text": "x", "reply_markup": {"inline_keyboard": [{"text": "x"}]}},
        {"chat_id": "1", "text": "x", "reply_markup": {"inline_keyboard": [[{"url": "https://x.example"}]]}},
    ],
)
def test_telegram_refuses_wrong_shapes(fields: dict[str, Any]) -> None:
    """A message that the Bot API's description does not allow is refused."""
    assert telegram_faults("sendMessage", fields)


@pytest.mark.parametrize("marked", ["<b>x", "x</b>", "<u><b>x</u></b>", "<script>x</script>", "<!-- x -->"])
def test_telegram_refuses_broken_marks(marked: str) -> None:
    """Unclosed, crossed and foreign tags are refused, as Telegram does."""
    assert read_html(marked)[1]


def test_a_retry_key_lives_a_day() -> None:
    """A key is refused within a day, with the first one's ids, and is new after it."""

    async def use() -> None:
        now = [0.0]
        server = LineServer(now=lambda: now[0])
        async with server.running() as base, ClientSession() as client:
            headers = {"Authorization": f"Bearer {server.token}", "X-Line-Retry-Key": str(uuid.uuid4())}
            statuses = []
            for now[0] in (0, 86_399, 86_400):
                body = _push({"type": "text", "text": "x"})
                async with client.post(f"{base}/v2/bot/message/push", json=body, headers=headers) as answer:
                    statuses.append((answer.status, "x-line-accepted-request-id" in answer.headers))
            assert statuses == [(200, False), (409, True), (200, False)]

    asyncio.run(use())


def test_line_takes_so_many_pushes_at_once() -> None:
    """Where it is told so: one push too many at once is refused with a 429 of its own, and passes with more room."""

    async def use() -> None:
        server = LineServer()
        server.concurrent = 2
        async with server.running() as base, ClientSession() as client:

            async def push() -> tuple[int, str]:
                body, headers = _push({"type": "text", "text": "x"}), {"Authorization": f"Bearer {server.token}"}
                async with client.post(f"{base}/v2/bot/message/push", json=body, headers=headers) as answer:
                    return answer.status, (await answer.json()).get("message", "")

            server.faults.order("slow", 2)
            slow = [asyncio.create_task(push()) for _ in range(2)]
            while server.under_way < 2:  # noqa: ASYNC110 - what is waited for is the fake's own state
                await asyncio.sleep(0.01)
            status, said = await push()
            assert (status, "concurrent" in said, "monthly" in said) == (429, True, False)
            server.concurrent = 3
            assert await push() == (200, "")
            assert (len(server.log), server.limited) == (3, 1)
            for task in slow:
                task.cancel()

    asyncio.run(asyncio.wait_for(use(), 30))


def test_line_delivers_anew_what_was_not_taken() -> None:
    """The same events, ids and signature's right, marked as a delivery anew, until a 2xx or as often as was asked."""

    async def use() -> None:
        server = LineServer()
        heard: list[dict[str, Any]] = []
        answers: Iterator[int | None] = iter([500, None, 302, 200, 200, 503, 503])

        async def post(headers: dict[str, str], body: bytes) -> int:
            (event,) = json.loads(body)["events"]
            assert server.signed([event]) == (headers, body)
            heard.append(event)
            answer = next(answers)
            if answer is None:
                raise OSError
            return answer

        event = server.event("U1", text="x")
        assert await server.tell(post, event, again=5) == [500, 0, 302, 200]
        assert [each["deliveryContext"]["isRedelivery"] for each in heard] == [False, True, True, True]
        assert {each["webhookEventId"] for each in heard} == {event["webhookEventId"]}
        assert {each["replyToken"] for each in heard} == {event["replyToken"]}
        assert await server.tell(post, event) == [200]
        assert await server.tell(post, event, again=1) == [503, 503]

    asyncio.run(use())


def test_telegram_lets_one_poller_in() -> None:
    """A second question for updates ends the first with a conflict."""

    async def use() -> None:
        server = TelegramServer()
        async with server.running() as base, ClientSession() as client:

            async def ask() -> int:
                async with client.post(f"{base}/bot{server.token}/getUpdates", json={"timeout": 5}) as answer:
                    return answer.status

            first = asyncio.create_task(ask())
            while not server.polls:  # noqa: ASYNC110 - what is waited for is the fake's own state
                await asyncio.sleep(0.001)
            second = await ask()
            assert (await first, second, server.conflicts) == (409, 200, 1)

    asyncio.run(asyncio.wait_for(use(), 30))


def test_the_fakes_run_by_themselves() -> None:
    """Each fake runs as a program of its own, prints its address, takes orders for faults and shows its log."""
    with contextlib.ExitStack() as stack:
        running = []
        for name in ("line_server.py", "telegram_server.py"):
            command = [sys.executable, str(FAKES / name), "--port", "0"]
            process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            stack.callback(process.terminate)
            running.append(process)
        for process in running:
            assert process.stdout is not None
            base = process.stdout.readline().strip()
            assert base.startswith("http://127.0.0.1:")
            order = urllib.request.Request(f"{base}/_fake/faults", json.dumps({"point": "reset"}).encode())  # noqa: S310
            with urllib.request.urlopen(order, timeout=10) as answer:  # noqa: S310
                assert answer.status == 200
            with urllib.request.urlopen(f"{base}/_fake/log", timeout=10) as answer:  # noqa: S310
                assert json.load(answer) == []


def test_telegram_holds_senders_to_its_limits() -> None:
    """When asked to: thirty calls in any second, one a second to a chat, twenty a minute to a group; refusals count."""

    async def use() -> None:
        now = [0.0]
        server = TelegramServer(now=lambda: now[0])
        server.enforce = True
        async with server.running() as base, ClientSession() as client:

            async def say(chat: int) -> int:
                fields = {"chat_id": chat, "text": "x"}
                async with client.post(f"{base}/bot{server.token}/sendMessage", json=fields) as answer:
                    told = await answer.json()
                    return 0 if answer.status == 200 else int(told["parameters"]["retry_after"])

            assert [await say(chat) for chat in range(1, 32)] == [0] * 30 + [1]
            now[0] = 0.99
            assert await say(31) == 1
            now[0] = 1.0
            assert [await say(31), await say(31)] == [0, 1]
            for now[0] in range(10, 30):
                assert await say(-7) == 0
            assert await say(-7) == 41
            now[0] = 70.0
            assert await say(-7) == 0
            assert (len(server.log), server.limited) == (52, 4)

            async def tap(number: int) -> int:
                fields = {"callback_query_id": str(number)}
                async with client.post(f"{base}/bot{server.token}/answerCallbackQuery", json=fields) as answer:
                    return answer.status

            assert [await tap(number) for number in range(30)] == [200] * 29 + [429]

    asyncio.run(use())


def test_line_holds_callers_to_the_limits_of_each_endpoint() -> None:
    """When asked to: each endpoint has its own, whatever stands in its path; one that is full fills no other."""

    async def use() -> None:
        now = [0.0]
        server = LineServer(now=lambda: now[0])
        server.enforce = True
        async with (
            server.running() as base,
            ClientSession(headers={"Authorization": f"Bearer {server.token}"}) as client,
        ):

            async def asked(method: str, path: str, times: int) -> int:
                """How many of so many calls were within the limit."""
                taken = 0
                for _ in range(times):
                    async with client.request(method, base + path, json={}) as answer:
                        taken += answer.status != 429
                return taken

            assert await asked("GET", "/v2/bot/richmenu/list", 12) == 10
            assert await asked("GET", "/v2/bot/message/quota", 12) == 12
            assert (
                await asked("DELETE", "/v2/bot/richmenu/1", 60) + await asked("DELETE", "/v2/bot/richmenu/2", 60) == 100
            )
            now[0] = 1.0
            assert await asked("GET", "/v2/bot/richmenu/list", 1) == 1
            assert await asked("DELETE", "/v2/bot/richmenu/1", 1) == 0
            now[0] = 3600.0
            assert await asked("DELETE", "/v2/bot/richmenu/1", 1) == 1
            assert server.limited == 23

    asyncio.run(use())
