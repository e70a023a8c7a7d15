"""What every benchmark shares: a table, children measured from outside, the line that names the machine.

Everything measured runs in a child process, so that its peak memory is its own. The parent imports the standard library
alone: on Linux a child's peak begins at that of the process it came from. Knows nothing of what is measured.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOUSE = Path(__file__).resolve().parent.parent
CONFIG = HOUSE / "config.yaml"
MIB = 2**20


class Skipped(Exception):
    """What a benchmark needs is not here; says what that is."""


Cell = str | int | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One benchmark's figures. ``note`` says, in Markdown, what was measured and how to read it."""

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return {"benchmark": self.name, "title": self.title, "rows": rows}

    def as_markdown(self) -> str:
        lines = [
            "| " + " | ".join(self.columns) + " |",
            "|" + "|".join("---:" if number else ":---" for number in self._numbers()) + "|",
            *("| " + " | ".join(shown(cell) for cell in row) + " |" for row in self.rows),
        ]
        return "\n".join(lines)

    def as_text(self) -> str:
        cells = [list(self.columns), *([shown(cell) for cell in row] for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        aligned = [str.rjust if number else str.ljust for number in self._numbers()]
        drawn = [
            "  ".join(align(text, width) for text, width, align in zip(row, widths, aligned, strict=True)).rstrip()
            for row in cells
        ]
        return "\n".join([self.title, "-" * len(self.title), *drawn])

    def _numbers(self) -> list[bool]:
        """Which columns stand to the right."""
        return [not any(isinstance(cell, str) for cell in column) for column in zip(*self.rows, strict=True)]


def shown(cell: Cell) -> str:
    """Three figures of a fraction, thousands apart, a dash for nothing."""
    if cell is None:
        return "–"
    if isinstance(cell, float):
        digits = 0 if abs(cell) >= 100 else 1 if abs(cell) >= 10 else 2 if abs(cell) >= 1 else 3
        return f"{cell:,.{digits}f}"
    return f"{cell:,}" if isinstance(cell, int) else cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One process, seen from outside: seconds on the wall, seconds of the processor (which a busy machine changes
    less), and the peak of it or of the biggest process it started."""

    code: int
    seconds: float
    cpu_seconds: float
    peak_mib: float
    out: str


def run(command: Sequence[str | Path], environ: Mapping[str, str] | None = None, *, codes: Sequence[int] = (0,)) -> Ran:
    """Run a command to its end; anything but an expected exit code is an error that shows what it said."""
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        child = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            env={**os.environ, "PYTHONPATH": str(HOUSE), **(environ or {})},
        )
        assert child.stdout is not None
        with child.stdout:
            out = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in codes:
            said.seek(0)
            heard = said.read()[-2000:].decode(errors="replace")
            raise RuntimeError(f"{' '.join(map(str, command))} ended with {child.returncode}:\n{heard}")
    kib = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return Ran(
        code=child.returncode,
        seconds=seconds,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_mib=kib / 1024,
        out=out.decode(),
    )


def songsuk(*words: str | Path, environ: Mapping[str, str] | None = None, codes: Sequence[int] = (0, 1)) -> Ran:
    """The command line as a person runs it: the console script of this environment."""
    return run([Path(sys.executable).with_name("songsuk"), *words], environ, codes=codes)


def measured(module: str, **arguments: Any) -> dict[str, Any]:
    """What ``module.child(**arguments)`` answers in a process of its own, with that process's ``peak_mib``."""
    ran = run([sys.executable, "-m", "benchmarks.child", module, json.dumps(arguments)])
    return {**json.loads(ran.out), "peak_mib": ran.peak_mib}


def scaled(count: int, scale: float, least: int = 1) -> int:
    """`count`, or less of it where only a trial is wanted."""
    return max(least, round(count * scale))


def hardware() -> str:
    """The processor, and how many of its cores are ours."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model n")]
        model = names[0] if names else model
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}, {cores} cores"


def machine(version: str) -> str:
    """What the figures were measured on, in one line; `version` is the commit as the run began."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    python = platform.python_version()
    today = dt.datetime.now(dt.UTC).date()
    return f"{hardware()}{load}, Python {python}, {platform.system()}; commit {version}, {today}"


def commit(*, apart_from: Sequence[str] = ()) -> str:
    """The commit these files are at; a plus sign where tracked ones differ from it, those paths left aside."""
    git = ["git", "-C", str(HOUSE)]
    others = [".", *(f":(exclude){path}" for path in apart_from)]
    try:
        at = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
        changed = subprocess.run(
            [*git, "status", "--porcelain", "--untracked-files=no", "--", *others],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return at.stdout.strip() + ("+" if changed.stdout.strip() else "")
