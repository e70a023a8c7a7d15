"""What the kernel must hold beyond what every engine does."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from routing import Costs, Matrix, Problem, Settings, Shipment, Task, Vehicle, check, solve

pytest.importorskip("numba", reason="the kernel is compiled by numba")

HOUSE = Path(__file__).resolve().parents[2]


def town(seed: int, orders: int, riders: int, *, metric: bool = True, fixed: int = 0) -> Problem:
    """Places in a square, each order from one to another within two hours."""
    random = np.random.default_rng(seed)
    size = 2 * orders + 1
    if metric:
        at = random.uniform(0, 1800, (size, 2))
        table = np.ceil(np.sqrt(((at[:, None] - at[None, :]) ** 2).sum(axis=2))).astype(np.int32)
    else:
        table = random.integers(60, 1800, (size, size)).astype(np.int32)
        np.fill_diagonal(table, 0)
    opens = random.integers(0, 20000, orders)
    return Problem(
        vehicles=tuple(
            Vehicle(id=v, start=0, end=0, capacity=(12, 9), costs=Costs(fixed=fixed)) for v in range(riders)
        ),
        shipments=tuple(
            Shipment(
                id=k,
                pickups=(Task(id=f"p{k}", index=2 * k + 1, service=60),),
                delivery=Task(
                    id=f"d{k}", index=2 * k + 2, service=60, windows=((int(opens[k]), int(opens[k]) + 7200),)
                ),
                amounts=((1 + k % 4, 1 + k % 3),),
            )
            for k in range(orders)
        ),
        matrices={"car": Matrix(durations=table, distances=table)},
        dimensions=("weight", "volume"),
    )


def test_a_longer_run_repeats_stop_for_stop() -> None:
    """Two runs of some thousand iterations, with a reduction of the fleet in them, are the same."""
    problem = town(5, 30, 12, fixed=50000)
    runs = [solve(problem, Settings(engine="kernel", seconds=60, iterations=3000, workers=1, seed=3)) for _ in range(2)]
    assert runs[0].routes == runs[1].routes
    assert runs[0].iterations == runs[1].iterations


@pytest.mark.parametrize("metric", [True, False])
def test_more_iterations_pay(metric: bool) -> None:
    """A search beats its own first plan, also on travel times that obey no triangle inequality and no symmetry."""
    problem = town(7, 40, 10, metric=metric)
    first = solve(problem, Settings(engine="kernel", seconds=60, iterations=1))
    later = solve(problem, Settings(engine="kernel", seconds=60, iterations=4000))
    assert check(problem, later) == []
    assert len(later.unassigned) <= len(first.unassigned)
    assert later.cost < first.cost


def test_dear_vehicles_are_spared() -> None:
    """Riders who start all over town are all used where that saves travel, and few of them where each costs a lot."""
    riders = [Vehicle(id=v, start=3 * v + 1, capacity=(12, 9)) for v in range(20)]
    dear = [replace(rider, costs=Costs(fixed=10**6)) for rider in riders]
    problem = town(11, 40, 20)
    plans = [
        solve(replace(problem, vehicles=tuple(mine)), Settings(engine="kernel", seconds=60, iterations=4000))
        for mine in (riders, dear)
    ]
    assert not plans[1].unassigned
    assert len(plans[1].routes) < len(plans[0].routes) / 2


def test_a_route_may_grow_long(street: Any) -> None:
    """One rider takes ninety orders: tables of a route grow with it."""
    orders = [street.order(f"O{k}", k % 20, (k + 3) % 20) for k in range(90)]
    plan = solve(street.problem([street.rider(capacity=(200,))], orders), Settings(engine="kernel", iterations=200))
    assert not plan.unassigned


def test_the_way_over_a_third_place_is_found(street: Any) -> None:
    """The direct way from A's pickup to its delivery takes too long, but the one over B's delivery does not."""
    table = street.matrix().durations.copy()
    table[1, 3], table[1, 2], table[2, 3] = 5000, 60, 60
    problem = street.problem(
        [street.rider()],
        [street.order("A", 1, 3, windows=((0, 6000),)), street.order("B", 1, 2, windows=((0, 400),))],
        matrices={"car": Matrix(durations=table, distances=table)},
    )
    plan = solve(problem, Settings(engine="kernel", seconds=60, iterations=300))
    assert [s.id for s in plan.routes[0].steps if s.type == "delivery"] == ["B", "A"]


SCRIPT = """
import numba
from routing import Settings, check, solve
from tests_problem import problems
assert numba.config.DISABLE_JIT
for problem in problems():
    plan = solve(problem, Settings(engine="kernel", seconds=60, iterations=25))
    assert plan.engine.startswith("kernel") and check(problem, plan) == [], plan
    print(plan.proven, sorted((r.vehicle, [s.id for s in r.steps]) for r in plan.routes))
"""

PROBLEMS = """
from dataclasses import replace

import numpy as np
from routing import Costs, Matrix, Problem, Shipment, Task, Vehicle

def problems():
    for seed in range(3):
        random = np.random.default_rng(seed)
        table = random.integers(30, 900, (9, 9)).astype(np.int32)
        np.fill_diagonal(table, 0)
        task = lambda name: Task(id=name, index=int(random.integers(9)), setup=20, service=30, windows=((0, 9000),))
        goods = [
            Shipment(
                id=k,
                pickups=tuple(task(f"{k}/{j}") for j in range(k % 3)),
                delivery=task(f"{k}"),
                amounts=((1,),) * max(1, k % 3),
                max_ride_time=None if k % 2 else 4000,
            )
            for k in range(7)
        ]
        if seed == 2:
            goods = [replace(s, max_ride_time=None) for s in goods if s.pickups]
        costs = Costs(fixed=10000 * seed, per_km=50, per_task_hour=100)
        yield Problem(
            vehicles=tuple(Vehicle(id=v, start=0, capacity=(5,), costs=costs) for v in range(3)),
            shipments=tuple(goods),
            matrices={"car": Matrix(durations=table, distances=table)},
            dimensions=("load",),
        )
"""


def test_compiled_and_interpreted_code_agree(tmp_path: Path) -> None:
    """The same tiny problems, one of them solved for certain, give the same plans with the compiler switched off."""
    (tmp_path / "tests_problem.py").write_text(PROBLEMS)

    def run(script: str, **more: str) -> str:
        environment = {**os.environ, "PYTHONPATH": f"{HOUSE}{os.pathsep}{tmp_path}", **more}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", script], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    compiled = run(SCRIPT.replace("assert numba.config.DISABLE_JIT\n", ""))
    assert "True" in compiled
    assert run(SCRIPT, NUMBA_DISABLE_JIT="1") == compiled


WARMED = """
import sys
from routing import Settings, solve
from routing.engines import kernel
from routing.engines.kernel.session import LEAST_DECIDING, PRICING, STEADY_RATE
from tests_problem import problems

kernel.warm()
modules = [m for name, m in sys.modules.items() if name.startswith(kernel.__name__)]
functions = {f for m in modules for f in vars(m).values() if hasattr(f, "signatures")}
before = {f: len(f.signatures) for f in functions}
enough = int(LEAST_DECIDING * STEADY_RATE / PRICING)
for problem in problems():
    solve(problem, Settings(engine="kernel", seconds=600, iterations=enough))
print(sorted(f.__name__ for f in functions if len(f.signatures) != before[f]))
"""


def test_nothing_is_compiled_in_a_plan_once_warm(tmp_path: Path) -> None:
    """After `warm` searches that have time for prices, and a problem solved for certain, call no new machine code."""
    (tmp_path / "tests_problem.py").write_text(PROBLEMS)
    done = subprocess.run(
        [sys.executable, "-c", WARMED],
        env={**os.environ, "PYTHONPATH": f"{HOUSE}{os.pathsep}{tmp_path}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


@pytest.mark.parametrize(("at_each", "tries"), [(1, "FLEET_TRIES"), (2, "FLEET_SIGN")])
def test_a_van_too_few_is_given_up_early_unless_one_order_alone_is_in_the_way(
    street: Any, at_each: int, tries: str
) -> None:
    """Three places due in one minute need three vans: with one order at each the search tries on, with two it soon
    ends, and all orders stay served."""
    from routing.compiled import compile_problem
    from routing.engines import Report
    from routing.engines.kernel import session as sessions
    from routing.engines.kernel.crew import Crew
    from routing.engines.kernel.helpers import Helpers

    costs = Costs(fixed=1_000_000, per_hour=0, per_km=100)
    vans = [street.rider(f"van {v}", costs=costs) for v in range(3)]
    due = ((2000, 2001),)
    orders = [street.order(f"O{k}", 0, 1 + k // at_each, windows=due) for k in range(3 * at_each)]
    compiled = compile_problem(street.problem(vans, orders))
    asked = Settings(iterations=100_000)
    session = sessions.Session(compiled, asked, Report(), float("inf"), Helpers(compiled, asked), Crew(0))
    session.first()
    session.reduce()
    bound = getattr(sessions, tries) * len(orders)
    assert bound <= session.iterations < bound + sessions.FLEET_SLICE
    assert sum(map(len, session.routes())) == 2 * len(orders)
