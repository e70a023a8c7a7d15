"""How fast messages go out over LINE, from rows to receipts in rows, beside two that keep nothing: LINE's own SDK, and
Apprise."""

from __future__ import annotations

import asyncio
import statistics
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from importlib.util import find_spec
from typing import Any

from benchmarks import sent
from benchmarks.harness import Table, measured, scaled

COUNT, ROUNDS = 300, 3
IN_FLIGHT = 64
"""As many as our own sender has in hand."""


def child(kind: str, count: int, rounds: int) -> dict[str, Any]:
    """Seconds on the wall and of the processor for `count` messages: by the bare SDK, by us and by Apprise where it is
    installed, in turn."""
    from channels.line import flex
    from scheduler.clock import SystemClock
    from scheduler.notices import content_from_json
    from storage import open_store

    some = sent.typical()
    payloads = [flex.render(content_from_json(message.content)) for message in some]
    clock = SystemClock()
    apprise = find_spec("apprise") is not None
    took: dict[str, list[tuple[float, float]]] = {"bare": [], "ours": [], **({"apprise": []} if apprise else {})}
    with sent.database(kind) as url, open_store(url) as store, sent.fake("line", "--unchecked") as base:

        async def race() -> None:
            people = [f"U{each:032x}" for each in range(count)]
            for number in range(rounds + 1):  # the first warms up
                bare = await _timed(lambda: _bare(base, people, payloads))
                messages = sent.copies(some, count, "line", clock.now(), first=number * count)
                await asyncio.to_thread(store.add_messages, messages, actor="bench", at=clock.now())
                ours = await _timed(lambda: _ours(base, store, clock, count))
                theirs = await _timed(lambda: asyncio.to_thread(_apprise, base, people)) if apprise else None
                if number:
                    took["bare"].append(bare)
                    took["ours"].append(ours)
                    if theirs is not None:
                        took["apprise"].append(theirs)

        asyncio.run(race())
        assert sent.counts(base)["accepted"] == len(took) * (rounds + 1) * count
    return took


async def _timed(work: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    await work()
    return time.perf_counter() - wall, time.process_time() - cpu


async def _bare(base: str, people: Sequence[str], payloads: Sequence[dict[str, Any]]) -> None:
    """line-bot-sdk as its own documentation uses it; requests made from the same payloads."""
    from linebot.v3.messaging import AsyncApiClient, AsyncMessagingApi, Configuration, PushMessageRequest

    async with AsyncApiClient(Configuration(access_token=sent.LINE_TOKEN)) as client:
        api = AsyncMessagingApi(client)
        api.line_base_path = base
        rest = iter(enumerate(people))

        async def work() -> None:
            for number, person in rest:
                request = PushMessageRequest.from_dict({**payloads[number % len(payloads)], "to": person})
                await api.push_message(request, x_line_retry_key=str(uuid.uuid4()))

        await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))


def _apprise(base: str, people: Sequence[str]) -> None:
    """Apprise, one person after the other, a plain text to each: to many at once it waits five seconds between two."""
    from apprise import Apprise
    from apprise.plugins.line import NotifyLine

    NotifyLine.notify_url = f"{base}/v2/bot/message/push"
    for each in people:
        person = Apprise()
        person.add(f"line://{sent.LINE_TOKEN}/{each}")
        assert person.notify(body="ส่งประมาณ 11:00–11:30 น.")


async def _ours(base: str, store: Any, clock: Any, count: int) -> None:
    from channels.line import LineChannel
    from scheduler.outbox import Outbox

    channel = LineChannel(token=sent.LINE_TOKEN, webhook_secrets=("x",), api_base=base, data_base=base, timeout=10.0)
    # Without the pace that LINE's own limit asks for: this is what the machine could do.
    outbox = Outbox(store, {"line": channel}, clock, limits={})
    try:
        became = await outbox.drain()
        assert became == {"accepted": count}, became
    finally:
        await channel.close()
        await outbox.release()


def measure(scale: float) -> Table:
    count, rounds = scaled(COUNT, scale, 20), ROUNDS if scale == 1 else 1
    rows = []
    for kind, name in (("sqlite", "SQLite"), ("postgresql", "PostgreSQL")):
        got = measured(__name__, kind=kind, count=count, rounds=rounds)
        bare = got["bare"]
        for way, each in (
            (f"line-bot-sdk, beside {name}", bare),
            (f"Songsuk, {name}", got["ours"]),
            (f"Apprise, beside {name}", got.get("apprise", [])),
        ):
            if each:
                wall, cpu = (statistics.median(pair[at] for pair in each) for at in (0, 1))
                share = statistics.median(there[0] / here[0] for there, here in zip(bare, each, strict=True))
                part = None if each is bare else round(share * 100)
                rows.append((way, count, round(count / wall), part, cpu / count * 1e6))
    return Table(
        name="sending",
        title="Sending over LINE",
        columns=("way", "messages", "sent/s", "% of the SDK", "CPU us each"),
        rows=rows,
        note="The messages of a wave of the typical market, each to another person, to a fake LINE in a process of its "
        "own on the same machine. *Songsuk* claims each row, renders it, writes the attempt before the call and what "
        f"came of it after; the SDK's async client, {IN_FLIGHT} requests at a time like ours, keeps nothing, but "
        "builds and checks its own models of every bubble, where we send the frozen body as it is. *Apprise* sends a "
        "plain text and keeps nothing, one person after the other: on a real way each call's travel would come on top "
        "(it needs the dependency group `bench` and is left out without it). All take turns in one process; medians of "
        f"{rounds} rounds. LINE allows 2,000 requests a second; we keep to 1,500.",
    )
