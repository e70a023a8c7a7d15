"""Whether a plan keeps every rule of its problem. Shares no code with any engine or with what makes the plans.

It takes from a plan the order of the steps and when each begins, follows the matrices, and names what does not hold.
Where a stated time cannot be (the vehicle is not there yet), that is a violation of its own (``schedule``), and the
rules on time are then judged by the time that can be.

Causes and the unit of their amount: ``capacity`` (most excess in any one dimension; ``excess`` in the detail has all),
``time_window`` ``max_travel_time`` ``max_ride_time`` ``schedule`` (seconds), ``max_distance`` ``distance`` (metres),
``max_tasks`` (tasks), ``cost`` (cost), and without one ``skills`` ``refused`` ``precedence`` ``missing`` ``duplicate``
``unknown_id`` ``unreachable`` ``load``. ``route`` is the vehicle, ``step`` the position in its steps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .model import UNREACHABLE, Amount, Id, Plan, Problem, Route, Shipment, Step, Task, Vehicle, Violation


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounding:
    """How much the figures of another program's plan may differ from ours: seconds a leg, and cost a route."""

    seconds: int = 0
    cost: int = 0


EXACT = Rounding()


def check(problem: Problem, plan: Plan, rounding: Rounding = EXACT) -> list[Violation]:
    """Every violation there is; none means that the plan holds."""
    vehicles = {v.id: v for v in problem.vehicles}
    found: list[Violation] = []
    driven: Counter[Id] = Counter(route.vehicle for route in plan.routes)
    served: Counter[Id] = Counter()
    for route in plan.routes:
        vehicle = vehicles.get(route.vehicle)
        if vehicle is None:
            found.append(Violation(cause="unknown_id", route=route.vehicle, step=None))
            continue
        walk = _Walk(problem, vehicle, route, rounding)
        found.extend(walk.violations())
        served.update(dict.fromkeys(walk.touched, 1))
    for id_, times in driven.items():
        if times > 1:
            found.append(Violation(cause="duplicate", route=id_, step=None, amount=times - 1))
    found.extend(_accounts(problem, plan, served))
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


def _money(problem: Problem, plan: Plan, tolerance: int) -> Iterator[Violation]:
    out = {u.shipment for u in plan.unassigned}
    penalty = sum(s.penalty for s in problem.shipments if s.penalty is not None and s.id in out)
    expected = sum(route.cost for route in plan.routes) + penalty
    allowed = tolerance * len(plan.routes)
    if abs(plan.cost - expected) > allowed or abs(sum(plan.cost_split.values()) - plan.cost) > allowed:
        yield Violation(cause="cost", route=None, step=None, amount=plan.cost - expected)


@dataclass(slots=True)
class _Walk:
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
    departure: int = 0

    def violations(self) -> Iterator[Violation]:
        shipments = {s.id: s for s in self.problem.shipments}
        yield from self._start(shipments)
        for k, step in enumerate(self.route.steps):
            if step.type in ("start", "end"):
                yield from self._terminal(k, step)
                continue
            shipment = shipments.get(step.shipment) if step.shipment is not None else None
            found = _task(shipment, step) if shipment is not None else None
            if shipment is None or found is None:
                yield self._violation("unknown_id", k, id=step.id, shipment=step.shipment)
                continue
            yield from self._visit(k, step, shipment, *found)
        yield from self._finish(shipments)

    def _violation(self, cause: str, step: int | None, amount: int | None = None, **detail: object) -> Violation:
        return Violation(cause=cause, route=self.vehicle.id, step=step, amount=amount, detail=detail)

    def _start(self, shipments: Mapping[Id, Shipment]) -> Iterator[Violation]:
        """Where and when the route starts, and what jobs have aboard by then."""
        self.load = [0] * len(self.problem.dimensions)
        for id_ in {s.shipment for s in self.route.steps if s.type == "delivery" and s.shipment is not None}:
            shipment = shipments.get(id_)
            if shipment is not None and not shipment.pickups:
                for amount in shipment.amounts:
                    self._add(amount)
        steps = self.route.steps
        self.at = self.vehicle.start
        self.departure = self.now = steps[0].arrival if steps else 0
        types = [s.type for s in steps]
        wrong = [k for k, t in enumerate(types) if (t == "start" and k != 0) or (t == "end" and k != len(types) - 1)]
        for k in wrong:
            yield self._violation("precedence", k)
        if types[:1] != ["start"]:
            yield self._violation("missing", 0, type="start")
        if types[-1:] != ["end"]:
            yield self._violation("missing", None, type="end")
        window = self.vehicle.window
        if window is not None and self.departure < window[0]:
            yield self._violation("time_window", 0, window[0] - self.departure)
        yield from self._capacity(0)

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
            self.now += seconds
            self.travel += seconds
            self.distance += metres
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
            others = [s.index for s in self.route.steps if s.type not in ("start", "end")]
            place = others[0] if self.vehicle.start is None and others else self.vehicle.start
            if step.index != place:
                yield self._violation("unknown_id", k, index=step.index)
        elif self.vehicle.end is not None:
            yield from self._go(k, step, self.vehicle.end)
        elif self.at is not None:  # an open route ends where it stands
            yield from self._stands(k, step, self.at)
        yield from self._stated_load(k, step)

    def _stated_load(self, k: int, step: Step) -> Iterator[Violation]:
        if step.load and list(step.load) != self.load:
            yield self._violation("load", k, expected=list(self.load))

    def _visit(self, k: int, step: Step, shipment: Shipment, task: Task, pickup: int | None) -> Iterator[Violation]:
        first = shipment.id not in self.touched
        self.touched.add(shipment.id)
        if first:
            yield from self._may_carry(k, shipment)
        setup = task.setup if self.at != task.index else 0
        yield from self._go(k, step, task.index)
        begin = self.now + max(0, step.waiting_time)
        if task.windows:
            yield from self._windows(k, (begin, step.arrival + step.waiting_time), task)
        self.now = begin + setup + task.service
        self.work += setup + task.service
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

    def _windows(self, k: int, begins: tuple[int, int], task: Task) -> Iterator[Violation]:
        """Neither the time that can be nor the time that is stated may lie outside of all windows."""
        misses = [min(max(opens - t, t - closes, 0) for opens, closes in task.windows) for t in begins]
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
        limit = shipment.max_ride_time
        since = min(done.values(), default=self.departure)
        if limit is not None and begin - since > limit:
            yield self._violation("max_ride_time", k, begin - since - limit, shipment=shipment.id)

    def _finish(self, shipments: Mapping[Id, Shipment]) -> Iterator[Violation]:
        for id_ in self.touched:
            lacking = len(shipments[id_].pickups) - len(self.picked.get(id_, {}))
            if id_ not in self.dropped or lacking:
                yield self._violation("missing", None, shipment=id_)
        vehicle, route = self.vehicle, self.route
        if vehicle.window is not None and self.now > vehicle.window[1]:
            yield self._violation("time_window", len(route.steps) - 1, self.now - vehicle.window[1])
        limits = (
            ("max_tasks", self.tasks, vehicle.max_tasks),
            ("max_travel_time", self.travel, vehicle.max_travel_time),
            ("max_distance", self.distance, vehicle.max_distance),
        )
        for cause, value, limit in limits:
            if limit is not None and value > limit:
                yield self._violation(cause, None, value - limit)
        costs = vehicle.costs
        time = costs.per_hour * self.travel + costs.per_task_hour * self.work
        cost = costs.fixed + (1000 * time + 3600 * costs.per_km * self.distance) // 3_600_000
        if abs(cost - route.cost) > self.rounding.cost:
            yield self._violation("cost", None, cost - route.cost)
        totals = (route.duration, route.distance, route.setup + route.service)
        if self.rounding == EXACT and totals != (self.travel, self.distance, self.work):
            yield self._violation("schedule", None, of="totals")


def _task(shipment: Shipment, step: Step) -> tuple[Task, int | None] | None:
    """The task a step means, and which pickup it is."""
    if step.type == "delivery":
        return (shipment.delivery, None) if step.id == shipment.delivery.id else None
    if step.type == "pickup":
        for k, task in enumerate(shipment.pickups):
            if task.id == step.id:
                return task, k
    return None
