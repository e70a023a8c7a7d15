"""How long a change of the config takes to be held against the last month, as the command does it, process and all."""

from __future__ import annotations

import datetime as dt
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.harness import CONFIG, Table, run, scaled

DAYS = 30
TODAY = dt.date(2026, 11, 25)

CHANGES = {
    "a fee": ("fee_baht: 25\n    waves: [midday, evening]", "fee_baht: 30\n    waves: [midday, evening]"),
    "a border, Khun Thale": (
        "[99.3935, 9.0620], [99.3900, 9.0550], [99.3230, 9.0550]",
        "[99.3935, 9.0620], [99.3925, 9.0600], [99.3250, 9.0600]",
    ),
    "a border in town": ("[99.3400, 9.1370], [99.3300, 9.1415]", "[99.3400, 9.1370], [99.3260, 9.1400]"),
    "slower salengs": ("speed_kmh: 15", "speed_kmh: 13"),
}
"""What is edited, as the text before and after; from what no plan feels to what every plan does."""


def market(folder: Path, days: int, size: str = "typical", config: Path = CONFIG) -> str:
    """A database with `days` of invented orders before `TODAY`, and its people; its address. Sundays are off."""
    from scheduler.app import build
    from scheduler.clock import SteppedClock
    from scheduler.config import load
    from scheduler.demo.market import write
    from scheduler.intake import read_members, read_orders

    url = f"sqlite:///{folder / 'songsuk.db'}"
    (folder / "config.yaml").write_bytes(config.read_bytes())
    tz = load(config).market.time_zone
    app = build(
        config_path=folder / "config.yaml",
        environ={"SONGSUK_DATABASE_URL": url},
        clock=SteppedClock(dt.datetime.combine(TODAY - dt.timedelta(days=days + 2), dt.time(12), tz)),
    )
    clock = app.clock
    assert isinstance(clock, SteppedClock)
    for ahead in range(days, 0, -1):
        date = TODAY - dt.timedelta(days=ahead)
        if not any(app.versions.calendar().is_open(date, zone) for zone in app.config.zones):
            continue
        clock.set(dt.datetime.combine(date - dt.timedelta(days=2), dt.time(12), tz))
        files = write(folder / "files", app.config, date, size, 1)
        if not app.store.members():
            for path in (files.riders, files.sellers):
                read = read_members(path, name=path.name, role=None, context=app.intake_context())
                app.store.save_members(read.members, actor="bench", at=clock.now())
        orders = read_orders(files.orders, name=files.orders.name, context=app.intake_context()).orders
        app.take_orders([replace(each, order_id=f"{date}-{each.order_id}") for each in orders], actor="bench")
    app.planner.close()
    app.store.close()
    return url


def measure(scale: float) -> Table:
    """The same month held against edits that touch more and more of it."""
    days, rows = scaled(DAYS, scale), []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        url = market(folder, days, "typical" if scale == 1 else "small")
        text = CONFIG.read_text(encoding="utf-8")
        for name, (old, new) in CHANGES.items():
            assert text.count(old) >= 1, old
            (folder / "new.yaml").write_text(text.replace(old, new), encoding="utf-8")
            rows.append((name, *_row(folder, url, days)))
    return Table(
        name="preview",
        title=f"Holding a change of the config against {days} days",
        columns=("what is edited", "orders", "waves", "solved", "seconds", "cpu s", "peak MiB", "km", "orders in/out"),
        rows=rows,
        note=f"`songsuk config preview` as a process, start and all, over {days} days of the demo's invented market "
        "(seed 1; Sundays are off), each day with other orders. *waves*: those of both sides; *solved*: how many "
        "of them were different problems; the others share a plan. *km*: the difference the edit makes.",
    )


def _row(folder: Path, url: str, days: int) -> tuple[Any, ...]:
    environ = {
        "SONGSUK_CONFIG": str(folder / "config.yaml"),
        "SONGSUK_DATABASE_URL": url,
        "SONGSUK_CLOCK": f"{TODAY}T12:00:00+07:00",
    }
    words: list[str | Path] = ["config", "preview", folder / "new.yaml", "--days", str(days), "--json"]
    ran = run([sys.executable, "-m", "scheduler", *words], environ)
    found = json.loads(ran.out)
    total, how = found["total"], found["how"]
    return (
        found["period"]["orders"],
        how["problems"],
        how["solved"],
        ran.seconds,
        ran.cpu_seconds,
        round(ran.peak_mib),
        round(total["distance"]["change"] / 1000, 1),
        f"{total['in']}/{total['out']}",
    )
