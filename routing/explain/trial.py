"""One shipment in one vehicle's route, with rules loosened as wished: when it happens, or what it still breaks."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace

from routing.compiled import Compiled, Rider, compile_problem, filled
from routing.fixes import Relaxation
from routing.model import Id, Matrix, PreviousRoute, Problem, Shipment, Vehicle
from routing.timetable import Broken, Timetable, timetable

from .relax import loosen


class Trial:
    """A vehicle's route with one shipment more, as a little problem of its own, so that a try costs little."""

    def __init__(self, compiled: Compiled, rider: Rider, route: Sequence[int], s: int, *, bound: bool = True) -> None:
        """`bound`: by what the plan before locks in this vehicle."""
        problem, vehicle = compiled.problem, rider.vehicle
        self.size = len(problem.dimensions)
        shipment = problem.shipments[s]
        self.shipment: Shipment = replace(
            shipment,
            amounts=tuple(filled(amount, self.size) for amount in shipment.amounts),
            collected=filled(shipment.collected, self.size) if shipment.collected else (),
        )
        self.vehicle: Vehicle = replace(vehicle, speed_factor=1.0)  # the durations are this vehicle's own already
        durations, distances = compiled.travel[rider.travel_class]
        costs = problem.matrices[vehicle.profile].costs
        served = dict.fromkeys([s, *(compiled.stops[n].shipment for n in route if not compiled.stops[n].reload)])
        self._little = Problem(
            vehicles=(self.vehicle,),
            shipments=(self.shipment, *(problem.shipments[q] for q in served if q != s)),
            matrices={vehicle.profile: Matrix(durations=durations, distances=distances, costs=costs)},
            dimensions=problem.dimensions,
            previous=_of(vehicle, problem, {problem.shipments[q].id for q in served}) if bound else (),
        )
        self._base = compile_problem(self._little)
        numbers = dict(
            zip((n for q in served for n in compiled.stops_of[q]), range(len(self._base.stops)), strict=False)
        )
        numbers.update(zip(rider.reloads, self._base.riders[0].reloads, strict=True))
        self.sequence = [numbers[n] for n in route]
        self._own = len(compiled.stops_of[s])

    @property
    def positions(self) -> tuple[int, ...]:
        """Where in the route the shipment's own stops are."""
        return tuple(map(self.sequence.index, range(self._own)))

    def times(self, relaxations: Sequence[Relaxation] = ()) -> Timetable | Broken:
        """The route's schedule with the rules loosened, or what still breaks."""
        vehicle, shipment = loosen(self.vehicle, self.shipment, relaxations)
        base, old = self._base, self._base.riders[0]
        # only the shipment's own stops, the first, and the vehicle itself can differ from what was compiled
        mine = compile_problem(replace(self._little, vehicles=(vehicle,), shipments=(shipment,), previous=()))
        rider = replace(
            mine.riders[0],
            stops=(*mine.riders[0].stops[: self._own], *old.stops[self._own :]),
            reloads=old.reloads,
            locked=old.locked,
        )
        compiled = replace(
            base,
            problem=replace(self._little, vehicles=(vehicle,), shipments=(shipment, *self._little.shipments[1:])),
            stops=(*mine.stops[: self._own], *base.stops[self._own :]),
            riders=(rider,),
            aboard_at_start=(*mine.aboard_at_start, *base.aboard_at_start[1:]),
        )
        return timetable(compiled, rider, self.sequence)


def _of(vehicle: Vehicle, problem: Problem, served: Set[Id]) -> tuple[PreviousRoute, ...]:
    """What the plan before had this vehicle do, as far as it concerns these shipments."""
    return tuple(
        replace(route, visits=tuple(visit for visit in route.visits if visit.shipment in served))
        for route in problem.previous
        if route.vehicle == vehicle.id
    )
