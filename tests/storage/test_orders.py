"""Orders on their way in: created once, changed by what is said anew, left alone once they have left."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from storage import ChatAddress, Leg, LegMove, Order, Person, Pickup, Role, Saved, Store


def save(store: Store, make: Any, *orders: Order, **options: Any) -> list[tuple[Saved, ...]]:
    return store.save_orders(orders, actor="import", at=make.at, **options)


def only(store: Store) -> Order:
    (order,) = store.orders()
    return order


def test_an_order_comes_back_as_it_went_in(store: Store, make: Any) -> None:
    """Every field of an order, its pickups and legs survives the database, instants as the same moment."""
    order = make.order(
        placed_at=make.at,
        source="csv",
        buyer_ref="B0001",
        landmark="ข้างวัด",
        tambon="ตลาด",
        postcode="84000",
        pickups=(Pickup(seller_id="S02", items="แกง x1", temperature="hot"), Pickup(seller_id="S01", cod_satang=500)),
        paid_method="cod",
        priority="high",
        needs_help=True,
        proof="photo",
        note="กดกริ่ง 'สองครั้ง'",
    )
    save(store, make, order)
    back = only(store)
    assert replace(back, buyer=replace(back.buyer, id="")) == order
    assert back.received_at.tzinfo is dt.UTC


def test_the_same_file_again_changes_nothing(store: Store, make: Any) -> None:
    """Saving equal orders twice reports unchanged and leaves neither a change nor an audit row."""
    orders = [make.order(number) for number in range(1, 4)]
    assert save(store, make, *orders) == [(Saved.CREATED,)] * 3
    mark, audits = store.mark(), len(store.audit())
    assert save(store, make, *orders) == [(Saved.UNCHANGED,)] * 3
    assert (store.mark(), len(store.audit())) == (mark, audits)


def test_rows_are_judged_one_by_one(store: Store, make: Any) -> None:
    """A changed pickup, an equal one and a new one of one order are told apart; a missing one stays."""
    one, two, three = (Pickup(seller_id=ref, items="x") for ref in ("S01", "S02", "S03"))
    save(store, make, make.order(pickups=(one, two)))
    saved = save(store, make, make.order(pickups=(replace(one, items="y"), three)))
    assert saved == [(Saved.UPDATED, Saved.CREATED)]
    assert {item.seller_id: item.items for item in only(store).pickups} == {"S01": "y", "S02": "x", "S03": "x"}


def test_a_fact_of_the_order_changes_all_its_rows(store: Store, make: Any) -> None:
    """What belongs to the order, not to a row, is said by every row of it."""
    both = (Pickup(seller_id="S01"), Pickup(seller_id="S02"))
    save(store, make, make.order(pickups=both))
    assert save(store, make, make.order(pickups=both, note="รีบ")) == [(Saved.UPDATED, Saved.UPDATED)]
    assert only(store).note == "รีบ"


def test_dry_run_reports_the_same_and_keeps_nothing(store: Store, make: Any) -> None:
    """A dry run is the import with its end torn off."""
    save(store, make, make.order(1))
    changed = [make.order(1, note="ใหม่"), make.order(2)]
    assert save(store, make, *changed, dry_run=True) == [(Saved.UPDATED,), (Saved.CREATED,)]
    assert [order.order_id for order in store.orders()] == ["SR-0001"]
    assert only(store).note == ""
    assert len(store.audit()) == 1
    assert save(store, make, *changed) == [(Saved.UPDATED,), (Saved.CREATED,)]


@pytest.mark.parametrize("way", [["dispatched"], ["dispatched", "delivered"], ["dispatched", "failed", "returned"]])
def test_an_order_on_its_way_is_left_alone(store: Store, make: Any, way: list[str]) -> None:
    """What a file says anew of an order that has left is refused; the same again is the same."""
    order = make.order()
    plan = make.planned(store, order)
    store.approve_plan(plan.id, messages=[], moves=make.moves(order, state=way[0]), actor="c", at=make.at)
    for number, state in enumerate(way[1:]):
        run = store.close_run(
            "m", make.day, f"w{number}", config_version=1, moves=make.moves(order, state=state), actor="c", at=make.at
        )
        assert run is not None
    before = only(store)
    assert before.legs[0].state == way[-1]
    assert save(store, make, replace(order, note="x", cancelled=True)) == [(Saved.ALREADY_DISPATCHED,)]
    goods = tuple(replace(pickup, items="y") for pickup in order.pickups)
    assert save(store, make, replace(order, pickups=goods)) == [(Saved.ALREADY_DISPATCHED,)]
    assert save(store, make, order) == [(Saved.UNCHANGED,)]
    assert store.cancel_order(order.order_id, actor="c", at=make.at) is Saved.ALREADY_DISPATCHED
    assert only(store) == before


def test_a_waiting_leg_follows_the_row_a_batched_one_stays(store: Store, make: Any) -> None:
    """A changed row lays a received leg anew; once the wave is closed only the order's mark moves."""
    save(store, make, make.order())
    evening = (Leg(date=make.day, wave="evening", zone="talat", area="mueang", reason="after_cutoff"),)
    save(store, make, make.order(note="1", legs=evening))
    assert only(store).legs == evening
    batch = [LegMove(order_id="SR-0001", leg=1, state="batched")]
    store.close_run("m", make.day, "evening", config_version=1, moves=batch, actor="clock", at=make.at)
    batched, mark = only(store).legs, store.mark()
    save(store, make, make.order(note="2"))
    assert only(store).legs == batched
    assert only(store).note == "2"
    assert store.mark() > mark


def test_an_unchanged_row_moves_no_leg(store: Store, make: Any) -> None:
    """An equal file read after the cut-off does not push what came in time to a later wave."""
    save(store, make, make.order())
    late = (Leg(date=make.day, wave="evening"),)
    assert save(store, make, make.order(legs=late)) == [(Saved.UNCHANGED,)]
    assert only(store).legs[0].wave == "midday"


def test_a_pin_set_by_hand_outlives_the_file(store: Store, make: Any) -> None:
    """The file's lack of a pin wipes no pin that a coordinator set, nor the zone found by it; a new address does."""
    waiting = (Leg(date=make.day, reason="needs_pin"),)
    order = make.order(location=None, pin_source=None, legs=waiting)
    save(store, make, order)
    place = {"date": make.day, "wave": "midday", "zone": "talat", "area": "mueang"}
    (move,) = make.moves(order, state="received", **place)
    assert store.set_pin(order.order_id, (99.33, 9.14), "coordinator", move, actor="c", at=make.at)
    assert only(store).legs[0].reason is None
    save(store, make, replace(order, note="โทรก่อน"))
    kept = only(store)
    assert (kept.location, kept.pin_source, kept.note) == ((99.33, 9.14), "coordinator", "โทรก่อน")
    assert (kept.legs[0].zone, kept.legs[0].wave, kept.legs[0].reason) == ("talat", "midday", None)
    save(store, make, replace(order, address_text="ย้ายบ้าน"))
    assert only(store).location is None
    assert only(store).legs == waiting


@pytest.mark.parametrize("by_hand", [True, False])
def test_a_pin_that_came_is_not_asked_for_any_more(store: Store, make: Any, by_hand: bool) -> None:
    """A question for the place that is still to go out is withdrawn, whoever gave the place; another order's stays."""
    order = make.order(location=None, pin_source=None, legs=(Leg(date=make.day, reason="needs_pin"),))
    save(store, make, order)
    asked = [make.message(n, kind="ask_pin", event=f"ask_pin:{id}") for n, id in enumerate((order.order_id, "SR-9"), 1)]
    store.add_messages(asked, actor="t", at=make.at)
    if by_hand:
        (move,) = make.moves(order, state="received", date=make.day, wave="midday", zone="talat", area="mueang")
        assert store.set_pin(order.order_id, (99.33, 9.14), "coordinator", move, actor="c", at=make.at)
    else:
        save(store, make, replace(order, location=(99.33, 9.14)))
    assert [(m.state, m.reason) for m in store.messages()] == [("superseded", "pinned"), ("held", None)]


def test_a_pin_is_refused_where_no_order_waits(store: Store, make: Any) -> None:
    """No pin for an unknown order, nor for one that is under way, and nothing is kept of the try."""
    move = LegMove(order_id="SR-0001", leg=1, state="received")
    assert not store.set_pin("SR-0001", (99.3, 9.1), "x", move, actor="c", at=make.at)
    order = make.order()
    make.planned(store, order)
    before = only(store)
    assert not store.set_pin(order.order_id, (99.3, 9.1), "x", move, actor="c", at=make.at)
    assert only(store) == before


def test_cancelling_by_verb_outlives_the_same_file(store: Store, make: Any) -> None:
    """An order cancelled by a person is not brought back by a file that never said so."""
    save(store, make, make.order())
    assert store.cancel_order("SR-0001", actor="c", at=make.at, note="โทรมายกเลิก") is Saved.UPDATED
    assert store.cancel_order("SR-0001", actor="c", at=make.at) is Saved.UNCHANGED
    assert store.cancel_order("SR-4040", actor="c", at=make.at) is None
    save(store, make, make.order())
    save(store, make, make.order(note="อื่น"))
    order = only(store)
    assert order.cancelled
    assert order.legs[0].state == "cancelled"


def test_a_row_cancels_and_brings_back(store: Store, make: Any) -> None:
    """status=cancelled in a file ends an order, also a batched one; the file without it brings it back."""
    order = make.order()
    make.closed(store, order)
    assert save(store, make, replace(order, cancelled=True)) == [(Saved.UPDATED,)]
    assert only(store).cancelled
    assert only(store).legs[0].state == "cancelled"
    assert save(store, make, order) == [(Saved.UPDATED,)]
    assert not only(store).cancelled
    assert only(store).legs == order.legs


def test_an_order_may_come_in_cancelled(store: Store, make: Any) -> None:
    """A row that is cancelled from the start waits for no wave."""
    save(store, make, make.order(cancelled=True))
    assert only(store).legs[0].state == "cancelled"
    assert store.orders(states={"received"}) == []


def test_a_buyer_is_found_before_one_is_made(store: Store, make: Any) -> None:
    """By ref, else by chat address, else by phone and name; only who is none of these is new."""
    save(store, make, make.order(1, buyer_ref="B0001"))
    known = make.person(1)
    by_address = make.order(2, buyer=replace(known, name="แม่", phone=None))
    by_phone = make.order(3, buyer=replace(known, addresses=()))
    other_name = make.order(4, buyer=replace(known, name="คนอื่น", addresses=()))
    save(store, make, by_address, by_phone, other_name)
    refs = {order.order_id: order.buyer_ref for order in store.orders()}
    assert refs["SR-0001"] == refs["SR-0002"] == refs["SR-0003"] == "B0001"
    assert refs["SR-0004"] not in ("", "B0001")
    assert {member.ref for member in store.members(Role.BUYER)} == {"B0001", refs["SR-0004"]}


def test_two_orders_of_a_new_buyer_in_one_file_make_one_buyer(store: Store, make: Any) -> None:
    """A buyer made by the first order is there for the next, in the same chunk already."""
    save(store, make, make.order(1), make.order(2, buyer=make.person(1)))
    assert len(store.members(Role.BUYER)) == 1


def test_an_order_keeps_its_own_name_and_phone(store: Store, make: Any) -> None:
    """Who receives this order is the order's to say: another of the same buyer neither changes nor is changed by it."""
    save(store, make, make.order(1, buyer_ref="B1"), make.order(2, buyer_ref="B1", buyer=make.person(2)))
    first, second = store.orders()
    assert (first.buyer.name, second.buyer.name) == ("ผู้ซื้อ 1", "ผู้ซื้อ 2")
    assert first.buyer.id == second.buyer.id
    assert {item.address for item in first.buyer.addresses} == {"U0001", "U0002"}


def test_a_buyer_known_by_nothing_is_not_made_twice(store: Store, make: Any) -> None:
    """A row without ref, phone or address keeps the buyer its order has."""
    nobody = Person(name="ไม่ทราบ")
    save(store, make, make.order(buyer=nobody))
    ref = only(store).buyer_ref
    save(store, make, make.order(buyer=nobody, note="x"))
    assert only(store).buyer_ref == ref


def test_a_new_phone_in_the_row_finds_its_buyer(store: Store, make: Any) -> None:
    """A corrected phone moves the order to whom it belongs, and the repaired file is then unchanged."""
    save(store, make, make.order(1), make.order(2))
    ref = store.orders(order_ids=["SR-0002"])[0].buyer_ref
    repaired = make.order(1, buyer=make.person(2))
    assert save(store, make, repaired) == [(Saved.UPDATED,)]
    assert store.orders(order_ids=["SR-0001"])[0].buyer_ref == ref
    assert save(store, make, repaired) == [(Saved.UNCHANGED,)]


def test_an_order_said_twice_in_one_file_is_saved_twice(store: Store, make: Any) -> None:
    """The later of two equal ids is an update of the first, not an error."""
    saved = save(store, make, make.order(1), make.order(1, note="ใหม่"))
    assert saved == [(Saved.CREATED,), (Saved.UPDATED,)]
    assert only(store).note == "ใหม่"


def test_orders_are_asked_for_by_what_their_legs_wait_for(store: Store, make: Any) -> None:
    """Date, wave, state and reason speak of one leg; ids and limit of the orders."""
    save(
        store,
        make,
        make.order(1),
        make.order(2, legs=(Leg(date=make.day, wave="evening", reason="after_cutoff"),)),
        make.order(3, legs=(Leg(date=make.day + dt.timedelta(days=1), wave="midday"),)),
    )

    def ids(**asked: Any) -> list[str]:
        return [order.order_id[-1] for order in store.orders(**asked)]

    assert ids() == ["1", "2", "3"]
    assert ids(date=make.day) == ["1", "2"]
    assert ids(date=make.day, wave="midday") == ["1"]
    assert ids(wave="midday") == ["1", "3"]
    assert ids(reasons={"after_cutoff"}) == ["2"]
    assert ids(states={"batched"}) == []
    assert ids(states=[]) == []
    assert ids(order_ids=["SR-0003", "SR-0001", "SR-0404"]) == ["1", "3"]
    assert ids(order_ids=["SR-0003", "SR-0001"], date=make.day) == ["1"]
    assert ids(limit=2) == ["1", "2"]


def test_waiting_legs_are_moved_and_their_waves_known(store: Store, make: Any) -> None:
    """Legs not yet batched go where a coordinator's change of zones says; waves that legs wait in are listed."""
    first, second = make.order(1), make.order(2)
    make.closed(store, first)
    save(store, make, second)
    later = {"date": make.day, "wave": "evening", "zone": "bang-kung", "area": "north"}
    assert store.waiting_waves() == {(make.day, "midday")}
    assert store.move_legs(make.moves(second, state="received", **later), actor="C1", at=make.at) == 1
    assert store.move_legs(make.moves(first, state="picked_up"), actor="C1", at=make.at) == 0
    assert store.waiting_waves() == {(make.day, "evening")}
    assert [order.order_id for order in store.orders(wave="evening", service_date=make.day)] == ["SR-0002"]
    assert store.orders(service_date=make.day + dt.timedelta(days=1)) == []


def test_twenty_thousand_orders_in_one_transaction(sqlite_url: str, make: Any) -> None:
    """A market's year comes in whole, and some of it again as unchanged."""
    from storage import open_store

    def many(count: int) -> Any:
        return (make.order(number) for number in range(count))

    with open_store(sqlite_url) as store:
        first = store.save_orders(many(20_000), actor="import", at=make.at)
        assert len(first) == 20_000
        assert set(first) == {(Saved.CREATED,)}
        assert set(store.save_orders(many(2_000), actor="import", at=make.at)) == {(Saved.UNCHANGED,)}
        assert len(store.audit()) == 1


def test_an_address_learnt_later_comes_first(store: Store, make: Any) -> None:
    """Of several addresses on one channel the one heard last is the one to use."""
    save(store, make, make.order(buyer_ref="B1"))
    new = make.order(buyer_ref="B1", buyer=make.person(addresses=(ChatAddress(channel="line", address="A-new"),)))
    store.save_orders([new], actor="import", at=make.at + dt.timedelta(hours=1))
    assert [item.address for item in only(store).buyer.addresses] == ["A-new", "U0001"]


def test_a_fee_goes_with_the_zone_and_a_total_with_the_pickup(store: Store, make: Any) -> None:
    """A move that names a place says the fee too; a step within it keeps the fee; the total is kept as it was told."""
    leg = replace(make.order().legs[0], fee_satang=2000)
    pickup = replace(make.order().pickups[0], total_satang=15_000)
    store.save_orders([make.order(legs=(leg,), pickups=(pickup,))], actor="import", at=make.at)
    (order,) = store.orders()
    assert (order.fee_satang, order.total_satang, order.cod_satang) == (2000, 15_000, 12_000)
    move = LegMove(
        order_id="SR-0001", leg=1, state="received", date=make.day, wave="evening", zone="far", fee_satang=3000
    )
    store.move_legs([move], actor="x", at=make.at)
    assert store.orders()[0].fee_satang == 3000
    store.move_legs([LegMove(order_id="SR-0001", leg=1, state="batched")], actor="x", at=make.at)
    assert store.orders()[0].fee_satang == 3000
    again = make.order(legs=(leg,), pickups=(replace(pickup, total_satang=16_000),))
    assert store.save_orders([again], actor="import", at=make.at) == [(Saved.UPDATED,)]
    assert store.orders()[0].total_satang == 16_000
