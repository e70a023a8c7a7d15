"""One route followed step by step, and every rule it breaks on the way. Used by `routing.check` alone.

Where a stated time cannot be (the vehicle is not there yet), that is a violation of its own (``schedule``), and the
rules on time are then judged by the time that can be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from .model import (
    UNREACHABLE,
    Amount,
    Break,
    Id,
    Problem,
    ReloadDepot,
    Route,
    Shipment,
    Step,
    Task,
    TimeWindow,
    Vehicle,
    Violation,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounding:
    """How much the figures of another program's plan may differ from ours: seconds a leg, and cost a route."""

    seconds: int = 0
    cost: int = 0


EXACT = Rounding()

Stopped = tuple[Id, int | None]
"""Pickup number so and so of a shipment, or (None) its delivery."""


@dataclass(slots=True)
class Walk:
    """One route, followed step by step."""

    problem: Problem
    vehicle: Vehicle
    route: Route
    rounding: Rounding
    touched: set[Id] = field(default_factory=set)
    at: int | None = None
    now: int = 0
    travel: int = 0
    distance: int = 0
    work: int = 0
    tasks: int = 0
    load: list[int] = field(default_factory=list)
    picked: dict[Id, dict[int, int]] = field(default_factory=dict)
    """Per shipment: when each of its pickups, by number, was finished."""
    dropped: set[Id] = field(default_factory=set)
    loaded: int = 0
    """When what jobs bring came aboard: at the departure, or at the last reload depot."""
    begins: dict[Stopped, int] = field(default_factory=dict)
    """When each stop began, in the order of the route."""
    rests: list[Id] = field(default_factory=list)
    ahead: int = 0
    """Seconds of the leg under way that were done before the breaks on it."""
    reloads: int = 0
    lateness: int = 0
    tariff: int = 0

    def violations(self) -> Iterator[Violation]:
        shipments = {s.id: s for s in self.problem.shipments}
        yield from self._start(shipments)
        for k, step in enumerate(self.route.steps):
            if step.type in ("start", "end"):
                yield from self._terminal(k, step)
            elif step.type == "break":
                yield from self._break(k, step)
            elif step.type == "reload":
                yield from self._reload(k, step, shipments)
            else:
                yield from self._task(k, step, shipments)
        yield from self._finish(shipments)

    def _violation(self, cause: str, step: int | None, amount: int | None = None, **detail: object) -> Violation:
        return Violation(cause=cause, route=self.vehicle.id, step=step, amount=amount, detail=detail)

    def _start(self, shipments: Mapping[Id, Shipment]) -> Iterator[Violation]:
        """Where and when the route starts, and what jobs have aboard by then."""
        self.load = [0] * len(self.problem.dimensions)
        self._take_aboard(0, shipments)
        steps = self.route.steps
        self.at = self.vehicle.start
        self.loaded = self.now = steps[0].arrival if steps else 0
        types = [s.type for s in steps]
        wrong = [k for k, t in enumerate(types) if (t == "start" and k != 0) or (t == "end" and k != len(types) - 1)]
        for k in wrong:
            yield self._violation("precedence", k)
        if types[:1] != ["start"]:
            yield self._violation("missing", 0, type="start")
        if types[-1:] != ["end"]:
            yield self._violation("missing", None, type="end")
        window = self.vehicle.window
        if window is not None and self.now < window[0]:
            yield self._violation("time_window", 0, window[0] - self.now)
        yield from self._capacity(0)

    def _take_aboard(self, first: int, shipments: Mapping[Id, Shipment]) -> None:
        """What the jobs bring that come before the next reload depot."""
        trip = takewhile(lambda step: step.type != "reload", self.route.steps[first:])
        for id_ in {s.shipment for s in trip if s.type == "delivery" and s.shipment is not None}:
            shipment = shipments.get(id_)
            if shipment is not None and not shipment.pickups:
                for amount in shipment.amounts:
                    self._add(amount)

    def _add(self, amount: Amount, sign: int = 1) -> None:
        for d, x in enumerate(amount):
            self.load[d] += sign * x

    def _capacity(self, k: int) -> Iterator[Violation]:
        if not self.vehicle.capacity:
            return
        excess = [max(0, load - limit) for load, limit in zip(self.load, self.vehicle.capacity, strict=True)]
        if any(excess):
            yield self._violation("capacity", k, max(excess), excess=excess)

    def _go(self, k: int, step: Step, there: int) -> Iterator[Violation]:
        """Travel to `there`; afterwards ``now`` is the earliest possible, or the stated later, arrival."""
        if self.at is not None:
            matrix = self.problem.matrices[self.vehicle.profile]
            seconds, metres = int(matrix.durations[self.at, there]), int(matrix.distances[self.at, there])
            if seconds >= UNREACHABLE or metres >= UNREACHABLE:
                yield self._violation("unreachable", k)
            elif self.vehicle.speed_factor != 1.0:
                seconds = int(seconds / self.vehicle.speed_factor + 0.5)
            if self.ahead > seconds + self.rounding.seconds:
                yield self._violation("schedule", k, self.ahead - seconds, of="duration")
            self.now += max(0, seconds - self.ahead)
            self.travel += seconds
            self.distance += metres
            self.tariff += 0 if matrix.costs is None else int(matrix.costs[self.at, there])
        self.ahead = 0
        yield from self._stands(k, step, there)
        self.at = there

    def _stands(self, k: int, step: Step, there: int) -> Iterator[Violation]:
        """Whether the step's place and figures are those the vehicle has here and now."""
        slack = self.rounding.seconds
        if step.index != there:
            yield self._violation("unknown_id", k, index=step.index)
        if abs(step.arrival - self.now) > slack:
            yield self._violation("schedule", k, self.now - step.arrival)
        if abs(step.duration - self.travel) > slack * (k + 1):
            yield self._violation("schedule", k, self.travel - step.duration, of="duration")
        if step.distance != self.distance:
            yield self._violation("distance", k, self.distance - step.distance)
        self.now = max(self.now - slack, step.arrival)

    def _terminal(self, k: int, step: Step) -> Iterator[Violation]:
        if step.type == "start":
            others = [s.index for s in self.route.steps if s.type not in ("start", "break", "end")]
            place = others[0] if self.vehicle.start is None and others else self.vehicle.start
            if step.index != place:
                yield self._violation("unknown_id", k, index=step.index)
        elif self.vehicle.end is not None:
            yield from self._go(k, step, self.vehicle.end)
        elif self.at is not None:  # an open route ends where it stands
            if self.ahead:
                yield self._violation("schedule", k, self.ahead, of="duration")
            yield from self._stands(k, step, self.at)
        yield from self._stated_load(k, step)

    def _stated_load(self, k: int, step: Step) -> Iterator[Violation]:
        if step.load and list(step.load) != self.load:
            yield self._violation("load", k, expected=list(self.load))

    def _break(self, k: int, step: Step) -> Iterator[Violation]:
        """A break has no place: by its ``duration`` a part of the next leg lies before it."""
        given = self.vehicle.breaks
        rest: Break | None = next((b for b in given if b.id == step.id), None)
        if rest is None:
            yield self._violation("unknown_id", k, id=step.id)
            return
        if rest.id in self.rests:
            yield self._violation("duplicate", k, id=step.id)
        self.rests.append(rest.id)
        moved = max(0, step.duration - self.travel - self.ahead)
        self.ahead += moved
        self.now += moved
        slack = self.rounding.seconds
        if abs(step.arrival - self.now) > slack:
            yield self._violation("schedule", k, self.now - step.arrival)
        self.now = max(self.now - slack, step.arrival)
        begin = self.now + max(0, step.waiting_time)
        if rest.windows:
            yield from self._windows(k, (begin, step.arrival + step.waiting_time), rest.windows)
        self.now = begin + rest.service
        self.work += rest.service
        if rest.max_load is not None:
            excess = [max(0, load - most) for load, most in zip(self.load, rest.max_load, strict=True)]
            if any(excess):
                yield self._violation("max_load", k, max(excess), excess=excess)
        yield from self._stated_load(k, step)

    def _reload(self, k: int, step: Step, shipments: Mapping[Id, Shipment]) -> Iterator[Violation]:
        """What was collected is set down, what the next jobs bring is loaded; what is on its way stays aboard."""
        depots = self.vehicle.reload_depots
        depot: ReloadDepot | None = next((d for d in depots if d.index == step.index), None)
        self.reloads += 1
        if depot is None:
            yield self._violation("unknown_id", k, index=step.index)
            return
        yield from self._go(k, step, depot.index)
        self.now += max(0, step.waiting_time) + depot.service
        self.work += depot.service
        self.loaded = self.now
        self.load = [0] * len(self.problem.dimensions)
        for id_, pickups in self.picked.items():
            if id_ not in self.dropped:
                for number in pickups:
                    self._add(shipments[id_].amounts[number])
        self._take_aboard(k + 1, shipments)
        yield from self._capacity(k)
        yield from self._stated_load(k, step)

    def _task(self, k: int, step: Step, shipments: Mapping[Id, Shipment]) -> Iterator[Violation]:
        shipment = shipments.get(step.shipment) if step.shipment is not None else None
        found = _task_of(shipment, step) if shipment is not None else None
        if shipment is None or found is None:
            yield self._violation("unknown_id", k, id=step.id, shipment=step.shipment)
        else:
            yield from self._visit(k, step, shipment, *found)

    def _visit(self, k: int, step: Step, shipment: Shipment, task: Task, pickup: int | None) -> Iterator[Violation]:
        first = shipment.id not in self.touched
        self.touched.add(shipment.id)
        if first:
            yield from self._may_carry(k, shipment)
        kind = self.vehicle.type or ""
        setup = task.setup_per_type.get(kind, task.setup) if self.at != task.index else 0
        service = task.service_per_type.get(kind, task.service)
        yield from self._go(k, step, task.index)
        begin = self.now + max(0, step.waiting_time)
        if task.windows:
            yield from self._windows(k, (begin, step.arrival + step.waiting_time), task.windows)
        if task.soft_end is not None:
            self.lateness += task.cost_per_hour_after_soft_end * max(0, begin - task.soft_end)
        self.begins.setdefault((shipment.id, pickup), begin)
        self.now = begin + setup + service
        self.work += setup + service
        self.tasks += 1
        yield from self._pairing(k, shipment, pickup, begin)
        if pickup is None:
            for amount in shipment.amounts:
                self._add(amount, -1)
            self._add(shipment.collected)
        else:
            self._add(shipment.amounts[pickup])
        yield from self._capacity(k)
        yield from self._stated_load(k, step)

    def _may_carry(self, k: int, shipment: Shipment) -> Iterator[Violation]:
        if not shipment.skills <= self.vehicle.skills:
            yield self._violation("skills", k, shipment=shipment.id)
        named = shipment.allowed_vehicles
        if self.vehicle.id in shipment.forbidden_vehicles or (named is not None and self.vehicle.id not in named):
            yield self._violation("refused", k, shipment=shipment.id)

    def _windows(self, k: int, begins: tuple[int, int], windows: Sequence[TimeWindow]) -> Iterator[Violation]:
        """Neither the time that can be nor the time that is stated may lie outside of all windows."""
        misses = [min(max(opens - t, t - closes, 0) for opens, closes in windows) for t in begins]
        if max(misses) > self.rounding.seconds:
            yield self._violation("time_window", k, max(misses))

    def _pairing(self, k: int, shipment: Shipment, pickup: int | None, begin: int) -> Iterator[Violation]:
        done = self.picked.setdefault(shipment.id, {})
        if pickup is not None:
            if pickup in done:
                yield self._violation("duplicate", k, shipment=shipment.id)
            if shipment.id in self.dropped:
                yield self._violation("precedence", k, shipment=shipment.id)
            done[pickup] = self.now
            return
        if shipment.id in self.dropped:
            yield self._violation("duplicate", k, shipment=shipment.id)
        self.dropped.add(shipment.id)
        ride = begin - min(done.values(), default=self.loaded)
        limits = [x for x in (shipment.max_ride_time, self.vehicle.max_ride_time) if x is not None]
        if limits and ride > min(limits):
            yield self._violation("max_ride_time", k, ride - min(limits), shipment=shipment.id)

    def _finish(self, shipments: Mapping[Id, Shipment]) -> Iterator[Violation]:
        for id_ in self.touched:
            lacking = len(shipments[id_].pickups) - len(self.picked.get(id_, {}))
            if id_ not in self.dropped or lacking:
                yield self._violation("missing", None, shipment=id_)
        vehicle, route = self.vehicle, self.route
        if vehicle.window is not None and self.now > vehicle.window[1]:
            yield self._violation("time_window", len(route.steps) - 1, self.now - vehicle.window[1])
        for rest in vehicle.breaks:
            if rest.id not in self.rests:
                yield self._violation("missing_break", None, id=rest.id)
        limits = (
            ("reloads", self.reloads, vehicle.max_reloads),
            ("max_tasks", self.tasks, vehicle.max_tasks),
            ("max_travel_time", self.travel, vehicle.max_travel_time),
            ("max_distance", self.distance, vehicle.max_distance),
        )
        for cause, value, limit in limits:
            if limit is not None and value > limit:
                yield self._violation(cause, None, value - limit)
        cost = self._cost()
        if abs(cost - route.cost) > self.rounding.cost:
            yield self._violation("cost", None, cost - route.cost)
        totals = (route.duration, route.distance, route.setup + route.service, route.lateness)
        if self.rounding == EXACT and totals != (self.travel, self.distance, self.work, self.lateness // 3600):
            yield self._violation("schedule", None, of="totals")

    def _cost(self) -> int:
        costs = self.vehicle.costs
        if self.problem.matrices[self.vehicle.profile].costs is not None:
            travel = self.tariff + costs.per_task_hour * self.work // 3600
        else:
            time = costs.per_hour * self.travel + costs.per_task_hour * self.work
            travel = (1000 * time + 3600 * costs.per_km * self.distance) // 3_600_000
        return costs.fixed + travel + self.lateness // 3600


def _task_of(shipment: Shipment, step: Step) -> tuple[Task, int | None] | None:
    """The task a step means, and which pickup it is."""
    if step.type == "delivery":
        return (shipment.delivery, None) if step.id == shipment.delivery.id else None
    if step.type == "pickup":
        for k, task in enumerate(shipment.pickups):
            if task.id == step.id:
                return task, k
    return None
