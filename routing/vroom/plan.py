"""A `Plan` from VROOM's JSON, whoever made it, so that `check` can judge it. Judges nothing itself.

What a plan leaves unsaid (VROOM states no distances, and loads only with capacities) is filled in from the problem's
own matrices; what it says is kept as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from routing.model import (
    Id,
    Plan,
    Problem,
    Reason,
    Route,
    Shipment,
    Step,
    StepType,
    Task,
    Unassigned,
    Vehicle,
    Violation,
)

from .document import Errors, Node, is_id, is_integer

TYPES = ("start", "end", "job", "pickup", "delivery", "break", "reload")


def plan_from_json(doc: Any, problem: Problem) -> Plan:
    """Read a whole plan; raises `DocumentError` with all that is wrong."""
    errors = Errors()
    if not isinstance(doc, dict):
        errors.add("", "type.object", "a plan is a JSON object")
        errors.raise_any()
    top = Node(doc, "", errors)
    if not isinstance(doc.get("routes"), list):
        top.wrong("routes", "routes.missing", "a plan has routes")
    names = _Names(problem)
    routes = [_route(node, problem, names) for node in top.children("routes")]
    unassigned = _unassigned(top, names)
    summary = top.child("summary")
    out = {u.shipment for u in unassigned}
    penalty = sum(s.penalty for s in problem.shipments if s.penalty is not None and s.id in out)
    total = sum(route.cost for route in routes) + penalty
    cost = _stated(summary, "cost", total) if summary else total
    split = _split(summary, cost)
    errors.raise_any()
    return Plan(
        routes=tuple(routes),
        unassigned=tuple(unassigned),
        cost=cost,
        cost_split=split,
        engine=str(summary.value.get("engine", "")) if summary else "",
        seed=0,
    )


def _split(summary: Node | None, cost: int) -> dict[str, int]:
    given = summary.child("cost_split") if summary else None
    if given is None:
        return {"total": cost}
    return {key: _stated(given, key, 0) for key in given.value}


def violations_to_json(violations: Sequence[Violation]) -> list[dict[str, Any]]:
    """``route`` is the vehicle's id, ``step`` the position among its steps."""
    return [
        {"cause": v.cause, "route": v.route, "step": v.step, "amount": v.amount, "detail": dict(v.detail)}
        for v in violations
    ]


@dataclass(slots=True)
class _Names:
    """Which shipment a step of some type and id belongs to."""

    by_task: dict[tuple[str, Id], Id]
    shipments: dict[Id, Shipment]
    vehicles: dict[Id, Vehicle]

    def __init__(self, problem: Problem) -> None:
        self.by_task = {}
        self.shipments = {s.id: s for s in problem.shipments}
        self.vehicles = {v.id: v for v in problem.vehicles}
        for s in problem.shipments:
            self.by_task["delivery" if s.pickups else "job", s.delivery.id] = s.id
            for pickup in s.pickups:
                self.by_task["pickup", pickup.id] = s.id


def _unassigned(top: Node, names: _Names) -> list[Unassigned]:
    """One entry per shipment, however many of its tasks are listed."""
    found: dict[Id, Unassigned] = {}
    for node in top.children("unassigned"):
        kind = node.value.get("type")
        id_ = node.id()
        kinds = [kind] if isinstance(kind, str) else ["delivery", "pickup", "job"]
        name = next((names.by_task[k, id_] for k in kinds if (k, id_) in names.by_task), id_)
        found.setdefault(name, Unassigned(shipment=name, code=Reason.PRIORITY))
    return list(found.values())


def _route(node: Node, problem: Problem, names: _Names) -> Route:
    id_ = node.value.get("vehicle")
    if not is_id(id_):
        node.wrong("vehicle", "id.missing", "a route names its vehicle")
        id_ = ""
    raw = [_step(step, names) for step in node.children("steps")]
    steps, figures = _filled(raw, problem, names, names.vehicles.get(id_))
    return Route(
        vehicle=id_,
        steps=tuple(steps),
        cost=_stated(node, "cost", figures["cost"]),
        duration=_stated(node, "duration", figures["duration"]),
        distance=_stated(node, "distance", figures["distance"]),
        setup=_stated(node, "setup", figures["setup"]),
        service=_stated(node, "service", figures["service"]),
        waiting_time=node.integer("waiting_time"),
        lateness=figures["lateness"],
    )


def _stated(node: Node, key: str, default: int) -> int:
    value = node.value.get(key)
    if value is None:
        return default
    if is_integer(value):
        return int(value)
    node.wrong(key, "type.integer", "must be an integer")
    return default


def _step(node: Node, names: _Names) -> tuple[Node, Step]:
    kind = node.text("type", "start")
    if kind not in TYPES:
        node.wrong("type", "step.unknown", f"must be one of {', '.join(TYPES)}")
        kind = "start"
    id_ = None if kind in ("start", "end", "reload") else node.id()
    if not node.has("arrival"):
        node.wrong("arrival", "arrival.missing", "every step states its arrival")
    shipment = names.by_task.get((kind, id_)) if id_ is not None else None
    step = Step(
        type=cast(StepType, "delivery" if kind == "job" else kind),
        index=node.optional_integer("location_index"),
        arrival=_stated(node, "arrival", 0),
        id=id_,
        shipment=shipment,
        setup=node.integer("setup"),
        service=node.integer("service"),
        waiting_time=node.integer("waiting_time"),
        load=node.amount("load"),
        duration=node.integer("duration"),
        distance=node.integer("distance"),
    )
    return node, step


def _filled(
    raw: Sequence[tuple[Node, Step]], problem: Problem, names: _Names, vehicle: Vehicle | None
) -> tuple[list[Step], dict[str, int]]:
    """The steps with what they leave unsaid, and what the route's totals would be."""
    tasks = [_task(step, names) for _, step in raw]
    places = _places(raw, tasks, vehicle)
    steps: list[Step] = []
    figures = dict.fromkeys(("duration", "distance", "setup", "service", "cost", "lateness", "tariff"), 0)
    at: int | None = None
    for (node, step), task, place in zip(raw, tasks, places, strict=True):
        if vehicle is not None:
            setup, service = _work(vehicle, step, task, place)
            figures["setup"] += setup if at != place else 0
            figures["service"] += service
        if task is not None and task.soft_end is not None:
            late = max(0, step.arrival + step.waiting_time - task.soft_end)
            figures["lateness"] += task.cost_per_hour_after_soft_end * late
        if vehicle is not None and at is not None and place is not None:
            matrix = problem.matrices[vehicle.profile]
            figures["distance"] += int(matrix.distances[at, place])
            figures["duration"] += int(int(matrix.durations[at, place]) / vehicle.speed_factor + 0.5)
            figures["tariff"] += 0 if matrix.costs is None else int(matrix.costs[at, place])
        at = place if place is not None else at
        steps.append(
            replace(
                step,
                index=step.index if node.has("location_index") else place,
                duration=step.duration if node.has("duration") else figures["duration"],
                distance=step.distance if node.has("distance") else figures["distance"],
            )
        )
    figures["lateness"] //= 3600
    if vehicle is not None:
        figures["cost"] = _cost(vehicle, figures, by_tariff=problem.matrices[vehicle.profile].costs is not None)
    return steps, figures


def _work(vehicle: Vehicle, step: Step, task: Task | None, place: int | None) -> tuple[int, int]:
    """Setup and service that the step takes this vehicle by the problem."""
    if task is not None:
        kind = vehicle.type or ""
        return task.setup_per_type.get(kind, task.setup), task.service_per_type.get(kind, task.service)
    if step.type == "break":
        return 0, next((rest.service for rest in vehicle.breaks if rest.id == step.id), 0)
    if step.type == "reload":
        return 0, next((depot.service for depot in vehicle.reload_depots if depot.index == place), 0)
    return 0, 0


def _cost(vehicle: Vehicle, figures: Mapping[str, int], *, by_tariff: bool) -> int:
    costs, work = vehicle.costs, figures["setup"] + figures["service"]
    if by_tariff:
        travel = figures["tariff"] + costs.per_task_hour * work // 3600
    else:
        time = costs.per_hour * figures["duration"] + costs.per_task_hour * work
        travel = (1000 * time + 3600 * costs.per_km * figures["distance"]) // 3_600_000
    return costs.fixed + travel + figures["lateness"]


def _task(step: Step, names: _Names) -> Task | None:
    shipment = names.shipments.get(step.shipment) if step.shipment is not None else None
    if shipment is None:
        return None
    tasks = shipment.pickups if step.type == "pickup" else (shipment.delivery,)
    return next((t for t in tasks if t.id == step.id), None)


def _places(
    raw: Sequence[tuple[Node, Step]], tasks: Sequence[Task | None], vehicle: Vehicle | None
) -> list[int | None]:
    """Where each step is by the problem: the task's place, the vehicle's own, on an open side the nearest task's."""
    stops = [task.index for task in tasks if task is not None]
    places: list[int | None] = []
    for (_, step), task in zip(raw, tasks, strict=True):
        if task is not None:
            places.append(task.index)
        elif step.type == "start" and vehicle is not None:
            places.append(vehicle.start if vehicle.start is not None else next(iter(stops), None))
        elif step.type == "end" and vehicle is not None:
            places.append(vehicle.end if vehicle.end is not None else next(reversed(stops), None))
        elif step.type == "reload" and vehicle is not None and step.index is None and len(vehicle.reload_depots) == 1:
            places.append(vehicle.reload_depots[0].index)
        else:
            places.append(None if step.type == "break" else step.index)
    return places
