"""What was promised, held against what the services took: nothing lost, nothing twice, out of order or too late.

Reads the services' logs and the database of a day that is over. An attempt and a request belong together by the key
that both name; a reply, which has none, by the service's number or by its words.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from benchmarks.simulation import market
from benchmarks.simulation.services import TIMEOUT, Taken
from benchmarks.simulation.world import Day
from storage.records import Message, Run

AGAIN = "ส่งซ้ำ"
ENDED = frozenset({"accepted", "confirmed", "failed", "unknown", "expired", "superseded", "suppressed"})
SLACK = dt.timedelta(seconds=3 * TIMEOUT)
"""What was begun in time may arrive this much later."""


def broken(day: Day) -> tuple[list[str], Counter[str]]:
    """Each promise that the day broke, in words; and what became of how many messages."""
    with day.store as store:
        rows, runs = store.messages(), store.runs()
    case = _Case(day, rows)
    tally = Counter({"messages": len(rows), "taken": sum(len(each.log) for each in day.services)})
    tally.update(f"{row.klass} {row.state}" for row in rows)
    tally["copies"] = sum(max(0, len(taken) - 1) for taken in case.taken.values())
    tally["deaths"] = day.deaths
    return [*case.faults(), *_of_runs(runs)], tally


def _of_runs(runs: Sequence[Run]) -> Iterator[str]:
    """The wave of the day was run once, and is over."""
    ours = [run for run in runs if (run.date, run.wave) == (market.DAY, market.WAVE)]
    if len(ours) != 1:
        yield f"{len(ours)} runs of one wave"
    yield from (f"the wave is {run.state}" for run in ours if run.state not in {"finished", "cancelled"})


class _Case:
    def __init__(self, day: Day, rows: Sequence[Message]) -> None:
        self._day, self._rows, self._written = day, rows, _written(day.store.url_safe)
        self.taken: dict[str, list[Taken]] = defaultdict(list)
        """By message, what a service took of it, in the order it did."""
        self._strangers: list[Taken] = []
        by_key: dict[str, list[Message]] = defaultdict(list)
        by_number: dict[str, Message] = {}
        for row in rows:
            for attempt in row.attempts:
                if attempt.retry_key is not None and row not in by_key[attempt.retry_key]:
                    by_key[attempt.retry_key].append(row)
                if attempt.provider_id is not None:
                    by_number[attempt.provider_id] = row
        for service in day.services:
            for each in service.log:
                known = by_key[each.key] if each.key is not None else self._replied(each, by_number)
                for row in known:
                    self.taken[row.id].append(each)
                if not known:
                    self._strangers.append(each)

    def _replied(self, taken: Taken, by_number: dict[str, Message]) -> list[Message]:
        """The answer and what went along: by number; where nobody heard of that, by the event that it answers."""
        found = [by_number[number] for number in taken.numbers if number in by_number]
        if found:
            return found
        answers = [row for row in self._rows if row.event.startswith(f"heard:line:{taken.answers}:")]
        begun = {attempt.at for row in answers if row.via == "reply" for attempt in row.attempts}
        return [
            row
            for row in self._rows
            if row.address == taken.address
            and any(attempt.at in begun and attempt.retry_key is None for attempt in row.attempts)
        ]

    def faults(self) -> Iterator[str]:
        for service in self._day.services:
            yield from (f"{service.name}: another body under key {key}" for key in service.other_bodies)
        yield from (f"taken, and in no row: {each.text[:80]}" for each in self._strangers)
        for row in self._rows:
            for fault in self._of(row) if row.edits is None else self._of_edit(row):
                yield f"{row.kind} to {row.channel} {row.address} ({row.klass}, {row.state}): {fault}"
        yield from self._order()

    def _of(self, row: Message) -> Iterator[str]:
        taken, doubts = self.taken[row.id], sum(attempt.outcome == "unknown" for attempt in row.attempts)
        if row.state not in ENDED and not (row.state == "held" and row.send_at > market.ENDS):
            yield "it has no end"
        if row.state in {"accepted", "confirmed"} and not taken:
            yield "lost"
        if row.state not in {"accepted", "confirmed"} and taken and not doubts:
            yield "taken, and not known of"
        if len(taken) > 1 + doubts:
            yield f"{len(taken)} times, after {doubts} doubts"
        if len(taken) > 1 and row.klass == "informative":
            yield "informative, and said twice"
        if len(taken) > 1 and all(each.channel == "line" and each.key is not None for each in taken):
            yield "said twice over LINE"
        if sum(AGAIN not in each.text for each in taken) > 1:
            yield "a copy that does not say so"
        for each in taken:
            begun, took = self._at(each.asked), self._at(each.at)
            if begun > row.expires_at or took > row.expires_at + SLACK:
                yield f"taken at {took:%H:%M:%S}, of use until {row.expires_at:%H:%M:%S}"
            if begun < row.send_at and each.key is not None:
                yield f"begun at {begun:%H:%M:%S}, not to be before {row.send_at:%H:%M:%S}"

    def _of_edit(self, row: Message) -> Iterator[str]:
        """What changes a message that is there may be done twice, and is none of its own."""
        if row.state not in ENDED:
            yield "it has no end"
        if row.state == "accepted" and (row.edits, (row.payload or {}).get("text")) not in self._day.telegram.edits:
            yield "lost"

    def _order(self) -> Iterator[str]:
        """To one chat, what is certain came in its order: by the moment it was for, then by the order of writing."""
        line = {row.id: (row.send_at, place) for place, row in enumerate(self._rows)}
        chats: dict[tuple[str | None, str | None], list[Message]] = defaultdict(list)
        for row in self._rows:
            certain = all(attempt.outcome != "unknown" for attempt in row.attempts)
            if certain and row.via == "push" and self.taken[row.id] and not self._moved(row):
                chats[row.channel, row.address].append(row)
        for (channel, address), rows in chats.items():
            said = sorted(rows, key=lambda row: (self.taken[row.id][0].at, line[row.id]))
            for first, second in pairwise(said):
                waited = self._written[second.id] < self._at(self.taken[first.id][0].asked)
                if line[second.id] < line[first.id] and waited:
                    yield f"{channel} {address}: {first.kind} overtook {second.kind}"

    def _moved(self, row: Message) -> bool:
        """Whether its reader has a chat that was closed, from which it may have come later than it was written."""
        closed = {address for service in self._day.services for address in service.blockers}
        theirs = {other.address for other in self._rows if (other.role, other.member_ref) == (row.role, row.member_ref)}
        return bool(closed & theirs)

    def _at(self, seconds: float) -> dt.datetime:
        return self._day.began + dt.timedelta(seconds=seconds)


def _written(url: str) -> dict[str, dt.datetime]:
    """When each message was written."""
    with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        found = connection.execute("SELECT id, created_at FROM message").fetchall()
    return {id: dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC) for id, at in found}
