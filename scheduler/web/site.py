"""The ASGI application: hooks for the chat services, the REST API, and what a machine asks (health, metrics).

Never a 5xx for bad input. Webhooks are stored, raw, before they are acknowledged.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import storage
from scheduler import documents
from scheduler.app import App
from scheduler.web import api, description, hooks
from scheduler.web.problems import invalid, problem

log = logging.getLogger(__name__)
BODY_LIMIT = 1 << 20
"""Bytes of any request body; what is larger gets 413 before it is read whole."""
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'"),
    (b"cache-control", b"no-store"),
)


class Guard:
    """Refuses a body too large before it is read, and puts on every answer what browsers must be told.

    Plain ASGI: a webhook passes here in microseconds, where a middleware that makes requests and responses takes half
    of the call.
    """

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not length.isdigit() or int(length) > BODY_LIMIT:
            refusal = problem(413, "body.too_large", {"th": "ข้อมูลใหญ่เกินไป", "en": "the body is too large"})
            await refusal(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *_HEADERS]}
            await send(message)

        await self._inner(scope, receive, told)


def create(
    app: App, heard: Callable[[], None] = lambda: None, failing: Callable[[], Mapping[str, str]] = dict
) -> FastAPI:
    """The web application over one market; `heard` is called when a chat service has told something new.

    `failing`: which of the process's loops are in trouble now, and by what.
    """
    site = FastAPI(
        title="Songsuk",
        version="1",
        description="The daily dispatcher of a community market.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    site.state.app = app
    site.state.door = hooks.Door(app, heard)
    site.include_router(api.router)
    site.include_router(hooks.router)
    site.add_exception_handler(RequestValidationError, _invalid)
    site.add_exception_handler(HTTPException, _refused)
    site.add_exception_handler(storage.BadValue, _unkeepable)
    site.add_exception_handler(storage.Unreachable, _no_database)
    site.openapi = lambda: _describe(site)  # type: ignore[method-assign]

    site.add_middleware(Guard)

    @site.get("/healthz", include_in_schema=False)
    async def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok")

    @site.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        broken, trouble = app.versions.broken, dict(failing())
        await asyncio.to_thread(app.store.revision)
        found = {
            "ready": not trouble,
            "failing": trouble,
            "config_version": app.versions.latest,
            "config_file_ok": broken is None,
            "config_file_error": broken.errors[0].text() if broken is not None else None,
        }
        return JSONResponse(found, status_code=503 if trouble else 200)

    @site.get("/metrics", include_in_schema=False)
    async def metrics() -> PlainTextResponse:
        counts = await asyncio.to_thread(app.store.message_counts)
        lines = ["# TYPE songsuk_messages gauge"]
        lines += [f'songsuk_messages{{state="{state}"}} {count}' for state, count in sorted(counts.items())]
        return PlainTextResponse("\n".join(lines) + "\n")

    return site


def _describe(site: FastAPI) -> dict[str, Any]:
    if site.openapi_schema is None:
        site.openapi_schema = get_openapi(
            title=site.title, version=site.version, description=site.description, routes=site.routes
        )
        site.openapi_schema["components"] = description.components()
    return site.openapi_schema


async def _invalid(request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    see = {"th": "ดู /openapi.json", "en": "see /openapi.json"}
    return invalid(
        [
            documents.error(
                each["type"],
                ".".join(str(part) for part in each["loc"]),
                {"th": f"ค่านี้ใช้ไม่ได้: {each['msg']}", "en": each["msg"]},
                see,
            )
            for each in found
        ]
    )


async def _unkeepable(request: Request, error: Exception) -> Response:
    return problem(
        422, "value.invalid", {"th": f"ค่าที่ให้มาเก็บไม่ได้: {error}", "en": f"a value that cannot be kept: {error}"}
    )


async def _no_database(request: Request, error: Exception) -> Response:
    log.error("the database did not answer: %s", error)
    return problem(
        503,
        "storage.unavailable",
        {"th": "ฐานข้อมูลไม่ตอบ ลองใหม่อีกครั้ง", "en": "the database does not answer; try again"},
        headers={"Retry-After": "5"},
    )


async def _refused(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 400)
    detail = str(getattr(error, "detail", ""))
    code = f"http.{status}"
    message = {"th": _REFUSALS.get(status, f"คำขอไม่ถูกต้อง ({detail})"), "en": detail}
    see = {"th": "ดูเส้นทางและวิธีเรียกที่ /openapi.json", "en": "see /openapi.json for the paths and their methods"}
    path = request.url.path[:_SHOWN]
    return problem(status, code, message, errors=[documents.error(code, path, message, see)])


_REFUSALS = {404: "ไม่มีที่อยู่นี้", 405: "เรียกที่อยู่นี้ด้วยวิธีนี้ไม่ได้"}
_SHOWN = 200
