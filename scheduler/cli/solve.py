"""`songsuk solve`: the bare solver, on VROOM's JSON."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated, Any

import typer

from scheduler.cli import screen
from scheduler.cli.opened import Json
from scheduler.cli.screen import Refusal


def solve(
    problem: Annotated[Path, typer.Argument(help="A problem in VROOM's JSON; `-` reads it from stdin.")],
    seconds: Annotated[float, typer.Option("--seconds", help="Wall seconds to look for better plans.")] = 20.0,
    iterations: Annotated[int | None, typer.Option("--iterations", help="Stop after this many iterations.")] = None,
    workers: Annotated[int, typer.Option("--workers", help="Cores to use; 0 means all.")] = 0,
    seed: Annotated[int, typer.Option("--seed")] = 1,
    engine: Annotated[str, typer.Option("--engine", help="auto, or the name of an engine.")] = "auto",
    check: Annotated[Path | None, typer.Option("--check", help="Verify this plan instead of making one.")] = None,
    json: Json = False,
) -> None:
    """Solve one delivery problem in VROOM's format, or verify a plan with --check. Prints VROOM's output format."""
    from routing.model import Settings
    from routing.vroom import check_document, solve_document

    asked = _read(problem)
    if check is not None:
        violations = check_document(asked, _read(check))
        screen.document({"schema": "songsuk/check/1", "ok": not violations, "violations": violations})
        raise typer.Exit(1 if violations else 0)
    settings = Settings(engine=engine, seconds=seconds, iterations=iterations, workers=workers, seed=seed)
    answer = solve_document(asked, settings)
    screen.document(answer)
    raise typer.Exit({0: 0, 2: 2}.get(answer["code"], 1))


def _read(path: Path) -> Any:
    import sys

    try:
        raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        return jsonlib.loads(raw)
    except OSError as error:
        raise Refusal(
            "file.unreadable",
            str(path),
            {"th": f"อ่านไฟล์ไม่ได้: {error.strerror}", "en": f"cannot be read: {error.strerror}"},
            exit_code=2,
        ) from None
    except (ValueError, RecursionError) as error:
        raise Refusal(
            "json.invalid",
            str(path),
            {"th": f"ไม่ใช่ JSON ที่ถูกต้อง: {error}", "en": f"is not JSON: {error}"},
            exit_code=2,
        ) from None
