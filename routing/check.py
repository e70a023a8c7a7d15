"""Whether a plan keeps every rule of its problem. Shares no code with any engine or with what makes the plans.

It takes from a plan the order of the steps and when each begins, follows the matrices, and names what does not hold;
`routing.walk` does so for each route.

Causes and the unit of their amount: ``capacity`` ``max_load`` (most excess in any one dimension; ``excess`` in the
detail has all), ``time_window`` ``max_travel_time`` ``max_ride_time`` ``schedule`` (seconds), ``max_distance``
``distance`` (metres), ``max_tasks`` (tasks), ``reloads`` (reloads), ``churn`` (shipments), ``cost`` (cost), and without
one ``skills`` ``refused`` ``precedence`` ``missing`` ``missing_break`` ``duplicate`` ``unknown_id`` ``unreachable``
``load`` ``group`` ``lock``. ``route`` is the vehicle, ``step`` the position in its steps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from .model import Churn, Id, Plan, PreviousRoute, Problem, Violation
from .walk import EXACT, Rounding, Stopped, Walk

__all__ = ["EXACT", "Rounding", "check"]


def check(problem: Problem, plan: Plan, rounding: Rounding = EXACT) -> list[Violation]:
    """Every violation there is; none means that the plan holds."""
    vehicles = {v.id: v for v in problem.vehicles}
    found: list[Violation] = []
    driven: Counter[Id] = Counter(route.vehicle for route in plan.routes)
    served: Counter[Id] = Counter()
    visited: dict[Id, dict[Stopped, int]] = {}
    for route in plan.routes:
        vehicle = vehicles.get(route.vehicle)
        if vehicle is None:
            found.append(Violation(cause="unknown_id", route=route.vehicle, step=None))
            continue
        walk = Walk(problem, vehicle, route, rounding)
        found.extend(walk.violations())
        visited[route.vehicle] = walk.begins
        served.update(dict.fromkeys(walk.touched, 1))
    for id_, times in driven.items():
        if times > 1:
            found.append(Violation(cause="duplicate", route=id_, step=None, amount=times - 1))
    found.extend(_accounts(problem, plan, served))
    found.extend(_groups(problem, visited))
    known = {s.id for s in problem.shipments}
    for before in problem.previous:
        found.extend(_locks(before, visited, known))
    if problem.churn is not None:
        found.extend(_churn(problem, problem.churn, visited))
    found.extend(_money(problem, plan, rounding.cost))
    return found


def _accounts(problem: Problem, plan: Plan, served: Counter[Id]) -> Iterator[Violation]:
    """Every shipment is in one route or among the unassigned, and nothing else is."""
    out = Counter(u.shipment for u in plan.unassigned)
    known = {s.id for s in problem.shipments}
    for id_ in out:
        if id_ not in known:
            yield Violation(cause="unknown_id", route=None, step=None, detail={"shipment": id_})
    for id_ in known:
        times = served[id_] + out[id_]
        if times != 1:
            cause = "missing" if times == 0 else "duplicate"
            yield Violation(cause=cause, route=None, step=None, amount=abs(times - 1), detail={"shipment": id_})


def _groups(problem: Problem, visited: Mapping[Id, Mapping[Stopped, int]]) -> Iterator[Violation]:
    group_of = {s.id: s.group for s in problem.shipments if s.group is not None}
    found: dict[Id, Id] = {}
    for vehicle, begins in visited.items():
        for group in {group_of[shipment] for shipment, _ in begins if shipment in group_of}:
            if found.setdefault(group, vehicle) != vehicle:
                yield Violation(cause="group", route=vehicle, step=None, detail={"group": group})


def _locks(
    before: PreviousRoute, visited: Mapping[Id, Mapping[Stopped, int]], known: Collection[Id]
) -> Iterator[Violation]:
    """What a locked route carried stays with its vehicle; its sequence, as far as it is served, comes first."""
    if before.lock == "none":
        return
    mine = {visit.shipment for visit in before.visits if visit.shipment in known}
    for vehicle, begins in visited.items():
        if vehicle != before.vehicle:
            for shipment in {shipment for shipment, _ in begins} & mine:
                yield Violation(cause="lock", route=vehicle, step=None, detail={"shipment": shipment})
    if before.lock == "sequence":
        made = list(visited.get(before.vehicle, {}))
        first = [stop for v in before.visits if (stop := (v.shipment, v.pickup)) in made]
        if made[: len(first)] != first:
            yield Violation(cause="lock", route=before.vehicle, step=None, detail={"of": "sequence"})


def _churn(problem: Problem, churn: Churn, visited: Mapping[Id, Mapping[Stopped, int]]) -> Iterator[Violation]:
    """How many shipments another vehicle brings than before, or much earlier or later; see `Churn`."""
    if churn.max_moved is None:
        return
    vehicles = {v.id for v in problem.vehicles}
    now = {stop[0]: (v, t) for v, begins in visited.items() for stop, t in begins.items() if stop[1] is None}
    moved = 0
    for route in problem.previous:
        for visit in route.visits:
            if visit.pickup is not None or visit.shipment not in now or route.vehicle not in vehicles:
                continue
            vehicle, begin = now[visit.shipment]
            late = 0 if visit.begin is None else abs(begin - visit.begin)
            moved += vehicle != route.vehicle or (churn.max_shift is not None and late > churn.max_shift)
    if moved > churn.max_moved:
        yield Violation(cause="churn", route=None, step=None, amount=moved - churn.max_moved)


def _money(problem: Problem, plan: Plan, tolerance: int) -> Iterator[Violation]:
    out = {u.shipment for u in plan.unassigned}
    penalty = sum(s.penalty for s in problem.shipments if s.penalty is not None and s.id in out)
    expected = sum(route.cost for route in plan.routes) + penalty
    allowed = tolerance * len(plan.routes)
    if abs(plan.cost - expected) > allowed or abs(sum(plan.cost_split.values()) - plan.cost) > allowed:
        yield Violation(cause="cost", route=None, step=None, amount=plan.cost - expected)
