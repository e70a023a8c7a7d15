"""What is asked of the application and answered as a document: the same for the command line and the API."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from scheduler import documents, notices, revision, states
from scheduler.app import App
from scheduler.config.channels import CHANNELS
from scheduler.planning import DIMENSIONS
from scheduler.planning.travel import ways_of
from storage.records import Message, Plan, Role, Run


def filters(app: App) -> dict[str, list[str]]:
    """What lists of plans and messages can be asked by, and the words that each filter may be."""
    from channels.texts import KINDS

    return {
        "wave": app.known_waves(),
        "state": sorted(states.MESSAGE),
        "kind": sorted(KINDS),
        "channel": sorted({*CHANNELS, *app.config.channels}),
    }


def plans(app: App, date: dt.date, wave: str | None = None, plan_id: str | None = None) -> dict[str, Any]:
    """A day's plans with their message previews; one plan by its id, also a superseded one.

    What the approvals of several waves would each say, such as the question for a pin, counts for the first of them.
    """
    order = {each.id: number for number, each in enumerate(app.config.waves)}
    runs = sorted(app.store.runs(date=date), key=lambda run: order.get(run.wave, len(order)))
    shown: list[tuple[Run, Plan | None, dict[str, Any]]] = []
    budget = app.line_budget.stand()
    left = budget.left if budget is not None else None
    counted: set[str] = set()
    for run in runs:
        if wave not in {None, run.wave}:
            continue
        wanted = plan_id if plan_id is not None else run.plan_id
        plan = app.store.plan(wanted) if wanted is not None else None
        if plan_id is not None and (plan is None or plan.run_id != run.id):
            continue
        told = [message for message in said(app, plan) if message.id not in counted] if plan is not None else []
        counted |= {message.id for message in told}
        shown.append((run, plan, {**notices.preview(told), "line_left": left}))
    market = app.config.market
    found = documents.plans(market.id, date, str(market.time_zone), app.tz, DIMENSIONS, shown)
    for document, (run, plan, _) in zip(found["waves"], shown, strict=True):
        if plan is not None:
            waits = run.plan_id == plan.id and run.state in {"planned", "approved"}
            document["out_of_date"] = app.waves.outdated(plan) if waits else []
    return found


def draw(app: App, found: dict[str, Any]) -> None:
    """Give each route of a document of plans its ``geometry``: the line for a map, asked of its travel provider now.

    None where there is none to be had, such as while a road server is away.
    """
    for wave in found["waves"]:
        if wave["plan_id"] is None:
            continue
        config = app.versions.config(wave["config_version"])
        ways = ways_of(config)
        travel = ways.straight if wave["travel"]["provider"] == ways.straight.provider else ways.asked
        for route in wave["routes"]:
            places = [(lon, lat) for lon, lat in (step["location"] for step in route["steps"] if step["location"])]
            known = config.vehicle(route["vehicle"]) is not None
            route["geometry"] = travel.geometry(places, route["vehicle"]) if known else None


def out_of_date(app: App) -> list[dict[str, Any]]:
    """The approved plans that have not left and no longer fit some orders, which a new plan would."""
    return [
        {"date": plan.date.isoformat(), "wave": plan.wave, "plan_id": plan.id, "order_ids": order_ids}
        for plan, order_ids in app.waves.out_of_date()
    ]


def said(app: App, plan: Plan) -> list[Message]:
    """What approving this plan would write now, or what it wrote."""
    if plan.approved_at is not None:
        return app.store.messages(plan_id=plan.id)
    return app.waves.telling.told(plan, approved_by="")


def replan(
    app: App,
    date: dt.date,
    wave: str,
    without_riders: Collection[str],
    add_orders: Sequence[str],
    *,
    with_riders: Collection[str] = (),
    actor: str,
) -> dict[str, Any] | None:
    """Plan a wave anew; the document of the new plan with what it changes. None: somebody else has, meanwhile."""
    run = app.waves.run(date, wave)
    if run is None:
        raise LookupError(f"{date} {wave} has no run")
    before = app.store.plan(run.plan_id) if run.plan_id is not None else None
    plan = app.waves.plan(
        run,
        actor=actor,
        without_riders=frozenset(without_riders),
        with_riders=frozenset(with_riders),
        add_orders=add_orders,
    )
    if plan is None:
        return None
    found = plans(app, date, wave)
    if before is not None:
        told = app.waves.telling.told(plan, approved_by=actor)
        people = {(message.role, message.member_ref) for message in told if message.kind != "summary"}
        found["waves"][0]["changes"] = revision.changes(before, plan, len(people))
    return found


def _replaces(later: Message, message: Message) -> bool:
    """Whether a later word to the same person makes one needless to say: a new list, or news of all its orders.

    So does the same word, said anew over another chat.
    """
    if (later.role, later.member_ref) != (message.role, message.member_ref) or later.state in notices.UNHEARD:
        return False
    if later.event == message.event and later.revision > message.revision:
        return True
    if message.kind in {"route", "pick_list"}:
        nothing_left = later.kind == "changed" and not later.order_ids
        return (later.date, later.wave) == (message.date, message.wave) and (later.kind == message.kind or nothing_left)
    told = later.kind in {"window", "changed", "cancelled"} and bool(message.order_ids)
    return told and set(message.order_ids) <= set(later.order_ids)


def fits(app: App, run: Run, plan: Plan, order_id: str, most: int) -> dict[str, Any] | None:
    """Where a late order fits into a wave's plan as it is; None where it cannot be in this wave."""
    found = app.waves.fits(run, plan, order_id, most)
    return documents.fits(plan, order_id, found, app.tz) if found is not None else None


_ALARMS = frozenset({"escalation", "sos", "word", "link_request", "chat_added"})
"""What coordinators hear for all of them: each of them the same."""


def _alarm(message: Message) -> tuple[str, str]:
    """What one coordinator hears as the others do; of what was written in a chat each has a number of their own."""
    by_chat = message.event.startswith("heard:")
    return message.kind, message.event.rpartition(":")[0] if by_chat else message.event


def _unheard(message: Message, overdue: dt.datetime) -> bool:
    """Whether it did not reach its person, or what matters perhaps did not or has been due since before `overdue`."""
    if message.state in {"suppressed", "failed"}:
        return True
    late = message.state in {"held", "ready", "retry"} and message.send_at <= overdue
    return _matters(message) and (message.state in {"unknown", "expired"} or late)


def _matters(message: Message) -> bool:
    return message.klass == "critical" or message.kind in _ALARMS


def _undated(app: App, date: dt.date) -> list[Message]:
    """What was due on a day and belongs to no day's orders, where somebody else than who wrote to us was to hear it."""
    start, end = (dt.datetime.combine(date + dt.timedelta(days=days), dt.time.min, app.tz) for days in (0, 1))
    found = app.store.messages(since=start, until=end)
    return [each for each in found if each.date is None and _matters(each)]


def calls(app: App, date: dt.date) -> dict[str, Any]:
    """The phone list of a day: everybody a message could not reach, or what matters perhaps did not; what to say.

    What coordinators were to hear is there only as long as none of them has heard it. Their escalations are not where
    they have no chat, which was known when the market chose so.
    """
    written = [*app.store.messages(date=date), *_undated(app, date)]
    overdue = app.clock.now() - dt.timedelta(minutes=app.config.messages.escalate_minutes)
    heard = {_alarm(each) for each in written if each.kind in _ALARMS and each.state in {"accepted", "confirmed"}}
    told = [
        message
        for number, message in enumerate(written)
        if _unheard(message, overdue)
        and message.text  # else what it said is forgotten
        and message.kind not in {"summary", notices.CARD}
        and not (message.kind == "escalation" and message.channel is None)
        and not (message.kind in _ALARMS and _alarm(message) in heard)
        and not any(_replaces(later, message) for later in written[number + 1 :])
    ]
    refs = {(role, message.member_ref) for message in told for role in (message.role,)}
    phones = {
        (str(role), member.ref): member.person.phone
        for role in Role
        for member in app.store.members(role, refs=[ref for of, ref in refs if of == role])
        if any(of == role for of, _ in refs)
    }
    return documents.calls(date, told, phones, app.tz)
