"""A market whose one day makes as many messages as wanted, half of them over LINE, and the two services they go to.

The demo's invented day, with hundreds of sellers and every second person over Telegram; each order comes over the API,
as from a web shop. Knows the market's hours, and nothing of what is done to it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from commands import House
from line_server import LineServer
from samples import DAY, SECRETS, Row, by_turns, config_text, read_rows, write_rows
from telegram_server import TelegramServer
from threads import beside

from scheduler.config import parse
from scheduler.demo.market import write

TZ = dt.timezone(dt.timedelta(hours=7))
DATE = dt.date.fromisoformat(DAY)
ROLES = {"riders": "rider_id", "sellers": "seller_id", "coordinators": "coordinator_id", "orders": "buyer_ref"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """One market, nobody's day begun: people are known, orders are still to come."""

    house: House
    line: LineServer
    telegram: TelegramServer
    orders: list[Row]
    key: str
    """Of the API."""


def size(messages: int) -> tuple[int, int, int]:
    """Orders, riders and sellers of a day that makes about so many messages: a window for each order, a list for
    each seller and wave, a route for each rider and wave."""
    return round(messages * 0.68), max(3, round(messages * 0.012)), max(4, round(messages * 0.11))


@contextlib.contextmanager
def opened(folder: Path, url: str, messages: int, seed: int = 1, *, timeout: int = 10) -> Iterator[Crowd]:
    """The market in `folder` on the database `url`; the fake Telegram holds it to its limits."""
    with beside(LineServer()) as line, beside(TelegramServer()) as telegram:
        line.checked = telegram.checked = False
        telegram.enforce = True
        house = House(folder=folder, url=url, environ=dict(SECRETS))
        house.config.write_text(_config(line.base, telegram.base, timeout), encoding="utf-8")
        write(folder, parse(config_text()), DATE, size(messages), seed)
        people = {
            name: by_turns(read_rows(folder / f"{name}.csv"), id, first * 10_000)
            for first, (name, id) in enumerate(ROLES.items())
        }
        orders = people.pop("orders")
        for name, rows in people.items():
            house.json("members", "import", write_rows(folder / f"{name}.csv", rows))
        for order in orders:
            order.pop("placed_at")  # the clock says when it came
        key = house.json("keys", "create", "webshop")["key"]
        yield Crowd(house=house, line=line, telegram=telegram, orders=orders, key=key)


def _config(line: str, telegram: str, timeout: int) -> str:
    """The shipped market without limits, its plans made at once and approved by themselves."""
    patience = f"timeout_seconds: {timeout}"
    channels = f"line: {{api_base: '{line}', data_base: '{line}', {patience}}}\n"
    channels += f"  telegram: {{api_base: '{telegram}', {patience}}}"
    edits = {
        "approval: {mode: manual": "approval: {mode: auto",
        "engine: auto": "engine: greedy",
        "{pickup: 5, delivery: 3, elderly: 2, door_help: 2}": "{pickup: 0, delivery: 0, elderly: 0, door_help: 0}",
    }
    text = config_text(channels, edits)
    for name, value in (("max_orders", 100_000), ("max_stops", 200), ("weight_kg", 5000), ("volume_l", 20_000)):
        text = re.sub(rf"\b{name}: \d+", f"{name}: {value}", text)
    return re.sub(r"speed_kmh: \d+", "speed_kmh: 60", text)
