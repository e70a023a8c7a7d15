"""Areas that wait to be solved: posted together, in one hand at a time, answered once; on both databases."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from storage import PlanningArea, Run, Store

NOW = dt.datetime(2026, 11, 23, 11, 0, tzinfo=dt.UTC)
SOON = NOW + dt.timedelta(seconds=5)
LATER = NOW + dt.timedelta(seconds=9)


def area(run: Run, name: str = "mueang", digest: str = "d1") -> PlanningArea:
    return PlanningArea(
        id=f"a_{name}_{digest}",
        run_id=run.id,
        area=name,
        digest=digest,
        order_ids=("SR-0001",),
        rider_ids=("R1",),
        settings={"seconds": 5.0},
        until=NOW,
    )


def posted(store: Store, run: Run, *areas: PlanningArea) -> list[PlanningArea]:
    found = store.post_areas(run, areas, actor="clock", at=NOW)
    assert found is not None
    return found


def claim(store: Store, holder: str, now: dt.datetime = NOW, key: str = "a_mueang_d1") -> PlanningArea | None:
    return store.claim_area(key, holder, now=now, seconds=8)


def answer(store: Store, given: PlanningArea, words: str) -> bool:
    return store.answer_area(replace(given, answer={"plan": words}), actor="w", at=NOW)


def test_posting_twice_keeps_what_is_there(store: Store, make: Any) -> None:
    """Two clocks that post the same areas make them once; an area that has changed since is posted anew."""
    run = make.closed(store, make.order())
    (first,) = posted(store, run, area(run))
    assert answer(store, first, "done")
    again = posted(store, run, replace(area(run), id="a_other"), area(run, "kadaeng"))
    assert [(each.id, each.answer) for each in again] == [("a_kadaeng_d1", None), (first.id, {"plan": "done"})]
    changed = posted(store, run, area(run, digest="d2"))
    assert [(each.id, each.answer) for each in changed] == [("a_mueang_d2", None)]
    assert store.unsolved(run.id) == 1


def test_areas_are_posted_for_the_run_as_it_was_found(store: Store, make: Any) -> None:
    """Where somebody has planned the wave meanwhile, nothing is posted; what was posted before went with the plan."""
    order = make.order()
    run = make.closed(store, order)
    posted(store, run, area(run))
    make.replanned(store, run, order)
    assert store.areas(run.id) == []
    assert store.post_areas(run, [area(run)], actor="clock", at=NOW) is None
    assert store.waiting_areas(NOW) == []


def test_one_hand_at_a_time(store: Store, make: Any) -> None:
    """An area is in one hand until the end of its while, which that hand alone may move; then in another's."""
    run = make.closed(store, make.order())
    posted(store, run, area(run))
    assert store.waiting_areas(NOW) == ["a_mueang_d1"]
    mine = claim(store, "w1")
    assert mine is not None
    assert (mine.holder, mine.tries, mine.order_ids) == ("w1", 1, ("SR-0001",))
    assert (claim(store, "w2", SOON), store.waiting_areas(SOON)) == (None, [])
    assert not store.hold_area(mine.id, "w2", until=LATER, now=SOON)
    assert store.hold_area(mine.id, "w1", until=LATER + dt.timedelta(seconds=8), now=SOON)
    assert claim(store, "w2", LATER) is None
    assert store.hold_area(mine.id, "w1", until=LATER, now=LATER)
    assert store.waiting_areas(LATER) == [mine.id]
    other = claim(store, "w2", LATER)
    assert other is not None
    assert (other.holder, other.tries) == ("w2", 2)


def test_areas_that_nobody_comes_for(store: Store, make: Any) -> None:
    """Areas are unattended while nobody has any in hand, since the last was let go of; not while one is, nor solved."""
    run = make.closed(store, make.order())
    assert store.unattended_areas(NOW) is None
    _, given = posted(store, run, area(run, "kadaeng"), area(run))
    assert store.unattended_areas(SOON) == (2, NOW)
    assert store.unattended_areas(NOW - dt.timedelta(seconds=1)) is None
    assert claim(store, "w1") is not None
    assert (store.unattended_areas(SOON), store.held_areas(SOON)) == (None, [(given.id, "w1")])
    assert (store.unattended_areas(LATER), store.held_areas(LATER)) == ((2, NOW + dt.timedelta(seconds=8)), [])
    assert answer(store, given, "done")
    assert store.unattended_areas(LATER) == (1, NOW)


def test_many_who_reach_for_an_area_find_one(store: Store, make: Any) -> None:
    """Of eight workers that are woken for one area at the same moment, one has it."""
    run = make.closed(store, make.order())
    posted(store, run, area(run))
    with ThreadPoolExecutor(8) as hands:
        taken = list(hands.map(lambda k: claim(store, f"w{k}"), range(8)))
    assert sum(each is not None for each in taken) == 1


def test_the_first_answer_counts(store: Store, make: Any) -> None:
    """An answer comes once, from whomever it comes first; nothing is taken, held or dropped after it."""
    run = make.closed(store, make.order())
    (given,) = posted(store, run, area(run))
    assert claim(store, "w1") is not None
    assert answer(store, given, "w1's")
    assert not answer(store, given, "w2's")
    assert (claim(store, "w2", LATER), store.waiting_areas(LATER), store.unsolved(run.id)) == (None, [], 0)
    assert not store.hold_area(given.id, "w1", until=LATER, now=NOW)
    assert not store.drop_area(given, actor="w2", at=NOW)
    assert [each.answer for each in store.areas(run.id)] == [{"plan": "w1's"}]


def test_a_dropped_area_is_answered_by_nobody(store: Store, make: Any) -> None:
    """What is no more as it was posted is withdrawn, and an answer to it comes to nothing."""
    run = make.closed(store, make.order())
    (given,) = posted(store, run, area(run))
    assert store.drop_area(given, actor="w1", at=NOW)
    assert not answer(store, given, "late")
    assert store.areas(run.id) == []


def test_who_rides_when(store: Store, make: Any) -> None:
    """A rider's rides of the day are those of the current plans of all waves but one, from first step to last."""
    orders = [make.order(1), make.order(2)]
    plan = make.planned(store, *orders)
    run = store.run_by_id(plan.run_id)
    assert run is not None
    first, last = plan.routes[0].steps[0].arrival, plan.routes[0].steps[-1].arrival
    assert store.rides(make.day, but="r_other") == [("R1", first, last)]
    assert store.rides(make.day, but=run.id) == []
    make.replanned(store, run, orders[0])
    assert len(store.rides(make.day, but="r_other")) == 1
