"""`songsuk config`: is config.yaml right, and what may stand in it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scheduler.cli import screen
from scheduler.cli.opened import ConfigFile, Json, actor_name, opened
from scheduler.cli.preview import preview
from scheduler.cli.screen import Refusal

if TYPE_CHECKING:
    from scheduler.config import Problem, Report

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command()
def check(
    file: Annotated[Path | None, typer.Argument(help="The file; else --config, SONGSUK_CONFIG, config.yaml.")] = None,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Check the whole file and list everything that is wrong, with line, column and what to write.

    The market's own file, which no FILE names, is also held against the market's database, where there is one.
    """
    from scheduler import config as configs
    from scheduler.doctor import of_another_market

    path = file or config or Path(os.environ.get("SONGSUK_CONFIG", "config.yaml"))
    found = configs.check(path)
    lacking = configs.missing_secrets(found.config, os.environ, file=path.name) if found.config is not None else []
    found = replace(found, warnings=(*found.warnings, *lacking, *wording_problems(found)))
    if found.config is not None and file is None and (errors := of_another_market(path, found.config, os.environ)):
        found = replace(found, errors=tuple(errors), config=None)
    if json:
        screen.document(found.as_json())
    else:
        chosen = screen.language()
        for line in found.lines(chosen):
            screen.out().print(line, markup=False, soft_wrap=True)
        if found.ok:
            screen.out().print(f"{path}: " + ("ถูกต้อง" if chosen == "th" else "good"), markup=False)
    raise typer.Exit(0 if found.ok else 2)


def wording_problems(report: Report) -> list[Problem]:
    """What is wrong in the market's own wording: the shipped words are used there, so nobody is left unwritten to."""
    from channels.texts import load_text
    from scheduler.config import Problem

    own = report.config.texts if report.config is not None else None
    if own is None:
        return []
    return [
        Problem(
            file=own.name,
            line=fault.line,
            column=fault.column,
            path=fault.path,
            code=fault.code,
            message=fault.message,
            hint=fault.hint,
        )
        for fault in load_text(own.content)[1]
    ]


app.command()(preview)


@app.command()
def publish(config: ConfigFile = None, json: Json = False) -> None:
    """Put the file in force from the next wave not yet closed; what ``config.publish: manual`` waits for."""
    from scheduler import config as configs

    try:
        loaded = configs.load(config)
        with opened(config) as app:
            if app.versions.take_up(loaded, app.clock.now(), actor_name(), publish=True):
                app.place_again(actor=actor_name())
            version = app.versions.latest
    except configs.ConfigError as error:
        raise Refusal.of([problem.as_json() for problem in error.errors], 2) from None
    if json:
        screen.document({"schema": "songsuk/config.publish/1", "version": version})
    else:
        said = {
            "th": f"เวอร์ชัน {version} มีผลตั้งแต่รอบถัดไปที่ยังไม่ปิด",
            "en": f"version {version} is in force from the next wave not yet closed",
        }
        screen.out().print(screen.spoken(said), markup=False)


@app.command()
def schema() -> None:
    """Print the JSON Schema that editors use for completion and checks."""
    from scheduler import config as configs

    screen.document(configs.json_schema())
