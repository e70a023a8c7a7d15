"""What the outcome of one attempt means for a message: pure, and the same for every service.

Provably unsent is always tried again. What nobody can tell is tried again where the service refuses a second copy of
one key; elsewhere for what is critical (each copy says so, and waits twice as long as the last), until it is known, or
useless, or has been repeated `REPEATS` times; and never for what is informative.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, replace

from channels.base import Content, Gone, Later, Outcome, Receipt, Refused, Unknown
from storage.records import Message

KEY_LIFE = dt.timedelta(hours=23)
"""How long a request may be repeated under its key: LINE keeps a key for 24 hours."""
REPEATS = 4
"""How often a critical message is said again to a service without keys: then a person is told to phone."""
FIRST_REPEAT = dt.timedelta(seconds=30)
"""From the first doubt to the first copy; each further distance is twice the last."""
LEAST_RETRY, FIRST_RETRY, LAST_RETRY = 1.0, 5.0, 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a row becomes after an attempt."""

    state: str
    outcome: str
    reason: str | None = None
    status: int | None = None
    provider_id: str | None = None
    detail: str | None = None
    not_before: dt.datetime | None = None
    address_state: str | None = None
    """Where the attempt shows that an address is dead: its new state."""
    moved_to: str | None = None
    """Where the attempt shows that the chat has another address: that."""


def judge(message: Message, outcome: Outcome, *, keyed: bool, tries: int, now: dt.datetime) -> Verdict:
    """What `outcome` of attempt number `tries` (from 1) means for the row."""
    match outcome:
        case Receipt(provider_id=provider_id, status=status):
            return Verdict(state="accepted", outcome="accepted", status=status, provider_id=provider_id)
        case Later(reason=reason, after=after, status=status):
            return _retry(message, "later", reason, status, after, tries, now)
        case Gone(reason=reason, status=status, moved_to=str() as address):
            again = _retry(message, "later", reason, status, LEAST_RETRY, tries, now)
            return replace(again, moved_to=address)
        case Gone(reason=reason, status=status):
            state = "blocked" if reason == "blocked" else "dead"
            return Verdict(state="failed", outcome="gone", reason=reason, status=status, address_state=state)
        case Refused(reason=reason, status=status, account=account):
            if reason in {"quota", "uneditable"}:
                return Verdict(state="failed", outcome="refused", reason=reason, status=status)
            if account:
                return _retry(message, "refused", reason, status, LAST_RETRY, tries, now)
            return Verdict(state="failed", outcome="refused", reason="refused", status=status, detail=reason)
        case Unknown(reason=reason, status=status):
            doubts = unknown_attempts(message) + 1
            if may_repeat(message, keyed=keyed, unknown=doubts, now=now):
                after = None if keyed else repeat_after(doubts).total_seconds()
                return _retry(message, "unknown", reason, status, after, tries, now)
            return Verdict(state="unknown", outcome="unknown", reason=reason, status=status)


def may_repeat(message: Message, *, keyed: bool, unknown: int, now: dt.datetime) -> bool:
    """Whether a message of which nobody can tell, after `unknown` such attempts, is tried once more."""
    if not keyed:
        return message.klass == "critical" and unknown <= REPEATS
    first = next((attempt.at for attempt in message.attempts if attempt.outcome != "later"), now)
    return now - first < KEY_LIFE


def repeat_after(unknown: int) -> dt.timedelta:
    """How long after doubt number `unknown` (from 1) a copy goes out, where the service cannot tell copies apart."""
    return FIRST_REPEAT * (1 << unknown - 1)


def unknown_attempts(message: Message) -> int:
    return sum(attempt.outcome == "unknown" for attempt in message.attempts)


def _retry(
    message: Message, outcome: str, reason: str, status: int | None, after: float | None, tries: int, now: dt.datetime
) -> Verdict:
    if after is None:
        spread = random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing
        wait = spread * min(LAST_RETRY, FIRST_RETRY * 2 ** min(tries - 1, 10))
    else:
        wait = max(LEAST_RETRY, after)  # "at once" would be asked again, and again, within one drain
    # A held-back row that nobody needs any more ends as expired when it is next woken.
    left = max(0.0, (message.expires_at - now).total_seconds())
    moment = now + dt.timedelta(seconds=min(left, wait))
    return Verdict(state="retry", outcome=outcome, reason=reason, status=status, not_before=moment, detail=reason)


def said_again(content: Content) -> Content:
    """The same content, saying that it may have come before."""
    mark = "(ส่งซ้ำ) " if content.language == "th" else "(sent again) "
    return replace(content, title=mark + content.title)
