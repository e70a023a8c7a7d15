"""The rows. Every column says whether it is personal (`personal`) or not (`plain`).

Knows the shape of what is kept, and nothing of how it is used: the verbs live in people.py, orders.py, day.py and so
on, speak to these tables by SQLAlchemy's core, and hand out the frozen values of records.py. Money is satang, weight
grams, volume millilitres, places lon and lat, instants UTC. References made up by the market (R4, S03, SR-0001) and
ids made up here are keys, not personal; a place where a person lives, a phone, a chat address are.
"""

from storage.tables.base import METADATA
from storage.tables.chats import ChatMenuRow, ChatRow, ConsentRow, GuessRow, InvitationRow, LinkRequestRow
from storage.tables.day import (
    ApprovalRow,
    PlanningAreaRow,
    PlanRouteRow,
    PlanRow,
    PlanStepRow,
    PlanUnassignedRow,
    RunRow,
)
from storage.tables.house import ApiKeyRow, AuditRow, ConfigVersionRow, LeaseRow, QuotaReadingRow
from storage.tables.messages import AttemptRow, InboxRow, MessageOrderRow, MessageRow
from storage.tables.orders import LegRow, OrderRow, PickupRow
from storage.tables.people import ChatAddressRow, MemberRow, PersonRow, RiderRow, SellerRow

__all__ = [
    "METADATA",
    "ApiKeyRow",
    "ApprovalRow",
    "AttemptRow",
    "AuditRow",
    "ChatAddressRow",
    "ChatMenuRow",
    "ChatRow",
    "ConfigVersionRow",
    "ConsentRow",
    "GuessRow",
    "InboxRow",
    "InvitationRow",
    "LeaseRow",
    "LegRow",
    "LinkRequestRow",
    "MemberRow",
    "MessageOrderRow",
    "MessageRow",
    "OrderRow",
    "PersonRow",
    "PickupRow",
    "PlanRouteRow",
    "PlanRow",
    "PlanStepRow",
    "PlanUnassignedRow",
    "PlanningAreaRow",
    "QuotaReadingRow",
    "RiderRow",
    "RunRow",
    "SellerRow",
]
