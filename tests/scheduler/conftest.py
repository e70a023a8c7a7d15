"""The shipped market, and made-up members, orders and plans with what a test need not care about filled in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings

from scheduler.batch import Market
from scheduler.calendar import MarketCalendar
from scheduler.config import Config, parse
from scheduler.zones import ZoneIndex
from storage import (
    ChatAddress,
    Leg,
    Member,
    Message,
    Order,
    Person,
    Pickup,
    Plan,
    PlanRoute,
    PlanStep,
    PlanUnassigned,
    RiderDetails,
    Role,
    Run,
    SellerDetails,
)

# A busy machine is no mistake of the code.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

ROOT = Path(__file__).parents[2]
SAMPLE = (ROOT / "config.yaml").read_text(encoding="utf-8")
MINIMAL = """\
market: {id: sirisuk, name: {th: ตลาดสิริสุข}, time_zone: Asia/Bangkok}
hubs:
  - {id: bandon, name: {th: บ้านดอน}, location: [99.3257, 9.1463]}
communities:
  - {id: sirisuk, name: {th: สิริสุข}, hub: bandon}
zones:
  - id: talat
    name: {th: ตลาด}
    community: sirisuk
    polygon: [[99.31, 9.13], [99.34, 9.13], [99.34, 9.155], [99.31, 9.155]]
waves:
  - id: midday
    cut_off: {days_before: 1, time: 18:00}
    approve_by: {days_before: 1, time: 20:00}
    dispatch: {time: 08:00}
    pickup: 09:30-11:30
    deliver: 11:00-13:00
vehicles:
  - {id: motorcycle, weight_kg: 25, volume_l: 70}
"""
"""The smallest valid config."""

Edit = tuple[str, str]
Place = tuple[float, float]


@lru_cache(maxsize=64)
def edited(*edits: Edit) -> Config:
    """The shipped config with each text replaced by another; a text that is not there is a mistake of the test."""
    text = SAMPLE
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    return parse(text)


class Make:
    """Values for tests. Moments are the market's: ``make.at("18:00")`` is that time of the service date."""

    day = dt.date(2026, 11, 24)  # a Tuesday
    eve = dt.date(2026, 11, 23)
    tz = ZoneInfo("Asia/Bangkok")
    talat: Place = (99.3250, 9.1420)
    bang_kung: Place = (99.3600, 9.1600)
    bang_chana: Place = (99.3200, 9.1700)
    nowhere: Place = (98.0, 8.0)

    def at(self, clock: str, date: dt.date | None = None, tz: ZoneInfo | None = None) -> dt.datetime:
        return dt.datetime.combine(date or self.day, dt.time.fromisoformat(clock), tz or self.tz)

    # --- people -------------------------------------------------------------------------------------------------

    def person(self, name: str = "สมศรี ใจดี", line: str | None = None, **changes: Any) -> Person:
        addresses = (ChatAddress(channel="line", address=line),) if line is not None else ()
        return replace(Person(name=name, phone="0800000000", addresses=addresses), **changes)

    def rider(self, ref: str = "R1", *, name: str = "วิชัย ใจงาม", active: bool = True, **details: Any) -> Member:
        rider = RiderDetails(**{"vehicle": "saleng", "home": self.talat} | details)
        person = self.person(name, phone=f"08100000{ref[1:]:0>2}")
        return Member(role=Role.RIDER, ref=ref, person=person, rider=rider, active=active)

    def seller(self, ref: str = "S01", **details: Any) -> Member:
        seller = SellerDetails(**{"shop_name": f"ร้าน {ref}", "location": self.talat} | details)
        person = self.person(f"ป้า {ref}", phone=f"08200000{ref[1:]:0>2}")
        return Member(role=Role.SELLER, ref=ref, person=person, seller=seller)

    def coordinator(self, ref: str = "C1", **changes: Any) -> Member:
        return Member(role=Role.COORDINATOR, ref=ref, person=self.person("มาลี", phone="0830000001", **changes))

    # --- orders -------------------------------------------------------------------------------------------------

    def order(
        self,
        number: int = 1,
        *,
        window: tuple[str, str] | None = ("11:00", "13:00"),
        placed: str = "09:00",
        placed_on: dt.date | None = None,
        sellers: Sequence[str] = ("S01",),
        at: Place | None = talat,
        date: dt.date | None = None,
        leg: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> Order:
        """An order of the eve's morning for noon. `leg` says where its one leg stands."""
        date = date or self.day
        placed_at = self.at(placed, placed_on or self.eve)
        low, high = (self.at(window[0], date), self.at(window[1], date)) if window else (None, None)
        pickup: dict[str, Any] = {"items": "ขนมจีน x2", "weight_g": 1200, "volume_ml": 2200, "cod_satang": 12_000}
        order = Order(
            order_id=f"SR-{number:04}",
            service_date=date,
            received_at=placed_at,
            placed_at=placed_at,
            buyer_ref=f"B{number:04}",
            buyer=self.person(f"ผู้ซื้อ {number}", line=f"U{number:04}", phone=f"084{number:07}"),
            address_text=f"{number} ถนนตลาดใหม่",
            location=at,
            window_from=low,
            window_to=high,
            pickups=tuple(Pickup(seller_id=seller, **pickup) for seller in sellers),
            legs=(replace(Leg(date=date, wave="midday", zone="talat", area="mueang"), **dict(leg or {})),),
        )
        return replace(order, **changes)

    def market(self, config: Config, *sellers: Member, closed: Sequence[tuple[dt.date, str]] = ()) -> Market:
        return Market(
            config=config,
            zones=ZoneIndex(config),
            calendar=MarketCalendar(config),
            sellers={member.ref: member.seller for member in sellers if member.seller is not None},
            closed=frozenset(closed),
        )

    # --- the day ------------------------------------------------------------------------------------------------

    def run(self, state: str, wave: str = "midday", date: dt.date | None = None, **changes: Any) -> Run:
        date = date or self.day
        run = Run(id=f"r_{date}_{wave}", market="sirisuk", date=date, wave=wave, state=state, config_version=1)
        return replace(run, **changes)

    def stop(self, order: Order, at: str, kind: str = "delivery", **changes: Any) -> PlanStep:
        """A step at an order's seller or buyer; a delivery is promised from its time on for twenty minutes."""
        arrival = self.at(at)
        step = PlanStep(type="delivery", arrival=arrival, location=order.location, order_id=order.order_id, leg=1)
        if kind == "pickup":
            step = replace(step, type="pickup", seller_id=order.pickups[0].seller_id, location=self.bang_kung)
        else:
            window = (self.at("11:00"), self.at("13:00"))
            step = replace(step, window=window, told=(arrival, arrival + dt.timedelta(minutes=20)), state="planned")
        return replace(step, **changes)

    def route(self, rider_id: str, *stops: PlanStep, **changes: Any) -> PlanRoute:
        ends: dict[str, Any] = {"location": self.talat}
        steps = (
            PlanStep(type="start", arrival=stops[0].arrival - dt.timedelta(minutes=10), **ends),
            *stops,
            PlanStep(type="end", arrival=stops[-1].arrival + dt.timedelta(minutes=10), **ends),
        )
        route = PlanRoute(
            rider_id=rider_id,
            area="mueang",
            vehicle="saleng",
            cost=9120,
            distance=11_020,
            duration=4810,
            service=2400,
            waiting_time=0,
            load_max=(31_000, 68_200),
            cod_satang=78_000,
            steps=steps,
        )
        return replace(route, **changes)

    def plan(self, *routes: PlanRoute, left: Sequence[PlanUnassigned] = (), **changes: Any) -> Plan:
        plan = Plan(
            id="p_1",
            run_id="r_1",
            date=self.day,
            wave="midday",
            revision=1,
            config_version=1,
            created_at=self.at("18:00", self.eve),
            travel={"provider": "straight", "estimate": True},
            summary={"cost": 9120, "orders": sum(s.type == "delivery" for r in routes for s in r.steps)},
            routes=routes,
            unassigned=tuple(left),
        )
        return replace(plan, **changes)

    def left(self, order: Order, code: str = "capacity", **changes: Any) -> PlanUnassigned:
        said = {"th": "เกินน้ำหนัก 4 กก.", "en": "4 kg over"}
        next_place: dict[str, Any] = {"next_date": self.day, "next_wave": "evening"}
        return replace(PlanUnassigned(order_id=order.order_id, leg=1, code=code, message=said, **next_place), **changes)

    def message(self, number: int = 1, **changes: Any) -> Message:
        """A window message, held for 19:00 on the eve and of use until the wave ends."""
        message = Message(
            id=f"00000000-0000-4000-8000-{number:012}",
            kind="window",
            klass="informative",
            event=f"plan:p_1:SR-{number:04}",
            role=Role.BUYER,
            member_ref=f"B{number:04}",
            name=f"ผู้ซื้อ {number}",
            channel="console",
            address=f"buyer:B{number:04}",
            order_ids=(f"SR-{number:04}",),
            date=self.day,
            wave="midday",
            plan_id="p_1",
            send_at=self.at("19:00", self.eve),
            expires_at=self.at("13:00"),
            text="วันนี้ประมาณ 11:00–11:30 น.",
            content={"title": "วันนี้", "language": "th", "lines": [], "actions": []},
        )
        return replace(message, **changes)


@pytest.fixture(scope="session")
def make() -> Make:
    return Make()


@pytest.fixture(scope="session")
def market_config() -> Callable[..., Config]:
    """`market_config(("approvers: 1", "approvers: 2"))`: the shipped config after such edits."""
    return edited


@pytest.fixture(scope="session")
def config() -> Config:
    """The shipped config."""
    return edited()


@pytest.fixture(scope="session")
def minimal() -> str:
    """The smallest valid config's text."""
    return MINIMAL


@pytest.fixture(scope="session")
def surat_thani() -> Path:
    """Real boundaries and made-up orders, where they are at hand."""
    folder = ROOT.parent / "shared" / "data" / "surat-thani"
    if not folder.is_dir():
        pytest.skip("the boundaries of Surat Thani are not on this machine")
    return folder
