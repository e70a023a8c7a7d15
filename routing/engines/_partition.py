"""Which routes to drive, of all that were met: set partitioning by CP-SAT. Knows what routes hold and cost, not how.

Each shipment is in one chosen route or left out, and no kind of vehicle drives more routes than there are of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from threading import Thread
from time import monotonic
from typing import Any

LOOK = 0.05
"""Seconds between two looks at whether the answer is still wanted."""

SCALE = 100
"""Costs are counted in hundredths, so that short legs at low rates still differ."""

WORTHWHILE = 1.0
"""What a better choice saves at least, in these hundredths."""


@dataclass(frozen=True, slots=True)
class Column:
    """A route that may be chosen: who drives it, what it brings, what it costs."""

    kind: int
    shipments: tuple[int, ...]
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long to look: wall seconds, or (`steady`) as much work as a quiet machine does in them, always the same."""

    seconds: float
    seed: int
    steady: bool
    stopped: Callable[[], bool]


def partition(
    columns: Sequence[Column],
    riders: Mapping[int, int],
    left_out: Mapping[int, float],
    worth: Mapping[int, float],
    incumbent: Collection[int],
    effort: Effort,
) -> list[int] | None:
    """The columns to drive, or None where none better than the `incumbent` ones were found.

    `riders` says how many there are of each kind, `left_out` what leaving out each shipment weighs, `worth` what each
    costs in the incumbent: that is taken off, so that all sums stay small, and zero is what there is already.
    """
    from ortools.linear_solver import pywraplp

    began = monotonic()
    solver = pywraplp.Solver.CreateSolver("SAT")
    once = {s: solver.RowConstraint(1, 1, "") for s in left_out}
    driven = {kind: solver.RowConstraint(0, count, "") for kind, count in riders.items()}
    objective = solver.Objective()
    objective.SetMinimization()
    chosen = []
    for column in columns:
        take = solver.BoolVar("")
        chosen.append(take)
        objective.SetCoefficient(take, round(SCALE * (column.cost - sum(worth[s] for s in column.shipments))))
        driven[column.kind].SetCoefficient(take, 1)
        for s in column.shipments:
            once[s].SetCoefficient(take, 1)
    leave = []
    for s, weight in left_out.items():
        skip = solver.BoolVar("")
        leave.append(skip)
        objective.SetCoefficient(skip, round(SCALE * (weight - worth[s])))
        once[s].SetCoefficient(skip, 1)
    served = {s for k in incumbent for s in columns[k].shipments}
    taken = set(incumbent)
    solver.SetHint(
        [*chosen, *leave], [*(float(k in taken) for k in range(len(columns))), *(float(s not in served) for s in once)]
    )
    if not _solve(solver, effort, began) or objective.Value() > -WORTHWHILE:
        return None
    return [k for k, take in enumerate(chosen) if take.solution_value() > 0.5]


def _solve(solver: Any, effort: Effort, began: float) -> bool:
    """Whether there is an answer. It is looked for in a thread, so that whoever waits for the plan may stop it."""
    from ortools.linear_solver import pywraplp

    bound = f",max_deterministic_time:{effort.seconds}" if effort.steady else ""
    solver.SetSolverSpecificParametersAsString(f"num_workers:1,random_seed:{effort.seed},relative_gap_limit:0{bound}")
    if not effort.steady:
        solver.SetTimeLimit(max(1, round(1000 * (began + effort.seconds - monotonic()))))
    found: list[int] = []
    thread = Thread(target=lambda: found.append(solver.Solve()))
    thread.start()
    try:
        while thread.is_alive() and not effort.stopped():
            thread.join(LOOK)
    finally:
        while thread.is_alive():  # an interruption that comes before the search has begun is not heard
            solver.InterruptSolve()
            thread.join(LOOK)
    return found in ([pywraplp.Solver.OPTIMAL], [pywraplp.Solver.FEASIBLE])
