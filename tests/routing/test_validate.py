"""Nonsense is refused with the path of the field; what is merely infeasible is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from routing import Costs, Matrix, Problem, ProblemError, Settings, Task, solve, validate
from routing.validate import errors


def vehicle(**change: Any) -> Callable[[Problem], Problem]:
    return lambda p: replace(p, vehicles=(replace(p.vehicles[0], **change),))


def shipment(**change: Any) -> Callable[[Problem], Problem]:
    return lambda p: replace(p, shipments=(replace(p.shipments[0], **change),))


def delivery(**change: Any) -> Callable[[Problem], Problem]:
    return lambda p: shipment(delivery=replace(p.shipments[0].delivery, **change))(p)


def matrix(durations: Any, distances: Any = None) -> Callable[[Problem], Problem]:
    table = np.array(durations)
    other = table if distances is None else np.array(distances)
    return lambda p: replace(p, matrices={"car": Matrix(durations=table, distances=other)})


NONSENSE: list[tuple[Callable[[Problem], Problem], str, str]] = [
    (lambda p: replace(p, vehicles=p.vehicles * 2), "vehicles[1].id", "id.duplicate"),
    (lambda p: replace(p, shipments=p.shipments * 2), "shipments[1].id", "id.duplicate"),
    (vehicle(profile="boat"), "vehicles[0].profile", "profile.unknown"),
    (vehicle(start=20), "vehicles[0].start", "index.out_of_range"),
    (vehicle(capacity=(1, 2)), "vehicles[0].capacity", "amount.dimensions"),
    (vehicle(capacity=(-1,)), "vehicles[0].capacity", "amount.negative"),
    (vehicle(window=(9, 8)), "vehicles[0].window", "window.reversed"),
    (vehicle(window=(-9, 8)), "vehicles[0].window", "window.out_of_range"),
    (vehicle(speed_factor=0.0), "vehicles[0].speed_factor", "speed_factor.out_of_range"),
    (vehicle(speed_factor=float("nan")), "vehicles[0].speed_factor", "speed_factor.out_of_range"),
    (vehicle(max_tasks=-1), "vehicles[0].max_tasks", "number.negative"),
    (vehicle(costs=Costs(per_km=-1)), "vehicles[0].costs.per_km", "number.negative"),
    (shipment(amounts=()), "shipments[0].amounts", "amounts.count"),
    (shipment(amounts=((1, 2),)), "shipments[0].amounts[0]", "amount.dimensions"),
    (shipment(amounts=((-1,),)), "shipments[0].amounts[0]", "amount.negative"),
    (shipment(collected=(1,)), "shipments[0].collected", "collected.not_a_job"),
    (shipment(priority=101), "shipments[0].priority", "priority.out_of_range"),
    (shipment(penalty=-1), "shipments[0].penalty", "number.negative"),
    (shipment(allowed_vehicles=frozenset({"R9"})), "shipments[0].allowed_vehicles", "vehicle.unknown"),
    (shipment(preferred_vehicles=frozenset({"R9"})), "shipments[0].preferred_vehicles", "vehicle.unknown"),
    (shipment(pickups=(Task(id="p", index=99),)), "shipments[0].pickups[0].index", "index.out_of_range"),
    (shipment(pickups=(Task(id="p", index=1),) * 2, amounts=((1,),) * 2), "shipments[0].pickups[1].id", "id.duplicate"),
    (delivery(index=-1), "shipments[0].delivery.index", "index.out_of_range"),
    (delivery(service=-1), "shipments[0].delivery.service", "number.out_of_range"),
    (delivery(windows=((5, 4),)), "shipments[0].delivery.windows[0]", "window.reversed"),
    (delivery(windows=((5, 6), (6, 9))), "shipments[0].delivery.windows[1]", "window.order"),
    (matrix([[0, 1]]), "matrices['car'].durations", "matrix.not_square"),
    (matrix(np.zeros((20, 20))), "matrices['car'].durations", "matrix.not_integer"),
    (matrix(np.full((20, 20), -1)), "matrices['car'].durations", "matrix.negative"),
    (matrix(np.zeros((20, 20), int), np.zeros((19, 19), int)), "matrices['car']", "matrix.size"),
]


@pytest.mark.parametrize(("spoil", "path", "code"), NONSENSE, ids=[f"{p} {c}" for _, p, c in NONSENSE])
def test_nonsense_is_refused_by_path(spoil: Callable[[Problem], Problem], path: str, code: str, street: Any) -> None:
    """Each kind of nonsense is named by the field it stands in, before any engine sees it."""
    problem = spoil(street.problem([street.rider()], [street.order("A", 1, 2)]))
    assert (path, code) in [(e.path, e.code) for e in errors(problem)]
    with pytest.raises(ProblemError):
        solve(problem, Settings())


def test_an_infeasible_problem_is_a_valid_one(street: Any) -> None:
    """A window before the shift, or an order heavier than any vehicle, is nobody's mistake."""
    validate(street.problem([street.rider(window=(500, 600))], [street.order("A", 1, 2, (99,), windows=((0, 1),))]))
