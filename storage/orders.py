"""The verbs of orders that change them: as intake brings them, one cancelled, one given its pin.

What a row said last is remembered, so that the same file again changes nothing, though a coordinator has since moved a
pin or cancelled the order; only what the row says anew is taken over.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import func, select, update

from storage.failpoints import writes
from storage.legs import LEG, ON_THE_WAY, move_legs
from storage.message_rows import no_pin_asked
from storage.order_rows import ORDER, Intake
from storage.records import LegMove, Location, Order, Saved
from storage.sequels import Rule, follow_up
from storage.verbs import CHUNK, Verbs, Write


class Orders(Verbs):
    @writes
    def save_orders(
        self,
        orders: Iterable[Order],
        *,
        actor: str,
        at: dt.datetime,
        dry_run: bool = False,
        whole: bool = False,
        rule: Rule | None = None,
    ) -> list[tuple[Saved, ...]]:
        """Creates or updates orders by row key (order_id, seller_id): per order one Saved per pickup, in order.

        All in one transaction, in bounded memory. An order on its way is left alone. `rule`: what follows for plans
        that people were told of (sequels.py). `dry_run` reports the same and keeps nothing; so does `whole` where one
        of the orders is on its way.
        """
        results: list[tuple[Saved, ...]] = []
        counts: Counter[str] = Counter()
        with self._write("save_orders", actor, at) as write:
            write.lock_day()
            change_no = _next_change(write)
            first = ""
            for chunk in _chunks_of_different_orders(orders):
                first = first or chunk[0].order_id
                saved = Intake(write, change_no).save(chunk)
                results += saved
                counts.update(row.value for rows in saved for row in rows)
            if counts[Saved.CREATED] or counts[Saved.UPDATED]:
                told = follow_up(write, change_no, rule) if rule is not None and not dry_run else 0
                write.tell(f"order:{first}" if len(results) == 1 else "orders", **counts, messages=told)
            if dry_run or (whole and counts[Saved.ALREADY_DISPATCHED]):
                write.give_up()
        return results

    @writes
    def cancel_order(
        self, order_id: str, *, actor: str, at: dt.datetime, note: str = "", rule: Rule | None = None
    ) -> Saved | None:
        """Cancels an order that has not left; None: there is no such order. `note` joins the order's own.

        `rule`: what follows for the plan that people were told of (sequels.py).
        """
        with self._write("cancel_order", actor, at) as write:
            write.lock_day()
            connection = write.connection
            row = connection.execute(
                select(ORDER.c.cancelled, ORDER.c.note).where(ORDER.c.order_id == order_id)
            ).first()
            if row is None:
                return None
            if _has_left(write, order_id):
                return Saved.ALREADY_DISPATCHED
            if row.cancelled:
                return Saved.UNCHANGED
            change_no = _next_change(write)
            connection.execute(
                update(ORDER)
                .where(ORDER.c.order_id == order_id)
                .values(
                    cancelled=True,
                    note="\n".join(filter(None, (row.note, note))),
                    change_no=change_no,
                    changed_at=at,
                )
            )
            legs = connection.execute(select(LEG.c.leg).where(LEG.c.order_id == order_id)).scalars().all()
            move_legs(connection, [LegMove(order_id=order_id, leg=leg, state="cancelled") for leg in legs], at)
            told = follow_up(write, change_no, rule) if rule is not None else 0
            write.tell(f"order:{order_id}", messages=told)
            return Saved.UPDATED

    @writes
    def set_pin(
        self, order_id: str, location: Location, source: str, leg: LegMove, *, actor: str, at: dt.datetime
    ) -> bool:
        """Gives an order its place on the map and its leg what follows from it; False: no such order waits for one."""
        with self._write("set_pin", actor, at) as write:
            write.lock_day()
            if not move_legs(write.connection, [leg], at):
                return False
            found = write.connection.execute(
                update(ORDER)
                .where(ORDER.c.order_id == order_id, ORDER.c.cancelled.is_(False))
                .values(
                    lon=location[0],
                    lat=location[1],
                    pin_source=source,
                    change_no=_next_change(write),
                    changed_at=at,
                )
            ).rowcount
            if not found:
                write.give_up()
                return False
            no_pin_asked(write, [order_id])
            write.tell(f"order:{order_id}", source=source)
            return True

    @writes
    def move_legs(self, moves: Sequence[LegMove], *, actor: str, at: dt.datetime) -> int:
        """Takes waiting legs elsewhere, as after a change of zones; returns how many went."""
        with self._write("move_legs", actor, at) as write:
            write.lock_day()
            moved = move_legs(write.connection, moves, at)
            if moved:
                write.tell("orders", moved=moved)
        return moved

    def mark(self) -> int:
        """How many verbs have changed orders so far: a plan names the mark its orders were read at (`Plan.seen`)."""
        with self._read() as connection:
            return int(connection.execute(select(func.coalesce(func.max(ORDER.c.change_no), 0))).scalar_one())


def _next_change(write: Write) -> int:
    # Exact, because whoever changes orders holds the day's lock.
    return int(write.connection.execute(select(func.coalesce(func.max(ORDER.c.change_no), 0))).scalar_one()) + 1


def _has_left(write: Write, order_id: str) -> bool:
    left = select(LEG.c.leg).where(LEG.c.order_id == order_id, LEG.c.state.in_(ON_THE_WAY)).limit(1)
    return write.connection.execute(left).first() is not None


def _chunks_of_different_orders(orders: Iterable[Order]) -> Iterator[list[Order]]:
    """An order said twice is saved twice, the second time over the first."""
    chunk: dict[str, Order] = {}
    for order in orders:
        if len(chunk) == CHUNK or order.order_id in chunk:
            yield list(chunk.values())
            chunk = {}
        chunk[order.order_id] = order
    if chunk:
        yield list(chunk.values())
