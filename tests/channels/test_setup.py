"""Accounts are brought to what is wanted, once: the second time nothing changes, and a look changes nothing at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from line_server import LineServer
from telegram_server import TelegramServer

from channels.base import Wanted

WANTED = Wanted(
    webhook="https://songsuk.example/hooks/x",
    words=(("where", "ถึงไหนแล้ว"), ("help", "ช่วยเหลือ")),
    language="th",
)


async def states(channel: Any, wanted: Wanted = WANTED, *, dry_run: bool = False) -> dict[str, str]:
    return {change.what: change.state for change in await channel.setup(wanted, dry_run=dry_run)}


def test_a_line_account(with_line: Callable[..., Any]) -> None:
    """Webhook and menu, its picture of the right size; a new word makes a new menu and ends our old one."""

    async def use(channel: Any, server: LineServer) -> None:
        assert await states(channel, dry_run=True) == {"webhook": "would_change", "menu": "would_change"}
        assert (server.webhook, server.menus) == (None, {})
        assert await states(channel) == {"webhook": "changed", "menu": "changed"}
        assert server.webhook == WANTED.webhook
        assert await states(channel) == {"webhook": "unchanged", "menu": "unchanged"}
        (first,) = server.menus
        assert await states(channel, replace(WANTED, words=WANTED.words[:1])) == {
            "webhook": "unchanged",
            "menu": "changed",
        }
        assert server.menu_for_all is not None
        assert list(server.menus) == [server.menu_for_all] != [first]
        server.token = "another"
        assert await states(channel) == {"webhook": "failed", "menu": "failed"}

    with_line(use)


def test_a_telegram_bot(with_telegram: Callable[..., Any]) -> None:
    """Webhook with its secret, and commands; without a public address the webhook goes."""

    async def use(channel: Any, server: TelegramServer) -> None:
        assert await states(channel, dry_run=True) == {"webhook": "would_change", "commands": "would_change"}
        assert (server.webhook, server.commands) == ({}, [])
        assert await states(channel) == {"webhook": "changed", "commands": "changed"}
        assert server.webhook["secret_token"] == "telegram-secret"
        assert server.webhook["url"] == WANTED.webhook
        assert await states(channel) == {"webhook": "unchanged", "commands": "unchanged"}
        assert await states(channel, replace(WANTED, webhook=None)) == {"webhook": "changed", "commands": "unchanged"}
        assert server.webhook == {}

    with_telegram(use)
