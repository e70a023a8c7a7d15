"""`songsuk solve`: the bare solver, on VROOM's JSON."""

from __future__ import annotations

import json as jsonlib
import math
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Annotated, Any

import typer

from scheduler.cli import screen
from scheduler.cli.opened import Json, one_of
from scheduler.cli.screen import Refusal

SECONDS = 20.0
"""How long is looked for better plans where nothing is said."""

A_DAY = 86_400.0
"""As good as no bound: a run that is counted in iterations hangs on no clock."""

MOST_LINES = 50
"""Errors that are told to a person, of one file."""


def solve(
    problem: Annotated[Path, typer.Argument(help="A problem in VROOM's JSON; `-` reads it from stdin.")],
    seconds: Annotated[
        float | None,
        typer.Option("--seconds", min=0, help="Wall seconds to look for better plans; 20 without --iterations."),
    ] = None,
    iterations: Annotated[
        int | None, typer.Option("--iterations", min=1, help="Stop after this many iterations.")
    ] = None,
    workers: Annotated[int, typer.Option("--workers", min=0, help="Cores to use; 0 means all.")] = 0,
    seed: Annotated[int, typer.Option("--seed")] = 1,
    engine: Annotated[str, typer.Option("--engine", help="auto, or the name of an engine.")] = "auto",
    geometry: Annotated[
        bool, typer.Option("--geometry", "-g", help="Add each route's line for a map, straight from stop to stop.")
    ] = False,
    check: Annotated[Path | None, typer.Option("--check", help="Verify this plan instead of making one.")] = None,
    json: Json = False,
) -> None:
    """Solve one delivery problem in VROOM's format, or verify a plan with --check. Prints VROOM's output format."""
    from routing.model import Settings
    from routing.solving import engine_names
    from routing.vroom import DocumentError, check_document, solve_document
    from routing.vroom.geometry import with_geometry
    from routing.vroom.write import errors_to_json

    one_of(engine, ["auto", *engine_names()], "--engine")
    if seconds is not None and not math.isfinite(seconds):
        raise Refusal(
            "usage",
            "--seconds",
            {"th": f"{seconds} ไม่ใช่จำนวนวินาที", "en": f"{seconds} is not a number of seconds"},
            {"th": "เช่น 20", "en": "e.g. 20"},
            exit_code=2,
        )
    asked = _read(problem)
    if check is not None:
        try:
            violations = check_document(asked, _read(check))
        except DocumentError as refused:
            raise Refusal.of(errors_to_json(refused)["errors"], 2) from None
        screen.document({"schema": "songsuk/check/1", "ok": not violations, "violations": violations})
        raise typer.Exit(1 if violations else 0)
    bound = seconds if seconds is not None else SECONDS if iterations is None else A_DAY
    settings = Settings(engine=engine, seconds=bound, iterations=iterations, workers=workers, seed=seed)
    with screen.progress("searching", quiet=json) as show, until_interrupted() as interrupted:
        total = None if bound == A_DAY else round(bound)
        answer = solve_document(asked, settings, lambda p: show(round(p.seconds), total), interrupted)
    if geometry:
        answer = with_geometry(asked, answer)
    if answer["code"] and not json:
        _tell(problem, answer)
    if not answer["code"] or json or not sys.stdout.isatty():  # a program reads VROOM's document, a person the lines
        screen.document(answer)
    raise typer.Exit({0: 0, 2: 2}.get(answer["code"], 1))


@contextmanager
def until_interrupted() -> Iterator[Callable[[], bool]]:
    """Ctrl-C ends the search, and the best plan so far is the answer; a second one ends the program."""
    interrupted = Event()

    def note(*_: object) -> None:
        interrupted.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield interrupted.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def _tell(problem: Path, answer: dict[str, Any]) -> None:
    """Why there is no plan, on stderr: a line for each error, with its place in the file."""
    chosen = screen.language()
    errors = answer.get("errors") or [{"path": "", "message": {"th": answer["error"], "en": answer["error"]}}]
    for error in errors[:MOST_LINES]:
        place = f"{problem}: {error['path']}: " if error["path"] else f"{problem}: "
        text = place + error["message"][chosen]
        screen.say("".join(letter if letter.isprintable() else "\ufffd" for letter in text))
    if len(errors) > MOST_LINES:
        left = len(errors) - MOST_LINES
        more = {"th": f"… อีก {left} รายการ ดูทั้งหมดด้วย --json", "en": f"… {left} more; --json has them all"}
        screen.say(screen.spoken(more))


def _read(path: Path) -> Any:
    try:
        raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        return jsonlib.loads(raw)
    except OSError as error:
        raise Refusal(
            "file.unreadable",
            str(path),
            {"th": f"อ่านไฟล์ไม่ได้: {error.strerror}", "en": f"cannot be read: {error.strerror}"},
            {"th": "ตรวจชื่อไฟล์และสิทธิ์การอ่าน", "en": "check the name and that it may be read"},
            exit_code=2,
        ) from None
    except (ValueError, RecursionError) as error:
        why = _why(error)
        raise Refusal(
            "json.invalid",
            str(path),
            {"th": f"ไม่ใช่ JSON ที่ถูกต้อง: {why}", "en": f"is not JSON: {why}"},
            {"th": "ดูรูปแบบใน docs/reference/schemas", "en": "the format is in docs/reference/schemas"},
            exit_code=2,
        ) from None


def _why(error: ValueError | RecursionError) -> str:
    """What keeps a text from being JSON, without the words of the machine beneath."""
    match error:
        case jsonlib.JSONDecodeError():
            return str(error)
        case UnicodeDecodeError():
            return f"byte {error.start} is no text"
        case RecursionError():
            return "it is nested too deeply"
        case _:
            return "a number in it has thousands of digits"
