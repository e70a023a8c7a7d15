"""What was before: a vehicle's ``steps``, the ``previous`` plan and how far the new one may differ from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast, get_args

from routing.model import Churn, Id, Lock, PreviousRoute, Shipment, Vehicle, Visit

from .document import Node, is_id

Tasks = Mapping[tuple[str, Id], tuple[Id, int | None]]
"""By type and id: which shipment it is, and which pickup (None: its delivery)."""


def tasks_of(shipments: Sequence[Shipment]) -> Tasks:
    tasks: dict[tuple[str, Id], tuple[Id, int | None]] = {}
    for shipment in shipments:
        tasks["delivery" if shipment.pickups else "job", shipment.delivery.id] = (shipment.id, None)
        for k, pickup in enumerate(shipment.pickups):
            tasks["pickup", pickup.id] = (shipment.id, k)
    return tasks


def with_steps(nodes: Sequence[Node], vehicles: Sequence[Vehicle], tasks: Tasks) -> list[Vehicle]:
    """The vehicles with the routes that a search may start from. As in VROOM, a step must name a task there is."""
    seen: set[tuple[Id, int | None]] = set()
    answer = []
    for node, vehicle in zip(nodes, vehicles, strict=True):
        visits: list[Visit] = []
        for step in node.children("steps"):
            if step.text("type", "start") in ("start", "end", "break"):
                continue
            task = _task(step, tasks)
            if task is None:
                step.wrong("id", "step.unknown", "there is no such task")
            elif task in seen:
                step.wrong("id", "step.duplicate", "the task is in another step already")
            else:
                seen.add(task)
                visits.append(Visit(shipment=task[0], pickup=task[1]))
        answer.append(replace(vehicle, steps=tuple(visits)))
    return answer


def previous_from(top: Node, tasks: Tasks) -> tuple[PreviousRoute, ...]:
    """The routes of a plan. What it names and the problem does not is over, and left aside."""
    previous = top.child("previous")
    if previous is None:
        return ()
    routes: list[PreviousRoute] = []
    seen: set[tuple[Id, int | None]] = set()
    for node in previous.children("routes"):
        lock = node.text("lock", "none")
        if lock not in get_args(Lock):
            node.wrong("lock", "lock.unknown", f"must be one of {', '.join(get_args(Lock))}")
            lock = "none"
        vehicle = node.value.get("vehicle")
        if not is_id(vehicle):
            node.wrong("vehicle", "id.missing", "a route names its vehicle")
            continue
        if vehicle in [route.vehicle for route in routes]:
            node.wrong("vehicle", "id.duplicate", f"{vehicle!r} has two routes")
        visits = []
        for step in node.children("steps"):
            task = _task(step, tasks)
            if task is None:
                continue
            if task in seen:
                step.wrong("id", "step.duplicate", "the task is in another step already")
            seen.add(task)
            arrival = step.optional_integer("arrival")
            begin = None if arrival is None else arrival + step.integer("waiting_time")
            visits.append(Visit(shipment=task[0], pickup=task[1], begin=begin))
        routes.append(PreviousRoute(vehicle=vehicle, visits=tuple(visits), lock=cast(Lock, lock)))
    return tuple(routes)


def churn_from(top: Node) -> Churn | None:
    node = top.child("churn")
    if node is None:
        return None
    if not top.has("previous"):
        top.wrong("churn", "churn.no_previous", "needs the plan before, in previous")
    return Churn(
        max_moved=node.optional_integer("max_moved"),
        max_shift=node.optional_integer("max_shift"),
        cost_per_moved=node.integer("cost_per_moved"),
    )


def _task(step: Node, tasks: Tasks) -> tuple[Id, int | None] | None:
    kind, id_ = step.value.get("type"), step.value.get("id")
    return tasks.get((kind, id_)) if isinstance(kind, str) and is_id(id_) else None
