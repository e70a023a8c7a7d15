"""The steps of a wave, performed: close, plan, approve, remind, roll over, dispatch, finish.

Each verb reads rows, asks the pure rooms (batch, planning, notices) what follows, and writes it in one transaction of
the store. Done twice, or by two processes at once, a step changes nothing the second time.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol

from routing.model import Settings
from scheduler import batch, notices, planning, revision, silence
from scheduler.amendment import Amending
from scheduler.batch import Market, WaveKey
from scheduler.config import Config
from scheduler.day import Action, Step
from scheduler.gathering import Gathering
from scheduler.notices import Notices, People
from scheduler.planning import moves as moving
from scheduler.revision import HEARD, Heard
from scheduler.silence import Silence
from scheduler.versions import Versions
from storage import Store
from storage.records import DATABASE, Approval, Member, Message, Order, Plan, Role, Run, SellerDetails

Now = Callable[[], dt.datetime]
UNDER_WAY = frozenset({"approved", "dispatched"})
"""States of a wave whose riders may have been told, and still ride."""
REMEMBERED = dt.timedelta(days=400)
"""How long a wave is known to be closed: a late row for an old day must not wait in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """What `approve` came to; `messages` is what was written to the outbox."""

    outcome: Approval
    plan: Plan | None = None
    messages: tuple[Message, ...] = ()


class Solver(Protocol):
    """Who solves the areas of a wave: this process at once, or whoever is free."""

    def under_way(self, run: Run) -> bool:
        """Whether they are being solved, so that there is nothing to ask for yet."""
        ...

    def solve(
        self, run: Run, areas: Sequence[planning.AreaProblem], settings: Settings
    ) -> Sequence[planning.AreaPlan] | None:
        """The areas' plans, in the order given; None: not all of them are there yet, so ask again."""
        ...


class Waves:
    """Performs the steps of one market's waves."""

    def __init__(self, store: Store, versions: Versions, solver: Solver, now: Now) -> None:
        self._store, self._versions, self._now = store, versions, now
        self._gathering = Gathering(store, versions)
        self.solver = solver

    # --- what is known ------------------------------------------------------------------------------------------

    def markets(self, *, except_run: WaveKey | None = None) -> Callable[[dt.date], Market]:
        """The market as batching sees it, for orders of each day: by the config that its waves will be closed by."""
        runs = self._store.runs(since=self._now().date() - REMEMBERED)
        sellers = self.seller_details()
        closed = frozenset(
            (run.date, run.wave) for run in runs if run.state != "open" and (run.date, run.wave) != except_run
        )

        @cache
        def by(version: int) -> Market:
            return Market(
                config=self._versions.config(version),
                zones=self._versions.zones(version),
                calendar=self._versions.calendar(version),
                sellers=sellers,
                closed=closed,
            )

        return lambda date: by(self._versions.on(date))

    def market(self, *, on: dt.date, except_run: WaveKey | None = None) -> Market:
        """The market as batching sees it, for orders of one day."""
        return self.markets(except_run=except_run)(on)

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
                return run.state == "closed" and self.plan(run, actor=actor) is not None
            case Action.APPROVE:
                return self._approve_due(run, actor=actor)
            case Action.REMIND:
                return self.remind(run, actor=actor)
            case Action.ROLL_OVER:
                return self._rides_no_more(run) and self.roll_over(run, actor=actor)
            case Action.ESCALATE:
                return self.escalate(run, actor=actor)
            case Action.DISPATCH:
                return self._store.dispatch_run(run.id, actor=actor, at=self._now())
            case Action.FINISH:
                return self._store.finish_run(run.id, actor=actor, at=self._now())
        raise AssertionError(step.action)

    def _approve_due(self, run: Run, *, actor: str) -> bool:
        """The approval that the clock gives. A plan one of whose orders has changed since is made anew first."""
        approval = self._versions.config(run.config_version).approval
        itself = approval.mode == "auto" or approval.at_deadline == "approve"
        if itself and self._restored_since(run):
            return run.reminded_at is None and self.remind(run, actor=actor)
        required = 1 if itself else approval.approvers
        outcome = self.approve(run.plan_id or "", actor=actor, required=required).outcome
        now = self.run(run.date, run.wave)
        if outcome is Approval.STALE and now is not None and (now.state, now.plan_id) == ("planned", run.plan_id):
            anew = self.plan(now, actor=actor)
            outcome = self.approve(anew.id if anew is not None else "", actor=actor, required=required).outcome
        return outcome is Approval.APPROVED

    def _restored_since(self, run: Run) -> bool:
        """Whether the database was brought back after the wave's cut-off: somebody may have been told already."""
        restored = self._store.audit(limit=1, subject=DATABASE)
        config = self._versions.config(run.config_version)
        return any(each.at >= config.wave(run.wave).cut_off.at(run.date, config.market.time_zone) for each in restored)

    def close(self, date: dt.date, wave: str, *, actor: str) -> Run | None:
        """The cut-off: the wave's orders are batched, the others move on. None: another process had it."""
        market = self.market(on=date, except_run=(date, wave))
        waiting = self._store.orders(date=date, wave=wave, states={"received"})
        decided = batch.close(date, wave, waiting, market)
        return self._store.close_run(
            market.config.market.id,
            date,
            wave,
            config_version=self._versions.on(date),
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
        with_riders: Collection[str] = frozenset(),
        add_orders: Sequence[str] = (),
    ) -> Plan | None:
        """Solve a closed wave, or a planned one anew. The plan is checked by routing before it comes back.

        Who was left out of the plan before stays out of the next, until it is made anew `with_riders`.
        None: it is being solved elsewhere, and is there to be had later; or somebody else has planned or approved it.
        """
        if self.solver.under_way(run):
            return None
        config = self._versions.config(run.config_version)
        found = self._gathering.wave(run, without_riders=without_riders, with_riders=with_riders, add_orders=add_orders)
        engine = planning.engine_for(found.areas, config)
        settings = Settings(engine=engine, seconds=config.solver.seconds, seed=config.solver.seed)
        answers = self.solver.solve(run, found.areas, settings)
        if answers is None:
            return None
        by_id = {order.order_id: order for order in found.orders}
        lacking = set(planning.lacking(answers))
        following = self._next_waves(run, [by_id[order_id] for order_id in sorted(lacking)], answers)
        plan = planning.to_plan(
            _plan_id(),
            run,
            config.wave(run.wave),
            answers,
            by_id,
            {rider.ref: rider for rider in found.riders},
            following,
            config,
            self._now(),
        )
        if found.out:
            plan = replace(plan, summary={**plan.summary, "without_riders": sorted(found.out)})
        moves = moving.of_plan(plan, found.orders)
        if found.pinless:
            moves += moving.put_off(found.pinless, (run.date, run.wave), self.market(on=run.date), "needs_pin")[0]
        return self._store.save_plan(
            replace(plan, seen=found.seen), found=run, moves=moves, actor=actor, at=self._now()
        )

    def fits(self, run: Run, plan: Plan, order_id: str, most: int) -> planning.Late | None:
        """Where a late order fits into the plan as it is; None where it cannot be in this wave. Writes nothing."""
        added = self._gathering.added(run, [order_id])
        if not added:
            return None
        areas = self._gathering.with_late(run, plan, added[0])
        area = next(area for area in areas if any(s.id == order_id for s in area.shipments))
        config = self._versions.config(run.config_version)
        wave, tz = config.wave(run.wave), config.market.time_zone
        return planning.late_order(area, plan, added[0], wave, self._now(), tz, most)

    def _next_waves(
        self, run: Run, orders: Sequence[Order], answers: Sequence[planning.AreaPlan]
    ) -> dict[str, planning.NextWave]:
        codes = {str(left.shipment): str(left.code) for answer in answers for left in answer.plan.unassigned}
        market, beyond = self.market(on=run.date), self._beyond(orders)
        found = {}
        for order in orders:
            if order.order_id in beyond:
                found[order.order_id] = planning.NextWave(date=None, wave=None)
                continue
            leg = batch.assign(order, market, after=(run.date, run.wave), why=codes.get(order.order_id))
            found[order.order_id] = planning.NextWave(date=leg.date if leg.wave else None, wave=leg.wave)
        return found

    def told(self, plan: Plan, *, approved_by: str) -> list[Message]:
        """What approving `plan` now would write to the outbox, to the last word."""
        plan = self._onward(plan)
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
        shut = self._of_closed_days(plan)
        people = self.people([*orders.values(), *moved, *pinless, *shut])
        said = Notices(plan, wave, orders, people, config)
        now = self._now()
        fresh = said.all(moved, pinless)
        for order in shut:
            buyer = people.buyers[order.buyer_ref]
            fresh.append(notices.closed_day(order, buyer, config, zones.get(order.legs[0].zone or "")))
        heard = self._heard(plan)
        compose = self._versions.texts(plan.config_version).compose

        def words(notice: notices.Notice) -> str:
            return notices.messages([notice], plan, wave, config, compose, now)[0].text

        if heard:
            fresh = revision.since(heard, plan, fresh, people, config, said.wave_end, words)
        of_others = [each for order in shut for each in self._store.messages(order_id=order.order_id)]
        before = [each for each in of_others if each.date != plan.date]
        before += self._store.messages(date=plan.date, kinds={"ask_pin", "window", "changed", "cancelled"})
        written = notices.not_yet_said(notices.messages(fresh, plan, wave, config, compose, now), before, config)
        summary = said.summaries(written, len(pinless), approved_by)
        return written + notices.messages(summary, plan, wave, config, compose, now)

    def _of_closed_days(self, plan: Plan) -> list[Order]:
        """Orders for days without market that come on another day; any wave's approval tells their buyers, once."""
        calendar = self._versions.calendar(plan.config_version)
        waiting = self._store.orders(reasons={"market_closed"}, states={"received", "batched", "planned"})
        return [
            order
            for order in waiting
            if order.legs[0].date >= plan.date and not calendar.is_open(order.service_date) and not order.cancelled
        ]

    def _heard(self, plan: Plan) -> Heard:
        """What this wave's people were told of its earlier plans."""
        if plan.supersedes is None:
            return Heard()
        earlier = {
            other.id: other
            for other in self._store.plans(plan.date, plan.wave, current_only=False)
            if other.approved_at is not None and other.id != plan.id
        }
        return Heard.of(self._store.messages(date=plan.date, wave=plan.wave), earlier)

    def _onward(self, plan: Plan) -> Plan:
        if not plan.unassigned:
            return plan
        left = self._left(plan)
        return moving.onward(plan, left, self.market(on=plan.date), self._beyond(left.values()))

    def _beyond(self, orders: Iterable[Order]) -> set[str]:
        """Those too heavy or bulky for every rider there is: no later wave changes that, so none is promised."""
        return planning.beyond_all(orders, self._store.members(Role.RIDER), self._versions.config())

    def _left(self, plan: Plan) -> dict[str, Order]:
        ids = [left.order_id for left in plan.unassigned]
        return {order.order_id: order for order in self._store.orders(order_ids=ids)}

    def approve(self, plan_id: str, *, actor: str, required: int | None = None) -> Approved:
        """Approve the plan of this id: one transaction writes the approval and the outbox rows.

        Not when its delivery time is over: nobody would be told anything but what was.

        `required`: how many have to agree, by default as many as the config says.
        """
        plan = self._store.plan(plan_id)
        if plan is None:
            return Approved(outcome=Approval.UNKNOWN)
        config = self._versions.config(plan.config_version)
        current = plan.approved_at is None and self._is_current(plan)
        if current and _over(plan, config) <= self._now():
            return Approved(outcome=Approval.OVER, plan=plan)
        plan = self._onward(plan)
        messages = self.told(plan, approved_by=actor)
        outcome = self._store.approve_plan(
            plan_id,
            messages=messages,
            moves=moving.going_on(plan, self._left(plan)),
            actor=actor,
            at=self._now(),
            required=required or config.approval.approvers,
        )
        return Approved(outcome=outcome, plan=plan, messages=tuple(messages) if outcome is Approval.APPROVED else ())

    def _is_current(self, plan: Plan) -> bool:
        run = self.run(plan.date, plan.wave)
        return run is not None and run.plan_id == plan.id

    def amending(self) -> Amending:
        """How approved plans follow their orders. What the rule needs is read here: it may not call the Store."""
        for run in self._store.runs(states={"approved"}):
            self._versions.texts(run.config_version)
        return Amending(
            people=self.people(()),
            now=self._now(),
            latest=self._versions.latest,
            config_of=self._versions.config,
            compose_of=lambda version: self._versions.texts(version).compose,
            new_id=_plan_id,
        )

    def outdated(self, plan: Plan) -> list[str]:
        """The orders that `plan` no longer fits: it has to be made anew for them."""
        ids = {step.order_id for route in plan.routes for step in route.steps if step.order_id is not None}
        orders = {order.order_id: order for order in self._store.orders(order_ids=sorted(ids))}
        config = self._versions.config(plan.config_version)
        return sorted(planning.outdated(plan, orders, self._by_ref(Role.RIDER), self._by_ref(Role.SELLER), config))

    def out_of_date(self) -> list[tuple[Plan, list[str]]]:
        """Approved plans that have not left and no longer fit some of their orders."""
        found = []
        for run in self._store.runs(states={"approved"}):
            plan = self._store.plan(run.plan_id or "")
            if plan is not None and (late := self.outdated(plan)):
                found.append((plan, late))
        return found

    def remind(self, run: Run, *, actor: str) -> bool:
        """The approval deadline has come and nobody approved: the coordinators are told, once; of an empty wave not."""
        plan = self._store.plan(run.plan_id) if run.plan_id is not None else None
        if plan is None:
            return False
        config = self._versions.config(run.config_version)
        wave = config.wave(run.wave)
        tz = config.market.time_zone
        reminders = notices.approval_reminder(
            plan,
            wave.dispatch.at(run.date, tz),
            self._by_ref(Role.COORDINATOR).values() if plan.routes or plan.unassigned else (),
            wave.deliver.on(run.date, tz)[1],
        )
        written = notices.messages(
            reminders, plan, wave, config, self._versions.texts(run.config_version).compose, self._now()
        )
        return self._store.remind_run(run.id, messages=written, actor=actor, at=self._now())

    def unheard(self, runs: Iterable[Run]) -> dict[WaveKey, dt.datetime]:
        """When the first rider of each wave will have been silent for too long, where there is anybody to be told."""
        found = {
            (run.date, run.wave): min(silence.until for silence in silent.values())
            for run in runs
            if run.state in UNDER_WAY and (silent := self._silences(run))
        }
        return found if found and self._store.members(Role.COORDINATOR) else {}

    def _silences(self, run: Run) -> Mapping[str, Silence]:
        told = self._store.messages(date=run.date, wave=run.wave, kinds=silence.KINDS)
        minutes = self._versions.config(run.config_version).messages.escalate_minutes
        return silence.silences(told, dt.timedelta(minutes=minutes))

    def escalate(self, run: Run, *, actor: str) -> bool:
        """The coordinators are told of each rider who has been silent for too long by now, once."""
        plan, now = self._store.plan(run.plan_id or ""), self._now()
        silent = {rider: each for rider, each in self._silences(run).items() if each.until <= now}
        if plan is None or not silent:
            return False
        config = self._versions.config(run.config_version)
        wave, people = config.wave(run.wave), self.people(())
        tz = config.market.time_zone
        tell = notices.silent_riders(plan, silent, people, wave.deliver.on(run.date, tz)[1], tz)
        compose = self._versions.texts(run.config_version).compose
        written = notices.messages(tell, plan, wave, config, compose, now)
        return self._store.escalate_run(run.id, messages=written, actor=actor, at=now)

    def roll_over(self, run: Run, *, actor: str) -> bool:
        """The wave does not ride: its orders go to the next possible one, and their buyers are told.

        So are those who had missed it before, and whom its approval would have told where their order rides. Of an
        approved wave that nobody sent off in time, riders and sellers who were told of it hear that it is off, and the
        coordinators that it did not leave.
        """
        why = "not_dispatched" if run.state == "approved" else "not_approved"
        config = self._versions.config(run.config_version)
        wave = config.wave(run.wave)
        orders = self._store.orders(date=run.date, wave=run.wave, states={"batched", "planned", "unassigned"})
        moves, moved = moving.put_off(orders, (run.date, run.wave), self._from_now_on(run.date), why)
        plan = self._store.plan(run.plan_id) if run.plan_id is not None else None
        zones = {zone.id: zone for zone in config.zones}
        of_day = notices.moved_from(run.date, wave, self._store.orders(service_date=run.date), config, zones)
        gone = {order.order_id for order in orders}
        late = [order for order in of_day if order.legs[0].wave is not None and order.order_id not in gone]
        people = self.people([*orders, *late])
        tell = notices.rolled_over(run.date, wave, moved, why, people, config)
        tell += notices.rolled_over(run.date, wave, late, None, people, config)
        if plan is not None and run.state == "approved":
            tell += self._called_off(plan, people, len(moved))
        compose = self._versions.texts(run.config_version).compose
        written = notices.messages(tell, plan, wave, config, compose, self._now(), date=run.date)
        before = self._store.messages(date=run.date, kinds={"window", "changed", "cancelled"})
        written = notices.not_yet_said(written, before, config)
        return self._store.cancel_run(
            run.id, found=run.state, moves=moves, messages=written, actor=actor, at=self._now()
        )

    def _rides_no_more(self, run: Run) -> bool:
        """Whether the clock may call a wave off: nobody approved it, or nobody sent it off in time."""
        if run.state == "approved":
            return _over(run, self._versions.config(run.config_version)) <= self._now()
        return run.state in {"closed", "planned"}

    def _called_off(self, plan: Plan, people: People, orders: int) -> list[notices.Notice]:
        """What those hear whose work is off that they were told of, and who has to know that a wave did not leave."""
        soon = self._now() + dt.timedelta(days=1)
        told = self._store.messages(plan_id=plan.id, kinds={"route", "pick_list", "changed"}, states=HEARD)
        heard = {(message.role, message.member_ref) for message in told}
        missed = notices.not_dispatched(plan, orders, people.coordinators.values(), soon)
        off = [
            # of the same plan they were told already: this is another event
            replace(notices.nothing_left(plan, member, str(role), reason, soon), event=f"not_dispatched:{plan.id}")
            for role, members, reason in (
                (Role.RIDER, people.riders, "no_route"),
                (Role.SELLER, people.sellers, "no_bags"),
            )
            for ref, member in sorted(members.items())
            if (role, ref) in heard
        ]
        return off + missed

    def _from_now_on(self, since: dt.date) -> Market:
        """The market with every wave closed whose cut-off has passed, though nobody was there to close it."""
        market, now = self.market(on=since), self._now()
        tz = market.config.market.time_zone
        days = (now.astimezone(tz).date() - since).days + 1
        past = {
            (date, wave.id)
            for date in (since + dt.timedelta(days=ahead) for ahead in range(days + 15))
            for wave in market.config.waves
            if wave.cut_off.at(date, tz) <= now
        }
        return replace(market, closed=frozenset(market.closed) | past)


def _over(ride: Run | Plan, config: Config) -> dt.datetime:
    """When the delivery time of a wave ends, by the config that it was closed with."""
    return config.wave(ride.wave).deliver.on(ride.date, config.market.time_zone)[1]


def _plan_id() -> str:
    return f"p_{uuid.uuid4().hex}"
