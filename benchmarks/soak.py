"""``make soak``: a million hostile bodies for the webhooks, in parts that can be taken up again.

Each body is held against the parsers (`benchmarks.fuzz`) and then called with: signed, unsigned, or signed wrongly.
What is held of the web application: signed is answered 200, everything else 401, nothing with a 5xx; and the inbox
keeps the events of what was signed, those and no others. A part is a seed and has a database of its own, so that what
broke is quick to repeat. `make test` does ten thousand.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks import fuzz, parts
from benchmarks.harness import CONFIG, HOUSE
from benchmarks.parts import Tally
from channels.base import Channel
from scheduler import app as application
from scheduler.web import create
from scheduler.web.hooks import Bucket

COUNT, PART, SEED = 1_000_000, 10_000, 1
TOGETHER = 64
"""Calls under way at once."""
STATE = HOUSE / "var" / "soak.json"
NOWHERE = "http://127.0.0.1:9"


class Broken(AssertionError):
    """A body that a parser or the web application did not stand."""


def part(count: int, seed: int) -> Tally:
    """Hold `count` bodies to what is said above.

    Counts `parts`, `bodies`, `events` read from them, calls answered `200` and `401`, and events `stored`.
    """
    with tempfile.TemporaryDirectory(prefix="songsuk-soak-") as folder, _market(Path(folder)) as market:
        return asyncio.run(_called(market, Path(folder) / "songsuk.db", count, seed))


@contextlib.contextmanager
def _market(folder: Path) -> Iterator[application.App]:
    """A market with both chat services, which nobody answers."""
    chats = f"\n  line: {{api_base: '{NOWHERE}', data_base: '{NOWHERE}'}}\n  telegram: {{api_base: '{NOWHERE}'}}"
    config = folder / "config.yaml"
    config.write_text(CONFIG.read_text(encoding="utf-8").replace("\n  console: {}", chats), encoding="utf-8")
    environ = {
        "SONGSUK_DATABASE_URL": f"sqlite:///{folder / 'songsuk.db'}",
        "SONGSUK_LINE_CHANNEL_ACCESS_TOKEN": "t",
        "SONGSUK_LINE_CHANNEL_SECRET": fuzz.SECRET,
        "SONGSUK_TELEGRAM_BOT_TOKEN": "1:t",
        "SONGSUK_TELEGRAM_WEBHOOK_SECRET": fuzz.SECRET,
    }
    market = application.build(config_path=config, environ=environ)
    try:
        yield market
    finally:
        asyncio.run(market.close())


async def _called(market: application.App, database: Path, count: int, seed: int) -> Tally:
    site, channels, chance = create(market), market.channels(), random.Random(seed)
    site.state.door.services = site.state.door.strangers = Bucket(1e9)  # how fast one may call is not asked here
    tally, kept, number = Tally(), set[tuple[str, str]](), 0

    async def one(number: int) -> None:
        channel = channels[("line", "telegram")[number % 2]]
        body = fuzz.hostile(chance, channel.name)
        good = chance.random() < 0.5
        headers = fuzz.signed(channel, body) if good else chance.choice(fuzz.unsigned(channel, body))
        cut = chance.randrange(len(body) + 1)
        try:
            heard = fuzz.held(channel, body)
            status = await _status(site, channel, headers, (body[:cut], body[cut:]))
            assert status == (200 if good else 401), f"answered {status}"
        except Exception as failure:
            raise Broken(f"seed {seed}, body {number} for {channel.name}: {body[:500]!r}") from failure
        tally.update({"bodies": 1, "events": len(heard), str(status): 1})
        if good:
            kept.update((channel.name, event.event_id) for event in heard)

    while number < count:
        following = min(count, number + TOGETHER)
        await asyncio.gather(*(one(each) for each in range(number, following)))
        number = following
    with contextlib.closing(sqlite3.connect(database)) as connection:
        stored = set(connection.execute("SELECT channel, event_id FROM inbox"))
    if stored != kept:
        raise Broken(f"seed {seed}: the inbox differs by {sorted(stored ^ kept)[:3]}")
    tally.update({"parts": 1, "stored": len(stored)})
    return tally


async def _status(site: Any, channel: Channel, headers: Mapping[str, str], pieces: tuple[bytes, ...]) -> int:
    """What the application answers to a call, handed over piece by piece as a server does it."""
    said: list[int] = []
    rest = iter(pieces)
    left = len(pieces)

    async def receive() -> dict[str, Any]:
        nonlocal left
        left -= 1
        return {"type": "http.request", "body": next(rest), "more_body": left > 0}

    async def send(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            said.append(message["status"])

    path = f"/hooks/{channel.name}"
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    await site(scope, receive, send)
    return said[0]


def main() -> None:
    asked = parts.options(
        "python -m benchmarks.soak", "Hostile bodies for the webhooks.", count=COUNT, seed=SEED, state=STATE
    ).parse_args()
    done = parts.run(asked, "bodies", PART, lambda count, before: part(count, asked.seed + before["parts"]))
    tally, rate = done.tally, done.tally["bodies"] / done.seconds if done.seconds else 0.0
    print(
        f"{tally['bodies']:,} of {asked.count:,} bodies in {done.seconds:,.0f} s, {rate:,.0f} a second: "
        f"{tally['events']:,} events read; {tally['200']:,} signed calls answered 200, {tally['401']:,} unsigned ones "
        f"401, none otherwise; {tally['stored']:,} events stored, all of them signed. Commit {done.commit}."
    )


if __name__ == "__main__":
    main()
