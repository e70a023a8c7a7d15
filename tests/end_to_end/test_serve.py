"""`songsuk serve` as a real process beside the two fake services: an afternoon in seconds, an end, and a new start."""

from __future__ import annotations

import contextlib
import datetime as dt
import signal
import socket
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemas
from commands import Daemon, House, until
from line_server import LineServer
from samples import DAY, SECRETS, config_text, write_rows
from telegram_server import TelegramServer
from threads import beside

from scheduler.config import parse
from scheduler.demo.market import write
from storage import Message, Role, open_store

TELEGRAM = {"X-Telegram-Bot-Api-Secret-Token": "telegram-secret"}
AFTERNOON = f"{DAY}T12:30:00+07:00;x600"
EVENING = f"{DAY}T19:29:30+07:00;x60"
ORDER = {
    "order_id": "W1",
    "service_date": "2026-11-26",
    "seller_id": "S01",
    "buyer_phone": "0812345678",
    "pin": "9.142,99.325",
    "items": "ขนมชั้น x2",
}


def market(folder: Path, url: str, line: LineServer, telegram: TelegramServer) -> House:
    """A house with the evening orders of a made-up market; the evening wave closes at 12:40."""
    channels = (
        f"line: {{api_base: '{line.base}', data_base: '{line.base}'}}\n  telegram: {{api_base: '{telegram.base}'}}"
    )
    edits = {
        "cut_off: {days_before: 0, time: 11:00}": "cut_off: {days_before: 0, time: 12:40}",
        "approve_by: {days_before: 0, time: 12:30}": "approve_by: {days_before: 0, time: 13:50}",
    }
    house = House(folder=folder, url=url, environ=dict(SECRETS))
    house.config.write_text(config_text(channels, edits), encoding="utf-8")
    write(folder, parse(config_text()), dt.date.fromisoformat(DAY), "small", 1)
    for name in ("riders", "sellers", "coordinators"):
        house.json("members", "import", folder / f"{name}.csv")
    import csv

    with (folder / "orders.csv").open(encoding="utf-8-sig", newline="") as stream:
        evening = [row for row in csv.DictReader(stream) if row["window_from"] == "16:00"]
    house.json("orders", "import", write_rows(folder / "evening.csv", evening))
    return house


class Visitor:
    """Who asks the daemon things over HTTP."""

    def __init__(self, base: str, key: str) -> None:
        self._client = httpx.Client(base_url=base, timeout=30)
        self.key = {"Authorization": f"Bearer {key}"}

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str) -> httpx.Response:
        return self._client.get(path, headers=self.key)

    def post(self, path: str, **what: Any) -> httpx.Response:
        return self._client.post(path, **{"headers": self.key, **what})

    def evening(self) -> Any:
        """The evening wave, as the API shows it."""
        waves = self.get(f"/api/v1/plans/{DAY}?wave=evening").json()["waves"]
        return waves[0] if waves else {"state": "open"}

    def sent(self, kind: str) -> list[Any]:
        """The accepted messages of one kind."""
        return list(self.get(f"/api/v1/messages?kind={kind}&state=accepted").json()["messages"])


@pytest.fixture
def fakes() -> Any:
    with beside(LineServer()) as line, beside(TelegramServer()) as telegram:
        yield line, telegram


def test_an_afternoon_of_the_daemon(tmp_path: Path, sqlite_url: str, fakes: tuple[LineServer, TelegramServer]) -> None:
    """It answers, takes orders and events, plans at the cut-off, sends what is approved elsewhere, outlives a broken
    config, ends at a SIGTERM, and after a restart says nothing twice."""
    line, telegram = fakes
    house = market(tmp_path, sqlite_url, line, telegram)
    key = house.json("keys", "create", "webshop")["key"]
    with house.serving(SONGSUK_CLOCK=AFTERNOON) as daemon, Visitor(daemon.listening(), key) as visitor:
        _it_answers(visitor)
        _it_takes_orders(visitor)
        _it_takes_events(visitor, house, line)
        _it_sends_what_is_approved(visitor, house, line, telegram)
        _it_outlives_a_broken_config(visitor, house)
        _it_leaves_at_the_hour(visitor)
        _it_ends(daemon)
    before = len(line.log) + len(telegram.log)
    with house.serving(SONGSUK_CLOCK=EVENING) as daemon, Visitor(daemon.listening(), key) as visitor:
        until(lambda: visitor.evening()["state"] == "finished", "the end of the wave")
        _it_ends(daemon)
    assert line.bad_requests == telegram.bad_requests == []
    messages = house.json("messages", "list")["messages"]
    assert {message["state"] for message in messages} == {"accepted"}
    numbers = {message["attempts"][-1]["provider_id"] for message in messages}
    taken = [number for log in line.log for number in log.message_ids] + [str(log.message_id) for log in telegram.log]
    assert len(numbers) == len(messages), "each message once, whichever daemon sent it"
    assert numbers <= set(taken)
    requests = {message["bundle"] for message in messages if message["channel"] == "line"}
    assert len(requests) == len(line.log), "one request for what was due together"
    after = len(line.log) + len(telegram.log)
    assert before == after, [message for message in messages if message["attempts"][-1]["at"] > f"{DAY}T19:29"]


def _it_answers(visitor: Visitor) -> None:
    assert visitor.get("/healthz").text == "ok"
    schemas.check(visitor.get(f"/api/v1/plans/{DAY}").json())
    ready = visitor.get("/readyz").json()
    assert (ready["ready"], ready["config_version"], ready["config_file_ok"]) == (True, 1, True)
    assert visitor.get("/openapi.json").json()["info"]["title"] == "Songsuk"
    assert "songsuk_messages" in visitor.get("/metrics").text


def _it_takes_orders(visitor: Visitor) -> None:
    def status(body: Any, **headers: str) -> int:
        content = body if isinstance(body, bytes) else None
        return visitor.post(
            "/api/v1/orders", json=None if content else body, content=content, headers={**visitor.key, **headers}
        ).status_code

    assert status(ORDER) == 201
    assert status(ORDER) == 200
    assert status({**ORDER, "items": "ขนมชั้น x3"}) == 200
    assert status({**ORDER, "buyer_phone": "08x1"}) == 422
    assert status(b"{") == 422
    assert status(ORDER, Authorization="Bearer sk_nobody") == 401
    assert status(b" " * (1 << 20) + b"{}") == 413


def _it_takes_events(visitor: Visitor, house: House, line: LineServer) -> None:
    event = {"type": "follow", "webhookEventId": "01EVENT", "source": {"type": "user", "userId": "U" + "0" * 32}}
    headers, body = line.signed([event])
    assert visitor.post("/hooks/line", content=body, headers={}).status_code == 401
    for _ in range(2):
        assert visitor.post("/hooks/line", content=body, headers=headers).status_code == 200
    assert visitor.post("/hooks/telegram", json={"update_id": 7}, headers={}).status_code == 401
    assert visitor.post("/hooks/telegram", json={"update_id": 7}, headers=TELEGRAM).status_code == 200
    with open_store(house.url) as store:
        for told in ("line/01EVENT", "telegram/7"):
            [_] = until(lambda: store.audit(subject=f"inbox:{told}"), "the event to be worked off")  # noqa: B023


def _it_sends_what_is_approved(visitor: Visitor, house: House, line: LineServer, telegram: TelegramServer) -> None:
    wave = until(lambda: found if (found := visitor.evening())["state"] == "planned" else None, "the evening's plan")
    before = visitor.get("/api/v1/messages").json()["messages"]
    assert [message for message in before if message["kind"] in {"route", "window", "pick_list"}] == []
    words = ("plan", "approve", DAY, "--wave", "evening", "--plan", wave["plan_id"])
    answer = house.json(*words, SONGSUK_CLOCK=f"{DAY}T13:30:00+07:00")
    assert (answer["already"], answer["state"]) == (False, "approved")
    sellers = {step["seller_id"] for route in wave["routes"] for step in route["steps"] if step["type"] == "pickup"}
    until(lambda: {message["to"]["member_id"] for message in visitor.sent("pick_list")} == sellers, "the pick lists")
    assert len(line.log) >= len(sellers)


def _it_outlives_a_broken_config(visitor: Visitor, house: House) -> None:
    good = house.config.read_text(encoding="utf-8")
    house.config.write_text(good.replace("Asia/Bangkok", "Mars/Base"), encoding="utf-8")
    until(lambda: not visitor.get("/readyz").json()["config_file_ok"], "the broken config to be seen")
    assert visitor.get("/readyz").json()["config_version"] == 1
    assert visitor.evening()["config_version"] == 1
    house.config.write_text(good.replace("max_orders: 40", "max_orders: 39"), encoding="utf-8")
    until(lambda: visitor.get("/readyz").json()["config_version"] == 2, "the good config")
    until(lambda: visitor.get("/readyz").json()["config_file_ok"], "the end of the fault")  # told a moment later
    assert visitor.evening()["config_version"] == 1, "a closed wave keeps its own"


def _it_leaves_at_the_hour(visitor: Visitor) -> None:
    wave = until(
        lambda: found if (found := visitor.evening())["state"] in {"dispatched", "finished"} else None, "the dispatch"
    )
    riders = {route["rider_id"] for route in wave["routes"]}
    until(lambda: {message["to"]["member_id"] for message in visitor.sent("route")} == riders, "the routes")
    dispatch = dt.datetime.fromisoformat(f"{DAY}T14:00:00+07:00")
    for message in visitor.sent("route"):
        assert dt.datetime.fromisoformat(message["attempts"][-1]["at"]) >= dispatch
    order_id = next(step["order_id"] for step in wave["routes"][0]["steps"] if step["type"] == "delivery")
    seller = next(
        s["seller_id"] for s in wave["routes"][0]["steps"] if s.get("order_id") == order_id and "seller_id" in s
    )
    answer = visitor.post("/api/v1/orders", json={**ORDER, "order_id": order_id, "seller_id": seller})
    assert (answer.status_code, answer.json()["code"]) == (409, "order.already_dispatched")


def _it_ends(daemon: Daemon, by: signal.Signals = signal.SIGTERM) -> None:
    assert daemon.stop(by) == 0, daemon.lines
    assert not [line for line in daemon.lines if "Traceback" in line or " ERROR " in line], "\n".join(daemon.lines)


def test_it_ends_in_the_middle_of_a_search(
    tmp_path: Path, sqlite_url: str, fakes: tuple[LineServer, TelegramServer]
) -> None:
    """An hour's solving does not hold up a SIGTERM; the wave stays closed, to be planned at the next start."""
    house = market(tmp_path, sqlite_url, *fakes)
    text = house.config.read_text(encoding="utf-8")
    house.config.write_text(
        text.replace("engine: auto, seconds: 0.3,", "engine: ortools, seconds: 3600,"), encoding="utf-8"
    )
    key = house.json("keys", "create", "webshop")["key"]
    with house.serving(SONGSUK_CLOCK=f"{DAY}T13:00:00+07:00") as daemon, Visitor(daemon.listening(), key) as visitor:
        until(lambda: visitor.evening()["state"] == "closed", "the cut-off")
        with open_store(house.url) as store:
            until(lambda: dict(store.held_areas(store.shared_now(dt.datetime.now(dt.UTC)))), "a search")
        _it_ends(daemon)
    [wave] = house.json("plan", "show", DAY, "--wave", "evening")["waves"]
    assert (wave["state"], wave["plan_id"]) == ("closed", None)


def test_it_starts_from_nothing_and_ends_under_odd_visitors(tmp_path: Path) -> None:
    """On a new database the address is still the first line; requests that never end do not hold up Ctrl-C."""
    house = House(folder=tmp_path, url=f"sqlite:///{tmp_path / 'new' / 'songsuk.db'}")
    house.config.write_text(config_text(), encoding="utf-8")
    with house.serving() as daemon:
        address = httpx.URL(daemon.listening())
        with contextlib.ExitStack() as visitors:
            for said in (b"", b"GET /rea", b"POST /api/v1/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"):
                visitor = visitors.enter_context(socket.create_connection((address.host, address.port or 0)))
                visitor.sendall(said)
            assert httpx.get(address.join("/readyz")).json()["ready"] is True
            _it_ends(daemon, signal.SIGINT)


def _small(folder: Path, url: str, channels: str = "console: {}", **environ: str) -> House:
    """A house with one seller's market, nobody in it."""
    house = House(folder=folder, url=url, environ=environ)
    house.config.write_text(config_text(channels), encoding="utf-8")
    return house


def _message(number: int, **changes: Any) -> Message:
    """What is due now, to one person."""
    now = dt.datetime.now(dt.UTC)
    message = Message(
        id=f"00000000-0000-4000-8000-{number:012}",
        kind="window",
        klass="informative",
        event=f"test:{number}",
        role=Role.BUYER,
        member_ref=f"B{number}",
        name="ผู้ซื้อ",
        channel="console",
        address=f"buyer:B{number}",
        send_at=now,
        expires_at=now + dt.timedelta(hours=1),
        text="วันนี้",
        content={"title": "วันนี้", "language": "th", "lines": [], "actions": []},
    )
    return replace(message, **changes)


def _say(url: str, *messages: Message) -> None:
    with open_store(url) as store:
        store.add_messages(messages, actor="test", at=dt.datetime.now(dt.UTC))


def _states(url: str) -> list[str]:
    with open_store(url) as store:
        return [message.state for message in store.messages()]


def _execute(url: str, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30)) as connection, connection:
        connection.execute(statement)


def test_a_row_that_nobody_can_read_holds_up_no_loop(tmp_path: Path, sqlite_url: str) -> None:
    """A message that cannot be said ends as failed; a loop that stumbles tells it at once, in its log and in /readyz,
    holds up no other, and is well again when the row is."""
    house = _small(tmp_path, sqlite_url)
    _say(sqlite_url, _message(1, content={}), *(_message(number) for number in range(2, 12)))
    with house.serving() as daemon, httpx.Client(base_url=daemon.listening(), timeout=30) as visitor:
        until(lambda: _states(sqlite_url) == ["failed", *["accepted"] * 10], "the others to go out")
        assert visitor.get("/readyz").json()["failing"] == {}
        assert len([line for line in daemon.lines if "cannot be said" in line]) == 1

        run = "INSERT INTO run (id, market, date, wave, state, config_version, opened_at) VALUES "
        today = f"'{dt.datetime.now(dt.UTC):%Y-%m-%d}'"
        now = f"'{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%S.000000}'"
        _execute(sqlite_url, f"{run} ('r_odd', 'sirisuk', {today}, 'odd', 'closed', 99, {now})")
        until(lambda: visitor.get("/readyz").json()["failing"].get("clock") == "LookupError", "the clock to stumble")
        unready = visitor.get("/readyz")
        assert (unready.status_code, unready.json()["ready"]) == (503, False)
        assert any("clock: it failed" in line for line in daemon.lines), daemon.lines
        _say(sqlite_url, _message(20))
        until(lambda: _states(sqlite_url)[-1] == "accepted", "the outbox to go on")
        _execute(sqlite_url, "DELETE FROM run WHERE id = 'r_odd'")
        ready = until(lambda: found if (found := visitor.get("/readyz")).status_code == 200 else None, "it to be well")
        assert ready.json()["failing"] == {}
        assert daemon.stop(signal.SIGTERM) == 0


def test_it_ends_though_its_database_is_locked(tmp_path: Path, sqlite_url: str) -> None:
    """Another process that writes and never ends holds up no SIGTERM; what waited is said at the next start."""
    house = _small(tmp_path, sqlite_url)
    with house.serving() as daemon:
        daemon.listening()
        database = sqlite_url.removeprefix("sqlite:///")
        with contextlib.closing(sqlite3.connect(database, isolation_level=None, timeout=30)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert daemon.stop(signal.SIGTERM) == 0
            other.execute("ROLLBACK")
        assert any("does not come to an end" in line for line in daemon.lines), daemon.lines
    _say(sqlite_url, _message(1))
    with house.serving() as daemon:
        until(lambda: _states(sqlite_url) == ["accepted"], "what waited to be said")
        assert daemon.stop(signal.SIGTERM) == 0


def test_a_channel_that_an_edit_brings_is_sent_over(
    tmp_path: Path, sqlite_url: str, fakes: tuple[LineServer, TelegramServer]
) -> None:
    """LINE written into a running daemon's config: without its secrets it does not take force and says which is
    missing; with them it is connected, sent over and listened to, and so it is at another address."""
    line, _ = fakes
    house = _small(tmp_path, sqlite_url)
    with_line = f"line: {{api_base: '{line.base}', data_base: '{line.base}'}}"
    with house.serving() as daemon, httpx.Client(base_url=daemon.listening(), timeout=30) as visitor:
        house.config.write_text(config_text(with_line), encoding="utf-8")
        told = until(lambda: visitor.get("/readyz").json()["config_file_error"], "the edit to be refused")
        assert "SONGSUK_LINE_CHANNEL_ACCESS_TOKEN" in told
        assert visitor.get("/readyz").json()["config_version"] == 1
        assert any("SONGSUK_LINE_CHANNEL_ACCESS_TOKEN" in said for said in daemon.lines)
        assert daemon.stop(signal.SIGTERM) == 0
    assert "SONGSUK_LINE_CHANNEL_ACCESS_TOKEN" in house.run("doctor").out
    _say(sqlite_url, _message(90, channel="telegram", send_at=dt.datetime.now(dt.UTC) + dt.timedelta(minutes=50)))
    assert "channel telegram: messages that wait to go over it: 1" in house.run("doctor").out
    _execute(sqlite_url, "DELETE FROM message")
    house.config.write_text(config_text(), encoding="utf-8")
    house.environ.update(SECRETS)
    with house.serving() as daemon, httpx.Client(base_url=daemon.listening(), timeout=30) as visitor:
        for timeout, number in ((10, 1), (9, 2)):
            text = config_text(with_line.replace("}", f", timeout_seconds: {timeout}}}"))
            house.config.write_text(text, encoding="utf-8")
            until(lambda: visitor.get("/readyz").json()["config_version"] == number + 1, "the edit to take force")  # noqa: B023
            _say(sqlite_url, _message(number, channel="line", address=f"U{number:032x}"))
            until(lambda: _states(sqlite_url) == ["accepted"] * number, "the message to go out")  # noqa: B023
        headers, body = line.signed(
            [{"type": "follow", "webhookEventId": "01E", "source": {"type": "user", "userId": "U" + "0" * 32}}]
        )
        assert visitor.post("/hooks/line", content=body, headers=headers).status_code == 200
        assert visitor.get("/readyz").json()["failing"] == {}
        _it_ends(daemon)


def test_it_starts_and_stays_without_its_file(tmp_path: Path, sqlite_url: str) -> None:
    """A market that has run starts by its last version when config.yaml is gone or broken, and says so all along."""
    house = _small(tmp_path, sqlite_url)
    house.json("orders", "list")
    good = house.config.read_text(encoding="utf-8")
    house.config.unlink()
    with house.serving() as daemon, httpx.Client(base_url=daemon.listening(), timeout=30) as visitor:
        ready = visitor.get("/readyz")
        assert (ready.status_code, ready.json()["config_version"]) == (200, 1)
        assert ready.json()["config_file_ok"] is False
        until(
            lambda: any("is not valid; going on with version 1" in line for line in daemon.lines), "the log to say so"
        )
        house.config.write_text(good, encoding="utf-8")
        until(lambda: visitor.get("/readyz").json()["config_file_ok"], "the file to be back")
        house.config.unlink()
        until(lambda: not visitor.get("/readyz").json()["config_file_ok"], "the file to be missed")
        assert "cannot be read (not found)" in visitor.get("/readyz").json()["config_file_error"]
        assert daemon.stop(signal.SIGTERM) == 0
