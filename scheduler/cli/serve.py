"""`songsuk serve`: the daemon; `songsuk worker`: more cores for it; `songsuk doctor`: is this machine ready."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from scheduler.cli import screen
from scheduler.cli.opened import ConfigFile, Json, needs_secrets, opened
from scheduler.cli.screen import Refusal

Concurrency = Annotated[
    int | None,
    typer.Option("--concurrency", min=1, max=1024, help="Areas solved at once here; default: one per core."),
]


def serve(
    host: Annotated[str | None, typer.Option("--host", help="Overrides web.host.")] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Overrides web.port; 0 takes a free one.")
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan/--no-plan", help="Whether this machine solves areas too, or workers alone.")
    ] = True,
    concurrency: Concurrency = None,
    config: ConfigFile = None,
) -> None:
    """Run the market: the clock, the outbox and the web, in one process."""
    import asyncio

    from scheduler import daemon

    with opened(config, keep_warm=True, acts=True) as app:
        needs_secrets(app)
        if not plan and app.config.engine.kind == "local":
            raise _no_workers("--no-plan")
        planning = (concurrency or app.planner.workers) if plan else 0
        web = app.config.web
        try:
            asyncio.run(daemon.serve(app, host or web.host, web.port if port is None else port, planning))
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


def worker(concurrency: Concurrency = None, config: ConfigFile = None) -> None:
    """Solve planning areas beside `songsuk serve`, on as many machines as you like; needs the database alone."""
    import asyncio

    from scheduler import worker as working

    with opened(config, keep_warm=True) as app:
        if app.config.engine.kind == "local":
            raise _no_workers("engine.kind")
        asyncio.run(working.work(app, concurrency or app.planner.workers))


def _no_workers(where: str) -> Refusal:
    return Refusal(
        "engine.local",
        where,
        {
            "th": "ตลาดนี้วางแผนในเครื่องเดียวกับ songsuk serve",
            "en": "this market plans where songsuk serve runs, and nowhere else",
        },
        {
            "th": "ใช้ PostgreSQL แล้วเขียน engine: {kind: procrastinate} ใน config.yaml",
            "en": "take PostgreSQL, and write engine: {kind: procrastinate} in config.yaml",
        },
        exit_code=2,
    )


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
