"""What people are told of a wave as it goes on: its plan when it is approved, its silence, its end.

Reads what was said before, so that nothing is said twice; writes nothing and sends nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

from scheduler import notices, revision
from scheduler.config.models import Wave
from scheduler.notices import Notices, People
from scheduler.revision import HEARD, Heard
from scheduler.silence import Silence
from scheduler.standing import Now, Standing
from scheduler.versions import Versions
from storage import Store
from storage.records import Message, Order, Plan, Role, Run


class Telling:
    """Composes the messages of one market's waves."""

    def __init__(self, store: Store, versions: Versions, standing: Standing, now: Now) -> None:
        self._store, self._versions, self._standing, self._now = store, versions, standing, now

    def told(self, plan: Plan, *, approved_by: str) -> list[Message]:
        """What approving `plan` now would write to the outbox, to the last word."""
        plan = self._standing.onward(plan)
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
        people = self._standing.people([*orders.values(), *moved, *pinless, *shut])
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

    def reminder(self, run: Run, plan: Plan) -> list[Message]:
        """That the plan waits for approval, to the coordinators; nothing of an empty wave."""
        wave, tz = self._wave(run), self._versions.config(run.config_version).market.time_zone
        coordinators = self._standing.by_ref(Role.COORDINATOR).values() if plan.routes or plan.unassigned else ()
        tell = notices.approval_reminder(
            plan, wave.dispatch.at(run.date, tz), coordinators, wave.deliver.on(run.date, tz)[1]
        )
        return self._worded(tell, plan, run)

    def may_have_ridden(self, run: Run, restored_at: dt.datetime, orders: int, command: str) -> list[Message]:
        """That nobody here knows if a wave with so many orders rode, to the coordinators; `command` is how they say."""
        coordinators = self._standing.by_ref(Role.COORDINATOR).values()
        tell = notices.may_have_ridden(
            run, restored_at, orders, command, coordinators, self._now() + dt.timedelta(days=1)
        )
        return self._worded(tell, None, run)

    def silent_riders(self, run: Run, plan: Plan, silent: Mapping[str, Silence]) -> list[Message]:
        """That these riders have not confirmed their rounds, to the coordinators."""
        wave, tz = self._wave(run), self._versions.config(run.config_version).market.time_zone
        people = self._standing.people(())
        tell = notices.silent_riders(plan, silent, people, wave.deliver.on(run.date, tz)[1], tz)
        return self._worded(tell, plan, run)

    def rolled_over(self, run: Run, orders: Sequence[Order], moved: Sequence[Order], why: str) -> list[Message]:
        """That the wave does not ride: its buyers, whose `orders` have `moved` on.

        So are those who had missed it before, and whom its approval would have told where their order rides. Of an
        approved wave that nobody sent off in time, riders and sellers who were told of it hear that it is off, and the
        coordinators that it did not leave.
        """
        config = self._versions.config(run.config_version)
        wave = config.wave(run.wave)
        plan = self._store.plan(run.plan_id) if run.plan_id is not None else None
        zones = {zone.id: zone for zone in config.zones}
        of_day = notices.moved_from(run.date, wave, self._store.orders(service_date=run.date), config, zones)
        gone = {order.order_id for order in orders}
        late = [order for order in of_day if order.legs[0].wave is not None and order.order_id not in gone]
        people = self._standing.people([*orders, *late])
        tell = notices.rolled_over(run.date, wave, moved, why, people, config)
        tell += notices.rolled_over(run.date, wave, late, None, people, config)
        if plan is not None and run.state == "approved":
            tell += self._called_off(plan, people, len(moved))
        before = self._store.messages(date=run.date, kinds={"window", "changed", "cancelled"})
        return notices.not_yet_said(self._worded(tell, plan, run), before, config)

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

    def _wave(self, run: Run) -> Wave:
        return self._versions.config(run.config_version).wave(run.wave)

    def _worded(self, tell: Sequence[notices.Notice], plan: Plan | None, run: Run) -> list[Message]:
        config = self._versions.config(run.config_version)
        compose = self._versions.texts(run.config_version).compose
        return notices.messages(tell, plan, config.wave(run.wave), config, compose, self._now(), date=run.date)
