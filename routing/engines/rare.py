"""Ruin and recreate in plain Python, judged exactly: slow, and takes every rule there is.

The line is that of Christiaens and Vanden Berghe (2020): take neighbouring strings of shipments out of neighbouring
routes, put each back where it weighs least, and keep what is lighter, or by annealing not much heavier. Whatever a
problem asks is judged by `timetable` and `routing.whole`, so a rule that these know needs nothing here.

Where there is no plan before to start from, or it has no place for somebody, the kernel plans first what the problem
asks without its rare rules, each shipment with its vehicle of before if it can; as much of that as the rules allow is
where the search starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import exp
from random import Random
from time import monotonic

import numpy as np

from routing.compiled import Compiled, compile_problem
from routing.model import Settings
from routing.plans import Answer, left_out, weight
from routing.rules import ALL
from routing.timetable import Broken, timetable

from . import Report, kernel
from ._insertion import OpenRoutes
from .greedy import begin, construct, fitted, fold, insertion_order

HONOURS = ALL

REMOVED = 10
"""Shipments taken out at once, in the mean."""

LONGEST_STRING = 10
"""The most that is taken out of one route."""

MOST_ABSENT = 6
"""How many of those left out are tried again at once."""

WARMTH = 0.1
"""The first temperature, as a share of what a shipment weighs in the mean; the last is a hundredth of it."""

AHEAD = 0.25
"""The share of the time in which the kernel plans ahead."""

FOLDING = 0.2
"""The share of the time in which whole routes are tried to be spared."""

PATIENCE = 400
"""Iterations per shipment without a lighter plan that end the search, and a thousand in any case."""


def available() -> bool:
    return True


def warm() -> None:
    if kernel.available():
        kernel.warm()


def solve(compiled: Compiled, settings: Settings, report: Report) -> Answer:
    began = monotonic()
    deadline = began + settings.seconds
    before = begin(compiled)
    routes = construct(compiled, before, deadline=began + settings.seconds / 2)
    first_plan_ms = round((monotonic() - began) * 1000)
    report(routes)
    if kernel.available() and (not any(before) or left_out(compiled, routes)):
        ahead = construct(
            compiled, fitted(compiled, _ahead(compiled, settings, Report(stopped=report.stopped))), deadline=deadline
        )
        routes = min((routes, ahead), key=lambda each: weight(compiled, each) or 0)
    search = _Search(compiled, Random(settings.seed), report)  # noqa: S311 - a search, no secret
    search.run(routes, deadline, settings.iterations)
    return Answer(routes=search.best, engine="rare", iterations=search.iterations, first_plan_ms=first_plan_ms)


def _ahead(compiled: Compiled, settings: Settings, report: Report) -> Sequence[Sequence[int]]:
    """The kernel's routes for what the problem asks without its rare rules. What legs cost stays, as kilometres."""
    problem = compiled.problem
    was = {s: frozenset({problem.vehicles[v].id}) for s, (v, _) in compiled.before.items()}
    churn = problem.churn
    if churn is not None and churn.max_moved is not None:
        churn = replace(churn, max_shift=None)
    tariff = all(m.costs is not None for m in problem.matrices.values())
    tariff = tariff and all(v.max_distance is None for v in problem.vehicles)
    plain = replace(
        problem,
        vehicles=tuple(
            replace(
                v,
                type=None,
                breaks=(),
                max_ride_time=None,
                reload_depots=(),
                max_reloads=0,
                costs=replace(v.costs, per_hour=0, per_km=1000) if tariff else v.costs,
            )
            for v in problem.vehicles
        ),
        shipments=tuple(
            replace(s, group=None, preferred_vehicles=s.preferred_vehicles or was.get(k, frozenset()))
            for k, s in enumerate(problem.shipments)
        ),
        matrices={
            profile: replace(m, distances=m.costs if tariff and m.costs is not None else m.distances, costs=None)
            for profile, m in problem.matrices.items()
        },
        previous=tuple(replace(route, lock="none") for route in problem.previous),
        churn=churn,
    )
    share = replace(settings, seconds=AHEAD * settings.seconds)
    return kernel.solve(compile_problem(plain), share, report).routes


class _Search:
    def __init__(self, compiled: Compiled, random: Random, report: Report) -> None:
        self.compiled, self.random, self.report = compiled, random, report
        self.known = OpenRoutes(compiled)
        self.iterations = 0
        self.near = _neighbours(compiled)
        self.by_weight = insertion_order(compiled)

    def run(self, routes: list[list[int]], deadline: float, iterations: int | None) -> None:
        began = monotonic()
        compiled = self.compiled
        self.best = routes
        lightest = weight(compiled, routes)
        if lightest is None or not compiled.stops_of:
            return
        folded = fold(compiled, routes, began + FOLDING * (deadline - began))
        folded_weight = weight(compiled, folded)
        if folded_weight is not None and folded_weight < lightest:
            self.best, lightest = folded, folded_weight
        present, heavy = self.best, lightest
        left = sum(compiled.penalties[s] for s in left_out(compiled, present))
        warmth = WARMTH * max(1, heavy - left) / len(compiled.stops_of)
        hope = max(1000, PATIENCE * len(compiled.stops_of))
        since = 0
        while since < hope and not self.report.stopped():
            if self.iterations >= iterations if iterations is not None else monotonic() >= deadline:
                break
            spent = self.iterations / iterations if iterations else (monotonic() - began) / max(1e-9, deadline - began)
            self.iterations += 1
            since += 1
            other = self._other(present, deadline)
            if other is None:
                continue
            heavier = self._weight(other)
            if heavier < heavy or self.random.random() < exp(-(heavier - heavy) / (warmth * 0.01**spent)):
                present, heavy = other, heavier
            if heavier < lightest:
                self.best, lightest, since = other, heavier, 0
                self.report(other)

    def _weight(self, routes: Sequence[Sequence[int]]) -> int:
        """As `routing.plans.weight`, of routes that keep every rule."""
        driven = sum(self.known.get(v, route).weight for v, route in enumerate(routes) if route)
        return driven + sum(self.compiled.penalties[s] for s in left_out(self.compiled, routes))

    def _other(self, routes: Sequence[Sequence[int]], deadline: float) -> list[list[int]] | None:
        """A neighbouring plan; None where what remains of a route cannot be driven."""
        compiled, random = self.compiled, self.random
        absent = left_out(compiled, routes)
        out = self._ruined(routes, {*absent})
        partial: list[list[int]] = []
        for v, route in enumerate(routes):
            rest = [n for n in route if compiled.stops[n].shipment not in out]
            if len(rest) < len(route):
                tidy = self._without_idle_trips(v, rest)
                if tidy is None:
                    return None
                rest = tidy
            partial.append(rest)
        back = [*out, *random.sample(absent, min(len(absent), MOST_ABSENT))]
        return construct(compiled, partial, order=self._order(back), known=self.known)

    def _order(self, back: list[int]) -> list[int]:
        """At random, or the weightiest first, or what opens or closes early first; each now and then."""
        compiled, random = self.compiled, self.random
        random.shuffle(back)
        kind = random.randrange(4)
        if kind == 1:
            place = {s: k for k, s in enumerate(self.by_weight)}
            back.sort(key=place.__getitem__)
        elif kind == 2:
            back.sort(key=lambda s: compiled.stops[compiled.stops_of[s][-1]].windows[-1][1])
        elif kind == 3:
            back.sort(key=lambda s: -sum(map(abs, compiled.stops[compiled.stops_of[s][0]].change)))
        return back

    def _ruined(self, routes: Sequence[Sequence[int]], absent: set[int]) -> dict[int, None]:
        """Strings of shipments, out of routes near one another, in the order taken."""
        compiled, random = self.compiled, self.random
        at = {compiled.stops[n].shipment: v for v, route in enumerate(routes) for n in route}
        seed = random.randrange(len(compiled.stops_of))
        many = max(1, round(REMOVED / max(1, LONGEST_STRING / 2)))
        strings = random.randint(1, 2 * many)
        out: dict[int, None] = {}
        ruined: set[int] = set()
        for s in self.near[seed]:
            v = at.get(s)
            if v is None or v in ruined or s in absent:
                continue
            inside = [t for t in dict.fromkeys(compiled.stops[n].shipment for n in routes[v]) if t in at and t >= 0]
            length = random.randint(1, min(len(inside), LONGEST_STRING))
            middle = inside.index(s)
            first = random.randint(max(0, middle - length + 1), min(middle, len(inside) - length))
            out |= dict.fromkeys(t for t in inside[first : first + length] if t not in compiled.locked)
            ruined.add(v)
            if len(ruined) >= strings:
                break
        return out

    def _without_idle_trips(self, v: int, route: list[int]) -> list[int] | None:
        """The route without visits to a depot that it can do without; None if it cannot be driven."""
        rider = self.compiled.riders[v]
        for k in range(len(route) - 1, -1, -1):
            shorter = [*route[:k], *route[k + 1 :]]
            if route[k] in rider.reloads and not isinstance(timetable(self.compiled, rider, shorter), Broken):
                route = shorter
        if not route or isinstance(timetable(self.compiled, rider, route), Broken):
            return None if route else []
        return route


def _neighbours(compiled: Compiled) -> list[list[int]]:
    """Per shipment, all shipments by how near any of their stops are, itself first."""
    if not compiled.riders or not compiled.stops_of:
        return [[s] for s in range(len(compiled.stops_of))]
    durations = np.asarray(compiled.riders[0].durations)
    ends = [[compiled.stops[n].index for n in numbers] for numbers in compiled.stops_of]
    first, last = (np.array([places[k] for places in ends]) for k in (0, -1))
    pairs = [durations[np.ix_(a, b)] for a in (first, last) for b in (first, last)]
    apart = np.min(pairs, axis=0).astype(np.int64)
    np.fill_diagonal(apart, -1)
    return [[int(s) for s in row] for row in np.argsort(apart, axis=1, kind="stable")]
