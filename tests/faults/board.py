"""Messages that are simply due: what the faults of databases and services are held against, without a day around it.

Every second one goes over LINE, of the others half are critical. Each says its number. Knows no fault.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from commands import House
from crowd import TZ
from line_server import LineServer
from samples import SECRETS, config_text, line_id
from telegram_server import TelegramServer
from threads import beside

from storage import Message, open_store
from storage.records import Role

SEVEN = dt.datetime(2026, 11, 24, 19, 0, tzinfo=TZ)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A market without people, and its two services."""

    house: House
    line: LineServer
    telegram: TelegramServer

    def say(self, first: int, count: int, at: dt.datetime, *, lasts: dt.timedelta = dt.timedelta(hours=5)) -> None:
        """Messages number `first` and the following, due at `at`."""
        with open_store(self.house.url) as store:
            made = [message(number, at, lasts) for number in range(first, first + count)]
            store.add_messages(made, actor="faults", at=at)


@contextlib.contextmanager
def opened(folder: Path, url: str, *, timeout: float = 10) -> Iterator[Board]:
    """A market in `folder` on the database `url`, empty and migrated."""
    with beside(LineServer()) as line, beside(TelegramServer()) as telegram:
        line.checked = telegram.checked = False
        telegram.enforce = True
        house = House(folder=folder, url=url, environ=dict(SECRETS))
        patience = f"timeout_seconds: {timeout}"
        channels = f"line: {{api_base: '{line.base}', data_base: '{line.base}', {patience}}}\n"
        channels += f"  telegram: {{api_base: '{telegram.base}', {patience}}}"
        house.config.write_text(config_text(channels), encoding="utf-8")
        open_store(url).close()
        yield Board(house=house, line=line, telegram=telegram)


def message(number: int, at: dt.datetime, lasts: dt.timedelta) -> Message:
    over_line = number % 2 == 0
    critical = not over_line and number % 4 == 3
    title = f"#{number}. วันนี้"
    return Message(
        id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"board:{number}")),
        kind="changed" if critical else "window",
        klass="critical" if critical else "informative",
        event=f"board:{number}",
        role=Role.BUYER,
        member_ref=f"B{number:05}",
        name="ผู้ซื้อ",
        channel="line" if over_line else "telegram",
        address=line_id(number // 3) if over_line else str(100_000 + number // 3),  # some hear more than one thing
        send_at=at,
        expires_at=at + lasts,
        text=title,
        content={"title": title, "language": "th", "lines": [], "actions": []},
    )
