"""Telegram, over python-telegram-bot's Bot and our own transport. The Bot API has no idempotency key.

Settings: ``api_base``, ``updates`` (webhook or polling), ``timeout_seconds``. Nothing is repeated in here: what became
of one attempt is told, and the caller decides. The SDK is imported at the first call.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from channels.base import Change, Content, Inbound, Menu, NotConfigured, Outcome, Payload, Refused, Wanted
from channels.fit import base_address, leads_to, setting
from channels.hooks import mapping, parsed
from channels.telegram.html import render
from channels.telegram.outcomes import Answer, outcome_of_answer, outcome_of_edit, outcome_of_failure
from channels.telegram.webhook import inbound, read, receive

if TYPE_CHECKING:
    from telegram import Bot

    from channels.telegram.transport import Transport

_TOKEN = "SONGSUK_TELEGRAM_BOT_TOKEN"  # noqa: S105 - a variable's name
_SECRET = "SONGSUK_TELEGRAM_WEBHOOK_SECRET"  # noqa: S105
_SECRET_PREVIOUS = "SONGSUK_TELEGRAM_WEBHOOK_SECRET_PREVIOUS"  # noqa: S105
SECRETS = (_TOKEN, _SECRET, _SECRET_PREVIOUS)

API_BASE = "https://api.telegram.org"
BASES = {"api_base": API_BASE}
DOMAINS = ("telegram.org",)
HEARD = ("message", "edited_message", "callback_query", "my_chat_member")
"""The kinds of update that are asked for; Telegram keeps the others to itself."""


def connect(settings: Mapping[str, Any] | object, secrets: Mapping[str, str]) -> TelegramChannel:
    """The channel of one bot; `NotConfigured` where a secret is missing. Polling needs no webhook secret."""
    polling = setting(settings, "updates", "webhook") == "polling"
    for variable in (_TOKEN,) if polling else (_TOKEN, _SECRET):
        if not secrets.get(variable):
            raise NotConfigured("telegram", variable)
    return TelegramChannel(
        token=secrets[_TOKEN],
        webhook_secrets=(secrets.get(_SECRET, ""), secrets.get(_SECRET_PREVIOUS, "")),
        api_base=base_address(settings, "api_base", API_BASE),
        timeout=float(setting(settings, "timeout_seconds", 10)),
        polling=polling,
    )


class TelegramChannel:
    """One Telegram bot."""

    name = "telegram"
    keyed = False
    replies = False
    edits = True
    holds = 1

    def __init__(
        self, *, token: str, webhook_secrets: Sequence[str], api_base: str, timeout: float, polling: bool = False
    ) -> None:
        self._polling = polling
        self._token, self._webhook_secrets = token, tuple(webhook_secrets)
        self._api_base, self._timeout = api_base, timeout
        self._bot: Bot | None = None
        self._transport: Transport | None = None

    @property
    def official(self) -> bool:
        return leads_to(self._api_base, DOMAINS)

    def render(self, content: Content) -> Payload:
        return render(content)

    def together(self, payloads: Sequence[Payload]) -> Sequence[Payload]:
        return payloads[:1]

    async def send(self, address: str, *parts: Payload, key: str) -> Outcome:
        (payload,) = parts
        del key  # the Bot API has nowhere to put it
        said = await self._asked(
            lambda bot: bot.send_message(chat_id=address, text=payload["text"], api_kwargs=_extras(payload))
        )
        return outcome_of_answer(said) if isinstance(said, Answer) else said

    async def edit(self, address: str, number: str, part: Payload) -> Outcome:
        said = await self._asked(
            lambda bot: bot.edit_message_text(
                chat_id=address, message_id=int(number), text=part["text"], api_kwargs=_extras(part)
            )
        )
        return outcome_of_edit(said, number) if isinstance(said, Answer) else said

    async def _asked(self, ask: Callable[[Bot], Awaitable[object]]) -> Answer | Outcome:
        """What Telegram answered; the outcome where it did not."""
        from channels.telegram.transport import answered

        bot = self._open()
        with answered() as heard:
            try:
                await ask(bot)
            except Exception as failure:  # whatever it is, the message's fate is what the caller needs
                if not heard:
                    return outcome_of_failure(failure)
        status, body = heard[-1]
        return Answer(status=status, body=body)

    async def reply(self, token: str, *parts: Payload) -> Outcome:
        """Telegram has no such tokens: every answer is an ordinary message, and free."""
        del token, parts
        return Refused(reason="reply_token")

    async def invitation(self, code: str | None) -> str | None:
        try:
            account = (await self._open().get_me()).username
        except Exception:  # without Telegram there is no address; a code can still be typed
            return None
        return f"https://t.me/{account}" + (f"?start={code}" if code else "") if account else None

    async def setup(self, wanted: Wanted, *, dry_run: bool) -> Sequence[Change]:
        from channels.telegram.setup import brought_to

        webhook = None if self._polling else wanted.webhook
        return await brought_to(self._open(), wanted, webhook, self._webhook_secrets[0], HEARD, dry_run=dry_run)

    def menu_mark(self, menu: Menu) -> str | None:
        shown = json.dumps(menu.words).encode()
        return f"{menu.name}-{hashlib.sha256(shown).hexdigest()[:12]}"

    async def offer(self, address: str, menu: Menu | None) -> Outcome:
        """The commands that Telegram lists in this chat."""
        from telegram import BotCommandScopeChat

        from channels.telegram.transport import answered

        bot, here = self._open(), BotCommandScopeChat(address)
        with answered() as heard:
            try:
                if menu is None:
                    await bot.delete_my_commands(scope=here)
                else:
                    await bot.set_my_commands(list(menu.words), scope=here)
            except Exception as failure:
                if not heard:
                    return outcome_of_failure(failure)
        status, body = heard[-1]
        return outcome_of_answer(Answer(status=status, body=body))

    async def heard(self, event: Inbound) -> None:
        """Ends the little clock that turns on a tapped button."""
        if event.reply_token is not None:
            with suppress(Exception):  # too late, or gone: nothing follows from it
                await self._open().answer_callback_query(event.reply_token)

    async def updates(self, after: int | None, wait: int) -> tuple[tuple[Inbound, ...], int | None] | Outcome:
        """What was told since update `after`, waiting up to `wait` seconds for it, and the last update's number.

        It waits no longer than the connection's own patience allows, else every quiet wait would end as a timeout.
        """
        said = await self._asked(
            lambda bot: bot.get_updates(
                offset=None if after is None else after + 1,
                timeout=min(wait, int(self._timeout / 2)),
                allowed_updates=list(HEARD),
            )
        )
        if not isinstance(said, Answer):
            return said
        found = mapping(parsed(said.body)).get("result")
        if said.status != 200 or not isinstance(found, list):
            return outcome_of_answer(said)
        numbers = [each["update_id"] for each in found if isinstance(mapping(each).get("update_id"), int)]
        return tuple(inbound(each) for each in found), max(numbers, default=after)

    def receive(self, headers: Mapping[str, str], body: bytes) -> Sequence[Inbound]:
        return receive(headers, body, self._webhook_secrets)

    def read(self, body: bytes) -> Sequence[Inbound]:
        return read(body)

    async def close(self) -> None:
        transport, self._transport, self._bot = self._transport, None, None
        if transport is not None:
            await transport.shutdown()

    def _open(self) -> Bot:
        """The SDK's bot; it asks Telegram nothing by itself."""
        if self._bot is None:
            from telegram import Bot

            from channels.telegram.transport import Transport

            self._transport = Transport(self._timeout)
            self._bot = Bot(
                self._token,
                base_url=f"{self._api_base}/bot",
                base_file_url=f"{self._api_base}/file/bot",
                request=self._transport,
                get_updates_request=self._transport,
            )
        return self._bot


def _extras(payload: Payload) -> dict[str, Any]:
    """What the SDK passes on as it is."""
    return {name: value for name, value in payload.items() if name != "text"}
