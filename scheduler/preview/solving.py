"""Several replays solved side by side, each different problem once: the same problem has the same plan. Pure.

So days that a change does not touch cost nothing and differ in nothing, and what differs is not the search's luck of
the hour: it is bounded by iterations and begins from one seed, so the same problem always has the same plan.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from routing.model import Settings
from scheduler.planning import AreaPlan, AreaProblem
from scheduler.preview.replay import Asking, Replay

ITERATIONS = 10_000
"""Steps of the search for each problem of a replay."""
PATIENCE = 120.0
"""Seconds after which a search ends before its iterations, on a machine that hardly moves: its plan is then by luck."""

Solve = Callable[[Sequence[AreaProblem], Settings], Iterable[tuple[int, AreaPlan]]]
"""The plans of many problems as they come ready, each with its place in the list."""
Progress = Callable[[int, int], None]


def settings_for(engine: str, seed: int) -> Settings:
    return Settings(engine=engine, seconds=PATIENCE, iterations=ITERATIONS, workers=1, seed=seed)


@dataclass(slots=True)
class Solved:
    """How much there was to solve, and how much of it really was."""

    problems: int = 0
    different: int = 0


def solve_all(
    replays: Sequence[Replay], solve: Solve, settings: Settings, on_progress: Progress = lambda done, of: None
) -> Solved:
    """Run every replay to its end. `on_progress`: waves planned so far, and of how many."""
    talks = [replay.solving() for replay in replays]
    asked = {k: problems for k, talk in enumerate(talks) if (problems := next(talk, None)) is not None}
    known: dict[int, list[tuple[AreaProblem, AreaPlan]]] = defaultdict(list)
    total, counted = sum(replay.waves for replay in replays), Solved()
    while asked:
        fresh: list[AreaProblem] = []
        seen: dict[int, list[AreaProblem]] = defaultdict(list)
        for problem in (each for problems in asked.values() for each in problems):
            if _found(problem, known) is None and problem not in seen[_key(problem)]:
                seen[_key(problem)].append(problem)
                fresh.append(problem)
        before = counted.problems
        counted.problems += sum(map(len, asked.values()))
        counted.different += len(fresh)
        spared = counted.problems - before - len(fresh)
        for done, (place, plan) in enumerate(solve(fresh, settings), start=1):
            known[_key(fresh[place])].append((fresh[place], plan))
            on_progress(before + spared + done, max(total, counted.problems))
        asked = {
            k: following
            for k, problems in asked.items()
            if (following := _told(talks[k], [_found(problem, known) for problem in problems])) is not None
        }
    return counted


def _told(talk: Asking, plans: Sequence[AreaPlan | None]) -> list[AreaProblem] | None:
    """What a replay asks next, once it has its plans; None where it is through."""
    try:
        return talk.send([plan for plan in plans if plan is not None])
    except StopIteration:
        return None


def _key(problem: AreaProblem) -> int:
    """Where to look for a problem's equals: two that are the same have the same places and orders."""
    return hash((problem.points, tuple(shipment.id for shipment in problem.shipments)))


def _found(problem: AreaProblem, known: dict[int, list[tuple[AreaProblem, AreaPlan]]]) -> AreaPlan | None:
    return next((plan for other, plan in known.get(_key(problem), ()) if other == problem), None)
