"""Accounts are brought to what is wanted, once: the second time nothing changes, and a look changes nothing at all.

A chat is given its menu by one call, which may be repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from line_server import LineServer
from samples import line_id, telegram_id
from telegram_server import TelegramServer

from channels.base import Gone, Later, Menu, Receipt, Refused, Unknown, Wanted
from channels.line.menu import rich_menu

EVERYBODY = Menu(name="everybody", words=(("where", "ถึงไหนแล้ว"), ("help", "ช่วยเหลือ")), language="th")
RIDER = Menu(name="rider", words=(("work", "งานของฉัน"), ("help", "ช่วยเหลือ")), language="th")
WANTED = Wanted(webhook="https://songsuk.example/hooks/x", menus=(EVERYBODY, RIDER))


async def states(channel: Any, wanted: Wanted = WANTED, *, dry_run: bool = False) -> list[tuple[str, str]]:
    return [(change.what, change.state) for change in await channel.setup(wanted, dry_run=dry_run)]


def all_of(webhook: str, *menus: str, old: str = "") -> list[tuple[str, str]]:
    """What became of LINE's webhook and of each menu."""
    return [("webhook", webhook), *(("menu", state) for state in menus), *([("old_menus", old)] if old else [])]


def test_a_line_account(with_line: Callable[..., Any]) -> None:
    """Webhook and menus, the first for everybody; another word makes a new menu and ends our old one alone."""

    async def use(channel: Any, server: LineServer) -> None:
        server.menus["richmenu-theirs"] = rich_menu(EVERYBODY) | {"name": "made by hand"}
        assert await states(channel, dry_run=True) == all_of("would_change", "would_change", "would_change")
        assert (server.webhook, list(server.menus)) == (None, ["richmenu-theirs"])
        assert await states(channel) == all_of("changed", "changed", "changed")
        assert server.webhook == WANTED.webhook
        theirs, everybody, rider = server.menus
        assert (server.menu_for_all, set(server.pictures)) == (everybody, {everybody, rider})
        assert await states(channel) == all_of("unchanged", "unchanged", "unchanged")
        other = replace(WANTED, menus=(EVERYBODY, replace(RIDER, words=RIDER.words[:1])))
        wished = all_of("unchanged", "unchanged", "would_change", old="would_change")
        assert await states(channel, other, dry_run=True) == wished
        assert await states(channel, other) == all_of("unchanged", "unchanged", "changed", old="changed")
        assert list(server.menus)[:2] == [theirs, everybody]
        assert rider not in server.menus
        server.menu_for_all = theirs
        assert await states(channel, other) == all_of("unchanged", "changed", "unchanged")
        assert server.menu_for_all == everybody
        server.token = "another"
        assert await states(channel) == all_of("failed", "failed")

    with_line(use)


def test_a_menu_that_was_left_half_made_is_drawn(with_line: Callable[..., Any]) -> None:
    """Where the last setup ended between a menu and its picture, the next one draws it, and makes no second."""

    async def use(channel: Any, server: LineServer) -> None:
        await channel.setup(WANTED, dry_run=False)
        made = dict(server.menus)
        server.pictures.clear()
        assert await states(channel) == all_of("unchanged", "changed", "changed")
        assert server.menus == made
        assert set(server.pictures) == set(made)

    with_line(use)


def test_a_chat_on_line_shows_its_menu(with_line: Callable[..., Any]) -> None:
    """Linked by a menu that the setup has made, also after it was made anew; then again the one for everybody."""
    somebody, stranger = line_id(1), line_id(2)

    async def use(channel: Any, server: LineServer) -> None:
        assert await channel.offer(somebody, RIDER) == Refused(reason="no_menu", account=True)
        await channel.setup(WANTED, dry_run=False)
        _, rider = server.menus
        for _ in range(2):
            assert isinstance(await channel.offer(somebody, RIDER), Receipt)
            assert server.menu_of == {somebody: rider}
        for menu in list(server.menus):
            server.menus.pop(menu)
            server.pictures.pop(menu)
        await channel.setup(WANTED, dry_run=False)
        assert isinstance(await channel.offer(somebody, RIDER), Receipt)
        assert server.menu_of == {somebody: list(server.menus)[1]}
        server.friends = {somebody}
        assert await channel.offer(stranger, RIDER) == Gone(reason="unknown_recipient", status=404)
        for _ in range(2):
            assert isinstance(await channel.offer(somebody, None), Receipt)
            assert server.menu_of == {}
        assert channel.menu_mark(RIDER) != channel.menu_mark(replace(RIDER, words=RIDER.words[:1]))
        server.token = "another"
        assert await channel.offer(somebody, None) == Refused(reason="token", status=401, account=True)

    with_line(use)


def test_a_chat_on_telegram_lists_its_commands(with_telegram: Callable[..., Any]) -> None:
    """Those of its role, in that chat alone; then again those for everybody."""
    someone, stranger = telegram_id(1), telegram_id(2)

    async def use(channel: Any, server: TelegramServer) -> None:
        await channel.setup(WANTED, dry_run=False)
        assert isinstance(await channel.offer(someone, RIDER), Receipt)
        listed = [{"command": command, "description": said} for command, said in RIDER.words]
        assert server.commands_of == {someone: listed}
        assert [each["command"] for each in server.commands] == ["where", "help"]
        assert isinstance(await channel.offer(someone, None), Receipt)
        assert server.commands_of == {someone: []}
        server.blockers = {stranger}
        assert isinstance(await channel.offer(stranger, RIDER), Gone)
        server.faults.order("rate")
        assert isinstance(await channel.offer(someone, RIDER), Later)
        server.faults.order("before_read")
        assert isinstance(await channel.offer(someone, RIDER), Unknown)
        assert server.bad_requests == []

    with_telegram(use)


def test_a_telegram_bot(with_telegram: Callable[..., Any]) -> None:
    """Webhook with its secret, and commands; without a public address the webhook goes."""

    async def use(channel: Any, server: TelegramServer) -> None:
        assert await states(channel, dry_run=True) == [("webhook", "would_change"), ("commands", "would_change")]
        assert (server.webhook, server.commands) == ({}, [])
        assert await states(channel) == [("webhook", "changed"), ("commands", "changed")]
        assert server.webhook["secret_token"] == "telegram-secret"
        assert server.webhook["url"] == WANTED.webhook
        assert await states(channel) == [("webhook", "unchanged"), ("commands", "unchanged")]
        without = replace(WANTED, webhook=None)
        assert await states(channel, without) == [("webhook", "changed"), ("commands", "unchanged")]
        assert server.webhook == {}

    with_telegram(use)
