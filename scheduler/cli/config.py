"""`songsuk config`: is config.yaml right, and what may stand in it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scheduler.cli import screen
from scheduler.cli.opened import ConfigFile, Json

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

    path = file or config or Path(os.environ.get("SONGSUK_CONFIG", "config.yaml"))
    found = completed(configs.check(path), path, own=file is None)
    if json:
        screen.document(found.as_json())
    else:
        chosen = screen.language()
        for line in found.lines(chosen):
            screen.out().print(line, markup=False, soft_wrap=True)
        if found.ok:
            screen.out().print(f"{path}: " + ("ถูกต้อง" if chosen == "th" else "good"), markup=False)
    raise typer.Exit(0 if found.ok else 2)


def completed(found: Report, path: Path, *, own: bool) -> Report:
    """A look at the file at `path`, with what its text alone cannot say: secrets, wording, and of the market's `own`
    file whether the database is another market's."""
    from scheduler import config as configs
    from scheduler.doctor import of_another_market

    if found.config is None:
        return found
    lacking = configs.missing_secrets(found.config, os.environ, file=path.name)
    found = replace(found, warnings=(*found.warnings, *lacking, *wording_problems(found)))
    errors = of_another_market(path, found.config, os.environ) if own and found.config is not None else []
    return replace(found, errors=tuple(errors), config=None) if errors else found


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


@app.command()
def schema() -> None:
    """Print the JSON Schema that editors use for completion and checks."""
    from scheduler import config as configs

    screen.document(configs.json_schema())
