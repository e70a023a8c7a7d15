"""How fast one account may speak: evenly, under its service's limits, with no burst after a takeover.

Knows limits and addresses; sends nothing. Counts from the moment at which a call really starts, not from the one that
was planned for it: a stalled process loses its turns and never makes up for them in a burst.

Sources: Telegram's Bots FAQ, "My bot is hitting limits" (30 messages a second, one a second to a chat, 20 a minute to a
group); LINE's Messaging API reference, "Rate limits" (2,000 requests a second to an endpoint).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds between the starts of two calls: of the account, to one chat, to one group. 0: no limit."""

    account: float = 0.0
    chat: float = 0.0
    group: float = 0.0


LIMITS: Mapping[str, Limits] = {
    "telegram": Limits(account=1 / 29, chat=1.0, group=3.0),  # one in thirty is left for what travels unevenly
    "line": Limits(account=1 / 1500),
}
"""By channel; one that is not named is not paced."""

CREDIT = 0.01
"""Seconds that a late call may be made up for: a timer's own lateness, which would halve a rate of 1,500."""
FORGET = 4096


class Pace:
    """The turns of one account, by the machine's own clock. The caller has one call to an address in hand at a time."""

    def __init__(self, limits: Limits, *, now: Callable[[], float] = monotonic) -> None:
        self._limits, self._now = limits, now
        self._account = 0.0
        self._chats: dict[str, float] = {}
        self._resting: dict[str, float] = {}
        self._since = now()
        self.start()

    def start(self) -> None:
        """We have become the sender: whoever sent until now may have used up the last second of every limit."""
        self._since = self._now()
        self._account = self._since + (self._limits.chat and 1.0)
        self._chats.clear()
        self._resting.clear()

    def chat_wait(self, address: str) -> float:
        """Seconds until a call to this chat may start."""
        # To a new chat the account's own first second is distance enough; a group may have had its twenty already.
        first = self._since + self._gap(address) if _is_group(address) else 0.0
        return max(0.0, self._chats.get(address, first) - self._now(), self.rest_left())

    def account_wait(self) -> float:
        """Seconds until the account's next turn."""
        return max(0.0, self._account - self._now())

    def begin(self, address: str) -> None:
        """A call to this chat starts now."""
        now = self._now()
        self._account = max(now - CREDIT, self._account) + self._limits.account
        if gap := self._gap(address):
            self._chats[address] = now + gap
            if len(self._chats) > FORGET:
                self._chats = {chat: free for chat, free in self._chats.items() if free > now}

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

    def _gap(self, address: str) -> float:
        return self._limits.group if _is_group(address) else self._limits.chat


def _is_group(address: str) -> bool:
    """Telegram's groups have negative numbers."""
    return address.startswith("-")
