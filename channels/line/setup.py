"""A LINE account brought to what is wanted: its webhook's address and its rich menus, each only where it differs.

Talks HTTP by itself: the SDK has no way to hand back a status and to upload a picture in one client. Which chat shows
which menu is not set up here.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Literal

from channels.base import Change, Menu, Wanted
from channels.hooks import document, mapping, text
from channels.line.menu import PREFIX, picture, rich_menu

if TYPE_CHECKING:
    import aiohttp


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
                *await self._tried("webhook", self._webhook(wanted, dry_run)),
                *await self._tried("menu", self._menus(wanted.menus, dry_run)),
            ]

    async def _tried(self, what: Literal["webhook", "menu"], work: Coroutine[Any, Any, list[Change]]) -> list[Change]:
        import aiohttp

        try:
            return await work
        except _Failed as failure:
            return [Change(what=what, state="failed", detail=str(failure))]
        except (aiohttp.ClientError, TimeoutError, OSError) as failure:
            return [Change(what=what, state="failed", detail=type(failure).__name__)]

    async def _webhook(self, wanted: Wanted, dry_run: bool) -> list[Change]:
        if wanted.webhook is None:
            return [Change(what="webhook", state="unchanged", detail="web.public_url is not set")]
        path = "/v2/bot/channel/webhook/endpoint"
        status, found = await self._call("GET", path, expected=(200, 404))
        off = "" if found.get("active") is True or status == 404 else "; switch 'Use webhook' on in LINE's console"
        if found.get("endpoint") == wanted.webhook:
            return [Change(what="webhook", state="unchanged", detail=wanted.webhook + off)]
        if dry_run:
            return [Change(what="webhook", state="would_change", detail=wanted.webhook + off)]
        await self._call("PUT", path, {"endpoint": wanted.webhook})
        return [Change(what="webhook", state="changed", detail=wanted.webhook + off)]

    async def _menus(self, menus: Sequence[Menu], dry_run: bool) -> list[Change]:
        """Each menu is made where there is none like it; at the end those of ours that nothing wants are deleted."""
        listed = (await self._call("GET", "/v2/bot/richmenu/list"))[1].get("richmenus")
        told = [mapping(each) for each in listed] if isinstance(listed, list) else []
        ours = {text(each.get("richMenuId")): text(each.get("name")) for each in told}
        ours = {menu: name for menu, name in ours.items() if name.startswith(PREFIX)}
        known = {name: menu for menu, name in ours.items()}
        status, found = await self._call("GET", "/v2/bot/user/all/richmenu", expected=(200, 404))
        shown = text(found.get("richMenuId")) if status == 200 else ""
        changes = []
        for at, menu in enumerate(menus):
            name = rich_menu(menu)["name"]
            right = await self._is_whole(known.get(name, "")) and (at > 0 or shown == known[name])
            if not right and not dry_run:
                made = await self._made(menu, known.get(name, ""))
                if at == 0 and made != shown:
                    await self._call("POST", f"/v2/bot/user/all/richmenu/{made}")
            changes.append(Change(what="menu", state=_state(right, dry_run), detail=name))
        kept = {rich_menu(menu)["name"]: known.get(rich_menu(menu)["name"]) for menu in menus}
        old = [menu for menu, name in ours.items() if kept.get(name) != menu]
        for menu_id in () if dry_run else old:
            await self._call("DELETE", f"/v2/bot/richmenu/{menu_id}")
        if old:
            names = ", ".join(sorted({ours[menu_id] for menu_id in old}))
            changes.append(Change(what="old_menus", state=_state(False, dry_run), detail=names))
        return changes

    async def _is_whole(self, menu_id: str) -> bool:
        """Whether there is such a menu, with its picture: without one, making it was broken off."""
        if not menu_id:
            return False
        status, _ = await self._call("GET", f"/v2/bot/richmenu/{menu_id}/content", data=True, expected=(200, 404))
        return status == 200

    async def _made(self, menu: Menu, menu_id: str) -> str:
        """The id of the menu, made if there is none, and drawn if it has no picture."""
        if not menu_id:
            menu_id = text((await self._call("POST", "/v2/bot/richmenu", rich_menu(menu)))[1].get("richMenuId"))
        if not await self._is_whole(menu_id):
            drawn = picture([said for _, said in menu.words])
            await self._call("POST", f"/v2/bot/richmenu/{menu_id}/content", drawn, data=True)
        return menu_id

    async def _call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | bytes | None = None,
        *,
        data: bool = False,
        expected: tuple[int, ...] = (200,),
    ) -> tuple[int, dict[str, Any]]:
        """Status and document of the answer; `data`: asked of the host that has pictures."""
        assert self._session is not None  # noqa: S101 - for the type checker
        base = self._data if data else self._api
        what: dict[str, Any] = {"json": body} if isinstance(body, dict) else {}
        if isinstance(body, bytes):
            what = {"data": body, "headers": {"Content-Type": "image/png"}}
        async with self._session.request(method, base + path, allow_redirects=False, **what) as answer:
            found = document(await answer.read())
        if answer.status not in expected:
            raise _Failed(f"{answer.status} {text(found.get('message'))[:200]}".strip())
        return answer.status, mapping(found)


def _state(right: bool, dry_run: bool) -> Literal["unchanged", "would_change", "changed"]:
    return "unchanged" if right else "would_change" if dry_run else "changed"
