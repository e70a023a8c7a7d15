"""From sequences of stops to a `Plan`: steps, totals and costs, as VROOM states them. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .compiled import Compiled, Rider
from .model import Amount, Id, Plan, Problem, Route, Step, StepType, Unassigned
from .timetable import Broken, Rest, Timetable, timetable
from .whole import most_moved, moved, split_group, steering


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an engine gives: per vehicle (by position) its stops in order, and how it got there."""

    routes: Sequence[Sequence[int]]
    engine: str
    iterations: int = 0
    first_plan_ms: int | None = None
    proven: bool = False
    """Whether no other routes weigh less."""


class ImpossibleRouteError(Exception):
    """An engine proposed a route that no schedule can drive: a defect of that engine."""


def route_of(compiled: Compiled, v: int, sequence: Sequence[int]) -> Route:
    """One route as the plan states it."""
    rider = compiled.riders[v]
    times = timetable(compiled, rider, sequence)
    if isinstance(times, Broken):
        raise ImpossibleRouteError(f"vehicle {rider.vehicle.id!r}: {times}")
    return Route(
        vehicle=rider.vehicle.id,
        steps=tuple(_steps(compiled, v, sequence, times)),
        cost=times.cost,
        duration=times.travel,
        distance=times.distance,
        setup=sum(times.setups),
        service=times.work - sum(times.setups),
        waiting_time=sum(b - a for a, b in zip(times.arrivals, times.begins, strict=True))
        + sum(rest.begin - rest.arrival for rest in times.rests),
        lateness=times.lateness,
    )


def _steps(compiled: Compiled, v: int, sequence: Sequence[int], times: Timetable) -> list[Step]:
    rider = compiled.riders[v]
    vehicle = rider.vehicle
    problem = compiled.problem
    steps: list[Step] = []
    start = compiled.stops[sequence[0]].index if vehicle.start is None else vehicle.start
    steps.append(Step(type="start", index=start, arrival=times.start, load=times.loads[0]))
    duration = distance = 0
    rests = list(times.rests)
    for k, n in enumerate(sequence):
        while rests and rests[0].after == k:
            steps.append(_rest(rider, rests.pop(0), times.loads[k], duration, distance))
        stop = rider.stops[n]
        duration += times.legs[k]
        distance += times.metres[k]
        kind: StepType = "reload" if stop.reload else "delivery" if stop.pickup is None else "pickup"
        shipment = None if stop.reload else problem.shipments[stop.shipment]
        task = None
        if shipment is not None:
            task = shipment.delivery if stop.pickup is None else shipment.pickups[stop.pickup]
        steps.append(
            Step(
                type=kind,
                index=stop.index,
                arrival=times.arrivals[k],
                id=None if task is None else task.id,
                shipment=None if shipment is None else shipment.id,
                setup=times.setups[k],
                service=stop.service,
                waiting_time=times.begins[k] - times.arrivals[k],
                load=times.loads[k + 1],
                duration=duration,
                distance=distance,
            )
        )
    steps += [_rest(rider, rest, times.loads[-1], duration, distance) for rest in rests]
    end = compiled.stops[sequence[-1]].index if vehicle.end is None else vehicle.end
    last = Step(
        type="end",
        index=end,
        arrival=times.end,
        load=times.loads[-1],
        duration=times.travel,
        distance=times.distance,
    )
    return [*steps, last]


def _rest(rider: Rider, rest: Rest, load: Amount, duration: int, distance: int) -> Step:
    """A break; `duration` and `distance` are those of the stop before."""
    given = rider.breaks[rest.number]
    return Step(
        type="break",
        index=None,
        arrival=rest.arrival,
        id=given.id,
        service=given.service,
        waiting_time=rest.begin - rest.arrival,
        load=load,
        duration=duration + rest.travelled,
        distance=distance,
    )


def build(compiled: Compiled, answer: Answer, unassigned: Sequence[Unassigned], *, seed: int, solving_ms: int) -> Plan:
    """The whole plan. Vehicles without stops have no route."""
    routes = tuple(route_of(compiled, v, sequence) for v, sequence in enumerate(answer.routes) if sequence)
    split = cost_split(compiled.problem, routes, [u.shipment for u in unassigned])
    return Plan(
        routes=routes,
        unassigned=tuple(unassigned),
        cost=sum(split.values()),
        cost_split=split,
        engine=answer.engine,
        seed=seed,
        iterations=answer.iterations,
        first_plan_ms=answer.first_plan_ms,
        proven=answer.proven,
        solving_ms=solving_ms,
    )


def cost_split(problem: Problem, routes: Sequence[Route], left_out: Sequence[Id]) -> dict[str, int]:
    """What the parts of a plan cost. Where a profile states what legs cost, that stands under ``time``."""
    costs = {vehicle.id: vehicle.costs for vehicle in problem.vehicles}
    fixed = sum(costs[route.vehicle].fixed for route in routes)
    distance = sum(costs[route.vehicle].per_km * route.distance // 1000 for route in routes)
    lateness = sum(route.lateness for route in routes)
    missing = set(left_out)
    penalty = sum(s.penalty for s in problem.shipments if s.penalty is not None and s.id in missing)
    return {
        "fixed": fixed,
        "time": sum(route.cost for route in routes) - fixed - distance - lateness,
        "distance": distance,
        "lateness": lateness,
        "penalty": penalty,
    }


def left_out(compiled: Compiled, routes: Sequence[Sequence[int]]) -> list[int]:
    """The shipments, by position, that no route serves."""
    served = {compiled.stops[n].shipment for sequence in routes for n in sequence}
    return [s for s in range(len(compiled.problem.shipments)) if s not in served]


def weight(compiled: Compiled, routes: Sequence[Sequence[int]]) -> int | None:
    """What every engine minimises: cost, what steers the search and penalties of what is left out. None: impossible."""
    if split_group(compiled, routes):
        return None
    total = sum(compiled.penalties[s] for s in left_out(compiled, routes))
    moves = 0
    for v, sequence in enumerate(routes):
        if not sequence:
            continue
        times = timetable(compiled, compiled.riders[v], sequence)
        if isinstance(times, Broken):
            return None
        total += times.cost + steering(compiled, v, sequence, times)
        moves += moved(compiled, v, sequence, times)
    most = most_moved(compiled)
    return None if most is not None and moves > most else total
