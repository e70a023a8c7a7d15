"""How close to Telegram's limit one bot speaks, and how often it is told off: ours beside two that people use."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks import sent
from benchmarks.harness import Table, measured

SECONDS = 60.0
ALLOWED = 30


def child(way: str, seconds: float) -> dict[str, Any]:
    """What the fake service counted while this way sent for `seconds`, and how many it gave up."""
    with sent.fake("telegram", "--enforce", "--unchecked") as base:
        lost = WAYS[way](base, seconds)
        return {**sent.counts(base), "lost": lost}


def _songsuk(base: str, seconds: float) -> int:
    """Rows on SQLite through the outbox, as the daemon sends them."""
    from channels.telegram import TelegramChannel
    from scheduler.clock import SystemClock
    from scheduler.outbox import Outbox
    from storage import open_store

    clock = SystemClock()
    with sent.database("sqlite") as url, open_store(url) as store:
        messages = sent.copies(sent.typical(), int(seconds * ALLOWED) + ALLOWED, "telegram", clock.now())
        store.add_messages(messages, actor="bench", at=clock.now())

        async def send() -> None:
            channel = TelegramChannel(token=sent.TELEGRAM_TOKEN, webhook_secrets=(), api_base=base, timeout=10.0)
            outbox = Outbox(store, {"telegram": channel}, clock)
            asyncio.get_running_loop().call_later(seconds + 2.5, outbox.stop)  # a new sender is silent for a second
            await outbox.drain()
            await channel.close()

        asyncio.run(send())
        return len(store.messages(states={"failed", "unknown"}))


def _ptb(base: str, seconds: float) -> int:
    """python-telegram-bot with the rate limiter it comes with, as its documentation sets it up."""
    from telegram.error import TelegramError
    from telegram.ext import AIORateLimiter, ApplicationBuilder

    async def send() -> int:
        builder = ApplicationBuilder().token(sent.TELEGRAM_TOKEN).base_url(f"{base}/bot")
        application = builder.rate_limiter(AIORateLimiter()).build()
        async with application:
            say = application.bot.send_message
            calls = [say(chat, "ส่งประมาณ 11:00–11:30 น.") for chat in range(1000, 1000 + int(seconds * ALLOWED))]
            answers = await asyncio.gather(*calls, return_exceptions=True)
        return sum(isinstance(answer, TelegramError) for answer in answers)

    return asyncio.run(send())


def _apprise(base: str, seconds: float) -> int:
    """Apprise, one person after the other."""
    from apprise import Apprise
    from apprise.plugins.telegram import NotifyTelegram

    NotifyTelegram.notify_url = f"{base}/bot"
    end, lost = time.monotonic() + seconds, 0
    chat = 1000
    while time.monotonic() < end:
        chat += 1
        person = Apprise()
        person.add(f"tgram://{sent.TELEGRAM_TOKEN}/{chat}/")
        lost += not person.notify(body="ส่งประมาณ 11:00–11:30 น.")
    return lost


WAYS: Mapping[str, Callable[[str, float], int]] = {
    "Songsuk, SQLite": _songsuk,
    "python-telegram-bot, AIORateLimiter": _ptb,
    "Apprise": _apprise,
}


def measure(scale: float) -> Table:
    rows = []
    for way in WAYS:
        seconds = max(1.0, scale * SECONDS)
        try:
            got = measured(__name__, way=way, seconds=seconds)
        except RuntimeError as missing:
            if "ModuleNotFoundError" not in str(missing) and "To use `AIORateLimiter`" not in str(missing):
                raise
            continue
        rate = (got["accepted"] - 1) / got["span"] if got["span"] else 0.0
        rows.append(
            (way, round(got["span"]), got["accepted"], rate, round(rate / ALLOWED * 100), got["limited"], got["lost"])
        )
    return Table(
        name="limits",
        title="Keeping to Telegram's limits",
        columns=("way", "seconds", "accepted", "messages/s", "% of 30/s", "429s", "given up"),
        rows=rows,
        note="A fake Telegram, in a process of its own, that takes 30 messages in any second, one a second to a chat, "
        "and answers 429 above that; each message goes to another chat. *Given up* were answered 429 and not sent "
        "again. The peers need the dependency group `bench` and are left out without it.",
    )
