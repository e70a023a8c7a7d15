"""What the parts found, kept in one file and written into docs/reliability.md, each with its commit, date and trials.

    var/faults.json      {part: {database: figures}}
    docs/reliability.md  between <!-- faults: part --> and <!-- end -->

Knows how figures are shown, and how much so many trials without a fault say.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.harness import HOUSE

KEPT = HOUSE / "var" / "faults.json"
PAGE = HOUSE / "docs" / "reliability.md"
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "services": "services"}

Row = tuple[str, Sequence[str]]
"""What is shown, and where it stands among the figures: paths such as ``line.lost``."""


def keep(part: str, database: str, figures: Mapping[str, Any], *, seed: int, version: str) -> None:
    """Notes what one run found, in place of what an earlier one of the same part and database did.

    `version`: the commit as the run began.
    """
    kept = _kept()
    load = f"{os.getloadavg()[0]:.1f}"
    run = {"commit": version, "date": dt.datetime.now(dt.UTC).date().isoformat(), "seed": seed, "load": load}
    kept.setdefault(part, {})[database] = {**run, **figures}
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_text(json.dumps(kept, ensure_ascii=False, indent=1), encoding="utf-8")


def _kept() -> dict[str, Any]:
    return json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}


def write(part: str, rows: Iterable[Row], trials: str, what: str) -> None:
    """The part's table into the page. `trials` is the path of the number of trials, `what` the word for one."""
    found = _kept().get(part, {})
    text = PAGE.read_text(encoding="utf-8")
    begin = f"<!-- faults: {part} -->"
    section = re.compile(rf"{re.escape(begin)}\n.*?<!-- end -->", re.DOTALL)
    assert section.search(text), f"{PAGE} has no place for {part}"
    shown = "\n".join([begin, *_lines(found, list(rows), trials, what), "<!-- end -->"])
    PAGE.write_text(section.sub(lambda _: shown, text), encoding="utf-8")


def _lines(found: Mapping[str, Any], rows: Sequence[Row], trials: str, what: str) -> list[str]:
    lines = []
    for database, run in found.items():
        number = _at(run, trials) or 0
        lines.append(
            f"{NAMES.get(database, database)}: {run['date']}, commit {run['commit']}, seed {run['seed']}, load "
            f"{run['load']} at the end: {number:,} {what}{_bound(number, what, broken=bool(run.get('broken')))}  "
        )
    columns = list(found)
    lines += ["", "| | " + " | ".join(NAMES.get(each, each) for each in columns) + " |"]
    lines.append("|:---|" + "---:|" * len(columns))
    for name, paths in rows:
        cells = [" / ".join(_shown(_at(found[each], path)) for path in paths) for each in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def _bound(number: int, what: str, *, broken: bool) -> str:
    """The rule of three: what so many trials without a fault can say, and that they cannot say "never"."""
    if broken or number < 3:
        return ", promises broken." if broken else "."
    return f"; none broke a promise, so that with 95 % certainty fewer than {300 / number:.1f} % of such {what} do."


def _at(figures: Any, path: str) -> Any:
    for name in path.split("."):
        figures = figures.get(name) if isinstance(figures, Mapping) else None
    return figures


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "–" if value is None else str(value)
