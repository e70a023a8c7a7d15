"""Plans between their rows and their values."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, Executable, RowMapping, select

from storage.records import Plan, PlanRoute, PlanStep, PlanUnassigned
from storage.tables import PlanRouteRow, PlanRow, PlanStepRow, PlanUnassignedRow
from storage.verbs import Write, among, fetch

PLAN, ROUTE, STEP, UNASSIGNED = (row.__table__ for row in (PlanRow, PlanRouteRow, PlanStepRow, PlanUnassignedRow))

_PLAN = tuple(name for name in Plan.__slots__ if name not in ("routes", "unassigned"))
_ROUTE = tuple(name for name in PlanRoute.__slots__ if name not in ("load_max", "steps"))
_STEP = tuple(name for name in PlanStep.__slots__ if name not in ("location", "load", "window", "told"))
_UNASSIGNED = tuple(name for name in PlanUnassigned.__slots__ if name != "riders")

_ROUTES = select(ROUTE).where(among(ROUTE.c.plan_id)).order_by(ROUTE.c.plan_id, ROUTE.c.route)
_STEPS = select(STEP).where(among(STEP.c.plan_id)).order_by(STEP.c.plan_id, STEP.c.route, STEP.c.step)
_LEFT = select(UNASSIGNED).where(among(UNASSIGNED.c.plan_id)).order_by(UNASSIGNED.c.position)


def insert_plan(write: Write, plan: Plan) -> None:
    write.insert_all(PLAN, [{name: getattr(plan, name) for name in _PLAN}])
    routes, steps = [], []
    for number, route in enumerate(plan.routes):
        key = {"plan_id": plan.id, "route": number}
        routes.append(key | {name: getattr(route, name) for name in _ROUTE} | {"load_max": list(route.load_max)})
        for place, step in enumerate(route.steps):
            steps.append(key | {"step": place} | _step_row(step))
    write.insert_all(ROUTE, routes)
    write.insert_all(STEP, steps)
    unassigned = [
        {"plan_id": plan.id, "position": position}
        | {name: getattr(item, name) for name in _UNASSIGNED}
        | {"riders": list(item.riders)}
        for position, item in enumerate(plan.unassigned)
    ]
    write.insert_all(UNASSIGNED, unassigned)


def _step_row(step: PlanStep) -> dict[str, Any]:
    lon, lat = step.location or (None, None)
    window_from, window_to = step.window or (None, None)
    told_from, told_to = step.told or (None, None)
    return {name: getattr(step, name) for name in _STEP} | {
        "lon": lon,
        "lat": lat,
        "load": list(step.load),
        "window_from": window_from,
        "window_to": window_to,
        "told_from": told_from,
        "told_to": told_to,
    }


def read_plans(connection: Connection, query: Executable, **asked: Any) -> list[Plan]:
    """The plans of a SELECT on the whole table, in its order, with routes, steps and what found no place."""
    rows = connection.execute(query, asked).mappings().all()
    ids = [row["id"] for row in rows]
    steps: dict[tuple[str, int], list[PlanStep]] = defaultdict(list)
    for row in fetch(connection, _STEPS, ids):
        steps[row["plan_id"], row["route"]].append(_step(row))
    routes: dict[str, list[PlanRoute]] = defaultdict(list)
    for row in fetch(connection, _ROUTES, ids):
        own = {name: row[name] for name in _ROUTE}
        theirs = tuple(steps[row["plan_id"], row["route"]])
        routes[row["plan_id"]].append(PlanRoute(**own, load_max=tuple(row["load_max"]), steps=theirs))
    left: dict[str, list[PlanUnassigned]] = defaultdict(list)
    for row in fetch(connection, _LEFT, ids):
        own = {name: row[name] for name in _UNASSIGNED}
        left[row["plan_id"]].append(PlanUnassigned(**own, riders=tuple(row["riders"])))
    return [
        Plan(
            **{name: row[name] for name in _PLAN},
            routes=tuple(routes[row["id"]]),
            unassigned=tuple(left[row["id"]]),
        )
        for row in rows
    ]


def _step(row: RowMapping) -> PlanStep:
    return PlanStep(
        **{name: row[name] for name in _STEP},
        location=None if row["lon"] is None or row["lat"] is None else (row["lon"], row["lat"]),
        load=tuple(row["load"]),
        window=_span(row["window_from"], row["window_to"]),
        told=_span(row["told_from"], row["told_to"]),
    )


def _span(start: dt.datetime | None, end: dt.datetime | None) -> tuple[dt.datetime, dt.datetime] | None:
    return None if start is None or end is None else (start, end)
