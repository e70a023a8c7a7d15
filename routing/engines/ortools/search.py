"""Guided local search in OR-Tools' routing model, from one start after the other. Knows no rule: the model does."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import Any

from routing.compiled import Compiled
from routing.engines import Report
from routing.engines.greedy import construct
from routing.model import Settings

from .model import Model

OWN_START_UP_TO = 1500
"""Pairs of shipment and vehicle up to which OR-Tools' own first solution is tried: its insertion grows steeply."""

PATIENCE = (0.1, 0.4)
"""Least and most share of the time without any improvement that ends the search; it grows up to 100 shipments."""

WORTH_A_SEARCH = 1.25
"""A second start is searched from if it costs at most so many times the first."""

LEAST_PATIENCE = 1.0
"""Seconds without improvement that the search is granted however little time there is."""

REPORT_EVERY = 0.25
"""Seconds between two reports of progress."""


class Search:
    """Guided local search from one start after the other, each until hope is gone, all until the time is."""

    def __init__(self, compiled: Compiled, settings: Settings, deadline: float, report: Report) -> None:
        self.compiled, self.settings, self.deadline, self.report = compiled, settings, deadline, report
        size = len(compiled.problem.shipments)
        least, most = PATIENCE
        self.patience = max(LEAST_PATIENCE, settings.seconds * min(most, max(least, most * size / 100)))
        self.best: int | None = None
        self.improved = self.reported = monotonic()
        self.iterations = 0

    def run(self, greedy: Sequence[Sequence[int]]) -> list[list[int]] | None:
        from ortools.constraint_solver import pywrapcp, routing_enums_pb2

        model = Model(self.compiled)
        self.model = model
        model.solver.ReSeed(self.settings.seed)
        limit = model.solver.CustomLimit(self._hopeless)
        model.routing.AddSearchMonitor(limit)
        model.routing.AddAtSolutionCallback(self._found)
        parameters = pywrapcp.DefaultRoutingSearchParameters()
        strategies = routing_enums_pb2.FirstSolutionStrategy
        parameters.first_solution_strategy = strategies.PARALLEL_CHEAPEST_INSERTION
        parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
        self._time(parameters)
        model.routing.CloseModelWithParameters(parameters)
        best: tuple[int, list[list[int]]] | None = None
        for start in self._starts(parameters, greedy):
            if not self._time(parameters) or self.report.stopped():
                break
            self.best, self.improved = None, monotonic()
            found = model.routing.SolveFromAssignmentWithParameters(model.assignment(start), parameters)
            if found is not None and (best is None or found.ObjectiveValue() < best[0]):
                best = (int(found.ObjectiveValue()), self._routes(found))
            if self.settings.iterations is not None:
                break
        return None if best is None else best[1]

    def _routes(self, assignment: Any) -> list[list[int]]:
        return self.model.routes(lambda index: int(assignment.Value(self.model.routing.NextVar(index))))

    def _time(self, parameters: Any) -> bool:
        """Give the search what is left of the time; whether that is anything."""
        left = self.deadline - monotonic()
        parameters.time_limit.FromMilliseconds(max(1, round(left * 1000)))
        return left > 0

    def _starts(self, parameters: Any, greedy: Sequence[Sequence[int]]) -> list[list[list[int]]]:
        """Routes to start from, the best first: ours, and OR-Tools' own where it is quick or ours is refused."""
        model = self.model
        starts: list[tuple[int, list[list[int]]]] = []
        given = model.assignment(greedy)
        if given is None:
            given = model.assignment(construct(model.stricter(), deadline=self.deadline))
        if given is not None:
            starts.append((int(given.ObjectiveValue()), self._routes(given)))
        pairs = len(self.compiled.problem.shipments) * len(model.vehicles)
        if (pairs <= OWN_START_UP_TO or not starts) and self._time(parameters):
            everything = parameters.solution_limit
            parameters.solution_limit = 1
            own = model.routing.SolveWithParameters(parameters)
            parameters.solution_limit = everything
            self.improved = monotonic()  # hope begins anew: reading routes back asks the same limit
            if own is not None:  # it never takes in a shipment of several pickups: they are no pair
                routes = self._routes(own)
                given = model.assignment(construct(self.compiled, routes, deadline=self.deadline))
                if given is None:
                    given = model.assignment(routes)
                if given is not None:
                    starts.append((int(given.ObjectiveValue()), self._routes(given)))
        starts.sort()
        return [routes for cost, routes in starts if cost <= WORTH_A_SEARCH * starts[0][0]]

    def _found(self) -> None:
        cost = int(self.model.routing.CostVar().Max())
        if self.best is not None and cost >= self.best:
            return
        self.best, self.improved = cost, monotonic()
        if self.improved - self.reported > REPORT_EVERY:
            self.reported = self.improved
            self.report(self.model.routes(lambda index: int(self.model.routing.NextVar(index).Value())))

    def _hopeless(self) -> bool:
        self.iterations = int(self.model.solver.AcceptedNeighbors())
        if self.report.stopped():
            return True
        if self.settings.iterations is not None:
            return self.iterations >= self.settings.iterations
        return monotonic() - self.improved > self.patience
