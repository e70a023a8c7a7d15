"""Two configs over the same past: what is compared, what is solved, and what follows for whom."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.model import Settings
from scheduler.config import parse
from scheduler.intake.expected import read_expected
from scheduler.planning import AreaPlan, AreaProblem, solve_area
from scheduler.preview import expecting
from scheduler.preview.changes import section_changes, zone_changes
from scheduler.preview.comparing import Named, Preview, preview
from scheduler.preview.falling import Change
from scheduler.preview.figures import moves, outcome
from scheduler.preview.page import Period
from scheduler.preview.replay import Past, Replay
from scheduler.preview.solving import solve_all

from .conftest import DAYS, SAMPLE, Edited, without

FEW = Settings(engine="greedy", seconds=60, workers=1)
INNER = "[99.3400, 9.1370], [99.3300, 9.1415], [99.3320, 9.1470], [99.3280, 9.1560], [99.3237, 9.1480]"
ZONES = ["talat", "bang_kung", "makham_tia", "khun_thale", "bang_chana", "khlong_chanak"]


class Solver:
    """Solves in this process with the engine of tests, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[AreaProblem] = []

    def __call__(self, areas: Sequence[AreaProblem], given: Settings) -> Iterator[tuple[int, AreaPlan]]:
        self.asked += areas
        for place in reversed(range(len(areas))):
            yield place, solve_area(areas[place], FEW)


def compared(old: Any, new: Any, past: Past, **more: Any) -> Preview:
    period = Period(first=DAYS[0], last=DAYS[-1], orders=len(past.orders))
    return preview(Named(config=old), Named(config=new), period, past, more.pop("pending", ()), Solver(), **more)


# --- comparing ----------------------------------------------------------------------------------------------------


@settings(max_examples=12)
@given(st.sets(st.sampled_from(ZONES), max_size=2), st.sets(st.sampled_from(ZONES), max_size=2))
def test_the_other_way_round_is_the_mirror_image(one: set[str], other: set[str]) -> None:
    """Swapping old and new swaps gained with lost, and what a border takes in with what it leaves out."""
    old, new = parse(without(*sorted(one))), parse(without(*sorted(other)))
    there = {change.zone: change for change in zone_changes(old, new)}
    back = {change.zone: change for change in zone_changes(new, old)}
    mirror = {"gained": "lost", "lost": "gained", "same": "same", "changed": "changed"}
    assert {zone: mirror[change.kind] for zone, change in there.items()} == {z: c.kind for z, c in back.items()}
    for zone, change in there.items():
        assert (change.gained_km2, change.lost_km2) == (back[zone].lost_km2, back[zone].gained_km2)
    assert sorted(zone for zone, change in there.items() if change.kind == "lost") == sorted(other - one)


def test_in_and_out_are_mirrored_too(past: Past, edited: Edited) -> None:
    """The orders that come in one way round are those that fall out the other way round, and no other is."""
    old, new = parse(SAMPLE), parse(without("bang_chana"))
    there, back = compared(old, new, past).document, compared(new, old, past).document
    out = {order["order_id"] for order in there["orders"] if order["change"] == "out"}
    assert out == {order["order_id"] for order in back["orders"] if order["change"] == "in"}
    assert len(out) == there["total"]["out"] == back["total"]["in"] == 6
    for name in ("orders", "carried", "distance", "time", "fees_satang"):
        assert there["total"][name]["change"] == -back["total"][name]["change"]


def test_nothing_changed_is_nothing_at_all(past: Past) -> None:
    """A config against itself differs in no figure, no order and no zone, and each wave is solved once for both."""
    found = compared(parse(SAMPLE), parse(SAMPLE + "\n# a remark\n"), past).document
    assert found["orders"] == []
    assert found["changes"]["sections"] == []
    assert {zone["change"] for zone in found["changes"]["zones"]} == {"same"}
    pairs = [pair for part in (found["total"], *found["zones"]) for pair in part.values() if isinstance(pair, dict)]
    assert all(pair.get("change", 0) == 0 for pair in pairs)
    assert found["how"]["problems"] == 2 * found["how"]["solved"] > 0


def test_a_moved_border_and_another_fee_are_told_apart(edited: Edited) -> None:
    """What the border takes in and leaves out is measured, other values are named, other sections are listed."""
    new = edited(
        (INNER, INNER.replace("[99.3300, 9.1415]", "[99.3260, 9.1400]")),
        ("fee_baht: 35\n    waves: [midday, evening]", "fee_baht: 40\n    waves: [midday]"),
        ("speed_kmh: 15", "speed_kmh: 14"),
    )
    changes = {change.zone: change for change in zone_changes(parse(SAMPLE), new)}
    assert changes["talat"].moved
    assert changes["talat"].lost_km2 > 0.1
    assert changes["talat"].gained_km2 < 0.001
    assert not changes["talat"].fields
    assert not changes["khun_thale"].moved
    assert changes["khun_thale"].fields["waves"] == (["midday", "evening"], ["midday"])
    assert "fee_baht" in changes["khun_thale"].fields
    assert section_changes(parse(SAMPLE), new) == ["vehicles"]


# --- replaying ----------------------------------------------------------------------------------------------------


def test_every_order_has_one_fate_and_the_zones_sum_up_to_the_whole(past: Past) -> None:
    """Carried, without a place, outside or without a pin: each order once; and the zones' figures make the total's."""
    nowhere = [
        dataclasses.replace(past.orders[0], order_id="x", location=(98.0, 8.0)),
        dataclasses.replace(past.orders[0], order_id="y", location=None),
    ]
    replay = Replay(parse(SAMPLE), dataclasses.replace(past, orders=[*past.orders, *nowhere]))
    solve_all([replay], Solver(), FEW)
    placed = replay.placed()
    found = outcome(replay, placed)
    total = found.total
    assert (found.outside, found.no_pin) == (1, 1)
    assert total.orders + found.outside + found.no_pin == len(placed) == 20
    assert total.carried + total.unassigned == total.orders
    assert total.carried > 0
    for name in ("orders", "carried", "unassigned", "distance", "time", "fees_satang"):
        assert sum(getattr(zone, name) for zone in found.zones.values()) == pytest.approx(getattr(total, name)), name
    driven = sum(ride.route.steps[-1].arrival - ride.route.steps[0].arrival for ride in replay.rides)
    assert total.time == pytest.approx(driven)


def test_a_rider_is_in_one_place_at_a_time(past: Past) -> None:
    """Whoever is out in one wave of a day begins the next when they are back."""
    evening = [
        dataclasses.replace(order, order_id=f"{order.order_id}e", window_from=None, window_to=None)
        for order in past.orders
    ]
    replay = Replay(parse(SAMPLE), dataclasses.replace(past, orders=[*past.orders, *evening]))
    solve_all([replay], Solver(), FEW)
    for one, other in combinations(replay.rides, 2):
        if (one.date, one.route.vehicle) == (other.date, other.route.vehicle):
            spans = sorted((ride.route.steps[0].arrival, ride.route.steps[-1].arrival) for ride in (one, other))
            assert spans[0][1] <= spans[1][0]


def test_the_same_problem_is_solved_once(past: Past, edited: Edited) -> None:
    """A fee changes no route: both sides share every plan, whatever else the two configs say."""
    solver = Solver()
    replays = [Replay(parse(SAMPLE), past), Replay(edited(("fee_baht: 20", "fee_baht: 22")), past)]
    counted = solve_all(replays, solver, FEW)
    assert counted.different == len(solver.asked) == counted.problems // 2
    assert [ride.route for ride in replays[0].rides] == [ride.route for ride in replays[1].rides]


def test_a_full_zone_sends_its_orders_on_as_batching_does(past: Past, edited: Edited) -> None:
    """With room for one order a wave in a zone, the second of a day rides later, and says why."""
    new = edited(("max_orders: 15", "max_orders: 1"))
    replay = Replay(new, past)
    solve_all([replay], Solver(), FEW)
    full = [leg for leg in replay.legs.values() if leg.reason == "wave_full"]
    assert full
    assert {leg.zone for leg in full} == {"bang_chana"}
    ways = [each.way for each in moves(_solved(parse(SAMPLE), past).placed(), replay.placed())]
    assert ways.count("time") == len(full)


def _solved(config: Any, past: Past) -> Replay:
    replay = Replay(config, past)
    solve_all([replay], Solver(), FEW)
    return replay


# --- falling out --------------------------------------------------------------------------------------------------


def test_who_falls_out_is_named_with_the_reason(make: Any, past: Past) -> None:
    """Waiting orders, riders and sellers whom the change leaves outside are told, and nobody else."""
    change = Change(parse(SAMPLE), parse(without("bang_chana")))
    pending = [make.order(1, at=make.bang_chana), make.order(2), make.order(3, at=make.nowhere)]
    assert [(each.ref, each.name) for each in change.orders(pending)] == [("SR-0001", "ผู้ซื้อ 1")]
    riders = [
        make.rider("R1", home=make.bang_chana),
        make.rider("R2", zones=("bang_chana",)),
        make.rider("R3", prefer_zones=("bang_chana", "talat")),
        make.rider("R4"),
        make.rider("R5", zones=("bang_chana",), active=False),
        make.rider("R6", home=None, home_tambon="840106"),
        make.rider("R7", home=None, home_tambon="840101"),
    ]
    assert [(each.ref, each.code) for each in change.riders(riders)] == [
        ("R1", "home_outside"),
        ("R2", "zones_gone"),
        ("R3", "zone_gone"),
        ("R6", "tambon_gone"),
    ]
    sellers = [make.seller("S01", location=make.bang_chana), make.seller("S02")]
    assert [(each.ref, each.code, each.zones) for each in change.sellers(sellers)] == [
        ("S01", "shop_outside", ("bang_chana",))
    ]


# --- expecting ----------------------------------------------------------------------------------------------------


def test_a_file_of_expected_orders_is_read_and_refused_row_by_row(config: Any) -> None:
    """Thai headings and digits, a tambon's code with TH before it, a new place with a circle; each fault by its row."""
    text = (
        "ตำบล,ออเดอร์ต่อสัปดาห์,lat,lon,รัศมี (ม.)\nTH840101,๑๒,,,\nnew_place,5,9.16,99.43,800\nnowhere,3,,,\n"
        "talat,-1,,,\n840101,4,,,\nbang_kung,4,99.99,1,\nbang_kung,4,9.0,99.0,500\n,7,,,\n"
    )
    read = read_expected(text.encode())
    plans, problems = expecting.places_of(read.rows, config)
    assert [(place.zone.id, place.orders) for place in plans.places] == [("talat", 12), ("new_place", 5)]
    found = {(error.row, error.code) for error in (*read.errors, *problems)}
    assert found == {
        (4, "expected.no_zone"),
        (5, "number.negative"),
        (6, "expected.twice"),
        (7, "expected.place"),
        (8, "expected.apart"),
        (9, "required.missing"),
    }
    assert plans.config.zone("new_place").days == config.zone("bang_kung").days


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 40))
def test_drawn_orders_lie_in_their_place_on_its_days_and_are_the_markets_own(seed: int, count: int) -> None:
    """Whatever the seed: so many orders, inside the polygon, on delivery days, goods of real orders; the same again."""
    config, past = parse(SAMPLE), _PAST[0]
    rows = read_expected(f"zone,orders\nkhun_thale,{count}\n".encode()).rows
    plans, _ = expecting.places_of(rows, config)
    days = expecting.week_of(past)
    found = expecting.drawn(plans, past, days, seed)
    assert found == expecting.drawn(plans, past, days, seed)
    assert len(found) == count
    zones = Replay(config, Past(orders=found, riders=[], sellers={}))
    assert {leg.zone for leg in zones.legs.values()} == {"khun_thale"}
    assert {order.service_date.weekday() for order in found} <= {0, 2, 4}
    goods = {order.pickups for order in past.orders}
    assert all(order.pickups in goods for order in found)


_PAST: list[Past] = []


@pytest.fixture(autouse=True)
def _remember(past: Past) -> None:
    """Properties draw no fixtures: this is the past they look at."""
    _PAST[:] = [past]


def test_what_expected_orders_need_is_told_as_a_range(past: Past, config: Any) -> None:
    """More orders need more kilometres; spare riders are sent only where the market's own do not suffice."""
    rows = read_expected(b"zone,orders\nkhlong_chanak,12\n").rows
    plans, _ = expecting.places_of(rows, config)
    found = compared(config, config, past, expected=plans).document["expected"]
    assert found["orders"] == {"p50": 12, "low": 12, "high": 12}
    assert found["distance"]["low"] > 0
    for name in ("carried", "distance", "time", "riders", "cost"):
        assert found[name]["low"] <= found[name]["p50"] <= found[name]["high"]
    alone = dataclasses.replace(past, riders=[])
    needed = compared(config, config, alone, expected=plans).document["expected"]
    assert needed["more_riders"]["low"] >= 1
    assert needed["carried"]["low"] > 0
    assert needed["cost"]["high"] < 100_000


def test_without_orders_the_zones_are_still_compared(config: Any) -> None:
    """Nothing to replay, nothing to expect from; what the zones gain and lose is told all the same."""
    rows = read_expected(b"zone,orders\ntalat,12\n").rows
    plans, _ = expecting.places_of(rows, config)
    nothing = Past(orders=[], riders=[], sellers={})
    found = compared(config, parse(without("talat")), nothing, expected=plans).document
    assert (found["how"], found["expected"]) == (None, None)
    assert [zone["zone"] for zone in found["changes"]["zones"] if zone["change"] == "lost"] == ["talat"]
