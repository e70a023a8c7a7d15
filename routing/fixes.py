"""What would make room for an order that found no place, as plain values. Finds nothing and applies nothing.

The units are those of `routing.model`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from .terms import Amount, Id, TimeWindow


class FixCode(StrEnum):
    """What could be loosened so that an order finds a place; by its stable code."""

    FITS = "fits"
    PENALTY = "penalty"
    WINDOW = "window"
    LONGER_SHIFT = "longer_shift"
    LIGHTER = "lighter"
    MAX_TASKS = "max_tasks"
    MAX_TRAVEL_TIME = "max_travel_time"
    MAX_DISTANCE = "max_distance"
    MAX_RIDE_TIME = "max_ride_time"
    ALLOWED = "allowed"
    SKILL = "skill"
    ONE_MORE_RIDER = "one_more_rider"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """One rule loosened, by no more than it takes. Which of the figures are there depends on the code."""

    code: FixCode
    seconds: int | None = None
    metres: int | None = None
    tasks: int | None = None
    amounts: tuple[Amount, ...] = ()
    """Lighter: what stays behind, per entry of the shipment's ``amounts``."""
    collected: Amount = ()
    task: Id | None = None
    """Window: the task whose window it is; ``pickup`` says whether it is one of the pickups, and which."""
    pickup: int | None = None
    side: Literal["earlier", "later"] | None = None
    was: TimeWindow | None = None
    window: TimeWindow | None = None
    """Window, longer shift: as it would be, instead of ``was``; one more rider: when."""
    skills: frozenset[int | str] = frozenset()
    penalty: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """The cheapest change that would place a shipment in the plan as it is: loosened for ``vehicle``, it fits in.

    ``relaxations`` are needed all together, the weightiest first. ``positions`` are those of the shipment's tasks,
    pickups first, among the stops of the vehicle's route with it. With `FixCode.ONE_MORE_RIDER` it is the route of
    another vehicle like ``vehicle``. ``added_cost`` is what the plan's routes then cost more.
    """

    vehicle: Id
    relaxations: tuple[Relaxation, ...]
    added_cost: int
    positions: tuple[int, ...]
