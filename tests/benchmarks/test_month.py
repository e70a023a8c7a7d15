"""A day of the simulated month; `python -m benchmarks month` lives all of it."""

from __future__ import annotations

from benchmarks import month


def test_a_small_day_costs_fewer_pushes_than_it_has_messages() -> None:
    """What the fake LINE counted is what our ledger says, buyers are told, and a push holds more than one message."""
    found = month.child(mix="everybody on LINE", days=1, size="small")
    assert 0 < found["to_buyers"] < found["pushes"] < found["events"]
    assert {"window", "pick_list", "route"} <= found["by_kind"].keys()
    assert found["states"].keys() <= {"accepted", "confirmed", "superseded", "failed"}
