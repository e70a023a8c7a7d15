"""The JSON that leaves the house: the same documents for the command line and the API. Pure.

Instants are RFC 3339 in the market's time zone; codes are stable, words stand beside them in Thai and English.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scheduler.planning import Late, Place
from storage.records import Leg, Member, Message, Order, Plan, PlanRoute, PlanStep, Run

Document = dict[str, Any]
Words = Mapping[str, str]


def stamp(moment: dt.datetime | None, tz: dt.tzinfo) -> str | None:
    return moment.astimezone(tz).isoformat(timespec="seconds") if moment is not None else None


def _span(window: tuple[dt.datetime, dt.datetime] | None, tz: dt.tzinfo) -> list[str | None] | None:
    return [stamp(window[0], tz), stamp(window[1], tz)] if window is not None else None


# --- orders -------------------------------------------------------------------------------------------------------


def orders(found: Iterable[Order], tz: dt.tzinfo) -> Document:
    return {"schema": "songsuk/orders/1", "orders": [order(each, tz) for each in found]}


def order(order: Order, tz: dt.tzinfo) -> Document:
    state, reason, wave = order_state(order)
    window = (order.window_from, order.window_to)
    return {
        "order_id": order.order_id,
        "service_date": order.service_date.isoformat(),
        "date": order.legs[-1].date.isoformat() if order.legs else order.service_date.isoformat(),
        "wave": wave,
        "zone": order.legs[-1].zone if order.legs else None,
        "state": state,
        "reason": reason,
        "buyer_ref": order.buyer_ref,
        "seller_ids": [pickup.seller_id for pickup in order.pickups],
        "location": list(order.location) if order.location is not None else None,
        "window": [stamp(window[0], tz), stamp(window[1], tz)] if window[0] is not None else None,
        "cod_satang": order.cod_satang,
        "total_satang": order.total_satang,
        "fee_satang": order.fee_satang,
        "priority": order.priority,
        "legs": [_leg(leg) for leg in order.legs],
    }


def whole_order(
    found: Order, sellers: Mapping[str, Member], rider: Member | None, step: PlanStep | None, why: Words, tz: dt.tzinfo
) -> Document:
    """One order with everything a coordinator may ask of it, people's names and phones among it.

    `step` is its delivery in the plan it is in, `why` its reason in words.
    """
    shops = {ref: member.seller.shop_name for ref, member in sellers.items() if member.seller is not None}
    return order(found, tz) | {
        "message": dict(why),
        "buyer": {"name": found.buyer.name, "phone": found.buyer.phone},
        "address_text": found.address_text,
        "landmark": found.landmark,
        "tambon": found.tambon,
        "postcode": found.postcode,
        "pin_source": found.pin_source,
        "paid_method": found.paid_method,
        "needs_help_at_door": found.needs_help,
        "proof": found.proof,
        "note": found.note,
        "placed_at": stamp(found.placed_at, tz),
        "received_at": stamp(found.received_at, tz),
        "pickups": [
            {
                "seller_id": pickup.seller_id,
                "shop_name": shops.get(pickup.seller_id, ""),
                "items": pickup.items,
                "weight_g": pickup.weight_g,
                "volume_ml": pickup.volume_ml,
                "temperature": pickup.temperature,
                "cod_satang": pickup.cod_satang,
                "total_satang": pickup.total_satang,
            }
            for pickup in found.pickups
        ],
        "rider": {"rider_id": rider.ref, "name": rider.person.name, "phone": rider.person.phone} if rider else None,
        "arrival": stamp(step.arrival, tz) if step is not None else None,
        "told": _span(step.told, tz) if step is not None else None,
    }


def _leg(leg: Leg) -> Document:
    return {
        "leg": leg.leg,
        "from": leg.origin,
        "to": leg.destination,
        "date": leg.date.isoformat(),
        "wave": leg.wave,
        "zone": leg.zone,
        "rider_id": leg.rider_id,
        "state": leg.state,
        "reason": leg.reason,
    }


def order_state(order: Order) -> tuple[str, str | None, str | None]:
    """An order's state is derived: that of its first leg which is not delivered yet, else its last one's."""
    if order.cancelled or not order.legs:
        return "cancelled" if order.cancelled else "received", None, None
    leg = next((leg for leg in order.legs if leg.state != "delivered"), order.legs[-1])
    return leg.state, leg.reason, leg.wave


# --- plans --------------------------------------------------------------------------------------------------------


def plans(
    market: str,
    date: dt.date,
    tz_name: str,
    tz: dt.tzinfo,
    dimensions: Sequence[str],
    shown: Iterable[tuple[Run, Plan | None, Mapping[str, Any]]],
) -> Document:
    """A day's plans: for each wave its run, its plan (None before planning) and the message preview."""
    return {
        "schema": "songsuk/plan/1",
        "market": market,
        "date": date.isoformat(),
        "time_zone": tz_name,
        "dimensions": list(dimensions),
        "waves": [_wave(run, plan, preview, tz) for run, plan, preview in shown],
    }


def _wave(run: Run, plan: Plan | None, preview: Mapping[str, Any], tz: dt.tzinfo) -> Document:
    if plan is None:
        return {"wave": run.wave, "state": run.state, "plan_id": None, "config_version": run.config_version}
    return {
        "wave": plan.wave,
        "state": run.state if run.plan_id == plan.id else "superseded",
        "plan_id": plan.id,
        "revision": plan.revision,
        "supersedes": plan.supersedes,
        "config_version": plan.config_version,
        "created_at": stamp(plan.created_at, tz),
        "approved_by": plan.approved_by,
        "approved_at": stamp(plan.approved_at, tz),
        "travel": dict(plan.travel),
        "summary": dict(plan.summary),
        "routes": [_route(route, tz) for route in plan.routes],
        "unassigned": [
            {
                "order_id": left.order_id,
                "code": left.code,
                "next_wave": left.next_wave,
                "next_date": left.next_date.isoformat() if left.next_date is not None else None,
                "message": dict(left.message),
                "riders": [dict(rider) for rider in left.riders],
                "fix": dict(left.fix) if left.fix is not None else None,
            }
            for left in plan.unassigned
        ],
        "messages": dict(preview),
    }


def _route(route: PlanRoute, tz: dt.tzinfo) -> Document:
    return {
        "rider_id": route.rider_id,
        "area": route.area,
        "vehicle": route.vehicle,
        "locked": route.locked,
        "cost": route.cost,
        "distance": route.distance,
        "duration": route.duration,
        "service": route.service,
        "waiting_time": route.waiting_time,
        "load_max": list(route.load_max),
        "cod_satang": route.cod_satang,
        "steps": [_step(step, tz) for step in route.steps],
    }


def _step(step: PlanStep, tz: dt.tzinfo) -> Document:
    shown: Document = {"type": step.type}
    if step.type == "pickup":
        shown |= {"id": f"{step.order_id}/{step.seller_id}", "order_id": step.order_id, "seller_id": step.seller_id}
    elif step.type == "delivery":
        shown |= {"id": step.order_id, "order_id": step.order_id}
    if step.leg is not None:
        shown["leg"] = step.leg
    shown |= {
        "location": list(step.location) if step.location is not None else None,
        "arrival": stamp(step.arrival, tz),
        "setup": step.setup,
        "service": step.service,
        "waiting_time": step.waiting_time,
        "load": list(step.load),
        "duration": step.duration,
        "distance": step.distance,
    }
    if step.type == "delivery":
        shown |= {"window": _span(step.window, tz), "told": _span(step.told, tz), "state": step.state}
    return shown


def fits(plan: Plan, order_id: str, late: Late, tz: dt.tzinfo) -> Document:
    """Where one order more fits into a plan, the cheapest first; where nowhere, why and what would make room."""
    return {
        "schema": "songsuk/plan.fits/1",
        "date": plan.date.isoformat(),
        "wave": plan.wave,
        "plan_id": plan.id,
        "order_id": order_id,
        "travel": {"provider": late.provider, "estimate": late.estimate},
        "places": [_place(place, tz) for place in late.places],
        "code": late.code,
        "message": dict(late.message) if late.message is not None else None,
        "fix": dict(late.fix) if late.fix is not None else None,
    }


def _place(place: Place, tz: dt.tzinfo) -> Document:
    told = [delay for delay in place.delays if delay.kept is not None]
    return {
        "rider_id": place.rider_id,
        "positions": list(place.positions),
        "added_cost": place.added_cost,
        "added_distance": place.added_distance,
        "added_duration": place.added_duration,
        "pickups": [{"seller_id": seller, "arrival": stamp(moment, tz)} for seller, moment in place.pickups],
        "arrival": stamp(place.arrival, tz),
        "told": _span(place.told, tz),
        "latest": max((delay.seconds for delay in place.delays), default=0),
        "broken": [delay.order_id for delay in told if not delay.kept],
        "delays": [
            {
                "type": delay.type,
                "order_id": delay.order_id,
                "seller_id": delay.seller_id,
                "arrival": stamp(delay.arrival, tz),
                "seconds": delay.seconds,
                "told": _span(delay.told, tz),
                "kept": delay.kept,
            }
            for delay in place.delays
        ],
    }


# --- messages -----------------------------------------------------------------------------------------------------


def messages(found: Sequence[Message], tz: dt.tzinfo) -> Document:
    return {
        "schema": "songsuk/messages/1",
        "counts": dict(sorted(Counter(message.state for message in found).items())),
        "messages": [message(each, tz) for each in found],
    }


def message(message: Message, tz: dt.tzinfo) -> Document:
    return {
        "id": message.id,
        "kind": message.kind,
        "class": message.klass,
        "event": message.event,
        "to": {"role": str(message.role), "member_id": message.member_ref, "name": message.name},
        "channel": message.channel,
        "via": message.via,
        "order_ids": list(message.order_ids),
        "date": message.date.isoformat() if message.date is not None else None,
        "wave": message.wave,
        "plan_id": message.plan_id,
        "revision": message.revision,
        "state": message.state,
        "reason": message.reason,
        "send_at": stamp(message.send_at, tz),
        "expires_at": stamp(message.expires_at, tz),
        "bundle": message.bundle,
        "edits": message.edits,
        "attempts": [
            {
                "at": stamp(attempt.at, tz),
                "outcome": attempt.outcome,
                "status": attempt.status,
                "retry_key": attempt.retry_key,
                "provider_id": attempt.provider_id,
                "detail": attempt.detail,
            }
            for attempt in message.attempts
        ],
        "text": message.text,
    }


_WHY_CALL: Mapping[str, Words] = {
    "no_address": {"th": "ไม่มีแชต", "en": "no chat known"},
    "preference": {"th": "ไม่ใช้แชต", "en": "wishes no chat"},
    "no_consent": {"th": "ไม่รับข้อความทางแชต", "en": "wants no messages by chat"},
    "blocked": {"th": "บล็อกบัญชีของตลาด", "en": "has blocked the market's account"},
    "unknown_recipient": {"th": "ไม่พบแชตนี้แล้ว", "en": "the chat does not exist any more"},
    "moved": {"th": "แชตนี้ย้ายไปแล้ว", "en": "the chat has another address now"},
    "quota": {"th": "ข้อความ LINE เดือนนี้ไม่พอ", "en": "this month's LINE messages do not suffice"},
    "too_late": {"th": "ส่งไม่ทันเวลา ยังไม่ได้รับข้อความ", "en": "it could not be sent in time"},
}
"""Why somebody has to be phoned; whatever else goes wrong in sending is told as a fault."""
_IN_DOUBT: Words = {"th": "ไม่แน่ใจว่าข้อความไปถึง", "en": "nobody knows whether the message arrived"}
_NOT_YET: Words = {"th": "ยังส่งไม่ได้ ระบบกำลังลองส่งอยู่", "en": "it has not gone out so far, and is still tried"}
_NOT_SENT: Words = {"th": "ส่งข้อความไม่สำเร็จ", "en": "the message could not be sent"}


def calls(
    date: dt.date, found: Sequence[Message], phones: Mapping[tuple[str, str], str | None], tz: dt.tzinfo
) -> Document:
    """The phone list: who must be told by voice, why, and what to say."""
    return {
        "schema": "songsuk/messages.calls/1",
        "date": date.isoformat(),
        "calls": [
            {
                "message_id": message.id,
                "kind": message.kind,
                "to": {"role": str(message.role), "member_id": message.member_ref, "name": message.name},
                "phone": phones.get((str(message.role), message.member_ref)),
                "order_ids": list(message.order_ids),
                "reason": message.reason,
                "message": dict(_why_call(message)),
                "before": stamp(message.expires_at, tz),
                "script": message.text,
            }
            for message in found
        ],
    }


def _why_call(message: Message) -> Words:
    waits = message.state in {"held", "ready", "retry"}
    if message.state == "unknown" or (waits and any(attempt.outcome == "unknown" for attempt in message.attempts)):
        return _IN_DOUBT
    return _NOT_YET if waits else _WHY_CALL.get(message.reason or "", _NOT_SENT)


# --- members, refusals --------------------------------------------------------------------------------------------


def members(found: Iterable[Member]) -> Document:
    """Who is known, in which role; phones and addresses stay inside."""
    return {
        "schema": "songsuk/members/1",
        "members": [
            {
                "role": str(member.role),
                "member_id": member.ref,
                "name": member.person.name,
                "language": member.person.language,
                "consent": member.person.consent,
                "channels": {address.channel: address.state for address in member.person.addresses},
                "active": member.active,
            }
            for member in found
        ],
    }


def error(code: str, path: str, message: Mapping[str, str], hint: Mapping[str, str]) -> Document:
    return {"code": code, "path": path, "message": dict(message), "hint": dict(hint)}


def errors(found: Iterable[Document]) -> Document:
    return {"schema": "songsuk/error/1", "errors": list(found)}
