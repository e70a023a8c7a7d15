"""How long a plan takes, first and final, and what it costs: by cheapest insertion, by OR-Tools, by our own search."""

from __future__ import annotations

from typing import Any

from benchmarks.harness import Table, measured

SIZES = ("typical", "big", "festival")
SHAPES = {"one": "all in one wave", "waves": "three waves"}
ENGINES = ("greedy", "ortools", "kernel")


def child(size: str, shape: str, engine: str, scale: float) -> dict[str, Any]:
    """Plan one invented day with one engine; the times are those of the slowest wave."""
    from benchmarks import market
    from routing.model import Settings

    invented = market.invent(size)
    solver = invented.config.solver
    waves = market.in_one_wave(invented) if shape == "one" else market.in_their_waves(invented)
    settings = Settings(engine=engine, seconds=max(0.5, solver.seconds * scale), seed=solver.seed)
    planned = market.plan(invented, waves, settings)
    return {
        "seconds": settings.seconds,
        "riders": len(invented.riders),
        "orders": sum(len(each.orders) for each in planned),
        "served": sum(each.plan.summary["orders"] for each in planned),
        "routes": sum(len(each.plan.routes) for each in planned),
        "cost": sum(each.plan.summary["cost"] for each in planned) / 100,
        "km": sum(each.plan.summary["distance"] for each in planned) / 1000,
        "first": max(each.first_seconds for each in planned),
        "final": max(each.seconds for each in planned),
    }


def measure(scale: float) -> Table:
    """The engines on the same day, one after the other."""
    rows, bound = [], 0.0
    for shape, as_shown in SHAPES.items():
        for size in SIZES if scale == 1 else ("small",):
            for engine in ENGINES:
                got = measured(__name__, size=size, shape=shape, engine=engine, scale=scale)
                bound = got["seconds"]
                rows.append(
                    (
                        as_shown,
                        got["orders"],
                        got["riders"],
                        engine,
                        got["served"],
                        got["routes"],
                        got["first"],
                        got["final"],
                        round(got["cost"]),
                        got["cost"] / max(1, got["served"]),
                        round(got["km"]),
                        round(got["peak_mib"]),
                    )
                )
    return Table(
        name="plans",
        title="Planning a day",
        columns=(
            "the day",
            "orders",
            "riders",
            "engine",
            "served",
            "routes",
            "first plan s",
            "final plan s",
            "cost baht",
            "baht/order",
            "km",
            "peak MiB",
        ),
        rows=rows,
        note="The demo's invented market (seed 1) in the zones of `config.yaml`. *All in one wave* puts every order "
        "into the midday wave, more than the riders can carry at the larger sizes; *three waves* is the day as its "
        f"cut-offs make it, with the times of the slowest wave. The solver may take {bound:g} s a wave. Times run from "
        "the orders to the checked plan with its reasons: problem, matrices, search, check, explanations. *greedy* is "
        "our own cheapest insertion, the first plan that OR-Tools starts from; *ortools* is its routing model alone; "
        "*kernel* is what a market plans with: our search proposes, CP-SAT chooses. "
        "Costs compare only where as many orders are served.",
    )
