"""One market's whole day, stage by stage, whatever is done to the daemon meanwhile; and what still waits to be done.

A stage is an hour of the day with its work: it is over when the rows say so. Who posts orders and taps buttons goes on
until each call is answered, as shops and services do. Knows the rows; knows nothing of faults.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx
from crowd import DATE, TZ, Crowd
from sqlalchemy import create_engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from storage.tables import InboxRow, MessageRow, RunRow

MESSAGE, RUN, INBOX = (row.__table__ for row in (MessageRow, RunRow, InboxRow))
WAITS = ("held", "ready", "retry", "sending")
BATCH = 50
TELEGRAM = {"X-Telegram-Bot-Api-Secret-Token": "telegram-secret"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """`share`: of all that is done to the daemon while it sends, how much in this stage; `runs`: what waves become."""

    name: str
    opens: dt.datetime
    runs: Mapping[str, str] = field(default_factory=dict)
    share: float = 0.0
    posts: bool = False
    last: bool = False

    @property
    def settles(self) -> bool:
        """Whether it is over only when nothing waits to be sent; what plans say is for the next stage to see sent."""
        return self.share > 0 or self.last


def _at(day: int, hour: int, minute: int, second: int = 0) -> dt.datetime:
    return dt.datetime(DATE.year, DATE.month, DATE.day, hour, minute, second, tzinfo=TZ) + dt.timedelta(days=day)


STAGES = (
    Stage(name="orders", opens=_at(-1, 16, 0), posts=True),
    Stage(name="plans", opens=_at(-1, 17, 59, 58), runs={"morning": "approved", "midday": "approved"}),
    Stage(name="evening before", opens=_at(-1, 19, 0), share=0.56),
    Stage(name="morning routes", opens=_at(0, 6, 30), runs={"morning": "dispatched"}, share=0.04),
    Stage(name="midday routes", opens=_at(0, 8, 0), runs={"midday": "dispatched"}, share=0.04),
    Stage(name="noon plans", opens=_at(0, 10, 59, 58), runs={"morning": "finished", "evening": "approved"}),
    Stage(name="noon", opens=_at(0, 11, 0), share=0.32),
    Stage(name="evening routes", opens=_at(0, 14, 0), runs={"evening": "dispatched"}, share=0.04),
    Stage(name="end", opens=_at(0, 19, 31), runs={"midday": "finished", "evening": "finished"}, last=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What is due and not sent: by channel, and when the first that was put off is due again."""

    line: int
    telegram: int
    put_off: dt.datetime | None

    @property
    def due(self) -> int:
        return self.line + self.telegram


class Ledger:
    """A look into the database beside the daemon; None where it does not answer."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, pool_pre_ping=True)

    def close(self) -> None:
        self._engine.dispose()

    def waiting(self, now: dt.datetime) -> Waiting | None:
        due = [MESSAGE.c.state.in_(WAITS), MESSAGE.c.send_at <= now]
        later = [MESSAGE.c.state == "retry", MESSAGE.c.not_before > now]
        try:
            with self._engine.connect() as connection:
                counted = select(MESSAGE.c.channel, func.count()).where(*due).group_by(MESSAGE.c.channel)
                by_channel = {row[0]: row[1] for row in connection.execute(counted)}
                off = select(MESSAGE.c.channel, func.count(), func.min(MESSAGE.c.not_before)).where(*later)
                put_off = list(connection.execute(off.group_by(MESSAGE.c.channel)))
        except SQLAlchemyError:
            return None
        for channel, count, _ in put_off:
            by_channel[channel] -= count
        first = min((row[2] for row in put_off), default=None)
        return Waiting(line=by_channel.get("line", 0), telegram=by_channel.get("telegram", 0), put_off=first)

    def runs(self) -> dict[str, str] | None:
        try:
            with self._engine.connect() as connection:
                found = connection.execute(select(RUN.c.wave, RUN.c.state).where(RUN.c.date == DATE))
                return {row[0]: row[1] for row in found}
        except SQLAlchemyError:
            return None

    def heard(self) -> dict[tuple[str, str], str | None]:
        """What came of each event that a service told; nothing where the database does not answer."""
        try:
            with self._engine.connect() as connection:
                found = connection.execute(select(INBOX.c.channel, INBOX.c.event_id, INBOX.c.outcome))
                return {(row[0], row[1]): row[2] for row in found}
        except SQLAlchemyError:
            return {}

    def to_confirm(self, most: int) -> list[tuple[str, str, str]]:
        """Channel, address and id of lists and routes that their readers could confirm."""
        wanted = [MESSAGE.c.state == "accepted", MESSAGE.c.kind.in_(("route", "pick_list")), MESSAGE.c.via == "push"]
        try:
            with self._engine.connect() as connection:
                columns = (MESSAGE.c.channel, MESSAGE.c.address, MESSAGE.c.id)
                query = select(*columns).where(*wanted).order_by(MESSAGE.c.seq.desc()).limit(most)
                return [(row[0], row[1], row[2]) for row in connection.execute(query)]
        except SQLAlchemyError:
            return []


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is repeated until it is answered: path, headers, body, and the event it tells of."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    event: tuple[str, str] | None = None


class Visitors:
    """The shop that posts orders, and the services that tell of tapped buttons."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd, self._client = crowd, httpx.Client(timeout=30)
        self.pending: deque[Call] = deque()
        self.told: list[tuple[str, str]] = []
        """The events that were acknowledged."""
        self.tapped: set[str] = set()

    def close(self) -> None:
        self._client.close()

    def order_everything(self) -> None:
        rows = self._crowd.orders
        by_order = [list(found) for _, found in itertools.groupby(rows, lambda row: row["order_id"])]
        headers = {"Authorization": f"Bearer {self._crowd.key}"}
        for at in range(0, len(by_order), BATCH):
            some = [
                {name: text for name, text in row.items() if text} for rows in by_order[at : at + BATCH] for row in rows
            ]
            self.pending.append(Call("/api/v1/orders", headers, json.dumps({"orders": some}).encode()))

    def tap(self, channel: str, address: str, message_id: str) -> None:
        """The reader of a message confirms it, once."""
        if message_id in self.tapped:
            return
        self.tapped.add(message_id)
        if channel == "line":
            event = self._crowd.line.event(address, data=f"seen:{message_id}")
            headers, body = self._crowd.line.signed([event])
            call = Call("/hooks/line", headers, body, ("line", event["webhookEventId"]))
        else:
            update = self._crowd.telegram.update(address, data=f"seen:{message_id}")
            call = Call(
                "/hooks/telegram", TELEGRAM, json.dumps(update).encode(), ("telegram", str(update["update_id"]))
            )
        self.pending.append(call)

    def knock(self, base: str) -> bool:
        """The next call, once; it stays in line where it was not answered well."""
        if not self.pending:
            return False
        call = self.pending[0]
        try:
            answer = self._client.post(base + call.path, headers=dict(call.headers), content=call.body)
        except httpx.HTTPError:
            return False
        if answer.status_code >= 500:
            return False
        assert answer.status_code in (200, 201), (call.path, answer.status_code, answer.text[:500])
        self.pending.popleft()
        if call.event is not None:
            self.told.append(call.event)
        return True


def over(stage: Stage, ledger: Ledger, visitors: Visitors, now: dt.datetime) -> bool:
    """Whether all that this stage has to do is done, by the rows."""
    runs, outcomes = ledger.runs() or {}, ledger.heard()
    if visitors.pending or any(runs.get(wave) != state for wave, state in stage.runs.items()):
        return False
    if not all(outcomes.get(event) for event in visitors.told):
        return False
    waiting = ledger.waiting(now)  # asked last: all that came of the rest is written by then
    return waiting is not None and not (stage.settles and (waiting.due or waiting.put_off))
