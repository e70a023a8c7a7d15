"""`songsuk serve`: the daemon; `songsuk worker`: more cores for it; `songsuk doctor`: is this machine ready."""

from __future__ import annotations

import os
from collections.abc import Coroutine
from typing import Annotated, Any

import typer

from scheduler.cli import screen
from scheduler.cli.opened import ConfigFile, Json, needs_secrets, one_of, opened, queues_had
from scheduler.cli.screen import Refusal

Queues = Annotated[
    str, typer.Option("--queues", metavar="QUEUES", help="What is done here: planning, sending, or planning,sending.")
]
Concurrency = Annotated[
    int | None,
    typer.Option("--concurrency", min=1, max=1024, help="Areas solved at once here; default: one per core."),
]


def serve(
    host: Annotated[str | None, typer.Option("--host", help="Overrides web.host.")] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Overrides web.port; 0 takes a free one.")
    ] = None,
    queues: Queues = "planning,sending",
    concurrency: Concurrency = None,
    config: ConfigFile = None,
) -> None:
    """Run the market: the clock, the outbox and the web, in one process."""
    from scheduler import daemon
    from scheduler.engine import PLANNING, SENDING

    with opened(config, keep_warm=True, acts=True) as app:
        needs_secrets(app)
        wanted, web = _queues(queues), app.config.web
        if app.config.engine.kind == "local" and len(wanted) < 2:
            raise _no_workers("--queues")
        planning = (concurrency or app.planner.workers) if PLANNING in wanted else 0
        serving = daemon.serve(
            app, host or web.host, web.port if port is None else port, planning=planning, sends=SENDING in wanted
        )
        try:
            _run(serving)
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


def worker(queues: Queues = "planning", concurrency: Concurrency = None, config: ConfigFile = None) -> None:
    """Help `songsuk serve` from this machine, for as long as it runs here; the config comes from the database."""
    from scheduler import worker as working
    from scheduler.engine import PLANNING, SENDING

    with opened(config, keep_warm=True) as app:
        wanted = _queues(queues)
        if app.config.engine.kind == "local":
            raise _no_workers("engine.kind")
        if SENDING in wanted:
            needs_secrets(app)
        planning = (concurrency or app.planner.workers) if PLANNING in wanted else 0
        _run(working.work(app, planning=planning, sends=SENDING in wanted))


def _queues(text: str) -> frozenset[str]:
    """The queues that a comma-separated text names, at least one."""
    from scheduler.engine import PLANNING, SENDING

    named = [name.strip() for name in text.split(",")]
    return frozenset(name for each in named if (name := one_of(each, (PLANNING, SENDING), "--queues")) is not None)


def _run(process: Coroutine[Any, Any, None]) -> None:
    """A process's life; a refusal where the engine of several machines cannot be had at its start."""
    import asyncio

    with queues_had():
        asyncio.run(process)


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
