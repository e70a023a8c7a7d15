"""Which routes to drive, of all that were met: set partitioning by CP-SAT; and what that makes each shipment worth, by
GLOP. Knows what routes hold, cost and move, not how.

Each shipment is in one chosen route or left out, no kind of vehicle drives more routes than there are of it, and no
more shipments change their vehicle than may.
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

SOME = 1e-6
"""What part of a route counts as driven."""

WORTHWHILE = 1.0
"""What a better choice saves at least, in these hundredths."""


@dataclass(frozen=True, slots=True)
class Column:
    """A route that may be chosen: who drives it, what it brings, what it costs, how many shipments it moves."""

    kind: int
    shipments: tuple[int, ...]
    cost: float
    moved: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long to look: wall seconds, or (`steady`) as much work as a quiet machine does in them, always the same."""

    seconds: float
    seed: int
    steady: bool
    stopped: Callable[[], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What a shipment, and a vehicle of a kind, is worth; no choice among the routes costs less than `bound`."""

    worth: list[float]
    rent: dict[int, float]
    bound: float
    driven: list[int]
    """Columns, in the order they were added, of which the program drives some part."""
    left_out: float
    """Shipments, in parts too, that the program leaves out."""


class Relaxation:
    """The same choice, where parts of routes may be driven and shipments brought more than once: a linear program.

    Its dual prices say which routes would be worth having: those that cost less than what they hold.
    """

    def __init__(self, riders: Mapping[int, int], left_out: Mapping[int, float]) -> None:
        from ortools.linear_solver import pywraplp

        self._solver = solver = pywraplp.Solver.CreateSolver("GLOP")
        self._solved = pywraplp.Solver.OPTIMAL
        self._once = {s: solver.RowConstraint(1, solver.infinity(), "") for s in left_out}
        self._takes: list[Any] = []
        self._driven = {kind: solver.RowConstraint(0, count, "") for kind, count in riders.items()}
        self._objective = solver.Objective()
        self._objective.SetMinimization()
        self._skips = {s: solver.NumVar(0, 1, "") for s in left_out}
        for s, skip in self._skips.items():
            self._objective.SetCoefficient(skip, left_out[s])
            self._once[s].SetCoefficient(skip, 1)

    def add(self, columns: Sequence[Column]) -> None:
        """Let these be driven too."""
        for column in columns:
            take = self._solver.NumVar(0, self._solver.infinity(), "")
            self._takes.append(take)
            self._objective.SetCoefficient(take, column.cost)
            self._driven[column.kind].SetCoefficient(take, 1)
            for s in column.shipments:
                self._once[s].SetCoefficient(take, 1)

    def prices(self) -> Prices | None:
        """The prices now; None where the solver gave up."""
        if self._solver.Solve() != self._solved:
            return None
        worth = [row.dual_value() for row in self._once.values()]
        rent = {kind: row.dual_value() for kind, row in self._driven.items()}
        driven = [k for k, take in enumerate(self._takes) if take.solution_value() > SOME]
        left_out = sum(skip.solution_value() for skip in self._skips.values())
        return Prices(worth=worth, rent=rent, bound=self._objective.Value(), driven=driven, left_out=left_out)


def partition(
    columns: Sequence[Column],
    riders: Mapping[int, int],
    left_out: Mapping[int, float],
    worth: Mapping[int, float],
    incumbent: Collection[int],
    effort: Effort,
    most_moved: int | None = None,
) -> list[int] | None:
    """The columns to drive, or None where none better than the `incumbent` ones were found.

    `riders` says how many there are of each kind, `left_out` what leaving out each shipment weighs, `worth` what each
    is worth: that is taken off, so that what is left to save is seen, and all sums stay small. The columns driven move
    `most_moved` shipments at most.
    """
    from ortools.linear_solver import pywraplp

    began = monotonic()
    solver = pywraplp.Solver.CreateSolver("SAT")
    once = {s: solver.RowConstraint(1, 1, "") for s in left_out}
    driven = {kind: solver.RowConstraint(0, count, "") for kind, count in riders.items()}
    moves = None if most_moved is None else solver.RowConstraint(0, most_moved, "")
    objective = solver.Objective()
    objective.SetMinimization()
    chosen = []
    taken, served = set(incumbent), {s for k in incumbent for s in columns[k].shipments}
    present = 0
    for k, column in enumerate(columns):
        take = solver.BoolVar("")
        chosen.append(take)
        beyond = round(SCALE * (column.cost - sum(worth[s] for s in column.shipments)))
        present += beyond if k in taken else 0
        objective.SetCoefficient(take, beyond)
        driven[column.kind].SetCoefficient(take, 1)
        if moves is not None:
            moves.SetCoefficient(take, column.moved)
        for s in column.shipments:
            once[s].SetCoefficient(take, 1)
    leave = []
    for s, weight in left_out.items():
        skip = solver.BoolVar("")
        leave.append(skip)
        beyond = round(SCALE * (weight - worth[s]))
        present += beyond if s not in served else 0
        objective.SetCoefficient(skip, beyond)
        once[s].SetCoefficient(skip, 1)
    solver.SetHint(
        [*chosen, *leave], [*(float(k in taken) for k in range(len(columns))), *(float(s not in served) for s in once)]
    )
    if not _solve(solver, effort, began) or objective.Value() > present - WORTHWHILE:
        return None
    return [k for k, take in enumerate(chosen) if take.solution_value() > 0.5]


def _solve(solver: Any, effort: Effort, began: float) -> bool:
    """Whether there is an answer. It is looked for in a thread, so that whoever waits for the plan may stop it."""
    from ortools.linear_solver import pywraplp

    bound = f",max_deterministic_time:{effort.seconds}" if effort.steady else ""
    # its own handler of Ctrl-C knows no thread but the one that solves, and ends the process if another is interrupted
    solver.SetSolverSpecificParametersAsString(
        f"num_workers:1,random_seed:{effort.seed},relative_gap_limit:0,linearization_level:2,"
        f"catch_sigint_signal:false{bound}"
    )
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
