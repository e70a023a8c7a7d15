"""A day over LINE and Telegram, to two services that remember: what was said how often, and that we know it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import schemas
from commands import House
from line_server import LineServer
from samples import (
    DAY,
    SECRETS,
    Row,
    addressed,
    by_turns,
    config_text,
    line_id,
    read_rows,
    rows,
    telegram_id,
    write_rows,
)
from serving import Point
from sqlalchemy import text
from telegram_server import TelegramServer
from threads import beside

from scheduler import app as application
from scheduler.config import parse
from scheduler.demo.market import write
from scheduler.outbox.verdicts import REPEATS
from scheduler.walk import walk
from storage import open_store

Person = tuple[str, str]


@dataclass(slots=True)
class Services:
    """A market whose people have chats, and the two services they have them on."""

    house: House
    line: LineServer
    telegram: TelegramServer
    addresses: dict[Person, tuple[str, str]]
    """Of each role and id: service and address; who is not here has none."""

    def messages(self) -> list[Any]:
        return list(self.house.json("messages", "list")["messages"])

    def accepted_once(self) -> None:
        """Our ledger and what the services accepted are the same list, row by row."""
        assert self.unnamed() == []

    def unnamed(self) -> list[Any]:
        """What the services accepted beyond what our ledger knows by their own numbers, row by row."""
        assert self.line.bad_requests == self.telegram.bad_requests == []
        sent = [message for message in self.messages() if message["state"] == "accepted"]
        ours = {(message["channel"], message["attempts"][-1]["provider_id"]): message for message in sent}
        assert len(ours) == len(sent)
        theirs: dict[tuple[str, str], Any] = {("telegram", str(log.message_id)): log for log in self.telegram.log}
        assert len(theirs) == len(self.telegram.log)
        requests = {message["bundle"] for message in sent if message["channel"] == "line"}
        assert requests == {log.key for log in self.line.log}
        for log in self.line.log:  # each message of a request has the number of its first object there
            rows = [message["attempts"][-1]["provider_id"] for message in sent if message["bundle"] == log.key]
            assert len(rows) <= len(log.message_ids) <= 5
            assert rows == [number for number in log.message_ids if number in rows]
            assert rows[0] == log.message_ids[0]
            theirs |= {("line", number): log for number in rows}
        assert ours.keys() <= theirs.keys()
        for (channel, provider_id), message in ours.items():
            log = theirs[channel, provider_id]
            assert self.address(message) == (channel, log.to if channel == "line" else log.chat_id)
            if channel == "line":
                assert {attempt["retry_key"] for attempt in message["attempts"]} == {log.key}
        assert len({log.key for log in self.line.log}) == len(self.line.log)
        said = Counter((message["event"], *message["to"].values()) for message in sent)
        assert set(said.values()) == {1}
        return [log for number, log in theirs.items() if number not in ours]

    def walk(self) -> None:
        """The whole day, without waiting for retries in real time; gone on with until none is left."""

        async def at_once(seconds: float) -> None:
            """The service's own times are short."""

        async def day() -> None:
            app = application.build(config_path=self.house.config, environ=self.house.settings())
            try:
                await walk(app, dt.date.fromisoformat(DAY), approve=True, wait=at_once)
                while app.store.message_counts().get("retry"):
                    await walk(app, dt.date.fromisoformat(DAY), approve=True, wait=at_once)
            finally:
                await app.close()

        asyncio.run(day())

    def address(self, message: Any) -> tuple[str, str]:
        return self.addresses[message["to"]["role"], message["to"]["member_id"]]


Opening = Callable[..., AbstractContextManager[Services]]


@pytest.fixture
def services(tmp_path: Path, sqlite_url: str) -> Opening:
    """Opens the sample market with everybody on the chat service they wish for."""

    def opened() -> AbstractContextManager[Services]:
        kinds = ("line", "telegram", "none")
        sellers = [row | {"chat_channel": kinds[number % 3]} for number, row in enumerate(rows("sellers"))]
        coordinators: list[Row] = [
            {"coordinator_id": "C1", "name": "ครูอ้อย", "language": "th", "line_user_id": line_id(201)},
            {"coordinator_id": "C2", "name": "Kate", "language": "en", "telegram_chat_id": telegram_id(202)},
        ]
        return _opened(
            House(folder=tmp_path, url=sqlite_url, environ=dict(SECRETS)),
            riders=addressed(rows("riders"), 1),
            sellers=addressed(sellers, 101),
            orders=addressed(rows("orders"), 1001),
            coordinators=coordinators,
        )

    return opened


@pytest.fixture
def typical(tmp_path: Path, sqlite_url: str) -> Opening:
    """Opens the invented market of sixty orders and six riders, whose people use one service or the other."""

    def opened(timeout: int = 10) -> AbstractContextManager[Services]:
        write(tmp_path, parse(config_text()), dt.date.fromisoformat(DAY), "typical", 1)
        ids = {"riders": "rider_id", "sellers": "seller_id", "orders": "buyer_ref", "coordinators": "coordinator_id"}
        riders, sellers, orders, coordinators = (
            by_turns(read_rows(tmp_path / f"{name}.csv"), id, first * 1000)
            for first, (name, id) in enumerate(ids.items())
        )
        house = House(folder=tmp_path, url=sqlite_url, environ=dict(SECRETS))
        return _opened(house, riders=riders, sellers=sellers, orders=orders, coordinators=coordinators, timeout=timeout)

    return opened


@contextlib.contextmanager
def _opened(
    house: House,
    *,
    riders: list[Row],
    sellers: list[Row],
    orders: list[Row],
    coordinators: list[Row],
    timeout: int = 10,
) -> Iterator[Services]:
    people = {
        **{("rider", row["rider_id"]): row for row in riders},
        **{("seller", row["seller_id"]): row for row in sellers},
        **{("buyer", row["buyer_ref"]): row for row in orders},
        **{("coordinator", row["coordinator_id"]): row for row in coordinators},
    }
    addresses = {
        who: ("line", row["line_user_id"]) if row.get("line_user_id") else ("telegram", row["telegram_chat_id"])
        for who, row in people.items()
        if row.get("line_user_id") or row.get("telegram_chat_id")
    }
    friends = {address for service, address in addresses.values() if service == "line"}
    chats = {address for service, address in addresses.values() if service == "telegram"}
    with beside(LineServer(friends=friends)) as line, beside(TelegramServer(chats=chats)) as telegram:
        patience = f"timeout_seconds: {timeout}"
        channels = f"line: {{api_base: '{line.base}', data_base: '{line.base}', {patience}}}\n"
        channels += f"  telegram: {{api_base: '{telegram.base}', {patience}}}"
        house.config.write_text(config_text(channels), encoding="utf-8")
        for name, found in (("riders", riders), ("sellers", sellers), ("coordinators", coordinators)):
            house.json("members", "import", write_rows(house.folder / f"{name}.csv", found))
        house.json("orders", "import", write_rows(house.folder / "orders.csv", orders))
        yield Services(house, line, telegram, addresses)


def test_every_message_arrives_once_and_the_ledger_knows_it(services: Opening) -> None:
    """Each push and chat message has its row and the other way round; a second run says nothing; the rest is phoned."""
    with services() as market:
        day = schemas.check(market.house.json("day", DAY, "--approve"))
        assert day["messages"].keys() == {"accepted", "suppressed"}
        schemas.check(market.house.json("messages", "list"))
        market.accepted_once()
        assert Counter(message["channel"] for message in market.messages()).keys() == {"line", "telegram", None}
        _who_has_no_chat_is_phoned(market)
        _each_in_their_language(market)
        assert not [message for message in market.messages() if message["kind"] == "escalation"]

        line, telegram = list(market.line.log), list(market.telegram.log)
        assert market.house.json("day", DAY, "--approve")["messages"] == day["messages"]
        assert (market.line.log, market.telegram.log) == (line, telegram)


def _approved(market: Services, at: str = "18:31") -> House:
    """The midday wave is planned, and approved in the evening before; nothing is sent yet. A backup of that."""
    house = market.house
    house.json("day", DAY, "--wave", "midday")
    plan = house.json("plan", "show", DAY, "--wave", "midday")["waves"][0]["plan_id"]
    house.json("plan", "approve", DAY, "--wave", "midday", "--plan", plan, SONGSUK_CLOCK=f"2026-11-23T{at}:00+07:00")
    schemas.check(house.json("db", "backup", house.folder / "market.zip"))
    return replace(house, url=f"sqlite:///{house.folder}/brought_back.db")


def test_a_day_that_is_brought_back_says_nothing_twice(services: Opening) -> None:
    """What went out after the backup is in doubt after the restore: the day goes on, and no service hears it again."""
    with services() as market:
        back = _approved(market)
        market.house.json("day", DAY, "--wave", "midday")
        heard = (list(market.line.log), list(market.telegram.log))
        assert all(heard)
        evening = "2026-11-24T20:00:00+07:00"
        restored = schemas.check(back.json("db", "restore", back.folder / "market.zip", SONGSUK_CLOCK=evening))
        back.json("day", DAY, "--wave", "midday", code=1)
        assert (market.line.log, market.telegram.log) == heard
        doubt = back.json("messages", "list", "--state", "unknown")["messages"]
        assert len(doubt) == restored["in_doubt"] > 0
        assert {message["reason"] for message in doubt} == {"restored"}
        listed = {call["message_id"] for call in back.json("messages", "calls", DAY)["calls"]}
        assert {message["id"] for message in doubt if message["class"] == "critical"} <= listed


def test_what_is_brought_back_at_night_is_in_doubt_till_the_morning(services: Opening) -> None:
    """In quiet hours LINE's answers take along what informs when they are over: so far that is in doubt, no further."""
    with services() as market:
        back, ahead = _approved(market, at="21:00"), set()
        for day in ("2026-11-23T21:30", "2026-11-24T06:31"):
            moment = dt.datetime.fromisoformat(f"{day}:00+07:00")
            brought = replace(back, url=f"{back.url}.{moment:%d}")
            brought.json("db", "restore", back.folder / "market.zip", SONGSUK_CLOCK=moment.isoformat())
            doubt = brought.json("messages", "list", "--state", "unknown")["messages"]
            to_come = [each for each in doubt if dt.datetime.fromisoformat(each["send_at"]) > moment]
            ahead |= {(f"{moment:%H:%M}", each["channel"], each["class"]) for each in to_come}
        assert ahead == {("21:30", "line", "informative")}


def test_a_market_that_moves_goes_on_where_it_stood(services: Opening) -> None:
    """Brought back at rest, in another database, the day goes on: every message once, as if nothing had been."""
    with services() as market:
        back = _approved(market)
        evening = "2026-11-24T20:00:00+07:00"
        assert (
            back.json("db", "restore", "--at-rest", back.folder / "market.zip", SONGSUK_CLOCK=evening)["in_doubt"] == 0
        )
        day = back.json("day", DAY, "--wave", "midday")
        assert day["waves"][0]["state"] == "finished"
        market.house = back
        market.accepted_once()


def _who_has_no_chat_is_phoned(market: Services) -> None:
    printed = market.house.folder / "calls.pdf"
    calls = schemas.check(market.house.json("messages", "calls", DAY, "--pdf", printed))["calls"]
    assert printed.read_bytes().startswith(b"%PDF-")
    unreached = [message for message in market.messages() if message["state"] == "suppressed"]
    assert {call["message_id"] for call in calls} == {message["id"] for message in unreached}
    assert unreached
    for message in unreached:
        assert (message["to"]["role"], message["to"]["member_id"]) not in market.addresses
        assert message["channel"] is None
        assert message["attempts"] == []
        assert message["reason"] in {"no_address", "preference"}
    buyers = [call for call in calls if call["to"]["role"] == "buyer"]
    assert buyers
    assert all(call["phone"] and call["script"] for call in buyers)


def _each_in_their_language(market: Services) -> None:
    summaries = {
        message["to"]["member_id"]: message["text"] for message in market.messages() if message["kind"] == "summary"
    }
    assert any("\u0e00" <= letter <= "\u0e7f" for letter in summaries["C1"].splitlines()[0])
    assert summaries["C2"].splitlines()[0].isascii()


def test_a_typical_day_is_said_once(typical: Opening) -> None:
    """Sixty orders, six riders, nobody without a chat: what is written is accepted, once, and both sides know it."""
    with typical() as market:
        day = market.house.json("day", DAY, "--approve")
        assert day["messages"].keys() == {"accepted"}
        market.accepted_once()
        assert len(market.messages()) > 100


def test_a_typical_day_of_faults_loses_nothing_that_we_do_not_know_of(typical: Opening) -> None:
    """Every third call fails, before it is taken or after. LINE: all once, and seen once. Telegram: what is
    critical at least once, copies marked; what informs at most once; listed where nobody can tell any more."""
    with typical(timeout=1) as market:
        market.telegram.retry_after = 1
        points: tuple[Point, ...] = ("before_read", "reset", "slow", "server_error", "rate", "busy")
        for server in (market.line, market.telegram):
            for point in points * 3:
                server.faults.order(point)
                server.faults.order(None, 2)
        market.walk()
        became = {(message["channel"], message["state"]) for message in market.messages()}
        assert became == {("line", "accepted"), ("telegram", "accepted"), ("telegram", "unknown")}
        assert not [log for log in market.unnamed() if log in market.line.log]
        written = [message for message in market.messages() if message["channel"] == "telegram"]
        by_words = {(market.address(each)[1], _title(each["text"])): each for each in written}
        assert len(by_words) == len(written)
        said: dict[str, list[Any]] = {message["id"]: [] for message in written}
        for log in market.telegram.log:
            said[by_words[log.chat_id, _title(log.text)]["id"]].append(log)
        for message in written:
            first, copies = said[message["id"]][:1], said[message["id"]][1:]
            doubts = sum(attempt["outcome"] == "unknown" for attempt in message["attempts"])
            if message["class"] == "critical":
                assert message["state"] == ("accepted" if doubts <= REPEATS else "unknown")
                assert first or message["state"] == "unknown"
                assert all(log.text.startswith("(ส่งซ้ำ) ") for log in copies)
                assert len(copies) <= doubts
            else:
                assert copies == []
                assert (message["state"], doubts) in {("accepted", 0), ("unknown", 1)}
        assert sum(max(0, len(logs) - 1) for logs in said.values()) > 0
        lost = {message["id"] for message in written if not said[message["id"]]}
        listed = market.house.json("messages", "list", "--state", "unknown")["messages"]
        assert lost < {message["id"] for message in listed}


def _title(text: str) -> str:
    return text.splitlines()[0].removeprefix("(ส่งซ้ำ) ")


def test_busy_failing_and_broken_services_still_get_everything_once(services: Opening) -> None:
    """429 of two kinds, 503, connections that break before or after LINE took the message, a 500 for one: once each."""
    with services() as market:
        points: tuple[Point, ...] = ("rate", "concurrent", "busy", "before_read", "reset", "server_error")
        for point in points:
            market.line.faults.order(point)
        market.telegram.retry_after = 1
        market.telegram.faults.order("rate", 2)
        day = market.house.json("day", DAY, "--wave", "midday", "--approve")
        assert not market.line.faults.ordered
        assert not market.telegram.faults.ordered
        assert day["messages"].keys() == {"accepted", "suppressed"}
        market.accepted_once()
        again = [message for message in market.messages() if len(message["attempts"]) > 1]
        outcomes = {attempt["outcome"] for message in again for attempt in message["attempts"][:-1]}
        assert outcomes == {"later", "unknown"}
        assert sum(len(message["attempts"]) - 1 for message in again) >= len(points)


def test_who_blocked_the_bot_is_phoned(services: Opening) -> None:
    """A Telegram chat that is closed: the message fails as blocked, exit 1, and stands on the phone list."""
    with services() as market:
        rider = next(
            who for who, (service, _) in market.addresses.items() if who[0] == "rider" and service == "telegram"
        )
        market.telegram.blockers.add(market.addresses[rider][1])
        day = market.house.json("day", DAY, "--wave", "evening", "--approve", code=1)
        assert day["messages"]["failed"] == 1
        [failed] = [message for message in market.messages() if message["state"] == "failed"]
        assert (failed["to"]["member_id"], failed["reason"]) == (rider[1], "blocked")
        assert failed["id"] in {call["message_id"] for call in market.house.json("messages", "calls", DAY)["calls"]}
        [member] = [each for each in market.house.json("members", "list")["members"] if each["member_id"] == rider[1]]
        assert member["channels"] == {"telegram": "blocked"}
        market.accepted_once()


def test_what_a_service_refused_is_sent_by_the_next_run(services: Opening) -> None:
    """With a wrong LINE token nothing is lost: exit 1, and after it is mended the next run sends each message once."""
    with services() as market:
        wrong = {"SONGSUK_LINE_CHANNEL_ACCESS_TOKEN": "old-token"}
        day = schemas.check(market.house.json("day", DAY, "--wave", "midday", "--approve", code=1, **wrong))
        assert "expired" not in day["messages"]
        assert day["messages"]["retry"] > 0
        assert market.line.log == []
        market.accepted_once()
        day = schemas.check(market.house.json("day", DAY, "--wave", "midday", "--approve"))
        assert day["messages"].keys() == {"accepted", "suppressed"}
        assert {wave["state"] for wave in day["waves"]} == {"finished"}
        market.accepted_once()


def test_when_the_month_runs_short_work_is_still_told_and_buyers_are_phoned(services: Opening) -> None:
    """Windows that LINE's count has no room for are on the phone list; every route, pick list and change goes out."""
    with services() as market:
        market.line.quota = 24
        market.house.json("day", DAY, "--wave", "midday", "--approve")
        over_line = [each for each in market.messages() if each["channel"] == "line"]
        kinds = Counter((each["kind"], each["state"], each["reason"]) for each in over_line)
        held_back = [each for each in over_line if each["reason"] == "quota"]
        assert {each["kind"] for each in held_back} == {"window"}
        assert all(each["state"] == "suppressed" for each in held_back)
        assert {each["state"] for each in over_line if each["class"] == "critical"} == {"accepted"}, kinds
        assert {each["id"] for each in held_back} <= {
            call["message_id"] for call in market.house.json("messages", "calls", DAY)["calls"]
        }
        budget = schemas.check(market.house.json("messages", "budget", SONGSUK_CLOCK=f"{DAY}T18:00:00+07:00"))
        assert budget["quota"] == {"type": "limited", "value": 24}
        assert budget["used"] == len(market.line.log)
        market.accepted_once()


def test_a_day_does_not_run_past_what_another_process_has_in_hand(services: Opening) -> None:
    """It may come back untaken: the day ends before the step at which it would be useless. Here another has an account
    that this process knows nothing of."""
    with services() as market:
        wrong = {"SONGSUK_LINE_CHANNEL_ACCESS_TOKEN": "old-token"}
        [before] = market.house.json("day", DAY, "--wave", "midday", "--approve", code=1, **wrong)["waves"]
        with open_store(market.house.url) as store, store._engine.begin() as connection:
            hand = "UPDATE message SET state = 'sending', channel = 'another', lease_until = '2099-01-01 00:00:00'"
            assert connection.execute(text(f"{hand} WHERE state = 'retry'")).rowcount
        [after] = market.house.json("day", DAY, "--wave", "midday", "--approve")["waves"]
        assert (after["did"], after["state"]) == ([], before["state"])
        assert before["state"] != "finished"
