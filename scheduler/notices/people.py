"""Whom a notice is for: the members a plan concerns, how each is reached, in which language. Pure."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from scheduler.config import Config
from storage.records import Member


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who a plan concerns, by the market's own numbers."""

    riders: Mapping[str, Member]
    sellers: Mapping[str, Member]
    buyers: Mapping[str, Member]
    coordinators: Mapping[str, Member]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How one person is reached: a channel and an address, or why not."""

    channel: str | None
    address: str | None
    reason: str | None = None


def reach(member: Member, config: Config) -> Reach:
    """The channel for one person: their wish, else what costs least; the console reaches everybody it may.

    The wish (``chat_channel``) decides only among addresses that are known and alive. Telegram is free and LINE counts
    every push, so LINE comes first only where its ``prefer`` says so.
    """
    person = member.person
    if person.consent is False:
        return Reach(channel=None, address=None, reason="no_consent")
    alive = {address.channel: address.address for address in person.addresses if address.state == "active"}
    known = {channel: address for channel, address in alive.items() if channel in config.channels}
    cheapest = sorted(
        known, key=lambda name: (not getattr(config.channels[name], "prefer", False), name == "line", name)
    )
    for channel in (person.chat_channel, *cheapest):
        if channel is not None and channel in known:
            return Reach(channel=channel, address=known[channel])
    if "console" in config.channels:
        return Reach(channel="console", address=f"{member.role}:{member.ref}")
    closed = {address.state for address in person.addresses} - {"active"}
    if closed - {"left"}:
        return Reach(channel=None, address=None, reason="blocked")
    wished = bool(closed) or person.chat_channel in {"none", "empty"}
    return Reach(channel=None, address=None, reason="preference" if wished else "no_address")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One event for one member, before it has a channel and a moment."""

    kind: str
    event: str
    to: Member
    facts: Mapping[str, Any]
    order_ids: tuple[str, ...] = ()
    expires_at: dt.datetime


def language_of(member: Member, config: Config) -> str:
    return member.person.language or config.market.language


def called(member: Member) -> str:
    """What a person is called in their own notice: a seller by the shop."""
    return member.seller.shop_name if member.seller is not None else member.person.name


def first_name(member: Member) -> str:
    """How a buyer or a seller hears of a rider: the name without the family name."""
    name = member.person.name.strip()
    return name.split()[0] if name else member.ref


def told_apart(riders: Collection[Member]) -> dict[str, str]:
    """By ref, how who hears of several riders hears of each: by first name, and the number too where two share it."""
    firsts = {rider.ref: first_name(rider) for rider in riders}
    shared = {name for name, times in Counter(firsts.values()).items() if times > 1}
    return {ref: f"{name} ({ref})" if name in shared else name for ref, name in firsts.items()}
