"""The steps of a wave, performed: close, plan, approve, remind, roll over, dispatch, finish.

Each verb reads rows, asks the pure rooms (batch, planning, notices) what follows, and writes it in one transaction of
the store. Done twice, or by two processes at once, a step changes nothing the second time.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from routing.model import Settings
from scheduler import batch, planning, restored, silence
from scheduler.amendment import Amending
from scheduler.batch import WaveKey
from scheduler.config import Config
from scheduler.day import Action, Step
from scheduler.gathering import TO_PLAN, Gathering
from scheduler.planning import moves as moving
from scheduler.silence import Silence
from scheduler.standing import Now, Standing
from scheduler.telling import Telling
from scheduler.versions import Versions
from storage import Store
from storage.records import Approval, LegMove, Message, Order, Plan, Role, Run

UNDER_WAY = frozenset({"approved", "dispatched"})
"""States of a wave whose riders may have been told, and still ride."""


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
        self.standing = Standing(store, versions, now)
        self.telling = Telling(store, versions, self.standing, now)
        self.solver = solver

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
                if not self._rides_no_more(run):
                    return False
                if run.state == "approved" and self._left_before_a_restore(run):
                    return self._store.dispatch_run(run.id, actor=actor, at=self._now())
                if self.may_have_ridden(run):
                    self._ask_whether_it_rode(run, actor=actor)
                    return False  # the wave stays as it is until a person has said
                return self.roll_over(run, actor=actor)
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
        if itself and self._restored_since(self._cut_off(run)):  # somebody may have been told already
            return run.reminded_at is None and self.remind(run, actor=actor)
        required = 1 if itself else approval.approvers
        outcome = self.approve(run.plan_id or "", actor=actor, required=required).outcome
        now = self.run(run.date, run.wave)
        if outcome is Approval.STALE and now is not None and (now.state, now.plan_id) == ("planned", run.plan_id):
            anew = self.plan(now, actor=actor)
            outcome = self.approve(anew.id if anew is not None else "", actor=actor, required=required).outcome
        return outcome is Approval.APPROVED

    def _restored_since(self, moment: dt.datetime) -> bool:
        """Whether the database was brought back then or later: what was to be done by then may have been."""
        at = self._store.restored_at()
        return at is not None and at >= moment

    def _left_before_a_restore(self, run: Run) -> bool:
        """Whether it was approved, and its time to leave was over, before the database was brought back."""
        at, plan = self._store.restored_at(), self._store.plan(run.plan_id or "")
        approved = plan.approved_at if plan is not None else None
        return at is not None and approved is not None and max(approved, self._leaves(run)) <= at

    def _cut_off(self, run: Run) -> dt.datetime:
        config = self._versions.config(run.config_version)
        return config.wave(run.wave).cut_off.at(run.date, config.market.time_zone)

    def _leaves(self, run: Run) -> dt.datetime:
        config = self._versions.config(run.config_version)
        return config.wave(run.wave).dispatch.at(run.date, config.market.time_zone)

    def close(self, date: dt.date, wave: str, *, actor: str) -> Run | None:
        """The cut-off: the wave's orders are batched, the others move on. None: another process had it."""
        market = self.standing.market(on=date, except_run=(date, wave))
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
            moves += moving.put_off(
                found.pinless, (run.date, run.wave), self.standing.market(on=run.date), "needs_pin"
            )[0]
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
        market, beyond = self.standing.market(on=run.date), self.standing.beyond_all(orders)
        found = {}
        for order in orders:
            if order.order_id in beyond:
                found[order.order_id] = planning.NextWave(date=None, wave=None)
                continue
            leg = batch.assign(order, market, after=(run.date, run.wave), why=codes.get(order.order_id))
            found[order.order_id] = planning.NextWave(date=leg.date if leg.wave else None, wave=leg.wave)
        return found

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
        plan = self.standing.onward(plan)
        messages = self.telling.told(plan, approved_by=actor)
        outcome = self._store.approve_plan(
            plan_id,
            messages=messages,
            moves=moving.going_on(plan, self.standing.left_out(plan)),
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
            people=self.standing.people(()),
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
        return sorted(
            planning.outdated(plan, orders, self.standing.by_ref(Role.RIDER), self.standing.by_ref(Role.SELLER), config)
        )

    def out_of_date(self) -> list[tuple[Plan, list[str]]]:
        """Approved plans that have not left and no longer fit some of their orders."""
        found = []
        for run in self._store.runs(states={"approved"}):
            plan = self._store.plan(run.plan_id or "")
            if plan is not None and (late := self.outdated(plan)):
                found.append((plan, late))
        return found

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

    def remind(self, run: Run, *, actor: str) -> bool:
        """The approval deadline has come and nobody approved: the coordinators are told, once; of an empty wave not."""
        plan = self._store.plan(run.plan_id) if run.plan_id is not None else None
        if plan is None:
            return False
        if self.may_have_ridden(run):
            return self._ask_whether_it_rode(run, actor=actor)
        return self._store.remind_run(run.id, messages=self.telling.reminder(run, plan), actor=actor, at=self._now())

    def escalate(self, run: Run, *, actor: str) -> bool:
        """The coordinators are told of each rider who has been silent for too long by now, once."""
        plan, now = self._store.plan(run.plan_id or ""), self._now()
        silent = {rider: each for rider, each in self._silences(run).items() if each.until <= now}
        if plan is None or not silent:
            return False
        written = self.telling.silent_riders(run, plan, silent)
        return self._store.escalate_run(run.id, messages=written, actor=actor, at=now)

    def roll_over(self, run: Run, *, actor: str) -> bool:
        """The wave does not ride: its orders go to the next possible one, and their buyers are told."""
        why = "not_dispatched" if run.state == "approved" else "not_approved"
        orders = self._store.orders(date=run.date, wave=run.wave, states=TO_PLAN)
        moves, moved = moving.put_off(orders, (run.date, run.wave), self.standing.from_now_on(run.date), why)
        written = self.telling.rolled_over(run, orders, moved, why)
        return self._store.cancel_run(
            run.id, found=run.state, moves=moves, messages=written, actor=actor, at=self._now()
        )

    def may_have_ridden(self, run: Run) -> bool:
        """Whether a restore left open if the wave rode, so that it waits for a person to settle it."""
        return restored.may_have_ridden(self._store, run, self._versions.config(run.config_version))

    def settled(self, run: Run, *, rode: bool) -> bool:
        """Whether that was left open of the wave, and it has gone this way since."""
        left_open = restored.forgot(self._store, run, self._versions.config(run.config_version)) is not None
        return left_open and run.state == ("finished" if rode else "cancelled")

    def settle(self, run: Run, *, rode: bool, actor: str) -> bool:
        """A person says whether a wave rode that a restore left open; False: it does not wait for that.

        Of one that rode nobody is told anything, and what its plan left out goes on to the next possible wave. One that
        did not is called off as by the clock.
        """
        if not self.may_have_ridden(run):
            return False
        if not rode:
            return self.roll_over(run, actor=actor)
        market = self.standing.from_now_on(run.date)
        moves: list[LegMove] = []
        for order in self._store.orders(date=run.date, wave=run.wave, states={"unassigned"}):
            moves += moving.put_off([order], (run.date, run.wave), market, order.legs[0].reason or "no_rider")[0]
        return self._store.settle_run(run, moves=moves, actor=actor, at=self._now())

    def _ask_whether_it_rode(self, run: Run, *, actor: str) -> bool:
        """The coordinators are told that a wave may have ridden, once after the restore."""
        since = restored.forgot(self._store, run, self._versions.config(run.config_version))
        if since is None or run.reminded_at is not None:
            return False
        orders = self._store.orders(date=run.date, wave=run.wave, states=TO_PLAN)
        told = self.telling.may_have_ridden(run, since, len(orders), restored.command(run))
        return self._store.remind_run(run.id, messages=told, actor=actor, at=self._now())

    def _rides_no_more(self, run: Run) -> bool:
        """Whether the clock may call a wave off: nobody approved it, or nobody sent it off in time."""
        if run.state == "approved":
            return _over(run, self._versions.config(run.config_version)) <= self._now()
        return run.state in {"closed", "planned"}


def _over(ride: Run | Plan, config: Config) -> dt.datetime:
    """When the delivery time of a wave ends, by the config that it was closed with."""
    return config.wave(ride.wave).deliver.on(ride.date, config.market.time_zone)[1]


def _plan_id() -> str:
    return f"p_{uuid.uuid4().hex}"
