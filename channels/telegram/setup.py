"""A bot brought to what is wanted: where its updates go, and its commands, each only where it differs."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Literal

from channels.base import Change, Wanted

if TYPE_CHECKING:
    from telegram import Bot


async def brought_to(
    bot: Bot, wanted: Wanted, webhook: str | None, secret: str, heard: Sequence[str], *, dry_run: bool
) -> list[Change]:
    """`webhook` None: the bot polls, or has no public address; a webhook would only stand in its way."""
    return [
        await _tried("webhook", _webhook(bot, webhook, secret, heard, dry_run)),
        await _tried("commands", _commands(bot, wanted, dry_run)),
    ]


async def _tried(what: Literal["webhook", "commands"], work: Awaitable[Change]) -> Change:
    from telegram.error import TelegramError

    try:
        return await work
    except TelegramError as failure:
        return Change(what=what, state="failed", detail=type(failure).__name__ + f": {failure.message}"[:200])


async def _webhook(bot: Bot, webhook: str | None, secret: str, heard: Sequence[str], dry_run: bool) -> Change:
    found = await bot.get_webhook_info()
    same = found.url == (webhook or "") and (webhook is None or tuple(found.allowed_updates or ()) == tuple(heard))
    shown = webhook or "none: updates are polled, or web.public_url is not set"
    if dry_run:
        return Change(what="webhook", state="unchanged" if same else "would_change", detail=shown)
    if webhook is not None:  # also where the address is the same: Telegram does not tell which secret it has
        await bot.set_webhook(webhook, secret_token=secret, allowed_updates=list(heard))
    elif not same:
        await bot.delete_webhook()
    return Change(what="webhook", state="unchanged" if same else "changed", detail=shown)


async def _commands(bot: Bot, wanted: Wanted, dry_run: bool) -> Change:
    words = wanted.menus[0].words  # those of a role are given chat by chat, and registered nowhere
    found = [(each.command, each.description) for each in await bot.get_my_commands()]
    shown = " ".join(f"/{command}" for command, _ in words)
    if found == list(words):
        return Change(what="commands", state="unchanged", detail=shown)
    if dry_run:
        return Change(what="commands", state="would_change", detail=shown)
    await bot.set_my_commands(list(words))
    return Change(what="commands", state="changed", detail=shown)
