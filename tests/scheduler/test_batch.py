"""Which wave an order rides in, and the reason it is told where that is not the one it asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.batch import assign, below_minimum, close, delivery_window, pickup_window, wanted_waves
from scheduler.config import Config
from storage import Leg, Order

DAY, EVE = dt.date(2026, 11, 24), dt.date(2026, 11, 23)
NEXT = dt.date(2026, 11, 25)
KHUN_THALE = (99.3600, 9.0650)

ConfigOf = Callable[..., Config]


def place(leg: Leg) -> tuple[dt.date, str | None, str | None]:
    return leg.date, leg.wave, leg.reason


# --- windows -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("window", "waves"),
    [
        (None, ["morning", "midday", "evening"]),
        (("11:00", "13:00"), ["midday"]),
        (("08:00", "12:00"), ["morning", "midday"]),
        (("09:30", "11:00"), []),
        (("12:59", "16:01"), ["midday", "evening"]),
        (("13:00", "16:00"), []),
        (("19:00", "20:00"), []),
    ],
)
def test_a_buyer_wants_the_waves_that_touch_the_window(
    make: Any, config: Config, window: tuple[str, str] | None, waves: list[str]
) -> None:
    """Meeting only at an edge is not touching; who names no time wants any."""
    order = make.order(window=window)
    found = wanted_waves(order, config.waves, config.zone("talat"), make.tz)
    assert [wave.id for wave in found] == waves


def test_only_waves_of_the_zone_are_offered(make: Any, config: Config) -> None:
    """A zone that rides at noon alone offers nothing else."""
    found = wanted_waves(make.order(window=None), config.waves, config.zone("bang_chana"), make.tz)
    assert [wave.id for wave in found] == ["midday"]


def test_a_visit_is_within_both_windows_or_the_waves(make: Any, config: Config) -> None:
    """The asked window is cut to the wave's; where they do not meet, the wave's own stands."""
    midday = config.wave("midday")

    def shown(window: tuple[str, str] | None, date: dt.date = DAY) -> tuple[dt.datetime, dt.datetime]:
        return delivery_window(make.order(window=window), midday, date, make.tz)

    whole = (make.at("11:00"), make.at("13:00"))
    assert shown(None) == whole
    assert shown(("10:00", "12:00")) == (make.at("11:00"), make.at("12:00"))
    assert shown(("13:00", "14:00")) == whole
    assert shown(("11:00", "12:00"), NEXT) == (make.at("11:00", NEXT), make.at("13:00", NEXT))


def test_goods_are_fetched_while_the_seller_is_ready(make: Any, config: Config) -> None:
    """From when they are ready, until they close; None where that leaves nothing of the wave's pickup time."""
    midday = config.wave("midday")

    def shown(**ready: dt.time) -> tuple[dt.datetime, dt.datetime] | None:
        return pickup_window(make.seller(**ready).seller, midday, DAY, config)

    assert pickup_window(None, midday, DAY, config) == (make.at("09:30"), make.at("11:30"))
    assert shown(ready_from=dt.time(10), ready_to=dt.time(11)) == (make.at("10:00"), make.at("11:00"))
    assert shown(ready_from=dt.time(11, 30)) is None
    assert shown(ready_to=dt.time(9, 30)) is None


def test_goods_at_a_hub_are_fetched_while_it_is_open(make: Any, market_config: ConfigOf) -> None:
    """A seller without a place leaves them there; one with a place does not care, and no common hour is no wave."""
    config = market_config(("open: 06:00-19:30", "open: 10:00-19:30"))
    midday, morning = config.wave("midday"), config.wave("morning")
    at_hub = make.seller(location=None, community="sirisuk").seller
    assert pickup_window(at_hub, midday, DAY, config) == (make.at("10:00"), make.at("11:30"))
    assert pickup_window(at_hub, morning, DAY, config) is None
    assert pickup_window(make.seller().seller, midday, DAY, config) == (make.at("09:30"), make.at("11:30"))


# --- one order ---------------------------------------------------------------------------------------------------


def test_an_order_gets_what_it_asks_for_without_a_reason(make: Any, config: Config) -> None:
    """Zone, area, day and wave; a reason is only given where something was moved."""
    leg = assign(make.order(sellers=("S01", "S02")), make.market(config))
    assert place(leg) == (DAY, "midday", None)
    assert (leg.zone, leg.area, leg.state, leg.origin) == ("talat", "mueang", "received", "S01,S02")


def test_who_named_no_time_rides_in_the_first_wave_with_room_and_no_reason(make: Any, config: Config) -> None:
    """An order of yesterday evening for any time today misses two cut-offs and nothing it asked for."""
    order = make.order(window=None, placed="19:00")
    assert place(assign(order, make.market(config))) == (DAY, "evening", None)


@pytest.mark.parametrize(
    ("placed", "wave", "reason"),
    [("17:59", "midday", None), ("18:00", "midday", None), ("18:01", "evening", "after_cutoff")],
)
def test_the_cut_off_itself_is_in_time(make: Any, config: Config, placed: str, wave: str, reason: str | None) -> None:
    """Late is what was placed after the cut-off, not at it."""
    assert place(assign(make.order(placed=placed), make.market(config))) == (DAY, wave, reason)


def test_late_is_judged_by_when_it_was_placed(make: Any, config: Config) -> None:
    """A paper order of the morning typed in at night is in time; without its own time, the clock counts."""
    market = make.market(config)
    typed_at_night = replace(make.order(placed="09:00"), received_at=make.at("22:00", EVE))
    assert place(assign(typed_at_night, market)) == (DAY, "midday", None)
    assert place(assign(replace(typed_at_night, placed_at=None), market)) == (DAY, "evening", "after_cutoff")


def test_too_late_for_the_day_is_the_first_wave_of_the_next(make: Any, config: Config) -> None:
    """After the last cut-off an order rides on the next open day."""
    order = make.order(placed="11:30", placed_on=DAY)
    assert place(assign(order, make.market(config))) == (NEXT, "morning", "after_cutoff")


def test_a_closed_run_takes_nobody(make: Any, config: Config) -> None:
    """A wave whose run was closed is closed for an order placed in time, too."""
    market = make.market(config, closed=[(DAY, "midday")])
    assert place(assign(make.order(), market)) == (DAY, "evening", "after_cutoff")


def test_a_closed_market_day_and_a_zone_day_off(make: Any, market_config: ConfigOf) -> None:
    """Both move an order to the next day that has neither, and say so."""
    shut = market_config(("closed: [2026-12-31", "closed: [2026-11-24, 2026-12-31"))
    assert place(assign(make.order(), make.market(shut))) == (NEXT, "morning", "market_closed")
    south = make.order(at=KHUN_THALE)  # a Tuesday; the zone rides on Monday, Wednesday and Friday
    assert place(assign(south, make.market(market_config()))) == (NEXT, "midday", "market_closed")


def test_sellers_days_off(make: Any, config: Config) -> None:
    """One closed seller of several moves the whole order, by weekday or by date."""
    open_one, shut = make.seller("S01"), make.seller("S02", closed_days=("tue", "2026-11-25"))
    order = make.order(sellers=("S01", "S02"))
    found = place(assign(order, make.market(config, open_one, shut)))
    assert found == (dt.date(2026, 11, 26), "morning", "seller_closed")


def test_a_seller_who_is_not_ready_in_a_wave(make: Any, config: Config) -> None:
    """Goods that are ready in the afternoon ride in the evening, also where noon was asked for."""
    afternoon = make.seller("S01", ready_from=dt.time(14, 0))
    market = make.market(config, afternoon)
    assert place(assign(make.order(), market)) == (DAY, "evening", "seller_closed")
    assert place(assign(make.order(window=None), market)) == (DAY, "evening", None)


def test_an_unknown_seller_is_no_obstacle(make: Any, config: Config) -> None:
    """A market may take orders before its sellers are known."""
    assert place(assign(make.order(sellers=("nobody",)), make.market(config))) == (DAY, "midday", None)


def test_a_time_no_wave_has_is_the_first_wave_of_the_day(make: Any, config: Config) -> None:
    """Asked for seven in the evening, it rides in a wave of the day and is told the time was not to be had."""
    assert place(assign(make.order(window=("19:00", "20:00")), make.market(config))) == (DAY, "morning", "time_window")


def test_without_a_pin_it_waits_in_the_wave_it_asked_for(make: Any, config: Config) -> None:
    """It has a wave to be ready for, no zone, and the reason that outweighs others."""
    leg = assign(make.order(at=None), make.market(config))
    assert (place(leg), leg.zone, leg.area) == ((DAY, "midday", "needs_pin"), None, None)
    late = assign(make.order(at=None, placed="18:01"), make.market(config))
    assert place(late) == (DAY, "evening", "needs_pin")


def test_out_of_zone_has_no_wave(make: Any, config: Config) -> None:
    """Where nobody delivers no wave is promised."""
    leg = assign(make.order(at=make.nowhere), make.market(config))
    assert (place(leg), leg.zone) == ((DAY, None, "out_of_zone"), None)


def test_a_cancelled_order_rides_nowhere(make: Any, config: Config) -> None:
    """It keeps its day and gets no wave."""
    leg = assign(make.order(cancelled=True), make.market(config))
    assert (leg.state, leg.wave) == ("cancelled", None)


def test_asked_for_a_later_wave_it_gets_the_next_possible(make: Any, config: Config) -> None:
    """After a wave comes a later one of the day, then the next days; the reason is the one given."""
    market = make.market(config)
    order = make.order()
    assert place(assign(order, market, after=(DAY, "midday"), why="capacity")) == (DAY, "evening", "capacity")
    assert place(assign(order, market, after=(DAY, "evening"), why="shift")) == (NEXT, "morning", "shift")
    south = make.order(at=make.bang_chana)
    friday = dt.date(2026, 11, 27)
    assert place(assign(south, market, after=(friday, "midday"), why="capacity")) == (
        dt.date(2026, 11, 30),
        "midday",
        "capacity",
    )


def test_no_place_in_two_weeks_is_no_wave(make: Any, market_config: ConfigOf) -> None:
    """Where nothing is open for a fortnight an order waits for a person, with the reason."""
    days = ", ".join(str(DAY + dt.timedelta(days=ahead)) for ahead in range(16))
    shut = market_config(("closed: [2026-12-31", f"closed: [{days}, 2026-12-31"))
    assert place(assign(make.order(), make.market(shut))) == (DAY, None, "market_closed")


@pytest.mark.parametrize(
    ("zone", "date", "cut_off"),
    [
        ("Europe/Berlin", dt.date(2026, 10, 26), "2026-10-25T17:00Z"),
        ("Europe/Berlin", dt.date(2026, 3, 30), "2026-03-29T16:00Z"),
        ("America/New_York", dt.date(2026, 11, 2), "2026-11-01T23:00Z"),
    ],
)
def test_the_cut_off_is_a_wall_clock_time(
    make: Any, market_config: ConfigOf, zone: str, date: dt.date, cut_off: str
) -> None:
    """On the day an hour is gained or lost, 18:00 is what the clock in the market shows."""
    config = market_config(("time_zone: Asia/Bangkok", f"time_zone: {zone}"))
    tz, moment = ZoneInfo(zone), dt.datetime.fromisoformat(cut_off)
    order = make.order(date=date, window=None)
    order = replace(order, window_from=make.at("11:00", date, tz), window_to=make.at("12:00", date, tz))
    in_time, late = replace(order, placed_at=moment), replace(order, placed_at=moment + dt.timedelta(seconds=1))
    assert place(assign(in_time, make.market(config))) == (date, "midday", None)
    assert place(assign(late, make.market(config))) == (date, "evening", "after_cutoff")


# --- a whole wave ------------------------------------------------------------------------------------------------


def closed(make: Any, config: Config, *orders: Order, wave: str = "midday", **market: Any) -> dict[str, Any]:
    """What the cut-off decided, as {order number: (state, date, wave, reason)}."""
    batch = close(DAY, wave, orders, make.market(config, **market))
    assert {order.order_id for order in batch.batched} == {
        move.order_id for move in batch.moves if move.state == "batched"
    }
    return {move.order_id[-1]: (move.state, move.date, move.wave, move.reason) for move in batch.moves}


def test_the_wave_takes_who_waited_for_it(make: Any, config: Config) -> None:
    """Batched with zone and area, no reason, every order moved exactly once."""
    batch = close(DAY, "midday", [make.order(1), make.order(2, at=make.bang_kung)], make.market(config))
    assert [(move.order_id, move.state, move.zone, move.area, move.reason) for move in batch.moves] == [
        ("SR-0001", "batched", "talat", "mueang", None),
        ("SR-0002", "batched", "bang_kung", "mueang", None),
    ]
    assert [order.legs[0].state for order in batch.batched] == ["batched", "batched"]


def test_a_full_zone_takes_the_urgent_then_the_early(make: Any, market_config: ConfigOf) -> None:
    """Priority decides, then who ordered first; the others go to the next wave, told why; other zones have room."""
    config = market_config(("max_orders: 40", "max_orders: 2"))
    orders = [
        make.order(1, placed="10:00"),
        make.order(2, placed="09:00"),
        make.order(3, placed="11:00", priority="high"),
        make.order(4, placed="08:00", priority="low"),
        make.order(5, at=make.bang_chana),
    ]
    batched, moved = ("batched", DAY, "midday", None), ("received", DAY, "evening", "wave_full")
    found = closed(make, config, *orders)
    assert found == {"3": batched, "2": batched, "1": moved, "4": moved, "5": batched}


def test_a_full_hub_takes_the_urgent_then_the_early(make: Any, market_config: ConfigOf) -> None:
    """Goods of sellers without a place share its room; goods fetched at a stall of their own take none of it."""
    config = market_config(("capacity: {weight_kg: 800, volume_l: 3000}", "capacity: {weight_kg: 3, volume_l: 3000}"))
    here, own = make.seller("S01", location=None, community="sirisuk"), make.seller("S02")
    orders = [  # 1.2 kg each: two fit
        make.order(1, placed="10:00"),
        make.order(2, placed="09:00"),
        make.order(3, placed="11:00", priority="high"),
        make.order(4, placed="12:00", sellers=("S02",)),
    ]
    batch = close(DAY, "midday", orders, make.market(config, here, own))
    assert {move.order_id: (move.state, move.reason) for move in batch.moves} == {
        "SR-0003": ("batched", None),
        "SR-0002": ("batched", None),
        "SR-0001": ("received", "hub_full"),
        "SR-0004": ("batched", None),
    }


def test_an_order_too_large_for_its_hub_is_not_put_off_for_ever(make: Any, market_config: ConfigOf) -> None:
    """Alone it rides; beside others it goes to a wave where it can be alone."""
    config = market_config(("capacity: {weight_kg: 800, volume_l: 3000}", "capacity: {weight_kg: 1, volume_l: 3000}"))
    seller = make.seller("S01", location=None, community="sirisuk")
    batch = close(DAY, "midday", [make.order(1), make.order(2, placed="10:00")], make.market(config, seller))
    assert [(move.order_id, move.reason) for move in batch.moves] == [("SR-0001", None), ("SR-0002", "hub_full")]


def test_a_zone_whose_only_wave_is_too_early_for_the_seller_says_so(make: Any, market_config: ConfigOf) -> None:
    """No wave in two weeks has room for such an order: the reason is the seller's hours, not the market's holidays."""
    config = market_config(("waves: [morning, midday, evening]", "waves: [morning]"))
    late = make.seller("S01", ready_from=dt.time(10))
    assert place(assign(make.order(), make.market(config, late))) == (DAY, None, "seller_closed")
    assert assign(make.order(), make.market(config)).reason == "time_window"


def test_an_order_takes_the_fee_of_its_zone(make: Any, config: Config) -> None:
    """In satang, with the zone; an order in no zone has none."""
    market = make.market(config)
    assert assign(make.order(), market).fee_satang == 2000
    assert assign(make.order(at=make.bang_chana), market).fee_satang == config.zone("bang_chana").fee_satang
    assert assign(make.order(at=make.nowhere), market).fee_satang is None
    (move,) = close(DAY, "midday", [make.order()], market).moves
    assert move.fee_satang == 2000


def test_an_order_is_small_only_where_its_total_is_known(make: Any, market_config: ConfigOf) -> None:
    """The total decides, else the cash; over all sellers, and where one of them says neither nobody judges."""
    zone = market_config(("fee_baht: 20", "fee_baht: 20\n    min_order_baht: 150")).zone("talat")

    def small(*pickups: tuple[int | None, int]) -> bool:
        order = make.order(sellers=[f"S{number}" for number in range(len(pickups))])
        parts = [
            replace(each, total_satang=total, cod_satang=cash)
            for each, (total, cash) in zip(order.pickups, pickups, strict=True)
        ]
        return below_minimum(replace(order, pickups=tuple(parts)), zone)

    assert small((14_900, 0))
    assert not small((15_000, 0))
    assert small((None, 12_000))
    assert not small((20_000, 5_000))
    assert not small((None, 12_000), (None, 12_000))
    assert not small((None, 0))
    assert not small((None, 0), (1_000, 0))
    assert not below_minimum(make.order(), None)


def test_no_pin_at_the_cut_off_means_the_next_wave(make: Any, config: Config) -> None:
    """It takes no room and keeps its reason."""
    assert closed(make, config, make.order(at=None)) == {"1": ("received", DAY, "evening", "needs_pin")}


def test_what_a_new_map_puts_outside_gets_no_wave(make: Any, config: Config) -> None:
    """An order whose place lies in no zone any more stays received, marked."""
    assert closed(make, config, make.order(at=make.nowhere)) == {"1": ("received", DAY, None, "out_of_zone")}


def test_an_order_that_was_moved_here_stays_with_its_reason(make: Any, config: Config) -> None:
    """Who came from a full wave rides in this one, and is still told why."""
    moved = make.order(leg={"wave": "evening", "reason": "wave_full"})
    found = closed(make, config, moved, wave="evening", closed=[(DAY, "morning"), (DAY, "midday")])
    assert found == {"1": ("batched", DAY, "evening", "wave_full")}


@pytest.mark.parametrize("known", [True, False])
def test_the_cut_off_never_sends_an_order_back_in_time(make: Any, config: Config, known: bool) -> None:
    """An order moved over a week rides in the wave it was moved to, whatever is remembered of the waves it missed."""
    monday = dt.date(2026, 11, 30)
    order = make.order(at=make.bang_chana, leg={"date": monday, "zone": "bang_chana", "reason": "capacity"})
    missed = [(DAY, "midday")] if known else []
    batch = close(monday, "midday", [order], make.market(config, closed=missed))
    assert [(move.state, move.date, move.wave, move.reason) for move in batch.moves] == [
        ("batched", monday, "midday", "capacity")
    ]


def test_nobody_waiting_is_an_empty_wave(make: Any, config: Config) -> None:
    """A wave without orders closes over nothing."""
    batch = close(DAY, "midday", [], make.market(config))
    assert (batch.batched, batch.moves) == ((), ())


PLACES = [(99.3250, 9.1420), (99.3600, 9.1600), (99.3200, 9.1700), (98.0, 8.0), None]


@given(data=st.data())
def test_every_order_rides_or_moves_to_a_later_wave_with_a_reason(
    make: Any, market_config: ConfigOf, data: st.DataObject
) -> None:
    """Whatever waits: nobody is lost or doubled, limits hold, and who misses what was asked goes on later, told why."""
    limit = data.draw(st.integers(1, 3))
    config = market_config(("max_orders: 40", f"max_orders: {limit}"), ("max_orders: 15", f"max_orders: {limit}"))
    clock = st.times(dt.time(0, 0), dt.time(23, 59)).map(lambda time: f"{time:%H:%M}")
    orders = [
        make.order(
            number,
            at=data.draw(st.sampled_from(PLACES)),
            window=data.draw(st.sampled_from([None, ("11:00", "13:00"), ("08:00", "09:00"), ("20:00", "21:00")])),
            placed=data.draw(clock),
            priority=data.draw(st.sampled_from(["low", "normal", "high"])),
        )
        for number in range(data.draw(st.integers(0, 8)))
    ]
    batch = close(DAY, "midday", orders, make.market(config))
    assert sorted(move.order_id for move in batch.moves) == sorted(order.order_id for order in orders)
    anytime = {order.order_id for order in orders if order.window_from is None}
    rides = [move for move in batch.moves if move.state == "batched"]
    for zone in {move.zone for move in rides}:
        assert sum(move.zone == zone for move in rides) <= (config.zone(str(zone)).max_orders or 99)
    for move in batch.moves:
        if move.state == "batched":
            assert (move.date, move.wave) == (DAY, "midday")
        else:
            assert move.reason is not None or move.order_id in anytime
            assert move.wave is None or (move.date, move.wave) == (DAY, "evening") or (move.date or DAY) > DAY
