"""OR-Tools' routing model with guided local search, started from the better of our greedy plan and its own.

Every evaluator is a matrix or a vector: a Python callback would cost several times the search itself. Pairs rely on
`AddPickupAndDelivery` alone, which already holds both stops in one route and in order.

The model is never laxer than the rules, and in one place stricter: where a setup is shared by neighbouring stops, a
stop's window is narrowed by its own setup, since the model cannot know while it searches who pays it. The plan's times
are made afterwards, exactly. A further pickup of one delivery cannot be a pair of its own (a stop may be in one pair
only); it is tied to the delivery by constraints, so the search rarely moves such a shipment between vehicles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from time import monotonic
from typing import Any

import numpy as np
import numpy.typing as npt

from routing.compiled import Compiled, slight
from routing.model import UNREACHABLE, Costs, Settings, TimeWindow
from routing.plans import Answer, left_out, weight
from routing.rules import ALL, RARE

from . import Report
from .greedy import construct, fold

HONOURS = ALL - RARE

SCALE = 100
"""The model counts cost in hundredths, so that short legs at low rates still differ."""

OWN_START_UP_TO = 1500
"""Pairs of shipment and vehicle up to which OR-Tools' own first solution is tried: its insertion grows steeply."""

PATIENCE = (0.1, 0.4)
"""Least and most share of the time without any improvement that ends the search; it grows up to 100 shipments."""

WORTH_A_SEARCH = 1.25
"""A second start is searched from if it costs at most so many times the first."""

LEAST_PATIENCE = 1.0
"""Seconds without improvement that the search is granted however little time there is."""

EXPLAINING = 0.0008
"""Seconds kept free for every pair of a shipment left out and a vehicle: each is tried once more, and
gets its reason, after the search."""

REPORT_EVERY = 0.25
"""Seconds between two reports of progress."""

Ints = npt.NDArray[np.int64]


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
    search = _Search(compiled, settings, deadline, report)
    better = search.run(greedy)
    if better is not None:
        better = fold(compiled, construct(compiled, better), deadline)
        lightest, present = weight(compiled, better), weight(compiled, greedy)
        if lightest is not None and (present is None or lightest <= present):
            answer = Answer(routes=better, engine="ortools", first_plan_ms=first_plan_ms, iterations=search.iterations)
    return answer


class _Model:
    """The problem in OR-Tools' words. Nodes are the stops that some vehicle may serve, then the vehicles' places."""

    def __init__(self, compiled: Compiled) -> None:
        from ortools.constraint_solver import pywrapcp

        self.compiled = compiled
        self.numbers = [n for n, stop in enumerate(compiled.stops) if compiled.carriers[stop.shipment]]
        self.node_of = {n: node for node, n in enumerate(self.numbers)}
        self.stops = [compiled.stops[n] for n in self.numbers]
        self.vehicles = compiled.problem.vehicles
        terminals: dict[int, int] = {}  # place -> node; -1 is nowhere, for open routes
        self.places = [stop.index for stop in self.stops]

        def terminal(place: int | None) -> int:
            at = -1 if place is None else place
            if at not in terminals:
                terminals[at] = len(self.places)
                self.places.append(at)
            return terminals[at]

        ends = [(terminal(v.start), terminal(v.end)) for v in self.vehicles]
        starts, stops = [a for a, _ in ends], [b for _, b in ends]
        self.manager = pywrapcp.RoutingIndexManager(len(self.places), len(self.vehicles), starts, stops)
        self.routing = pywrapcp.RoutingModel(self.manager)
        self.solver = self.routing.solver()
        self.indexes = [self.manager.NodeToIndex(node) for node in range(len(self.stops))]
        self._shared_setups()
        self._time()
        self._costs()
        self._loads()
        self._limits()
        self._preferences()
        self._shipments()

    # -- travel ------------------------------------------------------------------------------------------------

    def _shared_setups(self) -> None:
        """Stops whose setup a neighbour may have paid; for these the time variable is when the service begins."""
        at: dict[int, int] = {}
        for place in self.places:
            at[place] = at.get(place, 0) + 1
        self.windows: list[tuple[TimeWindow, ...]] = []
        self.on_arrival = np.zeros(len(self.places), dtype=np.int64)
        """Setup that the arc into a node pays, unless it comes from the same place."""
        self.on_leaving = np.zeros(len(self.places), dtype=np.int64)
        for node, stop in enumerate(self.stops):
            narrowed = tuple((a + stop.setup, b) for a, b in stop.windows if a + stop.setup <= b)
            shared = stop.setup > 0 and at[stop.index] > 1 and bool(narrowed)
            self.windows.append(narrowed if shared else stop.windows)
            self.on_arrival[node] = stop.setup if shared else 0
            self.on_leaving[node] = stop.service + (0 if shared else stop.setup)

    def _between(self, table: npt.NDArray[np.int32]) -> Ints:
        """A matrix between nodes; nothing lies between a vehicle's places, nor on the way from or to nowhere."""
        at = np.array(self.places)
        out = table[np.ix_(at, at)].astype(np.int64)
        nowhere = at < 0
        out[nowhere, :] = 0
        out[:, nowhere] = 0
        out[len(self.stops) :, len(self.stops) :] = 0
        return out

    def _time(self) -> None:
        self.travel: dict[tuple[str, float], tuple[Ints, Ints, npt.NDArray[np.bool_]]] = {}
        at = np.array(self.places)
        self.arriving = np.where(at[:, None] == at[None, :], 0, self.on_arrival[None, :])
        for kind, (durations, distances) in self.compiled.travel.items():
            seconds, metres = self._between(durations), self._between(distances)
            self.travel[kind] = (seconds, metres, (seconds >= UNREACHABLE) | (metres >= UNREACHABLE))
        self.horizon = self._horizon()
        transits: dict[tuple[str, float], int] = {}
        for kind, (seconds, _, cut) in self.travel.items():
            transit = seconds + self.on_leaving[:, None] + self.arriving
            transit[len(self.stops) :, len(self.stops) :] = 0
            transit[cut] = self.horizon + 1
            transits[kind] = self.routing.RegisterTransitMatrix(transit.tolist())
        evaluators = [transits[r.travel_class] for r in self.compiled.riders]
        self.routing.AddDimensionWithVehicleTransits(evaluators, self.horizon, self.horizon, False, "time")
        self.time = self.routing.GetDimensionOrDie("time")
        for index, windows in zip(self.indexes, self.windows, strict=True):
            self._keep(self.time.CumulVar(index), windows)
        for v, rider in enumerate(self.compiled.riders):
            for index in (self.routing.Start(v), self.routing.End(v)):
                self._keep(self.time.CumulVar(index), (rider.window,))

    def _horizon(self) -> int:
        """No sensible schedule passes this instant: the last opening, then all work and the longest legs."""
        opens = [w[-1][0] for w in self.windows] + [r.window[0] for r in self.compiled.riders]
        longest = max(int(np.max(s, where=~cut, initial=0)) for s, _, cut in self.travel.values())
        work = sum(s.setup + s.service for s in self.stops)
        return int(max(opens) + work + longest * (len(self.stops) + 1))

    def _keep(self, variable: Any, windows: Sequence[TimeWindow]) -> None:
        variable.SetRange(min(windows[0][0], self.horizon), min(windows[-1][1], self.horizon))
        for (_, closes), (opens, _) in pairwise(windows):
            variable.RemoveInterval(closes + 1, opens - 1)

    # -- costs -------------------------------------------------------------------------------------------------

    def _costs(self) -> None:
        registered: dict[tuple[tuple[str, float], Costs], int] = {}
        service = np.array([s.service for s in self.stops] + [0] * (len(self.places) - len(self.stops)))
        setup = np.array([s.setup for s in self.stops] + [0] * (len(self.places) - len(self.stops)))
        at = np.array(self.places)
        work = service[None, :] + np.where(at[:, None] == at[None, :], 0, setup[None, :])
        work[len(self.stops) :, len(self.stops) :] = 0
        for v, rider in enumerate(self.compiled.riders):
            costs = rider.vehicle.costs
            key = (rider.travel_class, costs)
            if key not in registered:
                seconds, metres, cut = self.travel[rider.travel_class]
                cost = SCALE * (
                    (costs.per_hour * seconds + costs.per_task_hour * work) / 3600 + costs.per_km * metres / 1000
                )
                cost[cut] = np.max(cost, where=~cut, initial=0)  # never driven: the time dimension forbids it
                registered[key] = self.routing.RegisterTransitMatrix(np.rint(cost).astype(np.int64).tolist())
            self.routing.SetArcCostEvaluatorOfVehicle(registered[key], v)
            self.routing.SetFixedCostOfVehicle(SCALE * costs.fixed, v)

    def _preferences(self) -> None:
        """What a vehicle that is not preferred weighs, per delivery, as the span of a dimension without slack."""
        shipments = self.compiled.problem.shipments
        if not any(s.preferred_vehicles for s in shipments):
            return
        vectors: dict[tuple[int, ...], int] = {}
        evaluators = []
        for vehicle in self.vehicles:
            costs = tuple(SCALE * slight(vehicle, shipments[s.shipment]) if s.pickup is None else 0 for s in self.stops)
            if costs not in vectors:
                vectors[costs] = self._vector(costs)
            evaluators.append(vectors[costs])
        self.routing.AddDimensionWithVehicleTransits(evaluators, 0, 10**15, True, "slight")
        self.routing.GetDimensionOrDie("slight").SetSpanCostCoefficientForAllVehicles(1)

    def _vector(self, values: Sequence[int]) -> int:
        padded = [*values, *(0,) * (len(self.places) - len(values))]
        return int(self.routing.RegisterUnaryTransitVector(padded))

    # -- rules -------------------------------------------------------------------------------------------------

    def _loads(self) -> None:
        compiled = self.compiled
        aboard = any(any(a) for a in compiled.aboard_at_start)
        collected = any(any(s.collected) for s in compiled.problem.shipments)
        for d, name in enumerate(compiled.problem.dimensions):
            limits = [rider.capacity[d] for rider in compiled.riders]
            if min(limits) >= UNREACHABLE:
                continue
            vector = self._vector([s.change[d] for s in self.stops])
            self.routing.AddDimensionWithVehicleCapacity(vector, 0, limits, not aboard, f"load {name}")
            if not (aboard and collected):
                continue
            # what is collected on the way must not pass for what was aboard at the start
            given = self._vector([compiled.aboard_at_start[s.shipment][d] for s in self.stops])
            self.routing.AddDimension(given, 0, 10 * UNREACHABLE, True, f"aboard {name}")
            load = self.routing.GetDimensionOrDie(f"load {name}")
            needed = self.routing.GetDimensionOrDie(f"aboard {name}")
            for v in range(len(self.vehicles)):
                start, end = self.routing.Start(v), self.routing.End(v)
                self.solver.Add(load.CumulVar(start) >= needed.CumulVar(end))

    def _limits(self) -> None:
        most = UNREACHABLE - 1
        tasks = [v.max_tasks for v in self.vehicles]
        if any(x is not None for x in tasks):
            ones = self._vector([1] * len(self.stops))
            limits = [most if x is None else x for x in tasks]
            self.routing.AddDimensionWithVehicleCapacity(ones, 0, limits, True, "tasks")
        for name, part, values in (
            ("travel", 0, [v.max_travel_time for v in self.vehicles]),
            ("distance", 1, [v.max_distance for v in self.vehicles]),
        ):
            if all(x is None for x in values):
                continue
            registered = {
                kind: self.routing.RegisterTransitMatrix(np.minimum(tables[part], most).tolist())
                for kind, tables in self.travel.items()
            }
            evaluators = [registered[r.travel_class] for r in self.compiled.riders]
            limits = [most if x is None else min(x, most) for x in values]
            self.routing.AddDimensionWithVehicleTransitAndCapacity(evaluators, 0, limits, True, name)

    def _shipments(self) -> None:
        routing = self.routing
        everyone = range(len(self.vehicles))
        for s, numbers in enumerate(self.compiled.stops_of):
            carriers = self.compiled.carriers[s]
            if not carriers:
                continue
            *pickups, delivery = (self.indexes[self.node_of[n]] for n in numbers)
            for index in (*pickups, delivery):
                if len(carriers) < len(everyone):
                    # SetAllowedVehiclesForIndex takes no Python list in OR-Tools 9.15.
                    routing.VehicleVar(index).RemoveValues([v for v in everyone if v not in carriers])
                routing.AddDisjunction([index], SCALE * self.compiled.penalties[s] // len(numbers))
            if pickups:
                routing.AddPickupAndDelivery(pickups[0], delivery)
            for index in pickups[1:]:
                self.solver.Add(routing.VehicleVar(index) == routing.VehicleVar(delivery))
                self.solver.Add(self.time.CumulVar(index) <= self.time.CumulVar(delivery))
            self._ride(s, pickups, delivery)

    def _ride(self, s: int, pickups: Sequence[int], delivery: int) -> None:
        limit = self.compiled.problem.shipments[s].max_ride_time
        if limit is None:
            return
        arrives = self.time.CumulVar(delivery)
        for index, n in zip(pickups, self.compiled.stops_of[s], strict=False):
            leaves = int(self.on_leaving[self.node_of[n]])
            self.solver.Add(arrives <= self.time.CumulVar(index) + leaves + limit)
        if not pickups:
            for v in self.compiled.carriers[s]:
                mine = self.routing.VehicleVar(delivery) == v
                self.solver.Add(
                    arrives <= self.time.CumulVar(self.routing.Start(v)) + limit + self.horizon * (1 - mine)
                )

    # -- routes ------------------------------------------------------------------------------------------------

    def assignment(self, routes: Sequence[Sequence[int]]) -> Any:
        """The routes as an assignment of this (closed) model; None if its stricter rules refuse them."""
        indexes = [[self.indexes[self.node_of[n]] for n in route] for route in routes]
        return self.routing.ReadAssignmentFromRoutes(indexes, True)

    def stricter(self) -> Compiled:
        """The problem with closing times as early as this model takes them."""
        stops = list(self.compiled.stops)
        for n, windows, setup in zip(self.numbers, self.windows, self.on_arrival, strict=False):
            if setup:
                stops[n] = replace(stops[n], windows=tuple((a - int(setup), b - int(setup)) for a, b in windows))
        return replace(self.compiled, stops=tuple(stops))

    def routes(self, follow: Callable[[int], int]) -> list[list[int]]:
        """The stop numbers of each vehicle, given the next index after each index."""
        out: list[list[int]] = []
        for v in range(len(self.vehicles)):
            route: list[int] = []
            index = follow(self.routing.Start(v))
            while not self.routing.IsEnd(index):
                route.append(self.numbers[self.manager.IndexToNode(index)])
                index = follow(index)
            out.append(route)
        return out


class _Search:
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

        model = _Model(self.compiled)
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
