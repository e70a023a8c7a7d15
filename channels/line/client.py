"""The SDK's HTTP client, handing back what LINE answered instead of parsing it.

The SDK raises for a body it cannot parse, also when LINE has accepted the message. Here a status is a status.
Imported only by the channel, when it opens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from linebot.v3.messaging import AsyncApiClient


@dataclass(frozen=True, slots=True)
class _Response:
    """The part of a response that the SDK looks at when it is told not to parse."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    def getheaders(self) -> Mapping[str, str]:
        return self.headers


class RawClient(AsyncApiClient):  # type: ignore[misc]  # the SDK has no types
    """Used with ``_preload_content=False``: never raises for a status."""

    async def request(self, *args: Any, **kwargs: Any) -> _Response:
        response: aiohttp.ClientResponse = await super().request(*args, **kwargs)
        try:
            data = await response.read()
        except (TimeoutError, aiohttp.ClientError):  # the status came, and the status decides
            data = b""
        return _Response(response.status, response.headers, data)
