"""The problem in the words of OR-Tools' routing model. Searches nothing.

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
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from routing.compiled import Compiled, slight
from routing.model import UNREACHABLE, Costs, TimeWindow

SCALE = 100
"""The model counts cost in hundredths, so that short legs at low rates still differ."""

Ints = npt.NDArray[np.int64]


class Model:
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
