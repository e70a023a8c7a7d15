"""Requests to an ASGI application in this process, one at a time, without a socket."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx


class Site:
    """An application that answers; what it raises unhandled, the request raises."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def request(self, method: str, path: str, **what: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://songsuk.test") as client:
                return await client.request(method, path, **what)

        return asyncio.run(ask())

    def get(self, path: str, **what: Any) -> httpx.Response:
        return self.request("GET", path, **what)

    def post(self, path: str, **what: Any) -> httpx.Response:
        return self.request("POST", path, **what)
