"""A long run in parts that can be taken up again: what was done is kept in a small file; on another commit it is void.

Knows how often and how long; not what a part does.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.harness import commit

Tally = Counter[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What all parts came to, in how many seconds, on which commit."""

    tally: Tally
    seconds: float
    commit: str


def options(prog: str, description: str, *, count: int, seed: int, state: Path) -> argparse.ArgumentParser:
    """The words that every long run understands."""
    parser = argparse.ArgumentParser(prog=prog, description=description)
    parser.add_argument("--count", type=int, default=count)
    parser.add_argument("--seed", type=int, default=seed, help="the first")
    parser.add_argument("--minutes", type=float, help="stop after the part that ends later than this; go on next time")
    parser.add_argument("--state", type=Path, default=state, metavar="FILE", help="where what was done is kept")
    return parser


def run(asked: argparse.Namespace, unit: str, size: int, part: Callable[[int, Tally], Tally]) -> Done:
    """Parts of up to `size` units, each given its size and what was done before, until all are done or time is up."""
    asking = {"commit": commit(), "seed": asked.seed}
    tally, seconds = _so_far(asked.state, asking)
    began, before = time.monotonic(), seconds
    while tally[unit] < asked.count and (asked.minutes is None or seconds - before < asked.minutes * 60):
        tally += part(min(size, asked.count - tally[unit]), tally)
        seconds = before + time.monotonic() - began
        asked.state.parent.mkdir(parents=True, exist_ok=True)
        asked.state.write_text(json.dumps({**asking, "seconds": seconds, "tally": tally}), encoding="utf-8")
        sys.stderr.write(f"\r{tally[unit]:,} of {asked.count:,} {unit}, {seconds:,.0f} s")
    sys.stderr.write("\n")
    return Done(tally=tally, seconds=seconds, commit=asking["commit"])


def _so_far(state: Path, asking: Mapping[str, Any]) -> tuple[Tally, float]:
    """What an earlier run of the same parts on the same commit has done, and in how many seconds."""
    found = json.loads(state.read_text(encoding="utf-8")) if state.exists() else {}
    if {name: found.get(name) for name in asking} != asking:
        return Tally(), 0.0
    return Tally(found["tally"]), float(found["seconds"])
