"""When a route happens: against trying every instant, on short horizons."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from routing import Matrix, Problem, Reason, Shipment, Task, Vehicle
from routing.compiled import compile_problem
from routing.timetable import Broken, Timetable, timetable

HORIZON = 13


@st.composite
def routes(draw: st.DrawFn) -> tuple[Problem, list[int]]:
    """One vehicle and up to four stops in a feasible order, with all times below the horizon."""
    instant = st.integers(0, HORIZON - 1)
    size = 3
    legs = draw(st.lists(st.integers(0, 4), min_size=size * size, max_size=size * size))
    table = np.array(legs, dtype=np.int32).reshape(size, size)

    def task(name: str) -> Task:
        cuts = sorted(draw(st.sets(instant, min_size=4, max_size=4)))
        windows = ((cuts[0], cuts[1]), (cuts[2], cuts[3])) if draw(st.booleans()) else ((cuts[0], cuts[3]),)
        place = draw(st.integers(0, size - 1))
        return Task(
            id=name, index=place, setup=draw(st.integers(0, 2)), service=draw(st.integers(0, 2)), windows=windows
        )

    shipments = []
    for k in range(draw(st.integers(1, 2))):
        pickups = tuple(task(f"{k}p{j}") for j in range(draw(st.integers(0, 1))))
        limit = draw(st.one_of(st.none(), st.integers(0, 5)))
        drop = task(f"{k}d")
        shipments.append(
            Shipment(id=k, pickups=pickups, delivery=drop, amounts=((),) * len(pickups), max_ride_time=limit)
        )
    vehicle = Vehicle(
        id=1,
        start=draw(st.sampled_from([None, 0])),
        end=draw(st.sampled_from([None, 1])),
        window=(draw(st.integers(0, 3)), draw(st.integers(6, HORIZON - 1))),
    )
    problem = Problem(
        vehicles=(vehicle,),
        shipments=tuple(shipments),
        matrices={"car": Matrix(durations=table, distances=table)},
        dimensions=(),
    )
    count = sum(len(s.pickups) + 1 for s in shipments)
    numbers = list(range(count))
    if count == 4 and draw(st.booleans()):
        numbers = [0, 2, 1, 3]  # both pickups first
    return problem, numbers


def every_schedule(problem: Problem, route: list[int]) -> list[tuple[int, ...]]:
    """All (departure, begins..., end) that keep the rules, found by trying all instants."""
    compiled = compile_problem(problem)
    stops = [compiled.stops[n] for n in route]
    vehicle = problem.vehicles[0]
    opens, closes = vehicle.window or (0, 0)
    table = problem.matrices["car"].durations
    places = [vehicle.start, *(s.index for s in stops), vehicle.end]
    allowed = [[t for t in range(HORIZON) if any(a <= t <= b for a, b in s.windows)] for s in stops]
    found = []
    for departure, *begins in product(range(opens, closes + 1), *allowed):
        now, ok, done = departure, True, {}
        for k, stop in enumerate(stops):
            here = places[k]
            arrival = now + (0 if here is None else int(table[here, stop.index]))
            ok = begins[k] >= arrival
            now = begins[k] + stop.service + (stop.setup if here != stop.index else 0)
            limit = problem.shipments[stop.shipment].max_ride_time
            if stop.pickup is not None:
                done[stop.shipment] = now
            elif limit is not None and begins[k] - done.get(stop.shipment, departure) > limit:
                ok = False
            if not ok:
                break
        end = now + (0 if vehicle.end is None else int(table[places[-2], vehicle.end]))
        if ok and end <= closes:
            found.append((departure, *begins, end))
    return found


@settings(max_examples=150, deadline=None)
@given(routes())
def test_earliest_finish_then_latest_departure_then_earliest_stops(case: tuple[Problem, list[int]]) -> None:
    """The schedule ends first, leaves last, and does each stop first, of all schedules that keep the rules."""
    problem, route = case
    compiled = compile_problem(problem)
    times = timetable(compiled, compiled.riders[0], route)
    schedules = every_schedule(problem, route)
    if isinstance(times, Broken):
        assert not schedules
        return
    end = min(s[-1] for s in schedules)
    departure = max(s[0] for s in schedules if s[-1] == end)
    left = [s for s in schedules if s[0] == departure and s[-1] == end]
    begins = [min(column) for column in zip(*left, strict=True)][1:-1]
    assert (times.start, times.begins, times.end) == (departure, begins, end)


@settings(max_examples=150, deadline=None)
@given(routes())
def test_rides_are_too_long_by_what_no_schedule_can_spare(case: tuple[Problem, list[int]]) -> None:
    """All limits on rides raised by the stated seconds admit a schedule, by one second less none."""
    problem, route = case
    times = driven(problem, route)
    if isinstance(times, Broken) and times.code is Reason.MAX_RIDE_TIME:
        assert times.seconds
        assert isinstance(driven(problem, route, times.seconds), Timetable)
        assert isinstance(driven(problem, route, times.seconds - 1), Broken)


def driven(problem: Problem, route: list[int], longer: int = 0) -> Timetable | Broken:
    """The schedule with each limit on rides `longer` by so many seconds."""
    shipments = tuple(
        s if s.max_ride_time is None else replace(s, max_ride_time=s.max_ride_time + longer) for s in problem.shipments
    )
    compiled = compile_problem(replace(problem, shipments=shipments))
    return timetable(compiled, compiled.riders[0], route)


def test_waiting_for_the_customer_is_not_counted_where_the_pickup_can_wait(street: Any) -> None:
    """Goods fetched five minutes away from a door that opens in an hour are too long on the road by the way alone."""
    order = street.order("A", 0, 5, windows=((3600, 7200),), max_ride_time=100)
    assert driven(street.problem([street.rider()], [order]), [0, 1]) == Broken(code=Reason.MAX_RIDE_TIME, seconds=200)


def test_a_route_leaves_as_late_as_its_finish_allows(street: Any) -> None:
    """A rider whose first customer is at home from 600 leaves to arrive at 600, not at the start of the shift."""
    order = street.order("A", 0, 5, windows=((600, 900),))
    compiled = compile_problem(street.problem([street.rider(window=(0, 7200))], [order]))
    times = timetable(compiled, compiled.riders[0], [0, 1])
    assert isinstance(times, Timetable)
    assert (times.start, times.arrivals, times.end) == (300, [300, 600], 900)


def test_a_setup_is_paid_once_where_the_vehicle_already_stands(street: Any) -> None:
    """Two deliveries at one door pay one setup, and one at the vehicle's own start pays none."""
    orders = [street.order(x, 0, 5, setup=100, service=10) for x in "AB"]
    compiled = compile_problem(street.problem([street.rider()], orders))
    times = timetable(compiled, compiled.riders[0], [0, 2, 1, 3])
    assert isinstance(times, Timetable)
    assert times.setups == [0, 0, 100, 0]
    assert times.work == 120
