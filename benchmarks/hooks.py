"""How soon a webhook is acknowledged while the daemon stores and works off what it is told."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import sent
from benchmarks.harness import CONFIG, Table, measured, scaled

SERVICES, RATES = ("line", "telegram"), (50, 200, 400)
SECONDS = 10
SETTLE_SECONDS = 20
"""The daemon warms its planning processes up in the meantime."""
SECRET = "bench-secret"  # noqa: S105 - made up
WORDS = ("ถึงไหนแล้ว", "สวัสดีค่ะ", "รับทราบ", "0812345678", "งานของฉัน")


def child(seconds: float) -> dict[str, Any]:
    """Latencies of each service at each rate, against one daemon on SQLite; and how long it then takes to have worked
    all off."""
    with (
        tempfile.TemporaryDirectory() as name,
        sent.fake("line", "--unchecked") as line,
        sent.fake("telegram", "--unchecked") as telegram,
        _daemon(Path(name), line, telegram) as base,
    ):
        return asyncio.run(_measured(base, Path(name) / "songsuk.db", seconds))


@contextlib.contextmanager
def _daemon(folder: Path, line: str, telegram: str) -> Iterator[str]:
    config = folder / "config.yaml"
    channels = f"\n  line: {{api_base: '{line}', data_base: '{line}'}}\n  telegram: {{api_base: '{telegram}'}}"
    config.write_text(CONFIG.read_text(encoding="utf-8").replace("\n  console: {}", channels), encoding="utf-8")
    database = folder / "songsuk.db"
    environ = {
        **os.environ,
        "SONGSUK_CONFIG": str(config),
        "SONGSUK_DATABASE_URL": f"sqlite:///{database}",
        "SONGSUK_LINE_CHANNEL_ACCESS_TOKEN": sent.LINE_TOKEN,
        "SONGSUK_LINE_CHANNEL_SECRET": SECRET,
        "SONGSUK_TELEGRAM_BOT_TOKEN": sent.TELEGRAM_TOKEN,
        "SONGSUK_TELEGRAM_WEBHOOK_SECRET": SECRET,
    }
    serve = [str(Path(sys.executable).with_name("songsuk")), "serve", "--port", "0"]
    with subprocess.Popen(serve, env=environ, stderr=subprocess.PIPE, text=True) as daemon:
        assert daemon.stderr is not None
        base = next(line for line in daemon.stderr if line.startswith("listening on ")).split()[-1]
        draining = threading.Thread(target=daemon.stderr.read, daemon=True)
        draining.start()
        try:
            yield base
        finally:
            daemon.terminate()


async def _measured(base: str, database: Path, seconds: float) -> dict[str, Any]:
    import aiohttp

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=2)) as session:
        await _ready(session, base)
        for service in SERVICES:
            await _at_rate(session, base, service, 10, 2, len(RATES))  # the SDK is loaded with the first answer
        await _worked_off(database)
        await asyncio.sleep(SETTLE_SECONDS)
        rows = [
            await _at_rate(session, base, service, rate, seconds, number)
            for service in SERVICES
            for number, rate in enumerate(RATES)
        ]
        began = time.perf_counter()
        await _worked_off(database)
    return {"rows": rows, "worked_off": time.perf_counter() - began}


async def _worked_off(database: Path) -> None:
    while _waiting(database):  # noqa: ASYNC110 - another process does it
        await asyncio.sleep(0.2)


async def _ready(session: Any, base: str) -> None:
    for _ in range(300):
        try:
            async with session.get(f"{base}/readyz") as answer:
                if answer.status == 200:
                    return
        except OSError:
            pass
        await asyncio.sleep(0.1)
    raise RuntimeError("the daemon did not start")


async def _at_rate(session: Any, base: str, service: str, rate: int, seconds: float, number: int) -> dict[str, Any]:
    """One event a call, each sent at its own moment however long the others take."""
    loop, took, statuses = asyncio.get_running_loop(), list[float](), list[int]()
    began = loop.time() + 0.2

    async def one(at: int) -> None:
        headers, body = _TOLD[service](number * 1_000_000 + at)
        await asyncio.sleep(began + at / rate - loop.time())
        sent = loop.time()
        async with session.post(f"{base}/hooks/{service}", data=body, headers=headers) as answer:
            statuses.append(answer.status)
        took.append(loop.time() - sent)

    count = max(10, round(rate * seconds))
    await asyncio.gather(*(one(at) for at in range(count)))
    took.sort()
    return {
        "service": service,
        "rate": rate,
        "events": count,
        "refused": sum(status != 200 for status in statuses),
        **{f"p{part}": took[min(count - 1, count * part // 100)] for part in (50, 99)},
        "most": took[-1],
    }


def _line(number: int) -> tuple[dict[str, str], bytes]:
    """Headers and body of a text that somebody wrote to the market's account."""
    event = {
        "type": "message",
        "webhookEventId": f"01HX{number:022}",
        "timestamp": 1764000000000,
        "mode": "active",
        "deliveryContext": {"isRedelivery": False},
        "source": {"type": "user", "userId": f"U{number % 500:032x}"},
        "replyToken": f"r{number}",
        "message": {"type": "text", "id": str(number), "quoteToken": "q", "text": WORDS[number % len(WORDS)]},
    }
    body = json.dumps({"destination": "U0", "events": [event]}).encode()
    return {"X-Line-Signature": base64.b64encode(hmac.digest(SECRET.encode(), body, hashlib.sha256)).decode()}, body


def _telegram(number: int) -> tuple[dict[str, str], bytes]:
    """The same, to the market's bot."""
    person = 1_000 + number % 500
    message = {
        "message_id": number,
        "date": 1764000000,
        "chat": {"id": person, "type": "private", "first_name": "x"},
        "from": {"id": person, "is_bot": False, "first_name": "x"},
        "text": WORDS[number % len(WORDS)],
    }
    body = json.dumps({"update_id": number, "message": message}).encode()
    return {"X-Telegram-Bot-Api-Secret-Token": SECRET, "Content-Type": "application/json"}, body


_TOLD = {"line": _line, "telegram": _telegram}


def _waiting(database: Path) -> int:
    import sqlite3

    with sqlite3.connect(database, timeout=30) as connection:
        return int(connection.execute("SELECT count(*) FROM inbox WHERE done_at IS NULL").fetchone()[0])


def measure(scale: float) -> Table:
    got = measured(__name__, seconds=scaled(SECONDS, scale))
    return Table(
        name="hooks",
        title="Acknowledging webhooks",
        columns=("service", "events/s", "events", "not 200", "p50 ms", "p99 ms", "longest ms"),
        rows=[
            (
                {"line": "LINE", "telegram": "Telegram"}[row["service"]],
                *(row[each] for each in ("rate", "events", "refused")),
                *(row[each] * 1000 for each in ("p50", "p99", "most")),
            )
            for row in got["rows"]
        ],
        note="One signed event a call, sent at its own moment whatever the others take, to `songsuk serve` on SQLite "
        "(`synchronous=FULL`), which stores each before it answers, and works them off meanwhile: texts of 500 people, "
        "each answered through a fake service. All share the machine. After the last call the daemon needed "
        f"{got['worked_off']:.0f} s to have worked off what was left.",
    )
