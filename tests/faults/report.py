"""What the parts found, kept in one file and written into docs/reliability.md, each with its commit, date and trials.

    var/faults.json      {part: {database: figures}}
    docs/reliability.md  between <!-- faults: part --> and <!-- end -->; of all tables together at <!-- faults: all -->

Knows how figures are shown, and how much so many trials without a fault say.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import json
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from benchmarks.harness import HOUSE, hardware

KEPT = HOUSE / "var" / "faults.json"
PAGE = HOUSE / "docs" / "reliability.md"
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "services": "services"}

Row = tuple[str, Sequence[str]]
"""What is shown, and where it stands among the figures: paths such as ``line.lost``."""
_SECTION = re.compile(r"<!-- faults: (\w+) -->\n(.*?)<!-- end -->", re.DOTALL)
_RUN = re.compile(r"^(?P<name>\w+): (?P<date>[\d-]+), commit (?P<at>.+), seed \d+, load ", re.MULTILINE)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Two databases of one part may come to their end at once: one after the other they write."""
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    with KEPT.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def keep(part: str, database: str, figures: Mapping[str, Any], *, seed: int, version: str) -> None:
    """Notes what one run found, in place of what an earlier one of the same part and database did.

    `version`: the commit as the run began.
    """
    kept = _kept()
    load = f"{os.getloadavg()[0]:.1f}"
    date = dt.datetime.now(dt.UTC).date().isoformat()
    run = {"commit": version, "machine": hardware(), "date": date, "seed": seed, "load": load}
    found = kept.get(part, {}) | {database: {**run, **figures}}
    kept[part] = {name: found[name] for name in NAMES if name in found}
    KEPT.write_text(json.dumps(kept, ensure_ascii=False, indent=1), encoding="utf-8")


def write(part: str, rows: Iterable[Row], trials: str, what: str) -> None:
    """The part's table into the page. `trials` is the path of the number of trials, `what` the word for one."""
    lines = _lines(_kept().get(part, {}), list(rows), trials, what)
    page = placed(PAGE.read_text(encoding="utf-8"), part, lines)
    PAGE.write_text(placed(page, "all", of_one_commit(page)), encoding="utf-8")


def placed(page: str, part: str, lines: Sequence[str]) -> str:
    """The page with these lines in the part's place."""
    assert any(found[1] == part for found in _SECTION.finditer(page)), f"{PAGE} has no place for {part}"
    shown = "\n".join([f"<!-- faults: {part} -->", *lines, "<!-- end -->"])
    return _SECTION.sub(lambda found: shown if found[1] == part else found[0], page)


def of_one_commit(page: str) -> list[str]:
    """Whether all tables of the page are of one commit and machine; else which is of which."""
    runs: defaultdict[str, dict[str, list[str]]] = defaultdict(dict)
    dates = set()
    for part, text in _SECTION.findall(page):
        for run in _RUN.finditer(text):
            runs[run["at"]].setdefault(part, []).append(run["name"])
            dates.add(run["date"])
    if len(runs) < 2:
        return [f"All tables below: commit {at}, {' to '.join(sorted({min(dates), max(dates)}))}." for at in runs]
    lines = ["The tables below are not of one commit:", ""]
    for at, parts in runs.items():
        shared = {part for part in parts if sum(part in others for others in runs.values()) > 1}
        named = [f"{part} ({' and '.join(of)})" if part in shared else part for part, of in parts.items()]
        lines.append(f"- {at}: {', '.join(named)}")
    return lines


def _kept() -> dict[str, Any]:
    return json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}


def _lines(found: Mapping[str, Any], rows: Sequence[Row], trials: str, what: str) -> list[str]:
    lines = []
    for database, run in found.items():
        number = _at(run, trials) or 0
        at = ", ".join(filter(None, [run["commit"], run.get("machine")]))  # older runs did not note it
        lines.append(
            f"{NAMES.get(database, database)}: {run['date']}, commit {at}, seed {run['seed']}, load {run['load']} at "
            f"the end: {number:,} {what}{_bound(number, what, broken=bool(run.get('broken')))}  "
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
