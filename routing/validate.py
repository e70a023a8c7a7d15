"""Refuses a problem that cannot mean anything. What is merely infeasible is an answer, not an error.

Paths name the field as in `routing.model`: ``shipments[3].delivery.windows[0]``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from .model import UNREACHABLE, Break, Matrix, Problem, ProblemError, Shipment, Task, TimeWindow, Vehicle

LATEST = 10**12
"""The last instant a window may name; seconds since 1970 are fine too."""


def validate(problem: Problem) -> None:
    """Raise the first `ProblemError` there is."""
    for error in errors(problem):
        raise error


def errors(problem: Problem) -> Iterator[ProblemError]:
    """Every `ProblemError` of a problem, in reading order."""
    yield from _repeated("vehicles", [v.id for v in problem.vehicles])
    yield from _repeated("shipments", [s.id for s in problem.shipments])
    sizes: dict[str, int] = {}
    for profile, matrix in problem.matrices.items():
        wrong = list(_matrix(f"matrices[{profile!r}]", matrix))
        yield from wrong
        if not wrong:
            sizes[profile] = len(matrix.durations)
    for i, vehicle in enumerate(problem.vehicles):
        yield from _vehicle(f"vehicles[{i}]", vehicle, problem, sizes)
    if len(set(sizes.values())) > 1:
        yield ProblemError("matrices", "matrix.size", f"matrices differ in size: {sizes}")
    size = min(sizes.values(), default=None)
    for i, shipment in enumerate(problem.shipments):
        yield from _shipment(f"shipments[{i}]", shipment, problem, size)
    yield from _whole(problem)


def _whole(problem: Problem) -> Iterator[ProblemError]:
    """What concerns the plan as a whole. A plan before may name vehicles and shipments that are no more."""
    balance, churn = problem.balance, problem.churn
    for name, value in (
        ("balance.duration", balance.duration if balance else 0),
        ("balance.tasks", balance.tasks if balance else 0),
        ("churn.max_moved", churn.max_moved if churn else 0),
        ("churn.max_shift", churn.max_shift if churn else 0),
        ("churn.cost_per_moved", churn.cost_per_moved if churn else 0),
    ):
        if value is not None and value < 0:
            yield ProblemError(name, "number.negative", f"{value} is below zero")
    yield from _repeated("previous", [route.vehicle for route in problem.previous], key="vehicle")
    pickups = {s.id: len(s.pickups) for s in problem.shipments}
    seen: set[tuple[object, int | None]] = set()
    for i, route in enumerate(problem.previous):
        for k, visit in enumerate(route.visits):
            path = f"previous[{i}].visits[{k}]"
            if visit.pickup is not None and visit.pickup >= pickups.get(visit.shipment, visit.pickup + 1):
                yield ProblemError(path, "visit.unknown", f"{visit.shipment!r} has no pickup number {visit.pickup}")
            if (visit.shipment, visit.pickup) in seen:
                yield ProblemError(path, "visit.duplicate", f"{visit.shipment!r} is visited twice")
            seen.add((visit.shipment, visit.pickup))


def _repeated(path: str, ids: Sequence[object], key: str = "id") -> Iterator[ProblemError]:
    seen: set[object] = set()
    for i, id_ in enumerate(ids):
        if id_ in seen:
            yield ProblemError(f"{path}[{i}].{key}", "id.duplicate", f"{id_!r} is used twice")
        seen.add(id_)


def _matrix(path: str, matrix: Matrix) -> Iterator[ProblemError]:
    tables = [("durations", matrix.durations), ("distances", matrix.distances)]
    if matrix.costs is not None:
        tables.append(("costs", matrix.costs))
    for name, table in tables:
        if table.ndim != 2 or table.shape[0] != table.shape[1]:
            yield ProblemError(f"{path}.{name}", "matrix.not_square", f"shape is {table.shape}")
        elif not np.issubdtype(table.dtype, np.integer):
            yield ProblemError(f"{path}.{name}", "matrix.not_integer", f"entries are {table.dtype}")
        elif table.size and np.min(table) < 0:
            yield ProblemError(f"{path}.{name}", "matrix.negative", "an entry is below zero")
    if len({table.shape for _, table in tables}) > 1:
        yield ProblemError(path, "matrix.size", "durations, distances and costs differ in size")


def _vehicle(path: str, vehicle: Vehicle, problem: Problem, sizes: dict[str, int]) -> Iterator[ProblemError]:
    if vehicle.profile not in problem.matrices:
        yield ProblemError(f"{path}.profile", "profile.unknown", f"no matrix for {vehicle.profile!r}")
    for name, index in (("start", vehicle.start), ("end", vehicle.end)):
        if index is not None and not 0 <= index < sizes.get(vehicle.profile, index + 1):
            yield ProblemError(f"{path}.{name}", "index.out_of_range", f"{index} is not in the matrix")
    if vehicle.capacity and len(vehicle.capacity) != len(problem.dimensions):
        yield _dimensions(f"{path}.capacity", vehicle.capacity, problem)
    yield from _not_negative(f"{path}.capacity", vehicle.capacity)
    if vehicle.window is not None:
        yield from _window(f"{path}.window", vehicle.window)
    if not 0 < vehicle.speed_factor <= 5:
        yield ProblemError(f"{path}.speed_factor", "speed_factor.out_of_range", "must be above 0 and at most 5")
    costs = vehicle.costs
    for name, value in (
        ("max_tasks", vehicle.max_tasks),
        ("max_travel_time", vehicle.max_travel_time),
        ("max_distance", vehicle.max_distance),
        ("max_ride_time", vehicle.max_ride_time),
        ("max_reloads", vehicle.max_reloads),
        ("worked.duration", vehicle.worked.duration),
        ("worked.tasks", vehicle.worked.tasks),
        ("costs.fixed", costs.fixed),
        ("costs.per_hour", costs.per_hour),
        ("costs.per_km", costs.per_km),
        ("costs.per_task_hour", costs.per_task_hour),
    ):
        if value is not None and value < 0:
            yield ProblemError(f"{path}.{name}", "number.negative", f"{value} is below zero")
    matrix = problem.matrices.get(vehicle.profile)
    if matrix is not None and matrix.costs is not None and (costs.per_hour != 3600 or costs.per_km):
        yield ProblemError(f"{path}.costs", "costs.stated_twice", "the profile's matrix states what its legs cost")
    yield from _repeated(f"{path}.breaks", [rest.id for rest in vehicle.breaks])
    for k, rest in enumerate(vehicle.breaks):
        yield from _break(f"{path}.breaks[{k}]", rest, problem)
    yield from _repeated(f"{path}.reload_depots", [d.index for d in vehicle.reload_depots], key="index")
    for k, depot in enumerate(vehicle.reload_depots):
        if not 0 <= depot.index < sizes.get(vehicle.profile, depot.index + 1):
            path_ = f"{path}.reload_depots[{k}].index"
            yield ProblemError(path_, "index.out_of_range", f"{depot.index} is not in the matrix")
        yield from _duration(f"{path}.reload_depots[{k}].service", depot.service)


def _break(path: str, rest: Break, problem: Problem) -> Iterator[ProblemError]:
    yield from _duration(f"{path}.service", rest.service)
    yield from _windows(f"{path}.windows", rest.windows)
    if rest.max_load is not None:
        if len(rest.max_load) != len(problem.dimensions):
            yield _dimensions(f"{path}.max_load", rest.max_load, problem)
        yield from _not_negative(f"{path}.max_load", rest.max_load)


def _shipment(path: str, shipment: Shipment, problem: Problem, size: int | None) -> Iterator[ProblemError]:
    expected = len(shipment.pickups)
    if len(shipment.amounts) != expected and not (expected == 0 and len(shipment.amounts) <= 1):
        yield ProblemError(f"{path}.amounts", "amounts.count", f"{len(shipment.amounts)} amounts, {expected} pickups")
    for k, amount in enumerate(shipment.amounts):
        if len(amount) != len(problem.dimensions):
            yield _dimensions(f"{path}.amounts[{k}]", amount, problem)
        yield from _not_negative(f"{path}.amounts[{k}]", amount)
    if shipment.collected:
        if shipment.pickups:
            yield ProblemError(f"{path}.collected", "collected.not_a_job", "only a shipment without pickups collects")
        if len(shipment.collected) != len(problem.dimensions):
            yield _dimensions(f"{path}.collected", shipment.collected, problem)
        yield from _not_negative(f"{path}.collected", shipment.collected)
    if not 0 <= shipment.priority <= 100:
        yield ProblemError(f"{path}.priority", "priority.out_of_range", "must be 0 to 100")
    for name, value in (("penalty", shipment.penalty), ("max_ride_time", shipment.max_ride_time)):
        if value is not None and value < 0:
            yield ProblemError(f"{path}.{name}", "number.negative", f"{value} is below zero")
    known = {v.id for v in problem.vehicles}
    for name in ("allowed_vehicles", "forbidden_vehicles", "preferred_vehicles"):
        for unknown in sorted((getattr(shipment, name) or frozenset()) - known, key=repr):
            yield ProblemError(f"{path}.{name}", "vehicle.unknown", f"there is no vehicle {unknown!r}")
    for k, task in enumerate(shipment.pickups):
        yield from _task(f"{path}.pickups[{k}]", task, size)
    yield from _task(f"{path}.delivery", shipment.delivery, size)
    yield from _repeated(f"{path}.pickups", [p.id for p in shipment.pickups])


def _task(path: str, task: Task, size: int | None) -> Iterator[ProblemError]:
    if task.index < 0 or (size is not None and task.index >= size):
        yield ProblemError(f"{path}.index", "index.out_of_range", f"{task.index} is not in the matrix")
    durations = [("setup", task.setup), ("service", task.service)]
    durations += [(f"setup_per_type.{kind}", value) for kind, value in task.setup_per_type.items()]
    durations += [(f"service_per_type.{kind}", value) for kind, value in task.service_per_type.items()]
    for name, value in durations:
        yield from _duration(f"{path}.{name}", value)
    late = (("soft_end", task.soft_end), ("cost_per_hour_after_soft_end", task.cost_per_hour_after_soft_end))
    for name, number in late:
        if number is not None and number < 0:
            yield ProblemError(f"{path}.{name}", "number.negative", f"{number} is below zero")
    yield from _windows(f"{path}.windows", task.windows)


def _duration(path: str, value: int) -> Iterator[ProblemError]:
    if not 0 <= value < UNREACHABLE:
        yield ProblemError(path, "number.out_of_range", f"{value} is no duration")


def _windows(path: str, windows: Sequence[TimeWindow]) -> Iterator[ProblemError]:
    for k, window in enumerate(windows):
        yield from _window(f"{path}[{k}]", window)
        if k and window[0] <= windows[k - 1][1]:
            yield ProblemError(f"{path}[{k}]", "window.order", "windows must be disjoint and in order")


def _window(path: str, window: TimeWindow) -> Iterator[ProblemError]:
    opens, closes = window
    if opens > closes:
        yield ProblemError(path, "window.reversed", f"{opens} is after {closes}")
    elif opens < 0 or closes > LATEST:
        yield ProblemError(path, "window.out_of_range", f"must lie between 0 and {LATEST} seconds")


def _dimensions(path: str, amount: Sequence[int], problem: Problem) -> ProblemError:
    return ProblemError(path, "amount.dimensions", f"{len(amount)} numbers for {len(problem.dimensions)} dimensions")


def _not_negative(path: str, amount: Iterable[int]) -> Iterator[ProblemError]:
    if any(x < 0 for x in amount):
        yield ProblemError(path, "amount.negative", "an amount is below zero")
