"""`songsuk worker` beside `songsuk serve`, as real processes over PostgreSQL: planning goes on whoever dies."""

from __future__ import annotations

import datetime as dt
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import House, until
from samples import DAY, config_text

from scheduler.config import parse
from scheduler.demo.market import write
from storage import Plan, Run, Store, open_store

pytestmark = pytest.mark.postgres
AT_THE_CUT_OFF = f"{DAY}T12:39:58+07:00"
CLUSTER = {
    "engine: {kind: local}": "engine: {kind: procrastinate}",
    "cut_off: {days_before: 0, time: 11:00}": "cut_off: {days_before: 0, time: 12:40}",
    "approve_by: {days_before: 0, time: 12:30}": "approve_by: {days_before: 0, time: 13:50}",
}


@pytest.fixture
def house(tmp_path: Path, empty_postgres_url: str) -> House:
    """A market of several machines, a moment before the evening wave closes."""
    house = House(folder=tmp_path, url=empty_postgres_url, environ={"SONGSUK_CLOCK": AT_THE_CUT_OFF})
    house.config.write_text(config_text(edits=CLUSTER), encoding="utf-8")
    write(tmp_path, parse(config_text()), dt.date.fromisoformat(DAY), "small", 1)
    for name in ("riders", "sellers", "coordinators"):
        house.json("members", "import", tmp_path / f"{name}.csv")
    house.run("orders", "import", tmp_path / "orders.csv")
    return house


@pytest.fixture
def store(house: House) -> Iterator[Store]:
    with open_store(house.url) as opened:
        yield opened


def closed(store: Store) -> Run | None:
    """The evening's run, once its areas wait to be solved."""
    runs = [run for run in store.runs(date=dt.date.fromisoformat(DAY)) if run.wave == "evening"]
    return runs[0] if runs and store.unsolved(runs[0].id) else None


def planned(store: Store) -> Plan | None:
    found = [plan for plan in store.plans(dt.date.fromisoformat(DAY)) if plan.wave == "evening"]
    return found[0] if found else None


def test_a_worker_that_dies_is_replaced(house: House, store: Store) -> None:
    """A daemon that solves nothing itself posts the wave; of a worker killed over it another takes it up, and the
    daemon has its plan; asked to leave, the worker ends in time."""
    with house.serving("--queues", "sending"):
        until(lambda: closed(store), "areas that wait")
        with house.working(SONGSUK_FAILPOINTS="answer_area.before_commit=kill") as dying:
            assert dying.wait() == -signal.SIGKILL
        assert planned(store) is None
        with house.working("--concurrency", "1") as worker:
            plan = until(lambda: planned(store), "the plan")
            code, took = worker.stop(signal.SIGTERM)
    assert plan.routes
    assert (code, took < 10) == (0, True), worker.lines
    solved = [entry for entry in store.audit(limit=1000) if entry.verb == "answer_area"]
    assert len({entry.subject for entry in solved}) == len(solved), "each area is answered once"
    assert max(entry.detail["tries"] for entry in solved) == 2


def test_two_daemons_make_one_plan_and_solve_it_themselves(house: House, store: Store) -> None:
    """Two daemons with their clocks close and plan each wave once, without a worker."""
    with house.serving(), house.serving():
        until(lambda: planned(store), "the plan")
    plans = store.plans(dt.date.fromisoformat(DAY), current_only=False)
    assert len({plan.run_id for plan in plans}) == len(plans)
    verbs = [entry.verb for entry in store.audit(limit=1000) if entry.subject.startswith("run:")]
    assert verbs.count("close_run") == len({run.id for run in store.runs() if run.closed_at is not None})


def test_planning_and_sending_in_processes_of_their_own(house: House, store: Store) -> None:
    """A daemon that only plans, and a worker that only sends: what is approved in a third process goes out."""
    with house.serving("--queues", "planning"), house.working("--queues", "sending") as sender:
        plan = until(lambda: planned(store), "the plan")
        house.json("plan", "approve", DAY, "--wave", "evening", "--plan", plan.id)
        told = until(lambda: store.messages(plan_id=plan.id, kinds={"pick_list"}, states={"accepted"}), "a pick list")
        assert sender.stop(signal.SIGTERM)[0] == 0
    assert {message.attempts[-1].outcome for message in told} == {"accepted"}


def test_a_market_of_one_machine_has_no_workers(tmp_path: Path, sqlite_url: str) -> None:
    """On a market that plans where `serve` runs, a worker and `--queues` are refused with the way out."""
    house = House(folder=tmp_path, url=sqlite_url)
    house.config.write_text(config_text(), encoding="utf-8")
    for words in (("worker",), ("serve", "--queues", "sending")):
        answer = house.run(*words)
        assert (answer.code, "engine: {kind: procrastinate}" in answer.err) == (2, True), answer
    assert house.run("serve", "--queues", "cooking").code == 2


def test_several_machines_need_a_server(tmp_path: Path, sqlite_url: str) -> None:
    """Over SQLite the engine of several machines is refused, at its line, before anything is done."""
    house = House(folder=tmp_path, url=sqlite_url)
    house.config.write_text(config_text(edits=CLUSTER), encoding="utf-8")
    line = next(k for k, text in enumerate(house.config.read_text().splitlines(), 1) if text.startswith("engine:"))
    answer = house.json("orders", "list", code=2)
    (error,) = answer["errors"]
    assert (error["code"], error["line"], error["path"]) == ("engine.needs_postgresql", line, "engine.kind")
