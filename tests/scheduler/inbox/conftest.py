"""A market whose midday wave is on the road, and two chat services on the loopback that people write over."""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from commands import House
from line_server import LineServer
from samples import DAY, SECRETS, config_text, line_id, telegram_id, write_rows
from telegram_server import TelegramServer
from threads import beside

from channels.base import Inbound, Wanted
from scheduler import app as application
from scheduler.app import App
from scheduler.clock import SteppedClock
from scheduler.config import parse, secret_keys
from scheduler.demo.market import write
from scheduler.inbox import Inbox, Menus, menus
from scheduler.outbox import Outbox
from storage.heard import Told
from storage.records import ChatAddress, Member, Message, Order, Role

KEY = {"SONGSUK_SECRET_KEY": "a secret of the house"}
TELEGRAM = {"X-Telegram-Bot-Api-Secret-Token": "telegram-secret"}
NOON = dt.datetime.fromisoformat(f"{DAY}T10:00:00+07:00")


class Talk:
    """People write, the house answers. What a person gets comes back as the plain words of each message."""

    def __init__(self, house: House, app: App, line: LineServer, telegram: TelegramServer) -> None:
        self.house, self.app, self.line, self.telegram = house, app, line, telegram
        self.clock = app.clock
        self._runner = asyncio.Runner()
        channels = self._channels = app.channels()
        self._inbox = Inbox(
            app.store,
            channels,
            app.clock,
            app.versions,
            lambda order_id, place: app.pin_order(order_id, place, actor="chat", source="buyer"),
            secret_keys=secret_keys(app.environ),
            turn=lambda name, verb: self._outbox.turn(name, verb),
        )
        self._outbox = Outbox(app.store, channels, app.clock, withhold=app.withhold)
        self.rest_is_over()

    def send_by(self, **options: Any) -> None:
        """From now on the sender is one with these `Outbox` options."""
        self._outbox = Outbox(self.app.store, self.app.channels(), self.clock, withhold=self.app.withhold, **options)

    def line_tells(self, *events: Any) -> None:
        """Events as LINE's webhook brings them, and everything that follows from them."""
        self._told("line", *self.line.signed(list(events)))

    def line_says(self, user: str, **told: Any) -> list[str]:
        before = len(self.line.log)
        self.line_tells(self.line.event(user, **told))
        return [line_text(each) for each in self.line.log[before:] if each.to == user]

    def telegram_says(self, chat: str, **told: Any) -> list[str]:
        before = len(self.telegram.log)
        self._told("telegram", TELEGRAM, json.dumps(self.telegram.update(chat, **told)).encode())
        return [each.text for each in self.telegram.log[before:] if each.chat_id == chat]

    def _told(self, service: str, headers: dict[str, str], body: bytes) -> None:
        events = self.app.channels()[service].receive(headers, body)
        told = [Told(event_id=event.event_id, body=event.body) for event in events]
        self.app.store.add_inbox(service, told, at=self.clock.now())
        self.settle()

    def settle(self) -> None:
        """Work off the inbox and send what is due, as the daemon would."""

        async def work() -> None:
            await self._inbox.drain()
            await self._outbox.drain()
            await self._outbox.release()

        self._runner.run(work())
        assert self.line.bad_requests == self.telegram.bad_requests == []

    def set_up(self) -> None:
        """As `channels setup` does."""

        async def work() -> None:
            for channel in self.app.channels().values():
                changes = await channel.setup(Wanted(webhook=None, menus=menus("th")), dry_run=False)
                assert "failed" not in {change.state for change in changes}

        self._runner.run(work())

    def rest_is_over(self) -> None:
        """What would have no menu a while ago is asked again."""
        app = self.app
        self._menus = [
            Menus(app.store, each, app.versions, self.clock, lambda name, verb: self._outbox.turn(name, verb))
            for each in self._channels.values()
        ]

    def show_menus(self) -> None:
        """Bring every chat to its menu, as the daemon would little by little."""

        async def work() -> None:
            for each in self._menus:
                while await each.settle():
                    pass

        self._runner.run(work())
        assert self.line.bad_requests == self.telegram.bad_requests == []

    def close(self) -> None:
        self._runner.run(self.app.close())
        self._runner.close()

    def later(self, **ahead: float) -> None:
        assert isinstance(self.clock, SteppedClock)
        self.clock.set(self.clock.now() + dt.timedelta(**ahead))

    def commands(self, *words: str, code: int = 0) -> Any:
        """What a command says that somebody types at this hour of the talk; a minute later the talk goes on."""
        said = self.house.json(*words, code=code, SONGSUK_CLOCK=self.clock.now().isoformat())
        self.later(minutes=1)
        return said

    def orders(self, **which: Any) -> list[Order]:
        return self.app.store.orders(**which)

    def member(self, role: Role, ref: str) -> Member:
        (found,) = self.app.store.members(role, refs=[ref])
        return found

    def chats(self, role: Role, ref: str) -> set[tuple[str, str]]:
        """Where a member is reached, and whether that is alive."""
        return {(each.channel, each.state) for each in self.member(role, ref).person.addresses}

    def gives(self, role: Role, ref: str, channel: str, address: str) -> None:
        """A member has this chat already."""
        member = self.member(role, ref)
        person = replace(member.person, addresses=(ChatAddress(channel=channel, address=address),), consent=True)
        self.app.store.save_members([replace(member, person=person)], actor="test", at=self.clock.now())

    def messages(self, **which: Any) -> list[Message]:
        return self.app.store.messages(**which)

    def outcome(self, channel: str, event_id: str) -> str | None:
        found = self.app.store.heard_before(channel, event_id)
        return found.outcome if found is not None else None


def line_text(accepted: Any) -> str:
    """The words of what LINE took, as a reader sees them."""
    return "\n".join(words for message in accepted.messages for words in texts_of(message))


def texts_of(node: Any) -> list[str]:
    if isinstance(node, list):
        return [words for each in node for words in texts_of(each)]
    if not isinstance(node, dict):
        return []
    own = [node["text"]] if node.get("type") == "text" else []
    return own + [words for each in node.values() for words in texts_of(each)]


def without_chats(path: Path) -> Path:
    """The file's people before any of them has written to us; who orders has a phone instead."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        found = list(csv.DictReader(stream))
    chats = {_chats(row): number for number, row in enumerate(found)}
    for row in found:
        phone = {"buyer_phone": f"08{chats[_chats(row)]:08}"} if "order_id" in row else {}
        row |= {"line_user_id": "", "telegram_chat_id": ""} | phone
    return write_rows(path, found)


def _chats(row: dict[str, str]) -> tuple[str | None, str | None]:
    return row.get("line_user_id"), row.get("telegram_chat_id")


@pytest.fixture(scope="session")
def market_files(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """A folder with the market's database after its midday wave has left."""
    folder = tmp_path_factory.mktemp("talk")
    shutil.copyfile(sqlite_template, folder / "songsuk.db")
    house = House(folder=folder, url=f"sqlite:///{folder / 'songsuk.db'}")
    quick = config_text(edits={"engine: auto": "engine: ortools"})
    house.config.write_text(quick, encoding="utf-8")
    write(folder, parse(quick), dt.date.fromisoformat(DAY), "small", 1)
    for name in ("riders", "sellers", "coordinators"):
        house.json("members", "import", without_chats(folder / f"{name}.csv"))
    house.json("orders", "import", without_chats(folder / "orders.csv"))
    house.json("day", DAY, "--wave", "midday", "--approve")
    return folder


@pytest.fixture
def talk(market_files: Path, tmp_path: Path) -> Iterator[Talk]:
    """The market at ten in the morning, open to both services."""
    shutil.copyfile(market_files / "songsuk.db", tmp_path / "songsuk.db")
    url = f"sqlite:///{tmp_path / 'songsuk.db'}"
    with beside(LineServer()) as line, beside(TelegramServer()) as telegram:
        house = House(folder=tmp_path, url=url, environ={**SECRETS, **KEY})
        chats = f"line: {{api_base: '{line.base}', data_base: '{line.base}'}}\n"
        chats += f"  telegram: {{api_base: '{telegram.base}'}}"
        house.config.write_text(config_text(chats), encoding="utf-8")
        app = application.build(config_path=house.config, environ=house.settings(), clock=SteppedClock(NOON))
        opened = Talk(house, app, line, telegram)
        yield opened
        opened.close()


@pytest.fixture
def somebody() -> str:
    return line_id(4711)


@pytest.fixture
def someone() -> str:
    return telegram_id(4711)


def heard(**told: Any) -> Inbound:
    """An event of a private LINE chat."""
    return Inbound(**({"channel": "line", "event_id": "e1", "kind": "text", "address": "U1"} | told))
