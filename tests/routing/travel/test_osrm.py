"""OSRM on the made-up town: real bridges, an island, a server that misbehaves."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lines import decode
from town import BRIDGES, EAST_BANK, ISLAND, WEST_BANK, needs_osrm, served

from routing import UNREACHABLE, Location, Matrix, Problem, Reason, Shipment, Task, Vehicle, solve
from routing import Settings as Effort
from routing.roads import DataSet
from routing.travel import Barrier, Crossing, Kind, Measured, Settings, Unavailable, Why
from routing.travel import osrm as module
from routing.travel.osrm import Osrm
from routing.travel.osrm.rows import Rows
from routing.travel.osrm.source import Table
from routing.travel.straight import Straight, haversine

KINDS = {"motorcycle": Kind(roads="motorcycle"), "slow": Kind(roads="motorcycle", time_factor=2)}
WEST, EAST = (WEST_BANK[-1], 9.140), (EAST_BANK[0], 9.140)
"""Face to face over the river, half way between the bridges."""


def osrm(**more: Any) -> Osrm:
    return Osrm(Settings(kinds=KINDS, **more))


def matrix(provider: Osrm, points: list[Location], profile: str = "motorcycle") -> Matrix:
    found = provider.measure(points, [profile])
    assert isinstance(found, Measured)
    return found.matrices[profile]


@needs_osrm
def test_the_other_bank_is_reached_over_a_bridge(town: DataSet) -> None:
    """A river of 900 m is six kilometres, and the drawn way crosses it where a bridge is."""
    provider = osrm(data=town.folder)
    assert matrix(provider, [WEST, EAST]).distances[0, 1] == pytest.approx(6216, abs=50)
    line = decode(provider.geometry([WEST, EAST], "motorcycle") or "")
    (over,) = {b[1] for a, b in pairwise(line) if (a[0] < 99.320) != (b[0] < 99.320)}
    assert any(over == pytest.approx(bridge, abs=1e-4) for bridge in BRIDGES)


@needs_osrm
def test_an_island_is_unreachable_and_no_overflow(town: DataSet, town_server: str) -> None:
    """OSRM's null is UNREACHABLE in both directions, in process and over HTTP; the others are as they were."""
    for provider in (osrm(data=town.folder), osrm(url=town_server)):
        found = matrix(provider, [WEST, ISLAND, EAST])
        for table in (found.durations, found.distances):
            assert (table[1, [0, 2]] == UNREACHABLE).all()
            assert (table[[0, 2], 1] == UNREACHABLE).all()
            assert 0 < table[0, 2] < UNREACHABLE
        assert provider.geometry([WEST, ISLAND], "motorcycle") is None


@needs_osrm
def test_an_order_for_the_island_is_left_out_as_unreachable(town: DataSet) -> None:
    """The solver takes the others and says why not this one, whatever a rider's speed does to the numbers."""
    points = [WEST, EAST, ISLAND]
    table = matrix(osrm(data=town.folder), points)
    shipments = tuple(
        Shipment(
            id=name,
            pickups=(Task(id=f"{name}/shop", index=0),),
            delivery=Task(id=name, index=index),
            amounts=((1,),),
        )
        for name, index in (("near", 1), ("island", 2))
    )
    rider = Vehicle(id="R1", profile="motorcycle", start=0, end=0, capacity=(9,), speed_factor=0.37)
    problem = Problem(vehicles=(rider,), shipments=shipments, matrices={"motorcycle": table}, dimensions=("bags",))
    plan = solve(problem, Effort(engine="greedy", seconds=0.1, workers=1))
    assert [(left.shipment, left.code) for left in plan.unassigned] == [("island", Reason.UNREACHABLE)]
    assert [step.shipment for route in plan.routes for step in route.steps if step.type == "delivery"] == ["near"]


@needs_osrm
def test_a_stop_off_the_road_is_named_and_walked_to(town: DataSet) -> None:
    """Far from any road is told in metres and costs the way there; beyond two kilometres there is no way."""
    off, lost = (99.3815, 9.1300), (99.45, 9.19)
    provider = osrm(data=town.folder, minutes_per_leg=1)
    found = provider.measure([WEST, (99.3830, 9.1300), off, lost], ["motorcycle"])
    assert isinstance(found, Measured)
    assert sorted(found.off_road) == [1, 3]
    assert found.off_road[1] == pytest.approx(330, abs=5)
    table = found.matrices["motorcycle"].durations
    assert table[0, 1] - table[0, 2] == pytest.approx((330 - 165) * 1.3 / 5, abs=3)
    assert table[0, 3] == UNREACHABLE


@needs_osrm
def test_times_follow_the_kind_of_vehicle(town: DataSet) -> None:
    """Twice the time factor is twice the time, over the same metres; a leg's minutes come once."""
    provider = osrm(data=town.folder, minutes_per_leg=1)
    quick, slow = matrix(provider, [WEST, EAST]), matrix(provider, [WEST, EAST], "slow")
    assert slow.durations[0, 1] - 60 == pytest.approx(2 * (quick.durations[0, 1] - 60), abs=2)
    assert slow.distances[0, 1] == quick.distances[0, 1]


def test_without_data_or_osrm_there_is_no_answer(tmp_path: Path) -> None:
    """No folder, or no wheel for this machine, is a value that says so."""
    found = osrm(data=tmp_path / "none").measure([WEST, EAST], ["motorcycle"])
    assert isinstance(found, Unavailable)
    assert found.why is (Why.NO_DATA if find_spec("osrm") else Why.NOT_INSTALLED)
    assert osrm(data=tmp_path / "none").geometry([WEST, EAST], "motorcycle") is None


@needs_osrm
def test_data_for_other_roads_is_no_data(town: DataSet) -> None:
    """A profile that was not built is named."""
    kinds = {"bike": Kind(roads="bicycle")}
    found = Osrm(Settings(kinds=kinds, data=town.folder)).measure([WEST, EAST], ["bike"])
    assert isinstance(found, Unavailable)
    assert (found.why, "bicycle" in found.detail) == (Why.NO_DATA, True)


@needs_osrm
def test_a_server_that_answers_less_at_once_is_asked_for_less(town: DataSet, town_server: str) -> None:
    """One that takes nine pairs at once gives the same times as one that takes ten thousand."""
    points = [*[(lon, 9.1) for lon in WEST_BANK], *[(lon, 9.18) for lon in EAST_BANK]]
    with served(town, "motorcycle", "--max-table-size", "3") as small:
        few = matrix(osrm(url=small), points)
    many = matrix(osrm(url=town_server), points)
    assert (few.durations == many.durations).all()
    assert (few.distances == many.distances).all()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    asked = 0


@contextmanager
def answering(body: bytes | None, status: int = 200) -> Iterator[tuple[str, _Server]]:
    """A server that answers this and nothing else; None is silence."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked += 1
            if body is None:
                over.wait(20)
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", server
    finally:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<html>gateway</html>", Why.REFUSED),
        (b"[]", Why.REFUSED),
        (json.dumps({"code": "NoSegment", "message": "no road near"}).encode(), Why.REFUSED),
        (json.dumps({"code": "Ok"}).encode(), Why.REFUSED),
        (
            json.dumps(
                {"code": "Ok", "durations": [[0]], "distances": [[0]], "sources": [], "destinations": []}
            ).encode(),
            Why.REFUSED,
        ),
        (None, Why.SLOW),
    ],
)
def test_whatever_a_server_answers_is_a_value(body: bytes | None, why: Why) -> None:
    """Nonsense and silence end as a reason in good time; after it the server is left alone for a while."""
    with answering(body) as (url, server):
        provider = osrm(url=url, timeout_seconds=0.2)
        for _ in range(3):
            found = provider.measure([WEST, EAST], ["motorcycle"])
            assert isinstance(found, Unavailable)
            assert found.why is why
        assert server.asked == 1


def test_a_server_that_is_not_there_is_down_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens: down. Once somebody answers again, and the pause is over, times come from there."""
    monkeypatch.setattr(module, "PAUSE", 0.0)
    zero = [[0, 60], [60, 0]]
    stops = [{"distance": 1}, {"distance": 2}]
    table = {"code": "Ok", "durations": zero, "distances": zero, "sources": stops, "destinations": stops}
    with answering(json.dumps(table).encode()) as (url, _):
        assert matrix(osrm(url=url), [WEST, EAST]).durations[0, 1] == pytest.approx(61, abs=1)
    found = osrm(url=url).measure([WEST, (1.0, 1.0)], ["motorcycle"])
    assert isinstance(found, Unavailable)
    assert found.why is Why.DOWN
    assert matrix(osrm(url=url), [WEST, EAST]).durations[0, 1] == pytest.approx(61, abs=1)  # remembered


class _Plain:
    """A source whose answers follow from the places themselves, and which counts what it was asked."""

    block = 3

    def __init__(self) -> None:
        self.pairs, self.name = 0, "one"

    def version(self, roads: str) -> str:
        return self.name

    def table(self, roads: str, sources: Any, targets: Any, deadline: float) -> Table:
        self.pairs += len(sources) * len(targets)
        assert max(len(sources), len(targets)) <= self.block
        metres = haversine(np.array(sources), np.array(targets)).astype(np.float64)
        off = np.array(sources)[:, 0], np.array(targets)[:, 0]
        return Table(seconds=metres + len(self.name), metres=metres, sources_off=off[0], targets_off=off[1])

    def route(self, roads: str, points: Any, deadline: float) -> None:
        return None

    def close(self) -> None:
        pass


spot = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda p: (99.3 + p[0] / 100, 9.1 + p[1] / 100))


@settings(max_examples=60, deadline=None)
@given(
    asked=st.lists(st.lists(spot, min_size=1, max_size=8, unique=True), min_size=1, max_size=6),
    most=st.sampled_from([5, 40, 10_000]),
)
def test_remembered_rows_are_what_would_be_asked(asked: list[list[Location]], most: int) -> None:
    """Whatever was asked before, in whatever order, and however little is kept, an answer is as if asked anew."""
    source, rows = _Plain(), Rows(most)
    for points in asked:
        found, fresh = rows.square(source, "car", points, 0.0), Rows().square(_Plain(), "car", points, 0.0)
        assert not isinstance(found, Unavailable)
        assert not isinstance(fresh, Unavailable)
        assert np.allclose(found.seconds, fresh.seconds, atol=0.01)
        assert np.allclose(found.off, fresh.off)
        assert rows.pairs == sum(len(row.to) for row in rows.rows.values()) <= most


def test_a_stop_more_asks_for_its_row_and_column_alone() -> None:
    """Ten stops are a hundred pairs, one more is 21; asked again nothing; new data, or another profile, all of it."""
    points = [(99.3 + k / 100, 9.1) for k in range(11)]
    source, rows = _Plain(), Rows()
    counts = []
    for some, roads, name in [
        (points[:10], "car", "one"),
        (points, "car", "one"),
        (points[::-1], "car", "one"),
        (points, "car", "two"),
        (points, "foot", "two"),
    ]:
        source.pairs, source.name = 0, name
        rows.square(source, roads, some, 0.0)
        counts.append(source.pairs)
    assert counts == [100, 21, 0, 121, 121]


@needs_osrm
def test_barriers_come_close_to_the_roads(town: DataSet) -> None:
    """With the river and its bridges named, straight lines are wrong by the grid alone, not by kilometres."""
    crossings = tuple(Crossing(id=str(lat), location=(99.320, lat)) for lat in BRIDGES)
    river = Barrier(id="river", line=((99.320, 9.0), (99.320, 9.3)), crossings=crossings)
    road = Settings(kinds=KINDS, data=town.folder)
    found = [matrix(Osrm(road), [WEST, EAST]).distances[0, 1]]
    for barriers in ((), (river,)):
        straight = Straight(replace(road, barriers=barriers))
        found.append(straight.matrices([WEST, EAST], ["motorcycle"])["motorcycle"].distances[0, 1])
    real, blind, seeing = (int(metres) for metres in found)
    assert blind < 0.2 * real
    assert seeing == pytest.approx(real, rel=0.35)
