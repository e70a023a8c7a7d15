"""Rows of one order become one order with several pickups. Knows orders, nothing of cells or files."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from scheduler.intake.problems import RowProblem, listed, problem
from storage.records import Order

_PRIORITIES = ("low", "normal", "high")
_PROOFS = ("none", "photo", "pin")


@dataclass(slots=True)
class _Kept:
    order: Order
    row: int
    rows: dict[str, int]


@dataclass(slots=True)
class Merger:
    """Takes rows in file order; what a later row of an order says must agree with the first, or be left blank."""

    repeated: int = 0
    rejected: int = 0
    errors: list[RowProblem] = field(default_factory=list)
    warnings: list[RowProblem] = field(default_factory=list)
    _kept: dict[str, _Kept] = field(default_factory=dict)
    _refused: dict[str, list[int]] = field(default_factory=dict)

    def refuse(self, row: int, order_id: str | None, errors: list[RowProblem]) -> None:
        """A row that was no order."""
        self.rejected += 1
        listed(self.errors, errors)
        if order_id:
            self._refused.setdefault(order_id, []).append(row)

    def add(self, row: int, order: Order) -> None:
        """A row that was one; joined to its order if there is one already."""
        kept = self._kept.get(order.order_id)
        seller = order.pickups[0].seller_id
        if kept is None:
            self._kept[order.order_id] = _Kept(order, row, {seller: row})
            return
        earlier = kept.rows.get(seller)
        clash = _clash(kept.order, order)
        if clash is None and earlier is not None:
            first = next(pickup for pickup in kept.order.pickups if pickup.seller_id == seller)
            if first == order.pickups[0] and _join(kept.order, order, with_pickup=False) == kept.order:
                self.repeated += 1
                self.warnings.append(
                    problem(row, "row.repeated", value=seller, order_id=order.order_id, detail={"row": earlier})
                )
                return
            clash = ("seller_id", seller, seller)
        if clash is not None:
            column, first_value, value = clash
            detail = {"row": earlier or kept.row, "first": str(first_value)}
            self.refuse(row, None, [problem(row, "order.conflict", column=column, value=value,
                                            order_id=order.order_id, detail=detail)])  # fmt: skip
            self._refused.setdefault(order.order_id, []).append(row)
            return
        kept.order = _join(kept.order, order, with_pickup=True)
        kept.rows[seller] = row

    def finish(self) -> tuple[list[Order], dict[str, dict[str, int]]]:
        """All orders, and the row of each pickup."""
        for order_id, rows in self._refused.items():
            kept = self._kept.get(order_id)
            if kept is not None:
                detail = {"rows": ", ".join(map(str, rows[:10]))}
                self.warnings.append(problem(kept.row, "order.incomplete", order_id=order_id, detail=detail))
        orders = [kept.order for kept in self._kept.values()]
        return orders, {order_id: kept.rows for order_id, kept in self._kept.items()}


def _clash(first: Order, later: Order) -> tuple[str, Any, Any] | None:
    """The first thing that two rows of one order disagree on: (column, what the first said, what this one says)."""
    if first.service_date != later.service_date:
        return "service_date", first.service_date.isoformat(), later.service_date.isoformat()
    pairs: tuple[tuple[str, Any, Any], ...] = (
        ("buyer_ref", first.buyer_ref, later.buyer_ref),
        ("buyer_name", first.buyer.name, later.buyer.name),
        ("buyer_phone", first.buyer.phone, later.buyer.phone),
        ("chat_channel", first.buyer.chat_channel, later.buyer.chat_channel),
        ("line_user_id", _address(first, "line"), _address(later, "line")),
        ("telegram_chat_id", _address(first, "telegram"), _address(later, "telegram")),
        ("address_text", first.address_text, later.address_text),
        ("landmark", first.landmark, later.landmark),
        ("tambon", first.tambon, later.tambon),
        ("postcode", first.postcode, later.postcode),
        ("lat", first.location, later.location),
        ("window_from", first.window_from, later.window_from),
        ("window_to", first.window_to, later.window_to),
        ("paid_method", first.paid_method, later.paid_method),
    )
    for column, said, says in pairs:
        if said and says and said != says:
            return column, said, says
    return ("status", first.cancelled, later.cancelled) if first.cancelled != later.cancelled else None


def _address(order: Order, channel: str) -> str | None:
    return next((address.address for address in order.buyer.addresses if address.channel == channel), None)


def _join(first: Order, later: Order, *, with_pickup: bool) -> Order:
    """The first row's order with what only the later one says; the stronger wish and both notes are kept."""
    known = {address.channel for address in first.buyer.addresses}
    notes = [first.note] if first.note else []
    if later.note and later.note not in first.note:
        notes.append(later.note)
    placed = [instant for instant in (first.placed_at, later.placed_at) if instant is not None]
    return replace(
        first,
        placed_at=max(placed, default=None),
        source=first.source or later.source,
        buyer_ref=first.buyer_ref or later.buyer_ref,
        buyer=replace(
            first.buyer,
            name=first.buyer.name or later.buyer.name,
            phone=first.buyer.phone or later.buyer.phone,
            chat_channel=first.buyer.chat_channel or later.buyer.chat_channel,
            addresses=first.buyer.addresses + tuple(a for a in later.buyer.addresses if a.channel not in known),
        ),
        address_text=first.address_text or later.address_text,
        landmark=first.landmark or later.landmark,
        tambon=first.tambon or later.tambon,
        postcode=first.postcode or later.postcode,
        location=first.location or later.location,
        pin_source=first.pin_source or later.pin_source,
        window_from=first.window_from or later.window_from,
        window_to=first.window_to or later.window_to,
        paid_method=first.paid_method or later.paid_method,
        priority=max(first.priority, later.priority, key=_PRIORITIES.index),
        needs_help=first.needs_help or later.needs_help,
        proof=max(first.proof, later.proof, key=_PROOFS.index),
        note="\n".join(notes),
        pickups=first.pickups + (later.pickups if with_pickup else ()),
    )
