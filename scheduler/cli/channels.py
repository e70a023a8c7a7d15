"""`songsuk channels setup`: the accounts at the chat services, brought to what this market needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from scheduler.cli import screen
from scheduler.cli.opened import ConfigFile, Json, needs_secrets, opened

if TYPE_CHECKING:
    from scheduler.app import App

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Keeps `setup` a command of its own, though it is the only one."""


@app.command()
def setup(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look, and change nothing.")] = False,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Register webhooks, LINE's menus and Telegram's commands; what is right already is left alone."""
    import asyncio

    with opened(config) as app:
        needs_secrets(app)
        found: dict[str, Any] = {
            "schema": "songsuk/channels.setup/1",
            "dry_run": dry_run,
            "public_url": app.config.web.public_url,
            "changes": asyncio.run(_set_up(app, dry_run)),
        }
    failed = any(change["state"] == "failed" for change in found["changes"])
    if json:
        screen.document(found)
    else:
        screen.table(
            "",
            ["channel", "what", "state", "detail"],
            ([each[name] for name in ("channel", "what", "state", "detail")] for each in found["changes"]),
        )
        if found["public_url"] is None:
            no_url = {
                "th": "ไม่ได้ตั้ง web.public_url จึงลงทะเบียน webhook ไม่ได้",
                "en": "web.public_url is not set: no webhook can be registered",
            }
            screen.say(screen.spoken(no_url))
    raise typer.Exit(1 if failed else 0)


async def _set_up(app: App, dry_run: bool) -> list[dict[str, str]]:
    from channels.base import Wanted
    from scheduler.inbox import menus

    language, public = app.config.market.language, app.config.web.public_url
    changes = []
    for name, channel in app.channels().items():
        hook = f"{str(public).rstrip('/')}/hooks/{name}" if public else None
        wanted = Wanted(webhook=hook, menus=menus(language))
        for change in await channel.setup(wanted, dry_run=dry_run):
            changes.append({"channel": name, "what": change.what, "state": change.state, "detail": change.detail})
    await app.close_channels()
    return changes
