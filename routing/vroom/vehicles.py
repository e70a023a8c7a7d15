"""Vehicles from VROOM's JSON: what they carry, cost and may do, their breaks and their reload depots."""

from __future__ import annotations

from routing.model import Break, Costs, ReloadDepot, Vehicle, Worked

from .document import Node
from .places import Places

MOST_RELOADS = 10_000
"""How often a vehicle with reload depots may use them where nothing is said."""

MOST_SECONDS = 10**7
"""The longest break, setup or service."""


def vehicle_from(node: Node, places: Places) -> Vehicle:
    """One vehicle; its ``steps`` name tasks and are read when those are known."""
    speed = node.number("speed_factor", 1.0)
    if not 0 < speed <= 5:
        node.wrong("speed_factor", "speed_factor.out_of_range", "must be above 0 and at most 5")
        speed = 1.0
    worked = node.child("worked")
    depots = tuple(_depot(child, places) for child in node.children("reload_depots"))
    if len({depot.index for depot in depots}) < len(depots):
        node.wrong("reload_depots", "reload_depots.duplicate", "two depots are at one place")
    breaks = tuple(_break(child) for child in node.children("breaks"))
    if len({rest.id for rest in breaks}) < len(breaks):
        node.wrong("breaks", "id.duplicate", "two breaks of one vehicle have the same id")
    return Vehicle(
        id=node.id(),
        description=node.description(),
        profile=node.text("profile", "car"),
        start=places.index(node, "start", "start_index", optional=True),
        end=places.index(node, "end", "end_index", optional=True),
        start_location=node.location("start"),
        end_location=node.location("end"),
        capacity=node.amount("capacity"),
        skills=node.ids("skills") or frozenset(),
        window=node.window("time_window"),
        max_tasks=node.optional_integer("max_tasks"),
        max_travel_time=node.optional_integer("max_travel_time"),
        max_distance=node.optional_integer("max_distance"),
        max_ride_time=node.optional_integer("max_ride_time"),
        speed_factor=speed,
        type=node.text("type", "") or None,
        breaks=breaks,
        reload_depots=depots,
        max_reloads=node.integer("max_reloads", MOST_RELOADS) if depots else 0,
        costs=_costs(node.child("costs")),
        worked=Worked(duration=worked.integer("duration"), tasks=worked.integer("tasks")) if worked else Worked(),
    )


def _costs(node: Node | None) -> Costs:
    if node is None:
        return Costs()
    return Costs(
        fixed=node.integer("fixed"),
        per_hour=node.integer("per_hour", 3600),
        per_km=node.integer("per_km"),
        per_task_hour=node.integer("per_task_hour"),
    )


def _break(node: Node) -> Break:
    return Break(
        id=node.id(),
        description=node.description(),
        windows=node.windows("time_windows"),
        service=node.integer("service", most=MOST_SECONDS),
        max_load=node.amount("max_load") or None,
    )


def _depot(node: Node, places: Places) -> ReloadDepot:
    return ReloadDepot(
        index=places.index(node, "location", "location_index") or 0,
        location=node.location("location"),
        service=node.integer("service", most=MOST_SECONDS),
    )
