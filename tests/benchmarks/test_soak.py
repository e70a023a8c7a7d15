"""The webhooks stand ten thousand hostile bodies; `make soak` calls with a million."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import soak


def test_ten_thousand_hostile_bodies() -> None:
    """Signed is answered 200 and stored, whatever it holds; everything else is answered 401 and is not."""
    tally = soak.part(10_000, seed=20261123)
    assert tally["200"] + tally["401"] == tally["bodies"] == 10_000
    assert min(tally["200"], tally["401"], tally["stored"]) > 3_000


def test_a_soak_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was asked for already is not done again, and more is added to it."""

    def said(count: int) -> str:
        words = ["--count", str(count), "--state", str(tmp_path / "soak.json")]
        monkeypatch.setattr(sys, "argv", ["soak", *words])
        soak.main()
        return capsys.readouterr().out

    first = said(100)
    assert first.startswith("100 of 100 bodies in ")
    assert said(100) == first
    assert said(150).startswith("150 of 150 bodies in ")
