"""What would make room for an order, in the market's words: riders, sellers, doors, grams, instants. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import routing
from routing.fixes import Fix, FixCode, Relaxation
from scheduler.planning.problems import DIMENSIONS
from scheduler.planning.times import instant


def shown(fix: Fix | None, date: dt.date, tz: ZoneInfo) -> dict[str, Any] | None:
    """The fix as plan documents have it; None where there is none."""
    if fix is None:
        return None
    fix = replace(fix, relaxations=tuple(map(_in_doors, fix.relaxations)))
    first, *others = (_relaxation(r, date, tz) for r in fix.relaxations)
    return {
        **first,
        "rider_id": str(fix.vehicle),
        "added_cost": fix.added_cost,
        **({"also": others} if others else {}),
        "message": dict(routing.fix_sentence(fix, DIMENSIONS)),
    }


def _in_doors(r: Relaxation) -> Relaxation:
    """A rider's stops are doors; for the solver each is a pickup and a delivery."""
    return replace(r, tasks=-(-r.tasks // 2)) if r.tasks is not None else r


def _relaxation(r: Relaxation, date: dt.date, tz: ZoneInfo) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "seconds": r.seconds,
        "metres": r.metres,
        "stops": r.tasks,
        "side": r.side,
        "skills": sorted(map(str, r.skills)) or None,
    }
    if r.code is FixCode.WINDOW:
        figures["type"] = "delivery" if r.pickup is None else "pickup"
        figures["seller_id"] = None if r.pickup is None else str(r.task).partition("/")[2]
    for name, window in (("was", r.was), ("window", r.window)):
        if window is not None:
            figures[name] = [instant(t, date, tz).isoformat(timespec="seconds") for t in window]
    if r.code is FixCode.LIGHTER:
        behind = (sum(column) for column in zip(*r.amounts, strict=True))
        figures |= {name: amount for name, amount in zip(DIMENSIONS, behind, strict=True) if amount}
    return {"code": r.code.value, **{name: value for name, value in figures.items() if value is not None}}
