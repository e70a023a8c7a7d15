"""What is said, to whom, when, and over which service: from a plan and its people to messages. Pure.

people     who, how reached, in which language
plan       a plan's facts, as notices
events     notices that no plan makes
cards      how a round stands, and what a change of it means for the card that is there
messages   notices become rows of the outbox
"""

from scheduler.notices.cards import CARD, CARD_KINDS, renewed, status_cards
from scheduler.notices.events import (
    approval_reminder,
    cancellation,
    closed_day,
    config_broken,
    config_replaced,
    line_month,
    may_have_ridden,
    moved_away,
    moved_from,
    not_dispatched,
    nothing_left,
    plan_outdated,
    rolled_over,
    silent_riders,
)
from scheduler.notices.messages import UNHEARD, content_from_json, messages, not_yet_said, preview, send_at
from scheduler.notices.people import Notice, People, Reach, reach
from scheduler.notices.plan import Notices, map_links

__all__ = [
    "CARD",
    "CARD_KINDS",
    "UNHEARD",
    "Notice",
    "Notices",
    "People",
    "Reach",
    "approval_reminder",
    "cancellation",
    "closed_day",
    "config_broken",
    "config_replaced",
    "content_from_json",
    "line_month",
    "map_links",
    "may_have_ridden",
    "messages",
    "moved_away",
    "moved_from",
    "not_dispatched",
    "not_yet_said",
    "nothing_left",
    "plan_outdated",
    "preview",
    "reach",
    "renewed",
    "rolled_over",
    "send_at",
    "silent_riders",
    "status_cards",
]
