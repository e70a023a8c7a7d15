"""The JSON that leaves the house: what each key says, and that instants are the market's."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import schemas

from channels.texts import KINDS
from scheduler import documents
from scheduler.documents import order_state, stamp
from storage import Attempt, ChatAddress, Leg, Role

DAY = dt.date(2026, 11, 24)
TZ = ZoneInfo("Asia/Bangkok")


def legs(*states: str) -> tuple[Leg, ...]:
    return tuple(Leg(leg=number, date=DAY, wave=f"w{number}", state=state) for number, state in enumerate(states, 1))


@pytest.mark.parametrize(
    ("moment", "zone", "expected"),
    [
        (dt.datetime(2026, 11, 24, 4, 10, tzinfo=dt.UTC), "Asia/Bangkok", "2026-11-24T11:10:00+07:00"),
        (dt.datetime(2026, 10, 25, 0, 30, 0, 999_999, tzinfo=dt.UTC), "Europe/Berlin", "2026-10-25T02:30:00+02:00"),
        (dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC), "Europe/Berlin", "2026-10-25T02:30:00+01:00"),
        (None, "Asia/Bangkok", None),
    ],
)
def test_an_instant_is_written_with_the_markets_offset(
    moment: dt.datetime | None, zone: str, expected: str | None
) -> None:
    """To the second, unambiguous in an hour that comes twice; nothing is null."""
    assert stamp(moment, ZoneInfo(zone)) == expected


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (("received",), ("received", "w1")),
        (("delivered", "dispatched"), ("dispatched", "w2")),
        (("planned", "received"), ("planned", "w1")),
        (("delivered", "delivered"), ("delivered", "w2")),
    ],
)
def test_an_order_stands_where_its_first_undelivered_leg_does(
    make: Any, states: tuple[str, ...], expected: tuple[str, str]
) -> None:
    """Derived, never stored: the last leg's state only when all are delivered."""
    state, _, wave = order_state(replace(make.order(), legs=legs(*states)))
    assert (state, wave) == expected


def test_a_cancelled_order_is_cancelled_wherever_its_legs_stand(make: Any) -> None:
    """So is its wave nobody's; an order without legs is received."""
    assert order_state(make.order(cancelled=True)) == ("cancelled", None, None)
    assert order_state(replace(make.order(), legs=())) == ("received", None, None)


def test_an_order_shows_where_it_goes_and_what_it_asked_for(make: Any) -> None:
    """The day asked for and the day it rides are both there; no place and no window are null."""
    order = make.order(1, leg={"date": DAY + dt.timedelta(days=1), "reason": "wave_full", "rider_id": "R1"})
    shown = documents.order(order, TZ)
    assert (shown["service_date"], shown["date"]) == ("2026-11-24", "2026-11-25")
    assert shown["window"] == ["2026-11-24T11:00:00+07:00", "2026-11-24T13:00:00+07:00"]
    assert (shown["location"], shown["reason"], shown["legs"][0]["rider_id"]) == (list(make.talat), "wave_full", "R1")
    bare = documents.order(replace(make.order(1, at=None, window=None), legs=()), TZ)
    assert (bare["location"], bare["window"], bare["wave"], bare["legs"]) == (None, None, None, [])
    assert bare["date"] == "2026-11-24"


def shown_wave(make: Any, run: Any, plan: Any) -> dict[str, Any]:
    found = documents.plans("sirisuk", DAY, "Asia/Bangkok", TZ, ("weight_g",), [(run, plan, {"by_kind": {}})])
    json.dumps(found)
    (wave,) = found["waves"]
    return dict(wave)


def test_a_plan_shows_every_step_with_its_words(make: Any) -> None:
    """Pickups are named by order and seller, deliveries by order; only these have a window and a promise."""
    order = make.order(1)
    plan = make.plan(make.route("R1", make.stop(order, "10:00", "pickup"), make.stop(order, "11:10")))
    wave = shown_wave(make, make.run("planned", plan_id=plan.id), plan)
    assert (wave["state"], wave["plan_id"]) == ("planned", "p_1")
    start, pickup, delivery, end = wave["routes"][0]["steps"]
    assert (pickup["type"], pickup["id"], pickup["seller_id"]) == ("pickup", "SR-0001/S01", "S01")
    assert (delivery["id"], delivery["told"][0]) == ("SR-0001", "2026-11-24T11:10:00+07:00")
    assert "told" not in pickup
    assert start.keys() == end.keys()
    assert "id" not in start


def test_a_plan_that_was_replaced_says_so(make: Any) -> None:
    """Asked for by its id, an old plan is not taken for the one in force; without a plan the run alone is shown."""
    assert shown_wave(make, make.run("approved", plan_id="p_2"), make.plan())["state"] == "superseded"
    bare = shown_wave(make, make.run("closed"), None)
    assert (bare["state"], bare["plan_id"]) == ("closed", None)


def test_who_found_no_place_has_reasons_in_both_languages(make: Any) -> None:
    """Code, words and where it goes next, null where it goes nowhere."""
    plan = make.plan(left=[make.left(make.order(1)), make.left(make.order(2), next_wave=None, next_date=None)])
    first, second = shown_wave(make, make.run("planned", plan_id=plan.id), plan)["unassigned"]
    assert (first["code"], first["next_wave"], first["next_date"]) == ("capacity", "evening", "2026-11-24")
    assert first["message"].keys() == {"th", "en"}
    assert (second["next_wave"], second["next_date"], second["fix"]) == (None, None, None)


def test_messages_are_counted_by_state_and_shown_with_their_tries(make: Any) -> None:
    """Who, how, when, what became of it; the counts add up."""
    tried = Attempt(at=make.at("19:00", make.eve), outcome="accepted", status=200, retry_key="k", provider_id="42")
    found = [make.message(1, state="accepted", attempts=(tried,)), make.message(2, channel=None, state="suppressed")]
    shown = documents.messages(found, TZ)
    json.dumps(shown)
    assert shown["counts"] == {"accepted": 1, "suppressed": 1}
    first = shown["messages"][0]
    assert first["to"] == {"role": "buyer", "member_id": "B0001", "name": "ผู้ซื้อ 1"}
    assert (first["class"], first["send_at"]) == ("informative", "2026-11-23T19:00:00+07:00")
    assert first["attempts"][0]["provider_id"] == "42"
    assert shown["messages"][1]["channel"] is None


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_message_of_every_kind_and_in_hand_keeps_its_schema(make: Any, kind: str) -> None:
    """Whatever is said has a name that the schema knows, also while its first attempt is under way."""
    begun = Attempt(at=dt.datetime(2026, 11, 24, 4, 10, tzinfo=dt.UTC), outcome="sending")
    message = replace(make.message(1, kind=kind), state="sending", text="…", attempts=(begun,))
    schemas.check(documents.messages([message], TZ))


def test_the_call_list_says_whom_to_ring_until_when_and_what_to_say(make: Any) -> None:
    """A phone is found by role and number, so that a rider's is not given for a buyer of the same number."""
    message = make.message(1, channel=None, state="suppressed", reason="no_address")
    phones = {("buyer", "B0001"): "0840000001", ("rider", "B0001"): "0810000001"}
    (call,) = documents.calls(DAY, [message], phones, TZ)["calls"]
    assert (call["phone"], call["reason"], call["before"]) == ("0840000001", "no_address", "2026-11-24T13:00:00+07:00")
    assert call["script"] == message.text
    (unknown,) = documents.calls(DAY, [replace(message, role=Role.SELLER)], phones, TZ)["calls"]
    assert unknown["phone"] is None


def test_members_are_listed_without_their_addresses(make: Any) -> None:
    """Which services reach a person is told, not how."""
    member = make.coordinator(addresses=(ChatAddress(channel="line", address="U-secret", state="blocked"),))
    shown = documents.members([member])
    text = json.dumps(shown, ensure_ascii=False)
    assert shown["members"][0]["channels"] == {"line": "blocked"}
    assert "U-secret" not in text
    assert member.person.phone not in text


def test_a_refusal_is_a_document(make: Any) -> None:
    """Code, place, and words for people in both languages."""
    both: Callable[[str], dict[str, str]] = lambda word: {"th": word, "en": word}  # noqa: E731
    (error,) = documents.errors([documents.error("approval.stale_plan", "--plan", both("x"), both("y"))])["errors"]
    assert error == {"code": "approval.stale_plan", "path": "--plan", "message": both("x"), "hint": both("y")}
