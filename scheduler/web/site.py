"""The ASGI application: hooks for the chat services, the REST API, and what a machine asks (health, metrics).

Never a 5xx for bad input. Webhooks are stored, raw, before they are acknowledged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from scheduler.app import App
from scheduler.web import api, hooks
from scheduler.web.problems import problem

BODY_LIMIT = 1 << 20
"""Bytes of any request body; what is larger gets 413 before it is read whole."""


def create(app: App, *, wake: Callable[[], None] = lambda: None) -> FastAPI:
    """The web application over one market. `wake` is called when a request may have given the outbox work."""
    site = FastAPI(
        title="Songsuk",
        version="1",
        description="The daily dispatcher of a community market.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    site.state.app, site.state.wake = app, wake
    site.include_router(api.router)
    site.include_router(hooks.router)
    site.add_exception_handler(RequestValidationError, _invalid)
    site.add_exception_handler(HTTPException, _refused)

    @site.middleware("http")
    async def guard(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
        length = request.headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > BODY_LIMIT:
            return problem(413, "body.too_large", {"th": "ข้อมูลใหญ่เกินไป", "en": "the body is too large"})
        response = await proceed(request)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = "default-src 'none'"
        response.headers["Cache-Control"] = "no-store"
        return response

    @site.get("/healthz", include_in_schema=False)
    async def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok")

    @site.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        broken = app.versions.broken
        await asyncio.to_thread(app.store.revision)
        return JSONResponse({"ready": True, "config_version": app.versions.latest, "config_file_ok": broken is None})

    @site.get("/metrics", include_in_schema=False)
    async def metrics() -> PlainTextResponse:
        counts = await asyncio.to_thread(app.store.message_counts)
        lines = ["# TYPE songsuk_messages gauge"]
        lines += [f'songsuk_messages{{state="{state}"}} {count}' for state, count in sorted(counts.items())]
        return PlainTextResponse("\n".join(lines) + "\n")

    return site


async def _invalid(request: Request, error: Exception) -> Response:
    return problem(422, "body.invalid", {"th": "ข้อมูลไม่ถูกรูปแบบ", "en": "the body is not of the expected shape"})


async def _refused(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 400)
    detail: Any = getattr(error, "detail", "")
    return problem(status, f"http.{status}", {"th": str(detail), "en": str(detail)})
