"""Builders of the values the Store takes: each with what a test need not care about filled in."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace
from typing import Any

import pytest

from storage import (
    ChatAddress,
    Leg,
    LegMove,
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
    Store,
)

BANGKOK = dt.timezone(dt.timedelta(hours=7))
DAY = dt.date(2026, 11, 24)
EVE = dt.datetime(2026, 11, 23, 17, 0, tzinfo=BANGKOK)


class Make:
    """Values for tests, and the few steps that bring a wave as far as a test needs it."""

    day = DAY
    at = EVE
    wave = "midday"

    def person(self, number: int = 1, **changes: Any) -> Person:
        person = Person(
            name=f"ผู้ซื้อ {number}",
            phone=f"08{number:08}",
            language="th",
            addresses=(ChatAddress(channel="line", address=f"U{number:04}"),),
        )
        return replace(person, **changes)

    def rider(self, ref: str = "R1", **changes: Any) -> Member:
        person = Person(name="วิชัย", phone="0899999991")
        member = Member(role=Role.RIDER, ref=ref, person=person, rider=RiderDetails(vehicle="motorcycle"))
        return replace(member, **changes)

    def seller(self, ref: str = "S01", **changes: Any) -> Member:
        person = Person(name="ป้าแดง", phone="0899999992")
        member = Member(role=Role.SELLER, ref=ref, person=person, seller=SellerDetails(shop_name="ขนมป้าแดง"))
        return replace(member, **changes)

    def order(self, number: int = 1, **changes: Any) -> Order:
        order = Order(
            order_id=f"SR-{number:04}",
            service_date=DAY,
            received_at=EVE,
            buyer=self.person(number),
            address_text=f"{number} ถนนตลาดใหม่",
            location=(99.3257, 9.1461),
            pin_source="file",
            window_from=dt.datetime(2026, 11, 24, 11, 0, tzinfo=BANGKOK),
            window_to=dt.datetime(2026, 11, 24, 13, 0, tzinfo=BANGKOK),
            pickups=(Pickup(seller_id="S01", items="ขนมจีน x2", weight_g=1200, volume_ml=2200, cod_satang=12_000),),
            legs=(Leg(date=DAY, wave="midday", zone="talat", area="mueang"),),
        )
        return replace(order, **changes)

    def message(self, number: int = 1, **changes: Any) -> Message:
        message = Message(
            id=f"m{number}",
            kind="window",
            klass="informative",
            event=f"plan:p1:SR-{number:04}",
            role=Role.BUYER,
            member_ref=f"B{number:04}",
            name=f"ผู้ซื้อ {number}",
            channel="line",
            address=f"U{number:04}",
            order_ids=(f"SR-{number:04}",),
            date=DAY,
            wave="midday",
            send_at=EVE,
            expires_at=EVE + dt.timedelta(hours=20),
            text="วันนี้ประมาณ 11:00–11:30 น.",
            content={"kind": "window", "ราคา": 120},
        )
        return replace(message, **changes)

    def plan(self, run: Run, *orders: Order, **changes: Any) -> Plan:
        stops = tuple(
            PlanStep(
                type="delivery",
                arrival=dt.datetime(2026, 11, 24, 11, 10, tzinfo=BANGKOK),
                location=order.location,
                order_id=order.order_id,
                leg=1,
                service=180,
                load=(0, 0),
                window=(order.window_from, order.window_to) if order.window_from and order.window_to else None,
                state="planned",
            )
            for order in orders
        )
        route = PlanRoute(
            rider_id="R1",
            area="mueang",
            vehicle="motorcycle",
            cost=9120,
            distance=11_020,
            duration=4810,
            service=2400,
            waiting_time=0,
            load_max=(31_000, 68_200),
            cod_satang=78_000,
            steps=stops,
        )
        left = PlanUnassigned(
            order_id="SR-9999",
            leg=1,
            code="capacity",
            message={"th": "เกินน้ำหนัก 4 กก.", "en": "4 kg over"},
            riders=({"rider_id": "R1", "code": "capacity", "excess": [4000, 0]},),
            next_date=DAY,
            next_wave="evening",
        )
        plan = Plan(
            id="",
            run_id=run.id,
            date=run.date,
            wave=run.wave,
            revision=0,
            config_version=1,
            created_at=EVE,
            travel={"provider": "straight", "estimate": True},
            summary={"cost": 9120, "orders": len(orders)},
            routes=(route,),
            unassigned=(left,),
        )
        return replace(plan, **changes)

    def moves(self, *orders: Order, state: str, **changes: Any) -> list[LegMove]:
        return [LegMove(order_id=order.order_id, leg=1, state=state, **changes) for order in orders]

    def closed(self, store: Store, *orders: Order) -> Run:
        """A wave closed with these orders batched."""
        store.save_orders(orders, actor="test", at=EVE)
        batched = self.moves(*orders, state="batched")
        run = store.close_run("m", DAY, self.wave, config_version=1, moves=batched, actor="clock", at=EVE)
        assert run is not None
        return run

    def planned(self, store: Store, *orders: Order) -> Plan:
        """A wave planned with these orders on one route."""
        run = self.closed(store, *orders)
        return self.replanned(store, run, *orders)

    def replanned(self, store: Store, run: Run, *orders: Order, **changes: Any) -> Plan:
        """Another plan of the same wave."""
        plan = self.plan(run, *orders, **{"id": f"p_{uuid.uuid4().hex}", "seen": store.mark()} | changes)
        planned = self.moves(*orders, state="planned", plan_id=plan.id, rider_id="R1")
        found = store.run(run.market, run.date, run.wave)
        assert found is not None
        saved = store.save_plan(plan, found=found, moves=planned, actor="planner", at=EVE)
        assert saved is not None
        return saved


@pytest.fixture
def make() -> Make:
    return Make()
