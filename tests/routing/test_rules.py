"""Rules and who takes them."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import pytest

from routing import ProblemError, Settings, engine_names, solve
from routing.rules import ALL, Rule, rules_of
from routing.solving import PREFERRED, choose


@pytest.mark.parametrize("rule", list(Rule))
def test_every_rule_has_an_engine(rule: Rule) -> None:
    """What a problem can state, some engine of `auto` takes."""
    assert any(rule in import_module(f"routing.engines.{name}").HONOURS for name in PREFERRED)


@pytest.mark.parametrize("name", engine_names())
def test_an_engine_declares_rules_there_are(name: str) -> None:
    """An engine's `HONOURS` are rules, and it knows whether it can run here."""
    engine = import_module(f"routing.engines.{name}")
    assert engine.HONOURS <= ALL
    assert isinstance(engine.available(), bool)


def test_the_first_engine_that_takes_all_rules_is_chosen() -> None:
    """The order of preference holds among those that take everything."""
    honours = {"quick": frozenset({Rule.WINDOWS}), "rich": frozenset({Rule.WINDOWS, Rule.JOBS}), "all": ALL}
    assert choose(honours, frozenset({Rule.WINDOWS})) == "quick"
    assert choose(honours, frozenset({Rule.WINDOWS, Rule.JOBS})) == "rich"


def test_a_combination_nobody_takes_is_refused_by_name() -> None:
    """Each engine takes one of two rules; together they are refused, and the error names what is not taken."""
    honours = {"a": frozenset({Rule.JOBS}), "b": frozenset({Rule.SKILLS})}
    with pytest.raises(ProblemError, match="skills") as refused:
        choose(honours, frozenset({Rule.JOBS, Rule.SKILLS}))
    assert refused.value.code == "engine.rules"


def test_a_problem_states_what_its_fields_say(street: Any) -> None:
    """A plain problem states its capacity alone; each further field adds its rule."""
    plain = street.problem([street.rider()], [street.order("A", 1, 2)])
    assert rules_of(plain) == {Rule.CAPACITY}
    richer = street.problem(
        [street.rider("R1", max_tasks=4), street.rider("R2", end=None, speed_factor=1.2, window=(0, 900))],
        [street.order("A", 1, 2, windows=((0, 60), (90, 120)), setup=5, priority=3, max_ride_time=60, penalty=7)],
    )
    assert rules_of(richer) == {
        Rule.CAPACITY,
        Rule.MAX_TASKS,
        Rule.OPEN_ROUTES,
        Rule.SEVERAL_PROFILES,
        Rule.VEHICLE_WINDOWS,
        Rule.WINDOWS,
        Rule.SEVERAL_WINDOWS,
        Rule.SHARED_SETUP,
        Rule.PRIORITIES,
        Rule.MAX_RIDE_TIME,
        Rule.PENALTIES,
    }


def test_auto_takes_the_kernel(street: Any) -> None:
    """The market's own engine comes first."""
    plan = solve(street.problem([street.rider()], [street.order("A", 1, 2)]), Settings(iterations=5))
    assert plan.engine.startswith("kernel")


@pytest.mark.parametrize("engine", ["auto", "kernel"])
def test_without_numba_or_tools_answers(engine: str, street: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the compiler is not installed, the plan comes from OR-Tools and says so."""
    monkeypatch.setitem(sys.modules, "numba", None)
    plan = solve(street.problem([street.rider()], [street.order("A", 1, 2)]), Settings(engine=engine, iterations=5))
    assert plan.engine == "ortools"
    assert not plan.unassigned
