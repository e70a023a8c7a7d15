"""What is remembered, as frozen values: the words other rooms use for rows. Rows themselves stay inside this package.

Money is satang, weight grams, volume millilitres, places ``(lon, lat)``. Instants are aware datetimes; the tables
keep them in UTC and hand them back in UTC. ``date`` is the market's service date, ``wave`` a wave id of the config.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

Location = tuple[float, float]
Json = Mapping[str, Any]

RESTORED = "restored"
"""Why a message's fate is unknown: it was due between a backup and its restore. A person says what becomes of it."""

DATABASE = "database"
"""The audit's subject of a restore."""


class Role(StrEnum):
    RIDER = "rider"
    SELLER = "seller"
    BUYER = "buyer"
    COORDINATOR = "coordinator"


# --- people -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatAddress:
    """Where a person is reached on one service. ``state``: active, blocked, dead."""

    channel: str
    address: str
    state: str = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One human being, whatever roles they hold. ``chat_channel`` is a wish, not an address."""

    id: str = ""
    name: str = ""
    phone: str | None = None
    language: str | None = None
    consent: bool | None = None
    group: str | None = None
    household: str | None = None
    chat_channel: str | None = None
    addresses: tuple[ChatAddress, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RiderDetails:
    """None means: the vehicle kind's or the market's own default applies."""

    vehicle: str
    capacity_g: int | None = None
    capacity_ml: int | None = None
    max_stops: int | None = None
    shift_from: dt.time | None = None
    shift_to: dt.time | None = None
    home: Location | None = None
    home_tambon: str | None = None
    end_at: Literal["home", "hub", "anywhere"] = "hub"
    skills: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    prefer_zones: tuple[str, ...] = ()
    refuse_zones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerDetails:
    shop_name: str
    community: str | None = None
    tambon_code: str | None = None
    location: Location | None = None
    ready_from: dt.time | None = None
    ready_to: dt.time | None = None
    needs_cold_box: bool = False
    payout_promptpay: str | None = None
    closed_days: tuple[str, ...] = ()
    """Weekdays (``mon`` .. ``sun``) and ISO dates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person in one role. ``ref`` is the market's own number for them: R4, S03, B0001."""

    role: Role
    ref: str
    person: Person
    rider: RiderDetails | None = None
    seller: SellerDetails | None = None
    active: bool = True


# --- orders -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Pickup:
    """What one seller gives to one order: the row key is (order_id, seller_id)."""

    seller_id: str
    items: str = ""
    weight_g: int = 0
    volume_ml: int = 0
    temperature: Literal["ambient", "hot", "chilled"] = "ambient"
    cod_satang: int = 0
    total_satang: int | None = None
    """What the goods cost, however they are paid; None where the market did not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One carriage of an order by one rider; a plain order has one. States: scheduler/states.py.

    ``fee_satang`` is the fee of its zone as the config had it when the leg was given the zone.
    """

    leg: int = 1
    origin: str = ""
    destination: str = "buyer"
    zone: str | None = None
    area: str | None = None
    fee_satang: int | None = None
    date: dt.date
    wave: str | None = None
    state: str = "received"
    reason: str | None = None
    plan_id: str | None = None
    rider_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One delivery to one buyer, from one or more sellers. ``buyer`` is matched or made by the store.

    ``buyer_ref`` empty on the way in: the store finds the buyer by chat address or by phone and name, else makes one.
    ``received_at`` is when we first heard of it, by our clock.
    """

    order_id: str
    service_date: dt.date
    received_at: dt.datetime
    placed_at: dt.datetime | None = None
    source: str | None = None
    buyer_ref: str = ""
    buyer: Person = Person()
    address_text: str = ""
    landmark: str = ""
    tambon: str = ""
    postcode: str = ""
    location: Location | None = None
    pin_source: str | None = None
    window_from: dt.datetime | None = None
    window_to: dt.datetime | None = None
    pickups: tuple[Pickup, ...] = ()
    paid_method: str | None = None
    priority: Literal["low", "normal", "high"] = "normal"
    needs_help: bool = False
    proof: Literal["none", "photo", "pin"] = "none"
    note: str = ""
    cancelled: bool = False
    legs: tuple[Leg, ...] = ()

    @property
    def cod_satang(self) -> int:
        return sum(pickup.cod_satang for pickup in self.pickups)

    @property
    def total_satang(self) -> int | None:
        """What the goods cost; where a row does not say, what is paid for them at the door. None: nobody knows."""
        said = [pickup.total_satang or pickup.cod_satang or None for pickup in self.pickups]
        return None if not said or None in said else sum(each for each in said if each is not None)

    @property
    def fee_satang(self) -> int | None:
        """What the market takes for the delivery, over all legs; None before the order is in a zone."""
        fees = [leg.fee_satang for leg in self.legs if leg.fee_satang is not None]
        return sum(fees) if fees else None


class Saved(StrEnum):
    """What became of one row on its way in."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    ALREADY_DISPATCHED = "already_dispatched"


# --- the day ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One wave of one day. Its key (market, date, wave) is unique: whoever fires, one run."""

    id: str
    market: str
    date: dt.date
    wave: str
    state: str
    config_version: int
    plan_id: str | None = None
    opened_at: dt.datetime | None = None
    closed_at: dt.datetime | None = None
    planned_at: dt.datetime | None = None
    approved_at: dt.datetime | None = None
    dispatched_at: dt.datetime | None = None
    finished_at: dt.datetime | None = None
    reminded_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanningArea:
    """One area of a wave that is being planned: what is to be solved, who is at it, and the answer once there is one.

    ``digest`` says what the area was when it was posted. Until ``until`` nobody but ``holder`` solves it; from then on
    it is free. That instant is in the time that leases are kept in.
    """

    id: str
    run_id: str
    area: str
    digest: str
    order_ids: tuple[str, ...]
    rider_ids: tuple[str, ...]
    settings: Json
    until: dt.datetime
    tries: int = 0
    holder: str | None = None
    answer: Json | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegMove:
    """A leg's next state, in the words of scheduler/states.py.

    ``date`` None: it stays in its place; else date, wave, zone, area and fee are taken as given, None included.
    """

    order_id: str
    leg: int
    state: str
    reason: str | None = None
    date: dt.date | None = None
    wave: str | None = None
    zone: str | None = None
    area: str | None = None
    fee_satang: int | None = None
    plan_id: str | None = None
    rider_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """One line of a rider's route, with instants instead of seconds."""

    type: Literal["start", "pickup", "delivery", "reload", "break", "end"]
    arrival: dt.datetime
    location: Location | None = None
    order_id: str | None = None
    seller_id: str | None = None
    leg: int | None = None
    setup: int = 0
    service: int = 0
    waiting_time: int = 0
    load: tuple[int, ...] = ()
    duration: int = 0
    distance: int = 0
    window: tuple[dt.datetime, dt.datetime] | None = None
    told: tuple[dt.datetime, dt.datetime] | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRoute:
    rider_id: str
    area: str
    vehicle: str
    cost: int
    distance: int
    duration: int
    service: int
    waiting_time: int
    load_max: tuple[int, ...]
    cod_satang: int
    locked: str = "none"
    steps: tuple[PlanStep, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanUnassigned:
    """An order the plan found no place for. ``message`` is {"th", "en"}; ``riders``, ``fix``: as plan documents say."""

    order_id: str
    leg: int
    code: str
    message: Json
    riders: tuple[Json, ...] = ()
    fix: Json | None = None
    next_date: dt.date | None = None
    next_wave: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan of one run. Never changed once saved, but for who approved it."""

    id: str
    run_id: str
    date: dt.date
    wave: str
    revision: int
    config_version: int
    created_at: dt.datetime
    seen: int | None = None
    """``Store.mark()`` from before its orders were read: what changed later makes it stale, whatever clocks say."""
    supersedes: str | None = None
    approved_at: dt.datetime | None = None
    approved_by: str | None = None
    travel: Json
    summary: Json
    routes: tuple[PlanRoute, ...] = ()
    unassigned: tuple[PlanUnassigned, ...] = ()


class Approval(StrEnum):
    APPROVED = "approved"
    WAITING = "waiting"
    """Noted; more coordinators have to agree before anything is sent."""
    ALREADY = "already"
    STALE = "stale"
    """Another plan has taken this one's place, or one of its orders has changed since."""
    OVER = "over"
    """The wave's delivery time has passed."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Some messages and no others: those of one service date, and of one wave where it is named."""

    date: dt.date
    wave: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """What a sender goes by: the lease it has taken, and the token it got, which grows with every taking."""

    lease: str
    token: int


# --- what follows from a change ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is planned and said of orders that have just changed; what a plan still had to say is withdrawn already."""

    changed: frozenset[str]
    plans: tuple[Plan, ...]
    """The plans in force, approved and not yet on their way, that carry a changed order."""
    earlier: Mapping[str, Plan]
    """Every approved plan of these waves by its id, those in force among them: what messages speak of."""
    orders: Mapping[str, Order]
    """As they are now: all that the plans carry, and the changed ones that are cancelled."""
    messages: tuple[Message, ...]
    """Of these waves, and of the cancelled orders wherever it was said; in the order they were written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequel:
    """What follows: plans that take the place of those in force, as approved as they; legs; and what is said of it."""

    plans: tuple[Plan, ...] = ()
    moves: tuple[LegMove, ...] = ()
    messages: tuple[Message, ...] = ()


# --- messages -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at sending; rows are only ever added."""

    at: dt.datetime
    outcome: str
    status: int | None = None
    retry_key: str | None = None
    provider_id: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One thing said to one person for one event: (event, role, member_ref, revision) is unique.

    ``content`` is what is said, free of any service; ``payload`` its part of the frozen request, and ``bundle`` that
    request's own uuid where a service's requests can hold several messages, from the first attempt on.
    ``edits`` is the service's own number of an earlier revision, in whose place this one is put.
    ``channel`` None and state ``suppressed``: nobody can be reached by chat, the call list has it.
    """

    id: str
    kind: str
    klass: Literal["critical", "informative"]
    event: str
    role: Role
    member_ref: str
    name: str
    channel: str | None
    address: str | None
    via: str = "push"
    order_ids: tuple[str, ...] = ()
    date: dt.date | None = None
    wave: str | None = None
    plan_id: str | None = None
    revision: int = 1
    state: str = "held"
    reason: str | None = None
    send_at: dt.datetime
    expires_at: dt.datetime
    not_before: dt.datetime | None = None
    """After a failed attempt: when the next may be made."""
    bundle: str | None = None
    edits: str | None = None
    text: str = ""
    content: Json
    payload: Json | None = None
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptStart:
    """What is about to be asked of a service for one message. ``payload`` is frozen by its first attempt.

    ``bundle`` is the request it goes out in; what has one is begun together, or not at all. ``expires_at`` is until
    when the request is of use, which is then each of its messages' own: they end together too. ``tries`` is how many
    attempts who asks knows of: where there are more it has an old copy in hand, and may not begin.
    """

    message_id: str
    payload: Json
    tries: int = 0
    retry_key: str | None = None
    bundle: str | None = None
    expires_at: dt.datetime | None = None
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnd:
    """What came of an attempt (``outcome``), and what the message becomes (``state``).

    ``tries`` is how many attempts who tells knows of, this one among them: where there are more, it had an old copy in
    hand, and may not end what another hand has begun.
    """

    message_id: str
    at: dt.datetime
    state: str
    outcome: str
    tries: int = 1
    reason: str | None = None
    status: int | None = None
    provider_id: str | None = None
    detail: str | None = None
    not_before: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaReading:
    """What a service said at `at` of an account's month. ``limit`` None: the plan has none."""

    channel: str
    month: str
    limit: int | None
    used: int
    at: dt.datetime


# --- housekeeping -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigVersion:
    """A configuration that was put in force. ``from_date``: not for waves of an earlier day; ``restores``: the version
    whose text it is again; ``file_sha256``: of what config.yaml held then, where the version came from elsewhere."""

    version: int
    text: str
    sha256: str
    created_at: dt.datetime
    actor: str
    note: str = ""
    from_date: dt.date | None = None
    restores: int | None = None
    file_sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what. ``at`` is the market's clock, ``recorded_at`` the machine's."""

    at: dt.datetime
    recorded_at: dt.datetime
    actor: str
    verb: str
    subject: str
    detail: Json
