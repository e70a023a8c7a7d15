"""How the command line speaks: one JSON document, or tables; refusals with a code, a place and a way out.

stdout carries the answer and nothing else; progress and hints go to stderr. Exit codes: 0 done, 1 refused or part
failed, 2 usage or configuration (nothing written).
"""

from __future__ import annotations

import errno
import json as jsonlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

Words = Mapping[str, str]
T = TypeVar("T")
WIDTH = 120
"""Columns of a table that goes into a file or a pipe."""


def language(environ: Mapping[str, str] = os.environ) -> Literal["th", "en"]:
    """The reader's language: ``SONGSUK_LANGUAGE``, else Thai where the terminal's locale is Thai, else English."""
    wished = environ.get("SONGSUK_LANGUAGE", "")
    if wished in {"th", "en"}:
        return "th" if wished == "th" else "en"
    locale = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    return "th" if locale.startswith("th") else "en"


def spoken(both: Mapping[str, T]) -> T:
    """Of a text, or a row of headings, that stands in both languages: the reader's."""
    return both[language()]


def counted(counts: Mapping[str, int], names: Mapping[str, str] | None = None) -> str:
    """`3 held, 1 ready`; in Thai, where the figure follows what is counted, `held 3, ready 1`."""
    named = [((names or {}).get(name, name), f"{count:,}") for name, count in counts.items()]
    return ", ".join(f"{name} {count}" if language() == "th" else f"{count} {name}" for name, count in named)


class Refusal(Exception):
    """A command that will not do what it was asked: what, where, why and the way out."""

    def __init__(self, code: str, path: str, message: Words, hint: Words | None = None, *, exit_code: int = 1) -> None:
        super().__init__(message["en"])
        self.errors: list[dict[str, Any]] = [
            {"code": code, "path": path, "message": dict(message), "hint": dict(hint or {"th": "", "en": ""})}
        ]
        self.exit_code = exit_code

    @classmethod
    def of(cls, errors: Sequence[Mapping[str, Any]], exit_code: int) -> Refusal:
        """Several at once; each entry has its own keys besides ``code`` and ``message``, such as a row or a line."""
        first = errors[0]
        refusal = cls(first["code"], "", first["message"], exit_code=exit_code)
        refusal.errors = [{"path": "", "hint": {"th": "", "en": ""}, **error} for error in errors]
        return refusal

    def show(self, *, as_json: bool) -> None:
        if as_json:
            document({"schema": "songsuk/error/1", "errors": self.errors})
            return
        chosen = language()
        for error in self.errors:
            place = f"{error['file']}:{error['line']}:{error['column']}" if "line" in error else error.get("path", "")
            hint = error.get("hint", {}).get(chosen, "")
            text = f"{place}: " if place else ""
            text += error["message"][chosen] + (f"; {hint}" if hint else "")
            print(text, file=sys.stderr)  # noqa: T201


def document(found: Mapping[str, Any]) -> None:
    """The one JSON document of a command, on stdout."""
    text = jsonlib.dumps(found, ensure_ascii=False, indent=1)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a letter, out of somebody's own JSON: it can only be written escaped
        text = jsonlib.dumps(found, indent=1)
    sys.stdout.write(text + "\n")


def write(path: Path, content: bytes, option: str) -> None:
    """Write a file that was asked for by `option`; a refusal where it cannot be."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise unwritable(path, error, option) from None


def unwritable(path: Path, error: OSError, option: str) -> Refusal:
    """A file that was asked for by `option` cannot be written."""
    return Refusal(
        "file.unwritable",
        option,
        {"th": f"เขียน {path} ไม่ได้: {thai_reason(error)}", "en": f"cannot write {path}: {error.strerror}"},
        {"th": "เลือกที่อื่นหรือตรวจสิทธิ์", "en": "choose another place, or check the permissions"},
        exit_code=2,
    )


def thai_reason(error: OSError) -> str:
    """Why a file cannot be written, for people; what is rare stays as the system says it."""
    said = {
        errno.EACCES: "ไม่มีสิทธิ์เขียนที่นี่",
        errno.EPERM: "ไม่มีสิทธิ์เขียนที่นี่",
        errno.EROFS: "ที่เก็บนี้อ่านได้อย่างเดียว",
        errno.ENOENT: "ไม่มีโฟลเดอร์นี้",
        errno.ENOTDIR: "ไม่มีโฟลเดอร์นี้",
        errno.EISDIR: "ชื่อนี้เป็นโฟลเดอร์",
        errno.ENOSPC: "พื้นที่เก็บเต็ม",
    }
    return said.get(error.errno or 0) or error.strerror or str(error)


def out() -> Console:
    """Where answers are drawn."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDTH)


def err() -> Console:
    """Where progress and hints are drawn."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """One line to the person at the terminal, beside the answer."""
    print(text, file=sys.stderr)  # noqa: T201


def table(title: str, columns: Iterable[str], rows: Iterable[Sequence[object]], *, right: Iterable[int] = ()) -> None:
    """A table on stdout; the columns in `right` are figures."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    figures = set(right)
    for index, column in enumerate(columns):
        drawn.add_column(column, justify="right" if index in figures else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(str(cell)) for cell in row))
    out().print(drawn)


@contextmanager
def progress(text: str, total: int | None = None, *, quiet: bool = False) -> Iterator[Any]:
    """A progress bar on stderr; yields a function that takes how far it is. Silent where stderr is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, of=None: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err(),
        transient=True,
    ) as bar:
        task = bar.add_task(text, total=total)
        yield lambda done, of=None: bar.update(task, completed=done, total=of if of is not None else total)
