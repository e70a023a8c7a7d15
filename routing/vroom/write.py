"""A plan as VROOM's JSON, with our additions beside it: engine, cost split and explanations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from routing.compiled import filled
from routing.explain import fix_sentence, sentence
from routing.fixes import Fix, FixCode, Relaxation
from routing.model import (
    Amount,
    Id,
    Location,
    Plan,
    Problem,
    Route,
    Shipment,
    Step,
    Task,
    Unassigned,
    Vehicle,
    VehicleReason,
)
from routing.sentences import refusal

from .document import DocumentError


def plan_to_json(problem: Problem, plan: Plan, *, loading_ms: int = 0) -> dict[str, Any]:
    """VROOM's answer. Its ``summary.cost`` is ours without stated penalties where there are none, as in VROOM."""
    shipments = {s.id: s for s in problem.shipments}
    left_out = [shipments[u.shipment] for u in plan.unassigned]
    routes = [_route(problem, shipments, route) for route in plan.routes]
    return {
        "code": 0,
        "summary": {
            "cost": plan.cost,
            "routes": len(routes),
            "unassigned": sum(len(s.pickups) + 1 for s in left_out),
            **{key: _sum(route[key] for route in routes) for key in ("delivery", "amount", "pickup")},
            **{
                key: sum(route[key] for route in routes)
                for key in ("setup", "service", "duration", "waiting_time", "priority", "distance")
            },
            "violations": [],
            "computing_times": {"loading": loading_ms, "solving": plan.solving_ms, "routing": 0},
            "engine": plan.engine,
            "seed": plan.seed,
            "iterations": plan.iterations,
            "first_plan_ms": plan.first_plan_ms,
            "proven": plan.proven,
            "cost_split": dict(plan.cost_split),
        },
        "unassigned": [entry for shipment in left_out for entry in _left_out(shipment)],
        "explanations": [_explanation(problem, shipments, u) for u in plan.unassigned],
        "routes": routes,
    }


def errors_to_json(refused: DocumentError) -> dict[str, Any]:
    """VROOM's answer to bad input, with every error in a machine's and in people's words."""
    return {
        "code": 2,
        "error": str(refused),
        "errors": [{"path": e.path, "code": e.code, "message": refusal(e)} for e in refused.errors],
    }


def _sum(amounts: Iterable[Sequence[int]]) -> list[int]:
    return [sum(column) for column in zip(*amounts, strict=False)]


def _route(problem: Problem, shipments: dict[Id, Shipment], route: Route) -> dict[str, Any]:
    vehicle = next(v for v in problem.vehicles if v.id == route.vehicle)
    size = len(problem.dimensions)
    nothing: Amount = (0,) * size
    tasks = Counter(s.shipment for s in route.steps if s.shipment is not None)
    carried = [shipments[id_] for id_ in tasks if id_ is not None]
    given = _sum([nothing, *(a for s in carried for a in s.amounts)])
    taken = _sum([nothing, *(a for s in carried for a in (s.amounts if s.pickups else (s.collected or nothing,)))])
    return {
        "vehicle": route.vehicle,
        **({} if vehicle.description is None else {"description": vehicle.description}),
        "cost": route.cost,
        "delivery": given,
        "amount": given,
        "pickup": taken,
        "setup": route.setup,
        "service": route.service,
        "duration": route.duration,
        "waiting_time": route.waiting_time,
        "priority": sum(s.priority * tasks[s.id] for s in carried),
        "distance": route.distance,
        "steps": [_step(vehicle, shipments, step) for step in route.steps],
        "violations": [],
    }


def _step(vehicle: Vehicle, shipments: dict[Id, Shipment], step: Step) -> dict[str, Any]:
    shipment = shipments[step.shipment] if step.shipment is not None else None
    job = shipment is not None and not shipment.pickups
    location, description = _place(vehicle, shipment, step)
    return {
        "type": "job" if job else step.type,
        **({} if description is None else {"description": description}),
        **({} if location is None else {"location": list(location)}),
        **({} if step.index is None else {"location_index": step.index}),
        **({} if step.id is None else {"id": step.id}),
        **({"job": step.id} if job else {}),
        "setup": step.setup,
        "service": step.service,
        "waiting_time": step.waiting_time,
        "load": list(step.load),
        "arrival": step.arrival,
        "duration": step.duration,
        "distance": step.distance,
        "violations": [],
    }


def _place(vehicle: Vehicle, shipment: Shipment | None, step: Step) -> tuple[Location | None, str | None]:
    """Where a step is, as far as the problem said so, and what the problem calls it."""
    if shipment is not None:
        tasks = [*shipment.pickups, shipment.delivery]
        return next(
            ((t.location, t.description) for t in tasks if t.id == step.id and t.index == step.index), (None, None)
        )
    if step.type == "break":
        return None, next((rest.description for rest in vehicle.breaks if rest.id == step.id), None)
    if step.type == "reload":
        return next((depot.location for depot in vehicle.reload_depots if depot.index == step.index), None), None
    return (vehicle.start_location if step.type == "start" else vehicle.end_location), None


def _left_out(shipment: Shipment) -> list[dict[str, Any]]:
    if not shipment.pickups:
        return [_task(shipment.delivery, "job")]
    return [_task(shipment.delivery, "delivery"), *(_task(p, "pickup") for p in shipment.pickups)]


def _task(task: Task, kind: str) -> dict[str, Any]:
    known = {"description": task.description, "location": None if task.location is None else list(task.location)}
    return {
        "id": task.id,
        **{key: value for key, value in known.items() if value is not None},
        "location_index": task.index,
        "type": kind,
    }


def _explanation(problem: Problem, shipments: dict[Id, Shipment], unassigned: Unassigned) -> dict[str, Any]:
    shipment = shipments[unassigned.shipment]
    return {
        "id": shipment.delivery.id,
        "type": "shipment" if shipment.pickups else "job",
        "code": unassigned.code.value,
        "message": dict(sentence(unassigned, problem)),
        "vehicles": [_reason(v) for v in unassigned.vehicles],
        "fix": None if unassigned.fix is None else _fix(problem, unassigned.fix),
    }


def _fix(problem: Problem, fix: Fix) -> dict[str, Any]:
    """What would make room. The weightiest change is in the fix itself, what is needed too in ``also``."""
    size = len(problem.dimensions)
    first, *others = (_relaxation(r, size) for r in fix.relaxations)
    also = {"also": others} if others else {}
    return {
        **first,
        "vehicle": fix.vehicle,
        "added_cost": fix.added_cost,
        "positions": list(fix.positions),
        **also,
        "message": fix_sentence(fix, problem.dimensions),
    }


def _relaxation(r: Relaxation, size: int) -> dict[str, Any]:
    """The figures that belong to the code, and no others."""
    figures: dict[str, Any] = {
        "seconds": r.seconds,
        "metres": r.metres,
        "tasks": r.tasks,
        "task": r.task,
        "type": None if r.code is not FixCode.WINDOW else "delivery" if r.pickup is None else "pickup",
        "side": r.side,
        "was": None if r.was is None else list(r.was),
        "window": None if r.window is None else list(r.window),
        "skills": sorted(r.skills, key=str) or None,
        "penalty": r.penalty,
    }
    if r.code is FixCode.LIGHTER:
        figures["amount"] = _sum([filled((), size), *r.amounts, filled(r.collected, size)])
        figures["amounts"] = [list(a) for a in r.amounts] if len(r.amounts) > 1 else None
        figures["collected"] = list(r.collected) if any(r.collected) else None
    return {"code": r.code.value, **{key: value for key, value in figures.items() if value is not None}}


def _reason(reason: VehicleReason) -> dict[str, Any]:
    figures = {
        "excess": list(reason.excess) or None,
        "seconds": reason.seconds,
        "metres": reason.metres,
        "added_cost": reason.added_cost,
    }
    return {"id": reason.vehicle, "code": reason.code.value, **{k: v for k, v in figures.items() if v is not None}}
