"""A LINE that remembers: retry keys, quota, friends, blockers. Every request is held against LINE's own description.

    python tests/fakes/line_server.py --port 0

prints its address (``--enforce``: and holds callers to LINE's limits for each endpoint);
``POST /_fake/faults {"point": "reset", "times": 2}`` orders faults, ``GET /_fake/log`` shows what was accepted.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from line_account import LineAccount, error
from serving import Window, abort, main
from specs import line_faults

TOKEN, SECRET = "line-token", "line-secret"
KEY_SECONDS = 24 * 3600
TOKEN_SECONDS = 60
LIMITS: dict[tuple[str, str], tuple[int, float]] = {
    ("POST", "/v2/bot/richmenu"): (100, 3600.0),
    ("DELETE", "/v2/bot/richmenu/{menu}"): (100, 3600.0),
    ("GET", "/v2/bot/richmenu/list"): (10, 1.0),
    ("GET", "/v2/bot/channel/webhook/endpoint"): (1_000, 60.0),
    ("PUT", "/v2/bot/channel/webhook/endpoint"): (1_000, 60.0),
}
"""Calls in so many seconds that LINE allows an endpoint, whatever stands in its path; all others: `LIMIT`."""
LIMIT = (2_000, 1.0)


@dataclass(frozen=True, slots=True)
class Accepted:
    """One push or reply that LINE took; `delivered` is False where a blocker never sees it.

    `answers` is the event whose token a reply spent.
    """

    request_id: str
    to: str
    messages: list[dict[str, Any]]
    key: str | None
    silent: bool
    message_ids: list[str]
    delivered: bool
    answers: str | None = None

    @property
    def reply(self) -> bool:
        return self.answers is not None


class LineServer(LineAccount):
    """A fake of LINE's Messaging API.

    Of its four reasons for a 429 the rate, the month and, where `concurrent` says so, too many calls at once are here.
    LINE documents the last for audiences alone, and its words nowhere.
    """

    def __init__(
        self,
        *,
        token: str = TOKEN,
        secret: str = SECRET,
        friends: set[str] | None = None,
        quota: int | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(token, friends)
        self.secret, self.quota, self.now = secret, quota, now
        self.blockers: set[str] = set()
        self.used = 0
        self.bad_requests: list[Any] = []
        self._keys: dict[str, tuple[float, Accepted]] = {}
        self._tokens: dict[str, tuple[float, str, str]] = {}
        self._events = 0
        self._windows: dict[tuple[str, str], Window] = {}
        self.concurrent: int | None = None
        """How many pushes may be under way at once."""
        self.under_way = 0

    def routes(self) -> list[web.RouteDef]:
        return [
            *super().routes(),
            web.post("/v2/bot/message/push", self._push),
            web.post("/v2/bot/message/reply", self._reply),
            web.post("/v2/bot/message/validate/push", self._validate),
            web.get("/v2/bot/info", self._info),
            web.get("/v2/bot/message/quota", self._quota),
            web.get("/v2/bot/message/quota/consumption", self._consumption),
        ]

    def signed(self, events: list[Any]) -> tuple[dict[str, str], bytes]:
        """Headers and body of a webhook call as LINE would make it."""
        body = json.dumps({"destination": "Ubot", "events": events}).encode()
        signature = base64.b64encode(hmac.new(self.secret.encode(), body, hashlib.sha256).digest()).decode()
        return {"X-Line-Signature": signature, "Content-Type": "application/json"}, body

    def event(self, user: str, **told: Any) -> dict[str, Any]:
        """Something `user` did, as LINE tells it, with a reply token that works once and for a minute.

        `told` are the event's own fields; a text may be given as ``text="…"``, a tapped button as ``data="…"``.
        """
        self._events += 1
        token, event_id = f"reply{self._events:026}", f"01JD{self._events:022}"
        if "text" in told:
            message = {"type": "text", "id": str(self._events), "quoteToken": "q", "text": told.pop("text")}
            told |= {"type": "message", "message": message}
        elif "data" in told:
            told |= {"type": "postback", "postback": {"data": told.pop("data")}}
        if told["type"] != "unfollow":
            self._tokens[token] = (self.now(), user, event_id)
            told["replyToken"] = token
        return {
            "webhookEventId": event_id,
            "timestamp": int(self.now() * 1000),
            "mode": "active",
            "deliveryContext": {"isRedelivery": False},
            "source": {"type": "user", "userId": user},
            **told,
        }

    async def tell(
        self, post: Callable[[dict[str, str], bytes], Awaitable[int]], *events: dict[str, Any], again: int = 0
    ) -> list[int]:
        """Calls a webhook with `events`; what is not answered with 2xx is delivered anew, `again` times at most.

        `post` makes the call and gives its status, or raises `OSError` where none came. Every status is returned, 0 for
        none. A delivery anew has the same events, ids and reply tokens, marked as such.
        """
        statuses: list[int] = []
        for delivery in range(again + 1):
            context = {"deliveryContext": {"isRedelivery": delivery > 0}}
            try:
                statuses.append(await post(*self.signed([event | context for event in events])))
            except OSError:
                statuses.append(0)
            if 200 <= statuses[-1] < 300:
                break
        return statuses

    async def _reply(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.take()
        if fault == "before_read":
            return abort(request)
        if refused := self._refused(request):
            return refused
        if request.headers.get("X-Line-Retry-Key"):
            return error(400, "The retry key is not allowed for this endpoint")
        body, faults = await self._read(request, "ReplyMessageRequest")
        if faults:
            self.bad_requests.append({"body": body, "faults": faults})
            return error(400, f"The request body has {len(faults)} error(s)", details=faults)
        issued, to, event_id = self._tokens.pop(body["replyToken"], (0.0, "", ""))
        if not to or self.now() - issued > TOKEN_SECONDS:
            return error(400, "Invalid reply token")
        accepted = self._accept({**body, "to": to}, None, to not in self.blockers, answers=event_id)
        if instead := await self.after_accept(fault, request):
            return instead
        sent = [{"id": each, "quoteToken": "q" + each} for each in accepted.message_ids]
        return web.json_response({"sentMessages": sent}, headers={"x-line-request-id": accepted.request_id})

    async def _push(self, request: web.Request) -> web.StreamResponse:
        self.under_way += 1
        try:
            return await self._pushed(request)
        finally:
            self.under_way -= 1

    async def _pushed(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.take()
        if fault == "before_read":
            return abort(request)
        if refused := self._refused(request):
            return refused
        if fault == "rate":
            return error(429, "The API rate limit has been exceeded. Try again later.")
        if fault == "concurrent" or (self.concurrent is not None and self.under_way > self.concurrent):
            self.limited += 1
            return error(429, "The limit on the number of concurrent operations has been exceeded")
        if fault == "busy":
            return error(503, "Service Unavailable")
        key = request.headers.get("X-Line-Retry-Key")
        if key is not None and not _is_uuid(key):
            return error(400, "The retry key is invalid")
        if earlier := self._earlier(key):
            headers = {"x-line-accepted-request-id": earlier.request_id}
            sent = [{"id": each} for each in earlier.message_ids]
            return error(409, "The retry key is already accepted", headers=headers, sentMessages=sent)
        body, faults = await self._read(request, "PushMessageRequest")
        if faults:
            self.bad_requests.append({"body": body, "faults": faults})
            return error(400, f"The request body has {len(faults)} error(s)", details=faults)
        to = body["to"]
        if self.friends is not None and to not in self.friends and to not in self.blockers:
            return error(400, "Failed to send messages")
        delivered = to not in self.blockers
        if delivered and self.quota is not None and self.used >= self.quota:
            return error(429, "You have reached your monthly limit.")
        accepted = self._accept(body, key, delivered)
        if instead := await self.after_accept(fault, request):
            return instead
        sent = [{"id": each, "quoteToken": "q" + each} for each in accepted.message_ids]
        return web.json_response({"sentMessages": sent}, headers={"x-line-request-id": accepted.request_id})

    def _accept(
        self, body: dict[str, Any], key: str | None, delivered: bool, *, answers: str | None = None
    ) -> Accepted:
        ids = [str(461230966842064896 + len(self.log) * 8 + at) for at in range(len(body["messages"]))]
        accepted = Accepted(
            request_id=str(uuid.uuid4()),
            to=body["to"],
            messages=body["messages"],
            key=key,
            silent=bool(body.get("notificationDisabled")),
            message_ids=ids,
            delivered=delivered,
            answers=answers,
        )
        self.keep(accepted)
        self.used += delivered and not accepted.reply
        if key is not None:
            self._keys[key] = (self.now(), accepted)
        return accepted

    def _earlier(self, key: str | None) -> Accepted | None:
        first, accepted = self._keys.get(key or "", (0.0, None))
        return accepted if self.now() - first < KEY_SECONDS else None

    def _refused(self, request: web.Request) -> web.Response | None:
        if refused := super()._refused(request):
            return refused
        if not self.enforce:
            return None
        resource, now = request.match_info.route.resource, self.now()
        assert resource is not None
        endpoint = request.method, resource.canonical
        window = self._windows.setdefault(endpoint, Window(*LIMITS.get(endpoint, LIMIT)))
        if window.wait(now):
            self.limited += 1
            return error(429, "The API rate limit has been exceeded. Try again later.")
        window.take(now)
        return None

    async def _read(self, request: web.Request, schema: str) -> tuple[Any, list[dict[str, str]]]:
        raw = await request.read()
        try:
            body = json.loads(raw)
        except ValueError:
            return None, [{"message": "The request body is not JSON", "property": ""}]
        faults = line_faults(schema, body) if self.checked else []
        if not faults:
            for at, message in enumerate(body["messages"] if self.checked else ()):
                faults += [{"message": what, "property": f"messages[{at}]"} for what in limit_faults(message)]
        return body, faults

    async def _validate(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        _, faults = await self._read(request, "ValidateMessageRequest")
        return (
            error(400, f"The request body has {len(faults)} error(s)", details=faults)
            if faults
            else web.json_response({})
        )

    async def _info(self, request: web.Request) -> web.Response:
        account = {"userId": "Ubot", "basicId": "@songsuk", "displayName": "ตลาดสิริสุข", "chatMode": "bot"}
        return self._refused(request) or web.json_response({**account, "markAsReadMode": "auto"})

    async def _quota(self, request: web.Request) -> web.Response:
        limited = {"type": "none"} if self.quota is None else {"type": "limited", "value": self.quota}
        return self._refused(request) or web.json_response(limited)

    async def _consumption(self, request: web.Request) -> web.Response:
        return self._refused(request) or web.json_response({"totalUsage": self.used})


def limit_faults(message: dict[str, Any]) -> list[str]:
    """Limits that LINE's reference states in words and its description does not."""
    if message.get("type") != "flex":
        return []
    faults = []
    if not 0 < _units(message["altText"]) <= 400:
        faults.append("altText must have 1 to 400 characters")
    if len(json.dumps(message["contents"])) > 30_720:
        faults.append("a bubble must be at most 30 KB")
    return faults + _component_faults(message["contents"])


def _component_faults(node: Any) -> list[str]:
    if isinstance(node, list):
        return [fault for each in node for fault in _component_faults(each)]
    if not isinstance(node, dict):
        return []
    faults = []
    if node.get("type") == "text" and not node.get("text"):
        faults.append("text may not be empty")
    if node.get("type") in {"uri", "postback"}:
        if not 0 < _units(node.get("label", "")) <= 20:
            faults.append("label must have 1 to 20 characters")
        if node["type"] == "uri" and not node["uri"].startswith(("http://", "https://", "line://", "tel:")):
            faults.append("invalid uri scheme")
        if len(node.get("uri", "")) > 1000 or _units(node.get("data", "")) > 300:
            faults.append("uri or data too long")
    return faults + [fault for each in node.values() for fault in _component_faults(each)]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _is_uuid(key: str) -> bool:
    try:
        return str(uuid.UUID(key)) == key.lower()
    except ValueError:
        return False


if __name__ == "__main__":
    main(LineServer())
