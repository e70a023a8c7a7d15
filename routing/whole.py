"""What a plan weighs and may not do as a whole: preferences, balance, groups and churn. Knows no single route's rules.

None of the weights is anybody's money: they steer the search, and are in no cost.
"""

from __future__ import annotations

from collections.abc import Sequence

from .compiled import Compiled, slight
from .timetable import Timetable


def steering(compiled: Compiled, v: int, route: Sequence[int], times: Timetable) -> int:
    """What one route weighs beyond its cost: riders not preferred, an uneven share, shipments moved."""
    problem = compiled.problem
    vehicle = problem.vehicles[v]
    carried = {compiled.stops[n].shipment for n in route if not compiled.stops[n].reload}
    weight = sum(slight(vehicle, problem.shipments[s]) for s in carried)
    if problem.churn is not None and problem.churn.cost_per_moved:
        weight += problem.churn.cost_per_moved * moved(compiled, v, route, times)
    if problem.balance is not None:
        hours = (times.travel + times.work) / 3600
        before = vehicle.worked.duration / 3600
        tasks = sum(not compiled.stops[n].reload for n in route)
        weight += round(problem.balance.duration * hours * (before + hours / 2))
        weight += round(problem.balance.tasks * tasks * (vehicle.worked.tasks + tasks / 2))
    return weight


def moved(compiled: Compiled, v: int, route: Sequence[int], times: Timetable) -> int:
    """How many shipments of this route were with another vehicle before, or begin too much earlier or later."""
    churn = compiled.problem.churn
    if churn is None or not compiled.before:
        return 0
    count = 0
    for k, n in enumerate(route):
        stop = compiled.stops[n]
        if stop.reload or stop.pickup is not None or stop.shipment not in compiled.before:
            continue
        vehicle, begin = compiled.before[stop.shipment]
        late = 0 if begin is None else abs(times.begins[k] - begin)
        count += vehicle != v or (churn.max_shift is not None and late > churn.max_shift)
    return count


def counts_moves(compiled: Compiled) -> bool:
    """Whether it matters that a shipment is moved."""
    return compiled.problem.churn is not None and compiled.problem.churn.counts and bool(compiled.before)


def most_moved(compiled: Compiled) -> int | None:
    """How many shipments may be moved in all; None where nothing bounds it."""
    churn = compiled.problem.churn
    most = churn.max_moved if churn is not None else None
    return most if most is not None and most < len(compiled.before) else None


def split_group(compiled: Compiled, routes: Sequence[Sequence[int]]) -> bool:
    """Whether some group is spread over several vehicles."""
    if not compiled.groups:
        return False
    found: dict[tuple[int, ...], int] = {}
    for v, route in enumerate(routes):
        for n in route:
            group = compiled.groups.get(compiled.stops[n].shipment)
            if group is not None and found.setdefault(group, v) != v:
                return True
    return False
