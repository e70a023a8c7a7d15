"""How long a command line needs to answer: ``songsuk --help``, from nothing, beside what it stands on."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping

from benchmarks.harness import CONFIG, Ran, Table, run, scaled, songsuk

TIMES = 11


def measure(scale: float) -> Table:
    """Fresh processes in turn, so that a busy moment of the machine falls on all of them alike."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {"SONGSUK_DATABASE_URL": f"sqlite:///{folder}/start.db", "SONGSUK_CONFIG": str(CONFIG)}
        songsuk("db", "upgrade", environ=environ, codes=(0,))
        kinds: Mapping[str, Callable[[], Ran]] = {
            "python -c pass": lambda: run([sys.executable, "-c", "pass"]),
            'python -c "import typer"': lambda: run([sys.executable, "-c", "import typer"]),
            "songsuk --help": lambda: songsuk("--help", codes=(0,)),
            "songsuk orders import --help": lambda: songsuk("orders", "import", "--help", codes=(0,)),
            "songsuk orders list": lambda: songsuk("orders", "list", environ=environ, codes=(0,)),
        }
        ran: dict[str, list[Ran]] = {kind: [] for kind in kinds}
        for _ in range(scaled(TIMES, scale)):
            for kind, start in kinds.items():
                ran[kind].append(start())
    bare = statistics.median(each.seconds for each in ran["python -c pass"])
    rows = []
    for kind, times in ran.items():
        seconds = [each.seconds for each in times]
        median = statistics.median(seconds)
        cpu = statistics.median(each.cpu_seconds for each in times)
        peak = max(each.peak_mib for each in times)
        rows.append((kind, median, cpu, min(seconds), max(seconds), median / bare, peak))
    return Table(
        name="start",
        title="Answering songsuk --help",
        columns=("command", "median s", "CPU s", "least s", "most s", "× bare python", "peak MiB"),
        rows=rows,
        note=f"Median of {len(ran['songsuk --help'])} starts each, the commands taking turns. "
        "The goal of `--help` is 0.5 s; `import typer` is what any such command line pays before its own first line. "
        "`orders list`, over an empty database, is what every command pays that opens the market: config, rules, "
        "storage.",
    )
