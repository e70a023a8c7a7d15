"""What `/openapi.json` says beyond the routes' own signatures: orders in, documents out, refusals, the key.

The columns are those of the files (docs/reference/csv.md); the documents are those of the command line
(docs/reference/schemas).
"""

from __future__ import annotations

from typing import Any

from scheduler.intake.headings import ORDER_HEADINGS

Json = dict[str, Any]

_WORDS: Json = {
    "type": "object",
    "required": ["th", "en"],
    "properties": {"th": {"type": "string"}, "en": {"type": "string"}},
}
_CELL: Json = {"type": ["string", "number", "boolean", "null"]}


def components() -> Json:
    """The schemas that the routes refer to, and how a caller shows who they are."""
    return {
        "schemas": {
            "Order": {
                "type": "object",
                "description": "One row of an order file, by column; values as people write them.",
                "required": ["order_id", "service_date", "seller_id"],
                "properties": dict.fromkeys(ORDER_HEADINGS, _CELL),
            },
            "Document": {
                "type": "object",
                "required": ["schema"],
                "properties": {"schema": {"type": "string", "pattern": "^songsuk/[a-z.]+/1$"}},
            },
            "Problem": {
                "type": "object",
                "description": "RFC 9457, with a stable code and words in Thai and English.",
                "required": ["type", "title", "status", "code", "detail", "message", "errors"],
                "properties": {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                    "message": _WORDS,
                    "errors": {"type": "array", "items": {"type": "object"}},
                    "warnings": {"type": "array", "items": {"type": "object"}},
                },
            },
        },
        "securitySchemes": {
            "key": {"type": "http", "scheme": "bearer", "description": "From songsuk keys create NAME."}
        },
    }


def described(*refusals: int, body: Json | None = None) -> Json:
    """How one route is described: its request body, its refusals, and that it needs a key."""
    extra: Json = {"security": [{"key": []}]}
    if body is not None:
        extra["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    document: Json = {"content": {"application/json": {"schema": _ref("Document")}}}
    refusal: Json = {"content": {"application/problem+json": {"schema": _ref("Problem")}}}
    answers: dict[int, Json] = {200: {"description": "The document", **document}}
    answers |= {status: {"description": _MEANING[status], **refusal} for status in (401, *refusals)}
    return {"openapi_extra": extra, "responses": answers}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


_MEANING = {
    401: "The key is missing or not valid",
    404: "There is no such plan",
    409: "An order is on its way already",
    413: "The body is too large",
    422: "Something in the request is not valid; nothing was saved",
}

ORDERS: Json = {
    "oneOf": [
        _ref("Order"),
        {
            "type": "object",
            "required": ["orders"],
            "properties": {"orders": {"type": "array", "minItems": 1, "items": _ref("Order")}},
        },
    ]
}
