"""How long a market's whole day takes from the command line: imports, ``songsuk day --approve``, and the same again."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.harness import CONFIG, Table, measured, songsuk

SIZES = ("typical", "big", "festival")
DATE = "2026-11-24"


def child(size: str, folder: str) -> dict[str, Any]:
    """Write the files of an invented market."""
    from scheduler.cli.demo import SAMPLE_DAY
    from scheduler.config import load
    from scheduler.demo.market import write

    assert SAMPLE_DAY.isoformat() == DATE
    files = write(Path(folder), load(CONFIG), SAMPLE_DAY, size, 1)
    return {"members": [str(files.sellers), str(files.riders), str(files.coordinators)], "orders": str(files.orders)}


def measure(scale: float) -> Table:
    rows = []
    for size in SIZES if scale == 1 else ("small",):
        with tempfile.TemporaryDirectory() as named:
            folder = Path(named)
            files = measured(__name__, size=size, folder=named)
            environ = {"SONGSUK_DATABASE_URL": f"sqlite:///{folder}/day.db", "SONGSUK_CONFIG": str(CONFIG)}
            imports = [songsuk("members", "import", path, environ=environ) for path in files["members"]]
            imports.append(songsuk("orders", "import", files["orders"], "--json", environ=environ))
            day = songsuk("day", DATE, "--approve", "--json", environ=environ, codes=(0,))
            again = songsuk("day", DATE, "--approve", "--json", environ=environ, codes=(0,))
            assert json.loads(again.out)["messages"] == json.loads(day.out)["messages"]
            assert not any(wave["did"] for wave in json.loads(again.out)["waves"])
            plans = json.loads(songsuk("plan", "show", DATE, "--json", environ=environ, codes=(0,)).out)
        solving = sum(wave["summary"]["solving_ms"] for wave in plans["waves"]) / 1000
        found = json.loads(day.out)
        rows.append(
            (
                size,
                json.loads(imports[-1].out)["orders"],
                sum(each.seconds for each in imports),
                day.seconds,
                day.cpu_seconds,
                solving,
                day.seconds - solving,
                sum(wave["orders"] for wave in found["waves"]),
                sum(found["messages"].values()),
                round(day.peak_mib),
                again.seconds,
            )
        )
    return Table(
        name="day",
        title="A market's whole day",
        columns=(
            "market",
            "orders",
            "4 imports s",
            "songsuk day s",
            "of it CPU s",
            "of it planning s",
            "all the rest s",
            "served",
            "messages",
            "peak MiB",
            "day again s",
        ),
        rows=rows,
        note="The demo's invented market (seed 1), `config.yaml` as shipped, SQLite, the console channel. `songsuk "
        f"day {DATE} --approve` closes, plans, approves, dispatches and finishes three waves and sends every message; "
        "*all the rest* is that without the search for better plans, which may take what `solver.seconds` allows. The "
        "same command again does nothing and sends nothing.",
    )
