"""Refusals over HTTP: RFC 9457 ``application/problem+json``, with our codes and words in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse


def invalid(errors: Sequence[Mapping[str, Any]]) -> JSONResponse:
    """422: the request itself is not as it should be; nothing was looked up."""
    said = {"th": "คำขอไม่ถูกต้อง", "en": "the request is not as it should be"}
    return problem(422, "request.invalid", said, errors=errors)


def problem(
    status: int,
    code: str,
    message: Mapping[str, str],
    *,
    errors: Sequence[Mapping[str, Any]] = (),
    warnings: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """One refusal; ``errors`` has a row for each thing that is wrong, ``warnings`` for what was noticed besides."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": message["en"],
        "message": dict(message),
        "errors": [dict(error) for error in errors],
    }
    if warnings:
        document["warnings"] = [dict(warning) for warning in warnings]
    return JSONResponse(
        document,
        status_code=status,
        media_type="application/problem+json",
        headers=dict(headers) if headers is not None else None,
    )
