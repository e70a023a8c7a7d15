"""The three life-cycles: every arrow that is drawn, and none besides."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler import states

ARROWS = {
    "wave run": """
        open -> closed cancelled
        closed -> planned cancelled finished
        planned -> planned approved cancelled finished
        approved -> planned dispatched cancelled
        dispatched -> finished
        finished ->
        cancelled ->
    """,
    "leg": """
        received -> batched received cancelled
        batched -> planned unassigned received cancelled dispatched
        planned -> planned batched dispatched unassigned cancelled failed
        dispatched -> picked_up delivered failed cancelled
        picked_up -> delivered failed
        delivered ->
        failed -> rescheduled returned
        rescheduled -> received
        returned ->
        unassigned -> received batched cancelled
        cancelled -> received
    """,
    "message": """
        held -> ready expired superseded suppressed
        ready -> sending expired superseded suppressed held
        sending -> accepted unknown retry failed
        retry -> sending unknown expired superseded suppressed failed
        unknown -> accepted confirmed retry sending superseded failed
        accepted -> confirmed
        confirmed ->
        failed ->
        expired ->
        superseded ->
        suppressed -> ready superseded
    """,
}


def drawn(thing: str) -> dict[str, set[str]]:
    rows = [line.split("->") for line in ARROWS[thing].strip().splitlines()]
    return {before.strip(): set(after.split()) for before, after in rows}


THINGS = sorted(ARROWS)
PAIRS = [(thing, *pair) for thing in THINGS for pair in product(sorted(drawn(thing)), repeat=2)]


@pytest.mark.parametrize(("thing", "before", "after"), PAIRS)
def test_every_step_is_allowed_or_refused_as_drawn(thing: str, before: str, after: str) -> None:
    """Of all pairs of states exactly the drawn arrows may be walked; the others say what was tried."""
    if after in drawn(thing)[before]:
        assert states.allowed(thing, before, after)
        assert states.step(thing, before, after) == after
        assert before in states.sources(thing, after)
    else:
        assert not states.allowed(thing, before, after)
        assert before not in states.sources(thing, after)
        with pytest.raises(states.IllegalStep, match=f"{thing} that is {before} cannot become {after}"):
            states.step(thing, before, after)


@pytest.mark.parametrize("thing", THINGS)
def test_an_arrow_ends_in_a_state(thing: str) -> None:
    """No arrow leads to a state that the table does not have, where a row would be stuck without a rule."""
    arrows = drawn(thing)
    assert set().union(*arrows.values()) <= arrows.keys()


@pytest.mark.parametrize("thing", THINGS)
def test_unfinished_is_what_has_an_arrow(thing: str) -> None:
    """What is looked for after a long time off is every state that leads somewhere."""
    assert states.unfinished(thing) == {state for state, afters in drawn(thing).items() if afters}


@given(thing=st.sampled_from(THINGS), data=st.data())
def test_what_is_over_stays_over(thing: str, data: st.DataObject) -> None:
    """However a run or a message walks, it never leaves its final states; a delivered leg stays delivered."""
    arrows = drawn(thing)
    state = data.draw(st.sampled_from(sorted(arrows)))
    walked = [state]
    while arrows[state] and len(walked) < 30:
        state = states.step(thing, state, data.draw(st.sampled_from(sorted(arrows[state]))))
        walked.append(state)
    final = {"finished", "delivered", "returned", "confirmed", "failed", "expired", "superseded"}
    if thing == "leg":
        final -= {"failed"}
    if thing == "wave run":
        final |= {"cancelled"}
    assert not final & set(walked[:-1])
