"""The rules a problem may state, by name, and which of them one problem does. Knows no engine.

Every engine declares in ``HONOURS`` what it takes; a problem goes to an engine that takes all of its rules.
"""

from __future__ import annotations

from enum import StrEnum

from .model import UNREACHABLE, Problem, Shipment, Vehicle


class Rule(StrEnum):
    """What an engine must understand beyond one vehicle that brings goods from one place to another."""

    CAPACITY = "capacity"
    SEVERAL_PROFILES = "several_profiles"
    UNLIKE_COSTS = "unlike_costs"
    OPEN_ROUTES = "open_routes"
    VEHICLE_WINDOWS = "vehicle_windows"
    WINDOWS = "windows"
    SEVERAL_WINDOWS = "several_windows"
    SHARED_SETUP = "shared_setup"
    SEVERAL_PICKUPS = "several_pickups"
    JOBS = "jobs"
    SKILLS = "skills"
    NAMED_VEHICLES = "named_vehicles"
    PREFERRED_VEHICLES = "preferred_vehicles"
    PENALTIES = "penalties"
    PRIORITIES = "priorities"
    MAX_TASKS = "max_tasks"
    MAX_TRAVEL_TIME = "max_travel_time"
    MAX_DISTANCE = "max_distance"
    MAX_RIDE_TIME = "max_ride_time"
    UNREACHABLE = "unreachable"
    BREAKS = "breaks"
    BREAK_MAX_LOAD = "break_max_load"
    PER_TYPE = "per_type"
    COST_MATRIX = "cost_matrix"
    VEHICLE_MAX_RIDE_TIME = "vehicle_max_ride_time"
    RELOADS = "reloads"
    SOFT_WINDOWS = "soft_windows"
    GROUPS = "groups"
    SEQUENCE_LOCK = "sequence_lock"
    CHURN = "churn"
    CHURN_SHIFT = "churn_shift"
    """That moves in time are bounded, not only dear."""
    BALANCE = "balance"


ALL = frozenset(Rule)

RARE = frozenset(
    {
        Rule.BREAKS,
        Rule.BREAK_MAX_LOAD,
        Rule.PER_TYPE,
        Rule.COST_MATRIX,
        Rule.VEHICLE_MAX_RIDE_TIME,
        Rule.RELOADS,
        Rule.SOFT_WINDOWS,
        Rule.GROUPS,
        Rule.SEQUENCE_LOCK,
        Rule.CHURN_SHIFT,
    }
)
"""What few problems ask for, and an engine may leave to others."""


def rules_of(problem: Problem) -> frozenset[Rule]:
    """The rules that this problem states."""
    stated: set[Rule] = set()
    for vehicle in problem.vehicles:
        stated |= _of_vehicle(vehicle)
    for shipment in problem.shipments:
        stated |= _of_shipment(shipment)
    if len({(v.profile, v.speed_factor) for v in problem.vehicles}) > 1:
        stated.add(Rule.SEVERAL_PROFILES)
    if len({v.costs for v in problem.vehicles}) > 1:
        stated.add(Rule.UNLIKE_COSTS)
    profiles = {v.profile for v in problem.vehicles}
    tables = (t for p, m in problem.matrices.items() if p in profiles for t in (m.durations, m.distances))
    if any((table >= UNREACHABLE).any() for table in tables):
        stated.add(Rule.UNREACHABLE)
    return frozenset(stated | _of_whole(problem))


def _of_whole(problem: Problem) -> set[Rule]:
    """What the problem asks of the plan as a whole. A plan before that binds nothing is no rule."""
    churn, balance = problem.churn if problem.previous else None, problem.balance
    types = {v.type for v in problem.vehicles}
    tasks = [t for s in problem.shipments for t in (*s.pickups, s.delivery)]
    states = {
        Rule.PER_TYPE: any(not types.isdisjoint({*t.setup_per_type, *t.service_per_type}) for t in tasks),
        Rule.COST_MATRIX: any(problem.matrices[v.profile].costs is not None for v in problem.vehicles),
        Rule.SEQUENCE_LOCK: any(route.lock == "sequence" for route in problem.previous),
        Rule.NAMED_VEHICLES: any(route.lock != "none" for route in problem.previous),
        Rule.CHURN: churn is not None and churn.counts,
        Rule.CHURN_SHIFT: churn is not None and None not in (churn.max_moved, churn.max_shift),
        Rule.BALANCE: balance is not None and (balance.duration > 0 or balance.tasks > 0),
    }
    return {rule for rule, does in states.items() if does}


def _of_vehicle(vehicle: Vehicle) -> set[Rule]:
    states = {
        Rule.CAPACITY: bool(vehicle.capacity),
        Rule.OPEN_ROUTES: vehicle.start is None or vehicle.end is None,
        Rule.VEHICLE_WINDOWS: vehicle.window is not None,
        Rule.MAX_TASKS: vehicle.max_tasks is not None,
        Rule.MAX_TRAVEL_TIME: vehicle.max_travel_time is not None,
        Rule.MAX_DISTANCE: vehicle.max_distance is not None,
        Rule.VEHICLE_MAX_RIDE_TIME: vehicle.max_ride_time is not None,
        Rule.BREAKS: bool(vehicle.breaks),
        Rule.BREAK_MAX_LOAD: any(rest.max_load is not None for rest in vehicle.breaks),
        Rule.RELOADS: bool(vehicle.reload_depots) and vehicle.max_reloads > 0,
    }
    return {rule for rule, does in states.items() if does}


def _of_shipment(shipment: Shipment) -> set[Rule]:
    tasks = (*shipment.pickups, shipment.delivery)
    named = shipment.allowed_vehicles is not None or shipment.forbidden_vehicles
    states = {
        Rule.WINDOWS: any(task.windows for task in tasks),
        Rule.SEVERAL_WINDOWS: any(len(task.windows) > 1 for task in tasks),
        Rule.SHARED_SETUP: any(task.setup for task in tasks),
        Rule.SEVERAL_PICKUPS: len(shipment.pickups) > 1,
        Rule.JOBS: not shipment.pickups,
        Rule.SKILLS: bool(shipment.skills),
        Rule.NAMED_VEHICLES: bool(named),
        Rule.PREFERRED_VEHICLES: bool(shipment.preferred_vehicles),
        Rule.PENALTIES: shipment.penalty is not None,
        Rule.PRIORITIES: shipment.priority > 0,
        Rule.MAX_RIDE_TIME: shipment.max_ride_time is not None,
        Rule.SOFT_WINDOWS: any(t.soft_end is not None and t.cost_per_hour_after_soft_end for t in tasks),
        Rule.GROUPS: shipment.group is not None,
    }
    return {rule for rule, does in states.items() if does}
