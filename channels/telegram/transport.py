"""python-telegram-bot's requests over aiohttp: a quarter of the CPU of its own transport, less with many in flight.

Keeps what the server answered for the one who asked, since the SDK's exceptions tell less than status and body do
(its `BadRequest` and `TimedOut` are both a `NetworkError`). Imported only by the channel, when it opens.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import aiohttp
from aiohttp.connector import Connection
from telegram.error import TelegramError
from telegram.request import BaseRequest, RequestData

from channels.base import Overtaken, still_ours

Answers = list[tuple[int, bytes]]
_heard: ContextVar[Answers | None] = ContextVar("_heard", default=None)


@contextmanager
def answered() -> Iterator[Answers]:
    """Collects the answers to what is asked inside, in this task alone."""
    answers: Answers = []
    before = _heard.set(answers)
    try:
        yield answers
    finally:
        _heard.reset(before)


class _Request(aiohttp.ClientRequest):
    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        """The connection is there; from here on bytes leave."""
        if not still_ours.get()():
            raise Overtaken
        return await super().send(conn)


class Transport(BaseRequest):
    """One session, opened inside the running loop by the first request. Never repeats, never follows a redirect."""

    def __init__(self, timeout: float) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=timeout / 2)
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        return self._timeout.total

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """As the SDK does, but an answer that is no JSON stays out of the log: it may hold what people wrote."""
        try:
            found = json.loads(payload)
        except ValueError:
            raise TelegramError("the answer is not JSON") from None
        return found if isinstance(found, dict) else {}

    async def initialize(self) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout, trust_env=True, request_class=_Request)

    async def shutdown(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(  # the SDK's own timeouts are not used: ours hold for every request
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = None,
        write_timeout: object = None,
        connect_timeout: object = None,
        pool_timeout: object = None,
    ) -> tuple[int, bytes]:
        await self.initialize()
        assert self._session is not None  # noqa: S101 - for the type checker
        fields = request_data.json_parameters if request_data else None
        async with self._session.request(method, url, json=fields, allow_redirects=False) as response:
            try:
                body = await response.read()
            except (TimeoutError, aiohttp.ClientError):  # the status came, and the status decides
                body = b""
        heard = _heard.get()
        if heard is not None:
            heard.append((response.status, body))
        return response.status, body
