"""LINE's requests as we make them, before two judges: our fake, and Prism, which nobody here wrote.

Prism answers by LINE's own description alone and remembers nothing. What our channel really asks for is recorded at the
fake and asked of Prism word for word; then both are asked by hand for what they should take, and for what they should
not. They must agree, but for what Prism is known to let pass (`WEAKER`); else the benchmark fails. Prism is in no lock:
the environment's ``PRISM`` names its program.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmarks import sent
from benchmarks.harness import Skipped, Table, measured

PROGRAM = "PRISM"
PUSH, REPLY = "/v2/bot/message/push", "/v2/bot/message/reply"
WEBHOOK, MENU, QUOTA = "/v2/bot/channel/webhook/endpoint", "/v2/bot/richmenu", "/v2/bot/message/quota"
PERSON = "U" + "a" * 32
HEADERS = ("Accept", "Authorization", "Content-Type", "X-Line-Retry-Key")

_KINDS = "weaker: does not look into the kinds of a message"
WEAKER: Mapping[str, str] = {
    "a text without its text": _KINDS,
    "an unknown kind of message": _KINDS,
    "a place without its latitude": _KINDS,
    "a bubble without its alternative text": _KINDS,
    "a bubble of an unknown kind": _KINDS,
    "a retry key on a reply": "weaker: LINE forbids it in words only",
}
"""What Prism takes though LINE would not, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request. ``what`` names its row; ``good``: whether LINE takes it."""

    what: str
    good: bool
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


def measure(scale: float) -> Table:
    program = os.environ.get(PROGRAM)
    if not program:
        raise Skipped(f"{PROGRAM} names no program (make bench-full installs it)")
    got = measured(__name__, program=program)
    if got.get("missing"):
        raise Skipped(got["missing"])
    return Table(
        name="prism",
        title="LINE's requests, judged by others",
        columns=("request", "times", "our fake", "Prism", "they agree"),
        rows=[tuple(row) for row in got["rows"]],
        note="Statuses. *Ours* are what `channels/line` asked our fake for as it told the people of a wave, replied, "
        "read the quota and set an account up, asked again word for word of Prism "
        f"{got['version']} on LINE's own `messaging-api.yml`; the others are written by hand. Prism remembers nothing "
        "and goes by that description; the fake does so too, with the kinds of a message spelt out, and beyond it.",
    )


def child(program: str) -> dict[str, Any]:
    """A row for each kind of request: how often, both answers, and whether they agree."""
    sys.path.append(str(sent.FAKES))
    from specs import SPECS

    description = SPECS / "line-openapi" / "messaging-api.yml"
    if not description.exists():
        return {"missing": "LINE's messaging-api.yml is not beside this checkout, in shared/specs/line-openapi"}
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    with _prism(program, str(description)) as prism:
        return {"rows": asyncio.run(_judged(prism)), "version": version}


async def _judged(prism: str) -> list[list[Any]]:
    import aiohttp
    from line_server import LineServer

    class Recording(LineServer):
        """The fake, noting what it was asked for and took."""

        def app(self) -> Any:
            app = super().app()
            app.middlewares.append(note)
            return app

    heard: list[Asked] = []

    @aiohttp.web.middleware
    async def note(request: Any, handler: Any) -> Any:
        body, answer = await request.read(), await handler(request)
        if answer.status == 200:
            headers = {name: request.headers[name] for name in HEADERS if name in request.headers}
            what = f"ours: {request.method} {re.sub('richmenu-[0-9a-f]+', '{richMenuId}', request.path)}"
            whole = Asked(what=what, good=True, method=request.method, path=request.path, headers=headers, body=body)
            heard.append(whole)
        return answer

    server, found = Recording(), dict[tuple[str, int, int, str], int]()
    async with server.running() as fake, aiohttp.ClientSession() as client:
        await _as_we_ask(server, fake)
        for asked in [*heard, *_by_hand()]:
            # What the fake took of ours it has answered already; asked twice, a token or a key would be used up.
            answers = [
                200 if asked in heard else await _status(client, fake, asked),
                await _status(client, prism, asked),
            ]
            took = [answer < 300 for answer in answers]
            if took == [asked.good, asked.good]:
                verdict = "yes"
            elif took == [False, True] and asked.what in WEAKER:
                verdict = WEAKER[asked.what]
            else:
                raise AssertionError(
                    f"{asked.what}: the fake says {answers[0]}, Prism {answers[1]}; {asked.body[:500]!r}"
                )
            row = (asked.what, answers[0], answers[1], verdict)
            found[row] = found.get(row, 0) + 1
    return [[what, times, ours, theirs, verdict] for (what, ours, theirs, verdict), times in found.items()]


async def _as_we_ask(server: Any, base: str) -> None:
    """Everything that our channel asks of LINE."""
    from channels.base import Action, Content, Menu, Wanted
    from channels.line import LineChannel
    from scheduler.notices import content_from_json

    channel = LineChannel(token=sent.LINE_TOKEN, webhook_secrets=("x",), api_base=base, data_base=base, timeout=10.0)
    where = Content(title="บ้านอยู่ตรงไหนคะ", actions=(Action(label="ส่งตำแหน่ง", kind="location", value=""),))
    for content in [*(content_from_json(message.content) for message in sent.typical()), where]:
        await channel.send(PERSON, channel.render(content), key=str(uuid.uuid4()))
    await channel.reply(server.event(PERSON, text="ถึงไหน")["replyToken"], channel.render(where))
    await channel.quota()
    await channel.invitation(None)
    words = (("where", "ถึงไหนแล้ว"), ("help", "ช่วยเหลือ"))
    menu = Menu(name="rider", words=words, language="th")
    wanted = Wanted(webhook="https://songsuk.example/hooks/line", menus=(menu,))
    for each in (wanted, wanted, replace(wanted, menus=(replace(menu, words=words[:1]),))):
        await channel.setup(each, dry_run=False)
    for shown in (replace(menu, words=words[:1]), None):
        await channel.offer(PERSON, shown)
    await channel.close()


def _by_hand() -> Sequence[Asked]:
    text, place = {"type": "text", "text": "x"}, {"type": "location", "title": "x", "address": "y", "longitude": 99.3}
    menu = {"size": {"width": "wide", "height": 843}, "selected": True, "name": "x", "chatBarText": "x", "areas": []}
    key = {"X-Line-Retry-Key": str(uuid.uuid4())}
    good, bad = True, False
    return [
        _post("a text", good, PUSH, _to(text)),
        _post("a place", good, PUSH, _to({**place, "latitude": 9.1})),
        _post("five messages under a retry key", good, PUSH, _to(*[text] * 5), key),
        _post("six messages", bad, PUSH, _to(*[text] * 6)),
        _post("no message", bad, PUSH, _to()),
        _post("without `messages`", bad, PUSH, {"to": PERSON}),
        _post("without `to`", bad, PUSH, {"messages": [text]}),
        _post("`to` a number", bad, PUSH, {"to": 5, "messages": [text]}),
        _post("silence that is no boolean", bad, PUSH, {**_to(text), "notificationDisabled": "yes"}),
        _post("a retry key that is no UUID", bad, PUSH, _to(text), {"X-Line-Retry-Key": "order-7"}),
        _post("without authorization", bad, PUSH, _to(text), {"Authorization": ""}),
        _post("a message without its kind", bad, PUSH, _to({"text": "x"})),
        _post("an unknown kind of message", bad, PUSH, _to({"type": "txt", "text": "x"})),
        _post("a text without its text", bad, PUSH, _to({"type": "text"})),
        _post("a place without its latitude", bad, PUSH, _to(place)),
        _post(
            "a bubble without its alternative text", bad, PUSH, _to({"type": "flex", "contents": {"type": "bubble"}})
        ),
        _post(
            "a bubble of an unknown kind",
            bad,
            PUSH,
            _to({"type": "flex", "altText": "x", "contents": {"type": "ball"}}),
        ),
        _post("no JSON", bad, PUSH, b"{"),
        _post("no JSON object", bad, PUSH, b"[]"),
        _post("an unknown address", bad, "/v2/bot/message/shout", _to(text)),
        _post("a reply without its token", bad, REPLY, {"messages": [text]}),
        _post("a reply of six messages", bad, REPLY, {"replyToken": "r", "messages": [text] * 6}),
        _post("a retry key on a reply", bad, REPLY, {"replyToken": "r", "messages": [text]}, key),
        _post("a menu of no width", bad, MENU, menu),
        replace(_post("a webhook without an address", bad, WEBHOOK, {}), method="PUT"),
        replace(_post("the quota without authorization", bad, QUOTA, b"", {"Authorization": ""}), method="GET"),
    ]


def _to(*messages: Any) -> dict[str, Any]:
    return {"to": PERSON, "messages": list(messages)}


def _post(what: str, good: bool, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Asked:
    usual = {"Authorization": f"Bearer {sent.LINE_TOKEN}", "Content-Type": "application/json", **(headers or {})}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {name: value for name, value in usual.items() if value}
    return Asked(what=what, good=good, method="POST", path=path, headers=given, body=raw)


async def _status(client: Any, base: str, asked: Asked) -> int:
    async with client.request(
        asked.method, base + asked.path, data=asked.body, headers=asked.headers, skip_auto_headers=("Content-Type",)
    ) as answer:
        return int(answer.status)


@contextlib.contextmanager
def _prism(program: str, description: str) -> Iterator[str]:
    """The address of Prism, once it has read the description."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [program, "mock", "--host", "127.0.0.1", "--port", port, description]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        try:
            said = ""
            while "is listening on" not in said:
                line = process.stdout.readline()
                if not line:
                    raise RuntimeError(f"Prism did not start:\n{said}")
                said += line
            threading.Thread(target=process.stdout.read, daemon=True).start()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
