"""Fakes on the loopback, and channels connected to them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "fakes"))

from line_server import LineServer
from telegram_server import TelegramServer

from channels import connect

LINE_SECRETS = {"SONGSUK_LINE_CHANNEL_ACCESS_TOKEN": "line-token", "SONGSUK_LINE_CHANNEL_SECRET": "line-secret"}
TELEGRAM_SECRETS = {
    "SONGSUK_TELEGRAM_BOT_TOKEN": "1234:telegram-token",
    "SONGSUK_TELEGRAM_WEBHOOK_SECRET": "telegram-secret",
}


@pytest.fixture
def line_secrets() -> dict[str, str]:
    return dict(LINE_SECRETS)


@pytest.fixture
def telegram_secrets() -> dict[str, str]:
    return dict(TELEGRAM_SECRETS)


@pytest.fixture
def with_line() -> Callable[..., Any]:
    """Runs `use(channel, server)` with a LINE channel connected to a fresh fake."""

    def run(use: Callable[[Any, LineServer], Any], *, timeout: float = 5, **state: Any) -> Any:
        async def inside() -> Any:
            server = LineServer(**state)
            async with server.running() as base:
                settings = {"api_base": base, "data_base": base, "timeout_seconds": timeout}
                channel = connect("line", settings, LINE_SECRETS)
                try:
                    return await use(channel, server)
                finally:
                    await channel.close()

        return asyncio.run(inside())

    return run


@pytest.fixture
def with_telegram() -> Callable[..., Any]:
    """Runs `use(channel, server)` with a Telegram channel connected to a fresh fake."""

    def run(use: Callable[[Any, TelegramServer], Any], *, timeout: float = 5, **state: Any) -> Any:
        async def inside() -> Any:
            server = TelegramServer(**state)
            async with server.running() as base:
                channel = connect("telegram", {"api_base": base, "timeout_seconds": timeout}, TELEGRAM_SECRETS)
                try:
                    return await use(channel, server)
                finally:
                    await channel.close()

        return asyncio.run(inside())

    return run
