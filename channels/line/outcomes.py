"""What became of a push or a reply, told from LINE's answer or from the failure that stood in its place. One table.

A 2xx means accepted whatever its body says; accepted does not mean read, nor even delivered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from channels.base import Gone, Later, Outcome, Receipt, Refused, Unknown
from channels.hooks import document, header, identity, mapping, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What LINE answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def outcome_of_answer(answer: Answer, sizes: Sequence[int] = (1,)) -> Outcome:
    """The outcome of an answered push or reply; `sizes` are the message objects of each of its parts."""
    status = answer.status
    said = document(answer.body)
    message = text(said.get("message"))
    match status:
        case _ if 200 <= status < 300:
            request = header(answer.headers, "x-line-request-id") or None  # what LINE's log knows, were the body lost
            return _receipt(said, sizes, request, status)
        case 409 if accepted := header(answer.headers, "x-line-accepted-request-id"):
            return _receipt(said, sizes, accepted, status)
        case 429 if "monthly limit" in message.lower():
            return Refused(reason="quota", status=status, account=True)
        case 429:
            return Later(reason="rate", after=_seconds(header(answer.headers, "retry-after")), status=status)
        case 400 if "failed to send messages" in message.lower():
            return Gone(reason="unknown_recipient", status=status)
        case 400 if "reply token" in message.lower():
            return Refused(reason="reply_token", status=status)
        case 401 | 403:
            return Refused(reason="token" if status == 401 else "forbidden", status=status, account=True)
        case 404 | 405:
            return Refused(reason="wrong_address", status=status, account=True)
        case 408:
            return Unknown(reason="timeout", status=status)
        case _ if 400 <= status < 500:
            return Refused(reason=f"bad_request: {message[:200]}" if message else "bad_request", status=status)
        case _:
            return Unknown(reason="server_error", status=status)


def outcome_of_failure(failure: Exception) -> Outcome:
    """The outcome of a push that got no answer: provably unsent only where no connection was made."""
    from aiohttp import ClientConnectorError, ClientError, ConnectionTimeoutError, InvalidURL

    match failure:
        case ClientConnectorError() | ConnectionTimeoutError() | InvalidURL():
            return Later(reason="unreachable")
        case asyncio.TimeoutError():
            return Unknown(reason="timeout")
        case ClientError() | OSError():
            return Unknown(reason="connection_lost")
        case _:
            return Unknown(reason=type(failure).__name__)


def _receipt(said: Mapping[str, object], sizes: Sequence[int], request: str | None, status: int) -> Receipt:
    """Each part has the number of its first object; where LINE does not say it, that of the whole request."""
    sent = said.get("sentMessages")
    told = [identity(mapping(each).get("id")) for each in sent] if isinstance(sent, list) else []
    firsts = [sum(sizes[:at]) for at in range(len(sizes))]
    first, *others = [(told[at] if at < len(told) else None) or request for at in firsts]
    return Receipt(provider_id=first, status=status, others=tuple(others))


def _seconds(value: str) -> float | None:
    return float(value) if value.isdecimal() and len(value) < 7 else None
