"""The market's own engine: ruin and recreate in machine code, in the line of Christiaens and Vanden Berghe (2020).

Small problems are solved for certain instead. Takes every rule but the rare ones, where numba is installed. `warm`
compiles, or loads what an earlier process compiled; it belongs to start-up.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from time import monotonic

from routing.compiled import Compiled, compile_problem
from routing.engines import Report
from routing.model import Costs, Matrix, Problem, Settings, Shipment, Task, Vehicle
from routing.plans import Answer
from routing.rules import ALL, RARE

HONOURS = ALL - RARE

FOREVER = 1e6
"""Seconds: however slow a machine compiles, `warm` gets to the end."""

_warm: list[bool] = []


def available() -> bool:
    """Whether this machine can compile."""
    return find_spec("numba") is not None


def warm() -> None:
    """Have all machine code ready. Half a minute the first time on a machine, then a second."""
    if not _warm:
        _warm.append(True)
        from .crew import Crew
        from .exact import best_plan
        from .helpers import Helpers
        from .session import Session
        from .tables import data_of

        problem = _example()
        plain = compile_problem(replace(problem, shipments=(replace(problem.shipments[1], max_ride_time=None),)))
        best_plan(plain, data_of(plain), 1.0)
        compiled, settings = compile_problem(problem), Settings(iterations=2)
        session = Session(compiled, settings, Report(), monotonic() + FOREVER, Helpers(compiled, settings), Crew(0))
        session.priced = True  # so short a search has no time for prices, and others have
        session.first()
        session.reduce()
        session.run()
        session.decision.grow(session.state)


def solve(compiled: Compiled, settings: Settings, report: Report) -> Answer:
    from .crew import crew_for
    from .exact import best_plan
    from .helpers import Helpers
    from .session import Session

    began = monotonic()
    deadline = began + settings.seconds
    helpers = Helpers(compiled, settings)
    crew = crew_for(compiled, settings)
    try:
        session = Session(compiled, settings, report, deadline, helpers, crew)
        session.first()
        first_plan_ms = round((monotonic() - began) * 1000)
        best = None if report.stopped() else best_plan(compiled, session.data, settings.seconds)
        if best is None:
            helpers.start(deadline)
            session.reduce()
            session.run()
        else:
            report(best)
    finally:
        helpers.close()
        crew.close()
    return Answer(
        routes=session.routes() if best is None else best,
        proven=best is not None,
        engine="kernel+cp_sat" if session.decided else "kernel",
        iterations=session.iterations + helpers.iterations,
        first_plan_ms=first_plan_ms,
    )


def _example() -> Problem:
    """The smallest problem that needs every part of the kernel."""
    import numpy as np

    table = np.array([[0, 60], [60, 0]], dtype=np.int32)
    task = Task(id="t", index=1)
    goods = [
        Shipment(id="one", pickups=(task,), delivery=task, amounts=((1,),), max_ride_time=600),
        Shipment(id="two", pickups=(task, Task(id="u", index=0)), delivery=task, amounts=((1,), (1,))),
        Shipment(id="job", pickups=(), delivery=task, amounts=((1,),)),
    ]
    return Problem(
        vehicles=tuple(Vehicle(id=v, start=0, end=0, capacity=(9,), costs=Costs(fixed=v)) for v in (1, 2)),
        shipments=tuple(goods),
        matrices={"car": Matrix(durations=table, distances=table)},
        dimensions=("weight_g",),
    )
