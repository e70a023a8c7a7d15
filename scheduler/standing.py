"""How the market stands now, read from the rows: which waves are closed to orders, who sells and who takes part.

Knows rows and the config versions they go by; decides nothing and writes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache

from scheduler import planning
from scheduler.batch import Market, WaveKey
from scheduler.notices import People
from scheduler.planning import moves as moving
from scheduler.versions import Versions
from storage import Store
from storage.records import Member, Order, Plan, Role, SellerDetails

Now = Callable[[], dt.datetime]
REMEMBERED = dt.timedelta(days=400)
"""How long a wave is known to be closed: a late row for an old day must not wait in it."""


class Standing:
    """The standing of one market."""

    def __init__(self, store: Store, versions: Versions, now: Now) -> None:
        self._store, self._versions, self._now = store, versions, now

    def markets(self, *, except_run: WaveKey | None = None) -> Callable[[dt.date], Market]:
        """The market as batching sees it, for orders of each day: by the config that its waves will be closed by."""
        runs = self._store.runs(since=self._now().date() - REMEMBERED)
        sellers = self._sellers()
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

    def from_now_on(self, since: dt.date) -> Market:
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

    def _sellers(self) -> dict[str, SellerDetails]:
        return {member.ref: member.seller for member in self._store.members(Role.SELLER) if member.seller is not None}

    def people(self, orders: Iterable[Order]) -> People:
        buyers = {order.buyer_ref: Member(role=Role.BUYER, ref=order.buyer_ref, person=order.buyer) for order in orders}
        return People(
            riders=self.by_ref(Role.RIDER),
            sellers=self.by_ref(Role.SELLER),
            buyers=buyers,
            coordinators=self.by_ref(Role.COORDINATOR),
        )

    def by_ref(self, role: Role) -> dict[str, Member]:
        return {member.ref: member for member in self._store.members(role)}

    def beyond_all(self, orders: Iterable[Order]) -> set[str]:
        """Those too heavy or bulky for every rider there is: no later wave changes that, so none is promised."""
        return planning.beyond_all(orders, self._store.members(Role.RIDER), self._versions.config())

    def onward(self, plan: Plan) -> Plan:
        """The plan, with those it leaves out on their way to the waves that are open to them now."""
        if not plan.unassigned:
            return plan
        left = self.left_out(plan)
        return moving.onward(plan, left, self.market(on=plan.date), self.beyond_all(left.values()))

    def left_out(self, plan: Plan) -> dict[str, Order]:
        ids = [left.order_id for left in plan.unassigned]
        return {order.order_id: order for order in self._store.orders(order_ids=ids)}
