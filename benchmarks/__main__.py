"""``python -m benchmarks [NAME ...]``: measure, print a table each, and put the tables into a page if asked.

--json              one JSON line for each table instead
--write PAGE        also replace the tables between the page's markers
--scale 0.01        a hundredth of the work: shows that it runs, not how fast; 20 adds the largest days
--full              what takes long and what needs peers; about an hour and a half
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks import (
    costs,
    day,
    days,
    engine,
    hooks,
    intake,
    limits,
    messages,
    month,
    peers,
    plans,
    preview,
    prism,
    roads,
    sending,
    start,
    vroom_examples,
    zones,
)
from benchmarks.harness import Skipped, Table, commit, machine

BENCHMARKS: Mapping[str, Callable[[float], Table]] = {
    "start": start.measure,
    "intake": intake.measure,
    "zones": zones.measure,
    "plans": plans.measure,
    "preview": preview.measure,
    "roads": roads.measure,
    "messages": messages.measure,
    "sending": sending.measure,
    "limits": limits.measure,
    "engine": engine.measure,
    "hooks": hooks.measure,
    "prism": prism.measure,
    "month": month.measure,
    "costs": costs.measure,
    "day": day.measure,
    "days": days.measure,
    "peers": peers.measure,
    "vroom_examples": vroom_examples.measure,
}


APART = frozenset({"engine", "month", "peers", "vroom_examples"})
"""Measured when asked for by name, or in full: they take minutes each."""

FULL: Mapping[str, float] = {
    "month": 1.0, "engine": 1.0, "limits": 1.0, "sending": 1.0, "prism": 1.0,
    "peers": 1.0, "vroom_examples": 1.0, "roads": 1.0, "days": 20.0,
}  # fmt: skip
"""What takes long, or needs what is in no lock; and the scale of each."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure what the docs claim.")
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"which: {', '.join(BENCHMARKS)}; without, all but {', '.join(sorted(APART))}",
    )
    parser.add_argument("--full", action="store_true", help=f"{', '.join(FULL)}, the largest days too: make bench-full")
    parser.add_argument("--json", action="store_true", help="one JSON line for each table")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="replace the tables between this page's markers")
    parser.add_argument("--scale", type=float, default=1.0, help="part of the work, for a trial")
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    if asked.full and asked.names:
        parser.error("--full has its own list")
    version = commit()  # now: writing the page changes a file
    scales = FULL if asked.full else dict.fromkeys(asked.names or [n for n in BENCHMARKS if n not in APART], 1.0)
    for name, scale in scales.items():
        on, began = machine(version), time.monotonic()
        try:
            table = BENCHMARKS[name](scale * asked.scale)
        except Skipped as reason:
            sys.stderr.write(f"{name} is left out: {reason}\n")
            continue
        took = time.monotonic() - began
        if asked.json:
            print(json.dumps({**table.as_json(), "machine": on, "seconds": round(took, 1)}, ensure_ascii=False))
        else:
            print(f"{table.as_text()}\n{on}; measured in {took:.0f} s\n")
        sys.stdout.flush()
        if asked.write is not None:
            page = asked.write.read_text(encoding="utf-8")
            asked.write.write_text(put(page, table, on), encoding="utf-8")


def put(page: str, table: Table, on: str) -> str:
    """`page` with the table between its markers ``<!-- NAME -->`` and ``<!-- /NAME -->``."""
    block = "\n\n".join(part for part in (table.as_markdown(), table.note, f"Measured on {on}.") if part)
    between = re.compile(rf"(<!-- {table.name} -->).*?(<!-- /{table.name} -->)", re.DOTALL)
    if not between.search(page):
        raise SystemExit(f"the page has no <!-- {table.name} --> … <!-- /{table.name} -->")
    return between.sub(lambda found: f"{found[1]}\n{block}\n{found[2]}", page)


if __name__ == "__main__":
    main()
