"""What a wave is planned from, read from the rows: its orders, its riders, and one problem for each planning area.

Knows rows and the config version that the wave was closed by; solves nothing and writes nothing. So every process that
reads the same rows makes the same problems.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from scheduler import planning
from scheduler.config.models import Zone
from scheduler.versions import Versions
from scheduler.zones import ZoneIndex
from storage import Store
from storage.records import Leg, Member, Order, Plan, Role, Run

TO_PLAN = frozenset({"batched", "planned", "unassigned"})
"""States of the legs that a wave's planning is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """A wave, ready to be planned. ``seen``: the mark its orders were read at. ``out``: riders who are left out."""

    seen: int
    orders: tuple[Order, ...]
    pinless: tuple[Order, ...]
    riders: tuple[Member, ...]
    out: frozenset[str]
    areas: tuple[planning.AreaProblem, ...]


class Gathering:
    """Reads what the waves of one market are planned from."""

    def __init__(self, store: Store, versions: Versions) -> None:
        self._store, self._versions = store, versions

    def wave(
        self,
        run: Run,
        *,
        without_riders: Collection[str] = (),
        with_riders: Collection[str] = (),
        add_orders: Sequence[str] = (),
    ) -> Gathered:
        """All of a wave. Who was left out of its present plan stays out, but for `with_riders`."""
        seen = self._store.mark()
        orders = self._store.orders(date=run.date, wave=run.wave, states=TO_PLAN)
        if add_orders:
            orders = [*orders, *self.added(run, add_orders, {order.order_id for order in orders})]
        pinless = [order for order in orders if order.location is None]
        placed = self._placed(run, orders)
        present = self._present(run)
        out = (left_out(present) | set(without_riders)) - set(with_riders)
        riders = [rider for rider in self._store.members(Role.RIDER) if rider.ref not in out and rider.active]
        return Gathered(
            seen=seen,
            orders=tuple(placed),
            pinless=tuple(pinless),
            riders=tuple(riders),
            out=frozenset(out),
            areas=tuple(self._keeping(run, present, self._problems(run, placed, riders))),
        )

    def area(self, run: Run, order_ids: Sequence[str], rider_ids: Sequence[str]) -> list[planning.AreaProblem]:
        """The problem of one area of a wave, from its own orders and riders alone.

        More than one, or none, where the rows are not what they were when the area was made.
        """
        orders = self._placed(
            run, self._store.orders(date=run.date, wave=run.wave, states=TO_PLAN, order_ids=order_ids)
        )
        riders = [rider for rider in self._store.members(Role.RIDER, rider_ids) if rider.active]
        return self._keeping(run, self._present(run), self._problems(run, orders, riders))

    def with_late(self, run: Run, plan: Plan, late: Order) -> list[planning.AreaProblem]:
        """The problems of the wave as `plan` has it, and one order more."""
        ids = {step.order_id for route in plan.routes for step in route.steps if step.order_id is not None}
        planned = [order for order in self._store.orders(order_ids=sorted(ids)) if not order.cancelled]
        out = left_out(plan)
        riders = [rider for rider in self._store.members(Role.RIDER) if rider.active and rider.ref not in out]
        return self._problems(run, [*self._placed(run, planned), late], riders)

    def added(self, run: Run, order_ids: Sequence[str], have: Collection[str] = ()) -> list[Order]:
        """Late orders that a coordinator wants in all the same: batched into this wave by hand."""
        zones = self._versions.zones(run.config_version)
        found = []
        for order in self._store.orders(order_ids=[each for each in order_ids if each not in have]):
            zone = zones.locate(order.location) if order.location is not None else None
            if zone is None or order.legs[0].state not in {"received", "unassigned"}:
                continue
            leg = replace(order.legs[0], date=run.date, wave=run.wave, reason=None)
            found.append(replace(order, legs=(_leg_in(leg, zone),)))
        return found

    def _placed(self, run: Run, orders: Sequence[Order]) -> list[Order]:
        zones = self._versions.zones(run.config_version)
        return [_in_its_zone(order, zones) for order in orders if order.location is not None]

    def _present(self, run: Run) -> Plan | None:
        return self._store.plan(run.plan_id) if run.plan_id is not None else None

    def _keeping(self, run: Run, present: Plan | None, areas: list[planning.AreaProblem]) -> list[planning.AreaProblem]:
        config = self._versions.config(run.config_version)
        return planning.keeping(areas, present, config) if present is not None else areas

    def _problems(self, run: Run, orders: Sequence[Order], riders: Sequence[Member]) -> list[planning.AreaProblem]:
        config, zones = self._versions.config(run.config_version), self._versions.zones(run.config_version)
        refs = {pickup.seller_id for order in orders for pickup in order.pickups}
        sellers = {member.ref: member for member in self._store.members(Role.SELLER, refs)}
        busy: dict[str, list[planning.Span]] = {}
        for rider, start, end in self._store.rides(run.date, but=run.id):
            busy.setdefault(rider, []).append((start, end))
        return planning.problems(run.date, config.wave(run.wave), orders, riders, sellers, config, zones, busy)


def left_out(plan: Plan | None) -> frozenset[str]:
    """The riders whom a coordinator took out of this wave."""
    return frozenset() if plan is None else frozenset(plan.summary.get("without_riders", ()))


def _in_its_zone(order: Order, zones: ZoneIndex) -> Order:
    """A place corrected since the cut-off may lie in another zone; outside all of them the order keeps its own."""
    zone = zones.locate(order.location) if order.location is not None else None
    if zone is None or zone.id == order.legs[0].zone:
        return order
    return replace(order, legs=(_leg_in(order.legs[0], zone), *order.legs[1:]))


def _leg_in(leg: Leg, zone: Zone) -> Leg:
    return replace(leg, zone=zone.id, area=zone.area, fee_satang=zone.fee_satang)
