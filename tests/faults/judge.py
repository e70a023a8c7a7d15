"""What became of a day: the services' own logs beside the ledger, joined by the services' numbers.

Each message that is to be said is known from the plans, each that was said from the services. A LINE request is its
key; over Telegram a copy is the same words to the same chat, with or without the mark that it may have come before.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crowd import DATE, Crowd
from telegram_server import read_html

from channels.base import Content
from channels.telegram.html import render
from scheduler.notices import CARD, content_from_json
from scheduler.outbox.verdicts import said_again
from storage import Store
from storage.records import Message, Plan

MARKS = ("(ส่งซ้ำ) ", "(sent again) ")
WHICH = 10
"""Most messages that were lost, or left, that are shown."""
LEFT = ("held", "ready", "retry", "sending")
PROMISES = {
    "line": ("lost", "copies", "unknown_requests", "wrong_numbers"),
    "replies": ("lost",),
    "critical": ("lost", "unmarked_copies", "copies_beyond_doubts"),
    "informative": ("lost", "copies"),
    "edits": ("lost", "outdated"),
    "day": ("orders_lost", "unsaid", "said_twice", "events_lost", "unconfirmed"),
}
"""What must be nought."""


def of_today(store: Store, now: dt.datetime) -> list[Message]:
    """The day's messages that are due: the next day's waves may just be closing as it ends, and a card be changing."""
    due = [row for row in store.messages() if row.send_at <= now and (row.date is None or row.date <= DATE)]
    return [row for row in due if row.kind != CARD or row.state not in LEFT]


def of_messages(rows: Sequence[Message], line: Any, telegram: Any) -> dict[str, Any]:
    """What was lost, said twice, or is not known, of messages that wait no more."""
    pushed = [row for row in rows if row.via == "push" and row.state != "superseded"]
    found: dict[str, Any] = {"messages": len(rows), "states": dict(Counter(row.state for row in rows))}
    found["line"] = _line([row for row in pushed if row.channel == "line"], rows, line)
    found["replies"] = _replies([row for row in rows if row.channel == "line" and row.via == "reply"], line)
    said = _said(telegram)
    for klass in ("critical", "informative"):
        mine = [row for row in pushed if row.channel == "telegram" and row.klass == klass and row.edits is None]
        found[klass] = _telegram(mine, said)
    if left := [row for row in rows if row.state in LEFT]:
        found["left"] = [_shown(row) for row in left[:WHICH]]
    found["edits"] = _edits([row for row in pushed if row.edits is not None], telegram)
    return found


def _line(mine: Sequence[Message], rows: Sequence[Message], server: Any) -> dict[str, int]:
    keys = {log.key for log in server.log if log.key is not None}
    ours = {row.bundle for row in rows if row.bundle is not None}
    heard = Counter(
        (log.to, json.dumps(each, sort_keys=True, ensure_ascii=False))
        for log in server.log
        if not log.reply
        for each in log.messages
    )
    numbers = {number for log in server.log for number in log.message_ids}
    accepted = [row for row in mine if row.state in ("accepted", "confirmed")]
    return {
        "messages": len(mine),
        "lost": sum(row.bundle not in keys for row in accepted) + len(mine) - len(accepted),
        "wrong_numbers": sum(
            row.attempts[-1].provider_id not in numbers for row in accepted if row.attempts[-1].provider_id
        ),
        "copies": sum(count - 1 for count in heard.values()),
        "unknown_requests": len(keys - ours),
        "refused_copies": sum(attempt.status == 409 for row in mine for attempt in row.attempts),
    }


def _replies(mine: Sequence[Message], server: Any) -> dict[str, int]:
    """What went out as an answer, or rode along with one: it has no key, so a doubt stays one, and none is repeated."""
    numbers = {number for log in server.log if log.reply for number in log.message_ids}
    accepted = [row for row in mine if row.state in ("accepted", "confirmed")]
    return {
        "messages": len(mine),
        "lost": sum(row.attempts[-1].provider_id not in numbers for row in accepted),
        "unknown": sum(row.state == "unknown" for row in mine),
    }


def _said(server: Any) -> Mapping[tuple[str, str], list[Any]]:
    """By chat and words without their mark: each time they were said."""
    said: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)
    for log in server.log:
        said[log.chat_id, _words(log.text)].append(log)
    return said


def _words(text: str) -> str:
    """The words of a message; how it is laid out is left aside."""
    for mark in MARKS:
        text = text.replace(mark, "")
    return "".join(text.split())


def _telegram(mine: Sequence[Message], said: Mapping[tuple[str, str], list[Any]]) -> dict[str, Any]:
    lost: list[str] = []
    found = Counter({"messages": len(mine), "unknown": sum(row.state == "unknown" for row in mine)})
    groups: defaultdict[tuple[str, str], list[Message]] = defaultdict(list)
    for row in mine:  # two answers to one person may say the same
        groups[row.address or "", _words(_text(row))].append(row)
    for key, rows in groups.items():
        again = key[0], _words(_text(rows[0], said_again))  # the mark may leave a long text a line less
        logs = [*said.get(key, []), *(said.get(again, []) if again != key else [])]
        doubts = sum(attempt.outcome in ("unknown", "sending") for row in rows for attempt in row.attempts)
        copies = max(0, len(logs) - len(rows))
        numbers = {str(log.message_id) for log in logs}
        unsaid = sum(row.state in ("accepted", "confirmed") and _number(row) not in numbers for row in rows)
        bound = sum(row.klass == "critical" or row.state != "unknown" for row in rows)
        found["copies"] += copies
        found["unmarked_copies"] += max(0, sum(not log.text.startswith(MARKS) for log in logs) - len(rows))
        found["copies_beyond_doubts"] += max(0, copies - doubts)
        missing = max(unsaid, bound - len(logs), 0)
        found["lost"] += missing
        lost += [f"{len(logs)} said of {_shown(row)}" for row in rows] if missing else []
    names = ("messages", "lost", "copies", "unmarked_copies", "copies_beyond_doubts", "unknown")
    return {name: found[name] for name in names} | ({"which": lost[:WHICH]} if lost else {})


def _shown(row: Message) -> str:
    """A message and what was tried with it, in a line."""
    tries = ", ".join(f"{tried.outcome} {tried.provider_id or tried.detail or ''}".strip() for tried in row.attempts)
    due = f"{row.send_at:%d %H:%M:%S} to {row.expires_at:%d %H:%M:%S}"
    return f"{row.kind} of {row.event} to {row.member_ref}, due {due}: {row.state} ({tries})"


def _edits(mine: Sequence[Message], server: Any) -> dict[str, int]:
    """Of messages that are put in an earlier one's place: what never stood there, and what does not stand there now."""
    made = {(log.chat_id, str(log.message_id), _words(log.text)) for log in server.edits}
    accepted = [row for row in mine if row.state == "accepted"]
    last = {row.edits: row for row in sorted(accepted, key=lambda row: row.revision)}
    stands = {str(number): _words(log.text) for number, log in server.shown.items()}
    might = defaultdict(set)  # one in doubt may have come
    for row in mine:
        if row.edits in last and row.revision >= last[row.edits].revision:
            might[row.edits].add(_words(_text(row)))
    return {
        "messages": len(mine),
        "lost": sum((row.address, row.edits, _words(_text(row))) not in made for row in accepted),
        "outdated": sum(stands.get(number or "") not in texts for number, texts in might.items()),
    }


def _text(row: Message, said: Callable[[Content], Content] = lambda content: content) -> str:
    return read_html(render(said(content_from_json(row.content)))["text"])[0]


def _number(row: Message) -> str | None:
    return row.attempts[-1].provider_id if row.attempts else None


def of_day(crowd: Crowd, store: Store, told: Sequence[tuple[str, str]], tapped: set[str], heard: Any) -> dict[str, Any]:
    """What the plans promise and the shop and the services were told has been taken: in the rows, and as messages."""
    ids = {row["order_id"] for row in crowd.orders}
    known = {order.order_id for order in store.orders(service_date=DATE)}
    found = promised(store.plans(DATE), store.messages(), told, tapped, heard)
    return {"orders": len(ids), "orders_lost": len(ids - known), **found}


def promised(
    plans: Sequence[Plan], rows: Sequence[Message], told: Sequence[tuple[str, str]], tapped: set[str], heard: Any
) -> dict[str, Any]:
    """Of the plans, whom nothing was written to, or twice; of the events that were `told`, what came to nothing."""
    today = [row for row in rows if row.date == DATE]
    events = Counter((row.event, row.member_ref) for row in today if row.kind != CARD)
    twice = [f"{event} to {ref}" for (event, ref), count in events.items() if count > 1]
    windows = {order_id for row in today if row.kind in ("window", "changed", "ask_pin") for order_id in row.order_ids}
    unsaid = 0
    for plan in plans:
        for route in plan.routes:
            unsaid += not events[f"plan:{plan.id}:{route.rider_id}", route.rider_id]
            for step in route.steps:
                unsaid += step.type == "delivery" and step.order_id not in windows
                unsaid += step.type == "pickup" and not events[f"plan:{plan.id}:{step.seller_id}", step.seller_id or ""]
        unsaid += sum(left.order_id not in windows for left in plan.unassigned)
    states = {row.id: row.state for row in rows}
    return {
        "unsaid": unsaid,
        "said_twice": len(twice),
        "events": len(told),
        "events_lost": sum(not heard.get(event) for event in told),
        "unconfirmed": sum(states[id] != "confirmed" for id in tapped),
    } | ({"twice": twice[:WHICH]} if twice else {})


def broken(found: Mapping[str, Any]) -> list[str]:
    """The promises that did not hold."""
    kept = [
        f"{of}: {name} {found[of][name]}"
        for of, names in PROMISES.items()
        for name in names
        if found.get(of, {}).get(name)
    ]
    return kept + [f"left {state}" for state in found["states"] if state in LEFT]
