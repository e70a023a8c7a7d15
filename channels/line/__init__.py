"""LINE, over line-bot-sdk. Pushes carry a retry key, so a second copy of one request is refused by LINE itself.

Settings: ``api_base``, ``data_base``, ``timeout_seconds``. The SDK is imported at the first call, not before: it takes
more than a second.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from channels.base import (
    Change,
    Content,
    Gone,
    Inbound,
    Menu,
    NotConfigured,
    Outcome,
    Payload,
    Refused,
    Unknown,
    Wanted,
)
from channels.fit import base_address, leads_to, setting
from channels.hooks import document, mapping, text
from channels.line.flex import OBJECTS_MAX, render, together
from channels.line.menu import rich_menu
from channels.line.outcomes import Answer, outcome_of_answer, outcome_of_failure
from channels.line.webhook import read, receive

if TYPE_CHECKING:
    from aiohttp import ClientTimeout
    from linebot.v3.messaging import AsyncMessagingApi

_TOKEN = "SONGSUK_LINE_CHANNEL_ACCESS_TOKEN"  # noqa: S105 - a variable's name
_SECRET = "SONGSUK_LINE_CHANNEL_SECRET"  # noqa: S105
_SECRET_PREVIOUS = "SONGSUK_LINE_CHANNEL_SECRET_PREVIOUS"  # noqa: S105
SECRETS = (_TOKEN, _SECRET, _SECRET_PREVIOUS)

API_BASE = "https://api.line.me"
DATA_BASE = "https://api-data.line.me"
BASES = {"api_base": API_BASE}  # what people hear over; contents are only fetched from the other
DOMAINS = ("line.me",)
_GROUP = re.compile(r"[CR][0-9a-f]{32}")
"""The ids of groups and rooms; people's begin with U."""


def connect(settings: Mapping[str, Any] | object, secrets: Mapping[str, str]) -> LineChannel:
    """The channel of one LINE Official Account; `NotConfigured` where a secret is missing."""
    for variable in (_TOKEN, _SECRET):
        if not secrets.get(variable):
            raise NotConfigured("line", variable)
    return LineChannel(
        token=secrets[_TOKEN],
        webhook_secrets=(secrets[_SECRET], secrets.get(_SECRET_PREVIOUS, "")),
        api_base=base_address(settings, "api_base", API_BASE),
        data_base=base_address(settings, "data_base", DATA_BASE),
        timeout=float(setting(settings, "timeout_seconds", 10)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """Messages of this month: `limit` is None where the plan has none."""

    limit: int | None
    used: int


class LineChannel:
    """One LINE Official Account."""

    name = "line"
    keyed = True
    replies = True
    edits = False
    holds = OBJECTS_MAX

    def __init__(
        self, *, token: str, webhook_secrets: Sequence[str], api_base: str, data_base: str, timeout: float
    ) -> None:
        self._token, self._webhook_secrets = token, tuple(webhook_secrets)
        self._api_base, self._data_base, self._timeout = api_base, data_base, timeout
        self._api: AsyncMessagingApi | None = None
        self._menus: dict[str, str] = {}
        """The ids of the account's rich menus by their names, as LINE told them last."""

    @property
    def official(self) -> bool:
        return leads_to(self._api_base, DOMAINS)

    def render(self, content: Content) -> Payload:
        return render(content)

    def together(self, payloads: Sequence[Payload]) -> Sequence[Payload]:
        return together(payloads)

    async def send(self, address: str, *parts: Payload, key: str) -> Outcome:
        if _GROUP.fullmatch(address):
            return Refused(reason="group")  # it would cost a message for each of its members
        return await self._post("/v2/bot/message/push", parts, {"to": address}, {"X-Line-Retry-Key": key})

    async def edit(self, address: str, number: str, part: Payload) -> Outcome:
        """What LINE has shown, it shows."""
        del address, number, part
        return Refused(reason="uneditable")

    async def reply(self, token: str, *parts: Payload) -> Outcome:
        return await self._post("/v2/bot/message/reply", parts, {"replyToken": token}, {})

    async def _post(self, path: str, parts: Sequence[Payload], to: Payload, headers: Mapping[str, str]) -> Outcome:
        """The request as it was frozen, without the SDK's models: those cost more than all the rest of a push."""
        if not all(isinstance(part.get("messages"), list) for part in parts):
            return Refused(reason="payload")  # no message of ours: a frozen row that somebody has edited
        body = {"messages": [message for part in parts for message in part["messages"]], **to}
        try:
            answer = await self._call("POST", path, body, headers)
        except Exception as failure:  # whatever it is, the message's fate is what the caller needs
            return outcome_of_failure(failure)
        return outcome_of_answer(answer, [len(part["messages"]) for part in parts])

    async def _call(
        self, method: str, path: str, body: Payload | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        answer = await (await self._open()).api_client.call_api(
            path,
            method,
            header_params={"Accept": "application/json", "Content-Type": "application/json", **(headers or {})},
            body=body,
            auth_settings=["Bearer"],
            _preload_content=False,
            _request_timeout=self._limits(),
            _host=self._api_base,
        )
        return _answer(answer)

    def menu_mark(self, menu: Menu) -> str | None:
        return str(rich_menu(menu)["name"])

    async def offer(self, address: str, menu: Menu | None) -> Outcome:
        """Links a rich menu that `setup` has made, or none, so that the account's default shows again."""
        path = f"/v2/bot/user/{quote(address, safe='')}/richmenu"
        try:
            if menu is None:
                return _outcome_of_menu(await self._call("DELETE", path))
            name = str(rich_menu(menu)["name"])
            known = name in self._menus
            if not known:
                listed = await self._call("GET", "/v2/bot/richmenu/list")
                if listed.status != 200:
                    return outcome_of_answer(listed)
                self._menus = _ids(listed)
            if name not in self._menus:
                return Refused(reason="no_menu", account=True)  # `channels setup` has not made it
            outcome = _outcome_of_menu(await self._call("POST", f"{path}/{self._menus[name]}"))
        except Exception as failure:
            return outcome_of_failure(failure)
        if known and isinstance(outcome, Gone | Refused):
            self._menus = {}  # it may have been made anew meanwhile
            return await self.offer(address, menu)
        return outcome

    async def heard(self, event: Inbound) -> None:
        """LINE does not wait for that."""

    async def invitation(self, code: str | None) -> str | None:
        try:
            answer = await (await self._open()).get_bot_info_with_http_info(
                _preload_content=False, _request_timeout=self._limits()
            )
        except Exception:  # without LINE there is no address; a code can still be typed
            return None
        account = text(document(answer.raw_data).get("basicId")) if answer.status_code == 200 else ""
        if not account:
            return None
        if code is None:
            return f"https://line.me/R/ti/p/{quote(account, safe='')}"
        return f"https://line.me/R/oaMessage/{quote(account, safe='')}/?{quote(code)}"

    async def setup(self, wanted: Wanted, *, dry_run: bool) -> Sequence[Change]:
        from channels.line.setup import Account

        account = Account(self._token, self._api_base, self._data_base, self._timeout)
        return await account.brought_to(wanted, dry_run=dry_run)

    async def quota(self) -> Quota | Outcome:
        """What this month allows and what is used of it, by LINE's own count; an outcome where LINE does not say."""
        api, told = await self._open(), []
        for ask in (api.get_message_quota_with_http_info, api.get_message_quota_consumption_with_http_info):
            try:
                answer = await ask(_preload_content=False, _request_timeout=self._limits())
            except Exception as failure:
                return outcome_of_failure(failure)
            if answer.status_code != 200:
                return outcome_of_answer(_answer(answer))
            told.append(document(answer.raw_data))
        limit, used = told[0].get("value"), told[1].get("totalUsage")
        if not isinstance(used, int) or not isinstance(limit, int | None):
            return Unknown(reason="unreadable_answer", status=200)
        return Quota(limit=limit, used=used)

    def receive(self, headers: Mapping[str, str], body: bytes) -> Sequence[Inbound]:
        return receive(headers, body, self._webhook_secrets)

    def read(self, body: bytes) -> Sequence[Inbound]:
        return tuple(read(body))

    async def close(self) -> None:
        api, self._api = self._api, None
        if api is not None:
            await api.api_client.close()

    def _limits(self) -> ClientTimeout:
        """Always given: without it the SDK waits five minutes."""
        from aiohttp import ClientTimeout

        return ClientTimeout(total=self._timeout, sock_connect=self._timeout / 2)

    async def _open(self) -> AsyncMessagingApi:
        """The SDK's client, made inside the running loop at the first call; a thread loads it, and the loop goes on."""
        if self._api is None:
            await asyncio.to_thread(import_module, "channels.line.client")
        if self._api is None:
            from linebot.v3.messaging import AsyncMessagingApi, Configuration

            from channels.line.client import RawClient

            self._api = AsyncMessagingApi(RawClient(Configuration(access_token=self._token)))
            self._api.line_base_path = self._api_base  # Configuration(host=...) is not looked at
        return self._api


def _outcome_of_menu(answer: Answer) -> Outcome:
    """As of a message, but for what is not found: here that is the person, not the address we call."""
    return Gone(reason="unknown_recipient", status=404) if answer.status == 404 else outcome_of_answer(answer)


def _ids(listed: Answer) -> dict[str, str]:
    found = document(listed.body).get("richmenus")
    told = [mapping(each) for each in found] if isinstance(found, list) else []
    return {text(each.get("name")): text(each.get("richMenuId")) for each in told}


def _answer(answer: Any) -> Answer:
    return Answer(status=answer.status_code, headers=answer.headers, body=answer.raw_data)
