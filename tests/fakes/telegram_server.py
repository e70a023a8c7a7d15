"""A Telegram that remembers: chats, blockers, moved groups, what stands in a chat after edits. Every request is held
against the Bot API's description.

    python tests/fakes/telegram_server.py --port 0

prints its address (``--enforce``: and holds senders to 30 calls in any second, one message a second to a chat, 20 a
minute to a group; fetching updates does not count); ``POST /_fake/faults {"point": "reset", "times": 2}`` orders
faults, ``GET /_fake/log`` shows what was accepted.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from math import ceil
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from serving import FakeServer, Window, abort, main
from specs import telegram_faults, telegram_is_text

TOKEN = "1234:telegram-token"
ACCOUNT = {
    *("answerCallbackQuery", "getUpdates", "getWebhookInfo", "setWebhook", "deleteWebhook"),
    *("getMyCommands", "setMyCommands", "deleteMyCommands"),
}
TAGS = {"b", "i", "u", "s", "a", "code", "pre"}


@dataclass(frozen=True, slots=True)
class Accepted:
    """One message in a chat; `text` as a person reads it."""

    message_id: int
    chat_id: str
    text: str
    fields: dict[str, Any]
    silent: bool


class TelegramServer(FakeServer):
    """A fake of Telegram's Bot API."""

    def __init__(
        self, *, token: str = TOKEN, chats: set[str] | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self.token, self.chats, self.now = token, chats, now
        self._account = Window(30, 1.0)
        self._chats: defaultdict[str, Window] = defaultdict(lambda: Window(1, 1.0))
        self._groups: defaultdict[str, Window] = defaultdict(lambda: Window(20, 60.0))
        self.blockers: set[str] = set()
        self.moved: dict[str, int] = {}
        self.retry_after: float | None = 7
        """What an ordered 429 asks to wait; None: it does not say."""
        self.bad_requests: list[Any] = []
        self.edits: list[Accepted] = []
        """Each edit that changed something, as the message was after it."""
        self.shown: dict[int, Accepted] = {}
        """What stands in the chats now, by number; who deletes a message takes it out of here."""
        self.answered: list[str] = []
        self.updates: list[dict[str, Any]] = []
        """What getUpdates has to give."""
        self.webhook: dict[str, Any] = {}
        self.commands: list[dict[str, str]] = []
        self.commands_of: dict[str, list[dict[str, str]]] = {}
        """Of single chats."""
        self.polls = 0
        self.conflicts = 0
        """How often two have asked for updates at once."""
        self._poll: asyncio.Future[None] | None = None
        self._updates = 0

    def routes(self) -> list[web.RouteDef]:
        return [web.route("*", "/bot{token}/{method}", self._call)]

    def update(self, chat: str, **told: Any) -> dict[str, Any]:
        """Something the person of this chat did, as Telegram tells it.

        `told` are a message's own fields (``text``, ``location``, …), or ``data`` for a tapped button, or ``status``
        for the bot's own standing there.
        """
        self._updates += 1
        person = {"id": int(chat), "is_bot": False, "first_name": "x"}
        where = {"id": int(chat), "type": "private", "first_name": "x"}
        made: dict[str, Any] = {"update_id": 9000 + self._updates}
        if "data" in told:
            made["callback_query"] = {"id": str(self._updates), "from": person, "chat_instance": "1", **told}
            made["callback_query"]["message"] = {"message_id": 1, "date": 1795000000, "chat": where}
        elif "status" in told:
            member = {"user": {"id": 1234, "is_bot": True, "first_name": "Songsuk"}, "status": told["status"]}
            made["my_chat_member"] = {"chat": where, "from": person, "date": 1, "new_chat_member": member}
        else:
            message = {"message_id": self._updates, "date": 1795000000, "chat": where, "from": person}
            made["message"] = message | told
        return made

    async def _call(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.take()
        if fault == "before_read":
            return abort(request)
        if request.match_info["token"] != self.token:
            return _error(401, "Unauthorized")
        if fault == "busy":
            return _error(502, "Bad Gateway")
        if fault == "rate":
            if self.retry_after is None:
                return _error(429, "Too Many Requests")
            told = f"Too Many Requests: retry after {self.retry_after}"
            return _error(429, told, parameters={"retry_after": self.retry_after})
        method = request.match_info["method"]
        if method == "getMe":
            me = {"id": 1234, "is_bot": True, "first_name": "Songsuk", "username": "songsuk_bot"}
            return web.json_response({"ok": True, "result": me})
        if method in ACCOUNT:
            fields = await _fields(request, method)
            if self.enforce and method != "getUpdates" and (wait := self._too_fast(None)):
                return self._limited(wait)
            if faults := telegram_faults(method, fields):
                self.bad_requests.append({"fields": fields, "faults": faults})
                return _error(400, f"Bad Request: {faults[0]}")
            return await self._of_account(method, fields)
        if method not in {"sendMessage", "editMessageText"}:
            return _error(404, "Not Found")
        return await self._say(request, method, fault)

    async def _of_account(self, method: str, fields: dict[str, Any]) -> web.Response:
        """What is not a message: taps answered, updates fetched, webhook and commands."""
        result: Any = True
        match method:
            case "answerCallbackQuery":
                self.answered.append(fields["callback_query_id"])
            case "getUpdates":
                if self.webhook.get("url"):
                    return _error(409, "Conflict: can't use getUpdates method while webhook is active")
                after = fields.get("offset", 0)
                self.updates = [each for each in self.updates if each["update_id"] >= after]
                if not await self._alone(min(0.05, fields.get("timeout", 0))):
                    return _error(409, "Conflict: terminated by other getUpdates request")
                result = self.updates[: fields.get("limit", 100)]
            case "getWebhookInfo":
                told = {"url": "", "has_custom_certificate": False, "pending_update_count": 0}
                result = told | {
                    name: self.webhook[name] for name in ("url", "allowed_updates") if name in self.webhook
                }
            case "setWebhook":
                if fields["url"] and not fields["url"].startswith("https://"):
                    return _error(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
                self.webhook = fields
            case "deleteWebhook":
                self.webhook = {}
            case "getMyCommands":
                result = self.commands
            case "setMyCommands" | "deleteMyCommands" if chat := str(fields.get("scope", {}).get("chat_id", "")):
                if chat in self.blockers or (self.chats is not None and chat not in self.chats):
                    return _error(400, "Bad Request: chat not found")
                self.commands_of[chat] = fields.get("commands", [])
            case "setMyCommands":
                self.commands = fields["commands"]
        return web.json_response({"ok": True, "result": result})

    async def _alone(self, seconds: float) -> bool:
        """Waits a while for updates; False where somebody else asks for them meanwhile, which ends this question."""
        if self._poll is not None and not self._poll.done():
            self.conflicts += 1
            self._poll.set_result(None)
        self.polls += 1
        mine = self._poll = asyncio.get_running_loop().create_future()
        if not self.updates:
            await asyncio.wait([mine], timeout=seconds)
        if mine.done():
            return False
        mine.cancel()
        return True

    async def _say(self, request: web.Request, method: str, fault: Any) -> web.StreamResponse:
        """A new message, or another text for one that stands there."""
        fields = await _fields(request, method)
        if self.enforce and (wait := self._too_fast(str(fields.get("chat_id")))):
            return self._limited(wait)
        faults = telegram_faults(method, fields) if self.checked else []
        if faults:
            self.bad_requests.append({"fields": fields, "faults": faults})
            return _error(400, f"Bad Request: {faults[0]}")
        text, wrong = read_html(fields["text"]) if fields.get("parse_mode") == "HTML" else (fields["text"], None)
        wrong = wrong or text_fault(text) or keyboard_fault(fields.get("reply_markup"))
        if wrong:
            self.bad_requests.append({"fields": fields, "faults": [wrong]})
            return _error(400, f"Bad Request: {wrong}")
        chat = str(fields["chat_id"])
        if chat in self.blockers:
            return _error(403, "Forbidden: bot was blocked by the user")
        if chat in self.moved:
            told = "Bad Request: group chat was upgraded to a supergroup chat"
            return _error(400, told, parameters={"migrate_to_chat_id": self.moved[chat]})
        if self.chats is not None and chat not in self.chats:
            return _error(400, "Bad Request: chat not found")
        if method == "sendMessage":
            number = len(self.log) + 1
            self.shown[number] = Accepted(number, chat, text, fields, bool(fields.get("disable_notification")))
            self.keep(self.shown[number])
        else:
            number = fields["message_id"]
            if wrong := self._uneditable(number, chat, text, fields):
                return _error(400, f"Bad Request: {wrong}")
            self.shown[number] = Accepted(number, chat, text, fields, silent=True)
            self.edits.append(self.shown[number])
        if instead := await self.after_accept(fault, request):
            return instead
        shown = {"id": int(chat) if chat.lstrip("-").isdigit() else 1, "type": "private", "first_name": "x"}
        result = {"message_id": number, "date": 1795000000, "chat": shown, "text": text}
        return web.json_response({"ok": True, "result": result})

    def _uneditable(self, number: int, chat: str, text: str, fields: dict[str, Any]) -> str | None:
        """What Telegram has against this edit, in its own words."""
        stands = self.shown.get(number)
        if stands is None or stands.chat_id != chat:
            return "message to edit not found"
        before, after = (each.get("reply_markup") for each in (stands.fields, fields))
        if before is not None and "inline_keyboard" not in before:
            return "message can't be edited"
        if (stands.text, stands.fields["text"], before) == (text, fields["text"], after):
            return (
                "message is not modified: specified new message content and reply markup are exactly the same as a "
                "current content and reply markup of the message"
            )
        return None

    def _limited(self, wait: int) -> web.Response:
        self.limited += 1
        return _error(429, f"Too Many Requests: retry after {wait}", parameters={"retry_after": wait})

    def _too_fast(self, chat: str | None) -> int:
        """Whole seconds to wait, as Telegram says it; 0: this call is within the limits, and counts.

        `chat`: to whom it says something, if it does.
        """
        now, windows = self.now(), [self._account]
        if chat is not None:
            windows.append(self._groups[chat] if chat.startswith("-") else self._chats[chat])
        wait = max(window.wait(now) for window in windows)
        if not wait:
            for window in windows:
                window.take(now)
        return ceil(wait)


async def _fields(request: web.Request, method: str) -> dict[str, Any]:
    """The parameters, each decoded as its type says: clients send objects as JSON in a text."""
    given = await request.json() if request.content_type == "application/json" else dict(await request.post())
    decoded = {}
    for name, value in given.items():
        decoded[name] = value
        if isinstance(value, str) and not telegram_is_text(method, name):
            decoded[name] = json.loads(value)
    return decoded


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.open: list[str] = []
        self.wrong: str | None = None

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in TAGS:
            self.wrong = f"can't parse entities: unsupported start tag {tag!r}"
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong = f"can't parse entities: unexpected end tag {tag!r}"

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def unknown_decl(self, data: str) -> None:
        self.wrong = "can't parse entities"

    def handle_comment(self, data: str) -> None:
        self.unknown_decl(data)

    def handle_decl(self, decl: str) -> None:
        self.unknown_decl(decl)

    def handle_pi(self, data: str) -> None:
        self.unknown_decl(data)


def read_html(marked: str) -> tuple[str, str | None]:
    """The text after its entities are parsed, and what is wrong with them."""
    reader = _Reader()
    reader.feed(marked)
    reader.close()
    return "".join(reader.text), reader.wrong or ("can't parse entities: unclosed tag" if reader.open else None)


def text_fault(text: str) -> str | None:
    if not text.strip():
        return "message text is empty"
    return "message is too long" if len(text.encode("utf-16-le", "surrogatepass")) // 2 > 4096 else None


def keyboard_fault(markup: dict[str, Any] | None) -> str | None:
    for button in (each for row in (markup or {}).get("inline_keyboard", []) for each in row):
        if not button["text"].strip():
            return "BUTTON_TEXT_INVALID"
        if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= 64:
            return "BUTTON_DATA_INVALID"
        if "url" in button and "." not in (urlsplit(button["url"]).hostname or ""):
            return "inline keyboard button URL is invalid: Wrong HTTP URL"
    return None


def _error(status: int, description: str, **more: Any) -> web.Response:
    return web.json_response({"ok": False, "error_code": status, "description": description, **more}, status=status)


if __name__ == "__main__":
    main(TelegramServer())
