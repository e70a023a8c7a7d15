"""`POST /hooks/{channel}`: verify on the raw body, store, acknowledge. What it means is decided later, from the row."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from channels.base import BadSignature
from scheduler.app import App
from scheduler.web.body import read_body
from scheduler.web.problems import problem

router = APIRouter(include_in_schema=False)
KEPT_HEADERS = frozenset({"content-type", "user-agent"})


@router.post("/hooks/{name}")
async def hook(name: str, request: Request) -> Response:
    """200 once every event is stored; 401 for a bad or missing signature; 404 for a channel that is not configured."""
    app: App = request.app.state.app
    channel = app.channels().get(name)
    if channel is None or name == "console":
        return problem(404, "hook.unknown", {"th": "ไม่มีช่องทางนี้", "en": "no such channel is configured"})
    body = await read_body(request)
    if body is None:
        return problem(413, "body.too_large", {"th": "ข้อมูลใหญ่เกินไป", "en": "the body is too large"})
    try:
        events = channel.receive(dict(request.headers), body)
    except BadSignature:
        return problem(401, "hook.signature", {"th": "ลายเซ็นไม่ถูกต้อง", "en": "the signature is missing or wrong"})
    headers = {key: value for key, value in request.headers.items() if key in KEPT_HEADERS}
    for event in events:
        await asyncio.to_thread(app.store.add_inbox, name, event.event_id, app.clock.now(), headers, body)
    return JSONResponse({})
