"""The webhook parsers stand ten thousand hostile bodies; `python -m benchmarks.fuzz` holds them to a million."""

from __future__ import annotations

from benchmarks import fuzz


def test_ten_thousand_hostile_bodies() -> None:
    """Nothing unsigned is accepted, and whatever is signed is read, can be stored, and reads the same again."""
    assert fuzz.run(10_000, seed=20261123) > 5_000
