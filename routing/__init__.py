"""What a delivery problem is, and how to solve it. Knows no chat, clock or database.

    plan = solve(problem, Settings(seconds=20))

A shipment that finds no place is part of the answer (`Plan.unassigned`, with the reason). A problem that cannot mean
anything is a `ProblemError`. A plan that breaks a rule never leaves here: that is a defect, an `InternalPlanError`.
"""

from __future__ import annotations

from .check import check
from .explain import apply_fix, explain, fix_sentence, sentence
from .insertions import Delay, Insertion, insertions
from .model import (
    UNREACHABLE,
    Amount,
    Costs,
    Id,
    Location,
    Matrix,
    Plan,
    Problem,
    ProblemError,
    Progress,
    Reason,
    Route,
    Settings,
    Shipment,
    Step,
    Task,
    TimeWindow,
    Unassigned,
    Vehicle,
    VehicleReason,
    Violation,
)
from .solving import InternalPlanError, engine_names, solve, warm
from .validate import validate

__all__ = [
    "UNREACHABLE",
    "Amount",
    "Costs",
    "Delay",
    "Id",
    "Insertion",
    "InternalPlanError",
    "Location",
    "Matrix",
    "Plan",
    "Problem",
    "ProblemError",
    "Progress",
    "Reason",
    "Route",
    "Settings",
    "Shipment",
    "Step",
    "Task",
    "TimeWindow",
    "Unassigned",
    "Vehicle",
    "VehicleReason",
    "Violation",
    "apply_fix",
    "check",
    "engine_names",
    "explain",
    "fix_sentence",
    "insertions",
    "sentence",
    "solve",
    "validate",
    "warm",
]
