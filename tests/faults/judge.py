"""What became of a day: the services' own logs beside the ledger, joined by the services' numbers.

Each message that is to be said is known from the plans, each that was said from the services. A LINE push is its key,
a reply the event whose token it spent; elsewhere a copy is the same words to the same chat, with or without the mark
that it may have come before.
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
from channels.line import flex
from channels.telegram.html import render
from scheduler.notices import CARD, content_from_json
from scheduler.outbox.verdicts import said_again
from storage import Store
from storage.records import Message, Plan

MARKS = ("(ส่งซ้ำ) ", "(sent again) ")
WHICH = 10
"""Most messages that were lost, or left, that are shown."""
_Object = tuple[str, str]
LEFT = ("held", "ready", "retry", "sending")
PROMISES = {
    "line": ("lost", "copies", "unknown_requests", "wrong_numbers"),
    "replies": ("lost", "unmarked_copies", "copies_beyond_doubts"),
    "critical": ("lost", "unmarked_copies", "copies_beyond_doubts"),
    "informative": ("lost", "copies"),
    "edits": ("lost", "outdated"),
    "day": ("orders_lost", "unsaid", "said_twice", "events_lost", "unconfirmed"),
}
"""What must be nought."""


def of_today(store: Store, now: dt.datetime) -> list[Message]:
    """What is due: the next day's waves may just be closing as the day ends, and a card be changing, so that of those
    only what waits no more."""
    due = [row for row in store.messages() if row.send_at <= now]
    return [
        row for row in due if row.state not in LEFT or (row.kind != CARD and (row.date is None or row.date <= DATE))
    ]


def of_messages(rows: Sequence[Message], line: Any, telegram: Any) -> dict[str, Any]:
    """What was lost, said twice, or is not known, of messages that wait no more."""
    pushed = [row for row in rows if row.via == "push" and row.state != "superseded"]
    found: dict[str, Any] = {"messages": len(rows), "states": dict(Counter(row.state for row in rows))}
    found["line"] = _line([row for row in pushed if row.channel == "line"], rows, line)
    found["replies"] = _replies([row for row in rows if row.channel == "line"], line)
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


def _replies(over_line: Sequence[Message], server: Any) -> dict[str, int]:
    """What went out as an answer, or was tried along with one.

    A reply has no key, so its objects are counted: in one chat as many of a kind as there are messages of it that came,
    by reply or by push. What is critical and was in doubt as a reply is pushed: one more, that says so. Where the row
    is in doubt, the service tells: whether it took the reply to that event, or the push of that key.
    """
    came, doubts, same = _expected(over_line, server)
    taken: Counter[_Object] = Counter()
    unmarked: Counter[_Object] = Counter()
    numbered = {}
    for log in server.log:
        for number, each in zip(log.message_ids, log.messages, strict=True):
            what = _object(log.to, each)
            what = same.get(what, what)
            taken[what] += 1
            unmarked[what] += not any(mark in str(each) for mark in MARKS)
            if log.reply:
                numbered[number] = what
    judged = {*numbered.values(), *(what for row in over_line if _as_reply(row) for what in _objects(row))}
    mine = [row for row in over_line if row.via == "reply"]
    accepted = [row for row in mine if row.state in ("accepted", "confirmed")]
    return {
        "messages": len(mine),
        "lost": sum(numbered.get(_number(row) or "") != _objects(row)[0] for row in accepted),
        "copies": sum(max(0, taken[what] - came[what]) for what in judged),
        "unmarked_copies": sum(max(0, unmarked[what] - came[what]) for what in judged),
        "copies_beyond_doubts": sum(max(0, taken[what] - came[what] - doubts[what]) for what in judged),
        "unknown": sum(row.state == "unknown" for row in mine),
    }


def _expected(
    over_line: Sequence[Message], server: Any
) -> tuple[Counter[_Object], Counter[_Object], Mapping[_Object, _Object]]:
    """Of each object: how many came once; how many copies there may be; what it is where the mark changes it."""
    keys = {log.key for log in server.log if log.key is not None}
    answered = {log.answers for log in server.log if log.reply}
    events = {row.id: row.event.split(":")[2] for row in over_line if row.event.startswith("heard:")}
    came: Counter[_Object] = Counter()
    doubts: Counter[_Object] = Counter()
    same: dict[_Object, _Object] = {}
    for row in over_line:
        doubted = sum(tried.retry_key is None and tried.outcome in ("unknown", "sending") for tried in row.attempts)
        told = row.bundle in keys or doubted > 0
        if row.via == "reply":  # what went along has the answer's id as its bundle
            told = events.get(row.bundle or row.id) in answered
        told = told or any(tried.outcome == "accepted" for tried in row.attempts)
        objects = _objects(row)
        came.update(objects * told)
        if doubted and row.klass == "critical":
            doubts.update(objects * doubted)
            same |= dict(zip(_objects(row, said_again), objects, strict=False))
    return came, doubts, same


def _as_reply(row: Message) -> bool:
    """Whether it was ever an answer, or tried along with one: every push has a key."""
    return any(tried.retry_key is None for tried in row.attempts)


def _objects(row: Message, said: Callable[[Content], Content] = lambda content: content) -> list[_Object]:
    return [_object(row.address or "", each) for each in flex.render(said(content_from_json(row.content)))["messages"]]


def _object(to: str, each: Mapping[str, Any]) -> _Object:
    """The chat, and what it is shown, without what hangs on the rest of the request and without the mark."""
    shown = json.dumps({**each, "quickReply": None}, sort_keys=True, ensure_ascii=False)
    for mark in MARKS:
        shown = shown.replace(mark, "")
    return to, shown


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
