"""The menu a chat shows: that of the people whose chat it is. Chats are brought to it one call after another.

What a chat shows is written after the service has taken it, so a crash in between repeats a call that changes nothing.
Knows roles and words; how a service shows them is its channel's affair.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext

from channels.base import Channel, Gone, Later, Menu, Receipt, Refused
from scheduler.clock import Clock
from scheduler.versions import Versions
from storage import Store
from storage.records import Role

log = logging.getLogger(__name__)

CHAT_RESTS, ACCOUNT_RESTS = 3600.0, 60.0
"""Seconds for which a chat that would not have its menu, or an account that has none to show, is left alone."""

_WORDS: Mapping[str, Mapping[str, tuple[tuple[str, str], ...]]] = {
    "th": {
        "everybody": (("where", "ถึงไหนแล้ว"), ("help", "ช่วยเหลือ")),
        "rider": (("work", "งานของฉัน"), ("ok", "รับทราบ"), ("help", "ช่วยเหลือ")),
        "seller": (("mylist", "รายการของฉัน"), ("ok", "รับทราบ"), ("help", "ช่วยเหลือ")),
        "coordinator": (("summary", "สรุป"), ("help", "ช่วยเหลือ")),
    },
    "en": {
        "everybody": (("where", "Where is it?"), ("help", "Help")),
        "rider": (("work", "My work"), ("ok", "OK"), ("help", "Help")),
        "seller": (("mylist", "My list"), ("ok", "OK"), ("help", "Help")),
        "coordinator": (("summary", "Summary"), ("help", "Help")),
    },
}
"""For each language and role the commands in letters, and what they say."""
_FIRST = (Role.RIDER, Role.SELLER, Role.COORDINATOR)
"""Whose menu a chat of several roles shows; the words of the others can still be typed."""


def menus(language: str) -> tuple[Menu, ...]:
    """All menus in the market's language; the first is everybody's, buyers' and strangers'."""
    return tuple(Menu(name=name, words=words, language=language) for name, words in _WORDS[language].items())


def menu_for(roles: Collection[Role], language: str) -> Menu | None:
    """The menu of who has these roles; None: everybody's."""
    name = next((role.value for role in _FIRST if role in roles), None)
    return next((menu for menu in menus(language) if menu.name == name), None)


class Menus:
    """Brings the chats of one channel to their menus."""

    def __init__(
        self,
        store: Store,
        channel: Channel,
        versions: Versions,
        clock: Clock,
        turn: Callable[[str, str], AbstractAsyncContextManager[bool]] = lambda name, verb: nullcontext(True),
    ) -> None:
        self._store, self._channel, self._versions, self._clock, self._turn = store, channel, versions, clock, turn
        self._resting: dict[str | None, float] = {}
        """Until when, by the machine's own clock, a chat is left alone; None: the whole account."""

    async def settle(self) -> bool:
        """Bring the next chat to its menu; False where none is to be had now."""
        due = await asyncio.to_thread(self._due)
        if due is None:
            return False
        address, menu = due
        name = self._channel.name
        async with self._turn(name, "offer") as may:
            if not may:
                return False
            outcome = await self._channel.offer(address, menu)
        about_chat = isinstance(outcome, Gone) or (isinstance(outcome, Refused) and not outcome.account)
        if isinstance(outcome, Receipt) or (about_chat and menu is None):  # who is gone shows nothing any more
            mark, now = self._mark(menu), self._clock.now()
            await asyncio.to_thread(lambda: self._store.note_menu(name, address, mark, at=now))
            return True
        asked = (outcome.after or 0.0) if isinstance(outcome, Later) else 0.0
        rest = CHAT_RESTS if about_chat else max(ACCOUNT_RESTS, asked)
        self._resting[address if about_chat else None] = self._clock.monotonic() + rest
        log.info("channel %s: a menu is not shown (%s); trying again in %d s", name, outcome.reason, rest)
        return True

    def _due(self) -> tuple[str, Menu | None] | None:
        """The next chat that does not show what it should, and what that is."""
        now = self._clock.monotonic()
        self._resting = {which: until for which, until in self._resting.items() if until > now}
        if None in self._resting:
            return None
        language = self._versions.config().market.language
        wanted = ((chat, menu_for(chat.roles, language)) for chat in self._store.shown_menus(self._channel.name))
        return next(
            (
                (chat.address, menu)
                for chat, menu in wanted
                if self._mark(menu) != chat.mark and chat.address not in self._resting
            ),
            None,
        )

    def _mark(self, menu: Menu | None) -> str | None:
        return self._channel.menu_mark(menu) if menu is not None else None
