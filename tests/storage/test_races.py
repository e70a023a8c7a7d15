"""Several at once, and deaths on the way: one winner, and all of a verb or nothing."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any, TypeVar

import pytest
from commands import until
from sqlalchemy import Connection, text

from storage import Approval, AttemptStart, Run, Saved, Store, failpoints, open_store
from storage.engine import connect, parse
from storage.failpoints import Failpoints, Hit
from storage.records import Fence

T = TypeVar("T")
HERE = Path(__file__).parent


def at_once(count: int, act: Callable[[int], T]) -> list[T]:
    """What `act` gives to each of `count` threads that start together."""
    gate = Barrier(count)

    def run(number: int) -> T:
        gate.wait()
        return act(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_many_clocks_one_run(store: Store, make: Any) -> None:
    """However many fire at one moment, one closes the wave."""
    runs = at_once(
        4,
        lambda number: store.close_run(
            "m", make.day, "midday", config_version=number, moves=[], actor=f"clock {number}", at=make.at
        ),
    )
    winners = [run for run in runs if isinstance(run, Run)]
    assert len(winners) == 1
    assert store.runs() == winners
    assert len(store.audit(subject=f"run:{winners[0].id}")) == 1


@pytest.mark.postgres
def test_who_stands_still_in_a_transaction_keeps_its_locks_for_ten_seconds(postgres_url: str) -> None:
    """A process that hangs between two statements cannot hold up the one that is to take over from it."""
    engine = connect(parse(postgres_url))
    with engine.connect() as connection:
        told = connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar()
    engine.dispose()
    assert told == "10s"


@pytest.mark.postgres
def test_a_beginning_under_way_is_taken_back_as_begun(postgres_url: str, make: Any) -> None:
    """Who takes over while the old sender's beginning is not yet committed waits for it, and sees its attempt: what may
    go out now is in doubt, not untried."""
    with open_store(postgres_url) as old, open_store(postgres_url) as new:
        old.add_messages([make.message(1, state="ready")], actor="app", at=make.at)
        token = old.acquire_lease("account:line", "h1", now=make.at, seconds=10)
        assert token is not None
        fence = Fence(lease="account:line", token=token)
        old.claim_messages(make.at, channel="line", holder="h1", limit=9, lease_seconds=60, fence=fence)
        start = AttemptStart(message_id="m1", payload={"text": "hi"}, retry_key="k", at=make.at)
        later = make.at + dt.timedelta(seconds=11)
        engine = connect(parse(postgres_url))
        with ThreadPoolExecutor(2) as pool, engine.connect() as between, between.begin() as stands_still:
            between.execute(text("LOCK TABLE audit IN EXCLUSIVE MODE"))  # which a beginning writes at its end
            beginning = pool.submit(old.begin_attempts, [start], holder="h1", fence=fence)
            _waiting(between, 1)
            taking = pool.submit(new.expire_leases, later, channel="line", whole=True)
            _waiting(between, 2)
            stands_still.rollback()
            assert (beginning.result(), taking.result()) == (["m1"], 1)
        engine.dispose()
        [message] = new.messages()
        assert (message.state, [each.outcome for each in message.attempts]) == ("unknown", ["unknown"])


def _waiting(connection: Connection, count: int) -> None:
    """Return when so many of this database's sessions wait for another."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    until(lambda: connection.execute(query).scalar() == count, f"{count} to wait")


def test_many_hands_one_approval(store: Store, make: Any) -> None:
    """Of several who approve at one moment one writes the messages."""
    plan = make.planned(store, make.order())
    answers = at_once(
        4, lambda n: store.approve_plan(plan.id, messages=[make.message()], moves=[], actor=f"C{n}", at=make.at)
    )
    assert Counter(answers) == {Approval.APPROVED: 1, Approval.ALREADY: 3}
    assert len(store.messages()) == 1


def test_two_words_on_one_wave_are_one(store: Store, make: Any) -> None:
    """Of several who say at one moment that a wave rode, or that it is put off, one is heard, and all of it is done."""
    order = make.order()
    plan = make.planned(store, order)
    (waits,) = store.runs()
    off = make.moves(order, state="unassigned")

    def say(number: int) -> bool:
        if number % 2:
            return store.settle_run(waits, moves=[], actor=f"C{number}", at=make.at)
        told = [make.message(number, event="off")]
        return store.cancel_run(plan.run_id, found="planned", moves=off, messages=told, actor=f"C{number}", at=make.at)

    heard = at_once(4, say)
    assert sorted(heard) == [False, False, False, True]
    it_rode = heard.index(True) % 2 == 1
    (run,) = store.runs()
    (leg,) = store.orders()[0].legs
    assert (run.state, leg.state) == (("finished", "dispatched") if it_rode else ("cancelled", "unassigned"))
    assert len(store.messages()) == (0 if it_rode else 1)


def test_many_senders_no_message_twice(store: Store, make: Any) -> None:
    """Claims at one moment never share a message, nor an address."""
    messages = [make.message(number, state="ready", address=f"U{number % 12}") for number in range(30)]
    store.add_messages(messages, actor="app", at=make.at)
    claims = at_once(
        4, lambda n: store.claim_messages(make.at, channel="line", holder=f"h{n}", limit=8, lease_seconds=9)
    )
    claimed = [message for claim in claims for message in claim]
    assert len({message.id for message in claimed}) == len(claimed) > 0
    assert len({message.address for message in claimed}) == len(claimed)


def test_many_imports_of_one_file(store: Store, make: Any) -> None:
    """The same orders from several sides are created once, with one buyer each."""
    orders = [make.order(number) for number in range(20)]
    saved = at_once(3, lambda n: store.save_orders(orders, actor=f"import {n}", at=make.at))
    counts = Counter(row for rows in saved for (row,) in rows)
    assert counts == {Saved.CREATED: 20, Saved.UNCHANGED: 40}
    assert len(store.members()) == 20


def test_many_doors_one_migration(tmp_path: Path) -> None:
    """A new database opened by several at one moment is migrated once, and turns nobody away."""
    for attempt in range(8):  # who comes first differs each time
        url = f"sqlite:///{tmp_path}/{attempt}.db"

        def look(_: int, url: str = url) -> str:
            with open_store(url) as store:
                return store.revision()

        assert len(set(at_once(6, look))) == 1


def child(url: str, armed: str, verb: str) -> subprocess.CompletedProcess[str]:
    """Another process that does `verb` on the database, with failpoints armed."""
    command = [sys.executable, str(HERE / "one_verb.py"), url, verb]
    environment = {failpoints.VARIABLE: armed, "PYTHONPATH": str(HERE.parents[1])}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("verb", ["save_orders", "approve_plan", "cancel_order"])
def test_killed_before_the_commit_leaves_nothing(store: Store, database_url: str, make: Any, verb: str) -> None:
    """A process killed with all its statements done and no commit has done nothing; again, it does all."""
    plan = make.planned(store, make.order())
    if verb == "cancel_order":
        store.approve_plan(plan.id, messages=[make.message(2, plan_id=plan.id)], moves=[], actor="C1", at=make.at)

    def facts() -> object:
        return store.orders(), store.runs(), store.messages(), store.plans(make.day), store.members(), store.audit()

    before = facts()
    killed = child(database_url, f"{verb}.before_commit=kill", verb)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert facts() == before
    whole = child(database_url, "", verb)
    assert whole.returncode == 0, whole.stderr
    assert facts() != before


def test_killed_after_the_commit_leaves_all(store: Store, database_url: str, make: Any) -> None:
    """What was committed is there, though nobody heard of it; doing it again changes nothing."""
    make.planned(store, make.order())
    killed = child(database_url, "approve_plan.after_commit=kill@1", "approve_plan")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert [message.id for message in store.messages()] == ["m1"]
    again = child(database_url, "", "approve_plan")
    assert again.stdout.strip() == "already"


def test_every_verb_that_writes_has_its_failpoints() -> None:
    """The harness finds two points for each verb that writes, by the verb's own name."""
    verbs = {name.removesuffix(".before_commit") for name in failpoints.declared() if name.endswith(".before_commit")}
    assert verbs >= {"save_orders", "close_run", "save_plan", "approve_plan", "claim_messages", "finish_attempts"}
    assert {f"{verb}.after_commit" for verb in verbs} < failpoints.declared()
    writing = {
        line.split('self._write("')[1].split('"')[0]
        for path in (HERE.parents[1] / "storage").glob("*.py")
        for line in path.read_text().splitlines()
        if 'self._write("' in line
    }
    assert writing == verbs


def test_failpoints_count_their_passes() -> None:
    """`@n` means the n-th pass alone; without it every pass; an unarmed name passes by."""
    armed = Failpoints.parse("a.b=raise@2, c=raise")
    armed.pass_by("a.b")
    with pytest.raises(Hit):
        armed.pass_by("a.b")
    armed.pass_by("a.b")
    for _ in range(2):
        with pytest.raises(Hit):
            armed.pass_by("c")
    armed.pass_by("other")
    assert not Failpoints.parse("")


@pytest.mark.parametrize("text", ["x", "x=explode", "x=kill@0", "x=kill@", "=kill"])
def test_a_failpoint_misspelt_is_refused(text: str) -> None:
    """A harness that arms nothing by mistake would prove nothing."""
    with pytest.raises(ValueError, match="SONGSUK_FAILPOINTS"):
        Failpoints.parse(text)
