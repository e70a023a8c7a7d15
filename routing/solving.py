"""`solve`: from a problem to a plan that has been checked. Knows no algorithm: engines order the stops."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from time import monotonic
from typing import cast

from . import engines
from .check import check
from .compiled import Compiled, compile_problem
from .engines import Engine, Report
from .explain import explain
from .model import Plan, Problem, ProblemError, Progress, Settings, Violation
from .plans import build, left_out
from .rules import Rule, rules_of
from .timetable import Broken, timetable
from .validate import validate

PREFERRED = ("kernel", "ortools", "rare")
"""What ``auto`` tries, the best first: the first that can run here and takes all rules of the problem."""


class InternalPlanError(RuntimeError):
    """An engine made a plan that breaks a rule. Never the caller's fault."""

    def __init__(self, engine: str, violations: Sequence[Violation]) -> None:
        super().__init__(engine, tuple(violations))  # as given, so that it comes whole out of a worker process
        self.engine, self.violations = engine, tuple(violations)

    def __str__(self) -> str:
        return f"engine {self.engine!r} made a plan with {len(self.violations)} violations, first {self.violations[0]}"


def engine_names() -> list[str]:
    """What `Settings.engine` may be, besides ``auto``."""
    return sorted(m.name for m in pkgutil.iter_modules(engines.__path__) if not m.name.startswith("_"))


def solve(
    problem: Problem,
    settings: Settings,
    on_progress: Callable[[Progress], None] | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Plan:
    """The best plan that the engine finds within the settings' bounds, with a reason for whatever is left out.

    An engine that was not warmed before is so first; that is not of the settings' seconds. `stopped` is asked often,
    and ends the search with what it has.
    """
    validate(problem)
    engine = _engine(settings.engine, problem)
    engine.warm()
    began = monotonic()
    compiled = compile_problem(problem)
    answer = engine.solve(compiled, settings, Report(_teller(compiled, began, on_progress), stopped))
    unassigned = explain(compiled, answer.routes)
    took = round((monotonic() - began) * 1000)
    plan = build(compiled, answer, unassigned, seed=settings.seed, solving_ms=took)
    violations = check(problem, plan)
    if violations:
        raise InternalPlanError(answer.engine, violations)
    return plan


def warm() -> None:
    """Have the engines of ``auto`` ready: on a new machine the first one is compiled now, in half a minute."""
    for name in PREFERRED:
        engine = _named(name)
        if engine.available():
            engine.warm()


def _named(name: str) -> Engine:
    return cast(Engine, import_module(f"{engines.__name__}.{name}"))


def _engine(name: str, problem: Problem) -> Engine:
    if name != "auto" and name not in engine_names():
        raise ProblemError("settings.engine", "engine.unknown", f"no engine {name!r}; there are {engine_names()}")
    if name == "auto" or not _named(name).available():
        found = {each: _named(each) for each in PREFERRED}
        found = {each: engine for each, engine in found.items() if engine.available()}
    else:
        found = {name: _named(name)}
    return found[choose({each: engine.HONOURS for each, engine in found.items()}, rules_of(problem))]


def takes(name: str, rule: Rule) -> bool:
    """Whether this engine, or one of ``auto``, honours a rule."""
    return any(rule in _named(each).HONOURS for each in (PREFERRED if name == "auto" else (name,)))


def choose(honours: Mapping[str, frozenset[Rule]], needed: frozenset[Rule]) -> str:
    """The first engine that takes all rules; a rule that nobody takes is refused by name, never relaxed."""
    for name, taken in honours.items():
        if needed <= taken:
            return name
    lacking = [f"{name} lacks {', '.join(sorted(needed - taken))}" for name, taken in honours.items()]
    raise ProblemError("settings.engine", "engine.rules", f"no engine takes all rules: {'; '.join(lacking)}")


def _teller(
    compiled: Compiled, began: float, on_progress: Callable[[Progress], None] | None
) -> Callable[[Sequence[Sequence[int]]], None]:
    if on_progress is None:
        return lambda routes: None

    def report(routes: Sequence[Sequence[int]]) -> None:
        times = [timetable(compiled, compiled.riders[v], route) for v, route in enumerate(routes) if route]
        on_progress(
            Progress(
                seconds=monotonic() - began,
                cost=sum(t.cost for t in times if not isinstance(t, Broken)),
                routes=len(times),
                unassigned=len(left_out(compiled, routes)),
            )
        )

    return report
