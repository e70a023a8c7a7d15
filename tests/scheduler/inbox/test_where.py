"""Where is my order: asked in any words, answered at once, free of charge, to whom it concerns alone."""

from __future__ import annotations

from typing import Any

from storage.records import Role


def test_a_buyer_hears_the_current_window_for_nothing(talk: Any, somebody: str) -> None:
    """The promised window comes by the reply token: nothing is counted, and the ledger has it with LINE's number."""
    order = next(order for order in talk.orders(states={"dispatched"}))
    talk.gives(Role.BUYER, order.buyer_ref, "line", somebody)
    (answer,) = talk.line_says(somebody, text="ของถึงไหนแล้วคะ")
    assert order.order_id in answer
    assert "คนส่งออกเดินทางแล้ว" in answer
    assert talk.line.used == 0
    (row,) = [message for message in talk.messages() if message.kind == "eta"]
    assert (row.via, row.state, row.member_ref) == ("reply", "accepted", order.buyer_ref)
    assert row.attempts[0].provider_id == talk.line.log[-1].message_ids[0]
