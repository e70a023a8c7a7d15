"""The choice among all routes that a search met, and the searches that find them side by side."""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing import Settings
from routing.compiled import compile_problem
from routing.engines import Report
from routing.engines._partition import Column, Effort, partition
from routing.plans import weight

HOUSE = Path(__file__).resolve().parents[2]

EFFORT = Effort(seconds=5, seed=1, steady=True, stopped=lambda: False)
COLUMNS = st.lists(
    st.builds(
        Column,
        st.integers(0, 1),
        st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True).map(lambda s: tuple(sorted(s))),
        st.integers(1, 90),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=7,
)


@settings(max_examples=25, deadline=None)
@given(
    columns=COLUMNS,
    left_out=st.lists(st.integers(1, 90), min_size=4, max_size=4),
    most=st.integers(1, 2),
    most_moved=st.one_of(st.none(), st.integers(0, 3)),
)
def test_no_choice_is_better_than_the_one_made(
    columns: list[Column], left_out: list[int], most: int, most_moved: int | None
) -> None:
    """Trying every choice finds none that costs less; None means that there was nothing to gain."""
    weights = {s: float(w) for s, w in enumerate(left_out)}

    def cost(chosen: list[int]) -> float | None:
        served = [s for k in chosen for s in columns[k].shipments]
        driven = [columns[k].kind for k in chosen]
        if len(served) > len(set(served)) or any(driven.count(kind) > most for kind in (0, 1)):
            return None
        if most_moved is not None and sum(columns[k].moved for k in chosen) > most_moved:
            return None
        return sum(columns[k].cost for k in chosen) + sum(w for s, w in weights.items() if s not in served)

    found = partition(columns, {0: most, 1: most}, weights, weights, [], EFFORT, most_moved)
    choices = ([k for k, take in enumerate(taken) if take] for taken in product((0, 1), repeat=len(columns)))
    least = min(c for c in map(cost, choices) if c is not None)
    assert cost(found or []) == least


def test_nothing_is_decided_when_no_plan_is_wanted_any_more() -> None:
    """A question that was withdrawn is answered at once, whatever by."""
    columns = [Column(0, (s, (s * 7 + 1) % 60), 10 + s % 7) for s in range(60) if s != (s * 7 + 1) % 60]
    stopped = Effort(seconds=3600, seed=1, steady=False, stopped=lambda: True)
    weights = dict.fromkeys(range(60), 50.0)
    partition(columns, {0: 60}, weights, weights, [], stopped)


INTERRUPTED = """
import random, signal
from routing.engines._partition import Column, Effort, partition

heard = []
signal.signal(signal.SIGINT, lambda *_: heard.append(1))

def stopped():
    signal.raise_signal(signal.SIGINT)
    return len(heard) >= 8

random.seed(1)
columns = [Column(0, tuple(random.sample(range(90), 6)), random.uniform(90, 110)) for _ in range(4000)]
weights = dict.fromkeys(range(90), 60.0)
effort = Effort(seconds=3600, seed=1, steady=False, stopped=stopped)
partition(columns, {0: 20}, weights, dict.fromkeys(weights, 15.0), [], effort)
print(len(heard))
"""


def test_an_interruption_is_heard_by_who_waits_for_the_plan() -> None:
    """Ctrl-C while CP-SAT decides, in its own thread, reaches our handler, and does not end the process."""
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, cwd=HOUSE)
    assert (done.returncode, done.stdout) == (0, "8\n"), done.stderr


def session(problem: Any, company: Any, iterations: int, seed: int = 1) -> Any:
    """A search of the kernel, ready to run."""
    pytest.importorskip("numba", reason="the kernel is compiled by numba")
    from routing.engines import kernel
    from routing.engines.kernel.crew import Crew
    from routing.engines.kernel.session import Session

    kernel.warm()
    settings = Settings(iterations=iterations, seed=seed)
    return Session(compile_problem(problem), settings, Report(), time.monotonic() + 60, company, Crew(0))


class Nobody:
    def meet(self, session: Any) -> None:
        return None


class Other:
    """A search that was further already."""

    def __init__(self, routes: list[list[int]]) -> None:
        self.routes = routes

    def meet(self, session: Any) -> None:
        session.decision.take_in([(v, route) for v, route in enumerate(self.routes) if route])


def crossing(street: Any) -> Any:
    """Riders along a street, and orders that cross each other in it."""
    riders = [street.rider(f"R{k}", start=6 * k, end=19 - 6 * k, capacity=(3,)) for k in range(4)]
    orders = [street.order(f"O{k}", (7 * k) % 20, (11 * k + 3) % 20, windows=((60 * k, 6000),)) for k in range(40)]
    return street.problem(riders, orders)


def test_what_another_search_met_is_chosen_where_it_is_better(street: Any) -> None:
    """A search of one iteration ends with the routes of a longer one, if it heard of them."""
    problem = crossing(street)
    longer = session(problem, Nobody(), 3000)
    longer.first()
    longer.run()
    brief = session(problem, Other(longer.routes()), 1)
    brief.first()
    assert brief.weight > longer.weight
    brief.run()
    assert brief.weight <= longer.weight + 1e-6
    assert brief.decided


def test_a_route_goes_to_the_rider_who_drives_it_for_least(street: Any) -> None:
    """Who drives is chosen too: the pool's routes are also tried with other riders than those they were met with."""
    from routing import Costs

    riders = [street.rider("dear", costs=Costs(fixed=5000)), street.rider("cheap", costs=Costs(fixed=10))]
    problem = street.problem(riders, [street.order("A", 1, 5), street.order("B", 2, 6)])
    search = session(problem, Nobody(), 1)
    search.start([[0, 2, 1, 3], []])
    better = search.decision.better(search.routes(), search.possible, EFFORT, priced=True)
    assert better == [[], [0, 2, 1, 3]]


def test_a_helper_sends_what_it_has_and_ends_with_its_parent(street: Any) -> None:
    """A further process gives valid routes of its own before its time is up, and is gone when nobody listens."""
    pytest.importorskip("numba", reason="the kernel is compiled by numba")
    from routing.engines.kernel.helpers import COMMAND, Task

    problem = crossing(street)
    process = subprocess.Popen([sys.executable, "-c", COMMAND], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        pickle.dump(Task(problem, Settings(seconds=60), time.time() + 3600), process.stdin)
        process.stdin.flush()
        found = pickle.load(process.stdout)  # noqa: S301 - from our own process
        process.stdin.close()
        process.wait(timeout=60)
    heavy = weight(compile_problem(problem), found.routes)
    assert heavy is not None
    assert round(found.weight) == heavy
    assert len(found.pool) >= sum(map(bool, found.routes))
