"""VROOM's JSON in and out: any VROOM problem is ours, any VROOM reader reads our plan. Solves nothing itself.

The format is that of VROOM 1.15 (its docs/API.md), with additions that leave VROOM's own keys as they are. A rule that
no engine takes is refused by name; a field that nobody knows is ignored, as VROOM does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import Any

import numpy as np

from routing.check import Rounding, check
from routing.model import UNREACHABLE, Plan, Problem, ProblemError, Progress, Settings
from routing.solving import InternalPlanError, solve

from .document import DocumentError
from .plan import plan_from_json, violations_to_json
from .problem import problem_from_json
from .write import errors_to_json, plan_to_json

__all__ = [
    "DocumentError",
    "check_document",
    "plan_from_json",
    "plan_to_json",
    "problem_from_json",
    "solve_document",
    "violations_to_json",
]


def solve_document(
    doc: Any,
    settings: Settings,
    on_progress: Callable[[Progress], None] | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """VROOM's answer to VROOM's question: ``code`` 0 with a plan, 2 with ``errors``, 1 if we failed ourselves."""
    began = monotonic()
    try:
        problem = problem_from_json(doc)
    except DocumentError as refused:
        return errors_to_json(refused)
    loading = round((monotonic() - began) * 1000)
    try:
        plan = solve(problem, settings, on_progress, stopped)
    except ProblemError as refused:
        return errors_to_json(DocumentError([refused]))
    except InternalPlanError as broken:
        return {"code": 1, "error": str(broken)}
    if settings.iterations is not None and settings.workers == 1:  # repeats byte for byte, as no stopwatch does
        loading, plan = 0, replace(plan, solving_ms=0, first_plan_ms=None)
    return plan_to_json(problem, plan, loading_ms=loading)


def check_document(problem_doc: Any, plan_doc: Any) -> list[dict[str, Any]]:
    """The violations of a plan, ours or another program's. Raises `DocumentError` if either cannot be read."""
    problem = problem_from_json(problem_doc)
    plan = plan_from_json(plan_doc, problem)
    return violations_to_json(check(problem, plan, _rounding(problem, plan)))


def _rounding(problem: Problem, plan: Plan) -> Rounding:
    """Others may round otherwise: a cost has up to three parts, and VROOM takes a speed factor's inverse at two digits,
    which is half a hundredth of a leg."""
    if all(vehicle.speed_factor == 1.0 for vehicle in problem.vehicles):
        return Rounding(cost=3)
    tables = [m.durations for m in problem.matrices.values()]
    longest = max((int(np.max(t, where=t < UNREACHABLE, initial=0)) for t in tables), default=0)
    slack = 1 + longest // 200
    legs = max((len(route.steps) for route in plan.routes), default=0)
    dearest = max((vehicle.costs.per_hour for vehicle in problem.vehicles), default=0)
    return Rounding(seconds=slack, cost=3 + slack * legs * dearest // 3600)
