"""What a LINE account is set up with: the address of its webhook, its rich menus, and who has been given which."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web
from serving import FakeServer
from specs import line_faults

_USER = re.compile(r"U[0-9a-f]{32}")


class LineAccount(FakeServer):
    """The part of the fake that `channels setup` and the menus speak to. `friends` None: everybody is one."""

    def __init__(self, token: str, friends: set[str] | None) -> None:
        super().__init__()
        self.token, self.friends = token, friends
        self.webhook: str | None = None
        self.menus: dict[str, dict[str, Any]] = {}
        self.pictures: dict[str, bytes] = {}
        self.menu_for_all: str | None = None
        self.menu_of: dict[str, str] = {}
        self._made = 0

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v2/bot/channel/webhook/endpoint", self._webhook),
            web.put("/v2/bot/channel/webhook/endpoint", self._set_webhook),
            web.get("/v2/bot/user/all/richmenu", self._default_menu),
            web.post("/v2/bot/user/all/richmenu/{menu}", self._set_default_menu),
            web.get("/v2/bot/user/{user}/richmenu", self._menu_of),
            web.delete("/v2/bot/user/{user}/richmenu", self._unlink_menu),
            web.post("/v2/bot/user/{user}/richmenu/{menu}", self._link_menu),
            web.post("/v2/bot/richmenu", self._make_menu),
            web.get("/v2/bot/richmenu/list", self._menus),
            web.get("/v2/bot/richmenu/{menu}", self._menu),
            web.delete("/v2/bot/richmenu/{menu}", self._drop_menu),
            web.get("/v2/bot/richmenu/{menu}/content", self._picture),
            web.post("/v2/bot/richmenu/{menu}/content", self._draw_menu),
        ]

    def _refused(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return error(401, "Authentication failed. Confirm that the access token in the authorization is valid.")
        return None

    async def _webhook(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        if self.webhook is None:
            return error(404, "Webhook endpoint not found")
        return web.json_response({"endpoint": self.webhook, "active": True})

    async def _set_webhook(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        body = await request.json()
        if faults := line_faults("SetWebhookEndpointRequest", body):
            return error(400, "The request body is wrong", details=faults)
        if not body["endpoint"].startswith("https://"):
            return error(400, "Invalid webhook endpoint URL")
        self.webhook = body["endpoint"]
        return web.json_response({})

    async def _default_menu(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        if self.menu_for_all is None:
            return error(404, "no default richmenu")
        return web.json_response({"richMenuId": self.menu_for_all})

    async def _set_default_menu(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        menu = request.match_info["menu"]
        if menu not in self.pictures:
            return error(400, "must upload richmenu image before applying it to user")
        self.menu_for_all = menu
        return web.json_response({})

    async def _make_menu(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        body = await request.json()
        if faults := line_faults("RichMenuRequest", body):
            return error(400, "The request body is wrong", details=faults)
        self._made += 1
        menu = f"richmenu-{self._made:032x}"
        self.menus[menu] = body
        return web.json_response({"richMenuId": menu})

    async def _menu(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        menu = request.match_info["menu"]
        if menu not in self.menus:
            return error(404, "richmenu not found")
        return web.json_response({"richMenuId": menu, **self.menus[menu]})

    async def _drop_menu(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        dropped = request.match_info["menu"]
        self.menus.pop(dropped, None)
        self.pictures.pop(dropped, None)
        self.menu_for_all = None if self.menu_for_all == dropped else self.menu_for_all
        self.menu_of = {user: menu for user, menu in self.menu_of.items() if menu != dropped}
        return web.json_response({})

    async def _menus(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        told = {"richmenus": [{"richMenuId": menu, **body} for menu, body in self.menus.items()]}
        assert line_faults("RichMenuListResponse", told) == []
        return web.json_response(told)

    async def _picture(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        drawn = self.pictures.get(request.match_info["menu"])
        return error(404, "Not found") if drawn is None else web.Response(body=drawn, content_type="image/png")

    async def _menu_of(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        menu = self.menu_of.get(request.match_info["user"])
        return error(404, "the user has no richmenu") if menu is None else web.json_response({"richMenuId": menu})

    async def _link_menu(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        user, menu = request.match_info["user"], request.match_info["menu"]
        if not _USER.fullmatch(user) or (self.friends is not None and user not in self.friends):
            return error(404, "Not found")
        if menu not in self.menus:
            return error(404, "richmenu not found")
        if menu not in self.pictures:
            return error(400, "must upload richmenu image before applying it to user")
        self.menu_of[user] = menu
        return web.json_response({})

    async def _unlink_menu(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        self.menu_of.pop(request.match_info["user"], None)
        return web.json_response({})

    async def _draw_menu(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        menu = request.match_info["menu"]
        if menu not in self.menus:
            return error(404, "richmenu not found")
        if menu in self.pictures:
            return error(400, "An image has already been uploaded to the richmenu")
        drawn, size = await request.read(), self.menus[menu]["size"]
        told = int.from_bytes(drawn[16:20]), int.from_bytes(drawn[20:24])
        wanted = drawn[:8] == b"\x89PNG\r\n\x1a\n" and request.content_type == "image/png" and len(drawn) <= 1 << 20
        if not wanted or told != (size["width"], size["height"]):
            return error(400, "The image is not of the menu's size, or no PNG of at most 1 MB")
        self.pictures[menu] = drawn
        return web.json_response({})


def error(status: int, message: str, headers: dict[str, str] | None = None, **more: Any) -> web.Response:
    return web.json_response({"message": message, **more}, status=status, headers=headers)
