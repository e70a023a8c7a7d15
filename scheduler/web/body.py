"""Reads a request's body up to a limit, whatever its headers claim."""

from __future__ import annotations

from fastapi import Request

LIMIT = 1 << 20


async def read_body(request: Request, limit: int = LIMIT) -> bytes | None:
    """The body, or None where it is larger than `limit` bytes."""
    parts, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            return None
        parts.append(chunk)
    return b"".join(parts)
