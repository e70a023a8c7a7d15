"""OR-Tools' routing model with guided local search, started from the better of our greedy plan and its own."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from time import monotonic

from routing.compiled import Compiled
from routing.engines import Report
from routing.engines.greedy import construct, fold
from routing.model import Settings
from routing.plans import Answer, left_out, weight
from routing.rules import ALL, RARE, Rule

from .search import Search

HONOURS = ALL - RARE - {Rule.BALANCE, Rule.CHURN}

EXPLAINING = 0.0008
"""Seconds kept free for every pair of a shipment left out and a vehicle: each is tried once more, and
gets its reason, after the search."""


def available() -> bool:
    return find_spec("ortools") is not None


def warm() -> None:
    import_module("ortools.constraint_solver.pywrapcp")


def solve(compiled: Compiled, settings: Settings, report: Report) -> Answer:
    began = monotonic()
    deadline = began + settings.seconds
    greedy = construct(compiled, deadline=deadline)
    first_plan_ms = round((monotonic() - began) * 1000)
    report(greedy)
    greedy = fold(compiled, greedy, deadline)
    answer = Answer(routes=greedy, engine="greedy", first_plan_ms=first_plan_ms)
    if not any(compiled.carriers) or monotonic() >= deadline:
        return answer
    reasons = len(left_out(compiled, greedy)) * len(compiled.riders)
    deadline -= min(EXPLAINING * reasons, settings.seconds / 4)
    search = Search(compiled, settings, deadline, report)
    better = search.run(greedy)
    if better is not None:
        better = fold(compiled, construct(compiled, better), deadline)
        lightest, present = weight(compiled, better), weight(compiled, greedy)
        if lightest is not None and (present is None or lightest <= present):
            answer = Answer(routes=better, engine="ortools", first_plan_ms=first_plan_ms, iterations=search.iterations)
    return answer
