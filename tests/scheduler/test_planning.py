"""Between the market's words and the solver's: who may ride when and where, and what comes back as a plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.model import Settings
from scheduler.config import Config
from scheduler.planning import AreaProblem, NextWave, lacking, problems, rider_window, solve_area, to_plan
from scheduler.planning.areas import areas_of
from scheduler.planning.problems import hub_of, seller_location
from scheduler.zones import ZoneIndex
from storage import Member, Order, Plan

DAY = dt.date(2026, 11, 24)
ACROSS = (99.2860, 9.1500)  # Bang Bai Mai, on the far bank

ConfigOf = Callable[..., Config]


def hours(clock: str) -> int:
    """Seconds since midnight."""
    hour, minute = clock.split(":")
    return int(hour) * 3600 + int(minute) * 60


def by_ref(members: Sequence[Member]) -> dict[str, Member]:
    return {member.ref: member for member in members}


def posed(
    config: Config,
    orders: Sequence[Order],
    riders: Sequence[Member],
    sellers: Sequence[Member] = (),
    busy: Mapping[str, Any] | None = None,
) -> list[AreaProblem]:
    wave = config.wave("midday")
    return problems(DAY, wave, orders, riders, by_ref(sellers), config, ZoneIndex(config), busy or {})


def only(config: Config, *args: Any, **more: Any) -> AreaProblem:
    (found,) = posed(config, *args, **more)
    return found


# --- riders ------------------------------------------------------------------------------------------------------


def test_a_rider_may_be_out_around_the_wave_within_the_shift(make: Any, config: Config) -> None:
    """An hour before the pickups to an hour after the deliveries, as far as the shift reaches; else not at all."""
    midday = config.wave("midday")

    def out(**details: Any) -> tuple[dt.datetime, dt.datetime] | None:
        return rider_window(make.rider(**details), DAY, midday, config)

    assert out() == (make.at("08:30"), make.at("14:00"))
    assert out(shift_from=dt.time(9), shift_to=dt.time(12)) == (make.at("09:00"), make.at("12:00"))
    assert out(shift_from=dt.time(6), shift_to=dt.time(18)) == (make.at("08:30"), make.at("14:00"))
    assert out(shift_from=dt.time(14)) is None
    assert out(shift_to=dt.time(8, 30)) is None
    assert out(vehicle="elephant") is None
    assert out(vehicle="ซาเล้ง") == out()
    assert rider_window(make.rider(active=False), DAY, midday, config) is None


def test_nobody_sets_out_before_the_wave_is_dispatched(make: Any, config: Config) -> None:
    """A route does not begin before its message goes out, though the first pickup would allow it."""
    evening = config.wave("evening")
    window = rider_window(make.rider(), DAY, evening, config)
    assert window is not None
    assert window[0] == evening.dispatch.at(DAY, config.market.time_zone)


def test_a_rider_out_for_another_wave_is_free_before_and_after(make: Any, config: Config) -> None:
    """Morning's way home and evening's way out cut the window; who is out all through has none."""
    rider, midday = make.rider(), config.wave("midday")

    def free(*spans: tuple[str, str]) -> tuple[dt.datetime, dt.datetime] | None:
        return rider_window(rider, DAY, midday, config, [(make.at(out), make.at(back)) for out, back in spans])

    assert free(("07:00", "09:20")) == (make.at("09:20"), make.at("14:00"))
    assert free(("13:30", "18:00")) == (make.at("08:30"), make.at("13:30"))
    assert free(("13:30", "18:00"), ("07:00", "09:20")) == (make.at("09:20"), make.at("13:30"))
    assert free(("05:00", "08:00")) == (make.at("08:30"), make.at("14:00"))
    assert free(("09:00", "15:00")) is None


def test_where_a_route_begins_and_ends(make: Any, config: Config) -> None:
    """From home, or the hub of home's community; to home, the hub, or wherever the last stop is."""
    home, hub = make.bang_kung, config.hub("bangkung").location

    def ends(**details: Any) -> tuple[Any, Any]:
        (vehicle,) = only(config, [make.order()], [make.rider(**details)]).vehicles
        return vehicle.start_location, vehicle.end_location

    assert ends(home=home, end_at="home") == (home, home)
    assert ends(home=home, end_at="hub") == (home, hub)
    assert ends(home=home, end_at="anywhere") == (home, None)
    assert ends(home=None, home_tambon="840110", end_at="home") == (hub, hub)
    assert ends(home=None, end_at="hub") == (config.hubs[0].location, config.hubs[0].location)


def test_a_round_from_a_hub_keeps_its_hours(make: Any, market_config: ConfigOf) -> None:
    """Who begins or ends there does so while it is open; who comes from home and ends anywhere is free of it."""
    config = market_config(("open: 06:00-19:30", "open: 09:30-13:00"))

    def out(**details: Any) -> tuple[int, int] | None:
        vehicles = only(config, [make.order()], [make.rider(**details)]).vehicles
        return vehicles[0].window if vehicles else None

    assert out(home=None, end_at="hub") == (hours("09:30"), hours("13:00"))
    assert out(home=None, end_at="anywhere") == (hours("09:30"), hours("14:00"))
    assert out(home=make.talat, end_at="hub") == (hours("08:30"), hours("13:00"))
    assert out(home=make.talat, end_at="home") == (hours("08:30"), hours("14:00"))
    assert out(home=None, end_at="hub", shift_from=dt.time(13)) is None


def test_a_hub_follows_home_by_tambon_or_place(make: Any, config: Config) -> None:
    """A home outside all zones falls back on the market's first hub."""
    zones = ZoneIndex(config)

    def hub(**details: Any) -> tuple[float, float]:
        return hub_of(make.rider(**details).rider, config, zones).location

    assert hub(home=make.bang_kung) == config.hub("bangkung").location
    assert hub(home=None, home_tambon="840103") == config.hub("watpradu").location
    assert hub(home=make.nowhere) == config.hubs[0].location


def test_a_vehicle_is_the_riders_own_or_its_kinds(make: Any, config: Config) -> None:
    """Capacity and stops are what the rider said, else what the kind carries; costs are the kind's."""
    kind = config.vehicle("saleng")
    assert kind is not None
    plain, own = only(
        config,
        [make.order()],
        [make.rider("R1"), make.rider("R2", capacity_g=30_000, capacity_ml=90_000, max_stops=4, skills=("cold_box",))],
    ).vehicles
    assert (plain.capacity, plain.max_tasks, plain.profile) == ((120_000, 500_000), 2 * kind.max_stops, "saleng")
    assert (own.capacity, own.max_tasks) == ((30_000, 90_000), 2 * 4)  # a door is a pickup and a delivery
    assert own.skills == frozenset({"cold_box"})
    assert plain.costs.fixed == kind.cost.per_use_satang == 3000
    assert plain.window == (hours("08:30"), hours("14:00"))


# --- orders ------------------------------------------------------------------------------------------------------


def test_an_order_is_a_shipment(make: Any, config: Config) -> None:
    """One pickup a seller at the seller's place and time, one delivery in the buyer's window, the weights beside."""
    sellers = [make.seller("S01", ready_from=dt.time(10)), make.seller("S02", location=make.bang_kung)]
    order = make.order(sellers=("S01", "S02"), window=("11:30", "14:00"), priority="high")
    problem = only(config, [order], [make.rider()], sellers)
    (shipment,) = problem.shipments
    assert [(task.id, task.location, task.windows) for task in shipment.pickups] == [
        ("SR-0001/S01", make.talat, ((hours("10:00"), hours("11:30")),)),
        ("SR-0001/S02", make.bang_kung, ((hours("09:30"), hours("11:30")),)),
    ]
    assert shipment.delivery.windows == ((hours("11:30"), hours("13:00")),)
    assert shipment.amounts == ((1200, 2200), (1200, 2200))
    assert shipment.priority > only(config, [make.order()], [make.rider()]).shipments[0].priority
    for task in (*shipment.pickups, shipment.delivery):
        assert problem.points[task.index] == task.location


@pytest.mark.parametrize(
    ("group", "help_wanted", "minutes"),
    [(None, False, 3), ("elderly", False, 5), (None, True, 5), ("elderly", True, 7)],
)
def test_a_stop_takes_its_minutes(
    make: Any, config: Config, group: str | None, help_wanted: bool, minutes: int
) -> None:
    """A door takes longer for the elderly and for carrying in; a stall takes its minutes once a visit."""
    order = make.order(needs_help=help_wanted)
    order = replace(order, buyer=replace(order.buyer, group=group))
    (shipment,) = only(config, [order], [make.rider()]).shipments
    assert (shipment.delivery.setup, shipment.delivery.service) == (0, minutes * 60)
    assert (shipment.pickups[0].setup, shipment.pickups[0].service) == (300, 0)


def test_chilled_goods_need_a_cold_box(make: Any, config: Config) -> None:
    """Where one pickup is chilled or its seller needs it; hot and ambient goods need nothing."""
    warm, cold = make.seller("S01"), make.seller("S02", needs_cold_box=True)
    chilled = replace(make.order(), pickups=(replace(make.order().pickups[0], temperature="chilled"),))
    hot = replace(make.order(), pickups=(replace(make.order().pickups[0], temperature="hot"),))
    for order, needed in ((hot, set()), (chilled, {"cold_box"}), (make.order(sellers=("S01", "S02")), {"cold_box"})):
        assert only(config, [order], [make.rider()], [warm, cold]).shipments[0].skills == needed


def test_zones_a_rider_prefers_refuses_or_is_bound_to(make: Any, config: Config) -> None:
    """Refused zones and those outside a rider's own are forbidden, preferred ones are preferred, of that zone alone."""
    riders = [
        make.rider("R1", prefer_zones=("talat",)),
        make.rider("R2", refuse_zones=("talat",)),
        make.rider("R3", zones=("bang_kung",)),
        make.rider("R4", zones=("talat", "bang_kung")),
    ]
    orders = [make.order(1), make.order(2, at=make.bang_kung, leg={"zone": "bang_kung"})]
    in_talat, in_bang_kung = only(config, orders, riders).shipments
    assert in_talat.preferred_vehicles == {"R1"}
    assert in_talat.forbidden_vehicles == {"R2", "R3"}
    assert in_bang_kung.preferred_vehicles == set()
    assert in_bang_kung.forbidden_vehicles == set()


def test_goods_are_fetched_where_they_are(make: Any, config: Config) -> None:
    """The seller's own place, else the community's hub, else the market's first, also of a seller nobody knows."""
    assert seller_location(make.seller(location=make.bang_kung).seller, config) == make.bang_kung
    of_community = make.seller(location=None, community="watpradu").seller
    assert seller_location(of_community, config) == config.hub("watpradu").location
    assert seller_location(make.seller(location=None).seller, config) == config.hubs[0].location
    assert seller_location(None, config) == config.hubs[0].location


# --- areas -------------------------------------------------------------------------------------------------------


def split(market_config: ConfigOf) -> Config:
    """The shipped market with each bank an area of its own."""
    zone = "community: {}\n    tambons: [{}]\n    area: mueang"
    old = [zone.format("bangbaimai", "840105"), zone.format("bangbaimai", "840106")]
    return market_config(*((text, text.replace("mueang", "nai_bang")) for text in old))


def names(areas: Sequence[tuple[str, Sequence[Member], Sequence[Order]]]) -> list[tuple[str, list[str], list[str]]]:
    return [
        (name, [rider.ref for rider in riders], [order.order_id for order in orders]) for name, riders, orders in areas
    ]


def test_areas_are_planned_apart_unless_something_joins_them(make: Any, market_config: ConfigOf) -> None:
    """A rider for both, or an order that crosses, makes one of two; else each has its own riders and orders."""
    config = split(market_config)
    zones = ZoneIndex(config)
    here = make.order(1)
    there = make.order(2, at=ACROSS, sellers=("S02",), leg={"zone": "bang_bai_mai"})
    sellers = by_ref([make.seller("S01"), make.seller("S02", location=ACROSS)])
    bound = [make.rider("R1", zones=("talat",)), make.rider("R2", zones=("bang_bai_mai", "bang_chana"))]
    free = make.rider("R3")

    def found(orders: Sequence[Order], riders: Sequence[Member]) -> list[tuple[str, list[str], list[str]]]:
        return names(areas_of(orders, riders, sellers, config, zones))

    assert found([here, there], bound) == [("mueang", ["R1"], ["SR-0001"]), ("nai_bang", ["R2"], ["SR-0002"])]
    assert found([here, there], [*bound, free]) == [("mueang", ["R1", "R2", "R3"], ["SR-0001", "SR-0002"])]
    crossing = make.order(3, sellers=("S02",))
    assert found([here, crossing], bound) == [("mueang", ["R1", "R2"], ["SR-0001", "SR-0003"])]
    assert found([there], [*bound, free]) == [("nai_bang", ["R2", "R3"], ["SR-0002"])]
    assert found([here], []) == [("mueang", [], ["SR-0001"])]
    assert found([], [free]) == []


@given(data=st.data())
def test_every_order_is_in_one_area_with_all_who_may_serve_it(
    make: Any, market_config: ConfigOf, data: st.DataObject
) -> None:
    """However riders are bound and orders lie: no order is lost or doubled, no rider is in two areas."""
    config = split(market_config)
    zones = [zone.id for zone in config.zones]
    orders = [
        make.order(number, sellers=(data.draw(st.sampled_from(["S01", "S02"])),), leg={"zone": zone})
        for number, zone in enumerate(data.draw(st.lists(st.sampled_from(zones), max_size=6)))
    ]
    riders = [
        make.rider(f"R{number}", zones=tuple(bound))
        for number, bound in enumerate(data.draw(st.lists(st.lists(st.sampled_from(zones), max_size=3), max_size=4)))
    ]
    sellers = by_ref([make.seller("S01"), make.seller("S02", location=ACROSS)])
    found = areas_of(orders, riders, sellers, config, ZoneIndex(config))
    placed = [order.order_id for _, _, group in found for order in group]
    assert sorted(placed) == sorted(order.order_id for order in orders)
    used = [rider.ref for _, members, _ in found for rider in members]
    assert len(set(used)) == len(used)
    for _, members, group in found:
        for order in group:
            able = {r.ref for r in riders if not r.rider.zones or order.legs[0].zone in r.rider.zones}
            assert able <= {member.ref for member in members}


# --- back again --------------------------------------------------------------------------------------------------


def planned(
    make: Any, config: Config, orders: Sequence[Order], riders: Sequence[Member], sellers: Sequence[Member]
) -> Plan:
    areas = posed(config, orders, riders, sellers)
    answers = [solve_area(area, Settings(engine="greedy", seconds=1, workers=1)) for area in areas]
    following = {order_id: NextWave(date=DAY, wave="evening") for order_id in lacking(answers)}
    return to_plan(
        "p_1",
        make.run("closed"),
        config.wave("midday"),
        answers,
        {order.order_id: order for order in orders},
        by_ref(riders),
        following,
        config,
        make.at("18:00", make.eve),
    )


def test_a_plan_says_who_is_where_when(make: Any, config: Config) -> None:
    """Every stop has its order, place, instant and window; figures add up; who found no place has a reason."""
    sellers = [make.seller("S01"), make.seller("S02", location=make.bang_kung)]
    heavy = make.order(3)
    heavy = replace(heavy, pickups=(replace(heavy.pickups[0], weight_g=900_000),))
    orders = [make.order(1, sellers=("S01", "S02")), make.order(2, at=make.bang_kung), heavy]
    plan = planned(make, config, orders, [make.rider()], sellers)
    (route,) = plan.routes
    assert route.vehicle == "saleng"
    assert {(step.type, step.order_id, step.seller_id) for step in route.steps if step.order_id} == {
        ("pickup", "SR-0001", "S01"),
        ("pickup", "SR-0001", "S02"),
        ("pickup", "SR-0002", "S01"),
        ("delivery", "SR-0001", None),
        ("delivery", "SR-0002", None),
    }
    for step in route.steps:
        if step.type == "delivery":
            begins = step.arrival + dt.timedelta(seconds=step.waiting_time)
            assert step.window == (make.at("11:00"), make.at("13:00"))
            assert step.told is not None
            assert step.told[0] <= begins <= step.told[1]
    assert (plan.summary["orders"], plan.summary["unassigned"], plan.summary["routes"]) == (2, 1, 1)
    assert plan.summary["cod_satang"] == route.cod_satang == sum(order.cod_satang for order in orders[:2])
    (left,) = plan.unassigned
    assert (left.order_id, left.code, left.next_wave) == ("SR-0003", "capacity", "evening")
    assert "กก." in left.message["th"]
    assert left.riders[0]["rider_id"] == "R1"


def test_no_riders_is_a_plan_with_reasons(make: Any, config: Config) -> None:
    """Nobody on shift leaves every order without a place, and says so."""
    plan = planned(make, config, [make.order(1)], [make.rider(shift_from=dt.time(15))], [make.seller()])
    assert plan.routes == ()
    assert [left.code for left in plan.unassigned] == ["no_rider"]


def test_an_empty_wave_is_an_empty_plan(make: Any, config: Config) -> None:
    """A wave without orders plans to nothing."""
    plan = planned(make, config, [], [make.rider()], [])
    assert (plan.routes, plan.unassigned, plan.summary["orders"]) == ((), (), 0)


def test_numbers_with_strokes_keep_their_sellers(make: Any, config: Config) -> None:
    """Order 64/001 from seller A/1 is fetched at A/1, and is nobody else's order."""
    sellers = [make.seller("A/1"), make.seller("A"), make.seller("001/A", location=make.bang_kung)]
    orders = [
        replace(make.order(1, sellers=("A/1", "A")), order_id="64/001"),
        replace(make.order(2, sellers=("001/A",)), order_id="64"),
    ]
    (route,) = planned(make, config, orders, [make.rider()], sellers).routes
    fetched = {(step.order_id, step.seller_id) for step in route.steps if step.type == "pickup"}
    assert fetched == {("64/001", "A/1"), ("64/001", "A"), ("64", "001/A")}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize(
    "date", [dt.date(2026, 3, 8), dt.date(2026, 3, 29), dt.date(2026, 10, 25), dt.date(2026, 11, 1)]
)
def test_a_plan_keeps_the_wall_clock_on_a_day_of_change(
    make: Any, market_config: ConfigOf, zone: str, date: dt.date
) -> None:
    """Goods for eleven come at eleven by the clock in the market, whatever happened in the night."""
    config = market_config(("time_zone: Asia/Bangkok", f"time_zone: {zone}"))
    tz, wave = ZoneInfo(zone), config.wave("midday")
    order = make.order(date=date, window=None)
    riders, sellers = [make.rider()], by_ref([make.seller()])
    areas = problems(date, wave, [order], riders, sellers, config, ZoneIndex(config), {})
    answers = [solve_area(area, Settings(engine="greedy", seconds=1, workers=1)) for area in areas]
    run = make.run("closed", date=date)
    orders = {order.order_id: order}
    plan = to_plan("p_1", run, wave, answers, orders, by_ref(riders), {}, config, make.at("18:00"))
    (route,) = plan.routes
    delivery = next(step for step in route.steps if step.type == "delivery")
    begins = delivery.arrival + dt.timedelta(seconds=delivery.waiting_time)
    assert dt.time(11) <= begins.astimezone(tz).time() <= dt.time(13)
    pickup = next(step for step in route.steps if step.type == "pickup")
    assert dt.time(9, 30) <= pickup.arrival.astimezone(tz).time() <= dt.time(11, 30)
