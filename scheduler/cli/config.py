"""`songsuk config`: is config.yaml right, and what may stand in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from scheduler.cli import screen
from scheduler.cli.opened import ConfigFile, Json

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command()
def check(
    file: Annotated[Path | None, typer.Argument(help="The file; else --config, SONGSUK_CONFIG, config.yaml.")] = None,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Check the whole file and list everything that is wrong, with line, column and what to write."""
    from scheduler import config as configs

    path = file or config or Path(os.environ.get("SONGSUK_CONFIG", "config.yaml"))
    found = configs.check(path)
    if json:
        screen.document(found.as_json())
    else:
        chosen = screen.language()
        for problem in (*found.errors, *found.warnings):
            screen.out().print(problem.text(chosen), markup=False, soft_wrap=True)
        if found.ok:
            screen.out().print(f"{path}: " + ("ถูกต้อง" if chosen == "th" else "good"), markup=False)
    raise typer.Exit(0 if found.ok else 2)


@app.command()
def schema() -> None:
    """Print the JSON Schema that editors use for completion and checks."""
    from scheduler import config as configs

    screen.document(configs.json_schema())
