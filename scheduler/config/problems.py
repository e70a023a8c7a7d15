"""What is wrong with a configuration, where, and what to write instead. Knows no YAML and no schema.

`Problem` is one finding with its place; `Report` is all of them; `ConfigError` carries the errors of a refused file.
Lines and columns count from 1, as editors do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from scheduler.config.wording import wording

if TYPE_CHECKING:
    from scheduler.config.models import Config

Language = Literal["th", "en"]
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A problem before it has a place in a text: ``path`` leads to the value, ``at_key`` to its key instead.

    ``more``: so many others of the same part were left out after it.
    """

    path: Path
    code: str
    facts: Mapping[str, object]
    at_key: bool = False
    warning: bool = False
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    file: str
    line: int
    column: int
    path: str
    code: str
    message: Mapping[str, str]
    hint: Mapping[str, str]

    def text(self, language: Language = "en") -> str:
        """``config.yaml:24:38: what is wrong; what to write``"""
        said = f"{self.message[language]}; {self.hint[language]}" if self.hint[language] else self.message[language]
        return f"{self.file}:{self.line}:{self.column}: {said}"

    def as_json(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "path": self.path,
            "code": self.code,
            "message": dict(self.message),
            "hint": dict(self.hint),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a look at a configuration found. ``config`` is there exactly when there are no errors.

    ``more``: how many problems are not listed; counting stops at some thousands of a kind.
    """

    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    config: Config | None = None
    more: int = 0

    @property
    def ok(self) -> bool:
        return not self.errors

    def lines(self, language: Language = "en") -> list[str]:
        """The text form: a line for each problem, the errors first, and the last for those not listed."""
        return [problem.text(language) for problem in (*self.errors, *self.warnings)] + _unlisted(self.more, language)

    def as_json(self) -> dict[str, Any]:
        return {
            "schema": "songsuk/config.check/1",
            "ok": self.ok,
            "errors": [problem.as_json() for problem in self.errors],
            "warnings": [problem.as_json() for problem in self.warnings],
            "more": self.more,
        }


class ConfigError(Exception):
    """A configuration that cannot be used; ``errors`` holds the reasons in the order of the file, and ``more`` how many
    are not listed."""

    def __init__(self, errors: Sequence[Problem], more: int = 0) -> None:
        self.errors, self.more = list(errors), more
        super().__init__("\n".join([*(problem.text() for problem in self.errors), *_unlisted(more, "en")]))


def _unlisted(more: int, language: Language) -> list[str]:
    if not more:
        return []
    return [f"… และอีก {more} ข้อ" if language == "th" else f"… and {more} more"]


def written(path: Path) -> str:
    """``("zones", 2, "polygon")`` as people write it: ``zones[2].polygon``."""
    shown = ""
    for part in path:
        shown += f"[{part}]" if isinstance(part, int) else f".{part}" if shown else part
    return shown


def problem(code: str, facts: Mapping[str, object], *, file: str, line: int, column: int, path: str) -> Problem:
    """A finding with its place and its words in both languages."""
    message, hint = wording(code, facts)
    return Problem(file=file, line=line, column=column, path=path, code=code, message=message, hint=hint)
