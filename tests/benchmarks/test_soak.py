"""The webhooks stand ten thousand hostile bodies; `make soak` calls with a million."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks import soak

ROOT = Path(__file__).parents[2]


def test_ten_thousand_hostile_bodies() -> None:
    """Signed is answered 200 and stored, whatever it holds; everything else is answered 401 and is not."""
    tally = soak.part(10_000, seed=20261123)
    assert tally["200"] + tally["401"] == tally["bodies"] == 10_000
    assert min(tally["200"], tally["401"], tally["stored"]) > 3_000


def test_a_soak_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """What was asked for already is not done again, and more is added to it."""

    def said(count: int) -> str:
        words = ["--count", str(count), "--state", str(tmp_path / "soak.json")]
        command = [sys.executable, "-m", "benchmarks.soak", *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        return str(done.stdout)

    first = said(100)
    assert first.startswith("100 of 100 bodies in ")
    assert said(100) == first
    assert said(150).startswith("150 of 150 bodies in ")
