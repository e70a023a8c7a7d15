"""How a plan looks in a terminal: routes, what found no place, and what approving would send."""

from __future__ import annotations

import datetime as dt
from typing import Any

from scheduler.cli import screen


def clock(stamp: str | None) -> str:
    """The wall time of a document's instant."""
    return dt.datetime.fromisoformat(stamp).strftime("%H:%M") if stamp else "–"


def show_plan(wave: dict[str, Any], *, names: dict[str, str] | None = None) -> None:
    """One wave of a plan document."""
    names = names or {}
    if wave["plan_id"] is None:
        screen.out().print(f"{wave['wave']}: {wave['state']}, not planned yet")
        return
    summary = wave["summary"]
    estimate = ", times are straight-line estimates" if wave["travel"].get("estimate") else ""
    screen.table(
        f"{wave['wave']}: {wave['state']} · plan {wave['plan_id']} (revision {wave['revision']})\n"
        f"{summary['orders']} orders, {summary['routes']} routes, {summary['distance'] / 1000:.1f} km, "
        f"{summary['cost'] / 100:,.0f} baht{estimate}",
        ["rider", "vehicle", "out", "back", "pickups", "drops", "km", "load kg", "cash baht"],
        (
            [
                f"{route['rider_id']} {names.get(route['rider_id'], '')}".strip(),
                route["vehicle"],
                clock(route["steps"][0]["arrival"]),
                clock(route["steps"][-1]["arrival"]),
                sum(step["type"] == "pickup" for step in route["steps"]),
                sum(step["type"] == "delivery" for step in route["steps"]),
                f"{route['distance'] / 1000:.1f}",
                f"{route['load_max'][0] / 1000:.1f}",
                f"{route['cod_satang'] / 100:,.0f}",
            ]
            for route in wave["routes"]
        ),
        right=range(4, 9),
    )
    if wave["unassigned"]:
        chosen = screen.language()
        screen.table(
            "no place found",
            ["order", "why", "what would make room", "next"],
            (
                [
                    left["order_id"],
                    left["message"][chosen],
                    ((left["fix"] or {}).get("message") or {}).get(chosen, "–"),
                    " ".join(filter(None, (left["next_date"], left["next_wave"]))),
                ]
                for left in wave["unassigned"]
            ),
        )
    if wave.get("out_of_date"):
        late = ", ".join(wave["out_of_date"])
        screen.out().print(f"out of date: it no longer fits {late}; plan replan makes a new one", markup=False)
    told = wave.get("messages") or {}
    if told:
        kinds = ", ".join(f"{count} {kind}" for kind, count in told["by_kind"].items()) or "none"
        left = f" of {told['line_left']} left this month" if told.get("line_left") is not None else ""
        screen.out().print(
            f"messages: {kinds}; LINE pushes {told['line_pushes']}{left}; phone calls {told['phone_calls']}",
            markup=False,
        )
