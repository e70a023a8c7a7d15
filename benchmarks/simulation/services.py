"""LINE and Telegram in a few lines each: they keep their own rules, remember what they took, and fail as fate has it.

The rules are those of `tests/fakes`, which are held to the services' descriptions: LINE's retry keys of a day, 409, and
reply tokens that work once and for a minute; Telegram's limits, 403 and numbers. What is sent is laid out, and what is
answered understood, by the channels' own code. Know no row.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from benchmarks.simulation.fate import Fate
from benchmarks.simulation.loop import WHO, Loop
from channels.base import Later, Outcome, Payload, Unknown
from channels.line import LineChannel
from channels.line import outcomes as line_outcomes
from channels.telegram import TelegramChannel
from channels.telegram import outcomes as telegram_outcomes

KEY_SECONDS, TOKEN_SECONDS = 24 * 3600.0, 60.0
TIMEOUT = 10.0
NOWHERE = "http://127.0.0.1:9"
BOT = "1:t"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One request that a service took: at second `at`, under our `key`, as the messages `parts`.

    A reply has no key: it `answers` an event.
    """

    at: float
    asked: float
    channel: str
    address: str
    key: str | None
    parts: Sequence[str]
    numbers: Sequence[str]
    answers: str | None

    @property
    def text(self) -> str:
        return "\n".join(self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a service answers: all that both kinds of answers hold."""

    status: int
    said: Mapping[str, Any]
    headers: Mapping[str, str]


class Service:
    """What both have in common: a log, people who block, hours in which nothing answers."""

    name = ""

    def __init__(self, loop: Loop, fate: Fate) -> None:
        self.loop, self.fate = loop, fate
        self.log: list[Taken] = []
        self.blockers: set[str] = set()
        self.outages: list[tuple[float, float]] = []
        self.other_bodies: list[str] = []
        """Keys under which something else was asked than before."""
        self._bodies: dict[str, tuple[str, str]] = {}

    def take(
        self, address: str, key: str | None, parts: Sequence[Any], asked: float, answers: str | None = None
    ) -> Taken:
        shown = [json.dumps(part, ensure_ascii=False) for part in parts]
        first = sum(len(each.parts) for each in self.log)
        numbers = [f"{self.name}{first + at + 1}" for at in range(len(shown))]
        taken = Taken(
            at=self.loop.time(),
            asked=asked,
            channel=self.name,
            address=address,
            key=key,
            parts=shown,
            numbers=numbers,
            answers=answers,
        )
        self.log.append(taken)
        return taken

    def asked_for(self, key: str, address: str, parts: Sequence[Any]) -> None:
        """A key stands for one request, whoever asks and however often."""
        body = address, json.dumps(parts, sort_keys=True)
        if self._bodies.setdefault(key, body) != body:
            self.other_bodies.append(key)

    async def call(
        self, ask: Callable[[], Answer], busy: int, rate: Callable[[], Answer], understood: Callable[[Answer], Outcome]
    ) -> Outcome:
        """One request over a bad line, and what its sender makes of it.

        The request goes its way though its sender dies meanwhile.
        """
        fate, loop, process = self.fate, self.loop, WHO.get()
        way = fate.way()
        if process is not None and not process.alive:
            raise asyncio.CancelledError
        if process is not None and fate.dies_in_a_call():
            loop.call_later(fate.chance.uniform(0, 2 * way), process.die)
        fell = "unreachable" if self._out() else fate.call()
        heard: list[Answer] = []

        def arrive() -> None:
            heard.append(ask())

        if fell in {"well", "reset", "error", "garbled", "slow"}:
            loop.call_later(way, arrive)
        elif fell == "late":
            loop.call_later(TIMEOUT + fate.chance.uniform(0, TIMEOUT), arrive)
        await asyncio.sleep(TIMEOUT if fell in {"slow", "late"} else 2 * way)
        match fell:
            case "unreachable":
                return Later(reason="unreachable")
            case "lost" | "reset":
                return Unknown(reason="connection_lost")
            case "slow" | "late":
                return Unknown(reason="timeout")
            case "busy" | "error":
                return understood(Answer(status=busy, said={}, headers={}))
            case "garbled":
                status = heard[0].status
                return understood(Answer(status=status, said={}, headers={}))
            case "rate":
                return understood(rate())
        return understood(heard[0])

    def _out(self) -> bool:
        now = self.loop.time()
        return any(since <= now < until for since, until in self.outages)


class Line(Service):
    """LINE's Messaging API."""

    name = "line"

    def __init__(self, loop: Loop, fate: Fate) -> None:
        super().__init__(loop, fate)
        self._keys: dict[str, Taken] = {}
        self._tokens: dict[str, tuple[float, str, str]] = {}
        self._events = 0

    def event(self, user: str, words: str | None) -> bytes:
        """The webhook's body when `user` writes `words`; None: he blocks the account."""
        self._events += 1
        number = f"01JD{self._events:022}"
        told: dict[str, Any] = {"type": "unfollow"}
        if words is not None:
            token = f"reply{self._events}"
            self._tokens[token] = (self.loop.time(), user, number)
            message = {"type": "text", "id": str(self._events), "quoteToken": "q", "text": words}
            told = {"type": "message", "replyToken": token, "message": message}
        told |= {"webhookEventId": number, "source": {"type": "user", "userId": user}}
        return json.dumps({"destination": "Ubot", "events": [told]}).encode()

    def push(self, address: str, key: str, messages: Sequence[Any], asked: float) -> Answer:
        self.asked_for(key, address, messages)
        earlier = self._keys.get(key)
        if earlier is not None and self.loop.time() - earlier.at < KEY_SECONDS:
            sent = [{"id": number} for number in earlier.numbers]
            return Answer(
                status=409, said={"sentMessages": sent}, headers={"x-line-accepted-request-id": earlier.numbers[0]}
            )
        self._keys[key] = taken = self.take(address, key, messages, asked)
        return _sent(taken)

    def reply(self, token: str, messages: Sequence[Any], asked: float) -> Answer:
        issued, user, event = self._tokens.pop(token, (0.0, "", ""))
        if not user or self.loop.time() - issued > TOKEN_SECONDS:
            return Answer(status=400, said={"message": "Invalid reply token"}, headers={})
        return _sent(self.take(user, None, messages, asked, answers=event))


def _sent(taken: Taken) -> Answer:
    return Answer(status=200, said={"sentMessages": [{"id": number} for number in taken.numbers]}, headers={})


class Telegram(Service):
    """Telegram's Bot API."""

    name = "telegram"

    def __init__(self, loop: Loop, fate: Fate) -> None:
        super().__init__(loop, fate)
        self._events = 0
        self._calls: deque[float] = deque()
        self._last: defaultdict[str, float] = defaultdict(lambda: -1.0)
        self.edits: set[tuple[str, str]] = set()
        """The words that a message was edited to, by its number."""

    def event(self, chat: str, words: str | None) -> bytes:
        """The webhook's body when the person of `chat` writes `words`; None: he blocks the bot."""
        self._events += 1
        person = {"id": int(chat), "is_bot": False, "first_name": "x"}
        where = {"id": int(chat), "type": "private", "first_name": "x"}
        update: dict[str, Any] = {"update_id": self._events}
        if words is None:
            bot = {"user": {"id": 1, "is_bot": True, "first_name": "x"}, "status": "kicked"}
            update["my_chat_member"] = {"chat": where, "from": person, "date": 1, "new_chat_member": bot}
        else:
            message = {"message_id": self._events, "date": 1, "chat": where, "from": person, "text": words}
            update["message"] = message
        return json.dumps(update).encode()

    def send(self, chat: str, key: str, payload: Any, asked: float) -> Answer:
        if wait := self._wait(chat):
            return _too_many(wait)
        if chat in self.blockers:
            return Answer(status=403, said={"description": "Forbidden: bot was blocked by the user"}, headers={})
        taken = self.take(chat, key, [payload], asked)
        return Answer(status=200, said={"ok": True, "result": {"message_id": taken.numbers[0]}}, headers={})

    def edit(self, chat: str, number: str, payload: Any) -> Answer:
        if wait := self._wait(chat):
            return _too_many(wait)
        if chat in self.blockers:
            return Answer(status=403, said={"description": "Forbidden: bot was blocked by the user"}, headers={})
        if not any(number in taken.numbers and taken.address == chat for taken in self.log):
            return Answer(status=400, said={"description": "Bad Request: message to edit not found"}, headers={})
        self.edits.add((number, payload["text"]))
        return Answer(status=200, said={"ok": True, "result": {"message_id": number}}, headers={})

    def _wait(self, chat: str) -> float:
        now = self.loop.time()
        while self._calls and now - self._calls[0] >= 1.0:
            self._calls.popleft()
        wait = max(0.0, self._last[chat] + 1.0 - now, self._calls[0] + 1.0 - now if len(self._calls) >= 30 else 0.0)
        if not wait:
            self._calls.append(now)
            self._last[chat] = now
        return wait


def _too_many(seconds: float) -> Answer:
    return Answer(status=429, said={"parameters": {"retry_after": ceil(seconds)}}, headers={})


class OverLine(LineChannel):
    """The channel, its calls gone to the simulated LINE."""

    def __init__(self, service: Line) -> None:
        super().__init__(token=BOT, webhook_secrets=("s",), api_base=NOWHERE, data_base=NOWHERE, timeout=TIMEOUT)
        self._service = service

    async def send(self, address: str, *parts: Payload, key: str) -> Outcome:
        asked = self._service.loop.time()
        return await self._asked(parts, lambda messages: self._service.push(address, key, messages, asked))

    async def reply(self, token: str, *parts: Payload) -> Outcome:
        asked = self._service.loop.time()
        return await self._asked(parts, lambda messages: self._service.reply(token, messages, asked))

    async def _asked(self, parts: Sequence[Payload], ask: Callable[[Sequence[Any]], Answer]) -> Outcome:
        messages = [message for part in parts for message in part["messages"]]
        sizes = [len(part["messages"]) for part in parts]

        def understood(answer: Answer) -> Outcome:
            body = json.dumps(answer.said).encode()
            told = line_outcomes.Answer(status=answer.status, headers=answer.headers, body=body)
            return line_outcomes.outcome_of_answer(told, sizes)

        limited = Answer(status=429, said={"message": "The API rate limit has been exceeded."}, headers={})
        return await self._service.call(lambda: ask(messages), 503, lambda: limited, understood)


class OverTelegram(TelegramChannel):
    """The channel, its calls gone to the simulated Telegram."""

    def __init__(self, service: Telegram) -> None:
        super().__init__(token=BOT, webhook_secrets=("s",), api_base=NOWHERE, timeout=TIMEOUT)
        self._service = service

    async def send(self, address: str, *parts: Payload, key: str) -> Outcome:
        service, (payload,) = self._service, parts
        asked = service.loop.time()
        return await self._called(
            lambda: service.send(address, key, payload, asked), telegram_outcomes.outcome_of_answer
        )

    async def edit(self, address: str, number: str, part: Payload) -> Outcome:
        service = self._service
        return await self._called(
            lambda: service.edit(address, number, part), lambda said: telegram_outcomes.outcome_of_edit(said, number)
        )

    async def _called(
        self, ask: Callable[[], Answer], understood: Callable[[telegram_outcomes.Answer], Outcome]
    ) -> Outcome:
        def heard(answer: Answer) -> Outcome:
            body = json.dumps(answer.said).encode()
            return understood(telegram_outcomes.Answer(status=answer.status, body=body))

        limited = _too_many(self._service.fate.chance.choice([1, 7, 40]))
        return await self._service.call(ask, 502, lambda: limited, heard)
