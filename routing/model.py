"""What a delivery problem is, and what a plan is. Knows no chat, clock or database.

Units, here and everywhere in this package:

    time       integer seconds; instants count from 00:00 local of the service date (may pass 86400)
    distance   integer metres
    amounts    integers, one per dimension of the problem (the market uses grams and millilitres)
    cost       integer, in the unit of the vehicles' own costs (the market uses satang)
    places     GeoJSON order, ``(lon, lat)``; ``index`` is a row and column of the vehicle profile's matrix

The words are VROOM's (shipment, task, vehicle, matrix, step, violation) where VROOM has the word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .fixes import Fix
from .terms import Amount as Amount
from .terms import Id as Id
from .terms import Location as Location
from .terms import TimeWindow as TimeWindow

IntMatrix = npt.NDArray[np.int32]

UNREACHABLE = 10**8
"""A matrix entry of this many seconds or metres, or more, means: there is no way."""


class ProblemError(ValueError):
    """A problem that cannot mean anything. ``path`` names the field as the caller wrote it."""

    def __init__(self, path: str, code: str, message: str) -> None:
        super().__init__(path, code, message)  # as given, so that it comes whole out of a worker process
        self.path, self.code, self.message = path, code, message

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One visit: at `index`, for `setup` + `service` seconds, begun inside one of `windows`.

    ``setup`` is shared, as in VROOM: a vehicle that already stands at ``index`` (its start, or the stop before)
    does not pay it again. ``windows`` hold the instant the setup begins. No windows means any time.
    ``setup_per_type`` and ``service_per_type`` hold what vehicles of a `Vehicle.type` take instead.
    To begin after ``soft_end`` is allowed, at ``cost_per_hour_after_soft_end``.
    """

    id: Id
    index: int
    location: Location | None = None
    setup: int = 0
    service: int = 0
    windows: tuple[TimeWindow, ...] = ()
    setup_per_type: Mapping[str, int] = field(default_factory=dict)
    service_per_type: Mapping[str, int] = field(default_factory=dict)
    soft_end: int | None = None
    cost_per_hour_after_soft_end: int = 0
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """Goods from one or more pickups to one delivery, all by one vehicle, pickups first.

    ``amount`` is per pickup: ``amounts[k]`` is what pickup ``k`` loads; the delivery unloads their sum.
    A shipment without pickups is VROOM's job: its one entry of ``amounts`` (or none) is loaded at the vehicle's
    start and unloaded at the stop, ``collected`` is loaded at the stop and carried to the vehicle's end.
    ``penalty`` is what leaving it out costs; None derives it from ``priority`` (0..100).
    """

    id: Id
    pickups: tuple[Task, ...]
    delivery: Task
    amounts: tuple[Amount, ...]
    collected: Amount = ()
    skills: frozenset[int | str] = frozenset()
    priority: int = 0
    penalty: int | None = None
    max_ride_time: int | None = None
    """Most seconds the goods may be on the road: from the end of the first pickup to the start of the delivery."""
    allowed_vehicles: frozenset[Id] | None = None
    forbidden_vehicles: frozenset[Id] = frozenset()
    preferred_vehicles: frozenset[Id] = frozenset()
    group: Id | None = None
    """Shipments of one group travel with one vehicle, as far as they are served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What a vehicle costs, as in VROOM: once if used, per hour of travel, per km, per hour of setup and service."""

    fixed: int = 0
    per_hour: int = 3600
    per_km: int = 0
    per_task_hour: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A rest of ``service`` seconds, begun inside one of ``windows``, anywhere: between two stops or on the way.

    A vehicle that drives takes all its breaks, in the order of their windows, as in VROOM. ``max_load`` is the most
    that may be aboard. Breaks count as service, also in the cost.
    """

    id: Id
    windows: tuple[TimeWindow, ...] = ()
    service: int = 0
    max_load: Amount | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadDepot:
    """Where a vehicle may begin another trip: it sets down what it collected and loads what its next jobs bring.

    What was picked up for a delivery to come stays aboard. ``service`` seconds are spent there each time.
    """

    index: int
    location: Location | None = None
    service: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """What a rider did in the weeks before, for `Balance`: seconds of travel and work, and stops."""

    duration: int = 0
    tasks: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One stop of an earlier plan: pickup number `pickup` of a shipment, or its delivery; begun at ``begin``."""

    shipment: Id
    pickup: int | None
    begin: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """A rider and what they ride. ``start`` or ``end`` None means: begins at the first, ends at the last stop.

    ``max_tasks`` counts stops, as VROOM does: a shipment is its pickups and its delivery, a job is one.
    ``max_travel_time`` bounds travel alone. ``speed_factor`` divides the profile's durations. ``max_ride_time`` bounds
    the ride of every shipment aboard. ``steps`` is a route that a search may start from; it binds nobody.
    """

    id: Id
    profile: str = "car"
    start: int | None = None
    end: int | None = None
    capacity: Amount = ()
    skills: frozenset[int | str] = frozenset()
    window: TimeWindow | None = None
    max_tasks: int | None = None
    max_travel_time: int | None = None
    max_distance: int | None = None
    costs: Costs = field(default_factory=Costs)
    start_location: Location | None = None
    end_location: Location | None = None
    speed_factor: float = 1.0
    type: str | None = None
    breaks: tuple[Break, ...] = ()
    max_ride_time: int | None = None
    reload_depots: tuple[ReloadDepot, ...] = ()
    max_reloads: int = 0
    steps: tuple[Visit, ...] = ()
    worked: Worked = field(default_factory=Worked)
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matrix:
    """Travel for one profile: ``durations[i, j]`` seconds, ``distances[i, j]`` metres, n x n int32.

    ``costs``, where given, is what each leg costs, instead of its hours and kilometres.
    """

    durations: IntMatrix
    distances: IntMatrix
    costs: IntMatrix | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """How much an even share is worth: what an hour (a stop) more weighs per hour (stop) that a rider already has.

    Those of `Vehicle.worked` count. It steers the search and is nobody's money, so it is in no cost.
    """

    duration: int = 0
    tasks: int = 0


Lock = Literal["none", "vehicle", "sequence"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousRoute:
    """A route of the plan before. ``vehicle`` keeps its shipments with their vehicle; ``sequence`` also keeps its stops
    the first of the new route, in this order, so that a shortened route keeps what is loaded or done."""

    vehicle: Id
    visits: tuple[Visit, ...]
    lock: Lock = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Churn:
    """How far a plan may differ from the one before.

    A shipment is moved if another vehicle brings it than before, or if its delivery begins more than ``max_shift``
    seconds earlier or later. ``max_moved`` bounds how many are; each weighs ``cost_per_moved`` in the search. What was
    on a vehicle that is no more has to move, and what finds no place at all is not moved: neither counts.
    """

    max_moved: int | None = None
    max_shift: int | None = None
    cost_per_moved: int = 0

    @property
    def counts(self) -> bool:
        """Whether a move makes any difference."""
        return self.max_moved is not None or self.cost_per_moved > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    vehicles: tuple[Vehicle, ...]
    shipments: tuple[Shipment, ...]
    matrices: Mapping[str, Matrix]
    dimensions: tuple[str, ...] = ("weight_g", "volume_ml")
    balance: Balance | None = None
    previous: tuple[PreviousRoute, ...] = ()
    churn: Churn | None = None


StepType = Literal["start", "pickup", "delivery", "reload", "break", "end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of a route. ``duration`` and ``distance`` are travel so far, as in VROOM; ``load`` is after the step.

    The work begins at ``arrival + waiting_time``. Every route has a start step, whose ``arrival`` is the departure, and
    an end step; on an open side they lie at the first or last stop. A break has no place: its ``duration`` says how
    much of the way to the next stop is already done, its ``distance`` is that of the stop before.
    """

    type: StepType
    index: int | None
    arrival: int
    id: Id | None = None
    shipment: Id | None = None
    setup: int = 0
    service: int = 0
    waiting_time: int = 0
    load: Amount = ()
    duration: int = 0
    distance: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    vehicle: Id
    steps: tuple[Step, ...]
    cost: int
    duration: int
    distance: int
    setup: int
    service: int
    waiting_time: int
    lateness: int = 0
    """The part of ``cost`` that is for beginning stops after their soft end."""


class Reason(StrEnum):
    """Why an order found no place; by its stable code."""

    NO_RIDER = "no_rider"
    CAPACITY = "capacity"
    TIME_WINDOW = "time_window"
    SHIFT = "shift"
    SKILL = "skill"
    MAX_TASKS = "max_tasks"
    MAX_TRAVEL_TIME = "max_travel_time"
    MAX_DISTANCE = "max_distance"
    MAX_RIDE_TIME = "max_ride_time"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    PRIORITY = "priority"


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleReason:
    """Why one vehicle cannot take one shipment. ``excess`` for capacity, ``seconds`` for times, else empty."""

    vehicle: Id
    code: Reason
    excess: Amount = ()
    seconds: int | None = None
    metres: int | None = None
    added_cost: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unassigned:
    shipment: Id
    code: Reason
    vehicles: tuple[VehicleReason, ...] = ()
    fix: Fix | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An answer: routes, and what found no place, with why. ``cost_split`` sums to ``cost``.

    ``cost`` is what the routes cost, plus the penalties that the problem itself states for what is left out; the
    weights derived from priorities steer the search but are nobody's money, so they are not in it. ``proven`` says that
    all plans there can be were weighed, and none is better.
    """

    routes: tuple[Route, ...]
    unassigned: tuple[Unassigned, ...]
    cost: int
    cost_split: Mapping[str, int]
    engine: str
    seed: int
    iterations: int = 0
    first_plan_ms: int | None = None
    proven: bool = False
    solving_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A broken rule: ``cause`` is a code listed in `routing.check`, ``amount`` by how much (unit of the cause)."""

    cause: str
    route: Id | None
    step: int | None
    amount: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How hard to look. ``seconds`` is a wall-clock bound; ``workers`` 0 means one per core."""

    engine: str = "auto"
    seconds: float = 20.0
    iterations: int | None = None
    workers: int = 0
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A better plan was found: when, at what cost (as in `Plan`), and how much of the work it leaves out."""

    seconds: float
    cost: int
    routes: int
    unassigned: int
