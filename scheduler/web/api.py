"""The REST API: orders in, plans and messages out; the names and rules of the files and the command line.

Every call carries a key (``Authorization: Bearer sk_…``, from ``songsuk keys create``).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from scheduler import documents, doubts, views
from scheduler.app import App
from scheduler.intake import OrdersFile, orders_from_objects
from scheduler.intake.json_rows import Doubled, read_object
from scheduler.keys import digest
from scheduler.web.body import read_body
from scheduler.web.description import ORDERS, described
from scheduler.web.filters import Filters
from scheduler.web.problems import invalid, problem
from storage.records import Order, Saved

router = APIRouter(prefix="/api/v1")
MOST_ORDERS = 2000


async def caller(request: Request) -> str | None:
    """The name of the key that the request carries, or None."""
    app: App = request.app.state.app
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        return None
    return await asyncio.to_thread(app.store.key_name, digest(key.strip()))


Caller = Annotated[str | None, Depends(caller)]


def _unauthorized() -> Response:
    return problem(
        401,
        "key.invalid",
        {"th": "คีย์ไม่ถูกต้องหรือไม่ได้ส่งมา", "en": "the API key is missing or not valid"},
        headers={"WWW-Authenticate": "Bearer"},
    )


@router.post("/orders", status_code=201, **described(409, 413, 422, body=ORDERS))
async def post_orders(request: Request, key: Caller) -> Response:
    """Put in one order, or several as ``{"orders": […]}``: all of them, or none.

    201 where something was created, 200 where it was known (updated or unchanged), 409 for an order on its way,
    422 with every error otherwise. Sending the same body again changes nothing.
    """
    if key is None:
        return _unauthorized()
    app: App = request.app.state.app
    body = await read_body(request)
    if body is None:
        return problem(413, "body.too_large", {"th": "ข้อมูลใหญ่เกินไป", "en": "the body is too large"})
    try:
        sent = json.loads(body, object_pairs_hook=read_object)
    except (ValueError, RecursionError) as error:
        return _no_json(error)
    rows = sent.get("orders") if isinstance(sent, dict) and "orders" in sent else [sent]
    twice = isinstance(sent, Doubled) and "orders" in sent.names
    if twice or not isinstance(rows, list):
        thai, english = (
            ("มี orders ซ้ำสองครั้ง", "orders is given twice") if twice else ("ไม่ใช่รายการ", "this is not a list")
        )
        return _misshapen({"th": thai, "en": english})
    if not 1 <= len(rows) <= MOST_ORDERS:
        return _misshapen({"th": f"มี {len(rows)} ออเดอร์", "en": f"there are {len(rows)} orders"})
    return await asyncio.to_thread(_take, app, rows, f"api:{key}")


def _no_json(why: Exception) -> Response:
    """A body that cannot be read: where it stops being JSON, counted from 1."""
    if isinstance(why, json.JSONDecodeError):
        thai, english, reason = f"ตัวอักษรที่ {why.pos + 1}", f"character {why.pos + 1}", why.msg
    elif isinstance(why, UnicodeDecodeError):
        thai, english, reason = f"ไบต์ที่ {why.start + 1}", f"byte {why.start + 1}", "not UTF-8"
    else:  # the decoder does not say where: too many brackets, or a number too long
        thai, english, reason = "ตัวอักษรที่ 1", "character 1", "nested too deeply, or a number is too long"
    said = {"th": f"JSON ไม่ถูกต้องตั้งแต่{thai}: {reason}", "en": f"not valid JSON from {english}: {reason}"}
    return problem(
        422,
        "json.invalid",
        {"th": "อ่านข้อมูลที่ส่งมาไม่ได้", "en": "the body is not JSON"},
        errors=[documents.error("json.invalid", "body", said, _SHAPE)],
    )


def _misshapen(said: Mapping[str, str]) -> Response:
    message = {"th": f"ส่งได้ครั้งละ 1 ถึง {MOST_ORDERS} ออเดอร์", "en": f"send one to {MOST_ORDERS} orders at a time"}
    return problem(422, "orders.shape", message, errors=[documents.error("orders.shape", "body.orders", said, _SHAPE)])


_SHAPE = {
    "th": f'ส่งออเดอร์เดียวเป็น {{"order_id": …}} หรือ 1 ถึง {MOST_ORDERS} ออเดอร์เป็น {{"orders": [{{…}}]}}',
    "en": f'send one order as {{"order_id": …}}, or 1 to {MOST_ORDERS} as {{"orders": [{{…}}]}}',
}


def _take(app: App, rows: list[Any], actor: str) -> Response:
    context = app.intake_context()
    taken = orders_from_objects(rows, context=context)
    if taken.errors:
        return problem(
            422,
            "orders.invalid",
            {"th": "มีออเดอร์ที่ไม่ถูกต้อง ยังไม่ได้บันทึกอะไร", "en": "some orders are not valid; nothing was saved"},
            errors=[error.as_json() for error in taken.errors],
            warnings=[warning.as_json() for warning in taken.warnings],
        )
    return _save(app, taken, actor)


def _save(app: App, taken: OrdersFile, actor: str) -> Response:
    orders = taken.orders
    saved, _ = app.take_orders(orders, actor=actor, whole=True)
    if late := _late(orders, saved):
        return late
    fates = [fate for rows in saved for fate in rows]
    found = documents.orders(app.store.orders(order_ids=[order.order_id for order in orders]), app.tz)
    found |= {
        "created": fates.count(Saved.CREATED),
        "updated": fates.count(Saved.UPDATED),
        "unchanged": fates.count(Saved.UNCHANGED),
        "out_of_date": views.out_of_date(app),
        "warnings": [
            warning.as_json() for warning in [*taken.warnings, *doubts.in_orders(taken, app.versions.zones())]
        ],
    }
    return JSONResponse(found, status_code=201 if found["created"] else 200)


def _late(orders: list[Order], saved: list[tuple[Saved, ...]]) -> Response | None:
    late = [order.order_id for order, fates in zip(orders, saved, strict=True) if Saved.ALREADY_DISPATCHED in fates]
    if not late:
        return None
    message = {"th": f"ออกส่งแล้ว: {', '.join(late)}", "en": f"on its way already: {', '.join(late)}"}
    errors = [{"order_id": order_id, "code": "order.already_dispatched"} for order_id in late]
    return problem(409, "order.already_dispatched", message, errors=errors)


Day = {"format": "date"}


@router.get("/plans/{date}", **described(404, 422))
async def get_plans(
    request: Request,
    key: Caller,
    date: Annotated[str, Path(json_schema_extra=Day)],
    wave: str | None = None,
    plan: str | None = None,
) -> Response:
    """A day's plans, as ``songsuk plan show DATE --json``."""
    if key is None:
        return _unauthorized()
    app: App = request.app.state.app
    asked = Filters(views.filters(app))
    day, wave = asked.date("path.date", date), asked.word("wave", wave)
    if asked.errors or day is None:
        return invalid(asked.errors)
    found = await asyncio.to_thread(views.plans, app, day, wave, plan)
    if plan is not None and not found["waves"]:
        return problem(404, "plan.unknown", {"th": "ไม่พบแผนนี้", "en": "there is no such plan"})
    return JSONResponse(found)


@router.get("/messages", **described(422))
async def get_messages(
    request: Request,
    key: Caller,
    date: Annotated[str | None, Query(json_schema_extra=Day)] = None,
    wave: str | None = None,
    state: str | None = None,
    kind: str | None = None,
    channel: str | None = None,
    order: str | None = None,
    to: str | None = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> Response:
    """Messages with their attempts, as ``songsuk messages list --json``."""
    if key is None:
        return _unauthorized()
    app: App = request.app.state.app
    asked = Filters(views.filters(app))
    day = asked.date("query.date", date)
    wave, state = asked.word("wave", wave), asked.word("state", state)
    kind, channel = asked.word("kind", kind), asked.word("channel", channel)
    if asked.errors:
        return invalid(asked.errors)
    found = await asyncio.to_thread(
        lambda: app.store.messages(
            date=day,
            wave=wave,
            states={state} if state else None,
            kinds={kind} if kind else None,
            channel=channel,
            order_id=order,
            to=to,
            limit=limit,
        )
    )
    return JSONResponse(documents.messages(found, app.tz))
