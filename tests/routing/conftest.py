"""Small worlds for the routing tests: a straight street, and random problems of every kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from routing import UNREACHABLE, Costs, Matrix, Problem, Shipment, Task, Vehicle
from routing.model import Balance, Break, Churn, PreviousRoute, ReloadDepot, Visit, Worked


class Street:
    """A straight street: place k lies k minutes and k hundred metres from place 0, on foot or by car alike."""

    places = 20

    def matrix(self) -> Matrix:
        k = np.arange(self.places)
        apart = np.abs(k[:, None] - k[None, :]).astype(np.int32)
        return Matrix(durations=apart * 60, distances=apart * 100)

    def order(self, id_: str, pickup: int, delivery: int, amount: Sequence[int] = (1,), **rules: Any) -> Shipment:
        """Goods from one place of the street to another; `windows` and `service` are those of the delivery."""
        return Shipment(
            id=id_,
            pickups=(Task(id=f"{id_}/p", index=pickup),),
            delivery=Task(
                id=id_,
                index=delivery,
                windows=rules.pop("windows", ()),
                service=rules.pop("service", 0),
                setup=rules.pop("setup", 0),
            ),
            amounts=(tuple(amount),),
            **rules,
        )

    def rider(self, id_: str = "R1", **rules: Any) -> Vehicle:
        """Starts and ends at place 0, and carries ten of everything, unless said otherwise."""
        return replace(Vehicle(id=id_, start=0, end=0, capacity=(10,)), **rules)

    def problem(self, vehicles: Sequence[Vehicle], shipments: Sequence[Shipment], **rest: Any) -> Problem:
        return Problem(
            vehicles=tuple(vehicles),
            shipments=tuple(shipments),
            **{"matrices": {"car": self.matrix()}, "dimensions": ("weight_g",), **rest},
        )


@pytest.fixture(scope="session")
def street() -> Street:
    return Street()


@st.composite
def _problems(draw: DrawFn, most_shipments: int = 6, most_vehicles: int = 3, rare: bool = False) -> Problem:
    size = draw(st.integers(1, 7))
    dimensions = draw(st.integers(0, 2))
    leg = st.one_of(st.integers(0, 900), st.just(UNREACHABLE)) if draw(st.booleans()) else st.integers(1, 900)
    cells = st.lists(leg, min_size=size * size, max_size=size * size)

    def matrix() -> Matrix:
        table = np.array(draw(cells), dtype=np.int32).reshape(size, size)
        np.fill_diagonal(table, 0)
        return Matrix(durations=table, distances=np.minimum(table * 7, UNREACHABLE).astype(np.int32))

    place = st.integers(0, size - 1)
    amount = st.tuples(*[st.integers(0, 4)] * dimensions)

    def window() -> tuple[int, int]:
        opens = draw(st.integers(0, 5000))
        return (opens, opens + draw(st.integers(0, 3000)))

    def task(name: str) -> Task:
        windows: tuple[tuple[int, int], ...] = ()
        if draw(st.booleans()):
            windows = (window(),)
            if draw(st.booleans()):
                opens = windows[0][1] + draw(st.integers(1, 900))
                windows = (*windows, (opens, opens + draw(st.integers(0, 900))))
        setup, service = draw(st.integers(0, 200)), draw(st.integers(0, 300))
        return Task(id=name, index=draw(place), setup=setup, service=service, windows=windows)

    names = [f"V{k}" for k in range(draw(st.integers(1, most_vehicles)))]
    some = st.frozensets(st.sampled_from(names))
    skilled: list[int | str] = [1, "cold"]
    skills = st.frozensets(st.sampled_from(skilled), max_size=1)
    maybe: Callable[[SearchStrategy[Any]], SearchStrategy[Any]] = lambda s: st.one_of(st.none(), s)  # noqa: E731
    vehicles = [
        Vehicle(
            id=name,
            profile=draw(st.sampled_from(["car", "bike"])),
            start=draw(maybe(place)),
            end=draw(maybe(place)),
            capacity=draw(st.tuples(*[st.integers(1, 9)] * dimensions)),
            skills=draw(st.frozensets(st.sampled_from([1, "cold"]))),
            window=window() if draw(st.booleans()) else None,
            max_tasks=draw(maybe(st.integers(0, 6))),
            max_travel_time=draw(maybe(st.integers(0, 5000))),
            max_distance=draw(maybe(st.integers(0, 30000))),
            costs=Costs(
                fixed=draw(st.integers(0, 2000)),
                per_hour=draw(st.sampled_from([0, 3600, 1000])),
                per_km=draw(st.sampled_from([0, 70])),
                per_task_hour=draw(st.sampled_from([0, 500])),
            ),
            speed_factor=draw(st.sampled_from([1.0, 1.3, 0.7])),
        )
        for name in names
    ]
    shipments = []
    for k in range(draw(st.integers(0, most_shipments))):
        pickups = tuple(task(f"s{k}/p{j}") for j in range(draw(st.sampled_from([0, 1, 1, 1, 2, 3]))))
        shipments.append(
            Shipment(
                id=k,
                pickups=pickups,
                delivery=task(f"s{k}"),
                amounts=tuple(draw(amount) for _ in pickups or [0]),
                collected=() if pickups else draw(amount),
                skills=draw(skills),
                priority=draw(st.integers(0, 100)),
                penalty=draw(maybe(st.integers(0, 5000))),
                max_ride_time=draw(maybe(st.integers(0, 3000))),
                allowed_vehicles=draw(maybe(some)),
                forbidden_vehicles=draw(st.one_of(st.just(frozenset()), some)),
                preferred_vehicles=draw(st.one_of(st.just(frozenset()), some)),
            )
        )
    problem = Problem(
        vehicles=tuple(vehicles),
        shipments=tuple(shipments),
        matrices={"car": matrix(), "bike": matrix()},
        dimensions=tuple(f"d{k}" for k in range(dimensions)),
    )
    return draw(_with_rare_rules(problem)) if rare else problem


@st.composite
def _with_rare_rules(draw: DrawFn, problem: Problem) -> Problem:
    """The problem with some of: breaks, types, second trips, soft ends, groups, a plan before, churn, balance."""
    size = len(problem.matrices["car"].durations)
    place = st.integers(0, size - 1)
    seconds = st.integers(0, 3000)
    load = st.tuples(*[st.integers(0, 4)] * len(problem.dimensions))

    def rest(name: str) -> Break:
        opens = draw(seconds)
        windows = ((opens, opens + draw(seconds)),) if draw(st.booleans()) else ()
        max_load = draw(st.one_of(st.none(), load))
        return Break(id=name, windows=windows, service=draw(st.integers(0, 400)), max_load=max_load)

    def vehicle(given: Vehicle) -> Vehicle:
        return replace(
            given,
            type=draw(st.sampled_from([None, "a", "b"])),
            breaks=tuple(rest(f"b{k}") for k in range(draw(st.sampled_from([0, 0, 1, 2])))),
            max_ride_time=draw(st.one_of(st.none(), seconds)),
            reload_depots=(ReloadDepot(index=draw(place), service=draw(st.integers(0, 100))),),
            max_reloads=draw(st.integers(0, 2)),
            worked=Worked(duration=draw(seconds), tasks=draw(st.integers(0, 9))),
        )

    def task(given: Task) -> Task:
        return replace(
            given,
            service_per_type={"a": draw(st.integers(0, 300))} if draw(st.booleans()) else {},
            setup_per_type={"b": draw(st.integers(0, 200))} if draw(st.booleans()) else {},
            soft_end=draw(st.one_of(st.none(), seconds)),
            cost_per_hour_after_soft_end=draw(st.sampled_from([0, 3600])),
        )

    shipments = tuple(
        replace(
            s,
            pickups=tuple(map(task, s.pickups)),
            delivery=task(s.delivery),
            group=draw(st.sampled_from([None, None, "g", "h"])),
        )
        for s in problem.shipments
    )
    previous: dict[Any, list[Visit]] = {}
    for s in shipments:
        to = draw(st.sampled_from([None, *(v.id for v in problem.vehicles), "gone"]))
        if to is not None:
            visits = [Visit(shipment=s.id, pickup=k) for k in range(len(s.pickups))]
            last = Visit(shipment=s.id, pickup=None, begin=draw(st.one_of(st.none(), seconds)))
            previous.setdefault(to, []).extend([*visits, last])
    moved, shift = draw(st.one_of(st.none(), st.integers(0, 2))), draw(st.one_of(st.none(), seconds))
    return replace(
        problem,
        vehicles=tuple(map(vehicle, problem.vehicles)),
        shipments=shipments,
        previous=tuple(
            PreviousRoute(vehicle=v, visits=tuple(x), lock=draw(st.sampled_from(["none", "vehicle", "sequence"])))
            for v, x in previous.items()
        ),
        churn=Churn(max_moved=moved, max_shift=shift, cost_per_moved=draw(st.sampled_from([0, 300]))),
        balance=draw(st.one_of(st.none(), st.just(Balance(duration=600, tasks=20)))),
    )


@pytest.fixture(scope="session")
def problems() -> Callable[..., SearchStrategy[Problem]]:
    """Problems of every kind, many of them infeasible in part."""
    return _problems
