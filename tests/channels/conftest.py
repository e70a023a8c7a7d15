"""Fakes on the loopback, channels connected to them, and a wall: no test here can reach an official host."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable, Iterator
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


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Names other than the loopback's are not looked up, and the attempt fails the test that made it."""
    asked: list[str] = []
    look_up = socket.getaddrinfo

    def guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in (None, "127.0.0.1", "::1", "localhost"):
            asked.append(str(name))
            raise OSError(f"tests may not look up {name}")
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", guarded)
    yield asked
    assert not asked


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
