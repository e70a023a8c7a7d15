"""Between the market's words and the solver's: `problems` one way, `to_plan` back, `solve_area` in a worker between.

Units are routing's: seconds since 00:00 of the service date, metres, grams, millilitres, satang.
"""

from scheduler.planning.amended import going_along, gone, outdated, without
from scheduler.planning.answers import AreaPlan, NextWave, lacking, promise, solve_area, to_plan
from scheduler.planning.kept import engine_for, keeping
from scheduler.planning.late import Late, Later, Place, late_order
from scheduler.planning.problems import DIMENSIONS, AreaProblem, beyond_all, problems, rider_window
from scheduler.planning.times import Span

__all__ = [
    "DIMENSIONS",
    "AreaPlan",
    "AreaProblem",
    "Late",
    "Later",
    "NextWave",
    "Place",
    "Span",
    "beyond_all",
    "engine_for",
    "going_along",
    "gone",
    "keeping",
    "lacking",
    "late_order",
    "outdated",
    "problems",
    "promise",
    "rider_window",
    "solve_area",
    "to_plan",
    "without",
]
