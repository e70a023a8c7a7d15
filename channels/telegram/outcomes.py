"""What became of a message, told from Telegram's answer or from the failure that stood in its place. One table.

Read from status and description, not from the SDK's exception classes, where a permanent `BadRequest` is also a
`NetworkError`.
"""

from __future__ import annotations

from dataclasses import dataclass

from channels.base import Gone, Later, Outcome, Overtaken, Receipt, Refused, Unknown
from channels.hooks import document, identity, mapping, text

_AS_IT_WAS = "message is not modified"
_UNEDITABLE = ("message to edit not found", "message can't be edited", "message_id_invalid")
_UNKNOWN_RECIPIENT = ("chat not found", "user not found", "peer_id_invalid", "chat_id is empty", "chat_id_invalid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What Telegram answered."""

    status: int
    body: bytes


def outcome_of_answer(answer: Answer) -> Outcome:
    """The outcome of an answered request."""
    status, said = answer.status, document(answer.body)
    parameters = mapping(said.get("parameters"))
    description = text(said.get("description"))
    known = description.lower()
    match status:
        case _ if 200 <= status < 300 and said.get("ok") is True:
            return Receipt(provider_id=identity(mapping(said.get("result")).get("message_id")), status=status)
        case _ if 200 <= status < 300:
            return Unknown(reason="unreadable_answer", status=status)
        case 429:
            return Later(reason="rate", after=_seconds(parameters.get("retry_after")), status=status)
        case 403 if said:
            return Gone(reason="blocked", status=status)
        case 400 if "migrate_to_chat_id" in parameters:
            return Gone(reason="moved", status=status, moved_to=identity(parameters["migrate_to_chat_id"]))
        case 400 if any(words in known for words in _UNKNOWN_RECIPIENT):
            return Gone(reason="unknown_recipient", status=status)
        case 401 | 404:
            return Refused(reason="token", status=status, account=True)
        case 409:
            return Later(reason="conflict", status=status)
        case 408:
            return Unknown(reason="timeout", status=status)
        case 400 | 413 | 422:
            return Refused(reason=f"bad_request: {description[:200]}" if description else "bad_request", status=status)
        case _ if status < 500:
            return Refused(reason="wrong_address", status=status, account=True)
        case _:
            return Unknown(reason="server_error", status=status)


def outcome_of_edit(answer: Answer, number: str) -> Outcome:
    """The outcome of an answered request to edit the message `number`: that it reads so already is success too."""
    known = text(document(answer.body).get("description")).lower()
    outcome = outcome_of_answer(answer)
    if isinstance(outcome, Receipt) or (answer.status == 400 and _AS_IT_WAS in known):
        return Receipt(provider_id=number, status=answer.status)
    if answer.status == 400 and any(words in known for words in _UNEDITABLE):
        return Refused(reason="uneditable", status=answer.status)
    return outcome


def outcome_of_failure(failure: Exception) -> Outcome:
    """The outcome of a request that got no answer: provably unsent only where no connection was made."""
    from aiohttp import ClientConnectorError, ClientError, ConnectionTimeoutError, InvalidURL
    from telegram.error import InvalidToken

    match failure.__cause__ or failure:
        case InvalidToken():
            return Refused(reason="token", account=True)
        case Overtaken():
            return Later(reason="no_lease", after=0.0)
        case ClientConnectorError() | ConnectionTimeoutError() | InvalidURL():
            return Later(reason="unreachable")
        case TimeoutError():
            return Unknown(reason="timeout")
        case ClientError() | OSError():
            return Unknown(reason="connection_lost")
        case KeyError():
            return Refused(reason="payload")
        case other:
            return Unknown(reason=type(other).__name__)


def _seconds(value: object) -> float | None:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    return float(value) if usable else None  # type: ignore[arg-type]
