"""`songsuk serve`: the daemon; `songsuk doctor`: is this machine ready."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from scheduler.cli import screen
from scheduler.cli.opened import ConfigFile, Json, needs_secrets, opened
from scheduler.cli.screen import Refusal


def serve(
    host: Annotated[str | None, typer.Option("--host", help="Overrides web.host.")] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Overrides web.port; 0 takes a free one.")
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Run the market: the clock, the outbox and the web, in one process."""
    import asyncio

    from scheduler import daemon

    with opened(config, keep_warm=True, acts=True) as app:
        needs_secrets(app)
        try:
            asyncio.run(daemon.serve(app, host or app.config.web.host, app.config.web.port if port is None else port))
        except daemon.CannotListen as error:
            raise Refusal(
                "web.address",
                "--host" if host else "--port" if port else "web",
                {"th": f"เปิดรับที่ {error} ไม่ได้", "en": f"cannot listen on {error}"},
                {
                    "th": "มีโปรแกรมอื่นใช้อยู่ หรือไม่ใช่ที่อยู่ของเครื่องนี้",
                    "en": "another program has it, or it is no address of this machine",
                },
                exit_code=2,
            ) from None


def doctor(config: ConfigFile = None, json: Json = False) -> None:
    """Look at everything a day needs, and say what is missing and how to mend it. Sends nothing."""
    from scheduler.doctor import examine

    found = examine(config, os.environ)
    if json:
        screen.document({"schema": "songsuk/doctor/1", "ok": all(each["ok"] for each in found), "checks": found})
    else:
        chosen = screen.language()
        for each in found:
            screen.out().print(f"{'✓' if each['ok'] else '✗'} {each['name']}: {each['message'][chosen]}", markup=False)
    raise typer.Exit(0 if all(each["ok"] for each in found) else 1)
