"""`songsuk worker` beside `songsuk serve`, as real processes over PostgreSQL: planning goes on whoever dies."""

from __future__ import annotations

import datetime as dt
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import House, until
from samples import DAY, SECRETS, config_text, telegram_id
from sqlalchemy import text
from telegram_server import TelegramServer
from threads import beside

from scheduler.config import parse
from scheduler.demo.market import write
from storage import Plan, Store, open_store

pytestmark = pytest.mark.postgres
AT_THE_CUT_OFF = f"{DAY}T12:39:58+07:00"
CLUSTER = {
    "engine: {kind: local}": "engine: {kind: procrastinate}",
    "cut_off: {days_before: 0, time: 11:00}": "cut_off: {days_before: 0, time: 12:40}",
    "approve_by: {days_before: 0, time: 12:30}": "approve_by: {days_before: 0, time: 13:50}",
}


ENDLESS = {"engine: auto, seconds: 0.3": "engine: ortools, seconds: 3600"}
"""A search that no test waits for."""


@pytest.fixture
def house(tmp_path: Path, postgres_url: str) -> House:
    """A market of several machines, a moment before the evening wave closes."""
    house = House(folder=tmp_path, url=postgres_url, environ={"SONGSUK_CLOCK": AT_THE_CUT_OFF})
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


def of_the_evening(store: Store) -> set[str]:
    """The evening's areas, once they are posted."""
    runs = [run for run in store.runs(date=dt.date.fromisoformat(DAY)) if run.wave == "evening"]
    return {area.id for run in runs for area in store.areas(run.id)}


def in_hand(store: Store) -> dict[str, str]:
    """The evening's areas that somebody solves now, and who."""
    held = store.held_areas(store.shared_now(dt.datetime.now(dt.UTC)))
    return {area: holder for area, holder in held if area in of_the_evening(store)}


def search_less(store: Store) -> None:
    """Whoever takes an area up from now on searches for a second."""
    with store._engine.begin() as connection:
        connection.execute(text("UPDATE planning_area SET settings = jsonb_set(settings::jsonb, '{seconds}', '1')"))


def planned(store: Store) -> Plan | None:
    found = [plan for plan in store.plans(dt.date.fromisoformat(DAY)) if plan.wave == "evening"]
    return found[0] if found else None


def test_a_wave_is_planned_whoever_dies_or_leaves(house: House, store: Store) -> None:
    """A daemon that solves nothing itself posts a wave. A worker that is killed in the middle of a search is replaced
    by another once its lease has ended; one that is asked to leave in the middle of it ends in time, and what it had
    waits for the next at once. The plan comes, and each area of it was answered once."""
    all_at_once = ("--concurrency", "4")
    house.config.write_text(config_text(edits=CLUSTER | ENDLESS), encoding="utf-8")
    with house.serving("--queues", "sending"), house.working(*all_at_once) as dying:
        until(lambda: (areas := of_the_evening(store)) and in_hand(store).keys() == areas, "all areas in hands")
        first = in_hand(store)
        with house.working(*all_at_once) as leaving:
            assert in_hand(store) == first, dying.lines
            dying.stop(signal.SIGKILL)
            until(lambda: not set(in_hand(store).values()) & set(first.values()), "the end of the dead one's lease")
            until(lambda: in_hand(store).keys() == first.keys(), "another hand")
            assert leaving.stop(signal.SIGTERM) == 0, leaving.lines
        assert in_hand(store) == {}
        search_less(store)
        with house.working(*all_at_once):
            assert until(lambda: planned(store), "the plan").routes
    mine = {f"area:{id}" for id in first}
    solved = [entry for entry in store.audit(limit=1000) if entry.verb == "answer_area"]
    tries = sorted((entry.subject, entry.detail["tries"]) for entry in solved if entry.subject in mine)
    assert tries == [(subject, 3) for subject in sorted(mine)]


def test_planning_and_sending_in_processes_of_their_own(house: House, store: Store) -> None:
    """Two daemons that only plan close each wave once and make one plan of it, without a worker; what is approved in a
    third process goes out from a worker that only sends, and it alone fetches and answers what is written in a chat."""
    alone, someone = ("--queues", "planning"), telegram_id(1)
    house.environ |= SECRETS
    with beside(TelegramServer()) as telegram:
        telegram.updates = [telegram.update(someone, text="สวัสดี")]
        chats = f"console: {{}}\n  telegram: {{api_base: '{telegram.base}', updates: polling}}"
        house.config.write_text(config_text(chats, CLUSTER), encoding="utf-8")
        with house.serving(*alone), house.serving(*alone), house.working("--queues", "sending") as sender:
            until(lambda: telegram.log, "an answer in the chat")
            plan = until(lambda: planned(store), "the plan")
            house.json("plan", "approve", DAY, "--wave", "evening", "--plan", plan.id)
            lists = {"plan_id": plan.id, "kinds": {"pick_list"}, "states": {"accepted"}}
            told = until(lambda: store.messages(**lists), "a pick list")
            assert sender.stop(signal.SIGTERM) == 0
        assert ([log.chat_id for log in telegram.log], telegram.conflicts) == ([someone], 0)
    assert {message.attempts[-1].outcome for message in told} == {"accepted"}
    plans = store.plans(dt.date.fromisoformat(DAY), current_only=False)
    assert len({plan.run_id for plan in plans}) == len(plans)
    verbs = [entry.verb for entry in store.audit(limit=1000) if entry.subject.startswith("run:")]
    assert verbs.count("close_run") == len({run.id for run in store.runs() if run.closed_at is not None})


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
