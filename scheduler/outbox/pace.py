"""How fast one account may speak: evenly, under its service's limits, with no burst after a takeover.

Knows limits and addresses; sends nothing. What it cannot know is when a call arrives at the service: at some moment
between its start and its end here. So it never counts on one:

- A call may start only while fewer than `second` others are under way or have ended within the last second. Then no
  second at the service holds more than `second` of them, however unevenly they travel and however this process stalls:
  of more than that many in one second, take the one that started last. The others arrived less than a second before
  it did, so each of them ended less than a second before it started, or had not ended yet, and it could not start.
- The distance to a chat counts from the end of the last call to it to the start of the next.

This holds for every call whose end is the service's answer. One that was given up may arrive later than that; nobody
can tell. The price is the time that calls take: thirty need a second and one call's time, so that at 50 ms a call 95 of
100 possible ones are made. Within that they are spread evenly; what a stall has held up follows a little closer.

Whatever is asked of an account again and again waits for a turn here, by the name of the channel's verb: ``send`` (and
``edit``), ``reply``, ``heard``, ``offer``. Telegram counts them all together; LINE counts each endpoint by itself. Who
asks by hand or by the clock does not: LINE's count of the month (once in a quarter of an hour), fetching updates (one
question at a time), and `channels setup`, which makes and deletes no more menus than a market has, of 100 an hour.

Sources: Telegram's Bots FAQ, "My bot is hitting limits" (30 messages a second, one a second to a chat, 20 a minute to a
group); LINE's Messaging API reference, "Rate limits" (a second: 10 lists of rich menus, 2,000 of nearly all else).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds between two calls: of the account, to one chat, to one group. 0: no limit.

    `second`: how many calls the service may see in any second. 0: the even distance is enough.
    `each`: seconds between two calls of one verb, where the service counts each by itself. Others are the account's.
    """

    account: float = 0.0
    second: int = 0
    chat: float = 0.0
    group: float = 0.0
    each: Mapping[str, float] = field(default_factory=dict)


LIMITS: Mapping[str, Limits] = {
    "telegram": Limits(account=1 / 30, second=30, chat=1.0, group=3.0),
    # A quarter is left for what is made up for, and for 64 that travel unevenly. A menu may need their list first.
    "line": Limits(each={"send": 1 / 1500, "reply": 1 / 1500, "offer": 1 / 7}),
}
"""By channel; one that is not named is not paced."""

CREDIT = 0.1
"""Seconds that late calls may be made up for, by following each other at once."""
SECOND = 1.001
"""A second, where two machines' clocks need not run quite alike."""
FORGET = 4096


class Pace:
    """The turns of one account, by the machine's own clock. The caller has one call to an address in hand at a time.

    Whatever begins ends: `begin`, when its waits are over, and `end`, with the answer or without one.
    """

    def __init__(self, limits: Limits, *, now: Callable[[], float] = monotonic) -> None:
        self._limits, self._now = limits, now
        self._free: dict[str, float] = {}
        """When the next call may start: of each verb that counts by itself, and "" of all others."""
        self._under_way = 0
        self._ended: deque[float] = deque(maxlen=limits.second)
        self._chats: dict[str, float] = {}
        self._resting: dict[str, float] = {}
        self._since = now()
        self.start()

    def start(self, resting: Mapping[str, float] = MappingProxyType({})) -> None:
        """We have become the sender: whoever sent until now may have used up the last second of every limit.

        `resting`: for how many seconds still the service told that one to leave chats alone. A service that knows no
        limits of chats has said none.
        """
        self._since = self._now()
        self._free = {"": self._since + (self._limits.chat and 1.0), **dict.fromkeys(self._limits.each, self._since)}
        self._chats.clear()
        self._resting.clear()
        if self._limits.chat:
            for chat, seconds in resting.items():
                self.rest(chat, seconds)

    def chat_wait(self, address: str) -> float:
        """Seconds until a call to this chat may start."""
        # To a new chat the account's own first second is distance enough; a group may have had its twenty already.
        first = self._since + self._gap(address) if _is_group(address) else 0.0
        return max(0.0, self._chats.get(address, first) - self._now(), self.rest_left())

    def account_wait(self, verb: str) -> float:
        """Seconds, at least, until the account's next turn for such a call: ask again after them."""
        now = self._now()
        return max(0.0, self._free[self._counted(verb)] - now, self._room_in(now))

    def _room_in(self, now: float) -> float:
        """Seconds, at least, until so few calls may arrive within a second of one that starts then that it may."""
        while self._ended and self._ended[0] <= now - SECOND:
            self._ended.popleft()
        over = self._under_way + len(self._ended) + 1 - self._limits.second
        if over <= 0 or not self._limits.second:
            return 0.0
        first = self._ended[over - 1] if over <= len(self._ended) else now  # what is under way ends now, or later
        return first + SECOND - now

    def begin(self, verb: str) -> None:
        """Such a call starts now."""
        counted = self._counted(verb)
        apart = self._limits.each.get(counted, self._limits.account)
        self._free[counted] = max(self._now() - CREDIT, self._free[counted]) + apart
        self._under_way += 1

    def end(self, address: str | None) -> None:
        """A call is over: it has arrived, or it never will as far as anybody can tell. `address`: whom it said
        something to, or None."""
        now = self._now()
        self._under_way -= 1
        self._ended.append(now)
        if address is not None and (gap := self._gap(address)):
            self._chats[address] = max(self._chats.get(address, 0.0), now + gap)
            if len(self._chats) > FORGET:
                self._chats = {chat: free for chat, free in self._chats.items() if free > now}

    @asynccontextmanager
    async def turn(self, verb: str) -> AsyncIterator[bool]:
        """The block is a call of this verb that says nothing to a chat; it is entered in its turn.

        False: the service has told the account to keep quiet, so the call is not to be made.
        """
        if verb not in self._limits.each and self.rest_left():
            yield False
            return
        while wait := self.account_wait(verb):  # noqa: ASYNC110 - time is what it waits for
            await asyncio.sleep(wait)
        self.begin(verb)
        try:
            yield True
        finally:
            self.end(None)

    def rest(self, address: str, seconds: float) -> None:
        """The service told us to wait. It means the chat; when it says so for a second one meanwhile, it means us."""
        now = self._now()
        self._resting = {chat: until for chat, until in self._resting.items() if until > now}
        self._chats[address] = max(self._chats.get(address, 0.0), now + seconds)
        self._resting[address] = now + seconds

    def rest_left(self) -> float:
        """Seconds for which the whole account has to keep quiet."""
        now = self._now()
        ends = sorted(until for until in self._resting.values() if until > now)
        whole = len(ends) > 1 or (ends and not self._limits.chat)
        return ends[-1] - now if whole else 0.0

    def _counted(self, verb: str) -> str:
        return verb if verb in self._limits.each else ""

    def _gap(self, address: str) -> float:
        return self._limits.group if _is_group(address) else self._limits.chat


def _is_group(address: str) -> bool:
    """Telegram's groups have negative numbers."""
    return address.startswith("-")
