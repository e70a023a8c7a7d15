"""One shipment in one vehicle's route, with rules loosened as wished: when it happens, or what it still breaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from routing.compiled import Compiled, compile_problem, filled
from routing.fixes import Relaxation
from routing.model import Matrix, Problem, Shipment, Vehicle
from routing.timetable import Broken, Timetable, timetable

from .relax import loosen


class Trial:
    """A vehicle's route with one shipment more, as a little problem of its own, so that a try costs little."""

    def __init__(self, compiled: Compiled, vehicle: Vehicle, route: Sequence[int], s: int) -> None:
        problem = compiled.problem
        served = dict.fromkeys(compiled.stops[n].shipment for n in route if compiled.stops[n].shipment != s)
        durations, distances = compiled.travel[vehicle.profile, vehicle.speed_factor]
        self.vehicle: Vehicle = replace(vehicle, speed_factor=1.0)  # the durations are this vehicle's own already
        self.size = len(problem.dimensions)
        shipment = problem.shipments[s]
        self.shipment: Shipment = replace(
            shipment,
            amounts=tuple(filled(amount, self.size) for amount in shipment.amounts),
            collected=filled(shipment.collected, self.size) if shipment.collected else (),
        )
        self._others = tuple(problem.shipments[q] for q in served)
        self._problem = Problem(
            vehicles=(),
            shipments=(),
            matrices={vehicle.profile: Matrix(durations=durations, distances=distances)},
            dimensions=problem.dimensions,
        )
        number = 0
        numbers: dict[int, int] = {}
        for q in (*served, s):
            for n in compiled.stops_of[q]:
                numbers[n] = number
                number += 1
        self.sequence = [numbers[n] for n in route]
        self.own = [numbers[n] for n in compiled.stops_of[s]]

    @property
    def positions(self) -> tuple[int, ...]:
        """Where in the route the shipment's own stops are."""
        return tuple(self.sequence.index(n) for n in self.own)

    def times(self, relaxations: Sequence[Relaxation] = ()) -> Timetable | Broken:
        """The route's schedule with the rules loosened, or what still breaks."""
        vehicle, shipment = loosen(self.vehicle, self.shipment, relaxations)
        problem = replace(self._problem, vehicles=(vehicle,), shipments=(*self._others, shipment))
        compiled = compile_problem(problem)
        return timetable(compiled, compiled.riders[0], self.sequence)
