"""The next revision of a message takes the place of the one that waits, or is not written; on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from storage import AttemptStart, Message, Store


def card(make: Any, revision: int, **changes: Any) -> Message:
    """A revision of one event, to one person."""
    message: Message = make.message(
        revision, kind="status_card", event="status:r_1", member_ref="C1", address="7", revision=revision, **changes
    )
    return message


def states(store: Store) -> list[tuple[int, str, str | None]]:
    return [(message.revision, message.state, message.reason) for message in store.messages()]


@pytest.mark.parametrize("state", ["held", "ready", "retry", "unknown"])
def test_what_waits_gives_way_to_what_is_newer(store: Store, make: Any, state: str) -> None:
    """In one step, which the audit tells; what the newer edits is kept with it."""
    store.add_messages([card(make, 1, state=state)], actor="test", at=make.at)
    newer = card(make, 2, edits="42")
    assert store.revise_messages([(newer, "m1")], actor="clock", at=make.at) == 1
    assert states(store) == [(1, "superseded", "revised"), (2, "held", None)]
    assert store.messages()[1].edits == "42"
    assert (store.audit(limit=1)[0].verb, store.audit(limit=1)[0].detail) == ("revise_messages", {"written": 1})


def test_what_a_sender_has_in_hand_or_is_settled_does_not_give_way(store: Store, make: Any) -> None:
    """Nothing is written beside a revision that went out meanwhile, and the others of the same call are."""
    settled = card(make, 1, state="accepted")
    taken = make.message(5, kind="status_card", event="status:r_2", address="8", state="ready")
    store.add_messages([settled, taken], actor="test", at=make.at)
    (held,) = store.claim_messages(make.at, channel="line", holder="h", limit=9, lease_seconds=60)
    store.begin_attempts([AttemptStart(message_id=held.id, payload={}, at=make.at)], holder="h")
    other = make.message(7, kind="status_card", event="status:r_3", address="9")
    asked = [(card(make, 2), "m1"), (make.message(6, event="status:r_2", revision=2), "m5"), (other, None)]
    assert store.revise_messages(asked, actor="clock", at=make.at) == 1
    assert [(message.id, message.state) for message in store.messages()] == [
        ("m1", "accepted"),
        ("m5", "sending"),
        ("m7", "held"),
    ]


def test_two_who_write_the_same_revision_write_it_once(store: Store, make: Any) -> None:
    """The second finds the one before it withdrawn, or the revision there, and leaves no audit row."""
    store.add_messages([card(make, 1)], actor="test", at=make.at)
    for expected in (1, 0):
        assert store.revise_messages([(card(make, 2), "m1")], actor="clock", at=make.at) == expected
        assert store.revise_messages([(card(make, 3), None)], actor="clock", at=make.at) == expected
    assert [entry.verb for entry in store.audit()].count("revise_messages") == 2
