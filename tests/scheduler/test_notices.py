"""Who is told what, over which channel, when: from plans and events to messages, nobody dropped, nobody told twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.texts import Texts
from scheduler import notices
from scheduler.config import Config
from scheduler.notices import Notice, Notices, People
from scheduler.notices.messages import after_quiet, not_yet_said
from storage import ChatAddress, Member, Message, Order, Plan, Role

DAY, EVE, NEXT = dt.date(2026, 11, 24), dt.date(2026, 11, 23), dt.date(2026, 11, 25)
CHATS = (
    "channels:\n  console: {}",
    "channels:\n  line: {api_base: http://127.0.0.1:9, data_base: http://127.0.0.1:9}\n"
    "  telegram: {api_base: http://127.0.0.1:9}",
)
COMPOSE = Texts().compose

ConfigOf = Callable[..., Config]


def by_ref(members: Sequence[Member]) -> dict[str, Member]:
    return {member.ref: member for member in members}


def people(make: Any, *orders: Order, **more: Sequence[Member]) -> People:
    buyers = [Member(role=Role.BUYER, ref=order.buyer_ref, person=order.buyer) for order in orders]
    return People(
        riders=by_ref(more.get("riders", [make.rider("R1"), make.rider("R2", name="สมชาย ดี")])),
        sellers=by_ref(more.get("sellers", [make.seller("S01"), make.seller("S02")])),
        buyers=by_ref(buyers),
        coordinators=by_ref(more.get("coordinators", [make.coordinator()])),
    )


def said(make: Any, config: Config, plan: Plan, *orders: Order, **more: Sequence[Member]) -> Notices:
    known = {order.order_id: order for order in orders}
    return Notices(plan, config.wave("midday"), known, people(make, *orders, **more), config)


def kinds(told: Sequence[Notice]) -> list[tuple[str, str]]:
    return sorted((notice.kind, notice.to.ref) for notice in told)


# --- how a person is reached -------------------------------------------------------------------------------------

LINE, TELEGRAM = ChatAddress(channel="line", address="U1"), ChatAddress(channel="telegram", address="77")
BLOCKED, DEAD = replace(LINE, state="blocked"), replace(TELEGRAM, state="dead")


@pytest.mark.parametrize(
    ("addresses", "wish", "consent", "expected"),
    [
        ((LINE, TELEGRAM), "line", None, ("line", "U1", None)),
        ((LINE, TELEGRAM), "telegram", True, ("telegram", "77", None)),
        ((LINE, TELEGRAM), None, True, ("telegram", "77", None)),
        ((LINE,), "telegram", True, ("line", "U1", None)),
        ((LINE,), "sms", True, ("line", "U1", None)),
        ((BLOCKED, TELEGRAM), "line", True, ("telegram", "77", None)),
        ((BLOCKED,), None, True, (None, None, "blocked")),
        ((BLOCKED, DEAD), None, True, (None, None, "blocked")),
        ((), None, True, (None, None, "no_address")),
        ((), "line", True, (None, None, "no_address")),
        ((), "none", None, (None, None, "preference")),
        ((LINE, TELEGRAM), "line", False, (None, None, "no_consent")),
    ],
)
def test_a_person_is_reached_by_wish_then_cost_or_by_phone(
    make: Any,
    market_config: ConfigOf,
    addresses: tuple[ChatAddress, ...],
    wish: str | None,
    consent: bool | None,
    expected: tuple[str | None, str | None, str | None],
) -> None:
    """The wish decides among living addresses, then what costs nothing; else the reason why somebody must ring."""
    member = make.coordinator(addresses=addresses, chat_channel=wish, consent=consent)
    way = notices.reach(member, market_config(CHATS))
    assert (way.channel, way.address, way.reason) == expected


def test_a_market_may_prefer_line(make: Any, market_config: ConfigOf) -> None:
    """With `prefer` LINE comes first for who wished nothing."""
    member = make.coordinator(addresses=(LINE, TELEGRAM))
    config = market_config(CHATS, ("line: {", "line: {prefer: yes, "))
    assert notices.reach(member, config).channel == "line"


def test_the_console_reaches_everybody_but_who_said_no(make: Any, config: Config) -> None:
    """Without an address, with a dead one, or with one of a service that is off; a refusal stands."""
    for changes in ({}, {"addresses": (BLOCKED,)}, {"addresses": (LINE,)}, {"chat_channel": "none"}):
        way = notices.reach(make.coordinator(**changes), config)
        assert (way.channel, way.address) == ("console", "coordinator:C1")
    assert notices.reach(make.coordinator(consent=False), config).reason == "no_consent"


# --- what a plan says --------------------------------------------------------------------------------------------


def a_plan(make: Any) -> tuple[Plan, list[Order]]:
    """R1 brings two orders of S01, R2 one of S02."""
    one, two = make.order(1), make.order(2, at=make.bang_kung)
    three = make.order(3, sellers=("S02",))
    first = make.route(
        "R1",
        make.stop(one, "10:00", "pickup"),
        make.stop(two, "10:00", "pickup"),
        make.stop(one, "11:10"),
        make.stop(two, "11:30"),
    )
    second = make.route("R2", make.stop(three, "10:30", "pickup"), make.stop(three, "11:40", waiting_time=300))
    return make.plan(first, second), [one, two, three]


def test_each_hears_once_what_is_theirs(make: Any, config: Config) -> None:
    """A route each rider, a pick list each seller, a window each buyer, a summary each coordinator."""
    plan, orders = a_plan(make)
    notes = said(make, config, plan, *orders)
    told = [*notes.all([], []), *notes.summaries([], 0, "C1")]
    assert kinds(told) == [
        ("pick_list", "S01"),
        ("pick_list", "S02"),
        ("route", "R1"),
        ("route", "R2"),
        ("summary", "C1"),
        ("window", "B0001"),
        ("window", "B0002"),
        ("window", "B0003"),
    ]
    assert len({(notice.event, notice.to.role, notice.to.ref) for notice in told}) == len(told)


def test_a_route_names_its_stops_in_order(make: Any, config: Config) -> None:
    """Bags of one visit are one stop; totals, cash and the time of each door are there."""
    plan, orders = a_plan(make)
    route = said(make, config, plan, *orders).routes()[0]
    facts = route.facts
    assert [(stop["no"], stop["type"], stop["name"]) for stop in facts["stops"]] == [
        (1, "pickup", "ร้าน S01"),
        (2, "delivery", "ผู้ซื้อ 1"),
        (3, "delivery", "ผู้ซื้อ 2"),
    ]
    assert facts["stops"][0]["bags"] == 2
    assert facts["stops"][0]["order_ids"] == ["SR-0001", "SR-0002"]
    assert (facts["deliveries"], facts["pickups"], facts["weight_g"], facts["cod_satang"]) == (2, 1, 2400, 78_000)
    assert facts["stops"][1]["cod_satang"] == 12_000
    assert route.order_ids == ("SR-0001", "SR-0002")
    waiting = said(make, config, plan, *orders).routes()[1].facts["stops"][1]
    assert waiting["at"] == make.at("11:45")


def test_a_pick_list_adds_up_what_is_equal(make: Any, config: Config) -> None:
    """Equal name and unit are summed, anything else stands word for word, then bag by bag in the order fetched."""
    texts = ["ขนมจีน x2; ไข่ 10 ฟอง; ไม่ใส่ผัก", "ขนมจีน x3; ไข่ 5 แผง"]
    orders = [
        replace(order, pickups=(replace(order.pickups[0], items=items, temperature="hot"),))
        for order, items in zip((make.order(1), make.order(2)), texts, strict=True)
    ]
    plan = make.plan(
        make.route("R2", make.stop(orders[1], "09:50", "pickup"), make.stop(orders[1], "11:10")),
        make.route("R1", make.stop(orders[0], "10:20", "pickup", waiting_time=300), make.stop(orders[0], "11:10")),
    )
    (notice,) = said(make, config, plan, *orders).pick_lists()
    totals = [(item["name"], item["quantity"], item["unit"]) for item in notice.facts["totals"]]
    assert sorted(totals) == [("ขนมจีน", Decimal(5), ""), ("ไข่", Decimal(5), "แผง"), ("ไข่", Decimal(10), "ฟอง")]
    assert notice.facts["verbatim"] == ["ไม่ใส่ผัก"]
    assert notice.facts["ready_by"] == make.at("09:50")
    assert [(bag["no"], bag["order_id"], bag["rider"]) for bag in notice.facts["bags"]] == [
        (1, "SR-0002", "สมชาย"),
        (2, "SR-0001", "วิชัย"),
    ]
    assert [rider["at"] for rider in notice.facts["riders"]] == [make.at("09:50"), make.at("10:25")]
    assert {bag["temperature"] for bag in notice.facts["bags"]} == {"hot"}


def test_riders_of_one_name_are_told_apart(make: Any, config: Config) -> None:
    """Of riders who share a first name a seller reads the number too; never the family's name."""
    order, other, third = make.order(1), make.order(2), make.order(3)
    routes = [
        make.route(ref, make.stop(each, "10:20", "pickup"), make.stop(each, "11:10"))
        for ref, each in (("R1", order), ("R2", other), ("R3", third))
    ]
    named = [make.rider("R1", name="สมชาย ดี"), make.rider("R2", name="สมชาย งาม"), make.rider("R3")]
    (notice,) = said(make, config, make.plan(*routes), order, other, third, riders=named).pick_lists()
    assert {rider["name"] for rider in notice.facts["riders"]} == {"สมชาย (R1)", "สมชาย (R2)", "วิชัย"}
    assert {bag["rider"] for bag in notice.facts["bags"]} == {"สมชาย (R1)", "สมชาย (R2)", "วิชัย"}


def test_an_unknown_seller_gets_a_pick_list_to_their_number(make: Any, config: Config) -> None:
    """A seller nobody has named yet is not dropped, and breaks nothing."""
    order = make.order(1, sellers=("S99",))
    plan = make.plan(make.route("R1", make.stop(order, "10:00", "pickup"), make.stop(order, "11:10")))
    (notice,) = said(make, config, plan, order).pick_lists()
    assert (notice.to.ref, notice.to.role, notice.facts["shop"]) == ("S99", Role.SELLER, "S99")


def test_a_buyers_orders_that_come_together_are_told_together(make: Any, config: Config) -> None:
    """One rider, one notice with the whole range and sum; another rider brings another notice."""
    mine = [replace(make.order(number), buyer_ref="B1") for number in (1, 2, 3)]
    plan = make.plan(
        make.route("R1", make.stop(mine[0], "11:10"), make.stop(mine[1], "11:40")),
        make.route("R2", make.stop(mine[2], "12:10")),
    )
    together, alone = said(make, config, plan, *mine).windows()
    assert together.order_ids == ("SR-0001", "SR-0002")
    assert (together.facts["told_from"], together.facts["told_to"]) == (make.at("11:10"), make.at("12:00"))
    assert (together.facts["cod_satang"], together.facts["paid"]) == (24_000, False)
    assert (alone.order_ids, alone.facts["rider"]) == (("SR-0003",), "สมชาย")


def test_what_is_paid_is_not_asked_for(make: Any, config: Config) -> None:
    """An order without cash to collect says so."""
    order = make.order(1)
    order = replace(order, pickups=(replace(order.pickups[0], cod_satang=0),))
    plan = make.plan(make.route("R1", make.stop(order, "11:10")))
    (notice,) = said(make, config, plan, order).windows()
    assert (notice.facts["cod_satang"], notice.facts["paid"]) == (0, True)


def test_who_found_no_place_and_who_lacks_a_pin(make: Any, config: Config) -> None:
    """The one hears where the order went and why, the other is asked where the house is."""
    plan, orders = a_plan(make)
    lost, pinless = make.order(4), make.order(5, at=None)
    plan = replace(plan, unassigned=(make.left(lost),))
    told = said(make, config, plan, *orders, lost, pinless).all([], [pinless])
    changed, asked = told[-2:]
    assert (changed.kind, changed.to.ref, changed.facts["reason"]) == ("changed", "B0004", "capacity")
    assert (changed.facts["new_from"], changed.facts["new_to"]) == (make.at("16:00"), make.at("18:30"))
    assert changed.expires_at == make.at("18:30")
    assert (asked.kind, asked.to.ref, asked.order_ids) == ("ask_pin", "B0005", ("SR-0005",))


def test_no_next_wave_is_said_without_a_date(make: Any, config: Config) -> None:
    """Who finds no other wave is told that the market will say more, and no false time."""
    lost = make.order(4)
    plan = make.plan(left=[make.left(lost, next_date=None, next_wave=None)])
    (changed,) = said(make, config, plan, lost).all([], [])
    assert (changed.facts["new_date"], changed.facts["new_from"]) == (None, None)
    for language in ("th", "en"):
        assert COMPOSE(
            "changed", {"market": "m", "date": DAY, "wave": "", "language": language, **changed.facts}, language
        )


def test_a_summary_says_why_a_plan_is_not_on_roads(make: Any, config: Config) -> None:
    """Where the road engine did not answer, each coordinator reads the reason; else not a word of it."""
    plan, orders = a_plan(make)
    reason = {"code": "down", "message": {"th": "ติดต่อไม่ได้", "en": "cannot be reached"}}
    fallen = replace(plan, travel={"provider": "straight", "estimate": True, "instead_of": "osrm", "reason": reason})
    for each, words in ((plan, ""), (fallen, "ติดต่อไม่ได้")):
        notes = said(make, config, each, *orders, coordinators=[make.coordinator()])
        told = notes.summaries([], 0, "C1")
        assert [notice.facts["no_roads"] for notice in told] == [words]
        (row,) = rows(make, config, told, each)
        assert ("ไม่ได้ใช้ถนนจริง" in row.text) == bool(words)


def test_a_summary_counts_calls_and_pushes(make: Any, config: Config) -> None:
    """The coordinator sees what goes over LINE, whom to ring, who waits for a pin and who found no place."""
    lost = make.order(4)
    plan, orders = a_plan(make)
    plan = replace(plan, unassigned=(make.left(lost),))
    written = [
        make.message(1, channel="line"),
        make.message(2, channel=None, state="suppressed"),
        make.message(3, channel="line"),
    ]
    english = make.coordinator("C2", language="en")
    notes = said(make, config, plan, *orders, lost, coordinators=[make.coordinator(), english])
    thai, other = notes.summaries(written, 2, "มาลี")
    assert (thai.facts["line_pushes"], thai.facts["phone_calls"], thai.facts["needs_pin"]) == (2, 1, 2)
    assert thai.facts["unassigned"] == [{"order_id": "SR-0004", "why": "เกินน้ำหนัก 4 กก.", "next": "รอบเย็น"}]
    assert other.facts["unassigned"] == [{"order_id": "SR-0004", "why": "4 kg over", "next": "Evening"}]


def test_a_window_is_of_use_until_the_buyers_own_ends(make: Any, config: Config) -> None:
    """Who asked for noon is not told at half past twelve; of two orders that come together the later one decides."""
    early, late = make.order(1), make.order(2, buyer_ref="B0001")
    noon, one = (make.at("11:00"), make.at("12:00")), (make.at("11:00"), make.at("12:30"))
    alone = make.plan(make.route("R1", make.stop(early, "11:10", window=noon)))
    assert said(make, config, alone, early).windows()[0].expires_at == make.at("12:00")
    both = make.plan(make.route("R1", make.stop(early, "11:10", window=noon), make.stop(late, "11:12", window=one)))
    assert said(make, config, both, early, late).windows()[0].expires_at == make.at("12:30")


# --- maps --------------------------------------------------------------------------------------------------------


def ends_of(link: Mapping[str, str]) -> list[str]:
    query = parse_qs(urlsplit(link["url"]).query)
    return [query["origin"][0], *query.get("waypoints", [""])[0].split("|"), query["destination"][0]]


@given(
    places=st.lists(st.sampled_from([(99.1, 9.1), (99.2, 9.2), (99.3, 9.3), (99.4, 9.4)]), max_size=40),
    stops=st.integers(1, 25),
)
def test_map_links_walk_the_whole_route(places: list[tuple[float, float]], stops: int) -> None:
    """Each link has at most so many stops, begins where the last ended, and together they miss no place."""
    links = notices.map_links([(place, None) for place in places], stops)
    walked: list[str] = []
    for link in links:
        found = [place for place in ends_of(link) if place]
        assert len(found) - 1 <= stops
        assert not walked or walked[-1] == found[0]
        walked += found if not walked else found[1:]
    expected = [f"{lat:.6f},{lon:.6f}" for n, (lon, lat) in enumerate(places) if n == 0 or places[n - 1] != (lon, lat)]
    assert walked == (expected if len(expected) > 1 else [])


def test_map_links_are_numbered_by_stop(make: Any, market_config: ConfigOf) -> None:
    """A label names the stops of the list in the same message: two bags at a stall are one, neighbours are two."""
    config = market_config(("map_link_stops: 9", "map_link_stops: 2"))
    home, far = make.order(1, at=(99.30, 9.13)), make.order(2, at=(99.31, 9.13))
    near, last = make.order(3, at=far.location), make.order(4, at=(99.32, 9.14))
    stops = [make.stop(order, "10:50", "pickup") for order in (home, far, near, last)]
    stops += [make.stop(order, "11:10") for order in (home, far, near, last)]
    plan = make.plan(make.route("R1", *stops))
    facts = said(make, config, plan, home, far, near, last).routes()[0].facts
    assert [(stop["no"], stop["bags"]) for stop in facts["stops"]] == [(1, 4), (2, 1), (3, 1), (4, 1), (5, 1)]
    assert [link["label"] for link in facts["map_links"]] == ["1–2", "3–5", ""]
    told = rows(make, config, said(make, config, plan, home, far, near, last).routes(), plan)[0]
    actions = notices.content_from_json(told.content).actions
    assert actions[0].value == f"seen:{told.id}"
    labels = [action.label for action in actions if action.kind == "link"]
    assert labels == ["แผนที่ 1–2", "แผนที่ 3–5", "แผนที่ขากลับ"]


def test_a_first_stop_at_the_riders_door_is_in_the_first_link() -> None:
    """Where the route starts at its first stop, the first label counts it too."""
    door, there = (99.1, 9.1), (99.2, 9.2)
    assert [link["label"] for link in notices.map_links([(door, None), (door, 1), (there, 2), (door, None)], 9)] == [
        "1–2"
    ]


# --- when --------------------------------------------------------------------------------------------------------


def moment(
    make: Any, config: Config, kind: str, now: dt.datetime, klass: str = "critical", wave: str = "midday"
) -> Any:
    plan = make.plan(wave=wave)
    return notices.send_at(kind, klass, plan, config.wave(wave), config, now)


def test_messages_go_out_at_their_own_moment(make: Any, config: Config) -> None:
    """Routes at the dispatch, summaries at the approval, pick lists and windows at seven on the eve."""
    approved = make.at("18:30", EVE)
    assert moment(make, config, "route", approved) == make.at("08:00")
    assert moment(make, config, "summary", approved) == approved
    assert moment(make, config, "pick_list", approved) == make.at("19:00", EVE)
    assert moment(make, config, "window", approved) == make.at("19:00", EVE)
    assert moment(make, config, "changed", approved) == approved


def test_approved_late_they_go_out_at_once(make: Any, config: Config) -> None:
    """What has passed, or would come after the dispatch, is said at the approval."""
    assert moment(make, config, "route", make.at("09:00")) == make.at("09:00")
    assert moment(make, config, "window", make.at("19:30", EVE)) == make.at("19:30", EVE)
    assert moment(make, config, "window", make.at("19:00", EVE)) == make.at("19:00", EVE)
    same_day = make.at("12:00")  # the evening's cut-off is on its own day, whose seven o'clock is too late
    assert moment(make, config, "window", same_day, wave="evening") == same_day


@pytest.mark.parametrize(
    ("approved", "date", "expected", "day"),
    [
        ("20:29", EVE, "20:29", EVE),
        ("20:30", EVE, "06:30", DAY),
        ("23:59", EVE, "06:30", DAY),
        ("03:00", DAY, "06:30", DAY),
        ("06:30", DAY, "06:30", DAY),
        ("07:00", DAY, "07:00", DAY),
    ],
)
def test_quiet_hours_are_kept_by_what_only_informs(
    make: Any, config: Config, approved: str, date: dt.date, expected: str, day: dt.date
) -> None:
    """Over midnight too; what is critical goes out all the same."""
    now = make.at(approved, date)
    assert moment(make, config, "ask_pin", now, "informative") == make.at(expected, day)
    assert moment(make, config, "pick_list", now, "critical") == now


def test_quiet_hours_do_not_outlast_the_dispatch(make: Any, market_config: ConfigOf) -> None:
    """A buyer hears of the wave before it leaves, even if that is early."""
    config = market_config(("quiet_hours: 20:30-06:30", "quiet_hours: 20:30-09:00"))
    assert moment(make, config, "window", make.at("21:00", EVE), "informative") == make.at("08:00")
    assert moment(make, config, "window", make.at("08:30"), "informative") == make.at("08:30")


def test_quiet_hours_within_a_day(make: Any) -> None:
    """A noon rest is a quiet time too."""
    start, end = dt.time(12), dt.time(14)
    assert after_quiet(make.at("13:00"), start, end, make.tz) == make.at("14:00")
    assert after_quiet(make.at("14:00"), start, end, make.tz) == make.at("14:00")
    assert after_quiet(make.at("11:59"), start, end, make.tz) == make.at("11:59")


@given(
    minutes=st.integers(0, 10 * 24 * 60),
    zone=st.sampled_from(["Asia/Bangkok", "Europe/Berlin", "America/New_York"]),
    start=st.integers(0, 23),
    end=st.integers(4, 23),
)
def test_nobody_is_disturbed_nor_told_early(minutes: int, zone: str, start: int, end: int) -> None:
    """Whatever the hours and wherever the market, also on nights of change: never inside them, never before `now`."""
    if start == end:
        return
    tz = ZoneInfo(zone)
    now = dt.datetime(2026, 10, 22, tzinfo=dt.UTC) + dt.timedelta(minutes=minutes)
    found = after_quiet(now, dt.time(start), dt.time(end), tz)
    assert now <= found <= now + dt.timedelta(hours=26)
    hour = found.astimezone(tz).hour
    assert not (start <= hour < end if start < end else hour >= start or hour < end)


# --- rows --------------------------------------------------------------------------------------------------------


def rows(make: Any, config: Config, told: Sequence[Notice], plan: Plan | None, **more: Any) -> list[Message]:
    return notices.messages(told, plan, config.wave("midday"), config, COMPOSE, make.at("18:30", EVE), **more)


def test_every_message_is_one_row_whoever_it_is_for(make: Any, config: Config) -> None:
    """(event, role, member, revision) and the id are unique, and the same each time they are made."""
    plan, orders = a_plan(make)
    both = replace(make.seller("R1"), ref="R1")  # a rider and a seller of one number
    notes = said(make, config, plan, *orders, sellers=[make.seller("S01"), make.seller("S02"), both])
    told = [*notes.all([], []), *notes.summaries([], 0, "C1")]
    written = rows(make, config, told, plan)
    keys = {(message.event, message.role, message.member_ref, message.revision) for message in written}
    assert len(keys) == len({message.id for message in written}) == len(told)
    assert rows(make, config, told, plan) == written
    other = rows(make, config, told, replace(plan, revision=2))
    assert not {message.id for message in other} & {message.id for message in written}


def test_a_message_says_what_it_is_about(make: Any, config: Config) -> None:
    """Class, wave, plan, orders, words and how long it is of use; times in the text are the market's."""
    plan, orders = a_plan(make)
    told = said(make, config, plan, *orders).windows()
    message = rows(make, config, told, plan)[0]
    assert (message.kind, message.klass, message.state) == ("window", "informative", "held")
    assert (message.date, message.wave, message.plan_id, message.revision) == (DAY, "midday", "p_1", 1)
    assert (message.order_ids, message.expires_at) == (("SR-0001",), make.at("13:00"))
    assert "11:10–11:30" in message.text
    assert "2569" in message.text or "24 พ.ย." in message.text
    assert notices.content_from_json(message.content).text() == message.text
    critical = {row.kind: row.klass for row in rows(make, config, said(make, config, plan, *orders).all([], []), plan)}
    assert critical == {"route": "critical", "pick_list": "critical", "window": "informative"}


def test_who_is_not_reached_is_on_the_call_list(make: Any, market_config: ConfigOf) -> None:
    """No address means a suppressed row with its reason and its words, never none."""
    config = market_config(CHATS)
    plan, orders = a_plan(make)
    written = rows(make, config, said(make, config, plan, *orders).all([], []), plan)
    by_member = {message.member_ref: (message.state, message.reason, message.channel) for message in written}
    assert by_member["R1"] == ("suppressed", "no_address", None)
    assert by_member["B0001"] == ("held", None, "line")
    assert all(message.text for message in written)
    counted = notices.preview(written)
    assert counted["by_kind"] == {"pick_list": 2, "route": 2, "window": 3}
    assert (counted["line_pushes"], counted["phone_calls"]) == (3, 4)
    again = [replace(message, kind="ask_pin") for message in written]
    later = [replace(message, send_at=message.send_at + dt.timedelta(hours=1)) for message in written]
    assert notices.preview([*written, *again])["line_pushes"] == 3  # due together: one request to each
    assert notices.preview([*written, *later])["line_pushes"] == 6


def test_without_a_plan_a_message_still_has_its_day(make: Any, config: Config) -> None:
    """A wave that rolls over before it was planned is told of under its own date and wave."""
    order = make.order(1, leg={"wave": "evening"})
    told = notices.rolled_over(DAY, config.wave("midday"), [order], "not_approved", people(make, order), config)
    (message,) = rows(make, config, told, None, date=DAY)
    assert (message.date, message.wave, message.plan_id) == (DAY, "midday", None)
    assert "16:00" in message.text


def test_each_reads_their_own_language(make: Any, config: Config) -> None:
    """The person's, else the market's."""
    plan, orders = a_plan(make)
    english = replace(orders[0], buyer=replace(orders[0].buyer, language="en"))
    written = rows(make, config, said(make, config, plan, english, *orders[1:]).windows(), plan)
    languages = {message.member_ref: message.content["language"] for message in written}
    assert languages == {"B0001": "en", "B0002": "th", "B0003": "th"}


# --- events ------------------------------------------------------------------------------------------------------


def moved(make: Any, config: Config, *orders: Order, wave: str = "midday") -> list[str]:
    zones = {zone.id: zone for zone in config.zones}
    found = notices.moved_from(DAY, config.wave(wave), orders, config, zones)
    return [order.order_id for order in found]


def test_who_wanted_this_wave_and_rides_in_another_is_told_by_it(make: Any, config: Config) -> None:
    """By the first wave they wanted, once, and only where what they asked for was not to be had."""
    late = make.order(1, leg={"wave": "evening", "reason": "after_cutoff"})
    tomorrow = make.order(2, leg={"date": NEXT, "wave": "morning", "reason": "seller_closed"})
    assert moved(make, config, late, tomorrow) == ["SR-0001", "SR-0002"]
    assert moved(make, config, late, tomorrow, wave="evening") == []


@pytest.mark.parametrize(
    "changes",
    [
        {"leg": {"reason": None, "wave": "evening"}},
        {"leg": {"reason": "wave_full"}},
        {"leg": {"reason": "needs_pin", "wave": "evening"}},
        {"leg": {"reason": "after_cutoff", "wave": "evening", "state": "delivered"}},
        {"leg": {"reason": "after_cutoff", "wave": "evening"}, "cancelled": True},
        {"leg": {"reason": "after_cutoff", "wave": "evening"}, "date": NEXT},
        {"leg": {"reason": "wave_full", "wave": "evening"}, "window": None},
    ],
)
def test_who_was_not_moved_away_is_not_told(make: Any, config: Config, changes: dict[str, Any]) -> None:
    """No reason, still here, waiting for a pin, over, cancelled, of another day, or content with any wave."""
    assert moved(make, config, make.order(1, **changes)) == []


def test_a_cancellation_says_to_each_what_is_theirs(make: Any, config: Config) -> None:
    """A seller reads of their own goods and the rider of all, each by the buyer; the buyer of the order alone."""
    order = make.order(1, sellers=("S01", "S02"))
    order = replace(order, pickups=(order.pickups[0], replace(order.pickups[1], items="ไข่เค็ม x10")))
    who = people(make, order)
    readers = (who.buyers["B0001"], who.riders["R1"], who.sellers["S02"])
    told = [each for reader in readers for each in notices.cancellation(reader, [order], make.at("13:00"))]
    assert kinds(told) == [("cancelled", ref) for ref in ("B0001", "R1", "S02")]
    buyer, rider, seller = (message.text for message in rows(make, config, told, make.plan()))
    assert all("SR-0001" in text for text in (buyer, rider, seller))
    assert ("ขนมจีน" in rider, "ไข่เค็ม" in rider) == (True, True)
    assert ("ขนมจีน" in seller, "ไข่เค็ม" in seller, "ผู้ซื้อ 1" in seller) == (False, True, True)
    assert "ขนมจีน" not in buyer


def test_a_cancellation_says_what_is_left(make: Any, config: Config) -> None:
    """A rider with nothing else need not ride; a buyer reads which order still comes and its cash."""
    one, two = make.order(1), make.order(2, buyer_ref="B0001")
    who = people(make, one)
    end = make.at("13:00")
    told = notices.cancellation(who.riders["R1"], [one], end, nothing_left=True)
    told += notices.cancellation(who.buyers["B0001"], [one], end, still=[two])
    rider, buyer = (message.text for message in rows(make, config, told, make.plan()))
    assert "ไม่ต้องออกส่ง" in rider
    assert ("SR-0002" in buyer, "120 บาท" in buyer) == (True, True)
    assert notices.cancellation(who.riders["R1"], [], end) == []


def test_the_deadline_is_told_to_each_coordinator(make: Any, config: Config) -> None:
    """One notice each, naming the plan."""
    crew = [make.coordinator("C1"), make.coordinator("C2")]
    told = notices.approval_reminder(make.plan(), make.at("20:00", EVE), crew, make.at("13:00"))
    assert kinds(told) == [("escalation", "C1"), ("escalation", "C2")]
    assert len({message.id for message in rows(make, config, told, make.plan())}) == 2


# --- said once ---------------------------------------------------------------------------------------------------


def asked(make: Any, state: str = "held", **changes: Any) -> Message:
    facts = {"kind": "ask_pin", "event": "ask_pin:SR-0001", "state": state, "text": "where?"}
    message: Message = make.message(1, **facts | changes)
    return message


def test_what_was_said_is_not_said_again(make: Any, config: Config) -> None:
    """The same words on the same order are news only where the first were withdrawn unseen, or ran out."""
    new = asked(make)
    assert not_yet_said([new], [], config) == [new]
    for state in ("held", "ready", "sending", "retry", "accepted", "unknown", "failed", "suppressed"):
        assert not_yet_said([new], [asked(make, state)], config) == []
    for state in ("superseded", "expired"):
        (again,) = not_yet_said([new], [asked(make, state)], config)
        assert (again.revision, again.text) == (2, new.text)
        assert again.id != new.id
        assert not_yet_said([new], [asked(make, state), again], config) == []


def test_other_words_or_a_word_between_make_it_news(make: Any, config: Config) -> None:
    """Moved elsewhere than was said, or told a window since: the notice goes out under a revision of its own."""
    new = asked(make, kind="changed", event="moved:SR-0001:2026-11-24:midday", text="evening")
    before = replace(new, state="accepted")
    assert not_yet_said([new], [before], config) == []
    (elsewhere,) = not_yet_said([replace(new, text="tomorrow")], [before], config)
    assert elsewhere.revision == 2
    window = make.message(1, state="accepted", event="plan:p_2:SR-0001")
    (again,) = not_yet_said([new], [before, window], config)
    assert again.revision == 2


def test_another_persons_word_is_not_mine(make: Any, config: Config) -> None:
    """What was said to one member, or in one role, is still news to another."""
    new = asked(make)
    for other in (asked(make, member_ref="B0009"), asked(make, role=Role.SELLER)):
        assert not_yet_said([new], [other], config) == [new]


def test_a_summary_is_always_news(make: Any, config: Config) -> None:
    """What is about no single order is said with each plan."""
    summary = asked(make, kind="summary", event="plan:p_1:summary", order_ids=())
    assert not_yet_said([summary], [asked(make)], config) == [summary]
