"""What a month of the typical market costs in LINE's count: the real code on a stepped clock, over two fake services.

Nobody's speed is measured here; the fakes' own logs are what is counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import datetime as dt
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import sent
from benchmarks.harness import CONFIG, Table, measured, scaled

if TYPE_CHECKING:
    from scheduler.app import App
    from scheduler.clock import SteppedClock
    from scheduler.demo.market import Files
    from storage.records import Message

FIRST = dt.date(2026, 11, 2)
DAYS = 26
REGULARS = 400
"""Households that order now and then; with 60 orders a day one in seven of a day's buyers orders twice."""
CANCELLED, ASKED, SILENT = 0.03, 0.15, 0.05
"""Of a day's orders: called off in the evening before, asked "where is it?"; of riders' rounds: never confirmed."""
MIXES: Mapping[str, Mapping[str, tuple[int, int, int]]] = {
    "everybody on LINE": {"buyer": (1, 0, 0), "rider": (1, 0, 0), "seller": (1, 0, 0), "coordinator": (1, 0, 0)},
    "as in the sample": {"buyer": (32, 9, 7), "rider": (5, 1, 0), "seller": (32, 9, 7), "coordinator": (0, 1, 0)},
}
"""Who has which chat, in parts: LINE, Telegram, neither. The sample names none for sellers: they are as its buyers."""
SECRETS = {
    "SONGSUK_LINE_CHANNEL_ACCESS_TOKEN": sent.LINE_TOKEN,
    "SONGSUK_LINE_CHANNEL_SECRET": "line-secret",
    "SONGSUK_TELEGRAM_BOT_TOKEN": sent.TELEGRAM_TOKEN,
    "SONGSUK_TELEGRAM_WEBHOOK_SECRET": "telegram-secret",
}
SECONDS = {"typical": 2, "small": 0.3}
"""What planning a wave may take. With too little of it orders find no place, and each is told that it moves."""
Row = dict[str, Any]


def child(mix: str, days: int, size: str) -> dict[str, Any]:
    """What the fakes counted over `days` market days, and what our ledger says of it."""
    with lived(mix, days, size, lambda folder: f"sqlite:///{folder}/month.db") as month:
        return month.counted()


@contextlib.contextmanager
def lived(mix: str, days: int, size: str, database: Callable[[Path], str]) -> Iterator[Month]:
    """A market that has had `days` days, in the database at the address that `database` gives."""
    sys.path.insert(0, str(sent.FAKES))
    from line_server import LineServer
    from telegram_server import TelegramServer
    from threads import beside

    line, telegram = LineServer(), TelegramServer()
    line.checked = telegram.checked = False
    with tempfile.TemporaryDirectory() as named, beside(line), beside(telegram):
        folder = Path(named)
        text = CONFIG.read_text(encoding="utf-8")
        for old, new in (
            ("engine: auto, seconds: 10, workers: 0", f"engine: auto, seconds: {SECONDS[size]}, workers: 1"),
            (
                "\n  console: {}",
                f"\n  line: {{api_base: '{line.base}', data_base: '{line.base}'}}\n"
                f"  telegram: {{api_base: '{telegram.base}'}}",
            ),
        ):
            assert old in text
            text = text.replace(old, new)
        (folder / "config.yaml").write_text(text, encoding="utf-8")
        app, clock = _opened(folder, database(folder))
        month = Month(app, clock, line, telegram, MIXES[mix])
        month.through(folder, days, size)
        yield month


def _opened(folder: Path, url: str) -> tuple[App, SteppedClock]:
    from scheduler import app as application
    from scheduler.clock import SteppedClock

    clock = SteppedClock(
        dt.datetime.combine(FIRST - dt.timedelta(days=2), dt.time(8), dt.timezone(dt.timedelta(hours=7)))
    )
    environ = {**SECRETS, "SONGSUK_DATABASE_URL": url, "SONGSUK_SECRET_KEY": "bench"}
    app = application.build(config_path=folder / "config.yaml", environ=environ, clock=clock, keep_warm=True)
    return app, clock


class Month:
    """A market's month, moment by moment, as the daemon would live it."""

    def __init__(
        self, app: App, clock: SteppedClock, line: Any, telegram: Any, mix: Mapping[str, tuple[int, int, int]]
    ) -> None:
        from scheduler.inbox import Inbox
        from scheduler.outbox import Outbox

        self._app, self._clock, self._line, self._telegram, self._mix = app, clock, line, telegram, mix
        self._dice = random.Random(f"{sorted(mix.items())}")
        self._runner = asyncio.Runner()
        channels = app.channels()
        self._outbox = Outbox(app.store, channels, clock, limits={})  # what is counted does not depend on the pace
        self._inbox = Inbox(app.store, channels, clock, app.versions, lambda order_id, place: False)
        self._agenda: list[tuple[dt.datetime, int, Callable[[], None]]] = []
        self._answered: set[str] = set()

    def through(self, folder: Path, days: int, size: str) -> None:
        from scheduler.demo.market import write

        calendar, config = self._app.versions.calendar(), self._app.config
        date, dates = FIRST, list[dt.date]()
        while len(dates) < days:
            if any(calendar.has_wave(date, wave.id) for wave in config.waves):
                dates.append(date)
            date += dt.timedelta(days=1)
        for number, date in enumerate(dates):
            files = write(folder / f"{date}", config, date, size, number)
            if not number:
                self._members(files)
            self._day(date, self._orders(files.orders, date))
        self._live()

    # --- who is there -------------------------------------------------------------------------------------------

    def _chat(self, role: str, number: int) -> Row:
        """The same person has the same chat all the month."""
        dice = random.Random(f"{role}:{number}")
        (kind,) = dice.choices(("line", "telegram", "none"), weights=self._mix[role])
        return {
            "line_user_id": f"U{dice.getrandbits(128):032x}" if kind == "line" else "",
            "telegram_chat_id": dice.randrange(10**9, 10**10) if kind == "telegram" else "",
            "chat_channel": kind,
        }

    def _members(self, files: Files) -> None:
        from scheduler.intake import read_members

        for role, path in (("rider", files.riders), ("seller", files.sellers), ("coordinator", files.coordinators)):
            rows = [row | self._chat(role, number) for number, row in enumerate(_read(path))]
            _write(path, [row | {"phone": f"08{number:08}"} for number, row in enumerate(rows)])
            read = read_members(path, name=path.name, role=None, context=self._app.intake_context())
            self._app.store.save_members(read.members, actor="bench", at=self._clock.now())

    def _orders(self, path: Path, date: dt.date) -> list[Row]:
        """The day's orders, each of one of the market's regulars."""
        rows = _read(path)
        ids = list(dict.fromkeys(row["order_id"] for row in rows))
        buyers = {order_id: self._dice.randrange(REGULARS) for order_id in ids}
        for row in rows:
            number = buyers[row["order_id"]]
            row |= {"order_id": f"{date:%m%d}-{row['order_id']}", "buyer_ref": f"B{number:04}"}
            row |= {"buyer_name": f"ผู้ซื้อ {number}", "buyer_phone": f"09{number:08}", **self._chat("buyer", number)}
        return rows

    # --- what happens -------------------------------------------------------------------------------------------

    def _day(self, date: dt.date, rows: list[Row]) -> None:
        """Orders come in early and late, waves are approved, some orders are called off or asked about."""
        tz, dice = self._app.tz, self._dice

        def at(time: str, days: int = 0) -> dt.datetime:
            return dt.datetime.combine(date + dt.timedelta(days=days), dt.time.fromisoformat(time), tz)

        late = [row for row in rows if dt.datetime.fromisoformat(row["placed_at"]) > at("17:30", -1)]
        early = [row for row in rows if row not in late]
        self._plan(at("17:30", -1), lambda: self._take(early))
        for order_id in dict.fromkeys(row["order_id"] for row in late):
            mine = [row for row in late if row["order_id"] == order_id]
            placed = dt.datetime.fromisoformat(mine[0]["placed_at"])
            self._plan(placed, lambda mine=mine: self._take(mine))  # type: ignore[misc]
        self._plan(at("18:30", -1), self._approve)
        self._plan(at("11:30"), self._approve)
        people = {row["order_id"]: row for row in rows}
        for order_id, row in people.items():
            if dice.random() < CANCELLED:
                self._plan(at("19:40", -1), lambda order_id=order_id: self._cancel(order_id))  # type: ignore[misc]
            if dice.random() < ASKED and row["line_user_id"]:
                asked = at("09:00") + dt.timedelta(minutes=dice.randrange(540))
                self._plan(asked, lambda row=row: self._says(row["line_user_id"], text="ถึงไหนแล้ว"))  # type: ignore[misc]
        for wave in self._app.config.waves:
            self._plan(wave.dispatch.at(date, tz) + dt.timedelta(minutes=10), self._riders_answer)

    def _plan(self, moment: dt.datetime, what: Callable[[], None]) -> None:
        self._agenda.append((moment, len(self._agenda), what))

    def _live(self) -> None:
        """Step from moment to moment until nothing is planned or due any more."""
        self._agenda.sort(reverse=True)
        try:
            while True:
                following = self._settled()
                if self._agenda and (following is None or self._agenda[-1][0] <= following):
                    moment, _, what = self._agenda.pop()
                    self._clock.set(moment)
                    what()
                elif following is None or not self._agenda:
                    return
                else:
                    self._clock.set(following)
        finally:
            self._runner.run(self._app.close())
            self._runner.close()

    def _settled(self) -> dt.datetime | None:
        """Everything that is due is done; the next moment at which something will be."""
        while True:
            ticks = self._app.tick()
            self._runner.run(self._work())
            following = min(filter(None, (ticks, self._outbox.next_at())), default=None)
            if following is None or following > self._clock.now():
                return following

    async def _work(self) -> None:
        await self._inbox.drain()
        await self._outbox.drain()

    def _take(self, rows: list[Row]) -> None:
        from scheduler.intake import read_orders

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "orders.csv"
            _write(path, rows)
            read = read_orders(path, name=path.name, context=self._app.intake_context())
        self._app.take_orders(read.orders, actor="bench")

    def _approve(self) -> None:
        """The coordinator looks at each plan for a minute."""
        for run in self._app.store.runs(states={"planned"}):
            self._app.waves.approve(run.plan_id or "", actor="C1")
            self._settled()
            self._clock.set(self._clock.now() + dt.timedelta(minutes=1))

    def _cancel(self, order_id: str) -> None:
        self._app.cancel_order(order_id, actor="bench")

    def _riders_answer(self) -> None:
        """Most riders confirm within ten minutes; one in twenty never does."""
        since = self._clock.now() - dt.timedelta(hours=1)
        for message in self._app.store.messages(states={"accepted"}, kinds={"route"}, since=since):
            if message.id in self._answered or message.channel is None:
                continue
            self._answered.add(message.id)
            if self._dice.random() >= SILENT:
                if message.channel == "line":
                    self._says(message.address or "", data=f"seen:{message.id}")
                else:
                    self._app.store.move_messages([message.id], "confirmed", actor="chat", at=self._clock.now())

    def _says(self, address: str, **told: Any) -> None:
        from storage.heard import Told

        headers, body = self._line.signed([self._line.event(address, **told)])
        events = self._app.channels()["line"].receive(headers, body)
        found = [Told(event_id=event.event_id, body=event.body) for event in events]
        self._app.store.add_inbox("line", found, at=self._clock.now())

    # --- what it came to ----------------------------------------------------------------------------------------

    def counted(self) -> dict[str, Any]:
        from storage import Store

        with Store.open(self._app.store.url_safe) as store:
            said = [each for each in store.messages() if each.state in {"accepted", "confirmed"}]
            delivered = store.orders_delivered(FIRST, FIRST + dt.timedelta(days=60))
            states = store.message_counts()
        over_line = [message for message in said if message.channel == "line"]
        pushes: dict[str | None, list[Message]] = {}
        for message in over_line:
            if message.via == "push":
                pushes.setdefault(message.bundle, []).append(message)
        assert len(pushes) == self._line.used, (len(pushes), self._line.used)
        assert {entry.key for entry in self._line.log if not entry.reply} == set(pushes)
        return {
            "delivered": delivered,
            "pushes": self._line.used,
            "to_buyers": sum(any(each.role == "buyer" for each in bundle) for bundle in pushes.values()),
            "events": len(over_line),
            "events_to_buyers": sum(message.role == "buyer" for message in over_line),
            "replies": sum(entry.reply for entry in self._line.log),
            "telegram": len(self._telegram.log),
            "by_kind": Counter(bundle[0].kind for bundle in pushes.values()),
            "states": states,
        }


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def _write(path: Path, rows: list[Row]) -> None:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows(rows)


def measure(scale: float) -> Table:
    rows, kinds = [], []
    size = "typical" if scale == 1 else "small"
    with ThreadPoolExecutor(len(MIXES)) as pool:  # side by side: what is counted does not depend on the time it takes
        found = pool.map(lambda mix: measured(__name__, mix=mix, days=scaled(DAYS, scale), size=size), MIXES)
    for mix, got in zip(MIXES, found, strict=True):
        delivered = got["delivered"]
        rows += [
            (
                mix,
                way,
                delivered,
                got[all_of],
                got[buyers] / delivered,
                got[all_of] / delivered,
                got["replies"] if way == "Songsuk" else None,
                got["telegram"],
            )
            for way, all_of, buyers in (
                ("Songsuk", "pushes", "to_buyers"),
                ("one push per event", "events", "events_to_buyers"),
            )
        ]
        told = sorted(got["by_kind"].items(), key=lambda each: -each[1])
        kinds.append(f"{mix}: " + ", ".join(f"{kind} {count}" for kind, count in told))
    return Table(
        name="month",
        title="A month in LINE's count",
        columns=(
            "people",
            "way",
            "orders delivered",
            "LINE pushes",
            "to buyers, an order",
            "all, an order",
            "free replies",
            "Telegram",
        ),
        rows=rows,
        note=f"{DAYS} market days of the demo's invented typical market: 60 orders and 6 riders a day, {REGULARS} "
        "regular households, three waves, each approved by hand a minute after the other; 3 % of the orders are "
        "cancelled in the evening before, one a day comes after its cut-off, 15 % of the buyers on LINE ask ถึงไหน, one "
        "round in twenty is never confirmed. The daemon's own steps (import, close, plan in two seconds a wave, "
        "approve, send, answer, escalate) over the two fake services; the pushes are those the fake LINE counted, and "
        "our ledger names the same ones. *One push per event*: the same messages over LINE, answers too, a push each. "
        "Pushes by their first message: " + "; ".join(kinds) + ".",
    )
