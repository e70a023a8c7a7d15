"""The steps of a wave, performed: close, plan, approve, remind, roll over, dispatch, finish.

Each verb reads rows, asks the pure rooms (batch, planning, notices) what follows, and writes it in one transaction of
the store. Done twice, or by two processes at once, a step changes nothing the second time.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from routing.model import Settings
from scheduler import batch, notices, planning, revision
from scheduler.batch import Market, WaveKey
from scheduler.day import Action, Step
from scheduler.notices import Notices, People
from scheduler.revision import Heard
from scheduler.versions import Versions
from scheduler.workers import Planner
from storage import Store
from storage.records import Approval, LegMove, Member, Message, Order, Plan, Role, Run, SellerDetails

Now = Callable[[], dt.datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """What `approve` came to; `messages` is what was written to the outbox."""

    outcome: Approval
    plan: Plan | None = None
    messages: tuple[Message, ...] = ()


class Waves:
    """Performs the steps of one market's waves."""

    def __init__(self, store: Store, versions: Versions, planner: Planner, now: Now) -> None:
        self._store, self._versions, self._planner, self._now = store, versions, planner, now

    # --- what is known ------------------------------------------------------------------------------------------

    def market(self, *, except_run: WaveKey | None = None) -> Market:
        """The market as batching sees it, by the config in force."""
        since = self._now().date() - dt.timedelta(days=2)
        runs = self._store.runs(since=since)
        return Market(
            config=self._versions.config(),
            zones=self._versions.zones(),
            calendar=self._versions.calendar(),
            sellers=self.seller_details(),
            closed=frozenset(
                (run.date, run.wave) for run in runs if run.state != "open" and (run.date, run.wave) != except_run
            ),
        )

    def seller_details(self) -> dict[str, SellerDetails]:
        return {member.ref: member.seller for member in self._store.members(Role.SELLER) if member.seller is not None}

    def people(self, orders: Iterable[Order]) -> People:
        buyers = {order.buyer_ref: Member(role=Role.BUYER, ref=order.buyer_ref, person=order.buyer) for order in orders}
        return People(
            riders=self._by_ref(Role.RIDER),
            sellers=self._by_ref(Role.SELLER),
            buyers=buyers,
            coordinators=self._by_ref(Role.COORDINATOR),
        )

    def _by_ref(self, role: Role) -> dict[str, Member]:
        return {member.ref: member for member in self._store.members(role)}

    def run(self, date: dt.date, wave: str) -> Run | None:
        return self._store.run(self._versions.config().market.id, date, wave)

    # --- the steps ----------------------------------------------------------------------------------------------

    def perform(self, step: Step, *, actor: str = "clock") -> bool:
        """Do one step of `day.due`; False where somebody else had done it."""
        if step.action is Action.CLOSE:
            return self.close(step.date, step.wave, actor=actor) is not None
        run = self.run(step.date, step.wave)
        if run is None:
            return False
        match step.action:
            case Action.PLAN:
                return self.plan(run, actor=actor) is not None
            case Action.APPROVE:
                return self.approve(run.plan_id or "", actor=actor).outcome is Approval.APPROVED
            case Action.REMIND:
                return self.remind(run, actor=actor)
            case Action.ROLL_OVER:
                return self.roll_over(run, actor=actor)
            case Action.DISPATCH:
                return self._store.dispatch_run(run.id, actor=actor, at=self._now())
            case Action.FINISH:
                return self._store.finish_run(run.id, actor=actor, at=self._now())
        raise AssertionError(step.action)

    def close(self, date: dt.date, wave: str, *, actor: str) -> Run | None:
        """The cut-off: the wave's orders are batched, the others move on. None: another process had it."""
        market = self.market(except_run=(date, wave))
        waiting = self._store.orders(date=date, wave=wave, states={"received"})
        decided = batch.close(date, wave, waiting, market)
        return self._store.close_run(
            market.config.market.id,
            date,
            wave,
            config_version=self._versions.latest,
            moves=decided.moves,
            actor=actor,
            at=self._now(),
        )

    def plan(
        self,
        run: Run,
        *,
        actor: str,
        without_riders: Collection[str] = frozenset(),
        add_orders: Sequence[str] = (),
    ) -> Plan | None:
        """Solve a closed wave, or a planned one anew. The plan is checked by routing before it comes back."""
        config = self._versions.config(run.config_version)
        wave = config.wave(run.wave)
        seen = self._store.mark()
        orders = self._store.orders(date=run.date, wave=run.wave, states={"batched", "planned", "unassigned"})
        if add_orders:
            orders = [*orders, *self._added(run, add_orders, {order.order_id for order in orders})]
        sellers = self._by_ref(Role.SELLER)
        riders = [
            rider for rider in self._store.members(Role.RIDER) if rider.ref not in without_riders and rider.active
        ]
        areas = planning.problems(
            run.date,
            wave,
            orders,
            riders,
            sellers,
            config,
            self._versions.zones(run.config_version),
            self._busy(run),
        )
        settings = Settings(engine=config.solver.engine, seconds=config.solver.seconds, seed=config.solver.seed)
        answers = self._planner.solve(areas, settings)
        by_id = {order.order_id: order for order in orders}
        lacking = set(planning.lacking(answers))
        following = self._next_waves(run, [by_id[order_id] for order_id in sorted(lacking)], answers)
        plan = planning.to_plan(
            f"p_{uuid.uuid4().hex}",
            run,
            wave,
            answers,
            by_id,
            {rider.ref: rider for rider in riders},
            following,
            config,
            self._now(),
        )
        return self._store.save_plan(replace(plan, seen=seen), moves=_moves(plan, orders), actor=actor, at=self._now())

    def _added(self, run: Run, order_ids: Sequence[str], have: Collection[str]) -> list[Order]:
        """Late orders that a coordinator wants in all the same: batched into this wave by hand."""
        zones = self._versions.zones(run.config_version)
        found = []
        for order in self._store.orders(order_ids=[each for each in order_ids if each not in have]):
            zone = zones.locate(order.location) if order.location is not None else None
            if zone is None or order.legs[0].state not in {"received", "unassigned"}:
                continue
            leg = replace(order.legs[0], date=run.date, wave=run.wave, zone=zone.id, area=zone.area, state="batched")
            found.append(replace(order, legs=(leg,)))
        return found

    def _busy(self, run: Run) -> dict[str, list[planning.Span]]:
        """When each rider is out for another wave of the same day."""
        busy: dict[str, list[planning.Span]] = {}
        for plan in self._store.plans(run.date):
            if plan.wave != run.wave:
                for route in plan.routes:
                    busy.setdefault(route.rider_id, []).append((route.steps[0].arrival, route.steps[-1].arrival))
        return busy

    def _next_waves(
        self, run: Run, orders: Sequence[Order], answers: Sequence[planning.AreaPlan]
    ) -> dict[str, planning.NextWave]:
        codes = {str(left.shipment): str(left.code) for answer in answers for left in answer.plan.unassigned}
        market = self.market()
        found = {}
        for order in orders:
            leg = batch.assign(order, market, after=(run.date, run.wave), why=codes.get(order.order_id))
            found[order.order_id] = planning.NextWave(date=leg.date if leg.wave else None, wave=leg.wave)
        return found

    def told(self, plan: Plan, *, approved_by: str) -> list[Message]:
        """What approving `plan` now would write to the outbox, to the last word."""
        config = self._versions.config(plan.config_version)
        wave = config.wave(plan.wave)
        ids = {step.order_id for route in plan.routes for step in route.steps if step.order_id is not None}
        ids |= {left.order_id for left in plan.unassigned}
        orders = {order.order_id: order for order in self._store.orders(order_ids=sorted(ids))}
        of_day = self._store.orders(service_date=plan.date)
        zones = {zone.id: zone for zone in config.zones}
        moved = notices.moved_from(plan.date, wave, of_day, config, zones)
        moved = [order for order in moved if order.order_id not in ids]
        pinless = [order for order in of_day if order.location is None and not order.cancelled]
        people = self.people([*orders.values(), *moved, *pinless])
        said = Notices(plan, wave, orders, people, config)
        now = self._now()
        fresh = said.all(moved, pinless)
        heard = self._heard(plan)
        if heard:
            fresh = revision.since(heard, plan, fresh, people, config, said.wave_end)
        compose = self._versions.texts(plan.config_version).compose
        written = notices.messages(fresh, plan, wave, config, compose, now)
        # What an earlier wave of the day said already (a pin asked for) is not counted, or said, again.
        said_before = {
            message.id
            for message in self._store.messages(date=plan.date, kinds={"ask_pin", "changed"})
            if message.plan_id != plan.id
        }
        written = [message for message in written if message.id not in said_before]
        summary = said.summaries(written, len(pinless), approved_by)
        return written + notices.messages(summary, plan, wave, config, compose, now)

    def _heard(self, plan: Plan) -> Heard:
        """What this wave's people were told of its earlier plans."""
        if plan.supersedes is None:
            return Heard(stops={}, routes={}, bags={})
        earlier = {
            other.id: other
            for other in self._store.plans(plan.date, plan.wave, current_only=False)
            if other.approved_at is not None and other.id != plan.id
        }
        return Heard.of(self._store.messages(date=plan.date, wave=plan.wave), earlier)

    def approve(self, plan_id: str, *, actor: str) -> Approved:
        """Approve the plan of this id: one transaction writes the approval and the outbox rows."""
        plan = self._store.plan(plan_id)
        if plan is None:
            return Approved(outcome=Approval.UNKNOWN)
        messages = self.told(plan, approved_by=actor)
        places = {order.order_id: order.legs[0] for order in self._store.orders(order_ids=_lacking(plan))}
        onward = [
            LegMove(
                order_id=left.order_id,
                leg=left.leg,
                state="received",
                reason=left.code,
                date=left.next_date,
                wave=left.next_wave,
                zone=places[left.order_id].zone,
                area=places[left.order_id].area,
            )
            for left in plan.unassigned
            if left.next_wave is not None
        ]
        outcome = self._store.approve_plan(
            plan_id,
            messages=messages,
            moves=onward,
            actor=actor,
            at=self._now(),
            required=self._versions.config(plan.config_version).approval.approvers,
        )
        return Approved(outcome=outcome, plan=plan, messages=tuple(messages) if outcome is Approval.APPROVED else ())

    def remind(self, run: Run, *, actor: str) -> bool:
        """The approval deadline has come and nobody approved: the coordinators are told, once."""
        plan = self._store.plan(run.plan_id) if run.plan_id is not None else None
        if plan is None:
            return False
        config = self._versions.config(run.config_version)
        wave = config.wave(run.wave)
        tz = config.market.time_zone
        reminders = notices.approval_reminder(
            plan,
            wave.dispatch.at(run.date, tz),
            self._by_ref(Role.COORDINATOR).values(),
            wave.deliver.on(run.date, tz)[1],
        )
        written = notices.messages(
            reminders, plan, wave, config, self._versions.texts(run.config_version).compose, self._now()
        )
        return self._store.remind_run(run.id, messages=written, actor=actor, at=self._now())

    def roll_over(self, run: Run, *, actor: str, why: str = "not_approved") -> bool:
        """The wave does not ride: its orders go to the next possible one, and their buyers are told."""
        config = self._versions.config(run.config_version)
        wave = config.wave(run.wave)
        market = self.market()
        orders = self._store.orders(date=run.date, wave=run.wave, states={"batched", "planned", "unassigned"})
        moves, moved = [], []
        for order in orders:
            leg = batch.assign(order, market, after=(run.date, run.wave), why=why)
            state = "received" if leg.wave is not None else "unassigned"
            moves.append(
                LegMove(
                    order_id=order.order_id,
                    leg=order.legs[0].leg,
                    state=state,
                    reason=why,
                    date=leg.date,
                    wave=leg.wave,
                    zone=leg.zone,
                    area=leg.area,
                )
            )
            moved.append(replace(order, legs=(leg,)))
        plan = self._store.plan(run.plan_id) if run.plan_id is not None else None
        people = self.people(orders)
        tell = notices.rolled_over(run.date, wave, moved, why, people, config)
        written = notices.messages(
            tell, plan, wave, config, self._versions.texts(run.config_version).compose, self._now()
        )
        return self._store.cancel_run(run.id, moves=moves, messages=written, actor=actor, at=self._now())


def _lacking(plan: Plan) -> list[str]:
    return [left.order_id for left in plan.unassigned]


def _moves(plan: Plan, orders: Sequence[Order]) -> list[LegMove]:
    rider_of: Mapping[str, str] = {
        step.order_id: route.rider_id
        for route in plan.routes
        for step in route.steps
        if step.type == "delivery" and step.order_id is not None
    }
    left = {each.order_id: each for each in plan.unassigned}
    moves = []
    for order in orders:
        leg = order.legs[0]
        placed = order.order_id in rider_of
        moves.append(
            LegMove(
                order_id=order.order_id,
                leg=leg.leg,
                state="planned" if placed else "unassigned",
                reason=None if placed else left[order.order_id].code,
                date=plan.date,
                wave=plan.wave,
                zone=leg.zone,
                area=leg.area,
                plan_id=plan.id,
                rider_id=rider_of.get(order.order_id),
            )
        )
    return moves
