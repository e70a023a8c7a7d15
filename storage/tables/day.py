"""The day: runs of waves, their areas while they are planned, their plans as rows, and who agreed to them."""

import datetime as dt
from typing import Any

from sqlalchemy import Date, Float, ForeignKeyConstraint, Index, Integer, UniqueConstraint

from storage.columns import BIG, DOCUMENT, Instant, Words, personal, plain
from storage.tables.base import Row


class RunRow(Row, table=True):
    __tablename__ = "run"
    __table_args__ = (UniqueConstraint("market", "date", "wave"), Index(None, "date", "state"))

    id: str = plain(Words, key=True)
    market: str = plain(Words)
    date: dt.date = plain(Date)
    wave: str = plain(Words)
    state: str = plain(Words)
    config_version: int = plain(Integer)
    plan_id: str | None = plain(Words)
    opened_at: dt.datetime | None = plain(Instant)
    closed_at: dt.datetime | None = plain(Instant)
    planned_at: dt.datetime | None = plain(Instant)
    approved_at: dt.datetime | None = plain(Instant)
    dispatched_at: dt.datetime | None = plain(Instant)
    finished_at: dt.datetime | None = plain(Instant)
    reminded_at: dt.datetime | None = plain(Instant)


class PlanningAreaRow(Row, table=True):
    """One area of a wave that is being planned, for whoever solves it: what it is, who is at it, what came of it.

    It lives until the wave's plan is saved. `digest`: what the area was when it was posted; an answer is for that
    alone. `until`: nobody else takes it before, and from then on it is free. Who rides and what is carried are
    references; no place is kept here.
    """

    __tablename__ = "planning_area"
    __table_args__ = (UniqueConstraint("run_id", "area"),)

    id: str = plain(Words, key=True)
    run_id: str = plain(Words, references="run.id")
    area: str = plain(Words)
    digest: str = plain(Words)
    order_ids: list[str] = plain(DOCUMENT)
    rider_ids: list[str] = plain(DOCUMENT)
    settings: dict[str, Any] = plain(DOCUMENT)
    posted_at: dt.datetime = plain(Instant)
    tries: int = plain(Integer)
    holder: str | None = plain(Words)
    until: dt.datetime = plain(Instant)
    answer: dict[str, Any] | None = plain(DOCUMENT)


class PlanRow(Row, table=True):
    __tablename__ = "plan"
    __table_args__ = (UniqueConstraint("run_id", "revision"), Index(None, "date", "wave"))

    id: str = plain(Words, key=True)
    run_id: str = plain(Words, references="run.id")
    date: dt.date = plain(Date)
    wave: str = plain(Words)
    revision: int = plain(Integer)
    config_version: int = plain(Integer)
    created_at: dt.datetime = plain(Instant)
    seen: int = plain(BIG)
    supersedes: str | None = plain(Words)
    approved_at: dt.datetime | None = plain(Instant)
    approved_by: str | None = plain(Words)
    travel: dict[str, Any] = plain(DOCUMENT)
    summary: dict[str, Any] = plain(DOCUMENT)


class PlanRouteRow(Row, table=True):
    __tablename__ = "plan_route"

    plan_id: str = plain(Words, key=True, references="plan.id")
    route: int = plain(Integer, key=True)
    rider_id: str = plain(Words)
    area: str = plain(Words)
    vehicle: str = plain(Words)
    cost: int = plain(BIG)
    distance: int = plain(BIG)
    duration: int = plain(BIG)
    service: int = plain(BIG)
    waiting_time: int = plain(BIG)
    load_max: list[int] = plain(DOCUMENT)
    cod_satang: int = plain(BIG)
    locked: str = plain(Words)


class PlanStepRow(Row, table=True):
    __tablename__ = "plan_step"
    __table_args__ = (
        ForeignKeyConstraint(["plan_id", "route"], ["plan_route.plan_id", "plan_route.route"]),
        Index(None, "order_id"),
    )

    plan_id: str = plain(Words, key=True)
    route: int = plain(Integer, key=True)
    step: int = plain(Integer, key=True)
    type: str = plain(Words)
    arrival: dt.datetime = plain(Instant)
    lon: float | None = personal(Float)
    lat: float | None = personal(Float)
    order_id: str | None = plain(Words)
    seller_id: str | None = plain(Words)
    leg: int | None = plain(Integer)
    setup: int = plain(Integer)
    service: int = plain(Integer)
    waiting_time: int = plain(Integer)
    load: list[int] = plain(DOCUMENT)
    duration: int = plain(Integer)
    distance: int = plain(BIG)
    window_from: dt.datetime | None = plain(Instant)
    window_to: dt.datetime | None = plain(Instant)
    told_from: dt.datetime | None = plain(Instant)
    told_to: dt.datetime | None = plain(Instant)
    state: str | None = plain(Words)


class PlanUnassignedRow(Row, table=True):
    __tablename__ = "plan_unassigned"

    plan_id: str = plain(Words, key=True, references="plan.id")
    position: int = plain(Integer, key=True)
    order_id: str = plain(Words)
    leg: int = plain(Integer)
    code: str = plain(Words)
    message: dict[str, Any] = plain(DOCUMENT)
    riders: list[dict[str, Any]] = plain(DOCUMENT)
    fix: dict[str, Any] | None = plain(DOCUMENT)
    next_date: dt.date | None = plain(Date)
    next_wave: str | None = plain(Words)


class ApprovalRow(Row, table=True):
    """Who agreed to a plan; it is approved when as many have as the market asks for."""

    __tablename__ = "approval"

    plan_id: str = plain(Words, key=True, references="plan.id")
    actor: str = plain(Words, key=True)
    at: dt.datetime = plain(Instant)
