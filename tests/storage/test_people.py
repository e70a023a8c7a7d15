"""Members and the persons behind them: matched before made, filled in and never wiped."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from storage import ChatAddress, Member, Person, RiderDetails, Role, Saved, SellerDetails, Store


def save(store: Store, make: Any, *members: Member) -> list[Saved]:
    return store.save_members(members, actor="import", at=make.at)


def test_a_member_comes_back_as_it_went_in(store: Store, make: Any) -> None:
    """Every detail of a rider and a seller survives the database."""
    rider = make.rider(
        person=make.person(1, consent=True, group="A", household="บ้าน 7", chat_channel="line"),
        rider=RiderDetails(
            vehicle="saleng",
            capacity_g=120_000,
            capacity_ml=500_000,
            max_stops=20,
            shift_from=dt.time(9, 30),
            shift_to=dt.time(13, 0),
            home=(99.3, 9.1),
            home_tambon="840101",
            end_at="home",
            skills=("cold_box",),
            zones=("talat",),
            prefer_zones=("makham-tia",),
            refuse_zones=("bang-kung",),
        ),
    )
    seller = make.seller(
        person=make.person(2),
        seller=SellerDetails(
            shop_name="ขนมป้าแดง",
            community="sirisuk",
            tambon_code="840101",
            location=(99.34, 9.15),
            ready_from=dt.time(9, 0),
            ready_to=dt.time(11, 0),
            needs_cold_box=True,
            payout_promptpay="0800000000",
            closed_days=("sun", "2026-12-05"),
        ),
        active=False,
    )
    assert save(store, make, rider, seller) == [Saved.CREATED, Saved.CREATED]
    back = [replace(member, person=replace(member.person, id="")) for member in store.members()]
    assert back == [rider, seller]


def test_the_same_member_again_is_unchanged(store: Store, make: Any) -> None:
    """Saving equal members twice changes nothing and is not audited."""
    members = [make.rider(), make.seller()]
    save(store, make, *members)
    assert save(store, make, *members) == [Saved.UNCHANGED, Saved.UNCHANGED]
    assert len(store.audit()) == 1


def test_empty_fields_wipe_nothing(store: Store, make: Any) -> None:
    """A later list that knows less takes nothing away; what it says anew is taken over."""
    save(store, make, make.rider(rider=RiderDetails(vehicle="saleng", max_stops=9, zones=("talat",), home=(99.3, 9.1))))
    poor = make.rider(person=Person(phone="0811112222"), rider=RiderDetails(vehicle="pickup"))
    assert save(store, make, poor) == [Saved.UPDATED]
    (rider,) = store.members()
    assert (rider.person.name, rider.person.phone) == ("วิชัย", "0811112222")
    assert rider.rider == RiderDetails(vehicle="pickup", max_stops=9, zones=("talat",), home=(99.3, 9.1))


def test_one_person_holds_several_roles(store: Store, make: Any) -> None:
    """By chat address, or by phone and name, a member in a second role is the same person."""
    rider = make.rider(person=make.person(1))
    seller = make.seller(person=make.person(1, name="ชื่อเล่น", phone=None))
    buyer = Member(role=Role.BUYER, ref="B1", person=make.person(1, addresses=()))
    save(store, make, rider, seller, buyer)
    assert len({member.person.id for member in store.members()}) == 1


def test_a_phone_alone_makes_nobody_the_same(store: Store, make: Any) -> None:
    """Families share a phone: without an equal name it matches nobody."""
    save(store, make, make.rider(person=Person(name="พ่อ", phone="0811111111")))
    save(store, make, make.seller(person=Person(name="แม่", phone="0811111111")))
    assert len({member.person.id for member in store.members()}) == 2


def test_the_ref_goes_before_any_likeness(store: Store, make: Any) -> None:
    """A known (role, ref) keeps its person, whatever address or phone its row brings; addresses are added."""
    save(store, make, make.rider(person=make.person(1)), make.seller(person=make.person(2)))
    save(store, make, make.rider(person=make.person(2, name="ใหม่")))
    rider, seller = store.members()
    assert rider.person.id != seller.person.id
    assert {item.address for item in rider.person.addresses} == {"U0001", "U0002"}


def test_leaving_and_coming_back(store: Store, make: Any) -> None:
    """A member is made inactive and active again by what the list says."""
    save(store, make, make.rider())
    assert save(store, make, make.rider(active=False)) == [Saved.UPDATED]
    assert [member.active for member in store.members()] == [False]
    assert save(store, make, make.rider(active=True)) == [Saved.UPDATED]


def test_members_are_asked_for_by_role_and_ref(store: Store, make: Any) -> None:
    """Role and refs narrow the list; an unknown ref is simply not in it."""
    save(store, make, make.rider("R1"), make.rider("R2"), make.seller("S01"))
    assert [member.ref for member in store.members(Role.RIDER)] == ["R1", "R2"]
    assert [member.ref for member in store.members(refs=["S01", "R2", "X"])] == ["R2", "S01"]
    assert store.members(Role.SELLER, refs=["R1"]) == []


def test_an_address_is_marked_for_everybody_who_has_it(store: Store, make: Any) -> None:
    """A blocked address is blocked for each person it belongs to, once."""
    shared = (ChatAddress(channel="line", address="U-family"),)
    people = [make.rider(person=Person(name="พ่อ", phone="1", addresses=shared))]
    save(store, make, *people, make.seller(person=make.person(2)))
    save(store, make, make.seller(person=Person(addresses=shared)))
    assert store.set_address_state("line", "U-family", "blocked", actor="outbox", at=make.at) == 2
    assert store.set_address_state("line", "U-family", "blocked", actor="outbox", at=make.at) == 0
    states = {item.state for m in store.members() for item in m.person.addresses if item.address == "U-family"}
    assert states == {"blocked"}


def test_no_personal_data_in_the_audit(store: Store, make: Any) -> None:
    """Names, phones and addresses stay out of the audit's details."""
    save(store, make, make.rider(person=make.person(1)))
    store.save_orders([make.order(1)], actor="import", at=make.at)
    store.cancel_order("SR-0001", actor="c", at=make.at, note="โทรมา")
    store.set_address_state("line", "U0001", "dead", actor="outbox", at=make.at)
    told = repr([(entry.subject, entry.detail) for entry in store.audit()])
    for secret in ("ผู้ซื้อ", "0800000001", "U0001", "โทรมา"):
        assert secret not in told
