"""A LINE account brought to what is wanted: its webhook's address and its rich menu, each only where it differs.

The menu's name carries a digest of all that it shows, so that the same menu is known again. Talks HTTP by itself: the
SDK has no way to hand back a status and to upload a picture in one client.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from channels.base import Change, Wanted
from channels.hooks import document, mapping, text
from channels.line.menu import HEIGHT, WIDTH, picture

if TYPE_CHECKING:
    import aiohttp

_NAME = "songsuk-"
_CHAT_BAR = {"th": "เมนู", "en": "Menu"}


class _Failed(Exception):
    """LINE did not do as asked."""


class Account:
    """One account, while it is set up."""

    def __init__(self, token: str, api_base: str, data_base: str, timeout: float) -> None:
        self._token, self._api, self._data, self._timeout = token, api_base, data_base, timeout
        self._session: aiohttp.ClientSession | None = None

    async def brought_to(self, wanted: Wanted, *, dry_run: bool) -> list[Change]:
        import aiohttp

        headers, timeout = {"Authorization": f"Bearer {self._token}"}, aiohttp.ClientTimeout(total=self._timeout)
        async with aiohttp.ClientSession(headers=headers, timeout=timeout, trust_env=True) as session:
            self._session = session
            return [
                await self._tried("webhook", self._webhook(wanted, dry_run)),
                await self._tried("menu", self._menu(wanted, dry_run)),
            ]

    async def _tried(self, what: str, work: Any) -> Change:
        import aiohttp

        try:
            change: Change = await work
        except _Failed as failure:
            return Change(what=what, state="failed", detail=str(failure))
        except (aiohttp.ClientError, TimeoutError, OSError) as failure:
            return Change(what=what, state="failed", detail=type(failure).__name__)
        return change

    async def _webhook(self, wanted: Wanted, dry_run: bool) -> Change:
        if wanted.webhook is None:
            return Change(what="webhook", state="unchanged", detail="web.public_url is not set")
        path = "/v2/bot/channel/webhook/endpoint"
        status, found = await self._call("GET", path, expected=(200, 404))
        off = "" if found.get("active") is True or status == 404 else "; switch 'Use webhook' on in LINE's console"
        if found.get("endpoint") == wanted.webhook:
            return Change(what="webhook", state="unchanged", detail=wanted.webhook + off)
        if dry_run:
            return Change(what="webhook", state="would_change", detail=wanted.webhook + off)
        await self._call("PUT", path, {"endpoint": wanted.webhook})
        return Change(what="webhook", state="changed", detail=wanted.webhook + off)

    async def _menu(self, wanted: Wanted, dry_run: bool) -> Change:
        menu = _rich_menu(wanted)
        status, found = await self._call("GET", "/v2/bot/user/all/richmenu", expected=(200, 404))
        old = text(found.get("richMenuId")) if status == 200 else ""
        old_name = text((await self._call("GET", f"/v2/bot/richmenu/{old}"))[1].get("name")) if old else ""
        if old_name == menu["name"]:
            return Change(what="menu", state="unchanged", detail=menu["name"])
        if dry_run:
            return Change(what="menu", state="would_change", detail=menu["name"])
        made = text((await self._call("POST", "/v2/bot/richmenu", menu))[1].get("richMenuId"))
        drawn = picture([said for _, said in wanted.words])
        await self._call("POST", f"/v2/bot/richmenu/{made}/content", drawn)
        await self._call("POST", f"/v2/bot/user/all/richmenu/{made}")
        if old_name.startswith(_NAME):  # one of ours; somebody else's is left alone
            await self._call("DELETE", f"/v2/bot/richmenu/{old}")
        return Change(what="menu", state="changed", detail=menu["name"])

    async def _call(
        self, method: str, path: str, body: dict[str, Any] | bytes | None = None, *, expected: tuple[int, ...] = (200,)
    ) -> tuple[int, dict[str, Any]]:
        assert self._session is not None  # noqa: S101 - for the type checker
        base = self._data if isinstance(body, bytes) else self._api
        what: dict[str, Any] = {"json": body} if isinstance(body, dict) else {}
        if isinstance(body, bytes):
            what = {"data": body, "headers": {"Content-Type": "image/png"}}
        async with self._session.request(method, base + path, allow_redirects=False, **what) as answer:
            found = document(await answer.read())
        if answer.status not in expected:
            raise _Failed(f"{answer.status} {text(found.get('message'))[:200]}".strip())
        return answer.status, mapping(found)


def _rich_menu(wanted: Wanted) -> dict[str, Any]:
    """LINE's description of the menu: one tap area for each word, side by side."""
    width = WIDTH // max(1, len(wanted.words))
    menu: dict[str, Any] = {
        "size": {"width": WIDTH, "height": HEIGHT},
        "selected": True,
        "chatBarText": _CHAT_BAR.get(wanted.language, _CHAT_BAR["en"]),
        "areas": [
            {
                "bounds": {"x": at * width, "y": 0, "width": width, "height": HEIGHT},
                "action": {"type": "message", "label": said[:20], "text": said},
            }
            for at, (_, said) in enumerate(wanted.words)
        ],
    }
    shown = json.dumps(menu, sort_keys=True).encode()
    return {**menu, "name": _NAME + hashlib.sha256(shown).hexdigest()[:12]}
